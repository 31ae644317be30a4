/* SPDX-License-Identifier: BSD-3-Clause */
/* L2TP over IPv6: what is taken, what is dropped and why, and all four ways from one outer family
 * to the other. */
#include "outer6.h"

static void
expect_inner(const uint8_t *sent, const uint8_t *got, size_t len)
{
	uint8_t expected[FRAME_MAX];

	memcpy(expected, sent, len);
	expected[WIRE_IPV4_TTL]--;
	inner_checksum(expected);
	assert_memory_equal(got, expected, len);
}

/* Bit for bit, whatever both ends negotiated and how long it is. */
static void
all_four_ways(void **state)
{
	static const uint32_t inner[] = {INNER_A, INNER_B, INNER_1, INNER_2};
	uint8_t packet[FRAME_MAX], got[FRAME_MAX], frame[FRAME_MAX];
	struct bench b;

	(void)state;
	for (uint16_t send = 0; send < 16; send++) {
		up6(&b, send);
		for (unsigned way = 0; way < 16; way++)
			for (unsigned form = 0; form < 16; form++) {
				unsigned from = way / 4, to = way % 4;
				size_t len = 60 + form * 7, n;
				struct wire wire = {.length = form & 1,
					.acfc = form & 2,
					.pfc = form & 4,
					.offset = form & 8};

				if (from == to)
					continue;
				inner_packet(packet, inner[from], inner[to], ESP, len);
				if (from < 2)
					put_data(&b, from == 0, &wire, packet, len);
				else
					put_frame(&b, frame,
						make_data(&b, frame,
							(uint16_t)(SESSION_1 + from - 2), form,
							packet, len));
				n = to < 2 ? take_inner(&b, to == 0, got)
					   : take_inner6(
						     &b, (uint16_t)(SESSION_1 + to - 2), send, got);
				assert_int_equal(n, len);
				expect_inner(packet, got, len);
			}
		assert_int_equal(take_frame(&b).len, 0);
		bench_down(&b);
	}
}

/* The payload is not read: what was wrong on arrival is wrong when it leaves, by as much. */
static void
a_wrong_checksum_leaves_wrong(void **state)
{
	uint8_t packet[FRAME_MAX], frame[FRAME_MAX];
	struct frame_bytes f;
	struct bench b;
	size_t bytes;

	(void)state;
	up6(&b, DP_SEND_PFC);
	for (size_t len = 60; len < 64; len++) {
		const uint8_t *ip = f.bytes + WIRE_ETHER;

		inner_packet(packet, INNER_1, INNER_2, ESP, len);
		bytes = make_data(&b, frame, SESSION_1, 0, packet, len);
		frame[bytes - 1] ^= 0x55;
		put_frame(&b, frame, bytes);
		f = take_frame(&b);
		assert_int_not_equal(f.len, 0);
		assert_false(wire_udp_sum_right6(
			ip + WIRE_IPV6, ip + WIRE_IPV6_SOURCE, ip + WIRE_IPV6_TARGET));
		f.bytes[f.len - 1] ^= 0x55;
		assert_true(wire_udp_sum_right6(
			ip + WIRE_IPV6, ip + WIRE_IPV6_SOURCE, ip + WIRE_IPV6_TARGET));
	}
	bench_down(&b);
}

static void
a_session_has_one_flow_label(void **state)
{
	uint8_t packet[FRAME_MAX];
	uint32_t label[2] = {0};
	struct frame_bytes f;
	struct bench b;

	(void)state;
	up6(&b, 0);
	for (unsigned i = 0; i < 20; i++) {
		inner_packet(packet, INNER_A, i % 2 == 0 ? INNER_1 : INNER_2, ESP, 60 + i);
		packet[1] = (uint8_t)(i << 4);
		inner_checksum(packet);
		put_data(&b, true, &(struct wire){0}, packet, 60 + i);
		f = take_frame(&b);
		assert_int_not_equal(f.len, 0);
		if (i < 2)
			label[i] = wire_get32(f.bytes + WIRE_ETHER) & 0xfffff;
		assert_int_equal(wire_get32(f.bytes + WIRE_ETHER) & 0xfffff, label[i % 2]);
	}
	assert_int_not_equal(label[0], label[1]);
	bench_down(&b);
}

/* ---- what is dropped ---- */

struct fault {
	enum dp_drop_cause cause;
	unsigned at; /* in a good frame: a byte that gets */
	uint8_t value;
	int longer; /* than the good frame */
};

/* With what a stranger may send in mind: each is dropped for its cause, and the session works. */
static void
each_fault_has_its_drop(void **state)
{
	enum { IP = WIRE_ETHER, SOURCE = IP + WIRE_IPV6_SOURCE, TARGET = IP + WIRE_IPV6_TARGET };
	static const struct fault faults[] = {
		{DP_DROP_CLASSIFY_MAC, 0, 2, 0},
		{DP_DROP_CLASSIFY_MAC, 5, 0x77, 0},
		{DP_DROP_CLASSIFY_RUNT, 0, 0, -(int)(DATA + 60 - ETHER_IPV6 + 1)},
		{DP_DROP_CLASSIFY_IP_VERSION, IP, 0x45, 0},
		{DP_DROP_CLASSIFY_IP_VERSION, IP, 0x00, 0},
		{DP_DROP_CLASSIFY_IP_LENGTH, IP + WIRE_IPV6_LENGTH, 1, 0},
		{DP_DROP_CLASSIFY_IP_LENGTH, 0, 0, -1},
		{DP_DROP_CLASSIFY_MARTIAN, SOURCE, 0xff, 0},
		{DP_DROP_CLASSIFY_DESTINATION, TARGET + 15, 2, 0},
		{DP_DROP_CLASSIFY_PROTOCOL, IP + WIRE_IPV6_NEXT, WIRE_TCP, 0},
		{DP_DROP_CLASSIFY_PROTOCOL, IP + WIRE_IPV6_NEXT, WIRE_NOTHING, 0},
		{DP_DROP_CLASSIFY_PROTOCOL, IP + WIRE_IPV6_NEXT, ICMP, 0},
		{DP_DROP_LOCAL_ICMP_CHECKSUM, IP + WIRE_IPV6_NEXT, WIRE_ICMPV6, 0},
		{DP_DROP_CLASSIFY_UDP_LENGTH, ETHER_IPV6 + WIRE_UDP_LENGTH, 9, 0},
		{DP_DROP_CLASSIFY_UDP_LENGTH, ETHER_IPV6 + WIRE_UDP_LENGTH + 1, 7, 0},
		{DP_DROP_CLASSIFY_UDP_PORT, ETHER_IPV6 + WIRE_UDP_TARGET, 9, 0},
		{DP_DROP_CLASSIFY_VERSION_L2TPV3, HEADERS + 1, 3, 0},
		{DP_DROP_CLASSIFY_PPP_HEADER, ETHER_IPV6 + WIRE_UDP_LENGTH + 1, 8 + 6 + 3, 0},
		{DP_DROP_CLASSIFY_L2TP_SHORT, ETHER_IPV6 + WIRE_UDP_LENGTH + 1, 8 + 1, 0},
		{DP_DROP_INGRESS_UNKNOWN_SESSION, HEADERS + 5, 99, 0},
		{DP_DROP_INGRESS_SOURCE, SOURCE + 15, 0x99, 0},
		{DP_DROP_INGRESS_SOURCE, SOURCE + 4, 0x99, 0},
		{DP_DROP_INGRESS_SOURCE, ETHER_IPV6, 9, 0},
		{DP_DROP_INGRESS_SPOOFED, DATA + 15, 0x99, 0},
	};
	uint8_t packet[FRAME_MAX], got[FRAME_MAX], frame[FRAME_MAX];
	struct bench b;

	(void)state;
	up6(&b, 0);
	inner_packet(packet, INNER_1, INNER_B, ESP, 60);
	for (unsigned i = 0; i < RTE_DIM(faults); i++) {
		uint64_t before = drops(&b, faults[i].cause);
		size_t bytes = make_data(&b, frame, SESSION_1, 0, packet, 60);

		if (faults[i].at != 0)
			frame[faults[i].at] = faults[i].value;
		else if (faults[i].value != 0)
			frame[0] = 0x03; /* for all, but not IPv6's */
		if (faults[i].cause == DP_DROP_INGRESS_SPOOFED)
			inner_checksum(frame + DATA);
		put_frame(&b, frame, bytes + (size_t)faults[i].longer);
		if (drops(&b, faults[i].cause) != before + 1)
			fail_msg("fault %u", i);
		assert_int_equal(take_frame(&b).len, 0);
		put_data6(&b, SESSION_1, packet, 60);
		assert_int_equal(take_inner(&b, false, got), 60);
	}
	bench_down(&b);
}

static void
no_checksum_is_none(void **state)
{
	uint8_t packet[FRAME_MAX], frame[FRAME_MAX];
	struct rte_mbuf *m;
	struct bench b;
	size_t bytes;

	(void)state;
	up6(&b, 0);
	inner_packet(packet, INNER_1, INNER_B, ESP, 60);
	bytes = make_data(&b, frame, SESSION_1, 0, packet, 60);
	wire_store16(frame + ETHER_IPV6 + WIRE_UDP_SUM, 0);
	put_frame(&b, frame, bytes);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_UDP_NO_CHECKSUM), 1);
	assert_int_equal(take_frame(&b).len, 0);
	/* it is called so where a device says that it is wrong, too */
	b.dp->ports[0].checks_rx = true;
	m = rte_pktmbuf_alloc(b.dp->pool);
	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, (uint16_t)bytes), frame, bytes);
	m->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_BAD;
	assert_int_equal(rte_ring_enqueue(b.in, m), 0);
	dp_worker_round(b.dp->workers[0]);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_UDP_NO_CHECKSUM), 2);
	bench_down(&b);
}

static void
sources_that_can_be_none(void **state)
{
	static const char *const martians[] = {
		"::", "::1", "ff02::1", "ff0e::1", "::ffff:192.0.2.11", "::192.0.2.11"};
	uint8_t packet[FRAME_MAX], frame[FRAME_MAX];
	struct bench b;

	(void)state;
	up6(&b, 0);
	inner_packet(packet, INNER_1, INNER_B, ESP, 60);
	for (unsigned i = 0; i < RTE_DIM(martians); i++) {
		make_data(&b, frame, SESSION_1, 0, packet, 60);
		put_frame(&b, frame, around_udp6(&b, frame, martians[i], LNS_6, PORT_6, 10 + 60));
		assert_int_equal(drops(&b, DP_DROP_CLASSIFY_MARTIAN), i + 1);
	}
	/* a control message from an address of our own */
	memcpy(frame + HEADERS, "\xc8\2\0\14\0\0\0\0\0\0\0\0", 12);
	put_frame(&b, frame, around_udp6(&b, frame, LNS_6, LNS_6, PORT_6, 12));
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_LAND), 1);
	put_frame(&b, frame, around_udp6(&b, frame, PEER_6, LNS_6, 0, 12));
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_MARTIAN), RTE_DIM(martians) + 1);
	bench_down(&b);
}

/* What is for one comes to one: not in a frame to a group. */
static void
a_group_is_no_way_to_a_service(void **state)
{
	uint8_t packet[FRAME_MAX], frame[FRAME_MAX];
	struct bench b;
	size_t bytes;

	(void)state;
	up6(&b, 0);
	inner_packet(packet, INNER_1, INNER_B, ESP, 60);
	bytes = make_data(&b, frame, SESSION_1, 0, packet, 60);
	memcpy(frame, "\x33\x33\xff\0\0\1", WIRE_MAC);
	put_frame(&b, frame, bytes);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_MAC), 1);
	make_data(&b, frame, SESSION_1, 0, packet, 60);
	put_frame(&b, frame, around_udp6(&b, frame, PEER_6, "ff02::1", PORT_6, 70));
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_DESTINATION), 1);
	bench_down(&b);
}

/* Puts extension headers in front of UDP; returns the frame's length. */
static size_t
extend(uint8_t *frame, size_t bytes, uint8_t first, const void *headers, size_t len)
{
	memmove(frame + ETHER_IPV6 + len, frame + ETHER_IPV6, bytes - ETHER_IPV6);
	memcpy(frame + ETHER_IPV6, headers, len);
	frame[WIRE_ETHER + WIRE_IPV6_NEXT] = first;
	wire_put16(frame + WIRE_ETHER + WIRE_IPV6_LENGTH, (uint16_t)(bytes + len - ETHER_IPV6));
	return bytes + len;
}

static void
extension_headers_are_walked_within_bounds(void **state)
{
	static const uint8_t options[] = {WIRE_TARGET_OPTIONS, 0, 1, 4, 0, 0, 0, 0, WIRE_UDP, 1, 1,
		12, [23] = 0},
			     arrived[] = {WIRE_UDP, 0, 253, 0, 0, 0, 0, 0},
			     routed[] = {WIRE_UDP, 0, 0, 1, 0, 0, 0, 0},
			     atomic[] = {WIRE_UDP, 0, 0, 0, 1, 2, 3, 4},
			     first[] = {WIRE_UDP, 0, 0, 1, 1, 2, 3, 4},
			     later[] = {WIRE_UDP, 0, 0, 8, 1, 2, 3, 4},
			     beyond[] = {WIRE_UDP, 200, 1, 4, 0, 0, 0, 0},
			     late[] = {WIRE_HOP_BY_HOP, 0, 1, 4, 0, 0, 0, 0, WIRE_UDP, 0, 1, 4, 0,
				     0, 0, 0};
	uint8_t many[9 * 8];
	const struct {
		enum dp_drop_cause cause; /* DP_DROP_COUNT: it passes */
		uint8_t type;
		const uint8_t *headers;
		size_t len;
	} cases[] = {
		{DP_DROP_COUNT, WIRE_HOP_BY_HOP, options, sizeof(options)},
		{DP_DROP_COUNT, WIRE_ROUTING, arrived, sizeof(arrived)},
		{DP_DROP_COUNT, WIRE_FRAGMENT, atomic, sizeof(atomic)},
		{DP_DROP_COUNT, WIRE_TARGET_OPTIONS, many, 8 * 8},
		{DP_DROP_CLASSIFY_IP_EXTENSION, WIRE_TARGET_OPTIONS, many, 9 * 8},
		{DP_DROP_CLASSIFY_IP_EXTENSION, WIRE_ROUTING, routed, sizeof(routed)},
		{DP_DROP_CLASSIFY_IP_EXTENSION, WIRE_TARGET_OPTIONS, beyond, sizeof(beyond)},
		{DP_DROP_CLASSIFY_IP_EXTENSION, WIRE_TARGET_OPTIONS, late, sizeof(late)},
		{DP_DROP_CLASSIFY_FRAGMENT, WIRE_FRAGMENT, first, sizeof(first)},
		{DP_DROP_CLASSIFY_FRAGMENT, WIRE_FRAGMENT, later, sizeof(later)},
	};
	uint8_t packet[FRAME_MAX], got[FRAME_MAX], frame[FRAME_MAX];
	struct bench b;

	(void)state;
	up6(&b, 0);
	inner_packet(packet, INNER_1, INNER_2, ESP, 61);
	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		size_t bytes = make_data(&b, frame, SESSION_1, 0, packet, 61);
		uint64_t before = 0;

		for (size_t at = 0; at < sizeof(many); at += 8)
			memcpy(many + at, "\x3c\0\1\4\0\0\0\0", 8);
		many[cases[i].len < sizeof(many) ? 7 * 8 : 8 * 8] = WIRE_UDP;
		if (cases[i].cause != DP_DROP_COUNT)
			before = drops(&b, cases[i].cause);
		put_frame(&b, frame,
			extend(frame, bytes, cases[i].type, cases[i].headers, cases[i].len));
		if (cases[i].cause == DP_DROP_COUNT) {
			assert_int_equal(take_inner6(&b, SESSION_2, 0, got), 61);
			expect_inner(packet, got, 61);
		} else if (drops(&b, cases[i].cause) != before + 1) {
			fail_msg("case %u", i);
		}
		assert_int_equal(take_frame(&b).len, 0);
	}
	/* of others it is none of our concern */
	{
		size_t bytes = make_data(&b, frame, SESSION_1, 0, packet, 61);

		frame[WIRE_ETHER + WIRE_IPV6_TARGET + 15] = 9;
		put_frame(&b, frame, extend(frame, bytes, WIRE_FRAGMENT, first, sizeof(first)));
		assert_int_equal(drops(&b, DP_DROP_CLASSIFY_DESTINATION), 1);
	}
	bench_down(&b);
}

/* A fragment of a frame without extension headers, from `at` in what it carries. */
static void
put_fragment(
	struct bench *b, const uint8_t *whole, size_t bytes, size_t at, size_t len, uint32_t id)
{
	uint8_t frame[FRAME_MAX], header[8] = {WIRE_UDP};
	bool more = at + len < bytes - ETHER_IPV6;

	memcpy(frame, whole, ETHER_IPV6);
	memcpy(frame + ETHER_IPV6, whole + ETHER_IPV6 + at, len);
	wire_put16(header + 2, (uint16_t)(at | more));
	wire_put32(header + 4, id);
	put_frame(b, frame, extend(frame, ETHER_IPV6 + len, WIRE_FRAGMENT, header, sizeof(header)));
}

/* RFC 8200 section 4.5, as over IPv4; with marks of congestion in one of them. */
static void
fragments_are_put_together(void **state)
{
	uint8_t packet[FRAME_MAX], got[FRAME_MAX], frame[FRAME_MAX];
	struct bench b;
	size_t bytes;

	(void)state;
	up6(&b, 0);
	for (unsigned len = 100; len <= 1400; len += 117) {
		inner_packet(packet, INNER_1, INNER_2, ESP, len);
		bytes = make_data(&b, frame, SESSION_1, len % 8, packet, len);
		put_fragment(&b, frame, bytes, 0, 48, len);
		put_fragment(&b, frame, bytes, 96, bytes - ETHER_IPV6 - 96, len);
		assert_int_equal(take_frame(&b).len, 0);
		put_fragment(&b, frame, bytes, 48, 48, len);
		assert_int_equal(take_inner6(&b, SESSION_2, 0, got), len);
		expect_inner(packet, got, len);
	}
	inner_packet(packet, INNER_1, INNER_2, ESP, 1000);
	packet[1] |= 2;
	inner_checksum(packet);
	bytes = make_data(&b, frame, SESSION_1, 0, packet, 1000);
	frame[WIRE_ETHER + 1] = 2 << 4;
	put_fragment(&b, frame, bytes, 0, 504, 1);
	frame[WIRE_ETHER + 1] = 3 << 4;
	put_fragment(&b, frame, bytes, 504, bytes - ETHER_IPV6 - 504, 1);
	assert_int_not_equal(take_inner6(&b, SESSION_2, 0, got), 0);
	assert_int_equal(got[1] & 3, 3);
	/* one that overlaps ends it all (RFC 5722) */
	put_fragment(&b, frame, bytes, 0, 504, 2);
	put_fragment(&b, frame, bytes, 496, 104, 2);
	assert_int_equal(drops(&b, DP_DROP_REASSEMBLE_OVERLAP), 2);
	put_fragment(&b, frame, bytes, 504, bytes - ETHER_IPV6 - 504, 2);
	assert_int_equal(take_frame(&b).len, 0);
	/* of ICMPv6, and behind another extension header */
	wire_put16(frame + WIRE_ETHER + WIRE_IPV6_LENGTH, 64 + 8);
	bytes = extend(frame, ETHER_IPV6 + 64, WIRE_FRAGMENT, "\x3a\0\0\1\0\0\0\1", 8);
	put_frame(&b, frame, bytes);
	bytes = extend(frame, bytes, WIRE_HOP_BY_HOP, "\x2c\0\1\4\0\0\0\0", 8);
	frame[ETHER_IPV6 + 8] = WIRE_UDP;
	put_frame(&b, frame, bytes);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_FRAGMENT), 2);
	dp_parts_drain(b.dp->workers[0]);
	bench_down(&b);
}

/* ECN is in the traffic class (RFC 6040 section 4.2); what leaves is Not-ECT. */
static void
congestion_is_told_in_the_inner_packet(void **state)
{
	uint8_t packet[FRAME_MAX], got[FRAME_MAX], frame[FRAME_MAX];
	struct bench b;
	size_t bytes;

	(void)state;
	up6(&b, 0);
	inner_packet(packet, INNER_1, INNER_2, ESP, 60);
	packet[1] = 0x28 | 2; /* ECT(0) */
	inner_checksum(packet);
	bytes = make_data(&b, frame, SESSION_1, 0, packet, 60);
	wire_put32(frame + WIRE_ETHER, UINT32_C(6) << 28 | 0x2b << 20 | 0x12345); /* CE */
	put_frame(&b, frame, bytes);
	assert_int_equal(take_inner6(&b, SESSION_2, 0, got), 60);
	assert_int_equal(got[1], 0x2b);
	packet[1] = 0x28;
	inner_checksum(packet);
	bytes = make_data(&b, frame, SESSION_1, 0, packet, 60);
	wire_put32(frame + WIRE_ETHER, UINT32_C(6) << 28 | 0x2b << 20);
	put_frame(&b, frame, bytes);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_CONGESTION), 1);
	bench_down(&b);
}

/* ---- answers that go into a tunnel over IPv6 ---- */

static void
errors_and_parts_go_into_a_tunnel_over_ipv6(void **state)
{
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct bench b;
	size_t n, sum = 0;

	(void)state;
	up6(&b, DP_SEND_LENGTH);
	inner_packet(packet, INNER_1, INNER_2, ESP, 700);
	packet[WIRE_IPV4_TTL] = 1;
	inner_checksum(packet);
	put_data6(&b, SESSION_1, packet, 700);
	n = take_inner6(&b, SESSION_1, DP_SEND_LENGTH, got);
	assert_int_equal(n, 576);
	assert_int_equal(got[WIRE_IPV4], WIRE_ICMP_TIME_EXCEEDED);
	/* fragmentation needed says what fits: 1,400 */
	inner_packet(packet, INNER_A, INNER_2, ESP, 1401);
	wire_store16(packet + WIRE_IPV4_FRAGMENT, WIRE_IPV4_DONT_BE);
	inner_checksum(packet);
	put_data(&b, true, &(struct wire){0}, packet, 1401);
	n = take_inner(&b, true, got);
	assert_int_equal(got[WIRE_IPV4], WIRE_ICMP_UNREACHABLE);
	assert_int_equal(wire_get16(got + WIRE_IPV4 + WIRE_ICMP_MTU), 1400);
	/* parts */
	wire_store16(packet + WIRE_IPV4_FRAGMENT, 0);
	inner_checksum(packet);
	put_data(&b, true, &(struct wire){0}, packet, 1401);
	while ((n = take_inner6(&b, SESSION_2, DP_SEND_LENGTH, got)) != 0)
		sum += n - WIRE_IPV4;
	assert_int_equal(sum, 1401 - WIRE_IPV4);
	/* echo to our inner address */
	inner_packet(packet, INNER_1, INNER_LNS, ICMP, 100);
	memset(packet + 20, 0, 80);
	packet[20] = WIRE_ICMP_ECHO;
	wire_icmp_finish(packet + 20, 80);
	put_data6(&b, SESSION_1, packet, 100);
	assert_int_equal(take_inner6(&b, SESSION_1, DP_SEND_LENGTH, got), 100);
	assert_int_equal(got[WIRE_IPV4], WIRE_ICMP_ECHO_REPLY);
	bench_down(&b);
}

/* Outer headers take 20 bytes more than over IPv4. */
static void
the_mtu_is_what_fits(void **state)
{
	struct dp_iface iface = {.mtu = 1300};
	uint32_t slot;
	struct bench b;

	(void)state;
	up6(&b, 0);
	slot = open_session(&b, 63, "2001:db8::d", INNER_2 + 1, DP_SEND_LENGTH | DP_SEND_SEQUENCE);
	assert_int_equal(dp_session_mtu(b.dp, slot), 1400);
	assert_int_equal(dp_iface_set(b.dp, 0, &iface), 0);
	assert_int_equal(dp_session_mtu(b.dp, slot), 1300 - 40 - 8 - 12 - 4);
	assert_int_equal(dp_session_mtu(b.dp, b.slot_a), 1300 - 20 - 8 - 6 - 4);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_four_ways),
		cmocka_unit_test(a_wrong_checksum_leaves_wrong),
		cmocka_unit_test(a_session_has_one_flow_label),
		cmocka_unit_test(each_fault_has_its_drop),
		cmocka_unit_test(no_checksum_is_none),
		cmocka_unit_test(sources_that_can_be_none),
		cmocka_unit_test(a_group_is_no_way_to_a_service),
		cmocka_unit_test(extension_headers_are_walked_within_bounds),
		cmocka_unit_test(fragments_are_put_together),
		cmocka_unit_test(congestion_is_told_in_the_inner_packet),
		cmocka_unit_test(errors_and_parts_go_into_a_tunnel_over_ipv6),
		cmocka_unit_test(the_mtu_is_what_fits),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
