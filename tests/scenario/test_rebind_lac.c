/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A LAC whose NAT gives it another address or port: its tunnel is followed when all its users have
 * proved that they are there. And many tunnels at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hand.h"
#include "ppp/link.h"
#include "rebind.h"

static const char crowd[] =
	"ports: [{name: wan, device: 'af_packet:lns0'}]\n"
	"listeners: [{address: 192.0.2.1/24}]\n"
	"users: [{name: alice, password-file: alice}]\n"
	"limits: {sessions: 300, tunnels: 600, tunnels-per-peer: 600, setups-per-second: "
	"600}\n" OPEN
	"groups: [{name: g, address: 10.0.0.1, pool: 10.0.0.0/22, user-sessions: 600}]\n";
static const char many[] = BASE OPEN GROUP(", user-sessions: 20");

enum { CALLS = 17 };

/* A site by hand, with PPP links of its callers. */
struct site {
	struct hand h;
	struct ppp_params params[CALLS];
	struct ppp_link *link[CALLS];
	uint16_t session[CALLS]; /* the server's */
	unsigned n, heard;
	bool up[CALLS], mute[CALLS];
	struct cv_endpoint at; /* that its NAT has for it */
};

static void
site_events(struct site *k, unsigned i)
{
	struct ppp_network any = {0};
	struct ppp_event e;

	while (ppp_link_poll_event(k->link[i], &e)) {
		if (e.type == PPP_EV_NETWORK)
			ppp_network_start(k->link[i], k->h.w->now, &any);
		k->up[i] = e.type == PPP_EV_UP || (k->up[i] && e.type != PPP_EV_DOWN);
	}
}

/* What was said to the LAC's callers, and what they say. */
static void
site_pump(struct site *k)
{
	struct world *w = k->h.w;
	bool more = true;

	while (more) {
		more = k->heard != w->n_data_outside;
		for (; k->heard != w->n_data_outside; k->heard++) {
			const struct world_ppp *f = &w->ppp_outside[k->heard % WORLD_PPP];
			unsigned i = (unsigned)f->session - 1;

			if (!cv_endpoint_equal(&f->to, &k->at) || i >= k->n || k->link[i] == NULL)
				continue;
			ppp_link_input(k->link[i], w->now, f->bytes, f->len);
			site_events(k, i);
		}
		for (unsigned i = 0; i < k->n && k->link[i] != NULL; i++) {
			struct lns_session_info s = {
				.tunnel_id = k->h.peer_tunnel, .session_id = k->session[i]};
			uint8_t frame[PPP_MAX_CONTROL];
			int len;

			site_events(k, i);
			while ((len = ppp_link_poll_output(k->link[i], frame, sizeof(frame))) > 0) {
				more = true;
				if (!k->mute[i])
					say(w, &s, &k->at, frame, (size_t)len);
			}
		}
	}
}

static void
site_call(struct site *k, unsigned i)
{
	static const char *const users[] = {"alice", "bob"}, *const words[] = {"pass-a", "pass-b"};

	ppp_params_default(&k->params[i], PPP_CLIENT);
	k->params[i].crypto = k->h.w->crypto;
	k->params[i].auth[0] = PPP_AUTH_MSCHAPV2;
	k->params[i].n_auth = 1;
	k->params[i].user = (struct cv_bytes){(const uint8_t *)users[i % 2], strlen(users[i % 2])};
	k->params[i].password =
		(struct cv_bytes){(const uint8_t *)words[i % 2], strlen(words[i % 2])};
	k->link[i] = ppp_link_new(&k->params[i], (struct ppp_scope){0}, k->h.w->now);
	k->session[i] = hand_call(&k->h, (uint16_t)(i + 1));
	assert_int_not_equal(k->session[i], 0);
	ppp_link_open(k->link[i], k->h.w->now);
	hand_connect(&k->h, k->session[i]);
	site_pump(k);
}

static void
site_up_from(struct site *k, struct world *w, unsigned calls, uint16_t port)
{
	*k = (struct site){.n = calls};
	hand_init(&k->h, w, 0xc0000260, port, 9);
	k->at = k->h.address;
	k->heard = w->n_data_outside;
	assert_true(hand_tunnel(&k->h, "lac", NULL));
	for (unsigned i = 0; i < calls; i++)
		site_call(k, i);
	for (unsigned i = 0; i < calls; i++)
		assert_true(k->up[i]);
}

static void
site_up(struct site *k, struct world *w, unsigned calls)
{
	site_up_from(k, w, calls, 1701);
}

static void
site_free(struct site *k)
{
	for (unsigned i = 0; i < k->n; i++)
		ppp_link_free(k->link[i]);
}

static bool
site_is_at(const struct site *k, const struct cv_endpoint *at)
{
	struct lns_tunnel_info t;

	assert_int_equal(lns_find_tunnel(k->h.w->lns, LNS_ANY_LISTENER, k->h.peer_tunnel, &t), 1);
	return cv_endpoint_equal(&t.peer, at);
}

static void
one_user_does_not_move_another(void **state)
{
	const struct cv_endpoint thief = {.ip = cv_ipv4(0xc0000261), .port = 9};
	struct cv_endpoint home;
	struct world w;
	struct site k;

	(void)state;
	world_up(&w, challenge, 7);
	site_up(&k, &w, 2);
	home = k.at;
	/* alice, who knows her password, and bob's IDs, would have bob's packets */
	k.mute[1] = true;
	k.at = thief;
	for (unsigned i = 0; i < 8; i++) {
		for (unsigned j = 0; j < 2; j++)
			speak(&w,
				&(struct lns_session_info){
					.tunnel_id = k.h.peer_tunnel, .session_id = k.session[j]},
				&thief);
		site_pump(&k);
		assert_true(site_is_at(&k, &home));
		world_sleep(&w, SECOND);
	}
	assert_true(world_counter(&w, LNS_PATHS_ASKED) > 2);
	/* both are there: it moves, at once */
	k.mute[1] = false;
	for (unsigned i = 0; i < 10 && !site_is_at(&k, &thief); i++) {
		speak(&w,
			&(struct lns_session_info){
				.tunnel_id = k.h.peer_tunnel, .session_id = k.session[0]},
			&thief);
		site_pump(&k);
		world_sleep(&w, SECOND);
	}
	assert_true(site_is_at(&k, &thief));
	assert_true(world_logged(&w, "tunnel-moved", "sessions=2"));
	assert_true(k.up[0] && k.up[1]);
	site_free(&k);
	world_down(&w);
}

/* A call that has no user yet can't say where it is. */
static void
not_while_a_call_begins(void **state)
{
	struct world w;
	struct site k;

	(void)state;
	world_up(&w, challenge, 7);
	site_up(&k, &w, 2);
	assert_int_not_equal(hand_call(&k.h, 3), 0);
	assert_false(w.followed);
	world_sleep(&w, 70 * SECOND); /* nor does it come */
	site_free(&k);
	world_down(&w);
}

/* What is sent from a place, of the first session. */
static void
site_speak(const struct site *k, const struct cv_endpoint *from)
{
	speak(k->h.w,
		&(struct lns_session_info){
			.tunnel_id = k->h.peer_tunnel, .session_id = k->session[0]},
		from);
}

/* By two lines, of which one goes: a call that came while the other was asked is asked there, too.
 */
static void
a_call_comes_while_it_is_asked(void **state)
{
	const struct cv_endpoint other = {.ip = cv_ipv4(0xc0000261), .port = 9};
	struct world w;
	struct site k;

	(void)state;
	world_up(&w, challenge, 7);
	site_up(&k, &w, 1);
	site_speak(&k, &other);
	site_pump(&k); /* nobody answers */
	k.n = 2;
	site_call(&k, 1);
	assert_true(k.up[1]);
	k.at = other;
	for (unsigned i = 0; i < 20 && !site_is_at(&k, &other); i++) {
		site_speak(&k, &other);
		site_pump(&k);
		world_sleep(&w, SECOND);
	}
	assert_true(site_is_at(&k, &other));
	assert_true(world_logged(&w, "tunnel-moved", "sessions=2"));
	site_free(&k);
	world_down(&w);
}

/* Who has IDs of many tunnels, and addresses, keeps no other client from being followed. */
static void
all_have_too_many(void **state)
{
	enum { TUNNELS = 257, EACH = 16 };
	struct site *all = calloc(TUNNELS, sizeof(*all)), *last = &all[TUNNELS - 1];
	struct cv_endpoint from = forger;
	struct world w;

	(void)state;
	assert_non_null(all);
	world_up(&w, crowd, 7);
	for (unsigned i = 0; i < TUNNELS; i++) {
		site_up_from(&all[i], &w, 1, (uint16_t)(2000 + i));
		world_sleep(&w, 10 * MS);
	}
	for (unsigned i = 0; i < TUNNELS - 1; i++)
		for (unsigned j = 0; j < EACH; j++) {
			from.port = (uint16_t)(3000 + j);
			site_speak(&all[i], &from);
		}
	assert_int_equal(world_counter(&w, LNS_PATHS_ASKED), (TUNNELS - 1) * EACH);
	last->at.port = 1;
	last->heard = w.n_data_outside;
	site_speak(last, &last->at);
	site_pump(last);
	assert_true(site_is_at(last, &last->at));
	assert_int_equal(world_counter(&w, LNS_PATHS_UNPROVED), 1);
	for (unsigned i = 0; i < TUNNELS; i++)
		site_free(&all[i]);
	world_down(&w);
	free(all);
}

/* A tunnel of 16 sessions is followed when all have answered; one of 17 is not. */
static void
so_many_sessions(void **state)
{
	const struct cv_endpoint moved = {.ip = cv_ipv4(0xc0000261), .port = 9};
	struct world w;
	struct site k;

	(void)state;
	for (unsigned n = 16; n <= CALLS; n++) {
		world_up(&w, many, 7);
		site_up(&k, &w, n);
		assert_int_equal(w.followed, n == 16);
		k.at = moved;
		speak(&w,
			&(struct lns_session_info){
				.tunnel_id = k.h.peer_tunnel, .session_id = k.session[3]},
			&moved);
		assert_int_equal(world_counter(&w, LNS_PATHS_ASKED), n == 16);
		site_pump(&k);
		assert_int_equal(site_is_at(&k, &moved), n == 16);
		assert_int_equal(world_counter(&w, LNS_PATHS_ASKED), n == 16 ? 16 : 0);
		site_free(&k);
		world_down(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_user_does_not_move_another),
		cmocka_unit_test(not_while_a_call_begins),
		cmocka_unit_test(a_call_comes_while_it_is_asked),
		cmocka_unit_test(all_have_too_many),
		cmocka_unit_test(so_many_sessions),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
