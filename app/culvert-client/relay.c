/* SPDX-License-Identifier: BSD-3-Clause */
/* Which LNS is dialled, and when again. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "race.h"
#include "run.h"

#define AGAIN_FIRST_NS CV_NS_PER_S
#define AGAIN_MOST_NS (60 * CV_NS_PER_S)

/* Longer each time, up to a minute, and a quarter more or less, so that the clients of an LNS that
 * begins anew do not come all at once. Who is not let in has a minute at once: what is wrong is
 * wrong for longer, and others lock the account. */
static uint64_t
wait_ns(struct run *r, enum session_end end)
{
	uint64_t wait = AGAIN_FIRST_NS << (r->failures < 6 ? r->failures : 6);

	if (end == SESSION_NOT_ALLOWED || wait > AGAIN_MOST_NS)
		wait = AGAIN_MOST_NS;
	return wait * 3 / 4 + wait / 2 * (crypto_random_u32(r->crypto) & 0xffff) / 0x10000;
}

void
relay_later(struct run *r, enum session_end end)
{
	uint64_t wait = wait_ns(r, end);

	r->state = RUN_WAITING;
	r->patient = end == SESSION_NOT_ALLOWED;
	r->failures++;
	if (end != SESSION_NOT_ALLOWED && r->failures == 1 && r->n_lns > 1)
		wait = 0; /* another one may be well */
	cv_log_event(&r->log, CV_LOG_INFO, "wait", "connection=%s ms=%llu", r->c->name,
		(unsigned long long)(wait / CV_NS_PER_MS));
	run_timer(r->again, wait);
}

struct session *
relay_session(struct run *r, const struct cv_endpoint *lns, bool hold)
{
	struct session_params p = {.base = r->base,
		.crypto = r->crypto,
		.log = &r->log,
		.connection = r->c,
		.lns = *lns,
		.tun = r->tun.fd,
		.hold = hold,
		.mark = routes_meet(&r->routes, &lns->ip) ? r->routes.table : 0,
		.tell = way_tell,
		.ctx = r};
	char text[CV_ENDPOINT_TEXT];

	memcpy(p.id6, r->id6, sizeof(p.id6));
	r->dials++;
	cv_log_event(&r->log, CV_LOG_INFO, "dial", "connection=%s lns=%s", r->c->name,
		cv_endpoint_text(lns, text));
	return session_new(&p);
}

void
relay_note(struct run *r, const struct cv_endpoint *lns, const char *why)
{
	char text[CV_ENDPOINT_TEXT];

	cv_endpoint_text(lns, text);
	if (r->state == RUN_STOPPING)
		return;
	cv_log_event(&r->log, CV_LOG_WARNING, "relay-down", "connection=%s lns=%s reason=\"%s\"",
		r->c->name, text, why);
	snprintf(r->failure, sizeof(r->failure), "%s: %s", text, why);
	run_say(r, "%s", r->failure);
}

/* Nobody has let us in: again after a while, or that is the end of it, unless there is another way
 * that was not looked at yet. */
void
relay_failed(struct run *r, enum session_end end)
{
	if (r->state == RUN_STOPPING)
		return;
	if (r->once && !r->ready && seek_can_wait(r) && r->sought_ns == 0) {
		seek(r);
	} else if (r->once && !r->ready) {
		r->failed = true;
		run_stop(r);
	} else {
		relay_later(r, end);
	}
}

static bool
raced(struct run *r, const struct race_end *end)
{
	if (end->winner == NULL || r->state != RUN_DIALLING) {
		relay_failed(r, end->end);
		return false;
	}
	r->session = end->winner;
	r->session_done = false;
	r->at = end->lns;
	(void)session_call(r->session);
	return true;
}

void
relay_clear(struct run *r)
{
	session_free(r->session);
	session_free(r->better);
	race_free(r->race);
	r->session = r->better = NULL;
	r->race = NULL;
}

void
relay_start(struct run *r)
{
	relay_clear(r);
	r->state = RUN_DIALLING;
	r->race = race_new(r, r->n_lns, r->last, raced);
	if (r->race == NULL) {
		run_fail(r, "dial", strerror(errno));
		relay_later(r, SESSION_LOCAL);
	}
}

/* ---- back to a better one ---- */

/* A user has one session, so the one there is ends first. */
static bool
found_better(struct run *r, const struct race_end *end)
{
	if (end->winner == NULL || r->state != RUN_RELAY)
		return false;
	r->better = end->winner;
	r->better_at = end->lns;
	cv_log_event(&r->log, CV_LOG_INFO, "relay-better", "connection=%s", r->c->name);
	session_close(r->session);
	return true;
}

void
relay_take_better(struct run *r)
{
	session_free(r->session);
	r->session = r->better;
	r->better = NULL;
	r->at = r->better_at;
	r->session_done = false;
	r->state = RUN_DIALLING;
	if (!session_call(r->session))
		relay_start(r);
}

void
relay_look_for_better(struct run *r)
{
	if (r->state != RUN_RELAY || r->at == 0 || r->better != NULL)
		return;
	race_free(r->race);
	r->race = race_new(r, r->at, RACE_NOBODY, found_better);
}
