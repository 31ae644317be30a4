/* SPDX-License-Identifier: BSD-3-Clause */
/* The order among LNSs (RFC 2782), and a name by rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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
		cmocka_unit_test(test_rule),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
