/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds out about the ways to a gateway: its and its LNSs' addresses, then all at once whether IKE
 * reaches it (IKE_SA_INIT to UDP 500 and 4500), how the LNSs see us (STUN), and whether they answer
 * L2TP (a tunnel that is closed again), the latter two from one socket, as L2TP will use one. In a
 * libevent loop, which it never makes wait; over after 7 s at most. One thread.
 */
#ifndef CLIENT_DISCOVER_H
#define CLIENT_DISCOVER_H

#include "base/log.h"
#include "found.h"

struct discover;

struct discover_params {
	struct event_base *base;
	struct crypto *crypto;
	const struct cv_log *log;
	/* gateway, lns, ports, stun_port, tunnel are looked at */
	const struct cfg_connection *connection;
	struct names_rtts *rtts; /* what was measured before, and now as well; NULL: now alone */
	uint32_t mark;           /* of what is sent (SO_MARK); 0: none */
	/* Once all addresses are known, and before anybody is asked; NULL: it is not told. Nothing
	 * of discovery may be called in it. */
	void (*named)(void *ctx, const struct found *found);
	/* Once, never from discover_begin; then discover_free may be called, also in it. */
	void (*tell)(void *ctx, const struct found *found);
	void *ctx;
};

/* What is pointed to outlives it. NULL: no memory, or c-ares or OpenSSL can't begin. */
struct discover *discover_begin(const struct discover_params *p);
/* Whether IKE reaches this one address on UDP 4500, and nothing else: gateways[0].ike[1] says so,
 * in less than 2 s. Of connection nothing is looked at. */
struct discover *discover_gateway(const struct discover_params *p, const struct cv_ip *gateway);
void discover_free(struct discover *d); /* takes NULL */

#endif
