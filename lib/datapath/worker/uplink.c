/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Beside stages 1 and 2: a packet that comes as it is, by an interface that is inside a realm. From
 * here on it is like one that a session has sent: its slot is the interface's.
 */
#include "datapath/table/uplink.h"
#include "datapath/ends.h"
#include "datapath/table/framed.h"
#include "datapath/table/outside.h"
#include "datapath/worker/answers.h"
#include "datapath/worker/count.h"
#include "datapath/worker/punt.h"
#include "datapath/worker/uplink.h"

#define GO_ON DP_DROP_COUNT

enum dp_drop_cause
dp_uplink_check4(const struct dp *dp, unsigned lan, const uint8_t *ip, uint16_t realm)
{
	uint32_t source = wire_ipv4_source_be(ip), target = wire_ipv4_target_be(ip);
	const struct dp_realm_table *r = dp_realm_of(dp, realm);

	bool maybe = dp_may_be_own(dp, lan, source);

	if (unlikely(maybe) && dp_is_local(dp, lan, source))
		return DP_DROP_CLASSIFY_LAND;
	if (wire_ipv4_martian(source) || (unlikely(maybe) && dp_is_broadcast(dp, lan, source)))
		return DP_DROP_CLASSIFY_MARTIAN;
	if (wire_ipv4_martian(target) ||
		(unlikely(dp_may_be_own(dp, lan, target)) && dp_is_broadcast(dp, lan, target)))
		return DP_DROP_CLASSIFY_DESTINATION;
	if (r != NULL && dp_realm_is_clients(r, source))
		return DP_DROP_UPLINK_SPOOFED;
	return GO_ON;
}

enum dp_drop_cause
dp_uplink_check6(const struct dp *dp, unsigned lan, const uint8_t *ip, uint16_t realm)
{
	const uint8_t *source = ip + WIRE_IPV6_SOURCE, *target = ip + WIRE_IPV6_TARGET;
	const struct dp_realm6 *r = dp_realm6_of(dp, realm);

	if (dp_is_own(dp, lan, dp_ip6(source)))
		return DP_DROP_CLASSIFY_LAND;
	if (dp_ip6_martian(source) || wire_ipv6_link_local(source))
		return DP_DROP_CLASSIFY_MARTIAN;
	if (dp_ip6_martian(target))
		return DP_DROP_CLASSIFY_DESTINATION;
	if (r != NULL && dp_route_is_clients(
				 dp_route6_find(r, dp_realm6_word(r, dp_net_of(source)), source)))
		return DP_DROP_UPLINK_SPOOFED;
	return GO_ON;
}

/* What may be wrong with it, that is no frame of the fast way's. */
static enum dp_drop_cause
check(const struct dp *dp, const struct frame *f, uint16_t realm)
{
	unsigned header = f->v6 ? WIRE_IPV6 : wire_ipv4_header(f->ip);
	enum dp_drop_cause cause = f->v6 ? dp_uplink_check6(dp, f->lan, f->ip, realm)
					 : dp_uplink_check4(dp, f->lan, f->ip, realm);

	if (cause == GO_ON && !f->v6 && header != WIRE_IPV4 && !dp_options_harmless(f->ip, header))
		return DP_DROP_INGRESS_SOURCE_ROUTE;
	return cause;
}

uint32_t
dp_uplink_leads(const struct dp *dp, uint16_t realm, struct dp_ip ip)
{
	const struct dp_realm_table *r = dp_realm_of(dp, realm);
	const struct dp_realm6 *r6 = dp_realm6_of(dp, realm);
	uint8_t bytes[WIRE_IPV6_ADDRESS];

	if (dp_ip_is4(ip))
		return r == NULL ? DP_ROUTE_NOBODY
				 : dp_route_find(r, dp_realm_word(r, dp_ip4_be(ip)), dp_ip4_be(ip));
	if (r6 == NULL)
		return DP_ROUTE_NOBODY;
	dp_ip_store(ip, bytes);
	return dp_route6_find(r6, dp_realm6_word(r6, dp_net_of(bytes)), bytes);
}

static bool
in_pools(const struct dp *dp, uint16_t realm, struct dp_ip ip)
{
	const struct dp_realm_table *r = dp_realm_of(dp, realm);
	struct cv_ip told = dp_ip_told(ip);

	for (uint16_t i = 0; r != NULL && i < r->pool_count; i++)
		if (cv_prefix_contains(&r->pools[i], &told))
			return true;
	return false;
}

/* How far the interface that is inside by this LAN answers for clients. */
static unsigned
proxy_of(const struct dp *dp, unsigned lan)
{
	uint32_t slot = dp_lan_uplink(dp, lan);

	return slot == 0 ? DP_PROXY_OFF
			 : __atomic_load_n(&dp_adjacency_of(dp, slot)->proxy, __ATOMIC_RELAXED);
}

bool
dp_uplink_is_claimed(const struct dp *dp, unsigned lan, struct dp_ip ip, bool known)
{
	unsigned proxy = proxy_of(dp, lan);
	uint16_t realm;

	if (proxy == DP_PROXY_OFF || dp_ip_equal(ip, dp_ip4(0)))
		return false;
	realm = dp->ingress[dp_lan_uplink(dp, lan)].realm;
	return dp_route_is_session(dp_uplink_leads(dp, realm, ip)) ||
	       (proxy == DP_PROXY_POOLS && !known && in_pools(dp, realm, ip));
}

bool
dp_uplink_proxies(const struct dp *dp, unsigned lan, struct dp_ip ip)
{
	uint32_t slot = dp_lan_uplink(dp, lan);
	unsigned proxy = proxy_of(dp, lan);
	uint16_t realm = dp->ingress[slot].realm;

	if (proxy == DP_PROXY_OFF)
		return false;
	return dp_route_is_session(dp_behind(dp, dp_uplink_leads(dp, realm, ip), !dp_ip_is4(ip))) ||
	       (proxy == DP_PROXY_POOLS && in_pools(dp, realm, ip));
}

bool
dp_uplink_has(const struct dp *dp, const struct frame *f)
{
	const uint8_t *target = f->ip + WIRE_IPV6_TARGET;

	if (dp_lan_uplink(dp, f->lan) == 0 || dp_is_own(dp, f->lan, frame_target(f)))
		return false;
	return !f->v6 || (!wire_ipv6_multicast(target) && !wire_ipv6_link_local(target));
}

void
dp_uplink_take(struct dp_worker *w, const struct frame *f, struct dp_burst *out)
{
	const struct dp *dp = w->dp;
	uint32_t slot = dp_lan_uplink(dp, f->lan);
	const struct dp_ingress *in = &dp->ingress[slot];
	struct dp_packet *p = &out->packets[out->n];
	struct dp_ip source = frame_source(f);
	enum dp_drop_cause cause = DP_DROP_CLASSIFY_DESTINATION; /* it is inside no longer */

	if (slot != 0)
		cause = check(dp, f, in->realm);
	if (cause != GO_ON) {
		dp_drop_frame(w, f->m, cause);
		return;
	}
	*p = (struct dp_packet){.m = f->m,
		.inner = f->ip,
		.slot = slot,
		.len = (uint16_t)f->ip_len,
		.protocol = f->v6 ? WIRE_PPP_IPV6 : WIRE_PPP_IP,
		.group = __atomic_load_n(&in->group, __ATOMIC_RELAXED),
		.filter = __atomic_load_n(&in->filter, __ATOMIC_RELAXED),
		.realm = in->realm,
		.port = (uint8_t)f->port,
		.lan = f->lan,
		.inner_sum = wire_fold(wire_sum(f->ip, f->ip_len)),
		.sum_known = true,
		/* no session's: of fragments each sender has his own */
		.key = dp_hash64(source.low ^ dp_hash64(source.high ^ slot)) >> 1 | 1};
	dp_count_received(w, slot, p->len);
	out->n++;
}

bool
dp_uplink_answer(struct dp_worker *w, struct dp_packet *p, struct dp_ip sender)
{
	if (dp_slot_is_session(w->dp, p->slot)) {
		p->to = p->slot;
		return true;
	}
	p->to = dp_uplink_of(w->dp, dp_uplink_leads(w->dp, p->realm, sender), sender);
	return p->to != DP_NO_SLOT;
}

/* What an adjacency leads to is not known yet. */
void
dp_uplink_ask(struct dp_worker *w, struct dp_packet *p)
{
	bool six = p->protocol == WIRE_PPP_IPV6;
	struct dp_ip target =
		six ? dp_ip6(p->inner + WIRE_IPV6_TARGET) : dp_ip4(wire_ipv4_target_be(p->inner));
	uint64_t host = dp_ip_host(target);
	enum dp_drop_cause cause;

	/* an answer of ours begins before what came */
	p->m->data_off = (uint16_t)(p->inner - (uint8_t *)p->m->buf_addr);
	p->m->data_len = p->len;
	p->m->pkt_len = p->len;
	*dp_meta(p->m) = (struct dp_punt_meta){
		.lan = dp_adjacency_of(w->dp, p->to)->lan, .slot = DP_NO_SLOT, .remote = target};
	w->counts.edges[DP_EDGE_EGRESS_PUNT_NEIGHBOUR]++;
	cause = dp_punt_mbuf(w, p->m, DP_PUNT_RESOLVE, p->slot, host);
	if (cause != GO_ON)
		dp_drop(w, p, cause);
}
