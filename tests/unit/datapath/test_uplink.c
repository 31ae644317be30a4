/* SPDX-License-Identifier: BSD-3-Clause */
/* An interface inside a realm: plain IP from clients and to them, by neighbours and next hops. */
#include "harness.h"

enum {
	ESP = 50,
	LAN = 7, /* group and filter of the interface */
	VIA = 3,
	LEN = 100,
};

#define OURS UINT32_C(0xc0a80501)   /* 192.168.5.1, on the LAN */
#define HOST UINT32_C(0xc0a80509)   /* who is there, */
#define ROUTER UINT32_C(0xc0a805fe) /* and another one, */
#define BEYOND UINT32_C(0xcb007107) /* behind whom 203.0.113.0/24 is */

static const uint8_t host_mac[6] = {2, 0, 0, 0, 5, 9}, router_mac[6] = {2, 0, 0, 0, 5, 0xfe};

/* One port for tunnels and the LAN, as a small site has it. */
static void
lan_up(struct bench *b)
{
	const struct policy any = {.kind = DP_FILTER_ANY, .clients_reachable = true};
	const struct dp_iface inside = {.inside = true, .group = LAN, .filter = LAN};
	const struct cv_prefix address = {.ip = cv_ipv4(OURS), .length = 24};
	struct dp_group group = {.lns = cv_ipv4(OURS), .clients_reachable = true};
	struct frame_bytes f;

	bench_up(b, 0, 0);
	assert_int_equal(set_policy(b->dp, LAN, &any), 0);
	assert_int_equal(dp_group_set(b->dp, LAN, &group), 0);
	assert_int_equal(dp_iface_set(b->dp, 0, &inside), 0);
	assert_int_equal(dp_address_set(b->dp, 0, &address), 0);
	/* all are told who has it now (RFC 5227 section 2.3) */
	dp_worker_round(b->dp->workers[0]);
	f = take_frame(b);
	assert_int_equal(f.len, WIRE_ETHER + WIRE_ARP);
	assert_int_equal(f.bytes[0], 0xff);
	assert_int_equal(wire_get32(f.bytes + WIRE_ETHER + WIRE_ARP_SENDER_IP), OURS);
	assert_int_equal(wire_get32(f.bytes + WIRE_ETHER + WIRE_ARP_TARGET_IP), OURS);
	assert_memory_equal(
		f.bytes + WIRE_ETHER + WIRE_ARP_SENDER_MAC, b->dp->ports[0].mac, WIRE_MAC);
	b->dp->workers[0]->stages_only = stages_only;
}

/* A's packet to an address, of which nobody but the LAN can have it. */
static void
send_out(struct bench *b, uint32_t to, size_t len)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};

	inner_packet(packet, INNER_A, to, ESP, len);
	put_data(b, true, &wire, packet, len);
}

/* It left as it was, but for its TTL. */
static void
expect_out(struct bench *b, const uint8_t mac[6], uint32_t to, size_t len)
{
	struct frame_bytes f = take_frame(b);
	uint8_t packet[FRAME_MAX];

	inner_packet(packet, INNER_A, to, ESP, len);
	packet[WIRE_IPV4_TTL]--;
	inner_checksum(packet);
	assert_int_equal(f.len, WIRE_ETHER + len);
	assert_memory_equal(f.bytes, mac, 6);
	assert_memory_equal(f.bytes + 6, b->dp->ports[0].mac, 6);
	assert_int_equal(wire_ether_type_be(f.bytes), WIRE_TYPE_IPV4_BE);
	assert_memory_equal(f.bytes + WIRE_ETHER, packet, len);
}

/* Who has the address is asked; when time has passed others are, too. */
static void
expect_question_of(struct bench *b, uint32_t from, uint32_t about)
{
	struct frame_bytes f;
	const uint8_t *arp = f.bytes + WIRE_ETHER;

	do {
		f = take_frame(b);
		assert_int_equal(f.len, WIRE_ETHER + WIRE_ARP);
		assert_int_equal(wire_load16(arp + WIRE_ARP_OPERATION), WIRE_ARP_REQUEST_BE);
	} while (wire_get32(arp + WIRE_ARP_TARGET_IP) != about);
	assert_int_equal(wire_get32(arp + WIRE_ARP_SENDER_IP), from);
}

static void
expect_question(struct bench *b, uint32_t about)
{
	expect_question_of(b, OURS, about);
}

static void
drain(struct bench *b)
{
	while (take_frame(b).len != 0)
		;
}

static void
answer(struct bench *b, uint32_t ip, const uint8_t mac[6])
{
	uint8_t frame[FRAME_MAX];

	wire_ether_write(frame, b->dp->ports[0].mac, mac, WIRE_TYPE_ARP);
	wire_arp_write(frame + WIRE_ETHER, WIRE_ARP_REPLY, mac, wire_swap32(ip),
		b->dp->ports[0].mac, wire_swap32(OURS));
	put_frame(b, frame, WIRE_ETHER + WIRE_ARP);
}

/* A packet from the LAN, in a frame to us. */
static void
put_plain(struct bench *b, const uint8_t *packet, size_t len)
{
	uint8_t frame[FRAME_MAX];

	wire_ether_write(frame, b->dp->ports[0].mac, host_mac, WIRE_TYPE_IPV4);
	memcpy(frame + WIRE_ETHER, packet, len);
	put_frame(b, frame, WIRE_ETHER + len);
}

static void
send_in(struct bench *b, uint32_t from, uint32_t to, size_t len)
{
	uint8_t packet[FRAME_MAX];

	inner_packet(packet, from, to, ESP, len);
	put_plain(b, packet, len);
}

static void
know(struct bench *b)
{
	send_out(b, HOST, LEN);
	expect_question(b, HOST);
	answer(b, HOST, host_mac);
	expect_out(b, host_mac, HOST, LEN);
}

static void
to_a_neighbour(void **state)
{
	struct bench b;

	(void)state;
	lan_up(&b);
	/* who is not known is asked for; the first ones wait */
	send_out(&b, HOST, LEN);
	send_out(&b, HOST, LEN + 1);
	assert_int_equal(edges(&b, DP_EDGE_EGRESS_PUNT_NEIGHBOUR), 2);
	expect_question(&b, HOST);
	assert_int_equal(take_frame(&b).len, 0);
	answer(&b, HOST, host_mac);
	expect_out(&b, host_mac, HOST, LEN);
	expect_out(&b, host_mac, HOST, LEN + 1);
	/* the others go without the control thread */
	send_out(&b, HOST, 1400);
	expect_out(&b, host_mac, HOST, 1400);
	assert_int_equal(edges(&b, DP_EDGE_EGRESS_PUNT_NEIGHBOUR), 2);
	bench_down(&b);
}

/* It is confirmed while it is used, forgotten when it is not, and then asked for anew. */
static void
a_neighbour_comes_and_goes(void **state)
{
	struct bench b;

	(void)state;
	lan_up(&b);
	know(&b);
	for (unsigned i = 0; i < 5; i++) {
		send_out(&b, HOST, LEN);
		expect_out(&b, host_mac, HOST, LEN);
		b.now += 31 * CV_NS_PER_S;
		dp_control_poll(b.dp, b.now);
		dp_worker_round(b.dp->workers[0]);
		expect_question(&b, HOST);
		answer(&b, HOST, host_mac);
		drain(&b);
	}
	for (unsigned i = 0; i < 5; i++) {
		b.now += 31 * CV_NS_PER_S;
		dp_control_poll(b.dp, b.now);
		dp_worker_round(b.dp->workers[0]);
		answer(&b, HOST, host_mac);
		drain(&b);
	}
	know(&b);
	bench_down(&b);
}

/* Our address becomes another: from then on neighbours are asked of that one, who may not answer
 * the one that was. */
static void
our_address_changes(void **state)
{
	const struct cv_prefix before = {.ip = cv_ipv4(OURS), .length = 24},
			       after = {.ip = cv_ipv4(OURS + 1), .length = 24};
	struct dp_via via = {.ip = cv_ipv4(ROUTER)};
	struct bench b;

	(void)state;
	lan_up(&b);
	know(&b);
	assert_int_equal(dp_via_set(b.dp, VIA, &via, 1), 0); /* which a route has all the time */
	dp_worker_round(b.dp->workers[0]);
	expect_question(&b, ROUTER);
	answer(&b, ROUTER, router_mac);
	assert_int_equal(dp_address_clear(b.dp, 0, &before), 0);
	assert_int_equal(dp_address_set(b.dp, 0, &after), 0);
	drain(&b);
	for (unsigned i = 0; i < 2; i++) {
		pass_time(&b, 31 * CV_NS_PER_S);
		expect_question_of(&b, OURS + 1, ROUTER);
		answer(&b, ROUTER, router_mac);
		drain(&b);
		send_out(&b, HOST, LEN);
		drain(&b);
	}
	/* without any it goes on as it was */
	assert_int_equal(dp_address_clear(b.dp, 0, &after), 0);
	drain(&b);
	pass_time(&b, 31 * CV_NS_PER_S);
	expect_question_of(&b, OURS + 1, ROUTER);
	drain(&b);
	bench_down(&b);
}

static void
from_the_lan_into_a_tunnel(void **state)
{
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct bench b;

	(void)state;
	lan_up(&b);
	for (size_t len = 20; len < 1400; len += 23) {
		inner_packet(packet, HOST, INNER_A, ESP, len);
		put_plain(&b, packet, len);
		assert_int_equal(take_inner(&b, true, got), len); /* which checks its sums */
		packet[WIRE_IPV4_TTL]--;
		inner_checksum(packet);
		assert_memory_equal(got, packet, len);
	}
	assert_int_equal(edges(&b, DP_EDGE_CLASSIFY_UPLINK), 60);
	bench_down(&b);
}

/* The fast way leaves none of it to the stages. */
static void
plain_packets_go_the_fast_way(void **state)
{
	uint8_t packet[FRAME_MAX], frame[FRAME_MAX];
	struct rte_mbuf *frames[DP_BURST];
	struct wire wire = {0};
	struct bench b;
	size_t len;

	(void)state;
	lan_up(&b);
	know(&b);
	for (unsigned i = 0; i < DP_BURST; i++) {
		frames[i] = rte_pktmbuf_alloc(b.dp->pool);
		assert_non_null(frames[i]);
		inner_packet(packet, i % 2 == 0 ? HOST : INNER_A, i % 2 == 0 ? INNER_A : HOST, ESP,
			LEN + i);
		if (i % 2 == 0) {
			packet[WIRE_IPV4_TOS] = (uint8_t)i; /* ECN of all kinds */
			inner_checksum(packet);
			wire_ether_write(frame, b.dp->ports[0].mac, host_mac, WIRE_TYPE_IPV4);
			memcpy(frame + WIRE_ETHER, packet, LEN + i);
			len = WIRE_ETHER + LEN + i;
		} else {
			len = build_data(&b, true, &wire, packet, LEN + i, frame);
		}
		memcpy(rte_pktmbuf_append(frames[i], (uint16_t)len), frame, len);
	}
	assert_int_equal(dp_fast(b.dp->workers[0], 0, frames, DP_BURST), 0);
	dp_tx_flush(b.dp->workers[0]);
	for (unsigned i = 0; i < DP_BURST; i++)
		if (i % 2 == 0)
			assert_int_equal(take_inner(&b, true, packet), LEN + i);
		else
			expect_out(&b, host_mac, HOST, LEN + i);
	bench_down(&b);
}

static void
by_a_next_hop(void **state)
{
	const struct cv_prefix net = {.ip = cv_ipv4(BEYOND & 0xffffff00), .length = 24};
	const struct cv_prefix all = {.ip = cv_ipv4(0), .length = 0};
	const struct cv_prefix none = {.ip = cv_ipv4(BEYOND & 0xfffffff0), .length = 28};
	struct dp_via via = {.iface = 0, .ip = cv_ipv4(ROUTER)};
	uint8_t got[FRAME_MAX];
	struct bench b;

	(void)state;
	lan_up(&b);
	assert_int_equal(dp_route_set(b.dp, 0, &net, dp_route_word(DP_ROUTE_VIA, VIA)), 0);
	/* its next hop is not set yet */
	send_out(&b, BEYOND, LEN);
	assert_int_not_equal(take_inner(&b, true, got), 0);
	assert_int_equal(got[WIRE_IPV4], WIRE_ICMP_UNREACHABLE);
	assert_int_equal(dp_via_set(b.dp, VIA, &via, 1), 0);
	dp_worker_round(b.dp->workers[0]);
	expect_question(&b, ROUTER);
	send_out(&b, BEYOND, LEN);
	assert_int_equal(drops(&b, DP_DROP_EGRESS_NEIGHBOUR), 1);
	answer(&b, ROUTER, router_mac);
	send_out(&b, BEYOND, LEN);
	expect_out(&b, router_mac, BEYOND, LEN);
	/* another one, for all routes that name it */
	assert_int_equal(dp_route_set(b.dp, 0, &all, dp_route_word(DP_ROUTE_VIA, VIA)), 0);
	via.ip = cv_ipv4(HOST);
	assert_int_equal(dp_via_set(b.dp, VIA, &via, 1), 0);
	dp_worker_round(b.dp->workers[0]);
	expect_question(&b, HOST);
	answer(&b, HOST, host_mac);
	send_out(&b, BEYOND, LEN);
	expect_out(&b, host_mac, BEYOND, LEN);
	send_out(&b, UINT32_C(0x08080808), LEN);
	expect_out(&b, host_mac, UINT32_C(0x08080808), LEN);
	/* the longest prefix counts */
	assert_int_equal(dp_route_set(b.dp, 0, &none, dp_route_word(DP_ROUTE_DISCARD, 0)), 0);
	send_out(&b, BEYOND, LEN);
	assert_int_equal(take_frame(&b).len, 0);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_DISCARD), 1);
	assert_int_equal(dp_route_set(b.dp, 0, &none, dp_route_word(DP_ROUTE_VIA, VIA)), 0);
	send_out(&b, BEYOND, LEN);
	expect_out(&b, host_mac, BEYOND, LEN);
	assert_int_equal(dp_via_clear(b.dp, VIA), 0);
	assert_int_equal(dp_via_clear(b.dp, VIA), CV_ERR_UNKNOWN);
	send_out(&b, BEYOND, LEN);
	assert_int_not_equal(take_inner(&b, true, got), 0);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_NO_ROUTE), 2);
	bench_down(&b);
}

/* As long as a session has a network, nobody else sends from there: routes that wait behind it, and
 * memory that is not there, change nothing. */
static void
networks_behind_sessions_are_not_beyond(void **state)
{
	const struct cv_prefix net = {.ip = cv_ipv4(BEYOND & 0xffffff00), .length = 24};
	const struct cv_prefix host = {.ip = cv_ipv4(BEYOND), .length = 32};
	const struct cv_prefix both[] = {net, host};
	struct bench b;

	(void)state;
	lan_up(&b);
	know(&b);
	assert_int_equal(dp_route_set(b.dp, 0, &net, dp_route_word(DP_ROUTE_DISCARD, 0)), 0);
	send_in(&b, BEYOND, INNER_A, LEN);
	assert_int_not_equal(take_frame(&b).len, 0);
	assert_int_equal(dp_framed_set(b.dp, b.slot_b, both, 2), 0);
	send_in(&b, BEYOND, INNER_A, LEN);
	send_in(&b, BEYOND + 1, INNER_A, LEN);
	assert_int_equal(drops(&b, DP_DROP_UPLINK_SPOOFED), 2);
	assert_int_equal(dp_framed_set(b.dp, b.slot_b, &net, 1), 0);
	assert_int_equal(dp_route_clear(b.dp, 0, &net), 0);
	send_in(&b, BEYOND, INNER_A, LEN);
	assert_int_equal(drops(&b, DP_DROP_UPLINK_SPOOFED), 3);
	assert_int_equal(dp_session_clear(b.dp, b.slot_b, NULL), 0);
	send_in(&b, BEYOND, INNER_A, LEN);
	assert_int_not_equal(take_frame(&b).len, 0);
	assert_int_equal(drops(&b, DP_DROP_UPLINK_SPOOFED), 3);
	bench_down(&b);
}

/* Until nobody waits for an answer any more. */
static void
give_up(struct bench *b)
{
	for (unsigned i = 0; i < 5; i++) {
		pass_time(b, CV_NS_PER_S);
		while (dp_worker_round(b->dp->workers[0]) != 0)
			drain(b);
		drain(b);
	}
}

/* Who tries all addresses of the LAN has some asked for, and others lose nothing by it. */
static void
a_scan_is_no_storm_of_questions(void **state)
{
	enum { SOME = 200 };
	struct wire other = {0};
	uint8_t packet[FRAME_MAX];
	struct bench b;

	(void)state;
	lan_up(&b);
	know(&b);
	for (uint32_t i = 10; i < 250; i++) {
		send_out(&b, (OURS & 0xffffff00) + i, LEN);
		drain(&b);
	}
	/* one was for who is known */
	assert_int_equal(drops(&b, DP_DROP_NEIGHBOUR_ASK_LIMIT), 240 - (SOME - 1));
	send_out(&b, HOST, LEN);
	expect_out(&b, host_mac, HOST, LEN);
	inner_packet(packet, INNER_B, ROUTER, ESP, LEN);
	put_data(&b, false, &other, packet, LEN);
	expect_question(&b, ROUTER);
	give_up(&b);
	send_out(&b, (OURS & 0xffffff00) + 251, LEN);
	expect_question(&b, (OURS & 0xffffff00) + 251);
	give_up(&b);
	bench_down(&b);
}

static void
what_must_not_come_in(void **state)
{
	static const uint8_t source_route[] = {0x83, 7, 4, 192, 168, 5, 9, 1};
	uint8_t packet[FRAME_MAX];
	struct bench b;

	(void)state;
	lan_up(&b);
	know(&b);
	send_in(&b, INNER_B, INNER_A, LEN);
	assert_int_equal(drops(&b, DP_DROP_UPLINK_SPOOFED), 1);
	send_in(&b, HOST, ROUTER, LEN);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_TRANSIT), 1);
	send_in(&b, OURS, INNER_A, LEN);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_LAND), 1);
	send_in(&b, UINT32_C(0x7f000001), INNER_A, LEN);
	send_in(&b, UINT32_C(0xc0a805ff), INNER_A, LEN);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_MARTIAN), 2);
	send_in(&b, HOST, UINT32_C(0xe0000005), LEN);
	send_in(&b, HOST, UINT32_C(0xc0a805ff), LEN);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_DESTINATION), 2);
	inner_packet(packet, HOST, INNER_A, ESP, LEN);
	packet[0] = 0x47;
	memcpy(packet + WIRE_IPV4, source_route, sizeof(source_route));
	inner_checksum(packet);
	put_plain(&b, packet, LEN);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_SOURCE_ROUTE), 1);
	assert_int_equal(take_frame(&b).len, 0);
	bench_down(&b);
}

/* ICMP of ours goes back by the LAN, from our address there. */
static void
what_is_told_to_the_lan(void **state)
{
	uint8_t packet[FRAME_MAX], *ip;
	struct frame_bytes f;
	struct bench b;

	(void)state;
	lan_up(&b);
	know(&b);
	inner_packet(packet, HOST, INNER_A, ESP, 1450); /* the session takes 1,400 */
	wire_store16(packet + WIRE_IPV4_FRAGMENT, WIRE_IPV4_DONT_BE);
	inner_checksum(packet);
	put_plain(&b, packet, 1450);
	f = take_frame(&b);
	ip = f.bytes + WIRE_ETHER;
	assert_int_equal(f.len, WIRE_ETHER + 576);
	assert_memory_equal(f.bytes, host_mac, 6);
	assert_int_equal(wire_ipv4_source_be(ip), wire_swap32(OURS));
	assert_int_equal(wire_ipv4_target_be(ip), wire_swap32(HOST));
	assert_int_equal(ip[WIRE_IPV4], WIRE_ICMP_UNREACHABLE);
	assert_int_equal(wire_get16(ip + WIRE_IPV4 + WIRE_ICMP_MTU), 1400);
	assert_true(wire_ipv4_sum_right(ip, WIRE_IPV4));
	assert_int_equal(
		wire_fold(wire_sum(ip + WIRE_IPV4, f.len - WIRE_ETHER - WIRE_IPV4)), UINT16_MAX);
	inner_packet(packet, HOST, INNER_A, ESP, LEN);
	packet[WIRE_IPV4_TTL] = 1;
	inner_checksum(packet);
	put_plain(&b, packet, LEN);
	f = take_frame(&b);
	assert_int_equal(f.bytes[WIRE_ETHER + WIRE_IPV4], WIRE_ICMP_TIME_EXCEEDED);
	send_in(&b, HOST, INNER_A + 77, LEN);
	f = take_frame(&b);
	assert_int_equal(f.bytes[WIRE_ETHER + WIRE_IPV4], WIRE_ICMP_UNREACHABLE);
	assert_memory_equal(f.bytes, host_mac, 6);
	bench_down(&b);
}

/* What may be cut is, either way. */
static void
fragments_fit(void **state)
{
	struct dp_iface small = {.inside = true, .group = LAN, .filter = LAN, .mtu = 600};
	uint8_t got[FRAME_MAX];
	struct frame_bytes f;
	struct bench b;

	(void)state;
	lan_up(&b);
	know(&b);
	send_in(&b, HOST, INNER_A, 1450);
	assert_int_equal(take_inner(&b, true, got), 1396);
	assert_int_equal(take_inner(&b, true, got), 20 + 1430 - 1376);
	assert_int_equal(dp_iface_set(b.dp, 0, &small), 0);
	send_out(&b, HOST, 1000);
	f = take_frame(&b);
	assert_int_equal(f.len, WIRE_ETHER + 596);
	assert_memory_equal(f.bytes, host_mac, 6);
	f = take_frame(&b);
	assert_int_equal(f.len, WIRE_ETHER + 20 + 980 - 576);
	bench_down(&b);
}

/* An isolated client reaches its gateways there, and nobody else. */
static void
isolated_clients_reach_gateways(void **state)
{
	const struct cv_prefix gateway = {.ip = cv_ipv4(HOST), .length = 32};
	const struct policy policy = {.kind = DP_FILTER_IPSEC,
		.gateways = &gateway,
		.gateway_count = 1,
		.lns = cv_ipv4(INNER_LNS)};
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct wire wire = {0};
	struct frame_bytes f;
	struct bench b;

	(void)state;
	lan_up(&b);
	know(&b);
	assert_int_equal(set_policy(b.dp, GROUP_A, &policy), 0);
	send_out(&b, HOST, LEN);
	expect_out(&b, host_mac, HOST, LEN);
	send_in(&b, HOST, INNER_A, LEN);
	assert_int_equal(take_inner(&b, true, got), LEN);
	send_in(&b, ROUTER, INNER_A, LEN);
	send_out(&b, ROUTER, LEN);
	assert_int_equal(drops(&b, DP_DROP_POLICY_ISOLATED), 2);
	/* who was refused is told, when it is known where he is */
	drain(&b);
	answer(&b, ROUTER, router_mac);
	f = take_frame(&b);
	assert_int_equal(f.len, WIRE_ETHER + WIRE_IPV4 + WIRE_ICMP_HEADER + LEN);
	assert_memory_equal(f.bytes, router_mac, 6);
	assert_true(wire_ipv4_sum_right(f.bytes + WIRE_ETHER, WIRE_IPV4));
	assert_int_equal(wire_ipv4_source_be(f.bytes + WIRE_ETHER), wire_swap32(OURS));
	assert_int_equal(wire_ipv4_target_be(f.bytes + WIRE_ETHER), wire_swap32(ROUTER));
	assert_int_equal(f.bytes[WIRE_ETHER + WIRE_IPV4], WIRE_ICMP_UNREACHABLE);
	/* and from it only IPsec */
	inner_packet(packet, HOST, INNER_A, WIRE_TCP, LEN);
	put_plain(&b, packet, LEN);
	assert_int_equal(drops(&b, DP_DROP_POLICY_RECEIVER), 1);
	inner_packet(packet, INNER_A, HOST, WIRE_TCP, LEN);
	put_data(&b, true, &wire, packet, LEN);
	assert_int_equal(drops(&b, DP_DROP_POLICY_SENDER), 1);
	drain(&b);
	bench_down(&b);
}

static void
our_address_answers(void **state)
{
	uint8_t packet[FRAME_MAX], frame[FRAME_MAX];
	struct frame_bytes f;
	struct bench b;

	(void)state;
	lan_up(&b);
	wire_ether_write(
		frame, (const uint8_t *)"\xff\xff\xff\xff\xff\xff", host_mac, WIRE_TYPE_ARP);
	wire_arp_write(frame + WIRE_ETHER, WIRE_ARP_REQUEST, host_mac, wire_swap32(HOST),
		(const uint8_t *)"\0\0\0\0\0\0", wire_swap32(OURS));
	put_frame(&b, frame, WIRE_ETHER + WIRE_ARP);
	f = take_frame(&b);
	assert_int_equal(f.len, WIRE_ETHER + WIRE_ARP);
	assert_int_equal(wire_get32(f.bytes + WIRE_ETHER + WIRE_ARP_SENDER_IP), OURS);
	inner_packet(packet, HOST, OURS, WIRE_ICMP, 60);
	packet[WIRE_IPV4] = WIRE_ICMP_ECHO;
	packet[WIRE_IPV4 + 1] = 0;
	wire_icmp_finish(packet + WIRE_IPV4, 40);
	put_plain(&b, packet, 60);
	f = take_frame(&b);
	assert_int_equal(f.bytes[WIRE_ETHER + WIRE_IPV4], WIRE_ICMP_ECHO_REPLY);
	assert_memory_equal(f.bytes, host_mac, 6);
	bench_down(&b);
}

/* Whether who asks for an address is told that it is at our MAC address. */
static bool
answers_for(struct bench *b, uint32_t ip)
{
	uint8_t frame[FRAME_MAX];
	struct frame_bytes f;

	wire_ether_write(
		frame, (const uint8_t *)"\xff\xff\xff\xff\xff\xff", host_mac, WIRE_TYPE_ARP);
	wire_arp_write(frame + WIRE_ETHER, WIRE_ARP_REQUEST, host_mac, wire_swap32(HOST),
		(const uint8_t *)"\0\0\0\0\0\0", wire_swap32(ip));
	put_frame(b, frame, WIRE_ETHER + WIRE_ARP);
	f = take_frame(b);
	if (f.len == 0)
		return false;
	assert_int_equal(wire_get32(f.bytes + WIRE_ETHER + WIRE_ARP_SENDER_IP), ip);
	assert_memory_equal(
		f.bytes + WIRE_ETHER + WIRE_ARP_SENDER_MAC, b->dp->ports[0].mac, WIRE_MAC);
	return true;
}

static void
it_answers_for_clients(void **state)
{
	const struct cv_prefix pools[] = {{.ip = cv_ipv4(0x0a580100), .length = 24},
		{.ip = cv_ipv4(0x0a590100), .length = 24}};
	struct dp_iface inside = {.inside = true, .group = LAN, .filter = LAN};
	struct bench b;

	(void)state;
	lan_up(&b);
	assert_int_equal(dp_realm_set(b.dp, 0, pools, 2), 0);
	for (enum dp_proxy proxy = DP_PROXY_OFF; proxy <= DP_PROXY_POOLS; proxy++) {
		inside.proxy = proxy;
		assert_int_equal(dp_iface_set(b.dp, 0, &inside), 0);
		assert_true(answers_for(&b, OURS));
		assert_int_equal(answers_for(&b, INNER_A), proxy != DP_PROXY_OFF);
		assert_int_equal(answers_for(&b, INNER_A + 77), proxy == DP_PROXY_POOLS);
		assert_int_equal(answers_for(&b, 0x0a5901ff), proxy == DP_PROXY_POOLS);
		assert_false(answers_for(&b, 0x0a5a0101));
		assert_false(answers_for(&b, HOST)); /* who announces itself */
		assert_false(answers_for(&b, ROUTER));
	}
	session_shut(b.dp, b.slot_a);
	inside.proxy = DP_PROXY_SESSIONS;
	assert_int_equal(dp_iface_set(b.dp, 0, &inside), 0);
	assert_false(answers_for(&b, INNER_A));
	bench_down(&b);
}

static void
what_can_not_be(void **state)
{
	const struct dp_iface inside = {.inside = true, .group = LAN, .filter = LAN};
	const struct dp_iface outside = {0};
	struct dp_iface other = inside;
	struct cv_prefix address = {.ip = cv_ipv4(OURS), .length = 24}, got;
	struct dp_via via = {.ip = cv_ipv4(BEYOND)};
	struct bench b;
	uint16_t iface;

	(void)state;
	lan_up(&b);
	assert_int_equal(dp_address_set(b.dp, 1, &address), CV_ERR_UNKNOWN);
	assert_int_equal(dp_address_set(b.dp, 0, &address), CV_ERR_EXISTS);
	address.ip = cv_ipv4(OURS + 1);
	assert_int_equal(
		dp_address_set(b.dp, 0, &address), CV_ERR_EXISTS); /* its network is there */
	address.ip = cv_ipv4(INNER_A);
	address.length = 32;
	assert_int_equal(dp_address_set(b.dp, 0, &address), CV_ERR_EXISTS); /* a client's */
	address.ip = cv_ipv4(0xe0000001);
	assert_int_equal(dp_address_set(b.dp, 0, &address), CV_ERR_CONFIG);
	assert_int_equal(dp_iface_set(b.dp, 1, &inside), CV_ERR_EXISTS);  /* another one is */
	assert_int_equal(dp_iface_set(b.dp, 0, &outside), CV_ERR_EXISTS); /* it has an address */
	other.realm = 9;
	assert_int_equal(dp_iface_set(b.dp, 0, &other), CV_ERR_EXISTS);
	assert_int_equal(dp_via_set(b.dp, VIA, &via, 1), CV_ERR_CONFIG); /* on no network of ours */
	via.ip = cv_ipv4(OURS);
	assert_int_equal(dp_via_set(b.dp, VIA, &via, 1), CV_ERR_CONFIG);
	via = (struct dp_via){.iface = 5, .ip = cv_ipv4(HOST)};
	assert_int_equal(dp_via_set(b.dp, VIA, &via, 1), CV_ERR_UNKNOWN);
	assert_int_equal(dp_via_get(b.dp, VIA, NULL), 0);
	assert_int_equal(dp_address_get(b.dp, 0, &iface, &got), 0);
	assert_true(cv_ip_equal(&got.ip, &(struct cv_ip){0}) == false && got.length == 24);
	/* it goes when nothing uses it */
	know(&b);
	assert_int_equal(dp_address_clear(b.dp, 0, &got), 0);
	assert_int_equal(dp_address_clear(b.dp, 0, &got), CV_ERR_UNKNOWN);
	assert_int_equal(dp_iface_set(b.dp, 0, &outside), 0);
	send_in(&b, HOST, INNER_A, LEN);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_DESTINATION), 1);
	assert_int_equal(dp_iface_set(b.dp, 0, &other), 0); /* in another realm now */
	send_in(&b, HOST, INNER_A, LEN);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_NO_ROUTE), 1);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_WAYS(to_a_neighbour),
		BOTH_WAYS(a_neighbour_comes_and_goes),
		BOTH_WAYS(our_address_changes),
		BOTH_WAYS(from_the_lan_into_a_tunnel),
		BOTH_WAYS(plain_packets_go_the_fast_way),
		BOTH_WAYS(by_a_next_hop),
		BOTH_WAYS(networks_behind_sessions_are_not_beyond),
		BOTH_WAYS(a_scan_is_no_storm_of_questions),
		BOTH_WAYS(what_must_not_come_in),
		BOTH_WAYS(what_is_told_to_the_lan),
		BOTH_WAYS(fragments_fit),
		BOTH_WAYS(isolated_clients_reach_gateways),
		BOTH_WAYS(our_address_answers),
		BOTH_WAYS(it_answers_for_clients),
		BOTH_WAYS(what_can_not_be),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
