/* SPDX-License-Identifier: BSD-3-Clause */
/* ARP and echo for our outer address are the worker's: answered though the control thread does
 * nothing, at a rate of each station; and what of ARP gets to the control thread. */
#include <rte_cycles.h>

#include "harness.h"

enum { PEER_C = 0xc000020d, ARP_FRAME = 42, PING_FRAME = 74 };

static const uint8_t mac_c[6] = {2, 0, 0, 0, 0, 0xc}, mac_d[6] = {2, 0, 0, 0, 0, 0xd};

static void
make_arp(const struct bench *b, uint8_t *frame, const uint8_t mac[6], uint32_t ip)
{
	assert_int_equal(bench_arp(b, ip, frame), ARP_FRAME);
	memset(frame, 0xff, 6);
	memcpy(frame + 6, mac, 6);
	frame[21] = 1; /* a request */
	memcpy(frame + 22, mac, 6);
	memset(frame + 32, 0, 6);
}

static void
make_ping(const struct bench *b, uint8_t *frame, uint32_t from)
{
	uint8_t *ip = frame + WIRE_ETHER;

	inner_packet(ip, from, LNS_IP, 1, PING_FRAME - WIRE_ETHER);
	memcpy(frame, b->dp->ports[0].mac, 6);
	memcpy(frame + 6, mac_c, 6);
	wire_store16(frame + 12, 0x0008);
	wire_store32(ip + 20, 8);
	wire_store16(ip + 22, wire_checksum(wire_sum(ip + 20, PING_FRAME - WIRE_ETHER - 20)));
}

static bool
is_arp_reply_to(const struct frame_bytes *f, const uint8_t mac[6])
{
	return f->len == ARP_FRAME && f->bytes[21] == 2 && memcmp(f->bytes, mac, 6) == 0;
}

static bool
is_echo_reply(const struct frame_bytes *f)
{
	return f->len == PING_FRAME && f->bytes[23] == 1 && f->bytes[34] == 0;
}

static void
a_control_thread_that_stands_still_is_not_needed(void **state)
{
	uint8_t frame[FRAME_MAX];
	struct frame_bytes f;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned i = 0; i < 50; i++) {
		make_arp(&b, frame, mac_c, PEER_C);
		put_to_worker(&b, frame, ARP_FRAME);
		f = take_frame(&b);
		assert_true(is_arp_reply_to(&f, mac_c));
		make_ping(&b, frame, PEER_C);
		put_to_worker(&b, frame, PING_FRAME);
		f = take_frame(&b);
		assert_true(is_echo_reply(&f));
	}
	assert_int_equal(edges(&b, DP_EDGE_LOCAL_ARP), 50);
	assert_int_equal(edges(&b, DP_EDGE_LOCAL_ECHO), 50);
	bench_down(&b);
}

static void
pings_of_one_stranger_silence_no_other(void **state)
{
	uint64_t begin = rte_rdtsc();
	uint8_t frame[FRAME_MAX];
	struct frame_bytes f;
	unsigned answers = 0;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	make_ping(&b, frame, PEER_A);
	for (unsigned i = 0; i < 5000; i++) {
		put_to_worker(&b, frame, PING_FRAME);
		answers += take_frame(&b).len != 0;
	}
	assert_true(answers >= DP_ECHO_MOST_MS / DP_ECHO_COST_MS);
	assert_true(answers <= allowed_since(begin, DP_ECHO_COST_MS, DP_ECHO_MOST_MS));
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ECHO_LIMIT), 5000 - answers);
	make_ping(&b, frame, PEER_C);
	put_to_worker(&b, frame, PING_FRAME);
	f = take_frame(&b);
	assert_true(is_echo_reply(&f));
	bench_down(&b);
}

/* Also where the flood pretends to be the other: his MAC address is not its own. */
static void
arp_requests_of_one_station_silence_no_other(void **state)
{
	uint64_t begin = rte_rdtsc();
	uint8_t frame[FRAME_MAX];
	struct frame_bytes f;
	unsigned answers = 0;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	make_arp(&b, frame, mac_d, PEER_C);
	for (unsigned i = 0; i < 5000; i++) {
		put_to_worker(&b, frame, ARP_FRAME);
		answers += take_frame(&b).len != 0;
	}
	assert_true(answers >= DP_ECHO_MOST_MS / DP_ARP_COST_MS);
	assert_true(answers <= allowed_since(begin, DP_ARP_COST_MS, DP_ECHO_MOST_MS));
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ARP_LIMIT), 5000 - answers);
	make_arp(&b, frame, mac_c, PEER_C);
	put_to_worker(&b, frame, ARP_FRAME);
	f = take_frame(&b);
	assert_true(is_arp_reply_to(&f, mac_c));
	bench_down(&b);
}

/* Only of whom we talk to does ARP go to the control thread: strangers' ends here. */
static void
arp_of_strangers_does_not_reach_the_control_thread(void **state)
{
	uint8_t frame[FRAME_MAX];
	uint64_t before;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	before = edges(&b, DP_EDGE_LOCAL_PUNT_ARP);
	for (uint32_t i = 0; i < 2000; i++)
		put_to_worker(&b, frame, bench_arp(&b, 0xc6336400 + i, frame));
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ARP_IGNORED), 2000);
	assert_int_equal(edges(&b, DP_EDGE_LOCAL_PUNT_ARP), before);
	/* a neighbour's reply does, and so does what its request says of it */
	put_to_worker(&b, frame, bench_arp(&b, PEER_A, frame));
	make_arp(&b, frame, mac_c, PEER_B);
	put_to_worker(&b, frame, ARP_FRAME);
	assert_int_equal(edges(&b, DP_EDGE_LOCAL_PUNT_ARP), before + 2);
	while (take_frame(&b).len != 0)
		;
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ARP_DOUBTED), 0);
	dp_control_poll(b.dp, b.now);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ARP_DOUBTED), 1); /* B's was another's */
	bench_down(&b);
}

/* A flood in the name of one neighbour leaves room for what another says, and he himself. */
static void
arp_in_one_neighbours_name_pushes_out_no_other(void **state)
{
	uint8_t frame[FRAME_MAX];
	uint64_t full;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	bench_arp(&b, PEER_A, frame);
	memcpy(frame + 22, mac_d, 6);
	for (unsigned i = 0; i < 2 * DP_PUNT_RING; i++)
		put_to_worker(&b, frame, ARP_FRAME);
	full = drops(&b, DP_DROP_PUNT_ARP_SHARE);
	assert_true(full > DP_PUNT_RING);
	put_to_worker(&b, frame, bench_arp(&b, PEER_A, frame));
	put_to_worker(&b, frame, bench_arp(&b, PEER_B, frame));
	assert_int_equal(drops(&b, DP_DROP_PUNT_ARP_SHARE), full);
	assert_int_equal(drops(&b, DP_DROP_PUNT_ARP_FULL), 0);
	for (unsigned i = 0; i < 20; i++)
		dp_control_poll(b.dp, b.now);
	bench_down(&b);
}

/* Nor does one from many MAC addresses the answer of the known one, without which it would be
 * taken for gone, and the forgers be believed. */
static void
forgers_by_the_thousand_push_out_no_answer_of_the_known_one(void **state)
{
	uint8_t frame[FRAME_MAX], forged[6] = {2, 0xf};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	b.now += 2 * CV_NS_PER_S;
	for (uint32_t i = 0; i < 4 * DP_PUNT_RING; i++) {
		memcpy(forged + 2, &i, sizeof(i));
		bench_arp(&b, PEER_A, frame);
		memcpy(frame + 22, forged, 6);
		put_to_worker(&b, frame, ARP_FRAME);
		if (i == 0)
			dp_control_poll(b.dp, b.now); /* it asks */
	}
	assert_true(drops(&b, DP_DROP_PUNT_ARP_SHARE) > DP_PUNT_RING);
	assert_int_equal(drops(&b, DP_DROP_PUNT_ARP_FULL), 0);
	put_to_worker(&b, frame, bench_arp(&b, PEER_A, frame));
	for (unsigned i = 0; i < 100; i++)
		dp_control_poll(b.dp, b.now);
	/* not answered, it would be given up 3 s after it was asked */
	for (unsigned i = 0; i < 35; i++)
		dp_control_poll(b.dp, b.now += 100 * CV_NS_PER_MS);
	assert_true((b.dp->nexthops[b.dp->egress[b.slot_a].nexthop].second & DP_NEXTHOP_UP) != 0);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_control_thread_that_stands_still_is_not_needed),
		cmocka_unit_test(pings_of_one_stranger_silence_no_other),
		cmocka_unit_test(arp_requests_of_one_station_silence_no_other),
		cmocka_unit_test(arp_of_strangers_does_not_reach_the_control_thread),
		cmocka_unit_test(arp_in_one_neighbours_name_pushes_out_no_other),
		cmocka_unit_test(forgers_by_the_thousand_push_out_no_answer_of_the_known_one),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
