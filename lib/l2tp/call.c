/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls: the automata of incoming calls as LNS and as LAC (RFC 2661 section 7.4), and the tables
 * that find a call by our and by the peer's session ID.
 */
#include <stdlib.h>
#include <string.h>

#include "l2tp/private.h"
#include "l2tp/reason.h"

void
l2tp_calls_init(struct l2tp_tunnel *t)
{
	memset(t->few, 0, sizeof(t->few));
	t->by_local = t->few;
	t->by_remote = t->few + L2TP_FEW_CALLS;
	t->chains = L2TP_FEW_CALLS;
	t->calls = 0;
	t->setups = (struct cv_list){0};
}

void
l2tp_calls_free(struct l2tp_tunnel *t)
{
	for (uint32_t i = 0; i < t->chains; i++)
		while (t->by_remote[i] != NULL) {
			struct l2tp_call *c = t->by_remote[i];

			t->by_remote[i] = c->next_remote;
			free(c);
		}
	if (t->by_local != t->few)
		free(t->by_local);
	t->by_local = t->by_remote = NULL;
	t->chains = 0;
}

/* The chain of an ID; of one that is not known yet, that of the other side's: thousands of calls
 * being dialled are not one long chain. */
static uint32_t
chain(const struct l2tp_tunnel *t, uint16_t id, uint16_t other)
{
	return (id != 0 ? id : other) & (t->chains - 1);
}

static void
link_call(struct l2tp_tunnel *t, struct l2tp_call *c)
{
	struct l2tp_call **local = &t->by_local[chain(t, c->local, c->remote)];
	struct l2tp_call **remote = &t->by_remote[chain(t, c->remote, c->local)];

	c->next_local = *local;
	*local = c;
	c->next_remote = *remote;
	*remote = c;
}

static void
unlink_call(struct l2tp_tunnel *t, struct l2tp_call *c)
{
	struct l2tp_call **at = &t->by_local[chain(t, c->local, c->remote)];

	while (*at != c)
		at = &(*at)->next_local;
	*at = c->next_local;
	at = &t->by_remote[chain(t, c->remote, c->local)];
	while (*at != c)
		at = &(*at)->next_remote;
	*at = c->next_remote;
}

/* Twice the chains when calls have become many; staying with fewer is slow but right. */
static void
grow(struct l2tp_tunnel *t)
{
	struct l2tp_call **old = t->by_local, **old_remote = t->by_remote;
	uint32_t old_chains = t->chains;
	struct l2tp_call **chains;

	if (t->calls < 2 * t->chains)
		return;
	chains = calloc((size_t)t->chains * 4, sizeof(chains[0]));
	if (chains == NULL)
		return;
	t->by_local = chains;
	t->chains *= 2;
	t->by_remote = chains + t->chains;
	for (uint32_t i = 0; i < old_chains; i++)
		for (struct l2tp_call *c = old_remote[i], *next; c != NULL; c = next) {
			next = c->next_remote;
			link_call(t, c);
		}
	if (old != t->few)
		free(old);
}

/* Calls in set-up are in order of deadline: each has the same time. */
static void
start_setup(struct l2tp_tunnel *t, struct l2tp_call *c, uint64_t now)
{
	c->deadline = cv_time_add(now, t->params.setup_timeout_ns);
	cv_list_append(&t->setups, &c->setup);
}

static struct l2tp_call *
first_setup(const struct l2tp_tunnel *t)
{
	struct cv_link *first = cv_list_first(&t->setups);

	return first == NULL ? NULL : CV_OBJECT(struct l2tp_call, setup, first);
}

static struct l2tp_call *
new_call(struct l2tp_tunnel *t, uint64_t now, uint16_t local, uint16_t remote,
	enum l2tp_call_state state)
{
	struct l2tp_call *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->local = local;
	c->remote = remote;
	c->state = (uint8_t)state;
	t->calls++;
	if (t->calls > t->calls_most)
		t->calls_most = t->calls;
	grow(t);
	link_call(t, c);
	start_setup(t, c, now);
	return c;
}

static void
free_call(struct l2tp_tunnel *t, struct l2tp_call *c)
{
	unlink_call(t, c);
	cv_unlink(&c->setup);
	t->calls--;
	free(c);
}

/* IDs of a call change its chains. */
static void
set_ids(struct l2tp_tunnel *t, struct l2tp_call *c, uint16_t local, uint16_t remote)
{
	unlink_call(t, c);
	c->local = local;
	c->remote = remote;
	link_call(t, c);
}

static struct l2tp_call *
find_local(const struct l2tp_tunnel *t, uint16_t id)
{
	struct l2tp_call *c = id == 0 ? NULL : t->by_local[id & (t->chains - 1)];

	while (c != NULL && c->local != id)
		c = c->next_local;
	return c;
}

static struct l2tp_call *
find_remote(const struct l2tp_tunnel *t, uint16_t id)
{
	struct l2tp_call *c = id == 0 ? NULL : t->by_remote[id & (t->chains - 1)];

	while (c != NULL && c->remote != id)
		c = c->next_remote;
	return c;
}

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
	free_call(t, c);
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
l2tp_call_dial(struct l2tp_tunnel *t, uint64_t now, uint16_t local_session)
{
	struct l2tp_builder b;

	if (t->state != L2TP_ESTABLISHED || local_session == 0)
		return CV_ERR_STATE;
	if (find_local(t, local_session) != NULL)
		return CV_ERR_EXISTS;
	if (new_call(t, now, local_session, 0, L2TP_CALL_WAIT_REPLY) == NULL)
		return CV_ERR_NOMEM;
	l2tp_compose_icrq(&b, &t->params, local_session, ++t->call_serial);
	l2tp_send_message(t, now, &b, 0);
	return 0;
}

int
l2tp_call_accept(
	struct l2tp_tunnel *t, uint64_t now, uint16_t remote_session, uint16_t local_session)
{
	struct l2tp_call *c = find_remote(t, remote_session);
	struct l2tp_builder b;

	if (c == NULL || c->state != L2TP_CALL_REQUESTED || t->state != L2TP_ESTABLISHED)
		return CV_ERR_UNKNOWN;
	if (local_session == 0 || find_local(t, local_session) != NULL)
		return CV_ERR_EXISTS;
	set_ids(t, c, local_session, remote_session);
	c->state = L2TP_CALL_WAIT_CONNECT;
	l2tp_compose_icrp(&b, &t->params, local_session);
	l2tp_send_message(t, now, &b, remote_session);
	return 0;
}

int
l2tp_call_refuse(struct l2tp_tunnel *t, uint64_t now, uint16_t remote_session,
	const struct l2tp_reason *reason)
{
	struct l2tp_call *c = find_remote(t, remote_session);

	if (c == NULL || c->state != L2TP_CALL_REQUESTED)
		return CV_ERR_UNKNOWN;
	send_cdn(t, now, 0, remote_session, reason);
	free_call(t, c);
	return 0;
}

int
l2tp_call_set_accm(struct l2tp_tunnel *t, uint64_t now, uint16_t local_session, uint32_t send_accm,
	uint32_t receive_accm)
{
	struct l2tp_call *c = find_local(t, local_session);
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
	struct l2tp_call *c = find_local(t, local_session);

	if (c == NULL)
		return CV_ERR_UNKNOWN;
	send_cdn(t, now, c->local, c->remote, reason);
	free_call(t, c);
	return 0;
}

static void
take_icrq(struct l2tp_tunnel *t, uint64_t now, const struct l2tp_message *m)
{
	uint16_t remote = l2tp_get_u16(m, L2TP_AVP_ASSIGNED_SESSION_ID);
	struct l2tp_event event = {.type = L2TP_EV_CALL_REQUEST, .remote_session = remote};
	struct l2tp_call *c;

	if (remote == 0) {
		refuse(t, now, 0, L2TP_CDN_ERROR, L2TP_ERROR_VALUE, "Assigned Session ID is 0");
		return;
	}
	if (find_remote(t, remote) != NULL) {
		t->counters.rx_unexpected++;
		/* not to that session: it is a call that runs */
		refuse(t, now, 0, L2TP_CDN_ERROR, L2TP_ERROR_SESSION_ID,
			"Assigned Session ID is in use");
		return;
	}
	c = new_call(t, now, 0, remote, L2TP_CALL_REQUESTED);
	if (c != NULL && l2tp_push_event(t, &event))
		return;
	if (c != NULL)
		free_call(t, c);
	refuse(t, now, remote, L2TP_CDN_NO_FACILITIES_TEMPORARY, L2TP_ERROR_RESOURCES,
		"out of memory");
}

static void
call_up(struct l2tp_tunnel *t, struct l2tp_call *c, const struct l2tp_message *m)
{
	bool lns = m->type == L2TP_ICCN;
	struct l2tp_proxy *proxy = lns && t->params.proxy ? l2tp_proxy_keep(m) : NULL;
	struct l2tp_event event = {.type = L2TP_EV_CALL_UP,
		.local_session = c->local,
		.remote_session = c->remote,
		.sequencing_required = lns && l2tp_has(m, L2TP_AVP_SEQUENCING_REQUIRED)};

	cv_unlink(&c->setup);
	c->state = L2TP_CALL_ESTABLISHED;
	t->counters.calls++;
	if (!l2tp_push_call_up(t, &event, proxy))
		t->reliable.dead = true;
}

static void
take_icrp(struct l2tp_tunnel *t, uint64_t now, struct l2tp_call *c, const struct l2tp_message *m)
{
	uint16_t remote = l2tp_get_u16(m, L2TP_AVP_ASSIGNED_SESSION_ID);
	struct l2tp_builder b;

	if (remote == 0 || find_remote(t, remote) != NULL) {
		disconnect(t, now, c, L2TP_CDN_ERROR, L2TP_ERROR_VALUE,
			"Assigned Session ID is 0 or in use");
		return;
	}
	set_ids(t, c, c->local, remote);
	l2tp_compose_iccn(&b, &t->params);
	l2tp_send_message(t, now, &b, remote);
	call_up(t, c, m);
}

/* The header's session ID, or for a CDN that came before the peer knew ours, the one it gave. */
static struct l2tp_call *
call_of(const struct l2tp_tunnel *t, uint16_t session_id, const struct l2tp_message *m)
{
	if (session_id == 0 && m->type == L2TP_CDN)
		return find_remote(t, l2tp_get_u16(m, L2TP_AVP_ASSIGNED_SESSION_ID));
	return find_local(t, session_id);
}

/* Section 7.4.1 (LAC) and 7.4.2 (LNS): what a state does not allow ends the call. */
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
	case L2TP_CDN:
		reason = l2tp_read_reason(m, text);
		call_down(t, c, &reason);
		return;
	case L2TP_WEN:
	case L2TP_SLI:
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
	if (m->type == L2TP_ICRQ) {
		take_icrq(t, now, m);
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
	if (c != NULL && c->remote == 0 && find_remote(t, remote) == NULL)
		set_ids(t, c, c->local, remote);
	if (c != NULL)
		disconnect(t, now, c, L2TP_CDN_ERROR, fault->error, fault->text);
	else if (m->type == L2TP_ICRQ || m->type == L2TP_OCRQ)
		refuse(t, now, find_remote(t, remote) == NULL ? remote : 0, L2TP_CDN_ERROR,
			fault->error, fault->text);
	else
		t->counters.rx_unknown_session++;
}

uint64_t
l2tp_calls_next_timeout(const struct l2tp_tunnel *t)
{
	const struct l2tp_call *c = first_setup(t);

	return c == NULL ? CV_TIME_NEVER : c->deadline;
}

void
l2tp_calls_timeout(struct l2tp_tunnel *t, uint64_t now)
{
	struct l2tp_call *c;

	while ((c = first_setup(t)) != NULL && c->deadline <= now)
		disconnect(t, now, c, L2TP_CDN_TIMEOUT, 0, "the call was not completed in time");
}
