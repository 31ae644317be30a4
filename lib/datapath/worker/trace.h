/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is told of a session's packets while it is traced: records in a ring of each worker, which
 * writes them, and the control thread reads (control/trace.c).
 */
#ifndef DP_WORKER_TRACE_H
#define DP_WORKER_TRACE_H

#include "datapath/dp.h"

struct dp_packet;
struct dp_burst;

enum { DP_TRACE_RING = 2048 };

/* What became of a traced packet, and how it looked. */
struct dp_trace_record {
	uint64_t at; /* cycles */
	uint32_t turn;
	uint16_t packet, len, exit; /* exit: a drop or an edge */
	bool dropped, to_it;
	bool read;     /* the reader's */
	uint8_t bytes; /* of the inner packet, that follow */
	uint8_t head[40];
};

/* Made for the first trace. One writer, the worker, and one reader. */
struct dp_trace_ring {
	uint32_t put;
	uint32_t got __rte_cache_aligned;
	struct dp_trace_record at[DP_TRACE_RING];
};

/* worker/trace.c: a packet of a session that is traced, or to one; where a traced one goes on or
 * ends. */
void dp_trace_begin(struct dp_worker *w, struct dp_packet *p, bool to_it);
/* The same before its stage looks at the session, whose slot and key are known: whether it is
 * traced. */
void dp_trace_find(struct dp_worker *w, struct dp_packet *p);
/* The drop of what was not read to its end, but names a session: len bytes from L2TP on, of which
 * two are there. */
void dp_trace_unread(struct dp_worker *w, uint16_t service, uint8_t *l2tp, unsigned len,
	enum dp_drop_cause cause);
void dp_trace_drop(struct dp_worker *w, const struct dp_packet *p, enum dp_drop_cause cause);
void dp_trace_edge(struct dp_worker *w, const struct dp_packet *p, enum dp_edge_name edge);
/* All of a burst that a stage has let through. */
void dp_trace_stage(struct dp_worker *w, const struct dp_burst *b, enum dp_edge_name edge);

/* Whether anything is traced: for drops of what no session is known of. */
static inline bool
dp_traces(const struct dp *dp)
{
	return __atomic_load_n(&dp->trace.active, __ATOMIC_RELAXED);
}

#endif
