/* SPDX-License-Identifier: BSD-3-Clause */
/* Of stage 4, what filters say of an IPv6 packet: by what stands behind its extension headers. */
#include "datapath/worker/permit.h"

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

/*
 * An ICMPv6 error (RFC 4443) is permitted where it goes to the sender of the packet that it quotes,
 * and that packet is permitted. Its quote may end in its extension headers: then it is not.
 */
static bool
quote_permitted(const struct dp_filter_table *t, const uint8_t *ip, unsigned at, unsigned len)
{
	const uint8_t *icmp = ip + at, *quoted = icmp + WIRE_ICMP_HEADER;
	struct wire_upper upper;
	size_t bytes;

	if (len < at + WIRE_ICMP_HEADER + WIRE_IPV6 || icmp[0] == 0 ||
		icmp[0] > WIRE_ICMPV6_PARAMETER)
		return false;
	bytes = len - at - WIRE_ICMP_HEADER;
	if (wire_ip_version(quoted) != 6 ||
		!wire_ipv6_equal(quoted + WIRE_IPV6_SOURCE, ip + WIRE_IPV6_TARGET) ||
		!wire_ipv6_upper_of_part(quoted, bytes, &upper) || upper.at + DP_PORTS > bytes)
		return false;
	if (permits(t, upper.protocol))
		return true;
	return t->verdict[upper.protocol] == DP_BY_PORT && !upper.later &&
	       ports_permitted(t, upper.protocol, quoted + upper.at);
}

/* Of a later fragment it is known what protocol it says, but another extension header may be meant:
 * it goes where its first one went. */
static enum dp_drop_cause
look_later(struct dp_worker *w, const struct dp_filter_table *t, const struct dp_packet *p,
	uint8_t protocol, enum dp_drop_cause denied)
{
	if (permits(t, protocol))
		return DP_DROP_COUNT;
	if (t->verdict[protocol] != DP_BY_PORT && !wire_ipv6_is_extension(protocol))
		return denied;
	return dp_follow_seen(w, p) ? DP_DROP_COUNT : DP_DROP_POLICY_FRAGMENT;
}

static enum dp_drop_cause
look(struct dp_worker *w, const struct dp_filter_table *t, const struct dp_packet *p,
	const struct wire_upper *upper, enum dp_drop_cause denied)
{
	if (upper->later)
		return look_later(w, t, p, upper->protocol, denied);
	switch ((enum dp_verdict)t->verdict[upper->protocol]) {
	case DP_PERMIT:
	case DP_PERMIT_TCP:
		return DP_DROP_COUNT;
	case DP_BY_PORT:
		if (p->len < upper->at + DP_PORTS)
			return DP_DROP_POLICY_SHORT;
		return ports_permitted(t, upper->protocol, p->inner + upper->at) ? DP_DROP_COUNT
										 : denied;
	case DP_BY_QUOTE:
		return upper->protocol == WIRE_ICMPV6 &&
				       quote_permitted(t, p->inner, (unsigned)upper->at, p->len)
			       ? DP_DROP_COUNT
			       : denied;
	case DP_DENY:
		break;
	}
	return denied;
}

static bool
has(const struct dp_prefixes6 *set, const uint8_t *address)
{
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
	cause = look(w, from, p, &upper, DP_DROP_POLICY_SENDER);
	if (cause == DP_DROP_COUNT && to != from)
		cause = look(w, to, p, &upper, DP_DROP_POLICY_RECEIVER);
	if (cause != DP_DROP_COUNT)
		return cause;
	if (!meet && !has(from->gateways6, p->inner + WIRE_IPV6_TARGET) &&
		!has(to->gateways6, p->inner + WIRE_IPV6_SOURCE))
		return DP_DROP_POLICY_ISOLATED;
	if (upper.more && !upper.later)
		dp_follow_first(w, p);
	return DP_DROP_COUNT;
}
