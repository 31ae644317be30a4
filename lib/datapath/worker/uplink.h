/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets that come as they are, by an uplink, and what leaves so. */
#ifndef DP_WORKER_UPLINK_H
#define DP_WORKER_UPLINK_H

#include "datapath/table/outside.h"
#include "datapath/table/uplink.h"
#include "datapath/worker/flow.h"
#include "datapath/worker/frame.h"
#include "datapath/worker/packet.h"

/* The word by which a realm leads to an address. For workers and the control thread. */
uint32_t dp_uplink_leads(const struct dp *dp, uint16_t realm, struct dp_ip ip);

/* What a word says of an address, but for one of ours that is in a network of an uplink. */
static inline uint32_t
dp_uplink_ours(const struct dp *dp, uint32_t word, struct dp_ip ip)
{
	if (dp_route_kind(word) == DP_ROUTE_LINK &&
		dp_is_own(dp, dp_adjacency_of(dp, word & DP_ROUTE_INDEX)->lan, ip))
		return dp_route_word(DP_ROUTE_SELF, 0);
	return word;
}

/* Of dp_uplink_of(): where an inner packet of len bytes, to this target, goes. */
static inline uint32_t
dp_uplink_for(const struct dp *dp, uint32_t word, struct dp_ip target, const uint8_t *inner,
	uint16_t len, bool six)
{
	word = dp_via_word(dp, word);
	if (unlikely(dp_route_kind(word) == DP_ROUTE_SPREAD))
		return dp_spread_slot(dp, word, dp_flow_of(dp, inner, len, six));
	return dp_uplink_of(dp, word, target);
}

/* Whether a packet, whose headers are right, is neither for us nor for a link of ours, and came by
 * an interface that is inside a realm. */
bool dp_uplink_has(const struct dp *dp, const struct frame *f);
/* What is wrong with the addresses of a packet that came so, by this LAN; DP_DROP_COUNT: nothing.
 * For both ways.
 */
enum dp_drop_cause dp_uplink_check4(
	const struct dp *dp, unsigned lan, const uint8_t *ip, uint16_t realm);
enum dp_drop_cause dp_uplink_check6(
	const struct dp *dp, unsigned lan, const uint8_t *ip, uint16_t realm);
/* Whether ARP and ND for an address are answered on a LAN that are not for one of ours. */
bool dp_uplink_proxies(const struct dp *dp, unsigned lan, struct dp_ip ip);
/* Whether a station there that says it has this address has a client's. known: it is a neighbour's,
 * too, so that of a pool's one that is nobody's nothing is wrong. */
bool dp_uplink_is_claimed(const struct dp *dp, unsigned lan, struct dp_ip ip, bool known);
/* Adds it to a burst that begins at the route stage, or drops it. */
void dp_uplink_take(struct dp_worker *w, const struct frame *f, struct dp_burst *out);
/* Where an answer of ours to p's sender goes: p->to. false: there is no way back. */
bool dp_uplink_answer(struct dp_worker *w, struct dp_packet *p, struct dp_ip sender);
/* A packet for a neighbour that is not known: to the control thread, which asks. */
void dp_uplink_ask(struct dp_worker *w, struct dp_packet *p);

#endif
