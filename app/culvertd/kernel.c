/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes of the kernel's tables in realms: what a routing daemon beside us has learned. Messages
 * are followed, and where some were lost, or a link changed, of which the kernel says little,
 * tables are dumped. While a dump is read what is told meanwhile waits in the other socket, so that
 * nothing old comes after what is new.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/table.h"
#include "datapath/info.h"
#include "kernel.h"
#include "uplinks.h"

enum {
	READS = 16,       /* in a round */
	BUFFER = 8 << 20, /* of what is told and not read yet */
};

#define SETTLE_NS (2 * CV_NS_PER_MS) /* a change of IPv6 is two messages, one behind the other */
#define DUMP_NS (250 * CV_NS_PER_MS) /* between beginnings of dumps */

/* ---- messages ---- */

static void
hear(struct kernel *k, const struct rtnl_message *m)
{
	if (m->kind == RTNL_LINK || m->kind == RTNL_LINK_GONE)
		kernel_hear_link(k, m);
	if (m->kind == RTNL_LOST)
		k->wants_dump = true;
	if (m->kind == RTNL_ROUTE)
		announced_found(k->announced, &m->route, k->ask);
	if (m->kind == RTNL_ROUTE_GONE)
		kernel_hear_gone(k, &m->route);
	for (unsigned i = 0; i < CV_KERNEL_TABLE_IDS; i++)
		if (k->tables[i].routes != NULL)
			rtnl_table_input(k->tables[i].routes, m);
}

static void
lost(struct kernel *k)
{
	/* what waits is older than what is missing: after a dump it would be wrong */
	while (mnl_socket_recvfrom(k->follow, k->buf, sizeof(k->buf)) >= 0 || errno == ENOBUFS)
		;
	k->overruns++;
	k->wants_dump = true;
}

static void
on_follow(evutil_socket_t fd, short what, void *ctx)
{
	struct daemon *d = ctx;
	struct kernel *k = d->kernel;

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < READS; i++) {
		ssize_t n = mnl_socket_recvfrom(k->follow, k->buf, sizeof(k->buf));
		struct cv_reader r = cv_reader(k->buf, n > 0 ? (size_t)n : 0);
		struct rtnl_message m;
		int rc;

		if (n < 0) {
			if (errno == ENOBUFS)
				lost(k);
			return;
		}
		while ((rc = rtnl_next(&r, &m)) != 0) {
			if (rc > 0)
				hear(k, &m);
			else
				k->malformed++;
		}
		k->publish_at = cv_time_min(k->publish_at, daemon_now() + SETTLE_NS);
	}
}

/* ---- dumps ---- */

static void
plan(struct kernel *k, uint32_t table)
{
	for (unsigned i = 0; i < k->n_dumps; i++)
		if (k->dumps[i].type == RTM_GETROUTE && k->dumps[i].table == table)
			return;
	if (k->n_dumps + 2 > KERNEL_DUMPS)
		return;
	k->dumps[k->n_dumps++] = (struct kernel_dump){RTM_GETROUTE, AF_INET, table};
	k->dumps[k->n_dumps++] = (struct kernel_dump){RTM_GETROUTE, AF_INET6, table};
}

/* Asks for the one whose turn it is. */
static bool
request(struct kernel *k)
{
	const struct kernel_dump *dump = &k->dumps[k->at];
	char buf[256];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	h->nlmsg_type = dump->type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	h->nlmsg_seq = ++k->sequence;
	if (dump->type == RTM_GETNEXTHOP) {
		mnl_nlmsg_put_extra_header(h, sizeof(struct nhmsg));
	} else {
		struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

		m->rtm_family = dump->family;
		mnl_attr_put_u32(h, RTA_TABLE, dump->table);
	}
	return mnl_socket_sendto(k->dump, h, h->nlmsg_len) >= 0;
}

static void
end_dump(struct kernel *k, bool whole)
{
	k->at = k->n_dumps;
	for (unsigned i = 0; whole && i < CV_KERNEL_TABLE_IDS; i++)
		if (k->tables[i].routes != NULL)
			rtnl_table_swept(k->tables[i].routes);
	if (!whole)
		k->retry_at = cv_time_min(k->retry_at, daemon_now() + KERNEL_RETRY_NS);
	k->wants_dump |= whole && k->interrupted;
	k->publish_at = 0;
	event_add(k->on_follow, NULL);
}

static void
begin_dump(struct kernel *k, uint64_t now)
{
	k->wants_dump = k->interrupted = false;
	k->dumped_at = now;
	k->dumped++;
	for (unsigned i = 0; i < CV_KERNEL_TABLE_IDS; i++)
		if (k->tables[i].routes != NULL)
			rtnl_table_sweep(k->tables[i].routes);
	event_del(k->on_follow);
	k->at = 0;
	if (!request(k))
		end_dump(k, false);
}

/* A table that nobody wrote to yet is none, and empty. */
static void
dump_ended(struct kernel *k, int error)
{
	if (error != 0 && error != -ENOENT && error != -EOPNOTSUPP) {
		end_dump(k, false);
		k->wants_dump |= error == -EBUSY; /* one that was given up goes on */
		return;
	}
	k->at++;
	if (k->at == k->n_dumps)
		end_dump(k, true);
	else if (!request(k))
		end_dump(k, false);
}

static void
hear_dump(struct kernel *k, const uint8_t *data, size_t len)
{
	struct cv_reader r = cv_reader(data, len);
	struct rtnl_message m;
	int rc;

	while ((rc = rtnl_next(&r, &m)) != 0) {
		if (rc < 0) {
			k->malformed++;
			continue;
		}
		if (m.sequence != k->sequence || k->at == k->n_dumps)
			continue;
		k->interrupted |= m.interrupted;
		if (m.kind == RTNL_DONE || m.kind == RTNL_ERROR)
			dump_ended(k, m.error);
		else
			hear(k, &m);
	}
}

static void
on_dump(evutil_socket_t fd, short what, void *ctx)
{
	struct daemon *d = ctx;
	struct kernel *k = d->kernel;

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < READS; i++) {
		ssize_t n = mnl_socket_recvfrom(k->dump, k->buf, sizeof(k->buf));

		if (n < 0)
			return;
		hear_dump(k, k->buf, (size_t)n);
	}
}

/* ---- life ---- */

uint64_t
kernel_step(struct daemon *d, uint64_t now)
{
	struct kernel *k = d->kernel;

	if (k == NULL)
		return CV_TIME_NEVER;
	if (taps_carry(k->taps, d)) {
		kernel_follow_links(d);
		k->wants_dump |= !k->quit;
	}
	if (now >= k->tell_at) {
		k->tell_at = CV_TIME_NEVER;
		taps_tell(k->taps, k->ask);
	}
	kernel_restore(d, now);
	if (k->at < k->n_dumps)
		return kernel_restore_at(k); /* the dump is read when it comes */
	if (now >= k->retry_at) {
		k->retry_at = CV_TIME_NEVER;
		k->wants_dump = true;
		kernel_again(d);
	}
	if (k->wants_dump && now >= k->dumped_at + DUMP_NS) {
		begin_dump(k, now);
		return kernel_restore_at(k);
	}
	if (now >= k->publish_at)
		k->publish_at = learned_publish(d) ? CV_TIME_NEVER : 0;
	return cv_time_min(kernel_restore_at(k),
		cv_time_min(k->publish_at, k->wants_dump ? k->dumped_at + DUMP_NS : k->retry_at));
}

void
kernel_deliver(struct daemon *d, struct dp_punt *punt)
{
	taps_write(d->kernel == NULL ? NULL : d->kernel->taps, d, punt);
}

void
kernel_session(struct daemon *d, uint32_t slot)
{
	struct kernel *k = d->kernel;

	if (k != NULL)
		announced_session(k->announced, d, k->quit ? NULL : d->cfg, slot, k->ask);
}

/* What it is told of waits where there is room; the kernel may give less than is asked for. */
static int
listen_to(struct mnl_socket *s)
{
	static const int groups[] = {
		RTNLGRP_LINK, RTNLGRP_NEXTHOP, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE};
	int bytes = BUFFER;

	if (setsockopt(mnl_socket_get_fd(s), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) !=
		0)
		(void)setsockopt(
			mnl_socket_get_fd(s), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	for (unsigned i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		int group = groups[i];

		if (mnl_socket_setsockopt(s, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) != 0 &&
			group != RTNLGRP_NEXTHOP) /* which an old kernel has none of */
			return CV_ERR_IO;
	}
	return 0;
}

static void
free_event(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

static void
close_socket(struct mnl_socket *s)
{
	if (s != NULL)
		mnl_socket_close(s);
}

void
kernel_free(struct daemon *d)
{
	struct kernel *k = d->kernel;

	if (k == NULL)
		return;
	kernel_withdraw(d);
	for (unsigned i = 0; i < CV_KERNEL_TABLE_IDS; i++)
		rtnl_table_free(k->tables[i].routes);
	learned_free(k);
	taps_free(k->taps);
	announced_free(k->announced);
	free_event(k->on_follow);
	free_event(k->on_dump);
	close_socket(k->follow);
	close_socket(k->dump);
	close_socket(k->ask);
	free(k);
	d->kernel = NULL;
}

static int
create(struct daemon *d)
{
	struct kernel *k = calloc(1, sizeof(*k));
	uint64_t key[2];
	int on = 1;

	if (k == NULL || getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key)) {
		free(k);
		return CV_ERR_NOMEM;
	}
	d->kernel = k;
	k->publish_at = k->retry_at = k->tell_at = CV_TIME_NEVER;
	k->taps_at = k->again_at = CV_TIME_NEVER;
	k->taps = taps_new();
	k->announced = announced_new();
	k->follow = netlink_open();
	k->dump = netlink_open();
	k->ask = netlink_open();
	if (cv_table_init(&k->vias, KERNEL_VIAS, key) != 0 || k->taps == NULL ||
		k->announced == NULL || k->follow == NULL || k->dump == NULL || k->ask == NULL ||
		listen_to(k->follow) != 0)
		return CV_ERR_IO;
	(void)setsockopt(
		mnl_socket_get_fd(k->dump), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	k->on_follow = event_new(
		d->base, mnl_socket_get_fd(k->follow), EV_READ | EV_PERSIST, on_follow, d);
	k->on_dump =
		event_new(d->base, mnl_socket_get_fd(k->dump), EV_READ | EV_PERSIST, on_dump, d);
	if (k->on_follow == NULL || k->on_dump == NULL)
		return CV_ERR_NOMEM;
	event_add(k->on_follow, NULL);
	event_add(k->on_dump, NULL);
	/* of sessions that were there before a reload that asks for this */
	for (uint32_t slot = 0; d->lns != NULL && slot <= lns_slot_mask(d->lns); slot++)
		kernel_session(d, slot);
	return 0;
}

void
kernel_leave(struct daemon *d, const struct cfg *cfg)
{
	struct kernel *k = d->kernel;

	if (k == NULL || taps_mark(k->taps, cfg))
		return;
	for (struct tap *tap = taps_first(k->taps); tap != NULL; tap = tap->next)
		if (!tap->wanted)
			kernel_leave_link(k, tap);
	while (!learned_publish(d))
		;
}

static int
follow_table(struct daemon *d, struct kernel_table *t, const struct cfg *cfg,
	const struct cfg_kernel_table *told)
{
	struct rtnl_params params = {.own_protocol = NETLINK_PROTOCOL, .most = 2 * DP_MAX_ROUTES};

	if (told == NULL) {
		t->leaving = t->routes != NULL;
		if (t->leaving)
			rtnl_table_again(t->routes);
		return 0;
	}
	params.table = told->table;
	if (t->routes != NULL && !t->leaving && t->number == told->table) {
		rtnl_table_again(t->routes); /* the configuration's own routes may be others */
		return 0;
	}
	/* of another number: the realm's routes go, and come */
	while (t->routes != NULL) {
		t->leaving = true;
		rtnl_table_again(t->routes);
		while (!learned_publish(d))
			;
	}
	if (getrandom(params.key, sizeof(params.key), 0) != (ssize_t)sizeof(params.key))
		return CV_ERR_IO;
	t->routes = rtnl_table_new(&params);
	t->realm = cfg->realms[told->realm].id;
	t->number = told->table;
	t->leaving = false;
	return t->routes == NULL ? CV_ERR_NOMEM : 0;
}

static bool
asks(const struct cfg *cfg)
{
	for (size_t i = 0; i < cfg->n_interfaces; i++)
		if (cfg->interfaces[i].kernel != NULL)
			return true;
	return cfg->n_kernel_tables != 0;
}

int
kernel_follow(struct daemon *d)
{
	const struct cfg *cfg = d->cfg;
	struct kernel *k;
	int rc = 0, one;

	if (d->kernel == NULL && !asks(cfg))
		return 0;
	if (d->kernel == NULL)
		rc = create(d);
	if (rc != 0) {
		cv_log_event(&d->log, CV_LOG_ERROR, "kernel",
			"result=failed reason=\"netlink: %s\"", strerror(errno));
		kernel_free(d);
		return rc;
	}
	k = d->kernel;
	rc = learned_follow(k, cfg);
	if (rc != 0)
		return rc;
	kernel_leave(d, cfg);
	rc = taps_follow(k->taps, d, cfg, k->ask);
	k->taps_at = rc == 0 ? CV_TIME_NEVER : daemon_now() + KERNEL_MAKE_AGAIN_NS;
	k->tell_at = daemon_now() + KERNEL_TELL_NS;
	for (uint16_t id = 0; id < CV_KERNEL_TABLE_IDS; id++) {
		one = follow_table(d, &k->tables[id], cfg, cfg_kernel_table_by_id(cfg, id));
		rc = rc == 0 ? one : rc;
	}
	announced_follow(k->announced, d, cfg, k->ask);
	if (k->at < k->n_dumps)
		end_dump(k, false);
	k->n_dumps = 0;
	k->dumps[k->n_dumps++] = (struct kernel_dump){.type = RTM_GETNEXTHOP};
	for (size_t i = 0; i < cfg->n_kernel_tables; i++) {
		const struct cfg_kernel_table *t = &cfg->kernel_tables[i];

		plan(k, t->table);
		if (t->announce_table != 0)
			plan(k, t->announce_table);
	}
	k->at = k->n_dumps;
	k->wants_dump = cfg->n_kernel_tables != 0;
	k->dumped_at = 0;
	k->publish_at = 0;
	kernel_follow_links(d);
	return rc;
}

void
kernel_again(struct daemon *d)
{
	struct kernel *k = d->kernel;

	for (unsigned i = 0; k != NULL && i < CV_KERNEL_TABLE_IDS; i++)
		if (k->tables[i].routes != NULL)
			rtnl_table_again(k->tables[i].routes);
	if (k != NULL)
		k->publish_at = 0;
}

void
kernel_withdraw(struct daemon *d)
{
	struct kernel *k = d->kernel;

	if (k == NULL || k->quit)
		return;
	k->quit = true;
	if (k->announced != NULL && k->ask != NULL)
		announced_follow(k->announced, d, NULL, k->ask);
}

bool
kernel_counter(const struct daemon *d, unsigned index, struct daemon_counter *out)
{
	const struct kernel *k = d->kernel;
	const struct daemon_counter all[] = {
		{"kernel-routes-changes", "changes of the kernel's routes that realms were told of",
			k == NULL ? 0 : k->changes},
		{"kernel-routes-refused", "of them that a realm did not take",
			k == NULL ? 0 : k->refused},
		{"kernel-dumps", "times that the kernel's tables were read whole",
			k == NULL ? 0 : k->dumped},
		{"kernel-overruns", "times that the kernel told faster than was read",
			k == NULL ? 0 : k->overruns},
		{"kernel-malformed", "messages of the kernel's that were none",
			k == NULL ? 0 : k->malformed},
	};

	if (index >= sizeof(all) / sizeof(all[0]))
		return false;
	*out = all[index];
	return true;
}
