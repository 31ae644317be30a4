/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses that a group hands out: what its prefixes hold, by index. Of an IPv4 prefix single
 * addresses, but for network and broadcast; of an IPv6 prefix /64s (or prefixes of another length),
 * named by their first address, or, where it is longer than that, single addresses. Each in turn,
 * so one that was just given back comes last again. An empty pool costs nothing but its prefixes,
 * however large they are; what is used costs a bit each, in pieces.
 */
#ifndef LNS_POOL_H
#define LNS_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct lns_pool;

/* A pool over n prefixes that do not overlap, of either family; of one with more than 2^48 units
 * the first so many are used. NULL: memory is short. */
struct lns_pool *lns_pool_new(const struct cv_prefix *prefixes, size_t n);
/* The same of IPv6 prefixes, of which prefixes of `unit` bits (at most 64) are handed out. */
struct lns_pool *lns_pool_new_of(const struct cv_prefix *prefixes, size_t n, uint8_t unit);
void lns_pool_free(struct lns_pool *pool);

/* Whether the address lies in one of the pool's prefixes. */
bool lns_pool_has(const struct lns_pool *pool, const struct cv_ip *ip);

/* The next free one of a family; family 0: the pool has none, or no memory. */
struct cv_ip lns_pool_take(struct lns_pool *pool, enum cv_family family);
/* The first free one from a place on that `hint` (any number) stands for, around the pool: the same
 * for the same hint, as long as nobody else has it. */
struct cv_ip lns_pool_take_at(struct lns_pool *pool, enum cv_family family, uint64_t hint);
/* This one; false: it is outside, taken, kept, or there is no memory. */
bool lns_pool_take_this(struct lns_pool *pool, const struct cv_ip *ip);
/* Back again; nothing happens where it is outside, or not taken. */
void lns_pool_give(struct lns_pool *pool, const struct cv_ip *ip);

/* Keeps one out of the pool (the LNS's own address, one fixed to a user), until it is let in again
 * by lns_pool_unkeep. False as lns_pool_take_this. */
bool lns_pool_keep(struct lns_pool *pool, const struct cv_ip *ip);
void lns_pool_unkeep(struct lns_pool *pool, const struct cv_ip *ip);

/* What can be handed out, of a family, and what is. */
uint64_t lns_pool_size(const struct lns_pool *pool, enum cv_family family);
uint64_t lns_pool_used(const struct lns_pool *pool, enum cv_family family);
/* Bytes that the pool holds now. */
size_t lns_pool_memory(const struct lns_pool *pool);

#endif
