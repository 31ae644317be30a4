/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes by the longest prefix of an address: a table of one family, from none to millions. Written
 * by the control thread, looked up by workers while it changes.
 *
 * It is a tree bitmap (Eatherton, Varghese, Dittia 2004) of six bits a node that leaves out nodes
 * with nothing but one child. A node holds the routes that end in its six bits and those of no
 * other, so the tree is all that is kept of them, and to set or clear a route is one pointer
 * stored: a look-up sees it as before or as after, and all others as they are. Where a look-up
 * meets several changes one after the other, it may see any of them and not another.
 */
#ifndef DP_LPM_H
#define DP_LPM_H

#include "datapath/datapath.h"
#include "wire/bytes.h"

struct dp;

enum {
	DP_LPM_BITS = 6,    /* of a node */
	DP_LPM_DIRECT = 18, /* IPv4: the bits that a large table looks up at once; of whole nodes */
};

/* An address in host order; IPv4 is in the upper half of `high`. */
struct dp_lpm_key {
	uint64_t high, low;
};

/* What a node has. */
struct dp_lpm_bits {
	uint64_t shorter; /* routes of 0 to 5 of its bits: at 1 << how many | these bits */
	uint64_t full;    /* routes of all six, at their value */
	uint64_t children;
};

/* Never changed but for its words and who its children are, each in place; else replaced. */
struct dp_lpm_node {
	struct dp_lpm_bits has;
	struct dp_lpm_key key; /* the bits in front of its own; 0 behind these */
	uint8_t bit;           /* where its own begin */
	uint8_t child_count, full_count;
	struct dp_lpm_node
		*at[]; /* children in order; then words: full in order, shorter in order */
};

/* Of the first 18 bits. */
struct dp_lpm_entry {
	struct dp_lpm_node *node; /* the first one that begins behind these; NULL: there is none */
	uint32_t word;            /* of the longest route of at most 18 bits */
	uint8_t tag;              /* its length and 1, 0: none; the control thread's */
};

/* All 0: empty. */
struct dp_lpm {
	struct dp_lpm_node *root;
	struct dp_lpm_entry *direct; /* only of a large one */
	uint32_t count;              /* of routes; the control thread's */
};

/* table/lpm.c; control thread. A prefix is of the table's family, a word not 0. */

/*
 * Sets a route, or gives it another word. CV_ERR_CONFIG: no prefix or word; CV_ERR_NOMEM: nothing
 * has changed. What it replaces waits for workers: who sets many lets rounds of the control thread
 * pass between them.
 */
int dp_lpm_set(struct dp *dp, struct dp_lpm *t, const struct cv_prefix *prefix, uint32_t word);
/* CV_ERR_UNKNOWN: it is not there; CV_ERR_NOMEM: nothing has changed. */
int dp_lpm_clear(struct dp *dp, struct dp_lpm *t, const struct cv_prefix *prefix);
/* The word of just this route; 0: it is not there. */
uint32_t dp_lpm_get(const struct dp_lpm *t, const struct cv_prefix *prefix);
/*
 * The route that comes after a prefix, whether that is there or not: by address, of one address the
 * shortest first. family 0: the first route of a table of `family`. false: there is none.
 */
bool dp_lpm_next(
	const struct dp_lpm *t, enum cv_family family, struct cv_prefix *prefix, uint32_t *word);
/* All of them are gone. */
void dp_lpm_free(struct dp *dp, struct dp_lpm *t);

/* ---- look-ups ---- */

static inline struct dp_lpm_key
dp_lpm_key4(uint32_t ip_be)
{
	return (struct dp_lpm_key){(uint64_t)__builtin_bswap32(ip_be) << 32, 0};
}

static inline struct dp_lpm_key
dp_lpm_key6(const uint8_t address[16])
{
	return (struct dp_lpm_key){__builtin_bswap64(wire_load64(address)),
		__builtin_bswap64(wire_load64(address + 8))};
}

/* Whether two have the same first bits, so many of them; wide: there may be more than 58. */
static inline bool
dp_lpm_same(struct dp_lpm_key a, struct dp_lpm_key b, unsigned bits, bool wide)
{
	uint64_t high = a.high ^ b.high, low = a.low ^ b.low;

	if (!wide || bits < 64)
		return bits == 0 || high >> (64 - bits) == 0;
	return high == 0 && (bits == 64 || low >> (128 - bits) == 0);
}

/* The six bits from one on; behind the end are 0s. */
static inline unsigned
dp_lpm_six(struct dp_lpm_key key, unsigned bit, bool wide)
{
	uint64_t from = key.high << (bit & 63);

	if (wide && bit >= 64)
		from = key.low << (bit - 64);
	else if (wide && bit > 64 - DP_LPM_BITS)
		from |= key.low >> (64 - bit);
	return (unsigned)(from >> (64 - DP_LPM_BITS));
}

/* How many bits are set below one. */
static inline unsigned
dp_lpm_rank(uint64_t bits, unsigned bit)
{
	return (unsigned)__builtin_popcountll(bits & ((UINT64_C(1) << bit) - 1));
}

static inline uint32_t *
dp_lpm_words(const struct dp_lpm_node *n)
{
	return (uint32_t *)(uintptr_t)&n->at[n->child_count];
}

/* The word of a node's longest route that is about six bits; NULL: none is. */
static inline const uint32_t *
dp_lpm_word(const struct dp_lpm_node *n, unsigned six)
{
/* At 1 << how many | these bits, for the first 0 to 5 of five bits. */
#define DP_LPM_B(v) (UINT64_C(1) << (v))
#define DP_LPM_1(s)                                                                          \
	(DP_LPM_B((32 | (s)) >> 5) | DP_LPM_B((32 | (s)) >> 4) | DP_LPM_B((32 | (s)) >> 3) | \
		DP_LPM_B((32 | (s)) >> 2) | DP_LPM_B((32 | (s)) >> 1) | DP_LPM_B(32 | (s)))
#define DP_LPM_4(s) DP_LPM_1(s), DP_LPM_1((s) + 1), DP_LPM_1((s) + 2), DP_LPM_1((s) + 3)
#define DP_LPM_16(s) DP_LPM_4(s), DP_LPM_4((s) + 4), DP_LPM_4((s) + 8), DP_LPM_4((s) + 12)
	static const uint64_t about[32] = {DP_LPM_16(0), DP_LPM_16(16)};
	uint64_t shorter = n->has.shorter & about[six >> 1];
	const uint32_t *words = dp_lpm_words(n);

	if ((n->has.full >> six & 1) != 0)
		return &words[dp_lpm_rank(n->has.full, six)];
	if (shorter == 0)
		return NULL;
	words += n->full_count;
	return &words[dp_lpm_rank(n->has.shorter, 63 - (unsigned)__builtin_clzll(shorter))];
#undef DP_LPM_B
#undef DP_LPM_1
#undef DP_LPM_4
#undef DP_LPM_16
}

/* From a node on; word: that of what is shorter. */
static inline uint32_t
dp_lpm_descend(const struct dp_lpm_node *n, struct dp_lpm_key key, bool wide, uint32_t word)
{
	const uint32_t *best = NULL;

	while (n != NULL && dp_lpm_same(n->key, key, n->bit, wide)) {
		unsigned six = dp_lpm_six(key, n->bit, wide);
		const uint32_t *longer = dp_lpm_word(n, six);

		if (longer != NULL)
			best = longer;
		if ((n->has.children >> six & 1) == 0)
			break;
		n = __atomic_load_n(&n->at[dp_lpm_rank(n->has.children, six)], __ATOMIC_CONSUME);
	}
	return best == NULL ? word : __atomic_load_n(best, __ATOMIC_ACQUIRE);
}

/* Where an address leads; 0: no route is about it. */
static inline uint32_t
dp_lpm_find4(const struct dp_lpm *t, uint32_t ip_be)
{
	const struct dp_lpm_entry *direct = __atomic_load_n(&t->direct, __ATOMIC_CONSUME);
	struct dp_lpm_key key = dp_lpm_key4(ip_be);

	if (direct == NULL)
		return dp_lpm_descend(__atomic_load_n(&t->root, __ATOMIC_CONSUME), key, false, 0);
	direct += key.high >> (64 - DP_LPM_DIRECT);
	return dp_lpm_descend(__atomic_load_n(&direct->node, __ATOMIC_CONSUME), key, false,
		__atomic_load_n(&direct->word, __ATOMIC_ACQUIRE));
}

static inline uint32_t
dp_lpm_find6(const struct dp_lpm *t, const uint8_t address[16])
{
	return dp_lpm_descend(
		__atomic_load_n(&t->root, __ATOMIC_CONSUME), dp_lpm_key6(address), true, 0);
}

#endif
