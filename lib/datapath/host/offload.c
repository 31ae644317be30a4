/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a port's device does for us, where it can: whether received checksums are right, sent
 * buffers given back all at once, and by what frames are spread over workers. Without it the same
 * comes out, but for a datagram whose checksum the device says is wrong: that is dropped at once,
 * and else leaves with a wrong one, for the client to drop.
 *
 * Not asked for:
 *  - Checksums of what is sent. A packet's is carried on by what changes of it, some additions; a
 *    device would want its lengths and the sum of the pseudo header written into the buffer's
 * second line, which costs more. And it would sum up the payload anew: one that was spoilt on its
 * way to us would leave with a right checksum. Most drivers send slower where it is on, by any
 * packet.
 *  - Frames in several buffers: a buffer holds the largest one. Tags: what has one is rare.
 */
#include <string.h>

#include <rte_ethdev.h>
#include <rte_flow.h>

#include "datapath/host/host.h"

/* Of addresses, and of ports where there are some. */
static const uint64_t by_addresses = RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_IPV6;
static const uint64_t by_ports = RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_NONFRAG_IPV6_UDP;

void
dp_offloads_choose(struct dp_port *port, const struct rte_eth_dev_info *info, unsigned queues,
	struct rte_eth_conf *conf)
{
	uint64_t rx = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
	uint64_t hash = by_addresses | by_ports | RTE_ETH_RSS_L2TPV2;

	conf->rxmode.offloads = rx & info->rx_offload_capa;
	conf->txmode.offloads = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE & info->tx_offload_capa;
	hash &= info->flow_type_rss_offloads;
	if (queues < 2)
		hash = 0;
	if (hash != 0) {
		conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf->rx_adv_conf.rss_conf.rss_hf = hash;
	}
	port->rx_offloads = conf->rxmode.offloads;
	port->tx_offloads = conf->txmode.offloads;
	port->checks_rx = port->rx_offloads != 0;
	port->hash = hash;
	port->queues = (uint16_t)queues;
}

/* A rule that spreads PPP in L2TP over a family by the session; false: the device has none. */
static bool
rule_by_session(uint16_t id, enum rte_flow_item_type ip)
{
	const struct rte_flow_attr attr = {.ingress = 1};
	const struct rte_flow_action_rss rss = {
		.func = RTE_ETH_HASH_FUNCTION_DEFAULT, .types = RTE_ETH_RSS_L2TPV2};
	const struct rte_flow_item pattern[] = {{.type = RTE_FLOW_ITEM_TYPE_ETH}, {.type = ip},
		{.type = RTE_FLOW_ITEM_TYPE_UDP}, {.type = RTE_FLOW_ITEM_TYPE_L2TPV2},
		{.type = RTE_FLOW_ITEM_TYPE_PPP}, {.type = RTE_FLOW_ITEM_TYPE_END}};
	const struct rte_flow_action actions[] = {{.type = RTE_FLOW_ACTION_TYPE_RSS, .conf = &rss},
		{.type = RTE_FLOW_ACTION_TYPE_END}};

	return rte_flow_validate(id, &attr, pattern, actions, NULL) == 0 &&
	       rte_flow_create(id, &attr, pattern, actions, NULL) != NULL;
}

/* Where RSS itself has no hash of the session, a rule may (Intel's E810 by its virtual functions):
 * of both families or none, so that a session's place does not depend on how its peer is reached.
 */
void
dp_offloads_start(struct dp_port *port)
{
	port->rules = false;
	if (port->queues < 2 || (port->hash & RTE_ETH_RSS_L2TPV2) != 0)
		return;
	if (rule_by_session(port->id, RTE_FLOW_ITEM_TYPE_IPV4)) {
		port->rules = rule_by_session(port->id, RTE_FLOW_ITEM_TYPE_IPV6);
		if (!port->rules)
			(void)rte_flow_flush(port->id, NULL);
	}
}

/* Before the device stops. */
void
dp_offloads_stop(struct dp_port *port)
{
	if (port->rules)
		(void)rte_flow_flush(port->id, NULL);
	port->rules = false;
}

const char *
dp_hash_name(const struct dp_port *port)
{
	if (port->queues < 2)
		return "one-queue";
	if (port->rules || (port->hash & RTE_ETH_RSS_L2TPV2) != 0)
		return "session";
	if ((port->hash & by_ports) != 0)
		return "addresses-ports";
	if ((port->hash & by_addresses) != 0)
		return "addresses";
	switch (port->kind) {
	case DP_PORT_AF_PACKET: /* the kernel's fanout, by the flow */
	case DP_PORT_XDP:       /* its queues */
	case DP_PORT_TAP:
		return "kernel";
	case DP_PORT_MEMIF:
		return "sender";
	case DP_PORT_PCI:
	case DP_PORT_ETHDEV:
		break;
	}
	return "none";
}

void
dp_offloads_name(const struct dp_port *port, char out[DP_OFFLOADS])
{
	static const struct {
		uint64_t rx, tx;
		const char *name;
	} names[] = {
		{.rx = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM, .name = "rx-ipv4-checksum"},
		{.rx = RTE_ETH_RX_OFFLOAD_UDP_CKSUM, .name = "rx-udp-checksum"},
		{.tx = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE, .name = "tx-fast-free"},
	};
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < RTE_DIM(names); i++)
		if ((names[i].rx & port->rx_offloads) != 0 ||
			(names[i].tx & port->tx_offloads) != 0)
			used += (size_t)snprintf(out + used, DP_OFFLOADS - used, "%s%s",
				used == 0 ? "" : " ", names[i].name);
	if (used == 0)
		snprintf(out, DP_OFFLOADS, "none");
}
