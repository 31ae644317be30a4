/* SPDX-License-Identifier: BSD-3-Clause */
/* The whole link: both roles on a good network, phases, timers, reasons, renegotiation. */
#include "harness.h"

enum { SERVER, CLIENT };

static void
test_up_with_every_method(void **state)
{
	for (int method = PPP_AUTH_PAP; method <= PPP_AUTH_MSCHAPV2; method++) {
		struct pair *p = pair_new(*state);
		struct ppp_info info;

		server(p)->params.n_auth = 1;
		server(p)->params.auth[0] = (enum ppp_auth)method;
		pair_up(p);
		assert_int_equal(server(p)->auths, 1);
		assert_int_equal(server(p)->auth_dones, 1);
		assert_true(server(p)->auth_ok);
		assert_true(client(p)->auth_ok);
		assert_string_equal(server(p)->name, "alice");
		assert_int_equal(cv_ipv4_value(&server(p)->up_event.local_ip), SERVER_IP);
		assert_int_equal(cv_ipv4_value(&server(p)->up_event.peer_ip), CLIENT_IP);
		assert_int_equal(server(p)->up_event.mru, 1400);
		assert_int_equal(cv_ipv4_value(&client(p)->up_event.local_ip), CLIENT_IP);
		assert_int_equal(cv_ipv4_value(&client(p)->up_event.peer_ip), SERVER_IP);
		assert_int_equal(cv_ipv4_value(&client(p)->up_event.dns[0]), DNS_IP);
		assert_int_equal(cv_ipv4_value(&client(p)->up_event.dns[1]), DNS_IP + 1);
		ppp_link_info(server(p)->l, &info);
		assert_string_equal(info.phase, "network");
		assert_string_equal(info.lcp_state, "Opened");
		assert_string_equal(ppp_link_network_state(server(p)->l, PPP_IPCP), "Opened");
		assert_int_equal(info.auth, method);
		assert_int_equal(cv_ipv4_value(&info.peer_ip), CLIENT_IP);
		assert_int_equal(info.counters.rx_malformed, 0);
		/* a quiet link holds no buffers once the next call has tidied up */
		ppp_link_handle_timeout(server(p)->l, p->now);
		assert_true(ppp_link_memory(server(p)->l) < 640);
		pair_free(p);
	}
}

static void
test_methods_by_peers_nak(void **state)
{
	for (int only = PPP_AUTH_PAP; only <= PPP_AUTH_MSCHAPV2; only++) {
		struct pair *p = pair_new(*state);

		client(p)->params.n_auth = 1;
		client(p)->params.auth[0] = (enum ppp_auth)only;
		pair_up(p);
		assert_int_equal(server(p)->l->method, only);
		pair_free(p);
	}
}

static void
test_no_method_in_common(void **state)
{
	for (int none = 0; none < 2; none++) {
		struct pair *p = pair_new(*state);

		server(p)->params.n_auth = 2; /* MS-CHAPv2, CHAP-MD5 */
		client(p)->params.n_auth = none ? 0 : 1;
		client(p)->params.auth[0] = PPP_AUTH_PAP;
		pair_start(p);
		pair_run(p, p->now + 2 * CV_NS_PER_S);
		assert_int_equal(server(p)->downs, 1);
		assert_int_equal(server(p)->reason, PPP_DOWN_AUTH_REFUSED);
		pair_run(p, p->now + 45 * CV_NS_PER_S); /* RFC 1661: it keeps trying */
		assert_int_equal(client(p)->downs, 1);
		assert_int_equal(server(p)->auths, 0);
		assert_int_equal(server(p)->networks, 0);
		pair_free(p);
	}
}

static void
test_wrong_password_and_unknown_user(void **state)
{
	for (int method = PPP_AUTH_PAP; method <= PPP_AUTH_MSCHAPV2; method++) {
		char said[2][256];

		for (int unknown = 0; unknown < 2; unknown++) {
			struct pair *p = pair_new(*state);

			server(p)->params.n_auth = 1;
			server(p)->params.auth[0] = (enum ppp_auth)method;
			server(p)->secret.bytes.data = (const uint8_t *)"wrong!";
			if (unknown)
				server(p)->secret.bytes.len = 0;
			pair_start(p);
			pair_run(p, p->now + 10 * CV_NS_PER_S);
			assert_int_equal(server(p)->reason, PPP_DOWN_AUTH_FAILED);
			assert_int_equal(client(p)->reason, PPP_DOWN_AUTH_FAILED);
			assert_int_equal(server(p)->downs, 1);
			assert_int_equal(client(p)->downs, 1);
			assert_false(server(p)->auth_ok);
			assert_int_equal(server(p)->networks, 0);
			memcpy(said[unknown], client(p)->message, sizeof(said[0]));
			pair_free(p);
		}
		assert_non_null(strstr(said[0], "Authentication failed"));
		if (method == PPP_AUTH_MSCHAPV2) { /* but for the challenge */
			memset(strstr(said[0], "C=") + 2, 'x', 32);
			memset(strstr(said[1], "C=") + 2, 'x', 32);
		}
		assert_string_equal(said[0], said[1]);
	}
}

static void
test_silent_peer_lcp(void **state)
{
	struct pair *p = pair_new(*state);

	server(p)->params.lcp_timeout_ns = 300 * CV_NS_PER_S;
	end_start(p, SERVER);
	pair_run(p, p->now + 29 * CV_NS_PER_S);
	assert_int_equal(server(p)->downs, 0);
	assert_int_equal(p->carried, 10); /* max_configure */
	pair_run(p, p->now + 2 * CV_NS_PER_S);
	assert_int_equal(server(p)->reason, PPP_DOWN_LCP_TIMEOUT);
	assert_true(ppp_link_next_timeout(server(p)->l) == CV_TIME_NEVER);
	pair_free(p);
}

/* A peer that answers and never agrees is bounded too. */
static void
test_lcp_deadline(void **state)
{
	struct pair *p = pair_new(*state);

	end_start(p, SERVER);
	for (int s = 0; s < 29; s++) {
		pair_run(p, p->now + CV_NS_PER_S);
		inject_packet(p, SERVER, PPP_LCP, PPP_CONFIGURE_REQUEST, (uint8_t)s, NULL, 0);
	}
	assert_int_equal(server(p)->downs, 0);
	pair_run(p, p->now + 8 * CV_NS_PER_S);
	assert_int_equal(server(p)->reason, PPP_DOWN_LCP_TIMEOUT);
	pair_free(p);
}

static void
test_silent_peer_authentication(void **state)
{
	for (int method = PPP_AUTH_PAP; method <= PPP_AUTH_MSCHAPV2; method++) {
		struct pair *p = pair_new(*state);

		pair_authenticating(p, (enum ppp_auth)method);
		pair_run(p, p->now + 29 * CV_NS_PER_S);
		assert_int_equal(server(p)->downs, 0);
		pair_run(p, p->now + 10 * CV_NS_PER_S);
		assert_int_equal(server(p)->downs, 1);
		assert_int_equal(server(p)->reason, PPP_DOWN_AUTH_TIMEOUT);
		pair_free(p);
	}
}

static void
test_caller_never_judges(void **state)
{
	struct pair *p = pair_new(*state);

	server(p)->hold_auth = true;
	pair_start(p);
	pair_run(p, p->now + 40 * CV_NS_PER_S);
	assert_int_equal(server(p)->auths, 1);
	assert_int_equal(server(p)->reason, PPP_DOWN_AUTH_TIMEOUT);
	assert_int_equal(ppp_auth_check(server(p)->l, p->now, &server(p)->secret), CV_ERR_STATE);
	assert_int_equal(client(p)->downs, 1);
	pair_free(p);
}

static void
test_late_judgement(void **state)
{
	struct pair *p = pair_new(*state);
	struct ppp_ev_auth question;

	server(p)->hold_auth = true;
	pair_start(p);
	pair_run(p, p->now + 8 * CV_NS_PER_S);
	assert_int_equal(server(p)->auths, 1);
	assert_int_equal(server(p)->auth_dones, 0);
	assert_true(ppp_auth_question(server(p)->l, &question));
	assert_memory_equal(question.name.data, "alice", 5);
	assert_int_equal(question.response.len, PPP_MSCHAPV2_RESPONSE_BYTES);
	assert_int_equal(ppp_auth_check(server(p)->l, p->now, &server(p)->secret), 0);
	assert_int_equal(ppp_auth_check(server(p)->l, p->now, &server(p)->secret), CV_ERR_STATE);
	assert_false(ppp_auth_question(server(p)->l, NULL));
	pair_drain(p, SERVER);
	pair_run(p, p->now + CV_NS_PER_S);
	assert_true(server(p)->up && client(p)->up);
	pair_free(p);
}

static void
test_ipcp_timeouts(void **state)
{
	struct pair *p = pair_new(*state);

	server(p)->hold_network = true; /* our caller finds no address */
	pair_start(p);
	pair_run(p, p->now + 45 * CV_NS_PER_S);
	assert_int_equal(server(p)->reason, PPP_DOWN_IPCP_TIMEOUT);
	pair_free(p);
	p = pair_new(*state);
	client(p)->hold_network = true; /* the peer does not speak IPCP */
	client(p)->params.ipcp_timeout_ns = 500 * CV_NS_PER_S;
	pair_start(p);
	pair_run(p, p->now + 45 * CV_NS_PER_S);
	assert_int_equal(server(p)->reason, PPP_DOWN_IPCP_TIMEOUT);
	assert_int_equal(client(p)->reason, PPP_DOWN_PEER_TERMINATED);
	pair_free(p);
}

static void
test_close_is_polite(void **state)
{
	for (int who = SERVER; who <= CLIENT; who++) {
		struct pair *p = pair_new(*state);

		pair_up(p);
		ppp_link_close(p->ends[who].l, p->now, PPP_DOWN_KICKED);
		ppp_link_close(p->ends[who].l, p->now, PPP_DOWN_SHUTDOWN);
		pair_drain(p, who);
		assert_false(p->ends[who].up); /* at once */
		pair_run(p, p->now + CV_NS_PER_S);
		assert_int_equal(p->ends[who].downs, 1);
		assert_int_equal(p->ends[who].reason, PPP_DOWN_KICKED);
		assert_false(p->ends[!who].up);
		pair_run(p, p->now + 3 * CV_NS_PER_S);
		assert_int_equal(p->ends[!who].reason, PPP_DOWN_PEER_TERMINATED);
		assert_true(ppp_link_next_timeout(p->ends[0].l) == CV_TIME_NEVER);
		assert_true(ppp_link_next_timeout(p->ends[1].l) == CV_TIME_NEVER);
		pair_free(p);
	}
}

static void
test_close_without_answer(void **state)
{
	struct pair *p = pair_new(*state);

	pair_up(p);
	p->loss_percent = 100;
	p->carried = 0;
	ppp_link_close(server(p)->l, p->now, PPP_DOWN_SHUTDOWN);
	pair_drain(p, SERVER);
	pair_run(p, p->now + 5 * CV_NS_PER_S);
	assert_int_equal(server(p)->downs, 0);
	pair_run(p, p->now + 2 * CV_NS_PER_S);
	assert_int_equal(server(p)->reason, PPP_DOWN_SHUTDOWN);
	assert_int_equal(p->carried, 2); /* max_terminate */
	pair_free(p);
}

static void
test_close_before_open(void **state)
{
	struct pair *p = pair_new(*state);

	server(p)->l = ppp_link_new(&server(p)->params, (struct ppp_scope){0}, p->now);
	ppp_link_close(server(p)->l, p->now, PPP_DOWN_LIMIT);
	pair_drain(p, SERVER);
	assert_int_equal(server(p)->downs, 1);
	assert_int_equal(server(p)->reason, PPP_DOWN_LIMIT);
	ppp_link_open(server(p)->l, p->now);
	pair_drain(p, SERVER);
	assert_int_equal(p->carried, 0);
	pair_free(p);
}

static void
test_echo(void **state)
{
	struct pair *p = pair_new(*state);

	pair_up(p);
	pair_run(p, p->now + 100 * CV_NS_PER_S); /* idle, and alive */
	assert_true(server(p)->up && client(p)->up);
	assert_int_equal(server(p)->l->counters.echo_lost, 0);
	p->loss_percent = 100; /* the client vanishes */
	pair_run(p, p->now + 130 * CV_NS_PER_S);
	assert_int_equal(server(p)->reason, PPP_DOWN_ECHO_LOST);
	assert_int_equal(server(p)->downs, 1);
	assert_int_equal(server(p)->l->counters.echo_lost, 4);
	assert_int_equal(client(p)->reason, PPP_DOWN_ECHO_LOST);
	pair_free(p);
}

static void
test_activity_postpones_echo(void **state)
{
	struct pair *p = pair_new(*state);

	pair_up(p);
	p->carried = 0;
	for (int i = 0; i < 30; i++) {
		ppp_link_note_activity(server(p)->l, p->now);
		ppp_link_note_activity(client(p)->l, p->now);
		pair_run(p, p->now + 10 * CV_NS_PER_S);
	}
	assert_int_equal(p->carried, 0);
	assert_true(server(p)->up);
	pair_free(p);
}

static void
test_rechallenge(void **state)
{
	struct pair *p = pair_new(*state);

	server(p)->params.rechallenge_ns = 60 * CV_NS_PER_S;
	pair_up(p);
	pair_run(p, p->now + 200 * CV_NS_PER_S);
	assert_int_equal(server(p)->auths, 4);
	assert_true(server(p)->auth_event.again);
	assert_true(server(p)->up && client(p)->up);
	assert_int_equal(server(p)->ups, 1); /* traffic never stopped */
	assert_int_equal(server(p)->networks, 1);
	server(p)->secret.bytes.data = (const uint8_t *)"revoke"; /* meanwhile */
	pair_run(p, p->now + 70 * CV_NS_PER_S);
	assert_int_equal(server(p)->reason, PPP_DOWN_AUTH_FAILED);
	assert_int_equal(client(p)->reason, PPP_DOWN_AUTH_FAILED);
	pair_free(p);
}

static void
test_rechallenge_other_name(void **state)
{
	struct pair *p = pair_new(*state);

	server(p)->params.rechallenge_ns = 60 * CV_NS_PER_S;
	pair_up(p);
	client(p)->params.user = (struct cv_bytes){(const uint8_t *)"mallory", 7};
	pair_run(p, p->now + 70 * CV_NS_PER_S);
	assert_int_equal(server(p)->reason, PPP_DOWN_AUTH_FAILED);
	pair_free(p);
}

static void
test_rechallenge_silent(void **state)
{
	struct pair *p = pair_new(*state);

	server(p)->params.rechallenge_ns = 60 * CV_NS_PER_S;
	server(p)->params.echo_interval_ns = 0;
	pair_up(p);
	p->loss_percent = 100;
	pair_run(p, p->now + 110 * CV_NS_PER_S);
	assert_int_equal(server(p)->reason, PPP_DOWN_AUTH_TIMEOUT);
	pair_free(p);
}

/* The peer restarts LCP: traffic stops, it must prove itself again, then flows. */
static void
test_peer_negotiates_again(void **state)
{
	struct pair *p = pair_new(*state);

	pair_up(p);
	ppp_link_free(client(p)->l); /* reboots without a word */
	client(p)->up = false;
	end_start(p, CLIENT);
	pair_run(p, p->now + 10 * CV_NS_PER_S);
	assert_int_equal(server(p)->network_downs, 1);
	assert_int_equal(server(p)->auths, 2);
	assert_int_equal(server(p)->ups, 2);
	assert_int_equal(server(p)->l->counters.renegotiations, 1);
	assert_true(server(p)->up && client(p)->up);
	pair_free(p);
}

static void
test_loopback(void **state)
{
	struct pair *p = pair_new(*state);
	uint8_t frame[FRAME_BYTES];

	server(p)->l = ppp_link_new(&server(p)->params, (struct ppp_scope){0}, p->now);
	ppp_link_open(server(p)->l, p->now);
	for (int i = 0; i < 100 && server(p)->downs == 0; i++) {
		int len = ppp_link_poll_output(server(p)->l, frame, sizeof(frame));

		if (len > 0)
			inject_bytes(p, SERVER, frame, (size_t)len);
		else
			pair_run(p, p->now + CV_NS_PER_S);
	}
	assert_int_equal(server(p)->reason, PPP_DOWN_LOOPBACK);
	pair_free(p);
}

static void
test_nt_hash_secret(void **state)
{
	for (int method = PPP_AUTH_PAP; method <= PPP_AUTH_MSCHAPV2; method++) {
		struct pair *p = pair_new(*state);
		uint8_t hash[16];
		struct cv_bytes password = client(p)->params.password;

		assert_int_equal(ppp_nt_hash(*state, password, hash), 0);
		server(p)->params.n_auth = 1;
		server(p)->params.auth[0] = (enum ppp_auth)method;
		server(p)->secret = (struct ppp_secret){PPP_SECRET_NT_HASH, {hash, sizeof(hash)}};
		pair_start(p);
		pair_run(p, p->now + 2 * CV_NS_PER_S);
		assert_int_equal(server(p)->up, method != PPP_AUTH_CHAP_MD5);
		pair_free(p);
	}
}

static void
test_judge_elsewhere(void **state)
{
	struct pair *p = pair_new(*state);
	uint8_t hash[16], expected[24], proof[20];
	struct ppp_ev_auth *a = &server(p)->auth_event;
	struct ppp_mschapv2 m;

	server(p)->hold_auth = true;
	pair_start(p);
	pair_run(p, p->now + CV_NS_PER_S);
	assert_int_equal(a->method, PPP_AUTH_MSCHAPV2);
	assert_int_equal(a->challenge.len, 16);
	assert_int_equal(a->response.len, 49);
	m = (struct ppp_mschapv2){a->challenge.data, a->response.data, a->name, false};
	assert_int_equal(ppp_nt_hash(*state, client(p)->params.password, hash), 0);
	assert_int_equal(ppp_mschapv2_nt_response(*state, &m, hash, expected), 0);
	assert_memory_equal(expected, a->response.data + 24, 24);
	assert_int_equal(ppp_mschapv2_authenticator(*state, &m, hash, expected, proof), 0);
	assert_int_equal(ppp_auth_accept(server(p)->l, p->now, proof), 0);
	pair_drain(p, SERVER);
	pair_run(p, p->now + CV_NS_PER_S);
	assert_true(server(p)->up && client(p)->up);
	pair_free(p);
}

static void
test_params(void **state)
{
	struct ppp_params params;

	ppp_params_default(&params, PPP_SERVER);
	assert_null(ppp_link_new(&params, (struct ppp_scope){0}, 0));
	params.crypto = *state;
	assert_null(ppp_link_new(&params, (struct ppp_scope){0}, 0)); /* would let anyone in */
	params.n_auth = 1;
	assert_null(ppp_link_new(&params, (struct ppp_scope){0}, 0));
	params.auth[0] = PPP_AUTH_PAP;
	params.mru = 64;
	assert_null(ppp_link_new(&params, (struct ppp_scope){0}, 0));
	ppp_link_free(NULL);
	for (int i = PPP_AUTH_PAP; i <= PPP_AUTH_MSCHAPV2; i++)
		assert_int_equal(ppp_auth_parse(ppp_auth_name((enum ppp_auth)i)), i);
	assert_int_equal(ppp_auth_parse("eap"), -1);
	assert_string_equal(ppp_down_name(PPP_DOWN_ECHO_LOST), "echo-lost");
	assert_string_equal(ppp_down_name(PPP_DOWN_COUNT), "unknown");
}

static void
test_small_buffer(void **state)
{
	struct pair *p = pair_new(*state);
	uint8_t frame[FRAME_BYTES];

	server(p)->l = ppp_link_new(&server(p)->params, (struct ppp_scope){0}, p->now);
	ppp_link_open(server(p)->l, p->now);
	assert_int_equal(ppp_link_poll_output(server(p)->l, frame, 10), CV_ERR_SPACE);
	assert_true(ppp_link_poll_output(server(p)->l, frame, sizeof(frame)) > 10);
	assert_int_equal(ppp_link_poll_output(server(p)->l, frame, sizeof(frame)), 0);
	pair_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_up_with_every_method),
		cmocka_unit_test(test_methods_by_peers_nak),
		cmocka_unit_test(test_no_method_in_common),
		cmocka_unit_test(test_wrong_password_and_unknown_user),
		cmocka_unit_test(test_silent_peer_lcp),
		cmocka_unit_test(test_lcp_deadline),
		cmocka_unit_test(test_silent_peer_authentication),
		cmocka_unit_test(test_caller_never_judges),
		cmocka_unit_test(test_late_judgement),
		cmocka_unit_test(test_ipcp_timeouts),
		cmocka_unit_test(test_close_is_polite),
		cmocka_unit_test(test_close_without_answer),
		cmocka_unit_test(test_close_before_open),
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_activity_postpones_echo),
		cmocka_unit_test(test_rechallenge),
		cmocka_unit_test(test_rechallenge_other_name),
		cmocka_unit_test(test_rechallenge_silent),
		cmocka_unit_test(test_peer_negotiates_again),
		cmocka_unit_test(test_loopback),
		cmocka_unit_test(test_nt_hash_secret),
		cmocka_unit_test(test_judge_elsewhere),
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_small_buffer),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, seeded_setup, seeded_teardown);
}
