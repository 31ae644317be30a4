/* SPDX-License-Identifier: BSD-3-Clause */
/* Inner IPv6: what may pass between clients, and the ICMPv6 that answers what may or can not. */
#include "inner6.h"

enum { FRAGMENT = 44, OPTIONS = 60 };

static void
policies(struct bench *b, struct policy a, struct policy z)
{
	policy6(b, GROUP_A, &a);
	policy6(b, GROUP_B, &z);
}

static void
set_ports(uint8_t *at, uint16_t source, uint16_t target)
{
	wire_put16(at, source);
	wire_put16(at + 2, target);
}

/* The ICMPv6 error that A gets, checked in full, about a packet it sent. */
static void
expect_error(struct bench *b, const uint8_t *sent, size_t sent_len, uint8_t type, uint8_t code,
	uint32_t mtu, const char *from)
{
	uint8_t got[FRAME_MAX];
	size_t len = take6(b, true, got), quote = RTE_MIN(sent_len, 1280u - 48u);
	struct cv_ip source = address6(from);

	assert_int_equal(len, 48 + quote);
	assert_int_equal(wire_get16(got + WIRE_IPV6_LENGTH), len - WIRE_IPV6);
	assert_int_equal(wire_ipv6_class(got), 0xc0);
	assert_int_equal(got[WIRE_IPV6_NEXT], ICMPV6);
	assert_memory_equal(got + WIRE_IPV6_SOURCE, source.bytes, 16);
	assert_memory_equal(got + WIRE_IPV6_TARGET, sent + WIRE_IPV6_SOURCE, 16);
	assert_int_equal(got[40], type);
	assert_int_equal(got[41], code);
	assert_int_equal(wire_get32(got + 44), mtu);
	assert_true(wire_icmpv6_sum_right(
		got + 40, len - 40, got + WIRE_IPV6_SOURCE, got + WIRE_IPV6_TARGET));
	assert_memory_equal(got + 48, sent, quote);
	assert_int_equal(take_frame(b).len, 0);
}

/* Sends from A to B; DP_DROP_COUNT: it must arrive, else be dropped for that cause. */
static void
expect(struct bench *b, const uint8_t *packet, size_t len, enum dp_drop_cause cause)
{
	uint64_t before = cause == DP_DROP_COUNT ? 0 : drops(b, cause);
	uint8_t got[FRAME_MAX];

	put6(b, true, packet, len);
	if (cause == DP_DROP_COUNT) {
		assert_int_equal(take6(b, false, got), len);
		return;
	}
	assert_int_equal(drops(b, cause), before + 1);
	while (take_frame(b).len != 0)
		;
}

static void
send_protocol(struct bench *b, uint8_t protocol, enum dp_drop_cause cause)
{
	uint8_t packet[FRAME_MAX];

	packet6(packet, A_6, B_6, protocol, 80);
	packet[WIRE_IPV6] = 128; /* an echo request, where it is ICMPv6 */
	expect(b, packet, 80, cause);
}

static void
send_udp(struct bench *b, uint16_t source, uint16_t target, enum dp_drop_cause cause)
{
	uint8_t packet[FRAME_MAX];

	packet6(packet, A_6, B_6, UDP, 80);
	set_ports(packet + WIRE_IPV6, source, target);
	expect(b, packet, 80, cause);
}

static void
ipsec_passes_and_nothing_else(void **state)
{
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	policies(&b, ipsec6, ipsec6);
	send_protocol(&b, ESP, DP_DROP_COUNT);
	send_protocol(&b, AH, DP_DROP_COUNT);
	send_udp(&b, 500, 500, DP_DROP_COUNT);
	send_udp(&b, 50000, 4500, DP_DROP_COUNT);
	send_udp(&b, 4500, 50000, DP_DROP_COUNT);
	send_udp(&b, 53, 5353, DP_DROP_POLICY_SENDER);
	send_protocol(&b, TCP, DP_DROP_POLICY_SENDER);
	send_protocol(&b, ICMPV6, DP_DROP_POLICY_SENDER);
	send_protocol(&b, 1, DP_DROP_POLICY_SENDER);  /* ICMP of IPv4 */
	send_protocol(&b, 59, DP_DROP_POLICY_SENDER); /* nothing */
	policies(&b, any6, ipsec6);
	send_protocol(&b, TCP, DP_DROP_POLICY_RECEIVER);
	policies(&b, any6, any6);
	send_protocol(&b, TCP, DP_DROP_COUNT);
	send_protocol(&b, ICMPV6, DP_DROP_COUNT);
	bench_down(&b);
}

static void
what_stands_behind_extension_headers_counts(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	policies(&b, ipsec6, ipsec6);
	packet6(packet, A_6, B_6, 0, 100);
	memcpy(packet + WIRE_IPV6, "\x3c\x00\x01\x04\0\0\0\0\x32\x00\x01\x04\0\0\0\0", 16);
	expect(&b, packet, 100, DP_DROP_COUNT);
	packet[WIRE_IPV6 + 8] = TCP;
	expect(&b, packet, 100, DP_DROP_POLICY_SENDER);
	packet[WIRE_IPV6 + 8] = UDP;
	set_ports(packet + WIRE_IPV6 + 16, 500, 500);
	expect(&b, packet, 100, DP_DROP_COUNT);
	set_ports(packet + WIRE_IPV6 + 16, 53, 53);
	expect(&b, packet, 100, DP_DROP_POLICY_SENDER);
	/* cut before its ports */
	wire_put16(packet + WIRE_IPV6_LENGTH, 19);
	expect(&b, packet, 100, DP_DROP_POLICY_SHORT);
	/* AH stops the walk: what it protects is its own */
	packet6(packet, A_6, B_6, AH, 100);
	packet[WIRE_IPV6] = TCP;
	expect(&b, packet, 100, DP_DROP_COUNT);
	bench_down(&b);
}

static void
isolated_clients_reach_gateways_of_either_family(void **state)
{
	struct policy isolated = {.kind = DP_FILTER_ANY};
	struct cv_prefix gateways[40] = {0};
	uint8_t packet[FRAME_MAX];
	struct dp_filter got;
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	policies(&b, isolated, any6);
	send_protocol(&b, ESP, DP_DROP_POLICY_ISOLATED);
	isolated.gateways = gateways;
	isolated.gateway_count = 1;
	gateways[0] = prefix6("2001:db8:b:b::1/128");
	policies(&b, isolated, any6);
	send_protocol(&b, ESP, DP_DROP_COUNT);
	gateways[0] = prefix6("2001:db8:b:b::2/128");
	policies(&b, isolated, any6);
	send_protocol(&b, ESP, DP_DROP_POLICY_ISOLATED);
	gateways[0] = prefix6("2001:db8:b:b::/127");
	policies(&b, isolated, any6);
	send_protocol(&b, ESP, DP_DROP_COUNT);
	gateways[0] = prefix6("2001:db8:b:b::2/127");
	policies(&b, isolated, any6);
	send_protocol(&b, ESP, DP_DROP_POLICY_ISOLATED);
	gateways[0] = prefix6("::/0");
	policies(&b, any6, isolated); /* A is one of B's group */
	send_protocol(&b, ESP, DP_DROP_COUNT);
	/* among many of both families */
	isolated.gateway_count = RTE_DIM(gateways);
	for (unsigned i = 0; i < RTE_DIM(gateways); i++) {
		gateways[i] = i % 2 == 0 ? prefix6("2001:db8:99::/48") : prefix6("10.99.0.0/16");
		gateways[i].ip.bytes[i % 2 == 0 ? 5 : 1] = (uint8_t)(0x80 + i);
	}
	policies(&b, isolated, any6);
	send_protocol(&b, ESP, DP_DROP_POLICY_ISOLATED);
	gateways[38] = prefix6("2001:db8:b::/48");
	gateways[39] = prefix6("10.88.1.2/32");
	policies(&b, isolated, any6);
	send_protocol(&b, ESP, DP_DROP_COUNT);
	inner_packet(packet, INNER_A, INNER_B, ESP, 100);
	put_data(&b, true, &(struct wire){0}, packet, 100);
	assert_int_equal(take_inner(&b, false, packet), 100);
	assert_int_equal(dp_filter_get(b.dp, GROUP_A, &got), 0);
	assert_int_equal(got.gateway_count, RTE_DIM(gateways));
	assert_memory_equal(got.gateways, gateways, sizeof(gateways));
	bench_down(&b);
}

/* An ICMPv6 error of A about a packet that B sent; returns its length. */
static size_t
error6(uint8_t *out, uint8_t type, uint8_t protocol, uint16_t port, const char *quoted_from)
{
	packet6(out, A_6, B_6, ICMPV6, 48 + 60);
	out[40] = type;
	packet6(out + 48, quoted_from, A_6, protocol, 60);
	set_ports(out + 48 + WIRE_IPV6, port, port);
	return 108;
}

static void
icmpv6_errors_pass_where_they_quote_what_may(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct bench b;
	size_t len;

	(void)state;
	bench6_up(&b, 0, 0);
	policies(&b, ipsec6, ipsec6);
	for (uint8_t type = 0; type < 8; type++) {
		len = error6(packet, type, ESP, 0, B_6);
		expect(&b, packet, len,
			type >= 1 && type <= 4 ? DP_DROP_COUNT : DP_DROP_POLICY_SENDER);
	}
	len = error6(packet, 2, UDP, 4500, B_6);
	wire_put16(packet + 48 + WIRE_IPV6_LENGTH, 1400); /* of more than is quoted */
	expect(&b, packet, len, DP_DROP_COUNT);
	len = error6(packet, 1, UDP, 53, B_6);
	expect(&b, packet, len, DP_DROP_POLICY_SENDER);
	len = error6(packet, 1, TCP, 80, B_6);
	expect(&b, packet, len, DP_DROP_POLICY_SENDER);
	len = error6(packet, 1, ESP, 0, A_6); /* the receiver never sent that */
	expect(&b, packet, len, DP_DROP_POLICY_SENDER);
	len = error6(packet, 1, 44, 0, B_6); /* a fragment's */
	memcpy(packet + 88, "\x32\x00\x05\xa9\1\2\3\4", 8);
	expect(&b, packet, len, DP_DROP_COUNT);
	packet[88] = UDP; /* of which no ports are known */
	expect(&b, packet, len, DP_DROP_POLICY_SENDER);
	len = error6(packet, 1, OPTIONS, 0, B_6);
	memcpy(packet + 88, "\x32\x00\x01\x04\0\0\0\0", 8);
	expect(&b, packet, len, DP_DROP_COUNT);
	packet[89] = 30; /* its headers end behind what is quoted */
	expect(&b, packet, len, DP_DROP_POLICY_SENDER);
	len = error6(packet, 3, ESP, 0, B_6);
	packet[48] = 0x45;
	expect(&b, packet, len, DP_DROP_POLICY_SENDER);
	len = error6(packet, 3, ESP, 0, B_6);
	for (size_t cut = 41; cut < 92; cut++) {
		wire_put16(packet + WIRE_IPV6_LENGTH, (uint16_t)(cut - WIRE_IPV6));
		expect(&b, packet, cut, DP_DROP_POLICY_SENDER);
	}
	bench_down(&b);
}

/* A fragment of a UDP packet of A's with a port. */
static size_t
part(uint8_t *out, const char *from, const char *to, uint32_t id, unsigned offset, uint16_t port)
{
	packet6(out, from, to, FRAGMENT, 120);
	out[WIRE_IPV6] = UDP;
	out[WIRE_IPV6 + 1] = 0;
	wire_put16(out + WIRE_IPV6 + 2, (uint16_t)(offset | 1));
	wire_put32(out + WIRE_IPV6 + 4, id);
	if (offset == 0)
		set_ports(out + WIRE_IPV6 + 8, port, port);
	return 120;
}

static unsigned
came(struct bench *b)
{
	uint8_t got[FRAME_MAX];
	unsigned n = 0;

	while (take6(b, false, got) != 0)
		n++;
	return n;
}

static void
later_fragments_follow_their_first_one(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	policies(&b, ipsec6, ipsec6);
	put6(&b, true, packet, part(packet, A_6, B_6, 1, 0, 4500));
	put6(&b, true, packet, part(packet, A_6, B_6, 1, 72, 0));
	assert_int_equal(came(&b), 2);
	/* another destination, source, identification: not the same packet */
	put6(&b, true, packet, part(packet, A_6, "2001:db8:b:b::2", 1, 72, 0));
	put6(&b, true, packet, part(packet, "2001:db8:a:a::2", B_6, 1, 72, 0));
	put6(&b, true, packet, part(packet, A_6, B_6, 2, 72, 0));
	assert_int_equal(came(&b), 0);
	assert_int_equal(edges(&b, DP_EDGE_POLICY_WAIT), 3);
	/* they wait for theirs */
	put6(&b, true, packet, part(packet, A_6, B_6, 2, 0, 500));
	assert_int_equal(came(&b), 2);
	put6(&b, true, packet, part(packet, "2001:db8:a:a::2", B_6, 1, 0, 500));
	assert_int_equal(came(&b), 2);
	/* a first one that may not pass */
	expect(&b, packet, part(packet, A_6, B_6, 3, 0, 53), DP_DROP_POLICY_SENDER);
	put6(&b, true, packet, part(packet, A_6, B_6, 3, 72, 0));
	assert_int_equal(came(&b), 0);
	/* by its protocol alone; an extension header that is in the fragments */
	part(packet, A_6, B_6, 4, 72, 0);
	packet[WIRE_IPV6] = ESP;
	expect(&b, packet, 120, DP_DROP_COUNT);
	packet[WIRE_IPV6] = TCP;
	expect(&b, packet, 120, DP_DROP_POLICY_SENDER);
	packet[WIRE_IPV6] = OPTIONS;
	put6(&b, true, packet, 120);
	assert_int_equal(came(&b), 0);
	assert_int_equal(edges(&b, DP_EDGE_POLICY_WAIT), 5);
	/* an atomic fragment is a whole packet */
	part(packet, A_6, B_6, 5, 0, 4500);
	packet[WIRE_IPV6 + 3] = 0;
	expect(&b, packet, 120, DP_DROP_COUNT);
	dp_follow_drain(b.dp->workers[0]);
	bench_down(&b);
}

/* A fragment that waited while its session lost its prefix is not sent in another's name. */
static void
what_waits_goes_with_its_prefix(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct dp_session s;
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	policies(&b, ipsec6, ipsec6);
	put6(&b, true, packet, part(packet, A_6, B_6, 1, 72, 0));
	assert_int_equal(edges(&b, DP_EDGE_POLICY_WAIT), 1);
	assert_int_equal(dp_session_get(b.dp, b.slot_a, &s), 0);
	s.prefix6 = prefix6("2001:db8:a:b::/64");
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	/* its first one may not come from there any more, one with the same addresses can't */
	put6(&b, true, packet, part(packet, A_6, B_6, 1, 0, 4500));
	assert_int_equal(drops(&b, DP_DROP_INGRESS_SPOOFED), 1);
	s.open6 = false;
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	assert_int_equal(came(&b), 0);
	dp_follow_drain(b.dp->workers[0]);
	bench_down(&b);
}

static void
a_hop_limit_that_runs_out_is_answered(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct dp_group group;
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	for (uint8_t hops = 0; hops < 2; hops++) {
		packet6(packet, A_6, B_6, ESP, 100);
		packet[WIRE_IPV6_HOPS] = hops;
		put6(&b, true, packet, 100);
		expect_error(&b, packet, 100, 3, 0, 0, LNS_INNER6);
	}
	assert_int_equal(edges(&b, DP_EDGE_RELAY_TIME_EXCEEDED), 2);
	/* a later fragment is told, an error or a redirect is not */
	part(packet, A_6, B_6, 1, 72, 0);
	packet[WIRE_IPV6_HOPS] = 1;
	put6(&b, true, packet, 120);
	expect_error(&b, packet, 120, 3, 0, 0, LNS_INNER6);
	packet[WIRE_IPV6] = ICMPV6;  /* of which nobody knows, */
	packet[WIRE_IPV6 + 8] = 200; /* whatever its bytes look like */
	expect(&b, packet, 120, DP_DROP_RELAY_TTL_EXCEEDED);
	for (uint8_t type = 1; type < 128; type += 42) {
		error6(packet, type, ESP, 0, B_6);
		packet[WIRE_IPV6_HOPS] = 1;
		expect(&b, packet, 108, DP_DROP_RELAY_TTL_EXCEEDED);
	}
	error6(packet, 137, ESP, 0, B_6);
	packet[WIRE_IPV6_HOPS] = 1;
	expect(&b, packet, 108, DP_DROP_RELAY_TTL_EXCEEDED);
	assert_int_equal(edges(&b, DP_EDGE_RELAY_TIME_EXCEEDED), 3);
	/* an echo request is */
	error6(packet, 128, ESP, 0, B_6);
	packet[WIRE_IPV6_HOPS] = 1;
	put6(&b, true, packet, 108);
	expect_error(&b, packet, 108, 3, 0, 0, LNS_INNER6);
	/* without an address of its own the LNS tells from its link-local one */
	assert_int_equal(dp_group_get(b.dp, GROUP_A, &group), 0);
	group.lns6 = (struct cv_ip){0};
	assert_int_equal(dp_group_set(b.dp, GROUP_A, &group), 0);
	packet6(packet, A_6, B_6, ESP, 100);
	packet[WIRE_IPV6_HOPS] = 1;
	put6(&b, true, packet, 100);
	expect_error(&b, packet, 100, 3, 0, 0, LNS_LINK);
	bench_down(&b);
}

static void
too_big_is_answered_with_the_mtu(void **state)
{
	static const uint16_t mtus[] = {1280, 1300, 1399};
	uint8_t packet[FRAME_MAX];
	struct dp_session s;
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	assert_int_equal(dp_session_get(b.dp, b.slot_b, &s), 0);
	for (size_t i = 0; i < RTE_DIM(mtus); i++) {
		s.mtu = mtus[i];
		assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
		packet6(packet, A_6, B_6, ESP, mtus[i] + 1u);
		put6(&b, true, packet, mtus[i] + 1u);
		expect_error(&b, packet, mtus[i] + 1u, 2, 0, mtus[i], LNS_INNER6);
		packet6(packet, A_6, B_6, ESP, mtus[i]);
		expect(&b, packet, mtus[i], DP_DROP_COUNT);
	}
	assert_int_equal(edges(&b, DP_EDGE_RELAY_PACKET_TOO_BIG), RTE_DIM(mtus));
	/* never about an error, nor what came damaged */
	error6(packet, 1, ESP, 0, B_6);
	wire_put16(packet + WIRE_IPV6_LENGTH, 1400 - WIRE_IPV6);
	expect(&b, packet, 1400, DP_DROP_RELAY_TOO_BIG);
	packet6(packet, A_6, B_6, ESP, 1400);
	put_data(&b, true, &(struct wire){.protocol = WIRE_PPP_IPV6, .wrong_checksum = true},
		packet, 1400);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_UDP_CHECKSUM), 1);
	assert_int_equal(take_frame(&b).len, 0);
	bench_down(&b);
}

/* The error itself fits where it goes. */
static void
an_error_fits_the_senders_mtu(void **state)
{
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct dp_session s;
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	assert_int_equal(dp_session_get(b.dp, b.slot_a, &s), 0);
	packet6(packet, A_6, B_6, ESP, 600);
	packet[WIRE_IPV6_HOPS] = 1;
	s.mtu = 500;
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	put6(&b, true, packet, 600);
	assert_int_equal(take6(&b, true, got), 500);
	assert_true(wire_icmpv6_sum_right(
		got + 40, 460, got + WIRE_IPV6_SOURCE, got + WIRE_IPV6_TARGET));
	s.mtu = 87; /* no header could be quoted */
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	put6(&b, true, packet, 600);
	assert_int_equal(take_frame(&b).len, 0);
	assert_int_equal(drops(&b, DP_DROP_RELAY_TTL_EXCEEDED), 1);
	bench_down(&b);
}

static void
what_is_refused_is_told_by_its_code(void **state)
{
	struct policy silent = ipsec6, isolated = {.kind = DP_FILTER_ANY};
	uint8_t packet[FRAME_MAX];
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	policies(&b, ipsec6, any6);
	packet6(packet, A_6, B_6, TCP, 100);
	put6(&b, true, packet, 100);
	expect_error(&b, packet, 100, 1, 1, 0, LNS_INNER6);
	policies(&b, isolated, any6);
	put6(&b, true, packet, 100);
	expect_error(&b, packet, 100, 1, 1, 0, LNS_INNER6);
	assert_int_equal(edges(&b, DP_EDGE_POLICY_PROHIBITED), 2);
	silent.refuse_silently = true;
	policies(&b, silent, any6);
	put6(&b, true, packet, 100);
	assert_int_equal(take_frame(&b).len, 0);
	packet6(packet, A_6, "2001:db8:c::1", ESP, 100);
	put6(&b, true, packet, 100);
	expect_error(&b, packet, 100, 1, 0, 0, LNS_INNER6);
	packet6(packet, "fe80::7", B_6, ESP, 100);
	put6(&b, true, packet, 100);
	expect_error(&b, packet, 100, 1, 2, 0, LNS_INNER6);
	assert_int_equal(edges(&b, DP_EDGE_ROUTE_UNREACHABLE), 2);
	/* what filter and group no longer say anything of */
	packet6(packet, A_6, B_6, ESP, 100);
	dp_filter_clear(b.dp, GROUP_B);
	expect(&b, packet, 100, DP_DROP_POLICY_NO_FILTER);
	policies(&b, any6, any6);
	dp_group_clear(b.dp, GROUP_A);
	expect(&b, packet, 100, DP_DROP_POLICY_NO_GROUP);
	bench_down(&b);
}

/* What opens a TCP connection is made to fit the tunnels, behind extension headers as well; its
 * checksum follows. */
static void
a_tcp_connection_fits_the_tunnels(void **state)
{
	static const uint8_t options[] = {OPTIONS, 0, 1, 4, 0, 0, 0, 0};
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	for (unsigned behind = 0; behind < 2; behind++) {
		size_t at = WIRE_IPV6 + 8 * behind, len = at + 24;
		uint8_t *tcp = packet + at;

		packet6(packet, A_6, B_6, behind ? OPTIONS : TCP, len);
		memcpy(packet + WIRE_IPV6, options, behind * 8);
		packet[WIRE_IPV6] = behind ? TCP : packet[WIRE_IPV6];
		memset(tcp, 0, 24);
		set_ports(tcp, 40000, 443);
		tcp[12] = 6 << 4;
		tcp[13] = 2; /* SYN */
		memcpy(tcp + 20, "\2\4\5\264", 4);
		wire_store16(tcp + 16, wire_checksum(wire_sum_pseudo6(packet + WIRE_IPV6_SOURCE,
							     packet + WIRE_IPV6_TARGET, 24, TCP) +
						     wire_sum(tcp, 24)));
		put6(&b, true, packet, len);
		assert_int_equal(take6(&b, false, got), len);
		assert_int_equal(wire_get16(got + at + 22), 1400 - 60);
		assert_int_equal(wire_fold(wire_sum_pseudo6(got + WIRE_IPV6_SOURCE,
						   got + WIRE_IPV6_TARGET, 24, TCP) +
					   wire_sum(got + at, 24)),
			WIRE_SUM_RIGHT);
		tcp[13] = 0x10; /* goes on */
		put6(&b, true, packet, len);
		assert_int_equal(take6(&b, false, got), len);
		assert_int_equal(wire_get16(got + at + 22), 1460);
	}
	assert_int_equal(edges(&b, DP_EDGE_RELAY_CLAMPED), 2);
	bench_down(&b);
}

static void
errors_are_limited_in_their_rate(void **state)
{
	uint8_t packet[FRAME_MAX];
	unsigned answers = 0;
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	packet6(packet, A_6, B_6, ESP, 100);
	packet[WIRE_IPV6_HOPS] = 1;
	for (unsigned i = 0; i < 3000; i++) {
		put6(&b, true, packet, 100);
		answers += take_frame(&b).len != 0;
	}
	assert_true(answers >= DP_ERROR_MOST_MS / DP_ERROR_COST_MS);
	assert_true(drops(&b, DP_DROP_RELAY_TTL_EXCEEDED) > 1000);
	assert_int_equal(drops(&b, DP_DROP_RELAY_TTL_EXCEEDED), 3000 - answers);
	/* nobody else is silenced by it */
	packet6(packet, B_6, A_6, ESP, 100);
	packet[WIRE_IPV6_HOPS] = 1;
	put6(&b, false, packet, 100);
	assert_int_not_equal(take6(&b, false, packet), 0);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipsec_passes_and_nothing_else),
		cmocka_unit_test(what_stands_behind_extension_headers_counts),
		cmocka_unit_test(isolated_clients_reach_gateways_of_either_family),
		cmocka_unit_test(icmpv6_errors_pass_where_they_quote_what_may),
		cmocka_unit_test(later_fragments_follow_their_first_one),
		cmocka_unit_test(what_waits_goes_with_its_prefix),
		cmocka_unit_test(a_hop_limit_that_runs_out_is_answered),
		cmocka_unit_test(too_big_is_answered_with_the_mtu),
		cmocka_unit_test(an_error_fits_the_senders_mtu),
		cmocka_unit_test(what_is_refused_is_told_by_its_code),
		cmocka_unit_test(a_tcp_connection_fits_the_tunnels),
		cmocka_unit_test(errors_are_limited_in_their_rate),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
