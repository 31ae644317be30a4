/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lists of embedded links, in both directions: an object is in as many lists as it has links, and
 * leaves one without knowing which it is. A zeroed list is empty, a zeroed link in none. Neither
 * may be moved while linked. A ring is the same without a head: each link in it is as good as
 * another.
 */
#ifndef CV_LIST_H
#define CV_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct cv_link {
	struct cv_link *prev, *next;
};

struct cv_list {
	struct cv_link head;
};

/* The object of a type that a link, node or other member is embedded in. */
#define CV_OBJECT(type, member, pointer) \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* Whether it is in a list or ring. */
static inline bool
cv_linked(const struct cv_link *link)
{
	return link->next != NULL;
}

static inline void
cv_link_between(struct cv_link *prev, struct cv_link *link, struct cv_link *next)
{
	link->prev = prev;
	link->next = next;
	prev->next = link;
	next->prev = link;
}

/* Takes it out of its list or ring; out of none, nothing happens. */
static inline void
cv_unlink(struct cv_link *link)
{
	if (!cv_linked(link))
		return;
	link->prev->next = link->next;
	link->next->prev = link->prev;
	link->prev = link->next = NULL;
}

static inline void
cv_list_wake(struct cv_list *list)
{
	if (list->head.next == NULL)
		list->head.next = list->head.prev = &list->head;
}

/* The link must be in no list. */
static inline void
cv_list_push(struct cv_list *list, struct cv_link *link)
{
	cv_list_wake(list);
	cv_link_between(&list->head, link, list->head.next);
}

static inline void
cv_list_append(struct cv_list *list, struct cv_link *link)
{
	cv_list_wake(list);
	cv_link_between(list->head.prev, link, &list->head);
}

/* NULL: the list is empty. */
static inline struct cv_link *
cv_list_first(const struct cv_list *list)
{
	return list->head.next == &list->head ? NULL : list->head.next;
}

/* NULL: the link is the last. */
static inline struct cv_link *
cv_list_next(const struct cv_list *list, const struct cv_link *link)
{
	return link->next == &list->head ? NULL : link->next;
}

static inline bool
cv_list_empty(const struct cv_list *list)
{
	return cv_list_first(list) == NULL;
}

/* Walks a list; what `link` is in may be freed or unlinked meanwhile, its successor may not. */
#define CV_LIST_EACH(list, link, after)                                 \
	for (struct cv_link *link = cv_list_first(list), *after = NULL; \
		link != NULL && ((after = cv_list_next(list, link)), true); link = after)

/* Makes a ring of one. */
static inline void
cv_ring_begin(struct cv_link *link)
{
	link->prev = link->next = link;
}

/* Joins the ring of `first` as its last, that is, before it. */
static inline void
cv_ring_join(struct cv_link *first, struct cv_link *link)
{
	cv_link_between(first->prev, link, first);
}

/* Whether nobody else is in its ring. */
static inline bool
cv_ring_alone(const struct cv_link *link)
{
	return link->next == link;
}

#endif
