/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets for peers that are dialled when there is traffic for them, while they are: the first few
 * for each peer wait, so that what had it dialled is not lost with it, what comes then is dropped.
 * No more than some for all peers, of which a part is for those for whom nothing waits yet.
 *
 * Now and then each one's route is looked up again. When it leads elsewhere, it goes on from the
 * route stage in the order in which it came, if its sender is still there: ingress has counted and
 * metered it. It does so a moment later, as the end of PPP that has our Ack passes nothing on
 * before its interface and its routes are there too (pppd: ip-up). What comes in this moment does
 * not wait, and may overtake. After a while it is dropped: who has sent it has sent it again by
 * then.
 *
 * Sessions that another worker gets leave here what waits.
 */
#include <stdlib.h>

#include "datapath/ends.h"
#include "datapath/worker/stages.h"

enum {
	WAIT_MS = 10000,
	LOOK_MS = 10,
	SETTLE_MS = 200,
};

struct held {
	struct dp_packet packet;
	uint32_t id; /* of its peer */
	uint32_t since_ms;
	uint32_t leads_ms; /* since when it need not wait; where leads */
	uint32_t turn;     /* of the trace that it may be in */
	bool leads;
};

struct dp_hold {
	uint32_t count, looked_ms;
	uint8_t of_peer[CV_DIAL_IDS];
	struct held held[DP_HOLD_WAITING]; /* in order */
};

_Static_assert(DP_HOLD_WAITING <= DP_BURST, "all of it may go on at once");

struct dp_hold *
dp_hold_new(void)
{
	return calloc(1, sizeof(struct dp_hold));
}

static uint32_t
turn_of(const struct dp *dp)
{
	return __atomic_load_n(&dp->trace.turn, __ATOMIC_RELAXED);
}

static bool
has_room(const struct dp_hold *h, uint32_t id)
{
	if (id >= CV_DIAL_IDS || h->of_peer[id] == DP_HOLD_PEER)
		return false;
	return h->count < DP_HOLD_WAITING - (h->of_peer[id] == 0 ? 0 : DP_HOLD_FIRSTS);
}

bool
dp_hold_wait(struct dp_worker *w, const struct dp_packet *p, uint32_t id)
{
	struct dp_hold *h = w->hold;

	if (!has_room(h, id))
		return false;
	h->held[h->count++] = (struct held){
		.packet = *p, .id = id, .since_ms = w->now_ms, .turn = turn_of(w->dp)};
	h->of_peer[id]++;
	w->counts.edges[DP_EDGE_ROUTE_WAIT]++;
	if (unlikely(p->trace != 0))
		dp_trace_edge(w, p, DP_EDGE_ROUTE_WAIT);
	return true;
}

/* Whether it may go on now. */
static bool
is_ready(const struct dp_worker *w, struct held *one)
{
	if (dp_route_waits(w->dp, &one->packet)) {
		one->leads = false;
		return false;
	}
	if (!one->leads)
		one->leads_ms = w->now_ms;
	one->leads = true;
	return w->now_ms - one->leads_ms >= SETTLE_MS;
}

/* What ingress would say of its sender by now. false: it would not let it pass. */
static bool
renew(const struct dp *dp, struct dp_packet *p)
{
	const struct dp_ingress *s = &dp->ingress[p->slot];

	if (!dp_follow_is_sender(dp, p))
		return false;
	p->group = __atomic_load_n(&s->group, __ATOMIC_RELAXED);
	p->filter = __atomic_load_n(&s->filter, __ATOMIC_RELAXED);
	return true;
}

/* false: it waits on. */
static bool
look(struct dp_worker *w, struct held *one, struct dp_burst *out)
{
	struct dp_packet *p = &one->packet;
	bool ready = is_ready(w, one);
	bool late = !one->leads && w->now_ms - one->since_ms > WAIT_MS;

	if (!ready && !late)
		return false;
	/* its number is one of a trace that has ended */
	if (one->turn != turn_of(w->dp))
		p->trace = 0;
	if (late)
		dp_drop(w, p, DP_DROP_ROUTE_DIAL);
	else if (!renew(w->dp, p))
		dp_drop(w, p, DP_DROP_INGRESS_NOT_OPEN);
	else
		out->packets[out->n++] = *p;
	return true;
}

bool
dp_hold_next(struct dp_worker *w, struct dp_burst *out)
{
	struct dp_hold *h = w->hold;
	uint32_t kept = 0;

	if (likely(h->count == 0) || w->now_ms - h->looked_ms < LOOK_MS)
		return false;
	h->looked_ms = w->now_ms;
	out->n = 0;
	for (uint32_t i = 0; i < h->count; i++) {
		struct held *one = &h->held[i];

		if (look(w, one, out))
			h->of_peer[one->id]--;
		else if (kept++ != i)
			h->held[kept - 1] = *one;
	}
	h->count = kept;
	return out->n != 0;
}

void
dp_hold_drain(struct dp_worker *w)
{
	struct dp_hold *h = w->hold;

	while (h->count != 0) {
		const struct held *one = &h->held[--h->count];

		h->of_peer[one->id] = 0;
		dp_drop(w, &one->packet, DP_DROP_WORKER_STOPPED);
	}
}
