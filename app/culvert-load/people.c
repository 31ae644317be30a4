/* SPDX-License-Identifier: BSD-3-Clause */
#include "culvert-load/people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "l2tp/header.h"

enum state { WAITS, CALLS, UP, ENDS };

enum {
	RECEIVE_WINDOW = 128,
	CALLS_A_ROUND = 64, /* so that what has come in is not kept waiting */
	AGAIN_MS = 200,     /* before what has failed is tried once more */
};

/* Timers of sessions and tunnels: which of them it is says the sign. */
struct alarm {
	struct cv_timer timer; /* first: the wheel gives it back */
	uint32_t number;
	bool tunnel;
};

struct tunnel {
	struct alarm alarm;
	struct lac *lac; /* NULL: not dialled, or over */
	uint32_t next;   /* of those that have something to say; NOBODY: the last */
	bool listed, up;
	bool dead, done; /* it ends by itself, and has */
};

#define NOBODY UINT32_MAX

struct people {
	struct people_params params;
	struct people_counters counters;
	struct cv_wheel wheel;
	uint32_t n, tunnels;
	struct person *persons;
	struct alarm *alarms; /* of sessions */
	struct tunnel *tunnel;
	struct ppp_params *ppp; /* a user each */
	char (*user)[PEOPLE_USER];
	uint32_t first, last; /* tunnels that have something to say */
	uint32_t *ready;      /* a ring of those that may call */
	uint32_t ready_at, n_ready;
	uint32_t next_churn;         /* session to look at next */
	uint64_t begun_at, churn_at; /* when calls, and hanging up, began; 0: not yet */
	uint64_t called, churned;    /* since then */
	bool closing;
	char complaint[256];
};

/* ---- made and freed ---- */

static void
set_ppp(struct people *p)
{
	const struct people_params *o = &p->params;

	for (uint32_t i = 0; i < o->users; i++) {
		struct ppp_params *ppp = &p->ppp[i];
		const char *place = strstr(o->user, "%u");
		int len = place == NULL ? snprintf(p->user[i], PEOPLE_USER, "%s", o->user)
					: snprintf(p->user[i], PEOPLE_USER, "%.*s%u%s",
						  (int)(place - o->user), o->user, i, place + 2);

		ppp_params_default(ppp, PPP_CLIENT);
		ppp->crypto = o->crypto;
		ppp->auth[0] = o->auth;
		ppp->n_auth = 1;
		ppp->mru = o->mru;
		ppp->user = (struct cv_bytes){(const uint8_t *)p->user[i],
			(size_t)(len < PEOPLE_USER ? len : PEOPLE_USER - 1)};
		ppp->password = (struct cv_bytes){o->password, o->password_len};
		ppp->echo_interval_ns = o->echo_ns;
		ppp->lcp_timeout_ns = ppp->auth_timeout_ns = ppp->ipcp_timeout_ns = o->setup_ns;
	}
}

struct people *
people_new(const struct people_params *params, uint64_t now)
{
	struct people *p;

	if (params->sessions == 0 || params->sessions > PEOPLE_SESSIONS_MAX || params->users == 0 ||
		params->per_tunnel == 0 || params->per_tunnel > PEOPLE_PER_TUNNEL_MAX ||
		params->addresses == 0 || params->window == 0)
		return NULL;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return NULL;
	p->params = *params;
	p->n = params->sessions;
	p->tunnels = (p->n + params->per_tunnel - 1) / params->per_tunnel;
	p->persons = calloc(p->n, sizeof(p->persons[0]));
	p->alarms = calloc(p->n, sizeof(p->alarms[0]));
	p->tunnel = calloc(p->tunnels, sizeof(p->tunnel[0]));
	p->ready = calloc(p->n, sizeof(p->ready[0]));
	p->ppp = calloc(params->users, sizeof(p->ppp[0]));
	p->user = calloc(params->users, sizeof(p->user[0]));
	p->first = p->last = NOBODY;
	if (p->persons == NULL || p->alarms == NULL || p->tunnel == NULL || p->ready == NULL ||
		p->ppp == NULL || p->user == NULL ||
		(p->tunnels - 1) / params->addresses >= UINT16_MAX) {
		people_free(p);
		return NULL;
	}
	for (uint32_t i = 0; i < p->n; i++) {
		p->alarms[i].number = i;
		p->ready[i] = i;
	}
	p->n_ready = p->n;
	for (uint32_t t = 0; t < p->tunnels; t++)
		p->tunnel[t].alarm = (struct alarm){.number = t, .tunnel = true};
	set_ppp(p);
	cv_wheel_init(&p->wheel, now);
	return p;
}

void
people_free(struct people *p)
{
	if (p == NULL)
		return;
	for (uint32_t t = 0; p->tunnel != NULL && t < p->tunnels; t++)
		lac_free(p->tunnel[t].lac);
	free(p->persons);
	free(p->alarms);
	free(p->tunnel);
	free(p->ready);
	free(p->ppp);
	free(p->user);
	free(p);
}

/* ---- whose is what ---- */

uint32_t
people_tunnels(const struct people *p)
{
	return p->tunnels;
}

static uint32_t
tunnel_of(const struct people *p, uint32_t session)
{
	return session / p->params.per_tunnel;
}

static uint16_t
session_id(const struct people *p, uint32_t session)
{
	return (uint16_t)(session % p->params.per_tunnel + 1);
}

const struct person *
people_person(const struct people *p, uint32_t session)
{
	return &p->persons[session];
}

uint16_t
people_peer_tunnel(const struct people *p, uint32_t tunnel)
{
	return p->tunnel[tunnel].up ? lac_peer_tunnel(p->tunnel[tunnel].lac) : 0;
}

const struct people_counters *
people_counters(const struct people *p)
{
	return &p->counters;
}

const char *
people_complaint(const struct people *p)
{
	return p->complaint;
}

static uint64_t
retransmits_of(struct lac *lac)
{
	struct l2tp_tunnel_info info;

	l2tp_tunnel_info(lac_tunnel(lac), &info);
	return info.retransmits;
}

uint64_t
people_retransmits(const struct people *p)
{
	uint64_t n = p->counters.retransmits;

	for (uint32_t t = 0; t < p->tunnels; t++)
		if (p->tunnel[t].lac != NULL)
			n += retransmits_of(p->tunnel[t].lac);
	return n;
}

/* Of a reason that the server wrote: hostile bytes. */
static void
complain(struct people *p, const char *what, const struct l2tp_reason *r)
{
	char text[128] = "";

	if (r->message != NULL)
		cv_escape_words(text, sizeof(text), r->message, strlen(r->message));
	snprintf(p->complaint, sizeof(p->complaint), "%s: result %u, error %u%s%s", what, r->result,
		r->error, text[0] == '\0' ? "" : ", ", text);
}

/* ---- tunnels ---- */

static void
list(struct people *p, uint32_t number)
{
	struct tunnel *t = &p->tunnel[number];

	if (t->listed)
		return;
	t->listed = true;
	t->next = NOBODY;
	if (p->first == NOBODY)
		p->first = number;
	else
		p->tunnel[p->last].next = number;
	p->last = number;
}

static bool
dial(struct people *p, uint64_t now, uint32_t number)
{
	const struct people_params *o = &p->params;
	struct tunnel *t = &p->tunnel[number];
	struct lac_params params = {.calls = (uint16_t)o->per_tunnel};

	l2tp_params_default(&params.l2tp);
	params.l2tp.crypto = o->crypto;
	params.l2tp.host_name = "culvert-load";
	params.l2tp.secret = o->secret;
	params.l2tp.secret_len = o->secret_len;
	params.l2tp.local_tunnel_id = (uint16_t)(number / o->addresses + 1);
	params.l2tp.receive_window = RECEIVE_WINDOW;
	params.l2tp.hello_ns = o->hello_ns;
	params.l2tp.setup_timeout_ns = o->setup_ns;
	t->lac = lac_new(&params, now);
	t->up = t->dead = t->done = false;
	if (t->lac == NULL)
		return false;
	lac_start(t->lac, now);
	list(p, number);
	return true;
}

static void
set_state(struct people *p, uint32_t session, enum state state)
{
	struct person *one = &p->persons[session];

	p->counters.pending -= one->state == CALLS;
	p->counters.pending += state == CALLS;
	p->counters.up -= one->state == UP;
	p->counters.up += state == UP;
	if (p->counters.up > p->counters.most_up)
		p->counters.most_up = p->counters.up;
	one->state = state;
	if (state != UP)
		one->address_be = 0;
}

static void
wait(struct people *p, uint64_t now, uint32_t session)
{
	set_state(p, session, WAITS);
	cv_wheel_arm(&p->wheel, &p->alarms[session].timer, now + AGAIN_MS * CV_NS_PER_MS);
}

/* It is not up any more, or never was: it will call again, a little later. */
static void
ended(struct people *p, uint64_t now, uint32_t session)
{
	struct person *one = &p->persons[session];

	if (one->state == WAITS)
		return;
	if (one->state == CALLS)
		p->counters.failed++;
	else if (one->state == UP)
		p->counters.fell++;
	else
		p->counters.hung_up++;
	one->peer_session = 0;
	wait(p, now, session);
}

static void
tunnel_down(struct people *p, uint64_t now, uint32_t number, const struct l2tp_reason *reason)
{
	struct tunnel *t = &p->tunnel[number];
	uint32_t first = number * p->params.per_tunnel;

	if (!p->closing) {
		complain(p, "a tunnel ended", reason);
		p->counters.tunnels_failed += !t->up;
		p->counters.tunnels_fell += t->up;
	}
	t->up = false;
	t->dead = true;
	for (uint32_t i = 0; i < p->params.per_tunnel && first + i < p->n; i++)
		ended(p, now, first + i);
}

/* ---- events ---- */

static bool
call_in(struct people *p, uint64_t now, uint32_t session)
{
	return lac_call(p->tunnel[tunnel_of(p, session)].lac, now, session_id(p, session),
		       &p->ppp[session % p->params.users]) == 0;
}

/* Calls of those who waited for the tunnel. */
static void
tunnel_up(struct people *p, uint64_t now, uint32_t number)
{
	uint32_t first = number * p->params.per_tunnel;

	p->tunnel[number].up = true;
	p->counters.tunnels_up++;
	for (uint32_t i = 0; i < p->params.per_tunnel && first + i < p->n; i++)
		if (p->persons[first + i].state == CALLS && !call_in(p, now, first + i))
			ended(p, now, first + i);
}

static void
session_up(struct people *p, uint32_t session, const struct lac *lac, const struct ppp_ev_up *up)
{
	struct person *one = &p->persons[session];

	if (up->local_ip.family != CV_IPV4)
		return;
	if (one->state != UP) {
		one->ups++;
		p->counters.ups++;
		set_state(p, session, UP);
	}
	memcpy(&one->address_be, up->local_ip.bytes, sizeof(one->address_be));
	one->peer_session = lac_peer_session(lac, session_id(p, session));
	one->acfc = up->acfc;
	one->pfc = up->pfc;
}

static void
event(struct people *p, uint64_t now, uint32_t number, const struct dial_event *e)
{
	uint32_t session = number * p->params.per_tunnel + e->session - 1u;

	switch (e->type) {
	case DIAL_EV_TUNNEL_UP:
		tunnel_up(p, now, number);
		break;
	case DIAL_EV_UP:
		session_up(p, session, p->tunnel[number].lac, &e->up);
		break;
	case DIAL_EV_LINK_DOWN:
		if (p->persons[session].state == CALLS)
			snprintf(p->complaint, sizeof(p->complaint), "a call failed: %s",
				ppp_down_text(e->link));
		ended(p, now, session);
		break;
	case DIAL_EV_CALL_DOWN:
		if (p->persons[session].state != ENDS)
			complain(p, "a call ended", &e->reason);
		ended(p, now, session);
		break;
	case DIAL_EV_TUNNEL_DOWN:
		tunnel_down(p, now, number, &e->reason);
		break;
	case DIAL_EV_DONE:
		p->tunnel[number].done = true;
		break;
	case DIAL_EV_CALL_UP:
	case DIAL_EV_AUTH_DONE:
	case DIAL_EV_NETWORK_DOWN:
		break;
	}
}

/* All that a LAC has to tell. */
static void
hear(struct people *p, uint64_t now, uint32_t number)
{
	struct dial_event e;

	while (lac_poll_event(p->tunnel[number].lac, now, &e))
		event(p, now, number, &e);
}

/* ---- what is due ---- */

/* How many are due since `since`, of which `done` are. */
static uint64_t
due(double rate, uint64_t since, uint64_t now, uint64_t done)
{
	double all = (double)(now - since) / CV_NS_PER_S * rate;

	return all > (double)done ? (uint64_t)all - done : 0;
}

/* False: not now; a tunnel that ends has its ID as long as anything is left of it. */
static bool
call(struct people *p, uint64_t now, uint32_t session)
{
	uint32_t number = tunnel_of(p, session);
	struct tunnel *t = &p->tunnel[number];

	if ((t->lac != NULL && t->dead) || (t->lac == NULL && !dial(p, now, number)) ||
		(t->up && !call_in(p, now, session)))
		return false;
	set_state(p, session, CALLS);
	p->counters.calls++;
	list(p, number);
	return true;
}

static void
begin_calls(struct people *p, uint64_t now)
{
	uint64_t n =
		p->params.rate == 0 ? p->n_ready : due(p->params.rate, p->begun_at, now, p->called);

	for (unsigned i = 0; i < n && i < CALLS_A_ROUND && p->n_ready > 0 &&
			     p->counters.pending < p->params.window;
		i++) {
		uint32_t session = p->ready[p->ready_at];

		p->ready_at = (p->ready_at + 1) % p->n;
		p->n_ready--;
		p->called++;
		if (!call(p, now, session))
			wait(p, now, session);
	}
}

static void
hang_up(struct people *p, uint64_t now)
{
	uint64_t n = due(p->params.churn, p->churn_at, now, p->churned);

	if (n > CALLS_A_ROUND)
		n = CALLS_A_ROUND;
	for (uint32_t looked = 0; n > 0 && looked < p->n; looked++) {
		uint32_t session = p->next_churn;

		p->next_churn = (session + 1) % p->n;
		if (p->persons[session].state != UP)
			continue;
		set_state(p, session, ENDS);
		lac_hang_up(p->tunnel[tunnel_of(p, session)].lac, now, session_id(p, session));
		list(p, tunnel_of(p, session));
		p->churned++;
		n--;
	}
}

void
people_work(struct people *p, uint64_t now, bool churn)
{
	if (p->closing)
		return;
	if (p->begun_at == 0)
		p->begun_at = now;
	begin_calls(p, now);
	if (!churn || p->params.churn == 0)
		return;
	if (p->churn_at == 0)
		p->churn_at = now;
	hang_up(p, now);
}

/* ---- in and out ---- */

int
people_input(struct people *p, uint64_t now, uint32_t tunnel, const uint8_t *data, size_t len,
	uint32_t *session, struct cv_bytes *packet)
{
	struct lac *lac = p->tunnel[tunnel].lac;
	struct l2tp_header h = {0};
	int rc;

	if (lac == NULL)
		return CV_ERR_UNKNOWN;
	rc = lac_input(lac, now, data, len, packet);
	if (rc != DIAL_PACKET) {
		/* at once: the next datagram may be one that is only understood after it */
		hear(p, now, tunnel);
		list(p, tunnel);
		return rc;
	}
	l2tp_header_parse(data, len, &h);
	*session = tunnel * p->params.per_tunnel + h.session_id - 1u;
	return rc;
}

static void
arm(struct people *p, uint32_t number)
{
	struct tunnel *t = &p->tunnel[number];
	uint32_t first = number * p->params.per_tunnel;
	uint16_t id;

	while (lac_poll_touched(t->lac, &id)) {
		uint64_t at = lac_timeout_of(t->lac, id);
		struct alarm *alarm = &p->alarms[first + id - 1u];

		/* one that waits to call again has its own time */
		if (p->persons[first + id - 1u].state != WAITS)
			cv_wheel_arm(&p->wheel, &alarm->timer, at);
	}
	cv_wheel_arm(&p->wheel, &t->alarm.timer, lac_timeout_of(t->lac, 0));
}

/* Nothing more of a tunnel: it may be dialled anew. */
static void
bury(struct people *p, uint32_t number)
{
	struct tunnel *t = &p->tunnel[number];

	p->counters.retransmits += retransmits_of(t->lac);
	cv_wheel_cancel(&p->wheel, &t->alarm.timer);
	lac_free(t->lac);
	t->lac = NULL;
}

int
people_poll_output(struct people *p, uint64_t now, uint32_t *tunnel, void *buf, size_t capacity)
{
	while (p->first != NOBODY) {
		struct tunnel *t = &p->tunnel[p->first];
		int len = 0;

		if (t->lac != NULL) {
			hear(p, now, p->first);
			len = lac_poll_output(t->lac, now, buf, capacity);
		}
		if (len > 0) {
			*tunnel = p->first;
			return len;
		}
		if (t->lac != NULL)
			arm(p, p->first);
		if (t->lac != NULL && t->done)
			bury(p, p->first);
		t->listed = false;
		p->first = t->next;
	}
	p->last = NOBODY;
	return 0;
}

uint64_t
people_next_timeout(const struct people *p)
{
	return p->first != NOBODY ? 0 : cv_wheel_next(&p->wheel);
}

void
people_handle_timeout(struct people *p, uint64_t now)
{
	struct cv_timer *timer;

	while ((timer = cv_wheel_pop(&p->wheel, now)) != NULL) {
		struct alarm *alarm = (struct alarm *)timer;
		uint32_t number = alarm->tunnel ? alarm->number : tunnel_of(p, alarm->number);

		if (!alarm->tunnel && p->persons[alarm->number].state == WAITS) {
			p->ready[(p->ready_at + p->n_ready++) % p->n] = alarm->number;
			continue;
		}
		if (p->tunnel[number].lac == NULL)
			continue;
		lac_handle_timeout(p->tunnel[number].lac, now,
			alarm->tunnel ? 0 : session_id(p, alarm->number));
		list(p, number);
	}
}

void
people_close(struct people *p, uint64_t now)
{
	static const struct l2tp_reason over = {.result = L2TP_STOPCCN_CLEAR};

	p->closing = true;
	for (uint32_t t = 0; t < p->tunnels; t++) {
		if (p->tunnel[t].lac == NULL)
			continue;
		lac_close(p->tunnel[t].lac, now, &over);
		list(p, t);
	}
}

bool
people_gone(const struct people *p)
{
	for (uint32_t t = 0; t < p->tunnels; t++)
		if (p->tunnel[t].lac != NULL)
			return false;
	return true;
}
