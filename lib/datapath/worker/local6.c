/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inner IPv6 for the LNS itself: its own addresses, any link-local one on a session's link, on
 * which there is nobody else, and the groups that it listens to. Echo is answered here; what gives
 * a client its addresses goes to the control thread; the rest ends.
 */
#include "datapath/ends.h"
#include "datapath/table/groups.h"
#include "datapath/table/uplink.h"
#include "datapath/worker/answers.h"
#include "datapath/worker/punt.h"
#include "datapath/worker/stages.h"
#include "datapath/worker/trace.h"
#include "datapath/worker/uplink.h"
#include "wire/nd.h"

enum {
	OUR_HOPS = 64,
	DHCP_SERVER_PORT = 547,
	/* multicast listener discovery (RFC 2710, 3810) */
	MLD_QUERY = 130,
	MLD_DONE = 132,
	MLD_REPORT_2 = 143,
};

#define GO_ON DP_DROP_COUNT

/* All nodes, all routers (RFC 4291 section 2.7.1); all DHCPv6 servers and relays (RFC 8415 section
 * 7.1). */
static const uint8_t all_nodes[WIRE_IPV6_ADDRESS] = {0xff, 0x02, [15] = 1},
		     all_routers[WIRE_IPV6_ADDRESS] = {0xff, 0x02, [15] = 2},
		     all_servers[WIRE_IPV6_ADDRESS] = {0xff, 0x02, [13] = 1, [15] = 2};

/* Whether what is said to many is said to us. */
static bool
we_listen(const uint8_t *target)
{
	return !wire_ipv6_multicast(target) || wire_ipv6_equal(target, all_nodes) ||
	       wire_ipv6_equal(target, all_routers) || wire_ipv6_equal(target, all_servers);
}

/* A whole message whose checksum is right. */
static bool
is_right(const struct dp_packet *p, const struct wire_upper *upper)
{
	const uint8_t *ip = p->inner, *message = ip + upper->at;
	size_t len = p->len - upper->at;

	if (upper->later || upper->more)
		return false;
	if (upper->protocol == WIRE_UDP)
		return len >= WIRE_UDP_HEADER && wire_udp_length(message) == len &&
		       wire_udp_sum_right6(message, ip + WIRE_IPV6_SOURCE, ip + WIRE_IPV6_TARGET);
	return len >= WIRE_ICMP_HEADER &&
	       wire_icmpv6_sum_right(message, len, ip + WIRE_IPV6_SOURCE, ip + WIRE_IPV6_TARGET);
}

/* What gives a client its addresses, at a rate of its own: it takes nothing of what keeps the
 * session. malformed: what is dropped. */
static void
punt(struct dp_worker *w, struct dp_packet *p, const struct wire_upper *upper,
	enum dp_drop_cause malformed)
{
	if (!dp_slot_is_session(w->dp, p->slot))
		dp_drop(w, p, DP_DROP_ROUTE_LNS);
	else if (!cv_limit_take(&w->limits[p->slot].addresses, w->now_ms, DP_ADDRESS_COST_MS,
			 DP_ADDRESS_MOST_MS))
		dp_drop(w, p, DP_DROP_ROUTE_ADDRESS_LIMIT);
	else if (!is_right(p, upper))
		dp_drop(w, p, malformed);
	else
		dp_punt_ppp(w, p, DP_EDGE_ROUTE_PUNT_ADDRESS);
}

/* ---- echo ---- */

/* What becomes of an echo request; DP_DROP_COUNT: it is answered. Only a fragment header may stand
 * before it, or the answer could not have the same form. */
static enum dp_drop_cause
may_echo(struct dp_worker *w, struct dp_packet *p, const struct wire_upper *upper)
{
	const uint8_t *source = p->inner + WIRE_IPV6_SOURCE;
	bool parted = upper->later || upper->more;
	size_t before = WIRE_IPV6 + (upper->fragment ? WIRE_FRAGMENT_HEADER : 0u);

	if (upper->at != before || wire_ipv6_unspecified(source) ||
		!dp_uplink_answer(w, p, dp_ip6(source)))
		return DP_DROP_ROUTE_LNS;
	/* its checksum has another address in it than the answer's: it must be made anew */
	if (parted && wire_ipv6_multicast(p->inner + WIRE_IPV6_TARGET))
		return DP_DROP_ROUTE_LNS;
	if (!dp_udp_sum_right(w->dp, p))
		return DP_DROP_INGRESS_UDP_CHECKSUM;
	if (!parted && !is_right(p, upper))
		return DP_DROP_ROUTE_LNS;
	if (upper->later && !dp_follow_seen(w, p))
		return DP_DROP_POLICY_FRAGMENT;
	if (!cv_limit_take(&w->limits[p->slot].echoes, w->now_ms, DP_ECHO_COST_MS, DP_ECHO_MOST_MS))
		return DP_DROP_ROUTE_ECHO_LIMIT;
	return GO_ON;
}

/* Turns a request, or a part of one, into its answer or the same part of that. A sum over parts is
 * not verified: as they go back, a wrong one stays wrong. */
static void
turn(const struct dp *dp, struct dp_packet *p, const struct wire_upper *upper)
{
	uint8_t *ip = p->inner, *icmp = ip + upper->at;
	uint8_t us[WIRE_IPV6_ADDRESS];

	if (wire_ipv6_multicast(ip + WIRE_IPV6_TARGET))
		dp_lns_link_local(dp, p->slot, us);
	else
		memcpy(us, ip + WIRE_IPV6_TARGET, WIRE_IPV6_ADDRESS);
	/* its DSCP, as it is for IPv4; no ECN, no flow label */
	wire_put32(ip, UINT32_C(6) << 28 | (uint32_t)(wire_ipv6_class(ip) & 0xfc) << 20);
	ip[WIRE_IPV6_HOPS] = OUR_HOPS;
	memcpy(ip + WIRE_IPV6_TARGET, ip + WIRE_IPV6_SOURCE, WIRE_IPV6_ADDRESS);
	memcpy(ip + WIRE_IPV6_SOURCE, us, WIRE_IPV6_ADDRESS);
	if (upper->later)
		return;
	icmp[0] = WIRE_ICMPV6_ECHO_REPLY;
	if (upper->more)
		wire_checksum_replace(
			icmp + WIRE_ICMP_SUM, WIRE_ICMPV6_ECHO, WIRE_ICMPV6_ECHO_REPLY);
	else
		wire_icmpv6_finish(icmp, p->len - upper->at, us, ip + WIRE_IPV6_TARGET);
}

/* true: the answer is to be sent. */
static bool
echo(struct dp_worker *w, struct dp_packet *p, const struct wire_upper *upper)
{
	enum dp_drop_cause cause = may_echo(w, p, upper);
	unsigned mtu = __atomic_load_n(&w->dp->egress[p->slot].mtu, __ATOMIC_RELAXED);

	if (cause == DP_DROP_POLICY_FRAGMENT && dp_follow_wait(w, p))
		return false;
	if (cause != GO_ON) {
		dp_drop(w, p, cause);
		return false;
	}
	if (upper->more && !upper->later)
		dp_follow_first(w, p);
	turn(w->dp, p, upper);
	w->counts.edges[DP_EDGE_ROUTE_ECHO]++;
	if (unlikely(p->trace != 0))
		dp_trace_edge(w, p, DP_EDGE_ROUTE_ECHO);
	if (p->len > mtu) {
		dp_fragment6_send(w, p, mtu);
		return false;
	}
	p->inner_sum = wire_fold(wire_sum(p->inner, p->len));
	return true;
}

/* ---- neighbours ---- */

/* Whether it is an address of ours on the session's link. */
static bool
is_ours(const struct dp *dp, const struct dp_packet *p, const uint8_t *about)
{
	const struct dp_group_table *group = dp_group_of(dp, p->group);
	uint8_t us[WIRE_IPV6_ADDRESS];

	dp_lns_link_local(dp, p->slot, us);
	return wire_ipv6_equal(about, us) ||
	       (group != NULL && group->told.lns6.family == CV_IPV6 &&
		       wire_ipv6_equal(about, group->told.lns6.bytes));
}

/* A link with two ends needs no address resolution, but a client may look whether its router is
 * still there (RFC 4861 section 7.3). There are no link-layer addresses. true: the answer is to be
 * sent. */
static bool
advertise(struct dp_worker *w, struct dp_packet *p)
{
	uint8_t packet[WIRE_ND_PACKET];
	struct wire_nd nd;

	if (!dp_slot_is_session(w->dp, p->slot) || !wire_nd_read(p->inner, p->len, &nd) ||
		nd.type != WIRE_ND_SOLICIT || !is_ours(w->dp, p, nd.about)) {
		dp_drop(w, p, DP_DROP_ROUTE_ND);
		return false;
	}
	if (!cv_limit_take(
		    &w->limits[p->slot].echoes, w->now_ms, DP_ECHO_COST_MS, DP_ECHO_MOST_MS)) {
		dp_drop(w, p, DP_DROP_ROUTE_ECHO_LIMIT);
		return false;
	}
	p->len = (uint16_t)wire_nd_write_advert(packet, &nd, NULL, WIRE_ND_ROUTER);
	memcpy(p->inner, packet, p->len);
	p->inner_sum = wire_fold(wire_sum(p->inner, p->len));
	p->to = p->slot;
	w->counts.edges[DP_EDGE_ROUTE_ADVERT]++;
	if (unlikely(p->trace != 0))
		dp_trace_edge(w, p, DP_EDGE_ROUTE_ADVERT);
	return true;
}

/* ---- by what it is ---- */

static enum dp_drop_cause
icmp_cause(uint8_t type, const uint8_t *target)
{
	if ((type >= MLD_QUERY && type <= MLD_DONE) || type == MLD_REPORT_2)
		return DP_DROP_ROUTE_MLD;
	if (type >= WIRE_ND_ROUTER_SOLICIT && type <= WIRE_ND_REDIRECT)
		return DP_DROP_ROUTE_ND;
	return we_listen(target) ? DP_DROP_ROUTE_LNS : DP_DROP_ROUTE_MULTICAST;
}

/* RFC 4861 section 6.1.1, but for the link-layer option, which such a link has no use for. */
static bool
is_solicitation(const struct dp_packet *p, const struct wire_upper *upper, const uint8_t *icmp)
{
	return icmp[0] == WIRE_ND_ROUTER_SOLICIT && icmp[WIRE_ICMP_CODE] == 0 &&
	       p->inner[WIRE_IPV6_HOPS] == WIRE_ND_HOPS && upper->at == WIRE_IPV6;
}

bool
dp_local6(struct dp_worker *w, struct dp_packet *p)
{
	const uint8_t *target = p->inner + WIRE_IPV6_TARGET, *at;
	enum dp_drop_cause cause = we_listen(target) ? DP_DROP_ROUTE_LNS : DP_DROP_ROUTE_MULTICAST;
	struct wire_upper upper;

	if (!wire_ipv6_upper(p->inner, p->len, &upper))
		upper.protocol = WIRE_NOTHING; /* ingress has seen to it */
	at = p->inner + upper.at;
	if (upper.protocol == WIRE_ICMPV6 && upper.later && cause == DP_DROP_ROUTE_LNS)
		return echo(w, p, &upper);
	if (upper.protocol == WIRE_ICMPV6 && !upper.later &&
		p->len >= upper.at + WIRE_ICMP_HEADER) {
		if (at[0] == WIRE_ICMPV6_ECHO && at[WIRE_ICMP_CODE] == 0 &&
			cause == DP_DROP_ROUTE_LNS)
			return echo(w, p, &upper);
		if (at[0] == WIRE_ND_SOLICIT)
			return advertise(w, p);
		cause = icmp_cause(at[0], target);
		if (is_solicitation(p, &upper, at)) {
			punt(w, p, &upper, cause);
			return false;
		}
	}
	if (upper.protocol == WIRE_UDP && cause == DP_DROP_ROUTE_LNS && !upper.later &&
		p->len >= upper.at + WIRE_UDP_HEADER &&
		wire_get16(at + WIRE_UDP_TARGET) == DHCP_SERVER_PORT) {
		punt(w, p, &upper, cause);
		return false;
	}
	dp_drop(w, p, cause);
	return false;
}
