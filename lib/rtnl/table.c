/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A table of the kernel's, by prefix: the paths that lead there, of which the one with the lowest
 * metric that leads anywhere counts. What a message changes is only noted; who asks for changes is
 * told what has come of all messages until then.
 */
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/table.h"
#include "rtnl/rtnl.h"

enum { FEW = 256, LINKS_MAX = 1024, DEPTH = 2 }; /* a group's members are no groups */

/* One route of the kernel's. */
struct path {
	struct path *next; /* of the prefix */
	uint32_t metric, generation;
	uint32_t object, born; /* which of that ID; 0: it was not known */
	enum rtnl_way way;
	uint32_t n;
	struct rtnl_hop hops[];
};

struct entry {
	struct cv_node node;
	struct entry *before, *after; /* of all */
	struct entry *later;          /* that is to be told, behind this one */
	struct path *paths;
	struct cv_prefix to;
	uint32_t mark;    /* the caller's */
	bool waits, told; /* to be told; somebody was told that it leads somewhere */
};

struct kept {
	struct cv_node node;
	uint32_t generation;
	uint32_t born; /* its number among all that ever were; never 0 */
	bool changed;  /* routes that name it were not noted yet */
	struct rtnl_object is;
};

struct rtnl_table {
	struct rtnl_params params;
	struct cv_table entries, objects;
	struct entry *all;
	struct entry *first, **last; /* to be told */
	uint32_t generation, births;
	uint64_t refused;
	bool objects_changed, objects_gone;
	uint32_t links[LINKS_MAX]; /* that can be used */
	uint32_t n_links;
};

struct rtnl_table *
rtnl_table_new(const struct rtnl_params *params)
{
	struct rtnl_table *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->params = *params;
	t->last = &t->first;
	if (cv_table_init(&t->entries, FEW, params->key) == 0 &&
		cv_table_init(&t->objects, FEW, params->key) == 0)
		return t;
	rtnl_table_free(t);
	return NULL;
}

static void
free_paths(struct entry *e)
{
	while (e->paths != NULL) {
		struct path *p = e->paths;

		e->paths = p->next;
		free(p);
	}
}

/* ---- what is kept ---- */

static void
grow(struct cv_table *t, uint32_t expected)
{
	if (t->count >= expected && t->count > t->mask)
		(void)cv_table_resize(t, 2 * t->count); /* longer chains are right, too */
}

static struct entry *
find(const struct rtnl_table *t, const struct cv_prefix *to, uint64_t *hash)
{
	struct cv_node *node;

	*hash = cv_table_hash(&t->entries, to, sizeof(*to)); /* bytes alone: no padding in it */
	for (node = cv_table_first(&t->entries, *hash); node != NULL; node = cv_table_next(node)) {
		struct entry *e = (struct entry *)(void *)node;

		if (e->to.length == to->length && cv_ip_equal(&e->to.ip, &to->ip))
			return e;
	}
	return NULL;
}

static struct kept *
find_object(const struct rtnl_table *t, uint32_t id)
{
	uint64_t hash = cv_table_hash(&t->objects, &id, sizeof(id));
	struct cv_node *node;

	for (node = cv_table_first(&t->objects, hash); node != NULL; node = cv_table_next(node))
		if (((struct kept *)(void *)node)->is.id == id)
			return (struct kept *)(void *)node;
	return NULL;
}

static struct entry *
add(struct rtnl_table *t, const struct cv_prefix *to, uint64_t hash)
{
	struct entry *e = t->entries.count < t->params.most ? calloc(1, sizeof(*e)) : NULL;

	if (e == NULL) {
		t->refused++;
		return NULL;
	}
	e->to = *to;
	e->after = t->all;
	if (e->after != NULL)
		e->after->before = e;
	t->all = e;
	grow(&t->entries, FEW);
	cv_table_add(&t->entries, &e->node, hash);
	return e;
}

static void
discard(struct rtnl_table *t, struct entry *e)
{
	*(e->before == NULL ? &t->all : &e->before->after) = e->after;
	if (e->after != NULL)
		e->after->before = e->before;
	cv_table_remove(&t->entries, &e->node);
	free_paths(e);
	free(e);
}

static void
discard_object(struct rtnl_table *t, struct kept *k)
{
	cv_table_remove(&t->objects, &k->node);
	free(k);
}

void
rtnl_table_free(struct rtnl_table *t)
{
	if (t == NULL)
		return;
	while (t->all != NULL)
		discard(t, t->all);
	for (uint32_t i = 0; t->objects.chains != NULL && i <= t->objects.mask; i++)
		while (t->objects.chains[i] != NULL)
			discard_object(t, (struct kept *)(void *)t->objects.chains[i]);
	cv_table_fini(&t->entries);
	cv_table_fini(&t->objects);
	free(t);
}

static void
note(struct rtnl_table *t, struct entry *e)
{
	if (e->waits)
		return;
	e->waits = true;
	e->later = NULL;
	*t->last = e;
	t->last = &e->later;
}

/* ---- what messages say ---- */

static bool
is_ours(const struct rtnl_table *t, const struct rtnl_route *r)
{
	return r->table == t->params.table && r->tos == 0 && !r->cloned &&
	       r->protocol != RTPROT_KERNEL && r->protocol != RTPROT_REDIRECT &&
	       r->protocol != RTPROT_RA && r->protocol != t->params.own_protocol;
}

/* The link to a path in its prefix's list, or to the end of that. */
static struct path **
path_of(struct entry *e, uint32_t metric)
{
	struct path **p = &e->paths;

	while (*p != NULL && (*p)->metric != metric)
		p = &(*p)->next;
	return p;
}

static bool
same_hop(const struct rtnl_hop *a, const struct rtnl_hop *b)
{
	return a->link == b->link && cv_ip_equal(&a->ip, &b->ip);
}

/* Takes those of the hops of a path that are named from it, and returns how many these were. */
static uint32_t
take_hops(struct path *p, const struct rtnl_route *named)
{
	uint32_t left = 0, before = p->n;

	for (uint32_t i = 0; i < before; i++) {
		uint32_t k = 0;

		while (k < named->n && !same_hop(&p->hops[i], &named->hops[k]))
			k++;
		if (k == named->n)
			p->hops[left++] = p->hops[i];
	}
	p->n = left;
	return before - left;
}

/* IPv6's may go hop by hop. What names other hops than there are is about another route of that
 * prefix and metric, which IPv4 may have (appended, or replaced meanwhile). */
static void
route_gone(struct rtnl_table *t, const struct rtnl_route *r)
{
	uint64_t hash;
	struct entry *e = find(t, &r->to, &hash);
	struct path **at = e == NULL ? NULL : path_of(e, r->metric), *p;

	if (at == NULL || *at == NULL)
		return;
	p = *at;
	if (p->object == 0 && p->n != 0 && r->n != 0) {
		if (take_hops(p, r) == 0)
			return;
		note(t, e);
		if (p->n != 0)
			return;
	}
	*at = p->next;
	free(p);
	note(t, e);
}

static bool
same_path(const struct path *a, const struct path *b)
{
	if (a->way != b->way || a->object != b->object || a->born != b->born || a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (a->hops[i].link != b->hops[i].link || a->hops[i].dead != b->hops[i].dead ||
			a->hops[i].weight != b->hops[i].weight ||
			!cv_ip_equal(&a->hops[i].ip, &b->hops[i].ip))
			return false;
	return true;
}

/* A prefix, metric and table have one route in IPv4; of IPv6's, which may come hop by hop, a
 * message has all. */
static void
route(struct rtnl_table *t, const struct rtnl_route *r)
{
	uint64_t hash;
	struct entry *e = find(t, &r->to, &hash);
	const struct kept *k = r->object == 0 ? NULL : find_object(t, r->object);
	struct path **at, *p;

	if (e == NULL)
		e = add(t, &r->to, hash);
	p = e == NULL ? NULL : malloc(sizeof(*p) + r->n * sizeof(p->hops[0]));
	if (p == NULL) {
		t->refused += e != NULL;
		if (e != NULL)
			note(t, e);
		return;
	}
	*p = (struct path){.metric = r->metric,
		.generation = t->generation,
		.object = r->object,
		.born = k == NULL ? 0 : k->born,
		.way = r->way,
		.n = r->n};
	memcpy(p->hops, r->hops, r->n * sizeof(p->hops[0]));
	at = path_of(e, r->metric);
	if (*at == NULL || !same_path(*at, p))
		note(t, e);
	if (*at != NULL) {
		p->next = (*at)->next;
		free(*at);
	}
	*at = p;
}

static void
object(struct rtnl_table *t, const struct rtnl_object *o)
{
	struct kept *k = find_object(t, o->id);

	if (k == NULL) {
		k = t->objects.count < RTNL_OBJECTS ? calloc(1, sizeof(*k)) : NULL;
		if (k == NULL) {
			t->refused++;
			return;
		}
		k->is.id = o->id;
		t->births += t->births == UINT32_MAX ? 2 : 1;
		k->born = t->births;
		grow(&t->objects, FEW);
		cv_table_add(
			&t->objects, &k->node, cv_table_hash(&t->objects, &o->id, sizeof(o->id)));
	}
	k->generation = t->generation;
	if (memcmp(&k->is, o, sizeof(*o)) == 0)
		return;
	k->is = *o;
	k->changed = true;
	t->objects_changed = true;
}

/* It takes the routes with it that name it, of which the kernel says nothing; groups lose it. */
static void
object_gone(struct rtnl_table *t, struct kept *k)
{
	if (k == NULL)
		return;
	discard_object(t, k);
	t->objects_changed = t->objects_gone = true;
}

void
rtnl_table_input(struct rtnl_table *t, const struct rtnl_message *m)
{
	switch (m->kind) {
	case RTNL_ROUTE:
		if (is_ours(t, &m->route))
			route(t, &m->route);
		break;
	case RTNL_ROUTE_GONE:
		if (is_ours(t, &m->route))
			route_gone(t, &m->route);
		break;
	case RTNL_OBJECT:
		object(t, &m->object);
		break;
	case RTNL_OBJECT_GONE:
		object_gone(t, find_object(t, m->object.id));
		break;
	case RTNL_LINK:
	case RTNL_LINK_GONE:
	case RTNL_DONE:
	case RTNL_ERROR:
	case RTNL_LOST:
	case RTNL_OTHER:
		break;
	}
}

/* ---- all of it ---- */

void
rtnl_table_sweep(struct rtnl_table *t)
{
	t->generation++;
}

void
rtnl_table_swept(struct rtnl_table *t)
{
	for (struct entry *e = t->all; e != NULL; e = e->after)
		for (struct path **at = &e->paths; *at != NULL;) {
			struct path *p = *at;

			if (p->generation == t->generation) {
				at = &p->next;
				continue;
			}
			*at = p->next;
			free(p);
			note(t, e);
		}
	for (uint32_t i = 0; i <= t->objects.mask; i++)
		for (struct cv_node *node = t->objects.chains[i], *next; node != NULL;
			node = next) {
			struct kept *k = (struct kept *)(void *)node;

			next = node->next;
			if (k->generation != t->generation)
				object_gone(t, k);
		}
}

void
rtnl_table_again(struct rtnl_table *t)
{
	for (struct entry *e = t->all; e != NULL; e = e->after)
		note(t, e);
}

static bool
is_usable(const struct rtnl_table *t, uint32_t link)
{
	for (uint32_t i = 0; i < t->n_links; i++)
		if (t->links[i] == link)
			return true;
	return false;
}

int
rtnl_table_link(struct rtnl_table *t, uint32_t link, bool usable)
{
	if (is_usable(t, link) == usable)
		return 0;
	if (usable && t->n_links == LINKS_MAX)
		return CV_ERR_NOMEM;
	for (uint32_t i = 0; !usable && i < t->n_links; i++)
		if (t->links[i] == link)
			t->links[i--] = t->links[--t->n_links];
	if (usable)
		t->links[t->n_links++] = link;
	rtnl_table_again(t);
	return 1;
}

/* ---- what has come of it ---- */

static void
take_hop(const struct rtnl_table *t, const struct rtnl_hop *hop, uint16_t weight,
	struct rtnl_change *out)
{
	if (hop->dead || hop->ip.family != out->to.ip.family || out->n == RTNL_HOPS ||
		!is_usable(t, hop->link))
		return;
	out->hops[out->n] = *hop;
	out->hops[out->n++].weight = weight;
}

/* Where an object leads; false: nowhere. */
static bool
by_object(const struct rtnl_table *t, uint32_t id, uint16_t weight, unsigned depth,
	struct rtnl_change *out)
{
	const struct kept *k = find_object(t, id);

	if (k == NULL || k->is.way == RTNL_WAY_NONE || depth == DEPTH)
		return false;
	out->way = k->is.way;
	if (k->is.n == 0 && k->is.way == RTNL_WAY_VIA)
		take_hop(t, &k->is.hop, weight, out);
	for (uint32_t i = 0; i < k->is.n; i++)
		(void)by_object(t, k->is.members[i].id, k->is.members[i].weight, depth + 1, out);
	return out->way == RTNL_WAY_DISCARD || out->n != 0;
}

/* What an object says counts more than what was told with a route, and may be older. */
static bool
by_path(const struct rtnl_table *t, const struct path *p, struct rtnl_change *out)
{
	out->n = 0;
	out->way = p->way;
	if (p->way == RTNL_WAY_VIA && p->born != 0)
		return by_object(t, p->object, 1, 0, out);
	for (uint32_t i = 0; p->way == RTNL_WAY_VIA && i < p->n; i++)
		take_hop(t, &p->hops[i], p->hops[i].weight, out);
	return p->way == RTNL_WAY_DISCARD || out->n != 0;
}

/* Whether an object, or one of its members, has changed. */
static bool
has_changed(const struct rtnl_table *t, const struct kept *k)
{
	bool changed = t->objects_gone || k->changed;

	for (uint32_t i = 0; !changed && i < k->is.n; i++) {
		const struct kept *member = find_object(t, k->is.members[i].id);

		changed = member != NULL && member->changed;
	}
	return changed;
}

/* Notes the routes of all objects that have changed; those of objects that are gone, are gone. */
static void
follow_objects(struct rtnl_table *t)
{
	for (struct entry *e = t->all; e != NULL; e = e->after)
		for (struct path **at = &e->paths; *at != NULL;) {
			struct path *p = *at;
			const struct kept *k = p->born == 0 ? NULL : find_object(t, p->object);

			if (p->born == 0 || (k != NULL && k->born == p->born)) {
				if (k != NULL && has_changed(t, k))
					note(t, e);
				at = &p->next;
				continue;
			}
			*at = p->next;
			free(p);
			note(t, e);
		}
	for (uint32_t i = 0; i <= t->objects.mask; i++)
		for (struct cv_node *node = t->objects.chains[i]; node != NULL; node = node->next)
			((struct kept *)(void *)node)->changed = false;
	t->objects_changed = t->objects_gone = false;
}

bool
rtnl_table_change(struct rtnl_table *t, struct rtnl_change *out)
{
	if (t->objects_changed)
		follow_objects(t);
	while (t->first != NULL) {
		struct entry *e = t->first;
		const struct path *best = NULL;
		bool told = e->told;

		t->first = e->later;
		if (t->first == NULL)
			t->last = &t->first;
		e->waits = false;
		*out = (struct rtnl_change){.to = e->to, .mark = e->mark};
		for (const struct path *p = e->paths; p != NULL; p = p->next)
			if ((best == NULL || p->metric < best->metric) && by_path(t, p, out))
				best = p;
		if (best == NULL || !by_path(t, best, out)) {
			out->n = 0;
			out->way = RTNL_WAY_NONE;
		}
		e->told = out->way != RTNL_WAY_NONE;
		if (e->paths == NULL)
			discard(t, e);
		if (told || out->way != RTNL_WAY_NONE)
			return true;
	}
	return false;
}

void
rtnl_table_mark(struct rtnl_table *t, const struct cv_prefix *to, uint32_t mark)
{
	uint64_t hash;
	struct entry *e = find(t, to, &hash);

	if (e != NULL)
		e->mark = mark;
}

void
rtnl_table_counts(const struct rtnl_table *t, struct rtnl_counts *out)
{
	*out = (struct rtnl_counts){
		.prefixes = t->entries.count, .objects = t->objects.count, .refused = t->refused};
}
