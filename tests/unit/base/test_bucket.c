/* SPDX-License-Identifier: BSD-3-Clause */
/* Buckets: so many at once, then one each so often, whatever the clock does and in whatever unit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bucket.h"

enum { COST = 10, MOST = 1000, AT_ONCE = MOST / COST };

static unsigned
take_all(uint32_t *limit, uint32_t now)
{
	unsigned n = 0;

	while (cv_limit_take(limit, now, COST, MOST))
		n++;
	return n;
}

static void
so_many_at_once_and_then_by_time(void **state)
{
	static const uint32_t starts[] = {0, 1, 999, 1001, 0x7fffffff, 0x80000000, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		uint32_t limit = starts[i], now = starts[i];

		assert_int_equal(take_all(&limit, now), AT_ONCE);
		assert_int_equal(take_all(&limit, now + COST - 1), 0);
		assert_int_equal(take_all(&limit, now + COST), 1);
		assert_int_equal(take_all(&limit, now + 11 * COST), 10);
		assert_int_equal(take_all(&limit, now + 11 * COST + MOST), AT_ONCE);
		assert_int_equal(take_all(&limit, now + 11 * COST + 50 * MOST), AT_ONCE);
	}
}

/* A word of a table that was never written is a full bucket at any time but in the one second
 * of 49 days in which the clock passes it. */
static void
an_untouched_one_is_full(void **state)
{
	static const uint32_t times[] = {0, 5, MOST, 0x7fffffff, 0x80000001, UINT32_MAX - MOST};

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		uint32_t limit = 0;

		assert_int_equal(take_all(&limit, times[i]), AT_ONCE);
	}
}

/* Who never stops gets the rate all the same: what is refused costs nothing. */
static void
a_steady_flood_gets_the_rate(void **state)
{
	uint32_t limit = 0;
	unsigned passed = 0;

	(void)state;
	for (uint32_t ms = 0; ms < 60000; ms++)
		for (unsigned i = 0; i < 5; i++)
			passed += cv_limit_take(&limit, 0xfffff000u + ms, COST, MOST);
	assert_int_equal(passed, AT_ONCE + 59999 / COST);
}

/* The same rate on a clock of ns and on one of a CPU's cycles. */
static void
a_bucket_of_any_clock(void **state)
{
	static const uint64_t seconds[] = {1000000000, 2400000000, 1000};

	(void)state;
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		uint64_t second = seconds[i], now = 5 * second;
		struct cv_bucket b;
		unsigned n = 0;

		cv_bucket_init(&b, 100, second, now);
		while (cv_bucket_take(&b, now))
			n++;
		assert_int_equal(n, 100);
		assert_false(cv_bucket_take(&b, now + second / 100 - 1));
		assert_true(cv_bucket_take(&b, now + second / 100));
		assert_false(cv_bucket_take(&b, now)); /* a clock that goes back gives nothing */
		for (n = 0; cv_bucket_take(&b, now + 10 * second);)
			n++;
		assert_int_equal(n, 100); /* never more than a second's */
		cv_bucket_init(&b, 0, second, now);
		for (n = 0; n < 100000; n++)
			assert_true(cv_bucket_take(&b, now));
	}
}

/* One takes all that there is; who comes for little has it all the same. */
static void
the_last_eighth_is_for_others(void **state)
{
	static struct cv_fair_bucket f;
	unsigned greedy = 0, modest = 0;

	(void)state;
	cv_bucket_init(&f.all, 800, 1000000000, 0);
	while (cv_fair_take(&f, 0, 1))
		greedy++;
	assert_in_range(greedy, 690, 710);
	while (cv_fair_take(&f, 0, 2))
		modest++;
	assert_in_range(modest, 90, 110);
	assert_false(cv_fair_take(&f, 0, 3)); /* none is left at all */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bucket_of_any_clock),
		cmocka_unit_test(the_last_eighth_is_for_others),
		cmocka_unit_test(so_many_at_once_and_then_by_time),
		cmocka_unit_test(an_untouched_one_is_full),
		cmocka_unit_test(a_steady_flood_gets_the_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
