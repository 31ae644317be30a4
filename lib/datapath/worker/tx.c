/* SPDX-License-Identifier: BSD-3-Clause */
/* What leaves: frames by port until they fill a burst, and what the control thread gave to send. */
#include <rte_byteorder.h>
#include <rte_ethdev.h>

#include "datapath/ends.h"
#include "datapath/table/sessions.h"
#include "datapath/worker/count.h"
#include "datapath/worker/punt.h"
#include "datapath/worker/tags.h"
#include "datapath/worker/worker.h"
#include "l2tp/header.h"

enum { CONTROL_BURST = 32 };

void
dp_tx_send(struct dp_worker *w, unsigned port)
{
	struct dp_tx *tx = &w->tx[port];
	uint16_t sent = rte_eth_tx_burst(w->dp->ports[port].id, w->index, tx->frames, tx->count);

	w->counts.edges[DP_EDGE_TX_SENT] += sent;
	w->tx_packets += sent;
	dp_count_up(&tx->sent, sent);
	if (unlikely(sent < tx->count))
		dp_count_up(&tx->full, tx->count - sent);
	for (uint16_t i = sent; i < tx->count; i++)
		dp_drop_frame(w, tx->frames[i], DP_DROP_TX_FULL);
	tx->count = 0;
}

void
dp_tx_flush(struct dp_worker *w)
{
	for (unsigned port = 0; port < w->dp->port_count; port++)
		if (w->tx[port].count != 0)
			dp_tx_send(w, port);
}

/* Ns of a PPP frame from the control thread: it counts with the data that workers send. */
static void
write_sequence(struct dp *dp, uint32_t slot, struct rte_mbuf *m)
{
	uint8_t *ip = rte_pktmbuf_mtod_offset(m, uint8_t *, WIRE_ETHER);
	uint8_t *udp = ip + (wire_ip_version(ip) == 6 ? WIRE_IPV6 : WIRE_IPV4);
	uint8_t *l2tp = udp + WIRE_UDP_HEADER;
	uint16_t ns = dp_next_ns(dp, slot);

	wire_store16(l2tp + ((l2tp[0] & (L2TP_BIT_LENGTH >> 8)) != 0 ? 8 : 6), ns);
	/* it was 0 */
	wire_store16(udp + 6, wire_checksum_udp((uint64_t)(uint16_t)~wire_load16(udp + 6) + ns));
}

unsigned
dp_tx_control(struct dp_worker *w)
{
	void *frames[CONTROL_BURST];
	unsigned n = rte_ring_sc_dequeue_burst(w->send, frames, CONTROL_BURST, NULL);

	for (unsigned i = 0; i < n; i++) {
		const struct dp_punt_meta *meta = dp_meta(frames[i]);

		if (meta->slot != DP_NO_SLOT)
			write_sequence(w->dp, meta->slot, frames[i]);
		dp_tx_lan(w, meta->lan, frames[i]);
	}
	w->counts.edges[DP_EDGE_TX_CONTROL] += n;
	return n;
}
