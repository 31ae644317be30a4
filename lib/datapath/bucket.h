/* SPDX-License-Identifier: BSD-3-Clause */
/* A token bucket in TSC cycles: `rate` events a second, bursts of one second. */
#ifndef DP_BUCKET_H
#define DP_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct dp_bucket {
	uint64_t cost;  /* cycles a token */
	uint64_t level; /* cycles saved, at most one second's */
	uint64_t most;
	uint64_t at;
};

static inline void
dp_bucket_init(struct dp_bucket *b, uint32_t rate, uint64_t hz, uint64_t now)
{
	*b = (struct dp_bucket){.cost = hz / rate, .level = hz, .most = hz, .at = now};
}

static inline bool
dp_bucket_take(struct dp_bucket *b, uint64_t now)
{
	uint64_t level = b->level + (now - b->at);

	b->at = now;
	b->level = level > b->most ? b->most : level;
	if (b->level < b->cost)
		return false;
	b->level -= b->cost;
	return true;
}

#endif
