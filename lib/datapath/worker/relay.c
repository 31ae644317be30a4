/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stage 5: what a router does to a packet (RFC 1812 section 5.3.1, RFC 8200 section 3): TTL and its
 * checksum or the hop limit, and nothing else, but for the MSS of a TCP connection where a group
 * wants it (mss.c).
 */
#include "datapath/ends.h"
#include "datapath/worker/answers.h"
#include "datapath/worker/headers.h"
#include "datapath/worker/mss.h"
#include "datapath/worker/stages.h"
#include "datapath/worker/trace.h"

/* What does not just pass: an answer to its sender, or false: it was dropped. */
static __rte_noinline bool
answer(struct dp_worker *w, struct dp_packet *p, uint16_t mtu)
{
	if (p->inner[WIRE_IPV4_TTL] == 0) {
		dp_drop(w, p, DP_DROP_RELAY_TTL_ZERO);
		return false;
	}
	if (p->inner[WIRE_IPV4_TTL] == 1) {
		if (!dp_icmp_error(w, p, WIRE_ICMP_TIME_EXCEEDED, 0, 0, DP_DROP_RELAY_TTL_EXCEEDED))
			return false;
		w->counts.edges[DP_EDGE_RELAY_TIME_EXCEEDED]++;
		if (unlikely(p->trace != 0))
			dp_trace_edge(w, p, DP_EDGE_RELAY_TIME_EXCEEDED);
		return true;
	}
	if (!dp_icmp_error(
		    w, p, WIRE_ICMP_UNREACHABLE, WIRE_ICMP_TOO_BIG, mtu, DP_DROP_RELAY_TOO_BIG))
		return false;
	w->counts.edges[DP_EDGE_RELAY_FRAGMENTATION_NEEDED]++;
	if (unlikely(p->trace != 0))
		dp_trace_edge(w, p, DP_EDGE_RELAY_FRAGMENTATION_NEEDED);
	return true;
}

/* The same of IPv6 (RFC 4443 sections 3.2, 3.3), which no router cuts, and no sender below what any
 * link has to carry. */
static __rte_noinline bool
answer6(struct dp_worker *w, struct dp_packet *p, uint16_t mtu)
{
	if (p->inner[WIRE_IPV6_HOPS] <= 1) {
		if (!dp_icmp6_error(
			    w, p, WIRE_ICMPV6_TIME_EXCEEDED, 0, 0, DP_DROP_RELAY_TTL_EXCEEDED))
			return false;
		w->counts.edges[DP_EDGE_RELAY_TIME_EXCEEDED]++;
		if (unlikely(p->trace != 0))
			dp_trace_edge(w, p, DP_EDGE_RELAY_TIME_EXCEEDED);
		return true;
	}
	if (mtu < WIRE_IPV6_MTU_LEAST)
		mtu = WIRE_IPV6_MTU_LEAST;
	if (!dp_icmp6_error(w, p, WIRE_ICMPV6_TOO_BIG, 0, mtu, DP_DROP_RELAY_TOO_BIG))
		return false;
	w->counts.edges[DP_EDGE_RELAY_PACKET_TOO_BIG]++;
	if (unlikely(p->trace != 0))
		dp_trace_edge(w, p, DP_EDGE_RELAY_PACKET_TOO_BIG);
	return true;
}

/* false: it is gone. */
static bool
relay6(struct dp_worker *w, struct dp_packet *p, uint16_t mtu, uint16_t *passed)
{
	uint8_t next = p->inner[WIRE_IPV6_NEXT];

	if (next == WIRE_TCP || wire_ipv6_is_extension(next))
		dp_mss_clamp6(w, p);
	if (unlikely((p->len > mtu && p->len > WIRE_IPV6_MTU_LEAST) ||
		     p->inner[WIRE_IPV6_HOPS] <= 1))
		return answer6(w, p, mtu);
	p->inner_sum = dp_hops_down(p->inner, p->inner_sum);
	++*passed;
	return true;
}

/* What came before leaves before. The parts are sums of their own, so a wrong one would leave
 * right: it ends here. */
static __rte_noinline void
cut(struct dp_worker *w, struct dp_burst *before, struct dp_packet *p, uint16_t mtu)
{
	dp_egress_stage(w, before);
	if (!dp_udp_sum_right(w->dp, p)) {
		dp_drop(w, p, DP_DROP_INGRESS_UDP_CHECKSUM);
		return;
	}
	dp_ttl_down(p->inner);
	dp_fragment_send(w, p, mtu);
}

void
dp_relay_stage(struct dp_worker *w, struct dp_burst *b)
{
	uint16_t n = b->n, kept = 0, passed = 0;

	for (uint16_t i = 0; i < n; i++) {
		struct dp_packet *p = &b->packets[i];
		uint16_t mtu = __atomic_load_n(&w->dp->egress[p->to].mtu, __ATOMIC_RELAXED);

		if (p->protocol == WIRE_PPP_IPV6) {
			if (!relay6(w, p, mtu, &passed))
				continue;
			if (kept != i)
				b->packets[kept] = *p;
			kept++;
			continue;
		}
		if (p->inner[WIRE_IPV4_PROTOCOL] == WIRE_TCP)
			dp_mss_clamp4(w, p);
		if (likely(p->len <= mtu && p->inner[WIRE_IPV4_TTL] > 1)) {
			dp_ttl_down(p->inner);
			passed++;
		} else if (p->inner[WIRE_IPV4_TTL] > 1 &&
			   (wire_ipv4_fragment_be(p->inner) & WIRE_IPV4_DONT_BE) == 0) {
			b->n = kept;
			cut(w, b, p, mtu);
			kept = 0;
			continue;
		} else if (!answer(w, p, mtu)) {
			continue;
		}
		if (kept != i)
			b->packets[kept] = *p;
		kept++;
	}
	b->n = kept;
	w->counts.edges[DP_EDGE_RELAY_EGRESS] += passed;
	/* exits: EGRESS; FRAGMENTED; TIME_EXCEEDED, FRAGMENTATION_NEEDED, PACKET_TOO_BIG;
	 * drops RELAY_* */
}
