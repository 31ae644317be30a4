/* SPDX-License-Identifier: BSD-3-Clause */
/* What a routing daemon beside us is handed by an interface that the kernel has, too, and what it
 * sends. */
#include "ipv6.h"

enum { LAN = 7, IFACE = 0, BGP = 179, BFD = 3784, BFD_ECHO = 3785, BFD_FAR = 4784, OSPF = 89 };

#define OURS UINT32_C(0xc0a80501)   /* 192.168.5.1, on the LAN */
#define ROUTER UINT32_C(0xc0a80509) /* who is there */
#define OURS_6 "2001:db8:5::1"
#define ROUTER_6 "2001:db8:5::9"
#define ALL_OSPF UINT32_C(0xe0000005)

static const uint8_t mac_of_router[WIRE_MAC] = {2, 0, 0, 0, 5, 9};

static void
tell(struct bench *b, bool kernel)
{
	const struct dp_iface inside = {
		.inside = true, .group = LAN, .filter = LAN, .kernel = kernel};

	assert_int_equal(dp_iface_set(b->dp, IFACE, &inside), 0);
}

static void
lan_up(struct bench *b, bool kernel)
{
	const struct policy any = {.kind = DP_FILTER_ANY, .clients_reachable = true};
	const struct cv_prefix address = {.ip = cv_ipv4(OURS), .length = 24};
	const struct cv_prefix address6 = {.ip = ip6(OURS_6), .length = 64};

	bench_up(b, 0, 0);
	assert_int_equal(set_policy(b->dp, LAN, &any), 0);
	tell(b, kernel);
	assert_int_equal(dp_address_set(b->dp, IFACE, &address), 0);
	assert_int_equal(dp_address_set(b->dp, IFACE, &address6), 0);
	dp_worker_round(b->dp->workers[0]);
	while (take_frame(b).len != 0)
		;
}

/* A packet of 20 + 40 bytes with these ports, in a frame with padding; returns the frame's length.
 */
static size_t
make4(const struct bench *b, uint8_t *frame, uint32_t from, uint32_t to, uint8_t protocol,
	uint8_t ttl, uint16_t source, uint16_t target)
{
	uint8_t *ip = frame + WIRE_ETHER, mac[WIRE_MAC];

	memcpy(mac, b->dp->ports[0].mac, sizeof(mac));
	if (to >> 28 == 14)
		memcpy(mac, (uint8_t[]){1, 0, 0x5e, 0, 0, (uint8_t)to}, sizeof(mac));
	wire_ether_write(frame, mac, mac_of_router, WIRE_TYPE_IPV4);
	inner_packet(ip, from, to, protocol, WIRE_IPV4 + 40);
	ip[WIRE_IPV4_TTL] = ttl;
	inner_checksum(ip);
	wire_put16(ip + WIRE_IPV4, source);
	wire_put16(ip + WIRE_IPV4 + 2, target);
	if (protocol == WIRE_UDP)
		wire_put16(ip + WIRE_IPV4 + 4, 40);
	memset(ip + WIRE_IPV4 + 40, 0xee, 6);
	return WIRE_ETHER + WIRE_IPV4 + 40 + 6;
}

static size_t
make6(const struct bench *b, uint8_t *frame, const char *from, const char *to, uint8_t protocol,
	uint8_t hops, uint16_t source, uint16_t target)
{
	uint8_t *upper = frame + ETHER_IPV6;

	memset(upper, 0x5a, 46);
	wire_put16(upper, source);
	wire_put16(upper + 2, target);
	wire_put16(upper + 4, 40);
	return around_ipv6(b, frame, from, to, protocol, hops, 40) + 6;
}

/* What waits for the control side next: of this class, this frame without its padding. */
static void
expect_up(struct bench *b, enum dp_punt_class class, const uint8_t *frame, size_t len)
{
	struct dp_punt punt;

	dp_control_poll(b->dp, b->now);
	assert_true(dp_punt_next(b->dp, &punt));
	assert_int_equal(punt.class, class);
	assert_int_equal(punt.service, IFACE);
	assert_int_equal(punt.len, len);
	assert_memory_equal(punt.data, frame, len);
	dp_punt_release(b->dp, &punt);
	assert_false(dp_punt_next(b->dp, &punt));
}

static void
expect_nothing(struct bench *b)
{
	struct dp_punt punt;

	dp_control_poll(b->dp, b->now);
	assert_false(dp_punt_next(b->dp, &punt));
}

enum { LEN_4 = WIRE_ETHER + WIRE_IPV4 + 40, LEN_6 = WIRE_ETHER + WIRE_IPV6 + 40 };

static const struct {
	uint8_t protocol, hops;
	uint16_t source, target;
	enum dp_punt_class class;
} listed[] = {
	{WIRE_TCP, 1, 40000, BGP, DP_PUNT_ROUTING},
	{WIRE_TCP, 255, BGP, 40000, DP_PUNT_ROUTING},
	{WIRE_TCP, 64, BGP, BGP, DP_PUNT_ROUTING},
	{WIRE_UDP, 255, 49152, BFD, DP_PUNT_BFD},
	{WIRE_UDP, 255, 49152, BFD_ECHO, DP_PUNT_BFD},
	{WIRE_UDP, 254, 49152, BFD_ECHO, DP_PUNT_BFD},
	{WIRE_UDP, 60, 49152, BFD_FAR, DP_PUNT_BFD},
	{OSPF, 1, 0x0201, 40, DP_PUNT_ROUTING},
};

/* As they came, with their TTL, and of either family. */
static void
what_is_listed_goes_up(void **state)
{
	uint8_t frame[FRAME_MAX];
	uint64_t done;
	struct bench b;

	(void)state;
	lan_up(&b, true);
	done = edges(&b, DP_EDGE_CONTROL_DONE);
	for (size_t i = 0; i < RTE_DIM(listed); i++) {
		put_to_worker(&b, frame,
			make4(&b, frame, ROUTER, OURS, listed[i].protocol, listed[i].hops,
				listed[i].source, listed[i].target));
		expect_up(&b, listed[i].class, frame, LEN_4);
		put_to_worker(&b, frame,
			make6(&b, frame, ROUTER_6, OURS_6, listed[i].protocol, listed[i].hops,
				listed[i].source, listed[i].target));
		expect_up(&b, listed[i].class, frame, LEN_6);
	}
	assert_int_equal(edges(&b, DP_EDGE_CLASSIFY_PUNT_BFD), 8);
	assert_int_equal(edges(&b, DP_EDGE_CLASSIFY_PUNT_ROUTING), 8);
	assert_int_equal(edges(&b, DP_EDGE_CONTROL_DONE), done + 16);
	bench_down(&b);
}

static void
ospf_to_its_groups_goes_up(void **state)
{
	uint8_t frame[FRAME_MAX];
	struct bench b;

	(void)state;
	lan_up(&b, true);
	for (uint32_t group = ALL_OSPF; group <= ALL_OSPF + 1; group++) {
		put_to_worker(&b, frame, make4(&b, frame, ROUTER, group, OSPF, 1, 0x0201, 40));
		expect_up(&b, DP_PUNT_ROUTING, frame, LEN_4);
	}
	put_to_worker(&b, frame, make6(&b, frame, "fe80::9", "ff02::5", OSPF, 1, 0x0301, 40));
	expect_up(&b, DP_PUNT_ROUTING, frame, LEN_6);
	put_to_worker(&b, frame, make6(&b, frame, "fe80::9", "ff02::6", OSPF, 1, 0x0301, 40));
	expect_up(&b, DP_PUNT_ROUTING, frame, LEN_6);
	/* a part of a large one: the kernel puts it together */
	make4(&b, frame, ROUTER, OURS, OSPF, 1, 0x0201, 40);
	wire_put16(frame + WIRE_ETHER + WIRE_IPV4_FRAGMENT, 185);
	inner_checksum(frame + WIRE_ETHER);
	put_to_worker(&b, frame, LEN_4);
	expect_up(&b, DP_PUNT_ROUTING, frame, LEN_4);
	/* other protocols to these groups, and OSPF to others */
	put_to_worker(&b, frame, make4(&b, frame, ROUTER, ALL_OSPF, WIRE_UDP, 255, 1, BFD));
	put_to_worker(&b, frame, make4(&b, frame, ROUTER, ALL_OSPF + 4, OSPF, 1, 0x0201, 40));
	put_to_worker(&b, frame, make6(&b, frame, "fe80::9", "ff02::5", WIRE_TCP, 1, 1, BGP));
	put_to_worker(&b, frame, make6(&b, frame, "fe80::9", "ff02::9", OSPF, 1, 0x0301, 40));
	expect_nothing(&b);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_DESTINATION), 3);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_MAC), 1);
	bench_down(&b);
}

/* What is not on the list, or not to an address of ours there, or came by an interface that the
 * kernel does not have. */
static void
all_else_stays_as_it_is(void **state)
{
	static const struct {
		uint8_t protocol;
		uint16_t source, target;
	} others[] = {{WIRE_TCP, 40000, 22}, {WIRE_TCP, BFD, 80}, {WIRE_UDP, BGP, BGP},
		{WIRE_UDP, BFD, 40000}, {132, BGP, BGP}, {47, 0, 0}};
	uint8_t frame[FRAME_MAX];
	struct bench b;
	uint64_t refused;

	(void)state;
	lan_up(&b, true);
	for (size_t i = 0; i < RTE_DIM(others); i++) {
		put_to_worker(&b, frame,
			make4(&b, frame, ROUTER, OURS, others[i].protocol, 255, others[i].source,
				others[i].target));
		put_to_worker(&b, frame,
			make6(&b, frame, ROUTER_6, OURS_6, others[i].protocol, 255,
				others[i].source, others[i].target));
	}
	expect_nothing(&b);
	refused = drops(&b, DP_DROP_CLASSIFY_PROTOCOL) + drops(&b, DP_DROP_CLASSIFY_UDP_PORT);
	assert_int_equal(refused, 2 * RTE_DIM(others));
	/* to a client, and through us: what it is to others */
	put_to_worker(&b, frame, make4(&b, frame, ROUTER, INNER_A, WIRE_TCP, 64, 1, BGP));
	assert_int_equal(edges(&b, DP_EDGE_CLASSIFY_UPLINK), 1);
	assert_int_not_equal(take_frame(&b).len, 0);
	/* a part of a segment has no ports */
	make4(&b, frame, ROUTER, OURS, WIRE_TCP, 64, 1, BGP);
	wire_put16(frame + WIRE_ETHER + WIRE_IPV4_FRAGMENT, 185);
	inner_checksum(frame + WIRE_ETHER);
	put_to_worker(&b, frame, LEN_4);
	expect_nothing(&b);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_PROTOCOL), 2 * 4 + 1);
	tell(&b, false);
	for (size_t i = 0; i < RTE_DIM(listed); i++) {
		put_to_worker(&b, frame,
			make4(&b, frame, ROUTER, OURS, listed[i].protocol, 255, listed[i].source,
				listed[i].target));
		put_to_worker(&b, frame,
			make6(&b, frame, ROUTER_6, OURS_6, listed[i].protocol, 255,
				listed[i].source, listed[i].target));
	}
	put_to_worker(&b, frame, make4(&b, frame, ROUTER, ALL_OSPF, OSPF, 1, 0x0201, 40));
	expect_nothing(&b);
	assert_int_equal(edges(&b, DP_EDGE_CLASSIFY_PUNT_BFD), 0);
	assert_int_equal(edges(&b, DP_EDGE_CLASSIFY_PUNT_ROUTING), 0);
	bench_down(&b);
}

static void
bfd_of_one_hop_comes_from_no_farther(void **state)
{
	uint8_t frame[FRAME_MAX];
	struct bench b;

	(void)state;
	lan_up(&b, true);
	put_to_worker(&b, frame, make4(&b, frame, ROUTER, OURS, WIRE_UDP, 254, 49152, BFD));
	put_to_worker(&b, frame, make6(&b, frame, ROUTER_6, OURS_6, WIRE_UDP, 254, 49152, BFD));
	assert_int_equal(drops(&b, DP_DROP_KERNEL_BFD_TTL), 2);
	/* who says he is us, or all */
	put_to_worker(&b, frame, make4(&b, frame, OURS, OURS, WIRE_UDP, 255, 49152, BFD));
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_LAND), 1);
	put_to_worker(&b, frame, make4(&b, frame, UINT32_C(0xc0a805ff), OURS, OSPF, 1, 0, 0));
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_MARTIAN), 1);
	expect_nothing(&b);
	bench_down(&b);
}

static void
put_arp(struct bench *b, uint16_t operation, uint32_t target)
{
	uint8_t frame[FRAME_MAX];

	wire_ether_write(frame, b->dp->ports[0].mac, mac_of_router, WIRE_TYPE_ARP);
	wire_arp_write(frame + WIRE_ETHER, operation, mac_of_router, wire_swap32(ROUTER),
		b->dp->ports[0].mac, wire_swap32(target));
	put_to_worker(b, frame, WIRE_ETHER + WIRE_ARP);
}

/* The kernel asks for neighbours itself; whether we know them or not is another question. */
static void
answers_are_copied(void **state)
{
	uint8_t frame[FRAME_MAX];
	struct bench b;
	size_t bytes;
	unsigned n = 0;
	struct dp_punt punt;

	(void)state;
	lan_up(&b, true);
	put_arp(&b, WIRE_ARP_REPLY, OURS);
	dp_control_poll(b.dp, b.now);
	assert_true(dp_punt_next(b.dp, &punt));
	assert_int_equal(punt.class, DP_PUNT_ROUTING);
	assert_int_equal(punt.len, WIRE_ETHER + WIRE_ARP);
	assert_int_equal(wire_get32(punt.data + WIRE_ETHER + WIRE_ARP_SENDER_IP), ROUTER);
	dp_punt_release(b.dp, &punt);
	put_arp(&b, WIRE_ARP_REPLY, OURS + 1); /* to another station */
	put_arp(&b, WIRE_ARP_REQUEST, OURS);   /* answered here */
	assert_int_equal(edges(&b, DP_EDGE_LOCAL_ARP), 1);
	assert_int_equal(take_frame(&b).len, WIRE_ETHER + WIRE_ARP);
	expect_nothing(&b);
	bytes = make_advert(&b, frame, ROUTER_6, mac_of_router, WIRE_ND_SOLICITED);
	memcpy(frame + WIRE_ETHER + WIRE_IPV6_TARGET, ip6(OURS_6).bytes, WIRE_IPV6_ADDRESS);
	sum_icmpv6(frame, bytes);
	put_to_worker(&b, frame, bytes);
	expect_up(&b, DP_PUNT_ROUTING, frame, bytes);
	/* an MLD query, which we answer for our own groups */
	bytes = around_ipv6(&b, frame, "fe80::77", "ff02::1", WIRE_ICMPV6, 1, 28);
	memset(frame + ETHER_IPV6, 0, 28);
	frame[ETHER_IPV6] = WIRE_MLD_QUERY;
	sum_icmpv6(frame, bytes);
	put_to_worker(&b, frame, bytes);
	expect_up(&b, DP_PUNT_ROUTING, frame, bytes);
	assert_int_equal(edges(&b, DP_EDGE_LOCAL_PUNT_MLD), 1);
	assert_int_equal(edges(&b, DP_EDGE_LOCAL_PUNT_ROUTING), 3);
	/* at the rate of its station */
	for (unsigned i = 0; i < 3000; i++) {
		put_arp(&b, WIRE_ARP_REPLY, OURS);
		for (dp_control_poll(b.dp, b.now); dp_punt_next(b.dp, &punt); n++)
			dp_punt_release(b.dp, &punt);
	}
	assert_in_range(n, 900, 2600);
	tell(&b, false);
	put_arp(&b, WIRE_ARP_REPLY, OURS);
	expect_nothing(&b);
	bench_down(&b);
}

/* Of either class: one source has its share of it, many fill it, and the other goes on. */
static void
a_flood_costs_itself(void **state)
{
	uint8_t frame[FRAME_MAX];
	struct dp_punt punt;
	struct bench b;

	(void)state;
	lan_up(&b, true);
	for (unsigned i = 0; i < 2 * DP_KERNEL_RING; i++)
		put_to_worker(&b, frame, make4(&b, frame, ROUTER, OURS, WIRE_TCP, 64, 1, BGP));
	assert_true(drops(&b, DP_DROP_PUNT_ROUTING_SHARE) > 0);
	assert_int_equal(drops(&b, DP_DROP_PUNT_ROUTING_FULL), 0);
	for (uint32_t i = 0; i < 8 * DP_KERNEL_RING; i++)
		put_to_worker(&b, frame,
			make4(&b, frame, 0x0a000000 + 7 * i, OURS, WIRE_TCP, 64, 1, BGP));
	assert_true(drops(&b, DP_DROP_PUNT_ROUTING_FULL) > 0);
	put_to_worker(&b, frame, make4(&b, frame, ROUTER, OURS, WIRE_UDP, 255, 1, BFD));
	assert_int_equal(drops(&b, DP_DROP_PUNT_BFD_SHARE), 0);
	/* and it comes first */
	dp_control_poll(b.dp, b.now);
	assert_true(dp_punt_next(b.dp, &punt));
	assert_int_equal(punt.class, DP_PUNT_BFD);
	dp_punt_release(b.dp, &punt);
	/* a round takes a part of the rest */
	for (unsigned n = 0; n < 64; n++) {
		assert_true(dp_punt_next(b.dp, &punt));
		dp_punt_refuse(b.dp, &punt);
	}
	assert_false(dp_punt_next(b.dp, &punt));
	assert_int_equal(drops(&b, DP_DROP_KERNEL_REFUSED), 64);
	for (uint32_t i = 0; i < 8 * DP_KERNEL_RING; i++)
		put_to_worker(&b, frame,
			make4(&b, frame, i % 2 == 0 ? ROUTER : 0x0a000000 + 7 * i, OURS, WIRE_UDP,
				255, 1, BFD));
	assert_true(drops(&b, DP_DROP_PUNT_BFD_SHARE) > 0);
	assert_true(drops(&b, DP_DROP_PUNT_BFD_FULL) > 0);
	for (unsigned round = 0; round < 16; round++)
		for (dp_control_poll(b.dp, b.now); dp_punt_next(b.dp, &punt);)
			dp_punt_release(b.dp, &punt);
	bench_down(&b);
}

static void
what_the_kernel_sends_leaves_as_it_is(void **state)
{
	uint8_t frame[FRAME_MAX];
	unsigned sent = 0;
	struct frame_bytes f;
	struct bench b;

	(void)state;
	lan_up(&b, true);
	for (size_t i = 0; i < sizeof(frame); i++)
		frame[i] = (uint8_t)(i * 11);
	assert_int_equal(dp_send_kernel(b.dp, IFACE, frame, 1514), 0);
	dp_worker_round(b.dp->workers[0]);
	f = take_frame(&b);
	assert_int_equal(f.len, 1514);
	assert_memory_equal(f.bytes, frame, 1514);
	assert_int_equal(dp_send_kernel(b.dp, IFACE, frame, 1515), CV_ERR_SPACE);
	assert_int_equal(dp_send_kernel(b.dp, IFACE, frame, 13), CV_ERR_SPACE);
	assert_int_equal(dp_send_kernel(b.dp, IFACE + 1, frame, 60), CV_ERR_UNKNOWN);
	/* half of the room is left to the control thread */
	while (dp_send_kernel(b.dp, IFACE, frame, 60) == 0)
		sent++;
	assert_in_range(sent, DP_SEND_RING / 2 - 2, DP_SEND_RING / 2);
	assert_int_equal(drops(&b, DP_DROP_KERNEL_SEND_FULL), 1);
	assert_int_equal(edges(&b, DP_EDGE_KERNEL_SEND), sent + 1);
	assert_true(dp_send_room(b.dp) >= DP_SEND_RING / 2 - 2);
	while (take_frame(&b).len != 0 || dp_worker_round(b.dp->workers[0]) != 0 ||
		dp_send_room(b.dp) < DP_SEND_RING - 1)
		;
	while (take_frame(&b).len != 0)
		;
	tell(&b, false);
	assert_int_equal(dp_send_kernel(b.dp, IFACE, frame, 60), CV_ERR_UNKNOWN);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_listed_goes_up),
		cmocka_unit_test(ospf_to_its_groups_goes_up),
		cmocka_unit_test(all_else_stays_as_it_is),
		cmocka_unit_test(bfd_of_one_hop_comes_from_no_farther),
		cmocka_unit_test(answers_are_copied),
		cmocka_unit_test(a_flood_costs_itself),
		cmocka_unit_test(what_the_kernel_sends_leaves_as_it_is),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
