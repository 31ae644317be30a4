/* SPDX-License-Identifier: BSD-3-Clause */
/* What happens to tunnels and sessions. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "culvert-load/people_private.h"

enum {
	RECEIVE_WINDOW = 128,
	AGAIN_MS = 200, /* before what has failed is tried once more */
};

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

void
people_list(struct people *p, uint32_t number)
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

/* Of the IDs that are a tunnel's own on its address, each after the other. */
static uint16_t
next_id(const struct people *p, uint32_t number)
{
	uint32_t first = number / p->params.addresses + 1, id = p->tunnel[number].id + p->places;

	return (uint16_t)(p->tunnel[number].id == 0 || id > UINT16_MAX ? first : id);
}

bool
people_dial(struct people *p, uint64_t now, uint32_t number)
{
	const struct people_params *o = &p->params;
	struct tunnel *t = &p->tunnel[number];
	struct lac_params params = {.calls = (uint16_t)o->per_tunnel};

	l2tp_params_default(&params.l2tp);
	params.l2tp.crypto = o->crypto;
	params.l2tp.host_name = "culvert-load";
	params.l2tp.secret = o->secret;
	params.l2tp.secret_len = o->secret_len;
	params.l2tp.local_tunnel_id = t->id = next_id(p, number);
	params.l2tp.receive_window = RECEIVE_WINDOW;
	params.l2tp.hello_ns = o->hello_ns;
	params.l2tp.setup_timeout_ns = o->setup_ns;
	t->lac = lac_new(&params, now);
	p->living += t->lac != NULL;
	t->up = t->dead = t->done = false;
	if (t->lac == NULL)
		return false;
	lac_start(t->lac, now);
	people_list(p, number);
	return true;
}

void
people_set_state(struct people *p, uint32_t session, enum state state)
{
	struct person *one = &p->persons[session];

	p->counters.pending -= one->state == CALLS;
	p->counters.pending += state == CALLS;
	p->counters.up -= one->state == UP;
	p->counters.up += state == UP;
	if (p->counters.up > p->counters.most_up)
		p->counters.most_up = p->counters.up;
	one->state = state;
	if (state != UP) {
		one->address_be = 0;
		one->stays = false;
	}
}

void
people_wait(struct people *p, uint64_t now, uint32_t session)
{
	people_set_state(p, session, WAITS);
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
	people_wait(p, now, session);
}

static void
tunnel_down(struct people *p, uint64_t now, uint32_t number, const struct l2tp_reason *reason)
{
	struct tunnel *t = &p->tunnel[number];
	uint32_t first = number * p->params.per_tunnel;

	uint64_t fell = p->counters.fell;

	for (uint32_t i = 0; i < p->params.per_tunnel && first + i < p->n; i++)
		ended(p, now, first + i);
	if (!p->closing) {
		complain(p, "a tunnel ended", reason);
		p->counters.tunnels_failed += !t->up;
		/* one that nobody was in may be ended */
		p->counters.tunnels_fell += t->up && p->counters.fell != fell;
	}
	t->up = false;
	t->dead = true;
}

/* ---- events ---- */

bool
people_call_in(struct people *p, uint64_t now, uint32_t session)
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
		if (p->persons[first + i].state == CALLS && !people_call_in(p, now, first + i))
			ended(p, now, first + i);
}

static void
session_up(struct people *p, uint32_t session, const struct lac *lac, const struct ppp_ev_up *up)
{
	struct person *one = &p->persons[session];

	if (up->local_ip.family != CV_IPV4)
		return;
	if (one->state != UP) {
		p->counters.ups++;
		people_set_state(p, session, UP);
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
		p->counters.unanswered -= p->tunnel[number].left;
		p->counters.answered += p->tunnel[number].left;
		p->tunnel[number].left = false;
		p->tunnel[number].done = true;
		break;
	case DIAL_EV_NETWORK_DOWN: /* it may come up again by itself */
		if (p->persons[session].state == UP) {
			p->counters.fell++;
			people_set_state(p, session, CALLS);
		}
		break;
	case DIAL_EV_CALL_UP:
	case DIAL_EV_AUTH_DONE:
		break;
	}
}

/* All that a LAC has to tell. */
void
people_hear(struct people *p, uint64_t now, uint32_t number)
{
	struct dial_event e;

	while (lac_poll_event(p->tunnel[number].lac, now, &e))
		event(p, now, number, &e);
}
