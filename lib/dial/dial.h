/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A caller: a LAC (lac.h, where its events are) with one call at a time. Sans-IO: datagrams and
 * time go in, datagrams and events come out. After every call that takes `now` the caller of this
 * drains dial_poll_event, then dial_poll_output, and asks dial_next_timeout again. One thread at a
 * time.
 *
 *   new, start -> TUNNEL_UP, answered with dial_call, now or later -> CALL_UP -> AUTH_DONE -> UP
 * ... LINK_DOWN or CALL_DOWN: there is no call any more, dial_call makes another TUNNEL_DOWN: over,
 * with its call (no CALL_DOWN for it); DONE: nothing left to do, free it
 */
#ifndef DIAL_DIAL_H
#define DIAL_DIAL_H

#include "dial/lac.h"

struct dial;

/* Copied, but for what is pointed to: that must outlive the dial. */
struct dial_params {
	struct l2tp_params l2tp;      /* with a tunnel ID */
	const struct ppp_params *ppp; /* of a client; may be changed between two calls */
	struct ppp_network network;   /* what it would like; zeros: to be told all */
};

/* At rest, or NULL: out of memory, or no tunnel ID. */
struct dial *dial_new(const struct dial_params *params, uint64_t now);
void dial_free(struct dial *d); /* without a word; takes NULL */

/* Sends SCCRQ. 0, CV_ERR_STATE or CV_ERR_NOMEM. */
int dial_start(struct dial *d, uint64_t now);
/* Sends ICRQ with a session ID that no call of this tunnel has. 0; CV_ERR_STATE: the tunnel is not
 * up, or there is a call; CV_ERR_EXISTS: an abandoned one has the ID; CV_ERR_NOMEM. */
int dial_call(struct dial *d, uint64_t now, uint16_t session_id);
/* Ends the call politely: PPP's Terminate, then LINK_DOWN; a call without a link at once, by CDN.
 */
void dial_hang_up(struct dial *d, uint64_t now);
/* Ends it by CDN at once, without a word of PPP; no event comes. */
void dial_drop_call(struct dial *d, uint64_t now);
/* Forgets the call as one that crashed does: nothing is said, no event comes. */
void dial_abandon_call(struct dial *d);
/* PPP begins anew on the call that is up, as a client's does that was started again. CV_ERR_STATE:
 * there is none; CV_ERR_NOMEM: the old link goes on. */
int dial_restart_link(struct dial *d, uint64_t now);
/* Whether PPP's end is that of the call: CDN (the default), or the server is to send its own. */
void dial_set_keep_call(struct dial *d, bool keep);
/* Ends the tunnel by StopCCN: TUNNEL_DOWN at once, DONE when the server has acknowledged. */
void dial_close(struct dial *d, uint64_t now, const struct l2tp_reason *reason);

/*
 * A datagram of the server, who was found by its address. Returns 0, DIAL_PACKET: it is an IP(v6)
 * packet for whoever uses the link, *packet in the datagram (packet NULL: who asks wants none), or
 * why it was dropped (CV_ERR_*; CV_ERR_UNKNOWN: for another tunnel or call).
 */
int dial_input(
	struct dial *d, uint64_t now, const uint8_t *data, size_t len, struct cv_bytes *packet);
/* Writes the L2TP and PPP headers that an IP packet of len bytes needs in front of it.
 * CV_ERR_STATE: its family's control protocol is not open; CV_ERR_SPACE: no room. */
int dial_write_header(const struct dial *d, struct cv_writer *w, enum cv_family family, size_t len);

/* The next datagram to the server: its length, 0: none now, CV_ERR_SPACE: buf is below
 * DIAL_DATAGRAM_MAX. */
int dial_poll_output(struct dial *d, uint64_t now, void *buf, size_t capacity);
bool dial_poll_event(struct dial *d, uint64_t now, struct dial_event *event);
uint64_t dial_next_timeout(const struct dial *d);
void dial_handle_timeout(struct dial *d, uint64_t now);

/* The parts, for who looks into them; NULL: there is none now. A call that takes `now` on them is
 * one on the dial. */
struct l2tp_tunnel *dial_tunnel(struct dial *d);
struct ppp_link *dial_link(struct dial *d);
/* The server's session ID; 0: no call is up. */
uint16_t dial_peer_session(const struct dial *d);

#endif
