/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets that come as they are, by an uplink, and what leaves so. */
#ifndef DP_WORKER_UPLINK_H
#define DP_WORKER_UPLINK_H

#include "datapath/worker/frame.h"
#include "datapath/worker/packet.h"

/* Whether a packet, whose headers are right, is neither for us nor for a link of ours, and came by
 * an interface that is inside a realm. */
bool dp_uplink_has(const struct dp *dp, const struct frame *f);
/* Whether ARP and ND for an address are answered on a port that are not for one of ours. */
bool dp_uplink_proxies(const struct dp *dp, unsigned port, struct dp_ip ip);
/* Adds it to a burst that begins at the route stage, or drops it. */
void dp_uplink_take(struct dp_worker *w, const struct frame *f, struct dp_burst *out);
/* Where an answer of ours to p's sender goes: p->to. false: there is no way back. */
bool dp_uplink_answer(struct dp_worker *w, struct dp_packet *p, struct dp_ip sender);
/* A packet for a neighbour that is not known: to the control thread, which asks. */
void dp_uplink_ask(struct dp_worker *w, struct dp_packet *p);

#endif
