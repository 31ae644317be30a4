/* SPDX-License-Identifier: BSD-3-Clause */
/* Stage 4: what the filters and groups of sender and receiver say. */
#include <rte_byteorder.h>

#include "datapath/ends.h"
#include "datapath/table/groups.h"
#include "datapath/worker/answers.h"
#include "datapath/worker/permit.h"
#include "datapath/worker/stages.h"
#include "datapath/worker/trace.h"

/* Of a quoted packet, which went the other way than its error does. */
static bool
quoted_permitted(const struct dp_filter_table *t, enum dp_direction way, const uint8_t *ip)
{
	uint8_t protocol = ip[WIRE_IPV4_PROTOCOL];
	const uint8_t *ports = ip + wire_ipv4_header(ip);
	bool later = (wire_ipv4_fragment_be(ip) & WIRE_IPV4_OFFSET_BE) != 0;

	switch ((enum dp_verdict)t->verdict[protocol]) {
	case DP_PERMIT:
	case DP_PERMIT_TCP:
		return true;
	case DP_BY_PORT:
		return !later && dp_port_permitted(t, protocol, ports);
	case DP_BY_LIST:
		return dp_list_ask(t, way, false, ip, protocol, NULL) == DP_RULES_PERMIT;
	case DP_BY_LIST_PORTS:
		return !later && dp_list_ask(t, way, false, ip, protocol, ports) == DP_RULES_PERMIT;
	case DP_BY_QUOTE:
	case DP_DENY:
		break;
	}
	return false;
}

/*
 * An ICMP error (RFC 792) is permitted where it goes to the sender of the packet
 * that it quotes, and that packet is permitted.
 */
static bool
quote_permitted(
	const struct dp_filter_table *t, enum dp_direction way, const uint8_t *ip, unsigned len)
{
	unsigned header = wire_ipv4_header(ip);
	const uint8_t *icmp = ip + header, *quoted = icmp + WIRE_ICMP_HEADER;
	unsigned quoted_header;

	if (ip[WIRE_IPV4_PROTOCOL] != WIRE_ICMP ||
		(wire_ipv4_fragment_be(ip) & WIRE_IPV4_OFFSET_BE) != 0 ||
		len < header + WIRE_ICMP_HEADER + WIRE_IPV4 + DP_PORTS)
		return false;
	quoted_header = wire_ipv4_header(quoted);
	if ((icmp[0] != WIRE_ICMP_UNREACHABLE && icmp[0] != WIRE_ICMP_TIME_EXCEEDED &&
		    icmp[0] != WIRE_ICMP_PARAMETER) ||
		wire_ip_version(quoted) != 4 || quoted_header < WIRE_IPV4 ||
		len < header + WIRE_ICMP_HEADER + quoted_header + DP_PORTS)
		return false;
	if (wire_ipv4_source_be(quoted) != wire_ipv4_target_be(ip))
		return false;
	return quoted_permitted(t, way == DP_IN ? DP_OUT : DP_IN, quoted);
}

/* By a list; ports: NULL where they do not count. */
static enum dp_drop_cause
look_list(const struct dp_filter_table *t, enum dp_direction way, const struct dp_packet *p,
	const uint8_t *ports, enum dp_drop_cause denied)
{
	const uint8_t *ip = p->inner;

	switch (dp_list_ask(t, way, false, ip, ip[WIRE_IPV4_PROTOCOL], ports)) {
	case DP_RULES_PERMIT:
		return DP_DROP_COUNT;
	case DP_RULES_DENY:
		return denied;
	case DP_RULES_DENY_ALL:
	case DP_RULES_NOTHING:
		break;
	}
	return quote_permitted(t, way, ip, p->len) ? DP_DROP_COUNT : denied;
}

/* DP_DROP_COUNT: permitted; else `denied` or POLICY_SHORT. */
static enum dp_drop_cause
look(struct dp_worker *w, const struct dp_filter_table *t, enum dp_direction way,
	const struct dp_packet *p, enum dp_drop_cause denied)
{
	const uint8_t *ip = p->inner;
	unsigned header = wire_ipv4_header(ip);
	uint8_t protocol = ip[WIRE_IPV4_PROTOCOL];
	enum dp_verdict verdict = (enum dp_verdict)t->verdict[protocol];

	switch (verdict) {
	case DP_PERMIT:
	case DP_PERMIT_TCP:
		return DP_DROP_COUNT;
	case DP_BY_PORT:
	case DP_BY_LIST_PORTS:
		if ((wire_ipv4_fragment_be(ip) & WIRE_IPV4_OFFSET_BE) != 0)
			return dp_follow_seen(w, p) ? DP_DROP_COUNT : DP_DROP_POLICY_FRAGMENT;
		if (p->len < header + DP_PORTS)
			return DP_DROP_POLICY_SHORT;
		if (verdict == DP_BY_LIST_PORTS)
			return look_list(t, way, p, ip + header, denied);
		return dp_has_ports(protocol) && dp_port_permitted(t, protocol, ip + header)
			       ? DP_DROP_COUNT
			       : denied;
	case DP_BY_LIST:
		return look_list(t, way, p, NULL, denied);
	case DP_BY_QUOTE:
		return quote_permitted(t, way, ip, p->len) ? DP_DROP_COUNT : denied;
	case DP_DENY:
		break;
	}
	return denied;
}

static enum dp_drop_cause
judge(struct dp_worker *w, const struct dp_packet *p)
{
	const struct dp *dp = w->dp;
	const struct dp_egress *e = &dp->egress[p->to];
	const struct dp_filter_table *from = dp_filter_of(dp, p->filter);
	const struct dp_filter_table *to =
		dp_filter_of(dp, __atomic_load_n(&e->filter, __ATOMIC_RELAXED));
	uint16_t to_id = __atomic_load_n(&e->group, __ATOMIC_RELAXED);
	enum dp_drop_cause cause;

	if (unlikely(from == NULL || to == NULL))
		return DP_DROP_POLICY_NO_FILTER;
	if (unlikely(dp_group_of(dp, p->group) == NULL || dp_group_of(dp, to_id) == NULL))
		return DP_DROP_POLICY_NO_GROUP;
	if (p->protocol == WIRE_PPP_IPV6)
		return dp_policy6_judge(w, p, from, to, dp_groups_meet(dp, p->group, to_id));
	cause = look(w, from, DP_IN, p, DP_DROP_POLICY_SENDER);
	if (cause == DP_DROP_COUNT && (to != from || to->listed != NULL))
		cause = look(w, to, DP_OUT, p, DP_DROP_POLICY_RECEIVER);
	if (cause != DP_DROP_COUNT)
		return cause;
	if (!dp_groups_meet(dp, p->group, to_id) &&
		!dp_in_gateways(from, wire_ipv4_target_be(p->inner)) &&
		!dp_in_gateways(to, wire_ipv4_source_be(p->inner)))
		return DP_DROP_POLICY_ISOLATED;
	if ((wire_ipv4_fragment_be(p->inner) & (WIRE_IPV4_OFFSET_BE | WIRE_IPV4_MORE_BE)) ==
		WIRE_IPV4_MORE_BE)
		dp_follow_first(w, p);
	return DP_DROP_COUNT;
}

/* Drops what is not permitted, and tells its sender where his group wants it (RFC 1812 section
 * 5.2.7.1, RFC 4443 section 3.1). It counts as dropped either way. false: there is no answer. */
static bool
refuse(struct dp_worker *w, struct dp_packet *p, enum dp_drop_cause cause)
{
	const struct dp_group_table *group = dp_group_of(w->dp, p->group);

	if (group == NULL || group->refuse_silently || cause == DP_DROP_POLICY_SHORT ||
		cause == DP_DROP_POLICY_FRAGMENT) {
		dp_drop(w, p, cause);
		return false;
	}
	if (p->protocol == WIRE_PPP_IPV6) {
		if (!dp_icmp6_error(
			    w, p, WIRE_ICMPV6_UNREACHABLE, WIRE_ICMPV6_PROHIBITED, 0, cause))
			return false;
	} else if (!dp_icmp_error(w, p, WIRE_ICMP_UNREACHABLE, WIRE_ICMP_PROHIBITED, 0, cause)) {
		return false;
	}
	dp_drop_answered(w, p, cause);
	w->counts.edges[DP_EDGE_POLICY_PROHIBITED]++;
	return true;
}

void
dp_policy_stage(struct dp_worker *w, struct dp_burst *b)
{
	struct dp_burst answers;
	uint16_t kept = 0;

	answers.n = 0;
	for (uint16_t i = 0; i < b->n; i++) {
		enum dp_drop_cause cause;

		if (unlikely((__atomic_load_n(
				      &w->dp->egress[b->packets[i].to].flags, __ATOMIC_RELAXED) &
				     DP_EGRESS_TRACE) != 0))
			dp_trace_begin(w, &b->packets[i], true);
		cause = judge(w, &b->packets[i]);

		if (likely(cause == DP_DROP_COUNT)) {
			if (kept != i)
				b->packets[kept] = b->packets[i];
			kept++;
		} else if (cause == DP_DROP_POLICY_FRAGMENT && dp_follow_wait(w, &b->packets[i])) {
			continue;
		} else if (refuse(w, &b->packets[i], cause)) {
			answers.packets[answers.n++] = b->packets[i];
		}
	}
	b->n = kept;
	w->counts.edges[DP_EDGE_POLICY_RELAY] += kept;
	if (answers.n != 0)
		dp_egress_stage(w, &answers);
	/* exits: RELAY; PROHIBITED; WAIT; drops POLICY_NO_FILTER, POLICY_NO_GROUP, POLICY_SENDER,
	 * POLICY_RECEIVER, POLICY_ISOLATED, POLICY_SHORT, POLICY_FRAGMENT */
}
