/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Trees of cuts through a space of rules. A cut has boxes on both of its sides where it goes
 * through them, so that a tree may grow without measure: each part has a budget, and what would go
 * beyond it stays one leaf, whose boxes are looked at one by one. Where that happens to all of them
 * together, as to those that name ports of the one side or the other and nothing else, those that
 * are narrow in the same dimensions get trees of their own.
 */
#include <stdlib.h>
#include <string.h>

#include "datapath/table/cuts.h"

enum {
	LEAF = 3,          /* boxes that are not cut further */
	GOOD_LEAF = 16,    /* no more in a leaf: one tree does */
	BOXES_A_SPACE = 3, /* the budget */
	BOXES_MORE = 64,   /* of small lists */
	DEPTH = 48,        /* of a tree, at most */
	SAMPLE = 64,       /* boxes by whose ends a cut is chosen */
	FEW = 32,          /* boxes that are looked at in pairs */
	RANKED_DIMS = 4,   /* by which boxes are sorted into trees: addresses and ports */
	WIDE_PART = 16,    /* wide: beyond that part of all ends in its dimension */
	WIDE_ENDS = 8,
};

/* Some of the boxes in a part of the space. */
struct part {
	uint32_t *boxes;
	uint32_t n;
	struct dp_space cell;
	uint64_t budget;
	unsigned depth;
};

struct cut_choice {
	unsigned dim;
	uint64_t at;
	uint32_t below, above;
	uint64_t score;
};

static bool
grow(void **at, uint32_t *room, uint32_t wanted, size_t size)
{
	uint64_t more = (uint64_t)*room * 2 > wanted ? (uint64_t)*room * 2 : wanted;
	void *grown;

	if (wanted <= *room)
		return true;
	if (more > UINT32_MAX)
		return false;
	grown = realloc(*at, more * size);
	if (grown == NULL)
		return false;
	*at = grown;
	*room = (uint32_t)more;
	return true;
}

/* The first of n more cuts. */
static uint32_t
new_cuts(struct dp_trees_maker *m, uint32_t n)
{
	uint32_t first = m->cut_count;

	if (!grow((void **)&m->cuts, &m->cut_room, m->cut_count + n, sizeof(m->cuts[0]))) {
		m->failed = true;
		return 0;
	}
	m->cut_count += n;
	return first;
}

static bool
covers(const struct dp_space *outer, const struct dp_space *inner, const struct dp_space *cell)
{
	for (unsigned d = 0; d < DP_DIMS; d++) {
		uint64_t low = inner->low[d] > cell->low[d] ? inner->low[d] : cell->low[d];
		uint64_t high = inner->high[d] < cell->high[d] ? inner->high[d] : cell->high[d];

		if (outer->low[d] > low || outer->high[d] < high)
			return false;
	}
	return true;
}

/* Takes away what an earlier box hides wholly: any where they are few, else what stands behind one
 * that is as large as the part. */
static void
prune(const struct dp_space *spaces, struct part *p)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < p->n; i++) {
		const struct dp_space *s = &spaces[p->boxes[i]];
		bool hidden = false;

		for (uint32_t k = 0; p->n <= FEW && k < kept && !hidden; k++)
			hidden = covers(&spaces[p->boxes[k]], s, &p->cell);
		if (!hidden)
			p->boxes[kept++] = p->boxes[i];
		if (covers(s, &p->cell, &p->cell))
			break;
	}
	p->n = kept;
}

static int
by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Values at which a box of a sample begins, or where one has ended, inside the part. */
static uint32_t
ends_of(const struct dp_space *spaces, const struct part *p, unsigned d, uint64_t ends[2 * SAMPLE])
{
	uint32_t n = 0, sample = p->n < SAMPLE ? p->n : SAMPLE;

	for (uint32_t i = 0; i < sample; i++) {
		const struct dp_space *s =
			&spaces[p->boxes[(uint32_t)((uint64_t)i * p->n / sample)]];

		if (s->low[d] > p->cell.low[d])
			ends[n++] = s->low[d];
		if (s->high[d] < p->cell.high[d])
			ends[n++] = s->high[d] + 1;
	}
	qsort(ends, n, sizeof(ends[0]), by_value);
	return n;
}

/* Small where both sides are, together and the larger one. */
static void
weigh(const struct dp_space *spaces, const struct part *p, unsigned d, uint64_t at,
	struct cut_choice *best)
{
	struct cut_choice c = {.dim = d, .at = at};

	for (uint32_t i = 0; i < p->n; i++) {
		const struct dp_space *s = &spaces[p->boxes[i]];

		c.below += s->low[d] < at;
		c.above += s->high[d] >= at;
	}
	c.score = 2 * (uint64_t)(c.below > c.above ? c.below : c.above) +
		  (c.below + c.above - (p->n < c.below + c.above ? p->n : c.below + c.above));
	if (c.score < best->score)
		*best = c;
}

/* False: no cut is worth it. */
static bool
choose(const struct dp_space *spaces, const struct part *p, struct cut_choice *best)
{
	uint64_t ends[2 * SAMPLE];

	*best = (struct cut_choice){.score = 2 * (uint64_t)p->n};
	for (unsigned d = 0; d < DP_DIMS; d++) {
		uint32_t n = ends_of(spaces, p, d, ends);

		if (p->n > FEW && n > 4) {
			for (uint32_t quarter = 1; quarter < 4; quarter++)
				weigh(spaces, p, d, ends[n * quarter / 4], best);
			continue;
		}
		for (uint32_t i = 0; i < n; i++)
			if (i == 0 || ends[i] != ends[i - 1])
				weigh(spaces, p, d, ends[i], best);
	}
	return best->score < 2 * (uint64_t)p->n && (uint64_t)best->below + best->above <= p->budget;
}

static void
make_leaf(struct dp_trees_maker *m, uint32_t at, const struct part *p)
{
	if (!grow((void **)&m->boxes, &m->box_room, m->box_count + p->n, sizeof(m->boxes[0]))) {
		m->failed = true;
		return;
	}
	m->cuts[at] = (struct dp_cut){.at = p->n, .to = m->box_count, .dim = DP_DIMS};
	if (p->n != 0)
		memcpy(&m->boxes[m->box_count], p->boxes, p->n * sizeof(p->boxes[0]));
	m->box_count += p->n;
	if (p->n > m->worst)
		m->worst = p->n;
}

/* Makes node `at` of p, whose boxes it may change. */
static void
make_node(struct dp_trees_maker *m, const struct dp_space *spaces, uint32_t at, struct part *p)
{
	struct part below = {.depth = p->depth + 1}, above = below;
	struct cut_choice c;
	uint32_t to;

	prune(spaces, p);
	if (p->n <= LEAF || p->depth == DEPTH || !choose(spaces, p, &c)) {
		make_leaf(m, at, p);
		return;
	}
	to = new_cuts(m, 2);
	below.boxes = malloc((size_t)(c.below + c.above + 1) * sizeof(below.boxes[0]));
	if (m->failed || below.boxes == NULL) {
		m->failed = true;
		free(below.boxes);
		return;
	}
	m->cuts[at] = (struct dp_cut){.at = c.at, .to = to, .dim = c.dim};
	above.boxes = below.boxes + c.below;
	for (uint32_t i = 0; i < p->n; i++) {
		if (spaces[p->boxes[i]].low[c.dim] < c.at)
			below.boxes[below.n++] = p->boxes[i];
		if (spaces[p->boxes[i]].high[c.dim] >= c.at)
			above.boxes[above.n++] = p->boxes[i];
	}
	below.cell = above.cell = p->cell;
	below.cell.high[c.dim] = c.at - 1;
	above.cell.low[c.dim] = c.at;
	below.budget = p->budget * c.below / (c.below + c.above);
	above.budget = p->budget - below.budget;
	make_node(m, spaces, to, &below);
	if (!m->failed)
		make_node(m, spaces, to + 1, &above);
	free(below.boxes);
}

/* One more tree, over the boxes of a number of spaces, which are ascending. */
static void
make_tree(struct dp_trees_maker *m, const struct dp_space *spaces, uint32_t *boxes, uint32_t n,
	const struct dp_space *whole, struct dp_rules_trees *out)
{
	struct part p = {.boxes = boxes,
		.n = n,
		.cell = *whole,
		.budget = (uint64_t)BOXES_A_SPACE * n + BOXES_MORE};

	out->first[out->count] = spaces[boxes[0]].order;
	out->root[out->count] = new_cuts(m, 1);
	if (!m->failed)
		make_node(m, spaces, out->root[out->count], &p);
	out->count++;
}

/* Marks, by bits of kinds[], the boxes that are wide in a dimension. */
static bool
mark_wide(const struct dp_space *spaces, uint32_t n, const struct dp_space *whole, unsigned d,
	uint8_t *kinds)
{
	uint64_t *ends = malloc(2 * (size_t)n * sizeof(ends[0]));
	uint32_t count = 0, wide;

	if (ends == NULL)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		if (spaces[i].low[d] > whole->low[d])
			ends[count++] = spaces[i].low[d];
		if (spaces[i].high[d] < whole->high[d])
			ends[count++] = spaces[i].high[d] + 1;
	}
	qsort(ends, count, sizeof(ends[0]), by_value);
	wide = count / WIDE_PART > WIDE_ENDS ? count / WIDE_PART : WIDE_ENDS;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t inside[2]; /* ends up to the one and the other of the box */

		for (unsigned side = 0; side < 2; side++) {
			uint64_t value = side == 0 ? spaces[i].low[d] : spaces[i].high[d];
			uint32_t low = 0, high = count;

			while (low < high) {
				uint32_t middle = low + (high - low) / 2;

				if (ends[middle] <= value)
					low = middle + 1;
				else
					high = middle;
			}
			inside[side] = low;
		}
		if (inside[1] - inside[0] > wide)
			kinds[i] |= (uint8_t)(1U << d);
	}
	free(ends);
	return true;
}

/* A tree for each kind of them, which are wide in the same dimensions; few of them go together. */
static void
make_kinds(struct dp_trees_maker *m, const struct dp_space *spaces, uint32_t n,
	const struct dp_space *whole, uint8_t *kinds, uint32_t *boxes, struct dp_rules_trees *out)
{
	uint32_t counts[1 << RANKED_DIMS] = {0}, few = 0, count = 0;

	for (unsigned d = 0; d < RANKED_DIMS; d++)
		if (!mark_wide(spaces, n, whole, d, kinds))
			m->failed = true;
	for (uint32_t i = 0; i < n; i++)
		counts[kinds[i]]++;
	for (unsigned kind = 0; kind < 1U << RANKED_DIMS; kind++)
		few |= (uint32_t)(counts[kind] <= GOOD_LEAF) << kind;
	for (uint32_t i = 0; i < n; i++)
		if ((few >> kinds[i] & 1) != 0)
			boxes[count++] = i;
	if (count != 0 && !m->failed)
		make_tree(m, spaces, boxes, count, whole, out);
	for (unsigned kind = 0; kind < 1U << RANKED_DIMS && !m->failed; kind++) {
		if ((few >> kind & 1) != 0)
			continue;
		count = 0;
		for (uint32_t i = 0; i < n; i++)
			if (kinds[i] == kind)
				boxes[count++] = i;
		make_tree(m, spaces, boxes, count, whole, out);
	}
}

/* Those with the first rules first. */
static void
order(struct dp_rules_trees *out)
{
	for (uint32_t i = 1; i < out->count; i++)
		for (uint32_t k = i; k > 0 && out->first[k] < out->first[k - 1]; k--) {
			uint32_t first = out->first[k], root = out->root[k];

			out->first[k] = out->first[k - 1];
			out->root[k] = out->root[k - 1];
			out->first[k - 1] = first;
			out->root[k - 1] = root;
		}
}

void
dp_trees_make(struct dp_trees_maker *m, const struct dp_space *spaces, uint32_t n,
	const struct dp_space *whole, struct dp_rules_trees *out)
{
	uint32_t cuts = m->cut_count, boxes_before = m->box_count;
	uint32_t *boxes = malloc(((size_t)n + 1) * sizeof(boxes[0]));
	uint8_t *kinds = calloc((size_t)n + 1, 1);

	out->count = 0;
	m->worst = 0;
	if (boxes == NULL || kinds == NULL)
		m->failed = true;
	for (uint32_t i = 0; i < n && !m->failed; i++)
		boxes[i] = i;
	if (n != 0 && !m->failed)
		make_tree(m, spaces, boxes, n, whole, out);
	if (m->worst > GOOD_LEAF && !m->failed) {
		m->cut_count = cuts;
		m->box_count = boxes_before;
		out->count = 0;
		m->worst = 0;
		make_kinds(m, spaces, n, whole, kinds, boxes, out);
		order(out);
	}
	free(boxes);
	free(kinds);
}
