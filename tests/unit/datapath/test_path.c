/* SPDX-License-Identifier: BSD-3-Clause */
/* A tunnel's path MTU falls by ICMP about what was sent to it, and by nothing else. */
#include "path.h"

enum {
	ESP = 50,
	QUOTED = 548, /* bytes of our packet, as a router sends back */
	ROUTER = 0xc0000263,
	ICMP_AT = WIRE_ETHER + WIRE_IPV4,
	QUOTE_AT = ICMP_AT + WIRE_ICMP_HEADER,
	UDP_AT = QUOTE_AT + WIRE_IPV4,
	HEADERS = WIRE_IPV4 + WIRE_UDP_HEADER + 6 + 4, /* of ours */
};

/* Our packet of so many inner bytes to B, as it left. */
static void
sent(struct bench *b, size_t len, struct frame_bytes *out)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};

	inner_packet(packet, INNER_A, INNER_B, ESP, len);
	put_data(b, true, &wire, packet, len);
	*out = take_frame(b);
	assert_int_equal(out->len, WIRE_ETHER + HEADERS + len);
}

/* ICMP of ROUTER about it; returns its length. */
static size_t
too_big(const struct bench *b, const struct frame_bytes *ours, size_t quoted, uint16_t mtu,
	uint8_t *frame)
{
	uint8_t *icmp = frame + ICMP_AT;
	const struct wire_ipv4 header = {.length = (uint16_t)(QUOTE_AT - WIRE_ETHER + quoted),
		.ttl = 60,
		.protocol = WIRE_ICMP,
		.source_be = wire_swap32(ROUTER),
		.target_be = wire_swap32(LNS_IP)};

	memcpy(frame, b->dp->ports[0].mac, WIRE_MAC);
	memcpy(frame + WIRE_MAC, "\2\0\0\0\0\x63", WIRE_MAC);
	wire_store16(frame + WIRE_ETHER_TYPE, WIRE_TYPE_IPV4_BE);
	wire_ipv4_write(frame + WIRE_ETHER, &header);
	memset(icmp, 0, WIRE_ICMP_HEADER);
	icmp[0] = WIRE_ICMP_UNREACHABLE;
	icmp[WIRE_ICMP_CODE] = WIRE_ICMP_TOO_BIG;
	wire_put16(icmp + WIRE_ICMP_MTU, mtu);
	memcpy(frame + QUOTE_AT, ours->bytes + WIRE_ETHER, quoted);
	wire_icmp_finish(icmp, WIRE_ICMP_HEADER + quoted);
	return QUOTE_AT + quoted;
}

static void
say(struct bench *b, const struct frame_bytes *ours, uint16_t mtu)
{
	uint8_t frame[FRAME_MAX];

	put_frame(b, frame, too_big(b, ours, QUOTED, mtu, frame));
	while (take_frame(b).len != 0)
		; /* ARP, when time has passed */
}

/* The same of another router. */
static void
say_from(struct bench *b, const struct frame_bytes *ours, uint16_t mtu, uint32_t router)
{
	uint8_t frame[FRAME_MAX], *ip = frame + WIRE_ETHER;
	size_t len = too_big(b, ours, QUOTED, mtu, frame);

	wire_store32(ip + WIRE_IPV4_SOURCE, wire_swap32(router));
	wire_ipv4_finish(ip);
	put_frame(b, frame, len);
}

/* Another session in B's tunnel. */
static uint32_t
another(struct bench *b)
{
	struct dp_session s;
	uint32_t slot;

	assert_int_equal(dp_session_get(b->dp, b->slot_b, &s), 0);
	s.session_id++;
	s.peer_session_id++;
	s.address = cv_ipv4(INNER_B + 1);
	assert_int_equal(dp_session_set(b->dp, &s, &slot), 0);
	return slot;
}

static void
it_falls_for_the_tunnel_and_rises_again(void **state)
{
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct wire wire = {0};
	struct frame_bytes ours;
	struct bench b;
	uint32_t slot;

	(void)state;
	bench_up(&b, 0, 0);
	slot = another(&b);
	sent(&b, 1300, &ours);
	say(&b, &ours, 1000);
	assert_int_equal(dp_session_mtu(b.dp, b.slot_b), 1000 - HEADERS);
	assert_int_equal(dp_session_mtu(b.dp, slot), 1000 - HEADERS);
	assert_int_equal(dp_session_mtu(b.dp, b.slot_a), 1400);
	assert_int_equal(edges(&b, DP_EDGE_PATH_FALLS), 1);
	/* who sends more is told what fits */
	inner_packet(packet, INNER_A, INNER_B, ESP, 1300);
	wire_store16(packet + WIRE_IPV4_FRAGMENT, WIRE_IPV4_DONT_BE);
	inner_checksum(packet);
	put_data(&b, true, &wire, packet, 1300);
	assert_int_not_equal(take_inner(&b, true, got), 0);
	assert_int_equal(got[WIRE_IPV4], WIRE_ICMP_UNREACHABLE);
	assert_int_equal(wire_get16(got + WIRE_IPV4 + WIRE_ICMP_MTU), 1000 - HEADERS);
	/* a session that comes later has it too */
	assert_int_equal(dp_session_clear(b.dp, slot, NULL), 0);
	slot = another(&b);
	assert_int_equal(dp_session_mtu(b.dp, slot), 1000 - HEADERS);
	/* it falls on, and not up */
	say(&b, &ours, 700);
	say(&b, &ours, 900);
	assert_int_equal(dp_session_mtu(b.dp, slot), 700 - HEADERS);
	assert_int_equal(drops(&b, DP_DROP_PATH_MTU), 1);
	/* ten minutes since the last one */
	later(&b, 400);
	say(&b, &ours, 700);
	later(&b, 599);
	assert_int_equal(dp_session_mtu(b.dp, b.slot_b), 700 - HEADERS);
	later(&b, 2);
	assert_int_equal(dp_session_mtu(b.dp, b.slot_b), 1400);
	assert_int_equal(dp_session_mtu(b.dp, slot), 1400);
	bench_down(&b);
}

static void
finish(uint8_t *frame, size_t len)
{
	wire_icmp_finish(frame + ICMP_AT, len - ICMP_AT);
}

/* Addresses, ports and both IDs must be those of a packet of ours. */
static void
forged_ones_are_counted(void **state)
{
	static const struct forgery cases[] = {
		{QUOTE_AT + WIRE_IPV4_SOURCE + 3, DP_DROP_LOCAL_ICMP_IGNORED},
		{QUOTE_AT + WIRE_IPV4_TARGET + 3, DP_DROP_PATH_FORGED},
		{UDP_AT + 1, DP_DROP_LOCAL_ICMP_IGNORED},
		{UDP_AT + 3, DP_DROP_PATH_FORGED},
		{UDP_AT + 8 + 3, DP_DROP_PATH_FORGED},
		{UDP_AT + 8 + 5, DP_DROP_PATH_FORGED},
		{QUOTE_AT + WIRE_IPV4_PROTOCOL, DP_DROP_LOCAL_ICMP_IGNORED},
		{QUOTE_AT, DP_DROP_LOCAL_ICMP_IGNORED},
		{QUOTE_AT + WIRE_IPV4_FRAGMENT + 1, DP_DROP_LOCAL_ICMP_IGNORED},
		{UDP_AT + 8 + 1, DP_DROP_LOCAL_ICMP_IGNORED},
	};
	uint8_t frame[FRAME_MAX];
	struct frame_bytes ours;
	struct bench b;
	size_t len;

	(void)state;
	bench_up(&b, 0, 0);
	sent(&b, 1300, &ours);
	len = too_big(&b, &ours, QUOTED, 1000, frame);
	expect_forged(&b, b.slot_b, frame, len, finish, cases, RTE_DIM(cases));
	bench_down(&b);
}

static void
what_can_mean_nothing_is_ignored(void **state)
{
	uint8_t frame[FRAME_MAX];
	struct frame_bytes ours;
	struct bench b;
	size_t len;

	(void)state;
	bench_up(&b, 0, 0);
	sent(&b, 1000, &ours);
	for (unsigned quoted = 0; quoted < WIRE_IPV4 + WIRE_UDP_HEADER + 6; quoted++)
		put_frame(&b, frame, too_big(&b, &ours, quoted, 600, frame));
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ICMP_IGNORED), WIRE_IPV4 + WIRE_UDP_HEADER + 6);
	say(&b, &ours, 0);
	say(&b, &ours, 68);
	say(&b, &ours, 575);
	say(&b, &ours, 1000 + HEADERS); /* it fitted */
	assert_int_equal(drops(&b, DP_DROP_PATH_MTU), 4);
	len = too_big(&b, &ours, QUOTED, 600, frame);
	frame[ICMP_AT + WIRE_ICMP_SUM] ^= 1;
	put_frame(&b, frame, len);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ICMP_CHECKSUM), 1);
	assert_int_equal(dp_session_mtu(b.dp, b.slot_b), 1400);
	say(&b, &ours, 576);
	assert_int_equal(dp_session_mtu(b.dp, b.slot_b), 576 - HEADERS);
	bench_down(&b);
}

/* A tunnel that has gone leaves nothing to the next of its ID. */
static void
it_is_of_the_tunnel_alone(void **state)
{
	struct frame_bytes ours;
	struct dp_session s;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	sent(&b, 1300, &ours);
	say(&b, &ours, 1000);
	assert_int_equal(dp_session_get(b.dp, b.slot_b, &s), 0);
	assert_int_equal(dp_session_clear(b.dp, b.slot_b, NULL), 0);
	say(&b, &ours, 900); /* nobody's any more */
	assert_int_equal(drops(&b, DP_DROP_PATH_FORGED), 1);
	assert_int_equal(dp_tunnel_set(b.dp, s.service, s.tunnel_id, &s.peer), 0);
	assert_int_equal(dp_session_set(b.dp, &s, &b.slot_b), 0);
	assert_int_equal(dp_session_mtu(b.dp, b.slot_b), 1400);
	bench_down(&b);
}

static void
they_have_a_rate(void **state)
{
	struct frame_bytes ours;
	struct bench b;
	uint64_t said;

	(void)state;
	bench_up(&b, 0, 0);
	sent(&b, 1300, &ours);
	for (unsigned i = 0; i < 2000; i++)
		say(&b, &ours, 1000);
	assert_true(drops(&b, DP_DROP_PATH_LIMIT) > 500);
	assert_int_equal(edges(&b, DP_EDGE_PATH_FALLS) + drops(&b, DP_DROP_PATH_LIMIT), 2000);
	/* who says too much silences nobody else */
	said = edges(&b, DP_EDGE_PATH_FALLS);
	for (unsigned i = 1; i <= 50; i++)
		say_from(&b, &ours, 900, ROUTER + i);
	assert_int_equal(edges(&b, DP_EDGE_PATH_FALLS), said + 50);
	assert_int_equal(dp_session_mtu(b.dp, b.slot_b), 900 - HEADERS);
	bench_down(&b);
}

enum { TUNNELS = 5000, FIRST_TUNNEL = 1000 };

/* A tunnel with a session of its own, and what ICMP says of its path. */
static uint32_t
narrow_tunnel(struct bench *b, unsigned i)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(b->dp->pool);
	struct dp_session s;
	uint8_t ids[4];
	uint32_t slot;
	int rc;

	assert_int_equal(dp_session_get(b->dp, b->slot_b, &s), 0);
	s.tunnel_id = s.peer_tunnel_id = (uint16_t)(FIRST_TUNNEL + i);
	s.address = cv_ipv4(INNER_B + 1 + i);
	assert_int_equal(dp_tunnel_set(b->dp, s.service, s.tunnel_id, &s.peer), 0);
	while ((rc = dp_session_set(b->dp, &s, &slot)) == CV_ERR_EXISTS)
		s.session_id++;
	assert_int_equal(rc, 0);
	wire_put32(ids, (uint32_t)s.peer_tunnel_id << 16 | s.peer_session_id);
	*dp_meta(m) = (struct dp_punt_meta){.service = s.service,
		.slot = DP_NO_SLOT,
		.remote = dp_ip_of(&s.peer.ip),
		.remote_port = wire_swap16(s.peer.port),
		.data = ids,
		.len = sizeof(ids),
		.mtu = 1000};
	dp_path_learn(b->dp, b->now, m);
	return slot;
}

/* Behind PPPoE all paths are narrower than the interface. */
static void
every_tunnel_may_have_one(void **state)
{
	static uint32_t slots[TUNNELS];
	struct bench b;

	(void)state;
	bench_up_for(&b, TUNNELS + 2, 0, 0);
	for (unsigned i = 0; i < TUNNELS; i++)
		slots[i] = narrow_tunnel(&b, i);
	assert_int_equal(edges(&b, DP_EDGE_PATH_FALLS), TUNNELS);
	for (unsigned i = 0; i < TUNNELS; i++)
		assert_int_equal(dp_session_mtu(b.dp, slots[i]), 1000 - HEADERS);
	/* it says itself when the first one rises */
	later(&b, 1);
	assert_true(dp_next_timeout(b.dp) <= b.now + 600 * CV_NS_PER_S);
	later(&b, 600);
	for (unsigned round = 0; round < 8; round++)
		later(&b, 0); /* some slots each */
	for (unsigned i = 0; i < TUNNELS; i++)
		assert_int_equal(dp_session_mtu(b.dp, slots[i]), 1400);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_falls_for_the_tunnel_and_rises_again),
		cmocka_unit_test(forged_ones_are_counted),
		cmocka_unit_test(what_can_mean_nothing_is_ignored),
		cmocka_unit_test(it_is_of_the_tunnel_alone),
		cmocka_unit_test(they_have_a_rate),
		cmocka_unit_test(every_tunnel_may_have_one),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
