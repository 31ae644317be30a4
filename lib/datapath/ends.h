/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where packets end, but for those that are sent: each is counted, as a drop or an edge that has a
 * name. Nothing else frees a buffer (lint looks).
 */
#ifndef DP_ENDS_H
#define DP_ENDS_H

#include "datapath/worker/packet.h"
#include "datapath/worker/trace.h"

/* A packet of a burst, for a cause: who dropped it, what it is and whose session's is known. */
static inline void
dp_drop(struct dp_worker *w, const struct dp_packet *p, enum dp_drop_cause cause)
{
	if (unlikely(p->trace != 0))
		dp_trace_drop(w, p, cause);
	w->counts.drops[cause]++;
	rte_pktmbuf_free(p->m);
}

/* The same of one in whose buffer an answer to it leaves. */
static inline void
dp_drop_answered(struct dp_worker *w, const struct dp_packet *p, enum dp_drop_cause cause)
{
	if (unlikely(p->trace != 0))
		dp_trace_drop(w, p, cause);
	w->counts.drops[cause]++;
}

/* A packet of which something else was made. */
static inline void
dp_done(struct dp_worker *w, const struct dp_packet *p, enum dp_edge_name edge)
{
	if (unlikely(p->trace != 0))
		dp_trace_edge(w, p, edge);
	w->counts.edges[edge]++;
	rte_pktmbuf_free(p->m);
}

/* A frame on a worker that is no packet of a session (yet, or any more). */
static inline void
dp_drop_frame(struct dp_worker *w, struct rte_mbuf *m, enum dp_drop_cause cause)
{
	w->counts.drops[cause]++;
	rte_pktmbuf_free(m);
}

static inline void
dp_done_frame(struct dp_worker *w, struct rte_mbuf *m, enum dp_edge_name edge)
{
	w->counts.edges[edge]++;
	rte_pktmbuf_free(m);
}

/* What the control thread has. */
static inline void
dp_drop_control(struct dp *dp, struct rte_mbuf *m, enum dp_drop_cause cause)
{
	dp->counts.drops[cause]++;
	rte_pktmbuf_free(m);
}

static inline void
dp_done_control(struct dp *dp, struct rte_mbuf *m, enum dp_edge_name edge)
{
	dp->counts.edges[edge]++;
	rte_pktmbuf_free(m);
}

#endif
