/* SPDX-License-Identifier: BSD-3-Clause */
/* Address pools: a bitmap a prefix, as a tree whose pieces exist while a bit in them is set. */
#include "lns/pool.h"

#include <stdlib.h>

enum {
	FAN_BITS = 6, /* each level of the tree, and the words of a piece */
	FAN = 1 << FAN_BITS,
	PIECE_BITS = 2 * FAN_BITS, /* indices that a piece covers: 4,096 */
	COUNT_BITS_MAX = 48,
};

/* A bitmap piece (level 0) or, above it, where the next level is. `full`: bits of the words, or
 * children, that have no free index. */
struct tree {
	uint64_t full;
	uint32_t used; /* bits set, or children that are there */
	union {
		uint64_t words[FAN]; /* bit set: taken, or kept out */
		struct tree *children[FAN];
	} u;
};

struct range {
	struct cv_prefix prefix;
	uint8_t unit;          /* length of the prefixes that are handed out */
	unsigned level;        /* of the root */
	uint64_t first, count; /* indices from first, below count */
	struct tree *root;
};

/* What is counted, and where the next search starts. */
struct turn {
	uint64_t size, used, index;
	size_t range;
};

struct lns_pool {
	struct turn turns[2]; /* IPv4, IPv6 */
	size_t memory;
	size_t n;
	struct range ranges[];
};

/* ---- the tree ---- */

/* Bits of an index below a child of this level. */
static unsigned
shift_of(unsigned level)
{
	return FAN_BITS * (level + 1);
}

static uint64_t
rest_of(unsigned level, uint64_t index)
{
	return index & ((UINT64_C(1) << shift_of(level)) - 1);
}

/* Bits above this one. */
static uint64_t
above(unsigned bit)
{
	return bit == 63 ? 0 : UINT64_MAX << (bit + 1);
}

/* The first free index that is not below `from`, both within this tree; false: none. */
static bool
find_free(const struct tree *t, unsigned level, uint64_t from, uint64_t *index)
{
	unsigned at = (unsigned)(from >> shift_of(level));
	uint64_t rest = rest_of(level, from), open;

	if (t == NULL) {
		*index = from;
		return true;
	}
	if (level == 0 && (open = ~t->u.words[at] & UINT64_MAX << rest) != 0) {
		*index = (uint64_t)at << FAN_BITS | (unsigned)__builtin_ctzll(open);
		return true;
	}
	if (level != 0 && (t->full >> at & 1) == 0 &&
		find_free(t->u.children[at], level - 1, rest, index)) {
		*index |= (uint64_t)at << shift_of(level);
		return true;
	}
	open = ~t->full & above(at);
	if (open == 0)
		return false;
	at = (unsigned)__builtin_ctzll(open);
	if (level == 0)
		*index = (unsigned)__builtin_ctzll(~t->u.words[at]);
	else
		find_free(t->u.children[at], level - 1, 0, index);
	*index |= (uint64_t)at << shift_of(level);
	return true;
}

static bool
is_set(const struct tree *t, unsigned level, uint64_t index)
{
	for (; t != NULL && level != 0; level--) {
		t = t->u.children[index >> shift_of(level)];
		index = rest_of(level, index);
	}
	return t != NULL && (t->u.words[index >> FAN_BITS] >> (index % FAN) & 1) != 0;
}

static void
drop_if_empty(struct lns_pool *pool, struct tree **t)
{
	if (*t == NULL || (*t)->used != 0)
		return;
	pool->memory -= sizeof(**t);
	free(*t);
	*t = NULL;
}

/* Sets a bit that is not set; false: no memory. */
static bool
set(struct lns_pool *pool, struct tree **t, unsigned level, uint64_t index)
{
	unsigned at = (unsigned)(index >> shift_of(level));
	uint64_t rest = rest_of(level, index), *word;
	struct tree **child;

	if (*t == NULL) {
		*t = calloc(1, sizeof(**t));
		if (*t == NULL)
			return false;
		pool->memory += sizeof(**t);
	}
	if (level == 0) {
		word = &(*t)->u.words[at];
		*word |= UINT64_C(1) << rest;
		(*t)->used++;
		if (*word == UINT64_MAX)
			(*t)->full |= UINT64_C(1) << at;
		return true;
	}
	child = &(*t)->u.children[at];
	(*t)->used += *child == NULL;
	if (!set(pool, child, level - 1, rest)) {
		(*t)->used -= *child == NULL;
		drop_if_empty(pool, t);
		return false;
	}
	if ((*child)->full == UINT64_MAX)
		(*t)->full |= UINT64_C(1) << at;
	return true;
}

/* Clears a bit that is set. */
static void
clear(struct lns_pool *pool, struct tree **t, unsigned level, uint64_t index)
{
	unsigned at = (unsigned)(index >> shift_of(level));
	uint64_t rest = rest_of(level, index);

	(*t)->full &= ~(UINT64_C(1) << at);
	if (level == 0) {
		(*t)->u.words[at] &= ~(UINT64_C(1) << rest);
		(*t)->used--;
	} else {
		clear(pool, &(*t)->u.children[at], level - 1, rest);
		(*t)->used -= (*t)->u.children[at] == NULL;
	}
	drop_if_empty(pool, t);
}

static void
free_tree(struct tree *t, unsigned level)
{
	for (unsigned i = 0; t != NULL && level != 0 && i < FAN; i++)
		free_tree(t->u.children[i], level - 1);
	free(t);
}

/* ---- addresses and indices ---- */

static struct turn *
turn_of(struct lns_pool *pool, enum cv_family family)
{
	return &pool->turns[family == CV_IPV6];
}

/* Eight bytes as a number, and back. */
static uint64_t
load(const uint8_t *bytes)
{
	uint64_t number = 0;

	for (unsigned i = 0; i < 8; i++)
		number = number << 8 | bytes[i];
	return number;
}

static void
store(uint8_t *bytes, uint64_t number)
{
	for (unsigned i = 8; i > 0; number >>= 8)
		bytes[--i] = (uint8_t)number;
}

/* Where the eight bytes end in which a unit's last bit is, and the bits behind that. */
static unsigned
half_of(const struct range *r)
{
	return r->unit <= 64 ? 0 : 8;
}

static unsigned
behind(const struct range *r)
{
	return 8 * half_of(r) + 64u - r->unit;
}

/* The number of an address among the units of its family, as far as it can differ within a prefix.
 */
static uint64_t
number_of(const struct range *r, const struct cv_ip *ip)
{
	return load(ip->bytes + half_of(r)) >> behind(r);
}

static struct cv_ip
address_of(const struct range *r, uint64_t index)
{
	struct cv_ip ip = r->prefix.ip;

	store(ip.bytes + half_of(r), (number_of(r, &ip) + index) << behind(r));
	return ip;
}

static struct range *
range_of(const struct lns_pool *pool, const struct cv_ip *ip)
{
	for (size_t i = 0; i < pool->n; i++)
		if (cv_prefix_contains(&pool->ranges[i].prefix, ip))
			return (struct range *)&pool->ranges[i];
	return NULL;
}

/* Where an address is that can be handed out; NULL: nowhere. */
static struct range *
place_of(const struct lns_pool *pool, const struct cv_ip *ip, uint64_t *index)
{
	struct range *r = range_of(pool, ip);

	if (r == NULL)
		return NULL;
	*index = number_of(r, ip) - number_of(r, &r->prefix.ip);
	return *index >= r->first && *index < r->count ? r : NULL;
}

/* ---- pools ---- */

static void
range_init(struct lns_pool *pool, struct range *r, const struct cv_prefix *prefix, uint8_t unit6)
{
	bool v6 = prefix->ip.family == CV_IPV6;
	unsigned bits;

	r->prefix = *prefix;
	r->unit = !v6 ? 32 : prefix->length <= unit6 ? unit6 : 128;
	bits = (unsigned)(r->unit - prefix->length);
	if (bits > COUNT_BITS_MAX)
		bits = COUNT_BITS_MAX;
	r->count = UINT64_C(1) << bits;
	while (PIECE_BITS + FAN_BITS * r->level < bits)
		r->level++;
	if (!v6 && bits > 1) { /* neither network nor broadcast */
		r->first = 1;
		r->count--;
	}
	turn_of(pool, v6 ? CV_IPV6 : CV_IPV4)->size += r->count - r->first;
}

struct lns_pool *
lns_pool_new(const struct cv_prefix *prefixes, size_t n)
{
	return lns_pool_new_of(prefixes, n, 64);
}

struct lns_pool *
lns_pool_new_of(const struct cv_prefix *prefixes, size_t n, uint8_t unit)
{
	size_t bytes = sizeof(struct lns_pool) + n * sizeof(struct range);
	struct lns_pool *pool = calloc(1, bytes);

	if (pool == NULL)
		return NULL;
	pool->memory = bytes;
	pool->n = n;
	for (size_t i = 0; i < n; i++)
		range_init(pool, &pool->ranges[i], &prefixes[i], unit);
	return pool;
}

void
lns_pool_free(struct lns_pool *pool)
{
	if (pool == NULL)
		return;
	for (size_t i = 0; i < pool->n; i++)
		free_tree(pool->ranges[i].root, pool->ranges[i].level);
	free(pool);
}

bool
lns_pool_has(const struct lns_pool *pool, const struct cv_ip *ip)
{
	return range_of(pool, ip) != NULL;
}

struct cv_ip
lns_pool_take(struct lns_pool *pool, enum cv_family family)
{
	struct turn *turn = turn_of(pool, family);

	/* one more step than ranges: the first range is searched from the turn on, and at the
	 * end once more from its start */
	for (size_t step = 0; turn->used < turn->size && step <= pool->n; step++) {
		struct range *r = &pool->ranges[turn->range];
		uint64_t index = turn->index > r->first ? turn->index : r->first;

		if (r->prefix.ip.family == family && index < r->count &&
			find_free(r->root, r->level, index, &index) && index < r->count) {
			if (!set(pool, &r->root, r->level, index))
				break;
			turn->index = index + 1;
			turn->used++;
			return address_of(r, index);
		}
		turn->range = (turn->range + 1) % pool->n;
		turn->index = 0;
	}
	return (struct cv_ip){0};
}

/* The range, and index in it, of the n-th of all that the prefixes of a family hold; false: they
 * hold none. */
static bool
nth(const struct lns_pool *pool, enum cv_family family, uint64_t n, size_t *at, uint64_t *index)
{
	uint64_t total = 0;

	for (size_t i = 0; i < pool->n; i++)
		if (pool->ranges[i].prefix.ip.family == family)
			total += pool->ranges[i].count - pool->ranges[i].first;
	if (total == 0)
		return false;
	n %= total;
	for (*at = 0;; ++*at) {
		const struct range *r = &pool->ranges[*at];

		if (r->prefix.ip.family != family)
			continue;
		if (n < r->count - r->first)
			break;
		n -= r->count - r->first;
	}
	*index = pool->ranges[*at].first + n;
	return true;
}

struct cv_ip
lns_pool_take_at(struct lns_pool *pool, enum cv_family family, uint64_t hint)
{
	struct turn *turn = turn_of(pool, family);
	uint64_t index = 0;
	size_t at = 0;

	if (turn->used == turn->size || !nth(pool, family, hint, &at, &index))
		return (struct cv_ip){0};
	/* one more step than ranges, as above */
	for (size_t step = 0; step <= pool->n; step++) {
		struct range *r = &pool->ranges[at];

		if (r->prefix.ip.family == family && find_free(r->root, r->level, index, &index) &&
			index < r->count) {
			if (!set(pool, &r->root, r->level, index))
				break;
			turn->used++;
			return address_of(r, index);
		}
		at = (at + 1) % pool->n;
		index = pool->ranges[at].first;
	}
	return (struct cv_ip){0};
}

/* Takes one from those that are free. */
static bool
mark(struct lns_pool *pool, const struct cv_ip *ip)
{
	uint64_t index = 0;
	struct range *r = place_of(pool, ip, &index);

	return r != NULL && !is_set(r->root, r->level, index) &&
	       set(pool, &r->root, r->level, index);
}

static bool
unmark(struct lns_pool *pool, const struct cv_ip *ip)
{
	uint64_t index = 0;
	struct range *r = place_of(pool, ip, &index);

	if (r == NULL || !is_set(r->root, r->level, index))
		return false;
	clear(pool, &r->root, r->level, index);
	return true;
}

bool
lns_pool_take_this(struct lns_pool *pool, const struct cv_ip *ip)
{
	if (!mark(pool, ip))
		return false;
	turn_of(pool, (enum cv_family)ip->family)->used++;
	return true;
}

void
lns_pool_give(struct lns_pool *pool, const struct cv_ip *ip)
{
	if (unmark(pool, ip))
		turn_of(pool, (enum cv_family)ip->family)->used--;
}

bool
lns_pool_keep(struct lns_pool *pool, const struct cv_ip *ip)
{
	if (!mark(pool, ip))
		return false;
	turn_of(pool, (enum cv_family)ip->family)->size--;
	return true;
}

void
lns_pool_unkeep(struct lns_pool *pool, const struct cv_ip *ip)
{
	if (unmark(pool, ip))
		turn_of(pool, (enum cv_family)ip->family)->size++;
}

uint64_t
lns_pool_size(const struct lns_pool *pool, enum cv_family family)
{
	return pool->turns[family == CV_IPV6].size;
}

uint64_t
lns_pool_used(const struct lns_pool *pool, enum cv_family family)
{
	return pool->turns[family == CV_IPV6].used;
}

size_t
lns_pool_memory(const struct lns_pool *pool)
{
	return pool->memory;
}
