/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sessions added, removed and moved while packets flow: what that costs the flow, and whether each
 * packet still reaches the session that it was for. Callers come and go in slots, and by IDs of
 * ours, that others had before them; what each is (its address, its IDs, where it is) is of its
 * number alone, which each packet carries.
 * Nobody's address or place outside is ever another one's, so a packet that reached a wrong one, or
 * came of a session that was gone before it was written, shows it; some senders number theirs, so
 * that their order shows, too.
 */
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>

#include <rte_common.h>
#include <rte_cycles.h>

#include "bench.h"
#include "scene.h"
#include "team.h"
#include "wire/ipv4.h"

enum {
	FRAME = 124,
	STABLE = 60000,       /* that stay */
	PLACES = 2000,        /* for those that come and go: one comes where one has just gone */
	PASSING = 16,         /* one of so many packets is to one of these, one from them */
	GONE = 200,           /* some are to those that are no more */
	NEXT = 4,             /* of those that come and go: most packets and changes are theirs */
	NUMBERED = 512,       /* senders of those that stay, whose packets have numbers */
	ELSEWHERE = 0x100000, /* of the peers' addresses: where a caller is when it has moved */
	CHANGES_IN_MS = 10,
	SPAN_MS = 4,
	GOAL_PERCENT = 5,
};

static const struct traffic traffic = {.kind = TRAFFIC_ESP, .frame = FRAME};

struct churn {
	struct population population;
	uint64_t stable, places;
	uint64_t oldest, newest; /* callers: those from the one on, below the other; atomic */
	uint64_t changes, refused;
	struct {
		uint64_t sent, right; /* between those that stay */
		uint64_t passing, wrong, late, disordered;
		uint64_t gone; /* callers below were so when it was written what comes out now */
		bool looked;   /* since something was written */
		uint16_t last_sent[NUMBERED], last_seen[NUMBERED];
	} n __attribute__((aligned(128))); /* the worker's */
};

static struct churn churn;

/* The number that a packet carries: below `stable` one that stays, else a caller's, from
 * stable + places on. */
static void
session_of(const struct churn *c, uint64_t number, bool moved, struct dp_session *s)
{
	uint64_t caller = number - c->stable - c->places;

	if (number < c->stable) {
		population_session(&c->population, number, s);
		return;
	}
	population_session(&c->population, c->stable + caller % c->places, s);
	s->peer_tunnel_id = (uint16_t)caller;
	s->peer_session_id = (uint16_t)(0x8000 | caller >> 16);
	s->address = cv_ipv4((uint32_t)(TRAFFIC_POOL + 1 + number));
	s->peer.ip = cv_ipv4(
		(uint32_t)(TRAFFIC_PEERS + 0x10000 + caller / 1000 + (moved ? ELSEWHERE : 0)));
	s->peer.port = (uint16_t)(40000 + caller % 1000 * 2 + (moved ? 1 : 0));
}

/* ---- the worker's side ---- */

/* Mostly one of the next that go and are moved, so that packets are under way to it when that
 * happens, and somebody else is where it was. */
static uint64_t
some_caller(const struct churn *c)
{
	uint64_t newest = __atomic_load_n(&c->newest, __ATOMIC_RELAXED);
	uint64_t oldest = __atomic_load_n(&c->oldest, __ATOMIC_ACQUIRE);
	uint64_t from = oldest > GONE ? oldest - GONE : 0;

	if (bench_random() % 4 != 0)
		return c->stable + c->places + oldest + bench_random() % NEXT;
	return c->stable + c->places + from + bench_random() % (newest - from);
}

/* 0 is none. */
static uint16_t
next_number(uint16_t *last)
{
	*last = (uint16_t)(*last == UINT16_MAX ? 1 : *last + 1);
	return *last;
}

static unsigned
write_frame(void *context, const struct team *t, unsigned queue, uint8_t *frame)
{
	struct churn *c = context;
	uint64_t drawn = bench_random(), from = drawn % c->stable,
		 to = (drawn >> 32) % (c->stable - 1);
	struct dp_session s;
	uint16_t number = 0;
	unsigned len;

	(void)queue;
	if (c->n.looked)
		c->n.gone = __atomic_load_n(&c->oldest, __ATOMIC_ACQUIRE);
	c->n.looked = false;
	to += to >= from;
	if (bench_random() % PASSING == 0)
		to = some_caller(c);
	else if (bench_random() % PASSING == 0)
		from = some_caller(c);
	else if (++c->n.sent != 0 && from < NUMBERED)
		number = next_number(&c->n.last_sent[from]);
	session_of(c, from, (drawn >> 63) != 0, &s);
	len = traffic_write_from(&c->population, &traffic, t->mac, &s,
		(uint32_t)(TRAFFIC_POOL + 1 + to), from, to, frame);
	if (number != 0)
		traffic_number(&c->population, frame, number);
	return len;
}

static bool
was_gone(const struct churn *c, uint64_t number)
{
	return number >= c->stable && number < c->stable + c->places + c->n.gone;
}

static void
look(void *context, unsigned queue, const uint8_t *frame, unsigned len)
{
	struct churn *c = context;
	struct dp_session s, moved;
	uint64_t from, to;

	(void)queue;
	c->n.looked = true;
	if (!traffic_read(&c->population, &traffic, frame, len, &from, &to)) {
		/* that nobody has the address is an answer */
		if (!traffic_is_icmp(&c->population, frame, len))
			c->n.wrong++;
		return;
	}
	session_of(c, to, false, &s);
	session_of(c, to, true, &moved);
	if (!traffic_reached(&c->population, frame, &s) &&
		!traffic_reached(&c->population, frame, &moved))
		c->n.wrong++;
	else if (was_gone(c, from) || was_gone(c, to))
		c->n.late++;
	else if (from >= c->stable || to >= c->stable)
		c->n.passing++;
	else
		c->n.right++;
	if (from < NUMBERED && to < c->stable &&
		traffic_numbered(&c->population, frame) != next_number(&c->n.last_seen[from]))
		c->n.disordered++;
}

/* ---- the control thread's ---- */

static int
set(struct churn *c, struct team *t, uint64_t caller, bool moved)
{
	struct dp_session s;

	session_of(c, c->stable + c->places + caller, moved, &s);
	return dp_session_set(t->dp, &s, NULL);
}

static void
collect_removed(struct team *t)
{
	struct dp_session_counters n;
	uint32_t slot;

	team_poll(t);
	while (dp_session_removed(t->dp, &slot, &n))
		;
}

/* As soon as no worker is at what was there: a worker may have lost its CPU for a while. */
static void
come(struct churn *c, struct team *t)
{
	uint64_t end = rte_rdtsc() + rte_get_tsc_hz();
	int rc;

	while ((rc = set(c, t, c->newest, false)) == CV_ERR_EXISTS && rte_rdtsc() < end)
		collect_removed(t);
	if (rc != 0)
		c->refused++;
	__atomic_store_n(&c->newest, c->newest + 1, __ATOMIC_RELAXED);
}

static void
go(struct churn *c, struct team *t)
{
	struct dp_session s;

	session_of(c, c->stable + c->places + c->oldest, false, &s);
	if (dp_session_clear(t->dp, population_slot(&c->population, &s), NULL) < 0)
		c->refused++;
	__atomic_store_n(&c->oldest, c->oldest + 1, __ATOMIC_RELEASE);
}

static void
change(struct churn *c, struct team *t)
{
	switch (c->changes++ % 3) {
	case 0:
		go(c, t);
		break;
	case 1:
		come(c, t);
		break;
	case 2:
		if (set(c, t, c->oldest + bench_random() % NEXT, (c->changes & 8) != 0) != 0)
			c->refused++;
		break;
	}
}

/* Some milliseconds, with changes in each or none. */
static void
go_on(struct churn *c, struct team *t, unsigned ms, bool changing)
{
	uint64_t per_ms = rte_get_tsc_hz() / 1000, next = rte_rdtsc() + per_ms;

	for (unsigned i = 0; i < ms; i++) {
		for (unsigned k = 0; changing && k < CHANGES_IN_MS; k++)
			change(c, t);
		collect_removed(t);
		while (rte_rdtsc() < next)
			rte_pause();
		next += per_ms;
	}
}

static double
measure_spans(
	struct churn *c, struct team *t, struct bench_samples *samples, unsigned n, bool changing)
{
	double seconds = 0;

	struct team_span span;

	go_on(c, t, SPAN_MS, changing);
	team_span(t, &span);
	for (unsigned i = 0; i < n; i++) {
		do {
			go_on(c, t, SPAN_MS, changing);
			team_span(t, &span);
			seconds += span.seconds;
		} while (span.packets == 0);
		bench_samples_put(samples, (double)span.busy[0] / (double)span.packets);
	}
	return seconds;
}

static int
fill(struct churn *c, struct team *t)
{
	struct dp_session s;

	for (uint64_t i = 0; i < c->stable; i++) {
		population_session(&c->population, i, &s);
		if (dp_session_set(t->dp, &s, NULL) != 0)
			return -1;
	}
	while (c->newest < c->places)
		come(c, t);
	return c->refused == 0 ? 0 : -1;
}

static int
check(const struct churn *c, const struct team *t)
{
	if (c->n.wrong == 0 && c->n.late == 0 && c->n.disordered == 0 && c->refused == 0 &&
		c->n.right == c->n.sent && c->n.passing != 0)
		return 0;
	bench_progress("churn: of %llu packets between sessions that stay %llu came out; %llu of "
		       "others; %llu went wrong, %llu were of sessions that were gone, %llu out of "
		       "their order; %llu changes were refused",
		(unsigned long long)c->n.sent, (unsigned long long)c->n.right,
		(unsigned long long)c->n.passing, (unsigned long long)c->n.wrong,
		(unsigned long long)c->n.late, (unsigned long long)c->n.disordered,
		(unsigned long long)c->refused);
	scene_tell_drops(t->dp);
	return -1;
}

/* The control thread on the other CPU. */
static void
stand_aside(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(bench_machine()->cpus.cpu[1], &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static int
measure(struct churn *c, double *percent, double *rate)
{
	static const unsigned turns[] = {[BENCH_BRIEF] = 2, [BENCH_QUICK] = 6, [BENCH_WHOLE] = 40};
	enum { SPANS = 20 };
	const struct team_work work = {.write = write_frame, .look = look, .context = c};
	const double shares[TEAM_MOST] = {1};
	unsigned n = bench_extent() == BENCH_BRIEF ? 1 : SPANS;
	struct bench_samples with, without;
	static struct team t;
	double seconds = 0;
	int rc;

	if (bench_eal(true) != 0 || population_plan(&c->population) != 0 ||
		team_create(&t, &c->population, 1, shares, &work) != 0 || fill(c, &t) != 0 ||
		team_start(&t) != 0 ||
		bench_samples_new(&with, (size_t)turns[BENCH_WHOLE] * n) != 0 ||
		bench_samples_new(&without, (size_t)turns[BENCH_WHOLE] * n) != 0)
		return -1;
	stand_aside();
	go_on(c, &t, 20, false);
	c->changes = 0;
	for (unsigned i = 0; i < turns[bench_extent()]; i++) {
		measure_spans(c, &t, &without, n, false);
		seconds += measure_spans(c, &t, &with, n, true) + SPAN_MS * 1e-3;
	}
	*rate = (double)c->changes / seconds;
	*percent = 100 * bench_quantile(&with, 0.5) / bench_quantile(&without, 0.5) - 100;
	team_finish(&t);
	rc = check(c, &t);
	team_destroy(&t);
	bench_samples_free(&with);
	bench_samples_free(&without);
	return rc;
}

int
bench_churn(void)
{
	struct churn *c = &churn;
	struct bench_row row = {
		.frame_bytes = FRAME, .value = NAN, .p10 = NAN, .why = "two CPUs are needed"};
	double percent = NAN, rate = NAN;

	if (!bench_wanted("churn") && !bench_wanted("churn.rate"))
		return 0;
	bench_progress("churn");
	c->stable = bench_sessions_at_most(STABLE);
	if (c->stable < 2)
		c->stable = 2;
	c->places = PLACES;
	c->population.sessions = c->stable + c->places;
	if (bench_machine()->cpus.n == TEAM_MOST && measure(c, &percent, &rate) != 0)
		return -1;
	row.sessions = c->stable;
	for (unsigned i = 0; i < 2; i++) {
		snprintf(row.name, sizeof(row.name), "%s", i == 0 ? "churn" : "churn.rate");
		row.value = i == 0 ? percent : rate;
		row.goal = i == 0 ? GOAL_PERCENT : 1000 * CHANGES_IN_MS;
		if (bench_wanted(row.name))
			bench_add(&row);
	}
	return 0;
}
