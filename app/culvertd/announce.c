/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What routers learn of us: pools, and networks behind sessions that are there, put into tables of
 * the kernel's as routes that discard, with a protocol number of our own, for a routing daemon to
 * redistribute. The kernel carries none of that traffic.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/list.h"
#include "datapath/routes.h"
#include "kernel.h"

enum { FEW = 256 };

struct one {
	struct cv_prefix to;
	uint8_t none[2]; /* in place of padding: its bytes are compared */
	uint32_t table, metric;
};

_Static_assert(sizeof(struct one) == sizeof(struct cv_prefix) + 2 + 8, "no padding");

/* A route that the kernel should have. */
struct wanted {
	struct cv_node node;
	struct one is;
	uint32_t users; /* pools and sessions that want it */
	bool told;      /* the kernel has it */
};

/* A session that networks are behind. */
struct held {
	struct cv_node node;
	uint32_t slot;
	uint16_t realm; /* ID */
	bool wants;     /* its realm's are announced: in this table */
	uint32_t table, metric;
	unsigned n;
	struct cv_prefix at[];
};

struct announced {
	struct cv_table wanted, held;
};

#define WANTED_OF(n) CV_OBJECT(struct wanted, node, n)
#define HELD_OF(n) CV_OBJECT(struct held, node, n)

struct announced *
announced_new(void)
{
	struct announced *a = calloc(1, sizeof(*a));
	uint64_t key[2];

	if (a == NULL)
		return NULL;
	if (getrandom(key, sizeof(key), 0) == (ssize_t)sizeof(key) &&
		cv_table_init(&a->wanted, FEW, key) == 0 && cv_table_init(&a->held, FEW, key) == 0)
		return a;
	announced_free(a);
	return NULL;
}

/* The first of the nodes of a chain, which goes on with what is behind it; NULL: that was all. */
static struct cv_node *
next_of(const struct cv_table *t, uint32_t *chain, struct cv_node **behind)
{
	struct cv_node *n = *behind;

	while (n == NULL && t->chains != NULL && *chain <= t->mask)
		n = t->chains[(*chain)++];
	*behind = n == NULL ? NULL : n->next;
	return n;
}

void
announced_free(struct announced *a)
{
	struct cv_node *n, *behind = NULL;

	if (a == NULL)
		return;
	for (uint32_t chain = 0; (n = next_of(&a->wanted, &chain, &behind)) != NULL;)
		free(WANTED_OF(n));
	for (uint32_t chain = 0; (n = next_of(&a->held, &chain, &behind)) != NULL;)
		free(HELD_OF(n));
	cv_table_fini(&a->wanted);
	cv_table_fini(&a->held);
	free(a);
}

size_t
announced_count(const struct announced *a)
{
	return a == NULL ? 0 : a->wanted.count;
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
	m->rtm_protocol = NETLINK_PROTOCOL;
	m->rtm_type = RTN_BLACKHOLE;
	m->rtm_scope = RT_SCOPE_UNIVERSE;
	mnl_attr_put_u32(h, RTA_TABLE, o->table);
	mnl_attr_put_u32(h, RTA_PRIORITY, o->metric);
	mnl_attr_put(h, RTA_DST, v4 ? 4 : 16, o->to.ip.bytes);
	return netlink_ask(ask, h);
}

static void
complain(struct daemon *d, const struct one *o, int error)
{
	char text[CV_PREFIX_TEXT];

	cv_log_event(&d->log, CV_LOG_ERROR, "kernel-announce", "prefix=%s table=%u reason=\"%s\"",
		cv_prefix_text(&o->to, text), o->table, strerror(error));
}

/* ---- what is wanted ---- */

static struct wanted *
find(const struct announced *a, const struct one *o, uint64_t *hash)
{
	struct cv_node *n;

	*hash = cv_table_hash(&a->wanted, o, sizeof(*o));
	n = cv_table_first(&a->wanted, *hash);
	while (n != NULL && memcmp(&WANTED_OF(n)->is, o, sizeof(*o)) != 0)
		n = cv_table_next(n);
	return n == NULL ? NULL : WANTED_OF(n);
}

/* Longer chains are right, too, where there is no memory. */
static void
grow(struct cv_table *t)
{
	if (t->count >= FEW && t->count > t->mask)
		(void)cv_table_resize(t, 2 * t->count);
}

static void
want(struct announced *a, struct daemon *d, const struct one *o, struct mnl_socket *ask)
{
	uint64_t hash;
	struct wanted *w = find(a, o, &hash);
	int error;

	if (w == NULL) {
		w = calloc(1, sizeof(*w));
		if (w == NULL) {
			complain(d, o, ENOMEM);
			return;
		}
		w->is = *o;
		grow(&a->wanted);
		cv_table_add(&a->wanted, &w->node, hash);
	}
	w->users++;
	if (w->told)
		return;
	error = tell(o, true, ask);
	w->told = error == 0;
	if (error != 0)
		complain(d, o, error);
}

static void
drop(struct announced *a, struct wanted *w, struct mnl_socket *ask)
{
	if (w->told)
		(void)tell(&w->is, false, ask);
	cv_table_remove(&a->wanted, &w->node);
	free(w);
}

static void
unwant(struct announced *a, const struct one *o, struct mnl_socket *ask)
{
	uint64_t hash;
	struct wanted *w = find(a, o, &hash);

	if (w != NULL && --w->users == 0)
		drop(a, w, ask);
}

static uint32_t
table_of(const struct cfg_kernel_table *t)
{
	return t->announce_table == 0 ? t->table : t->announce_table;
}

static void
want_list(struct announced *a, struct daemon *d, const struct cfg_kernel_table *t,
	const struct cv_prefix *list, size_t n, struct mnl_socket *ask)
{
	for (size_t i = 0; i < n; i++)
		want(a, d, &(struct one){.to = list[i], .table = table_of(t), .metric = t->metric},
			ask);
}

static void
want_pools(struct announced *a, struct daemon *d, const struct cfg *cfg,
	const struct cfg_kernel_table *t, struct mnl_socket *ask)
{
	for (size_t i = 0; i < cfg->n_groups; i++) {
		const struct cfg_group *g = &cfg->groups[i];

		if (g->realm != t->realm)
			continue;
		want_list(a, d, t, g->pool, g->n_pool, ask);
		want_list(a, d, t, g->pool6, g->n_pool6, ask);
		want_list(a, d, t, g->delegate, g->n_delegate, ask);
	}
}

/* ---- networks behind sessions ---- */

static struct held *
held_by(const struct announced *a, uint32_t slot, uint64_t *hash)
{
	struct cv_node *n;

	*hash = cv_table_hash(&a->held, &slot, sizeof(slot));
	n = cv_table_first(&a->held, *hash);
	while (n != NULL && HELD_OF(n)->slot != slot)
		n = cv_table_next(n);
	return n == NULL ? NULL : HELD_OF(n);
}

/* A realm has one table at most. */
static const struct cfg_kernel_table *
table_for(const struct cfg *cfg, uint16_t realm)
{
	for (size_t i = 0; cfg != NULL && i < cfg->n_kernel_tables; i++)
		if (cfg->realms[cfg->kernel_tables[i].realm].id == realm &&
			cfg->kernel_tables[i].announce == CFG_ANNOUNCE_POOLS)
			return &cfg->kernel_tables[i];
	return NULL;
}

static bool
is_open_for(const struct dp_session *s, const struct cv_prefix *p)
{
	return p->ip.family == CV_IPV4 ? s->open : s->open6;
}

/* What is behind a session now, of the families that it is open for; NULL: nothing, or no memory.
 */
static struct held *
hold(struct daemon *d, uint32_t slot)
{
	struct held *h = NULL;
	struct dp_session s;
	struct cv_prefix at;
	unsigned n = 0;

	while (dp_framed_get(d->dp, slot, n, &at))
		n++;
	if (n != 0 && dp_session_get(d->dp, slot, &s) == 0)
		h = calloc(1, sizeof(*h) + n * sizeof(h->at[0]));
	if (h == NULL)
		return NULL;
	h->slot = slot;
	h->realm = s.realm;
	for (unsigned i = 0; i < n && dp_framed_get(d->dp, slot, i, &at); i++)
		if (is_open_for(&s, &at))
			h->at[h->n++] = at;
	return h;
}

static void
want_held(struct announced *a, struct daemon *d, const struct cfg *cfg, struct held *h,
	struct mnl_socket *ask)
{
	const struct cfg_kernel_table *t = table_for(cfg, h->realm);

	h->wants = t != NULL;
	if (t == NULL)
		return;
	h->table = table_of(t);
	h->metric = t->metric;
	want_list(a, d, t, h->at, h->n, ask);
}

static void
discard(struct announced *a, struct held *h, struct mnl_socket *ask)
{
	for (unsigned i = 0; h->wants && i < h->n; i++)
		unwant(a, &(struct one){.to = h->at[i], .table = h->table, .metric = h->metric},
			ask);
	cv_table_remove(&a->held, &h->node);
	free(h);
}

void
announced_session(struct announced *a, struct daemon *d, const struct cfg *cfg, uint32_t slot,
	struct mnl_socket *ask)
{
	uint64_t hash;
	struct held *old = held_by(a, slot, &hash), *h = hold(d, slot);

	/* the new ones first: most of them are there already */
	if (h != NULL) {
		want_held(a, d, cfg, h, ask);
		grow(&a->held);
		cv_table_add(&a->held, &h->node, hash);
	}
	if (old != NULL)
		discard(a, old, ask);
}

/* ---- all of it ---- */

void
announced_follow(
	struct announced *a, struct daemon *d, const struct cfg *cfg, struct mnl_socket *ask)
{
	struct cv_node *n, *behind = NULL;

	for (uint32_t chain = 0; (n = next_of(&a->wanted, &chain, &behind)) != NULL;)
		WANTED_OF(n)->users = 0;
	/* the new ones first: a prefix may move from a table to another */
	for (size_t i = 0; cfg != NULL && i < cfg->n_kernel_tables; i++)
		if (cfg->kernel_tables[i].announce == CFG_ANNOUNCE_POOLS)
			want_pools(a, d, cfg, &cfg->kernel_tables[i], ask);
	for (uint32_t chain = 0; (n = next_of(&a->held, &chain, &behind)) != NULL;)
		want_held(a, d, cfg, HELD_OF(n), ask);
	for (uint32_t chain = 0; (n = next_of(&a->wanted, &chain, &behind)) != NULL;)
		if (WANTED_OF(n)->users == 0)
			drop(a, WANTED_OF(n), ask);
}

/* The one that a route of our protocol is; NULL: nobody wants it. */
static struct wanted *
wanted_of(const struct announced *a, const struct rtnl_route *route)
{
	struct one o = {.to = route->to, .table = route->table, .metric = route->metric};
	uint64_t hash;

	return find(a, &o, &hash);
}

static bool
is_ours(const struct rtnl_route *route)
{
	return route->protocol == NETLINK_PROTOCOL && route->way == RTNL_WAY_DISCARD;
}

void
announced_found(struct announced *a, const struct rtnl_route *route, struct mnl_socket *ask)
{
	struct one o = {.to = route->to, .table = route->table, .metric = route->metric};
	struct wanted *w = is_ours(route) ? wanted_of(a, route) : NULL;

	if (w != NULL)
		w->told = true;
	else if (is_ours(route))
		(void)tell(&o, false, ask);
}

bool
announced_gone(struct announced *a, const struct rtnl_route *route)
{
	struct wanted *w = is_ours(route) ? wanted_of(a, route) : NULL;

	if (w == NULL)
		return false;
	w->told = false;
	return true;
}

void
announced_again(struct announced *a, struct daemon *d, struct mnl_socket *ask)
{
	struct cv_node *n, *behind = NULL;
	unsigned again = 0;

	for (uint32_t chain = 0; (n = next_of(&a->wanted, &chain, &behind)) != NULL;) {
		struct wanted *w = WANTED_OF(n);

		if (w->told)
			continue;
		w->told = tell(&w->is, true, ask) == 0;
		again += w->told;
	}
	if (again != 0)
		cv_log_event(&d->log, CV_LOG_WARNING, "kernel-announce",
			"result=again routes=%u reason=\"somebody had taken them out\"", again);
}
