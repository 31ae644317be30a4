/* SPDX-License-Identifier: BSD-3-Clause */
/* Users: methods of their group, how many sessions, which address, and who gives way. */
#include "world.h"

#include <string.h>

#define WITH(ppp, group, users)                               \
	"ports: [{name: wan, device: 'af_packet:lns0'}]\n"    \
	"listeners: [{address: 192.0.2.1/24}]\n"              \
	"tunnels: {secrets: [{secret: none}]}\n"              \
	"ppp: {" ppp "}\n"                                    \
	"groups: [{name: g, address: 10.0.0.1, " group "}]\n" \
	"users: [" users "]\n"                                \
	"limits: {sessions: 30, tunnels: 100}\n"

#define ALICE "{name: alice, password-file: alice}"
#define BOB "{name: bob, password-file: bob}"

static struct world_client *
dial(struct world *w, const char *user, enum ppp_auth method)
{
	struct world_client *c =
		world_client(w, user, strcmp(user, "bob") == 0 ? "pass-b" : "pass-a", method);

	c->l2tp_params.secret = NULL;
	c->ppp_params.echo_interval_ns = 0; /* the server's are seen the better */
	client_dial(c);
	world_sleep(w, 3 * CV_NS_PER_S);
	return c;
}

static void
hang_up(struct world_client *c)
{
	static const struct l2tp_reason bye = {.result = L2TP_STOPCCN_CLEAR};

	l2tp_tunnel_close(c->l2tp, c->world->now, &bye);
	world_sleep(c->world, 2 * CV_NS_PER_S);
	client_free(c);
}

static void
an_address_goes_back_to_its_pool(void **state)
{
	struct world w;

	(void)state;
	world_up(&w, WITH("auth: [pap]", "pool: 10.0.0.8/32", ALICE ", " BOB), 41);
	for (unsigned i = 0; i < 20; i++) {
		struct world_client *c;

		w.n_clients = 0;
		c = dial(&w, i % 2 == 0 ? "alice" : "bob", PPP_AUTH_PAP);
		assert_true(c->up);
		assert_int_equal(cv_ipv4_value(&c->up_event.local_ip), 0x0a000008);
		hang_up(c);
	}
	assert_int_equal(world_counter(&w, LNS_POOL_EXHAUSTED), 0);
	world_down(&w);
}

static void
a_method_that_the_group_forbids_is_refused(void **state)
{
	struct world_client *c;
	struct world w;

	(void)state;
	world_up(&w,
		WITH("auth: [mschapv2, chap-md5, pap]", "pool: 10.0.0.0/24, auth: [mschapv2]",
			ALICE),
		42);
	c = dial(&w, "alice", PPP_AUTH_PAP);
	assert_false(c->up);
	assert_false(c->auth_ok);
	assert_int_equal(world_counter(&w, LNS_USER_METHOD), 1);
	assert_true(world_logged(&w, "session-refused", "method=pap"));
	client_free(c);
	w.n_clients = 0;
	c = dial(&w, "alice", PPP_AUTH_MSCHAPV2);
	assert_true(c->up);
	world_down(&w);
}

static void
no_more_sessions_than_the_user_may_have(void **state)
{
	struct world_client *c[3];
	struct world w;

	(void)state;
	world_up(&w, WITH("auth: [chap-md5]", "pool: 10.0.0.0/24, user-sessions: 2", ALICE), 43);
	for (unsigned i = 0; i < 3; i++)
		c[i] = dial(&w, "alice", PPP_AUTH_CHAP_MD5);
	assert_true(c[0]->up);
	assert_true(c[1]->up);
	assert_false(c[2]->up);
	assert_int_equal(world_counter(&w, LNS_USER_SESSIONS), 1);
	assert_true(world_logged(&w, "session-refused", "sessions are all in use"));
	hang_up(c[0]);
	client_dial(c[2]);
	world_sleep(&w, 3 * CV_NS_PER_S);
	assert_true(c[2]->up);
	world_down(&w);
}

/* world.c asserts that no two open sessions have one address, nor hand it over in disorder. */
static void
a_fixed_address_belongs_to_the_newest_session(void **state)
{
	struct world_client *first, *second;
	struct world w;

	(void)state;
	world_up(&w,
		WITH("auth: [chap-md5]", "pool: 10.0.0.0/24, user-sessions: 5",
			"{name: alice, password-file: alice, address: 10.0.0.77}, " BOB),
		44);
	first = dial(&w, "alice", PPP_AUTH_CHAP_MD5);
	assert_int_equal(cv_ipv4_value(&first->up_event.local_ip), 0x0a00004d);
	second = dial(&w, "alice", PPP_AUTH_CHAP_MD5);
	assert_true(second->up);
	assert_int_equal(cv_ipv4_value(&second->up_event.local_ip), 0x0a00004d);
	assert_false(first->up);
	assert_int_equal(world_counter(&w, LNS_USER_REPLACED), 1);
	world_down(&w);
}

/* The same, once the old session's client is gone without a word. */
static void
a_dead_clients_address_is_free_for_its_next_call(void **state)
{
	struct world_client *first, *second;
	struct world w;

	(void)state;
	world_up(&w,
		WITH("auth: [chap-md5]", "pool: 10.0.0.0/24",
			"{name: alice, password-file: alice, address: 10.0.0.77}"),
		45);
	first = dial(&w, "alice", PPP_AUTH_CHAP_MD5);
	assert_true(first->up);
	client_free(first);
	second = dial(&w, "alice", PPP_AUTH_CHAP_MD5);
	assert_true(second->up);
	world_sleep(&w, 30 * CV_NS_PER_S);
	assert_true(second->up);
	world_down(&w);
}

static void
a_kicked_session_keeps_its_address_for_the_last_line(void **state)
{
	struct world_client *c;
	struct world w;

	(void)state;
	world_up(&w, WITH("auth: [chap-md5]", "pool: 10.0.0.8/32", ALICE ", " BOB), 50);
	c = dial(&w, "alice", PPP_AUTH_CHAP_MD5);
	assert_true(c->up);
	assert_int_equal(lns_kick_user(w.lns, w.now, "alice", PPP_DOWN_KICKED), 1);
	world_sleep(&w, 5 * CV_NS_PER_S);
	assert_false(c->up);
	assert_int_equal(w.removed, 1);
	assert_string_equal(w.reason, "ended by the administrator");
	assert_int_equal(w.removed_address, 0x0a000008);
	assert_true(dial(&w, "bob", PPP_AUTH_CHAP_MD5)->up); /* and it is free again */
	world_down(&w);
}

static bool
no_chap(struct world *w, int to, const uint8_t *bytes, size_t len)
{
	(void)w;
	(void)to;
	return (bytes[0] & 0x80) != 0 || len < 12 || bytes[10] != 0xc2;
}

/* Nothing flows while it is open who the peer is. */
static void
a_link_that_negotiates_again_is_shut_until_it_is_up(void **state)
{
	struct world_client *c;
	struct world w;

	(void)state;
	world_up(&w, WITH("auth: [chap-md5]", "pool: 10.0.0.0/24", ALICE), 46);
	c = dial(&w, "alice", PPP_AUTH_CHAP_MD5);
	assert_int_equal(open_slots(&w), 1);
	w.filter = no_chap;
	/* the client's PPP starts anew on the same call */
	assert_int_equal(dial_restart_link(c->dial, w.now), 0);
	world_sleep(&w, 5 * CV_NS_PER_S);
	assert_int_equal(open_slots(&w), 0);
	w.filter = NULL;
	world_sleep(&w, 10 * CV_NS_PER_S);
	assert_int_equal(open_slots(&w), 1);
	assert_true(c->up);
	world_down(&w);
}

static unsigned echoes;

static bool
count_echoes(struct world *w, int to, const uint8_t *bytes, size_t len)
{
	(void)w;
	echoes += to >= 0 && (bytes[0] & 0x80) == 0 && len > 12 && bytes[10] == 0xc0 &&
		  bytes[12] == 9;
	return true;
}

static void
data_postpones_the_echo(void **state)
{
	struct world_client *c;
	struct world w;

	(void)state;
	world_up(&w, WITH("auth: [chap-md5]", "pool: 10.0.0.0/24", ALICE), 47);
	c = dial(&w, "alice", PPP_AUTH_CHAP_MD5);
	w.filter = count_echoes;
	echoes = 0;
	for (unsigned i = 0; i < 20; i++) {
		for (unsigned k = 0; k < WORLD_SLOTS; k++)
			w.slots[k].rx_packets += w.slots[k].open;
		world_sleep(&w, 15 * CV_NS_PER_S);
	}
	assert_true(echoes <= 1);
	echoes = 0;
	world_sleep(&w, 100 * CV_NS_PER_S);
	assert_true(echoes >= 4);
	assert_true(c->up);
	world_down(&w);
}

/* The server asks what the data path heard, and does not wait for ever: then it asks the peer. */
static void
nobody_says_what_was_heard(void **state)
{
	struct lns_session_info info;
	struct world_client *c;
	uint64_t cursor = 0;
	struct world w;

	(void)state;
	world_up(&w, WITH("auth: [chap-md5]", "pool: 10.0.0.0/24", ALICE), 47);
	c = dial(&w, "alice", PPP_AUTH_CHAP_MD5);
	assert_true(lns_next_session(w.lns, &cursor, UINT64_MAX, &info));
	assert_int_equal(lns_session_heard(w.lns, w.now, info.serial, 7), CV_ERR_STATE);
	assert_int_equal(lns_session_heard(w.lns, w.now, info.serial + 1, 7), CV_ERR_UNKNOWN);
	w.deaf = true;
	w.filter = count_echoes;
	echoes = 0;
	world_sleep(&w, 100 * CV_NS_PER_S);
	assert_true(echoes >= 4);
	assert_true(c->up);
	world_down(&w);
}

static void
chap_repeats_as_configured(void **state)
{
	struct world_client *c;
	struct world w;

	(void)state;
	world_up(&w, WITH("auth: [chap-md5], rechallenge: 30s", "pool: 10.0.0.0/24", ALICE), 48);
	c = dial(&w, "alice", PPP_AUTH_CHAP_MD5);
	assert_int_equal(c->auth_dones, 1);
	world_sleep(&w, 100 * CV_NS_PER_S);
	assert_int_equal(c->auth_dones, 4);
	assert_int_equal(c->ppp_ups, 1);
	world_down(&w);
}

/* Few slots, many calls one after the other: world.c asserts that IDs rest. */
static void
ids_rest_although_slots_are_few(void **state)
{
	struct world_client *c;
	struct world w;

	(void)state;
	world_up(&w, WITH("auth: [chap-md5]", "pool: 10.0.0.0/24", ALICE), 49);
	assert_int_equal(lns_slot_mask(w.lns), 63);
	c = dial(&w, "alice", PPP_AUTH_CHAP_MD5);
	for (unsigned i = 0; i < 200; i++) {
		dial_drop_call(c->dial, w.now);
		c->local_session = (uint16_t)(i + 1);
		assert_int_equal(dial_call(c->dial, w.now, c->local_session), 0);
		world_sleep(&w, 400 * CV_NS_PER_MS);
		assert_non_null(c->ppp);
	}
	assert_true(w.removed >= 200);
	world_down(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_goes_back_to_its_pool),
		cmocka_unit_test(a_method_that_the_group_forbids_is_refused),
		cmocka_unit_test(no_more_sessions_than_the_user_may_have),
		cmocka_unit_test(a_fixed_address_belongs_to_the_newest_session),
		cmocka_unit_test(a_dead_clients_address_is_free_for_its_next_call),
		cmocka_unit_test(a_kicked_session_keeps_its_address_for_the_last_line),
		cmocka_unit_test(a_link_that_negotiates_again_is_shut_until_it_is_up),
		cmocka_unit_test(data_postpones_the_echo),
		cmocka_unit_test(nobody_says_what_was_heard),
		cmocka_unit_test(chap_repeats_as_configured),
		cmocka_unit_test(ids_rest_although_slots_are_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
