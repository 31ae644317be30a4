/* SPDX-License-Identifier: BSD-3-Clause */
/* What a worker hands to the control thread: see control/punt.c. */
#include <unistd.h>

#include <rte_atomic.h>

#include "datapath/worker/punt.h"

static const enum dp_drop_cause full[DP_PUNT_CLASSES] = {
	[DP_PUNT_TUNNEL] = DP_DROP_PUNT_TUNNEL_FULL,
	[DP_PUNT_PPP] = DP_DROP_PUNT_PPP_FULL,
	[DP_PUNT_CONNECT] = DP_DROP_PUNT_CONNECT_FULL,
	[DP_PUNT_NEW] = DP_DROP_PUNT_NEW_FULL,
	[DP_PUNT_ELSEWHERE] = DP_DROP_PUNT_ELSEWHERE_FULL,
	[DP_PUNT_ARP] = DP_DROP_PUNT_ARP_FULL,
	[DP_PUNT_PATH] = DP_DROP_PUNT_PATH_FULL,
	[DP_PUNT_RESOLVE] = DP_DROP_PUNT_RESOLVE_FULL,
	[DP_PUNT_BFD] = DP_DROP_PUNT_BFD_FULL,
	[DP_PUNT_ROUTING] = DP_DROP_PUNT_ROUTING_FULL,
};

static const enum dp_drop_cause over_share[DP_PUNT_CLASSES] = {
	[DP_PUNT_TUNNEL] = DP_DROP_PUNT_TUNNEL_SHARE,
	[DP_PUNT_PPP] = DP_DROP_PUNT_PPP_SHARE,
	[DP_PUNT_CONNECT] = DP_DROP_PUNT_CONNECT_SHARE,
	[DP_PUNT_NEW] = DP_DROP_PUNT_NEW_SHARE,
	[DP_PUNT_ELSEWHERE] = DP_DROP_PUNT_ELSEWHERE_SHARE,
	[DP_PUNT_ARP] = DP_DROP_PUNT_ARP_SHARE,
	[DP_PUNT_PATH] = DP_DROP_PUNT_PATH_SHARE,
	[DP_PUNT_RESOLVE] = DP_DROP_PUNT_RESOLVE_SHARE,
	[DP_PUNT_BFD] = DP_DROP_PUNT_BFD_SHARE,
	[DP_PUNT_ROUTING] = DP_DROP_PUNT_ROUTING_SHARE,
};

enum { FLOW_PART = 4 }; /* of a source's share that one of its flows may have */

static uint32_t
waiting(const struct dp_shares *s, uint16_t at)
{
	return s->given[at] - __atomic_load_n(&s->taken[at], __ATOMIC_RELAXED);
}

enum dp_drop_cause dp_punt_full(enum dp_punt_class class)
{
	return full[class];
}

enum dp_drop_cause
dp_punt_mbuf(struct dp_worker *w, struct rte_mbuf *m, enum dp_punt_class class, uint64_t source,
	uint64_t flow)
{
	struct dp_shares *s = &w->shares[class];
	unsigned room = rte_ring_free_count(w->punt[class]);
	struct dp_punt_meta *meta = dp_meta(m);

	meta->class = (uint16_t) class;
	meta->source = (uint16_t)(dp_hash(w->dp, source) % (DP_SHARES / 2));
	meta->flow = (uint16_t)(dp_hash(w->dp, flow) % (DP_SHARES / 2) + DP_SHARES / 2);
	if (room == 0)
		return full[class];
	if (waiting(s, meta->source) >= room || waiting(s, meta->flow) * FLOW_PART >= room)
		return over_share[class];
	s->given[meta->source]++;
	s->given[meta->flow]++;
	(void)rte_ring_sp_enqueue(w->punt[class], m); /* this worker alone puts in: there is room */
	w->punted = true;
	return DP_DROP_COUNT;
}

/* At the end of a round that punted: wakes the control thread if it said that it sleeps. */
void
dp_punt_wake(struct dp_worker *w)
{
	uint32_t armed = 1;
	uint64_t one = 1;

	w->punted = false;
	rte_atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&w->dp->armed, __ATOMIC_RELAXED) == 0 ||
		!__atomic_compare_exchange_n(
			&w->dp->armed, &armed, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	(void)!write(w->dp->event_fd, &one, sizeof(one));
}
