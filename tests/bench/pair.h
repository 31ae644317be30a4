/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A data path on a memif port in this process, and at the port's other end, on another CPU, who
 * sends and receives.
 */
#ifndef BENCH_PAIR_H
#define BENCH_PAIR_H

#include <rte_mbuf.h>

#include "bench.h"
#include "traffic.h"

enum { PAIR_FRAMES = 4092 }; /* made once, sent again and again; a multiple of IMIX's dozen */

/* The other end; what both threads touch is atomic. */
struct feeder {
	const struct population *population;
	uint16_t ethdev;
	struct rte_mempool *pool;
	struct rte_mbuf *frames[PAIR_FRAMES];
	unsigned next;
	unsigned stamp_at; /* in a frame: bytes that nobody looks at */
	bool stamped;      /* a time in them, taken out of what comes back */
	bool looks;        /* what comes back is data for some session */
	double per_cycle;  /* frames; 0: as fast as it goes */
	bool stop;
	uint64_t sent, refused, received, wrong;
	struct bench_samples latency; /* in cycles */
};

struct pair {
	struct population population;
	struct dp *dp;
	char folder[64], socket[96];
	uint16_t ethdev; /* the data path's */
	uint8_t mac[6];
	struct feeder feeder;
};

/* With all its sessions open, and both ends up: 0, or -1 after a message. */
int pair_create(struct pair *w, const struct population *population);
/* Once both ends are up, or can't be: takes its files away, and leaves the rest, since the EAL's
 * thread for interrupts may go on with a memif socket whose device is gone. So there is one in a
 * process. */
void pair_leave(struct pair *w);

/* Frames of so many bytes, or of a dozen sizes in turn. */
void pair_fill(struct pair *w, const uint16_t *sizes, unsigned n);

/* One round of what is measured. */
typedef void pair_round(struct pair *w);
void pair_relay(struct pair *w);
void pair_macswap(struct pair *w);

/* The feeder sends at a rate while rounds go on for some milliseconds, n times; what it got back in
 * each, in packets a second, into samples. per_second 0: as fast as it goes. -1 after a message. */
int pair_run(struct pair *w, pair_round *round, double per_second, unsigned n, unsigned ms,
	struct bench_samples *samples);

#endif
