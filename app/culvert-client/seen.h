/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the LNS sees a socket of ours: one question of STUN (RFC 8489), sent a few times. It is asked
 * from the tunnel's own address and port, as a NAT may have another mapping for another one. One
 * thread.
 */
#ifndef CLIENT_SEEN_H
#define CLIENT_SEEN_H

#include "base/addr.h"

struct crypto;
struct event_base;
struct seen;

struct seen_params {
	struct event_base *base;
	struct crypto *crypto;
	int fd; /* connected to the LNS's STUN; is closed by this */
	/* Once, unless nobody answers; may call nothing of this. */
	void (*tell)(void *ctx, const struct cv_endpoint *seen);
	void *ctx;
};

/* Asks. NULL: errno says why. */
struct seen *seen_ask(const struct seen_params *p);
void seen_free(struct seen *s); /* takes NULL */

#endif
