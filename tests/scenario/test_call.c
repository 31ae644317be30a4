/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole calls: from SCCRQ to the session in the data path, and how they end. */
#include "hand.h"

#include <string.h>

static void
setup_by(enum ppp_auth method, const char *name)
{
	struct world_client *c;
	struct world w;

	world_up(&w, NULL, 1);
	c = world_client(&w, "alice", "pass-a", method);
	client_dial(c);
	assert_true(world_run(&w, 5 * CV_NS_PER_S, all_up));
	assert_true(c->auth_ok);
	assert_int_equal(cv_ipv4_value(&c->up_event.local_ip), 0x0a580101);
	assert_int_equal(cv_ipv4_value(&c->up_event.peer_ip), 0x0a580001);
	assert_int_equal(cv_ipv4_value(&c->up_event.dns[0]), 0x0a580035);
	assert_int_equal(world_counter(&w, LNS_SESSIONS_OPENED), 1);
	world_sleep(&w, CV_NS_PER_S);
	assert_true(world_logged(&w, "session-up", "user=alice"));
	assert_true(world_logged(&w, "session-up", name));
	world_down(&w);
	assert_int_equal(c->tunnel_downs, 1);
	assert_int_equal(c->tunnel_reason.result, L2TP_STOPCCN_SHUTTING_DOWN);
}

static void
pap(void **state)
{
	(void)state;
	setup_by(PPP_AUTH_PAP, "auth=pap");
}

static void
chap_md5(void **state)
{
	(void)state;
	setup_by(PPP_AUTH_CHAP_MD5, "auth=chap-md5");
}

static void
mschapv2(void **state)
{
	(void)state;
	setup_by(PPP_AUTH_MSCHAPV2, "auth=mschapv2");
}

static void
refused(const char *user, const char *password, enum lns_counter counter, const char *why)
{
	struct world_client *c;
	struct world w;

	world_up(&w, NULL, 2);
	c = world_client(&w, user, password, PPP_AUTH_CHAP_MD5);
	client_dial(c);
	world_sleep(&w, 20 * CV_NS_PER_S);
	assert_false(c->up);
	assert_false(c->auth_ok);
	assert_int_equal(c->ppp_reason, PPP_DOWN_AUTH_FAILED);
	assert_string_equal(c->auth_text, "Authentication failed");
	assert_int_equal(world_counter(&w, counter), 1);
	assert_true(world_logged(&w, "session-refused", why));
	assert_int_equal(c->tunnel_ups, 1);
	world_down(&w);
}

static void
wrong_password_is_refused_and_says_why(void **state)
{
	(void)state;
	refused("alice", "pass-b", LNS_USER_AUTH, "wrong password");
}

static void
unknown_user_looks_the_same_to_the_peer(void **state)
{
	(void)state;
	refused("mallory", "x", LNS_USER_UNKNOWN, "no such user");
}

static void
wrong_tunnel_secret_is_result_4(void **state)
{
	struct world_client *c;
	struct world w;

	(void)state;
	world_up(&w, NULL, 3);
	c = world_client(&w, "alice", "pass-a", PPP_AUTH_PAP);
	c->l2tp_params.secret = "another";
	c->l2tp_params.secret_len = 7;
	client_dial(c);
	world_sleep(&w, 20 * CV_NS_PER_S);
	assert_int_equal(c->tunnel_ups, 0);
	/* the client sees first that the server's own answer is not what it expects */
	assert_int_equal(c->tunnel_reason.result, L2TP_STOPCCN_NOT_AUTHORIZED);
	world_down(&w);
}

/* A client that lets every server in, as a thief of secrets would, and proves nothing. */
static void
tunnel_without_proof_is_result_4(void **state)
{
	struct world_client *c;
	struct world w;

	(void)state;
	world_up(&w, NULL, 3);
	c = world_client(&w, "alice", "pass-a", PPP_AUTH_PAP);
	c->l2tp_params.secret = NULL;
	client_dial(c);
	world_sleep(&w, 20 * CV_NS_PER_S);
	assert_int_equal(c->tunnel_downs, 1);
	assert_int_equal(c->tunnel_reason.result, L2TP_STOPCCN_NOT_AUTHORIZED);
	world_down(&w);
}

static void
client_hangs_up(void **state)
{
	static const struct l2tp_reason bye = {.result = L2TP_STOPCCN_CLEAR, .message = "bye"};
	struct world_client *c;
	struct world w;

	(void)state;
	world_up(&w, NULL, 4);
	c = world_client(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5);
	client_dial(c);
	assert_true(world_run(&w, 5 * CV_NS_PER_S, all_up));
	l2tp_tunnel_close(c->l2tp, w.now, &bye);
	assert_true(world_run(&w, 60 * CV_NS_PER_S, all_down));
	assert_string_equal(w.reason, "the peer closed the tunnel");
	assert_true(world_logged(&w, "tunnel-down", "by=peer"));
	world_down(&w);
}

static void
dead_client_is_noticed(void **state)
{
	struct world_client *c;
	struct world w;

	(void)state;
	world_up(&w, NULL, 5);
	c = world_client(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5);
	client_dial(c);
	assert_true(world_run(&w, 5 * CV_NS_PER_S, all_up));
	client_free(c); /* without a word */
	assert_true(world_run(&w, 150 * CV_NS_PER_S, all_down));
	assert_int_equal(w.removed, 1);
	world_down(&w);
}

static void
second_call_of_a_user_replaces_the_first(void **state)
{
	struct world_client *first, *second;
	struct world w;

	(void)state;
	world_up(&w, NULL, 6);
	first = world_client(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5);
	second = world_client(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5);
	client_dial(first);
	assert_true(world_run(&w, 5 * CV_NS_PER_S, all_up));
	client_dial(second);
	world_sleep(&w, 10 * CV_NS_PER_S);
	assert_true(second->up);
	assert_false(first->up);
	assert_int_equal(world_counter(&w, LNS_USER_REPLACED), 1);
	assert_string_equal(w.reason, "replaced by a newer session of the same user");
	world_down(&w);
}

static void
four_clients_get_four_addresses(void **state)
{
	struct world w;

	(void)state;
	world_up(&w,
		"ports: [{name: wan, device: 'af_packet:lns0'}]\n"
		"listeners: [{address: 192.0.2.1/24}]\n"
		"tunnels: {secrets: [{secret-file: secret}]}\n"
		"groups: [{name: g, address: 10.0.0.1, pool: 10.0.0.0/29, user-sessions: 4}]\n"
		"users: [{name: alice, password-file: alice}]\n"
		"limits: {sessions: 100, tunnels: 100}\n",
		7);
	for (unsigned i = 0; i < WORLD_CLIENTS; i++)
		client_dial(world_client(&w, "alice", "pass-a", PPP_AUTH_MSCHAPV2));
	assert_true(world_run(&w, 5 * CV_NS_PER_S, all_up));
	for (unsigned i = 0; i < WORLD_CLIENTS; i++)
		for (unsigned j = 0; j < i; j++)
			assert_int_not_equal(cv_ipv4_value(&w.clients[i].up_event.local_ip),
				cv_ipv4_value(&w.clients[j].up_event.local_ip));
	world_down(&w);
}

static void
an_exhausted_pool_says_so(void **state)
{
	struct world w;

	(void)state;
	world_up(&w,
		"ports: [{name: wan, device: 'af_packet:lns0'}]\n"
		"listeners: [{address: 192.0.2.1/24}]\n"
		"tunnels: {secrets: [{secret: none}]}\n"
		"groups: [{name: g, address: 10.0.0.1, pool: 10.0.0.4/31, user-sessions: 4}]\n"
		"users: [{name: alice, password-file: alice}]\n"
		"limits: {sessions: 100, tunnels: 100}\n",
		8);
	for (unsigned i = 0; i < 3; i++) {
		struct world_client *c = world_client(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5);

		c->l2tp_params.secret = NULL;
		client_dial(c);
		world_sleep(&w, 10 * CV_NS_PER_S);
	}
	assert_true(w.clients[0].up);
	assert_true(w.clients[1].up);
	assert_false(w.clients[2].up);
	assert_int_equal(world_counter(&w, LNS_POOL_EXHAUSTED), 1);
	assert_string_equal(w.reason, "no address left in the pool");
	world_down(&w);
}

/* What the tunnel has to say already does not carry the ICRP past the session. See check_answer. */
static void
a_session_is_in_the_data_path_before_its_icrp(void **state)
{
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, NULL, 30);
	hand_init(&h, &w, 0xc6336401, 1701, 7);
	assert_true(hand_tunnel(&h, "lac", "tunnelsecret"));
	w.hold = true;
	hand_begin(&h, L2TP_HELLO);
	hand_send(&h, 0);
	w.hold = false;
	assert_int_not_equal(hand_call(&h, 1), 0);
	world_down(&w);
}

/* Loses the first ICCN; the client's LCP behind it arrives. */
static bool
lose_iccn(struct world *w, int to, const uint8_t *bytes, size_t len)
{
	bool iccn = to < 0 && len > 20 && (bytes[0] & 0x80) != 0 && bytes[19] == L2TP_ICCN;

	if (!iccn || w->filter_ctx != NULL)
		return true;
	w->filter_ctx = w;
	return false;
}

static void
ppp_that_overtakes_iccn_is_not_lost(void **state)
{
	struct world_client *c;
	struct world w;

	(void)state;
	world_up(&w, NULL, 31);
	w.filter = lose_iccn;
	c = world_client(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5);
	client_dial(c);
	/* ICCN comes again after 1 s; LCP's restart timer has 3 s */
	assert_true(world_run(&w, 1500 * CV_NS_PER_MS, all_up));
	assert_non_null(w.filter_ctx);
	assert_int_equal(world_counter(&w, LNS_DATA_EARLY), 0);
	world_down(&w);
}

static void
what_is_kept_before_iccn_is_bounded(void **state)
{
	static const uint8_t request[] = {0xff, 3, 0xc0, 0x21, 1, 1, 0, 4};
	uint8_t bytes[8 + 600] = {0};
	uint16_t session;
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, NULL, 32);
	hand_init(&h, &w, 0xc6336401, 1701, 7);
	assert_true(hand_tunnel(&h, "lac", "tunnelsecret"));
	session = hand_call(&h, 1);
	for (unsigned i = 0; i < 10; i++) {
		size_t len = i == 0 ? 600 : sizeof(request);
		struct cv_writer writer = cv_writer(bytes, sizeof(bytes));

		l2tp_data_header_write(&writer, h.peer_tunnel, session, len);
		memcpy(bytes + 8, request, sizeof(request));
		world_inject(&w, &h.address, bytes, 8 + len);
	}
	assert_int_equal(world_counter(&w, LNS_DATA_EARLY), 6);
	assert_int_equal(w.n_data_outside, 0);
	hand_connect(&h, session);
	assert_int_equal(w.n_data_outside, 1 + 4); /* its own request, and an Ack of each */
	world_down(&w);
}

static void
a_call_is_kicked_before_it_is_connected(void **state)
{
	char text[L2TP_MESSAGE_MAX];
	uint16_t session;
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, NULL, 33);
	hand_init(&h, &w, 0xc6336401, 1701, 7);
	assert_true(hand_tunnel(&h, "lac", "tunnelsecret"));
	session = hand_call(&h, 1);
	hand_zlb(&h);
	assert_int_equal(
		lns_kick_session(w.lns, w.now, 0, h.peer_tunnel, session, PPP_DOWN_KICKED), 1);
	world_sleep(&w, CV_NS_PER_MS);
	assert_true(hand_expect(&h, L2TP_CDN));
	assert_int_equal(hand_reason(&h, text).result, L2TP_CDN_ADMINISTRATIVE);
	assert_string_equal(text, "ended by the administrator");
	assert_int_equal(w.removed, 1);
	world_down(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pap),
		cmocka_unit_test(chap_md5),
		cmocka_unit_test(mschapv2),
		cmocka_unit_test(wrong_password_is_refused_and_says_why),
		cmocka_unit_test(unknown_user_looks_the_same_to_the_peer),
		cmocka_unit_test(wrong_tunnel_secret_is_result_4),
		cmocka_unit_test(tunnel_without_proof_is_result_4),
		cmocka_unit_test(client_hangs_up),
		cmocka_unit_test(dead_client_is_noticed),
		cmocka_unit_test(second_call_of_a_user_replaces_the_first),
		cmocka_unit_test(four_clients_get_four_addresses),
		cmocka_unit_test(an_exhausted_pool_says_so),
		cmocka_unit_test(a_session_is_in_the_data_path_before_its_icrp),
		cmocka_unit_test(ppp_that_overtakes_iccn_is_not_lost),
		cmocka_unit_test(what_is_kept_before_iccn_is_bounded),
		cmocka_unit_test(a_call_is_kicked_before_it_is_connected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
