/* SPDX-License-Identifier: BSD-3-Clause */
/* What libevent leaves to its user. */
#ifndef CLIENT_EVENTS_H
#define CLIENT_EVENTS_H

#include <event2/event.h>
#include <stdint.h>

#include "base/time.h"

/* Takes NULL. */
static inline void
client_free_event(struct event *e)
{
	if (e != NULL)
		event_free(e);
}

/* Its time is in so long from now, whatever it was before. 0, or -1. */
static inline int
client_set_timer(struct event *timer, uint64_t ns)
{
	struct timeval tv = {
		(time_t)(ns / CV_NS_PER_S), (suseconds_t)(ns % CV_NS_PER_S / CV_NS_PER_US)};

	return event_add(timer, &tv);
}

#endif
