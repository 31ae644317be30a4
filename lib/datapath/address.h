/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An outer address of either family in one form, so that it is compared and hashed alike: IPv6 as
 * it is, IPv4 mapped into it (RFC 4291 section 2.5.5.2). A mapped one that arrives as an IPv6
 * source is dropped, so the families never meet. Network order.
 */
#ifndef DP_ADDRESS_H
#define DP_ADDRESS_H

#include "base/addr.h"
#include "wire/ipv6.h"

struct dp_ip {
	uint64_t high, low; /* as they lie in memory */
};

#define DP_MAPPED UINT32_C(0xffff0000) /* the third 32 bits, as the CPU loads them */

static inline struct dp_ip
dp_ip4(uint32_t ip_be)
{
	return (struct dp_ip){0, (uint64_t)ip_be << 32 | DP_MAPPED};
}

static inline struct dp_ip
dp_ip6(const uint8_t bytes[WIRE_IPV6_ADDRESS])
{
	return (struct dp_ip){wire_load64(bytes), wire_load64(bytes + 8)};
}

static inline bool
dp_ip_is4(struct dp_ip a)
{
	return a.high == 0 && (uint32_t)a.low == DP_MAPPED;
}

/* Of an IPv4 address. */
static inline uint32_t
dp_ip4_be(struct dp_ip a)
{
	return (uint32_t)(a.low >> 32);
}

static inline bool
dp_ip_equal(struct dp_ip a, struct dp_ip b)
{
	return a.high == b.high && a.low == b.low;
}

static inline void
dp_ip_store(struct dp_ip a, uint8_t out[WIRE_IPV6_ADDRESS])
{
	memcpy(out, &a.high, 8);
	memcpy(out + 8, &a.low, 8);
}

/* ip has a family. */
static inline struct dp_ip
dp_ip_of(const struct cv_ip *ip)
{
	return ip->family == CV_IPV6 ? dp_ip6(ip->bytes) : dp_ip4(wire_load32(ip->bytes));
}

static inline struct cv_ip
dp_ip_told(struct dp_ip a)
{
	struct cv_ip out = {.family = dp_ip_is4(a) ? CV_IPV4 : CV_IPV6};

	if (dp_ip_is4(a))
		wire_store32(out.bytes, dp_ip4_be(a));
	else
		dp_ip_store(a, out.bytes);
	return out;
}

/* Who has an address, for rates and shares: an IPv6 host has a /64 to choose from, but on the link
 * itself, where it has one address a station. */
static inline uint64_t
dp_ip_host(struct dp_ip a)
{
	if (dp_ip_is4(a))
		return dp_ip4_be(a);
	return (a.high & 0xc0ff) == 0x80fe ? a.low : a.high;
}

/* What no packet may come from, and no station can be: unspecified, loopback, multicast, an IPv4
 * address in the form of IPv6 (RFC 4291 sections 2.5.2, 2.5.3, 2.5.5, 2.7). */
static inline bool
dp_ip6_martian(const uint8_t a[WIRE_IPV6_ADDRESS])
{
	struct dp_ip ip = dp_ip6(a);

	return wire_ipv6_multicast(a) ||
	       (ip.high == 0 && ((uint32_t)ip.low == DP_MAPPED || (uint32_t)ip.low == 0));
}

#endif
