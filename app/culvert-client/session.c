/* SPDX-License-Identifier: BSD-3-Clause */
/* What the LNS and time say becomes events, and lib/dial's datagrams go out. */
#include "session.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "events.h"
#include "inner6.h"
#include "packets.h"
#include "sockaddr.h"

#define SETUP_NS                                                                                 \
	(30 * CV_NS_PER_S)         /* the most that an LNS has for the tunnel, and for each step \
				    */
#define CLOSE_NS (2 * CV_NS_PER_S) /* that it has to acknowledge its end */
#define WAKE_NS (2 * CV_NS_PER_S)  /* that it has at least for a sign of life */

enum { WHY = 256 };

uint64_t
client_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * CV_NS_PER_S + (uint64_t)t.tv_nsec;
}

/* ---- the end ---- */

static void
tell(struct session *s, enum session_event_type type, const char *why)
{
	struct session_event e = {
		.session = s, .type = type, .end = s->end, .why = why == NULL ? "" : why};

	s->params.tell(s->params.ctx, &e);
}

static void
down(struct session *s, enum session_end end, const char *why)
{
	static const struct l2tp_reason clear = {.result = L2TP_STOPCCN_CLEAR};

	if (s->over)
		return;
	s->over = true;
	s->end = end;
	s->status.up_since_ns = 0;
	event_del(s->on_tun);
	s->done_at = client_now() + CLOSE_NS;
	dial_close(s->dial, client_now(), &clear);
	tell(s, SESSION_DOWN, why);
}

static const char *
say_reason(char *out, const struct dial_event *e, bool tunnel)
{
	char message[L2TP_MESSAGE_MAX] = "";

	if (e->reason.message != NULL)
		cv_escape_words(
			message, sizeof(message) / 4, e->reason.message, strlen(e->reason.message));
	snprintf(out, WHY, "%s: %s%s%s",
		tunnel ? "the tunnel has ended" : "the LNS has ended the call",
		tunnel ? l2tp_stopccn_text(e->reason.result) : l2tp_cdn_text(e->reason.result),
		message[0] == '\0' ? "" : ": ", message);
	return out;
}

static void
tunnel_down(struct session *s, const struct dial_event *e)
{
	char why[WHY];
	enum session_end end = SESSION_REFUSED;

	if (!e->reason.by_peer && e->reason.result != L2TP_STOPCCN_NOT_AUTHORIZED) {
		end = SESSION_SILENT;
		snprintf(why, sizeof(why), "the LNS does not answer");
	} else {
		say_reason(why, e, true);
	}
	if (e->reason.result == L2TP_STOPCCN_NOT_AUTHORIZED)
		end = SESSION_NOT_ALLOWED;
	down(s, end, why);
}

static void
auth_done(struct session *s, const struct dial_event *e)
{
	char why[WHY], message[128] = "";

	s->proving = false;
	if (e->auth.ok)
		return;
	cv_escape_words(message, sizeof(message), e->auth.message.data, e->auth.message.len);
	snprintf(why, sizeof(why), "the LNS did not take user and password: %s",
		message[0] == '\0' ? "it did not say why" : message);
	down(s, SESSION_NOT_ALLOWED, why);
}

static void
link_down(struct session *s, enum ppp_down reason)
{
	enum session_end end = reason == PPP_DOWN_AUTH_FAILED || reason == PPP_DOWN_AUTH_REFUSED ||
					       reason == PPP_DOWN_SERVER_PROOF
				       ? SESSION_NOT_ALLOWED
			       : reason == PPP_DOWN_ECHO_LOST ? SESSION_SILENT
							      : SESSION_REFUSED;
	char why[WHY];

	snprintf(why, sizeof(why), "PPP has ended: %s", ppp_down_text(reason));
	down(s, end, why);
}

/* Some say so to who has the wrong password, and nothing by PPP. */
static void
call_down(struct session *s, const struct dial_event *e)
{
	char why[WHY];

	if (s->proving && e->reason.by_peer && e->reason.result == L2TP_CDN_ADMINISTRATIVE)
		down(s, SESSION_NOT_ALLOWED,
			"the LNS did not take user and password: it has ended the call");
	else
		down(s, SESSION_REFUSED, say_reason(why, e, false));
}

/* ---- events ---- */

static void
link_up(struct session *s, uint64_t now, const struct ppp_ev_up *up)
{
	struct session_status *st = &s->status;

	s->proving = false;
	st->relay = up->local_ip;
	st->peer = up->peer_ip;
	memcpy(st->dns, up->dns, sizeof(st->dns));
	s->peer_mru = up->mru;
	packets_measure(s);
	inner6_up(s, now, up);
	if (st->up_since_ns == 0)
		st->up_since_ns = now;
	event_add(s->on_tun, NULL);
	tell(s, SESSION_UP, NULL);
}

static void
place_call(struct session *s, uint64_t now)
{
	int rc = dial_call(s->dial, now, (uint16_t)(crypto_random_u32(s->params.crypto) | 1));

	if (rc != 0)
		down(s, SESSION_LOCAL, cv_strerror(rc));
}

static void
hear_event(struct session *s, uint64_t now, const struct dial_event *e)
{
	switch (e->type) {
	case DIAL_EV_TUNNEL_UP:
		if (s->asked_at != 0)
			s->status.rtt_ns = now - s->asked_at;
		s->asked_at = 0;
		tell(s, SESSION_PROVED, NULL);
		if (!s->params.hold)
			place_call(s, now);
		break;
	case DIAL_EV_AUTH_DONE:
		auth_done(s, e);
		break;
	case DIAL_EV_UP:
		if (!s->over)
			link_up(s, now, &e->up);
		break;
	case DIAL_EV_NETWORK_DOWN:
		down(s, SESSION_REFUSED, "the LNS has taken back the address");
		break;
	case DIAL_EV_LINK_DOWN:
		link_down(s, e->link);
		break;
	case DIAL_EV_CALL_DOWN:
		call_down(s, e);
		break;
	case DIAL_EV_TUNNEL_DOWN:
		tunnel_down(s, e);
		break;
	case DIAL_EV_DONE:
		s->done_at = 0;
		break;
	case DIAL_EV_CALL_UP:
		s->proving = true;
		break;
	}
}

/* A HELLO of ours was acknowledged. */
static void
note_answer(struct session *s, uint64_t now)
{
	if (s->asked_at == 0 || l2tp_tunnel_waits(dial_tunnel(s->dial)))
		return;
	if (l2tp_tunnel_established(dial_tunnel(s->dial)))
		s->status.rtt_ns = now - s->asked_at;
	s->asked_at = 0;
	s->woken = false;
}

uint64_t
session_silence(const struct session *s)
{
	return cv_time_min(s->params.connection->dead_ns / 3, s->keep_ns);
}

/* When the LNS is asked for a sign of life, or given up, if it says nothing until then. Asked late,
 * as after a pause, it has time to answer all the same. */
static uint64_t
next_look(const struct session *s)
{
	uint64_t dead = s->params.connection->dead_ns, silent, unanswered;

	if (s->asked_at == 0)
		return cv_time_min(
			s->status.heard_ns + dead / 3, cv_time_add(s->status.sent_ns, s->keep_ns));
	silent = s->status.heard_ns + dead;
	unanswered = s->asked_at + cv_time_min(WAKE_NS, dead - dead / 3);
	return silent > unanswered ? silent : unanswered;
}

static void
arm(struct session *s, uint64_t now)
{
	uint64_t at = dial_next_timeout(s->dial), wait;

	if (s->status.up_since_ns != 0)
		at = cv_time_min(at, cv_time_min(next_look(s), inner6_next_timeout(s)));
	if (s->over)
		at = cv_time_min(at, s->done_at);
	if (at == CV_TIME_NEVER) {
		event_del(s->timer);
		return;
	}
	wait = (at > now ? at - now : 0) + CV_NS_PER_US - 1;
	(void)client_set_timer(s->timer, wait);
}

void
session_settle(struct session *s, uint64_t now)
{
	uint8_t bytes[DIAL_DATAGRAM_MAX];
	struct dial_event e;
	int len;

	if (s->done)
		return;
	while (dial_poll_event(s->dial, now, &e))
		hear_event(s, now, &e);
	inner6_step(s, now);
	while ((len = dial_poll_output(s->dial, now, bytes, sizeof(bytes))) > 0)
		if (send(s->fd, bytes, (size_t)len, 0) >= 0) /* what is lost is sent again */
			s->status.sent_ns = now;
	note_answer(s, now);
	if (s->over && now >= s->done_at) {
		s->done = true;
		event_del(s->timer);
		event_del(s->on_socket);
		tell(s, SESSION_DONE, NULL);
		return;
	}
	arm(s, now);
}

/* ---- time ---- */

static void
probe(struct session *s, uint64_t now)
{
	if (s->asked_at != 0 || !l2tp_tunnel_established(dial_tunnel(s->dial)))
		return;
	s->asked_at = now;
	l2tp_tunnel_probe(dial_tunnel(s->dial), now);
}

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct session *s = ctx;
	uint64_t now = client_now();

	(void)fd;
	(void)what;
	if (dial_next_timeout(s->dial) <= now)
		dial_handle_timeout(s->dial, now);
	if (s->status.up_since_ns != 0 && now >= next_look(s)) {
		if (s->asked_at == 0)
			probe(s, now);
		else
			down(s, SESSION_SILENT,
				s->woken ? "the LNS has not answered since nothing ran here"
					 : "the LNS no longer answers");
	}
	session_settle(s, now);
}

void
session_wake(struct session *s, uint64_t paused_ns)
{
	uint64_t now = client_now(), dead = s->params.connection->dead_ns;

	if (paused_ns >= dead && s->status.up_since_ns != 0) {
		s->woken = true;
		s->status.heard_ns = now > dead ? now - dead : 0;
	}
	s->asked_at = 0;
	probe(s, now);
	session_settle(s, now);
}

void
session_keep(struct session *s, uint64_t silence_ns)
{
	s->keep_ns = silence_ns;
	event_active(s->timer, EV_TIMEOUT, 0);
}

bool
session_call(struct session *s)
{
	if (s->over)
		return false;
	place_call(s, client_now());
	event_active(s->timer, EV_TIMEOUT, 0); /* sends */
	return true;
}

void
session_close(struct session *s)
{
	down(s, SESSION_CLOSED, "closed");
	event_active(s->timer, EV_TIMEOUT, 0);
}

void
session_status(const struct session *s, struct session_status *out)
{
	*out = s->status;
}

/* ---- life ---- */

bool
session_move(struct session *s)
{
	struct cv_endpoint local;
	struct event *on_socket;
	int fd;

	if (s->over || (fd = packets_open(s, &local)) < 0)
		return false;
	on_socket =
		cv_ip_equal(&local.ip, &s->status.local.ip)
			? NULL
			: event_new(s->params.base, fd, EV_READ | EV_PERSIST, packets_on_socket, s);
	if (on_socket == NULL) {
		close(fd);
		return false;
	}
	event_free(s->on_socket);
	close(s->fd);
	s->on_socket = on_socket;
	s->fd = fd;
	s->status.local = local;
	s->status.moves++;
	event_add(s->on_socket, NULL);
	session_wake(s, 0);
	return true;
}

static void
set_ppp(struct session *s)
{
	static const enum ppp_auth methods[] = {[CFG_AUTH_MSCHAPV2] = PPP_AUTH_MSCHAPV2,
		[CFG_AUTH_CHAP_MD5] = PPP_AUTH_CHAP_MD5,
		[CFG_AUTH_PAP] = PPP_AUTH_PAP};
	static const struct ppp_ncp *const networks[] = {&ppp_ipcp, &ppp_ipv6cp};
	const struct cfg_connection *c = s->params.connection;
	struct ppp_params *p = &s->ppp;

	ppp_params_default(p, PPP_CLIENT);
	p->networks = networks;
	p->n_networks = sizeof(networks) / sizeof(networks[0]);
	p->crypto = s->params.crypto;
	p->log = s->params.log;
	p->mru = packets_room(s);
	for (size_t i = 0; i < c->n_auth; i++)
		p->auth[p->n_auth++] = methods[c->auth[i]];
	p->user = (struct cv_bytes){(const uint8_t *)c->user, strlen(c->user)};
	p->password = (struct cv_bytes){c->password.data, c->password.len};
	p->request_dns = c->dns;
	p->echo_interval_ns = c->dead_ns / 2;
	p->echo_misses = 2;
}

static int
dial(struct session *s, uint64_t now)
{
	const struct cfg_connection *c = s->params.connection;
	struct dial_params p = {.ppp = &s->ppp, .network.ipv6 = true};

	memcpy(p.network.local_id, s->params.id6, sizeof(p.network.local_id));
	l2tp_params_default(&p.l2tp);
	p.l2tp.crypto = s->params.crypto;
	p.l2tp.log = s->params.log;
	p.l2tp.host_name = c->tunnel.host_name;
	p.l2tp.secret = c->tunnel.none ? NULL : c->tunnel.secret.data;
	p.l2tp.secret_len = c->tunnel.none ? 0 : c->tunnel.secret.len;
	p.l2tp.hello_ns = 0; /* next_look() asks, and knows how long it waits */
	p.l2tp.setup_timeout_ns = cv_time_min(SETUP_NS, c->dead_ns);
	p.l2tp.local_tunnel_id = (uint16_t)(crypto_random_u32(s->params.crypto) | 1);
	s->dial = dial_new(&p, now);
	errno = ENOMEM;
	if (s->dial == NULL)
		return -1;
	s->asked_at = s->status.heard_ns = s->status.sent_ns = now;
	s->keep_ns = CV_TIME_NEVER;
	return dial_start(s->dial, now);
}

struct session *
session_new(const struct session_params *p)
{
	struct session *s = calloc(1, sizeof(*s));
	uint64_t now = client_now();

	if (s == NULL)
		return NULL;
	s->params = *p;
	s->status.lns = p->lns;
	s->fd = -1;
	s->fd = packets_open(s, &s->status.local);
	if (s->fd < 0)
		goto fail;
	s->trains = packets_have_trains(s->fd);
	set_ppp(s);
	s->timer = evtimer_new(p->base, on_timer, s);
	s->on_socket = event_new(p->base, s->fd, EV_READ | EV_PERSIST, packets_on_socket, s);
	s->on_tun = event_new(p->base, p->tun, EV_READ | EV_PERSIST, packets_on_tun, s);
	if (s->timer == NULL || s->on_socket == NULL || s->on_tun == NULL || dial(s, now) != 0)
		goto fail;
	event_add(s->on_socket, NULL);
	event_active(s->timer, EV_TIMEOUT, 0); /* sends; tell() is not for before this returns */
	return s;
fail:
	session_free(s);
	return NULL;
}

void
session_free(struct session *s)
{
	int error = errno;

	if (s == NULL)
		return;
	client_free_event(s->timer);
	client_free_event(s->on_socket);
	client_free_event(s->on_tun);
	dial_free(s->dial);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
	errno = error;
}
