/* SPDX-License-Identifier: BSD-3-Clause */
#include "wild.h"

#include "inner6.h"
#include "ipv6.h"

enum {
	TUNNEL = 100,
	SESSION = 1000,
	PEERS = 0xc0000214, /* 192.0.2.20 and on */
	INNERS = 0x0a580114,
	SECOND_IP = 0xc0000202,
	SECOND_PORT = 1702,
	ANY = 10, /* filters */
	IPSEC,
	GATEWAYS,
	PORTS,
	LISTED,
	MEET = 10, /* groups */
	APART,
	SILENT,
	TOGETHER, /* a rate of all of them */
	MARKED,   /* a DSCP of its own */
	LAN,      /* of the interface that is inside */
	NARROW = 300,
	LAN_NET = 0xc6120500, /* 198.18.5.0/24, */
	LAN_US = LAN_NET + 1,
	LAN_HOST = LAN_NET + 9,
	LAN_ROUTER = LAN_NET + 254, /* by whom BEYOND is, */
	BEYOND = 0xcb007107,
	NOWHERE = 0xc6336407, /* and by nobody this */
	DIALLED = 0xcb007109, /* behind a peer that is not there yet */
	OTHER_REALM = 1,
	ALONE = 255,
	BEHIND = 0x0a630000, /* 10.99.0.0/16: a /24 of it is behind each client, or every third */
};

/* One of each kind. */
static const struct client {
	uint16_t filter, group, send, mtu, realm, service;
	bool shut, held, unresolved, absent, v6, only_six;
	bool rated;
	uint8_t shares_peer, shares_inner; /* with the client of this number, less one */
	uint8_t joined;                    /* to it, likewise; ALONE: to none */
} clients[WILD_CLIENTS] = {
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
	return client < WILD_CLIENTS && (clients[client].send & DP_SEND_FRAMES) != 0;
}

uint32_t
wild_number(struct wild *w, uint32_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (uint32_t)((w->random >> 32) * below >> 32);
}

static bool
one_in(struct wild *w, uint32_t n)
{
	return wild_number(w, n) == 0;
}

static unsigned
peer_of(unsigned i)
{
	return clients[i].shares_peer != 0 ? clients[i].shares_peer - 1u : i;
}

static uint32_t
inner_of(unsigned i)
{
	return INNERS + (clients[i].shares_inner != 0 ? clients[i].shares_inner - 1u : i);
}

static const char *
peer6(unsigned i, char text[CV_IP_TEXT])
{
	snprintf(text, CV_IP_TEXT, "2001:db8::%x", 0x20 + i);
	return text;
}

/* 2001:db8:N::/48 is a client's, whose link has a /64 of it, and who was delegated the second half,
 * where he is an odd one. */
static struct cv_prefix
network6(unsigned i, unsigned bits, bool upper)
{
	struct cv_prefix p = {
		.ip = {.family = CV_IPV6, .bytes = {0x20, 1, 0x0d, 0xb8}}, .length = (uint8_t)bits};

	p.ip.bytes[5] =
		(uint8_t)(0x80 + (clients[i].shares_inner != 0 ? clients[i].shares_inner - 1u : i));
	p.ip.bytes[6] = upper ? 0x80 : 0;
	return p;
}

/* 2001:db8:N00::/40, likewise. */
static struct cv_ip
behind6(unsigned i)
{
	return (struct cv_ip){
		.family = CV_IPV6, .bytes = {0x20, 1, 0x0d, 0xb8, (uint8_t)(0xc0 + i), [15] = 1}};
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

static bool
has_six(unsigned i)
{
	return i % 4 != 2;
}

#define LAN_US6 "2001:db8:5::1"
#define LAN_HOST6 "2001:db8:5::9"

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
	const struct client *c = &clients[i];
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

#define BEYOND6 "2001:db8:77::7"
#define DIALLED6 "2001:db8:78::9"

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
		if (!clients[i].absent)
			install(w, i);
	}
	uplink(b);
	while (dp_worker_round(b->dp->workers[0]) != 0 || take_frame(b).len != 0)
		; /* ARP requests */
}

/* Whom a packet is for. */
static uint32_t
target(struct wild *w, unsigned wildness)
{
	static const uint32_t odd[] = {
		INNER_LNS, 0x0a580199, 0xe0000005, 0, 0x7f000001, UINT32_MAX, 0x08080808};

	static const uint32_t beside[] = {
		LAN_HOST, LAN_HOST, BEYOND, LAN_NET + 77, NOWHERE, LAN_US, DIALLED};

	if (wild_number(w, 400) < wildness)
		return odd[wild_number(w, RTE_DIM(odd))];
	if (one_in(w, 6))
		return beside[wild_number(w, RTE_DIM(beside))];
	if (one_in(w, 8))
		return BEHIND + wild_number(w, WILD_CLIENTS << 8);
	return INNERS + wild_number(w, WILD_CLIENTS);
}

/* An inner packet; returns its length. */
static size_t
inner(struct wild *w, unsigned from, unsigned wildness, uint8_t *out)
{
	static const uint8_t protocols[] = {
		WIRE_ESP, WIRE_ESP, WIRE_ESP, WIRE_UDP, WIRE_UDP, WIRE_AH, WIRE_TCP, WIRE_ICMP, 47};
	static const uint16_t ports[] = {500, 4500, 80, 4444, 53};
	size_t len = WIRE_IPV4 + wild_number(w, one_in(w, 4) ? 1480 : 200);
	uint8_t protocol = protocols[wild_number(w, RTE_DIM(protocols))];
	bool odd = wild_number(w, 100) < wildness;

	inner_packet(out, one_in(w, 8) ? BEHIND + (from << 8) + 1 : inner_of(from),
		target(w, wildness), protocol, len);
	if (len >= WIRE_IPV4 + 4) {
		wire_put16(out + WIRE_IPV4, ports[wild_number(w, RTE_DIM(ports))]);
		wire_put16(out + WIRE_IPV4 + 2, ports[wild_number(w, RTE_DIM(ports))]);
		if (protocol == WIRE_ICMP)
			out[WIRE_IPV4] = one_in(w, 2) ? 8 : 3;
	}
	out[WIRE_IPV4_TOS] = (uint8_t)wild_number(w, 256);
	if (odd && one_in(w, 4))
		out[WIRE_IPV4_TTL] = (uint8_t)wild_number(w, 3);
	if (odd && one_in(w, 3)) /* fragments, DF, the bit that nobody uses */
		wire_put16(out + WIRE_IPV4_FRAGMENT,
			(uint16_t)(wild_number(w, 8) << 13 |
				   (one_in(w, 2) ? wild_number(w, 200) : 0)));
	if (odd && one_in(w, 6) && len >= WIRE_IPV4 + 4) { /* options */
		out[0] = 0x46;
		memset(out + WIRE_IPV4, one_in(w, 2) ? WIRE_OPTION_NOP : WIRE_OPTION_LSRR, 4);
	}
	wire_store16(out + WIRE_IPV4_SUM, 0);
	wire_store16(out + WIRE_IPV4_SUM,
		wire_checksum(wire_sum(out, RTE_MIN(len, wire_ipv4_header(out)))));
	return len;
}

/* Whom an IPv6 packet is for, or from. */
static void
address_of(struct wild *w, unsigned i, bool own, unsigned wildness, uint8_t *out)
{
	static const char *const odd[] = {LNS_INNER6, "fe80::1", "ff02::1", "::", "2001:db8::77"};
	struct cv_ip ip = network6(i, 64, i % 2 != 0 && one_in(w, 2)).ip;

	static const char *const beside[] = {
		LAN_HOST6, LAN_HOST6, BEYOND6, "2001:db8:5::77", LAN_US6, DIALLED6};

	if (wild_number(w, 400) < wildness)
		ip = address6(odd[wild_number(w, RTE_DIM(odd))]);
	else if (one_in(w, 8))
		ip = behind6(i);
	else if (!own && one_in(w, 6))
		ip = address6(beside[wild_number(w, RTE_DIM(beside))]);
	else
		ip.bytes[15] = (uint8_t)(1 + wild_number(w, 3));
	memcpy(out, ip.bytes, WIRE_IPV6_ADDRESS);
}

static size_t
six(struct wild *w, unsigned from, unsigned wildness, uint8_t *out)
{
	static const uint8_t nexts[] = {WIRE_ESP, WIRE_ESP, WIRE_UDP, WIRE_UDP, WIRE_AH, WIRE_TCP,
		WIRE_ICMPV6, WIRE_NOTHING, 0, 44, 43, 60};
	static const uint16_t ports[] = {500, 4500, 80, 4444, 53};
	struct wire_ipv6 h = {.traffic_class = (uint8_t)wild_number(w, 256),
		.next = nexts[wild_number(w, wild_number(w, 100) < wildness ? RTE_DIM(nexts) : 6)],
		.hops = one_in(w, 30) ? (uint8_t)wild_number(w, 3) : 64,
		.payload = (uint16_t)wild_number(w, one_in(w, 4) ? 1460 : 200),
		.flow = wild_number(w, 1 << 20)};

	address_of(w, from, true, wildness, h.source);
	address_of(w, wild_number(w, WILD_CLIENTS), false, wildness, h.target);
	wire_ipv6_write(out, &h);
	for (unsigned i = 0; i < h.payload; i++)
		out[WIRE_IPV6 + i] = (uint8_t)(i * 41 + h.flow);
	if (h.payload >= 8) {
		wire_put16(out + WIRE_IPV6, ports[wild_number(w, RTE_DIM(ports))]);
		wire_put16(out + WIRE_IPV6 + 2, ports[wild_number(w, RTE_DIM(ports))]);
	}
	if (h.payload >= 8 && (h.next == 0 || h.next == 44 || h.next == 43 || h.next == 60)) {
		out[WIRE_IPV6] = one_in(w, 2) ? WIRE_ESP : WIRE_UDP;
		out[WIRE_IPV6 + 1] = one_in(w, 4) ? (uint8_t)wild_number(w, 4) : 0;
	}
	return WIRE_IPV6 + (size_t)h.payload;
}

/* Sums as they should be, where the frame still has what they are of. */
static void
fix(struct wild_frame *f)
{
	uint8_t *ip = f->bytes + WIRE_ETHER, *udp = ip + WIRE_IPV4;

	if (ip[0] >> 4 == 6 && wire_udp_length(ip + WIRE_IPV6) >= WIRE_UDP_HEADER &&
		ETHER_IPV6 + wire_udp_length(ip + WIRE_IPV6) <= f->len)
		wire_udp_finish6(ip + WIRE_IPV6, ip + WIRE_IPV6_SOURCE, ip + WIRE_IPV6_TARGET);
	if (ip[0] != 0x45)
		return;
	wire_ipv4_finish(ip);
	if (wire_udp_length(udp) >= WIRE_UDP_HEADER &&
		WIRE_ETHER + WIRE_IPV4 + wire_udp_length(udp) <= f->len)
		wire_udp_finish(udp, wire_ipv4_source_be(ip), wire_ipv4_target_be(ip));
}

/* Anything may be different in the headers; the sums are mended or not. */
static void
mutate(struct wild *w, struct wild_frame *f)
{
	unsigned n = 1 + wild_number(w, 3), reach = RTE_MIN((unsigned)f->len, 96u);

	for (unsigned i = 0; i < n && reach != 0; i++) {
		uint8_t *byte = &f->bytes[wild_number(w, reach)];

		if (one_in(w, 2))
			*byte ^= (uint8_t)(1u << wild_number(w, 8));
		else
			*byte = (uint8_t)wild_number(w, 256);
	}
	if (one_in(w, 2))
		fix(f);
	if (one_in(w, 8))
		f->len = (uint16_t)wild_number(w, f->len + 1u);
	else if (one_in(w, 8))
		f->len = (uint16_t)(f->len + wild_number(w, 40));
}

/* A fragment of the outer packet, or one that may not be made. */
static void
part(struct wild *w, struct wild_frame *f)
{
	uint8_t *ip = f->bytes + WIRE_ETHER;

	if (ip[0] != 0x45)
		return;
	wire_put16(ip + WIRE_IPV4_FRAGMENT,
		(uint16_t)(wild_number(w, 8) << 13 | (one_in(w, 2) ? wild_number(w, 100) : 0)));
	wire_ipv4_finish(ip);
}

/* A datagram that ends within the inner header, which is all there as padding of the frame. */
static void
cut_short(struct wild *w, struct wild_frame *f)
{
	uint8_t *ip = f->bytes + WIRE_ETHER;
	bool v6 = ip[0] >> 4 == 6;
	uint8_t *udp = ip + (v6 ? WIRE_IPV6 : WIRE_IPV4);
	unsigned inner = wire_udp_length(udp) - WIRE_UDP_HEADER, keep = wild_number(w, 32);

	if ((!v6 && ip[0] != 0x45) || inner < keep || (udp[WIRE_UDP_HEADER] & 0x40) != 0)
		return;
	wire_put16(udp + 4, (uint16_t)(WIRE_UDP_HEADER + keep));
	if (v6)
		wire_put16(ip + WIRE_IPV6_LENGTH, (uint16_t)(WIRE_UDP_HEADER + keep));
	else
		wire_put16(ip + WIRE_IPV4_LENGTH, (uint16_t)(WIRE_IPV4 + WIRE_UDP_HEADER + keep));
	/* what it says of its length is even right */
	for (unsigned header = 7; header <= 10 && header <= keep; header++) {
		uint8_t *packet = udp + WIRE_UDP_HEADER + header;

		if (packet[0] != 0x45)
			continue;
		wire_put16(packet + WIRE_IPV4_LENGTH, (uint16_t)(keep - header));
		wire_ipv4_finish(packet);
		break;
	}
	fix(f);
}

/* Behind a packet that ends before its ports there is padding that reads like some. */
static void
pad_with_ports(struct wild_frame *f)
{
	for (unsigned i = 0; i < 2; i++) {
		wire_put16(f->bytes + f->len, 500);
		f->len = (uint16_t)(f->len + 2);
	}
}

/* A priority tag, or that of a VLAN. */
static void
tag(struct wild *w, struct wild_frame *f)
{
	memmove(f->bytes + WIRE_ETHER + 2, f->bytes + WIRE_ETHER - 2, f->len - WIRE_ETHER + 2u);
	wire_put16(f->bytes + WIRE_ETHER_TYPE, 0x8100);
	wire_put16(f->bytes + WIRE_ETHER, one_in(w, 4) ? 7 : 0xa000);
	f->len = (uint16_t)(f->len + WIRE_VLAN_TAG);
}

/* The same datagram over IPv6; without a checksum where it was so. */
static void
over_ipv6(struct wild *w, unsigned from, bool odd, struct wild_frame *f)
{
	uint8_t *udp = f->bytes + WIRE_ETHER + WIRE_IPV4;
	uint16_t sum = wire_load16(udp + WIRE_UDP_SUM), len = (uint16_t)wire_udp_length(udp);
	uint8_t tos = f->bytes[WIRE_ETHER + WIRE_IPV4_TOS];
	char text[CV_IP_TEXT];

	memmove(f->bytes + ETHER_IPV6, udp, f->len - (size_t)(udp - f->bytes));
	f->len = (uint16_t)around_ipv6(w->b, f->bytes, peer6(from, text), LNS_6, WIRE_UDP, 60, len);
	if (odd)
		wire_put16(f->bytes + WIRE_ETHER, (uint16_t)(0x6000 | tos << 4));
	fix(f);
	if (sum == 0)
		wire_store16(f->bytes + ETHER_IPV6 + WIRE_UDP_SUM, 0);
}

/* A control message or PPP control of a client. */
static void
control(struct wild *w, unsigned from, struct wild_frame *f)
{
	static const uint8_t hello[] = {
		0xc8, 2, 0, 20, 0, TUNNEL, 0, 0, 0, 1, 0, 1, 0x80, 8, 0, 0, 0, 0, 0, 6};
	static const uint8_t echo[] = {9, 1, 0, 8, 1, 2, 3, 4};
	struct wire wire = {.peer_ip = PEERS + peer_of(from),
		.peer_port = (uint16_t)(40000 + peer_of(from)),
		.tunnel_id = (uint16_t)(TUNNEL + peer_of(from)),
		.session_id = w->sessions[from],
		.protocol = one_in(w, 3) ? 0x0057 : 0xc021};

	if (one_in(w, 2)) {
		bench_udp(w->b, wire.peer_ip, wire.peer_port, hello, sizeof(hello), f->bytes);
		f->len = WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER + sizeof(hello);
	} else {
		f->len = (uint16_t)build_data(w->b, true, &wire, echo, sizeof(echo), f->bytes);
	}
}

/* What goes wrong with a frame on its way. */
static void
spoil(struct wild *w, bool odd, struct wild_frame *f)
{
	if (odd && one_in(w, 2))
		mutate(w, f);
	else if (odd && one_in(w, 6))
		part(w, f);
	else if (odd && one_in(w, 6))
		cut_short(w, f);
	if (odd && one_in(w, 12) && f->len >= WIRE_ETHER)
		tag(w, f);
	if (odd && one_in(w, 12) && f->len > 2)
		f->second = (uint16_t)(1 + wild_number(w, f->len - 1u));
	if (f->second != 0 && f->second < 40 && one_in(w, 2))
		f->len = (uint16_t)(f->len + f->second); /* padding alone in it */
	if (odd && one_in(w, 6))
		f->ol_flags =
			one_in(w, 2) ? RTE_MBUF_F_RX_L4_CKSUM_BAD : RTE_MBUF_F_RX_IP_CKSUM_GOOD;
}

/* As it is, from the LAN; at times, with a client's address. */
static void
from_lan(struct wild *w, bool odd, bool is_six, const uint8_t *packet, size_t len,
	struct wild_frame *f)
{
	static const uint32_t sources[] = {LAN_HOST, LAN_HOST, BEYOND, LAN_NET + 77, LAN_NET + 255,
		LAN_US, 0x7f000001, LNS_IP};
	static const char *const sources6[] = {
		LAN_HOST6, LAN_HOST6, BEYOND6, "2001:db8:5::77", LAN_US6, "fe80::9", "::"};
	uint8_t *ip = f->bytes + WIRE_ETHER;
	struct cv_ip source;

	wire_ether_write(f->bytes, w->b->dp->ports[0].mac, router_mac,
		is_six ? WIRE_TYPE_IPV6 : WIRE_TYPE_IPV4);
	memcpy(ip, packet, len);
	f->len = (uint16_t)(WIRE_ETHER + len);
	if (odd && one_in(w, 4))
		return;
	if (is_six) {
		source = address6(sources6[wild_number(w, odd ? RTE_DIM(sources6) : 4)]);
		memcpy(ip + WIRE_IPV6_SOURCE, source.bytes, WIRE_IPV6_ADDRESS);
		return;
	}
	wire_put32(ip + WIRE_IPV4_SOURCE, sources[wild_number(w, odd ? RTE_DIM(sources) : 4)]);
	wire_store16(ip + WIRE_IPV4_SUM, 0);
	wire_store16(ip + WIRE_IPV4_SUM,
		wire_checksum(wire_sum(ip, RTE_MIN(len, wire_ipv4_header(ip)))));
}

void
wild_frame(struct wild *w, unsigned wildness, struct wild_frame *f)
{
	unsigned from = wild_number(w, WILD_CLIENTS);
	bool odd = wild_number(w, 100) < wildness;
	struct wire wire = {.peer_ip = PEERS + peer_of(from),
		.peer_port = (uint16_t)(40000 + peer_of(from)),
		.tunnel_id = (uint16_t)(TUNNEL + peer_of(from)),
		.session_id = w->sessions[from],
		.length = one_in(w, 3),
		.acfc = one_in(w, 4),
		.pfc = one_in(w, 4),
		.sequence = odd && one_in(w, 8),
		.offset = odd && one_in(w, 8),
		.no_checksum = odd && one_in(w, 8),
		.wrong_checksum = odd && one_in(w, 8),
		.padding = odd && one_in(w, 8) ? wild_number(w, 9) : 0,
		.tos = odd && one_in(w, 3) ? (uint8_t)wild_number(w, 256) : 0x10};
	uint8_t packet[FRAME_MAX];
	bool is_six = (has_six(from) || (odd && one_in(w, 4))) && one_in(w, 3);
	size_t len = is_six ? six(w, from, wildness, packet) : inner(w, from, wildness, packet);

	if (is_six)
		wire.protocol = WIRE_PPP_IPV6;
	if (wild_is_switched(from) && odd && one_in(w, 4)) { /* of any protocol, and length */
		wire.protocol = one_in(w, 2) ? (uint16_t)wild_number(w, 65536) : 0x003d;
		len = wild_number(w, 100);
	}

	*f = (struct wild_frame){0};
	if (one_in(w, 6)) {
		from_lan(w, odd, is_six, packet, len, f);
		spoil(w, odd, f);
		return;
	}
	if (odd && one_in(w, 10))
		control(w, from, f);
	else
		f->len = (uint16_t)build_data(w->b, true, &wire, packet, len, f->bytes);
	if (len < (is_six ? WIRE_IPV6 : WIRE_IPV4) + 4)
		pad_with_ports(f);
	if (clients[from].v6)
		over_ipv6(w, from, odd, f);
	if (clients[from].service == 1) {
		wire_put32(f->bytes + WIRE_ETHER + WIRE_IPV4_TARGET, SECOND_IP);
		wire_put16(f->bytes + WIRE_ETHER + WIRE_IPV4 + 2, SECOND_PORT);
		fix(f);
	}
	spoil(w, odd, f);
}
