/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine: the EAL, ports and their devices, interfaces of the kernel. All of it is the control
 * thread's. Workers only read of a port what stays as it is while they run: its number, MAC address
 * and what its device does for them.
 */
#ifndef DP_HOST_HOST_H
#define DP_HOST_HOST_H

#include "base/time.h"
#include "datapath/info.h"
#include "wire/ipv6.h"

struct rte_eth_conf;
struct rte_eth_dev_info;
struct dp;

struct dp_port {
	char name[DP_PORT_NAME];
	char device[DP_PORT_DEVICE];
	char ethdev[DP_PORT_DEVICE]; /* DPDK's name; empty: not found yet */
	enum dp_port_kind kind;
	uint16_t id; /* DPDK's number */
	uint16_t mtu;
	uint16_t rx_descriptors, tx_descriptors;
	uint8_t mac[6];
	uint64_t mac_word;                 /* the same, as dp_ether_target() reads it */
	uint64_t multicast;                /* which groups it was told of; 0: none */
	bool takes_all;                    /* groups: VLANs on it have some */
	uint64_t rx_offloads, tx_offloads; /* RTE_ETH_RX_OFFLOAD_, TX, that are on */
	uint64_t hash;                     /* RTE_ETH_RSS_: spreads frames over workers */
	uint16_t queues;
	bool rules;     /* beside it, the device spreads sessions by rules */
	bool checks_rx; /* the device says whether received checksums are right */
	bool found;     /* id is right */
	bool created;   /* by us: to be removed again */
	int lock;       /* host/interface.c: a socket; -1: none */
	int interface;  /* its number in the kernel; 0: none */
	enum dp_link link;
	bool announces; /* its link is back: who was elsewhere meanwhile is told where we are */
	int sockets[DP_MAX_WORKERS]; /* af_packet's, until it stops; of xdp one of ours */
	uint16_t socket_count;
	uint64_t ring_full[DP_MAX_WORKERS]; /* frames that they had no room for, by socket */
};

/* host/eal.c */
int dp_eal_start(struct dp *dp);
/* Gives all of it back, before the process ends: nothing of DPDK may be used any more. */
void dp_eal_cleanup(void);
/* The EAL's argument for CPUs: a list with ranges. */
size_t dp_eal_lcores(char *text, size_t capacity, const uint16_t *all, unsigned n,
	const uint16_t *workers, unsigned count);

/* host/port.c */
int dp_ports_create(struct dp *dp);
/* Memory that the packet buffers will take. */
size_t dp_ports_buffer_bytes(const struct dp *dp);
int dp_ports_start(struct dp *dp);
void dp_ports_stop(struct dp *dp);
void dp_ports_destroy(struct dp *dp);

/* host/offload.c */
/* What is asked of a device that can do so much, and with so many queues. */
void dp_offloads_choose(struct dp_port *port, const struct rte_eth_dev_info *info, unsigned queues,
	struct rte_eth_conf *conf);
/* Rules, once it has started, and before it stops. */
void dp_offloads_start(struct dp_port *port);
void dp_offloads_stop(struct dp_port *port);
void dp_offloads_name(const struct dp_port *port, char out[DP_OFFLOADS]);
/* By what its frames are spread over workers: for good. */
const char *dp_hash_name(const struct dp_port *port);

/* How often ports are looked at. */
#define DP_PORTS_POLL_NS CV_NS_PER_S
void dp_ports_poll(struct dp *dp, uint64_t now);

/* host/interface.c */
/* Before the device is made: CV_ERR_EXISTS when another process serves the interface. */
int dp_interface_claim(const struct dp *dp, struct dp_port *port);
void dp_interface_release(struct dp_port *port);
/* Once the devices are there: finds their interfaces and watches their links. */
void dp_interfaces_start(struct dp *dp);
void dp_interfaces_stop(struct dp *dp);
void dp_interfaces_poll(struct dp *dp);
/* What the kernel counts. */
void dp_interface_info(const struct dp *dp, const struct dp_port *port, struct dp_port_info *out);
/* A change is a line in the log; what is gone stays so. */
void dp_port_set_link(struct dp *dp, struct dp_port *port, enum dp_link link);

/* host/multicast.c: the port takes frames to the groups that addresses on a LAN of it are asked for
 * on, and to all nodes (RFC 2464 section 7), as they are now. */
void dp_multicast_follow(struct dp *dp, uint16_t lan);
void dp_multicast_follow_all(struct dp *dp);
/* The groups that the addresses on a LAN are asked for on. */
enum { DP_GROUPS_MAX = DP_MAX_SERVICES + 256 };
unsigned dp_multicast_groups(
	const struct dp *dp, uint16_t lan, uint8_t (*groups)[WIRE_IPV6_ADDRESS]);

#endif
