/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between workers and the control thread: a ring a class and worker, so that a flood of one class
 * does not starve another, and a budget a class and round; the other way one ring a worker.
 * Within a class nobody fills the ring: one address has at most as much waiting as there is still
 * room, one tunnel or session a quarter of that. So k floods leave a part in k + 1 to others.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rte_atomic.h>
#include <rte_byteorder.h>

#include "datapath/control/control.h"
#include "datapath/ends.h"
#include "datapath/info.h"
#include "datapath/table/outside.h"
#include "datapath/worker/punt.h"

/* Datagrams that the control thread takes of a class in one round. */
static const uint16_t budgets[DP_PUNT_CLASSES] = {
	[DP_PUNT_TUNNEL] = 256,
	[DP_PUNT_PPP] = 256,
	[DP_PUNT_CONNECT] = 128,
	[DP_PUNT_NEW] = 64,
	[DP_PUNT_ELSEWHERE] = 32,
	[DP_PUNT_ARP] = 64,
	[DP_PUNT_PATH] = DP_PATH_RING,
	[DP_PUNT_RESOLVE] = 64,
	[DP_PUNT_BFD] = 64, /* each is a system call */
	[DP_PUNT_ROUTING] = 64,
};

enum { BUSY_BUDGET = 8 }; /* of new requests, while a shared worker's bursts are full */

static struct rte_ring *
new_ring(const char *what, unsigned worker, unsigned size)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "culvert-%s-%u", what, worker);
	return rte_ring_create(name, size, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

static void
ask_ring(const struct rte_ring *ring, struct dp_ring_info *out)
{
	out->waiting += rte_ring_count(ring);
	out->places += rte_ring_get_capacity(ring);
}

bool
dp_ring_info(const struct dp *dp, unsigned index, struct dp_ring_info *out)
{
	static const char *const names[] = {[DP_PUNT_TUNNEL] = "to-control-tunnel",
		[DP_PUNT_PPP] = "to-control-ppp",
		[DP_PUNT_CONNECT] = "to-control-connect",
		[DP_PUNT_NEW] = "to-control-new",
		[DP_PUNT_ELSEWHERE] = "to-control-elsewhere",
		[DP_PUNT_ARP] = "to-control-arp",
		[DP_PUNT_PATH] = "to-control-path",
		[DP_PUNT_RESOLVE] = "to-control-resolve",
		[DP_PUNT_BFD] = "to-control-bfd",
		[DP_PUNT_ROUTING] = "to-control-routing",
		[DP_PUNT_CLASSES] = "from-control"};
	struct dp_counter full;

	if (index > DP_PUNT_CLASSES)
		return false;
	*out = (struct dp_ring_info){.name = names[index]};
	for (unsigned i = 0; i < dp->worker_count; i++)
		ask_ring(index == DP_PUNT_CLASSES ? dp->workers[i]->send
						  : dp->workers[i]->punt[index],
			out);
	(void)dp_drop_counter(dp,
		index == DP_PUNT_CLASSES ? DP_DROP_SEND_FULL
					 : dp_punt_full((enum dp_punt_class)index),
		&full);
	out->help = full.help;
	out->full = full.packets;
	return true;
}

int
dp_punt_create(struct dp *dp)
{
	static const char *const names[DP_PUNT_CLASSES] = {"tunnel", "ppp", "connect", "new",
		"elsewhere", "arp", "path", "resolve", "bfd", "routing"};

	dp->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (dp->event_fd < 0)
		return CV_ERR_IO;
	for (unsigned i = 0; i < dp->worker_count; i++) {
		struct dp_worker *w = dp->workers[i];

		for (unsigned c = 0; c < DP_PUNT_CLASSES; c++) {
			w->punt[c] = new_ring(names[c], i, dp_punt_places((enum dp_punt_class)c));
			if (w->punt[c] == NULL)
				return CV_ERR_NOMEM;
		}
		w->send = new_ring("send", i, DP_SEND_RING);
		if (w->send == NULL)
			return CV_ERR_NOMEM;
	}
	return 0;
}

static void
drain(struct dp *dp, struct rte_ring *ring)
{
	void *m;

	while (ring != NULL && rte_ring_sc_dequeue(ring, &m) == 0)
		dp_drop_control(dp, m, DP_DROP_WORKER_STOPPED);
}

void
dp_punt_drain(struct dp *dp)
{
	for (unsigned i = 0; i < dp->worker_count; i++) {
		struct dp_worker *w = dp->workers[i];

		if (w == NULL)
			continue;
		for (unsigned c = 0; c < DP_PUNT_CLASSES; c++)
			drain(dp, w->punt[c]);
		drain(dp, w->send);
	}
}

void
dp_punt_destroy(struct dp *dp)
{
	dp_punt_drain(dp);
	for (unsigned i = 0; i < dp->worker_count; i++) {
		struct dp_worker *w = dp->workers[i];

		if (w == NULL)
			continue;
		for (unsigned c = 0; c < DP_PUNT_CLASSES; c++)
			rte_ring_free(w->punt[c]);
		rte_ring_free(w->send);
	}
	if (dp->event_fd >= 0)
		close(dp->event_fd);
	dp->event_fd = -1;
}

int
dp_event_fd(const struct dp *dp)
{
	return dp->event_fd;
}

static bool
anything_waits(const struct dp *dp)
{
	for (unsigned i = 0; i < dp->worker_count; i++)
		for (unsigned c = 0; c < DP_PUNT_CLASSES; c++)
			if (!rte_ring_empty(dp->workers[i]->punt[c]))
				return true;
	return __atomic_load_n(&dp->dials_wanted, __ATOMIC_ACQUIRE) != 0;
}

bool
dp_wake_arm(struct dp *dp)
{
	if (dp->shared)
		return false;
	__atomic_store_n(&dp->armed, 1, __ATOMIC_SEQ_CST);
	rte_atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!anything_waits(dp))
		return true;
	__atomic_store_n(&dp->armed, 0, __ATOMIC_RELAXED);
	return false;
}

static void
give_back(struct dp_shares *s, const struct dp_punt_meta *meta)
{
	__atomic_store_n(&s->taken[meta->source], s->taken[meta->source] + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&s->taken[meta->flow], s->taken[meta->flow] + 1, __ATOMIC_RELAXED);
}

/* One buffer of a class from any worker, in turn. */
static struct rte_mbuf *
take(struct dp *dp, enum dp_punt_class class)
{
	void *m;

	if (dp->budget[class] == 0)
		return NULL;
	for (unsigned i = 0; i < dp->worker_count; i++) {
		dp->punt_worker = (uint16_t)((dp->punt_worker + 1) % dp->worker_count);
		if (rte_ring_sc_dequeue(dp->workers[dp->punt_worker]->punt[class], &m) != 0)
			continue;
		dp->budget[class]--;
		give_back(&dp->workers[dp->punt_worker]->shares[class], dp_meta(m));
		return m;
	}
	return NULL;
}

/* A new round: budgets are full again, and what is for the data path itself is done. */
void
dp_punt_local_poll(struct dp *dp, uint64_t now)
{
	struct rte_mbuf *m;

	__atomic_store_n(&dp->armed, 0, __ATOMIC_RELAXED); /* awake: nobody need write */
	memcpy(dp->budget, budgets, sizeof(budgets));
	/* where strangers' work takes the worker's time, packets that wait come first */
	if (dp->shared && dp->busy)
		dp->budget[DP_PUNT_NEW] = BUSY_BUDGET;
	while ((m = take(dp, DP_PUNT_ARP)) != NULL)
		dp_claim_learn(dp, now, m);
	while ((m = take(dp, DP_PUNT_PATH)) != NULL)
		dp_path_learn(dp, now, m);
	while ((m = take(dp, DP_PUNT_RESOLVE)) != NULL)
		dp_neighbour_resolve(dp, now, m);
}

bool
dp_punt_next(struct dp *dp, struct dp_punt *punt)
{
	static const enum dp_punt_class order[] = {DP_PUNT_BFD, DP_PUNT_TUNNEL, DP_PUNT_PPP,
		DP_PUNT_CONNECT, DP_PUNT_ELSEWHERE, DP_PUNT_NEW, DP_PUNT_ROUTING};
	struct rte_mbuf *m = NULL;
	const struct dp_punt_meta *meta;

	for (unsigned i = 0; m == NULL && i < RTE_DIM(order); i++)
		m = take(dp, order[i]);
	if (m == NULL)
		return false;
	meta = dp_meta(m);
	*punt = (struct dp_punt){.class = (enum dp_punt_class)meta->class,
		.service = meta->service,
		.port = dp->lans[meta->lan].port,
		.slot = meta->slot,
		.remote = {.ip = dp_ip_told(meta->remote),
			.port = rte_be_to_cpu_16(meta->remote_port)},
		.data = meta->data,
		.len = meta->len,
		.handle = m};
	return true;
}

void
dp_punt_release(struct dp *dp, struct dp_punt *punt)
{
	dp_done_control(dp, punt->handle, DP_EDGE_CONTROL_DONE);
	punt->handle = NULL;
}

void
dp_punt_refuse(struct dp *dp, struct dp_punt *punt)
{
	enum dp_drop_cause cause = DP_DROP_KERNEL_REFUSED;

	if (punt->class == DP_PUNT_ELSEWHERE)
		cause = punt->slot == DP_NO_SLOT ? DP_DROP_CLASSIFY_CONTROL_SOURCE
						 : DP_DROP_INGRESS_SOURCE;
	dp_drop_control(dp, punt->handle, cause);
	punt->handle = NULL;
}
