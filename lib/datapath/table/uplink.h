/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interfaces that are inside a realm, and neighbours by them. Each has a slot behind those of
 * sessions, with the same lines: to policy, relay and egress it is a session without a tunnel,
 * whose headers have no bytes. Written by the control thread; what takes the data path as const a
 * worker calls, too.
 */
#ifndef DP_TABLE_UPLINK_H
#define DP_TABLE_UPLINK_H

#include "datapath/dp.h"

/* By the slot behind those of sessions. Workers read what is before the control thread's. */
struct dp_adjacency {
	struct dp_ip ip; /* of an interface: 0 */
	uint32_t link;   /* the slot of the interface */
	uint32_t next;   /* slot; 0: none */
	uint16_t lan;
	uint8_t proxy; /* of an interface: enum dp_proxy; may change under traffic, as what is next
			*/
	bool kernel;   /* of an interface: what the routing daemon wants goes to the kernel */
	/* control's */
	uint16_t iface;
	bool taken;
	uint32_t users; /* next hops, and its neighbour */
	uint64_t sent;  /* packets, when that was looked at last */
	uint32_t owner; /* slot of the interface that its packets are counted for; 0: it is gone */
	struct dp_session_counters gone; /* of an interface: by neighbours that are no more */
};

enum { DP_ADJACENT_PLACES = 8192 };

static inline bool
dp_slot_is_session(const struct dp *dp, uint32_t slot)
{
	return slot <= dp->slot_mask;
}

static inline struct dp_adjacency *
dp_adjacency_of(const struct dp *dp, uint32_t slot)
{
	return &dp->adjacencies[slot - dp->slot_mask - 1];
}

static inline uint32_t
dp_adjacent_place(const struct dp *dp, uint32_t link, struct dp_ip ip)
{
	return dp_hash(dp, ip.low ^ dp_hash64(ip.high ^ link)) % DP_ADJACENT_PLACES;
}

/* The slot of a neighbour that is known; else that of the interface, from which it is asked for. */
static inline uint32_t
dp_adjacent(const struct dp *dp, uint32_t link, struct dp_ip ip)
{
	const uint32_t *head = &dp->adjacent[dp_adjacent_place(dp, link, ip)];

	for (uint32_t slot = __atomic_load_n(head, __ATOMIC_ACQUIRE); slot != 0;
		slot = __atomic_load_n(&dp_adjacency_of(dp, slot)->next, __ATOMIC_ACQUIRE)) {
		const struct dp_adjacency *a = dp_adjacency_of(dp, slot);

		if (a->link == link && dp_ip_equal(a->ip, ip))
			return slot;
	}
	return link;
}

/* The slot of the interface that is inside by a LAN, where the kernel has one for it; else 0. */
static inline uint32_t
dp_kernel_of(const struct dp *dp, unsigned lan)
{
	uint32_t slot = __atomic_load_n(&dp->lans[lan].uplink, __ATOMIC_ACQUIRE);

	if (slot == 0 || !__atomic_load_n(&dp_adjacency_of(dp, slot)->kernel, __ATOMIC_RELAXED))
		return 0;
	return slot;
}

/* Of an interface, not of a neighbour: who has the address is to be asked. */
static inline bool
dp_uplink_is_link(const struct dp *dp, uint32_t slot)
{
	return !dp_slot_is_session(dp, slot) && dp_adjacency_of(dp, slot)->link == slot;
}

/* Several next hops, and which of them the flows of a place go to: via.c. */
enum { DP_SPREAD_PLACES = 256 };
struct dp_spread {
	uint32_t slots[DP_MAX_HOPS];
	uint8_t which[DP_SPREAD_PLACES];
};

/* What an ID of next hops says by now; other words as they are. */
static inline uint32_t
dp_via_word(const struct dp *dp, uint32_t word)
{
	if (dp_route_kind(word) != DP_ROUTE_VIA)
		return word;
	return __atomic_load_n(&dp->via[(uint16_t)(word & DP_ROUTE_INDEX)], __ATOMIC_ACQUIRE);
}

/* The slot of the one of several next hops that flows of this hash go to. */
static inline uint32_t
dp_spread_slot(const struct dp *dp, uint32_t word, uint32_t flow)
{
	const struct dp_spread *s =
		__atomic_load_n(&dp->spreads[(uint16_t)(word & DP_ROUTE_INDEX)], __ATOMIC_ACQUIRE);

	return s->slots[__atomic_load_n(&s->which[flow % DP_SPREAD_PLACES], __ATOMIC_RELAXED)];
}

/* The slot that a route word of no session leads to, for a packet to this address; DP_NO_SLOT: to
 * none. Of several next hops it is that of flows of which nothing else is known. */
static inline uint32_t
dp_uplink_of(const struct dp *dp, uint32_t word, struct dp_ip target)
{
	word = dp_via_word(dp, word);
	if (dp_route_kind(word) == DP_ROUTE_ADJACENT)
		return word & DP_ROUTE_INDEX;
	if (dp_route_kind(word) == DP_ROUTE_SPREAD)
		return dp_spread_slot(dp, word, dp_hash(dp, target.low ^ target.high));
	if (dp_route_kind(word) == DP_ROUTE_LINK)
		return dp_adjacent(dp, word & DP_ROUTE_INDEX, target);
	return DP_NO_SLOT;
}

/* via.c */
int dp_vias_create(struct dp *dp);
void dp_vias_destroy(struct dp *dp);
/* Whether a next hop is by the interface of this slot. */
bool dp_vias_use(const struct dp *dp, uint32_t link);
/* A neighbour or a port is up or no longer: flows go where there is one. */
void dp_vias_aim(struct dp *dp);

int dp_uplinks_create(struct dp *dp);
void dp_uplinks_destroy(struct dp *dp);
/* An interface is going to be told so, on this LAN: its slot is made, changed or given back. 0, or
 * why not. */
int dp_uplink_set(struct dp *dp, uint16_t iface, const struct dp_iface *told, uint16_t lan);
/* What an interface is told follows a group. */
void dp_uplinks_write(struct dp *dp);
/* The slot of a neighbour on a LAN, with one more user; DP_NO_SLOT: it needs none, as nothing
 * there is inside, or there is none left. */
uint32_t dp_adjacency_get(struct dp *dp, uint16_t lan, const struct cv_ip *ip, uint16_t hop);
void dp_adjacency_put(struct dp *dp, uint32_t slot); /* DP_NO_SLOT is allowed */
/* What passed a slot, whosoever it is. */
void dp_slot_counters(const struct dp *dp, uint32_t slot, struct dp_session_counters *out);
/* Whether anything went to it since this was asked last. */
bool dp_adjacency_used(struct dp *dp, uint32_t slot);
/* Tells the stations of a port, on all its LANs, or of all ports (-1), which addresses of
 * interfaces are ours. */
void dp_uplinks_announce(struct dp *dp, int port);
/* What is sent from to ask for an address on a LAN: an address of ours there; NULL: it is in no
 * network of ours. */
const struct cv_ip *dp_uplink_source(const struct dp *dp, uint16_t lan, const struct cv_ip *ip);

#endif
