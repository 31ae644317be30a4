/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Classes of addresses: two addresses are of one class where the same filters have both among
 * their gateways. A session's class lies in its lines, and each filter says by a bit of which
 * classes its gateways are. So what 10,000 gateways cost a packet is one bit.
 *
 * They are numbered anew when a filter with gateways comes, changes or goes, later and not at once:
 * many filters come together. A class has its generation's number in it, and so has what a filter
 * says of classes: while the two differ, the ranges themselves are searched (worker/policy.c).
 */
#include <stdlib.h>

#include "datapath/internal.h"

enum {
	SESSIONS_A_ROUND = 16384, /* slots that are looked at for their new class */
	SETS = 4 * DP_CLASSES,    /* places of the table of sets; a power of two */
};

/* From first on, up to the next one's. */
struct interval {
	uint32_t first;
	uint16_t class;
};

struct dp_classes {
	struct interval *intervals; /* NULL: nobody is anybody's gateway */
	uint32_t count;
	uint16_t generation; /* 0: none yet */
	bool dirty;          /* to be numbered anew */
	uint32_t slot;       /* sessions from here on have the class of before; DP_NO_SLOT: none */
};

/* Where a filter's range begins or, `ends`, ends. */
struct edge {
	uint64_t at;
	uint16_t filter;
	bool ends;
};

/* What is known on the way through all edges, in the order of addresses. */
struct sweep {
	struct dp *dp;
	struct dp_reach **reach; /* by filter */
	uint16_t *active;        /* filters whose range it is */
	uint32_t *place;         /* of a filter in it */
	uint32_t active_count;
	uint64_t set; /* a keyed sum over them: equal where they are */
	uint16_t next_class;
	struct {
		uint64_t set; /* 0: free */
		uint16_t class;
	} sets[SETS];
};

int
dp_classes_create(struct dp *dp)
{
	dp->classes = calloc(1, sizeof(*dp->classes));
	if (dp->classes == NULL)
		return CV_ERR_NOMEM;
	dp->classes->slot = DP_NO_SLOT;
	return 0;
}

void
dp_classes_destroy(struct dp *dp)
{
	if (dp->classes != NULL)
		free(dp->classes->intervals);
	free(dp->classes);
	dp->classes = NULL;
}

void
dp_classes_changed(struct dp *dp)
{
	dp->classes->dirty = true;
}

bool
dp_classes_pending(const struct dp *dp)
{
	return dp->classes->dirty || dp->classes->slot != DP_NO_SLOT;
}

uint16_t
dp_class_of(const struct dp *dp, uint32_t ip_be)
{
	const struct dp_classes *c = dp->classes;
	uint32_t ip = wire_swap32(ip_be), low = 0, high = c->count;

	if (c->intervals == NULL)
		return DP_CLASS_UNKNOWN;
	/* the last one that begins at or before it: the first begins at 0 */
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		*(c->intervals[middle].first <= ip ? &low : &high) = middle;
	}
	return c->intervals[low].class;
}

static int
by_address(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* Of all filters' ranges; NULL with *count 0: there are none, or no memory. */
static struct edge *
collect_edges(const struct dp *dp, uint32_t *count)
{
	uint32_t n = 0;
	struct edge *edges;

	for (uint32_t f = 0; f < DP_IDS_OF_A_KIND; f++)
		if (dp->filters[f] != NULL)
			n += 2 * dp->filters[f]->range_count;
	*count = 0;
	edges = n == 0 ? NULL : calloc(n, sizeof(*edges));
	if (edges == NULL)
		return NULL;
	for (uint32_t f = 0; f < DP_IDS_OF_A_KIND; f++)
		for (unsigned i = 0; dp->filters[f] != NULL && i < dp->filters[f]->range_count;
			i++) {
			const struct dp_range *r = &dp->filters[f]->ranges[i];

			edges[(*count)++] = (struct edge){r->first, (uint16_t)f, false};
			edges[(*count)++] = (struct edge){(uint64_t)r->last + 1, (uint16_t)f, true};
		}
	qsort(edges, n, sizeof(*edges), by_address);
	return edges;
}

static void
pass(struct sweep *s, const struct edge *e)
{
	uint64_t key = (e->filter + s->dp->slot_seed) * UINT64_C(0x9e3779b97f4a7c15);

	key = (key ^ key >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
	key ^= key >> 32;
	if (!e->ends) {
		s->place[e->filter] = s->active_count;
		s->active[s->active_count++] = e->filter;
		s->set += key;
		return;
	}
	s->active[s->place[e->filter]] = s->active[--s->active_count];
	s->place[s->active[s->place[e->filter]]] = s->place[e->filter];
	s->set -= key;
}

/* The class of those that are active now; DP_CLASS_UNKNOWN: there are too many. */
static uint16_t
class_of_set(struct sweep *s, uint16_t generation)
{
	uint32_t at = (uint32_t)s->set & (SETS - 1);

	if (s->active_count == 0)
		return generation;
	while (s->sets[at].set != 0 && s->sets[at].set != s->set)
		at = (at + 1) & (SETS - 1);
	if (s->sets[at].set == s->set)
		return s->sets[at].class;
	if (s->next_class == DP_CLASSES)
		return DP_CLASS_UNKNOWN;
	s->sets[at].set = s->set;
	s->sets[at].class = generation | s->next_class;
	for (uint32_t i = 0; i < s->active_count; i++)
		s->reach[s->active[i]]->bits[s->next_class / 64] |= UINT64_C(1)
								    << s->next_class % 64;
	s->next_class++;
	return s->sets[at].class;
}

static void
sweep_free(struct sweep *s)
{
	if (s == NULL)
		return;
	for (uint32_t f = 0; s->reach != NULL && f < DP_IDS_OF_A_KIND; f++)
		dp_shared_free(s->dp, s->reach[f]);
	free(s->reach);
	free(s->active);
	free(s->place);
	free(s);
}

static struct sweep *
sweep_new(struct dp *dp, uint16_t generation)
{
	struct sweep *s = calloc(1, sizeof(*s));
	bool complete;

	if (s == NULL)
		return NULL;
	s->dp = dp;
	s->next_class = 1;
	s->reach = calloc(DP_IDS_OF_A_KIND, sizeof(s->reach[0]));
	s->active = calloc(DP_IDS_OF_A_KIND, sizeof(s->active[0]));
	s->place = calloc(DP_IDS_OF_A_KIND, sizeof(s->place[0]));
	complete = s->reach != NULL && s->active != NULL && s->place != NULL;
	for (uint32_t f = 0; complete && f < DP_IDS_OF_A_KIND; f++) {
		if (dp->filters[f] == NULL || dp->filters[f]->range_count == 0)
			continue;
		s->reach[f] = dp_shared_new(dp, sizeof(*s->reach[f]));
		if (s->reach[f] == NULL)
			complete = false;
		else
			s->reach[f]->generation = generation;
	}
	if (complete)
		return s;
	sweep_free(s);
	return NULL;
}

/* What each filter says of classes, in place of what it said. */
static void
publish(struct sweep *s)
{
	for (uint32_t f = 0; f < DP_IDS_OF_A_KIND; f++) {
		struct dp_reach *old;

		if (s->reach[f] == NULL)
			continue;
		old = s->dp->filters[f]->reach;
		__atomic_store_n(&s->dp->filters[f]->reach, s->reach[f], __ATOMIC_RELEASE);
		dp_grace_free(s->dp, old);
		s->reach[f] = NULL;
	}
}

/* All anew. Without memory it stays as it is: classes of before, which nobody believes. */
static void
number(struct dp *dp)
{
	struct dp_classes *c = dp->classes;
	uint16_t generation = (uint16_t)(c->generation + DP_CLASSES);
	uint32_t edge_count, count = 0;
	struct edge *edges = collect_edges(dp, &edge_count);
	struct interval *intervals = NULL;
	struct sweep *s = NULL;

	if (generation == 0)
		generation = DP_CLASSES;
	if (edges != NULL) {
		intervals = calloc((size_t)edge_count + 1, sizeof(*intervals));
		s = sweep_new(dp, generation);
	}
	if (intervals != NULL && s != NULL) {
		intervals[count++] = (struct interval){0, generation};
		for (uint32_t i = 0; i < edge_count;) {
			uint64_t at = edges[i].at;

			while (i < edge_count && edges[i].at == at)
				pass(s, &edges[i++]);
			if (at > UINT32_MAX)
				break;
			if (at == 0)
				count = 0;
			intervals[count++] =
				(struct interval){(uint32_t)at, class_of_set(s, generation)};
		}
		publish(s);
	} else {
		free(intervals);
		intervals = NULL;
	}
	sweep_free(s);
	free(edges);
	free(c->intervals);
	c->intervals = intervals;
	c->count = count;
	c->generation = generation;
	c->slot = 0;
	c->dirty = false;
}

void
dp_classes_poll(struct dp *dp)
{
	struct dp_classes *c = dp->classes;
	uint32_t end;

	if (c->dirty)
		number(dp);
	if (c->slot == DP_NO_SLOT)
		return;
	end = dp->slot_mask - c->slot < SESSIONS_A_ROUND ? dp->slot_mask + 1
							 : c->slot + SESSIONS_A_ROUND;
	for (; c->slot < end; c->slot++)
		dp_session_new_class(dp, c->slot);
	if (c->slot > dp->slot_mask)
		c->slot = DP_NO_SLOT;
}
