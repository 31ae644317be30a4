/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a STUN server answers: a Binding request, nothing else, without state and without
 * credentials (RFC 8489 section 12). Pure; allocates nothing; any thread.
 *
 * An answer is at most STUN_GROWTH_IPV4 or STUN_GROWTH_IPV6 bytes longer than its request, so it is
 * of no use to who forges his source. RFC 5780 wants more attributes: at most four times as much.
 */
#ifndef STUN_ANSWER_H
#define STUN_ANSWER_H

#include "stun/message.h"

enum {
	STUN_GROWTH_IPV4 = 12,
	STUN_GROWTH_IPV6 = 24,
	STUN_UNKNOWN_MAX = 32, /* types that UNKNOWN-ATTRIBUTES lists, each once */
	STUN_ANSWER_MAX = 128, /* bytes of the longest answer without PADDING */
};

struct stun_server {
	struct cv_endpoint here; /* the address and port that were asked */
	/* Another address of the same family and another port, at both of which, and at the two
	 * mixed pairs, the same server is asked and sends: then RFC 5780 is spoken. family 0: not.
	 */
	struct cv_endpoint other;
	bool classic; /* requests of RFC 3489, without the magic cookie, are answered */
};

/* What became of a datagram; each but STUN_ANSWERED is a drop to be counted. */
enum stun_reason {
	STUN_ANSWERED,
	STUN_PORT_ZERO,   /* from port 0, or RESPONSE-PORT says 0: nobody can be there */
	STUN_MALFORMED,   /* no message: its length, an attribute's, FINGERPRINT not the last */
	STUN_NOT_REQUEST, /* a response or indication: else two servers could play ping-pong */
	STUN_NOT_BINDING, /* another method */
	STUN_NO_COOKIE,   /* of RFC 3489, which is not spoken */
	STUN_FINGERPRINT_WRONG,
	STUN_REASONS,
};

struct stun_reply {
	size_t len;
	uint16_t port; /* it goes to this one of who asked: his, or what RESPONSE-PORT says */
	bool other_ip, other_port; /* it leaves from `other`'s address, port, instead of `here`'s */
};

/*
 * The answer to a datagram that came from `from`, into out, which holds capacity bytes, at least
 * STUN_ANSWER_MAX (PADDING of RFC 5780 is cut to what is left), and does not overlap the datagram.
 * reply is filled where STUN_ANSWERED is returned.
 *
 * - success: XOR-MAPPED-ADDRESS; MAPPED-ADDRESS instead for RFC 3489; with RFC 5780 both, and
 *   RESPONSE-ORIGIN, OTHER-ADDRESS, and PADDING as long as the request's.
 * - 420 and UNKNOWN-ATTRIBUTES where a comprehension-required attribute is not understood: any that
 *   RFC 8489 does not define, so CHANGE-REQUEST, RESPONSE-PORT and PADDING where RFC 5780 is not
 *   spoken, or without the cookie.
 * - 400 where RFC 5780's attributes are malformed, or RESPONSE-PORT and PADDING come together.
 * - There are no credentials, so USERNAME, MESSAGE-INTEGRITY and what else belongs to them are
 *   known but unexpected: ignored (section 6.3). Who insists on an integrity discards the answer.
 * - FINGERPRINT where the request has it. No SOFTWARE; no reason phrase, for which a request with
 *   one unknown attribute leaves no room.
 */
enum stun_reason stun_answer(const struct stun_server *server, const struct cv_endpoint *from,
	struct cv_bytes datagram, uint8_t *out, size_t capacity, struct stun_reply *reply);

#endif
