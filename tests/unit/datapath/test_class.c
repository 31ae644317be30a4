/* SPDX-License-Identifier: BSD-3-Clause */
/* What a filter says of a class is what its gateways say of each address that is of it. */
#include "inner6.h"

#include "datapath/worker/permit.h"

enum { FILTERS = 24, FIRST = 100, PREFIXES = 1024, ADDRESSES = 20000 };

static uint64_t number = 88172645463325252u;

static uint32_t
next(uint32_t below)
{
	return random_below(&number, below);
}

static struct cv_prefix gateways[FILTERS][PREFIXES];
static unsigned counts[FILTERS];

/* Addresses close to each other, so that prefixes meet, lie in each other, and touch. */
static uint32_t
address(void)
{
	static const uint32_t odd[] = {0, UINT32_MAX, 0x0a580000, 0x0a57ffff, 0x0a58ffff};

	return next(50) == 0 ? odd[next(RTE_DIM(odd))] : UINT32_C(0x0a580000) + next(16384);
}

/* Of either family. */
static void
tell_filter(struct dp *dp, unsigned f, unsigned n)
{
	struct dp_filter filter = {
		.kind = DP_FILTER_ANY, .gateways = gateways[f], .gateway_count = (uint16_t)n};

	counts[f] = n;
	assert_int_equal(dp_filter_set(dp, (uint16_t)(FIRST + f), &filter), 0);
}

static void
set_filter(struct dp *dp, unsigned f, unsigned n, unsigned shortest)
{
	for (unsigned i = 0; i < n; i++) {
		uint8_t length = shortest < 31 && next(40) == 0
					 ? (uint8_t)next(33)
					 : (uint8_t)(shortest + next(33 - shortest));
		uint32_t mask = length == 0 ? 0 : UINT32_MAX << (32 - length);

		gateways[f][i] = (struct cv_prefix){cv_ipv4(address() & mask), length};
	}
	tell_filter(dp, f, n);
}

static bool
is_gateway(unsigned f, const struct cv_ip *ip)
{
	for (unsigned i = 0; i < counts[f]; i++)
		if (cv_prefix_contains(&gateways[f][i], ip))
			return true;
	return false;
}

static void
settle(struct bench *b)
{
	for (unsigned i = 0; i < 10 && dp_classes_pending(b->dp); i++)
		dp_control_poll(b->dp, b->now);
	assert_false(dp_classes_pending(b->dp));
}

/* How many addresses have a class; those that have one are reached as they should be. */
static unsigned
compare(struct bench *b)
{
	unsigned known = 0;

	for (unsigned i = 0; i < ADDRESSES; i++) {
		uint32_t at = address();
		uint16_t class = dp_class_of(b->dp, wire_swap32(at));
		struct cv_ip ip = cv_ipv4(at);

		if (class == DP_CLASS_UNKNOWN)
			continue;
		known++;
		for (unsigned f = 0; f < FILTERS; f++)
			if (dp_filter_of(b->dp, (uint16_t)(FIRST + f)) != NULL)
				assert_int_equal(
					dp_class_reached(
						dp_filter_of(b->dp, (uint16_t)(FIRST + f)), class),
					is_gateway(f, &ip));
	}
	return known;
}

static void
classes_say_what_gateways_say(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_class_of(b.dp, 0), DP_CLASS_UNKNOWN);
	for (unsigned f = 0; f < FILTERS; f++)
		set_filter(b.dp, f, f < 4 ? f : next(20), 24);
	settle(&b);
	assert_int_equal(compare(&b), ADDRESSES);
	/* more changes than there are generations */
	for (unsigned round = 0; round < 40; round++) {
		unsigned f = next(FILTERS);

		set_filter(b.dp, f, next(30), 24);
		/* until they are numbered anew, what the filter says is of no class */
		assert_false(dp_class_reached(dp_filter_of(b.dp, (uint16_t)(FIRST + f)),
			dp_class_of(b.dp, wire_swap32(address()))));
		settle(&b);
		assert_int_equal(compare(&b), ADDRESSES);
	}
	/* more different sets than there are classes: the rest is not known, and nothing is wrong
	 */
	for (unsigned f = 0; f < FILTERS; f++)
		set_filter(b.dp, f, PREFIXES, 31);
	settle(&b);
	assert_in_range(compare(&b), 1, ADDRESSES - 1);
	for (unsigned f = 0; f < FILTERS; f++)
		dp_filter_clear(b.dp, (uint16_t)(FIRST + f));
	settle(&b);
	assert_int_equal(compare(&b), 0);
	bench_down(&b);
}

/* A and B are isolated, and B is a gateway of A's filter among many. */
static void
use_gateways(struct bench *b, bool with_b)
{
	static struct cv_prefix many[PREFIXES];
	struct policy apart = {
		.kind = DP_FILTER_IPSEC, .gateways = many, .gateway_count = PREFIXES};
	struct policy plain = {.kind = DP_FILTER_IPSEC};

	for (unsigned i = 0; i < PREFIXES; i++)
		many[i] = (struct cv_prefix){cv_ipv4(0x64000000 + 2 * i), 32};
	if (with_b)
		many[PREFIXES / 2] = (struct cv_prefix){cv_ipv4(INNER_B), 32};
	assert_int_equal(set_policy(b->dp, GROUP_A, &apart), 0);
	assert_int_equal(set_policy(b->dp, GROUP_B, &plain), 0);
}

/* 2001:db8::/48 and what is around it: 65,536 /64s. */
static uint64_t
net6(void)
{
	static const uint64_t odd[] = {UINT64_C(0x20010db800010000), UINT64_C(0x20010db7ffffffff),
		UINT64_C(0xfdffffffffffffff), UINT64_C(0x2000000000000000)};

	return next(50) == 0 ? odd[next(RTE_DIM(odd))] : UINT64_C(0x20010db800000000) + next(2048);
}

static void
put_net(struct cv_ip *ip, uint64_t net)
{
	uint64_t net_be = rte_cpu_to_be_64(net);

	memcpy(ip->bytes, &net_be, sizeof(net_be));
}

/* Lengths from the shortest on, some beyond 64; now and then all there is. */
static void
set_filter6(struct dp *dp, unsigned f, unsigned n, unsigned shortest, bool hosts)
{
	for (unsigned i = 0; i < n; i++) {
		uint8_t length = (uint8_t)(shortest + next(65 - shortest));
		uint64_t net;

		if (hosts && next(4) == 0)
			length = (uint8_t)(65 + next(64));
		net = length == 0 ? 0 : net6() & UINT64_MAX << (length < 64 ? 64 - length : 0);
		gateways[f][i] = (struct cv_prefix){.ip = {.family = CV_IPV6}, .length = length};
		put_net(&gateways[f][i].ip, net);
	}
	tell_filter(dp, f, n);
}

/* How many /64s have a class; those that have one are reached as they should be, wholly. */
static unsigned
compare6(struct bench *b)
{
	unsigned known = 0;

	for (unsigned i = 0; i < ADDRESSES / 4; i++) {
		uint64_t net = net6();
		uint16_t class = dp_class6_of(b->dp, net);
		struct cv_ip ip = {.family = CV_IPV6};

		put_net(&ip, net);
		if (class == DP_CLASS_UNKNOWN)
			continue;
		known++;
		for (unsigned f = 0; f < FILTERS; f++) {
			bool reached = dp_reach_has(
				dp_filter_of(b->dp, (uint16_t)(FIRST + f))->reach6, class);

			for (unsigned end = 0; end < 2; end++) {
				memset(ip.bytes + 8, end == 0 ? 0 : 0xff, 8);
				assert_int_equal(reached, is_gateway(f, &ip));
			}
		}
	}
	return known;
}

static void
classes_of_networks_say_what_gateways_say(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_class6_of(b.dp, 0), DP_CLASS_UNKNOWN);
	for (unsigned f = 0; f < FILTERS; f++)
		set_filter6(b.dp, f, 1 + next(20), f == 0 ? 0 : 52, false);
	settle(&b);
	assert_int_equal(compare6(&b), ADDRESSES / 4);
	for (unsigned round = 0; round < 40; round++) {
		unsigned f = next(FILTERS);

		set_filter6(b.dp, f, 1 + next(30), 56, false);
		assert_false(dp_reach_has(dp_filter_of(b.dp, (uint16_t)(FIRST + f))->reach6,
			dp_class6_of(b.dp, net6())));
		settle(&b);
		assert_int_equal(compare6(&b), ADDRESSES / 4);
	}
	/* what is a gateway's in part has no class */
	for (unsigned f = 0; f < FILTERS; f++)
		set_filter6(b.dp, f, 1 + next(20), 56, true);
	settle(&b);
	assert_in_range(compare6(&b), ADDRESSES / 8, ADDRESSES / 4 - 1);
	bench_down(&b);
}

/* Whether the fast way leaves a packet to the stages. */
static unsigned
leaves(struct bench *b, bool from_a, const struct wire *wire, const uint8_t *packet, size_t bytes)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(b->dp->pool);
	uint8_t frame[FRAME_MAX];
	size_t len = build_data(b, from_a, wire, packet, bytes, frame);
	unsigned n;

	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
	n = dp_fast(b->dp->workers[0], 0, &m, 1);
	if (n != 0)
		rte_pktmbuf_free(m);
	dp_tx_flush(b->dp->workers[0]);
	take_frame(b);
	return n;
}

static unsigned
left(struct bench *b, bool from_a)
{
	uint8_t packet[FRAME_MAX];
	size_t len = inner_packet(
		packet, from_a ? INNER_A : INNER_B, from_a ? INNER_B : INNER_A, WIRE_ESP, 100);

	return leaves(b, from_a, &(struct wire){0}, packet, len);
}

static unsigned
left6(struct bench *b, const char *from, const char *to)
{
	uint8_t packet[FRAME_MAX];
	size_t len = packet6(packet, from, to, WIRE_ESP, 100);

	return leaves(b, from[9] == 'a', &(struct wire){.protocol = WIRE_PPP_IPV6}, packet, len);
}

static void
gateways_of_ipv6_go_the_fast_way(void **state)
{
	static struct cv_prefix many[PREFIXES];
	struct policy apart = {
		.kind = DP_FILTER_IPSEC, .gateways = many, .gateway_count = PREFIXES};
	struct policy plain = {.kind = DP_FILTER_IPSEC};
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	for (unsigned i = 0; i < PREFIXES; i++) {
		many[i] = prefix6("2001:db8:c::/64");
		wire_put16(many[i].ip.bytes + 6, (uint16_t)(2 * i));
	}
	many[PREFIXES / 2] = prefix6("2001:db8:b:b::/64");
	policy6(&b, GROUP_A, &apart);
	policy6(&b, GROUP_B, &plain);
	assert_int_equal(left6(&b, A_6, B_6), 1);
	settle(&b);
	assert_int_equal(left6(&b, A_6, B_6), 0);
	assert_int_equal(left6(&b, B_6, A_6), 0);
	/* from what A was delegated, to B's link */
	assert_int_equal(left6(&b, "2001:db8:a:100::1", B_6), 0);
	/* A's link is one of B's gateways, and what A was delegated is not known */
	many[0] = prefix6(LINK_A);
	policy6(&b, GROUP_A, &plain);
	policy6(&b, GROUP_B, &apart);
	settle(&b);
	assert_int_equal(left6(&b, B_6, A_6), 0);
	assert_int_equal(left6(&b, B_6, "2001:db8:a:100::1"), 1);
	/* a part of B's link: the stages look */
	many[PREFIXES / 2] = prefix6("2001:db8:b:b::/96");
	policy6(&b, GROUP_A, &apart);
	policy6(&b, GROUP_B, &plain);
	settle(&b);
	assert_int_equal(left6(&b, A_6, B_6), 1);
	bench_down(&b);
}

static void
gateways_go_the_fast_way(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	use_gateways(&b, true);
	assert_int_equal(left(&b, true), 1);
	settle(&b);
	assert_int_equal(left(&b, true), 0);
	assert_int_equal(left(&b, false), 0);
	use_gateways(&b, false);
	settle(&b);
	assert_int_equal(left(&b, true), 1);
	assert_int_equal(left(&b, false), 1);
	/* a session that comes later */
	use_gateways(&b, true);
	settle(&b);
	assert_true(dp_session_clear(b.dp, b.slot_b, NULL) >= 0);
	b.slot_b = bench_session(&b, false, 0);
	assert_int_equal(left(&b, false), 0);
	bench_down(&b);
}

/* Where there are many sessions, the last ones get their new class later; however often filters
 * change in the meantime, what they had before says nothing. */
static void
classes_of_before_say_nothing(void **state)
{
	enum { GENERATIONS = 15, A_ROUND = 16384 };
	struct bench b;

	(void)state;
	bench_up_for(&b, 100000, 0, 0);
	assert_in_range(b.slot_b, A_ROUND, b.dp->slot_mask);
	use_gateways(&b, true);
	while (dp_classes_pending(b.dp))
		dp_control_poll(b.dp, b.now);
	assert_int_equal(left(&b, true), 0);
	for (unsigned i = 0; i < 2 * GENERATIONS; i++) {
		use_gateways(&b, false);
		dp_control_poll(b.dp, b.now);
		assert_int_equal(left(&b, true), 1);
	}
	use_gateways(&b, true);
	while (dp_classes_pending(b.dp))
		dp_control_poll(b.dp, b.now);
	assert_int_equal(left(&b, true), 0);
	bench_down(&b);
}

/* Gateways are the filter's, and nothing of a session passes without its group. */
static void
nobody_reaches_gateways_without_a_group(void **state)
{
	struct dp_group group;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	use_gateways(&b, true);
	settle(&b);
	for (uint16_t id = GROUP_A; id <= GROUP_B; id++) {
		assert_int_equal(dp_group_get(b.dp, id, &group), 0);
		dp_group_clear(b.dp, id);
		assert_int_equal(left(&b, true), 1);
		assert_int_equal(left(&b, false), 1);
		assert_int_equal(dp_group_set(b.dp, id, &group), 0);
		assert_int_equal(left(&b, true), 0);
	}
	bench_down(&b);
}

/* Whatever is known of classes, the stages say the same. */
static void
stages_search_ranges(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	b.dp->workers[0]->stages_only = true;
	use_gateways(&b, true);
	inner_packet(packet, INNER_A, INNER_B, WIRE_ESP, 100);
	put_data(&b, true, &wire, packet, 100);
	assert_int_equal(take_inner(&b, false, packet), 100);
	use_gateways(&b, false);
	inner_packet(packet, INNER_A, INNER_B, WIRE_ESP, 100);
	put_data(&b, true, &wire, packet, 100);
	assert_int_equal(drops(&b, DP_DROP_POLICY_ISOLATED), 1);
	take_frame(&b);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes_say_what_gateways_say),
		cmocka_unit_test(classes_of_networks_say_what_gateways_say),
		cmocka_unit_test(gateways_go_the_fast_way),
		cmocka_unit_test(gateways_of_ipv6_go_the_fast_way),
		cmocka_unit_test(classes_of_before_say_nothing),
		cmocka_unit_test(nobody_reaches_gateways_without_a_group),
		cmocka_unit_test(stages_search_ranges),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
