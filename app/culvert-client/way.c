/* SPDX-License-Identifier: BSD-3-Clause */
/* The way to the gateway: what the kernel is told once there is one, and IPsec after that. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "common/netlink.h"
#include "discover.h"
#include "race.h"
#include "run.h"
#include "watch.h"
#include "wire/ipv6.h"

#define SETTLE_NS CV_NS_PER_S /* that a network which has changed may still change */
#define IPSEC_AGAIN_NS (5 * CV_NS_PER_S)
#define SEEK_AGAIN_NS (30 * CV_NS_PER_S)
#define STEADY_NS (60 * CV_NS_PER_S) /* up for so long: what failed before is forgotten */
#define LOOK_NS (5 * CV_NS_PER_S)    /* between two counts of strongSwan's */

/* ---- what the tunnel says ---- */

/* An address inside, where it is another one than before, or the LNS is. */
static int
tell_address(struct run *r, const struct cv_ip *relay, bool same_lns)
{
	const struct cv_ip *had = &r->routes.relay[relay->family == CV_IPV6];

	return same_lns && cv_ip_equal(had, relay) ? 0 : routes_set(&r->routes, relay);
}

/* A machine without IPv6 has what there is of IPv4 all the same. One that comes again is the same,
 * and until then stays. */
static void
tell_ipv6(struct run *r, const struct session_status *st, bool same_lns)
{
	const struct cv_ip had = r->routes.relay[1];
	char text[CV_IP_TEXT];
	int error;

	if (st->no_ipv6)
		routes_drop(&r->routes, CV_IPV6);
	if (st->mtu < WIRE_IPV6_MTU_LEAST || st->link6.family == 0)
		return;
	error = routes_link6(&r->routes, &st->link6);
	if (error == 0 && st->relay6.family != 0)
		error = tell_address(r, &st->relay6, same_lns);
	if (error != 0)
		cv_log_event(&r->log, CV_LOG_WARNING, "no-ipv6", "connection=%s reason=\"%s\"",
			r->c->name, strerror(error));
	else if (st->relay6.family != 0 && !cv_ip_equal(&had, &st->relay6))
		cv_log_event(&r->log, CV_LOG_INFO, "relay-ipv6", "connection=%s address=%s",
			r->c->name, cv_ip_text(&st->relay6, text));
}

/* Whether the kernel knows all that it has to. An address that stays is left alone: IPsec sees
 * nothing of a new tunnel. */
static int
tell_kernel(struct run *r, const struct session_status *st)
{
	bool same_lns = cv_ip_equal(&r->routes.lns, &st->lns.ip);
	int error = routes_link(r->routes.ask, r->tun.index, st->mtu);

	r->routes.link = r->tun.index;
	r->routes.lns = st->lns.ip;
	if (error == 0 && st->relay.family != 0)
		error = tell_address(r, &st->relay, same_lns);
	if (error == 0)
		tell_ipv6(r, st, same_lns);
	return error;
}

/* Whether one of those whom IPsec is to reach can be reached by an address inside. */
static bool
reaches(const struct run *r, const struct session_status *st)
{
	bool known = false;

	for (size_t i = 0; i < r->routes.n_to; i++)
		known = known ||
			(r->to[i].ip.family == CV_IPV4 ? st->relay.family : st->relay6.family) != 0;
	return known;
}

static void
on_named(evutil_socket_t fd, short what, void *ctx)
{
	struct run *r = ctx;
	int answer = deputy_answer(&r->dns);

	(void)fd;
	(void)what;
	if (answer == DEPUTY_GONE)
		event_del(r->named);
	if (answer != 0)
		cv_log_event(&r->log, CV_LOG_WARNING, "dns",
			"connection=%s reason=\"resolvconf is not there, or has failed\"",
			r->c->name);
}

/* The DNS servers that the LNS has told, for whoever resolves names here. */
static void
name_servers(struct run *r, const struct session_status *st)
{
	char text[DEPUTY_TEXT] = "", address[CV_IP_TEXT];
	size_t used = 0;

	for (unsigned i = 0; i < 4; i++) {
		const struct cv_ip *dns = i < 2 ? &st->dns[i] : &st->dns6[i - 2];

		if (dns->family != 0)
			used += (size_t)snprintf(text + used, sizeof(text) - used,
				"nameserver %s\n", cv_ip_text(dns, address));
	}
	if (r->named != NULL && used != 0)
		(void)deputy_order(&r->dns, DEPUTY_NAMES, text);
}

static int
prepare_names(struct run *r)
{
	const struct deputy_params p = {.interface = r->tun.name};

	if (!r->c->dns || r->tun.fd < 0)
		return 0;
	if (deputy_start(&r->dns, &p) != 0)
		return -1;
	r->named = event_new(r->base, r->dns.fd, EV_READ | EV_PERSIST, on_named, r);
	return r->named == NULL ? -1 : event_add(r->named, NULL);
}

/* The relay does not lead where it is to. */
static void
relay_useless(struct run *r, const char *what, const char *why)
{
	run_fail(r, what, why);
	session_close(r->session);
}

/* There is a way by it. */
static void
relay_ready(struct run *r, const struct session_status *st)
{
	const struct cv_ip *inner = st->relay.family != 0 ? &st->relay : &st->relay6;
	char lns[CV_ENDPOINT_TEXT], address[CV_IP_TEXT];

	r->up_ns = r->looked_ns = client_now();
	r->state = RUN_RELAY;
	r->failure[0] = '\0';
	r->last = RACE_NOBODY;
	cv_log_event(&r->log, CV_LOG_INFO, "relay-up",
		"connection=%s lns=%s address=%s interface=%s mtu=%u", r->c->name,
		cv_endpoint_text(&st->lns, lns), cv_ip_text(inner, address), r->tun.name, st->mtu);
	run_say(r, "the relay %s is up: %s has %s, MTU %u", lns, r->tun.name, address, st->mtu);
	hold_begin(r);
}

static void
relay_up(struct run *r)
{
	struct session_status st;
	int error;

	session_status(r->session, &st);
	error = tell_kernel(r, &st);
	if (error != 0) {
		relay_useless(r, r->tun.name, strerror(error));
		return;
	}
	if (!reaches(r, &st)) {
		if (st.no_ipv6)
			relay_useless(r, "the relay",
				"the LNS gives no address of the family that the gateway has");
		return; /* it may come still */
	}
	if (r->state != RUN_RELAY)
		relay_ready(r, &st);
	name_servers(r, &st);
	ipsec_start(r->ipsec);
}

static void
relay_down(struct run *r, const struct session_event *e)
{
	struct session_status st;

	if (r->better != NULL) {
		r->state = RUN_WAITING;
		run_timer(r->again, 0);
		return;
	}
	if (r->leaving != RUN_STAYS)
		return;
	session_status(r->session, &st);
	names_rtt_note(&r->rtts, &st.lns.ip, st.rtt_ns);
	if (r->state == RUN_RELAY && client_now() - r->up_ns > STEADY_NS)
		r->failures = 0;
	relay_note(r, &st.lns, e->why);
	if (move_may_look(r))
		seek_direct(r);
	r->last = r->at;
	relay_failed(r, e->end);
}

/* With nothing left to be closed. */
static void
ended(struct run *r)
{
	if (r->leaving == RUN_ENDS_TUNNEL && r->state != RUN_STOPPING)
		run_timer(r->again, 0);
	else
		run_stopped(r);
}

void
way_tell(void *ctx, const struct session_event *e)
{
	struct run *r = ctx;
	struct session_status st;

	if (e->session != r->session) {
		(void)race_hear(r->race, e);
		return;
	}
	switch (e->type) {
	case SESSION_PROVED:
		break;
	case SESSION_UP:
		if (r->state == RUN_DIALLING || r->state == RUN_RELAY) /* not one that is left */
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
		if (r->state == RUN_STOPPING || r->leaving == RUN_ENDS_TUNNEL)
			ended(r);
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
	struct ipsec_status st;
	struct run *r = ctx;

	cv_log_event(&r->log,
		type == IPSEC_FAILED || type == IPSEC_DOWN ? CV_LOG_WARNING : CV_LOG_INFO,
		events[type], "connection=%s what=\"%s\"", r->c->name, text);
	move_hear(r, type);
	switch (type) {
	case IPSEC_UP:
		run_say(r, "IPsec is up: %s", text);
		run_ready(r);
		break;
	case IPSEC_FAILED:
	case IPSEC_DOWN:
		/* where it fails by the relay, too, the direct way is as good */
		r->direct_failed = type == IPSEC_FAILED && r->state == RUN_DIRECT;
		run_fail(r, "IPsec", text);
		ipsec_status(r->ipsec, &st);
		if (st.barred && !r->once) { /* whoever runs it has the rights */
			r->failed = true;
			run_stop(r);
		}
		if (r->state == RUN_RELAY || r->state == RUN_DIRECT)
			run_timer(r->again, IPSEC_AGAIN_NS);
		break;
	case IPSEC_ENDED:
		if (r->leaving == RUN_ENDS_IPSEC)
			r->leaving = RUN_ENDS_TUNNEL;
		if (r->session == NULL || r->session_done)
			ended(r);
		else
			session_close(r->session);
		break;
	case IPSEC_MOVED:
		break;
	}
}

/* ---- time ---- */

/* What was found may be so no longer, once all LNSs had another turn, or IPsec has failed
 * directly. But discovery takes the relay's addresses away, and so an SA that can move is left. */
static bool
wants_seek(const struct run *r)
{
	struct ipsec_status st;

	ipsec_status(r->ipsec, &st);
	if (!r->seeks || r->better != NULL)
		return false;
	if (r->state != RUN_WAITING)
		return r->state == RUN_DIRECT && client_now() - r->sought_ns >= SEEK_AGAIN_NS;
	return r->failures >= (r->n_lns > 1 ? 2 : 1) &&
	       !(r->c->way == CFG_WAY_RELAY_FIRST && st.up);
}

static void
on_again(evutil_socket_t fd, short what, void *ctx)
{
	struct run *r = ctx;

	(void)fd;
	(void)what;
	if (r->leaving == RUN_ENDS_TUNNEL) {
		r->leaving = RUN_STAYS;
		relay_clear(r);
		routes_clear(&r->routes);
		run_say(r, "directly: %s", r->reason);
		way_direct(r);
		return;
	}
	if (wants_seek(r))
		seek(r);
	else if (r->state == RUN_WAITING && r->better != NULL)
		relay_take_better(r);
	else if (r->state == RUN_WAITING)
		relay_start(r);
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
	if (r->c->look_ns != 0 && client_now() - r->looked_ns >= r->c->look_ns) {
		r->looked_ns = client_now();
		relay_look_for_better(r);
		if ((r->state == RUN_RELAY && r->c->way == CFG_WAY_NEEDED) || move_may_look(r))
			seek_direct(r);
	}
	run_timer(r->look, LOOK_NS);
}

/* ---- the network ---- */

/* A wait is over, as what failed before may do now. A machine that slept asks at once whether the
 * LNS still knows it. */
static void
on_change(void *ctx, uint64_t paused_ns)
{
	struct run *r = ctx;
	char text[CV_ENDPOINT_TEXT];
	struct session_status st;

	move_network_changed(r, paused_ns != 0);
	if (r->state == RUN_WAITING && !r->patient && r->leaving == RUN_STAYS)
		run_timer(r->again, SETTLE_NS);
	if (r->state == RUN_DIALLING && r->session == NULL)
		relay_start(r); /* from where we are now */
	if ((r->state != RUN_RELAY && r->state != RUN_DIALLING) || r->session == NULL)
		return;
	if (session_move(r->session)) {
		session_status(r->session, &st);
		hold_forget(r); /* it may be another NAT */
		r->direct_failed = false;
		if (r->state == RUN_RELAY) {
			(void)tell_kernel(r, &st);
			hold_begin(r);
		}
		cv_log_event(&r->log, CV_LOG_INFO, "moved", "connection=%s from=%s", r->c->name,
			cv_endpoint_text(&st.local, text));
	}
	if (paused_ns == 0)
		return;
	cv_log_event(&r->log, CV_LOG_INFO, "woken", "connection=%s after_s=%llu", r->c->name,
		(unsigned long long)(paused_ns / CV_NS_PER_S));
	session_wake(r->session, paused_ns);
}

/* ---- life ---- */

static int
fail(struct run *r, const char *what, int error)
{
	snprintf(r->failure, sizeof(r->failure), "%s: %s", what,
		error == EBUSY ? "somebody else has it" : strerror(error));
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
	r->last = RACE_NOBODY;
	r->routes.ask = netlink_open();
	r->routes.table = run_table(r->cfg, r->c);
	if (r->again == NULL || r->look == NULL || !move_prepare(r) || r->routes.ask == NULL)
		return fail(r, "netlink", errno);
	if (seek_prepare(r) != 0)
		return -1;
	swept = routes_sweep(r->routes.ask, r->routes.table);
	if (swept != 0)
		cv_log_event(&r->log, CV_LOG_WARNING, "swept",
			"connection=%s rules=%u reason=\"a run before has left them\"", r->c->name,
			swept);
	run_interface(name, r->c);
	error = r->c->way == CFG_WAY_DIRECT ? 0 : tun_open(&r->tun, name);
	if (error != 0)
		return fail(r, access(TUN_DEVICE, R_OK | W_OK) == 0 ? name : TUN_DEVICE, error);
	if (prepare_names(r) != 0)
		return fail(r, "dns", errno);
	r->watch = watch_new(r->base, on_change, r);
	if (r->watch == NULL)
		return fail(r, "netlink", errno);
	r->ipsec = ipsec_new(&p);
	return r->ipsec != NULL
		       ? 0
		       : fail(r,
				 r->c->ipsec.start == CFG_IPSEC_STRONGSWAN ? r->c->ipsec.socket
									   : "ipsec",
				 errno);
}

void
way_relay(struct run *r)
{
	relay_start(r);
}

void
way_direct(struct run *r)
{
	r->state = RUN_DIRECT;
	ipsec_start(r->ipsec);
}

void
way_leave_relay(struct run *r)
{
	r->leaving = RUN_ENDS_IPSEC;
	r->state = RUN_WAITING;
	ipsec_stop(r->ipsec); /* then the session, then on_again() */
}

void
way_none(struct run *r)
{
	run_fail(r, "no way", r->reason);
	if (r->state != RUN_STOPPING)
		relay_later(r, SESSION_LOCAL);
}

void
way_start(struct run *r)
{
	run_timer(r->look, LOOK_NS);
	snprintf(r->reason, sizeof(r->reason), "the configuration says so");
	if (r->seeks && !seek_can_wait(r))
		seek(r);
	else if (r->c->way == CFG_WAY_DIRECT)
		way_direct(r);
	else
		way_relay(r);
}

void
way_stop(struct run *r)
{
	event_del(r->again);
	discover_free(r->discover);
	r->discover = NULL;
	ipsec_stop(r->ipsec);
}

void
way_clear(struct run *r)
{
	watch_free(r->watch);
	hold_forget(r);
	if (r->named != NULL)
		event_free(r->named);
	deputy_end(&r->dns);
	relay_clear(r);
	move_clear(r);
	ipsec_free(r->ipsec);
	if (r->routes.ask != NULL) {
		routes_clear(&r->routes);
		mnl_socket_close(r->routes.ask);
	}
	seek_end(r);
	tun_close(&r->tun);
	if (r->again != NULL)
		event_free(r->again);
	if (r->look != NULL)
		event_free(r->look);
}
