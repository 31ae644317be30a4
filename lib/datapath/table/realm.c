/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where inner addresses of a realm lead to: a word an address (dp_route_word). Addresses of the
 * realm's pools have theirs in flat windows, of which only what is used is in memory; others in a
 * hash table; wider prefixes are in a tree that is asked last. A word is written under traffic.
 * What holds them is replaced as a whole, and given back when it holds nothing.
 */
#include <rte_byteorder.h>

#include "datapath/host/memory.h"
#include "datapath/table/realms.h"
#include "datapath/table/sessions.h"

enum {
	WINDOW_SHORTEST = 8, /* prefix length: 64 MiB, if all of it is used */
	HOSTS_LEAST = 8,
	/* addresses: wherever they lie in a /8, huge pages for them cost no more than small ones */
	DENSE = 16384,
};

/* ---- the words ---- */

static struct dp_hosts *
new_hosts(struct dp *dp, uint32_t live)
{
	uint32_t places = HOSTS_LEAST;
	struct dp_hosts *h;

	while (places < 3 * live)
		places *= 2;
	h = dp_shared_new(dp, sizeof(*h) + places * sizeof(h->at[0]));
	if (h != NULL)
		h->mask = places - 1;
	return h;
}

/* There is room. Workers find it by its address, written last. */
static uint32_t *
add_host(struct dp_hosts *h, uint32_t ip_be, uint32_t word)
{
	uint32_t at = dp_hosts_place(h, ip_be);

	while (h->at[at].ip != 0)
		at = (at + 1) & h->mask;
	h->used++;
	h->live += word != 0;
	h->at[at].word = word;
	__atomic_store_n(&h->at[at].ip, ip_be, __ATOMIC_RELEASE);
	return &h->at[at].word;
}

/* The hosts in a table that suits `more` of them; false: no memory. */
static bool
replace_hosts(struct dp *dp, struct dp_realm_table *r, uint32_t more)
{
	struct dp_hosts *old = r->hosts, *h = NULL;
	uint32_t live = (old == NULL ? 0 : old->live) + more;

	if (live != 0) {
		h = new_hosts(dp, live);
		if (h == NULL)
			return false;
	}
	for (uint32_t i = 0; old != NULL && i <= old->mask; i++)
		if (old->at[i].ip != 0 && old->at[i].word != 0)
			add_host(h, old->at[i].ip, old->at[i].word);
	__atomic_store_n(&r->hosts, h, __ATOMIC_RELEASE);
	dp_grace_free(dp, old);
	return true;
}

static struct dp_realm_table *
realm_of(struct dp *dp, uint16_t realm)
{
	if (dp->realms[realm] == NULL) {
		struct dp_realm_table *r = dp_shared_new(dp, sizeof(*r));

		if (r != NULL)
			__atomic_store_n(&dp->realms[realm], r, __ATOMIC_RELEASE);
	}
	return dp->realms[realm];
}

bool
dp_realm_make(struct dp *dp, uint16_t realm)
{
	return realm_of(dp, realm) != NULL;
}

uint32_t *
dp_realm_entry(struct dp *dp, uint16_t realm, uint32_t ip_be)
{
	struct dp_realm_table *r = realm_of(dp, realm);
	uint32_t *word = r == NULL ? NULL : dp_realm_word(r, ip_be);

	if (word != NULL || r == NULL || ip_be == 0)
		return word;
	dp_realm_trim_later(dp, realm); /* where it comes to nothing */
	if ((r->hosts == NULL || 2 * (r->hosts->used + 1) > r->hosts->mask + 1) &&
		!replace_hosts(dp, r, 1))
		return NULL;
	return add_host(r->hosts, ip_be, 0);
}

static bool
in_window(const struct dp_realm_table *r, uint32_t ip)
{
	for (uint32_t i = 0; i < r->window_count; i++)
		if (ip - r->windows[i].first < r->windows[i].size)
			return true;
	return false;
}

static void
windows_are_dense(struct dp_realm_table *r)
{
	for (uint32_t i = 0; i < r->window_count; i++)
		dp_shared_is_dense(r->windows[i].words);
}

void
dp_realm_put(struct dp *dp, uint16_t realm, uint32_t ip_be, uint32_t word)
{
	uint32_t *entry = dp_realm_entry(dp, realm, ip_be);
	struct dp_realm_table *r = dp->realms[realm];
	int more = (word != 0) - (*entry != 0);

	__atomic_store_n(entry, word, __ATOMIC_RELEASE);
	r->live += (uint32_t)more;
	if (!in_window(r, rte_be_to_cpu_32(ip_be)))
		r->hosts->live += (uint32_t)more;
	if (more < 0)
		dp_realm_trim_later(dp, realm);
	if (more > 0 && r->live == DENSE)
		windows_are_dense(r);
}

/* ---- giving back ---- */

void
dp_realm_trim_later(struct dp *dp, uint16_t realm)
{
	struct dp_realm_table *r = dp->realms[realm];

	if (r->trims)
		return;
	r->trims = true;
	r->next_trim = dp->trim_first;
	dp->trim_first = realm;
}

static void
destroy(struct dp *dp, uint16_t realm)
{
	struct dp_realm_table *r = dp->realms[realm];

	__atomic_store_n(&dp->realms[realm], NULL, __ATOMIC_RELEASE);
	for (uint32_t i = 0; i < r->window_count; i++)
		dp_grace_free(dp, r->windows[i].words);
	dp_grace_free(dp, r->hosts);
	dp_lpm_free(dp, &r->routes);
	dp_grace_free(dp, r->pools);
	dp_grace_free(dp, r);
}

void
dp_realms_poll(struct dp *dp)
{
	while (dp->trim_first != DP_NO_REALM) {
		uint16_t realm = (uint16_t)dp->trim_first;
		struct dp_realm_table *r = dp->realms[realm];
		const struct dp_hosts *h = r->hosts;

		dp->trim_first = r->next_trim;
		r->trims = false;
		dp_realm6_trim(dp, realm);
		if (r->live == 0 && r->routes.count == 0 && r->pool_count == 0 &&
			dp->realms6[realm] == NULL)
			destroy(dp, realm);
		else if (h != NULL &&
			 (h->live == 0 || (h->mask >= HOSTS_LEAST && 8 * h->live < h->mask)))
			(void)replace_hosts(dp, r, 0);
	}
}

void
dp_realms_destroy(struct dp *dp)
{
	dp_realms6_destroy(dp);
	for (uint32_t realm = 0; realm < DP_IDS_OF_A_KIND; realm++)
		if (dp->realms[realm] != NULL)
			destroy(dp, (uint16_t)realm);
}

/* ---- pools ---- */

/* Where a word goes in a table that no worker knows yet; 1: to its hosts, which are made when
 * `write` is set. */
static uint32_t
place(struct dp_realm_table *t, uint32_t ip, uint32_t word, bool write)
{
	uint32_t *at = dp_window_word(t, ip);

	if (at == NULL && write)
		add_host(t->hosts, rte_cpu_to_be_32(ip), word);
	else if (at != NULL && write)
		*at = word;
	return at == NULL;
}

/* All words but those in windows that both have. Returns how many are hosts'. */
static uint32_t
spread(const struct dp_realm_table *old, struct dp_realm_table *t, bool write)
{
	const struct dp_hosts *h = old->hosts;
	uint32_t n = 0;

	for (uint32_t i = 0; i < old->window_count; i++) {
		const struct dp_window *w = &old->windows[i];

		if (dp_window_word(t, w->first) == w->words)
			continue; /* the same memory */
		for (uint32_t k = 0; k < w->size; k++)
			if (w->words[k] != 0)
				n += place(t, w->first + k, w->words[k], write);
	}
	for (uint32_t i = 0; h != NULL && i <= h->mask; i++)
		if (h->at[i].ip != 0 && h->at[i].word != 0)
			n += place(t, rte_be_to_cpu_32(h->at[i].ip), h->at[i].word, write);
	return n;
}

static uint32_t *
words_of(const struct dp_realm_table *r, uint32_t first, uint32_t size)
{
	for (uint32_t i = 0; i < r->window_count; i++)
		if (r->windows[i].first == first && r->windows[i].size == size)
			return r->windows[i].words;
	return NULL;
}

static void
free_windows(struct dp *dp, struct dp_realm_table *r, const struct dp_realm_table *other)
{
	for (uint32_t i = 0; i < r->window_count; i++)
		if (words_of(other, r->windows[i].first, r->windows[i].size) == NULL)
			dp_grace_free(dp, r->windows[i].words);
}

/* A window for each pool, as far as there are some. false: no memory. */
static bool
make_windows(struct dp *dp, const struct dp_realm_table *old, struct dp_realm_table *t,
	const struct cv_prefix *pools, uint16_t count)
{
	for (uint16_t i = 0; i < count && t->window_count < DP_WINDOWS; i++) {
		struct dp_window *w = &t->windows[t->window_count];

		if (pools[i].ip.family != CV_IPV4 || pools[i].length < WINDOW_SHORTEST)
			continue;
		w->first = cv_ipv4_value(&pools[i].ip);
		w->size = (uint32_t)(UINT64_C(1) << (32 - pools[i].length));
		w->words = words_of(old, w->first, w->size);
		if (w->words == NULL)
			w->words = dp_shared_new_sparse(dp, w->size * sizeof(w->words[0]));
		if (w->words == NULL)
			return false;
		t->window_count++;
	}
	return true;
}

/* The table that is to follow `old`. NULL: no memory. */
static struct dp_realm_table *
with_pools(struct dp *dp, const struct dp_realm_table *old, const struct cv_prefix *pools,
	uint16_t count)
{
	struct dp_realm_table *t = dp_shared_new(dp, sizeof(*t));
	uint32_t hosts;

	if (t == NULL)
		return NULL;
	*t = *old;
	t->window_count = 0;
	t->hosts = NULL;
	t->pool_count = count;
	t->pools = count == 0 ? NULL : dp_shared_new(dp, count * sizeof(pools[0]));
	if ((count == 0 || t->pools != NULL) && make_windows(dp, old, t, pools, count)) {
		hosts = spread(old, t, false);
		t->hosts = hosts == 0 ? NULL : new_hosts(dp, hosts);
		if (hosts == 0 || t->hosts != NULL) {
			if (t->live >= DENSE)
				windows_are_dense(t);
			spread(old, t, true);
			if (count != 0)
				memcpy(t->pools, pools, count * sizeof(pools[0]));
			return t;
		}
	}
	free_windows(dp, t, old);
	dp_shared_free(dp, t->pools);
	dp_shared_free(dp, t);
	return NULL;
}

static bool
is_pool(const struct cv_prefix *p)
{
	return p->ip.family == CV_IPV4 ? p->length <= 32
				       : p->ip.family == CV_IPV6 && p->length <= DP_LINK_BITS &&
						 dp_net_usable(dp_net_of(p->ip.bytes), p->length);
}

static bool
has_pool6(const struct cv_prefix *pools, uint16_t count)
{
	for (uint16_t i = 0; i < count; i++)
		if (pools[i].ip.family == CV_IPV6)
			return true;
	return false;
}

int
dp_realm_set(struct dp *dp, uint16_t realm, const struct cv_prefix *pools, uint16_t count)
{
	struct dp_realm_table *old, *t;
	struct dp_realm6 *six = NULL;

	for (uint16_t i = 0; i < count; i++)
		if (!is_pool(&pools[i]))
			return CV_ERR_CONFIG;
	old = realm_of(dp, realm);
	if (old == NULL)
		return CV_ERR_NOMEM;
	dp_realm_trim_later(dp, realm);
	if ((dp->realms6[realm] != NULL || has_pool6(pools, count)) &&
		dp_realm6_prepare(dp, realm, pools, count, &six) != 0)
		return CV_ERR_NOMEM;
	t = with_pools(dp, old, pools, count);
	if (t == NULL) {
		dp_realm6_discard(dp, realm, six);
		return CV_ERR_NOMEM;
	}
	__atomic_store_n(&dp->realms[realm], t, __ATOMIC_RELEASE);
	if (six != NULL)
		dp_realm6_commit(dp, realm, six);
	free_windows(dp, old, t);
	dp_grace_free(dp, old->hosts);
	dp_grace_free(dp, old->pools);
	dp_grace_free(dp, old);
	return 0;
}

int
dp_realm_clear(struct dp *dp, uint16_t realm)
{
	return dp->realms[realm] == NULL ? CV_ERR_UNKNOWN : dp_realm_set(dp, realm, NULL, 0);
}

int
dp_realm_get(const struct dp *dp, uint16_t realm, const struct cv_prefix **pools, uint16_t *count)
{
	const struct dp_realm_table *r = dp->realms[realm];

	if (r == NULL || r->pool_count == 0)
		return CV_ERR_UNKNOWN;
	*pools = r->pools;
	*count = r->pool_count;
	return 0;
}
