/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whose an IPv6 prefix is: a /64 for each session of a group that has some, and one more for who
 * asks by DHCPv6. Where the pool allows, a user has the same each time: his place in it follows
 * from his name, and nothing needs to be remembered.
 */
#include "lns/internal.h"

/* Places that names are spread over: enough for all sessions that there may be to have their own,
 * and few enough for a sparse pool to cost little. */
enum { PLACES = 1 << 23 };

/* ---- pools ---- */

static bool
same_list(const struct cv_prefix *a, size_t n_a, const struct cv_prefix *b, size_t n_b)
{
	if (n_a != n_b)
		return false;
	for (size_t i = 0; i < n_a; i++)
		if (a[i].length != b[i].length || !cv_ip_equal(&a[i].ip, &b[i].ip))
			return false;
	return true;
}

bool
lns_prefixes_same(const struct cfg_group *a, const struct cfg_group *b)
{
	return cv_ip_equal(&a->address6, &b->address6) &&
	       a->delegate_length == b->delegate_length &&
	       same_list(a->pool6, a->n_pool6, b->pool6, b->n_pool6) &&
	       same_list(a->delegate, a->n_delegate, b->delegate, b->n_delegate);
}

bool
lns_fixed6_same(const struct cfg *a, const struct cfg *b)
{
	if (a->n_fixed6 != b->n_fixed6)
		return false;
	for (size_t i = 0; i < a->n_fixed6; i++) {
		const struct cfg_fixed6 *one = &a->fixed6[i], *other = &b->fixed6[i];

		if (a->realms[one->realm].id != b->realms[other->realm].id ||
			one->delegated != other->delegated ||
			!same_list(&one->prefix, 1, &other->prefix, 1))
			return false;
	}
	return true;
}

/* Keeps out of a pool what users have of it for their own. */
static void
keep_fixed(const struct cfg *cfg, const struct cfg_group *g, struct lns_pool *pool,
	const struct cv_prefix *prefixes, size_t n, bool delegated)
{
	for (size_t i = 0; i < n; i++)
		for (size_t f = cfg_fixed6_from(cfg, delegated, g->realm, &prefixes[i].ip);
			f < cfg->n_fixed6 && cfg->fixed6[f].delegated == delegated &&
			cfg->fixed6[f].realm == g->realm &&
			cv_prefix_contains(&prefixes[i], &cfg->fixed6[f].prefix.ip);
			f++)
			lns_pool_keep(pool, &cfg->fixed6[f].prefix.ip);
}

int
lns_prefix_pools(const struct cfg *cfg, const struct cfg_group *g, struct lns_pools *out)
{
	if (g->n_pool6 != 0) {
		out->pool6 = lns_pool_new_of(g->pool6, g->n_pool6, 64);
		if (out->pool6 == NULL)
			return CV_ERR_NOMEM;
	}
	if (g->n_delegate != 0) {
		out->delegate = lns_pool_new_of(g->delegate, g->n_delegate, g->delegate_length);
		if (out->delegate == NULL)
			return CV_ERR_NOMEM;
	}
	for (size_t i = 0; i < cfg->n_groups && out->pool6 != NULL; i++)
		if (cfg->groups[i].realm == g->realm && cfg->groups[i].address6.family != 0)
			lns_pool_keep(out->pool6, &cfg->groups[i].address6);
	keep_fixed(cfg, g, out->pool6, g->pool6, g->n_pool6, false);
	keep_fixed(cfg, g, out->delegate, g->delegate, g->n_delegate, true);
	return 0;
}

bool
lns_needs_ipv6(const struct cfg *cfg)
{
	for (size_t i = 0; i < cfg->n_groups; i++)
		if (cfg->groups[i].n_pool6 != 0)
			return true;
	return cfg->n_fixed6 != 0 && !cfg->fixed6[0].delegated;
}

/* The pool of a group's that has prefixes of this kind. */
static struct lns_pool *
pool_of(const struct lns *lns, uint16_t group, bool delegated)
{
	const struct lns_pools *pools = &lns->groups[group].pools;

	return delegated ? pools->delegate : pools->pool6;
}

/* In the pool of the realm that has it, which by now may be another group's: taken, or given back.
 * False: it is in none, or could not be taken. */
static bool
in_pool(const struct lns *lns, const struct lns_session *s, const struct cv_prefix *p,
	bool delegated, bool take)
{
	struct lns_pool *pool = pool_of(lns, s->info.group, delegated);

	/* mostly it is its own group's */
	for (size_t i = 0; pool == NULL || !lns_pool_has(pool, &p->ip); i++) {
		const struct cfg_group *g = &lns->cfg->groups[i];

		if (i == lns->cfg->n_groups)
			return false;
		pool = lns_realm_of(lns, g) == s->info.realm ? pool_of(lns, g->id, delegated)
							     : NULL;
	}
	if (take)
		return lns_pool_take_this(pool, &p->ip);
	lns_pool_give(pool, &p->ip);
	return true;
}

/* ---- sessions ---- */

/* The same number for a user each time (FNV-1a, and a last stir). */
static uint64_t
place_of(const struct lns_user *user)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < user->len; i++)
		h = (h ^ user->name[i]) * UINT64_C(1099511628211);
	h = (h ^ h >> 31) * UINT64_C(0x9e3779b97f4a7c15);
	return (h ^ h >> 29) % PLACES;
}

static bool
has(const struct lns_session *s, const struct cv_prefix *p, bool delegated)
{
	const struct cv_prefix *own = s->v6 == NULL ? NULL
				      : delegated   ? &s->v6->lease
						    : &s->v6->info.prefix;

	return own != NULL && own->length == p->length && cv_ip_equal(&own->ip, &p->ip);
}

/* What is given to this user and no other belongs to one of his sessions: the newest. */
static void
take_fixed(struct lns *lns, struct lns_session *s, uint64_t now, const struct cv_prefix *p,
	bool delegated)
{
	CV_LIST_EACH(&s->who->sessions, other, after)
	{
		struct lns_session *o = lns_session_of_user(other);

		if (o != s && has(o, p, delegated))
			lns_user_replace(lns, o, now);
	}
}

/* One of the profile, else of the group's pool; false: there is none. *from_pool says which. */
static bool
take(struct lns *lns, struct lns_session *s, uint64_t now, bool delegated, struct cv_prefix *out,
	bool *from_pool)
{
	const struct cfg_group *g = lns->groups[s->info.group].cfg;
	const struct cv_prefix *fixed = delegated ? &s->v6->fixed_delegated : &s->v6->fixed_prefix;
	struct lns_pool *pool = pool_of(lns, s->info.group, delegated);

	if (fixed->ip.family != 0) {
		take_fixed(lns, s, now, fixed, delegated);
		*out = *fixed;
		*from_pool = in_pool(lns, s, fixed, delegated, true);
		return true;
	}
	if (pool == NULL || g == NULL)
		return false;
	out->ip = lns_pool_take_at(pool, CV_IPV6, place_of(s->who));
	out->length = delegated ? g->delegate_length : 64;
	*from_pool = out->ip.family != 0;
	if (*from_pool)
		return true;
	*out = (struct cv_prefix){0};
	lns_count(lns, delegated ? LNS_DELEGATE_EXHAUSTED : LNS_POOL6_EXHAUSTED);
	return false;
}

bool
lns_prefix_take(struct lns *lns, struct lns_session *s, uint64_t now)
{
	return take(lns, s, now, false, &s->v6->info.prefix, &s->v6->from_pool);
}

bool
lns_lease_take(struct lns *lns, struct lns_session *s, uint64_t now)
{
	struct lns_ipv6 *v6 = s->v6;

	return v6->lease.ip.family != 0 ||
	       take(lns, s, now, true, &v6->lease, &v6->lease_from_pool);
}

void
lns_lease_give(struct lns *lns, struct lns_session *s)
{
	struct lns_ipv6 *v6 = s->v6;

	if (v6->lease_from_pool)
		(void)in_pool(lns, s, &v6->lease, true, false);
	v6->lease_from_pool = false;
	v6->lease = v6->info.delegated = (struct cv_prefix){0};
	v6->bound_until = CV_TIME_NEVER;
}

void
lns_prefixes_give(struct lns *lns, struct lns_session *s)
{
	struct lns_ipv6 *v6 = s->v6;

	if (v6 == NULL)
		return;
	lns_lease_give(lns, s);
	if (v6->from_pool)
		(void)in_pool(lns, s, &v6->info.prefix, false, false);
	v6->from_pool = false; /* the prefix stays in info, as the address does */
}

void
lns_prefixes_again(struct lns *lns, struct lns_session *s)
{
	struct lns_ipv6 *v6 = s->v6;

	if (v6 == NULL)
		return;
	v6->from_pool =
		v6->info.prefix.ip.family != 0 && in_pool(lns, s, &v6->info.prefix, false, true);
	v6->lease_from_pool = v6->lease.ip.family != 0 && in_pool(lns, s, &v6->lease, true, true);
}

/* ---- another configuration or profile ---- */

static bool
in_list(const struct cv_prefix *list, size_t n, const struct cv_prefix *p)
{
	for (size_t i = 0; i < n; i++)
		if (cv_prefix_contains(&list[i], &p->ip))
			return true;
	return false;
}

/* Whether somebody has it for his own, or the server is in it. */
static bool
kept_out(const struct cfg *cfg, uint16_t realm, const struct cv_prefix *p, bool delegated)
{
	if (cfg_fixed6_overlaps(cfg, delegated, realm, p))
		return true;
	for (size_t i = 0; i < cfg->n_groups; i++)
		if (cfg->groups[i].realm == realm && cfg->groups[i].address6.family != 0 &&
			cv_prefix_contains(p, &cfg->groups[i].address6))
			return true;
	return false;
}

static bool
still(const struct cfg *cfg, const struct cfg_group *g, const struct cv_prefix *had,
	const struct cv_prefix *fixed, bool was_fixed, bool delegated)
{
	if (had->ip.family == 0)
		return true;
	if (fixed->ip.family != 0)
		return same_list(had, 1, fixed, 1);
	if (was_fixed)
		return false;
	if (kept_out(cfg, g->realm, had, delegated))
		return false;
	return delegated ? had->length == g->delegate_length &&
				   in_list(g->delegate, g->n_delegate, had)
			 : in_list(g->pool6, g->n_pool6, had);
}

bool
lns_prefixes_still(
	const struct cfg *cfg, const struct lns_session *s, const struct lns_profile *profile)
{
	const struct cfg_group *g = cfg_group_by_id(cfg, profile->group);
	const struct lns_ipv6 *v6 = s->v6;

	return v6 == NULL || (still(cfg, g, &v6->info.prefix, &profile->prefix6,
				      v6->fixed_prefix.ip.family != 0, false) &&
				     still(cfg, g, &v6->lease, &profile->delegated,
					     v6->fixed_delegated.ip.family != 0, true));
}

bool
lns_prefixes_fixed(const struct lns_session *s, const struct lns_profile *profile)
{
	return s->v6 == NULL ||
	       (same_list(&s->v6->fixed_prefix, 1, &profile->prefix6, 1) &&
		       same_list(&s->v6->fixed_delegated, 1, &profile->delegated, 1));
}
