/* SPDX-License-Identifier: BSD-3-Clause */
/* Servers of each kind, and requests to them. */
#ifndef TESTS_STUN_SERVER_H
#define TESTS_STUN_SERVER_H

#include "vectors.h"

#include "stun/answer.h"

static const uint8_t *const UNUSED cookie_id = sample_request + 4;
static const uint8_t UNUSED classic_id[STUN_ID] = "0123456789abcdef";

static struct stun_server UNUSED plain, classic, behaviour, both;
static struct cv_endpoint UNUSED from4, from6;

static int
setup(void **state)
{
	(void)state;
	plain = (struct stun_server){.here = endpoint("192.0.2.1", 3478)};
	classic = behaviour = plain;
	classic.classic = true;
	behaviour.other = endpoint("192.0.2.129", 3479);
	both = behaviour;
	both.classic = true;
	from4 = endpoint("192.0.2.11", 40001);
	from6 = endpoint("2001:db8::1", 40001);
	return 0;
}

static uint8_t out[4096];
static struct stun_reply reply;

/* The datagram and the room for the answer have their exact sizes, for a sanitizer. */
static inline enum stun_reason
ask(const struct stun_server *s, const struct cv_endpoint *from, const void *data, size_t len,
	size_t room)
{
	struct cv_bytes copy = copy_of(data, len);
	uint8_t *answer = malloc(room);
	enum stun_reason reason;

	assert_non_null(answer);
	assert_true(room <= sizeof(out));
	reason = stun_answer(s, from, copy, answer, room, &reply);
	if (reason == STUN_ANSWERED) {
		assert_true(reply.len != 0 && reply.len <= room);
		memcpy(out, answer, reply.len);
	}
	free(answer);
	drop_copy(copy);
	return reason;
}

/* A request under construction. */
static uint8_t room[2048];
static struct cv_writer w;

static inline void
begin(const uint8_t *id)
{
	w = cv_writer(room, sizeof(room));
	stun_write_header(&w, STUN_REQUEST, STUN_BINDING, id);
}

static inline void
add(unsigned type, const char *value, size_t len)
{
	stun_write_attribute(&w, (enum stun_type)type, value, len);
}

static inline enum stun_reason
send(const struct stun_server *s, const struct cv_endpoint *from, bool fingerprint)
{
	stun_write_finish(&w, fingerprint);
	assert_false(w.failed);
	return ask(s, from, room, cv_written(&w), 256);
}

static inline void
check_answer(const void *want, size_t len)
{
	assert_int_equal(reply.len, len);
	assert_memory_equal(out, want, len);
}

/* Exactly one attribute of an answer, as an address. */
static inline struct cv_endpoint
address(enum stun_type type, bool xored)
{
	struct stun_message m;
	struct cv_endpoint ep;
	struct cv_bytes value;

	assert_int_equal(stun_parse((struct cv_bytes){out, reply.len}, &m), 0);
	assert_true(find(&m, type, &value));
	assert_int_equal(stun_read_address(value, xored ? m.id : NULL, &ep), 0);
	return ep;
}

#define ASSERT_ADDRESS(type, xored, ip, port)                                              \
	do {                                                                               \
		struct cv_endpoint is_ = address(type, xored), want_ = endpoint(ip, port); \
		assert_true(cv_endpoint_equal(&is_, &want_));                              \
	} while (0)

#endif
