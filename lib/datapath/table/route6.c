/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6 routes of a realm that are no session's, as route.c has them: networks of at most 64 bits,
 * which have a word beside those of sessions, and whole addresses, found by a hash of their own. No
 * session's network has such an address in it.
 */
#include "datapath/host/memory.h"
#include "datapath/table/realms.h"
#include "datapath/table/sessions.h"

/* Its place in the list, or where it would be. */
static uint32_t
find(const struct dp_routes6 *list, const struct cv_prefix *prefix, bool *found)
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

static void
hash_hosts(struct dp_routes6 *list)
{
	for (uint32_t i = 0; i < list->hosts; i++) {
		uint32_t at = dp_host_place(list, list->at[i].told.ip.bytes);

		while (list->places[at] != 0)
			at = (at + 1) & list->mask;
		list->places[at] = i + 1;
	}
}

/* The list with one more at a place, in place of the one there or not, or with one less. NULL: no
 * memory, or it is empty. */
static struct dp_routes6 *
copy(struct dp *dp, const struct dp_routes6 *old, uint32_t place, const struct dp_route6 *more,
	bool less)
{
	uint32_t n = old == NULL ? 0 : old->count, behind = place + less;
	uint32_t count = n + (more != NULL) - less, places = 4;
	struct dp_routes6 *list;

	if (count == 0)
		return NULL;
	while (places < 2 * count)
		places *= 2;
	list = dp_shared_new(
		dp, sizeof(*list) + count * sizeof(list->at[0]) + places * sizeof(list->places[0]));
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
	list->mask = places - 1;
	list->places = (uint32_t *)&list->at[count];
	while (list->hosts < count && list->at[list->hosts].told.length == DP_HOST_BITS)
		list->hosts++;
	hash_hosts(list);
	return list;
}

static void
replace(struct dp *dp, struct dp_realm6 *r, struct dp_routes6 *list)
{
	struct dp_routes6 *old = r->routes;

	__atomic_store_n(&r->routes, list, __ATOMIC_RELEASE);
	dp_grace_free(dp, old);
}

bool
dp_route6_inside(const struct dp *dp, uint16_t realm, uint64_t net, unsigned bits)
{
	const struct dp_realm6 *r = dp->realms6[realm];
	const struct dp_routes6 *list = r == NULL ? NULL : r->routes;

	for (uint32_t i = 0; list != NULL && i < list->count; i++)
		if (list->at[i].told.length >= bits &&
			dp_net_cut(dp_net_of(list->at[i].told.ip.bytes), bits) == net)
			return true;
	return false;
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
	struct dp_route6 more = {.told = *prefix, .word = word};
	uint64_t net = dp_net_of(prefix->ip.bytes);
	unsigned bits = prefix->length;
	struct dp_routes6 *list;
	struct dp_realm6 *r;
	uint32_t place;
	bool found;

	if (!is_route(prefix, word))
		return CV_ERR_CONFIG;
	if (dp_realm6_room(dp, realm, net, bits) != 0)
		return CV_ERR_NOMEM;
	r = dp->realms6[realm];
	place = find(r->routes, prefix, &found);
	if (!found && is_taken(dp, realm, net, bits))
		return CV_ERR_EXISTS;
	if (!found && r->routes != NULL && r->routes->count == DP_MAX_ROUTES)
		return CV_ERR_LIMIT;
	list = copy(dp, r->routes, place, &more, found);
	if (list == NULL)
		return CV_ERR_NOMEM;
	replace(dp, r, list);
	if (bits != DP_HOST_BITS)
		dp_realm6_put(dp, realm, net, bits, word);
	return 0;
}

int
dp_route6_clear(struct dp *dp, uint16_t realm, const struct cv_prefix *prefix)
{
	struct dp_realm6 *r = dp->realms6[realm];
	struct dp_routes6 *list;
	bool found = false;
	uint32_t place;

	place = r == NULL ? 0 : find(r->routes, prefix, &found);
	if (!found)
		return CV_ERR_UNKNOWN;
	list = copy(dp, r->routes, place, NULL, true);
	if (list == NULL && r->routes->count != 1)
		return CV_ERR_NOMEM;
	replace(dp, r, list);
	if (prefix->length != DP_HOST_BITS)
		dp_realm6_put(
			dp, realm, dp_net_of(prefix->ip.bytes), prefix->length, DP_ROUTE_NOBODY);
	dp_realm_trim_later(dp, realm);
	return 0;
}

int
dp_route6_get(const struct dp *dp, uint16_t realm, unsigned index, struct cv_prefix *prefix,
	uint32_t *word)
{
	const struct dp_realm6 *r = dp->realms6[realm];

	if (r == NULL || r->routes == NULL || index >= r->routes->count)
		return CV_ERR_UNKNOWN;
	*prefix = r->routes->at[index].told;
	*word = r->routes->at[index].word;
	return 0;
}
