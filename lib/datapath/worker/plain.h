/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a plain packet is, and how one is found out: parse(), and admit() and find() in admit.h, of
 * which each reads memory that the one before has asked for. They change nothing of the frame, and
 * say of what is not plain no more than that. For worker/fast.c alone.
 */
#ifndef DP_PLAIN_H
#define DP_PLAIN_H

#include "datapath/table/outside.h"
#include "datapath/table/sessions.h"
#include "datapath/worker/tags.h"
#include "datapath/worker/uplink.h"
#include "l2tp/header.h"

enum {
	L2TP_MOST = 8, /* bytes of its header, of the forms that are plain */
	PPP_MOST = 4,
	/* from UDP's header to the inner one's end: what is read before lengths of it are known */
	PLAIN_MIN = WIRE_UDP_HEADER + L2TP_MOST + PPP_MOST + WIRE_IPV4,
	/* EtherType and the beginning of IP, without options and what congestion may have marked:
	 * ECT(1) or CE */
	ETHER_IPV4_PLAIN = 0x00450008,
	ETHER_IPV4_MASK = 0x01ffffff,
	ETHER_IPV6_PLAIN = 0x0060dd86,
	ETHER_IPV6_MASK = 0x10f0ffff,
	/* the same, marked or not: what came by an uplink keeps its marks */
	ETHER_IPV4_ANY = 0x00ffffff,
	ETHER_IPV6_ANY = 0x00f0ffff,
	L2TP_PLAIN_BE = 0x0200,
	L2TP_WITH_LENGTH_BE = 0x0240,
	/* PPP's header as it lies in memory: address and control, and the first byte of two of the
	 * protocol */
	PPP_ALL_STATIONS_BE = 0x03ff,
	PPP_FULL_BE = 0x0003ff,
	PPP_FULL_IPV4_BE = 0x210003ff,
};

/* What of a packet is not as with most, which are IPv4 over IPv4. */
enum {
	ODD = 1,      /* it begins at an odd place */
	INNER6 = 2,   /* it is IPv6 */
	OUTER6 = 4,   /* it came over IPv6 */
	LEAVES6 = 8,  /* it leaves over IPv6 */
	NO_SUM = 16,  /* its datagram has no checksum */
	BARE = 32,    /* it leaves as it is, by an uplink */
	UPLINK = 64,  /* it came so: ip is inner, and nothing else is outer */
	BEHIND = 128, /* from or to a network behind a session */
	/* it goes from a session to the one that it is joined to: what is called inner is the PPP
	 * frame */
	SWITCHED = BARE | UPLINK,
	/* what it comes from, or goes to, has no class: that is of a session's own address */
	UNCLASSED = BARE | UPLINK | BEHIND,
};

/* A packet on the fast way. */
struct plain {
	struct rte_mbuf *m;
	uint8_t *ip; /* the outer packet */
	uint8_t *inner;
	const struct dp_ingress *from;
	const uint32_t *route;
	uint64_t key;
	uint32_t slot, to;
	uint32_t sum;  /* dp_headers_sum(), until admit() without the session's header_sum */
	uint16_t len;  /* of the inner packet, which ends the datagram */
	uint8_t index; /* in the burst */
	uint8_t kind;  /* ODD, INNER6, ... */
};

/* What of the datagram's checksum is not the inner packet's: 16-bit words, and twice the bytes
 * that UDP's two lengths count (dp_headers_sum). */
#define PLAIN_SUM(words, bytes) ((uint32_t)(words) + 2u * 256u * (bytes))

/* PPP's header in all its forms: where the inner packet begins, of which family it is, and what the
 * header adds to the sum. What its session must be open for; 0: it is not plain. */
static inline uint64_t
parse_ppp(struct plain *p, uint8_t *ppp, uint32_t sum)
{
	uint32_t h = wire_load32(ppp), protocol;

	p->kind = 0;
	if (likely(h == PPP_FULL_IPV4_BE)) {
		p->inner = ppp + 4;
		p->sum = sum + PLAIN_SUM(PPP_ALL_STATIONS_BE + (WIRE_PPP_IP << 8), 4);
		return DP_INGRESS_OPEN4;
	}
	if ((h & 0xffffff) == PPP_FULL_BE) {
		protocol = h >> 24;
		p->inner = ppp + 4;
		p->sum = sum + PLAIN_SUM(PPP_ALL_STATIONS_BE, 4) + (protocol << 8);
	} else if ((h & 0xff) == 0) {
		protocol = h >> 8 & 0xff;
		p->inner = ppp + 2;
		p->sum = sum + PLAIN_SUM(0, 2) + (protocol << 8);
	} else if ((h & 0xffff) == PPP_ALL_STATIONS_BE) {
		protocol = h >> 16 & 0xff;
		p->inner = ppp + 3;
		p->sum = sum + PLAIN_SUM(PPP_ALL_STATIONS_BE, 3) + protocol;
		p->kind = ODD;
	} else {
		protocol = h & 0xff;
		p->inner = ppp + 1;
		p->sum = sum + PLAIN_SUM(0, 1) + protocol;
		p->kind = ODD;
	}
	if (protocol == WIRE_PPP_IP)
		return DP_INGRESS_OPEN4;
	p->kind |= INNER6;
	return protocol == WIRE_PPP_IPV6 ? DP_INGRESS_OPEN6 : 0;
}

/* L2TP's header, with Length or without, and PPP's: which session of the service, and where its
 * packet is. sum: of what stands before. */
static inline bool
parse_l2tp(const struct dp *dp, uint16_t service, uint8_t *l2tp, unsigned len, uint32_t sum,
	struct plain *p)
{
	uint64_t words = wire_load64(l2tp), open;
	uint32_t ids;

	if (likely((uint16_t)words == L2TP_PLAIN_BE)) {
		ids = wire_swap32((uint32_t)(words >> 16));
		open = parse_ppp(p, l2tp + 6, sum + PLAIN_SUM(L2TP_PLAIN_BE, WIRE_UDP_HEADER + 6));
	} else if ((uint16_t)words == L2TP_WITH_LENGTH_BE &&
		   (uint16_t)(words >> 16) == wire_swap16((uint16_t)len)) {
		ids = wire_swap32((uint32_t)(words >> 32));
		open = parse_ppp(p, l2tp + 8,
			sum + PLAIN_SUM(L2TP_WITH_LENGTH_BE + (uint16_t)(words >> 16),
				      WIRE_UDP_HEADER + 8));
	} else {
		return false;
	}
	if (unlikely(open == 0))
		return false;
	p->len = (uint16_t)(l2tp + len - p->inner);
	p->key = dp_ingress_key(service, (uint16_t)(ids >> 16), (uint16_t)ids) | open;
	p->slot = cv_session_slot(
		dp->slot_seed, service, (uint16_t)(ids >> 16), (uint16_t)ids, dp->slot_mask);
	p->from = &dp->ingress[p->slot];
	return true;
}

/* A datagram that fills its packet, to a service of ours. payload: bytes of the
 * packet from UDP's header on, PLAIN_MIN at least, which are there. */
static inline bool
parse_udp(const struct dp *dp, const struct dp_port *port, uint8_t *udp, unsigned payload,
	int service, struct plain *p)
{
	uint16_t sum = wire_load16(udp + WIRE_UDP_SUM);

	if (unlikely(wire_udp_length(udp) != payload || service < 0))
		return false;
	if (unlikely(port->checks_rx &&
		     (p->m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_BAD))
		return false;
	if (unlikely(!parse_l2tp(dp, (uint16_t)service, udp + WIRE_UDP_HEADER,
		    payload - WIRE_UDP_HEADER, sum, p)))
		return false;
	if (unlikely(sum == 0))
		p->kind |= NO_SUM;
	return true;
}

/* The service that was asked for last in a burst: mostly the next packet's, too. */
struct asked {
	uint32_t ip; /* 0, which is nobody's: none was */
	uint16_t udp_port;
	int service;
};

static inline int
ask(const struct dp *dp, unsigned lan, struct asked *last, uint32_t ip, uint16_t udp_port)
{
	if (unlikely(ip != last->ip || udp_port != last->udp_port))
		*last = (struct asked){ip, udp_port, dp_service_find(dp, lan, ip, udp_port)};
	return last->service;
}

/* A whole IPv4 packet with all lengths right, no options, no fragment, behind so many bytes of
 * Ethernet. */
static inline bool
parse4(const struct dp *dp, const struct dp_port *port, unsigned lan, unsigned ether,
	struct asked *last, struct plain *p)
{
	uint8_t *ip = p->ip, *udp = ip + WIRE_IPV4;
	unsigned total = wire_ipv4_length(ip);

	/* UDP, and no fragment */
	if (unlikely((wire_load32(ip + WIRE_IPV4_FRAGMENT) & 0xff00ff3f) != 0x11000000))
		return false;
	if (unlikely(total + ether > p->m->data_len || total < WIRE_IPV4 + PLAIN_MIN))
		return false;
	if (unlikely(!wire_ipv4_sum_right(ip, WIRE_IPV4)))
		return false;
	return parse_udp(dp, port, udp, total - WIRE_IPV4,
		ask(dp, lan, last, wire_ipv4_target_be(ip), wire_load16(udp + WIRE_UDP_TARGET)), p);
}

/* Likewise IPv6, without extension headers. */
static __rte_noinline bool
parse6(const struct dp *dp, const struct dp_port *port, unsigned lan, unsigned ether,
	struct plain *p)
{
	uint8_t *ip = p->ip, *udp = ip + WIRE_IPV6;
	unsigned payload = wire_get16(ip + WIRE_IPV6_LENGTH);

	if (ip[WIRE_IPV6_NEXT] != WIRE_UDP || payload < PLAIN_MIN ||
		payload + WIRE_IPV6 + ether > p->m->data_len)
		return false;
	if (!parse_udp(dp, port, udp, payload,
		    dp_service_find6(dp, lan, dp_ip6(ip + WIRE_IPV6_TARGET),
			    wire_load16(udp + WIRE_UDP_TARGET)),
		    p))
		return false;
	p->key |= DP_INGRESS_PEER6;
	p->kind |= OUTER6;
	return (p->kind & NO_SUM) == 0; /* RFC 8200 section 8.1 */
}

static inline bool
has_uplink(const struct dp *dp, unsigned lan)
{
	return __atomic_load_n(&dp->lans[lan].uplink, __ATOMIC_RELAXED) != 0;
}

/* A packet that came as it is by an interface inside a realm, to none of our own addresses. The
 * frame is one to this station; type: as parse() reads it. */
static __rte_noinline bool
parse_uplink(const struct dp *dp, unsigned lan, unsigned ether, uint32_t type, struct plain *p)
{
	uint32_t slot = dp_lan_uplink(dp, lan);
	bool six = (type & ETHER_IPV6_ANY) == ETHER_IPV6_PLAIN;
	const uint8_t *ip = p->ip, *target = ip + WIRE_IPV6_TARGET;
	unsigned total = six ? (unsigned)WIRE_IPV6 + wire_get16(ip + WIRE_IPV6_LENGTH)
			     : wire_ipv4_length(ip);

	if (six ? !dp_speaks_ipv6(dp, lan) : (type & ETHER_IPV4_ANY) != ETHER_IPV4_PLAIN)
		return false;
	if (slot == 0 || total + ether > p->m->data_len ||
		total < (six ? (unsigned)WIRE_IPV6 : WIRE_IPV4))
		return false;
	/* ND has nothing to do with a realm, and other ICMP is rare */
	if (six ? wire_ipv6_is_extension(ip[WIRE_IPV6_NEXT]) || ip[WIRE_IPV6_NEXT] == WIRE_ICMPV6 ||
				wire_ipv6_multicast(target) || wire_ipv6_link_local(target) ||
				dp_is_own(dp, lan, dp_ip6(target))
		: !wire_ipv4_sum_right(ip, WIRE_IPV4) ||
				(dp_may_be_own(dp, lan, wire_ipv4_target_be(ip)) &&
					dp_is_local(dp, lan, wire_ipv4_target_be(ip))))
		return false;
	/* where its headers are going to be */
	rte_prefetch0(p->ip - DP_LINE);
	p->kind = six ? UPLINK | INNER6 : UPLINK;
	p->inner = p->ip;
	p->len = (uint16_t)total;
	p->key = 0;
	p->sum = 0;
	p->slot = slot;
	p->from = &dp->ingress[slot];
	return true;
}

/* A frame to this station with tags, of which the first is of this type. */
static __rte_noinline bool
parse_tagged(const struct dp *dp, unsigned port_index, uint8_t *ether, struct plain *p)
{
	const struct dp_port *port = &dp->ports[port_index];
	bool two = dp_is_tag(wire_load16(ether + WIRE_ETHER + 2));
	unsigned header = WIRE_ETHER + (two ? DP_TAGS_MOST : WIRE_VLAN_TAG);
	/* of ID 0 there is none */
	unsigned lan = dp_vlan_find(__atomic_load_n(&dp->vlans[port_index], __ATOMIC_CONSUME),
		wire_load16(ether + WIRE_ETHER), wire_load16(ether + WIRE_ETHER + WIRE_VLAN_TAG),
		two);
	uint32_t type = wire_load32(ether + header - 2);
	struct asked nobody = {.service = -1};

	if (lan == 0)
		return false;
	p->ip = ether + header;
	if ((type & ETHER_IPV4_MASK) == ETHER_IPV4_PLAIN &&
		parse4(dp, port, lan, header, &nobody, p))
		return true;
	if ((type & ETHER_IPV6_MASK) == ETHER_IPV6_PLAIN && dp_speaks_ipv6(dp, lan) &&
		parse6(dp, port, lan, header, p))
		return true;
	return has_uplink(dp, lan) && parse_uplink(dp, lan, header, type, p);
}

/* A frame to this station. */
static inline bool
parse(const struct dp *dp, unsigned port_index, struct rte_mbuf *m, struct asked *last,
	struct plain *p)
{
	const struct dp_port *port = &dp->ports[port_index];
	uint8_t *ether = rte_pktmbuf_mtod(m, uint8_t *);
	uint32_t type; /* and the first two bytes of IP */

	p->m = m;
	p->ip = ether + WIRE_ETHER;
	if (unlikely(m->nb_segs != 1 || wire_load64(ether) << 16 != port->mac_word ||
		     (m->ol_flags & DP_TAGS_STRIPPED) != 0))
		return false;
	type = wire_load32(ether + WIRE_ETHER_TYPE);
	if (likely((type & ETHER_IPV4_MASK) == ETHER_IPV4_PLAIN &&
		    parse4(dp, port, port_index, WIRE_ETHER, last, p)))
		return true;
	if ((type & ETHER_IPV6_MASK) == ETHER_IPV6_PLAIN && dp_speaks_ipv6(dp, port_index) &&
		parse6(dp, port, port_index, WIRE_ETHER, p))
		return true;
	if (dp_is_tag((uint16_t)type))
		return parse_tagged(dp, port_index, ether, p);
	return has_uplink(dp, port_index) && parse_uplink(dp, port_index, WIRE_ETHER, type, p);
}

#endif
