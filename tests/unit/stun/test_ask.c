/* SPDX-License-Identifier: BSD-3-Clause */
/* A client's requests, and what it hears of responses. */
#include "server.h"

#include "stun/ask.h"

static struct stun_ask
question(void)
{
	struct stun_ask q = {0};

	memcpy(q.transaction, cookie_id + 4, STUN_TRANSACTION);
	return q;
}

static int
write_exact(const struct stun_ask *q, size_t capacity, uint8_t *bytes)
{
	uint8_t *exact = malloc(capacity == 0 ? 1 : capacity);
	int rc;

	assert_non_null(exact);
	rc = stun_write_request(q, exact, capacity);
	if (rc > 0)
		memcpy(bytes, exact, (size_t)rc);
	free(exact);
	return rc;
}

static void
test_requests(void **state)
{
	static const uint8_t bare[] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 1,
		0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae};
	struct stun_ask q = question();
	struct stun_message m;
	struct cv_bytes value;
	uint8_t bytes[2048];

	(void)state;
	assert_int_equal(write_exact(&q, sizeof(bytes), bytes), sizeof(bare));
	assert_memory_equal(bytes, bare, sizeof(bare));
	for (unsigned i = 1; i < 4; i++) {
		q.change_ip = (i & 1) != 0;
		q.change_port = (i & 2) != 0;
		assert_int_equal(write_exact(&q, sizeof(bytes), bytes), STUN_HEADER + 8);
		assert_memory_equal(bytes + STUN_HEADER, "\0\3\0\4\0\0\0", 7);
		assert_int_equal(
			bytes[STUN_HEADER + 7], (q.change_ip ? 4 : 0) | (q.change_port ? 2 : 0));
	}
	q = question();
	q.response_port = 0x1234;
	assert_int_equal(write_exact(&q, sizeof(bytes), bytes), STUN_HEADER + 8);
	assert_memory_equal(bytes + STUN_HEADER, "\0\x27\0\4\x12\x34\0\0", 8);
	q.padding = 1;
	assert_int_equal(write_exact(&q, sizeof(bytes), bytes), CV_ERR_STATE);
	q.response_port = 0;
	q.padding = 1399;
	q.fingerprint = true;
	assert_int_equal(write_exact(&q, sizeof(bytes), bytes), STUN_HEADER + 4 + 1400 + 8);
	assert_int_equal(stun_parse((struct cv_bytes){bytes, STUN_HEADER + 4 + 1400 + 8}, &m), 0);
	assert_true(find(&m, STUN_PADDING, &value));
	assert_int_equal(value.len, 1399);
	assert_non_null(m.fingerprint);
	for (size_t capacity = 0; capacity < STUN_HEADER + 4 + 1400 + 8; capacity += 1)
		assert_int_equal(write_exact(&q, capacity, bytes), CV_ERR_SPACE);
	q.padding = UINT16_MAX; /* no length can say it */
	assert_int_equal(stun_write_request(&q, room, sizeof(room)), CV_ERR_SPACE);
}

/* Each request is answered by our own server as it is meant. */
static void
test_conversation(void **state)
{
	struct stun_ask q = question();
	struct stun_response r;
	uint8_t bytes[256];

	(void)state;
	for (unsigned i = 0; i < 32; i++) {
		const struct stun_server *s = (i & 1) != 0 ? &behaviour : &plain;
		const struct cv_endpoint *from = (i & 2) != 0 ? &from6 : &from4;
		int len;

		q.change_ip = (i & 4) != 0;
		q.change_port = (i & 8) != 0;
		q.fingerprint = (i & 16) != 0;
		len = write_exact(&q, sizeof(bytes), bytes);
		assert_true(len > 0);
		assert_int_equal(ask(s, from, bytes, (size_t)len, 256), STUN_ANSWERED);
		assert_int_equal(
			stun_read_response((struct cv_bytes){out, reply.len}, q.transaction, &r),
			0);
		if (s == &plain && (q.change_ip || q.change_port)) {
			assert_int_equal(r.error, 420);
			assert_int_equal(r.unknown.len, 2);
			assert_memory_equal(r.unknown.data, "\0\3", 2);
			assert_int_equal(r.mapped.ip.family, 0);
			continue;
		}
		assert_int_equal(r.error, 0);
		assert_true(cv_endpoint_equal(&r.mapped, from));
		if (s == &plain) {
			assert_int_equal(r.other.ip.family, 0);
			assert_int_equal(r.origin.ip.family, 0);
			continue;
		}
		assert_true(cv_endpoint_equal(&r.other, &behaviour.other));
		assert_true(cv_ip_equal(
			&r.origin.ip, q.change_ip ? &behaviour.other.ip : &behaviour.here.ip));
		assert_int_equal(
			r.origin.port, q.change_port ? behaviour.other.port : behaviour.here.port);
	}
}

/* A response under construction. */
static void
respond(enum stun_class class, const uint8_t *id)
{
	w = cv_writer(room, sizeof(room));
	stun_write_header(&w, class, STUN_BINDING, id);
}

static int
hear(struct stun_response *r)
{
	struct cv_bytes copy;
	int rc;

	stun_write_finish(&w, false);
	assert_false(w.failed);
	copy = copy_of(room, cv_written(&w));
	rc = stun_read_response(copy, cookie_id + 4, r);
	drop_copy(copy);
	return rc;
}

static void
test_sample_responses(void **state)
{
	struct cv_endpoint six = endpoint("2001:db8:1234:5678:11:2233:4455:6677", 32853);
	struct stun_response r;

	(void)state;
	assert_int_equal(stun_read_response(BYTES(response_ipv4), cookie_id + 4, &r), 0);
	assert_int_equal(cv_ipv4_value(&r.mapped.ip), 0xc0000201);
	assert_int_equal(r.mapped.port, 32853);
	assert_int_equal(stun_read_response(BYTES(response_ipv6), cookie_id + 4, &r), 0);
	assert_true(cv_endpoint_equal(&r.mapped, &six));
	/* of another transaction; a request */
	assert_int_equal(stun_read_response(BYTES(response_ipv4), cookie_id, &r), CV_ERR_UNKNOWN);
	assert_int_equal(
		stun_read_response(BYTES(sample_request), cookie_id + 4, &r), CV_ERR_UNKNOWN);
	for (size_t len = 0; len < sizeof(response_ipv4); len++) {
		struct cv_bytes copy = copy_of(response_ipv4, len);

		assert_int_equal(stun_read_response(copy, cookie_id + 4, &r), CV_ERR_TRUNCATED);
		drop_copy(copy);
	}
}

static void
test_which_address(void **state)
{
	struct cv_endpoint one = endpoint("192.0.2.11", 1), two = endpoint("192.0.2.12", 2);
	struct stun_response r;

	(void)state;
	/* XORed before plain, whichever comes first; of each the first one */
	for (unsigned i = 0; i < 2; i++) {
		respond(STUN_SUCCESS, cookie_id);
		if (i == 0)
			stun_write_address(&w, STUN_MAPPED_ADDRESS, &one, NULL);
		stun_write_address(&w, STUN_XOR_MAPPED_ADDRESS, &two, cookie_id);
		stun_write_address(&w, STUN_XOR_MAPPED_ADDRESS, &one, cookie_id);
		stun_write_address(&w, STUN_MAPPED_ADDRESS, &one, NULL);
		assert_int_equal(hear(&r), 0);
		assert_true(cv_endpoint_equal(&r.mapped, &two));
	}
	/* a server of RFC 3489 repeats the cookie as a part of the ID, and says more */
	respond(STUN_SUCCESS, cookie_id);
	stun_write_address(&w, STUN_MAPPED_ADDRESS, &one, NULL);
	stun_write_address(&w, STUN_SOURCE_ADDRESS, &two, NULL);
	stun_write_address(&w, STUN_CHANGED_ADDRESS, &two, NULL);
	assert_int_equal(hear(&r), 0);
	assert_true(cv_endpoint_equal(&r.mapped, &one));
	/* of a family that nobody knows: as if it were not there (section 6.3.3) */
	respond(STUN_SUCCESS, cookie_id);
	add(STUN_XOR_MAPPED_ADDRESS, "\0\3\0\7\1\2\3\4", 8);
	assert_int_equal(hear(&r), CV_ERR_MALFORMED);
	stun_write_address(&w, STUN_XOR_MAPPED_ADDRESS, &two, cookie_id);
	assert_int_equal(hear(&r), 0);
	assert_true(cv_endpoint_equal(&r.mapped, &two));
	/* without one, with a broken one */
	respond(STUN_SUCCESS, cookie_id);
	assert_int_equal(hear(&r), CV_ERR_MALFORMED);
	add(STUN_XOR_MAPPED_ADDRESS, "\0\1\0\7\1\2\3", 7);
	assert_int_equal(hear(&r), CV_ERR_MALFORMED);
	/* one that must be understood */
	respond(STUN_SUCCESS, cookie_id);
	stun_write_address(&w, STUN_XOR_MAPPED_ADDRESS, &one, cookie_id);
	add(STUN_CHANGE_REQUEST, "\0\0\0\0", 4);
	assert_int_equal(hear(&r), CV_ERR_VERSION);
	/* other methods, an indication, no cookie */
	respond(STUN_INDICATION, cookie_id);
	assert_int_equal(hear(&r), CV_ERR_UNKNOWN);
	w = cv_writer(room, sizeof(room));
	stun_write_header(&w, STUN_SUCCESS, 3, cookie_id);
	assert_int_equal(hear(&r), CV_ERR_UNKNOWN);
	respond(STUN_SUCCESS, cookie_id);
	stun_write_address(&w, STUN_MAPPED_ADDRESS, &one, NULL);
	room[4] ^= 1;
	assert_int_equal(hear(&r), CV_ERR_UNKNOWN);
}

static void
test_errors(void **state)
{
	static const struct {
		const char *value;
		size_t len;
		int rc;
		unsigned error;
	} cases[] = {
		{"\0\0\4\0", 4, 0, 400},
		{"\0\0\4\x14Unknown", 11, 0, 420},
		{"\0\0\3\0", 4, 0, 300},
		{"\0\0\6\x63", 4, 0, 699},
		{"\xff\xff\xfc\1", 4, 0, 401}, /* reserved bits */
		{"\0\0\2\0", 4, CV_ERR_MALFORMED, 0},
		{"\0\0\7\0", 4, CV_ERR_MALFORMED, 0},
		{"\0\0\4\x64", 4, CV_ERR_MALFORMED, 0},
		{"\0\0\4", 3, CV_ERR_MALFORMED, 0},
	};
	struct stun_response r;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		respond(STUN_ERROR, cookie_id);
		add(STUN_ERROR_CODE, cases[i].value, cases[i].len);
		if (hear(&r) != cases[i].rc)
			fail_msg("case %zu", i);
		if (cases[i].rc == 0)
			assert_int_equal(r.error, cases[i].error);
	}
	respond(STUN_ERROR, cookie_id);
	assert_int_equal(hear(&r), CV_ERR_MALFORMED); /* none */
	/* of each the first one counts */
	add(STUN_ERROR_CODE, "\0\0\4\x14", 4);
	add(STUN_ERROR_CODE, "\0\0\5\0", 4);
	add(STUN_UNKNOWN_ATTRIBUTES, "\0\3", 2);
	add(STUN_UNKNOWN_ATTRIBUTES, "\0\4\0\5", 4);
	assert_int_equal(hear(&r), 0);
	assert_int_equal(r.error, 420);
	assert_int_equal(r.unknown.len, 2);
	assert_memory_equal(r.unknown.data, "\0\3", 2);
	add(STUN_UNKNOWN_ATTRIBUTES, "\0\3\0", 3);
	assert_int_equal(hear(&r), CV_ERR_MALFORMED);
	/* in a success it means nothing, whatever it is */
	for (unsigned i = 0; i < 2; i++) {
		respond(STUN_SUCCESS, cookie_id);
		stun_write_address(&w, STUN_XOR_MAPPED_ADDRESS, &from4, cookie_id);
		add(STUN_ERROR_CODE, "\0\0\4\0", i == 0 ? 4 : 3);
		assert_int_equal(hear(&r), 0);
		assert_int_equal(r.error, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_conversation),
		cmocka_unit_test(test_sample_responses),
		cmocka_unit_test(test_which_address),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
