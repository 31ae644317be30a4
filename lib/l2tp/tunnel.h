/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A control connection and its calls (RFC 2661 sections 5 and 7), as initiator or responder, as
 * LAC or LNS of each call, incoming (l2tp_call_dial; l2tp_call_accept) or outgoing
 * (l2tp_call_accept, l2tp_call_connect; l2tp_call_ask). Sans-IO: after every call that takes `now`
 * the caller drains l2tp_tunnel_poll_event, then l2tp_tunnel_poll_output, and asks
 * l2tp_tunnel_next_timeout again. One thread at a time.
 */
#ifndef L2TP_TUNNEL_H
#define L2TP_TUNNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/log.h"
#include "base/time.h"
#include "crypto/crypto.h"
#include "l2tp/reason.h"
#include "l2tp/told.h"

struct l2tp_tunnel;

enum { L2TP_HOST_NAME_KEPT = 64 }; /* bytes kept of the peer's host name, with a NUL */

enum { L2TP_CHALLENGE_BYTES = 16 }; /* of the challenges that we issue */
enum { L2TP_TIE_BREAKER_BYTES = 8 };

/* What an SCCRQ or SCCRP tells of its sender. */
struct l2tp_identity {
	uint16_t tunnel_id; /* Assigned Tunnel ID; 0: not told yet */
	uint16_t window;    /* Receive Window Size; 0: not told */
	bool ecn;           /* ECN Capability */
	uint8_t host_name_len;
	char host_name[L2TP_HOST_NAME_KEPT]; /* hostile bytes, NUL-terminated, cut */
};

enum l2tp_role { L2TP_INITIATOR, L2TP_RESPONDER };

/* Copied, but for what is pointed to: that must outlive the tunnel. */
struct l2tp_params {
	struct crypto *crypto;
	const struct cv_log *log; /* may be NULL; only debug lines */
	const char *host_name;
	const void *secret; /* NULL: no tunnel authentication, and nothing can be hidden */
	size_t secret_len;
	const struct l2tp_reason *refuse; /* responder: answer with StopCCN of this reason */
	const uint8_t *challenge; /* L2TP_CHALLENGE_BYTES, copied; NULL: drawn when it is sent */
	uint64_t hello_ns;        /* silence after which a HELLO goes out; 0: never */
	uint64_t retransmit_initial_ns, retransmit_max_ns;
	uint64_t setup_timeout_ns; /* for the tunnel, and for each call */
	uint16_t local_tunnel_id;  /* chosen by the caller, not 0 */
	uint16_t receive_window;
	uint16_t first_ns; /* 0; tests of the wrap-around start elsewhere */
	uint8_t max_retransmits;
	bool hide_avps;
	bool outgoing; /* OCRQ is a CALL_REQUEST, which the peer is told; else it is refused */
	/* initiator: L2TP_TIE_BREAKER_BYTES, copied into its SCCRQ; NULL: it has none */
	const uint8_t *tie_breaker;
	/* who carries the tunnel's packets tells what congestion did to outer headers in inner ones
	 * (RFC 9601): the peer is told so */
	bool ecn;
};

/* HELLO after 60 s, retransmission 1 to 8 s five times, window 128, 30 s for set-up. */
void l2tp_params_default(struct l2tp_params *p);

enum l2tp_event_type {
	L2TP_EV_UP,           /* the control connection is established */
	L2TP_EV_CALL_REQUEST, /* ICRQ or OCRQ: answer with l2tp_call_accept or l2tp_call_refuse */
	L2TP_EV_CALL_UP,      /* ICCN or OCCN has come, or was sent */
	L2TP_EV_CALL_DOWN,    /* CDN has come, or the call was not completed in time */
	L2TP_EV_CALL_ACCM,    /* LAC: SLI has come: `accm` */
	L2TP_EV_DOWN,         /* over, with all of its calls (no CALL_DOWN for them) */
	L2TP_EV_DONE,         /* nothing left to do: free it */
};

struct l2tp_event {
	enum l2tp_event_type type;
	uint16_t local_session; /* 0 in CALL_REQUEST */
	uint16_t remote_session;
	bool outgoing;            /* CALL_REQUEST: OCRQ */
	bool sequencing_required; /* CALL_UP */
	/* CALL_REQUEST, CALL_UP: what the LAC says of it, until the next poll; NULL: nothing */
	const struct l2tp_told *told;
	struct {
		uint32_t send, receive;
	} accm;                    /* as l2tp_call_set_accm has them */
	bool proof_failed;         /* DOWN: the peer's Challenge Response was wrong or missing */
	struct l2tp_reason reason; /* DOWN, CALL_DOWN; its message lives until the next poll */
	char text[L2TP_MESSAGE_MAX];
};

/* NULL when memory is short. */
struct l2tp_tunnel *l2tp_tunnel_new(
	enum l2tp_role role, const struct l2tp_params *params, uint64_t now);
void l2tp_tunnel_free(struct l2tp_tunnel *t); /* takes NULL */

/*
 * A responder need not be kept between its SCCRP and the SCCCN that answers it: *identity and
 * params->challenge are all that it needs to go on. False: it does not wait for an SCCCN.
 */
bool l2tp_tunnel_pause(const struct l2tp_tunnel *t, struct l2tp_identity *identity);
/* The responder again, as it was when it had just sent its SCCRP. NULL when memory is short. */
struct l2tp_tunnel *l2tp_tunnel_resume(
	const struct l2tp_params *params, const struct l2tp_identity *identity, uint64_t now);

/* Initiator: sends SCCRQ. 0, CV_ERR_STATE or CV_ERR_NOMEM. */
int l2tp_tunnel_connect(struct l2tp_tunnel *t, uint64_t now);

/*
 * A control datagram for this tunnel: the caller has found it by tunnel ID (or, for SCCRQ, by
 * l2tp_peek) and has checked where it came from. 0, or why it was dropped (counted).
 */
int l2tp_tunnel_input(struct l2tp_tunnel *t, uint64_t now, const uint8_t *data, size_t len);

uint64_t l2tp_tunnel_next_timeout(const struct l2tp_tunnel *t);
void l2tp_tunnel_handle_timeout(struct l2tp_tunnel *t, uint64_t now);

/* The next datagram: its length, 0: none now, CV_ERR_SPACE: buf is below 1,500 bytes. */
int l2tp_tunnel_poll_output(struct l2tp_tunnel *t, uint64_t now, void *buf, size_t capacity);
bool l2tp_tunnel_poll_event(struct l2tp_tunnel *t, struct l2tp_event *event);

/* Ends the tunnel with StopCCN; DOWN follows at once, DONE when the peer has acknowledged or
 * the retransmissions are used up. Nothing happens when it is over already. */
void l2tp_tunnel_close(struct l2tp_tunnel *t, uint64_t now, const struct l2tp_reason *reason);
/* Ends the tunnel without a word, since its peer has given its tunnel ID to another one, to which
 * anything said would go. DOWN and DONE follow at once. */
void l2tp_tunnel_abandon(struct l2tp_tunnel *t, const struct l2tp_reason *reason);
/* Sends a HELLO now if none is on its way: there is a doubt whether the peer still lives. */
void l2tp_tunnel_probe(struct l2tp_tunnel *t, uint64_t now);
/* Whether the control connection is up. */
bool l2tp_tunnel_established(const struct l2tp_tunnel *t);
/* Whether a message of ours still waits for the peer's acknowledgement. */
bool l2tp_tunnel_waits(const struct l2tp_tunnel *t);

/* Answers CALL_REQUEST: LNS, with ICRP; LAC (outgoing), with OCRP. 0; CV_ERR_UNKNOWN: the call is
 * gone; CV_ERR_EXISTS: local_session is taken in this tunnel; CV_ERR_NOMEM. */
int l2tp_call_accept(
	struct l2tp_tunnel *t, uint64_t now, uint16_t remote_session, uint16_t local_session);
int l2tp_call_refuse(struct l2tp_tunnel *t, uint64_t now, uint16_t remote_session,
	const struct l2tp_reason *reason);
/* LAC: sends ICRQ with the caller's choice of session ID. told: what it and the ICCN say beside
 * what is ours to say, copied; NULL: nothing. What is too long for a message is left out of it.
 * Errors as l2tp_call_accept; CV_ERR_STATE: the tunnel is not established. */
int l2tp_call_dial(
	struct l2tp_tunnel *t, uint64_t now, uint16_t local_session, const struct l2tp_told *told);
/* Whether so few messages wait for the peer that those of one more call, from ICRQ to CDN, are no
 * reason to give up the tunnel, however many calls come and go: for calls that others make us
 * place. */
bool l2tp_call_room(const struct l2tp_tunnel *t);
/* LNS: asks the peer to place a call, by OCRQ; number: whom to call, which may be nobody in
 * particular. Errors as l2tp_call_dial. A LAC that knows no OCRQ may end the tunnel over it. */
int l2tp_call_ask(
	struct l2tp_tunnel *t, uint64_t now, uint16_t local_session, struct cv_bytes number);
/* LAC: the outgoing call that was accepted is connected: OCCN, and CALL_UP. CV_ERR_UNKNOWN: there
 * is none that waits for it. */
int l2tp_call_connect(struct l2tp_tunnel *t, uint64_t now, uint16_t local_session);
/* LNS: tells the LAC of an established call (SLI, section 6.14) which control characters to escape
 * in what it sends to the caller, and to expect escaped from it. CV_ERR_UNKNOWN: there is none. */
int l2tp_call_set_accm(struct l2tp_tunnel *t, uint64_t now, uint16_t local_session,
	uint32_t send_accm, uint32_t receive_accm);
/* Ends a call with CDN. No CALL_DOWN follows. CV_ERR_UNKNOWN: there is none. */
int l2tp_call_close(struct l2tp_tunnel *t, uint64_t now, uint16_t local_session,
	const struct l2tp_reason *reason);

/* What a first look into a control datagram tells, without any state. */
struct l2tp_peek {
	uint16_t type;               /* enum l2tp_message_type; 0: an acknowledgement, or none */
	struct cv_bytes host_name;   /* hostile bytes in the datagram; may have none */
	uint16_t assigned_tunnel_id; /* 0 when absent or hidden */
	bool has_tie_breaker;
	uint8_t tie_breaker[L2TP_TIE_BREAKER_BYTES];
};

/* 0, or CV_ERR_* of the L2TP header. What else is wrong with it is for the tunnel. */
int l2tp_peek(const uint8_t *data, size_t len, struct l2tp_peek *peek);

/* Whose SCCRQ stands where both ends have sent one (section 4.4.3, Tie Breaker). The loser discards
 * its tunnel without a word. */
enum l2tp_tie {
	L2TP_TIE_NONE, /* nobody asked for a choice: two tunnels */
	L2TP_TIE_OURS,
	L2TP_TIE_THEIRS,
	L2TP_TIE_NEITHER, /* equal values: both are discarded */
};
/* Of values of L2TP_TIE_BREAKER_BYTES; NULL: that SCCRQ has none. */
enum l2tp_tie l2tp_tie(const uint8_t *ours, const uint8_t *theirs);

#define L2TP_COUNTERS(X)                                                                    \
	X(rx_messages, "control messages processed")                                        \
	X(rx_duplicates, "control messages that came again")                                \
	X(rx_early, "control messages that came before their turn")                         \
	X(rx_malformed, "control messages that could not be read")                          \
	X(rx_unknown_session, "messages for a call that is not here")                       \
	X(rx_unexpected, "messages that the state does not allow")                          \
	X(rx_ignored, "unknown messages that nobody must know; WEN; SLI that says nothing") \
	X(calls, "calls established")

struct l2tp_counters {
#define L2TP_COUNTER_FIELD(name, help) uint32_t name;
	L2TP_COUNTERS(L2TP_COUNTER_FIELD)
#undef L2TP_COUNTER_FIELD
};

struct l2tp_tunnel_info {
	const char *state;
	uint16_t local_tunnel_id, remote_tunnel_id;
	uint16_t ns, nr, peer_window, cwnd;
	uint32_t sessions;
	uint64_t retransmits;
	bool ecn;                   /* both said ECN Capability (RFC 9601 section 5) */
	const char *peer_host_name; /* hostile bytes, NUL-terminated, "" before they are known */
	size_t peer_host_name_len;
	struct l2tp_counters counters;
};

void l2tp_tunnel_info(const struct l2tp_tunnel *t, struct l2tp_tunnel_info *info);

#endif
