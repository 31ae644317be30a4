/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "culvert-load/load.h"

enum {
	CLOSE_MS = 3000,  /* without an answer to the last words */
	SETTLE_MS = 3000, /* for who has hung up to be back */
};

/* Until all are up; false: it took too long, or was stopped. */
static bool
come_up(struct load *l)
{
	uint64_t end = l->start + (uint64_t)(l->o->give_up * CV_NS_PER_S);

	while (!l->stop && l->now < end && people_counters(l->people)->up < l->o->people.sessions) {
		load_rest(l, load_round(l, false));
		report_progress(l, l->sides[0].found ? "dialling" : "looking for the LNS");
	}
	if (people_counters(l->people)->up < l->o->people.sessions)
		return false;
	l->up_at = l->now;
	return true;
}

static void
hold(struct load *l, double seconds)
{
	uint64_t end = l->now + (uint64_t)(seconds * CV_NS_PER_S);

	while (!l->stop && (seconds < 0 || l->now < end)) {
		load_rest(l, load_round(l, true));
		report_progress(l, "holding");
	}
}

/* Who has hung up has to come back: a server may have taken nobody any more. */
static void
settle(struct load *l)
{
	uint64_t end = l->now + SETTLE_MS * CV_NS_PER_MS;

	while (l->o->people.churn != 0 && l->now < end &&
		people_counters(l->people)->up < l->o->people.sessions) {
		load_rest(l, load_round(l, false));
		report_progress(l, "waiting for who hung up");
	}
}

static void
close_all(struct load *l)
{
	const struct people_counters *c = people_counters(l->people);
	uint64_t end = l->now + CLOSE_MS * CV_NS_PER_MS;
	uint32_t answered = 0;

	l->end = *c;
	people_close(l->people);
	while (l->now < end && !people_gone(l->people)) {
		load_rest(l, load_round(l, false));
		report_progress(l, "ending");
		if (c->answered != answered)
			end = l->now + CLOSE_MS * CV_NS_PER_MS;
		answered = c->answered;
	}
	l->end.answered = c->answered;
	l->end.unanswered = c->unanswered;
}

/* Why not all came up, for people. */
static void
explain(const struct load *l)
{
	const struct people_counters *c = people_counters(l->people);

	if (!l->sides[0].found || (l->n_ports == 2 && !l->sides[1].found)) {
		fprintf(stderr,
			"culvert-load: nobody answers ARP for %s; is the port %s the right one?\n",
			l->sides[0].found ? "--uplink-gateway" : "the LNS, or --gateway",
			l->ports[l->sides[0].found ? 1 : 0].device);
		return;
	}
	fprintf(stderr, "culvert-load: %u of %u sessions are up after %.1f s%s%s\n", c->up,
		l->o->people.sessions, (double)(l->now - l->start) / CV_NS_PER_S,
		people_complaint(l->people)[0] == '\0' ? "" : "; last ",
		people_complaint(l->people));
	if (l->strays != 0)
		fprintf(stderr,
			"culvert-load: %ju frames came that are no client's; does the LNS answer "
			"from "
			"another address or port?\n",
			(uintmax_t)l->strays);
}

int
load_run(struct load *l)
{
	struct trial t = {.pps = l->o->pps, .size = l->o->size, .seconds = l->o->seconds};
	bool data = false, up;

	load_round(l, false);
	l->start = l->now;
	up = come_up(l);
	if (!up) {
		report_progress(l, NULL);
		explain(l);
	}
	if (l->o->trials) {
		trials_run(l);
	} else if (up) {
		if (l->o->table)
			report_table(l);
		hold(l, l->o->hold);
		data = l->o->pps != 0;
		if (data)
			trial_run(l, &t);
	}
	if (up)
		settle(l);
	close_all(l);
	report_progress(l, NULL);
	if (l->end.unanswered != 0)
		fprintf(stderr, "culvert-load: %u tunnels got no answer to their goodbye\n",
			l->end.unanswered);
	up &= report_good(l, data ? &t : NULL);
	if (!l->o->trials && !l->o->table)
		report_end(l, data ? &t : NULL);
	return up ? EXIT_DONE : EXIT_LOAD;
}
