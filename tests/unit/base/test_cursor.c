/* SPDX-License-Identifier: BSD-3-Clause */
/* Cursors never leave their bytes, and remember that they would have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cursor.h"

static void
reads_network_order(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7};
	struct cv_reader r = cv_reader(bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(cv_read_u8(&r), 1);
	assert_int_equal(cv_read_u16(&r), 0x0203);
	assert_int_equal(cv_read_u32(&r), 0x04050607);
	assert_int_equal(cv_remaining(&r), 0);
	assert_false(r.failed);
}

static void
stops_at_the_end_and_stays_failed(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3};
	struct cv_reader r = cv_reader(bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(cv_read_u32(&r), 0);
	assert_true(r.failed);
	assert_int_equal(cv_read_u8(&r), 0); /* there would be one, but the cursor is broken */
	assert_null(cv_read_bytes(&r, 0));
}

static void
sub_reader_ends_where_told(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3};
	struct cv_reader r = cv_reader(bytes, sizeof(bytes));
	struct cv_reader sub = cv_read_sub(&r, 2);

	(void)state;
	assert_int_equal(cv_read_u16(&sub), 0x0102);
	assert_int_equal(cv_read_u8(&sub), 0);
	assert_true(sub.failed);
	assert_int_equal(cv_read_u8(&r), 3);
	sub = cv_read_sub(&r, SIZE_MAX);
	assert_true(sub.failed);
	assert_true(r.failed);
}

static void
empty_input_is_no_error(void **state)
{
	struct cv_reader r = cv_reader(NULL, 0);

	(void)state;
	assert_int_equal(cv_remaining(&r), 0);
	assert_false(r.failed);
	assert_int_equal(cv_read_u16(&r), 0);
	assert_true(r.failed);
}

static void
writer_keeps_its_bounds(void **state)
{
	uint8_t buf[5] = {9, 9, 9, 9, 9};
	struct cv_writer w = cv_writer(buf, 4);

	(void)state;
	cv_write_u16(&w, 0x0102);
	cv_patch_u16(&w, 1, 0xffff); /* would touch what is not written yet */
	cv_patch_u16(&w, 0, 0x0a0b);
	cv_write_u32(&w, 1);
	assert_true(w.failed);
	assert_int_equal(buf[0], 0x0a);
	assert_int_equal(buf[1], 0x0b);
	assert_int_equal(buf[4], 9);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_network_order),
		cmocka_unit_test(stops_at_the_end_and_stays_failed),
		cmocka_unit_test(sub_reader_ends_where_told),
		cmocka_unit_test(empty_input_is_no_error),
		cmocka_unit_test(writer_keeps_its_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
