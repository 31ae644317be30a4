/* SPDX-License-Identifier: BSD-3-Clause */
/* The control side in this process, and clients that dial it: real handshakes in invented time. */
#ifndef BENCH_SERVER_H
#define BENCH_SERVER_H

#include "dial/dial.h"
#include "lns/lns.h"

/* Of one user: as many users as a configuration may have share a million. */
enum { SERVER_USER_SESSIONS = 10 };

struct client;

struct server {
	struct crypto *crypto;
	struct cfg *cfg;
	struct lns *lns;
	uint64_t now;
	uint64_t cycles; /* spent in it */
	/* What is to be done for sessions and tunnels; NULL: nothing. */
	void (*act)(void *context, const struct lns_action *action);
	/* Takes a datagram of a client's to the server, and gives the client what comes back;
	 * NULL: lns_input. */
	void (*exchange)(void *context, struct client *c, const uint8_t *bytes, size_t len);
	void *context;
};

/* With listeners 192.0.2.1 and on, one group g of 10.0.0.0/8 whose address is 10.255.0.1, and as
 * many users as so many sessions need. 0, or -1 after a message. */
int server_start(struct server *s, unsigned listeners, unsigned sessions);
void server_finish(struct server *s);

struct client {
	struct cv_endpoint address;
	uint16_t listener;
	struct ppp_params ppp_params;
	struct dial *dial;
	char user[16];
	bool up;
};

/* Who calls. */
struct caller {
	struct cv_endpoint address;
	uint16_t listener;
	uint16_t tunnel_id; /* the caller's */
	uint16_t session_id;
	unsigned index; /* whose user it is */
};

/* Tunnel, call, LCP, CHAP, IPCP, to the end. false: it did not come to one. */
bool client_dial(struct server *s, struct client *c, const struct caller *caller);
/* One more call in its tunnel; the calls before it stay. */
bool client_call(struct server *s, struct client *c, const struct caller *caller);
/* A datagram of the server's; the client's answers go to it. */
void client_input(struct server *s, struct client *c, const uint8_t *bytes, size_t len);
/* Without a word: the server goes on. */
void client_forget(struct client *c);

#endif
