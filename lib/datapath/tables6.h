/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address spaces of clients, IPv6: where a prefix leads, and how workers find it. What a client has
 * is the /64 of its link and maybe a shorter prefix that it was delegated, so a /64 is asked first.
 */
#ifndef DP_TABLES6_H
#define DP_TABLES6_H

#include "datapath/datapath.h"
#include "datapath/layout.h"
#include "datapath/lpm.h"
#include "wire/ipv6.h"

enum {
	DP_WINDOWS6 = 8,
	DP_LINK_BITS = 64, /* of what a client's link has, and the longest prefix of a network */
	DP_HOST_BITS = 128,
};

/* Words of a pool's /64s, by their place in it. */
struct dp_window6 {
	uint64_t first, size; /* networks: upper halves of addresses, in host order */
	uint32_t *words;
};

/* Words of sessions' other prefixes, by a hash. */
struct dp_nets {
	uint32_t mask;
	uint32_t used, live;           /* control's: places, and those with a word that is not 0 */
	uint8_t count;                 /* of lengths */
	uint8_t lengths[DP_LINK_BITS]; /* below 64 that are in it, the longest first */
	struct {
		uint64_t net;
		uint32_t word;
		uint32_t tag; /* dp_net_tag(); 0: free. Never another once it is there */
	} at[];
};

/* nets are replaced and routes changed below it, it for other windows: the one that follows has the
 * same routes. */
struct dp_realm6 {
	uint32_t window_count;
	struct dp_window6 windows[DP_WINDOWS6];
	struct dp_nets *nets;
	struct dp_lpm routes;      /* that are no session's */
	uint32_t live;             /* control's: words that are not 0 */
	struct dp_covers6 *covers; /* control's: table/covers6.c; NULL: no network is shorter */
};

/* A set of prefixes of any length, made once: asked by length, so it matters little how many. */
struct dp_prefixes6 {
	uint32_t mask;
	uint8_t count;                     /* of lengths */
	uint8_t lengths[DP_HOST_BITS + 1]; /* as they came */
	struct {
		uint64_t halves[2]; /* as they lie in memory */
		uint32_t tag;       /* dp_net_tag(); 0: free */
	} at[];
};

/* table/prefixes6.c */
size_t dp_prefixes6_bytes(unsigned count);
/* In so many bytes of 0. */
void dp_prefixes6_init(struct dp_prefixes6 *set, unsigned count);
void dp_prefixes6_add(struct dp_prefixes6 *set, const uint8_t *address, unsigned length);

static inline uint64_t
dp_net_of(const uint8_t address[WIRE_IPV6_ADDRESS])
{
	return __builtin_bswap64(wire_load64(address));
}

/* Its first bits. */
static inline uint64_t
dp_net_cut(uint64_t net, unsigned bits)
{
	return bits == 0 ? 0 : net & UINT64_MAX << (DP_LINK_BITS - bits);
}

/* Whether clients or we may have addresses in it: no reserved, link-local or multicast ones (RFC
 * 4291 section 2.4). */
static inline bool
dp_net_usable(uint64_t net, unsigned bits)
{
	return !((bits >= 8 && (net >> 56 == 0x00 || net >> 56 == 0xff)) ||
		 (bits >= 10 && net >> 54 == 0xfe80 >> 6));
}

static inline uint32_t
dp_net_tag(unsigned bits)
{
	return bits + 1;
}

static inline uint32_t
dp_nets_place(const struct dp_nets *n, uint64_t net, unsigned bits)
{
	return (uint32_t)(((net ^ bits) * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & n->mask;
}

static inline uint64_t
dp_hash64(uint64_t key)
{
	key *= UINT64_C(0x9e3779b97f4a7c15);
	key ^= key >> 32;
	return key * UINT64_C(0xd6e8feb86659fd93);
}

/* The first bits of an address, as they lie in memory. */
static inline void
dp_prefixes6_cut(const uint8_t *address, unsigned length, uint64_t halves[2])
{
	unsigned low = length > 64 ? length - 64 : 0;

	halves[0] = __builtin_bswap64(dp_net_cut(dp_net_of(address), length < 64 ? length : 64));
	halves[1] = __builtin_bswap64(dp_net_cut(dp_net_of(address + 8), low));
}

/* Where it is, or would be. */
static inline uint32_t
dp_prefixes6_place(const struct dp_prefixes6 *set, const uint64_t halves[2], unsigned length)
{
	uint64_t key = dp_hash64(halves[0] ^ length) ^ halves[1];
	uint32_t at = (uint32_t)(dp_hash64(key) >> 32) & set->mask;

	while (set->at[at].tag != 0 &&
		(set->at[at].tag != dp_net_tag(length) || set->at[at].halves[0] != halves[0] ||
			set->at[at].halves[1] != halves[1]))
		at = (at + 1) & set->mask;
	return at;
}

/* The word of a network of so many bits; NULL: it has none. */
static inline uint32_t *
dp_nets_word(struct dp_nets *n, uint64_t net, unsigned bits)
{
	uint32_t tag;

	if (n == NULL)
		return NULL;
	for (uint32_t at = dp_nets_place(n, net, bits);; at = (at + 1) & n->mask) {
		tag = __atomic_load_n(&n->at[at].tag, __ATOMIC_ACQUIRE);
		if (tag == dp_net_tag(bits) && n->at[at].net == net)
			return &n->at[at].word;
		if (tag == 0)
			return NULL;
	}
}

static inline uint32_t *
dp_window6_word(const struct dp_realm6 *r, uint64_t net)
{
	for (uint32_t i = 0; i < r->window_count; i++)
		if (net - r->windows[i].first < r->windows[i].size)
			return &r->windows[i].words[net - r->windows[i].first];
	return NULL;
}

/* That of a /64. */
static inline uint32_t *
dp_realm6_word(const struct dp_realm6 *r, uint64_t net)
{
	uint32_t *word = dp_window6_word(r, net);

	return word != NULL ? word
			    : dp_nets_word(__atomic_load_n(&r->nets, __ATOMIC_CONSUME), net,
				      DP_LINK_BITS);
}

/* Where an address leads whose /64 leads to nobody: worker/route6.c. */
uint32_t dp_route6_rest(const struct dp_realm6 *r, const uint8_t address[WIRE_IPV6_ADDRESS]);

/* Where an address leads, of which dp_realm6_word() is known: by it, or by the longest prefix. */
static inline uint32_t
dp_route6_find(
	const struct dp_realm6 *r, const uint32_t *word, const uint8_t address[WIRE_IPV6_ADDRESS])
{
	uint32_t found = word == NULL ? 0 : __atomic_load_n(word, __ATOMIC_ACQUIRE);

	return found != 0 ? found : dp_route6_rest(r, address);
}

#endif
