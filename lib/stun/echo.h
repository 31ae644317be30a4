/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The plain echo: whoever sends a datagram is told, as a line of text, from which address and port
 * it came: "192.0.2.11:40001\n", "[2001:db8::1]:40001\n". For people with netcat, and scripts.
 */
#ifndef STUN_ECHO_H
#define STUN_ECHO_H

#include "base/addr.h"
#include "base/cursor.h"

enum { STUN_ECHO_MAX = CV_ENDPOINT_TEXT + 1 };

/* What became of a question; each but ECHO_ANSWERED is a drop to be counted. */
enum stun_echo_reason {
	STUN_ECHO_ANSWERED,
	STUN_ECHO_PORT_ZERO, /* from port 0: nobody can be there */
	STUN_ECHO_SHORT,  /* shorter than the answer: it would be of use to who forges his source */
	STUN_ECHO_ANSWER, /* begins as an answer does: else two of us could play ping-pong */
	STUN_ECHO_REASONS,
};

/* The answer to a datagram from `from`; *len: its bytes, never more than the question's. Pure;
 * allocates nothing; any thread. */
enum stun_echo_reason stun_echo(const struct cv_endpoint *from, struct cv_bytes question,
	char out[STUN_ECHO_MAX], size_t *len);

/* What an answer says: one line, and nothing else. Nothing in it tells whose question it answers:
 * the caller has looked from where it came. 0 or CV_ERR_MALFORMED. */
int stun_read_echo(struct cv_bytes answer, struct cv_endpoint *out);

#endif
