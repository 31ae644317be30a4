/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Admission: what happens before a peer has proved, by an SCCCN, that it receives at its address.
 * Until then nothing is believed and little is kept. An SCCRQ is answered by a responder that lives
 * for one message; the next one is made again from the caller's record. Nothing is sent unasked,
 * and at most LNS_AMPLIFY times what was received: a forged SCCRQ is no weapon against its victim.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "l2tp/avp.h"
#include "lns/dial.h"

#define FORGOT_LINE_NS (10 * CV_NS_PER_S)

/* ---- limits ---- */

static bool
all_full(const struct lns *lns)
{
	/* there is room for those that we open */
	return lns->tunnels + (lns->n_dials - lns->dial_tunnels) >= lns->cfg->limits.tunnels;
}

static bool
peer_full(const struct lns *lns, const struct cv_ip *ip)
{
	return lns_tunnels_from(lns, ip) >= lns->cfg->limits.tunnels_per_peer;
}

/* Why a new tunnel from this address can't be, by the limits or while drained; NULL: it can,
 * perhaps where another gives way (make_room). */
static const struct l2tp_reason *
limit_broken(struct lns *lns, uint64_t now, const struct cv_ip *ip)
{
	static const struct l2tp_reason all = {.result = L2TP_STOPCCN_ERROR,
						.error = L2TP_ERROR_RESOURCES,
						.message = "limits.tunnels is reached"},
					of_peer = {.result = L2TP_STOPCCN_ERROR,
						.error = L2TP_ERROR_RESOURCES,
						.message = "limits.tunnels-per-peer is reached"},
					drained = {.result = L2TP_STOPCCN_ERROR,
						.error = L2TP_ERROR_TRY_ANOTHER,
						.message = "the server is being drained"};

	if (lns->drain.on) {
		lns_count(lns, LNS_DRAIN_TUNNELS);
		return &drained;
	}
	if (all_full(lns) && lns_tunnel_idle(lns, now, NULL) == NULL) {
		lns_count(lns, LNS_LIMIT_TUNNELS);
		return &all;
	}
	if (peer_full(lns, ip) && lns_tunnel_idle(lns, now, ip) == NULL) {
		lns_count(lns, LNS_LIMIT_PEER);
		return &of_peer;
	}
	return NULL;
}

/* ---- answers ---- */

/* Queues what the responder has to say to `to`, within its credit. */
static void
answer(struct lns *lns, uint64_t now, uint16_t listener, const struct cv_endpoint *to,
	struct l2tp_tunnel *l2tp, uint32_t *credit)
{
	struct lns_admission *a = &lns->admission;
	struct lns_answer *slot = &a->answers[(a->first + a->count) % LNS_ANSWERS];
	int len;

	if (a->count == LNS_ANSWERS) {
		lns_count(lns, LNS_ANSWERS_FULL);
		return;
	}
	len = l2tp_tunnel_poll_output(l2tp, now, slot->bytes, sizeof(slot->bytes));
	if (len <= 0)
		return;
	if ((uint32_t)len > *credit) {
		lns_count(lns, LNS_ANSWERS_SHORT);
		return;
	}
	*credit -= (uint32_t)len;
	slot->to = *to;
	slot->listener = listener;
	slot->len = (uint16_t)len;
	a->count++;
	lns_ready(lns, &a->object);
}

bool
lns_admission_poll(struct lns *lns, struct lns_action *action)
{
	struct lns_admission *a = &lns->admission;
	const struct lns_answer *slot = &a->answers[a->first];

	if (a->count == 0)
		return false;
	a->first = (a->first + 1) % LNS_ANSWERS;
	a->count--;
	*action = (struct lns_action){.type = LNS_ACT_SEND,
		.listener = slot->listener,
		.peer = slot->to,
		.data = {slot->bytes, slot->len}};
	return true;
}

/* ---- SCCRQ ---- */

/* The peer's Assigned Tunnel ID; where it is hidden, the message itself. */
static uint32_t
opener_id(const struct l2tp_peek *peek, uint64_t message)
{
	if (peek->assigned_tunnel_id != 0)
		return peek->assigned_tunnel_id;
	return (uint32_t)message | UINT32_C(0x10000);
}

static void
said_forgot(struct lns *lns, uint64_t now, const char *why)
{
	struct lns_admission *a = &lns->admission;

	lns_count(lns, LNS_LIMIT_HALF_OPEN);
	a->forgot++;
	if (a->forgot_said_at != 0 && now < a->forgot_said_at + FORGOT_LINE_NS)
		return;
	cv_log_event(lns->log, CV_LOG_WARNING, "callers-forgotten", "count=%llu reason=\"%s\"",
		(unsigned long long)a->forgot, why);
	a->forgot_said_at = now;
	a->forgot = 0;
}

/* The SCCRQ has been read and is right: remembers its sender. */
static struct lns_caller *
remember(struct lns *lns, uint64_t now, const struct lns_opener *opener, uint64_t message,
	const struct l2tp_params *params, const struct l2tp_identity *identity,
	struct lns_secret *secret)
{
	struct lns_admission *a = &lns->admission;
	bool forgot;
	struct lns_caller *caller =
		lns_callers_add(&a->callers, now, opener, params->local_tunnel_id, &forgot);

	if (forgot)
		said_forgot(lns, now, "limits.half-open is reached");
	lns_reach(&lns->highest.half_open, a->callers.count);
	caller->message = message;
	caller->identity = *identity;
	lns_secret_drop(caller->secret);
	caller->secret = lns_secret_hold(
		secret); /* not to be found again: of the host name not all is kept */
	memcpy(caller->challenge, params->challenge, sizeof(caller->challenge));
	cv_wheel_arm(&lns->wheel, &a->object.timer, lns_callers_expire(&a->callers, now));
	return caller;
}

/* The line and the counters about an SCCRQ or SCCCN that opened nothing. */
static void
refused(struct lns *lns, uint64_t now, const struct cv_endpoint *from, struct cv_bytes host,
	struct l2tp_tunnel *l2tp)
{
	struct l2tp_event event;

	lns_count(lns, LNS_TUNNEL_FAILED);
	if (!l2tp_tunnel_poll_event(l2tp, &event) || event.type != L2TP_EV_DOWN)
		return;
	if (event.proof_failed)
		lns_count(lns, LNS_TUNNEL_AUTH);
	lns_log_tunnel_refused(lns, now, from, host.data, host.len, &event.reason);
}

/* The secret for a peer with this host name, kept as long as it is used. *found: there is an entry,
 * so NULL is for want of memory. */
static struct lns_secret *
secret_for(struct lns *lns, const struct lns_opener *opener, struct cv_bytes host, bool *found)
{
	const struct cfg_tunnel_secret *entry = cfg_tunnel_secret_find(
		lns->cfg, opener->listener, &opener->peer.ip, (const char *)host.data, host.len);
	struct lns_secret **kept;

	*found = entry != NULL;
	if (entry == NULL)
		return NULL;
	kept = &lns->secrets[entry - lns->cfg->tunnels.secrets];
	if (*kept == NULL)
		*kept = lns_secret_new(entry);
	return *kept;
}

/* A tunnel ID for a new caller. Where all are taken, another that has not proved itself gives way,
 * as it would in a full table. 0: they are all tunnels'. */
static uint16_t
new_id(struct lns *lns, uint64_t now, uint16_t listener)
{
	uint16_t id = lns_tunnel_id_draw(lns, listener);

	if (id != 0)
		return id;
	id = lns_callers_forget(&lns->admission.callers, listener);
	if (id != 0)
		said_forgot(lns, now, "no tunnel ID is free");
	return id;
}

/*
 * Answers an SCCRQ; caller: its record when it was sent before, else NULL. A refusal leaves no
 * record, a StopCCN is as good as the SCCRQ's bytes.
 */
static int
answer_sccrq(struct lns *lns, uint64_t now, const struct lns_opener *opener, uint64_t message,
	struct lns_caller *caller, const uint8_t *data, size_t len)
{
	static const struct l2tp_reason unknown = {.result = L2TP_STOPCCN_NOT_AUTHORIZED,
		.message = "no tunnel secret is configured for this peer"};
	struct lns_secret *secret;
	bool known;
	uint8_t challenge[L2TP_CHALLENGE_BYTES];
	uint32_t credit = LNS_AMPLIFY * (uint32_t)len;
	struct l2tp_identity identity;
	struct l2tp_params params;
	struct l2tp_tunnel *l2tp;
	struct l2tp_peek peek;

	l2tp_peek(data, len, &peek);
	secret = secret_for(lns, opener, peek.host_name, &known);
	if (secret == NULL && known) {
		lns_count(lns, LNS_MEMORY);
		return CV_ERR_NOMEM;
	}
	if (caller == NULL)
		crypto_random(lns->crypto, challenge, sizeof(challenge));
	lns_responder_params(lns, &params,
		caller == NULL ? new_id(lns, now, opener->listener) : caller->tunnel_id,
		caller == NULL ? challenge : caller->challenge, secret);
	params.refuse = limit_broken(lns, now, &opener->peer.ip);
	if (params.refuse != NULL) /* by its own tunnels from before a crash? */
		lns_tunnel_doubt(lns, now, opener->listener, &opener->peer);
	if (params.refuse == NULL && secret == NULL) {
		lns_count(lns, LNS_PEER_UNKNOWN);
		params.refuse = &unknown;
	}
	l2tp = params.local_tunnel_id == 0 ? NULL : l2tp_tunnel_new(L2TP_RESPONDER, &params, now);
	if (l2tp == NULL) {
		lns_count(lns, LNS_MEMORY);
		return CV_ERR_NOMEM;
	}
	l2tp_tunnel_input(l2tp, now, data, len);
	if (l2tp_tunnel_pause(l2tp, &identity)) {
		if (caller == NULL)
			caller = remember(lns, now, opener, message, &params, &identity, secret);
		caller->credit += credit;
		answer(lns, now, opener->listener, &opener->peer, l2tp, &caller->credit);
	} else {
		refused(lns, now, &opener->peer, peek.host_name, l2tp);
		answer(lns, now, opener->listener, &opener->peer, l2tp, &credit);
	}
	l2tp_tunnel_free(l2tp);
	return 0;
}

/* A caller that knows no ID of ours hangs up: RFC 2661 section 4.4.3, Assigned Tunnel ID. */
static int
hang_up(struct lns *lns, uint64_t now, const struct lns_opener *opener, const uint8_t *data,
	size_t len)
{
	struct lns_caller *caller = lns_callers_find(&lns->admission.callers, opener);
	uint32_t credit = LNS_AMPLIFY * (uint32_t)len;
	struct l2tp_params params;
	struct l2tp_tunnel *l2tp;

	if (caller == NULL) {
		lns_count(lns, LNS_CONTROL_NOT_SCCRQ);
		return CV_ERR_UNKNOWN;
	}
	lns_responder_params(lns, &params, caller->tunnel_id, NULL, NULL);
	l2tp = l2tp_tunnel_resume(&params, &caller->identity, now);
	lns_callers_remove(&lns->admission.callers, caller);
	if (l2tp == NULL)
		return CV_ERR_NOMEM;
	l2tp_tunnel_input(l2tp, now, data, len);
	answer(lns, now, opener->listener, &opener->peer, l2tp, &credit);
	l2tp_tunnel_free(l2tp);
	return 0;
}

int
lns_admission_input(struct lns *lns, uint64_t now, uint16_t listener,
	const struct cv_endpoint *from, const uint8_t *data, size_t len)
{
	struct lns_callers *callers = &lns->admission.callers;
	struct lns_opener opener = {.listener = listener, .peer = *from};
	uint64_t message = cv_table_hash(&lns->openers, data, len);
	struct lns_caller *caller;
	struct lns_tunnel *t;
	struct l2tp_peek peek;

	if (l2tp_peek(data, len, &peek) != 0 || lns->stopping ||
		(peek.type != L2TP_SCCRQ && peek.type != L2TP_STOPCCN)) {
		lns_count(lns, LNS_CONTROL_NOT_SCCRQ);
		return CV_ERR_UNKNOWN;
	}
	if (peek.type == L2TP_SCCRQ && lns_dial_stands(lns, now, listener, from, &peek))
		return CV_ERR_EXISTS;
	opener.id = opener_id(&peek, message);
	if (peek.type == L2TP_STOPCCN)
		return hang_up(lns, now, &opener, data, len);
	t = lns_tunnel_of(lns, now, &opener, message);
	if (t != NULL) {
		/* late, or by a peer that rebooted and says the very same: it is asked */
		l2tp_tunnel_probe(t->l2tp, now);
		lns_tunnel_input(lns, t, now, data, len);
		return 0;
	}
	caller = lns_callers_find(callers, &opener);
	if (caller != NULL && caller->message != message) {
		lns_callers_remove(callers, caller); /* it begins anew */
		caller = NULL;
	}
	if (caller != NULL)
		lns_callers_touch(callers, caller, now);
	return answer_sccrq(lns, now, &opener, message, caller, data, len);
}

/* ---- SCCCN ---- */

/* Whether the rate of set-ups lets one more in. Who is right counts, not who asks: wrong proofs use
 * up nothing. Beyond the rate nobody is refused: the peer repeats its SCCCN. */
static bool
within_rate(struct lns *lns, uint64_t now, const struct cv_endpoint *from)
{
	if (cv_fair_take(&lns->setups, now, lns_callers_share(&lns->admission.callers, &from->ip)))
		return true;
	lns_count(lns, LNS_LIMIT_RATE);
	lns_log_tunnel_delayed(lns, now, from);
	return false;
}

/*
 * Without a secret an SCCCN proves no more than that a tunnel ID was known, and who forges many
 * SCCRQs guesses some. So where a limit is reached, a tunnel that shows no more than that gives
 * way.
 */
static void
make_room(struct lns *lns, uint64_t now, const struct cv_ip *ip)
{
	struct lns_tunnel *t;

	if (peer_full(lns, ip) && (t = lns_tunnel_idle(lns, now, ip)) != NULL) {
		lns_count(lns, LNS_LIMIT_PEER);
		lns_tunnel_give_way(lns, t, now);
	}
	if (all_full(lns) && (t = lns_tunnel_idle(lns, now, NULL)) != NULL) {
		lns_count(lns, LNS_LIMIT_TUNNELS);
		lns_tunnel_give_way(lns, t, now);
	}
}

/* An SCCCN proves that SCCRP was received: a tunnel, or a StopCCN. */
static int
take_scccn(
	struct lns *lns, uint64_t now, struct lns_caller *caller, const uint8_t *data, size_t len)
{
	struct lns_callers *callers = &lns->admission.callers;
	const struct l2tp_identity *who = &caller->identity;
	const struct l2tp_reason *limit = limit_broken(lns, now, &caller->opener.peer.ip);
	uint32_t credit = LNS_DATAGRAM_MAX; /* it knows what was sent to its address */
	struct l2tp_params params;
	struct l2tp_tunnel *l2tp;
	struct l2tp_event event;
	int rc = 0;

	lns_responder_params(lns, &params, caller->tunnel_id, caller->challenge, caller->secret);
	l2tp = l2tp_tunnel_resume(&params, who, now);
	if (l2tp == NULL) {
		lns_count(lns, LNS_MEMORY);
		return CV_ERR_NOMEM;
	}
	if (limit != NULL)
		l2tp_tunnel_close(l2tp, now, limit);
	l2tp_tunnel_input(l2tp, now, data, len);
	if (l2tp_tunnel_established(l2tp) && !within_rate(lns, now, &caller->opener.peer)) {
		rc = CV_ERR_LIMIT;
	} else if (l2tp_tunnel_established(l2tp)) {
		make_room(lns, now, &caller->opener.peer.ip);
		l2tp_tunnel_poll_event(l2tp, &event); /* UP, known by now */
		rc = lns_tunnel_new(lns, now, caller, l2tp);
		if (rc == 0) {
			lns_callers_prove(callers, &caller->opener.peer.ip, now);
			lns_callers_remove(callers, caller);
			return 0;
		}
		lns_count(lns, LNS_MEMORY);
	} else {
		caller->failed = cv_table_hash(&callers->by_opener, data, len) | 1;
		refused(lns, now, &caller->opener.peer,
			(struct cv_bytes){(const uint8_t *)who->host_name, who->host_name_len},
			l2tp);
		answer(lns, now, caller->opener.listener, &caller->opener.peer, l2tp, &credit);
	}
	l2tp_tunnel_free(l2tp);
	return rc;
}

int
lns_admission_connect(struct lns *lns, uint64_t now, uint16_t listener, uint16_t tunnel_id,
	const struct cv_endpoint *from, const uint8_t *data, size_t len)
{
	struct lns_callers *callers = &lns->admission.callers;
	struct lns_caller *caller = lns_callers_by_id(callers, listener, tunnel_id);
	struct l2tp_peek peek;

	if (caller == NULL) {
		lns_count(lns, LNS_CONTROL_NO_TUNNEL);
		return CV_ERR_UNKNOWN;
	}
	if (!cv_endpoint_equal(&caller->opener.peer, from)) {
		lns_count(lns, LNS_CONTROL_SOURCE);
		return CV_ERR_AUTH;
	}
	l2tp_peek(data, len, &peek);
	if (peek.type == 0)
		return 0; /* an acknowledgement */
	if (peek.type == L2TP_STOPCCN)
		return hang_up(lns, now, &caller->opener, data, len);
	if (peek.type != L2TP_SCCCN ||
		(caller->failed != 0 &&
			caller->failed != (cv_table_hash(&callers->by_opener, data, len) | 1))) {
		lns_count(lns, LNS_CONTROL_NO_TUNNEL);
		return CV_ERR_STATE;
	}
	return take_scccn(lns, now, caller, data, len);
}

void
lns_admission_timeout(struct lns *lns, uint64_t now)
{
	struct lns_admission *a = &lns->admission;

	cv_wheel_arm(&lns->wheel, &a->object.timer, lns_callers_expire(&a->callers, now));
}
