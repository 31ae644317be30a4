/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How often something may happen: a token bucket, one that strangers share, and a rate in one word.
 * Clocks are the caller's, in whatever unit.
 */
#ifndef CV_BUCKET_H
#define CV_BUCKET_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* `rate` events a second, bursts of one second. */
struct cv_bucket {
	uint32_t rate;   /* 0: no limit */
	uint64_t second; /* in units of the clock */
	uint64_t level;  /* time's worth of unused tokens, at most one second */
	uint64_t at;
};

static inline void
cv_bucket_init(struct cv_bucket *b, uint32_t rate, uint64_t second, uint64_t now)
{
	*b = (struct cv_bucket){.rate = rate, .second = second, .level = second, .at = now};
}

static inline void
cv_bucket_fill(struct cv_bucket *b, uint64_t now)
{
	if (now > b->at) {
		uint64_t gained = now - b->at;

		b->level = gained > b->second - b->level ? b->second : b->level + gained;
		b->at = now;
	}
}

/* Takes one token; false when there is none. */
static inline bool
cv_bucket_take(struct cv_bucket *b, uint64_t now)
{
	uint64_t cost;

	if (b->rate == 0)
		return true;
	cost = b->second / b->rate;
	cv_bucket_fill(b, now);
	if (b->level < cost)
		return false;
	b->level -= cost;
	return true;
}

enum {
	CV_FAIR_SHARES = 1024, /* counters of who takes, by hash */
	CV_FAIR_PART = 8,
};

/*
 * A bucket that strangers to each other take from. Its last eighth is for those who have had little
 * in this second: less than an eighth of all, or than half of who has had the most. So who takes as
 * many as there are gets all that nobody else asks for, and leaves the others what they need.
 */
struct cv_fair_bucket {
	struct cv_bucket all;
	uint64_t turn; /* which second it is */
	uint32_t most;
	uint32_t took, highest; /* in this second; in any */
	uint32_t had[CV_FAIR_SHARES];
};

static inline bool
cv_fair_take(struct cv_fair_bucket *f, uint64_t now, uint32_t hash)
{
	uint32_t *had = &f->had[hash % CV_FAIR_SHARES];
	bool little;

	if (now / f->all.second != f->turn) {
		f->turn = now / f->all.second;
		f->most = f->took = 0;
		memset(f->had, 0, sizeof(f->had));
	}
	cv_bucket_fill(&f->all, now);
	little = *had <= f->all.rate / CV_FAIR_PART || *had <= f->most / 2;
	if (!little && f->all.level < f->all.second / CV_FAIR_PART)
		return false;
	if (!cv_bucket_take(&f->all, now))
		return false;
	++*had;
	if (*had > f->most)
		f->most = *had;
	if (++f->took > f->highest)
		f->highest = f->took;
	return true;
}

/*
 * A rate in one word, so that each session and each source can have its own: the time at which
 * its bucket will be full again, in ms of a clock which may wrap. 0 is a full one.
 * Takes one event that costs cost_ms out of a bucket that holds most_ms of them: so one each
 * cost_ms in the long run, most_ms / cost_ms at once. False: over the rate, nothing is taken.
 */
static inline bool
cv_limit_take(uint32_t *full_at, uint32_t now_ms, uint32_t cost_ms, uint32_t most_ms)
{
	uint32_t lacks = *full_at - now_ms;

	if (lacks > most_ms) /* full_at is past */
		lacks = 0;
	if (lacks + cost_ms > most_ms)
		return false;
	*full_at = now_ms + lacks + cost_ms;
	return true;
}

#endif
