/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 2759 section 9.2, and names and passwords beyond ASCII. */
#include "harness.h"

static const uint8_t authenticator[16] = {0x5b, 0x5d, 0x7c, 0x7d, 0x7b, 0x3f, 0x2f, 0x3e, 0x3c,
	0x2c, 0x60, 0x21, 0x32, 0x26, 0x26, 0x28};
static const uint8_t peer[16] = {0x21, 0x40, 0x23, 0x24, 0x25, 0x5e, 0x26, 0x2a, 0x28, 0x29, 0x5f,
	0x2b, 0x3a, 0x33, 0x7c, 0x7e};
static const uint8_t password_hash[16] = {0x44, 0xeb, 0xba, 0x8d, 0x53, 0x12, 0xb8, 0xd6, 0x11,
	0x47, 0x44, 0x11, 0xf5, 0x69, 0x89, 0xae};
static const uint8_t nt_response[24] = {0x82, 0x30, 0x9e, 0xcd, 0x8d, 0x70, 0x8b, 0x5e, 0xa0, 0x8f,
	0xaa, 0x39, 0x81, 0xcd, 0x83, 0x54, 0x42, 0x33, 0x11, 0x4a, 0x3d, 0x85, 0xd6, 0xdf};

static struct cv_bytes
str(const char *s)
{
	return (struct cv_bytes){(const uint8_t *)s, strlen(s)};
}

static void
check_name(struct crypto *c, const char *name)
{
	struct ppp_mschapv2 m = {authenticator, peer, str(name), false};
	uint8_t response[24], auth[20];
	char text[PPP_MSCHAPV2_TEXT];

	assert_int_equal(ppp_mschapv2_nt_response(c, &m, password_hash, response), 0);
	assert_memory_equal(response, nt_response, sizeof(response));
	assert_int_equal(ppp_mschapv2_authenticator(c, &m, password_hash, response, auth), 0);
	ppp_mschapv2_success_text(auth, text);
	/* RFC 2759 section 5: both parts */
	assert_string_equal(text, "S=407A5589115FD0D6209F510FE9C04566932CDA56 M=Access granted");
	assert_true(ppp_mschapv2_success_matches(str(text), auth));
	assert_true(ppp_mschapv2_success_matches(
		str("S=407A5589115FD0D6209F510FE9C04566932CDA56 M=hi"), auth));
	assert_true(ppp_mschapv2_success_matches(
		str("S=407A5589115FD0D6209F510FE9C04566932CDA56"), auth));
	assert_false(ppp_mschapv2_success_matches(
		str("S=407A5589115FD0D6209F510FE9C04566932CDA57"), auth));
	assert_false(ppp_mschapv2_success_matches(str("S=407A"), auth));
	assert_false(ppp_mschapv2_success_matches(str(""), auth));
}

static void
test_rfc_vector(void **state)
{
	uint8_t hash[16];

	assert_int_equal(ppp_nt_hash(*state, str("clientPass"), hash), 0);
	assert_memory_equal(hash, password_hash, sizeof(hash));
	check_name(*state, "User");
}

static void
test_domain_is_left_out(void **state)
{
	check_name(*state, "DOM\\User");
	check_name(*state, "A\\B\\User");
	check_name(*state, "\\User");
}

static void
test_unicode(void **state)
{
	/* U+00E9 and U+1F511 as UTF-16LE: e9 00 3d d8 11 dd */
	static const uint8_t utf16[] = {0xe9, 0x00, 0x3d, 0xd8, 0x11, 0xdd};
	struct cv_bytes part = {utf16, sizeof(utf16)};
	uint8_t hash[16], expected[16];

	assert_int_equal(crypto_md4(*state, &part, 1, expected), 0);
	assert_int_equal(ppp_nt_hash(*state, str("\xc3\xa9\xf0\x9f\x94\x91"), hash), 0);
	assert_memory_equal(hash, expected, sizeof(hash));
}

static void
test_not_utf8(void **state)
{
	static const char *const bad[] = {"\xff", "\x80", "\xc3", "\xc3\x28", "\xe2\x82",
		"\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
		"\xf8\x88\x80\x80\x80"};
	char longest[258];
	uint8_t hash[16];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ppp_nt_hash(*state, str(bad[i]), hash), CV_ERR_MALFORMED);
	memset(longest, 'x', sizeof(longest));
	longest[257] = '\0';
	assert_int_equal(ppp_nt_hash(*state, str(longest), hash), CV_ERR_MALFORMED);
	longest[256] = '\0';
	assert_int_equal(ppp_nt_hash(*state, str(longest), hash), 0);
}

static void
test_failure_text(void **state)
{
	char text[PPP_MSCHAPV2_TEXT];

	(void)state;
	ppp_mschapv2_failure_text(authenticator, text);
	assert_string_equal(
		text, "E=691 R=0 C=5B5D7C7D7B3F2F3E3C2C602132262628 V=3 M=Authentication failed");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc_vector),
		cmocka_unit_test(test_domain_is_left_out),
		cmocka_unit_test(test_unicode),
		cmocka_unit_test(test_not_utf8),
		cmocka_unit_test(test_failure_text),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, seeded_setup, seeded_teardown);
}
