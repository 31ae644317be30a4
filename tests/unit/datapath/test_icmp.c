/* SPDX-License-Identifier: BSD-3-Clause */
/* ICMP that Culvert sends into a tunnel: of what it tells, to whom, how large, and with which
 * header. */
#include "harness.h"

enum { ICMP = 1, TCP = 6, UDP = 17, ESP = 50, QUOTED = 548, OVERHEAD = 28 };

static void
policies(struct bench *b, struct policy a, struct policy z)
{
	a.lns = z.lns = cv_ipv4(INNER_LNS);
	assert_int_equal(set_policy(b->dp, GROUP_A, &a), 0);
	assert_int_equal(set_policy(b->dp, GROUP_B, &z), 0);
}

static const struct policy any = {.kind = DP_FILTER_ANY, .clients_reachable = true},
			   ipsec = {.kind = DP_FILTER_IPSEC, .clients_reachable = true},
			   silent = {.kind = DP_FILTER_IPSEC,
				   .clients_reachable = true,
				   .refuse_silently = true},
			   isolated = {.kind = DP_FILTER_ANY};

/* Opens A again with another MRU. */
static void
limit_mtu(struct bench *b, uint16_t mtu)
{
	struct session_ip ip = {
		.address = cv_ipv4(INNER_A), .group = GROUP_A, .filter = GROUP_A, .mtu = mtu};

	assert_int_equal(session_open(b->dp, b->slot_a, &ip), 0);
}

/* The ICMP error that A gets about what it sent, checked in full; quote: bytes of it. */
static void
expect_error(struct bench *b, const uint8_t *sent, size_t quote, uint8_t type, uint8_t code)
{
	uint8_t got[FRAME_MAX];
	size_t len = take_inner(b, true, got);

	assert_int_equal(len, OVERHEAD + quote);
	assert_int_equal(wire_fold(wire_sum20(got)), 0xffff);
	assert_int_equal(rte_bswap16(wire_load16(got + 2)), len);
	assert_int_equal(rte_be_to_cpu_32(wire_load32(got + 12)), INNER_LNS);
	assert_int_equal(rte_be_to_cpu_32(wire_load32(got + 16)), INNER_A);
	assert_int_equal(got[9], ICMP);
	assert_int_equal(got[20], type);
	assert_int_equal(got[21], code);
	assert_int_equal(wire_fold(wire_sum(got + 20, len - 20)), 0xffff);
	assert_memory_equal(got + OVERHEAD, sent, quote);
	assert_int_equal(take_frame(b).len, 0);
}

static size_t
put(struct bench *b, uint8_t *packet, uint32_t to, uint8_t protocol, size_t len)
{
	struct wire wire = {0};

	inner_packet(packet, INNER_A, to, protocol, len);
	packet[6] = 0x40;
	inner_checksum(packet);
	put_data(b, true, &wire, packet, len);
	return len;
}

static void
what_a_policy_forbids_is_answered_as_prohibited(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct bench b;
	size_t len;

	(void)state;
	bench_up(&b, 0, 0);
	policies(&b, ipsec, any);
	len = put(&b, packet, INNER_B, TCP, 60);
	expect_error(&b, packet, len, 3, 13);
	policies(&b, any, ipsec);
	len = put(&b, packet, INNER_B, UDP, 1400);
	expect_error(&b, packet, QUOTED, 3, 13);
	policies(&b, isolated, any);
	len = put(&b, packet, INNER_B, ESP, 60);
	expect_error(&b, packet, len, 3, 13);
	assert_int_equal(edges(&b, DP_EDGE_POLICY_PROHIBITED), 3);
	/* each counts as dropped, too */
	assert_int_equal(drops(&b, DP_DROP_POLICY_SENDER), 1);
	assert_int_equal(drops(&b, DP_DROP_POLICY_RECEIVER), 1);
	assert_int_equal(drops(&b, DP_DROP_POLICY_ISOLATED), 1);
	bench_down(&b);
}

/* The sender's group says whether its clients are told. */
static void
a_group_may_refuse_silently(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	policies(&b, silent, any);
	put(&b, packet, INNER_B, TCP, 60);
	assert_int_equal(take_frame(&b).len, 0);
	assert_int_equal(drops(&b, DP_DROP_POLICY_SENDER), 1);
	policies(&b, any, silent);
	expect_error(&b, packet, put(&b, packet, INNER_B, TCP, 60), 3, 13);
	bench_down(&b);
}

static void
what_has_no_route_is_answered_as_unreachable(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	policies(&b, ipsec, ipsec);
	expect_error(&b, packet, put(&b, packet, INNER_B + 50, ESP, 60), 3, 0);
	expect_error(&b, packet, put(&b, packet, 0x08080808, ESP, 20), 3, 0);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_NO_ROUTE), 2);
	assert_int_equal(edges(&b, DP_EDGE_ROUTE_UNREACHABLE), 2);
	/* never of an error */
	inner_packet(packet, INNER_A, INNER_B + 50, ICMP, 60);
	packet[20] = 3;
	put_data(&b, true, &(struct wire){0}, packet, 60);
	assert_int_equal(take_frame(&b).len, 0);
	bench_down(&b);
}

/* All errors to a session have one rate. */
static void
refusals_have_the_rate_of_all_errors(void **state)
{
	uint8_t packet[FRAME_MAX];
	unsigned answers = 0;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	policies(&b, ipsec, any);
	for (unsigned i = 0; i < 1000; i++) {
		put(&b, packet, i % 2 == 0 ? INNER_B : INNER_B + 50, TCP, 60);
		answers += take_frame(&b).len != 0;
	}
	assert_true(answers >= DP_ERROR_MOST_MS / DP_ERROR_COST_MS && answers < 500);
	assert_int_equal(drops(&b, DP_DROP_POLICY_SENDER), 500);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_NO_ROUTE), 500);
	bench_down(&b);
}

static void
an_error_fits_the_senders_mtu(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	limit_mtu(&b, 300);
	put(&b, packet, INNER_B + 50, ESP, 1000);
	expect_error(&b, packet, 300 - OVERHEAD, 3, 0);
	limit_mtu(&b, OVERHEAD + 28);
	put(&b, packet, INNER_B + 50, ESP, 1000);
	expect_error(&b, packet, 28, 3, 0);
	limit_mtu(&b, OVERHEAD + 27); /* too small for header and 8 bytes */
	put(&b, packet, INNER_B + 50, ESP, 1000);
	assert_int_equal(take_frame(&b).len, 0);
	bench_down(&b);
}

static void
errors_and_answers_have_the_right_type_of_service(void **state)
{
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct wire wire = {0};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned tos = 0; tos < 256; tos += 5) {
		struct frame_bytes f;

		inner_packet(packet, INNER_A, INNER_B, ESP, 60);
		packet[1] = (uint8_t)tos;
		packet[8] = 1;
		inner_checksum(packet);
		put_data(&b, true, &wire, packet, 60);
		f = take_frame(&b);
		memcpy(got, f.bytes + f.len - OVERHEAD - 60, OVERHEAD);
		/* RFC 1812 4.3.2.5: precedence 6, the packet's own TOS; no ECN, in both headers */
		assert_int_equal(got[1], 0xc0 | (tos & 0x1c));
		assert_int_equal(f.bytes[WIRE_ETHER + 1], got[1]);
		inner_packet(packet, INNER_A, INNER_LNS, ICMP, 60);
		packet[1] = (uint8_t)tos;
		packet[20] = 8;
		packet[21] = 0;
		inner_checksum(packet);
		wire_store16(packet + 22, 0);
		wire_store16(packet + 22, wire_checksum(wire_sum(packet + 20, 40)));
		put_data(&b, true, &wire, packet, 60);
		assert_int_equal(take_inner(&b, true, got), 60);
		assert_int_equal(got[1], tos & 0xfc);
	}
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_policy_forbids_is_answered_as_prohibited),
		cmocka_unit_test(a_group_may_refuse_silently),
		cmocka_unit_test(what_has_no_route_is_answered_as_unreachable),
		cmocka_unit_test(refusals_have_the_rate_of_all_errors),
		cmocka_unit_test(an_error_fits_the_senders_mtu),
		cmocka_unit_test(errors_and_answers_have_the_right_type_of_service),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
