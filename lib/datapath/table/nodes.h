/* SPDX-License-Identifier: BSD-3-Clause */
/* Where routes are in the tree of lpm.h; the control thread's. */
#ifndef DP_TABLE_NODES_H
#define DP_TABLE_NODES_H

#include "datapath/lpm.h"

/* A route's place. */
struct dp_lpm_route {
	struct dp_lpm_key key;
	unsigned length;
	unsigned bit, in; /* where its node's bits begin, and how many of these it has */
	bool wide;
};

static inline struct dp_lpm_key
dp_lpm_cut(struct dp_lpm_key key, unsigned bits)
{
	if (bits <= 64)
		return (struct dp_lpm_key){bits == 0 ? 0 : key.high & UINT64_MAX << (64 - bits), 0};
	return (struct dp_lpm_key){key.high, key.low & UINT64_MAX << (128 - bits)};
}

static inline struct dp_lpm_route
dp_lpm_route_at(struct dp_lpm_key key, unsigned length, bool wide)
{
	unsigned bit = length == 0 ? 0 : (length - 1) / DP_LPM_BITS * DP_LPM_BITS;

	return (struct dp_lpm_route){.key = dp_lpm_cut(key, length),
		.length = length,
		.bit = bit,
		.in = length - bit,
		.wide = wide};
}

static inline bool
dp_lpm_route_of(const struct cv_prefix *prefix, struct dp_lpm_route *r)
{
	bool wide = prefix->ip.family == CV_IPV6;
	struct dp_lpm_key key = dp_lpm_key6(prefix->ip.bytes);

	if ((!wide && prefix->ip.family != CV_IPV4) || prefix->length > (wide ? 128 : 32))
		return false;
	*r = dp_lpm_route_at(key, prefix->length, wide);
	return r->key.high == key.high && r->key.low == key.low;
}

static inline bool
dp_lpm_is_set(uint64_t bits, unsigned bit)
{
	return (bits >> bit & 1) != 0;
}

static inline struct dp_lpm_node **
dp_lpm_child(struct dp_lpm_node *n, unsigned six)
{
	return &n->at[dp_lpm_rank(n->has.children, six)];
}

static inline unsigned
dp_lpm_six_of(const struct dp_lpm_route *r)
{
	return dp_lpm_six(r->key, r->bit, r->wide);
}

/* The bit of a route in its node. */
static inline unsigned
dp_lpm_shorter_bit(unsigned six, unsigned in)
{
	return (1u << DP_LPM_BITS | six) >> (DP_LPM_BITS - in);
}

/* The word of a route that would be in this node; NULL: it is not. */
static inline uint32_t *
dp_lpm_word_in(const struct dp_lpm_node *n, unsigned six, unsigned in)
{
	unsigned bit = in == DP_LPM_BITS ? six : dp_lpm_shorter_bit(six, in);

	if (in == DP_LPM_BITS)
		return dp_lpm_is_set(n->has.full, bit)
			       ? &dp_lpm_words(n)[dp_lpm_rank(n->has.full, bit)]
			       : NULL;
	if (!dp_lpm_is_set(n->has.shorter, bit))
		return NULL;
	return &dp_lpm_words(n)[n->full_count + dp_lpm_rank(n->has.shorter, bit)];
}

/* Where a route's node is, or what is in its place; above: the link to the node above; NULL: that
 * is the root. */
struct dp_lpm_way {
	struct dp_lpm_node **link, **above;
};

static inline struct dp_lpm_way
dp_lpm_way_to(struct dp_lpm_node **root, const struct dp_lpm_route *r)
{
	struct dp_lpm_way w = {.link = root};
	struct dp_lpm_node *n;

	while ((n = *w.link) != NULL && n->bit < r->bit &&
		dp_lpm_same(n->key, r->key, n->bit, r->wide)) {
		unsigned six = dp_lpm_six(r->key, n->bit, r->wide);

		if (!dp_lpm_is_set(n->has.children, six))
			break;
		w.above = w.link;
		w.link = dp_lpm_child(n, six);
	}
	return w;
}

static inline bool
dp_lpm_is_node_of(const struct dp_lpm_node *n, const struct dp_lpm_route *r)
{
	return n != NULL && n->bit == r->bit && dp_lpm_same(n->key, r->key, n->bit, r->wide);
}

static inline uint32_t *
dp_lpm_word_of(const struct dp_lpm *t, const struct dp_lpm_route *r)
{
	struct dp_lpm_node *root = t->root, *n = *dp_lpm_way_to(&root, r).link;

	return dp_lpm_is_node_of(n, r) ? dp_lpm_word_in(n, dp_lpm_six_of(r), r->in) : NULL;
}

/* table/direct.c: the table of first bits, which only many routes of IPv4 have. */
/* A route's word has changed in the tree, or what is on the way to it. Makes the table, or gives it
 * back, where it is time for that. */
void dp_lpm_follow(struct dp *dp, struct dp_lpm *t, const struct dp_lpm_route *r);
void dp_lpm_drop_direct(struct dp *dp, struct dp_lpm *t);

#endif
