/* SPDX-License-Identifier: BSD-3-Clause */
/* A token bucket: `rate` events a second, bursts of one second. */
#ifndef LNS_BUCKET_H
#define LNS_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

struct lns_bucket {
	uint32_t rate;  /* events a second; 0: no limit */
	uint64_t level; /* nanoseconds' worth of unused tokens, at most one second */
	uint64_t at;
};

static inline void
lns_bucket_init(struct lns_bucket *b, uint32_t rate, uint64_t now)
{
	*b = (struct lns_bucket){.rate = rate, .level = CV_NS_PER_S, .at = now};
}

/* Takes one token; false when there is none. */
static inline bool
lns_bucket_take(struct lns_bucket *b, uint64_t now)
{
	uint64_t cost;

	if (b->rate == 0)
		return true;
	cost = CV_NS_PER_S / b->rate;
	if (now > b->at) {
		uint64_t gained = now - b->at;

		b->level = gained > CV_NS_PER_S - b->level ? CV_NS_PER_S : b->level + gained;
		b->at = now;
	}
	if (b->level < cost)
		return false;
	b->level -= cost;
	return true;
}

#endif
