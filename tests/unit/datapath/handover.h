/* SPDX-License-Identifier: BSD-3-Clause */
/* Workers of which one hands over frames of A to the other, each by hand. */
#ifndef DATAPATH_HANDOVER_H
#define DATAPATH_HANDOVER_H

#include "datapath/worker/handover.h"
#include "threads.h"

enum { ROOM = DP_HANDOVER_RING - 1, LEFT = WIRE_ETHER + 30 + PACKET };

static inline void
set_policies(struct bench *b)
{
	struct policy any = {
		.kind = DP_FILTER_ANY, .clients_reachable = true, .lns = cv_ipv4(INNER_LNS)};

	assert_int_equal(set_policy(b->dp, 0, &any), 0);
	assert_int_equal(set_policy(b->dp, 1, &any), 0);
}

static inline void
round_of(struct bench *b, unsigned worker)
{
	dp_worker_round(b->dp->workers[worker]);
}

/* Workers that go by hand, and know their neighbours. */
static inline void
up(struct bench *b)
{
	uint8_t arp[FRAME_MAX];

	threads_create(b);
	assert_int_equal(dp_ports_start(b->dp), 0);
	set_policies(b);
	bench_sessions(b, 0, 0);
	threads_give(b, 0, arp, bench_arp(b, PEER_A, arp));
	threads_give(b, 0, arp, bench_arp(b, PEER_B, arp));
	round_of(b, 0);
	dp_control_poll(b->dp, b->now);
	round_of(b, 0);
	assert_true(threads_neighbours_known(b));
	threads_collect();
}

static inline void
down(struct bench *b)
{
	threads_collect();
	dp_ports_stop(b->dp);
	threads_destroy(b);
}

/* Of what worker 0 receives A's session is this one's. */
static inline bool
want(struct bench *b, unsigned worker)
{
	uint8_t to[DP_HANDOVER_BUCKETS] = {0};

	to[dp_handover_bucket((uint32_t)b->dp->ingress[b->slot_a].word)] = (uint8_t)worker;
	return dp_handover_want(b->dp, 0, to);
}

static inline bool
in_force(const struct bench *b)
{
	const struct dp_handover *h = b->dp->workers[0]->handover;

	return h->turn == h->wanted_turn;
}

static inline size_t
from_a(const struct bench *b, const struct wire *wire, size_t len, uint8_t *frame)
{
	uint8_t packet[FRAME_MAX];

	inner_packet(packet, INNER_A, INNER_B, 50, len);
	return build_data(b, true, wire, packet, len, frame);
}

static inline void
give_plain(struct bench *b, unsigned n)
{
	uint8_t frame[FRAME_MAX];
	struct wire wire = {0};
	size_t len = from_a(b, &wire, PACKET, frame);

	for (unsigned i = 0; i < n; i++)
		threads_give(b, 0, frame, len);
}

/* How many relayed packets leave by a worker's queue. */
static inline unsigned
leave_by(unsigned worker)
{
	unsigned n = 0;
	void *m;

	while (rte_ring_dequeue(threads_out[worker], &m) == 0) {
		n += rte_pktmbuf_data_len((struct rte_mbuf *)m) >= LEFT;
		rte_pktmbuf_free(m);
	}
	return n;
}

#endif
