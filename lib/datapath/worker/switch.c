/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What comes by a session that is joined to another one leaves by that, from PPP's header on as it
 * came: nothing of it is looked at, and nothing in it changes, so it is neither routed nor
 * filtered, and no sender is told that it was too large. What stands in front of it is ours: outer
 * DSCP and ECN go from header to header.
 */
#include "datapath/ends.h"
#include "datapath/table/realms.h"
#include "datapath/worker/count.h"
#include "datapath/worker/headers.h"
#include "datapath/worker/stages.h"
#include "datapath/worker/tags.h"

/* Whether congestion on the way here can be told to no one: the frame says nothing of it, and the
 * other one's peer would not ask its outer header (RFC 6040). */
static bool
is_congested(const struct dp_packet *p, uint16_t tos)
{
	return (p->outer_tos & DP_TOS_ECN) == DP_TOS_ECN && (tos & DP_TOS_ECN) == 0;
}

/* The sum of the whole frame, as at an even place, of which PPP's header is no part of the
 * packet's. */
static uint16_t
frame_sum(struct dp_packet *p)
{
	uint16_t rest;

	dp_settle_sum(p);
	rest = (p->ppp & 1) != 0 ? wire_swap16(p->inner_sum) : p->inner_sum;
	return wire_fold(wire_sum(p->inner - p->ppp, p->ppp) + rest);
}

/* Headers and Ethernet in front of the frame, and away. false: it was dropped. */
static bool
leave(struct dp_worker *w, struct dp_packet *p, const struct dp_egress *e)
{
	const struct dp *dp = w->dp;
	unsigned index = __atomic_load_n(&e->nexthop, __ATOMIC_RELAXED);
	const struct dp_nexthop *hop = &dp->nexthops[index];
	uint64_t second = __atomic_load_n(&hop->second, __ATOMIC_ACQUIRE);
	unsigned mtu = __atomic_load_n(&e->mtu, __ATOMIC_RELAXED), len = p->len + p->ppp;
	uint8_t *frame = p->inner - p->ppp;
	uint32_t sum;

	if ((second & DP_NEXTHOP_UP) == 0) {
		dp_drop(w, p, DP_DROP_EGRESS_NEIGHBOUR);
		return false;
	}
	sum = dp_headers_sum(frame_sum(p), (uint16_t)len);
	if ((__atomic_load_n(&e->flags, __ATOMIC_ACQUIRE) & DP_EGRESS_IPV6) != 0)
		dp_headers_put6(w, e, &dp->egress6[p->to], p->to, frame, len, sum, false, false,
			p->outer_tos);
	else
		dp_headers_put(w, e, p->to, frame, len, sum, false, false, p->outer_tos);
	dp_frame_put(hop, second, p->m, frame - e->hdr_len, len + (unsigned)e->hdr_len);
	if (unlikely(p->trace != 0))
		dp_trace_edge(w, p, DP_EDGE_EGRESS_TX);
	if (likely(len <= mtu))
		dp_tx_hop(w, index, second, p->m);
	else if (!dp_egress_in_parts(w, p, index, second, mtu + (unsigned)e->hdr_len))
		return false;
	dp_count_sent(w, p->to, len);
	return true;
}

void
dp_switch(struct dp_worker *w, struct dp_packet *p)
{
	const struct dp *dp = w->dp;
	uint32_t route = __atomic_load_n(&dp->ingress[p->slot].other, __ATOMIC_ACQUIRE);
	const struct dp_egress *e;

	w->counts.edges[DP_EDGE_INGRESS_SWITCH]++;
	if (unlikely(p->trace != 0))
		dp_trace_edge(w, p, DP_EDGE_INGRESS_SWITCH);
	if (!dp_route_is_session(route)) {
		dp_drop(w, p, DP_DROP_SWITCH_ALONE);
		return;
	}
	p->to = route & DP_ROUTE_INDEX;
	e = &dp->egress[p->to];
	if (unlikely((__atomic_load_n(&e->flags, __ATOMIC_RELAXED) & DP_EGRESS_TRACE) != 0))
		dp_trace_begin(w, p, true);
	if (is_congested(p, __atomic_load_n(&e->tos, __ATOMIC_RELAXED))) {
		dp_drop(w, p, DP_DROP_INGRESS_CONGESTION);
		return;
	}
	dp_count_received(w, p->slot, p->len + p->ppp);
	w->counts.edges[DP_EDGE_EGRESS_TX] += leave(w, p, e);
	/* exits: TX, PARTS; drops SWITCH_ALONE, INGRESS_CONGESTION, EGRESS_NEIGHBOUR,
	 * RELAY_TOO_BIG */
}
