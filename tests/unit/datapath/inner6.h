/* SPDX-License-Identifier: BSD-3-Clause */
/* Inner IPv6 for a bench: A and B with a /64 each, A with a delegated prefix besides, and the LNS.
 */
#ifndef DATAPATH_INNER6_H
#define DATAPATH_INNER6_H

#include "harness.h"
#include "wire/nd.h"

#define LINK_A "2001:db8:a:a::/64"
#define PD_A "2001:db8:a:100::/56"
#define LINK_B "2001:db8:b:b::/64"
#define A_6 "2001:db8:a:a::1"
#define B_6 "2001:db8:b:b::1"
#define LNS_INNER6 "2001:db8:ffff::1"
#define LNS_LINK "fe80::1234:5678:9abc:def0"

enum { ESP = 50, AH = 51, UDP = 17, TCP = 6, ICMPV6 = 58 };

static const uint8_t our_id[8] = {0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0};

static inline struct cv_ip
address6(const char *text)
{
	struct cv_ip ip;

	assert_int_equal(cv_ip_parse(text, &ip), 0);
	return ip;
}

static inline struct cv_prefix
prefix6(const char *text)
{
	struct cv_prefix p;

	assert_int_equal(cv_prefix_parse(text, &p), 0);
	return p;
}

static inline void
open6(struct bench *b, uint32_t slot, const char *link, const char *delegated)
{
	struct dp_session s;

	assert_int_equal(dp_session_get(b->dp, slot, &s), 0);
	s.open6 = s.reachable6 = true;
	s.prefix6 = prefix6(link);
	if (delegated != NULL)
		s.delegated = prefix6(delegated);
	memcpy(s.interface_id, our_id, sizeof(our_id));
	assert_int_equal(dp_session_set(b->dp, &s, NULL), 0);
}

static inline void
policy6(struct bench *b, uint16_t id, const struct policy *policy)
{
	struct policy with_lns = *policy;
	struct dp_group group;

	with_lns.lns = cv_ipv4(INNER_LNS);
	assert_int_equal(set_policy(b->dp, id, &with_lns), 0);
	assert_int_equal(dp_group_get(b->dp, id, &group), 0);
	group.lns6 = address6(LNS_INNER6);
	assert_int_equal(dp_group_set(b->dp, id, &group), 0);
}

static const struct policy any6 = {.kind = DP_FILTER_ANY, .clients_reachable = true},
			   ipsec6 = {.kind = DP_FILTER_IPSEC, .clients_reachable = true};

static inline void
bench6_up(struct bench *b, uint16_t send_a, uint16_t send_b)
{
	struct cv_prefix lns = prefix6(LNS_INNER6 "/128");

	bench_up(b, send_a, send_b);
	policy6(b, GROUP_A, &any6);
	policy6(b, GROUP_B, &any6);
	assert_int_equal(dp_route_set(b->dp, 0, &lns, dp_route_word(DP_ROUTE_SELF, 0)), 0);
	open6(b, b->slot_a, LINK_A, PD_A);
	open6(b, b->slot_b, LINK_B, NULL);
}

/* A packet of len bytes with a pattern behind its header; returns len. */
static inline size_t
packet6(uint8_t *out, const char *from, const char *to, uint8_t next, size_t len)
{
	struct wire_ipv6 h = {.traffic_class = 0x28,
		.flow = 0x12345,
		.next = next,
		.hops = 64,
		.payload = (uint16_t)(len - WIRE_IPV6)};
	struct cv_ip source = address6(from), target = address6(to);

	memcpy(h.source, source.bytes, sizeof(h.source));
	memcpy(h.target, target.bytes, sizeof(h.target));
	wire_ipv6_write(out, &h);
	for (size_t i = WIRE_IPV6; i < len; i++)
		out[i] = (uint8_t)(i * 37 + len);
	return len;
}

/* The checksum of an ICMPv6 message that begins at a place and ends with the packet. */
static inline void
finish6(uint8_t *packet, size_t at, size_t len)
{
	wire_icmpv6_finish(
		packet + at, len - at, packet + WIRE_IPV6_SOURCE, packet + WIRE_IPV6_TARGET);
}

static inline size_t
echo6(uint8_t *out, const char *from, const char *to, size_t len)
{
	packet6(out, from, to, ICMPV6, len);
	out[WIRE_IPV6] = WIRE_ICMPV6_ECHO;
	out[WIRE_IPV6 + 1] = 0;
	finish6(out, WIRE_IPV6, len);
	return len;
}

static inline void
put6(struct bench *b, bool from_a, const void *packet, size_t len)
{
	struct wire wire = {.protocol = WIRE_PPP_IPV6};

	put_data(b, from_a, &wire, packet, len);
}

static inline size_t
take6(struct bench *b, bool to_a, uint8_t *packet)
{
	return take_packet(b, to_a, WIRE_PPP_IPV6, packet);
}

#endif
