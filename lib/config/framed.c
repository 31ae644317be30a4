/* SPDX-License-Identifier: BSD-3-Clause */
/* Networks behind users (framed routes, as RADIUS calls them): what each may be, and that nobody
 * else has it. */
#include <stdio.h>
#include <stdlib.h>

#include "config/private.h"

enum { LINK = 64, HOST4 = 32, HOST6 = 128, OWNS = 3 };

/* One of all of them, or of what users have for their own. */
struct piece {
	const struct cfg_entry *entry;
	struct cv_prefix prefix;
	size_t index; /* in the entry's list */
	uint16_t realm;
	bool own;
};

static void
fail(struct cfg_loader *l, const struct piece *p, const char *text)
{
	const struct cfg_entry *e = p->entry;
	const struct cfg_node *list = e->node == NULL ? NULL : cfg_node_get(e->node, "routes");
	const struct cfg_node *at = list == NULL || list->type != CFG_LIST ? list : list->first;
	char prefix[CV_PREFIX_TEXT];

	for (size_t i = 0; list != NULL && list->type == CFG_LIST && i < p->index && at != NULL;
		i++)
		at = at->next;
	cv_prefix_text(&p->prefix, prefix);
	if (e->node == NULL)
		cfg_fail_at(l, e->file, e->line, e->column, "", "%s %s", prefix, text);
	else
		cfg_fail(l, at == NULL ? e->node : at, NULL, "%s %s", prefix, text);
}

/* Whether all of it is in a prefix. */
static bool
is_within(const struct cv_prefix *p, const struct cv_prefix *of)
{
	return p->ip.family == of->ip.family && p->length >= of->length &&
	       cv_prefix_contains(of, &p->ip);
}

static bool
within_any(const struct cv_prefix *p, const struct cv_prefix *of, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (of[i].ip.family != 0 && is_within(p, &of[i]))
			return true;
	return false;
}

/* In what clients of the realm get, or the server's own; NULL: neither. */
static const char *
meets_groups(const struct cfg *cfg, const struct piece *p)
{
	for (size_t i = 0; i < cfg->n_groups; i++) {
		const struct cfg_group *g = &cfg->groups[i];

		if (g->realm != p->realm)
			continue;
		if (within_any(&p->prefix, g->pool, g->n_pool) ||
			within_any(&p->prefix, g->pool6, g->n_pool6) ||
			within_any(&p->prefix, g->delegate, g->n_delegate))
			return "is in a pool of its realm: another client could get it";
		if ((p->prefix.length == HOST4 || p->prefix.length == HOST6) &&
			cv_ip_equal(&p->prefix.ip, &g->address))
			return "is the server's own address in this realm";
	}
	for (size_t i = 0; i < cfg->n_interfaces; i++)
		for (size_t k = 0;
			cfg->interfaces[i].realm == p->realm && k < cfg->interfaces[i].n_addresses;
			k++)
			if (is_within(&p->prefix, &cfg->interfaces[i].addresses[k]))
				return "is in the network of an interface of its realm";
	return NULL;
}

bool
cfg_is_odd_length(const struct cv_prefix *p)
{
	return p->ip.family == CV_IPV6 && p->length > LINK && p->length != HOST6;
}

const char *
cfg_no_network(const struct cv_prefix *p)
{
	unsigned first = p->ip.bytes[0];

	if (p->length == 0)
		return NULL;
	if (p->ip.family == CV_IPV4)
		return (first == 0 && p->length >= 8) || first == 127 || first >= 224
			       ? "is of 0/8, 127/8, multicast or reserved: no network has it"
			       : NULL;
	if (!cfg_is_routed(&p->ip))
		return "is neither global nor unique local: a part of 2000::/3 or fc00::/7";
	return cfg_is_odd_length(p) ? CFG_ODD_LENGTH : NULL;
}

static int
by_prefix(const void *pa, const void *pb)
{
	const struct piece *a = pa, *b = pb;
	int order;

	if (a->realm != b->realm)
		return a->realm < b->realm ? -1 : 1;
	if (a->prefix.ip.family != b->prefix.ip.family)
		return a->prefix.ip.family < b->prefix.ip.family ? -1 : 1;
	order = memcmp(a->prefix.ip.bytes, b->prefix.ip.bytes, sizeof(a->prefix.ip.bytes));
	if (order != 0)
		return order;
	if (a->prefix.length != b->prefix.length)
		return a->prefix.length < b->prefix.length ? -1 : 1;
	if (a->own != b->own)
		return a->own ? -1 : 1;
	if (a->entry != b->entry)
		return a->entry->order < b->entry->order ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

static const char *
who(const struct cfg_entry *e)
{
	return e->user.name == NULL ? "peer" : "user";
}

/* What several users have, or one twice. */
static void
check_others(struct cfg_loader *l, const struct piece *all, size_t n)
{
	char text[400];

	for (size_t i = 1; i < n && !cfg_enough(l); i++) {
		const struct piece *a = &all[i - 1], *b = &all[i];

		if (a->own || b->own || a->realm != b->realm ||
			!cv_prefix_equal(&a->prefix, &b->prefix))
			continue;
		if (a->entry == b->entry)
			snprintf(text, sizeof(text), "is there twice");
		else
			snprintf(text, sizeof(text), "is already that of the %s in %.200s:%u",
				who(a->entry), a->entry->file, a->entry->line);
		fail(l, b, text);
	}
}

/* Where one is in what another user has for his own, an address or prefix of IPv6: to that session
 * all of it would go. Around what comes in this order are some that came before it, each in the one
 * before: at most one of each length. */
static void
check_owns(struct cfg_loader *l, const struct piece *all, size_t n)
{
	const struct piece *around[HOST6 + 1];
	size_t depth = 0, at;
	char text[400], prefix[CV_PREFIX_TEXT];

	for (size_t i = 0; i < n && !cfg_enough(l); i++) {
		const struct piece *p = &all[i];

		while (depth > 0 && (around[depth - 1]->realm != p->realm ||
					    !is_within(&p->prefix, &around[depth - 1]->prefix)))
			depth--;
		if (p->own) {
			if (depth == 0 || around[depth - 1]->prefix.length != p->prefix.length)
				around[depth++] = p;
			continue;
		}
		for (at = depth; at > 0 && around[at - 1]->entry == p->entry; at--)
			;
		if (at == 0)
			continue;
		snprintf(text, sizeof(text), "is in %s, which the %s in %.200s:%u has",
			cv_prefix_text(&around[at - 1]->prefix, prefix), who(around[at - 1]->entry),
			around[at - 1]->entry->file, around[at - 1]->entry->line);
		fail(l, p, text);
	}
}

/* Adds what the user of an entry has for his own; returns how many. */
static size_t
add_owns(const struct cfg_entry *e, uint16_t realm, struct piece *out)
{
	const struct cfg_user *u = &e->user;
	struct cv_prefix owns[OWNS] = {
		{.ip = u->address, .length = HOST4}, u->prefix6, u->delegated};
	size_t n = 0;

	for (size_t i = 0; i < OWNS; i++)
		if (owns[i].ip.family != 0)
			out[n++] = (struct piece){
				.entry = e, .prefix = owns[i], .realm = realm, .own = true};
	return n;
}

void
cfg_check_framed(struct cfg_loader *l, const struct cfg_entry *users, size_t n)
{
	struct piece *all;
	size_t count = 0, owns = 0;

	for (size_t i = 0; i < n; i++) {
		const struct cfg_user *u = &users[i].user;

		count += u->n_routes;
		owns += u->address.family != 0;
		owns += u->prefix6.ip.family != 0;
		owns += u->delegated.ip.family != 0;
	}
	all = count == 0 ? NULL : cfg_scratch(l, count + owns, sizeof(*all));
	count = 0;
	for (size_t i = 0; all != NULL && i < n && !cfg_enough(l); i++) {
		const struct cfg_user *u = &users[i].user;

		if (u->group >= l->cfg->n_groups)
			continue;
		count += add_owns(&users[i], l->cfg->groups[u->group].realm, &all[count]);
		for (size_t k = 0; k < u->n_routes; k++) {
			struct piece p = {.entry = &users[i],
				.prefix = u->routes[k],
				.index = k,
				.realm = l->cfg->groups[u->group].realm};
			const char *wrong;

			if (p.prefix.ip.family == 0)
				continue; /* reported */
			wrong = cfg_no_network(&p.prefix);
			if (wrong == NULL)
				wrong = meets_groups(l->cfg, &p);
			if (wrong != NULL)
				fail(l, &p, wrong);
			all[count++] = p;
		}
	}
	if (count > 1)
		qsort(all, count, sizeof(*all), by_prefix);
	check_others(l, all, count);
	check_owns(l, all, count);
}
