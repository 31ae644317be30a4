/* SPDX-License-Identifier: BSD-3-Clause */
/* The timer wheel: never early, at most one tick late, in order, however far away; and the same
 * against a sorted list that is too simple to be wrong. SEED=N runs the model with that seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/wheel.h"

#define TICK CV_WHEEL_TICK_NS
/* ticks that all levels together reach */
#define REACH (UINT64_C(1) << 30)

static void
arming_moving_cancelling(void **state)
{
	struct cv_timer a = {0}, b = {0}, c = {0};
	struct cv_wheel w;

	(void)state;
	cv_wheel_init(&w, 0);
	assert_true(cv_wheel_next(&w) == CV_TIME_NEVER);
	assert_null(cv_wheel_pop(&w, 0));
	/* three in one slot: first, middle and last of its list leave it unharmed */
	cv_wheel_arm(&w, &a, 10 * TICK);
	cv_wheel_arm(&w, &b, 10 * TICK);
	cv_wheel_arm(&w, &c, 10 * TICK);
	assert_int_equal(w.armed, 3);
	assert_true(cv_timer_armed(&a) && cv_timer_armed(&b) && cv_timer_armed(&c));
	cv_wheel_cancel(&w, &b);
	cv_wheel_cancel(&w, &b); /* not armed: nothing happens */
	assert_false(cv_timer_armed(&b));
	assert_int_equal(w.armed, 2);
	cv_wheel_arm(&w, &a, 5 * TICK);  /* earlier */
	cv_wheel_arm(&w, &c, 20 * TICK); /* later */
	cv_wheel_arm(&w, &c, 20 * TICK); /* there already */
	assert_int_equal(w.armed, 2);
	assert_null(cv_wheel_pop(&w, 4 * TICK));
	assert_ptr_equal(cv_wheel_pop(&w, 5 * TICK), &a);
	assert_false(cv_timer_armed(&a));
	assert_int_equal(w.armed, 1);
	assert_null(cv_wheel_pop(&w, 19 * TICK));
	cv_wheel_cancel(&w, &c);
	assert_true(cv_wheel_next(&w) == CV_TIME_NEVER);
	assert_null(cv_wheel_pop(&w, 1000 * TICK));
	/* one that fired can be armed again */
	cv_wheel_arm(&w, &a, 1001 * TICK);
	assert_ptr_equal(cv_wheel_pop(&w, 1001 * TICK), &a);
	assert_int_equal(w.armed, 0);
}

static void
never_cancels(void **state)
{
	struct cv_timer a = {0};
	struct cv_wheel w;

	(void)state;
	cv_wheel_init(&w, 0);
	cv_wheel_arm(&w, &a, CV_TIME_NEVER);
	assert_false(cv_timer_armed(&a));
	cv_wheel_arm(&w, &a, 3 * TICK);
	cv_wheel_arm(&w, &a, CV_TIME_NEVER);
	assert_false(cv_timer_armed(&a));
	assert_int_equal(w.armed, 0);
	assert_true(cv_wheel_next(&w) == CV_TIME_NEVER);
	assert_null(cv_wheel_pop(&w, CV_TIME_NEVER - 1));
	/* the last moment that is not never */
	cv_wheel_init(&w, 0);
	cv_wheel_arm(&w, &a, CV_TIME_NEVER - 1);
	assert_true(cv_timer_armed(&a));
	assert_null(cv_wheel_pop(&w, UINT64_C(1) << 62));
	assert_true(cv_wheel_next(&w) <= CV_TIME_NEVER - 1);
}

/* What is already past when it is armed is due at once, also while the clock stands still. */
static void
the_past_is_due_at_once(void **state)
{
	struct cv_timer a = {0}, b = {0};
	struct cv_wheel w;

	(void)state;
	cv_wheel_init(&w, 1000 * TICK);
	cv_wheel_arm(&w, &a, 0);
	cv_wheel_arm(&w, &b, 1000 * TICK);
	assert_true(cv_wheel_next(&w) <= 1000 * TICK);
	assert_non_null(cv_wheel_pop(&w, 1000 * TICK));
	assert_non_null(cv_wheel_pop(&w, 1000 * TICK));
	assert_null(cv_wheel_pop(&w, 1000 * TICK));
	cv_wheel_arm(&w, &a, 1);
	cv_wheel_cancel(&w, &a);
	assert_null(cv_wheel_pop(&w, 1000 * TICK));
	assert_int_equal(w.armed, 0);
}

/* A timer alone, armed at `start` for `at`, asked for just before and just after. */
static void
fires_in_time(uint64_t start, uint64_t at)
{
	struct cv_timer t = {0};
	struct cv_wheel w;
	uint64_t next;

	cv_wheel_init(&w, start);
	cv_wheel_arm(&w, &t, at);
	assert_true(cv_wheel_next(&w) <= at + TICK - 1);
	assert_null(cv_wheel_pop(&w, at - 1));
	/* a caller that sleeps until it is told to: soon there, never too late */
	for (unsigned rounds = 0; (next = cv_wheel_next(&w)) < at; rounds++) {
		assert_true(rounds < 200);
		assert_null(cv_wheel_pop(&w, next));
		assert_true(cv_wheel_next(&w) > next);
	}
	assert_true(next <= at + TICK - 1);
	assert_ptr_equal(cv_wheel_pop(&w, at + TICK - 1), &t);
	assert_null(cv_wheel_pop(&w, at + 2 * REACH * TICK));
}

/* At, before and behind the borders of each level, from clocks that stand at and between ticks
 * and turns; and several times as far as all levels reach. */
static void
in_time_from_any_clock_to_any_distance(void **state)
{
	static const uint64_t starts[] = {0, 1, TICK - 1, TICK, 63 * TICK, 64 * TICK,
		64 * TICK + TICK / 2, 4095 * TICK, 4096 * TICK, 100000 * TICK + 1,
		(REACH - 1) * TICK, REACH * TICK, 12345678901234567};

	(void)state;
	for (size_t s = 0; s < sizeof(starts) / sizeof(starts[0]); s++)
		for (unsigned bits = 0; bits <= 34; bits++)
			for (int near = -2; near <= 2; near++) {
				uint64_t ticks = (UINT64_C(1) << bits) + (uint64_t)(int64_t)near;
				uint64_t at = starts[s] + ticks * TICK;

				if ((int64_t)ticks <= 1)
					continue;
				fires_in_time(starts[s], at);
				fires_in_time(starts[s], at + 1);
				fires_in_time(starts[s], at - 1);
			}
}

/* One per level and one beyond, armed in no order: they fire in order, in one leap as in steps. */
static void
order_across_levels(void **state)
{
	static const uint64_t ticks[] = {1, 2, 63, 64, 65, 127, 4095, 4096, 4097, 262143, 262144,
		16777216, 16777217, REACH - 1, REACH, REACH + 1, 3 * REACH, 5 * REACH + 7};
	enum { N = sizeof(ticks) / sizeof(ticks[0]) };

	(void)state;
	for (unsigned leap = 0; leap < 2; leap++) {
		struct cv_timer timers[N] = {{0}};
		struct cv_wheel w;
		unsigned fired = 0;

		cv_wheel_init(&w, 0);
		for (unsigned i = 0; i < N; i++)
			cv_wheel_arm(&w, &timers[i * 7 % N], ticks[i * 7 % N] * TICK);
		assert_int_equal(w.armed, N);
		while (fired < N) {
			uint64_t now = leap ? 6 * REACH * TICK : cv_wheel_next(&w);
			struct cv_timer *t;

			assert_true(now <= ticks[N - 1] * TICK || leap);
			while ((t = cv_wheel_pop(&w, now)) != NULL)
				assert_ptr_equal(t, &timers[fired++]);
		}
		assert_int_equal(w.armed, 0);
	}
}

/* ---- the model ---- */

enum { TIMERS = 96, OPERATIONS = 100000 };

struct item {
	struct cv_timer timer; /* first: the wheel gives it back */
	struct item *next;     /* in the list, by expiry */
	uint64_t at;           /* when it was asked for */
	uint64_t fires;        /* the tick at which it can be seen first */
	bool listed;
};

struct model {
	struct cv_wheel w;
	struct item items[TIMERS], *list;
	uint64_t now, random;
};

static uint64_t
draw(struct model *m)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return m->random;
}

/* Mostly short, at times longer than all levels reach. */
static uint64_t
distance(struct model *m)
{
	static const uint64_t most[] = {
		TICK, 60 * TICK, 300 * TICK, 20000 * TICK, REACH / 8 * TICK, 5 * REACH * TICK};
	uint64_t kind = draw(m) % 64;

	return draw(m) % most[kind < 2 ? 5 : kind < 6 ? 4 : kind % 4];
}

static void
unlist(struct model *m, struct item *item)
{
	struct item **link = &m->list;

	if (!item->listed)
		return;
	while (*link != item)
		link = &(*link)->next;
	*link = item->next;
	item->listed = false;
}

static void
list(struct model *m, struct item *item, uint64_t at)
{
	struct item **link = &m->list;

	unlist(m, item);
	if (at == CV_TIME_NEVER)
		return;
	while (*link != NULL && (*link)->at <= at)
		link = &(*link)->next;
	item->at = at;
	item->fires = (at + TICK - 1) / TICK;
	if (item->fires < m->now / TICK)
		item->fires = m->now / TICK;
	item->next = *link;
	item->listed = true;
	*link = item;
}

/* Both agree about what is there. */
static void
compare(const struct model *m)
{
	uint64_t next = cv_wheel_next(&m->w);
	unsigned n = 0;

	for (const struct item *i = m->list; i != NULL; i = i->next, n++) {
		assert_true(cv_timer_armed(&i->timer));
		assert_true(next <= i->fires * TICK);
	}
	assert_int_equal(n, m->w.armed);
	assert_true(n != 0 || next == CV_TIME_NEVER);
}

static void
pass_time(struct model *m)
{
	uint64_t last = 0, next = cv_wheel_next(&m->w);
	struct item *item;

	/* as a caller would, soon, or at times far away */
	if (draw(m) % 2 == 0 && next != CV_TIME_NEVER)
		m->now = next > m->now ? next : m->now;
	else
		m->now += draw(m) % 64 == 0 ? distance(m) : draw(m) % (200 * TICK);
	while ((item = (struct item *)cv_wheel_pop(&m->w, m->now)) != NULL) {
		assert_true(item->listed);
		assert_false(cv_timer_armed(&item->timer));
		assert_true(item->at <= m->now);
		assert_true(item->fires >= last);
		last = item->fires;
		unlist(m, item);
	}
	assert_true(m->list == NULL || m->list->at + TICK > m->now);
	assert_true(cv_wheel_next(&m->w) > m->now); /* or the caller would spin */
}

static void
agrees_with_a_sorted_list(void **state)
{
	const char *given = getenv("SEED");
	uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
	struct model m = {.now = (10 + seed % 1000) * TICK + seed % TICK};

	(void)state;
	printf("# wheel model: SEED=%llu\n", (unsigned long long)seed);
	m.random = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
	cv_wheel_init(&m.w, m.now);
	for (unsigned i = 0; i < OPERATIONS; i++) {
		struct item *item = &m.items[draw(&m) % TIMERS];
		uint64_t what = draw(&m) % 16, at;

		if (what == 0) {
			cv_wheel_cancel(&m.w, &item->timer);
			unlist(&m, item);
		} else if (what < 11) {
			at = what == 1   ? CV_TIME_NEVER
			     : what == 2 ? m.now - draw(&m) % (3 * TICK)
					 : m.now + distance(&m);
			cv_wheel_arm(&m.w, &item->timer, at);
			list(&m, item, at);
		} else {
			pass_time(&m);
		}
		compare(&m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arming_moving_cancelling),
		cmocka_unit_test(never_cancels),
		cmocka_unit_test(the_past_is_due_at_once),
		cmocka_unit_test(in_time_from_any_clock_to_any_distance),
		cmocka_unit_test(order_across_levels),
		cmocka_unit_test(agrees_with_a_sorted_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
