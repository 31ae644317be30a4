/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The groups whose frames a port must take for IPv6 (RFC 4861 section 7.2.1) and a routing daemon:
 * a device that filters them is told which, or to take all. A packet socket asks the interface
 * below it for all of them; other virtual ports filter nothing.
 */
#include <sys/socket.h>

#include <linux/if_packet.h>

#include <rte_ethdev.h>

#include "datapath/control/control.h"
#include "datapath/host/host.h"
#include "datapath/table/outside.h"
#include "datapath/table/uplink.h"
#include "wire/nd.h"

static void
add_solicited(
	uint8_t (*groups)[WIRE_IPV6_ADDRESS], unsigned *n, const uint8_t ip[WIRE_IPV6_ADDRESS])
{
	uint8_t group[WIRE_IPV6_ADDRESS];

	wire_ipv6_solicited(ip, group);
	for (unsigned i = 0; i < *n; i++)
		if (wire_ipv6_equal(groups[i], group))
			return;
	memcpy(groups[(*n)++], group, sizeof(group));
}

/* Those of all addresses of IPv6 on the LAN, and of its link-local one. */
unsigned
dp_multicast_groups(const struct dp *dp, uint16_t lan, uint8_t (*groups)[WIRE_IPV6_ADDRESS])
{
	uint8_t ip[WIRE_IPV6_ADDRESS];
	const struct dp_own *own;
	unsigned n = 0;
	uint32_t count;

	if (!dp_speaks_ipv6(dp, lan))
		return 0;
	wire_ipv6_of_mac(dp_lan_mac(dp, lan), ip);
	add_solicited(groups, &n, ip);
	own = dp_owns_of(dp, lan, &count);
	for (uint32_t i = 0; i < count && n < DP_GROUPS_MAX; i++) {
		if (own[i].lan != lan || dp_ip_is4(own[i].ip))
			continue;
		dp_ip_store(own[i].ip, ip);
		add_solicited(groups, &n, ip);
	}
	return n;
}

/* All OSPF routers and the designated ones, of both families. */
static const struct rte_ether_addr ospf[] = {
	{{0x01, 0x00, 0x5e, 0, 0, 5}},
	{{0x01, 0x00, 0x5e, 0, 0, 6}},
	{{0x33, 0x33, 0, 0, 0, 5}},
	{{0x33, 0x33, 0, 0, 0, 6}},
};

/* Their MAC addresses, that of all nodes, and where a routing daemon listens those of OSPF. */
static uint32_t
addresses_of(const struct dp *dp, uint16_t port, struct rte_ether_addr *list)
{
	static const uint8_t all_nodes[WIRE_IPV6_ADDRESS] = {0xff, 0x02, [15] = 1};
	uint8_t groups[DP_GROUPS_MAX][WIRE_IPV6_ADDRESS];
	unsigned n = dp_multicast_groups(dp, port, groups);

	for (unsigned i = 0; i < n; i++)
		wire_ipv6_multicast_mac(groups[i], list[i].addr_bytes);
	if (n != 0)
		wire_ipv6_multicast_mac(all_nodes, list[n++].addr_bytes);
	for (unsigned i = 0; dp_kernel_of(dp, port) != 0 && i < RTE_DIM(ospf); i++)
		list[n++] = ospf[i];
	return n;
}

/* Kept by the kernel until the socket is closed; another time it only counts. */
static void
ask_interface(const struct dp_port *port)
{
	struct packet_mreq all = {.mr_ifindex = port->interface, .mr_type = PACKET_MR_ALLMULTI};

	if (port->socket_count != 0)
		(void)setsockopt(
			port->sockets[0], SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all));
}

/* What tells one list from another, in its order; 0: an empty one. */
static uint64_t
digest(const struct rte_ether_addr *list, uint32_t n)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t mac = 1;

		memcpy((uint8_t *)&mac + 2, list[i].addr_bytes, sizeof(list[i].addr_bytes));
		sum = (sum ^ mac) * UINT64_C(0x9e3779b97f4a7c15);
	}
	return sum;
}

/* Of a VLAN the port takes all, and stays so. */
static void
follow_vlan(struct dp *dp, uint16_t lan)
{
	struct dp_port *port = &dp->ports[dp->lans[lan].port];

	if (!dp_speaks_ipv6(dp, lan) && dp_kernel_of(dp, lan) == 0)
		return;
	if (!port->takes_all) {
		ask_interface(port);
		(void)rte_eth_allmulticast_enable(port->id);
	}
	port->takes_all = true;
	if (dp_speaks_ipv6(dp, lan))
		dp_mld_report(dp, lan, WIRE_MLD_TO_EXCLUDE);
}

void
dp_multicast_follow(struct dp *dp, uint16_t lan)
{
	struct rte_ether_addr list[DP_GROUPS_MAX + 1 + RTE_DIM(ospf)];
	struct dp_port *port = &dp->ports[dp->lans[lan].port];
	uint64_t now;
	uint32_t n;

	if (!dp->started)
		return;
	if (!dp_lan_is_port(lan)) {
		follow_vlan(dp, lan);
		return;
	}
	n = addresses_of(dp, lan, list);
	now = digest(list, n);
	if (now == port->multicast)
		return;
	if (port->multicast == 0)
		ask_interface(port);
	port->multicast = now;
	if (rte_eth_dev_set_mc_addr_list(port->id, n == 0 ? NULL : list, n) != 0)
		(void)rte_eth_allmulticast_enable(port->id);
	dp_mld_report(dp, lan, WIRE_MLD_TO_EXCLUDE);
}

void
dp_multicast_follow_all(struct dp *dp)
{
	for (uint16_t lan = 0; lan < dp->port_count; lan++)
		dp_multicast_follow(dp, lan);
	for (uint16_t lan = DP_MAX_PORTS; lan < DP_MAX_LANS; lan++)
		if (dp->lans[lan].ifaces != 0)
			dp_multicast_follow(dp, lan);
}
