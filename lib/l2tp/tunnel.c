/* SPDX-License-Identifier: BSD-3-Clause */
/* The control connection: its life, time, input and output. Its messages are in control.c. */
#include "l2tp/tunnel.h"

#include <stdlib.h>
#include <string.h>

#include "l2tp/header.h"
#include "l2tp/private.h"

void
l2tp_params_default(struct l2tp_params *p)
{
	*p = (struct l2tp_params){.host_name = "culvert",
		.hello_ns = 60 * CV_NS_PER_S,
		.retransmit_initial_ns = CV_NS_PER_S,
		.retransmit_max_ns = 8 * CV_NS_PER_S,
		.setup_timeout_ns = 30 * CV_NS_PER_S,
		.receive_window = 128,
		.max_retransmits = 5};
}

struct l2tp_tunnel *
l2tp_tunnel_new(enum l2tp_role role, const struct l2tp_params *params, uint64_t now)
{
	struct l2tp_tunnel *t = calloc(1, sizeof(*t));
	struct l2tp_reliable_params reliable = {.initial_ns = params->retransmit_initial_ns,
		.max_ns = params->retransmit_max_ns,
		.max_retransmits = params->max_retransmits,
		.window = params->receive_window,
		.first_ns = params->first_ns};

	if (t == NULL)
		return NULL;
	t->params = *params;
	t->role = role;
	t->heard_at = now;
	t->deadline = cv_time_add(now, params->setup_timeout_ns);
	l2tp_reliable_init(&t->reliable, &reliable);
	l2tp_calls_init(t);
	return t;
}

void
l2tp_tunnel_free(struct l2tp_tunnel *t)
{
	if (t == NULL)
		return;
	while (t->events != NULL) {
		struct l2tp_queued_event *e = t->events;

		t->events = e->next;
		l2tp_told_free(e->told);
		free(e);
	}
	l2tp_told_free(t->told);
	free(t->down_text);
	l2tp_calls_free(t);
	l2tp_reliable_fini(&t->reliable);
	cv_wipe(t->challenge, sizeof(t->challenge));
	free(t);
}

bool
l2tp_tunnel_pause(const struct l2tp_tunnel *t, struct l2tp_identity *identity)
{
	*identity = t->peer;
	return t->state == L2TP_WAIT_CONNECT;
}

struct l2tp_tunnel *
l2tp_tunnel_resume(
	const struct l2tp_params *params, const struct l2tp_identity *identity, uint64_t now)
{
	struct l2tp_tunnel *t = l2tp_tunnel_new(L2TP_RESPONDER, params, now);

	if (t == NULL)
		return NULL;
	t->peer = *identity;
	if (identity->window != 0)
		l2tp_reliable_set_peer_window(&t->reliable, identity->window);
	l2tp_reliable_resume(&t->reliable);
	if (params->secret != NULL && params->challenge != NULL)
		memcpy(t->challenge, params->challenge, sizeof(t->challenge));
	l2tp_set_state(t, L2TP_WAIT_CONNECT);
	return t;
}

void
l2tp_set_state(struct l2tp_tunnel *t, enum l2tp_state state)
{
	static const char *const names[] = {
#define X(id, name) name,
		L2TP_STATES(X)
#undef X
	};

	cv_log_event(t->params.log, CV_LOG_DEBUG, "tunnel-state", "tunnel=%u from=%s to=%s",
		t->params.local_tunnel_id, names[t->state], names[state]);
	t->state = state;
}

bool
l2tp_push_event(struct l2tp_tunnel *t, const struct l2tp_event *event)
{
	return l2tp_push_told(t, event, NULL);
}

bool
l2tp_push_told(struct l2tp_tunnel *t, const struct l2tp_event *event, const struct l2tp_message *m)
{
	struct l2tp_queued_event *e = malloc(sizeof(*e));

	if (e == NULL)
		return false;
	*e = (struct l2tp_queued_event){
		.told = m == NULL ? NULL : l2tp_told_of(m), .event = *event};
	if (t->events_last != NULL)
		t->events_last->next = e;
	else
		t->events = e;
	t->events_last = e;
	return true;
}

static void
tell_down(struct l2tp_tunnel *t, struct l2tp_event *event)
{
	t->down_pending = false;
	event->type = L2TP_EV_DOWN;
	event->proof_failed = t->proof_failed;
	event->reason = t->down;
	event->reason.message = event->text;
	if (t->down_text != NULL)
		strncpy(event->text, t->down_text, sizeof(event->text) - 1);
	free(t->down_text);
	t->down_text = NULL;
}

/* Order: up, what happened to calls, down, done. Only calls need memory for their events. */
bool
l2tp_tunnel_poll_event(struct l2tp_tunnel *t, struct l2tp_event *event)
{
	struct l2tp_queued_event *e = t->events;

	memset(event, 0, sizeof(*event));
	l2tp_told_free(t->told);
	t->told = NULL;
	if (t->up_pending) {
		t->up_pending = false;
		event->type = L2TP_EV_UP;
		return true;
	}
	if (e != NULL) {
		t->events = e->next;
		if (t->events == NULL)
			t->events_last = NULL;
		*event = e->event;
		event->told = t->told = e->told;
		free(e);
	} else if (t->down_pending) {
		tell_down(t, event);
	} else if (t->done_pending && !t->done_told) {
		t->done_told = true;
		event->type = L2TP_EV_DONE;
		return true;
	} else {
		return false;
	}
	if (event->reason.message != NULL)
		event->reason.message = event->text;
	return true;
}

typedef int queue_fn(struct l2tp_reliable *r, uint16_t session_id, const void *body, size_t len);

static void
queue_message(struct l2tp_tunnel *t, struct l2tp_builder *b, uint16_t session_id, queue_fn *queue)
{
	/* a peer that asks on and never acknowledges makes nothing grow without bound */
	if (t->state < L2TP_CLOSING &&
		t->reliable.queued >= L2TP_QUEUE_MIN + L2TP_QUEUE_PER_CALL * t->calls_most)
		t->overrun = t->reliable.dead = true;
	else if (b->w.failed || queue(&t->reliable, session_id, b->body, cv_written(&b->w)) != 0)
		t->reliable.dead = true;
	cv_wipe(b->body, sizeof(b->body));
}

void
l2tp_send_message(struct l2tp_tunnel *t, uint64_t now, struct l2tp_builder *b, uint16_t session_id)
{
	(void)now;
	queue_message(t, b, session_id, l2tp_reliable_queue);
}

/* What the whole connection hangs on does not wait behind the messages of thousands of calls. */
static void
send_urgent(struct l2tp_tunnel *t, uint64_t now, struct l2tp_builder *b)
{
	(void)now;
	queue_message(t, b, 0, l2tp_reliable_queue_first);
}

/* From now on the tunnel is over for its user; state remains only to answer what still comes. */
void
l2tp_go_down(struct l2tp_tunnel *t, enum l2tp_state state, const struct l2tp_reason *reason)
{
	char *text = reason->message == NULL ? NULL : strndup(reason->message, L2TP_MESSAGE_MAX);

	l2tp_set_state(t, state);
	t->down = *reason;
	free(t->down_text);
	t->down_text = text;
	t->down_pending = true;
	l2tp_calls_free(t);
	l2tp_calls_init(t);
}

void
l2tp_tunnel_close(struct l2tp_tunnel *t, uint64_t now, const struct l2tp_reason *reason)
{
	struct l2tp_builder b;

	if (t->state >= L2TP_CLOSING)
		return;
	l2tp_reliable_drop_unsent(&t->reliable);
	if (t->role == L2TP_INITIATOR && t->state == L2TP_IDLE) {
		l2tp_go_down(t, L2TP_CLOSED, reason);
		t->done_pending = true;
		return;
	}
	/* whoever was not let in may be somebody else's forged address: no more than one repeat */
	if (t->role == L2TP_RESPONDER && t->state < L2TP_ESTABLISHED)
		t->reliable.max_attempts = L2TP_STRANGER_RETRANSMITS;
	l2tp_compose_stopccn(&b, &t->params, reason);
	send_urgent(t, now, &b);
	l2tp_go_down(t, L2TP_CLOSING, reason);
}

void
l2tp_fault_close(
	struct l2tp_tunnel *t, uint64_t now, uint16_t result, uint16_t error, const char *text)
{
	struct l2tp_reason reason = {.result = result, .error = error, .message = text};

	l2tp_tunnel_close(t, now, &reason);
}

static void
send_hello(struct l2tp_tunnel *t, uint64_t now)
{
	struct l2tp_builder b;

	l2tp_compose_hello(&b, &t->params);
	send_urgent(t, now, &b);
}

void
l2tp_tunnel_probe(struct l2tp_tunnel *t, uint64_t now)
{
	if (t->state == L2TP_ESTABLISHED && l2tp_reliable_all_acked(&t->reliable))
		send_hello(t, now);
}

bool
l2tp_tunnel_established(const struct l2tp_tunnel *t)
{
	return t->state == L2TP_ESTABLISHED;
}

bool
l2tp_tunnel_waits(const struct l2tp_tunnel *t)
{
	return !l2tp_reliable_all_acked(&t->reliable) && !t->done_pending;
}

/* When silence has lasted long enough for a HELLO (section 6.5). */
static uint64_t
hello_at(const struct l2tp_tunnel *t)
{
	if (t->state != L2TP_ESTABLISHED || t->params.hello_ns == 0 ||
		!l2tp_reliable_all_acked(&t->reliable))
		return CV_TIME_NEVER;
	return cv_time_add(t->heard_at, t->params.hello_ns);
}

static uint64_t
deadline_of(const struct l2tp_tunnel *t)
{
	if (t->state == L2TP_ESTABLISHED || t->state == L2TP_CLOSING || t->done_pending)
		return CV_TIME_NEVER;
	return t->deadline;
}

uint64_t
l2tp_tunnel_next_timeout(const struct l2tp_tunnel *t)
{
	uint64_t at = cv_time_min(t->reliable.retransmit_at, l2tp_calls_next_timeout(t));

	if (t->reliable.dead && !t->done_pending)
		return 0;
	return cv_time_min(at, cv_time_min(hello_at(t), deadline_of(t)));
}

static void
give_up(struct l2tp_tunnel *t)
{
	struct l2tp_reason reason = {
		.result = L2TP_STOPCCN_CLEAR, .message = "the peer does not acknowledge"};

	if (t->overrun)
		reason = (struct l2tp_reason){.result = L2TP_STOPCCN_ERROR,
			.error = L2TP_ERROR_RESOURCES,
			.message = "too many messages wait for the peer"};
	if (t->state < L2TP_CLOSING)
		l2tp_go_down(t, L2TP_CLOSED, &reason);
	t->done_pending = true;
}

void
l2tp_tunnel_abandon(struct l2tp_tunnel *t, const struct l2tp_reason *reason)
{
	if (t->state < L2TP_CLOSING)
		l2tp_go_down(t, L2TP_CLOSED, reason);
	t->reliable.dead = true; /* nothing goes out any more */
	t->done_pending = true;
}

void
l2tp_tunnel_handle_timeout(struct l2tp_tunnel *t, uint64_t now)
{
	if (t->done_pending)
		return;
	l2tp_reliable_timeout(&t->reliable, now);
	if (t->reliable.dead) {
		give_up(t);
		return;
	}
	l2tp_calls_timeout(t, now);
	if (now >= hello_at(t))
		send_hello(t, now);
	if (now < deadline_of(t))
		return;
	if (t->state == L2TP_CLOSED)
		t->done_pending = true;
	else
		l2tp_fault_close(t, now, L2TP_STOPCCN_CLEAR, 0, "not established in time");
}

static void
log_missing(const struct l2tp_tunnel *t, uint16_t session_id, const struct l2tp_message *m)
{
	for (uint64_t left = m->missing; left != 0; left &= left - 1)
		cv_log_event(t->params.log, CV_LOG_DEBUG, "avp-missing",
			"tunnel=%u session=%u type=%s avp=\"%s\"", t->params.local_tunnel_id,
			session_id, l2tp_message_name(m->type),
			l2tp_avp_rule((uint16_t)__builtin_ctzll(left))->name);
}

static void
take_message(struct l2tp_tunnel *t, uint64_t now, uint16_t session_id, struct cv_bytes body)
{
	struct l2tp_message m;
	struct l2tp_fault fault;
	int rc;

	if (t->state == L2TP_CLOSED)
		return;
	rc = l2tp_message_parse(t->params.crypto, l2tp_secret(&t->params), body, &m, &fault);
	t->counters.rx_messages++;
	if (rc == CV_ERR_UNKNOWN) {
		t->counters.rx_ignored++;
		return;
	}
	cv_log_event(t->params.log, CV_LOG_DEBUG, "message", "tunnel=%u session=%u type=%s",
		t->params.local_tunnel_id, session_id, l2tp_message_name(m.type));
	log_missing(t, session_id, &m);
	if (rc != 0)
		t->counters.rx_malformed++;
	if (m.type >= L2TP_OCRQ)
		rc == 0 ? l2tp_call_message(t, now, session_id, &m)
			: l2tp_call_fault(t, now, session_id, &m, &fault);
	else
		l2tp_control_message(t, now, &m, rc == 0 ? NULL : &fault);
	cv_wipe(m.plain, m.plain_used);
}

int
l2tp_tunnel_input(struct l2tp_tunnel *t, uint64_t now, const uint8_t *data, size_t len)
{
	struct l2tp_header h;
	struct cv_bytes body;
	uint16_t session_id;
	int rc = l2tp_header_parse(data, len, &h);

	if (rc != 0)
		return rc;
	if (!h.is_control)
		return CV_ERR_STATE;
	if (t->done_pending)
		return CV_ERR_STATE;
	t->heard_at = now;
	switch (l2tp_reliable_receive(&t->reliable, now, h.ns, h.nr, h.session_id, h.payload)) {
	case L2TP_ARRIVED_IN_TURN:
		take_message(t, now, h.session_id, h.payload);
		while (l2tp_reliable_next_early(&t->reliable, &session_id, &body))
			take_message(t, now, session_id, body);
		break;
	case L2TP_ARRIVED_DUPLICATE:
		t->counters.rx_duplicates++;
		break;
	case L2TP_ARRIVED_EARLY:
		t->counters.rx_early++;
		break;
	case L2TP_ARRIVED_ZLB:
		break;
	}
	if (t->state == L2TP_CLOSING && l2tp_reliable_all_acked(&t->reliable))
		t->done_pending = true;
	return 0;
}

int
l2tp_tunnel_poll_output(struct l2tp_tunnel *t, uint64_t now, void *buf, size_t capacity)
{
	/* before the peer has told its tunnel ID, only an answer to its SCCRQ can find it */
	return l2tp_reliable_poll(&t->reliable, now, t->peer.tunnel_id, buf, capacity);
}

void
l2tp_tunnel_info(const struct l2tp_tunnel *t, struct l2tp_tunnel_info *info)
{
	static const char *const names[] = {
#define X(id, name) name,
		L2TP_STATES(X)
#undef X
	};

	*info = (struct l2tp_tunnel_info){.state = names[t->state],
		.local_tunnel_id = t->params.local_tunnel_id,
		.remote_tunnel_id = t->peer.tunnel_id,
		.ns = t->reliable.ns_sent,
		.nr = t->reliable.nr,
		.peer_window = t->reliable.peer_window,
		.cwnd = t->reliable.cwnd,
		.sessions = t->calls,
		.retransmits = t->reliable.retransmits,
		.ecn = t->params.ecn && t->peer.ecn,
		.peer_host_name = t->peer.host_name,
		.peer_host_name_len = t->peer.host_name_len,
		.counters = t->counters};
}
