/* SPDX-License-Identifier: BSD-3-Clause */
/* Traces: what becomes of the packets of one session, both ways, and of nobody else's. */
#include "inner6.h"

enum { LEN = 100 };

#define LONG (60 * CV_NS_PER_S)

/* All exits that are there to be read, as "1 from INGRESS_ROUTE, 1 from !POLICY_SENDER". */
static const char *
told(struct bench *b)
{
	static char text[8192];
	struct dp_trace_row r;
	size_t used = 0;

	text[0] = '\0';
	while (dp_trace_next(b->dp, &r)) {
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%u %s %s%s",
			used == 0 ? "" : ", ", r.packet, r.to_it ? "to" : "from",
			r.dropped ? "!" : "", r.exit);
		assert_true(used < sizeof(text));
		assert_false(r.stale);
		assert_int_not_equal(strlen(r.help), 0);
	}
	return text;
}

static void
send(struct bench *b, bool from_a, uint32_t target, uint8_t protocol)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};

	inner_packet(packet, from_a ? INNER_A : INNER_B, target, protocol, LEN);
	put_data(b, from_a, &wire, packet, LEN);
}

static void
both_ways_exit_by_exit(void **state)
{
	struct dp_trace_row r;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_trace_start(b.dp, b.now, b.slot_a, 3, LONG), 0);
	assert_true(dp_trace_running(b.dp));
	send(&b, true, INNER_B, WIRE_ESP);
	assert_true(dp_trace_next(b.dp, &r));
	assert_string_equal(r.exit, "INGRESS_ROUTE");
	assert_true(cv_ip_equal(&r.source, &(struct cv_ip){CV_IPV4, {10, 88, 1, 1}}));
	assert_true(cv_ip_equal(&r.target, &(struct cv_ip){CV_IPV4, {10, 88, 1, 2}}));
	assert_int_equal(r.protocol, WIRE_ESP);
	assert_int_equal(r.len, LEN);
	assert_int_equal(r.hops, 64);
	assert_string_equal(told(&b),
		"1 from ROUTE_POLICY, 1 from POLICY_RELAY, 1 from RELAY_EGRESS, 1 from EGRESS_TX");
	/* for it, from where its stage knows that it is */
	send(&b, false, INNER_A, WIRE_ESP);
	assert_string_equal(told(&b), "2 to POLICY_RELAY, 2 to RELAY_EGRESS, 2 to EGRESS_TX");
	/* to nobody, and its sender is told */
	send(&b, true, 0x0a580163, WIRE_ESP);
	assert_string_equal(
		told(&b), "3 from INGRESS_ROUTE, 3 from !ROUTE_NO_ROUTE, 3 from EGRESS_TX");
	/* it is over, and they are plain again */
	dp_control_poll(b.dp, b.now);
	assert_false(dp_trace_running(b.dp));
	send(&b, true, INNER_B, WIRE_ESP);
	assert_string_equal(told(&b), "");
	assert_int_equal(b.dp->ingress[b.slot_a].word & DP_INGRESS_RARE, 0);
	assert_int_equal(b.dp->egress[b.slot_a].flags & DP_EGRESS_RARE, 0);
	while (take_frame(&b).len != 0)
		;
	bench_down(&b);
}

/* Stages take burst by burst; who reads gets packet by packet. */
static void
a_burst_is_told_packet_by_packet(void **state)
{
	static const char exits[][24] = {
		"INGRESS_ROUTE", "ROUTE_POLICY", "POLICY_RELAY", "RELAY_EGRESS", "EGRESS_TX"};
	uint8_t packet[FRAME_MAX], frame[FRAME_MAX];
	struct rte_mbuf *frames[20];
	struct dp_trace_row r;
	struct wire wire = {0};
	struct bench b;
	size_t len;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_trace_start(b.dp, b.now, b.slot_a, RTE_DIM(frames), LONG), 0);
	inner_packet(packet, INNER_A, INNER_B, WIRE_ESP, LEN);
	len = build_data(&b, true, &wire, packet, LEN, frame);
	for (size_t i = 0; i < RTE_DIM(frames); i++) {
		frames[i] = rte_pktmbuf_alloc(b.dp->pool);
		assert_non_null(frames[i]);
		memcpy(rte_pktmbuf_append(frames[i], (uint16_t)len), frame, len);
		assert_int_equal(rte_ring_enqueue(b.in, frames[i]), 0);
	}
	dp_worker_round(b.dp->workers[0]);
	for (size_t i = 0; i < RTE_DIM(frames) * RTE_DIM(exits); i++) {
		assert_true(dp_trace_next(b.dp, &r));
		assert_int_equal(r.packet, 1 + i / RTE_DIM(exits));
		assert_string_equal(r.exit, exits[i % RTE_DIM(exits)]);
	}
	assert_string_equal(told(&b), "");
	assert_int_equal(b.dp->workers[0]->trace->got, b.dp->workers[0]->trace->put);
	dp_trace_stop(b.dp);
	while (take_frame(&b).len != 0)
		;
	bench_down(&b);
}

/* Each says why. */
static void
drops_say_why(void **state)
{
	struct dp_filter ipsec = {.kind = DP_FILTER_IPSEC};
	uint8_t packet[FRAME_MAX];
	struct wire wrong = {.peer_ip = PEER_B};
	struct dp_punt punt;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_trace_start(b.dp, b.now, b.slot_a, DP_TRACE_MOST, LONG), 0);
	/* from another address than its peer's */
	inner_packet(packet, INNER_A, INNER_B, WIRE_ESP, LEN);
	put_data(&b, true, &wrong, packet, LEN);
	assert_string_equal(told(&b), "1 from !INGRESS_SOURCE");
	/* with another source inside */
	wrong.peer_ip = 0;
	inner_packet(packet, INNER_B, INNER_B, WIRE_ESP, LEN);
	put_data(&b, true, &wrong, packet, LEN);
	assert_string_equal(told(&b), "2 from !INGRESS_SPOOFED");
	/* its filter */
	assert_int_equal(dp_filter_set(b.dp, GROUP_A, &ipsec), 0);
	send(&b, true, INNER_B, WIRE_TCP);
	assert_string_equal(told(&b), "3 from INGRESS_ROUTE, 3 from ROUTE_POLICY, "
				      "3 from !POLICY_SENDER, 3 from EGRESS_TX");
	/* TTL */
	inner_packet(packet, INNER_A, INNER_B, WIRE_ESP, LEN);
	packet[WIRE_IPV4_TTL] = 1;
	inner_checksum(packet);
	put_data(&b, true, &wrong, packet, LEN);
	assert_non_null(strstr(told(&b), "4 from RELAY_TIME_EXCEEDED"));
	/* what is no packet of IP */
	wrong.protocol = 0xc021;
	put_data(&b, true, &wrong, packet, 8);
	assert_string_equal(told(&b), "5 from INGRESS_PUNT_PPP");
	while (!dp_punt_next(b.dp, &punt))
		dp_control_poll(b.dp, b.now += CV_NS_PER_MS);
	dp_punt_release(b.dp, &punt);
	dp_trace_stop(b.dp);
	assert_false(dp_trace_running(b.dp));
	while (take_frame(&b).len != 0)
		;
	bench_down(&b);
}

/* IPv6 likewise: what we answer, and why. */
static void
answers_over_ipv6_say_why(void **state)
{
	static const char *const exits[] = {"1 from RELAY_TIME_EXCEEDED",
		"2 from RELAY_PACKET_TOO_BIG", "3 from ROUTE_ECHO", "4 from RELAY_FRAGMENTED"};
	struct wire wire = {.protocol = WIRE_PPP_IPV6};
	uint8_t packet[FRAME_MAX];
	struct dp_session s;
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	assert_int_equal(dp_session_get(b.dp, b.slot_a, &s), 0);
	s.mtu = 1280;
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	assert_int_equal(dp_trace_start(b.dp, b.now, b.slot_a, DP_TRACE_MOST, LONG), 0);
	for (unsigned i = 0; i < RTE_DIM(exits); i++) {
		size_t len = i == 1 ? 1450 : i == 3 ? 1400 : LEN;

		packet6(packet, A_6, i < 2 ? B_6 : LNS_INNER6, i < 2 ? WIRE_ESP : WIRE_ICMPV6, len);
		if (i == 0)
			packet[WIRE_IPV6_HOPS] = 1;
		if (i >= 2) {
			wire_put16(packet + WIRE_IPV6, WIRE_ICMPV6_ECHO << 8);
			finish6(packet, WIRE_IPV6, len);
		}
		put_data(&b, true, &wire, packet, len);
		assert_non_null(strstr(told(&b), exits[i]));
		while (take_frame(&b).len != 0)
			;
	}
	dp_trace_stop(b.dp);
	bench_down(&b);
}

/* Also what is dropped before its session is looked for, where it names it. */
static void
drops_of_what_was_not_read(void **state)
{
	uint8_t packet[FRAME_MAX], frame[FRAME_MAX];
	struct wire wire = {.offset = true, .length = true};
	const uint8_t *l2tp = frame + WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER;
	struct bench b;
	size_t len;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_trace_start(b.dp, b.now, b.slot_a, DP_TRACE_MOST, LONG), 0);
	inner_packet(packet, INNER_A, INNER_B, WIRE_ESP, LEN);
	len = build_data(&b, true, &wire, packet, LEN, frame);
	wire_put16(frame + (l2tp - frame) + 8, 0xffff); /* Offset Size */
	put_frame(&b, frame, len);
	assert_string_equal(told(&b), "1 from !CLASSIFY_L2TP_OFFSET");
	wire.offset = false;
	len = build_data(&b, true, &wire, packet, LEN, frame);
	wire_put16(frame + (l2tp - frame) + 2, 7); /* Length */
	put_frame(&b, frame, len);
	assert_string_equal(told(&b), "2 from !CLASSIFY_L2TP_LENGTH");
	/* a PPP frame of nothing */
	wire = (struct wire){.acfc = true, .pfc = true};
	put_data(&b, true, &wire, packet, 0);
	assert_string_equal(told(&b), "3 from !CLASSIFY_PPP_HEADER");
	/* nobody else's, nor of no session, nor cut before its IDs */
	put_data(&b, false, &wire, packet, 0);
	wire.session_id = 0x7777;
	put_data(&b, true, &wire, packet, 0);
	for (len = 0; len < 6; len++)
		put_udp(&b, PEER_A, PORT_A, "\0\2\0\0\0", len);
	assert_string_equal(told(&b), "");
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_PPP_HEADER), 3);
	bench_down(&b);
}

/* What came again, of a session whose data is put in order. */
static void
drops_of_sequencing(void **state)
{
	uint8_t packet[FRAME_MAX], frame[FRAME_MAX];
	struct wire wire = {.sequence = true};
	struct bench b;
	size_t len;

	(void)state;
	bench_up(&b, DP_SEND_SEQUENCE, 0);
	assert_int_equal(dp_trace_start(b.dp, b.now, b.slot_a, DP_TRACE_MOST, LONG), 0);
	inner_packet(packet, INNER_A, INNER_B, WIRE_ESP, LEN);
	len = build_data(&b, true, &wire, packet, LEN, frame);
	put_frame(&b, frame, len);
	assert_non_null(strstr(told(&b), "1 from INGRESS_ROUTE"));
	put_frame(&b, frame, len);
	assert_string_equal(told(&b), "2 from !SEQUENCE_OLD");
	while (take_frame(&b).len != 0)
		;
	bench_down(&b);
}

/* By its number, its time, or the end of its session; one at a time; nonsense is refused. */
static void
it_ends_by_itself(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_trace_start(b.dp, b.now, b.slot_a, 0, LONG), CV_ERR_CONFIG);
	assert_int_equal(
		dp_trace_start(b.dp, b.now, b.slot_a, DP_TRACE_MOST + 1, LONG), CV_ERR_CONFIG);
	assert_int_equal(dp_trace_start(b.dp, b.now, UINT32_MAX, 1, LONG), CV_ERR_UNKNOWN);
	assert_int_equal(dp_trace_start(b.dp, b.now, b.slot_a, 2, CV_NS_PER_S), 0);
	assert_int_equal(dp_trace_start(b.dp, b.now, b.slot_b, 2, CV_NS_PER_S), CV_ERR_EXISTS);
	assert_true(dp_next_timeout(b.dp) <= b.now + CV_NS_PER_S);
	dp_control_poll(b.dp, b.now += CV_NS_PER_S - 1);
	assert_true(dp_trace_running(b.dp));
	dp_control_poll(b.dp, b.now += 1);
	assert_false(dp_trace_running(b.dp));
	/* a trace of another session: what is left of the first is not in it */
	assert_int_equal(dp_trace_start(b.dp, b.now, b.slot_a, 5, LONG), 0);
	send(&b, true, INNER_B, WIRE_ESP);
	dp_trace_stop(b.dp);
	assert_int_equal(dp_trace_start(b.dp, b.now, b.slot_b, 1, LONG), 0);
	send(&b, true, INNER_B, WIRE_ESP);
	send(&b, true, INNER_B, WIRE_ESP);
	assert_string_equal(told(&b), "1 to POLICY_RELAY, 1 to RELAY_EGRESS, 1 to EGRESS_TX");
	dp_control_poll(b.dp, b.now);
	/* it goes with its session, and the next one in the slot is nobody's to see */
	assert_int_equal(dp_trace_start(b.dp, b.now, b.slot_a, 5, LONG), 0);
	assert_int_equal(dp_session_clear(b.dp, b.slot_a, NULL), 0);
	assert_false(dp_trace_running(b.dp));
	assert_int_equal(bench_session(&b, true, 0), b.slot_a);
	while (take_frame(&b).len != 0)
		;
	send(&b, true, INNER_B, WIRE_ESP);
	assert_string_equal(told(&b), "");
	while (take_frame(&b).len != 0)
		;
	bench_down(&b);
}

/* A session that opens anew while it is traced goes on being so. */
static void
it_survives_a_change_of_its_session(void **state)
{
	struct session_ip ip = {.address = cv_ipv4(INNER_A), .group = GROUP_A, .filter = GROUP_A};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_trace_start(b.dp, b.now, b.slot_a, 5, LONG), 0);
	ip.send = DP_SEND_LENGTH;
	assert_int_equal(session_open(b.dp, b.slot_a, &ip), 0);
	dp_control_poll(b.dp, b.now);
	send(&b, true, INNER_B, WIRE_ESP);
	assert_non_null(strstr(told(&b), "1 from EGRESS_TX"));
	dp_trace_stop(b.dp);
	while (take_frame(&b).len != 0)
		;
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways_exit_by_exit),
		cmocka_unit_test(a_burst_is_told_packet_by_packet),
		cmocka_unit_test(drops_say_why),
		cmocka_unit_test(answers_over_ipv6_say_why),
		cmocka_unit_test(drops_of_what_was_not_read),
		cmocka_unit_test(drops_of_sequencing),
		cmocka_unit_test(it_ends_by_itself),
		cmocka_unit_test(it_survives_a_change_of_its_session),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
