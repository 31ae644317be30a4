/* SPDX-License-Identifier: BSD-3-Clause */
/* Neighbor Discovery (RFC 4861): solicitations and advertisements of neighbours, read with all the
 * checks that the RFC demands, and written. */
#ifndef WIRE_ND_H
#define WIRE_ND_H

#include "wire/icmp.h"

enum {
	WIRE_ND_ROUTER_SOLICIT = 133,
	WIRE_ND_ROUTER_ADVERT = 134,
	WIRE_ND_SOLICIT = 135,
	WIRE_ND_ADVERT = 136,
	WIRE_ND_REDIRECT = 137,
	/* multicast listeners (RFC 2710, RFC 3810): queries, reports and who leaves */
	WIRE_MLD_QUERY = 130,
	WIRE_MLD_REPORT = 131,
	WIRE_MLD_DONE = 132,
	WIRE_MLD_REPORT_2 = 143,
	WIRE_MLD_IS_EXCLUDE = 2, /* types of records: listens, said to who asked, */
	WIRE_MLD_TO_EXCLUDE = 4, /* and of one's own accord */

	WIRE_ND_HOPS = 255, /* what came from a router has fewer */
	WIRE_ND_TARGET = 8, /* offsets */
	WIRE_ND_OPTIONS = 24,
	WIRE_ND_OPTION_SOURCE = 1, /* link-layer address of who sends, */
	WIRE_ND_OPTION_TARGET = 2, /* of whom it tells */
	/* flags of an advertisement, as in the byte that has them */
	WIRE_ND_ROUTER = 0x80,
	WIRE_ND_SOLICITED = 0x40,
	WIRE_ND_OVERRIDE = 0x20,
	/* the longest that is written here: header, message, one option */
	WIRE_ND_PACKET = WIRE_IPV6 + WIRE_ND_OPTIONS + 8,
};

/* A solicitation or an advertisement of a neighbour. */
struct wire_nd {
	uint8_t type, flags;
	const uint8_t *source, *target; /* of the packet: views of it */
	const uint8_t *about;           /* the address that is asked for, or told of: a view */
	const uint8_t *mac; /* in the option that its type may have: a view; NULL: none */
};

/* Reads an IPv6 packet of len bytes (ND has no extension headers that we would take). false: it is
 * neither, or RFC 4861 sections 7.1.1 and 7.1.2 have it discarded. */
bool wire_nd_read(const uint8_t *ip, size_t len, struct wire_nd *nd);

/* Writes a whole packet: asks for `about` on its solicited-node address, or (to given) at an
 * address (RFC 4861 section 4.3). Returns its bytes, at most WIRE_ND_PACKET. source unspecified:
 * nobody may have it yet, and mac is not told (RFC 4862 section 5.4.2). */
size_t wire_nd_write_solicit(uint8_t *ip, const uint8_t source[WIRE_IPV6_ADDRESS],
	const uint8_t mac[6], const uint8_t *to, const uint8_t about[WIRE_IPV6_ADDRESS]);
/* Writes the answer to a solicitation for `about`, ours, at mac (section 7.2.4): to all nodes where
 * it came from nobody. flags: WIRE_ND_ROUTER, WIRE_ND_OVERRIDE; SOLICITED is set here. */
size_t wire_nd_write_advert(
	uint8_t *ip, const struct wire_nd *solicit, const uint8_t mac[6], uint8_t flags);

#endif
