/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A rate in one word, so that each session and each source can have its own: the time at which
 * its bucket will be full again, in ms of the worker's clock, which may wrap. 0 is a full one.
 */
#ifndef DP_LIMIT_H
#define DP_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/* Takes one event that costs cost_ms out of a bucket that holds most_ms of them: so one each
 * cost_ms in the long run, most_ms / cost_ms at once. False: over the rate, nothing is taken. */
static inline bool
dp_limit_take(uint32_t *full_at, uint32_t now_ms, uint32_t cost_ms, uint32_t most_ms)
{
	uint32_t lacks = *full_at - now_ms;

	if (lacks > most_ms) /* full_at is past */
		lacks = 0;
	if (lacks + cost_ms > most_ms)
		return false;
	*full_at = now_ms + lacks + cost_ms;
	return true;
}

#endif
