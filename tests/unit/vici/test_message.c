/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages of vici: what is one, what is found in it, and what is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vici/message.h"

#define MESSAGE(text) ((struct cv_bytes){(const uint8_t *)(text), sizeof(text) - 1})

/* key1 = value1, section1 { sub-section { key2 = value2 } list1 [ item1, item2 ] n = 70000 } */
static const char tree[] = "\3\4key1\0\6value1"
			   "\1\10section1"
			   "\1\13sub-section\3\4key2\0\6value2\2"
			   "\4\5list1\5\0\5item1\5\0\5item2\6"
			   "\3\1n\0\00570000\2"
			   "\3\2up\0\3yes";

static void
is_value(struct cv_bytes in, const char *name, const char *want)
{
	struct cv_bytes value;

	assert_true(vici_value(in, name, &value));
	assert_int_equal(value.len, strlen(want));
	assert_memory_equal(value.data, want, value.len);
}

static void
test_tree(void **state)
{
	struct cv_bytes m = MESSAGE(tree), section, inner;
	struct vici_element e;
	struct cv_reader r = cv_reader(m.data, m.len);

	(void)state;
	assert_int_equal(vici_check(m), 0);
	is_value(m, "key1", "value1");
	assert_true(vici_yes(m, "up"));
	assert_false(vici_yes(m, "key1"));
	assert_false(vici_value(m, "key2", &inner)); /* that is deeper */
	assert_false(vici_section(m, "key1", &inner));
	assert_true(vici_section(m, "section1", &section));
	assert_int_equal(vici_number(section, "n"), 70000);
	assert_false(vici_value(section, "list1", &inner));
	assert_true(vici_section(section, "sub-section", &inner));
	is_value(inner, "key2", "value2");
	assert_true(vici_next(&r, &e));
	assert_int_equal(e.kind, VICI_VALUE);
	assert_true(vici_next(&r, &e));
	assert_int_equal(e.kind, VICI_SECTION);
	assert_memory_equal(e.name.data, "section1", e.name.len);
	assert_true(vici_next(&r, &e));
	assert_int_equal(e.kind, VICI_VALUE);
	assert_memory_equal(e.name.data, "up", e.name.len);
	assert_false(vici_next(&r, &e));
}

/* Each part that ends early is none, but for where a whole element of the top ended. */
static void
test_cut(void **state)
{
	static const size_t whole[] = {0, 14, sizeof(tree) - 1 - 9};

	(void)state;
	for (size_t len = 0, i = 0; len < sizeof(tree) - 1; len++) {
		uint8_t *copy = malloc(len == 0 ? 1 : len);
		bool is_whole = i < 3 && len == whole[i];

		memcpy(copy, tree, len);
		assert_int_equal(
			vici_check((struct cv_bytes){copy, len}), is_whole ? 0 : CV_ERR_TRUNCATED);
		i += is_whole;
		free(copy);
	}
}

static void
test_malformed(void **state)
{
	(void)state;
	assert_int_equal(vici_check(MESSAGE("\0")), CV_ERR_MALFORMED);
	assert_int_equal(vici_check(MESSAGE("\7")), CV_ERR_MALFORMED);
	assert_int_equal(vici_check(MESSAGE("\2")), CV_ERR_MALFORMED);
	assert_int_equal(vici_check(MESSAGE("\6")), CV_ERR_MALFORMED);
	assert_int_equal(vici_check(MESSAGE("\5\0\1x")), CV_ERR_MALFORMED);
	assert_int_equal(vici_check(MESSAGE("\4\1l\3\1k\0\1v\6")), CV_ERR_MALFORMED);
	assert_int_equal(vici_check(MESSAGE("\4\1l\4\1m\6\6")), CV_ERR_MALFORMED);
	assert_int_equal(vici_check(MESSAGE("\1\1s\4\1l\2\6")), CV_ERR_MALFORMED);
	assert_int_equal(vici_check(MESSAGE("\1\1s\2\2")), CV_ERR_MALFORMED);
}

static void
test_depth(void **state)
{
	uint8_t buf[4 * (VICI_DEPTH + 1)];

	(void)state;
	for (unsigned n = VICI_DEPTH; n <= VICI_DEPTH + 1; n++) {
		struct cv_writer w = cv_writer(buf, sizeof(buf));

		for (unsigned i = 0; i < n; i++)
			vici_write_section(&w, "s");
		for (unsigned i = 0; i < n; i++)
			vici_write_section_end(&w);
		assert_false(w.failed);
		assert_int_equal(vici_check((struct cv_bytes){buf, cv_written(&w)}),
			n > VICI_DEPTH ? CV_ERR_LIMIT : 0);
	}
}

static void
test_numbers_and_text(void **state)
{
	struct cv_bytes m = MESSAGE("\3\1a\0\00218\3\1b\0\0031x8\3\1c\0\02418446744073709551616"
				    "\3\1d\0\0\3\1e\0\3a\n\"");
	char text[32];

	(void)state;
	assert_int_equal(vici_check(MESSAGE("\3\1a\0\00218")), 0);
	assert_int_equal(vici_number(m, "a"), 18);
	assert_int_equal(vici_number(m, "b"), 0);
	assert_int_equal(vici_number(m, "c"), 0);
	assert_int_equal(vici_number(m, "none"), 0);
	m = MESSAGE("\3\1d\0\0\3\1e\0\3a\n\"");
	assert_int_equal(vici_number(m, "d"), 0);
	assert_string_equal(vici_text(m, "d", text, sizeof(text)), "");
	assert_string_equal(vici_text(m, "none", text, sizeof(text)), "");
	assert_string_equal(vici_text(m, "e", text, sizeof(text)), "a\\x0a\\x22");
}

static void
test_too_long_to_write(void **state)
{
	static char name[257], value[65537];
	static uint8_t buf[70000];
	struct cv_writer w = cv_writer(buf, sizeof(buf));

	(void)state;
	memset(name, 'n', 256);
	memset(value, 'v', 65536);
	vici_write_value(&w, name + 1, value + 1);
	assert_false(w.failed);
	assert_int_equal(vici_check((struct cv_bytes){buf, cv_written(&w)}), 0);
	vici_write_value(&w, "n", value);
	assert_true(w.failed);
	w = cv_writer(buf, sizeof(buf));
	vici_write_section(&w, name);
	assert_true(w.failed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_numbers_and_text),
		cmocka_unit_test(test_too_long_to_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
