/* SPDX-License-Identifier: BSD-3-Clause */
/* A new configuration under running tunnels and sessions: who goes on, who ends, what newcomers
 * meet. */
#include <stdio.h>
#include <string.h>

#include "world.h"

#define HEAD0                                              \
	"ports: [{name: wan, device: 'af_packet:lns0'}]\n" \
	"listeners: [{address: 192.0.2.1/24}]\n"           \
	"tunnels: {secrets: [{secret-file: tunnel}]}\n"
#define HEAD LIMITS HEAD0
#define LIMITS "limits: {sessions: 100, tunnels: 100}\n"
#define CORP "  - {name: corp, address: 10.88.1.1, pool: 10.88.1.0/24}\n"
#define BOTH_USERS                                               \
	"  - {name: alice, group: corp, password-file: alice}\n" \
	"  - {name: bob, group: corp, password-file: bob}\n"

static const char first[] = HEAD "groups:\n" CORP "users:\n" BOTH_USERS;

static struct world w;
static struct world_client *alice, *bob;

static bool
alice_down(struct world *world)
{
	(void)world;
	return !alice->up;
}

static int
up(void **state)
{
	(void)state;
	world_up(&w, first, 5);
	alice = world_client(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5);
	bob = world_client(&w, "bob", "pass-b", PPP_AUTH_CHAP_MD5);
	client_dial(alice);
	client_dial(bob);
	assert_true(world_run(&w, 10 * CV_NS_PER_S, all_up));
	return 0;
}

static int
down(void **state)
{
	(void)state;
	world_down(&w);
	return 0;
}

/* Nobody noticed. */
static void
both_stay(void)
{
	world_sleep(&w, 120 * CV_NS_PER_S);
	assert_true(alice->up && bob->up);
	assert_int_equal(alice->ppp_ups + bob->ppp_ups, 2);
	assert_int_equal(w.removed, 0);
}

static void
the_same_again_concerns_nobody(void **state)
{
	struct world_toll toll;

	(void)state;
	world_reload(&w, first, &toll);
	assert_int_equal(toll.stay, 2);
	assert_int_equal(toll.change + toll.end, 0);
	both_stay();
}

static void
who_is_gone_ends_and_the_others_stay(void **state)
{
	struct world_toll toll;

	(void)state;
	world_reload(&w,
		HEAD "groups:\n" CORP "users:\n  - {name: bob, group: corp, password-file: bob}\n",
		&toll);
	assert_int_equal(toll.end, 1);
	assert_string_equal(toll.why, "the user is gone");
	assert_true(world_run(&w, 5 * CV_NS_PER_S, alice_down));
	world_sleep(&w, 60 * CV_NS_PER_S);
	assert_true(bob->up);
	assert_int_equal(bob->ppp_ups, 1);
	/* and is refused from now on */
	client_dial(alice);
	world_sleep(&w, 10 * CV_NS_PER_S);
	assert_false(alice->up);
	assert_int_equal(world_counter(&w, LNS_USER_UNKNOWN), 1);
}

static void
an_address_that_stays_stays_with_who_has_it(void **state)
{
	uint32_t a = cv_ipv4_value(&alice->up_event.local_ip),
		 b = cv_ipv4_value(&bob->up_event.local_ip);
	struct world_toll toll;
	struct world_client *carl;

	(void)state;
	/* another pool, in which the addresses lie, and one user more */
	world_reload(&w,
		HEAD "groups:\n  - {name: corp, address: 10.88.1.1, pool: 10.88.1.0/29}\n"
		     "users:\n" BOTH_USERS "  - {name: carl, group: corp, password-file: bob}\n",
		&toll);
	assert_int_equal(toll.stay, 2);
	carl = world_client(&w, "carl", "pass-b", PPP_AUTH_CHAP_MD5);
	client_dial(carl);
	assert_true(world_run(&w, 10 * CV_NS_PER_S, all_up));
	assert_int_not_equal(cv_ipv4_value(&carl->up_event.local_ip), a);
	assert_int_not_equal(cv_ipv4_value(&carl->up_event.local_ip), b);
	assert_int_equal(cv_ipv4_value(&carl->up_event.local_ip) & 0xfffffff8, 0x0a580100);
	both_stay();
}

static void
an_address_that_goes_takes_its_session_along(void **state)
{
	struct world_toll toll;

	(void)state;
	world_reload(&w,
		HEAD "groups:\n  - {name: corp, address: 10.88.2.1, pool: 10.88.2.0/24}\n"
		     "users:\n" BOTH_USERS,
		&toll);
	assert_int_equal(toll.end, 2);
	assert_string_equal(toll.why, "its address is no longer the group's to give");
	world_sleep(&w, 10 * CV_NS_PER_S);
	assert_true(!alice->up && !bob->up);
	client_dial(alice);
	client_dial(bob);
	assert_true(world_run(&w, 10 * CV_NS_PER_S, all_up));
	assert_int_equal(cv_ipv4_value(&alice->up_event.local_ip) >> 8, 0x0a5802);
}

static void
an_address_that_becomes_anothers_own_is_given_up(void **state)
{
	char yaml[1000], text[CV_IP_TEXT];
	struct world_toll toll;
	struct cv_ip ip = alice->up_event.local_ip;

	(void)state;
	snprintf(yaml, sizeof(yaml),
		HEAD "groups:\n" CORP "users:\n" BOTH_USERS
		     "  - {name: carl, group: corp, password-file: bob, address: %s}\n",
		cv_ip_text(&ip, text));
	world_reload(&w, yaml, &toll);
	assert_int_equal(toll.end, 1);
	assert_int_equal(toll.stay, 1);
	assert_true(world_run(&w, 5 * CV_NS_PER_S, alice_down));
	client_dial(alice);
	assert_true(world_run(&w, 10 * CV_NS_PER_S, all_up));
	assert_int_not_equal(cv_ipv4_value(&alice->up_event.local_ip), cv_ipv4_value(&ip));
}

static void
another_group_of_the_realm_changes_a_session_under_way(void **state)
{
	struct world_toll toll;

	(void)state;
	world_reload(&w,
		HEAD "groups:\n" CORP
		     "  - {name: lab, address: 10.88.1.1, pool: 10.88.9.0/24, mtu: 1300}\n"
		     "users:\n  - {name: alice, group: corp, password-file: alice}\n"
		     "  - {name: bob, group: lab, password-file: bob, address: 10.88.1.77}\n",
		&toll);
	/* his address is another: he dials again */
	assert_int_equal(toll.end, 1);
	assert_int_equal(toll.stay, 1);
	world_sleep(&w, 10 * CV_NS_PER_S);
	client_dial(bob);
	assert_true(world_run(&w, 10 * CV_NS_PER_S, all_up));
	world_reload(&w,
		HEAD "groups:\n" CORP
		     "  - {name: lab, address: 10.88.1.1, pool: 10.88.9.0/24, mtu: 1300}\n"
		     "users:\n  - {name: alice, group: corp, password-file: alice}\n"
		     "  - {name: bob, group: corp, password-file: bob, address: 10.88.1.77}\n",
		&toll);
	assert_int_equal(toll.change, 1);
	assert_int_equal(toll.stay, 1);
	world_sleep(&w, 60 * CV_NS_PER_S);
	assert_true(alice->up && bob->up);
	assert_int_equal(bob->ppp_ups, 2);
}

static void
an_address_of_his_own_that_he_loses_ends_his_session(void **state)
{
	struct world_toll toll;

	(void)state;
	world_reload(&w,
		HEAD "groups:\n" CORP
		     "users:\n  - {name: alice, group: corp, password-file: alice}\n"
		     "  - {name: bob, group: corp, password-file: bob, address: 10.88.1.77}\n",
		&toll);
	assert_int_equal(toll.end, 1);
	world_sleep(&w, 10 * CV_NS_PER_S);
	client_dial(bob);
	assert_true(world_run(&w, 10 * CV_NS_PER_S, all_up));
	/* the pool could give it to him: what is foretold is what becomes of him */
	world_reload(&w, first, &toll);
	assert_int_equal(toll.end, 1);
	assert_int_equal(toll.stay, 1);
	world_sleep(&w, 10 * CV_NS_PER_S);
	assert_true(alice->up && !bob->up);
}

/* What the data path was told of a user's rate. */
static uint32_t
rate_in_of(const char *user)
{
	uint64_t cursor = 0, places = lns_session_places(w.lns);
	struct lns_session_info s;

	while (lns_next_session(w.lns, &cursor, places, &s))
		if (strcmp(s.user, user) == 0)
			return w.slots[s.slot].rates.in.committed;
	fail();
	return 0;
}

/* A rate comes, changes and goes under a session, which goes on; nobody else's does. */
static void
a_rate_changes_a_session_under_way(void **state)
{
	static const struct {
		const char *key;
		uint32_t want;
	} turns[] = {{", rate-in: 10Mbit", 10000}, {", rate-in: 20Mbit", 20000},
		{", rate-in: none", CV_RATE_NONE}, {"", 0}};
	char yaml[1000];
	struct world_toll toll;

	(void)state;
	assert_int_equal(rate_in_of("bob"), 0);
	for (size_t i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
		snprintf(yaml, sizeof(yaml),
			HEAD "groups:\n" CORP
			     "users:\n  - {name: alice, group: corp, password-file: alice}\n"
			     "  - {name: bob, group: corp, password-file: bob%s}\n",
			turns[i].key);
		world_reload(&w, yaml, &toll);
		assert_int_equal(toll.change, 1);
		assert_int_equal(toll.stay, 1);
		world_sleep(&w, CV_NS_PER_S);
		assert_int_equal(rate_in_of("bob"), turns[i].want);
		assert_int_equal(rate_in_of("alice"), 0);
	}
	assert_int_equal(bob->ppp_ups, 1);
}

static bool
one_has_an_address_only(struct world *world)
{
	uint64_t cursor = 0, places = lns_session_places(world->lns);
	struct lns_session_info s;

	while (lns_next_session(world->lns, &cursor, places, &s))
		if (s.address.family != 0 && strcmp(s.user, "bob") == 0 && !s.ever_open)
			return true;
	return false;
}

/* He comes up when his group is gone and nobody has looked at him yet. */
static void
who_comes_up_meanwhile_gets_his_new_group(void **state)
{
	struct world_toll toll;

	(void)state;
	world_reload(&w,
		HEAD "groups:\n" CORP "  - {name: lab, address: 10.88.1.1, pool: 10.88.9.0/24}\n"
		     "users:\n  - {name: alice, group: corp, password-file: alice}\n"
		     "  - {name: bob, group: lab, password-file: bob, address: 10.88.1.77}\n",
		&toll);
	world_sleep(&w, 10 * CV_NS_PER_S);
	client_dial(bob);
	assert_true(world_run(&w, 10 * CV_NS_PER_S, one_has_an_address_only));
	w.review_after_ns = CV_NS_PER_S;
	world_reload(&w,
		HEAD "groups:\n" CORP
		     "users:\n  - {name: alice, group: corp, password-file: alice}\n"
		     "  - {name: bob, group: corp, password-file: bob, address: 10.88.1.77}\n",
		&toll);
	assert_int_equal(toll.change, 1);
	world_sleep(&w, 60 * CV_NS_PER_S);
	assert_true(alice->up && bob->up);
	assert_int_equal(bob->ppp_ups, 2);
}

#define ROUTES(who, routes) \
	"  - {name: " who ", group: corp, password-file: " who ", routes: [" routes "]}\n"

/* What its slot was told last; its networks are none of the other's (server.c looks). */
static void
has_network(const struct world_client *c, size_t n, const char *network)
{
	const struct world_slot *slot = NULL;
	char text[CV_PREFIX_TEXT];

	for (unsigned i = 0; i < WORLD_SLOTS && slot == NULL; i++)
		if (w.slots[i].open && cv_ip_equal(&w.slots[i].address, &c->up_event.local_ip))
			slot = &w.slots[i];
	assert_non_null(slot);
	assert_int_equal(slot->n_routes, n);
	if (n != 0)
		assert_string_equal(cv_prefix_text(&slot->routes[n - 1], text), network);
}

/* Networks go from one user to another, and back, in one reload: whoever is looked at first. */
static void
networks_change_hands(void **state)
{
	struct world_toll toll;

	(void)state;
	world_reload(&w,
		HEAD "groups:\n" CORP "users:\n" ROUTES("alice", "172.20.0.0/16")
			ROUTES("bob", "172.21.0.0/16, 172.22.0.0/16"),
		&toll);
	assert_int_equal(toll.change, 2);
	has_network(alice, 1, "172.20.0.0/16");
	has_network(bob, 2, "172.22.0.0/16");
	world_reload(&w,
		HEAD "groups:\n" CORP "users:\n" ROUTES("alice", "172.22.0.0/16")
			ROUTES("bob", "172.21.0.0/16, 172.20.0.0/16"),
		&toll);
	assert_int_equal(toll.change, 2);
	has_network(alice, 1, "172.22.0.0/16");
	has_network(bob, 2, "172.20.0.0/16");
	/* all to the one, and then to the other */
	world_reload(&w,
		HEAD "groups:\n" CORP "users:\n" ROUTES(
			"alice", "172.20.0.0/16, 172.21.0.0/16, 172.22.0.0/16") ROUTES("bob", ""),
		&toll);
	has_network(alice, 3, "172.22.0.0/16");
	has_network(bob, 0, NULL);
	world_reload(&w,
		HEAD "groups:\n" CORP "users:\n" ROUTES("alice", "")
			ROUTES("bob", "172.20.0.0/16, 172.21.0.0/16, 172.22.0.0/16"),
		&toll);
	has_network(alice, 0, NULL);
	has_network(bob, 3, "172.22.0.0/16");
	both_stay();
	/* of a user who is gone they are free at once */
	world_reload(&w, HEAD "groups:\n" CORP "users:\n" ROUTES("alice", "172.20.0.0/16"), &toll);
	assert_int_equal(toll.end, 1);
	has_network(alice, 1, "172.20.0.0/16");
	world_sleep(&w, 60 * CV_NS_PER_S);
	assert_int_equal(alice->ppp_ups, 1);
}

static void
a_password_counts_from_the_next_call_on(void **state)
{
	struct world_toll toll;

	(void)state;
	world_reload(&w,
		HEAD "groups:\n" CORP "users:\n  - {name: alice, group: corp, password-file: bob}\n"
		     "  - {name: bob, group: corp, password-file: bob}\n",
		&toll);
	assert_int_equal(toll.stay, 2);
	both_stay();
	client_dial(alice);
	world_sleep(&w, 20 * CV_NS_PER_S);
	assert_false(alice->up);
	assert_int_equal(world_counter(&w, LNS_USER_AUTH), 1);
}

static void
a_tunnel_secret_counts_from_the_next_tunnel_on(void **state)
{
	struct world_toll toll;

	(void)state;
	world_reload(&w,
		LIMITS "ports: [{name: wan, device: 'af_packet:lns0'}]\n"
		       "listeners: [{address: 192.0.2.1/24}]\n"
		       "tunnels: {secrets: [{secret-file: alice}]}\n"
		       "groups:\n" CORP "users:\n" BOTH_USERS,
		&toll);
	assert_int_equal(toll.stay, 2);
	both_stay();
	client_dial(alice);
	world_sleep(&w, 20 * CV_NS_PER_S);
	assert_int_equal(alice->tunnel_ups, 1);
	alice->l2tp_params.secret = "pass-a";
	alice->l2tp_params.secret_len = strlen("pass-a");
	client_dial(alice);
	assert_true(world_run(&w, 10 * CV_NS_PER_S, all_up));
	assert_int_equal(alice->tunnel_ups, 2);
}

/* Who has asked for a tunnel goes on, also into a table of another size. */
static void
a_caller_half_way_goes_on(void **state)
{
	struct world_toll toll;
	struct lns_status status;

	(void)state;
	client_free(alice);
	client_dial(alice);
	world_sleep(&w, 15 * CV_NS_PER_MS); /* its SCCRQ has come, its SCCCN has not */
	lns_status(w.lns, &status);
	assert_int_equal(status.half_open, 1);
	world_reload(&w,
		HEAD0 "groups:\n" CORP "users:\n" BOTH_USERS
		      "limits: {sessions: 100, tunnels: 100, half-open: 500}\n",
		&toll);
	lns_status(w.lns, &status);
	assert_int_equal(status.half_open, 1);
	assert_true(world_run(&w, 5 * CV_NS_PER_S, all_up));
	assert_int_equal(alice->tunnel_ups, 2);
}

static void
a_listener_that_goes_ends_its_tunnels(void **state)
{
	struct world_toll toll;

	(void)state;
	world_reload(&w,
		LIMITS "ports: [{name: wan, device: 'af_packet:lns0'}]\n"
		       "listeners: [{address: 192.0.2.2/24}]\n"
		       "tunnels: {secrets: [{secret-file: tunnel}]}\n"
		       "groups:\n" CORP "users:\n" BOTH_USERS,
		&toll);
	world_sleep(&w, 5 * CV_NS_PER_S);
	assert_int_equal(alice->tunnel_downs + bob->tunnel_downs, 2);
	assert_int_equal(alice->tunnel_reason.result, L2TP_STOPCCN_SHUTTING_DOWN);
	assert_true(lns_listener_idle(w.lns, 0));
	/* what still comes in by it opens nothing; the new one serves */
	client_dial(alice);
	world_sleep(&w, 20 * CV_NS_PER_S);
	assert_int_equal(alice->tunnel_ups, 1);
	w.listener = w.cfg->listeners[0].id;
	assert_int_not_equal(w.listener, 0);
	client_dial(bob);
	assert_true(world_run(&w, 10 * CV_NS_PER_S, all_up) || bob->up);
}

static void
limits_hold_for_who_comes_next(void **state)
{
	struct world_toll toll;

	(void)state;
	world_reload(&w,
		HEAD0 "groups:\n" CORP "users:\n" BOTH_USERS
		      "limits: {sessions: 2, tunnels: 2, half-open: 100}\n",
		&toll);
	assert_int_equal(toll.stay, 2);
	client_free(alice); /* silently: the server still has it */
	client_dial(alice);
	world_sleep(&w, 5 * CV_NS_PER_S);
	assert_int_equal(world_counter(&w, LNS_LIMIT_TUNNELS), 1);
	assert_true(bob->up);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_same_again_concerns_nobody, up, down),
		cmocka_unit_test_setup_teardown(who_is_gone_ends_and_the_others_stay, up, down),
		cmocka_unit_test_setup_teardown(
			an_address_that_stays_stays_with_who_has_it, up, down),
		cmocka_unit_test_setup_teardown(
			an_address_that_goes_takes_its_session_along, up, down),
		cmocka_unit_test_setup_teardown(
			an_address_that_becomes_anothers_own_is_given_up, up, down),
		cmocka_unit_test_setup_teardown(
			another_group_of_the_realm_changes_a_session_under_way, up, down),
		cmocka_unit_test_setup_teardown(
			an_address_of_his_own_that_he_loses_ends_his_session, up, down),
		cmocka_unit_test_setup_teardown(
			who_comes_up_meanwhile_gets_his_new_group, up, down),
		cmocka_unit_test_setup_teardown(a_rate_changes_a_session_under_way, up, down),
		cmocka_unit_test_setup_teardown(networks_change_hands, up, down),
		cmocka_unit_test_setup_teardown(a_password_counts_from_the_next_call_on, up, down),
		cmocka_unit_test_setup_teardown(
			a_tunnel_secret_counts_from_the_next_tunnel_on, up, down),
		cmocka_unit_test_setup_teardown(a_caller_half_way_goes_on, up, down),
		cmocka_unit_test_setup_teardown(a_listener_that_goes_ends_its_tunnels, up, down),
		cmocka_unit_test_setup_teardown(limits_hold_for_who_comes_next, up, down),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
