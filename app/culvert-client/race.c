/* SPDX-License-Identifier: BSD-3-Clause */
#include "race.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define AHEAD_NS (300 * CV_NS_PER_MS) /* that each has before the next */

struct race {
	struct run *run;
	bool (*done)(struct run *r, const struct race_end *end);
	struct event *next; /* another one is dialled, or what is over is freed */
	unsigned count, last, begun, running;
	bool won, told;
	enum session_end end; /* of those that are out of it, the one that says most */
	struct session *of[RUN_LNS];
	bool over[RUN_LNS]; /* to be freed */
};

/* Who is not let in would not be by waiting a little; who is silent may be there next time. */
static enum session_end
worse(enum session_end a, enum session_end b)
{
	return a == SESSION_NOT_ALLOWED || b == SESSION_NOT_ALLOWED ? SESSION_NOT_ALLOWED : b;
}

static bool
finish(struct race *race, const struct race_end *end)
{
	if (race->told)
		return false;
	race->told = true;
	return race->done(race->run, end);
}

/* One is out of it. */
static void
leave(struct race *race, unsigned i, enum session_end end, const char *why)
{
	struct run *r = race->run;

	race->running--;
	race->end = worse(race->end, end);
	if (r->state != RUN_RELAY) /* that a better one is not there is no news */
		relay_note(r, &r->lns[i], why);
	if (race->won)
		return;
	run_timer(race->next, 0); /* the next one need not wait for its turn */
}

static void
begin(struct race *race, unsigned i)
{
	struct run *r = race->run;

	race->running++;
	race->of[i] = relay_session(r, &r->lns[i], true);
	if (race->of[i] == NULL)
		leave(race, i, SESSION_LOCAL, strerror(errno));
}

/* Whose turn is the nth. */
static unsigned
turn(const struct race *race, unsigned n)
{
	if (race->last >= race->count || n < race->last)
		return n;
	return n + 1 == race->count ? race->last : n + 1;
}

static void
on_next(evutil_socket_t fd, short what, void *ctx)
{
	struct race *race = ctx;

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < race->count; i++)
		if (race->over[i]) {
			session_free(race->of[i]);
			race->of[i] = NULL;
			race->over[i] = false;
		}
	if (race->won)
		return;
	if (race->begun < race->count) {
		begin(race, turn(race, race->begun++));
		if (race->begun < race->count && !event_pending(race->next, EV_TIMEOUT, NULL))
			run_timer(race->next, AHEAD_NS);
	} else if (race->running == 0) {
		(void)finish(race, &(struct race_end){.end = race->end});
	}
}

struct race *
race_new(struct run *r, unsigned count, unsigned last,
	bool (*done)(struct run *r, const struct race_end *end))
{
	struct race *race = calloc(1, sizeof(*race));

	if (race == NULL)
		return NULL;
	*race = (struct race){
		.run = r, .done = done, .count = count, .last = last, .end = SESSION_SILENT};
	race->next = evtimer_new(r->base, on_next, race);
	if (race->next == NULL) {
		free(race);
		errno = ENOMEM;
		return NULL;
	}
	run_timer(race->next, 0);
	return race;
}

/* The others are told that they are not needed. */
static void
win(struct race *race, unsigned i)
{
	struct race_end end = {.winner = race->of[i], .lns = i};

	race->won = true;
	if (finish(race, &end))
		race->of[i] = NULL;
	for (unsigned k = 0; k < race->count; k++)
		if (race->of[k] != NULL && !race->over[k])
			session_close(race->of[k]);
}

bool
race_hear(struct race *race, const struct session_event *e)
{
	unsigned i = 0;

	while (race != NULL && i < race->count && race->of[i] != e->session)
		i++;
	if (race == NULL || i == race->count)
		return false;
	switch (e->type) {
	case SESSION_PROVED:
		if (!race->won)
			win(race, i);
		break;
	case SESSION_DOWN:
		if (!race->won)
			leave(race, i, e->end, e->why);
		break;
	case SESSION_DONE:
		race->over[i] = true;
		event_active(race->next, EV_TIMEOUT, 0);
		break;
	case SESSION_UP:
	case SESSION_MTU:
		break;
	}
	return true;
}

void
race_free(struct race *race)
{
	if (race == NULL)
		return;
	for (unsigned i = 0; i < race->count; i++)
		session_free(race->of[i]);
	event_free(race->next);
	free(race);
}
