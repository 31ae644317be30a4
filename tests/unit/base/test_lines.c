/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines that wait: what was taken comes out whole and in order, what was not is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/lines.h"

enum { CAPACITY = 100 };

static bool
put(struct cv_lines *l, const char *text)
{
	return cv_lines_put(l, text, strlen(text));
}

/* Takes so many bytes, as a slow reader does, and appends them to out. */
static size_t
take(struct cv_lines *l, size_t most, char *out)
{
	const char *bytes;
	size_t n = cv_lines_peek(l, &bytes);

	n = n < most ? n : most;
	memcpy(out, bytes, n);
	out[n] = '\0';
	cv_lines_take(l, n);
	return n;
}

static void
lines_come_out_in_order_whatever_the_pieces(void **state)
{
	struct cv_lines l;

	(void)state;
	for (size_t piece = 1; piece <= CAPACITY; piece++) {
		char wanted[8192] = "", got[8192] = "", line[32];

		assert_int_equal(cv_lines_init(&l, CAPACITY), 0);
		for (unsigned i = 0; i < 200; i++) {
			snprintf(line, sizeof(line), "line %u%s", i, i % 3 == 0 ? " long" : "");
			assert_true(put(&l, line));
			strcat(strcat(wanted, line), "\n");
			while (l.used > CAPACITY / 2)
				take(&l, piece, got + strlen(got));
		}
		while (take(&l, piece, got + strlen(got)) != 0)
			;
		assert_string_equal(got, wanted);
		assert_int_equal(l.lost, 0);
		cv_lines_fini(&l);
	}
}

static void
what_does_not_fit_is_lost_and_told_once(void **state)
{
	char got[CAPACITY + 1];
	struct cv_lines l;

	(void)state;
	assert_int_equal(cv_lines_init(&l, CAPACITY), 0);
	for (unsigned i = 0; i < 10; i++)
		assert_true(put(&l, "123456789"));
	assert_int_equal(l.used, CAPACITY);
	assert_false(put(&l, ""));
	assert_false(put(&l, "x"));
	assert_int_equal(cv_lines_untold(&l), 0); /* no room to say so yet */
	take(&l, 49, got);
	assert_false(put(&l, "x")); /* nor for lines, though one would fit */
	take(&l, 1, got);
	assert_int_equal(cv_lines_untold(&l), 3);
	assert_int_equal(cv_lines_untold(&l), 0);
	assert_true(put(&l, "lost=3"));
	assert_true(put(&l, "next"));
	take(&l, 50, got);
	take(&l, 50, got);
	assert_string_equal(got, "lost=3\nnext\n");
	assert_int_equal(l.lost, 3);
	cv_lines_fini(&l);
}

static void
a_line_longer_than_all_is_lost_alone(void **state)
{
	char line[2 * CAPACITY], got[CAPACITY + 1];
	struct cv_lines l;

	(void)state;
	memset(line, 'x', sizeof(line));
	assert_int_equal(cv_lines_init(&l, CAPACITY), 0);
	assert_false(cv_lines_put(&l, line, sizeof(line)));
	assert_false(cv_lines_put(&l, line, CAPACITY));
	assert_int_equal(cv_lines_untold(&l), 2);
	assert_true(cv_lines_put(&l, line, CAPACITY - 1));
	assert_int_equal(take(&l, CAPACITY, got), CAPACITY);
	cv_lines_fini(&l);
}

static void
what_is_discarded_counts_as_lost(void **state)
{
	char got[CAPACITY + 1];
	struct cv_lines l;

	(void)state;
	assert_int_equal(cv_lines_init(&l, CAPACITY), 0);
	put(&l, "one");
	put(&l, "two");
	put(&l, "three");
	take(&l, 5, got); /* a piece of the second is out already */
	cv_lines_discard(&l);
	assert_int_equal(l.used, 0);
	assert_int_equal(cv_lines_untold(&l), 2);
	cv_lines_fini(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_out_in_order_whatever_the_pieces),
		cmocka_unit_test(what_does_not_fit_is_lost_and_told_once),
		cmocka_unit_test(a_line_longer_than_all_is_lost_alone),
		cmocka_unit_test(what_is_discarded_counts_as_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
