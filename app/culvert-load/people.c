/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "culvert-load/people_private.h"
#include "l2tp/header.h"

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
	p->places = (p->tunnels + params->addresses - 1) / params->addresses;
	p->persons = calloc(p->n, sizeof(p->persons[0]));
	p->alarms = calloc(p->n, sizeof(p->alarms[0]));
	p->tunnel = calloc(p->tunnels, sizeof(p->tunnel[0]));
	p->ready = calloc(p->n, sizeof(p->ready[0]));
	p->ppp = calloc(params->users, sizeof(p->ppp[0]));
	p->user = calloc(params->users, sizeof(p->user[0]));
	p->first = p->last = NOBODY;
	if (p->persons == NULL || p->alarms == NULL || p->tunnel == NULL || p->ready == NULL ||
		p->ppp == NULL || p->user == NULL || p->places > UINT16_MAX) {
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

const struct person *
people_person(const struct people *p, uint32_t session)
{
	return &p->persons[session];
}

void
people_mark(struct people *p)
{
	for (uint32_t i = 0; i < p->n; i++)
		p->persons[i].stays = p->persons[i].state == UP;
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

/* ---- in and out ---- */

bool
people_find(const struct people *p, uint32_t address, uint16_t id, uint32_t *tunnel)
{
	uint64_t n;

	if (address >= p->params.addresses || id == 0)
		return false;
	n = (uint64_t)((id - 1u) % p->places) * p->params.addresses + address;
	*tunnel = (uint32_t)n;
	return n < p->tunnels && p->tunnel[n].id == id;
}

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
		people_hear(p, now, tunnel);
		people_list(p, tunnel);
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
	p->living--;
}

int
people_poll_output(struct people *p, uint64_t now, uint32_t *tunnel, void *buf, size_t capacity)
{
	while (p->first != NOBODY) {
		struct tunnel *t = &p->tunnel[p->first];
		int len = 0;

		if (t->lac != NULL) {
			people_hear(p, now, p->first);
			len = lac_poll_output(t->lac, now, buf, capacity);
		}
		if (len > 0) {
			*tunnel = p->first;
			return len;
		}
		if (t->lac != NULL)
			arm(p, p->first);
		/* a dead one has said what it had to say; should that be lost, who asks again hears
		 * nothing, as from a client that went away */
		if (t->lac != NULL && (t->done || (t->dead && !p->closing && has_ids(p))))
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
		people_list(p, number);
	}
}

void
people_close(struct people *p)
{
	p->closing = true;
}

bool
people_gone(const struct people *p)
{
	return p->living == 0;
}
