/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The L2TP network server, composed: tunnels, sessions, PPP, users, pools and limits. Sans-IO:
 * datagrams and time go in, actions come out. The caller carries the actions out in the order in
 * which it gets them, so that a session is in the data path before its peer learns of it.
 *
 * One thread at a time. Nothing here keeps a pointer into what a caller passes, but for the
 * configuration, crypto context and log, which must outlive the server.
 */
#ifndef LNS_LNS_H
#define LNS_LNS_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/time.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "ppp/link.h"

struct lns;

enum {
	LNS_USER_MAX = CV_USER_NAME_MAX +
		       1, /* bytes of a user name kept, with its NUL; longer ones are refused */
	LNS_DATAGRAM_MAX = 1500, /* longest datagram in an action */
	LNS_ANY_LISTENER = UINT16_MAX,
	LNS_GROUPS_FILTER = UINT16_MAX,
	LNS_ENDED_MAX = 8192, /* tunnels that ended and are remembered */
	LNS_SERIAL_TEXT = 17, /* bytes of a serial as text, with its NUL */
};
/* So that a serial's text is longer than any of L2TP's IDs. */
#define LNS_SERIAL_MIN (UINT64_C(1) << 32)
/* A serial in a format string: lower-case hexadecimal. */
#define LNS_PRI_SERIAL PRIx64

struct lns_params {
	const struct cfg *cfg;
	struct crypto *crypto;
	const struct cv_log *log;
	/* The serial of the first session; each one after it has the next. No server before may
	 * have given any from here on: lns_serial_at. What is below LNS_SERIAL_MIN counts as that.
	 */
	uint64_t first_serial;
};

/*
 * A first serial by the wall clock, when the server starts: beyond all that one before could have
 * given, which began with the same and had less than a million sessions a second, however soon it
 * was started again.
 */
static inline uint64_t
lns_serial_at(uint64_t wall_ns)
{
	uint64_t second = wall_ns / CV_NS_PER_S, rest = wall_ns % CV_NS_PER_S;

	return second << 20 | rest / CV_NS_PER_US;
}

/* Everything counted on the control side: name and what moved it. */
#define LNS_COUNTERS(X)                                                                           \
	X(TUNNELS_OPENED, "tunnels-opened", "control connections established")                    \
	X(SESSIONS_OPENED, "sessions-opened", "sessions that reached an open IPCP or IPV6CP")     \
	X(INPUT_MALFORMED, "input-malformed", "datagrams whose L2TP header breaks RFC 2661")      \
	X(INPUT_VERSION_L2F, "input-version-l2f", "datagrams of version 1 (L2F)")                 \
	X(INPUT_VERSION_L2TPV3, "input-version-l2tpv3", "datagrams of version 3 (L2TPv3)")        \
	X(INPUT_VERSION_OTHER, "input-version-other", "datagrams of any other version")           \
	X(CONTROL_NO_TUNNEL, "control-no-tunnel",                                                 \
		"control messages for a tunnel that is not here")                                 \
	X(CONTROL_SOURCE, "control-source", "control messages from another address or port")      \
	X(CONTROL_NOT_SCCRQ, "control-not-sccrq", "messages with tunnel ID 0 that open nothing")  \
	X(DATA_NO_SESSION, "data-no-session", "PPP frames for a session that is not here")        \
	X(HANDED_ON, "handed-on", "calls handed on to another LNS")                               \
	X(HAND_ON_FAILED, "hand-on-failed", "calls refused: they could not be handed on")         \
	X(DATA_EARLY, "data-early", "PPP frames before ICCN, more than are kept")                 \
	X(PROXY_TAKEN, "proxy-taken", "calls that went on where their LAC had left off")          \
	X(PROXY_ANEW, "proxy-anew", "calls whose LCP of a LAC did not fit, negotiated anew")      \
	X(DATA_SOURCE, "data-source", "PPP frames from another address or port")                  \
	X(PATHS_SEEN, "paths-seen",                                                               \
		"other addresses and ports that packets of tunnels came from, and that were "     \
		"asked")                                                                          \
	X(PATHS_ASKED, "paths-asked", "challenges and echoes that were sent there")               \
	X(PATHS_WRONG, "paths-wrong", "answers from there that were wrong")                       \
	X(PATHS_UNPROVED, "paths-unproved", "of these addresses, those that proved nothing")      \
	X(PATHS_RATE, "paths-rate", "packets from there beyond the rates of questions and moves") \
	X(PATHS_REFUSED, "paths-refused",                                                         \
		"packets from where the tunnel may not be, by its secret or tunnels-per-peer")    \
	X(TUNNELS_MOVED, "tunnels-moved", "tunnels whose peer proved to be elsewhere by now")     \
	X(PPP_MALFORMED, "ppp-malformed", "PPP frames that were silently discarded")              \
	X(LIMIT_TUNNELS, "limit-tunnels", "tunnels refused: limits.tunnels")                      \
	X(LIMIT_PEER, "limit-tunnels-per-peer", "tunnels refused: limits.tunnels-per-peer")       \
	X(LIMIT_HALF_OPEN, "limit-half-open", "callers forgotten for others: limits.half-open")   \
	X(ANSWERS_FULL, "answers-full", "answers to callers that found the queue full")           \
	X(ANSWERS_SHORT, "answers-short",                                                         \
		"answers to callers that would be longer than what they sent allows")             \
	X(LIMIT_RATE, "limit-setups-per-second",                                                  \
		"tunnels and calls refused: limits.setups-per-second")                            \
	X(LIMIT_SESSIONS, "limit-sessions", "sessions refused: limits.sessions")                  \
	X(LIMIT_TUNNEL_SESSIONS, "limit-sessions-per-tunnel",                                     \
		"sessions refused: limits.sessions-per-tunnel")                                   \
	X(DRAIN_TUNNELS, "drain-tunnels",                                                         \
		"tunnels refused while the server is drained: try another")                       \
	X(DRAIN_CALLS, "drain-calls", "calls refused while the server is drained: try another")   \
	X(DRAIN_ENDED, "drain-ended", "sessions that were ended to drain the server")             \
	X(PEER_UNKNOWN, "tunnel-peer-unknown", "tunnels refused: no entry in tunnels.secrets")    \
	X(TUNNEL_AUTH, "tunnel-auth-failed", "tunnels refused: wrong or missing response")        \
	X(TUNNEL_FAILED, "tunnels-failed", "tunnels that ended before they were established")     \
	X(USER_UNKNOWN, "user-unknown", "sessions refused: no such user")                         \
	X(USER_AUTH, "user-auth-failed", "sessions refused: wrong password")                      \
	X(USER_METHOD, "user-method", "sessions refused: the group does not allow the method")    \
	X(USER_PROFILE, "user-profile",                                                           \
		"sessions refused: what the user gets is not in the configuration")               \
	X(USER_ADDRESS, "user-address", "sessions refused: the user's address is another's")      \
	X(AUTH_LATE, "auth-late", "answers about users that came too late, or twice")             \
	X(USER_SESSIONS, "user-sessions", "sessions refused: the user's sessions are all in use") \
	X(USER_REPLACED, "user-replaced", "sessions ended: the user dialled again")               \
	X(POOL_EXHAUSTED, "pool-exhausted", "sessions refused: no free address in the pool")      \
	X(POOL6_EXHAUSTED, "pool6-exhausted", "sessions without IPv6: no free /64 in the pool")   \
	X(DELEGATE_EXHAUSTED, "delegate-exhausted", "DHCPv6: no free prefix to delegate")         \
	X(IPV6_UNHEARD, "ipv6-unheard", "IPv6 packets to the server that it does not answer")     \
	X(IPV6_MALFORMED, "ipv6-malformed",                                                       \
		"router solicitations and DHCPv6 messages that were discarded")                   \
	X(IPV6_LIMITED, "ipv6-limited", "more of them than a session may send")                   \
	X(DIAL_FAILED, "dial-failed", "tries to reach a peer that is dialled, in vain")           \
	X(DIAL_TIES, "dial-ties", "tunnels that both ends opened at once, of which one stood")    \
	X(DIAL_USER, "dial-user", "sessions refused: another user than peer-user")                \
	X(MEMORY, "memory", "refused for want of memory")

enum lns_counter {
#define X(id, name, help) LNS_##id,
	LNS_COUNTERS(X)
#undef X
		LNS_COUNTER_MAX
};

const char *lns_counter_name(enum lns_counter counter);
const char *lns_counter_help(enum lns_counter counter);

enum lns_action_type {
	LNS_ACT_SEND,          /* send `data` from the listener to the remote end point */
	LNS_ACT_TUNNEL_ADD,    /* the control connection's peer is known from now on */
	LNS_ACT_TUNNEL_CHANGE, /* the peer is elsewhere, or `follow` is another */
	LNS_ACT_TUNNEL_REMOVE, /* and no longer */
	LNS_ACT_AUTH_ASK,      /* who is this? `ask`, for lns_auth_answer, now or later */
	LNS_ACT_SESSION_ADD,   /* a call, before its ICRP: only PPP control arrives yet */
	LNS_ACT_SESSION_OPEN,  /* IPCP or IPV6CP is open: take the packets of the session from it */
	LNS_ACT_SESSION_REACH, /* the Acks of what is open were sent: relay packets to it */
	LNS_ACT_SESSION_CHANGE, /* of an open session group, filter, MTU, routes or rates are
				 * others, what is open, or the delegated prefix: no packet is to be
				 * lost over it. What was not open is not to be reached before the
				 * next REACH
				 */
	LNS_ACT_SESSION_HEARD,  /* how much did it send by now? for lns_session_heard */
	LNS_ACT_SESSION_SHUT,   /* back to a link: neither is open */
	/* PPP frames of the session go out by `other`, and its by the session, as they are: both
	 * were added before, neither is opened, and it ends with either's end */
	LNS_ACT_SESSION_SWITCH,
	LNS_ACT_SESSION_REMOVE, /* gone; `reason` for the summary line */
	LNS_ACT_RESOLVE,        /* which addresses has `dial.name`? for lns_dial_resolved */
	LNS_ACT_DIAL_RESTS,     /* from now on traffic for it is to be told by lns_dial_traffic */
	LNS_ACT_DIAL_HEARD,     /* how much did the session carry by now? for lns_dial_heard */
};

/* What a session has of IPv6. */
struct lns_ipv6_info {
	bool open;                  /* IPV6CP is: packets of what follows are taken from it */
	struct cv_ip local, peer;   /* open: the link-local addresses of both ends; peer's may be
				     * none */
	struct cv_prefix prefix;    /* the /64 that it is told; length 0 before it has one */
	struct cv_prefix delegated; /* what it was given by DHCPv6; family 0: nothing */
};

/* What a call that is handed on has beside. */
struct lns_half_info {
	uint64_t other; /* serial of its other half; 0: it has none yet */
	const char *to; /* name of the peer */
};

/* What one session is. Text is escaped already. Valid until the next call into the server. */
struct lns_session_info {
	uint64_t serial;                /* its own for ever: no other session has or gets it */
	uint32_t slot;                  /* cv_session_slot of the three below */
	uint16_t listener;              /* ID in the configuration */
	uint16_t tunnel_id, session_id; /* ours */
	uint16_t peer_tunnel_id, peer_session_id; /* the peer's, for what we send */
	struct cv_endpoint peer;
	uint16_t group;         /* ID in the configuration */
	uint16_t realm, filter; /* IDs; with the group, 0 before authentication */
	struct cv_ip address;   /* inner; family 0 before it has one */
	bool open;              /* IPCP is: packets of the address are taken from it */
	uint16_t peer_mru;
	uint16_t
		mtu; /* of inner packets to it, by its profile; 0: no limit beside the peer's MRU */
	bool send_acfc, send_pfc;         /* compression that the peer accepts from us */
	const struct lns_ipv6_info *ipv6; /* NULL: it has none */
	const struct lns_half_info *half; /* NULL: its call was not handed on */
	struct cv_rates rates;            /* of its profile: see there */
	const struct cv_prefix *routes;   /* likewise */
	uint32_t n_routes;
	bool sequencing; /* the peer asked for sequence numbers */
	bool ecn;        /* its tunnel's ends both said ECN Capability (RFC 9601) */
	bool ever_open;
	uint64_t created_at, opened_at;
	const char *user; /* "" before authentication; handed on: whom he says to be, unproved */
	const char *state, *auth, *lcp_state, *ipcp_state, *ipv6cp_state;
};

/*
 * A peer's proof of who it is, for somebody to judge. name, password, challenge and response are
 * hostile bytes, and secrets: PAP has a password; CHAP-MD5 chap_id, challenge and a response of 16
 * bytes; MS-CHAPv2 a challenge of 16 bytes and the response of RFC 2759 section 4, of 49.
 */
struct lns_auth_ask {
	uint64_t serial; /* of the session */
	uint32_t number; /* of the question: the answer must have it */
	bool again;      /* asked by a rechallenge of a session that is up */
	enum ppp_auth method;
	uint8_t chap_id;
	struct cv_bytes name, password, challenge, response;
	const char *user; /* name, escaped */
	uint16_t listener;
	struct cv_endpoint peer;
};

/* What a session gets for its user. */
struct lns_profile {
	/* by which the session is shown, searched and ended, and counted as its user's: at most
	 * CV_USER_NAME_MAX bytes */
	struct cv_bytes user;
	uint16_t group;                      /* ID */
	uint16_t filter;                     /* ID; LNS_GROUPS_FILTER: the group's */
	struct cv_ip address;                /* family 0: one of the group's pool */
	struct cv_prefix prefix6, delegated; /* family 0: of the group's pools, if any */
	const struct cv_prefix *routes;      /* networks behind it; at most CV_FRAMED_MAX */
	size_t n_routes;
	uint16_t mtu;          /* of inner packets to it; 0: no limit but the group's */
	uint32_t sessions_max; /* of this user at a time; 0: what the group says */
	struct cv_rates rates; /* of the session; committed 0: what the group says for each */
	bool listed; /* the configuration lists the user: another one may change all this */
};

enum lns_verdict {
	LNS_AUTH_REJECTED,
	LNS_AUTH_ACCEPTED, /* the answerer has verified the proof */
	LNS_AUTH_SECRET,   /* the server is to verify it */
};

/* Nothing of it is kept. */
struct lns_auth_answer {
	uint32_t number; /* the question's */
	enum lns_verdict verdict;
	enum lns_counter counter; /* REJECTED: what is counted, LNS_USER_UNKNOWN or _AUTH */
	const char *reason;       /* REJECTED: for the log; NULL: there is none */
	struct ppp_secret secret; /* SECRET */
	/* ACCEPTED, MS-CHAPv2: the 20 bytes behind "S=" (RFC 2759 section 8.7) */
	const uint8_t *authenticator_response;
	struct lns_profile profile; /* ACCEPTED, SECRET */
};

struct lns_tunnel_info {
	uint16_t listener;
	uint16_t tunnel_id, peer_tunnel_id;
	struct cv_endpoint peer;
	const char *state;
	char peer_host_name[128]; /* escaped */
	uint32_t sessions;
	uint64_t created_at;
	uint16_t ns, nr, window, cwnd;
	uint64_t retransmits;
	uint64_t moved_at; /* when its peer's address was another last; 0: never, */
	uint32_t moves;    /* and how often it was */
	bool ecn;          /* both ends said ECN Capability (RFC 9601) */
};

struct lns_action {
	enum lns_action_type type;
	uint16_t listener;       /* ID in the configuration */
	struct cv_endpoint peer; /* SEND, TUNNEL_* */
	uint16_t tunnel_id;      /* TUNNEL_* */
	bool follow; /* TUNNEL_CHANGE: what comes from elsewhere is wanted in lns_input, too */
	struct cv_bytes data; /* SEND */
	/* SESSION_*; SEND of a PPP frame: where it says `sequencing`, the caller writes the next Ns
	 * of the session into data's header */
	const struct lns_session_info *session;
	const struct lns_session_info *other; /* SESSION_SWITCH */
	const char *reason;                   /* SESSION_REMOVE */
	const struct lns_auth_ask *ask;
	struct {
		uint16_t id; /* of the dialled peer in the configuration */
		uint32_t question;
		const char *name; /* RESOLVE */
	} dial;
};

/* A peer that is dialled. What it points to is valid until the next call into the server. */
struct lns_dial_info {
	uint16_t id; /* in the configuration */
	const char *name, *state;
	const char *reason;    /* of the last failure; "" where it is up, or there was none */
	struct cv_endpoint at; /* where it is, or was tried last; family 0: nowhere yet */
	struct cv_ip local;    /* our address inside, where it is the peer that said it; family 0 */
	uint64_t since;        /* when its state began */
	uint64_t next_at;      /* when it is dialled again; 0: that is not set */
	uint32_t rounds;       /* of tries without success */
	uint16_t tunnel_id;    /* 0: it has none */
	const struct lns_session_info *session; /* NULL: likewise */
};

/* The most there were at a time since the start: what limits may have to be. */
struct lns_highest {
	uint32_t tunnels, tunnels_per_peer, half_open;
	uint32_t setups_per_second; /* tunnels or calls, that were let in */
	uint32_t sessions, sessions_per_tunnel;
};

struct lns_status {
	uint32_t tunnels, sessions; /* that live */
	uint32_t half_open;         /* callers that have not proved themselves by SCCCN */
	uint32_t ended;             /* tunnels that are over, and remembered for a while */
	uint32_t open_sessions;     /* with an open IPCP or IPV6CP */
	bool draining;
	uint64_t drain_since; /* when that began; 0: it is not */
	uint64_t drain_until; /* when what runs has been ended; CV_TIME_NEVER: it goes on */
	struct lns_highest highest;
	uint64_t counters[LNS_COUNTER_MAX];
};

/* A server for the configuration, or NULL and a counter-free reason: memory. */
struct lns *lns_new(const struct lns_params *params, uint64_t now);
void lns_free(struct lns *lns);

/*
 * Takes a new configuration, which goes on from the one before (cfg_continue), under running
 * tunnels and sessions; it is held until the next. From now on newcomers meet it; what runs keeps
 * the terms that it began with, but for addresses (a pool gives no one away that somebody has),
 * limits, and listeners: tunnels of one that is gone end. What it means for sessions: lns_review.
 * CV_ERR_STATE: the server is stopping; CV_ERR_LIMIT: limits.sessions is above lns_capacity;
 * CV_ERR_NOMEM. Then nothing has changed.
 */
int lns_configure(struct lns *lns, uint64_t now, const struct cfg *cfg);
/* Whether no tunnel is left, nor waits to be told, of a listener that may be gone. */
bool lns_listener_idle(const struct lns *lns, uint16_t listener);

enum lns_outcome { LNS_STAYS, LNS_CHANGES, LNS_ENDS };

/* What a configuration means for a session. */
struct lns_fate {
	enum lns_outcome outcome;
	const char *why; /* static; "" for LNS_STAYS */
	const struct lns_session_info *session;
};

/*
 * The next session's fate, were `cfg` in force, which goes on from what is: as lns_next_session
 * iterates. Nothing happens to it.
 */
bool lns_next_fate(const struct lns *lns, const struct cfg *cfg, uint64_t *cursor, uint64_t stop,
	struct lns_fate *fate);
/*
 * The same after lns_configure, for what is in force: and so it is. In two walks, each of which
 * goes on until the cursor has reached lns_session_places; until then sessions have what they had.
 * lns_withdraw ends who ends, and takes networks that are behind a session no longer. When all of
 * its actions have been carried out lns_review does the rest: so what one session has lost another
 * may have.
 */
bool lns_withdraw(
	struct lns *lns, uint64_t now, uint64_t *cursor, uint64_t stop, struct lns_fate *fate);
bool lns_review(
	struct lns *lns, uint64_t now, uint64_t *cursor, uint64_t stop, struct lns_fate *fate);

/* Sessions that there is room for, as long as the server lives. */
uint32_t lns_capacity(const struct lns *lns);

/* Seed and mask that the data path must use in cv_session_slot. */
uint64_t lns_slot_seed(const struct lns *lns);
uint32_t lns_slot_mask(const struct lns *lns);

/*
 * One L2TP datagram (control, or data whose PPP frame is not IP) that arrived at a listener (its
 * ID). Of a tunnel that is followed also what comes from elsewhere than its peer, whatever it is,
 * as far as the caller can bear it: it may show that the peer has another address by now.
 * Returns 0, or the CV_ERR_* it was dropped for, which is counted here.
 */
int lns_input(struct lns *lns, uint64_t now, uint16_t listener, const struct cv_endpoint *from,
	const uint8_t *data, size_t len);

uint64_t lns_next_timeout(const struct lns *lns);
void lns_handle_timeout(struct lns *lns, uint64_t now);

/* The next action, or false when there is none. What it points to lives until the next call. */
bool lns_poll(struct lns *lns, uint64_t now, struct lns_action *action);

/*
 * Answers LNS_ACT_AUTH_ASK: at once or later, in any order; the session waits within
 * ppp.auth-timeout, and others do not wait for it. 0: the answer was taken, whatever it says.
 * CV_ERR_UNKNOWN: the session is gone; CV_ERR_STATE: nothing is asked of it (any more), or
 * something else by now: counted (LNS_AUTH_LATE), and nothing happened. CV_ERR_CONFIG: the profile
 * names no group or filter of the configuration, or no user, and CV_ERR_NOMEM: the peer was
 * refused.
 */
int lns_auth_answer(
	struct lns *lns, uint64_t now, uint64_t serial, const struct lns_auth_answer *answer);

/*
 * What the users of a configuration have to say to a question: a pure function. Its secret and its
 * user's name are the configuration's memory.
 */
void lns_users_answer(
	const struct cfg *cfg, const struct lns_auth_ask *ask, struct lns_auth_answer *answer);

/* What a session of this user gets. Its name is the configuration's memory. */
void lns_users_profile(
	const struct cfg *cfg, const struct cfg_user *user, struct lns_profile *profile);

/*
 * Another profile for a session that is in; the name in it does not matter. Group (of the same
 * realm), filter, MTU, routes and rates hold from now on; where the realm or the address would be
 * another, the session is ended politely (PPP_DOWN_PROFILE). 0, or CV_ERR_UNKNOWN: the session is
 * gone; CV_ERR_STATE: it is not in yet, or ending; CV_ERR_CONFIG: there is no such group or filter;
 * nothing happened.
 */
int lns_profile_set(
	struct lns *lns, uint64_t now, uint64_t serial, const struct lns_profile *profile);

/*
 * Answers LNS_ACT_SESSION_HEARD: packets that the data path took from the session so far. It is
 * asked before an idle session gets an Echo-Request; one that has sent something needs none.
 * Without an answer within a second the Echo-Request goes out. CV_ERR_UNKNOWN: the session is gone;
 * CV_ERR_STATE: that is not asked (any more).
 */
int lns_session_heard(struct lns *lns, uint64_t now, uint64_t serial, uint64_t rx_packets);

/*
 * Answers LNS_ACT_RESOLVE: the addresses of the name, the best first, or none (n is 0); of many the
 * first few are tried. CV_ERR_UNKNOWN: the peer is not dialled any more; CV_ERR_STATE: that is not
 * asked (any more). Without an answer within 10 s it goes on with what is behind the name.
 */
int lns_dial_resolved(struct lns *lns, uint64_t now, uint16_t dial, uint32_t question,
	const struct cv_ip *ips, size_t n);
/* Answers LNS_ACT_DIAL_HEARD: packets that the data path took from the session and gave to it, in
 * all. CV_ERR_UNKNOWN: the session is gone, or nobody dialled it. */
int lns_dial_heard(struct lns *lns, uint64_t now, uint64_t serial, uint64_t packets);
/* Traffic for a peer that rests has come: it is dialled. CV_ERR_UNKNOWN: there is none of this ID;
 * CV_ERR_STATE: it does not rest. */
int lns_dial_traffic(struct lns *lns, uint64_t now, uint16_t dial);
/* The peers that are dialled: as lns_next_session, over CV_DIAL_IDS places. */
bool lns_next_dial(
	const struct lns *lns, uint64_t *cursor, uint64_t stop, struct lns_dial_info *info);

/* Ends one session, or all of a user, politely (LCP Terminate, then CDN). Return how many. */
unsigned lns_kick_session(struct lns *lns, uint64_t now, uint16_t listener, uint16_t tunnel_id,
	uint16_t session_id, enum ppp_down why);
unsigned lns_kick_user(struct lns *lns, uint64_t now, const char *user, enum ppp_down why);
/* Ends a tunnel, or all from an address (port 0) or an address and port, with their sessions, by
 * StopCCN. Return how many tunnels. */
unsigned lns_kick_tunnel(struct lns *lns, uint64_t now, uint16_t listener, uint16_t tunnel_id);
unsigned lns_kick_peer(struct lns *lns, uint64_t now, const struct cv_endpoint *peer);

/*
 * Drains the server, before maintenance: new control connections (StopCCN) and calls (CDN) are
 * refused with result 2, error 7 "try another" (RFC 2661 section 4.4.2), and nobody is dialled.
 * What runs goes on; or, for over_ns other than 0, is ended politely, as lns_kick_session does it,
 * spread evenly over so long, and tunnels by StopCCN 5 s later. Said again, that time begins anew,
 * or no longer runs (0). Configurations may come meanwhile: it stays so until lns_drain_end.
 */
void lns_drain(struct lns *lns, uint64_t now, uint64_t over_ns);
/* Newcomers are taken again, and peers are dialled; for nothing where it is not drained. */
void lns_drain_end(struct lns *lns, uint64_t now);

/* Ends every tunnel with StopCCN "shutting down". lns_idle says when all were told. */
void lns_shutdown(struct lns *lns, uint64_t now);
bool lns_idle(const struct lns *lns);

void lns_status(const struct lns *lns, struct lns_status *status);

/*
 * Iteration in a stable order over places, most of which may be empty: *cursor starts at 0; false:
 * no more before `stop`, which bounds the work, or before the last place. Entries that come or go
 * meanwhile may be missed or not, others are seen once.
 */
bool lns_next_tunnel(
	const struct lns *lns, uint64_t *cursor, uint64_t stop, struct lns_tunnel_info *info);
bool lns_next_session(
	const struct lns *lns, uint64_t *cursor, uint64_t stop, struct lns_session_info *info);
uint64_t lns_tunnel_places(const struct lns *lns);
uint64_t lns_session_places(const struct lns *lns);
/*
 * A tunnel, or a session, by its IDs on a listener, or on the first one that has it
 * (LNS_ANY_LISTENER). Return how many there are, which may be more than one only on different
 * listeners; info (may be NULL) is untouched for 0.
 */
unsigned lns_find_tunnel(
	const struct lns *lns, uint16_t listener, uint16_t tunnel_id, struct lns_tunnel_info *info);
unsigned lns_find_session(const struct lns *lns, uint16_t listener, uint16_t tunnel_id,
	uint16_t session_id, struct lns_session_info *info);
/* The living session of a serial; false: there is none (any more). info may be NULL. */
bool lns_find_serial(const struct lns *lns, uint64_t serial, struct lns_session_info *info);

/* What L2TP counted for a living tunnel, and PPP for a living session, by index from 0; false past
 * the last. A session counts from ICCN on. */
struct lns_tally {
	const char *name, *help;
	uint64_t value;
};
bool lns_tunnel_tally(const struct lns *lns, uint16_t listener, uint16_t tunnel_id, unsigned index,
	struct lns_tally *out);
bool lns_session_tally(const struct lns *lns, uint16_t listener, uint16_t tunnel_id,
	uint16_t session_id, unsigned index, struct lns_tally *out);

/* Addresses of a group's pools that clients may get, and how many have one now; users' own are not
 * among them. False for a group ID that is not there. */
bool lns_pool_use(const struct lns *lns, uint16_t group, uint64_t *used, uint64_t *size);
/* The same of its IPv6 prefixes: /64s of clients' links, or what is delegated. False, too, where it
 * has none. */
bool lns_prefix_use(
	const struct lns *lns, uint16_t group, bool delegated, uint64_t *used, uint64_t *size);

#endif
