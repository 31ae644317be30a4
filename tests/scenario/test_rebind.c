/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A client whose NAT gives it another address or port: it is followed once it has proved itself
 * there. Who only knows its IDs moves nothing.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "judge.h"
#include "ppp/link.h"
#include "rebind.h"

static const char echo[] = BASE OPEN GROUP(", rebind: echo");
static const char off[] = BASE OPEN GROUP(", rebind: off");

static struct lns_tunnel_info
tunnel_of(const struct world *w, const struct world_client *c)
{
	struct lns_session_info s = session_of(w, c);
	struct lns_tunnel_info t;

	assert_int_equal(lns_find_tunnel(w->lns, s.listener, s.tunnel_id, &t), 1);
	return t;
}

/* ---- who is followed ---- */

static void
moved_by(const char *yaml_text, enum ppp_auth method, const char *by)
{
	struct world w = {0};
	struct world_client *c = begin(&w, yaml_text, "alice", method);
	struct cv_endpoint before = c->address;
	const struct world_slot *slot = client_slot(c);
	struct lns_tunnel_info tunnel;
	unsigned proofs = c->auth_dones;

	assert_true(w.followed);
	rebind(c, 50000);
	world_sleep(&w, 100 * MS);
	assert_true(is_at(c));
	assert_int_equal(world_counter(&w, LNS_PATHS_SEEN), 1);
	assert_int_equal(world_counter(&w, LNS_PATHS_ASKED), 1);
	assert_int_equal(world_counter(&w, LNS_TUNNELS_MOVED), 1);
	assert_true(world_logged(&w, "tunnel-moved", by));
	assert_true(
		world_logged(&w, "tunnel-moved", "from=192.0.2.10:40000 peer=192.0.2.10:50000"));
	assert_int_equal(slot->changes, 1);
	assert_true(slot->open && slot->reachable);
	tunnel = tunnel_of(&w, c);
	assert_int_equal(tunnel.moves, 1);
	assert_true(tunnel.moved_at != 0);
	assert_true(cv_endpoint_equal(&tunnel.peer, &c->address));
	/* CHAP's Success came, without which some clients end */
	assert_int_equal(c->auth_dones, proofs + (strcmp(by, "by=challenge") == 0));
	/* the control connection and PPP's echo go on there */
	world_sleep(&w, 300 * SECOND);
	assert_true(c->up && is_at(c) && c->ppp_ups == 1);
	assert_int_equal(world_counter(&w, LNS_PATHS_UNPROVED), 0);
	/* where it was it is as anywhere else */
	speak(&w,
		&(struct lns_session_info){
			.tunnel_id = slot->tunnel_id, .session_id = slot->session_id},
		&before);
	world_sleep(&w, 20 * SECOND);
	assert_true(is_at(c) && c->up);
	assert_int_equal(world_counter(&w, LNS_PATHS_UNPROVED), 1);
	assert_true(lns_kick_peer(w.lns, w.now, &c->address) == 1);
	world_sleep(&w, SECOND);
	assert_false(c->tunnel_up);
	world_down(&w);
}

static void
a_client_is_followed(void **state)
{
	(void)state;
	moved_by(challenge, PPP_AUTH_MSCHAPV2, "by=challenge");
	moved_by(challenge, PPP_AUTH_CHAP_MD5, "by=challenge");
	moved_by(echo, PPP_AUTH_MSCHAPV2, "by=echo");
	moved_by(echo, PPP_AUTH_PAP, "by=echo");
}

static void
not_moved_by(const char *yaml_text, enum ppp_auth method)
{
	struct world w = {0};
	struct world_client *c = begin(&w, yaml_text, "alice", method);
	struct lns_session_info s = session_of(&w, c);

	assert_false(w.followed);
	speak(&w, &s, &forger);
	world_sleep(&w, 20 * SECOND);
	assert_true(is_at(c) && c->up);
	assert_int_equal(w.n_data_outside, 0);
	assert_int_equal(world_counter(&w, LNS_PATHS_SEEN), 0);
	world_down(&w);
}

static void
nor_without_a_proof(void **state)
{
	(void)state;
	not_moved_by(challenge, PPP_AUTH_PAP);
	not_moved_by(off, PPP_AUTH_MSCHAPV2);
}

static void
a_hello_shows_it_too(void **state)
{
	struct world w = {0};
	struct world_client *c = begin(&w, challenge, "alice", PPP_AUTH_MSCHAPV2);

	(void)state;
	c->address.port = 50000;
	world_sleep(&w, 100 * SECOND); /* nobody but its HELLO, or echo, says anything */
	assert_true(is_at(c) && c->up && c->ppp_ups == 1);
	world_down(&w);
}

static void
reload_turns_it_off(void **state)
{
	struct world w = {0};
	struct world_client *c = begin(&w, challenge, "alice", PPP_AUTH_MSCHAPV2);
	struct lns_session_info s = session_of(&w, c);
	struct world_toll toll;

	(void)state;
	speak(&w, &s, &forger);
	assert_int_equal(w.n_data_outside, 1);
	world_reload(&w, off, &toll);
	assert_int_equal(toll.stay, 1);
	assert_false(w.followed);
	rebind(c, 50000);
	world_sleep(&w, 5 * SECOND);
	assert_false(is_at(c));
	world_reload(&w, challenge, &toll);
	assert_true(w.followed);
	speak(&w, &s, &c->address);
	world_sleep(&w, SECOND);
	assert_true(is_at(c) && c->up);
	world_down(&w);
}

/* ---- messages that are lost, or late ---- */

static bool keep_answers;

static struct {
	uint8_t bytes[512];
	size_t len;
} recorded;

static bool
record_answers(struct world *w, int to, const uint8_t *bytes, size_t len)
{
	static const uint8_t chap[] = {0xff, 0x03, 0xc2, 0x23, 2};

	(void)w;
	if (to < 0 && len > 8 + sizeof(chap) && len < sizeof(recorded.bytes) &&
		memcmp(bytes + 8, chap, sizeof(chap)) == 0) {
		memcpy(recorded.bytes, bytes, len);
		recorded.len = len;
		return !keep_answers;
	}
	return true;
}

static unsigned to_lose;

static bool
lose_challenges(struct world *w, int to, const uint8_t *bytes, size_t len)
{
	static const uint8_t chap[] = {0xff, 0x03, 0xc2, 0x23, 1};

	(void)w;
	if (to < 0 || len < 8 + sizeof(chap) || memcmp(bytes + 8, chap, sizeof(chap)) != 0 ||
		to_lose == 0)
		return true;
	to_lose--;
	return false;
}

static void
a_lost_challenge_is_followed_by_another(void **state)
{
	struct world w = {0};
	struct world_client *c = begin(&w, challenge, "alice", PPP_AUTH_MSCHAPV2);
	struct lns_session_info s = session_of(&w, c);
	unsigned ms = 0;

	(void)state;
	w.filter = lose_challenges;
	to_lose = 2;
	c->address.port = 50000;
	for (; !is_at(c) && ms < 5000; ms += 10) { /* asked at 0, 0.5 and 1.5 s */
		speak(&w, &s, &c->address);
		world_sleep(&w, 10 * MS);
	}
	assert_in_range(ms, 1500, 1550);
	assert_int_equal(to_lose, 0);
	assert_int_equal(world_counter(&w, LNS_PATHS_ASKED), 3);
	assert_true(c->up);
	world_down(&w);
}

/* A round trip longer than the first pauses: its answers to the first questions are late. */
static void
a_long_way(void **state)
{
	struct world w = {0};
	struct world_client *c = begin(&w, challenge, "alice", PPP_AUTH_MSCHAPV2);
	struct lns_session_info s = session_of(&w, c);

	(void)state;
	w.network.delay_ns = 700 * MS;
	c->address.port = 50000;
	for (unsigned i = 0; i < 600; i++) {
		speak(&w, &s, &c->address);
		world_sleep(&w, 10 * MS);
	}
	assert_true(is_at(c) && c->up && c->ppp_ups == 1);
	world_down(&w);
}

/* The answer comes again, and more is sent, while it is judged: there is one question. */
static void
judged_once(struct world *w, struct world_client *c, const struct lns_session_info *s)
{
	unsigned asks = w->n_asks;

	w->filter = record_answers;
	rebind(c, 50000);
	world_sleep(w, SECOND);
	w->filter = NULL;
	assert_int_equal(w->n_asks, asks + 1);
	assert_true(w->asks[asks].ask.again);
	assert_true(cv_endpoint_equal(&w->asks[asks].ask.peer, &c->address));
	for (unsigned i = 0; i < 4; i++) {
		world_inject(w, &c->address, recorded.bytes, recorded.len);
		speak(w, s, &c->address);
		world_sleep(w, SECOND);
	}
	assert_int_equal(w->n_asks, asks + 1);
	assert_int_equal(world_counter(w, LNS_PATHS_ASKED), 1);
	assert_false(is_at(c));
}

static void
judged_late(void **state)
{
	static const uint8_t proof[20];
	struct lns_auth_answer answers[3] = {
		accept_as("alice", 0), accept_as("alice", 0), accept_as("bob", 0)};
	struct world w = {0};
	struct world_client *c = begin(&w, challenge, "alice", PPP_AUTH_MSCHAPV2);
	struct lns_session_info s = session_of(&w, c);
	unsigned asks;

	(void)state;
	(void)begin(&w, challenge, "bob", PPP_AUTH_MSCHAPV2);
	asks = w.n_asks;
	w.hold_asks = true;
	judged_once(&w, c, &s);
	/* he is rejected; nobody proves us to him; it is another user, who is here, too */
	answers[0].verdict = LNS_AUTH_REJECTED;
	answers[0].authenticator_response = answers[2].authenticator_response = proof;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(world_answer(&w, asks + i, &answers[i]), 0);
		assert_int_equal(world_answer(&w, asks + i, NULL), CV_ERR_STATE);
		assert_int_equal(world_counter(&w, LNS_PATHS_WRONG), i + 1);
		world_sleep(&w, SECOND);
		assert_true(c->up && c->ppp_ups == 1 && !is_at(c));
		/* nothing else has happened, and it may be asked again */
		speak(&w, &s, &c->address);
		world_sleep(&w, 5 * SECOND);
		speak(&w, &s, &c->address);
		world_sleep(&w, 3 * SECOND);
		assert_int_equal(w.n_asks, asks + i + 2);
	}
	assert_int_equal(world_answer(&w, asks + 3, NULL), 0);
	world_sleep(&w, SECOND);
	assert_true(is_at(c) && c->up);
	world_down(&w);
}

/* ---- forgers ---- */

/* The last frame that went to somebody who is no client. */
static struct world_ppp
asked_outside(const struct world *w)
{
	assert_int_not_equal(w->n_data_outside, 0);
	return w->ppp_outside[(w->n_data_outside - 1) % WORLD_PPP];
}

static void
a_wrong_answer_changes_nothing(void **state)
{
	struct world w = {0};
	struct world_client *c = begin(&w, challenge, "alice", PPP_AUTH_MSCHAPV2);
	struct lns_session_info s = session_of(&w, c);
	uint8_t answer[4 + 4 + 1 + 49 + 5] = {
		0xff, 0x03, 0xc2, 0x23, 2, 0, 0, sizeof(answer) - 4, 49, 1};
	struct world_ppp q;
	unsigned frames;

	(void)state;
	speak(&w, &s, &forger);
	q = asked_outside(&w);
	assert_true(cv_endpoint_equal(&q.to, &forger));
	assert_int_equal(q.bytes[4], 1); /* a Challenge */
	frames = w.n_data_outside;
	answer[5] = q.bytes[5];
	memcpy(answer + sizeof(answer) - 5, "alice", 5);
	for (unsigned i = 0; i < 100; i++)
		say(&w, &s, &forger, answer, sizeof(answer));
	assert_int_equal(w.n_data_outside, frames); /* no Failure, nothing */
	assert_int_equal(world_counter(&w, LNS_PATHS_WRONG), 4);
	world_sleep(&w, 20 * SECOND);
	assert_true(c->up && is_at(c) && c->ppp_ups == 1);
	assert_int_equal(world_counter(&w, LNS_PATHS_UNPROVED), 1);
	assert_true(world_logged(&w, "paths-unproved", "from=192.0.2.99:777 count=1"));
	world_down(&w);
}

static void
a_replayed_answer_moves_nothing(void **state)
{
	struct world w = {0};
	struct world_client *c = begin(&w, challenge, "alice", PPP_AUTH_MSCHAPV2);
	struct lns_session_info s = session_of(&w, c);

	(void)state;
	w.filter = record_answers;
	rebind(c, 50000);
	world_sleep(&w, SECOND);
	assert_true(is_at(c) && recorded.len != 0);
	for (unsigned id = 0; id < 256; id++) { /* with any identifier */
		speak(&w, &s, &forger);
		recorded.bytes[8 + 5] = (uint8_t)id;
		world_inject(&w, &forger, recorded.bytes, recorded.len);
		world_sleep(&w, 100 * MS);
	}
	assert_true(is_at(c) && c->up);
	assert_int_equal(world_counter(&w, LNS_TUNNELS_MOVED), 1);
	world_down(&w);
}

/* The question went elsewhere: the answer counts from there alone. */
static void
an_answer_from_a_third_place(void **state)
{
	struct world w = {0};
	struct world_client *c = begin(&w, challenge, "alice", PPP_AUTH_MSCHAPV2);
	struct lns_session_info s = session_of(&w, c);

	(void)state;
	w.filter = record_answers;
	keep_answers = true;
	speak(&w, &s, &forger); /* who is asked, too */
	rebind(c, 50000);
	world_sleep(&w, SECOND);
	keep_answers = false;
	world_inject(&w, &forger, recorded.bytes, recorded.len);
	recorded.bytes[8 + 5] = asked_outside(&w).bytes[5];
	world_inject(&w, &forger, recorded.bytes, recorded.len);
	world_sleep(&w, SECOND);
	assert_int_equal(world_counter(&w, LNS_PATHS_WRONG), 1);
	assert_int_equal(world_counter(&w, LNS_TUNNELS_MOVED), 0);
	assert_true(c->up);
	world_down(&w);
}

/* Echo: whoever does not see what was sent guesses. */
static void
an_echo_must_be_seen(void **state)
{
	struct world w = {0};
	struct world_client *c = begin(&w, echo, "alice", PPP_AUTH_PAP);
	struct lns_session_info s = session_of(&w, c);
	uint8_t answer[4 + 4 + 4 + 16] = {0xff, 0x03, 0xc0, 0x21, 10, 0, 0, sizeof(answer) - 4};
	struct ppp_info info;
	struct world_ppp q;

	(void)state;
	ppp_link_info(c->ppp, &info);
	for (unsigned i = 0; i < 4; i++)
		answer[8 + i] = (uint8_t)(info.magic >> (24 - 8 * i));
	speak(&w, &s, &forger);
	q = asked_outside(&w);
	assert_int_equal(q.bytes[4], 9);
	answer[5] = q.bytes[5];
	say(&w, &s, &forger, answer, sizeof(answer));
	assert_int_equal(world_counter(&w, LNS_PATHS_WRONG), 1);
	memcpy(answer + 12, q.bytes + 12, 16); /* all but one bit of it */
	answer[27] ^= 1;
	say(&w, &s, &forger, answer, sizeof(answer));
	answer[27] ^= 1;
	answer[8] ^= 1; /* the server's magic number, or any but the peer's */
	say(&w, &s, &forger, answer, sizeof(answer));
	assert_int_equal(world_counter(&w, LNS_PATHS_WRONG), 3);
	assert_true(is_at(c));
	/* who sees it does move it: what the documentation says of echo */
	answer[8] ^= 1;
	say(&w, &s, &forger, answer, sizeof(answer));
	assert_int_equal(world_counter(&w, LNS_TUNNELS_MOVED), 1);
	assert_false(is_at(c));
	/* and the client, who goes on, has it back */
	speak(&w, &s, &c->address);
	world_sleep(&w, SECOND);
	assert_true(is_at(c) && c->up && c->ppp_ups == 1);
	world_down(&w);
}

/* Any number of addresses at once: few questions, bounded memory, and the client gets through. */
static void
a_flood_of_forgers(void **state)
{
	struct world w = {0};
	struct world_client *c = begin(&w, challenge, "alice", PPP_AUTH_MSCHAPV2);
	struct lns_session_info s = session_of(&w, c);
	unsigned ms = 0;

	(void)state;
	c->address.port = 50000;
	for (; !is_at(c) && ms < 20000; ms += 10) {
		unsigned turn = world_random(&w) % 20;

		for (unsigned i = 0; i < 20; i++) {
			if (i == turn && ms >= 3000) /* they are many already */
				speak(&w, &s, &c->address);
			speak(&w, &s,
				&(struct cv_endpoint){
					.ip = cv_ipv4(0xc0000263 + world_random(&w) % 40),
					.port = 7});
		}
		world_sleep(&w, 10 * MS);
	}
	print_message("# in the dark: %u ms\n", ms - 3000);
	assert_true(is_at(c) && c->up);
	/* 16 at once, 16 a second */
	assert_true(world_counter(&w, LNS_PATHS_ASKED) <= 16 + ms * 17 / 1000);
	assert_true(world_counter(&w, LNS_PATHS_RATE) > 0);
	world_sleep(&w, 20 * SECOND);
	assert_true(is_at(c) && c->up && c->ppp_ups == 1);
	world_down(&w);
}

/* However many addresses there are. */
static void
one_line_in_ten_seconds(void **state)
{
	struct world w = {0};
	struct world_client *c = begin(&w, challenge, "alice", PPP_AUTH_MSCHAPV2);
	struct lns_session_info s = session_of(&w, c);
	unsigned before = w.n_lines;

	(void)state;
	for (unsigned i = 0; i < 600; i++) {
		speak(&w, &s,
			&(struct cv_endpoint){
				.ip = cv_ipv4(0xc0000263), .port = (uint16_t)(1 + i)});
		world_sleep(&w, 100 * MS);
	}
	assert_true(world_counter(&w, LNS_PATHS_UNPROVED) > 500);
	assert_in_range(w.n_lines - before, 5, 7);
	world_down(&w);
}

/* Two clients' ports are swapped: each has the address that the other's tunnel still has. */
static void
swapped_ports(void **state)
{
	struct world w = {0};
	struct world_client *a, *b;
	struct lns_session_info of_a, of_b;
	struct cv_endpoint was;

	(void)state;
	world_up(&w, challenge, 7);
	a = begin(&w, challenge, "alice", PPP_AUTH_MSCHAPV2);
	b = begin(&w, challenge, "bob", PPP_AUTH_CHAP_MD5);
	of_a = session_of(&w, a);
	of_b = session_of(&w, b);
	was = a->address;
	a->address = b->address;
	b->address = was;
	speak(&w, &of_a, &a->address);
	speak(&w, &of_b, &b->address);
	world_sleep(&w, 100 * SECOND);
	assert_true(a->up && b->up && a->ppp_ups == 1 && b->ppp_ups == 1);
	assert_int_equal(world_counter(&w, LNS_TUNNELS_MOVED), 2);
	world_down(&w);
}

static void
so_many_moves_a_minute(void **state)
{
	struct world w = {0};
	struct world_client *c = begin(&w, challenge, "alice", PPP_AUTH_MSCHAPV2);
	struct lns_session_info s = session_of(&w, c);
	unsigned moves = 0;

	(void)state;
	for (unsigned i = 0; i < 60; i++) {
		struct cv_endpoint at = c->address;

		at.port = (uint16_t)(50000 + i);
		c->address = at;
		speak(&w, &s, &at);
		world_sleep(&w, SECOND);
		moves += is_at(c);
	}
	assert_in_range(moves, 15, 20); /* 10 at once, then one each 6 s */
	assert_int_equal(world_counter(&w, LNS_TUNNELS_MOVED), moves);
	assert_true(world_counter(&w, LNS_PATHS_RATE) >= 40);
	world_down(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_is_followed),
		cmocka_unit_test(nor_without_a_proof),
		cmocka_unit_test(a_hello_shows_it_too),
		cmocka_unit_test(reload_turns_it_off),
		cmocka_unit_test(a_lost_challenge_is_followed_by_another),
		cmocka_unit_test(a_long_way),
		cmocka_unit_test(judged_late),
		cmocka_unit_test(a_wrong_answer_changes_nothing),
		cmocka_unit_test(a_replayed_answer_moves_nothing),
		cmocka_unit_test(an_answer_from_a_third_place),
		cmocka_unit_test(an_echo_must_be_seen),
		cmocka_unit_test(a_flood_of_forgers),
		cmocka_unit_test(one_line_in_ten_seconds),
		cmocka_unit_test(swapped_ports),
		cmocka_unit_test(so_many_moves_a_minute),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
