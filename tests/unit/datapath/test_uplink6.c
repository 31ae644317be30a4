/* SPDX-License-Identifier: BSD-3-Clause */
/* An interface inside a realm, for IPv6: what test_uplink.c has of IPv4. */
#include "inner6.h"

enum { LAN = 7, LEN = 100 };

#define OURS "2001:db8:5::1"
#define HOST "2001:db8:5::9"
#define ROUTER "fe80::fe"
#define BEYOND "2001:db8:77::7"

static const uint8_t host_mac[6] = {2, 0, 0, 0, 5, 9}, router_mac[6] = {2, 0, 0, 0, 5, 0xfe};

static void
lan_up(struct bench *b)
{
	const struct policy any = {.kind = DP_FILTER_ANY, .clients_reachable = true};
	const struct dp_iface inside = {.inside = true, .group = LAN, .filter = LAN};
	const struct cv_prefix address = {.ip = address6(OURS), .length = 64};
	struct frame_bytes f;
	struct wire_nd nd;
	unsigned said = 0;
	struct dp_group group = {.lns6 = address6(OURS), .clients_reachable = true};

	bench6_up(b, 0, 0);
	assert_int_equal(set_policy(b->dp, LAN, &any), 0);
	assert_int_equal(dp_group_set(b->dp, LAN, &group), 0);
	assert_int_equal(dp_iface_set(b->dp, 0, &inside), 0);
	assert_int_equal(dp_address_set(b->dp, 0, &address), 0);
	b->dp->workers[0]->stages_only = stages_only;
	dp_worker_round(b->dp->workers[0]);
	while ((f = take_frame(b)).len != 0) { /* it says which groups it listens to, */
		if (!wire_nd_read(f.bytes + WIRE_ETHER, f.len - WIRE_ETHER, &nd))
			continue;
		/* and who has the address now (RFC 4861 section 7.2.6) */
		assert_int_equal(nd.type, WIRE_ND_ADVERT);
		assert_memory_equal(nd.about, address.ip.bytes, WIRE_IPV6_ADDRESS);
		assert_memory_equal(nd.mac, b->dp->ports[0].mac, WIRE_MAC);
		assert_int_equal(nd.flags, WIRE_ND_OVERRIDE);
		said++;
	}
	assert_int_equal(said, 1);
}

static void
send_out(struct bench *b, const char *to, size_t len)
{
	uint8_t packet[FRAME_MAX];

	packet6(packet, A_6, to, ESP, len);
	put6(b, true, packet, len);
}

static void
expect_out(struct bench *b, const uint8_t mac[6], const char *to, size_t len)
{
	struct frame_bytes f = take_frame(b);
	uint8_t packet[FRAME_MAX];

	packet6(packet, A_6, to, ESP, len);
	packet[WIRE_IPV6_HOPS]--;
	assert_int_equal(f.len, WIRE_ETHER + len);
	assert_memory_equal(f.bytes, mac, 6);
	assert_int_equal(wire_ether_type_be(f.bytes), WIRE_TYPE_IPV6_BE);
	assert_memory_equal(f.bytes + WIRE_ETHER, packet, len);
}

static void
expect_question(struct bench *b, const char *about)
{
	struct frame_bytes f = take_frame(b);
	struct cv_ip ip = address6(about), from = address6(OURS);
	struct wire_nd nd;

	assert_true(
		f.len > WIRE_ETHER && wire_nd_read(f.bytes + WIRE_ETHER, f.len - WIRE_ETHER, &nd));
	assert_int_equal(nd.type, WIRE_ND_SOLICIT);
	assert_memory_equal(nd.about, ip.bytes, WIRE_IPV6_ADDRESS);
	if (wire_ipv6_link_local(ip.bytes)) /* from that of the link, too */
		assert_true(wire_ipv6_link_local(nd.source));
	else
		assert_memory_equal(nd.source, from.bytes, WIRE_IPV6_ADDRESS);
}

static void
answer(struct bench *b, const char *ip, const uint8_t mac[6])
{
	uint8_t frame[FRAME_MAX], question[WIRE_ND_PACKET];
	struct cv_ip us = address6(OURS), who = address6(ip);
	struct wire_nd nd;
	size_t len;

	wire_nd_write_solicit(question, us.bytes, b->dp->ports[0].mac, NULL, who.bytes);
	assert_true(wire_nd_read(question, WIRE_ND_PACKET, &nd));
	wire_ether_write(frame, b->dp->ports[0].mac, mac, WIRE_TYPE_IPV6);
	len = wire_nd_write_advert(frame + WIRE_ETHER, &nd, mac, WIRE_ND_OVERRIDE);
	put_frame(b, frame, WIRE_ETHER + len);
}

static void
put_plain(struct bench *b, const uint8_t *packet, size_t len)
{
	uint8_t frame[FRAME_MAX];

	wire_ether_write(frame, b->dp->ports[0].mac, host_mac, WIRE_TYPE_IPV6);
	memcpy(frame + WIRE_ETHER, packet, len);
	put_frame(b, frame, WIRE_ETHER + len);
}

static void
both_ways(void **state)
{
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct bench b;

	(void)state;
	lan_up(&b);
	send_out(&b, HOST, LEN);
	expect_question(&b, HOST);
	answer(&b, HOST, host_mac);
	expect_out(&b, host_mac, HOST, LEN);
	send_out(&b, HOST, 1399);
	expect_out(&b, host_mac, HOST, 1399);
	for (size_t len = WIRE_IPV6; len < 1400; len += 23) {
		packet6(packet, HOST, A_6, ESP, len);
		put_plain(&b, packet, len);
		assert_int_equal(take6(&b, true, got), len);
		packet[WIRE_IPV6_HOPS]--;
		assert_memory_equal(got, packet, len);
	}
	bench_down(&b);
}

/* Routers say link-local addresses. */
static void
by_a_link_local_next_hop(void **state)
{
	const struct cv_prefix net = prefix6("2001:db8:77::/48"), all = prefix6("::/0");
	const struct dp_via via = {.ip = address6(ROUTER)};
	uint8_t got[FRAME_MAX];
	struct bench b;

	(void)state;
	lan_up(&b);
	assert_int_equal(dp_via_set(b.dp, 3, &via, 1), 0);
	assert_int_equal(dp_route_set(b.dp, 0, &net, dp_route_word(DP_ROUTE_VIA, 3)), 0);
	dp_worker_round(b.dp->workers[0]);
	expect_question(&b, ROUTER);
	answer(&b, ROUTER, router_mac);
	send_out(&b, BEYOND, LEN);
	expect_out(&b, router_mac, BEYOND, LEN);
	send_out(&b, "2001:4860::1", LEN);
	assert_true(take6(&b, true, got) > WIRE_IPV6);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_NO_ROUTE), 1);
	assert_int_equal(dp_route_set(b.dp, 0, &all, dp_route_word(DP_ROUTE_VIA, 3)), 0);
	send_out(&b, "2001:4860::1", LEN);
	expect_out(&b, router_mac, "2001:4860::1", LEN);
	assert_int_equal(dp_route_set(b.dp, 0, &net, dp_route_word(DP_ROUTE_DISCARD, 0)), 0);
	send_out(&b, BEYOND, LEN);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_DISCARD), 1);
	/* clients are reached as before */
	packet6(got, A_6, B_6, ESP, LEN);
	put6(&b, true, got, LEN);
	assert_int_equal(take6(&b, false, got), LEN);
	bench_down(&b);
}

/* What is kept for a session that is not open yet is nobody's, and does not leave by a shorter
 * route: of its link, and of what was delegated. */
static void
what_is_kept_stays(void **state)
{
	const struct cv_prefix all = prefix6("::/0"), all4 = {.ip = cv_ipv4(0)};
	const struct dp_via via = {.ip = address6(ROUTER)};
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct wire wire = {0};
	struct dp_session s;
	struct bench b;

	(void)state;
	lan_up(&b);
	assert_int_equal(dp_via_set(b.dp, 3, &via, 1), 0);
	dp_worker_round(b.dp->workers[0]);
	expect_question(&b, ROUTER);
	answer(&b, ROUTER, router_mac);
	assert_int_equal(dp_route_set(b.dp, 0, &all, dp_route_word(DP_ROUTE_VIA, 3)), 0);
	assert_int_equal(dp_route_set(b.dp, 0, &all4, dp_route_word(DP_ROUTE_VIA, 3)), 0);
	assert_int_equal(dp_session_get(b.dp, b.slot_a, &s), 0);
	dp_inner6_put(b.dp, &s, DP_ROUTE_KEPT);
	dp_realm_put(b.dp, 0, wire_swap32(INNER_A), DP_ROUTE_KEPT);
	for (unsigned i = 0; i < 3; i++) {
		inner_packet(packet, INNER_B, INNER_A, ESP, LEN);
		if (i == 2)
			put_data(&b, false, &wire, packet, LEN);
		else
			put6(&b, false, packet,
				packet6(packet, B_6, i == 0 ? A_6 : "2001:db8:a:100::1", ESP, LEN));
		assert_int_not_equal(
			i == 2 ? take_inner(&b, false, got) : take6(&b, false, got), 0);
		assert_int_equal(drops(&b, DP_DROP_ROUTE_NO_ROUTE), i + 1);
	}
	dp_inner6_put(b.dp, &s, dp_route_word(DP_ROUTE_SESSION, b.slot_a));
	dp_realm_put(b.dp, 0, wire_swap32(INNER_A), dp_route_word(DP_ROUTE_SESSION, b.slot_a));
	bench_down(&b);
}

static void
what_is_told_and_what_is_dropped(void **state)
{
	uint8_t packet[FRAME_MAX], *ip;
	struct cv_ip ours = address6(OURS);
	struct frame_bytes f;
	struct bench b;

	(void)state;
	lan_up(&b);
	send_out(&b, HOST, LEN);
	expect_question(&b, HOST);
	answer(&b, HOST, host_mac);
	expect_out(&b, host_mac, HOST, LEN);
	packet6(packet, HOST, A_6, ESP, 1450);
	put_plain(&b, packet, 1450);
	f = take_frame(&b);
	ip = f.bytes + WIRE_ETHER;
	assert_memory_equal(f.bytes, host_mac, 6);
	assert_memory_equal(ip + WIRE_IPV6_SOURCE, ours.bytes, WIRE_IPV6_ADDRESS);
	assert_int_equal(ip[WIRE_IPV6], WIRE_ICMPV6_TOO_BIG);
	assert_int_equal(wire_get32(ip + WIRE_IPV6 + WIRE_ICMPV6_MTU), 1400);
	assert_true(wire_icmpv6_sum_right(ip + WIRE_IPV6, f.len - WIRE_ETHER - WIRE_IPV6,
		ip + WIRE_IPV6_SOURCE, ip + WIRE_IPV6_TARGET));
	packet6(packet, B_6, A_6, ESP, LEN);
	put_plain(&b, packet, LEN);
	packet6(packet, "2001:db8:a:123::1", A_6, ESP, LEN); /* delegated */
	put_plain(&b, packet, LEN);
	assert_int_equal(drops(&b, DP_DROP_UPLINK_SPOOFED), 2);
	packet6(packet, HOST, "2001:db8:5::77", ESP, LEN);
	put_plain(&b, packet, LEN);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_TRANSIT), 1);
	packet6(packet, "fe80::9", A_6, ESP, LEN);
	put_plain(&b, packet, LEN);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_MARTIAN), 1);
	assert_int_equal(take_frame(&b).len, 0);
	bench_down(&b);
}

/* Our address there is ours for clients, too, though its network is the LAN's. */
static void
our_address_answers(void **state)
{
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct frame_bytes f;
	struct bench b;

	(void)state;
	lan_up(&b);
	echo6(packet, HOST, OURS, LEN);
	put_plain(&b, packet, LEN);
	f = take_frame(&b);
	assert_memory_equal(f.bytes, host_mac, 6);
	assert_int_equal(f.bytes[WIRE_ETHER + WIRE_IPV6], WIRE_ICMPV6_ECHO_REPLY);
	echo6(packet, A_6, OURS, LEN);
	put6(&b, true, packet, LEN);
	assert_int_equal(take6(&b, true, got), LEN);
	assert_int_equal(got[WIRE_IPV6], WIRE_ICMPV6_ECHO_REPLY);
	/* the LNS inside, from the LAN */
	send_out(&b, HOST, LEN);
	expect_question(&b, HOST);
	answer(&b, HOST, host_mac);
	expect_out(&b, host_mac, HOST, LEN);
	echo6(packet, HOST, LNS_INNER6, LEN);
	put_plain(&b, packet, LEN);
	f = take_frame(&b);
	assert_memory_equal(f.bytes, host_mac, 6);
	assert_int_equal(f.bytes[WIRE_ETHER + WIRE_IPV6], WIRE_ICMPV6_ECHO_REPLY);
	bench_down(&b);
}

/* Whether who asks for an address, on its group or itself, is told that it is at our MAC address.
 */
static bool
answers_for(struct bench *b, const char *ip, const char *from, bool direct)
{
	uint8_t frame[FRAME_MAX];
	struct cv_ip who = address6(from), about = address6(ip);
	struct frame_bytes f;
	struct wire_nd nd;
	size_t len;

	wire_ether_write(frame, b->dp->ports[0].mac, host_mac, WIRE_TYPE_IPV6);
	len = wire_nd_write_solicit(
		frame + WIRE_ETHER, who.bytes, host_mac, direct ? about.bytes : NULL, about.bytes);
	put_frame(b, frame, WIRE_ETHER + len);
	f = take_frame(b);
	if (f.len == 0)
		return false;
	assert_true(wire_nd_read(f.bytes + WIRE_ETHER, f.len - WIRE_ETHER, &nd));
	assert_int_equal(nd.type, WIRE_ND_ADVERT);
	assert_memory_equal(nd.about, about.bytes, WIRE_IPV6_ADDRESS);
	assert_memory_equal(nd.mac, b->dp->ports[0].mac, WIRE_MAC);
	return true;
}

static void
it_answers_for_clients(void **state)
{
	struct dp_iface inside = {.inside = true, .group = LAN, .filter = LAN};
	struct bench b;

	(void)state;
	lan_up(&b);
	assert_false(answers_for(&b, A_6, HOST, false));
	inside.proxy = DP_PROXY_SESSIONS;
	assert_int_equal(dp_iface_set(b.dp, 0, &inside), 0);
	assert_true(answers_for(&b, OURS, HOST, false));
	assert_true(answers_for(&b, A_6, HOST, false));
	assert_true(answers_for(&b, A_6, HOST, true));
	assert_true(answers_for(&b, "2001:db8:a:123::7", HOST, true)); /* delegated */
	assert_false(answers_for(&b, "2001:db8:c::1", HOST, true));
	assert_false(answers_for(&b, A_6, "::", false)); /* who wants it for itself */
	bench_down(&b);
}

static struct dp_leads
lookup(const struct bench *b, const char *to)
{
	struct cv_ip ip = address6(to);
	struct dp_leads leads;

	assert_int_equal(dp_lookup(b->dp, 0, &ip, &leads), 0);
	return leads;
}

static void
expect_leads(const struct bench *b, const char *to, enum dp_route_kind kind, const char *by,
	const char *hop, enum dp_hop_state state)
{
	struct dp_leads leads = lookup(b, to);
	struct cv_prefix prefix = prefix6(by);
	struct cv_ip next = {0};

	if (hop != NULL)
		next = address6(hop);
	assert_int_equal(leads.kind, kind);
	assert_true(cv_ip_equal(&leads.prefix.ip, &prefix.ip));
	assert_int_equal(leads.prefix.length, prefix.length);
	assert_true(cv_ip_equal(&leads.hop, &next));
	assert_int_equal(leads.state, state);
}

/* As test_lookup.c, which has more of it, for IPv4. */
static void
where_it_would_go(void **state)
{
	const struct cv_prefix net = prefix6("2001:db8:77::/48");
	const struct dp_via via = {.ip = address6(ROUTER)};
	struct bench b;

	(void)state;
	lan_up(&b);
	expect_leads(&b, A_6, DP_ROUTE_SESSION, LINK_A, NULL, DP_HOP_UNKNOWN);
	expect_leads(&b, "2001:db8:a:133::7", DP_ROUTE_SESSION, PD_A, NULL, DP_HOP_UNKNOWN);
	assert_int_equal(lookup(&b, "2001:db8:a:133::7").slot, b.slot_a);
	assert_int_equal(lookup(&b, B_6).slot, b.slot_b);
	expect_leads(&b, OURS, DP_ROUTE_SELF, OURS "/128", NULL, DP_HOP_UNKNOWN);
	expect_leads(&b, HOST, DP_ROUTE_LINK, "2001:db8:5::/64", HOST, DP_HOP_UNKNOWN);
	assert_int_equal(lookup(&b, BEYOND).kind, DP_ROUTE_NOBODY);
	assert_int_equal(lookup(&b, BEYOND).prefix.ip.family, 0);
	assert_int_equal(dp_route_set(b.dp, 0, &net, dp_route_word(DP_ROUTE_VIA, 3)), 0);
	expect_leads(&b, BEYOND, DP_ROUTE_NOBODY, "2001:db8:77::/48", NULL, DP_HOP_UNKNOWN);
	assert_int_equal(dp_via_set(b.dp, 3, &via, 1), 0);
	dp_worker_round(b.dp->workers[0]);
	expect_leads(&b, BEYOND, DP_ROUTE_VIA, "2001:db8:77::/48", ROUTER, DP_HOP_ASKING);
	expect_question(&b, ROUTER);
	answer(&b, ROUTER, router_mac);
	expect_leads(&b, BEYOND, DP_ROUTE_VIA, "2001:db8:77::/48", ROUTER, DP_HOP_RESOLVED);
	assert_memory_equal(lookup(&b, BEYOND).mac, router_mac, 6);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_WAYS(both_ways),
		BOTH_WAYS(by_a_link_local_next_hop),
		BOTH_WAYS(what_is_kept_stays),
		BOTH_WAYS(what_is_told_and_what_is_dropped),
		BOTH_WAYS(our_address_answers),
		BOTH_WAYS(it_answers_for_clients),
		BOTH_WAYS(where_it_would_go),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
