/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Datagrams that nobody means, the same ones in each run: random, and good ones mutated. Whatever
 * comes, nothing is read or written out of bounds (sanitized), no answer is longer than its bound,
 * each is a message that a client reads, and no answer is answered.
 */
#include "server.h"

#include "stun/ask.h"

enum { ROUNDS = 60000, LONGEST = 160 };

static uint32_t
roll(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* A type that a server looks at, more often than not. */
static unsigned
some_type(uint32_t *seed)
{
	static const uint16_t types[] = {STUN_CHANGE_REQUEST, STUN_RESPONSE_PORT, STUN_PADDING,
		STUN_USERNAME, STUN_MESSAGE_INTEGRITY, STUN_SOFTWARE, STUN_FINGERPRINT,
		STUN_ERROR_CODE};
	uint32_t r = roll(seed);

	return r % 4 == 0 ? r >> 4 & 0xffff : types[r / 4 % (sizeof(types) / sizeof(types[0]))];
}

/* A datagram into room; returns its length. */
static size_t
some_datagram(uint32_t *seed)
{
	static const char value[16] = {0, 0, 0, 6};
	bool with_cookie = roll(seed) % 8 != 0;
	size_t len;

	if (roll(seed) % 16 == 0) {
		len = roll(seed) % LONGEST;
		for (size_t i = 0; i < len; i++)
			room[i] = (uint8_t)roll(seed);
		return len;
	}
	if (roll(seed) % 8 == 0) {
		len = sizeof(response_ipv6);
		memcpy(room, response_ipv6, len);
	} else {
		begin(with_cookie ? cookie_id : classic_id);
		for (unsigned n = roll(seed) % 5; n != 0; n--) {
			unsigned type = some_type(seed);

			add(type, value, roll(seed) % 3 != 0 ? 4 : roll(seed) % 17);
		}
		stun_write_finish(&w, roll(seed) % 4 == 0);
		assert_false(w.failed);
		len = cv_written(&w);
	}
	if (roll(seed) % 2 == 0)
		for (unsigned n = roll(seed) % 4; n != 0; n--)
			room[roll(seed) % len] ^= (uint8_t)(1 << roll(seed) % 8);
	if (roll(seed) % 16 == 0)
		len = roll(seed) % (len + 1);
	return len;
}

/* To another server, of any kind, it is a drop. */
static void
check_not_answered(const struct cv_endpoint *from)
{
	const struct stun_server *servers[] = {&plain, &classic, &behaviour, &both};
	struct stun_reply saved = reply;

	for (size_t i = 0; i < 4; i++)
		assert_int_equal(ask(servers[i], from, out, saved.len, 512), STUN_NOT_REQUEST);
	reply = saved;
}

static void
check(const struct stun_server *s, const struct cv_endpoint *from, size_t asked)
{
	size_t growth = from->ip.family == CV_IPV4 ? STUN_GROWTH_IPV4 : STUN_GROWTH_IPV6;
	struct stun_response response;
	struct stun_message m;
	bool cookie;

	assert_int_equal(stun_parse((struct cv_bytes){out, reply.len}, &m), 0);
	assert_memory_equal(m.id, room + 4, STUN_ID);
	cookie = m.cookie;
	if (s->other.ip.family != 0 && m.class == STUN_SUCCESS && cookie)
		growth *= 4;
	assert_true(reply.len <= asked + growth);
	assert_true(reply.port != 0);
	if (s->other.ip.family == 0)
		assert_true(!reply.other_ip && !reply.other_port && reply.port == from->port);
	if (cookie) {
		assert_int_equal(
			stun_read_response((struct cv_bytes){out, reply.len}, m.id + 4, &response),
			0);
		if (response.error == 0)
			assert_true(cv_endpoint_equal(&response.mapped, from));
		assert_int_equal(response.unknown.len != 0, response.error == 420);
	} else {
		assert_true(s->classic);
	}
	check_not_answered(from);
}

static void
test_wild(void **state)
{
	const struct stun_server *servers[] = {&plain, &classic, &behaviour, &both};
	unsigned seen[STUN_REASONS] = {0}, moved = 0, errors = 0;
	uint32_t seed = 8489;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		const struct stun_server *s = servers[round % 4];
		struct cv_endpoint from = roll(&seed) % 2 == 0 ? from4 : from6;
		size_t len = some_datagram(&seed);
		enum stun_reason reason;

		if (roll(&seed) % 256 == 0)
			from.port = 0;
		reason = ask(s, &from, room, len, 512);
		assert_in_range(reason, STUN_ANSWERED, STUN_REASONS - 1);
		seen[reason]++;
		if (reason != STUN_ANSWERED)
			continue;
		moved += reply.other_ip && reply.other_port;
		errors += out[1] == 0x11;
		check(s, &from, len);
	}
	/* all of it was met, often */
	for (unsigned i = 0; i < STUN_REASONS; i++)
		assert_true(seen[i] > ROUNDS / 1000);
	assert_true(seen[STUN_ANSWERED] > ROUNDS / 4);
	assert_true(moved > ROUNDS / 1000 && errors > ROUNDS / 10);
}

/* An answer with its bits wrong is not answered either, while its class is a response's. */
static void
test_answers_come_back(void **state)
{
	uint8_t answer[256];
	size_t len;

	(void)state;
	begin(cookie_id);
	assert_int_equal(send(&both, &from4, true), STUN_ANSWERED);
	len = reply.len;
	memcpy(answer, out, len);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		answer[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(ask(&both, &from4, answer, len, 256), STUN_ANSWERED);
		answer[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wild),
		cmocka_unit_test(test_answers_come_back),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
