/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tunnels: who may open one, the table of openers that finds a retransmitted SCCRQ, and the
 * wiring of the control connection's automaton (RFC 2661 section 7.2).
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "l2tp/avp.h"
#include "lns/internal.h"

/* What identifies an SCCRQ and its retransmissions. Bytes, hashed: no padding. */
struct opener_key {
	uint8_t ip[16];
	uint16_t family, listener, port, zero;
	uint32_t id;
};

_Static_assert(sizeof(struct opener_key) == 28, "no padding in a hashed key");

/* The peer's Assigned Tunnel ID; where it is hidden, the message itself: sent again, it is the same
 * to the byte. */
static uint32_t
opener_id(const struct lns *lns, const struct l2tp_peek *peek, const uint8_t *data, size_t len)
{
	if (peek->assigned_tunnel_id != 0)
		return peek->assigned_tunnel_id;
	return (uint32_t)cv_table_hash(&lns->openers, data, len) | UINT32_C(0x10000);
}

static struct opener_key
opener_key(uint16_t listener, const struct cv_endpoint *from, uint32_t id)
{
	struct opener_key key = {
		.family = from->ip.family, .listener = listener, .port = from->port, .id = id};

	memcpy(key.ip, from->ip.bytes, sizeof(key.ip));
	return key;
}

#define OPENER_OF(n) ((struct lns_tunnel *)((char *)(n)-offsetof(struct lns_tunnel, opener)))
#define PEER_OF(n) ((struct lns_peer *)((char *)(n)-offsetof(struct lns_peer, node)))

static struct lns_tunnel *
find_opener(struct lns *lns, uint16_t listener, const struct cv_endpoint *from, uint32_t id,
	uint64_t *hash)
{
	struct opener_key key = opener_key(listener, from, id);

	*hash = cv_table_hash(&lns->openers, &key, sizeof(key));
	for (struct cv_node *n = cv_table_first(&lns->openers, *hash); n != NULL;
		n = cv_table_next(n)) {
		struct lns_tunnel *t = OPENER_OF(n);

		if (t->listener == listener && t->opener_id == id &&
			cv_endpoint_equal(&t->peer, from))
			return t;
	}
	return NULL;
}

static struct lns_peer *
find_peer(struct lns *lns, const struct cv_ip *ip, uint64_t *hash)
{
	*hash = cv_table_hash(&lns->peers, ip, sizeof(*ip));
	for (struct cv_node *n = cv_table_first(&lns->peers, *hash); n != NULL;
		n = cv_table_next(n))
		if (cv_ip_equal(&PEER_OF(n)->ip, ip))
			return PEER_OF(n);
	return NULL;
}

static bool
join_peer(struct lns *lns, struct lns_tunnel *t)
{
	uint64_t hash;
	struct lns_peer *peer = find_peer(lns, &t->peer.ip, &hash);

	if (peer == NULL) {
		peer = calloc(1, sizeof(*peer));
		if (peer == NULL)
			return false;
		peer->ip = t->peer.ip;
		cv_table_add(&lns->peers, &peer->node, hash);
	}
	t->peer_address = peer;
	t->next_of_peer = peer->tunnels;
	if (peer->tunnels != NULL)
		peer->tunnels->link_of_peer = &t->next_of_peer;
	t->link_of_peer = &peer->tunnels;
	peer->tunnels = t;
	peer->count++;
	return true;
}

static void
leave_peer(struct lns *lns, struct lns_tunnel *t)
{
	struct lns_peer *peer = t->peer_address;

	*t->link_of_peer = t->next_of_peer;
	if (t->next_of_peer != NULL)
		t->next_of_peer->link_of_peer = t->link_of_peer;
	if (--peer->count != 0)
		return;
	cv_table_remove(&lns->peers, &peer->node);
	free(peer);
}

/*
 * An SCCRQ from where an established tunnel comes from, under the same name: its peer may have
 * rebooted. One datagram proves nothing, so the old tunnel is asked: it dies if nobody answers.
 */
static void
doubt(struct lns *lns, uint64_t now, uint16_t listener, const struct cv_endpoint *from,
	struct cv_bytes host)
{
	uint64_t hash;
	const struct lns_peer *peer = find_peer(lns, &from->ip, &hash);
	size_t kept = host.len < L2TP_HOST_NAME_KEPT ? host.len : L2TP_HOST_NAME_KEPT - 1;
	struct l2tp_tunnel_info info;

	for (struct lns_tunnel *t = peer == NULL ? NULL : peer->tunnels; t != NULL;
		t = t->next_of_peer) {
		if (t->listener != listener || t->peer.port != from->port || t->over)
			continue;
		l2tp_tunnel_info(t->l2tp, &info);
		if (info.peer_host_name_len != kept ||
			(kept != 0 && memcmp(info.peer_host_name, host.data, kept) != 0))
			continue;
		l2tp_tunnel_probe(t->l2tp, now);
		lns_tunnel_settle(lns, t, now);
	}
}

/* Draws a tunnel ID that is free at this listener; 0 when all tries failed. */
static uint16_t
draw_tunnel_id(struct lns *lns, uint16_t listener)
{
	for (unsigned i = 0; i < LNS_SLOT_TRIES; i++) {
		uint16_t id = (uint16_t)crypto_random_u32(lns->crypto);

		if (id != 0 && lns->by_id[listener][id] == NULL)
			return id;
	}
	return 0;
}

/* Which limit, if any, a new tunnel from this address breaks. */
static enum lns_counter
limit_broken(struct lns *lns, const struct cv_ip *ip, uint64_t now)
{
	const struct cfg_limits *limits = &lns->cfg->limits;
	uint64_t hash;
	const struct lns_peer *peer = find_peer(lns, ip, &hash);

	if (lns->tunnels >= limits->tunnels)
		return LNS_LIMIT_TUNNELS;
	if (peer != NULL && peer->count >= limits->tunnels_per_peer)
		return LNS_LIMIT_PEER;
	if (lns->half_open >= limits->half_open)
		return LNS_LIMIT_HALF_OPEN;
	if (!lns_bucket_take(&lns->setups, now))
		return LNS_LIMIT_RATE;
	return LNS_COUNTER_MAX;
}

static void
log_tunnel_refused(struct lns *lns, uint64_t now, const struct cv_endpoint *from,
	const struct l2tp_peek *peek, const char *why)
{
	char host[LNS_USER_MAX], peer[CV_ENDPOINT_TEXT];

	if (!lns_may_log(lns, now))
		return;
	cv_log_event(lns->log, CV_LOG_WARNING, "tunnel-refused", "peer=%s host=%s reason=\"%s\"",
		cv_endpoint_text(from, peer),
		cv_escape(host, sizeof(host), peek->host_name.data, peek->host_name.len), why);
}

static void
fill_params(
	struct lns *lns, struct l2tp_params *p, uint16_t id, const struct cfg_tunnel_secret *secret)
{
	const struct cfg *cfg = lns->cfg;

	l2tp_params_default(p);
	p->crypto = lns->crypto;
	p->log = lns->log;
	p->local_tunnel_id = id;
	p->host_name = cfg->identity.host_name;
	p->receive_window = cfg->tunnels.receive_window;
	p->hello_ns = cfg->tunnels.hello_ns;
	p->retransmit_initial_ns = cfg->tunnels.retransmit_first_ns;
	p->retransmit_max_ns = cfg->tunnels.retransmit_max_ns;
	p->max_retransmits = cfg->tunnels.retransmit_times;
	p->hide_avps = cfg->tunnels.hide_avps;
	if (secret != NULL && !secret->none) {
		p->secret = secret->secret.data;
		p->secret_len = secret->secret.len;
	}
}

static struct lns_tunnel *
new_tunnel(struct lns *lns, uint64_t now, uint16_t listener, const struct cv_endpoint *from,
	const struct l2tp_peek *peek)
{
	static const struct l2tp_reason unknown = {.result = L2TP_STOPCCN_NOT_AUTHORIZED,
		.message = "no tunnel secret is configured for this peer"};
	const struct cfg_tunnel_secret *secret = cfg_tunnel_secret_find(lns->cfg, listener,
		&from->ip, (const char *)peek->host_name.data, peek->host_name.len);
	struct l2tp_params params;
	struct lns_tunnel *t;
	uint16_t id = draw_tunnel_id(lns, listener);

	t = id == 0 ? NULL : calloc(1, sizeof(*t));
	if (t == NULL)
		return NULL;
	fill_params(lns, &params, id, secret);
	if (secret == NULL) {
		params.refuse = &unknown;
		lns_count(lns, LNS_PEER_UNKNOWN);
		log_tunnel_refused(lns, now, from, peek, unknown.message);
	}
	t->refused = secret == NULL;
	t->object.kind = LNS_KIND_TUNNEL;
	t->listener = listener;
	t->id = id;
	t->peer_id = peek->assigned_tunnel_id;
	t->peer = *from;
	t->created_at = now;
	t->l2tp = l2tp_tunnel_new(L2TP_RESPONDER, &params, now);
	if (t->l2tp == NULL || !join_peer(lns, t)) {
		l2tp_tunnel_free(t->l2tp);
		free(t);
		return NULL;
	}
	lns->by_id[listener][id] = t;
	lns->tunnels++;
	lns->half_open++;
	t->half_open = true;
	return t;
}

int
lns_tunnel_open(struct lns *lns, uint64_t now, uint16_t listener, const struct cv_endpoint *from,
	const uint8_t *data, size_t len)
{
	struct l2tp_peek peek;
	enum lns_counter limit;
	struct lns_tunnel *t;
	uint64_t hash;
	uint32_t id;
	int rc = l2tp_peek(data, len, &peek);

	if (rc == 0 && peek.type != L2TP_SCCRQ && peek.type != L2TP_STOPCCN)
		rc = CV_ERR_UNKNOWN;
	if (rc != 0) {
		lns_count(lns, LNS_CONTROL_NOT_SCCRQ);
		return rc;
	}
	id = opener_id(lns, &peek, data, len);
	t = find_opener(lns, listener, from, id, &hash);
	if (t != NULL) {
		/* sent again, or by a peer that rebooted and drew the same ID */
		if (peek.type == L2TP_SCCRQ)
			l2tp_tunnel_probe(t->l2tp, now);
		lns_tunnel_input(lns, t, now, data, len);
		return 0;
	}
	if (peek.type != L2TP_SCCRQ || lns->stopping) {
		lns_count(lns, LNS_CONTROL_NOT_SCCRQ);
		return CV_ERR_UNKNOWN;
	}
	limit = limit_broken(lns, &from->ip, now);
	if (limit != LNS_COUNTER_MAX) {
		lns_count(lns, limit);
		log_tunnel_refused(lns, now, from, &peek, lns_counter_help(limit));
		return CV_ERR_LIMIT;
	}
	t = new_tunnel(lns, now, listener, from, &peek);
	if (t == NULL) {
		lns_count(lns, LNS_MEMORY);
		return CV_ERR_NOMEM;
	}
	t->opener_id = id;
	cv_table_add(&lns->openers, &t->opener, hash);
	doubt(lns, now, listener, from, peek.host_name);
	lns_tunnel_input(lns, t, now, data, len);
	return 0;
}

void
lns_tunnel_input(
	struct lns *lns, struct lns_tunnel *t, uint64_t now, const uint8_t *data, size_t len)
{
	l2tp_tunnel_input(t->l2tp, now, data, len);
	lns_tunnel_settle(lns, t, now);
}

static void
no_longer_half_open(struct lns *lns, struct lns_tunnel *t)
{
	if (t->half_open)
		lns->half_open--;
	t->half_open = false;
}

static void
tunnel_up(struct lns *lns, struct lns_tunnel *t)
{
	struct l2tp_tunnel_info info;
	char host[LNS_USER_MAX], peer[CV_ENDPOINT_TEXT];

	l2tp_tunnel_info(t->l2tp, &info);
	no_longer_half_open(lns, t);
	lns_count(lns, LNS_TUNNELS_OPENED);
	cv_log_event(lns->log, CV_LOG_INFO, "tunnel-up", "tunnel=%u peer=%s peer-tunnel=%u host=%s",
		t->id, cv_endpoint_text(&t->peer, peer), t->peer_id,
		cv_escape(host, sizeof(host), info.peer_host_name, info.peer_host_name_len));
}

/* Why the sessions of a tunnel that went down are over. */
static const char *
session_reason(const struct lns *lns, const struct l2tp_reason *reason)
{
	if (reason->by_peer)
		return "the peer closed the tunnel";
	return lns->stopping ? "the server shuts down" : "the tunnel's peer is dead or broken";
}

static void
log_tunnel_down(struct lns *lns, const struct lns_tunnel *t, const struct l2tp_reason *reason)
{
	char message[LNS_USER_MAX * 2], peer[CV_ENDPOINT_TEXT];

	cv_log_event(lns->log, t->half_open ? CV_LOG_WARNING : CV_LOG_INFO, "tunnel-down",
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
	t->over = true;
	if (t->half_open)
		lns_count(lns, LNS_TUNNEL_FAILED);
	if (event->proof_failed)
		lns_count(lns, LNS_TUNNEL_AUTH);
	while (t->sessions != NULL)
		lns_session_over(lns, t->sessions, now, session_reason(lns, &event->reason));
	/* strangers write as many lines as they please nowhere */
	if (!t->half_open || (!t->refused && lns_may_log(lns, now)))
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
			"tunnel=%u session=%u result=%u error=%u reason=\"%s\" message=%s", t->id,
			event->local_session, event->reason.result, event->reason.error,
			l2tp_cdn_text(event->reason.result),
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
		case L2TP_EV_UP:
			tunnel_up(lns, t);
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
	if (t->peer_id == 0) {
		struct l2tp_tunnel_info info;

		l2tp_tunnel_info(t->l2tp, &info);
		t->peer_id = info.remote_tunnel_id;
	}
	cv_wheel_arm(&lns->wheel, &t->object.timer, l2tp_tunnel_next_timeout(t->l2tp));
	lns_ready(lns, &t->object);
}

void
lns_tunnel_free(struct lns *lns, struct lns_tunnel *t)
{
	while (t->sessions != NULL)
		lns_session_free(lns, t->sessions);
	lns_unready(lns, &t->object);
	cv_wheel_cancel(&lns->wheel, &t->object.timer);
	cv_table_remove(&lns->openers, &t->opener);
	leave_peer(lns, t);
	no_longer_half_open(lns, t);
	lns->by_id[t->listener][t->id] = NULL;
	lns->tunnels--;
	l2tp_tunnel_free(t->l2tp);
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
