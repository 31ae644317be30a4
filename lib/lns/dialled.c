/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tunnel and the session of a peer that is dialled: SCCRQ, with a tie breaker for a peer that
 * dials us at the same time; ICRQ as its LAC, or OCRQ as its LNS; PPP, in which we prove ourselves
 * or the peer does.
 */
#include <stdio.h>
#include <string.h>

#include "lns/dial.h"

#define BY_END(n) CV_OBJECT(struct lns_dial, by_end, n)

/* ---- the tunnel ---- */

static uint64_t
end_hash(const struct lns *lns, uint16_t listener, const struct cv_endpoint *at)
{
	struct lns_opener end = {.peer = *at, .listener = listener};

	return lns_opener_hash(&lns->dialling, &end);
}

/* Who waits for the answer to an SCCRQ from there, or NULL. */
static struct lns_dial *
waiting_for(const struct lns *lns, uint16_t listener, const struct cv_endpoint *at)
{
	uint64_t hash;

	if (lns->dialling.count == 0)
		return NULL;
	hash = end_hash(lns, listener, at);
	for (struct cv_node *n = cv_table_first(&lns->dialling, hash); n != NULL;
		n = cv_table_next(n))
		if (BY_END(n)->listener == listener && cv_endpoint_equal(&BY_END(n)->at, at))
			return BY_END(n);
	return NULL;
}

void
lns_dial_unwait(struct lns *lns, struct lns_dial *d)
{
	if (d->waits)
		cv_table_remove(&lns->dialling, &d->by_end);
	d->waits = false;
}

static void
wait_for_answer(struct lns *lns, struct lns_dial *d, uint64_t now)
{
	lns_dial_set_state(lns, d, now, LNS_DIAL_CONNECTS);
	cv_table_add(&lns->dialling, &d->by_end, end_hash(lns, d->listener, &d->at));
	d->waits = true;
}

bool
lns_dial_open(struct lns *lns, struct lns_dial *d, uint64_t now)
{
	uint16_t id = lns_tunnel_id_draw(lns, d->listener);
	struct l2tp_params params;
	struct l2tp_tunnel *l2tp;

	if (id == 0) {
		lns_dial_blame(d, "no tunnel ID is free");
		return false;
	}
	crypto_random(lns->crypto, d->tie_breaker, sizeof(d->tie_breaker));
	lns_responder_params(lns, &params, id, NULL, d->secret);
	params.host_name = d->terms->host_name;
	params.tie_breaker = d->tie_breaker;
	params.setup_timeout_ns = LNS_DIAL_SETUP_NS;
	l2tp = l2tp_tunnel_new(L2TP_INITIATOR, &params, now);
	if (l2tp == NULL || l2tp_tunnel_connect(l2tp, now) != 0 ||
		lns_tunnel_open(lns, now, d, id, l2tp) != 0) {
		l2tp_tunnel_free(l2tp);
		lns_count(lns, LNS_MEMORY);
		lns_dial_blame(d, "out of memory");
		return false;
	}
	d->yields = false;
	wait_for_answer(lns, d, now);
	return true;
}

/* The call is for the next poll to place. */
static void
to_call(struct lns *lns, struct lns_dial *d, uint64_t now)
{
	lns_dial_unwait(lns, d);
	lns_dial_set_state(lns, d, now, LNS_DIAL_CALLS);
	lns_ready(lns, &d->object);
}

void
lns_dial_tunnel_up(struct lns *lns, struct lns_tunnel *t, uint64_t now)
{
	to_call(lns, t->dial, now);
}

/* What the peer said, fit to stand between quotes. Returns out. */
static const char *
quotable(char *out, size_t capacity, const void *text, size_t len)
{
	const char *from = text;
	size_t n = len < capacity ? len : capacity - 1;

	for (size_t i = 0; i < n; i++)
		out[i] = from[i] >= ' ' && from[i] <= '~' && from[i] != '"' && from[i] != '\\'
				 ? from[i]
				 : '?';
	out[n] = '\0';
	return out;
}

void
lns_dial_tunnel_down(struct lns *lns, struct lns_tunnel *t, const struct l2tp_reason *reason)
{
	struct lns_dial *d = t->dial;
	char why[LNS_DIAL_WHY], message[LNS_DIAL_WHY / 2] = "";
	bool said = reason->message != NULL && reason->message[0] != '\0';

	if (d == NULL)
		return;
	t->dial = NULL;
	lns_dial_unwait(lns, d);
	d->tunnel = NULL;
	lns->dial_tunnels--;
	if (said)
		quotable(message, sizeof(message), reason->message, strlen(reason->message));
	snprintf(why, sizeof(why), "%s%s: %.100s",
		reason->by_peer ? "it ends the tunnel" : "tunnel",
		t->up             ? ""
		: reason->by_peer ? " before it is up"
				  : " not up",
		said ? message : l2tp_stopccn_text(reason->result));
	/* of two ends the tunnel's is the cause */
	lns_dial_lost(lns, d, why);
}

static void
take_over(struct lns *lns, struct lns_dial *d, struct lns_tunnel *t)
{
	t->dial = d;
	d->tunnel = t;
	lns->dial_tunnels++;
}

/* Its own, in which nothing was said yet, goes without a word: the peer knows why. */
static void
abandon_own(struct lns *lns, struct lns_dial *d, uint64_t now)
{
	static const struct l2tp_reason tie = {
		.result = L2TP_STOPCCN_CLEAR, .message = "the peer's own SCCRQ stands"};
	struct lns_tunnel *own = d->tunnel;

	own->dial = NULL;
	d->tunnel = NULL;
	lns->dial_tunnels--;
	l2tp_tunnel_abandon(own->l2tp, &tie);
	lns_tunnel_settle(lns, own, now);
}

void
lns_dial_tunnel_theirs(struct lns *lns, struct lns_tunnel *t, uint64_t now)
{
	struct lns_dial *d = waiting_for(lns, t->listener, &t->peer);

	if (d == NULL || !d->yields)
		return;
	abandon_own(lns, d, now);
	take_over(lns, d, t);
	to_call(lns, d, now);
}

/*
 * Section 4.4.3, Tie Breaker. Where the peer's stands, ours is given up only when the peer has
 * proved, by an SCCCN, that it is its: a forged SCCRQ ends nothing.
 */
bool
lns_dial_stands(struct lns *lns, uint64_t now, uint16_t listener, const struct cv_endpoint *from,
	const struct l2tp_peek *peek)
{
	static const struct l2tp_reason neither = {
		.result = L2TP_STOPCCN_CLEAR, .message = "both tie breakers are the same"};
	struct lns_dial *d = waiting_for(lns, listener, from);
	struct lns_tunnel *own;

	if (d == NULL)
		return false;
	switch (l2tp_tie(d->tie_breaker, peek->has_tie_breaker ? peek->tie_breaker : NULL)) {
	case L2TP_TIE_OURS:
		lns_count(lns, LNS_DIAL_TIES);
		return true;
	case L2TP_TIE_THEIRS:
		lns_count(lns, LNS_DIAL_TIES);
		d->yields = true;
		return false;
	case L2TP_TIE_NEITHER:
		lns_count(lns, LNS_DIAL_TIES);
		own = d->tunnel;
		l2tp_tunnel_abandon(own->l2tp, &neither);
		lns_tunnel_settle(lns, own, now);
		return true;
	case L2TP_TIE_NONE:
		break;
	}
	return false;
}

void
lns_dial_take_session(struct lns *lns, struct lns_dial *d, struct lns_session *s)
{
	s->dial = d;
	d->session = s;
	lns->dial_sessions++;
}

static void
drop_session(struct lns *lns, struct lns_dial *d)
{
	d->session->dial = NULL;
	d->session = NULL;
	lns->dial_sessions--;
}

void
lns_dial_let_go(struct lns *lns, struct lns_dial *d, uint64_t now, enum ppp_down why)
{
	static const struct l2tp_reason done = {
		.result = L2TP_STOPCCN_CLEAR, .message = "the call is over"};
	struct lns_session *s = d->session;
	struct lns_tunnel *t = d->tunnel;

	lns_dial_unwait(lns, d);
	lns_dial_set_state(lns, d, now, LNS_DIAL_PAUSES);
	if (s != NULL) {
		drop_session(lns, d);
		lns_session_close(lns, s, now, why);
	}
	if (t == NULL)
		return;
	t->dial = NULL;
	d->tunnel = NULL;
	lns->dial_tunnels--;
	/* calls of the peer's go on in it, but for those of a tunnel for calls that are handed on
	 */
	if (d->cfg->handed || t->session_count == 0 ||
		(s != NULL && s->tunnel == t && t->session_count == 1)) {
		l2tp_tunnel_close(t->l2tp, now, &done);
		lns_tunnel_settle(lns, t, now);
	}
}

/* ---- the call ---- */

struct lns_session *
lns_dial_others(const struct lns *lns, const struct lns_dial *d)
{
	const char *name = d->cfg->peer_user;
	const struct lns_user *user;
	struct cv_link *first;

	if (name == NULL)
		return NULL;
	user = lns_user_find(lns, (struct cv_bytes){(const uint8_t *)name, strlen(name)});
	first = user == NULL ? NULL : cv_list_first(&user->sessions);
	return first == NULL || lns_session_of_user(first)->dial != NULL
		       ? NULL
		       : lns_session_of_user(first);
}

bool
lns_dial_call(struct lns *lns, struct lns_dial *d, uint64_t now)
{
	struct lns_session *s = lns_dial_others(lns, d);

	if (d->cfg->handed) { /* its calls are others' */
		lns_dial_up(lns, d, now);
		return true;
	}
	if (s != NULL) { /* the peer was first */
		lns_dial_take_session(lns, d, s);
		lns_dial_up(lns, d, now);
		return true;
	}
	s = lns_call_place(lns, d->tunnel, now, d->cfg->call == CFG_CALL_OUTGOING, NULL);
	if (s == NULL) {
		lns_dial_blame(d, "no session is free for its call");
		return false;
	}
	s->client = d->cfg->user != NULL;
	lns_dial_take_session(lns, d, s);
	return true;
}

void
lns_dial_session_over(struct lns *lns, struct lns_session *s, const char *reason)
{
	struct lns_dial *d = s->dial;

	if (d == NULL)
		return;
	drop_session(lns, d);
	lns_dial_lost(lns, d, reason);
}

/* ---- PPP ---- */

bool
lns_dial_expects(const struct lns_session *s, const struct lns_profile *profile)
{
	const char *name = s->placed && s->dial != NULL ? s->dial->cfg->peer_user : NULL;

	return name == NULL || (strlen(name) == profile->user.len &&
				       memcmp(name, profile->user.data, profile->user.len) == 0);
}

void
lns_dial_proved(struct lns_session *s, const struct ppp_ev_auth_done *done)
{
	char why[LNS_DIAL_WHY], said[LNS_DIAL_WHY / 2];

	s->info.auth = ppp_auth_name(done->method);
	if (done->ok || s->dial == NULL)
		return;
	quotable(said, sizeof(said), done->message.data, done->message.len);
	snprintf(why, sizeof(why), "it does not take our user or password%s%s",
		done->message.len == 0 ? "" : ": ", done->message.len == 0 ? "" : said);
	lns_dial_blame(s->dial, why);
}

bool
lns_dial_network(struct lns *lns, struct lns_session *s, uint64_t now)
{
	struct lns_dial *d = s->dial;
	struct lns_profile profile;
	struct ppp_network network;
	const struct cfg_group *group;
	struct lns_user *who;

	if (d == NULL)
		return false;
	lns_dial_profile(lns->cfg, d->cfg, &profile);
	group = lns_profile_group(lns, &profile);
	who = group == NULL ? NULL : lns_user_hold(lns, profile.user);
	if (who == NULL) {
		lns_dial_blame(d, "out of memory");
		return false;
	}
	lns_user_leave(lns, s);
	lns_user_drop(lns, s->who);
	s->who = who;
	s->info.user = who->shown;
	if (!lns_profile_take(lns, s, &profile))
		return false;
	network = (struct ppp_network){.local_ip = group->address,
		.peer_ip = s->fixed,
		.ipv6 = lns_ipv6_offer(lns, s, now)};
	return ppp_network_start(s->ppp, now, &network) == 0;
}

/* Whatever it says, it is given what the file says, or an address that its group gives to anybody:
 * one of its own choice would take the traffic of a gateway, a client or a network that is reached
 * by a route, too. Blames it where it is neither. */
static bool
may_have(const struct lns *lns, struct lns_session *s, const struct cv_ip *peer)
{
	const struct cfg_group *group = lns->groups[s->info.group].cfg;
	char why[LNS_DIAL_WHY], ip[CV_IP_TEXT];

	cv_ip_text(peer, ip);
	if (s->fixed.family != 0 && !cv_ip_equal(peer, &s->fixed))
		snprintf(why, sizeof(why), "its address is %s, which is not that of the file", ip);
	else if (!lns_address_free(lns, s, peer))
		snprintf(why, sizeof(why), "its address, %s, is ours or another session's", ip);
	else if (s->fixed.family == 0 && (group == NULL || !lns_group_gives(lns->cfg, group, peer)))
		snprintf(why, sizeof(why),
			"its address, %s, is not of its group's pool: then address has to say it",
			ip);
	else
		return true;
	lns_dial_blame(s->dial, why);
	return false;
}

bool
lns_dial_addressed(struct lns *lns, struct lns_session *s, uint64_t now, const struct ppp_ev_up *up)
{
	struct cv_ip peer = up->peer_ip;

	if (s->dial == NULL)
		return false;
	if (peer.family == 0)
		peer = s->fixed;
	if ((up->open & LNS_NETWORK_IP) == 0)
		return true;
	s->dial->local = up->local_ip;
	if (cv_linked(&s->of_user) && cv_ip_equal(&peer, &s->info.address))
		return true;
	lns_user_leave(lns, s);
	lns_prefixes_again(lns, s);
	if (peer.family == 0)
		lns_dial_blame(s->dial, "it says no address of its own: address has to");
	else if (may_have(lns, s, &peer))
		return lns_user_give(lns, s, now, &peer);
	return false;
}
