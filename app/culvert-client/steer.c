/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * strongSwan asks for another way in an exchange that it repeats; after 27 s without an answer it
 * gives the SA up, and so the wish is taken back before. ESP that comes proves the direct way. Who
 * hears none asks by IKE, soon where something was sent, seldom where nothing was.
 */
#include "steer.h"

#include "base/time.h"

#define TRIED_NS (15 * CV_NS_PER_S)
#define IDLE_NS (30 * CV_NS_PER_S)
#define INTERVAL_LEAST_NS (CV_NS_PER_S / 2)
#define INTERVAL_MOST_NS (5 * CV_NS_PER_S)

enum {
	SETTLE = 2, /* intervals after a move, until what came the other way is counted */
	IN_VAIN = 3,
};

uint64_t
steer_interval(const struct steer *s)
{
	uint64_t interval = s->dead_ns / 6;

	if (interval < INTERVAL_LEAST_NS)
		return INTERVAL_LEAST_NS;
	return interval < INTERVAL_MOST_NS ? interval : INTERVAL_MOST_NS;
}

static void
enter(struct steer *s, enum steer_state state, uint64_t now)
{
	s->state = state;
	s->since_ns = s->heard_ns = now;
	s->asked_ns = 0;
	s->counted = s->proved = s->unanswered = false;
	s->in_vain = 0;
}

void
steer_try(struct steer *s, uint64_t now)
{
	if (s->state == STEER_RELAY)
		enter(s, STEER_TRYING, now);
}

void
steer_back(struct steer *s, uint64_t now)
{
	enter(s, STEER_RELAY, now);
}

static enum steer_advice
back(struct steer *s, const char *why)
{
	s->why = why;
	return STEER_BACK;
}

enum steer_advice
steer_sa(struct steer *s, uint64_t now, bool direct)
{
	if (s->state == STEER_TRYING && direct)
		enter(s, STEER_DIRECT, now);
	if (s->state == STEER_DIRECT && !direct)
		return back(s, "strongSwan has left it");
	return STEER_STAY;
}

static void
count(struct steer *s, uint64_t now, uint64_t bytes_in, uint64_t bytes_out)
{
	/* an SA that was replaced counts from 0 */
	bool settled = now - s->since_ns >= SETTLE * steer_interval(s);
	bool came = s->counted && bytes_in > s->bytes_in;
	bool went = s->counted && bytes_out > s->bytes_out;

	s->bytes_in = bytes_in;
	s->bytes_out = bytes_out;
	s->counted = settled;
	if (came) {
		s->proved = true;
		s->unanswered = false;
		steer_answered(s, now);
	} else if (went) {
		s->unanswered = true;
		s->in_vain++;
	}
}

/* How long it may owe an answer. What has not proved itself has less credit. */
static uint64_t
answer_within(const struct steer *s)
{
	uint64_t most = s->dead_ns * 2 / 3;

	return s->proved ? most : cv_time_min(most, TRIED_NS);
}

enum steer_advice
steer_look(struct steer *s, uint64_t now, uint64_t bytes_in, uint64_t bytes_out)
{
	bool in_vain;
	uint64_t patience;

	if (s->state == STEER_TRYING && now - s->since_ns >= TRIED_NS)
		return back(s, "strongSwan does not move to it (has it charon.prefer_best_path, "
			       "and both ends mobike?)");
	if (s->state != STEER_DIRECT)
		return STEER_STAY;
	count(s, now, bytes_in, bytes_out);
	in_vain = !s->proved && s->in_vain >= IN_VAIN;
	if (in_vain && s->asked_ns == 0 && s->heard_ns > s->since_ns) {
		s->dark = true;
		return back(s, "no ESP comes by it (strongSwan: encap = yes has it in UDP)");
	}
	if (s->asked_ns != 0 && now - s->asked_ns >= answer_within(s))
		return back(s, "the gateway no longer answers there");
	patience = s->unanswered ? s->dead_ns / 3 : IDLE_NS;
	if (in_vain)
		patience = 0; /* whether it is ESP alone */
	if (now - s->heard_ns < patience)
		return STEER_STAY;
	if (s->asked_ns == 0)
		s->asked_ns = now;
	return STEER_ASK;
}

void
steer_answered(struct steer *s, uint64_t now)
{
	s->heard_ns = now;
	s->asked_ns = 0;
}

void
steer_network_changed(struct steer *s, uint64_t now)
{
	s->dark = false;
	if (s->state == STEER_DIRECT && s->asked_ns == 0) {
		s->heard_ns = 0;
		s->asked_ns = now;
	}
}
