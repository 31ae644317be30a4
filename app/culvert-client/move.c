/* SPDX-License-Identifier: BSD-3-Clause */
/* Relay first, directly later: the same SA, moved by MOBIKE (RFC 4555) as steer.c advises. What
 * strongSwan prefers it sees from a route, and does the rest by itself. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "discover.h"
#include "events.h"
#include "run.h"
#include "sockaddr.h"

#define LEAVE_AGAIN_NS (300 * CV_NS_PER_S) /* by no way there may be an SA to be had */

/* Whether an address is one inside; an SA may have the last one for a while. */
static bool
is_inside(const struct run *r, const struct cv_ip *ip)
{
	bool six = ip->family == CV_IPV6;

	return cv_ip_equal(ip, &r->routes.relay[six]) || cv_ip_equal(ip, &r->routes.was[six]);
}

/* Whether it is known where the SA is: both its ends. */
static bool
ends(const struct run *r, struct cv_ip *local, struct cv_ip *remote)
{
	struct ipsec_status st;

	ipsec_status(r->ipsec, &st);
	return st.has_sa && cv_ip_parse(st.sa.local, local) == 0 &&
	       cv_ip_parse(st.sa.remote, remote) == 0;
}

/* Our address on the direct way. Family 0: there is no such way. */
static struct cv_ip
direct_from(const struct run *r)
{
	struct cv_endpoint gateway = {r->routes.to[0].ip, IKE_NATT_PORT}, own = {0};
	struct sockaddr_storage sa;
	socklen_t len, own_len = sizeof(sa);
	struct cv_ip local, remote;
	int fd;

	if (ends(r, &local, &remote)) /* of several addresses the one that counts */
		gateway.ip = remote;
	len = sockaddr_from(&gateway, &sa);
	fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return own.ip;
	if (setsockopt(fd, SOL_SOCKET, SO_MARK, &r->routes.table, sizeof(r->routes.table)) == 0 &&
		connect(fd, (struct sockaddr *)&sa, len) == 0 &&
		getsockname(fd, (struct sockaddr *)&sa, &own_len) == 0)
		own = sockaddr_read(&sa);
	close(fd);
	return own.ip;
}

static void
prefer(struct run *r, bool direct)
{
	int error = routes_prefer(&r->routes, direct);

	if (error != 0)
		run_fail(r, r->tun.name, strerror(error));
}

static void
say(struct run *r, const char *event, const char *reason)
{
	snprintf(r->reason, sizeof(r->reason), "%s", reason);
	cv_log_event(
		&r->log, CV_LOG_INFO, event, "connection=%s reason=\"%s\"", r->c->name, r->reason);
}

static void
back(struct run *r, const char *why)
{
	char text[RUN_TEXT];

	snprintf(text, sizeof(text), "the direct way is left: %s", why);
	say(r, "relay-wanted", text);
	steer_back(&r->steer, client_now());
	prefer(r, false);
}

/* ---- whether it still works ---- */

static void
on_asked(void *ctx, const struct found *f)
{
	struct run *r = ctx;
	struct discover *over = r->asked;

	if (f->gateways[0].ike[1].answered)
		steer_answered(&r->steer, client_now());
	r->asked = NULL;
	discover_free(over);
}

static void
ask(struct run *r)
{
	struct discover_params p = {.base = r->base,
		.crypto = r->crypto,
		.log = &r->log,
		.mark = r->routes.table,
		.tell = on_asked,
		.ctx = r};
	struct cv_ip local, remote;

	if (r->asked == NULL && ends(r, &local, &remote))
		r->asked = discover_gateway(&p, &remote);
}

static void
follow(struct run *r, enum steer_advice advice)
{
	if (advice == STEER_BACK)
		back(r, r->steer.why);
	else if (advice == STEER_ASK)
		ask(r);
}

static void
located(struct run *r)
{
	struct cv_ip local, remote;
	bool was = move_is_direct(r);

	if (!ends(r, &local, &remote))
		return;
	follow(r, steer_sa(&r->steer, client_now(), !is_inside(r, &local)));
	if (!was && move_is_direct(r))
		say(r, "direct", "the direct way has proved itself; the relay stands by");
}

static void
on_step(evutil_socket_t fd, short what, void *ctx)
{
	const struct vici_child *child;
	struct ipsec_status st;
	struct run *r = ctx;

	(void)fd;
	(void)what;
	ipsec_status(r->ipsec, &st);
	child = &st.sa.children[0];
	located(r); /* not each time that it moves strongSwan says so */
	if (st.has_sa)
		follow(r, steer_look(&r->steer, client_now(), child->bytes_in, child->bytes_out));
	ipsec_look(r->ipsec); /* for the next time */
	run_timer(r->step, steer_interval(&r->steer));
}

/* ---- what is heard ---- */

void
move_hear(struct run *r, enum ipsec_event_type type)
{
	if (r->c->way != CFG_WAY_RELAY_FIRST || r->state == RUN_DIRECT)
		return;
	switch (type) {
	case IPSEC_UP:
		run_timer(r->step, steer_interval(&r->steer));
		r->direct_from = direct_from(r);
		located(r);
		if (move_may_look(r))
			seek_direct(r);
		break;
	case IPSEC_MOVED:
		located(r);
		break;
	case IPSEC_FAILED:
	case IPSEC_DOWN:
		if (r->steer.state != STEER_RELAY)
			back(r, "IPsec is down");
		event_del(r->step);
		if (type == IPSEC_FAILED && move_may_leave(r))
			seek_direct(r);
		break;
	case IPSEC_ENDED:
		event_del(r->step);
		break;
	}
}

/* An address of the gateway at which the SA is not does not count, unless that is none of those
 * that were asked. */
static bool
answers(const struct run *r, const struct found *f)
{
	struct cv_ip local, remote;
	bool any = false;

	if (!ends(r, &local, &remote))
		return false;
	for (size_t i = 0; i < f->n_gateways; i++) {
		if (cv_ip_equal(&f->gateways[i].ip, &remote))
			return f->gateways[i].ike[1].answered;
		any = any || f->gateways[i].ike[1].answered;
	}
	return any;
}

void
move_try(struct run *r, const struct found *f)
{
	if (r->steer.state != STEER_RELAY || !answers(r, f))
		return;
	say(r, "direct-wanted", "the gateway answers IKE directly; strongSwan is to move there");
	steer_try(&r->steer, client_now());
	prefer(r, true);
}

void
move_network_changed(struct run *r, bool slept)
{
	struct cv_ip from = r->routes.n_movable == 0 ? (struct cv_ip){0} : direct_from(r);

	if (cv_ip_equal(&from, &r->direct_from) && !slept) /* our own doing, or strongSwan's */
		return;
	r->direct_from = from;
	steer_network_changed(&r->steer, client_now());
	r->looked_ns = 0; /* soon */
}

bool
move_may_look(const struct run *r)
{
	struct ipsec_status st;

	ipsec_status(r->ipsec, &st);
	return r->c->way == CFG_WAY_RELAY_FIRST && r->steer.state == STEER_RELAY &&
	       !r->steer.dark && st.up;
}

bool
move_may_leave(const struct run *r)
{
	struct ipsec_status st;

	ipsec_status(r->ipsec, &st);
	return r->c->way == CFG_WAY_RELAY_FIRST && r->state == RUN_RELAY && !r->steer.dark &&
	       !st.up && (r->sought_ns == 0 || client_now() - r->sought_ns >= LEAVE_AGAIN_NS);
}

bool
move_is_direct(const struct run *r)
{
	return r->steer.state == STEER_DIRECT;
}

bool
move_prepare(struct run *r)
{
	r->steer.dead_ns = r->c->dead_ns;
	r->step = evtimer_new(r->base, on_step, r);
	return r->step != NULL;
}

void
move_clear(struct run *r)
{
	discover_free(r->asked);
	client_free_event(r->step);
}
