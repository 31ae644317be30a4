/* SPDX-License-Identifier: BSD-3-Clause */
/* What a server answers, byte for byte, and what it does not. */
#include "server.h"

static void
test_binding(void **state)
{
	static const uint8_t four[] = {1, 1, 0, 12, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 1,
		0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0, 0x20, 0, 8, 0, 1, 0xa1, 0x47,
		0xe1, 0x12, 0xa6, 0x43};
	struct cv_endpoint from = endpoint("192.0.2.1", 32853);

	(void)state;
	begin(cookie_id);
	assert_int_equal(send(&plain, &from, false), STUN_ANSWERED);
	check_answer(four, sizeof(four));
	assert_int_equal(reply.len, cv_written(&w) + STUN_GROWTH_IPV4);
	assert_int_equal(reply.port, 32853);
	assert_false(reply.other_ip || reply.other_port);

	/* over IPv6, as in RFC 5769's answer */
	from = endpoint("2001:db8:1234:5678:11:2233:4455:6677", 32853);
	begin(cookie_id);
	assert_int_equal(send(&plain, &from, false), STUN_ANSWERED);
	assert_int_equal(reply.len, STUN_HEADER + 24);
	assert_int_equal(reply.len, cv_written(&w) + STUN_GROWTH_IPV6);
	assert_memory_equal(out, "\1\1\0\x18", 4);
	assert_memory_equal(out + 4, cookie_id, STUN_ID);
	assert_memory_equal(out + STUN_HEADER, response_ipv6 + STUN_HEADER + 16, 24);
}

static void
test_fingerprint_is_answered(void **state)
{
	struct stun_message m;

	(void)state;
	begin(cookie_id);
	assert_int_equal(send(&plain, &from4, true), STUN_ANSWERED);
	assert_int_equal(reply.len, STUN_HEADER + 12 + 8);
	assert_int_equal(stun_parse((struct cv_bytes){out, reply.len}, &m), 0);
	assert_non_null(m.fingerprint);
	ASSERT_ADDRESS(STUN_XOR_MAPPED_ADDRESS, true, "192.0.2.11", 40001);
	begin(cookie_id);
	add(0x0024, "", 0);
	assert_int_equal(send(&plain, &from4, true), STUN_ANSWERED);
	assert_int_equal(stun_parse((struct cv_bytes){out, reply.len}, &m), 0);
	assert_int_equal(m.class, STUN_ERROR);
	assert_non_null(m.fingerprint);
	assert_int_equal(reply.len, cv_written(&w) + STUN_GROWTH_IPV4);
}

/* What may be ignored is, and so are credentials where there are none (section 6.3). */
static void
test_ignored(void **state)
{
	static const uint16_t types[] = {STUN_MAPPED_ADDRESS, STUN_USERNAME, STUN_ERROR_CODE,
		STUN_UNKNOWN_ATTRIBUTES, STUN_REALM, STUN_NONCE, STUN_PASSWORD_ALGORITHM,
		STUN_USERHASH, STUN_XOR_MAPPED_ADDRESS, STUN_MESSAGE_INTEGRITY,
		STUN_MESSAGE_INTEGRITY_SHA256, STUN_SOFTWARE, 0x8000, 0xffff, STUN_OTHER_ADDRESS};
	struct stun_message m;

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		begin(cookie_id);
		add(types[i], "odd", 3);
		assert_int_equal(send(&plain, &from4, false), STUN_ANSWERED);
		assert_int_equal(reply.len, STUN_HEADER + 12);
		assert_memory_equal(out, "\1\1\0\x0c", 4);
	}
	assert_int_equal(ask(&plain, &from4, long_term_request, sizeof(long_term_request), 128),
		STUN_ANSWERED);
	assert_int_equal(reply.len, STUN_HEADER + 12);
	assert_int_equal(
		ask(&plain, &from4, hash_request, sizeof(hash_request), 128), STUN_ANSWERED);
	assert_int_equal(reply.len, STUN_HEADER + 12);
	assert_int_equal(stun_parse((struct cv_bytes){out, reply.len}, &m), 0);
	assert_int_equal(m.class, STUN_SUCCESS);
	/* behind an integrity nothing counts (section 9) */
	begin(cookie_id);
	add(STUN_MESSAGE_INTEGRITY, "01234567890123456789", 20);
	add(0x0024, "abcd", 4);
	assert_int_equal(send(&plain, &from4, false), STUN_ANSWERED);
	assert_memory_equal(out, "\1\1", 2);
}

static void
test_unknown_attributes(void **state)
{
	static const uint16_t reserved[] = {0, 2, STUN_CHANGE_REQUEST, STUN_SOURCE_ADDRESS,
		STUN_CHANGED_ADDRESS, 7, 0x0b, STUN_PADDING, STUN_RESPONSE_PORT, 0x0024, 0x0025,
		0x3fff, 0x7fff};
	/* RFC 5769's request has ICE's PRIORITY, and FINGERPRINT */
	static const uint8_t sample[] = {0, 9, 0, 4, 0, 0, 4, 20, 0, 10, 0, 2, 0, 0x24, 0, 0};

	(void)state;
	assert_int_equal(
		ask(&plain, &from4, sample_request, sizeof(sample_request), 128), STUN_ANSWERED);
	assert_int_equal(reply.len, STUN_HEADER + sizeof(sample) + 8);
	assert_memory_equal(out, "\1\x11\0\x18", 4);
	assert_memory_equal(out + 4, cookie_id, STUN_ID);
	assert_memory_equal(out + STUN_HEADER, sample, sizeof(sample));
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		begin(cookie_id);
		add(reserved[i], "", 0);
		assert_int_equal(send(&plain, &from4, false), STUN_ANSWERED);
		assert_int_equal(reply.len, cv_written(&w) + STUN_GROWTH_IPV4);
		assert_memory_equal(out, "\1\x11\0\x10", 4);
		assert_memory_equal(out + STUN_HEADER, "\0\x09\0\4\0\0\4\x14\0\x0a\0\2", 12);
		assert_int_equal(out[STUN_HEADER + 12] << 8 | out[STUN_HEADER + 13], reserved[i]);
		assert_memory_equal(out + STUN_HEADER + 14, "\0\0", 2);
	}
	/* each once, in their order */
	begin(cookie_id);
	add(0x0031, "a", 1);
	add(0x0030, "abc", 3);
	add(STUN_SOFTWARE, "s", 1);
	add(0x0031, "", 0);
	add(0x0032, "", 0);
	assert_int_equal(send(&plain, &from4, false), STUN_ANSWERED);
	assert_int_equal(reply.len, STUN_HEADER + 8 + 4 + 8);
	assert_memory_equal(out + STUN_HEADER + 8, "\0\x0a\0\6\0\x31\0\x30\0\x32\0\0", 12);
}

/* However many there are, the answer is bounded. */
static void
test_many_unknown(void **state)
{
	enum { MOST = 65532 / 4 };
	uint8_t *large = calloc(MOST + 5, 4);

	(void)state;
	assert_non_null(large);
	memcpy(large, "\0\1\xff\xfc", 4);
	memcpy(large + 4, cookie_id, STUN_ID);
	for (unsigned i = 0; i < MOST; i++) {
		large[STUN_HEADER + 4 * i] = (uint8_t)((0x4000 + i) >> 8);
		large[STUN_HEADER + 4 * i + 1] = (uint8_t)(0x4000 + i);
	}
	assert_int_equal(
		ask(&plain, &from4, large, 4 * (MOST + 5), STUN_ANSWER_MAX), STUN_ANSWERED);
	assert_int_equal(reply.len, STUN_HEADER + 8 + 4 + 2 * STUN_UNKNOWN_MAX);
	assert_memory_equal(out + STUN_HEADER + 12, "\x40\x00\x40\x01\x40\x02", 6);
	free(large);
	for (unsigned n = 1; n < 100; n++) {
		struct stun_message m;

		for (unsigned six = 0; six < 2; six++) {
			begin(cookie_id);
			for (unsigned i = 0; i < n; i++)
				add(0x0100 + i, "", 0);
			assert_int_equal(
				send(&plain, six ? &from6 : &from4, n % 2 != 0), STUN_ANSWERED);
			assert_true(reply.len <= cv_written(&w) + STUN_GROWTH_IPV4);
			assert_int_equal(stun_parse((struct cv_bytes){out, reply.len}, &m), 0);
		}
	}
}

/* ---- what is not answered, cause by cause ---- */

static void
test_reasons(void **state)
{
	static const struct {
		uint8_t bytes[36];
		size_t len;
		enum stun_reason plain, classic;
	} cases[] = {
		{"\0\1\0\0\x21\x12\xa4\x42"
		 "abcdefghijkl",
			20, STUN_ANSWERED, STUN_ANSWERED},
		{"", 0, STUN_MALFORMED, STUN_MALFORMED},
		{"\0\1\0\0\x21\x12\xa4\x42"
		 "abcdefghijk",
			19, STUN_MALFORMED, STUN_MALFORMED},
		/* lengths: no multiple of 4, beyond the datagram, below it */
		{"\0\1\0\2\x21\x12\xa4\x42"
		 "abcdefghijklab",
			22, STUN_MALFORMED, STUN_MALFORMED},
		{"\0\1\0\4\x21\x12\xa4\x42"
		 "abcdefghijkl",
			20, STUN_MALFORMED, STUN_MALFORMED},
		{"\0\1\xff\xfc\x21\x12\xa4\x42"
		 "abcdefghijkl",
			20, STUN_MALFORMED, STUN_MALFORMED},
		{"\0\1\0\0\x21\x12\xa4\x42"
		 "abcdefghijkl\x80\x22\0\0",
			24, STUN_MALFORMED, STUN_MALFORMED},
		/* an attribute beyond the end */
		{"\0\1\0\4\x21\x12\xa4\x42"
		 "abcdefghijkl\x80\x22\0\4",
			24, STUN_MALFORMED, STUN_MALFORMED},
		/* the first two bits: RTP, L2TP's control message */
		{"\x80\1\0\0\x21\x12\xa4\x42"
		 "abcdefghijkl",
			20, STUN_MALFORMED, STUN_MALFORMED},
		{"\xc8\2\0\x14\0\0\0\0\0\0\0\0\x80\x08\0\0\0\0\0\1", 20, STUN_MALFORMED,
			STUN_MALFORMED},
		/* indication, success, error */
		{"\0\x11\0\0\x21\x12\xa4\x42"
		 "abcdefghijkl",
			20, STUN_NOT_REQUEST, STUN_NOT_REQUEST},
		{"\1\1\0\0\x21\x12\xa4\x42"
		 "abcdefghijkl",
			20, STUN_NOT_REQUEST, STUN_NOT_REQUEST},
		{"\1\x11\0\0\x21\x12\xa4\x42"
		 "abcdefghijkl",
			20, STUN_NOT_REQUEST, STUN_NOT_REQUEST},
		{"\1\1\0\0"
		 "abcdefghijklmnop",
			20, STUN_NOT_REQUEST, STUN_NOT_REQUEST},
		/* Allocate of TURN, RFC 3489's Shared Secret, method 0 */
		{"\0\3\0\0\x21\x12\xa4\x42"
		 "abcdefghijkl",
			20, STUN_NOT_BINDING, STUN_NOT_BINDING},
		{"\0\2\0\0"
		 "abcdefghijklmnop",
			20, STUN_NOT_BINDING, STUN_NOT_BINDING},
		{"\0\0\0\0\x21\x12\xa4\x42"
		 "abcdefghijkl",
			20, STUN_NOT_BINDING, STUN_NOT_BINDING},
		/* no cookie, or nearly */
		{"\0\1\0\0"
		 "abcdefghijklmnop",
			20, STUN_NO_COOKIE, STUN_ANSWERED},
		{"\0\1\0\0\x21\x12\xa4\x43"
		 "abcdefghijkl",
			20, STUN_NO_COOKIE, STUN_ANSWERED},
		{"\0\1\0\4"
		 "abcdefghijklmnop\x80\x22\0\4",
			24, STUN_NO_COOKIE, STUN_MALFORMED},
		/* FINGERPRINT: wrong, before another, too long, too short */
		{"\0\1\0\x08\x21\x12\xa4\x42"
		 "abcdefghijkl\x80\x28\0\4wxyz",
			28, STUN_FINGERPRINT_WRONG, STUN_FINGERPRINT_WRONG},
		{"\0\1\0\x0c\x21\x12\xa4\x42"
		 "abcdefghijkl\x80\x28\0\4wxyz\x80\x22\0\0",
			32, STUN_MALFORMED, STUN_MALFORMED},
		{"\0\1\0\x0c\x21\x12\xa4\x42"
		 "abcdefghijkl\x80\x28\0\5vwxyz",
			32, STUN_MALFORMED, STUN_MALFORMED},
		{"\0\1\0\x08\x21\x12\xa4\x42"
		 "abcdefghijkl\x80\x28\0\3wxy",
			28, STUN_MALFORMED, STUN_MALFORMED},
	};
	struct cv_endpoint nobody = endpoint("192.0.2.11", 0);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum stun_reason with = ask(&classic, &from4, cases[i].bytes, cases[i].len, 128);
		enum stun_reason without = ask(&plain, &from6, cases[i].bytes, cases[i].len, 128);

		if (with != cases[i].classic || without != cases[i].plain)
			fail_msg("case %zu: %d, %d", i, without, with);
	}
	assert_int_equal(ask(&plain, &nobody, cases[0].bytes, 20, 128), STUN_PORT_ZERO);
	/* the other servers' ports are not looked at here */
	nobody.port = STUN_PORT;
	assert_int_equal(ask(&plain, &nobody, cases[0].bytes, 20, 128), STUN_ANSWERED);
}

/* ---- RFC 3489 ---- */

static void
test_classic(void **state)
{
	static const uint8_t mapped[] = {0, 1, 0, 8, 0, 1, 0x9c, 0x41, 192, 0, 2, 11};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		const struct stun_server *s = i == 0 ? &classic : &both;

		begin(classic_id);
		assert_int_equal(send(s, &from4, false), STUN_ANSWERED);
		assert_int_equal(reply.len, STUN_HEADER + 12);
		assert_memory_equal(out, "\1\1\0\x0c", 4);
		assert_memory_equal(out + 4, classic_id, STUN_ID);
		assert_memory_equal(out + STUN_HEADER, mapped, sizeof(mapped));
		/* an odd list is filled up by its last */
		begin(classic_id);
		add(STUN_CHANGE_REQUEST, "\0\0\0\6", 4);
		assert_int_equal(send(s, &from4, false), STUN_ANSWERED);
		assert_memory_equal(out, "\1\x11\0\x10", 4);
		assert_memory_equal(out + 4, classic_id, STUN_ID);
		assert_memory_equal(
			out + STUN_HEADER, "\0\x09\0\4\0\0\4\x14\0\x0a\0\4\0\3\0\3", 16);
		assert_false(reply.other_ip || reply.other_port);
		begin(classic_id);
		add(0x30, "", 0);
		add(0x31, "", 0);
		assert_int_equal(send(s, &from4, false), STUN_ANSWERED);
		assert_memory_equal(out + STUN_HEADER + 8, "\0\x0a\0\4\0\x30\0\x31", 8);
		/* with the cookie nothing is other than without this option */
		begin(cookie_id);
		assert_int_equal(send(s, &from4, false), STUN_ANSWERED);
		ASSERT_ADDRESS(STUN_XOR_MAPPED_ADDRESS, true, "192.0.2.11", 40001);
		assert_int_equal(reply.len, STUN_HEADER + (i == 0 ? 12 : 48));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_binding),
		cmocka_unit_test(test_fingerprint_is_answered),
		cmocka_unit_test(test_ignored),
		cmocka_unit_test(test_unknown_attributes),
		cmocka_unit_test(test_many_unknown),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_classic),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
