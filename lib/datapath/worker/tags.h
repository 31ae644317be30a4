/* SPDX-License-Identifier: BSD-3-Clause */
/* VLAN tags of frames: taken off where they are classified, put on where they leave (lan.h). */
#ifndef DP_WORKER_TAGS_H
#define DP_WORKER_TAGS_H

#include "datapath/dp.h"

/* A device may have taken tags off a frame itself. */
#define DP_TAGS_STRIPPED (RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_QINQ_STRIPPED)

/* Whether dp_tags_off() has something to do; the frame has WIRE_ETHER bytes. */
static inline bool
dp_is_tagged(const struct rte_mbuf *m)
{
	return dp_is_tag(wire_ether_type_be(rte_pktmbuf_mtod(m, const uint8_t *))) ||
	       (m->ol_flags & DP_TAGS_STRIPPED) != 0;
}

/* worker/tags.c: takes all tags off a frame, in its buffer, so that the headers stand where they
 * always do, and says by which LAN it came. DP_DROP_COUNT, or why it is none of ours. */
enum dp_drop_cause dp_tags_off(
	const struct dp *dp, unsigned port, struct rte_mbuf *m, uint16_t *lan);

/* Puts on the tags of a LAN. */
static inline void
dp_tags_on(const struct dp *dp, unsigned lan, struct rte_mbuf *m)
{
	const struct dp_lan *l = &dp->lans[lan];

	if (unlikely(l->tag_bytes != 0))
		dp_tags_put(m, __atomic_load_n(&l->tags, __ATOMIC_RELAXED), l->tag_bytes);
}

/* Sends a frame without tags by a next hop, whose second word this is. */
static inline void
dp_tx_hop(struct dp_worker *w, unsigned hop, uint64_t second, struct rte_mbuf *m)
{
	unsigned bytes = dp_nexthop_tag_bytes(second);

	if (unlikely(bytes != 0))
		dp_tags_put(m, __atomic_load_n(&w->dp->hop_tags[hop], __ATOMIC_RELAXED), bytes);
	dp_tx_put(w, dp_nexthop_port(second), m);
}

/* Sends a frame without tags by a LAN. */
static inline void
dp_tx_lan(struct dp_worker *w, unsigned lan, struct rte_mbuf *m)
{
	dp_tags_on(w->dp, lan, m);
	dp_tx_put(w, w->dp->lans[lan].port, m);
}

#endif
