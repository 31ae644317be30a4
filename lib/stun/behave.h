/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a client finds out about the NAT in front of it (RFC 5780 sections 4.3 and 4.4, RFC 8489
 * section 6.2.1): how several places see one socket of its, and what reaches another one. Sans-IO,
 * no memory; any thread, one at a time.
 *
 *   begin; then, until stun_behave_done: send what stun_behave_poll gives, hand in what comes by
 *   stun_behave_input, and at stun_behave_next_timeout poll again
 *
 * Mapping is asked on the main socket, filtering on a second one: what the main one sends to other
 * addresses would open a filter for them.
 */
#ifndef STUN_BEHAVE_H
#define STUN_BEHAVE_H

#include "base/retry.h"
#include "stun/ask.h"

enum stun_socket { STUN_MAIN, STUN_SECOND };

enum {
	STUN_PLACES_MAX = 8, /* that a client asks how it is seen; questions of these numbers */
	/* then what RFC 5780 asks of one of them: how its other address sees the main socket */
	STUN_MAP_ADDRESS = STUN_PLACES_MAX, /* section 4.3, test II: on the same port */
	STUN_MAP_PORT,                      /* test III: on its other port */
	/* and what reaches the second socket */
	STUN_OPEN,        /* section 4.4, test I: an answer as usual */
	STUN_FILTER_BOTH, /* test II: from its other address and port */
	STUN_FILTER_PORT, /* test III: from its other port */
	STUN_QUESTIONS,
	STUN_SEND_MAX = 64, /* bytes of a question */
	STUN_RTO_MS = 500,  /* RFC 8489's */
	STUN_SENDS = 7,
};

/* How a NAT maps or filters (RFC 4787 sections 4.1 and 5). */
enum stun_behaviour {
	STUN_UNKNOWN,
	STUN_ENDPOINT_INDEPENDENT,
	STUN_ADDRESS_DEPENDENT,
	STUN_PORT_DEPENDENT, /* on address and port */
};

struct stun_place {
	struct cv_endpoint at;
	bool echo; /* the plain echo is there, which only its address tells from others; else STUN
		    */
};

struct stun_behave_params {
	struct stun_place places[STUN_PLACES_MAX];
	size_t count;
	struct cv_endpoint local; /* the main socket's own; all places are of its family */
	bool second;              /* there is a second socket, on which filtering is asked */
	/* A question is sent `sends` times, and given up after 2^sends - 1 of these; there are two
	 * rounds of questions, the second of which begins when a server has answered the first. */
	uint64_t rto_ns;
	unsigned sends;
	/* random, a transaction ID each */
	uint8_t ids[STUN_QUESTIONS][STUN_TRANSACTION];
};

/* How one place sees us. */
struct stun_view {
	bool answered;
	struct cv_endpoint mapped; /* family 0: it refused, by `error` */
	unsigned error;            /* STUN's, 300 to 699; 0: none */
	uint64_t rtt_ns;           /* 0: not known, since the question was sent again */
};

struct stun_found {
	struct stun_view places[STUN_PLACES_MAX]; /* in the order of the parameters */
	bool answered;                            /* by one of them at least */
	struct cv_endpoint seen;                  /* as the first of those that answered has it */
	bool nat;                                 /* that is not what we have */
	enum stun_behaviour mapping, filtering;
	/* mapping: there is none, or two addresses have been asked, or it is the worst kind; else
	 * it is what the places asked have in common, and may be worse */
	bool mapping_sure;
};

struct stun_question {
	enum { STUN_NOT_ASKED, STUN_ASKED, STUN_TOLD, STUN_SILENT } state;
	struct stun_place to;
	struct cv_endpoint from; /* where the answer must come from */
	struct cv_retry retry;
	unsigned sent;
	uint64_t sent_at;
	struct stun_view view;
};

struct stun_behave {
	struct stun_behave_params p;
	struct stun_question questions[STUN_QUESTIONS];
	size_t server; /* among the places, the one that speaks RFC 5780; count: none yet */
	bool unable;   /* it does not do what RFC 5780 asks of it */
};

struct stun_send {
	enum stun_socket socket;
	struct cv_endpoint to;
	uint8_t bytes[STUN_SEND_MAX];
	size_t len;
};

void stun_behave_begin(struct stun_behave *b, const struct stun_behave_params *p, uint64_t now);
/* What is to be sent now; false: nothing more. */
bool stun_behave_poll(struct stun_behave *b, uint64_t now, struct stun_send *out);
/* A datagram that came to a socket. 0; CV_ERR_UNKNOWN: it answers none of the questions (it may be
 * for somebody else who uses the socket); another error: an answer that is none. Go on waiting. */
int stun_behave_input(struct stun_behave *b, uint64_t now, enum stun_socket socket,
	const struct cv_endpoint *from, struct cv_bytes datagram);
uint64_t stun_behave_next_timeout(const struct stun_behave *b);
/* Nothing is waited for any more. */
bool stun_behave_done(const struct stun_behave *b);
/* What is known up to now. */
void stun_behave_found(const struct stun_behave *b, struct stun_found *out);

/* "endpoint-independent", and so on. */
const char *stun_behaviour_text(enum stun_behaviour b);

#endif
