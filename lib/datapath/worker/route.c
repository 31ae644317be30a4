/* SPDX-License-Identifier: BSD-3-Clause */
/* Stage 3: where an inner packet goes. */
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

/* What no session has. false: it is gone, or waits. */
static bool
to_no_session(struct dp_worker *w, struct dp_packet *p, const uint32_t *word)
{
	const struct dp_realm_table *r = dp_realm_of(w->dp, p->realm);
	uint32_t route =
		r == NULL ? DP_ROUTE_NOBODY : dp_route_find(r, word, wire_ipv4_target_be(p->inner));

	/* to ourselves: echo requests are answered, nothing else is */
	return dp_route_kind(route) == DP_ROUTE_SELF ? dp_icmp_echo(w, p) : no_route(w, p);
}

void
dp_route_stage(struct dp_worker *w, struct dp_burst *b)
{
	struct dp *dp = w->dp;
	const uint32_t *words[DP_BURST];
	struct dp_burst answers;
	uint16_t kept = 0;

	answers.n = 0;
	for (uint16_t i = 0; i < b->n; i++) {
		struct dp_packet *p = &b->packets[i];
		const struct dp_realm_table *r = dp_realm_of(dp, p->realm);

		words[i] = r == NULL ? NULL : dp_realm_word(r, wire_ipv4_target_be(p->inner));
		if (words[i] != NULL)
			rte_prefetch0(words[i]);
	}
	for (uint16_t i = 0; i < b->n; i++) {
		struct dp_packet *p = &b->packets[i];
		uint32_t word = words[i] == NULL ? DP_ROUTE_NOBODY
						 : __atomic_load_n(words[i], __ATOMIC_ACQUIRE);

		if (!dp_route_is_session(word)) {
			if (to_no_session(w, p, words[i]))
				answers.packets[answers.n++] = *p;
			continue;
		}
		p->to = word & DP_ROUTE_INDEX;
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
