/* SPDX-License-Identifier: BSD-3-Clause */
/* Data messages that come in fragments. */
#ifndef DATAPATH_WHOLE_H
#define DATAPATH_WHOLE_H

#include "harness.h"

enum { ESP = 50, MORE = 0x2000, UNIT = 8, HEADERS = WIRE_ETHER + WIRE_IPV4 };

/* A datagram as it would arrive whole, and how it is cut. */
struct whole {
	uint8_t frame[FRAME_MAX];
	size_t len; /* that IP carries */
	uint8_t inner[FRAME_MAX];
	size_t inner_len;
	uint16_t id;
};

static inline void
make(const struct bench *b, struct whole *w, bool from_a, size_t inner_len, uint16_t id)
{
	struct wire wire = {.length = id % 2 != 0};

	w->inner_len = inner_packet(
		w->inner, from_a ? INNER_A : INNER_B, from_a ? INNER_B : INNER_A, ESP, inner_len);
	w->len = build_data(b, from_a, &wire, w->inner, inner_len, w->frame) - HEADERS;
	w->id = id;
}

/* The frame of a part of it. */
static inline size_t
cut(const struct whole *w, unsigned offset, unsigned len, bool more, uint8_t *frame)
{
	uint8_t *ip = frame + WIRE_ETHER;

	memcpy(frame, w->frame, HEADERS);
	memcpy(frame + HEADERS, w->frame + HEADERS + offset, len);
	wire_put16(ip + WIRE_IPV4_LENGTH, (uint16_t)(WIRE_IPV4 + len));
	wire_put16(ip + WIRE_IPV4_ID, w->id);
	wire_put16(ip + WIRE_IPV4_FRAGMENT, (uint16_t)(offset / UNIT | (more ? MORE : 0)));
	wire_ipv4_finish(ip);
	return HEADERS + len;
}

static inline void
put_part(struct bench *b, const struct whole *w, unsigned offset, unsigned len, bool more)
{
	uint8_t frame[FRAME_MAX];

	put_frame(b, frame, cut(w, offset, len, more, frame));
}

/* The rest, from here. */
static inline void
put_last(struct bench *b, const struct whole *w, unsigned offset)
{
	put_part(b, w, offset, (unsigned)w->len - offset, false);
}

#endif
