/* SPDX-License-Identifier: BSD-3-Clause */
/* Filters: made by the control thread, asked by the policy stage. */
#include <stdlib.h>

#include "datapath/host/memory.h"
#include "datapath/table/groups.h"
#include "datapath/table/sessions.h"

enum {
	PORT_IKE = 500,
	PORT_IKE_NAT = 4500,
};

static void
add_rule(struct dp_filter_table *t, struct dp_rule rule)
{
	if (rule.port_low == 0 && rule.port_high == 0) {
		t->verdict[rule.protocol] = rule.protocol == WIRE_TCP ? DP_PERMIT_TCP : DP_PERMIT;
		return;
	}
	if (t->verdict[rule.protocol] == DP_DENY)
		t->verdict[rule.protocol] = DP_BY_PORT;
	t->rules[t->rule_count++] = rule;
}

static int
by_first(const void *a, const void *b)
{
	const struct dp_range *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* Its gateways of IPv4 as ranges, those that touch each other as one. */
static void
fill_ranges(struct dp_filter_table *t, const struct dp_filter *filter)
{
	unsigned n = 0, count = 0;

	for (unsigned i = 0; i < filter->gateway_count; i++) {
		const struct cv_prefix *p = &filter->gateways[i];
		uint32_t hosts;

		if (p->ip.family != CV_IPV4)
			continue;
		hosts = p->length == 0 ? UINT32_MAX : ~(UINT32_MAX << (32 - p->length));
		t->ranges[count].first = cv_ipv4_value(&p->ip) & ~hosts;
		t->ranges[count].last = t->ranges[count].first | hosts;
		count++;
	}
	qsort(t->ranges, count, sizeof(t->ranges[0]), by_first);
	for (unsigned i = 0; i < count; i++) {
		if (n != 0 && t->ranges[i].first <= (uint64_t)t->ranges[n - 1].last + 1)
			t->ranges[n - 1].last = RTE_MAX(t->ranges[n - 1].last, t->ranges[i].last);
		else
			t->ranges[n++] = t->ranges[i];
	}
	t->range_count = (uint16_t)n;
}

static void
fill(struct dp_filter_table *t, const struct dp_filter *filter)
{
	static const struct dp_rule ipsec[] = {
		{.protocol = WIRE_ESP},
		{.protocol = WIRE_AH},
		{WIRE_UDP, PORT_IKE, PORT_IKE},
		{WIRE_UDP, PORT_IKE_NAT, PORT_IKE_NAT},
	};
	struct cv_prefix *prefixes = (struct cv_prefix *)&t->ranges[filter->gateway_count];
	struct dp_prefixes6 *six = (struct dp_prefixes6 *)RTE_PTR_ALIGN_CEIL(
		&prefixes[filter->gateway_count], sizeof(uint64_t));
	struct cv_rule *list = (struct cv_rule *)RTE_PTR_ADD(
		six, RTE_ALIGN_CEIL(dp_prefixes6_bytes(filter->gateway_count), sizeof(uint64_t)));
	const struct dp_rule *rules = filter->rules;
	size_t n = filter->rule_count;

	t->told = *filter;
	t->told.gateways = prefixes;
	t->told.list = filter->list_count == 0 ? NULL : list;
	t->told.made = NULL;
	for (uint32_t i = 0; i < filter->list_count; i++)
		list[i] = filter->list[i];
	dp_prefixes6_init(six, filter->gateway_count);
	t->gateways6 = six;
	for (unsigned i = 0; i < filter->gateway_count; i++) {
		prefixes[i] = filter->gateways[i];
		if (prefixes[i].ip.family == CV_IPV6)
			dp_prefixes6_add(six, prefixes[i].ip.bytes, prefixes[i].length);
	}
	fill_ranges(t, filter);
	if (filter->kind == DP_FILTER_LIST) {
		memcpy(t->verdict, t->listed->verdict, sizeof(t->verdict));
		return;
	}
	if (filter->kind == DP_FILTER_ANY) {
		memset(t->verdict, DP_PERMIT, sizeof(t->verdict));
		t->verdict[WIRE_TCP] = DP_PERMIT_TCP;
		return;
	}
	if (filter->kind == DP_FILTER_IPSEC) {
		rules = ipsec;
		n = RTE_DIM(ipsec);
	}
	for (size_t i = 0; i < n; i++)
		add_rule(t, rules[i]);
	if (t->verdict[WIRE_ICMP] == DP_DENY)
		t->verdict[WIRE_ICMP] = DP_BY_QUOTE;
	if (t->verdict[WIRE_ICMPV6] == DP_DENY)
		t->verdict[WIRE_ICMPV6] = DP_BY_QUOTE;
}

static bool
is_gateway(const struct cv_prefix *p)
{
	if (p->ip.family == CV_IPV6)
		return p->length <= DP_HOST_BITS &&
		       dp_net_usable(dp_net_of(p->ip.bytes), p->length);
	return p->ip.family == CV_IPV4 && p->length <= 32;
}

static bool
usable(const struct dp_filter *filter)
{
	if (filter->rule_count > DP_MAX_RULES || filter->gateway_count > DP_MAX_GATEWAYS ||
		filter->list_count > DP_MAX_LIST ||
		(filter->list_count != 0 && filter->kind != DP_FILTER_LIST))
		return false;
	for (uint32_t i = 0; i < filter->list_count; i++)
		if (!dp_rule_usable(&filter->list[i]))
			return false;
	for (unsigned i = 0; i < filter->gateway_count; i++)
		if (!is_gateway(&filter->gateways[i]))
			return false;
	return true;
}

/* NULL: none. */
static void
replace(struct dp *dp, uint16_t filter, struct dp_filter_table *t)
{
	struct dp_filter_table *old = dp->filters[filter];

	__atomic_store_n(&dp->filters[filter], t, __ATOMIC_RELEASE);
	if ((old != NULL && old->range_count != 0) || (t != NULL && t->range_count != 0))
		dp_classes_changed(dp, false);
	if ((old != NULL && old->gateways6->count != 0) || (t != NULL && t->gateways6->count != 0))
		dp_classes_changed(dp, true);
	if (old != NULL) {
		dp_grace_free(dp, old->reach);
		dp_grace_free(dp, old->reach6);
		dp_grace_free(dp, old->listed);
	}
	dp_grace_free(dp, old);
}

/* A list as workers ask it, in memory of theirs. */
static struct dp_rules *
rules_of(struct dp *dp, const struct dp_filter *filter)
{
	const struct dp_rules *made = filter->made;
	struct dp_rules *here = NULL, *out = NULL;

	if (made == NULL)
		made = here = dp_rules_make(filter->list, filter->list_count);
	if (made != NULL)
		out = dp_shared_new(dp, made->bytes);
	if (out != NULL)
		memcpy(out, made, made->bytes);
	dp_rules_free(here);
	return out;
}

int
dp_filter_set(struct dp *dp, uint16_t filter, const struct dp_filter *told)
{
	struct dp_filter_table *t;

	if (!usable(told))
		return CV_ERR_CONFIG;
	t = dp_shared_new(dp,
		sizeof(*t) +
			told->gateway_count * (sizeof(t->ranges[0]) + sizeof(struct cv_prefix)) +
			2 * sizeof(uint64_t) + dp_prefixes6_bytes(told->gateway_count) +
			told->list_count * sizeof(struct cv_rule));
	if (t == NULL)
		return CV_ERR_NOMEM;
	if (told->kind == DP_FILTER_LIST) {
		t->listed = rules_of(dp, told);
		if (t->listed == NULL) {
			dp_shared_free(dp, t);
			return CV_ERR_NOMEM;
		}
	}
	fill(t, told);
	replace(dp, filter, t);
	return 0;
}

void
dp_filter_clear(struct dp *dp, uint16_t filter)
{
	if (dp->filters[filter] != NULL)
		replace(dp, filter, NULL);
}

int
dp_filter_get(const struct dp *dp, uint16_t filter, struct dp_filter *out)
{
	if (dp->filters[filter] == NULL)
		return CV_ERR_UNKNOWN;
	*out = dp->filters[filter]->told;
	return 0;
}

void
dp_filters_destroy(struct dp *dp)
{
	for (size_t i = 0; i < DP_IDS_OF_A_KIND; i++) {
		if (dp->filters[i] != NULL) {
			dp_shared_free(dp, dp->filters[i]->reach);
			dp_shared_free(dp, dp->filters[i]->reach6);
			dp_shared_free(dp, dp->filters[i]->listed);
		}
		dp_shared_free(dp, dp->filters[i]);
	}
}
