/* SPDX-License-Identifier: BSD-3-Clause */
/* NAT discovery: who asks how he is seen from here, on a listener's address, and what is not
 * answered. The codec has tests of its own (unit/stun). */
#include <rte_cycles.h>

#include "datapath/discovery.h"
#include "ipv6.h"
#include "stun/ask.h"

enum { STUN = 3478, OTHER = 3479, TEXT = 7777, PORT = 40123, QUESTION = 64, OTHER_SERVICE = 9 };

#define OTHER_IP (LNS_IP + 1)

static const uint8_t transaction[STUN_TRANSACTION] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
static const struct dp_discovery both = {
	.stun_port = STUN, .echo_port = TEXT, .other_port = OTHER, .per_second = 50};

static void
up(struct bench *b)
{
	bench_up(b, 0, 0);
	serve_ipv6(b, NULL);
	while (take_frame(b).len != 0)
		;
	assert_int_equal(dp_discovery_set(b->dp, &both), 0);
}

/* A datagram that comes from this address and port to this one of ours. */
static size_t
build_to(const struct bench *b, uint32_t from, uint16_t port, uint32_t ours, uint16_t to,
	const void *payload, size_t len, uint8_t *frame)
{
	uint8_t *ip = frame + WIRE_ETHER, *udp = ip + WIRE_IPV4;
	const struct wire_ipv4 header = {.length = (uint16_t)(WIRE_IPV4 + WIRE_UDP_HEADER + len),
		.ttl = 64,
		.protocol = WIRE_UDP,
		.source_be = wire_swap32(from),
		.target_be = wire_swap32(ours)};

	bench_udp(b, from, port, payload, len, frame);
	wire_ipv4_write(ip, &header);
	wire_udp_write(udp, port, to, (uint16_t)(WIRE_UDP_HEADER + len));
	wire_udp_finish(udp, wire_ipv4_source_be(ip), wire_ipv4_target_be(ip));
	return WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER + len;
}

static size_t
build(const struct bench *b, uint32_t from, uint16_t port, uint16_t to, const void *payload,
	size_t len, uint8_t *frame)
{
	return build_to(b, from, port, LNS_IP, to, payload, len, frame);
}

static void
ask4(struct bench *b, uint32_t from, uint16_t port, uint16_t to, const void *payload, size_t len)
{
	uint8_t frame[FRAME_MAX];

	put_frame(b, frame, build(b, from, port, to, payload, len, frame));
}

static void
ask6(struct bench *b, const char *from, uint16_t to, const void *payload, size_t len)
{
	uint8_t frame[FRAME_MAX], *ip = frame + WIRE_ETHER;
	size_t bytes;

	memcpy(frame + ETHER_IPV6 + WIRE_UDP_HEADER, payload, len);
	bytes = around_udp6(b, frame, from, LNS_6, PORT, len);
	wire_udp_write(ip + WIRE_IPV6, PORT, to, (uint16_t)(WIRE_UDP_HEADER + len));
	wire_udp_finish6(ip + WIRE_IPV6, ip + WIRE_IPV6_SOURCE, ip + WIRE_IPV6_TARGET);
	put_frame(b, frame, bytes);
}

static size_t
request(struct stun_ask ask, uint8_t *out)
{
	int len;

	memcpy(ask.transaction, transaction, sizeof(transaction));
	len = stun_write_request(&ask, out, QUESTION);
	assert_true(len > 0);
	return (size_t)len;
}

static void
ask_stun(struct bench *b, uint32_t from, uint16_t port)
{
	uint8_t question[QUESTION];

	ask4(b, from, port, STUN, question, request((struct stun_ask){0}, question));
}

/* The next datagram that came out; others are what routers are told of us. */
static struct frame_bytes
take_udp(struct bench *b)
{
	struct frame_bytes f;

	do
		f = take_frame(b);
	while (f.len != 0 && f.bytes[WIRE_ETHER + WIRE_IPV4_PROTOCOL] != WIRE_UDP &&
		f.bytes[WIRE_ETHER + WIRE_IPV6_NEXT] != WIRE_UDP);
	return f;
}

/* The payload of a datagram that came out over IPv4, all headers checked; from: our address and
 * port. */
static struct cv_bytes
take4(struct bench *b, struct frame_bytes *f, uint32_t from, uint16_t from_port, uint32_t to,
	uint16_t to_port)
{
	const uint8_t *ip = f->bytes + WIRE_ETHER, *udp = ip + WIRE_IPV4;

	*f = take_udp(b);
	assert_int_not_equal(f->len, 0);
	assert_memory_equal(f->bytes + 6, b->dp->ports[0].mac, WIRE_MAC);
	assert_int_equal(ip[0], 0x45);
	assert_int_equal(wire_ipv4_length(ip), f->len - WIRE_ETHER);
	assert_true(wire_ipv4_sum_right(ip, WIRE_IPV4));
	assert_int_equal(wire_get32(ip + WIRE_IPV4_SOURCE), from);
	assert_int_equal(wire_get32(ip + WIRE_IPV4_TARGET), to);
	assert_int_equal(wire_get16(udp), from_port);
	assert_int_equal(wire_get16(udp + WIRE_UDP_TARGET), to_port);
	assert_int_equal(wire_udp_length(udp), f->len - WIRE_ETHER - WIRE_IPV4);
	assert_int_not_equal(wire_load16(udp + WIRE_UDP_SUM), 0);
	assert_true(wire_udp_sum_right(udp, wire_ipv4_source_be(ip), wire_ipv4_target_be(ip)));
	return (struct cv_bytes){udp + WIRE_UDP_HEADER, wire_udp_length(udp) - WIRE_UDP_HEADER};
}

static void
is_seen_as(struct cv_bytes answer, struct cv_ip ip, uint16_t port)
{
	struct stun_response r;

	assert_int_equal(stun_read_response(answer, transaction, &r), 0);
	assert_int_equal(r.error, 0);
	assert_true(cv_ip_equal(&r.mapped.ip, &ip));
	assert_int_equal(r.mapped.port, port);
}

/* ---- answers ---- */

static void
stun_says_how_one_is_seen(void **state)
{
	uint8_t question[QUESTION];
	struct frame_bytes f;
	struct bench b;
	size_t len;

	(void)state;
	up(&b);
	ask_stun(&b, PEER_A, PORT);
	is_seen_as(take4(&b, &f, LNS_IP, STUN, PEER_A, PORT), cv_ipv4(PEER_A), PORT);
	assert_int_equal(edges(&b, DP_EDGE_LOCAL_STUN), 1);
	len = request((struct stun_ask){.fingerprint = true}, question);
	ask6(&b, PEER_6, STUN, question, len);
	f = take_udp(&b);
	assert_memory_equal(f.bytes, router_mac, WIRE_MAC);
	assert_true(wire_udp_sum_right6(
		f.bytes + ETHER_IPV6, f.bytes + WIRE_ETHER + 8, f.bytes + WIRE_ETHER + 24));
	assert_int_equal(wire_get16(f.bytes + ETHER_IPV6), STUN);
	is_seen_as((struct cv_bytes){f.bytes + ETHER_IPV6 + 8, f.len - ETHER_IPV6 - 8}, ip6(PEER_6),
		PORT);
	/* 24 bytes of an address are what it may be longer */
	assert_int_equal(f.len, ETHER_IPV6 + 8 + len + 24);
	bench_down(&b);
}

static void
text_says_it_to_people(void **state)
{
	static const char question[QUESTION] = "?\n";
	static const char seen[] = "192.0.2.11:40123\n";
	struct cv_bytes answer;
	struct frame_bytes f;
	struct bench b;

	(void)state;
	up(&b);
	ask4(&b, PEER_A, PORT, TEXT, question, sizeof(seen) - 1);
	answer = take4(&b, &f, LNS_IP, TEXT, PEER_A, PORT);
	assert_int_equal(answer.len, sizeof(seen) - 1);
	assert_memory_equal(answer.data, seen, answer.len);
	ask4(&b, PEER_A, PORT, TEXT, question, sizeof(seen) - 2);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_TEXT_SHORT), 1);
	ask4(&b, PEER_A, PORT, TEXT, seen, sizeof(seen) - 1);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_TEXT_ANSWER), 1);
	assert_int_equal(edges(&b, DP_EDGE_LOCAL_TEXT), 1);
	assert_int_equal(take_udp(&b).len, 0);
	bench_down(&b);
}

/* RFC 5780: from the other port and the other address, as it is asked. */
static void
answers_come_from_elsewhere(void **state)
{
	const struct dp_service second = {.ip = cv_ipv4(OTHER_IP), .prefix_length = 24};
	const struct dp_discovery_other others[] = {
		{cv_ipv4(LNS_IP), cv_ipv4(OTHER_IP)}, {cv_ipv4(OTHER_IP), cv_ipv4(LNS_IP)}};
	struct dp_discovery told = both;
	uint8_t question[QUESTION];
	struct stun_response r;
	struct frame_bytes f;
	struct bench b;

	(void)state;
	up(&b);
	assert_int_equal(dp_service_set(b.dp, OTHER_SERVICE, &second), 0);
	told.others = others;
	told.n_others = 2;
	assert_int_equal(dp_discovery_set(b.dp, &told), 0);
	while (take_frame(&b).len != 0)
		;
	for (unsigned change = 0; change < 4; change++) {
		struct stun_ask ask = {.change_ip = change & 1, .change_port = change & 2};

		ask4(&b, PEER_A, PORT, STUN, question, request(ask, question));
		assert_int_equal(
			stun_read_response(take4(&b, &f, LNS_IP + (change & 1),
						   change & 2 ? OTHER : STUN, PEER_A, PORT),
				transaction, &r),
			0);
		assert_int_equal(cv_ipv4_value(&r.other.ip), OTHER_IP);
		assert_int_equal(r.other.port, OTHER);
	}
	ask4(&b, PEER_A, PORT, OTHER, question,
		request((struct stun_ask){.change_port = true, .response_port = 99}, question));
	take4(&b, &f, LNS_IP, STUN, PEER_A, 99);
	/* an address without another one is asked by RFC 8489 alone */
	ask6(&b, PEER_6, STUN, question, request((struct stun_ask){.change_ip = true}, question));
	f = take_udp(&b);
	assert_int_equal(stun_read_response((struct cv_bytes){f.bytes + ETHER_IPV6 + 8,
						    f.len - ETHER_IPV6 - 8},
				 transaction, &r),
		0);
	assert_int_equal(r.error, 420);
	bench_down(&b);
}

/* ---- what is not answered ---- */

static void
whose_it_is_not(void **state)
{
	const struct cv_prefix from = {.ip = cv_ipv4(PEER_A), .length = 32};
	const struct dp_iface iface = {.inside = true, .group = GROUP_A};
	const struct cv_prefix address = {.ip = cv_ipv4(OTHER_IP), .length = 24};
	struct dp_discovery told = both;
	uint8_t question[QUESTION], frame[FRAME_MAX];
	struct frame_bytes f;
	struct bench b;
	size_t len;

	(void)state;
	up(&b);
	ask_stun(&b, LNS_IP, PORT);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_LAND), 1);
	ask_stun(&b, PEER_A, 0);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_MARTIAN), 1);
	len = build(
		&b, PEER_A, PORT, STUN, question, request((struct stun_ask){0}, question), frame);
	frame[WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_SUM] ^= 1;
	put_frame(&b, frame, len);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_UDP_CHECKSUM), 1);
	/* an address of an interface, on which no tunnels come */
	assert_int_equal(dp_iface_set(b.dp, 0, &iface), 0);
	assert_int_equal(dp_address_set(b.dp, 0, &address), 0);
	while (take_frame(&b).len != 0)
		;
	len = build(
		&b, PEER_A, PORT, STUN, question, request((struct stun_ask){0}, question), frame);
	wire_store32(frame + WIRE_ETHER + WIRE_IPV4_TARGET, rte_cpu_to_be_32(OTHER_IP));
	inner_checksum(frame + WIRE_ETHER);
	wire_store16(frame + WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_SUM, 0);
	put_frame(&b, frame, len);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_UDP_PORT), 1);
	/* port 3479 where RFC 5780 is not spoken, and all of it where nothing is */
	ask4(&b, PEER_A, PORT, OTHER, question, 20);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_UDP_PORT), 2);
	told.from = &from;
	told.n_from = 1;
	assert_int_equal(dp_discovery_set(b.dp, &told), 0);
	ask_stun(&b, PEER_B, PORT);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_DISCOVERY_FROM), 1);
	ask_stun(&b, PEER_A, PORT);
	is_seen_as(take4(&b, &f, LNS_IP, STUN, PEER_A, PORT), cv_ipv4(PEER_A), PORT);
	assert_int_equal(dp_discovery_set(b.dp, NULL), 0);
	ask_stun(&b, PEER_A, PORT);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_UDP_PORT), 3);
	assert_int_equal(take_udp(&b).len, 0);
	bench_down(&b);
}

static void
what_is_no_request(void **state)
{
	struct dp_discovery told = both;
	uint8_t question[QUESTION] = {0}, frame[FRAME_MAX];
	struct frame_bytes f;
	struct bench b;
	size_t len;

	(void)state;
	up(&b);
	len = request((struct stun_ask){0}, question);
	ask4(&b, PEER_A, PORT, STUN, question, len - 1);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_STUN_MALFORMED), 1);
	ask4(&b, PEER_A, PORT, STUN, question, 0);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_STUN_MALFORMED), 2);
	question[0] = 1; /* a success response: 0x0101 */
	ask4(&b, PEER_A, STUN, STUN, question, len);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_STUN_RESPONSE), 1);
	question[0] = 0;
	question[1] = 3; /* TURN's Allocate */
	ask4(&b, PEER_A, PORT, STUN, question, len);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_STUN_METHOD), 1);
	question[1] = 1;
	question[4] = 0;
	ask4(&b, PEER_A, PORT, STUN, question, len);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_STUN_OLD), 1);
	assert_int_equal(take_udp(&b).len, 0);
	told.old = true;
	assert_int_equal(dp_discovery_set(b.dp, &told), 0);
	ask4(&b, PEER_A, PORT, STUN, question, len);
	take4(&b, &f, LNS_IP, STUN, PEER_A, PORT);
	/* over IPv6 a checksum there must be */
	len = request((struct stun_ask){0}, question);
	memcpy(frame + ETHER_IPV6 + WIRE_UDP_HEADER, question, len);
	len = around_udp6(&b, frame, PEER_6, LNS_6, PORT, len);
	wire_put16(frame + ETHER_IPV6 + WIRE_UDP_TARGET, STUN);
	wire_store16(frame + ETHER_IPV6 + WIRE_UDP_SUM, 0);
	put_frame(&b, frame, len);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_UDP_NO_CHECKSUM), 1);
	bench_down(&b);
}

/* A network has one rate, whichever of its addresses asks; another one has its own. */
static void
a_network_has_a_rate(void **state)
{
	struct dp_discovery told = both;
	struct frame_bytes f;
	struct bench b;
	unsigned n = 0;

	(void)state;
	up(&b);
	told.per_second = 5;
	assert_int_equal(dp_discovery_set(b.dp, &told), 0);
	bench_pass(&b, 1);
	for (uint32_t i = 0; i < 100; i++)
		ask_stun(&b, PEER_A + i, PORT);
	while (take_udp(&b).len != 0)
		n++;
	assert_int_equal(n, 5);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_DISCOVERY_LIMIT), 95);
	ask_stun(&b, PEER_A + 256, PORT);
	take4(&b, &f, LNS_IP, STUN, PEER_A + 256, PORT);
	bench_pass(&b, 200);
	ask_stun(&b, PEER_A, PORT);
	take4(&b, &f, LNS_IP, STUN, PEER_A, PORT);
	bench_down(&b);
}

/* Over IPv6 it is a /56: who has one, has all of it. */
static void
a_network_of_ipv6_too(void **state)
{
	struct dp_discovery told = both;
	uint8_t question[QUESTION];
	char from[40];
	struct bench b;
	unsigned n = 0;
	size_t len;

	(void)state;
	up(&b);
	told.per_second = 5;
	assert_int_equal(dp_discovery_set(b.dp, &told), 0);
	bench_pass(&b, 1);
	len = request((struct stun_ask){0}, question);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(from, sizeof(from), "2001:db8:7:%x::%x", i, 100 - i);
		ask6(&b, from, STUN, question, len);
	}
	while (take_udp(&b).len != 0)
		n++;
	assert_int_equal(n, 5);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_DISCOVERY_LIMIT), 95);
	ask6(&b, "2001:db8:7:100::1", STUN, question, len);
	assert_int_not_equal(take_udp(&b).len, 0);
	bench_down(&b);
}

/* All networks together have a rate, so that a flood from everywhere costs no more. */
static void
all_together_have_a_rate(void **state)
{
	enum { ASKED = 2 * DP_DISCOVERIES_PER_S };
	uint64_t begun, took;
	struct bench b;
	unsigned n = 0;

	(void)state;
	up(&b);
	begun = rte_rdtsc();
	for (uint32_t i = 0; i < ASKED; i++) {
		ask_stun(&b, 0x0b000001 + (i << 8), PORT);
		while (take_udp(&b).len != 0)
			n++;
	}
	took = (rte_rdtsc() - begun) * 1000 / rte_get_tsc_hz();
	print_message("# of %u in %u ms %u\n", (unsigned)ASKED, (unsigned)took, n);
	/* what there is at once, and what is added meanwhile */
	assert_true(n >= 1000 && n <= (took + 1001) * DP_DISCOVERIES_PER_S / 1000);
	assert_int_equal(n + drops(&b, DP_DROP_LOCAL_DISCOVERY_LIMIT), ASKED);
	bench_down(&b);
}

static void
what_can_not_be_is_refused(void **state)
{
	const struct dp_discovery_other same[] = {{cv_ipv4(LNS_IP), cv_ipv4(LNS_IP)}};
	struct dp_discovery told = both, got;
	struct bench b;

	(void)state;
	up(&b);
	told.echo_port = STUN;
	assert_int_equal(dp_discovery_set(b.dp, &told), CV_ERR_CONFIG);
	told.echo_port = OTHER; /* which nobody else has without RFC 5780 */
	assert_int_equal(dp_discovery_set(b.dp, &told), 0);
	assert_int_equal(dp_discovery_set(b.dp, &both), 0);
	told = both;
	told.per_second = 0;
	assert_int_equal(dp_discovery_set(b.dp, &told), CV_ERR_CONFIG);
	told = both;
	told.others = same;
	told.n_others = 1;
	assert_int_equal(dp_discovery_set(b.dp, &told), CV_ERR_CONFIG);
	told = both;
	told.n_from = DP_DISCOVERY_FROM + 1;
	assert_int_equal(dp_discovery_set(b.dp, &told), CV_ERR_CONFIG);
	assert_true(dp_discovery_get(b.dp, &got));
	assert_int_equal(got.stun_port, STUN);
	assert_int_equal(dp_discovery_set(b.dp, NULL), 0);
	assert_false(dp_discovery_get(b.dp, &got));
	bench_down(&b);
}

/* On a VLAN, by one tag and by two: the answer has the tags of the question, and an address is
 * asked on its own VLAN alone. */
static void
by_a_vlan(void **state)
{
	enum { IFACE = 5, VLAN = 7, OUTER = 200 };
	uint8_t frame[FRAME_MAX], *ip, question[QUESTION];
	size_t asked = request((struct stun_ask){0}, question), len;

	(void)state;
	for (unsigned tags = 1; tags <= 2; tags++) {
		const struct dp_iface iface = {.vlan = VLAN, .outer = tags == 2 ? OUTER : 0};
		const struct dp_service service = {
			.iface = IFACE, .ip = cv_ipv4(OTHER_IP), .prefix_length = 24};
		const size_t more = 4 * tags;
		struct frame_bytes f;
		struct bench b;

		up(&b);
		assert_int_equal(dp_iface_set(b.dp, IFACE, &iface), 0);
		assert_int_equal(dp_service_set(b.dp, OTHER_SERVICE, &service), 0);
		while (take_frame(&b).len != 0)
			;
		len = build_to(&b, PEER_A, PORT, OTHER_IP, STUN, question, asked, frame);
		put_frame(&b, frame, len);
		assert_int_equal(take_udp(&b).len, 0); /* not without a tag */
		len = put_tags(frame, len, tags == 1 ? 0x8100 : 0x88a8, iface.outer, VLAN);
		put_frame(&b, frame, len);
		f = take_frame(&b);
		assert_true(f.len > WIRE_ETHER + more);
		assert_memory_equal(f.bytes + 2 * WIRE_MAC, frame + 2 * WIRE_MAC, 4);
		assert_int_equal(wire_get16(f.bytes + 2 * WIRE_MAC + more - 2), VLAN);
		ip = f.bytes + WIRE_ETHER + more;
		is_seen_as((struct cv_bytes){ip + WIRE_IPV4 + WIRE_UDP_HEADER,
				   wire_udp_length(ip + WIRE_IPV4) - WIRE_UDP_HEADER},
			cv_ipv4(PEER_A), PORT);
		bench_down(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stun_says_how_one_is_seen),
		cmocka_unit_test(text_says_it_to_people),
		cmocka_unit_test(answers_come_from_elsewhere),
		cmocka_unit_test(whose_it_is_not),
		cmocka_unit_test(what_is_no_request),
		cmocka_unit_test(a_network_has_a_rate),
		cmocka_unit_test(by_a_vlan),
		cmocka_unit_test(a_network_of_ipv6_too),
		cmocka_unit_test(all_together_have_a_rate),
		cmocka_unit_test(what_can_not_be_is_refused),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
