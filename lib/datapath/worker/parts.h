/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Outer packets that wait for the rest of their fragments: a table a worker, in parts.c; what is
 * put into it and comes out whole is reassemble.c's.
 */
#ifndef DP_PARTS_H
#define DP_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "datapath/worker/reassemble.h"

enum { DP_PARTS_OF_ONE = 8 }; /* RTE_LIBRTE_IP_FRAG_MAX_FRAG */

_Static_assert(sizeof(struct dp_parts_key) == 40, "no gaps");

struct dp_part {
	struct rte_mbuf *m;
	uint8_t *ip;
	uint16_t headers; /* bytes from ip to what it carries */
	uint16_t offset, len;
	uint8_t ecn;
};

/* A packet of which some are there. */
struct dp_parts_packet {
	struct dp_parts_key key;
	struct dp_part parts[DP_PARTS_OF_ONE];
	uint16_t count; /* of them; 0: the record is free */
	uint16_t total; /* bytes that they carry all together; 0: the last one is not there */
	uint32_t bytes; /* of them that are there */
	uint32_t since_ms;
	uint16_t owner; /* whose share it is in */
	bool known;     /* of a session or tunnel that is here, from its peer */
	uint16_t next;  /* with the same hash */
	uint16_t older, newer;
};

/* Where a packet of which this key is, or NULL. */
struct dp_parts_packet *dp_parts_find(struct dp_worker *w, const struct dp_parts_key *key);
/* Makes a record, of whom `owner` says by a hash; NULL: others have the room, by their share. */
struct dp_parts_packet *dp_parts_make(
	struct dp_worker *w, const struct dp_parts_key *key, uint64_t owner, bool known);
/* It turned out whose it is. */
void dp_parts_is_of(struct dp_worker *w, struct dp_parts_packet *p, uint64_t owner);
/* Puts a part in, which fits. False: it has no room, and the packet, with all that is there, must
 * give way: p is gone. */
bool dp_parts_put(struct dp_worker *w, struct dp_parts_packet *p, const struct dp_part *part);
/* Frees the record alone: its buffers are the caller's. */
void dp_parts_take(struct dp_worker *w, struct dp_parts_packet *p);
/* Drops it with its buffers, each of which is counted. */
void dp_parts_drop(struct dp_worker *w, struct dp_parts_packet *p, enum dp_drop_cause cause);

#endif
