/* SPDX-License-Identifier: BSD-3-Clause */
/* What an administrator ends, and sees: tunnels, the tunnels of a peer, sessions on one listener of
 * two, the counters of both, the use of a pool. */
#include "hand.h"

#include <stdio.h>
#include <string.h>

#define WITH_LISTENERS(listeners)                                                  \
	"ports: [{name: wan, device: 'af_packet:lns0'}]\n"                         \
	"listeners: [" listeners "]\n"                                             \
	"tunnels: {secrets: [{secret-file: tunnel.secret}]}\n"                     \
	"groups: [{name: g, address: 10.0.0.1, pool: 10.0.0.8/29},\n"              \
	"  {name: none, address: 10.0.0.1}]\n"                                     \
	"users: [{name: alice, password-file: alice.secret, group: g},\n"          \
	"  {name: bob, password-file: bob.secret, group: g, address: 10.0.0.9}]\n" \
	"limits: {sessions: 100, tunnels: 100}\n"

static const char one[] = WITH_LISTENERS("{address: 192.0.2.1/24}");
static const char two[] = WITH_LISTENERS("{address: 192.0.2.1/24}, {address: 192.0.2.2/24}");

static struct world_client *
dial(struct world *w, const char *user, const char *password)
{
	struct world_client *c = world_client(w, user, password, PPP_AUTH_CHAP_MD5);

	client_dial(c);
	assert_true(world_run(w, 10 * CV_NS_PER_S, all_up));
	return c;
}

/* What the server says of a client's tunnel, and of its session. */
static uint16_t
tunnel_of(const struct world *w, const struct world_client *c)
{
	struct lns_tunnel_info info;
	uint64_t cursor = 0;

	while (lns_next_tunnel(w->lns, &cursor, UINT64_MAX, &info))
		if (cv_endpoint_equal(&info.peer, &c->address))
			return info.tunnel_id;
	return 0;
}

static uint16_t
session_of(const struct world *w, const struct world_client *c)
{
	struct lns_session_info info;
	uint64_t cursor = 0;

	while (lns_next_session(w->lns, &cursor, UINT64_MAX, &info))
		if (cv_endpoint_equal(&info.peer, &c->address))
			return info.session_id;
	return 0;
}

static void
a_kicked_tunnel_ends_with_its_sessions_and_no_other(void **state)
{
	struct lns_status status;
	struct world_client *a, *b;
	struct world w;
	uint16_t id;

	(void)state;
	world_up(&w, one, 1);
	a = dial(&w, "alice", "pass-a");
	b = dial(&w, "bob", "pass-b");
	id = tunnel_of(&w, a);
	assert_int_equal(lns_kick_tunnel(w.lns, w.now, LNS_ANY_LISTENER, id), 1);
	world_sleep(&w, CV_NS_PER_S);
	assert_false(a->tunnel_up);
	assert_true(a->tunnel_reason.by_peer);
	assert_int_equal(a->tunnel_reason.result, L2TP_STOPCCN_CLEAR);
	assert_string_equal(a->tunnel_text, "ended by the administrator");
	assert_int_equal(w.removed, 1);
	assert_string_equal(w.reason, "ended by the administrator");
	assert_true(b->up);
	lns_status(w.lns, &status);
	assert_int_equal(status.tunnels, 1);
	assert_int_equal(status.sessions, 1);
	/* it is over: there is nothing to end any more */
	assert_int_equal(lns_kick_tunnel(w.lns, w.now, LNS_ANY_LISTENER, id), 0);
	world_down(&w);
}

static void
a_kicked_peer_loses_the_tunnels_of_its_address_or_port(void **state)
{
	enum { TUNNELS = 5 };
	struct cv_endpoint peer = {.ip = cv_ipv4(0xc6336401)};
	struct hand h[TUNNELS], other;
	struct world_client *c;
	struct world w;

	(void)state;
	world_up(&w, one, 2);
	c = dial(&w, "alice", "pass-a");
	for (unsigned i = 0; i < TUNNELS; i++) {
		hand_init(&h[i], &w, 0xc6336401, (uint16_t)(1000 + i), (uint16_t)(7 + i));
		assert_true(hand_tunnel(&h[i], "lac", "tunnelsecret"));
	}
	hand_init(&other, &w, 0xc6336402, 1000, 7);
	assert_true(hand_tunnel(&other, "lac", "tunnelsecret"));
	peer.port = 1001;
	assert_int_equal(lns_kick_peer(w.lns, w.now, &peer), 1);
	peer.port = 1005;
	assert_int_equal(lns_kick_peer(w.lns, w.now, &peer), 0);
	peer.port = 0;
	assert_int_equal(lns_kick_peer(w.lns, w.now, &peer), 4);
	assert_int_equal(lns_kick_peer(w.lns, w.now, &peer), 0);
	world_sleep(&w, CV_NS_PER_S);
	assert_true(c->up);
	for (unsigned i = 0; i < TUNNELS; i++)
		assert_int_equal(lns_find_tunnel(w.lns, 0, h[i].peer_tunnel, NULL), 0);
	assert_int_equal(lns_find_tunnel(w.lns, 0, other.peer_tunnel, NULL), 1);
	assert_true(hand_expect(&h[TUNNELS - 1], L2TP_STOPCCN));
	assert_int_equal(lns_kick_peer(w.lns, w.now, &other.address), 1);
	world_down(&w);
}

/* The serial of a client's session; 0: it has none. */
static uint64_t
serial_of(const struct world *w, const struct world_client *c)
{
	struct lns_session_info info;
	uint64_t cursor = 0;

	while (lns_next_session(w->lns, &cursor, UINT64_MAX, &info))
		if (cv_endpoint_equal(&info.peer, &c->address))
			return info.serial;
	return 0;
}

static void
a_serial_names_one_session_and_never_another(void **state)
{
	struct lns_session_info info;
	struct world_client *a, *b;
	char text[40];
	struct world w;

	(void)state;
	world_up(&w, one, 6);
	a = dial(&w, "alice", "pass-a");
	b = dial(&w, "bob", "pass-b");
	assert_int_equal(serial_of(&w, a), WORLD_SERIAL);
	assert_int_equal(serial_of(&w, b), WORLD_SERIAL + 1);
	assert_true(lns_find_serial(w.lns, WORLD_SERIAL + 1, &info));
	assert_int_equal(info.serial, WORLD_SERIAL + 1);
	assert_int_equal(info.session_id, session_of(&w, b));
	assert_string_equal(info.user, "bob");
	assert_string_equal(info.state, "open");
	assert_false(lns_find_serial(w.lns, WORLD_SERIAL + 2, &info));
	snprintf(text, sizeof(text), " serial=%" LNS_PRI_SERIAL " ", WORLD_SERIAL + 1);
	assert_true(world_logged(&w, "session-up", text));
	/* over: nobody has it, whoever comes next, and however soon */
	lns_kick_user(w.lns, w.now, "bob", PPP_DOWN_KICKED);
	world_sleep(&w, CV_NS_PER_S);
	assert_false(lns_find_serial(w.lns, WORLD_SERIAL + 1, NULL));
	client_dial(b);
	assert_true(world_run(&w, 10 * CV_NS_PER_S, all_up));
	assert_int_equal(serial_of(&w, b), WORLD_SERIAL + 2);
	assert_false(lns_find_serial(w.lns, WORLD_SERIAL + 1, NULL));
	assert_true(lns_find_serial(w.lns, WORLD_SERIAL, NULL));
	world_down(&w);
}

/* A server that is started again gives none that the one before has given. */
static void
a_serial_is_new_however_soon_a_server_starts_again(void **state)
{
	static const uint64_t lived[] = {
		100 * CV_NS_PER_MS, 999 * CV_NS_PER_MS, CV_NS_PER_S, 3 * CV_NS_PER_S};
	uint64_t start = UINT64_C(1764105600) * CV_NS_PER_S + 17;

	(void)state;
	for (unsigned part = 0; part < 10; part++, start += 97 * CV_NS_PER_MS)
		for (unsigned i = 0; i < sizeof(lived) / sizeof(lived[0]); i++) {
			uint64_t given = lived[i] / CV_NS_PER_US - 1;

			assert_true(lns_serial_at(start) + given < lns_serial_at(start + lived[i]));
		}
	assert_true(lns_serial_at(start) > LNS_SERIAL_MIN);
}

static void
a_refused_session_has_its_serial_in_the_log(void **state)
{
	char text[40];
	struct world w;

	(void)state;
	world_up(&w, one, 7);
	client_dial(world_client(&w, "alice", "wrong", PPP_AUTH_CHAP_MD5));
	world_sleep(&w, 5 * CV_NS_PER_S);
	snprintf(text, sizeof(text), " serial=%" LNS_PRI_SERIAL " ", WORLD_SERIAL);
	assert_true(world_logged(&w, "session-refused", text));
	assert_false(lns_find_serial(w.lns, WORLD_SERIAL, NULL));
	world_down(&w);
}

/* A first serial that could be taken for one of L2TP's IDs is not. */
static void
serials_are_longer_than_ids(void **state)
{
	struct lns_params params = {.first_serial = 5};
	struct world w;

	(void)state;
	world_up(&w, one, 8);
	lns_free(w.lns);
	params.cfg = w.cfg;
	params.crypto = w.crypto;
	params.log = &w.log;
	w.lns = lns_new(&params, w.now);
	assert_non_null(w.lns);
	assert_int_equal(serial_of(&w, dial(&w, "alice", "pass-a")), LNS_SERIAL_MIN);
	world_down(&w);
}

/* The same random numbers at both listeners: the same IDs. */
static uint16_t
call_at(struct world *w, struct hand *h, uint16_t listener)
{
	static const uint8_t seed[CRYPTO_SEED_BYTES] = {7};

	w->listener = listener;
	crypto_reseed(w->crypto, seed);
	hand_init(h, w, 0xc6336401, (uint16_t)(1000 + listener), 7);
	assert_true(hand_tunnel(h, "lac", "tunnelsecret"));
	return hand_call(h, 5);
}

static void
the_same_ids_at_two_listeners_are_told_apart(void **state)
{
	struct lns_tunnel_info tunnel;
	struct lns_session_info info;
	struct hand h[2];
	struct world w;
	uint16_t session, id;

	(void)state;
	world_up(&w, two, 3);
	session = call_at(&w, &h[0], 0);
	id = h[0].peer_tunnel;
	assert_int_equal(lns_find_session(w.lns, LNS_ANY_LISTENER, id, session, &info), 1);
	assert_int_equal(call_at(&w, &h[1], 1), session);
	assert_int_equal(h[1].peer_tunnel, id);
	assert_int_equal(lns_find_session(w.lns, LNS_ANY_LISTENER, id, session, NULL), 2);
	assert_int_equal(lns_find_tunnel(w.lns, LNS_ANY_LISTENER, id, NULL), 2);
	for (uint16_t i = 0; i < 2; i++) {
		assert_int_equal(lns_find_session(w.lns, i, id, session, &info), 1);
		assert_int_equal(info.listener, i);
		assert_int_equal(info.peer.port, 1000 + i);
		assert_int_equal(lns_find_tunnel(w.lns, i, id, &tunnel), 1);
		assert_int_equal(tunnel.listener, i);
	}
	assert_int_equal(lns_find_session(w.lns, 2, id, session, &info), 0);
	assert_int_equal(lns_kick_session(w.lns, w.now, 1, id, session, PPP_DOWN_KICKED), 1);
	assert_int_equal(lns_find_session(w.lns, LNS_ANY_LISTENER, id, session, &info), 1);
	assert_int_equal(info.listener, 0);
	assert_int_equal(lns_kick_tunnel(w.lns, w.now, 0, id), 1);
	assert_int_equal(lns_find_tunnel(w.lns, LNS_ANY_LISTENER, id, &tunnel), 1);
	assert_int_equal(tunnel.listener, 1);
	world_down(&w);
}

/* The value of a counter by its name; -1: there is none. */
static int64_t
tunnel_tally(const struct world *w, uint16_t tunnel, const char *name)
{
	struct lns_tally tally;

	for (unsigned i = 0; lns_tunnel_tally(w->lns, 0, tunnel, i, &tally); i++)
		if (strcmp(tally.name, name) == 0 && tally.help[0] != '\0')
			return (int64_t)tally.value;
	return -1;
}

static int64_t
session_tally(const struct world *w, uint16_t tunnel, uint16_t session, const char *name)
{
	struct lns_tally tally;

	for (unsigned i = 0; lns_session_tally(w->lns, 0, tunnel, session, i, &tally); i++)
		if (strcmp(tally.name, name) == 0 && tally.help[0] != '\0')
			return (int64_t)tally.value;
	return -1;
}

static void
counters_of_l2tp_and_ppp_are_told(void **state)
{
	struct world_client *c;
	struct world w;
	int64_t messages;
	uint16_t tunnel, session;

	(void)state;
	world_up(&w, one, 4);
	c = dial(&w, "alice", "pass-a");
	tunnel = tunnel_of(&w, c);
	session = session_of(&w, c);
	messages = tunnel_tally(&w, tunnel, "rx_messages");
	assert_true(messages >= 3); /* ICRQ and ICCN, and SCCCN or SCCRQ */
	assert_int_equal(tunnel_tally(&w, tunnel, "calls"), 1);
	assert_int_equal(tunnel_tally(&w, tunnel, "rx_malformed"), 0);
	assert_true(session_tally(&w, tunnel, session, "rx_frames") >= 5);
	assert_true(session_tally(&w, tunnel, session, "tx_frames") >= 5);
	assert_int_equal(session_tally(&w, tunnel, session, "echo_lost"), 0);
	assert_int_equal(session_tally(&w, tunnel, session, "nosuch"), -1);
	assert_int_equal(session_tally(&w, tunnel, 0, "rx_frames"), -1);
	assert_int_equal(tunnel_tally(&w, 0, "rx_messages"), -1);
	world_sleep(&w, 90 * CV_NS_PER_S); /* HELLO or its answer, echoes */
	assert_true(session_tally(&w, tunnel, session, "tx_frames") >= 7);
	world_down(&w);
}

static void
the_use_of_a_pool_is_told(void **state)
{
	struct world_client *c;
	struct world w;
	uint64_t used, size;

	(void)state;
	world_up(&w, one, 5);
	assert_true(lns_pool_use(w.lns, 0, &used, &size));
	assert_int_equal(used, 0);
	assert_int_equal(size, 5); /* of 8: not its first and last, and not bob's own */
	assert_true(lns_pool_use(w.lns, 1, &used, &size));
	assert_int_equal(size, 0);
	assert_false(lns_pool_use(w.lns, 2, &used, &size));
	c = dial(&w, "alice", "pass-a");
	dial(&w, "bob", "pass-b");
	assert_true(lns_pool_use(w.lns, 0, &used, &size));
	assert_int_equal(used, 1);
	lns_kick_tunnel(w.lns, w.now, 0, tunnel_of(&w, c));
	world_sleep(&w, CV_NS_PER_S);
	assert_true(lns_pool_use(w.lns, 0, &used, &size));
	assert_int_equal(used, 0);
	world_down(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kicked_tunnel_ends_with_its_sessions_and_no_other),
		cmocka_unit_test(a_kicked_peer_loses_the_tunnels_of_its_address_or_port),
		cmocka_unit_test(a_serial_names_one_session_and_never_another),
		cmocka_unit_test(a_serial_is_new_however_soon_a_server_starts_again),
		cmocka_unit_test(a_refused_session_has_its_serial_in_the_log),
		cmocka_unit_test(serials_are_longer_than_ids),
		cmocka_unit_test(the_same_ids_at_two_listeners_are_told_apart),
		cmocka_unit_test(counters_of_l2tp_and_ppp_are_told),
		cmocka_unit_test(the_use_of_a_pool_is_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
