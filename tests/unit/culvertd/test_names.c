/* SPDX-License-Identifier: BSD-3-Clause */
/* How people name tunnels, sessions and peers: where two listeners have the same IDs, which of the
 * two is meant is shown, may be said, and must be said to end one. */
#include "../../../app/culvertd/commands.h"
#include "../../scenario/hand.h"

#include <string.h>

static const char yaml[] =
	"ports: [{name: wan, device: 'af_packet:lns0'}]\n"
	"listeners: [{address: 192.0.2.1/24}, {address: 192.0.2.1/24, udp-port: 1702},\n"
	"  {address: 192.0.2.2/24}, {address: '2001:db8::1/64'}]\n"
	"tunnels: {secrets: [{secret-file: tunnel.secret}]}\n"
	"groups: [{name: g, address: 10.0.0.1, pool: 10.0.0.0/24}]\n"
	"interfaces: [{name: lan, addresses: 198.18.5.1/24}]\n"
	"users: [{name: alice, password-file: alice.secret}]\n"
	"limits: {sessions: 100, tunnels: 100}\n";

static struct world w;
static struct daemon d;
static struct hand hands[2];
static uint16_t tunnel, session; /* the same at listeners 0 and 2 */

/* What the daemon's kick needs of it. */
uint64_t
daemon_now(void)
{
	return w.now;
}

void
daemon_act(struct daemon *daemon, uint64_t now)
{
	(void)daemon;
	(void)now;
}

/* The same random numbers at both listeners: the same IDs. */
static void
call_at(struct hand *h, uint16_t listener)
{
	static const uint8_t seed[CRYPTO_SEED_BYTES] = {7};

	w.listener = listener;
	crypto_reseed(w.crypto, seed);
	hand_init(h, &w, 0xc6336401, (uint16_t)(1000 + listener), 7);
	assert_true(hand_tunnel(h, "lac", "tunnelsecret"));
	session = hand_call(h, 5);
	tunnel = h->peer_tunnel;
}

static int
up(void **state)
{
	(void)state;
	world_up(&w, yaml, 3);
	d = (struct daemon){.cfg = w.cfg, .lns = w.lns};
	call_at(&hands[0], 0);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	world_down(&w);
	return 0;
}

static void
both(void)
{
	call_at(&hands[1], 2);
	assert_int_equal(hands[0].peer_tunnel, tunnel);
}

static const char *
text_of(const char *fmt)
{
	static char text[100];

	snprintf(text, sizeof(text), fmt, tunnel, session);
	return text;
}

static void
the_listener_is_named_where_ids_are_there_twice(void **state)
{
	char id[ROW_ID];

	(void)state;
	assert_string_equal(id_session(&d, 0, tunnel, session, id), text_of("%u/%u"));
	assert_string_equal(id_tunnel(&d, 0, tunnel, id), text_of("%u"));
	both();
	assert_string_equal(
		id_session(&d, 0, tunnel, session, id), text_of("%u/%u@192.0.2.1:1701"));
	assert_string_equal(
		id_session(&d, 2, tunnel, session, id), text_of("%u/%u@192.0.2.2:1701"));
	assert_string_equal(id_tunnel(&d, 2, tunnel, id), text_of("%u@192.0.2.2:1701"));
}

static json_t *
kick(const char *key, const char *value, struct control_error *error)
{
	json_t *arguments = json_pack("{s:s}", key, value), *answer;

	*error = (struct control_error){.code = CONTROL_OK};
	answer = cmd_kick(&d, arguments, error);
	json_decref(arguments);
	return answer;
}

/* One of two is ended only when it is said which. */
static void
kick_one(const char *key, const char *bare, const char *at_second, const char *all)
{
	struct control_error error;
	json_t *answer;

	both();
	assert_null(kick(key, text_of(bare), &error));
	assert_int_equal(error.code, CONTROL_USAGE);
	assert_non_null(strstr(error.message, text_of(all)));
	assert_int_equal(lns_find_session(w.lns, LNS_ANY_LISTENER, tunnel, session, NULL), 2);
	answer = kick(key, text_of(at_second), &error);
	assert_int_equal(json_integer_value(json_object_get(answer, "ended")), 1);
	json_decref(answer);
	assert_int_equal(lns_find_session(w.lns, 0, tunnel, session, NULL), 1);
	/* now it is the only one */
	answer = kick(key, text_of(bare), &error);
	assert_int_equal(json_integer_value(json_object_get(answer, "ended")), 1);
	json_decref(answer);
	assert_int_equal(lns_find_session(w.lns, LNS_ANY_LISTENER, tunnel, session, NULL), 0);
}

static void
a_session_that_is_there_twice_is_ended_once(void **state)
{
	(void)state;
	kick_one("session", "%1$u/%2$u", "%1$u/%2$u@192.0.2.2",
		"say which: %1$u/%2$u@192.0.2.1:1701, %1$u/%2$u@192.0.2.2:1701");
}

static void
a_tunnel_that_is_there_twice_is_ended_once(void **state)
{
	(void)state;
	kick_one("tunnel", "%1$u", "%1$u@192.0.2.2:1701",
		"say which: %1$u@192.0.2.1:1701, %1$u@192.0.2.2:1701");
}

static void
a_serial_needs_no_listener(void **state)
{
	struct lns_session_info info;
	struct control_error error;
	char serial[LNS_SERIAL_TEXT];
	json_t *answer;
	struct id id;

	(void)state;
	both();
	assert_int_equal(lns_find_session(w.lns, 2, tunnel, session, &info), 1);
	id_serial(info.serial, serial);
	assert_string_equal(serial, "5f00000000001");
	assert_true(id_parse_session(&d, serial, &id, &error));
	assert_true(id_find_session(&d, &id, &info));
	assert_int_equal(info.listener, 2);
	answer = kick("session", serial, &error);
	assert_int_equal(json_integer_value(json_object_get(answer, "ended")), 1);
	json_decref(answer);
	assert_int_equal(lns_find_session(w.lns, 0, tunnel, session, NULL), 1);
	assert_int_equal(lns_find_session(w.lns, 2, tunnel, session, NULL), 0);
	assert_null(kick("session", serial, &error));
	assert_int_equal(error.code, CONTROL_NOT_FOUND);
	assert_string_equal(error.message, "session 5f00000000001 is not here");
}

static void
what_names_nothing_is_refused(void **state)
{
	static const char *const sessions[] = {"", "1", "1/", "/1", "1/2/3", "65536/1", "1/65536",
		"24090", "ffffffff", "5f0000000000g", "0x5f00000000000", " 5f00000000000",
		"10000000000000000", "1/2@", "1/2@192.0.2.9", "1/2@192.0.2.1:1703", "1/2@x", "1/2 ",
		"a/b", "1/2@192.0.2.1" /* two ports are served there */};
	static const char *const six[] = {"2001:db8::b", "[2001:db8::b]", "[2001:db8::b]:1701"};
	static const char *const tunnels[] = {"", "1/2", "65536", "-1", " 1", "1@", "1@192.0.2.1"};
	static const char *const peers[] = {"", "1.2.3", "1.2.3.4:", "1.2.3.4:0", "1.2.3.4:65536",
		"1.2.3.4:1x", "1.2.3.4.5", "[::1", "[::1]1701", "[::1]:", "[::1]:0", "[1.2.3.4]:5",
		"::1]:1701", "2001:db8::g", "[2001:db8::1]:65536"};
	struct control_error error;
	struct cv_endpoint peer;
	char name[CV_ENDPOINT_TEXT];
	struct id id;

	(void)state;
	for (size_t i = 0; i < sizeof(sessions) / sizeof(sessions[0]); i++)
		assert_false(id_parse_session(&d, sessions[i], &id, &error));
	for (size_t i = 0; i < sizeof(tunnels) / sizeof(tunnels[0]); i++)
		assert_false(id_parse_tunnel(&d, tunnels[i], &id, &error));
	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++)
		assert_false(id_parse_peer(peers[i], &peer, &error));
	for (size_t i = 0; i < sizeof(six) / sizeof(six[0]); i++) {
		assert_true(id_parse_peer(six[i], &peer, &error));
		assert_int_equal(peer.ip.family, CV_IPV6);
		assert_int_equal(peer.ip.bytes[15], 0xb);
		assert_int_equal(peer.port, i < 2 ? 0 : 1701);
	}
	assert_true(id_parse_session(&d, "1/2@192.0.2.1:1702", &id, &error));
	assert_int_equal(id.listener, 1);
	assert_true(id_parse_session(&d, "1/2@192.0.2.2", &id, &error));
	assert_int_equal(id.listener, 2);
	assert_true(id_parse_session(&d, "1/2@[2001:db8::1]:1701", &id, &error));
	assert_int_equal(id.listener, 3);
	assert_true(id_parse_session(&d, "1/2@2001:db8::1", &id, &error));
	assert_int_equal(id.listener, 3);
	assert_string_equal(id_listener(&d, 3, name), "[2001:db8::1]:1701");
	assert_true(id_parse_session(&d, "100000000", &id, &error));
	assert_int_equal(id.serial, LNS_SERIAL_MIN);
	assert_true(id_parse_session(&d, "00005F00000000ab", &id, &error));
	assert_int_equal(id.serial, UINT64_C(0x5f00000000ab));
	assert_true(id_parse_tunnel(&d, "65535", &id, &error));
	assert_int_equal(id.listener, LNS_ANY_LISTENER);
}

/* Which of two filters keep a row. */
static bool
keeps(const char *a, const char *b)
{
	static const struct view_column columns[] = {
		{.key = "session", .filter = FILTER_SESSION},
		{.key = "serial", .filter = FILTER_SERIAL},
		{.key = "user", .filter = FILTER_TEXT},
		{.key = "peer", .filter = FILTER_PEER},
		{.key = "state", .filter = FILTER_CHOICE, .choices = "open closed"},
	};
	static const struct view view = {.columns = columns, .n = 5};
	json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "session", "1/2@192.0.2.1:1701",
		"serial", "5f00000000abc", "user", "al=ice", "peer", "192.0.2.11:1701", "state",
		"open", "rx", 5);
	json_t *arguments = json_pack("{s:[s]}", "filters", a);
	struct control_error error;
	struct filters f;
	bool kept;

	if (b != NULL)
		json_array_append_new(json_object_get(arguments, "filters"), json_string(b));
	assert_true(filters_read(&d, arguments, &view, &f, &error));
	kept = filters_match(&f, row);
	json_decref(arguments);
	json_decref(row);
	return kept;
}

static void
filters_compare_whole_cells_or_what_stands_before_a_port(void **state)
{
	(void)state;
	assert_true(keeps("peer=192.0.2.11", NULL));
	assert_true(keeps("peer=192.0.2.11:1701", NULL));
	assert_false(keeps("peer=192.0.2.1", NULL));
	assert_false(keeps("peer=192.0.2.11:170", NULL));
	assert_true(keeps("session=1/2", NULL));
	assert_true(keeps("session=1/2@192.0.2.1:1701", NULL));
	assert_false(keeps("session=1/20", NULL));
	assert_true(keeps("session=5f00000000abc", NULL));
	assert_false(keeps("session=5f00000000ab", NULL));
	assert_true(keeps("serial=5F00000000ABC", NULL));
	assert_false(keeps("serial=5f00000000abd", NULL));
	assert_true(keeps("5f0000", NULL));
	assert_true(keeps("user=al=ice", NULL));
	assert_false(keeps("user=al", NULL));
	assert_true(keeps("ice", NULL));
	assert_false(keeps("rx", NULL));
	assert_true(keeps("state=open", "peer=192.0.2.11"));
	assert_false(keeps("state=open", "peer=192.0.2.12"));
	assert_false(keeps("state=closed", "peer=192.0.2.11"));
	assert_true(keeps("192.0.2.11", "open"));
	assert_false(keeps("192.0.2.11", "closed"));
}

/* What each kind of filter takes, another value of that kind, and what it does not. */
static const struct {
	const char *right, *other, *wrong, *says;
} values[] = {
	[FILTER_TEXT] = {"x", "y", NULL, NULL},
	[FILTER_TUNNEL] = {"24090", "24091", "24090/1", "a tunnel is an ID"},
	[FILTER_SESSION] = {"24090/1", "24090/2", "24090", "a session is a serial or"},
	[FILTER_SERIAL] = {"5f00000000001", "5f00000000002", "24090/1", "a serial is hexadecimal"},
	[FILTER_PEER] = {"192.0.2.11:1701", "192.0.2.11:1702", "192.0.2", "a peer is an address"},
	[FILTER_ADDRESS] = {"10.0.0.2", "10.0.0.3", "10.0.0", "an address is IPv4"},
	[FILTER_IP] = {"10.0.0.2", "2001:db8::1", "2001:db8::/64", "an address is IPv4 or IPv6"},
	[FILTER_USER] = {"alice", "alice@realm", "bob", "there is no user"},
	[FILTER_GROUP] = {"g", "g", "h", "there is no group 'h'; there are g"},
	[FILTER_FILTER] = {"ipsec", "any", "h", "there is no filter 'h'; there are ipsec, any"},
	[FILTER_LISTENER] = {"192.0.2.1:1701", "192.0.2.2:1701", "192.0.2.9", "no listener"},
	[FILTER_PORT] = {"wan", "wan", "lan", "there is no port 'lan'; the first is wan"},
	[FILTER_REALM] = {"default", "default", "r", "there is no realm 'r'; there are default"},
	[FILTER_INTERFACE] = {"lan", "lan", "wan", "there is no interface 'wan'; there are lan"},
};

/* COLUMN=VALUE is a filter of the view; it keeps a row of that cell, and not one of another. */
static bool
filters(const struct view *v, const char *key, const char *value, const char *cell, bool *kept,
	struct control_error *error)
{
	char word[64];
	json_t *arguments, *row = json_pack("{s:s}", key, cell);
	struct filters f;
	bool fine;

	snprintf(word, sizeof(word), "%s=%s", key, value);
	arguments = json_pack("{s:[s]}", "filters", word);
	fine = filters_read(&d, arguments, v, &f, error);
	*kept = fine && filters_match(&f, row);
	json_decref(arguments);
	json_decref(row);
	return fine;
}

static void
choices_are_taken(const struct view *v, const struct view_column *c)
{
	struct control_error error = {0};
	char word[32];
	bool kept;
	size_t len;

	VIEW_FOREACH_WORD (c->choices, choice, len) {
		snprintf(word, sizeof(word), "%.*s", (int)len, choice);
		assert_true(filters(v, c->key, word, word, &kept, &error) && kept);
		assert_true(filters(v, c->key, word, "-", &kept, &error) && !kept);
	}
	assert_false(filters(v, c->key, "nosuch", "nosuch", &kept, &error));
	assert_non_null(strstr(error.message, c->choices));
	assert_false(filters(v, c->key, "", "", &kept, &error));
}

static void
each_column_says_what_its_filter_takes(void **state)
{
	struct control_error error;
	unsigned columns = 0;
	bool kept;

	(void)state;
	for (size_t i = 0; i < view_count; i++)
		for (size_t n = 0; n < views[i]->n; n++) {
			const struct view *v = views[i];
			const struct view_column *c = &v->columns[n];

			error = (struct control_error){0};
			columns += c->filter != FILTER_NONE;
			if (c->filter == FILTER_CHOICE) {
				choices_are_taken(v, c);
				continue;
			}
			if (c->filter == FILTER_NONE) {
				assert_false(filters(v, c->key, "1", "1", &kept, &error));
				assert_non_null(strstr(error.message, "no column"));
				continue;
			}
			assert_true(filters(v, c->key, values[c->filter].right,
				values[c->filter].right, &kept, &error));
			assert_true(kept);
			assert_true(
				filters(v, c->key, values[c->filter].right, "-", &kept, &error));
			assert_false(kept);
			assert_true(filters(v, c->key, values[c->filter].right,
				values[c->filter].other, &kept, &error));
			assert_int_equal(kept,
				strcmp(values[c->filter].right, values[c->filter].other) == 0);
			if (values[c->filter].wrong == NULL)
				continue;
			assert_false(
				filters(v, c->key, values[c->filter].wrong, "-", &kept, &error));
			assert_non_null(strstr(error.message, values[c->filter].says));
		}
	assert_true(columns >= 44);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_listener_is_named_where_ids_are_there_twice, up, down),
		cmocka_unit_test_setup_teardown(
			a_session_that_is_there_twice_is_ended_once, up, down),
		cmocka_unit_test_setup_teardown(
			a_tunnel_that_is_there_twice_is_ended_once, up, down),
		cmocka_unit_test_setup_teardown(a_serial_needs_no_listener, up, down),
		cmocka_unit_test_setup_teardown(what_names_nothing_is_refused, up, down),
		cmocka_unit_test_setup_teardown(each_column_says_what_its_filter_takes, up, down),
		cmocka_unit_test_setup_teardown(
			filters_compare_whole_cells_or_what_stands_before_a_port, up, down),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
