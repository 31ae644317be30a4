/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A STUN client's messages: the Binding request with what RFC 5780 asks for, and what a response
 * says. Pure; when to send again, and from which socket, is the caller's (RFC 8489 section 6.2.1).
 */
#ifndef STUN_ASK_H
#define STUN_ASK_H

#include "stun/message.h"

struct stun_ask {
	uint8_t transaction[STUN_TRANSACTION]; /* random, another for each transaction */
	bool change_ip, change_port;           /* CHANGE-REQUEST, where one is set */
	bool fingerprint;
	uint16_t response_port; /* 0: no RESPONSE-PORT */
	uint16_t padding;       /* bytes of PADDING; 0: none. Not beside response_port */
};

struct stun_response {
	unsigned error; /* 300 to 699; 0: success */
	/* Of a success: as the server saw us. Always there. */
	struct cv_endpoint mapped;
	/* With RFC 5780: where else it may be asked, and from where it answered. family 0: not said
	 */
	struct cv_endpoint other, origin;
	/* Of an error 420: its types of 16 bits, in the datagram. */
	struct cv_bytes unknown;
};

/* Writes a request of at most capacity bytes. Returns its length, CV_ERR_SPACE, or CV_ERR_STATE
 * where both response_port and padding are set (RFC 5780 section 7.5). */
int stun_write_request(const struct stun_ask *ask, uint8_t *out, size_t capacity);

/*
 * Reads the response to a request with this transaction ID. CV_ERR_TRUNCATED, CV_ERR_MALFORMED: no
 * message, or what must be in it is missing or wrong; CV_ERR_UNKNOWN: no answer to this request: in
 * each case go on waiting. CV_ERR_VERSION: an answer that wants to be understood more than we do:
 * the transaction has failed (RFC 8489 section 6.3.3). Also from servers that speak RFC 3489 alone.
 */
int stun_read_response(struct cv_bytes datagram, const uint8_t transaction[STUN_TRANSACTION],
	struct stun_response *out);

#endif
