/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether the network has changed: links, addresses and routes, as the kernel tells, and whether
 * nothing ran for a while, as the machine slept, or this process was stopped. One thread. */
#ifndef CLIENT_WATCH_H
#define CLIENT_WATCH_H

#include <stdint.h>

#include "base/time.h"

struct event_base;
struct watch;

#define WATCH_PERIOD_NS (2 * CV_NS_PER_S) /* between two looks at the clock */
#define WATCH_PAUSE_NS CV_NS_PER_S        /* less is no pause that anybody would notice */

/* For how long nothing ran between two looks that were to be a period apart, by a clock that goes
 * on in sleep; 0: all is well. */
static inline uint64_t
watch_paused(uint64_t then, uint64_t now)
{
	return now > then + WATCH_PERIOD_NS + WATCH_PAUSE_NS ? now - then - WATCH_PERIOD_NS : 0;
}

/* Tells by changed(), some time after the last of changes that come together; paused_ns: for how
 * long nothing ran, 0 where that is not what has changed. NULL: errno says why. */
struct watch *watch_new(
	struct event_base *base, void (*changed)(void *ctx, uint64_t paused_ns), void *ctx);
void watch_free(struct watch *w); /* takes NULL */

#endif
