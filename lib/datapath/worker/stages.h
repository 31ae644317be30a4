/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ways of a burst through a worker: the fast way, and the stages in their order with what they
 * keep between bursts. All of it is the worker's own.
 */
#ifndef DP_WORKER_STAGES_H
#define DP_WORKER_STAGES_H

#include "datapath/tables.h"
#include "datapath/worker/packet.h"

/* worker/fast.c: relays what is plain of a burst. Returns how many frames are left, in order, at
 * the beginning of `frames`: for the stages. */
unsigned dp_fast(struct dp_worker *w, unsigned port, struct rte_mbuf **frames, unsigned n);

/* Stages, in order; each ends with its exits. plain: what came by an uplink, for the route stage.
 */
void dp_classify(struct dp_worker *w, unsigned port, struct rte_mbuf **frames, unsigned n,
	struct dp_burst *out, struct dp_burst *plain);
/* Whether the datagram's checksum is right, or there is none: for what ends here (RFC 1122 section
 * 4.1.3.4). What is relayed is not summed up: its wrong checksum leaves wrong. */
bool dp_udp_sum_right(const struct dp *dp, const struct dp_packet *p);
/* Takes what follows the packet out of its sum, or sums up where the sender did not. */
void dp_settle_sum(struct dp_packet *p);
/* worker/sequence.c: puts sessions' packets that have to be in order into it. Of these b may become
 * more than a burst: all but the last one are taken through the other stages here. */
void dp_sequence_stage(struct dp_worker *w, struct dp_burst *b);
struct dp_sequence *dp_sequence_new(void); /* to be freed with free() */
/* Lets go what has waited too long, or all of it, or drops all of it. */
void dp_sequence_expire(struct dp_worker *w);
void dp_sequence_release(struct dp_worker *w);
void dp_sequence_drain(struct dp_worker *w);
void dp_ingress_stage(struct dp_worker *w, struct dp_burst *b);
/* worker/ingress6.c: an inner IPv6 packet. */
enum dp_drop_cause dp_ingress6_check(const struct dp *dp, struct dp_packet *p, uint16_t realm);
void dp_ingress6_mark(struct dp_packet *p, unsigned ecn);
void dp_route_stage(struct dp_worker *w, struct dp_burst *b);
/* Whether a packet, of which the route stage knows all that it asks, leads to a peer that is
 * dialled, or to a session that is not up to it yet. */
bool dp_route_waits(const struct dp *dp, const struct dp_packet *p);
/* worker/hold.c: packets for peers that are being dialled. */
struct dp_hold *dp_hold_new(void); /* to be freed with free() */
/* Keeps a packet until this peer is there. false: there is no room, it is the caller's. */
bool dp_hold_wait(struct dp_worker *w, const struct dp_packet *p, uint32_t id);
/* Now and then: drops what has waited too long, and fills out with what need not wait any longer,
 * to be routed as if it had just come. */
bool dp_hold_next(struct dp_worker *w, struct dp_burst *out);
void dp_hold_drain(struct dp_worker *w);
void dp_policy_stage(struct dp_worker *w, struct dp_burst *b);
/* worker/policy6.c: of an inner IPv6 packet. meet: clients of these groups reach each other.
 * DP_DROP_COUNT: it may pass. */
enum dp_drop_cause dp_policy6_judge(struct dp_worker *w, const struct dp_packet *p,
	const struct dp_filter_table *from, const struct dp_filter_table *to, bool meet);
void dp_relay_stage(struct dp_worker *w, struct dp_burst *b);
void dp_egress_stage(struct dp_worker *w, struct dp_burst *b);
/*
 * A finished frame, without tags, whose outer packet has more than `most` bytes, while no sender
 * can make what is in it smaller (RFC 8200 section 5) or be told to: it leaves in parts. false: it
 * was dropped, as there are no buffers for them.
 */
bool dp_egress_in_parts(struct dp_worker *w, const struct dp_packet *p, unsigned hop,
	uint64_t second, unsigned most);
/* worker/switch.c: what came by a session whose word says DP_INGRESS_SWITCHED leaves by the other;
 * takes it. */
void dp_switch(struct dp_worker *w, struct dp_packet *p);

/* worker/meter.c: DP_DROP_COUNT, or what a packet of a session, or to one, is dropped for. */
enum dp_drop_cause dp_police_in(struct dp_worker *w, const struct dp_packet *p, uint16_t group);
enum dp_drop_cause dp_police_out(struct dp_worker *w, const struct dp_packet *p);

/* worker/follow.c: later fragments and their first ones, by session. */
struct dp_follow *dp_follow_new(void); /* to be freed with free() */
/* A first fragment has been let through: the later ones may follow. */
void dp_follow_first(struct dp_worker *w, const struct dp_packet *p);
/* Whether who has sent a packet is still there, is open, and may send it from that address. */
bool dp_follow_is_sender(const struct dp *dp, const struct dp_packet *p);
/* Whether this later fragment's first one has been let through. */
bool dp_follow_seen(struct dp_worker *w, const struct dp_packet *p);
/* Keeps a later fragment until its first one comes. false: there is no room, it is the caller's. */
bool dp_follow_wait(struct dp_worker *w, const struct dp_packet *p);
/* Fills out with what need not wait any longer, to be routed as if it had just come. */
bool dp_follow_next(struct dp_worker *w, struct dp_burst *out);
/* Drops what has waited too long. */
void dp_follow_expire(struct dp_worker *w);
void dp_follow_drain(struct dp_worker *w);

/* worker/fragment.c: fragments of at most mtu bytes, each in a buffer of its own, IPv4 at its
 * start. Returns how many, at most DP_BURST; 0: it can't be, or there are no buffers. */
unsigned dp_fragment_cut(
	struct dp_worker *w, const uint8_t *ip, unsigned mtu, struct rte_mbuf **out);
/* Cuts an inner packet and sends its parts to p->to; takes the packet. */
void dp_fragment_send(struct dp_worker *w, struct dp_packet *p, unsigned mtu);

/* worker/fragment6.c: the same of an IPv6 packet, to this slot. */
unsigned dp_fragment6_cut(
	struct dp_worker *w, const uint8_t *ip, uint32_t to, unsigned mtu, struct rte_mbuf **out);
/* Cuts an answer of ours, or a part of one, and sends its parts to p->to (RFC
 * 8200 section 4.5: who sends does, no router); takes the packet. */
void dp_fragment6_send(struct dp_worker *w, struct dp_packet *p, unsigned mtu);

#endif
