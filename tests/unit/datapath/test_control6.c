/* SPDX-License-Identifier: BSD-3-Clause */
/* Control messages and PPP control over IPv6, and what changes of tunnels, sessions and services.
 */
#include "outer6.h"

static void
expect_punt(struct bench *b, enum dp_punt_class class, const char *from, uint16_t port)
{
	struct dp_punt punt;
	struct cv_ip ip = ip6(from);

	assert_true(dp_punt_next(b->dp, &punt));
	assert_int_equal(punt.class, class);
	assert_int_equal(punt.service, SERVICE_6);
	assert_true(cv_ip_equal(&punt.remote.ip, &ip));
	assert_int_equal(punt.remote.port, port);
	dp_punt_release(b->dp, &punt);
	assert_false(dp_punt_next(b->dp, &punt));
}

static size_t
make_control(
	const struct bench *b, uint8_t *frame, const char *from, uint16_t port, uint16_t tunnel_id)
{
	memcpy(frame + HEADERS, "\xc8\2\0\14\0\0\0\0\0\0\0\0", 12);
	wire_put16(frame + HEADERS + 4, tunnel_id);
	return around_udp6(b, frame, from, LNS_6, port, 12);
}

static void
control_comes_from_the_tunnels_peer_alone(void **state)
{
	struct cv_endpoint peer = {.ip = ip6(PEER_6), .port = PORT_6}, got;
	uint8_t frame[FRAME_MAX];
	struct dp_punt punt;
	struct bench b;

	(void)state;
	up6(&b, 0);
	put_frame(&b, frame, make_control(&b, frame, FAR_6, 1234, 0));
	expect_punt(&b, DP_PUNT_NEW, FAR_6, 1234);
	put_frame(&b, frame, make_control(&b, frame, FAR_6, 1234, 5));
	expect_punt(&b, DP_PUNT_CONNECT, FAR_6, 1234);
	assert_int_equal(dp_tunnel_set(b.dp, SERVICE_6, 5, &peer), 0);
	assert_int_equal(dp_tunnel_get(b.dp, SERVICE_6, 5, &got), 0);
	assert_true(cv_endpoint_equal(&got, &peer));
	put_frame(&b, frame, make_control(&b, frame, PEER_6, PORT_6, 5));
	expect_punt(&b, DP_PUNT_TUNNEL, PEER_6, PORT_6);
	put_frame(&b, frame, make_control(&b, frame, PEER_6, PORT_6 + 1, 5));
	put_frame(&b, frame, make_control(&b, frame, "2001:db8::1:b", PORT_6, 5));
	put_frame(&b, frame, make_control(&b, frame, "2001:db9::b", PORT_6, 5));
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_CONTROL_SOURCE), 3);
	/* a wrong sum */
	make_control(&b, frame, PEER_6, PORT_6, 5);
	frame[HEADERS + 11] ^= 1;
	put_frame(&b, frame, HEADERS + 12);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_UDP_CHECKSUM), 1);
	assert_false(dp_punt_next(b.dp, &punt));
	/* it moves */
	peer.ip = ip6(FAR_6);
	assert_int_equal(dp_tunnel_set(b.dp, SERVICE_6, 5, &peer), 0);
	put_frame(&b, frame, make_control(&b, frame, FAR_6, PORT_6, 5));
	expect_punt(&b, DP_PUNT_TUNNEL, FAR_6, PORT_6);
	put_frame(&b, frame, make_control(&b, frame, PEER_6, PORT_6, 5));
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_CONTROL_SOURCE), 4);
	/* and goes */
	dp_tunnel_clear(b.dp, SERVICE_6, 5);
	put_frame(&b, frame, make_control(&b, frame, PEER_6, PORT_6, 5));
	expect_punt(&b, DP_PUNT_CONNECT, PEER_6, PORT_6);
	/* a service has peers of its family */
	assert_int_equal(dp_tunnel_set(b.dp, 0, 5, &peer), CV_ERR_UNKNOWN);
	peer.ip = cv_ipv4(PEER_A);
	assert_int_equal(dp_tunnel_set(b.dp, SERVICE_6, 5, &peer), CV_ERR_UNKNOWN);
	assert_int_equal(dp_send_udp(b.dp, b.now, SERVICE_6, &peer, "x", 1), CV_ERR_UNKNOWN);
	bench_down(&b);
}

/* Whatever is told of tunnels, no memory of it stays. */
static void
tunnels_that_come_and_go_leave_nothing(void **state)
{
	struct cv_endpoint peer = {.ip = ip6(PEER_6), .port = PORT_6};
	struct bench b;
	size_t before;

	(void)state;
	up6(&b, 0);
	assert_int_equal(dp_tunnel_set(b.dp, SERVICE_6, 1, &peer), 0);
	before = b.dp->table_bytes;
	for (unsigned i = 0; i < 1000; i++) {
		wire_put16(peer.ip.bytes + 14, (uint16_t)i);
		assert_int_equal(dp_tunnel_set(b.dp, SERVICE_6, (uint16_t)(1 + i % 10), &peer), 0);
		dp_control_poll(b.dp, b.now);
	}
	assert_in_range(b.dp->table_bytes, before, before + 9 * 128);
	for (uint16_t i = 2; i < 11; i++)
		dp_tunnel_clear(b.dp, SERVICE_6, i);
	dp_control_poll(b.dp, b.now);
	assert_int_equal(b.dp->table_bytes, before);
	bench_down(&b);
}

static void
ppp_control_and_its_answer(void **state)
{
	static const uint8_t echo[] = {
		0, 2, 0, TUNNEL, 0, SESSION_1, 0xff, 3, 0xc0, 0x21, 9, 1, 0, 8, 0, 0, 0, 0};
	struct cv_endpoint remote = {.ip = ip6(PEER_6), .port = PORT_6};
	uint8_t frame[FRAME_MAX], answer[1500] = {8, 2};
	const uint8_t *ip = NULL;
	struct frame_bytes f;
	struct dp_punt punt;
	struct bench b;
	uint32_t slot;

	(void)state;
	up6(&b, DP_SEND_SEQUENCE);
	memcpy(frame + HEADERS, echo, sizeof(echo));
	put_frame(&b, frame, around_udp6(&b, frame, PEER_6, LNS_6, PORT_6, sizeof(echo)));
	assert_true(dp_punt_next(b.dp, &punt));
	assert_int_equal(punt.class, DP_PUNT_PPP);
	assert_true(cv_ip_equal(&punt.remote.ip, &remote.ip));
	assert_int_equal(punt.len, sizeof(echo));
	assert_memory_equal(punt.data, echo, sizeof(echo));
	slot = punt.slot;
	dp_punt_release(b.dp, &punt);
	frame[HEADERS + sizeof(echo) - 1] ^= 1;
	put_frame(&b, frame, HEADERS + sizeof(echo));
	assert_int_equal(drops(&b, DP_DROP_INGRESS_UDP_CHECKSUM), 1);
	/* Ns comes when it leaves, and the sum is right with it */
	for (uint16_t i = 0; i < 3; i++) {
		assert_int_equal(
			dp_send_l2tp(b.dp, b.now, SERVICE_6, slot, &remote, answer, 1452), 0);
		dp_worker_round(b.dp->workers[0]);
		f = take_frame(&b);
		ip = f.bytes + WIRE_ETHER;
		assert_int_equal(f.len, 1514);
		assert_int_equal(wire_get16(f.bytes + HEADERS + 6), i);
		assert_true(wire_udp_sum_right6(
			ip + WIRE_IPV6, ip + WIRE_IPV6_SOURCE, ip + WIRE_IPV6_TARGET));
	}
	assert_int_equal(
		dp_send_l2tp(b.dp, b.now, SERVICE_6, slot, &remote, answer, 1453), CV_ERR_SPACE);
	bench_down(&b);
}

/* ---- changes ---- */

static void
a_session_moves_to_another_address(void **state)
{
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct dp_session s;
	struct bench b;
	uint32_t slot;

	(void)state;
	up6(&b, 0);
	slot = open_session(&b, SESSION_1, PEER_6, INNER_1, 0);
	assert_int_equal(dp_session_get(b.dp, slot, &s), 0);
	s.peer.ip = ip6(FAR_6);
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	inner_packet(packet, INNER_1, INNER_2, ESP, 60);
	put_data6(&b, SESSION_1, packet, 60);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_SOURCE), 1);
	inner_packet(packet, INNER_A, INNER_1, ESP, 60);
	put_data(&b, true, &(struct wire){0}, packet, 60);
	/* to where the other one is, too */
	{
		struct frame_bytes f = take_frame(&b);
		const uint8_t *ip = f.bytes + WIRE_ETHER;

		assert_memory_equal(f.bytes, router_mac, WIRE_MAC);
		assert_memory_equal(ip + WIRE_IPV6_TARGET, s.peer.ip.bytes, WIRE_IPV6_ADDRESS);
		assert_true(wire_udp_sum_right6(
			ip + WIRE_IPV6, ip + WIRE_IPV6_SOURCE, ip + WIRE_IPV6_TARGET));
	}
	s.peer.ip = cv_ipv4(PEER_A);
	assert_int_equal(dp_session_set(b.dp, &s, NULL), CV_ERR_UNKNOWN);
	assert_int_equal(dp_session_clear(b.dp, slot, NULL), 0);
	inner_packet(packet, INNER_2, INNER_B, ESP, 60);
	put_data6(&b, SESSION_2, packet, 60);
	assert_int_equal(take_inner(&b, false, got), 60);
	bench_down(&b);
}

static void
services_that_can_be_none(void **state)
{
	static const char *const wrong[] = {"::", "::1", "ff02::1", "fe80::5", "::ffff:192.0.2.9"};
	struct dp_service service = {.prefix_length = 64};
	struct bench b;

	(void)state;
	up6(&b, 0);
	for (unsigned i = 0; i < RTE_DIM(wrong); i++) {
		service.ip = ip6(wrong[i]);
		assert_int_equal(dp_service_set(b.dp, 9, &service), CV_ERR_CONFIG);
	}
	service.ip = ip6("2001:db8::9");
	service.gateway = cv_ipv4(PEER_A);
	assert_int_equal(dp_service_set(b.dp, 9, &service), CV_ERR_CONFIG);
	service.gateway = ip6("ff02::2");
	assert_int_equal(dp_service_set(b.dp, 9, &service), CV_ERR_CONFIG);
	service.gateway = ip6("fe80::1");
	service.prefix_length = 129;
	assert_int_equal(dp_service_set(b.dp, 9, &service), CV_ERR_CONFIG);
	service.prefix_length = 64;
	service.ip = ip6(LNS_6);
	assert_int_equal(dp_service_set(b.dp, 9, &service), CV_ERR_EXISTS);
	service.udp_port = 1702; /* the same address, another port */
	assert_int_equal(dp_service_set(b.dp, 9, &service), 0);
	service.ip = ip6("2001:db8::9"); /* what sessions have stays */
	assert_int_equal(dp_service_set(b.dp, SERVICE_6, &service), CV_ERR_EXISTS);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_comes_from_the_tunnels_peer_alone),
		cmocka_unit_test(tunnels_that_come_and_go_leave_nothing),
		cmocka_unit_test(ppp_control_and_its_answer),
		cmocka_unit_test(a_session_moves_to_another_address),
		cmocka_unit_test(services_that_can_be_none),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
