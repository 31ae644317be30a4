/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Times in classes whose width is a sixteenth of their power of two: a quantile is at most 6.25 %
 * too large. Fixed memory; any value fits.
 */
#ifndef LOAD_HISTOGRAM_H
#define LOAD_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_PARTS = 16, HISTOGRAM_CLASSES = 61 * HISTOGRAM_PARTS };

struct histogram {
	uint64_t n, min, max; /* of what was put in */
	uint64_t counts[HISTOGRAM_CLASSES];
};

static inline void
histogram_add(struct histogram *h, uint64_t value)
{
	unsigned power = 63u - (unsigned)__builtin_clzll(value | HISTOGRAM_PARTS);
	uint64_t class = (uint64_t)(power - 4) * HISTOGRAM_PARTS + (value >> (power - 4));

	/* below 16 each value has its own class */
	h->counts[class]++;
	h->min = h->n == 0 || value < h->min ? value : h->min;
	h->max = value > h->max ? value : h->max;
	h->n++;
}

/* The largest value of a class. */
static inline uint64_t
histogram_top(unsigned class)
{
	unsigned shift = class < 2 * HISTOGRAM_PARTS ? 0 : class / HISTOGRAM_PARTS - 1;
	uint64_t part =
		class < 2 * HISTOGRAM_PARTS ? class : class % HISTOGRAM_PARTS + HISTOGRAM_PARTS;

	return ((part + 1) << shift) - 1;
}

/* The value that a share (0 to 1) of what was put in does not exceed; 0: nothing was. */
static inline uint64_t
histogram_quantile(const struct histogram *h, double share)
{
	uint64_t rank = (uint64_t)(share * (double)h->n), seen = 0;

	for (unsigned i = 0; i < HISTOGRAM_CLASSES; i++) {
		uint64_t top = histogram_top(i);

		seen += h->counts[i];
		if (seen > 0 && seen >= rank)
			return top < h->max ? top : h->max;
	}
	return 0;
}

#endif
