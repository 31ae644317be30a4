/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tables would do with a packet, asked as a worker asks; and what passed an interface. */
#include "datapath/control/neighbours.h"
#include "datapath/ends.h"
#include "datapath/table/framed.h"
#include "datapath/table/uplink.h"
#include "datapath/worker/uplink.h"

enum { HOST = 32 };

static enum dp_hop_state
state_of(const struct neighbour *n)
{
	if (n == NULL)
		return DP_HOP_UNKNOWN;
	if (!n->up)
		return DP_HOP_ASKING;
	return n->fixed ? DP_HOP_CONFIGURED : DP_HOP_RESOLVED;
}

/* By an interface; to whom is not known where hop is nobody. */
static void
tell_hop(const struct dp *dp, uint32_t slot, const struct cv_ip *hop, struct dp_leads *out)
{
	const struct dp_adjacency *a = dp_adjacency_of(dp, slot);
	const struct neighbour *n;
	uint64_t hash;

	out->iface = a->iface;
	out->hop = *hop;
	if (hop->family == 0)
		return;
	n = dp_neighbour_find(dp, a->lan, hop, &hash);
	out->state = state_of(n);
	if (n != NULL && n->up)
		memcpy(out->mac, n->mac, sizeof(out->mac));
}

/* One of the next hops of an ID. */
static void
tell_via(const struct dp *dp, uint16_t id, unsigned which, struct dp_leads *out)
{
	struct dp_via hops[DP_MAX_HOPS];

	out->hops = dp_via_get(dp, id, hops);
	if (which >= out->hops)
		out->kind = DP_ROUTE_NOBODY;
	else
		tell_hop(dp, dp->ifaces[hops[which].iface].slot, &hops[which].ip, out);
}

/* target: NULL: whatever it is. which: of several next hops. */
static void
tell(const struct dp *dp, uint32_t word, const struct cv_ip *target, unsigned which,
	struct dp_leads *out)
{
	struct cv_ip nobody = {0};

	*out = (struct dp_leads){.kind = dp_route_kind(word)};
	switch (out->kind) {
	case DP_ROUTE_SESSION:
	case DP_ROUTE_SESSION6:
	case DP_ROUTE_BEHIND:
		out->kind = DP_ROUTE_SESSION;
		out->slot = word & DP_ROUTE_INDEX;
		return;
	case DP_ROUTE_LINK:
		tell_hop(dp, word & DP_ROUTE_INDEX, target == NULL ? &nobody : target, out);
		return;
	case DP_ROUTE_VIA:
		tell_via(dp, (uint16_t)(word & DP_ROUTE_INDEX), which, out);
		return;
	default:
		return;
	}
}

void
dp_route_leads(const struct dp *dp, uint32_t word, unsigned hop, struct dp_leads *out)
{
	tell(dp, word, NULL, hop, out);
}

/* The longest prefix of a route that an address is in. */
static void
tell_prefix(const struct dp *dp, uint16_t realm, const struct cv_ip *ip, struct cv_prefix *out)
{
	const struct dp_realm_table *r = dp->realms[realm];
	const struct dp_realm6 *r6 = dp->realms6[realm];
	const struct dp_lpm *routes = NULL;
	struct cv_prefix prefix = {
		.ip = *ip, .length = ip->family == CV_IPV4 ? HOST : DP_HOST_BITS};

	if (ip->family == CV_IPV4 && r != NULL)
		routes = &r->routes;
	else if (ip->family == CV_IPV6 && r6 != NULL)
		routes = &r6->routes;
	while (routes != NULL && dp_lpm_get(routes, &prefix) == 0) {
		if (prefix.length == 0)
			return;
		prefix.length--;
		prefix.ip.bytes[prefix.length / 8] &= (uint8_t)(0xff00 >> prefix.length % 8);
	}
	if (routes != NULL)
		*out = prefix;
}

/* Of what a session has, what an address is in. */
static void
tell_session(const struct dp *dp, uint32_t slot, const struct cv_ip *ip, struct cv_prefix *out)
{
	struct dp_session s;

	if (dp_session_get(dp, slot, &s) != 0)
		return;
	if (ip->family == CV_IPV4)
		*out = (struct cv_prefix){.ip = s.address, .length = HOST};
	else if (cv_prefix_contains(&s.prefix6, ip))
		*out = s.prefix6;
	else
		*out = s.delegated;
}

static bool
is_answering(const struct dp_leads *l)
{
	return l->state == DP_HOP_RESOLVED || l->state == DP_HOP_CONFIGURED;
}

int
dp_lookup(const struct dp *dp, uint16_t realm, const struct cv_ip *ip, struct dp_leads *out)
{
	struct dp_ip target;
	uint32_t word;

	*out = (struct dp_leads){0};
	if (ip->family == CV_IPV4 ? wire_ipv4_martian(rte_cpu_to_be_32(cv_ipv4_value(ip)))
				  : ip->family != CV_IPV6 || dp_ip6_martian(ip->bytes) ||
					    wire_ipv6_link_local(ip->bytes))
		return CV_ERR_CONFIG;
	target = dp_ip_of(ip);
	word = dp_uplink_ours(dp, dp_uplink_leads(dp, realm, target), target);
	tell(dp, dp_behind(dp, word, ip->family == CV_IPV6), ip, 0, out);
	for (unsigned i = 1; i < out->hops && !is_answering(out); i++)
		tell(dp, word, ip, i, out);
	if (dp_route_is_session(word))
		tell_session(dp, out->slot, ip, &out->prefix);
	else
		tell_prefix(dp, realm, ip, &out->prefix);
	return 0;
}

/* ---- realms ---- */

void
dp_realm_use(const struct dp *dp, uint16_t realm, struct dp_realm_use *out)
{
	const struct dp_realm_table *r = dp->realms[realm];
	const struct dp_realm6 *r6 = dp->realms6[realm];

	*out = dp->realm_use[realm];
	out->routes = (r == NULL ? 0 : r->routes.count) + (r6 == NULL ? 0 : r6->routes.count);
}

/* ---- interfaces ---- */

static bool
is_known(const struct dp *dp, uint32_t slot)
{
	const struct neighbour *n = dp->neighbours->by_hop[dp->egress[slot].nexthop];

	return n != NULL && n->up;
}

int
dp_iface_info(const struct dp *dp, uint16_t iface, struct dp_iface_info *out)
{
	uint32_t link = dp->ifaces[iface].slot;

	*out = (struct dp_iface_info){0};
	if (!dp->ifaces[iface].set || link == 0)
		return CV_ERR_UNKNOWN;
	dp_slot_counters(dp, link, &out->n);
	out->n.tx_packets += dp_adjacency_of(dp, link)->gone.tx_packets;
	out->n.tx_bytes += dp_adjacency_of(dp, link)->gone.tx_bytes;
	for (uint32_t i = 0; i < DP_MAX_ADJACENCIES; i++) {
		const struct dp_adjacency *a = &dp->adjacencies[i];
		uint32_t slot = dp->slot_mask + 1 + i;
		struct dp_session_counters n;

		if (a->owner != link || slot == link)
			continue;
		dp_slot_counters(dp, slot, &n);
		out->n.tx_packets += n.tx_packets;
		out->n.tx_bytes += n.tx_bytes;
		out->neighbours += a->taken && is_known(dp, slot);
	}
	return 0;
}
