/* SPDX-License-Identifier: BSD-3-Clause */
/* Address pools: what is handed out, in which turn, and what never is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

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

static struct cv_ip
ip_of(const char *text)
{
	struct cv_ip ip;

	assert_int_equal(cv_ip_parse(text, &ip), 0);
	return ip;
}

/* The next IPv4 address; 0: none. */
static uint32_t
take(struct lns_pool *pool)
{
	struct cv_ip ip = lns_pool_take(pool, CV_IPV4);

	return cv_ipv4_value(&ip);
}

static void
assert_taken(struct lns_pool *pool, const char *text)
{
	struct cv_ip ip = lns_pool_take(pool, CV_IPV6), expected = ip_of(text);

	assert_memory_equal(&ip, &expected, sizeof(ip));
}

static void
give(struct lns_pool *pool, uint32_t address)
{
	struct cv_ip ip = cv_ipv4(address);

	lns_pool_give(pool, &ip);
}

static bool
keep(struct lns_pool *pool, uint32_t address)
{
	struct cv_ip ip = cv_ipv4(address);

	return lns_pool_keep(pool, &ip);
}

static bool
take_this(struct lns_pool *pool, uint32_t address)
{
	struct cv_ip ip = cv_ipv4(address);

	return lns_pool_take_this(pool, &ip);
}

static bool
has(const struct lns_pool *pool, uint32_t address)
{
	struct cv_ip ip = cv_ipv4(address);

	return lns_pool_has(pool, &ip);
}

static void
network_and_broadcast_are_never_given(void **state)
{
	struct lns_pool *pool = pool_of("10.0.0.0/30", NULL);

	(void)state;
	assert_int_equal(lns_pool_size(pool, CV_IPV4), 2);
	assert_int_equal(take(pool), 0x0a000001);
	assert_int_equal(take(pool), 0x0a000002);
	assert_int_equal(take(pool), 0);
	assert_int_equal(lns_pool_used(pool, CV_IPV4), 2);
	lns_pool_free(pool);
}

static void
point_to_point_prefixes_are_used_whole(void **state)
{
	struct lns_pool *pool = pool_of("10.0.0.0/31", "10.9.9.9/32");

	(void)state;
	assert_int_equal(lns_pool_size(pool, CV_IPV4), 3);
	assert_int_equal(take(pool), 0x0a000000);
	assert_int_equal(take(pool), 0x0a000001);
	assert_int_equal(take(pool), 0x0a090909);
	assert_int_equal(take(pool), 0);
	lns_pool_free(pool);
}

static void
reserved_is_not_handed_out(void **state)
{
	struct lns_pool *pool = pool_of("10.0.0.0/29", NULL);

	(void)state;
	assert_true(keep(pool, 0x0a000001));
	assert_false(keep(pool, 0x0a000001));
	assert_false(keep(pool, 0x0b000001));
	for (unsigned i = 2; i <= 6; i++)
		assert_int_equal(take(pool), 0x0a000000 + i);
	assert_int_equal(take(pool), 0);
	lns_pool_free(pool);
}

static void
returned_comes_last_again(void **state)
{
	struct lns_pool *pool = pool_of("10.0.0.0/29", NULL);

	(void)state;
	assert_int_equal(take(pool), 0x0a000001);
	give(pool, 0x0a000001);
	for (unsigned i = 2; i <= 6; i++)
		assert_int_equal(take(pool), 0x0a000000 + i);
	assert_int_equal(take(pool), 0x0a000001);
	give(pool, 0x0a0000ff); /* not ours: ignored */
	give(pool, 0x0a000001);
	give(pool, 0x0a000001);
	assert_int_equal(lns_pool_used(pool, CV_IPV4), 5);
	lns_pool_free(pool);
}

static void
a_large_pool_gives_each_address_once(void **state)
{
	struct lns_pool *pool = pool_of("10.0.0.0/15", NULL);
	uint32_t previous = 0x0a000000;

	(void)state;
	for (uint64_t i = 0; i < lns_pool_size(pool, CV_IPV4); i++) {
		uint32_t address = take(pool);

		assert_int_equal(address, previous + 1);
		previous = address;
	}
	assert_int_equal(take(pool), 0);
	lns_pool_free(pool);
}

static void
membership(void **state)
{
	struct lns_pool *pool = pool_of("10.0.0.0/24", "192.0.2.128/25");

	(void)state;
	assert_true(has(pool, 0x0a0000ff));
	assert_false(has(pool, 0x0a000100));
	assert_true(has(pool, 0xc0000280));
	assert_false(has(pool, 0xc000027f));
	lns_pool_free(pool);
}

/* Both ways out of the pool, and back: what is kept is not counted as used. */
static void
one_is_taken_and_kept_by_its_name(void **state)
{
	struct lns_pool *pool = pool_of("10.0.0.0/29", "2001:db8::/62");
	struct cv_ip kept = cv_ipv4(0x0a000002), slash64 = ip_of("2001:db8:0:1::");

	(void)state;
	assert_true(take_this(pool, 0x0a000001));
	assert_false(take_this(pool, 0x0a000001));
	assert_false(take_this(pool, 0x0a000000)); /* the network */
	assert_false(take_this(pool, 0x0a000007)); /* broadcast */
	assert_false(take_this(pool, 0x0a000008));
	assert_true(lns_pool_keep(pool, &kept));
	assert_false(take_this(pool, 0x0a000002));
	assert_int_equal(lns_pool_used(pool, CV_IPV4), 1);
	assert_int_equal(lns_pool_size(pool, CV_IPV4), 5);
	assert_int_equal(take(pool), 0x0a000003);
	lns_pool_unkeep(pool, &kept);
	lns_pool_unkeep(pool, &kept);
	assert_int_equal(lns_pool_size(pool, CV_IPV4), 6);
	assert_true(take_this(pool, 0x0a000002));

	assert_true(lns_pool_take_this(pool, &slash64));
	assert_int_equal(lns_pool_used(pool, CV_IPV6), 1);
	assert_int_equal(lns_pool_used(pool, CV_IPV4), 3);
	assert_taken(pool, "2001:db8::");
	assert_taken(pool, "2001:db8:0:2::");
	lns_pool_free(pool);
}

/* IPv6: /64s of a prefix, each with its place, in turn, and given back by any address in it. */
static void
ipv6_prefixes_are_handed_out_by_index(void **state)
{
	struct lns_pool *pool = pool_of("2001:db8:7::/48", "10.0.0.0/30");
	struct cv_ip inside = ip_of("2001:db8:7:1::99"), outside = ip_of("2001:db8:8::");

	(void)state;
	assert_int_equal(lns_pool_size(pool, CV_IPV6), 65536);
	assert_int_equal(lns_pool_size(pool, CV_IPV4), 2);
	assert_taken(pool, "2001:db8:7::"); /* an IPv6 prefix has no network address to leave out */
	assert_taken(pool, "2001:db8:7:1::");
	assert_int_equal(take(pool), 0x0a000001);
	assert_true(lns_pool_has(pool, &inside));
	assert_false(lns_pool_has(pool, &outside));
	lns_pool_give(pool, &inside);
	lns_pool_give(pool, &outside);
	assert_int_equal(lns_pool_used(pool, CV_IPV6), 1);
	for (unsigned i = 2; i < 65536; i++) {
		struct cv_ip ip = lns_pool_take(pool, CV_IPV6), expected = ip_of("2001:db8:7::");

		expected.bytes[6] = (uint8_t)(i >> 8);
		expected.bytes[7] = (uint8_t)i;
		assert_memory_equal(&ip, &expected, sizeof(ip));
	}
	assert_taken(pool, "2001:db8:7:1::");
	assert_int_equal(lns_pool_take(pool, CV_IPV6).family, 0);
	assert_int_equal(take(pool), 0x0a000002);
	assert_int_equal(take(pool), 0);
	lns_pool_free(pool);

	pool = pool_of("2001:db8::fff0/124", NULL);
	assert_int_equal(lns_pool_size(pool, CV_IPV6), 16);
	assert_taken(pool, "2001:db8::fff0");
	assert_taken(pool, "2001:db8::fff1");
	lns_pool_free(pool);

	pool = pool_of("2001:db8::/64", NULL);
	assert_taken(pool, "2001:db8::");
	assert_int_equal(lns_pool_take(pool, CV_IPV6).family, 0);
	lns_pool_free(pool);
}

static void
assert_ip(const struct cv_ip *ip, const char *text)
{
	char out[CV_IP_TEXT];

	assert_string_equal(cv_ip_text(ip, out), text);
}

/* Prefixes of another length than /64, on and off the bounds of bytes. */
static void
prefixes_of_any_length(void **state)
{
	static const struct {
		const char *pool;
		uint8_t unit;
		uint64_t size;
		const char *first, *second;
	} rows[] = {
		{"2001:db8::/40", 56, 65536, "2001:db8::", "2001:db8:0:100::"},
		{"2001:db8::/48", 60, 4096, "2001:db8::", "2001:db8:0:10::"},
		{"2001:db8::/32", 45, 8192, "2001:db8::", "2001:db8:8::"},
		{"2001:db8:7:ff00::/56", 56, 1, "2001:db8:7:ff00::", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cv_prefix prefix;
		struct lns_pool *pool;
		struct cv_ip ip;

		assert_int_equal(cv_prefix_parse(rows[i].pool, &prefix), 0);
		pool = lns_pool_new_of(&prefix, 1, rows[i].unit);
		assert_int_equal(lns_pool_size(pool, CV_IPV6), rows[i].size);
		ip = lns_pool_take(pool, CV_IPV6);
		assert_ip(&ip, rows[i].first);
		ip = lns_pool_take(pool, CV_IPV6);
		assert_ip(&ip, rows[i].second == NULL ? "-" : rows[i].second);
		lns_pool_free(pool);
	}
}

/* The same place for the same hint, the next free one where somebody has it, around the end, over
 * all prefixes, until there is none. */
static void
taken_at_a_place(void **state)
{
	struct lns_pool *pool = pool_of("2001:db8:1::/63", "2001:db8:2::/63");
	struct cv_ip ip;

	(void)state;
	ip = lns_pool_take_at(pool, CV_IPV6, 1);
	assert_ip(&ip, "2001:db8:1:1::");
	lns_pool_give(pool, &ip);
	ip = lns_pool_take_at(pool, CV_IPV6, 5);
	assert_ip(&ip, "2001:db8:1:1::");
	ip = lns_pool_take_at(pool, CV_IPV6, 1);
	assert_ip(&ip, "2001:db8:2::");
	ip = lns_pool_take_at(pool, CV_IPV6, 3);
	assert_ip(&ip, "2001:db8:2:1::");
	assert_int_equal(lns_pool_used(pool, CV_IPV6), 3);
	ip = lns_pool_take_at(pool, CV_IPV6, 3);
	assert_ip(&ip, "2001:db8:1::");
	ip = lns_pool_take_at(pool, CV_IPV6, 3);
	assert_int_equal(ip.family, 0);
	ip = lns_pool_take_at(pool, CV_IPV4, 3);
	assert_int_equal(ip.family, 0);
	lns_pool_free(pool);
}

/* However large, a pool costs memory for what it has handed out, and gives it back. */
static void
memory_is_for_what_is_used(void **state)
{
	struct lns_pool *pool = pool_of("10.0.0.0/8", "2001:db8::/32");
	size_t empty = lns_pool_memory(pool);

	(void)state;
	assert_true(empty < 512);
	/* in turn, so that over time the whole pool is gone through; one at a time is out */
	for (unsigned i = 0; i < 300000; i++) {
		struct cv_ip a = lns_pool_take(pool, CV_IPV4), b = lns_pool_take(pool, CV_IPV6);

		assert_true(a.family == CV_IPV4 && b.family == CV_IPV6);
		assert_true(lns_pool_memory(pool) < empty + 8 * 1024);
		lns_pool_give(pool, &a);
		lns_pool_give(pool, &b);
	}
	assert_int_equal(lns_pool_memory(pool), empty);
	/* 4,096 side by side need a bit each, and the way to them */
	for (unsigned i = 0; i < 4096; i++)
		assert_int_not_equal(take(pool), 0);
	assert_true(lns_pool_memory(pool) < empty + 4 * 1024);
	lns_pool_free(pool);
}

/* Taken, given back, kept at random, against an array that says the same. */
static void
random_walk(void **state)
{
	enum { FIRST = 0x0a010000, COUNT = 16384 };
	static char taken[COUNT]; /* 1: taken, 2: kept */
	struct lns_pool *pool = pool_of("10.1.0.0/18", NULL);
	uint64_t used = 0, size = COUNT - 2, random = 88172645463325252u;
	uint32_t turn = 0;

	(void)state;
	for (unsigned step = 0; step < 400000; step++) {
		bool filling = step / 50000 % 2 == 0;
		uint32_t at, choice;

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		at = (uint32_t)(random >> 33) % COUNT;
		choice = (uint32_t)(random >> 20) % 8;
		if (choice < (filling ? 5 : 2)) {
			uint32_t got = take(pool), next = turn;

			if (used == size) {
				assert_int_equal(got, 0);
				continue;
			}
			while (next == 0 || next >= COUNT - 1 || taken[next] != 0)
				next = next >= COUNT - 1 ? 1 : next + 1;
			assert_int_equal(got, FIRST + next);
			taken[next] = 1;
			turn = next + 1;
			used++;
		} else if (choice == 5) {
			bool free = at != 0 && at != COUNT - 1 && taken[at] == 0;

			assert_int_equal(take_this(pool, FIRST + at), free);
			if (free) {
				taken[at] = 1;
				used++;
			}
		} else if (choice == 6 && step % 64 == 0) {
			bool free = at != 0 && at != COUNT - 1 && taken[at] == 0;

			assert_int_equal(keep(pool, FIRST + at), free);
			if (free) {
				taken[at] = 2;
				size--;
			}
		} else if (taken[at] != 2) {
			give(pool, FIRST + at);
			used -= taken[at] == 1;
			taken[at] = 0;
		}
		assert_int_equal(lns_pool_used(pool, CV_IPV4), used);
		assert_int_equal(lns_pool_size(pool, CV_IPV4), size);
	}
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
		cmocka_unit_test(one_is_taken_and_kept_by_its_name),
		cmocka_unit_test(ipv6_prefixes_are_handed_out_by_index),
		cmocka_unit_test(prefixes_of_any_length),
		cmocka_unit_test(taken_at_a_place),
		cmocka_unit_test(memory_is_for_what_is_used),
		cmocka_unit_test(random_walk),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
