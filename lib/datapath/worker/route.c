/* SPDX-License-Identifier: BSD-3-Clause */
/* Stage 3: where an inner packet goes. */
#include <rte_byteorder.h>
#include <rte_prefetch.h>

#include "datapath/internal.h"

/* To nobody: dropped, and told (RFC 1812 section 5.2.7.1). false: there is no answer. */
static bool
no_route(struct dp_worker *w, struct dp_packet *p)
{
	if (!dp_icmp_error(w, p, WIRE_ICMP_UNREACHABLE, WIRE_ICMP_NET, 0, DP_DROP_ROUTE_NO_ROUTE))
		return false;
	dp_drop_answered(w, p, DP_DROP_ROUTE_NO_ROUTE);
	w->counts.edges[DP_EDGE_ROUTE_UNREACHABLE]++;
	return true;
}

/* What is sent to our own inner address: echo requests are answered, nothing else is. */
static bool
to_lns(struct dp_worker *w, struct dp_packet *p)
{
	const struct dp_group_table *group = dp_group_of(w->dp, p->group);

	if (group == NULL || wire_ipv4_target_be(p->inner) != group->lns)
		return false;
	if (!dp_icmp_echo(w, p))
		p->m = NULL;
	return true;
}

void
dp_route_stage(struct dp_worker *w, struct dp_burst *b)
{
	struct dp *dp = w->dp;
	const uint32_t *leaf[DP_BURST];
	struct dp_burst answers;
	uint16_t kept = 0;

	answers.n = 0;
	for (uint16_t i = 0; i < b->n; i++) {
		struct dp_packet *p = &b->packets[i];
		uint32_t to = wire_ipv4_target_be(p->inner);

		leaf[i] = dp_realm_leaf(dp, p->realm, to);
		if (leaf[i] == NULL)
			continue;
		leaf[i] += rte_bswap16((uint16_t)(to >> 16));
		rte_prefetch0(leaf[i]);
	}
	for (uint16_t i = 0; i < b->n; i++) {
		struct dp_packet *p = &b->packets[i];

		p->to = leaf[i] == NULL ? DP_NO_SLOT : __atomic_load_n(leaf[i], __ATOMIC_ACQUIRE);
		if (p->to >= DP_KEPT_SLOT) {
			if (to_lns(w, p) ? p->m != NULL : no_route(w, p))
				answers.packets[answers.n++] = *p;
			continue;
		}
		rte_prefetch0(&dp->egress[p->to]);
		rte_prefetch0(&w->sessions[p->to]);
		if (kept != i)
			b->packets[kept] = *p;
		kept++;
	}
	b->n = kept;
	w->counts.edges[DP_EDGE_ROUTE_POLICY] += kept;
	if (answers.n != 0)
		dp_egress_stage(w, &answers);
	/* exits: POLICY; ECHO; UNREACHABLE; drops ROUTE_* */
}
