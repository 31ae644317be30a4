/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions of every form that both ends can agree on, what their peers send in every form that may
 * arrive, and what a receiver checks of what leaves. */
#ifndef DATAPATH_CARRY_H
#define DATAPATH_CARRY_H

#include "harness.h"
#include "valid.h"

enum {
	CARRY_SESSIONS = 64,
	CARRY_MOST = 1440,  /* bytes of an inner packet */
	CARRY_WIDE = 1400,  /* what fits half of the sessions */
	CARRY_PARTS = 8,    /* of an outer packet */
	CARRY_FRAME = 1800, /* bytes */
	CARRY_INNERS = 0x0a580200,
};

struct carry_session {
	bool v6;  /* its peer is reached over IPv6 */
	bool six; /* it has inner IPv6 */
	uint16_t send, mtu;
	uint32_t slot;
	struct dp_session told;
	uint16_t ns;   /* of what its peer sends next */
	uint16_t id;   /* likewise */
	uint16_t nr;   /* of what it gets next */
	uint32_t flow; /* of what it got; 0: nothing yet */
};

struct carry {
	struct bench *b;
	struct cv_ip lns6, lns_inner6;
	struct carry_session sessions[CARRY_SESSIONS];
};

/* How a peer writes a data message. */
struct carry_form {
	bool length, sequence, offset, acfc, pfc, priority, no_checksum, long_header;
	uint16_t ns, offset_bytes, padding; /* padding: in the datagram */
	uint8_t reserved;                   /* bits of L2TP's header */
	uint8_t tos;
};

/* On a data path of bench_up_for() with room for 1,000 sessions; nothing of a session is counted
 * yet. */
void carry_up(struct carry *c, struct bench *b);

struct carry_form carry_form(struct random *r, const struct carry_session *s);
/* Returns the frame's length. */
size_t carry_frame(struct carry *c, unsigned from, const struct carry_form *form, bool six,
	const uint8_t *inner, size_t len, uint8_t *frame);
/* The frame's IP packet in fragments of random size, in their order. Returns how many; 1: it is
 * too small to be cut, or its header is long. */
unsigned carry_cut(struct random *r, struct carry *c, unsigned from, const uint8_t *frame,
	size_t len, struct frame_bytes parts[CARRY_PARTS]);

/* A frame that came out. */
struct carry_got {
	unsigned to; /* the session that gets it */
	bool six;
	const uint8_t *inner;
	size_t len;
};

/* All that a receiver can check before it looks into the inner packet is checked: addresses, all
 * lengths, all sums, both IDs, what was agreed, Ns in turn, DSCP and ECN. */
struct carry_got carry_take(struct carry *c, const uint8_t *frame, size_t len);
/* Whose packet it is, by its inner source; CARRY_SESSIONS: it is ours. */
unsigned carry_source(const struct carry *c, const struct carry_got *got);

/* Writes an inner address of a session, one of many of IPv6. */
void carry_address6(struct random *r, unsigned session, uint8_t out[16]);

#endif
