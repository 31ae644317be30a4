/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls (RFC 2661 sections 7.4 and 7.5) on their way to a session: ICRQ, whose session gets its
 * place in the slot table or is refused; ICCN, which begins its PPP link, or goes on where a LAC
 * has left off; the frames that overtook it; and the calls that we place.
 */
#include <stdlib.h>
#include <string.h>

#include "base/slot.h"
#include "base/wipe.h"
#include "lns/dial.h"

/* Whether an ended session may leave its slot before its time. */
static bool
rested(const struct lns_session *s, uint64_t now)
{
	return s->over && s->removed && now - s->over_at >= LNS_SLOT_REST_NS;
}

/* Draws session IDs until one falls on a free slot. Where a tunnel's thousands have just hung up
 * to dial again, hardly one is free: then one that rested for a moment. 0 when none was found. */
static uint16_t
draw_session_id(struct lns *lns, const struct lns_tunnel *t, uint64_t now, uint32_t *slot)
{
	uint32_t second_slot = 0;
	uint16_t second = 0;

	for (unsigned i = 0; i < LNS_SLOT_TRIES; i++) {
		uint16_t id = (uint16_t)crypto_random_u32(lns->crypto);

		if (id == 0)
			continue;
		*slot = cv_session_slot(lns->slot_seed, t->listener, t->id, id, lns->slot_mask);
		if (lns->slots[*slot] == NULL)
			return id;
		if (second == 0 && rested(lns->slots[*slot], now)) {
			second = id;
			second_slot = *slot;
		}
	}
	if (second != 0) {
		*slot = second_slot;
		lns_session_free(lns, lns->slots[*slot]);
	}
	return second;
}

static void
link_to_tunnel(struct lns *lns, struct lns_tunnel *t, struct lns_session *s)
{
	s->tunnel = t;
	cv_list_push(&t->sessions, &s->in_tunnel);
	t->session_count++;
	lns_reach(&lns->highest.sessions_per_tunnel, t->session_count);
	s->waiting = !s->placed;
	t->peer_address->waiting += s->waiting;
	lns_path_review(lns, t);
}

static void
refuse_for(struct lns *lns, struct lns_tunnel *t, uint64_t now, uint16_t peer_session,
	enum lns_counter counter, const struct l2tp_reason *reason)
{
	lns_count(lns, counter);
	lns_log_call_refused(lns, t, now, reason->message);
	l2tp_call_refuse(t->l2tp, now, peer_session, reason);
}

static void
refuse_call(struct lns *lns, struct lns_tunnel *t, uint64_t now, uint16_t peer_session,
	enum lns_counter counter, const char *why)
{
	struct l2tp_reason reason = {.result = L2TP_CDN_NO_FACILITIES_TEMPORARY, .message = why};

	refuse_for(lns, t, now, peer_session, counter, &reason);
}

/* The last eighth of all sessions is not for a peer that has many calls without a user: it costs it
 * nothing to dial for ever, and others would find no room. */
static bool
room_for_call(const struct lns *lns, const struct lns_tunnel *t)
{
	/* there is room for those whom we dial */
	uint32_t limit = lns->cfg->limits.sessions - (lns->n_dials - lns->dial_sessions);

	if (lns->sessions >= limit)
		return false;
	return lns->sessions < limit - limit / 8 || t->peer_address->waiting <= limit / 16;
}

/* One in this slot, which is free. NULL: no memory. */
static struct lns_session *
new_session(struct lns *lns, struct lns_tunnel *t, uint64_t now, uint32_t slot, uint16_t id,
	uint16_t peer_session)
{
	struct lns_session *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->object.kind = LNS_KIND_SESSION;
	s->info = (struct lns_session_info){.serial = lns->next_serial++,
		.slot = slot,
		.listener = t->listener,
		.tunnel_id = t->id,
		.session_id = id,
		.peer_tunnel_id = t->peer_id,
		.peer_session_id = peer_session,
		.peer = t->peer,
		.ecn = t->ecn,
		.user = "",
		.auth = "-",
		.created_at = now};
	s->accm = PPP_DEFAULT_ACCM;
	s->placed = peer_session == 0;
	link_to_tunnel(lns, t, s);
	lns->slots[slot] = s;
	cv_table_add(&lns->serials, &s->by_serial,
		cv_table_hash(&lns->serials, &s->info.serial, sizeof(s->info.serial)));
	lns->sessions++;
	lns_reach(&lns->highest.sessions, lns->sessions);
	return s;
}

/* Where it may be asked for. Without memory it is as if nothing had been said. */
static void
keep_told(const struct lns *lns, struct lns_session *s, const struct l2tp_told *told)
{
	struct l2tp_said said[LNS_TOLD_MAX];
	struct l2tp_told *all;
	size_t at = 0, n = 0;

	if (lns->cfg->n_hand_on == 0 || told == NULL)
		return;
	while (n < LNS_TOLD_MAX && l2tp_told_next(told, &at, &said[n]))
		n++;
	all = l2tp_told_new(s->told, said, n);
	if (all == NULL)
		return;
	l2tp_told_free(s->told);
	s->told = all;
}

void
lns_call_request(
	struct lns *lns, struct lns_tunnel *t, uint64_t now, const struct l2tp_event *event)
{
	static const struct l2tp_reason drained = {.result = L2TP_CDN_ERROR,
		.error = L2TP_ERROR_TRY_ANOTHER,
		.message = "the server is being drained"};
	uint16_t peer_session = event->remote_session, id;
	struct lns_session *s;
	uint32_t slot;

	if (lns->drain.on) {
		refuse_for(lns, t, now, peer_session, LNS_DRAIN_CALLS, &drained);
		return;
	}
	if (!room_for_call(lns, t)) {
		refuse_call(lns, t, now, peer_session, LNS_LIMIT_SESSIONS, "too many sessions");
		return;
	}
	if (t->session_count >= lns->cfg->limits.sessions_per_tunnel) {
		refuse_call(lns, t, now, peer_session, LNS_LIMIT_TUNNEL_SESSIONS,
			"too many sessions in this tunnel");
		return;
	}
	if (!cv_fair_take(
		    &lns->calls, now, lns_callers_share(&lns->admission.callers, &t->peer.ip))) {
		refuse_call(lns, t, now, peer_session, LNS_LIMIT_RATE, "too many calls a second");
		return;
	}
	id = draw_session_id(lns, t, now, &slot);
	if (id == 0) {
		refuse_call(lns, t, now, peer_session, LNS_LIMIT_SESSIONS, "no session ID free");
		return;
	}
	s = new_session(lns, t, now, slot, id, peer_session);
	if (s == NULL) {
		refuse_call(lns, t, now, peer_session, LNS_MEMORY, "out of memory");
		return;
	}
	keep_told(lns, s, event->told);
	if (l2tp_call_accept(t->l2tp, now, peer_session, id) != 0)
		lns_session_over(lns, s, now, "the call was gone before it was answered");
	else if (event->outgoing)
		l2tp_call_connect(t->l2tp, now, id);
	/* into the data path before the ICRP leaves, also where the tunnel waits for its turn */
	lns_ready_first(lns, &s->object);
}

struct lns_session *
lns_call_place(struct lns *lns, struct lns_tunnel *t, uint64_t now, bool outgoing,
	const struct l2tp_told *told)
{
	struct lns_session *s;
	uint32_t slot;
	uint16_t id = draw_session_id(lns, t, now, &slot);
	int rc;

	s = id == 0 ? NULL : new_session(lns, t, now, slot, id, 0);
	if (s == NULL)
		return NULL;
	rc = outgoing ? l2tp_call_ask(t->l2tp, now, id, (struct cv_bytes){0})
		      : l2tp_call_dial(t->l2tp, now, id, told);
	lns_tunnel_used(t);
	lns_ready_first(lns, &s->object); /* into the data path before the peer knows its ID */
	lns_tunnel_settle(lns, t, now);
	if (rc == 0)
		return s;
	lns_session_over(lns, s, now, "the call could not be placed");
	return NULL;
}

void
lns_early_free(struct lns_early *e)
{
	if (e != NULL)
		cv_wipe(e, sizeof(*e));
	free(e);
}

int
lns_session_keep_early(struct lns *lns, struct lns_session *s, struct cv_bytes frame)
{
	struct lns_early *e = s->early;

	if (e == NULL)
		e = s->early = calloc(1, sizeof(*e));
	if (e == NULL || e->n == LNS_EARLY_FRAMES || frame.len > sizeof(e->bytes) - e->used) {
		lns_count(lns, LNS_DATA_EARLY);
		return CV_ERR_LIMIT;
	}
	memcpy(e->bytes + e->used, frame.data, frame.len);
	e->len[e->n++] = (uint16_t)frame.len;
	e->used = (uint16_t)(e->used + frame.len);
	if (s->half != NULL && s->half->joined)
		lns_ready(lns, &s->object); /* it goes on at once */
	return 0;
}

static void
take_early(struct lns *lns, struct lns_session *s, uint64_t now)
{
	struct lns_early *e = s->early;
	size_t at = 0;

	s->early = NULL;
	for (unsigned i = 0; e != NULL && i < e->n; at += e->len[i++])
		if (ppp_link_input(s->ppp, now, e->bytes + at, e->len[i]) != 0)
			lns_count(lns, LNS_PPP_MALFORMED);
	lns_early_free(e);
}

/* Goes on where a trusted LAC has left off; false: all is to be negotiated anew. */
static bool
adopt(struct lns *lns, struct lns_session *s, uint64_t now, const struct l2tp_told *told)
{
	uint16_t type = l2tp_told_u16(told, L2TP_AVP_PROXY_AUTHEN_TYPE);
	struct ppp_proxy proxy = {.method = type == L2TP_PROXY_PAP    ? PPP_AUTH_PAP
					    : type == L2TP_PROXY_CHAP ? PPP_AUTH_CHAP_MD5
								      : PPP_AUTH_NONE,
		.id = (uint8_t)l2tp_told_u16(told, L2TP_AVP_PROXY_AUTHEN_ID)};
	bool sent = l2tp_told_get(told, L2TP_AVP_LAST_SENT_LCP, &proxy.sent);
	bool received = l2tp_told_get(told, L2TP_AVP_LAST_RECEIVED_LCP, &proxy.received);
	struct ppp_info info;
	bool taken;

	if (!sent && !received && type == 0)
		return false; /* it tells nothing of PPP */
	l2tp_told_get(told, L2TP_AVP_PROXY_AUTHEN_NAME, &proxy.name);
	l2tp_told_get(told, L2TP_AVP_PROXY_AUTHEN_CHALLENGE, &proxy.challenge);
	l2tp_told_get(told, L2TP_AVP_PROXY_AUTHEN_RESPONSE, &proxy.response);
	taken = sent && received && ppp_link_adopt(s->ppp, now, &proxy) == 0;

	ppp_link_info(s->ppp, &info);
	if (taken)
		s->accm = info.peer_accm; /* it has negotiated that itself */

	lns_count(lns, taken ? LNS_PROXY_TAKEN : LNS_PROXY_ANEW);
	cv_log_event(lns->log, CV_LOG_DEBUG, "proxy",
		"tunnel=%u session=%u serial=%" LNS_PRI_SERIAL " lcp=%s authen-type=%u",
		s->info.tunnel_id, s->info.session_id, s->info.serial, taken ? "taken" : "anew",
		type);
	return taken;
}

void
lns_call_up(struct lns *lns, struct lns_tunnel *t, uint64_t now, const struct l2tp_event *event)
{
	struct lns_session *s = lns_session_in(lns, t->listener, t->id, event->local_session);
	struct lns_terms *terms = lns->terms;
	struct ppp_scope scope;

	lns_tunnel_used(t);
	if (s == NULL || s->ppp != NULL)
		return;
	s->info.peer_session_id = event->remote_session;
	if (s->placed && s->dial != NULL) {
		lns_dial_set_state(lns, s->dial, now, LNS_DIAL_LINKS);
		if (s->client)
			terms = s->dial->terms;
	}
	s->info.sequencing = event->sequencing_required;
	if (s->half != NULL) {
		lns_hand_on_up(lns, s, now);
		return;
	}
	keep_told(lns, s, event->told);
	if (lns_hand_on_call(lns, s, now))
		return;
	scope = (struct ppp_scope){.tunnel = s->info.tunnel_id,
		.session = s->info.session_id,
		.serial = s->info.serial};
	s->ppp = ppp_link_new(&terms->ppp, scope, now);
	if (s->ppp == NULL) {
		struct l2tp_reason reason = {
			.result = L2TP_CDN_NO_FACILITIES_TEMPORARY, .message = "out of memory"};

		lns_count(lns, LNS_MEMORY);
		l2tp_call_close(t->l2tp, now, s->info.session_id, &reason);
		lns_session_over(lns, s, now, "out of memory");
		return;
	}
	s->terms = lns_terms_hold(terms);
	if (t->secret->proxy != CFG_PROXY_ACCEPT || !adopt(lns, s, now, event->told))
		ppp_link_open(s->ppp, now);
	take_early(lns, s, now);
	lns_session_settle(lns, s, now);
}
