/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes by the longest prefix: how a table changes. A node has a route or two children, so there
 * are fewer than two nodes a route. Whatever changes but a word is made anew, with all that may
 * fail before the one store that workers see.
 */
#include "datapath/lpm.h"

#include "datapath/host/memory.h"
#include "datapath/table/nodes.h"
#include "datapath/table/sessions.h"

/* ---- nodes ---- */

static unsigned
common_bits(struct dp_lpm_key a, struct dp_lpm_key b)
{
	if (a.high != b.high)
		return (unsigned)__builtin_clzll(a.high ^ b.high);
	return a.low == b.low ? 128 : 64 + (unsigned)__builtin_clzll(a.low ^ b.low);
}

static unsigned
count_of(uint64_t bits)
{
	return (unsigned)__builtin_popcountll(bits);
}

/* A node that is to have all this, which nobody has put there yet. */
static struct dp_lpm_node *
new_node(struct dp *dp, struct dp_lpm_key key, unsigned bit, struct dp_lpm_bits has)
{
	unsigned children = count_of(has.children), full = count_of(has.full);
	struct dp_lpm_node *n;

	n = dp_shared_new(dp, sizeof(*n) + children * sizeof(n->at[0]) +
				      (full + count_of(has.shorter)) * sizeof(uint32_t));
	if (n == NULL)
		return NULL;
	n->has = has;
	n->key = dp_lpm_cut(key, bit);
	n->bit = (uint8_t)bit;
	n->child_count = (uint8_t)children;
	n->full_count = (uint8_t)full;
	return n;
}

static struct dp_lpm_bits
with_route(struct dp_lpm_bits has, const struct dp_lpm_route *r)
{
	if (r->in == DP_LPM_BITS)
		has.full ^= UINT64_C(1) << dp_lpm_six_of(r);
	else
		has.shorter ^= UINT64_C(1) << dp_lpm_shorter_bit(dp_lpm_six_of(r), r->in);
	return has;
}

/* Words of what is in `has`, in order, of which one may be new. Returns what is behind them. */
static uint32_t *
copy_words(uint32_t *to, const uint32_t *from, uint64_t had, uint64_t has, uint32_t new)
{
	for (uint64_t left = had | has; left != 0; left &= left - 1) {
		uint64_t one = left & (0 - left);
		uint32_t word = (had & one) != 0 ? *from++ : new;

		if ((has & one) != 0)
			*to++ = word;
	}
	return to;
}

static void
copy_children(struct dp_lpm_node **to, struct dp_lpm_node *const *from, uint64_t had, uint64_t has,
	struct dp_lpm_node *new)
{
	for (uint64_t left = had | has; left != 0; left &= left - 1) {
		uint64_t one = left & (0 - left);
		struct dp_lpm_node *child = (had & one) != 0 ? *from++ : new;

		if ((has & one) != 0)
			*to++ = child;
	}
}

/* The node as it is but for what it has more or less; `word` and `child` are those of what is more.
 * NULL: no memory. */
static struct dp_lpm_node *
changed(struct dp *dp, const struct dp_lpm_node *old, struct dp_lpm_bits has, uint32_t word,
	struct dp_lpm_node *child)
{
	struct dp_lpm_node *n = new_node(dp, old->key, old->bit, has);
	const uint32_t *words = dp_lpm_words(old);
	uint32_t *to;

	if (n == NULL)
		return NULL;
	copy_children(n->at, old->at, old->has.children, has.children, child);
	to = copy_words(dp_lpm_words(n), words, old->has.full, has.full, word);
	copy_words(to, words + old->full_count, old->has.shorter, has.shorter, word);
	return n;
}

/* A node with a route, and the child that is behind it or NULL. */
static struct dp_lpm_node *
node_of_route(struct dp *dp, const struct dp_lpm_route *r, uint32_t word, struct dp_lpm_node *child)
{
	struct dp_lpm_bits has = with_route((struct dp_lpm_bits){0}, r);
	struct dp_lpm_node *n;

	if (child != NULL)
		has.children = UINT64_C(1) << dp_lpm_six(child->key, r->bit, r->wide);
	n = new_node(dp, r->key, r->bit, has);
	if (n == NULL)
		return NULL;
	if (child != NULL)
		n->at[0] = child;
	*dp_lpm_words(n) = word;
	return n;
}

/* ---- the tree ---- */

/* Above a node that is not on the way to the route, or has its place: one that has both. */
static struct dp_lpm_node *
grown_above(struct dp *dp, struct dp_lpm_node *n, const struct dp_lpm_route *r, uint32_t word)
{
	unsigned common = common_bits(n->key, r->key), bit = common / DP_LPM_BITS * DP_LPM_BITS;
	struct dp_lpm_bits has = {0};
	struct dp_lpm_node *leaf, *both;
	unsigned six;

	if (common >= r->bit)
		return node_of_route(dp, r, word, n);
	leaf = node_of_route(dp, r, word, NULL);
	six = dp_lpm_six(r->key, bit, r->wide);
	has.children = UINT64_C(1) << six | UINT64_C(1) << dp_lpm_six(n->key, bit, r->wide);
	both = leaf == NULL ? NULL : new_node(dp, r->key, bit, has);
	if (both == NULL) {
		dp_shared_free(dp, leaf);
		return NULL;
	}
	both->at[0] = both->at[1] = n;
	*dp_lpm_child(both, six) = leaf;
	return both;
}

/* A node on the way to the route that has no child there: with one. */
static struct dp_lpm_node *
grown_below(struct dp *dp, const struct dp_lpm_node *n, const struct dp_lpm_route *r, uint32_t word)
{
	struct dp_lpm_node *leaf = node_of_route(dp, r, word, NULL), *more;
	struct dp_lpm_bits has = n->has;

	has.children |= UINT64_C(1) << dp_lpm_six(r->key, n->bit, r->wide);
	more = leaf == NULL ? NULL : changed(dp, n, has, 0, leaf);
	if (more == NULL)
		dp_shared_free(dp, leaf);
	return more;
}

/* ---- changes ---- */

int
dp_lpm_set(struct dp *dp, struct dp_lpm *t, const struct cv_prefix *prefix, uint32_t word)
{
	struct dp_lpm_node **link, *n, *made, *old = NULL;
	uint32_t *there;
	struct dp_lpm_route r;

	if (!dp_lpm_route_of(prefix, &r) || word == 0)
		return CV_ERR_CONFIG;
	there = dp_lpm_word_of(t, &r);
	if (there != NULL) {
		__atomic_store_n(there, word, __ATOMIC_RELEASE);
		dp_lpm_follow(dp, t, &r);
		return 0;
	}
	link = dp_lpm_way_to(&t->root, &r).link;
	n = *link;
	if (n == NULL)
		made = node_of_route(dp, &r, word, NULL);
	else if (n->bit > r.bit || !dp_lpm_same(n->key, r.key, n->bit, r.wide))
		made = grown_above(dp, n, &r, word);
	else if ((old = n)->bit == r.bit)
		made = changed(dp, n, with_route(n->has, &r), word, NULL);
	else
		made = grown_below(dp, n, &r, word);
	if (made == NULL)
		return CV_ERR_NOMEM;
	__atomic_store_n(link, made, __ATOMIC_RELEASE);
	t->count++;
	dp_lpm_follow(dp, t, &r);
	dp_grace_free(dp, old);
	return 0;
}

/* Takes out a node that has nothing but the route, and the one above where that has then nothing
 * but a child. false: no memory. */
static bool
take_out(struct dp *dp, struct dp_lpm *t, struct dp_lpm_way w, const struct dp_lpm_route *r)
{
	struct dp_lpm_node *n = *w.link, *up = w.above == NULL ? NULL : *w.above, *instead = NULL;
	struct dp_lpm_bits has;

	if (up == NULL) {
		__atomic_store_n(&t->root, NULL, __ATOMIC_RELEASE);
	} else {
		has = up->has;
		has.children ^= UINT64_C(1) << dp_lpm_six(r->key, up->bit, r->wide);
		if ((has.shorter | has.full) == 0 && up->child_count == 2)
			instead = up->at[up->at[0] == n];
		else
			instead = changed(dp, up, has, 0, NULL);
		if (instead == NULL)
			return false;
		__atomic_store_n(w.above, instead, __ATOMIC_RELEASE);
	}
	t->count--;
	dp_lpm_follow(dp, t, r);
	dp_grace_free(dp, n);
	dp_grace_free(dp, up);
	return true;
}

int
dp_lpm_clear(struct dp *dp, struct dp_lpm *t, const struct cv_prefix *prefix)
{
	struct dp_lpm_bits has;
	struct dp_lpm_node *n, *instead;
	struct dp_lpm_route r;
	struct dp_lpm_way w;

	if (!dp_lpm_route_of(prefix, &r) || dp_lpm_word_of(t, &r) == NULL)
		return CV_ERR_UNKNOWN;
	w = dp_lpm_way_to(&t->root, &r);
	n = *w.link;
	has = with_route(n->has, &r); /* without it */
	if ((has.shorter | has.full | has.children) == 0) {
		if (!take_out(dp, t, w, &r))
			return CV_ERR_NOMEM;
	} else {
		instead = (has.shorter | has.full) == 0 && n->child_count == 1
				  ? n->at[0]
				  : changed(dp, n, has, 0, NULL);
		if (instead == NULL)
			return CV_ERR_NOMEM;
		__atomic_store_n(w.link, instead, __ATOMIC_RELEASE);
		t->count--;
		dp_lpm_follow(dp, t, &r);
		dp_grace_free(dp, n);
	}
	return 0;
}

static void
free_from(struct dp *dp, struct dp_lpm_node *n)
{
	for (unsigned i = 0; i < n->child_count; i++)
		free_from(dp, n->at[i]);
	dp_grace_free(dp, n);
}

void
dp_lpm_free(struct dp *dp, struct dp_lpm *t)
{
	struct dp_lpm_node *root = t->root;

	__atomic_store_n(&t->root, NULL, __ATOMIC_RELEASE);
	dp_lpm_drop_direct(dp, t);
	if (root != NULL)
		free_from(dp, root);
	t->count = 0;
}

/* ---- what is there ---- */

uint32_t
dp_lpm_get(const struct dp_lpm *t, const struct cv_prefix *prefix)
{
	const uint32_t *word = NULL;
	struct dp_lpm_route r;

	if (dp_lpm_route_of(prefix, &r))
		word = dp_lpm_word_of(t, &r);
	return word == NULL ? 0 : *word;
}

/* In a node's order there are, of each six bits, the routes of 0 to 6 that are the first of them,
 * the rest 0, and then the child. */
enum { CHILD = DP_LPM_BITS + 1, PLACES = CHILD + 1 };

static struct dp_lpm_key
with_six(struct dp_lpm_key key, unsigned bit, unsigned six)
{
	uint64_t bits = (uint64_t)six << (64 - DP_LPM_BITS);

	if (bit >= 64)
		key.low |= bits >> (bit - 64);
	else
		key.high |= bits >> bit;
	if (bit < 64 && bit > 64 - DP_LPM_BITS)
		key.low |= bits << (64 - bit);
	return key;
}

static bool
is_before(struct dp_lpm_key a, struct dp_lpm_key b)
{
	return a.high != b.high ? a.high < b.high : a.low < b.low;
}

/* The first route in a node or below it, or the first one after another. */
static bool
next_in(const struct dp_lpm_node *n, const struct dp_lpm_route *after, bool wide,
	struct dp_lpm_route *out, uint32_t *word)
{
	bool on_way = after != NULL && dp_lpm_same(n->key, after->key, n->bit, wide);
	unsigned place = 0;

	if (after != NULL && !on_way && is_before(n->key, after->key))
		return false;
	if (on_way && after->length >= n->bit)
		place = dp_lpm_six(after->key, n->bit, wide) * PLACES +
			RTE_MIN(after->length - n->bit + 1, (unsigned)CHILD);
	for (; place < (1 << DP_LPM_BITS) * PLACES; place++) {
		unsigned six = place / PLACES, in = place % PLACES;
		const uint32_t *found;

		if (in == CHILD) {
			if (dp_lpm_is_set(n->has.children, six) &&
				next_in(n->at[dp_lpm_rank(n->has.children, six)], after, wide, out,
					word))
				return true;
			continue;
		}
		found = (six & ((1u << (DP_LPM_BITS - in)) - 1)) != 0 ? NULL
								      : dp_lpm_word_in(n, six, in);
		if (found == NULL)
			continue;
		*out = (struct dp_lpm_route){
			.key = with_six(n->key, n->bit, six), .length = n->bit + in};
		*word = *found;
		return true;
	}
	return false;
}

bool
dp_lpm_next(const struct dp_lpm *t, enum cv_family family, struct cv_prefix *prefix, uint32_t *word)
{
	bool first = prefix->ip.family == 0;
	struct dp_lpm_route after, next;

	if (t->root == NULL || (!first && !dp_lpm_route_of(prefix, &after)) ||
		!next_in(t->root, first ? NULL : &after, family == CV_IPV6, &next, word))
		return false;
	*prefix = (struct cv_prefix){.ip.family = (uint8_t)family, .length = (uint8_t)next.length};
	for (unsigned i = 0; i < 8; i++) {
		prefix->ip.bytes[i] = (uint8_t)(next.key.high >> (56 - 8 * i));
		prefix->ip.bytes[8 + i] = (uint8_t)(next.key.low >> (56 - 8 * i));
	}
	return true;
}
