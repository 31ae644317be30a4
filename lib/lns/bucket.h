/* SPDX-License-Identifier: BSD-3-Clause */
/* A token bucket: `rate` events a second, bursts of one second. */
#ifndef LNS_BUCKET_H
#define LNS_BUCKET_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

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

static inline void
lns_bucket_fill(struct lns_bucket *b, uint64_t now)
{
	if (now > b->at) {
		uint64_t gained = now - b->at;

		b->level = gained > CV_NS_PER_S - b->level ? CV_NS_PER_S : b->level + gained;
		b->at = now;
	}
}

/* Takes one token; false when there is none. */
static inline bool
lns_bucket_take(struct lns_bucket *b, uint64_t now)
{
	uint64_t cost;

	if (b->rate == 0)
		return true;
	cost = CV_NS_PER_S / b->rate;
	lns_bucket_fill(b, now);
	if (b->level < cost)
		return false;
	b->level -= cost;
	return true;
}

enum {
	LNS_FAIR_SHARES = 1024, /* counters of who takes, by hash */
	LNS_FAIR_PART = 8,
};

/*
 * A bucket that strangers to each other take from. Its last eighth is for those who have had little
 * in this second: less than an eighth of all, or than half of who has had the most. So who takes as
 * many as there are gets all that nobody else asks for, and leaves the others what they need.
 */
struct lns_fair_bucket {
	struct lns_bucket all;
	uint64_t second;
	uint32_t most;
	uint32_t had[LNS_FAIR_SHARES];
};

static inline bool
lns_fair_take(struct lns_fair_bucket *f, uint64_t now, uint32_t hash)
{
	uint32_t *had = &f->had[hash % LNS_FAIR_SHARES];
	bool little;

	if (now / CV_NS_PER_S != f->second) {
		f->second = now / CV_NS_PER_S;
		f->most = 0;
		memset(f->had, 0, sizeof(f->had));
	}
	lns_bucket_fill(&f->all, now);
	little = *had <= f->all.rate / LNS_FAIR_PART || *had <= f->most / 2;
	if (!little && f->all.level < CV_NS_PER_S / LNS_FAIR_PART)
		return false;
	if (!lns_bucket_take(&f->all, now))
		return false;
	++*had;
	if (*had > f->most)
		f->most = *had;
	return true;
}

#endif
