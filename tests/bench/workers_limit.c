/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a second CPU of this machine is worth: the limit's loop on one CPU, and on both at a time,
 * with tables, frames and counters of its own on each. Two that are threads of one core, or share
 * their cache, gain less than two.
 */
#include "limit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mempool.h>

#include "bench.h"
#include "team.h"
#include "workers.h"

enum { MBUFS = 4095, MOST_ROUNDS = 20000, TURNS = 5 };

struct runner {
	struct scene scene; /* its population and MAC address */
	struct limit *limit;
	struct rte_mempool *pool;
	struct bench_samples samples;
	unsigned rounds;
	bool *go; /* all begin together, and the last to end keeps the others busy */
	unsigned *running;
};

static void
one_round(struct runner *r)
{
	static const struct traffic t = {.kind = TRAFFIC_ESP, .frame = WORKERS_FRAME};
	struct rte_mbuf *frames[SCENE_ROUND];
	uint64_t start;

	if (rte_pktmbuf_alloc_bulk(r->pool, frames, SCENE_ROUND) != 0)
		abort();
	for (unsigned i = 0; i < SCENE_ROUND; i++) {
		uint64_t from, to;

		population_pair(&r->scene.population, &from, &to);
		frames[i]->data_len = (uint16_t)traffic_write(&r->scene.population, &t,
			r->scene.mac, from, to, rte_pktmbuf_mtod(frames[i], uint8_t *));
		frames[i]->pkt_len = frames[i]->data_len;
	}
	start = rte_rdtsc_precise();
	limit_run(&r->scene, r->limit, frames, SCENE_ROUND);
	bench_samples_put(&r->samples, (double)(rte_rdtsc_precise() - start) / SCENE_ROUND);
	rte_pktmbuf_free_bulk(frames, SCENE_ROUND);
}

static int
run(void *context)
{
	struct runner *r = context;

	while (!__atomic_load_n(r->go, __ATOMIC_ACQUIRE))
		rte_pause();
	for (unsigned i = 0; i < r->rounds; i++)
		one_round(r);
	__atomic_fetch_sub(r->running, 1, __ATOMIC_RELAXED);
	while (__atomic_load_n(r->running, __ATOMIC_RELAXED) != 0)
		one_round(r);
	return 0;
}

static int
make(struct runner *r, const struct population *p, unsigned index, unsigned rounds)
{
	char name[24];

	snprintf(name, sizeof(name), "limit-frames%u", index);
	r->scene.population = *p;
	r->scene.mac[0] = 2;
	r->rounds = rounds / TURNS + 1;
	r->pool = rte_pktmbuf_pool_create(
		name, MBUFS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	r->limit = limit_new(&r->scene);
	return r->pool == NULL || r->limit == NULL ||
			       bench_samples_new(&r->samples, MOST_ROUNDS) != 0
		       ? -1
		       : 0;
}

/* Cycles a packet of each, while n run. */
static void
together(struct runner runners[TEAM_MOST], unsigned n, double cycles[TEAM_MOST])
{
	unsigned running = n, lcore = (unsigned)-1;
	bool go = false;

	for (unsigned i = 0; i < n; i++) {
		runners[i].samples.n = 0;
		runners[i].go = &go;
		runners[i].running = &running;
		lcore = rte_get_next_lcore(lcore, 1, 0);
		rte_eal_remote_launch(run, &runners[i], lcore);
	}
	__atomic_store_n(&go, true, __ATOMIC_RELEASE);
	rte_eal_mp_wait_lcore();
	for (unsigned i = 0; i < n; i++)
		cycles[i] = bench_quantile(&runners[i].samples, 0.5);
}

int
workers_limit(const struct population *p, unsigned rounds, double *ratio)
{
	static struct runner runners[TEAM_MOST];
	double one[TEAM_MOST], two[TEAM_MOST], turns[TURNS];
	struct bench_samples ratios = {.room = TURNS, .at = turns};
	int rc = 0;

	for (unsigned i = 0; i < TEAM_MOST && rc == 0; i++)
		rc = make(&runners[i], p, i, rounds);
	for (unsigned turn = 0; turn < TURNS && rc == 0; turn++) {
		together(runners, 1, one);
		together(runners, TEAM_MOST, two);
		bench_samples_put(&ratios, one[0] / two[0] + one[0] / two[1]);
	}
	*ratio = bench_quantile(&ratios, 0.5);
	for (unsigned i = 0; i < TEAM_MOST; i++) {
		if (runners[i].limit != NULL)
			limit_free(runners[i].limit);
		rte_mempool_free(runners[i].pool);
		bench_samples_free(&runners[i].samples);
	}
	return rc;
}
