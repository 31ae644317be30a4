/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Several LNSs, and several ports of one, are dialled side by side, the better ones a little
 * earlier (as RFC 8305 has it for addresses): whoever opens a tunnel first, and so has proved that
 * he is there and knows the secret, is the one that a call is placed with. A user has one session
 * at a time, so the others get no call. One thread.
 */
#ifndef CLIENT_RACE_H
#define CLIENT_RACE_H

#include "run.h"

struct race;

enum { RACE_NOBODY = RUN_LNS };

/* What became of it. */
struct race_end {
	struct session *winner; /* without a call; NULL: nobody */
	unsigned lns;           /* of r->lns */
	enum session_end end;   /* of nobody: why the best of them was none */
};

/* Dials the first `count` of r->lns, `last` of them last (RACE_NOBODY: in their order); done is
 * called once, later, and says whether the winner is the caller's from now on. NULL: errno. */
struct race *race_new(struct run *r, unsigned count, unsigned last,
	bool (*done)(struct run *r, const struct race_end *end));
/* Whether an event was one of its sessions', which it has heard of now. Takes NULL. */
bool race_hear(struct race *race, const struct session_event *e);
/* Without a word to anybody, at any time but in what it calls; takes NULL. */
void race_free(struct race *race);

#endif
