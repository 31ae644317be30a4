/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a packet would go is what becomes of it, and interfaces say what passed them. */
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

static const uint8_t host_mac[6] = {2, 0, 0, 0, 5, 9};

static void
lan_up(struct bench *b)
{
	const struct policy any = {.kind = DP_FILTER_ANY, .clients_reachable = true};
	const struct dp_iface inside = {.inside = true, .group = LAN, .filter = LAN};
	const struct cv_prefix address = {.ip = cv_ipv4(OURS), .length = 24};
	struct dp_group group = {.lns = cv_ipv4(OURS), .clients_reachable = true};

	bench_up(b, 0, 0);
	assert_int_equal(set_policy(b->dp, LAN, &any), 0);
	assert_int_equal(dp_group_set(b->dp, LAN, &group), 0);
	assert_int_equal(dp_iface_set(b->dp, 0, &inside), 0);
	assert_int_equal(dp_address_set(b->dp, 0, &address), 0);
}

static void
drain(struct bench *b)
{
	while (take_frame(b).len != 0)
		;
}

/* Until nobody is known, and nothing waits for anybody. */
static void
time_passes(struct bench *b)
{
	for (unsigned i = 0; i < 20; i++) {
		b->now += 31 * CV_NS_PER_S;
		dp_control_poll(b->dp, b->now);
		dp_worker_round(b->dp->workers[0]);
		drain(b);
	}
}

static void
send_out(struct bench *b, uint32_t to)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};

	inner_packet(packet, INNER_A, to, ESP, LEN);
	put_data(b, true, &wire, packet, LEN);
	drain(b);
}

static void
answer(struct bench *b, uint32_t ip, const uint8_t mac[6])
{
	uint8_t frame[FRAME_MAX];

	wire_ether_write(frame, b->dp->ports[0].mac, mac, WIRE_TYPE_ARP);
	wire_arp_write(frame + WIRE_ETHER, WIRE_ARP_REPLY, mac, wire_swap32(ip),
		b->dp->ports[0].mac, wire_swap32(OURS));
	put_frame(b, frame, WIRE_ETHER + WIRE_ARP);
	drain(b);
}

static void
expect_prefix(const struct dp_leads *leads, uint32_t ip, uint8_t length)
{
	struct cv_ip told = cv_ipv4(ip);

	assert_true(cv_ip_equal(&leads->prefix.ip, &told));
	assert_int_equal(leads->prefix.length, length);
}

static struct dp_leads
lookup(const struct bench *b, uint32_t ip)
{
	struct cv_ip target = cv_ipv4(ip);
	struct dp_leads leads;

	assert_int_equal(dp_lookup(b->dp, 0, &target, &leads), 0);
	return leads;
}

/* Given to this one by the LAN. */
static void
expect_hop(const struct bench *b, uint32_t ip, enum dp_route_kind kind, uint32_t hop,
	enum dp_hop_state state)
{
	struct dp_leads leads = lookup(b, ip);
	struct cv_ip told = cv_ipv4(hop);
	static const uint8_t no_mac[6];

	assert_int_equal(leads.kind, kind);
	assert_int_equal(leads.iface, 0);
	assert_true(cv_ip_equal(&leads.hop, &told));
	assert_int_equal(leads.state, state);
	assert_memory_equal(leads.mac, state == DP_HOP_RESOLVED ? host_mac : no_mac, 6);
}

static void
to_sessions_and_ourselves(void **state)
{
	const struct cv_prefix beside = {.ip = cv_ipv4(LNS_IP + 2), .length = 24};
	static const uint32_t nowhere[] = {0x7f000001, 0xe0000005, 0};
	struct dp_leads leads;
	struct cv_ip ip;
	struct bench b;

	(void)state;
	lan_up(&b);
	leads = lookup(&b, INNER_B);
	assert_int_equal(leads.kind, DP_ROUTE_SESSION);
	assert_int_equal(leads.slot, b.slot_b);
	expect_prefix(&leads, INNER_B, 32);
	assert_int_equal(leads.hop.family, 0);
	leads = lookup(&b, OURS);
	assert_int_equal(leads.kind, DP_ROUTE_SELF);
	expect_prefix(&leads, OURS, 32);
	assert_int_equal(lookup(&b, INNER_A + 77).kind, DP_ROUTE_NOBODY);
	/* a listener's, in a network of the interface */
	assert_int_equal(lookup(&b, LNS_IP).kind, DP_ROUTE_NOBODY);
	assert_int_equal(dp_address_set(b.dp, 0, &beside), 0);
	assert_int_equal(lookup(&b, LNS_IP).kind, DP_ROUTE_SELF);
	assert_int_equal(lookup(&b, LNS_IP + 3).kind, DP_ROUTE_LINK);
	ip = cv_ipv4(INNER_B);
	assert_int_equal(dp_lookup(b.dp, 1, &ip, &leads), 0); /* another realm */
	assert_int_equal(leads.kind, DP_ROUTE_NOBODY);
	for (size_t i = 0; i < 3; i++) {
		ip = cv_ipv4(nowhere[i]);
		assert_int_equal(dp_lookup(b.dp, 0, &ip, &leads), CV_ERR_CONFIG);
	}
	ip = (struct cv_ip){.family = CV_IPV6, .bytes = {0xfe, 0x80, [15] = 1}};
	assert_int_equal(dp_lookup(b.dp, 0, &ip, &leads), CV_ERR_CONFIG);
	ip.bytes[0] = 0xff;
	assert_int_equal(dp_lookup(b.dp, 0, &ip, &leads), CV_ERR_CONFIG);
	ip = (struct cv_ip){.family = CV_IPV6, .bytes = {0x20, 1, 0xd, 0xb8, [15] = 1}};
	assert_int_equal(dp_lookup(b.dp, 0, &ip, &leads), 0);
	assert_int_equal(leads.kind, DP_ROUTE_NOBODY);
	bench_down(&b);
}

static void
to_neighbours(void **state)
{
	struct bench b;

	(void)state;
	lan_up(&b);
	expect_hop(&b, HOST, DP_ROUTE_LINK, HOST, DP_HOP_UNKNOWN);
	send_out(&b, HOST);
	expect_hop(&b, HOST, DP_ROUTE_LINK, HOST, DP_HOP_ASKING);
	answer(&b, HOST, host_mac);
	expect_hop(&b, HOST, DP_ROUTE_LINK, HOST, DP_HOP_RESOLVED);
	expect_hop(&b, ROUTER, DP_ROUTE_LINK, ROUTER, DP_HOP_UNKNOWN);
	bench_down(&b);
}

static void
by_routes(void **state)
{
	const struct cv_prefix net = {.ip = cv_ipv4(BEYOND & 0xffffff00), .length = 24};
	const struct cv_prefix none = {.ip = cv_ipv4(BEYOND & 0xfffffff0), .length = 28};
	const struct dp_via via = {.iface = 0, .ip = cv_ipv4(HOST)};
	const uint32_t word = dp_route_word(DP_ROUTE_VIA, VIA);
	struct dp_leads leads;
	struct bench b;

	(void)state;
	lan_up(&b);
	assert_int_equal(dp_route_set(b.dp, 0, &net, word), 0);
	/* its next hop is not set yet */
	assert_int_equal(lookup(&b, BEYOND).kind, DP_ROUTE_NOBODY);
	assert_int_equal(dp_via_set(b.dp, VIA, &via, 1), 0);
	drain(&b);
	expect_hop(&b, BEYOND, DP_ROUTE_VIA, HOST, DP_HOP_ASKING);
	answer(&b, HOST, host_mac);
	expect_hop(&b, BEYOND, DP_ROUTE_VIA, HOST, DP_HOP_RESOLVED);
	/* as the word alone says, too */
	dp_route_leads(b.dp, word, 0, &leads);
	assert_int_equal(leads.kind, DP_ROUTE_VIA);
	assert_int_equal(leads.state, DP_HOP_RESOLVED);
	dp_route_leads(b.dp, dp_route_word(DP_ROUTE_LINK, b.dp->ifaces[0].slot), 0, &leads);
	assert_int_equal(leads.kind, DP_ROUTE_LINK);
	assert_int_equal(leads.hop.family, 0);
	/* the longest prefix counts */
	assert_int_equal(dp_route_set(b.dp, 0, &none, dp_route_word(DP_ROUTE_DISCARD, 0)), 0);
	leads = lookup(&b, BEYOND);
	assert_int_equal(leads.kind, DP_ROUTE_DISCARD);
	expect_prefix(&leads, BEYOND & 0xfffffff0, 28);
	leads = lookup(&b, BEYOND + 16);
	expect_prefix(&leads, BEYOND & 0xffffff00, 24);
	expect_hop(&b, BEYOND + 16, DP_ROUTE_VIA, HOST, DP_HOP_RESOLVED);
	bench_down(&b);
}

/* What a packet made count, of all that it can. */
struct fate {
	uint64_t to_a, to_b, out, asked, discarded, no_route, ours;
};

static struct fate
fate_of(const struct bench *b)
{
	struct dp_session_counters a_n, b_n;
	struct dp_iface_info info;

	dp_session_counters(b->dp, b->slot_a, &a_n);
	dp_session_counters(b->dp, b->slot_b, &b_n);
	assert_int_equal(dp_iface_info(b->dp, 0, &info), 0);
	return (struct fate){a_n.tx_packets, b_n.tx_packets, info.n.tx_packets,
		edges(b, DP_EDGE_EGRESS_PUNT_NEIGHBOUR), drops(b, DP_DROP_ROUTE_DISCARD),
		drops(b, DP_DROP_ROUTE_NO_ROUTE), drops(b, DP_DROP_ROUTE_LNS)};
}

/* What it should be after a packet that leads there. */
static void
expect_fate(const struct bench *b, struct fate fate, const struct dp_leads *leads)
{
	struct fate now = fate_of(b);

	switch (leads->kind) {
	case DP_ROUTE_SESSION:
		(*(leads->slot == b->slot_a ? &fate.to_a : &fate.to_b))++;
		break;
	case DP_ROUTE_SELF:
		fate.ours++;
		break;
	case DP_ROUTE_DISCARD:
		fate.discarded++;
		break;
	case DP_ROUTE_NOBODY:
		fate.no_route++;
		fate.to_a = now.to_a; /* it is told so, up to a rate */
		break;
	default:
		(*(leads->state == DP_HOP_RESOLVED ? &fate.out : &fate.asked))++;
	}
	assert_memory_equal(&now, &fate, sizeof(now));
}

static void
random_route(struct bench *b, const uint32_t nets[3], uint64_t *random)
{
	const uint32_t words[] = {dp_route_word(DP_ROUTE_VIA, VIA),
		dp_route_word(DP_ROUTE_VIA, VIA + 1), dp_route_word(DP_ROUTE_DISCARD, 0),
		dp_route_word(DP_ROUTE_SELF, 0)};
	uint8_t length = (uint8_t)(24 + random_below(random, 9));
	uint32_t ip = nets[random_below(random, 3)] + random_below(random, 256);
	struct cv_prefix to = {.ip = cv_ipv4(ip & UINT32_MAX << (32 - length)), .length = length};

	/* what a session or we have it keeps */
	(void)dp_route_set(b->dp, 0, &to, words[random_below(random, 4)]);
}

/* Whatever routes there are, and of whichever address. */
static void
it_is_what_workers_do(void **state)
{
	static const uint32_t nets[] = {
		INNER_A & 0xffffff00, OURS & 0xffffff00, BEYOND & 0xffffff00};
	const struct dp_via via = {.iface = 0, .ip = cv_ipv4(HOST)};
	unsigned kinds[DP_ROUTE_DISCARD + 1] = {0};
	uint64_t random = 77;
	struct bench b;

	(void)state;
	lan_up(&b);
	assert_int_equal(dp_via_set(b.dp, VIA, &via, 1), 0);
	drain(&b);
	answer(&b, HOST, host_mac);
	for (unsigned i = 0; i < 2000; i++) {
		uint32_t ip = nets[random_below(&random, 3)] + random_below(&random, 256);
		struct dp_leads leads;
		struct fate fate;

		if (i % 20 == 0)
			random_route(&b, nets, &random);
		if (i % 10 == 0 || ip == INNER_A) /* A does not send to itself */
			ip = i % 20 == 0 ? INNER_B : HOST;
		leads = lookup(&b, ip);
		fate = fate_of(&b);
		send_out(&b, ip);
		expect_fate(&b, fate, &leads);
		kinds[leads.kind]++;
	}
	for (enum dp_route_kind k = 0; k <= DP_ROUTE_DISCARD; k++)
		if (k != DP_ROUTE_SESSION6 && k != DP_ROUTE_ADJACENT)
			assert_true(kinds[k] > 20);
	time_passes(&b);
	bench_down(&b);
}

static void
realms_count(void **state)
{
	const struct cv_prefix net = {.ip = cv_ipv4(BEYOND & 0xffffff00), .length = 24};
	struct dp_session_counters final;
	struct dp_realm_use use;
	struct dp_session s;
	struct bench b;

	(void)state;
	lan_up(&b);
	dp_realm_use(b.dp, 0, &use);
	assert_int_equal(use.sessions, 2);
	assert_int_equal(use.addresses, 2);
	assert_int_equal(use.prefixes, 0);
	assert_int_equal(use.routes, 3); /* our addresses, and a network */
	assert_int_equal(dp_route_set(b.dp, 0, &net, dp_route_word(DP_ROUTE_DISCARD, 0)), 0);
	/* of both families it is one */
	assert_int_equal(dp_session_get(b.dp, b.slot_a, &s), 0);
	s.open6 = true;
	s.prefix6 = (struct cv_prefix){
		.ip = {.family = CV_IPV6, .bytes = {0x20, 1, 0xd, 0xb8}}, .length = 64};
	s.interface_id[7] = 1;
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	dp_realm_use(b.dp, 0, &use);
	assert_int_equal(use.sessions, 2);
	assert_int_equal(use.prefixes, 1);
	assert_int_equal(use.routes, 4);
	s.open = false;
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	dp_realm_use(b.dp, 0, &use);
	assert_int_equal(use.sessions, 2);
	assert_int_equal(use.addresses, 1);
	assert_true(dp_session_clear(b.dp, b.slot_a, &final) >= 0);
	dp_realm_use(b.dp, 0, &use);
	assert_int_equal(use.sessions, 1);
	assert_int_equal(use.prefixes, 0);
	dp_realm_use(b.dp, 1, &use);
	assert_int_equal(use.sessions, 0);
	assert_int_equal(use.routes, 0);
	bench_down(&b);
}

/* What passed it and who is there; a neighbour that goes takes nothing along. */
static void
interfaces_count(void **state)
{
	const struct dp_via via = {.iface = 0, .ip = cv_ipv4(ROUTER)};
	uint8_t packet[FRAME_MAX], frame[FRAME_MAX];
	struct dp_iface_info info;
	struct bench b;
	uint64_t sent;

	(void)state;
	lan_up(&b);
	assert_int_equal(dp_iface_info(b.dp, 1, &info), CV_ERR_UNKNOWN);
	send_out(&b, HOST);
	assert_int_equal(dp_iface_info(b.dp, 0, &info), 0);
	assert_int_equal(info.neighbours, 0);
	answer(&b, HOST, host_mac);
	for (unsigned i = 0; i < 3; i++)
		send_out(&b, HOST);
	wire_ether_write(frame, b.dp->ports[0].mac, host_mac, WIRE_TYPE_IPV4);
	inner_packet(packet, HOST, INNER_A, ESP, LEN);
	memcpy(frame + WIRE_ETHER, packet, LEN);
	put_frame(&b, frame, WIRE_ETHER + LEN);
	drain(&b);
	assert_int_equal(dp_iface_info(b.dp, 0, &info), 0);
	assert_int_equal(info.neighbours, 1);
	assert_int_equal(info.n.rx_packets, 1);
	assert_int_equal(info.n.rx_bytes, LEN);
	assert_true(info.n.tx_packets >= 3);
	assert_int_equal(info.n.tx_bytes, info.n.tx_packets * LEN);
	sent = info.n.tx_packets;
	/* it goes, and others come and go until its slot is another's */
	time_passes(&b);
	assert_int_equal(lookup(&b, HOST).state, DP_HOP_UNKNOWN);
	for (unsigned i = 0; i < DP_MAX_ADJACENCIES; i++) {
		assert_int_equal(dp_via_set(b.dp, VIA, &via, 1), 0);
		assert_int_equal(dp_via_clear(b.dp, VIA), 0);
		dp_control_poll(b.dp, b.now);
		dp_worker_round(b.dp->workers[0]);
		drain(&b);
	}
	assert_int_equal(dp_iface_info(b.dp, 0, &info), 0);
	assert_int_equal(info.neighbours, 0);
	assert_int_equal(info.n.tx_packets, sent);
	assert_int_equal(info.n.tx_bytes, sent * LEN);
	assert_int_equal(info.n.rx_packets, 1);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(to_sessions_and_ourselves),
		cmocka_unit_test(to_neighbours),
		cmocka_unit_test(by_routes),
		cmocka_unit_test(it_is_what_workers_do),
		cmocka_unit_test(realms_count),
		cmocka_unit_test(interfaces_count),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
