/* SPDX-License-Identifier: BSD-3-Clause */
/* Ethernet frames, 802.1Q tags, and ARP over them (RFC 826). */
#ifndef WIRE_ETHER_H
#define WIRE_ETHER_H

#include "wire/bytes.h"

enum {
	WIRE_MAC = 6,
	WIRE_ETHER = 14, /* bytes of a header without tags */
	WIRE_ETHER_SOURCE = 6,
	WIRE_ETHER_TYPE = 12,
	WIRE_VLAN_TAG = 4, /* bytes of a tag */
	WIRE_VLAN_ID = 0x0fff,
	WIRE_ARP = 28, /* bytes of a message about IPv4 addresses */

	WIRE_TYPE_IPV4 = 0x0800,
	WIRE_TYPE_ARP = 0x0806,
	WIRE_TYPE_VLAN = 0x8100,
	WIRE_TYPE_SERVICE = 0x88a8, /* an outer tag (IEEE 802.1ad) */
	WIRE_TYPE_IPV6 = 0x86dd,
	/* as the CPU loads them */
	WIRE_TYPE_IPV4_BE = 0x0008,
	WIRE_TYPE_ARP_BE = 0x0608,
	WIRE_TYPE_VLAN_BE = 0x0081,
	WIRE_TYPE_SERVICE_BE = 0xa888,
	WIRE_TYPE_IPV6_BE = 0xdd86,

	WIRE_ARP_REQUEST = 1,
	WIRE_ARP_REPLY = 2,
	WIRE_ARP_REQUEST_BE = 0x0100,
	WIRE_ARP_REPLY_BE = 0x0200,
	/* offsets in a message */
	WIRE_ARP_OPERATION = 6,
	WIRE_ARP_SENDER_MAC = 8,
	WIRE_ARP_SENDER_IP = 14,
	WIRE_ARP_TARGET_MAC = 18,
	WIRE_ARP_TARGET_IP = 24,
};

static inline uint16_t
wire_ether_type_be(const uint8_t *ether)
{
	return wire_load16(ether + WIRE_ETHER_TYPE);
}

/* A header of WIRE_ETHER bytes. type: WIRE_TYPE_*, in host order. */
static inline void
wire_ether_write(uint8_t *ether, const uint8_t target[WIRE_MAC], const uint8_t source[WIRE_MAC],
	uint16_t type)
{
	memcpy(ether, target, WIRE_MAC);
	memcpy(ether + WIRE_ETHER_SOURCE, source, WIRE_MAC);
	wire_put16(ether + WIRE_ETHER_TYPE, type);
}

/* Whether WIRE_ARP bytes speak of IPv4 addresses on Ethernet. */
static inline int
wire_arp_right(const uint8_t *arp)
{
	return wire_load32(arp) == UINT32_C(0x00080100) && wire_load16(arp + 4) == 0x0406;
}

/* A message of WIRE_ARP bytes. Addresses: network order; target_mac: NULL: not known. */
static inline void
wire_arp_write(uint8_t *arp, uint16_t operation, const uint8_t sender_mac[WIRE_MAC],
	uint32_t sender_be, const uint8_t *target_mac, uint32_t target_be)
{
	wire_store32(arp, UINT32_C(0x00080100));
	wire_store16(arp + 4, 0x0406);
	wire_put16(arp + WIRE_ARP_OPERATION, operation);
	memcpy(arp + WIRE_ARP_SENDER_MAC, sender_mac, WIRE_MAC);
	wire_store32(arp + WIRE_ARP_SENDER_IP, sender_be);
	if (target_mac != NULL)
		memcpy(arp + WIRE_ARP_TARGET_MAC, target_mac, WIRE_MAC);
	else
		memset(arp + WIRE_ARP_TARGET_MAC, 0, WIRE_MAC);
	wire_store32(arp + WIRE_ARP_TARGET_IP, target_be);
}

#endif
