/* SPDX-License-Identifier: BSD-3-Clause */
/* Inner IPv6 for the LNS itself: echo, router solicitations, DHCPv6, and what ends. */
#include <rte_cycles.h>

#include "inner6.h"

enum { RS = 133, RA = 134, NS = 135, NA = 136, REDIRECT = 137, DHCP = 547 };

/* Takes what is punted; how many, all of A's session and with the PPP frame `packet` in them. */
static unsigned
punts(struct bench *b, const uint8_t *packet, size_t len)
{
	struct dp_punt punt;
	unsigned n = 0;

	while (dp_punt_next(b->dp, &punt)) {
		assert_int_equal(punt.class, DP_PUNT_PPP);
		assert_int_equal(punt.slot, b->slot_a);
		assert_true(punt.len >= len + 4);
		assert_memory_equal(punt.data + punt.len - len - 4, "\xff\x03\x00\x57", 4);
		assert_memory_equal(punt.data + punt.len - len, packet, len);
		dp_punt_release(b->dp, &punt);
		n++;
	}
	return n;
}

/* What is said to us alone and answered: the reply is checked in full. */
static void
expect_reply(struct bench *b, const char *from, const char *to, const char *reply_from, size_t len)
{
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct cv_ip source = address6(reply_from), target = address6(from);

	echo6(packet, from, to, len);
	put6(b, true, packet, len);
	assert_int_equal(take6(b, true, got), len);
	assert_int_equal(wire_ipv6_class(got), 0x28);
	assert_int_equal(wire_get16(got + WIRE_IPV6_LENGTH), len - WIRE_IPV6);
	assert_int_equal(got[WIRE_IPV6_NEXT], ICMPV6);
	assert_int_equal(got[WIRE_IPV6_HOPS], 64);
	assert_memory_equal(got + WIRE_IPV6_SOURCE, source.bytes, 16);
	assert_memory_equal(got + WIRE_IPV6_TARGET, target.bytes, 16);
	assert_int_equal(got[WIRE_IPV6], WIRE_ICMPV6_ECHO_REPLY);
	assert_true(wire_icmpv6_sum_right(
		got + WIRE_IPV6, len - WIRE_IPV6, source.bytes, target.bytes));
	assert_memory_equal(got + WIRE_IPV6 + 4, packet + WIRE_IPV6 + 4, len - WIRE_IPV6 - 4);
	assert_int_equal(take_frame(b).len, 0);
}

static void
echo_is_answered(void **state)
{
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	policy6(&b, GROUP_A, &ipsec6); /* whatever may pass to others */
	for (size_t len = 48; len < 80; len++) {
		expect_reply(&b, A_6, LNS_INNER6, LNS_INNER6, len);
		expect_reply(&b, "fe80::7", LNS_INNER6, LNS_INNER6, len);
		expect_reply(&b, "2001:db8:a:100::9", LNS_LINK, LNS_LINK, len);
	}
	expect_reply(&b, "fe80::7", "fe80::dead:beef", "fe80::dead:beef", 100);
	expect_reply(&b, "fe80::7", "ff02::1", LNS_LINK, 100);
	expect_reply(&b, A_6, "ff02::2", LNS_LINK, 1400);
	assert_int_equal(edges(&b, DP_EDGE_ROUTE_ECHO), 3 * 32 + 3);
	bench_down(&b);
}

static void
echo_of_one_session_is_limited_alone(void **state)
{
	uint8_t packet[FRAME_MAX];
	unsigned answers = 0;
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	echo6(packet, A_6, LNS_INNER6, 60);
	for (unsigned i = 0; i < 3000; i++) {
		put6(&b, true, packet, 60);
		answers += take_frame(&b).len != 0;
	}
	assert_true(answers >= DP_ECHO_MOST_MS / DP_ECHO_COST_MS);
	assert_true(drops(&b, DP_DROP_ROUTE_ECHO_LIMIT) > 1000);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_ECHO_LIMIT), 3000 - answers);
	echo6(packet, B_6, LNS_INNER6, 60);
	put6(&b, false, packet, 60);
	assert_int_equal(take6(&b, false, packet), 60);
	bench_down(&b);
}

/* A fragment of a packet at an offset: a header, a fragment header, bytes. */
static size_t
fragment6(uint8_t *out, const uint8_t *whole, size_t offset, size_t bytes, bool more)
{
	memcpy(out, whole, WIRE_IPV6);
	wire_put16(out + WIRE_IPV6_LENGTH, (uint16_t)(8 + bytes));
	out[WIRE_IPV6_NEXT] = 44;
	out[WIRE_IPV6] = whole[WIRE_IPV6_NEXT];
	out[WIRE_IPV6 + 1] = 0;
	wire_put16(out + WIRE_IPV6 + 2, (uint16_t)(offset | more));
	wire_put32(out + WIRE_IPV6 + 4, 0xabcdef01);
	memcpy(out + WIRE_IPV6 + 8, whole + WIRE_IPV6 + offset, bytes);
	return WIRE_IPV6 + 8 + bytes;
}

/* Puts parts together as a receiver does; returns the whole packet's length. */
static size_t
put_together(uint8_t *whole, size_t have, const uint8_t *part, size_t len, bool *last)
{
	size_t offset = wire_get16(part + WIRE_IPV6 + 2) & 0xfff8, bytes = len - WIRE_IPV6 - 8;

	assert_int_equal(part[WIRE_IPV6_NEXT], 44);
	assert_int_equal(wire_get16(part + WIRE_IPV6_LENGTH), len - WIRE_IPV6);
	memcpy(whole, part, WIRE_IPV6);
	whole[WIRE_IPV6_NEXT] = part[WIRE_IPV6];
	memcpy(whole + WIRE_IPV6 + offset, part + WIRE_IPV6 + 8, bytes);
	*last = (part[WIRE_IPV6 + 3] & 1) == 0;
	assert_int_equal(have, WIRE_IPV6 + offset);
	return WIRE_IPV6 + offset + bytes;
}

static void
check_whole_reply(const uint8_t *got, size_t len, const uint8_t *sent, size_t sent_len)
{
	assert_int_equal(len, sent_len);
	assert_int_equal(got[WIRE_IPV6], WIRE_ICMPV6_ECHO_REPLY);
	assert_true(wire_icmpv6_sum_right(
		got + WIRE_IPV6, len - WIRE_IPV6, got + WIRE_IPV6_SOURCE, got + WIRE_IPV6_TARGET));
	assert_memory_equal(got + WIRE_IPV6 + 4, sent + WIRE_IPV6 + 4, len - WIRE_IPV6 - 4);
}

/* A request in fragments is answered in fragments, in whatever order they come. */
static void
echo_in_fragments(void **state)
{
	static const size_t offsets[] = {0, 800, 1600};
	uint8_t whole[4 * FRAME_MAX], part[FRAME_MAX], got[FRAME_MAX], reply[4 * FRAME_MAX];
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	for (unsigned turn = 0; turn < 3; turn++) {
		size_t have = WIRE_IPV6, len;
		bool last = false;

		echo6(whole, A_6, LNS_INNER6, WIRE_IPV6 + 2000);
		for (unsigned i = 0; i < 3; i++) {
			size_t at = offsets[turn == 0 ? i : turn == 1 ? (i + 2) % 3 : 2 - i];

			len = fragment6(part, whole, at, at == 1600 ? 400 : 800, at != 1600);
			wire_put32(part + WIRE_IPV6 + 4, turn); /* its own identification */
			put6(&b, true, part, len);
		}
		if (turn == 0)
			while ((len = take6(&b, true, got)) != 0)
				have = put_together(reply, have, got, len, &last);
		else
			for (unsigned n = 0; (len = take6(&b, true, got)) != 0; n++) {
				size_t at = wire_get16(got + WIRE_IPV6 + 2) & 0xfff8;

				have = put_together(reply, WIRE_IPV6 + at, got, len, &last);
				have = WIRE_IPV6 + 2000;
			}
		check_whole_reply(reply, have, whole, WIRE_IPV6 + 2000);
	}
	/* a later one whose first one never came */
	put6(&b, true, part, fragment6(part, whole, 800, 800, true));
	assert_int_equal(take_frame(&b).len, 0);
	/* parts of one that is said to many: its sum can't be carried on */
	echo6(whole, A_6, "ff02::1", WIRE_IPV6 + 2000);
	put6(&b, true, part, fragment6(part, whole, 0, 800, true));
	assert_int_equal(drops(&b, DP_DROP_ROUTE_LNS), 1);
	dp_follow_drain(b.dp->workers[0]);
	bench_down(&b);
}

/* What is too large for the client leaves in parts, of which we are the source. */
static void
an_answer_fits_the_clients_mtu(void **state)
{
	uint8_t packet[FRAME_MAX], part[FRAME_MAX], got[FRAME_MAX], reply[2 * FRAME_MAX];
	size_t have = WIRE_IPV6, len;
	struct dp_session s;
	bool last = false;
	struct bench b;
	uint32_t id = 0;

	(void)state;
	bench6_up(&b, 0, 0);
	assert_int_equal(dp_session_get(b.dp, b.slot_a, &s), 0);
	s.mtu = 1280;
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	echo6(packet, A_6, LNS_INNER6, 1400);
	put6(&b, true, packet, 1400);
	while ((len = take6(&b, true, got)) != 0) {
		assert_true(len <= 1280);
		assert_true(id == 0 || id == wire_get32(got + WIRE_IPV6 + 4));
		id = wire_get32(got + WIRE_IPV6 + 4);
		have = put_together(reply, have, got, len, &last);
	}
	assert_true(last);
	check_whole_reply(reply, have, packet, 1400);
	/* a part of ours that is too large is cut again, at its own offset */
	s.mtu = 300;
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	have = WIRE_IPV6;
	for (size_t at = 0; at < 1360; at += 800) {
		len = fragment6(part, packet, at, at == 0 ? 800 : 560, at == 0);
		put6(&b, true, part, len);
		while ((len = take6(&b, true, got)) != 0) {
			assert_true(len <= 300);
			assert_int_equal(wire_get32(got + WIRE_IPV6 + 4), 0xabcdef01);
			have = put_together(reply, have, got, len, &last);
		}
		assert_int_equal(last, at != 0);
	}
	check_whole_reply(reply, have, packet, 1400);
	/* beyond the largest offset, or without room for anything */
	s.mtu = 50;
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	put6(&b, true, packet, 1400);
	assert_int_equal(drops(&b, DP_DROP_RELAY_TOO_BIG), 1);
	bench_down(&b);
}

static void
what_is_no_echo_request_to_us_is_dropped(void **state)
{
	uint8_t packet[FRAME_MAX];
	uint64_t n = 0;
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	packet6(packet, A_6, LNS_INNER6, UDP, 80);
	put6(&b, true, packet, 80);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_LNS), ++n);
	packet6(packet, A_6, LNS_LINK, TCP, 80);
	put6(&b, true, packet, 80);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_LNS), ++n);
	echo6(packet, A_6, LNS_INNER6, 80);
	packet[WIRE_IPV6 + 2] ^= 1; /* its checksum */
	put6(&b, true, packet, 80);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_LNS), ++n);
	echo6(packet, A_6, LNS_INNER6, 80);
	packet[WIRE_IPV6] = WIRE_ICMPV6_ECHO_REPLY;
	finish6(packet, WIRE_IPV6, 80);
	put6(&b, true, packet, 80);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_LNS), ++n);
	/* behind options of which nothing is known here */
	packet6(packet, A_6, LNS_INNER6, 60, 80);
	memset(packet + WIRE_IPV6, 0, 8);
	packet[WIRE_IPV6] = ICMPV6;
	packet[WIRE_IPV6 + 8] = WIRE_ICMPV6_ECHO;
	packet[WIRE_IPV6 + 9] = 0;
	finish6(packet, WIRE_IPV6 + 8, 80);
	put6(&b, true, packet, 80);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_LNS), ++n);
	/* from nobody */
	echo6(packet, "::", "ff02::1", 80);
	put6(&b, true, packet, 80);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_LNS), ++n);
	/* an error, which nothing may answer */
	packet6(packet, A_6, LNS_INNER6, ICMPV6, 80);
	packet[WIRE_IPV6] = WIRE_ICMPV6_UNREACHABLE;
	put6(&b, true, packet, 80);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_LNS), ++n);
	/* a wrong checksum of the datagram */
	echo6(packet, A_6, LNS_INNER6, 80);
	put_data(&b, true, &(struct wire){.protocol = WIRE_PPP_IPV6, .wrong_checksum = true},
		packet, 80);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_UDP_CHECKSUM), 1);
	assert_int_equal(take_frame(&b).len, 0);
	bench_down(&b);
}

static size_t
icmp6(uint8_t *out, const char *from, const char *to, uint8_t type, uint8_t hops)
{
	packet6(out, from, to, ICMPV6, 56);
	memset(out + WIRE_IPV6, 0, 16);
	out[WIRE_IPV6] = type;
	out[WIRE_IPV6_HOPS] = hops;
	finish6(out, WIRE_IPV6, 56);
	return 56;
}

static void
what_is_said_to_many_ends_by_its_name(void **state)
{
	static const struct {
		uint8_t type;
		const char *from, *to;
		enum dp_drop_cause cause;
	} rows[] = {
		{143, "fe80::7", "ff02::16", DP_DROP_ROUTE_MLD},
		{143, "::", "ff02::16", DP_DROP_ROUTE_MLD},
		{131, "fe80::7", "ff02::1:ff00:7", DP_DROP_ROUTE_MLD},
		{132, "fe80::7", "ff02::2", DP_DROP_ROUTE_MLD},
		{130, "fe80::7", "ff02::1", DP_DROP_ROUTE_MLD},
		{NA, "fe80::7", "ff02::1", DP_DROP_ROUTE_ND},
		{NS, "::", "ff02::1:ff00:7", DP_DROP_ROUTE_ND},
		{NS, "fe80::7", LNS_LINK, DP_DROP_ROUTE_ND},
		{RA, "fe80::7", "ff02::1", DP_DROP_ROUTE_ND},
		{REDIRECT, "fe80::7", LNS_LINK, DP_DROP_ROUTE_ND},
		{200, "fe80::7", "ff02::1", DP_DROP_ROUTE_LNS},
		{200, "fe80::7", "ff02::fb", DP_DROP_ROUTE_MULTICAST},
		{WIRE_ICMPV6_ECHO, "fe80::7", "ff02::fb", DP_DROP_ROUTE_MULTICAST},
	};
	uint8_t packet[FRAME_MAX], report[FRAME_MAX];
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		uint64_t before = drops(&b, rows[i].cause);

		put6(&b, true, packet, icmp6(packet, rows[i].from, rows[i].to, rows[i].type, 255));
		assert_int_equal(drops(&b, rows[i].cause), before + 1);
		assert_int_equal(punts(&b, packet, 56), 0);
		assert_int_equal(take_frame(&b).len, 0);
	}
	/* as clients send them: behind a router alert */
	packet6(report, "fe80::7", "ff02::16", 0, 76);
	memcpy(report + WIRE_IPV6, "\x3a\x00\x05\x02\x00\x00\x01\x00\x8f\x00", 10);
	put6(&b, true, report, 76);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_MLD), 6);
	/* mDNS */
	packet6(packet, "fe80::7", "ff02::fb", UDP, 60);
	put6(&b, true, packet, 60);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_MULTICAST), 3);
	bench_down(&b);
}

/* Asks as a client that looks for its router; returns the packet's length. */
static size_t
solicit6(uint8_t *out, const char *from, const char *to, const char *about)
{
	struct cv_ip ip = address6(about);

	packet6(out, from, to, ICMPV6, 64);
	memset(out + WIRE_IPV6, 0, 8);
	out[WIRE_IPV6] = NS;
	memcpy(out + WIRE_IPV6 + 8, ip.bytes, 16);
	out[WIRE_IPV6_HOPS] = 255;
	finish6(out, WIRE_IPV6, 64);
	return 64;
}

static void
who_looks_for_us_finds_us(void **state)
{
	static const struct {
		const char *from, *to, *about, *answered_to;
	} rows[] = {
		{"fe80::7", LNS_LINK, LNS_LINK, "fe80::7"},
		{"fe80::7", "ff02::1:ffbc:def0", LNS_LINK, "fe80::7"},
		{A_6, LNS_INNER6, LNS_INNER6, A_6},
		{"::", "ff02::1:ffbc:def0", LNS_LINK, "ff02::1"}, /* may it have that? */
		{"fe80::7", LNS_LINK, "fe80::8", NULL},
		{"fe80::7", LNS_LINK, A_6, NULL},
		{"::", "ff02::1:ff00:7", "fe80::7", NULL},
	};
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	unsigned answered = 0, others = 0;
	struct wire_nd nd;
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		struct cv_ip about = address6(rows[i].about), to;

		put6(&b, true, packet, solicit6(packet, rows[i].from, rows[i].to, rows[i].about));
		if (rows[i].answered_to == NULL) {
			assert_int_equal(take_frame(&b).len, 0);
			assert_int_equal(drops(&b, DP_DROP_ROUTE_ND), ++others);
			continue;
		}
		to = address6(rows[i].answered_to);
		assert_int_equal(take6(&b, true, got), 64);
		assert_true(wire_nd_read(got, 64, &nd));
		assert_int_equal(nd.type, NA);
		assert_int_equal(nd.flags,
			WIRE_ND_ROUTER | (rows[i].from[0] == ':' ? 0 : WIRE_ND_SOLICITED));
		assert_memory_equal(nd.source, about.bytes, 16);
		assert_memory_equal(nd.about, about.bytes, 16);
		assert_memory_equal(nd.target, to.bytes, 16);
		assert_null(nd.mac);
		assert_int_equal(edges(&b, DP_EDGE_ROUTE_ADVERT), ++answered);
	}
	/* from beyond a router */
	solicit6(packet, "fe80::7", LNS_LINK, LNS_LINK);
	packet[WIRE_IPV6_HOPS] = 254;
	put6(&b, true, packet, 64);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_ND), ++others);
	/* at a rate */
	for (unsigned i = 0; i < 1000 && drops(&b, DP_DROP_ROUTE_ECHO_LIMIT) == 0; i++) {
		put6(&b, true, packet, solicit6(packet, "fe80::7", LNS_LINK, LNS_LINK));
		while (take_frame(&b).len != 0)
			;
	}
	assert_int_equal(drops(&b, DP_DROP_ROUTE_ECHO_LIMIT), 1);
	bench_down(&b);
}

static void
router_solicitations_are_punted(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	put6(&b, true, packet, icmp6(packet, "fe80::7", "ff02::2", RS, 255));
	assert_int_equal(punts(&b, packet, 56), 1);
	put6(&b, true, packet, icmp6(packet, "::", "ff02::2", RS, 255));
	assert_int_equal(punts(&b, packet, 56), 1);
	put6(&b, true, packet, icmp6(packet, "fe80::7", LNS_LINK, RS, 255));
	assert_int_equal(punts(&b, packet, 56), 1);
	assert_int_equal(edges(&b, DP_EDGE_ROUTE_PUNT_ADDRESS), 3);
	/* by a router; another code; a wrong checksum */
	put6(&b, true, packet, icmp6(packet, "fe80::7", "ff02::2", RS, 254));
	icmp6(packet, "fe80::7", "ff02::2", RS, 255);
	packet[WIRE_IPV6 + 1] = 1;
	finish6(packet, WIRE_IPV6, 56);
	put6(&b, true, packet, 56);
	icmp6(packet, "fe80::7", "ff02::2", RS, 255);
	packet[WIRE_IPV6 + 2] ^= 1;
	put6(&b, true, packet, 56);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_ND), 3);
	assert_int_equal(punts(&b, packet, 56), 0);
	bench_down(&b);
}

static size_t
dhcp6(uint8_t *out, const char *to, uint16_t port)
{
	packet6(out, "fe80::7", to, UDP, 120);
	wire_udp_write(out + WIRE_IPV6, 546, port, 80);
	wire_udp_finish6(out + WIRE_IPV6, out + WIRE_IPV6_SOURCE, out + WIRE_IPV6_TARGET);
	return 120;
}

static void
dhcp_is_punted(void **state)
{
	static const char *const targets[] = {"ff02::1:2", LNS_LINK, LNS_INNER6};
	uint8_t packet[FRAME_MAX];
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	policy6(&b, GROUP_A, &ipsec6);
	for (size_t i = 0; i < RTE_DIM(targets); i++) {
		put6(&b, true, packet, dhcp6(packet, targets[i], DHCP));
		assert_int_equal(punts(&b, packet, 120), 1);
	}
	/* another port; a wrong checksum, none, a wrong length; who else listens */
	put6(&b, true, packet, dhcp6(packet, "ff02::1:2", 546));
	dhcp6(packet, "ff02::1:2", DHCP);
	packet[WIRE_IPV6 + 6] ^= 1;
	put6(&b, true, packet, 120);
	wire_store16(packet + WIRE_IPV6 + 6, 0);
	put6(&b, true, packet, 120);
	dhcp6(packet, "ff02::1:2", DHCP);
	wire_put16(packet + WIRE_IPV6 + 4, 79);
	put6(&b, true, packet, 120);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_LNS), 4);
	put6(&b, true, packet, dhcp6(packet, "ff02::1:3", DHCP));
	assert_int_equal(drops(&b, DP_DROP_ROUTE_MULTICAST), 1);
	assert_int_equal(punts(&b, packet, 120), 0);
	bench_down(&b);
}

/* A client that solicits without end takes nothing of what keeps its session. */
static void
solicitations_have_a_rate_of_their_own(void **state)
{
	uint8_t packet[FRAME_MAX], lcp[] = {0xc0, 0x21, 9, 1, 0, 8, 1, 2, 3, 4};
	struct wire wire = {.protocol = 0xc021};
	struct dp_punt punt;
	unsigned punted = 0;
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	icmp6(packet, "fe80::7", "ff02::2", RS, 255);
	for (unsigned i = 0; i < 500; i++) {
		put6(&b, true, packet, 56);
		punted += punts(&b, packet, 56);
	}
	assert_in_range(punted, DP_ADDRESS_MOST_MS / DP_ADDRESS_COST_MS, 100);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_ADDRESS_LIMIT), 500 - punted);
	put_data(&b, true, &wire, lcp + 2, sizeof(lcp) - 2);
	assert_true(dp_punt_next(b.dp, &punt));
	dp_punt_release(b.dp, &punt);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(echo_is_answered),
		cmocka_unit_test(echo_of_one_session_is_limited_alone),
		cmocka_unit_test(echo_in_fragments),
		cmocka_unit_test(an_answer_fits_the_clients_mtu),
		cmocka_unit_test(what_is_no_echo_request_to_us_is_dropped),
		cmocka_unit_test(what_is_said_to_many_ends_by_its_name),
		cmocka_unit_test(who_looks_for_us_finds_us),
		cmocka_unit_test(router_solicitations_are_punted),
		cmocka_unit_test(dhcp_is_punted),
		cmocka_unit_test(solicitations_have_a_rate_of_their_own),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
