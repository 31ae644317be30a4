/* SPDX-License-Identifier: BSD-3-Clause */
/* The L2TPv2 header (RFC 2661 section 3.1), read and written. Shared with the data path. */
#ifndef L2TP_HEADER_H
#define L2TP_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/err.h"

enum {
	L2TP_PORT = 1701,
	L2TP_VERSION = 2,
	L2TP_CONTROL_HEADER = 12,   /* bytes of a control header: it always has all of its fields */
	L2TP_DATA_HEADER = 8,       /* of a data header with Length, as we write it, */
	L2TP_SEQUENCED_HEADER = 12, /* and with Ns and Nr */
};

/* Bits of the first two bytes. */
enum {
	L2TP_BIT_TYPE = 0x8000, /* control */
	L2TP_BIT_LENGTH = 0x4000,
	L2TP_BIT_SEQUENCE = 0x0800,
	L2TP_BIT_OFFSET = 0x0200,
	L2TP_BIT_PRIORITY = 0x0100,
	L2TP_VERSION_MASK = 0x000f,
};

struct l2tp_header {
	bool is_control, has_length, has_sequence, priority;
	uint16_t tunnel_id, session_id;
	uint16_t ns, nr;         /* when has_sequence */
	struct cv_bytes payload; /* AVPs, or a PPP frame */
};

/*
 * Reads the header of a datagram. CV_ERR_VERSION: L2F, L2TPv3 or others; CV_ERR_TRUNCATED:
 * shorter than it says; CV_ERR_MALFORMED: flags that a control message must not have, a Length
 * below the header's, an Offset beyond the end. Bytes after Length are left out; reserved bits
 * are ignored.
 */
static inline int
l2tp_header_parse(const uint8_t *data, size_t len, struct l2tp_header *h)
{
	struct cv_reader r = cv_reader(data, len);
	uint16_t flags = cv_read_u16(&r);
	size_t total = len;

	if (r.failed)
		return CV_ERR_TRUNCATED;
	if ((flags & L2TP_VERSION_MASK) != L2TP_VERSION)
		return CV_ERR_VERSION;
	*h = (struct l2tp_header){.is_control = (flags & L2TP_BIT_TYPE) != 0,
		.has_length = (flags & L2TP_BIT_LENGTH) != 0,
		.has_sequence = (flags & L2TP_BIT_SEQUENCE) != 0,
		.priority = (flags & L2TP_BIT_PRIORITY) != 0};
	if (h->is_control && (!h->has_length || !h->has_sequence ||
				     (flags & (L2TP_BIT_OFFSET | L2TP_BIT_PRIORITY)) != 0))
		return CV_ERR_MALFORMED;
	if (h->has_length)
		total = cv_read_u16(&r);
	h->tunnel_id = cv_read_u16(&r);
	h->session_id = cv_read_u16(&r);
	if (h->has_sequence) {
		h->ns = cv_read_u16(&r);
		h->nr = cv_read_u16(&r);
	}
	if ((flags & L2TP_BIT_OFFSET) != 0)
		(void)cv_read_bytes(&r, cv_read_u16(&r));
	if (r.failed || total > len)
		return CV_ERR_TRUNCATED;
	if ((size_t)(r.pos - data) > total)
		return CV_ERR_MALFORMED;
	h->payload = (struct cv_bytes){r.pos, total - (size_t)(r.pos - data)};
	return 0;
}

/* A data header with Length in front of payload_len bytes. */
static inline void
l2tp_data_header_write(
	struct cv_writer *w, uint16_t tunnel_id, uint16_t session_id, size_t payload_len)
{
	cv_write_u16(w, L2TP_BIT_LENGTH | L2TP_VERSION);
	cv_write_u16(w, (uint16_t)(L2TP_DATA_HEADER + payload_len));
	cv_write_u16(w, tunnel_id);
	cv_write_u16(w, session_id);
}

/* The same with Ns and Nr, which are 0: whoever counts the session's messages fills Ns in. */
static inline void
l2tp_sequenced_header_write(
	struct cv_writer *w, uint16_t tunnel_id, uint16_t session_id, size_t payload_len)
{
	cv_write_u16(w, L2TP_BIT_LENGTH | L2TP_BIT_SEQUENCE | L2TP_VERSION);
	cv_write_u16(w, (uint16_t)(L2TP_SEQUENCED_HEADER + payload_len));
	cv_write_u16(w, tunnel_id);
	cv_write_u16(w, session_id);
	cv_write_u32(w, 0);
}

/* A control header; Ns, Nr and Length are the sender's to know. */
static inline void
l2tp_control_header_write(struct cv_writer *w, uint16_t tunnel_id, uint16_t session_id,
	uint16_t length, uint16_t ns, uint16_t nr)
{
	cv_write_u16(w, L2TP_BIT_TYPE | L2TP_BIT_LENGTH | L2TP_BIT_SEQUENCE | L2TP_VERSION);
	cv_write_u16(w, length);
	cv_write_u16(w, tunnel_id);
	cv_write_u16(w, session_id);
	cv_write_u16(w, ns);
	cv_write_u16(w, nr);
}

#endif
