/* SPDX-License-Identifier: BSD-3-Clause */
/* A TCP connection gets segments that fit the tunnels of both ends; nothing else of it changes. */
#include "harness.h"

#include "datapath/worker/permit.h"

enum {
	HEADERS = WIRE_IPV4 + DP_TCP,
	SYN = 2,
	SYN_ACK = 0x12,
	ACK = 0x10,
};

/* A segment with options; returns its length. */
static size_t
segment(uint8_t *packet, bool from_a, uint8_t flags, const uint8_t *options, unsigned len,
	unsigned payload)
{
	uint32_t from = from_a ? INNER_A : INNER_B, to = from_a ? INNER_B : INNER_A;
	unsigned header = DP_TCP + len;
	size_t total = inner_packet(packet, from, to, WIRE_TCP, WIRE_IPV4 + header + payload);
	uint8_t *tcp = packet + WIRE_IPV4;

	wire_put16(tcp, 40000);
	wire_put16(tcp + 2, 443);
	tcp[12] = (uint8_t)(header / 4 << 4);
	tcp[DP_TCP_FLAGS] = flags;
	if (len != 0)
		memcpy(tcp + DP_TCP, options, len);
	wire_store16(tcp + 16, 0);
	wire_store16(tcp + 16, wire_checksum(wire_sum(tcp, header + payload) + wire_swap32(from) +
					     wire_swap32(to) + (WIRE_TCP << 8) +
					     wire_swap16((uint16_t)(header + payload))));
	return total;
}

static bool
sum_right(const uint8_t *packet, size_t len)
{
	return wire_fold(wire_sum(packet + WIRE_IPV4, len - WIRE_IPV4) +
			 wire_ipv4_source_be(packet) + wire_ipv4_target_be(packet) +
			 (WIRE_TCP << 8) + wire_swap16((uint16_t)(len - WIRE_IPV4))) ==
	       WIRE_SUM_RIGHT;
}

static void
limit_mtu(struct bench *b, bool a, uint16_t mtu)
{
	struct session_ip ip = {.address = cv_ipv4(a ? INNER_A : INNER_B),
		.group = a ? GROUP_A : GROUP_B,
		.filter = a ? GROUP_A : GROUP_B,
		.mtu = mtu};

	assert_int_equal(session_open(b->dp, a ? b->slot_a : b->slot_b, &ip), 0);
}

/* Sends it, and sees that nothing but the option at `at` and the checksum is another: now `mss`. */
static void
arrives(struct bench *b, bool from_a, uint8_t *packet, size_t len, unsigned at, uint16_t mss)
{
	uint8_t got[FRAME_MAX];
	struct wire wire = {0};

	put_data(b, from_a, &wire, packet, len);
	assert_int_equal(take_inner(b, !from_a, got), len); /* the datagram's sum is right */
	assert_true(sum_right(got, len));
	if (at != 0)
		assert_int_equal(wire_get16(got + HEADERS + at), mss);
	if (at != 0)
		memcpy(packet + HEADERS + at, got + HEADERS + at, 2);
	memcpy(packet + WIRE_IPV4 + 16, got + WIRE_IPV4 + 16, 2);
	assert_memory_equal(got + WIRE_IPV4, packet + WIRE_IPV4, len - WIRE_IPV4);
	assert_int_equal(take_frame(b).len, 0);
}

static const uint8_t plain[] = {2, 4, 5, 180}; /* 1460 */

static void
a_connection_fits_both_tunnels(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct bench b;
	size_t len;

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned odd = 0; odd < 2; odd++) {
		len = segment(packet, true, SYN, plain, 4, odd);
		arrives(&b, true, packet, len, 2, 1360);
		limit_mtu(&b, true, 1300); /* A's tunnel: what B will send to it */
		len = segment(packet, true, SYN, plain, 4, odd);
		arrives(&b, true, packet, len, 2, 1260);
		len = segment(packet, false, SYN_ACK, plain, 4, odd);
		arrives(&b, false, packet, len, 2, 1260);
		limit_mtu(&b, true, 1400);
	}
	assert_int_equal(edges(&b, DP_EDGE_RELAY_CLAMPED), 6);
	bench_down(&b);
}

/* At even and odd places, among others, last and first. */
static void
wherever_the_option_stands(void **state)
{
	static const struct {
		unsigned at, len;
		uint8_t options[12];
	} cases[] = {
		{3, 8, {1, 2, 4, 5, 180, 4, 2, 0}},
		{6, 8, {1, 1, 4, 2, 2, 4, 5, 180}},
		{7, 12, {3, 3, 7, 4, 2, 2, 4, 5, 180, 1, 1, 0}},
		{5, 8, {3, 3, 7, 2, 4, 0xff, 0xff, 0}},
	};
	uint8_t packet[FRAME_MAX];
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		size_t len = segment(packet, true, SYN, cases[i].options, cases[i].len, i);

		arrives(&b, true, packet, len, cases[i].at, 1360);
	}
	assert_int_equal(edges(&b, DP_EDGE_RELAY_CLAMPED), RTE_DIM(cases));
	bench_down(&b);
}

/* A smaller one, none, one behind the end of options, of another length, cut; a segment that opens
 * nothing; a later fragment; a packet whose header is cut. */
static void
what_needs_no_change_gets_none(void **state)
{
	static const uint8_t small[] = {2, 4, 5, 80}, behind[] = {0, 2, 4, 5, 180, 0, 0, 0},
			     longer[] = {2, 6, 5, 180, 5, 180, 0, 0}, cut[] = {1, 1, 1, 2},
			     loop[] = {8, 0, 2, 4}, beyond[] = {1, 2, 5, 5};
	uint8_t packet[FRAME_MAX];
	struct bench b;
	size_t len;

	(void)state;
	bench_up(&b, 0, 0);
	len = segment(packet, true, SYN, small, 4, 0);
	arrives(&b, true, packet, len, 0, 0);
	len = segment(packet, true, SYN, NULL, 0, 4);
	arrives(&b, true, packet, len, 0, 0);
	len = segment(packet, true, SYN, behind, 8, 0);
	arrives(&b, true, packet, len, 0, 0);
	len = segment(packet, true, SYN, longer, 8, 0);
	arrives(&b, true, packet, len, 0, 0);
	len = segment(packet, true, SYN, cut, 4, 0);
	arrives(&b, true, packet, len, 0, 0);
	len = segment(packet, true, SYN, loop, 4, 0);
	arrives(&b, true, packet, len, 0, 0);
	len = segment(packet, true, SYN, beyond, 4, 0);
	arrives(&b, true, packet, len, 0, 0);
	len = segment(packet, true, ACK, plain, 4, 0);
	arrives(&b, true, packet, len, 0, 0);
	/* its header would be longer than it */
	len = segment(packet, true, SYN, plain, 4, 0);
	packet[WIRE_IPV4 + 12] = 0xf0;
	put_data(&b, true, &(struct wire){0}, packet, len);
	assert_int_equal(take_inner(&b, false, packet), len);
	assert_int_equal(wire_get16(packet + HEADERS + 2), 1460);
	assert_int_equal(edges(&b, DP_EDGE_RELAY_CLAMPED), 0);
	bench_down(&b);
}

static void
a_group_can_leave_it(void **state)
{
	struct dp_group keeps = {
		.lns = cv_ipv4(INNER_LNS), .clients_reachable = true, .mss_kept = true};
	uint8_t packet[FRAME_MAX];
	struct bench b;
	size_t len;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_group_set(b.dp, GROUP_A, &keeps), 0);
	len = segment(packet, true, SYN, plain, 4, 0);
	arrives(&b, true, packet, len, 2, 1360); /* B's group wants it */
	assert_int_equal(dp_group_set(b.dp, GROUP_B, &keeps), 0);
	len = segment(packet, true, SYN, plain, 4, 0);
	arrives(&b, true, packet, len, 2, 1460);
	bench_down(&b);
}

/* Of IPv4 only what opens a connection leaves the fast way. */
static void
other_segments_do_not_pay(void **state)
{
	const struct dp_filter_table *t;
	struct dp_filter rules = {
		.kind = DP_FILTER_RULES, .rules = {{WIRE_TCP, 443, 443}}, .rule_count = 1};
	uint8_t packet[FRAME_MAX];
	struct bench b;
	size_t len;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_filter_set(b.dp, 7, &rules), 0);
	for (unsigned filter = GROUP_A; filter < 8; filter += 7) {
		t = dp_filter_of(b.dp, (uint16_t)filter);
		len = segment(packet, true, SYN, plain, 4, 0);
		assert_false(dp_permits_plain(t, packet, (unsigned)len));
		len = segment(packet, true, ACK, plain, 4, 100);
		assert_true(dp_permits_plain(t, packet, (unsigned)len));
	}
	/* over IPv6 all of it does */
	memset(packet, 0, sizeof(packet));
	packet[WIRE_IPV6_NEXT] = WIRE_TCP;
	wire_put16(packet + WIRE_IPV6 + 2, 443);
	for (unsigned filter = GROUP_A; filter < 8; filter += 7) {
		t = dp_filter_of(b.dp, (uint16_t)filter);
		assert_false(dp_permits_plain6(t, packet, WIRE_IPV6 + 20));
	}
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_fits_both_tunnels),
		cmocka_unit_test(wherever_the_option_stands),
		cmocka_unit_test(what_needs_no_change_gets_none),
		cmocka_unit_test(a_group_can_leave_it),
		cmocka_unit_test(other_segments_do_not_pay),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
