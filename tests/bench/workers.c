/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two workers beside one: how much more they carry of the same traffic, which a device spreads over
 * their queues by the outer addresses and ports (RSS). A queue gets what it would, so of one LAC's
 * flow one queue gets all, and its worker hands a part over. What has no room there is not counted
 * as carried.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_common.h>

#include "bench.h"
#include "scene.h"
#include "team.h"
#include "workers.h"

enum { TURNS = 2, SPAN_MS = 4, WARM_UP_MS = 100, SETTLE_MS = 1200, GOAL_TENTHS = 19 };

static const struct traffic traffic = {.kind = TRAFFIC_ESP, .frame = WORKERS_FRAME};

struct spread {
	struct population population;
	unsigned workers;
	struct {
		uint64_t right, wrong;
	} __attribute__((aligned(128))) seen[TEAM_MOST];
};

/* As a device does it, if not by the same hash. */
static unsigned
rss(const struct spread *s, uint64_t index)
{
	struct dp_session session;
	uint64_t key;

	if (s->workers == 1)
		return 0;
	population_session(&s->population, index, &session);
	key = (uint64_t)cv_ipv4_value(&session.peer.ip) << 16 | session.peer.port;
	return (unsigned)(key * UINT64_C(0x9e3779b97f4a7c15) >> 40) % s->workers;
}

static unsigned
write_frame(void *context, const struct team *t, unsigned queue, uint8_t *frame)
{
	struct spread *s = context;
	uint64_t from, to;

	do
		population_pair(&s->population, &from, &to);
	while (rss(s, from) != queue);
	return traffic_write(&s->population, &traffic, t->mac, from, to, frame);
}

static void
look(void *context, unsigned queue, const uint8_t *frame, unsigned len)
{
	struct spread *s = context;

	if (traffic_right(&s->population, &traffic, frame, len, false))
		s->seen[queue].right++;
	else
		s->seen[queue].wrong++;
}

/* Many short ones: who else gets the CPU for a while spoils a few. */
static unsigned
spans(void)
{
	static const unsigned n[] = {[BENCH_BRIEF] = 2, [BENCH_QUICK] = 50, [BENCH_WHOLE] = 250};

	return n[bench_extent()];
}

static void
rest(struct team *t, unsigned ms)
{
	for (unsigned i = 0; i < ms; i++) {
		nanosleep(&(struct timespec){.tv_nsec = CV_NS_PER_MS}, NULL);
		team_poll(t);
	}
}

static int
check(const struct spread *s, const struct team *t)
{
	uint64_t right = 0, wrong = 0;

	for (unsigned i = 0; i < s->workers; i++) {
		right += s->seen[i].right;
		wrong += s->seen[i].wrong;
	}
	if (wrong == 0 && right == team_sent(t) - team_lost(t) && right != 0)
		return 0;
	bench_progress("workers: of %llu packets %llu came out right, %llu wrong, %llu had no room "
		       "at another worker",
		(unsigned long long)team_sent(t), (unsigned long long)right,
		(unsigned long long)wrong, (unsigned long long)team_lost(t));
	scene_tell_drops(t->dp);
	return -1;
}

/* Cycles a packet of the busiest worker: its inverse is what all carry together. */
static void
sample(struct team *t, struct bench_samples *samples)
{
	struct team_span span;

	rest(t, bench_extent() == BENCH_BRIEF ? SPAN_MS
		: t->workers == 1             ? WARM_UP_MS
					      : SETTLE_MS); /* sessions change hands */
	team_span(t, &span);
	for (unsigned i = 0; i < spans(); i++) {
		do {
			rest(t, SPAN_MS);
			team_span(t, &span);
		} while (span.packets == 0);
		bench_samples_put(samples,
			(double)RTE_MAX(span.busy[0], span.busy[1]) / (double)span.packets);
	}
}

static int
carry(struct spread *s, unsigned workers, struct bench_samples *samples)
{
	struct team_work work = {.write = write_frame, .look = look, .context = s, .ahead = true};
	double shares[TEAM_MOST] = {0};
	static struct team t;
	int rc;

	s->workers = workers;
	for (unsigned i = 0; i < TEAM_MOST; i++)
		s->seen[i].right = s->seen[i].wrong = 0;
	for (uint64_t i = 0; i < s->population.sessions; i++)
		shares[rss(s, i)] += 1.0 / (double)s->population.sessions;
	if (team_create(&t, &s->population, workers, shares, &work) != 0 ||
		scene_sessions(t.dp, &s->population) != 0 || team_start(&t) != 0)
		return -1;
	sample(&t, samples);
	team_finish(&t);
	rc = check(s, &t);
	team_destroy(&t);
	return rc;
}

/* How much more two carry than one, in turns. */
static int
compare(struct population *population, double *ratio)
{
	struct bench_samples one, two;
	static struct spread s;
	int rc = 0;

	if (bench_eal(true) != 0 || population_plan(population) != 0 ||
		bench_samples_new(&one, (size_t)TURNS * spans()) != 0 ||
		bench_samples_new(&two, (size_t)TURNS * spans()) != 0)
		return -1;
	s.population = *population;
	for (unsigned turn = 0; turn < TURNS && rc == 0; turn++)
		rc = carry(&s, 1, &one) != 0 || carry(&s, 2, &two) != 0 ? -1 : 0;
	*ratio = bench_quantile(&one, 0.5) / bench_quantile(&two, 0.5);
	bench_samples_free(&one);
	bench_samples_free(&two);
	population_free(population);
	return rc;
}

static void
add(const char *name, uint64_t sessions, double value, double goal, const char *why)
{
	struct bench_row row = {.sessions = sessions,
		.frame_bytes = WORKERS_FRAME,
		.value = value,
		.p10 = NAN,
		.goal = goal};

	snprintf(row.name, sizeof(row.name), "%s", name);
	snprintf(row.why, sizeof(row.why), "%s", why);
	if (strcmp(name, "workers.limit") != 0)
		snprintf(row.limit_of, sizeof(row.limit_of), "workers.limit");
	if (bench_wanted(name))
		bench_add(&row);
}

static const struct {
	const char *name;
	unsigned lacs;
	double goal; /* in tenths; 0: none */
} cases[] = {
	{"workers.two", 0, GOAL_TENTHS},
	{"workers.lac1", 1, 0},
	{"workers.lac8", 8, 0},
	{"workers.lac1000", 1000, 0},
};

static int
measure_limit(uint64_t sessions, bool can)
{
	struct population p = {.sessions = sessions};
	double ratio = NAN;

	if (!bench_wanted("workers.limit"))
		return 0;
	bench_progress("workers.limit");
	if (can && (bench_eal(true) != 0 || population_plan(&p) != 0 ||
			   workers_limit(&p, 40 * spans(), &ratio) != 0))
		return -1;
	population_free(&p);
	add("workers.limit", sessions, ratio, NAN, "two CPUs are needed");
	return 0;
}

int
bench_workers(void)
{
	uint64_t sessions = bench_sessions_at_most(WORKERS_SESSIONS);
	bool can = bench_machine()->cpus.n == TEAM_MOST;

	if (measure_limit(sessions, can) != 0)
		return -1;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct population p = {.sessions = sessions, .lacs = cases[i].lacs};
		double goal = cases[i].goal == 0 ? NAN : cases[i].goal / 10, ratio = NAN;

		if (!bench_wanted(cases[i].name))
			continue;
		bench_progress("%s", cases[i].name);
		if (can && compare(&p, &ratio) != 0)
			return -1;
		add(cases[i].name, sessions, ratio, goal, "two CPUs are needed");
	}
	return 0;
}
