/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of lib/lns share. An object (tunnel or session) that has something to say is
 * put on the ready list; lns_poll asks the first one, compares what the data path was told of it
 * with what should be true, and gives out the difference before the object's own output.
 */
#ifndef LNS_INTERNAL_H
#define LNS_INTERNAL_H

#include "auto6/auto6.h"
#include "base/bucket.h"
#include "base/err.h"
#include "base/list.h"
#include "base/table.h"
#include "base/wheel.h"
#include "l2tp/tunnel.h"
#include "lns/callers.h"
#include "lns/lns.h"
#include "lns/pool.h"
#include "lns/terms.h"
#include "ppp/link.h"

enum {
	LNS_TUNNEL_IDS = 65536,
	LNS_SLOT_TRIES = 64,     /* random session IDs drawn before a tunnel counts as full */
	LNS_EARLY_FRAMES = 4,    /* kept of a call that is not connected yet, */
	LNS_EARLY_BYTES = 512,   /* and their bytes in all */
	LNS_LOG_PER_SECOND = 50, /* lines about refusals; the rest is counted */
	LNS_IDLE_TRIES = 64,     /* tunnels looked at for one of a peer's that gives way */
	LNS_ANSWERS = 16,        /* datagrams to callers that wait for lns_poll */
	LNS_ACCM_TELLS = 4,      /* SLIs about a call: its caller can't fill the tunnel with them */
	LNS_AMPLIFY = 3,         /* bytes that a caller may get for each that it sent */
	LNS_DUID = 18,           /* bytes of our DUID */
	LNS_TOLD_MAX = 32,       /* AVPs that a LAC says of a call */
	LNS_PATHS = 16,          /* addresses that a tunnel's peer may have moved to, at a time, */
	LNS_PATHS_ALL = 4096,    /* and of all tunnels */
	LNS_PATH_SESSIONS = 16,  /* a tunnel with more is not followed */
	LNS_PATH_WRONG = 4,      /* answers to one question */
	/* rates of a tunnel, for cv_limit_take: questions to those who have proved nothing; moves
	 */
	LNS_PATH_ASK_COST_MS = 62,
	LNS_PATH_ASK_MOST_MS = 1000,
	LNS_MOVE_COST_MS = 6000,
	LNS_MOVE_MOST_MS = 60000,
	/* bits of ppp_ev_up.open, by the order of lns_link_params */
	LNS_NETWORK_IP = 1,
	LNS_NETWORK_IPV6 = 2,
};
#define LNS_IDLE_NS (5 * CV_NS_PER_S)       /* a new tunnel has its first call within this time */
#define LNS_HEAR_NS (1 * CV_NS_PER_S)       /* for the caller to say what it heard of a session */
#define LNS_HAND_ON_NS (30 * CV_NS_PER_S)   /* for a call to be handed on */
#define LNS_PATH_NS (10 * CV_NS_PER_S)      /* for an address to answer the last question */
#define LNS_PATH_AGAIN_NS (CV_NS_PER_S / 2) /* to the second question; then twice that, ... */
#define LNS_SLOT_HOLD_NS (10 * CV_NS_PER_S) /* a session's IDs are not used again before, */
#define LNS_SLOT_REST_NS (1 * CV_NS_PER_S)  /* or this where a tunnel has no others left */

enum lns_kind {
	LNS_KIND_TUNNEL,
	LNS_KIND_SESSION,
	LNS_KIND_ADMISSION,
	LNS_KIND_DIAL,
	LNS_KIND_DRAIN
};

enum lns_dial_state {
	LNS_DIAL_RESTS,    /* nobody wants it */
	LNS_DIAL_PAUSES,   /* after a round of tries in vain, or an end */
	LNS_DIAL_RESOLVES, /* a name's addresses are asked for */
	LNS_DIAL_CONNECTS, /* SCCRQ sent */
	LNS_DIAL_CALLS,    /* the tunnel is up: ICRQ or OCRQ */
	LNS_DIAL_LINKS,    /* the call is: PPP */
	LNS_DIAL_IS_UP,
};
struct lns_dial;

/* The common head of tunnels, sessions, admission, dials and drain: first member of each. */
struct lns_object {
	struct cv_timer timer; /* first: the wheel gives it back */
	enum lns_kind kind;
	struct cv_link ready; /* in the ready list */
};

/* How many living tunnels one peer address (IPv6: a /64) has, and calls whose user has not proved
 * himself. */
struct lns_peer {
	struct cv_node node;
	struct cv_ip ip;
	uint32_t count, waiting;
};

struct lns_path; /* paths.c */

struct lns_tunnel {
	struct lns_object object;
	struct cv_node by_opener; /* by what a repeated SCCRQ repeats */
	uint32_t opener_id;
	uint64_t message;      /* keyed hash of that SCCRQ */
	struct cv_node by_end; /* by the peer's address and port: the first only */
	struct cv_link end;    /* in the ring of all living tunnels from there */
	struct cv_link ended;  /* in lns->ended: it is over */
	struct cv_link idle;   /* in lns->idle: its peer showed neither a secret nor a call */
	struct l2tp_tunnel *l2tp;
	struct lns_terms *terms;   /* that it began with */
	struct lns_secret *secret; /* likewise */
	struct lns_peer *peer_address;
	struct cv_list sessions;
	uint32_t session_count;
	uint16_t listener;
	uint16_t id, peer_id;
	struct cv_endpoint peer;
	uint64_t created_at;
	struct lns_path **paths; /* LNS_PATHS places for where its peer may be, too; NULL: none */
	struct cv_link asked;    /* in lns->asked: it has some */
	uint64_t moved_at;
	uint32_t moves;
	uint32_t path_rate, move_rate; /* for cv_limit_take */
	struct lns_dial *dial;         /* whose it is; NULL: nobody's */
	bool ours;                     /* we opened it */
	bool up;                       /* SCCCN received, or sent */
	bool ecn;                      /* both ends said ECN Capability */
	bool added;                    /* the data path knows it, */
	bool followed;                 /* and what comes from elsewhere is wanted of it */
	bool moved;                    /* it is to be told the new address */
	bool over;                     /* StopCCN sent or received: only its remains are kept */
	bool kicked;                   /* by an administrator */
	bool closing;                  /* over, and our StopCCN is not acknowledged yet */
	bool done;                     /* to be freed when the data path was told */
};

/* PPP frames that came before their ICCN. */
struct lns_early {
	uint16_t used, n, len[LNS_EARLY_FRAMES];
	uint16_t told, at; /* of them, that were sent on; where the next begins */
	uint8_t bytes[LNS_EARLY_BYTES];
};

/* IPv6 of a session whose user has some: from authentication on. */
struct lns_ipv6 {
	struct lns_ipv6_info info;
	struct cv_prefix fixed_prefix, fixed_delegated; /* that its profile says */
	struct cv_prefix lease; /* to be delegated, or it is: info.delegated */
	uint64_t bound_until;   /* CV_TIME_NEVER: it is not */
	struct auto6_schedule adverts;
	uint8_t *answer; /* that waits for lns_poll; NULL: none */
	uint32_t asked;  /* for cv_limit_take */
	uint16_t answer_len;
	uint16_t mtu; /* of packets from the client */
	bool from_pool, lease_from_pool;
	bool advert_due;
};

/* What only a session has that is one of two halves of a call (handon.c). */
struct lns_half {
	struct lns_half_info info;
	struct lns_session *session;
	struct lns_dial *onward;   /* whom it is to be handed on to; NULL: it was */
	struct cv_link waits;      /* for that one */
	struct lns_session *other; /* NULL: there is none yet */
	bool join_due, joined;     /* the data path is to join both; it has */
};

struct lns_session {
	struct lns_object object;
	struct lns_session_info info; /* info.user: `who`'s, or "" */
	struct cv_node by_serial;     /* until it is over */
	struct cv_node by_address;    /* while in of_user */
	struct lns_tunnel *tunnel;    /* NULL once over */
	struct cv_link in_tunnel;
	struct cv_link of_user;   /* since it has an address, until it ends: it is in */
	struct ppp_link *ppp;     /* from ICCN on */
	struct lns_terms *terms;  /* of ppp */
	struct lns_early *early;  /* until then; NULL: none came */
	struct lns_ipv6 *v6;      /* NULL: it has none */
	struct lns_user *who;     /* NULL: nobody by now */
	struct cv_ip fixed;       /* the address that its profile says */
	uint32_t sessions_max;    /* likewise */
	struct cv_prefix *routes; /* likewise: info.routes */
	uint32_t ask;             /* number of the last question about its peer's proof */
	uint32_t accm;            /* that the LAC has for what it sends to the caller */
	const char *reason;       /* why it is over; static */
	uint64_t rx_packets;      /* when they were told last, for the idle echo */
	uint64_t hear_by;         /* when it goes on without them; 0: they are not asked for */
	uint64_t over_at;
	struct lns_dial *dial;  /* whose it is; NULL: nobody's */
	struct l2tp_told *told; /* what its LAC says of it; NULL: nothing, or nobody asks */
	struct lns_half *half;  /* of a call that is handed on; NULL: it is none */
	uint8_t accm_tells;     /* how often the LAC was told `accm` */
	bool hand_due;          /* its PPP ends here, as soon as all of it was said */
	bool placed;            /* we placed its call, */
	bool client;            /* and prove ourselves in it */
	bool listed;            /* its profile is the configuration's */
	bool own_filter;        /* it says a filter, whatever the group's is */
	bool ask_due;           /* the question is to be given out */
	bool hear_due;          /* likewise how many packets it sent */
	bool waiting;           /* counted in its peer's */
	bool from_pool;
	bool added, opened, reached; /* what the data path was told */
	bool want_open;              /* what should be true */
	bool changed;                /* tell it again: address or options differ */
	bool other_profile;          /* likewise, but nothing that the peer has to know of first */
	bool routes_changed;         /* likewise, before the peer hears of it */
	bool leaving;                /* it is being closed; nothing keeps it */
	bool over, removed;
};

/* A datagram to somebody who has no tunnel. */
struct lns_answer {
	struct cv_endpoint to;
	uint16_t listener, len;
	uint8_t bytes[LNS_DATAGRAM_MAX];
};

/* Who asks for a tunnel. */
struct lns_admission {
	struct lns_object object; /* its timer: the oldest caller's */
	struct lns_callers callers;
	struct lns_answer answers[LNS_ANSWERS]; /* a ring */
	uint32_t first, count;
	uint64_t forgot, forgot_said_at; /* callers, since the last line about them */
};

struct lns_drain {
	struct lns_object object; /* its timer: when it looks again */
	uint64_t since, from;     /* when it began; when the time for sessions to end did */
	uint64_t until;           /* when all are ended; CV_TIME_NEVER: they go on */
	uint32_t total, closed;   /* sessions that were there then; of them, that were ended */
	uint32_t cursor;          /* slot of the next */
	bool on, empty;           /* no tunnel is left */
};

struct lns_pools {
	struct lns_pool *addresses;
	struct lns_pool *pool6, *delegate; /* NULL: the group has none */
};

struct lns_group {
	const struct cfg_group *cfg;
	struct lns_pools pools;
};

/* A user with sessions: known by name. */
struct lns_user {
	struct cv_node node;
	struct cv_list sessions; /* that are in */
	uint32_t sessions_count;
	uint32_t holders;  /* sessions that are his, also such as are over */
	const char *shown; /* the name, escaped */
	uint8_t len;
	uint8_t name[];
};

struct lns {
	const struct cfg *cfg;
	struct crypto *crypto;
	const struct cv_log *log;
	struct lns_params params;
	struct cv_wheel wheel;
	struct cv_list ready;

	/* [listener ID][tunnel ID]; NULL: there is no such listener */
	struct lns_tunnel **by_id[CV_LISTENER_IDS];
	uint16_t listener_ids;                /* those that are there are below this */
	struct cv_table openers, ends, peers; /* of tunnels that live */
	struct cv_list ended, idle;           /* tunnels, the oldest first */
	struct lns_admission admission;
	struct lns_drain drain;
	struct lns_session **slots;
	struct cv_table serials; /* of sessions that live */
	uint64_t next_serial;
	uint32_t slot_mask;
	uint64_t slot_seed;

	struct lns_group groups[CV_GROUP_IDS]; /* by ID; without addresses: there is none */
	struct cv_table users;                 /* who have sessions */
	struct cv_table addresses;             /* of sessions that are in */
	struct lns_terms *terms;
	struct lns_secret **secrets; /* by place in the configuration's list; NULL: not used yet */

	uint32_t tunnels, ended_count, closing; /* living tunnels; over; of these, not yet told */
	uint32_t sessions, open_sessions;
	struct lns_highest highest;
	uint64_t counters[LNS_COUNTER_MAX];
	struct lns_dial *dials[CV_DIAL_IDS];           /* by ID */
	struct cv_table dialling;                      /* those who wait for an answer to SCCRQ */
	uint32_t n_dials, dial_tunnels, dial_sessions; /* that they have */
	struct cv_fair_bucket setups, calls;           /* of tunnels; of sessions */
	uint32_t paths;                                /* of all tunnels */
	struct cv_list asked;                          /* tunnels that have them */
	uint64_t unproved, unproved_said_at;           /* since the last line about them */
	struct cv_bucket refusal_lines;
	uint64_t lines_suppressed;
	bool stopping;
	uint8_t duid[LNS_DUID]; /* of our DHCPv6 server */
	uint8_t datagram[LNS_DATAGRAM_MAX];
	struct lns_auth_ask ask; /* of the last action; its bytes are elsewhere */
	char ask_user[LNS_USER_MAX];
};

/* The ID of a group's realm. */
static inline uint16_t
lns_realm_of(const struct lns *lns, const struct cfg_group *group)
{
	return lns->cfg->realms[group->realm].id;
}

static inline struct lns_session *
lns_session_of_user(struct cv_link *link)
{
	return CV_OBJECT(struct lns_session, of_user, link);
}

static inline void
lns_count(struct lns *lns, enum lns_counter counter)
{
	lns->counters[counter]++;
}

static inline void
lns_reach(uint32_t *highest, uint32_t now)
{
	if (now > *highest)
		*highest = now;
}

/* configure.c */
void lns_pools_free(struct lns_pools *pools);

/* ready.c: the ready list and timers. */
void lns_ready(struct lns *lns, struct lns_object *object);
void lns_ready_first(struct lns *lns, struct lns_object *object);
void lns_unready(struct lns_object *object);

/* refusal.c: lines about refusals, LNS_LOG_PER_SECOND. */
void lns_log_tunnel_refused(struct lns *lns, uint64_t now, const struct cv_endpoint *from,
	const void *host, size_t host_len, const struct l2tp_reason *reason);
void lns_log_tunnel_delayed(struct lns *lns, uint64_t now, const struct cv_endpoint *from);
void lns_log_call_refused(
	struct lns *lns, const struct lns_tunnel *t, uint64_t now, const char *why);
/* user: escaped. */
void lns_log_session_refused(struct lns *lns, const struct lns_session *s, uint64_t now,
	const char *user, const char *method, const char *why);

/* parameters.c: what all PPP links share. One set: who the user is, and so his group, is only known
 * when LCP is done. */
void lns_link_params(const struct cfg *cfg, struct ppp_params *p);
enum ppp_auth lns_auth_method(enum cfg_auth method);
/* What differs where we prove ourselves, by the methods of a group. */
void lns_client_params(const struct cfg_group *group, struct ppp_params *p);
/* What the responder of a caller's record, or of an SCCRQ, is made with. Points into what is given.
 */
void lns_responder_params(struct lns *lns, struct l2tp_params *p, uint16_t tunnel_id,
	const uint8_t *challenge, const struct lns_secret *secret);

/* admission.c: who may have a tunnel. */
/* A control message to tunnel ID 0, or to an ID that no tunnel has. */
int lns_admission_input(struct lns *lns, uint64_t now, uint16_t listener,
	const struct cv_endpoint *from, const uint8_t *data, size_t len);
int lns_admission_connect(struct lns *lns, uint64_t now, uint16_t listener, uint16_t tunnel_id,
	const struct cv_endpoint *from, const uint8_t *data, size_t len);
void lns_admission_timeout(struct lns *lns, uint64_t now);
bool lns_admission_poll(struct lns *lns, struct lns_action *action);

/* drain.c */
void lns_drain_timeout(struct lns *lns, uint64_t now);

/* lns.c: ends every tunnel; kicked: by an administrator, for their sessions' reason. */
void lns_tunnels_close(
	struct lns *lns, uint64_t now, const struct l2tp_reason *reason, bool kicked);

/* peers.c */
/* Counted at its peer's address, or no longer; false: no memory. */
bool lns_peer_join(struct lns *lns, struct lns_tunnel *t);
void lns_peer_leave(struct lns *lns, struct lns_tunnel *t);
/* Into and out of the ring of the tunnels from its peer's address and port. */
void lns_end_join(struct lns *lns, uint64_t now, struct lns_tunnel *t);
void lns_end_leave(struct lns *lns, struct lns_tunnel *t);
/* Somebody at this address and port has no room for a tunnel: asks one that is from there. */
void lns_tunnel_doubt(
	struct lns *lns, uint64_t now, uint16_t listener, const struct cv_endpoint *peer);
/* Whether a tunnel may be counted at this address instead, by limits.tunnels-per-peer; and it is,
 * in t->peer's place, which the caller has changed: false: no memory. */
bool lns_peer_room(const struct lns *lns, const struct lns_tunnel *t, const struct cv_ip *ip);
bool lns_peer_move(struct lns *lns, struct lns_tunnel *t);
/* How many living tunnels an address has. */
uint32_t lns_tunnels_from(const struct lns *lns, const struct cv_ip *ip);

/* tunnel.c */
/* A living tunnel that an SCCRQ's address, port and ID belong to, or NULL. */
struct lns_tunnel *lns_tunnel_of(
	const struct lns *lns, uint64_t now, const struct lns_opener *opener, uint64_t message);
/* One that gives way to a newcomer where limits are reached, of an address or of all (NULL): it
 * had no call for LNS_IDLE_NS, and no secret. NULL: none. */
struct lns_tunnel *lns_tunnel_idle(const struct lns *lns, uint64_t now, const struct cv_ip *ip);
/* It has completed a call: no blind guess does. */
void lns_tunnel_used(struct lns_tunnel *t);
/* Ends it for a newcomer. */
void lns_tunnel_give_way(struct lns *lns, struct lns_tunnel *t, uint64_t now);
/* Draws a tunnel ID that nobody has at this listener; 0 when all tries failed. */
uint16_t lns_tunnel_id_draw(struct lns *lns, uint16_t listener);
/* The tunnel of a caller that has proved itself; takes over l2tp, which is established. 0 or
 * CV_ERR_NOMEM. */
int lns_tunnel_new(
	struct lns *lns, uint64_t now, const struct lns_caller *caller, struct l2tp_tunnel *l2tp);
/* The tunnel to a peer that is dialled, whose SCCRQ is to be sent; takes over l2tp. 0 or
 * CV_ERR_NOMEM. */
int lns_tunnel_open(
	struct lns *lns, uint64_t now, struct lns_dial *d, uint16_t id, struct l2tp_tunnel *l2tp);
void lns_tunnel_input(
	struct lns *lns, struct lns_tunnel *t, uint64_t now, const uint8_t *data, size_t len);
void lns_tunnel_timeout(struct lns *lns, struct lns_tunnel *t, uint64_t now);
/* Takes the automaton's events, sets the timer, marks it ready. After every touch. */
void lns_tunnel_settle(struct lns *lns, struct lns_tunnel *t, uint64_t now);
bool lns_tunnel_poll(
	struct lns *lns, struct lns_tunnel *t, uint64_t now, struct lns_action *action);
void lns_tunnel_free(struct lns *lns, struct lns_tunnel *t);
/* Its peer, and with it all of its sessions, is at another address from now on; false: no memory.
 */
bool lns_tunnel_move(
	struct lns *lns, struct lns_tunnel *t, uint64_t now, const struct cv_endpoint *at);

/* paths.c: where else a tunnel's peer may be by now. */
/* Whether what comes from elsewhere is wanted. */
bool lns_path_followed(const struct lns *lns, const struct lns_tunnel *t);
/* Something that this depends on may have changed. NULL is allowed. */
void lns_path_review(struct lns *lns, struct lns_tunnel *t);
/* A datagram from elsewhere: of a session, with a frame, or a control message (NULL). 0: it was an
 * answer that was waited for. */
int lns_path_input(struct lns *lns, struct lns_tunnel *t, uint64_t now,
	const struct cv_endpoint *from, const struct lns_session *s, struct cv_bytes frame);
uint64_t lns_path_next_timeout(const struct lns_tunnel *t);
void lns_path_timeout(struct lns *lns, struct lns_tunnel *t, uint64_t now);
/* proofs.c: what is to be sent there, and asked about answers; where it returns false the tunnel
 * may have moved. */
bool lns_path_poll(struct lns *lns, struct lns_tunnel *t, uint64_t now, struct lns_action *action);
/* lns_auth_answer for a question of lns_path_poll. */
bool lns_path_question(uint32_t number);
int lns_path_answer(
	struct lns *lns, struct lns_session *s, uint64_t now, const struct lns_auth_answer *answer);
void lns_path_free(struct lns *lns, struct lns_tunnel *t);

/* call.c */
void lns_call_request(
	struct lns *lns, struct lns_tunnel *t, uint64_t now, const struct l2tp_event *event);
/* Places a call of ours: outgoing, by OCRQ, or incoming, by ICRQ, which says what a LAC told (may
 * be NULL). NULL: none can be. */
struct lns_session *lns_call_place(struct lns *lns, struct lns_tunnel *t, uint64_t now,
	bool outgoing, const struct l2tp_told *told);
void lns_call_up(
	struct lns *lns, struct lns_tunnel *t, uint64_t now, const struct l2tp_event *event);
/* A frame that overtook its ICCN, or came right behind it by another worker: a few wait.
 * CV_ERR_LIMIT: it was dropped and counted. */
int lns_session_keep_early(struct lns *lns, struct lns_session *s, struct cv_bytes frame);
/* Among them may be a password (PAP). NULL is allowed. */
void lns_early_free(struct lns_early *e);

/* session.c */
struct lns_session *lns_session_in(
	const struct lns *lns, uint16_t listener, uint16_t tunnel_id, uint16_t session_id);
/* The living session of a serial, or NULL. */
struct lns_session *lns_session_of(const struct lns *lns, uint64_t serial);
void lns_session_settle(struct lns *lns, struct lns_session *s, uint64_t now);
void lns_session_timeout(struct lns *lns, struct lns_session *s, uint64_t now);
bool lns_session_poll(
	struct lns *lns, struct lns_session *s, uint64_t now, struct lns_action *action);
/* Over, for a static reason; the peer was told, or is by somebody else. told: what the peer of its
 * other half, if it has one, is told; NULL: that the carrier is lost. */
void lns_session_over_as(struct lns *lns, struct lns_session *s, uint64_t now, const char *reason,
	const struct l2tp_reason *told);
void lns_session_over(struct lns *lns, struct lns_session *s, uint64_t now, const char *reason);
/* Its user has no longer to prove himself. */
void lns_session_end_wait(struct lns_session *s);
/* Without a word. */
void lns_session_free_link(struct lns_session *s);
/* A PPP frame as an L2TP data message, to its peer. */
bool lns_session_give_frame(struct lns *lns, const struct lns_session *s, struct cv_bytes frame,
	struct lns_action *action);
/* Ends a live session from our side: LCP Terminate, then CDN. */
void lns_session_close(struct lns *lns, struct lns_session *s, uint64_t now, enum ppp_down why);
void lns_session_free(struct lns *lns, struct lns_session *s);

/* handon.c: calls that go on to another LNS. */
/* At ICCN: whether it is handed on already, by what its LAC says. */
bool lns_hand_on_call(struct lns *lns, struct lns_session *s, uint64_t now);
/* At the caller's proof: whether he is. Then lns_hand_on_end_ppp, when PPP has nothing to say any
 * more: what was agreed goes along, or, where the caller has begun anew, nothing happens. */
bool lns_hand_on_asked(struct lns *lns, struct lns_session *s);
void lns_hand_on_end_ppp(struct lns *lns, struct lns_session *s, uint64_t now);
/* A peer's poll: calls that wait for it are placed, or refused. */
void lns_hand_on_serve(struct lns *lns, struct lns_dial *d, uint64_t now);
/* Its tunnel has heard something: maybe there is room for those that wait. NULL: nobody's. */
void lns_hand_on_answered(struct lns *lns, struct lns_dial *d);
/* It goes with its entry of the configuration. */
void lns_hand_on_gone(struct lns *lns, struct lns_dial *d, uint64_t now);
/* Whether it is hung up, as it has had no calls for as long as that. */
bool lns_hand_on_idle(struct lns_dial *d, uint64_t now);
/* It has waited as long as it may. */
void lns_hand_on_late(struct lns *lns, struct lns_session *s, uint64_t now);
/* The half that we placed is up. */
void lns_hand_on_up(struct lns *lns, struct lns_session *s, uint64_t now);
/* The other LNS said this of the caller's line, by SLI. */
void lns_hand_on_accm(
	struct lns *lns, struct lns_session *s, uint64_t now, uint32_t send, uint32_t receive);
/* A session is over, and with it its other half: see lns_session_over_as. */
void lns_hand_on_over(struct lns *lns, struct lns_session *s, uint64_t now, const char *reason,
	const struct l2tp_reason *told);
/* Its user is let in here: what its LAC said, maybe his password, is forgotten. */
void lns_hand_on_stays(struct lns_session *s);
/* What of it a session has, when it is freed, maybe alive. */
void lns_hand_on_free(struct lns_session *s);
/* What a half has to say: that both are to be joined, then what came before that. */
bool lns_hand_on_poll(struct lns *lns, struct lns_session *s, struct lns_action *action);
/* The peer that a call was, or is to be, handed on to, of either half; NULL: none. */
const struct lns_dial *lns_handed_to(const struct lns_session *s);

/* ipv6.c */
/* Our DUID under a configuration; CV_ERR_CRYPTO. */
int lns_duid_make(struct lns *lns, const struct cfg *cfg);
/* What a profile says of IPv6. */
void lns_ipv6_set(struct lns *lns, struct lns_session *s, const struct lns_profile *profile);
void lns_ipv6_free(struct lns_session *s);
/* Whether IPV6CP is to be negotiated: it has a prefix from now on. */
bool lns_ipv6_offer(struct lns *lns, struct lns_session *s, uint64_t now);
/* Which protocols are open; NULL: none. */
void lns_ipv6_told(
	struct lns *lns, struct lns_session *s, uint64_t now, const struct ppp_ev_up *up);
/* A PPP frame that the link has taken. */
void lns_ipv6_input(struct lns *lns, struct lns_session *s, uint64_t now, struct cv_bytes frame);
uint64_t lns_ipv6_next_timeout(const struct lns_session *s);
void lns_ipv6_timeout(struct lns *lns, struct lns_session *s, uint64_t now);
/* The next packet for the client: its bytes; 0: none. */
size_t lns_ipv6_poll(struct lns *lns, struct lns_session *s, uint8_t out[AUTO6_PACKET_MAX]);

/* prefixes.c: whose an IPv6 prefix is. */
/* The pools of a group, in what is zero; CV_ERR_NOMEM. */
int lns_prefix_pools(const struct cfg *cfg, const struct cfg_group *group, struct lns_pools *out);
/* Whether two configurations hand out the same: of a group, and to users of the list. */
bool lns_prefixes_same(const struct cfg_group *a, const struct cfg_group *b);
bool lns_fixed6_same(const struct cfg *a, const struct cfg *b);
/* Whether anybody may have IPv6. */
bool lns_needs_ipv6(const struct cfg *cfg);
/* The session has a /64, or a prefix to be delegated, from now on; false: there is none for it. */
bool lns_prefix_take(struct lns *lns, struct lns_session *s, uint64_t now);
bool lns_lease_take(struct lns *lns, struct lns_session *s, uint64_t now);
/* What is delegated, or all, is given back. */
void lns_lease_give(struct lns *lns, struct lns_session *s);
void lns_prefixes_give(struct lns *lns, struct lns_session *s);
/* What it has is taken in new pools. */
void lns_prefixes_again(struct lns *lns, struct lns_session *s);
/* Whether the profile says what the session's own said. */
bool lns_prefixes_fixed(const struct lns_session *s, const struct lns_profile *profile);
/* Whether it may have what it has under a profile of a configuration. */
bool lns_prefixes_still(
	const struct cfg *cfg, const struct lns_session *s, const struct lns_profile *profile);

/* auth.c: who the peer is. */
/* PPP has raised AUTH. */
void lns_auth_asked(struct lns_session *s);
/* Gives out the question that is due; false: it is none any more. */
bool lns_auth_poll(struct lns *lns, struct lns_session *s, struct lns_action *action);

/* profile.c */
/* The group of a profile; NULL: it names one, or a filter, that is not configured. */
const struct cfg_group *lns_profile_group(const struct lns *lns, const struct lns_profile *profile);
/* Networks behind a session, in place of those before; false: no memory, and it has none. */
bool lns_framed_set(struct lns_session *s, const struct cv_prefix *routes, size_t n);
bool lns_framed_same(const struct lns_session *s, const struct lns_profile *profile);
/* Whether a session has it already; cfg has its group. */
bool lns_profile_same(
	const struct cfg *cfg, const struct lns_session *s, const struct lns_profile *profile);
/* At first, and later: lns_profile_set. false: no memory. */
bool lns_profile_take(struct lns *lns, struct lns_session *s, const struct lns_profile *profile);
/* What was taken, again. */
void lns_profile_of(const struct lns_session *s, struct lns_profile *profile);
int lns_profile_change(
	struct lns *lns, struct lns_session *s, uint64_t now, const struct lns_profile *profile);
/* Takes what is behind the session by what it had, and not by this. */
void lns_profile_withdraw(
	struct lns *lns, struct lns_session *s, const struct lns_profile *profile);

/* user.c: users with sessions, and whose an address is. */
struct lns_user *lns_user_find(const struct lns *lns, struct cv_bytes name);
/* The user of a name, with one holder more; NULL: no memory. */
struct lns_user *lns_user_hold(struct lns *lns, struct cv_bytes name);
void lns_user_drop(struct lns *lns, struct lns_user *user); /* NULL is allowed */
/* The session that has an inner address, or NULL. */
struct lns_session *lns_session_at(
	const struct lns *lns, uint16_t realm, const struct cv_ip *address);
/* The user's session is admitted and has an address, or false after refusing it. */
bool lns_user_admit(struct lns *lns, struct lns_session *s, uint64_t now);
/* Whether no other user's session has the address, and it is not ours. */
bool lns_address_free(
	const struct lns *lns, const struct lns_session *s, const struct cv_ip *address);
/* review.c: whether a group of a configuration gives the address to anybody who asks for one. */
bool lns_group_gives(
	const struct cfg *cfg, const struct cfg_group *group, const struct cv_ip *address);
/* It has this address, which its peer says, and is in; false: that is another's, or ours. */
bool lns_user_give(
	struct lns *lns, struct lns_session *s, uint64_t now, const struct cv_ip *address);
/* It gives way to another of its user. */
void lns_user_replace(struct lns *lns, struct lns_session *other, uint64_t now);
/* It gives back its address, and no longer counts as its user's. */
void lns_user_leave(struct lns *lns, struct lns_session *s);

#endif
