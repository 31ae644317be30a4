/* SPDX-License-Identifier: BSD-3-Clause */
/* Neighbor Discovery, echo and what else ICMPv6 there is on the link. */
#include "nd.h"

static void
expect_advert(struct bench *b, const char *about, const uint8_t *to, const uint8_t to_mac[WIRE_MAC],
	uint8_t flags)
{
	struct frame_bytes f = take_frame(b);
	struct cv_ip ip = ip6(about);
	struct wire_nd nd;

	assert_int_equal(f.len, WIRE_ETHER + WIRE_ND_PACKET);
	assert_memory_equal(f.bytes, to_mac, WIRE_MAC);
	assert_memory_equal(f.bytes + WIRE_ETHER_SOURCE, b->dp->ports[0].mac, WIRE_MAC);
	assert_int_equal(wire_ether_type_be(f.bytes), WIRE_TYPE_IPV6_BE);
	assert_true(wire_nd_read(f.bytes + WIRE_ETHER, f.len - WIRE_ETHER, &nd));
	assert_int_equal(nd.type, WIRE_ND_ADVERT);
	assert_int_equal(nd.flags, flags);
	assert_memory_equal(nd.about, ip.bytes, WIRE_IPV6_ADDRESS);
	assert_memory_equal(nd.source, ip.bytes, WIRE_IPV6_ADDRESS);
	assert_memory_equal(nd.target, to, WIRE_IPV6_ADDRESS);
	assert_memory_equal(nd.mac, b->dp->ports[0].mac, WIRE_MAC);
}

static void
our_addresses_are_answered_for(void **state)
{
	static const uint8_t all_nodes_mac[WIRE_MAC] = {0x33, 0x33, 0, 0, 0, 1};
	struct cv_ip peer = ip6(PEER_6);
	uint8_t frame[FRAME_MAX], own[WIRE_IPV6_ADDRESS], group[WIRE_IPV6_ADDRESS];
	char own_text[CV_IP_TEXT], group_text[CV_IP_TEXT];
	struct cv_ip ip = {.family = CV_IPV6};
	struct bench b;

	(void)state;
	ipv6_up(&b);
	/* on the solicited-node address, unicast with and without an option, by nobody (DAD) */
	put_to_worker(&b, frame, make_solicit(&b, frame, PEER_6, "ff02::1:ff00:1", LNS_6, true));
	expect_advert(&b, LNS_6, peer.bytes, peer_mac, WIRE_ND_SOLICITED | WIRE_ND_OVERRIDE);
	put_to_worker(&b, frame, make_solicit(&b, frame, PEER_6, LNS_6, LNS_6, true));
	expect_advert(&b, LNS_6, peer.bytes, peer_mac, WIRE_ND_SOLICITED | WIRE_ND_OVERRIDE);
	put_to_worker(&b, frame, make_solicit(&b, frame, PEER_6, LNS_6, LNS_6, false));
	expect_advert(&b, LNS_6, peer.bytes, peer_mac, WIRE_ND_SOLICITED | WIRE_ND_OVERRIDE);
	put_to_worker(&b, frame, make_solicit(&b, frame, "::", "ff02::1:ff00:1", LNS_6, false));
	expect_advert(&b, LNS_6, all_nodes, all_nodes_mac, WIRE_ND_OVERRIDE);
	/* the link-local address of a port that speaks IPv6 is ours, too */
	wire_ipv6_of_mac(b.dp->ports[0].mac, own);
	wire_ipv6_solicited(own, group);
	memcpy(ip.bytes, own, sizeof(own));
	cv_ip_text(&ip, own_text);
	memcpy(ip.bytes, group, sizeof(group));
	cv_ip_text(&ip, group_text);
	put_to_worker(&b, frame, make_solicit(&b, frame, PEER_6, group_text, own_text, true));
	expect_advert(&b, own_text, peer.bytes, peer_mac, WIRE_ND_SOLICITED | WIRE_ND_OVERRIDE);
	assert_int_equal(edges(&b, DP_EDGE_LOCAL_ND), 5);
	assert_int_equal(take_frame(&b).len, 0);
	bench_down(&b);
}

/* RFC 4861 sections 7.1.1, 7.1.2, each rule. */
static void
malformed_nd_is_dropped(void **state)
{
	static const struct {
		const char *from, *to, *about;
		bool option;
		unsigned at; /* in the frame: a byte that gets */
		uint8_t value;
		bool cut; /* an option of 8 bytes that has 4 */
	} cases[] = {
		{PEER_6, LNS_6, LNS_6, true, WIRE_ETHER + WIRE_IPV6_HOPS, 254, false},
		{PEER_6, LNS_6, LNS_6, true, ETHER_IPV6 + 1, 1, false}, /* code */
		{PEER_6, LNS_6, LNS_6, true, ETHER_IPV6 + WIRE_ND_OPTIONS + 1, 0, false},
		{PEER_6, LNS_6, LNS_6, true, ETHER_IPV6 + WIRE_ND_OPTIONS + 1, 2, false},
		{PEER_6, LNS_6, LNS_6, true, ETHER_IPV6 + WIRE_ND_OPTIONS + 2, 1, false}, /* MAC */
		{PEER_6, LNS_6, LNS_6, true, 0, 0, true},
		{PEER_6, LNS_6, "ff02::1", true, 0, 0, false},
		{"::", "ff02::1:ff00:1", LNS_6, true, 0, 0, false},
		{"::", LNS_6, LNS_6, false, 0, 0, false},
	};
	uint8_t frame[FRAME_MAX];
	struct bench b;

	(void)state;
	ipv6_up(&b);
	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		size_t bytes = make_solicit(
			&b, frame, cases[i].from, cases[i].to, cases[i].about, cases[i].option);

		if (cases[i].at != 0)
			frame[cases[i].at] = cases[i].value;
		if (cases[i].cut) {
			bytes -= 4;
			frame[WIRE_ETHER + WIRE_IPV6_LENGTH + 1] -= 4;
		}
		sum_icmpv6(frame, bytes);
		put_frame(&b, frame, bytes);
		assert_int_equal(drops(&b, DP_DROP_LOCAL_ND_MALFORMED), i + 1);
		assert_int_equal(take_frame(&b).len, 0);
	}
	/* a wrong sum, and less than a message */
	put_frame(&b, frame, make_solicit(&b, frame, PEER_6, LNS_6, LNS_6, true));
	assert_int_not_equal(take_frame(&b).len, 0);
	frame[ETHER_IPV6 + 3] ^= 1;
	put_frame(&b, frame, ETHER_IPV6 + 32);
	put_frame(&b, frame, around_ipv6(&b, frame, PEER_6, LNS_6, WIRE_ICMPV6, 255, 7));
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ICMP_CHECKSUM), 2);
	/* an advertisement that claims to be asked for, to all */
	make_advert(&b, frame, PEER_6, peer_mac, WIRE_ND_SOLICITED);
	put_frame(&b, frame, around_ipv6(&b, frame, PEER_6, "ff02::1", WIRE_ICMPV6, 255, 32));
	sum_icmpv6(frame, ETHER_IPV6 + 32);
	put_frame(&b, frame, ETHER_IPV6 + 32);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ND_MALFORMED), RTE_DIM(cases) + 1);
	bench_down(&b);
}

static void
others_nd_is_none_of_ours(void **state)
{
	uint8_t frame[FRAME_MAX];
	struct bench b;

	(void)state;
	ipv6_up(&b);
	/* the last three bytes are those of an address of ours, and no more */
	put_frame(&b, frame,
		make_solicit(&b, frame, PEER_6, "ff02::1:ff00:1", "2001:db8::ab00:1", true));
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ND_IGNORED), 1);
	put_advert(&b, PEER_6, peer_mac, WIRE_ND_OVERRIDE); /* nobody asked */
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ND_IGNORED), 2);
	put_frame(
		&b, frame, make_solicit(&b, frame, PEER_6, "ff02::1:ff00:2", "2001:db8::2", true));
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_DESTINATION), 1);
	put_advert(&b, LNS_6, forger_mac, WIRE_ND_OVERRIDE); /* our own address */
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ND_CONFLICT), 1);
	assert_int_equal(take_frame(&b).len, 0);
	bench_down(&b);
}

static void
routers_and_multicast_routers_are_ignored(void **state)
{
	static const struct {
		uint8_t type;
		enum dp_drop_cause cause;
	} cases[] = {{WIRE_ND_ROUTER_SOLICIT, DP_DROP_LOCAL_ND_ROUTER},
		{WIRE_ND_ROUTER_ADVERT, DP_DROP_LOCAL_ND_ROUTER},
		{WIRE_ND_REDIRECT, DP_DROP_LOCAL_ND_ROUTER}, {131, DP_DROP_LOCAL_MLD},
		{132, DP_DROP_LOCAL_MLD}, {143, DP_DROP_LOCAL_MLD},
		{WIRE_ICMPV6_UNREACHABLE, DP_DROP_LOCAL_ICMP_IGNORED},
		{WIRE_ICMPV6_ECHO_REPLY, DP_DROP_LOCAL_ICMP_IGNORED},
		{200, DP_DROP_LOCAL_ICMP_IGNORED}};
	uint8_t frame[FRAME_MAX];
	struct bench b;

	(void)state;
	ipv6_up(&b);
	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		uint64_t before = drops(&b, cases[i].cause);
		size_t bytes = around_ipv6(&b, frame, "fe80::77", "ff02::1", WIRE_ICMPV6, 255, 40);

		memset(frame + ETHER_IPV6, 0, 40);
		frame[ETHER_IPV6] = cases[i].type;
		sum_icmpv6(frame, bytes);
		put_frame(&b, frame, bytes);
		assert_int_equal(drops(&b, cases[i].cause), before + 1);
		assert_int_equal(take_frame(&b).len, 0);
	}
	bench_down(&b);
}

static void
a_stations_solicitations_have_a_rate(void **state)
{
	uint8_t frame[FRAME_MAX], own[WIRE_MAC];
	unsigned answered = 0;
	struct bench b;
	size_t bytes;

	(void)state;
	ipv6_up(&b);
	bytes = make_solicit(&b, frame, PEER_6, LNS_6, LNS_6, true);
	memcpy(own, frame, sizeof(own));
	for (unsigned i = 0; i < 3000; i++) {
		put_to_worker(&b, frame, bytes);
		answered += take_frame(&b).len != 0;
	}
	assert_in_range(answered, 1000, 2500);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ND_LIMIT), 3000 - answered);
	/* another one is answered beside it */
	bytes = make_solicit(&b, frame, "2001:db8::d", LNS_6, LNS_6, true);
	put_to_worker(&b, frame, bytes);
	assert_int_not_equal(take_frame(&b).len, 0);
	bench_down(&b);
}

/* ---- multicast listeners ---- */

static size_t
make_query(const struct bench *b, uint8_t *frame, const char *from, uint8_t hops, size_t len)
{
	size_t bytes = around_ipv6(b, frame, from, "ff02::1", WIRE_ICMPV6, hops, len);

	memset(frame + ETHER_IPV6, 0, len);
	frame[ETHER_IPV6] = WIRE_MLD_QUERY;
	sum_icmpv6(frame, bytes);
	return bytes;
}

/* Else a switch that looks at it would keep from us who asks for our address. */
static void
a_router_is_told_which_groups_we_listen_to(void **state)
{
	uint8_t frame[FRAME_MAX];
	unsigned told = 0;
	struct bench b;

	(void)state;
	ipv6_up(&b);
	put_frame(&b, frame, make_query(&b, frame, "fe80::77", 1, 28));
	expect_report(&b, WIRE_MLD_IS_EXCLUDE, "ff02::1:ff00:1");
	assert_int_equal(edges(&b, DP_EDGE_LOCAL_PUNT_MLD), 1);
	put_frame(&b, frame, make_query(&b, frame, PEER_6, 1, 28));
	put_frame(&b, frame, make_query(&b, frame, "fe80::77", 2, 28));
	put_frame(&b, frame, make_query(&b, frame, "fe80::77", 1, 20));
	assert_int_equal(drops(&b, DP_DROP_LOCAL_MLD), 3);
	assert_int_equal(take_frame(&b).len, 0);
	for (unsigned i = 0; i < 500; i++) {
		put_frame(&b, frame, make_query(&b, frame, "fe80::78", 1, 28));
		told += take_frame(&b).len != 0;
	}
	assert_in_range(told, 9, 40);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_MLD_LIMIT), 500 - told);
	bench_down(&b);
}

/* ---- echo ---- */

static size_t
make_ping(const struct bench *b, uint8_t *frame, const char *from, const char *to, size_t len)
{
	size_t bytes = around_ipv6(b, frame, from, to, WIRE_ICMPV6, 3, len);

	for (size_t i = 0; i < len; i++)
		frame[ETHER_IPV6 + i] = (uint8_t)(i * 7);
	frame[ETHER_IPV6] = WIRE_ICMPV6_ECHO;
	frame[ETHER_IPV6 + 1] = 0;
	sum_icmpv6(frame, bytes);
	return bytes;
}

static void
echo_requests_are_answered(void **state)
{
	uint8_t frame[FRAME_MAX];
	struct frame_bytes f;
	struct wire_ipv6 h;
	struct cv_ip from = ip6(FAR_6), own = ip6(LNS_6);
	struct bench b;

	(void)state;
	ipv6_up(&b);
	for (size_t len = 8; len < 1400; len += 131) {
		size_t bytes = make_ping(&b, frame, FAR_6, LNS_6, len);

		/* traffic class 0xbb, CE among it, and a flow label */
		wire_put32(frame + WIRE_ETHER, UINT32_C(0x6bb12345));
		put_to_worker(&b, frame, bytes);
		f = take_frame(&b);
		assert_int_equal(f.len, bytes);
		assert_memory_equal(f.bytes, router_mac, WIRE_MAC);
		assert_true(wire_ipv6_read(f.bytes + WIRE_ETHER, f.len - WIRE_ETHER, &h));
		assert_int_equal(h.traffic_class, 0xb8);
		assert_int_equal(h.flow, 0);
		assert_int_equal(h.hops, 64);
		assert_memory_equal(h.source, own.bytes, WIRE_IPV6_ADDRESS);
		assert_memory_equal(h.target, from.bytes, WIRE_IPV6_ADDRESS);
		assert_true(wire_icmpv6_sum_right(f.bytes + ETHER_IPV6, len, h.source, h.target));
		assert_int_equal(f.bytes[ETHER_IPV6], WIRE_ICMPV6_ECHO_REPLY);
		assert_memory_equal(f.bytes + ETHER_IPV6 + 4, frame + ETHER_IPV6 + 4, len - 4);
	}
	bench_down(&b);
}

static void
some_echo_requests_are_not(void **state)
{
	uint8_t frame[FRAME_MAX];
	unsigned answered = 0;
	struct bench b;
	size_t bytes;

	(void)state;
	ipv6_up(&b);
	put_frame(&b, frame, make_ping(&b, frame, FAR_6, "ff02::1", 64));
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ICMP_IGNORED), 1);
	put_frame(&b, frame, make_ping(&b, frame, LNS_6, LNS_6, 64));
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_LAND), 1);
	put_frame(&b, frame, make_ping(&b, frame, "::", LNS_6, 64));
	put_frame(&b, frame, make_ping(&b, frame, "::1", LNS_6, 64));
	put_frame(&b, frame, make_ping(&b, frame, "ff02::1", LNS_6, 64));
	put_frame(&b, frame, make_ping(&b, frame, "::ffff:192.0.2.11", LNS_6, 64));
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_MARTIAN), 4);
	put_frame(&b, frame, make_ping(&b, frame, FAR_6, LNS_6, 1500));
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ECHO_LIMIT), 1);
	assert_int_equal(take_frame(&b).len, 0);
	/* a host has a /64 to choose from: one rate for all of it */
	for (unsigned i = 0; i < 1000; i++) {
		char from[CV_IP_TEXT];

		snprintf(from, sizeof(from), "2001:db8:7::%x", i + 1);
		bytes = make_ping(&b, frame, from, LNS_6, 64);
		put_to_worker(&b, frame, bytes);
		answered += take_frame(&b).len != 0;
	}
	assert_in_range(answered, 100, 400);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ECHO_LIMIT), 1 + 1000 - answered);
	put_to_worker(&b, frame, make_ping(&b, frame, "2001:db8:8::1", LNS_6, 64));
	assert_int_not_equal(take_frame(&b).len, 0);
	bench_down(&b);
}

/* A port without a service over IPv6 has nothing to do with it. */
static void
a_port_without_ipv6_drops_it(void **state)
{
	uint8_t frame[FRAME_MAX];
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	put_frame(&b, frame, make_solicit(&b, frame, PEER_6, "ff02::1:ff00:1", LNS_6, true));
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_ETHERTYPE), 1);
	serve_ipv6(&b, NULL);
	pass_time(&b, 0);
	expect_report(&b, WIRE_MLD_TO_EXCLUDE, "ff02::1:ff00:1");
	put_frame(&b, frame, make_solicit(&b, frame, PEER_6, "ff02::1:ff00:1", LNS_6, true));
	assert_int_not_equal(take_frame(&b).len, 0);
	assert_int_equal(dp_service_clear(b.dp, SERVICE_6), 0);
	put_frame(&b, frame, make_solicit(&b, frame, PEER_6, "ff02::1:ff00:1", LNS_6, true));
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_ETHERTYPE), 2);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_addresses_are_answered_for),
		cmocka_unit_test(malformed_nd_is_dropped),
		cmocka_unit_test(others_nd_is_none_of_ours),
		cmocka_unit_test(routers_and_multicast_routers_are_ignored),
		cmocka_unit_test(a_stations_solicitations_have_a_rate),
		cmocka_unit_test(a_router_is_told_which_groups_we_listen_to),
		cmocka_unit_test(echo_requests_are_answered),
		cmocka_unit_test(some_echo_requests_are_not),
		cmocka_unit_test(a_port_without_ipv6_drops_it),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
