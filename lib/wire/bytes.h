/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers at any place in a packet. wire_load and wire_store move them as they lie in memory, in
 * network order (names end in _be); wire_get and wire_put give and take the number itself. Who
 * calls has checked that the bytes are there.
 */
#ifndef WIRE_BYTES_H
#define WIRE_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "constants in _BE assume little-endian");

static inline uint16_t
wire_load16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t
wire_load32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t
wire_load64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void
wire_store16(void *p, uint16_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline void
wire_store32(void *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline uint16_t
wire_swap16(uint16_t v)
{
	return __builtin_bswap16(v);
}

static inline uint32_t
wire_swap32(uint32_t v)
{
	return __builtin_bswap32(v);
}

static inline uint16_t
wire_get16(const void *p)
{
	return wire_swap16(wire_load16(p));
}

static inline uint32_t
wire_get32(const void *p)
{
	return wire_swap32(wire_load32(p));
}

static inline void
wire_put16(void *p, uint16_t v)
{
	wire_store16(p, wire_swap16(v));
}

static inline void
wire_put32(void *p, uint32_t v)
{
	wire_store32(p, wire_swap32(v));
}

#endif
