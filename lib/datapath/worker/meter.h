/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A two-rate three-colour marker (RFC 2698 section 3.2, colour-blind) that any number of workers
 * share without a lock. A bucket is one word: the time at which it is full again. What is taken
 * moves that by what the bytes cost, so a bucket is exact whoever takes, and needs no refill; the
 * two of a meter are bound by nothing but that the committed one is asked second.
 */
#ifndef DP_METER_H
#define DP_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rate.h"

/* Times are in ticks, of which a cycle of the CPU's clock has 16. */
enum { DP_TICKS_SHIFT = 4, DP_METER_SHIFT = 20 };

struct dp_bucket {
	uint64_t full_at;  /* taken from by workers; 0: it is full */
	uint64_t per_byte; /* ticks << DP_METER_SHIFT; may change under traffic, as the next */
	uint64_t room;     /* ticks that a burst costs */
};

struct dp_meter {
	struct dp_bucket committed, peak; /* peak.per_byte 0: there is no limit */
};

enum dp_colour { DP_GREEN, DP_YELLOW, DP_RED };

/* rate: kbit a second of CV_RATE_MIN to CV_RATE_MAX, or 0; burst: bytes; hz: cycles a second. */
static inline void
dp_bucket_write(struct dp_bucket *b, uint32_t rate, uint32_t burst, uint64_t hz)
{
	uint64_t second = hz << DP_TICKS_SHIFT, bytes = (uint64_t)rate * 125;
	uint64_t per_byte = bytes == 0 ? 0 : (second << DP_METER_SHIFT) / bytes;
	uint64_t room = bytes == 0 ? 0 : burst / bytes * second + burst % bytes * second / bytes;

	__atomic_store_n(&b->room, room, __ATOMIC_RELAXED);
	__atomic_store_n(&b->per_byte, per_byte, __ATOMIC_RELAXED);
}

static inline void
dp_meter_write(struct dp_meter *m, const struct cv_rate *rate, uint64_t hz)
{
	bool limits = cv_rate_limits(rate);

	dp_bucket_write(&m->committed, limits ? rate->committed : 0, rate->committed_burst, hz);
	dp_bucket_write(&m->peak, limits ? rate->peak : 0, rate->peak_burst, hz);
}

/* false: it has not so many bytes, and nothing is taken. */
static inline bool
dp_bucket_take(struct dp_bucket *b, uint64_t now, unsigned bytes)
{
	uint64_t per_byte = __atomic_load_n(&b->per_byte, __ATOMIC_RELAXED);
	uint64_t room = __atomic_load_n(&b->room, __ATOMIC_RELAXED);
	uint64_t at = __atomic_load_n(&b->full_at, __ATOMIC_RELAXED), from;
	uint64_t cost = bytes * per_byte >> DP_METER_SHIFT;

	do {
		from = (int64_t)(at - now) > 0 ? at : now;
		if (from - now + cost > room)
			return false;
	} while (!__atomic_compare_exchange_n(
		&b->full_at, &at, from + cost, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return true;
}

static inline enum dp_colour
dp_meter_take(struct dp_meter *m, uint64_t now, unsigned bytes)
{
	if (__atomic_load_n(&m->peak.per_byte, __ATOMIC_RELAXED) == 0)
		return DP_GREEN;
	if (!dp_bucket_take(&m->peak, now, bytes))
		return DP_RED;
	return dp_bucket_take(&m->committed, now, bytes) ? DP_GREEN : DP_YELLOW;
}

#endif
