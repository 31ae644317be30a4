/* SPDX-License-Identifier: BSD-3-Clause */
/* Trees over the boxes of a list of rules, as they are made. */
#ifndef DP_CUTS_H
#define DP_CUTS_H

#include <stdbool.h>
#include <stdint.h>

#include "datapath/rules.h"

/* Where a rule holds, both ends included. */
struct dp_space {
	uint64_t low[DP_DIMS], high[DP_DIMS];
	uint32_t order;
	uint8_t says;
};

/* What trees are made into; boxes are numbers of spaces. */
struct dp_trees_maker {
	struct dp_cut *cuts;
	uint32_t cut_count, cut_room;
	uint32_t *boxes;
	uint32_t box_count, box_room;
	uint32_t worst; /* boxes in the largest leaf of the last tree */
	bool failed;    /* no memory */
};

/* Trees over spaces, which stand in the list's order, in the dimensions of `whole`. In all they
 * have at most some three boxes a space. */
void dp_trees_make(struct dp_trees_maker *m, const struct dp_space *spaces, uint32_t n,
	const struct dp_space *whole, struct dp_rules_trees *out);

#endif
