/* SPDX-License-Identifier: BSD-3-Clause */
/* Hostile text made fit for people: every byte, every capacity; and how far words are apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

/* What a byte becomes, written down a second time. */
static size_t
token(char out[5], uint8_t byte)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "!#$%&'()*+,-./:;<>?@[]^_`{|}~";

	if (byte != 0 && strchr(plain, byte) != NULL)
		return (size_t)snprintf(out, 5, "%c", byte);
	return (size_t)snprintf(out, 5, "\\x%02x", byte);
}

static void
every_byte_alone(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		uint8_t byte = (uint8_t)i;
		char out[8], expected[5];

		token(expected, byte);
		assert_ptr_equal(cv_escape(out, sizeof(out), &byte, 1), out);
		assert_string_equal(out, expected);
	}
}

static void
all_bytes_together(void **state)
{
	char out[2048], expected[2048];
	uint8_t bytes[256];
	size_t used = 0;

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		bytes[i] = (uint8_t)i;
		used += token(expected + used, bytes[i]);
	}
	assert_string_equal(cv_escape(out, sizeof(out), bytes, sizeof(bytes)), expected);
	assert_string_equal(cv_escape(out, used + 1, bytes, sizeof(bytes)), expected);
	assert_string_equal(cv_escape(out, sizeof(out), NULL, 0), "");
	assert_string_equal(cv_escape(out, sizeof(out), "user=a b", 8), "user\\x3da\\x20b");
	assert_string_equal(cv_escape_words(out, sizeof(out), "E=1 \"a\\\n\xe9", 9),
		"E=1 \\x22a\\x5c\\x0a\\xe9");
}

/* Whole where it fits, else the most that leaves room for "...", never half a byte; and nothing
 * is written beyond the capacity. */
static void
fits(size_t capacity, const uint8_t *bytes, size_t len)
{
	char out[128], whole[512] = "", expected[512] = "";
	size_t used = 0, total = 0;

	for (size_t i = 0; i < len; i++)
		total += token(whole + total, bytes[i]);
	if (total < capacity) {
		memcpy(expected, whole, total + 1);
	} else {
		for (size_t i = 0;; i++) {
			char one[5];
			size_t n = token(one, bytes[i]);

			if (used + n + 3 >= capacity)
				break;
			memcpy(expected + used, one, n);
			used += n;
		}
		memcpy(expected + used, "...", 4);
	}
	memset(out, 0x5a, sizeof(out));
	cv_escape(out, capacity, bytes, len);
	assert_string_equal(out, expected);
	for (size_t i = capacity; i < sizeof(out); i++)
		assert_int_equal(out[i], 0x5a);
}

static void
cut_at_every_capacity(void **state)
{
	uint8_t bytes[64];

	(void)state;
	/* each bit of the pattern says whether a byte takes one place or four */
	for (unsigned pattern = 0; pattern < 256; pattern++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (pattern >> i % 8 & 1) != 0 ? (uint8_t)(0x80 + i) : 'a';
		for (size_t capacity = 8; capacity <= 48; capacity++)
			for (size_t len = 0; len <= sizeof(bytes); len++)
				fits(capacity, bytes, len);
	}
}

static void
distances(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned distance;
	} cases[] = {
		{"", "", 0},
		{"", "abc", 3},
		{"listen", "listen", 0},
		{"listen", "lisen", 1},  /* left out */
		{"lisen", "listen", 1},  /* put in */
		{"listen", "lasten", 1}, /* another */
		{"listen", "litsen", 1}, /* two that changed places */
		{"listen", "ilstne", 2}, /* at both ends */
		{"ab", "ba", 1},
		{"abcd", "badc", 2},
		{"ab", "bca", 3}, /* no letter between two that changed places */
		{"abc", "bac", 1},
		{"kitten", "sitting", 3},
		{"pool", "loop", 2},
		{"Pool", "pool", 1},
		{"aaaa", "bbbb", 4},
		{"abcdef", "ghijkl", 6},
		{"max-tunnels", "tunnels-max", 8},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *a = cases[i].a, *b = cases[i].b;
		unsigned d = cases[i].distance;

		if (cv_edit_distance(a, b, 20) != d)
			print_error("'%s' '%s': %u\n", a, b, cv_edit_distance(a, b, 20));
		assert_int_equal(cv_edit_distance(a, b, 20), d);
		assert_int_equal(cv_edit_distance(b, a, 20), d);
		for (unsigned max = 0; max < 10; max++)
			assert_int_equal(cv_edit_distance(a, b, max), d > max ? max + 1 : d);
	}
}

static void
long_words(void **state)
{
	char a[80], b[80];

	(void)state;
	for (size_t i = 0; i < sizeof(a); i++)
		a[i] = b[i] = (char)('a' + i % 26);
	a[63] = b[63] = '\0';
	assert_int_equal(cv_edit_distance(a, b, 3), 0);
	b[62] = '!';
	assert_int_equal(cv_edit_distance(a, b, 3), 1);
	b[62] = a[61]; /* the last two change places */
	b[61] = a[62];
	assert_int_equal(cv_edit_distance(a, b, 3), 1);
	assert_int_equal(cv_edit_distance(a, "", 100), 63);
	/* one more is beyond what is compared: as far away as can be */
	memset(b, 'a', sizeof(b));
	b[64] = '\0';
	assert_int_equal(cv_edit_distance(b, b, 3), 4);
	assert_int_equal(cv_edit_distance(a, b, 3), 4);
	assert_int_equal(cv_edit_distance(b, a, 3), 4);
	assert_int_equal(cv_edit_distance("", b, 3), 4);
	assert_int_equal(cv_edit_distance(b + 1, b, 3), 4);
	assert_int_equal(cv_edit_distance(b, b + 1, 3), 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_alone),
		cmocka_unit_test(all_bytes_together),
		cmocka_unit_test(cut_at_every_capacity),
		cmocka_unit_test(distances),
		cmocka_unit_test(long_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
