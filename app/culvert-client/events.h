/* SPDX-License-Identifier: BSD-3-Clause */
/* What libevent leaves to its user. */
#ifndef CLIENT_EVENTS_H
#define CLIENT_EVENTS_H

#include <event2/event.h>

/* Takes NULL. */
static inline void
client_free_event(struct event *e)
{
	if (e != NULL)
		event_free(e);
}

#endif
