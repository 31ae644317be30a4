/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stage 6: the session's finished headers in front of the inner packet, what varies in them, and
 * the frame into a port's transmit buffer.
 */
#include "datapath/ends.h"
#include "datapath/table/sessions.h"
#include "datapath/table/uplink.h"
#include "datapath/worker/count.h"
#include "datapath/worker/headers.h"
#include "datapath/worker/stages.h"
#include "datapath/worker/tags.h"
#include "datapath/worker/trace.h"
#include "datapath/worker/uplink.h"
#include "datapath/worker/worker.h"

/* What can't be sent now: dropped. false: it can be, its Ack has left in the meantime. */
static __rte_noinline bool
held_back(struct dp_worker *w, struct dp_packet *p, uint64_t hop)
{
	enum dp_drop_cause cause = DP_DROP_EGRESS_NEIGHBOUR;

	if ((hop & DP_NEXTHOP_UP) == 0 && dp_uplink_is_link(w->dp, p->to)) {
		dp_uplink_ask(w, p);
		return true;
	}
	if ((hop & DP_NEXTHOP_UP) != 0) {
		if (!dp_egress_waits(w->dp, p->to, p->protocol == WIRE_PPP_IPV6))
			return false;
		cause = DP_DROP_EGRESS_NOT_YET;
	}
	dp_drop(w, p, cause);
	return true;
}

static __rte_noinline bool
within_rate(struct dp_worker *w, const struct dp_packet *p)
{
	enum dp_drop_cause cause = dp_police_out(w, p);

	if (cause == DP_DROP_COUNT)
		return true;
	dp_drop(w, p, cause);
	return false;
}

bool
dp_egress_in_parts(struct dp_worker *w, const struct dp_packet *p, unsigned hop, uint64_t second,
	unsigned most)
{
	const uint8_t *ether = rte_pktmbuf_mtod(p->m, uint8_t *), *ip = ether + WIRE_ETHER;
	struct rte_mbuf *parts[DP_BURST];
	unsigned n = wire_ip_version(ip) == 6 ? dp_fragment6_cut(w, ip, p->to, most, parts)
					      : dp_fragment_cut(w, ip, most, parts);

	if (n == 0) {
		dp_drop(w, p, DP_DROP_RELAY_TOO_BIG);
		return false;
	}
	for (unsigned i = 0; i < n; i++) {
		memcpy(rte_pktmbuf_prepend(parts[i], WIRE_ETHER), ether, WIRE_ETHER);
		dp_tx_hop(w, hop, second, parts[i]);
	}
	dp_done(w, p, DP_EDGE_EGRESS_PARTS);
	return true;
}

/* false: the packet was dropped. */
static bool
egress(struct dp_worker *w, struct dp_packet *p)
{
	struct dp *dp = w->dp;
	const struct dp_egress *e = &dp->egress[p->to];
	unsigned index = __atomic_load_n(&e->nexthop, __ATOMIC_RELAXED);
	const struct dp_nexthop *hop = &dp->nexthops[index];
	uint64_t second = __atomic_load_n(&hop->second, __ATOMIC_ACQUIRE);
	uint8_t flags = __atomic_load_n(&e->flags, __ATOMIC_ACQUIRE);
	uint16_t mtu = __atomic_load_n(&e->mtu, __ATOMIC_RELAXED);
	bool six = p->protocol == WIRE_PPP_IPV6;
	uint32_t sum;

	if (unlikely((second & DP_NEXTHOP_UP) == 0 || (flags & DP_EGRESS_HELD) != 0) &&
		held_back(w, p, second))
		return false;
	if (unlikely((flags & DP_EGRESS_METER) != 0) && !within_rate(w, p))
		return false;
	sum = dp_headers_sum(p->inner_sum, p->len);
	if (unlikely((flags & DP_EGRESS_PLAIN) != 0))
		; /* it leaves as it is */
	else if (unlikely((flags & DP_EGRESS_IPV6) != 0))
		dp_headers_put6(w, e, &dp->egress6[p->to], p->to, p->inner, p->len, sum, false, six,
			dp_class_of_packet(p->inner, six));
	else
		dp_headers_put(w, e, p->to, p->inner, p->len, sum, false, six,
			dp_class_of_packet(p->inner, six));
	dp_frame_put(hop, second, p->m, p->inner - e->hdr_len, p->len + (unsigned)e->hdr_len);
	if (unlikely(p->trace != 0))
		dp_trace_edge(w, p, DP_EDGE_EGRESS_TX);
	if (likely(p->len <= mtu || !six))
		dp_tx_hop(w, index, second, p->m);
	else if (!dp_egress_in_parts(w, p, index, second, mtu + (unsigned)e->hdr_len))
		return false;
	dp_count_sent(w, p->to, p->len);
	return true;
}

void
dp_egress_stage(struct dp_worker *w, struct dp_burst *b)
{
	unsigned sent = 0;

	for (uint16_t i = 0; i < b->n; i++)
		sent += egress(w, &b->packets[i]);
	w->counts.edges[DP_EDGE_EGRESS_TX] += sent;
	/* exits: TX, PARTS, PUNT_NEIGHBOUR; drops EGRESS_NEIGHBOUR, EGRESS_NOT_YET, EGRESS_RATE,
	 * EGRESS_GROUP_RATE, RELAY_TOO_BIG */
}
