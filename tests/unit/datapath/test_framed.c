/* SPDX-License-Identifier: BSD-3-Clause */
/* Networks behind a session: who reaches them, and what may come from there. */
#include "inner6.h"

enum { LEN = 100 };

#define NET UINT32_C(0x0a630000) /* 10.99.0.0/24, behind B */
#define HOST (NET + 7)
#define NET6 "2001:db8:99::/48"
#define HOST_6 "2001:db8:99:1::7"

static struct cv_prefix
net4(uint32_t ip, uint8_t length)
{
	return (struct cv_prefix){.ip = cv_ipv4(ip), .length = length};
}

static void
framed_up(struct bench *b)
{
	const struct cv_prefix nets[] = {net4(NET, 24), prefix6(NET6)};

	bench6_up(b, 0, 0);
	b->dp->workers[0]->stages_only = stages_only;
	assert_int_equal(dp_framed_set(b->dp, b->slot_b, nets, 2), 0);
}

/* A packet of A's or B's; whether the other one got it, as it was but for its TTL. */
static bool
passes(struct bench *b, bool from_a, uint32_t from, uint32_t to)
{
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct wire wire = {0};
	uint64_t before = edges(b, DP_EDGE_POLICY_RELAY);

	inner_packet(packet, from, to, ESP, LEN);
	put_data(b, from_a, &wire, packet, LEN);
	if (edges(b, DP_EDGE_POLICY_RELAY) == before) {
		while (take_frame(b).len != 0)
			; /* the ICMP about it */
		return false;
	}
	packet[WIRE_IPV4_TTL]--;
	inner_checksum(packet);
	assert_int_equal(take_inner(b, !from_a, got), LEN);
	assert_memory_equal(got, packet, LEN);
	return true;
}

static bool
passes6(struct bench *b, bool from_a, const char *from, const char *to)
{
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	uint64_t before = edges(b, DP_EDGE_POLICY_RELAY);

	packet6(packet, from, to, ESP, LEN);
	put6(b, from_a, packet, LEN);
	if (edges(b, DP_EDGE_POLICY_RELAY) == before) {
		while (take_frame(b).len != 0)
			;
		return false;
	}
	packet[WIRE_IPV6_HOPS]--;
	assert_int_equal(take6(b, !from_a, got), LEN);
	assert_memory_equal(got, packet, LEN);
	return true;
}

static void
a_network_is_reached_and_may_send(void **state)
{
	struct bench b;

	(void)state;
	framed_up(&b);
	assert_true(passes(&b, true, INNER_A, HOST));
	assert_true(passes(&b, false, HOST, INNER_A));
	assert_true(passes(&b, false, INNER_B, INNER_A));
	assert_true(passes6(&b, true, A_6, HOST_6));
	assert_true(passes6(&b, false, HOST_6, A_6));
	/* others may not, nor B from elsewhere */
	assert_false(passes(&b, true, HOST, INNER_B));
	assert_false(passes(&b, false, NET + 256, INNER_A));
	assert_false(passes6(&b, true, HOST_6, B_6));
	assert_false(passes6(&b, false, "2001:db8:9a::1", A_6));
	assert_int_equal(drops(&b, DP_DROP_INGRESS_SPOOFED), 4);
	assert_false(passes(&b, true, INNER_A, NET + 256));
	assert_int_equal(drops(&b, DP_DROP_ROUTE_NO_ROUTE), 1);
	bench_down(&b);
}

/* Nothing goes back to where it came from. */
static void
not_to_the_sender(void **state)
{
	struct bench b;

	(void)state;
	framed_up(&b);
	assert_false(passes(&b, false, HOST, INNER_B));
	assert_false(passes(&b, false, INNER_B, HOST));
	assert_false(passes(&b, false, HOST, HOST + 1));
	assert_false(passes(&b, false, HOST, HOST));
	assert_false(passes6(&b, false, HOST_6, B_6));
	assert_false(passes6(&b, false, B_6, HOST_6));
	assert_false(passes6(&b, false, HOST_6, "2001:db8:99:2::1"));
	assert_int_equal(drops(&b, DP_DROP_INGRESS_TO_SELF), 7);
	bench_down(&b);
}

/* A default route behind a session makes no source of what none can be. */
static void
all_is_behind_it(void **state)
{
	const struct cv_prefix all[] = {net4(0, 0), prefix6("::/0")};
	struct bench b;

	(void)state;
	framed_up(&b);
	assert_int_equal(dp_framed_set(b.dp, b.slot_b, all, 2), 0);
	assert_true(passes(&b, true, INNER_A, 0x08080808));
	assert_true(passes(&b, false, 0x08080808, INNER_A));
	assert_true(passes6(&b, true, A_6, "2001:4860::8"));
	assert_true(passes6(&b, false, "2001:4860::8", A_6));
	assert_false(passes(&b, false, 0x7f000001, INNER_A));
	assert_false(passes(&b, false, 0xe0000001, INNER_A));
	assert_false(passes(&b, false, INNER_LNS, INNER_A));
	assert_false(passes6(&b, false, "::1", A_6));
	assert_false(passes6(&b, false, "ff02::1", A_6));
	assert_false(passes6(&b, false, LNS_INNER6, A_6));
	assert_false(passes6(&b, false, A_6, "2001:db8:a:a::2"));
	assert_int_equal(drops(&b, DP_DROP_INGRESS_SPOOFED), 7);
	/* nor a way to what no host has */
	assert_false(passes(&b, true, INNER_A, 0x7f000001));
	assert_false(passes(&b, true, INNER_A, 0xe0000005));
	assert_false(passes(&b, true, INNER_A, 0xffffffff));
	assert_false(passes(&b, true, INNER_A, 0));
	assert_false(passes6(&b, true, A_6, "ff02::fb"));
	assert_false(passes6(&b, true, A_6, "fe80::9"));
	assert_false(passes6(&b, true, A_6, "::1"));
	bench_down(&b);
}

/* In the first realm, too, whose number a shut session has. */
static void
who_calls_again_has_them(void **state)
{
	const struct cv_prefix net = net4(NET, 24);
	struct dp_session s;
	struct bench b;

	(void)state;
	framed_up(&b);
	assert_int_equal(dp_framed_set(b.dp, b.slot_a, &net, 1), CV_ERR_EXISTS);
	assert_int_equal(dp_session_get(b.dp, b.slot_b, &s), 0);
	s.open = s.reachable = s.open6 = s.reachable6 = false;
	s.address = (struct cv_ip){0};
	s.realm = s.group = s.filter = 0;
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	assert_int_equal(dp_framed_set(b.dp, b.slot_a, &net, 1), 0);
	bench_down(&b);
}

/* As long as its session is open for the family, and reachable. */
static void
it_follows_its_session(void **state)
{
	struct dp_session s;
	struct bench b;

	(void)state;
	framed_up(&b);
	assert_int_equal(dp_session_get(b.dp, b.slot_b, &s), 0);
	s.open6 = s.reachable6 = false;
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	assert_true(passes(&b, true, INNER_A, HOST));
	assert_false(passes6(&b, true, A_6, HOST_6));
	s.open6 = s.reachable6 = true;
	s.open = s.reachable = false;
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	assert_false(passes(&b, true, INNER_A, HOST));
	assert_true(passes6(&b, true, A_6, HOST_6));
	assert_int_equal(drops(&b, DP_DROP_ROUTE_NO_ROUTE), 2);
	/* it moves to another realm, and comes back: without */
	s.open = s.reachable = true;
	s.realm = 1;
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	s.realm = 0;
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	put_frame(&b, "", 0);
	assert_true(passes(&b, true, INNER_A, INNER_B));
	assert_false(passes(&b, true, INNER_A, HOST));
	assert_false(passes(&b, false, HOST, INNER_A));
	bench_down(&b);
}

/* What has the slot next has none of it. */
static void
it_goes_with_its_session(void **state)
{
	const struct cv_prefix nets[] = {net4(NET, 24), net4(HOST, 32)};
	struct cv_prefix got;
	struct bench b;
	size_t before = 0;

	(void)state;
	framed_up(&b);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(dp_framed_set(b.dp, b.slot_b, nets, 2), 0);
		assert_true(passes(&b, true, INNER_A, HOST));
		assert_int_equal(dp_session_clear(b.dp, b.slot_b, NULL), 0);
		assert_false(passes(&b, true, INNER_A, HOST));
		b.slot_b = bench_session(&b, false, 0);
		assert_true(passes(&b, true, INNER_A, INNER_B));
		assert_false(passes(&b, true, INNER_A, HOST));
		assert_false(passes(&b, true, INNER_A, HOST + 1));
		assert_false(dp_framed_get(b.dp, b.slot_b, 0, &got));
		/* what grew for them at first stays */
		assert_true(i == 0 || table_bytes(&b) == before);
		before = table_bytes(&b);
	}
	bench_down(&b);
}

static void
others_replace_them(void **state)
{
	const struct cv_prefix one = net4(NET, 24), both[] = {net4(NET + 256, 24), net4(NET, 24)};
	struct cv_prefix got;
	struct bench b;

	(void)state;
	framed_up(&b);
	assert_int_equal(dp_framed_set(b.dp, b.slot_b, both, 2), 0);
	assert_true(passes(&b, true, INNER_A, NET + 256 + 1));
	assert_true(passes(&b, true, INNER_A, HOST));
	assert_false(passes6(&b, true, A_6, HOST_6));
	assert_true(dp_framed_get(b.dp, b.slot_b, 1, &got));
	assert_true(cv_prefix_equal(&got, &one));
	assert_false(dp_framed_get(b.dp, b.slot_b, 2, &got));
	/* the longest counts, whosever it is */
	assert_int_equal(dp_framed_set(b.dp, b.slot_a, (struct cv_prefix[]){net4(HOST, 32)}, 1), 0);
	assert_false(passes(&b, true, INNER_A, HOST));
	assert_true(passes(&b, false, HOST + 1, HOST));
	assert_false(passes(&b, false, HOST, INNER_A));
	assert_int_equal(dp_framed_set(b.dp, b.slot_a, NULL, 0), 0);
	assert_true(passes(&b, true, INNER_A, HOST));
	bench_down(&b);
}

static void
what_can_not_be_is_refused(void **state)
{
	struct cv_prefix many[DP_MAX_FRAMED + 1], self = net4(INNER_LNS, 32);
	const struct cv_prefix twice[] = {net4(NET, 24), net4(NET, 24)};
	const struct cv_prefix taken[] = {net4(NET + 512, 24), net4(NET, 24)};
	const struct cv_prefix a = net4(INNER_A, 32);
	struct cv_prefix host_bits = net4(HOST, 24);
	struct bench b;

	(void)state;
	framed_up(&b);
	for (unsigned i = 0; i <= DP_MAX_FRAMED; i++)
		many[i] = net4(0x0b000000 + i * 256, 24);
	assert_int_equal(dp_framed_set(b.dp, b.slot_a, many, DP_MAX_FRAMED + 1), CV_ERR_CONFIG);
	assert_int_equal(dp_framed_set(b.dp, b.slot_a, many, DP_MAX_FRAMED), 0);
	assert_int_equal(dp_framed_set(b.dp, b.slot_a, twice, 2), CV_ERR_CONFIG);
	assert_int_equal(dp_framed_set(b.dp, b.slot_a, &host_bits, 1), CV_ERR_CONFIG);
	assert_int_equal(dp_framed_set(b.dp, b.slot_a, taken, 2), CV_ERR_EXISTS);
	assert_int_equal(dp_framed_set(b.dp, b.slot_a, &self, 1), CV_ERR_EXISTS);
	assert_int_equal(dp_framed_set(b.dp, b.slot_b, &a, 1), CV_ERR_EXISTS);
	assert_int_equal(dp_framed_set(b.dp, b.dp->slot_mask, &a, 1), CV_ERR_UNKNOWN);
	assert_int_equal(
		dp_route_set(b.dp, 0, &taken[0], dp_route_word(DP_ROUTE_BEHIND, 0)), CV_ERR_CONFIG);
	/* nothing has changed */
	assert_true(passes(&b, true, INNER_A, HOST));
	assert_true(passes(&b, false, INNER_B, 0x0b000001));
	assert_false(passes(&b, false, INNER_B, NET + 512 + 1));
	bench_down(&b);
}

/* A route of the same prefix waits as long as a session has it: a peer that went on telling it when
 * the session had come here, say. */
static void
a_route_waits_behind_it(void **state)
{
	const struct cv_prefix net = net4(NET, 24), host = net4(HOST, 32);
	const uint32_t discard = dp_route_word(DP_ROUTE_DISCARD, 0);
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	b.dp->workers[0]->stages_only = stages_only;
	for (unsigned before = 0; before < 2; before++) {
		if (before != 0)
			assert_int_equal(dp_route_set(b.dp, 0, &net, discard), 0);
		assert_int_equal(dp_framed_set(b.dp, b.slot_b, &net, 1), 0);
		if (before == 0)
			assert_int_equal(dp_route_set(b.dp, 0, &net, discard), 0);
		assert_true(passes(&b, true, INNER_A, HOST));
		assert_int_equal(dp_framed_set(b.dp, b.slot_b, &host, 1), 0);
		assert_false(passes(&b, true, INNER_A, HOST + 1));
		assert_int_equal(drops(&b, DP_DROP_ROUTE_DISCARD), before + 1);
		assert_true(passes(&b, true, INNER_A, HOST));
		assert_int_equal(dp_framed_set(b.dp, b.slot_b, &net, 1), 0);
		assert_int_equal(dp_route_clear(b.dp, 0, &net), 0);
		assert_int_equal(dp_route_clear(b.dp, 0, &net), CV_ERR_UNKNOWN);
		assert_true(passes(&b, true, INNER_A, HOST + 1));
		assert_int_equal(dp_framed_set(b.dp, b.slot_b, NULL, 0), 0);
		assert_false(passes(&b, true, INNER_A, HOST));
	}
	assert_int_equal(drops(&b, DP_DROP_ROUTE_NO_ROUTE), 2);
	bench_down(&b);
}

/* The gateways of a filter are asked by the address itself, not by the session's. */
static void
filters_ask_for_the_address(void **state)
{
	const struct cv_prefix behind = net4(NET, 25);
	struct policy isolated = {.kind = DP_FILTER_ANY, .gateways = &behind, .gateway_count = 1};
	struct bench b;

	(void)state;
	framed_up(&b);
	policy6(&b, GROUP_A, &isolated);
	isolated.gateway_count = 0;
	policy6(&b, GROUP_B, &isolated);
	later(&b, 1);
	while (take_frame(&b).len != 0)
		;
	assert_true(passes(&b, true, INNER_A, HOST));
	assert_true(passes(&b, false, HOST, INNER_A));
	assert_false(passes(&b, true, INNER_A, NET + 128));
	assert_false(passes(&b, false, NET + 128, INNER_A));
	assert_false(passes(&b, true, INNER_A, INNER_B));
	assert_false(passes(&b, false, INNER_B, INNER_A));
	assert_int_equal(drops(&b, DP_DROP_POLICY_ISOLATED), 4);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_WAYS(a_network_is_reached_and_may_send),
		BOTH_WAYS(not_to_the_sender),
		BOTH_WAYS(all_is_behind_it),
		BOTH_WAYS(it_follows_its_session),
		BOTH_WAYS(it_goes_with_its_session),
		BOTH_WAYS(others_replace_them),
		BOTH_WAYS(what_can_not_be_is_refused),
		BOTH_WAYS(a_route_waits_behind_it),
		BOTH_WAYS(filters_ask_for_the_address),
		BOTH_WAYS(who_calls_again_has_them),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
