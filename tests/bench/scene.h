/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A data path between two rings, with a population in it, and the buffers that go round: 8,192 of
 * them in the order in which they came back, so that a frame stands where none stood for a while,
 * as behind a device.
 */
#ifndef BENCH_SCENE_H
#define BENCH_SCENE_H

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "traffic.h"

enum {
	SCENE_BUFFERS = 8192,
	SCENE_ROUND = 256, /* packets between two time stamps: four bursts of the data path */
};

struct scene {
	struct dp *dp;
	struct population population;
	uint8_t mac[6];
	uint16_t ethdev;
	struct rte_ring *in, *out;
	struct rte_mempool *pool;
	struct rte_mbuf *fifo[SCENE_BUFFERS];
	unsigned first, held; /* in fifo */
	uint64_t now;
	uint64_t relayed; /* what came out as it should, for whom it should */
	uint64_t others;  /* the rest of what came out: answers of the data path, errors */
	bool cold;        /* frames' lines are in no cache when a round begins */
	bool check_sums;  /* of the frames of the next round */
};

/* Makes it, with all its sessions open: 0, or -1 after a message. */
int scene_create(struct scene *s, const struct population *population);
/* The same without sessions, for IDs that somebody else draws. */
int scene_open(struct scene *s, const struct population *population, uint64_t slot_seed,
	uint32_t slot_mask);
void scene_destroy(struct scene *s);

/* Parts of a scene that another one with threads of its own uses, too: what sessions need, and the
 * sessions. */
int scene_policy(struct dp *dp, const struct population *p);
int scene_sessions(struct dp *dp, const struct population *p);
/* What was dropped, for people, when something is not right; and for one cause. */
void scene_tell_drops(const struct dp *dp);
uint64_t scene_dropped(const struct dp *dp, const char *cause);
void scene_flush(const void *from, size_t bytes);

/* Lets it say what it still has to say, which nobody hears. */
void scene_hush(struct scene *s);

/* A frame in a buffer of the fifo; NULL: there is none. */
struct rte_mbuf *scene_frame(struct scene *s, const struct traffic *t);
/* The same from a session that the caller knows, to an inner address. */
struct rte_mbuf *scene_frame_from(struct scene *s, const struct traffic *t,
	const struct dp_session *from, const struct cv_ip *to);
/* At most SCENE_ROUND frames through the data path; what comes out counts as relayed. */
void scene_pass(struct scene *s, struct rte_mbuf **frames, unsigned n);

/* What is measured. */
struct scene_way {
	void (*run)(struct scene *s, void *context, struct rte_mbuf **frames, unsigned n);
	void *context;
	bool rings; /* it takes the frames out of s->in and puts them into s->out */
	bool sends; /* what comes out is what sessions get */
};

/* Packets of a round that are of the kind among the others. */
static inline unsigned
scene_among(const struct traffic *t)
{
	return t->each == 0 ? 0 : SCENE_ROUND / t->each;
}

/* One round; returns cycles a packet, of those that are not among the others. Packets that do not
 * come out are dropped ones. */
double scene_round(struct scene *s, const struct traffic *t, const struct scene_way *way);
/* The data path itself. */
extern const struct scene_way scene_relay;
/* DPDK alone: the same rings and frames, with the MAC addresses swapped. */
extern const struct scene_way scene_macswap;

#endif
