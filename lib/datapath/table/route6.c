/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6 routes of a realm that are no session's, as route.c has them: networks of at most 64 bits,
 * and whole addresses. None is in a session's network, so that who has looked among sessions'
 * networks first has found the longest prefix.
 */
#include "datapath/table/realms.h"
#include "datapath/table/sessions.h"

bool
dp_route6_inside(const struct dp *dp, uint16_t realm, uint64_t net, unsigned bits)
{
	const struct dp_realm6 *r = dp->realms6[realm];
	struct cv_prefix at = {.ip.family = CV_IPV6, .length = (uint8_t)bits};
	uint32_t word;

	if (r == NULL)
		return false;
	for (unsigned i = 0; i < 8; i++)
		at.ip.bytes[i] = (uint8_t)(net >> (56 - 8 * i));
	if (dp_lpm_get(&r->routes, &at) != 0)
		return true;
	return dp_lpm_next(&r->routes, CV_IPV6, &at, &word) && at.length >= bits &&
	       dp_net_cut(dp_net_of(at.ip.bytes), bits) == net;
}

unsigned
dp_realm6_holder(const struct dp *dp, uint16_t realm, uint64_t net, unsigned bits)
{
	const struct dp_realm6 *r = dp->realms6[realm];
	const struct dp_nets *n = r == NULL ? NULL : r->nets;

	if (bits > DP_LINK_BITS && dp_route_is_taken(dp_realm6_get(dp, realm, net, DP_LINK_BITS)))
		return DP_LINK_BITS;
	for (unsigned i = 0; n != NULL && i < n->count; i++) {
		unsigned len = n->lengths[i];

		if (len < bits &&
			dp_route_is_taken(dp_realm6_get(dp, realm, dp_net_cut(net, len), len)))
			return len;
	}
	return 0;
}

/* Whether a session has a network, or one that it is in. */
static bool
is_taken(const struct dp *dp, uint16_t realm, uint64_t net, unsigned bits)
{
	return dp_realm6_holder(dp, realm, net, bits) != 0 ||
	       (bits <= DP_LINK_BITS && dp_route_is_taken(dp_realm6_get(dp, realm, net, bits)));
}

static bool
is_route(const struct cv_prefix *prefix, uint32_t word)
{
	static const uint8_t nothing[8];
	uint64_t net = dp_net_of(prefix->ip.bytes);

	if (!dp_route_may_be(word) || !dp_net_usable(net, prefix->length))
		return false;
	if (prefix->length == DP_HOST_BITS)
		return true;
	return prefix->length <= DP_LINK_BITS && dp_net_cut(net, prefix->length) == net &&
	       memcmp(prefix->ip.bytes + 8, nothing, 8) == 0;
}

int
dp_route6_set(struct dp *dp, uint16_t realm, const struct cv_prefix *prefix, uint32_t word)
{
	struct dp_lpm *routes;

	if (!is_route(prefix, word))
		return CV_ERR_CONFIG;
	if (!dp_realm6_make(dp, realm))
		return CV_ERR_NOMEM;
	dp_realm_trim_later(dp, realm); /* where it comes to nothing */
	routes = &dp->realms6[realm]->routes;
	if (dp_lpm_get(routes, prefix) == 0) {
		if (is_taken(dp, realm, dp_net_of(prefix->ip.bytes), prefix->length))
			return CV_ERR_EXISTS;
		if (routes->count >= DP_MAX_ROUTES)
			return CV_ERR_LIMIT;
	}
	return dp_lpm_set(dp, routes, prefix, word);
}

int
dp_route6_clear(struct dp *dp, uint16_t realm, const struct cv_prefix *prefix)
{
	struct dp_realm6 *r = dp->realms6[realm];
	int rc = r == NULL ? CV_ERR_UNKNOWN : dp_lpm_clear(dp, &r->routes, prefix);

	if (rc == 0)
		dp_realm_trim_later(dp, realm);
	return rc;
}
