/* SPDX-License-Identifier: BSD-3-Clause */
/* What the data path tells about itself: counters, workers, how it was set up. */
#include <rte_lcore.h>

#include "datapath/dp.h"

static const struct {
	const char *name, *help;
} drops[] =
	{
#define X(name, help) {#name, help},
		DP_DROPS(X)
#undef X
},
  edges[] = {
#define X(name, help) {#name, help},
	  DP_EDGES(X)
#undef X
};

static uint64_t
read_counter(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

bool
dp_drop_counter(const struct dp *dp, unsigned index, struct dp_counter *out)
{
	if (index >= DP_DROP_COUNT)
		return false;
	*out = (struct dp_counter){drops[index].name, drops[index].help, dp->counts.drops[index]};
	for (unsigned i = 0; i < dp->worker_count; i++)
		out->packets += read_counter(&dp->workers[i]->counts.drops[index]);
	return true;
}

bool
dp_edge_counter(const struct dp *dp, unsigned index, struct dp_counter *out)
{
	if (index >= DP_EDGE_COUNT)
		return false;
	*out = (struct dp_counter){edges[index].name, edges[index].help, dp->counts.edges[index]};
	for (unsigned i = 0; i < dp->worker_count; i++)
		out->packets += read_counter(&dp->workers[i]->counts.edges[index]);
	return true;
}

unsigned
dp_worker_count(const struct dp *dp)
{
	return dp->worker_count;
}

uint64_t
dp_worker_rounds(const struct dp *dp, unsigned worker)
{
	return read_counter(&dp->workers[worker]->rounds);
}

int
dp_worker_info(struct dp *dp, unsigned index, struct dp_worker_info *out)
{
	struct dp_worker *w;
	uint64_t busy, all;

	if (index >= dp->worker_count)
		return CV_ERR_UNKNOWN;
	w = dp->workers[index];
	*out = (struct dp_worker_info){.cpu = UINT16_MAX,
		.busy_cycles = read_counter(&w->busy_cycles),
		.idle_cycles = read_counter(&w->idle_cycles),
		.rounds = read_counter(&w->rounds),
		.rx_packets = read_counter(&w->rx_packets),
		.tx_packets = read_counter(&w->tx_packets),
		.handed_over = read_counter(&w->counts.edges[DP_EDGE_RX_HANDOVER])};
	if (w->lcore != LCORE_ID_ANY) {
		rte_cpuset_t cpus = rte_lcore_cpuset(w->lcore);

		for (uint16_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
			if (CPU_ISSET(cpu, &cpus))
				out->cpu = cpu;
	}
	busy = out->busy_cycles - w->shown_busy;
	all = busy + out->idle_cycles - w->shown_idle;
	out->busy_share = all == 0 ? 0 : (double)busy / (double)all;
	w->shown_busy = out->busy_cycles;
	w->shown_idle = out->idle_cycles;
	return 0;
}

void
dp_setup_info(const struct dp *dp, struct dp_setup_info *out)
{
	*out = (struct dp_setup_info){.hugepages = dp->hugepages,
		.shared = dp->shared,
		.slots = dp->slot_mask + 1,
		.mbufs = dp->pool == NULL ? 0 : dp->pool->size,
		.mbufs_free = dp->pool == NULL ? 0 : rte_mempool_avail_count(dp->pool),
		.table_bytes = dp->table_bytes,
		.sessions = dp->sessions,
		.addresses = dp->addresses,
		.prefixes = dp->prefixes};
}
