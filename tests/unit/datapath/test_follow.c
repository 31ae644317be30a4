/* SPDX-License-Identifier: BSD-3-Clause */
/* Fragments under a policy that looks at ports: later ones go where their first one was let, in
 * whatever order they come, whatever others send. */
#include <time.h>

#include "harness.h"

enum { UDP = 17, ESP = 50, IKE = 500, DNS = 53, LEN = 60 };

static void
up(struct bench *b)
{
	struct policy ipsec = {.kind = DP_FILTER_IPSEC,
		.clients_reachable = true,
		.refuse_silently = true,
		.lns = cv_ipv4(INNER_LNS)};

	bench_up(b, 0, 0);
	assert_int_equal(set_policy(b->dp, GROUP_A, &ipsec), 0);
	assert_int_equal(set_policy(b->dp, GROUP_B, &ipsec), 0);
}

/* A fragment of a UDP datagram between A and B; offset in units of 8 bytes, 0: the first one. */
static void
fragment_from(struct bench *b, uint32_t source, uint16_t id, unsigned offset, uint16_t port)
{
	bool from_a = source != INNER_B;
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};

	inner_packet(packet, source, from_a ? INNER_B : INNER_A, UDP, LEN);
	wire_store16(packet + 4, id);
	packet[6] = 0x20;
	packet[7] = (uint8_t)offset;
	if (offset == 0) {
		wire_store16(packet + 20, rte_bswap16(port));
		wire_store16(packet + 22, rte_bswap16(port));
	}
	inner_checksum(packet);
	put_data(b, from_a, &wire, packet, LEN);
}

static void
fragment(struct bench *b, bool from_a, uint16_t id, unsigned offset, uint16_t port)
{
	fragment_from(b, from_a ? INNER_A : INNER_B, id, offset, port);
}

/* The next packet to B (or A) is that fragment. */
static void
expect(struct bench *b, bool to_a, uint16_t id, unsigned offset)
{
	uint8_t got[FRAME_MAX];

	assert_int_equal(take_inner(b, to_a, got), LEN);
	assert_int_equal(wire_load16(got + 4), id);
	assert_int_equal(got[7], offset);
	assert_int_equal(got[8], 63);
	assert_int_equal(wire_fold(wire_sum20(got)), 0xffff);
}

static void
nothing_comes(struct bench *b)
{
	assert_int_equal(take_frame(b).len, 0);
}

/* What waits is given up, and nothing is left of it. */
static void
wait_over(struct bench *b)
{
	nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 50000000}, NULL);
	dp_worker_round(b->dp->workers[0]);
}

static void
later_fragments_follow_their_first_one(void **state)
{
	struct bench b;

	(void)state;
	up(&b);
	fragment(&b, true, 1, 0, IKE);
	expect(&b, false, 1, 0);
	fragment(&b, true, 1, 5, 0);
	expect(&b, false, 1, 5);
	fragment(&b, true, 1, 10, 0);
	expect(&b, false, 1, 10);
	/* another datagram, and another's datagram of the same number */
	fragment(&b, true, 2, 5, 0);
	fragment(&b, false, 1, 5, 0);
	nothing_comes(&b);
	wait_over(&b);
	assert_int_equal(drops(&b, DP_DROP_POLICY_FRAGMENT), 2);
	bench_down(&b);
}

static void
fragments_of_what_is_forbidden_never_pass(void **state)
{
	struct bench b;

	(void)state;
	up(&b);
	fragment(&b, true, 1, 5, 0);
	fragment(&b, true, 1, 0, DNS);
	fragment(&b, true, 1, 10, 0);
	nothing_comes(&b);
	assert_int_equal(drops(&b, DP_DROP_POLICY_SENDER), 1);
	wait_over(&b);
	assert_int_equal(drops(&b, DP_DROP_POLICY_FRAGMENT), 2);
	bench_down(&b);
}

static void
a_later_fragment_waits_for_its_first_one(void **state)
{
	struct bench b;

	(void)state;
	up(&b);
	fragment(&b, true, 1, 5, 0);
	fragment(&b, true, 2, 5, 0);
	fragment(&b, true, 1, 10, 0);
	fragment(&b, false, 1, 5, 0);
	nothing_comes(&b);
	fragment(&b, true, 1, 0, IKE);
	expect(&b, false, 1, 0);
	expect(&b, false, 1, 5);
	expect(&b, false, 1, 10);
	nothing_comes(&b);
	fragment(&b, false, 1, 0, IKE);
	expect(&b, true, 1, 0);
	expect(&b, true, 1, 5);
	nothing_comes(&b);
	fragment(&b, true, 2, 0, IKE);
	expect(&b, false, 2, 0);
	expect(&b, false, 2, 5);
	assert_int_equal(edges(&b, DP_EDGE_POLICY_WAIT), 4);
	assert_int_equal(drops(&b, DP_DROP_POLICY_FRAGMENT), 0);
	bench_down(&b);
}

/* A client that sends first ones without end takes nothing from another. */
static void
one_clients_fragments_push_out_no_others(void **state)
{
	struct bench b;

	(void)state;
	up(&b);
	fragment(&b, true, 7, 0, IKE);
	expect(&b, false, 7, 0);
	fragment(&b, true, 8, 5, 0);
	for (unsigned id = 0; id < 20000; id++) {
		fragment(&b, false, (uint16_t)(3 * id), 0, IKE);
		while (take_frame(&b).len != 0)
			;
	}
	for (unsigned id = 0; id < 300; id++) /* nor does one that sends later ones */
		fragment(&b, false, (uint16_t)(3 * id + 1), 5, 0);
	nothing_comes(&b);
	fragment(&b, true, 7, 5, 0);
	expect(&b, false, 7, 5);
	fragment(&b, true, 8, 0, IKE);
	expect(&b, false, 8, 0);
	expect(&b, false, 8, 5);
	/* of its own so many wait, and the rest is dropped at once */
	assert_int_equal(edges(&b, DP_EDGE_POLICY_WAIT), 1 + DP_FOLLOW_SESSION);
	assert_int_equal(drops(&b, DP_DROP_POLICY_FRAGMENT), 300 - DP_FOLLOW_SESSION);
	wait_over(&b);
	assert_int_equal(drops(&b, DP_DROP_POLICY_FRAGMENT), 300);
	/* and then there is room again */
	fragment(&b, false, 2, 5, 0);
	fragment(&b, false, 2, 0, IKE);
	expect(&b, true, 2, 0);
	expect(&b, true, 2, 5);
	bench_down(&b);
}

/* Some datagrams of a session at a time, as two hosts behind it send them. */
static void
several_datagrams_of_a_session_mix(void **state)
{
	struct bench b;

	(void)state;
	up(&b);
	for (uint16_t round = 0; round < 50; round++) {
		for (uint16_t i = 0; i < 8; i++) {
			fragment(&b, true, (uint16_t)(8 * round + i), 0, IKE);
			expect(&b, false, (uint16_t)(8 * round + i), 0);
		}
		for (uint16_t i = 0; i < 8; i++) {
			fragment(&b, true, (uint16_t)(8 * round + i), 5, 0);
			expect(&b, false, (uint16_t)(8 * round + i), 5);
		}
	}
	bench_down(&b);
}

/* What waits for longer than its session lives, or is there when all stops, leaves nothing. */
static void
what_waits_outlives_no_session(void **state)
{
	struct session_ip ip = {
		.address = cv_ipv4(INNER_A), .group = GROUP_A, .filter = GROUP_A, .mtu = 1400};
	struct bench b;

	(void)state;
	up(&b);
	fragment(&b, true, 1, 5, 0);
	session_shut(b.dp, b.slot_a);
	fragment(&b, true, 1, 0, IKE);
	nothing_comes(&b);
	assert_int_equal(session_open(b.dp, b.slot_a, &ip), 0);
	fragment(&b, true, 1, 0, IKE);
	expect(&b, false, 1, 0);
	expect(&b, false, 1, 5);
	/* it has another address when the first one comes: the old one is nobody's source now */
	fragment(&b, true, 4, 5, 0);
	ip.address = cv_ipv4(INNER_A + 100);
	assert_int_equal(session_open(b.dp, b.slot_a, &ip), 0);
	fragment_from(&b, INNER_A + 100, 4, 0, IKE);
	expect(&b, false, 4, 0);
	nothing_comes(&b);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_NOT_OPEN), 2);
	ip.address = cv_ipv4(INNER_A);
	assert_int_equal(session_open(b.dp, b.slot_a, &ip), 0);
	/* its receiver went: there is no route */
	fragment(&b, true, 2, 5, 0);
	fragment(&b, true, 3, 5, 0);
	session_shut(b.dp, b.slot_b);
	fragment(&b, true, 2, 0, IKE);
	while (take_frame(&b).len != 0)
		;
	assert_int_equal(edges(&b, DP_EDGE_RELAY_EGRESS), 3);
	dp_stop(b.dp);
	assert_int_equal(drops(&b, DP_DROP_WORKER_STOPPED), 2);
	assert_int_equal(dp_start(b.dp, b.now), 0);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(later_fragments_follow_their_first_one),
		cmocka_unit_test(fragments_of_what_is_forbidden_never_pass),
		cmocka_unit_test(a_later_fragment_waits_for_its_first_one),
		cmocka_unit_test(one_clients_fragments_push_out_no_others),
		cmocka_unit_test(several_datagrams_of_a_session_mix),
		cmocka_unit_test(what_waits_outlives_no_session),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
