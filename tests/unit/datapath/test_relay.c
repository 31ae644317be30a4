/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets through all stages: what arrives is what was sent but for TTL and its checksum, in
 * every form of header; and what must not pass does not, each by its own name. */
#include <rte_cycles.h>

#include "harness.h"

enum { ESP = 50, UDP = 17, ICMP = 1 };

static void
expect_relayed(struct bench *b, const uint8_t *sent, size_t len)
{
	uint8_t got[FRAME_MAX], expected[FRAME_MAX];

	memcpy(expected, sent, len);
	expected[8]--;
	inner_checksum(expected);
	assert_int_equal(take_inner(b, false, got), len);
	assert_memory_equal(got, expected, len);
	assert_int_equal(take_frame(b).len, 0);
}

static void
every_form_of_header_is_relayed_bit_for_bit(void **state)
{
	uint8_t packet[FRAME_MAX];

	(void)state;
	for (unsigned send = 0; send < 16; send++) {
		struct bench b;

		bench_up(&b, 0, (uint16_t)send);
		for (unsigned form = 0; form < 64; form++) {
			struct wire wire = {.length = form & 1,
				.sequence = form & 2,
				.offset = form & 4,
				.acfc = form & 8,
				.pfc = form & 16,
				.no_checksum = form & 32};
			size_t len = inner_packet(packet, INNER_A, INNER_B, ESP, 100 + form);

			put_data(&b, true, &wire, packet, len);
			expect_relayed(&b, packet, len);
		}
		assert_int_equal(edges(&b, DP_EDGE_RELAY_EGRESS), 64);
		bench_down(&b);
	}
}

static void
every_length_and_padding(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct bench b;

	(void)state;
	bench_up(&b, 0, DP_SEND_PFC);
	for (size_t len = 20; len <= 1400; len += len < 80 ? 1 : 33)
		for (unsigned padding = 0; padding < 4; padding++) {
			struct wire wire = {.length = padding & 1, .padding = padding};

			inner_packet(packet, INNER_A, INNER_B, ESP, len);
			put_data(&b, true, &wire, packet, len);
			expect_relayed(&b, packet, len);
		}
	bench_down(&b);
}

/* RFC 1624: every identification, so that every header checksum occurs, and with it each carry
 * out of it. What leaves is what a new computation gives, in all bits. */
static void
every_header_checksum(void **state)
{
	static bool seen[UINT16_MAX + 1];
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};
	unsigned n = 0;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	inner_packet(packet, INNER_A, INNER_B, ESP, 20);
	for (unsigned id = 0; id <= UINT16_MAX; id++) {
		uint16_t sum;

		wire_store16(packet + 4, (uint16_t)id);
		inner_checksum(packet);
		sum = wire_load16(packet + 10);
		n += !seen[sum];
		seen[sum] = true;
		put_data(&b, true, &wire, packet, 20);
		expect_relayed(&b, packet, 20);
		if (sum != 0)
			continue;
		wire_store16(packet + 10, UINT16_MAX); /* the other zero, as good on arrival */
		put_data(&b, true, &wire, packet, 20);
		expect_relayed(&b, packet, 20);
	}
	assert_int_equal(n, UINT16_MAX); /* all but 0xffff, which no sender computes */
	bench_down(&b);
}

static void
counters_of_sessions(void **state)
{
	struct dp_session_counters n;
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	inner_packet(packet, INNER_A, INNER_B, ESP, 100);
	put_data(&b, true, &wire, packet, 100);
	put_data(&b, true, &wire, packet, 100);
	assert_int_equal(dp_session_counters(b.dp, b.slot_a, &n), 0);
	assert_int_equal(n.rx_packets, 2);
	assert_int_equal(n.rx_bytes, 200);
	assert_int_equal(n.tx_packets, 0);
	assert_int_equal(dp_session_clear(b.dp, b.slot_b, &n), 0);
	assert_int_equal(n.tx_packets, 2);
	assert_int_equal(n.tx_bytes, 200);
	put_data(&b, true, &wire, packet, 100);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_NO_ROUTE), 1);
	put_data(&b, false, &wire, packet, 100);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_UNKNOWN_SESSION), 1);
	bench_down(&b);
}

/* A slot that is used again is a new session: it starts at 0 in both directions. */
static void
counters_of_a_slot_that_is_used_again(void **state)
{
	struct dp_session_counters n;
	uint8_t there[FRAME_MAX], back[FRAME_MAX];
	struct wire wire = {0};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	inner_packet(there, INNER_A, INNER_B, ESP, 100);
	inner_packet(back, INNER_B, INNER_A, ESP, 60);
	for (unsigned round = 0; round < 3; round++) {
		uint32_t slot = b.slot_b;

		assert_int_equal(dp_session_counters(b.dp, slot, &n), 0);
		assert_int_equal(n.rx_packets | n.rx_bytes | n.tx_packets | n.tx_bytes, 0);
		put_data(&b, true, &wire, there, 100);
		put_data(&b, false, &wire, back, 60);
		put_data(&b, false, &wire, back, 60);
		while (take_frame(&b).len != 0)
			;
		assert_int_equal(dp_session_clear(b.dp, slot, &n), 0);
		assert_int_equal(n.tx_packets, 1);
		assert_int_equal(n.tx_bytes, 100);
		assert_int_equal(n.rx_packets, 2);
		assert_int_equal(n.rx_bytes, 120);
		b.slot_b = bench_session(&b, false, 0);
		assert_int_equal(b.slot_b, slot);
	}
	bench_down(&b);
}

/* How many sessions send by a neighbour; -1: there is no such neighbour. */
static int
users_of(const struct bench *b, uint32_t ip)
{
	struct cv_ip wanted = cv_ipv4(ip);
	struct dp_neighbour_info n;

	for (uint64_t i = 0; dp_neighbour_next(b->dp, &i, &n);)
		if (cv_ip_equal(&n.ip, &wanted))
			return (int)n.users;
	return -1;
}

/* A next hop is held by each session that sends by it, and forgotten when none does. */
static void
a_removed_session_gives_its_next_hop_back(void **state)
{
	struct dp_session s = {.tunnel_id = 50,
		.session_id = 51,
		.peer_tunnel_id = 1,
		.peer_session_id = 1,
		.peer = {.ip = cv_ipv4(PEER_B), .port = 7}};
	struct dp_session taken = s; /* an address that it can't have */
	uint8_t frame[FRAME_MAX];
	struct bench b;
	uint32_t slot;

	(void)state;
	taken.open = true;
	taken.address = cv_ipv4(INNER_A);
	taken.peer.ip = cv_ipv4(PEER_A);
	bench_up(&b, 0, 0);
	assert_int_equal(users_of(&b, PEER_A), 1);
	assert_int_equal(users_of(&b, PEER_B), 1);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(dp_session_set(b.dp, &taken, &slot), CV_ERR_EXISTS);
		assert_int_equal(users_of(&b, PEER_B), 1);
		assert_int_equal(dp_session_set(b.dp, &s, &slot), 0);
		assert_int_equal(dp_session_set(b.dp, &s, &slot), 0); /* again */
		assert_int_equal(users_of(&b, PEER_B), 2);
		/* what is refused holds nothing */
		assert_int_equal(dp_session_set(b.dp, &taken, NULL), CV_ERR_EXISTS);
		assert_int_equal(users_of(&b, PEER_B), 2);
		assert_int_equal(dp_session_clear(b.dp, slot, NULL), 0);
		assert_int_equal(users_of(&b, PEER_B), 1);
		assert_int_equal(dp_session_clear(b.dp, slot, NULL), CV_ERR_UNKNOWN);
		assert_int_equal(users_of(&b, PEER_B), 1);
	}
	assert_int_equal(dp_session_clear(b.dp, b.slot_b, NULL), 0);
	assert_int_equal(users_of(&b, PEER_B), 0);
	/* both answer, and speak of themselves unasked: what nobody uses is forgotten all the same
	 */
	for (unsigned i = 0; i < 200; i++) {
		b.now += CV_NS_PER_S;
		put_frame(&b, frame, bench_arp(&b, PEER_A, frame));
		put_frame(&b, frame, bench_arp(&b, PEER_B, frame));
		while (take_frame(&b).len != 0)
			;
	}
	assert_int_equal(users_of(&b, PEER_A), 1);
	assert_int_equal(users_of(&b, PEER_B), -1);
	bench_down(&b);
}

/* An echo request as a router's ping sends it, from the ICMP header on behind an IPv4 header. */
static size_t
echo_request(uint8_t *ip, uint32_t from, uint32_t to)
{
	size_t len = inner_packet(ip, from, to, ICMP, 60);

	wire_store16(ip + 20, 8);
	wire_store16(ip + 22, 0);
	wire_store16(ip + 22, wire_checksum(wire_sum(ip + 20, len - 20)));
	return len;
}

/* An answer is the request with its ends changed, its type 0 and both checksums right. */
static void
expect_echo(const uint8_t *got, const uint8_t *request, size_t len)
{
	assert_memory_equal(got + 12, request + 16, 4);
	assert_memory_equal(got + 16, request + 12, 4);
	assert_int_equal(wire_load16(got + 20), 0);
	assert_memory_equal(got + 24, request + 24, len - 24);
	assert_int_equal(wire_fold(wire_sum20(got)), 0xffff);
	assert_int_equal(wire_fold(wire_sum(got + 20, len - 20)), 0xffff);
}

/* Sends many requests; answered: the edge or frames that came back, which are checked against
 * the rate over the time that it took, so that a slow machine is right too. */
static void
flood_of_echoes(struct bench *b, bool outside, enum dp_drop_cause over)
{
	enum { REQUESTS = 20000, AT_ONCE = DP_ECHO_MOST_MS / DP_ECHO_COST_MS };
	uint8_t frame[FRAME_MAX] = {0}, *ip = frame + WIRE_ETHER, got[FRAME_MAX];
	size_t len =
		outside ? echo_request(ip, PEER_A, LNS_IP) : echo_request(ip, INNER_A, INNER_LNS);
	uint64_t begin = rte_rdtsc(), allowed;
	struct wire wire = {0};
	unsigned answered = 0;

	memcpy(frame, b->dp->ports[0].mac, 6);
	wire_store16(frame + 12, 0x0008);
	for (unsigned i = 0; i < REQUESTS; i++) {
		struct frame_bytes f = {0};

		if (outside) {
			put_frame(b, frame, WIRE_ETHER + len);
			f = take_frame(b);
		} else {
			put_data(b, true, &wire, ip, len);
			f.len = take_inner(b, true, got);
			memcpy(f.bytes + WIRE_ETHER, got, f.len);
		}
		if (f.len == 0)
			continue;
		answered++;
		expect_echo(f.bytes + WIRE_ETHER, ip, len);
	}
	allowed = AT_ONCE + (rte_rdtsc() - begin) * 1000 / rte_get_tsc_hz() / DP_ECHO_COST_MS + 1;
	assert_int_equal(answered + drops(b, over), REQUESTS);
	assert_true(answered >= AT_ONCE);
	assert_true(answered <= allowed);
}

static void
echoes_are_limited_in_their_rate(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	flood_of_echoes(&b, true, DP_DROP_LOCAL_ECHO_LIMIT);
	flood_of_echoes(&b, false, DP_DROP_ROUTE_ECHO_LIMIT);
	bench_down(&b);
}

/* A checksum that was wrong leaves wrong: what was damaged on the way in is not made good. */
static void
a_wrong_checksum_stays_wrong(void **state)
{
	struct wire wire = {.wrong_checksum = true};
	uint8_t packet[FRAME_MAX];
	struct frame_bytes f;
	struct bench b;
	uint8_t *ip, *udp;

	(void)state;
	bench_up(&b, 0, 0);
	inner_packet(packet, INNER_A, INNER_B, ESP, 100);
	put_data(&b, true, &wire, packet, 100);
	f = take_frame(&b);
	assert_int_not_equal(f.len, 0);
	ip = f.bytes + WIRE_ETHER;
	udp = ip + WIRE_IPV4;
	assert_int_not_equal(wire_fold(wire_sum(udp, rte_bswap16(wire_load16(udp + 4))) +
				       wire_sum_pseudo(wire_ipv4_source_be(ip),
					       wire_ipv4_target_be(ip), wire_load16(udp + 4))),
		0xffff);
	bench_down(&b);
}

/* A device that looked and found it wrong ends it here. */
static void
a_checksum_that_the_device_found_wrong(void **state)
{
	uint8_t packet[FRAME_MAX], frame[FRAME_MAX];
	struct wire wire = {.wrong_checksum = true};
	struct rte_mbuf *m;
	struct bench b;
	size_t len;

	(void)state;
	bench_up(&b, 0, 0);
	b.dp->ports[0].checks_rx = true;
	inner_packet(packet, INNER_A, INNER_B, ESP, 100);
	len = build_data(&b, true, &wire, packet, 100, frame);
	m = rte_pktmbuf_alloc(b.dp->pool);
	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
	m->ol_flags = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_BAD;
	assert_int_equal(rte_ring_enqueue(b.in, m), 0);
	dp_worker_round(b.dp->workers[0]);
	assert_int_equal(take_frame(&b).len, 0);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_UDP_CHECKSUM), 1);
	bench_down(&b);
}

struct refusal {
	enum dp_drop_cause cause;
	struct wire wire;
	void (*spoil)(uint8_t *packet);
};

static void
spoil_source(uint8_t *p)
{
	p[15] ^= 1;
	inner_checksum(p);
}

static void
spoil_version(uint8_t *p)
{
	p[0] = 0x55;
}

static void
spoil_header(uint8_t *p)
{
	p[0] = 0x44;
}

static void
spoil_length(uint8_t *p)
{
	p[2] = 1;
}

static void
spoil_checksum(uint8_t *p)
{
	p[10] ^= 1;
}

static void
spoil_ttl(uint8_t *p)
{
	p[8] = 0;
	inner_checksum(p);
}

static void
to_self(uint8_t *p)
{
	memcpy(p + 16, p + 12, 4);
	inner_checksum(p);
}

static void
to_multicast(uint8_t *p)
{
	p[16] = 224;
	inner_checksum(p);
}

static void
to_stranger(uint8_t *p)
{
	p[19] = 99;
	inner_checksum(p);
}

static void
source_route(uint8_t *p)
{
	p[0] = 0x46;
	p[20] = 131;
	p[21] = 4;
	inner_checksum(p);
}

static void
broken_option(uint8_t *p)
{
	p[0] = 0x46;
	p[20] = 7;
	p[21] = 200;
	inner_checksum(p);
}

static void
each_refusal_has_its_name(void **state)
{
	static const struct refusal refusals[] = {
		{DP_DROP_INGRESS_UNKNOWN_SESSION, {.session_id = 999}, NULL},
		{DP_DROP_INGRESS_UNKNOWN_SESSION, {.tunnel_id = 12}, NULL},
		{DP_DROP_INGRESS_SOURCE, {.peer_port = 5}, NULL},
		{DP_DROP_INGRESS_SOURCE, {.peer_ip = PEER_B}, NULL},
		{DP_DROP_INGRESS_SPOOFED, {0}, spoil_source},
		{DP_DROP_INGRESS_INNER_VERSION, {0}, spoil_version},
		{DP_DROP_INGRESS_INNER_HEADER, {0}, spoil_header},
		{DP_DROP_INGRESS_INNER_LENGTH, {0}, spoil_length},
		{DP_DROP_INGRESS_INNER_CHECKSUM, {0}, spoil_checksum},
		{DP_DROP_INGRESS_TO_SELF, {0}, to_self},
		{DP_DROP_INGRESS_DESTINATION, {0}, to_multicast},
		{DP_DROP_INGRESS_SOURCE_ROUTE, {0}, source_route},
		{DP_DROP_INGRESS_SOURCE_ROUTE, {0}, broken_option},
		{DP_DROP_ROUTE_NO_ROUTE, {0}, to_stranger},
		{DP_DROP_RELAY_TTL_ZERO, {0}, spoil_ttl},
	};
	uint8_t packet[FRAME_MAX];
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (size_t i = 0; i < RTE_DIM(refusals); i++) {
		const struct refusal *r = &refusals[i];
		uint64_t before = drops(&b, r->cause);

		inner_packet(packet, INNER_A, INNER_B, ESP, 100);
		if (r->spoil != NULL)
			r->spoil(packet);
		put_data(&b, true, &r->wire, packet, 100);
		/* nobody there is told, all else is not answered */
		assert_int_equal(take_frame(&b).len != 0, r->cause == DP_DROP_ROUTE_NO_ROUTE);
		assert_int_equal(drops(&b, r->cause), before + 1);
	}
	session_shut(b.dp, b.slot_a);
	inner_packet(packet, INNER_A, INNER_B, ESP, 100);
	put_data(&b, true, &(struct wire){0}, packet, 100);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_NOT_OPEN), 1);
	bench_down(&b);
}

/* Cut anywhere, or with any byte changed: never a crash, never a buffer lost. */
static void
truncated_and_damaged_frames_are_dropped(void **state)
{
	static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
	uint8_t packet[FRAME_MAX], frame[FRAME_MAX], damaged[FRAME_MAX];
	struct bench b;
	size_t len;

	(void)state;
	bench_up(&b, 0, 0);
	inner_packet(packet, INNER_A, INNER_B, ESP, 60);
	for (unsigned form = 0; form < 8; form++) {
		struct wire wire = {.length = form & 1, .offset = form & 2, .sequence = form & 4};

		len = build_data(&b, true, &wire, packet, 60, frame);
		for (size_t cut = 0; cut < len; cut++) {
			put_frame(&b, frame, cut);
			assert_int_equal(take_frame(&b).len, 0);
		}
		for (size_t at = 0; at < len; at++)
			for (size_t v = 0; v < sizeof(values); v++) {
				struct dp_punt punt;

				memcpy(damaged, frame, len);
				damaged[at] = values[v];
				put_frame(&b, damaged, len);
				while (dp_punt_next(b.dp, &punt))
					dp_punt_release(b.dp, &punt);
				while (take_frame(&b).len != 0)
					;
			}
	}
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_header_is_relayed_bit_for_bit),
		cmocka_unit_test(every_length_and_padding),
		cmocka_unit_test(every_header_checksum),
		cmocka_unit_test(counters_of_sessions),
		cmocka_unit_test(counters_of_a_slot_that_is_used_again),
		cmocka_unit_test(a_removed_session_gives_its_next_hop_back),
		cmocka_unit_test(echoes_are_limited_in_their_rate),
		cmocka_unit_test(a_wrong_checksum_stays_wrong),
		cmocka_unit_test(a_checksum_that_the_device_found_wrong),
		cmocka_unit_test(each_refusal_has_its_name),
		cmocka_unit_test(truncated_and_damaged_frames_are_dropped),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
