/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls: the automata of incoming calls (RFC 2661 section 7.4) and outgoing ones (7.5), as LNS and
 * as LAC. */
#include <string.h>

#include "l2tp/private.h"
#include "l2tp/reason.h"

static void
send_cdn(struct l2tp_tunnel *t, uint64_t now, uint16_t local, uint16_t remote,
	const struct l2tp_reason *reason)
{
	struct l2tp_builder b;

	l2tp_compose_cdn(&b, &t->params, local, reason);
	l2tp_send_message(t, now, &b, remote);
}

/* Tells our caller that a call which it knows is over, then forgets it. */
static void
call_down(struct l2tp_tunnel *t, struct l2tp_call *c, const struct l2tp_reason *reason)
{
	struct l2tp_event event = {.type = L2TP_EV_CALL_DOWN,
		.local_session = c->local,
		.remote_session = c->remote,
		.reason = *reason};

	if (reason->message != NULL)
		strncpy(event.text, reason->message, sizeof(event.text) - 1);
	event.reason.message = event.text;
	if (c->local != 0 && !l2tp_push_event(t, &event))
		t->reliable.dead = true;
	l2tp_call_free(t, c);
}

/* Ends a call from our side, with CDN and event. */
static void
disconnect(struct l2tp_tunnel *t, uint64_t now, struct l2tp_call *c, uint16_t result,
	uint16_t error, const char *text)
{
	struct l2tp_reason reason = {.result = result, .error = error, .message = text};

	send_cdn(t, now, c->local, c->remote, &reason);
	call_down(t, c, &reason);
}

static void
refuse(struct l2tp_tunnel *t, uint64_t now, uint16_t remote, uint16_t result, uint16_t error,
	const char *text)
{
	struct l2tp_reason reason = {.result = result, .error = error, .message = text};

	send_cdn(t, now, 0, remote, &reason);
}

int
l2tp_call_dial(
	struct l2tp_tunnel *t, uint64_t now, uint16_t local_session, const struct l2tp_told *told)
{
	struct l2tp_told *kept = NULL;
	struct l2tp_builder b;
	struct l2tp_call *c;

	if (t->state != L2TP_ESTABLISHED || local_session == 0)
		return CV_ERR_STATE;
	if (l2tp_call_local(t, local_session) != NULL)
		return CV_ERR_EXISTS;
	if (told != NULL && (kept = l2tp_told_new(told, NULL, 0)) == NULL)
		return CV_ERR_NOMEM;
	c = l2tp_call_new(t, now, local_session, 0, L2TP_CALL_WAIT_REPLY);
	if (c == NULL) {
		l2tp_told_free(kept);
		return CV_ERR_NOMEM;
	}
	c->told = kept;
	l2tp_compose_icrq(&b, &t->params, local_session, ++t->call_serial, told);
	l2tp_send_message(t, now, &b, 0);
	return 0;
}

bool
l2tp_call_room(const struct l2tp_tunnel *t)
{
	/* each call that lives may have an ICCN and a CDN to add */
	return t->reliable.queued < L2TP_QUEUE_MIN / 2 + (L2TP_QUEUE_PER_CALL - 2) * t->calls_most;
}

int
l2tp_call_ask(struct l2tp_tunnel *t, uint64_t now, uint16_t local_session, struct cv_bytes number)
{
	struct l2tp_builder b;

	if (t->state != L2TP_ESTABLISHED || local_session == 0)
		return CV_ERR_STATE;
	if (l2tp_call_local(t, local_session) != NULL)
		return CV_ERR_EXISTS;
	if (l2tp_call_new(t, now, local_session, 0, L2TP_CALL_OUT_WAIT_REPLY) == NULL)
		return CV_ERR_NOMEM;
	l2tp_compose_ocrq(&b, &t->params, local_session, ++t->call_serial, number);
	l2tp_send_message(t, now, &b, 0);
	return 0;
}

static bool
requested(const struct l2tp_call *c)
{
	return c->state == L2TP_CALL_REQUESTED || c->state == L2TP_CALL_OUT_REQUESTED;
}

int
l2tp_call_accept(
	struct l2tp_tunnel *t, uint64_t now, uint16_t remote_session, uint16_t local_session)
{
	struct l2tp_call *c = l2tp_call_remote(t, remote_session);
	struct l2tp_builder b;

	if (c == NULL || !requested(c) || t->state != L2TP_ESTABLISHED)
		return CV_ERR_UNKNOWN;
	if (local_session == 0 || l2tp_call_local(t, local_session) != NULL)
		return CV_ERR_EXISTS;
	l2tp_call_set_ids(t, c, local_session, remote_session);
	if (c->state == L2TP_CALL_REQUESTED) {
		c->state = L2TP_CALL_WAIT_CONNECT;
		l2tp_compose_icrp(&b, &t->params, local_session);
	} else {
		c->state = L2TP_CALL_OUT_PLACING;
		l2tp_compose_ocrp(&b, &t->params, local_session);
	}
	l2tp_send_message(t, now, &b, remote_session);
	return 0;
}

int
l2tp_call_refuse(struct l2tp_tunnel *t, uint64_t now, uint16_t remote_session,
	const struct l2tp_reason *reason)
{
	struct l2tp_call *c = l2tp_call_remote(t, remote_session);

	if (c == NULL || !requested(c))
		return CV_ERR_UNKNOWN;
	send_cdn(t, now, 0, remote_session, reason);
	l2tp_call_free(t, c);
	return 0;
}

int
l2tp_call_set_accm(struct l2tp_tunnel *t, uint64_t now, uint16_t local_session, uint32_t send_accm,
	uint32_t receive_accm)
{
	struct l2tp_call *c = l2tp_call_local(t, local_session);
	struct l2tp_builder b;

	if (c == NULL || c->state != L2TP_CALL_ESTABLISHED || t->state != L2TP_ESTABLISHED)
		return CV_ERR_UNKNOWN;
	l2tp_compose_sli(&b, &t->params, send_accm, receive_accm);
	l2tp_send_message(t, now, &b, c->remote);
	return 0;
}

int
l2tp_call_close(struct l2tp_tunnel *t, uint64_t now, uint16_t local_session,
	const struct l2tp_reason *reason)
{
	struct l2tp_call *c = l2tp_call_local(t, local_session);

	if (c == NULL)
		return CV_ERR_UNKNOWN;
	send_cdn(t, now, c->local, c->remote, reason);
	l2tp_call_free(t, c);
	return 0;
}

/* ICRQ or OCRQ. */
static void
take_request(struct l2tp_tunnel *t, uint64_t now, const struct l2tp_message *m)
{
	uint16_t remote = l2tp_get_u16(m, L2TP_AVP_ASSIGNED_SESSION_ID);
	bool outgoing = m->type == L2TP_OCRQ;
	struct l2tp_event event = {
		.type = L2TP_EV_CALL_REQUEST, .remote_session = remote, .outgoing = outgoing};
	struct l2tp_call *c;

	if (remote == 0) {
		refuse(t, now, 0, L2TP_CDN_ERROR, L2TP_ERROR_VALUE, "Assigned Session ID is 0");
		return;
	}
	if (l2tp_call_remote(t, remote) != NULL) {
		t->counters.rx_unexpected++;
		/* not to that session: it is a call that runs */
		refuse(t, now, 0, L2TP_CDN_ERROR, L2TP_ERROR_SESSION_ID,
			"Assigned Session ID is in use");
		return;
	}
	c = l2tp_call_new(
		t, now, 0, remote, outgoing ? L2TP_CALL_OUT_REQUESTED : L2TP_CALL_REQUESTED);
	if (c != NULL && l2tp_push_told(t, &event, m))
		return;
	if (c != NULL)
		l2tp_call_free(t, c);
	refuse(t, now, remote, L2TP_CDN_NO_FACILITIES_TEMPORARY, L2TP_ERROR_RESOURCES,
		"out of memory");
}

/* m: the peer's message that completed it; NULL: one of ours did. */
static void
call_up(struct l2tp_tunnel *t, struct l2tp_call *c, const struct l2tp_message *m)
{
	struct l2tp_event event = {.type = L2TP_EV_CALL_UP,
		.local_session = c->local,
		.remote_session = c->remote,
		.sequencing_required = m != NULL && l2tp_has(m, L2TP_AVP_SEQUENCING_REQUIRED)};

	cv_unlink(&c->setup);
	c->state = L2TP_CALL_ESTABLISHED;
	t->counters.calls++;
	if (!l2tp_push_told(t, &event, m))
		t->reliable.dead = true;
}

int
l2tp_call_connect(struct l2tp_tunnel *t, uint64_t now, uint16_t local_session)
{
	struct l2tp_call *c = l2tp_call_local(t, local_session);
	struct l2tp_builder b;

	if (c == NULL || c->state != L2TP_CALL_OUT_PLACING || t->state != L2TP_ESTABLISHED)
		return CV_ERR_UNKNOWN;
	l2tp_compose_occn(&b, &t->params);
	l2tp_send_message(t, now, &b, c->remote);
	call_up(t, c, NULL);
	return 0;
}

/* ICRP or OCRP: the peer's ID. False: the call is over. */
static bool
take_reply(struct l2tp_tunnel *t, uint64_t now, struct l2tp_call *c, const struct l2tp_message *m)
{
	uint16_t remote = l2tp_get_u16(m, L2TP_AVP_ASSIGNED_SESSION_ID);

	if (remote == 0 || l2tp_call_remote(t, remote) != NULL) {
		disconnect(t, now, c, L2TP_CDN_ERROR, L2TP_ERROR_VALUE,
			"Assigned Session ID is 0 or in use");
		return false;
	}
	l2tp_call_set_ids(t, c, c->local, remote);
	return true;
}

static void
take_icrp(struct l2tp_tunnel *t, uint64_t now, struct l2tp_call *c, const struct l2tp_message *m)
{
	struct l2tp_builder b;

	if (!take_reply(t, now, c, m))
		return;
	l2tp_compose_iccn(&b, &t->params, c->told);
	l2tp_send_message(t, now, &b, c->remote);
	l2tp_told_free(c->told);
	c->told = NULL;
	call_up(t, c, NULL);
}

/* Section 6.14: a reserved word, and what to escape in what is sent to the caller and received. Of
 * a call that is not up, or without its ACCM, it says nothing. */
static void
take_sli(struct l2tp_tunnel *t, const struct l2tp_call *c, const struct l2tp_message *m)
{
	struct l2tp_event event = {
		.type = L2TP_EV_CALL_ACCM, .local_session = c->local, .remote_session = c->remote};
	struct cv_reader r;

	if (c->state != L2TP_CALL_ESTABLISHED || !l2tp_has(m, L2TP_AVP_ACCM)) {
		t->counters.rx_ignored++;
		return;
	}
	r = cv_reader(m->value[L2TP_AVP_ACCM].data, m->value[L2TP_AVP_ACCM].len);
	cv_read_u16(&r);
	event.accm.send = cv_read_u32(&r);
	event.accm.receive = cv_read_u32(&r);
	if (!l2tp_push_event(t, &event))
		t->reliable.dead = true;
}

/* The header's session ID, or for a CDN that came before the peer knew ours, the one it gave. */
static struct l2tp_call *
call_of(const struct l2tp_tunnel *t, uint16_t session_id, const struct l2tp_message *m)
{
	if (session_id == 0 && m->type == L2TP_CDN)
		return l2tp_call_remote(t, l2tp_get_u16(m, L2TP_AVP_ASSIGNED_SESSION_ID));
	return l2tp_call_local(t, session_id);
}

/* Sections 7.4.1, 7.5.1 (LAC), 7.4.2, 7.5.2 (LNS): what a state does not allow ends the call. */
static void
step(struct l2tp_tunnel *t, uint64_t now, struct l2tp_call *c, const struct l2tp_message *m)
{
	char text[L2TP_MESSAGE_MAX];
	struct l2tp_reason reason;

	switch (m->type) {
	case L2TP_ICRP:
		if (c->state == L2TP_CALL_WAIT_REPLY) {
			take_icrp(t, now, c, m);
			return;
		}
		break;
	case L2TP_ICCN:
		if (c->state == L2TP_CALL_WAIT_CONNECT) {
			call_up(t, c, m);
			return;
		}
		break;
	case L2TP_OCRP:
		if (c->state == L2TP_CALL_OUT_WAIT_REPLY) {
			if (take_reply(t, now, c, m))
				c->state = L2TP_CALL_OUT_WAIT_CONNECT;
			return;
		}
		break;
	case L2TP_OCCN:
		if (c->state == L2TP_CALL_OUT_WAIT_CONNECT) {
			call_up(t, c, m);
			return;
		}
		break;
	case L2TP_CDN:
		reason = l2tp_read_reason(m, text);
		call_down(t, c, &reason);
		return;
	case L2TP_SLI:
		take_sli(t, c, m);
		return;
	case L2TP_WEN:
		t->counters.rx_ignored++;
		return;
	default:
		break;
	}
	t->counters.rx_unexpected++;
	disconnect(t, now, c, L2TP_CDN_ERROR, L2TP_ERROR_SESSION_ID, l2tp_message_name(m->type));
}

void
l2tp_call_message(
	struct l2tp_tunnel *t, uint64_t now, uint16_t session_id, const struct l2tp_message *m)
{
	struct l2tp_call *c;

	if (t->state == L2TP_CLOSING)
		return;
	if (t->state != L2TP_ESTABLISHED) {
		t->counters.rx_unexpected++;
		l2tp_fault_close(t, now, L2TP_STOPCCN_FSM, 0, l2tp_message_name(m->type));
		return;
	}
	if (m->type == L2TP_ICRQ || (m->type == L2TP_OCRQ && t->params.outgoing)) {
		take_request(t, now, m);
		return;
	}
	if (m->type == L2TP_OCRQ) {
		refuse(t, now, l2tp_get_u16(m, L2TP_AVP_ASSIGNED_SESSION_ID),
			L2TP_CDN_NO_FACILITIES_PERMANENT, 0, "outgoing calls are not placed here");
		return;
	}
	c = call_of(t, session_id, m);
	if (c == NULL) {
		t->counters.rx_unknown_session++;
		return;
	}
	step(t, now, c, m);
}

void
l2tp_call_fault(struct l2tp_tunnel *t, uint64_t now, uint16_t session_id,
	const struct l2tp_message *m, const struct l2tp_fault *fault)
{
	struct l2tp_call *c = call_of(t, session_id, m);
	uint16_t remote = l2tp_get_u16(m, L2TP_AVP_ASSIGNED_SESSION_ID);

	if (t->state != L2TP_ESTABLISHED)
		return;
	/* the CDN goes to the session that a bad ICRP names */
	if (c != NULL && c->remote == 0 && l2tp_call_remote(t, remote) == NULL)
		l2tp_call_set_ids(t, c, c->local, remote);
	if (c != NULL)
		disconnect(t, now, c, L2TP_CDN_ERROR, fault->error, fault->text);
	else if (m->type == L2TP_ICRQ || m->type == L2TP_OCRQ)
		refuse(t, now, l2tp_call_remote(t, remote) == NULL ? remote : 0, L2TP_CDN_ERROR,
			fault->error, fault->text);
	else
		t->counters.rx_unknown_session++;
}

uint64_t
l2tp_calls_next_timeout(const struct l2tp_tunnel *t)
{
	const struct l2tp_call *c = l2tp_calls_first_setup(t);

	return c == NULL ? CV_TIME_NEVER : c->deadline;
}

void
l2tp_calls_timeout(struct l2tp_tunnel *t, uint64_t now)
{
	struct l2tp_call *c;

	while ((c = l2tp_calls_first_setup(t)) != NULL && c->deadline <= now)
		disconnect(t, now, c, L2TP_CDN_TIMEOUT, 0, "the call was not completed in time");
}
