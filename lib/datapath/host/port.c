/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports: virtual devices made, physical ones found, queues set up, one pair a worker. */
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <rte_bus_vdev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include "datapath/compat.h"
#include "datapath/host/host.h"
#include "datapath/table/uplink.h"
#include "datapath/worker/handover.h"
#include "datapath/worker/punt.h"

enum {
	DEFAULT_MTU = 1500,
	DESCRIPTORS = 1024,
	FRAMES = 4096, /* of a packet socket: 80 ms at 50,000 a second, in 8 MiB each way */
	FRAME_ALIGN = 256,
	MBUF_CACHE = 128,
	XDP_RING = 2048,
	MBUFS_MIN = 8191,
};

#define XDP_DRIVER "net_af_xdp"

static int
fail(const struct dp *dp, const struct dp_port *port, const char *what, int rc)
{
	cv_log_event(dp->log, CV_LOG_ERROR, "port-failed",
		"port=%s device=%s step=\"%s\" reason=\"%s\"", port->name, port->device, what,
		rte_strerror(rc < 0 ? -rc : rc));
	return CV_ERR_IO;
}

/* af_packet's slot: the frame behind its own header; a buffer must hold as much. */
static unsigned
frame_size(unsigned mtu)
{
	return RTE_MAX(RTE_ALIGN(mtu + 128u, (unsigned)FRAME_ALIGN), 2048u);
}

/* The driver takes a block for a row of slots without a gap, and the kernel wants whole pages: so
 * many slots make both true. */
static unsigned
frames_in_block(void)
{
	return (unsigned)getpagesize() / FRAME_ALIGN;
}

/* Descriptors of a queue, as configured or as suits the driver. */
static unsigned
rx_descriptors(const struct dp_port_config *cfg)
{
	unsigned suits = cfg->kind == DP_PORT_AF_PACKET ? FRAMES : DESCRIPTORS;

	return cfg->rx_descriptors == 0 ? suits : cfg->rx_descriptors;
}

static unsigned
tx_descriptors(const struct dp_port_config *cfg)
{
	return cfg->tx_descriptors == 0 ? DESCRIPTORS : cfg->tx_descriptors;
}

/* Slots of an af_packet queue, as many to send as to receive: the driver takes one number. */
static unsigned
frame_count(const struct dp_port_config *cfg)
{
	unsigned n = RTE_MAX(rx_descriptors(cfg), tx_descriptors(cfg)), block = frames_in_block();

	return (n + block - 1) / block * block;
}

/* The driver, and what it wants to be told. */
static void
device_arguments(const struct dp *dp, const struct dp_port_config *cfg, unsigned index,
	char *driver, size_t driver_len, char *args, size_t args_len)
{
	switch (cfg->kind) {
	case DP_PORT_AF_PACKET:
		snprintf(driver, driver_len, "net_af_packet%u", index);
		snprintf(args, args_len, "iface=%s,qpairs=%u,framesz=%u,blocksz=%u,framecnt=%u",
			cfg->device, dp->worker_count, frame_size(cfg->mtu),
			frame_size(cfg->mtu) * frames_in_block(), frame_count(cfg));
		break;
	case DP_PORT_XDP:
		snprintf(driver, driver_len, XDP_DRIVER "%u", index);
		snprintf(args, args_len, "iface=%s,queue_count=%u", cfg->device, dp->worker_count);
		break;
	case DP_PORT_MEMIF:
		snprintf(driver, driver_len, "net_memif%u", index);
		snprintf(args, args_len, "socket=%s,socket-abstract=no,role=%s,id=%u", cfg->device,
			cfg->memif_server ? "server" : "client", cfg->memif_id);
		break;
	case DP_PORT_TAP:
		snprintf(driver, driver_len, "net_tap%u", index);
		snprintf(args, args_len, "iface=%s", cfg->device);
		break;
	case DP_PORT_PCI:
	case DP_PORT_ETHDEV:
		snprintf(driver, driver_len, "%s", cfg->device);
		args[0] = '\0';
		break;
	}
}

static bool
is_virtual(enum dp_port_kind kind)
{
	return kind == DP_PORT_AF_PACKET || kind == DP_PORT_XDP || kind == DP_PORT_MEMIF ||
	       kind == DP_PORT_TAP;
}

/* Why no port by AF_XDP came to be, where that can be said: a driver that is there refuses to be
 * made of nothing in its own words. */
static int
fail_xdp(const struct dp *dp, const struct dp_port *port, const char *step, int rc)
{
	const char *why = "the kernel gives none: it needs AF_XDP (CONFIG_XDP_SOCKETS), root, "
			  "a queue for each worker, an mtu that leaves a frame within a page, and "
			  "nobody else's XDP program there";

	if (!port->created && rte_vdev_init(XDP_DRIVER "-there", "") == -1)
		why = "this DPDK has no driver for AF_XDP (net_af_xdp)";
	cv_log_event(dp->log, CV_LOG_ERROR, "port-failed",
		"port=%s device=%s step=\"%s\" reason=\"%s; af_packet:%s would do (%s)\"",
		port->name, port->device, step, why, port->device, rte_strerror(-rc));
	return CV_ERR_IO;
}

static int
find_device(struct dp *dp, unsigned index)
{
	const struct dp_port_config *cfg = &dp->params.ports[index];
	struct dp_port *port = &dp->ports[index];
	char args[2 * DP_PORT_DEVICE];
	int rc;

	device_arguments(dp, cfg, index, port->ethdev, sizeof(port->ethdev), args, sizeof(args));
	if (is_virtual(cfg->kind)) {
		rc = rte_vdev_init(port->ethdev, args);
		if (rc != 0)
			return cfg->kind == DP_PORT_XDP ? fail_xdp(dp, port, "make the device", rc)
							: fail(dp, port, "make the device", rc);
		port->created = true;
	}
	rc = rte_eth_dev_get_port_by_name(port->ethdev, &port->id);
	if (rc != 0 && cfg->kind == DP_PORT_PCI) {
		cv_log_event(dp->log, CV_LOG_ERROR, "port-failed",
			"port=%s device=%s reason=\"no port of DPDK's: give it to vfio-pci with "
			"./dpdk-setup.sh bind, which ports there are says ./dpdk-setup.sh doctor\"",
			port->name, port->device);
		return CV_ERR_IO;
	}
	port->found = rc == 0;
	return rc == 0 ? 0 : fail(dp, port, "find the device", rc);
}

static int
set_up_queues(struct dp *dp, struct dp_port *port, unsigned queues)
{
	int socket = rte_eth_dev_socket_id(port->id);
	int rc;

	rc = rte_eth_dev_adjust_nb_rx_tx_desc(
		port->id, &port->rx_descriptors, &port->tx_descriptors);
	if (rc != 0)
		return fail(dp, port, "descriptors", rc);
	for (uint16_t q = 0; q < queues; q++) {
		rc = rte_eth_rx_queue_setup(
			port->id, q, port->rx_descriptors, (unsigned)socket, NULL, dp->pool);
		if (rc == 0)
			rc = rte_eth_tx_queue_setup(
				port->id, q, port->tx_descriptors, (unsigned)socket, NULL);
		if (rc != 0)
			return port->kind == DP_PORT_XDP ? fail_xdp(dp, port, "queues", rc)
							 : fail(dp, port, "queues", rc);
	}
	return 0;
}

static int
set_up(struct dp *dp, unsigned index)
{
	const struct dp_port_config *cfg = &dp->params.ports[index];
	struct dp_port *port = &dp->ports[index];
	struct rte_eth_conf conf = {0};
	struct rte_eth_dev_info info;
	unsigned queues = dp->worker_count;
	struct rte_ether_addr mac;
	int rc = rte_eth_dev_info_get(port->id, &info);

	if (rc != 0)
		return fail(dp, port, "ask the device", rc);
	if (queues > info.max_rx_queues || queues > info.max_tx_queues) {
		cv_log_event(dp->log, CV_LOG_ERROR, "port-failed",
			"port=%s device=%s reason=\"%u workers need as many queues, it has %u\"",
			port->name, port->device, queues,
			RTE_MIN(info.max_rx_queues, info.max_tx_queues));
		return CV_ERR_CONFIG;
	}
	port->mtu = cfg->mtu == 0 ? DEFAULT_MTU : cfg->mtu;
	port->rx_descriptors = (uint16_t)rx_descriptors(cfg);
	port->tx_descriptors = (uint16_t)tx_descriptors(cfg);
	if (cfg->kind == DP_PORT_AF_PACKET)
		port->rx_descriptors = port->tx_descriptors = (uint16_t)frame_count(cfg);
	dp_offloads_choose(port, &info, queues, &conf);
	rc = rte_eth_dev_configure(port->id, (uint16_t)queues, (uint16_t)queues, &conf);
	if (rc != 0)
		return fail(dp, port, "configure", rc);
	/* a packet socket takes what the interface takes, whatever its driver says */
	rc = cfg->kind == DP_PORT_AF_PACKET ? 0 : rte_eth_dev_set_mtu(port->id, port->mtu);
	if (rc != 0 && rc != -ENOTSUP)
		return fail(dp, port, "MTU", rc);
	rc = set_up_queues(dp, port, queues);
	if (rc != 0)
		return rc;
	rc = rte_eth_macaddr_get(port->id, &mac);
	if (rc != 0)
		return fail(dp, port, "MAC address", rc);
	memcpy(port->mac, mac.addr_bytes, sizeof(port->mac));
	memcpy((uint8_t *)&port->mac_word + 2, port->mac, sizeof(port->mac));
	return 0;
}

/* Buffers that a driver holds, a queue: af_packet and memif copy, and hold none. */
static unsigned
held_mbufs(const struct dp_port_config *cfg)
{
	switch (cfg->kind) {
	case DP_PORT_AF_PACKET:
	case DP_PORT_MEMIF:
		break;
	case DP_PORT_TAP:
		return rx_descriptors(cfg);
	case DP_PORT_XDP: /* its rings, of lengths of its own: to be filled, filled, sent, done */
		return 4 * XDP_RING;
	case DP_PORT_PCI:
	case DP_PORT_ETHDEV:
		return rx_descriptors(cfg) + tx_descriptors(cfg);
	}
	return 0;
}

/* Buffers for all descriptors, all rings and what workers hold. */
static unsigned
count_mbufs(const struct dp *dp)
{
	unsigned waiting = 0;
	unsigned n = MBUFS_MIN, wanted = 0;

	if (dp->params.pool_mbufs != 0)
		return dp->params.pool_mbufs;
	for (uint16_t i = 0; i < dp->port_count; i++)
		wanted += held_mbufs(&dp->params.ports[i]) * dp->worker_count;
	wanted += DP_NEIGHBOUR_WAITING +
		  (dp->params.hand_over ? dp_handover_room(dp->worker_count) : 0);
	for (unsigned c = 0; c < DP_PUNT_CLASSES; c++)
		if (dp->params.kernel || (c != DP_PUNT_BFD && c != DP_PUNT_ROUTING))
			waiting += dp_punt_places((enum dp_punt_class)c);
	wanted += dp->worker_count *
		  (waiting + DP_SEND_RING + DP_FOLLOW_WAITING + DP_PARTS_WAITING +
			  DP_SEQUENCE_WAITING + DP_HOLD_WAITING + 2u * DP_BURST * dp->port_count);
	while (n < wanted)
		n = 2 * n + 1;
	return n;
}

/* Bytes of a buffer's data: the largest frame, and room in front. */
static uint16_t
data_room(const struct dp *dp)
{
	unsigned most = DEFAULT_MTU;

	for (uint16_t i = 0; i < dp->port_count; i++)
		most = RTE_MAX(most, dp->params.ports[i].mtu);
	return (uint16_t)(RTE_PKTMBUF_HEADROOM + frame_size(most));
}

static uint16_t
private_bytes(void)
{
	return RTE_ALIGN(sizeof(struct dp_punt_meta), RTE_MBUF_PRIV_ALIGN);
}

size_t
dp_ports_buffer_bytes(const struct dp *dp)
{
	size_t one = sizeof(struct rte_mbuf) + private_bytes() + data_room(dp), slots = 0;

	/* of af_packet's slots only pointers are DPDK's memory */
	for (uint16_t i = 0; i < dp->port_count; i++)
		if (dp->params.ports[i].kind == DP_PORT_AF_PACKET)
			slots += (size_t)frame_count(&dp->params.ports[i]) * dp->worker_count;
	return count_mbufs(dp) * (one + 2 * RTE_CACHE_LINE_SIZE) + slots * 2 * sizeof(struct iovec);
}

/* Names and locks, before anything is made. */
static int
claim_ports(struct dp *dp)
{
	int rc = 0;

	for (uint16_t i = 0; rc == 0 && i < dp->port_count; i++) {
		const struct dp_port_config *cfg = &dp->params.ports[i];
		struct dp_port *port = &dp->ports[i];

		port->kind = cfg->kind;
		snprintf(port->name, sizeof(port->name), "%s", cfg->name);
		snprintf(port->device, sizeof(port->device), "%s", cfg->device);
		rc = dp_interface_claim(dp, port);
	}
	return rc;
}

int
dp_ports_create(struct dp *dp)
{
	int rc = claim_ports(dp);

	if (rc != 0)
		return rc;
	dp->pool = rte_pktmbuf_pool_create("culvert-packets", count_mbufs(dp), MBUF_CACHE,
		private_bytes(), data_room(dp), SOCKET_ID_ANY);
	if (dp->pool == NULL) {
		cv_log_event(dp->log, CV_LOG_ERROR, "start-failed",
			"reason=\"no memory for %u packet buffers: %s\"", count_mbufs(dp),
			rte_strerror(rte_errno));
		return CV_ERR_NOMEM;
	}
	for (uint16_t i = 0; rc == 0 && i < dp->port_count; i++) {
		rc = find_device(dp, i);
		if (rc == 0)
			rc = set_up(dp, i);
	}
	return rc;
}

/* Links of ports that are no interfaces of the kernel's. */
static void
look_at_links(struct dp *dp)
{
	for (uint16_t i = 0; i < dp->port_count; i++) {
		struct rte_eth_link link;
		struct dp_port *port = &dp->ports[i];

		if (port->interface != 0)
			continue;
		if (port->kind == DP_PORT_PCI && rte_eth_dev_is_removed(port->id) != 0)
			dp_port_set_link(dp, port, DP_LINK_GONE);
		else if (dp_link_now(port->id, &link))
			dp_port_set_link(dp, port,
				link.link_status == RTE_ETH_LINK_UP ? DP_LINK_UP : DP_LINK_DOWN);
	}
}

int
dp_ports_start(struct dp *dp)
{
	for (uint16_t i = 0; i < dp->port_count; i++) {
		struct dp_port *port = &dp->ports[i];
		const uint8_t *m = port->mac;
		int rc = rte_eth_dev_start(port->id);
		char offloads[DP_OFFLOADS];

		if (rc != 0)
			return fail(dp, port, "start", rc);
		dp_offloads_start(port);
		dp_offloads_name(port, offloads);
		cv_log_event(dp->log, CV_LOG_INFO, "port",
			"port=%s device=%s mac=%02x:%02x:%02x:%02x:%02x:%02x mtu=%u queues=%u "
			"rx_descriptors=%u tx_descriptors=%u offloads=\"%s\" hash=%s",
			port->name, port->device, m[0], m[1], m[2], m[3], m[4], m[5], port->mtu,
			dp->worker_count, port->rx_descriptors, port->tx_descriptors, offloads,
			dp_hash_name(port));
	}
	dp_interfaces_start(dp);
	look_at_links(dp);
	return 0;
}

/* Once a second, so that a link that comes and goes is a bounded number of lines for DPDK's own
 * drivers; of interfaces the kernel tells each change. */
void
dp_ports_poll(struct dp *dp, uint64_t now)
{
	if (!dp->started || now < dp->ports_at)
		return;
	dp->ports_at = cv_time_add(now, DP_PORTS_POLL_NS);
	dp_interfaces_poll(dp);
	look_at_links(dp);
	for (uint16_t i = 0; i < dp->port_count; i++) {
		if (dp->ports[i].announces)
			dp_uplinks_announce(dp, i);
		dp->ports[i].announces = false;
	}
}

void
dp_ports_stop(struct dp *dp)
{
	dp_interfaces_stop(dp);
	for (uint16_t i = 0; i < dp->port_count; i++) {
		dp_offloads_stop(&dp->ports[i]);
		(void)rte_eth_dev_stop(dp->ports[i].id);
	}
}

void
dp_ports_destroy(struct dp *dp)
{
	for (uint16_t i = 0; i < dp->port_count; i++) {
		struct dp_port *port = &dp->ports[i];

		if (port->created)
			(void)rte_vdev_uninit(port->ethdev);
		else if (port->kind == DP_PORT_PCI && port->found)
			(void)rte_eth_dev_close(port->id);
		port->created = false;
		dp_interface_release(port);
	}
	rte_mempool_free(dp->pool);
	dp->pool = NULL;
}
