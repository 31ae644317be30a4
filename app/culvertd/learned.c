/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a routing daemon has learned, in the realms: each change of a table's prefix is a route in
 * the data path. Routes with the same next hops share an ID.
 */
#include <stdlib.h>
#include <string.h>

#include "datapath/routes.h"
#include "kernel.h"

enum { CHANGES = 512 }; /* in a round: each is a store or two in the data path */

/* A prefix of a realm that is not for the kernel to say. */
struct taken {
	uint16_t realm;
	struct cv_prefix to;
};

/* Next hops, in order, that all routes share which have these and no others. */
struct via {
	struct cv_node node;
	uint32_t users;
	unsigned at; /* from 0: its ID is so far behind KERNEL_VIA_FIRST */
	unsigned n;
	struct dp_via hops[];
};

/* ---- next hops ---- */

static int
compare_hops(const void *va, const void *vb)
{
	const struct dp_via *a = va, *b = vb;

	if (a->iface != b->iface)
		return a->iface < b->iface ? -1 : 1;
	return memcmp(&a->ip, &b->ip, sizeof(a->ip)); /* bytes alone */
}

static uint64_t
hash_of(const struct kernel *k, const struct dp_via *hops, unsigned n)
{
	uint64_t hash = n;

	for (unsigned i = 0; i < n; i++) {
		uint8_t key[sizeof(hash) + sizeof(hops->iface) + sizeof(hops->ip)];

		memcpy(key, &hash, sizeof(hash));
		memcpy(key + sizeof(hash), &hops[i].iface, sizeof(hops->iface));
		memcpy(key + sizeof(hash) + sizeof(hops->iface), &hops[i].ip, sizeof(hops->ip));
		hash = cv_table_hash(&k->vias, key, sizeof(key));
	}
	return hash;
}

static struct via *
find_via(const struct kernel *k, const struct dp_via *hops, unsigned n, uint64_t hash)
{
	for (struct cv_node *at = cv_table_first(&k->vias, hash); at != NULL;
		at = cv_table_next(at)) {
		struct via *v = (struct via *)(void *)at;
		unsigned same = 0;

		while (v->n == n && same < n && compare_hops(&v->hops[same], &hops[same]) == 0)
			same++;
		if (v->n == n && same == n)
			return v;
	}
	return NULL;
}

/* One that nobody has, and that was nobody's for long: a worker may have read it before. */
static int
free_at(const struct kernel *k)
{
	for (unsigned i = 0; i < KERNEL_VIAS; i++)
		if (k->via_at[(k->next_via + i) % KERNEL_VIAS] == NULL)
			return (int)((k->next_via + i) % KERNEL_VIAS);
	return CV_ERR_LIMIT;
}

/* The ID of next hops, which are in order, with one more user, or a negative cv_err. */
static int
get_via(struct daemon *d, const struct dp_via *hops, unsigned n)
{
	struct kernel *k = d->kernel;
	uint64_t hash = hash_of(k, hops, n);
	struct via *v = find_via(k, hops, n, hash);
	int at = v != NULL ? (int)v->at : free_at(k), rc;

	if (v != NULL)
		v->users++;
	if (v != NULL || at < 0)
		return at < 0 ? at : KERNEL_VIA_FIRST + at;
	v = calloc(1, sizeof(*v) + n * sizeof(v->hops[0]));
	if (v == NULL)
		return CV_ERR_NOMEM;
	rc = dp_via_set(d->dp, (uint16_t)(KERNEL_VIA_FIRST + at), hops, n);
	if (rc != 0) {
		free(v);
		return rc;
	}
	v->users = 1;
	v->at = (unsigned)at;
	v->n = n;
	memcpy(v->hops, hops, n * sizeof(v->hops[0]));
	k->via_at[at] = v;
	k->next_via = v->at + 1;
	cv_table_add(&k->vias, &v->node, hash);
	return KERNEL_VIA_FIRST + at;
}

static void
put_via(struct daemon *d, uint16_t id)
{
	struct kernel *k = d->kernel;
	struct via *v = id < KERNEL_VIA_FIRST ? NULL : k->via_at[id - KERNEL_VIA_FIRST];

	if (v == NULL || --v->users != 0)
		return;
	(void)dp_via_clear(d->dp, id);
	k->via_at[v->at] = NULL;
	cv_table_remove(&k->vias, &v->node);
	free(v);
}

/* ---- routes ---- */

/* Those next hops that lead by the realm's interfaces, in order and each once, whatever its weight.
 * How many. */
static unsigned
hops_of(const struct daemon *d, const struct kernel_table *t, const struct rtnl_change *c,
	struct dp_via hops[RTNL_HOPS])
{
	unsigned all = 0, n = 0;

	for (uint32_t i = 0; i < c->n; i++) {
		const struct tap *tap = taps_by_index(d->kernel->taps, c->hops[i].link);
		struct dp_iface iface;

		if (tap != NULL && dp_iface_get(d->dp, tap->iface, &iface) == 0 && iface.inside &&
			iface.realm == t->realm)
			hops[all++] = (struct dp_via){.iface = tap->iface, .ip = c->hops[i].ip};
	}
	if (all != 0)
		qsort(hops, all, sizeof(hops[0]), compare_hops);
	for (unsigned i = 0; i < all; i++)
		if (n == 0 || compare_hops(&hops[n - 1], &hops[i]) != 0)
			hops[n++] = hops[i];
	return n;
}

/* Leaves those that a realm takes by themselves. */
static unsigned
usable_of(struct daemon *d, struct dp_via *hops, unsigned n)
{
	unsigned usable = 0;

	for (unsigned i = 0; i < n; i++) {
		int id = get_via(d, &hops[i], 1);

		if (id < 0)
			continue;
		put_via(d, (uint16_t)id);
		hops[usable++] = hops[i];
	}
	return usable;
}

/* The ID of all next hops of a change that can be used, or a negative cv_err. */
static int
via_of(struct daemon *d, const struct kernel_table *t, const struct rtnl_change *c)
{
	struct dp_via hops[RTNL_HOPS];
	unsigned n = hops_of(d, t, c, hops);
	int id = n == 0 ? CV_ERR_CONFIG : get_via(d, hops, n < DP_MAX_HOPS ? n : DP_MAX_HOPS);

	if (id != CV_ERR_CONFIG || n < 2)
		return id;
	n = usable_of(d, hops, n);
	return n == 0 ? CV_ERR_CONFIG : get_via(d, hops, n < DP_MAX_HOPS ? n : DP_MAX_HOPS);
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct taken)); /* bytes alone */
}

static void
add(struct kernel *k, uint16_t realm, const struct cv_prefix *p)
{
	struct taken *t = &k->taken[k->n_taken++];

	*t = (struct taken){.realm = realm, .to = *p};
	for (unsigned i = p->length; i < 8 * sizeof(t->to.ip.bytes); i++)
		t->to.ip.bytes[i / 8] &= (uint8_t) ~(0x80u >> i % 8);
}

int
learned_follow(struct kernel *k, const struct cfg *cfg)
{
	size_t n = cfg->n_routes + 2 * cfg->n_groups + CV_INTERFACE_ADDRESSES * cfg->n_interfaces;
	struct taken *taken;

	for (size_t i = 0; i < cfg->n_dials; i++)
		n += cfg_dial_networks(cfg, &cfg->dials[i]).n;
	taken = calloc(n + 1, sizeof(*taken));
	if (taken == NULL)
		return CV_ERR_NOMEM;
	free(k->taken);
	k->taken = taken;
	k->n_taken = 0;
	for (size_t i = 0; i < cfg->n_routes; i++)
		add(k, cfg->realms[cfg->routes[i].realm].id, &cfg->routes[i].to);
	for (size_t i = 0; i < cfg->n_groups; i++) {
		const struct cfg_group *g = &cfg->groups[i];
		struct cv_prefix own = {.ip = g->address, .length = 32},
				 own6 = {.ip = g->address6, .length = 128};

		if (g->address.family != 0)
			add(k, cfg->realms[g->realm].id, &own);
		if (g->address6.family != 0)
			add(k, cfg->realms[g->realm].id, &own6);
	}
	for (size_t i = 0; i < cfg->n_interfaces; i++)
		for (size_t j = 0; j < cfg->interfaces[i].n_addresses; j++)
			add(k, cfg->realms[cfg->interfaces[i].realm].id,
				&cfg->interfaces[i].addresses[j]);
	for (size_t i = 0; i < cfg->n_dials; i++) {
		struct cfg_networks waits = cfg_dial_networks(cfg, &cfg->dials[i]);

		for (size_t j = 0; j < waits.n; j++)
			add(k, cfg->realms[waits.realm].id, &waits.at[j]);
	}
	qsort(k->taken, k->n_taken, sizeof(*k->taken), compare);
	return 0;
}

/* The configuration's own routes, our addresses and networks, and those of peers that are dialled
 * when there is traffic for them count more. */
static bool
is_taken(const struct kernel *k, const struct kernel_table *t, const struct cv_prefix *to)
{
	struct taken key = {.realm = t->realm, .to = *to};

	return bsearch(&key, k->taken, k->n_taken, sizeof(key), compare) != NULL;
}

static const char *
why(const struct cv_prefix *to, int rc)
{
	if (rc != CV_ERR_CONFIG)
		return cv_strerror(rc);
	return to->ip.family == CV_IPV6 && to->length > 64 && to->length != 128
		       ? "of more than 64 bits, and not 128"
		       : "no next hop is in a network of an interface of the realm";
}

static void
refuse(struct daemon *d, const struct kernel_table *t, const struct cv_prefix *to, int rc)
{
	struct kernel *k = d->kernel;
	char text[CV_PREFIX_TEXT];

	if (k->retry_at == CV_TIME_NEVER) { /* one of those until they are tried again */
		cv_log_event(&d->log, CV_LOG_WARNING, "kernel-route",
			"prefix=%s table=%u result=refused reason=\"%s\"", cv_prefix_text(to, text),
			t->number, why(to, rc));
		k->retry_at = daemon_now() + KERNEL_RETRY_NS;
	}
	k->refused++;
}

/* The word of where it leads, or a negative cv_err. */
static int64_t
word_of(struct daemon *d, const struct kernel_table *t, const struct rtnl_change *c)
{
	int id;

	if (t->leaving || c->way == RTNL_WAY_NONE)
		return 0;
	if (c->way == RTNL_WAY_DISCARD)
		return dp_route_word(DP_ROUTE_DISCARD, 0);
	id = via_of(d, t, c);
	return id < 0 ? id : (int64_t)dp_route_word(DP_ROUTE_VIA, (uint32_t)id);
}

static void
put_word(struct daemon *d, uint32_t word)
{
	if (dp_route_kind(word) == DP_ROUTE_VIA)
		put_via(d, (uint16_t)(word & DP_ROUTE_INDEX));
}

/* Of a prefix the mark is the word that its realm was told, 0: none. What is the configuration's is
 * set and cleared by that alone. */
static void
take(struct daemon *d, struct kernel_table *t, const struct rtnl_change *c)
{
	bool taken = is_taken(d->kernel, t, &c->to);
	int64_t word = taken ? 0 : word_of(d, t, c);
	int rc = word < 0 ? (int)word : 0;

	d->kernel->changes++;
	if (word > 0) {
		rc = dp_route_set(d->dp, t->realm, &c->to, (uint32_t)word);
		if (rc != 0)
			put_word(d, (uint32_t)word);
	}
	if (rc < 0)
		refuse(d, t, &c->to, rc);
	if (word < 0 || rc < 0)
		word = 0;
	if (word == 0 && c->mark != 0 && !taken)
		(void)dp_route_clear(d->dp, t->realm, &c->to);
	put_word(d, c->mark);
	rtnl_table_mark(t->routes, &c->to, (uint32_t)word);
}

/* Some of what has changed, told to the realms; true: that is all. */
bool
learned_publish(struct daemon *d)
{
	struct kernel *k = d->kernel;
	struct rtnl_change change;
	unsigned done = 0;

	for (unsigned i = 0; i < CV_KERNEL_TABLE_IDS; i++) {
		struct kernel_table *t = &k->tables[i];

		for (; t->routes != NULL && rtnl_table_change(t->routes, &change); done++) {
			take(d, t, &change);
			if (done == CHANGES)
				return false;
		}
		if (t->routes != NULL && t->leaving) {
			rtnl_table_free(t->routes);
			*t = (struct kernel_table){0};
		}
	}
	return true;
}

void
learned_free(struct kernel *k)
{
	for (uint32_t i = 0; k->vias.chains != NULL && i <= k->vias.mask; i++)
		while (k->vias.chains[i] != NULL) {
			struct cv_node *n = k->vias.chains[i];

			cv_table_remove(&k->vias, n);
			free(n);
		}
	cv_table_fini(&k->vias);
	free(k->taken);
}
