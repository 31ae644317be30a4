/* SPDX-License-Identifier: BSD-3-Clause */
/* Traffic for peers that are dialled then: it waits (test_hold.c), and is told once for each time.
 */
#include "inner6.h"

enum { FIRST = 5, SECOND = CV_DIAL_IDS - 1, LEN = 100 };

static void
send4(struct bench *b, const char *to)
{
	struct cv_ip ip = address6(to);
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};

	inner_packet(packet, INNER_A, cv_ipv4_value(&ip), ESP, LEN);
	put_data(b, true, &wire, packet, LEN);
	assert_int_equal(take_frame(b).len, 0); /* nobody is told */
}

static void
send6(struct bench *b, const char *to)
{
	uint8_t packet[FRAME_MAX];

	packet6(packet, A_6, to, ESP, LEN);
	put6(b, true, packet, LEN);
	assert_int_equal(take_frame(b).len, 0);
}

static void
told(struct bench *b, uint16_t wanted)
{
	uint16_t id;

	assert_true(dp_dial_next(b->dp, &id));
	assert_int_equal(id, wanted);
	assert_false(dp_dial_next(b->dp, &id));
}

static void
set(struct bench *b, const char *text, uint16_t id)
{
	struct cv_prefix p = prefix6(text);

	assert_int_equal(dp_route_set(b->dp, 0, &p, dp_route_word(DP_ROUTE_DIAL, id)), 0);
}

static void
traffic_is_told_once(void **state)
{
	struct bench b;
	uint16_t id;

	(void)state;
	bench6_up(&b, 0, 0);
	set(&b, "20.0.0.0/24", FIRST);
	set(&b, "2001:db9:7::/64", SECOND);
	send4(&b, "20.0.0.7");
	assert_int_equal(edges(&b, DP_EDGE_ROUTE_WAIT), 1);
	assert_false(dp_dial_next(b.dp, &id)); /* nobody wants to know */
	dp_dial_arm(b.dp, FIRST, true);
	dp_dial_arm(b.dp, SECOND, true);
	assert_false(dp_dial_next(b.dp, &id));
	send4(&b, "20.0.0.8");
	send4(&b, "20.0.0.9");
	told(&b, FIRST);
	send6(&b, "2001:db9:7::9");
	send4(&b, "20.0.0.9");
	told(&b, SECOND);
	assert_int_equal(edges(&b, DP_EDGE_ROUTE_WAIT), 5);
	dp_dial_arm(b.dp, FIRST, true);
	send4(&b, "20.0.0.9");
	dp_dial_arm(b.dp, FIRST, false); /* it was too late */
	assert_false(dp_dial_next(b.dp, &id));
	dp_dial_arm(b.dp, FIRST, true);
	send4(&b, "20.0.0.9");
	told(&b, FIRST); /* be it dropped */
	assert_int_equal(drops(&b, DP_DROP_ROUTE_DIAL), 2);
	dp_hold_drain(b.dp->workers[0]);
	bench_down(&b);
}

/* What the peer's session brings along comes first as long as it is there. */
static void
a_session_comes_first(void **state)
{
	const struct cv_prefix net = prefix6("20.0.0.0/24");
	struct dp_leads leads;
	struct cv_ip ip = address6("20.0.0.7");
	uint32_t slot;
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	slot = b.slot_b;
	set(&b, "20.0.0.0/24", FIRST);
	assert_int_equal(dp_framed_set(b.dp, slot, &net, 1), 0);
	dp_lookup(b.dp, 0, &ip, &leads);
	assert_int_equal(leads.kind, DP_ROUTE_SESSION);
	assert_int_equal(dp_framed_set(b.dp, slot, NULL, 0), 0);
	dp_lookup(b.dp, 0, &ip, &leads);
	assert_int_equal(leads.kind, DP_ROUTE_DIAL);
	send4(&b, "20.0.0.7");
	assert_int_equal(edges(&b, DP_EDGE_ROUTE_WAIT), 1);
	dp_hold_drain(b.dp->workers[0]);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(traffic_is_told_once),
		cmocka_unit_test(a_session_comes_first),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
