/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the routing daemon that runs beside us is handed, frame by frame, by an interface that the
 * kernel has, too: BGP, BFD and OSPF to our addresses there, and copies of what answers the
 * kernel's questions for neighbours. All else stays ours.
 */
#ifndef DP_WORKER_KERNEL_H
#define DP_WORKER_KERNEL_H

#include "datapath/table/uplink.h"
#include "datapath/worker/frame.h"
#include "wire/ipv6.h"

/* By an interface of dp_kernel_of(): whether it is the daemon's; then the frame is taken. Its
 * lengths are right. */
bool dp_kernel_take4(struct dp_worker *w, const struct frame *f);
bool dp_kernel_take6(struct dp_worker *w, const struct frame *f, const struct wire_upper *upper);
/* Whether a frame is to a group of OSPF's routers over IPv4 (RFC 2328 appendix A.1). */
bool dp_kernel_group(const uint8_t *ether);
/* A copy of a frame that we take ourselves, where the kernel has the LAN's interface. source: who
 * sent it. */
void dp_kernel_copy(struct dp_worker *w, unsigned lan, const struct rte_mbuf *m, uint64_t source);

#endif
