/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When a peer is dialled, and where: its addresses one after the other, each name's in turn; after
 * a round in vain a pause that doubles, with jitter, so that many who lost the same peer do not
 * come back at once.
 */
#include "lns/dial.h"

#include <stdio.h>
#include <string.h>

enum { IDLE_CHECKS = 4 }; /* in the time without traffic that ends a session */

void
lns_dial_set_state(struct lns *lns, struct lns_dial *d, uint64_t now, enum lns_dial_state state)
{
	d->state = state;
	d->since = now;
	d->rests_due = state == LNS_DIAL_RESTS;
	if (d->rests_due)
		lns_ready(lns, &d->object);
}

void
lns_dial_blame(struct lns_dial *d, const char *why)
{
	if (d->why[0] == '\0')
		snprintf(d->why, sizeof(d->why), "%s", why);
}

void
lns_dial_lost(struct lns *lns, struct lns_dial *d, const char *why)
{
	lns_dial_blame(d, why);
	d->lost = true;
	lns_ready(lns, &d->object);
}

/* ---- where ---- */

static bool
listener_for(struct lns *lns, struct lns_dial *d, enum cv_family family)
{
	const struct cfg *cfg = lns->cfg;

	for (size_t i = 0; i < cfg->n_listeners; i++) {
		if (cfg->listeners[i].ip.family != family ||
			(d->cfg->listener != UINT32_MAX && d->cfg->listener != i))
			continue;
		d->listener = cfg->listeners[i].id;
		return true;
	}
	return false;
}

static bool
is_ours(const struct lns *lns, const struct cv_ip *ip)
{
	for (size_t i = 0; i < lns->cfg->n_listeners; i++)
		if (cv_ip_equal(&lns->cfg->listeners[i].ip, ip))
			return true;
	return false;
}

static void
log_failed(struct lns *lns, const struct lns_dial *d)
{
	char at[CV_ENDPOINT_TEXT];

	lns_count(lns, LNS_DIAL_FAILED);
	cv_log_event(lns->log, CV_LOG_WARNING, "peer-failed", "peer=%s at=%s reason=\"%s\"",
		d->cfg->name, d->at.ip.family == 0 ? "-" : cv_endpoint_text(&d->at, at), d->why);
}

/* All were tried in vain, or what was up is over: once more after a while. */
static void
pause_for(struct lns *lns, struct lns_dial *d, uint64_t now)
{
	unsigned doublings = d->rounds < 6 ? d->rounds : 6;
	uint64_t most = cv_time_min(LNS_DIAL_FIRST_NS << doublings, LNS_DIAL_MOST_NS);
	uint64_t ms = most / CV_NS_PER_MS;
	uint64_t jitter = crypto_random_u32(lns->crypto) % ms;

	d->rounds++;
	lns_dial_set_state(lns, d, now, LNS_DIAL_PAUSES);
	d->next_at = cv_time_add(now, (ms / 2 + jitter) * CV_NS_PER_MS);
	cv_wheel_arm(&lns->wheel, &d->object.timer, d->next_at);
}

/* The next address; of a name they are asked for first. */
static void
try_next(struct lns *lns, struct lns_dial *d, uint64_t now)
{
	for (;;) {
		while (d->next_found < d->n_found) {
			d->at = (struct cv_endpoint){
				.ip = d->found[d->next_found++], .port = d->port};
			d->why[0] = '\0';
			/* DNS may say anything */
			if (!cfg_is_station(&d->at.ip))
				lns_dial_blame(d, "it is not the address of a host elsewhere");
			else if (!listener_for(lns, d, (enum cv_family)d->at.ip.family))
				lns_dial_blame(d, "no listener is of its family");
			else if (is_ours(lns, &d->at.ip))
				lns_dial_blame(d, "it is our own address");
			else if (lns_dial_open(lns, d, now))
				return;
			log_failed(lns, d);
		}
		d->n_found = d->next_found = 0;
		if (d->target >= d->cfg->n_to) {
			pause_for(lns, d, now);
			return;
		}
		d->port = d->cfg->to[d->target].at.port;
		if (d->cfg->to[d->target].name == NULL) {
			d->found[0] = d->cfg->to[d->target++].at.ip;
			d->n_found = 1;
			continue;
		}
		d->question++;
		d->resolve_due = true;
		lns_dial_set_state(lns, d, now, LNS_DIAL_RESOLVES);
		cv_wheel_arm(&lns->wheel, &d->object.timer, cv_time_add(now, LNS_DIAL_RESOLVE_NS));
		lns_ready(lns, &d->object);
		return;
	}
}

static void
begin(struct lns *lns, struct lns_dial *d, uint64_t now)
{
	struct lns_session *theirs = lns_dial_others(lns, d);

	d->target = d->n_found = d->next_found = 0;
	if (theirs == NULL) {
		try_next(lns, d, now);
		return;
	}
	lns_dial_take_session(lns, d, theirs); /* it has dialled itself */
	d->at = theirs->info.peer;
	lns_dial_up(lns, d, now);
}

/* ---- what it hears ---- */

static const struct cfg_target *
resolving(const struct lns_dial *d)
{
	return &d->cfg->to[d->target];
}

static void
resolved(struct lns *lns, struct lns_dial *d, uint64_t now, const struct cv_ip *ips, size_t n,
	const char *why)
{
	d->resolve_due = false;
	cv_wheel_cancel(&lns->wheel, &d->object.timer);
	d->n_found = n < LNS_DIAL_FOUND ? n : LNS_DIAL_FOUND;
	d->next_found = 0;
	if (d->n_found != 0)
		memcpy(d->found, ips, d->n_found * sizeof(ips[0]));
	if (d->n_found == 0) {
		d->at = (struct cv_endpoint){0};
		snprintf(d->why, sizeof(d->why), "%.100s: %s", resolving(d)->name, why);
		log_failed(lns, d);
	}
	d->target++;
	try_next(lns, d, now);
}

int
lns_dial_resolved(struct lns *lns, uint64_t now, uint16_t dial, uint32_t question,
	const struct cv_ip *ips, size_t n)
{
	struct lns_dial *d = dial < CV_DIAL_IDS ? lns->dials[dial] : NULL;

	if (d == NULL)
		return CV_ERR_UNKNOWN;
	if (d->state != LNS_DIAL_RESOLVES || d->question != question || lns->stopping)
		return CV_ERR_STATE;
	resolved(lns, d, now, ips, n, "it has no address");
	return 0;
}

void
lns_dial_up(struct lns *lns, struct lns_dial *d, uint64_t now)
{
	char at[CV_ENDPOINT_TEXT];
	const struct lns_session *s = d->session;

	if (d->state == LNS_DIAL_IS_UP)
		return;
	lns_dial_set_state(lns, d, now, LNS_DIAL_IS_UP);
	d->why[0] = '\0';
	d->packets = 0;
	d->moved_at = now;
	cv_endpoint_text(&d->at, at);
	if (s == NULL)
		cv_log_event(lns->log, CV_LOG_INFO, "peer-up", "peer=%s at=%s tunnel=%u",
			d->cfg->name, at, d->tunnel->id);
	else
		cv_log_event(lns->log, CV_LOG_INFO, "peer-up",
			"peer=%s at=%s tunnel=%u session=%u serial=%" LNS_PRI_SERIAL, d->cfg->name,
			at, s->info.tunnel_id, s->info.session_id, s->info.serial);
	if (d->cfg->idle_ns != 0)
		cv_wheel_arm(&lns->wheel, &d->object.timer,
			cv_time_add(now, d->cfg->idle_ns / IDLE_CHECKS));
	else
		cv_wheel_cancel(&lns->wheel, &d->object.timer);
}

int
lns_dial_heard(struct lns *lns, uint64_t now, uint64_t serial, uint64_t packets)
{
	struct lns_session *s = lns_session_of(lns, serial);
	struct lns_dial *d = s == NULL ? NULL : s->dial;

	if (d == NULL || d->state != LNS_DIAL_IS_UP)
		return CV_ERR_UNKNOWN;
	if (packets != d->packets) {
		d->packets = packets;
		d->moved_at = now;
	} else if (d->cfg->idle_ns != 0 && now - d->moved_at >= d->cfg->idle_ns) {
		d->idle = true;
		lns_dial_blame(d, ppp_down_text(PPP_DOWN_IDLE));
		lns_session_close(lns, s, now, PPP_DOWN_IDLE);
	}
	return 0;
}

/* What it had, or was to have, is over. */
static void
conclude(struct lns *lns, struct lns_dial *d, uint64_t now)
{
	bool was_up = d->state == LNS_DIAL_IS_UP, idle = d->idle;
	uint64_t up_for = now - d->since;

	d->lost = d->idle = d->heard_due = false;
	cv_wheel_cancel(&lns->wheel, &d->object.timer);
	lns_dial_let_go(lns, d, now, PPP_DOWN_LOCAL);
	if (!was_up) {
		log_failed(lns, d);
		try_next(lns, d, now);
		return;
	}
	cv_log_event(
		lns->log, CV_LOG_INFO, "peer-down", "peer=%s reason=\"%s\"", d->cfg->name, d->why);
	if (up_for >= LNS_DIAL_MOST_NS)
		d->rounds = 0;
	if (idle)
		lns_dial_set_state(lns, d, now, LNS_DIAL_RESTS);
	else
		pause_for(lns, d, now);
}

int
lns_dial_traffic(struct lns *lns, uint64_t now, uint16_t dial)
{
	struct lns_dial *d = dial < CV_DIAL_IDS ? lns->dials[dial] : NULL;

	if (d == NULL)
		return CV_ERR_UNKNOWN;
	if (d->state != LNS_DIAL_RESTS || lns->stopping || lns->drain.on)
		return CV_ERR_STATE;
	begin(lns, d, now);
	return 0;
}

/* Traffic that came meanwhile was of no use: it is to be told again. */
void
lns_dial_go_on(struct lns *lns, uint64_t now)
{
	for (size_t i = 0; i < CV_DIAL_IDS; i++) {
		struct lns_dial *d = lns->dials[i];

		if (d != NULL && d->state == LNS_DIAL_RESTS)
			lns_dial_set_state(lns, d, now, LNS_DIAL_RESTS);
		if (d == NULL || d->state != LNS_DIAL_PAUSES || d->next_at != 0)
			continue;
		d->next_at = now;
		cv_wheel_arm(&lns->wheel, &d->object.timer, now);
	}
}

void
lns_dial_timeout(struct lns *lns, struct lns_dial *d, uint64_t now)
{
	if (lns->stopping)
		return;
	switch (d->state) {
	case LNS_DIAL_PAUSES:
		/* at first it waits for nothing, later its traffic has to come again */
		if (d->cfg->start == CFG_START_ALWAYS && lns->drain.on)
			d->next_at = 0; /* lns_dial_go_on */
		else if (d->cfg->start == CFG_START_ALWAYS)
			begin(lns, d, now);
		else
			lns_dial_set_state(lns, d, now, LNS_DIAL_RESTS);
		break;
	case LNS_DIAL_RESOLVES:
		resolved(lns, d, now, NULL, 0, "nobody has answered for it");
		break;
	case LNS_DIAL_IS_UP:
		d->heard_due = !d->cfg->handed;
		if (d->cfg->handed && lns_hand_on_idle(d, now)) {
			d->idle = true;
			lns_dial_lost(lns, d, ppp_down_text(PPP_DOWN_IDLE));
			break;
		}
		cv_wheel_arm(&lns->wheel, &d->object.timer,
			cv_time_add(now, d->cfg->idle_ns / IDLE_CHECKS));
		lns_ready(lns, &d->object);
		break;
	case LNS_DIAL_RESTS:
	case LNS_DIAL_CONNECTS:
	case LNS_DIAL_CALLS:
	case LNS_DIAL_LINKS:
		break;
	}
}

bool
lns_dial_poll(struct lns *lns, struct lns_dial *d, uint64_t now, struct lns_action *action)
{
	if (lns->stopping)
		return false;
	if (d->lost)
		conclude(lns, d, now);
	if (d->state == LNS_DIAL_CALLS && d->session == NULL && !lns_dial_call(lns, d, now))
		conclude(lns, d, now);
	if (d->cfg->handed)
		lns_hand_on_serve(lns, d, now);
	if (d->resolve_due) {
		d->resolve_due = false;
		*action = (struct lns_action){.type = LNS_ACT_RESOLVE,
			.dial = {.id = d->id, .question = d->question, .name = resolving(d)->name}};
		return true;
	}
	if (d->rests_due) {
		d->rests_due = false;
		*action = (struct lns_action){.type = LNS_ACT_DIAL_RESTS, .dial = {.id = d->id}};
		return true;
	}
	if (d->heard_due && d->session != NULL) {
		d->heard_due = false;
		*action = (struct lns_action){.type = LNS_ACT_DIAL_HEARD,
			.session = &d->session->info,
			.dial = {.id = d->id}};
		return true;
	}
	return false;
}
