/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a routing daemon has learned, in the realms: each change of a table's prefix is a route in
 * the data path. Routes with one next hop share its ID.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel.h"

enum { CHANGES = 512 }; /* in a round: each is a store or two in the data path */

/* A prefix of a realm that is not for the kernel to say. */
struct taken {
	uint16_t realm;
	struct cv_prefix to;
};

struct via {
	struct cv_node node;
	struct dp_via is;
	uint32_t users;
	uint16_t id;
};

/* ---- next hops ---- */

static struct via *
find_via(struct kernel *k, const struct dp_via *is, uint64_t *hash)
{
	uint8_t key[sizeof(is->iface) + sizeof(is->ip)];

	memcpy(key, &is->iface, sizeof(is->iface));
	memcpy(key + sizeof(is->iface), &is->ip, sizeof(is->ip)); /* bytes alone */
	*hash = cv_table_hash(&k->vias, key, sizeof(key));
	for (struct cv_node *n = cv_table_first(&k->vias, *hash); n != NULL; n = cv_table_next(n)) {
		struct via *v = (struct via *)(void *)n;

		if (v->is.iface == is->iface && cv_ip_equal(&v->is.ip, &is->ip))
			return v;
	}
	return NULL;
}

static int
free_id(const struct kernel *k)
{
	for (unsigned i = 0; i < KERNEL_VIAS / 64; i++)
		if (k->ids[i] != UINT64_MAX)
			return (int)(64 * i) + __builtin_ctzll(~k->ids[i]);
	return -1;
}

/* The ID of a next hop, with one more user, or a negative cv_err. */
static int
get_via(struct daemon *d, const struct dp_via *is)
{
	struct kernel *k = d->kernel;
	uint64_t hash;
	struct via *v = find_via(k, is, &hash);
	int id = v != NULL ? v->id : free_id(k), rc;

	if (v != NULL) {
		v->users++;
		return id;
	}
	if (id < 0)
		return CV_ERR_LIMIT;
	v = calloc(1, sizeof(*v));
	if (v == NULL)
		return CV_ERR_NOMEM;
	id += KERNEL_VIA_FIRST;
	rc = dp_via_set(d->dp, (uint16_t)id, is, 1);
	if (rc != 0) {
		free(v);
		return rc;
	}
	*v = (struct via){.is = *is, .users = 1, .id = (uint16_t)id};
	k->ids[(id - KERNEL_VIA_FIRST) / 64] |= UINT64_C(1) << (id - KERNEL_VIA_FIRST) % 64;
	cv_table_add(&k->vias, &v->node, hash);
	return id;
}

static void
put_via(struct daemon *d, uint16_t id)
{
	struct kernel *k = d->kernel;
	struct dp_via is[DP_MAX_HOPS];
	uint64_t hash;
	struct via *v;

	if (id < KERNEL_VIA_FIRST || dp_via_get(d->dp, id, is) != 1)
		return;
	v = find_via(k, is, &hash);
	if (v == NULL || --v->users != 0)
		return;
	(void)dp_via_clear(d->dp, id);
	k->ids[(id - KERNEL_VIA_FIRST) / 64] &= ~(UINT64_C(1) << (id - KERNEL_VIA_FIRST) % 64);
	cv_table_remove(&k->vias, &v->node);
	free(v);
}

/* ---- routes ---- */

/* The first next hop that leads by one of the realm's interfaces. */
static int
hop_of(struct daemon *d, const struct kernel_table *t, const struct rtnl_change *c)
{
	for (uint32_t i = 0; i < c->n; i++) {
		const struct tap *tap = taps_by_index(d->kernel->taps, c->hops[i].link);
		struct dp_via via = {.ip = c->hops[i].ip};
		struct dp_iface iface;
		int id;

		if (tap == NULL || dp_iface_get(d->dp, tap->iface, &iface) != 0 || !iface.inside ||
			iface.realm != t->realm)
			continue;
		via.iface = tap->iface;
		id = get_via(d, &via);
		if (id >= 0 || id == CV_ERR_NOMEM || id == CV_ERR_LIMIT)
			return id;
	}
	return CV_ERR_CONFIG;
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
	struct taken *taken = calloc(n + 1, sizeof(*taken));

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
	qsort(k->taken, k->n_taken, sizeof(*k->taken), compare);
	return 0;
}

/* The configuration's own routes, our addresses and our networks count more. */
static bool
is_taken(const struct kernel *k, const struct kernel_table *t, const struct cv_prefix *to)
{
	struct taken key = {.realm = t->realm, .to = *to};

	return bsearch(&key, k->taken, k->n_taken, sizeof(key), compare) != NULL;
}

static void
refuse(struct daemon *d, const struct kernel_table *t, const struct cv_prefix *to, int rc)
{
	struct kernel *k = d->kernel;
	char text[CV_PREFIX_TEXT];

	if (k->retry_at == CV_TIME_NEVER) { /* one of those until they are tried again */
		cv_log_event(&d->log, CV_LOG_WARNING, "kernel-route",
			"prefix=%s table=%u result=refused reason=\"%s\"", cv_prefix_text(to, text),
			t->number, cv_strerror(rc));
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
	id = hop_of(d, t, c);
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
