/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What became of the packets of one session, exit by exit (control/trace.c). The session's lines
 * keep them off the fast way, so only they are asked whether they are traced.
 */
#include <rte_cycles.h>

#include "datapath/worker/packet.h"
#include "datapath/worker/trace.h"
#include "l2tp/header.h"

void
dp_trace_begin(struct dp_worker *w, struct dp_packet *p, bool to_it)
{
	struct dp_trace *t = &w->dp->trace;
	uint32_t number = __atomic_load_n(&t->taken, __ATOMIC_ACQUIRE);
	uint32_t wanted = __atomic_load_n(&t->wanted, __ATOMIC_RELAXED);

	if (p->trace != 0 || number >= wanted)
		return;
	number = __atomic_fetch_add(&t->taken, 1, __ATOMIC_RELAXED);
	if (number >= wanted)
		return;
	p->trace = (uint16_t)(number + 1);
	p->trace_to = to_it;
	w->traces = true;
}

void
dp_trace_find(struct dp_worker *w, struct dp_packet *p)
{
	uint64_t word = __atomic_load_n(&w->dp->ingress[p->slot].word, __ATOMIC_ACQUIRE);

	if ((word & (DP_INGRESS_KEY | DP_INGRESS_TRACE)) == (p->key | DP_INGRESS_TRACE))
		dp_trace_begin(w, p, false);
}

void
dp_trace_unread(struct dp_worker *w, uint16_t service, uint8_t *l2tp, unsigned len,
	enum dp_drop_cause cause)
{
	const struct dp *dp = w->dp;
	unsigned at = (l2tp[0] & (L2TP_BIT_LENGTH >> 8)) != 0 ? 4 : 2;
	struct dp_packet p = {.inner = l2tp + at + 4};
	uint16_t tunnel_id, session_id;

	if ((l2tp[0] & (L2TP_BIT_TYPE >> 8)) != 0 || len < at + 4 ||
		(l2tp[1] & L2TP_VERSION_MASK) != L2TP_VERSION)
		return;
	tunnel_id = wire_get16(l2tp + at);
	session_id = wire_get16(l2tp + at + 2);
	p.len = (uint16_t)(len - at - 4);
	p.key = dp_ingress_key(service, tunnel_id, session_id);
	p.slot = cv_session_slot(dp->slot_seed, service, tunnel_id, session_id, dp->slot_mask);
	dp_trace_find(w, &p);
	if (p.trace != 0)
		dp_trace_drop(w, &p, cause);
}

/* One record; of the packet as it is now. */
static void
put(struct dp_worker *w, const struct dp_packet *p, bool dropped, unsigned exit)
{
	struct dp_trace_ring *r = w->trace;
	uint32_t at = r->put;
	struct dp_trace_record *to = &r->at[at % DP_TRACE_RING];

	/* it holds a whole trace: full only of one that nobody has read */
	if (at - __atomic_load_n(&r->got, __ATOMIC_ACQUIRE) == DP_TRACE_RING)
		return;
	*to = (struct dp_trace_record){.at = rte_rdtsc(),
		.turn = __atomic_load_n(&w->dp->trace.turn, __ATOMIC_RELAXED),
		.packet = p->trace,
		.len = p->len,
		.exit = (uint16_t)exit,
		.dropped = dropped,
		.to_it = p->trace_to,
		.bytes = (uint8_t)RTE_MIN(p->len, sizeof(to->head))};
	memcpy(to->head, p->inner, to->bytes);
	__atomic_store_n(&r->put, at + 1, __ATOMIC_RELEASE);
}

void
dp_trace_drop(struct dp_worker *w, const struct dp_packet *p, enum dp_drop_cause cause)
{
	put(w, p, true, cause);
}

void
dp_trace_edge(struct dp_worker *w, const struct dp_packet *p, enum dp_edge_name edge)
{
	put(w, p, false, edge);
}

void
dp_trace_stage(struct dp_worker *w, const struct dp_burst *b, enum dp_edge_name edge)
{
	for (uint16_t i = 0; i < b->n; i++)
		if (b->packets[i].trace != 0)
			put(w, &b->packets[i], false, edge);
}
