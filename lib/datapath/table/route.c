/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes of a realm that are no session's address: by the longest prefix, changed in place. A whole
 * address has its word besides where sessions' addresses have theirs, and is found there.
 */
#include <rte_byteorder.h>

#include "datapath/table/framed.h"
#include "datapath/table/sessions.h"

enum { HOST = 32 };

static bool
is_route(const struct cv_prefix *prefix, uint32_t word)
{
	uint32_t ip = cv_ipv4_value(&prefix->ip);

	if (prefix->ip.family != CV_IPV4 || prefix->length > HOST || !dp_route_may_be(word))
		return false;
	if (prefix->length == 0)
		return ip == 0;
	return ip != 0 && (ip & ~(UINT32_MAX << (HOST - prefix->length))) == 0;
}

/* A route is going to be there (1), or is so no longer (-1): from the first on, workers ask. */
static void
count_behind(struct dp_realm_table *r, uint32_t word, int more)
{
	if (dp_route_kind(word) == DP_ROUTE_BEHIND)
		__atomic_store_n(&r->behind, r->behind + (uint32_t)more, __ATOMIC_RELAXED);
}

int
dp_route_put(struct dp *dp, uint16_t realm, const struct cv_prefix *prefix, uint32_t word)
{
	uint32_t ip_be = rte_cpu_to_be_32(cv_ipv4_value(&prefix->ip)), *entry = NULL, before;
	struct dp_realm_table *r;
	int rc;

	if (prefix->ip.family == CV_IPV6)
		return dp_route6_set(dp, realm, prefix, word);
	if (!is_route(prefix, word))
		return CV_ERR_CONFIG;
	if (!dp_realm_make(dp, realm))
		return CV_ERR_NOMEM;
	dp_realm_trim_later(dp, realm); /* where it comes to nothing */
	/* of an address alone: its word, which a session may have */
	if (prefix->length == HOST && (entry = dp_realm_entry(dp, realm, ip_be)) == NULL)
		return CV_ERR_NOMEM;
	r = dp->realms[realm];
	before = dp_lpm_get(&r->routes, prefix);
	if (before == 0) {
		if (entry != NULL && *entry != 0)
			return CV_ERR_EXISTS;
		if (r->routes.count >= DP_MAX_ROUTES)
			return CV_ERR_LIMIT;
	}
	count_behind(r, word, 1);
	rc = dp_lpm_set(dp, &r->routes, prefix, word);
	count_behind(r, rc == 0 ? before : word, -1);
	if (rc == 0 && entry != NULL)
		dp_realm_put(dp, realm, ip_be, word);
	return rc;
}

int
dp_route_take(struct dp *dp, uint16_t realm, const struct cv_prefix *prefix)
{
	struct dp_realm_table *r = dp->realms[realm];
	uint32_t before;
	int rc;

	if (prefix->ip.family == CV_IPV6)
		return dp_route6_clear(dp, realm, prefix);
	if (r == NULL)
		return CV_ERR_UNKNOWN;
	before = dp_lpm_get(&r->routes, prefix);
	rc = dp_lpm_clear(dp, &r->routes, prefix);
	if (rc != 0)
		return rc;
	count_behind(r, before, -1);
	if (prefix->length == HOST)
		dp_realm_put(dp, realm, rte_cpu_to_be_32(cv_ipv4_value(&prefix->ip)), 0);
	dp_realm_trim_later(dp, realm);
	return 0;
}

uint32_t
dp_route_get(const struct dp *dp, uint16_t realm, const struct cv_prefix *prefix)
{
	const struct dp_realm_table *r = dp->realms[realm];
	const struct dp_realm6 *r6 = dp->realms6[realm];

	if (prefix->ip.family == CV_IPV6)
		return r6 == NULL ? 0 : dp_lpm_get(&r6->routes, prefix);
	return r == NULL ? 0 : dp_lpm_get(&r->routes, prefix);
}

int
dp_route_set(struct dp *dp, uint16_t realm, const struct cv_prefix *prefix, uint32_t word)
{
	uint32_t there = dp_route_get(dp, realm, prefix);

	if (dp_route_kind(word) == DP_ROUTE_BEHIND || !dp_route_may_be(word))
		return CV_ERR_CONFIG;
	if (dp_route_kind(there) != DP_ROUTE_BEHIND) {
		(void)dp_owed_settle(dp, realm, prefix);
		return dp_route_put(dp, realm, prefix, word);
	}
	if (dp_route_kind(word) == DP_ROUTE_SELF || dp_route_kind(word) == DP_ROUTE_LINK)
		return CV_ERR_EXISTS;
	dp_framed_under(dp, realm, prefix, there, word);
	return 0;
}

int
dp_route_clear(struct dp *dp, uint16_t realm, const struct cv_prefix *prefix)
{
	uint32_t there = dp_route_get(dp, realm, prefix);

	if (dp_route_kind(there) != DP_ROUTE_BEHIND)
		return dp_route_take(dp, realm, prefix);
	return dp_framed_under(dp, realm, prefix, there, 0);
}

bool
dp_route_next(const struct dp *dp, uint16_t realm, struct cv_prefix *prefix, uint32_t *word)
{
	const struct dp_realm_table *r = dp->realms[realm];
	const struct dp_realm6 *r6 = dp->realms6[realm];

	if (prefix->ip.family != CV_IPV6) {
		if (r != NULL && dp_lpm_next(&r->routes, CV_IPV4, prefix, word))
			return true;
		prefix->ip.family = 0;
	}
	return r6 != NULL && dp_lpm_next(&r6->routes, CV_IPV6, prefix, word);
}
