/* SPDX-License-Identifier: BSD-3-Clause */
/* A data path on memif, and its other end; see pair.h. */
#include "pair.h"
#include "datapath/info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_bus_vdev.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mempool.h>

#include "scene.h"

enum {
	BURST = 32,
	MACSWAP_BURST = 64,
	MBUFS = 16383,
	DESCRIPTORS = 1024,
	LOOK_EVERY = 64,
	STAMP_EVERY = 13 /* the times of all would not go into the samples' room */
};

static const char feeder_name[] = "net_memif_feeder";

static uint64_t
read_count(const uint64_t *count)
{
	return __atomic_load_n(count, __ATOMIC_RELAXED);
}

static void
add_count(uint64_t *count, uint64_t n) /* one writer */
{
	__atomic_store_n(count, *count + n, __ATOMIC_RELAXED);
}

/* ---- the other end, on its own CPU ---- */

static void
send_some(struct feeder *f, unsigned n)
{
	struct rte_mbuf *burst[BURST];
	uint16_t sent;

	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = f->frames[f->next];

		f->next = f->next + 1 == PAIR_FRAMES ? 0 : f->next + 1;
		if (f->stamped) {
			uint64_t now = rte_rdtsc();

			memcpy(rte_pktmbuf_mtod_offset(m, void *, f->stamp_at), &now, sizeof(now));
		}
		rte_mbuf_refcnt_update(m, 1); /* the driver copies it, and lets go */
		burst[i] = m;
	}
	sent = rte_eth_tx_burst(f->ethdev, 0, burst, (uint16_t)n);
	for (unsigned i = sent; i < n; i++)
		rte_mbuf_refcnt_update(burst[i], -1);
	add_count(&f->sent, sent);
	add_count(&f->refused, n - sent);
}

static void
look(struct feeder *f, const struct rte_mbuf *m, uint64_t now)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	struct traffic t = {.kind = TRAFFIC_ESP, .frame = rte_pktmbuf_data_len(m)};
	uint64_t then;

	if (f->stamped && f->received % STAMP_EVERY == 0) {
		memcpy(&then, frame + f->stamp_at, sizeof(then));
		bench_samples_put(&f->latency, (double)(now - then));
	}
	if (f->received % LOOK_EVERY == 0 && f->looks &&
		!traffic_right(f->population, &t, frame, t.frame, false))
		add_count(&f->wrong, 1);
	add_count(&f->received, 1);
}

static void
receive_some(struct feeder *f)
{
	struct rte_mbuf *burst[BURST];
	uint16_t n = rte_eth_rx_burst(f->ethdev, 0, burst, BURST);
	uint64_t now = n == 0 ? 0 : rte_rdtsc();

	for (uint16_t i = 0; i < n; i++)
		look(f, burst[i], now);
	rte_pktmbuf_free_bulk(burst, n);
}

static int
feed(void *context)
{
	struct feeder *f = context;
	uint64_t start = rte_rdtsc(), due = 0;

	while (!__atomic_load_n(&f->stop, __ATOMIC_ACQUIRE)) {
		unsigned n = BURST;

		if (f->per_cycle > 0) {
			uint64_t by_now = (uint64_t)((double)(rte_rdtsc() - start) * f->per_cycle);

			n = (unsigned)RTE_MIN(by_now - due, (uint64_t)BURST);
			due += n;
		}
		if (n != 0)
			send_some(f, n);
		receive_some(f);
	}
	return 0;
}

/* ---- what is measured ---- */

void
pair_relay(struct pair *w)
{
	dp_worker_poll(w->dp);
}

void
pair_macswap(struct pair *w)
{
	struct rte_mbuf *frames[MACSWAP_BURST];
	uint16_t n = rte_eth_rx_burst(w->ethdev, 0, frames, MACSWAP_BURST), sent;

	for (uint16_t i = 0; i < n; i++) {
		struct rte_ether_hdr *e = rte_pktmbuf_mtod(frames[i], struct rte_ether_hdr *);
		struct rte_ether_addr a = e->dst_addr;

		e->dst_addr = e->src_addr;
		e->src_addr = a;
	}
	if (n == 0)
		return; /* memif of DPDK 24.11 looks at the first of none */
	sent = rte_eth_tx_burst(w->ethdev, 0, frames, n);
	rte_pktmbuf_free_bulk(frames + sent, n - sent);
}

static void
control(struct pair *w)
{
	struct dp_punt punt;

	dp_control_poll(w->dp, (uint64_t)((double)rte_rdtsc() / (double)rte_get_tsc_hz() * 1e9));
	while (dp_punt_next(w->dp, &punt))
		dp_punt_release(w->dp, &punt);
}

static void
rounds(struct pair *w, pair_round *round, unsigned ms)
{
	uint64_t per_ms = rte_get_tsc_hz() / 1000;

	for (unsigned i = 0; i < ms; i++) {
		uint64_t end = rte_rdtsc() + per_ms;

		while (rte_rdtsc() < end)
			round(w);
		control(w);
	}
}

/* What is still under way is not for the next run. */
static void
drain(struct pair *w, pair_round *round)
{
	struct rte_mbuf *burst[BURST];

	for (unsigned quiet = 0; quiet < 100; quiet++) {
		uint16_t n;

		round(w);
		n = rte_eth_rx_burst(w->feeder.ethdev, 0, burst, BURST);
		rte_pktmbuf_free_bulk(burst, n);
		if (n != 0)
			quiet = 0;
	}
}

int
pair_run(struct pair *w, pair_round *round, double per_second, unsigned n, unsigned ms,
	struct bench_samples *samples)
{
	struct feeder *f = &w->feeder;

	f->per_cycle = per_second / (double)rte_get_tsc_hz();
	f->looks = round == pair_relay;
	f->sent = f->refused = f->received = f->wrong = 0;
	f->latency.n = 0;
	f->stop = false;
	if (rte_eal_remote_launch(feed, f, rte_get_next_lcore(-1u, 1, 0)) != 0) {
		bench_progress("memif: no lcore for the other end");
		return -1;
	}
	rounds(w, round, 2 * ms);
	for (unsigned i = 0; i < n; i++) {
		uint64_t before = read_count(&f->received), start = rte_rdtsc(), end;

		/* longer where the other end has no CPU meanwhile: that says nothing */
		for (unsigned k = 0; k < 100 && (k == 0 || read_count(&f->received) == before); k++)
			rounds(w, round, ms);
		end = rte_rdtsc();
		bench_samples_put(samples, (double)(read_count(&f->received) - before) *
						   (double)rte_get_tsc_hz() /
						   (double)(end - start));
	}
	__atomic_store_n(&f->stop, true, __ATOMIC_RELEASE);
	rte_eal_mp_wait_lcore();
	drain(w, round);
	if (f->wrong == 0 && f->received != 0)
		return 0;
	bench_progress("memif: %llu packets sent, %llu came back, %llu of those looked at wrong",
		(unsigned long long)f->sent, (unsigned long long)f->received,
		(unsigned long long)f->wrong);
	return -1;
}

void
pair_fill(struct pair *w, const uint16_t *sizes, unsigned n)
{
	for (unsigned i = 0; i < PAIR_FRAMES; i++) {
		struct rte_mbuf *m = w->feeder.frames[i];
		struct traffic t = {.kind = TRAFFIC_ESP, .frame = sizes[i % n]};
		uint64_t from, to;
		unsigned len;

		population_pair(&w->population, &from, &to);
		rte_pktmbuf_reset(m);
		memset(m->buf_addr, 0, m->buf_len);
		len = traffic_write(
			&w->population, &t, w->mac, from, to, rte_pktmbuf_mtod(m, uint8_t *));
		m->data_len = (uint16_t)len;
		m->pkt_len = len;
	}
	w->feeder.stamp_at = traffic_free_at(&w->population);
}

/* ---- making it ---- */

static int
make_feeder(struct pair *w)
{
	struct feeder *f = &w->feeder;
	struct rte_eth_conf conf = {0};
	char args[160];

	f->population = &w->population;
	f->pool = rte_pktmbuf_pool_create(
		"bench-feeder", MBUFS, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	snprintf(args, sizeof(args), "socket=%s,socket-abstract=no,role=client,id=0", w->socket);
	if (f->pool == NULL || rte_pktmbuf_alloc_bulk(f->pool, f->frames, PAIR_FRAMES) != 0 ||
		rte_vdev_init(feeder_name, args) != 0 ||
		rte_eth_dev_get_port_by_name(feeder_name, &f->ethdev) != 0)
		return -1;
	if (rte_eth_dev_configure(f->ethdev, 1, 1, &conf) != 0 ||
		rte_eth_rx_queue_setup(
			f->ethdev, 0, DESCRIPTORS, (unsigned)SOCKET_ID_ANY, NULL, f->pool) != 0 ||
		rte_eth_tx_queue_setup(f->ethdev, 0, DESCRIPTORS, (unsigned)SOCKET_ID_ANY, NULL) !=
			0)
		return -1;
	return rte_eth_dev_start(f->ethdev);
}

static bool
link_up(uint16_t ethdev)
{
	struct rte_eth_link link;

	return rte_eth_link_get_nowait(ethdev, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

static int
wait_for_link(struct pair *w)
{
	struct dp_port_info info;

	for (unsigned tries = 0; tries < 5000; tries++) {
		rte_delay_us_sleep(1000);
		control(w);
		if (link_up(w->feeder.ethdev) && link_up(w->ethdev) &&
			dp_port_info(w->dp, 0, &info) == 0 && info.link == DP_LINK_UP)
			return 0;
	}
	bench_progress("memif: the two ends do not find each other");
	return -1;
}

int
pair_create(struct pair *w, const struct population *population)
{
	struct dp_port_config port = {.kind = DP_PORT_MEMIF, .name = "wan", .memif_server = true};
	struct dp_params params = {.ports = &port,
		.port_count = 1,
		.idle = DP_IDLE_POLL,
		.pool_mbufs = MBUFS,
		.eal_ready = true};
	struct dp_port_info info;

	*w = (struct pair){.population = *population, .folder = "/tmp/culvert-bench.XXXXXX"};
	if (bench_eal(false) != 0 || population_plan(&w->population) != 0 ||
		mkdtemp(w->folder) == NULL)
		return -1;
	snprintf(w->socket, sizeof(w->socket), "%s/memif", w->folder);
	snprintf(port.device, sizeof(port.device), "%s", w->socket);
	params.slot_seed = w->population.seed;
	params.slot_mask = w->population.mask;
	if (dp_create(&params, &w->dp) != 0 ||
		rte_eth_dev_get_port_by_name("net_memif0", &w->ethdev) != 0 ||
		scene_policy(w->dp, &w->population) != 0 ||
		scene_sessions(w->dp, &w->population) != 0 || dp_start(w->dp, CV_NS_PER_S) != 0 ||
		dp_port_info(w->dp, 0, &info) != 0 || make_feeder(w) != 0) {
		bench_progress("memif: the ports can't be made");
		return -1;
	}
	memcpy(w->mac, info.mac, sizeof(w->mac));
	if (wait_for_link(w) != 0)
		return -1;
	pair_leave(w); /* nobody looks for it any more, and who interrupts it leaves nothing */
	return 0;
}

void
pair_leave(struct pair *w)
{
	unlink(w->socket);
	rmdir(w->folder);
}
