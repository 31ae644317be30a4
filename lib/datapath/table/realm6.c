/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where inner IPv6 prefixes of a realm lead to, as realm.c has it for addresses: the /64s of the
 * realm's pools have their words in flat windows, other prefixes, the delegated ones among them, in
 * a hash table. A word is written under traffic, what holds them is replaced as a whole.
 */
#include "datapath/host/memory.h"
#include "datapath/table/realms.h"
#include "datapath/table/sessions.h"

enum {
	WINDOW_SHORTEST = 40, /* prefix length: 64 MiB, if all of it is used */
	NETS_LEAST = 8,
	DENSE = 16384, /* as realm.c has it */
};

/* ---- the words ---- */

static struct dp_nets *
new_nets(struct dp *dp, uint32_t live)
{
	uint32_t places = NETS_LEAST;
	struct dp_nets *n;

	while (places < 3 * live)
		places *= 2;
	n = dp_shared_new(dp, sizeof(*n) + places * sizeof(n->at[0]));
	if (n != NULL)
		n->mask = places - 1;
	return n;
}

static void
add_length(struct dp_nets *n, unsigned bits)
{
	unsigned at = 0;

	while (at < n->count && n->lengths[at] > bits)
		at++;
	if (at < n->count && n->lengths[at] == bits)
		return;
	memmove(&n->lengths[at + 1], &n->lengths[at], n->count - at);
	n->lengths[at] = (uint8_t)bits;
	n->count++;
}

/* There is room, and workers know its length or not the table. They find it by its tag. */
static void
add_net(struct dp_nets *n, uint64_t net, unsigned bits, uint32_t word)
{
	uint32_t at = dp_nets_place(n, net, bits);

	while (n->at[at].tag != 0)
		at = (at + 1) & n->mask;
	n->used++;
	n->live += word != 0;
	n->at[at].net = net;
	n->at[at].word = word;
	__atomic_store_n(&n->at[at].tag, dp_net_tag(bits), __ATOMIC_RELEASE);
}

static unsigned
bits_at(const struct dp_nets *n, uint32_t at)
{
	return n->at[at].tag - 1;
}

static bool
lives_at(const struct dp_nets *n, uint32_t at)
{
	return n->at[at].tag != 0 && n->at[at].word != 0;
}

/* What lives, in a table that suits `more` of them, one of a length of so many bits among them
 * (DP_LINK_BITS: none that is shorter). NULL and *out NULL: there is none; false: no memory. */
static bool
copy_nets(struct dp *dp, const struct dp_nets *old, uint32_t more, unsigned bits,
	struct dp_nets **out)
{
	uint32_t live = (old == NULL ? 0 : old->live) + more;
	struct dp_nets *n = live == 0 ? NULL : new_nets(dp, live);

	*out = n;
	if (n == NULL)
		return live == 0;
	if (bits < DP_LINK_BITS)
		add_length(n, bits);
	for (uint32_t i = 0; old != NULL && i <= old->mask; i++) {
		if (!lives_at(old, i))
			continue;
		if (bits_at(old, i) < DP_LINK_BITS)
			add_length(n, bits_at(old, i));
		add_net(n, old->at[i].net, bits_at(old, i), old->at[i].word);
	}
	return true;
}

static bool
replace_nets(struct dp *dp, struct dp_realm6 *r, uint32_t more, unsigned bits)
{
	struct dp_nets *old = r->nets, *n;

	if (!copy_nets(dp, old, more, bits, &n))
		return false;
	__atomic_store_n(&r->nets, n, __ATOMIC_RELEASE);
	dp_grace_free(dp, old);
	return true;
}

/* The realm's table, made where there is none. NULL: no memory. */
static struct dp_realm6 *
realm_of(struct dp *dp, uint16_t realm)
{
	if (dp_realm_make(dp, realm) && dp->realms6[realm] == NULL) {
		struct dp_realm6 *r = dp_shared_new(dp, sizeof(*r));

		if (r != NULL)
			__atomic_store_n(&dp->realms6[realm], r, __ATOMIC_RELEASE);
	}
	return dp->realms6[realm];
}

bool
dp_realm6_make(struct dp *dp, uint16_t realm)
{
	return realm_of(dp, realm) != NULL;
}

static bool
knows_length(const struct dp_nets *n, unsigned bits)
{
	return bits == DP_LINK_BITS || memchr(n->lengths, (int)bits, n->count) != NULL;
}

int
dp_realm6_room(struct dp *dp, uint16_t realm, uint64_t net, unsigned bits)
{
	struct dp_realm6 *r = realm_of(dp, realm);
	const struct dp_nets *n;

	if (r == NULL)
		return CV_ERR_NOMEM;
	dp_realm_trim_later(dp, realm); /* where it comes to nothing */
	if (!dp_covers6_room(dp, r, bits))
		return CV_ERR_NOMEM;
	if (bits == DP_LINK_BITS && dp_window6_word(r, net) != NULL)
		return 0;
	n = r->nets;
	/* of another prefix besides, which the session may have */
	if (n != NULL && 2 * (n->used + 2) <= n->mask + 1 && knows_length(n, bits))
		return 0;
	return replace_nets(dp, r, 2, bits) ? 0 : CV_ERR_NOMEM;
}

static uint32_t *
word_of(const struct dp_realm6 *r, uint64_t net, unsigned bits)
{
	return bits == DP_LINK_BITS ? dp_realm6_word(r, net) : dp_nets_word(r->nets, net, bits);
}

uint32_t
dp_realm6_get(const struct dp *dp, uint16_t realm, uint64_t net, unsigned bits)
{
	const struct dp_realm6 *r = dp->realms6[realm];
	const uint32_t *word = r == NULL ? NULL : word_of(r, net, bits);

	return word == NULL ? DP_ROUTE_NOBODY : *word;
}

static void
windows_are_dense(struct dp_realm6 *r)
{
	for (uint32_t i = 0; i < r->window_count; i++)
		dp_shared_is_dense(r->windows[i].words);
}

void
dp_realm6_put(struct dp *dp, uint16_t realm, uint64_t net, unsigned bits, uint32_t word)
{
	struct dp_realm6 *r = dp->realms6[realm];
	uint32_t *entry = word_of(r, net, bits);
	int more = (word != 0) - (entry != NULL && *entry != 0);

	if (entry == NULL && word == 0)
		return;
	if (entry == NULL) {
		add_net(r->nets, net, bits, word);
	} else {
		if (bits != DP_LINK_BITS || dp_window6_word(r, net) == NULL)
			r->nets->live += (uint32_t)more;
		__atomic_store_n(entry, word, __ATOMIC_RELEASE);
	}
	r->live += (uint32_t)more;
	if (more != 0)
		dp_covers6_count(r, net, bits, more);
	if (more < 0)
		dp_realm_trim_later(dp, realm);
	if (more > 0 && r->live == DENSE)
		windows_are_dense(r);
}

/* ---- giving back ---- */

static void
destroy(struct dp *dp, uint16_t realm)
{
	struct dp_realm6 *r = dp->realms6[realm];

	__atomic_store_n(&dp->realms6[realm], NULL, __ATOMIC_RELEASE);
	for (uint32_t i = 0; i < r->window_count; i++)
		dp_grace_free(dp, r->windows[i].words);
	dp_grace_free(dp, r->nets);
	dp_lpm_free(dp, &r->routes);
	dp_covers6_free(dp, r);
	dp_grace_free(dp, r);
}

void
dp_realm6_trim(struct dp *dp, uint16_t realm)
{
	struct dp_realm6 *r = dp->realms6[realm];
	const struct dp_nets *n = r == NULL ? NULL : r->nets;

	if (r != NULL && r->live == 0 && r->routes.count == 0 && r->window_count == 0)
		destroy(dp, realm);
	else if (n != NULL && (n->live == 0 || (n->mask >= NETS_LEAST && 8 * n->live < n->mask)))
		(void)replace_nets(dp, r, 0, DP_LINK_BITS);
}

void
dp_realms6_destroy(struct dp *dp)
{
	for (uint32_t realm = 0; realm < DP_IDS_OF_A_KIND; realm++)
		if (dp->realms6[realm] != NULL)
			destroy(dp, (uint16_t)realm);
}

/* ---- pools ---- */

/* Where a /64's word goes in a table that no worker knows yet; 1: to its nets, which are made when
 * `write` is set. */
static uint32_t
place(struct dp_realm6 *t, uint64_t net, uint32_t word, bool write)
{
	uint32_t *at = dp_window6_word(t, net);

	if (at == NULL && write)
		add_net(t->nets, net, DP_LINK_BITS, word);
	else if (at != NULL && write)
		*at = word;
	return at == NULL;
}

/* All words but those in windows that both have. Returns how many are nets'. */
static uint32_t
spread(const struct dp_realm6 *old, struct dp_realm6 *t, bool write)
{
	const struct dp_nets *n = old->nets;
	uint32_t count = 0;

	for (uint32_t i = 0; i < old->window_count; i++) {
		const struct dp_window6 *w = &old->windows[i];

		if (dp_window6_word(t, w->first) == w->words)
			continue; /* the same memory */
		for (uint32_t k = 0; k < w->size; k++)
			if (w->words[k] != 0)
				count += place(t, w->first + k, w->words[k], write);
	}
	for (uint32_t i = 0; n != NULL && i <= n->mask; i++) {
		if (!lives_at(n, i))
			continue;
		if (bits_at(n, i) == DP_LINK_BITS) {
			count += place(t, n->at[i].net, n->at[i].word, write);
			continue;
		}
		count++;
		if (write) {
			add_length(t->nets, bits_at(n, i));
			add_net(t->nets, n->at[i].net, bits_at(n, i), n->at[i].word);
		}
	}
	return count;
}

static uint32_t *
words_of(const struct dp_realm6 *r, uint64_t first, uint64_t size)
{
	for (uint32_t i = 0; i < r->window_count; i++)
		if (r->windows[i].first == first && r->windows[i].size == size)
			return r->windows[i].words;
	return NULL;
}

static void
free_windows(struct dp *dp, struct dp_realm6 *r, const struct dp_realm6 *other)
{
	for (uint32_t i = 0; i < r->window_count; i++)
		if (words_of(other, r->windows[i].first, r->windows[i].size) == NULL)
			dp_grace_free(dp, r->windows[i].words);
}

/* A window for each pool of IPv6, as far as there are some. false: no memory. */
static bool
make_windows(struct dp *dp, const struct dp_realm6 *old, struct dp_realm6 *t,
	const struct cv_prefix *pools, uint16_t count)
{
	for (uint16_t i = 0; i < count && t->window_count < DP_WINDOWS6; i++) {
		struct dp_window6 *w = &t->windows[t->window_count];

		if (pools[i].ip.family != CV_IPV6 || pools[i].length < WINDOW_SHORTEST)
			continue;
		w->first = dp_net_of(pools[i].ip.bytes);
		w->size = UINT64_C(1) << (DP_LINK_BITS - pools[i].length);
		w->words = words_of(old, w->first, w->size);
		if (w->words == NULL)
			w->words = dp_shared_new_sparse(dp, w->size * sizeof(w->words[0]));
		if (w->words == NULL)
			return false;
		t->window_count++;
	}
	return true;
}

int
dp_realm6_prepare(struct dp *dp, uint16_t realm, const struct cv_prefix *pools, uint16_t count,
	struct dp_realm6 **out)
{
	struct dp_realm6 *old = realm_of(dp, realm);
	struct dp_realm6 *t = old == NULL ? NULL : dp_shared_new(dp, sizeof(*t));
	uint32_t nets;

	*out = t;
	if (t == NULL)
		return CV_ERR_NOMEM;
	*t = *old;
	t->window_count = 0;
	t->nets = NULL;
	if (make_windows(dp, old, t, pools, count)) {
		nets = spread(old, t, false);
		t->nets = nets == 0 ? NULL : new_nets(dp, nets);
		if (nets == 0 || t->nets != NULL) {
			if (t->live >= DENSE)
				windows_are_dense(t);
			return 0;
		}
	}
	dp_realm6_discard(dp, realm, t);
	return CV_ERR_NOMEM;
}

void
dp_realm6_discard(struct dp *dp, uint16_t realm, struct dp_realm6 *t)
{
	if (t == NULL)
		return;
	free_windows(dp, t, dp->realms6[realm]);
	dp_shared_free(dp, t->nets);
	dp_shared_free(dp, t);
}

void
dp_realm6_commit(struct dp *dp, uint16_t realm, struct dp_realm6 *t)
{
	struct dp_realm6 *old = dp->realms6[realm];

	spread(old, t, true);
	__atomic_store_n(&dp->realms6[realm], t, __ATOMIC_RELEASE);
	free_windows(dp, old, t);
	dp_grace_free(dp, old->nets);
	dp_grace_free(dp, old);
}
