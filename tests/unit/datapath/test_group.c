/* SPDX-License-Identifier: BSD-3-Clause */
/* Filters and groups are two things, each set, changed and taken away under running sessions. */
#include "harness.h"

enum { ESP = 50, UDP = 17, FILTER = 700, GROUP = 60000 };

/* A packet from A to B; true: B got it. What A is told instead is left to be taken. */
static bool
passes(struct bench *b, uint8_t protocol)
{
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct wire wire = {0};
	uint64_t before = edges(b, DP_EDGE_RELAY_EGRESS);

	inner_packet(packet, INNER_A, INNER_B, protocol, 100);
	put_data(b, true, &wire, packet, 100);
	if (edges(b, DP_EDGE_RELAY_EGRESS) == before)
		return false;
	return take_inner(b, false, got) == 100;
}

/* Session A again, with another filter and group. */
static void
name(struct bench *b, uint16_t group, uint16_t filter)
{
	struct session_ip ip = {
		.address = cv_ipv4(INNER_A), .group = group, .filter = filter, .mtu = 1400};

	assert_int_equal(session_open(b->dp, b->slot_a, &ip), 0);
}

static void
a_session_names_a_filter_and_a_group_apart(void **state)
{
	struct dp_filter ipsec = {.kind = DP_FILTER_IPSEC};
	struct dp_group small = {.lns = cv_ipv4(INNER_LNS), .clients_reachable = true, .mtu = 900},
			silent = {.lns = cv_ipv4(INNER_LNS), .refuse_silently = true};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_filter_set(b.dp, FILTER, &ipsec), 0);
	assert_int_equal(dp_group_set(b.dp, GROUP, &small), 0);
	/* the filter alone: what passes changes, and no MTU */
	name(&b, GROUP_A, FILTER);
	assert_true(passes(&b, ESP));
	assert_false(passes(&b, UDP));
	assert_int_equal(drops(&b, DP_DROP_POLICY_SENDER), 1);
	assert_int_not_equal(take_frame(&b).len, 0); /* what tells A so */
	assert_int_equal(dp_session_mtu(b.dp, b.slot_a), 1400);
	/* the group alone */
	name(&b, GROUP, GROUP_A);
	assert_true(passes(&b, UDP));
	assert_int_equal(dp_session_mtu(b.dp, b.slot_a), 900);
	/* changed below it: isolated, and nobody is told */
	assert_int_equal(dp_group_set(b.dp, GROUP, &silent), 0);
	assert_int_equal(dp_session_mtu(b.dp, b.slot_a), 1400);
	assert_false(passes(&b, UDP));
	assert_int_equal(drops(&b, DP_DROP_POLICY_ISOLATED), 1);
	assert_int_equal(take_frame(&b).len, 0);
	bench_down(&b);
}

static void
without_its_filter_or_group_nothing_of_a_session_passes(void **state)
{
	struct dp_filter any = {.kind = DP_FILTER_ANY}, got;
	struct dp_group group = {.lns = cv_ipv4(INNER_LNS), .clients_reachable = true, .mtu = 900},
			got_group;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned of_receiver = 0; of_receiver < 2; of_receiver++) {
		uint16_t id = of_receiver ? GROUP_B : GROUP_A;
		uint32_t slot = of_receiver ? b.slot_b : b.slot_a;

		dp_filter_clear(b.dp, id);
		assert_int_equal(dp_filter_get(b.dp, id, &got), CV_ERR_UNKNOWN);
		assert_false(passes(&b, ESP));
		assert_int_equal(drops(&b, DP_DROP_POLICY_NO_FILTER), of_receiver + 1);
		assert_int_equal(dp_filter_set(b.dp, id, &any), 0);
		assert_int_not_equal(take_frame(&b).len, 0);
		assert_true(passes(&b, ESP));
		assert_int_equal(dp_group_set(b.dp, id, &group), 0);
		assert_int_equal(dp_session_mtu(b.dp, slot), 900);
		dp_group_clear(b.dp, id);
		dp_group_clear(b.dp, id);
		assert_int_equal(dp_group_get(b.dp, id, &got_group), CV_ERR_UNKNOWN);
		assert_int_equal(dp_session_mtu(b.dp, slot), 1400);
		assert_false(passes(&b, ESP));
		assert_int_equal(drops(&b, DP_DROP_POLICY_NO_GROUP), of_receiver + 1);
		assert_int_equal(dp_group_set(b.dp, id, &group), 0);
		while (take_frame(&b).len != 0)
			;
		assert_true(passes(&b, ESP));
	}
	bench_down(&b);
}

static void
what_was_set_can_be_had_back(void **state)
{
	struct cv_prefix gateways[3] = {{.ip = cv_ipv4(0x0a000000), .length = 8},
		{.ip = cv_ipv4(0xac100000), .length = 12},
		{.ip = cv_ipv4(0xc0a80100), .length = 24}};
	struct dp_filter filter = {.kind = DP_FILTER_RULES,
				 .rule_count = 2,
				 .rules = {{.protocol = ESP}, {UDP, 500, 600}},
				 .gateways = gateways,
				 .gateway_count = 3},
			 got;
	struct dp_group group = {.lns = cv_ipv4(INNER_LNS), .mtu = 77, .refuse_silently = true},
			got_group;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_filter_set(b.dp, FILTER, &filter), 0);
	assert_int_equal(dp_filter_get(b.dp, FILTER, &got), 0);
	assert_ptr_not_equal(got.gateways, gateways);
	assert_memory_equal(got.gateways, gateways, sizeof(gateways));
	got.gateways = gateways;
	assert_memory_equal(&got, &filter, sizeof(filter));
	assert_int_equal(dp_group_set(b.dp, GROUP, &group), 0);
	assert_int_equal(dp_group_get(b.dp, GROUP, &got_group), 0);
	assert_memory_equal(&got_group, &group, sizeof(group));
	/* of no length of its family, or one that nobody may have */
	gateways[1].length = 33;
	assert_int_equal(dp_filter_set(b.dp, FILTER, &filter), CV_ERR_CONFIG);
	gateways[1] = (struct cv_prefix){.ip = {.family = CV_IPV6}, .length = 64};
	assert_int_equal(dp_filter_set(b.dp, FILTER, &filter), CV_ERR_CONFIG);
	filter.gateway_count = 1;
	filter.rule_count = DP_MAX_RULES + 1;
	assert_int_equal(dp_filter_set(b.dp, FILTER, &filter), CV_ERR_CONFIG);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_names_a_filter_and_a_group_apart),
		cmocka_unit_test(without_its_filter_or_group_nothing_of_a_session_passes),
		cmocka_unit_test(what_was_set_can_be_had_back),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
