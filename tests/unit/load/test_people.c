/* SPDX-License-Identifier: BSD-3-Clause */
/* The load generator's clients against lib/lns: all come up, are held, hang up, fall, come again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../seeded.h"
#include "config/config.h"
#include "culvert-load/people.h"
#include "l2tp/header.h"
#include "lns/lns.h"

enum { ADDRESSES = 3, QUEUE = 4096, MTU = 1500 };

static const char yaml[] =
	"tunnels: {secrets: [{secret-file: secret}]}\n"
	"ppp: {auth: [mschapv2, chap-md5, pap]}\n"
	"groups: [{name: g, address: 10.255.0.1, pool: 10.0.0.0/16, user-sessions: 1000}]\n"
	"ports: [{name: wan, device: 'af_packet:lns0'}]\n"
	"limits: {tunnels: 1000, tunnels-per-peer: 1000, half-open: 1000, setups-per-second: "
	"1000000,\n"
	"  sessions: 2000, sessions-per-tunnel: 1000}\n"
	"listeners: [{address: 192.0.2.1/24, gateway: 192.0.2.254}]\n"
	"users: [{name: u0, password-file: secret}, {name: u1, password-file: secret}]\n";

/* What goes to and fro: a ring a direction. */
struct letter {
	uint32_t tunnel;
	size_t len;
	uint8_t bytes[MTU];
};

static struct town {
	uint64_t now;
	struct crypto *crypto;
	struct cfg *cfg;
	struct lns *lns;
	struct people *people;
	struct letter *ring; /* of the server's */
	unsigned head, tail;
	bool cut;
	unsigned packets;
	unsigned strays; /* for no tunnel that there is */
} w;

static int
read_secret(void *ctx, const char *path, size_t max, uint8_t **data, size_t *len, unsigned *mode)
{
	(void)ctx;
	(void)path;
	(void)max;
	*data = (uint8_t *)strdup("secret");
	*len = strlen("secret");
	*mode = 0600;
	return 0;
}

static void
serve(void)
{
	struct lns_params params = {.cfg = w.cfg, .crypto = w.crypto};

	w.lns = lns_new(&params, w.now);
	assert_non_null(w.lns);
}

static void
open_town(const struct people_params *wanted)
{
	struct cfg_files files = {.read = read_secret};
	struct cfg_errors errors = {0};
	struct people_params params = *wanted;

	w = (struct town){.now = CV_NS_PER_S};
	w.crypto = seeded_crypto();
	w.ring = calloc(QUEUE, sizeof(w.ring[0]));
	assert_non_null(w.ring);
	if (cfg_load("load.yaml", yaml, strlen(yaml), &files, &errors, &w.cfg) != 0)
		fail_msg("%s", errors.items[0].text);
	cfg_errors_free(&errors);
	serve();
	params.crypto = w.crypto;
	params.addresses = ADDRESSES;
	params.password = params.secret = (const uint8_t *)"secret";
	params.password_len = params.secret_len = 6;
	params.setup_ns = 10 * CV_NS_PER_S;
	params.mru = 1400;
	params.window = params.window == 0 ? 50 : params.window;
	w.people = people_new(&params, w.now);
	assert_non_null(w.people);
}

static void
close_town(void)
{
	people_free(w.people);
	lns_free(w.lns);
	cfg_free(w.cfg);
	crypto_free(w.crypto);
	free(w.ring);
}

/* The address of a tunnel is by its place; its port is any that is the tunnel's alone. */
static struct cv_endpoint
end_of(uint32_t tunnel)
{
	return (struct cv_endpoint){
		.ip = cv_ipv4(0xc0000210 + tunnel % ADDRESSES), .port = (uint16_t)(2000 + tunnel)};
}

static void
drain_server(void)
{
	struct lns_auth_answer answer;
	struct lns_action a;

	while (lns_poll(w.lns, w.now, &a)) {
		if (a.type == LNS_ACT_AUTH_ASK) {
			lns_users_answer(w.cfg, a.ask, &answer);
			lns_auth_answer(w.lns, w.now, a.ask->serial, &answer);
		} else if (a.type == LNS_ACT_SEND && !w.cut) {
			struct letter *l = &w.ring[w.head++ % QUEUE];

			assert_true(w.head - w.tail <= QUEUE);
			l->tunnel = (uint32_t)a.peer.port - 2000u;
			l->len = a.data.len;
			memcpy(l->bytes, a.data.data, l->len);
		}
	}
}

/* Where and by what ID a datagram is found, if its tunnel is not over. */
static void
find(const struct letter *l)
{
	struct l2tp_header h = {0};
	uint32_t tunnel;

	assert_int_equal(l2tp_header_parse(l->bytes, l->len, &h), 0);
	if (people_find(w.people, l->tunnel % ADDRESSES, h.tunnel_id, &tunnel))
		assert_int_equal(tunnel, l->tunnel);
	else
		w.strays++;
}

static void
settle(bool churn)
{
	uint8_t bytes[DIAL_DATAGRAM_MAX];
	struct cv_bytes packet;
	uint32_t tunnel, session;
	bool more = true;
	int len;

	people_work(w.people, w.now, churn);
	while (more) {
		more = false;
		while ((len = people_poll_output(w.people, w.now, &tunnel, bytes, sizeof(bytes))) >
			0) {
			struct cv_endpoint from = end_of(tunnel);

			more = true;
			if (!w.cut)
				lns_input(w.lns, w.now, 0, &from, bytes, (size_t)len);
			drain_server();
		}
		for (; w.tail != w.head; more = true) {
			const struct letter *l = &w.ring[w.tail++ % QUEUE];

			find(l);
			w.packets += people_input(w.people, w.now, l->tunnel, l->bytes, l->len,
					     &session, &packet) == DIAL_PACKET;
		}
	}
}

static void
pass(uint64_t ns, bool churn)
{
	for (uint64_t end = w.now + ns; w.now < end;) {
		w.now += 10 * CV_NS_PER_MS;
		people_handle_timeout(w.people, w.now);
		lns_handle_timeout(w.lns, w.now);
		drain_server();
		settle(churn);
	}
}

static uint32_t
at_server(void)
{
	struct lns_status status;

	lns_status(w.lns, &status);
	return status.open_sessions;
}

static void
come_up(uint32_t sessions, uint32_t per_tunnel, enum ppp_auth auth)
{
	const struct people_counters *c;

	open_town(&(struct people_params){.sessions = sessions,
		.per_tunnel = per_tunnel,
		.users = 2,
		.user = "u%u",
		.auth = auth,
		.hello_ns = 60 * CV_NS_PER_S,
		.echo_ns = 20 * CV_NS_PER_S});
	c = people_counters(w.people);
	for (unsigned i = 0; i < 100 && c->up < sessions; i++)
		pass(10 * CV_NS_PER_MS, false);
	if (c->up != sessions)
		fail_msg("%u of %u are up, %u pending, %ju failed: %s", c->up, sessions, c->pending,
			(uintmax_t)c->failed, people_complaint(w.people));
	assert_int_equal(c->pending, 0);
	assert_int_equal(c->failed, 0);
	assert_int_equal(at_server(), sessions);
	assert_int_equal(c->tunnels_up, (sessions + per_tunnel - 1) / per_tunnel);
	assert_int_equal(w.strays, 0);
}

static void
all_come_up_and_stay(void **state)
{
	static const enum ppp_auth methods[] = {PPP_AUTH_MSCHAPV2, PPP_AUTH_CHAP_MD5, PPP_AUTH_PAP};

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		come_up(200, i < 3 ? 1 : 60, methods[i % 3]);
		/* addresses are each one's own */
		for (uint32_t s = 0; s < 200; s++)
			for (uint32_t t = 0; t < s; t++)
				assert_int_not_equal(people_person(w.people, s)->address_be,
					people_person(w.people, t)->address_be);
		pass(200 * CV_NS_PER_S, false);
		assert_int_equal(people_counters(w.people)->up, 200);
		assert_int_equal(people_counters(w.people)->fell, 0);
		people_close(w.people);
		pass(100 * CV_NS_PER_MS, false);
		assert_true(people_gone(w.people));
		assert_int_equal(people_counters(w.people)->unanswered, 0);
		assert_int_equal(at_server(), 0);
		close_town();
	}
}

static void
calls_at_a_rate(void **state)
{
	(void)state;
	open_town(&(struct people_params){.sessions = 100,
		.per_tunnel = 10,
		.users = 1,
		.user = "u1",
		.auth = PPP_AUTH_MSCHAPV2,
		.rate = 20});
	pass(CV_NS_PER_S, false);
	assert_true(
		people_counters(w.people)->calls >= 19 && people_counters(w.people)->calls <= 21);
	pass(2 * CV_NS_PER_S, false);
	assert_true(
		people_counters(w.people)->calls >= 59 && people_counters(w.people)->calls <= 61);
	pass(3 * CV_NS_PER_S, false);
	assert_int_equal(people_counters(w.people)->up, 100);
	close_town();
}

static void
no_more_at_a_time_than_asked(void **state)
{
	(void)state;
	open_town(&(struct people_params){.sessions = 100,
		.per_tunnel = 1,
		.users = 1,
		.user = "u1",
		.auth = PPP_AUTH_PAP,
		.window = 7});
	w.cut = true;
	pass(CV_NS_PER_S, false);
	assert_int_equal(people_counters(w.people)->pending, 7);
	assert_int_equal(people_counters(w.people)->calls, 7);
	assert_true(people_retransmits(w.people) == 0);
	pass(CV_NS_PER_S, false);
	assert_int_equal(people_retransmits(w.people), 7);
	w.cut = false;
	pass(10 * CV_NS_PER_S, false);
	assert_int_equal(people_counters(w.people)->up, 100);
	close_town();
}

static void
wrong_passwords_are_told(void **state)
{
	(void)state;
	open_town(&(struct people_params){.sessions = 4,
		.per_tunnel = 2,
		.users = 1,
		.user = "nobody",
		.auth = PPP_AUTH_MSCHAPV2});
	pass(CV_NS_PER_S, false);
	assert_int_equal(people_counters(w.people)->up, 0);
	assert_true(people_counters(w.people)->failed >= 4);
	assert_non_null(strstr(people_complaint(w.people), "wrong user name or password"));
	close_town();
}

static void
some_hang_up_and_call_again(void **state)
{
	const struct people_counters *c;

	(void)state;
	open_town(&(struct people_params){.sessions = 60,
		.per_tunnel = 20,
		.users = 1,
		.user = "u0",
		.auth = PPP_AUTH_MSCHAPV2,
		.churn = 50});
	c = people_counters(w.people);
	pass(CV_NS_PER_S, false);
	assert_int_equal(c->up, 60);
	assert_int_equal(c->hung_up, 0);
	people_mark(w.people);
	pass(CV_NS_PER_S, true);
	/* one after the other */
	assert_false(people_person(w.people, 0)->stays);
	assert_true(people_person(w.people, 59)->stays);
	pass(9 * CV_NS_PER_S, true);
	assert_true(c->hung_up >= 480 && c->hung_up <= 500);
	assert_int_equal(c->fell, 0);
	assert_int_equal(c->failed, 0);
	pass(CV_NS_PER_S, false);
	assert_int_equal(c->up, 60);
	assert_int_equal(at_server(), 60);
	close_town();
}

/* The server forgets all: who finds out calls again. */
static void
they_come_back_to_a_new_server(void **state)
{
	(void)state;
	come_up(60, 20, PPP_AUTH_CHAP_MD5);
	lns_free(w.lns);
	serve();
	pass(200 * CV_NS_PER_S, false);
	assert_int_equal(people_counters(w.people)->up, 60);
	assert_int_equal(people_counters(w.people)->fell, 60);
	assert_int_equal(at_server(), 60);
	close_town();
}

/* By HELLO or echo, and by nothing else. */
static void
silence_is_noticed(void **state)
{
	static const uint64_t asked[][2] = {{0, 0}, {60 * CV_NS_PER_S, 0}, {0, 20 * CV_NS_PER_S}};

	(void)state;
	for (unsigned i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		const struct people_counters *c;

		open_town(&(struct people_params){.sessions = 20,
			.per_tunnel = 10,
			.users = 1,
			.user = "u1",
			.auth = PPP_AUTH_PAP,
			.hello_ns = asked[i][0],
			.echo_ns = asked[i][1]});
		c = people_counters(w.people);
		pass(CV_NS_PER_S, false);
		assert_int_equal(c->up, 20);
		w.cut = true;
		pass(200 * CV_NS_PER_S, false);
		assert_int_equal(c->fell, i == 0 ? 0 : 20);
		assert_int_equal(c->up, i == 0 ? 20 : 0);
		/* nobody answers who dials again */
		assert_int_equal(c->tunnels_failed > 0, i != 0);
		close_town();
	}
}

/* The third user is none of the server's. */
static void
sessions_share_users(void **state)
{
	(void)state;
	open_town(&(struct people_params){.sessions = 6,
		.per_tunnel = 3,
		.users = 3,
		.user = "u%u",
		.auth = PPP_AUTH_CHAP_MD5});
	pass(CV_NS_PER_S, false);
	assert_int_equal(people_counters(w.people)->up, 4);
	for (uint32_t s = 0; s < 6; s++)
		assert_int_equal(people_person(w.people, s)->address_be != 0, s % 3 != 2);
	close_town();
}

/* Nobody answers their goodbye. */
static void
a_server_that_is_gone_is_told(void **state)
{
	(void)state;
	come_up(60, 20, PPP_AUTH_CHAP_MD5);
	w.cut = true;
	people_close(w.people);
	pass(3 * CV_NS_PER_S, false);
	assert_int_equal(people_counters(w.people)->unanswered, 3);
	w.cut = false;
	pass(10 * CV_NS_PER_S, false);
	assert_int_equal(people_counters(w.people)->unanswered, 0);
	assert_true(people_gone(w.people));
	close_town();
}

/* The server ends all tunnels, and would have each of them remembered for half a minute: they have
 * other IDs, and are back at once. */
static void
they_come_back_when_sent_away(void **state)
{
	(void)state;
	come_up(60, 1, PPP_AUTH_PAP);
	for (unsigned i = 1; i <= 3; i++) {
		lns_shutdown(w.lns, w.now);
		drain_server();
		settle(false);
		assert_int_equal(people_counters(w.people)->fell, 60 * i);
		lns_free(w.lns);
		serve();
		pass(CV_NS_PER_S, false);
		assert_int_equal(people_counters(w.people)->up, 60);
		assert_int_equal(at_server(), 60);
	}
	assert_int_equal(people_counters(w.people)->failed, 0);
	close_town();
}

/* As many goodbyes wait for an answer as calls may, and each that was answered makes room. */
static void
goodbyes_go_out_as_they_are_answered(void **state)
{
	const struct people_counters *c;

	(void)state;
	come_up(200, 1, PPP_AUTH_PAP);
	c = people_counters(w.people);
	w.cut = true;
	people_close(w.people);
	pass(CV_NS_PER_S, false);
	assert_int_equal(c->unanswered, 50);
	assert_int_equal(c->answered, 0);
	w.cut = false;
	pass(10 * CV_NS_PER_S, false);
	assert_int_equal(c->unanswered, 0);
	assert_int_equal(c->answered, 200);
	assert_true(people_gone(w.people));
	assert_int_equal(at_server(), 0);
	close_town();
}

/* Each tunnel's ID is its own on its address; nobody has another one. */
static void
ids_are_found(void **state)
{
	uint32_t tunnel;

	(void)state;
	come_up(10, 1, PPP_AUTH_PAP);
	for (uint32_t address = 0; address < ADDRESSES + 2; address++)
		for (uint32_t id = 0; id <= UINT16_MAX; id++) {
			bool there = address < ADDRESSES && id >= 1 &&
				     (id - 1) * ADDRESSES + address < 10;

			assert_int_equal(
				people_find(w.people, address, (uint16_t)id, &tunnel), there);
			if (there)
				assert_int_equal(tunnel, (id - 1) * ADDRESSES + address);
		}
	close_town();
}

static void
what_is_no_number_of_people(void **state)
{
	struct people_params params = {.sessions = 1,
		.per_tunnel = 1,
		.users = 1,
		.addresses = 1,
		.window = 1,
		.user = "u"};

	(void)state;
	params.sessions = 0;
	assert_null(people_new(&params, 0));
	params.sessions = 70000; /* one address has 65,535 tunnels */
	assert_null(people_new(&params, 0));
	params.per_tunnel = 0;
	assert_null(people_new(&params, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_come_up_and_stay),
		cmocka_unit_test(calls_at_a_rate),
		cmocka_unit_test(no_more_at_a_time_than_asked),
		cmocka_unit_test(wrong_passwords_are_told),
		cmocka_unit_test(some_hang_up_and_call_again),
		cmocka_unit_test(they_come_back_to_a_new_server),
		cmocka_unit_test(silence_is_noticed),
		cmocka_unit_test(sessions_share_users),
		cmocka_unit_test(a_server_that_is_gone_is_told),
		cmocka_unit_test(they_come_back_when_sent_away),
		cmocka_unit_test(goodbyes_go_out_as_they_are_answered),
		cmocka_unit_test(ids_are_found),
		cmocka_unit_test(what_is_no_number_of_people),
	};

	return cmocka_run_group_tests_name("people", tests, NULL, NULL);
}
