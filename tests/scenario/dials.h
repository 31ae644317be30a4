/* SPDX-License-Identifier: BSD-3-Clause */
/* A server that dials and one that is dialled: what their configurations have, and how the first
 * one's peer is. */
#ifndef SCENARIO_DIALS_H
#define SCENARIO_DIALS_H

#include <string.h>

#include "twins.h"

#define SERVER(host, address, more)                                       \
	"identity: {host-name: " host "}\n"                               \
	"ports: [{name: wan, device: 'af_packet:lns0'}]\n"                \
	"listeners: [{address: " address "/24}]\n"                        \
	"tunnels: {secrets: [{secret-file: shared, outgoing: accept}]}\n" \
	"limits: {sessions: 20, tunnels: 20}\n" more

#define OWN "groups: [{name: own, address: 10.99.0.1, pool: 10.99.1.0/24}]\n"
#define DIAL(more)                                                                      \
	"dial: [{name: hub, secret-file: shared, user: alice, password-file: pass-a,\n" \
	"  routes: [172.20.0.0/16, 10.88.1.0/24], " more "}]\n"
#define CALLER_AT(more) SERVER("caller", "192.0.2.1", OWN DIAL(more))
#define CALLER(more) CALLER_AT("address: 10.88.0.1, " more)
#define HUB_AT(address)                                                                \
	SERVER("hub", address,                                                         \
		"groups: [{name: branches, address: 10.88.0.1, pool: 10.88.1.0/24}]\n" \
		"users: [{name: alice, password-file: pass-a, routes: 172.21.0.0/16}]\n")
#define HUB HUB_AT("192.0.2.2")

#define A (&t.twin[0])
#define B (&t.twin[1])
#define C (&t.twin[2])

static inline bool
is_up(struct twins *t)
{
	uint64_t cursor = 0;
	struct lns_dial_info info;

	return t->twin[0].lns != NULL &&
	       lns_next_dial(t->twin[0].lns, &cursor, UINT64_MAX, &info) &&
	       strcmp(info.state, "up") == 0;
}

static inline bool
is_pausing(struct twins *t)
{
	uint64_t cursor = 0;
	struct lns_dial_info info;

	return lns_next_dial(t->twin[0].lns, &cursor, UINT64_MAX, &info) && info.rounds != 0 &&
	       strcmp(info.state, "pausing") == 0;
}

static inline void
assert_ip(const struct cv_ip *ip, const char *text)
{
	char is[CV_IP_TEXT];

	assert_string_equal(cv_ip_text(ip, is), text);
}

#endif
