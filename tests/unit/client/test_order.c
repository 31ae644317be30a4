/* SPDX-License-Identifier: BSD-3-Clause */
/* The order among LNSs (RFC 2782), by round-trip time among equals, and a name by rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"
#include "culvert-client/names.h"

static struct names_lns
lns(uint16_t priority, uint16_t weight, uint16_t port)
{
	return (struct names_lns){.priority = priority, .weight = weight, .port = port};
}

static void
test_priority(void **state)
{
	struct names_lns all[] = {lns(20, 5, 1), lns(0, 0, 2), lns(65535, 1, 3), lns(10, 65535, 4)};
	static const uint32_t random[4] = {UINT32_MAX, 0, UINT32_MAX, 0};
	static const uint16_t order[] = {2, 4, 1, 3};

	(void)state;
	names_order(all, 4, random);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(all[i].port, order[i]);
	names_order(all, 0, random);
	names_order(all, 1, random);
}

/* How often each of three is the first, by even steps of chance. */
static void
test_weight(void **state)
{
	unsigned first[4] = {0};

	(void)state;
	for (uint32_t step = 0; step < 1000; step++) {
		struct names_lns all[] = {lns(1, 1, 1), lns(1, 0, 2), lns(1, 3, 3)};
		uint32_t random[] = {step * (UINT32_MAX / 1000), 0, 0};

		names_order(all, 3, random);
		first[all[0].port]++;
		assert_int_equal(all[0].port + all[1].port + all[2].port, 6);
	}
	assert_in_range(first[1], 249, 251);
	assert_int_equal(first[2], 0);
	assert_in_range(first[3], 749, 751);
	/* all without weight: each as often */
	memset(first, 0, sizeof(first));
	for (uint32_t step = 0; step < 999; step++) {
		struct names_lns all[] = {lns(1, 0, 1), lns(1, 0, 2), lns(1, 0, 3)};
		uint32_t random[] = {step * (UINT32_MAX / 999), 0, 0};

		names_order(all, 3, random);
		first[all[0].port]++;
	}
	for (unsigned i = 1; i <= 3; i++)
		assert_in_range(first[i], 332, 334);
}

/* ---- by round-trip time ---- */

enum { MANY = 8 };

static struct cv_ip
address(size_t i)
{
	return cv_ipv4(0xc0000200u + (uint32_t)i);
}

/* Whether LNSs, each with a time in ms (0: not known), come in this order. */
static void
expect_near(struct names_lns *all, size_t n, const unsigned *ms, const size_t *expected)
{
	const struct names_lns *who[MANY] = {NULL};
	struct names_rtts rtts = {0};
	size_t order[MANY];

	for (size_t i = 0; i < n; i++) {
		all[i].ip = address(i);
		who[i] = &all[i];
		names_rtt_note(&rtts, &all[i].ip, ms[i] * CV_NS_PER_MS);
	}
	names_order_near(who, n, &rtts, order);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(order[i], expected[i]);
}

/* The nearest of equals; those of which nothing is known come last. */
static void
test_near(void **state)
{
	struct names_lns all[] = {lns(1, 0, 1), lns(1, 0, 2), lns(1, 0, 3), lns(1, 0, 4)};

	(void)state;
	expect_near(all, 4, (unsigned[]){80, 0, 20, 50}, (size_t[]){2, 3, 0, 1});
	expect_near(all, 4, (unsigned[]){0, 0, 0, 0}, (size_t[]){0, 1, 2, 3});
	expect_near(all, 4, (unsigned[]){0, 0, 0, 90}, (size_t[]){3, 0, 1, 2});
	expect_near(all, 1, (unsigned[]){7}, (size_t[]){0});
	expect_near(all, 0, NULL, NULL);
}

/* What differs by no more than noise does stays as chance, or DNS, had it. */
static void
test_near_band(void **state)
{
	struct names_lns all[] = {lns(1, 0, 1), lns(1, 0, 2), lns(1, 0, 3)};

	(void)state;
	expect_near(all, 3, (unsigned[]){14, 5, 9}, (size_t[]){0, 1, 2});
	expect_near(all, 3, (unsigned[]){20, 5, 9}, (size_t[]){1, 2, 0});
	expect_near(all, 3, (unsigned[]){16, 5, 9}, (size_t[]){1, 0, 2});
	expect_near(all, 3, (unsigned[]){240, 200, 195}, (size_t[]){0, 1, 2});
	expect_near(all, 3, (unsigned[]){260, 200, 195}, (size_t[]){1, 2, 0});
}

/* Never against a priority, nor against a weight: who has another one keeps his place. */
static void
test_near_priority(void **state)
{
	struct names_lns priorities[] = {lns(1, 0, 1), lns(1, 0, 2), lns(2, 0, 3), lns(2, 0, 4)};
	struct names_lns weights[] = {lns(1, 10, 1), lns(1, 20, 2), lns(1, 10, 3), lns(1, 20, 4)};

	(void)state;
	expect_near(priorities, 4, (unsigned[]){200, 100, 50, 1}, (size_t[]){1, 0, 3, 2});
	expect_near(weights, 4, (unsigned[]){200, 1, 100, 2}, (size_t[]){2, 1, 0, 3});
	expect_near(weights, 4, (unsigned[]){200, 100, 2, 1}, (size_t[]){2, 3, 0, 1});
}

/* What was measured before counts as much as what was measured now. */
static void
test_rtts(void **state)
{
	struct names_rtts rtts = {0};
	struct cv_ip ip;

	(void)state;
	for (size_t i = 0; i <= MANY; i++) {
		ip = address(i);
		assert_int_equal(names_rtt(&rtts, &ip), 0);
		names_rtt_note(&rtts, &ip, (i + 1) * 100);
		names_rtt_note(&rtts, &ip, 0); /* nothing was measured */
		assert_int_equal(names_rtt(&rtts, &ip), (i + 1) * 100);
	}
	names_rtt_note(&rtts, &ip, 300);
	assert_int_equal(names_rtt(&rtts, &ip), 600);
	ip = address(0); /* one too many: the oldest is forgotten */
	assert_int_equal(names_rtt(&rtts, &ip), 0);
	ip = address(1);
	assert_int_equal(names_rtt(&rtts, &ip), 200);
}

static void
test_rule(void **state)
{
	char out[NAMES_TEXT], name[NAMES_TEXT + 8] = "ipsec.";

	(void)state;
	assert_true(names_by_rule("ipsec.example.net", out));
	assert_string_equal(out, "l2tp.example.net");
	assert_true(names_by_rule("IPsec.example.net", out));
	assert_string_equal(out, "l2tp.example.net");
	assert_false(names_by_rule("vpn.example.net", out));
	assert_false(names_by_rule("ipsec.", out));
	assert_false(names_by_rule("ipsec", out));
	assert_false(names_by_rule("", out));
	memset(name + 6, 'a', NAMES_TEXT - 7);
	assert_true(names_by_rule(name, out));
	assert_int_equal(strlen(out), NAMES_TEXT - 2);
	name[NAMES_TEXT - 1] = 'a';
	assert_false(names_by_rule(name, out));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_priority),
		cmocka_unit_test(test_weight),
		cmocka_unit_test(test_near),
		cmocka_unit_test(test_near_band),
		cmocka_unit_test(test_near_priority),
		cmocka_unit_test(test_rtts),
		cmocka_unit_test(test_rule),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
