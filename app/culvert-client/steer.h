/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When an SA that is up by the relay is to go directly, and when back: from what its counters say
 * and whether the gateway answers IKE there. Time in, advice out; no memory, no I/O. One thread.
 */
#ifndef CLIENT_STEER_H
#define CLIENT_STEER_H

#include <stdbool.h>
#include <stdint.h>

enum steer_state {
	STEER_RELAY,
	STEER_TRYING, /* it is wanted directly, and is by the relay */
	STEER_DIRECT,
};

enum steer_advice {
	STEER_STAY,
	STEER_ASK,  /* the gateway, whether IKE passes directly; steer_answered() if it does */
	STEER_BACK, /* to the relay: steer_back(); `why` */
};

struct steer {
	uint64_t dead_ns; /* of silence, after which a way counts as dead; the caller's */
	enum steer_state state;
	/* The direct way passes IKE and no ESP: not again, until the network changes. */
	bool dark;
	const char *why; /* of the last STEER_BACK */
	uint64_t since_ns, heard_ns;
	uint64_t asked_ns; /* since when it owes an answer; 0: it does not */
	uint64_t bytes_in, bytes_out;
	bool counted;     /* the two are of this way */
	bool proved;      /* ESP has come by it */
	bool unanswered;  /* something went out since something came */
	unsigned in_vain; /* looks that saw something go out, and nothing come, ever */
};

/* How often steer_look is to be called while an SA is up. */
uint64_t steer_interval(const struct steer *s);

/* It is wanted directly. */
void steer_try(struct steer *s, uint64_t now);
/* It is wanted by the relay, from now on. */
void steer_back(struct steer *s, uint64_t now);
/* Where the SA is: whenever it is heard. STEER_BACK: it has gone to the relay by itself. */
enum steer_advice steer_sa(struct steer *s, uint64_t now, bool direct);
/* What the SA has counted so far. */
enum steer_advice steer_look(struct steer *s, uint64_t now, uint64_t bytes_in, uint64_t bytes_out);
/* The gateway has answered, directly. */
void steer_answered(struct steer *s, uint64_t now);
/* What was known of the ways may be so no longer. */
void steer_network_changed(struct steer *s, uint64_t now);

#endif
