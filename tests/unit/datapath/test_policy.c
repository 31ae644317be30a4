/* SPDX-License-Identifier: BSD-3-Clause */
/* What may pass between clients, in both directions, and the ICMP that answers what may not. */
#include <rte_cycles.h>

#include "harness.h"

enum { ICMP = 1, TCP = 6, UDP = 17, GRE = 47, ESP = 50, AH = 51, SCTP = 132 };

static void
policies(struct bench *b, struct policy a, struct policy z)
{
	a.lns = z.lns = cv_ipv4(INNER_LNS);
	assert_int_equal(set_policy(b->dp, GROUP_A, &a), 0);
	assert_int_equal(set_policy(b->dp, GROUP_B, &z), 0);
}

static const struct policy any = {.kind = DP_FILTER_ANY, .clients_reachable = true},
			   ipsec = {.kind = DP_FILTER_IPSEC, .clients_reachable = true};

static void
set_ports(uint8_t *packet, uint16_t source, uint16_t target)
{
	wire_store16(packet + 20, rte_bswap16(source));
	wire_store16(packet + 22, rte_bswap16(target));
}

/* Takes the ICMP error that A gets, checked in full, about a packet it sent. */
static void
expect_error(struct bench *b, const uint8_t *sent, size_t sent_len, uint8_t type, uint8_t code,
	uint16_t mtu)
{
	uint8_t got[FRAME_MAX];
	size_t len = take_inner(b, true, got);
	size_t quote = sent_len < 548 ? sent_len : 548;

	assert_int_equal(len, 28 + quote);
	assert_int_equal(wire_fold(wire_sum20(got)), 0xffff);
	assert_int_equal(rte_be_to_cpu_32(wire_load32(got + 12)), INNER_LNS);
	assert_int_equal(rte_be_to_cpu_32(wire_load32(got + 16)), INNER_A);
	assert_int_equal(got[9], ICMP);
	assert_int_equal(got[1], (sent[1] & 0x1c) | 0xc0);
	assert_int_equal(got[20], type);
	assert_int_equal(got[21], code);
	assert_int_equal(rte_bswap16(wire_load16(got + 26)), mtu);
	assert_int_equal(wire_fold(wire_sum(got + 20, len - 20)), 0xffff);
	assert_memory_equal(got + 28, sent, quote);
	assert_int_equal(take_frame(b).len, 0);
}

/* Whether A is told that it is refused: of an error and of a later fragment it is not. */
static bool
is_told(const uint8_t *packet, enum dp_drop_cause cause)
{
	return (cause == DP_DROP_POLICY_SENDER || cause == DP_DROP_POLICY_RECEIVER ||
		       cause == DP_DROP_POLICY_ISOLATED) &&
	       (packet[9] != ICMP || packet[20] == 8) && (packet[6] & 0x1f) == 0 && packet[7] == 0;
}

/* Sends from A to B; DP_DROP_COUNT: it must arrive, else be dropped for that cause. */
static void
expect(struct bench *b, const uint8_t *packet, size_t len, enum dp_drop_cause cause)
{
	uint64_t before = cause == DP_DROP_COUNT ? 0 : drops(b, cause);
	struct wire wire = {0};
	uint8_t got[FRAME_MAX];

	put_data(b, true, &wire, packet, len);
	if (cause == DP_DROP_COUNT) {
		assert_int_equal(take_inner(b, false, got), len);
		return;
	}
	if (is_told(packet, cause))
		expect_error(b, packet, len, 3, 13, 0);
	assert_int_equal(take_frame(b).len, 0);
	assert_int_equal(drops(b, cause), before + 1);
}

static void
send_udp(struct bench *b, uint16_t source, uint16_t target, enum dp_drop_cause cause)
{
	uint8_t packet[FRAME_MAX];
	size_t len = inner_packet(packet, INNER_A, INNER_B, UDP, 60);

	set_ports(packet, source, target);
	expect(b, packet, len, cause);
}

static void
send_protocol(struct bench *b, uint8_t protocol, enum dp_drop_cause cause)
{
	uint8_t packet[FRAME_MAX];
	size_t len = inner_packet(packet, INNER_A, INNER_B, protocol, 60);

	packet[20] = 8; /* an echo request, where it is ICMP */
	expect(b, packet, len, cause);
}

static void
ipsec_passes_and_nothing_else(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	policies(&b, ipsec, ipsec);
	send_protocol(&b, ESP, DP_DROP_COUNT);
	send_protocol(&b, AH, DP_DROP_COUNT);
	send_udp(&b, 500, 500, DP_DROP_COUNT);
	send_udp(&b, 50000, 4500, DP_DROP_COUNT);
	send_udp(&b, 4500, 50000, DP_DROP_COUNT);
	send_udp(&b, 53, 5353, DP_DROP_POLICY_SENDER);
	send_udp(&b, 499, 501, DP_DROP_POLICY_SENDER);
	send_protocol(&b, TCP, DP_DROP_POLICY_SENDER);
	send_protocol(&b, GRE, DP_DROP_POLICY_SENDER);
	send_protocol(&b, ICMP, DP_DROP_POLICY_SENDER);
	bench_down(&b);
}

static void
the_receivers_policy_counts_too(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	policies(&b, any, ipsec);
	send_protocol(&b, TCP, DP_DROP_POLICY_RECEIVER);
	send_protocol(&b, ESP, DP_DROP_COUNT);
	policies(&b, ipsec, any);
	send_protocol(&b, TCP, DP_DROP_POLICY_SENDER);
	policies(&b, any, any);
	send_protocol(&b, TCP, DP_DROP_COUNT);
	bench_down(&b);
}

static void
a_list_of_rules(void **state)
{
	struct policy rules = {.kind = DP_FILTER_RULES,
		.clients_reachable = true,
		.rules = {{GRE, 0, 0}, {UDP, 1000, 2000}, {UDP, 53, 53}, {SCTP, 2905, 2905}},
		.rule_count = 4};
	uint8_t packet[FRAME_MAX];
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	policies(&b, rules, any);
	send_protocol(&b, GRE, DP_DROP_COUNT);
	send_protocol(&b, ESP, DP_DROP_POLICY_SENDER);
	send_udp(&b, 40000, 1000, DP_DROP_COUNT);
	send_udp(&b, 2000, 40000, DP_DROP_COUNT);
	send_udp(&b, 40000, 53, DP_DROP_COUNT);
	send_udp(&b, 40000, 2001, DP_DROP_POLICY_SENDER);
	send_udp(&b, 999, 54, DP_DROP_POLICY_SENDER);
	/* ports are of their protocol */
	send_udp(&b, 2905, 2905, DP_DROP_POLICY_SENDER);
	for (unsigned i = 0; i < 2; i++) {
		inner_packet(packet, INNER_A, INNER_B, SCTP, 100);
		set_ports(packet, 40000, i == 0 ? 2905 : 53);
		expect(&b, packet, 100, i == 0 ? DP_DROP_COUNT : DP_DROP_POLICY_SENDER);
	}
	bench_down(&b);
}

static void
isolated_clients_reach_only_gateways(void **state)
{
	struct policy isolated = {.kind = DP_FILTER_ANY};
	struct cv_prefix prefix;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	policies(&b, isolated, any);
	send_protocol(&b, ESP, DP_DROP_POLICY_ISOLATED);
	policies(&b, any, isolated);
	send_protocol(&b, ESP, DP_DROP_POLICY_ISOLATED);
	assert_int_equal(cv_prefix_parse("10.88.1.2/32", &prefix), 0);
	isolated.gateways = &prefix;
	isolated.gateway_count = 1;
	policies(&b, isolated, any); /* B is a gateway of A's group */
	send_protocol(&b, ESP, DP_DROP_COUNT);
	assert_int_equal(cv_prefix_parse("10.88.1.3/32", &prefix), 0);
	policies(&b, isolated, any);
	send_protocol(&b, ESP, DP_DROP_POLICY_ISOLATED);
	assert_int_equal(cv_prefix_parse("10.88.1.0/31", &prefix), 0);
	policies(&b, any, isolated); /* and A one of B's group */
	send_protocol(&b, ESP, DP_DROP_COUNT);
	bench_down(&b);
}

/* An ICMP error of A about a packet that B sent. */
static size_t
icmp_error(uint8_t *out, uint8_t type, uint8_t protocol, uint16_t port, uint32_t quoted_source)
{
	uint8_t quoted[FRAME_MAX];

	inner_packet(out, INNER_A, INNER_B, ICMP, 20 + 8 + 28);
	inner_packet(quoted, quoted_source, INNER_A, protocol, 28);
	set_ports(quoted, port, port);
	out[20] = type;
	out[21] = 4;
	memcpy(out + 28, quoted, 28);
	return 56;
}

static void
icmp_errors_pass_where_they_quote_what_may(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct bench b;
	size_t len;

	(void)state;
	bench_up(&b, 0, 0);
	policies(&b, ipsec, ipsec);
	len = icmp_error(packet, 3, ESP, 0, INNER_B);
	expect(&b, packet, len, DP_DROP_COUNT);
	len = icmp_error(packet, 11, UDP, 4500, INNER_B);
	expect(&b, packet, len, DP_DROP_COUNT);
	len = icmp_error(packet, 3, UDP, 53, INNER_B);
	expect(&b, packet, len, DP_DROP_POLICY_SENDER);
	len = icmp_error(packet, 3, TCP, 80, INNER_B);
	expect(&b, packet, len, DP_DROP_POLICY_SENDER);
	len = icmp_error(packet, 3, ESP, 0, INNER_A); /* the receiver never sent that */
	expect(&b, packet, len, DP_DROP_POLICY_SENDER);
	len = icmp_error(packet, 5, ESP, 0, INNER_B); /* a redirect */
	expect(&b, packet, len, DP_DROP_POLICY_SENDER);
	len = icmp_error(packet, 3, ESP, 0, INNER_B);
	wire_store16(packet + 2, rte_bswap16(40)); /* the quote is cut */
	inner_checksum(packet);
	expect(&b, packet, 40, DP_DROP_POLICY_SENDER);
	bench_down(&b);
}

static void
ttl_1_is_answered_with_time_exceeded(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	inner_packet(packet, INNER_A, INNER_B, ESP, 100);
	packet[8] = 1;
	inner_checksum(packet);
	put_data(&b, true, &wire, packet, 100);
	expect_error(&b, packet, 100, 11, 0, 0);
	assert_int_equal(edges(&b, DP_EDGE_RELAY_TIME_EXCEEDED), 1);
	/* never about an error, nor about a later fragment */
	icmp_error(packet, 3, ESP, 0, INNER_B);
	packet[8] = 1;
	inner_checksum(packet);
	expect(&b, packet, 56, DP_DROP_RELAY_TTL_EXCEEDED);
	inner_packet(packet, INNER_A, INNER_B, ESP, 100);
	packet[8] = 1;
	packet[7] = 9;
	inner_checksum(packet);
	expect(&b, packet, 100, DP_DROP_RELAY_TTL_EXCEEDED);
	bench_down(&b);
}

static void
too_big_with_df_is_answered_with_the_mtu(void **state)
{
	struct policy small = {.kind = DP_FILTER_ANY, .clients_reachable = true, .mtu = 1300};
	struct session_ip ip = {
		.address = cv_ipv4(INNER_B), .group = GROUP_B, .filter = GROUP_B, .mtu = 1400};
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	inner_packet(packet, INNER_A, INNER_B, ESP, 1401);
	packet[6] = 0x40;
	inner_checksum(packet);
	put_data(&b, true, &wire, packet, 1401);
	expect_error(&b, packet, 1401, 3, 4, 1400);
	policies(&b, any, small);
	assert_int_equal(session_open(b.dp, b.slot_b, &ip), 0);
	assert_int_equal(dp_session_mtu(b.dp, b.slot_b), 1300);
	inner_packet(packet, INNER_A, INNER_B, ESP, 1301);
	packet[6] = 0x40;
	inner_checksum(packet);
	put_data(&b, true, &wire, packet, 1301);
	expect_error(&b, packet, 1301, 3, 4, 1300);
	bench_down(&b);
}

static void
errors_are_limited_in_their_rate(void **state)
{
	uint64_t begin = rte_rdtsc();
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};
	unsigned answers = 0;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	inner_packet(packet, INNER_A, INNER_B, ESP, 100);
	packet[8] = 1;
	inner_checksum(packet);
	for (unsigned i = 0; i < 5000; i++) {
		put_data(&b, true, &wire, packet, 100);
		answers += take_frame(&b).len != 0;
	}
	assert_true(answers >= DP_ERROR_MOST_MS / DP_ERROR_COST_MS);
	assert_true(answers <= allowed_since(begin, DP_ERROR_COST_MS, DP_ERROR_MOST_MS));
	assert_int_equal(drops(&b, DP_DROP_RELAY_TTL_EXCEEDED), 5000 - answers);
	bench_down(&b);
}

/* A's packets with TTL 1 are answered no more, B's "fragmentation needed" still is. */
static void
a_flood_of_ttl_1_silences_no_other_session(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	inner_packet(packet, INNER_A, INNER_B, ESP, 100);
	packet[8] = 1;
	inner_checksum(packet);
	for (unsigned i = 0; i < 5000; i++) {
		put_data(&b, true, &wire, packet, 100);
		take_frame(&b);
	}
	assert_true(drops(&b, DP_DROP_RELAY_TTL_EXCEEDED) > 1000);
	inner_packet(packet, INNER_B, INNER_A, ESP, 1401);
	packet[6] = 0x40;
	inner_checksum(packet);
	put_data(&b, false, &wire, packet, 1401);
	assert_int_not_equal(take_inner(&b, false, packet), 0);
	assert_int_equal(packet[20], 3);
	assert_int_equal(packet[21], 4);
	bench_down(&b);
}

static void
make_echo(uint8_t *packet, uint32_t from)
{
	inner_packet(packet, from, INNER_LNS, ICMP, 60);
	packet[20] = 8;
	packet[21] = 0;
	wire_store16(packet + 22, 0);
	wire_store16(packet + 22, wire_checksum(wire_sum(packet + 20, 40)));
}

static void
pings_of_one_session_silence_no_other(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	make_echo(packet, INNER_A);
	for (unsigned i = 0; i < 5000; i++) {
		put_data(&b, true, &wire, packet, 60);
		take_frame(&b);
	}
	assert_true(drops(&b, DP_DROP_ROUTE_ECHO_LIMIT) > 1000);
	make_echo(packet, INNER_B);
	put_data(&b, false, &wire, packet, 60);
	assert_int_equal(take_inner(&b, false, packet), 60);
	bench_down(&b);
}

static void
echo_to_the_lns_is_answered_and_nothing_else(void **state)
{
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct wire wire = {0};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	policies(&b, ipsec, ipsec);
	inner_packet(packet, INNER_A, INNER_LNS, ICMP, 85);
	packet[20] = 8;
	packet[21] = 0;
	wire_store16(packet + 22, 0);
	wire_store16(packet + 22, wire_checksum(wire_sum(packet + 20, 65)));
	put_data(&b, true, &wire, packet, 85);
	assert_int_equal(take_inner(&b, true, got), 85);
	assert_int_equal(got[20], 0);
	assert_int_equal(wire_fold(wire_sum(got + 20, 65)), 0xffff);
	assert_memory_equal(got + 24, packet + 24, 61);
	assert_int_equal(rte_be_to_cpu_32(wire_load32(got + 12)), INNER_LNS);
	packet[22] ^= 1;
	expect(&b, packet, 85, DP_DROP_ROUTE_LNS);
	inner_packet(packet, INNER_A, INNER_LNS, UDP, 60);
	expect(&b, packet, 60, DP_DROP_ROUTE_LNS);
	bench_down(&b);
}

static void
echo_answers_are_limited_in_their_rate(void **state)
{
	uint64_t begin = rte_rdtsc();
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};
	unsigned answers = 0;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	make_echo(packet, INNER_A);
	for (unsigned i = 0; i < 5000; i++) {
		put_data(&b, true, &wire, packet, 60);
		answers += take_frame(&b).len != 0;
	}
	assert_true(answers >= DP_ECHO_MOST_MS / DP_ECHO_COST_MS);
	assert_true(answers <= allowed_since(begin, DP_ECHO_COST_MS, DP_ECHO_MOST_MS));
	assert_int_equal(drops(&b, DP_DROP_ROUTE_ECHO_LIMIT), 5000 - answers);
	bench_down(&b);
}

static void
a_session_is_shut_once(void **state)
{
	struct dp_setup_info info;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	dp_setup_info(b.dp, &info);
	assert_int_equal(info.addresses, 2);
	session_shut(b.dp, b.slot_a);
	session_shut(b.dp, b.slot_a);
	dp_setup_info(b.dp, &info);
	assert_int_equal(info.addresses, 1);
	assert_int_equal(info.sessions, 2);
	assert_int_equal(dp_session_clear(b.dp, b.slot_a, NULL), 0);
	assert_int_equal(dp_session_clear(b.dp, b.slot_a, NULL), CV_ERR_UNKNOWN);
	dp_setup_info(b.dp, &info);
	assert_int_equal(info.addresses, 1);
	assert_int_equal(info.sessions, 1);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipsec_passes_and_nothing_else),
		cmocka_unit_test(the_receivers_policy_counts_too),
		cmocka_unit_test(a_list_of_rules),
		cmocka_unit_test(isolated_clients_reach_only_gateways),
		cmocka_unit_test(icmp_errors_pass_where_they_quote_what_may),
		cmocka_unit_test(ttl_1_is_answered_with_time_exceeded),
		cmocka_unit_test(too_big_with_df_is_answered_with_the_mtu),
		cmocka_unit_test(errors_are_limited_in_their_rate),
		cmocka_unit_test(echo_to_the_lns_is_answered_and_nothing_else),
		cmocka_unit_test(echo_answers_are_limited_in_their_rate),
		cmocka_unit_test(a_flood_of_ttl_1_silences_no_other_session),
		cmocka_unit_test(pings_of_one_session_silence_no_other),
		cmocka_unit_test(a_session_is_shut_once),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
