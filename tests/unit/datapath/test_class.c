/* SPDX-License-Identifier: BSD-3-Clause */
/* What a filter says of a class is what its gateways say of each address that is of it. */
#include "harness.h"

#include "datapath/worker/permit.h"

enum { FILTERS = 24, FIRST = 100, PREFIXES = 1024, ADDRESSES = 20000 };

static uint64_t number = 88172645463325252u;

static uint32_t
next(uint32_t below)
{
	number ^= number << 13;
	number ^= number >> 7;
	number ^= number << 17;
	return (uint32_t)((number >> 32) * below >> 32);
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

static void
set_filter(struct dp *dp, unsigned f, unsigned n, unsigned shortest)
{
	struct dp_filter filter = {
		.kind = DP_FILTER_ANY, .gateways = gateways[f], .gateway_count = (uint16_t)n};

	counts[f] = n;
	for (unsigned i = 0; i < n; i++) {
		uint8_t length = shortest < 31 && next(40) == 0
					 ? (uint8_t)next(33)
					 : (uint8_t)(shortest + next(33 - shortest));
		uint32_t mask = length == 0 ? 0 : UINT32_MAX << (32 - length);

		gateways[f][i] = (struct cv_prefix){cv_ipv4(address() & mask), length};
	}
	assert_int_equal(dp_filter_set(dp, (uint16_t)(FIRST + f), &filter), 0);
}

static bool
is_gateway(unsigned f, uint32_t ip)
{
	struct cv_ip one = cv_ipv4(ip);

	for (unsigned i = 0; i < counts[f]; i++)
		if (cv_prefix_contains(&gateways[f][i], &one))
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
		uint32_t ip = address();
		uint16_t class = dp_class_of(b->dp, wire_swap32(ip));

		if (class == DP_CLASS_UNKNOWN)
			continue;
		known++;
		for (unsigned f = 0; f < FILTERS; f++)
			if (dp_filter_of(b->dp, (uint16_t)(FIRST + f)) != NULL)
				assert_int_equal(
					dp_class_reached(
						dp_filter_of(b->dp, (uint16_t)(FIRST + f)), class),
					is_gateway(f, ip));
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

/* Frames of a burst from A to B that the fast way leaves to the stages. */
static unsigned
left(struct bench *b, bool from_a)
{
	uint8_t packet[FRAME_MAX], bytes[FRAME_MAX];
	struct wire wire = {0};
	struct rte_mbuf *m = rte_pktmbuf_alloc(b->dp->pool);
	size_t len;
	unsigned n;

	assert_non_null(m);
	inner_packet(packet, from_a ? INNER_A : INNER_B, from_a ? INNER_B : INNER_A, WIRE_ESP, 100);
	len = build_data(b, from_a, &wire, packet, 100, bytes);
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), bytes, len);
	n = dp_fast(b->dp->workers[0], 0, &m, 1);
	if (n != 0)
		rte_pktmbuf_free(m);
	dp_tx_flush(b->dp->workers[0]);
	take_frame(b);
	return n;
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
		cmocka_unit_test(gateways_go_the_fast_way),
		cmocka_unit_test(stages_search_ranges),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
