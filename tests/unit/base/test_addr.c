/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses and prefixes: text in both directions, what is refused, and which lie in which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/addr.h"
#include "base/err.h"

static struct cv_ip
ip(const char *text)
{
	struct cv_ip out;

	assert_int_equal(cv_ip_parse(text, &out), 0);
	return out;
}

static struct cv_prefix
prefix(const char *text)
{
	struct cv_prefix out;

	if (cv_prefix_parse(text, &out) != 0)
		fail_msg("'%s' is refused", text);
	return out;
}

static void
addresses_there_and_back(void **state)
{
	static const char *const texts[] = {"0.0.0.0", "10.88.0.1", "127.0.0.1", "192.0.2.255",
		"255.255.255.255", "::", "::1", "2001:db8::1", "fe80::1:2:3:4", "1:2:3:4:5:6:7:8",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
	char out[CV_IP_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct cv_ip a = ip(texts[i]), b = ip(texts[i]);

		assert_int_equal(a.family, strchr(texts[i], ':') == NULL ? CV_IPV4 : CV_IPV6);
		assert_string_equal(cv_ip_text(&a, out), texts[i]);
		assert_true(cv_ip_equal(&a, &b));
		for (size_t k = 0; k < i; k++) {
			b = ip(texts[k]);
			assert_false(cv_ip_equal(&a, &b));
		}
	}
	assert_string_equal(cv_ip_text(&(struct cv_ip){0}, out), "-");
}

static void
numbers_are_in_host_order(void **state)
{
	struct cv_ip a = cv_ipv4(UINT32_C(0xc0000201)), b = ip("192.0.2.1"), v6 = ip("c000:201::");

	(void)state;
	assert_true(cv_ip_equal(&a, &b));
	assert_true(cv_ipv4_value(&b) == UINT32_C(0xc0000201));
	assert_int_equal(cv_ipv4_value(&v6), 0);
	/* the same first bytes, another family */
	assert_false(cv_ip_equal(&a, &v6));
	b.bytes[15] = 1;
	assert_false(cv_ip_equal(&a, &b));
}

static void
garbage_is_no_address(void **state)
{
	static const char *const texts[] = {"", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256",
		"1.2.3.-4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4x", "1..3.4", "0x1.2.3.4", "1.2.3.4/32",
		"01.2.3.004", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "g::1",
		"12345::1", "::1%lo", "[::1]", "localhost", "1.2.3.4:1701",
		"1111111111111111111111111111111111111111111111111111111111111111111111"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct cv_ip a;
		struct cv_prefix p;

		memset(&a, 0xff, sizeof(a));
		if (cv_ip_parse(texts[i], &a) != CV_ERR_MALFORMED)
			fail_msg("'%s' is taken", texts[i]);
		assert_int_equal(a.family, 0);
		if (strchr(texts[i], '/') == NULL)
			assert_int_equal(cv_prefix_parse(texts[i], &p), CV_ERR_MALFORMED);
	}
}

static void
endpoints(void **state)
{
	struct cv_endpoint a = {ip("192.0.2.1"), 1701}, b = a;
	char out[CV_ENDPOINT_TEXT];

	(void)state;
	assert_true(cv_endpoint_equal(&a, &b));
	b.port = 1702;
	assert_false(cv_endpoint_equal(&a, &b));
	b = (struct cv_endpoint){ip("192.0.2.2"), 1701};
	assert_false(cv_endpoint_equal(&a, &b));
	assert_string_equal(cv_endpoint_text(&a, out), "192.0.2.1:1701");
	a = (struct cv_endpoint){ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 65535};
	assert_string_equal(
		cv_endpoint_text(&a, out), "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
	/* the longest that inet_ntop writes */
	a.ip = ip("0:0:0:0:0:ffff:255.255.255.255");
	assert_string_equal(cv_endpoint_text(&a, out), "[::ffff:255.255.255.255]:65535");
}

static void
prefixes_there_and_back(void **state)
{
	static const char *const texts[][2] = {
		{"0.0.0.0/0", NULL},
		{"128.0.0.0/1", NULL},
		{"10.0.0.0/8", NULL},
		{"10.128.0.0/9", NULL},
		{"192.0.2.0/24", NULL},
		{"192.0.2.254/31", NULL},
		{"192.0.2.255/32", NULL},
		{"192.0.2.255", "192.0.2.255/32"},
		{"192.0.2.0/024", "192.0.2.0/24"},
		{"::/0", NULL},
		{"8000::/1", NULL},
		{"2001:db8::/32", NULL},
		{"2001:db8::8000/113", NULL},
		{"2001:db8::fffe/127", NULL},
		{"2001:db8::ffff/128", NULL},
		{"2001:db8::ffff", "2001:db8::ffff/128"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", NULL},
	};
	char out[CV_PREFIX_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct cv_prefix p = prefix(texts[i][0]);

		assert_string_equal(
			cv_prefix_text(&p, out), texts[i][1] == NULL ? texts[i][0] : texts[i][1]);
	}
}

/* Each length with the host part all zeros, and with each of its bits set alone. */
static void
host_bits_are_refused(void **state)
{
	char text[CV_PREFIX_TEXT];
	struct cv_prefix p;

	(void)state;
	for (unsigned family = CV_IPV4; family <= CV_IPV6; family += 2)
		for (unsigned max = family == CV_IPV4 ? 32 : 128, n = 0; n <= max; n++)
			for (unsigned bit = 0; bit < max; bit++) {
				struct cv_prefix set = {
					.ip.family = (uint8_t)family, .length = (uint8_t)n};

				set.ip.bytes[bit / 8] = (uint8_t)(0x80 >> bit % 8);
				cv_prefix_text(&set, text);
				if (cv_prefix_parse(text, &p) != (bit < n ? 0 : CV_ERR_MALFORMED))
					fail_msg("%s", text);
			}
}

static void
garbage_is_no_prefix(void **state)
{
	static const char *const texts[] = {"0.0.0.0/", "0.0.0.0/33", "0.0.0.0/-1", "0.0.0.0/+1",
		"0.0.0.0/ 1", "0.0.0.0/1 ", "0.0.0.0/1x", "0.0.0.0/0x1", "0.0.0.0/0000",
		"0.0.0.0/256", "0.0.0.0/4294967296", "0.0.0.0/0/0", "0.0.0.0//0",
		"0.0.0.0/255.0.0.0", "::/129", "::/256", "/0", "/", "0.0.0/0",
		"1111111111111111111111111111111111111111111111/0"};
	struct cv_prefix p;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (cv_prefix_parse(texts[i], &p) != CV_ERR_MALFORMED)
			fail_msg("'%s' is taken", texts[i]);
}

static void
contains(void **state)
{
	static const struct {
		const char *prefix, *in[4], *out[4];
	} cases[] = {
		{"0.0.0.0/0", {"0.0.0.0", "128.0.0.0", "255.255.255.255"}, {"::", "::1"}},
		{"128.0.0.0/1", {"128.0.0.0", "255.255.255.255"}, {"0.0.0.0", "127.255.255.255"}},
		{"10.8.0.0/15", {"10.8.0.0", "10.9.255.255"}, {"10.7.255.255", "10.10.0.0"}},
		{"192.0.2.0/24", {"192.0.2.0", "192.0.2.255"}, {"192.0.1.255", "192.0.3.0"}},
		{"192.0.2.4/31", {"192.0.2.4", "192.0.2.5"}, {"192.0.2.3", "192.0.2.6"}},
		{"192.0.2.4/32", {"192.0.2.4"}, {"192.0.2.3", "192.0.2.5", "193.0.2.4"}},
		{"::/0", {"::", "8000::", "::1"}, {"0.0.0.0", "1.2.3.4"}},
		{"2001:db8::/33", {"2001:db8::", "2001:db8:7fff::"}, {"2001:db8:8000::", "::"}},
		{"2001:db8::4/127", {"2001:db8::4", "2001:db8::5"},
			{"2001:db8::3", "2001:db8::6", "2001:db9::4"}},
		{"2001:db8::4/128", {"2001:db8::4"}, {"2001:db8::5", "a001:db8::4"}},
		/* 32 bits that are the same, of another family */
		{"192.0.2.4/32", {"192.0.2.4"}, {"c000:204::"}},
		{"c000:204::/32", {"c000:204:1::"}, {"192.0.2.4"}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cv_prefix p = prefix(cases[i].prefix);

		for (unsigned k = 0; k < 4 && cases[i].in[k] != NULL; k++) {
			struct cv_ip a = ip(cases[i].in[k]);

			if (!cv_prefix_contains(&p, &a))
				fail_msg("%s, %s", cases[i].prefix, cases[i].in[k]);
		}
		for (unsigned k = 0; k < 4 && cases[i].out[k] != NULL; k++) {
			struct cv_ip a = ip(cases[i].out[k]);

			if (cv_prefix_contains(&p, &a))
				fail_msg("%s, %s", cases[i].prefix, cases[i].out[k]);
		}
	}
}

static void
overlaps(void **state)
{
	static const struct {
		const char *a, *b;
		bool both;
	} cases[] = {
		{"0.0.0.0/0", "0.0.0.0/0", true},
		{"0.0.0.0/0", "255.255.255.255/32", true},
		{"0.0.0.0/1", "128.0.0.0/1", false},
		{"10.0.0.0/8", "10.88.0.0/16", true},
		{"10.0.0.0/8", "11.0.0.0/8", false},
		{"10.88.0.0/16", "10.89.0.0/24", false},
		{"192.0.2.4/31", "192.0.2.4/32", true},
		{"192.0.2.4/31", "192.0.2.5/32", true},
		{"192.0.2.4/31", "192.0.2.6/32", false},
		{"192.0.2.4/31", "192.0.2.6/31", false},
		{"192.0.2.4/32", "192.0.2.4/32", true},
		{"192.0.2.4/32", "192.0.2.5/32", false},
		{"::/0", "2001:db8::/128", true},
		{"2001:db8::/32", "2001:db8:ffff::/48", true},
		{"2001:db8::/32", "2001:db9::/48", false},
		{"2001:db8::/127", "2001:db8::1/128", true},
		{"2001:db8::/127", "2001:db8::2/128", false},
		{"::/0", "0.0.0.0/0", false},
		{"::/0", "0.0.0.0/32", false},
		{"::/128", "0.0.0.0/0", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cv_prefix a = prefix(cases[i].a), b = prefix(cases[i].b);

		if (cv_prefix_overlaps(&a, &b) != cases[i].both ||
			cv_prefix_overlaps(&b, &a) != cases[i].both)
			fail_msg("%s, %s", cases[i].a, cases[i].b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_there_and_back),
		cmocka_unit_test(numbers_are_in_host_order),
		cmocka_unit_test(garbage_is_no_address),
		cmocka_unit_test(endpoints),
		cmocka_unit_test(prefixes_there_and_back),
		cmocka_unit_test(host_bits_are_refused),
		cmocka_unit_test(garbage_is_no_prefix),
		cmocka_unit_test(contains),
		cmocka_unit_test(overlaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
