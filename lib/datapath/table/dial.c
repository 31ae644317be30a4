/* SPDX-License-Identifier: BSD-3-Clause */
#include "datapath/table/dial.h"

void
dp_dial_arm(struct dp *dp, uint16_t id, bool armed)
{
	uint8_t was = __atomic_exchange_n(
		&dp->dials[id], armed ? DP_DIAL_ARMED : DP_DIAL_OFF, __ATOMIC_ACQ_REL);

	if (was == DP_DIAL_WANTED)
		__atomic_fetch_sub(&dp->dials_wanted, 1, __ATOMIC_RELAXED);
}

bool
dp_dial_next(struct dp *dp, uint16_t *id)
{
	if (__atomic_load_n(&dp->dials_wanted, __ATOMIC_ACQUIRE) == 0)
		return false;
	for (uint16_t i = 0; i < CV_DIAL_IDS; i++)
		if (__atomic_load_n(&dp->dials[i], __ATOMIC_ACQUIRE) == DP_DIAL_WANTED) {
			dp_dial_arm(dp, i, false);
			*id = i;
			return true;
		}
	return false; /* it is being set just now */
}
