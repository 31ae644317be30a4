/* SPDX-License-Identifier: BSD-3-Clause */
/* Next hops over IPv6: whom Neighbor Discovery finds, whom of those that claim an address it
 * believes, and who gives way. */
#include "nd.h"

/* The next frame is a solicitation for `about`. */
static void
expect_question(struct bench *b, const char *about, const char *from, const char *to,
	const uint8_t mac[WIRE_MAC])
{
	struct frame_bytes f = take_frame(b);
	struct cv_ip ip = ip6(about), source = ip6(from), target = ip6(to);
	struct wire_nd nd;

	assert_int_equal(f.len, WIRE_ETHER + WIRE_ND_PACKET);
	assert_memory_equal(f.bytes, mac, WIRE_MAC);
	assert_true(wire_nd_read(f.bytes + WIRE_ETHER, f.len - WIRE_ETHER, &nd));
	assert_int_equal(nd.type, WIRE_ND_SOLICIT);
	assert_memory_equal(nd.about, ip.bytes, WIRE_IPV6_ADDRESS);
	assert_memory_equal(nd.source, source.bytes, WIRE_IPV6_ADDRESS);
	assert_memory_equal(nd.target, target.bytes, WIRE_IPV6_ADDRESS);
	assert_memory_equal(nd.mac, b->dp->ports[0].mac, WIRE_MAC);
}

static const uint8_t group_of_peer[WIRE_MAC] = {0x33, 0x33, 0xff, 0, 0, 0x0b};

/* The next frame is a datagram of five bytes to `mac`. */
static void
expect_datagram(struct bench *b, const char *to, const uint8_t mac[WIRE_MAC])
{
	struct frame_bytes f = take_frame(b);
	const uint8_t *ip = f.bytes + WIRE_ETHER, *udp = ip + WIRE_IPV6;
	struct cv_ip target = ip6(to), source = ip6(LNS_6);
	struct wire_ipv6 h;

	assert_int_equal(f.len, ETHER_IPV6 + WIRE_UDP_HEADER + 5);
	assert_memory_equal(f.bytes, mac, WIRE_MAC);
	assert_true(wire_ipv6_read(ip, f.len - WIRE_ETHER, &h));
	assert_int_equal(h.payload, WIRE_UDP_HEADER + 5);
	assert_int_equal(h.next, WIRE_UDP);
	assert_int_equal(h.hops, 64);
	assert_memory_equal(h.source, source.bytes, WIRE_IPV6_ADDRESS);
	assert_memory_equal(h.target, target.bytes, WIRE_IPV6_ADDRESS);
	assert_int_equal(wire_get16(udp + WIRE_UDP_TARGET), 999);
	assert_true(wire_udp_sum_right6(udp, h.source, h.target));
	assert_memory_equal(udp + WIRE_UDP_HEADER, "hello", 5);
}

static void
send_hello(struct bench *b, const char *to)
{
	struct cv_endpoint remote = {.ip = ip6(to), .port = 999};

	assert_int_equal(dp_send_udp(b->dp, b->now, SERVICE_6, &remote, "hello", 5), 0);
	pass_time(b, 0);
}

static void
a_peer_on_the_link_is_found(void **state)
{
	uint8_t mine[WIRE_IPV6_ADDRESS];
	struct bench b;

	(void)state;
	ipv6_up(&b);
	wire_ipv6_of_mac(b.dp->ports[0].mac, mine);
	send_hello(&b, PEER_6);
	expect_question(&b, PEER_6, LNS_6, "ff02::1:ff00:b", group_of_peer);
	/* without its MAC address an answer says nothing of who is not known (section 7.2.5) */
	{
		uint8_t frame[FRAME_MAX];
		size_t bytes = make_advert(&b, frame, PEER_6, peer_mac, WIRE_ND_SOLICITED) - 8;

		frame[WIRE_ETHER + WIRE_IPV6_LENGTH + 1] -= 8;
		sum_icmpv6(frame, bytes);
		put_frame(&b, frame, bytes);
	}
	assert_int_equal(take_frame(&b).len, 0);
	put_advert(&b, PEER_6, peer_mac, WIRE_ND_SOLICITED | WIRE_ND_OVERRIDE);
	expect_datagram(&b, PEER_6, peer_mac);
	send_hello(&b, PEER_6);
	expect_datagram(&b, PEER_6, peer_mac);
	assert_int_equal(edges(&b, DP_EDGE_LOCAL_PUNT_ND), 2);
	bench_down(&b);
}

/* Who asks for us tells where it is. */
static void
a_question_of_a_wanted_neighbour_tells_where_it_is(void **state)
{
	uint8_t frame[FRAME_MAX];
	struct frame_bytes f;
	struct bench b;

	(void)state;
	ipv6_up(&b);
	send_hello(&b, PEER_6);
	expect_question(&b, PEER_6, LNS_6, "ff02::1:ff00:b", group_of_peer);
	put_frame(&b, frame, make_solicit(&b, frame, PEER_6, "ff02::1:ff00:1", LNS_6, true));
	f = take_frame(&b);
	assert_int_equal(f.len, WIRE_ETHER + WIRE_ND_PACKET);
	expect_datagram(&b, PEER_6, peer_mac);
	bench_down(&b);
}

/* A link-local gateway is asked from our link-local address. */
static void
a_link_local_gateway_is_the_way(void **state)
{
	static const uint8_t group[WIRE_MAC] = {0x33, 0x33, 0xff, 0, 0, 1};
	struct cv_ip own = {.family = CV_IPV6};
	char text[CV_IP_TEXT];
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	wire_ipv6_of_mac(b.dp->ports[0].mac, own.bytes);
	cv_ip_text(&own, text);
	serve_ipv6(&b, "fe80::1");
	pass_time(&b, 0);
	expect_report(&b, WIRE_MLD_TO_EXCLUDE, "ff02::1:ff00:1");
	expect_question(&b, "fe80::1", text, "ff02::1:ff00:1", group);
	send_hello(&b, FAR_6);
	assert_int_equal(take_frame(&b).len, 0);
	put_advert(&b, "fe80::1", router_mac, WIRE_ND_ROUTER | WIRE_ND_SOLICITED);
	expect_datagram(&b, FAR_6, router_mac);
	send_hello(&b, "2001:db8:ffff::9");
	expect_datagram(&b, "2001:db8:ffff::9", router_mac);
	bench_down(&b);
}

/* Is peer the way, by what leaves? */
static void
expect_way(struct bench *b, const uint8_t mac[WIRE_MAC])
{
	send_hello(b, PEER_6);
	expect_datagram(b, PEER_6, mac);
}

static void
known(struct bench *b)
{
	ipv6_up(b);
	send_hello(b, PEER_6);
	(void)take_frame(b);
	put_advert(b, PEER_6, peer_mac, WIRE_ND_SOLICITED);
	(void)take_frame(b);
	put_advert(b, "fe80::1", router_mac, WIRE_ND_SOLICITED);
}

/* Override or not, asked for or not: the known one is asked first. */
static void
forged_nd_moves_no_neighbour(void **state)
{
	static const uint8_t flags[] = {
		0, WIRE_ND_OVERRIDE, WIRE_ND_SOLICITED, WIRE_ND_SOLICITED | WIRE_ND_OVERRIDE};
	uint8_t frame[FRAME_MAX];
	struct bench b;

	(void)state;
	known(&b);
	for (unsigned i = 0; i < RTE_DIM(flags); i++) {
		pass_time(&b, CV_NS_PER_S);
		put_advert(&b, PEER_6, forger_mac, flags[i]);
		assert_int_equal(drops(&b, DP_DROP_LOCAL_ND_DOUBTED), i + 1);
		expect_question(&b, PEER_6, LNS_6, PEER_6, peer_mac);
		/* an answer without a MAC address is of who was asked */
		{
			size_t bytes =
				make_advert(&b, frame, PEER_6, peer_mac, WIRE_ND_SOLICITED) - 8;

			frame[WIRE_ETHER + WIRE_IPV6_LENGTH + 1] -= 8;
			sum_icmpv6(frame, bytes);
			put_frame(&b, frame, bytes);
		}
		expect_way(&b, peer_mac);
		pass_time(&b, CV_NS_PER_S);
		assert_int_equal(take_frame(&b).len, 0); /* it has answered */
	}
	bench_down(&b);
}

static void
a_flood_of_forged_nd_costs_a_question_a_second(void **state)
{
	unsigned asked = 0;
	struct bench b;

	(void)state;
	known(&b);
	for (unsigned ms = 0; ms < 5000; ms++) {
		struct frame_bytes f;

		put_advert(&b, PEER_6, forger_mac, WIRE_ND_SOLICITED | WIRE_ND_OVERRIDE);
		while ((f = take_frame(&b)).len != 0) {
			assert_memory_equal(f.bytes, peer_mac, WIRE_MAC);
			asked++;
			put_advert(&b, PEER_6, peer_mac, WIRE_ND_SOLICITED);
		}
		pass_time(&b, CV_NS_PER_MS);
	}
	while (take_frame(&b).len != 0)
		;
	assert_in_range(asked, 4, 6);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ND_DOUBTED), 5000);
	expect_way(&b, peer_mac);
	bench_down(&b);
}

/* What is not an answer does not keep who is silent; after three questions anybody is believed. */
static void
a_silent_station_gives_way(void **state)
{
	struct bench b;

	(void)state;
	known(&b);
	pass_time(&b, CV_NS_PER_S);
	put_advert(&b, PEER_6, forger_mac, 0);
	expect_question(&b, PEER_6, LNS_6, PEER_6, peer_mac);
	put_advert(&b, PEER_6, peer_mac, WIRE_ND_OVERRIDE); /* unasked */
	for (unsigned i = 0; i < 3; i++) {
		pass_time(&b, CV_NS_PER_S);
		expect_question(&b, PEER_6, LNS_6, "ff02::1:ff00:b", group_of_peer);
	}
	put_advert(&b, PEER_6, forger_mac, WIRE_ND_SOLICITED);
	expect_way(&b, forger_mac);
	bench_down(&b);
}

/* A /64 has more addresses than anybody has room for. */
static void
strangers_push_out_strangers_alone(void **state)
{
	char text[CV_IP_TEXT];
	struct bench b;

	(void)state;
	known(&b);
	for (unsigned i = 0; i < 5000; i++) {
		struct cv_endpoint to = {.ip = ip6("2001:db8::5:0:0"), .port = 1};

		wire_put16(to.ip.bytes + 14, (uint16_t)i);
		assert_int_equal(dp_send_udp(b.dp, b.now, SERVICE_6, &to, "x", 1), 0);
		pass_time(&b, 10 * CV_NS_PER_US);
		while (take_frame(&b).len != 0)
			;
	}
	snprintf(text, sizeof(text), "2001:db8::5:0:%x", 4999);
	assert_in_range(drops(&b, DP_DROP_NEIGHBOUR_GAVE_WAY), 5000 - DP_NEIGHBOUR_WAITING, 5000);
	put_advert(&b, text, peer_mac, WIRE_ND_SOLICITED);
	assert_int_equal(take_frame(&b).len, ETHER_IPV6 + WIRE_UDP_HEADER + 1);
	expect_way(&b, peer_mac);
	for (unsigned i = 0; i < 6; i++) {
		pass_time(&b, CV_NS_PER_S);
		while (dp_worker_round(b.dp->workers[0]) != 0 || take_frame(&b).len != 0)
			;
	}
	bench_down(&b);
}

/* gateway-mac: as over IPv4. */
static void
a_configured_mac_is_not_asked_for(void **state)
{
	struct dp_service service;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	serve_ipv6(&b, NULL);
	pass_time(&b, 0);
	expect_report(&b, WIRE_MLD_TO_EXCLUDE, "ff02::1:ff00:1");
	assert_int_equal(dp_service_get(b.dp, SERVICE_6, &service), 0);
	service.gateway = ip6("2001:db8::ff");
	memcpy(service.gateway_mac, router_mac, WIRE_MAC);
	assert_int_equal(dp_service_set(b.dp, SERVICE_6, &service), 0);
	pass_time(&b, 0);
	assert_int_equal(take_frame(&b).len, 0);
	put_advert(&b, "2001:db8::ff", forger_mac, WIRE_ND_SOLICITED | WIRE_ND_OVERRIDE);
	send_hello(&b, FAR_6);
	expect_datagram(&b, FAR_6, router_mac);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peer_on_the_link_is_found),
		cmocka_unit_test(a_question_of_a_wanted_neighbour_tells_where_it_is),
		cmocka_unit_test(a_link_local_gateway_is_the_way),
		cmocka_unit_test(forged_nd_moves_no_neighbour),
		cmocka_unit_test(a_flood_of_forged_nd_costs_a_question_a_second),
		cmocka_unit_test(a_silent_station_gives_way),
		cmocka_unit_test(strangers_push_out_strangers_alone),
		cmocka_unit_test(a_configured_mac_is_not_asked_for),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
