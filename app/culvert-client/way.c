/* SPDX-License-Identifier: BSD-3-Clause */
/* The way to the gateway: which LNS is dialled, and when again; what the kernel is told once there
 * is a way, and IPsec after that. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "common/netlink.h"
#include "killswitch.h"
#include "run.h"

#define AGAIN_FIRST_NS CV_NS_PER_S
#define AGAIN_MOST_NS (60 * CV_NS_PER_S)
#define IPSEC_AGAIN_NS (5 * CV_NS_PER_S)
#define STEADY_NS (60 * CV_NS_PER_S) /* up for so long: what failed before is forgotten */
#define LOOK_NS (5 * CV_NS_PER_S)    /* between two counts of strongSwan's */

static void
set_timer(struct event *timer, uint64_t ns)
{
	struct timeval tv = {
		(time_t)(ns / CV_NS_PER_S), (suseconds_t)(ns % CV_NS_PER_S / CV_NS_PER_US)};

	event_add(timer, &tv);
}

/* ---- dialling ---- */

/* Longer each time, up to a minute, and a quarter more or less, so that the clients of an LNS that
 * begins anew do not come all at once. Who is not let in has a minute at once: what is wrong is
 * wrong for longer, and others lock the account. */
static uint64_t
wait_ns(struct run *r, enum session_end end)
{
	uint64_t wait = AGAIN_FIRST_NS << (r->failures < 6 ? r->failures : 6);

	if (end == SESSION_NOT_ALLOWED || wait > AGAIN_MOST_NS)
		wait = AGAIN_MOST_NS;
	return wait * 3 / 4 + wait / 2 * (crypto_random_u32(r->crypto) & 0xffff) / 0x10000;
}

static void
wait_and_dial(struct run *r, enum session_end end)
{
	uint64_t wait = wait_ns(r, end);

	r->state = RUN_WAITING;
	r->failures++;
	/* another one may be well: at once, until each had its turn */
	if (end != SESSION_NOT_ALLOWED && r->failures < r->n_lns)
		wait = 0;
	cv_log_event(&r->log, CV_LOG_INFO, "wait", "connection=%s ms=%llu", r->c->name,
		(unsigned long long)(wait / CV_NS_PER_MS));
	set_timer(r->again, wait);
}

static void tell(void *ctx, const struct session_event *e);

static void
dial(struct run *r)
{
	struct session_params p = {.base = r->base,
		.crypto = r->crypto,
		.log = &r->log,
		.connection = r->c,
		.lns = r->lns[r->at],
		.tun = r->tun.fd,
		.tell = tell,
		.ctx = r};
	char text[CV_ENDPOINT_TEXT];

	session_free(r->session);
	r->session_done = false;
	r->state = RUN_DIALLING;
	r->dials++;
	cv_log_event(&r->log, CV_LOG_INFO, "dial", "connection=%s lns=%s", r->c->name,
		cv_endpoint_text(&p.lns, text));
	r->session = session_new(&p);
	if (r->session == NULL) {
		run_fail(r, cv_endpoint_text(&p.lns, text), strerror(errno));
		r->at = (r->at + 1) % r->n_lns;
		wait_and_dial(r, SESSION_LOCAL);
	}
}

/* ---- what the tunnel says ---- */

/* Whether the kernel knows all that it has to. An address that stays is left alone: IPsec sees
 * nothing of a new tunnel. */
static int
tell_kernel(struct run *r, const struct session_status *st)
{
	const struct cv_ip *had = &r->routes.relay[st->relay.family == CV_IPV6];
	bool same = cv_ip_equal(had, &st->relay) && cv_ip_equal(&r->routes.lns.ip, &st->lns.ip);
	int error = routes_link(r->routes.ask, r->tun.index, st->mtu);

	r->routes.link = r->tun.index;
	if (error != 0 || (same && !routes_meet_lns(&r->routes)))
		return error;
	r->routes.lns = st->lns;
	r->routes.port = st->local.port;
	return routes_set(&r->routes, &st->relay);
}

static void
relay_up(struct run *r)
{
	char lns[CV_ENDPOINT_TEXT], address[CV_IP_TEXT];
	struct session_status st;
	int error;

	session_status(r->session, &st);
	if (st.relay.family == 0)
		return; /* IPCP is what makes a way */
	error = tell_kernel(r, &st);
	if (error != 0) {
		run_fail(r, r->tun.name, strerror(error));
		session_close(r->session);
		return;
	}
	if (r->state != RUN_RELAY)
		r->up_ns = client_now();
	r->state = RUN_RELAY;
	r->failure[0] = '\0';
	cv_log_event(&r->log, CV_LOG_INFO, "relay-up",
		"connection=%s lns=%s address=%s interface=%s mtu=%u", r->c->name,
		cv_endpoint_text(&st.lns, lns), cv_ip_text(&st.relay, address), r->tun.name,
		st.mtu);
	run_say(r, "the relay %s is up: %s has %s, MTU %u", lns, r->tun.name, address, st.mtu);
	ipsec_start(r->ipsec);
}

static void
relay_down(struct run *r, const struct session_event *e)
{
	char lns[CV_ENDPOINT_TEXT];
	struct session_status st;

	session_status(r->session, &st);
	cv_endpoint_text(&st.lns, lns);
	if (r->state == RUN_STOPPING)
		return;
	if (r->state == RUN_RELAY && client_now() - r->up_ns > STEADY_NS)
		r->failures = 0;
	cv_log_event(&r->log, CV_LOG_WARNING, "relay-down", "connection=%s lns=%s reason=\"%s\"",
		r->c->name, lns, e->why);
	snprintf(r->failure, sizeof(r->failure), "%s: %s", lns, e->why);
	run_say(r, "%s", r->failure);
	r->at = (r->at + 1) % r->n_lns;
	if (r->once && !r->ready &&
		(e->end == SESSION_NOT_ALLOWED || r->failures + 1 >= r->n_lns)) {
		r->failed = true;
		run_stop(r);
		return;
	}
	wait_and_dial(r, e->end);
}

static void
tell(void *ctx, const struct session_event *e)
{
	struct run *r = ctx;
	struct session_status st;

	switch (e->type) {
	case SESSION_UP:
		relay_up(r);
		break;
	case SESSION_MTU:
		session_status(r->session, &st);
		(void)routes_link(r->routes.ask, r->tun.index, st.mtu);
		cv_log_event(&r->log, CV_LOG_INFO, "relay-mtu", "connection=%s mtu=%u", r->c->name,
			st.mtu);
		break;
	case SESSION_DOWN:
		relay_down(r, e);
		break;
	case SESSION_DONE:
		r->session_done = true;
		if (r->state == RUN_STOPPING)
			run_stopped(r);
		break;
	}
}

/* ---- what IPsec says ---- */

static void
hear_ipsec(void *ctx, enum ipsec_event_type type, const char *text)
{
	static const char *const events[] = {[IPSEC_UP] = "ipsec-up",
		[IPSEC_FAILED] = "ipsec-failed",
		[IPSEC_DOWN] = "ipsec-down",
		[IPSEC_MOVED] = "ipsec-moved",
		[IPSEC_ENDED] = "ipsec-ended"};
	struct run *r = ctx;

	cv_log_event(&r->log,
		type == IPSEC_FAILED || type == IPSEC_DOWN ? CV_LOG_WARNING : CV_LOG_INFO,
		events[type], "connection=%s what=\"%s\"", r->c->name, text);
	switch (type) {
	case IPSEC_UP:
		run_say(r, "IPsec is up: %s", text);
		run_ready(r);
		break;
	case IPSEC_FAILED:
	case IPSEC_DOWN:
		run_fail(r, "IPsec", text);
		if (r->state == RUN_RELAY || r->state == RUN_DIRECT)
			set_timer(r->again, IPSEC_AGAIN_NS);
		break;
	case IPSEC_ENDED:
		if (r->session == NULL || r->session_done)
			run_stopped(r);
		else
			session_close(r->session);
		break;
	case IPSEC_MOVED:
		break;
	}
}

/* ---- time ---- */

static void
on_again(evutil_socket_t fd, short what, void *ctx)
{
	struct run *r = ctx;

	(void)fd;
	(void)what;
	if (r->state == RUN_WAITING)
		dial(r);
	else if (r->state == RUN_RELAY || r->state == RUN_DIRECT)
		ipsec_start(r->ipsec);
}

static void
on_look(evutil_socket_t fd, short what, void *ctx)
{
	struct run *r = ctx;

	(void)fd;
	(void)what;
	ipsec_look(r->ipsec);
	set_timer(r->look, LOOK_NS);
}

/* ---- life ---- */

static int
fail(struct run *r, const char *what, int error)
{
	snprintf(r->failure, sizeof(r->failure), "%s: %s", what,
		error == EBUSY ? "somebody else has it" : strerror(error));
	return -1;
}

/* Whom IPsec reaches by the relay. */
static int
gather(struct run *r)
{
	const struct cfg_connection *c = r->c;

	r->to = calloc(c->n_peers + 1, sizeof(r->to[0]));
	if (r->to == NULL)
		return fail(r, c->name, ENOMEM);
	if (c->gateway.text != NULL && c->gateway.name == NULL)
		r->to[r->routes.n_to++] = (struct cv_prefix){
			c->gateway.ip, c->gateway.ip.family == CV_IPV4 ? 32 : 128};
	for (size_t i = 0; i < c->n_peers; i++)
		r->to[r->routes.n_to++] = c->peers[i];
	r->routes.to = r->to;
	for (size_t i = 0; i < c->n_lns; i++)
		for (size_t k = 0; k < c->n_ports && c->lns[i].name == NULL; k++)
			r->lns[r->n_lns++] = (struct cv_endpoint){c->lns[i].ip, c->ports[k]};
	if (r->n_lns != 0 || c->way == CFG_WAY_DIRECT)
		return 0;
	snprintf(r->failure, sizeof(r->failure), "no LNS is known by its address");
	return -1;
}

/* Before anything leaves; it stays when we end. */
static int
close_other_ways(struct run *r)
{
	struct cv_ip lns[RUN_LNS];
	char why[KILL_SWITCH_WHY];
	size_t n = 0;

	for (unsigned i = 0; i < r->n_lns; i++)
		if (n == 0 || !cv_ip_equal(&lns[n - 1], &r->lns[i].ip))
			lns[n++] = r->lns[i].ip;
	if (!r->c->kill_switch || kill_switch_set(r->c, lns, n, why) == 0)
		return 0;
	snprintf(r->failure, sizeof(r->failure), "kill-switch: %s", why);
	return -1;
}

int
way_prepare(struct run *r)
{
	struct ipsec_params p = {
		.base = r->base, .log = &r->log, .cfg = &r->c->ipsec, .tell = hear_ipsec, .ctx = r};
	char name[TUN_NAME];
	unsigned swept;
	int error;

	r->again = evtimer_new(r->base, on_again, r);
	r->look = evtimer_new(r->base, on_look, r);
	r->routes.ask = netlink_open();
	r->routes.table = run_table(r->cfg, r->c);
	if (r->again == NULL || r->look == NULL || r->routes.ask == NULL)
		return fail(r, "netlink", errno);
	if (gather(r) != 0 || close_other_ways(r) != 0)
		return -1;
	swept = routes_sweep(r->routes.ask, r->routes.table);
	if (swept != 0)
		cv_log_event(&r->log, CV_LOG_WARNING, "swept",
			"connection=%s rules=%u reason=\"a run before has left them\"", r->c->name,
			swept);
	run_interface(name, r->c);
	error = r->c->way == CFG_WAY_DIRECT ? 0 : tun_open(&r->tun, name);
	if (error != 0)
		return fail(r, name, error);
	r->ipsec = ipsec_new(&p);
	return r->ipsec != NULL
		       ? 0
		       : fail(r,
				 r->c->ipsec.start == CFG_IPSEC_STRONGSWAN ? r->c->ipsec.socket
									   : "ipsec",
				 errno);
}

void
way_start(struct run *r)
{
	set_timer(r->look, LOOK_NS);
	if (r->c->way == CFG_WAY_DIRECT) {
		r->state = RUN_DIRECT;
		snprintf(r->reason, sizeof(r->reason), "way: direct");
		run_say(r, "directly, as the configuration says");
		ipsec_start(r->ipsec);
		return;
	}
	snprintf(r->reason, sizeof(r->reason), "way: relay");
	dial(r);
}

void
way_stop(struct run *r)
{
	event_del(r->again);
	ipsec_stop(r->ipsec);
}

void
way_clear(struct run *r)
{
	session_free(r->session);
	ipsec_free(r->ipsec);
	if (r->routes.ask != NULL) {
		routes_clear(&r->routes);
		mnl_socket_close(r->routes.ask);
	}
	tun_close(&r->tun);
	if (r->again != NULL)
		event_free(r->again);
	if (r->look != NULL)
		event_free(r->look);
	free(r->to);
}
