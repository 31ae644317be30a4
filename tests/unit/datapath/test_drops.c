/* SPDX-License-Identifier: BSD-3-Clause */
/* Drops of what has no room, or no way, and of frames that no other test of the stages makes: each
 * by its cause. tests/lint/drops.sh sees to it that every cause is made to happen somewhere. */
#include "harness.h"

enum { HELLO = 20, STRANGER = 0xc0000263 };

/* Fills a ring with what is no buffer, and takes it out again. */
static unsigned
fill(struct rte_ring *r)
{
	static char nothing;
	unsigned n = 0;

	while (rte_ring_enqueue(r, &nothing) == 0)
		n++;
	return n;
}

static void
empty(struct rte_ring *r, unsigned n)
{
	void *nothing;

	for (unsigned i = 0; i < n; i++)
		assert_int_equal(rte_ring_dequeue(r, &nothing), 0);
}

static void
send(struct bench *b, const struct wire *wire, uint8_t protocol, size_t len)
{
	uint8_t packet[FRAME_MAX] = {0};

	inner_packet(packet, INNER_A, INNER_B, protocol, len < WIRE_IPV4 ? WIRE_IPV4 : len);
	put_data(b, true, wire, packet, len);
}

/* A control message to a tunnel that is set, or is none, from a source. */
static void
hello(struct bench *b, uint32_t ip, uint16_t tunnel)
{
	uint8_t message[HELLO] = {0xc8, 2, 0, HELLO, [12] = 0x80, 8, [19] = 6};
	uint8_t frame[FRAME_MAX];
	struct rte_mbuf *m = rte_pktmbuf_alloc(b->dp->pool);
	size_t len = WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER + HELLO;

	assert_non_null(m);
	wire_put16(message + 4, tunnel);
	bench_udp(b, ip, PORT_A, message, HELLO, frame);
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
	assert_int_equal(rte_ring_enqueue(b->in, m), 0);
	dp_worker_round(b->dp->workers[0]); /* and the control thread does not come */
}

static void
an_inner_packet_that_is_too_short(void **state)
{
	struct wire wire = {0};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	send(&b, &wire, WIRE_ESP, WIRE_IPV4 - 1);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_INNER_SHORT), 1);
	bench_down(&b);
}

static void
a_packet_too_short_to_see_its_ports(void **state)
{
	struct dp_filter udp = {.kind = DP_FILTER_RULES,
		.rules = {{.protocol = WIRE_UDP, .port_low = 500, .port_high = 500}},
		.rule_count = 1};
	struct wire wire = {0};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_filter_set(b.dp, GROUP_A, &udp), 0);
	send(&b, &wire, WIRE_UDP, WIRE_IPV4 + 3);
	assert_int_equal(drops(&b, DP_DROP_POLICY_SHORT), 1);
	bench_down(&b);
}

/* Two buffers of which one has no room for both. */
static void
a_frame_in_too_many_buffers(void **state)
{
	struct rte_mbuf *m[2];
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned i = 0; i < 2; i++) {
		m[i] = rte_pktmbuf_alloc(b.dp->pool);
		assert_non_null(m[i]);
		memset(rte_pktmbuf_append(m[i], 1500), 0, 1500);
	}
	bench_arp(&b, PEER_A, rte_pktmbuf_mtod(m[0], uint8_t *));
	assert_int_equal(rte_pktmbuf_chain(m[0], m[1]), 0);
	assert_int_equal(rte_ring_enqueue(b.in, m[0]), 0);
	dp_worker_round(b.dp->workers[0]);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_SEGMENTED), 1);
	bench_down(&b);
}

static void
an_offset_beyond_the_end(void **state)
{
	static const uint8_t data[] = {0x02, 2, 0, 1, 0, 1, 0, 9, 1, 2, 3};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	put_udp(&b, PEER_A, PORT_A, data, sizeof(data));
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_L2TP_OFFSET), 1);
	bench_down(&b);
}

static void
a_port_that_takes_no_more(void **state)
{
	struct wire wire = {0};
	struct dp_queue_info before, q;
	struct bench b;
	unsigned n;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_queue_info(b.dp, 0, 0, &before), 0);
	assert_int_equal(before.tx_full, 0);
	n = fill(b.out);
	send(&b, &wire, WIRE_ESP, 100);
	assert_int_equal(drops(&b, DP_DROP_TX_FULL), 1);
	empty(b.out, n);
	/* it is told of the queue, too, where else all are told of that went */
	send(&b, &wire, WIRE_ESP, 100);
	assert_int_equal(dp_queue_info(b.dp, 0, 0, &q), 0);
	assert_int_equal(q.tx_full, 1);
	assert_int_equal(q.tx_packets - before.tx_packets, 1);
	assert_int_equal(q.rx_packets - before.rx_packets, 2);
	assert_false(q.ring_counted);
	assert_int_equal(dp_queue_info(b.dp, 0, 1, &q), CV_ERR_UNKNOWN);
	assert_int_equal(dp_queue_info(b.dp, 1, 0, &q), CV_ERR_UNKNOWN);
	bench_down(&b);
}

static void
control_traffic_that_waits(void **state)
{
	static const struct {
		enum dp_punt_class class;
		enum dp_drop_cause full, share;
	} rows[] = {{DP_PUNT_TUNNEL, DP_DROP_PUNT_TUNNEL_FULL, DP_DROP_PUNT_TUNNEL_SHARE},
		{DP_PUNT_CONNECT, DP_DROP_PUNT_CONNECT_FULL, DP_DROP_PUNT_CONNECT_SHARE},
		{DP_PUNT_NEW, DP_DROP_PUNT_NEW_FULL, DP_DROP_PUNT_NEW_SHARE}};
	static const uint16_t tunnels[] = {77, 78, 0};
	struct cv_endpoint peer = {.ip = cv_ipv4(PEER_A), .port = PORT_A};
	struct dp_ring_info info;
	struct dp_punt p;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_tunnel_set(b.dp, 0, 77, &peer), 0);
	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		struct rte_ring *r = b.dp->workers[0]->punt[rows[i].class];
		uint16_t tunnel = tunnels[i];
		unsigned n = fill(r), sent;

		hello(&b, PEER_A, tunnel);
		assert_int_equal(drops(&b, rows[i].full), 1);
		assert_true(dp_ring_info(b.dp, (unsigned)rows[i].class, &info));
		assert_int_equal(info.full, 1);
		assert_int_equal(info.waiting, n);
		assert_int_equal(info.places, n);
		empty(r, n);
		/* one source does not get all of it */
		for (sent = 0; drops(&b, rows[i].share) == 0 && sent < 1000; sent++)
			hello(&b, PEER_A, tunnel);
		assert_int_equal(drops(&b, rows[i].share), 1);
		assert_int_equal(drops(&b, rows[i].full), 1);
		/* and leaves another room: the ring is not full for him */
		if (rows[i].class != DP_PUNT_TUNNEL)
			hello(&b, STRANGER, tunnel);
		assert_int_equal(drops(&b, rows[i].share), 1);
		for (unsigned rounds = 0; rounds < 1000; rounds++) {
			dp_control_poll(b.dp, b.now += CV_NS_PER_MS);
			while (dp_punt_next(b.dp, &p))
				dp_punt_release(b.dp, &p);
		}
	}
	while (take_frame(&b).len != 0)
		;
	bench_down(&b);
}

static void
ppp_and_arp_that_wait(void **state)
{
	struct wire lcp = {.protocol = 0xc021};
	uint8_t packet[8] = {9, 1, 0, 8}, frame[FRAME_MAX];
	struct dp_worker *w;
	struct dp_punt p;
	struct bench b;
	unsigned n;

	(void)state;
	bench_up(&b, 0, 0);
	w = b.dp->workers[0];
	n = fill(w->punt[DP_PUNT_PPP]);
	put_to_worker(&b, frame, build_data(&b, true, &lcp, packet, sizeof(packet), frame));
	assert_int_equal(drops(&b, DP_DROP_PUNT_PPP_FULL), 1);
	empty(w->punt[DP_PUNT_PPP], n);
	put_to_worker(&b, frame, build_data(&b, true, &lcp, packet, sizeof(packet), frame));
	assert_int_equal(drops(&b, DP_DROP_PUNT_PPP_FULL), 1);
	dp_control_poll(b.dp, b.now);
	assert_true(dp_punt_next(b.dp, &p)); /* with room it comes through */
	dp_punt_release(b.dp, &p);
	n = fill(w->punt[DP_PUNT_ARP]);
	put_to_worker(&b, frame, bench_arp(&b, PEER_A, frame));
	assert_int_equal(drops(&b, DP_DROP_PUNT_ARP_FULL), 1);
	empty(w->punt[DP_PUNT_ARP], n);
	put_to_worker(&b, frame, bench_arp(&b, PEER_A, frame));
	assert_int_equal(drops(&b, DP_DROP_PUNT_ARP_FULL), 1);
	dp_control_poll(b.dp, b.now);
	bench_down(&b);
}

/* Of a tunnel that is followed, from elsewhere than its peer. */
static void
what_comes_from_elsewhere_and_waits(void **state)
{
	struct cv_endpoint peer = {.ip = cv_ipv4(PEER_A), .port = PORT_A};
	struct rte_ring *r;
	struct bench b;
	unsigned n, sent;

	(void)state;
	bench_up(&b, 0, 0);
	bench_pass(&b, 0);
	assert_int_equal(dp_tunnel_set(b.dp, 0, 77, &peer), 0);
	assert_int_equal(dp_tunnel_follow(b.dp, 0, 77, true), 0);
	r = b.dp->workers[0]->punt[DP_PUNT_ELSEWHERE];
	n = fill(r);
	hello(&b, STRANGER, 77);
	assert_int_equal(drops(&b, DP_DROP_PUNT_ELSEWHERE_FULL), 1);
	empty(r, n);
	for (sent = 0; drops(&b, DP_DROP_PUNT_ELSEWHERE_SHARE) == 0 && sent < 1000; sent++) {
		bench_pass(&b, 1000);
		hello(&b, STRANGER, 77);
	}
	assert_int_equal(drops(&b, DP_DROP_PUNT_ELSEWHERE_SHARE), 1);
	dp_punt_drain(b.dp);
	bench_down(&b);
}

/* ICMP of a router about a packet of ours to B; the control thread does not come. */
static void
too_big(struct bench *b, const struct frame_bytes *ours)
{
	enum {
		QUOTED = 100,
		ICMP = WIRE_ETHER + WIRE_IPV4,
		ALL = ICMP + WIRE_ICMP_HEADER + QUOTED
	};
	const struct wire_ipv4 header = {.length = ALL - WIRE_ETHER,
		.ttl = 60,
		.protocol = WIRE_ICMP,
		.source_be = wire_swap32(STRANGER),
		.target_be = wire_swap32(LNS_IP)};
	struct rte_mbuf *m = rte_pktmbuf_alloc(b->dp->pool);
	uint8_t *frame;

	assert_non_null(m);
	assert_non_null(rte_pktmbuf_append(m, ALL));
	frame = rte_pktmbuf_mtod(m, uint8_t *);
	memset(frame, 0, ALL);
	wire_ether_write(
		frame, b->dp->ports[0].mac, (const uint8_t *)"\2\0\0\0\0\x63", WIRE_TYPE_IPV4);
	wire_ipv4_write(frame + WIRE_ETHER, &header);
	frame[ICMP] = WIRE_ICMP_UNREACHABLE;
	frame[ICMP + WIRE_ICMP_CODE] = WIRE_ICMP_TOO_BIG;
	wire_put16(frame + ICMP + WIRE_ICMP_MTU, 1000);
	memcpy(frame + ICMP + WIRE_ICMP_HEADER, ours->bytes + WIRE_ETHER, QUOTED);
	wire_icmp_finish(frame + ICMP, WIRE_ICMP_HEADER + QUOTED);
	assert_int_equal(rte_ring_enqueue(b->in, m), 0);
	dp_worker_round(b->dp->workers[0]);
}

static void
icmp_about_our_packets_that_waits(void **state)
{
	struct wire wire = {0};
	struct frame_bytes ours;
	struct rte_ring *r;
	struct bench b;
	unsigned n;

	(void)state;
	bench_up(&b, 0, 0);
	r = b.dp->workers[0]->punt[DP_PUNT_PATH];
	send(&b, &wire, WIRE_ESP, 1300);
	ours = take_frame(&b);
	n = fill(r);
	too_big(&b, &ours);
	assert_int_equal(drops(&b, DP_DROP_PUNT_PATH_FULL), 1);
	empty(r, n);
	for (unsigned i = 0; drops(&b, DP_DROP_PUNT_PATH_SHARE) == 0 && i < 1000; i++)
		too_big(&b, &ours);
	assert_int_equal(drops(&b, DP_DROP_PUNT_PATH_SHARE), 1);
	assert_int_equal(drops(&b, DP_DROP_PUNT_PATH_FULL), 1);
	for (unsigned rounds = 0; rounds < 1000; rounds++)
		dp_control_poll(b.dp, b.now += CV_NS_PER_MS);
	while (take_frame(&b).len != 0)
		;
	bench_down(&b);
}

/* A to an address of a LAN, where nobody is known. */
static void
to_the_lan(struct bench *b, uint32_t ip)
{
	uint8_t packet[FRAME_MAX], frame[FRAME_MAX];
	struct wire wire = {0};
	struct rte_mbuf *m = rte_pktmbuf_alloc(b->dp->pool);
	size_t len = inner_packet(packet, INNER_A, ip, WIRE_ESP, 100);

	assert_non_null(m);
	len = build_data(b, true, &wire, packet, len, frame);
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
	assert_int_equal(rte_ring_enqueue(b->in, m), 0);
	dp_worker_round(b->dp->workers[0]);
}

static void
packets_for_unknown_neighbours_that_wait(void **state)
{
	const struct dp_iface inside = {.inside = true};
	const struct cv_prefix address = {.ip = cv_ipv4(0xc0a80501), .length = 24};
	struct rte_ring *r;
	struct bench b;
	unsigned n;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_iface_set(b.dp, 0, &inside), 0);
	assert_int_equal(dp_address_set(b.dp, 0, &address), 0);
	r = b.dp->workers[0]->punt[DP_PUNT_RESOLVE];
	n = fill(r);
	to_the_lan(&b, 0xc0a80502);
	assert_int_equal(drops(&b, DP_DROP_PUNT_RESOLVE_FULL), 1);
	empty(r, n);
	for (unsigned i = 0; drops(&b, DP_DROP_PUNT_RESOLVE_SHARE) == 0 && i < 1000; i++)
		to_the_lan(&b, 0xc0a80502 + i % 250);
	assert_int_equal(drops(&b, DP_DROP_PUNT_RESOLVE_SHARE), 1);
	assert_int_equal(drops(&b, DP_DROP_PUNT_RESOLVE_FULL), 1);
	/* nobody answers: what waited is dropped, and all buffers are there again */
	for (unsigned s = 0; s < 20; s++) {
		dp_control_poll(b.dp, b.now += CV_NS_PER_S);
		dp_worker_round(b.dp->workers[0]);
		while (take_frame(&b).len != 0)
			;
	}
	assert_true(drops(&b, DP_DROP_NEIGHBOUR_UNREACHABLE) > 50);
	bench_down(&b);
}

static void
what_the_control_thread_can_not_send(void **state)
{
	struct cv_endpoint off_link = {.ip = cv_ipv4(0x08080808), .port = 1701};
	struct cv_endpoint peer = {.ip = cv_ipv4(PEER_A), .port = PORT_A};
	struct dp_ring_info info;
	struct bench b;
	unsigned n;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_send_udp(b.dp, b.now, 0, &off_link, "x", 1), CV_ERR_UNKNOWN);
	assert_int_equal(drops(&b, DP_DROP_NEIGHBOUR_NO_ROUTE), 1);
	n = fill(b.dp->workers[0]->send);
	assert_int_equal(dp_send_udp(b.dp, b.now, 0, &peer, "x", 1), CV_ERR_LIMIT);
	assert_int_equal(drops(&b, DP_DROP_SEND_FULL), 1);
	assert_true(dp_ring_info(b.dp, DP_PUNT_CLASSES, &info));
	assert_string_equal(info.name, "from-control");
	assert_int_equal(info.full, 1);
	assert_false(dp_ring_info(b.dp, DP_PUNT_CLASSES + 1, &info));
	empty(b.dp->workers[0]->send, n);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_inner_packet_that_is_too_short),
		cmocka_unit_test(a_packet_too_short_to_see_its_ports),
		cmocka_unit_test(a_frame_in_too_many_buffers),
		cmocka_unit_test(an_offset_beyond_the_end),
		cmocka_unit_test(a_port_that_takes_no_more),
		cmocka_unit_test(control_traffic_that_waits),
		cmocka_unit_test(ppp_and_arp_that_wait),
		cmocka_unit_test(what_comes_from_elsewhere_and_waits),
		cmocka_unit_test(icmp_about_our_packets_that_waits),
		cmocka_unit_test(packets_for_unknown_neighbours_that_wait),
		cmocka_unit_test(what_the_control_thread_can_not_send),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
