/* SPDX-License-Identifier: BSD-3-Clause */
/* Random inner packets that are right: each kind that clients may send. The same seed gives the
 * same packets. */
#ifndef DATAPATH_VALID_H
#define DATAPATH_VALID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

struct random random_of(uint64_t seed);
/* From 0 up. */
uint32_t random_number(struct random *r, uint32_t below);
/* False n - 1 times of n. */
bool random_hit(struct random *r, uint32_t n);
void random_bytes(struct random *r, uint8_t *out, size_t len);

/*
 * IPv4 with or without options, whole or a fragment, of any protocol, any length from its header's
 * up to `most`, and a TTL that is seldom 1 or 0. Addresses in network order. Returns its length.
 */
size_t valid4(struct random *r, uint32_t source_be, uint32_t target_be, size_t most, uint8_t *out);
/* IPv6 with extension headers, a fragment header among them, or without. */
size_t valid6(struct random *r, const uint8_t source[16], const uint8_t target[16], size_t most,
	uint8_t *out);

#endif
