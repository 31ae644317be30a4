/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The groups whose frames a port must take for IPv6 (RFC 4861 section 7.2.1): a device that filters
 * them is told which, or to take all. A packet socket asks the interface below it for all of them;
 * other virtual ports filter nothing.
 */
#include <sys/socket.h>

#include <linux/if_packet.h>

#include <rte_ethdev.h>

#include "datapath/control/control.h"
#include "datapath/host/host.h"
#include "datapath/table/outside.h"
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

/* Those of all services over IPv6 on the port, and of its link-local address. */
unsigned
dp_multicast_groups(const struct dp *dp, uint16_t port, uint8_t (*groups)[WIRE_IPV6_ADDRESS])
{
	uint8_t ip[WIRE_IPV6_ADDRESS];
	unsigned n = 0;

	if (!dp_speaks_ipv6(dp, port))
		return 0;
	wire_ipv6_of_mac(dp->ports[port].mac, ip);
	add_solicited(groups, &n, ip);
	for (uint32_t i = 0; i < dp->outside->count; i++) {
		const struct dp_own *own = &dp->outside->own[i];

		if (own->port != port || dp_ip_is4(own->ip))
			continue;
		dp_ip_store(own->ip, ip);
		add_solicited(groups, &n, ip);
	}
	return n;
}

/* Their MAC addresses, and that of all nodes. */
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

void
dp_multicast_follow(struct dp *dp, uint16_t index)
{
	struct rte_ether_addr list[DP_GROUPS_MAX + 1];
	struct dp_port *port = &dp->ports[index];
	uint32_t n = dp->started ? addresses_of(dp, index, list) : 0;
	uint64_t now = digest(list, n);

	if (!dp->started || now == port->multicast)
		return;
	if (port->kind == DP_PORT_AF_PACKET && port->multicast == 0)
		ask_interface(port);
	port->multicast = now;
	if (rte_eth_dev_set_mc_addr_list(port->id, n == 0 ? NULL : list, n) != 0)
		(void)rte_eth_allmulticast_enable(port->id);
	dp_mld_report(dp, index, WIRE_MLD_TO_EXCLUDE);
}
