/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups that hand out no IPv4 address: their clients have IPv6 alone. */
#include <stdio.h>
#include <string.h>

#include "world.h"

#define HEAD                                               \
	"ports: [{name: wan, device: 'af_packet:lns0'}]\n" \
	"listeners: [{address: 192.0.2.1/24}]\n"           \
	"tunnels: {secrets: [{secret-file: secret}]}\n"    \
	"limits: {sessions: 100, tunnels: 100}\n"
#define GROUP(keys) "groups: [{name: g, " keys "}]\n"
#define USERS "users: [{name: alice, password-file: alice}, {name: bob, password-file: bob}]\n"
#define POOL6 "pool6: '2001:db8:1::/48'"

static struct world w;
static struct world_client *alice, *bob;

static struct world_client *
dial_in(const char *user, bool ipv6)
{
	struct world_client *c = world_client(
		&w, user, strcmp(user, "bob") == 0 ? "pass-b" : "pass-a", PPP_AUTH_CHAP_MD5);

	c->ipv6 = ipv6;
	client_dial(c);
	return c;
}

/* IPCP of the client gets Protocol-Reject, and nobody misses it. */
static void
they_live_by_ipv6cp(void **state)
{
	const struct world_slot *slot[2];
	uint64_t used, size;

	(void)state;
	world_up(&w, HEAD GROUP(POOL6) USERS, 7);
	alice = dial_in("alice", true);
	bob = dial_in("bob", true);
	world_sleep(&w, 600 * CV_NS_PER_S);
	assert_true(alice->up && bob->up);
	assert_int_equal(alice->up_event.open, 2);
	assert_string_equal(ppp_link_network_state(alice->ppp, PPP_IPCP), "Closed");
	slot[0] = client_slot(alice);
	slot[1] = client_slot(bob);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(slot[i]->open6 && slot[i]->reach6 && !slot[i]->open4);
		assert_int_equal(slot[i]->address.family, 0);
		assert_int_equal(slot[i]->prefix6.length, 64);
	}
	assert_int_equal(alice->n_heard > 3, true); /* adverts, from time to time */
	assert_true(world_logged(&w, "session-up", "address=-"));
	assert_true(lns_prefix_use(w.lns, 0, false, &used, &size) && used == 2);
	assert_int_equal(world_counter(&w, LNS_POOL_EXHAUSTED), 0);
	/* one goes, the other stays */
	client_free(alice);
	world_sleep(&w, 300 * CV_NS_PER_S);
	assert_int_equal(w.removed, 1);
	assert_true(bob->up);
	world_down(&w);
}

/* Who does not speak IPv6 carries nothing: the time for network protocols ends it. */
static void
who_has_none_goes(void **state)
{
	(void)state;
	world_up(&w, HEAD GROUP(POOL6) USERS "ppp: {ipcp-timeout: 20s}\n", 7);
	alice = dial_in("alice", false);
	world_sleep(&w, 15 * CV_NS_PER_S);
	assert_int_equal(w.removed, 0);
	assert_false(alice->up);
	world_sleep(&w, 15 * CV_NS_PER_S);
	assert_int_equal(w.removed, 1);
	assert_string_equal(w.reason, ppp_down_text(PPP_DOWN_IPV6CP_REJECTED));
	world_down(&w);
}

static void
without_a_prefix_they_are_refused(void **state)
{
	(void)state;
	world_up(&w, HEAD GROUP("pool6: '2001:db8:1::/63'") USERS, 7);
	alice = dial_in("alice", true);
	world_sleep(&w, 5 * CV_NS_PER_S);
	bob = dial_in("bob", true);
	world_sleep(&w, 10 * CV_NS_PER_S);
	assert_true(alice->up && !bob->up);
	assert_int_equal(w.removed, 1);
	assert_string_equal(w.reason, ppp_down_text(PPP_DOWN_NO_ADDRESS));
	assert_true(world_logged(&w, "session-refused", "no free IPv6 prefix"));
	assert_int_equal(world_counter(&w, LNS_POOL6_EXHAUSTED), 1);
	world_down(&w);

	/* nor on a link that carries no IPv6 */
	world_up(&w, HEAD GROUP(POOL6) USERS "ppp: {mru: 1200}\n", 7);
	alice = dial_in("alice", true);
	world_sleep(&w, 10 * CV_NS_PER_S);
	assert_int_equal(w.removed, 1);
	assert_string_equal(w.reason, ppp_down_text(PPP_DOWN_NO_ADDRESS));
	world_down(&w);
}

/* Users who have it for their own have IPv4 in such a group; or IPv6 where it gives none. */
static void
what_users_have_for_their_own(void **state)
{
	(void)state;
	world_up(&w,
		HEAD GROUP("address: 10.0.0.1, " POOL6) "users: [{name: alice, password-file: "
							"alice, address: 10.0.0.7}, "
							"{name: bob, password-file: bob}]\n",
		7);
	alice = dial_in("alice", true);
	bob = dial_in("bob", true);
	world_sleep(&w, 10 * CV_NS_PER_S);
	assert_int_equal(alice->up_event.open, 3);
	assert_int_equal(cv_ipv4_value(&client_slot(alice)->address), 0x0a000007);
	assert_int_equal(bob->up_event.open, 2);
	world_down(&w);

	world_up(&w,
		HEAD GROUP("address: 10.0.0.1") "users: [{name: alice, password-file: alice, "
						"prefix6: '2001:db8:9::/64'}]\n",
		7);
	alice = dial_in("alice", true);
	world_sleep(&w, 10 * CV_NS_PER_S);
	assert_int_equal(alice->up_event.open, 2);
	assert_int_equal(client_slot(alice)->prefix6.length, 64);
	world_down(&w);
}

/* Another configuration leaves them alone, also one with addresses; not one without prefixes. */
static void
reloaded(void **state)
{
	struct world_toll toll;

	(void)state;
	world_up(&w, HEAD GROUP(POOL6) USERS, 7);
	alice = dial_in("alice", true);
	world_sleep(&w, 10 * CV_NS_PER_S);
	world_reload(&w, HEAD GROUP("pool6: ['2001:db8:1::/48', '2001:db8:2::/48']") USERS, &toll);
	assert_int_equal(toll.stay, 1);
	world_reload(&w, HEAD GROUP(POOL6 ", address: 10.0.0.1, pool: 10.0.0.0/24") USERS, &toll);
	assert_int_equal(toll.stay, 1);
	bob = dial_in("bob", true);
	world_sleep(&w, 10 * CV_NS_PER_S);
	assert_int_equal(alice->up_event.open, 2);
	assert_int_equal(bob->up_event.open, 3);
	world_reload(&w, HEAD GROUP("pool6: '2001:db8:3::/48'") USERS, &toll);
	assert_int_equal(toll.end, 2);
	world_down(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_live_by_ipv6cp),
		cmocka_unit_test(who_has_none_goes),
		cmocka_unit_test(without_a_prefix_they_are_refused),
		cmocka_unit_test(what_users_have_for_their_own),
		cmocka_unit_test(reloaded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
