/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One's-complement sums (RFC 1071). Sums are of 16-bit words as the CPU loads them, not swapped:
 * RFC 1071 section 2(B) makes that equal as long as the result is stored the same way. A wide sum
 * holds the plain addition of 32-bit words in 64 bits.
 */
#ifndef WIRE_CHECKSUM_H
#define WIRE_CHECKSUM_H

#include "wire/bytes.h"

enum { WIRE_SUM_RIGHT = UINT16_MAX }; /* the folded sum of what has its own checksum in it */

/* The two 32-bit halves of v, added. */
static inline uint64_t
wire_sum64(uint64_t v)
{
	return (v & UINT32_MAX) + (v >> 32);
}

/* Sums of 64-bit words, which have no room left: the carry comes in again at the other end, so that
 * they are equal modulo 0xffff. */
static inline uint64_t
wire_sum_add(uint64_t a, uint64_t b)
{
	a += b;
	return a + (a < b);
}

/* A wide sum as 16 bits; 0 only when every word was 0, so a sum that is a multiple of 0xffff
 * gives 0xffff. Adding a number to itself rotated leaves the end-around carry in its upper half. */
static inline uint16_t
wire_fold(uint64_t sum)
{
	uint32_t half = (uint32_t)((sum + (sum >> 32 | sum << 32)) >> 32);

	return (uint16_t)((half + (half >> 16 | half << 16)) >> 16);
}

/* The wide sum of an IPv4 header without options. */
static inline uint64_t
wire_sum20(const uint8_t *p)
{
	return wire_sum64(wire_load64(p)) + wire_sum64(wire_load64(p + 8)) + wire_load32(p + 16);
}

/* The wide sum of len bytes, the first of which is at an even place; an odd one is padded. */
static inline uint64_t
wire_sum(const uint8_t *p, size_t len)
{
	uint64_t sum = 0;

	for (; len >= 8; len -= 8, p += 8)
		sum += wire_sum64(wire_load64(p));
	if (len & 4) {
		sum += wire_load32(p);
		p += 4;
	}
	if (len & 2) {
		sum += wire_load16(p);
		p += 2;
	}
	if (len & 1)
		sum += *p; /* little-endian: the pad byte is the upper one */
	return sum;
}

/* What goes into a checksum field: the complement of the folded sum. */
static inline uint16_t
wire_checksum(uint64_t sum)
{
	return (uint16_t)~wire_fold(sum);
}

/* The same for UDP, where 0 means that there is none (RFC 768). */
static inline uint16_t
wire_checksum_udp(uint64_t sum)
{
	uint16_t v = wire_checksum(sum);

	return v == 0 ? UINT16_MAX : v;
}

/* A header's checksum field after one of its words has changed (RFC 1624 equation 3). */
static inline void
wire_checksum_replace(void *field, uint16_t before, uint16_t after)
{
	uint64_t sum = (uint64_t)(uint16_t)~wire_load16(field) + (uint16_t)~before + after;

	wire_store16(field, wire_checksum(sum));
}

/* The wide sum of UDP's pseudo header over IPv4 (RFC 768), all in network order. */
static inline uint64_t
wire_sum_pseudo(uint32_t source_be, uint32_t target_be, uint16_t len_be)
{
	return (uint64_t)source_be + target_be + UINT32_C(0x1100) + len_be;
}

/* The wide sum of the pseudo header over IPv6 (RFC 8200 section 8.1). len: of what the checksum
 * covers, in host order; next: the protocol that has it, whatever extension headers come before. */
static inline uint64_t
wire_sum_pseudo6(const uint8_t source[16], const uint8_t target[16], uint32_t len, uint8_t next)
{
	return wire_sum(source, 16) + wire_sum(target, 16) + wire_swap32(len) + wire_swap32(next);
}

#endif
