/* SPDX-License-Identifier: BSD-3-Clause */
/* A received frame while it is taken apart: what classify.c and outer6.c share. */
#ifndef DP_WORKER_FRAME_H
#define DP_WORKER_FRAME_H

#include "datapath/table/outside.h"

struct frame {
	struct rte_mbuf *m;
	uint8_t *ip, *udp;
	unsigned ip_len;  /* of the packet */
	unsigned udp_len; /* of the datagram, header included */
	unsigned port;
	uint16_t lan;
	bool v6;
	bool whole; /* it came in fragments */
};

static inline struct dp_ip
frame_source(const struct frame *f)
{
	return f->v6 ? dp_ip6(f->ip + WIRE_IPV6_SOURCE) : dp_ip4(wire_ipv4_source_be(f->ip));
}

static inline struct dp_ip
frame_target(const struct frame *f)
{
	return f->v6 ? dp_ip6(f->ip + WIRE_IPV6_TARGET) : dp_ip4(wire_ipv4_target_be(f->ip));
}

/* What is wrong with a source of what is to us; DP_DROP_COUNT: nothing. Of IPv6 what can't be one
 * is gone already. */
static inline enum dp_drop_cause
frame_check_source(const struct dp *dp, unsigned lan, struct dp_ip ip)
{
	if (dp_ip_is4(ip) &&
		(wire_ipv4_martian(dp_ip4_be(ip)) || dp_is_broadcast(dp, lan, dp_ip4_be(ip))))
		return DP_DROP_CLASSIFY_MARTIAN;
	return dp_is_own(dp, lan, ip) ? DP_DROP_CLASSIFY_LAND : DP_DROP_COUNT;
}

/* The wide sum of the pseudo header; udp_len: of the datagram. */
static inline uint64_t
frame_pseudo(const uint8_t *ip, bool v6, unsigned udp_len)
{
	if (v6)
		return wire_sum_pseudo6(
			ip + WIRE_IPV6_SOURCE, ip + WIRE_IPV6_TARGET, udp_len, WIRE_UDP);
	return wire_sum_pseudo(
		wire_ipv4_source_be(ip), wire_ipv4_target_be(ip), wire_swap16((uint16_t)udp_len));
}

static inline bool
frame_udp_sum_right(const uint8_t *ip, const uint8_t *udp)
{
	if (wire_ip_version(ip) == 6)
		return wire_udp_sum_right6(udp, ip + WIRE_IPV6_SOURCE, ip + WIRE_IPV6_TARGET);
	return wire_udp_sum_right(udp, wire_ipv4_source_be(ip), wire_ipv4_target_be(ip));
}

/* worker/outer6.c: an IPv6 packet in so many bytes of a frame, and what it carries; DP_DROP_COUNT:
 * its headers are right, its destination not looked at. Sets f->ip_len. */
enum dp_drop_cause dp_outer6_check(struct frame *f, unsigned bytes, struct wire_upper *upper);

#endif
