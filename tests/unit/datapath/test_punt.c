/* SPDX-License-Identifier: BSD-3-Clause */
/* What waits for a control thread that does not come: neither a session, a tunnel, a port nor an
 * address fills the ring that all share. */
#include "harness.h"

enum { MANY = 2 * DP_PUNT_RING, SESSIONS = 40, TUNNEL = 500 };

static const uint8_t lcp[] = {1, 1, 0, 4};

static void
put_ppp(struct bench *b, bool from_a, uint16_t session)
{
	struct wire wire = {
		.protocol = 0xc021, .session_id = session, .tunnel_id = session == 0 ? 0 : TUNNEL};
	uint8_t frame[FRAME_MAX];

	put_to_worker(b, frame, build_data(b, from_a, &wire, lcp, sizeof(lcp), frame));
}

/* Takes all that waits; returns how much of it came from this peer. */
static unsigned
take_all(struct bench *b, uint32_t peer, uint16_t port)
{
	struct dp_punt punt;
	unsigned n = 0;

	for (unsigned round = 0; round < 20; round++) {
		dp_control_poll(b->dp, b->now);
		while (dp_punt_next(b->dp, &punt)) {
			n += cv_ipv4_value(&punt.remote.ip) == peer && punt.remote.port == port;
			dp_punt_release(b->dp, &punt);
		}
	}
	return n;
}

static void
one_sessions_ppp_control_has_its_rate(void **state)
{
	struct bench b;
	uint64_t over;
	unsigned a;

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned i = 0; i < MANY; i++)
		put_ppp(&b, true, 0);
	over = drops(&b, DP_DROP_PUNT_PPP_RATE);
	assert_true(over > MANY / 2);
	for (unsigned i = 0; i < 10; i++)
		put_ppp(&b, false, 0);
	assert_int_equal(drops(&b, DP_DROP_PUNT_PPP_RATE), over);
	a = MANY - (unsigned)over - (unsigned)drops(&b, DP_DROP_PUNT_PPP_SHARE);
	assert_true(a >= 100);
	assert_int_equal(edges(&b, DP_EDGE_INGRESS_PUNT_PPP), MANY - over + 10);
	assert_int_equal(take_all(&b, PEER_B, PORT_B), 10);
	bench_down(&b);
}

/* Inner IPv6, or IPX, that was not negotiated: enough is shown to the control thread for it to
 * send Protocol-Reject, and a sender that goes on costs its own session no LCP. */
static void
data_that_was_not_negotiated_is_shown_now_and_then(void **state)
{
	static const struct {
		uint16_t protocol;
		enum dp_drop_cause cause;
	} cases[] = {{0x0057, DP_DROP_INGRESS_IPV6}, {0x002b, DP_DROP_INGRESS_PROTOCOL},
		{0x4021, DP_DROP_INGRESS_PROTOCOL}, {0x0020, DP_DROP_INGRESS_PROTOCOL}};
	uint8_t packet[40] = {0x60};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct wire wire = {.protocol = cases[i].protocol};
		struct bench b;

		bench_up(&b, 0, 0);
		for (unsigned k = 0; k < MANY; k++)
			put_data(&b, true, &wire, packet, sizeof(packet));
		assert_int_equal(edges(&b, DP_EDGE_INGRESS_PUNT_PPP), 4);
		assert_int_equal(take_all(&b, PEER_A, PORT_A), 4);
		assert_int_equal(drops(&b, cases[i].cause), MANY - 4);
		for (unsigned k = 0; k < 50; k++) /* LCP is heard all the same */
			put_ppp(&b, true, 0);
		assert_int_equal(drops(&b, DP_DROP_PUNT_PPP_RATE), 0);
		assert_int_equal(take_all(&b, PEER_A, PORT_A), 50);
		bench_down(&b);
	}
}

/* Many sessions from one address, before anybody has proved who he is: the other's LCP arrives. */
static void
one_addresss_sessions_leave_room_for_others(void **state)
{
	uint16_t ids[SESSIONS];
	struct bench b;
	unsigned n = 0;

	(void)state;
	bench_up(&b, 0, 0);
	for (uint16_t id = 1; n < SESSIONS; id++) {
		struct dp_session s = {.tunnel_id = TUNNEL,
			.session_id = id,
			.peer_tunnel_id = 1,
			.peer_session_id = id,
			.peer = {.ip = cv_ipv4(PEER_A), .port = PORT_A}};

		if (dp_session_set(b.dp, &s, NULL) == 0) /* its slot may be taken */
			ids[n++] = id;
	}
	for (unsigned i = 0; i < MANY; i++)
		put_ppp(&b, true, ids[i % SESSIONS]);
	assert_true(drops(&b, DP_DROP_PUNT_PPP_SHARE) > 0);
	for (unsigned i = 0; i < 50; i++)
		put_ppp(&b, false, 0);
	assert_int_equal(drops(&b, DP_DROP_PUNT_PPP_FULL), 0);
	assert_int_equal(take_all(&b, PEER_B, PORT_B), 50);
	bench_down(&b);
}

static void
put_control(struct bench *b, uint32_t ip, uint16_t port, uint8_t tunnel)
{
	uint8_t zlb[] = {0xc8, 2, 0, 12, 0, tunnel, 0, 0, 0, 0, 0, 0}, frame[FRAME_MAX];

	bench_udp(b, ip, port, zlb, sizeof(zlb), frame);
	put_to_worker(b, frame, WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER + sizeof(zlb));
}

/* Behind one NAT there are others with the same address: a port has less than its address. */
static void
flood(struct bench *b, uint8_t tunnel, enum dp_drop_cause over)
{
	uint64_t before;

	for (unsigned i = 0; i < MANY; i++)
		put_control(b, PEER_A, PORT_A, tunnel);
	before = drops(b, over);
	assert_true(before > MANY / 2);
	put_control(b, PEER_A, PORT_A, tunnel);
	assert_int_equal(drops(b, over), before + 1);
	for (unsigned i = 0; i < 50; i++) {
		put_control(b, PEER_A, PORT_B, tunnel == 0 ? 0 : (uint8_t)(tunnel + 1));
		put_control(b, PEER_B, PORT_B, tunnel == 0 ? 0 : (uint8_t)(tunnel + 2));
	}
	assert_int_equal(drops(b, over), before + 1);
}

static void
one_tunnels_messages_leave_room_for_others(void **state)
{
	const struct cv_endpoint peers[] = {{.ip = cv_ipv4(PEER_A), .port = PORT_A},
		{.ip = cv_ipv4(PEER_A), .port = PORT_B}, {.ip = cv_ipv4(PEER_B), .port = PORT_B}};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (uint16_t i = 0; i < 3; i++)
		assert_int_equal(dp_tunnel_set(b.dp, 0, (uint16_t)(77 + i), &peers[i]), 0);
	flood(&b, 77, DP_DROP_PUNT_TUNNEL_SHARE);
	assert_int_equal(take_all(&b, PEER_B, PORT_B), 50);
	bench_down(&b);
}

static void
one_strangers_requests_leave_room_for_others(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	flood(&b, 0, DP_DROP_PUNT_NEW_SHARE);
	assert_int_equal(take_all(&b, PEER_A, PORT_B), 50);
	bench_down(&b);
}

static void
requests_by_the_thousand_keep_no_scccn_out(void **state)
{
	struct dp_punt punt;
	struct bench b;
	unsigned n = 0;

	(void)state;
	bench_up(&b, 0, 0);
	for (uint32_t i = 0; i < 900; i++)
		put_control(&b, 0x08000001 + (i << 8), PORT_A, 0);
	put_control(&b, PEER_B, PORT_B, 77);
	dp_control_poll(b.dp, b.now);
	assert_true(dp_punt_next(b.dp, &punt)); /* it is taken first, too */
	assert_int_equal(punt.class, DP_PUNT_CONNECT);
	dp_punt_release(b.dp, &punt);
	while (dp_punt_next(b.dp, &punt)) {
		n++;
		dp_punt_release(b.dp, &punt);
	}
	assert_int_equal(n, 64); /* a round's */
	take_all(&b, 0, 0);
	bench_down(&b);
}

/* What was taken gives its share back: the same flood has it again, and again. */
static void
shares_come_back(void **state)
{
	unsigned first = 0;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned turn = 0; turn < 20; turn++) {
		unsigned got;

		for (unsigned i = 0; i < MANY / 4; i++)
			put_control(&b, PEER_A, PORT_A, 0);
		got = take_all(&b, PEER_A, PORT_A);
		if (turn == 0)
			first = got;
		assert_true(got > 100);
		assert_int_equal(got, first);
	}
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_sessions_ppp_control_has_its_rate),
		cmocka_unit_test(data_that_was_not_negotiated_is_shown_now_and_then),
		cmocka_unit_test(one_addresss_sessions_leave_room_for_others),
		cmocka_unit_test(one_tunnels_messages_leave_room_for_others),
		cmocka_unit_test(one_strangers_requests_leave_room_for_others),
		cmocka_unit_test(requests_by_the_thousand_keep_no_scccn_out),
		cmocka_unit_test(shares_come_back),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
