/* SPDX-License-Identifier: BSD-3-Clause */
/* ICMP of both families (RFC 792, 1191, 1812; RFC 4443): types, codes, checksums. */
#ifndef WIRE_ICMP_H
#define WIRE_ICMP_H

#include "wire/ipv6.h"

enum {
	WIRE_ICMP_HEADER = 8, /* bytes, in both */
	/* offsets */
	WIRE_ICMP_CODE = 1,
	WIRE_ICMP_SUM = 2,
	WIRE_ICMP_MTU = 6,   /* of fragmentation needed (RFC 1191 section 4) */
	WIRE_ICMPV6_MTU = 4, /* of packet too big, 32 bits */

	WIRE_ICMP_ECHO_REPLY = 0,
	WIRE_ICMP_UNREACHABLE = 3,
	WIRE_ICMP_ECHO = 8,
	WIRE_ICMP_TIME_EXCEEDED = 11,
	WIRE_ICMP_PARAMETER = 12,
	WIRE_ICMP_TIMESTAMP = 13,
	WIRE_ICMP_TIMESTAMP_REPLY = 14,
	/* codes of unreachable */
	WIRE_ICMP_NET = 0,
	WIRE_ICMP_TOO_BIG = 4,
	WIRE_ICMP_PROHIBITED = 13,

	WIRE_ICMPV6_UNREACHABLE = 1,
	/* codes of it */
	WIRE_ICMPV6_NO_ROUTE = 0,
	WIRE_ICMPV6_PROHIBITED = 1,
	WIRE_ICMPV6_BEYOND_SCOPE = 2,

	WIRE_ICMPV6_TOO_BIG = 2,
	WIRE_ICMPV6_TIME_EXCEEDED = 3,
	WIRE_ICMPV6_PARAMETER = 4,
	WIRE_ICMPV6_ECHO = 128,
	WIRE_ICMPV6_ECHO_REPLY = 129,
	WIRE_ICMPV6_ERRORS_END = 128, /* what is below is an error (RFC 4443 section 2.1) */
};

/* Whether a type of ICMP for IPv4 is an error, or may be one: none may answer it (RFC 1812 section
 * 4.3.2.7). */
static inline bool
wire_icmp_is_error(uint8_t type)
{
	return type != WIRE_ICMP_ECHO_REPLY && type != WIRE_ICMP_ECHO &&
	       type != WIRE_ICMP_TIMESTAMP && type != WIRE_ICMP_TIMESTAMP_REPLY;
}

/* Writes the checksum of len bytes of ICMP for IPv4. */
static inline void
wire_icmp_finish(uint8_t *icmp, size_t len)
{
	wire_store16(icmp + WIRE_ICMP_SUM, 0);
	wire_store16(icmp + WIRE_ICMP_SUM, wire_checksum(wire_sum(icmp, len)));
}

/* ICMP for IPv6 sums up a pseudo header as well (RFC 4443 section 2.3). */
static inline bool
wire_icmpv6_sum_right(
	const uint8_t *icmp, size_t len, const uint8_t source[16], const uint8_t target[16])
{
	return wire_fold(wire_sum_pseudo6(source, target, (uint32_t)len, WIRE_ICMPV6) +
			 wire_sum(icmp, len)) == WIRE_SUM_RIGHT;
}

static inline void
wire_icmpv6_finish(uint8_t *icmp, size_t len, const uint8_t source[16], const uint8_t target[16])
{
	wire_store16(icmp + WIRE_ICMP_SUM, 0);
	wire_store16(icmp + WIRE_ICMP_SUM,
		wire_checksum(wire_sum_pseudo6(source, target, (uint32_t)len, WIRE_ICMPV6) +
			      wire_sum(icmp, len)));
}

#endif
