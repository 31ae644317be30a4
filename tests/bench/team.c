/* SPDX-License-Identifier: BSD-3-Clause */
/* A data path with worker threads; see team.h. */
#include "team.h"
#include "datapath/info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_bus_vdev.h>
#include <rte_cycles.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>

#include "bench.h"
#include "scene.h"

enum {
	RING = 2048,
	MBUFS = 16383,
	AHEAD = 4096,
	CHUNK = 64,
	AWAY_CYCLES = 200000, /* a round above: somebody else had the CPU */
	QUIET = 1000,         /* rounds in which nothing came out any more */
	FINISH_MS = 20000,
};

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

/* Queues keep their shares of what was sent: none is far ahead of another. */
static bool
may_send(const struct team_queue *q)
{
	const struct team *t = q->team;
	double least = (double)q->sent / q->share;

	for (unsigned i = 0; i < t->workers; i++)
		if (t->queues[i].share > 0)
			least = RTE_MIN(
				least, (double)read_count(&t->queues[i].sent) / t->queues[i].share);
	return (double)q->sent / q->share < least + AHEAD;
}

/* Returns how many have come out. */
static unsigned
look_at_all(struct team_queue *q)
{
	const struct team_work *work = &q->team->work;
	struct rte_mbuf *frames[CHUNK];
	unsigned n, all = 0;

	while ((n = rte_ring_dequeue_burst(q->out, (void **)frames, CHUNK, NULL)) != 0) {
		for (unsigned i = 0; i < n; i++) {
			work->look(work->context, q->index, rte_pktmbuf_mtod(frames[i], uint8_t *),
				rte_pktmbuf_data_len(frames[i]));
			if (q->held == TEAM_BUFFERS) {
				rte_pktmbuf_free(frames[i]);
				continue;
			}
			q->fifo[(q->first + q->held++) % TEAM_BUFFERS] = frames[i];
		}
		all += n;
	}
	return all;
}

static struct rte_mbuf *
take(struct team_queue *q)
{
	struct rte_mbuf *m;

	if (q->held == 0) /* it was dropped, or came out elsewhere */
		return rte_pktmbuf_alloc(q->team->pool);
	m = q->fifo[q->first];
	q->first = (q->first + 1) % TEAM_BUFFERS;
	q->held--;
	rte_pktmbuf_reset(m);
	return m;
}

/* The worker's time since it left the queue is the data path's. While somebody else had the CPU it
 * is taken to be what the round before took. */
static void
count_round(struct team_queue *q, uint64_t cycles)
{
	if (cycles < AWAY_CYCLES)
		q->round = cycles;
	add_count(&q->busy, q->round);
}

static uint16_t
make_frames(struct team_queue *q, struct rte_mbuf **frames, uint16_t most)
{
	const struct team_work *work = &q->team->work;
	struct rte_mbuf *m;
	uint16_t n = 0;

	if (q->share <= 0 || !__atomic_load_n(&q->team->sending, __ATOMIC_ACQUIRE) || !may_send(q))
		return 0;
	while (n < most && (m = take(q)) != NULL) {
		uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *);
		unsigned len = TEAM_FRAME;

		if (q->frames == NULL)
			len = work->write(work->context, q->team, q->index, frame);
		else
			memcpy(frame, q->frames[q->next++ % TEAM_FRAMES], TEAM_FRAME);
		m->data_len = (uint16_t)len;
		m->pkt_len = len;
		frames[n++] = m;
	}
	add_count(&q->sent, n);
	return n;
}

/* What the queue's driver has received: nothing ever, so frames are made. */
static uint16_t
receive(uint16_t port, uint16_t queue, struct rte_mbuf **frames, uint16_t n, uint16_t most,
	void *context)
{
	struct team_queue *q = context;
	uint64_t now = rte_rdtsc_precise();
	unsigned out = look_at_all(q);

	(void)port;
	(void)queue;
	/* what came out may have been another worker's */
	if (out != 0 || q->given != 0)
		count_round(q, now - q->left);
	if (out == 0 && !__atomic_load_n(&q->team->sending, __ATOMIC_ACQUIRE))
		add_count(&q->quiet, 1);
	n = make_frames(q, frames, most);
	q->given = n;
	q->left = rte_rdtsc_precise();
	return n;
}

static int
make_rings(struct team *t, char device[DP_PORT_DEVICE])
{
	struct rte_ring *in[TEAM_MOST], *out[TEAM_MOST];
	int id;

	for (unsigned i = 0; i < t->workers; i++) {
		char name[24];

		snprintf(name, sizeof(name), "team-in%u", i);
		in[i] = rte_ring_create(name, RING, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
		snprintf(name, sizeof(name), "team-out%u", i);
		out[i] = rte_ring_create(name, RING, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
		if (in[i] == NULL || out[i] == NULL)
			return -1;
		t->queues[i].in = in[i];
		t->queues[i].out = out[i];
	}
	id = rte_eth_from_rings("team", in, t->workers, out, t->workers, rte_socket_id());
	if (id < 0 || rte_eth_dev_get_name_by_port((uint16_t)id, device) != 0)
		return -1;
	t->ethdev = (uint16_t)id;
	return 0;
}

int
team_create(struct team *t, const struct population *p, unsigned workers,
	const double shares[TEAM_MOST], const struct team_work *work)
{
	struct dp_port_config port = {.kind = DP_PORT_ETHDEV, .name = "wan"};
	struct dp_params params = {.ports = &port,
		.port_count = 1,
		.workers = (uint16_t)workers,
		.hand_over = p->lacs != 0, /* else each worker has as much */
		.idle = DP_IDLE_POLL,
		.slot_seed = p->seed,
		.slot_mask = p->mask,
		.pool_mbufs = MBUFS,
		.eal_ready = true};
	struct dp_port_info info;

	*t = (struct team){.workers = workers, .work = *work, .now = CV_NS_PER_S};
	if (make_rings(t, port.device) != 0 || dp_create(&params, &t->dp) != 0 ||
		scene_policy(t->dp, p) != 0 || dp_port_info(t->dp, 0, &info) != 0) {
		bench_progress("the data path can't be set up");
		return -1;
	}
	memcpy(t->mac, info.mac, sizeof(t->mac));
	for (unsigned i = 0; i < workers; i++) {
		t->queues[i].team = t;
		t->queues[i].index = i;
		t->queues[i].share = shares[i];
	}
	return 0;
}

static int
write_ahead(struct team_queue *q)
{
	const struct team_work *work = &q->team->work;

	if (!work->ahead || q->share <= 0)
		return 0;
	q->frames = calloc(TEAM_FRAMES, TEAM_FRAME);
	if (q->frames == NULL)
		return -1;
	for (unsigned i = 0; i < TEAM_FRAMES; i++)
		if (work->write(work->context, q->team, q->index, q->frames[i]) != TEAM_FRAME)
			return -1;
	return 0;
}

static int
fill(struct team_queue *q)
{
	enum { HELD = TEAM_BUFFERS / 2 };

	if (rte_pktmbuf_alloc_bulk(q->team->pool, q->fifo, HELD) != 0)
		return -1;
	q->held = HELD;
	return 0;
}

static void
clear(struct rte_mempool *pool, void *context, void *object, unsigned index)
{
	struct rte_mbuf *m = object;

	(void)pool;
	(void)context;
	(void)index;
	memset(m->buf_addr, 0, m->buf_len);
}

int
team_start(struct team *t)
{
	t->pool = rte_mempool_lookup("culvert-packets");
	if (t->pool == NULL)
		return -1;
	rte_mempool_obj_iter(t->pool, clear, NULL);
	for (unsigned i = 0; i < t->workers; i++) {
		struct team_queue *q = &t->queues[i];

		q->callback = rte_eth_add_rx_callback(t->ethdev, (uint16_t)i, receive, q);
		if (q->callback == NULL || write_ahead(q) != 0 || fill(q) != 0)
			return -1;
	}
	__atomic_store_n(&t->sending, true, __ATOMIC_RELEASE);
	return dp_start(t->dp, t->now);
}

void
team_poll(struct team *t)
{
	struct dp_punt punt;

	t->now += CV_NS_PER_MS;
	dp_control_poll(t->dp, t->now);
	while (dp_punt_next(t->dp, &punt))
		dp_punt_release(t->dp, &punt);
}

uint64_t
team_sent(const struct team *t)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < t->workers; i++)
		n += read_count(&t->queues[i].sent);
	return n;
}

uint64_t
team_lost(const struct team *t)
{
	return scene_dropped(t->dp, "HANDOVER_FULL");
}

void
team_span(struct team *t, struct team_span *out)
{
	static struct team_span last; /* sums, of one team at a time */
	struct team_span now = {.packets = team_sent(t) - team_lost(t)};
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	now.seconds = (double)at.tv_sec + (double)at.tv_nsec / 1e9;
	for (unsigned i = 0; i < t->workers; i++)
		now.busy[i] = read_count(&t->queues[i].busy);
	*out = (struct team_span){
		.packets = now.packets - last.packets, .seconds = now.seconds - last.seconds};
	for (unsigned i = 0; i < t->workers; i++)
		out->busy[i] = now.busy[i] - last.busy[i];
	last = now;
}

void
team_finish(struct team *t)
{
	bool all = false;

	__atomic_store_n(&t->sending, false, __ATOMIC_RELEASE);
	for (unsigned tries = 0; tries < FINISH_MS && !all; tries++) {
		rte_delay_us_sleep(1000);
		team_poll(t);
		all = true;
		for (unsigned i = 0; i < t->workers; i++)
			all = all && read_count(&t->queues[i].quiet) >= QUIET;
	}
}

void
team_destroy(struct team *t)
{
	/* the next port of this number would have them, too */
	for (unsigned i = 0; i < t->workers; i++)
		rte_eth_remove_rx_callback(t->ethdev, (uint16_t)i, t->queues[i].callback);
	dp_stop(t->dp);
	for (unsigned i = 0; i < t->workers; i++) {
		struct team_queue *q = &t->queues[i];

		free(q->frames);
		for (; q->held != 0; q->held--) {
			rte_pktmbuf_free(q->fifo[q->first]);
			q->first = (q->first + 1) % TEAM_BUFFERS;
		}
	}
	rte_vdev_uninit("net_ring_team");
	for (unsigned i = 0; i < t->workers; i++) {
		rte_ring_free(t->queues[i].in);
		rte_ring_free(t->queues[i].out);
	}
	dp_destroy(t->dp);
}
