/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fast way is a summary of the stages: bursts of frames, plain ones among all that can be wrong
 * with one, go through a worker with it and through the same worker without. What comes out is the
 * same to the byte, in the same order for each sender and receiver, and so is what is punted, and
 * every counter.
 */
#include <stdlib.h>

#include "outer6.h"
#include "wild.h"

enum {
	FRAMES = 2000000, /* or as many as the first argument says */
	OUT_MOST = 1024,  /* frames that a burst may become */
	UPLINKS = 16,     /* slots behind those of sessions */
	SLOTS = 256 + UPLINKS,
	GROUPS = 32,
};

/* All that a worker made of a burst. */
struct outcome {
	struct dp_counts counts;
	struct dp_session_counters sessions[SLOTS];
	struct dp_rated rated[SLOTS];
	struct dp_counted sent[SLOTS], received[SLOTS]; /* of uplinks, too */
	unsigned out, punted;
	struct result {
		uint64_t flow; /* the order within it counts */
		struct frame_bytes frame;
	} frames[OUT_MOST];
	struct {
		struct dp_punt_meta meta;
		uint32_t sum;
	} punts[2 * DP_BURST];
};

static unsigned frames_wanted = FRAMES;
static struct wild_frame burst[DP_BURST];
static struct outcome fast, stages;
static struct dp_ids ids;

/* A datagram of a service: others leave as they are. */
static bool
is_l2tp(const uint8_t *udp)
{
	uint16_t from = wire_get16(udp);

	return from == 1701 || from == 1702;
}

/* Receiver, and the inner sender. The outer packets' identifications
 * are of one count for each receiver, whoever sends: they are looked at by themselves. */
static uint64_t
settle(struct frame_bytes *f)
{
	uint8_t *ip = f->bytes + WIRE_ETHER, *l2tp = ip + DP_HDR_L2TP, *ppp;
	uint64_t flow;

	if (wire_ether_type_be(f->bytes) == WIRE_TYPE_IPV6_BE) {
		flow = (uint64_t)wire_load32(ip + WIRE_IPV6_TARGET + 12) << 32;
		if (ip[WIRE_IPV6_NEXT] != WIRE_UDP || !is_l2tp(ip + WIRE_IPV6))
			return flow | wire_load32(ip + WIRE_IPV6_SOURCE + 4);
		l2tp = ip + DP_HDR_L2TP6;
	} else if (wire_ether_type_be(f->bytes) == WIRE_TYPE_IPV4_BE) {
		assert_true(wire_ipv4_sum_right(ip, wire_ipv4_header(ip)));
		wire_store16(ip + WIRE_IPV4_ID, 0);
		wire_store16(ip + WIRE_IPV4_SUM, 0);
		flow = (uint64_t)wire_ipv4_target_be(ip) << 32;
		if (ip[WIRE_IPV4_PROTOCOL] != WIRE_UDP || !is_l2tp(ip + WIRE_IPV4))
			return flow | wire_ipv4_source_be(ip);
	} else {
		return 0;
	}
	/* of PPP frames all are one other session's */
	if (wild_is_switched(wire_get16(l2tp + ((l2tp[0] & 0x40) != 0 ? 6 : 4)) - 0xff00u))
		return flow;
	ppp = l2tp + ((l2tp[0] & 0x40) != 0 ? 8 : 6) + ((l2tp[0] & 0x08) != 0 ? 4 : 0);
	ppp += ppp[0] == 0xff ? 2 : 0;
	ppp += ppp[0] == 0 ? 2 : 1;
	if (wire_ip_version(ppp) == 6)
		return flow | wire_load32(ppp + WIRE_IPV6_SOURCE + 4);
	return flow | wire_ipv4_source_be(ppp);
}

static int
by_flow(const void *a, const void *b)
{
	const struct result *x = a, *y = b;

	return x->flow < y->flow ? -1 : x->flow > y->flow;
}

/* Stable, as few are out of place. */
static void
sort(struct result *r, unsigned n)
{
	static struct result one;

	for (unsigned i = 1; i < n; i++) {
		unsigned at = i;

		while (at > 0 && by_flow(&r[at - 1], &r[i]) > 0)
			at--;
		if (at == i)
			continue;
		one = r[i];
		memmove(&r[at + 1], &r[at], (i - at) * sizeof(one));
		r[at] = one;
	}
}

static struct rte_mbuf *
buffer(struct bench *b, const struct wild_frame *f)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(b->dp->pool), *second;

	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, (uint16_t)(f->len - f->second)), f->bytes, f->len - f->second);
	m->ol_flags |= f->ol_flags;
	if (f->second == 0)
		return m;
	second = rte_pktmbuf_alloc(b->dp->pool);
	assert_non_null(second);
	memcpy(rte_pktmbuf_append(second, f->second), f->bytes + f->len - f->second, f->second);
	assert_int_equal(rte_pktmbuf_chain(m, second), 0);
	return m;
}

static void
fill(struct dp_meter *m)
{
	m->committed.full_at = m->peak.full_at = 0;
}

/* Meters are full, and have counted nothing. */
static void
forget_rates(struct dp *dp)
{
	for (unsigned i = 0; i < SLOTS; i++)
		for (unsigned k = 0; dp->meters[i] != NULL && k < DP_DIRECTIONS; k++) {
			fill(&dp->meters[i]->meters[k]);
			memset(&dp->meters[i]->counts[k], 0, sizeof(dp->meters[i]->counts[k]));
		}
	for (unsigned i = 0; i < GROUPS; i++)
		for (unsigned k = 0; dp->groups[i] != NULL && k < DP_DIRECTIONS; k++)
			fill(&dp->groups[i]->shared[k]);
}

/* As if nothing had ever come. */
static void
forget(struct bench *b)
{
	struct dp_worker *w = b->dp->workers[0];

	dp_follow_drain(w);
	dp_hold_drain(w);
	free(w->follow);
	w->follow = dp_follow_new();
	assert_non_null(w->follow);
	dp_sequence_drain(w);
	dp_parts_drain(w);
	dp_parts_free(w->parts);
	w->parts = dp_parts_new(b->dp);
	assert_non_null(w->parts);
	memset(w->limits, 0, SLOTS * sizeof(w->limits[0]));
	memset(w->echo_rates, 0, sizeof(w->echo_rates));
	memset(w->arp_rates, 0, sizeof(w->arp_rates));
	memset(w->path_rates, 0, sizeof(w->path_rates));
	memset(w->echo_firsts, 0, sizeof(w->echo_firsts));
	memset(w->sent, 0, SLOTS * sizeof(w->sent[0]));
	memset(w->received, 0, SLOTS * sizeof(w->received[0]));
	memset(w->shares, 0, sizeof(w->shares));
	forget_rates(b->dp);
	for (unsigned i = 0; i < SLOTS; i++) {
		b->dp->ingress[i].received = (struct dp_received){0};
		b->dp->rare[i].ns = b->dp->rare[i].nr = 0;
		b->dp->rare[i].lost = b->dp->rare[i].old = 0;
		b->dp->rare[i].old_run = b->dp->rare[i].counting = 0;
	}
	memset(&w->counts, 0, sizeof(w->counts));
	w->ids = ids;
	w->fragment_id = 0;
}

static void
take_punts(struct dp_worker *w, struct outcome *o)
{
	struct rte_mbuf *m;

	for (unsigned class = 0; class < DP_PUNT_CLASSES; class ++)
		while (rte_ring_dequeue(w->punt[class], (void **)&m) == 0) {
			assert_in_range(o->punted, 0, 2 * DP_BURST - 1);
			o->punts[o->punted].meta = *dp_meta(m);
			o->punts[o->punted].meta.data = NULL;
			if (class == DP_PUNT_RESOLVE) /* the packet itself */
				o->punts[o->punted++].sum = wire_fold(wire_sum(
					rte_pktmbuf_mtod(m, uint8_t *), rte_pktmbuf_data_len(m)));
			else
				o->punts[o->punted++].sum =
					class == DP_PUNT_ARP ? 0
							     : wire_fold(wire_sum(dp_meta(m)->data,
								       dp_meta(m)->len));
			rte_pktmbuf_free(m);
		}
}

static void
run(struct bench *b, bool stages_only, unsigned n, struct outcome *o)
{
	struct dp_worker *w = b->dp->workers[0];

	forget(b);
	w->stages_only = stages_only;
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(rte_ring_enqueue(b->in, buffer(b, &burst[i])), 0);
	dp_worker_round(w);
	for (o->out = 0;; o->out++) {
		assert_in_range(o->out, 0, OUT_MOST - 1);
		o->frames[o->out].frame = take_frame(b);
		if (o->frames[o->out].frame.len == 0)
			break;
		o->frames[o->out].flow = settle(&o->frames[o->out].frame);
	}
	sort(o->frames, o->out);
	o->punted = 0;
	take_punts(w, o);
	o->counts = w->counts;
	for (uint32_t i = 0; i < SLOTS; i++) {
		(void)dp_session_counters(b->dp, i, &o->sessions[i]);
		(void)dp_session_rated(b->dp, i, &o->rated[i]);
		o->sent[i] = w->sent[i];
		o->received[i] = dp_received_of(b->dp, i)->count;
	}
}

static void
show(const struct bench *b, unsigned n)
{
	struct dp_counter c;

	for (unsigned i = 0; i < DP_DROP_COUNT; i++)
		if (fast.counts.drops[i] != stages.counts.drops[i])
			print_message("drop %s: %lu fast, %lu stages\n",
				dp_drop_counter(b->dp, i, &c) ? c.name : "?",
				(unsigned long)fast.counts.drops[i],
				(unsigned long)stages.counts.drops[i]);
	print_message("out %u fast, %u stages; punted %u fast, %u stages\n", fast.out, stages.out,
		fast.punted, stages.punted);
	for (unsigned i = 0; i < DP_EDGE_COUNT; i++)
		if (fast.counts.edges[i] != stages.counts.edges[i])
			print_message("edge %s: %lu fast, %lu stages\n",
				dp_edge_counter(b->dp, i, &c) ? c.name : "?",
				(unsigned long)fast.counts.edges[i],
				(unsigned long)stages.counts.edges[i]);
	for (unsigned i = 0; i < SLOTS; i++)
		if (memcmp(&fast.sent[i], &stages.sent[i], sizeof(fast.sent[i])) != 0 ||
			memcmp(&fast.received[i], &stages.received[i], sizeof(fast.received[i])) !=
				0)
			print_message("slot %u: counters differ\n", i);
	for (unsigned i = 0; i < RTE_MIN(fast.out, stages.out); i++)
		if (fast.frames[i].frame.len != stages.frames[i].frame.len ||
			memcmp(fast.frames[i].frame.bytes, stages.frames[i].frame.bytes,
				fast.frames[i].frame.len) != 0)
			print_message("what came out as %u of %u is another\n", i, fast.out);
	for (unsigned i = 0; i < n; i++) {
		print_message("frame %u of %u:", i, n);
		for (unsigned k = 0; k < RTE_MIN(burst[i].len, 100u); k++)
			print_message("%s%02x", k % 4 == 0 ? " " : "", burst[i].bytes[k]);
		print_message("\n");
	}
}

static bool
same(void)
{
	if (memcmp(&fast.counts, &stages.counts, sizeof(fast.counts)) != 0 ||
		memcmp(fast.sessions, stages.sessions, sizeof(fast.sessions)) != 0 ||
		memcmp(fast.rated, stages.rated, sizeof(fast.rated)) != 0 ||
		memcmp(fast.sent, stages.sent, sizeof(fast.sent)) != 0 ||
		memcmp(fast.received, stages.received, sizeof(fast.received)) != 0 ||
		fast.out != stages.out || fast.punted != stages.punted)
		return false;
	for (unsigned i = 0; i < fast.out; i++)
		if (fast.frames[i].frame.len != stages.frames[i].frame.len ||
			memcmp(fast.frames[i].frame.bytes, stages.frames[i].frame.bytes,
				fast.frames[i].frame.len) != 0)
			return false;
	return memcmp(fast.punts, stages.punts, fast.punted * sizeof(fast.punts[0])) == 0;
}

static void
both_ways_are_one(void **state)
{
	struct bench b;
	struct wild w;
	uint64_t relayed = 0, dropped = 0, waited = 0;

	(void)state;
	bench_up(&b, 0, 0);
	assert_in_range(b.dp->slot_mask, 0, SLOTS - UPLINKS - 1);
	wild_up(&w, &b, 20261125);
	ids = b.dp->workers[0]->ids;
	for (unsigned sent = 0; sent < frames_wanted;) {
		unsigned n = 1 + wild_number(&w, DP_BURST), wildness = wild_number(&w, 101);

		b.dp->ports[0].checks_rx = wild_number(&w, 4) == 0;
		for (unsigned i = 0; i < n; i++)
			wild_frame(&w, wildness, &burst[i]);
		run(&b, false, n, &fast);
		run(&b, true, n, &stages);
		if (!same()) {
			show(&b, n);
			fail_msg("after %u frames: the two ways differ", sent);
		}
		for (unsigned i = 0; i < DP_DROP_COUNT; i++)
			dropped += fast.counts.drops[i];
		relayed += fast.counts.edges[DP_EDGE_EGRESS_TX];
		waited += fast.counts.edges[DP_EDGE_ROUTE_WAIT];
		sent += n;
	}
	print_message(
		"# %lu relayed, %lu dropped\n", (unsigned long)relayed, (unsigned long)dropped);
	/* both in earnest */
	assert_true(relayed > frames_wanted / 8);
	assert_true(dropped > frames_wanted / 8);
	assert_true(waited > frames_wanted / 1000);
	b.dp->workers[0]->stages_only = false;
	dp_hold_drain(b.dp->workers[0]);
	dp_follow_drain(b.dp->workers[0]);
	dp_parts_drain(b.dp->workers[0]);
	dp_sequence_drain(b.dp->workers[0]);
	bench_down(&b);
}

/* It does take what is plain: nothing of this reaches the stages. */
static void
plain_packets_go_the_fast_way(void **state)
{
	struct bench b;
	struct rte_mbuf *frames[DP_BURST];
	uint8_t packet[FRAME_MAX];

	(void)state;
	bench_up(&b, 0, DP_SEND_LENGTH);
	for (unsigned form = 0; form < 8; form++) {
		/* ECT(0) on the outside is plain: it says nothing of congestion */
		struct wire wire = {.length = form & 1,
			.acfc = form & 2,
			.pfc = form & 4,
			.tos = form & 1 ? 0xba : 0};

		for (unsigned i = 0; i < DP_BURST; i++) {
			struct wild_frame f = {0};

			inner_packet(packet, INNER_A, INNER_B, WIRE_ESP, 64 + i);
			f.len = (uint16_t)build_data(&b, true, &wire, packet, 64 + i, f.bytes);
			if (i % 2 != 0) { /* as a peer sends that looks for its path's MTU */
				wire_put16(
					f.bytes + WIRE_ETHER + WIRE_IPV4_FRAGMENT, WIRE_IPV4_DONT);
				wire_ipv4_finish(f.bytes + WIRE_ETHER);
			}
			frames[i] = buffer(&b, &f);
		}
		assert_int_equal(dp_fast(b.dp->workers[0], 0, frames, DP_BURST), 0);
		dp_tx_flush(b.dp->workers[0]);
		for (unsigned i = 0; i < DP_BURST; i++)
			assert_int_equal(take_inner(&b, false, packet), 64 + i);
	}
	bench_down(&b);
}

/* Neither sender nor receiver of what the stages relayed has a feature that the fast way leaves. */
static bool
between_plain_sessions(const struct dp *dp)
{
	for (unsigned slot = 0; slot < SLOTS; slot++) {
		if (stages.sessions[slot].rx_packets != 0 &&
			(dp->ingress[slot].word & DP_INGRESS_RARE & ~DP_INGRESS_SWITCHED) != 0)
			return false;
		if (stages.sessions[slot].tx_packets != 0 &&
			(dp->egress[slot].flags & DP_EGRESS_RARE) != 0)
			return false;
	}
	return true;
}

/* Of what well-behaved clients of all kinds send, over both families, and the stages relay, or pass
 * on from session to session. */
static void
few_good_packets_are_left(void **state)
{
	unsigned relayed = 0, left = 0, switched = 0, switched_left = 0;
	struct bench b;
	struct wild w;

	(void)state;
	bench_up(&b, 0, 0);
	wild_up(&w, &b, 7);
	ids = b.dp->workers[0]->ids;
	for (unsigned i = 0; i < 30000; i++) {
		struct rte_mbuf *m;
		bool passed;

		wild_frame(&w, 0, &burst[0]);
		run(&b, true, 1, &stages);
		passed = stages.counts.edges[DP_EDGE_INGRESS_SWITCH] != 0;
		if ((stages.counts.edges[DP_EDGE_RELAY_EGRESS] == 0 && !passed) ||
			stages.counts.edges[DP_EDGE_EGRESS_TX] == 0 || stages.out != 1 ||
			!between_plain_sessions(b.dp))
			continue;
		*(passed ? &switched : &relayed) += 1;
		m = buffer(&b, &burst[0]);
		if (dp_fast(b.dp->workers[0], 0, &m, 1) != 0) {
			*(passed ? &switched_left : &left) += 1;
			rte_pktmbuf_free(m);
		}
		dp_tx_flush(b.dp->workers[0]);
		take_frame(&b);
	}
	/* what opens a TCP connection is looked at closely, and all of it over IPv6 */
	assert_in_range(relayed, 2000, 20000);
	assert_in_range(left, 1, relayed / 10);
	/* what is shorter than the headers of most packets */
	assert_in_range(switched, 2000, 20000);
	assert_in_range(switched_left, 0, switched / 50);
	b.dp->workers[0]->stages_only = false;
	dp_follow_drain(b.dp->workers[0]);
	bench_down(&b);
}

/* The order of a sender's packets stays where one of them is not plain. */
static void
nothing_overtakes_within_a_session(void **state)
{
	struct bench b;
	uint8_t packet[FRAME_MAX];

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned i = 0; i < DP_BURST; i++) {
		/* with an offset, without a checksum, with marks of congestion, a first fragment */
		struct wire wire = {
			.offset = i % 5 == 1, .no_checksum = i % 7 == 2, .tos = i % 9 == 3};
		struct wild_frame f = {0};

		inner_packet(packet, INNER_A, INNER_B, WIRE_ESP, 64 + i);
		if (i % 11 == 4) {
			wire_store16(packet + WIRE_IPV4_FRAGMENT, WIRE_IPV4_MORE_BE);
			inner_checksum(packet);
		}
		f.len = (uint16_t)build_data(&b, true, &wire, packet, 64 + i, f.bytes);
		assert_int_equal(rte_ring_enqueue(b.in, buffer(&b, &f)), 0);
	}
	dp_worker_round(b.dp->workers[0]);
	for (unsigned i = 0; i < DP_BURST; i++)
		assert_int_equal(take_inner(&b, false, packet), 64 + i);
	bench_down(&b);
}

/* Nor one whose sender's address stands in a second buffer. */
static void
nothing_overtakes_a_frame_in_two_buffers(void **state)
{
	struct wire wire = {0};
	struct bench b;
	uint8_t packet[FRAME_MAX];

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned first = 1; first < 60; first++) {
		for (unsigned i = 0; i < 3; i++) {
			struct wild_frame f = {0};

			inner_packet(packet, INNER_A, INNER_B, WIRE_ESP, 64 + i);
			f.len = (uint16_t)build_data(&b, true, &wire, packet, 64 + i, f.bytes);
			if (i == 1)
				f.second = (uint16_t)(f.len - first);
			assert_int_equal(rte_ring_enqueue(b.in, buffer(&b, &f)), 0);
		}
		dp_worker_round(b.dp->workers[0]);
		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(take_inner(&b, false, packet), 64 + i);
	}
	bench_down(&b);
}

/* A port has IPv6 where it has an address of it, whatever others have. */
static void
ipv6_is_taken_where_it_is_spoken(void **state)
{
	struct bench b;
	uint8_t packet[FRAME_MAX];

	(void)state;
	up6(&b, 0);
	b.dp->ports[1] = b.dp->ports[0];
	for (unsigned port = 0; port < 2; port++) {
		struct wild_frame f = {0};
		struct rte_mbuf *m;

		inner_packet(packet, INNER_1, INNER_B, WIRE_ESP, 64);
		f.len = (uint16_t)make_data(&b, f.bytes, SESSION_1, 0, packet, 64);
		m = buffer(&b, &f);
		assert_int_equal(dp_fast(b.dp->workers[0], port, &m, 1), port);
		dp_tx_flush(b.dp->workers[0]);
		assert_int_equal(take_inner(&b, false, packet), port == 0 ? 64 : 0);
		if (port != 0)
			rte_pktmbuf_free(m);
	}
	bench_down(&b);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_packets_go_the_fast_way),
		cmocka_unit_test(few_good_packets_are_left),
		cmocka_unit_test(nothing_overtakes_within_a_session),
		cmocka_unit_test(nothing_overtakes_a_frame_in_two_buffers),
		cmocka_unit_test(ipv6_is_taken_where_it_is_spoken),
		cmocka_unit_test(both_ways_are_one),
	};

	if (argc > 1)
		frames_wanted = (unsigned)strtoul(argv[1], NULL, 10);
	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
