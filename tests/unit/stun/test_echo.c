/* SPDX-License-Identifier: BSD-3-Clause */
/* The plain echo: who is told what, and who nothing. */
#include "vectors.h"

#include "stun/echo.h"

static char out[STUN_ECHO_MAX];
static size_t len;

static enum stun_echo_reason
ask(const struct cv_endpoint *from, const void *question, size_t question_len)
{
	struct cv_bytes copy = copy_of(question, question_len);
	enum stun_echo_reason reason = stun_echo(from, copy, out, &len);

	drop_copy(copy);
	if (reason != STUN_ECHO_ANSWERED)
		assert_int_equal(len, 0);
	return reason;
}

static void
test_answers(void **state)
{
	static const struct {
		const char *ip;
		uint16_t port;
		const char *text;
	} cases[] = {
		{"192.0.2.11", 40001, "192.0.2.11:40001\n"},
		{"1.2.3.4", 1, "1.2.3.4:1\n"},
		{"255.255.255.255", 65535, "255.255.255.255:65535\n"},
		{"2001:db8::1", 40001, "[2001:db8::1]:40001\n"},
		{"::ffff:192.0.2.1", 7, "[::ffff:192.0.2.1]:7\n"},
		{"2001:db8:1111:2222:3333:4444:5555:6666", 65535,
			"[2001:db8:1111:2222:3333:4444:5555:6666]:65535\n"},
	};
	static const char question[64] = "where am I?";

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cv_endpoint from = endpoint(cases[i].ip, cases[i].port);
		size_t least = strlen(cases[i].text);

		/* at least as long as the answer, to the byte */
		for (size_t n = 0; n < sizeof(question); n++) {
			enum stun_echo_reason reason = ask(&from, question, n);

			assert_int_equal(reason, n < least ? STUN_ECHO_SHORT : STUN_ECHO_ANSWERED);
			if (n < least)
				continue;
			assert_int_equal(len, least);
			assert_memory_equal(out, cases[i].text, least);
		}
		from.port = 0;
		assert_int_equal(ask(&from, question, sizeof(question)), STUN_ECHO_PORT_ZERO);
	}
}

/* No answer is answered, whatever is put behind it. */
static void
test_no_ping_pong(void **state)
{
	uint32_t seed = 7;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		static const char question[64] = "?";
		struct cv_endpoint from = {.ip.family = round % 2 ? CV_IPV6 : CV_IPV4};
		struct cv_endpoint other = endpoint("1.2.3.4", 7);
		char again[128] = "";

		for (unsigned i = 0; i < (round % 2 ? 16 : 4); i++) {
			seed = seed * 1664525 + 1013904223;
			/* zeros in a row, too */
			from.ip.bytes[i] = seed >> 31 ? (uint8_t)(seed >> 16) : 0;
		}
		from.port = (uint16_t)((seed >> 8) % 65535 + 1);
		assert_int_equal(ask(&from, question, sizeof(question)), STUN_ECHO_ANSWERED);
		memcpy(again, out, len);
		assert_int_equal(ask(&other, again, len), STUN_ECHO_ANSWER);
		assert_int_equal(ask(&other, again, sizeof(again)), STUN_ECHO_ANSWER);
	}
}

static void
test_what_looks_like_an_answer(void **state)
{
	static const struct {
		const char *text;
		enum stun_echo_reason reason;
	} cases[] = {
		{"192.0.2.11:40001\nand more than that is there", STUN_ECHO_ANSWER},
		{"192.0.2.11:40001\r\n", STUN_ECHO_ANSWER},
		{"192.0.2.11:40001", STUN_ECHO_ANSWER},
		{"[2001:DB8::1]:40001\n", STUN_ECHO_ANSWER},
		{"999.999.999.999:99999\n", STUN_ECHO_ANSWER}, /* more than is one */
		{"192.0.2.11:400011\n", STUN_ECHO_ANSWERED},
		{"192.0.2.11:40001 is what I am?", STUN_ECHO_ANSWERED},
		{"192.0.2.11 am I?", STUN_ECHO_ANSWERED},
		{"192.0.2.11:\n and no port is there", STUN_ECHO_ANSWERED},
		{":40001\n and no address", STUN_ECHO_ANSWERED},
		{"[]:40001\n and no address", STUN_ECHO_ANSWERED},
		{"[2001:db8::1:40001\n in brackets", STUN_ECHO_ANSWERED},
		{"[2001:db8::g]:40001\n no address", STUN_ECHO_ANSWERED},
		{"2001:db8::1:40001\n without brackets", STUN_ECHO_ANSWERED},
		{" 192.0.2.11:40001\n", STUN_ECHO_ANSWERED},
		{"................................................:1\n", STUN_ECHO_ANSWERED},
	};
	struct cv_endpoint from = endpoint("1.2.3.4", 7);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (ask(&from, cases[i].text, strlen(cases[i].text)) != cases[i].reason)
			fail_msg("%s", cases[i].text);
	/* a NUL is not in any set of letters */
	assert_int_equal(ask(&from, "1.2.3.4\0:40001\n", 15), STUN_ECHO_ANSWERED);
	assert_int_equal(ask(&from, "1.2.3.4:40001\0 and more", 22), STUN_ECHO_ANSWERED);
	/* cut anywhere, nothing is read behind */
	for (size_t n = 0; n <= 17; n++)
		(void)ask(&from, "192.0.2.11:40001\n", n);
	for (size_t n = 0; n <= 20; n++)
		(void)ask(&from, "[2001:db8::1]:40001\n", n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_no_ping_pong),
		cmocka_unit_test(test_what_looks_like_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
