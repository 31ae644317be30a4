/* SPDX-License-Identifier: BSD-3-Clause */
/* What filters and groups say of a packet, where it needs no memory of other packets: inline for
 * the fast way and the policy stage. */
#ifndef DP_PERMIT_H
#define DP_PERMIT_H

#include "datapath/worker/mss.h"

enum { DP_PORTS = 4 }; /* bytes */

static inline bool
dp_has_ports(uint8_t protocol)
{
	return protocol == WIRE_TCP || protocol == WIRE_UDP || protocol == WIRE_SCTP;
}

/* ports: DP_PORTS bytes of a protocol that has some. */
static inline bool
dp_port_permitted(const struct dp_filter_table *t, uint8_t protocol, const uint8_t *ports)
{
	uint16_t source = wire_get16(ports), target = wire_get16(ports + 2);

	for (unsigned i = 0; i < t->rule_count; i++) {
		const struct dp_rule *r = &t->rules[i];

		if (r->protocol == protocol &&
			((source >= r->port_low && source <= r->port_high) ||
				(target >= r->port_low && target <= r->port_high)))
			return true;
	}
	return false;
}

/* An IPv4 packet without options that its protocol alone permits, or its ports, which it has. What
 * opens a TCP connection is not plain, nor a first fragment, which later ones ask for. */
static inline bool
dp_permits_plain(const struct dp_filter_table *t, const uint8_t *ip, unsigned len)
{
	uint8_t protocol = ip[WIRE_IPV4_PROTOCOL], verdict = t->verdict[protocol];

	if (unlikely((wire_ipv4_fragment_be(ip) & (WIRE_IPV4_MORE_BE | WIRE_IPV4_OFFSET_BE)) ==
		     WIRE_IPV4_MORE_BE))
		return false;
	if (likely(verdict == DP_PERMIT))
		return true;
	if (protocol == WIRE_TCP && dp_tcp_opens4(ip, len))
		return false;
	if (verdict == DP_PERMIT_TCP)
		return true;
	return verdict == DP_BY_PORT && dp_has_ports(protocol) && len >= WIRE_IPV4 + DP_PORTS &&
	       (wire_ipv4_fragment_be(ip) & WIRE_IPV4_OFFSET_BE) == 0 &&
	       dp_port_permitted(t, protocol, ip + WIRE_IPV4);
}

/* Likewise of an IPv6 packet without extension headers; none of TCP is plain. */
static inline bool
dp_permits_plain6(const struct dp_filter_table *t, const uint8_t *ip, unsigned len)
{
	uint8_t protocol = ip[WIRE_IPV6_NEXT], verdict = t->verdict[protocol];

	if (likely(verdict == DP_PERMIT))
		return true;
	return verdict == DP_BY_PORT && protocol != WIRE_TCP && dp_has_ports(protocol) &&
	       len >= WIRE_IPV6 + DP_PORTS && dp_port_permitted(t, protocol, ip + WIRE_IPV6);
}

/* list.c: what a filter's list says of a packet of a client's or to him; ports: DP_PORTS bytes, or
 * NULL where none are asked for or there are none. */
enum dp_rules_say dp_list_ask(const struct dp_filter_table *t, enum dp_direction way, bool six,
	const uint8_t *ip, uint8_t protocol, const uint8_t *ports);
/* Whether it permits a packet without options or extension headers that is plain, in the ways of
 * the bits. */
bool dp_list_permits_plain(
	const struct dp_filter_table *t, unsigned ways, bool six, const uint8_t *ip, unsigned len);

/* What a filter without a list says (dp_permits_plain) is all that the common way asks. */
static inline bool
dp_filter_permits_plain(
	const struct dp_filter_table *t, unsigned ways, bool six, const uint8_t *ip, unsigned len)
{
	if (likely(six ? dp_permits_plain6(t, ip, len) : dp_permits_plain(t, ip, len)))
		return true;
	return t->listed != NULL && dp_list_permits_plain(t, ways, six, ip, len);
}

/* Whether an address, in network order, is a gateway of the filter's. */
static inline bool
dp_in_gateways(const struct dp_filter_table *t, uint32_t ip_be)
{
	uint32_t ip = wire_swap32(ip_be), low = 0, high = t->range_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (ip < t->ranges[middle].first)
			high = middle;
		else if (ip > t->ranges[middle].last)
			low = middle + 1;
		else
			return true;
	}
	return false;
}

/* Whether an IPv6 address is: one look-up for each length that its prefixes have. */
bool dp_in_gateways6(const struct dp_filter_table *t, const uint8_t *address);

/* What both groups say. */
static inline unsigned
dp_groups_both(const struct dp *dp, uint16_t from, uint16_t to)
{
	return __atomic_load_n(&dp->group_flags[from], __ATOMIC_RELAXED) &
	       __atomic_load_n(&dp->group_flags[to], __ATOMIC_RELAXED);
}

/* Whether clients of these groups reach each other, whoever they are. */
static inline bool
dp_groups_meet(const struct dp *dp, uint16_t from, uint16_t to)
{
	return (dp_groups_both(dp, from, to) & DP_GROUP_REACHABLE) != 0;
}

static inline bool
dp_reach_has(const struct dp_reach *reach, uint16_t class)
{
	unsigned n = class % DP_CLASSES;

	return reach != NULL && class - n == reach->generation &&
	       (reach->bits[n / 64] >> n % 64 & 1) != 0;
}

/* Whether addresses of this class are gateways of the filter's; false where that is not known. */
static inline bool
dp_class_reached(const struct dp_filter_table *t, uint16_t class)
{
	return dp_reach_has(__atomic_load_n(&t->reach, __ATOMIC_CONSUME), class);
}

/* Likewise of an address that is in a session's /64: of one that was delegated it is not known. */
static inline bool
dp_class6_reached(
	const struct dp_filter_table *t, const struct dp_inner6 *session, const uint8_t *address)
{
	return dp_net_of(address) == session->link &&
	       dp_reach_has(__atomic_load_n(&t->reach6, __ATOMIC_CONSUME),
		       __atomic_load_n(&session->class, __ATOMIC_RELAXED));
}

#endif
