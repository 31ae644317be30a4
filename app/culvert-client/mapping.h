/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long the NAT in front of us keeps a silent mapping, measured with two sockets of its own by
 * the LNS's STUN (RFC 5780), so that the tunnel is never silent for longer. One thread.
 */
#ifndef CLIENT_MAPPING_H
#define CLIENT_MAPPING_H

#include <stdint.h>

#include "base/addr.h"

struct crypto;
struct event_base;
struct mapping;

struct mapping_params {
	struct event_base *base;
	struct crypto *crypto;
	struct cv_endpoint server;
	/* What is known by now, each time that it is more: how often something should be said, and
	 * between which silences the NAT forgets; 0: not known. May call nothing of this. */
	void (*tell)(void *ctx, uint64_t keep_ns, uint64_t alive_ns, uint64_t dead_ns);
	void *ctx;
};

/* Measures, for minutes, until it knows. NULL: errno says why. */
struct mapping *mapping_new(const struct mapping_params *p);
void mapping_free(struct mapping *m); /* takes NULL */

#endif
