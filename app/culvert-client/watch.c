/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch.h"
#include "events.h"

#include <errno.h>
#include <event2/event.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "base/time.h"
#include "common/netlink.h"

enum {
	READS = 64,      /* in a round; what is more comes in the next */
	SETTLE_MS = 200, /* a change is many messages, over some time */
	CLOCKS_S = 2,    /* between two looks at the clocks */
};

#define SLEPT_NS CV_NS_PER_S /* less is no sleep that anybody would notice */

struct watch {
	struct mnl_socket *socket;
	struct event *readable, *settled, *clocks;
	uint64_t asleep_ns; /* that the machine was, since it was started */
	void (*changed)(void *ctx, bool slept);
	void *ctx;
};

static uint64_t
read_clock(clockid_t id)
{
	struct timespec t = {0};

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * CV_NS_PER_S + (uint64_t)t.tv_nsec;
}

/* The one clock goes on in sleep, the other does not. */
static uint64_t
asleep(void)
{
	uint64_t awake = read_clock(CLOCK_MONOTONIC), all = read_clock(CLOCK_BOOTTIME);

	return all > awake ? all - awake : 0;
}

static void
on_clocks(evutil_socket_t fd, short what, void *ctx)
{
	struct watch *w = ctx;
	uint64_t now = asleep();
	bool slept = now > w->asleep_ns + SLEPT_NS;

	(void)fd;
	(void)what;
	w->asleep_ns = now;
	if (slept)
		w->changed(w->ctx, true);
}

static void
on_settled(evutil_socket_t fd, short what, void *ctx)
{
	struct watch *w = ctx;

	(void)fd;
	(void)what;
	w->changed(w->ctx, false);
}

/* What it says does not matter, nor whether some was lost: who asks looks for himself. */
static void
on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct timeval tv = {0, SETTLE_MS * 1000L};
	struct watch *w = ctx;
	char buf[8192];

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < READS; i++)
		if (mnl_socket_recvfrom(w->socket, buf, sizeof(buf)) < 0 && errno != ENOBUFS)
			break;
	event_add(w->settled, &tv);
}

static int
follow(struct mnl_socket *s)
{
	static const int groups[] = {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
		RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE};

	for (unsigned i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		int group = groups[i];

		if (mnl_socket_setsockopt(s, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) != 0)
			return -1;
	}
	return 0;
}

struct watch *
watch_new(struct event_base *base, void (*changed)(void *ctx, bool slept), void *ctx)
{
	struct timeval tv = {CLOCKS_S, 0};
	struct watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->changed = changed;
	w->ctx = ctx;
	w->asleep_ns = asleep();
	w->socket = netlink_open();
	if (w->socket == NULL || follow(w->socket) != 0)
		goto fail;
	w->readable =
		event_new(base, mnl_socket_get_fd(w->socket), EV_READ | EV_PERSIST, on_readable, w);
	w->settled = evtimer_new(base, on_settled, w);
	w->clocks = event_new(base, -1, EV_PERSIST, on_clocks, w);
	if (w->readable == NULL || w->settled == NULL || w->clocks == NULL) {
		errno = ENOMEM;
		goto fail;
	}
	event_add(w->readable, NULL);
	event_add(w->clocks, &tv);
	return w;
fail:
	watch_free(w);
	return NULL;
}

void
watch_free(struct watch *w)
{
	int error = errno;

	if (w == NULL)
		return;
	client_free_event(w->readable);
	client_free_event(w->settled);
	client_free_event(w->clocks);
	if (w->socket != NULL)
		mnl_socket_close(w->socket);
	free(w);
	errno = error;
}
