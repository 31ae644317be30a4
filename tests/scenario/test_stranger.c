/* SPDX-License-Identifier: BSD-3-Clause */
/* Strangers and forgers: what they are refused, what it costs us, and what they can't do to others.
 * Each case is a rule of the behaviour. */
#include "hand.h"

#include <string.h>

static void
a_rebooted_peers_old_tunnel_dies_by_hello(void **state)
{
	struct lns_status status;
	struct hand old, new;
	struct world w;

	(void)state;
	world_up(&w, NULL, 5);
	hand_init(&old, &w, STRANGER, 1701, 7);
	assert_true(hand_tunnel(&old, "lac", "tunnelsecret"));
	new = old;
	hand_init(&new, &w, STRANGER, 1701, 8);
	hand_sccrq(&new, "lac", NULL);
	hand_send(&new, 0);
	assert_true(hand_expect(&new, L2TP_SCCRP));
	hand_prove(&new, "tunnelsecret");
	assert_true(hand_expect(&old, L2TP_HELLO)); /* asked at once, not believed */
	world_sleep(&w, 20 * CV_NS_PER_S);
	lns_status(w.lns, &status);
	assert_int_equal(status.tunnels, 2);
	world_sleep(&w, 15 * CV_NS_PER_S);
	assert_true(
		world_logged(&w, "tunnel-down", "the\\x20peer\\x20does\\x20not\\x20acknowledge"));
	lns_status(w.lns, &status);
	assert_int_equal(status.tunnels, 1);
	world_down(&w);
}

/* What is not the same to the byte is another connection: it is answered at once. */
static void
a_rebooted_peer_with_the_same_id_gets_its_sccrp_at_once(void **state)
{
	struct lns_status status;
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, NULL, 18);
	hand_init(&h, &w, STRANGER, 1701, 7);
	assert_true(hand_tunnel(&h, "lac", "tunnelsecret"));
	hand_init(&h, &w, STRANGER, 1701, 7);
	hand_sccrq(&h, "lac", "a challenge");
	hand_send(&h, 0);
	assert_true(hand_expect(&h, L2TP_SCCRP));
	hand_prove(&h, "tunnelsecret");
	lns_status(w.lns, &status);
	assert_int_equal(status.tunnels, 1); /* its secret says that the older one is none of its */
	assert_true(world_logged(&w, "tunnel-down", "begun\\x20anew"));
	world_down(&w);
}

/* Where the old tunnel is all that its address may have: it is asked at once, too. */
static void
a_rebooted_peer_at_its_limit_is_in_when_its_old_tunnel_has_been_asked(void **state)
{
	static const char yaml[] = "ports: [{name: wan, device: 'af_packet:lns0'}]\n"
				   "listeners: [{address: 192.0.2.1/24}]\n"
				   "tunnels: {secrets: [{secret: none}]}\n"
				   "groups: [{name: g, address: 10.0.0.1, pool: 10.0.0.0/24}]\n"
				   "users: [{name: alice, password-file: alice}]\n"
				   "limits: {sessions: 100, tunnels-per-peer: 1}\n";
	unsigned before;
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, yaml, 19);
	hand_init(&h, &w, STRANGER, 1701, 7);
	assert_true(hand_tunnel(&h, "lac", NULL));
	hand_init(&h, &w, STRANGER, 1701, 8);
	before = w.n_outside;
	assert_false(hand_tunnel(&h, "lac", NULL));
	for (unsigned i = 0; i < 3; i++) /* one HELLO, and a StopCCN each */
		hand_send_ns(&h, 0, 0);
	assert_int_equal(w.n_outside - before, 5);
	world_sleep(&w, 35 * CV_NS_PER_S);
	hand_init(&h, &w, STRANGER, 1701, 9);
	assert_true(hand_tunnel(&h, "lac", NULL));
	world_down(&w);
}

/* The very same message may be one that a slow network brings, or a reboot: the tunnel is asked. */
static void
the_very_same_sccrq_asks_the_tunnel_that_it_opened(void **state)
{
	struct lns_status status;
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, NULL, 18);
	hand_init(&h, &w, STRANGER, 1701, 7);
	assert_true(hand_tunnel(&h, "lac", "tunnelsecret"));
	hand_sccrq(&h, "lac", NULL);
	h.peer_tunnel = h.nr = 0;
	hand_send_ns(&h, 0, 0);
	assert_true(hand_expect(&h, L2TP_HELLO));
	assert_false(hand_next(&h));
	lns_status(w.lns, &status);
	assert_int_equal(status.half_open, 0);
	world_sleep(&w, 20 * CV_NS_PER_S);
	/* so late it is none that the network kept back */
	world_sleep(&w, 45 * CV_NS_PER_S);
	hand_init(&h, &w, STRANGER, 1701, 7);
	assert_true(hand_tunnel(&h, "lac", "tunnelsecret"));
	world_down(&w);
}

static void
one_forged_sccrq_ends_no_living_tunnel(void **state)
{
	struct world_client *c;
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, NULL, 6);
	c = world_client(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5);
	client_dial(c);
	assert_true(world_run(&w, 5 * CV_NS_PER_S, all_up));
	hand_init(&h, &w, 0xc000020a, 40000, 8); /* the client's own address and port */
	hand_sccrq(&h, "client", NULL);
	hand_send(&h, 0);
	world_sleep(&w, 120 * CV_NS_PER_S);
	assert_true(c->up);
	assert_int_equal(c->tunnel_downs, 0);
	world_down(&w);
}

static void
a_wrong_response_is_result_4_counted_and_logged(void **state)
{
	char text[L2TP_MESSAGE_MAX];
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, NULL, 7);
	hand_init(&h, &w, STRANGER, 1701, 7);
	assert_false(hand_tunnel(&h, "lac", "wrong"));
	assert_int_equal(h.m.type, L2TP_STOPCCN);
	assert_int_equal(hand_reason(&h, text).result, L2TP_STOPCCN_NOT_AUTHORIZED);
	assert_string_equal(text, "wrong Challenge Response");
	assert_int_equal(world_counter(&w, LNS_TUNNEL_AUTH), 1);
	assert_true(world_logged(&w, "tunnel-refused", "peer=198.51.100.1:1701"));
	hand_init(&h, &w, STRANGER, 1702, 7);
	assert_false(hand_tunnel(&h, "lac", NULL));
	assert_int_equal(h.m.type, L2TP_STOPCCN);
	hand_reason(&h, text);
	assert_string_equal(text, "Challenge Response is missing");
	assert_int_equal(world_counter(&w, LNS_TUNNEL_AUTH), 2);
	world_down(&w);
}

static void
a_replayed_response_opens_nothing(void **state)
{
	struct world w;
	struct hand h;
	uint8_t response[CRYPTO_MD5_BYTES];

	(void)state;
	world_up(&w, NULL, 8);
	hand_init(&h, &w, STRANGER, 1701, 7);
	assert_true(hand_tunnel(&h, "lac", "tunnelsecret"));
	memcpy(response, h.b.body + cv_written(&h.b.w) - sizeof(response), sizeof(response));
	hand_init(&h, &w, STRANGER, 1702, 7);
	hand_sccrq(&h, "lac", NULL);
	hand_send(&h, 0);
	assert_true(hand_expect(&h, L2TP_SCCRP));
	hand_begin(&h, L2TP_SCCCN);
	l2tp_put(&h.b, L2TP_AVP_CHALLENGE_RESPONSE, response, sizeof(response));
	hand_send(&h, 0);
	assert_true(hand_expect(&h, L2TP_STOPCCN));
	assert_int_equal(world_counter(&w, LNS_TUNNEL_AUTH), 1);
	world_down(&w);
}

static void
a_host_name_with_control_characters_is_escaped(void **state)
{
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, hand_by_condition, 10);
	hand_init(&h, &w, STRANGER, 1, 7);
	hand_sccrq(&h, "a\n\x1b[31m\xff level=error", NULL);
	hand_send(&h, 0);
	assert_true(world_logged(
		&w, "tunnel-refused", "host=a\\x0a\\x1b[31m\\xff\\x20level\\x3derror"));
	world_down(&w);
}

static void
messages_from_elsewhere_are_dropped_here_too(void **state)
{
	struct cv_endpoint elsewhere = {.ip = cv_ipv4(STRANGER), .port = 999};
	static const uint8_t lcp[] = {0xff, 3, 0xc0, 0x21, 5, 1, 0, 4};
	uint8_t bytes[64];
	struct cv_writer data = cv_writer(bytes, sizeof(bytes));
	struct lns_status status;
	struct world w;
	struct hand h;
	uint16_t id;

	(void)state;
	world_up(&w, NULL, 21);
	hand_init(&h, &w, STRANGER, 1701, 7);
	assert_true(hand_tunnel(&h, "lac", "tunnelsecret"));
	id = hand_call(&h, 5);
	hand_connect(&h, id);
	l2tp_data_header_write(&data, h.peer_tunnel, id, sizeof(lcp));
	cv_write_bytes(&data, lcp, sizeof(lcp));
	world_inject(&w, &elsewhere, bytes, cv_written(&data));
	assert_int_equal(world_counter(&w, LNS_DATA_SOURCE), 1);
	h.address = elsewhere;
	hand_begin(&h, L2TP_STOPCCN);
	l2tp_put_u16(&h.b, L2TP_AVP_ASSIGNED_TUNNEL_ID, 7);
	l2tp_put(&h.b, L2TP_AVP_RESULT_CODE, "\0\1", 2);
	hand_send(&h, 0);
	assert_int_equal(world_counter(&w, LNS_CONTROL_SOURCE), 1);
	lns_status(w.lns, &status);
	assert_int_equal(status.sessions, 1);
	world_down(&w);
}

/* Requests that are refused at once leave nothing, get one answer each, and write a bounded number
 * of lines. */
static void
refused_strangers_leave_nothing(void **state)
{
	struct lns_status status;
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w,
		"ports: [{name: wan, device: 'af_packet:lns0'}]\n"
		"listeners: [{address: 192.0.2.1/24}]\n"
		"tunnels: {secrets: [{secret: none}]}\n"
		"groups: [{name: g, address: 10.0.0.1, pool: 10.0.0.0/24}]\n"
		"users: [{name: alice, password-file: alice}]\n"
		"limits: {sessions: 100, tunnels: 1000, half-open: 50, setups-per-second: "
		"100000}\n",
		17);
	hand_init(&h, &w, STRANGER, 1, 7);
	for (unsigned i = 0; i < 5000; i++) {
		hand_init(&h, &w, STRANGER + i, 1, 7);
		hand_begin(&h, L2TP_SCCRQ);
		l2tp_put_u16(&h.b, L2TP_AVP_PROTOCOL_VERSION, 0x0200);
		l2tp_put_u32(&h.b, L2TP_AVP_FRAMING_CAPABILITIES, 3);
		l2tp_put(&h.b, L2TP_AVP_HOST_NAME, "lac", 3);
		l2tp_put_u16(&h.b, L2TP_AVP_ASSIGNED_TUNNEL_ID, 7);
		hand_send(&h, 0);
		world_sleep(&w, CV_NS_PER_MS);
		lns_status(w.lns, &status);
		assert_int_equal(status.half_open + status.tunnels + status.ended, 0);
	}
	assert_true(w.n_lines < 700); /* 50 a second, and as many about those left out */
	world_sleep(&w, 4 * CV_NS_PER_S);
	assert_int_equal(w.n_outside, 5000);
	assert_int_equal(world_counter(&w, LNS_TUNNEL_FAILED), 5000);
	assert_int_equal(world_counter(&w, LNS_TUNNEL_AUTH), 0);
	world_down(&w);
}

static void
protocol_version_2_is_result_5(void **state)
{
	char text[L2TP_MESSAGE_MAX];
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, NULL, 15);
	hand_init(&h, &w, STRANGER, 1701, 7);
	hand_begin(&h, L2TP_SCCRQ);
	l2tp_put_u16(&h.b, L2TP_AVP_PROTOCOL_VERSION, 0x0200);
	l2tp_put_u32(&h.b, L2TP_AVP_FRAMING_CAPABILITIES, 3);
	l2tp_put(&h.b, L2TP_AVP_HOST_NAME, "lac", 3);
	l2tp_put_u16(&h.b, L2TP_AVP_ASSIGNED_TUNNEL_ID, 7);
	hand_send(&h, 0);
	assert_true(hand_expect(&h, L2TP_STOPCCN));
	assert_int_equal(hand_reason(&h, text).result, L2TP_STOPCCN_VERSION);
	world_down(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rebooted_peers_old_tunnel_dies_by_hello),
		cmocka_unit_test(a_rebooted_peer_with_the_same_id_gets_its_sccrp_at_once),
		cmocka_unit_test(
			a_rebooted_peer_at_its_limit_is_in_when_its_old_tunnel_has_been_asked),
		cmocka_unit_test(the_very_same_sccrq_asks_the_tunnel_that_it_opened),
		cmocka_unit_test(one_forged_sccrq_ends_no_living_tunnel),
		cmocka_unit_test(a_wrong_response_is_result_4_counted_and_logged),
		cmocka_unit_test(a_replayed_response_opens_nothing),
		cmocka_unit_test(a_host_name_with_control_characters_is_escaped),
		cmocka_unit_test(messages_from_elsewhere_are_dropped_here_too),
		cmocka_unit_test(refused_strangers_leave_nothing),
		cmocka_unit_test(protocol_version_2_is_result_5),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
