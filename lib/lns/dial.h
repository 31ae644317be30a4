/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A peer that is dialled: one tunnel with one session, opened by us, kept as its entry of the
 * configuration says. It is an object as tunnels and sessions are: what befalls its tunnel and its
 * session is only noted, and drawn conclusions from when lns_poll asks it.
 */
#ifndef LNS_DIAL_H
#define LNS_DIAL_H

#include "lns/internal.h"

enum {
	LNS_DIAL_FOUND = 8, /* addresses of a name that are tried */
	LNS_DIAL_WHY = 160, /* bytes of what became of the last try, with a NUL */
};
#define LNS_DIAL_RESOLVE_NS (10 * CV_NS_PER_S) /* for a name's addresses to be found */
#define LNS_DIAL_FIRST_NS (1 * CV_NS_PER_S)    /* before the second round of tries; doubles */
#define LNS_DIAL_MOST_NS (60 * CV_NS_PER_S)    /* the most; who was up so long begins anew */
#define LNS_DIAL_SETUP_NS (20 * CV_NS_PER_S)   /* for its tunnel, and then its call, to come up */

struct lns_dial {
	struct lns_object object; /* its timer: of what it waits for */
	const struct cfg_dial *cfg;
	uint16_t id;
	enum lns_dial_state state;
	struct lns_terms *terms;   /* of the next tunnel and link */
	struct lns_secret *secret; /* likewise */
	struct lns_tunnel *tunnel; /* NULL: none */
	struct lns_session *session;
	struct cv_node by_end; /* in lns->dialling, while its SCCRQ is on its way */
	struct cv_endpoint at; /* where it is tried, or was */
	uint16_t listener;     /* by which */
	uint16_t port;
	size_t target; /* the next of cfg->to */
	struct cv_ip found[LNS_DIAL_FOUND];
	size_t n_found, next_found;
	uint32_t question;          /* number of the last one about a name */
	uint32_t rounds;            /* in vain, or cut short, one after the other */
	uint64_t since;             /* when its state began */
	uint64_t next_at;           /* PAUSES: when it is over */
	uint64_t packets, moved_at; /* of its session, when they were asked for last */
	uint8_t tie_breaker[L2TP_TIE_BREAKER_BYTES];
	struct cv_ip local; /* our address, as the peer has it; family 0: none */
	char why[LNS_DIAL_WHY];
	struct cv_list waiting; /* sessions that are to be handed on to it */
	bool resolve_due;       /* the question is to be given out */
	bool rests_due;         /* it is to be told that it rests */
	bool heard_due;         /* likewise how much its session carried */
	bool waits;             /* it is in lns->dialling */
	bool yields;            /* the peer's SCCRQ stands, if it is the peer's */
	bool lost;              /* its tunnel or session is gone, or has to go */
	bool idle;              /* for want of traffic */
};

/* ---- dial.c: what it does next ---- */

/* What was held back while the server was drained, of all. */
void lns_dial_go_on(struct lns *lns, uint64_t now);

/* Its session is up. */
void lns_dial_up(struct lns *lns, struct lns_dial *d, uint64_t now);
/* What was tried, or was up, is over for a reason that is copied, unless one is known already. */
void lns_dial_lost(struct lns *lns, struct lns_dial *d, const char *why);
/* Another reason than what the ends of tunnel and session will say. */
void lns_dial_blame(struct lns_dial *d, const char *why);
void lns_dial_timeout(struct lns *lns, struct lns_dial *d, uint64_t now);
bool lns_dial_poll(struct lns *lns, struct lns_dial *d, uint64_t now, struct lns_action *action);
void lns_dial_set_state(
	struct lns *lns, struct lns_dial *d, uint64_t now, enum lns_dial_state state);

/* ---- dialled.c: its tunnel and its session ---- */

/* Sends the SCCRQ to d->at from d->listener. false: it can't, and why is said. */
bool lns_dial_open(struct lns *lns, struct lns_dial *d, uint64_t now);
/* Places the call in its tunnel. */
bool lns_dial_call(struct lns *lns, struct lns_dial *d, uint64_t now);
/* Lets go of tunnel and session; what is left of them ends politely. */
void lns_dial_let_go(struct lns *lns, struct lns_dial *d, uint64_t now, enum ppp_down why);
/* It has this session, whoever placed the call. */
void lns_dial_take_session(struct lns *lns, struct lns_dial *d, struct lns_session *s);
/* It no longer waits for the answer to an SCCRQ. */
void lns_dial_unwait(struct lns *lns, struct lns_dial *d);
/* A session that its user has by now, whoever dialled; NULL: none. */
struct lns_session *lns_dial_others(const struct lns *lns, const struct lns_dial *d);

/* What tunnels and sessions tell of themselves. */
void lns_dial_tunnel_up(struct lns *lns, struct lns_tunnel *t, uint64_t now);
void lns_dial_tunnel_down(struct lns *lns, struct lns_tunnel *t, const struct l2tp_reason *reason);
/* A peer's own tunnel is up: where its SCCRQ won, it is that of the dial, too. */
void lns_dial_tunnel_theirs(struct lns *lns, struct lns_tunnel *t, uint64_t now);
void lns_dial_session_over(struct lns *lns, struct lns_session *s, const char *reason);
/* Where we prove ourselves: PPP asks for what the network protocols negotiate; false: it ends. */
bool lns_dial_network(struct lns *lns, struct lns_session *s, uint64_t now);
/* A network protocol is open; false: not with this address, and the session ends. */
bool lns_dial_addressed(
	struct lns *lns, struct lns_session *s, uint64_t now, const struct ppp_ev_up *up);
/* Whether it may be this user. */
bool lns_dial_expects(const struct lns_session *s, const struct lns_profile *profile);
/* What we were told about our proof. */
void lns_dial_proved(struct lns_session *s, const struct ppp_ev_auth_done *done);
/* The SCCRQ of somebody from the address and port that a dial waits for: whether it is ignored. */
bool lns_dial_stands(struct lns *lns, uint64_t now, uint16_t listener,
	const struct cv_endpoint *from, const struct l2tp_peek *peek);

/* ---- dials.c: what the configuration says of them ---- */

/* One that is not begun yet, or NULL: no memory. */
struct lns_dial *lns_dial_new(struct lns *lns, const struct cfg *cfg, const struct cfg_dial *entry);
/* Without a word; takes NULL. */
void lns_dial_free(struct lns *lns, struct lns_dial *d);
/* Whether what it has goes on under this configuration. */
bool lns_dial_goes_on(const struct lns *lns, const struct lns_dial *d, const struct cfg *cfg);
/* Puts those that were made for a configuration in the place of what is there. The configuration
 * before is there still. */
void lns_dials_put(struct lns *lns, uint64_t now, const struct cfg *before,
	struct lns_dial *made[CV_DIAL_IDS]);
/* What a session gets in which we prove ourselves. */
void lns_dial_profile(
	const struct cfg *cfg, const struct cfg_dial *entry, struct lns_profile *profile);

#endif
