/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rates of a session and of its group (table/meter.c), asked for sessions that have some. Red
 * is dropped; yellow passes and is counted: the inner packet is not ours to mark, and the outer
 * header says what its group wants.
 */
#include "datapath/table/groups.h"
#include "datapath/worker/stages.h"

/* Counters that all workers share: of what is not green, so seldom. */
static void
count(uint64_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* DP_DROP_COUNT: it passes. */
static enum dp_drop_cause
police(struct dp_worker *w, uint32_t slot, uint16_t group, unsigned bytes, enum dp_direction to)
{
	static const enum dp_drop_cause own[] = {DP_DROP_INGRESS_RATE, DP_DROP_EGRESS_RATE},
					shared[] = {DP_DROP_INGRESS_GROUP_RATE,
						DP_DROP_EGRESS_GROUP_RATE};
	struct dp_metered *m = __atomic_load_n(&w->dp->meters[slot], __ATOMIC_CONSUME);
	struct dp_meter *of_all = dp_group_shared(w->dp, group);
	enum dp_colour colour = DP_GREEN, of_group = DP_GREEN;

	if (m != NULL)
		colour = dp_meter_take(&m->meters[to], w->now_ticks, bytes);
	if (colour == DP_RED) {
		count(&m->counts[to].red);
		return own[to];
	}
	if (of_all != NULL)
		of_group = dp_meter_take(&of_all[to], w->now_ticks, bytes);
	if (of_group == DP_RED) {
		if (m != NULL)
			count(&m->counts[to].shared_red);
		return shared[to];
	}
	if (m != NULL && colour == DP_YELLOW)
		count(&m->counts[to].yellow);
	if (m != NULL && of_group == DP_YELLOW)
		count(&m->counts[to].shared_yellow);
	return DP_DROP_COUNT;
}

enum dp_drop_cause
dp_police_in(struct dp_worker *w, const struct dp_packet *p, uint16_t group)
{
	return police(w, p->slot, group, p->len, DP_IN);
}

enum dp_drop_cause
dp_police_out(struct dp_worker *w, const struct dp_packet *p)
{
	uint16_t group = __atomic_load_n(&w->dp->egress[p->to].group, __ATOMIC_RELAXED);

	return police(w, p->to, group, p->len, DP_OUT);
}
