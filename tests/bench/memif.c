/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets a second on a memif port beside DPDK's own loop on the same port, and how long they take
 * at half and at nine tenths of that. */
#include <math.h>
#include <stdio.h>

#include <rte_common.h>
#include <rte_cycles.h>

#include "bench.h"
#include "pair.h"

enum { TURNS = 3, SPAN_MS = 10, INNER_64 = 116, LATENCY_MOST = 1000000, LATENCY_SESSIONS = 1000 };

/* IMIX: 7, 4 and 1 of inner packets of 64, 576 and 1,400 bytes. */
static const uint16_t small[] = {INNER_64};
static const uint16_t imix[] = {116, 628, 116, 628, 116, 1452, 116, 628, 116, 628, 116, 116};

static unsigned
spans(void)
{
	static const unsigned n[] = {[BENCH_BRIEF] = 1, [BENCH_QUICK] = 12, [BENCH_WHOLE] = 60};

	return n[bench_extent()];
}

static void
add(const char *name, uint64_t sessions, uint32_t frame, double value, double goal,
	const char *limit)
{
	struct bench_row row = {.sessions = sessions,
		.frame_bytes = frame,
		.value = value,
		.p10 = NAN,
		.goal = goal,
		.why = "two CPUs are needed"};

	snprintf(row.name, sizeof(row.name), "%s", name);
	snprintf(row.limit_of, sizeof(row.limit_of), "%s", limit);
	if (bench_wanted(name))
		bench_add(&row);
}

/* Whoever is measured always has more to take than it takes; else the figure is the other end's. */
static int
run_full(struct pair *w, pair_round *round, const char *name, struct bench_samples *samples)
{
	if (pair_run(w, round, 0, spans(), SPAN_MS, samples) != 0)
		return -1;
	if (w->feeder.refused < w->feeder.sent / 100)
		bench_progress("%s: the other end could send no more: it may be faster", name);
	return 0;
}

/* Both in turns. */
static int
compare(struct pair *w, const char *names[2], double *relay, double *macswap)
{
	struct bench_samples a, b;
	int rc = 0;

	if (bench_samples_new(&a, (size_t)TURNS * spans()) != 0 ||
		bench_samples_new(&b, (size_t)TURNS * spans()) != 0)
		return -1;
	for (unsigned turn = 0; turn < TURNS && rc == 0; turn++)
		rc = run_full(w, pair_macswap, names[1], &b) != 0 ||
				     run_full(w, pair_relay, names[0], &a) != 0
			     ? -1
			     : 0;
	*relay = bench_quantile(&a, 0.5);
	*macswap = bench_quantile(&b, 0.5);
	bench_samples_free(&a);
	bench_samples_free(&b);
	return rc;
}

static int
measure_rates(struct pair *w, bool mixed, double *relay)
{
	const char *names[] = {mixed ? "relay.memif.imix" : "relay.memif",
		mixed ? "macswap.memif.imix" : "macswap.memif"};
	uint64_t sessions = w->population.sessions;
	uint32_t frame = mixed ? 0 : INNER_64;
	double macswap;

	pair_fill(w, mixed ? imix : small, mixed ? RTE_DIM(imix) : RTE_DIM(small));
	if (compare(w, names, relay, &macswap) != 0)
		return -1;
	add(names[0], sessions, frame, *relay / 1e6, macswap * 0.75 / 1e6, names[1]);
	add(names[1], sessions, frame, macswap / 1e6, NAN, "");
	return 0;
}

static const struct {
	double load;
	const char *names[3];
} latencies[] = {
	{0.5, {"latency.p50", "latency.p99", "latency.p999"}},
	{0.9, {"latency.p50.load90", "latency.p99.load90", "latency.p999.load90"}},
};
static const double quantiles[] = {0.5, 0.99, 0.999};

static int
measure_latency(struct pair *w, double most)
{
	struct feeder *f = &w->feeder;
	struct bench_samples rates;
	uint64_t due; /* what found no room never left, and has no time */

	pair_fill(w, small, RTE_DIM(small));
	f->stamped = true;
	if (bench_samples_new(&rates, (size_t)TURNS * spans()) != 0 ||
		bench_samples_new(&f->latency, LATENCY_MOST) != 0)
		return -1;
	for (size_t i = 0; i < RTE_DIM(latencies); i++) {
		rates.n = 0;
		if (pair_run(w, pair_relay, most * latencies[i].load, TURNS * spans(), SPAN_MS,
			    &rates) != 0)
			return -1;
		due = f->sent + f->refused;
		if (f->received < due - due / 1000)
			bench_progress("latency at %.0f %%: %.2f %% of the packets were lost",
				latencies[i].load * 100,
				100 - 100 * (double)f->received / (double)due);
		for (size_t k = 0; k < RTE_DIM(quantiles); k++)
			add(latencies[i].names[k], w->population.sessions, INNER_64,
				bench_quantile(&f->latency, quantiles[k]) * 1e6 /
					(double)rte_get_tsc_hz(),
				NAN, "");
	}
	f->stamped = false;
	bench_samples_free(&rates);
	bench_samples_free(&f->latency);
	return 0;
}

static int
measure(struct pair *w, uint64_t sessions)
{
	double most = 0, mixed;

	if (measure_rates(w, false, &most) != 0 || measure_rates(w, true, &mixed) != 0)
		return -1;
	return sessions == LATENCY_SESSIONS && bench_wanted_any("latency")
		       ? measure_latency(w, most)
		       : 0;
}

static void
add_nothing(uint64_t sessions)
{
	for (unsigned mixed = 0; mixed < 2; mixed++) {
		add(mixed ? "relay.memif.imix" : "relay.memif", sessions, mixed ? 0 : INNER_64, NAN,
			NAN, "");
		add(mixed ? "macswap.memif.imix" : "macswap.memif", sessions, mixed ? 0 : INNER_64,
			NAN, NAN, "");
	}
	for (size_t i = 0; i < RTE_DIM(latencies) && sessions == LATENCY_SESSIONS; i++)
		for (size_t k = 0; k < RTE_DIM(quantiles); k++)
			add(latencies[i].names[k], sessions, INNER_64, NAN, NAN, "");
}

static int
with_sessions(uint64_t sessions)
{
	const struct population population = {.sessions = sessions};
	static struct pair w;
	int rc;

	if (sessions != bench_sessions_at_most(sessions) ||
		(!bench_wanted_any("relay.memif") && !bench_wanted_any("macswap.memif") &&
			!bench_wanted_any("latency")))
		return 0;
	if (bench_machine()->cpus.n < 2) {
		add_nothing(sessions);
		return 0;
	}
	bench_progress("memif with %llu sessions", (unsigned long long)sessions);
	rc = pair_create(&w, &population);
	if (rc == 0)
		rc = measure(&w, sessions);
	pair_leave(&w);
	return rc;
}

int
bench_memif_one(void)
{
	return with_sessions(1);
}

int
bench_memif_many(void)
{
	return with_sessions(LATENCY_SESSIONS);
}
