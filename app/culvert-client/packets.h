/* SPDX-License-Identifier: BSD-3-Clause */
/* The data path of a session: datagrams of the LNS to lib/dial and the TUN, and packets of the TUN
 * to the LNS. Shared by session.c and packets.c alone. */
#ifndef CLIENT_PACKETS_H
#define CLIENT_PACKETS_H

#include <event2/util.h>

#include "auto6/host.h"
#include "crypto/crypto.h"
#include "dial/dial.h"
#include "session.h"

struct event;

enum { PACKETS_HEADER_MAX = 16 }; /* bytes of L2TP's and PPP's; most have 12 */

struct session {
	struct session_params params;
	struct session_status status;
	struct ppp_params ppp;
	struct dial *dial;
	int fd;
	struct event *timer, *on_socket, *on_tun;
	uint64_t asked_at; /* when a sign of life was asked for; 0: none is waited for */
	uint64_t keep_ns;  /* the longest silence of ours */
	uint64_t done_at;  /* over: when the LNS is not waited for any longer */
	uint16_t peer_mru;
	struct auto6_host host; /* where IPV6CP is open */
	uint64_t wait6_until;   /* for an address */
	bool over, done;
	bool proving; /* a call is up, and whether the LNS lets us in is open */
	bool woken;   /* after a long pause, and the LNS has not said yet that it knows us still */
	bool trains;  /* the kernel is given datagrams of one size as one */
	enum session_end end;
};

/* Drains what lib/dial has to say, tells, sends and arms the timer. */
void session_settle(struct session *s, uint64_t now);

/* The largest packet that the way to the LNS has room for, as the kernel knows it now, and the
 * configuration allows. */
uint16_t packets_room(const struct session *s);
/* Sets status.mtu by that and what the LNS takes; whether it has changed. */
bool packets_measure(struct session *s);

/* A socket from which packets to the LNS go out now (outer.c); -1: errno says why. */
int packets_open(const struct session *s, struct cv_endpoint *local);
/* Of a new socket to the LNS. */
void packets_prepare(int fd);
bool packets_have_trains(int fd);
void packets_on_socket(evutil_socket_t fd, short what, void *ctx);
void packets_on_tun(evutil_socket_t fd, short what, void *ctx);

#endif
