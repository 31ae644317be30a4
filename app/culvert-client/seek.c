/* SPDX-License-Identifier: BSD-3-Clause */
/* Which way it is to be, and by which LNSs: by what the configuration says, or, where it leaves
 * that open or has names, by discovery. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide.h"
#include "discover.h"
#include "killswitch_watch.h"
#include "run.h"

/* ---- whom IPsec reaches by the relay ---- */

static bool
same(const struct cv_prefix *a, const struct cv_prefix *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!cv_prefix_equal(&a[i], &b[i]))
			return false;
	return true;
}

/* The gateway's addresses, and the peers. What the kernel was told of others is taken back. */
static int
set_targets(struct run *r, const struct cv_ip *gateways, size_t n)
{
	const struct cfg_connection *c = r->c;
	struct cv_prefix *to = calloc(n + c->n_peers + 1, sizeof(to[0]));
	size_t n_to = 0;

	if (to == NULL)
		return CV_ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		to[n_to++] =
			(struct cv_prefix){gateways[i], gateways[i].family == CV_IPV4 ? 32 : 128};
	for (size_t i = 0; i < c->n_peers; i++)
		to[n_to++] = c->peers[i];
	if (r->to != NULL && n_to == r->routes.n_to && same(to, r->to, n_to)) {
		free(to);
		return 0;
	}
	routes_clear(&r->routes);
	free(r->to);
	r->routes.to = r->to = to;
	r->routes.n_to = n_to;
	r->routes.n_movable = c->way == CFG_WAY_RELAY_FIRST ? n : 0;
	return 0;
}

static void
add_lns(struct run *r, const struct cv_ip *ip, uint16_t port)
{
	struct cv_endpoint lns = {*ip, port};

	for (unsigned i = 0; i < r->n_lns; i++)
		if (cv_endpoint_equal(&r->lns[i], &lns))
			return;
	if (r->n_lns < RUN_LNS && ip->family != 0)
		r->lns[r->n_lns++] = lns;
}

/* Adds it, if it is not there yet. */
static size_t
note_ip(struct cv_ip *list, size_t n, const struct cv_ip *ip)
{
	for (size_t i = 0; i < n; i++)
		if (cv_ip_equal(&list[i], ip))
			return n;
	if (ip->family != 0 && n < KILL_SWITCH_LNS_MAX)
		list[n++] = *ip;
	return n;
}

/* found: what was found just now, whose LNSs are to be asked; NULL: nothing. */
static int
close_others(struct run *r, const struct found *found)
{
	struct cv_ip lns[KILL_SWITCH_LNS_MAX];
	char why[KILL_SWITCH_WHY];
	size_t n = 0;

	for (unsigned i = 0; i < r->n_lns; i++)
		n = note_ip(lns, n, &r->lns[i].ip);
	for (size_t i = 0; i < r->c->n_lns; i++) /* those that do not answer now, too */
		if (r->c->lns[i].name == NULL)
			n = note_ip(lns, n, &r->c->lns[i].ip);
	for (size_t i = 0; found != NULL && i < found->n_lns; i++)
		n = note_ip(lns, n, &found->lns[i].who.ip);
	if (!r->c->kill_switch || kill_switch_set(r->c, lns, n, why) == 0)
		return 0;
	snprintf(r->failure, sizeof(r->failure), "kill-switch: %s", why);
	return -1;
}

int
seek_close_others(struct run *r)
{
	return close_others(r, NULL);
}

/* Somebody has flushed all rules, ours with them. */
static void
on_gone(void *ctx)
{
	struct run *r = ctx;
	bool back = close_others(r, NULL) == 0;

	cv_log_event(&r->log, back ? CV_LOG_WARNING : CV_LOG_ERROR, "kill-switch-gone",
		"connection=%s put-back=%s reason=\"%s\"", r->c->name, back ? "yes" : "no",
		back ? "somebody has deleted its table" : r->failure);
}

/* LNSs that have names: where they are in a protected network, the kill switch lets nothing go to
 * them before it knows them. Why nobody answers then, r->failure says. */
static void
on_named(void *ctx, const struct found *f)
{
	(void)close_others(ctx, f);
}

/* ---- what is said ---- */

static bool
has_names(const struct cfg_connection *c)
{
	if (c->gateway.text != NULL && c->gateway.name != NULL)
		return true;
	for (size_t i = 0; i < c->n_lns; i++)
		if (c->lns[i].name != NULL)
			return true;
	return c->n_lns == 0;
}

int
seek_prepare(struct run *r)
{
	const struct cfg_connection *c = r->c;
	bool gateway = c->gateway.text != NULL && c->gateway.name == NULL;

	for (size_t i = 0; i < c->n_lns; i++)
		for (size_t k = 0; k < c->n_ports && c->lns[i].name == NULL; k++)
			add_lns(r, &c->lns[i].ip, c->ports[k]);
	r->seeks = c->way != CFG_WAY_DIRECT && (c->way != CFG_WAY_RELAY || has_names(c));
	if (set_targets(r, &c->gateway.ip, gateway ? 1 : 0) != 0)
		return -1;
	if (c->kill_switch) {
		r->kill_switch = kill_switch_watch_new(r->base, c, on_gone, r);
		if (r->kill_switch == NULL) {
			snprintf(
				r->failure, sizeof(r->failure), "kill-switch: %s", strerror(errno));
			return -1;
		}
	}
	return seek_close_others(r);
}

bool
seek_can_wait(const struct run *r)
{
	return r->c->way == CFG_WAY_RELAY_FIRST && !has_names(r->c);
}

/* ---- what is found ---- */

/* The best one first, then all that a tunnel may be had of. */
static void
take_lns(struct run *r, const struct found *f, const struct decision *d)
{
	r->n_lns = r->at = 0;
	r->last = RUN_LNS;
	add_lns(r, &f->lns[d->lns].who.ip, f->lns[d->lns].ports[d->port].port);
	for (size_t i = 0; i < f->n_lns; i++)
		for (size_t k = 0; k < f->lns[i].n_ports; k++)
			if (decide_dialable(&f->lns[i].ports[k]))
				add_lns(r, &f->lns[i].who.ip, f->lns[i].ports[k].port);
}

/* Why it is this way; with what DNS says, where that is why there is none. */
static void
set_reason(struct run *r, const struct found *f, const struct decision *d)
{
	const char *dns = f->n_gateways == 0 ? f->gateway_error : f->lns_error;
	bool told = d->way == DECIDE_NONE && dns[0] != '\0';

	snprintf(r->reason, sizeof(r->reason), "%s%s%s%s", d->reason, told ? " (" : "",
		told ? dns : "", told ? ")" : "");
	cv_log_event(&r->log, CV_LOG_INFO, "found", "connection=%s way=%s reason=\"%s\"",
		r->c->name, decide_way_text(d->way), r->reason);
}

/* IKE's first packet may pass where its later, longer ones do not. */
static void
choose(const struct run *r, const struct found *f, struct decision *d)
{
	decide(f, r->direct_failed ? CFG_WAY_RELAY : r->c->way, d);
	if (r->direct_failed && d->way == DECIDE_RELAY)
		d->reason = "IPsec did not come up directly, and the LNS answers L2TP";
	else if (r->direct_failed)
		decide(f, r->c->way, d);
}

static void
on_found(void *ctx, const struct found *f)
{
	struct cv_ip gateways[NAMES_ADDRESSES];
	struct run *r = ctx;
	struct discover *over = r->discover; /* which has what was found */
	struct decision d;

	choose(r, f, &d);
	set_reason(r, f, &d);
	if (d.way != DECIDE_NONE) /* way_none() says it else */
		run_say(r, "%s: %s", decide_way_text(d.way), r->reason);
	for (size_t i = 0; i < f->n_gateways; i++)
		gateways[i] = f->gateways[i].ip;
	r->discover = NULL;
	if (d.way == DECIDE_RELAY) {
		take_lns(r, f, &d);
		if (set_targets(r, gateways, f->n_gateways) != 0 || seek_close_others(r) != 0)
			d.way = DECIDE_NONE;
	}
	discover_free(over);
	if (d.way == DECIDE_RELAY)
		way_relay(r);
	else if (d.way == DECIDE_NONE)
		way_none(r);
	else
		way_direct(r);
}

void
seek(struct run *r)
{
	struct discover_params p = {.base = r->base,
		.crypto = r->crypto,
		.log = &r->log,
		.connection = r->c,
		.rtts = &r->rtts,
		.named = on_named,
		.tell = on_found,
		.ctx = r};

	/* else it would ask the gateway through the relay */
	routes_clear(&r->routes);
	discover_free(r->discover);
	r->state = RUN_SEEKING;
	r->sought_ns = client_now();
	r->discover = discover_begin(&p);
	if (r->discover != NULL)
		return;
	snprintf(r->reason, sizeof(r->reason), "discovery can't begin");
	way_none(r);
}

static void
on_looked(void *ctx, const struct found *f)
{
	struct run *r = ctx;
	struct discover *over = r->discover;
	struct decision d;

	decide(f, r->c->way, &d);
	cv_log_event(&r->log, CV_LOG_DEBUG, "looked", "connection=%s way=%s later=%s reason=\"%s\"",
		r->c->name, decide_way_text(d.way), d.direct_later ? "direct" : "none", d.reason);
	r->discover = NULL;
	if (move_may_look(r)) {
		move_try(r, f);
	} else if (move_may_leave(r) && (d.direct_later || d.way == DECIDE_DIRECT_UDP)) {
		d.reason = "IPsec does not come up by the relay, and the gateway answers directly";
		set_reason(r, f, &d);
		way_leave_relay(r);
	} else if (r->c->way == CFG_WAY_NEEDED && r->state == RUN_RELAY && !r->direct_failed &&
		   (d.way == DECIDE_DIRECT_UDP || d.way == DECIDE_DIRECT_ESP)) {
		set_reason(r, f, &d);
		way_leave_relay(r);
	}
	discover_free(over);
}

void
seek_direct(struct run *r)
{
	struct discover_params p = {.base = r->base,
		.crypto = r->crypto,
		.log = &r->log,
		.connection = r->c,
		.rtts = &r->rtts,
		.mark = r->routes.table,
		.named = on_named,
		.tell = on_looked,
		.ctx = r};

	if (r->discover == NULL)
		r->discover = discover_begin(&p);
}

void
seek_end(struct run *r)
{
	discover_free(r->discover);
	kill_switch_watch_free(r->kill_switch);
	free(r->to);
}
