/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets for peers that are being dialled: a few wait, and go on when the peer's session is up. */
#include "inner6.h"

enum {
	PEER = 5, /* the ID of the one whose session is B's */
	LEN = 100,
	LAN = 7,
	WAIT_MS = 10000,
	SETTLE_MS = 200,
	SOON_MS = 10, /* it is looked after within */
	LATE_MS = 1000,
	TRACED = 9,
};

#define NET "20.0.0.0/24" /* behind B */
#define HOST UINT32_C(0x14000007)
#define NET6 "2001:db9:7::/64"
#define HOST_6 "2001:db9:7::9"
#define OURS UINT32_C(0xc0a80501)    /* 192.168.5.1, on a LAN of the realm, */
#define STATION UINT32_C(0xc0a80509) /* where there is somebody */

static void
dials(struct bench *b, const char *net, uint16_t id)
{
	const struct cv_prefix p = prefix6(net);

	assert_int_equal(dp_route_set(b->dp, 0, &p, dp_route_word(DP_ROUTE_DIAL, id)), 0);
}

static void
hold_up(struct bench *b)
{
	bench6_up(b, 0, 0);
	dials(b, NET, PEER);
	dials(b, NET6, PEER);
	bench_pass(b, 1);
}

/* The peer's session brings its networks along, or is gone. */
static void
peer_up(struct bench *b, bool up)
{
	const struct cv_prefix nets[] = {prefix6(NET), prefix6(NET6)};

	assert_int_equal(dp_framed_set(b->dp, b->slot_b, nets, up ? 2 : 0), 0);
}

/* What has waited goes on after that. */
static void
settle(struct bench *b)
{
	bench_pass(b, SOON_MS);
	bench_pass(b, SETTLE_MS);
}

static void
none(struct bench *b)
{
	assert_int_equal(take_frame(b).len, 0);
}

/* A's packets are told apart by their length. */
static void
send_to(struct bench *b, uint32_t to, unsigned n)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};

	inner_packet(packet, INNER_A, to, ESP, LEN + n);
	put_data(b, true, &wire, packet, LEN + n);
}

static void
send(struct bench *b, unsigned n)
{
	send_to(b, HOST, n);
}

static void
send6(struct bench *b, unsigned n)
{
	uint8_t packet[FRAME_MAX];

	packet6(packet, A_6, HOST_6, ESP, LEN + n);
	put6(b, true, packet, LEN + n);
}

/* It leaves for B as it was, but for its TTL. */
static void
gets_from(struct bench *b, uint32_t from, unsigned n)
{
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];

	inner_packet(packet, from, HOST, ESP, LEN + n);
	packet[WIRE_IPV4_TTL]--;
	inner_checksum(packet);
	assert_int_equal(take_inner(b, false, got), LEN + n);
	assert_memory_equal(got, packet, LEN + n);
}

static void
gets(struct bench *b, unsigned n)
{
	gets_from(b, INNER_A, n);
}

static void
gets6(struct bench *b, unsigned n)
{
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];

	packet6(packet, A_6, HOST_6, ESP, LEN + n);
	packet[WIRE_IPV6_HOPS]--;
	assert_int_equal(take6(b, false, got), LEN + n);
	assert_memory_equal(got, packet, LEN + n);
}

/* In order, of both families, after a moment, and counted once. */
static void
it_goes_on_when_the_peer_is_up(void **state)
{
	struct dp_session_counters n;
	struct bench b;

	(void)state;
	hold_up(&b);
	dp_dial_arm(b.dp, PEER, true);
	send(&b, 0);
	send6(&b, 1);
	send(&b, 2);
	assert_int_equal(edges(&b, DP_EDGE_ROUTE_WAIT), 3);
	settle(&b);
	none(&b);
	peer_up(&b, true);
	bench_pass(&b, SOON_MS);
	bench_pass(&b, SETTLE_MS - 1);
	none(&b); /* the peer may have no interface yet */
	send(&b, 3);
	gets(&b, 3);
	bench_pass(&b, SOON_MS);
	gets(&b, 0);
	gets6(&b, 1);
	gets(&b, 2);
	none(&b);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_DIAL), 0);
	assert_int_equal(edges(&b, DP_EDGE_ROUTE_WAIT), 3);
	assert_int_equal(edges(&b, DP_EDGE_INGRESS_ROUTE), 4);
	assert_int_equal(edges(&b, DP_EDGE_ROUTE_POLICY), 4);
	dp_session_counters(b.dp, b.slot_a, &n);
	assert_int_equal(n.rx_packets, 4);
	/* their places are free again */
	peer_up(&b, false);
	for (unsigned i = 0; i < DP_HOLD_PEER; i++)
		send(&b, i);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_DIAL), 0);
	dp_hold_drain(b.dp->workers[0]);
	bench_down(&b);
}

/* So many for one peer, and for all; the last places are for peers for whom nothing waits. */
static void
no_more_than_so_many(void **state)
{
	enum { FULL = (DP_HOLD_WAITING - DP_HOLD_FIRSTS) / DP_HOLD_PEER };
	struct bench b;
	char net[32];

	(void)state;
	hold_up(&b);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(net, sizeof(net), "20.1.%u.0/24", i);
		dials(&b, net, (uint16_t)(100 + i));
	}
	for (unsigned i = 0; i < FULL; i++)
		for (unsigned k = 0; k < DP_HOLD_PEER + 1; k++) {
			assert_int_equal(drops(&b, DP_DROP_ROUTE_DIAL), i);
			send_to(&b, UINT32_C(0x14010001) + 256 * i, 0);
		}
	assert_int_equal(edges(&b, DP_EDGE_ROUTE_WAIT), DP_HOLD_WAITING - DP_HOLD_FIRSTS);
	for (unsigned i = FULL; i < FULL + DP_HOLD_FIRSTS; i++) {
		assert_int_equal(drops(&b, DP_DROP_ROUTE_DIAL), i);
		send_to(&b, UINT32_C(0x14010001) + 256 * i, 0);
		send_to(&b, UINT32_C(0x14010001) + 256 * i, 0);
	}
	assert_int_equal(edges(&b, DP_EDGE_ROUTE_WAIT), DP_HOLD_WAITING);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_DIAL), FULL + DP_HOLD_FIRSTS);
	send(&b, 0);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_DIAL), FULL + DP_HOLD_FIRSTS + 1);
	none(&b);
	/* when all ends they are counted, and no buffer is lost */
	dp_hold_drain(b.dp->workers[0]);
	assert_int_equal(drops(&b, DP_DROP_WORKER_STOPPED), DP_HOLD_WAITING);
	dials(&b, NET, 100); /* one of these, whose places are free again */
	for (unsigned i = 0; i < DP_HOLD_PEER; i++)
		send(&b, i);
	peer_up(&b, true);
	settle(&b);
	for (unsigned i = 0; i < DP_HOLD_PEER; i++)
		gets(&b, i);
	bench_down(&b);
}

/* An ID that nobody can have is no place in a table. */
static void
no_such_peer(void **state)
{
	struct bench b;

	(void)state;
	hold_up(&b);
	dials(&b, NET, CV_DIAL_IDS);
	send(&b, 0);
	dials(&b, NET, CV_DIAL_IDS - 1);
	send(&b, 1);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_DIAL), 1);
	peer_up(&b, true);
	settle(&b);
	gets(&b, 1);
	bench_down(&b);
}

static void
it_does_not_wait_for_ever(void **state)
{
	struct bench b;

	(void)state;
	hold_up(&b);
	send(&b, 0);
	bench_pass(&b, WAIT_MS / 2);
	send6(&b, 1);
	bench_pass(&b, WAIT_MS / 2);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_DIAL), 0);
	bench_pass(&b, LATE_MS);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_DIAL), 1);
	peer_up(&b, true);
	settle(&b);
	gets6(&b, 1);
	none(&b);
	/* nor does what is on the point of going end */
	peer_up(&b, false);
	send(&b, 2);
	bench_pass(&b, WAIT_MS - SOON_MS);
	peer_up(&b, true);
	settle(&b);
	gets(&b, 2);
	bench_down(&b);
}

/* A network behind a session whose family is not open, or whose Ack has not left, is not there. */
static void
not_before_its_link_is_open(void **state)
{
	struct session_ip ip = {
		.address = cv_ipv4(INNER_B), .group = GROUP_B, .filter = GROUP_B, .hold = true};
	struct bench b;

	(void)state;
	hold_up(&b);
	session_shut(b.dp, b.slot_b);
	send(&b, 0);
	send6(&b, 1);
	peer_up(&b, true);
	settle(&b);
	gets6(&b, 1);
	settle(&b);
	none(&b);
	assert_int_equal(session_open(b.dp, b.slot_b, &ip), 0);
	peer_up(&b, true); /* who is shut has none */
	settle(&b);
	settle(&b);
	none(&b);
	session_reach(b.dp, b.slot_b);
	settle(&b);
	gets(&b, 0);
	assert_int_equal(drops(&b, DP_DROP_EGRESS_NOT_YET), 0);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_NO_ROUTE), 0);
	bench_down(&b);
}

/* A peer that goes again within its moment has not been there. */
static void
its_moment_begins_anew(void **state)
{
	struct bench b;

	(void)state;
	hold_up(&b);
	send(&b, 0);
	peer_up(&b, true);
	bench_pass(&b, SOON_MS);
	bench_pass(&b, SETTLE_MS - 1);
	peer_up(&b, false);
	bench_pass(&b, SOON_MS);
	peer_up(&b, true);
	bench_pass(&b, SOON_MS);
	bench_pass(&b, SETTLE_MS - 1);
	none(&b);
	bench_pass(&b, SOON_MS);
	gets(&b, 0);
	bench_down(&b);
}

/* A reload has it lead to nobody, or be discarded: so it goes as if it had just come. */
static void
its_route_goes(void **state)
{
	const struct cv_prefix net = prefix6(NET);
	struct bench b;

	(void)state;
	hold_up(&b);
	send(&b, 0);
	assert_int_equal(dp_route_clear(b.dp, 0, &net), 0);
	settle(&b);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_NO_ROUTE), 1);
	assert_int_equal(edges(&b, DP_EDGE_ROUTE_UNREACHABLE), 1);
	assert_int_not_equal(take_frame(&b).len, 0);
	dials(&b, NET, PEER);
	send(&b, 0);
	assert_int_equal(dp_route_set(b.dp, 0, &net, dp_route_word(DP_ROUTE_DISCARD, 0)), 0);
	settle(&b);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_DISCARD), 1);
	none(&b);
	bench_down(&b);
}

static void
is_lost(struct bench *b, uint64_t n)
{
	peer_up(b, true);
	settle(b);
	assert_int_equal(drops(b, DP_DROP_INGRESS_NOT_OPEN), n);
	none(b);
	peer_up(b, false);
}

/* Nothing of a session outlives it, nor is it another one's with its address. */
static void
its_sender_goes(void **state)
{
	struct session_ip ip = {.address = cv_ipv4(INNER_A + 9)};
	struct dp_session s;
	struct bench b;

	(void)state;
	hold_up(&b);
	send(&b, 0);
	assert_int_equal(session_open(b.dp, b.slot_a, &ip), 0);
	is_lost(&b, 1);
	ip.address = cv_ipv4(INNER_A);
	assert_int_equal(session_open(b.dp, b.slot_a, &ip), 0);
	send(&b, 1);
	session_shut(b.dp, b.slot_a);
	is_lost(&b, 2);
	assert_int_equal(session_open(b.dp, b.slot_a, &ip), 0);
	send(&b, 2);
	send6(&b, 3);
	assert_int_equal(dp_session_get(b.dp, b.slot_a, &s), 0);
	assert_int_equal(dp_session_clear(b.dp, b.slot_a, NULL), 0);
	bench_pass(&b, 1);
	is_lost(&b, 4);
	bench_session(&b, true, 0);
	send(&b, 4);
	assert_int_equal(dp_session_clear(b.dp, b.slot_a, NULL), 0);
	bench_pass(&b, 1);
	dp_control_poll(b.dp, b.now);
	/* another one in its very slot */
	do
		free_ids(&b, &s);
	while (cv_session_slot(b.dp->slot_seed, s.service, s.tunnel_id, s.session_id,
		       b.dp->slot_mask) != b.slot_a);
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	is_lost(&b, 5);
	bench_down(&b);
}

/* Another realm has other networks behind other peers. */
static void
its_sender_moves(void **state)
{
	struct session_ip ip = {.address = cv_ipv4(INNER_A), .realm = 3};
	struct bench b;

	(void)state;
	hold_up(&b);
	send(&b, 0);
	session_shut(b.dp, b.slot_a);
	assert_int_equal(session_open(b.dp, b.slot_a, &ip), 0);
	is_lost(&b, 1);
	bench_down(&b);
}

/* What its sender may by then counts, not what he might. */
static void
its_senders_filter_changes(void **state)
{
	const struct policy ipsec = {.kind = DP_FILTER_IPSEC, .clients_reachable = true},
			    nothing = {.kind = DP_FILTER_RULES, .clients_reachable = true};
	struct session_ip ip = {.address = cv_ipv4(INNER_A), .group = LAN, .filter = LAN};
	struct bench b;

	(void)state;
	hold_up(&b);
	assert_int_equal(set_policy(b.dp, LAN, &nothing), 0);
	send(&b, 0);
	assert_int_equal(session_open(b.dp, b.slot_a, &ip), 0);
	peer_up(&b, true);
	settle(&b);
	assert_int_equal(drops(&b, DP_DROP_POLICY_SENDER), 1);
	peer_up(&b, false);
	while (take_frame(&b).len != 0)
		; /* he is told */
	send(&b, 1);
	assert_int_equal(set_policy(b.dp, LAN, &ipsec), 0);
	peer_up(&b, true);
	settle(&b);
	gets(&b, 1);
	bench_down(&b);
}

/* Stations of a LAN that is inside the realm have their first packets wait as clients do. */
static void
from_an_uplink(void **state)
{
	static const uint8_t mac[WIRE_MAC] = {2, 0, 0, 0, 5, 9};
	const struct policy any = {.kind = DP_FILTER_ANY, .clients_reachable = true};
	const struct dp_iface inside = {.inside = true, .group = LAN, .filter = LAN}, outside = {0};
	const struct cv_prefix address = {.ip = cv_ipv4(OURS), .length = 24};
	uint8_t frame[FRAME_MAX];
	struct bench b;

	(void)state;
	hold_up(&b);
	assert_int_equal(set_policy(b.dp, LAN, &any), 0);
	assert_int_equal(dp_iface_set(b.dp, 0, &inside), 0);
	assert_int_equal(dp_address_set(b.dp, 0, &address), 0);
	dp_worker_round(b.dp->workers[0]);
	while (take_frame(&b).len != 0)
		; /* it is announced */
	wire_ether_write(frame, b.dp->ports[0].mac, mac, WIRE_TYPE_IPV4);
	inner_packet(frame + WIRE_ETHER, STATION, HOST, ESP, LEN);
	put_frame(&b, frame, WIRE_ETHER + LEN);
	assert_int_equal(edges(&b, DP_EDGE_ROUTE_WAIT), 1);
	peer_up(&b, true);
	settle(&b);
	gets_from(&b, STATION, 0);
	peer_up(&b, false);
	put_frame(&b, frame, WIRE_ETHER + LEN);
	assert_int_equal(dp_address_clear(b.dp, 0, &address), 0);
	assert_int_equal(dp_iface_set(b.dp, 0, &outside), 0);
	is_lost(&b, 1);
	bench_down(&b);
}

/* What a trace says of packet TRACED's session, as test_trace.c has it. */
static const char *
told(struct bench *b)
{
	static char text[1024];
	struct dp_trace_row r;
	size_t used = 0;

	text[0] = '\0';
	while (dp_trace_next(b->dp, &r)) {
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%u %s%s",
			used == 0 ? "" : ", ", r.packet, r.dropped ? "!" : "", r.exit);
		assert_true(used < sizeof(text));
	}
	return text;
}

static void
traces_tell_of_it(void **state)
{
	struct bench b;

	(void)state;
	hold_up(&b);
	assert_int_equal(dp_trace_start(b.dp, b.now, b.slot_a, TRACED, 60 * CV_NS_PER_S), 0);
	send(&b, 0);
	assert_string_equal(told(&b), "1 INGRESS_ROUTE, 1 ROUTE_WAIT");
	peer_up(&b, true);
	settle(&b);
	gets(&b, 0);
	assert_string_equal(
		told(&b), "1 ROUTE_POLICY, 1 POLICY_RELAY, 1 RELAY_EGRESS, 1 EGRESS_TX");
	peer_up(&b, false);
	send(&b, 1);
	assert_string_equal(told(&b), "2 INGRESS_ROUTE, 2 ROUTE_WAIT");
	bench_pass(&b, WAIT_MS + LATE_MS);
	assert_string_equal(told(&b), "2 !ROUTE_DIAL");
	/* another trace has packets of its own */
	send(&b, 2);
	dp_trace_stop(b.dp);
	assert_int_equal(dp_trace_start(b.dp, b.now, b.slot_b, TRACED, 60 * CV_NS_PER_S), 0);
	assert_string_equal(told(&b), "");
	bench_pass(&b, WAIT_MS + LATE_MS);
	assert_int_equal(drops(&b, DP_DROP_ROUTE_DIAL), 2);
	assert_string_equal(told(&b), "");
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_goes_on_when_the_peer_is_up),
		cmocka_unit_test(no_more_than_so_many),
		cmocka_unit_test(no_such_peer),
		cmocka_unit_test(it_does_not_wait_for_ever),
		cmocka_unit_test(not_before_its_link_is_open),
		cmocka_unit_test(its_moment_begins_anew),
		cmocka_unit_test(its_route_goes),
		cmocka_unit_test(its_sender_goes),
		cmocka_unit_test(its_sender_moves),
		cmocka_unit_test(its_senders_filter_changes),
		cmocka_unit_test(from_an_uplink),
		cmocka_unit_test(traces_tell_of_it),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
