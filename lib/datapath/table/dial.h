/* SPDX-License-Identifier: BSD-3-Clause */
/* Peers that are dialled when there is traffic for them: a byte each, which a worker turns once. */
#ifndef DP_TABLE_DIAL_H
#define DP_TABLE_DIAL_H

#include "datapath/dp.h"

enum dp_dialling { DP_DIAL_OFF, DP_DIAL_ARMED, DP_DIAL_WANTED };

/* A worker has a packet for it; whether nobody had before, so that control has to be woken. */
static inline bool
dp_dial_want(struct dp *dp, uint32_t id)
{
	uint8_t armed = DP_DIAL_ARMED;

	if (id >= CV_DIAL_IDS ||
		__atomic_load_n(&dp->dials[id], __ATOMIC_RELAXED) != DP_DIAL_ARMED ||
		!__atomic_compare_exchange_n(&dp->dials[id], &armed, DP_DIAL_WANTED, false,
			__ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return false;
	__atomic_fetch_add(&dp->dials_wanted, 1, __ATOMIC_RELEASE);
	return true;
}

#endif
