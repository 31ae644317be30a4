/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * LANs: what frames come by and leave by, a port or a VLAN on one (IEEE 802.1Q; 802.1ad: a VLAN in
 * another one). The first DP_MAX_PORTS are the ports themselves, by their index; others are made
 * when an interface is on them (table/lan.c). All that is asked "on which wire" is asked by LAN:
 * neighbours, our own addresses, what is inside by it. Tags are taken off where a frame is
 * classified, and put on where it leaves, so between these nobody knows of them.
 */
#ifndef DP_LAN_H
#define DP_LAN_H

#include <rte_mbuf.h>

#include "datapath/datapath.h"
#include "wire/ether.h"

enum {
	DP_MAX_LANS = DP_MAX_PORTS + DP_MAX_VLANS,
	DP_VLAN_IDS = 4096,
	DP_TAGS_MOST = 2 * WIRE_VLAN_TAG, /* bytes */
};

struct dp_lan_own; /* tables.h */

struct dp_lan {
	uint64_t tags;                /* as they stand in a frame behind the MAC addresses */
	const struct dp_lan_own *own; /* of a VLAN: what is ours on it; NULL: nothing */
	uint32_t uplink;              /* slot of the interface that is inside by it; 0: none */
	uint16_t port;
	uint16_t mtu; /* of a VLAN: IP bytes of what we answer */
	uint8_t tag_bytes;
	/* control's */
	uint16_t outer, vlan, outer_type; /* as in struct dp_iface */
	uint16_t ifaces;                  /* that are on it */
	uint64_t token;                   /* of one that is gone: workers may have it until then */
} __attribute__((aligned(64)));

/* Of a port: which LAN a frame's tags say, 0: none. Words change in place; pairs appear with the
 * first VLAN in an outer one. */
struct dp_vlans {
	uint16_t one[DP_VLAN_IDS];    /* by a single tag */
	uint16_t *pairs[DP_VLAN_IDS]; /* by the outer tag: words by the inner one */
};

static inline bool
dp_lan_is_port(unsigned lan)
{
	return lan < DP_MAX_PORTS;
}

/* Ports without tags are one outside: an address on one of them is ours on all. A VLAN is alone. */
static inline unsigned
dp_lan_domain(unsigned lan)
{
	return dp_lan_is_port(lan) ? 0 : lan;
}

static inline bool
dp_is_tag(uint16_t type_be)
{
	return type_be == WIRE_TYPE_VLAN_BE || type_be == WIRE_TYPE_SERVICE_BE;
}

/* The LAN of two tags' words, as they stand in a frame: of the inner one 0 where there is none.
 * 0, which is no VLAN's: there is none. */
static inline unsigned
dp_vlan_find(const struct dp_vlans *v, uint16_t outer_be, uint16_t inner_be, bool two)
{
	unsigned outer = wire_swap16(outer_be) & WIRE_VLAN_ID,
		 inner = wire_swap16(inner_be) & WIRE_VLAN_ID;
	const uint16_t *pair;

	if (v == NULL)
		return 0;
	if (!two)
		return __atomic_load_n(&v->one[outer], __ATOMIC_ACQUIRE);
	pair = __atomic_load_n(&v->pairs[outer], __ATOMIC_ACQUIRE);
	return pair == NULL ? 0 : __atomic_load_n(&pair[inner], __ATOMIC_ACQUIRE);
}

/* Puts tags into a frame, whose buffer has room for them in front. */
static inline void
dp_tags_put(struct rte_mbuf *m, uint64_t tags, unsigned bytes)
{
	uint8_t *ether = (uint8_t *)rte_pktmbuf_prepend(m, (uint16_t)bytes);

	memmove(ether, ether + bytes, 2 * WIRE_MAC);
	memcpy(ether + 2 * WIRE_MAC, &tags, bytes);
}

/* Takes so many bytes of tags off. */
static inline void
dp_tags_take(struct rte_mbuf *m, unsigned bytes)
{
	uint8_t *ether = rte_pktmbuf_mtod(m, uint8_t *);

	memmove(ether + bytes, ether, 2 * WIRE_MAC);
	rte_pktmbuf_adj(m, (uint16_t)bytes);
}

#endif
