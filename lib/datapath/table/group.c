/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups: what sessions of one kind have in common. */
#include <rte_byteorder.h>

#include "datapath/host/memory.h"
#include "datapath/table/groups.h"
#include "datapath/table/sessions.h"
#include "datapath/table/uplink.h"

/* What sessions have in their own lines. */
static bool
sessions_follow(const struct dp_group *a, const struct dp_group *b)
{
	return a->mtu != b->mtu || a->dscp_fixed != b->dscp_fixed || a->dscp != b->dscp ||
	       dp_group_limits(a) || dp_group_limits(b);
}

static void
replace(struct dp *dp, uint16_t group, struct dp_group_table *t)
{
	static const struct dp_group nothing;
	struct dp_group_table *old = dp->groups[group];
	uint8_t flags = t == NULL ? 0 : DP_GROUP_SET;

	if (t != NULL && t->told.clients_reachable)
		flags |= DP_GROUP_REACHABLE;
	if (t != NULL && !t->told.mss_kept)
		flags |= DP_GROUP_CLAMPS;

	__atomic_store_n(&dp->groups[group], t, __ATOMIC_RELEASE);
	__atomic_store_n(&dp->group_flags[group], flags, __ATOMIC_RELAXED);
	if (sessions_follow(old == NULL ? &nothing : &old->told, t == NULL ? &nothing : &t->told)) {
		dp_sessions_new_group(dp, group);
		dp_uplinks_write(dp);
	}
	dp_grace_free(dp, old);
}

int
dp_group_set(struct dp *dp, uint16_t group, const struct dp_group *told)
{
	struct dp_group_table *t = dp_shared_new(dp, sizeof(*t));

	if (t == NULL)
		return CV_ERR_NOMEM;
	t->lns = rte_cpu_to_be_32(cv_ipv4_value(&told->lns));
	t->refuse_silently = told->refuse_silently;
	t->told = *told;
	dp_group_meters(t, dp->groups[group]);
	if (dp_group_limits(told) && dp_meters_prepare(dp, group) != 0) {
		dp_shared_free(dp, t);
		return CV_ERR_NOMEM;
	}
	replace(dp, group, t);
	return 0;
}

void
dp_group_clear(struct dp *dp, uint16_t group)
{
	if (dp->groups[group] != NULL)
		replace(dp, group, NULL);
}

int
dp_group_get(const struct dp *dp, uint16_t group, struct dp_group *out)
{
	if (dp->groups[group] == NULL)
		return CV_ERR_UNKNOWN;
	*out = dp->groups[group]->told;
	return 0;
}

void
dp_groups_destroy(struct dp *dp)
{
	for (size_t i = 0; i < DP_IDS_OF_A_KIND; i++)
		dp_shared_free(dp, dp->groups[i]);
}
