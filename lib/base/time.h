/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time in lib/ is an argument: nanoseconds of a monotonic clock that the caller reads. Nothing
 * here asks what time it is.
 */
#ifndef CV_TIME_H
#define CV_TIME_H

#include <stdint.h>

#define CV_TIME_NEVER UINT64_MAX /* what next_timeout returns when nothing is pending */
#define CV_NS_PER_US UINT64_C(1000)
#define CV_NS_PER_MS UINT64_C(1000000)
#define CV_NS_PER_S UINT64_C(1000000000)

static inline uint64_t
cv_time_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* now + delay, saturating at CV_TIME_NEVER. */
static inline uint64_t
cv_time_add(uint64_t now, uint64_t delay_ns)
{
	return now > CV_TIME_NEVER - delay_ns ? CV_TIME_NEVER : now + delay_ns;
}

#endif
