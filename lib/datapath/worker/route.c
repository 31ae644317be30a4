/* SPDX-License-Identifier: BSD-3-Clause */
/* Stage 3: where an inner packet goes, of either family. */
#include <rte_prefetch.h>

#include "datapath/ends.h"
#include "datapath/table/dial.h"
#include "datapath/table/framed.h"
#include "datapath/table/outside.h"
#include "datapath/table/sessions.h"
#include "datapath/table/uplink.h"
#include "datapath/worker/answers.h"
#include "datapath/worker/stages.h"
#include "datapath/worker/uplink.h"

/* To nobody: dropped, and told (RFC 1812 section 5.2.7.1). false: there is no answer. */
static bool
no_route(struct dp_worker *w, struct dp_packet *p)
{
	if (p->protocol == WIRE_PPP_IPV6) {
		if (!dp_icmp6_error(w, p, WIRE_ICMPV6_UNREACHABLE, WIRE_ICMPV6_NO_ROUTE, 0,
			    DP_DROP_ROUTE_NO_ROUTE))
			return false;
	} else if (!dp_icmp_error(
			   w, p, WIRE_ICMP_UNREACHABLE, WIRE_ICMP_NET, 0, DP_DROP_ROUTE_NO_ROUTE))
		return false;
	dp_drop_answered(w, p, DP_DROP_ROUTE_NO_ROUTE);
	w->counts.edges[DP_EDGE_ROUTE_UNREACHABLE]++;
	return true;
}

/* From a link-local address to another link (RFC 4443 section 3.1, code 2). false: the same. */
static bool
beyond_scope(struct dp_worker *w, struct dp_packet *p)
{
	if (!dp_icmp6_error(w, p, WIRE_ICMPV6_UNREACHABLE, WIRE_ICMPV6_BEYOND_SCOPE, 0,
		    DP_DROP_ROUTE_SCOPE))
		return false;
	dp_drop_answered(w, p, DP_DROP_ROUTE_SCOPE);
	w->counts.edges[DP_EDGE_ROUTE_UNREACHABLE]++;
	return true;
}

/* What no address of its own, or no /64, leads to: by the longest prefix. */
static uint32_t
find_rest(const struct dp *dp, const struct dp_packet *p, const uint32_t *word)
{
	const struct dp_realm_table *r = dp_realm_of(dp, p->realm);
	const struct dp_realm6 *r6 = dp_realm6_of(dp, p->realm);

	if (p->protocol == WIRE_PPP_IPV6)
		return r6 == NULL ? DP_ROUTE_NOBODY
				  : dp_route6_find(r6, word, p->inner + WIRE_IPV6_TARGET);
	return r == NULL ? DP_ROUTE_NOBODY : dp_route_find(r, word, wire_ipv4_target_be(p->inner));
}

static bool
is_on_link(const struct dp_packet *p)
{
	const uint8_t *target = p->inner + WIRE_IPV6_TARGET;

	return p->protocol == WIRE_PPP_IPV6 &&
	       (wire_ipv6_link_local(target) || wire_ipv6_multicast(target));
}

static struct dp_ip
target_of(const struct dp_packet *p)
{
	return p->protocol == WIRE_PPP_IPV6 ? dp_ip6(p->inner + WIRE_IPV6_TARGET)
					    : dp_ip4(wire_ipv4_target_be(p->inner));
}

/* By an uplink. false: it is gone. */
static bool
to_uplink(struct dp_worker *w, struct dp_packet *p, uint32_t route)
{
	p->to = dp_uplink_for(
		w->dp, route, target_of(p), p->inner, p->len, p->protocol == WIRE_PPP_IPV6);
	if (p->to != DP_NO_SLOT && dp_slot_is_session(w->dp, p->slot))
		return true;
	dp_drop(w, p, DP_DROP_ROUTE_TRANSIT);
	return false;
}

/* What no session has. false: it is gone, or waits. */
static bool
to_no_session(struct dp_worker *w, struct dp_packet *p, uint32_t route)
{
	bool six = p->protocol == WIRE_PPP_IPV6;

	/* to ourselves: echo requests are answered, little else is */
	if (dp_route_kind(route) == DP_ROUTE_SELF)
		return six ? dp_local6(w, p) : dp_icmp_echo(w, p);
	if (six && wire_ipv6_link_local(p->inner + WIRE_IPV6_SOURCE))
		return beyond_scope(w, p);
	if (dp_route_kind(route) == DP_ROUTE_DISCARD) {
		dp_drop(w, p, DP_DROP_ROUTE_DISCARD);
		return false;
	}
	if (dp_route_kind(route) == DP_ROUTE_DIAL) {
		w->punted |= dp_dial_want(w->dp, route & DP_ROUTE_INDEX);
		if (!dp_hold_wait(w, p, route & DP_ROUTE_INDEX))
			dp_drop(w, p, DP_DROP_ROUTE_DIAL);
		return false;
	}
	return no_route(w, p);
}

/* To a session, or by an uplink. */
static bool
goes_on(const struct dp *dp, const struct dp_packet *p, uint32_t route)
{
	enum dp_route_kind kind = dp_route_kind(route);

	if (p->protocol == WIRE_PPP_IPV6 && wire_ipv6_link_local(p->inner + WIRE_IPV6_SOURCE))
		return false;
	return kind == DP_ROUTE_LINK ||
	       (kind == DP_ROUTE_VIA &&
		       dp_uplink_of(dp, route, dp_ip4(0)) != DP_NO_SLOT); /* its next hop is set */
}

/* The word of its address, or of its /64; NULL: there is none. */
static const uint32_t *
word_of(const struct dp *dp, const struct dp_packet *p)
{
	const struct dp_realm_table *r = dp_realm_of(dp, p->realm);
	const struct dp_realm6 *r6;

	if (likely(p->protocol != WIRE_PPP_IPV6))
		return r == NULL ? NULL : dp_realm_word(r, wire_ipv4_target_be(p->inner));
	r6 = dp_realm6_of(dp, p->realm);
	if (r6 == NULL || is_on_link(p))
		return NULL;
	return dp_realm6_word(r6, dp_net_of(p->inner + WIRE_IPV6_TARGET));
}

bool
dp_route_waits(const struct dp *dp, const struct dp_packet *p)
{
	bool six = p->protocol == WIRE_PPP_IPV6;
	const uint32_t *word = word_of(dp, p);
	uint32_t found = word == NULL ? DP_ROUTE_NOBODY : __atomic_load_n(word, __ATOMIC_ACQUIRE);

	if (!dp_route_is_session(found))
		found = find_rest(dp, p, word);
	if (dp_route_kind(found) == DP_ROUTE_BEHIND) {
		found = dp_behind(dp, found, six);
		if (!dp_route_is_session(found))
			return true;
	}
	return dp_route_kind(found) == DP_ROUTE_DIAL ||
	       (dp_route_is_session(found) && dp_egress_waits(dp, found & DP_ROUTE_INDEX, six));
}

/* true: it goes to the session p->to. false: it is gone, or an answer, which is added to those. */
static bool
route(struct dp_worker *w, struct dp_packet *p, const uint32_t *word, struct dp_burst *answers)
{
	uint32_t found = word == NULL ? DP_ROUTE_NOBODY : __atomic_load_n(word, __ATOMIC_ACQUIRE);
	bool answered;

	if (unlikely(!dp_route_is_session(found))) {
		if (is_on_link(p)) {
			if (dp_local6(w, p))
				answers->packets[answers->n++] = *p;
			return false;
		}
		found = dp_uplink_ours(w->dp, find_rest(w->dp, p, word), target_of(p));
		found = dp_behind(w->dp, found, p->protocol == WIRE_PPP_IPV6);
		if (dp_route_is_session(found) && (found & DP_ROUTE_INDEX) == p->slot) {
			/* a network behind the sender */
			dp_drop(w, p, DP_DROP_INGRESS_TO_SELF);
			return false;
		}
	}
	if (likely(dp_route_is_session(found) &&
		    !(p->protocol == WIRE_PPP_IPV6 &&
			    wire_ipv6_link_local(p->inner + WIRE_IPV6_SOURCE)))) {
		p->to = found & DP_ROUTE_INDEX;
		return true;
	}
	if (goes_on(w->dp, p, found))
		return to_uplink(w, p, found);
	answered = dp_route_is_session(found) ? beyond_scope(w, p) : to_no_session(w, p, found);
	if (answered)
		answers->packets[answers->n++] = *p;
	return false;
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
		words[i] = word_of(dp, &b->packets[i]);
		if (words[i] != NULL)
			rte_prefetch0(words[i]);
	}
	for (uint16_t i = 0; i < b->n; i++) {
		struct dp_packet *p = &b->packets[i];

		if (!route(w, p, words[i], &answers))
			continue;
		rte_prefetch0(&dp->egress[p->to]);
		rte_prefetch0(&w->sent[p->to]);
		if (kept != i)
			b->packets[kept] = *p;
		kept++;
	}
	b->n = kept;
	w->counts.edges[DP_EDGE_ROUTE_POLICY] += kept;
	if (answers.n != 0)
		dp_egress_stage(w, &answers);
	/* exits: POLICY; WAIT; ECHO, UNREACHABLE, PUNT_ADDRESS; drops ROUTE_* */
}
