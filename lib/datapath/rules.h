/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A list of rules as workers ask it. Each rule is one or two boxes in a space whose dimensions are
 * addresses, ports and protocol; trees of cuts through it lead to the few boxes that a packet may
 * be in, of which the first in the list's order counts. So what a packet costs grows with the
 * logarithm of the rules. table/rules.c makes the boxes, table/cuts.c the trees.
 */
#ifndef DP_RULES_H
#define DP_RULES_H

#include <stddef.h>
#include <stdint.h>

#include "datapath/datapath.h"

/* Dimensions. IPv6 addresses have two: the halves. */
enum {
	DP_DIM_PEER,
	DP_DIM_CLIENT,
	DP_DIM_PEER_PORT,
	DP_DIM_CLIENT_PORT,
	DP_DIM_PROTOCOL,
	DP_DIMS4,
	DP_DIM_PEER_LOW = DP_DIMS4,
	DP_DIM_CLIENT_LOW,
	DP_DIMS,
};

/* What a list says of a packet. */
enum dp_rules_say {
	DP_RULES_NOTHING,
	DP_RULES_PERMIT,
	DP_RULES_DENY,
	DP_RULES_DENY_ALL, /* by a rule of any protocol */
};

/* Host order; dimensions that a packet does not have are 0. */
struct dp_rules_key {
	uint64_t at[DP_DIMS];
};

/* A cut: what is below `at` in the dimension is in node `to`, the rest in the next one. A leaf
 * has boxes from `to` on. */
struct dp_cut {
	uint64_t at; /* of a leaf: how many boxes */
	uint32_t to;
	uint32_t dim; /* DP_DIMS: a leaf */
};

/* A rule's box, from each value to the value + span: of IPv4 two of them a line. */
struct dp_box4 {
	uint32_t peer, peer_span, client, client_span;
	uint16_t peer_port, peer_ports, client_port, client_ports;
	uint8_t protocol, protocols;
	uint8_t says;   /* enum dp_rules_say */
	uint32_t order; /* of its rule in the list */
};

/* Likewise of IPv6. */
struct dp_box6 {
	uint64_t peer, peer_span, client, client_span;
	uint64_t peer_low, peer_low_span, client_low, client_low_span;
	uint16_t peer_port, peer_ports, client_port, client_ports;
	uint8_t protocol, protocols;
	uint8_t says;
	uint32_t order;
};

_Static_assert(sizeof(struct dp_box4) == 32, "two a line");
_Static_assert(sizeof(struct dp_box6) == 80, "no more than it says");

enum { DP_RULES_TREES = 16, DP_RULES_FAMILIES = 2, DP_RULES_WAYS = 2 };

/* Trees of a family and a way: all are asked, by their first rule. */
struct dp_rules_trees {
	uint32_t count;
	uint32_t root[DP_RULES_TREES];
	uint32_t first[DP_RULES_TREES]; /* the smallest order in it */
};

/* Offsets are in bytes from its start, so it can be copied as a whole. */
struct dp_rules {
	size_t bytes;
	uint32_t cuts, boxes4, boxes6; /* offsets */
	uint32_t worst;                /* boxes that a packet may have to be compared with */
	uint8_t verdict[256];          /* enum dp_verdict, by protocol */
	struct dp_rules_trees trees[DP_RULES_FAMILIES][DP_RULES_WAYS]; /* IPv4, IPv6; in, out */
};

/* table/rules.c: whether a list may have it. */
bool dp_rule_usable(const struct cv_rule *rule);

static inline bool
dp_box4_has(const struct dp_box4 *b, const struct dp_rules_key *key)
{
	return (uint32_t)key->at[DP_DIM_PEER] - b->peer <= b->peer_span &&
	       (uint32_t)key->at[DP_DIM_CLIENT] - b->client <= b->client_span &&
	       (uint16_t)(key->at[DP_DIM_PEER_PORT] - b->peer_port) <= b->peer_ports &&
	       (uint16_t)(key->at[DP_DIM_CLIENT_PORT] - b->client_port) <= b->client_ports &&
	       (uint8_t)(key->at[DP_DIM_PROTOCOL] - b->protocol) <= b->protocols;
}

static inline bool
dp_box6_has(const struct dp_box6 *b, const struct dp_rules_key *key)
{
	return key->at[DP_DIM_PEER] - b->peer <= b->peer_span &&
	       key->at[DP_DIM_CLIENT] - b->client <= b->client_span &&
	       key->at[DP_DIM_PEER_LOW] - b->peer_low <= b->peer_low_span &&
	       key->at[DP_DIM_CLIENT_LOW] - b->client_low <= b->client_low_span &&
	       (uint16_t)(key->at[DP_DIM_PEER_PORT] - b->peer_port) <= b->peer_ports &&
	       (uint16_t)(key->at[DP_DIM_CLIENT_PORT] - b->client_port) <= b->client_ports &&
	       (uint8_t)(key->at[DP_DIM_PROTOCOL] - b->protocol) <= b->protocols;
}

static inline const struct dp_cut *
dp_rules_leaf(const struct dp_cut *cuts, uint32_t root, const struct dp_rules_key *key)
{
	const struct dp_cut *n = &cuts[root];

	while (n->dim != DP_DIMS)
		n = &cuts[n->to + (key->at[n->dim] >= n->at)];
	return n;
}

/* six: an IPv6 packet; way: enum dp_direction. */
static inline enum dp_rules_say
dp_rules_ask(const struct dp_rules *r, bool six, unsigned way, const struct dp_rules_key *key)
{
	const struct dp_rules_trees *trees = &r->trees[six][way];
	const struct dp_cut *cuts = (const struct dp_cut *)((const uint8_t *)r + r->cuts);
	const struct dp_box4 *boxes4 = (const struct dp_box4 *)((const uint8_t *)r + r->boxes4);
	const struct dp_box6 *boxes6 = (const struct dp_box6 *)((const uint8_t *)r + r->boxes6);
	uint32_t best = UINT32_MAX;
	enum dp_rules_say says = DP_RULES_NOTHING;

	for (uint32_t t = 0; t < trees->count && trees->first[t] < best; t++) {
		const struct dp_cut *leaf = dp_rules_leaf(cuts, trees->root[t], key);
		uint32_t end = leaf->to + (uint32_t)leaf->at;

		/* in a leaf they stand in the list's order */
		for (uint32_t i = leaf->to; i < end; i++) {
			uint32_t order = six ? boxes6[i].order : boxes4[i].order;

			if (order >= best)
				break;
			if (six ? !dp_box6_has(&boxes6[i], key) : !dp_box4_has(&boxes4[i], key))
				continue;
			best = order;
			says = (enum dp_rules_say)(six ? boxes6[i].says : boxes4[i].says);
			break;
		}
	}
	return says;
}

#endif
