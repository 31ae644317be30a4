/* SPDX-License-Identifier: BSD-3-Clause */
/* Neighbor Discovery, echo and what else ICMPv6 there is on the link. */
#include "ipv6.h"

static const uint8_t forger_mac[WIRE_MAC] = {2, 0, 0, 0, 0, 0x66},
		     peer_mac[WIRE_MAC] = {2, 0, 0, 0, 0, 0x0b};

static void
up(struct bench *b)
{
	bench_up(b, 0, 0);
	serve_ipv6(b, "fe80::1");
	dp_control_poll(b->dp, b->now);
	dp_worker_round(b->dp->workers[0]);
	while (take_frame(b).len != 0)
		; /* questions for the gateway */
}

/* A solicitation for `about`, where it is asked for; with the asker's MAC address. */
static size_t
make_solicit(const struct bench *b, uint8_t *frame, const char *from, const char *to,
	const char *about, bool option)
{
	uint8_t *nd = frame + ETHER_IPV6;
	struct cv_ip ip = ip6(about);
	size_t bytes;

	memset(nd, 0, 32);
	nd[0] = WIRE_ND_SOLICIT;
	memcpy(nd + WIRE_ND_TARGET, ip.bytes, WIRE_IPV6_ADDRESS);
	nd[WIRE_ND_OPTIONS] = WIRE_ND_OPTION_SOURCE;
	nd[WIRE_ND_OPTIONS + 1] = 1;
	memcpy(nd + WIRE_ND_OPTIONS + 2, peer_mac, WIRE_MAC);
	bytes = around_ipv6(b, frame, from, to, WIRE_ICMPV6, WIRE_ND_HOPS, option ? 32 : 24);
	memcpy(frame + WIRE_ETHER_SOURCE, peer_mac, WIRE_MAC);
	sum_icmpv6(frame, bytes);
	return bytes;
}

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
	up(&b);
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
	up(&b);
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
	up(&b);
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
	up(&b);
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
	up(&b);
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

/* The next frame says that we listen to the group, and to that of our link-local address. */
static void
expect_report(struct bench *b, uint8_t type, const char *group)
{
	struct frame_bytes f = take_frame(b);
	const uint8_t *ip = f.bytes + WIRE_ETHER, *mld = ip + WIRE_IPV6 + 8;
	struct cv_ip routers = ip6("ff02::16"), address = ip6(group);
	uint8_t own[WIRE_IPV6_ADDRESS], own_group[WIRE_IPV6_ADDRESS];
	struct wire_upper upper;
	struct wire_ipv6 h;

	wire_ipv6_of_mac(b->dp->ports[0].mac, own);
	wire_ipv6_solicited(own, own_group);
	assert_int_equal(f.len, ETHER_IPV6 + 8 + 8 + 2 * 20);
	assert_memory_equal(f.bytes, "\x33\x33\0\0\0\x16", WIRE_MAC);
	assert_true(wire_ipv6_read(ip, f.len - WIRE_ETHER, &h));
	assert_int_equal(h.hops, 1);
	assert_memory_equal(h.source, own, sizeof(own));
	assert_memory_equal(h.target, routers.bytes, WIRE_IPV6_ADDRESS);
	assert_int_equal(h.next, WIRE_HOP_BY_HOP);
	assert_memory_equal(ip + WIRE_IPV6 + 2, "\5\2\0\0", 4); /* router alert: MLD */
	assert_true(wire_ipv6_upper(ip, f.len - WIRE_ETHER, &upper));
	assert_int_equal(upper.protocol, WIRE_ICMPV6);
	assert_true(wire_icmpv6_sum_right(mld, f.len - ETHER_IPV6 - 8, h.source, h.target));
	assert_int_equal(mld[0], WIRE_MLD_REPORT_2);
	assert_int_equal(wire_get16(mld + 6), 2);
	assert_int_equal(mld[8], type);
	assert_memory_equal(mld + 12, own_group, WIRE_IPV6_ADDRESS);
	assert_int_equal(mld[28], type);
	assert_memory_equal(mld + 32, address.bytes, WIRE_IPV6_ADDRESS);
}

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
	up(&b);
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

/* ---- neighbours ---- */

static void
pass(struct bench *b, uint64_t ns)
{
	b->now += ns;
	dp_control_poll(b->dp, b->now);
	dp_worker_round(b->dp->workers[0]);
}

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
	pass(b, 0);
}

static void
a_peer_on_the_link_is_found(void **state)
{
	uint8_t mine[WIRE_IPV6_ADDRESS];
	struct bench b;

	(void)state;
	up(&b);
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
	up(&b);
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
	pass(&b, 0);
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
	up(b);
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
		pass(&b, CV_NS_PER_S);
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
		pass(&b, CV_NS_PER_S);
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
		pass(&b, CV_NS_PER_MS);
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
	pass(&b, CV_NS_PER_S);
	put_advert(&b, PEER_6, forger_mac, 0);
	expect_question(&b, PEER_6, LNS_6, PEER_6, peer_mac);
	put_advert(&b, PEER_6, peer_mac, WIRE_ND_OVERRIDE); /* unasked */
	for (unsigned i = 0; i < 3; i++) {
		pass(&b, CV_NS_PER_S);
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
		pass(&b, 10 * CV_NS_PER_US);
		while (take_frame(&b).len != 0)
			;
	}
	snprintf(text, sizeof(text), "2001:db8::5:0:%x", 4999);
	assert_in_range(drops(&b, DP_DROP_NEIGHBOUR_GAVE_WAY), 5000 - DP_NEIGHBOUR_WAITING, 5000);
	put_advert(&b, text, peer_mac, WIRE_ND_SOLICITED);
	assert_int_equal(take_frame(&b).len, ETHER_IPV6 + WIRE_UDP_HEADER + 1);
	expect_way(&b, peer_mac);
	for (unsigned i = 0; i < 6; i++) {
		pass(&b, CV_NS_PER_S);
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
	pass(&b, 0);
	expect_report(&b, WIRE_MLD_TO_EXCLUDE, "ff02::1:ff00:1");
	assert_int_equal(dp_service_get(b.dp, SERVICE_6, &service), 0);
	service.gateway = ip6("2001:db8::ff");
	memcpy(service.gateway_mac, router_mac, WIRE_MAC);
	assert_int_equal(dp_service_set(b.dp, SERVICE_6, &service), 0);
	pass(&b, 0);
	assert_int_equal(take_frame(&b).len, 0);
	put_advert(&b, "2001:db8::ff", forger_mac, WIRE_ND_SOLICITED | WIRE_ND_OVERRIDE);
	send_hello(&b, FAR_6);
	expect_datagram(&b, FAR_6, router_mac);
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
	up(&b);
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
	up(&b);
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
	pass(&b, 0);
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
		cmocka_unit_test(a_peer_on_the_link_is_found),
		cmocka_unit_test(a_question_of_a_wanted_neighbour_tells_where_it_is),
		cmocka_unit_test(a_link_local_gateway_is_the_way),
		cmocka_unit_test(forged_nd_moves_no_neighbour),
		cmocka_unit_test(a_flood_of_forged_nd_costs_a_question_a_second),
		cmocka_unit_test(a_silent_station_gives_way),
		cmocka_unit_test(strangers_push_out_strangers_alone),
		cmocka_unit_test(a_configured_mac_is_not_asked_for),
		cmocka_unit_test(echo_requests_are_answered),
		cmocka_unit_test(some_echo_requests_are_not),
		cmocka_unit_test(a_port_without_ipv6_drops_it),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
