/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first 18 bits of IPv4 at once, for a table of many routes: what is shorter is a word an
 * entry, and what is longer is the tree from there on. Beside the tree, which stays whole.
 */
#include "datapath/host/memory.h"
#include "datapath/table/nodes.h"
#include "datapath/table/sessions.h"

enum {
	FROM = 16384, /* routes, of which it is 256 bytes each */
	UNTIL = 4096,
	ENTRIES = 1 << DP_LPM_DIRECT,
};

static uint32_t
entry_of(struct dp_lpm_key key)
{
	return (uint32_t)(key.high >> (64 - DP_LPM_DIRECT));
}

/* Entries of a route of at most 18 bits that no longer one has. */
static void
paint(struct dp_lpm_entry *direct, struct dp_lpm_key key, unsigned length, uint32_t word,
	uint8_t tag)
{
	struct dp_lpm_entry *e = &direct[entry_of(key)];

	for (unsigned i = 0; i < 1u << (DP_LPM_DIRECT - length); i++, e++) {
		if (e->tag > length + 1)
			continue;
		e->tag = tag;
		__atomic_store_n(&e->word, word, __ATOMIC_RELEASE);
	}
}

/* What is in a node and below it into a table that no worker knows yet; what is shorter is there.
 */
static void
fill(struct dp_lpm_entry *direct, struct dp_lpm_node *n)
{
	if (n->bit >= DP_LPM_DIRECT) {
		direct[entry_of(n->key)].node = n;
		return;
	}
	for (unsigned in = 0; in <= DP_LPM_BITS; in++)
		for (unsigned six = 0; six < 64; six += 1u << (DP_LPM_BITS - in)) {
			const uint32_t *word = dp_lpm_word_in(n, six, in);
			uint64_t own = (uint64_t)six << (64 - DP_LPM_BITS) >> n->bit;

			if (word != NULL)
				paint(direct, (struct dp_lpm_key){n->key.high | own, 0},
					n->bit + in, *word, (uint8_t)(n->bit + in + 1));
		}
	for (unsigned i = 0; i < n->child_count; i++)
		fill(direct, n->at[i]);
}

static void
make_direct(struct dp *dp, struct dp_lpm *t)
{
	struct dp_lpm_entry *direct = dp_shared_new(dp, ENTRIES * sizeof(direct[0]));

	if (direct == NULL)
		return; /* it goes on as it is */
	fill(direct, t->root);
	__atomic_store_n(&t->direct, direct, __ATOMIC_RELEASE);
}

void
dp_lpm_drop_direct(struct dp *dp, struct dp_lpm *t)
{
	struct dp_lpm_entry *direct = t->direct;

	__atomic_store_n(&t->direct, NULL, __ATOMIC_RELEASE);
	dp_grace_free(dp, direct);
}

/* The first node of these 18 bits that begins behind them. */
static struct dp_lpm_node *
node_behind(const struct dp_lpm *t, const struct dp_lpm_route *r)
{
	struct dp_lpm_node *n = t->root;

	while (n != NULL && n->bit < DP_LPM_DIRECT) {
		unsigned six = dp_lpm_six(r->key, n->bit, false);

		if (!dp_lpm_same(n->key, r->key, n->bit, false) ||
			!dp_lpm_is_set(n->has.children, six))
			return NULL;
		n = *dp_lpm_child(n, six);
	}
	return n != NULL && dp_lpm_same(n->key, r->key, DP_LPM_DIRECT, false) ? n : NULL;
}

/* Entries that a route has, or had, are its own or of what is shorter. */
static void
repaint(const struct dp_lpm *t, const struct dp_lpm_route *r)
{
	const uint32_t *word = NULL;
	unsigned length = r->length + 1;

	while (word == NULL && length > 0) {
		struct dp_lpm_route shorter = dp_lpm_route_at(r->key, --length, false);

		word = dp_lpm_word_of(t, &shorter);
	}
	paint(t->direct, r->key, r->length, word == NULL ? 0 : *word,
		(uint8_t)(word == NULL ? 0 : length + 1));
}

void
dp_lpm_follow(struct dp *dp, struct dp_lpm *t, const struct dp_lpm_route *r)
{
	if (t->direct == NULL && t->count >= FROM && !r->wide)
		make_direct(dp, t);
	else if (t->direct != NULL && t->count < UNTIL)
		dp_lpm_drop_direct(dp, t);
	else if (t->direct != NULL && r->length <= DP_LPM_DIRECT)
		repaint(t, r);
	else if (t->direct != NULL)
		__atomic_store_n(
			&t->direct[entry_of(r->key)].node, node_behind(t, r), __ATOMIC_RELEASE);
}
