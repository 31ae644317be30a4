/* SPDX-License-Identifier: BSD-3-Clause */
/* What a profile gives a session, and a later one changes. */
#include "judge.h"

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

/* Networks behind a user: they are told with the session, change under it, and lead to one session
 * of his alone. */
static void
networks_behind_a_user(void **state)
{
	const struct cv_prefix nets[] = {{.ip = cv_ipv4(0xc0a80700), .length = 24},
		{.ip = {.family = CV_IPV6, .bytes = {0x20, 1, 0x0d, 0xb8}}, .length = 48}};
	struct lns_auth_answer yes = accept_as("guest", A);
	struct lns_profile p = profile_of(A, LNS_GROUPS_FILTER, 0);
	struct lns_session_info info;
	struct world_client *first, *second;
	struct world w;

	(void)state;
	up(&w, true);
	yes.profile.sessions_max = 2;
	yes.profile.routes = nets;
	yes.profile.n_routes = 2;
	first = dial(&w, "guest", "x", PPP_AUTH_PAP);
	assert_int_equal(world_answer(&w, 0, &yes), 0);
	world_sleep(&w, CV_NS_PER_S);
	assert_true(first->up && info_of(&w, first, &info));
	assert_int_equal(info.n_routes, 2);
	assert_true(cv_prefix_equal(&info.routes[1], &nets[1]));

	p.sessions_max = 2;
	p.routes = &nets[1];
	p.n_routes = 1;
	assert_int_equal(lns_profile_set(w.lns, w.now, info.serial, &p), 0);
	world_sleep(&w, CV_NS_PER_S);
	assert_int_equal(w.slots[info.slot].changes, 1);
	assert_true(info_of(&w, first, &info));
	assert_int_equal(info.n_routes, 1);
	assert_true(cv_prefix_equal(&info.routes[0], &nets[1]));
	assert_int_equal(lns_profile_set(w.lns, w.now, info.serial, &p), 0);
	world_sleep(&w, CV_NS_PER_S);
	assert_int_equal(w.slots[info.slot].changes, 1); /* the same again is none */

	/* he may have two sessions, but they can't both lead there: the newer one does */
	second = dial(&w, "guest", "x", PPP_AUTH_PAP);
	assert_int_equal(world_answer(&w, 1, &yes), 0);
	world_sleep(&w, 5 * CV_NS_PER_S);
	assert_true(second->up);
	assert_false(first->up);
	assert_int_equal(world_counter(&w, LNS_USER_REPLACED), 1);
	/* one without stands beside it */
	yes.profile.n_routes = 0;
	(void)dial(&w, "guest", "x", PPP_AUTH_PAP);
	assert_int_equal(world_answer(&w, 2, &yes), 0);
	world_sleep(&w, 5 * CV_NS_PER_S);
	assert_true(second->up);
	assert_int_equal(world_counter(&w, LNS_USER_REPLACED), 1);
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
		cmocka_unit_test(a_profile_that_can_not_be_had),
		cmocka_unit_test(an_address_and_a_number_of_sessions),
		cmocka_unit_test(a_later_profile_changes_a_running_session),
		cmocka_unit_test(networks_behind_a_user),
		cmocka_unit_test(a_profile_that_ends_the_session),
		cmocka_unit_test(a_rechallenge_brings_another_profile),
		cmocka_unit_test(a_user_whom_no_configuration_lists),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
