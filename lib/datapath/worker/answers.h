/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What workers answer themselves, on the outside and in tunnels, so that it works without the
 * control thread; and what they take of ICMP about packets of ours.
 */
#ifndef DP_WORKER_ANSWERS_H
#define DP_WORKER_ANSWERS_H

#include "datapath/worker/packet.h"

/* worker/answer.c: ARP and ICMP for our outer addresses. */
void dp_answer_arp(struct dp_worker *w, unsigned lan, struct rte_mbuf *m);
void dp_answer_icmp(struct dp_worker *w, unsigned lan, struct rte_mbuf *m);
/* One station's or address's rate, where others may share its place by chance. rates: one of the
 * worker's, of DP_SOURCES. */
bool dp_within_rate(struct dp_worker *w, uint32_t *rates, uint64_t source, uint32_t cost_ms);
/* worker/nd.c: ICMPv6 for our outer addresses: a packet of `len` bytes whose headers are right, but
 * for its destination. at: where ICMP begins in it. */
void dp_answer_icmpv6(
	struct dp_worker *w, unsigned lan, struct rte_mbuf *m, unsigned at, unsigned len);

/* worker/discovery.c: whether a datagram, whose lengths are right, is for NAT discovery; and the
 * answer to it. Takes the frame. */
struct frame;
bool dp_discovery_asked(const struct dp *dp, const struct frame *f);
void dp_discovery_answer(struct dp_worker *w, const struct frame *f);

/* worker/path.c: whether an IPv4 packet, whose lengths are right, is ICMP that says too big; and
 * what it does then. Takes the frame. */
bool dp_path_is_about(const uint8_t *ip);
void dp_path_take(struct dp_worker *w, unsigned lan, struct rte_mbuf *m);
/* The same of an IPv6 packet of len bytes with ICMPv6 at `at`, whose checksum is right. */
void dp_path_take6(
	struct dp_worker *w, unsigned lan, struct rte_mbuf *m, unsigned at, unsigned len);

/* worker/options.c: well formed, and no source route, which would get around the policy. */
bool dp_options_harmless(const uint8_t *ip, unsigned header);
/* Writes us and the time into what records the way of a packet that we answer. */
void dp_options_record(uint8_t *ip, unsigned header, uint32_t us, uint32_t now_ms);

enum dp_echo {
	DP_ECHO_NONE, /* no echo request */
	DP_ECHO_CHECKSUM,
	DP_ECHO_WHOLE,
	DP_ECHO_FIRST, /* fragments */
	DP_ECHO_LATER,
};

/* What an IPv4 packet is, whose lengths are right; a later fragment of any ICMP is DP_ECHO_LATER.
 */
enum dp_echo dp_echo_kind(const uint8_t *ip);
/* Turns an echo request, or a fragment of one, into its answer or the same part of that. A sum over
 * fragments is not verified: as the parts go back, a wrong one stays wrong. */
void dp_echo_turn(uint8_t *ip, enum dp_echo kind, uint32_t now_ms);

/* worker/icmp.c: turns a packet into an answer to its sender; false: it was dropped for `cause`. */
bool dp_icmp_error(struct dp_worker *w, struct dp_packet *p, uint8_t type, uint8_t code,
	uint16_t mtu, enum dp_drop_cause cause);
bool dp_icmp_echo(struct dp_worker *w, struct dp_packet *p);

/* worker/icmp6.c: the same for an inner IPv6 packet (RFC 4443). more: the MTU, or 0. */
bool dp_icmp6_error(struct dp_worker *w, struct dp_packet *p, uint8_t type, uint8_t code,
	uint32_t more, enum dp_drop_cause cause);
/* Our link-local address on a session's link. */
void dp_lns_link_local(const struct dp *dp, uint32_t slot, uint8_t out[WIRE_IPV6_ADDRESS]);
/* worker/local6.c: what is to ourselves, or to all on a session's link. true: it is an answer now.
 */
bool dp_local6(struct dp_worker *w, struct dp_packet *p);

#endif
