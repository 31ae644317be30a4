/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many longer networks of a realm are in each shorter one, so that nobody gets a prefix that
 * holds another's. The control thread's alone: workers ask for the longest that holds an address.
 *
 * Counts are kept of the lengths that somebody has (delegated prefixes have few), by a hash: a
 * network adds one to each length that is shorter than its own.
 */
#include "datapath/host/memory.h"
#include "datapath/table/realms.h"

enum { PLACES_LEAST = 8 };

struct dp_covers6 {
	uint32_t mask, used;
	uint8_t count; /* of lengths */
	uint8_t lengths[DP_LINK_BITS];
	struct cover {
		uint64_t net;
		uint32_t inside;
		uint32_t tag; /* dp_net_tag(); 0: free */
	} at[];
};

static struct cover *
place_of(struct dp_covers6 *c, uint64_t net, unsigned bits)
{
	uint32_t at = (uint32_t)(dp_hash64(net ^ bits) >> 32) & c->mask;

	while (c->at[at].tag != 0 && (c->at[at].tag != dp_net_tag(bits) || c->at[at].net != net))
		at = (at + 1) & c->mask;
	return &c->at[at];
}

static void
add(struct dp_covers6 *c, uint64_t net, unsigned bits, uint32_t inside)
{
	struct cover *e = place_of(c, net, bits);

	if (e->tag == 0) {
		e->net = net;
		e->tag = dp_net_tag(bits);
		c->used++;
	}
	e->inside += inside;
}

/* A table of so many places with what the old one counts; NULL: no memory. */
static struct dp_covers6 *
resize(struct dp *dp, struct dp_covers6 *old, uint32_t places)
{
	struct dp_covers6 *c = dp_shared_new(dp, sizeof(*c) + places * sizeof(c->at[0]));

	if (c == NULL)
		return NULL;
	c->mask = places - 1;
	if (old == NULL)
		return c;
	c->count = old->count;
	memcpy(c->lengths, old->lengths, sizeof(c->lengths));
	for (uint32_t i = 0; i <= old->mask; i++)
		if (old->at[i].inside != 0)
			add(c, old->at[i].net, old->at[i].tag - 1, old->at[i].inside);
	return c;
}

/* Room for two networks more. false: no memory; *c is as it was. */
static bool
make_room(struct dp *dp, struct dp_covers6 **c)
{
	uint32_t live = 0, more = 2u * (*c)->count, places = PLACES_LEAST;
	struct dp_covers6 *bigger;

	if (2 * ((*c)->used + more) <= (*c)->mask + 1)
		return true;
	for (uint32_t i = 0; i <= (*c)->mask; i++)
		live += (*c)->at[i].inside != 0;
	while (places < 3 * (live + more))
		places *= 2;
	bigger = resize(dp, *c, places);
	if (bigger == NULL)
		return false;
	dp_shared_free(dp, *c);
	*c = bigger;
	return true;
}

/* Once more (1) or less (-1) of a network, where there is room. */
static void
count_in(struct dp_covers6 *c, uint64_t net, unsigned bits, int more)
{
	for (unsigned i = 0; i < c->count; i++)
		if (c->lengths[i] < bits)
			add(c, dp_net_cut(net, c->lengths[i]), c->lengths[i], (uint32_t)more);
}

/* All networks of the realm into a table that has no counts yet. */
static bool
fill(struct dp *dp, const struct dp_realm6 *r, struct dp_covers6 **c)
{
	const struct dp_nets *n = r->nets;

	for (uint32_t i = 0; i < r->window_count; i++)
		for (uint32_t k = 0; k < r->windows[i].size; k++) {
			if (r->windows[i].words[k] == 0)
				continue;
			if (!make_room(dp, c))
				return false;
			count_in(*c, r->windows[i].first + k, DP_LINK_BITS, 1);
		}
	for (uint32_t i = 0; n != NULL && i <= n->mask; i++) {
		if (n->at[i].tag == 0 || n->at[i].word == 0)
			continue;
		if (!make_room(dp, c))
			return false;
		count_in(*c, n->at[i].net, n->at[i].tag - 1, 1);
	}
	return true;
}

static bool
knows(const struct dp_covers6 *c, unsigned bits)
{
	return c != NULL && memchr(c->lengths, (int)bits, c->count) != NULL;
}

bool
dp_covers6_room(struct dp *dp, struct dp_realm6 *r, unsigned bits)
{
	struct dp_covers6 *c;

	if (bits >= DP_LINK_BITS || knows(r->covers, bits))
		return r->covers == NULL || make_room(dp, &r->covers);
	c = resize(dp, NULL, PLACES_LEAST);
	if (c == NULL)
		return false;
	if (r->covers != NULL) {
		c->count = r->covers->count;
		memcpy(c->lengths, r->covers->lengths, sizeof(c->lengths));
	}
	c->lengths[c->count++] = (uint8_t)bits;
	if (!fill(dp, r, &c) || !make_room(dp, &c)) {
		dp_shared_free(dp, c);
		return false;
	}
	dp_covers6_free(dp, r);
	r->covers = c;
	return true;
}

void
dp_covers6_count(struct dp_realm6 *r, uint64_t net, unsigned bits, int more)
{
	if (r->covers != NULL)
		count_in(r->covers, net, bits, more);
}

uint32_t
dp_covers6_inside(const struct dp_realm6 *r, uint64_t net, unsigned bits)
{
	return knows(r->covers, bits) ? place_of(r->covers, net, bits)->inside : 0;
}

void
dp_covers6_free(struct dp *dp, struct dp_realm6 *r)
{
	if (r->covers != NULL)
		dp_shared_free(dp, r->covers);
	r->covers = NULL;
}
