/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a rule of a filter says of packets inside of tunnels, with the client on the one side and
 * its peer, whoever that is, on the other. Zeroed, but for the protocol, it permits all of that.
 */
#ifndef CV_RULE_H
#define CV_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

enum cv_way {
	CV_WAY_BOTH,
	CV_WAY_IN,  /* from the client */
	CV_WAY_OUT, /* to it */
};

/* Both 0: any. */
struct cv_port_range {
	uint16_t low, high;
};

/* Ports are those of TCP, UDP and SCTP (6, 17, 132); other protocols have none. */
struct cv_rule {
	uint8_t protocol;
	uint16_t port_low, port_high; /* of the one side or the other; both 0: any */
	bool any_protocol;            /* then protocol is 0 */
	bool denies;
	uint8_t way;                   /* enum cv_way */
	struct cv_prefix client, peer; /* family 0: any, of both families */
	struct cv_port_range client_port, peer_port;
};

static inline bool
cv_port_range_equal(struct cv_port_range a, struct cv_port_range b)
{
	return a.low == b.low && a.high == b.high;
}

static inline bool
cv_rule_names_ports(const struct cv_rule *r)
{
	return r->port_high != 0 || r->client_port.high != 0 || r->peer_port.high != 0;
}

static inline bool
cv_rule_equal(const struct cv_rule *a, const struct cv_rule *b)
{
	return a->protocol == b->protocol && a->port_low == b->port_low &&
	       a->port_high == b->port_high && a->any_protocol == b->any_protocol &&
	       a->denies == b->denies && a->way == b->way && a->client.length == b->client.length &&
	       cv_ip_equal(&a->client.ip, &b->client.ip) && a->peer.length == b->peer.length &&
	       cv_ip_equal(&a->peer.ip, &b->peer.ip) &&
	       cv_port_range_equal(a->client_port, b->client_port) &&
	       cv_port_range_equal(a->peer_port, b->peer_port);
}

/* A protocol and nothing else, or with ports of either side: what filters without lists say. */
static inline bool
cv_rule_is_plain(const struct cv_rule *r)
{
	return !r->any_protocol && !r->denies && r->way == CV_WAY_BOTH &&
	       r->client.ip.family == 0 && r->peer.ip.family == 0 && r->client_port.high == 0 &&
	       r->peer_port.high == 0;
}

#endif
