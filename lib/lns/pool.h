/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses that a group hands out: the prefixes of its pool less network and broadcast
 * addresses, less what is reserved (the LNS's own, addresses fixed to a user). IPv4 only.
 * Addresses are handed out in turn, so one that was just returned comes last again.
 */
#ifndef LNS_POOL_H
#define LNS_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct lns_pool;

/* A pool over n IPv4 prefixes that do not overlap; NULL when memory is short. */
struct lns_pool *lns_pool_new(const struct cv_prefix *prefixes, size_t n);
void lns_pool_free(struct lns_pool *pool);

/* Whether the address lies in one of the pool's prefixes. */
bool lns_pool_contains(const struct lns_pool *pool, uint32_t address);

/* Takes one address for good; false when it is outside or taken. Host order. */
bool lns_pool_reserve(struct lns_pool *pool, uint32_t address);

/* The next free address in host order, or 0 when the pool is exhausted. */
uint32_t lns_pool_take(struct lns_pool *pool);
void lns_pool_return(struct lns_pool *pool, uint32_t address);

/* Addresses that can be handed out, and those that are. */
uint64_t lns_pool_size(const struct lns_pool *pool);
uint64_t lns_pool_used(const struct lns_pool *pool);

#endif
