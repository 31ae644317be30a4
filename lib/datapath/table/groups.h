/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What sessions have in common: filters, groups, classes of addresses, and the rates of groups and
 * of sessions. Written by the control thread, but for meters, which workers count in. What takes
 * the data path as const a worker calls, too.
 */
#ifndef DP_TABLE_GROUPS_H
#define DP_TABLE_GROUPS_H

#include "datapath/dp.h"

/* table/filter.c, table/group.c */
void dp_filters_destroy(struct dp *dp);
void dp_groups_destroy(struct dp *dp);

/* NULL: it was taken away. */
static inline const struct dp_filter_table *
dp_filter_of(const struct dp *dp, uint16_t filter)
{
	return __atomic_load_n(&dp->filters[filter], __ATOMIC_CONSUME);
}

static inline const struct dp_group_table *
dp_group_of(const struct dp *dp, uint16_t group)
{
	return __atomic_load_n(&dp->groups[group], __ATOMIC_CONSUME);
}

/* The meters of all its sessions together, by direction: the one thing of it that workers change.
 */
static inline struct dp_meter *
dp_group_shared(const struct dp *dp, uint16_t group)
{
	struct dp_group_table *g = __atomic_load_n(&dp->groups[group], __ATOMIC_CONSUME);

	return g == NULL ? NULL : g->shared;
}

/* table/class.c: classes of addresses by whose gateways they are. */
int dp_classes_create(struct dp *dp);
void dp_classes_destroy(struct dp *dp);
/* Of an address, in network order. DP_CLASS_UNKNOWN: ranges are to be searched. */
uint16_t dp_class_of(const struct dp *dp, uint32_t ip_be);
/* The same of a /64, by the upper half of its addresses in host order. */
uint16_t dp_class6_of(const struct dp *dp, uint64_t net);
/* A filter has other gateways of a family. */
void dp_classes_changed(struct dp *dp, bool six);
void dp_classes_poll(struct dp *dp);
bool dp_classes_pending(const struct dp *dp);

/* table/meter.c: rates. Meters that a session of a group needs, and all those of one that gets
 * rates, are there: 0 or CV_ERR_NOMEM. */
int dp_meters_create(struct dp *dp);
void dp_meters_destroy(struct dp *dp);
bool dp_group_limits(const struct dp_group *told);
int dp_meter_prepare(struct dp *dp, uint32_t slot, uint16_t group);
int dp_meters_prepare(struct dp *dp, uint16_t group);
/* What is in force of an open session, into its meters and lines: under traffic. */
void dp_meter_write_session(struct dp *dp, uint32_t slot);
/* No worker asks it any more. */
void dp_meter_free(struct dp *dp, uint32_t slot);
/* The meters of a new table of a group; before: of the one that it replaces, or NULL. */
void dp_group_meters(struct dp_group_table *t, const struct dp_group_table *before);

#endif
