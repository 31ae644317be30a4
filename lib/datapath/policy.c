/* SPDX-License-Identifier: BSD-3-Clause */
/* Policies: made by the control thread, asked by the policy stage. */
#include <stdlib.h>

#include <rte_byteorder.h>

#include "datapath/internal.h"

enum {
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ESP = 50,
	PROTO_AH = 51,
	PROTO_SCTP = 132,
	PORT_IKE = 500,
	PORT_IKE_NAT = 4500,
	FRAG_MORE_BE = 0x0020, /* as the CPU loads the field */
	FRAG_OFFSET_BE = 0xff1f,
	ICMP_HEADER = 8,
	PORTS = 4,
};

static bool
has_ports(uint8_t protocol)
{
	return protocol == PROTO_TCP || protocol == PROTO_UDP || protocol == PROTO_SCTP;
}

static void
add_rule(struct dp_policy_table *t, struct dp_rule rule)
{
	if (rule.port_low == 0 && rule.port_high == 0) {
		t->verdict[rule.protocol] = DP_PERMIT;
		return;
	}
	if (t->verdict[rule.protocol] == DP_DENY)
		t->verdict[rule.protocol] = DP_BY_PORT;
	t->rules[t->rule_count++] = rule;
}

static void
fill(struct dp_policy_table *t, const struct dp_policy *policy)
{
	static const struct dp_rule ipsec[] = {
		{.protocol = PROTO_ESP},
		{.protocol = PROTO_AH},
		{PROTO_UDP, PORT_IKE, PORT_IKE},
		{PROTO_UDP, PORT_IKE_NAT, PORT_IKE_NAT},
	};
	const struct dp_rule *rules = policy->rules;
	size_t n = policy->rule_count;

	t->lns = rte_cpu_to_be_32(cv_ipv4_value(&policy->lns));
	t->mtu = policy->mtu;
	t->clients_reachable = policy->clients_reachable;
	t->refuse_silently = policy->refuse_silently;
	for (unsigned i = 0; i < policy->gateway_count; i++) {
		const struct cv_prefix *p = &policy->gateways[i];

		t->gateways[i].mask = p->length == 0 ? 0 : UINT32_MAX << (32 - p->length);
		t->gateways[i].net = cv_ipv4_value(&p->ip);
	}
	t->gateway_count = policy->gateway_count;
	if (policy->kind == DP_POLICY_ANY) {
		memset(t->verdict, DP_PERMIT, sizeof(t->verdict));
		return;
	}
	if (policy->kind == DP_POLICY_IPSEC) {
		rules = ipsec;
		n = RTE_DIM(ipsec);
	}
	for (size_t i = 0; i < n; i++)
		add_rule(t, rules[i]);
	if (t->verdict[PROTO_ICMP] == DP_DENY)
		t->verdict[PROTO_ICMP] = DP_BY_QUOTE;
}

int
dp_policy_set(struct dp *dp, uint16_t index, const struct dp_policy *policy)
{
	struct dp_policy_table *t, *old;

	if (index >= dp->policy_count || policy->rule_count > DP_MAX_RULES ||
		policy->gateway_count > DP_MAX_GATEWAYS)
		return CV_ERR_CONFIG;
	t = calloc(1, sizeof(*t) + policy->gateway_count * sizeof(t->gateways[0]));
	if (t == NULL)
		return CV_ERR_NOMEM;
	fill(t, policy);
	old = dp->policies[index];
	__atomic_store_n(&dp->policies[index], t, __ATOMIC_RELEASE);
	if (old != NULL && old->mtu != t->mtu)
		dp_sessions_new_mtu(dp, index, t->mtu);
	if (old != NULL)
		dp_grace_free(dp, old);
	return 0;
}

void
dp_policies_destroy(struct dp *dp)
{
	while (dp->old_policies != NULL) {
		struct dp_policy_table *old = dp->old_policies;

		dp->old_policies = old->next_old;
		free(old);
	}
	for (size_t i = 0; dp->policies != NULL && i < dp->policy_count; i++)
		free(dp->policies[i]);
	free(dp->policies);
	dp->policies = NULL;
}

static bool
port_permitted(const struct dp_policy_table *t, uint8_t protocol, const uint8_t *ports)
{
	uint16_t source = rte_bswap16(dp_load16(ports)), target = rte_bswap16(dp_load16(ports + 2));

	for (unsigned i = 0; i < t->rule_count; i++) {
		const struct dp_rule *r = &t->rules[i];

		if (r->protocol == protocol &&
			((source >= r->port_low && source <= r->port_high) ||
				(target >= r->port_low && target <= r->port_high)))
			return true;
	}
	return false;
}

/*
 * An ICMP error (RFC 792: types 3, 11, 12) is permitted where it goes to the sender of the packet
 * that it quotes, and that packet is permitted.
 */
static bool
quote_permitted(const struct dp_policy_table *t, const uint8_t *ip, unsigned len)
{
	unsigned header = (ip[0] & 15u) * 4;
	const uint8_t *icmp = ip + header, *quoted = icmp + ICMP_HEADER;
	unsigned quoted_header;
	uint8_t protocol;

	if (len < header + ICMP_HEADER + DP_IPV4_HDR + PORTS)
		return false;
	quoted_header = (quoted[0] & 15u) * 4;
	if ((icmp[0] != 3 && icmp[0] != 11 && icmp[0] != 12) || quoted[0] >> 4 != 4 ||
		quoted_header < DP_IPV4_HDR || len < header + ICMP_HEADER + quoted_header + PORTS)
		return false;
	if (dp_load32(quoted + 12) != dp_load32(ip + 16))
		return false;
	protocol = quoted[9];
	if (t->verdict[protocol] == DP_PERMIT)
		return true;
	return t->verdict[protocol] == DP_BY_PORT &&
	       (dp_load16(quoted + 6) & FRAG_OFFSET_BE) == 0 &&
	       port_permitted(t, protocol, quoted + quoted_header);
}

/* DP_DROP_COUNT: permitted; else `denied` or POLICY_SHORT. */
static enum dp_drop_cause
look(struct dp_worker *w, const struct dp_policy_table *t, const struct dp_packet *p,
	enum dp_drop_cause denied)
{
	const uint8_t *ip = p->inner;
	unsigned header = (ip[0] & 15u) * 4;
	uint16_t fragment = dp_load16(ip + 6);

	switch ((enum dp_verdict)t->verdict[ip[9]]) {
	case DP_PERMIT:
		return DP_DROP_COUNT;
	case DP_BY_PORT:
		if ((fragment & FRAG_OFFSET_BE) != 0)
			return dp_follow_seen(w, p) ? DP_DROP_COUNT : DP_DROP_POLICY_FRAGMENT;
		if (p->len < header + PORTS)
			return DP_DROP_POLICY_SHORT;
		if (!has_ports(ip[9]) || !port_permitted(t, ip[9], ip + header))
			return denied;
		return DP_DROP_COUNT;
	case DP_BY_QUOTE:
		return (fragment & FRAG_OFFSET_BE) == 0 && quote_permitted(t, ip, p->len)
			       ? DP_DROP_COUNT
			       : denied;
	case DP_DENY:
		break;
	}
	return denied;
}

static bool
in_gateways(const struct dp_policy_table *t, uint32_t ip_be)
{
	uint32_t ip = rte_be_to_cpu_32(ip_be);

	for (unsigned i = 0; i < t->gateway_count; i++)
		if ((ip & t->gateways[i].mask) == t->gateways[i].net)
			return true;
	return false;
}

static enum dp_drop_cause
judge(struct dp_worker *w, const struct dp_packet *p)
{
	const struct dp *dp = w->dp;
	const struct dp_policy_table *from =
		__atomic_load_n(&dp->policies[p->policy], __ATOMIC_CONSUME);
	const struct dp_policy_table *to =
		__atomic_load_n(&dp->policies[dp->egress[p->to].policy], __ATOMIC_CONSUME);
	enum dp_drop_cause cause;

	cause = look(w, from, p, DP_DROP_POLICY_SENDER);
	if (cause == DP_DROP_COUNT && to != from)
		cause = look(w, to, p, DP_DROP_POLICY_RECEIVER);
	if (cause != DP_DROP_COUNT)
		return cause;
	if (!(from->clients_reachable && to->clients_reachable) &&
		!in_gateways(from, dp_load32(p->inner + 16)) &&
		!in_gateways(to, dp_load32(p->inner + 12)))
		return DP_DROP_POLICY_ISOLATED;
	if ((dp_load16(p->inner + 6) & (FRAG_OFFSET_BE | FRAG_MORE_BE)) == FRAG_MORE_BE)
		dp_follow_first(w, p);
	return DP_DROP_COUNT;
}

/* Drops what is not permitted, and tells its sender where his group wants it (RFC 1812 section
 * 5.2.7.1). It counts as dropped either way. false: there is no answer. */
static bool
refuse(struct dp_worker *w, struct dp_packet *p, enum dp_drop_cause cause)
{
	const struct dp_policy_table *from =
		__atomic_load_n(&w->dp->policies[p->policy], __ATOMIC_CONSUME);

	if (from->refuse_silently || cause == DP_DROP_POLICY_SHORT ||
		cause == DP_DROP_POLICY_FRAGMENT) {
		dp_drop_mbuf(&w->counts, p->m, cause);
		return false;
	}
	if (!dp_icmp_error(w, p, DP_ICMP_UNREACHABLE, DP_ICMP_PROHIBITED, 0, cause))
		return false;
	w->counts.drops[cause]++;
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
		enum dp_drop_cause cause = judge(w, &b->packets[i]);

		if (cause == DP_DROP_COUNT)
			b->packets[kept++] = b->packets[i];
		else if (cause == DP_DROP_POLICY_FRAGMENT && dp_follow_wait(w, &b->packets[i]))
			continue;
		else if (refuse(w, &b->packets[i], cause))
			answers.packets[answers.n++] = b->packets[i];
	}
	b->n = kept;
	w->counts.edges[DP_EDGE_POLICY_RELAY] += kept;
	if (answers.n != 0)
		dp_egress_stage(w, &answers);
	/* exits: RELAY; PROHIBITED; WAIT; drops POLICY_SENDER, POLICY_RECEIVER, POLICY_ISOLATED,
	 * POLICY_SHORT, POLICY_FRAGMENT */
}
