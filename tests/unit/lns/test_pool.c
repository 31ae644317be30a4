/* SPDX-License-Identifier: BSD-3-Clause */
/* Address pools: what is handed out, in which turn, and what never is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lns/pool.h"

static struct lns_pool *
pool_of(const char *a, const char *b)
{
	struct cv_prefix prefixes[2];
	size_t n = b == NULL ? 1 : 2;
	struct lns_pool *pool;

	assert_int_equal(cv_prefix_parse(a, &prefixes[0]), 0);
	if (b != NULL)
		assert_int_equal(cv_prefix_parse(b, &prefixes[1]), 0);
	pool = lns_pool_new(prefixes, n);
	assert_non_null(pool);
	return pool;
}

static void
network_and_broadcast_are_never_given(void **state)
{
	struct lns_pool *pool = pool_of("10.0.0.0/30", NULL);

	(void)state;
	assert_int_equal(lns_pool_size(pool), 2);
	assert_int_equal(lns_pool_take(pool), 0x0a000001);
	assert_int_equal(lns_pool_take(pool), 0x0a000002);
	assert_int_equal(lns_pool_take(pool), 0);
	assert_int_equal(lns_pool_used(pool), 2);
	lns_pool_free(pool);
}

static void
point_to_point_prefixes_are_used_whole(void **state)
{
	struct lns_pool *pool = pool_of("10.0.0.0/31", "10.9.9.9/32");

	(void)state;
	assert_int_equal(lns_pool_size(pool), 3);
	assert_int_equal(lns_pool_take(pool), 0x0a000000);
	assert_int_equal(lns_pool_take(pool), 0x0a000001);
	assert_int_equal(lns_pool_take(pool), 0x0a090909);
	assert_int_equal(lns_pool_take(pool), 0);
	lns_pool_free(pool);
}

static void
reserved_is_not_handed_out(void **state)
{
	struct lns_pool *pool = pool_of("10.0.0.0/29", NULL);

	(void)state;
	assert_true(lns_pool_reserve(pool, 0x0a000001));
	assert_false(lns_pool_reserve(pool, 0x0a000001));
	assert_false(lns_pool_reserve(pool, 0x0b000001));
	for (unsigned i = 2; i <= 6; i++)
		assert_int_equal(lns_pool_take(pool), 0x0a000000 + i);
	assert_int_equal(lns_pool_take(pool), 0);
	lns_pool_free(pool);
}

static void
returned_comes_last_again(void **state)
{
	struct lns_pool *pool = pool_of("10.0.0.0/29", NULL);

	(void)state;
	assert_int_equal(lns_pool_take(pool), 0x0a000001);
	lns_pool_return(pool, 0x0a000001);
	for (unsigned i = 2; i <= 6; i++)
		assert_int_equal(lns_pool_take(pool), 0x0a000000 + i);
	assert_int_equal(lns_pool_take(pool), 0x0a000001);
	lns_pool_return(pool, 0x0a0000ff); /* not ours: ignored */
	lns_pool_return(pool, 0x0a000001);
	lns_pool_return(pool, 0x0a000001);
	assert_int_equal(lns_pool_used(pool), 5);
	lns_pool_free(pool);
}

static void
a_large_pool_gives_each_address_once(void **state)
{
	struct lns_pool *pool = pool_of("10.0.0.0/15", NULL);
	uint32_t previous = 0x0a000000;

	(void)state;
	for (uint64_t i = 0; i < lns_pool_size(pool); i++) {
		uint32_t address = lns_pool_take(pool);

		assert_int_equal(address, previous + 1);
		previous = address;
	}
	assert_int_equal(lns_pool_take(pool), 0);
	lns_pool_free(pool);
}

static void
membership(void **state)
{
	struct lns_pool *pool = pool_of("10.0.0.0/24", "192.0.2.128/25");

	(void)state;
	assert_true(lns_pool_contains(pool, 0x0a0000ff));
	assert_false(lns_pool_contains(pool, 0x0a000100));
	assert_true(lns_pool_contains(pool, 0xc0000280));
	assert_false(lns_pool_contains(pool, 0xc000027f));
	lns_pool_free(pool);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(network_and_broadcast_are_never_given),
		cmocka_unit_test(point_to_point_prefixes_are_used_whole),
		cmocka_unit_test(reserved_is_not_handed_out),
		cmocka_unit_test(returned_comes_last_again),
		cmocka_unit_test(a_large_pool_gives_each_address_once),
		cmocka_unit_test(membership),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
