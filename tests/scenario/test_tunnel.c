/* SPDX-License-Identifier: BSD-3-Clause */
/* Tunnels: who may open one, how it lives and ends. Each case is a rule of the behaviour. */
#include "hand.h"

#include <stdio.h>
#include <string.h>

static void
answers_go_to_the_address_and_port_that_asked(void **state)
{
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, NULL, 1);
	hand_init(&h, &w, STRANGER, 31701, 7);
	hand_sccrq(&h, "lac", NULL);
	hand_send(&h, 0);
	assert_int_equal(w.n_outside, 1);
	assert_true(cv_endpoint_equal(&w.outside[0].to, &h.address));
	assert_true(hand_expect(&h, L2TP_SCCRP));
	assert_int_equal(h.header.tunnel_id, 7);
	world_down(&w);
}

static void
many_clients_behind_one_address_get_ids_of_their_own(void **state)
{
	static const char yaml[] = "ports: [{name: wan, device: 'af_packet:lns0'}]\n"
				   "listeners: [{address: 192.0.2.1/24}]\n"
				   "tunnels: {secrets: [{secret: none}]}\n"
				   "groups: [{name: g, address: 10.0.0.1, pool: 10.0.0.0/24}]\n"
				   "users: [{name: alice, password-file: alice}]\n"
				   "limits: {sessions: 100, tunnels: 1000}\n";
	static bool seen[65536];
	struct hand h[300];
	unsigned ascending = 0;
	struct world w;

	(void)state;
	memset(seen, 0, sizeof(seen));
	world_up(&w, yaml, 2);
	for (unsigned i = 0; i < 300; i++) {
		hand_init(&h[i], &w, STRANGER, (uint16_t)(1024 + i), 1); /* all say tunnel 1 */
		assert_true(hand_tunnel(&h[i], "lac", NULL));
		assert_int_not_equal(h[i].peer_tunnel, 0);
		assert_false(seen[h[i].peer_tunnel]);
		seen[h[i].peer_tunnel] = true;
		ascending += i > 0 && h[i].peer_tunnel > h[i - 1].peer_tunnel;
	}
	assert_true(ascending > 100 && ascending < 200); /* drawn, not counted */
	world_down(&w);
}

static void
session_ids_rest_before_they_are_used_again(void **state)
{
	static bool used[65536];
	struct world w;
	struct hand h;

	(void)state;
	memset(used, 0, sizeof(used));
	world_up(&w, NULL, 3);
	hand_init(&h, &w, STRANGER, 1701, 7);
	assert_true(hand_tunnel(&h, "lac", "tunnelsecret"));
	for (uint16_t i = 1; i <= 60; i++) {
		uint16_t id = hand_call(&h, i);

		assert_int_not_equal(id, 0);
		assert_false(used[id]);
		used[id] = true;
		hand_begin(&h, L2TP_CDN);
		l2tp_put(&h.b, L2TP_AVP_RESULT_CODE, "\0\3", 2);
		l2tp_put_u16(&h.b, L2TP_AVP_ASSIGNED_SESSION_ID, i);
		hand_send(&h, id);
	}
	world_down(&w);
}

static void
a_retransmitted_sccrq_finds_its_caller(void **state)
{
	struct lns_status status;
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, NULL, 4);
	hand_init(&h, &w, STRANGER, 1701, 7);
	hand_sccrq(&h, "lac", NULL);
	hand_send_ns(&h, 0, 0);
	hand_send_ns(&h, 0, 0);
	hand_send_ns(&h, 0, 0);
	lns_status(w.lns, &status);
	assert_int_equal(status.half_open, 1);
	/* another assigned ID: another caller */
	h.tunnel_id = 8;
	hand_sccrq(&h, "lac", NULL);
	hand_send_ns(&h, 0, 0);
	lns_status(w.lns, &status);
	assert_int_equal(status.half_open, 2);
	assert_int_equal(status.tunnels, 0);
	world_down(&w);
}

static void
the_secret_is_found_by_host_and_address(void **state)
{
	char text[L2TP_MESSAGE_MAX];
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, hand_by_condition, 9);
	hand_init(&h, &w, STRANGER, 1, 7);
	assert_true(hand_tunnel(&h, "open", NULL));
	hand_init(&h, &w, 0xcb007109, 1, 7);
	assert_true(hand_tunnel(&h, "whoever", NULL));
	hand_init(&h, &w, STRANGER, 2, 7);
	assert_true(hand_tunnel(&h, "lac", "tunnelsecret"));
	hand_init(&h, &w, STRANGER, 3, 7);
	hand_sccrq(&h, "stranger", NULL);
	hand_send(&h, 0);
	assert_true(hand_expect(&h, L2TP_STOPCCN));
	assert_int_equal(hand_reason(&h, text).result, L2TP_STOPCCN_NOT_AUTHORIZED);
	assert_string_equal(text, "no tunnel secret is configured for this peer");
	assert_int_equal(world_counter(&w, LNS_PEER_UNKNOWN), 1);
	assert_true(world_logged(&w, "tunnel-refused", "host=stranger"));
	world_down(&w);
}

static void
hidden_avps_are_read_and_written(void **state)
{
	static const char yaml[] = "ports: [{name: wan, device: 'af_packet:lns0'}]\n"
				   "listeners: [{address: 192.0.2.1/24}]\n"
				   "tunnels: {hide-avps: true, secrets: [{secret-file: secret}]}\n"
				   "groups: [{name: g, address: 10.0.0.1, pool: 10.0.0.0/24}]\n"
				   "users: [{name: alice, password-file: alice}]\n"
				   "limits: {sessions: 100, tunnels: 100}\n";
	struct world_client *c;
	struct world w;

	(void)state;
	world_up(&w, yaml, 11);
	c = world_client(&w, "alice", "pass-a", PPP_AUTH_MSCHAPV2);
	c->l2tp_params.hide_avps = true;
	client_dial(c);
	assert_true(world_run(&w, 5 * CV_NS_PER_S, all_up));
	world_down(&w);
}

static unsigned lost;

/* Loses the server's first two datagrams. */
static bool
lose_answers(struct world *w, int to, const uint8_t *bytes, size_t len)
{
	(void)w;
	(void)bytes;
	(void)len;
	return to < 0 || lost++ >= 2;
}

static void
a_hidden_sccrq_sent_again_finds_its_tunnel(void **state)
{
	struct world_client *c, *other;
	struct lns_status status;
	struct world w;

	(void)state;
	world_up(&w, NULL, 16);
	c = world_client(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5);
	other = world_client(&w, "bob", "pass-b", PPP_AUTH_CHAP_MD5);
	c->l2tp_params.hide_avps = other->l2tp_params.hide_avps = true;
	lost = 0;
	w.filter = lose_answers;
	client_dial(c);
	client_dial(other);
	assert_true(world_run(&w, 20 * CV_NS_PER_S, all_up));
	lns_status(w.lns, &status);
	assert_int_equal(status.tunnels, 2);
	world_down(&w);
}

static unsigned hellos, zlbs, messages;

static bool
count_messages(struct world *w, int to, const uint8_t *bytes, size_t len)
{
	struct l2tp_header h;

	(void)w;
	if (to < 0 || l2tp_header_parse(bytes, len, &h) != 0 || !h.is_control)
		return true;
	messages++;
	if (h.payload.len == 0)
		zlbs++;
	else if (h.payload.data[7] == L2TP_HELLO)
		hellos++;
	return true;
}

static void
hello_after_60_s_of_silence(void **state)
{
	struct world_client *c;
	struct world w;

	(void)state;
	world_up(&w, NULL, 12);
	c = world_client(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5);
	c->l2tp_params.hello_ns = 0;
	client_dial(c);
	assert_true(world_run(&w, 5 * CV_NS_PER_S, all_up));
	hellos = 0;
	w.filter = count_messages;
	world_sleep(&w, 58 * CV_NS_PER_S);
	assert_int_equal(hellos, 0);
	world_sleep(&w, 4 * CV_NS_PER_S);
	assert_int_equal(hellos, 1);
	world_sleep(&w, 300 * CV_NS_PER_S);
	assert_int_equal(hellos, 6);
	assert_true(c->up);
	world_down(&w);
}

static void
a_zlb_only_where_nothing_carries_the_acknowledgement(void **state)
{
	struct world_client *c;
	struct world w;

	(void)state;
	world_up(&w, NULL, 13);
	w.filter = count_messages;
	messages = zlbs = 0;
	c = world_client(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5);
	client_dial(c);
	assert_true(world_run(&w, 5 * CV_NS_PER_S, all_up));
	/* SCCRP, ICRP; and ZLBs for SCCCN, ICCN, which nothing follows */
	assert_int_equal(messages - zlbs, 2);
	assert_true(zlbs <= 2);
	world_down(&w);
}

static void
stopccn_is_acknowledged_and_remembered_for_a_cycle(void **state)
{
	struct lns_status status;
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, NULL, 14);
	hand_init(&h, &w, STRANGER, 1701, 7);
	assert_true(hand_tunnel(&h, "lac", "tunnelsecret"));
	hand_begin(&h, L2TP_STOPCCN);
	l2tp_put_u16(&h.b, L2TP_AVP_ASSIGNED_TUNNEL_ID, 7);
	l2tp_put(&h.b, L2TP_AVP_RESULT_CODE, "\0\1\0\0bye", 7);
	hand_send(&h, 0);
	assert_true(hand_next(&h));
	assert_int_equal(h.m.type, L2TP_ZLB);
	assert_int_equal(h.header.nr, h.ns);
	assert_true(world_logged(&w, "tunnel-down", "message=bye"));
	world_sleep(&w, 20 * CV_NS_PER_S);
	hand_send_ns(&h, 0, (uint16_t)(h.ns - 1)); /* our acknowledgement was lost */
	assert_true(hand_next(&h));
	assert_int_equal(h.m.type, L2TP_ZLB);
	world_sleep(&w, 20 * CV_NS_PER_S);
	lns_status(w.lns, &status);
	assert_int_equal(status.tunnels, 0);
	world_down(&w);
}

/* The server's messages that are on their way, none of them acknowledged. */
static unsigned
answers_at_once(uint16_t window, unsigned calls)
{
	struct world w;
	struct hand h;
	unsigned n = 0;

	world_up(&w, NULL, 19);
	hand_init(&h, &w, STRANGER, 1701, 7);
	hand_sccrq(&h, "lac", NULL);
	l2tp_put_u16(&h.b, L2TP_AVP_RECEIVE_WINDOW_SIZE, window);
	hand_send(&h, 0);
	assert_true(hand_expect(&h, L2TP_SCCRP));
	hand_prove(&h, "tunnelsecret");
	/* slow start: its own window must be open before the peer's can be what bounds it */
	for (uint16_t i = 1; i <= 20; i++)
		assert_int_not_equal(hand_call(&h, i), 0);
	hand_zlb(&h);
	while (hand_next(&h))
		;
	for (uint16_t i = 0; i < calls; i++) {
		hand_begin(&h, L2TP_ICRQ);
		l2tp_put_u16(&h.b, L2TP_AVP_ASSIGNED_SESSION_ID, (uint16_t)(100 + i));
		l2tp_put_u32(&h.b, L2TP_AVP_CALL_SERIAL_NUMBER, i);
		hand_send(&h, 0);
	}
	h.nr = 0; /* what follows acknowledges nothing */
	while (hand_next(&h))
		n += h.m.type == L2TP_ICRP;
	world_down(&w);
	return n;
}

static void
the_peers_receive_window_is_respected(void **state)
{
	(void)state;
	assert_int_equal(answers_at_once(1, 10), 1);
	assert_int_equal(answers_at_once(3, 10), 3);
	assert_int_equal(answers_at_once(8, 10), 8);
}

/* What was queued and never sent does not stand in the way of the end. */
static void
the_end_overtakes_what_waits_behind_the_window(void **state)
{
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, NULL, 20);
	hand_init(&h, &w, STRANGER, 1701, 7);
	assert_true(hand_tunnel(&h, "lac", "tunnelsecret"));
	for (uint16_t i = 1; i <= 20; i++) {
		hand_begin(&h, L2TP_ICRQ);
		l2tp_put_u16(&h.b, L2TP_AVP_ASSIGNED_SESSION_ID, i);
		l2tp_put_u32(&h.b, L2TP_AVP_CALL_SERIAL_NUMBER, i);
		hand_send(&h, 0);
	}
	lns_shutdown(w.lns, w.now);
	world_sleep(&w, CV_NS_PER_MS);
	while (hand_next(&h))
		;
	hand_zlb(&h); /* acknowledges what did go out */
	assert_true(hand_next(&h));
	assert_int_equal(h.m.type, L2TP_STOPCCN);
	hand_zlb(&h);
	world_sleep(&w, 60 * CV_NS_PER_S);
	assert_false(hand_next(&h)); /* and what waited does not come behind it */
	world_down(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_go_to_the_address_and_port_that_asked),
		cmocka_unit_test(many_clients_behind_one_address_get_ids_of_their_own),
		cmocka_unit_test(session_ids_rest_before_they_are_used_again),
		cmocka_unit_test(a_retransmitted_sccrq_finds_its_caller),
		cmocka_unit_test(the_secret_is_found_by_host_and_address),
		cmocka_unit_test(hidden_avps_are_read_and_written),
		cmocka_unit_test(a_hidden_sccrq_sent_again_finds_its_tunnel),
		cmocka_unit_test(hello_after_60_s_of_silence),
		cmocka_unit_test(a_zlb_only_where_nothing_carries_the_acknowledgement),
		cmocka_unit_test(stopccn_is_acknowledged_and_remembered_for_a_cycle),
		cmocka_unit_test(the_peers_receive_window_is_respected),
		cmocka_unit_test(the_end_overtakes_what_waits_behind_the_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
