/* SPDX-License-Identifier: BSD-3-Clause */
/* Rates: the meter against DPDK's own and under two threads, then of sessions and groups. */
#include <pthread.h>

#include <rte_meter.h>

#include "harness.h"

enum { HZ = 1000 * 1000 * 1000, LEN = 1000, GROUP = 7, FILTER = GROUP_A };

static uint64_t
random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> 32;
}

static struct cv_rate
rate(const char *text)
{
	struct cv_rate r;

	assert_null(cv_rate_parse(text, &r));
	return r;
}

/* ---- the meter ---- */

/* RFC 2698 by DPDK, which is no more exact than its period, on the same packets: what each colour
 * gets differs by less than a burst's grain. */
static void
colours_are_those_of_rte_meter(void **state)
{
	static const char *const rates[] = {"1Mbit/2Mbit 20kB/40kB", "10Mbit",
		"64kbit/1Gbit 10kB/1MB", "100Mbit/101Mbit 10kB/10kB", "1Gbit/2Gbit 100kB/100kB"};
	uint64_t random = 20261125;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(rates); i++) {
		struct cv_rate r = rate(rates[i]);
		struct rte_meter_trtcm_params params = {.cir = r.committed * UINT64_C(125),
			.pir = r.peak * UINT64_C(125),
			.cbs = r.committed_burst,
			.pbs = r.peak_burst};
		struct rte_meter_trtcm_profile profile;
		struct rte_meter_trtcm theirs;
		struct dp_meter ours = {0};
		uint64_t got[3] = {0}, want[3] = {0}, now = rte_rdtsc(), all = 0;
		uint64_t hz = rte_get_tsc_hz(), gap = hz * LEN / (r.peak * UINT64_C(125));

		assert_int_equal(rte_meter_trtcm_profile_config(&profile, &params), 0);
		assert_int_equal(rte_meter_trtcm_config(&theirs, &profile), 0);
		theirs.time_tc = theirs.time_tp = now;
		dp_meter_write(&ours, &r, hz);
		for (unsigned n = 0; n < 200000; n++) {
			uint32_t len = 40 + (uint32_t)(random_next(&random) % 1460);

			/* at, below and above the peak rate in turn */
			now += random_next(&random) % (gap * (1 + n / 20000 % 5) + 1);
			got[dp_meter_take(&ours, now << DP_TICKS_SHIFT, len)] += len;
			want[rte_meter_trtcm_color_blind_check(&theirs, &profile, now, len)] += len;
			all += len;
		}
		for (unsigned colour = 0; colour < 3; colour++) {
			uint64_t off = got[colour] > want[colour] ? got[colour] - want[colour]
								  : want[colour] - got[colour];

			if (off > all / 100)
				fail_msg("%s: colour %u has %lu bytes, by rte_meter %lu", rates[i],
					colour, (unsigned long)got[colour],
					(unsigned long)want[colour]);
		}
		assert_true(got[DP_RED] > all / 50);
		assert_true(got[DP_GREEN] > 0);
	}
}

/* Exactly a burst at once, then exactly the rate; a long pause gives a burst, and no more. */
static void
a_bucket_is_exact(void **state)
{
	struct cv_rate r = rate("8kbit 10kB"); /* 1,000 bytes a second */
	struct dp_meter m = {0};
	uint64_t second = (uint64_t)HZ << DP_TICKS_SHIFT, now = 5 * second;

	(void)state;
	dp_meter_write(&m, &r, HZ);
	for (unsigned turn = 0; turn < 2; turn++) {
		for (unsigned i = 0; i < 10; i++)
			assert_int_equal(dp_meter_take(&m, now, LEN), DP_GREEN);
		assert_int_equal(dp_meter_take(&m, now, 1), DP_RED);
		assert_int_equal(dp_meter_take(&m, now + second / 2, LEN), DP_RED);
		now += second;
		assert_int_equal(dp_meter_take(&m, now, LEN), DP_GREEN);
		assert_int_equal(dp_meter_take(&m, now, 1), DP_RED);
		now += 1000000 * second;
	}
	/* the largest rate and the longest packet overflow nothing */
	r = rate("400Gbit 100MB");
	dp_meter_write(&m, &r, UINT64_C(5000000000));
	assert_int_equal(dp_meter_take(&m, now, UINT16_MAX), DP_GREEN);
	r = rate("8kbit 100MB");
	dp_meter_write(&m, &r, UINT64_C(5000000000));
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(dp_meter_take(&m, now, UINT16_MAX), DP_GREEN);
	r = rate("none");
	dp_meter_write(&m, &r, HZ);
	for (unsigned i = 0; i < 10000; i++)
		assert_int_equal(dp_meter_take(&m, now, UINT16_MAX), DP_GREEN);
}

static struct dp_meter one;
static pthread_barrier_t together;

static void *
take_many(void *passed)
{
	pthread_barrier_wait(&together);
	for (unsigned i = 0; i < 2000000; i++)
		*(uint64_t *)passed += dp_meter_take(&one, 1 << 20, 50) == DP_GREEN;
	return NULL;
}

/* What two workers get of one meter is what one would get. */
static void
workers_share_a_meter_exactly(void **state)
{
	struct cv_rate r = rate("8kbit 100MB");
	uint64_t passed[2] = {0};
	pthread_t threads[2];

	(void)state;
	one = (struct dp_meter){0};
	dp_meter_write(&one, &r, HZ);
	pthread_barrier_init(&together, NULL, 2);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_many, &passed[i]), 0);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&together);
	assert_int_equal(passed[0] + passed[1], 2000000);
}

/* ---- sessions and groups ---- */

/* So many packets of LEN bytes from A to B; how many B got. */
static unsigned
relay(struct bench *b, unsigned n)
{
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct wire wire = {0};
	unsigned arrived = 0;

	inner_packet(packet, INNER_A, INNER_B, WIRE_ESP, LEN);
	for (unsigned i = 0; i < n; i++) {
		uint64_t before = edges(b, DP_EDGE_EGRESS_TX);

		put_data(b, true, &wire, packet, LEN);
		if (edges(b, DP_EDGE_EGRESS_TX) == before)
			continue;
		assert_int_equal(take_inner(b, false, got), LEN);
		arrived++;
	}
	return arrived;
}

static void
in_group(struct bench *b, uint32_t slot, uint32_t address)
{
	struct session_ip ip = {.address = cv_ipv4(address), .group = GROUP, .filter = FILTER};

	assert_int_equal(session_open(b->dp, slot, &ip), 0);
}

static void
set_group(struct bench *b, const struct cv_rates *each, const struct cv_rates *shared)
{
	struct dp_group group = {.lns = cv_ipv4(INNER_LNS), .clients_reachable = true};

	if (each != NULL)
		group.each = *each;
	if (shared != NULL)
		group.shared = *shared;
	assert_int_equal(dp_group_set(b->dp, GROUP, &group), 0);
}

static void
what_a_session_sends_has_a_rate(void **state)
{
	struct cv_rates rates = {.in = rate("8kbit/16kbit 10kB/12kB")}, got;
	struct dp_rated rated;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	assert_false(dp_session_rated(b.dp, b.slot_a, &rated));
	assert_int_equal(dp_session_rates_set(b.dp, b.slot_a, &rates), 0);
	assert_int_equal(relay(&b, 20), 12);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_RATE), 8);
	assert_true(dp_session_rated(b.dp, b.slot_a, &rated));
	assert_int_equal(rated.in.red, 8);
	assert_int_equal(rated.in.yellow, 2);
	assert_int_equal(rated.out.red + rated.out.yellow + rated.in.shared_red, 0);
	assert_true(cv_rate_equal(&rated.rates.in, &rates.in));
	assert_int_equal(dp_session_rates_get(b.dp, b.slot_a, &got), 0);
	assert_true(cv_rates_equal(&got, &rates));
	/* what it gets has none */
	assert_false(dp_session_rated(b.dp, b.slot_b, &rated));
	/* and no more, under traffic; it keeps what it counted */
	rates.in = rate("none");
	assert_int_equal(dp_session_rates_set(b.dp, b.slot_a, &rates), 0);
	assert_int_equal(relay(&b, 20), 20);
	assert_true(dp_session_rated(b.dp, b.slot_a, &rated));
	assert_int_equal(rated.in.red, 8);
	bench_down(&b);
}

static void
what_is_sent_to_a_session_has_a_rate(void **state)
{
	struct cv_rates rates = {.out = rate("8kbit 10kB")};
	struct dp_rated rated;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_session_rates_set(b.dp, b.slot_b, &rates), 0);
	assert_int_equal(relay(&b, 15), 10);
	assert_int_equal(drops(&b, DP_DROP_EGRESS_RATE), 5);
	assert_true(dp_session_rated(b.dp, b.slot_b, &rated));
	assert_int_equal(rated.out.red, 5);
	assert_int_equal(rated.out.yellow, 0);
	assert_int_equal(dp_session_rates_set(b.dp, UINT32_MAX, &rates), CV_ERR_UNKNOWN);
	bench_down(&b);
}

/* For each of its sessions alike, but for one that has its own. */
static void
a_group_has_rates_for_each_session(void **state)
{
	struct cv_rates each = {.in = rate("8kbit 10kB")}, own = {.in = rate("8kbit 13kB")};
	struct dp_rated rated;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	set_group(&b, NULL, NULL);
	in_group(&b, b.slot_a, INNER_A);
	assert_int_equal(relay(&b, 15), 15);
	/* it changes under the session, and so it does when the session's own do */
	set_group(&b, &each, NULL);
	assert_int_equal(relay(&b, 15), 10);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_RATE), 5);
	assert_int_equal(dp_session_rates_set(b.dp, b.slot_a, &own), 0);
	assert_int_equal(relay(&b, 15), 3);
	/* another group: without */
	own.in.committed = 0;
	assert_int_equal(dp_session_rates_set(b.dp, b.slot_a, &own), 0);
	assert_int_equal(relay(&b, 5), 0);
	assert_int_equal(
		session_open(b.dp, b.slot_a,
			&(struct session_ip){
				.address = cv_ipv4(INNER_A), .group = GROUP_A, .filter = FILTER}),
		0);
	assert_int_equal(relay(&b, 15), 15);
	/* back: it has it at once; and not when the group has it no more */
	in_group(&b, b.slot_a, INNER_A);
	assert_int_equal(relay(&b, 5), 0);
	set_group(&b, NULL, NULL);
	assert_int_equal(relay(&b, 15), 15);
	assert_true(dp_session_rated(b.dp, b.slot_a, &rated));
	assert_int_equal(rated.in.red, 5 + 12 + 5 + 5);
	bench_down(&b);
}

/* All that its sessions send together, and all that is sent to them. */
static void
a_group_has_rates_together(void **state)
{
	struct cv_rates shared = {.in = rate("8kbit/16kbit 20kB/22kB")};
	struct dp_rated of_a, of_b;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	set_group(&b, NULL, &shared);
	in_group(&b, b.slot_a, INNER_A);
	in_group(&b, b.slot_b, INNER_B);
	assert_int_equal(relay(&b, 30), 22);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_GROUP_RATE), 8);
	assert_true(dp_session_rated(b.dp, b.slot_a, &of_a));
	assert_true(dp_session_rated(b.dp, b.slot_b, &of_b));
	assert_int_equal(of_a.in.shared_red, 8);
	assert_int_equal(of_a.in.shared_yellow, 2);
	assert_int_equal(of_b.in.shared_red, 0);
	/* another key of the group changes nothing of it; out is one of its own */
	shared.out = rate("8kbit 10kB");
	set_group(&b, NULL, &shared);
	assert_int_equal(relay(&b, 3), 0);
	shared.in = rate("none");
	set_group(&b, NULL, &shared);
	assert_int_equal(relay(&b, 15), 10);
	assert_int_equal(drops(&b, DP_DROP_EGRESS_GROUP_RATE), 5);
	assert_true(dp_session_rated(b.dp, b.slot_b, &of_b));
	assert_int_equal(of_b.out.shared_red, 5);
	bench_down(&b);
}

/* Who has used up a burst of a slow rate waits for the faster one that he gets, not for the old
 * one: 10 kB of 8 kbit are ten seconds, of 1 Gbit a tenth of a millisecond. */
static void
a_faster_rate_is_had_at_once(void **state)
{
	struct cv_rates slow = {.in = rate("8kbit 10kB")}, fast = {.in = rate("1Gbit 10kB")},
			shared = {.in = rate("8kbit 10kB")};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_session_rates_set(b.dp, b.slot_a, &slow), 0);
	assert_int_equal(relay(&b, 15), 10);
	assert_int_equal(dp_session_rates_set(b.dp, b.slot_a, &fast), 0);
	rte_delay_us_sleep(1000);
	assert_int_equal(relay(&b, 10), 10);
	fast.in.committed = 0;
	assert_int_equal(dp_session_rates_set(b.dp, b.slot_a, &fast), 0);
	/* and so it is with a group's */
	set_group(&b, NULL, &shared);
	in_group(&b, b.slot_a, INNER_A);
	assert_int_equal(relay(&b, 15), 10);
	shared.in = rate("1Gbit 10kB");
	set_group(&b, NULL, &shared);
	rte_delay_us_sleep(1000);
	assert_int_equal(relay(&b, 10), 10);
	bench_down(&b);
}

/* A session that comes into the slot of one that had rates has none. */
static void
rates_go_with_their_session(void **state)
{
	struct cv_rates rates = {.in = rate("8kbit 10kB")};
	struct dp_rated rated;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_session_rates_set(b.dp, b.slot_a, &rates), 0);
	assert_int_equal(relay(&b, 12), 10);
	assert_int_equal(dp_session_clear(b.dp, b.slot_a, NULL), 0);
	assert_int_equal(dp_session_rates_get(b.dp, b.slot_a, &rates), CV_ERR_UNKNOWN);
	assert_int_equal(bench_session(&b, true, 0), b.slot_a);
	assert_false(dp_session_rated(b.dp, b.slot_a, &rated));
	assert_int_equal(relay(&b, 15), 15);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(colours_are_those_of_rte_meter),
		cmocka_unit_test(a_bucket_is_exact),
		cmocka_unit_test(workers_share_a_meter_exactly),
		cmocka_unit_test(what_a_session_sends_has_a_rate),
		cmocka_unit_test(what_is_sent_to_a_session_has_a_rate),
		cmocka_unit_test(a_group_has_rates_for_each_session),
		cmocka_unit_test(a_group_has_rates_together),
		cmocka_unit_test(a_faster_rate_is_had_at_once),
		cmocka_unit_test(rates_go_with_their_session),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
