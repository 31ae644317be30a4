/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DP_WORKER_FLOW_H
#define DP_WORKER_FLOW_H

#include "datapath/dp.h"

/*
 * A hash of the flow that an inner packet of len bytes is of, whose header was read: addresses and
 * protocol, with the ports of TCP, UDP and SCTP or the SPI of ESP and AH (so of UDP 4500
 * it is the addresses' and ports'). Of fragments, the first one too, it is without those, that all
 * of a packet go one way. Nobody outside can foresee it.
 */
uint32_t dp_flow_of(const struct dp *dp, const uint8_t *inner, uint16_t len, bool six);

#endif
