/* SPDX-License-Identifier: BSD-3-Clause */
/* Inner IPv6 from one client to another: bit for bit, in every form of header, and each way in
 * which it does not get there. */
#include "inner6.h"

/* Sent from A; B must get it, with one hop less and nothing else changed. */
static void
expect_relayed(struct bench *b, const struct wire *wire, uint8_t *packet, size_t len)
{
	uint8_t got[FRAME_MAX];

	put_data(b, true, wire, packet, len);
	assert_int_equal(take6(b, false, got), len);
	packet[WIRE_IPV6_HOPS]--;
	assert_memory_equal(got, packet, len);
	packet[WIRE_IPV6_HOPS]++;
}

static void
every_form_of_header_is_relayed_bit_for_bit(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct bench b;

	(void)state;
	for (uint16_t send = 0; send < 16; send++) {
		bench6_up(&b, 0, send);
		for (unsigned form = 0; form < 64; form++) {
			struct wire wire = {.protocol = WIRE_PPP_IPV6,
				.length = form & 1,
				.sequence = form & 2,
				.offset = form & 4,
				.acfc = form & 8,
				.pfc = form & 16,
				.no_checksum = form & 32,
				.padding = form % 3};

			packet6(packet, A_6, B_6, ESP, 100 + form % 2);
			expect_relayed(&b, &wire, packet, 100 + form % 2);
		}
		bench_down(&b);
	}
}

static void
every_length_and_class(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {.protocol = WIRE_PPP_IPV6};
	struct frame_bytes f;
	struct bench b;

	(void)state;
	bench6_up(&b, 0, DP_SEND_PFC);
	for (size_t len = WIRE_IPV6; len <= 200; len++) {
		packet6(packet, A_6, B_6, ESP, len);
		wire.padding = len % 5;
		expect_relayed(&b, &wire, packet, len);
	}
	wire.padding = 0;
	for (unsigned class = 0; class < 256; class ++) {
		packet6(packet, A_6, B_6, ESP, 60);
		wire_put32(packet, UINT32_C(6) << 28 | class << 20 | 0xfffff);
		put_data(&b, true, &wire, packet, 60);
		f = take_frame(&b);
		assert_int_equal(f.bytes[WIRE_ETHER + WIRE_IPV4_TOS], class & 0xfc);
	}
	bench_down(&b);
}

/* Checksums of all values are carried on right, with every hop limit. */
static void
every_header_checksum(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {.protocol = WIRE_PPP_IPV6};
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	for (unsigned i = 0; i < 4096; i++) {
		packet6(packet, A_6, B_6, ESP, 60);
		packet[WIRE_IPV6_HOPS] = (uint8_t)(2 + i % 254);
		wire_store16(packet + 42, (uint16_t)(i * 16));
		wire.pfc = i & 1;
		expect_relayed(&b, &wire, packet, 60);
	}
	bench_down(&b);
}

static void
a_wrong_checksum_stays_wrong(void **state)
{
	struct wire wire = {.protocol = WIRE_PPP_IPV6, .wrong_checksum = true};
	struct frame_bytes f;
	uint8_t packet[FRAME_MAX], *udp = f.bytes + WIRE_ETHER + WIRE_IPV4;
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	packet6(packet, A_6, B_6, ESP, 100);
	put_data(&b, true, &wire, packet, 100);
	f = take_frame(&b);
	assert_int_not_equal(f.len, 0);
	assert_false(wire_udp_sum_right(udp, wire_ipv4_source_be(f.bytes + WIRE_ETHER),
		wire_ipv4_target_be(f.bytes + WIRE_ETHER)));
	bench_down(&b);
}

/* RFC 6040 section 4.2, in the traffic class. */
static void
congestion_is_told_in_the_traffic_class(void **state)
{
	static const uint8_t want[4][4] = {/* by outer, inner; 9: lost */
		{0, 1, 2, 3}, {0, 1, 1, 3}, {0, 1, 2, 3}, {9, 3, 3, 3}};
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	for (unsigned i = 0; i < 64; i++) {
		unsigned outer = i & 3, inner = i >> 2 & 3;
		struct wire wire = {.protocol = WIRE_PPP_IPV6,
			.tos = (uint8_t)outer,
			.pfc = i & 16,
			.no_checksum = i & 32};
		uint64_t lost = drops(&b, DP_DROP_INGRESS_CONGESTION);

		packet6(packet, A_6, B_6, ESP, 61);
		wire_put32(packet, UINT32_C(6) << 28 | (0x28 | inner) << 20 | 0x12345);
		put_data(&b, true, &wire, packet, 61);
		assert_int_equal(
			drops(&b, DP_DROP_INGRESS_CONGESTION), lost + (want[outer][inner] == 9));
		if (want[outer][inner] == 9)
			continue;
		assert_int_equal(take6(&b, false, got), 61);
		wire_put32(packet,
			UINT32_C(6) << 28 | (uint32_t)(0x28 | want[outer][inner]) << 20 | 0x12345);
		packet[WIRE_IPV6_HOPS]--;
		assert_memory_equal(got, packet, 61);
		/* an error about it is verified with the sum of what came */
		packet[WIRE_IPV6_HOPS] = 1;
		wire_put32(packet, UINT32_C(6) << 28 | (0x28 | inner) << 20 | 0x12345);
		put_data(&b, true, &wire, packet, 61);
		assert_int_not_equal(take6(&b, true, got), 0);
	}
	bench_down(&b);
}

/* From all of A's networks, and to them. */
static void
both_prefixes_send_and_get(void **state)
{
	static const char *const own[] = {"2001:db8:a:a::", "2001:db8:a:a:ffff:ffff:ffff:ffff",
		"2001:db8:a:100::1", "2001:db8:a:1ff:ffff::1"};
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct dp_session_counters n;
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	for (size_t i = 0; i < RTE_DIM(own); i++) {
		packet6(packet, own[i], B_6, ESP, 80);
		put6(&b, true, packet, 80);
		assert_int_equal(take6(&b, false, got), 80);
		packet6(packet, B_6, own[i], ESP, 90);
		put6(&b, false, packet, 90);
		assert_int_equal(take6(&b, true, got), 90);
	}
	assert_int_equal(dp_session_counters(b.dp, b.slot_a, &n), 0);
	assert_int_equal(n.rx_packets, 4);
	assert_int_equal(n.rx_bytes, 4 * 80);
	assert_int_equal(n.tx_packets, 4);
	assert_int_equal(n.tx_bytes, 4 * 90);
	bench_down(&b);
}

struct refusal {
	enum dp_drop_cause cause;
	const char *from, *to;
	uint8_t next;
	uint8_t chain[16]; /* what stands behind the header */
	unsigned payload;  /* other than what is there: + 1 */
	uint8_t version;   /* + 1 */
};

static void
each_refusal_has_its_name(void **state)
{
	static const struct refusal refusals[] = {
		{.cause = DP_DROP_INGRESS_INNER_VERSION, .version = 0 + 1},
		{.cause = DP_DROP_INGRESS_INNER_VERSION, .version = 4 + 1},
		{.cause = DP_DROP_INGRESS_INNER_VERSION, .version = 5 + 1},
		{.cause = DP_DROP_INGRESS_INNER_VERSION, .version = 15 + 1},
		{.cause = DP_DROP_INGRESS_INNER_LENGTH, .payload = 61 + 1},
		{.cause = DP_DROP_INGRESS_INNER_LENGTH, .payload = 0xffff + 1},
		{.cause = DP_DROP_INGRESS_SPOOFED, .from = B_6},
		{.cause = DP_DROP_INGRESS_SPOOFED, .from = "2001:db8:a:200::1"},
		{.cause = DP_DROP_INGRESS_SPOOFED, .from = "2001:db8:a:ff::1"},
		{.cause = DP_DROP_INGRESS_SPOOFED, .from = "::"},
		{.cause = DP_DROP_INGRESS_SPOOFED, .from = "::1"},
		{.cause = DP_DROP_INGRESS_SPOOFED, .from = "ff02::1"},
		{.cause = DP_DROP_INGRESS_SPOOFED, .from = LNS_INNER6},
		{.cause = DP_DROP_INGRESS_SPOOFED, .from = "::", .to = "fe80::1"},
		{.cause = DP_DROP_INGRESS_TO_SELF, .to = A_6},
		{.cause = DP_DROP_INGRESS_TO_SELF, .to = "2001:db8:a:a::77"},
		{.cause = DP_DROP_INGRESS_TO_SELF, .to = "2001:db8:a:1aa::77"},
		{.cause = DP_DROP_INGRESS_TO_SELF, .from = "fe80::7", .to = "fe80::7"},
		{.cause = DP_DROP_INGRESS_DESTINATION, .to = "::"},
		{.cause = DP_DROP_INGRESS_DESTINATION, .to = "::1"},
		{.cause = DP_DROP_INGRESS_DESTINATION, .to = "::ffff:10.88.1.2"},
		{.cause = DP_DROP_INGRESS_DESTINATION, .to = "ff05::2"},
		{.cause = DP_DROP_INGRESS_DESTINATION, .to = "ff0e::1"},
		{.cause = DP_DROP_INGRESS_DESTINATION, .to = "ff01::1"},
		/* beyond the packet; hop by hop not the first; a fragment of a fragment */
		{.cause = DP_DROP_INGRESS_INNER_EXTENSIONS, .next = 0, .chain = {ESP, 200}},
		{.cause = DP_DROP_INGRESS_INNER_EXTENSIONS, .next = 60, .chain = {0, 0, 1, 4}},
		{.cause = DP_DROP_INGRESS_INNER_EXTENSIONS, .next = 44, .chain = {44}},
		{.cause = DP_DROP_INGRESS_INNER_EXTENSIONS, .next = 43, .payload = 7 + 1},
		{.cause = DP_DROP_INGRESS_INNER_EXTENSIONS, .next = 44, .payload = 0 + 1},
		{.cause = DP_DROP_INGRESS_SOURCE_ROUTE, .next = 43, .chain = {ESP, 0, 0, 0}},
		{.cause = DP_DROP_INGRESS_SOURCE_ROUTE, .next = 43, .chain = {ESP, 0, 0, 1}},
		{.cause = DP_DROP_INGRESS_SOURCE_ROUTE,
			.next = 60,
			.chain = {43, 0, 1, 4, 0, 0, 0, 0, ESP, 0, 0, 1}},
		{.cause = DP_DROP_ROUTE_NO_ROUTE, .to = "2001:db8:c::1"},
		{.cause = DP_DROP_ROUTE_NO_ROUTE, .to = "fec0::1"},
		{.cause = DP_DROP_ROUTE_SCOPE, .from = "fe80::7"},
		{.cause = DP_DROP_ROUTE_SCOPE, .from = "fe80::7", .to = "2001:db8:c::1"},
	};
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	for (size_t i = 0; i < RTE_DIM(refusals); i++) {
		const struct refusal *r = &refusals[i];
		uint64_t before = drops(&b, r->cause);
		bool told = r->cause == DP_DROP_ROUTE_NO_ROUTE || r->cause == DP_DROP_ROUTE_SCOPE;

		packet6(packet, r->from != NULL ? r->from : A_6, r->to != NULL ? r->to : B_6,
			r->next != 0 || r->chain[0] != 0 ? r->next : ESP, 100);
		if (r->chain[0] != 0)
			memcpy(packet + WIRE_IPV6, r->chain, sizeof(r->chain));
		if (r->payload != 0)
			wire_put16(packet + WIRE_IPV6_LENGTH, (uint16_t)(r->payload - 1));
		if (r->version != 0)
			packet[0] = (uint8_t)((r->version - 1) << 4);
		put6(&b, true, packet, 100);
		assert_int_equal(drops(&b, r->cause), before + 1);
		assert_int_equal(take6(&b, true, got) != 0, told);
		if (told)
			assert_int_equal(got[41], r->cause == DP_DROP_ROUTE_SCOPE ? 2 : 0);
		assert_int_equal(take_frame(&b).len, 0);
	}
	packet6(packet, A_6, B_6, ESP, 39);
	put6(&b, true, packet, 39);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_INNER_SHORT), 1);
	bench_down(&b);
}

/* As many extension headers as are walked pass, one more does not. */
static void
extension_headers_are_walked_with_a_bound(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {.protocol = WIRE_PPP_IPV6};
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	for (unsigned n = 1; n <= WIRE_IPV6_HEADERS_MOST + 1; n++) {
		size_t len = WIRE_IPV6 + 8u * n + 40;

		packet6(packet, A_6, B_6, 60, len);
		for (unsigned i = 0; i < n; i++) {
			memset(packet + WIRE_IPV6 + 8 * i, 0, 8);
			packet[WIRE_IPV6 + 8 * i] = i + 1 < n ? 60 : ESP;
		}
		if (n <= WIRE_IPV6_HEADERS_MOST) {
			expect_relayed(&b, &wire, packet, len);
			continue;
		}
		put6(&b, true, packet, len);
		assert_int_equal(drops(&b, DP_DROP_INGRESS_INNER_EXTENSIONS), 1);
	}
	bench_down(&b);
}

/* What was not negotiated is told to be unknown, as any such protocol. */
static void
ipv6_that_was_not_negotiated_is_punted(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct dp_session s;
	struct dp_punt punt;
	struct bench b;
	unsigned punted = 0;

	(void)state;
	bench6_up(&b, 0, 0);
	assert_int_equal(dp_session_get(b.dp, b.slot_a, &s), 0);
	s.open6 = false;
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	packet6(packet, A_6, B_6, ESP, 100);
	for (unsigned i = 0; i < 20; i++) {
		put6(&b, true, packet, 100);
		while (dp_punt_next(b.dp, &punt)) {
			assert_int_equal(punt.slot, b.slot_a);
			punted++;
			dp_punt_release(b.dp, &punt);
		}
	}
	assert_in_range(punted, 1, 5);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_IPV6), 20 - punted);
	/* and IPv4 goes on */
	inner_packet(packet, INNER_A, INNER_B, ESP, 100);
	put_data(&b, true, &(struct wire){0}, packet, 100);
	assert_int_equal(take_inner(&b, false, packet), 100);
	/* to A nothing leads any more */
	packet6(packet, B_6, A_6, ESP, 100);
	put6(&b, false, packet, 100);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_NO_ROUTE), 1);
	while (take_frame(&b).len != 0)
		;
	bench_down(&b);
}

static void
a_session_without_ipv4_carries_ipv6(void **state)
{
	struct wire wire = {.protocol = WIRE_PPP_IPV6};
	uint8_t packet[FRAME_MAX];
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	session_shut(b.dp, b.slot_a);
	session_shut(b.dp, b.slot_b);
	packet6(packet, A_6, B_6, ESP, 100);
	expect_relayed(&b, &wire, packet, 100);
	inner_packet(packet, INNER_A, INNER_B, ESP, 100);
	put_data(&b, true, &(struct wire){0}, packet, 100);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_NOT_OPEN), 1);
	bench_down(&b);
}

/* Until IPV6CP's Ack has left no IPv6 goes to a client; IPv4 does all the time. */
static void
ipv6_waits_for_its_own_ack_alone(void **state)
{
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct dp_session s;
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	assert_int_equal(dp_session_get(b.dp, b.slot_b, &s), 0);
	s.reachable6 = false;
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	packet6(packet, A_6, B_6, ESP, 100);
	put6(&b, true, packet, 100);
	assert_int_equal(drops(&b, DP_DROP_EGRESS_NOT_YET), 1);
	inner_packet(packet, INNER_A, INNER_B, ESP, 100);
	put_data(&b, true, &(struct wire){0}, packet, 100);
	assert_int_equal(take_inner(&b, false, got), 100);
	/* what is given to be sent now leaves before it */
	assert_int_equal(dp_send_udp(b.dp, b.now, 0, &s.peer, "ack", 3), 0);
	s.reachable6 = true;
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	assert_true(dp_egress_waits(b.dp, b.slot_b, true));
	assert_false(dp_egress_waits(b.dp, b.slot_b, false));
	dp_worker_round(b.dp->workers[0]);
	assert_false(dp_egress_waits(b.dp, b.slot_b, true));
	assert_int_not_equal(take_frame(&b).len, 0);
	packet6(packet, A_6, B_6, ESP, 100);
	put6(&b, true, packet, 100);
	assert_int_equal(take6(&b, false, got), 100);
	/* and the other way round: IPCP again does not hold back IPv6 */
	s.reachable = false;
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	put6(&b, true, packet, 100);
	assert_int_equal(take6(&b, false, got), 100);
	inner_packet(packet, INNER_A, INNER_B, ESP, 100);
	put_data(&b, true, &(struct wire){0}, packet, 100);
	assert_int_equal(drops(&b, DP_DROP_EGRESS_NOT_YET), 2);
	bench_down(&b);
}

static void
the_same_prefix_in_two_realms(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct dp_session s;
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	assert_int_equal(dp_session_get(b.dp, b.slot_b, &s), 0);
	s.realm = 9;
	s.prefix6 = prefix6(LINK_A);
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	/* B has A's /64 in its own realm, and neither reaches the other */
	packet6(packet, A_6, B_6, ESP, 100);
	put6(&b, true, packet, 100);
	packet6(packet, A_6, "2001:db8:a:100::1", ESP, 100);
	put6(&b, false, packet, 100);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_NO_ROUTE), 2);
	while (take_frame(&b).len != 0)
		;
	bench_down(&b);
}

/* ---- packets as they come ---- */

/* Extension headers in front of `last`, as senders write them (RFC 8200 section 4.1). Returns where
 * they end; their lengths fill what they have. */
static size_t
random_chain(uint64_t *seed, uint8_t *packet, uint8_t last)
{
	static const uint8_t kinds[] = {WIRE_HOP_BY_HOP, WIRE_TARGET_OPTIONS, WIRE_ROUTING,
		WIRE_FRAGMENT, WIRE_TARGET_OPTIONS};
	uint8_t *next = &packet[WIRE_IPV6_NEXT];
	size_t at = WIRE_IPV6;

	for (size_t i = 0; i < RTE_DIM(kinds); i++) {
		size_t bytes = kinds[i] == WIRE_FRAGMENT ? 8 : 8 + 8 * random_below(seed, 4);

		if (random_below(seed, 3) != 0)
			continue;
		*next = kinds[i];
		next = &packet[at];
		for (size_t k = 0; k < bytes; k++)
			packet[at + k] = (uint8_t)random_below(seed, 256);
		packet[at + 1] = (uint8_t)(bytes / 8 - 1);
		if (kinds[i] == WIRE_ROUTING) /* any type but the one that is refused */
			packet[at + 2] |= 1;
		if (kinds[i] == WIRE_FRAGMENT && random_below(seed, 2) != 0)
			packet[at + 2] = packet[at + 3] = 0;
		at += bytes;
		if (kinds[i] == WIRE_FRAGMENT && wire_get16(packet + at - 6) >= 8)
			break; /* a later one: what follows is not its header */
	}
	*next = last;
	return at;
}

/* Valid packets of all kinds, in every form: what comes out is what went in, with a hop less, an
 * outer header that fits, and a right checksum. */
static void
random_packets_are_relayed_bit_for_bit(void **state)
{
	static const char *const from[] = {A_6, "2001:db8:a:1aa::", "2001:db8:a:a:1:2:3:4"},
				 *const to[] = {B_6, "2001:db8:b:b::", "2001:db8:b:b:ffff::"};
	static const uint8_t lasts[] = {ESP, AH, UDP, TCP, ICMPV6, WIRE_NOTHING, 132, 253};
	uint8_t packet[FRAME_MAX];
	uint64_t seed = 20251123;
	struct bench b;

	(void)state;
	for (uint16_t send = 0; send < 16; send += 3) {
		bench6_up(&b, 0, send);
		for (unsigned i = 0; i < 20000; i++) {
			uint32_t forms = random_below(&seed, 1 << 7);
			struct wire wire = {.protocol = WIRE_PPP_IPV6,
				.length = forms & 1,
				.sequence = forms & 2,
				.offset = forms & 4,
				.acfc = forms & 8,
				.pfc = forms & 16,
				.no_checksum = forms & 32,
				.padding = (forms & 64) != 0 ? random_below(&seed, 20) : 0};
			size_t len, at;

			packet6(packet, from[random_below(&seed, RTE_DIM(from))],
				to[random_below(&seed, RTE_DIM(to))], ESP, WIRE_IPV6);
			wire_put32(packet, UINT32_C(6) << 28 | random_below(&seed, 1 << 28));
			packet[WIRE_IPV6_HOPS] = (uint8_t)(2 + random_below(&seed, 254));
			at = random_chain(
				&seed, packet, lasts[random_below(&seed, RTE_DIM(lasts))]);
			len = at + random_below(&seed, random_below(&seed, 8) == 0 ? 1100 : 100);
			for (size_t k = at; k < len; k++)
				packet[k] = (uint8_t)random_below(&seed, 256);
			wire_put16(packet + WIRE_IPV6_LENGTH, (uint16_t)(len - WIRE_IPV6));
			expect_relayed(&b, &wire, packet, len);
		}
		bench_down(&b);
	}
}

/* Cut anywhere, or with any byte changed: never a crash, never a buffer lost. */
static void
truncated_and_damaged_packets_end_somewhere(void **state)
{
	static const uint8_t values[] = {0x00, 0x01, 0x2b, 0x2c, 0x3a, 0x3c, 0x80, 0xff};
	static const uint8_t firsts[] = {0, 43, 44, 58, 60};
	uint8_t packet[FRAME_MAX], damaged[FRAME_MAX];
	struct dp_punt punt;
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	policy6(&b, GROUP_A, &ipsec6);
	for (size_t k = 0; k < RTE_DIM(firsts); k++) {
		packet6(packet, A_6, k % 2 == 0 ? B_6 : LNS_INNER6, firsts[k], 100);
		memset(packet + WIRE_IPV6, 0, 32);
		packet[WIRE_IPV6] = 60;
		packet[WIRE_IPV6 + 8] = 44;
		packet[WIRE_IPV6 + 16] = 58;
		packet[WIRE_IPV6 + 24] = 128;
		for (size_t at = 0; at <= 100; at++)
			put6(&b, true, packet, at);
		for (size_t at = 0; at < 100; at++)
			for (size_t v = 0; v < sizeof(values); v++) {
				memcpy(damaged, packet, 100);
				damaged[at] = values[v];
				put6(&b, true, damaged, 100);
				while (dp_punt_next(b.dp, &punt))
					dp_punt_release(b.dp, &punt);
				while (take_frame(&b).len != 0)
					;
			}
	}
	dp_follow_drain(b.dp->workers[0]);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_header_is_relayed_bit_for_bit),
		cmocka_unit_test(every_length_and_class),
		cmocka_unit_test(every_header_checksum),
		cmocka_unit_test(a_wrong_checksum_stays_wrong),
		cmocka_unit_test(congestion_is_told_in_the_traffic_class),
		cmocka_unit_test(both_prefixes_send_and_get),
		cmocka_unit_test(each_refusal_has_its_name),
		cmocka_unit_test(extension_headers_are_walked_with_a_bound),
		cmocka_unit_test(ipv6_that_was_not_negotiated_is_punted),
		cmocka_unit_test(a_session_without_ipv4_carries_ipv6),
		cmocka_unit_test(ipv6_waits_for_its_own_ack_alone),
		cmocka_unit_test(the_same_prefix_in_two_realms),
		cmocka_unit_test(random_packets_are_relayed_bit_for_bit),
		cmocka_unit_test(truncated_and_damaged_packets_end_somewhere),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
