/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CULVERT_DATAPATH_COMPAT_H
#define CULVERT_DATAPATH_COMPAT_H

/*
 * compat.h - what differs between the releases of DPDK that Culvert builds on: 22.11 (Debian 12)
 * and 24.11 (Debian 13). No other file asks for DPDK's version, and nothing experimental is used.
 *
 * What needs nothing here, as long as it stays so:
 *  - Headers of packets are read by their bytes. DPDK's own types for IPv4 and IPv6 have an
 * alignment of 2 since 24.11, and an inner packet behind a PPP protocol of one byte begins at an
 * odd address: to read it by such a type is undefined. So lib includes no rte_ip.h and its like;
 * but rte_ip_frag.h does, which is given outer headers alone.
 *  - Threads are POSIX's: rte_ctrl_thread_create is gone in 24.11, and what came for it is new
 * there.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_version.h>

#if RTE_VERSION < RTE_VERSION_NUM(22, 11, 0, 0)
#error "DPDK is older than 22.11"
#endif

/* Asks for a line that is going to be written. DPDK's own is experimental in 22.11, and the
 * compiler's asks to read on a CPU as old as DPDK is built for; where it is not known it is a
 * no-op. */
static inline void
dp_prefetch_write(const void *line)
{
#ifdef RTE_ARCH_X86_64
	__asm__ volatile("prefetchw (%0)" : : "r"(line));
#else
	__builtin_prefetch(line, 1);
#endif
}

/* A port's link as it is now, without waiting; false, and all zero (down), where the driver can't
 * tell. Since 24.11 the result of rte_eth_link_get_nowait must be looked at. */
static inline bool
dp_link_now(uint16_t port_id, struct rte_eth_link *out)
{
	memset(out, 0, sizeof(*out));
	return rte_eth_link_get_nowait(port_id, out) == 0;
}

#endif
