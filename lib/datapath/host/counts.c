/* SPDX-License-Identifier: BSD-3-Clause */
/* What ports and their queues tell about themselves: frames, losses, what devices count beside. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>

#include "datapath/compat.h"
#include "datapath/dp.h"
#include "datapath/host/host.h"
#include "datapath/worker/worker.h"

unsigned
dp_port_count(const struct dp *dp)
{
	return dp->port_count;
}

enum dp_link
dp_port_link(const struct dp *dp, unsigned port)
{
	return port < dp->port_count ? dp->ports[port].link : DP_LINK_GONE;
}

int
dp_queue_info(const struct dp *dp, unsigned index, unsigned queue, struct dp_queue_info *out)
{
	const struct dp_port *port;
	const struct dp_worker *w;

	if (index >= dp->port_count || queue >= dp->worker_count)
		return CV_ERR_UNKNOWN;
	port = &dp->ports[index];
	w = dp->workers[queue];
	*out = (struct dp_queue_info){
		.rx_packets = __atomic_load_n(&w->rx_frames[index], __ATOMIC_RELAXED),
		.tx_packets = __atomic_load_n(&w->tx[index].sent, __ATOMIC_RELAXED),
		.tx_full = __atomic_load_n(&w->tx[index].full, __ATOMIC_RELAXED),
		.ring_counted = port->kind == DP_PORT_AF_PACKET && queue < port->socket_count,
		.ring_full = port->ring_full[queue]};
	return 0;
}

int
dp_port_xstats(
	const struct dp *dp, unsigned index, unsigned from, struct dp_xstat *out, unsigned most)
{
	struct rte_eth_xstat_name *names;
	struct rte_eth_xstat *values;
	int n, filled = 0;

	if (index >= dp->port_count)
		return CV_ERR_UNKNOWN;
	n = rte_eth_xstats_get_names(dp->ports[index].id, NULL, 0);
	if (n <= 0)
		return 0;
	names = calloc((size_t)n, sizeof(names[0]));
	values = calloc((size_t)n, sizeof(values[0]));
	if (names != NULL && values != NULL &&
		rte_eth_xstats_get_names(dp->ports[index].id, names, (unsigned)n) == n &&
		rte_eth_xstats_get(dp->ports[index].id, values, (unsigned)n) == n)
		for (int i = (int)from; i < n && filled < (int)most; i++) {
			struct dp_xstat *x = &out[filled];

			if (values[i].id >= (uint64_t)n)
				break;
			snprintf(x->name, sizeof(x->name), "%s", names[values[i].id].name);
			x->value = values[i].value;
			filled++;
		}
	free(names);
	free(values);
	return filled;
}

int
dp_port_info(const struct dp *dp, unsigned index, struct dp_port_info *out)
{
	struct rte_eth_dev_info info;
	struct rte_eth_stats stats = {0};
	struct rte_eth_link link;
	const struct dp_port *port = &dp->ports[index];

	if (index >= dp->port_count || rte_eth_dev_info_get(port->id, &info) != 0)
		return CV_ERR_UNKNOWN;
	(void)rte_eth_stats_get(port->id, &stats);
	dp_link_now(port->id, &link);
	*out = (struct dp_port_info){.mtu = port->mtu,
		.link = port->link,
		.speed_mbps = link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed,
		.rx_queues = dp->worker_count,
		.tx_queues = dp->worker_count,
		.rx_descriptors = port->rx_descriptors,
		.tx_descriptors = port->tx_descriptors,
		.rx_packets = stats.ipackets,
		.rx_bytes = stats.ibytes,
		.tx_packets = stats.opackets,
		.tx_bytes = stats.obytes,
		.rx_missed = stats.imissed,
		.rx_no_buffer = stats.rx_nombuf,
		.rx_errors = stats.ierrors,
		.tx_errors = stats.oerrors};
	memcpy(out->name, port->name, sizeof(out->name));
	memcpy(out->device, port->device, sizeof(out->device));
	snprintf(out->driver, sizeof(out->driver), "%s", info.driver_name);
	memcpy(out->mac, port->mac, sizeof(out->mac));
	dp_offloads_name(port, out->offloads);
	out->hash = dp_hash_name(port);
	dp_interface_info(dp, port, out);
	return 0;
}
