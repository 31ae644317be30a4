/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames that a worker hands over to others: one big LAC is one UDP flow, which a device that knows
 * no L2TP gives to one queue. Who takes them is chosen by tunnel and session, in buckets, so that
 * all that comes of a session comes to one worker.
 *
 * Between each two workers there is a ring. Which buckets are whose is the control thread's to say
 * (control/handover.c); the worker that gives takes it on in a moment when nothing of what it gave
 * is under way, for which it lets its own queues wait. So no packet of a session overtakes another
 * one, whoever had it before, until both are in send queues of a device, which are a worker's each.
 */
#ifndef DP_WORKER_HANDOVER_H
#define DP_WORKER_HANDOVER_H

#include "datapath/worker/packet.h"

enum {
	DP_HANDOVER_BUCKETS = 64,
	DP_HANDOVER_RING = 512,    /* frames that wait for a worker, */
	DP_HANDOVER_RING_MIN = 64, /* or of each other one */
	DP_HANDOVER_ASKS = 4,      /* bursts of a port in a round */
	DP_HANDOVER_PAUSE_MS = 1,  /* so long queues wait, */
	DP_HANDOVER_AGAIN_MS = 20, /* and so much later once more */
};

/* From this worker to another one. */
struct dp_handover_out {
	struct rte_ring *ring; /* NULL: to itself */
	uint32_t given;        /* into the ring, marks too; it wraps */
	bool marked;           /* a mark is the last one in it */
	uint16_t n;
	struct rte_mbuf *frames[DP_BURST]; /* to be given in this round */
};

/* From another worker. */
struct dp_handover_in {
	struct rte_ring *ring;
	uint32_t taken; /* it wraps */
	uint32_t done;  /* of these, those that are sent or dropped: the giver reads it */
};

struct dp_handover {
	/* the control thread writes: */
	uint8_t wanted[DP_HANDOVER_BUCKETS]; /* by bucket, whose it is; worker indexes */
	uint32_t wanted_turn;                /* written last */
	uint64_t givers;                     /* workers whose rings are looked at, a bit each */
	/* the worker: */
	uint8_t to[DP_HANDOVER_BUCKETS] __rte_cache_aligned; /* what is in force, */
	uint32_t turn;                                       /* as it was wanted */
	uint32_t since_ms;
	bool pauses, waits; /* queues wait for what is under way; the next try does */
	bool takes;         /* what is looked at is another worker's */
	/* by worker */
	struct dp_handover_out out[DP_MAX_WORKERS];
	struct dp_handover_in in[DP_MAX_WORKERS];
};

_Static_assert(DP_MAX_WORKERS <= 64, "a bit each");

static inline unsigned
dp_handover_bucket(uint32_t tunnel_and_session)
{
	return tunnel_and_session * UINT32_C(0x9e3779b1) >> 26;
}

/* ---- a worker's round ---- */

/* Whether the queues of its own are looked at in this round. */
bool dp_handover_begin(struct dp_worker *w);
/* Receives by a port where some frames are for others, and takes its own through all stages.
 * Returns how many there were. */
unsigned dp_handover_receive(struct dp_worker *w, unsigned port);
/* Gives others what is theirs of packets that only the stages could take apart. Returns how many
 * went. */
unsigned dp_handover_packets(struct dp_worker *w, struct dp_burst *b);
/* Takes what others gave, a burst of each, through all stages. Returns how many frames it was. */
unsigned dp_handover_take(struct dp_worker *w);
/* All that was taken is sent; what was given goes. */
void dp_handover_end(struct dp_worker *w);

/* ---- the control thread ---- */

/* No rings where there is one worker. 0 or CV_ERR_NOMEM. */
int dp_handover_create(struct dp *dp);
void dp_handover_drain(struct dp *dp);
void dp_handover_destroy(struct dp *dp);
/* Frames that may wait in all rings together. */
unsigned dp_handover_room(unsigned workers);
/* Says whose a worker's buckets are from now on. false: the last time it was said is not in force
 * yet. */
bool dp_handover_want(struct dp *dp, unsigned worker, const uint8_t to[DP_HANDOVER_BUCKETS]);
void dp_handover_poll(struct dp *dp, uint64_t now);
uint64_t dp_handover_timeout(const struct dp *dp);

#endif
