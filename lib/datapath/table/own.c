/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which addresses are ours: on the outside, which is all ports without tags together, and on each
 * VLAN, of which none knows the others'. What is asked for a frame costs what is ours on its own
 * LAN, however many others there are.
 */
#include "datapath/table/outside.h"

const struct dp_own *
dp_owns_of(const struct dp *dp, unsigned lan, uint32_t *count)
{
	const struct dp_outside *o = dp_outside_of(dp);
	const struct dp_lan_own *own;

	if (dp_lan_is_port(lan)) {
		*count = o->count;
		return o->own;
	}
	own = __atomic_load_n(&dp->lans[lan].own, __ATOMIC_CONSUME);
	*count = own == NULL ? 0 : own->count;
	return own == NULL ? NULL : own->own;
}

static struct dp_ip
link_local_of(const struct dp *dp, unsigned lan)
{
	uint8_t ip[WIRE_IPV6_ADDRESS];

	wire_ipv6_of_mac(dp_lan_mac(dp, lan), ip);
	return dp_ip6(ip);
}

bool
dp_is_own_on(const struct dp *dp, struct dp_ip ip, unsigned lan)
{
	uint32_t count;
	const struct dp_own *own = dp_owns_of(dp, lan, &count);

	for (uint32_t i = 0; i < count; i++)
		if (own[i].lan == lan && dp_ip_equal(own[i].ip, ip))
			return true;
	return !dp_ip_is4(ip) && dp_ip_equal(ip, link_local_of(dp, lan)) && dp_speaks_ipv6(dp, lan);
}

bool
dp_is_own(const struct dp *dp, unsigned lan, struct dp_ip ip)
{
	uint32_t count;
	const struct dp_own *own;

	if (!dp_lan_is_port(lan))
		return dp_is_own_on(dp, ip, lan);
	own = dp_owns_of(dp, lan, &count);
	for (uint32_t i = 0; i < count; i++)
		if (dp_ip_equal(own[i].ip, ip) && dp_lan_is_port(own[i].lan))
			return true;
	for (unsigned port = 0; !dp_ip_is4(ip) && port < dp->port_count; port++)
		if (dp_is_own_on(dp, ip, port))
			return true;
	return false;
}

bool
dp_is_own_group(const struct dp *dp, const uint8_t ip[WIRE_IPV6_ADDRESS], unsigned lan)
{
	static const uint8_t all_nodes[WIRE_IPV6_ADDRESS] = {0xff, 0x02, [15] = 1};
	static const uint8_t solicited[13] = {0xff, 0x02, [11] = 1, [12] = 0xff};
	uint32_t count;
	const struct dp_own *own = dp_owns_of(dp, lan, &count);
	bool any = false;

	if (memcmp(ip, solicited, sizeof(solicited)) != 0)
		return wire_ipv6_equal(ip, all_nodes) && dp_speaks_ipv6(dp, lan);
	for (uint32_t i = 0; i < count; i++) {
		if (own[i].lan != lan || dp_ip_is4(own[i].ip))
			continue;
		any = true;
		if (memcmp((const uint8_t *)&own[i].ip.low + 5, ip + 13, 3) == 0)
			return true;
	}
	return any && memcmp(dp_lan_mac(dp, lan) + 3, ip + 13, 3) == 0;
}

bool
dp_is_broadcast(const struct dp *dp, unsigned lan, uint32_t ip)
{
	uint32_t count;
	const struct dp_own *own = dp_owns_of(dp, lan, &count);

	for (uint32_t i = 0; ip != 0 && i < count; i++)
		if (own[i].broadcast == ip && dp_lan_domain(own[i].lan) == dp_lan_domain(lan))
			return true;
	return false;
}

bool
dp_is_outside(const struct dp *dp, struct dp_ip ip)
{
	const struct dp_outside *o = dp->outside;

	for (uint32_t i = 0; i < o->count; i++)
		if (dp_ip_equal(o->own[i].ip, ip) || (dp_ip_is4(ip) && o->own[i].broadcast != 0 &&
							     o->own[i].broadcast == dp_ip4_be(ip)))
			return true;
	return false;
}
