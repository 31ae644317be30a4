/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Networks behind sessions: a gateway's, a branch router's (RFC 2865 section 5.22 calls them framed
 * routes). They are routes of the session's realm whose word names its slot; what they lead to is
 * the session's own line, asked when a packet comes. So nothing of them changes when the session
 * opens, shuts or moves, and they go before another session can have the slot.
 */
#ifndef DP_TABLE_FRAMED_H
#define DP_TABLE_FRAMED_H

#include "datapath/table/realms.h"

/* What a word says, but for one of a network behind a session: the word of that session, or of
 * nobody as long as it is not open for the family. */
static inline uint32_t
dp_behind(const struct dp *dp, uint32_t word, bool six)
{
	uint32_t slot = word & DP_ROUTE_INDEX;
	uint64_t session;

	if (likely(dp_route_kind(word) != DP_ROUTE_BEHIND))
		return word;
	session = __atomic_load_n(&dp->ingress[slot].word, __ATOMIC_ACQUIRE);
	if ((session & (six ? DP_INGRESS_OPEN6 : DP_INGRESS_OPEN4)) == 0)
		return DP_ROUTE_NOBODY;
	return dp_route_word(
		(session & DP_INGRESS_PEER6) != 0 ? DP_ROUTE_SESSION6 : DP_ROUTE_SESSION, slot);
}

/* Whether an address is of a network behind a session, so that packets from there may have it as
 * their source. */
static inline bool
dp_is_behind4(const struct dp *dp, uint32_t slot, uint16_t realm, uint32_t ip_be)
{
	const struct dp_realm_table *r = dp_realm_of(dp, realm);

	return r != NULL && !wire_ipv4_martian(ip_be) &&
	       dp_route_find(r, dp_realm_word(r, ip_be), ip_be) ==
		       dp_route_word(DP_ROUTE_BEHIND, slot);
}

static inline bool
dp_is_behind6(const struct dp *dp, uint32_t slot, uint16_t realm, const uint8_t *ip)
{
	const struct dp_realm6 *r = dp_realm6_of(dp, realm);

	return r != NULL && !dp_ip6_martian(ip) && !wire_ipv6_link_local(ip) &&
	       dp_route6_find(r, dp_realm6_word(r, dp_net_of(ip)), ip) ==
		       dp_route_word(DP_ROUTE_BEHIND, slot);
}

int dp_framed_create(struct dp *dp);
void dp_framed_destroy(struct dp *dp);
/* A session goes, is shut or another realm's: it has none any more. */
void dp_framed_drop(struct dp *dp, uint32_t slot);
/* The route of the same prefix that waits behind a session's (`word`), which comes first; 0: none,
 * CV_ERR_UNKNOWN where there was none. */
int dp_framed_under(struct dp *dp, uint16_t realm, const struct cv_prefix *prefix, uint32_t word,
	uint32_t under);

#endif
