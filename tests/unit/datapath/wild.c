/* SPDX-License-Identifier: BSD-3-Clause */
/* The clients, and the path that they are installed on. */
#include "wild_clients.h"

const struct wild_client wild_clients[WILD_CLIENTS] = {
	{.filter = IPSEC, .group = MEET},
	{.filter = ANY, .group = MEET},
	{.filter = IPSEC, .group = APART},
	{.filter = GATEWAYS, .group = APART},
	{.filter = GATEWAYS, .group = APART},
	{.filter = ANY, .group = MEET, .send = DP_SEND_SEQUENCE},
	{.filter = ANY, .group = MEET, .send = DP_SEND_ACFC | DP_SEND_PFC},
	{.filter = IPSEC, .group = MEET, .send = DP_SEND_LENGTH | DP_SEND_PFC},
	{.filter = ANY, .group = MEET, .mtu = NARROW, .send = DP_SEND_LENGTH},
	{.filter = ANY, .group = MEET, .held = true},
	{.filter = ANY, .group = MEET, .shut = true},
	{.filter = ANY, .group = MEET, .realm = OTHER_REALM, .shares_inner = 2},
	{.filter = ANY, .group = SILENT, .unresolved = true},
	{.filter = PORTS, .group = MEET, .shares_peer = 1},
	{.filter = PORTS, .group = MEET, .service = 1},
	{.filter = ANY, .group = MEET, .rated = true},
	{.filter = ANY, .group = TOGETHER},
	{.filter = ANY, .group = TOGETHER},
	{.filter = ANY, .group = MARKED},
	{.filter = ANY, .group = MEET, .send = DP_SEND_ECN},
	{.filter = ANY, .group = MEET, .v6 = true},
	{.filter = IPSEC, .group = MEET, .v6 = true, .send = DP_SEND_LENGTH | DP_SEND_PFC},
	{.filter = ANY, .group = MEET, .v6 = true, .send = DP_SEND_SEQUENCE},
	{.filter = GATEWAYS, .group = APART, .v6 = true},
	{.filter = ANY, .group = MEET, .only_six = true},
	{.filter = LISTED, .group = MEET},
	{.filter = LISTED, .group = MEET},
	{.filter = LISTED, .group = APART},
	{.absent = true},
	{.send = DP_SEND_FRAMES},
	{.send = DP_SEND_FRAMES | DP_SEND_LENGTH, .joined = 30},
	{.send = DP_SEND_FRAMES | DP_SEND_ECN},
	{.send = DP_SEND_FRAMES, .joined = 32, .v6 = true},
	{.send = DP_SEND_FRAMES | DP_SEND_SEQUENCE},
	{.send = DP_SEND_FRAMES | DP_SEND_SEQUENCE | DP_SEND_LENGTH, .joined = 34, .v6 = true},
	{.send = DP_SEND_FRAMES | DP_SEND_LENGTH | DP_SEND_ECN, .v6 = true},
	{.send = DP_SEND_FRAMES, .joined = 36, .v6 = true},
	{.send = DP_SEND_FRAMES},
	{.send = DP_SEND_FRAMES, .joined = 38, .unresolved = true, .service = 1},
	{.send = DP_SEND_FRAMES, .joined = ALONE},
	{.send = DP_SEND_FRAMES},
	{.send = DP_SEND_FRAMES, .v6 = true},
};

bool
wild_is_switched(unsigned client)
{
	return client < WILD_CLIENTS && (wild_clients[client].send & DP_SEND_FRAMES) != 0;
}

uint32_t
wild_number(struct wild *w, uint32_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (uint32_t)((w->random >> 32) * below >> 32);
}

static void
frame(const struct wild *w, unsigned i)
{
	struct cv_prefix nets[] = {
		{.ip = cv_ipv4(BEHIND + (i << 8)), .length = 24}, {.ip = behind6(i), .length = 40}};

	nets[1].ip.bytes[15] = 0;
	if (i % 3 == 0)
		assert_int_equal(dp_framed_set(w->b->dp, w->slots[i], nets, 2), 0);
}

/* Rules of all kinds about the clients by their numbers: 0 to 7 have 10.88.1.20 to 27, and so on.
 */
static const struct cv_rule listed[] = {
#define V4(last, bits)                                                                \
	{                                                                             \
		.ip = {.family = CV_IPV4, .bytes = {10, 88, 1, last}}, .length = bits \
	}
#define V6(i, bits)                                                                       \
	{                                                                                 \
		.ip = {.family = CV_IPV6, .bytes = {0x20, 1, 0x0d, 0xb8, 0, 0x80 + (i)}}, \
		.length = bits                                                            \
	}
	{.protocol = WIRE_TCP, .denies = true, .peer = V4(22, 32)},
	{.protocol = WIRE_ESP, .denies = true, .way = CV_WAY_IN, .peer = V4(21, 32)},
	{.protocol = WIRE_ESP, .peer = V4(16, 28)},
	{.protocol = WIRE_ESP, .peer = V6(0, 44), .way = CV_WAY_OUT},
	{.protocol = WIRE_ESP, .peer = V6(1, 49), .way = CV_WAY_IN},
	{.protocol = WIRE_ESP, .client = V4(45, 32)},
	{.protocol = WIRE_UDP, .peer = V4(24, 29), .port_low = 4000, .port_high = 5000},
	{.protocol = WIRE_UDP, .client_port = {500, 500}, .peer = V6(0, 43)},
	{.protocol = WIRE_UDP, .peer_port = {53, 80}, .way = CV_WAY_IN},
	{.protocol = WIRE_UDP, .denies = true, .client = V4(46, 32), .client_port = {53, 53}},
	{.protocol = WIRE_UDP, .way = CV_WAY_OUT},
	{.protocol = WIRE_TCP, .peer_port = {80, 80}},
	{.protocol = WIRE_ICMP, .denies = true, .peer = V4(20, 32)},
	{.protocol = WIRE_AH},
	{.any_protocol = true, .peer = V4(45, 32)},
#undef V4
#undef V6
};

static void
policies(struct dp *dp)
{
	/* a client of each family; the link of another, and a part of one more's */
	const struct cv_prefix gateways[] = {
		{.ip = {.family = CV_IPV4, .bytes = {10, 88, 1, 20 + 3}}, .length = 32},
		network6(3, 64, false), network6(5, 48, false), network6(7, 65, false),
		{.ip = cv_ipv4(LAN_HOST), .length = 32}, {.ip = ip6(LAN_HOST6), .length = 128}};
	const struct dp_filter any = {.kind = DP_FILTER_ANY}, ipsec = {.kind = DP_FILTER_IPSEC},
			       to_gateways = {.kind = DP_FILTER_IPSEC,
				       .gateways = gateways,
				       .gateway_count = RTE_DIM(gateways)},
			       ports = {.kind = DP_FILTER_RULES,
				       .rules = {{WIRE_UDP, 4000, 5000}, {WIRE_TCP, 80, 80},
					       {.protocol = WIRE_ESP}},
				       .rule_count = 3},
			       list = {.kind = DP_FILTER_LIST,
				       .list = listed,
				       .list_count = RTE_DIM(listed)};
	struct dp_group group = {.lns = cv_ipv4(INNER_LNS), .clients_reachable = true};

	assert_int_equal(dp_filter_set(dp, ANY, &any), 0);
	assert_int_equal(dp_filter_set(dp, IPSEC, &ipsec), 0);
	assert_int_equal(dp_filter_set(dp, GATEWAYS, &to_gateways), 0);
	assert_int_equal(dp_filter_set(dp, PORTS, &ports), 0);
	assert_int_equal(dp_filter_set(dp, LISTED, &list), 0);
	assert_int_equal(dp_group_set(dp, MEET, &group), 0);
	group.lns = cv_ipv4(LAN_US);
	assert_int_equal(dp_group_set(dp, LAN, &group), 0);
	group.lns = cv_ipv4(INNER_LNS);
	group.refuse_silently = true;
	assert_int_equal(dp_group_set(dp, SILENT, &group), 0);
	group.clients_reachable = group.refuse_silently = false;
	assert_int_equal(dp_group_set(dp, APART, &group), 0);
	group.clients_reachable = group.dscp_fixed = true;
	group.dscp = 46;
	assert_int_equal(dp_group_set(dp, MARKED, &group), 0);
	group.dscp_fixed = false;
	assert_null(cv_rate_parse("8kbit/16kbit 10kB/12kB", &group.shared.out));
	assert_null(cv_rate_parse("8kbit 10kB", &group.shared.in));
	assert_int_equal(dp_group_set(dp, TOGETHER, &group), 0);
}

static void
install(struct wild *w, unsigned i)
{
	const struct wild_client *c = &wild_clients[i];
	struct dp_session s = {.service = c->service,
		.tunnel_id = (uint16_t)(TUNNEL + peer_of(i)),
		.session_id = (uint16_t)(SESSION + i),
		.peer_tunnel_id = (uint16_t)(7 * i + 1),
		.peer_session_id = (uint16_t)(0xff00 + i),
		.send = c->send,
		.peer = {.ip = cv_ipv4(PEERS + peer_of(i)), .port = (uint16_t)(40000 + peer_of(i))},
		.open = !c->shut && !wild_is_switched(i),
		.reachable = !c->shut && !c->held && !wild_is_switched(i),
		.address = cv_ipv4(inner_of(i)),
		.realm = c->realm,
		.group = c->group,
		.filter = c->filter,
		.mtu = c->mtu};
	uint8_t arp[FRAME_MAX];
	struct cv_rates rates;
	char text[CV_IP_TEXT];

	if (has_six(i)) {
		s.open6 = s.open;
		s.reachable6 = s.reachable;
		s.prefix6 = network6(i, 64, false);
		if (i % 2 != 0)
			s.delegated = network6(i, 49, true);
	}
	if (c->only_six)
		s.open = s.reachable = false;
	if (c->v6) {
		s.service = SERVICE_6;
		s.peer.ip = ip6(peer6(i, text));
	}
	while (dp_session_set(w->b->dp, &s, &w->slots[i]) == CV_ERR_EXISTS)
		s.session_id += 100; /* it would be another one's slot */
	w->sessions[i] = s.session_id;
	assert_in_range(w->slots[i], 0, w->b->dp->slot_mask);
	if (c->rated) {
		assert_null(cv_rate_parse("8kbit/16kbit 10kB/11kB", &rates.in));
		assert_null(cv_rate_parse("8kbit 10kB", &rates.out));
		assert_int_equal(dp_session_rates_set(w->b->dp, w->slots[i], &rates), 0);
	}
	frame(w, i);
	if (c->joined != 0)
		assert_int_equal(dp_switch_set(w->b->dp, w->slots[i],
					 c->joined == ALONE ? DP_NO_SLOT : w->slots[c->joined - 1]),
			0);
	if (c->v6)
		put_advert(w->b, text, router_mac, WIRE_ND_SOLICITED);
	else if (!c->unresolved)
		put_frame(w->b, arp, bench_arp(w->b, PEERS + peer_of(i), arp));
}

/* The interface of all is inside the first realm, too: two neighbours that are known, and routes.
 */
static void
uplink(struct bench *b)
{
	const struct dp_iface inside = {.inside = true, .group = LAN, .filter = ANY};
	const struct cv_prefix ours[] = {
		{.ip = cv_ipv4(LAN_US), .length = 24}, {.ip = ip6(LAN_US6), .length = 64}};
	const struct {
		struct cv_prefix to;
		uint32_t word;
	} routes[] = {
		{{.ip = cv_ipv4(BEYOND & 0xffffff00), .length = 24},
			dp_route_word(DP_ROUTE_VIA, 1)},
		{{.ip = cv_ipv4(NOWHERE & 0xffffff00), .length = 24},
			dp_route_word(DP_ROUTE_DISCARD, 0)},
		{prefix6("2001:db8:77::/48"), dp_route_word(DP_ROUTE_VIA, 2)},
		{{.ip = cv_ipv4(DIALLED), .length = 32}, dp_route_word(DP_ROUTE_DIAL, 1)},
		{prefix6(DIALLED6 "/128"), dp_route_word(DP_ROUTE_DIAL, 1)},
	};
	const struct cv_ip hops[] = {
		cv_ipv4(LAN_HOST), cv_ipv4(LAN_ROUTER), ip6("fe80::fe"), ip6(LAN_HOST6)};
	const struct dp_via either[] = {{0, hops[0]}, {0, hops[1]}, {0, hops[2]}, {0, hops[3]}};
	uint8_t arp[FRAME_MAX];
	char text[CV_IP_TEXT];

	assert_int_equal(dp_iface_set(b->dp, 0, &inside), 0);
	for (unsigned i = 0; i < RTE_DIM(ours); i++)
		assert_int_equal(dp_address_set(b->dp, 0, &ours[i]), 0);
	for (uint16_t i = 0; i < RTE_DIM(hops); i++) {
		assert_int_equal(
			dp_via_set(b->dp, i, &(struct dp_via){.iface = 0, .ip = hops[i]}, 1), 0);
		if (hops[i].family == CV_IPV6)
			put_advert(b, cv_ip_text(&hops[i], text), router_mac, WIRE_ND_SOLICITED);
		else
			put_frame(b, arp, bench_arp(b, cv_ipv4_value(&hops[i]), arp));
	}
	/* one of two next hops by flow, of either family */
	assert_int_equal(dp_via_set(b->dp, 1, either, 2), 0);
	assert_int_equal(dp_via_set(b->dp, 2, either + 2, 2), 0);
	for (unsigned i = 0; i < RTE_DIM(routes); i++)
		assert_int_equal(dp_route_set(b->dp, 0, &routes[i].to, routes[i].word), 0);
}

void
wild_up(struct wild *w, struct bench *b, uint64_t seed)
{
	struct dp_service second = {
		.ip = cv_ipv4(SECOND_IP), .prefix_length = 24, .udp_port = SECOND_PORT};

	*w = (struct wild){.b = b, .random = seed | 1};
	assert_int_equal(dp_service_set(b->dp, 1, &second), 0);
	serve_ipv6(b, NULL);
	policies(b->dp);
	for (unsigned i = 0; i < WILD_CLIENTS; i++) {
		w->slots[i] = DP_NO_SLOT;
		w->sessions[i] = (uint16_t)(SESSION + i);
		if (!wild_clients[i].absent)
			install(w, i);
	}
	uplink(b);
	while (dp_worker_round(b->dp->workers[0]) != 0 || take_frame(b).len != 0)
		; /* ARP requests */
}
