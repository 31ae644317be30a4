/* SPDX-License-Identifier: BSD-3-Clause */
/* A configuration option (RFC 1661 section 5.1) as a row of a table: how we ask for it, what we
 * say to the peer's wish, what we make of its answer. */
#ifndef PPP_OPTION_H
#define PPP_OPTION_H

#include "base/cursor.h"

struct ppp_link;

enum ppp_verdict {
	PPP_ACK,
	PPP_NAK,
	PPP_NAK_FIRST, /* a Nak that does not wait behind the Rejects of other options */
	PPP_REJECT,
};

enum { PPP_OPTION_HEADER = 2, PPP_OPTION_ANY_LENGTH = 0xff };

struct ppp_option {
	uint8_t type;
	uint8_t value_len; /* without type and length, or PPP_OPTION_ANY_LENGTH */
	uint8_t index;     /* tells rows that share functions apart */
	/* Our request: writes the value and says whether we want the option. NULL: never. */
	bool (*ask)(const struct ppp_link *l, const struct ppp_option *o, struct cv_writer *value);
	/* The peer's request, of the right length. NULL: refused. */
	enum ppp_verdict (*judge)(
		struct ppp_link *l, const struct ppp_option *o, struct cv_bytes value);
	/* What we would take, for a Nak. NULL: a Reject in its place. */
	void (*counter)(struct ppp_link *l, const struct ppp_option *o, struct cv_writer *value);
	/* The peer's value, now that its whole request is acknowledged. */
	void (*accept)(struct ppp_link *l, const struct ppp_option *o, struct cv_bytes value);
	/* The peer's counter-proposal to ours, of any length. */
	void (*naked)(struct ppp_link *l, const struct ppp_option *o, struct cv_bytes value);
	/* The peer rejected it; it is not asked for again. May be NULL. */
	void (*rejected)(struct ppp_link *l, const struct ppp_option *o);
};

static inline struct cv_reader
ppp_value(struct cv_bytes value)
{
	return cv_reader(value.data, value.len);
}

static inline uint16_t
ppp_value_u16(struct cv_bytes value)
{
	struct cv_reader r = ppp_value(value);

	return cv_read_u16(&r);
}

static inline uint32_t
ppp_value_u32(struct cv_bytes value)
{
	struct cv_reader r = ppp_value(value);

	return cv_read_u32(&r);
}

#endif
