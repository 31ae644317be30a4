/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * STUN messages (RFC 8489; those of RFC 3489, which lack the magic cookie): taken apart, and
 * written. Pure: no memory, no clock, no state; any thread. What is read stays in the datagram,
 * whose owner keeps it as long as the view is used.
 */
#ifndef STUN_MESSAGE_H
#define STUN_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/cursor.h"
#include "base/err.h"

enum {
	STUN_PORT = 3478,
	STUN_HEADER = 20, /* bytes */
	STUN_COOKIE = 0x2112a442,
	STUN_ID =
		16, /* bytes that an answer repeats: cookie and transaction ID (RFC 3489: all ID) */
	STUN_TRANSACTION = 12,        /* bytes of the transaction ID behind the cookie */
	STUN_BINDING = 1,             /* the only method of RFC 8489 */
	STUN_FINGERPRINT_BYTES = 8,   /* of the whole attribute */
	STUN_REQUIRED_BELOW = 0x8000, /* types that who receives them must understand */
};

enum stun_class { STUN_REQUEST, STUN_INDICATION, STUN_SUCCESS, STUN_ERROR };

enum stun_type {
	STUN_MAPPED_ADDRESS = 0x0001,
	STUN_CHANGE_REQUEST = 0x0003,  /* RFC 5780 */
	STUN_SOURCE_ADDRESS = 0x0004,  /* RFC 3489 alone */
	STUN_CHANGED_ADDRESS = 0x0005, /* RFC 3489 alone */
	STUN_USERNAME = 0x0006,
	STUN_MESSAGE_INTEGRITY = 0x0008,
	STUN_ERROR_CODE = 0x0009,
	STUN_UNKNOWN_ATTRIBUTES = 0x000a,
	STUN_REALM = 0x0014,
	STUN_NONCE = 0x0015,
	STUN_MESSAGE_INTEGRITY_SHA256 = 0x001c,
	STUN_PASSWORD_ALGORITHM = 0x001d,
	STUN_USERHASH = 0x001e,
	STUN_XOR_MAPPED_ADDRESS = 0x0020,
	STUN_PADDING = 0x0026,       /* RFC 5780 */
	STUN_RESPONSE_PORT = 0x0027, /* RFC 5780 */
	STUN_SOFTWARE = 0x8022,
	STUN_FINGERPRINT = 0x8028,
	STUN_RESPONSE_ORIGIN = 0x802b, /* RFC 5780 */
	STUN_OTHER_ADDRESS = 0x802c,   /* RFC 5780 */
};

/* Flags of CHANGE-REQUEST (RFC 5780 section 7.2). */
enum { STUN_CHANGE_IP = 4, STUN_CHANGE_PORT = 2 };

/* A datagram that is one message. */
struct stun_message {
	struct cv_bytes whole;
	enum stun_class class;
	uint16_t method;
	bool cookie;                /* else of RFC 3489 */
	const uint8_t *id;          /* STUN_ID bytes */
	const uint8_t *fingerprint; /* the attribute, the last one; NULL: none */
};

struct stun_attribute {
	uint16_t type; /* enum stun_type, or what is not known here */
	struct cv_bytes value;
};

/* Where one is among a message's attributes. */
struct stun_cursor {
	struct cv_reader rest;
	bool sealed; /* a message integrity was met */
};

/*
 * The header alone (RFC 8489 section 5): fills m, `fingerprint` with NULL. CV_ERR_TRUNCATED:
 * shorter than a header or than it says. CV_ERR_MALFORMED: the first two bits are not 0, the length
 * is no multiple of 4, or bytes follow it.
 */
int stun_parse_header(struct cv_bytes datagram, struct stun_message *m);
/* The attributes of a message whose header was parsed (section 14): CV_ERR_MALFORMED where one
 * reaches beyond the end, or FINGERPRINT is not the last one or not of 4 bytes. */
int stun_parse_attributes(struct stun_message *m);
/* Whether FINGERPRINT is right, or is not there (section 14.7). */
bool stun_fingerprint_right(const struct stun_message *m);
/* All three: CV_ERR_MALFORMED where the FINGERPRINT is wrong, too. */
int stun_parse(struct cv_bytes datagram, struct stun_message *m);

/* The attributes of a parsed message in their order, without those that are to be ignored since
 * they follow a message integrity (section 9). stun_next: false at the end. */
struct stun_cursor stun_attributes(const struct stun_message *m);
bool stun_next(struct stun_cursor *c, struct stun_attribute *a);

/* The value of an attribute with an address; id: of the message, where the value is XORed with it
 * (section 14.2), else NULL. CV_ERR_MALFORMED: not of its family's length; CV_ERR_UNKNOWN: of
 * another family, and then the attribute is to be ignored. */
int stun_read_address(struct cv_bytes value, const uint8_t *id, struct cv_endpoint *out);

/* Whether RFC 8489 defines it, or it is comprehension-optional and may be ignored (section 14). */
bool stun_known(uint16_t type);

/* What FINGERPRINT says of the len bytes before it (section 14.7). */
uint32_t stun_fingerprint(const uint8_t *data, size_t len);

/*
 * Writers. A message begins at the writer's start: its header with STUN_ID bytes of id, attributes,
 * then stun_write_finish, which adds FINGERPRINT where it is asked for, and fills the length in.
 * What does not fit, or is longer than a length can say, leaves the writer failed.
 */
void stun_write_header(
	struct cv_writer *w, enum stun_class class, uint16_t method, const uint8_t id[STUN_ID]);
void stun_write_attribute(struct cv_writer *w, enum stun_type type, const void *value, size_t len);
/* A value of len zeros. */
void stun_write_zeros(struct cv_writer *w, enum stun_type type, size_t len);
/* id: as in stun_read_address. The family must be one. */
void stun_write_address(
	struct cv_writer *w, enum stun_type type, const struct cv_endpoint *ep, const uint8_t *id);
void stun_write_finish(struct cv_writer *w, bool fingerprint);

#endif
