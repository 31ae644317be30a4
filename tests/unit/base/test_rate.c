/* SPDX-License-Identifier: BSD-3-Clause */
/* Rates as people write them, and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/rate.h"

static void
rates_are_read(void **state)
{
	static const struct {
		const char *text;
		struct cv_rate rate;
	} rows[] = {
		{"none", {.committed = CV_RATE_NONE}},
		{"8kbit", {8, 8, 16000, 16000}},
		{"10Mbit", {10000, 10000, 126000, 126000}},
		{"10Mbit/20Mbit", {10000, 20000, 126000, 251000}},
		{"10Mbit 100kB", {10000, 10000, 100000, 100000}},
		{"10Mbit/20Mbit 100kB", {10000, 20000, 100000, 251000}},
		{"10Mbit/20Mbit 100kB/2MB", {10000, 20000, 100000, 2000000}},
		{"400Gbit", {400000000, 400000000, 100000000, 100000000}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cv_rate got = {0}, again = {0};
		char text[CV_RATE_TEXT];

		assert_null(cv_rate_parse(rows[i].text, &got));
		assert_true(cv_rate_equal(&got, &rows[i].rate));
		/* what is shown means the same */
		assert_null(cv_rate_parse(cv_rate_text(&got, text), &again));
		assert_true(cv_rate_equal(&got, &again));
		assert_true(strlen(text) <= strlen(rows[i].text) + 6);
	}
}

static void
what_is_none_is_refused_in_words(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{"", "a whole number and kbit"},
		{"10", "a whole number and kbit"},
		{"10mbit", "a whole number and kbit"},
		{"0Mbit", "a whole number and kbit"},
		{"010Mbit", "a whole number and kbit"},
		{"10Mbits", "a whole number and kbit"},
		{"10Mbit/", "a whole number and kbit"},
		{"-1Mbit", "a whole number and kbit"},
		{"10Mbit/20Mbit/30Mbit", "a whole number and kbit"},
		{"none/10Mbit", "a whole number and kbit"},
		{"7kbit", "from 8kbit to 400Gbit"},
		{"401Gbit", "from 8kbit to 400Gbit"},
		{"99999999999999999999Gbit", "from 8kbit to 400Gbit"},
		{"1Mbit/401Gbit", "from 8kbit to 400Gbit"},
		{"20Mbit/10Mbit", "below the committed one"},
		{"10Mbit ", "stands a burst"},
		{"10Mbit  100kB", "stands a burst"},
		{"10Mbit 100", "stands a burst"},
		{"10Mbit 100KB", "stands a burst"},
		{"10Mbit 100kB ", "stands a burst"},
		{"10Mbit 9kB", "from 10kB to 100MB"},
		{"10Mbit 101MB", "from 10kB to 100MB"},
		{"10Mbit/20Mbit 100kB/9kB", "from 10kB to 100MB"},
		{"10Mbit 100kB/200kB", "only one rate"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cv_rate got = {.committed = 1234};
		const char *why = cv_rate_parse(rows[i].text, &got);

		if (why == NULL || strstr(why, rows[i].why) == NULL)
			fail_msg("'%s': %s", rows[i].text, why == NULL ? "taken" : why);
		assert_int_equal(got.committed, 1234);
	}
}

static void
nothing_said_has_no_text(void **state)
{
	struct cv_rate nothing = {0}, none = {.committed = CV_RATE_NONE};
	char text[CV_RATE_TEXT];

	(void)state;
	assert_string_equal(cv_rate_text(&nothing, text), "");
	assert_string_equal(cv_rate_text(&none, text), "none");
	assert_false(cv_rate_limits(&nothing));
	assert_false(cv_rate_limits(&none));
}

/* The longest text has room. */
static void
every_text_fits(void **state)
{
	struct cv_rate r;
	char text[CV_RATE_TEXT];

	(void)state;
	assert_null(cv_rate_parse("399999999kbit/400000000kbit 99999kB/98765kB", &r));
	assert_string_equal(cv_rate_text(&r, text), "399999999kbit/400Gbit 99999kB/98765kB");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_are_read),
		cmocka_unit_test(what_is_none_is_refused_in_words),
		cmocka_unit_test(nothing_said_has_no_text),
		cmocka_unit_test(every_text_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
