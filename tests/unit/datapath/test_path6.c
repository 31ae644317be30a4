/* SPDX-License-Identifier: BSD-3-Clause */
/* A tunnel's path MTU over IPv6 falls by ICMPv6 about what was sent to it, and by nothing else. */
#include "outer6.h"
#include "path.h"

enum {
	QUOTED = 1232, /* bytes of our packet, as a router sends back (RFC 4443 section 2.4) */
	ICMP_AT = ETHER_IPV6,
	QUOTE_AT = ICMP_AT + WIRE_ICMP_HEADER,
	UDP_AT = QUOTE_AT + WIRE_IPV6,
	OURS = DATA - WIRE_ETHER, /* in front of the inner packet */
	OURS4 = WIRE_IPV4 + WIRE_UDP_HEADER + 6 + 4,
	LEAST = WIRE_IPV6_MTU_LEAST,
};

#define ROUTER_6 "2001:db8:2::7"
#define LINK_1 "2001:db8:c:c::/64"
#define CLIENT_1 "2001:db8:c:c::1"

/* Also IPv6 inside: of A, and of session 1, which is over IPv6. Returns that one's slot. */
static uint32_t
up_both(struct bench *b)
{
	const struct dp_session *s;
	uint32_t slot = 0;

	up6(b, 0);
	policy6(b, GROUP_A, &any6);
	policy6(b, GROUP_B, &any6);
	for (uint32_t i = 0; i <= b->dp->slot_mask; i++) {
		s = b->dp->cold[i].told;
		if (b->dp->cold[i].installed && s->service == SERVICE_6 &&
			s->session_id == SESSION_1)
			slot = i;
	}
	open6(b, b->slot_a, LINK_A, NULL);
	open6(b, slot, LINK_1, NULL);
	return slot;
}

/* Our packet of so many inner bytes to session 1, as it left. */
static void
sent(struct bench *b, size_t len, struct frame_bytes *out)
{
	uint8_t packet[FRAME_MAX];

	inner_packet(packet, INNER_A, INNER_1, ESP, len);
	put_data(b, true, &(struct wire){0}, packet, len);
	*out = take_frame(b);
	assert_int_equal(out->len, DATA + len);
}

/* ICMP of a router, of the first bytes of that; returns its length. */
static size_t
make_error(const struct bench *b, const struct frame_bytes *ours, size_t quoted, uint8_t type,
	uint8_t code, uint32_t mtu, uint8_t *frame)
{
	uint8_t *icmp = frame + ICMP_AT;
	size_t bytes;

	memset(icmp, 0, WIRE_ICMP_HEADER);
	icmp[0] = type;
	icmp[WIRE_ICMP_CODE] = code;
	wire_put32(icmp + WIRE_ICMPV6_MTU, mtu);
	memcpy(frame + QUOTE_AT, ours->bytes + WIRE_ETHER, quoted);
	bytes = around_ipv6(b, frame, ROUTER_6, LNS_6, WIRE_ICMPV6, 60, WIRE_ICMP_HEADER + quoted);
	sum_icmpv6(frame, bytes);
	return bytes;
}

static void
say(struct bench *b, const struct frame_bytes *ours, uint32_t mtu)
{
	uint8_t frame[FRAME_MAX];

	put_frame(b, frame, make_error(b, ours, QUOTED, WIRE_ICMPV6_TOO_BIG, 0, mtu, frame));
	while (take_frame(b).len != 0)
		; /* ND and ARP, when time has passed */
}

/* ---- it falls, and what becomes of packets ---- */

static void
it_falls_for_the_tunnel_and_rises_again(void **state)
{
	struct frame_bytes ours;
	struct bench b;
	uint32_t slot, other;

	(void)state;
	slot = up_both(&b);
	other = open_session(&b, 63, PEER_6, INNER_2 + 1, 0);
	sent(&b, 1400, &ours);
	say(&b, &ours, 1300);
	assert_int_equal(dp_session_mtu(b.dp, slot), 1300 - OURS);
	assert_int_equal(dp_session_mtu(b.dp, other), 1300 - OURS);
	assert_int_equal(dp_session_mtu(b.dp, b.slot_a), 1400);
	assert_int_equal(edges(&b, DP_EDGE_LOCAL_PUNT_PATH), 1);
	assert_int_equal(edges(&b, DP_EDGE_PATH_FALLS), 1);
	/* it falls on, and not up */
	say(&b, &ours, LEAST);
	say(&b, &ours, 1290);
	assert_int_equal(dp_session_mtu(b.dp, slot), LEAST - OURS);
	assert_int_equal(drops(&b, DP_DROP_PATH_MTU), 1);
	/* ten minutes since the last one */
	later(&b, 400);
	say(&b, &ours, LEAST);
	later(&b, 599);
	assert_int_equal(dp_session_mtu(b.dp, slot), LEAST - OURS);
	later(&b, 2);
	assert_int_equal(dp_session_mtu(b.dp, slot), 1400);
	assert_int_equal(dp_session_mtu(b.dp, other), 1400);
	bench_down(&b);
}

/* Its 32 bits are all looked at: what stands in the lower ones of an MTU that none is would be
 * below what any path has. */
static void
it_never_falls_below_the_least(void **state)
{
	static const uint32_t mtus[] = {0, 68, LEAST - 1, 65536, 65536 + 4, 65574, UINT32_MAX};
	struct frame_bytes ours;
	struct bench b;
	uint32_t slot;

	(void)state;
	slot = up_both(&b);
	sent(&b, 1400, &ours);
	/* as long as a packet can be */
	wire_put16(ours.bytes + WIRE_ETHER + WIRE_IPV6_LENGTH, UINT16_MAX);
	for (size_t i = 0; i < RTE_DIM(mtus); i++) {
		say(&b, &ours, mtus[i]);
		assert_int_equal(drops(&b, DP_DROP_PATH_MTU), i + 1);
	}
	say(&b, &ours, 1300);
	assert_int_equal(dp_session_mtu(b.dp, slot), 1300 - OURS);
	bench_down(&b);
}

/* Who sends more than fits is told what does, or it is cut: of IPv4. */
static void
inner_ipv4_is_told_or_cut(void **state)
{
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct frame_bytes ours, f;
	size_t sum = 0, n;
	struct bench b;

	(void)state;
	up_both(&b);
	sent(&b, 1400, &ours);
	say(&b, &ours, LEAST);
	inner_packet(packet, INNER_A, INNER_1, ESP, 1400);
	wire_store16(packet + WIRE_IPV4_FRAGMENT, WIRE_IPV4_DONT_BE);
	inner_checksum(packet);
	put_data(&b, true, &(struct wire){0}, packet, 1400);
	assert_int_not_equal(take_inner(&b, true, got), 0);
	assert_int_equal(got[WIRE_IPV4], WIRE_ICMP_UNREACHABLE);
	assert_int_equal(got[WIRE_IPV4 + WIRE_ICMP_CODE], WIRE_ICMP_TOO_BIG);
	assert_int_equal(wire_get16(got + WIRE_IPV4 + WIRE_ICMP_MTU), LEAST - OURS);
	/* what it names does fit */
	sent(&b, LEAST - OURS, &f);
	assert_int_equal(f.len - WIRE_ETHER, LEAST);
	wire_store16(packet + WIRE_IPV4_FRAGMENT, 0);
	inner_checksum(packet);
	put_data(&b, true, &(struct wire){0}, packet, 1400);
	while ((n = take_inner6(&b, SESSION_1, 0, got)) != 0) {
		assert_true(n + OURS <= LEAST);
		assert_memory_equal(got + WIRE_IPV4, packet + WIRE_IPV4 + sum, n - WIRE_IPV4);
		sum += n - WIRE_IPV4;
	}
	assert_int_equal(sum, 1400 - WIRE_IPV4);
	bench_down(&b);
}

/* Puts what left in two parts together, as its receiver would; returns the length from IP on. */
static size_t
take_parts(struct bench *b, unsigned most, uint8_t *whole)
{
	size_t len = 0, at;
	bool more = true;

	for (unsigned i = 0; more; i++) {
		struct frame_bytes f = take_frame(b);
		const uint8_t *ip = f.bytes + WIRE_ETHER;
		bool six = wire_ip_version(ip) == 6;
		size_t headers = six ? WIRE_IPV6 + WIRE_FRAGMENT_HEADER : WIRE_IPV4;
		uint16_t field = wire_get16(six ? ip + WIRE_IPV6 + 2 : ip + WIRE_IPV4_FRAGMENT);

		assert_in_range(f.len, WIRE_ETHER + headers + 1, WIRE_ETHER + most);
		at = six ? field & 0xfff8u : (field & 0x1fffu) * 8u;
		more = six ? (field & 1) != 0 : (field & 0x2000) != 0;
		if (six)
			assert_int_equal(ip[WIRE_IPV6_NEXT], WIRE_FRAGMENT);
		if (i == 0) {
			len = six ? WIRE_IPV6 : WIRE_IPV4;
			memcpy(whole, ip, len);
		}
		assert_int_equal(at + (six ? WIRE_IPV6 : WIRE_IPV4), len);
		memcpy(whole + len, ip + headers, f.len - WIRE_ETHER - headers);
		len += f.len - WIRE_ETHER - headers;
	}
	return len;
}

/* Of inner IPv6 that is 1,280 bytes, which no sender makes less; larger ones are told so. */
static void
inner_ipv6_gets_what_every_link_carries(void **state)
{
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct frame_bytes ours;
	struct wire_ipv6 h;
	uint32_t slot;
	struct bench b;
	size_t len;

	(void)state;
	slot = up_both(&b);
	sent(&b, 1400, &ours);
	say(&b, &ours, 1300);
	put6(&b, true, packet, packet6(packet, A_6, CLIENT_1, ESP, LEAST + 1));
	assert_int_not_equal(take6(&b, true, got), 0);
	assert_int_equal(got[WIRE_IPV6], WIRE_ICMPV6_TOO_BIG);
	assert_int_equal(wire_get32(got + WIRE_IPV6 + WIRE_ICMPV6_MTU), LEAST);
	assert_int_equal(edges(&b, DP_EDGE_RELAY_PACKET_TOO_BIG), 1);
	put6(&b, true, packet, packet6(packet, A_6, CLIENT_1, ESP, LEAST));
	len = take_parts(&b, 1300, got);
	assert_int_equal(len, OURS + LEAST);
	wire_put16(got + WIRE_IPV6_LENGTH, (uint16_t)(len - WIRE_IPV6));
	assert_true(wire_ipv6_read(got, len, &h));
	assert_int_equal(wire_udp_length(got + WIRE_IPV6), h.payload);
	assert_true(wire_udp_sum_right6(got + WIRE_IPV6, h.source, h.target));
	packet[WIRE_IPV6_HOPS]--;
	assert_memory_equal(got + OURS, packet, LEAST);
	assert_int_equal(edges(&b, DP_EDGE_EGRESS_PARTS), 1);
	assert_int_equal(b.dp->workers[0]->sent[slot].packets, 2); /* and `ours` */
	/* what fits leaves whole */
	put6(&b, true, packet, packet6(packet, A_6, CLIENT_1, ESP, 1300 - OURS));
	assert_int_equal(take_frame(&b).len, WIRE_ETHER + 1300);
	put6(&b, true, packet, packet6(packet, A_6, CLIENT_1, ESP, 1301 - OURS));
	assert_int_equal(take_parts(&b, 1300, got), 1301);
	bench_down(&b);
}

/* The same to a client over IPv4, whose path carries what IPv4 has to. */
static void
and_over_ipv4(void **state)
{
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct dp_session s;
	struct bench b;
	size_t len;

	(void)state;
	up_both(&b);
	assert_int_equal(dp_session_get(b.dp, b.slot_b, &s), 0);
	s.mtu = 576 - OURS4;
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	open6(&b, b.slot_b, LINK_B, NULL);
	put6(&b, true, packet, packet6(packet, A_6, B_6, ESP, LEAST));
	len = take_parts(&b, 576, got);
	assert_int_equal(len, OURS4 + LEAST);
	assert_true(wire_udp_sum_right(
		got + WIRE_IPV4, wire_ipv4_source_be(got), wire_ipv4_target_be(got)));
	packet[WIRE_IPV6_HOPS]--;
	assert_memory_equal(got + OURS4, packet, LEAST);
	bench_down(&b);
}

/* A path that narrows still is told of a part. */
static void
a_part_of_ours_is_ours(void **state)
{
	uint8_t packet[FRAME_MAX], frame[FRAME_MAX];
	struct frame_bytes ours, parts[2];
	struct bench b;
	uint32_t slot;

	(void)state;
	slot = up_both(&b);
	sent(&b, 1400, &ours);
	say(&b, &ours, 1320);
	put6(&b, true, packet, packet6(packet, A_6, CLIENT_1, ESP, LEAST));
	parts[0] = take_frame(&b);
	parts[1] = take_frame(&b);
	assert_int_not_equal(parts[1].len, 0);
	/* the later one has no IDs, though it looks so */
	memcpy(parts[1].bytes + ETHER_IPV6 + WIRE_FRAGMENT_HEADER,
		parts[0].bytes + ETHER_IPV6 + WIRE_FRAGMENT_HEADER, WIRE_UDP_HEADER + 6);
	put_frame(&b, frame,
		make_error(&b, &parts[1], parts[1].len - WIRE_ETHER, WIRE_ICMPV6_TOO_BIG, 0, 1290,
			frame));
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ICMP_IGNORED), 1);
	assert_int_equal(dp_session_mtu(b.dp, slot), 1320 - OURS);
	say(&b, &parts[0], 1290);
	assert_int_equal(dp_session_mtu(b.dp, slot), 1290 - OURS);
	bench_down(&b);
}

/* ---- what changes nothing ---- */

/* Addresses, ports and both IDs must be those of a packet of ours. */
static void
forged_ones_are_counted(void **state)
{
	static const struct forgery cases[] = {
		{QUOTE_AT + WIRE_IPV6_SOURCE, DP_DROP_LOCAL_ICMP_IGNORED},
		{QUOTE_AT + WIRE_IPV6_SOURCE + 15, DP_DROP_LOCAL_ICMP_IGNORED},
		{QUOTE_AT + WIRE_IPV6_TARGET, DP_DROP_PATH_FORGED},
		{QUOTE_AT + WIRE_IPV6_TARGET + 15, DP_DROP_PATH_FORGED},
		{UDP_AT + 1, DP_DROP_LOCAL_ICMP_IGNORED},
		{UDP_AT + 3, DP_DROP_PATH_FORGED},
		{UDP_AT + 8 + 3, DP_DROP_PATH_FORGED},
		{UDP_AT + 8 + 5, DP_DROP_PATH_FORGED},
		{QUOTE_AT + WIRE_IPV6_NEXT, DP_DROP_LOCAL_ICMP_IGNORED},
		{QUOTE_AT, DP_DROP_LOCAL_ICMP_IGNORED},
		{UDP_AT + 8 + 1, DP_DROP_LOCAL_ICMP_IGNORED},
	};
	uint8_t frame[FRAME_MAX];
	struct frame_bytes ours;
	struct bench b;
	uint32_t slot;
	size_t len;

	(void)state;
	slot = up_both(&b);
	sent(&b, 1400, &ours);
	len = make_error(&b, &ours, QUOTED, WIRE_ICMPV6_TOO_BIG, 0, 1300, frame);
	expect_forged(&b, slot, frame, len, sum_icmpv6, cases, RTE_DIM(cases));
	bench_down(&b);
}

static void
what_can_mean_nothing_is_ignored(void **state)
{
	enum { SHORT = WIRE_IPV6 + WIRE_UDP_HEADER + 6 };
	uint8_t frame[FRAME_MAX];
	struct frame_bytes ours;
	struct bench b;
	uint32_t slot;
	size_t len;

	(void)state;
	slot = up_both(&b);
	sent(&b, 1280, &ours);
	for (unsigned quoted = 0; quoted < SHORT; quoted++)
		put_frame(&b, frame,
			make_error(&b, &ours, quoted, WIRE_ICMPV6_TOO_BIG, 0, 1300, frame));
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ICMP_IGNORED), SHORT);
	say(&b, &ours, 0);
	say(&b, &ours, 576);
	say(&b, &ours, LEAST - 1);
	say(&b, &ours, 1280 + OURS); /* it fitted */
	say(&b, &ours, UINT32_C(0x10000) + 1300);
	say(&b, &ours, UINT32_MAX);
	assert_int_equal(drops(&b, DP_DROP_PATH_MTU), 6);
	len = make_error(&b, &ours, QUOTED, WIRE_ICMPV6_TOO_BIG, 0, 1300, frame);
	frame[ICMP_AT + WIRE_ICMP_SUM] ^= 1;
	put_frame(&b, frame, len);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ICMP_CHECKSUM), 1);
	/* to all nodes, though about us */
	len = around_ipv6(
		&b, frame, ROUTER_6, "ff02::1", WIRE_ICMPV6, 60, WIRE_ICMP_HEADER + QUOTED);
	sum_icmpv6(frame, len);
	put_frame(&b, frame, len);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ICMP_IGNORED), SHORT + 1);
	assert_int_equal(dp_session_mtu(b.dp, slot), 1400);
	say(&b, &ours, LEAST);
	assert_int_equal(dp_session_mtu(b.dp, slot), LEAST - OURS);
	bench_down(&b);
}

/* Unreachable, time exceeded and parameter problem say nothing that a tunnel goes by. */
static void
other_errors_change_nothing(void **state)
{
	uint8_t frame[FRAME_MAX];
	struct frame_bytes ours;
	struct bench b;
	uint32_t slot;
	unsigned n = 0;

	(void)state;
	slot = up_both(&b);
	sent(&b, 1400, &ours);
	for (uint8_t type = 1; type <= 5; type++)
		for (uint8_t code = 0; type != WIRE_ICMPV6_TOO_BIG && code < 8; code++, n++)
			put_frame(
				&b, frame, make_error(&b, &ours, QUOTED, type, code, 1300, frame));
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ICMP_IGNORED), n);
	assert_int_equal(dp_session_mtu(b.dp, slot), 1400);
	sent(&b, 1400, &ours); /* it is there still */
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_falls_for_the_tunnel_and_rises_again),
		cmocka_unit_test(it_never_falls_below_the_least),
		cmocka_unit_test(inner_ipv4_is_told_or_cut),
		cmocka_unit_test(inner_ipv6_gets_what_every_link_carries),
		cmocka_unit_test(and_over_ipv4),
		cmocka_unit_test(a_part_of_ours_is_ours),
		cmocka_unit_test(forged_ones_are_counted),
		cmocka_unit_test(what_can_mean_nothing_is_ignored),
		cmocka_unit_test(other_errors_change_nothing),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
