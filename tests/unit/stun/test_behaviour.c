/* SPDX-License-Identifier: BSD-3-Clause */
/* A server that speaks RFC 5780: from where it answers, to where, and how much. */
#include "server.h"

/* Table 1 of section 6.1. */
static void
test_change_request(void **state)
{
	static const struct {
		const char *flags, *ip;
		uint16_t port;
	} cases[] = {
		{NULL, "192.0.2.1", 3478}, {"\0\0\0\0", "192.0.2.1", 3478},
		{"\0\0\0\2", "192.0.2.1", 3479}, {"\0\0\0\4", "192.0.2.129", 3478},
		{"\0\0\0\6", "192.0.2.129", 3479},
		{"\xff\xff\xff\xf9", "192.0.2.1", 3478}, /* other bits mean nothing */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(cookie_id);
		if (cases[i].flags != NULL)
			add(STUN_CHANGE_REQUEST, cases[i].flags, 4);
		assert_int_equal(send(&behaviour, &from4, false), STUN_ANSWERED);
		assert_memory_equal(out, "\1\1\0\x30", 4);
		ASSERT_ADDRESS(STUN_MAPPED_ADDRESS, false, "192.0.2.11", 40001);
		ASSERT_ADDRESS(STUN_XOR_MAPPED_ADDRESS, true, "192.0.2.11", 40001);
		ASSERT_ADDRESS(STUN_RESPONSE_ORIGIN, false, cases[i].ip, cases[i].port);
		ASSERT_ADDRESS(STUN_OTHER_ADDRESS, false, "192.0.2.129", 3479);
		assert_int_equal(reply.other_ip, strcmp(cases[i].ip, "192.0.2.1") != 0);
		assert_int_equal(reply.other_port, cases[i].port != 3478);
		assert_int_equal(reply.port, 40001);
	}
	/* the first one counts */
	begin(cookie_id);
	add(STUN_CHANGE_REQUEST, "\0\0\0\2", 4);
	add(STUN_CHANGE_REQUEST, "\0\0\0\4", 4);
	assert_int_equal(send(&behaviour, &from4, false), STUN_ANSWERED);
	assert_true(reply.other_port && !reply.other_ip);
}

static void
test_response_port(void **state)
{
	(void)state;
	for (size_t len = 2; len <= 4; len += 2) {
		begin(cookie_id);
		add(STUN_RESPONSE_PORT, "\x04\xd2\0\0", len);
		add(STUN_RESPONSE_PORT, "\0\7\0\0", 4);
		assert_int_equal(send(&behaviour, &from4, false), STUN_ANSWERED);
		assert_int_equal(reply.port, 1234);
		ASSERT_ADDRESS(STUN_XOR_MAPPED_ADDRESS, true, "192.0.2.11", 40001);
	}
	begin(cookie_id);
	add(STUN_RESPONSE_PORT, "\0\0\0\0", 4);
	assert_int_equal(send(&behaviour, &from4, false), STUN_PORT_ZERO);
}

/* As long as the request's, and never longer than there is room. */
static void
test_padding(void **state)
{
	static const char padding[1500] = "not this";
	struct stun_message m;
	struct cv_bytes value;

	(void)state;
	for (size_t len = 0; len <= 1400; len += 7)
		for (unsigned fingerprint = 0; fingerprint < 2; fingerprint++) {
			begin(cookie_id);
			add(STUN_PADDING, padding, len);
			stun_write_finish(&w, fingerprint != 0);
			assert_int_equal(
				ask(&behaviour, &from4, room, cv_written(&w), 2048), STUN_ANSWERED);
			assert_int_equal(reply.len, cv_written(&w) + 4 * STUN_GROWTH_IPV4);
			assert_int_equal(stun_parse((struct cv_bytes){out, reply.len}, &m), 0);
			assert_true(find(&m, STUN_PADDING, &value));
			assert_int_equal(value.len, len);
			for (size_t i = 0; i < len; i++)
				assert_int_equal(value.data[i], 0);
		}
	for (size_t cut = STUN_ANSWER_MAX; cut < 400; cut++) {
		begin(cookie_id);
		add(STUN_PADDING, padding, 1400);
		stun_write_finish(&w, cut % 2 != 0);
		assert_int_equal(ask(&behaviour, &from6, room, cv_written(&w), cut), STUN_ANSWERED);
		assert_true(reply.len > cut - 4);
		assert_int_equal(stun_parse((struct cv_bytes){out, reply.len}, &m), 0);
		assert_int_equal(m.fingerprint != NULL, cut % 2 != 0);
	}
}

static void
test_bad_requests(void **state)
{
	static const struct {
		unsigned type;
		const char *value;
		size_t len;
	} cases[] = {
		{STUN_CHANGE_REQUEST, "", 0},
		{STUN_CHANGE_REQUEST, "\0\0\6", 3},
		{STUN_CHANGE_REQUEST, "\0\0\0\6\0", 5},
		{STUN_RESPONSE_PORT, "", 0},
		{STUN_RESPONSE_PORT, "\4", 1},
		{STUN_RESPONSE_PORT, "\4\4\4", 3},
		{STUN_RESPONSE_PORT, "\4\4\4\4\4", 5},
	};
	static const uint8_t bad[] = {1, 0x11, 0, 8};

	(void)state;
	for (size_t i = 0; i <= sizeof(cases) / sizeof(cases[0]); i++) {
		begin(cookie_id);
		if (i < sizeof(cases) / sizeof(cases[0])) {
			add(cases[i].type, cases[i].value, cases[i].len);
		} else { /* both together */
			add(STUN_RESPONSE_PORT, "\4\4\0\0", 4);
			add(STUN_PADDING, "padding", 7);
			add(STUN_CHANGE_REQUEST, "\0\0\0\6", 4);
		}
		assert_int_equal(send(&behaviour, &from4, false), STUN_ANSWERED);
		assert_int_equal(reply.len, STUN_HEADER + 8);
		assert_memory_equal(out, bad, sizeof(bad));
		assert_memory_equal(out + STUN_HEADER, "\0\x09\0\4\0\0\4\0", 8);
		/* from where it was asked, to who asked */
		assert_false(reply.other_ip || reply.other_port);
		assert_int_equal(reply.port, 40001);
	}
	/* an unknown attribute is said first, and nothing else is done */
	begin(cookie_id);
	add(STUN_CHANGE_REQUEST, "\0\0\0\6", 4);
	add(STUN_RESPONSE_PORT, "\4\4\0\0", 4);
	add(0x0024, "", 0);
	assert_int_equal(send(&behaviour, &from4, false), STUN_ANSWERED);
	assert_memory_equal(out + STUN_HEADER, "\0\x09\0\4\0\0\4\x14\0\x0a\0\2\0\x24", 14);
	assert_false(reply.other_ip || reply.other_port);
	assert_int_equal(reply.port, 40001);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_change_request),
		cmocka_unit_test(test_response_port),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_bad_requests),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
