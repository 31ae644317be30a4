/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The groups whose frames a port must take for IPv6 (RFC 4861 section 7.2.1): a device that filters
 * them is told which, or to take all. A packet socket asks the interface below it for all of them;
 * other virtual ports filter nothing.
 */
#include <sys/socket.h>

#include <linux/if_packet.h>

#include <rte_ethdev.h>

#include "datapath/internal.h"

static void
add_group(struct rte_ether_addr *list, uint32_t *n, const uint8_t ip[WIRE_IPV6_ADDRESS])
{
	struct rte_ether_addr mac;

	wire_ipv6_multicast_mac(ip, mac.addr_bytes);
	for (uint32_t i = 0; i < *n; i++)
		if (rte_is_same_ether_addr(&list[i], &mac))
			return;
	list[(*n)++] = mac;
}

static void
add_solicited(struct rte_ether_addr *list, uint32_t *n, const uint8_t ip[WIRE_IPV6_ADDRESS])
{
	uint8_t group[WIRE_IPV6_ADDRESS];

	wire_ipv6_solicited(ip, group);
	add_group(list, n, group);
}

/* Of all services over IPv6 on the port, its link-local address and all nodes. */
static uint32_t
groups_of(const struct dp *dp, uint16_t port, struct rte_ether_addr *list)
{
	static const uint8_t all_nodes[WIRE_IPV6_ADDRESS] = {0xff, 0x02, [15] = 1};
	uint8_t ip[WIRE_IPV6_ADDRESS];
	uint32_t n = 0;

	if (!dp_speaks_ipv6(dp, port))
		return 0;
	add_group(list, &n, all_nodes);
	wire_ipv6_of_mac(dp->ports[port].mac, ip);
	add_solicited(list, &n, ip);
	for (uint32_t i = 0; i < dp->outside->count; i++) {
		const struct dp_own *own = &dp->outside->own[i];

		if (own->port != port || dp_ip_is4(own->ip))
			continue;
		dp_ip_store(own->ip, ip);
		add_solicited(list, &n, ip);
	}
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

void
dp_multicast_follow(struct dp *dp, uint16_t index)
{
	struct rte_ether_addr list[DP_MAX_SERVICES + 2];
	struct dp_port *port = &dp->ports[index];
	uint32_t n;

	if (!dp->started)
		return;
	n = groups_of(dp, index, list);
	if (n == 0 && !port->multicast)
		return;
	if (port->kind == DP_PORT_AF_PACKET && !port->multicast)
		ask_interface(port);
	port->multicast = true;
	if (rte_eth_dev_set_mc_addr_list(port->id, n == 0 ? NULL : list, n) != 0)
		(void)rte_eth_allmulticast_enable(port->id);
}
