/* SPDX-License-Identifier: BSD-3-Clause */
#include "killswitch_watch.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdbool.h>
#include <stdlib.h>

#include "events.h"

enum {
	READS = 64, /* in a round; what is more comes in the next */
	DELETED = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE,
	ASKED = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE,
};

struct kill_switch_watch {
	struct mnl_socket *told, *asked;
	struct event *readable;
	char table[KILL_SWITCH_NAME];
	void (*gone)(void *ctx);
	void *ctx;
};

static struct mnl_socket *
open_socket(int group)
{
	struct mnl_socket *s = mnl_socket_open2(NETLINK_NETFILTER, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (s == NULL)
		return NULL;
	if (mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) == 0 &&
		(group == 0 || mnl_socket_setsockopt(
				       s, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) == 0))
		return s;
	mnl_socket_close(s);
	return NULL;
}

/* Whether the kernel says that there is no such table. */
static bool
is_gone(const struct kill_switch_watch *w)
{
	char bytes[1024];
	struct nlmsghdr *request = mnl_nlmsg_put_header(bytes);
	struct nfgenmsg *family = mnl_nlmsg_put_extra_header(request, sizeof(*family));
	const struct nlmsghdr *m;
	ssize_t n;

	request->nlmsg_type = ASKED;
	request->nlmsg_flags = NLM_F_REQUEST;
	family->nfgen_family = NFPROTO_INET;
	family->version = NFNETLINK_V0;
	mnl_attr_put_strz(request, NFTA_TABLE_NAME, w->table);
	if (mnl_socket_sendto(w->asked, request, request->nlmsg_len) < 0)
		return false;
	n = mnl_socket_recvfrom(w->asked, bytes, sizeof(bytes));
	m = (const struct nlmsghdr *)(const void *)bytes;
	return n >= (ssize_t)mnl_nlmsg_size(sizeof(struct nlmsgerr)) && mnl_nlmsg_ok(m, (int)n) &&
	       m->nlmsg_type == NLMSG_ERROR &&
	       ((const struct nlmsgerr *)mnl_nlmsg_get_payload(m))->error == -ENOENT;
}

static bool
has_deletion(const char *bytes, ssize_t n)
{
	const struct nlmsghdr *m = (const struct nlmsghdr *)(const void *)bytes;
	int left = (int)n;

	for (; mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left))
		if (m->nlmsg_type == DELETED)
			return true;
	return false;
}

/* What was lost may have been a deletion. */
static void
on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct kill_switch_watch *w = ctx;
	char bytes[8192];
	bool deleted = false;

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < READS; i++) {
		ssize_t n = mnl_socket_recvfrom(w->told, bytes, sizeof(bytes));

		if (n < 0 && errno != ENOBUFS && errno != ENOSPC)
			break;
		deleted = deleted || n < 0 || has_deletion(bytes, n);
	}
	if (deleted && is_gone(w))
		w->gone(w->ctx);
}

struct kill_switch_watch *
kill_switch_watch_new(
	struct event_base *base, const struct cfg_connection *c, void (*gone)(void *ctx), void *ctx)
{
	struct kill_switch_watch *w = calloc(1, sizeof(*w));
	int error;

	if (w == NULL)
		return NULL;
	w->gone = gone;
	w->ctx = ctx;
	kill_switch_name(c, w->table);
	w->told = open_socket(NFNLGRP_NFTABLES);
	if (w->told == NULL || (w->asked = open_socket(0)) == NULL)
		goto fail;
	w->readable =
		event_new(base, mnl_socket_get_fd(w->told), EV_READ | EV_PERSIST, on_readable, w);
	errno = ENOMEM;
	if (w->readable != NULL && event_add(w->readable, NULL) == 0)
		return w;
fail:
	error = errno;
	kill_switch_watch_free(w);
	errno = error;
	return NULL;
}

void
kill_switch_watch_free(struct kill_switch_watch *w)
{
	if (w == NULL)
		return;
	client_free_event(w->readable);
	if (w->told != NULL)
		mnl_socket_close(w->told);
	if (w->asked != NULL)
		mnl_socket_close(w->asked);
	free(w);
}
