/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stage 2: a data message belongs to its session, comes from its peer, and carries an IP packet of
 * its client: IPv4 here, IPv6 in ingress6.c.
 */
#include <rte_byteorder.h>
#include <rte_prefetch.h>

#include "datapath/ends.h"
#include "datapath/table/framed.h"
#include "datapath/worker/answers.h"
#include "datapath/worker/count.h"
#include "datapath/worker/frame.h"
#include "datapath/worker/punt.h"
#include "datapath/worker/stages.h"
#include "datapath/worker/trace.h"

enum {
	PPP_FIRST_CONTROL = 0x8000, /* what is below is data */
	ECN_MASK = 3,               /* RFC 3168 section 5 */
	ECN_NOT_ECT = 0,
	ECN_ECT_1 = 1,
	ECN_ECT_0 = 2,
	ECN_CE = 3,
};

#define GO_ON DP_DROP_COUNT

/* own: the session's address. */
static enum dp_drop_cause
check_inner(const struct dp *dp, struct dp_packet *p, uint32_t own, uint16_t realm)
{
	const uint8_t *ip = p->inner;
	unsigned header, total;
	uint32_t source;

	if (p->len < WIRE_IPV4)
		return DP_DROP_INGRESS_INNER_SHORT;
	if (wire_ip_version(ip) != 4)
		return DP_DROP_INGRESS_INNER_VERSION;
	header = wire_ipv4_header(ip);
	total = wire_ipv4_length(ip);
	if (header < WIRE_IPV4 || header > p->len)
		return DP_DROP_INGRESS_INNER_HEADER;
	if (total < header || total > p->len)
		return DP_DROP_INGRESS_INNER_LENGTH;
	if (!wire_ipv4_sum_right(ip, header))
		return DP_DROP_INGRESS_INNER_CHECKSUM;
	source = wire_ipv4_source_be(ip);
	if (source != own && !dp_is_behind4(dp, p->slot, realm, source))
		return DP_DROP_INGRESS_SPOOFED;
	if (wire_ipv4_target_be(ip) == own || wire_ipv4_target_be(ip) == source)
		return DP_DROP_INGRESS_TO_SELF;
	if (wire_ipv4_martian(wire_ipv4_target_be(ip)))
		return DP_DROP_INGRESS_DESTINATION;
	if (header != WIRE_IPV4 && !dp_options_harmless(ip, header))
		return DP_DROP_INGRESS_SOURCE_ROUTE;
	/* what follows the packet in the frame is padding */
	p->trailing = (uint16_t)(p->trailing + p->len - total);
	p->len = (uint16_t)total;
	return GO_ON;
}

void
dp_settle_sum(struct dp_packet *p)
{
	uint16_t behind;

	if (!p->sum_known) {
		p->inner_sum = wire_fold(wire_sum(p->inner, p->len));
		p->sum_known = true;
		return;
	}
	if (p->trailing == 0)
		return;
	behind = wire_fold(wire_sum(p->inner + p->len, p->trailing));
	if ((p->len & 1) != 0)
		behind = rte_bswap16(behind);
	p->inner_sum = wire_fold((uint64_t)p->inner_sum + (uint16_t)~behind);
}

/*
 * What congestion did to the outer header, told in the inner one (RFC 6040 section 4.2, which RFC
 * 9601 asks of every tunnel). false: the inner packet can't say it, so it is lost instead.
 */
static bool
take_ecn(struct dp_packet *p)
{
	bool six = p->protocol == WIRE_PPP_IPV6;
	unsigned outer = p->outer_tos & ECN_MASK;
	unsigned inner = (six ? wire_ipv6_class(p->inner) : p->inner[1]) & ECN_MASK;

	if (outer == ECN_CE && inner == ECN_NOT_ECT)
		return false;
	if (outer == ECN_CE || (outer == ECN_ECT_1 && inner == ECN_ECT_0)) {
		uint16_t before = wire_load16(p->inner);

		if (six) {
			dp_ingress6_mark(p, outer);
			return true;
		}
		p->inner[1] = (uint8_t)((p->inner[1] & 0xfc) | outer);
		wire_checksum_replace(p->inner + WIRE_IPV4_SUM, before, wire_load16(p->inner));
	}
	return true;
}

static void
punt(struct dp_worker *w, struct dp_packet *p, enum dp_punt_class class, enum dp_edge_name edge)
{
	uint64_t flow = p->slot | (class == DP_PUNT_PPP ? 0 : (uint64_t)p->peer_port << 32);
	enum dp_drop_cause cause;

	if (!dp_udp_sum_right(w->dp, p)) {
		dp_drop(w, p, DP_DROP_INGRESS_UDP_CHECKSUM);
		return;
	}
	*dp_meta(p->m) = (struct dp_punt_meta){.service = dp_key_service(p->key),
		.lan = p->lan,
		.slot = p->slot,
		.remote = p->peer,
		.remote_port = p->peer_port,
		.data = p->udp + WIRE_UDP_HEADER,
		.len = (uint16_t)(wire_udp_length(p->udp) - WIRE_UDP_HEADER)};
	w->counts.edges[edge]++;
	if (unlikely(p->trace != 0))
		dp_trace_edge(w, p, edge);
	cause = dp_punt_mbuf(w, p->m, class, dp_ip_host(p->peer), flow);
	if (cause != DP_DROP_COUNT)
		dp_drop(w, p, cause);
}

void
dp_punt_ppp(struct dp_worker *w, struct dp_packet *p, enum dp_edge_name edge)
{
	punt(w, p, DP_PUNT_PPP, edge);
}

/* Of a session, from elsewhere than its peer. */
static void
elsewhere(struct dp_worker *w, struct dp_packet *p)
{
	bool control = p->ppp != 0 && p->protocol >= PPP_FIRST_CONTROL;

	if (!dp_elsewhere_wanted(w, dp_key_service(p->key), dp_key_tunnel(p->key), p->peer,
		    p->peer_port, control) ||
		p->peer_port == 0 || frame_check_source(w->dp, p->lan, p->peer) != GO_ON)
		dp_drop(w, p, DP_DROP_INGRESS_SOURCE);
	else
		punt(w, p, DP_PUNT_ELSEWHERE, DP_EDGE_INGRESS_PUNT_ELSEWHERE);
}

/* PPP control goes to the control thread at a rate of its session. */
static void
punt_control(struct dp_worker *w, struct dp_packet *p)
{
	if (cv_limit_take(&w->limits[p->slot].ppp, w->now_ms, DP_PPP_COST_MS, DP_PPP_MOST_MS))
		dp_punt_ppp(w, p, DP_EDGE_INGRESS_PUNT_PPP);
	else
		dp_drop(w, p, DP_DROP_PUNT_PPP_RATE);
}

/*
 * Data of a network protocol that was not negotiated (RFC 1661 section 2: below 0x8000) is answered
 * by a Protocol-Reject, and none of it may take the rate of what keeps the session: a sender that
 * goes on is told now and then.
 */
static void
punt_unknown(struct dp_worker *w, struct dp_packet *p)
{
	if (cv_limit_take(
		    &w->limits[p->slot].rejects, w->now_ms, DP_REJECT_COST_MS, DP_REJECT_MOST_MS))
		punt_control(w, p);
	else
		dp_drop(w, p,
			p->protocol == WIRE_PPP_IPV6 ? DP_DROP_INGRESS_IPV6
						     : DP_DROP_INGRESS_PROTOCOL);
}

/* false: the packet is gone. */
static bool
ingress(struct dp_worker *w, struct dp_packet *p)
{
	const struct dp_ingress *s = &w->dp->ingress[p->slot];
	uint64_t word = __atomic_load_n(&s->word, __ATOMIC_ACQUIRE);
	enum dp_drop_cause cause = GO_ON;

	if (unlikely((word & (DP_INGRESS_KEY | DP_INGRESS_TRACE)) == (p->key | DP_INGRESS_TRACE)))
		dp_trace_begin(w, p, false);
	if ((word & DP_INGRESS_KEY) != p->key)
		cause = DP_DROP_INGRESS_UNKNOWN_SESSION;
	else if (unlikely(!dp_ip_equal(p->peer, dp_ingress_peer(s)) ||
			  s->peer_port != p->peer_port)) {
		elsewhere(w, p);
		return false;
	} else if (unlikely((word & DP_INGRESS_SWITCHED) != 0)) {
		dp_switch(w, p);
		return false;
	} else if (unlikely(p->ppp == 0))
		cause = DP_DROP_CLASSIFY_PPP_HEADER;
	else if (p->protocol >= PPP_FIRST_CONTROL) {
		punt_control(w, p);
		return false;
	} else if (p->protocol == WIRE_PPP_IPV6 && (word & DP_INGRESS_OPEN6) != 0)
		cause = dp_ingress6_check(w->dp, p, s->realm);
	else if (p->protocol != WIRE_PPP_IP) {
		punt_unknown(w, p);
		return false;
	} else if ((word & DP_INGRESS_OPEN4) == 0)
		cause = DP_DROP_INGRESS_NOT_OPEN;
	else
		cause = check_inner(w->dp, p, s->inner_ip, s->realm);
	if (cause == GO_ON && (p->outer_tos & ECN_MASK) != 0 && !take_ecn(p))
		cause = DP_DROP_INGRESS_CONGESTION;
	p->group = __atomic_load_n(&s->group, __ATOMIC_RELAXED);
	if (unlikely(cause == GO_ON && (word & DP_INGRESS_METER) != 0))
		cause = dp_police_in(w, p, p->group);
	if (cause != GO_ON) {
		dp_drop(w, p, cause);
		return false;
	}
	p->filter = __atomic_load_n(&s->filter, __ATOMIC_RELAXED);
	p->realm = s->realm;
	dp_settle_sum(p);
	dp_count_received(w, p->slot, p->len);
	return true;
}

void
dp_ingress_stage(struct dp_worker *w, struct dp_burst *b)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < b->n; i++) {
		if (!ingress(w, &b->packets[i]))
			continue;
		if (kept != i)
			b->packets[kept] = b->packets[i];
		kept++;
	}
	b->n = kept;
	w->counts.edges[DP_EDGE_INGRESS_ROUTE] += kept;
	/* exits: ROUTE; SWITCH; PUNT_PPP, PUNT_ELSEWHERE; drops INGRESS_*, CLASSIFY_PPP_HEADER */
}
