/* SPDX-License-Identifier: BSD-3-Clause */
/* Clients of every kind that there is, and random frames of theirs: plain ones, odd ones, mutated
 * ones. The same seed gives the same frames. */
#ifndef DATAPATH_WILD_H
#define DATAPATH_WILD_H

#include "harness.h"

enum { WILD_CLIENTS = 42, WILD_SERVICES = 2 };

struct wild {
	struct bench *b;
	uint64_t random;
	uint32_t slots[WILD_CLIENTS]; /* DP_NO_SLOT: not installed */
	uint16_t sessions[WILD_CLIENTS];
};

/* A frame, and how its buffer comes. */
struct wild_frame {
	uint16_t len;
	uint16_t second; /* bytes of it in a second buffer; 0: there is none */
	uint64_t ol_flags;
	uint8_t bytes[FRAME_MAX];
};

/* On a data path of bench_up_for() with room for 100 sessions. */
void wild_up(struct wild *w, struct bench *b, uint64_t seed);
/* Whether what a client gets is another one's PPP frames. */
bool wild_is_switched(unsigned client);
uint32_t wild_number(struct wild *w, uint32_t below);
/* wildness: how many in a hundred frames are not what a well-behaved client sends. */
void wild_frame(struct wild *w, unsigned wildness, struct wild_frame *out);

#endif
