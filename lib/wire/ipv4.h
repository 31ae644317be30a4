/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv4 headers (RFC 791). Accessors read what somebody has checked to be there. */
#ifndef WIRE_IPV4_H
#define WIRE_IPV4_H

#include <stdbool.h>

#include "wire/checksum.h"
#include "wire/ip.h"

enum {
	WIRE_IPV4 = 20, /* bytes of a header without options */
	WIRE_IPV4_MOST = 60,
	/* offsets */
	WIRE_IPV4_TOS = 1,
	WIRE_IPV4_LENGTH = 2,
	WIRE_IPV4_ID = 4,
	WIRE_IPV4_FRAGMENT = 6,
	WIRE_IPV4_TTL = 8,
	WIRE_IPV4_PROTOCOL = 9,
	WIRE_IPV4_SUM = 10,
	WIRE_IPV4_SOURCE = 12,
	WIRE_IPV4_TARGET = 16,
	/* the fragment field, in host order, */
	WIRE_IPV4_DONT = 0x4000,
	WIRE_IPV4_MORE = 0x2000,
	WIRE_IPV4_OFFSET = 0x1fff, /* in units of 8 bytes */
	/* and as the CPU loads it */
	WIRE_IPV4_DONT_BE = 0x0040,
	WIRE_IPV4_MORE_BE = 0x0020,
	WIRE_IPV4_OFFSET_BE = 0xff1f,
	/* options (section 3.1) */
	WIRE_OPTION_END = 0,
	WIRE_OPTION_NOP = 1,
	WIRE_OPTION_RECORD_ROUTE = 7,
	WIRE_OPTION_TIMESTAMP = 68,
	WIRE_OPTION_LSRR = 131,
	WIRE_OPTION_SSRR = 137,
	WIRE_OPTION_COPIED = 0x80, /* into every fragment */
};

/* Bytes of the header, with its options: 0 to 60, whatever is sent. */
static inline unsigned
wire_ipv4_header(const uint8_t *ip)
{
	return (ip[0] & 15u) * 4;
}

/* Of the packet, header included. */
static inline unsigned
wire_ipv4_length(const uint8_t *ip)
{
	return wire_get16(ip + WIRE_IPV4_LENGTH);
}

static inline uint16_t
wire_ipv4_fragment_be(const uint8_t *ip)
{
	return wire_load16(ip + WIRE_IPV4_FRAGMENT);
}

static inline uint32_t
wire_ipv4_source_be(const uint8_t *ip)
{
	return wire_load32(ip + WIRE_IPV4_SOURCE);
}

static inline uint32_t
wire_ipv4_target_be(const uint8_t *ip)
{
	return wire_load32(ip + WIRE_IPV4_TARGET);
}

/* Whether a header of so many bytes has the right checksum. */
static inline bool
wire_ipv4_sum_right(const uint8_t *ip, unsigned header)
{
	uint64_t sum = header == WIRE_IPV4
			       ? wire_sum_add(wire_sum_add(wire_load64(ip), wire_load64(ip + 8)),
					 wire_load32(ip + 16))
			       : wire_sum(ip, header);

	/* right is a multiple of 0xffff, as its first byte is not 0: one multiplication finds it */
	return sum % UINT16_MAX == 0;
}

/* Writes the checksum of the header into it. */
static inline void
wire_ipv4_finish(uint8_t *ip)
{
	wire_store16(ip + WIRE_IPV4_SUM, 0);
	wire_store16(ip + WIRE_IPV4_SUM, wire_checksum(wire_sum(ip, wire_ipv4_header(ip))));
}

/* What can't be a source: 0/8, 127/8, multicast and above. */
static inline bool
wire_ipv4_martian(uint32_t address_be)
{
	unsigned first = address_be & 0xff;

	return first == 0 || first == 127 || first >= 224;
}

/* A header without options. In host order, but for the addresses. */
struct wire_ipv4 {
	uint8_t tos, ttl, protocol;
	uint16_t length, id, fragment;
	uint32_t source_be, target_be;
};

/* Writes WIRE_IPV4 bytes, the checksum with them. */
static inline void
wire_ipv4_write(uint8_t *ip, const struct wire_ipv4 *h)
{
	ip[0] = 0x45;
	ip[WIRE_IPV4_TOS] = h->tos;
	wire_put16(ip + WIRE_IPV4_LENGTH, h->length);
	wire_put16(ip + WIRE_IPV4_ID, h->id);
	wire_put16(ip + WIRE_IPV4_FRAGMENT, h->fragment);
	ip[WIRE_IPV4_TTL] = h->ttl;
	ip[WIRE_IPV4_PROTOCOL] = h->protocol;
	wire_store16(ip + WIRE_IPV4_SUM, 0);
	wire_store32(ip + WIRE_IPV4_SOURCE, h->source_be);
	wire_store32(ip + WIRE_IPV4_TARGET, h->target_be);
	wire_store16(ip + WIRE_IPV4_SUM, wire_checksum(wire_sum20(ip)));
}

#endif
