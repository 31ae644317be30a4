/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls that are handed on to another LNS (hand-on of the configuration; tunnel switching, and the
 * LAC of RFC 2661 section 4.4.5). Such a call is two sessions, its halves: one that arrived, one
 * that we place in the tunnel of a peer that is dialled. What one says goes out by the other, by
 * the data path as soon as it has joined them; ends and ACCMs are passed on.
 *
 * Which calls: by listener and called number at ICCN, or by the realm of the caller's name, which a
 * LAC says, or we ask the caller for. Then its PPP ends here, and what was negotiated and proved
 * goes along in proxy AVPs, for the other LNS to go on from, or to begin anew.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lns/dial.h"

#define WAITING(link) CV_OBJECT(struct lns_half, waits, link)->session

static void
refuse(struct lns *lns, struct lns_session *s, uint64_t now, const char *why)
{
	struct l2tp_reason reason = {.result = L2TP_CDN_NO_FACILITIES_TEMPORARY, .message = why};

	lns_count(lns, LNS_HAND_ON_FAILED);
	lns_log_call_refused(lns, s->tunnel, now, why);
	l2tp_call_close(s->tunnel->l2tp, now, s->info.session_id, &reason);
	lns_ready(lns, &s->tunnel->object);
	lns_session_over(lns, s, now, why);
}

/* ---- which calls ---- */

/* To whom a call goes on, by what is known of it; name: the caller's, NULL: not known. */
static struct lns_dial *
peer_for(const struct lns *lns, const struct lns_session *s, const struct cv_bytes *name)
{
	const struct cfg_hand_on *h;
	struct cv_bytes called;
	bool asks;

	l2tp_told_get(s->told, L2TP_AVP_CALLED_NUMBER, &called);
	h = cfg_hand_on_find(lns->cfg, s->info.listener, called, name, &asks);
	return h == NULL ? NULL : lns->dials[lns->cfg->dials[h->peer].id];
}

/* The name is what the caller says; nobody has proved it. */
static void
note_user(struct lns *lns, struct lns_session *s, struct cv_bytes name)
{
	struct lns_user *who =
		name.len == 0 || name.len > CV_USER_NAME_MAX ? NULL : lns_user_hold(lns, name);

	if (who == NULL)
		return;
	lns_user_drop(lns, s->who);
	s->who = who;
	s->info.user = who->shown;
}

/* Makes a half of it; NULL: no memory. */
static struct lns_half *
new_half(struct lns_session *s)
{
	struct lns_half *half = calloc(1, sizeof(*half));

	if (half == NULL)
		return NULL;
	half->session = s;
	s->half = half;
	s->info.half = &half->info;
	return half;
}

/* The peer's poll does the rest. */
static void
begin(struct lns *lns, struct lns_session *s, uint64_t now, struct lns_dial *d)
{
	struct lns_half *half = new_half(s);

	if (half == NULL) {
		refuse(lns, s, now, "out of memory");
		return;
	}
	half->onward = d;
	cv_list_append(&d->waiting, &half->waits);
	cv_wheel_arm(&lns->wheel, &s->object.timer, cv_time_add(now, LNS_HAND_ON_NS));
	lns_ready(lns, &d->object);
}

/*
 * The other LNS believes us where it would not believe everybody: what a LAC says of PPP, a proof
 * that it may have overheard among it, is told on as ours only if we would believe it, too.
 */
static void
forget_ppp(struct lns_session *s)
{
	static const struct l2tp_said said[] = {{.avp = L2TP_AVP_INITIAL_RECEIVED_LCP},
		{.avp = L2TP_AVP_LAST_SENT_LCP}, {.avp = L2TP_AVP_LAST_RECEIVED_LCP},
		{.avp = L2TP_AVP_PROXY_AUTHEN_TYPE}, {.avp = L2TP_AVP_PROXY_AUTHEN_NAME},
		{.avp = L2TP_AVP_PROXY_AUTHEN_CHALLENGE}, {.avp = L2TP_AVP_PROXY_AUTHEN_ID},
		{.avp = L2TP_AVP_PROXY_AUTHEN_RESPONSE}};
	struct l2tp_told *rest =
		s->told == NULL ? NULL
				: l2tp_told_new(s->told, said, sizeof(said) / sizeof(said[0]));

	l2tp_told_free(s->told);
	s->told = rest; /* without memory nothing is told */
}

bool
lns_hand_on_call(struct lns *lns, struct lns_session *s, uint64_t now)
{
	struct cv_bytes name;
	bool known = l2tp_told_get(s->told, L2TP_AVP_PROXY_AUTHEN_NAME, &name);
	struct lns_dial *d;

	if (lns->cfg->n_hand_on == 0 || s->placed)
		return false;
	d = peer_for(lns, s, known ? &name : NULL);
	if (d == NULL)
		return false;
	if (known)
		note_user(lns, s, name);
	if (s->tunnel->secret->proxy != CFG_PROXY_ACCEPT)
		forget_ppp(s);
	begin(lns, s, now, d);
	return true;
}

bool
lns_hand_on_asked(struct lns *lns, struct lns_session *s)
{
	struct ppp_ev_auth q;

	/* who was let in here stays, whatever name he says later: his address is in use */
	if (lns->cfg->n_hand_on == 0 || s->placed || s->who != NULL ||
		!ppp_auth_question(s->ppp, &q) || q.again)
		return false;
	s->hand_due = peer_for(lns, s, &q.name) != NULL;
	return s->hand_due;
}

/* The PPP that was spoken here, for another to go on with. NULL: no memory. */
static struct l2tp_told *
tell_ppp(const struct lns_session *s, const struct ppp_proxy *proxy)
{
	const uint8_t type[2] = {
		0, proxy->method == PPP_AUTH_PAP ? L2TP_PROXY_PAP : L2TP_PROXY_CHAP};
	const uint8_t id[2] = {0, proxy->id};
	/* RFC 2661 has no type for MS-CHAPv2: the other LNS asks for its proof */
	bool proof = proxy->method != PPP_AUTH_MSCHAPV2;
	bool challenged = proxy->method == PPP_AUTH_CHAP_MD5;
	struct cv_bytes none = {0};
	const struct l2tp_said said[] = {{L2TP_AVP_INITIAL_RECEIVED_LCP, proxy->received},
		{L2TP_AVP_LAST_SENT_LCP, proxy->sent},
		{L2TP_AVP_LAST_RECEIVED_LCP, proxy->received},
		{L2TP_AVP_PROXY_AUTHEN_TYPE, proof ? (struct cv_bytes){type, sizeof(type)} : none},
		{L2TP_AVP_PROXY_AUTHEN_NAME, proof ? proxy->name : none},
		{L2TP_AVP_PROXY_AUTHEN_CHALLENGE, challenged ? proxy->challenge : none},
		{L2TP_AVP_PROXY_AUTHEN_ID, proof ? (struct cv_bytes){id, sizeof(id)} : none},
		{L2TP_AVP_PROXY_AUTHEN_RESPONSE, proof ? proxy->response : none}};

	return l2tp_told_new(s->told, said, sizeof(said) / sizeof(said[0]));
}

void
lns_hand_on_end_ppp(struct lns *lns, struct lns_session *s, uint64_t now)
{
	uint8_t room[PPP_PROXY_ROOM];
	struct ppp_proxy proxy;
	struct l2tp_told *told;
	struct lns_dial *d;

	s->hand_due = false;
	if (ppp_link_proxy(s->ppp, &proxy, room) != 0)
		return; /* the caller has begun anew meanwhile */
	d = peer_for(lns, s, &proxy.name);
	if (d == NULL) { /* by another configuration he stays here */
		lns_auth_asked(s);
		return;
	}
	told = tell_ppp(s, &proxy);
	note_user(lns, s, proxy.name);
	s->info.auth = ppp_auth_name(proxy.method);
	l2tp_told_free(s->told);
	s->told = told;
	lns_session_free_link(s);
	if (told == NULL)
		refuse(lns, s, now, "out of memory");
	else
		begin(lns, s, now, d);
}

/* ---- the other half ---- */

static void
place(struct lns *lns, struct lns_dial *d, struct lns_session *s, uint64_t now)
{
	struct lns_session *other = NULL;

	if (cv_endpoint_equal(&s->info.peer, &d->at)) {
		refuse(lns, s, now, "the call came from the peer that it would be handed on to");
		return;
	}
	if (lns->sessions < lns->cfg->limits.sessions)
		other = lns_call_place(lns, d->tunnel, now, false, s->told);
	if (other == NULL) {
		refuse(lns, s, now, "no session is free for the call that is handed on");
		return;
	}
	if (new_half(other) == NULL) {
		lns_session_close(lns, other, now, PPP_DOWN_NOMEM);
		refuse(lns, s, now, "out of memory");
		return;
	}
	cv_unlink(&s->half->waits);
	s->half->onward = NULL;
	lns_hand_on_stays(s);
	s->half->other = other;
	other->half->other = s;
	s->half->info.other = other->info.serial;
	other->half->info.other = s->info.serial;
	if (s->who != NULL)
		note_user(lns, other, (struct cv_bytes){s->who->name, s->who->len});
	cv_wheel_cancel(&lns->wheel, &s->object.timer);
}

static void
refuse_all(struct lns *lns, struct lns_dial *d, uint64_t now, const char *why)
{
	struct cv_link *first;

	while ((first = cv_list_first(&d->waiting)) != NULL)
		refuse(lns, WAITING(first), now, why);
}

void
lns_hand_on_serve(struct lns *lns, struct lns_dial *d, uint64_t now)
{
	struct cv_link *first;

	if (cv_list_first(&d->waiting) != NULL)
		(void)lns_dial_traffic(lns, now, d->id); /* where it rests */
	switch (d->state) {
	case LNS_DIAL_PAUSES:
		refuse_all(lns, d, now, "the peer that the call is handed on to is not there");
		break;
	case LNS_DIAL_IS_UP:
		/* as fast as it answers; lns_hand_on_answered goes on */
		while ((first = cv_list_first(&d->waiting)) != NULL &&
			l2tp_call_room(d->tunnel->l2tp))
			place(lns, d, WAITING(first), now);
		break;
	case LNS_DIAL_RESTS:
	case LNS_DIAL_RESOLVES:
	case LNS_DIAL_CONNECTS:
	case LNS_DIAL_CALLS:
	case LNS_DIAL_LINKS:
		break;
	}
}

void
lns_hand_on_answered(struct lns *lns, struct lns_dial *d)
{
	if (d != NULL && cv_list_first(&d->waiting) != NULL)
		lns_ready(lns, &d->object);
}

bool
lns_hand_on_idle(struct lns_dial *d, uint64_t now)
{
	if (d->tunnel == NULL || d->tunnel->session_count != 0)
		d->moved_at = now;
	return d->cfg->idle_ns != 0 && now - d->moved_at >= d->cfg->idle_ns;
}

const struct lns_dial *
lns_handed_to(const struct lns_session *s)
{
	const struct lns_session *placed;

	if (s->half == NULL || s->half->other == NULL)
		return s->half == NULL ? NULL : s->half->onward;
	placed = s->placed ? s : s->half->other;
	return placed->tunnel == NULL ? NULL : placed->tunnel->dial;
}

void
lns_hand_on_gone(struct lns *lns, struct lns_dial *d, uint64_t now)
{
	refuse_all(
		lns, d, now, "the peer that the call is handed on to is not configured any more");
}

void
lns_hand_on_late(struct lns *lns, struct lns_session *s, uint64_t now)
{
	if (s->half != NULL && s->half->onward != NULL)
		refuse(lns, s, now, "the peer that the call is handed on to does not answer");
}

void
lns_hand_on_up(struct lns *lns, struct lns_session *s, uint64_t now)
{
	struct lns_session *from = s->half->other;
	char peer[CV_ENDPOINT_TEXT];

	lns_count(lns, LNS_HANDED_ON);
	from->info.ever_open = s->info.ever_open = true;
	from->info.opened_at = s->info.opened_at = now;
	lns_session_end_wait(from);
	from->half->join_due = true;
	lns_ready(lns, &from->object);
	cv_log_event(lns->log, CV_LOG_INFO, "session-handed-on",
		"tunnel=%u session=%u serial=%" LNS_PRI_SERIAL
		" user=%s to=%s at=%s onward=%u/%u onward-serial="
		"%" LNS_PRI_SERIAL,
		from->info.tunnel_id, from->info.session_id, from->info.serial,
		from->info.user[0] == '\0' ? "-" : from->info.user,
		s->tunnel->dial == NULL ? "-" : s->tunnel->dial->cfg->name,
		cv_endpoint_text(&s->info.peer, peer), s->info.tunnel_id, s->info.session_id,
		s->info.serial);
}

void
lns_hand_on_accm(
	struct lns *lns, struct lns_session *s, uint64_t now, uint32_t send, uint32_t receive)
{
	struct lns_session *from = s->half == NULL ? NULL : s->half->other;

	/* the caller's line is behind the half that arrived */
	if (from == NULL || !s->placed || from->accm_tells == LNS_ACCM_TELLS)
		return;
	from->accm_tells++;
	l2tp_call_set_accm(from->tunnel->l2tp, now, from->info.session_id, send, receive);
	lns_ready(lns, &from->tunnel->object);
}

void
lns_hand_on_over(struct lns *lns, struct lns_session *s, uint64_t now, const char *reason,
	const struct l2tp_reason *told)
{
	const struct l2tp_reason lost = {.result = L2TP_CDN_LOST_CARRIER, .message = reason};
	struct lns_session *other = s->half == NULL ? NULL : s->half->other;

	lns_hand_on_free(s);
	if (other == NULL)
		return;
	l2tp_call_close(
		other->tunnel->l2tp, now, other->info.session_id, told == NULL ? &lost : told);
	lns_ready(lns, &other->tunnel->object);
	lns_session_over(lns, other, now, "the other half of the call is over");
}

void
lns_hand_on_stays(struct lns_session *s)
{
	l2tp_told_free(s->told);
	s->told = NULL;
}

void
lns_hand_on_free(struct lns_session *s)
{
	struct lns_half *half = s->half;

	lns_hand_on_stays(s);
	if (half == NULL)
		return;
	cv_unlink(&half->waits);
	if (half->other != NULL && half->other->half != NULL)
		half->other->half->other = NULL;
	s->half = NULL;
	s->info.half = NULL;
	free(half);
}

/* ---- what a half has to say ---- */

/* A frame that came before the data path had joined them. */
static bool
poll_early(struct lns *lns, struct lns_session *s, struct lns_action *action)
{
	struct lns_early *e = s->early;
	uint16_t len;

	if (e == NULL)
		return false;
	len = e->len[e->told];
	lns_session_give_frame(
		lns, s->half->other, (struct cv_bytes){e->bytes + e->at, len}, action);
	e->at = (uint16_t)(e->at + len);
	if (++e->told == e->n) {
		lns_early_free(e);
		s->early = NULL;
	}
	return true;
}

bool
lns_hand_on_poll(struct lns *lns, struct lns_session *s, struct lns_action *action)
{
	struct lns_half *half = s->half;
	struct lns_session *other = half == NULL ? NULL : half->other;

	if (other == NULL)
		return false;
	if (half->join_due && other->added) {
		half->join_due = false;
		half->joined = other->half->joined = true;
		lns_ready(lns, &other->object);
		*action = (struct lns_action){.type = LNS_ACT_SESSION_SWITCH,
			.listener = s->info.listener,
			.peer = s->info.peer,
			.tunnel_id = s->info.tunnel_id,
			.session = &s->info,
			.other = &other->info};
		return true;
	}
	return half->joined && poll_early(lns, s, action);
}
