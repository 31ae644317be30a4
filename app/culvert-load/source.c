/* SPDX-License-Identifier: BSD-3-Clause */
#include "culvert-load/source.h"

/* All ports in random order, which each address goes through from a place of its own: a list for
 * each would take long where there are many. */
void
source_choose(struct crypto *c, uint16_t *ports, uint32_t n, uint32_t addresses)
{
	uint16_t all[SOURCE_PORTS];

	for (uint32_t i = 0; i < SOURCE_PORTS; i++) {
		uint32_t other = crypto_random_u32(c) % (i + 1);

		all[i] = all[other];
		all[other] = (uint16_t)(SOURCE_FIRST + i);
	}
	for (uint32_t a = 0; a < addresses; a++) {
		uint32_t place = crypto_random_u32(c) % SOURCE_PORTS;

		for (uint32_t t = a; t < n; t += addresses) {
			ports[t] = all[place];
			place = (place + 1) % SOURCE_PORTS;
		}
	}
}
