/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Uplinks: interfaces that are inside a realm, their addresses and networks, and neighbours by
 * them. What it is made of is in uplink.h; next hops of routes are in via.c.
 */
#include <stdlib.h>

#include "datapath/control/control.h"
#include "datapath/ends.h"
#include "datapath/host/memory.h"
#include "datapath/table/groups.h"
#include "datapath/table/outside.h"
#include "datapath/table/realms.h"
#include "datapath/table/sessions.h"
#include "datapath/table/uplink.h"

enum {
	HOST4 = 32,
	HOST6 = 128,
	NETWORK6 = 64, /* the longest */
};

struct dp_uplinks {
	uint32_t next; /* where a free slot is looked for */
	uint32_t address_count;
	struct {
		uint16_t iface;
		struct cv_prefix told;
	} addresses[DP_MAX_ADDRESSES];
};

int
dp_uplinks_create(struct dp *dp)
{
	dp->uplinks = dp_table_new(dp, sizeof(*dp->uplinks));
	dp->adjacencies = dp_table_new(dp, DP_MAX_ADJACENCIES * sizeof(dp->adjacencies[0]));
	dp->adjacent = dp_table_new(dp, DP_ADJACENT_PLACES * sizeof(dp->adjacent[0]));
	if (dp->uplinks == NULL || dp->adjacencies == NULL || dp->adjacent == NULL)
		return CV_ERR_NOMEM;
	return dp_vias_create(dp);
}

void
dp_uplinks_destroy(struct dp *dp)
{
	dp_table_free(dp, dp->uplinks, sizeof(*dp->uplinks));
	dp_table_free(dp, dp->adjacencies, DP_MAX_ADJACENCIES * sizeof(dp->adjacencies[0]));
	dp_table_free(dp, dp->adjacent, DP_ADJACENT_PLACES * sizeof(dp->adjacent[0]));
	dp_vias_destroy(dp);
}

/* ---- slots ---- */

/* What went to a neighbour that is no more stays counted for its interface. */
static void
keep_counters(struct dp *dp, uint32_t slot)
{
	uint32_t owner = dp_adjacency_of(dp, slot)->owner;
	struct dp_session_counters n, *gone;

	if (owner == 0 || owner == slot)
		return;
	gone = &dp_adjacency_of(dp, owner)->gone;
	dp_slot_counters(dp, slot, &n);
	gone->tx_packets += n.tx_packets;
	gone->tx_bytes += n.tx_bytes;
}

/* Not of what a worker may still read; 0: there is none. */
static uint32_t
take_slot(struct dp *dp)
{
	for (uint32_t i = 0; i < DP_MAX_ADJACENCIES; i++) {
		uint32_t at = dp->uplinks->next++ % DP_MAX_ADJACENCIES;
		uint32_t slot = dp->slot_mask + 1 + at;

		if (dp->adjacencies[at].taken || !dp_grace_over(dp, slot))
			continue;
		keep_counters(dp, slot);
		dp_counters_clear(dp, slot);
		memset(&dp->rare[slot], 0, sizeof(dp->rare[slot]));
		dp->adjacencies[at] = (struct dp_adjacency){.taken = true};
		return slot;
	}
	return 0;
}

/* Nobody finds it any more. */
static void
give_slot(struct dp *dp, uint32_t slot)
{
	dp_adjacency_of(dp, slot)->taken = false;
	dp->cold[slot].token = dp_grace_begin(dp);
}

/* Its lines, as what they leave by is told: before anybody finds it, or under traffic. */
static void
write_lines(struct dp *dp, uint32_t slot, const struct dp_iface *told)
{
	struct dp_ingress *in = &dp->ingress[slot];
	struct dp_egress *out = &dp->egress[slot];
	const struct dp_group_table *group = dp->groups[told->group];
	uint16_t mtu = told->mtu == 0 ? dp->ports[told->port].mtu : told->mtu;

	if (group != NULL && group->told.mtu != 0 && group->told.mtu < mtu)
		mtu = group->told.mtu;
	in->realm = told->realm;
	__atomic_store_n(&in->group, told->group, __ATOMIC_RELAXED);
	__atomic_store_n(&in->filter, told->filter, __ATOMIC_RELAXED);
	__atomic_store_n(&out->group, told->group, __ATOMIC_RELAXED);
	__atomic_store_n(&out->filter, told->filter, __ATOMIC_RELAXED);
	__atomic_store_n(&out->mtu, mtu, __ATOMIC_RELAXED);
	__atomic_store_n(&dp_adjacency_of(dp, slot)->proxy, (uint8_t)told->proxy, __ATOMIC_RELAXED);
	__atomic_store_n(&dp_adjacency_of(dp, slot)->kernel, told->kernel, __ATOMIC_RELAXED);
	__atomic_store_n(&out->flags, DP_EGRESS_PLAIN, __ATOMIC_RELEASE);
}

/* What all of an interface's slots say. */
static void
write_iface(struct dp *dp, uint16_t iface, const struct dp_iface *told)
{
	for (uint32_t i = 0; i < DP_MAX_ADJACENCIES; i++)
		if (dp->adjacencies[i].taken && dp->adjacencies[i].iface == iface)
			write_lines(dp, dp->slot_mask + 1 + i, told);
}

void
dp_uplinks_write(struct dp *dp)
{
	for (uint32_t i = 0; i < DP_MAX_ADJACENCIES; i++)
		if (dp->adjacencies[i].taken)
			write_lines(dp, dp->slot_mask + 1 + i,
				&dp->ifaces[dp->adjacencies[i].iface].told);
}

/* ---- interfaces ---- */

/* Addresses, neighbours or next hops are by it. */
static bool
is_used(const struct dp *dp, uint32_t link)
{
	const struct dp_uplinks *u = dp->uplinks;

	for (uint32_t i = 0; i < u->address_count; i++)
		if (dp->ifaces[u->addresses[i].iface].slot == link)
			return true;
	return dp_vias_use(dp, link);
}

/* Neighbours that no route names go with their interface. */
static void
close_link(struct dp *dp, uint16_t iface)
{
	struct dp_iface_record *r = &dp->ifaces[iface];

	__atomic_store_n(&dp->lans[r->lan].uplink, 0, __ATOMIC_RELEASE);
	dp_neighbours_leave(dp, r->lan);
	for (uint32_t i = 0; i < DP_MAX_ADJACENCIES; i++)
		if (dp->adjacencies[i].owner == r->slot)
			dp->adjacencies[i].owner = 0;
	give_slot(dp, r->slot);
	r->slot = 0;
}

int
dp_uplink_set(struct dp *dp, uint16_t iface, const struct dp_iface *told, uint16_t lan)
{
	struct dp_iface_record *r = &dp->ifaces[iface];
	const struct dp_iface *before = &r->told;
	bool stays = r->slot != 0 && told->inside && lan == r->lan && told->realm == before->realm;
	uint32_t slot, there = dp->lans[lan].uplink;

	if (r->slot != 0 && !stays && is_used(dp, r->slot))
		return CV_ERR_EXISTS;
	if (told->inside && there != 0 && there != r->slot)
		return CV_ERR_EXISTS;
	if (stays) {
		write_iface(dp, iface, told);
		return 0;
	}
	if (r->slot != 0)
		close_link(dp, iface);
	if (!told->inside)
		return 0;
	slot = take_slot(dp);
	if (slot == 0)
		return CV_ERR_LIMIT;
	dp_adjacency_of(dp, slot)->link = slot;
	dp_adjacency_of(dp, slot)->owner = slot;
	dp_adjacency_of(dp, slot)->iface = iface;
	dp_adjacency_of(dp, slot)->lan = lan;
	dp->egress[slot].nexthop = DP_NEXTHOP_NONE;
	write_lines(dp, slot, told);
	r->slot = slot;
	__atomic_store_n(&dp->lans[lan].uplink, slot, __ATOMIC_RELEASE);
	return 0;
}

/* ---- addresses ---- */

const struct cv_ip *
dp_uplink_source(const struct dp *dp, uint16_t lan, const struct cv_ip *ip)
{
	const struct dp_uplinks *u = dp->uplinks;
	bool local = ip->family == CV_IPV6 && wire_ipv6_link_local(ip->bytes);

	for (uint32_t i = 0; i < u->address_count; i++) {
		const struct cv_prefix *own = &u->addresses[i].told;

		if (dp->ifaces[u->addresses[i].iface].lan == lan && own->ip.family == ip->family &&
			(local || cv_prefix_contains(own, ip)))
			return &own->ip;
	}
	return NULL;
}

static unsigned
bits_of(const struct cv_ip *ip)
{
	return ip->family == CV_IPV4 ? HOST4 : HOST6;
}

/* An address that a host can have, in a network that it can be in. */
static bool
is_address(const struct cv_prefix *a)
{
	if (a->ip.family == CV_IPV4)
		return a->length <= HOST4 && a->length > 0 &&
		       !wire_ipv4_martian(rte_cpu_to_be_32(cv_ipv4_value(&a->ip)));
	return a->ip.family == CV_IPV6 && a->length > 0 &&
	       (a->length <= NETWORK6 || a->length == HOST6) && !dp_ip6_martian(a->ip.bytes) &&
	       !wire_ipv6_link_local(a->ip.bytes);
}

static struct cv_prefix
host_of(const struct cv_prefix *a)
{
	return (struct cv_prefix){.ip = a->ip, .length = (uint8_t)bits_of(&a->ip)};
}

static struct cv_prefix
network_of(const struct cv_prefix *a)
{
	struct cv_prefix net = *a;
	unsigned bytes = bits_of(&a->ip) / 8, first = net.length / 8;

	for (unsigned i = first; i < bytes; i++)
		net.ip.bytes[i] &= (uint8_t)(i == first ? 0xff00 >> net.length % 8 : 0);
	return net;
}

/* Ours by another port, or another interface's, of the realm or where it can't be told from this
 * one; a service there may have it, too. */
static bool
is_elsewhere(const struct dp *dp, const struct dp_iface_record *r, const struct cv_ip *ip)
{
	const struct dp_uplinks *u = dp->uplinks;

	for (uint32_t i = 0; i < u->address_count; i++) {
		const struct dp_iface_record *other = &dp->ifaces[u->addresses[i].iface];

		if (cv_ip_equal(&u->addresses[i].told.ip, ip) &&
			(other->told.realm == r->told.realm ||
				dp_lan_domain(other->lan) == dp_lan_domain(r->lan)))
			return true;
	}
	return dp_is_own(dp, r->lan, dp_ip_of(ip)) && !dp_is_own_on(dp, dp_ip_of(ip), r->lan);
}

/* Its network is another address's of the realm. */
static bool
is_shared(const struct dp *dp, uint16_t realm, const struct cv_prefix *a)
{
	const struct dp_uplinks *u = dp->uplinks;
	struct cv_prefix net = network_of(a), other;

	for (uint32_t i = 0; i < u->address_count; i++) {
		other = network_of(&u->addresses[i].told);
		if (dp->ifaces[u->addresses[i].iface].told.realm == realm &&
			other.length == net.length && cv_ip_equal(&other.ip, &net.ip))
			return true;
	}
	return false;
}

/* Where the realm leads to it, and to its network. */
static int
set_routes(struct dp *dp, uint16_t iface, const struct cv_prefix *a)
{
	const struct dp_iface_record *r = &dp->ifaces[iface];
	struct cv_prefix host = host_of(a), net = network_of(a);
	uint32_t link = dp_route_word(DP_ROUTE_LINK, r->slot);
	int rc = dp_route_set(dp, r->told.realm, &host, dp_route_word(DP_ROUTE_SELF, 0));

	if (rc != 0 || net.length == host.length)
		return rc;
	rc = dp_route_set(dp, r->told.realm, &net, link);
	if (rc != 0)
		dp_route_owe(dp, r->told.realm, &host);
	return rc;
}

/* What workers take for ours by a LAN. */
static int
renew(struct dp *dp, uint16_t lan)
{
	return dp_lan_is_port(lan) ? dp_outside_renew(dp) : dp_lan_renew(dp, lan);
}

int
dp_address_set(struct dp *dp, uint16_t iface, const struct cv_prefix *address)
{
	const struct dp_iface_record *r = &dp->ifaces[iface];
	struct dp_uplinks *u = dp->uplinks;
	int rc;

	if (!r->set)
		return CV_ERR_UNKNOWN;
	if (r->slot == 0 || !is_address(address))
		return CV_ERR_CONFIG;
	if (is_elsewhere(dp, r, &address->ip) || is_shared(dp, r->told.realm, address))
		return CV_ERR_EXISTS;
	if (u->address_count == DP_MAX_ADDRESSES)
		return CV_ERR_LIMIT;
	rc = set_routes(dp, iface, address);
	if (rc != 0)
		return rc;
	u->addresses[u->address_count].iface = iface;
	u->addresses[u->address_count++].told = *address;
	rc = renew(dp, r->lan);
	if (rc != 0)
		(void)dp_address_clear(dp, iface, address);
	else
		dp_multicast_follow(dp, r->lan);
	if (rc == 0 && dp->started)
		dp_announce(dp, r->lan, &address->ip);
	return rc;
}

int
dp_address_clear(struct dp *dp, uint16_t iface, const struct cv_prefix *address)
{
	struct dp_uplinks *u = dp->uplinks;
	struct cv_prefix host = host_of(address), net = network_of(address);
	uint16_t realm = dp->ifaces[iface].told.realm;
	uint32_t at = 0;

	while (at < u->address_count &&
		(u->addresses[at].iface != iface ||
			u->addresses[at].told.length != address->length ||
			!cv_ip_equal(&u->addresses[at].told.ip, &address->ip)))
		at++;
	if (at == u->address_count)
		return CV_ERR_UNKNOWN;
	u->addresses[at] = u->addresses[--u->address_count];
	dp_route_owe(dp, realm, &host);
	if (net.length != host.length)
		dp_route_owe(dp, realm, &net);
	(void)renew(dp, dp->ifaces[iface].lan); /* without memory it is ours a while longer */
	dp_multicast_follow(dp, dp->ifaces[iface].lan);
	return 0;
}

void
dp_uplinks_announce(struct dp *dp, int port)
{
	const struct dp_uplinks *u = dp->uplinks;

	for (uint32_t i = 0; i < u->address_count; i++) {
		uint16_t lan = dp->ifaces[u->addresses[i].iface].lan;

		if (port < 0 || dp->lans[lan].port == port)
			dp_announce(dp, lan, &u->addresses[i].told.ip);
	}
}

int
dp_address_get(const struct dp *dp, unsigned index, uint16_t *iface, struct cv_prefix *address)
{
	const struct dp_uplinks *u = dp->uplinks;

	if (index >= u->address_count)
		return CV_ERR_UNKNOWN;
	*iface = u->addresses[index].iface;
	*address = u->addresses[index].told;
	return 0;
}

/* ---- neighbours ---- */

static void
unlink_adjacency(struct dp *dp, uint32_t slot)
{
	struct dp_adjacency *a = dp_adjacency_of(dp, slot);
	uint32_t *link = &dp->adjacent[dp_adjacent_place(dp, a->link, a->ip)];

	while (*link != slot)
		link = &dp_adjacency_of(dp, *link)->next;
	__atomic_store_n(link, a->next, __ATOMIC_RELEASE);
}

uint32_t
dp_adjacency_get(struct dp *dp, uint16_t lan, const struct cv_ip *ip, uint16_t hop)
{
	uint32_t link = dp->lans[lan].uplink, slot, *head;
	struct dp_ip key = dp_ip_of(ip);
	struct dp_adjacency *a;

	if (link == 0 || dp_uplink_source(dp, lan, ip) == NULL)
		return DP_NO_SLOT;
	slot = dp_adjacent(dp, link, key);
	if (slot != link) {
		dp_adjacency_of(dp, slot)->users++;
		return slot;
	}
	slot = take_slot(dp);
	if (slot == 0)
		return DP_NO_SLOT;
	a = dp_adjacency_of(dp, slot);
	head = &dp->adjacent[dp_adjacent_place(dp, link, key)];
	a->ip = key;
	a->link = link;
	a->owner = link;
	a->lan = lan;
	a->iface = dp_adjacency_of(dp, link)->iface;
	a->users = 1;
	a->next = *head;
	dp->egress[slot].nexthop = hop;
	write_lines(dp, slot, &dp->ifaces[a->iface].told);
	__atomic_store_n(head, slot, __ATOMIC_RELEASE);
	return slot;
}

void
dp_adjacency_put(struct dp *dp, uint32_t slot)
{
	if (slot == DP_NO_SLOT || --dp_adjacency_of(dp, slot)->users != 0)
		return;
	unlink_adjacency(dp, slot);
	give_slot(dp, slot);
}

bool
dp_adjacency_used(struct dp *dp, uint32_t slot)
{
	struct dp_adjacency *a = dp_adjacency_of(dp, slot);
	uint64_t sent = 0;
	bool used;

	for (unsigned i = 0; i < dp->worker_count; i++)
		sent += __atomic_load_n(&dp->workers[i]->sent[slot].packets, __ATOMIC_RELAXED);
	used = sent != a->sent;
	a->sent = sent;
	return used;
}
