/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports of DPDK, one queue each way, used by one thread. Devices are named as in Culvert's
 * configuration: af_packet:INTERFACE, xdp:INTERFACE, tap:NAME, memif:/SOCKET, pci:ADDRESS. */
#ifndef LOAD_PORT_H
#define LOAD_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PORTS_MAX = 2, PORT_BURST = 32 };

struct rte_mbuf;

struct port {
	const char *device; /* as it was named */
	uint16_t id;
	unsigned mtu; /* of an interface of the kernel's; 0: the port has what it needs */
	bool made;    /* a virtual device, to be ended */
	uint8_t mac[6];
	int socket;      /* of the driver's for packet sockets; -1: it has none */
	uint64_t missed; /* of that socket's ring, as far as it was asked */
};

struct ports_params {
	const char *device[PORTS_MAX];
	unsigned n;
	unsigned mtu;
	int cpu; /* where this thread is to run; -1: where it may */
};

/* Whether a device's name has one of the forms. */
bool port_known(const char *device);
/* DPDK's start, and all ports. 0, or -1 and err says why. */
int ports_open(
	struct port ports[PORTS_MAX], const struct ports_params *params, char *err, size_t err_len);
void ports_close(struct port *ports, unsigned n);

/* Frames that it had no room or buffer for, since the start. */
uint64_t port_missed(struct port *p);

/* A buffer for a frame of at most the MTU and what Ethernet has, or NULL: none is free. */
struct rte_mbuf *port_buffer(void);

#endif
