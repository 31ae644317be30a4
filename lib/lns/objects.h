/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the server of lib/lns is made of. An object (tunnel or session) that has something to say is
 * put on the ready list; lns_poll asks the first one, compares what the data path was told of it
 * with what should be true, and gives out the difference before the object's own output.
 */
#ifndef LNS_OBJECTS_H
#define LNS_OBJECTS_H

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

#endif
