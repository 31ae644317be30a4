/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A LAC that calls: one control connection, many calls in it, and a PPP link in the client's role
 * on each (RFC 2661 as initiator and LAC, RFC 1661). Sans-IO: datagrams and time go in, datagrams
 * and events come out. After every call that takes `now` the caller of this drains lac_poll_event,
 * then lac_poll_output, then lac_poll_touched. One thread at a time.
 *
 *   new, start -> TUNNEL_UP, answered with lac_call, now or later, as often as there is room
 * each call: CALL_UP -> AUTH_DONE -> UP ... LINK_DOWN or CALL_DOWN: there is no such call any more
 * TUNNEL_DOWN: over, with its calls (no CALL_DOWN for them); DONE: nothing left to do, free it
 */
#ifndef DIAL_LAC_H
#define DIAL_LAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "l2tp/tunnel.h"
#include "ppp/link.h"

struct lac;

enum { DIAL_DATAGRAM_MAX = PPP_MAX_CONTROL + 8 }; /* bytes that a buffer for output must have */

/* Copied, but for what is pointed to: that must outlive the LAC. */
struct lac_params {
	struct l2tp_params l2tp;    /* with a tunnel ID */
	struct ppp_network network; /* what each call would like; zeros: to be told all */
	/* the most calls at a time: two calls whose session IDs are equal modulo this can't be
	 * there together, so that IDs 1 to `calls` can */
	uint16_t calls;
};

enum dial_event_type {
	DIAL_EV_TUNNEL_UP,
	DIAL_EV_CALL_UP,
	DIAL_EV_AUTH_DONE,    /* `auth`: whether the server let us in, and what it said */
	DIAL_EV_UP,           /* `up`: a network protocol is open; packets may be sent */
	DIAL_EV_NETWORK_DOWN, /* none is any more, but the link lives */
	DIAL_EV_LINK_DOWN,    /* `link`: PPP has ended, and the call with it */
	DIAL_EV_CALL_DOWN,    /* `reason`: the server, or time, has ended the call */
	DIAL_EV_TUNNEL_DOWN,  /* `reason` */
	DIAL_EV_DONE,
};

/* What it points to lives until the next call on this LAC. */
struct dial_event {
	enum dial_event_type type;
	uint16_t session; /* ours, of the call that it is about; 0: the tunnel */
	struct l2tp_reason reason;
	struct ppp_ev_auth_done auth;
	struct ppp_ev_up up;
	enum ppp_down link;
};

/* At rest, or NULL: out of memory, no tunnel ID, or room for no call. */
struct lac *lac_new(const struct lac_params *params, uint64_t now);
void lac_free(struct lac *l); /* without a word; takes NULL */

/* Sends SCCRQ. 0, CV_ERR_STATE or CV_ERR_NOMEM. */
int lac_start(struct lac *l, uint64_t now);
/* Sends ICRQ. ppp: of a client, to outlive the call. 0; CV_ERR_STATE: the tunnel is not up, or
 * there is a call in this one's place; CV_ERR_EXISTS: an abandoned one has the ID; CV_ERR_NOMEM. */
int lac_call(struct lac *l, uint64_t now, uint16_t session, const struct ppp_params *ppp);
/* Ends a call politely: PPP's Terminate, then LINK_DOWN; a call without a link at once, by CDN. */
void lac_hang_up(struct lac *l, uint64_t now, uint16_t session);
/* Ends it by CDN at once, without a word of PPP; no event comes. */
void lac_drop_call(struct lac *l, uint64_t now, uint16_t session);
/* Forgets a call as one that crashed does: nothing is said, no event comes. */
void lac_abandon_call(struct lac *l, uint16_t session);
/* PPP begins anew on a call that is up, as a client's does that was started again. CV_ERR_STATE:
 * there is none; CV_ERR_NOMEM: the old link goes on. */
int lac_restart_link(struct lac *l, uint64_t now, uint16_t session);
/* Whether PPP's end is that of the call: CDN (the default), or the server is to send its own. */
void lac_set_keep_call(struct lac *l, bool keep);
/* Ends the tunnel by StopCCN: TUNNEL_DOWN at once, DONE when the server has acknowledged. */
void lac_close(struct lac *l, uint64_t now, const struct l2tp_reason *reason);

/*
 * A datagram of the server, who was found by its address. Returns 0, DIAL_PACKET: it is an IP(v6)
 * packet for whoever uses the call of its session, *packet in the datagram (packet NULL: who asks
 * wants none), or why it was dropped (CV_ERR_*; CV_ERR_UNKNOWN: for another tunnel or call).
 */
enum { DIAL_PACKET = 1 };
int lac_input(
	struct lac *l, uint64_t now, const uint8_t *data, size_t len, struct cv_bytes *packet);
/* Writes the L2TP and PPP headers that an IP packet of len bytes needs in front of it.
 * CV_ERR_STATE: its family's control protocol is not open; CV_ERR_SPACE: no room. */
int lac_write_header(const struct lac *l, struct cv_writer *w, uint16_t session,
	enum cv_family family, size_t len);

/* The next datagram to the server: its length, 0: none now, CV_ERR_SPACE: buf is below
 * DIAL_DATAGRAM_MAX. */
int lac_poll_output(struct lac *l, uint64_t now, void *buf, size_t capacity);
bool lac_poll_event(struct lac *l, uint64_t now, struct dial_event *event);
/* A call that something was done with, whose timeout may be another one now, or that is gone, if no
 * other one is in its place; false: no more of them. The tunnel's own may change with anything. */
bool lac_poll_touched(struct lac *l, uint16_t *session);

/* Session 0: of the tunnel. CV_TIME_NEVER where there is no such call. */
uint64_t lac_timeout_of(const struct lac *l, uint16_t session);
void lac_handle_timeout(struct lac *l, uint64_t now, uint16_t session);

/* The parts, for who looks into them; NULL: there is none now. A call that takes `now` on them is
 * one on the LAC. */
struct l2tp_tunnel *lac_tunnel(struct lac *l);
struct ppp_link *lac_link(struct lac *l, uint16_t session);
/* The server's session ID; 0: the call is not up. And its tunnel ID, from TUNNEL_UP on. */
uint16_t lac_peer_session(const struct lac *l, uint16_t session);
uint16_t lac_peer_tunnel(const struct lac *l);

#endif
