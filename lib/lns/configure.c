/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A new configuration under running tunnels and sessions. All that may fail is made first, aside;
 * then it is put in place of the old, which cannot fail. The beginning is the same: a difference
 * from nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "lns/dial.h"

/* What the new configuration needs, until it is in place. */
struct plan {
	const struct cfg *cfg;
	struct lns_terms *terms;
	struct lns_secret **secrets;
	bool new_pools;
	struct lns_pools pools[CV_GROUP_IDS];           /* by group ID */
	struct lns_tunnel **listeners[CV_LISTENER_IDS]; /* of those that are new */
	struct lns_dial *dials[CV_DIAL_IDS];            /* all, as they would begin */
	struct lns_callers callers;                     /* where their number changes */
};

void
lns_pools_free(struct lns_pools *pools)
{
	lns_pool_free(pools->addresses);
	lns_pool_free(pools->pool6);
	lns_pool_free(pools->delegate);
	*pools = (struct lns_pools){0};
}

static void
free_plan(struct lns *lns, struct plan *p)
{
	for (size_t i = 0; i < CV_DIAL_IDS; i++)
		lns_dial_free(lns, p->dials[i]);
	lns_terms_drop(p->terms);
	free(p->secrets);
	for (size_t i = 0; i < CV_GROUP_IDS; i++)
		lns_pools_free(&p->pools[i]);
	for (size_t i = 0; i < CV_LISTENER_IDS; i++)
		free(p->listeners[i]);
	lns_callers_fini(&p->callers);
	free(p);
}

/* ---- pools ---- */

static bool
same_prefixes(const struct cfg_group *a, const struct cfg_group *b)
{
	if (a->n_pool != b->n_pool)
		return false;
	for (size_t i = 0; i < a->n_pool; i++)
		if (a->pool[i].length != b->pool[i].length ||
			!cv_ip_equal(&a->pool[i].ip, &b->pool[i].ip))
			return false;
	return true;
}

static bool
same_fixed(const struct cfg *a, const struct cfg *b)
{
	if (a->n_fixed != b->n_fixed)
		return false;
	for (size_t i = 0; i < a->n_fixed; i++) {
		uint16_t realm_a = a->realms[a->fixed[i].realm].id;
		uint16_t realm_b = b->realms[b->fixed[i].realm].id;

		if (realm_a != realm_b || !cv_ip_equal(&a->fixed[i].ip, &b->fixed[i].ip))
			return false;
	}
	return true;
}

/* Whether both hand out the same addresses to the same groups. */
static bool
same_pools(const struct cfg *a, const struct cfg *b)
{
	if (a == NULL || a->n_groups != b->n_groups || !same_fixed(a, b) || !lns_fixed6_same(a, b))
		return false;
	for (size_t i = 0; i < b->n_groups; i++) {
		const struct cfg_group *new = &b->groups[i], *old = cfg_group_by_id(a, new->id);

		if (old == NULL || a->realms[old->realm].id != b->realms[new->realm].id ||
			!cv_ip_equal(&old->address, &new->address) || !same_prefixes(old, new) ||
			!lns_prefixes_same(old, new))
			return false;
	}
	return true;
}

/* The first address of its own in the order of cfg->fixed that is not before this one. */
static size_t
fixed_from(const struct cfg *cfg, uint16_t realm, const struct cv_ip *ip)
{
	size_t low = 0, high = cfg->n_fixed;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct cfg_fixed *f = &cfg->fixed[middle];

		if (f->realm < realm || (f->realm == realm && memcmp(f->ip.bytes, ip->bytes,
								      sizeof(ip->bytes)) < 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A group's pool, without what is not to be handed out: our own address, and those of users. */
static struct lns_pool *
make_pool(const struct cfg *cfg, const struct cfg_group *group)
{
	struct lns_pool *pool = lns_pool_new(group->pool, group->n_pool);

	if (pool == NULL)
		return NULL;
	if (group->address.family != 0)
		lns_pool_keep(pool, &group->address);
	for (size_t i = 0; i < group->n_pool; i++)
		for (size_t f = fixed_from(cfg, group->realm, &group->pool[i].ip);
			f < cfg->n_fixed && cfg->fixed[f].realm == group->realm &&
			cv_prefix_contains(&group->pool[i], &cfg->fixed[f].ip);
			f++)
			lns_pool_keep(pool, &cfg->fixed[f].ip);
	return pool;
}

/* What living sessions have is taken in the pool that has it now, whoever gave it to them. */
static void
take_again(struct lns *lns, struct lns_session *s)
{
	const struct cv_ip *ip = &s->info.address;

	s->from_pool = false;
	for (size_t i = 0; ip->family != 0 && i < lns->cfg->n_groups; i++) {
		struct lns_group *g = &lns->groups[lns->cfg->groups[i].id];

		if (lns_realm_of(lns, g->cfg) != s->info.realm ||
			!lns_pool_has(g->pools.addresses, ip))
			continue;
		s->from_pool = lns_pool_take_this(g->pools.addresses, ip);
		break;
	}
	lns_prefixes_again(lns, s);
}

/* ---- the plan ---- */

static int
plan_groups(const struct lns *lns, struct plan *p)
{
	p->new_pools = !same_pools(lns->cfg, p->cfg);
	for (size_t i = 0; p->new_pools && i < p->cfg->n_groups; i++) {
		const struct cfg_group *group = &p->cfg->groups[i];

		p->pools[group->id].addresses = make_pool(p->cfg, group);
		if (p->pools[group->id].addresses == NULL ||
			lns_prefix_pools(p->cfg, group, &p->pools[group->id]) != 0)
			return CV_ERR_NOMEM;
	}
	return 0;
}

static int
plan_listeners(const struct lns *lns, struct plan *p)
{
	for (size_t i = 0; i < p->cfg->n_listeners; i++) {
		uint16_t id = p->cfg->listeners[i].id;

		if (lns->by_id[id] != NULL)
			continue;
		p->listeners[id] = calloc(LNS_TUNNEL_IDS, sizeof(p->listeners[id][0]));
		if (p->listeners[id] == NULL)
			return CV_ERR_NOMEM;
	}
	return 0;
}

static int
plan_dials(struct lns *lns, struct plan *p)
{
	for (size_t i = 0; i < p->cfg->n_dials; i++) {
		const struct cfg_dial *entry = &p->cfg->dials[i];

		p->dials[entry->id] = lns_dial_new(lns, p->cfg, entry);
		if (p->dials[entry->id] == NULL)
			return CV_ERR_NOMEM;
	}
	return 0;
}

static bool
same_callers(const struct lns *lns, const struct cfg *cfg)
{
	return lns->cfg != NULL && lns->cfg->limits.half_open == cfg->limits.half_open;
}

static struct plan *
make_plan(struct lns *lns, const struct cfg *cfg)
{
	struct plan *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->cfg = cfg;
	p->terms = lns_terms_new(cfg, lns->crypto, lns->log);
	p->secrets = calloc(cfg->tunnels.n_secrets + 1, sizeof(p->secrets[0]));
	if (p->terms == NULL || p->secrets == NULL || plan_groups(lns, p) != 0 ||
		plan_listeners(lns, p) != 0 || plan_dials(lns, p) != 0 ||
		(!same_callers(lns, cfg) &&
			lns_callers_init(&p->callers, lns->crypto, cfg->limits.half_open,
				cfg->limits.tunnels) != 0)) {
		free_plan(lns, p);
		return NULL;
	}
	return p;
}

/* ---- in its place ---- */

static void
put_groups(struct lns *lns, struct plan *p)
{
	for (size_t i = 0; i < CV_GROUP_IDS; i++) {
		struct lns_group *g = &lns->groups[i];

		g->cfg = cfg_group_by_id(p->cfg, (uint16_t)i);
		if (!p->new_pools)
			continue;
		lns_pools_free(&g->pools);
		g->pools = p->pools[i];
		p->pools[i] = (struct lns_pools){0};
	}
}

static void
put_listeners(struct lns *lns, struct plan *p)
{
	for (uint16_t i = 0; i < CV_LISTENER_IDS; i++) {
		if (p->listeners[i] == NULL)
			continue;
		lns->by_id[i] = p->listeners[i];
		p->listeners[i] = NULL;
		if (i >= lns->listener_ids)
			lns->listener_ids = (uint16_t)(i + 1);
	}
}

static void
put_limits(struct lns *lns, struct plan *p)
{
	const struct cfg_limits *limits = &p->cfg->limits;

	lns->setups.all.rate = limits->setups_per_second;
	lns->calls.all.rate = limits->setups_per_second;
	/* a table that stays as it is has longer chains, and goes on */
	(void)cv_table_resize(&lns->openers, limits->tunnels);
	(void)cv_table_resize(&lns->ends, limits->tunnels);
	(void)cv_table_resize(&lns->peers, limits->tunnels);
	(void)cv_table_resize(&lns->serials, limits->sessions);
	(void)cv_table_resize(&lns->users, limits->sessions);
	(void)cv_table_resize(&lns->addresses, limits->sessions);
	if (p->callers.records != NULL)
		lns_callers_resize(&lns->admission.callers, &p->callers);
}

static void
put_terms(struct lns *lns, struct plan *p)
{
	for (size_t i = 0; lns->cfg != NULL && i < lns->cfg->tunnels.n_secrets; i++)
		lns_secret_drop(lns->secrets[i]);
	free(lns->secrets);
	lns->secrets = p->secrets;
	p->secrets = NULL;
	lns_terms_drop(lns->terms);
	lns->terms = p->terms;
	p->terms = NULL;
}

/* Ends what came in by a listener that is no more. */
static void
close_listeners(struct lns *lns, uint64_t now)
{
	static const struct l2tp_reason reason = {.result = L2TP_STOPCCN_SHUTTING_DOWN,
		.message = "the server no longer listens at this address"};

	for (uint16_t i = 0; i < lns->listener_ids; i++) {
		if (lns->by_id[i] == NULL || cfg_listener_by_id(lns->cfg, i) != NULL)
			continue;
		for (size_t id = 0; id < LNS_TUNNEL_IDS; id++) {
			struct lns_tunnel *t = lns->by_id[i][id];

			if (t == NULL || t->over)
				continue;
			l2tp_tunnel_close(t->l2tp, now, &reason);
			lns_tunnel_settle(lns, t, now);
		}
	}
}

int
lns_configure(struct lns *lns, uint64_t now, const struct cfg *cfg)
{
	const struct cfg *old = lns->cfg;
	struct plan *p;

	if (lns->stopping)
		return CV_ERR_STATE;
	if (cfg->limits.sessions > lns_capacity(lns))
		return CV_ERR_LIMIT;
	p = make_plan(lns, cfg);
	if (p == NULL)
		return CV_ERR_NOMEM;
	if (lns_duid_make(lns, cfg) != 0) {
		free_plan(lns, p);
		return CV_ERR_CRYPTO;
	}
	put_terms(lns, p);
	put_limits(lns, p);
	put_listeners(lns, p);
	put_groups(lns, p);
	lns->cfg = cfg_hold(cfg);
	lns_dials_put(lns, now, old, p->dials);
	cfg_free(old);
	for (uint32_t i = 0; p->new_pools && i <= lns->slot_mask; i++)
		if (lns->slots[i] != NULL && cv_linked(&lns->slots[i]->of_user))
			take_again(lns, lns->slots[i]);
	free_plan(lns, p);
	close_listeners(lns, now);
	return 0;
}

bool
lns_listener_idle(const struct lns *lns, uint16_t listener)
{
	for (size_t id = 0; lns->by_id[listener] != NULL && id < LNS_TUNNEL_IDS; id++) {
		const struct lns_tunnel *t = lns->by_id[listener][id];

		if (t != NULL && (!t->over || t->closing))
			return false;
	}
	return true;
}
