/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One's-complement sums (RFC 1071) and unaligned loads. Sums are of 16-bit words as the CPU loads
 * them, not swapped: RFC 1071 section 2(B) makes that equal as long as the result is stored the
 * same way. A wide sum holds the plain addition of 32-bit words in 64 bits.
 */
#ifndef DP_CHECKSUM_H
#define DP_CHECKSUM_H

#include <stdint.h>
#include <string.h>

static inline uint16_t
dp_load16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t
dp_load32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t
dp_load64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void
dp_store16(void *p, uint16_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline void
dp_store32(void *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

/* The two 32-bit halves of v, added. */
static inline uint64_t
dp_sum64(uint64_t v)
{
	return (v & UINT32_MAX) + (v >> 32);
}

/* A wide sum as 16 bits; 0 only when every word was 0, so a sum that is a multiple of 0xffff
 * gives 0xffff. Adding a number to itself rotated leaves the end-around carry in its upper half. */
static inline uint16_t
dp_fold(uint64_t sum)
{
	uint32_t half = (uint32_t)((sum + (sum >> 32 | sum << 32)) >> 32);

	return (uint16_t)((half + (half >> 16 | half << 16)) >> 16);
}

/* The wide sum of an IPv4 header without options. */
static inline uint64_t
dp_sum20(const uint8_t *p)
{
	return dp_sum64(dp_load64(p)) + dp_sum64(dp_load64(p + 8)) + dp_load32(p + 16);
}

/* The wide sum of len bytes, the first of which is at an even place; an odd one is padded. */
static inline uint64_t
dp_sum(const uint8_t *p, size_t len)
{
	uint64_t sum = 0;

	for (; len >= 8; len -= 8, p += 8)
		sum += dp_sum64(dp_load64(p));
	if (len & 4) {
		sum += dp_load32(p);
		p += 4;
	}
	if (len & 2) {
		sum += dp_load16(p);
		p += 2;
	}
	if (len & 1)
		sum += *p; /* little-endian: the pad byte is the upper one */
	return sum;
}

/* What goes into a checksum field: the complement of the folded sum. */
static inline uint16_t
dp_checksum(uint64_t sum)
{
	return (uint16_t)~dp_fold(sum);
}

/* The same for UDP, where 0 means that there is none (RFC 768). */
static inline uint16_t
dp_checksum_udp(uint64_t sum)
{
	uint16_t v = dp_checksum(sum);

	return v == 0 ? UINT16_MAX : v;
}

/* A header's checksum field after one of its words has changed (RFC 1624 equation 3). */
static inline void
dp_checksum_replace(void *field, uint16_t before, uint16_t after)
{
	uint64_t sum = (uint64_t)(uint16_t)~dp_load16(field) + (uint16_t)~before + after;

	dp_store16(field, dp_checksum(sum));
}

/* The wide sum of UDP's pseudo header. len_be and the addresses: network order. */
static inline uint64_t
dp_sum_pseudo(uint32_t src_be, uint32_t dst_be, uint16_t len_be)
{
	return (uint64_t)src_be + dst_be + UINT32_C(0x1100) + len_be;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "sums assume little-endian");

#endif
