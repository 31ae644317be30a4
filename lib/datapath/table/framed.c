/* SPDX-License-Identifier: BSD-3-Clause */
#include "datapath/table/framed.h"

#include <stdlib.h>

#include "base/list.h"
#include "datapath/table/sessions.h"

enum { EXPECTED = 4096 };

struct entry {
	struct cv_prefix prefix;
	uint32_t under; /* the route that it is in place of, 0: none */
};

struct framed {
	struct cv_node node;
	uint32_t slot;
	uint16_t realm, count;
	struct entry at[];
};

#define FRAMED_OF(n) CV_OBJECT(struct framed, node, n)

int
dp_framed_create(struct dp *dp)
{
	const uint64_t key[2] = {dp->slot_seed, ~dp->slot_seed};

	return cv_table_init(&dp->framed, EXPECTED, key);
}

static uint64_t
hash_of(const struct dp *dp, uint32_t slot)
{
	return cv_table_hash(&dp->framed, &slot, sizeof(slot));
}

static struct framed *
find(const struct dp *dp, uint32_t slot)
{
	struct cv_node *n =
		dp->framed.chains == NULL ? NULL : cv_table_first(&dp->framed, hash_of(dp, slot));

	while (n != NULL && FRAMED_OF(n)->slot != slot)
		n = cv_table_next(n);
	return n == NULL ? NULL : FRAMED_OF(n);
}

void
dp_framed_destroy(struct dp *dp)
{
	for (uint32_t i = 0; dp->framed.chains != NULL && i <= dp->framed.mask; i++)
		for (struct cv_node *n = dp->framed.chains[i], *next; n != NULL; n = next) {
			next = n->next;
			free(FRAMED_OF(n));
		}
	cv_table_fini(&dp->framed);
}

static struct entry *
entry_of(struct framed *f, const struct cv_prefix *prefix)
{
	for (uint16_t i = 0; f != NULL && i < f->count; i++)
		if (cv_prefix_equal(&f->at[i].prefix, prefix))
			return &f->at[i];
	return NULL;
}

int
dp_framed_under(struct dp *dp, uint16_t realm, const struct cv_prefix *prefix, uint32_t word,
	uint32_t under)
{
	struct framed *f = find(dp, word & DP_ROUTE_INDEX);
	struct entry *e = entry_of(f, prefix);

	if (e == NULL || f->realm != realm || (under == 0 && e->under == 0))
		return CV_ERR_UNKNOWN;
	e->under = under;
	return 0;
}

/* What was there before has its place again: another word for a route needs no memory. */
static void
give_back(struct dp *dp, uint16_t realm, const struct entry *e)
{
	if (e->under != 0)
		(void)dp_route_put(dp, realm, &e->prefix, e->under);
	else
		dp_route_owe(dp, realm, &e->prefix);
}

void
dp_framed_drop(struct dp *dp, uint32_t slot)
{
	struct framed *f = find(dp, slot);

	if (f == NULL)
		return;
	cv_table_remove(&dp->framed, &f->node);
	for (uint16_t i = 0; i < f->count; i++)
		give_back(dp, f->realm, &f->at[i]);
	free(f);
}

/* It gets the word of the session, if nobody else has it. e->under: what was there. */
static int
put(struct dp *dp, uint16_t realm, struct entry *e, uint32_t word)
{
	uint32_t there = dp_route_get(dp, realm, &e->prefix);

	if (dp_route_kind(there) == DP_ROUTE_BEHIND || dp_route_kind(there) == DP_ROUTE_SELF ||
		dp_route_kind(there) == DP_ROUTE_LINK)
		return CV_ERR_EXISTS;
	e->under = dp_owed_settle(dp, realm, &e->prefix) ? 0 : there;
	return dp_route_put(dp, realm, &e->prefix, word);
}

/* Those of `f` that `old` has not; all of them, or none. */
static int
add(struct dp *dp, struct framed *f, struct framed *old)
{
	uint32_t word = dp_route_word(DP_ROUTE_BEHIND, f->slot);
	uint16_t i;
	int rc = 0;

	for (i = 0; i < f->count && rc == 0; i++) {
		const struct entry *had = entry_of(old, &f->at[i].prefix);

		if (had != NULL)
			f->at[i].under = had->under;
		else
			rc = put(dp, f->realm, &f->at[i], word);
	}
	if (rc == 0)
		return 0;
	for (i--; i-- > 0;)
		if (entry_of(old, &f->at[i].prefix) == NULL)
			give_back(dp, f->realm, &f->at[i]);
	return rc;
}

static bool
twice(const struct cv_prefix *prefixes, uint16_t count)
{
	for (uint16_t i = 0; i < count; i++)
		for (uint16_t k = 0; k < i; k++)
			if (cv_prefix_equal(&prefixes[i], &prefixes[k]))
				return true;
	return false;
}

int
dp_framed_set(struct dp *dp, uint32_t slot, const struct cv_prefix *prefixes, uint16_t count)
{
	struct framed *old = find(dp, slot), *f;
	struct dp_session s;
	int rc;

	if (dp_session_get(dp, slot, &s) != 0)
		return CV_ERR_UNKNOWN;
	if (count > DP_MAX_FRAMED || twice(prefixes, count))
		return CV_ERR_CONFIG;
	if (count == 0) {
		dp_framed_drop(dp, slot);
		return 0;
	}
	f = calloc(1, sizeof(*f) + count * sizeof(f->at[0]));
	if (f == NULL)
		return CV_ERR_NOMEM;
	f->slot = slot;
	f->realm = s.realm;
	f->count = count;
	for (uint16_t i = 0; i < count; i++)
		f->at[i].prefix = prefixes[i];
	rc = add(dp, f, old);
	if (rc != 0) {
		free(f);
		return rc;
	}
	for (uint16_t i = 0; old != NULL && i < old->count; i++)
		if (entry_of(f, &old->at[i].prefix) == NULL)
			give_back(dp, old->realm, &old->at[i]);
	if (old != NULL)
		cv_table_remove(&dp->framed, &old->node);
	free(old);
	cv_table_add(&dp->framed, &f->node, hash_of(dp, slot));
	return 0;
}

bool
dp_framed_get(const struct dp *dp, uint32_t slot, unsigned index, struct cv_prefix *out)
{
	const struct framed *f = find(dp, slot);

	if (f == NULL || index >= f->count)
		return false;
	*out = f->at[index].prefix;
	return true;
}
