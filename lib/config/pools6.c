/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6 prefixes of a realm: what groups hand out, what users have for their own, where the server
 * itself is. No two overlap, but that a user's, and the /64 of the server, may be of a pool that
 * hands out prefixes of that very length: it is kept out there.
 */
#include <stdio.h>
#include <stdlib.h>

#include "config/private.h"

enum what { POOL, DELEGATED, USERS_PREFIX, USERS_DELEGATED, OWN };

/* One of them, and where it is said. */
struct piece {
	const struct cfg_node *node;   /* NULL: in the users file */
	const struct cfg_entry *entry; /* of a user; NULL: a group's */
	struct cv_prefix prefix;
	size_t order;
	uint16_t realm;
	uint8_t unit; /* length of what a pool hands out */
	enum what what;
	bool said; /* not made of another that is */
};

struct pieces {
	struct piece *items;
	size_t n;
};

/* ---- of a group alone ---- */

static const struct cfg_node *
node_of(const struct cfg_node *map, const char *key)
{
	const struct cfg_node *node = cfg_node_get(map, key);

	return node == NULL ? map : node;
}

/* The item of a list, or the value that stands for a list of one. */
static const struct cfg_node *
item_of(const struct cfg_node *list, size_t i)
{
	const struct cfg_node *item = list;

	if (list != NULL && list->type == CFG_LIST)
		for (item = list->first; i > 0 && item != NULL; i--)
			item = item->next;
	return item;
}

static void
check_delegate(struct cfg_loader *l, const struct cfg_node *map, const struct cfg_group *group)
{
	const struct cfg_node *length = cfg_node_get(map, "delegate-length");
	char text[CV_PREFIX_TEXT];

	if (length != NULL && group->n_delegate == 0 && cfg_node_get(map, "delegate") == NULL)
		cfg_fail(l, length, NULL, "needs the key delegate, too");
	if (group->n_delegate != 0 && group->n_pool6 == 0 && cfg_node_get(map, "pool6") == NULL)
		cfg_warn(l, cfg_node_get(map, "delegate"), NULL,
			"without pool6 only users with a prefix6 of their own have IPv6");
	for (size_t i = 0; i < group->n_delegate; i++) {
		const struct cv_prefix *p = &group->delegate[i];

		if (p->ip.family != 0 && group->delegate_length != 0 &&
			p->length > group->delegate_length)
			cfg_fail(l, item_of(cfg_node_get(map, "delegate"), i), NULL,
				"%s holds no prefix of the delegate-length, %u",
				cv_prefix_text(p, text), group->delegate_length);
	}
}

/* The server's own address: unless it is said, ::1 of the first /64, which no client gets. */
void
cfg_check_group6(struct cfg_loader *l, const struct cfg_node *map, struct cfg_group *group)
{
	const struct cfg_node *pool = cfg_node_get(map, "pool6");

	check_delegate(l, map, group);
	if (cfg_node_get(map, "address6") == NULL && group->n_pool6 != 0 &&
		group->pool6[0].ip.family != 0) {
		group->address6 = group->pool6[0].ip;
		group->address6.bytes[sizeof(group->address6.bytes) - 1] = 1;
	}
	if (group->n_pool6 == 1 && group->pool6[0].length == 64 &&
		cv_prefix_contains(&group->pool6[0], &group->address6))
		cfg_fail(l, item_of(pool, 0), NULL,
			"has no /64 left beside that of the server's own address");
}

/* ---- of all ---- */

static int
by_start(const void *pa, const void *pb)
{
	const struct piece *a = pa, *b = pb;
	int order = memcmp(a->prefix.ip.bytes, b->prefix.ip.bytes, sizeof(a->prefix.ip.bytes));

	if (a->realm != b->realm)
		return a->realm < b->realm ? -1 : 1;
	if (order != 0)
		return order;
	if (a->prefix.length != b->prefix.length)
		return a->prefix.length < b->prefix.length ? -1 : 1;
	if (a->what != b->what)
		return a->what < b->what ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

static struct piece *
add(struct pieces *all, const struct cfg_node *node, const struct cv_prefix *prefix, uint16_t realm,
	uint8_t unit, enum what what)
{
	struct piece *p = &all->items[all->n];

	if (prefix->ip.family == 0)
		return NULL;
	*p = (struct piece){.node = node,
		.prefix = *prefix,
		.order = all->n,
		.realm = realm,
		.unit = unit,
		.what = what,
		.said = what != OWN || cfg_node_get(node->parent, "address6") == node};
	all->n++;
	return p;
}

static void
add_users(struct pieces *all, const struct cfg_entry *e, const char *key,
	const struct cv_prefix *prefix, uint16_t realm, enum what what)
{
	const struct cfg_node *node = e->node == NULL ? NULL : node_of(e->node, key);
	struct piece *p = add(all, node, prefix, realm, prefix->length, what);

	if (p != NULL)
		p->entry = e;
}

static void
piece_fail(struct cfg_loader *l, const struct piece *p, const char *text)
{
	if (p->node != NULL)
		cfg_fail(l, p->node, NULL, "%s", text);
	else
		cfg_fail_at(l, p->entry->file, p->entry->line, p->entry->column, "", "%s", text);
}

static void
add_group(struct pieces *all, const struct cfg_node *map, const struct cfg_group *g)
{
	struct cv_prefix own = {.ip = g->address6, .length = 64};

	for (size_t i = 0; i < g->n_pool6; i++)
		(void)add(all, item_of(cfg_node_get(map, "pool6"), i), &g->pool6[i], g->realm, 64,
			POOL);
	for (size_t i = 0; i < g->n_delegate; i++)
		(void)add(all, item_of(cfg_node_get(map, "delegate"), i), &g->delegate[i], g->realm,
			g->delegate_length, DELEGATED);
	cfg_mask6(&own);
	(void)add(all, node_of(map, "address6"), &own, g->realm, 64, OWN);
}

/* Whether one may be in another, which is no shorter. */
static bool
may_be_in(const struct piece *outer, const struct piece *inner)
{
	switch (inner->what) {
	case USERS_PREFIX:
		return outer->what == POOL;
	case USERS_DELEGATED:
		return outer->what == DELEGATED && outer->unit == inner->prefix.length;
	case OWN:
		return outer->what == POOL || outer->what == OWN;
	default:
		return false;
	}
}

static void
report(struct cfg_loader *l, const struct piece *a, const struct piece *b)
{
	static const char *const whats[] = {[POOL] = "pool6",
		[DELEGATED] = "delegate",
		[USERS_PREFIX] = "prefix6",
		[USERS_DELEGATED] = "delegated",
		[OWN] = "the server's own address6"};
	const struct piece *first = a->order < b->order ? a : b, *later = first == a ? b : a;
	char text[2][CV_PREFIX_TEXT], error[400];

	snprintf(error, sizeof(error), "%s overlaps %s, %s in the same realm, %.200s:%u",
		cv_prefix_text(&later->prefix, text[0]), cv_prefix_text(&first->prefix, text[1]),
		whats[first->what], first->node != NULL ? l->file : first->entry->file,
		first->node != NULL ? first->node->line : first->entry->line);
	piece_fail(l, later, error);
}

/* Prefixes nest or are apart: in the order of their starts one is compared with the last that was
 * in no other, and with the last that was in that. */
static void
check_overlaps(struct cfg_loader *l, const struct pieces *all)
{
	const struct piece *outer = NULL, *inner = NULL;

	for (size_t i = 0; i < all->n && !cfg_enough(l); i++) {
		const struct piece *p = &all->items[i];

		if (outer == NULL || p->realm != outer->realm ||
			!cv_prefix_overlaps(&outer->prefix, &p->prefix)) {
			outer = p;
			inner = NULL;
			continue;
		}
		if (!may_be_in(outer, p)) {
			if (p->said)
				report(l, outer, p);
			continue;
		}
		if (inner != NULL && cv_prefix_overlaps(&inner->prefix, &p->prefix) &&
			!may_be_in(inner, p))
			report(l, inner, p);
		else
			inner = p;
	}
}

static void
check_outside(struct cfg_loader *l, const struct pieces *all)
{
	char prefix[CV_PREFIX_TEXT], text[CFG_OUTSIDE_TEXT], error[400];

	for (size_t i = 0; i < all->n && !cfg_enough(l); i++) {
		const struct piece *p = &all->items[i];

		if (p->what == OWN || !cfg_meets_outside(l, &p->prefix, text))
			continue;
		snprintf(error, sizeof(error), "%s %s", cv_prefix_text(&p->prefix, prefix), text);
		piece_fail(l, p, error);
	}
}

static int
by_place(const void *pa, const void *pb)
{
	const struct cfg_fixed6 *a = pa, *b = pb;

	if (a->delegated != b->delegated)
		return a->delegated ? 1 : -1;
	if (a->realm != b->realm)
		return a->realm < b->realm ? -1 : 1;
	return memcmp(a->prefix.ip.bytes, b->prefix.ip.bytes, sizeof(a->prefix.ip.bytes));
}

static void
keep(struct cfg *cfg, const struct cv_prefix *prefix, uint16_t realm, bool delegated)
{
	if (prefix->ip.family != 0)
		cfg->fixed6[cfg->n_fixed6++] = (struct cfg_fixed6){
			.prefix = *prefix, .realm = realm, .delegated = delegated};
}

/* What users have for their own, for as long as the configuration lives. */
void
cfg_keep_fixed6(struct cfg_loader *l)
{
	struct cfg *cfg = l->cfg;
	size_t n = 0;

	for (size_t i = 0; i < cfg->n_users; i++)
		n += (cfg->users[i].prefix6.ip.family != 0) +
		     (size_t)(cfg->users[i].delegated.ip.family != 0);
	cfg->fixed6 = cfg_keep(l, n, sizeof(cfg->fixed6[0]));
	for (size_t i = 0; cfg->fixed6 != NULL && i < cfg->n_users; i++) {
		const struct cfg_user *u = &cfg->users[i];

		if (u->group >= cfg->n_groups)
			continue;
		keep(cfg, &u->prefix6, cfg->groups[u->group].realm, false);
		keep(cfg, &u->delegated, cfg->groups[u->group].realm, true);
	}
	if (cfg->n_fixed6 > 1)
		qsort(cfg->fixed6, cfg->n_fixed6, sizeof(cfg->fixed6[0]), by_place);
}

void
cfg_check_pools6(struct cfg_loader *l, const struct cfg_entry *users, size_t n)
{
	const struct cfg_node *groups = cfg_node_get(l->root, "groups");
	const struct cfg_node *map = groups == NULL ? NULL : groups->first;
	size_t most = 2 * n;
	struct pieces all = {0};

	for (size_t g = 0; g < l->cfg->n_groups; g++)
		most += l->cfg->groups[g].n_pool6 + l->cfg->groups[g].n_delegate + 1;
	all.items = cfg_scratch(l, most + 1, sizeof(*all.items));
	if (all.items == NULL)
		return;
	for (size_t g = 0; g < l->cfg->n_groups; g++, map = map->next)
		add_group(&all, map, &l->cfg->groups[g]);
	for (size_t i = 0; i < n; i++) {
		const struct cfg_user *u = &users[i].user;

		if (u->group >= l->cfg->n_groups)
			continue;
		add_users(&all, &users[i], "prefix6", &u->prefix6, l->cfg->groups[u->group].realm,
			USERS_PREFIX);
		add_users(&all, &users[i], "delegated", &u->delegated,
			l->cfg->groups[u->group].realm, USERS_DELEGATED);
	}
	if (all.n > 1)
		qsort(all.items, all.n, sizeof(all.items[0]), by_start);
	check_overlaps(l, &all);
	check_outside(l, &all);
}
