/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What routers learn of us: pools, put into tables of the kernel's as routes that discard, with a
 * protocol number of our own, for a routing daemon to redistribute. The kernel carries none of that
 * traffic.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "kernel.h"

struct one {
	struct cv_prefix to;
	uint32_t table, metric;
};

struct announced {
	struct one *list; /* in order */
	size_t n, room;
};

struct announced *
announced_new(void)
{
	return calloc(1, sizeof(struct announced));
}

void
announced_free(struct announced *a)
{
	if (a != NULL)
		free(a->list);
	free(a);
}

size_t
announced_count(const struct announced *a)
{
	return a == NULL ? 0 : a->n;
}

int
kernel_ask(struct mnl_socket *socket, struct nlmsghdr *request)
{
	char answer[1024];
	struct cv_reader r;
	struct rtnl_message m;
	ssize_t n;

	request->nlmsg_flags |= NLM_F_ACK;
	if (socket == NULL || mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return socket == NULL ? ENOTCONN : errno;
	n = mnl_socket_recvfrom(socket, answer, sizeof(answer));
	if (n < 0)
		return errno;
	r = cv_reader(answer, (size_t)n);
	return rtnl_next(&r, &m) == 1 && m.kind == RTNL_ERROR ? -m.error : EPROTO;
}

static int
tell(const struct one *o, bool add, struct mnl_socket *ask)
{
	char buf[256];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	bool v4 = o->to.ip.family == CV_IPV4;
	struct rtmsg *m;

	h->nlmsg_type = add ? RTM_NEWROUTE : RTM_DELROUTE;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (add ? NLM_F_CREATE | NLM_F_REPLACE : 0));
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->rtm_family = v4 ? AF_INET : AF_INET6;
	m->rtm_dst_len = o->to.length;
	m->rtm_protocol = KERNEL_PROTOCOL;
	m->rtm_type = RTN_BLACKHOLE;
	m->rtm_scope = RT_SCOPE_UNIVERSE;
	mnl_attr_put_u32(h, RTA_TABLE, o->table);
	mnl_attr_put_u32(h, RTA_PRIORITY, o->metric);
	mnl_attr_put(h, RTA_DST, v4 ? 4 : 16, o->to.ip.bytes);
	return kernel_ask(ask, h);
}

static int
compare(const void *va, const void *vb)
{
	const struct one *a = va, *b = vb;
	int order = memcmp(&a->to, &b->to, sizeof(a->to)); /* bytes alone */

	if (order == 0 && a->table != b->table)
		order = a->table < b->table ? -1 : 1;
	if (order == 0 && a->metric != b->metric)
		order = a->metric < b->metric ? -1 : 1;
	return order;
}

static bool
is_among(const struct announced *a, const struct one *o)
{
	return a->n != 0 && bsearch(o, a->list, a->n, sizeof(*o), compare) != NULL;
}

/* ---- what is wanted ---- */

static int
add(struct announced *a, const struct cfg_kernel_table *t, const struct cv_prefix *list, size_t n)
{
	if (a->n + n > a->room) {
		size_t room = 2 * (a->n + n);
		struct one *grown = realloc(a->list, room * sizeof(*grown));

		if (grown == NULL)
			return CV_ERR_NOMEM;
		a->list = grown;
		a->room = room;
	}
	for (size_t i = 0; i < n; i++)
		a->list[a->n++] = (struct one){.to = list[i],
			.table = t->announce_table == 0 ? t->table : t->announce_table,
			.metric = t->metric};
	return 0;
}

static int
add_pools(struct announced *a, const struct cfg *cfg, const struct cfg_kernel_table *t)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < cfg->n_groups; i++) {
		const struct cfg_group *g = &cfg->groups[i];

		if (g->realm != t->realm)
			continue;
		rc = add(a, t, g->pool, g->n_pool);
		if (rc == 0)
			rc = add(a, t, g->pool6, g->n_pool6);
		if (rc == 0)
			rc = add(a, t, g->delegate, g->n_delegate);
	}
	return rc;
}

static int
collect(struct announced *a, const struct cfg *cfg)
{
	int rc = 0;

	for (size_t i = 0; cfg != NULL && rc == 0 && i < cfg->n_kernel_tables; i++)
		if (cfg->kernel_tables[i].announce == CFG_ANNOUNCE_POOLS)
			rc = add_pools(a, cfg, &cfg->kernel_tables[i]);
	if (a->n != 0)
		qsort(a->list, a->n, sizeof(*a->list), compare);
	return rc;
}

static void
complain(struct daemon *d, const struct one *o, int error)
{
	char text[CV_PREFIX_TEXT];

	cv_log_event(&d->log, CV_LOG_ERROR, "kernel-announce", "prefix=%s table=%u reason=\"%s\"",
		cv_prefix_text(&o->to, text), o->table, strerror(error));
}

void
announced_follow(
	struct announced *a, struct daemon *d, const struct cfg *cfg, struct mnl_socket *ask)
{
	struct announced now = {0};

	if (collect(&now, cfg) != 0) {
		free(now.list);
		cv_log_event(&d->log, CV_LOG_ERROR, "kernel-announce", "reason=\"out of memory\"");
		return;
	}
	/* the new ones first: a prefix may move from a table to another */
	for (size_t i = 0; i < now.n; i++) {
		int error = tell(&now.list[i], true, ask);

		if (error != 0)
			complain(d, &now.list[i], error);
	}
	for (size_t i = 0; i < a->n; i++)
		if (!is_among(&now, &a->list[i]))
			(void)tell(&a->list[i], false, ask);
	free(a->list);
	*a = now;
}

void
announced_found(struct announced *a, const struct rtnl_route *route, struct mnl_socket *ask)
{
	struct one o = {.to = route->to, .table = route->table, .metric = route->metric};

	if (route->protocol == KERNEL_PROTOCOL && route->way == RTNL_WAY_DISCARD &&
		!is_among(a, &o))
		(void)tell(&o, false, ask);
}
