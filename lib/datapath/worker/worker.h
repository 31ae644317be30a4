/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker: what it alone has, its round, and what it sends. It is the only writer; the control
 * thread reads counters of it, and says what is taken of its punt rings.
 */
#ifndef DP_WORKER_WORKER_H
#define DP_WORKER_WORKER_H

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "base/bucket.h"
#include "base/rate.h"
#include "datapath/bounds.h"
#include "datapath/drop.h"
#include "datapath/layout.h"

struct dp;
struct dp_burst;
struct dp_follow;
struct dp_handover;
struct dp_hold;
struct dp_parts;
struct dp_sequence;
struct rte_ip_frag_tbl;
struct dp_trace_ring;

struct dp_tx {
	struct rte_mbuf *frames[DP_BURST];
	uint16_t count;
	uint64_t sent, full; /* frames that the queue took, and that it had no room for */
} __attribute__((aligned(64)));

/* A session's rates, so that its flood silences nobody else. */
struct dp_limits {
	uint32_t errors, echoes, ppp, rejects, addresses; /* see cv_limit_take */
};

/* How much of whom waits in a punt ring: given by the worker, taken by the control thread. */
struct dp_shares {
	uint32_t given[DP_SHARES];
	uint32_t taken[DP_SHARES] __rte_cache_aligned;
};

/* A first fragment of an echo request to our outer address, which has been answered. */
struct dp_echo_first {
	uint64_t addresses; /* source and destination */
	uint32_t at_ms;
	uint16_t id;
};

/*
 * Identifications of the outer packets that we send, which may be fragmented on their way (RFC
 * 6864). Each destination has a count of its own, but for a chance in DP_IDS, so that they repeat
 * after 65,536 packets to it and not to all. Who sends (a worker, the control thread) begins at
 * another part of the range. A receiver's kernel takes packets as one (GRO) only where these count
 * on, in network order.
 */
struct dp_ids {
	uint32_t key;
	uint16_t next[DP_IDS];
};

/* Of all senders alike. */
static inline uint16_t
dp_ids_place(const struct dp_ids *ids, uint32_t destination)
{
	return (uint16_t)(((destination ^ ids->key) * UINT32_C(0x9e3779b1)) >> 19);
}

static inline uint16_t
dp_ids_next(struct dp_ids *ids, uint32_t destination)
{
	return ids->next[dp_ids_place(ids, destination)]++;
}

_Static_assert(DP_IDS == 1 << (32 - 19), "as many places");

/* One that sends what looks like a tunnel's, from elsewhere than its peer, by a hash. */
struct dp_elsewhere {
	uint32_t who;           /* another hash: of the one that was heard last */
	uint32_t data, control; /* rates */
};

struct dp_worker {
	struct dp *dp;
	uint16_t index;
	unsigned lcore; /* LCORE_ID_ANY: shared */
	struct dp_counts counts;
	/* by slot: what went to it; and what came from it beside what its line counts */
	struct dp_counted *sent, *received;
	struct dp_limits *limits; /* by slot */
	struct rte_ring *punt[DP_PUNT_CLASSES];
	struct dp_shares shares[DP_PUNT_CLASSES];
	struct rte_ring *send;
	uint32_t control_sent; /* frames out of `send` that the ports have taken; it wraps */
	struct dp_tx tx[DP_MAX_PORTS];
	uint64_t rx_frames[DP_MAX_PORTS]; /* by port */
	struct dp_follow *follow;
	struct dp_hold *hold;               /* packets for peers that are being dialled */
	struct dp_sequence *sequence;       /* data messages that came early */
	struct dp_parts *parts;             /* outer fragments that wait */
	struct rte_ip_frag_tbl *reassembly; /* empty between two packets */
	struct cv_bucket echoes;            /* to strangers, all together */
	struct cv_bucket paths;             /* ICMP about packets of ours */
	struct cv_bucket discoveries;       /* NAT discovery's answers, all together */
	uint32_t elsewhere, strangers;      /* rates of all `elsewheres`, known and not */
	struct dp_elsewhere elsewheres[DP_SOURCES];
	struct dp_echo_first echo_firsts[DP_ECHO_FIRSTS];
	uint32_t echo_rates[DP_SOURCES]; /* by their address */
	uint32_t arp_rates[DP_SOURCES];
	uint32_t discovery_rates[DP_SOURCES];  /* by their network */
	uint32_t path_rates[DP_SOURCES];       /* by who says it */
	uint32_t conflict_rates[DP_CONFLICTS]; /* by the address */
	uint64_t cycles_per_ms;
	uint32_t now_ms;    /* at the start of this round */
	uint64_t now_ticks; /* likewise: see DP_TICKS_SHIFT */
	uint64_t busy_cycles, idle_cycles, rounds, rx_packets, tx_packets;
	uint64_t full_cycles;            /* of the busy ones, in rounds in which a burst was full */
	uint64_t shown_busy, shown_idle; /* at the last dp_worker_info */
	uint32_t idle_rounds;
	struct dp_ids ids;
	uint32_t fragment_id;         /* counts packets of ours that were cut, IPv6 */
	struct dp_trace_ring *trace;  /* NULL: nothing was ever traced */
	bool traces;                  /* since the start of this round */
	struct dp_handover *handover; /* NULL: there is one worker */
	bool gives;                   /* some sessions' frames are another worker's */
	bool full;                    /* a burst of this round was */
	bool punted;                  /* in this round */
	bool stages_only;             /* a test compares them with the fast way */
} __rte_cache_aligned;

/* worker/worker.c */
int dp_workers_create(struct dp *dp);
void dp_workers_destroy(struct dp *dp);
/* sender: a worker's index, or worker_count: the control thread. */
void dp_ids_init(const struct dp *dp, struct dp_ids *ids, unsigned sender);
int dp_worker_main(void *worker);
/* Takes a burst, which is in order, through all stages from ingress on. */
void dp_worker_through(struct dp_worker *w, struct dp_burst *burst);
/* Takes frames of a port through all stages. */
void dp_worker_burst(struct dp_worker *w, unsigned port, struct rte_mbuf **frames, unsigned n);
/* One round: receive, relay, send. Returns frames received, of other workers too. */
unsigned dp_worker_round(struct dp_worker *w);
/* worker/tx.c */
void dp_tx_send(struct dp_worker *w, unsigned port);

static inline void
dp_tx_put(struct dp_worker *w, unsigned port, struct rte_mbuf *m)
{
	struct dp_tx *tx = &w->tx[port];
	unsigned at = tx->count;

	tx->frames[at] = m;
	tx->count = (uint16_t)(at + 1);
	if (unlikely(at + 1 == DP_BURST))
		dp_tx_send(w, port);
}

void dp_tx_flush(struct dp_worker *w);
/* Frames of the control thread; their port is in their private area. Returns how many. */
unsigned dp_tx_control(struct dp_worker *w);

#endif
