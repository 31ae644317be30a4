/* SPDX-License-Identifier: BSD-3-Clause */
/* ARP of neighbours, which workers have handed over. */
#include "datapath/internal.h"

void
dp_arp_learn(struct dp *dp, uint64_t now, struct rte_mbuf *m)
{
	const uint8_t *arp = rte_pktmbuf_mtod_offset(m, const uint8_t *, WIRE_ETHER);

	switch (dp_neighbour_learn(dp, now, dp_meta(m)->port, wire_load32(arp + WIRE_ARP_SENDER_IP),
		arp + WIRE_ARP_SENDER_MAC)) {
	case DP_CLAIM_TAKEN:
		dp_done_control(dp, m, DP_EDGE_CONTROL_DONE);
		return;
	case DP_CLAIM_DOUBTED:
		dp_drop_control(dp, m, DP_DROP_LOCAL_ARP_DOUBTED);
		return;
	case DP_CLAIM_NOBODY:
		break;
	}
	dp_drop_control(dp, m, DP_DROP_LOCAL_ARP_IGNORED);
}
