/* SPDX-License-Identifier: BSD-3-Clause */
/* Neighbours whose ARP or ND the control thread wants to see, by a hash, for workers to tell what
 * is worth a place in its ring. */
#include "datapath/host/memory.h"
#include "datapath/table/outside.h"

enum { PLACES = 65536 };

int
dp_wanted_create(struct dp *dp)
{
	dp->arp_wanted = dp_table_new(dp, PLACES * sizeof(dp->arp_wanted[0]));
	dp->arp_asked = dp_table_new(dp, PLACES * sizeof(dp->arp_asked[0]));
	return dp->arp_wanted == NULL || dp->arp_asked == NULL ? CV_ERR_NOMEM : 0;
}

void
dp_wanted_destroy(struct dp *dp)
{
	dp_table_free(dp, dp->arp_wanted, PLACES * sizeof(dp->arp_wanted[0]));
	dp_table_free(dp, dp->arp_asked, PLACES * sizeof(dp->arp_asked[0]));
}

static uint32_t
place_of(const struct dp *dp, unsigned lan, struct dp_ip ip)
{
	uint64_t net = dp_hash(dp, ip.high + lan);

	return dp_hash(dp, ip.low ^ net << 32) % PLACES;
}

static uint64_t
mac_word(const uint8_t mac[WIRE_MAC])
{
	uint64_t word = 0;

	memcpy(&word, mac, WIRE_MAC);
	return word;
}

bool
dp_neighbour_asked(const struct dp *dp, unsigned lan, struct dp_ip ip, const uint8_t mac[6])
{
	return __atomic_load_n(&dp->arp_asked[place_of(dp, lan, ip)], __ATOMIC_RELAXED) ==
	       mac_word(mac);
}

bool
dp_neighbour_wanted(const struct dp *dp, unsigned lan, struct dp_ip ip)
{
	return __atomic_load_n(&dp->arp_wanted[place_of(dp, lan, ip)], __ATOMIC_RELAXED) != 0;
}

void
dp_wanted_add(struct dp *dp, uint16_t lan, struct dp_ip ip, int more)
{
	uint16_t *place = &dp->arp_wanted[place_of(dp, lan, ip)];

	__atomic_store_n(place, (uint16_t)(*place + more), __ATOMIC_RELAXED);
}

void
dp_wanted_ask(struct dp *dp, uint16_t lan, struct dp_ip ip, const uint8_t mac[6])
{
	__atomic_store_n(&dp->arp_asked[place_of(dp, lan, ip)], mac_word(mac), __ATOMIC_RELAXED);
}
