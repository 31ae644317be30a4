/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tunnels of peers that have proved themselves: where they are found, and the wiring of the control
 * connection's automaton (RFC 2661 section 7.2). Who may have one is admission.c's.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "lns/internal.h"

#define BY_OPENER(n) CV_OBJECT(struct lns_tunnel, by_opener, n)
#define BY_END(n) CV_OBJECT(struct lns_tunnel, by_end, n)
#define PEER_OF(n) CV_OBJECT(struct lns_peer, node, n)
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

/* ---- how many tunnels an address has ---- */

/* Who has an address: over IPv6 a host has a /64 to choose from, but on the link itself. */
static struct cv_ip
host_of(const struct cv_ip *ip)
{
	struct cv_ip host = *ip;

	if (ip->family == CV_IPV6 && !(ip->bytes[0] == 0xfe && (ip->bytes[1] & 0xc0) == 0x80))
		memset(host.bytes + 8, 0, 8);
	return host;
}

static struct lns_peer *
find_peer(const struct lns *lns, const struct cv_ip *ip, uint64_t *hash)
{
	*hash = cv_table_hash(&lns->peers, ip, sizeof(*ip));
	for (struct cv_node *n = cv_table_first(&lns->peers, *hash); n != NULL;
		n = cv_table_next(n))
		if (cv_ip_equal(&PEER_OF(n)->ip, ip))
			return PEER_OF(n);
	return NULL;
}

uint32_t
lns_tunnels_from(const struct lns *lns, const struct cv_ip *ip)
{
	uint64_t hash;
	struct cv_ip host = host_of(ip);
	const struct lns_peer *peer = find_peer(lns, &host, &hash);

	return peer == NULL ? 0 : peer->count;
}

static bool
join_peer(struct lns *lns, struct lns_tunnel *t)
{
	uint64_t hash;
	struct cv_ip host = host_of(&t->peer.ip);
	struct lns_peer *peer = find_peer(lns, &host, &hash);

	if (peer == NULL) {
		peer = calloc(1, sizeof(*peer));
		if (peer == NULL)
			return false;
		peer->ip = host;
		cv_table_add(&lns->peers, &peer->node, hash);
	}
	t->peer_address = peer;
	peer->count++;
	return true;
}

static void
leave_peer(struct lns *lns, struct lns_tunnel *t)
{
	struct lns_peer *peer = t->peer_address;

	if (--peer->count != 0)
		return;
	cv_table_remove(&lns->peers, &peer->node);
	free(peer);
}

/* ---- the ring of the tunnels from one address and port ---- */

static struct lns_tunnel *
find_end(const struct lns *lns, uint16_t listener, const struct cv_endpoint *peer, uint64_t *hash)
{
	struct lns_opener end = {.peer = *peer, .listener = listener};

	*hash = lns_opener_hash(&lns->ends, &end);
	for (struct cv_node *n = cv_table_first(&lns->ends, *hash); n != NULL; n = cv_table_next(n))
		if (BY_END(n)->listener == listener && cv_endpoint_equal(&BY_END(n)->peer, peer))
			return BY_END(n);
	return NULL;
}

/* Makes the next of the ring its first. */
static void
turn_end(struct lns *lns, struct lns_tunnel *first)
{
	cv_table_remove(&lns->ends, &first->by_end);
	cv_table_add(&lns->ends, &CV_OBJECT(struct lns_tunnel, end, first->end.next)->by_end,
		first->by_end.hash);
}

/* Asks the first of the ring whether it still lives; the next time it is another's turn. */
static void
ask_first(struct lns *lns, uint64_t now, struct lns_tunnel *first)
{
	turn_end(lns, first);
	l2tp_tunnel_probe(first->l2tp, now);
	lns_tunnel_settle(lns, first, now);
}

void
lns_tunnel_doubt(struct lns *lns, uint64_t now, uint16_t listener, const struct cv_endpoint *peer)
{
	uint64_t hash;
	struct lns_tunnel *first = find_end(lns, listener, peer, &hash);

	if (first != NULL)
		ask_first(lns, now, first);
}

/*
 * Joins the ring as its last. A tunnel that was there before may be the same peer's before it
 * rebooted, or somebody's whose port a NAT gave away: the first is asked by a HELLO, and dies if
 * nobody answers; the next newcomer asks the next one. So a newcomer costs the others one message,
 * however many they are.
 */
static void
join_end(struct lns *lns, uint64_t now, struct lns_tunnel *t)
{
	uint64_t hash;
	struct lns_tunnel *first = find_end(lns, t->listener, &t->peer, &hash);

	if (first == NULL) {
		cv_ring_begin(&t->end);
		cv_table_add(&lns->ends, &t->by_end, hash);
		return;
	}
	cv_ring_join(&first->end, &t->end);
	/* the peer would take a HELLO to its own ID, which the newcomer has, for the newcomer's */
	if (first->peer_id == t->peer_id)
		turn_end(lns, first);
	else
		ask_first(lns, now, first);
}

static void
leave_end(struct lns *lns, struct lns_tunnel *t)
{
	uint64_t hash;

	if (find_end(lns, t->listener, &t->peer, &hash) == t) {
		if (cv_ring_alone(&t->end))
			cv_table_remove(&lns->ends, &t->by_end);
		else
			turn_end(lns, t);
	}
	cv_unlink(&t->end);
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

int
lns_tunnel_new(
	struct lns *lns, uint64_t now, const struct lns_caller *caller, struct l2tp_tunnel *l2tp)
{
	struct lns_tunnel *t = calloc(1, sizeof(*t));
	struct l2tp_tunnel_info info;
	struct lns_opener opener;

	if (t == NULL)
		return CV_ERR_NOMEM;
	t->object.kind = LNS_KIND_TUNNEL;
	t->listener = caller->opener.listener;
	t->id = caller->tunnel_id;
	t->peer_id = caller->identity.tunnel_id;
	t->peer = caller->opener.peer;
	t->opener_id = caller->opener.id;
	t->message = caller->message;
	t->created_at = now;
	t->l2tp = l2tp;
	l2tp_tunnel_info(l2tp, &info);
	t->ecn = info.ecn;
	t->terms = lns_terms_hold(lns->terms); /* l2tp was made with them */
	t->secret = lns_secret_hold(caller->secret);
	if (!join_peer(lns, t)) {
		lns_terms_drop(t->terms);
		lns_secret_drop(t->secret);
		free(t);
		return CV_ERR_NOMEM;
	}
	opener = opener_of(t);
	if (!caller->secret->none)
		end_namesake(lns, now, &opener);
	join_end(lns, now, t);
	cv_table_add(&lns->openers, &t->by_opener, lns_opener_hash(&lns->openers, &opener));
	lns->by_id[t->listener][t->id] = t;
	lns->tunnels++;
	if (caller->secret->none)
		cv_list_append(&lns->idle, &t->idle);
	log_tunnel_up(lns, t);
	lns_tunnel_settle(lns, t, now);
	return 0;
}

void
lns_tunnel_timeout(struct lns *lns, struct lns_tunnel *t, uint64_t now)
{
	l2tp_tunnel_handle_timeout(t->l2tp, now);
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

	cv_table_remove(&lns->openers, &t->by_opener);
	leave_end(lns, t);
	leave_peer(lns, t);
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

	while ((s = cv_list_first(&t->sessions)) != NULL)
		lns_session_over(lns, IN_TUNNEL(s), now, session_reason(lns, t, &event->reason));
	end(lns, t, now);
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
	lns_session_over(lns, s, now,
		event->reason.by_peer ? "the peer closed the call" : "the call was not completed");
}

void
lns_tunnel_settle(struct lns *lns, struct lns_tunnel *t, uint64_t now)
{
	struct l2tp_event event;

	while (l2tp_tunnel_poll_event(t->l2tp, &event)) {
		switch (event.type) {
		case L2TP_EV_UP: /* it was up when it was made */
			break;
		case L2TP_EV_DOWN:
			tunnel_down(lns, t, now, &event);
			break;
		case L2TP_EV_DONE:
			t->done = true;
			break;
		case L2TP_EV_CALL_REQUEST:
			lns_call_request(lns, t, now, event.remote_session);
			break;
		case L2TP_EV_CALL_UP:
			lns_call_up(lns, t, now, &event);
			break;
		case L2TP_EV_CALL_DOWN:
			call_down(lns, t, now, &event);
			break;
		}
	}
	lns->closing -= t->closing;
	t->closing = t->over && l2tp_tunnel_waits(t->l2tp);
	lns->closing += t->closing;
	cv_wheel_arm(&lns->wheel, &t->object.timer, l2tp_tunnel_next_timeout(t->l2tp));
	lns_ready(lns, &t->object);
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
	len = l2tp_tunnel_poll_output(t->l2tp, now, lns->datagram, sizeof(lns->datagram));
	if (len > 0) {
		action->type = LNS_ACT_SEND;
		action->data = (struct cv_bytes){lns->datagram, (size_t)len};
		return true;
	}
	/* what was sent has set a new timer */
	cv_wheel_arm(&lns->wheel, &t->object.timer, l2tp_tunnel_next_timeout(t->l2tp));
	if (!t->done)
		return false;
	action->type = LNS_ACT_TUNNEL_REMOVE;
	lns_tunnel_free(lns, t);
	return true;
}
