/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the control thread does beside its tables: neighbours and what asks for them, what it sends,
 * what it takes of the workers. No worker calls any of it (lint looks).
 */
#ifndef DP_CONTROL_CONTROL_H
#define DP_CONTROL_CONTROL_H

#include "datapath/dp.h"

/* control/neighbours.c */
int dp_neighbours_create(struct dp *dp);
void dp_neighbours_destroy(struct dp *dp);

/* control/neighbour.c */
/* The next hop towards ip, resolved or being so; counts one more user. -1: no room, -2: no
 * route. It is never DP_NEXTHOP_NONE, by which nothing leaves. */
int dp_nexthop_get(struct dp *dp, uint64_t now, uint16_t service, const struct cv_ip *ip);
/* The same of an address that an uplink's network has; -1: no room. */
int dp_nexthop_hold(struct dp *dp, uint64_t now, uint16_t lan, const struct cv_ip *ip);
void dp_nexthop_put(struct dp *dp, int hop);
/* Nothing is inside by this LAN any more. */
void dp_neighbours_leave(struct dp *dp, uint16_t lan);
/* It is no more: nobody needs those who are on it. */
void dp_neighbours_forget(struct dp *dp, uint16_t lan);
/* Its tags are others. */
void dp_neighbours_publish(struct dp *dp, uint16_t lan);
/* Sends a packet of its family (at the buffer's start; room for Ethernet in front) towards ip, now
 * or when its next hop is known. Takes the buffer in any case. */
int dp_neighbour_send(
	struct dp *dp, uint64_t now, uint16_t service, const struct cv_ip *ip, struct rte_mbuf *m);
/* A packet for a neighbour of an uplink that is not known, of whom dp_punt_meta says. */
void dp_neighbour_resolve(struct dp *dp, uint64_t now, struct rte_mbuf *m);
/* What the configuration says of a gateway's MAC address may have changed. */
void dp_neighbour_configure(struct dp *dp, uint64_t now, uint16_t lan, const struct cv_ip *ip);
enum dp_claim {
	DP_CLAIM_NOBODY,  /* nobody that we talk to */
	DP_CLAIM_TAKEN,   /* who is known, or was asked for */
	DP_CLAIM_DOUBTED, /* another station than the one that is known: not believed */
};

/* Takes what ARP or ND says, or not. says: DP_SAYS_*, together. */
enum dp_claim dp_neighbour_learn(struct dp *dp, uint64_t now, uint16_t lan, const struct cv_ip *ip,
	const uint8_t mac[6], unsigned says);
void dp_neighbours_poll(struct dp *dp, uint64_t now);
uint64_t dp_neighbours_timeout(const struct dp *dp);

/* control/question.c: asks who has an address, of `from`, ours on the LAN. only: the MAC address
 * that is asked alone; NULL: all are. */
void dp_question_send(struct dp *dp, uint16_t lan, const struct cv_ip *from,
	const struct cv_ip *about, const uint8_t *only);

/* Tells all stations that an address is ours, here. */
void dp_announce(struct dp *dp, uint16_t lan, const struct cv_ip *ours);

/* A LAN as lines of the log have it: "port=wan vlan=30.100". Returns out. */
enum { DP_LAN_TEXT = DP_PORT_NAME + 32 };
const char *dp_lan_text(const struct dp *dp, uint16_t lan, char out[DP_LAN_TEXT]);

/* control/conflict.c: another station claims an address that is ours or a client's. */
void dp_conflict_heard(
	struct dp *dp, uint64_t now, uint16_t lan, const struct cv_ip *ip, const uint8_t mac[6]);

/* control/claim.c: what a worker's ARP or ND says of a neighbour. */
void dp_claim_learn(struct dp *dp, uint64_t now, struct rte_mbuf *m);

/* control/mld.c: says that we listen to the LAN's groups; type: WIRE_MLD_*_EXCLUDE. */
void dp_mld_report(struct dp *dp, uint16_t lan, uint8_t type);

/* control/send.c: frames of the control thread. */
struct rte_mbuf *dp_control_mbuf(struct dp *dp);
/* Hands a whole frame, without tags, to a worker. 0 or CV_ERR_LIMIT; takes it in any case. */
int dp_send_frame(struct dp *dp, uint16_t lan, struct rte_mbuf *m);

/* control/punt.c */
int dp_punt_create(struct dp *dp);
void dp_punt_destroy(struct dp *dp);
void dp_punt_drain(struct dp *dp);
void dp_punt_local_poll(struct dp *dp, uint64_t now);

/* control/trace.c: the slot's lines, as the trace says. */
void dp_trace_mark(struct dp *dp, uint32_t slot);
void dp_trace_poll(struct dp *dp, uint64_t now);

#endif
