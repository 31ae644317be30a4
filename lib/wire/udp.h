/* SPDX-License-Identifier: BSD-3-Clause */
/* UDP over both families (RFC 768, RFC 8200 section 8.1). */
#ifndef WIRE_UDP_H
#define WIRE_UDP_H

#include "wire/ipv4.h"

enum {
	WIRE_UDP_HEADER = 8, /* bytes */
	/* offsets */
	WIRE_UDP_SOURCE = 0,
	WIRE_UDP_TARGET = 2,
	WIRE_UDP_LENGTH = 4,
	WIRE_UDP_SUM = 6,
};

/* Of the datagram, header included. */
static inline unsigned
wire_udp_length(const uint8_t *udp)
{
	return wire_get16(udp + WIRE_UDP_LENGTH);
}

/* Writes a header with no checksum. length: header included. */
static inline void
wire_udp_write(uint8_t *udp, uint16_t source, uint16_t target, uint16_t length)
{
	wire_put16(udp + WIRE_UDP_SOURCE, source);
	wire_put16(udp + WIRE_UDP_TARGET, target);
	wire_put16(udp + WIRE_UDP_LENGTH, length);
	wire_store16(udp + WIRE_UDP_SUM, 0);
}

/* Whether a whole datagram over IPv4 has the right checksum, or none. */
static inline bool
wire_udp_sum_right(const uint8_t *udp, uint32_t source_be, uint32_t target_be)
{
	uint16_t len_be = wire_load16(udp + WIRE_UDP_LENGTH);

	return wire_load16(udp + WIRE_UDP_SUM) == 0 ||
	       wire_fold(wire_sum_pseudo(source_be, target_be, len_be) +
			 wire_sum(udp, wire_swap16(len_be))) == WIRE_SUM_RIGHT;
}

/* Writes the checksum of a whole datagram over IPv4, the header of which is written. */
static inline void
wire_udp_finish(uint8_t *udp, uint32_t source_be, uint32_t target_be)
{
	uint16_t len_be = wire_load16(udp + WIRE_UDP_LENGTH);

	wire_store16(udp + WIRE_UDP_SUM, 0);
	wire_store16(udp + WIRE_UDP_SUM,
		wire_checksum_udp(wire_sum_pseudo(source_be, target_be, len_be) +
				  wire_sum(udp, wire_swap16(len_be))));
}

/* The same over IPv6, where a datagram without a checksum is not right. */
static inline bool
wire_udp_sum_right6(const uint8_t *udp, const uint8_t source[16], const uint8_t target[16])
{
	unsigned len = wire_udp_length(udp);

	return wire_load16(udp + WIRE_UDP_SUM) != 0 &&
	       wire_fold(wire_sum_pseudo6(source, target, len, WIRE_UDP) + wire_sum(udp, len)) ==
		       WIRE_SUM_RIGHT;
}

static inline void
wire_udp_finish6(uint8_t *udp, const uint8_t source[16], const uint8_t target[16])
{
	unsigned len = wire_udp_length(udp);

	wire_store16(udp + WIRE_UDP_SUM, 0);
	wire_store16(udp + WIRE_UDP_SUM,
		wire_checksum_udp(
			wire_sum_pseudo6(source, target, len, WIRE_UDP) + wire_sum(udp, len)));
}

#endif
