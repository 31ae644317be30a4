/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv6 inside: IPV6CP, router advertisements, DHCPv6, and what the data path is told of it. */
#include <stdio.h>
#include <string.h>

#include "talk6.h"
#include "wire/nd.h"
#include "wire/udp.h"

#define HEAD                                               \
	"ports: [{name: wan, device: 'af_packet:lns0'}]\n" \
	"listeners: [{address: 192.0.2.1/24}]\n"           \
	"tunnels: {secrets: [{secret-file: secret}]}\n"    \
	"limits: {sessions: 100, tunnels: 100}\n"
#define GROUP(keys) "groups: [{name: g, address: 10.0.0.1, pool: 10.0.0.0/24, " keys "}]\n"
#define USERS "users: [{name: alice, password-file: alice}, {name: bob, password-file: bob}]\n"
#define POOLS "pool6: '2001:db8:1::/48', delegate: '2001:db8:100::/40', dns6: ['2001:db8::53']"

static const char both[] = HEAD GROUP(POOLS) USERS;

static struct world w;
static struct world_client *alice;

static struct world_client *
dial_in(const char *user)
{
	struct world_client *c = world_client(
		&w, user, strcmp(user, "bob") == 0 ? "pass-b" : "pass-a", PPP_AUTH_CHAP_MD5);

	c->ipv6 = true;
	client_dial(c);
	return c;
}

static bool
alice_has_both(struct world *world)
{
	(void)world;
	return alice->up && alice->up_event.open == 3;
}

/* A world in which alice is in, with both families. */
static void
begin(const char *yaml)
{
	world_up(&w, yaml, 7);
	alice = dial_in("alice");
	assert_true(world_run(&w, 5 * CV_NS_PER_S, alice_has_both));
	world_sleep(&w, CV_NS_PER_S / 10);
}

static void
both_families_come_up(void **state)
{
	static const uint64_t after_s[] = {0, 4, 20};
	const struct world_slot *slot;
	struct cv_prefix prefix;
	uint64_t first;

	(void)state;
	begin(both);
	slot = client_slot(alice);
	assert_true(slot->open4 && slot->open6 && slot->reach4 && slot->reach6);
	assert_int_equal(slot->opens, 1); /* the second came without a packet lost */
	assert_true(is_in(&slot->prefix6, "2001:db8:1::/48"));
	assert_int_equal(slot->prefix6.length, 64);
	assert_int_equal(slot->delegated.ip.family, 0);
	assert_true(world_logged(&w, "session-ipv6", "user=alice"));
	/* advertised at once, thrice soon, then at times */
	assert_int_equal(alice->n_heard, 1);
	prefix = advertised(last(alice, 0));
	assert_prefix(&prefix, &slot->prefix6);
	assert_memory_equal(
		last(alice, 0)->bytes + WIRE_IPV6_SOURCE, alice->up_event.peer_ip6.bytes, 16);
	first = last(alice, 0)->at;
	world_sleep(&w, 60 * CV_NS_PER_S);
	assert_int_equal(alice->n_heard, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(last(alice, 2 - i)->at, first + after_s[i] * CV_NS_PER_S);
	world_sleep(&w, 600 * CV_NS_PER_S);
	assert_int_equal(alice->n_heard, 4);
	/* asked for */
	solicit_router(alice);
	world_sleep(&w, CV_NS_PER_S);
	assert_int_equal(alice->n_heard, 5);
	assert_true(is_advert(last(alice, 0)));
	world_down(&w);
}

/* pppd begins IPV6CP again with another identifier: an advertisement comes unasked. */
static void
ipv6cp_begins_again(void **state)
{
	struct cv_ip before;
	unsigned heard;

	(void)state;
	begin(both);
	before = alice->up_event.local_ip6;
	world_sleep(&w, 60 * CV_NS_PER_S);
	heard = alice->n_heard;
	assert_int_equal(dial_restart_link(alice->dial, w.now), 0);
	assert_true(world_run(&w, 20 * CV_NS_PER_S, alice_has_both));
	world_sleep(&w, CV_NS_PER_S);
	assert_false(cv_ip_equal(&alice->up_event.local_ip6, &before));
	assert_int_equal(alice->n_heard, heard + 1);
	assert_true(client_slot(alice)->open6);
	world_down(&w);
}

static struct cv_prefix
prefix_of(const char *user, uint64_t seed, struct cv_prefix *delegated)
{
	struct cv_prefix prefix;
	struct reply r;

	world_up(&w, both, seed);
	alice = dial_in(user);
	assert_true(world_run(&w, 5 * CV_NS_PER_S, alice_has_both));
	prefix = client_slot(alice)->prefix6;
	r = ask(alice, AUTO6_REBIND, NULL);
	*delegated = r.prefix;
	world_down(&w);
	return prefix;
}

/* A user's prefixes follow from his name: the same from any server with these pools, so that who
 * rebinds after a restart goes on. */
static void
a_user_has_the_same_each_time(void **state)
{
	struct cv_prefix d1, d2, d3, p1 = prefix_of("alice", 1, &d1),
				     p2 = prefix_of("alice", 2, &d2), p3 = prefix_of("bob", 1, &d3);

	(void)state;
	assert_prefix(&p1, &p2);
	assert_prefix(&d1, &d2);
	assert_false(cv_ip_equal(&p1.ip, &p3.ip));
	assert_false(cv_ip_equal(&d1.ip, &d3.ip));
	assert_true(is_in(&d1, "2001:db8:100::/40"));
	assert_int_equal(d1.length, 56);
}

/* The data path knows of a prefix before its client does. */
static bool
reply_is_behind_its_route(struct world *world, int to, const uint8_t *bytes, size_t len)
{
	(void)world;
	if (to < 0 || len < 12 + WIRE_IPV6 + WIRE_UDP_HEADER)
		return true;
	for (size_t at = 6; at < 14 && at + WIRE_IPV6 + WIRE_UDP_HEADER < len; at++)
		if (bytes[at] == 0x60 && bytes[at - 1] == PPP_IPV6 &&
			bytes[at + WIRE_IPV6_NEXT] == WIRE_UDP &&
			bytes[at + WIRE_IPV6 + WIRE_UDP_HEADER] == AUTO6_REPLY)
			assert_int_equal(client_slot(alice)->delegated.length, 56);
	return true;
}

static void
a_prefix_is_delegated(void **state)
{
	struct cv_prefix prefix, other;
	unsigned changes;
	struct reply r;

	(void)state;
	begin(both);
	changes = client_slot(alice)->changes;
	w.filter = reply_is_behind_its_route;
	r = ask(alice, AUTO6_SOLICIT, NULL);
	assert_int_equal(r.type, AUTO6_ADVERTISE);
	prefix = r.prefix;
	assert_true(is_in(&prefix, "2001:db8:100::/40"));
	assert_int_equal(client_slot(alice)->delegated.ip.family, 0); /* offered, not more */
	r = ask(alice, AUTO6_REQUEST, &prefix);
	assert_int_equal(r.type, AUTO6_REPLY);
	assert_prefix(&r.prefix, &prefix);
	assert_prefix(&client_slot(alice)->delegated, &prefix);
	assert_int_equal(client_slot(alice)->changes, changes + 1);
	assert_true(world_logged(&w, "session-delegated", "user=alice"));
	/* renewed, with a prefix that is not its own, too: nothing changes */
	r = ask(alice, AUTO6_RENEW, &prefix);
	assert_prefix(&r.prefix, &prefix);
	assert_int_equal(cv_prefix_parse("2001:db8:dead::/56", &other), 0);
	r = ask(alice, AUTO6_REBIND, &other);
	assert_prefix(&r.prefix, &prefix);
	assert_int_equal(r.valid, AUTO6_VALID_S);
	assert_int_equal(client_slot(alice)->changes, changes + 1);
	w.filter = NULL;
	/* given back, and had again */
	r = ask(alice, AUTO6_RELEASE, &prefix);
	assert_int_equal(r.type, AUTO6_REPLY);
	assert_int_equal(client_slot(alice)->delegated.ip.family, 0);
	r = ask(alice, AUTO6_REQUEST, NULL);
	assert_prefix(&r.prefix, &prefix);
	assert_prefix(&client_slot(alice)->delegated, &prefix);
	world_down(&w);
}

/* Who does not renew has it no longer than it is valid; who does, has. */
static void
a_lease_ends(void **state)
{
	struct reply r;

	(void)state;
	begin(both);
	r = ask(alice, AUTO6_REBIND, NULL);
	world_sleep(&w, (AUTO6_VALID_S - 10) * CV_NS_PER_S);
	assert_prefix(&client_slot(alice)->delegated, &r.prefix);
	r = ask(alice, AUTO6_RENEW, &r.prefix);
	world_sleep(&w, (AUTO6_VALID_S - 10) * CV_NS_PER_S);
	assert_prefix(&client_slot(alice)->delegated, &r.prefix);
	world_sleep(&w, 20 * CV_NS_PER_S);
	assert_int_equal(client_slot(alice)->delegated.ip.family, 0);
	assert_true(world_logged(&w, "session-released", "user=alice"));
	world_down(&w);
}

/* One /64 and one prefix there are: the second user goes on without. */
static void
pools_run_out(void **state)
{
	static const char small[] = HEAD GROUP("pool6: '2001:db8:1::/63', delegate: "
					       "'2001:db8:100::/56'") USERS;
	struct world_client *bob;
	struct cv_prefix *none = NULL;
	uint64_t used, size;
	struct reply r;

	(void)state;
	begin(small);
	assert_true(lns_prefix_use(w.lns, 0, false, &used, &size) && used == 1 && size == 1);
	assert_true(lns_prefix_use(w.lns, 0, true, &used, &size) && used == 0 && size == 1);
	r = ask(alice, AUTO6_REBIND, none);
	assert_int_equal(r.prefix.length, 56);
	assert_true(lns_prefix_use(w.lns, 0, true, &used, &size) && used == 1 && size == 1);
	assert_false(lns_prefix_use(w.lns, 1, true, &used, &size));
	bob = dial_in("bob");
	world_sleep(&w, 5 * CV_NS_PER_S);
	assert_true(bob->up);
	assert_int_equal(bob->up_event.open, 1);
	assert_false(client_slot(bob)->open6);
	assert_int_equal(world_counter(&w, LNS_POOL6_EXHAUSTED), 1);
	world_sleep(&w, 60 * CV_NS_PER_S);
	assert_true(bob->up);
	/* with hers he has it */
	client_free(alice);
	world_sleep(&w, 200 * CV_NS_PER_S);
	client_dial(bob);
	world_sleep(&w, 5 * CV_NS_PER_S);
	assert_int_equal(bob->up_event.open, 3);
	world_down(&w);

	/* of prefixes to delegate alone */
	begin(HEAD GROUP("pool6: '2001:db8:1::/48', delegate: '2001:db8:100::/56'") USERS);
	bob = dial_in("bob");
	world_sleep(&w, 5 * CV_NS_PER_S);
	assert_int_equal(ask(alice, AUTO6_REBIND, none).prefix.length, 56);
	r = ask(bob, AUTO6_SOLICIT, none);
	assert_int_equal(r.type, AUTO6_ADVERTISE);
	assert_int_equal(r.status, 6); /* NoPrefixAvail */
	assert_int_equal(world_counter(&w, LNS_DELEGATE_EXHAUSTED), 1);
	assert_int_equal(ask(bob, AUTO6_REBIND, none).status, 3); /* NoBinding */
	assert_int_equal(client_slot(bob)->delegated.ip.family, 0);
	world_down(&w);
}

/* Where a group has no IPv6 a client that wants it goes on with IPv4. */
static void
a_group_without(void **state)
{
	(void)state;
	world_up(&w, HEAD GROUP("mtu: 1400") USERS, 7);
	alice = dial_in("alice");
	world_sleep(&w, 100 * CV_NS_PER_S);
	assert_true(alice->up);
	assert_int_equal(alice->up_event.open, 1);
	assert_string_equal(ppp_link_network_state(alice->ppp, PPP_IPV6CP), "Closed");
	assert_int_equal(alice->n_heard, 0);
	world_down(&w);
}

/* A link whose packets are too small for IPv6. */
static void
a_link_too_small(void **state)
{
	(void)state;
	world_up(&w, HEAD GROUP(POOLS) USERS "ppp: {mru: 1200}\n", 7);
	alice = dial_in("alice");
	world_sleep(&w, 10 * CV_NS_PER_S);
	assert_true(alice->up);
	assert_int_equal(alice->up_event.open, 1);
	world_down(&w);
}

static void
ipv6_alone(void **state)
{
	static const struct ppp_ncp *const only[] = {&ppp_ipv6cp};
	const struct world_slot *slot;

	(void)state;
	world_up(&w, both, 7);
	alice = world_client(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5);
	alice->ipv6 = true;
	alice->ppp_params.networks = only;
	client_dial(alice);
	world_sleep(&w, 60 * CV_NS_PER_S);
	assert_true(alice->up);
	slot = client_slot(alice);
	assert_true(!slot->open4 && slot->open6 && slot->reach6 && !slot->reach4);
	assert_int_equal(alice->n_heard, 3);
	assert_int_equal(ask(alice, AUTO6_REBIND, NULL).prefix.length, 56);
	/* and when that is over, so is the session */
	dial_free(alice->dial);
	alice->dial = NULL; /* silent */
	world_sleep(&w, 300 * CV_NS_PER_S);
	assert_int_equal(w.removed, 1);
	world_down(&w);
}

/* A flood is heard four times a second, and hurts nobody else. */
static void
a_flood_costs_others_nothing(void **state)
{
	struct world_client *bob;
	unsigned before;

	(void)state;
	begin(both);
	bob = dial_in("bob");
	world_sleep(&w, 30 * CV_NS_PER_S);
	before = alice->n_heard;
	for (unsigned i = 0; i < 1000; i++) {
		if (i % 2 == 0)
			solicit_router(alice);
		else
			dhcp(alice, AUTO6_SOLICIT, NULL);
	}
	assert_int_equal(ask(bob, AUTO6_REBIND, NULL).prefix.length, 56);
	assert_true(alice->n_heard - before <= 10);
	assert_true(world_counter(&w, LNS_IPV6_LIMITED) >= 990);
	/* a little later it is heard again */
	world_sleep(&w, 3 * CV_NS_PER_S);
	assert_int_equal(ask(alice, AUTO6_REBIND, NULL).prefix.length, 56);
	world_down(&w);
}

static void
nonsense_gets_no_answer(void **state)
{
	uint8_t packet[64];
	unsigned before;
	size_t len;

	(void)state;
	begin(both);
	world_sleep(&w, 30 * CV_NS_PER_S);
	before = alice->n_heard;
	len = make_router_solicit(alice, packet);
	packet[WIRE_IPV6_HOPS] = 64;
	client_say6(alice, packet, len);
	client_say6(alice, packet, 20);
	len = make_router_solicit(alice, packet);
	packet[WIRE_IPV6] = 143; /* MLDv2 */
	client_say6(alice, packet, len);
	dhcp(alice, AUTO6_REPLY, NULL);
	world_sleep(&w, CV_NS_PER_S);
	assert_int_equal(alice->n_heard, before);
	assert_int_equal(world_counter(&w, LNS_IPV6_MALFORMED), 2);
	assert_int_equal(world_counter(&w, LNS_IPV6_UNHEARD), 2);
	assert_true(alice->up);
	world_down(&w);
}

static void
prefixes_of_his_own(void **state)
{
	static const char fixed[] = HEAD GROUP(
		POOLS ", user-sessions: 2") "users: [{name: alice, "
					    "password-file: alice, prefix6: '2001:db8:1:7::/64', "
					    "delegated: 'fd00:7::/48'}]\n";
	const struct world_slot *slot;
	struct world_client *again;
	struct reply r;

	(void)state;
	begin(fixed);
	slot = client_slot(alice);
	assert_true(is_in(&slot->prefix6, "2001:db8:1:7::/64"));
	r = ask(alice, AUTO6_REBIND, NULL);
	assert_true(is_in(&r.prefix, "fd00:7::/48"));
	assert_int_equal(r.prefix.length, 48);
	/* a prefix belongs to one session, however many he may have: the newest */
	again = dial_in("alice");
	world_sleep(&w, 10 * CV_NS_PER_S);
	assert_true(again->up && !alice->up);
	assert_true(is_in(&client_slot(again)->prefix6, "2001:db8:1:7::/64"));
	world_down(&w);
}

/* What is a user's own, and the server's, nobody else gets, however few are left. */
static void
prefixes_of_others_are_kept(void **state)
{
	static const char text[] =
		HEAD GROUP("pool6: '2001:db8:1::/62', delegate: '2001:db8:100::/55', "
			   "user-sessions: 3") "users: [{name: alice, password-file: alice}, "
					       "{name: bob, password-file: bob, "
					       "prefix6: '2001:db8:1:1::/64', delegated: "
					       "'2001:db8:100:100::/56'}]\n";
	struct world_client *c[3];
	unsigned links = 0, delegated = 0;

	(void)state;
	world_up(&w, text, 7);
	for (unsigned i = 0; i < 3; i++)
		c[i] = dial_in("alice");
	world_sleep(&w, 10 * CV_NS_PER_S);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(c[i]->up);
		if (c[i]->up_event.open != 3)
			continue;
		links++;
		assert_true(is_in(&client_slot(c[i])->prefix6, "2001:db8:1:2::/63"));
		delegated += ask(c[i], AUTO6_REBIND, NULL).prefix.ip.family != 0;
		assert_false(is_in(&client_slot(c[i])->delegated, "2001:db8:100:100::/56"));
	}
	assert_int_equal(links, 2);
	assert_int_equal(delegated, 1);
	assert_int_equal(world_counter(&w, LNS_POOL6_EXHAUSTED), 1);
	world_down(&w);
}

/* Another configuration: what a session has stays its own, or it ends. */
static void
reloaded(void **state)
{
	static const char wider[] = HEAD GROUP("pool6: ['2001:db8:1::/48', '2001:db8:2::/48'], "
					       "delegate: '2001:db8:100::/40', dns6: "
					       "['2001:db8::54']") USERS;
	struct cv_prefix prefix, delegated;
	char own[1024], texts[CV_PREFIX_TEXT];
	struct world_client *bob;
	struct world_toll toll;
	uint64_t used, size;

	(void)state;
	begin(both);
	delegated = ask(alice, AUTO6_REBIND, NULL).prefix;
	prefix = client_slot(alice)->prefix6;
	world_reload(&w, wider, &toll);
	assert_int_equal(toll.stay, 1);
	/* it is hers in the new pools, too */
	assert_true(lns_prefix_use(w.lns, 0, false, &used, &size) && used == 1);
	assert_true(lns_prefix_use(w.lns, 0, true, &used, &size) && used == 1);
	bob = dial_in("bob");
	world_sleep(&w, 5 * CV_NS_PER_S);
	assert_true(alice->up && bob->up);
	assert_prefix(&client_slot(alice)->prefix6, &prefix);
	assert_prefix(&client_slot(alice)->delegated, &delegated);
	/* what she has is no longer there, or goes to somebody else */
	world_reload(&w, HEAD GROUP(POOLS ", address6: '2001:db8:1::1'") USERS, &toll);
	assert_int_equal(toll.end, 0);
	world_reload(&w,
		HEAD GROUP("pool6: '2001:db8:1::/48', delegate: '2001:db8:200::/40'") USERS, &toll);
	assert_int_equal(toll.end, 1);
	assert_string_equal(toll.why, "its address is no longer the group's to give");
	prefix = client_slot(bob)->prefix6;
	snprintf(own, sizeof(own),
		"%susers: [{name: bob, password-file: bob}, {name: alice, password-file: alice, "
		"prefix6: '%s'}]\n",
		HEAD GROUP("pool6: '2001:db8:1::/48'"), cv_prefix_text(&prefix, texts));
	world_reload(&w, own, &toll);
	assert_int_equal(toll.end, 1);
	assert_string_equal(toll.why, "its address is no longer the group's to give");
	world_down(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_families_come_up),
		cmocka_unit_test(ipv6cp_begins_again),
		cmocka_unit_test(a_user_has_the_same_each_time),
		cmocka_unit_test(a_prefix_is_delegated),
		cmocka_unit_test(a_lease_ends),
		cmocka_unit_test(pools_run_out),
		cmocka_unit_test(a_group_without),
		cmocka_unit_test(a_link_too_small),
		cmocka_unit_test(ipv6_alone),
		cmocka_unit_test(a_flood_costs_others_nothing),
		cmocka_unit_test(nonsense_gets_no_answer),
		cmocka_unit_test(prefixes_of_his_own),
		cmocka_unit_test(prefixes_of_others_are_kept),
		cmocka_unit_test(reloaded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
