/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long a NAT keeps a mapping on which nothing is said (RFC 5780 section 4.6): a socket of its
 * own is used until the NAT takes it for a conversation, left silent for a while, and then another
 * socket has the server answer to it (RESPONSE-PORT). That tells also of NATs that would give the
 * same port again. Sans-IO, no memory; any thread, one at a time.
 *
 *   begin; then, until stun_lifetime_done: send what stun_lifetime_poll gives, hand in what comes
 * by stun_lifetime_input, and at stun_lifetime_next_timeout poll again
 */
#ifndef STUN_LIFETIME_H
#define STUN_LIFETIME_H

#include "base/retry.h"
#include "stun/ask.h"

enum stun_lifetime_socket {
	STUN_KEPT,  /* whose mapping is measured */
	STUN_ASKER, /* any other one of ours */
};

enum {
	STUN_LIFETIME_SEND = 64, /* bytes of a question */
	STUN_LIFETIME_TALKS =
		3, /* exchanges, a second and a half apart, that begin a conversation */
};

struct stun_lifetime_params {
	struct cv_endpoint server;
	/* the first silence tried, and the longest that is of interest */
	uint64_t first_ns, longest_ns;
	uint64_t rto_ns; /* as in stun_behave */
	unsigned sends;
	uint8_t id[STUN_TRANSACTION]; /* random */
};

enum stun_lifetime_state {
	STUN_LIFETIME_MEASURES,
	STUN_LIFETIME_KNOWN,  /* well enough, or longer than is of interest */
	STUN_LIFETIME_UNABLE, /* the server has no RESPONSE-PORT, or its answers go elsewhere */
	STUN_LIFETIME_SILENT, /* nobody answers any more */
};

struct stun_lifetime {
	struct stun_lifetime_params p;
	enum stun_lifetime_state state;
	uint64_t alive_ns, dead_ns; /* a silence that a mapping survived, did not; 0: none yet */
	/* what goes on: */
	enum { STUN_TALK, STUN_REST, STUN_PROBE, STUN_CHECK } step;
	unsigned talks;    /* exchanges of this trial */
	unsigned failures; /* trials in a row that came to nothing */
	uint16_t question; /* number of the last one */
	struct cv_retry retry;
	uint64_t rested_at; /* when the silence began */
	uint64_t silence_ns;
	struct cv_endpoint mapped; /* of the kept socket */
};

struct stun_lifetime_send {
	enum stun_lifetime_socket socket;
	uint8_t bytes[STUN_LIFETIME_SEND];
	size_t len;
};

void stun_lifetime_begin(
	struct stun_lifetime *l, const struct stun_lifetime_params *p, uint64_t now);
/* What is to be sent to the server now; false: nothing more. */
bool stun_lifetime_poll(struct stun_lifetime *l, uint64_t now, struct stun_lifetime_send *out);
/* A datagram from the server. 0; CV_ERR_UNKNOWN: it answers no question of ours; another error: an
 * answer that is none. Go on waiting. */
int stun_lifetime_input(struct stun_lifetime *l, uint64_t now, enum stun_lifetime_socket socket,
	struct cv_bytes datagram);
uint64_t stun_lifetime_next_timeout(const struct stun_lifetime *l);
bool stun_lifetime_done(const struct stun_lifetime *l);

/* How often something should be said to keep a mapping, by what is known up to now: just under what
 * it survives; `otherwise` where nothing is known. */
uint64_t stun_lifetime_keepalive(const struct stun_lifetime *l, uint64_t otherwise);

#endif
