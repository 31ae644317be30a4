/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a worker hands to the control thread, by one ring each class. The worker writes what is said
 * of a buffer here, then it is the control thread's, which reads it (control/punt.c).
 */
#ifndef DP_WORKER_PUNT_H
#define DP_WORKER_PUNT_H

#include "datapath/worker/packet.h"

/* What a message says of its sender, or of whom it tells. */
enum dp_says {
	DP_SAYS_HERE = 1,     /* an answer: who has it is there */
	DP_SAYS_MAC = 2,      /* at this MAC address; without, at the one that is known */
	DP_SAYS_QUERY = 4,    /* nothing of a neighbour: it asks who listens to groups */
	DP_SAYS_CONFLICT = 8, /* that it has an address of ours, or of a client's */
};

/* What travels with a punted buffer, in its private area. */
struct dp_punt_meta {
	uint16_t class, service, lan, len;
	uint32_t slot;
	struct dp_ip remote;
	uint16_t remote_port;
	uint16_t source, flow; /* in dp_shares */
	uint16_t mtu;          /* DP_PUNT_PATH */
	const uint8_t *data;
	/* of what ARP or ND says of a neighbour, who is `remote` */
	uint8_t says; /* enum dp_says */
	uint8_t mac[WIRE_MAC];
};

/* How many of a class may wait for the control thread, a worker. */
static inline unsigned dp_punt_places(enum dp_punt_class class)
{
	if (class == DP_PUNT_PATH)
		return DP_PATH_RING;
	if (class == DP_PUNT_BFD || class == DP_PUNT_ROUTING)
		return DP_KERNEL_RING;
	if (class == DP_PUNT_ELSEWHERE)
		return DP_ELSEWHERE_RING;
	if (class == DP_PUNT_ARP)
		return DP_ARP_RING;
	return class == DP_PUNT_RESOLVE ? DP_RESOLVE_RING : DP_PUNT_RING;
}

/* What a frame is dropped as that finds no place there. */
enum dp_drop_cause dp_punt_full(enum dp_punt_class class);

static inline struct dp_punt_meta *
dp_meta(struct rte_mbuf *m)
{
	return rte_mbuf_to_priv(m);
}

/* worker/punt.c: hands a buffer to the control thread. DP_DROP_COUNT: it has; else it is still the
 * caller's, to be dropped for this. source: who sent it, as an address; flow: which of its tunnels
 * or sessions. Neither may fill the ring, which all share. */
enum dp_drop_cause dp_punt_mbuf(struct dp_worker *w, struct rte_mbuf *m, enum dp_punt_class class,
	uint64_t source, uint64_t flow);
void dp_punt_wake(struct dp_worker *w);

/* worker/ingress.c: hands a packet of a session over, as the datagram that it came in. Who calls
 * has seen to its rate. */
void dp_punt_ppp(struct dp_worker *w, struct dp_packet *p, enum dp_edge_name edge);

/*
 * worker/elsewhere.c: whether a packet with the IDs of a tunnel, from elsewhere than its peer, is
 * handed over: the tunnel is followed, and the rates permit it. Taken with that. control: it is no
 * data, but of L2TP or PPP, and may be the answer to a question.
 */
bool dp_elsewhere_wanted(struct dp_worker *w, uint16_t service, uint16_t tunnel_id,
	struct dp_ip from, uint16_t port, bool control);

/* worker/answer.c: what is heard of a neighbour. source, flow: see dp_punt_mbuf(). */
void dp_punt_claim(struct dp_worker *w, struct rte_mbuf *m, const struct dp_punt_meta *claim,
	uint64_t source, uint64_t flow, enum dp_edge_name edge);
/* That somebody else has an address of ours, or of a client's: within a rate of the address. */
void dp_punt_conflict(struct dp_worker *w, unsigned lan, struct rte_mbuf *m, struct dp_ip ip,
	const uint8_t mac[WIRE_MAC]);

#endif
