/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stage 5: what a router does to an IPv4 packet (RFC 1812 section 5.3.1): TTL and its checksum,
 * and nothing else. The sum of the inner header, and so of the datagram, does not change by it.
 */
#include "datapath/internal.h"

enum {
	DONT_FRAGMENT = 0x40,
};

/* RFC 1624: TTL is the upper byte of its word, so one less is 0x0100 in network order. */
static void
take_ttl_down(uint8_t *ip)
{
	uint32_t sum = dp_load16(ip + 10);

	sum += 1; /* 0x0100 as this CPU loads it */
	dp_store16(ip + 10, (uint16_t)(sum + (sum >= UINT16_MAX)));
	ip[8]--;
}

/* false: the packet was dropped. */
static bool
relay(struct dp_worker *w, struct dp_packet *p, uint16_t mtu)
{
	if (p->inner[8] <= 1) {
		if (p->inner[8] == 0) {
			dp_drop_mbuf(&w->counts, p->m, DP_DROP_RELAY_TTL_ZERO);
			return false;
		}
		if (!dp_icmp_error(w, p, DP_ICMP_TIME_EXCEEDED, 0, 0, DP_DROP_RELAY_TTL_EXCEEDED))
			return false;
		w->counts.edges[DP_EDGE_RELAY_TIME_EXCEEDED]++;
		return true;
	}
	if (p->len > mtu) {
		if (!dp_icmp_error(w, p, DP_ICMP_UNREACHABLE, DP_ICMP_FRAGMENTATION_NEEDED, mtu,
			    DP_DROP_RELAY_TOO_BIG))
			return false;
		w->counts.edges[DP_EDGE_RELAY_FRAGMENTATION_NEEDED]++;
		return true;
	}
	take_ttl_down(p->inner);
	w->counts.edges[DP_EDGE_RELAY_EGRESS]++;
	return true;
}

/* Its parts are sums of their own, so a wrong one would leave right: it ends here. */
static void
cut(struct dp_worker *w, struct dp_packet *p, uint16_t mtu)
{
	if (!dp_udp_sum_right(w->dp, p)) {
		dp_drop_mbuf(&w->counts, p->m, DP_DROP_INGRESS_UDP_CHECKSUM);
		return;
	}
	take_ttl_down(p->inner);
	dp_fragment_send(w, p, mtu);
}

void
dp_relay_stage(struct dp_worker *w, struct dp_burst *b)
{
	uint16_t n = b->n, kept = 0;

	for (uint16_t i = 0; i < n; i++) {
		struct dp_packet *p = &b->packets[i];
		uint16_t mtu = __atomic_load_n(&w->dp->egress[p->to].mtu, __ATOMIC_RELAXED);

		if (p->len > mtu && (p->inner[6] & DONT_FRAGMENT) == 0 && p->inner[8] > 1) {
			b->n = kept; /* what came before leaves before */
			dp_egress_stage(w, b);
			kept = 0;
			cut(w, p, mtu);
			continue;
		}
		if (!relay(w, p, mtu))
			continue;
		if (kept != i)
			b->packets[kept] = *p;
		kept++;
	}
	b->n = kept;
	/* exits: EGRESS; FRAGMENTED; TIME_EXCEEDED, FRAGMENTATION_NEEDED; drops RELAY_* */
}
