/* SPDX-License-Identifier: BSD-3-Clause */
/* A packet on its way through the stages, and the burst that it is in: of one worker, for a round.
 */
#ifndef DP_WORKER_PACKET_H
#define DP_WORKER_PACKET_H

#include "datapath/dp.h"

/*
 * A packet of a burst. inner_sum: the folded sum from inner to the datagram's end, as at an even
 * place, so of `trailing` bytes more than the packet has until ingress takes them out. What it
 * says was the sender's word: a checksum that was wrong is wrong in it.
 */
struct dp_packet {
	struct rte_mbuf *m;
	uint8_t *inner;
	const uint8_t *udp; /* the header that it came in, until egress */
	uint32_t slot, to;
	struct dp_ip peer;
	uint16_t peer_port;
	uint16_t len; /* bytes from inner to the end of the PPP frame; from ingress on: of the
			 packet */
	uint16_t inner_sum;
	uint16_t protocol; /* of PPP */
	uint16_t group, filter;
	uint16_t realm;
	uint16_t trailing; /* bytes of the datagram behind the packet */
	uint8_t outer_tos;
	uint8_t ppp;        /* bytes of PPP's header, which are in front of inner; 0: the frame is
			     * too short for one, and begins at inner */
	uint8_t port;       /* that it came in by */
	uint16_t lan;       /* likewise */
	uint16_t ip_header; /* bytes from the outer one to UDP's */
	bool sum_known;
	bool sequenced; /* ns came with it */
	uint16_t ns;
	bool trace_to;  /* it is traced as one for the session */
	uint16_t trace; /* its number in a trace; 0: it is in none */
	uint64_t key;
};

struct dp_burst {
	uint16_t n;
	struct dp_packet packets[DP_BURST];
};

#endif
