/* SPDX-License-Identifier: BSD-3-Clause */
/* Interfaces: on which LAN each is, and what follows of what it is told. */
#include "datapath/host/host.h"
#include "datapath/table/outside.h"
#include "datapath/table/sessions.h"
#include "datapath/table/uplink.h"

/* It is, or was, on a LAN that it may not leave now. */
static int
move(struct dp *dp, uint16_t iface, const struct dp_iface *told, uint16_t lan)
{
	struct dp_iface_record *r = &dp->ifaces[iface];

	if (r->services != 0 && lan != r->lan)
		return CV_ERR_EXISTS;
	return dp_uplink_set(dp, iface, told, lan);
}

int
dp_iface_set(struct dp *dp, uint16_t iface, const struct dp_iface *told)
{
	struct dp_iface_record *r = &dp->ifaces[iface];
	uint16_t mtu_before = r->told.mtu;
	int lan, rc;

	if (told->port >= dp->port_count || told->mtu > dp->ports[told->port].mtu)
		return CV_ERR_CONFIG;
	lan = dp_lan_hold(dp, told);
	if (lan < 0)
		return lan;
	rc = move(dp, iface, told, (uint16_t)lan);
	if (rc != 0) {
		dp_lan_put(dp, (unsigned)lan);
		return rc;
	}
	if (r->set)
		dp_lan_put(dp, r->lan);
	r->lan = (uint16_t)lan;
	r->told = *told;
	r->set = true;
	dp_lan_tell(dp, r->lan, told);
	dp_multicast_follow(dp, r->lan);
	for (uint32_t i = 0; told->mtu != mtu_before && i < dp->outside->services; i++) {
		uint16_t service = dp->outside->own[i].service;

		if (dp->services[service]->told.iface == iface)
			dp_sessions_new_way(dp, service);
	}
	return 0;
}

int
dp_iface_clear(struct dp *dp, uint16_t iface)
{
	struct dp_iface_record *r = &dp->ifaces[iface];
	struct dp_iface outside = r->told;
	int rc;

	if (!r->set)
		return CV_ERR_UNKNOWN;
	if (r->services != 0)
		return CV_ERR_EXISTS;
	outside.inside = false;
	rc = dp_uplink_set(dp, iface, &outside, r->lan);
	if (rc != 0)
		return rc;
	dp_lan_put(dp, r->lan);
	*r = (struct dp_iface_record){0};
	return 0;
}

int
dp_iface_get(const struct dp *dp, uint16_t iface, struct dp_iface *out)
{
	if (!dp->ifaces[iface].set)
		return CV_ERR_UNKNOWN;
	*out = dp->ifaces[iface].told;
	return 0;
}
