/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VLANs on a port, by one tag and by two: what comes by one is its own alone, and what leaves by it
 * has its tags. Two customers have the same addresses on theirs, each in his realm.
 */
#include "datapath/worker/frame.h"
#include "harness.h"
#include "wire/nd.h"

enum {
	ESP = 50,
	LEN = 100,
	TRUNK = 3, /* the interface of the listener, where it is on a VLAN */
	SERVICE_OUTER = 100,
	SERVICE_VLAN = 7,
};

#define OURS UINT32_C(0xc0a80501) /* 192.168.5.1, on both VLANs */
#define HOST UINT32_C(0xc0a80509) /* 192.168.5.9, likewise */
#define CLIENT INNER_A            /* of both realms */

/* An interface of a customer, his realm, group and filter have one number. */
static const struct customer {
	uint16_t id, vlan, outer;
	uint8_t mac[6]; /* of his host */
} customers[] = {
	{7, 7, 0, {2, 0, 0, 0, 5, 7}},
	{8, 8, 0, {2, 0, 0, 0, 5, 8}},
	{9, 7, 200, {2, 0, 0, 0, 5, 9}},
};

static const uint8_t nobody_mac[6] = {2, 0, 0, 0, 9, 9};

/* ---- tags ---- */

static void
put_tagged(struct bench *b, const void *frame, size_t len, uint16_t outer, uint16_t vlan)
{
	uint8_t tagged[FRAME_MAX];

	memcpy(tagged, frame, len);
	put_frame(b, tagged, put_tags(tagged, len, outer == 0 ? 0x8100 : 0x88a8, outer, vlan));
}

/* The next frame has these tags, with which it is given back without. */
static struct frame_bytes
take_tagged(struct bench *b, uint16_t type, uint16_t outer, uint16_t vlan)
{
	struct frame_bytes f = take_frame(b);
	size_t bytes = outer == 0 ? 4 : 8;

	assert_true(f.len >= WIRE_ETHER + bytes);
	assert_int_equal(wire_get16(f.bytes + 12), type);
	assert_int_equal(wire_get16(f.bytes + 14), outer == 0 ? vlan : outer);
	if (outer != 0) {
		assert_int_equal(wire_get16(f.bytes + 16), 0x8100);
		assert_int_equal(wire_get16(f.bytes + 18), vlan);
	}
	memmove(f.bytes + 12, f.bytes + 12 + bytes, f.len - 12 - bytes);
	f.len -= bytes;
	assert_memory_equal(f.bytes + 6, b->dp->ports[0].mac, 6);
	return f;
}

static struct frame_bytes
take_of(struct bench *b, const struct customer *c)
{
	return take_tagged(b, c->outer == 0 ? 0x8100 : 0x88a8, c->outer, c->vlan);
}

/* ---- customers ---- */

static void
customer_up(struct bench *b, const struct customer *c)
{
	const struct policy any = {.kind = DP_FILTER_ANY, .clients_reachable = true};
	const struct dp_iface inside = {.inside = true,
		.realm = c->id,
		.group = c->id,
		.filter = c->id,
		.vlan = c->vlan,
		.outer = c->outer};
	const struct dp_group group = {.lns = cv_ipv4(OURS), .clients_reachable = true};
	const struct cv_prefix address = {.ip = cv_ipv4(OURS), .length = 24};
	struct frame_bytes f;

	assert_int_equal(set_policy(b->dp, c->id, &any), 0);
	assert_int_equal(dp_group_set(b->dp, c->id, &group), 0);
	assert_int_equal(dp_iface_set(b->dp, c->id, &inside), 0);
	assert_int_equal(dp_address_set(b->dp, c->id, &address), 0);
	/* those on the VLAN are told who has it */
	dp_worker_round(b->dp->workers[0]);
	f = take_of(b, c);
	assert_int_equal(wire_ether_type_be(f.bytes), WIRE_TYPE_ARP_BE);
	assert_int_equal(wire_get32(f.bytes + WIRE_ETHER + WIRE_ARP_TARGET_IP), OURS);
}

static void
client_open(struct bench *b, bool a, uint16_t realm)
{
	const struct session_ip ip = {.address = cv_ipv4(CLIENT),
		.realm = realm,
		.group = realm,
		.filter = realm,
		.mtu = 1400};

	assert_int_equal(session_open(b->dp, a ? b->slot_a : b->slot_b, &ip), 0);
}

/* Session A is a client of the first customer, B of the second one. */
static void
up(struct bench *b)
{
	bench_up(b, 0, 0);
	for (unsigned i = 0; i < RTE_DIM(customers); i++)
		customer_up(b, &customers[i]);
	client_open(b, true, customers[0].id);
	client_open(b, false, customers[1].id);
	b->dp->workers[0]->stages_only = stages_only;
}

static void
send_out(struct bench *b, bool from_a, size_t len)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};

	inner_packet(packet, CLIENT, HOST, ESP, len);
	put_data(b, from_a, &wire, packet, len);
}

static void
expect_out(struct bench *b, const struct customer *c, size_t len)
{
	struct frame_bytes f = take_of(b, c);
	uint8_t packet[FRAME_MAX];

	inner_packet(packet, CLIENT, HOST, ESP, len);
	packet[WIRE_IPV4_TTL]--;
	inner_checksum(packet);
	assert_int_equal(f.len, WIRE_ETHER + len);
	assert_memory_equal(f.bytes, c->mac, 6);
	assert_int_equal(wire_ether_type_be(f.bytes), WIRE_TYPE_IPV4_BE);
	assert_memory_equal(f.bytes + WIRE_ETHER, packet, len);
}

static size_t
build_plain(const struct bench *b, const struct customer *c, size_t len, uint8_t *frame)
{
	wire_ether_write(frame, b->dp->ports[0].mac, c->mac, WIRE_TYPE_IPV4);
	inner_packet(frame + WIRE_ETHER, HOST, CLIENT, ESP, len);
	return WIRE_ETHER + len;
}

static void
answer(struct bench *b, const struct customer *c)
{
	uint8_t frame[FRAME_MAX];

	wire_ether_write(frame, b->dp->ports[0].mac, c->mac, WIRE_TYPE_ARP);
	wire_arp_write(frame + WIRE_ETHER, WIRE_ARP_REPLY, c->mac, wire_swap32(HOST),
		b->dp->ports[0].mac, wire_swap32(OURS));
	put_tagged(b, frame, WIRE_ETHER + WIRE_ARP, c->outer, c->vlan);
}

/* The first packet has his host asked for on his VLAN, and leaves when it answers. */
static void
know(struct bench *b, bool a, const struct customer *c)
{
	struct frame_bytes f;

	send_out(b, a, LEN);
	f = take_of(b, c);
	assert_int_equal(wire_get32(f.bytes + WIRE_ETHER + WIRE_ARP_TARGET_IP), HOST);
	assert_int_equal(wire_get32(f.bytes + WIRE_ETHER + WIRE_ARP_SENDER_IP), OURS);
	answer(b, c);
	expect_out(b, c, LEN);
}

static void
the_same_addresses_on_two_vlans(void **state)
{
	uint8_t frame[FRAME_MAX], got[FRAME_MAX];
	struct dp_neighbour_info n;
	struct frame_bytes f;
	uint64_t cursor = 0;
	unsigned found = 0;
	struct bench b;

	(void)state;
	up(&b);
	know(&b, true, &customers[0]);
	know(&b, false, &customers[1]); /* who is another one */
	for (size_t len = 20; len < 1400; len += 97)
		for (unsigned i = 0; i < 2; i++) {
			send_out(&b, i == 0, len);
			expect_out(&b, &customers[i], len);
			put_tagged(&b, frame, build_plain(&b, &customers[i], len, frame), 0,
				customers[i].vlan);
			assert_int_equal(take_inner(&b, i == 0, got), len);
			assert_int_equal(take_frame(&b).len, 0);
		}
	while (dp_neighbour_next(b.dp, &cursor, &n))
		if (cv_ipv4_value(&n.ip) == HOST) {
			assert_memory_equal(n.mac, customers[n.vlan == 8].mac, 6);
			assert_true(n.port == 0 && n.outer == 0 && n.resolved);
			found++;
		}
	assert_int_equal(found, 2);
	/* the third one is in an outer VLAN, and nobody's client */
	put_tagged(&b, frame, build_plain(&b, &customers[2], LEN, frame), 200, 7);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_NO_ROUTE), 1);
	(void)take_of(&b, &customers[2]); /* who is he that is to be told? */
	answer(&b, &customers[2]);
	f = take_of(&b, &customers[2]);
	assert_int_equal(f.bytes[WIRE_ETHER + WIRE_IPV4], WIRE_ICMP_UNREACHABLE);
	client_open(&b, true, customers[2].id);
	send_out(&b, true, LEN);
	expect_out(&b, &customers[2], LEN);
	put_tagged(&b, frame, build_plain(&b, &customers[2], LEN, frame), 200, 7);
	assert_int_equal(take_inner(&b, true, got), LEN);
	bench_down(&b);
}

/* Of a burst with tags the fast way leaves none to the stages. */
static void
plain_packets_go_the_fast_way(void **state)
{
	uint8_t frame[FRAME_MAX], packet[FRAME_MAX];
	struct rte_mbuf *frames[DP_BURST];
	struct wire wire = {0};
	struct bench b;
	size_t len;

	(void)state;
	up(&b);
	client_open(&b, true, customers[2].id);
	know(&b, true, &customers[2]);
	know(&b, false, &customers[1]);
	for (unsigned i = 0; i < DP_BURST; i++) {
		const struct customer *c = &customers[i % 4 < 2 ? 1 : 2];

		frames[i] = rte_pktmbuf_alloc(b.dp->pool);
		assert_non_null(frames[i]);
		if (i % 2 == 0) {
			len = build_plain(&b, c, LEN + i, frame);
			len = put_tags(frame, len, 0x8100, c->outer, c->vlan);
		} else {
			inner_packet(packet, CLIENT, HOST, ESP, LEN + i);
			len = build_data(&b, c->outer != 0, &wire, packet, LEN + i, frame);
		}
		memcpy(rte_pktmbuf_append(frames[i], (uint16_t)len), frame, len);
	}
	assert_int_equal(dp_fast(b.dp->workers[0], 0, frames, DP_BURST), 0);
	dp_tx_flush(b.dp->workers[0]);
	for (unsigned i = 0; i < DP_BURST; i++)
		if (i % 2 == 0)
			assert_int_equal(take_inner(&b, i % 4 >= 2, packet), LEN + i);
		else
			expect_out(&b, &customers[i % 4 < 2 ? 1 : 2], LEN + i);
	bench_down(&b);
}

/* ---- what is asked ---- */

static size_t
build_question(const struct bench *b, uint32_t about, uint8_t *frame)
{
	static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	(void)b;
	wire_ether_write(frame, all, nobody_mac, WIRE_TYPE_ARP);
	wire_arp_write(frame + WIRE_ETHER, WIRE_ARP_REQUEST, nobody_mac, wire_swap32(HOST), NULL,
		wire_swap32(about));
	return WIRE_ETHER + WIRE_ARP;
}

static size_t
build_echo(const struct bench *b, uint32_t to, uint8_t *frame)
{
	uint8_t *icmp = frame + WIRE_ETHER + WIRE_IPV4;

	wire_ether_write(frame, b->dp->ports[0].mac, nobody_mac, WIRE_TYPE_IPV4);
	inner_packet(frame + WIRE_ETHER, HOST, to, WIRE_ICMP, LEN);
	memset(icmp, 0, 8);
	icmp[0] = WIRE_ICMP_ECHO;
	wire_store16(icmp + WIRE_ICMP_SUM, wire_checksum(wire_sum(icmp, LEN - WIRE_IPV4)));
	return WIRE_ETHER + LEN;
}

/* What is ours is so on its own VLAN alone, and answered by the same tags. */
static void
what_is_asked_on_a_vlan(void **state)
{
	uint8_t frame[FRAME_MAX];
	struct frame_bytes f;
	struct bench b;
	size_t len;

	(void)state;
	up(&b);
	for (unsigned i = 0; i < RTE_DIM(customers); i++) {
		const struct customer *c = &customers[i];

		put_tagged(&b, frame, build_question(&b, OURS, frame), c->outer, c->vlan);
		f = take_of(&b, c);
		assert_int_equal(f.len, WIRE_ETHER + WIRE_ARP);
		assert_memory_equal(f.bytes, nobody_mac, 6);
		assert_int_equal(
			wire_load16(f.bytes + WIRE_ETHER + WIRE_ARP_OPERATION), WIRE_ARP_REPLY_BE);
		put_tagged(&b, frame, build_echo(&b, OURS, frame), c->outer, c->vlan);
		f = take_of(&b, c);
		assert_int_equal(f.len, WIRE_ETHER + LEN);
		assert_int_equal(f.bytes[WIRE_ETHER + WIRE_IPV4], WIRE_ICMP_ECHO_REPLY);
	}
	/* a tag of no VLAN in front changes nothing */
	len = put_tags(frame, build_question(&b, OURS, frame), 0x8100, 0, 8);
	put_tagged(&b, frame, len, 0, 0);
	(void)take_of(&b, &customers[1]);
	/* elsewhere it is not ours, and what is ours there is not ours here */
	put_frame(&b, frame, build_question(&b, OURS, frame));
	put_tagged(&b, frame, build_question(&b, LNS_IP, frame), 0, 7);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ARP_IGNORED), 2);
	put_frame(&b, frame, build_echo(&b, OURS, frame));
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_DESTINATION), 1);
	put_tagged(&b, frame, build_echo(&b, LNS_IP, frame), 0, 7);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_NO_ROUTE), 1);
	/* which is told to him, whom we ask for first */
	f = take_of(&b, &customers[0]);
	assert_int_equal(wire_ether_type_be(f.bytes), WIRE_TYPE_ARP_BE);
	answer(&b, &customers[0]);
	bench_down(&b);
}

static void
wrong_vlans(void **state)
{
	uint8_t frame[FRAME_MAX], tagged[FRAME_MAX];
	struct bench b;
	size_t len;

	(void)state;
	up(&b);
	know(&b, true, &customers[0]);
	len = build_plain(&b, &customers[0], LEN, frame);
	/* none there, outer ones alone, inner ones alone, three, cut short */
	put_tagged(&b, frame, len, 0, 9);
	put_tagged(&b, frame, len, 0, 200);
	put_tagged(&b, frame, len, 7, 7);
	put_tagged(&b, frame, len, 200, 8);
	memcpy(tagged, frame, len);
	put_tagged(&b, tagged, put_tags(tagged, len, 0x8100, 0, 7), 200, 7);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_VLAN), 5);
	put_frame(&b, frame, 17);
	put_tagged(&b, frame, 14, 0, 7);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_RUNT), 2);
	/* without a tag it is on the outside, where nothing is inside a realm */
	put_frame(&b, frame, len);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_DESTINATION), 1);
	/* to another customer: his realm has another client of the address, or none */
	session_shut(b.dp, b.slot_b);
	put_tagged(&b, frame, len, 0, 8);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_NO_ROUTE), 1);
	answer(&b, &customers[1]);
	bench_down(&b);
}

/* What is ours there is nobody else's: an address, and the network's broadcasts. */
static void
what_is_ours_on_a_vlan(void **state)
{
	static const struct {
		uint32_t source, target;
		enum dp_drop_cause cause;
	} packets[] = {{OURS, CLIENT, DP_DROP_CLASSIFY_LAND},
		{OURS | 0xff, CLIENT, DP_DROP_CLASSIFY_MARTIAN},
		{HOST, OURS | 0xff, DP_DROP_CLASSIFY_DESTINATION}};
	uint8_t frame[FRAME_MAX];
	struct bench b;

	(void)state;
	up(&b);
	know(&b, true, &customers[0]);
	for (size_t i = 0; i < RTE_DIM(packets); i++) {
		wire_ether_write(frame, b.dp->ports[0].mac, customers[0].mac, WIRE_TYPE_IPV4);
		inner_packet(frame + WIRE_ETHER, packets[i].source, packets[i].target, ESP, LEN);
		put_tagged(&b, frame, WIRE_ETHER + LEN, 0, customers[0].vlan);
		assert_int_equal(drops(&b, packets[i].cause), 1);
	}
	bench_down(&b);
}

/* A device may take the first tag off, or both. */
static void
tags_in_the_descriptor(void **state)
{
	uint8_t frame[FRAME_MAX], got[FRAME_MAX];
	struct bench b;

	(void)state;
	up(&b);
	client_open(&b, true, customers[2].id);
	for (unsigned stripped = 0; stripped < 4; stripped++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(b.dp->pool);
		bool one = stripped == 0;
		size_t len = build_plain(&b, &customers[one ? 1 : 2], LEN, frame);

		assert_non_null(m);
		m->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
		m->vlan_tci = one ? 0x6008 : 200;
		if (stripped == 1) {
			len = put_tags(frame, len, 0x8100, 0, 7);
		} else if (stripped == 2) {
			m->ol_flags |= RTE_MBUF_F_RX_QINQ | RTE_MBUF_F_RX_QINQ_STRIPPED;
			m->vlan_tci_outer = 200;
			m->vlan_tci = 7;
		} else if (stripped == 3) { /* of a VLAN that is not there */
			m->vlan_tci = 9;
		}
		memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
		assert_int_equal(rte_ring_enqueue(b.in, m), 0);
		dp_worker_round(b.dp->workers[0]);
		if (stripped < 3)
			assert_int_equal(take_inner(&b, !one, got), LEN);
	}
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_VLAN), 1);
	bench_down(&b);
}

/* ---- the outside ---- */

/* The listener is on a VLAN in another one: its tunnels are there alone, and all that leaves for
 * them has both tags, of the type that was told. */
static void
tunnels_on_a_vlan(void **state)
{
	static const uint8_t sccrq[] = {0xc8, 2, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0};
	const struct cv_endpoint peer = {.ip = cv_ipv4(PEER_A), .port = PORT_A};
	struct dp_service service = {.iface = TRUNK, .ip = cv_ipv4(LNS_IP), .prefix_length = 24};
	struct dp_iface trunk = {.vlan = SERVICE_VLAN, .outer = SERVICE_OUTER};
	uint8_t frame[FRAME_MAX], packet[FRAME_MAX];
	struct wire wire = {.length = true};
	struct frame_bytes f;
	struct dp_punt punt;
	struct bench b;
	size_t len;

	(void)state;
	bench_up(&b, 0, 0);
	b.dp->workers[0]->stages_only = stages_only;
	assert_int_equal(dp_iface_set(b.dp, TRUNK, &trunk), 0);
	assert_int_equal(dp_service_set(b.dp, 0, &service), 0); /* with its sessions */
	dp_worker_round(b.dp->workers[0]);
	for (unsigned i = 0; i < 2; i++) { /* who is there is asked for anew */
		f = take_tagged(&b, 0x88a8, SERVICE_OUTER, SERVICE_VLAN);
		assert_int_equal(wire_ether_type_be(f.bytes), WIRE_TYPE_ARP_BE);
	}
	len = bench_arp(&b, PEER_A, frame);
	put_frame(&b, frame, len); /* somebody elsewhere */
	put_tagged(&b, frame, len, SERVICE_OUTER, SERVICE_VLAN);
	len = bench_arp(&b, PEER_B, frame);
	put_tagged(&b, frame, len, SERVICE_OUTER, SERVICE_VLAN);
	inner_packet(packet, INNER_A, INNER_B, ESP, 1300);
	len = build_data(&b, true, &wire, packet, 1300, frame);
	put_frame(&b, frame, len);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_DESTINATION), 1);
	for (unsigned type = 0; type < 2; type++) {
		uint16_t sent = type == 0 ? 0x88a8 : 0x8100;

		trunk.outer_type = sent;
		assert_int_equal(dp_iface_set(b.dp, TRUNK, &trunk), 0);
		put_tagged(&b, frame, len, SERVICE_OUTER, SERVICE_VLAN);
		f = take_tagged(&b, sent, SERVICE_OUTER, SERVICE_VLAN);
		assert_int_equal(wire_get32(f.bytes + WIRE_ETHER + WIRE_IPV4_TARGET), PEER_B);
		assert_memory_equal(f.bytes + f.len - 1280, packet + 20, 1280);
		assert_true(frame_udp_sum_right(
			f.bytes + WIRE_ETHER, f.bytes + WIRE_ETHER + WIRE_IPV4));
		/* the control thread's */
		assert_int_equal(dp_send_udp(b.dp, b.now, 0, &peer, sccrq, sizeof(sccrq)), 0);
		dp_worker_round(b.dp->workers[0]);
		f = take_tagged(&b, sent, SERVICE_OUTER, SERVICE_VLAN);
		assert_memory_equal(f.bytes + f.len - sizeof(sccrq), sccrq, sizeof(sccrq));
	}
	bench_udp(&b, PEER_A, PORT_A, sccrq, sizeof(sccrq), frame);
	put_frame(&b, frame, 42 + sizeof(sccrq));
	assert_false(dp_punt_next(b.dp, &punt));
	put_tagged(&b, frame, 42 + sizeof(sccrq), SERVICE_OUTER, SERVICE_VLAN);
	assert_true(dp_punt_next(b.dp, &punt));
	assert_int_equal(punt.len, sizeof(sccrq));
	dp_punt_release(b.dp, &punt);
	/* and back, without a packet through the VLAN any more */
	service.iface = 0;
	assert_int_equal(dp_iface_clear(b.dp, TRUNK), CV_ERR_EXISTS);
	assert_int_equal(dp_service_set(b.dp, 0, &service), 0);
	assert_int_equal(dp_iface_clear(b.dp, TRUNK), 0);
	put_tagged(&b, frame, 42 + sizeof(sccrq), SERVICE_OUTER, SERVICE_VLAN);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_VLAN), 1);
	while (take_frame(&b).len != 0)
		;
	put_frame(&b, frame, build_data(&b, true, &wire, packet, 1300, frame));
	assert_int_equal(take_inner(&b, false, packet), 1300);
	bench_down(&b);
}

/* ---- changes ---- */

static void
what_can_not_be(void **state)
{
	static const struct dp_iface wrong[] = {
		{.vlan = 4095},
		{.vlan = 5000},
		{.vlan = 1, .outer = 4095},
		{.outer = 5},
		{.vlan = 1, .outer = 2, .outer_type = 0x9100},
		{.vlan = 1, .port = 1},
		{.vlan = 1, .mtu = 1501},
	};
	const struct cv_prefix address = {.ip = cv_ipv4(OURS), .length = 24};
	struct dp_iface told = {.vlan = 7, .inside = true, .realm = 1};
	struct dp_via via = {.iface = 7, .ip = cv_ipv4(HOST)};
	struct bench b;

	(void)state;
	up(&b);
	for (unsigned i = 0; i < RTE_DIM(wrong); i++)
		assert_int_equal(dp_iface_set(b.dp, 50, &wrong[i]), CV_ERR_CONFIG);
	assert_int_equal(dp_iface_set(b.dp, 50, &told), CV_ERR_EXISTS); /* another is inside */
	told.vlan = 10;
	assert_int_equal(dp_iface_set(b.dp, 7, &told), CV_ERR_EXISTS); /* it has an address */
	/* in one realm an address is one interface's */
	told = (struct dp_iface){.vlan = 11, .inside = true, .realm = 7, .group = 7, .filter = 7};
	assert_int_equal(dp_iface_set(b.dp, 50, &told), 0);
	assert_int_equal(dp_address_set(b.dp, 50, &address), CV_ERR_EXISTS);
	assert_int_equal(dp_iface_clear(b.dp, 50), 0);
	/* a next hop is by its own VLAN */
	assert_int_equal(dp_via_set(b.dp, 1, &via, 1), 0);
	dp_worker_round(b.dp->workers[0]);
	(void)take_of(&b, &customers[0]);
	assert_int_equal(dp_address_clear(b.dp, 7, &address), 0);
	assert_int_equal(dp_iface_clear(b.dp, 7), CV_ERR_EXISTS);
	assert_int_equal(dp_via_clear(b.dp, 1), 0);
	assert_int_equal(dp_iface_clear(b.dp, 7), 0);
	bench_down(&b);
}

/* A VLAN goes under traffic, and comes again as another's: what is elsewhere goes on. */
static void
vlans_come_and_go(void **state)
{
	const struct cv_prefix address = {.ip = cv_ipv4(OURS), .length = 24};
	uint8_t frame[FRAME_MAX], got[FRAME_MAX];
	struct bench b;
	size_t len;

	(void)state;
	up(&b);
	know(&b, true, &customers[0]);
	know(&b, false, &customers[1]);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(dp_address_clear(b.dp, 7, &address), 0);
		assert_int_equal(dp_iface_clear(b.dp, 7), 0);
		len = build_plain(&b, &customers[0], LEN, frame);
		put_tagged(&b, frame, len, 0, 7);
		assert_int_equal(drops(&b, DP_DROP_CLASSIFY_VLAN), i + 1);
		send_out(&b, true, LEN);
		assert_int_not_equal(take_inner(&b, true, got), 0); /* there is no route */
		send_out(&b, false, LEN);
		expect_out(&b, &customers[1], LEN);
		put_tagged(&b, frame, build_plain(&b, &customers[1], LEN, frame), 0, 8);
		assert_int_equal(take_inner(&b, false, got), LEN);
		customer_up(&b, &customers[0]);
		know(&b, true, &customers[0]);
	}
	bench_down(&b);
}

/* A neighbour of IPv6, and who asks for us there. */
static void
neighbours_of_ipv6(void **state)
{
	static const uint8_t all_nodes[6] = {0x33, 0x33, 0, 0, 0, 1};
	const struct cv_prefix address = {
		.ip = {.family = CV_IPV6, .bytes = {0x20, 1, 0xd, 0xb8, 5, [15] = 1}},
		.length = 64};
	uint8_t frame[FRAME_MAX], source[16] = {0x20, 1, 0xd, 0xb8, 5, [15] = 9}, group[16];
	unsigned reports = 0, announced = 0;
	struct frame_bytes f;
	struct wire_nd nd;
	struct bench b;
	size_t len;

	(void)state;
	up(&b);
	assert_int_equal(dp_address_set(b.dp, 9, &address), 0);
	dp_worker_round(b.dp->workers[0]);
	for (unsigned i = 0; i < 2; i++) { /* whom we listen to, and who we are */
		f = take_of(&b, &customers[2]);
		reports += f.bytes[5] == 0x16;
		announced += memcmp(f.bytes, all_nodes, 6) == 0;
	}
	assert_true(reports == 1 && announced == 1);
	wire_ipv6_solicited(address.ip.bytes, group);
	wire_ipv6_multicast_mac(group, frame);
	wire_ether_write(frame, frame, nobody_mac, WIRE_TYPE_IPV6);
	len = WIRE_ETHER +
	      wire_nd_write_solicit(frame + WIRE_ETHER, source, nobody_mac, NULL, address.ip.bytes);
	put_frame(&b, frame, len);
	put_tagged(&b, frame, len, 0, 7);
	assert_int_equal(take_frame(&b).len, 0);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_ETHERTYPE), 2); /* none of IPv6 there */
	put_tagged(&b, frame, len, 200, 7);
	f = take_of(&b, &customers[2]);
	assert_true(wire_nd_read(f.bytes + WIRE_ETHER, f.len - WIRE_ETHER, &nd));
	assert_int_equal(nd.type, WIRE_ND_ADVERT);
	assert_memory_equal(f.bytes, nobody_mac, 6);
	bench_down(&b);
}

/* ---- many ---- */

enum { MANY = 1000, FIRST = 100 };

/* Each has its realm, and all the same address: none is asked what is another's. */
static void
a_thousand_vlans(void **state)
{
	const struct cv_prefix address = {.ip = cv_ipv4(OURS), .length = 24};
	uint8_t frame[FRAME_MAX];
	struct bench b;
	size_t one, all;

	(void)state;
	up(&b);
	one = table_bytes(&b);
	for (uint16_t i = 0; i < MANY; i++) {
		struct customer c = {.id = (uint16_t)(FIRST + i), .vlan = (uint16_t)(FIRST + i)};

		if (i % 2 == 0) /* in outer ones, ten in each */
			c.outer = (uint16_t)(FIRST + i / 20);
		customer_up(&b, &c);
	}
	all = table_bytes(&b);
	assert_true(all - one < MANY * 16384);
	client_open(&b, true, FIRST + 501);
	client_open(&b, false, FIRST + 500);
	for (unsigned i = 0; i < 2; i++) {
		struct customer c = {.id = (uint16_t)(FIRST + 501 - i),
			.vlan = (uint16_t)(FIRST + 501 - i),
			.outer = (uint16_t)(i == 0 ? 0 : FIRST + 500 / 20),
			.mac = {2, 0, 0, 0, 6, (uint8_t)i}};

		know(&b, i == 0, &c);
		send_out(&b, i == 0, LEN);
		expect_out(&b, &c, LEN);
		put_tagged(&b, frame, build_plain(&b, &c, LEN, frame), c.outer, c.vlan);
		assert_int_equal(take_inner(&b, i == 0, frame), LEN);
	}
	for (uint16_t i = 0; i < MANY; i++) {
		assert_int_equal(dp_address_clear(b.dp, (uint16_t)(FIRST + i), &address), 0);
		assert_int_equal(dp_iface_clear(b.dp, (uint16_t)(FIRST + i)), 0);
	}
	bench_down(&b);
}

/* One more than there is room for leaves nothing behind, however many outer tags are tried. */
static void
there_is_a_bound(void **state)
{
	struct dp_iface told = {.outer = 5};
	struct bench b;
	uint16_t id = FIRST;
	size_t bytes;
	int rc = 0;

	(void)state;
	up(&b);
	for (; rc == 0; id++) {
		told.outer += told.vlan == 4094;
		told.vlan = (uint16_t)(told.vlan % 4094 + 1);
		rc = dp_iface_set(b.dp, id, &told);
	}
	assert_int_equal(rc, CV_ERR_LIMIT);
	bytes = table_bytes(&b);
	for (unsigned i = 0; i < 100; i++) {
		told.outer++;
		assert_int_equal(dp_iface_set(b.dp, id, &told), CV_ERR_LIMIT);
	}
	assert_int_equal(table_bytes(&b), bytes);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_WAYS(the_same_addresses_on_two_vlans),
		cmocka_unit_test(plain_packets_go_the_fast_way),
		BOTH_WAYS(what_is_asked_on_a_vlan),
		BOTH_WAYS(wrong_vlans),
		BOTH_WAYS(what_is_ours_on_a_vlan),
		BOTH_WAYS(tags_in_the_descriptor),
		BOTH_WAYS(tunnels_on_a_vlan),
		BOTH_WAYS(what_can_not_be),
		BOTH_WAYS(vlans_come_and_go),
		BOTH_WAYS(neighbours_of_ipv6),
		BOTH_WAYS(a_thousand_vlans),
		BOTH_WAYS(there_is_a_bound),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
