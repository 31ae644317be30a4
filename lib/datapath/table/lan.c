/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VLANs: which LAN a tag says, and what is ours on it. One is there as long as an interface is on
 * it; its index is another's only when no worker can have it any more.
 */
#include "datapath/control/control.h"
#include "datapath/host/memory.h"
#include "datapath/table/outside.h"
#include "datapath/table/sessions.h"

enum { VLAN_LAST = 4094 }; /* IEEE 802.1Q table 9-2: 0xfff is reserved */

int
dp_lans_create(struct dp *dp)
{
	dp->lans = dp_table_new(dp, DP_MAX_LANS * sizeof(dp->lans[0]));
	if (dp->lans == NULL)
		return CV_ERR_NOMEM;
	for (uint16_t port = 0; port < DP_MAX_PORTS; port++)
		dp->lans[port].port = port;
	return 0;
}

void
dp_lans_destroy(struct dp *dp)
{
	for (unsigned port = 0; port < DP_MAX_PORTS; port++) {
		struct dp_vlans *v = dp->vlans[port];

		for (unsigned id = 0; v != NULL && id < DP_VLAN_IDS; id++)
			dp_shared_free(dp, v->pairs[id]);
		dp_shared_free(dp, v);
	}
	for (unsigned i = DP_MAX_PORTS; dp->lans != NULL && i < DP_MAX_LANS; i++)
		dp_shared_free(dp, (void *)(uintptr_t)dp->lans[i].own);
	dp_table_free(dp, dp->lans, DP_MAX_LANS * sizeof(dp->lans[0]));
}

/* ---- tags ---- */

static bool
is_usable(const struct dp_iface *told)
{
	return told->vlan <= VLAN_LAST && told->outer <= VLAN_LAST &&
	       (told->outer == 0 || told->vlan != 0) &&
	       (told->outer_type == 0 || told->outer_type == WIRE_TYPE_VLAN ||
		       told->outer_type == WIRE_TYPE_SERVICE);
}

static uint64_t
tags_of(const struct dp_iface *told)
{
	uint8_t bytes[8] = {0};

	if (told->outer == 0) {
		wire_put16(bytes, WIRE_TYPE_VLAN);
		wire_put16(bytes + 2, told->vlan);
	} else {
		wire_put16(bytes, told->outer_type == 0 ? WIRE_TYPE_SERVICE : told->outer_type);
		wire_put16(bytes + 2, told->outer);
		wire_put16(bytes + 4, WIRE_TYPE_VLAN);
		wire_put16(bytes + 6, told->vlan);
	}
	return wire_load64(bytes);
}

/* The place of a LAN among those of its port; NULL: no memory. */
static uint16_t *
place_of(struct dp *dp, unsigned port, uint16_t outer, uint16_t vlan)
{
	struct dp_vlans *v = dp->vlans[port];
	uint16_t *pair;

	if (v == NULL) {
		v = dp_shared_new(dp, sizeof(*v));
		if (v == NULL)
			return NULL;
		__atomic_store_n(&dp->vlans[port], v, __ATOMIC_RELEASE);
	}
	if (outer == 0)
		return &v->one[vlan];
	pair = v->pairs[outer];
	if (pair == NULL) {
		pair = dp_shared_new(dp, DP_VLAN_IDS * sizeof(*pair));
		if (pair == NULL)
			return NULL;
		__atomic_store_n(&v->pairs[outer], pair, __ATOMIC_RELEASE);
	}
	return &pair[vlan];
}

/* The pairs of an outer tag that are no more are given back. */
static void
trim(struct dp *dp, unsigned port, uint16_t outer)
{
	uint16_t *pair = dp->vlans[port]->pairs[outer];

	for (unsigned id = 0; id < DP_VLAN_IDS; id++)
		if (pair[id] != 0)
			return;
	__atomic_store_n(&dp->vlans[port]->pairs[outer], NULL, __ATOMIC_RELEASE);
	dp_grace_free(dp, pair);
}

/* ---- which there are ---- */

/* Not of what a worker may still have; 0: there is none. */
static unsigned
take_lan(struct dp *dp)
{
	for (unsigned i = 0; i < DP_MAX_VLANS; i++) {
		unsigned lan = DP_MAX_PORTS + dp->next_lan++ % DP_MAX_VLANS;

		if (dp->lans[lan].ifaces == 0 && dp_grace_is_over(dp, &dp->lans[lan].token))
			return lan;
	}
	return 0;
}

int
dp_lan_hold(struct dp *dp, const struct dp_iface *told)
{
	uint16_t *place;
	struct dp_lan *l;
	unsigned lan;

	if (told->port >= dp->port_count || !is_usable(told))
		return CV_ERR_CONFIG;
	if (told->vlan == 0) {
		dp->lans[told->port].ifaces++;
		return told->port;
	}
	place = place_of(dp, told->port, told->outer, told->vlan);
	if (place == NULL)
		return CV_ERR_NOMEM;
	lan = *place != 0 ? *place : take_lan(dp);
	if (lan == 0) {
		if (told->outer != 0)
			trim(dp, told->port, told->outer);
		return CV_ERR_LIMIT;
	}
	l = &dp->lans[lan];
	if (l->ifaces++ != 0)
		return (int)lan;
	l->port = told->port;
	l->tag_bytes = told->outer == 0 ? WIRE_VLAN_TAG : DP_TAGS_MOST;
	l->tags = tags_of(told);
	l->outer = told->outer;
	l->vlan = told->vlan;
	l->mtu = dp->ports[told->port].mtu;
	__atomic_store_n(place, (uint16_t)lan, __ATOMIC_RELEASE);
	return (int)lan;
}

void
dp_lan_put(struct dp *dp, unsigned lan)
{
	struct dp_lan *l = &dp->lans[lan];

	if (--l->ifaces != 0 || dp_lan_is_port(lan))
		return;
	__atomic_store_n(place_of(dp, l->port, l->outer, l->vlan), 0, __ATOMIC_RELEASE);
	if (l->outer != 0)
		trim(dp, l->port, l->outer);
	dp_neighbours_forget(dp, (uint16_t)lan);
	l->token = dp_grace_begin(dp);
}

void
dp_lan_tell(struct dp *dp, unsigned lan, const struct dp_iface *told)
{
	struct dp_lan *l = &dp->lans[lan];
	uint16_t mtu = told->mtu == 0 ? dp->ports[told->port].mtu : told->mtu;

	if (dp_lan_is_port(lan))
		return;
	__atomic_store_n(&l->mtu, mtu, __ATOMIC_RELAXED);
	if (l->tags == tags_of(told))
		return;
	__atomic_store_n(&l->tags, tags_of(told), __ATOMIC_RELAXED);
	dp_neighbours_publish(dp, (uint16_t)lan);
}

/* ---- what is ours ---- */

static void
add_own(struct dp_lan_own *o, const struct dp_own *own)
{
	o->v6 |= !dp_ip_is4(own->ip);
	o->bits |= dp_own_bits(own);
	o->own[o->count++] = *own;
}

int
dp_lan_renew(struct dp *dp, unsigned lan)
{
	const struct dp_lan_own *before = dp->lans[lan].own;
	const struct dp_outside *o = dp->outside;
	struct dp_lan_own *own;
	struct cv_prefix address;
	uint32_t count = 0;
	uint16_t iface;

	if (dp_lan_is_port(lan))
		return 0;
	for (uint32_t i = 0; i < o->services; i++)
		count += o->own[i].lan == lan;
	for (unsigned i = 0; dp_address_get(dp, i, &iface, &address) == 0; i++)
		count += dp->ifaces[iface].lan == lan;
	own = count == 0 ? NULL : dp_shared_new(dp, sizeof(*own) + count * sizeof(own->own[0]));
	if (count != 0 && own == NULL)
		return CV_ERR_NOMEM;
	for (uint32_t i = 0; i < o->services; i++)
		if (o->own[i].lan == lan)
			add_own(own, &o->own[i]);
	for (unsigned i = 0; dp_address_get(dp, i, &iface, &address) == 0; i++)
		if (dp->ifaces[iface].lan == lan) {
			struct dp_own one = dp_own_of(&address.ip, address.length, (uint16_t)lan);

			add_own(own, &one);
		}
	__atomic_store_n(&dp->lans[lan].own, own, __ATOMIC_RELEASE);
	dp_grace_free(dp, (void *)(uintptr_t)before);
	return 0;
}
