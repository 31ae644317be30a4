/* SPDX-License-Identifier: BSD-3-Clause */
#include "lanes.h"

#include <stdio.h>
#include <stdlib.h>

enum { TURNS = 3 };

static unsigned
rounds(void)
{
	static const unsigned all[] = {
		[BENCH_BRIEF] = 3, [BENCH_QUICK] = 900, [BENCH_WHOLE] = 6000};

	return all[bench_extent()];
}

static unsigned
warm_up(const struct scene *s)
{
	if (bench_extent() == BENCH_BRIEF)
		return 2;
	return s->population.sessions > 1000 ? 400 : 100;
}

void
lanes_add(struct lanes *l, const struct lane *lane)
{
	if (!bench_wanted(lane->name))
		return;
	if (l->n == MOST_LANES)
		abort();
	l->at[l->n++] = *lane;
}

static bool
is_dropped(const struct lane *lane)
{
	return lane->traffic.kind > TRAFFIC_ENCAP;
}

/* What goes wrong makes the figure mean nothing. dropped: for the lane's cause. What is among the
 * others may set off answers and questions. */
static int
check_turn(const struct scene *s, const struct lane *lane, uint64_t sent, uint64_t dropped)
{
	uint64_t among = sent / SCENE_ROUND * scene_among(&lane->traffic);

	if (among != 0 && s->relayed == sent - among && (lane->cause == NULL || dropped == among))
		return 0;
	if (is_dropped(lane) ? s->relayed == 0 && (lane->cause == NULL || dropped == sent)
			     : s->relayed == sent && s->others == 0)
		return 0;
	bench_progress("%s: of %llu packets %llu came out as they should and %llu did not",
		lane->name, (unsigned long long)sent, (unsigned long long)s->relayed,
		(unsigned long long)s->others);
	scene_tell_drops(s->dp);
	return -1;
}

static int
run_turn(struct scene *s, struct lane *lane, unsigned n)
{
	const char *cause = lane->cause == NULL ? "" : lane->cause;
	uint64_t before = scene_dropped(s->dp, cause);
	unsigned all = warm_up(s) + n;

	scene_hush(s); /* of what came before it */
	s->cold = lane->cold;
	s->check_sums = true;
	s->relayed = s->others = 0;
	for (unsigned i = 0; i < all; i++) {
		double cycles = scene_round(s, &lane->traffic, lane->way);

		if (i >= warm_up(s))
			bench_samples_put(&lane->samples, cycles);
	}
	return check_turn(
		s, lane, (uint64_t)all * SCENE_ROUND, scene_dropped(s->dp, cause) - before);
}

int
lanes_run(struct scene *s, struct lanes *l)
{
	unsigned each = rounds() / TURNS;

	for (unsigned i = 0; i < l->n; i++)
		if (bench_samples_new(&l->at[i].samples, (size_t)TURNS * each) != 0)
			return -1;
	for (unsigned turn = 0; turn < TURNS; turn++)
		for (unsigned i = 0; i < l->n; i++)
			if (run_turn(s, &l->at[i], each) != 0)
				return -1;
	for (unsigned i = 0; i < l->n; i++) {
		struct lane *lane = &l->at[i];
		struct bench_row row = {.frame_bytes = lane->traffic.frame,
			.sessions = lane->way == &scene_macswap ? 0 : s->population.sessions,
			.value = bench_quantile(&lane->samples, 0.5),
			.p10 = bench_quantile(&lane->samples, 0.1),
			.goal = lane->goal};

		snprintf(row.name, sizeof(row.name), "%s", lane->name);
		snprintf(row.limit_of, sizeof(row.limit_of), "%s",
			lane->limit_of == NULL ? "" : lane->limit_of);
		bench_add(&row);
		bench_samples_free(&lane->samples);
	}
	l->n = 0;
	return 0;
}

int
lanes_measure(struct lanes *l, const struct population *population, const char *what)
{
	static struct scene s;
	int rc;

	if (l->n == 0)
		return 0;
	bench_progress("%s", what);
	if (scene_create(&s, population) != 0)
		return -1;
	rc = lanes_run(&s, l);
	scene_destroy(&s);
	return rc;
}
