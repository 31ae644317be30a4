/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Classes of addresses: two addresses are of one class where the same filters have both among
 * their gateways. A session's class lies in its lines, and each filter says by a bit of which
 * classes its gateways are. So what 10,000 gateways cost a packet is one bit. IPv6 has classes of
 * its own, of /64s, as that is what a session's link has; one that is a gateway's in part has none.
 *
 * They are numbered anew when a filter with gateways comes, changes or goes, later and not at once:
 * many filters come together. A class has its generation's number in it, and so has what a filter
 * says of classes: while the two differ, the ranges themselves are searched (worker/policy.c).
 */
#include <stdlib.h>

#include "datapath/host/memory.h"
#include "datapath/table/groups.h"
#include "datapath/table/sessions.h"

enum {
	SESSIONS_A_ROUND = 16384, /* slots that are looked at for their new class */
	SETS = 4 * DP_CLASSES,    /* places of the table of sets; a power of two */
	FAMILIES = 2,             /* IPv4, IPv6 */
};

/* From first on, up to the next one's. IPv6: upper halves of addresses. */
struct interval {
	uint64_t first;
	uint16_t class;
};

/* Those of a family. */
struct space {
	struct interval *intervals; /* NULL: nobody is anybody's gateway */
	uint32_t count;
	uint16_t generation; /* 0: none yet */
	bool dirty;          /* to be numbered anew */
};

struct dp_classes {
	struct space spaces[FAMILIES];
	uint32_t slot; /* sessions from here on have the class of before; DP_NO_SLOT: none */
};

/* Where a filter's range begins or, `ends`, ends; or what is not clear, as it has longer prefixes.
 */
struct edge {
	uint64_t at;
	uint16_t filter;
	bool ends, unclear;
};

struct edges {
	struct edge *at;
	uint32_t count, room;
	uint64_t most; /* the last address */
};

struct range {
	uint64_t first, last;
};

/* What is known on the way through all edges, in the order of addresses. */
struct sweep {
	struct dp *dp;
	struct dp_reach **reach; /* by filter */
	uint16_t *active;        /* filters whose range it is */
	uint32_t *place;         /* of a filter in it */
	uint32_t active_count, unclear_count;
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
	for (unsigned six = 0; dp->classes != NULL && six < FAMILIES; six++)
		free(dp->classes->spaces[six].intervals);
	free(dp->classes);
	dp->classes = NULL;
}

void
dp_classes_changed(struct dp *dp, bool six)
{
	dp->classes->spaces[six].dirty = true;
}

bool
dp_classes_pending(const struct dp *dp)
{
	return dp->classes->spaces[0].dirty || dp->classes->spaces[1].dirty ||
	       dp->classes->slot != DP_NO_SLOT;
}

static uint16_t
class_in(const struct space *c, uint64_t at)
{
	uint32_t low = 0, high = c->count;

	if (c->intervals == NULL)
		return DP_CLASS_UNKNOWN;
	/* the last one that begins at or before it: the first begins at 0 */
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		*(c->intervals[middle].first <= at ? &low : &high) = middle;
	}
	return c->intervals[low].class;
}

uint16_t
dp_class_of(const struct dp *dp, uint32_t ip_be)
{
	return class_in(&dp->classes->spaces[0], wire_swap32(ip_be));
}

uint16_t
dp_class6_of(const struct dp *dp, uint64_t net)
{
	return class_in(&dp->classes->spaces[1], net);
}

static int
by_address(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static bool
put_range(struct edges *e, struct range r, uint16_t filter, bool unclear)
{
	struct edge edge = {.at = r.first, .filter = filter, .unclear = unclear};

	if (e->room - e->count < 2) {
		uint32_t room = 2 * e->room + 64;
		struct edge *grown = realloc(e->at, room * sizeof(*grown));

		if (grown == NULL)
			return false;
		e->at = grown;
		e->room = room;
	}
	e->at[e->count++] = edge;
	edge.at = r.last + 1;
	edge.ends = true;
	if (r.last != e->most)
		e->at[e->count++] = edge;
	return true;
}

static int
by_first(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* A filter's gateways of IPv6, those that touch each other as one. */
static bool
put_nets(struct edges *e, const struct dp_filter *told, uint16_t filter)
{
	struct range *ranges = malloc((told->gateway_count + 1U) * sizeof(*ranges));
	uint32_t count = 0, n = 0;
	bool put = ranges != NULL;

	for (uint32_t i = 0; i < told->gateway_count && put; i++) {
		const struct cv_prefix *p = &told->gateways[i];
		uint64_t net = dp_net_of(p->ip.bytes), hosts;

		if (p->ip.family != CV_IPV6)
			continue;
		if (p->length > DP_LINK_BITS) {
			put = put_range(e, (struct range){net, net}, filter, true);
			continue;
		}
		hosts = p->length == 0 ? UINT64_MAX : ~dp_net_cut(UINT64_MAX, p->length);
		ranges[count++] = (struct range){net & ~hosts, net | hosts};
	}
	if (put)
		qsort(ranges, count, sizeof(*ranges), by_first);
	for (uint32_t i = 0; i < count && put; i++) {
		if (n != 0 && (ranges[n - 1].last == UINT64_MAX ||
				      ranges[i].first <= ranges[n - 1].last + 1))
			ranges[n - 1].last = RTE_MAX(ranges[n - 1].last, ranges[i].last);
		else
			ranges[n++] = ranges[i];
	}
	for (uint32_t i = 0; i < n && put; i++)
		put = put_range(e, ranges[i], filter, false);
	free(ranges);
	return put;
}

static bool
has_gateways(const struct dp_filter_table *t, bool six)
{
	return t != NULL && (six ? t->gateways6->count != 0 : t->range_count != 0);
}

/* Of all filters' gateways of a family, in order. False: no memory. */
static bool
collect_edges(const struct dp *dp, bool six, struct edges *e)
{
	bool put = true;

	*e = (struct edges){.most = six ? UINT64_MAX : UINT32_MAX};
	for (uint32_t f = 0; f < DP_IDS_OF_A_KIND && put; f++) {
		const struct dp_filter_table *t = dp->filters[f];

		if (!has_gateways(t, six))
			continue;
		if (six)
			put = put_nets(e, &t->told, (uint16_t)f);
		for (unsigned i = 0; !six && i < t->range_count && put; i++)
			put = put_range(e, (struct range){t->ranges[i].first, t->ranges[i].last},
				(uint16_t)f, false);
	}
	if (put && e->count != 0)
		qsort(e->at, e->count, sizeof(e->at[0]), by_address);
	return put;
}

static void
pass(struct sweep *s, const struct edge *e)
{
	uint64_t key = (e->filter + s->dp->slot_seed) * UINT64_C(0x9e3779b97f4a7c15);

	if (e->unclear) {
		s->unclear_count += e->ends ? UINT32_MAX : 1;
		return;
	}
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

	if (s->unclear_count != 0)
		return DP_CLASS_UNKNOWN;
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
sweep_new(struct dp *dp, bool six, uint16_t generation)
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
		if (!has_gateways(dp->filters[f], six))
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
publish(struct sweep *s, bool six)
{
	for (uint32_t f = 0; f < DP_IDS_OF_A_KIND; f++) {
		struct dp_reach **place, *old;

		if (s->reach[f] == NULL)
			continue;
		place = six ? &s->dp->filters[f]->reach6 : &s->dp->filters[f]->reach;
		old = *place;
		__atomic_store_n(place, s->reach[f], __ATOMIC_RELEASE);
		dp_grace_free(s->dp, old);
		s->reach[f] = NULL;
	}
}

/* The classes of what lies between edges. Returns how many intervals there are. */
static uint32_t
fill(struct sweep *s, const struct edges *e, uint16_t generation, struct interval *out)
{
	uint32_t count = 0;

	out[count++] = (struct interval){0, generation};
	for (uint32_t i = 0; i < e->count;) {
		uint64_t at = e->at[i].at;

		while (i < e->count && e->at[i].at == at)
			pass(s, &e->at[i++]);
		if (at == 0)
			count = 0;
		out[count++] = (struct interval){at, class_of_set(s, generation)};
	}
	return count;
}

/* All anew. Without memory it stays as it is: classes of before, which nobody believes. */
static void
number(struct dp *dp, bool six)
{
	struct space *c = &dp->classes->spaces[six];
	uint16_t generation = (uint16_t)(c->generation + DP_CLASSES);
	struct interval *intervals = NULL;
	struct sweep *s = NULL;
	struct edges edges;
	uint32_t count = 0;

	if (generation == 0)
		generation = DP_CLASSES;
	if (collect_edges(dp, six, &edges) && edges.count != 0) {
		intervals = calloc((size_t)edges.count + 1, sizeof(*intervals));
		s = sweep_new(dp, six, generation);
	}
	if (intervals != NULL && s != NULL) {
		count = fill(s, &edges, generation, intervals);
		publish(s, six);
	} else {
		free(intervals);
		intervals = NULL;
	}
	sweep_free(s);
	free(edges.at);
	free(c->intervals);
	c->intervals = intervals;
	c->count = count;
	c->generation = generation;
	c->dirty = false;
	dp->classes->slot = 0;
}

void
dp_classes_poll(struct dp *dp)
{
	struct dp_classes *c = dp->classes;
	/* not while a session may have a class of before: there are few generations, and when one
	 * comes again it would be believed */
	bool settled = c->slot == DP_NO_SLOT;
	uint32_t end;

	for (unsigned six = 0; six < FAMILIES && settled; six++)
		if (c->spaces[six].dirty)
			number(dp, six);
	if (c->slot == DP_NO_SLOT)
		return;
	end = dp->slot_mask - c->slot < SESSIONS_A_ROUND ? dp->slot_mask + 1
							 : c->slot + SESSIONS_A_ROUND;
	for (; c->slot < end; c->slot++)
		dp_session_new_class(dp, c->slot);
	if (c->slot > dp->slot_mask)
		c->slot = DP_NO_SLOT;
}
