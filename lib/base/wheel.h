/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A hierarchical timer wheel: arming, cancelling and expiring cost a constant, whatever the
 * number of timers, so a million sessions can each hold one. Resolution is CV_WHEEL_TICK_NS; a
 * timer never fires early and at most one tick late. Timers are embedded in what they time.
 */
#ifndef CV_WHEEL_H
#define CV_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

enum { CV_WHEEL_LEVELS = 5, CV_WHEEL_SLOTS = 64 };
#define CV_WHEEL_TICK_NS (4 * CV_NS_PER_MS)

struct cv_timer {
	struct cv_timer *next;
	struct cv_timer **link; /* what points to this one; NULL: not armed */
	uint64_t tick;
	uint8_t level, slot;
};

struct cv_wheel {
	uint64_t now_tick;
	uint64_t busy[CV_WHEEL_LEVELS]; /* a bit a slot that holds timers */
	struct cv_timer *slots[CV_WHEEL_LEVELS][CV_WHEEL_SLOTS];
	struct cv_timer *due;
	uint32_t armed;
};

void cv_wheel_init(struct cv_wheel *w, uint64_t now);

static inline bool
cv_timer_armed(const struct cv_timer *t)
{
	return t->link != 0;
}

/* Arms (or moves) t to fire at `at`; CV_TIME_NEVER cancels it. */
void cv_wheel_arm(struct cv_wheel *w, struct cv_timer *t, uint64_t at);
void cv_wheel_cancel(struct cv_wheel *w, struct cv_timer *t);

/* The next timer that is due at now, no longer armed, or NULL when there is none left. */
struct cv_timer *cv_wheel_pop(struct cv_wheel *w, uint64_t now);

/* A time not later than the next expiry (it may be earlier, when pop finds nothing), or
 * CV_TIME_NEVER. */
uint64_t cv_wheel_next(const struct cv_wheel *w);

#endif
