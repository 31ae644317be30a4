/* SPDX-License-Identifier: BSD-3-Clause */
/* Of stage 3, where an address leads whose /64 is no session's link: to whom a shorter prefix was
 * delegated, in which there are no other routes, or else by these. */
#include "datapath/dp.h"

uint32_t
dp_route6_rest(const struct dp_realm6 *r, const uint8_t address[WIRE_IPV6_ADDRESS])
{
	struct dp_nets *n = __atomic_load_n(&r->nets, __ATOMIC_CONSUME);
	uint64_t net = dp_net_of(address);

	for (unsigned i = 0; n != NULL && i < n->count; i++) {
		unsigned bits = n->lengths[i];
		const uint32_t *word = dp_nets_word(n, dp_net_cut(net, bits), bits);
		uint32_t found = word == NULL ? 0 : __atomic_load_n(word, __ATOMIC_ACQUIRE);

		if (found != 0) /* a session's, or kept for one */
			return found;
	}
	return dp_lpm_find6(&r->routes, address);
}
