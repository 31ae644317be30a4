/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What sessions' packets are counted in. A line that is touched for a number alone costs more than
 * all checks of a packet where sessions are many, so what arrives is counted in the line that it is
 * checked against: by the worker to which the session's first packet came, as mostly all do. What
 * comes to others, and what is sent, which any worker may do, is in tables of each worker.
 */
#ifndef DP_COUNT_H
#define DP_COUNT_H

#include "datapath/table/sessions.h"

/* The session becomes this worker's, if it is nobody's. */
static __rte_noinline bool
dp_count_own(const struct dp_worker *w, struct dp_received *r)
{
	uint8_t nobody = 0;

	return __atomic_compare_exchange_n(&r->owner, &nobody, (uint8_t)(w->index + 1), false,
		__ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* Who asks for it reads it meanwhile. */
static inline void
dp_count_up(uint64_t *n, uint64_t by)
{
	__atomic_store_n(n, __atomic_load_n(n, __ATOMIC_RELAXED) + by, __ATOMIC_RELAXED);
}

static inline void
dp_count(struct dp_counted *n, unsigned len)
{
	dp_count_up(&n->packets, 1);
	dp_count_up(&n->bytes, len);
}

static inline void
dp_count_received(struct dp_worker *w, uint32_t slot, unsigned len)
{
	struct dp_received *r = dp_received_of(w->dp, slot);

	if (likely(__atomic_load_n(&r->owner, __ATOMIC_RELAXED) == w->index + 1) ||
		dp_count_own(w, r))
		dp_count(&r->count, len);
	else
		dp_count(&w->received[slot], len);
}

static inline void
dp_count_sent(struct dp_worker *w, uint32_t slot, unsigned len)
{
	dp_count(&w->sent[slot], len);
}

#endif
