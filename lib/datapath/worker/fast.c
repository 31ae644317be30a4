/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fast way: plain packets of either family in PPP in L2TP in UDP over either family, of an open
 * session and to one, which filters permit by what stands in the packet itself. It takes a burst in
 * few passes, each of which asks for the memory that the next one reads.
 *
 * It knows no drop and no exception: what is not plain is left as it came, untouched, and the
 * stages say what becomes of it. So it is a summary of them: whatever passes here would pass there,
 * with the same bytes and counters (tests/unit/datapath/test_ways.c sends frames both ways).
 *
 * The order of a session's packets stays: where one is left to the stages, those of the burst that
 * come behind it from there are left too. Until emit() nothing has happened to a packet, so this is
 * asked there alone.
 */
#include <rte_ethdev.h>
#include <rte_prefetch.h>

#include "datapath/worker/count.h"
#include "datapath/worker/headers.h"
#include "datapath/worker/permit.h"
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
	ODD = 1,     /* it begins at an odd place */
	INNER6 = 2,  /* it is IPv6 */
	OUTER6 = 4,  /* it came over IPv6 */
	LEAVES6 = 8, /* it leaves over IPv6 */
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

/* What was left to the stages. */
struct left {
	uint64_t frames;  /* a bit each, by its index */
	uint64_t sources; /* whose they are, by their outer source, or */
	uint64_t slots;   /* by their session, where that was known: a bit of a hash */
};

/* Of an IPv6 address its last four bytes. */
static inline uint64_t
source_bit(const uint8_t *ip, bool v6)
{
	uint32_t source = wire_load32(
		ip + (v6 ? WIRE_IPV6_SOURCE + WIRE_IPV6_ADDRESS - 4 : WIRE_IPV4_SOURCE));

	return UINT64_C(1) << (source * UINT32_C(0x9e3779b1) >> 26);
}

static inline uint64_t
slot_bit(uint32_t slot)
{
	return UINT64_C(1) << (slot & 63);
}

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

/* A datagram that fills its packet, with a checksum, to a service of ours. payload: bytes of the
 * packet from UDP's header on, PLAIN_MIN at least, which are there. */
static inline bool
parse_udp(const struct dp *dp, const struct dp_port *port, uint8_t *udp, unsigned payload,
	int service, struct plain *p)
{
	uint16_t sum = wire_load16(udp + WIRE_UDP_SUM);

	if (unlikely(wire_udp_length(udp) != payload || sum == 0 || service < 0))
		return false;
	if (unlikely(port->checks_rx &&
		     (p->m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_BAD))
		return false;
	return parse_l2tp(
		dp, (uint16_t)service, udp + WIRE_UDP_HEADER, payload - WIRE_UDP_HEADER, sum, p);
}

/* The service that was asked for last in a burst: mostly the next packet's, too. */
struct asked {
	uint32_t ip; /* 0, which is nobody's: none was */
	uint16_t udp_port;
	int service;
};

static inline int
ask(const struct dp *dp, struct asked *last, uint32_t ip, uint16_t udp_port)
{
	if (unlikely(ip != last->ip || udp_port != last->udp_port))
		*last = (struct asked){ip, udp_port, dp_service_find(dp, ip, udp_port)};
	return last->service;
}

/* A whole IPv4 packet with all lengths right, no options, no fragment. */
static inline bool
parse4(const struct dp *dp, const struct dp_port *port, struct asked *last, struct plain *p)
{
	uint8_t *ip = p->ip, *udp = ip + WIRE_IPV4;
	unsigned total = wire_ipv4_length(ip);

	/* UDP, and no fragment */
	if (unlikely((wire_load32(ip + WIRE_IPV4_FRAGMENT) & 0xff00ff3f) != 0x11000000))
		return false;
	if (unlikely(total + WIRE_ETHER > p->m->data_len || total < WIRE_IPV4 + PLAIN_MIN))
		return false;
	if (unlikely(!wire_ipv4_sum_right(ip, WIRE_IPV4)))
		return false;
	return parse_udp(dp, port, udp, total - WIRE_IPV4,
		ask(dp, last, wire_ipv4_target_be(ip), wire_load16(udp + WIRE_UDP_TARGET)), p);
}

/* Likewise IPv6, without extension headers. */
static __rte_noinline bool
parse6(const struct dp *dp, const struct dp_port *port, struct plain *p)
{
	uint8_t *ip = p->ip, *udp = ip + WIRE_IPV6;
	unsigned payload = wire_get16(ip + WIRE_IPV6_LENGTH);

	if (ip[WIRE_IPV6_NEXT] != WIRE_UDP || payload < PLAIN_MIN ||
		payload + WIRE_IPV6 + WIRE_ETHER > p->m->data_len)
		return false;
	if (!parse_udp(dp, port, udp, payload,
		    dp_service_find6(
			    dp, dp_ip6(ip + WIRE_IPV6_TARGET), wire_load16(udp + WIRE_UDP_TARGET)),
		    p))
		return false;
	p->key |= DP_INGRESS_PEER6;
	p->kind |= OUTER6;
	return true;
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
	if (unlikely(m->nb_segs != 1 || wire_load64(ether) << 16 != port->mac_word))
		return false;
	type = wire_load32(ether + WIRE_ETHER_TYPE);
	if (likely((type & ETHER_IPV4_MASK) == ETHER_IPV4_PLAIN))
		return parse4(dp, port, last, p);
	return (type & ETHER_IPV6_MASK) == ETHER_IPV6_PLAIN &&
	       dp_speaks_ipv6(dp, (uint16_t)port_index) && parse6(dp, port, p);
}

/* Address and port are those of the session's peer, whose family is known to be right. */
static inline bool
is_peer(const struct dp_ingress *from, const uint8_t *ip)
{
	return wire_ipv4_source_be(ip) == from->peer_ip4 &&
	       wire_load16(ip + WIRE_IPV4) == from->peer_port;
}

static inline bool
is_peer6(const struct dp_ingress *from, const uint8_t *ip)
{
	return memcmp(ip + WIRE_IPV6_SOURCE, from->peer_ip, sizeof(from->peer_ip)) == 0 &&
	       wire_load32(ip + WIRE_IPV6_SOURCE + 12) == from->peer_ip4 &&
	       wire_load16(ip + WIRE_IPV6) == from->peer_port;
}

/* Lengths and sums right, from the session's own source, and not to itself. */
static inline bool
admit4(const struct dp *dp, struct plain *p)
{
	const struct dp_ingress *from = p->from;
	const uint8_t *inner = p->inner;
	uint32_t target = wire_ipv4_target_be(inner);
	const struct dp_realm_table *realm;

	if (unlikely(inner[0] != 0x45 || wire_ipv4_length(inner) != p->len))
		return false;
	if (unlikely(!wire_ipv4_sum_right(inner, WIRE_IPV4)))
		return false;
	if (unlikely(wire_ipv4_source_be(inner) != from->inner_ip || target == from->inner_ip))
		return false;
	realm = dp_realm_of(dp, from->realm);
	p->route = realm == NULL ? NULL : dp_realm_word(realm, target);
	return p->route != NULL;
}

/* Likewise, without extension headers. p->route: of the target's /64; NULL: that has none. */
static inline bool
admit6(const struct dp *dp, struct plain *p)
{
	const struct dp_ingress *from = p->from;
	const uint8_t *inner = p->inner, *target = inner + WIRE_IPV6_TARGET;
	const struct dp_realm6 *realm;

	if (wire_ip_version(inner) != 6 ||
		WIRE_IPV6 + wire_get16(inner + WIRE_IPV6_LENGTH) != p->len)
		return false;
	if (!dp_own_source6(dp, p->slot, inner + WIRE_IPV6_SOURCE) ||
		dp_own_source6(dp, p->slot, target))
		return false;
	if (wire_ipv6_is_extension(inner[WIRE_IPV6_NEXT]))
		return false;
	realm = dp_realm6_of(dp, from->realm);
	if (realm == NULL)
		return false;
	p->route = dp_realm6_word(realm, dp_net_of(target));
	return true;
}

/* With some IPv6. */
static __rte_noinline bool
admit_other(const struct dp *dp, struct plain *p)
{
	if ((p->kind & OUTER6) != 0 ? !is_peer6(p->from, p->ip) : !is_peer(p->from, p->ip))
		return false;
	return (p->kind & INNER6) != 0 ? admit6(dp, p) : admit4(dp, p);
}

/* Of a session that is open for its family, and from its peer. */
static inline bool
admit(const struct dp *dp, struct plain *p)
{
	uint64_t differs = __atomic_load_n(&p->from->word, __ATOMIC_ACQUIRE) ^ p->key;

	/* but for the other family, for which it may be open beside */
	if (unlikely((differs & (p->key | ~(DP_INGRESS_OPEN4 | DP_INGRESS_OPEN6))) != 0))
		return false;
	p->sum += p->from->header_sum;
	if (unlikely((p->kind & (INNER6 | OUTER6)) != 0))
		return admit_other(dp, p);
	return is_peer(p->from, p->ip) && admit4(dp, p);
}

/* Its route word leads to no session over IPv4. */
static __rte_noinline bool
find_other(const struct dp *dp, struct plain *p, uint32_t route)
{
	/* to a shorter prefix that was delegated; the realm may be gone by now */
	if ((p->kind & INNER6) != 0 && dp_route_kind(route) == DP_ROUTE_NOBODY) {
		const struct dp_realm6 *realm = dp_realm6_of(dp, p->from->realm);

		if (realm != NULL)
			route = dp_route6_rest(realm, p->inner + WIRE_IPV6_TARGET);
	}
	p->to = route & DP_ROUTE_INDEX;
	if (dp_route_kind(route) == DP_ROUTE_SESSION6)
		p->kind |= LEAVES6;
	return dp_route_is_session(route);
}

/* To another session. */
static inline bool
find(const struct dp *dp, struct plain *p)
{
	uint32_t route =
		p->route == NULL ? DP_ROUTE_NOBODY : __atomic_load_n(p->route, __ATOMIC_ACQUIRE);

	if (unlikely(dp_route_kind(route) != DP_ROUTE_SESSION))
		return find_other(dp, p, route);
	p->to = route & DP_ROUTE_INDEX;
	return true;
}

/* By what stands in it. A first fragment is not plain: later ones may ask for it. */
static inline bool
permits(const struct dp_filter_table *t, const struct plain *p, bool six)
{
	if (unlikely(t == NULL))
		return false;
	return six ? dp_permits_plain6(t, p->inner, p->len) : dp_permits_plain(t, p->inner, p->len);
}

/* Both filters and both groups permit it. */
static __rte_always_inline bool
permitted(const struct dp *dp, const struct plain *p, const struct dp_egress *e, bool six)
{
	const struct dp_ingress *in = p->from;
	uint16_t from_id = __atomic_load_n(&in->filter, __ATOMIC_RELAXED);
	uint16_t to_id = __atomic_load_n(&e->filter, __ATOMIC_RELAXED);
	const struct dp_filter_table *from = dp_filter_of(dp, from_id), *to = from;

	if (unlikely(!permits(from, p, six)))
		return false;
	if (from_id != to_id) {
		to = dp_filter_of(dp, to_id);
		if (unlikely(!permits(to, p, six)))
			return false;
	}
	if (likely(dp_groups_meet(dp, __atomic_load_n(&in->group, __ATOMIC_RELAXED),
		    __atomic_load_n(&e->group, __ATOMIC_RELAXED))))
		return true;
	/* classes are of IPv4 addresses */
	return !six && (dp_class_reached(from, __atomic_load_n(&e->class, __ATOMIC_RELAXED)) ||
			       dp_class_reached(to, __atomic_load_n(&in->class, __ATOMIC_RELAXED)));
}

static inline bool
overtakes(const struct left *left, const struct plain *p)
{
	uint64_t source = source_bit(p->ip, (p->kind & OUTER6) != 0);

	return ((left->slots & slot_bit(p->slot)) | (left->sources & source)) != 0;
}

/* Leaves, if it may and fits. kind: p's, a constant: what depends on it is written out for each. */
static __rte_always_inline bool
emit_as(struct dp_worker *w, const struct plain *p, const struct left *left, unsigned kind)
{
	const struct dp *dp = w->dp;
	const struct dp_egress *e = &dp->egress[p->to];
	const struct dp_nexthop *hop =
		&dp->nexthops[__atomic_load_n(&e->nexthop, __ATOMIC_RELAXED)];
	uint64_t second = __atomic_load_n(&hop->second, __ATOMIC_ACQUIRE);
	unsigned flags = __atomic_load_n(&e->flags, __ATOMIC_ACQUIRE), len = p->len;
	bool six = (kind & INNER6) != 0;
	uint8_t *inner = p->inner;
	uint32_t sum = p->sum;

	if (unlikely(left->frames != 0 && overtakes(left, p)))
		return false;
	if (unlikely(!permitted(dp, p, e, six)))
		return false;
	if (unlikely(len > __atomic_load_n(&e->mtu, __ATOMIC_RELAXED) ||
		     inner[six ? WIRE_IPV6_HOPS : WIRE_IPV4_TTL] <= 1))
		return false;
	if (unlikely((second & DP_NEXTHOP_UP) == 0 || (flags & DP_EGRESS_RARE) != 0))
		return false;
	dp_count_received(w, p->slot, len);
	dp_count_sent(w, p->to, len);
	if (six)
		sum += dp_hops_down_plain(inner, (kind & ODD) != 0);
	else
		dp_ttl_down(inner);
	if ((kind & LEAVES6) != 0)
		dp_headers_put6(
			w, e, &dp->egress6[p->to], p->to, inner, len, sum, (kind & ODD) != 0, six);
	else
		dp_headers_put(w, e, p->to, inner, len, sum, (kind & ODD) != 0, six);
	dp_frame_put(hop, second, p->m, inner - e->hdr_len, len + (unsigned)e->hdr_len);
	dp_tx_put(w, dp_nexthop_port(second), p->m);
	return true;
}

static __rte_noinline bool
emit_other(struct dp_worker *w, const struct plain *p, const struct left *left)
{
	return emit_as(w, p, left, p->kind);
}

static inline bool
emit(struct dp_worker *w, const struct plain *p, const struct left *left)
{
	return likely((p->kind & (ODD | INNER6 | LEAVES6)) == 0) ? emit_as(w, p, left, 0)
								 : emit_other(w, p, left);
}

/* A frame that can't be taken apart here. ARP and the like is nobody's whose order counts. */
static inline void
leave_frame(struct left *left, unsigned index, const struct rte_mbuf *m)
{
	const uint8_t *ether = rte_pktmbuf_mtod(m, const uint8_t *);
	uint16_t type;

	left->frames |= UINT64_C(1) << index;
	if (m->nb_segs > 1 && m->data_len < WIRE_ETHER + WIRE_IPV6) {
		left->sources = UINT64_MAX; /* who has sent it stands in the next buffer */
		return;
	}
	if (m->data_len < WIRE_ETHER + WIRE_IPV4)
		return;
	type = wire_ether_type_be(ether);
	if (type == WIRE_TYPE_IPV4_BE || type == WIRE_TYPE_IPV6_BE)
		left->sources |= source_bit(ether + WIRE_ETHER, type == WIRE_TYPE_IPV6_BE);
	else if (type == WIRE_TYPE_VLAN_BE)
		left->sources = UINT64_MAX; /* its headers stand elsewhere: whosever it is */
}

static inline void
leave(struct left *left, const struct plain *p)
{
	left->frames |= UINT64_C(1) << p->index;
	left->slots |= slot_bit(p->slot);
}

static unsigned
parse_pass(struct dp_worker *w, unsigned port, struct rte_mbuf **frames, unsigned n,
	struct plain *p, struct left *left)
{
	const struct dp *dp = w->dp;
	struct asked last = {.service = -1};
	unsigned plain = 0;

	for (unsigned i = 0; i < n; i++) {
		rte_prefetch0(rte_pktmbuf_mtod(frames[i], void *));
		rte_prefetch0(rte_pktmbuf_mtod_offset(frames[i], void *, DP_LINE));
	}
	for (unsigned i = 0; i < n; i++) {
		if (unlikely(!parse(dp, port, frames[i], &last, &p[plain]))) {
			leave_frame(left, i, frames[i]);
			continue;
		}
		rte_prefetch0(p[plain].from);
		if (unlikely((p[plain].kind & INNER6) != 0))
			rte_prefetch0(&dp->inner6[p[plain].slot]);
		p[plain++].index = (uint8_t)i;
	}
	return plain;
}

static unsigned
admit_pass(const struct dp *dp, struct plain *p, unsigned n, struct left *left)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		if (unlikely(!admit(dp, &p[i]))) {
			leave(left, &p[i]);
			continue;
		}
		rte_prefetch0(p[i].route);
		if (unlikely(kept != i))
			p[kept] = p[i];
		kept++;
	}
	return kept;
}

static unsigned
find_pass(struct dp_worker *w, struct plain *p, unsigned n, struct left *left)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		if (unlikely(!find(w->dp, &p[i]))) {
			leave(left, &p[i]);
			continue;
		}
		rte_prefetch0(&w->dp->egress[p[i].to]);
		if (unlikely((p[i].kind & LEAVES6) != 0))
			rte_prefetch0(&w->dp->egress6[p[i].to]);
		rte_prefetch0(&w->sent[p[i].to]);
		if (unlikely(kept != i))
			p[kept] = p[i];
		kept++;
	}
	return kept;
}

static void
count(struct dp_worker *w, unsigned relayed)
{
	static const uint8_t edges[] = {DP_EDGE_RX_CLASSIFY, DP_EDGE_CLASSIFY_INGRESS,
		DP_EDGE_INGRESS_ROUTE, DP_EDGE_ROUTE_POLICY, DP_EDGE_POLICY_RELAY,
		DP_EDGE_RELAY_EGRESS, DP_EDGE_EGRESS_TX};

	for (unsigned i = 0; i < sizeof(edges); i++)
		w->counts.edges[edges[i]] += relayed;
}

unsigned
dp_fast(struct dp_worker *w, unsigned port, struct rte_mbuf **frames, unsigned n)
{
	struct plain p[DP_BURST];
	struct left left = {0};
	unsigned plain = parse_pass(w, port, frames, n, p, &left), relayed = 0, rest = 0;

	plain = admit_pass(w->dp, p, plain, &left);
	plain = find_pass(w, p, plain, &left);
	for (unsigned i = 0; i < plain; i++) {
		if (likely(emit(w, &p[i], &left)))
			relayed++;
		else
			leave(&left, &p[i]);
	}
	count(w, relayed);
	for (uint64_t bits = left.frames; bits != 0; bits &= bits - 1)
		frames[rest++] = frames[__builtin_ctzll(bits)];
	return rest;
}
