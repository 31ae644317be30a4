/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of people share. */
#ifndef LOAD_PEOPLE_PRIVATE_H
#define LOAD_PEOPLE_PRIVATE_H

#include "culvert-load/people.h"

enum state { WAITS, CALLS, UP, ENDS };

/* Timers of sessions and tunnels: which of them it is says the sign. */
struct alarm {
	struct cv_timer timer; /* first: the wheel gives it back */
	uint32_t number;
	bool tunnel;
};

struct tunnel {
	struct alarm alarm;
	struct lac *lac; /* NULL: not dialled, or over */
	uint32_t next;   /* of those that have something to say; NOBODY: the last */
	uint16_t id;     /* ours, unique on its address; 0: never dialled */
	bool listed, up;
	bool dead, done; /* it ends by itself, and has */
	bool left;       /* we have ended it, and wait for the answer */
};

#define NOBODY UINT32_MAX

struct people {
	struct people_params params;
	struct people_counters counters;
	struct cv_wheel wheel;
	uint32_t n, tunnels;
	uint32_t places; /* tunnels on an address, at most */
	struct person *persons;
	struct alarm *alarms; /* of sessions */
	struct tunnel *tunnel;
	struct ppp_params *ppp; /* a user each */
	char (*user)[PEOPLE_USER];
	uint32_t first, last; /* tunnels that have something to say */
	uint32_t *ready;      /* a ring of those that may call */
	uint32_t ready_at, n_ready;
	uint32_t next_churn;         /* session to look at next */
	uint64_t begun_at, churn_at; /* when calls, and hanging up, began; 0: not yet */
	uint64_t called, churned;    /* since then */
	uint32_t living;             /* tunnels, dead ones with them, that are not freed */
	uint32_t next_close;         /* tunnel to be closed next */
	bool closing;
	char complaint[256];
};

static inline uint32_t
tunnel_of(const struct people *p, uint32_t session)
{
	return session / p->params.per_tunnel;
}

/* Whether a tunnel has one more ID to call by: what is left of the former tunnel need not be waited
 * for then. */
static inline bool
has_ids(const struct people *p)
{
	return p->places <= UINT16_MAX / 2;
}

static inline uint16_t
session_id(const struct people *p, uint32_t session)
{
	return (uint16_t)(session % p->params.per_tunnel + 1);
}

/* people_events.c: a tunnel has something to say, or may have; it is dialled (false: no memory);
 * all that it has to tell is heard; a session calls in it (false: not now), changes its state,
 * waits for a while before it calls again. */
void people_list(struct people *p, uint32_t tunnel);
bool people_dial(struct people *p, uint64_t now, uint32_t tunnel);
void people_hear(struct people *p, uint64_t now, uint32_t tunnel);
bool people_call_in(struct people *p, uint64_t now, uint32_t session);
void people_set_state(struct people *p, uint32_t session, enum state state);
void people_wait(struct people *p, uint64_t now, uint32_t session);

#endif
