/* SPDX-License-Identifier: BSD-3-Clause */
/* Peers that a server dials: where, when, in both roles, and what becomes of them. */
#include <stdio.h>
#include <string.h>

#include "dials.h"
#include "l2tp/tunnel.h"

static bool
is_resting(struct twins *t)
{
	uint64_t cursor = 0;
	struct lns_dial_info info;

	return lns_next_dial(t->twin[0].lns, &cursor, UINT64_MAX, &info) &&
	       strcmp(info.state, "resting") == 0;
}

/* Where its peer is. */
static void
assert_at(const struct twin *w, const char *text)
{
	struct lns_dial_info info = twin_dial(w);

	assert_ip(&info.at.ip, text);
}

/* Both ends after a call between them, whoever is its LAC. */
static void
check_both(struct twins *all, const struct twin *caller, const struct twin *hub)
{
	const struct twin_slot *a = twin_session(caller), *b = twin_session(hub);
	struct lns_dial_info info = twin_dial(caller);

	(void)all;
	assert_string_equal(a->info.user, "hub");
	assert_ip(&a->info.address, "10.88.0.1");
	assert_ip(&info.local, "10.88.1.1");
	assert_string_equal(info.reason, "");
	assert_int_equal(a->n_routes, 2);
	assert_ip(&a->routes[0].ip, "172.20.0.0");
	assert_string_equal(b->info.user, "alice");
	assert_ip(&b->info.address, "10.88.1.1");
	assert_ip(&b->routes[0].ip, "172.21.0.0");
	assert_true(a->reachable && b->reachable);
	assert_int_equal(a->info.peer_session_id, b->info.session_id);
	assert_int_equal(b->info.peer_session_id, a->info.session_id);
	assert_int_equal(a->info.peer_tunnel_id, b->info.tunnel_id);
}

static void
incoming_call(void **state)
{
	const char *yaml[TWINS] = {CALLER("to: 192.0.2.2"), HUB};
	struct twins t;

	(void)state;
	twins_up(&t, yaml);
	assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_up));
	twins_run(&t, CV_NS_PER_S, NULL);
	check_both(&t, A, B);
	assert_true(twin_said(A, "peer-up", "peer=hub at=192.0.2.2:1701"));
	assert_true(twin_said(B, "tunnel-up", "host=caller"));
	/* it stays, with echoes and HELLOs alone */
	twins_run(&t, 600 * CV_NS_PER_S, NULL);
	check_both(&t, A, B);
	assert_int_equal(A->sccrqs, 1);
	twins_down(&t);
}

static void
outgoing_call(void **state)
{
	const char *yaml[TWINS] = {
		CALLER("to: 192.0.2.2, call: outgoing, host-name: branch-7"), HUB};
	struct twins t;

	(void)state;
	twins_up(&t, yaml);
	assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_up));
	twins_run(&t, CV_NS_PER_S, NULL);
	check_both(&t, A, B);
	assert_true(twin_said(B, "tunnel-up", "host=branch-7"));
	twins_down(&t);
}

static void
wrong_secrets(void **state)
{
	const char *yaml[TWINS] = {CALLER("to: [192.0.2.2, 192.0.2.3]"),
		SERVER("other", "192.0.2.2", OWN), HUB_AT("192.0.2.3")};
	char foreign[sizeof(SERVER("other", "192.0.2.2", OWN))];
	struct twins t;
	char *secret;

	(void)state;
	/* the first has another secret: its proof is wrong for us, or ours for it */
	strcpy(foreign, yaml[1]);
	secret = strstr(foreign, "shared");
	memcpy(secret, "shaded", 6);
	yaml[1] = foreign;
	twins_up(&t, yaml);
	assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_up));
	assert_at(A, "192.0.2.3");
	assert_true(twin_said(A, "peer-failed", "at=192.0.2.2:1701"));
	assert_int_equal(twin_counter(A, LNS_DIAL_FAILED), 1);
	twins_down(&t);

	/* and one that knows no such user says so; the next one has it */
	yaml[1] = SERVER("other", "192.0.2.2", OWN);
	twins_up(&t, yaml);
	assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_up));
	assert_at(A, "192.0.2.3");
	assert_true(twin_said(A, "peer-failed", "it does not take our user or password"));
	twins_down(&t);
}

/* Its pauses double, and are no two alike; it comes back by itself. */
static void
back_off(void **state)
{
	const char *yaml[TWINS] = {CALLER("to: [192.0.2.2, 192.0.2.3]")};
	struct twins t;
	uint64_t pause, before = 0;
	struct lns_dial_info info;

	(void)state;
	twins_up(&t, yaml);
	for (unsigned i = 0; i < 9; i++) {
		uint64_t base = (i < 6 ? UINT64_C(1) << i : 60) * CV_NS_PER_S;

		assert_true(twins_run(&t, 200 * CV_NS_PER_S, is_pausing));
		info = twin_dial(A);
		pause = info.next_at - info.since;
		assert_in_range(pause, base / 2, base + base / 2);
		assert_true(pause % CV_NS_PER_S != 0 || i == 0);
		assert_int_equal(info.rounds, i + 1);
		assert_true(pause != before);
		before = pause;
		/* both were tried */
		assert_true(twin_said(A, "peer-failed", "at=192.0.2.2:1701"));
		assert_true(twin_said(A, "peer-failed", "at=192.0.2.3:1701"));
		twins_run(&t, pause + CV_NS_PER_MS * 10, NULL);
		assert_false(is_pausing(&t));
	}
	twin_restart(C, HUB_AT("192.0.2.3"));
	assert_true(twins_run(&t, 200 * CV_NS_PER_S, is_up));
	/* gone without a word: after HELLO and echoes in vain the first is tried again at once */
	twin_restart(C, NULL);
	twin_restart(B, HUB);
	assert_true(twins_run(&t, 300 * CV_NS_PER_S, is_pausing));
	assert_true(twin_said(A, "peer-down", "peer=hub"));
	info = twin_dial(A);
	assert_in_range(info.next_at - info.since, CV_NS_PER_S / 2, 3 * CV_NS_PER_S / 2);
	assert_true(twins_run(&t, 5 * CV_NS_PER_S, is_up));
	assert_at(A, "192.0.2.2");
	twins_down(&t);
}

/* What DNS says is no more than a hint. */
static void
odd_names(void **state)
{
	static const char *const odd[] = {"255.255.255.255", "224.0.0.1", "127.0.0.1", "0.0.0.0",
		"::1", "ff02::1", "fe80::1"};
	const char *yaml[TWINS] = {CALLER("to: ['hub.example.net:1702', 192.0.2.2]"), HUB};
	struct twins t;
	unsigned n = sizeof(odd) / sizeof(odd[0]);

	(void)state;
	twins_up(&t, yaml);
	for (unsigned i = 0; i < n; i++)
		t.found[i] = twin_ip(odd[i]);
	t.found[n] = twin_ip("192.0.2.1"); /* ourselves, where nobody listens */
	t.n_found = n + 1;
	assert_true(twins_run(&t, CV_NS_PER_S, is_up));
	assert_at(A, "192.0.2.2");
	assert_int_equal(A->sccrqs, 1);
	assert_true(twin_said(A, "at=255.255.255.255:1702", "not the address of a host"));
	assert_true(twin_said(A, "peer-failed", "it is our own address"));
	twins_down(&t);
}

static void
names(void **state)
{
	const char *yaml[TWINS] = {CALLER("to: ['hub.example.net:1701', 192.0.2.3]"), HUB};
	struct twins t;
	struct cv_ip late = twin_ip("192.0.2.2");

	(void)state;
	twins_up(&t, yaml);
	t.found[0] = twin_ip("2001:db8::1"); /* of no listener's family */
	t.found[1] = twin_ip("192.0.2.1");   /* ourselves */
	t.found[2] = twin_ip("192.0.2.2");
	t.n_found = 3;
	assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_up));
	assert_int_equal(A->questions, 1);
	assert_at(A, "192.0.2.2");
	assert_true(twin_said(A, "peer-failed", "no listener is of its family"));
	assert_true(twin_said(A, "peer-failed", "it is our own address"));
	twins_down(&t);

	/* nobody answers: what is behind the name is tried after 10 s, and the answer is too late
	 */
	twins_up(&t, yaml);
	A->mute = true;
	twins_run(&t, 9 * CV_NS_PER_S, NULL);
	assert_int_equal(A->sccrqs, 0);
	assert_string_equal(twin_dial(A).state, "resolving");
	twins_run(&t, 2 * CV_NS_PER_S, NULL);
	assert_string_equal(twin_dial(A).state, "connecting");
	assert_int_equal(lns_dial_resolved(A->lns, t.now, 0, A->question, &late, 1), CV_ERR_STATE);
	assert_true(twin_said(A, "peer-failed", "hub.example.net"));
	/* in the next round it is right, but for an older question */
	while (A->questions == 1)
		twins_run(&t, CV_NS_PER_S, NULL);
	assert_int_equal(
		lns_dial_resolved(A->lns, t.now, 0, A->question - 1, &late, 1), CV_ERR_STATE);
	assert_int_equal(
		lns_dial_resolved(A->lns, t.now, 1, A->question, &late, 1), CV_ERR_UNKNOWN);
	assert_int_equal(lns_dial_resolved(A->lns, t.now, 0, A->question, &late, 1), 0);
	assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_up));
	twins_down(&t);

	/* the name has no address any more */
	twins_up(&t, yaml);
	assert_true(twins_run(&t, 60 * CV_NS_PER_S, is_pausing));
	assert_true(twin_said(A, "peer-failed", "it has no address"));
	twins_down(&t);
}

static const char both_a[] = SERVER("caller", "192.0.2.1",
	"groups: [{name: own, address: 10.99.0.1, pool: 10.99.1.0/24}]\n"
	"users: [{name: bob, password-file: pass-b, address: 10.99.7.7}]\n"
	"dial: [{name: hub, to: 192.0.2.2, secret-file: shared, user: alice, password-file: "
	"pass-a, address: 10.88.0.1}]\n");
static const char both_b[] = SERVER("hub", "192.0.2.2",
	"groups: [{name: branches, address: 10.88.0.1, pool: 10.88.1.0/24}]\n"
	"users: [{name: alice, password-file: pass-a}]\n"
	"dial: [{name: branch, to: 192.0.2.1, secret-file: shared, peer-user: alice}]\n");

/* Each dials the other at the same moment: one tunnel stands, and the session of the one is what
 * the other wants. */
static void
both_at_once(void **state)
{
	const char *yaml[TWINS] = {both_a, both_b};
	struct twins t;

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		twins_up(&t, yaml);
		crypto_random_u32(t.crypto);
		for (unsigned k = 0; k < i; k++)
			crypto_random_u32(t.crypto);
		assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_up));
		assert_int_equal(A->sccrqs, 1);
		assert_int_equal(B->sccrqs, 1);
		assert_int_equal(
			twin_counter(A, LNS_DIAL_TIES) + twin_counter(B, LNS_DIAL_TIES), 2);
		assert_int_equal(twin_counter(A, LNS_TUNNELS_OPENED), 1);
		assert_int_equal(twin_counter(B, LNS_TUNNELS_OPENED), 1);
		twins_run(&t, 300 * CV_NS_PER_S, NULL);
		assert_string_equal(twin_dial(A).state, "up");
		assert_string_equal(twin_dial(B).state, "up");
		assert_string_equal(twin_session(A)->info.user, "hub");
		assert_string_equal(twin_session(B)->info.user, "alice");
		assert_int_equal(twin_dial(B).session->serial, twin_session(B)->info.serial);
		twins_down(&t);
	}
}

/* Somebody says what the peer would: the smallest tie breaker there is. Ours goes on. */
static void
forged_tie(void **state)
{
	static const uint8_t zero[L2TP_TIE_BREAKER_BYTES];
	const char *yaml[TWINS] = {CALLER("to: 192.0.2.2"), HUB};
	struct l2tp_params params;
	struct l2tp_tunnel *forged;
	uint8_t bytes[1500];
	struct twins t;
	int len;

	(void)state;
	twins_up(&t, yaml);
	l2tp_params_default(&params);
	params.crypto = t.crypto;
	params.host_name = "hub";
	params.local_tunnel_id = 77;
	params.tie_breaker = zero;
	forged = l2tp_tunnel_new(L2TP_INITIATOR, &params, t.now);
	assert_int_equal(l2tp_tunnel_connect(forged, t.now), 0);
	len = l2tp_tunnel_poll_output(forged, t.now, bytes, sizeof(bytes));
	assert_true(len > 0);
	twins_run(&t, 5 * CV_NS_PER_MS, NULL); /* SCCRQ is on its way */
	assert_string_equal(twin_dial(A).state, "connecting");
	twin_inject(A, "192.0.2.2", bytes, (size_t)len);
	assert_int_equal(twin_counter(A, LNS_DIAL_TIES), 1);
	assert_true(twins_run(&t, 900 * CV_NS_PER_MS, is_up));
	assert_int_equal(A->sccrqs, 1);
	l2tp_tunnel_free(forged);
	twins_down(&t);
}

/* Who is drained dials nobody, and who is not yet there is dialled at its end. */
static void
drained(void **state)
{
	const char *yaml[TWINS] = {CALLER("to: 192.0.2.2"), HUB};
	struct twins t;

	(void)state;
	twins_up(&t, yaml);
	assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_up));
	lns_drain(A->lns, t.now, 0);
	twins_run(&t, 100 * CV_NS_PER_S, NULL);
	assert_true(is_up(&t));
	assert_int_equal(lns_kick_user(B->lns, t.now, "alice", PPP_DOWN_KICKED), 1);
	twins_run(&t, 300 * CV_NS_PER_S, NULL);
	assert_string_equal(twin_dial(A).state, "pausing");
	assert_int_equal(twin_dial(A).next_at, 0);
	assert_int_equal(A->sccrqs, 1);
	lns_drain_end(A->lns, t.now);
	assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_up));
	assert_int_equal(A->sccrqs, 2);
	twins_down(&t);
}

static void
drained_while_resting(void **state)
{
	const char *yaml[TWINS] = {CALLER("to: 192.0.2.2, start: traffic"), HUB};
	struct twins t;

	(void)state;
	twins_up(&t, yaml);
	twins_run(&t, CV_NS_PER_S, NULL);
	assert_int_equal(A->rests, 1);
	lns_drain(A->lns, t.now, 0);
	assert_int_equal(lns_dial_traffic(A->lns, t.now, 0), CV_ERR_STATE);
	twins_run(&t, 60 * CV_NS_PER_S, NULL);
	assert_int_equal(A->sccrqs, 0);
	lns_drain_end(A->lns, t.now);
	twins_run(&t, CV_NS_PER_S, NULL);
	assert_int_equal(A->rests, 2); /* traffic is told again */
	assert_int_equal(lns_dial_traffic(A->lns, t.now, 0), 0);
	assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_up));
	twins_down(&t);
}

/* A hub that is drained says so, and its caller tries again. */
static void
drained_hub(void **state)
{
	const char *yaml[TWINS] = {CALLER("to: 192.0.2.2"), HUB};
	struct twins t;

	(void)state;
	twins_up(&t, yaml);
	lns_drain(B->lns, t.now, 0);
	assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_pausing));
	assert_true(twin_said(A, "peer-failed", "the server is being drained"));
	assert_true(twin_counter(B, LNS_DRAIN_TUNNELS) > 0);
	lns_drain_end(B->lns, t.now);
	assert_true(twins_run(&t, 100 * CV_NS_PER_S, is_up));
	twins_down(&t);
}

static void
traffic_and_idle(void **state)
{
	const char *yaml[TWINS] = {CALLER("to: 192.0.2.2, start: traffic, idle: 60s"), HUB};
	struct twins t;

	(void)state;
	twins_up(&t, yaml);
	twins_run(&t, 100 * CV_NS_PER_S, NULL);
	assert_int_equal(A->sccrqs, 0);
	assert_string_equal(twin_dial(A).state, "resting");
	assert_int_equal(A->rests, 1);
	assert_int_equal(lns_dial_traffic(A->lns, t.now, 1), CV_ERR_UNKNOWN);
	assert_int_equal(lns_dial_traffic(A->lns, t.now, 0), 0);
	assert_int_equal(lns_dial_traffic(A->lns, t.now, 0), CV_ERR_STATE);
	assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_up));
	twins_run(&t, 600 * CV_NS_PER_S, NULL); /* it carries something */
	assert_true(is_up(&t));
	A->quiet = true;
	twins_run(&t, 55 * CV_NS_PER_S, NULL);
	assert_true(is_up(&t));
	assert_true(twins_run(&t, 35 * CV_NS_PER_S, is_resting));
	assert_true(twin_said(A, "peer-down", "no traffic"));
	assert_int_equal(A->rests, 2);
	twins_run(&t, 100 * CV_NS_PER_S, NULL);
	assert_int_equal(A->sccrqs, 1);
	assert_int_equal(twin_open(A) + twin_open(B), 0);
	assert_int_equal(A->tunnels + B->tunnels, 0);
	/* in vain it pauses, and rests then until there is traffic again */
	twin_restart(B, NULL);
	assert_int_equal(lns_dial_traffic(A->lns, t.now, 0), 0);
	assert_true(twins_run(&t, 60 * CV_NS_PER_S, is_pausing));
	assert_int_equal(lns_dial_traffic(A->lns, t.now, 0), CV_ERR_STATE);
	assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_resting));
	twins_down(&t);
}

static void
reloads(void **state)
{
	const char *yaml[TWINS] = {CALLER("to: 192.0.2.2"), HUB, HUB_AT("192.0.2.3")};
	struct twins t;
	uint64_t serial;

	(void)state;
	twins_up(&t, yaml);
	assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_up));
	twins_run(&t, CV_NS_PER_S, NULL);
	serial = twin_session(A)->info.serial;
	/* other networks behind it: the session goes on */
	twin_reload(A, SERVER("caller", "192.0.2.1",
			       OWN "dial: [{name: hub, secret-file: other, user: alice, "
				   "password-file: pass-b, to: 192.0.2.2, routes: 172.22.0.0/16, "
				   "address: 10.88.0.1}]\n"));
	assert_int_equal(twin_session(A)->info.serial, serial);
	assert_int_equal(twin_session(A)->n_routes, 1);
	assert_ip(&twin_session(A)->routes[0].ip, "172.22.0.0");
	twins_run(&t, 100 * CV_NS_PER_S, NULL);
	assert_int_equal(twin_session(A)->info.serial, serial);
	/* another place: there it is dialled */
	twin_reload(A, CALLER("to: 192.0.2.3"));
	assert_false(is_up(&t));
	assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_up));
	assert_at(A, "192.0.2.3");
	twins_run(&t, 40 * CV_NS_PER_S, NULL);
	assert_int_equal(twin_open(B), 0);
	assert_int_equal(twin_open(C), 1);
	/* none any more; and again one */
	twin_reload(A, SERVER("caller", "192.0.2.1", OWN));
	twins_run(&t, 40 * CV_NS_PER_S, NULL);
	assert_int_equal(twin_open(A) + twin_open(B) + twin_open(C), 0);
	twin_reload(A, CALLER("to: 192.0.2.2, start: traffic"));
	twins_run(&t, 40 * CV_NS_PER_S, NULL);
	assert_true(is_resting(&t));
	twin_reload(A, CALLER("to: 192.0.2.2"));
	assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_up));
	twins_down(&t);
}

/* What was begun for places that a reload takes away is not gone on with. */
static void
a_reload_comes_between(void **state)
{
	const char *yaml[TWINS] = {CALLER("to: hub.example.net, start: traffic"), HUB};
	uint64_t failed;
	struct twins t;

	(void)state;
	/* a name was to be asked for */
	twins_up(&t, yaml);
	twins_run(&t, CV_NS_PER_S, NULL);
	assert_int_equal(lns_dial_traffic(A->lns, t.now, 0), 0);
	twin_reload(A, CALLER("to: 192.0.2.2"));
	assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_up));
	assert_int_equal(A->questions, 0);
	twins_down(&t);
	/* the last of three has just been given up, and there is one */
	yaml[0] = CALLER("to: [192.0.2.7, 192.0.2.8, 192.0.2.9]");
	twins_up(&t, yaml);
	do
		twins_run(&t, CV_NS_PER_S, NULL);
	while (twin_dial(A).at.ip.bytes[3] != 9);
	failed = twin_counter(A, LNS_DIAL_FAILED);
	t.now = twin_dial(A).since + 21 * CV_NS_PER_S;
	lns_handle_timeout(A->lns, t.now);
	assert_string_equal(twin_dial(A).state, "connecting");
	twin_reload(A, CALLER("to: 192.0.2.2"));
	assert_int_equal(twin_counter(A, LNS_DIAL_FAILED), failed);
	assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_up));
	assert_at(A, "192.0.2.2");
	twins_down(&t);
}

/* A tunnel of ours ends, and is made again, by an administrator's hand, and by the peer's. */
static void
ends(void **state)
{
	const char *yaml[TWINS] = {CALLER("to: 192.0.2.2"), HUB};
	struct twins t;
	unsigned tries;

	(void)state;
	twins_up(&t, yaml);
	assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_up));
	assert_int_equal(lns_kick_user(A->lns, t.now, "hub", PPP_DOWN_KICKED), 1);
	assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_pausing));
	assert_true(twin_said(A, "peer-down", "ended by the administrator"));
	assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_up));
	assert_int_equal(lns_kick_user(B->lns, t.now, "alice", PPP_DOWN_KICKED), 1);
	assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_pausing));
	assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_up));
	/* a peer that ends it each time is not asked more and more often */
	tries = A->sccrqs;
	for (unsigned i = 0; i < 300; i++) {
		lns_kick_user(B->lns, t.now, "alice", PPP_DOWN_KICKED);
		twins_run(&t, CV_NS_PER_S, NULL);
	}
	assert_in_range(A->sccrqs - tries, 2, 20);
	twins_down(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(incoming_call),
		cmocka_unit_test(outgoing_call),
		cmocka_unit_test(wrong_secrets),
		cmocka_unit_test(back_off),
		cmocka_unit_test(names),
		cmocka_unit_test(odd_names),
		cmocka_unit_test(both_at_once),
		cmocka_unit_test(forged_tie),
		cmocka_unit_test(drained),
		cmocka_unit_test(drained_while_resting),
		cmocka_unit_test(drained_hub),
		cmocka_unit_test(traffic_and_idle),
		cmocka_unit_test(reloads),
		cmocka_unit_test(a_reload_comes_between),
		cmocka_unit_test(ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
