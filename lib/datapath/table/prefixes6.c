/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets of IPv6 prefixes: a hash, asked once for each length that is in it. */
#include "datapath/dp.h"

enum { PLACES_LEAST = 4 };

static uint32_t
places_for(unsigned count)
{
	uint32_t places = PLACES_LEAST;

	while (places < 2 * count)
		places *= 2;
	return places;
}

size_t
dp_prefixes6_bytes(unsigned count)
{
	const struct dp_prefixes6 *set = NULL;

	return sizeof(*set) + places_for(count) * sizeof(set->at[0]);
}

void
dp_prefixes6_init(struct dp_prefixes6 *set, unsigned count)
{
	set->mask = places_for(count) - 1;
}

void
dp_prefixes6_add(struct dp_prefixes6 *set, const uint8_t *address, unsigned length)
{
	uint64_t halves[2];
	uint32_t at;

	dp_prefixes6_cut(address, length, halves);
	at = dp_prefixes6_place(set, halves, length);
	memcpy(set->at[at].halves, halves, sizeof(halves));
	set->at[at].tag = dp_net_tag(length);
	if (memchr(set->lengths, (int)length, set->count) == NULL)
		set->lengths[set->count++] = (uint8_t)length;
}
