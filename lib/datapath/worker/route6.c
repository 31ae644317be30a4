/* SPDX-License-Identifier: BSD-3-Clause */
/* Of stage 3, where an address leads whose /64 is no session's link: to one of ours, or to whom a
 * shorter prefix was delegated. */
#include "datapath/dp.h"

static uint32_t
find_host(const struct dp_routes6 *list, const uint8_t address[WIRE_IPV6_ADDRESS])
{
	if (list == NULL || list->hosts == 0)
		return DP_ROUTE_NOBODY;
	for (uint32_t at = dp_host_place(list, address);; at = (at + 1) & list->mask) {
		uint32_t index = list->places[at];

		if (index == 0)
			return DP_ROUTE_NOBODY;
		if (wire_ipv6_equal(list->at[index - 1].told.ip.bytes, address))
			return list->at[index - 1].word;
	}
}

uint32_t
dp_route6_rest(const struct dp_realm6 *r, const uint8_t address[WIRE_IPV6_ADDRESS])
{
	uint32_t found = find_host(__atomic_load_n(&r->routes, __ATOMIC_CONSUME), address);
	struct dp_nets *n = __atomic_load_n(&r->nets, __ATOMIC_CONSUME);
	uint64_t net = dp_net_of(address);

	for (unsigned i = 0; n != NULL && found == DP_ROUTE_NOBODY && i < n->count; i++) {
		unsigned bits = n->lengths[i];
		const uint32_t *word = dp_nets_word(n, dp_net_cut(net, bits), bits);

		if (word != NULL)
			found = __atomic_load_n(word, __ATOMIC_ACQUIRE);
		if (dp_route_kind(found) == DP_ROUTE_NOBODY)
			found = DP_ROUTE_NOBODY;
	}
	return found;
}
