/* SPDX-License-Identifier: BSD-3-Clause */
/* Address pools: a bitmap a prefix, made in pieces as they are used. */
#include "lns/pool.h"

#include <stdlib.h>

enum {
	PIECE_BITS = 4096, /* addresses a bitmap piece covers: pieces cost memory when used */
	PIECE_WORDS = PIECE_BITS / 64,
};

struct piece {
	uint64_t words[PIECE_WORDS]; /* bit set: taken */
};

struct range {
	uint32_t first; /* first address, network address included */
	uint32_t count;
	struct piece **pieces;
};

struct lns_pool {
	uint64_t size, used;
	size_t n;
	size_t turn_range; /* where the next search starts */
	uint32_t turn;
	struct range ranges[];
};

static uint32_t
piece_count(const struct range *r)
{
	return (r->count - 1) / PIECE_BITS + 1;
}

static uint64_t *
word_of(struct range *r, uint32_t index)
{
	struct piece **p = &r->pieces[index / PIECE_BITS];

	if (*p == NULL)
		*p = calloc(1, sizeof(**p));
	return *p == NULL ? NULL : &(*p)->words[index % PIECE_BITS / 64];
}

static bool
is_taken(const struct range *r, uint32_t index)
{
	const struct piece *p = r->pieces[index / PIECE_BITS];

	return p != NULL && (p->words[index % PIECE_BITS / 64] >> (index % 64) & 1) != 0;
}

static bool
mark(struct range *r, uint32_t index)
{
	uint64_t *word = word_of(r, index);

	if (word == NULL)
		return false;
	*word |= UINT64_C(1) << (index % 64);
	return true;
}

static struct range *
range_of(const struct lns_pool *pool, uint32_t address)
{
	for (size_t i = 0; i < pool->n; i++) {
		const struct range *r = &pool->ranges[i];

		if (address >= r->first && address - r->first < r->count)
			return (struct range *)r;
	}
	return NULL;
}

struct lns_pool *
lns_pool_new(const struct cv_prefix *prefixes, size_t n)
{
	struct lns_pool *pool = calloc(1, sizeof(*pool) + n * sizeof(pool->ranges[0]));

	if (pool == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		struct range *r = &pool->ranges[i];
		unsigned length = prefixes[i].length < 8 ? 8 : prefixes[i].length;

		r->first = cv_ipv4_value(&prefixes[i].ip);
		r->count = UINT32_C(1) << (32 - length);
		r->pieces = calloc(piece_count(r), sizeof(r->pieces[0]));
		pool->n++;
		if (r->pieces == NULL)
			goto fail;
		pool->size += r->count;
		if (length < 31) {
			if (!mark(r, 0) || !mark(r, r->count - 1))
				goto fail;
			pool->size -= 2;
		}
	}
	return pool;
fail:
	lns_pool_free(pool);
	return NULL;
}

void
lns_pool_free(struct lns_pool *pool)
{
	if (pool == NULL)
		return;
	for (size_t i = 0; i < pool->n; i++) {
		struct range *r = &pool->ranges[i];

		for (uint32_t p = 0; r->pieces != NULL && p < piece_count(r); p++)
			free(r->pieces[p]);
		free(r->pieces);
	}
	free(pool);
}

bool
lns_pool_contains(const struct lns_pool *pool, uint32_t address)
{
	return range_of(pool, address) != NULL;
}

bool
lns_pool_reserve(struct lns_pool *pool, uint32_t address)
{
	struct range *r = range_of(pool, address);

	if (r == NULL || is_taken(r, address - r->first) || !mark(r, address - r->first))
		return false;
	pool->size--;
	return true;
}

/* The next free index of a range at or after `from`, or count when there is none. */
static uint32_t
next_free(const struct range *r, uint32_t from)
{
	for (uint32_t i = from; i < r->count;) {
		const struct piece *p = r->pieces[i / PIECE_BITS];
		uint64_t free_bits;

		if (p == NULL)
			return i;
		free_bits = ~p->words[i % PIECE_BITS / 64] >> (i % 64);
		if (free_bits != 0) {
			i += (uint32_t)__builtin_ctzll(free_bits);
			return i < r->count ? i : r->count;
		}
		i = (i / 64 + 1) * 64;
	}
	return r->count;
}

uint32_t
lns_pool_take(struct lns_pool *pool)
{
	/* one more step than ranges: the first range is searched from the turn on, and at the
	 * end once more from its start */
	for (size_t step = 0; pool->n != 0 && step <= pool->n; step++) {
		struct range *r = &pool->ranges[pool->turn_range];
		uint32_t index = next_free(r, pool->turn);

		if (index < r->count) {
			if (!mark(r, index))
				return 0;
			pool->turn = index + 1;
			pool->used++;
			return r->first + index;
		}
		pool->turn_range = (pool->turn_range + 1) % pool->n;
		pool->turn = 0;
	}
	return 0;
}

void
lns_pool_return(struct lns_pool *pool, uint32_t address)
{
	struct range *r = range_of(pool, address);

	if (r == NULL || !is_taken(r, address - r->first))
		return;
	*word_of(r, address - r->first) &= ~(UINT64_C(1) << ((address - r->first) % 64));
	pool->used--;
}

uint64_t
lns_pool_size(const struct lns_pool *pool)
{
	return pool->size;
}

uint64_t
lns_pool_used(const struct lns_pool *pool)
{
	return pool->used;
}
