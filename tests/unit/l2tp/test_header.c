/* SPDX-License-Identifier: BSD-3-Clause */
/* The header (RFC 2661 section 3.1) with every flag of a data and a control message. */
#include "capture.h"

#include "l2tp/header.h"

static void
every_combination_of_data_flags(void **state)
{
	(void)state;
	for (unsigned form = 0; form < 16; form++) {
		bool length = form & 1, sequence = form & 2, offset = form & 4, priority = form & 8;
		uint8_t bytes[64];
		struct cv_writer w = cv_writer(bytes, sizeof(bytes));
		struct l2tp_header h = {0};
		size_t before;

		cv_write_u16(&w, (uint16_t)(2 | (length ? 0x4000 : 0) | (sequence ? 0x0800 : 0) |
					    (offset ? 0x0200 : 0) | (priority ? 0x0100 : 0)));
		if (length)
			cv_write_u16(&w, 0);
		cv_write_u32(&w, 0x00070009);
		if (sequence)
			cv_write_u32(&w, 0x00030004);
		if (offset) {
			cv_write_u16(&w, 5);
			cv_write_bytes(&w, "xxxxx", 5);
		}
		before = cv_written(&w);
		cv_write_bytes(&w, "payload", 7);
		if (length)
			cv_patch_u16(&w, 2, (uint16_t)cv_written(&w));
		assert_int_equal(l2tp_header_parse(bytes, cv_written(&w), &h), 0);
		assert_false(h.is_control);
		assert_int_equal(h.tunnel_id, 7);
		assert_int_equal(h.session_id, 9);
		assert_int_equal(h.has_sequence, sequence);
		assert_int_equal(h.ns, sequence ? 3 : 0);
		assert_int_equal(h.priority, priority);
		assert_int_equal(h.payload.len, 7);
		assert_ptr_equal(h.payload.data, bytes + before);
		for (size_t cut = 0; cut < before; cut++)
			assert_int_not_equal(l2tp_header_parse(bytes, cut, &h), 0);
	}
}

static void
control_messages_need_all_and_no_more(void **state)
{
	static const struct {
		uint8_t bytes[12];
		int rc;
	} cases[] = {
		{{0xc8, 2, 0, 12, 0, 1, 0, 0, 0, 1, 0, 1}, 0},
		{{0x88, 2, 0, 12, 0, 1, 0, 0, 0, 1, 0, 1}, CV_ERR_MALFORMED}, /* no L */
		{{0xc0, 2, 0, 12, 0, 1, 0, 0, 0, 1, 0, 1}, CV_ERR_MALFORMED}, /* no S */
		{{0xca, 2, 0, 12, 0, 1, 0, 0, 0, 1, 0, 1}, CV_ERR_MALFORMED}, /* O */
		{{0xc9, 2, 0, 12, 0, 1, 0, 0, 0, 1, 0, 1}, CV_ERR_MALFORMED}, /* P */
		{{0xf8, 0xf2, 0, 12, 0, 1, 0, 0, 0, 1, 0, 1}, 0},             /* reserved bits */
		{{0xc8, 1, 0, 12, 0, 1, 0, 0, 0, 1, 0, 1}, CV_ERR_VERSION},
		{{0xc8, 3, 0, 12, 0, 1, 0, 0, 0, 1, 0, 1}, CV_ERR_VERSION},
		{{0xc8, 2, 0, 13, 0, 1, 0, 0, 0, 1, 0, 1}, CV_ERR_TRUNCATED},
		{{0xc8, 2, 0, 11, 0, 1, 0, 0, 0, 1, 0, 1}, CV_ERR_MALFORMED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct l2tp_header h = {0};

		assert_int_equal(l2tp_header_parse(cases[i].bytes, 12, &h), cases[i].rc);
	}
}

static void
bytes_after_length_are_ignored(void **state)
{
	static const uint8_t bytes[] = {0x40, 2, 0, 9, 0, 1, 0, 2, 'a', 'b', 'c'};
	struct l2tp_header h = {0};

	(void)state;
	assert_int_equal(l2tp_header_parse(bytes, sizeof(bytes), &h), 0);
	assert_int_equal(h.payload.len, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_combination_of_data_flags),
		cmocka_unit_test(control_messages_need_all_and_no_more),
		cmocka_unit_test(bytes_after_length_are_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
