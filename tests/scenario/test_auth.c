/* SPDX-License-Identifier: BSD-3-Clause */
/* Questions about users that are answered late, wrongly, twice, or by somebody who verifies the
 * proof himself. */
#include "judge.h"
#include "ppp/mschapv2.h"

/* ---- late, twice, in disorder ---- */

static void
a_late_answer_keeps_nobody_else_waiting(void **state)
{
	static const enum ppp_auth methods[] = {PPP_AUTH_PAP, PPP_AUTH_CHAP_MD5, PPP_AUTH_MSCHAPV2};

	for (unsigned i = 0; i < 3; i++) {
		struct world_client *late, *other;
		struct lns_session_info info;
		struct world w;

		(void)state;
		up(&w, true);
		late = dial(&w, "alice", "pass-a", methods[i]);
		assert_int_equal(w.n_asks, 1);
		assert_false(late->up);
		assert_true(info_of(&w, late, &info));
		assert_string_equal(info.state, "authenticate");
		w.hold_asks = false;
		other = dial(&w, "bob", "pass-b", methods[i]);
		assert_true(other->up); /* a whole second after the first has asked */
		assert_false(late->up);
		assert_int_equal(world_answer(&w, 0, NULL), 0);
		world_sleep(&w, CV_NS_PER_S);
		assert_true(late->up && late->auth_ok);
		assert_int_equal(world_counter(&w, LNS_AUTH_LATE), 0);
		world_down(&w);
	}
}

static void
a_second_answer_has_no_effect(void **state)
{
	struct lns_auth_answer no = {.verdict = LNS_AUTH_REJECTED, .reason = "changed my mind"};
	struct world_client *c;
	struct world w;

	(void)state;
	up(&w, true);
	c = dial(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5);
	assert_int_equal(world_answer(&w, 0, NULL), 0);
	assert_int_equal(world_answer(&w, 0, &no), CV_ERR_STATE);
	world_sleep(&w, CV_NS_PER_S);
	assert_true(c->up);
	assert_int_equal(world_answer(&w, 0, NULL), CV_ERR_STATE);
	assert_int_equal(world_answer(&w, 0, &no), CV_ERR_STATE);
	world_sleep(&w, CV_NS_PER_S);
	assert_true(c->up);
	assert_int_equal(world_counter(&w, LNS_AUTH_LATE), 3);
	assert_int_equal(world_counter(&w, LNS_USER_AUTH), 0);
	world_down(&w);
}

/* The peer hangs up before the answer, or its time is over, or an administrator ends it. */
static void
an_answer_for_a_session_that_is_gone(void **state)
{
	for (int how = 0; how < 3; how++) {
		struct world_client *c;
		struct world w;

		(void)state;
		up(&w, true);
		c = dial(&w, "alice", "pass-a", PPP_AUTH_PAP);
		assert_int_equal(w.n_asks, 1);
		if (how == 0) {
			ppp_link_close(c->ppp, w.now, PPP_DOWN_LOCAL);
			/* it is going, not gone */
			world_sleep(&w, 15 * CV_NS_PER_MS);
			assert_int_equal(world_answer(&w, 0, NULL), CV_ERR_STATE);
			world_sleep(&w, 8 * CV_NS_PER_S);
		} else if (how == 1) {
			world_sleep(&w, 40 * CV_NS_PER_S);
			assert_string_equal(w.reason, "authentication: no answer in time");
		} else {
			uint64_t serial = w.asks[0].ask.serial;
			struct lns_session_info info;

			assert_true(lns_find_serial(w.lns, serial, &info));
			lns_kick_session(w.lns, w.now, info.listener, info.tunnel_id,
				info.session_id, PPP_DOWN_KICKED);
			world_sleep(&w, 10 * CV_NS_PER_S);
		}
		assert_int_equal(w.removed, 1);
		assert_int_equal(world_answer(&w, 0, NULL), CV_ERR_UNKNOWN);
		assert_int_equal(world_counter(&w, LNS_AUTH_LATE), how == 0 ? 2 : 1);
		assert_int_equal(world_counter(&w, LNS_SESSIONS_OPENED), 0);
		world_down(&w);
	}
}

static void
answers_in_another_order(void **state)
{
	struct world_client *first, *second;
	struct lns_session_info info;
	struct world w;

	(void)state;
	up(&w, true);
	first = dial(&w, "alice", "pass-a", PPP_AUTH_MSCHAPV2);
	second = dial(&w, "bob", "pass-b", PPP_AUTH_PAP);
	assert_int_equal(w.n_asks, 2);
	assert_int_equal(world_answer(&w, 1, NULL), 0);
	world_sleep(&w, CV_NS_PER_S);
	assert_true(second->up && !first->up);
	assert_int_equal(world_answer(&w, 0, NULL), 0);
	world_sleep(&w, CV_NS_PER_S);
	assert_true(first->up);
	assert_true(info_of(&w, first, &info));
	assert_string_equal(info.user, "alice");
	assert_true(info_of(&w, second, &info));
	assert_string_equal(info.user, "bob");
	world_down(&w);
}

/* The peer begins anew, and proves itself again: what was asked before is answered too late. */
static void
an_answer_to_the_question_before(void **state)
{
	struct lns_auth_answer yes = accept_as("mallory", B);
	struct lns_session_info info;
	struct world_client *c;
	struct world w;

	(void)state;
	up(&w, true);
	c = dial(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5);
	assert_int_equal(dial_restart_link(c->dial, w.now), 0);
	world_sleep(&w, CV_NS_PER_S);
	assert_int_equal(w.n_asks, 2);
	assert_int_equal(w.asks[0].ask.serial, w.asks[1].ask.serial);
	assert_int_not_equal(w.asks[0].ask.number, w.asks[1].ask.number);
	assert_int_equal(world_answer(&w, 0, &yes), CV_ERR_STATE);
	world_sleep(&w, CV_NS_PER_S);
	assert_false(c->up);
	assert_int_equal(world_answer(&w, 1, NULL), 0);
	world_sleep(&w, CV_NS_PER_S);
	assert_true(c->up);
	assert_true(info_of(&w, c, &info));
	assert_string_equal(info.user, "alice");
	assert_int_equal(world_counter(&w, LNS_AUTH_LATE), 1);
	world_down(&w);
}

/* ---- what is answered ---- */

static void
rejected_late_with_a_reason(void **state)
{
	struct lns_auth_answer no = {.verdict = LNS_AUTH_REJECTED, .reason = "not at this hour"};
	struct world_client *c;
	struct world w;

	(void)state;
	up(&w, true);
	c = dial(&w, "alice", "pass-a", PPP_AUTH_MSCHAPV2);
	world_sleep(&w, 5 * CV_NS_PER_S);
	assert_int_equal(world_answer(&w, 0, &no), 0);
	world_sleep(&w, 5 * CV_NS_PER_S);
	assert_false(c->up);
	assert_int_equal(c->auth_dones, 1);
	assert_false(c->auth_ok);
	assert_int_equal(world_counter(&w, LNS_USER_AUTH), 1);
	assert_true(world_logged(&w, "session-refused", "reason=\"not at this hour\""));
	assert_string_equal(w.reason, "wrong user name or password");
	world_down(&w);
}

/* What the proof is made of goes out with the question, as a RADIUS server would need it. */
static void
the_question_has_what_a_judge_needs(void **state)
{
	struct lns_auth_ask *ask;
	struct world w;

	(void)state;
	up(&w, true);
	dial(&w, "DOM\\alice", "pass-a", PPP_AUTH_PAP);
	dial(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5);
	dial(&w, "al\nice", "pass-a", PPP_AUTH_MSCHAPV2);
	assert_int_equal(w.n_asks, 3);
	ask = &w.asks[0].ask;
	assert_int_equal(ask->method, PPP_AUTH_PAP);
	assert_int_equal(ask->password.len, 6);
	assert_memory_equal(ask->password.data, "pass-a", 6);
	assert_int_equal(ask->name.len, 9);
	assert_memory_equal(ask->name.data, "DOM\\alice", 9);
	assert_int_equal(ask->challenge.len, 0);
	assert_true(cv_endpoint_equal(&ask->peer, &w.clients[0].address));
	ask = &w.asks[1].ask;
	assert_int_equal(ask->method, PPP_AUTH_CHAP_MD5);
	assert_int_equal(ask->challenge.len, 16);
	assert_int_equal(ask->response.len, 16);
	assert_int_equal(ask->password.len, 0);
	{ /* RFC 1994 section 4.1 */
		struct cv_bytes parts[] = {
			{&ask->chap_id, 1}, {(const uint8_t *)"pass-a", 6}, ask->challenge};
		uint8_t digest[16];

		assert_int_equal(crypto_md5(w.crypto, parts, 3, digest), 0);
		assert_memory_equal(digest, ask->response.data, 16);
	}
	ask = &w.asks[2].ask;
	assert_int_equal(ask->method, PPP_AUTH_MSCHAPV2);
	assert_int_equal(ask->challenge.len, 16);
	assert_int_equal(ask->response.len, PPP_MSCHAPV2_RESPONSE_BYTES);
	assert_string_equal(w.ask_user, "al\\x0aice");
	world_down(&w);
}

static void
accepted_by_somebody_who_keeps_the_secret(void **state)
{
	static const enum ppp_auth methods[] = {PPP_AUTH_PAP, PPP_AUTH_CHAP_MD5, PPP_AUTH_MSCHAPV2};

	for (unsigned i = 0; i < 3; i++) {
		struct lns_auth_answer yes = accept_as("guest", B);
		uint8_t hash[PPP_NT_HASH_BYTES], proof[PPP_MSCHAPV2_AUTH_BYTES];
		struct lns_session_info info;
		struct lns_auth_ask *ask;
		struct world_client *c;
		struct world w;

		(void)state;
		up(&w, true);
		ask = &w.asks[0].ask;
		c = dial(&w, "who@example", "no file has this", methods[i]);
		if (methods[i] == PPP_AUTH_MSCHAPV2) {
			struct ppp_mschapv2 m = {
				ask->challenge.data, ask->response.data, ask->name, false};
			struct cv_bytes password = {(const uint8_t *)"no file has this", 16};

			assert_int_equal(ppp_nt_hash(w.crypto, password, hash), 0);
			assert_int_equal(
				ppp_mschapv2_authenticator(w.crypto, &m, hash,
					ask->response.data + PPP_MSCHAPV2_NT_OFFSET, proof),
				0);
			yes.authenticator_response = proof;
		}
		assert_int_equal(world_answer(&w, 0, &yes), 0);
		world_sleep(&w, CV_NS_PER_S);
		assert_true(c->up && c->auth_ok);
		assert_int_equal(cv_ipv4_value(&c->up_event.local_ip) >> 8, 0x0a0001);
		assert_true(info_of(&w, c, &info));
		assert_string_equal(info.user, "guest");
		assert_string_equal(info.auth, ppp_auth_name(methods[i]));
		assert_int_equal(info.group, B);
		assert_int_equal(info.filter, OF_B);
		/* users come and go: he is known by name while he has a session */
		assert_int_equal(lns_kick_user(w.lns, w.now, "guest", PPP_DOWN_KICKED), 1);
		world_sleep(&w, 10 * CV_NS_PER_S);
		assert_int_equal(lns_kick_user(w.lns, w.now, "guest", PPP_DOWN_KICKED), 0);
		world_down(&w);
	}
}

/* MS-CHAPv2 proves the server to the peer, too: without that there is nothing to accept with. */
static void
accepted_without_the_servers_proof(void **state)
{
	struct lns_auth_answer yes = accept_as("guest", B);
	struct world_client *c;
	struct world w;

	(void)state;
	up(&w, true);
	c = dial(&w, "guest", "x", PPP_AUTH_MSCHAPV2);
	assert_int_equal(world_answer(&w, 0, &yes), 0);
	world_sleep(&w, 5 * CV_NS_PER_S);
	assert_false(c->up || c->auth_ok);
	assert_int_equal(world_counter(&w, LNS_USER_AUTH), 1);
	world_down(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_late_answer_keeps_nobody_else_waiting),
		cmocka_unit_test(a_second_answer_has_no_effect),
		cmocka_unit_test(an_answer_for_a_session_that_is_gone),
		cmocka_unit_test(answers_in_another_order),
		cmocka_unit_test(an_answer_to_the_question_before),
		cmocka_unit_test(rejected_late_with_a_reason),
		cmocka_unit_test(the_question_has_what_a_judge_needs),
		cmocka_unit_test(accepted_by_somebody_who_keeps_the_secret),
		cmocka_unit_test(accepted_without_the_servers_proof),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
