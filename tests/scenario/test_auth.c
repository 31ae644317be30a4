/* SPDX-License-Identifier: BSD-3-Clause */
/* Questions about users that are answered late, wrongly, twice, or by somebody who verifies the
 * proof himself; what a profile gives, and a later one changes. */
#include "world.h"

#include <string.h>

#include "ppp/mschapv2.h"

static const char yaml[] =
	"ports: [{name: wan, device: 'af_packet:lns0'}]\n"
	"listeners: [{address: 192.0.2.1/24}]\n"
	"tunnels: {secrets: [{secret: none}]}\n"
	"ppp: {auth: [mschapv2, chap-md5, pap]}\n"
	"groups:\n"
	"- {name: a, address: 10.0.0.1, pool: 10.0.0.8/30, user-sessions: 4}\n"
	"- {name: b, address: 10.0.1.1, pool: 10.0.1.0/24, policy: [esp]}\n"
	"- {name: c, realm: other, address: 10.0.0.1, pool: 10.0.0.0/24, auth: [mschapv2]}\n"
	"users: [{name: alice, password-file: alice, group: a},\n"
	"  {name: bob, password-file: bob, group: b}]\n"
	"limits: {sessions: 30, tunnels: 100}\n";

enum { A, B, C, NO_GROUP = 17 };
/* IDs of filters: those that are always there, and that of group b. */
enum { IPSEC, ANY, OF_B };

/* An address of pool a, as a number. */
#define POOL_A(n) (0x0a000008u + (n))

static struct world_client *
dial(struct world *w, const char *user, const char *password, enum ppp_auth method)
{
	struct world_client *c = world_client(w, user, password, method);

	c->l2tp_params.secret = NULL;
	c->ppp_params.auth_timeout_ns = 100 * CV_NS_PER_S; /* the server's is to be seen */
	c->ppp_params.max_configure = 100;
	client_dial(c);
	world_sleep(w, CV_NS_PER_S);
	return c;
}

static void
up(struct world *w, bool hold)
{
	world_up(w, yaml, 7);
	w->hold_asks = hold;
}

static struct lns_auth_answer
accept_as(const char *user, uint16_t group)
{
	return (struct lns_auth_answer){.verdict = LNS_AUTH_ACCEPTED,
		.profile = {.user = {(const uint8_t *)user, strlen(user)},
			.group = group,
			.filter = LNS_GROUPS_FILTER}};
}

/* What the server says of a client's session; false: it has none. */
static bool
info_of(const struct world *w, const struct world_client *c, struct lns_session_info *info)
{
	uint64_t cursor = 0;

	while (lns_next_session(w->lns, &cursor, UINT64_MAX, info))
		if (cv_endpoint_equal(&info->peer, &c->address))
			return true;
	return false;
}

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

/* The rules of the group hold for whoever answers, and a profile must be one that can be had. */
static void
a_profile_that_can_not_be_had(void **state)
{
	struct lns_auth_answer answers[] = {accept_as("guest", C), accept_as("guest", NO_GROUP),
		accept_as("", B), accept_as("guest", B)};
	static const int codes[] = {0, CV_ERR_CONFIG, CV_ERR_CONFIG, CV_ERR_CONFIG};
	struct world w;

	(void)state;
	answers[3].profile.filter = NO_GROUP;
	up(&w, true);
	for (unsigned i = 0; i < 4; i++) {
		struct world_client *c = dial(&w, "guest", "x", PPP_AUTH_PAP);

		assert_int_equal(world_answer(&w, i, &answers[i]), codes[i]);
		world_sleep(&w, CV_NS_PER_S);
		assert_false(c->up || c->auth_ok);
	}
	assert_int_equal(world_counter(&w, LNS_USER_METHOD), 1);
	assert_int_equal(world_counter(&w, LNS_USER_PROFILE), 3);
	world_down(&w);
}

static void
an_address_and_a_number_of_sessions(void **state)
{
	struct lns_auth_answer yes = accept_as("guest", A), other = accept_as("other", A);
	struct world_client *c;
	struct world w;

	(void)state;
	up(&w, true);
	/* the very address that the pool would give next */
	yes.profile.address = other.profile.address = cv_ipv4(POOL_A(1));
	yes.profile.sessions_max = 1;
	c = dial(&w, "guest", "x", PPP_AUTH_PAP);
	assert_int_equal(world_answer(&w, 0, &yes), 0);
	world_sleep(&w, CV_NS_PER_S);
	assert_int_equal(cv_ipv4_value(&c->up_event.local_ip), POOL_A(1));

	/* another's it stays; nobody else's it becomes by the pool */
	c = dial(&w, "other", "x", PPP_AUTH_PAP);
	assert_int_equal(world_answer(&w, 1, &other), 0);
	world_sleep(&w, 5 * CV_NS_PER_S);
	assert_false(c->up);
	assert_int_equal(world_counter(&w, LNS_USER_ADDRESS), 1);
	other.profile.address = cv_ipv4(0x0a000001); /* the LNS's own */
	c = dial(&w, "other", "x", PPP_AUTH_PAP);
	assert_int_equal(world_answer(&w, 2, &other), 0);
	world_sleep(&w, 5 * CV_NS_PER_S);
	assert_false(c->up);
	assert_int_equal(world_counter(&w, LNS_USER_ADDRESS), 2);
	other.profile.address.family = 0;
	c = dial(&w, "other", "x", PPP_AUTH_PAP);
	assert_int_equal(world_answer(&w, 3, &other), 0);
	world_sleep(&w, CV_NS_PER_S);
	assert_int_equal(cv_ipv4_value(&c->up_event.local_ip), POOL_A(2));

	/* one session, not the four of the group */
	for (unsigned i = 1; i < 4; i++)
		client_free(&w.clients[i]);
	w.n_clients = 1;
	yes.profile.address.family = 0;
	c = dial(&w, "guest", "x", PPP_AUTH_PAP);
	assert_int_equal(world_answer(&w, 4, &yes), 0);
	world_sleep(&w, 5 * CV_NS_PER_S);
	assert_false(c->up);
	assert_int_equal(world_counter(&w, LNS_USER_SESSIONS), 1);
	world_down(&w);
}

/* ---- a later profile ---- */

static struct lns_profile
profile_of(uint16_t group, uint16_t filter, uint16_t mtu)
{
	return (struct lns_profile){.group = group, .filter = filter, .mtu = mtu};
}

static void
a_later_profile_changes_a_running_session(void **state)
{
	struct lns_profile p = profile_of(A, ANY, 1280);
	struct lns_session_info info;
	struct world_client *c;
	struct world_slot *slot;
	uint64_t used, size;
	struct world w;

	(void)state;
	up(&w, true);
	c = dial(&w, "alice", "pass-a", PPP_AUTH_MSCHAPV2);
	assert_int_equal(lns_profile_set(w.lns, w.now, w.asks[0].ask.serial, &p), CV_ERR_STATE);
	assert_int_equal(world_answer(&w, 0, NULL), 0);
	world_sleep(&w, CV_NS_PER_S);
	assert_true(info_of(&w, c, &info));
	slot = &w.slots[info.slot];
	assert_true(slot->reachable && slot->group == A && slot->filter == IPSEC && slot->mtu == 0);

	assert_int_equal(lns_profile_set(w.lns, w.now, info.serial, &p), 0);
	world_sleep(&w, CV_NS_PER_S);
	assert_true(slot->group == A && slot->filter == ANY && slot->mtu == 1280);
	assert_int_equal(slot->changes, 1);
	p = profile_of(B, LNS_GROUPS_FILTER, 1280);
	assert_int_equal(lns_profile_set(w.lns, w.now, info.serial, &p), 0);
	world_sleep(&w, CV_NS_PER_S);
	assert_true(slot->group == B && slot->filter == OF_B && slot->mtu == 1280);
	assert_true(info_of(&w, c, &info));
	assert_true(info.group == B && info.filter == OF_B && info.mtu == 1280);
	assert_int_equal(slot->changes, 2);
	assert_true(world_logged(&w, "session-changed", "group=b"));
	/* the same again is no change, what can't be had none either */
	assert_int_equal(lns_profile_set(w.lns, w.now, info.serial, &p), 0);
	p = profile_of(NO_GROUP, LNS_GROUPS_FILTER, 0);
	assert_int_equal(lns_profile_set(w.lns, w.now, info.serial, &p), CV_ERR_CONFIG);
	assert_int_equal(lns_profile_set(w.lns, w.now, info.serial + 1, &p), CV_ERR_UNKNOWN);
	world_sleep(&w, CV_NS_PER_S);
	assert_int_equal(slot->changes, 2);
	/* the peer noticed nothing */
	assert_true(c->up && slot->opens == 1);
	assert_int_equal(c->ppp_ups, 1);
	assert_int_equal(cv_ipv4_value(&c->up_event.local_ip), POOL_A(1));

	/* the address goes back to the pool that it came from */
	assert_true(lns_pool_use(w.lns, A, &used, &size) && used == 1);
	assert_int_equal(lns_kick_user(w.lns, w.now, "alice", PPP_DOWN_KICKED), 1);
	assert_true(lns_pool_use(w.lns, A, &used, &size) && used == 0);
	assert_int_equal(lns_profile_set(w.lns, w.now, info.serial, &p), CV_ERR_STATE);
	world_down(&w);
}

/* Another realm, or another address, is no change that a session could bear. */
static void
a_profile_that_ends_the_session(void **state)
{
	for (int how = 0; how < 3; how++) {
		struct lns_profile p = profile_of(how == 0 ? C : A, LNS_GROUPS_FILTER, 0);
		struct lns_session_info info;
		struct world_client *c;
		struct world w;

		(void)state;
		up(&w, false);
		c = dial(&w, "alice", "pass-a", PPP_AUTH_MSCHAPV2);
		assert_true(info_of(&w, c, &info));
		if (how == 2) { /* the same address, now for its own: that is none */
			p.address = info.address;
			assert_int_equal(lns_profile_set(w.lns, w.now, info.serial, &p), 0);
			world_sleep(&w, CV_NS_PER_S);
			assert_true(c->up);
			p.address.family = 0;
		} else if (how == 1) {
			p.address = cv_ipv4(0x0a00012c);
		}
		assert_int_equal(lns_profile_set(w.lns, w.now, info.serial, &p), 0);
		world_sleep(&w, 5 * CV_NS_PER_S);
		assert_false(c->up);
		assert_string_equal(w.reason, ppp_down_text(PPP_DOWN_PROFILE));
		world_down(&w);
	}
}

/* A rechallenge is a question like any other; its answer may bring another profile. */
static void
a_rechallenge_brings_another_profile(void **state)
{
	static const char again[] = "ports: [{name: wan, device: 'af_packet:lns0'}]\n"
				    "listeners: [{address: 192.0.2.1/24}]\n"
				    "tunnels: {secrets: [{secret: none}]}\n"
				    "ppp: {auth: [chap-md5], rechallenge: 60s}\n"
				    "groups: [{name: a, address: 10.0.0.1, pool: 10.0.0.8/30}]\n"
				    "users: [{name: alice, password-file: alice}]\n"
				    "limits: {sessions: 30, tunnels: 100}\n";
	struct lns_auth_answer yes = accept_as("alice", A);
	struct lns_session_info info;
	struct world_client *c;
	struct world w;

	(void)state;
	world_up(&w, again, 8);
	c = dial(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5);
	assert_true(c->up && info_of(&w, c, &info));
	w.hold_asks = true;
	w.n_asks = 0;
	world_sleep(&w, 61 * CV_NS_PER_S);
	assert_int_equal(w.n_asks, 1);
	assert_true(w.asks[0].ask.again && c->up);
	yes.profile.mtu = 1000;
	assert_int_equal(world_answer(&w, 0, &yes), 0);
	world_sleep(&w, 5 * CV_NS_PER_S);
	assert_true(c->up && info_of(&w, c, &info));
	assert_int_equal(info.mtu, 1000);
	assert_int_equal(w.slots[info.slot].changes, 1);
	assert_int_equal(w.slots[info.slot].opens, 1);

	/* under another name it would be another's session, with an address that nobody gave him */
	world_sleep(&w, 60 * CV_NS_PER_S);
	assert_int_equal(w.n_asks, 2);
	yes.profile.user.data = (const uint8_t *)"alien";
	assert_int_equal(world_answer(&w, 1, &yes), 0);
	world_sleep(&w, 5 * CV_NS_PER_S);
	assert_false(c->up);
	assert_string_equal(w.reason, ppp_down_text(PPP_DOWN_PROFILE));
	assert_int_equal(lns_kick_user(w.lns, w.now, "alien", PPP_DOWN_KICKED), 0);
	world_down(&w);
}

#define HEAD                                               \
	"ports: [{name: wan, device: 'af_packet:lns0'}]\n" \
	"listeners: [{address: 192.0.2.1/24}]\n"           \
	"tunnels: {secrets: [{secret: none}]}\n"           \
	"ppp: {auth: [pap]}\n"                             \
	"limits: {sessions: 30, tunnels: 100}\n"           \
	"users: [{name: alice, password-file: alice, group: a}]\n"
#define GROUP_A "{name: a, address: 10.0.0.1, pool: 10.0.0.8/30}"

/* Another configuration means something to users whom it lists; for others it matters whether what
 * they were given is there still. */
static void
a_user_whom_no_configuration_lists(void **state)
{
	static const char before[] =
		HEAD "groups: [" GROUP_A ", {name: b, address: 10.0.1.1, pool: 10.0.1.0/24}]\n";
	static const char filter[] =
		HEAD "groups: [" GROUP_A ", {name: b, address: 10.0.1.1, pool: 10.0.1.0/24,"
		     " filter: any}]\n";
	static const char pool[] =
		HEAD "groups: [" GROUP_A ", {name: b, address: 10.0.1.1, pool: 10.0.2.0/24}]\n";
	static const char group[] = HEAD "groups: [" GROUP_A "]\n";
	static const char *const ends[] = {pool, group},
				 *const whys[] = {"its address is no longer the group's to give",
					 "the group or filter is gone"};

	for (unsigned i = 0; i < 2; i++) {
		/* his name is that of a user who is listed: that one is another matter */
		struct lns_auth_answer yes = accept_as("alice", B);
		struct lns_session_info info;
		struct world_client *c;
		struct world_toll toll;
		struct world w;

		(void)state;
		world_up(&w, before, 9);
		w.hold_asks = true;
		yes.profile.mtu = 1200;
		c = dial(&w, "guest", "x", PPP_AUTH_PAP);
		assert_int_equal(world_answer(&w, 0, &yes), 0);
		world_sleep(&w, CV_NS_PER_S);
		assert_true(c->up);
		world_reload(&w, before, &toll);
		assert_int_equal(toll.stay, 1);
		/* what is the group's to say, it still says for him */
		world_reload(&w, filter, &toll);
		assert_int_equal(toll.change, 1);
		world_sleep(&w, CV_NS_PER_S);
		assert_true(c->up && info_of(&w, c, &info));
		assert_int_equal(info.filter, cfg_filter_find(w.cfg, "any")->id);
		assert_int_equal(w.slots[info.slot].filter, info.filter);
		assert_int_equal(info.mtu, 1200);
		world_reload(&w, ends[i], &toll);
		assert_int_equal(toll.end, 1);
		assert_string_equal(toll.why, whys[i]);
		world_sleep(&w, 5 * CV_NS_PER_S);
		assert_false(c->up);
		world_down(&w);
	}
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
		cmocka_unit_test(a_profile_that_can_not_be_had),
		cmocka_unit_test(an_address_and_a_number_of_sessions),
		cmocka_unit_test(a_later_profile_changes_a_running_session),
		cmocka_unit_test(a_profile_that_ends_the_session),
		cmocka_unit_test(a_rechallenge_brings_another_profile),
		cmocka_unit_test(a_user_whom_no_configuration_lists),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
