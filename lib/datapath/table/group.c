/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups: what sessions of one kind have in common. */
#include <rte_byteorder.h>

#include "datapath/internal.h"

static void
replace(struct dp *dp, uint16_t group, struct dp_group_table *t)
{
	struct dp_group_table *old = dp->groups[group];
	uint16_t mtu_before = old == NULL ? 0 : old->told.mtu, mtu = t == NULL ? 0 : t->told.mtu;
	bool limits = (old != NULL && dp_group_limits(&old->told)) ||
		      (t != NULL && dp_group_limits(&t->told));
	uint8_t flags = 0;

	if (t != NULL && t->told.clients_reachable)
		flags |= DP_GROUP_REACHABLE;
	if (t != NULL && !t->told.mss_kept)
		flags |= DP_GROUP_CLAMPS;

	__atomic_store_n(&dp->groups[group], t, __ATOMIC_RELEASE);
	__atomic_store_n(&dp->group_flags[group], flags, __ATOMIC_RELAXED);
	if (mtu != mtu_before)
		dp_sessions_new_mtu(dp, group);
	if (limits)
		dp_sessions_new_rates(dp, group);
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
