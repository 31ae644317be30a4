/* SPDX-License-Identifier: BSD-3-Clause */
/* Log lines: which levels come through, what a line looks like, and where it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"

enum { LINE_MAX_BYTES = 1023 };

struct heard {
	unsigned lines;
	enum cv_log_level level;
	char line[4096];
};

static void
hear(void *ctx, enum cv_log_level level, const char *line)
{
	struct heard *h = ctx;

	assert_true(strlen(line) < sizeof(h->line));
	h->lines++;
	h->level = level;
	strcpy(h->line, line);
}

static void
a_line_is_event_and_values(void **state)
{
	struct heard h = {0};
	struct cv_log log = {.emit = hear, .ctx = &h, .level = CV_LOG_INFO};

	(void)state;
	cv_log_event(&log, CV_LOG_INFO, "session-up", "tunnel=%u user=%s", 7u, "alice");
	assert_int_equal(h.lines, 1);
	assert_int_equal(h.level, CV_LOG_INFO);
	assert_string_equal(h.line, "session-up tunnel=7 user=alice");
	/* hostile text is a value, not a format */
	cv_log_event(&log, CV_LOG_INFO, "x", "user=%s", "%s%n");
	assert_string_equal(h.line, "x user=%s%n");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-zero-length"
	cv_log_event(&log, CV_LOG_INFO, "ready", "");
#pragma GCC diagnostic pop
	assert_string_equal(h.line, "ready");
}

static void
levels_above_the_log_are_not_written(void **state)
{
	(void)state;
	for (int up_to = CV_LOG_ERROR; up_to <= CV_LOG_DEBUG; up_to++)
		for (int level = CV_LOG_ERROR; level <= CV_LOG_DEBUG; level++) {
			struct heard h = {0};
			struct cv_log log = {
				.emit = hear, .ctx = &h, .level = (enum cv_log_level)up_to};

			assert_int_equal(
				cv_log_enabled(&log, (enum cv_log_level)level), level <= up_to);
			cv_log_event(&log, (enum cv_log_level)level, "x", "n=%d", level);
			assert_int_equal(h.lines, level <= up_to);
			if (h.lines != 0)
				assert_int_equal(h.level, level);
		}
}

static void
names_of_levels(void **state)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};
	static const char *const others[] = {
		"", "Error", "err", "errors", "debug ", "4", "unknown"};

	(void)state;
	for (int i = CV_LOG_ERROR; i <= CV_LOG_DEBUG; i++) {
		assert_string_equal(cv_log_level_name((enum cv_log_level)i), names[i]);
		assert_int_equal(cv_log_level_parse(names[i]), i);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(cv_log_level_parse(others[i]), -1);
	assert_string_equal(cv_log_level_name((enum cv_log_level)(CV_LOG_DEBUG + 1)), "unknown");
}

/* Lines around the limit: whole up to it, cut behind; a long event is cut too, not lost. */
static void
cut_at_1023_bytes(void **state)
{
	static char text[3000];
	struct heard h = {0};
	struct cv_log log = {.emit = hear, .ctx = &h, .level = CV_LOG_DEBUG};

	(void)state;
	for (size_t len = LINE_MAX_BYTES - 4; len < LINE_MAX_BYTES + 4; len++) {
		memset(text, 'v', sizeof(text));
		text[len - 2] = '\0'; /* "x " before it */
		cv_log_event(&log, CV_LOG_DEBUG, "x", "%s", text);
		assert_int_equal(strlen(h.line), len < LINE_MAX_BYTES ? len : LINE_MAX_BYTES);
		assert_memory_equal(h.line, "x vvv", 5);
	}
	memset(text, 'e', sizeof(text));
	for (size_t len = LINE_MAX_BYTES - 4; len < sizeof(text); len += len < 1030 ? 1 : 500) {
		text[len] = '\0';
		h.lines = 0;
		cv_log_event(&log, CV_LOG_DEBUG, text, "tail=%d", 12345);
		text[len] = 'e';
		assert_int_equal(h.lines, 1);
		assert_int_equal(strlen(h.line), LINE_MAX_BYTES);
		assert_memory_equal(h.line, "eee", 3);
	}
}

static void
a_log_that_is_not_there(void **state)
{
	struct cv_log deaf = {.level = CV_LOG_DEBUG};

	(void)state;
	cv_log_event(NULL, CV_LOG_ERROR, "x", "n=%d", 1);
	cv_log_event(&deaf, CV_LOG_ERROR, "x", "n=%d", 1);
	assert_false(cv_log_enabled(NULL, CV_LOG_ERROR));
	assert_false(cv_log_enabled(&deaf, CV_LOG_ERROR));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_event_and_values),
		cmocka_unit_test(levels_above_the_log_are_not_written),
		cmocka_unit_test(names_of_levels),
		cmocka_unit_test(cut_at_1023_bytes),
		cmocka_unit_test(a_log_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
