/* SPDX-License-Identifier: BSD-3-Clause */
#include "threads.h"

#include <time.h>

#include <rte_bus_vdev.h>
#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_memory.h>

struct rte_ring *threads_in[THREADS];
struct rte_ring *threads_out[THREADS];

#ifdef __SANITIZE_THREAD__
void AnnotateBenignRaceSized(
	const char *file, int line, const volatile void *memory, size_t size, const char *why);

static int
not_ours(
	const struct rte_memseg_list *list, const struct rte_memseg *segment, size_t len, void *arg)
{
	(void)list;
	(void)arg;
	AnnotateBenignRaceSized(__FILE__, __LINE__, segment->addr, len, "DPDK's memory");
	return 0;
}
#endif

/* DPDK is not compiled with TSan, which so does not see how its rings hand buffers over. What is in
 * DPDK's memory (buffers, rings) is left out; all tables of the data path are outside. */
void
threads_leave_out_dpdk(void)
{
#ifdef __SANITIZE_THREAD__
	rte_memseg_contig_walk(not_ours, NULL);
#endif
}

int
threads_eal(void)
{
	char *args[] = {"test", "--no-pci", "--no-huge", "-m", "128", "--no-shconf",
		"--no-telemetry", "--log-level=*:error", "--lcores=0@(0-1),1@(0-1),2@(0-1)", NULL};

	return rte_eal_init((int)RTE_DIM(args) - 1, args) < 0 ? -1 : 0;
}

/* All but the workers' start. */
void
threads_create(struct bench *b)
{
	struct dp_port_config port = {.kind = DP_PORT_ETHDEV, .name = "wan"};
	struct dp_service service = {.ip = cv_ipv4(LNS_IP), .prefix_length = 24};
	struct dp_params params = {.ports = &port,
		.port_count = 1,
		.workers = THREADS,
		.hand_over = true,
		.idle = DP_IDLE_SLEEP,
		.slot_seed = 7,
		.slot_mask = cv_slot_mask(100),
		.pool_mbufs = 8191,
		.eal_ready = true};
	int id;

	*b = (struct bench){.now = CV_NS_PER_S};
	for (unsigned i = 0; i < THREADS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "in%u", i);
		threads_in[i] =
			rte_ring_create(name, 1024, SOCKET_ID_ANY, RING_F_SC_DEQ | RING_F_SP_ENQ);
		snprintf(name, sizeof(name), "out%u", i);
		threads_out[i] =
			rte_ring_create(name, 4096, SOCKET_ID_ANY, RING_F_SC_DEQ | RING_F_SP_ENQ);
	}
	id = rte_eth_from_rings("wan", threads_in, THREADS, threads_out, THREADS, rte_socket_id());
	assert_true(id >= 0);
	assert_int_equal(rte_eth_dev_get_name_by_port((uint16_t)id, port.device), 0);
	assert_int_equal(bench_create(&params, &service, &b->dp), 0);
	assert_false(dp_shared(b->dp));
	b->mbufs = rte_mempool_avail_count(b->dp->pool);
}

void
threads_destroy(struct bench *b)
{
	assert_int_equal(rte_mempool_avail_count(b->dp->pool), b->mbufs);
	assert_int_equal(rte_vdev_uninit("net_ring_wan"), 0);
	dp_destroy(b->dp);
	for (unsigned i = 0; i < THREADS; i++) {
		rte_ring_free(threads_in[i]);
		rte_ring_free(threads_out[i]);
	}
}

void
threads_give(struct bench *b, unsigned worker, const uint8_t *frame, size_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(b->dp->pool);

	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
	assert_int_equal(rte_ring_enqueue(threads_in[worker], m), 0);
}

/* Frees what came out; returns how many were relayed packets of 100 bytes and their headers. */
unsigned
threads_collect(void)
{
	unsigned n = 0;
	void *m;

	for (unsigned i = 0; i < THREADS; i++)
		while (rte_ring_dequeue(threads_out[i], &m) == 0) {
			n += rte_pktmbuf_data_len((struct rte_mbuf *)m) >= WIRE_ETHER + 30 + PACKET;
			rte_pktmbuf_free(m);
		}
	return n;
}

bool
threads_neighbours_known(const struct bench *b)
{
	struct dp_neighbour_info n;
	uint64_t cursor = 0;

	for (unsigned i = 0; i < 2; i++)
		if (!dp_neighbour_next(b->dp, &cursor, &n) || !n.resolved)
			return false;
	return true;
}

/* The neighbours answer by way of worker 0. */
void
threads_answer_arp(struct bench *b)
{
	uint8_t arp[FRAME_MAX];

	threads_give(b, 0, arp, bench_arp(b, PEER_A, arp));
	threads_give(b, 0, arp, bench_arp(b, PEER_B, arp));
	for (unsigned tries = 0; tries < 5000 && !threads_neighbours_known(b); tries++) {
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
		dp_control_poll(b->dp, b->now);
	}
	assert_true(threads_neighbours_known(b));
}

void
threads_stop(struct bench *b)
{
	dp_stop(b->dp);
	/* workers go offline last: here TSan learns that they have ended */
	for (unsigned i = 0; i < THREADS; i++)
		(void)__atomic_load_n(&b->dp->rcu->qsbr_cnt[i].cnt, __ATOMIC_ACQUIRE);
}
