/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Later fragments show no ports: they go where their first one was let. Which firsts there were is
 * remembered by session, so that none pushes out another's; what comes before its first one waits
 * a moment, a few of each session and some of all.
 *
 * Blocks are found by a keyed hash of the session, four to a set: a session has one at most, and
 * takes one that has been without use for longest and nothing waits in.
 */
#include <stdlib.h>

#include "datapath/ends.h"
#include "datapath/table/framed.h"
#include "datapath/table/outside.h"
#include "datapath/table/sessions.h"
#include "datapath/table/uplink.h"
#include "datapath/worker/stages.h"
#include "datapath/worker/trace.h"

enum {
	SETS = 1024,
	WAYS = 4,
	FIRSTS = 8,            /* remembered of a session */
	FIRST_LIFE_MS = 30000, /* as long as a receiver waits for the rest (RFC 1122 3.3.2) */
	WAIT_LIFE_MS = 1000,
};

struct first {
	uint64_t about; /* about_of() */
	uint32_t at_ms;
	bool used;
};

struct block {
	uint64_t key; /* of the session; 0: free */
	uint32_t used_ms;
	uint8_t waiting, next;
	struct first firsts[FIRSTS];
};

struct waiting {
	struct dp_packet packet;
	uint64_t about;
	uint32_t since_ms;
	bool here, ready; /* ready: its first one has come */
};

struct dp_follow {
	struct block sets[SETS][WAYS];
	struct waiting waiting[DP_FOLLOW_WAITING]; /* a ring with gaps */
	uint32_t head, tail, ready;
};

struct dp_follow *
dp_follow_new(void)
{
	return calloc(1, sizeof(struct dp_follow));
}

static struct block *
find(struct dp_worker *w, uint64_t key)
{
	struct block *set = w->follow->sets[dp_hash(w->dp, key) % SETS];

	for (unsigned i = 0; i < WAYS; i++)
		if (set[i].key == key)
			return &set[i];
	return NULL;
}

/* The session's block, made where it has none; NULL: something waits in all of its set. */
static struct block *
find_or_make(struct dp_worker *w, uint64_t key)
{
	struct block *set = w->follow->sets[dp_hash(w->dp, key) % SETS], *oldest = NULL;

	for (unsigned i = 0; i < WAYS; i++) {
		if (set[i].key == key)
			return &set[i];
		if (set[i].waiting == 0 &&
			(oldest == NULL || set[i].key == 0 ||
				(oldest->key != 0 &&
					w->now_ms - set[i].used_ms > w->now_ms - oldest->used_ms)))
			oldest = &set[i];
	}
	if (oldest != NULL)
		*oldest = (struct block){.key = key, .used_ms = w->now_ms};
	return oldest;
}

/*
 * Which packet it is a fragment of, of those of its session. IPv4: destination, protocol and
 * identification (RFC 791 section 3.2). IPv6: both addresses and identification, not what follows
 * (RFC 8200 section 4.5), by a keyed hash.
 */
static uint64_t
about_of(const struct dp *dp, const struct dp_packet *p)
{
	const uint8_t *ip = p->inner;
	struct wire_upper upper;
	uint64_t about;

	if (p->protocol != WIRE_PPP_IPV6)
		return (uint64_t)wire_ipv4_target_be(ip) << 24 |
		       (uint64_t)wire_load16(ip + WIRE_IPV4_ID) << 8 | ip[WIRE_IPV4_PROTOCOL];
	about = dp->slot_seed;
	for (unsigned at = WIRE_IPV6_SOURCE; at < WIRE_IPV6; at += 8)
		about = dp_hash64(about ^ wire_load64(ip + at));
	if (wire_ipv6_upper(ip, p->len, &upper))
		about = dp_hash64(about ^ upper.id);
	return about | UINT64_C(1) << 63;
}

bool
dp_follow_seen(struct dp_worker *w, const struct dp_packet *p)
{
	struct block *b = find(w, p->key);
	uint64_t about = about_of(w->dp, p);

	for (unsigned i = 0; b != NULL && i < FIRSTS; i++)
		if (b->firsts[i].used && b->firsts[i].about == about &&
			w->now_ms - b->firsts[i].at_ms <= FIRST_LIFE_MS)
			return true;
	return false;
}

/* Those that wait for this packet may go. */
static void
make_ready(struct dp_worker *w, uint64_t key, uint64_t about)
{
	struct dp_follow *f = w->follow;

	for (uint32_t at = f->head; at != f->tail; at++) {
		struct waiting *one = &f->waiting[at % DP_FOLLOW_WAITING];

		if (!one->here || one->ready || one->packet.key != key || one->about != about)
			continue;
		one->ready = true;
		f->ready++;
	}
}

void
dp_follow_first(struct dp_worker *w, const struct dp_packet *p)
{
	uint64_t about = about_of(w->dp, p);
	struct block *b = find_or_make(w, p->key);

	if (b == NULL)
		return;
	b->used_ms = w->now_ms;
	b->firsts[b->next] = (struct first){.about = about, .at_ms = w->now_ms, .used = true};
	b->next = (uint8_t)((b->next + 1) % FIRSTS);
	if (b->waiting != 0)
		make_ready(w, p->key, about);
}

/* Takes one out of the ring. */
static void
leave(struct dp_worker *w, struct waiting *one)
{
	struct block *b = find(w, one->packet.key);

	if (b != NULL)
		b->waiting--;
	if (one->ready)
		w->follow->ready--;
	one->here = one->ready = false;
}

static void
drop_oldest(struct dp_worker *w)
{
	struct waiting *one = &w->follow->waiting[w->follow->head++ % DP_FOLLOW_WAITING];

	if (!one->here)
		return;
	leave(w, one);
	dp_drop(w, &one->packet, DP_DROP_POLICY_FRAGMENT);
}

bool
dp_follow_wait(struct dp_worker *w, const struct dp_packet *p)
{
	struct dp_follow *f = w->follow;
	struct block *b = find_or_make(w, p->key);

	if (b == NULL || b->waiting == DP_FOLLOW_SESSION)
		return false;
	if (f->tail - f->head == DP_FOLLOW_WAITING)
		drop_oldest(w);
	b->waiting++;
	b->used_ms = w->now_ms;
	f->waiting[f->tail++ % DP_FOLLOW_WAITING] = (struct waiting){
		.packet = *p, .about = about_of(w->dp, p), .since_ms = w->now_ms, .here = true};
	w->counts.edges[DP_EDGE_POLICY_WAIT]++;
	if (unlikely(p->trace != 0))
		dp_trace_edge(w, p, DP_EDGE_POLICY_WAIT);
	return true;
}

void
dp_follow_expire(struct dp_worker *w)
{
	struct dp_follow *f = w->follow;

	while (f->head != f->tail) {
		const struct waiting *one = &f->waiting[f->head % DP_FOLLOW_WAITING];

		if (one->here && w->now_ms - one->since_ms <= WAIT_LIFE_MS)
			return;
		drop_oldest(w);
	}
}

static bool
own_source6(const struct dp *dp, const struct dp_packet *p)
{
	const uint8_t *source = p->inner + WIRE_IPV6_SOURCE;

	return dp_own_source6(dp, p->slot, source) || wire_ipv6_link_local(source) ||
	       dp_is_behind6(dp, p->slot, dp->ingress[p->slot].realm, source);
}

bool
dp_follow_is_sender(const struct dp *dp, const struct dp_packet *p)
{
	const struct dp_ingress *s = &dp->ingress[p->slot];
	bool six = p->protocol == WIRE_PPP_IPV6;
	const uint64_t open = six ? DP_INGRESS_OPEN6 : DP_INGRESS_OPEN4;
	uint32_t source = wire_ipv4_source_be(p->inner);

	if (!dp_slot_is_session(dp, p->slot))
		return dp_lan_uplink(dp, p->lan) == p->slot && s->realm == p->realm;
	if ((__atomic_load_n(&s->word, __ATOMIC_ACQUIRE) & (DP_INGRESS_KEY | open)) !=
		(p->key | open))
		return false;
	return (six ? own_source6(dp, p)
		    : s->inner_ip == source || dp_is_behind4(dp, p->slot, s->realm, source)) &&
	       s->realm == p->realm;
}

/* What its first one was let through by is still so. */
static bool
still_open(const struct dp *dp, const struct dp_packet *p)
{
	const struct dp_ingress *s = &dp->ingress[p->slot];

	if (!dp_follow_is_sender(dp, p))
		return false;
	return !dp_slot_is_session(dp, p->slot) ||
	       (__atomic_load_n(&s->group, __ATOMIC_RELAXED) == p->group &&
		       __atomic_load_n(&s->filter, __ATOMIC_RELAXED) == p->filter);
}

bool
dp_follow_next(struct dp_worker *w, struct dp_burst *out)
{
	struct dp_follow *f = w->follow;

	out->n = 0;
	for (uint32_t at = f->head; f->ready != 0 && at != f->tail && out->n < DP_BURST; at++) {
		struct waiting *one = &f->waiting[at % DP_FOLLOW_WAITING];

		if (!one->ready)
			continue;
		leave(w, one);
		if (still_open(w->dp, &one->packet))
			out->packets[out->n++] = one->packet;
		else
			dp_drop(w, &one->packet, DP_DROP_INGRESS_NOT_OPEN);
	}
	return out->n != 0;
}

void
dp_follow_drain(struct dp_worker *w)
{
	struct dp_follow *f = w->follow;

	for (; f->head != f->tail; f->head++) {
		struct waiting *one = &f->waiting[f->head % DP_FOLLOW_WAITING];

		if (!one->here)
			continue;
		leave(w, one);
		dp_drop(w, &one->packet, DP_DROP_WORKER_STOPPED);
	}
}
