/* SPDX-License-Identifier: BSD-3-Clause */
/* What is said and heard on a link with IPv6. */
#ifndef DATAPATH_ND_H
#define DATAPATH_ND_H

#include "ipv6.h"

static const uint8_t forger_mac[WIRE_MAC] = {2, 0, 0, 0, 0, 0x66},
		     peer_mac[WIRE_MAC] = {2, 0, 0, 0, 0, 0x0b};

/* A and B, and a service over IPv6 besides; its gateway is not known yet. */
static inline void
ipv6_up(struct bench *b)
{
	bench_up(b, 0, 0);
	serve_ipv6(b, "fe80::1");
	dp_control_poll(b->dp, b->now);
	dp_worker_round(b->dp->workers[0]);
	while (take_frame(b).len != 0)
		; /* questions for the gateway */
}

/* A solicitation for `about`, where it is asked for; with the asker's MAC address. */
static inline size_t
make_solicit(const struct bench *b, uint8_t *frame, const char *from, const char *to,
	const char *about, bool option)
{
	uint8_t *nd = frame + ETHER_IPV6;
	struct cv_ip ip = ip6(about);
	size_t bytes;

	memset(nd, 0, 32);
	nd[0] = WIRE_ND_SOLICIT;
	memcpy(nd + WIRE_ND_TARGET, ip.bytes, WIRE_IPV6_ADDRESS);
	nd[WIRE_ND_OPTIONS] = WIRE_ND_OPTION_SOURCE;
	nd[WIRE_ND_OPTIONS + 1] = 1;
	memcpy(nd + WIRE_ND_OPTIONS + 2, peer_mac, WIRE_MAC);
	bytes = around_ipv6(b, frame, from, to, WIRE_ICMPV6, WIRE_ND_HOPS, option ? 32 : 24);
	memcpy(frame + WIRE_ETHER_SOURCE, peer_mac, WIRE_MAC);
	sum_icmpv6(frame, bytes);
	return bytes;
}

/* The next frame says that we listen to the group, and to that of our link-local address. */
static inline void
expect_report(struct bench *b, uint8_t type, const char *group)
{
	struct frame_bytes f = take_frame(b);
	const uint8_t *ip = f.bytes + WIRE_ETHER, *mld = ip + WIRE_IPV6 + 8;
	struct cv_ip routers = ip6("ff02::16"), address = ip6(group);
	uint8_t own[WIRE_IPV6_ADDRESS], own_group[WIRE_IPV6_ADDRESS];
	struct wire_upper upper;
	struct wire_ipv6 h;

	wire_ipv6_of_mac(b->dp->ports[0].mac, own);
	wire_ipv6_solicited(own, own_group);
	assert_int_equal(f.len, ETHER_IPV6 + 8 + 8 + 2 * 20);
	assert_memory_equal(f.bytes, "\x33\x33\0\0\0\x16", WIRE_MAC);
	assert_true(wire_ipv6_read(ip, f.len - WIRE_ETHER, &h));
	assert_int_equal(h.hops, 1);
	assert_memory_equal(h.source, own, sizeof(own));
	assert_memory_equal(h.target, routers.bytes, WIRE_IPV6_ADDRESS);
	assert_int_equal(h.next, WIRE_HOP_BY_HOP);
	assert_memory_equal(ip + WIRE_IPV6 + 2, "\5\2\0\0", 4); /* router alert: MLD */
	assert_true(wire_ipv6_upper(ip, f.len - WIRE_ETHER, &upper));
	assert_int_equal(upper.protocol, WIRE_ICMPV6);
	assert_true(wire_icmpv6_sum_right(mld, f.len - ETHER_IPV6 - 8, h.source, h.target));
	assert_int_equal(mld[0], WIRE_MLD_REPORT_2);
	assert_int_equal(wire_get16(mld + 6), 2);
	assert_int_equal(mld[8], type);
	assert_memory_equal(mld + 12, own_group, WIRE_IPV6_ADDRESS);
	assert_int_equal(mld[28], type);
	assert_memory_equal(mld + 32, address.bytes, WIRE_IPV6_ADDRESS);
}

#endif
