/* SPDX-License-Identifier: BSD-3-Clause */
/* Control messages: AVPs read into views, checked against the table, and written. */
#ifndef L2TP_MESSAGE_H
#define L2TP_MESSAGE_H

#include "base/cursor.h"
#include "base/err.h"
#include "crypto/crypto.h"
#include "l2tp/avp.h"
#include "l2tp/reason.h"
#include "l2tp/tunnel.h"

enum {
	L2TP_PROTOCOL_VERSION = 0x0100, /* 1, revision 0 (section 4.4.3) */
	L2TP_PLAIN_MAX = 2048,          /* bytes of hidden values that one message may hold */
	L2TP_BODY_MAX = 1400,           /* bytes of AVPs in a message that we write */
	L2TP_VECTOR_BYTES = 16,         /* of the Random Vectors that we send */
};

/* A message read. Values point into the datagram, or into `plain` where they were hidden. */
struct l2tp_message {
	uint16_t type; /* 0: none could be read */
	uint64_t present[(L2TP_AVP_COUNT + 63) / 64];
	uint64_t missing; /* of the first 64 AVPs, those that the RFC demands in it and nothing here
			     needs */
	struct cv_bytes value[L2TP_AVP_COUNT];
	size_t plain_used;
	uint8_t plain[L2TP_PLAIN_MAX];
};

/* What is wrong with a message, in the terms of a Result Code AVP. */
struct l2tp_fault {
	uint16_t error; /* enum l2tp_error */
	char text[96];
};

/*
 * Reads the AVPs of a control message (payload of its header; not empty). secret: the tunnel's,
 * for hidden AVPs, or no bytes. Returns 0; CV_ERR_UNKNOWN: a Message Type that nobody must know,
 * to be acknowledged and ignored; CV_ERR_MALFORMED: *fault says what to answer, and m->type is
 * right if it could be read; so is an Assigned Tunnel or Session ID, before or behind what is bad.
 */
int l2tp_message_parse(struct crypto *crypto, struct cv_bytes secret, struct cv_bytes payload,
	struct l2tp_message *m, struct l2tp_fault *fault);

static inline bool
l2tp_has(const struct l2tp_message *m, enum l2tp_avp avp)
{
	return (m->present[avp / 64] >> avp % 64 & 1) != 0;
}

/* Numbers of AVPs whose length the table has checked; 0 when absent. */
static inline uint16_t
l2tp_get_u16(const struct l2tp_message *m, enum l2tp_avp avp)
{
	struct cv_reader r;

	if (!l2tp_has(m, avp))
		return 0;
	r = cv_reader(m->value[avp].data, m->value[avp].len);
	return cv_read_u16(&r);
}

/* What SCCRQ and SCCRP have in common; what is absent is 0. */
void l2tp_read_identity(const struct l2tp_message *m, struct l2tp_identity *identity);
/* Reads a Result Code AVP into a reason by the peer; its text goes to text. */
struct l2tp_reason l2tp_read_reason(const struct l2tp_message *m, char text[L2TP_MESSAGE_MAX]);

/* A message being written. */
struct l2tp_builder {
	struct cv_writer w;
	struct crypto *crypto;
	struct cv_bytes secret; /* no bytes: nothing is hidden */
	bool vector_written;
	uint8_t vector[L2TP_VECTOR_BYTES];
	uint8_t body[L2TP_BODY_MAX];
};

/* Starts a message; hides what may be hidden when secret has bytes. */
void l2tp_build(struct l2tp_builder *b, struct crypto *crypto, struct cv_bytes secret,
	enum l2tp_message_type type);
void l2tp_put(struct l2tp_builder *b, enum l2tp_avp avp, const void *value, size_t len);
void l2tp_put_u16(struct l2tp_builder *b, enum l2tp_avp avp, uint16_t value);
void l2tp_put_u32(struct l2tp_builder *b, enum l2tp_avp avp, uint32_t value);
void l2tp_put_reason(struct l2tp_builder *b, const struct l2tp_reason *reason);

#endif
