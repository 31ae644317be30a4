/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One PPP link (RFC 1661) in either role: LCP, authentication (PAP, CHAP-MD5, MS-CHAPv2), network
 * protocols.
 * Sans-IO: frames and time go in, frames and events come out. After every call that takes `now`
 * the caller drains ppp_link_poll_event, drains ppp_link_poll_output (also when the call returned
 * an error) and asks ppp_link_next_timeout again.
 *
 *   server: new, open -> LCP_UP -> AUTH, answered with ppp_auth_check or ppp_auth_reject ->
 *           AUTH_DONE -> NETWORK, answered with ppp_network_start -> UP ... DOWN
 *   client: the same without AUTH
 *
 * A peer may negotiate again at any time: NETWORK_DOWN, then the way up once more. DOWN comes
 * exactly once, last, and from then on the link only waits for ppp_link_free.
 */
#ifndef PPP_LINK_H
#define PPP_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/cursor.h"
#include "base/log.h"
#include "base/time.h"
#include "ppp/frame.h"

struct crypto;
struct ppp_link;

enum ppp_role { PPP_SERVER, PPP_CLIENT };

enum ppp_auth { PPP_AUTH_NONE, PPP_AUTH_PAP, PPP_AUTH_CHAP_MD5, PPP_AUTH_MSCHAPV2 };

enum {
	PPP_AUTH_METHODS = 3,
	PPP_NAME_MAX = 255,
	PPP_NETWORKS_MAX = 8,
	PPP_IPV6_ID = 8, /* bytes of an interface identifier (RFC 5072 section 4.1) */
};

/* A network protocol that a link may carry. */
struct ppp_ncp;
extern const struct ppp_ncp ppp_ipcp;   /* IP (RFC 1332) */
extern const struct ppp_ncp ppp_ipv6cp; /* IPv6 (RFC 5072), where struct ppp_network says so */

#define PPP_DEFAULT_ACCM UINT32_MAX /* where none was negotiated */

/*
 * What many links share: kept by pointer, so it must outlive its links and not change under
 * them. Start from ppp_params_default and set what differs. Names and secrets are the caller's
 * memory too.
 */
struct ppp_params {
	enum ppp_role role;
	struct crypto *crypto;    /* of this thread */
	const struct cv_log *log; /* may be NULL; only debug lines are written */
	uint16_t mru;             /* what we ask for, and the most that we use towards the peer */
	/* server: what it demands, best first, at least one; client: what it consents to, the
	 * one that it asks for in a Nak first */
	enum ppp_auth auth[PPP_AUTH_METHODS];
	uint8_t n_auth;
	/* the network protocols of a link, at least one; each comes up, is rejected and ends for
	 * itself, and the link with the last */
	const struct ppp_ncp *const *networks;
	uint8_t n_networks;
	const char *name;         /* server: our name in CHAP challenges; at most PPP_NAME_MAX */
	struct cv_bytes user;     /* client: name, at most PPP_NAME_MAX bytes */
	struct cv_bytes password; /* client: at most PPP_NAME_MAX bytes */
	bool request_dns;         /* client: ask for DNS servers (RFC 1877) */
	bool request_wins;        /* client: ask for WINS servers too */
	bool compress_header;     /* ask the peer to send with PFC and ACFC */
	uint8_t max_configure;    /* Configure-Requests, challenges, PAP requests without answer */
	uint8_t max_terminate;
	uint8_t max_failure;       /* Configure-Naks without agreement, then Rejects */
	uint8_t echo_misses;       /* unanswered echoes in a row that end the link */
	uint64_t restart_ns;       /* Restart timer of LCP, CHAP, PAP and network protocols */
	uint64_t echo_interval_ns; /* silence after which an Echo-Request goes out; 0: never */
	uint64_t lcp_timeout_ns;   /* the most that each phase may take in all */
	/* includes the time that the caller takes to answer AUTH; a peer that begins LCP again has
	 * no more than both in all */
	uint64_t auth_timeout_ns;
	uint64_t ipcp_timeout_ns; /* of each network protocol; includes the time until
				     ppp_network_start */
	uint64_t rechallenge_ns;  /* server: CHAP again at this interval; 0: never */
};

/* RFC 1661's and behaviour's values: MRU 1,400, restart 3 s, 10 configures, 2 terminates, 5
 * failures, echo 20 s and 4 misses, 30 s a phase, no rechallenge, IP. Methods, name, crypto are
 * unset.
 */
void ppp_params_default(struct ppp_params *p, enum ppp_role role);

/* Which link a debug line speaks of: `tunnel=7 session=9 serial=5f3a00000001`. */
struct ppp_scope {
	uint16_t tunnel, session;
	uint64_t serial; /* 0: it has none, as a client's */
};

/* Why a link went down: name for programs, text for people. */
#define PPP_DOWN_REASONS(X)                                                                       \
	X(PPP_DOWN_LOCAL, "closed", "closed by us")                                               \
	X(PPP_DOWN_SHUTDOWN, "shutdown", "the server shuts down")                                 \
	X(PPP_DOWN_KICKED, "kicked", "ended by the administrator")                                \
	X(PPP_DOWN_REPLACED, "replaced", "replaced by a newer session of the same user")          \
	X(PPP_DOWN_IDLE, "idle", "no traffic for the time that is set for it")                    \
	X(PPP_DOWN_PROFILE, "profile", "what its user may have is something else now")            \
	X(PPP_DOWN_NO_ADDRESS, "no-address", "no address left in the pool")                       \
	X(PPP_DOWN_LIMIT, "limit", "a configured limit is reached")                               \
	X(PPP_DOWN_PEER_TERMINATED, "peer-terminated", "the peer sent Terminate-Request")         \
	X(PPP_DOWN_LCP_TIMEOUT, "lcp-timeout", "LCP: no agreement in time")                       \
	X(PPP_DOWN_LCP_REJECTED, "lcp-rejected", "LCP: the peer rejected a code or LCP itself")   \
	X(PPP_DOWN_LCP_NAK_WAR, "lcp-nak-war", "LCP: the peer does not accept what it was sent")  \
	X(PPP_DOWN_LOOPBACK, "loopback", "the line is looped back: our own magic number came in") \
	X(PPP_DOWN_AUTH_REFUSED, "auth-refused", "no authentication method in common")            \
	X(PPP_DOWN_AUTH_FAILED, "auth-failed", "wrong user name or password")                     \
	X(PPP_DOWN_AUTH_TIMEOUT, "auth-timeout", "authentication: no answer in time")             \
	X(PPP_DOWN_SERVER_PROOF, "server-proof", "the server does not know the password itself")  \
	X(PPP_DOWN_IPCP_TIMEOUT, "ipcp-timeout", "IPCP: no agreement in time")                    \
	X(PPP_DOWN_IPCP_REJECTED, "ipcp-rejected", "the peer does not take IPCP")                 \
	X(PPP_DOWN_IPCP_NAK_WAR, "ipcp-nak-war", "IPCP: no agreement on addresses")               \
	X(PPP_DOWN_IPV6CP_TIMEOUT, "ipv6cp-timeout", "IPV6CP: no agreement in time")              \
	X(PPP_DOWN_IPV6CP_REJECTED, "ipv6cp-rejected", "the peer does not take IPV6CP")           \
	X(PPP_DOWN_IPV6CP_NAK_WAR, "ipv6cp-nak-war", "IPV6CP: no agreement on identifiers")       \
	X(PPP_DOWN_ECHO_LOST, "echo-lost", "the peer does not answer echoes")                     \
	X(PPP_DOWN_CRYPTO, "crypto", "the cryptographic library failed")                          \
	X(PPP_DOWN_NOMEM, "no-memory", "out of memory")

enum ppp_down {
#define PPP_DOWN_ENUM(id, name, text) id,
	PPP_DOWN_REASONS(PPP_DOWN_ENUM)
#undef PPP_DOWN_ENUM
		PPP_DOWN_COUNT
};

/* "auth-failed", "wrong user name or password"; "mschapv2". Never NULL. */
const char *ppp_down_name(enum ppp_down reason);
const char *ppp_down_text(enum ppp_down reason);
const char *ppp_auth_name(enum ppp_auth method);
/* The method of a name ("pap", "chap-md5", "mschapv2"), or -1. */
int ppp_auth_parse(const char *name);

/* Events come in this order where several are pending. */
enum ppp_event_type {
	PPP_EV_NETWORK_DOWN, /* no network protocol is open: stop all traffic; the link lives */
	PPP_EV_LCP_UP,
	PPP_EV_AUTH, /* server: judge `auth` with ppp_auth_*, now or later (ppp_auth_question) */
	PPP_EV_AUTH_DONE, /* `auth_done`; when not ok, DOWN follows */
	PPP_EV_NETWORK,   /* answer with ppp_network_start, now or later */
	PPP_EV_UP,   /* `up`: which are open; told again as one more opens, or not the last ends */
	PPP_EV_DOWN, /* `down` */
};

/* Hostile bytes. challenge and response are what the peer answered to and with (CHAP-MD5: 16;
 * MS-CHAPv2: the 49 bytes of RFC 2759 section 4), for a judge elsewhere. */
struct ppp_ev_auth {
	enum ppp_auth method;
	uint8_t id; /* CHAP identifier */
	bool again; /* a rechallenge of a link that is up */
	struct cv_bytes name, password, challenge, response;
};

struct ppp_ev_auth_done {
	bool ok;
	enum ppp_auth method;    /* NONE: the server asked for none */
	struct cv_bytes name;    /* who: the peer's (server), ours (client) */
	struct cv_bytes message; /* client: what the server said; hostile bytes */
};

/* Addresses: family 0 where there is none. */
struct ppp_ev_up {
	uint8_t open; /* bits by their places in params' networks; what follows holds for these */
	struct cv_ip local_ip, peer_ip;
	struct cv_ip dns[2], wins[2];
	struct cv_ip local_ip6, peer_ip6; /* link-local ones, of the interface identifiers */
	uint16_t mru;                     /* the largest information field to send */
	uint16_t our_mru;                 /* the largest that the peer sends */
	bool acfc, pfc; /* sending may leave out FF 03, and the protocol's first zero byte */
};

struct ppp_ev_down {
	enum ppp_down reason;
	const char *text; /* ppp_down_text */
};

struct ppp_event {
	enum ppp_event_type type;
	union {
		struct ppp_ev_auth auth;
		struct ppp_ev_auth_done auth_done;
		struct ppp_ev_up up;
		struct ppp_ev_down down;
	} u;
};

/* A link at rest, or NULL: out of memory, or params are not usable (a server without methods). */
struct ppp_link *ppp_link_new(
	const struct ppp_params *params, struct ppp_scope scope, uint64_t now);
/* At any time, without a word to the peer; wipes secrets. Takes NULL. */
void ppp_link_free(struct ppp_link *l);

/* The lower layer is there: starts LCP. */
void ppp_link_open(struct ppp_link *l, uint64_t now);

/* What a LAC has agreed with the peer, and what the peer proved to it (RFC 2661 section 4.4.5).
 * sent, received: the options of the LAC's and the peer's last LCP request. */
struct ppp_proxy {
	struct cv_bytes sent, received;
	enum ppp_auth method; /* PAP, CHAP-MD5; NONE: the peer is asked for its proof here */
	uint8_t id;           /* of the challenge, or of the PAP request */
	struct cv_bytes name, challenge, response; /* PAP: response is the password */
};

/*
 * Server, in place of ppp_link_open: takes LCP as open where both requests fit our parameters (a
 * configured method of authentication, no option that we would have refused), and the proof as if
 * the peer had answered us: AUTH follows. A proof that is missing or of another kind is asked for.
 * The bytes are copied. CV_ERR_CONFIG: it does not fit, CV_ERR_STATE: not a link at rest of a
 * server; nothing happened, and ppp_link_open negotiates anew.
 */
int ppp_link_adopt(struct ppp_link *l, uint64_t now, const struct ppp_proxy *proxy);

/*
 * The other way round: what was agreed with the peer that has just proved itself, while AUTH waits
 * for its answer, for an LNS to go on from. The requests' options are written to room; name,
 * challenge and response are the link's, until the next call on it. CV_ERR_STATE: nothing waits.
 */
enum { PPP_PROXY_ROOM = 64 };
int ppp_link_proxy(struct ppp_link *l, struct ppp_proxy *proxy, uint8_t room[PPP_PROXY_ROOM]);

/* Ends politely: Terminate-Request, then DOWN with this reason after the answer or max_terminate
 * restart times, at once when nothing was ever sent. The first reason given counts. */
void ppp_link_close(struct ppp_link *l, uint64_t now, enum ppp_down reason);

/*
 * A frame from the peer (see frame.h). Network packets (PPP_IP) only count as activity here: the
 * caller forwards them itself. Returns 0, or why the frame was discarded (counted in info):
 * CV_ERR_TRUNCATED, CV_ERR_MALFORMED, CV_ERR_UNKNOWN (protocol, code, or answer to nothing),
 * CV_ERR_STATE (not in this phase), CV_ERR_AUTH.
 */
int ppp_link_input(struct ppp_link *l, uint64_t now, const void *frame, size_t len);
/* The peer's data was seen at `when` (not after now): postpones the idle echo. */
void ppp_link_note_activity(struct ppp_link *l, uint64_t when);

/* When the next Echo-Request is due, if nothing comes before; CV_TIME_NEVER: none. */
uint64_t ppp_link_echo_at(const struct ppp_link *l);

/* When ppp_link_handle_timeout must be called; CV_TIME_NEVER: not needed. Calling early or
 * often is harmless. */
uint64_t ppp_link_next_timeout(const struct ppp_link *l);
void ppp_link_handle_timeout(struct ppp_link *l, uint64_t now);

/* Writes the next frame (with FF 03 and two bytes of protocol) and returns its length; 0 when
 * there is none; CV_ERR_SPACE when it does not fit (PPP_MAX_CONTROL always does). */
int ppp_link_poll_output(struct ppp_link *l, void *buf, size_t cap);
/* Whether there was an event. Its bytes are the link's, until the next call on this link. */
bool ppp_link_poll_event(struct ppp_link *l, struct ppp_event *ev);

enum ppp_secret_kind {
	PPP_SECRET_PLAIN,   /* the password's bytes (UTF-8 where it is text) */
	PPP_SECRET_NT_HASH, /* 16 bytes, MD4 of the password in UTF-16LE: PAP and MS-CHAPv2 only */
};

struct ppp_secret {
	enum ppp_secret_kind kind;
	struct cv_bytes bytes;
};

/* Whether AUTH was raised and waits for its answer still, and what it is about (e may be NULL); the
 * bytes are the link's, until the next call on this link. */
bool ppp_auth_question(const struct ppp_link *l, struct ppp_ev_auth *e);

/*
 * Answers to AUTH. check verifies the peer's proof against the secret and tells the peer; reject
 * refuses it whatever it is (an unknown user), which the peer can't tell from a wrong password;
 * accept follows a judge elsewhere, who for MS-CHAPv2 gives the 20 bytes behind "S=" (NULL for
 * other methods). Return 0 (accepted), CV_ERR_AUTH (refused: the link ends with AUTH_FAILED) or
 * CV_ERR_STATE (nothing to judge; nothing happened).
 */
int ppp_auth_check(struct ppp_link *l, uint64_t now, const struct ppp_secret *secret);
int ppp_auth_reject(struct ppp_link *l, uint64_t now);
int ppp_auth_accept(struct ppp_link *l, uint64_t now, const uint8_t *authenticator_response);

/*
 * Whether the peer of a link that is up receives at another place, too, asked beside the link,
 * whose state it leaves as it is: nothing here is queued, counted or told. The caller sends the
 * frames there, and passes in only what came from there.
 */
enum ppp_proof_kind {
	PPP_PROOF_CHALLENGE, /* CHAP-MD5 or MS-CHAPv2, as the peer proved itself at first; server */
	PPP_PROOF_ECHO,      /* an Echo-Request, whose random data must come back with the peer's
			      * magic number: proves that who answers sees what the peer is sent */
};

enum { PPP_PROOF_VALUE = 16, PPP_PROOF_FRAME = 288 };

/* What was asked: an answer to another question is none to this one. */
struct ppp_proof {
	enum ppp_proof_kind kind;
	uint8_t id;
	uint8_t value[PPP_PROOF_VALUE];
};

/* Whether the link is such that it can be asked so: with an open network protocol, and, for a
 * challenge, a peer that has proved itself by CHAP. */
bool ppp_proof_possible(const struct ppp_link *l, enum ppp_proof_kind kind);
/* Writes the question, with a new identifier and value each time; returns its length, at most
 * PPP_PROOF_FRAME, or CV_ERR_STATE: it can't be asked. */
int ppp_proof_ask(struct ppp_link *l, enum ppp_proof_kind kind, struct ppp_proof *proof,
	uint8_t out[PPP_PROOF_FRAME]);
/*
 * A frame from there. 0: it answers the question; an echo is right then, and a challenge's `e` (its
 * bytes are the frame's, and proof's) is for the caller to judge. CV_ERR_UNKNOWN: it is something
 * else, CV_ERR_AUTH: an answer that is wrong by its form or its data.
 */
int ppp_proof_read(const struct ppp_link *l, const struct ppp_proof *proof, const void *frame,
	size_t len, struct ppp_ev_auth *e);
/* Whether it is right by the secret: 0, or CV_ERR_AUTH. authenticator_response: for
 * ppp_proof_success, as ppp_auth_accept has it. */
int ppp_proof_check(struct ppp_link *l, const struct ppp_ev_auth *e,
	const struct ppp_secret *secret, uint8_t authenticator_response[20]);
/* Writes the Success that the peer waits for; returns its length. authenticator_response: of
 * MS-CHAPv2 alone. */
int ppp_proof_success(const struct ppp_link *l, const struct ppp_proof *proof,
	const uint8_t *authenticator_response, uint8_t out[PPP_PROOF_FRAME]);

/* What network protocols negotiate. Server: local_ip and peer_ip are given, or without peer_ip
 * there is no IPCP on this link; zero servers are not offered. Client: what it would like, none to
 * be told. Family 0: none. */
struct ppp_network {
	struct cv_ip local_ip, peer_ip;
	struct cv_ip dns[2], wins[2];
	bool ipv6; /* IPV6CP too, where the parameters have it */
	/* the interface identifier that this end would like; zeros: any. Not another one, once the
	 * link has one */
	uint8_t local_id[PPP_IPV6_ID];
};

/* Answers NETWORK: starts them. Returns 0, CV_ERR_STATE (not in that phase; nothing happened) or
 * CV_ERR_MALFORMED (a server without an address of its own, or of a family that no protocol of the
 * link has, or with nothing that could come up).
 */
int ppp_network_start(struct ppp_link *l, uint64_t now, const struct ppp_network *net);

/* Counters of one link: name for programs and tables, help. */
#define PPP_COUNTERS(X)                                                           \
	X(rx_frames, "control frames received")                                   \
	X(tx_frames, "control frames sent")                                       \
	X(rx_malformed, "frames shorter than they say, or with broken options")   \
	X(rx_unknown, "unknown protocols and codes")                              \
	X(rx_unexpected, "frames of another phase, answers that fit no question") \
	X(tx_dropped, "answers not sent because too many wait")                   \
	X(tx_rejects_limited, "rejects not sent because of their rate")           \
	X(renegotiations, "times that the peer started LCP again")                \
	X(echo_lost, "echoes without answer")

struct ppp_counters {
#define PPP_COUNTER_FIELD(name, help) uint32_t name;
	PPP_COUNTERS(PPP_COUNTER_FIELD)
#undef PPP_COUNTER_FIELD
};

struct ppp_info {
	const char *phase;     /* "establish", "authenticate", ... */
	const char *lcp_state; /* RFC 1661's names: "Req-Sent" */
	enum ppp_auth auth;    /* agreed; NONE before */
	uint16_t mru, our_mru;
	bool acfc, pfc;
	uint32_t magic, peer_magic;
	uint32_t peer_accm; /* characters that the peer wants escaped (RFC 1662 section 7.1) */
	struct cv_ip local_ip, peer_ip;
	struct cv_ip dns[2], wins[2];
	struct cv_ip local_ip6, peer_ip6; /* link-local ones */
	struct ppp_counters counters;
};

void ppp_link_info(const struct ppp_link *l, struct ppp_info *info);
/* The state of a network control protocol ("Opened"), by its number; "-": this link has none. */
const char *ppp_link_network_state(const struct ppp_link *l, uint16_t protocol);
/* Bytes that this link holds now, for the memory per session. */
size_t ppp_link_memory(const struct ppp_link *l);

#endif
