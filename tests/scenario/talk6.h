/* SPDX-License-Identifier: BSD-3-Clause */
/* What a client says to its server in IPv6, router solicitations and DHCPv6, and what it hears. */
#ifndef SCENARIO_TALK6_H
#define SCENARIO_TALK6_H

#include "auto6/private.h"
#include "world.h"

/* An answer: its type, and what is in its IA_PD. */
struct reply {
	uint8_t type;
	struct cv_prefix prefix;
	uint32_t valid;
	int status; /* -1: none */
};

/* The n-th packet from the last, which is 0. */
const struct world_packet *last(const struct world_client *c, unsigned n);
bool is_advert(const struct world_packet *p);
/* Its prefix, behind the option with the MTU. */
struct cv_prefix advertised(const struct world_packet *p);
/* That it is the same. */
void assert_prefix(const struct cv_prefix *a, const struct cv_prefix *b);
bool is_in(const struct cv_prefix *p, const char *pool);

/* A packet with one; returns its length. */
size_t make_router_solicit(struct world_client *c, uint8_t *out);
void solicit_router(struct world_client *c);
/* A message with one IA_PD, which has a prefix or (NULL) none; to the server that answered last. */
void dhcp(struct world_client *c, uint8_t type, const struct cv_prefix *prefix);
/* What the server says to it within a second; type 0: nothing. */
struct reply ask(struct world_client *c, uint8_t type, const struct cv_prefix *prefix);

#endif
