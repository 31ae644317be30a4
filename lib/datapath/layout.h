/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that workers touch for each packet. The control thread is the only writer; the order of
 * its writes is with each structure. Addresses and ports are in network order here.
 */
#ifndef DP_LAYOUT_H
#define DP_LAYOUT_H

#include <stdint.h>

#include "datapath/datapath.h"

enum {
	DP_LINE = 64,
	DP_HEADROOM_HDR = 48, /* room for finished outgoing headers */
};

enum { DP_INGRESS_OPEN = 1 }; /* dp_ingress.flags */

/*
 * What an arriving data packet is checked against. A session appears by its key, written last
 * with release, and by DP_INGRESS_OPEN likewise for what IPCP brought. It disappears by the same
 * two, and its other fields change only after all workers were quiescent.
 */
struct dp_ingress {
	uint64_t key; /* dp_ingress_key(); 0: free */
	uint32_t peer_ip;
	uint16_t peer_port;
	uint16_t gap; /* never written: address and port are compared in one read of 8 bytes */
	uint32_t inner_ip;
	uint16_t realm;
	uint16_t group, filter; /* may change under traffic */
	uint16_t flags;
	uint8_t room[34]; /* an IPv6 peer (16 bytes) and an inner prefix (8) fit here */
} __attribute__((aligned(DP_LINE)));

_Static_assert(sizeof(struct dp_ingress) == DP_LINE, "one line");

/* Never 0. */
static inline uint64_t
dp_ingress_key(uint16_t service, uint16_t tunnel_id, uint16_t session_id)
{
	return UINT64_C(1) << 63 | (uint64_t)service << 32 | (uint32_t)tunnel_id << 16 | session_id;
}

static inline uint16_t
dp_key_service(uint64_t key)
{
	return (uint16_t)(key >> 32);
}

enum {
	DP_EGRESS_ODD = 1,      /* L2TP and PPP headers have an odd length */
	DP_EGRESS_LENGTH = 2,   /* L2TP has a Length field */
	DP_EGRESS_SEQUENCE = 4, /* L2TP has Ns and Nr */
};

/*
 * Finished outgoing headers IPv4 + UDP + L2TP + PPP, at the end of the line so that a copy of
 * fixed size ends where the inner packet starts. What varies is 0 in them, and the two checksum
 * fields hold the folded sums of all that does not vary (UDP's with its pseudo header). Reached
 * only by way of the FIB or an open ingress line, so it is complete when it is seen. IPv6 outer
 * headers (60 bytes) will take a second array of lines.
 */
struct dp_egress {
	uint16_t mtu;           /* largest inner packet; may change under traffic */
	uint16_t nexthop;       /* index in the next-hop table; may change likewise */
	uint16_t group, filter; /* likewise */
	uint8_t hdr_len;        /* of IPv4 to PPP */
	uint8_t flags;
	uint16_t sequence; /* next Ns, taken with an atomic addition */
	uint32_t after;    /* 0: reachable; see dp_egress_waits() */
	uint8_t hdr[DP_HEADROOM_HDR];
} __attribute__((aligned(DP_LINE)));

_Static_assert(sizeof(struct dp_egress) == DP_LINE, "one line");
_Static_assert(
	__builtin_offsetof(struct dp_egress, hdr) + DP_HEADROOM_HDR == DP_LINE, "at the end");

/* dp_egress.after: DP_AFTER_REACH, or when so many frames of the control thread have left. */
enum { DP_AFTER_REACH = 1 };

static inline uint32_t
dp_after_frames(uint32_t frames)
{
	return frames << 2 | 2;
}

/* Offsets in the outgoing headers. */
enum {
	DP_HDR_IP_SUM = 10,
	DP_HDR_UDP_LEN = 24,
	DP_HDR_UDP_SUM = 26,
	DP_HDR_L2TP = 28,
};

/* A next hop in one word, so that a neighbour's MAC changes under running sessions: the MAC in
 * the low 48 bits as it lies in memory, the port in 8, DP_NEXTHOP_UP above. */
typedef uint64_t dp_nexthop;

#define DP_NEXTHOP_UP (UINT64_C(1) << 63)
#define DP_NEXTHOP_MAC UINT64_C(0x0000ffffffffffff)

static inline unsigned
dp_nexthop_port(dp_nexthop hop)
{
	return (unsigned)(hop >> 48 & 0xff);
}

_Static_assert(sizeof(struct dp_session_counters) == 32, "two sessions a line");

#endif
