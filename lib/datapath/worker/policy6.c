/* SPDX-License-Identifier: BSD-3-Clause */
/* Of stage 4, what filters say of an IPv6 packet: by what stands behind its extension headers. */
#include "datapath/worker/permit.h"
#include "datapath/worker/stages.h"

static bool
permits(const struct dp_filter_table *t, uint8_t protocol)
{
	return t->verdict[protocol] == DP_PERMIT || t->verdict[protocol] == DP_PERMIT_TCP;
}

static bool
ports_permitted(const struct dp_filter_table *t, uint8_t protocol, const uint8_t *ports)
{
	return dp_has_ports(protocol) && dp_port_permitted(t, protocol, ports);
}

/* Of a quoted packet, which went the other way than its error does. */
static bool
quoted_permitted(const struct dp_filter_table *t, enum dp_direction way, const uint8_t *ip,
	const struct wire_upper *upper)
{
	const uint8_t *ports = ip + upper->at;

	switch ((enum dp_verdict)t->verdict[upper->protocol]) {
	case DP_PERMIT:
	case DP_PERMIT_TCP:
		return true;
	case DP_BY_PORT:
		return !upper->later && ports_permitted(t, upper->protocol, ports);
	case DP_BY_LIST:
		return dp_list_ask(t, way, true, ip, upper->protocol, NULL) == DP_RULES_PERMIT;
	case DP_BY_LIST_PORTS:
		return !upper->later &&
		       dp_list_ask(t, way, true, ip, upper->protocol, ports) == DP_RULES_PERMIT;
	case DP_BY_QUOTE:
	case DP_DENY:
		break;
	}
	return false;
}

/*
 * An ICMPv6 error (RFC 4443) is permitted where it goes to the sender of the packet that it quotes,
 * and that packet is permitted. Its quote may end in its extension headers: then it is not.
 */
static bool
quote_permitted(const struct dp_filter_table *t, enum dp_direction way, const struct dp_packet *p,
	const struct wire_upper *upper)
{
	const uint8_t *ip = p->inner, *icmp = ip + upper->at, *quoted = icmp + WIRE_ICMP_HEADER;
	struct wire_upper inside;
	size_t bytes;

	if (upper->protocol != WIRE_ICMPV6 || p->len < upper->at + WIRE_ICMP_HEADER + WIRE_IPV6 ||
		icmp[0] == 0 || icmp[0] > WIRE_ICMPV6_PARAMETER)
		return false;
	bytes = p->len - upper->at - WIRE_ICMP_HEADER;
	if (wire_ip_version(quoted) != 6 ||
		!wire_ipv6_equal(quoted + WIRE_IPV6_SOURCE, ip + WIRE_IPV6_TARGET) ||
		!wire_ipv6_upper_of_part(quoted, bytes, &inside) || inside.at + DP_PORTS > bytes)
		return false;
	return quoted_permitted(t, way == DP_IN ? DP_OUT : DP_IN, quoted, &inside);
}

/* By a list; ports: NULL where they do not count. */
static enum dp_drop_cause
look_list(const struct dp_filter_table *t, enum dp_direction way, const struct dp_packet *p,
	const struct wire_upper *upper, const uint8_t *ports, enum dp_drop_cause denied)
{
	switch (dp_list_ask(t, way, true, p->inner, upper->protocol, ports)) {
	case DP_RULES_PERMIT:
		return DP_DROP_COUNT;
	case DP_RULES_DENY:
		return denied;
	case DP_RULES_DENY_ALL:
	case DP_RULES_NOTHING:
		break;
	}
	return !upper->later && quote_permitted(t, way, p, upper) ? DP_DROP_COUNT : denied;
}

/* Of a later fragment it is known what protocol it says, but another extension header may be meant:
 * it goes where its first one went. */
static enum dp_drop_cause
look_later(struct dp_worker *w, const struct dp_filter_table *t, enum dp_direction way,
	const struct dp_packet *p, const struct wire_upper *upper, enum dp_drop_cause denied)
{
	uint8_t verdict = t->verdict[upper->protocol];

	if (permits(t, upper->protocol))
		return DP_DROP_COUNT;
	if (verdict == DP_BY_LIST && !wire_ipv6_is_extension(upper->protocol))
		return look_list(t, way, p, upper, NULL, denied);
	if (verdict != DP_BY_PORT && verdict != DP_BY_LIST_PORTS &&
		!wire_ipv6_is_extension(upper->protocol))
		return denied;
	return dp_follow_seen(w, p) ? DP_DROP_COUNT : DP_DROP_POLICY_FRAGMENT;
}

static enum dp_drop_cause
look(struct dp_worker *w, const struct dp_filter_table *t, enum dp_direction way,
	const struct dp_packet *p, const struct wire_upper *upper, enum dp_drop_cause denied)
{
	const uint8_t *ports = p->inner + upper->at;
	enum dp_verdict verdict = (enum dp_verdict)t->verdict[upper->protocol];

	if (upper->later)
		return look_later(w, t, way, p, upper, denied);
	switch (verdict) {
	case DP_PERMIT:
	case DP_PERMIT_TCP:
		return DP_DROP_COUNT;
	case DP_BY_PORT:
	case DP_BY_LIST_PORTS:
		if (p->len < upper->at + DP_PORTS)
			return DP_DROP_POLICY_SHORT;
		if (verdict == DP_BY_LIST_PORTS)
			return look_list(t, way, p, upper, ports, denied);
		return ports_permitted(t, upper->protocol, ports) ? DP_DROP_COUNT : denied;
	case DP_BY_LIST:
		return look_list(t, way, p, upper, NULL, denied);
	case DP_BY_QUOTE:
		return quote_permitted(t, way, p, upper) ? DP_DROP_COUNT : denied;
	case DP_DENY:
		break;
	}
	return denied;
}

bool
dp_in_gateways6(const struct dp_filter_table *t, const uint8_t *address)
{
	const struct dp_prefixes6 *set = t->gateways6;
	uint64_t halves[2];

	for (unsigned i = 0; i < set->count; i++) {
		dp_prefixes6_cut(address, set->lengths[i], halves);
		if (set->at[dp_prefixes6_place(set, halves, set->lengths[i])].tag != 0)
			return true;
	}
	return false;
}

enum dp_drop_cause
dp_policy6_judge(struct dp_worker *w, const struct dp_packet *p, const struct dp_filter_table *from,
	const struct dp_filter_table *to, bool meet)
{
	enum dp_drop_cause cause;
	struct wire_upper upper;

	if (!wire_ipv6_upper(p->inner, p->len, &upper))
		return DP_DROP_POLICY_SHORT; /* ingress has seen to it */
	cause = look(w, from, DP_IN, p, &upper, DP_DROP_POLICY_SENDER);
	if (cause == DP_DROP_COUNT && (to != from || to->listed != NULL))
		cause = look(w, to, DP_OUT, p, &upper, DP_DROP_POLICY_RECEIVER);
	if (cause != DP_DROP_COUNT)
		return cause;
	if (!meet && !dp_in_gateways6(from, p->inner + WIRE_IPV6_TARGET) &&
		!dp_in_gateways6(to, p->inner + WIRE_IPV6_SOURCE))
		return DP_DROP_POLICY_ISOLATED;
	if (upper.more && !upper.later)
		dp_follow_first(w, p);
	return DP_DROP_COUNT;
}
