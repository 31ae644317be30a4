/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A data path with worker threads of its own. Each worker's frames are made where it asks its queue
 * for them, on its own CPU, and looked at there when they have come out; the time between is the
 * data path's. So two workers need no third CPU that feeds them.
 */
#ifndef BENCH_TEAM_H
#define BENCH_TEAM_H

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "traffic.h"

enum { TEAM_MOST = 2, TEAM_BUFFERS = 4096, TEAM_FRAMES = 32768, TEAM_FRAME = 124 };

struct team;
struct rte_eth_rxtx_callback;

/* Called on the workers, but for what is written ahead. */
struct team_work {
	/* Writes a frame for a queue into a buffer that is 0 behind TRAFFIC_WRITTEN bytes; its
	 * length. */
	unsigned (*write)(void *context, const struct team *t, unsigned queue, uint8_t *frame);
	/* Looks at one that came out. */
	void (*look)(void *context, unsigned queue, const uint8_t *frame, unsigned len);
	void *context;
	/* Frames, of TEAM_FRAME bytes, are written before it starts, and received again and again:
	 * it takes hardly longer than a driver does. */
	bool ahead;
};

struct team_queue {
	struct team *team;
	unsigned index;
	struct rte_ring *in, *out;
	const struct rte_eth_rxtx_callback *callback;
	uint8_t (*frames)[TEAM_FRAME]; /* NULL: they are not written ahead */
	unsigned next;
	struct rte_mbuf *fifo[TEAM_BUFFERS];
	unsigned first, held;
	double share;   /* of all frames, that come by this queue */
	uint64_t sent;  /* written here, read by all */
	uint64_t quiet; /* likewise: rounds without anything, since sending ended */
	uint64_t busy;  /* cycles of the data path */
	uint64_t round; /* of its last round with packets */
	uint64_t left;  /* when it went on from here */
	unsigned given; /* frames, then */
} __attribute__((aligned(128)));

struct team {
	struct dp *dp;
	struct rte_mempool *pool;
	uint8_t mac[6];
	uint16_t ethdev;
	unsigned workers;
	struct team_work work;
	struct team_queue queues[TEAM_MOST];
	bool sending;
	uint64_t now;
};

/* A span of time while all workers were at work. */
struct team_span {
	uint64_t packets;         /* without those that were lost */
	uint64_t busy[TEAM_MOST]; /* cycles of the data path, by worker */
	double seconds;
};

/* Makes it, with no sessions yet. shares: by queue. 0, or -1 after a message. The EAL is up, for
 * workers. */
int team_create(struct team *t, const struct population *p, unsigned workers,
	const double shares[TEAM_MOST], const struct team_work *work);
int team_start(struct team *t);
/* One round of the control thread. */
void team_poll(struct team *t);
/* From here to the next call of it; the first only begins. */
void team_span(struct team *t, struct team_span *out);
/* Sends no more, and waits until all has come out or was dropped. */
void team_finish(struct team *t);
uint64_t team_sent(const struct team *t);
/* Of these, those that a worker gave to another one that had no room for them. */
uint64_t team_lost(const struct team *t);
void team_destroy(struct team *t);

#endif
