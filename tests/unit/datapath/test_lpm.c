/* SPDX-License-Identifier: BSD-3-Clause */
/* Routes by the longest prefix: what is found, what is listed, what they cost. */
#include "prefixes.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

enum { MIB = 1 << 20 };

static void
clear_all(struct prefixes *b)
{
	uint32_t first = prefixes_below(b->m.used);

	for (uint32_t i = 0; i < b->m.used; i++) {
		struct prefixes_known *k = &b->m.at[b->m.order[(first + i) % b->m.used]];

		if (k->word == 0)
			continue;
		assert_int_equal(dp_lpm_clear(b->dp, &b->t, &k->prefix), 0);
		prefixes_model_set(&b->m, &k->prefix, 0);
		if (i % 64 == 0)
			prefixes_check_address(b);
	}
	dp_graces_poll(b->dp);
	assert_int_equal(b->t.count, 0);
	assert_int_equal(b->dp->table_bytes, 0); /* with no call that would free it */
}

/* ---- look-ups ---- */

/* Grows and shrinks in turn, and goes to nothing. */
static void
exercise(enum cv_family family)
{
	enum { CHANGES = 60000 };
	struct prefixes b;

	prefixes_up(&b, family, CHANGES / 4); /* most are told again */
	for (unsigned i = 0; i < CHANGES; i++) {
		prefixes_change(&b, i / 5000 % 2 == 0 ? 6 : 2);
		for (unsigned k = 0; k < 3; k++)
			prefixes_check_address(&b);
		if (i % 1000 == 0)
			prefixes_check_list(&b);
	}
	prefixes_check_list(&b);
	assert_true(b.m.of_length[0] + b.t.count > 200);
	clear_all(&b);
	prefixes_down(&b);
}

static void
finds_the_longest_of_ipv4(void **state)
{
	(void)state;
	exercise(CV_IPV4);
}

static void
finds_the_longest_of_ipv6(void **state)
{
	(void)state;
	exercise(CV_IPV6);
}

/* ---- many of them ---- */

static void
a_table_of_first_bits_comes_and_goes(void **state)
{
	enum { MANY = 20000, BYTES = (1 << 18) * 16 };
	struct prefixes b;
	uint32_t turns = 0;

	(void)state;
	prefixes_up(&b, CV_IPV4, 8 * MANY);
	prefixes_grow(&b, 16383);
	assert_null(b.t.direct);
	assert_true(b.dp->table_bytes < BYTES);
	prefixes_grow(&b, 16384);
	assert_non_null(b.t.direct);
	assert_true(b.dp->table_bytes >= BYTES);
	prefixes_grow(&b, MANY);
	for (unsigned i = 0; i < MANY; i++) { /* those in each other */
		prefixes_change(&b, 4);
		for (unsigned k = 0; k < 4; k++)
			prefixes_check_address(&b);
	}
	assert_non_null(b.t.direct);
	prefixes_check_list(&b);
	while (b.t.direct != NULL) {
		prefixes_change(&b, 0);
		prefixes_check_address(&b);
		turns++;
	}
	assert_int_equal(b.t.count, 4095);
	assert_true(turns > MANY / 2);
	dp_graces_poll(b.dp);
	assert_true(b.dp->table_bytes < BYTES);
	prefixes_grow(&b, 16384);
	assert_non_null(b.t.direct);
	prefixes_check_list(&b);
	clear_all(&b);
	prefixes_down(&b);
}

/* All of a large table's shorter prefixes, one after the other, over addresses that have longer
 * ones. */
static void
short_ones_change_below_longer_ones(void **state)
{
	struct cv_ip ip = {.family = CV_IPV4, .bytes = {0x25, 0xa5, 0x5a, 0x81}};
	struct prefixes b;

	(void)state;
	prefixes_up(&b, CV_IPV4, 1 << 16);
	prefixes_grow(&b, 16384);
	for (unsigned turn = 0; turn < 400; turn++) {
		struct cv_prefix p = prefixes_cut(&ip, turn * 7 % 20);

		if (prefixes_below(3) != 0) {
			assert_int_equal(prefixes_set(&b, &p, 1 + turn), 0);
		} else if (prefixes_place(&b.m, &p)->word != 0) {
			assert_int_equal(dp_lpm_clear(b.dp, &b.t, &p), 0);
			prefixes_model_set(&b.m, &p, 0);
		}
		assert_int_equal(prefixes_find(&b, &ip), prefixes_model_find(&b.m, &ip));
		for (unsigned k = 0; k < 32; k++) { /* at every edge of the route */
			struct cv_ip near = ip;

			near.bytes[k / 8] ^= (uint8_t)(1 << (7 - k % 8));
			assert_int_equal(
				prefixes_find(&b, &near), prefixes_model_find(&b.m, &near));
		}
	}
	assert_non_null(b.t.direct);
	prefixes_down(&b);
}

/* ---- what they cost ---- */

static void
costs(enum cv_family family, uint32_t count, size_t bytes)
{
	struct prefixes b;
	size_t most;

	prefixes_up(&b, family, 2 * count);
	most = prefixes_grow(&b, count);
	print_message("# %u routes: %zu bytes, %zu at most\n", count, b.dp->table_bytes, most);
	assert_true(most < bytes);
	assert_true(b.dp->table_bytes < (size_t)192 * count);
	for (unsigned i = 0; i < 50000; i++)
		prefixes_check_address(&b);
	if (count <= 200000)
		prefixes_check_list(&b);
	prefixes_down(&b);
}

static void
a_million_of_ipv4_take_below_256_mib(void **state)
{
	(void)state;
	costs(CV_IPV4, SANITIZED ? 100000 : 1000000, (size_t)256 * MIB);
}

static void
many_of_ipv6_take_below_256_mib(void **state)
{
	(void)state;
	costs(CV_IPV6, SANITIZED ? 50000 : 200000, (size_t)256 * MIB);
}

/* Wherever they are. */
static void
ten_in_each_of_a_thousand_tables_take_a_few_kib_each(void **state)
{
	enum { TABLES = 1000, ROUTES = 10 };
	static struct dp_lpm tables[2][TABLES];
	struct prefixes b;

	(void)state;
	for (unsigned f = 0; f < 2; f++) {
		prefixes_up(&b, f == 0 ? CV_IPV4 : CV_IPV6, 1);
		for (unsigned i = 0; i < TABLES; i++)
			while (tables[f][i].count < ROUTES) {
				struct cv_prefix p = prefixes_of_internet(&b);

				assert_int_equal(dp_lpm_set(b.dp, &tables[f][i], &p, 1), 0);
			}
		dp_graces_poll(b.dp);
		print_message("# %u routes: %zu bytes\n", ROUTES, b.dp->table_bytes / TABLES);
		assert_true(b.dp->table_bytes <= (size_t)TABLES * 4096);
		for (unsigned i = 0; i < TABLES; i++)
			dp_lpm_free(b.dp, &tables[f][i]);
		prefixes_down(&b);
	}
}

/* ---- what is refused ---- */

static void
what_is_no_route_is_refused(void **state)
{
	struct cv_prefix p, at = {0};
	struct prefixes b;
	uint32_t word;

	(void)state;
	prefixes_up(&b, CV_IPV4, 16);
	assert_false(dp_lpm_next(&b.t, CV_IPV4, &at, &word));
	assert_int_equal(dp_lpm_find4(&b.t, 0), 0);
	assert_int_equal(cv_prefix_parse("192.0.2.0/24", &p), 0);
	assert_int_equal(dp_lpm_set(b.dp, &b.t, &p, 0), CV_ERR_CONFIG);
	assert_int_equal(dp_lpm_clear(b.dp, &b.t, &p), CV_ERR_UNKNOWN);
	p.length = 33;
	assert_int_equal(dp_lpm_set(b.dp, &b.t, &p, 1), CV_ERR_CONFIG);
	p.length = 22;
	assert_int_equal(dp_lpm_set(b.dp, &b.t, &p, 1), CV_ERR_CONFIG); /* bits beyond */
	p.ip.family = 0;
	p.length = 24;
	assert_int_equal(dp_lpm_set(b.dp, &b.t, &p, 1), CV_ERR_CONFIG);
	p.ip.family = CV_IPV6;
	p.length = 129;
	assert_int_equal(dp_lpm_set(b.dp, &b.t, &p, 1), CV_ERR_CONFIG);
	assert_int_equal(cv_prefix_parse("2001:db8::1/128", &p), 0);
	p.length = 127;
	assert_int_equal(dp_lpm_set(b.dp, &b.t, &p, 1), CV_ERR_CONFIG);
	assert_int_equal(dp_lpm_get(&b.t, &p), 0);
	assert_int_equal(b.dp->table_bytes, 0); /* an empty one takes nothing */
	assert_int_equal(b.t.count, 0);
	prefixes_down(&b);
}

/* From a prefix that is not there the list goes on as well as from one that is. */
static void
the_list_goes_on_from_anywhere(void **state)
{
	struct prefixes b;

	(void)state;
	for (unsigned f = 0; f < 2; f++) {
		prefixes_up(&b, f == 0 ? CV_IPV4 : CV_IPV6, 4000);
		for (unsigned i = 0; i < 400; i++)
			prefixes_change(&b, 7);
		for (unsigned i = 0; i < 2000; i++) {
			struct cv_ip ip = prefixes_address_to_ask(&b);
			struct cv_prefix from = prefixes_cut(&ip, prefixes_below(b.bits + 1)),
					 at = from;
			const struct cv_prefix *right = NULL;
			uint32_t word = 0;
			bool found = dp_lpm_next(&b.t, b.family, &at, &word);

			for (uint32_t k = 0; k < b.m.used; k++) {
				const struct prefixes_known *n = &b.m.at[b.m.order[k]];

				if (n->word != 0 && prefixes_order(&n->prefix, &from) > 0 &&
					(right == NULL || prefixes_order(&n->prefix, right) < 0))
					right = &n->prefix;
			}
			assert_int_equal(found, right != NULL);
			if (found)
				assert_int_equal(prefixes_order(&at, right), 0);
		}
		prefixes_down(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_longest_of_ipv4),
		cmocka_unit_test(finds_the_longest_of_ipv6),
		cmocka_unit_test(a_table_of_first_bits_comes_and_goes),
		cmocka_unit_test(short_ones_change_below_longer_ones),
		cmocka_unit_test(a_million_of_ipv4_take_below_256_mib),
		cmocka_unit_test(many_of_ipv6_take_below_256_mib),
		cmocka_unit_test(ten_in_each_of_a_thousand_tables_take_a_few_kib_each),
		cmocka_unit_test(what_is_no_route_is_refused),
		cmocka_unit_test(the_list_goes_on_from_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
