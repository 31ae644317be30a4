/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The timer wheel. Level 0 holds the next 64 ticks, each further level 64 times as much; a
 * timer moves one level down when its slot's turn comes. What lies beyond the last level waits
 * in the last level's farthest slot and is placed anew from there.
 */
#include "base/wheel.h"

#include <string.h>

enum { SLOT_BITS = 6 };

static uint64_t
tick_of(uint64_t at)
{
	return at / CV_WHEEL_TICK_NS + (at % CV_WHEEL_TICK_NS != 0);
}

void
cv_wheel_init(struct cv_wheel *w, uint64_t now)
{
	memset(w, 0, sizeof(*w));
	w->now_tick = now / CV_WHEEL_TICK_NS;
}

static void
push(struct cv_timer **head, struct cv_timer *t)
{
	t->next = *head;
	if (t->next != NULL)
		t->next->link = &t->next;
	t->link = head;
	*head = t;
}

static void
place(struct cv_wheel *w, struct cv_timer *t)
{
	uint64_t delta = t->tick - w->now_tick;
	uint64_t tick = t->tick;
	unsigned level = 0;

	if (t->tick <= w->now_tick) {
		t->level = CV_WHEEL_LEVELS;
		push(&w->due, t);
		return;
	}
	while (level < CV_WHEEL_LEVELS - 1 && delta >> (SLOT_BITS * (level + 1)) != 0)
		level++;
	if (delta >> (SLOT_BITS * CV_WHEEL_LEVELS) != 0)
		tick = w->now_tick + (UINT64_C(1) << (SLOT_BITS * CV_WHEEL_LEVELS)) - 1;
	t->level = (uint8_t)level;
	t->slot = (uint8_t)(tick >> (SLOT_BITS * level) & (CV_WHEEL_SLOTS - 1));
	push(&w->slots[level][t->slot], t);
	w->busy[level] |= UINT64_C(1) << t->slot;
}

static void
unlink_timer(struct cv_wheel *w, struct cv_timer *t)
{
	*t->link = t->next;
	if (t->next != NULL)
		t->next->link = t->link;
	t->link = NULL;
	if (t->level < CV_WHEEL_LEVELS && w->slots[t->level][t->slot] == NULL)
		w->busy[t->level] &= ~(UINT64_C(1) << t->slot);
}

void
cv_wheel_cancel(struct cv_wheel *w, struct cv_timer *t)
{
	if (!cv_timer_armed(t))
		return;
	unlink_timer(w, t);
	w->armed--;
}

void
cv_wheel_arm(struct cv_wheel *w, struct cv_timer *t, uint64_t at)
{
	uint64_t tick = at == CV_TIME_NEVER ? 0 : tick_of(at);

	if (at != CV_TIME_NEVER && cv_timer_armed(t) && t->tick == tick)
		return;
	cv_wheel_cancel(w, t);
	if (at == CV_TIME_NEVER)
		return;
	t->tick = tick;
	place(w, t);
	w->armed++;
}

/* Takes every timer out of a slot and places it anew: lower, or due. */
static void
cascade(struct cv_wheel *w, unsigned level, unsigned slot)
{
	struct cv_timer *t = w->slots[level][slot];

	w->slots[level][slot] = NULL;
	w->busy[level] &= ~(UINT64_C(1) << slot);
	while (t != NULL) {
		struct cv_timer *next = t->next;

		t->link = NULL;
		place(w, t);
		t = next;
	}
}

/* Ticks until the next slot of a level whose turn can bring something; 0 when it is empty. */
static uint64_t
ticks_to_busy(const struct cv_wheel *w, unsigned level)
{
	unsigned shift = SLOT_BITS * level;
	uint64_t turn = w->now_tick >> shift;
	unsigned at = (unsigned)((turn + 1) & (CV_WHEEL_SLOTS - 1));
	uint64_t busy = w->busy[level];

	if (busy == 0)
		return 0;
	if (at != 0)
		busy = busy >> at | busy << (CV_WHEEL_SLOTS - at);
	return ((turn + 1 + (uint64_t)__builtin_ctzll(busy)) << shift) - w->now_tick;
}

/* The next tick at which some slot has its turn, or CV_TIME_NEVER. */
static uint64_t
next_busy_tick(const struct cv_wheel *w)
{
	uint64_t best = CV_TIME_NEVER;

	for (unsigned level = 0; level < CV_WHEEL_LEVELS; level++) {
		uint64_t ticks = ticks_to_busy(w, level);

		if (ticks != 0)
			best = cv_time_min(best, w->now_tick + ticks);
	}
	return best;
}

struct cv_timer *
cv_wheel_pop(struct cv_wheel *w, uint64_t now)
{
	uint64_t goal = now / CV_WHEEL_TICK_NS;
	struct cv_timer *t;

	while (w->due == NULL && w->now_tick < goal) {
		uint64_t tick = next_busy_tick(w);

		if (tick > goal) {
			w->now_tick = goal;
			break;
		}
		w->now_tick = tick;
		for (unsigned level = CV_WHEEL_LEVELS; level-- > 0;) {
			unsigned shift = SLOT_BITS * level;

			if ((tick & ((UINT64_C(1) << shift) - 1)) == 0)
				cascade(w, level, (unsigned)(tick >> shift & (CV_WHEEL_SLOTS - 1)));
		}
	}
	t = w->due;
	if (t != NULL) {
		unlink_timer(w, t);
		w->armed--;
	}
	return t;
}

uint64_t
cv_wheel_next(const struct cv_wheel *w)
{
	uint64_t tick;

	if (w->due != NULL)
		return w->now_tick * CV_WHEEL_TICK_NS;
	tick = next_busy_tick(w);
	return tick == CV_TIME_NEVER ? CV_TIME_NEVER : tick * CV_WHEEL_TICK_NS;
}
