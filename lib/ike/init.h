/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first packet of IKEv2 and what comes back (RFC 7296 sections 1.2, 2.23 and 3), asked to learn
 * whether IKE passes, and whether a NAT is on the way. No SA is made: the answer is read and
 * forgotten. Sans-IO, no memory, no state; OpenSSL's SHA-1 alone; one thread for each crypto.
 */
#ifndef IKE_INIT_H
#define IKE_INIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/cursor.h"
#include "base/err.h"
#include "crypto/crypto.h"

enum {
	IKE_PORT = 500,
	IKE_NATT_PORT =
		4500, /* there a message has a marker of four zeros in front (section 3.1) */
	IKE_MARKER_BYTES = 4,
	IKE_HEADER = 28,
	IKE_SPI_BYTES = 8,
	IKE_NONCE_BYTES = 32,
	IKE_KE_BYTES = CRYPTO_MODP2048_BYTES,
	IKE_REQUEST_MAX = 640, /* bytes of the longest request, its marker included */
	IKE_PAYLOADS_MAX = 32, /* of a message: what has more is malformed */
};

/* Error types of Notify (section 3.10.1; the IKEv1 ones are the same up to 14). */
enum ike_notify {
	IKE_INVALID_MAJOR_VERSION = 5,
	IKE_INVALID_SYNTAX = 7,
	IKE_NO_PROPOSAL_CHOSEN = 14,
	IKE_INVALID_KE_PAYLOAD = 17,
	IKE_ERRORS_BELOW = 16384,
	IKE_NAT_DETECTION_SOURCE_IP = 16388,
	IKE_NAT_DETECTION_DESTINATION_IP = 16389,
	IKE_COOKIE = 16390,
};

struct ike_ask {
	uint8_t spi[IKE_SPI_BYTES];     /* the initiator's: random, not all zeros */
	uint8_t nonce[IKE_NONCE_BYTES]; /* random */
	uint8_t ke[IKE_KE_BYTES];       /* a public value of MODP 2048 */
	struct cv_endpoint from, to; /* as they are here: the NAT detection hashes are of these */
	/* The public value is of a group (MODP 768) that no gateway chooses: who knows IKEv2 asks
	 * for another (INVALID_KE_PAYLOAD), and keeps nothing. Else ke, and a half-open SA may be.
	 */
	bool stateless;
	bool marker; /* the non-ESP marker in front, as UDP 4500 wants it */
};

/* What an answer with our SPI says. Whatever it is: IKE passes in both directions. */
struct ike_response {
	bool accepted;  /* a whole IKE_SA_INIT response: an SA would have been made */
	bool cookie;    /* the gateway is busy, and wants its cookie first (section 2.6) */
	bool version1;  /* the answer of one that speaks IKEv1 alone */
	uint16_t error; /* enum ike_notify, or another error type; 0: none was told */
	/* NAT detection: the gateway has sent its hashes; a NAT is in front of us, of the gateway
	 */
	bool nat_detection, nat_here, nat_there;
};

/* Writes a request of at most capacity bytes. Its length, CV_ERR_SPACE, or CV_ERR_CRYPTO. */
int ike_write_request(struct crypto *c, const struct ike_ask *ask, uint8_t *out, size_t capacity);

/*
 * Reads the answer to this request; who sent the datagram is looked at by the caller. 0;
 * CV_ERR_UNKNOWN: no answer to it (another SPI, a request, our own come back, ESP); CV_ERR_VERSION:
 * neither IKEv2 nor IKEv1; CV_ERR_TRUNCATED, CV_ERR_MALFORMED, CV_ERR_CRYPTO: in each case go on
 * waiting. Work is linear in the datagram but for the hashes, one for each of at most
 * IKE_PAYLOADS_MAX payloads.
 */
int ike_read_response(struct crypto *c, const struct ike_ask *ask, struct cv_bytes datagram,
	struct ike_response *out);

/* A name for an error type, as the RFC writes it; NULL: it is not known here. */
const char *ike_error_name(uint16_t error);

#endif
