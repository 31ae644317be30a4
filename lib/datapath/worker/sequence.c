/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sequence numbers of data messages, where Sequencing Required was agreed (RFC 2661 section 5.4):
 * they tell what was lost, and put back in order what a path turned round. A peer that leaves them
 * out, as it must not, has its packets taken as they come. What
 * comes early waits for those before it, a few of each session and of all, and a moment; then they
 * count as lost. What comes once more, or too late, is dropped. Data and PPP control have one
 * count.
 *
 * A session's numbers are in its dp_rare; what waits is its worker's. A session is on one worker:
 * by its peer's address a device gives it to one queue, and worker/handover.c moves whole sessions.
 */
#include <stdlib.h>

#include "datapath/ends.h"
#include "datapath/table/sessions.h"
#include "datapath/worker/stages.h"
#include "datapath/worker/trace.h"
#include "datapath/worker/worker.h"

enum {
	WAIT_MS = 50,
	/* a peer that jumps farther has begun another count */
	JUMP = 1024,
	/* so many old ones without a new one: likewise */
	OLD_RUN = 32,
};

struct dp_sequence {
	uint32_t count;
	/* by place; key 0: free */
	uint64_t keys[DP_SEQUENCE_WAITING];
	uint32_t since_ms[DP_SEQUENCE_WAITING];
	uint16_t ns[DP_SEQUENCE_WAITING];
	struct dp_packet packets[DP_SEQUENCE_WAITING];
};

struct dp_sequence *
dp_sequence_new(void)
{
	return calloc(1, sizeof(struct dp_sequence));
}

static int
distance(uint16_t ns, uint16_t from)
{
	return (int16_t)(uint16_t)(ns - from);
}

/* ---- what waits ---- */

static uint64_t
word_of(const struct dp *dp, uint32_t slot)
{
	return __atomic_load_n(&dp->ingress[slot].word, __ATOMIC_ACQUIRE);
}

/* Its session may be gone, and another in its slot. */
static void
leave(struct dp_worker *w, unsigned at)
{
	struct dp_sequence *q = w->sequence;
	uint32_t slot = q->packets[at].slot;
	struct dp_rare *r = &w->dp->rare[slot];

	if ((word_of(w->dp, slot) & DP_INGRESS_KEY) == q->keys[at] && r->waiting != 0)
		r->waiting--;
	q->keys[at] = 0;
	q->count--;
}

/* The place of a session's packet that is next of those that wait; -1: none does. */
static int
first_of(const struct dp_sequence *q, uint64_t key, const struct dp_rare *r)
{
	int found = -1;

	for (unsigned i = 0; r->waiting != 0 && i < DP_SEQUENCE_WAITING; i++)
		if (q->keys[i] == key &&
			(found < 0 || distance(q->ns[i], r->nr) < distance(q->ns[found], r->nr)))
			found = (int)i;
	return found;
}

static bool
waits(const struct dp_sequence *q, uint64_t key, const struct dp_rare *r, uint16_t ns)
{
	for (unsigned i = 0; r->waiting != 0 && i < DP_SEQUENCE_WAITING; i++)
		if (q->keys[i] == key && q->ns[i] == ns)
			return true;
	return false;
}

static bool
has_room(const struct dp_sequence *q, const struct dp_rare *r)
{
	return r->waiting < DP_SEQUENCE_SESSION && q->count < DP_SEQUENCE_WAITING;
}

/* ---- to the next stages ---- */

static void
deliver(struct dp_worker *w, struct dp_burst *out)
{
	if (out->n != 0)
		dp_worker_through(w, out);
	out->n = 0;
}

static void
put(struct dp_worker *w, struct dp_burst *out, const struct dp_packet *p)
{
	if (out->n == DP_BURST)
		deliver(w, out);
	out->packets[out->n++] = *p;
}

/* Those before ns have not come. */
static void
go_to(struct dp_worker *w, struct dp_rare *r, uint16_t ns)
{
	uint32_t lost = (uint16_t)(ns - r->nr);

	w->counts.edges[DP_EDGE_SEQUENCE_LOST] += lost;
	r->lost += lost;
	r->nr = ns;
}

/* What waits of p's session and is next, and what follows it without a gap. */
static void
release(struct dp_worker *w, uint64_t key, struct dp_rare *r, struct dp_burst *out)
{
	struct dp_sequence *q = w->sequence;
	int at;

	while ((at = first_of(q, key, r)) >= 0 && q->ns[at] == r->nr) {
		r->nr++;
		put(w, out, &q->packets[at]);
		leave(w, (unsigned)at);
	}
}

/* The next one that waits does so no longer. */
static void
skip(struct dp_worker *w, uint64_t key, struct dp_rare *r, struct dp_burst *out)
{
	int at = first_of(w->sequence, key, r);

	if (at < 0)
		return;
	go_to(w, r, w->sequence->ns[at]);
	release(w, key, r, out);
}

/* Another count begins: what waits is of the old one. */
static void
begin(struct dp_worker *w, const struct dp_packet *p, struct dp_rare *r, struct dp_burst *out)
{
	int at;

	while ((at = first_of(w->sequence, p->key, r)) >= 0) {
		r->nr = w->sequence->ns[at];
		release(w, p->key, r, out);
	}
	r->counting = true;
	r->old_run = 0;
	r->nr = (uint16_t)(p->ns + 1);
	put(w, out, p);
}

static void
drop_old(struct dp_worker *w, const struct dp_packet *p, struct dp_rare *r)
{
	struct dp_packet old = *p;

	r->old++;
	if (unlikely(dp_traces(w->dp)))
		dp_trace_find(w, &old);
	dp_drop(w, &old, DP_DROP_SEQUENCE_OLD);
}

/* Out of its turn: it waits, if there is room; else those before it go first. */
static void
hold(struct dp_worker *w, const struct dp_packet *p, struct dp_rare *r, struct dp_burst *out)
{
	struct dp_sequence *q = w->sequence;
	unsigned free = 0;
	int at;

	if (waits(q, p->key, r, p->ns)) {
		drop_old(w, p, r);
		return;
	}
	while (p->ns != r->nr && !has_room(q, r) && (at = first_of(q, p->key, r)) >= 0 &&
		distance(q->ns[at], p->ns) < 0)
		skip(w, p->key, r, out);
	if (p->ns == r->nr || !has_room(q, r)) {
		go_to(w, r, p->ns);
		r->nr++;
		put(w, out, p);
		release(w, p->key, r, out);
		return;
	}
	while (q->keys[free] != 0)
		free++;
	q->keys[free] = p->key;
	q->ns[free] = p->ns;
	q->since_ms[free] = w->now_ms;
	q->packets[free] = *p;
	q->count++;
	r->waiting++;
	w->counts.edges[DP_EDGE_SEQUENCE_WAIT]++;
}

static void
take(struct dp_worker *w, const struct dp_packet *p, struct dp_burst *out)
{
	struct dp_rare *r = &w->dp->rare[p->slot];
	int ahead = distance(p->ns, r->nr);

	if (!p->sequenced) {
		w->counts.edges[DP_EDGE_SEQUENCE_MISSING]++;
		put(w, out, p);
		return;
	}
	if (!r->counting || ahead > JUMP || (ahead < 0 && r->old_run >= OLD_RUN)) {
		begin(w, p, r, out);
		return;
	}
	if (ahead < 0) {
		r->old_run++;
		drop_old(w, p, r);
		return;
	}
	r->old_run = 0;
	if (ahead != 0) {
		hold(w, p, r, out);
		return;
	}
	r->nr++;
	put(w, out, p);
	release(w, p->key, r, out);
}

/* Of a session that has a count, and from its peer; of any other ingress says what it is. */
static bool
counts(const struct dp *dp, const struct dp_packet *p)
{
	return (word_of(dp, p->slot) & (DP_INGRESS_KEY | DP_INGRESS_SEQUENCED)) ==
		       (p->key | DP_INGRESS_SEQUENCED) &&
	       dp_session_is_of(dp, p->key, p->peer, p->peer_port);
}

void
dp_sequence_stage(struct dp_worker *w, struct dp_burst *b)
{
	struct dp_burst in;
	uint16_t i = 0;

	while (i < b->n && likely(!counts(w->dp, &b->packets[i])))
		i++;
	if (likely(i == b->n))
		return;
	memcpy(in.packets + i, b->packets + i, (b->n - i) * sizeof(in.packets[0]));
	in.n = b->n;
	for (b->n = i; i < in.n; i++) {
		if (counts(w->dp, &in.packets[i]))
			take(w, &in.packets[i], b);
		else
			put(w, b, &in.packets[i]);
	}
	/* exits: INGRESS; it waits; drops SEQUENCE_* */
}

/* What has waited longer than so many ms, or all of it, waits no longer. */
static void
let_go(struct dp_worker *w, uint32_t ms, bool all)
{
	struct dp_sequence *q = w->sequence;
	struct dp_burst out;

	out.n = 0;
	for (unsigned i = 0; i < DP_SEQUENCE_WAITING; i++)
		while (q->keys[i] != 0 && (all || w->now_ms - q->since_ms[i] > ms)) {
			const struct dp_packet *p = &q->packets[i];
			struct dp_rare *r = &w->dp->rare[p->slot];

			if (counts(w->dp, p) && r->waiting != 0) {
				skip(w, p->key, r, &out);
				continue;
			}
			leave(w, i);
			dp_drop(w, p, DP_DROP_INGRESS_UNKNOWN_SESSION);
		}
	deliver(w, &out);
}

void
dp_sequence_expire(struct dp_worker *w)
{
	if (unlikely(w->sequence->count != 0))
		let_go(w, WAIT_MS, false);
}

void
dp_sequence_release(struct dp_worker *w)
{
	if (w->sequence->count != 0)
		let_go(w, 0, true);
}

void
dp_sequence_drain(struct dp_worker *w)
{
	struct dp_sequence *q = w->sequence;

	for (unsigned i = 0; i < DP_SEQUENCE_WAITING; i++)
		if (q->keys[i] != 0) {
			leave(w, i);
			dp_drop(w, &q->packets[i], DP_DROP_WORKER_STOPPED);
		}
}
