/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv6 headers, extension headers and addresses (RFC 8200, 4291, 2464). */
#ifndef WIRE_IPV6_H
#define WIRE_IPV6_H

#include <stdbool.h>

#include "wire/checksum.h"
#include "wire/ip.h"

enum {
	WIRE_IPV6 = 40, /* bytes of the header */
	WIRE_IPV6_ADDRESS = 16,
	/* offsets */
	WIRE_IPV6_LENGTH = 4,
	WIRE_IPV6_NEXT = 6,
	WIRE_IPV6_HOPS = 7,
	WIRE_IPV6_SOURCE = 8,
	WIRE_IPV6_TARGET = 24,

	WIRE_IPV6_MTU_LEAST = 1280,
	WIRE_IPV6_HEADERS_MOST = 8, /* extension headers that are walked */
	WIRE_IPV6_SCOPE_LINK = 2,   /* of a multicast address (RFC 4291 section 2.7) */
	WIRE_FRAGMENT_HEADER = 8,   /* bytes */
	WIRE_ROUTING_TYPE = 2,      /* offset in a routing header */
};

/* In host order, but for the addresses. */
struct wire_ipv6 {
	uint8_t traffic_class, next, hops;
	uint16_t payload; /* bytes behind the header */
	uint32_t flow;    /* 20 bits */
	uint8_t source[WIRE_IPV6_ADDRESS], target[WIRE_IPV6_ADDRESS];
};

/* Writes WIRE_IPV6 bytes. */
static inline void
wire_ipv6_write(uint8_t *ip, const struct wire_ipv6 *h)
{
	wire_put32(ip, UINT32_C(6) << 28 | (uint32_t)h->traffic_class << 20 |
			       (h->flow & UINT32_C(0xfffff)));
	wire_put16(ip + WIRE_IPV6_LENGTH, h->payload);
	ip[WIRE_IPV6_NEXT] = h->next;
	ip[WIRE_IPV6_HOPS] = h->hops;
	memcpy(ip + WIRE_IPV6_SOURCE, h->source, WIRE_IPV6_ADDRESS);
	memcpy(ip + WIRE_IPV6_TARGET, h->target, WIRE_IPV6_ADDRESS);
}

/* Reads a packet's header out of len bytes; false: it is no IPv6, or ends beyond them. */
bool wire_ipv6_read(const uint8_t *ip, size_t len, struct wire_ipv6 *h);

static inline uint8_t
wire_ipv6_class(const uint8_t *ip)
{
	return (uint8_t)(wire_get16(ip) >> 4);
}

/* What stands behind the extension headers of a packet. */
struct wire_upper {
	uint8_t protocol; /* WIRE_NOTHING: there is nothing */
	bool fragment;    /* a fragment header was among them, */
	bool later;       /* and this is not the first: the protocol's header is not here */
	bool more;
	bool source_route; /* a routing header of type 0 was among them (RFC 5095), */
	bool routed;       /* or one that has nodes to go to still (RFC 8200 section 4.4) */
	uint16_t offset;   /* of the fragment, in bytes */
	uint32_t id;
	size_t at; /* where it begins, from the packet's first byte */
};

/* Walks them, WIRE_IPV6_HEADERS_MOST at most, within len bytes of a packet whose header is read.
 * false: they end beyond the packet, or are too many, or a hop-by-hop header is not the first, or
 * there are two fragment headers. */
bool wire_ipv6_upper(const uint8_t *ip, size_t len, struct wire_upper *upper);
/* The same of the first len bytes of a packet, which may be longer: what an error quotes. */
bool wire_ipv6_upper_of_part(const uint8_t *ip, size_t len, struct wire_upper *upper);

/* Extension headers that are walked (AH and what is encrypted stop it). */
static inline bool
wire_ipv6_is_extension(uint8_t protocol)
{
	return protocol == WIRE_HOP_BY_HOP || protocol == WIRE_ROUTING ||
	       protocol == WIRE_FRAGMENT || protocol == WIRE_TARGET_OPTIONS;
}

static inline bool
wire_ipv6_unspecified(const uint8_t a[WIRE_IPV6_ADDRESS])
{
	return (wire_load64(a) | wire_load64(a + 8)) == 0;
}

static inline bool
wire_ipv6_multicast(const uint8_t a[WIRE_IPV6_ADDRESS])
{
	return a[0] == 0xff;
}

/* fe80::/10 (RFC 4291 section 2.5.6). */
static inline bool
wire_ipv6_link_local(const uint8_t a[WIRE_IPV6_ADDRESS])
{
	return a[0] == 0xfe && (a[1] & 0xc0) == 0x80;
}

static inline bool
wire_ipv6_equal(const uint8_t a[WIRE_IPV6_ADDRESS], const uint8_t b[WIRE_IPV6_ADDRESS])
{
	return memcmp(a, b, WIRE_IPV6_ADDRESS) == 0;
}

/* The multicast address on which an address is asked for: ff02::1:ff and its last three bytes (RFC
 * 4291 section 2.7.1). */
void wire_ipv6_solicited(const uint8_t address[WIRE_IPV6_ADDRESS], uint8_t out[WIRE_IPV6_ADDRESS]);
/* The MAC address of a multicast address: 33:33 and its last four bytes (RFC 2464 section 7). */
void wire_ipv6_multicast_mac(const uint8_t address[WIRE_IPV6_ADDRESS], uint8_t mac[6]);
/* fe80:: and the interface identifier of a MAC address (RFC 4291 appendix A). */
void wire_ipv6_of_mac(const uint8_t mac[6], uint8_t out[WIRE_IPV6_ADDRESS]);

#endif
