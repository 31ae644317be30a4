/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch.h"
#include "events.h"

#include <errno.h>
#include <event2/event.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <time.h>

#include "common/netlink.h"

enum {
	READS = 64,      /* in a round; what is more comes in the next */
	SETTLE_MS = 200, /* a change is many messages, over some time */
};

struct watch {
	struct mnl_socket *socket;
	struct event *readable, *settled, *clock;
	uint64_t looked_ns; /* at the clock */
	void (*changed)(void *ctx, uint64_t paused_ns);
	void *ctx;
};

/* It goes on in sleep, which timers do not. */
static uint64_t
read_clock(void)
{
	struct timespec t = {0};

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * CV_NS_PER_S + (uint64_t)t.tv_nsec;
}

static void
on_clock(evutil_socket_t fd, short what, void *ctx)
{
	struct watch *w = ctx;
	uint64_t now = read_clock(), paused = watch_paused(w->looked_ns, now);

	(void)fd;
	(void)what;
	w->looked_ns = now;
	if (paused != 0)
		w->changed(w->ctx, paused);
}

static void
on_settled(evutil_socket_t fd, short what, void *ctx)
{
	struct watch *w = ctx;

	(void)fd;
	(void)what;
	w->changed(w->ctx, 0);
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
watch_new(struct event_base *base, void (*changed)(void *ctx, uint64_t paused_ns), void *ctx)
{
	struct timeval tv = {WATCH_PERIOD_NS / CV_NS_PER_S, 0};
	struct watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->changed = changed;
	w->ctx = ctx;
	w->looked_ns = read_clock();
	w->socket = netlink_open();
	if (w->socket == NULL || follow(w->socket) != 0)
		goto fail;
	w->readable =
		event_new(base, mnl_socket_get_fd(w->socket), EV_READ | EV_PERSIST, on_readable, w);
	w->settled = evtimer_new(base, on_settled, w);
	w->clock = event_new(base, -1, EV_PERSIST, on_clock, w);
	if (w->readable == NULL || w->settled == NULL || w->clock == NULL) {
		errno = ENOMEM;
		goto fail;
	}
	event_add(w->readable, NULL);
	event_add(w->clock, &tv);
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
	client_free_event(w->clock);
	if (w->socket != NULL)
		mnl_socket_close(w->socket);
	free(w);
	errno = error;
}
