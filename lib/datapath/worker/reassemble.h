/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fragments of outer packets to us: what goes in and comes out whole. What waits is the worker's
 * own (worker/parts.h).
 */
#ifndef DP_WORKER_REASSEMBLE_H
#define DP_WORKER_REASSEMBLE_H

#include "datapath/dp.h"

/* worker/parts.c, worker/reassemble.c: fragments of outer packets to us. */
struct dp_parts *dp_parts_new(const struct dp *dp); /* NULL: no memory */
void dp_parts_free(struct dp_parts *t);
/* Drops what has waited too long; all of it. */
void dp_parts_expire(struct dp_worker *w);
void dp_parts_drain(struct dp_worker *w);
struct rte_ip_frag_tbl *dp_reassemble_new(void); /* NULL: no memory */
void dp_reassemble_free(struct rte_ip_frag_tbl *t);

/* What fragments of one packet have in common (RFC 791 section 3.2, RFC 8200 section 4.5): of UDP
 * all. Without gaps, so that keys are equal when their bytes are. */
struct dp_parts_key {
	struct dp_ip source, target;
	uint64_t id; /* and above 32 bits where it came by: dp_lan_domain() */
};

/* A fragment of an outer datagram, in one buffer: its lengths are right, and it is to us. */
struct dp_fragment {
	struct rte_mbuf *m; /* Ethernet at its start, without a tag */
	uint8_t *ip;
	unsigned headers; /* bytes from ip to what it carries */
	unsigned offset, len;
	bool more, v6;
	uint8_t ecn;
	struct dp_parts_key key;
};

/* Takes the fragment. Returns the whole packet in one buffer, Ethernet at its start, to be
 * classified as if it had just come; NULL: it waits for others, or was dropped. */
struct rte_mbuf *dp_reassemble(struct dp_worker *w, const struct dp_fragment *f);

#endif
