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
	DP_HEADERS = 44,        /* room for finished outgoing headers over IPv4 */
	DP_HEADERS_COPIED = 48, /* so much of the line is copied: what is in front of them lands
				 * where Ethernet is written */
	DP_HEADERS6 = 64,       /* the same over IPv6 */
};

/*
 * What a session is, in the one word by which it is found: who it is (DP_INGRESS_KEY), what it is
 * open for, and what of it the fast way does not know. It is written last, with release, when the
 * session appears, and first when it goes; then the line changes only after all workers were
 * quiescent. The bits above the key may change under traffic.
 */
#define DP_INGRESS_INSTALLED (UINT64_C(1) << 63)
#define DP_INGRESS_OPEN4 (UINT64_C(1) << 62) /* IPCP is open */
#define DP_INGRESS_OPEN6 (UINT64_C(1) << 61) /* IPV6CP is */
#define DP_INGRESS_PEER6 (UINT64_C(1) << 60) /* its peer is reached over IPv6 */
/* A bit a feature that the fast way does not know. */
#define DP_INGRESS_SEQUENCED (UINT64_C(1) << 48) /* what arrives has Ns, whose order counts */
#define DP_INGRESS_SWITCHED (UINT64_C(1) << 49)  /* what arrives leaves by another session */
#define DP_INGRESS_RARE (UINT64_C(0xfff) << 48)
#define DP_INGRESS_METER (UINT64_C(1) << 59) /* what it sends has a rate */
#define DP_INGRESS_TRACE (UINT64_C(1) << 58) /* its packets are traced */
#define DP_INGRESS_KEY (DP_INGRESS_INSTALLED | UINT64_C(0xffffffffffff))

/* Packets of one direction. */
struct dp_counted {
	uint64_t packets, bytes; /* bytes of IP */
};

/* What came to the worker that a session's first packet came to, which alone writes it as long as
 * the session is: the one thing in the session's line that workers change (worker/count.h). */
struct dp_received {
	struct dp_counted count;
	uint8_t owner; /* its index + 1; 0: no packet came */
};

/* What an arriving data packet is checked against. */
struct dp_ingress {
	uint64_t word;
	uint8_t peer_ip[12]; /* of an IPv6 peer; IPv4: ::ffff:0:0/96 */
	uint32_t peer_ip4;   /* or the last four bytes */
	uint16_t peer_port;
	uint16_t header_sum;    /* folded: of what stands before the inner packet in what the peer
				 * sends, but for lengths, L2TP's flags and PPP */
	uint16_t group, filter; /* may change under traffic */
	union {
		uint32_t inner_ip;
		uint32_t other; /* DP_INGRESS_SWITCHED: the route word of the session that it
				 * leaves by, or DP_ROUTE_DISCARD. May change under traffic */
	};
	uint16_t realm;
	uint16_t class;
	struct dp_received received;
} __attribute__((aligned(DP_LINE)));

_Static_assert(sizeof(struct dp_ingress) == DP_LINE, "one line");
_Static_assert(__builtin_offsetof(struct dp_ingress, peer_ip4) == 20, "an address of 16 bytes");

/* What an inner IPv6 packet is checked against beside that, by the same slot; networks in host
 * order. Touched only where a session has IPv6. */
struct dp_inner6 {
	uint64_t link;           /* its /64 */
	uint64_t delegated;      /* what it was delegated, */
	uint8_t bits;            /* and of how many bits; 0: nothing */
	uint8_t interface_id[8]; /* ours on its link, as it was told */
	uint16_t class;          /* of the link, as that of inner_ip; may change under traffic */
} __attribute__((aligned(32)));

/* Never 0. */
static inline uint64_t
dp_ingress_key(uint16_t service, uint16_t tunnel_id, uint16_t session_id)
{
	return DP_INGRESS_INSTALLED | (uint64_t)service << 32 | (uint32_t)tunnel_id << 16 |
	       session_id;
}

static inline uint16_t
dp_key_service(uint64_t key)
{
	return (uint16_t)(key >> 32);
}

static inline uint16_t
dp_key_tunnel(uint64_t key)
{
	return (uint16_t)(key >> 16);
}

enum {
	DP_EGRESS_ODD = 1,      /* L2TP and PPP headers, where both are finished, have an odd
				 * length */
	DP_EGRESS_LENGTH = 2,   /* L2TP has a Length field */
	DP_EGRESS_SEQUENCE = 4, /* L2TP has Ns and Nr */
	DP_EGRESS_HELD =
		8, /* it may not be reachable (yet): dp_rare.after; changes under traffic */
	DP_EGRESS_IPV6 = 16,  /* its headers are in dp_egress6, hdr_len of them */
	DP_EGRESS_METER = 32, /* what is sent to it has a rate; changes under traffic */
	DP_EGRESS_TRACE = 64, /* packets to it are traced; changes under traffic */
	DP_EGRESS_PLAIN =
		128, /* an uplink: hdr_len is 0, and a next hop that is not up is asked for */
	/* what the fast way does not know */
	DP_EGRESS_RARE = DP_EGRESS_SEQUENCE | DP_EGRESS_HELD | DP_EGRESS_METER | DP_EGRESS_TRACE |
			 DP_EGRESS_PLAIN,
};

/*
 * Finished outgoing headers IPv4 + UDP + L2TP + PPP, at the end of the line so that a copy of
 * fixed size ends where the inner packet starts. What varies is 0 in them, checksums too. Reached
 * only by way of a route word or an open ingress line, so it is complete when it is seen.
 */
struct dp_egress {
	uint16_t mtu;           /* largest inner packet; may change under traffic */
	uint16_t nexthop;       /* index in the next-hop table; may change likewise */
	uint16_t group, filter; /* likewise */
	uint8_t hdr_len;        /* of IPv4 to PPP */
	uint8_t flags;          /* DP_EGRESS_ */
	uint16_t ip_sum;        /* folded sum of the IPv4 header */
	uint16_t out_sum;       /* complement of what stands before the inner packet, for UDP's
				 * checksum: dp_headers_put() */
	uint16_t class;
	uint16_t tos; /* dp_tos(); may change under traffic */
	uint16_t ids; /* its destination's place in dp_ids */
	uint8_t hdr[DP_HEADERS];
} __attribute__((aligned(DP_LINE)));

_Static_assert(sizeof(struct dp_egress) == DP_LINE, "one line");
_Static_assert(__builtin_offsetof(struct dp_egress, hdr) + DP_HEADERS == DP_LINE, "at the end");

/* Finished headers IPv6 + UDP + L2TP + PPP likewise, in a line of their own of the same slot. */
struct dp_egress6 {
	uint8_t hdr[DP_HEADERS6];
} __attribute__((aligned(DP_LINE)));

_Static_assert(sizeof(struct dp_egress6) == DP_LINE, "one line");

/* The outer type of service, or traffic class, in one word: those bits of the inner one, or others.
 * dp_tos_of() says what an inner packet gets. */
enum { DP_TOS_DSCP = 0xfc, DP_TOS_ECN = 3 };

static inline uint16_t
dp_tos(uint8_t copied, uint8_t fixed)
{
	return (uint16_t)(copied | fixed << 8);
}

static inline uint8_t
dp_tos_of(uint16_t tos, uint8_t inner)
{
	return (uint8_t)((inner & tos) | tos >> 8);
}

/* What few packets need of a session. */
struct dp_rare {
	uint32_t after; /* when it may be sent to: 0, at once; see dp_egress_waits() */
	uint16_t ns;    /* the next one, taken with an atomic addition */
	/* of what arrives, where that is sequenced (worker/sequence.c): */
	uint16_t nr;     /* the next that is expected */
	uint32_t lost;   /* that did not come, */
	uint32_t old;    /* or came again, or too late */
	uint8_t old_run; /* of them, since the last that was neither */
	uint8_t waiting; /* early ones that the worker holds */
	bool counting;   /* nr means something */
};

/* dp_rare.after: why it may not be sent to (yet), by family. SENT: until so many frames of the
 * control thread have left, which is above these bits. */
enum {
	DP_AFTER_REACH = 1,
	DP_AFTER_SENT = 2,
	DP_AFTER_REACH6 = 4,
	DP_AFTER_SENT6 = 8,
	DP_AFTER_FRAMES = 4, /* shift */
};

/* Offsets in the outgoing headers. */
enum {
	DP_HDR_IP_SUM = 10,
	DP_HDR_UDP_LEN = 24,
	DP_HDR_UDP_SUM = 26,
	DP_HDR_L2TP = 28,
	DP_HDR_L2TP6 = 48, /* over IPv6 */
};

/*
 * A next hop: the Ethernet header of what goes there, and by which port. Ours and the type never
 * change while it is used, so a neighbour moves under running sessions by one store of `first`.
 */
struct dp_nexthop {
	uint64_t first;  /* as it lies in a frame: the neighbour's MAC address, two bytes of ours */
	uint64_t second; /* four bytes of ours, the EtherType; port, how many tags stand in front of
			  * that type (dp.hop_tags); DP_NEXTHOP_UP. 0: it is not */
} __attribute__((aligned(16)));

#define DP_NEXTHOP_UP (UINT64_C(1) << 63)
#define DP_NEXTHOP_TAGS 61 /* shift of their number */

static inline unsigned
dp_nexthop_port(uint64_t second)
{
	return (unsigned)(second >> 48 & 0x1fff);
}

static inline unsigned
dp_nexthop_tag_bytes(uint64_t second)
{
	return (unsigned)(second >> DP_NEXTHOP_TAGS & 3) * 4;
}

#endif
