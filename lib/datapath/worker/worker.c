/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker: receive; what is plain by the fast way, the rest through the stages (classify, ingress,
 * route, policy, relay, egress); send. Run to completion. No lock, no allocation, no system call
 * but the driver's and, where it may, a short sleep.
 */
#include <stdlib.h>
#include <time.h>

#include <rte_byteorder.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>

#include "datapath/host/memory.h"
#include "datapath/worker/handover.h"
#include "datapath/worker/punt.h"
#include "datapath/worker/reassemble.h"
#include "datapath/worker/stages.h"
#include "datapath/worker/trace.h"
#include "datapath/worker/worker.h"

enum {
	IDLE_SPINS = 200,      /* empty rounds before the first sleep */
	IDLE_SLEEP_NS = 50000, /* the shortest sleep, doubled up to */
	IDLE_SLEEP_MAX_NS = 400000,
};

/* Inner packets on their way out. */
static void
forward(struct dp_worker *w, struct dp_burst *burst)
{
	dp_route_stage(w, burst);
	if (unlikely(w->traces))
		dp_trace_stage(w, burst, DP_EDGE_ROUTE_POLICY);
	dp_policy_stage(w, burst);
	if (unlikely(w->traces))
		dp_trace_stage(w, burst, DP_EDGE_POLICY_RELAY);
	dp_relay_stage(w, burst);
	if (unlikely(w->traces))
		dp_trace_stage(w, burst, DP_EDGE_RELAY_EGRESS);
	dp_egress_stage(w, burst);
}

/* And what they have let go: later fragments. */
static void
forward_all(struct dp_worker *w, struct dp_burst *burst)
{
	forward(w, burst);
	while (dp_follow_next(w, burst))
		forward(w, burst);
}

/* What has waited for a peer that is there now. */
static void
resume(struct dp_worker *w)
{
	struct dp_burst burst;

	if (dp_hold_next(w, &burst))
		forward_all(w, &burst);
}

void
dp_worker_through(struct dp_worker *w, struct dp_burst *burst)
{
	dp_ingress_stage(w, burst);
	if (unlikely(w->traces))
		dp_trace_stage(w, burst, DP_EDGE_INGRESS_ROUTE);
	forward_all(w, burst);
}

void
dp_worker_burst(struct dp_worker *w, unsigned port, struct rte_mbuf **frames, unsigned n)
{
	struct dp_burst burst, plain;

	if (!w->stages_only)
		n = dp_fast(w, port, frames, n);
	if (n == 0)
		return;
	dp_classify(w, port, frames, n, &burst, &plain);
	dp_sequence_stage(w, &burst);
	dp_worker_through(w, &burst);
	if (unlikely(plain.n != 0))
		forward_all(w, &plain);
}

/* Who asks for these reads them while they are counted. */
static inline void
count(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

/* What has come by all ports. */
static unsigned
receive(struct dp_worker *w)
{
	struct dp *dp = w->dp;
	struct rte_mbuf *frames[DP_BURST];
	unsigned received = 0;

	for (unsigned port = 0; port < dp->port_count; port++) {
		unsigned n;

		if (unlikely(w->gives)) {
			n = dp_handover_receive(w, port);
			count(&w->rx_frames[port], n);
			received += n;
			continue;
		}
		n = rte_eth_rx_burst(dp->ports[port].id, w->index, frames, DP_BURST);
		if (n == 0)
			continue;
		count(&w->rx_frames[port], n);
		received += n;
		w->full |= n >= DP_BURST_FULL;
		dp_worker_burst(w, port, frames, n);
	}
	return received;
}

static void
count_round(struct dp_worker *w, uint64_t cycles, unsigned received, bool worked)
{
	count(&w->rounds, 1);
	count(&w->rx_packets, received);
	count(worked ? &w->busy_cycles : &w->idle_cycles, cycles);
	if (w->full)
		count(&w->full_cycles, cycles);
}

unsigned
dp_worker_round(struct dp_worker *w)
{
	struct dp *dp = w->dp;
	uint64_t start = rte_rdtsc();
	unsigned received = 0, taken = 0, control = dp_tx_control(w);

	w->now_ms = (uint32_t)(start / w->cycles_per_ms);
	w->traces = __atomic_load_n(&dp->trace.active, __ATOMIC_RELAXED);
	w->now_ticks = start << DP_TICKS_SHIFT;
	w->full = false;
	if (w->handover == NULL || dp_handover_begin(w))
		received = receive(w);
	if (w->handover != NULL)
		taken = dp_handover_take(w);
	dp_sequence_expire(w);
	dp_follow_expire(w);
	resume(w);
	dp_parts_expire(w);
	dp_tx_flush(w);
	if (w->handover != NULL)
		dp_handover_end(w);
	if (control != 0)
		__atomic_store_n(&w->control_sent, w->control_sent + control, __ATOMIC_RELEASE);
	if (w->punted)
		dp_punt_wake(w);
	if (!dp->shared)
		rte_rcu_qsbr_quiescent(dp->rcu, w->index);
	count_round(w, rte_rdtsc() - start, received, received + taken + control != 0);
	return received + taken + control;
}

/* Sleeps when nothing came for a while and the devices allow it. */
static void
idle(struct dp_worker *w, unsigned done)
{
	long ns = IDLE_SLEEP_NS;
	uint64_t start;

	if (done != 0) {
		w->idle_rounds = 0;
		return;
	}
	if (!w->dp->sleeps || w->idle_rounds++ < IDLE_SPINS)
		return;
	for (uint32_t i = IDLE_SPINS; i < w->idle_rounds && ns < IDLE_SLEEP_MAX_NS; i++)
		ns *= 2;
	start = rte_rdtsc();
	nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
	count(&w->idle_cycles, rte_rdtsc() - start);
}

int
dp_worker_main(void *worker)
{
	struct dp_worker *w = worker;
	struct dp *dp = w->dp;

	rte_rcu_qsbr_thread_online(dp->rcu, w->index);
	while (!__atomic_load_n(&dp->stopping, __ATOMIC_RELAXED)) {
		unsigned done = dp_worker_round(w);

		if (done == 0 && dp->sleeps && w->idle_rounds >= IDLE_SPINS) {
			/* holds nothing while it sleeps: nobody need wait for it */
			rte_rcu_qsbr_thread_offline(dp->rcu, w->index);
			idle(w, done);
			rte_rcu_qsbr_thread_online(dp->rcu, w->index);
		} else {
			idle(w, done);
		}
	}
	rte_rcu_qsbr_thread_offline(dp->rcu, w->index);
	return 0;
}

unsigned
dp_worker_poll(struct dp *dp)
{
	struct dp_worker *w = dp->workers[0];
	unsigned done = dp_worker_round(w);

	dp->busy = done >= DP_BURST;
	idle(w, done);
	return done;
}

void
dp_ids_init(const struct dp *dp, struct dp_ids *ids, unsigned sender)
{
	uint32_t part = sender * (UINT32_C(65536) / (dp->worker_count + 1u));
	uint64_t seed = dp->slot_seed; /* the same for all: the parts are of one range */

	ids->key = (uint32_t)(seed >> 32 ^ seed);
	for (unsigned i = 0; i < DP_IDS; i++) {
		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		ids->next[i] = (uint16_t)((seed >> 48) + part);
	}
}

static struct dp_worker *
new_worker(struct dp *dp, uint16_t index)
{
	size_t slots = dp_slots(dp);
	struct dp_worker *w = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*w));
	uint64_t hz = rte_get_tsc_hz(), now = rte_rdtsc();

	if (w == NULL)
		return NULL;
	memset(w, 0, sizeof(*w));
	dp->workers[index] = w;
	w->dp = dp;
	w->index = index;
	w->lcore = LCORE_ID_ANY;
	dp_ids_init(dp, &w->ids, index);
	w->cycles_per_ms = hz / 1000;
	cv_bucket_init(&w->echoes, DP_ECHOES_PER_S, hz, now);
	cv_bucket_init(&w->paths, DP_PATHS_PER_S, hz, now);
	cv_bucket_init(&w->discoveries, DP_DISCOVERIES_PER_S, hz, now);
	w->follow = dp_follow_new();
	w->hold = dp_hold_new();
	w->sequence = dp_sequence_new();
	w->parts = dp_parts_new(dp);
	w->reassembly = dp_reassemble_new();
	w->sent = dp_table_new(dp, slots * sizeof(w->sent[0]));
	w->received = dp_table_new(dp, slots * sizeof(w->received[0]));
	w->limits = dp_table_new(dp, slots * sizeof(w->limits[0]));
	if (w->follow == NULL || w->hold == NULL || w->sequence == NULL || w->parts == NULL ||
		w->reassembly == NULL)
		return NULL;
	return w->sent == NULL || w->received == NULL || w->limits == NULL ? NULL : w;
}

int
dp_workers_create(struct dp *dp)
{
	unsigned lcore = LCORE_ID_ANY;

	for (uint16_t i = 0; i < dp->worker_count; i++) {
		struct dp_worker *w = new_worker(dp, i);

		if (w == NULL)
			return CV_ERR_NOMEM;
		if (dp->shared)
			continue;
		lcore = rte_get_next_lcore(lcore == LCORE_ID_ANY ? (unsigned)-1 : lcore, 1, 0);
		if (lcore >= RTE_MAX_LCORE) {
			cv_log_event(dp->log, CV_LOG_ERROR, "start-failed",
				"reason=\"%u workers, but DPDK has only %u lcores for them\"",
				dp->worker_count, i);
			return CV_ERR_CONFIG;
		}
		w->lcore = lcore;
	}
	return 0;
}

void
dp_workers_destroy(struct dp *dp)
{
	size_t slots = dp_slots(dp);

	for (uint16_t i = 0; i < dp->worker_count; i++) {
		struct dp_worker *w = dp->workers[i];

		if (w == NULL)
			continue;
		dp_table_free(dp, w->sent, slots * sizeof(w->sent[0]));
		dp_table_free(dp, w->received, slots * sizeof(w->received[0]));
		dp_table_free(dp, w->limits, slots * sizeof(w->limits[0]));
		free(w->follow);
		free(w->hold);
		free(w->sequence);
		free(w->trace);
		dp_parts_free(w->parts);
		dp_reassemble_free(w->reassembly);
		free(w);
		dp->workers[i] = NULL;
	}
}
