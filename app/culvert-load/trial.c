/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "culvert-load/load.h"

enum {
	LAST_MS = 300,    /* for what is on its way when sending has ended */
	GRACE_MS = 2,     /* for what was due just before the end, */
	GRACE_PART = 200, /* or this part of the time */
	LATE_PART = 100,  /* of a second's packets: what 10 ms have */
	LATE_LEAST = 64,
	LINE = 128,
	SECONDS_MAX = 7 * 24 * 3600,
};

/* It goes on until it is told to end. */
static bool
endless(const struct trial *t)
{
	return t->packets == 0 && t->seconds == 0;
}

static uint64_t
planned(const struct trial *t)
{
	if (endless(t))
		return UINT64_MAX;
	return t->packets != 0 ? t->packets : (uint64_t)(t->pps * t->seconds);
}

/* How many should have been sent by now, at a steady rate. */
static uint64_t
due(const struct trial *t, uint64_t since)
{
	double all = (double)since / CV_NS_PER_S * t->pps + 1; /* the first at once */

	return all < (double)t->planned ? (uint64_t)all : t->planned;
}

/* Until when packets are sent that were due before. */
static uint64_t
end_of(const struct trial *t, uint64_t begin)
{
	uint64_t time = (uint64_t)(t->seconds * CV_NS_PER_S), grace = time / GRACE_PART;

	if (t->packets != 0 || endless(t))
		return CV_TIME_NEVER;
	return begin + time + (grace > GRACE_MS * CV_NS_PER_MS ? grace : GRACE_MS * CV_NS_PER_MS);
}

/* So many may be late, and are sent at once. */
static uint64_t
late_most(const struct trial *t)
{
	return t->pps / LATE_PART < LATE_LEAST ? LATE_LEAST : t->pps / LATE_PART;
}

/* Who hangs up, or is hung up on, loses what was on its way, and that is nobody's fault. */
static uint64_t
lost_to_changes(const struct load *l)
{
	uint32_t n = l->o->people.sessions;
	uint64_t all = 0;

	for (uint32_t flow = 0; flow < l->data.n; flow++) {
		uint64_t lost = data_lost(&l->data, flow);

		if (lost != 0 &&
			(!people_person(l->people, flow % n)->stays ||
				(l->n_ports == 1 && !people_person(l->people, flow ^ 1)->stays)))
			all += lost;
	}
	return all;
}

/* What was due until the signal came is known now. */
static void
end_endless(struct load *l, struct trial *t, uint64_t tried)
{
	t->planned = tried;
	t->seconds = t->took_s;
	l->stop = false; /* the signal is spent; another one does not wait for what is on its way */
}

/*
 * What is late is sent as soon as it can be, but what was due some ms ago, or is not sent when the
 * time is over, is not sent at all: a generator that is too slow, or was not let run, must neither
 * look like a server that loses nothing, nor overrun one with what it has saved up.
 */
void
trial_run(struct load *l, struct trial *t)
{
	uint64_t begin, end, tried = 0, last;

	data_begin(&l->data);
	people_mark(l->people);
	t->planned = planned(t);
	t->missed = load_missed(l);
	load_round(l, true);
	last = begin = l->now;
	end = end_of(t, begin);
	while (!l->stop && tried < t->planned && l->now < end) {
		uint64_t wanted = t->packets != 0 ? t->planned : due(t, l->now - begin);
		unsigned n, made = 0;

		if (t->packets == 0 && wanted - tried > late_most(t))
			tried = wanted - late_most(t); /* these are not sent any more */
		n = wanted - tried < PORT_BURST ? (unsigned)(wanted - tried) : PORT_BURST;
		load_send(l, n, t->size, &made);
		tried += made;
		if (t->packets != 0 && made == 0)
			break; /* nobody can send */
		load_round(l, true);
		if (made > 0)
			last = l->now;
		report_progress(l, "data");
	}
	/* what was sent at the end of its time took all of it */
	t->took_s = (double)(last - begin) / CV_NS_PER_S;
	if (tried == t->planned && t->took_s < t->seconds)
		t->took_s = t->seconds;
	if (endless(t))
		end_endless(l, t, tried);
	for (end = l->now + LAST_MS * CV_NS_PER_MS; !l->stop && l->now < end;)
		load_rest(l, load_round(l, true));
	t->missed = load_missed(l) - t->missed;
	t->lost_to_changes = lost_to_changes(l);
	data_end(&l->data);
}

/* ---- commands ---- */

static void
complain(const char *what)
{
	printf("{\"event\": \"error\", \"what\": \"%s\"}\n", what);
	fflush(stdout);
}

/* A size by its word: bytes, or imix. */
static bool
read_size(const struct load *l, const char *word, unsigned *size)
{
	char *end;
	unsigned long n = strtoul(word, &end, 10);

	if (strcmp(word, "imix") == 0) {
		*size = IMIX;
		return l->o->people.mru >= IMIX_MOST;
	}
	*size = (unsigned)n;
	return word[0] != '\0' && *end == '\0' && n >= DATA_LEAST && n <= l->o->people.mru;
}

static void
command(struct load *l, const char *line)
{
	struct trial t = {0};
	unsigned long long packets;
	char word[16], more;
	bool burst;

	if (strchr(line, '-') != NULL) {
		complain("a number is below 0");
		return;
	}
	if (sscanf(line, "trial %u %lf %15s %c", &t.pps, &t.seconds, word, &more) == 3) {
		burst = false;
	} else if (sscanf(line, "burst %llu %15s %c", &packets, word, &more) == 2) {
		burst = true;
		t.packets = packets;
	} else {
		complain("not understood: trial PPS SECONDS SIZE, or burst PACKETS SIZE");
		return;
	}
	if (!read_size(l, word, &t.size))
		complain("SIZE is bytes of the IP packet inside, from 52 to the MRU, or imix");
	else if (!load_fits(l, t.size))
		complain("SIZE, with L2TP around it, is larger than a port's MTU");
	else if (burst ? t.packets == 0 : !(t.pps * t.seconds >= 1) || t.seconds > SECONDS_MAX)
		complain("a number is 0 or too large, or no packet is due in so little time");
	else {
		trial_run(l, &t);
		report_trial(l, &t, burst ? "burst" : "trial");
	}
}

/* A line of stdin as it comes, while all is held; false: it has ended. */
static bool
next_line(struct load *l, char line[LINE])
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	size_t len = 0;
	bool long_line = false;
	ssize_t n;
	char c;

	while (!l->stop) {
		load_rest(l, load_round(l, true));
		if (poll(&in, 1, 0) <= 0)
			continue;
		n = read(STDIN_FILENO, &c, 1);
		if (n == 0 || (n < 0 && errno != EINTR)) {
			line[len] = '\0'; /* the last line may have no end */
			return n == 0 && len > 0 && !long_line;
		}
		if (n < 0)
			continue;
		if (c == '\n') {
			line[long_line ? 0 : len] = '\0';
			return true;
		}
		long_line |= len == LINE - 1;
		if (!long_line)
			line[len++] = c;
	}
	return false;
}

void
trials_run(struct load *l)
{
	char line[LINE];

	report_up(l);
	while (next_line(l, line))
		command(l, line);
}
