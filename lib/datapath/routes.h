/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where inner addresses lead, as the control side sees it: realms, which are address spaces of
 * clients, routes and next hops, networks behind sessions. Threads and errors are as in
 * datapath.h.
 */
#ifndef DP_ROUTES_H
#define DP_ROUTES_H

#include "datapath/datapath.h"

/* Where an inner address leads, in a word. What a session has (dp_session_set) leads to it. */
enum dp_route_kind {
	DP_ROUTE_NOBODY,   /* 0 */
	DP_ROUTE_SESSION,  /* index: its slot */
	DP_ROUTE_SESSION6, /* likewise of one whose peer is reached over IPv6 */
	DP_ROUTE_SELF,     /* the LNS: it answers echo */
	DP_ROUTE_VIA,      /* index: the ID of next hops, dp_via_set() */
	DP_ROUTE_LINK, /* index: an interface's slot, to whose network it belongs: the data path's
			*/
	DP_ROUTE_ADJACENT, /* index: a neighbour's slot: the data path's */
	DP_ROUTE_DISCARD,  /* dropped in silence */
	DP_ROUTE_BEHIND,   /* index: the slot of a session that a network is behind: dp_framed_set()
			    */
	DP_ROUTE_SPREAD,   /* index: the ID of several next hops: the data path's */
	DP_ROUTE_DIAL,     /* index: an ID for dp_dial_next(): a few wait, and it is told once */
};

enum { DP_ROUTE_SHIFT = 28, DP_ROUTE_INDEX = (1 << DP_ROUTE_SHIFT) - 1 };

static inline uint32_t
dp_route_word(enum dp_route_kind kind, uint32_t index)
{
	return (uint32_t)kind << DP_ROUTE_SHIFT | index;
}

static inline enum dp_route_kind
dp_route_kind(uint32_t word)
{
	return (enum dp_route_kind)(word >> DP_ROUTE_SHIFT);
}

/*
 * Says from which prefixes most addresses of a realm's clients are: in these each is found by one
 * read. It costs 4 bytes an address of memory that is there when it is used, of each of the first 8
 * pools that is no larger than a /8. Others are found too, a little later, for some 24 bytes a
 * session. Of IPv6 it is the /64s of clients' links: in the first 8 pools no larger than a /40 each
 * costs 4 bytes; others, and delegated prefixes, some 48. A realm needs not be set, and changes
 * under traffic; it takes no memory when it has neither pools, routes nor sessions. CV_ERR_CONFIG:
 * a prefix that is none, of IPv6 longer than 64 bits, in ::/8, link-local or multicast;
 * CV_ERR_NOMEM; CV_ERR_UNKNOWN. _get: the data path's own copy, until it is set again or cleared.
 */
int dp_realm_set(struct dp *dp, uint16_t realm, const struct cv_prefix *pools, uint16_t count);
int dp_realm_clear(struct dp *dp, uint16_t realm);
int dp_realm_get(
	const struct dp *dp, uint16_t realm, const struct cv_prefix **pools, uint16_t *count);

/*
 * Sets the next hops that routes name by an ID, or changes them for all of them at once. They are
 * resolved as long as they are set, and what is sent to one before that is dropped
 * (EGRESS_NEIGHBOUR). Of several each flow (addresses and ports, or SPI) has one, of those whose
 * neighbour and port are up; when one is no longer, or another list has it no more, the flows of
 * the others stay where they are. CV_ERR_UNKNOWN: no such interface; CV_ERR_CONFIG: not inside, its
 * networks do not have the address, it is there twice, or there are none or more than DP_MAX_HOPS;
 * CV_ERR_LIMIT: DP_MAX_ADJACENCIES; CV_ERR_NOMEM. What a route leads to whose ID is not set has no
 * route. _get: how many there are, 0: it is not set; out may be NULL.
 */
struct dp_via {
	uint16_t iface;
	struct cv_ip ip;
};
int dp_via_set(struct dp *dp, uint16_t id, const struct dp_via *hops, unsigned n);
int dp_via_clear(struct dp *dp, uint16_t id);
unsigned dp_via_get(const struct dp *dp, uint16_t id, struct dp_via out[DP_MAX_HOPS]);

/*
 * A route that is no session's: of kind DP_ROUTE_SELF, _VIA, _DISCARD or _DIAL. The longest prefix
 * counts, be it a session's; it may be set again. Of IPv6 it has at most 64 bits, or all.
 * CV_ERR_CONFIG: no such prefix, or another kind; CV_ERR_EXISTS: a session has the address;
 * CV_ERR_LIMIT: DP_MAX_ROUTES of a realm and family; CV_ERR_NOMEM: nothing has changed;
 * CV_ERR_UNKNOWN: not there. What changes leaves no packet without the other routes. Who sets many
 * of them lets dp_control_poll() pass between some: memory of what was replaced is given back
 * there.
 */
int dp_route_set(struct dp *dp, uint16_t realm, const struct cv_prefix *prefix, uint32_t word);
int dp_route_clear(struct dp *dp, uint16_t realm, const struct cv_prefix *prefix);
/* The one that comes after a prefix, whether that is there or not: IPv4 before IPv6, by address, of
 * one address the shortest first. family 0: the first one. false: there is none. */
bool dp_route_next(const struct dp *dp, uint16_t realm, struct cv_prefix *prefix, uint32_t *word);

/* Of a realm, now. */
struct dp_realm_use {
	uint32_t sessions;  /* with an address or a prefix, or both */
	uint32_t addresses; /* that they have */
	uint32_t prefixes;  /* /64s of their links */
	uint32_t routes;    /* that are no session's; our own addresses among them */
};

void dp_realm_use(const struct dp *dp, uint16_t realm, struct dp_realm_use *out);

enum dp_hop_state {
	DP_HOP_UNKNOWN, /* nobody has asked for it yet, or it did not answer: the next packet asks
			 */
	DP_HOP_ASKING,
	DP_HOP_RESOLVED,
	DP_HOP_CONFIGURED, /* its MAC address is */
};

/* Where a route leads to, for people. */
struct dp_leads {
	enum dp_route_kind kind; /* _NOBODY, _SESSION (of either family), _SELF, _VIA, _LINK or
				  * _DISCARD */
	struct cv_prefix prefix; /* that says so: of dp_lookup; family 0: none does */
	uint32_t slot;           /* _SESSION */
	uint16_t iface;          /* _VIA, _LINK: by which */
	unsigned hops;           /* _VIA: how many next hops there are, of which a flow has one */
	struct cv_ip hop;        /* likewise: to whom it is given; family 0: whoever is meant */
	enum dp_hop_state state; /* of that one */
	uint8_t mac[6];          /* that is known: _RESOLVED, _CONFIGURED */
};

/* Where a session's packet to an address goes, as a worker would be told now; whether filters let
 * it pass is another question. CV_ERR_CONFIG: no realm leads to such an address: multicast,
 * link-local, loopback. */
int dp_lookup(const struct dp *dp, uint16_t realm, const struct cv_ip *ip, struct dp_leads *out);
/* Likewise what a word of a route says, as dp_route_next() gives it; hop: which of several. */
void dp_route_leads(const struct dp *dp, uint32_t word, unsigned hop, struct dp_leads *out);

/*
 * Who is to be told of traffic for routes of kind DP_ROUTE_DIAL: for each ID that is armed once,
 * when a packet has come, whose sender's filter has not been asked. The ID of the next one, which
 * is armed no longer; false: none. dp_dial_arm(false): it is not told. Of the packets a few wait,
 * for some seconds, until their route leads elsewhere; others are dropped (ROUTE_DIAL). IDs are
 * below CV_DIAL_IDS.
 */
void dp_dial_arm(struct dp *dp, uint16_t id, bool armed);
bool dp_dial_next(struct dp *dp, uint16_t *id);

/*
 * Says which networks are behind a session, in place of those before: while it is open for their
 * family its realm leads to it what no longer prefix does, and it may send from their addresses.
 * A route of the same prefix (dp_route_set) waits until it is behind no session any more. They go
 * with the session, and when it is told another realm. CV_ERR_UNKNOWN: there is no such session;
 * CV_ERR_CONFIG: too many, one twice, or a prefix that no route may have; CV_ERR_EXISTS: one is
 * another session's, or ours; CV_ERR_LIMIT, CV_ERR_NOMEM. Then nothing has changed. _get: by an
 * index from 0; false: past the last.
 */
int dp_framed_set(struct dp *dp, uint32_t slot, const struct cv_prefix *prefixes, uint16_t count);
bool dp_framed_get(const struct dp *dp, uint32_t slot, unsigned index, struct cv_prefix *out);

#endif
