/* SPDX-License-Identifier: BSD-3-Clause */
/* Policies: made by the control thread, asked by the policy stage. */
#include <stdlib.h>

#include <rte_byteorder.h>

#include "datapath/internal.h"

enum {
	PROTO_ICMP = 1,
	PROTO_UDP = 17,
	PROTO_ESP = 50,
	PROTO_AH = 51,
	PORT_IKE = 500,
	PORT_IKE_NAT = 4500,
};

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
