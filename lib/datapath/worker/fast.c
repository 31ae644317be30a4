/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fast way: plain packets of either family in PPP in L2TP in UDP over either family, of an open
 * session and to one, which filters permit by what stands in the packet itself. It takes a burst in
 * few passes, each of which asks for the memory that the next one reads.
 *
 * It knows no drop and no exception: what is not plain is left as it came, untouched, and the
 * stages say what becomes of it. So it is a summary of them: whatever passes here would pass there,
 * with the same bytes and counters (tests/unit/datapath/test_ways.c sends frames both ways).
 *
 * The order of a session's packets stays: where one is left to the stages, those of the burst that
 * come behind it from there are left too. Until emit() nothing has happened to a packet, so this is
 * asked there alone.
 */
#include <rte_ethdev.h>
#include <rte_prefetch.h>

#include "datapath/table/groups.h"
#include "datapath/worker/admit.h"
#include "datapath/worker/count.h"
#include "datapath/worker/headers.h"
#include "datapath/worker/permit.h"
#include "datapath/worker/stages.h"
#include "datapath/worker/tags.h"

/* What was left to the stages. */
struct left {
	uint64_t frames;   /* a bit each, by its index */
	uint64_t sources;  /* whose they are, by their outer source, or */
	uint64_t slots;    /* by their session, where that was known: a bit of a hash */
	unsigned switched; /* beside: packets that went from session to session */
};

/* Of an IPv6 address its last four bytes. */
static inline uint64_t
source_bit(const uint8_t *ip, bool v6)
{
	uint32_t source = wire_load32(
		ip + (v6 ? WIRE_IPV6_SOURCE + WIRE_IPV6_ADDRESS - 4 : WIRE_IPV4_SOURCE));

	return UINT64_C(1) << (source * UINT32_C(0x9e3779b1) >> 26);
}

static inline uint64_t
slot_bit(uint32_t slot)
{
	return UINT64_C(1) << (slot & 63);
}

/* By what stands in it. A first fragment is not plain: later ones may ask for it. */
static inline bool
permits(const struct dp_filter_table *t, unsigned ways, const struct plain *p, bool six)
{
	return likely(t != NULL) && dp_filter_permits_plain(t, ways, six, p->inner, p->len);
}

/* Both filters and both groups permit it. */
static __rte_always_inline bool
permitted(const struct dp *dp, const struct plain *p, const struct dp_egress *e, bool six)
{
	const struct dp_ingress *in = p->from;
	uint16_t from_id = __atomic_load_n(&in->filter, __ATOMIC_RELAXED);
	uint16_t to_id = __atomic_load_n(&e->filter, __ATOMIC_RELAXED);
	const struct dp_filter_table *from = dp_filter_of(dp, from_id), *to = from;
	unsigned groups;

	if (unlikely(!permits(from, 1U << DP_IN | (unsigned)(from_id == to_id) << DP_OUT, p, six)))
		return false;
	if (from_id != to_id) {
		to = dp_filter_of(dp, to_id);
		if (unlikely(!permits(to, 1U << DP_OUT, p, six)))
			return false;
	}
	groups = dp_groups_both(dp, __atomic_load_n(&in->group, __ATOMIC_RELAXED),
		__atomic_load_n(&e->group, __ATOMIC_RELAXED));
	if (likely((groups & DP_GROUP_REACHABLE) != 0))
		return true;
	if (unlikely((groups & DP_GROUP_SET) == 0))
		return false;
	/* whose address has no class: the gateway is not one of ours */
	if ((p->kind & UNCLASSED) != 0)
		return six ? dp_in_gateways6(from, p->inner + WIRE_IPV6_TARGET) ||
				       dp_in_gateways6(to, p->inner + WIRE_IPV6_SOURCE)
			   : dp_in_gateways(from, wire_ipv4_target_be(p->inner)) ||
				       dp_in_gateways(to, wire_ipv4_source_be(p->inner));
	if (six)
		return dp_class6_reached(from, &dp->inner6[p->to], p->inner + WIRE_IPV6_TARGET) ||
		       dp_class6_reached(to, &dp->inner6[p->slot], p->inner + WIRE_IPV6_SOURCE);
	/* either is as likely, so both are asked */
	return ((unsigned)dp_class_reached(from, __atomic_load_n(&e->class, __ATOMIC_RELAXED)) |
		       (unsigned)dp_class_reached(
			       to, __atomic_load_n(&in->class, __ATOMIC_RELAXED))) != 0;
}

static inline bool
overtakes(const struct left *left, const struct plain *p)
{
	bool v6 = (p->kind & OUTER6) != 0 || (p->kind & (UPLINK | INNER6)) == (UPLINK | INNER6);
	uint64_t source = source_bit(p->ip, v6);

	return ((left->slots & slot_bit(p->slot)) | (left->sources & source)) != 0;
}

static bool emit_tagged(struct dp_worker *w, const struct plain *p, const struct left *left);

/* Leaves, if it may and fits. kind: p's, and whether its next hop has tags, are constants: what
 * depends on them is written out for each. */
static __rte_always_inline bool
emit_as(struct dp_worker *w, const struct plain *p, const struct left *left, unsigned kind,
	bool tagged)
{
	const struct dp *dp = w->dp;
	const struct dp_egress *e = &dp->egress[p->to];
	unsigned index = __atomic_load_n(&e->nexthop, __ATOMIC_RELAXED);
	const struct dp_nexthop *hop = &dp->nexthops[index];
	uint64_t second = __atomic_load_n(&hop->second, __ATOMIC_ACQUIRE);
	unsigned flags = __atomic_load_n(&e->flags, __ATOMIC_ACQUIRE), len = p->len;
	bool six = (kind & INNER6) != 0, bare = (kind & BARE) != 0;
	unsigned rare = bare ? DP_EGRESS_RARE & ~(unsigned)DP_EGRESS_PLAIN : DP_EGRESS_RARE;
	const uint64_t state = DP_NEXTHOP_UP | UINT64_C(3) << DP_NEXTHOP_TAGS;
	uint8_t *inner = p->inner;
	uint32_t sum = p->sum;

	if (unlikely(left->frames != 0 && overtakes(left, p)))
		return false;
	if (unlikely(!permitted(dp, p, e, six)))
		return false;
	if (unlikely(len > __atomic_load_n(&e->mtu, __ATOMIC_RELAXED) ||
		     inner[six ? WIRE_IPV6_HOPS : WIRE_IPV4_TTL] <= 1))
		return false;
	if (unlikely((second & state) != DP_NEXTHOP_UP && !tagged))
		return (second & DP_NEXTHOP_UP) != 0 && emit_tagged(w, p, left);
	if (unlikely((second & DP_NEXTHOP_UP) == 0 || (flags & rare) != 0))
		return false;
	dp_count_received(w, p->slot, len);
	dp_count_sent(w, p->to, len);
	if (six)
		sum += dp_hops_down_plain(inner, (kind & ODD) != 0);
	else
		dp_ttl_down(inner);
	if (bare)
		; /* it has none */
	else if ((kind & LEAVES6) != 0)
		dp_headers_put6(w, e, &dp->egress6[p->to], p->to, inner, len, sum,
			(kind & ODD) != 0, six, dp_class_of_packet(inner, six));
	else
		dp_headers_put(w, e, p->to, inner, len, sum, (kind & ODD) != 0, six,
			dp_class_of_packet(inner, six));
	if (tagged)
		dp_frame_put_tagged(hop, second,
			__atomic_load_n(&dp->hop_tags[index], __ATOMIC_RELAXED), p->m,
			inner - e->hdr_len, len + (unsigned)e->hdr_len);
	else
		dp_frame_put(hop, second, p->m, inner - e->hdr_len, len + (unsigned)e->hdr_len);
	dp_tx_put(w, dp_nexthop_port(second), p->m);
	return true;
}

/* From session to session: nothing of the frame changes. kind: a constant likewise. */
static __rte_always_inline bool
emit_switched_as(struct dp_worker *w, const struct plain *p, struct left *left, unsigned kind)
{
	const struct dp *dp = w->dp;
	const struct dp_egress *e = &dp->egress[p->to];
	unsigned index = __atomic_load_n(&e->nexthop, __ATOMIC_RELAXED);
	const struct dp_nexthop *hop = &dp->nexthops[index];
	uint64_t second = __atomic_load_n(&hop->second, __ATOMIC_ACQUIRE);
	unsigned flags = __atomic_load_n(&e->flags, __ATOMIC_ACQUIRE), len = p->len;
	uint8_t class = dp_class_of_packet(p->ip, (kind & OUTER6) != 0);

	if (unlikely(left->frames != 0 && overtakes(left, p)))
		return false;
	if (unlikely(len > __atomic_load_n(&e->mtu, __ATOMIC_RELAXED) ||
		     (second & DP_NEXTHOP_UP) == 0 || (flags & DP_EGRESS_RARE) != 0))
		return false;
	dp_count_received(w, p->slot, len);
	dp_count_sent(w, p->to, len);
	left->switched++;
	if ((kind & LEAVES6) != 0)
		dp_headers_put6(w, e, &dp->egress6[p->to], p->to, p->inner, len, p->sum, false,
			false, class);
	else
		dp_headers_put(w, e, p->to, p->inner, len, p->sum, false, false, class);
	dp_frame_put(hop, second, p->m, p->inner - e->hdr_len, len + (unsigned)e->hdr_len);
	dp_tx_hop(w, index, second, p->m);
	return true;
}

static __rte_noinline bool
emit_switched(struct dp_worker *w, const struct plain *p, struct left *left)
{
	return p->kind == SWITCHED ? emit_switched_as(w, p, left, SWITCHED)
				   : emit_switched_as(w, p, left, p->kind);
}

static __rte_noinline bool
emit_other(struct dp_worker *w, const struct plain *p, struct left *left)
{
	if (unlikely((p->kind & SWITCHED) == SWITCHED))
		return emit_switched(w, p, left);
	/* the common one of them has its own */
	return p->kind == BARE ? emit_as(w, p, left, BARE, false)
			       : emit_as(w, p, left, p->kind, false);
}

static __rte_noinline bool
emit_tagged(struct dp_worker *w, const struct plain *p, const struct left *left)
{
	return emit_as(w, p, left, p->kind, true);
}

static inline bool
emit(struct dp_worker *w, const struct plain *p, struct left *left)
{
	return likely((p->kind & (ODD | INNER6 | LEAVES6 | BARE)) == 0)
		       ? emit_as(w, p, left, 0, false)
		       : emit_other(w, p, left);
}

/* A frame that can't be taken apart here. ARP and the like is nobody's whose order counts. */
static inline void
leave_frame(struct left *left, unsigned index, const struct rte_mbuf *m)
{
	const uint8_t *ether = rte_pktmbuf_mtod(m, const uint8_t *);
	unsigned tags = 0; /* bytes */
	uint16_t type;

	left->frames |= UINT64_C(1) << index;
	if (m->nb_segs > 1 && m->data_len < WIRE_ETHER + WIRE_IPV6) {
		left->sources = UINT64_MAX; /* who has sent it stands in the next buffer */
		return;
	}
	if (m->data_len < WIRE_ETHER + WIRE_IPV4)
		return;
	type = wire_ether_type_be(ether);
	while (unlikely(dp_is_tag(type)) && tags <= 2 * DP_TAGS_MOST) {
		tags += WIRE_VLAN_TAG;
		type = wire_ether_type_be(ether + tags);
	}
	if (unlikely(tags != 0 && m->data_len < WIRE_ETHER + tags + WIRE_IPV6)) {
		left->sources = UINT64_MAX; /* short, and maybe in buffers: whosever it is */
		return;
	}
	if (type == WIRE_TYPE_IPV4_BE || type == WIRE_TYPE_IPV6_BE)
		left->sources |= source_bit(ether + WIRE_ETHER + tags, type == WIRE_TYPE_IPV6_BE);
}

static inline void
leave(struct left *left, const struct plain *p)
{
	left->frames |= UINT64_C(1) << p->index;
	left->slots |= slot_bit(p->slot);
}

static unsigned
parse_pass(struct dp_worker *w, unsigned port, struct rte_mbuf **frames, unsigned n,
	struct plain *p, struct left *left)
{
	const struct dp *dp = w->dp;
	struct asked last = {.service = -1};
	unsigned plain = 0;

	for (unsigned i = 0; i < n; i++) {
		rte_prefetch0(rte_pktmbuf_mtod(frames[i], void *));
		rte_prefetch0(rte_pktmbuf_mtod_offset(frames[i], void *, DP_LINE));
	}
	for (unsigned i = 0; i < n; i++) {
		if (unlikely(!parse(dp, port, frames[i], &last, &p[plain]))) {
			leave_frame(left, i, frames[i]);
			continue;
		}
		rte_prefetch0(p[plain].from);
		if (unlikely((p[plain].kind & INNER6) != 0))
			rte_prefetch0(&dp->inner6[p[plain].slot]);
		p[plain++].index = (uint8_t)i;
	}
	return plain;
}

static unsigned
admit_pass(const struct dp *dp, struct plain *p, unsigned n, struct left *left)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		if (unlikely(!admit(dp, &p[i]))) {
			leave(left, &p[i]);
			continue;
		}
		rte_prefetch0(p[i].route);
		if (unlikely(kept != i))
			p[kept] = p[i];
		kept++;
	}
	return kept;
}

static unsigned
find_pass(struct dp_worker *w, struct plain *p, unsigned n, struct left *left)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		if (unlikely(!find(w->dp, &p[i]))) {
			leave(left, &p[i]);
			continue;
		}
		rte_prefetch0(&w->dp->egress[p[i].to]);
		if (unlikely((p[i].kind & (INNER6 | LEAVES6)) != 0)) {
			if ((p[i].kind & LEAVES6) != 0)
				rte_prefetch0(&w->dp->egress6[p[i].to]);
			if ((p[i].kind & INNER6) != 0)
				rte_prefetch0(&w->dp->inner6[p[i].to]); /* its class */
		}
		rte_prefetch0(&w->sent[p[i].to]);
		if (unlikely(kept != i))
			p[kept] = p[i];
		kept++;
	}
	return kept;
}

/* uplink: by an uplink, or switched. */
static void
count(struct dp_worker *w, unsigned relayed, unsigned uplink, unsigned switched)
{
	static const uint8_t edges[] = {DP_EDGE_RX_CLASSIFY, DP_EDGE_CLASSIFY_INGRESS,
		DP_EDGE_INGRESS_ROUTE, DP_EDGE_ROUTE_POLICY, DP_EDGE_POLICY_RELAY,
		DP_EDGE_RELAY_EGRESS, DP_EDGE_EGRESS_TX};

	for (unsigned i = 0; i < sizeof(edges); i++)
		w->counts.edges[edges[i]] += relayed - switched;
	if (likely(uplink == 0))
		return;
	uplink -= switched;
	w->counts.edges[DP_EDGE_RX_CLASSIFY] += switched;
	w->counts.edges[DP_EDGE_CLASSIFY_INGRESS] += switched;
	w->counts.edges[DP_EDGE_INGRESS_SWITCH] += switched;
	w->counts.edges[DP_EDGE_EGRESS_TX] += switched;
	w->counts.edges[DP_EDGE_CLASSIFY_INGRESS] -= uplink;
	w->counts.edges[DP_EDGE_INGRESS_ROUTE] -= uplink;
	w->counts.edges[DP_EDGE_CLASSIFY_UPLINK] += uplink;
}

unsigned
dp_fast(struct dp_worker *w, unsigned port, struct rte_mbuf **frames, unsigned n)
{
	struct plain p[DP_BURST];
	struct left left = {0};
	unsigned plain = parse_pass(w, port, frames, n, p, &left), relayed = 0, rest = 0;
	unsigned uplink = 0;

	plain = admit_pass(w->dp, p, plain, &left);
	plain = find_pass(w, p, plain, &left);
	for (unsigned i = 0; i < plain; i++) {
		if (unlikely(!emit(w, &p[i], &left))) {
			leave(&left, &p[i]);
			continue;
		}
		relayed++;
		uplink += (p[i].kind & UPLINK) != 0;
	}
	count(w, relayed, uplink, left.switched);
	for (uint64_t bits = left.frames; bits != 0; bits &= bits - 1)
		frames[rest++] = frames[__builtin_ctzll(bits)];
	return rest;
}
