/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether the network has changed: links, addresses and routes, as the kernel tells, and a machine
 * that has slept. One thread. */
#ifndef CLIENT_WATCH_H
#define CLIENT_WATCH_H

#include <stdbool.h>

struct event_base;
struct watch;

/* Tells by changed(), some time after the last of changes that come together; slept: that the
 * machine did. NULL: errno says why. */
struct watch *watch_new(struct event_base *base, void (*changed)(void *ctx, bool slept), void *ctx);
void watch_free(struct watch *w); /* takes NULL */

#endif
