/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tunnels of peers that have proved themselves: where they are found, and the wiring of the control
 * connection's automaton (RFC 2661 section 7.2). Who may have one is admission.c's.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "lns/dial.h"

#define BY_OPENER(n) CV_OBJECT(struct lns_tunnel, by_opener, n)
#define IN_TUNNEL(n) CV_OBJECT(struct lns_session, in_tunnel, n)

#define REPEATED_NS (60 * CV_NS_PER_S) /* no SCCRQ is sent again so late */

static struct lns_opener
opener_of(const struct lns_tunnel *t)
{
	return (struct lns_opener){.peer = t->peer, .id = t->opener_id, .listener = t->listener};
}

struct lns_tunnel *
lns_tunnel_of(
	const struct lns *lns, uint64_t now, const struct lns_opener *opener, uint64_t message)
{
	uint64_t hash = lns_opener_hash(&lns->openers, opener);

	for (struct cv_node *n = cv_table_first(&lns->openers, hash); n != NULL;
		n = cv_table_next(n)) {
		struct lns_tunnel *t = BY_OPENER(n);
		struct lns_opener its = opener_of(t);

		if (t->message == message && now - t->created_at < REPEATED_NS &&
			lns_opener_equal(&its, opener))
			return t;
	}
	return NULL;
}

/* ---- tunnels whose peers have proved little ---- */

void
lns_tunnel_used(struct lns_tunnel *t)
{
	cv_unlink(&t->idle);
}

struct lns_tunnel *
lns_tunnel_idle(const struct lns *lns, uint64_t now, const struct cv_ip *ip)
{
	unsigned tries = 0;

	CV_LIST_EACH(&lns->idle, link, after)
	{
		struct lns_tunnel *t = CV_OBJECT(struct lns_tunnel, idle, link);

		if (tries++ == LNS_IDLE_TRIES)
			return NULL;
		if (now - t->created_at < LNS_IDLE_NS)
			return NULL; /* nor is any behind it older */
		if (ip == NULL || cv_ip_equal(&t->peer.ip, ip))
			return t;
	}
	return NULL;
}

void
lns_tunnel_give_way(struct lns *lns, struct lns_tunnel *t, uint64_t now)
{
	static const struct l2tp_reason reason = {.result = L2TP_STOPCCN_ERROR,
		.error = L2TP_ERROR_RESOURCES,
		.message = "a tunnel without a call gives way: a limit is reached"};

	l2tp_tunnel_close(t->l2tp, now, &reason);
	lns_tunnel_settle(lns, t, now);
}

/* ---- beginning and end ---- */

static void
log_tunnel_up(struct lns *lns, const struct lns_tunnel *t)
{
	struct l2tp_tunnel_info info;
	char host[LNS_USER_MAX], peer[CV_ENDPOINT_TEXT];

	l2tp_tunnel_info(t->l2tp, &info);
	lns_count(lns, LNS_TUNNELS_OPENED);
	cv_log_event(lns->log, CV_LOG_INFO, "tunnel-up", "tunnel=%u peer=%s peer-tunnel=%u host=%s",
		t->id, cv_endpoint_text(&t->peer, peer), t->peer_id,
		cv_escape(host, sizeof(host), info.peer_host_name, info.peer_host_name_len));
}

uint16_t
lns_tunnel_id_draw(struct lns *lns, uint16_t listener)
{
	for (unsigned i = 0; i < LNS_SLOT_TRIES; i++) {
		uint16_t id = (uint16_t)crypto_random_u32(lns->crypto);

		if (id != 0 && lns->by_id[listener][id] == NULL &&
			lns_callers_by_id(&lns->admission.callers, listener, id) == NULL)
			return id;
	}
	return 0;
}

/*
 * The newcomer has proved by its secret whose it is, so an older tunnel with the peer's same ID,
 * from the same address and port, is none that the peer still knows.
 */
static void
end_namesake(struct lns *lns, uint64_t now, const struct lns_opener *opener)
{
	static const struct l2tp_reason anew = {
		.result = L2TP_STOPCCN_CLEAR, .message = "the peer has begun anew"};
	uint64_t hash = lns_opener_hash(&lns->openers, opener);

	for (struct cv_node *n = cv_table_first(&lns->openers, hash); n != NULL;
		n = cv_table_next(n)) {
		struct lns_tunnel *t = BY_OPENER(n);
		struct lns_opener its = opener_of(t);

		if (!lns_opener_equal(&its, opener))
			continue;
		l2tp_tunnel_abandon(t->l2tp, &anew);
		lns_tunnel_settle(lns, t, now);
		return;
	}
}

/* One that takes over l2tp, which was made with these terms and this secret; NULL: no memory. */
static struct lns_tunnel *
make(struct lns *lns, uint64_t now, const struct lns_opener *from, uint16_t id,
	struct l2tp_tunnel *l2tp, struct lns_terms *terms, struct lns_secret *secret)
{
	struct lns_tunnel *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->object.kind = LNS_KIND_TUNNEL;
	t->listener = from->listener;
	t->id = id;
	t->peer = from->peer;
	t->opener_id = from->id;
	t->created_at = now;
	if (!lns_peer_join(lns, t)) {
		free(t);
		return NULL;
	}
	t->l2tp = l2tp;
	t->terms = lns_terms_hold(terms);
	t->secret = lns_secret_hold(secret);
	lns->by_id[t->listener][t->id] = t;
	lns->tunnels++;
	lns_reach(&lns->highest.tunnels, lns->tunnels);
	return t;
}

/* The control connection is established. */
static void
tunnel_is_up(struct lns *lns, struct lns_tunnel *t, uint64_t now)
{
	struct l2tp_tunnel_info info;

	l2tp_tunnel_info(t->l2tp, &info);
	t->peer_id = info.remote_tunnel_id;
	t->ecn = info.ecn;
	t->up = true;
	lns_end_join(lns, now, t);
	log_tunnel_up(lns, t);
}

int
lns_tunnel_new(
	struct lns *lns, uint64_t now, const struct lns_caller *caller, struct l2tp_tunnel *l2tp)
{
	struct lns_opener opener = caller->opener;
	struct lns_tunnel *t =
		make(lns, now, &opener, caller->tunnel_id, l2tp, lns->terms, caller->secret);

	if (t == NULL)
		return CV_ERR_NOMEM;
	t->message = caller->message;
	if (!caller->secret->none)
		end_namesake(lns, now, &opener);
	tunnel_is_up(lns, t, now);
	cv_table_add(&lns->openers, &t->by_opener, lns_opener_hash(&lns->openers, &opener));
	if (caller->secret->none)
		cv_list_append(&lns->idle, &t->idle);
	lns_dial_tunnel_theirs(lns, t, now);
	lns_tunnel_settle(lns, t, now);
	return 0;
}

int
lns_tunnel_open(
	struct lns *lns, uint64_t now, struct lns_dial *d, uint16_t id, struct l2tp_tunnel *l2tp)
{
	const struct lns_opener from = {.listener = d->listener, .peer = d->at};
	struct lns_tunnel *t = make(lns, now, &from, id, l2tp, d->terms, d->secret);

	if (t == NULL)
		return CV_ERR_NOMEM;
	t->ours = true;
	t->dial = d;
	d->tunnel = t;
	lns->dial_tunnels++;
	lns_tunnel_settle(lns, t, now);
	return 0;
}

static void
set_timer(struct lns *lns, struct lns_tunnel *t)
{
	cv_wheel_arm(&lns->wheel, &t->object.timer,
		cv_time_min(l2tp_tunnel_next_timeout(t->l2tp), lns_path_next_timeout(t)));
}

bool
lns_tunnel_move(struct lns *lns, struct lns_tunnel *t, uint64_t now, const struct cv_endpoint *at)
{
	struct cv_endpoint before = t->peer;
	struct lns_opener opener;

	CV_LIST_EACH(&t->sessions, link, next)
	{
		lns_session_end_wait(IN_TUNNEL(link)); /* counted where it was */
	}
	t->peer = *at;
	if (!lns_peer_move(lns, t)) {
		t->peer = before;
		return false;
	}
	t->peer = before;
	lns_end_leave(lns, t);
	cv_table_remove(&lns->openers, &t->by_opener);
	t->peer = *at;
	opener = opener_of(t);
	cv_table_add(&lns->openers, &t->by_opener, lns_opener_hash(&lns->openers, &opener));
	lns_end_join(lns, now, t);
	lns_callers_prove(&lns->admission.callers, &t->peer.ip, now);
	CV_LIST_EACH(&t->sessions, link, next)
	{
		struct lns_session *s = IN_TUNNEL(link);

		s->info.peer = *at;
		s->routes_changed = true;
		lns_ready(lns, &s->object);
	}
	t->moved = true;
	t->moved_at = now;
	t->moves++;
	l2tp_tunnel_probe(t->l2tp, now); /* whether the control connection is there, too */
	lns_tunnel_settle(lns, t, now);
	return true;
}

void
lns_tunnel_timeout(struct lns *lns, struct lns_tunnel *t, uint64_t now)
{
	l2tp_tunnel_handle_timeout(t->l2tp, now);
	lns_path_timeout(lns, t, now);
	lns_tunnel_settle(lns, t, now);
}

static void
forget_ended(struct lns *lns, struct lns_tunnel *t)
{
	cv_unlink(&t->ended);
	lns->ended_count--;
	lns->closing -= t->closing;
}

/* From now on it stands in nobody's way: what is left of it answers a repeated StopCCN. */
static void
end(struct lns *lns, struct lns_tunnel *t, uint64_t now)
{
	struct lns_tunnel *oldest;

	if (!t->ours)
		cv_table_remove(&lns->openers, &t->by_opener);
	if (t->up)
		lns_end_leave(lns, t);
	lns_peer_leave(lns, t);
	lns_path_free(lns, t);
	lns_tunnel_used(t);
	lns->tunnels--;
	lns_callers_prove(&lns->admission.callers, &t->peer.ip, now);
	t->over = true;
	cv_list_append(&lns->ended, &t->ended);
	lns->ended_count++;
	if (lns->ended_count <= LNS_ENDED_MAX || lns->stopping)
		return;
	/* what has ended is bounded by itself; who was told to go and can't hear it is let go */
	oldest = CV_OBJECT(struct lns_tunnel, ended, cv_list_first(&lns->ended));
	if (cv_linked(&oldest->object.ready))
		return;
	oldest->done = true;
	lns_ready(lns, &oldest->object);
}

void
lns_tunnel_input(
	struct lns *lns, struct lns_tunnel *t, uint64_t now, const uint8_t *data, size_t len)
{
	l2tp_tunnel_input(t->l2tp, now, data, len);
	lns_tunnel_settle(lns, t, now);
}

/* Why the sessions of a tunnel that went down are over. */
static const char *
session_reason(const struct lns *lns, const struct lns_tunnel *t, const struct l2tp_reason *reason)
{
	if (t->kicked)
		return ppp_down_text(PPP_DOWN_KICKED);
	if (reason->by_peer)
		return "the peer closed the tunnel";
	if (cfg_listener_by_id(lns->cfg, t->listener) == NULL)
		return "the listener is gone";
	return lns->stopping ? "the server shuts down" : "the tunnel's peer is dead or broken";
}

static void
log_tunnel_down(struct lns *lns, const struct lns_tunnel *t, const struct l2tp_reason *reason)
{
	char message[LNS_USER_MAX * 2], peer[CV_ENDPOINT_TEXT];

	cv_log_event(lns->log, CV_LOG_INFO, "tunnel-down",
		"tunnel=%u peer=%s by=%s result=%u error=%u reason=\"%s\" message=%s", t->id,
		cv_endpoint_text(&t->peer, peer), reason->by_peer ? "peer" : "us", reason->result,
		reason->error, l2tp_stopccn_text(reason->result),
		reason->message == NULL || reason->message[0] == '\0'
			? "-"
			: cv_escape(message, sizeof(message), reason->message,
				  strlen(reason->message)));
}

static void
tunnel_down(struct lns *lns, struct lns_tunnel *t, uint64_t now, const struct l2tp_event *event)
{
	struct cv_link *s;

	lns_dial_tunnel_down(lns, t, &event->reason); /* before its session tells the same */
	while ((s = cv_list_first(&t->sessions)) != NULL)
		lns_session_over(lns, IN_TUNNEL(s), now, session_reason(lns, t, &event->reason));
	end(lns, t, now);
	if (t->up)
		log_tunnel_down(lns, t, &event->reason);
}

static void
call_down(struct lns *lns, struct lns_tunnel *t, uint64_t now, const struct l2tp_event *event)
{
	struct lns_session *s = lns_session_in(lns, t->listener, t->id, event->local_session);
	char message[LNS_USER_MAX * 2];

	if (s == NULL)
		return;
	if (event->reason.by_peer)
		cv_log_event(lns->log, CV_LOG_DEBUG, "call-disconnected",
			"tunnel=%u session=%u serial=%" LNS_PRI_SERIAL
			" result=%u error=%u reason=\"%s\" message=%s",
			t->id, event->local_session, s->info.serial, event->reason.result,
			event->reason.error, l2tp_cdn_text(event->reason.result),
			cv_escape(message, sizeof(message), event->reason.message,
				strlen(event->reason.message)));
	lns_session_over_as(lns, s, now,
		event->reason.by_peer ? "the peer closed the call" : "the call was not completed",
		&event->reason);
}

static void
call_accm(struct lns *lns, struct lns_tunnel *t, uint64_t now, const struct l2tp_event *event)
{
	struct lns_session *s = lns_session_in(lns, t->listener, t->id, event->local_session);

	if (s != NULL)
		lns_hand_on_accm(lns, s, now, event->accm.send, event->accm.receive);
}

void
lns_tunnel_settle(struct lns *lns, struct lns_tunnel *t, uint64_t now)
{
	struct l2tp_event event;

	while (l2tp_tunnel_poll_event(t->l2tp, &event)) {
		switch (event.type) {
		case L2TP_EV_UP: /* of others it is known before there is a tunnel here */
			tunnel_is_up(lns, t, now);
			if (t->dial != NULL)
				lns_dial_tunnel_up(lns, t, now);
			break;
		case L2TP_EV_DOWN:
			tunnel_down(lns, t, now, &event);
			break;
		case L2TP_EV_DONE:
			t->done = true;
			break;
		case L2TP_EV_CALL_REQUEST:
			lns_call_request(lns, t, now, &event);
			break;
		case L2TP_EV_CALL_UP:
			lns_call_up(lns, t, now, &event);
			break;
		case L2TP_EV_CALL_DOWN:
			call_down(lns, t, now, &event);
			break;
		case L2TP_EV_CALL_ACCM:
			call_accm(lns, t, now, &event);
			break;
		}
	}
	lns->closing -= t->closing;
	t->closing = t->over && l2tp_tunnel_waits(t->l2tp);
	lns->closing += t->closing;
	set_timer(lns, t);
	lns_ready(lns, &t->object);
	lns_hand_on_answered(lns, t->dial);
}

void
lns_tunnel_free(struct lns *lns, struct lns_tunnel *t)
{
	struct cv_link *s;

	while ((s = cv_list_first(&t->sessions)) != NULL)
		lns_session_free(lns, IN_TUNNEL(s));
	lns_unready(&t->object);
	cv_wheel_cancel(&lns->wheel, &t->object.timer);
	if (!t->over)
		end(lns, t, 0);
	forget_ended(lns, t);
	lns->by_id[t->listener][t->id] = NULL;
	l2tp_tunnel_free(t->l2tp);
	lns_terms_drop(t->terms);
	lns_secret_drop(t->secret);
	free(t);
}

bool
lns_tunnel_poll(struct lns *lns, struct lns_tunnel *t, uint64_t now, struct lns_action *action)
{
	int len;

	*action = (struct lns_action){.listener = t->listener, .peer = t->peer, .tunnel_id = t->id};
	if (!t->added) {
		t->added = true;
		action->type = LNS_ACT_TUNNEL_ADD;
		return true;
	}
	if (t->paths != NULL && lns_path_poll(lns, t, now, action))
		return true;
	if (t->moved || t->followed != lns_path_followed(lns, t)) {
		t->moved = false;
		t->followed = lns_path_followed(lns, t);
		/* a call that comes, or a user who proves himself anew, is to be asked as well */
		if (!t->followed)
			lns_path_free(lns, t);
		*action = (struct lns_action){.type = LNS_ACT_TUNNEL_CHANGE,
			.listener = t->listener,
			.peer = t->peer,
			.tunnel_id = t->id,
			.follow = t->followed};
		return true;
	}
	len = l2tp_tunnel_poll_output(t->l2tp, now, lns->datagram, sizeof(lns->datagram));
	if (len > 0) {
		action->type = LNS_ACT_SEND;
		action->data = (struct cv_bytes){lns->datagram, (size_t)len};
		return true;
	}
	/* what was sent has set a new timer */
	set_timer(lns, t);
	if (!t->done)
		return false;
	action->type = LNS_ACT_TUNNEL_REMOVE;
	lns_tunnel_free(lns, t);
	return true;
}
