/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One tunnel to one LNS, with one call and its PPP link (lib/dial), over a connected UDP socket in
 * a libevent loop, and the packets between it and a TUN. It lives until its LNS is gone or it is
 * closed; who dials again makes another. One thread.
 */
#ifndef CLIENT_SESSION_H
#define CLIENT_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/log.h"
#include "config/client.h"

struct crypto;
struct event_base;
struct session;

enum session_event_type {
	SESSION_PROVED, /* the LNS is there, and has the secret; with `hold` no call is placed yet
			 */
	SESSION_UP,     /* `status` has what was agreed; told again where it changes */
	SESSION_MTU,    /* the way has less room than it had: status.mtu */
	SESSION_DOWN,   /* `why`, for people; `end` */
	SESSION_DONE,   /* after DOWN: the LNS knows, or was given up; free it */
};

enum session_end {
	SESSION_CLOSED,      /* by session_close */
	SESSION_SILENT,      /* the LNS does not answer, or no longer */
	SESSION_REFUSED,     /* it ended the tunnel, the call or the link */
	SESSION_NOT_ALLOWED, /* wrong password or secret: dialling again at once does not help */
	SESSION_LOCAL,       /* something here failed */
};

struct session_status {
	struct cv_endpoint lns, local; /* outer addresses; local: before any NAT */
	struct cv_ip relay, peer;      /* inside: ours, and the LNS's */
	struct cv_ip dns[2];
	struct cv_ip link6, peer6; /* the same link-local, where there is IPv6 inside, */
	struct cv_ip relay6;       /* and what router advertisements give us */
	struct cv_ip dns6[2];      /* as they say */
	bool no_ipv6;              /* it was waited for in vain */
	uint16_t mtu;
	unsigned moves;                                      /* to another address of ours */
	uint64_t up_since_ns;                                /* of the monotonic clock; 0: not up */
	uint64_t heard_ns;                                   /* when the LNS said anything last */
	uint64_t sent_ns;                                    /* when we did */
	uint64_t rtt_ns;                                     /* of the last HELLO, or of SCCRQ */
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes; /* inside */
	uint64_t rx_dropped, tx_dropped; /* no tunnel's, or for no link; not taken by the way */
};

struct session_event {
	struct session *session;
	enum session_event_type type;
	enum session_end end;
	const char *why; /* printable; lives until the call returns */
};

/* What it points to outlives the session. */
struct session_params {
	struct event_base *base;
	struct crypto *crypto;
	const struct cv_log *log;
	const struct cfg_connection *connection;
	struct cv_endpoint lns;
	int tun;        /* fd; is read only while the link is up */
	uint8_t id6[8]; /* the interface identifier that we would like inside */
	bool hold;      /* a call is placed by session_call alone */
	uint32_t mark;  /* of the tunnel's packets; 0: none */
	/* may call session_close, and of this session nothing else that changes it */
	void (*tell)(void *ctx, const struct session_event *e);
	void *ctx;
};

/* Dials. NULL: errno says why. */
struct session *session_new(const struct session_params *p);
/* At any time but in tell(), without a word to the LNS; takes NULL. */
void session_free(struct session *s);
/* Places the call of a session that has proved itself: UP or DOWN follows. false: it is over. */
bool session_call(struct session *s);
/* Ends it by StopCCN: DOWN at once, DONE when the LNS has acknowledged. */
void session_close(struct session *s);
/* Nothing ran here for so long: the LNS is asked for a sign of life now. After a pause in which it
 * could have given us up, it has two seconds for that, and what waited in the socket is none. */
void session_wake(struct session *s, uint64_t paused_ns);
/* Says something to the LNS when nothing was said for so long, to hold a NAT's mapping;
 * CV_TIME_NEVER: not for that reason. */
void session_keep(struct session *s, uint64_t silence_ns);
/* The longest silence between the two of us: then something is said. */
uint64_t session_silence(const struct session *s);
/* A socket with the session's own address and port, connected to another port of the LNS; the
 * caller's to close. -1: errno says why. */
int session_beside(const struct session *s, uint16_t port);
/* The network has changed: where packets to the LNS would leave with another address, the session
 * goes on from there, and asks whether the LNS follows, as one of RFC 2661 need not. One that does
 * not answer is given up as a dead one is. Returns whether it has moved. */
bool session_move(struct session *s);

void session_status(const struct session *s, struct session_status *out);

/* The monotonic clock. */
uint64_t client_now(void);

#endif
