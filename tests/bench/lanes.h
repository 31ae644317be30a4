/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of cycles a packet that are measured in turns, so that what else goes on in the machine
 * meets all alike. */
#ifndef BENCH_LANES_H
#define BENCH_LANES_H

#include "bench.h"
#include "scene.h"

enum {
	MOST_LANES = 16,
	LANE_SMALL = 124, /* bytes of a frame */
	LANE_LARGE = 1400,
	LANE_SESSIONS = 60000, /* of mixes and floods */
};

/* One row while it is measured. */
struct lane {
	const char *name;
	struct traffic traffic;
	bool cold;
	const struct scene_way *way;
	double goal;
	const char *limit_of;
	const char *cause; /* all of it is dropped for this; NULL: not all, or none */
	struct bench_samples samples;
};

struct lanes {
	unsigned n;
	struct lane at[MOST_LANES];
};

/* Adds it, if its row is wanted. */
void lanes_add(struct lanes *l, const struct lane *lane);
/* Measures them and adds their rows: 0, or -1 after a message, when a packet did not fare as its
 * lane says. Leaves none. */
int lanes_run(struct scene *s, struct lanes *l);
/* The same in a scene of its own, which `what` names for people; without lanes nothing. */
int lanes_measure(struct lanes *l, const struct population *population, const char *what);

#endif
