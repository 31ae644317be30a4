/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What waits for the rest of its packet, bounded by the number of buffers. When there is no room
 * for one more, one packet gives way: of some that are drawn at random, and the new one, that whose
 * owner holds the most. Owner is the session or tunnel where the first fragment names one of its
 * peer's, else the network that it comes from; and who is not known weighs as if he held many
 * times as much. So a flood from one place takes its own room, one from everywhere pushes out what
 * it brought itself, but for a chance, and neither what sessions send.
 */
#include <stdlib.h>

#include <rte_byteorder.h>

#include "datapath/ends.h"
#include "datapath/worker/parts.h"
#include "datapath/worker/reassemble.h"

enum {
	HASH = 4096,
	OWNERS = 1024,
	NONE = UINT16_MAX,
	DRAWN = 8,     /* packets of which one gives way */
	TRIES = 32,    /* to find them among the records */
	STRANGER = 16, /* how much heavier one weighs */
	/* A path delivers what belongs together within its delay's variance; who sends much repeats
	 * identifications within seconds (RFC 4963), so long waits put wrong ones together. */
	LIFE_MS = 2000,
};

struct dp_parts {
	uint32_t most, held; /* buffers */
	uint64_t random;
	uint16_t free;           /* records, by next */
	uint16_t oldest, newest; /* by older and newer */
	uint16_t heads[HASH];
	uint16_t owners[OWNERS]; /* buffers that each holds */
	struct dp_parts_packet packets[];
};

_Static_assert((int)DP_PARTS_WAITING < (int)NONE, "records have an index");

struct dp_parts *
dp_parts_new(const struct dp *dp)
{
	uint32_t most = dp->params.pool_mbufs / 8 / dp->worker_count;
	struct dp_parts *t;

	if (dp->params.pool_mbufs == 0 || most > DP_PARTS_WAITING)
		most = DP_PARTS_WAITING;
	t = calloc(1, sizeof(*t) + most * sizeof(t->packets[0]));
	if (t == NULL)
		return NULL;
	t->most = most;
	t->random = dp->slot_seed | 1;
	t->oldest = t->newest = NONE;
	for (unsigned i = 0; i < HASH; i++)
		t->heads[i] = NONE;
	for (uint32_t i = 0; i < most; i++)
		t->packets[i].next = (uint16_t)(i + 1 < most ? i + 1 : NONE);
	t->free = most == 0 ? NONE : 0;
	return t;
}

void
dp_parts_free(struct dp_parts *t)
{
	free(t);
}

static uint16_t *
head_of(struct dp_worker *w, const struct dp_parts_key *key)
{
	uint64_t mix = 0, word;

	for (size_t i = 0; i < sizeof(*key); i += sizeof(word)) {
		memcpy(&word, (const uint8_t *)key + i, sizeof(word));
		mix = mix * UINT64_C(0x9e3779b97f4a7c15) ^ dp_hash(w->dp, word);
	}
	return &w->parts->heads[dp_hash(w->dp, mix) % HASH];
}

struct dp_parts_packet *
dp_parts_find(struct dp_worker *w, const struct dp_parts_key *key)
{
	struct dp_parts *t = w->parts;

	for (uint16_t at = *head_of(w, key); at != NONE; at = t->packets[at].next)
		if (memcmp(&t->packets[at].key, key, sizeof(*key)) == 0)
			return &t->packets[at];
	return NULL;
}

static uint32_t
draw(struct dp_parts *t)
{
	t->random ^= t->random << 13;
	t->random ^= t->random >> 7;
	t->random ^= t->random << 17;
	return (uint32_t)(t->random >> 32);
}

/* The heavier one gives way. */
static uint32_t
weight(const struct dp_parts *t, uint16_t owner, bool known, unsigned more)
{
	return (t->owners[owner] + more) * (known ? 1u : STRANGER);
}

/* Makes one buffer's room. False: none is heavier than who asks for it. */
static bool
make_room(struct dp_worker *w, uint16_t owner, bool known)
{
	struct dp_parts *t = w->parts;
	struct dp_parts_packet *victim = NULL;
	uint32_t heaviest = 0, found = 0;

	if (t->held < t->most)
		return true;
	for (unsigned i = 0; i < TRIES && found < DRAWN; i++) {
		struct dp_parts_packet *p = &t->packets[draw(t) % t->most];

		if (p->count == 0)
			continue;
		found++;
		if (weight(t, p->owner, p->known, 0) > heaviest) {
			heaviest = weight(t, p->owner, p->known, 0);
			victim = p;
		}
	}
	/* its own is as heavy as it: what is newer has the better chance to become whole */
	if (victim == NULL || (weight(t, owner, known, 1) > heaviest && victim->owner != owner))
		return false;
	dp_parts_drop(w, victim, DP_DROP_REASSEMBLE_GAVE_WAY);
	return true;
}

struct dp_parts_packet *
dp_parts_make(struct dp_worker *w, const struct dp_parts_key *key, uint64_t owner, bool known)
{
	struct dp_parts *t = w->parts;
	uint16_t hash = (uint16_t)(dp_hash(w->dp, owner) % OWNERS), *head = head_of(w, key), at;
	struct dp_parts_packet *p;

	if (!make_room(w, hash, known))
		return NULL;
	at = t->free; /* a packet has one buffer at least, so there are as many records */
	p = &t->packets[at];
	t->free = p->next;
	*p = (struct dp_parts_packet){.key = *key,
		.since_ms = w->now_ms,
		.owner = hash,
		.known = known,
		.next = *head,
		.older = t->newest,
		.newer = NONE};
	*head = at;
	if (t->newest == NONE)
		t->oldest = at;
	else
		t->packets[t->newest].newer = at;
	t->newest = at;
	return p;
}

void
dp_parts_is_of(struct dp_worker *w, struct dp_parts_packet *p, uint64_t owner)
{
	struct dp_parts *t = w->parts;

	t->owners[p->owner] = (uint16_t)(t->owners[p->owner] - p->count);
	p->owner = (uint16_t)(dp_hash(w->dp, owner) % OWNERS);
	p->known = true;
	t->owners[p->owner] = (uint16_t)(t->owners[p->owner] + p->count);
}

bool
dp_parts_put(struct dp_worker *w, struct dp_parts_packet *p, const struct dp_part *part)
{
	struct dp_parts *t = w->parts;
	struct dp_parts_key key = p->key;

	if (p->count != 0) {
		if (!make_room(w, p->owner, p->known)) {
			dp_parts_drop(w, p, DP_DROP_REASSEMBLE_GAVE_WAY);
			return false;
		}
		if (p->count == 0 || memcmp(&p->key, &key, sizeof(key)) != 0)
			return false; /* it was drawn itself */
	}
	p->parts[p->count++] = *part;
	p->bytes += part->len;
	t->owners[p->owner]++;
	t->held++;
	return true;
}

void
dp_parts_take(struct dp_worker *w, struct dp_parts_packet *p)
{
	struct dp_parts *t = w->parts;
	uint16_t at = (uint16_t)(p - t->packets), *link = head_of(w, &p->key);

	while (*link != at)
		link = &t->packets[*link].next;
	*link = p->next;
	if (p->older == NONE)
		t->oldest = p->newer;
	else
		t->packets[p->older].newer = p->newer;
	if (p->newer == NONE)
		t->newest = p->older;
	else
		t->packets[p->newer].older = p->older;
	t->owners[p->owner] = (uint16_t)(t->owners[p->owner] - p->count);
	t->held -= p->count;
	p->count = 0;
	p->next = t->free;
	t->free = at;
}

void
dp_parts_drop(struct dp_worker *w, struct dp_parts_packet *p, enum dp_drop_cause cause)
{
	struct rte_mbuf *buffers[DP_PARTS_OF_ONE];
	unsigned n = p->count;

	for (unsigned i = 0; i < n; i++)
		buffers[i] = p->parts[i].m;
	dp_parts_take(w, p);
	for (unsigned i = 0; i < n; i++)
		dp_drop_frame(w, buffers[i], cause);
}

void
dp_parts_expire(struct dp_worker *w)
{
	struct dp_parts *t = w->parts;

	while (t->oldest != NONE && w->now_ms - t->packets[t->oldest].since_ms > LIFE_MS)
		dp_parts_drop(w, &t->packets[t->oldest], DP_DROP_REASSEMBLE_TIMEOUT);
}

void
dp_parts_drain(struct dp_worker *w)
{
	while (w->parts->oldest != NONE)
		dp_parts_drop(w, &w->parts->packets[w->parts->oldest], DP_DROP_WORKER_STOPPED);
}
