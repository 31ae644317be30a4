/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether the kill switch is still there: whoever flushes nftables' rules, as the service of most
 * firewalls does when it is started anew, takes it away with his own. In a libevent loop. One
 * thread.
 */
#ifndef CLIENT_KILLSWITCH_WATCH_H
#define CLIENT_KILLSWITCH_WATCH_H

#include <event2/event.h>

#include "killswitch.h"

struct kill_switch_watch;

/* gone() is called each time that a table was deleted and the connection's is not there, and may
 * put it back. Needs CAP_NET_ADMIN. NULL: errno says why. */
struct kill_switch_watch *kill_switch_watch_new(struct event_base *base,
	const struct cfg_connection *c, void (*gone)(void *ctx), void *ctx);
void kill_switch_watch_free(struct kill_switch_watch *w); /* takes NULL */

#endif
