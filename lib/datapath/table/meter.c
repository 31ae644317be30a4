/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rates of sessions: what one has for itself, or else what its group says for each; and what
 * its group's sessions have together, which is in the group's table. A session for which any of it
 * says something has a block of meters and counters until it goes, and its lines say that they are
 * to be asked (DP_INGRESS_METER, DP_EGRESS_METER). Others have neither.
 */
#include <rte_cycles.h>

#include "datapath/host/memory.h"
#include "datapath/table/groups.h"

int
dp_meters_create(struct dp *dp)
{
	dp->meters = dp_table_new(dp, dp_slots(dp) * sizeof(dp->meters[0]));
	return dp->meters == NULL ? CV_ERR_NOMEM : 0;
}

void
dp_meters_destroy(struct dp *dp)
{
	size_t slots = dp_slots(dp);

	for (size_t i = 0; dp->meters != NULL && dp->metered != 0 && i < slots; i++)
		dp_meter_free(dp, (uint32_t)i);
	dp_table_free(dp, dp->meters, slots * sizeof(dp->meters[0]));
}

void
dp_meter_free(struct dp *dp, uint32_t slot)
{
	if (dp->meters[slot] == NULL)
		return;
	dp_shared_free(dp, dp->meters[slot]);
	dp->meters[slot] = NULL;
	dp->metered--;
}

/* Its block is there. */
static int
make(struct dp *dp, uint32_t slot)
{
	struct dp_metered *m;

	if (dp->meters[slot] != NULL)
		return 0;
	m = dp_shared_new(dp, sizeof(*m));
	if (m == NULL)
		return CV_ERR_NOMEM;
	__atomic_store_n(&dp->meters[slot], m, __ATOMIC_RELEASE);
	dp->metered++;
	return 0;
}

static bool
limits(const struct cv_rates *r)
{
	return cv_rate_limits(&r->in) || cv_rate_limits(&r->out);
}

bool
dp_group_limits(const struct dp_group *told)
{
	return limits(&told->each) || limits(&told->shared);
}

int
dp_meter_prepare(struct dp *dp, uint32_t slot, uint16_t group)
{
	const struct dp_group_table *g = dp->groups[group];

	return g != NULL && dp_group_limits(&g->told) ? make(dp, slot) : 0;
}

int
dp_meters_prepare(struct dp *dp, uint16_t group)
{
	for (uint32_t slot = 0; slot <= dp->slot_mask; slot++) {
		const struct dp_cold *c = &dp->cold[slot];

		if (c->installed && (c->told->open || c->told->open6) && c->told->group == group &&
			make(dp, slot) != 0)
			return CV_ERR_NOMEM;
	}
	return 0;
}

/* What it has for itself, or what its group says. */
static const struct cv_rate *
in_force(const struct cv_rate *own, const struct cv_rate *groups)
{
	return own->committed != 0 ? own : groups;
}

/* What was taken at a rate that was may take far longer to come back than a burst of the one that
 * is: then the bucket is empty, and no more. */
static void
settle(struct dp_bucket *b, uint64_t now)
{
	uint64_t at = __atomic_load_n(&b->full_at, __ATOMIC_RELAXED);

	while ((int64_t)(at - now) > (int64_t)b->room &&
		!__atomic_compare_exchange_n(
			&b->full_at, &at, now + b->room, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

static void
write_meter(struct dp_meter *m, const struct cv_rate *rate)
{
	uint64_t now = rte_rdtsc() << DP_TICKS_SHIFT;

	dp_meter_write(m, rate, rte_get_tsc_hz());
	if (!cv_rate_limits(rate))
		return; /* it may be back soon */
	settle(&m->committed, now);
	settle(&m->peak, now);
}

/* Its lines say whether they are to be asked. */
static void
mark(struct dp *dp, uint32_t slot, bool in, bool out)
{
	struct dp_ingress *i = &dp->ingress[slot];
	struct dp_egress *e = &dp->egress[slot];
	uint64_t word = (i->word & ~DP_INGRESS_METER) | (in ? DP_INGRESS_METER : 0);
	unsigned flags = (e->flags & ~(unsigned)DP_EGRESS_METER) | (out ? DP_EGRESS_METER : 0);

	if (word != i->word)
		__atomic_store_n(&i->word, word, __ATOMIC_RELEASE);
	if (flags != e->flags)
		__atomic_store_n(&e->flags, (uint8_t)flags, __ATOMIC_RELEASE);
}

void
dp_meter_write_session(struct dp *dp, uint32_t slot)
{
	static const struct dp_group nothing;
	const struct dp_group_table *g = dp->groups[dp->cold[slot].told->group];
	const struct dp_group *group = g == NULL ? &nothing : &g->told;
	struct dp_metered *m = dp->meters[slot];

	if (m == NULL) {
		mark(dp, slot, false, false);
		return;
	}
	m->in_force.in = *in_force(&m->own.in, &group->each.in);
	m->in_force.out = *in_force(&m->own.out, &group->each.out);
	write_meter(&m->meters[DP_IN], &m->in_force.in);
	write_meter(&m->meters[DP_OUT], &m->in_force.out);
	mark(dp, slot, cv_rate_limits(&m->in_force.in) || cv_rate_limits(&group->shared.in),
		cv_rate_limits(&m->in_force.out) || cv_rate_limits(&group->shared.out));
}

void
dp_group_meters(struct dp_group_table *t, const struct dp_group_table *before)
{
	/* what was taken is taken: another key of the group gives nobody a burst */
	for (unsigned i = 0; before != NULL && i < DP_DIRECTIONS; i++) {
		t->shared[i].committed.full_at =
			__atomic_load_n(&before->shared[i].committed.full_at, __ATOMIC_RELAXED);
		t->shared[i].peak.full_at =
			__atomic_load_n(&before->shared[i].peak.full_at, __ATOMIC_RELAXED);
	}
	write_meter(&t->shared[DP_IN], &t->told.shared.in);
	write_meter(&t->shared[DP_OUT], &t->told.shared.out);
}

int
dp_session_rates_set(struct dp *dp, uint32_t slot, const struct cv_rates *own)
{
	if (slot > dp->slot_mask || !dp->cold[slot].installed)
		return CV_ERR_UNKNOWN;
	if (own->in.committed == 0 && own->out.committed == 0 && dp->meters[slot] == NULL)
		return 0;
	if (make(dp, slot) != 0)
		return CV_ERR_NOMEM;
	dp->meters[slot]->own = *own;
	if ((dp->ingress[slot].word & (DP_INGRESS_OPEN4 | DP_INGRESS_OPEN6)) != 0)
		dp_meter_write_session(dp, slot);
	return 0;
}

int
dp_session_rates_get(const struct dp *dp, uint32_t slot, struct cv_rates *own)
{
	*own = (struct cv_rates){0};
	if (slot > dp->slot_mask || !dp->cold[slot].installed)
		return CV_ERR_UNKNOWN;
	if (dp->meters[slot] != NULL)
		*own = dp->meters[slot]->own;
	return 0;
}

bool
dp_session_rated(const struct dp *dp, uint32_t slot, struct dp_rated *out)
{
	const struct dp_metered *m = slot > dp->slot_mask ? NULL : dp->meters[slot];

	*out = (struct dp_rated){0};
	if (m == NULL)
		return false;
	out->rates = m->in_force;
	for (unsigned i = 0; i < DP_DIRECTIONS; i++) {
		struct dp_rate_counters *n = i == DP_IN ? &out->in : &out->out;

		n->yellow = __atomic_load_n(&m->counts[i].yellow, __ATOMIC_RELAXED);
		n->red = __atomic_load_n(&m->counts[i].red, __ATOMIC_RELAXED);
		n->shared_yellow = __atomic_load_n(&m->counts[i].shared_yellow, __ATOMIC_RELAXED);
		n->shared_red = __atomic_load_n(&m->counts[i].shared_red, __ATOMIC_RELAXED);
	}
	return true;
}
