/* SPDX-License-Identifier: BSD-3-Clause */
/* Pools of addresses: those of a realm are apart, and from what is outside of the tunnels. */
#include <stdlib.h>

#include "config/private.h"

static int
by_start(const void *pa, const void *pb)
{
	const struct cfg_pool *a = pa, *b = pb;
	uint32_t start_a = cv_ipv4_value(&a->prefix->ip), start_b = cv_ipv4_value(&b->prefix->ip);

	if (a->realm != b->realm)
		return a->realm < b->realm ? -1 : 1;
	if (start_a != start_b)
		return start_a < start_b ? -1 : 1;
	if (a->prefix->length != b->prefix->length)
		return a->prefix->length < b->prefix->length ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

static void
check_pool_outside(struct cfg_loader *l, const struct cfg_pool *pool)
{
	char prefix[CV_PREFIX_TEXT], text[CFG_OUTSIDE_TEXT];

	if (cfg_meets_outside(l, pool->prefix, text))
		cfg_fail(l, pool->node, NULL, "%s %s", cv_prefix_text(pool->prefix, prefix), text);
}

/* Of two pools that overlap, the later in the file is wrong. */
static void
report_overlap(struct cfg_loader *l, const struct cfg_pool *a, const struct cfg_pool *b)
{
	const struct cfg_pool *first = a->order < b->order ? a : b, *later = first == a ? b : a;
	char text[2][CV_PREFIX_TEXT];

	cfg_fail(l, later->node, NULL, "%s overlaps %s of groups[%zu], which is in the same realm",
		cv_prefix_text(later->prefix, text[0]), cv_prefix_text(first->prefix, text[1]),
		first->group);
}

static size_t
collect_pools(struct cfg_loader *l, struct cfg_pool *pools)
{
	const struct cfg_node *list = cfg_node_get(l->root, "groups");
	const struct cfg_node *node = list == NULL ? NULL : list->first;
	size_t n = 0;

	for (size_t g = 0; g < l->cfg->n_groups; g++, node = node->next) {
		const struct cfg_group *group = &l->cfg->groups[g];
		const struct cfg_node *item = cfg_node_get(node, "pool");

		if (item != NULL && item->type == CFG_LIST)
			item = item->first;
		for (size_t i = 0; i < group->n_pool; i++, item = item->next)
			if (group->pool[i].ip.family != 0) {
				pools[n] = (struct cfg_pool){
					item, &group->pool[i], g, n, group->realm};
				n++;
			}
	}
	return n;
}

void
cfg_check_pools(struct cfg_loader *l)
{
	struct cfg_pool *pools, *outer;
	size_t n = 0, errors = l->errors->errors;

	for (size_t g = 0; g < l->cfg->n_groups; g++)
		n += l->cfg->groups[g].n_pool;
	pools = cfg_scratch(l, n, sizeof(*pools));
	if (pools == NULL || n == 0)
		return;
	n = collect_pools(l, pools);
	qsort(pools, n, sizeof(*pools), by_start);
	outer = pools;
	for (size_t i = 0; i < n && !cfg_enough(l); i++) {
		check_pool_outside(l, &pools[i]);
		/* prefixes nest or are apart, so the last one that was in no other is enough */
		if (i > 0 && pools[i].realm == outer->realm &&
			cv_prefix_overlaps(outer->prefix, pools[i].prefix))
			report_overlap(l, outer, &pools[i]);
		else
			outer = &pools[i];
	}
	if (l->errors->errors == errors) {
		l->pools = pools;
		l->n_pools = n;
	}
}

bool
cfg_in_pools(const struct cfg_loader *l, uint16_t realm, const struct cv_ip *ip)
{
	size_t low = 0, high = l->n_pools;

	/* the last that starts at the address or before it; they are apart */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct cfg_pool *p = &l->pools[middle];

		if (p->realm < realm ||
			(p->realm == realm && cv_ipv4_value(&p->prefix->ip) <= cv_ipv4_value(ip)))
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && l->pools[low - 1].realm == realm &&
	       cv_prefix_contains(l->pools[low - 1].prefix, ip);
}
