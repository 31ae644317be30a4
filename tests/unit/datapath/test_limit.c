/* SPDX-License-Identifier: BSD-3-Clause */
/* A rate in one word: so many at once, then one each so many ms, whatever the clock does. */
#include "harness.h"

enum { COST = 10, MOST = 1000, AT_ONCE = MOST / COST };

static unsigned
take_all(uint32_t *limit, uint32_t now)
{
	unsigned n = 0;

	while (dp_limit_take(limit, now, COST, MOST))
		n++;
	return n;
}

static void
so_many_at_once_and_then_by_time(void **state)
{
	static const uint32_t starts[] = {0, 1, 999, 1001, 0x7fffffff, 0x80000000, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(starts); i++) {
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
	for (size_t i = 0; i < RTE_DIM(times); i++) {
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
			passed += dp_limit_take(&limit, 0xfffff000u + ms, COST, MOST);
	assert_int_equal(passed, AT_ONCE + 59999 / COST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_many_at_once_and_then_by_time),
		cmocka_unit_test(an_untouched_one_is_full),
		cmocka_unit_test(a_steady_flood_gets_the_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
