/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DPDK's driver for packet sockets keeps them to itself, and what their rings had no room for they
 * alone tell (packet(7), PACKET_STATISTICS). So they are looked for among the process's
 * descriptors. Any thread.
 */
#ifndef DATAPATH_PACKET_SOCKET_H
#define DATAPATH_PACKET_SOCKET_H

#include <linux/if_packet.h>
#include <stdint.h>
#include <sys/socket.h>

enum { PACKET_SOCKET_MOST = 4096 }; /* descriptors that are looked at: the lowest free are given */

/* The first packet socket of an interface (its index) from this descriptor on; -1: there is none.
 * The driver opens one for each queue, in order. */
static inline int
packet_socket_find(int fd, int interface)
{
	for (; fd < PACKET_SOCKET_MOST; fd++) {
		struct sockaddr_ll name = {0};
		socklen_t len = sizeof(name), domain_len = sizeof(int);
		int domain = 0;

		if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_len) == 0 &&
			domain == AF_PACKET &&
			getsockname(fd, (struct sockaddr *)&name, &len) == 0 &&
			name.sll_ifindex == interface)
			return fd;
	}
	return -1;
}

/* Frames that its ring had no room for since this was asked last, whoever asked. */
static inline uint64_t
packet_socket_lost(int fd)
{
	struct tpacket_stats stats;
	socklen_t len = sizeof(stats);

	return getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) == 0 ? stats.tp_drops
										: 0;
}

#endif
