/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address spaces of clients: where an inner address or prefix leads. Written by the control thread.
 */
#ifndef DP_TABLE_REALMS_H
#define DP_TABLE_REALMS_H

#include "datapath/dp.h"

/* table/realm.c */
/* The word of an address, made where it is not there, with its realm; NULL: no memory. It stays
 * there, and where it is, while it is not 0, and without another call that makes one. */
uint32_t *dp_realm_entry(struct dp *dp, uint16_t realm, uint32_t ip_be);
/* Writes the word of an address that is there. */
void dp_realm_put(struct dp *dp, uint16_t realm, uint32_t ip_be, uint32_t word);
/* In the next round, where it can. */
void dp_realm_trim_later(struct dp *dp, uint16_t realm);
void dp_realms_poll(struct dp *dp);
void dp_realms_destroy(struct dp *dp);
/* Its table, where there is none. false: no memory. */
bool dp_realm_make(struct dp *dp, uint16_t realm);

/* table/realm6.c: sessions' networks, in host order, of at most 64 bits. */
/* Likewise, of IPv6. */
bool dp_realm6_make(struct dp *dp, uint16_t realm);
/* Makes the realm and room in it for a network and another one besides, so that dp_realm6_put()
 * can't fail before somebody else's. CV_ERR_NOMEM. */
int dp_realm6_room(struct dp *dp, uint16_t realm, uint64_t net, unsigned bits);
/* The word of a network; 0: none. */
uint32_t dp_realm6_get(const struct dp *dp, uint16_t realm, uint64_t net, unsigned bits);
void dp_realm6_put(struct dp *dp, uint16_t realm, uint64_t net, unsigned bits, uint32_t word);
/* A table for other pools, which is to be put in place of the present one or given back at once. */
int dp_realm6_prepare(struct dp *dp, uint16_t realm, const struct cv_prefix *pools, uint16_t count,
	struct dp_realm6 **out);
void dp_realm6_commit(struct dp *dp, uint16_t realm, struct dp_realm6 *t);
void dp_realm6_discard(struct dp *dp, uint16_t realm, struct dp_realm6 *t); /* NULL is allowed */
/* Gives back what it does not need, or all of it. */
void dp_realm6_trim(struct dp *dp, uint16_t realm);
void dp_realms6_destroy(struct dp *dp);

/* table/covers6.c: how many networks of the realm are in one that is shorter. */
/* Before networks of so many bits get a word, or another one: room for two. false: no memory. */
bool dp_covers6_room(struct dp *dp, struct dp_realm6 *r, unsigned bits);
/* One more (1) or less (-1). */
void dp_covers6_count(struct dp_realm6 *r, uint64_t net, unsigned bits, int more);
/* Of a length for which room was made. */
uint32_t dp_covers6_inside(const struct dp_realm6 *r, uint64_t net, unsigned bits);
void dp_covers6_free(struct dp *dp, struct dp_realm6 *r);

/* table/route.c: a route, whatever it leads to, and whether it may be there or not. As the public
 * ones, but for routes behind sessions. */
int dp_route_put(struct dp *dp, uint16_t realm, const struct cv_prefix *prefix, uint32_t word);
int dp_route_take(struct dp *dp, uint16_t realm, const struct cv_prefix *prefix);
/* The word of just this prefix; 0: it has no route. */
uint32_t dp_route_get(const struct dp *dp, uint16_t realm, const struct cv_prefix *prefix);

/* table/owed.c: takes a route out that is there, which can't fail: without memory it discards, and
 * is taken out when there is some. */
void dp_route_owe(struct dp *dp, uint16_t realm, const struct cv_prefix *prefix);
/* Whether the route of this prefix is there only for that; from now on it is as its caller has it.
 */
bool dp_owed_settle(struct dp *dp, uint16_t realm, const struct cv_prefix *prefix);
void dp_owed_poll(struct dp *dp, uint64_t now);
/* When dp_owed_poll() has something to do. */
uint64_t dp_owed_timeout(const struct dp *dp);
int dp_owed_create(struct dp *dp);
void dp_owed_destroy(struct dp *dp);

/* table/route6.c: likewise of IPv6. */
int dp_route6_set(struct dp *dp, uint16_t realm, const struct cv_prefix *prefix, uint32_t word);
int dp_route6_clear(struct dp *dp, uint16_t realm, const struct cv_prefix *prefix);
/* The length of a session's network, shorter than so many bits, that a network or address is in; 0:
 * there is none. */
unsigned dp_realm6_holder(const struct dp *dp, uint16_t realm, uint64_t net, unsigned bits);
/* Whether a route that is no session's is in a network, or is just that. */
bool dp_route6_inside(const struct dp *dp, uint16_t realm, uint64_t net, unsigned bits);

/* What a route that is no session's may lead to. */
static inline bool
dp_route_may_be(uint32_t word)
{
	enum dp_route_kind kind = dp_route_kind(word);

	return kind == DP_ROUTE_SELF || kind == DP_ROUTE_VIA || kind == DP_ROUTE_LINK ||
	       kind == DP_ROUTE_DISCARD || kind == DP_ROUTE_BEHIND || kind == DP_ROUTE_DIAL;
}

static inline bool
dp_route_is_session(uint32_t word)
{
	enum dp_route_kind kind = dp_route_kind(word);

	return kind == DP_ROUTE_SESSION || kind == DP_ROUTE_SESSION6;
}

/* Or to a network behind one. */
static inline bool
dp_route_is_clients(uint32_t word)
{
	return dp_route_is_session(word) || dp_route_kind(word) == DP_ROUTE_BEHIND;
}

/* Or is going to be one. */
static inline bool
dp_route_is_taken(uint32_t word)
{
	return word == DP_ROUTE_KEPT || dp_route_is_session(word);
}

/* Whether an address is a client's, or of a network behind one: asked of what comes by an uplink,
 * whose sources are mostly in neither. */
static inline bool
dp_realm_is_clients(const struct dp_realm_table *r, uint32_t ip_be)
{
	const uint32_t *word = dp_realm_word(r, ip_be);
	uint32_t found = word == NULL ? 0 : __atomic_load_n(word, __ATOMIC_ACQUIRE);

	if (found == 0 && unlikely(__atomic_load_n(&r->behind, __ATOMIC_RELAXED) != 0))
		found = dp_lpm_find4(&r->routes, ip_be);
	return dp_route_is_clients(found);
}

static inline const struct dp_realm_table *
dp_realm_of(const struct dp *dp, uint16_t realm)
{
	return __atomic_load_n(&dp->realms[realm], __ATOMIC_CONSUME);
}

static inline const struct dp_realm6 *
dp_realm6_of(const struct dp *dp, uint16_t realm)
{
	return __atomic_load_n(&dp->realms6[realm], __ATOMIC_CONSUME);
}

#endif
