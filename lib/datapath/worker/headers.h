/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What every packet gets on its way out, inline for the fast way and the stages: TTL, the session's
 * finished headers with what varies in them, Ethernet.
 */
#ifndef DP_HEADERS_H
#define DP_HEADERS_H

#include "datapath/table/sessions.h"

/* RFC 1624: TTL is the upper byte of its word, so one less is 0x0100 in network order. The sum of
 * the header, and so of the datagram around it, does not change by it. */
static inline void
dp_ttl_down(uint8_t *ip)
{
	uint32_t sum = wire_load16(ip + WIRE_IPV4_SUM);

	sum += 1; /* 0x0100 as this CPU loads it */
	wire_store16(ip + WIRE_IPV4_SUM, (uint16_t)(sum + (sum >= UINT16_MAX)));
	ip[WIRE_IPV4_TTL]--;
}

/* RFC 8200 section 3: the hop limit, of which there is some. Nothing in the header makes up for it:
 * the sum of the packet, as at an even place, becomes less. */
static inline uint16_t
dp_hops_down(uint8_t *ip, uint16_t inner_sum)
{
	ip[WIRE_IPV6_HOPS]--;
	return wire_fold((uint64_t)inner_sum + (uint16_t)~UINT16_C(0x0100));
}

/* The same for dp_headers_put(): what the sum, of a packet at an odd place or not, becomes more. */
static inline uint32_t
dp_hops_down_plain(uint8_t *ip, bool odd)
{
	ip[WIRE_IPV6_HOPS]--;
	return odd ? 0x0001 : 0x0100;
}

/* A sum of few 16-bit words as 16 bits; 0 only when every word was 0. */
static inline uint16_t
dp_fold32(uint32_t sum)
{
	return (uint16_t)((sum + (sum >> 16 | sum << 16)) >> 16);
}

/*
 * The sum of a packet at an even place as dp_headers_put() takes it, out of its plain folded sum:
 * the complement, less twice its length, of which UDP's header and pseudo header have one each.
 */
static inline uint32_t
dp_headers_sum(uint16_t inner_sum, uint16_t len)
{
	return (uint32_t)(uint16_t)~inner_sum + 2u * (uint16_t)~wire_swap16(len);
}

/* DSCP and ECN of a packet. */
static inline uint8_t
dp_class_of_packet(const uint8_t *inner, bool six)
{
	return six ? wire_ipv6_class(inner) : inner[WIRE_IPV4_TOS];
}

/* Finished headers say IPv4 in their last byte, PPP's protocol. Returns what that makes of the sum.
 */
static inline uint32_t
dp_headers_say_ipv6(uint8_t *inner, bool odd)
{
	uint16_t more = WIRE_PPP_IPV6 - WIRE_PPP_IP;

	inner[-1] = WIRE_PPP_IPV6;
	return (uint16_t) ~(odd ? more : wire_swap16(more));
}

/* What varies in UDP's and L2TP's headers, which are there behind so many bytes of IP; see
 * dp_headers_put(). */
static inline void
dp_headers_udp(struct dp_worker *w, const struct dp_egress *e, uint32_t to, uint8_t *udp,
	unsigned before, unsigned len, uint32_t sum, bool odd)
{
	unsigned flags = __atomic_load_n(&e->flags, __ATOMIC_RELAXED),
		 total = len + e->hdr_len - before;
	uint8_t *l2tp = udp + WIRE_UDP_HEADER;

	wire_put16(udp + WIRE_UDP_LENGTH, (uint16_t)total);
	if (unlikely(odd != ((flags & DP_EGRESS_ODD) != 0))) {
		uint16_t len_be = wire_swap16((uint16_t)len);

		sum = wire_swap16(dp_fold32(sum + 2u * len_be)) + 2u * (uint16_t)~len_be;
	}
	if (unlikely((flags & (DP_EGRESS_LENGTH | DP_EGRESS_SEQUENCE)) != 0)) {
		if ((flags & DP_EGRESS_LENGTH) != 0) {
			uint16_t l2tp_be = wire_swap16((uint16_t)(total - WIRE_UDP_HEADER));

			wire_store16(l2tp + 2, l2tp_be);
			sum += (uint16_t)~l2tp_be;
		}
		if ((flags & DP_EGRESS_SEQUENCE) != 0) {
			uint16_t ns = dp_next_ns(w->dp, to);

			wire_store16(l2tp + ((flags & DP_EGRESS_LENGTH) != 0 ? 8 : 6), ns);
			sum += (uint16_t)~ns;
		}
	}
	wire_store16(udp + WIRE_UDP_SUM, dp_fold32(sum + e->out_sum));
}

/*
 * Writes the headers in front of the packet `to` this slot. sum: see dp_headers_sum(), of fewer
 * than 100 words; odd: it is of the packet at an odd place; six: it is IPv6, which the finished
 * headers don't say: their last byte, PPP's protocol, is IPv4's. The checksum that arrived is
 * carried on (RFC 1624), so the payload is not read. DSCP and ECN are what e->tos makes of class.
 */
static inline void
dp_headers_put(struct dp_worker *w, const struct dp_egress *e, uint32_t to, uint8_t *inner,
	unsigned len, uint32_t sum, bool odd, bool six, uint8_t class)
{
	uint8_t *ip = inner - e->hdr_len;
	unsigned total = len + e->hdr_len;
	uint16_t total_be = wire_swap16((uint16_t)total), id;
	uint8_t tos = dp_tos_of(__atomic_load_n(&e->tos, __ATOMIC_RELAXED), class);

	memcpy(inner - DP_HEADERS_COPIED, (const uint8_t *)e + DP_LINE - DP_HEADERS_COPIED,
		DP_HEADERS_COPIED);
	id = wire_swap16(w->ids.next[e->ids % DP_IDS]++);
	ip[WIRE_IPV4_TOS] = tos;
	wire_store16(ip + WIRE_IPV4_LENGTH, total_be);
	wire_store16(ip + WIRE_IPV4_ID, id);
	wire_store16(ip + WIRE_IPV4_SUM,
		(uint16_t)~dp_fold32((uint32_t)e->ip_sum + total_be + id + ((uint32_t)tos << 8)));
	if (six)
		sum += dp_headers_say_ipv6(inner, odd);
	dp_headers_udp(w, e, to, ip + WIRE_IPV4, WIRE_IPV4, len, sum, odd);
}

/* The same over IPv6: e6 has the headers of the slot. */
static inline void
dp_headers_put6(struct dp_worker *w, const struct dp_egress *e, const struct dp_egress6 *e6,
	uint32_t to, uint8_t *inner, unsigned len, uint32_t sum, bool odd, bool six, uint8_t class)
{
	uint8_t *ip = inner - e->hdr_len;
	uint8_t tos = dp_tos_of(__atomic_load_n(&e->tos, __ATOMIC_RELAXED), class);

	memcpy(inner - DP_HEADERS6, e6->hdr, DP_HEADERS6);
	ip[0] = (uint8_t)(0x60 | tos >> 4);
	ip[1] = (uint8_t)(ip[1] | tos << 4);
	wire_put16(ip + WIRE_IPV6_LENGTH, (uint16_t)(len + e->hdr_len - WIRE_IPV6));
	if (six)
		sum += dp_headers_say_ipv6(inner, odd);
	dp_headers_udp(w, e, to, ip + WIRE_IPV6, WIRE_IPV6, len, sum, odd);
}

/* Ethernet in front of an IP packet of so many bytes, and the buffer's bounds. */
static inline void
dp_frame_put(const struct dp_nexthop *hop, uint64_t second, struct rte_mbuf *m, uint8_t *ip,
	unsigned total)
{
	uint8_t *ether = ip - WIRE_ETHER;
	uint64_t first = __atomic_load_n(&hop->first, __ATOMIC_RELAXED);

	memcpy(ether, &first, sizeof(first));
	wire_store32(ether + 8, (uint32_t)second);
	wire_store16(ether + WIRE_ETHER_TYPE, (uint16_t)(second >> 32));
	m->data_off = (uint16_t)(ether - (uint8_t *)m->buf_addr);
	m->data_len = (uint16_t)(total + WIRE_ETHER);
	m->pkt_len = total + WIRE_ETHER;
	m->ol_flags = 0;
}

/* The same where tags stand in front of the type. */
static inline void
dp_frame_put_tagged(const struct dp_nexthop *hop, uint64_t second, uint64_t tags,
	struct rte_mbuf *m, uint8_t *ip, unsigned total)
{
	unsigned bytes = dp_nexthop_tag_bytes(second);
	uint8_t *ether = ip - WIRE_ETHER - bytes;
	uint64_t first = __atomic_load_n(&hop->first, __ATOMIC_RELAXED);

	memcpy(ether, &first, sizeof(first));
	wire_store32(ether + 8, (uint32_t)second);
	memcpy(ether + WIRE_ETHER_TYPE, &tags, bytes);
	wire_store16(ip - 2, (uint16_t)(second >> 32));
	m->data_off = (uint16_t)(ether - (uint8_t *)m->buf_addr);
	m->data_len = (uint16_t)(total + WIRE_ETHER + bytes);
	m->pkt_len = total + WIRE_ETHER + bytes;
	m->ol_flags = 0;
}

#endif
