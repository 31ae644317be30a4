/* SPDX-License-Identifier: BSD-3-Clause */
/* Filters: two that are always there, those that are listed, and those that groups say for
 * themselves. */
#include "config/private.h"

const char *const cfg_built_in_filters[CFG_FILTERS_BUILT_IN] = {"ipsec", "any"};

/* The key of a group that makes a filter of its own, or NULL. */
static const struct cfg_node *
own_key(const struct cfg_node *group)
{
	const struct cfg_node *policy = cfg_node_get(group, "policy");

	return policy != NULL ? policy : cfg_node_get(group, "gateways");
}

void
cfg_check_group_filter(struct cfg_loader *l, const struct cfg_node *map, struct cfg_group *group)
{
	const struct cfg_node *own = own_key(map), *filter = cfg_node_get(map, "filter");

	if (own == NULL)
		return;
	if (filter != NULL)
		cfg_fail(l, filter, NULL,
			"either filter or policy and gateways, which make a filter of the group's "
			"own (%s in line %u)",
			own->key, own->key_line);
	group->own.name = group->name;
	group->own.origin = CFG_FILTER_OF_GROUP;
}

static bool
is_built_in(const char *name)
{
	for (size_t i = 0; i < CFG_FILTERS_BUILT_IN; i++)
		if (strcmp(cfg_built_in_filters[i], name) == 0)
			return true;
	return false;
}

static void
check_own(struct cfg_loader *l, const struct cfg_node *key, const char *name)
{
	const struct cfg_node *list = cfg_node_get(l->root, "filters");
	const struct cfg_node *node = list == NULL ? NULL : list->first;

	if (is_built_in(name))
		cfg_fail(l, key, NULL,
			"makes a filter of the group's name, but %s is one that is always there: "
			"choose another name for the group, or write filter: NAME",
			name);
	for (size_t i = 0; i < l->cfg->n_filters; i++, node = node->next) {
		const char *other = l->cfg->filters[i].name;

		if (other == NULL || strcmp(other, name) != 0)
			continue;
		cfg_fail(l, key, NULL,
			"makes a filter of the group's name, but %s is that of filters[%zu] in "
			"line %u: choose another, or write filter: %s",
			name, i, node->line, name);
		return;
	}
}

void
cfg_check_filters(struct cfg_loader *l)
{
	const struct cfg_node *filters = cfg_node_get(l->root, "filters");
	const struct cfg_node *groups = cfg_node_get(l->root, "groups");
	const struct cfg_node *node = filters == NULL ? NULL : filters->first;

	for (size_t i = 0; i < l->cfg->n_filters; i++, node = node->next)
		if (l->cfg->filters[i].name != NULL && is_built_in(l->cfg->filters[i].name))
			cfg_fail(l, cfg_node_get(node, "name"), NULL,
				"%s is a filter that is always there: choose another name",
				l->cfg->filters[i].name);
	node = groups == NULL ? NULL : groups->first;
	for (size_t i = 0; i < l->cfg->n_groups; i++, node = node->next)
		if (l->cfg->groups[i].own.name != NULL)
			check_own(l, own_key(node), l->cfg->groups[i].own.name);
}

/* Where `any` is among them, they are all addresses of both families. */
static void
expand_any(struct cfg_loader *l, struct cfg_filter *f)
{
	struct cv_prefix *all;

	for (size_t i = 0; i < f->n_gateways; i++) {
		if (f->gateways[i].length != CFG_GATEWAYS_ANY)
			continue;
		all = cfg_keep(l, 2, sizeof(*all));
		if (all == NULL)
			return;
		all[0].ip.family = CV_IPV4;
		all[1].ip.family = CV_IPV6;
		f->gateways = all;
		f->n_gateways = 2;
		return;
	}
}

void
cfg_filters_finish(struct cfg_loader *l)
{
	struct cfg *cfg = l->cfg;
	size_t n = CFG_FILTERS_BUILT_IN + cfg->n_filters;
	struct cfg_filter *all = cfg_keep(l, n + cfg->n_groups, sizeof(*all));

	if (all == NULL)
		return;
	for (size_t i = 0; i < CFG_FILTERS_BUILT_IN; i++)
		all[i] = (struct cfg_filter){.name = cfg_built_in_filters[i],
			.origin = CFG_FILTER_BUILT_IN,
			.policy = i == 0 ? CFG_POLICY_IPSEC : CFG_POLICY_ANY};
	if (cfg->n_filters > 0)
		memcpy(all + CFG_FILTERS_BUILT_IN, cfg->filters, cfg->n_filters * sizeof(*all));
	for (size_t i = 0; i < cfg->n_groups; i++) {
		struct cfg_group *group = &cfg->groups[i];

		if (group->own.name == NULL)
			continue;
		group->filter = (uint16_t)n;
		all[n++] = group->own;
	}
	for (size_t i = 0; i < n; i++)
		expand_any(l, &all[i]);
	cfg->filters = all;
	cfg->n_filters = n;
}

/* ---- whom clients reach beyond each other ---- */

/* Whether it leads to all addresses of a family. */
static bool
is_open(const struct cfg_filter *f)
{
	for (size_t i = 0; i < f->n_gateways; i++)
		if (f->gateways[i].length == 0)
			return true;
	return false;
}

/* Whom nothing bounds. */
struct unbounded {
	const char *what; /* NULL: there is none */
	const char *name;
	size_t len;
};

/* Of each group the first user, or else the first peer that is dialled. */
static const struct unbounded *
unbounded_ones(struct cfg_loader *l)
{
	const struct cfg *cfg = l->cfg;
	struct unbounded *of = cfg_arena_alloc(&l->scratch, cfg->n_groups, sizeof(*of));

	if (of == NULL)
		l->nomem = true;
	for (size_t i = cfg->n_dials; of != NULL && i-- > 0;) {
		const struct cfg_dial *d = &cfg->dials[i];
		const struct cfg_group *g = &cfg->groups[d->user == NULL ? 0 : d->group];

		if (d->user != NULL && !cv_rate_limits(&g->each.in) &&
			!cv_rate_limits(&g->shared.in))
			of[d->group] = (struct unbounded){"peer", d->name, strlen(d->name)};
	}
	for (size_t i = cfg->n_users; of != NULL && i-- > 0;) {
		const struct cfg_user *u = &cfg->users[i];
		const struct cfg_group *g = &cfg->groups[u->group];
		const struct cv_rate *in = u->rates.in.committed == 0 ? &g->each.in : &u->rates.in;

		if (!cv_rate_limits(in) && !cv_rate_limits(&g->shared.in))
			of[u->group] = (struct unbounded){"user", u->name, u->name_len};
	}
	return of;
}

static void
warn_open(struct cfg_loader *l, const struct cfg_node *map, const struct unbounded *who)
{
	const struct cfg_node *key = cfg_node_get(map, "filter");

	cfg_warn(l, key != NULL ? key : cfg_node_get(map, "gateways"), NULL,
		"leads to any address, and nothing bounds how much %s %.*s sends there: a "
		"rate-in would, or a shared-rate-in of the group",
		who->what, (int)who->len, who->name);
}

/* Whether somebody of its realm, or its own filter, has gateways. */
static bool
is_of_use(const struct cfg *cfg, const struct cfg_interface *i)
{
	if (cfg->filters[i->filter].n_gateways != 0)
		return true;
	for (size_t k = 0; k < cfg->n_groups; k++)
		if (cfg->groups[k].realm == i->realm &&
			cfg->filters[cfg->groups[k].filter].n_gateways != 0)
			return true;
	return false;
}

void
cfg_check_beyond(struct cfg_loader *l)
{
	const struct cfg *cfg = l->cfg;
	const struct cfg_node *groups = cfg_node_get(l->root, "groups");
	const struct cfg_node *interfaces = cfg_node_get(l->root, "interfaces");
	const struct cfg_node *node = groups == NULL ? NULL : groups->first;
	const struct unbounded *ones = unbounded_ones(l);

	for (size_t i = 0; ones != NULL && i < cfg->n_groups; i++, node = node->next)
		if (ones[i].what != NULL && is_open(&cfg->filters[cfg->groups[i].filter]))
			warn_open(l, node, &ones[i]);
	node = interfaces == NULL ? NULL : interfaces->first;
	for (size_t i = 0; i < cfg->n_interfaces; i++, node = node->next)
		if (!is_of_use(cfg, &cfg->interfaces[i]))
			cfg_warn(l, node, NULL,
				"no client may use it: no filter of a group of realm %s has "
				"gateways",
				cfg->realms[cfg->interfaces[i].realm].name);
}
