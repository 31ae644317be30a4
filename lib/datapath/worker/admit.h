/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether what was parsed (plain.h) is its session's, and where it goes. For worker/fast.c alone.
 */
#ifndef DP_ADMIT_H
#define DP_ADMIT_H

#include "datapath/table/framed.h"
#include "datapath/table/sessions.h"
#include "datapath/table/uplink.h"
#include "datapath/worker/headers.h"
#include "datapath/worker/plain.h"

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

/* The source is none of the session's own, but of a network behind it, and the target not its own.
 */
static __rte_noinline bool
admit_behind(const struct dp *dp, struct plain *p)
{
	const struct dp_ingress *from = p->from;
	const uint8_t *inner = p->inner;

	p->kind |= BEHIND;
	if ((p->kind & INNER6) != 0)
		return dp_is_behind6(dp, p->slot, from->realm, inner + WIRE_IPV6_SOURCE) &&
		       !wire_ipv6_equal(inner + WIRE_IPV6_SOURCE, inner + WIRE_IPV6_TARGET);
	return wire_ipv4_target_be(inner) != from->inner_ip &&
	       wire_ipv4_target_be(inner) != wire_ipv4_source_be(inner) &&
	       dp_is_behind4(dp, p->slot, from->realm, wire_ipv4_source_be(inner));
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
	if (unlikely((wire_ipv4_source_be(inner) != from->inner_ip || target == from->inner_ip) &&
		     !admit_behind(dp, p)))
		return false;
	realm = dp_realm_of(dp, from->realm);
	if (unlikely(realm == NULL))
		return false;
	p->route = dp_realm_word(realm, target); /* NULL: find_other() */
	return true;
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
	if (dp_own_source6(dp, p->slot, target) ||
		(!dp_own_source6(dp, p->slot, inner + WIRE_IPV6_SOURCE) && !admit_behind(dp, p)))
		return false;
	if (wire_ipv6_is_extension(inner[WIRE_IPV6_NEXT]))
		return false;
	realm = dp_realm6_of(dp, from->realm);
	if (realm == NULL)
		return false;
	p->route = dp_realm6_word(realm, dp_net_of(target));
	return true;
}

/* By an uplink: its sum is made here. */
static bool
admit_uplink(const struct dp *dp, struct plain *p)
{
	const uint8_t *inner = p->inner;
	/* a header that has its own checksum adds nothing */
	unsigned sum_from = (p->kind & INNER6) != 0 ? 0 : WIRE_IPV4;
	uint16_t realm = p->from->realm, lan = dp_adjacency_of(dp, p->slot)->lan;
	const struct dp_realm_table *r = dp_realm_of(dp, realm);
	const struct dp_realm6 *r6 = dp_realm6_of(dp, realm);

	if ((p->kind & INNER6) != 0) {
		if (r6 == NULL || dp_uplink_check6(dp, lan, inner, realm) != DP_DROP_COUNT)
			return false;
		p->route = dp_realm6_word(r6, dp_net_of(inner + WIRE_IPV6_TARGET));
	} else {
		if (r == NULL || dp_uplink_check4(dp, lan, inner, realm) != DP_DROP_COUNT)
			return false;
		p->route = dp_realm_word(r, wire_ipv4_target_be(inner));
	}
	p->sum = dp_headers_sum(wire_fold(wire_sum(inner + sum_from, p->len - sum_from)), p->len);
	return true;
}

/* With some IPv6, by an uplink, or without a checksum, which is made here. */
static __rte_noinline bool
admit_other(const struct dp *dp, struct plain *p)
{
	if ((p->kind & UPLINK) != 0)
		return admit_uplink(dp, p);
	if ((p->kind & OUTER6) != 0 ? !is_peer6(p->from, p->ip) : !is_peer(p->from, p->ip))
		return false;
	if ((p->kind & INNER6) != 0 ? !admit6(dp, p) : !admit4(dp, p))
		return false;
	if ((p->kind & NO_SUM) != 0) {
		p->sum = dp_headers_sum(wire_fold(wire_sum(p->inner, p->len)), p->len);
		p->kind &= (uint8_t)~ODD; /* it was summed as at an even one */
	}
	return true;
}

/* Of a session that is joined to another one, and from its peer: from PPP's header on. kind: of p's
 * what counts here. */
static __rte_always_inline bool
admit_switched_as(struct plain *p, unsigned kind)
{
	const uint64_t open = DP_INGRESS_OPEN4 | DP_INGRESS_OPEN6;
	const struct dp_ingress *from = p->from;
	bool v6 = (kind & OUTER6) != 0;
	uint8_t *udp = p->ip + (v6 ? WIRE_IPV6 : WIRE_IPV4), *frame = udp + WIRE_UDP_HEADER;
	uint32_t sum = wire_load16(udp + WIRE_UDP_SUM) + from->header_sum;
	uint64_t word = __atomic_load_n(&from->word, __ATOMIC_ACQUIRE);

	if (unlikely(word != ((p->key & ~open) | DP_INGRESS_SWITCHED)))
		return false;
	if (unlikely(v6 ? !is_peer6(from, p->ip) : !is_peer(from, p->ip)))
		return false;
	if (wire_load16(frame) == L2TP_PLAIN_BE) {
		sum += PLAIN_SUM(L2TP_PLAIN_BE, WIRE_UDP_HEADER + 6);
		frame += 6;
	} else {
		sum += PLAIN_SUM(L2TP_WITH_LENGTH_BE + wire_load16(frame + 2), WIRE_UDP_HEADER + 8);
		frame += 8;
	}
	p->len = (uint16_t)(p->inner + p->len - frame);
	p->inner = frame;
	p->sum = (kind & NO_SUM) != 0 ? dp_headers_sum(wire_fold(wire_sum(frame, p->len)), p->len)
				      : sum;
	p->kind = (uint8_t)(SWITCHED | (kind & OUTER6));
	p->route = &from->other; /* never 0, as long as it may be read */
	return true;
}

/* Over IPv6, or without a checksum, which is made here. */
static __rte_noinline bool
admit_switched_other(struct plain *p)
{
	return admit_switched_as(p, p->kind);
}

static __rte_noinline bool
admit_switched(struct plain *p)
{
	return likely((p->kind & (OUTER6 | NO_SUM)) == 0) ? admit_switched_as(p, 0)
							  : admit_switched_other(p);
}

/* Of a session that is open for its family, and from its peer. */
static inline bool
admit(const struct dp *dp, struct plain *p)
{
	uint64_t differs = __atomic_load_n(&p->from->word, __ATOMIC_ACQUIRE) ^ p->key;

	/* but for the other family, for which it may be open beside */
	if (unlikely((differs & (p->key | ~(DP_INGRESS_OPEN4 | DP_INGRESS_OPEN6))) != 0))
		return (differs & DP_INGRESS_SWITCHED) != 0 && admit_switched(p);
	p->sum += p->from->header_sum;
	if (unlikely((p->kind & (INNER6 | OUTER6 | NO_SUM | UPLINK)) != 0))
		return admit_other(dp, p);
	return is_peer(p->from, p->ip) && admit4(dp, p);
}

/* Whether a packet is for an address that any host may have: of others the stages say what becomes
 * of them. */
static bool
is_hosts(const struct plain *p)
{
	const uint8_t *target6 = p->inner + WIRE_IPV6_TARGET;

	if ((p->kind & INNER6) == 0)
		return !wire_ipv4_martian(wire_ipv4_target_be(p->inner));
	return !wire_ipv6_multicast(target6) && !wire_ipv6_link_local(target6) &&
	       dp_net_of(target6) != 0;
}

/* What leads by an uplink, from a session to a host. */
static bool
find_uplink(const struct dp *dp, struct plain *p, uint32_t route)
{
	bool six = (p->kind & INNER6) != 0;
	struct dp_ip target =
		six ? dp_ip6(p->inner + WIRE_IPV6_TARGET) : dp_ip4(wire_ipv4_target_be(p->inner));

	if ((p->kind & UPLINK) != 0 ||
		dp_route_kind(dp_uplink_ours(dp, route, target)) == DP_ROUTE_SELF || !is_hosts(p))
		return false;
	p->to = dp_uplink_for(dp, route, target, p->inner, p->len, six);
	p->kind |= BARE;
	return p->to != DP_NO_SLOT;
}

/* Its route word leads to no session over IPv4. */
static __rte_noinline bool
find_other(const struct dp *dp, struct plain *p, uint32_t route)
{
	const struct dp_realm_table *r = dp_realm_of(dp, p->from->realm);
	const struct dp_realm6 *r6 = dp_realm6_of(dp, p->from->realm);

	/* to a shorter prefix; the realm may be gone by now */
	if (route == 0) {
		if ((p->kind & INNER6) != 0)
			route = r6 == NULL ? DP_ROUTE_NOBODY
					   : dp_route6_rest(r6, p->inner + WIRE_IPV6_TARGET);
		else
			route = r == NULL
					? DP_ROUTE_NOBODY
					: dp_route_find(r, p->route, wire_ipv4_target_be(p->inner));
	}
	if (dp_route_kind(route) == DP_ROUTE_BEHIND) {
		if (!is_hosts(p))
			return false;
		p->kind |= BEHIND;
		route = dp_behind(dp, route, (p->kind & INNER6) != 0);
	}
	if (!dp_route_is_session(route))
		return find_uplink(dp, p, route);
	p->to = route & DP_ROUTE_INDEX;
	if ((p->kind & BEHIND) != 0 && p->to == p->slot)
		return false;
	if (dp_route_kind(route) == DP_ROUTE_SESSION6)
		p->kind |= LEAVES6;
	return true;
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

#endif
