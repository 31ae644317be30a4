/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes of a realm that are no session's address: a list by length of their prefix, the longest
 * first, replaced as a whole. A whole address has its word where sessions' addresses have theirs.
 */
#include <rte_byteorder.h>

#include "datapath/host/memory.h"
#include "datapath/table/realms.h"
#include "datapath/table/sessions.h"

enum { HOST = 32 };

static uint32_t
mask_of(unsigned length)
{
	return length == 0 ? 0 : UINT32_MAX << (HOST - length);
}

/* Its place in the list, or where it would be. */
static uint32_t
find(const struct dp_routes *list, const struct cv_prefix *prefix, bool *found)
{
	uint32_t at = 0;

	*found = false;
	for (; list != NULL && at < list->count; at++) {
		const struct cv_prefix *told = &list->at[at].told;

		if (told->length < prefix->length)
			break;
		if (told->length != prefix->length || !cv_ip_equal(&told->ip, &prefix->ip))
			continue;
		*found = true;
		break;
	}
	return at;
}

/* The list with one more at a place, in place of the one there or not, or with one less. NULL: no
 * memory, or it is empty. */
static struct dp_routes *
copy(struct dp *dp, const struct dp_routes *old, uint32_t place, const struct dp_route *more,
	bool less)
{
	uint32_t n = old == NULL ? 0 : old->count, behind = place + less;
	uint32_t count = n + (more != NULL) - less;
	struct dp_routes *list;

	if (count == 0)
		return NULL;
	list = dp_shared_new(dp, sizeof(*list) + count * sizeof(list->at[0]));
	if (list == NULL)
		return NULL;
	if (old != NULL)
		memcpy(list->at, old->at, place * sizeof(list->at[0]));
	if (more != NULL)
		list->at[place] = *more;
	if (behind < n)
		memcpy(&list->at[place + (more != NULL)], &old->at[behind],
			(n - behind) * sizeof(list->at[0]));
	list->count = count;
	while (list->hosts < count && list->at[list->hosts].told.length == HOST)
		list->hosts++;
	return list;
}

static void
replace(struct dp *dp, struct dp_realm_table *r, struct dp_routes *list)
{
	struct dp_routes *old = r->routes;

	__atomic_store_n(&r->routes, list, __ATOMIC_RELEASE);
	dp_grace_free(dp, old);
}

int
dp_route_set(struct dp *dp, uint16_t realm, const struct cv_prefix *prefix, uint32_t word)
{
	uint32_t ip = cv_ipv4_value(&prefix->ip), place, *entry = NULL;
	struct dp_route more = {.told = *prefix, .net = ip, .word = word};
	struct dp_realm_table *r;
	struct dp_routes *list;
	bool found;

	if (prefix->ip.family == CV_IPV6)
		return dp_route6_set(dp, realm, prefix, word);
	if (prefix->ip.family != CV_IPV4 || prefix->length > HOST ||
		(ip == 0 && prefix->length != 0) || (ip & ~mask_of(prefix->length)) != 0 ||
		!dp_route_may_be(word))
		return CV_ERR_CONFIG;
	more.mask = mask_of(prefix->length);
	/* of an address alone: its word, which a session may have */
	if (!dp_realm_make(dp, realm) ||
		(prefix->length == HOST &&
			(entry = dp_realm_entry(dp, realm, rte_cpu_to_be_32(ip))) == NULL))
		return CV_ERR_NOMEM;
	r = dp->realms[realm];
	place = find(r->routes, prefix, &found);
	if (!found && entry != NULL && *entry != 0)
		return CV_ERR_EXISTS;
	if (!found && r->routes != NULL && r->routes->count == DP_MAX_ROUTES)
		return CV_ERR_LIMIT;
	list = copy(dp, r->routes, place, &more, found);
	if (list == NULL)
		return CV_ERR_NOMEM;
	replace(dp, r, list);
	if (prefix->length == HOST)
		dp_realm_put(dp, realm, rte_cpu_to_be_32(ip), word);
	return 0;
}

int
dp_route_clear(struct dp *dp, uint16_t realm, const struct cv_prefix *prefix)
{
	struct dp_realm_table *r = dp->realms[realm];
	struct dp_routes *list;
	uint32_t place;
	bool found = false;

	if (prefix->ip.family == CV_IPV6)
		return dp_route6_clear(dp, realm, prefix);
	place = r == NULL ? 0 : find(r->routes, prefix, &found);
	if (!found)
		return CV_ERR_UNKNOWN;
	list = copy(dp, r->routes, place, NULL, true);
	if (list == NULL && r->routes->count != 1)
		return CV_ERR_NOMEM;
	replace(dp, r, list);
	if (prefix->length == HOST)
		dp_realm_put(dp, realm, rte_cpu_to_be_32(cv_ipv4_value(&prefix->ip)), 0);
	dp_realm_trim_later(dp, realm);
	return 0;
}

int
dp_route_get(const struct dp *dp, uint16_t realm, unsigned index, struct cv_prefix *prefix,
	uint32_t *word)
{
	const struct dp_realm_table *r = dp->realms[realm];
	unsigned count = r == NULL || r->routes == NULL ? 0 : r->routes->count;

	if (index >= count)
		return dp_route6_get(dp, realm, index - count, prefix, word);
	*prefix = r->routes->at[index].told;
	*word = r->routes->at[index].word;
	return 0;
}
