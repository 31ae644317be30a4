/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A trace: the next packets of one session, in both directions. The control thread marks its lines
 * and takes the marks away, when there were as many as wanted or the time is up; workers write what
 * they saw into a ring each, which holds a whole trace.
 */
#include <stdlib.h>

#include <rte_cycles.h>

#include "datapath/control/control.h"
#include "datapath/worker/trace.h"

_Static_assert(DP_TRACE_RING >= DP_TRACE_MOST * 2 * 8, "exits of packets, and of answers to them");

void
dp_trace_mark(struct dp *dp, uint32_t slot)
{
	struct dp_ingress *in = &dp->ingress[slot];
	struct dp_egress *out = &dp->egress[slot];
	bool on = dp->trace.active && dp->trace.slot == slot;
	uint64_t word = (in->word & ~DP_INGRESS_TRACE) | (on ? DP_INGRESS_TRACE : 0);
	unsigned flags = (out->flags & ~(unsigned)DP_EGRESS_TRACE) | (on ? DP_EGRESS_TRACE : 0);

	if (in->word != 0 && word != in->word)
		__atomic_store_n(&in->word, word, __ATOMIC_RELEASE);
	if (flags != out->flags)
		__atomic_store_n(&out->flags, (uint8_t)flags, __ATOMIC_RELEASE);
}

static int
make_rings(struct dp *dp)
{
	for (unsigned i = 0; i < dp->worker_count; i++) {
		struct dp_worker *w = dp->workers[i];

		if (w->trace == NULL)
			w->trace = calloc(1, sizeof(*w->trace));
		if (w->trace == NULL)
			return CV_ERR_NOMEM;
	}
	return 0;
}

int
dp_trace_start(struct dp *dp, uint64_t now, uint32_t slot, unsigned packets, uint64_t ns)
{
	struct dp_trace *t = &dp->trace;
	struct dp_trace_row row;

	if (packets == 0 || packets > DP_TRACE_MOST)
		return CV_ERR_CONFIG;
	if (slot > dp->slot_mask || !dp->cold[slot].installed)
		return CV_ERR_UNKNOWN;
	if (t->active)
		return CV_ERR_EXISTS;
	if (make_rings(dp) != 0)
		return CV_ERR_NOMEM;
	while (dp_trace_next(dp, &row))
		; /* of the one before, which nobody wanted */
	__atomic_store_n(&t->turn, t->turn + 1, __ATOMIC_RELAXED);
	t->slot = slot;
	__atomic_store_n(&t->wanted, packets, __ATOMIC_RELAXED);
	t->deadline = cv_time_add(now, ns);
	t->began = rte_rdtsc();
	/* seen by who sees the marks, which come behind it */
	__atomic_store_n(&t->taken, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&t->active, true, __ATOMIC_RELAXED);
	dp_trace_mark(dp, slot);
	return 0;
}

void
dp_trace_stop(struct dp *dp)
{
	if (!dp->trace.active)
		return;
	__atomic_store_n(&dp->trace.active, false, __ATOMIC_RELAXED);
	dp_trace_mark(dp, dp->trace.slot);
}

void
dp_trace_poll(struct dp *dp, uint64_t now)
{
	const struct dp_trace *t = &dp->trace;

	if (t->active && (now >= t->deadline || !dp->cold[t->slot].installed ||
				 __atomic_load_n(&t->taken, __ATOMIC_RELAXED) >= t->wanted))
		dp_trace_stop(dp);
}

bool
dp_trace_running(const struct dp *dp)
{
	return dp->trace.active;
}

static void
read_ipv4(const struct dp_trace_record *r, struct dp_trace_row *row)
{
	row->source = cv_ipv4(wire_get32(r->head + WIRE_IPV4_SOURCE));
	row->target = cv_ipv4(wire_get32(r->head + WIRE_IPV4_TARGET));
	row->protocol = r->head[WIRE_IPV4_PROTOCOL];
	row->hops = r->head[WIRE_IPV4_TTL];
}

static void
read_ipv6(const struct dp_trace_record *r, struct dp_trace_row *row)
{
	row->source = row->target = (struct cv_ip){.family = CV_IPV6};
	memcpy(row->source.bytes, r->head + 8, 16);
	memcpy(row->target.bytes, r->head + 24, 16);
	row->protocol = r->head[6];
	row->hops = r->head[7];
}

static void
read_record(const struct dp *dp, const struct dp_trace_record *r, struct dp_trace_row *row)
{
	struct dp_counter c = {0};

	*row = (struct dp_trace_row){
		.packet = r->packet, .to_it = r->to_it, .dropped = r->dropped, .len = r->len};
	row->stale = r->turn != dp->trace.turn;
	if (r->at > dp->trace.began)
		row->ns = (uint64_t)((double)(r->at - dp->trace.began) * 1e9 /
				     (double)rte_get_tsc_hz());
	(void)(r->dropped ? dp_drop_counter(dp, r->exit, &c) : dp_edge_counter(dp, r->exit, &c));
	row->exit = c.name;
	row->help = c.help;
	if (r->bytes >= WIRE_IPV4 && r->head[0] >> 4 == 4)
		read_ipv4(r, row);
	else if (r->bytes >= sizeof(r->head) && r->head[0] >> 4 == 6)
		read_ipv6(r, row);
}

/* Of what is there in a ring, the first exit of the packet that was taken first. */
static struct dp_trace_record *
first_of(struct dp_trace_ring *ring)
{
	uint32_t put = __atomic_load_n(&ring->put, __ATOMIC_ACQUIRE);
	struct dp_trace_record *first = NULL;

	for (uint32_t at = ring->got; at != put; at++) {
		struct dp_trace_record *r = &ring->at[at % DP_TRACE_RING];

		if (!r->read && (first == NULL || r->packet < first->packet))
			first = r;
	}
	return first;
}

/* Gives back the places of what was read. */
static void
give_back(struct dp_trace_ring *ring)
{
	uint32_t put = __atomic_load_n(&ring->put, __ATOMIC_ACQUIRE), got = ring->got;

	while (got != put && ring->at[got % DP_TRACE_RING].read)
		got++;
	__atomic_store_n(&ring->got, got, __ATOMIC_RELEASE);
}

/* A stage works on a burst, so exits of several packets stand among each other in a ring. */
bool
dp_trace_next(struct dp *dp, struct dp_trace_row *row)
{
	struct dp_trace_record *first = NULL;
	uint16_t worker = 0;

	for (uint16_t i = 0; i < dp->worker_count; i++) {
		struct dp_trace_ring *ring = dp->workers[i]->trace;
		struct dp_trace_record *r = ring == NULL ? NULL : first_of(ring);

		if (r == NULL || (first != NULL && first->packet <= r->packet))
			continue;
		first = r;
		worker = i;
	}
	if (first == NULL)
		return false;
	read_record(dp, first, row);
	row->worker = worker;
	first->read = true;
	give_back(dp->workers[worker]->trace);
	return true;
}
