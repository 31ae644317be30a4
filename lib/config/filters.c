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
	cfg->filters = all;
	cfg->n_filters = n;
}
