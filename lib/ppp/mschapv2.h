/* SPDX-License-Identifier: BSD-3-Clause */
/* The computations of MS-CHAPv2 (RFC 2759 section 8) and its texts (sections 5 and 6), without
 * any state. Functions return 0 or CV_ERR_CRYPTO unless said otherwise. */
#ifndef PPP_MSCHAPV2_H
#define PPP_MSCHAPV2_H

#include "base/cursor.h"

struct crypto;

enum {
	PPP_MSCHAPV2_CHALLENGE_BYTES = 16,
	PPP_MSCHAPV2_RESPONSE_BYTES = 49, /* Peer-Challenge, reserved 8, NT-Response, flags */
	PPP_MSCHAPV2_NT_BYTES = 24,
	PPP_MSCHAPV2_NT_OFFSET = 24, /* of NT-Response in the response */
	PPP_MSCHAPV2_AUTH_BYTES = 20,
	PPP_MSCHAPV2_TEXT = 96, /* "S=... M=..." or "E=691 R=0 C=... V=3 M=...", and NUL */
	PPP_NT_HASH_BYTES = 16,
	PPP_NT_PASSWORD_CHARS = 256, /* section 8.1 */
};

struct ppp_mschapv2 {
	const uint8_t *authenticator_challenge; /* 16 bytes */
	const uint8_t *peer_challenge;          /* 16 bytes */
	struct cv_bytes name;                   /* as the peer presented it */
	/* RFC 2759 section 8.2 leaves out a domain in front; some clients don't */
	bool with_domain;
};

/* NtPasswordHash of a password in UTF-8, which is turned into UTF-16LE. CV_ERR_MALFORMED: not
 * UTF-8, or longer than 256 UTF-16 units. */
int ppp_nt_hash(struct crypto *c, struct cv_bytes password, uint8_t hash[PPP_NT_HASH_BYTES]);

/* GenerateNTResponse. */
int ppp_mschapv2_nt_response(struct crypto *c, const struct ppp_mschapv2 *m,
	const uint8_t hash[PPP_NT_HASH_BYTES], uint8_t out[PPP_MSCHAPV2_NT_BYTES]);

/* GenerateAuthenticatorResponse: the 20 bytes behind "S=". */
int ppp_mschapv2_authenticator(struct crypto *c, const struct ppp_mschapv2 *m,
	const uint8_t hash[PPP_NT_HASH_BYTES], const uint8_t nt_response[PPP_MSCHAPV2_NT_BYTES],
	uint8_t out[PPP_MSCHAPV2_AUTH_BYTES]);

/* "S=" and 40 upper-case digits, " M=" and words for people. */
void ppp_mschapv2_success_text(
	const uint8_t auth[PPP_MSCHAPV2_AUTH_BYTES], char out[PPP_MSCHAPV2_TEXT]);
/* Whether a Success message begins with exactly this proof. */
bool ppp_mschapv2_success_matches(
	struct cv_bytes message, const uint8_t auth[PPP_MSCHAPV2_AUTH_BYTES]);
/* Error 691 (ERROR_AUTHENTICATION_FAILURE), no retry. */
void ppp_mschapv2_failure_text(
	const uint8_t challenge[PPP_MSCHAPV2_CHALLENGE_BYTES], char out[PPP_MSCHAPV2_TEXT]);

#endif
