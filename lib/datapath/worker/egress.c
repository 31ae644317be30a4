/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stage 6: the session's finished headers in front of the inner packet, what varies in them, and
 * the frame into a port's transmit buffer.
 */
#include <rte_byteorder.h>

#include "datapath/internal.h"

/* DSCP is the inner packet's (RFC 2983). ECN is 0: the peer has not said that it would carry a mark
 * from the outer header into the inner one (RFC 9601 section 4). */
static void
write_headers(
	struct dp_worker *w, const struct dp_packet *p, const struct dp_egress *e, uint8_t *ip)
{
	uint16_t total = (uint16_t)(p->len + e->hdr_len);
	uint16_t total_be = rte_bswap16(total);
	uint16_t udp_be = rte_bswap16((uint16_t)(total - WIRE_IPV4));
	uint16_t id;
	uint8_t tos = p->inner[1] & 0xfc;
	uint64_t sum;

	id = dp_ids_next(&w->ids, wire_load32(e->hdr + DP_HEADROOM_HDR - e->hdr_len + 16));
	memcpy(p->inner - DP_HEADROOM_HDR, e->hdr, DP_HEADROOM_HDR);
	ip[1] = tos;
	wire_store16(ip + 2, total_be);
	wire_store16(ip + 4, id);
	sum = (uint64_t)wire_load16(ip + DP_HDR_IP_SUM) + total_be + id + ((uint32_t)tos << 8);
	wire_store16(ip + DP_HDR_IP_SUM, wire_checksum(sum));

	/* UDP's length counts twice: in its header and in the pseudo header */
	sum = (uint64_t)wire_load16(ip + DP_HDR_UDP_SUM) + udp_be + udp_be;
	sum += (e->flags & DP_EGRESS_ODD) != 0 ? rte_bswap16(p->inner_sum) : p->inner_sum;
	wire_store16(ip + DP_HDR_UDP_LEN, udp_be);
	if ((e->flags & DP_EGRESS_LENGTH) != 0) {
		uint16_t l2tp_be = rte_bswap16((uint16_t)(total - DP_HDR_L2TP));

		wire_store16(ip + DP_HDR_L2TP + 2, l2tp_be);
		sum += l2tp_be;
	}
	if ((e->flags & DP_EGRESS_SEQUENCE) != 0) {
		unsigned at = DP_HDR_L2TP + ((e->flags & DP_EGRESS_LENGTH) != 0 ? 8 : 6);
		uint16_t ns = dp_next_ns(w->dp, p->to);

		wire_store16(ip + at, ns);
		sum += ns;
	}
	wire_store16(ip + DP_HDR_UDP_SUM, wire_checksum_udp(sum));
}

/* What can't be sent now: dropped. false: it can be, its Ack has left in the meantime. */
static __rte_noinline bool
held_back(struct dp_worker *w, const struct dp_packet *p, const struct dp_egress *e, dp_nexthop hop)
{
	enum dp_drop_cause cause = DP_DROP_EGRESS_NEIGHBOUR;

	if ((hop & DP_NEXTHOP_UP) != 0) {
		if (!dp_egress_waits(w->dp, e))
			return false;
		cause = DP_DROP_EGRESS_NOT_YET;
	}
	dp_drop(w, p, cause);
	return true;
}

/* false: the packet was dropped. */
static bool
egress(struct dp_worker *w, struct dp_packet *p)
{
	struct dp *dp = w->dp;
	const struct dp_egress *e = &dp->egress[p->to];
	dp_nexthop hop = __atomic_load_n(
		&dp->nexthops[__atomic_load_n(&e->nexthop, __ATOMIC_RELAXED)], __ATOMIC_RELAXED);
	uint8_t *ip = p->inner - e->hdr_len, *ether = ip - WIRE_ETHER;
	unsigned port = dp_nexthop_port(hop);
	unsigned bytes = WIRE_ETHER + e->hdr_len + (unsigned)p->len;

	if (unlikely((hop & DP_NEXTHOP_UP) == 0 ||
		     __atomic_load_n(&e->after, __ATOMIC_ACQUIRE) != 0) &&
		held_back(w, p, e, hop))
		return false;
	write_headers(w, p, e, ip);
	memcpy(ether, &hop, WIRE_MAC);
	memcpy(ether + WIRE_ETHER_SOURCE, dp->ports[port].mac, WIRE_MAC);
	wire_store16(ether + WIRE_ETHER_TYPE, WIRE_TYPE_IPV4_BE);
	p->m->data_off = (uint16_t)(ether - (uint8_t *)p->m->buf_addr);
	p->m->data_len = (uint16_t)bytes;
	p->m->pkt_len = bytes;
	p->m->ol_flags = 0;
	w->sessions[p->to].tx_packets++;
	w->sessions[p->to].tx_bytes += p->len;
	dp_tx_put(w, port, p->m);
	return true;
}

void
dp_egress_stage(struct dp_worker *w, struct dp_burst *b)
{
	unsigned sent = 0;

	for (uint16_t i = 0; i < b->n; i++)
		sent += egress(w, &b->packets[i]);
	w->counts.edges[DP_EDGE_EGRESS_TX] += sent;
	/* exits: TX; drops EGRESS_NEIGHBOUR, EGRESS_NOT_YET */
}
