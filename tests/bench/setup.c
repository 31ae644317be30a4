/* SPDX-License-Identifier: BSD-3-Clause */
/* The control side: whole set-ups (tunnel, call, LCP, CHAP, IPCP) a second with the client's work
 * left out, and forged SCCRQs a second. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "bench.h"
#include "dial/dial.h"
#include "lns/lns.h"

enum { USERS = 60, USER_SESSIONS = 1000 };

static const char *const names[] = {"setup", "setup.address", "setup.port"};

/* Where clients come from: a thousand of each address, all of one address, of one port of it. */
enum from { FROM_MANY, FROM_ADDRESS, FROM_PORT };

/* Users follow: one a thousand sessions, which is the most that one may have. */
static const char yaml[] = "ports: [{name: wan, device: 'af_packet:lns0'}]\n"
			   "listeners: [{address: 192.0.2.1/24}]\n"
			   "tunnels: {secrets: [{secret-file: secret}]}\n"
			   "ppp: {auth: [chap-md5]}\n"
			   "groups: [{name: g, address: 10.0.0.1, pool: 10.0.0.0/8,\n"
			   "  user-sessions: 1000}]\n"
			   "limits: {tunnels: 60000, tunnels-per-peer: 60000, half-open: 60000,\n"
			   "  setups-per-second: 1000000, sessions: 60000,\n"
			   "  sessions-per-tunnel: 60000}\n";

struct client {
	struct cv_endpoint address;
	struct ppp_params ppp_params;
	struct dial *dial;
	char user[16];
	bool up;
};

struct server {
	struct crypto *crypto;
	struct cfg *cfg;
	struct lns *lns;
	uint64_t now;
	uint64_t cycles; /* spent in it */
};

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

static void client_input(struct server *s, struct client *c, const uint8_t *bytes, size_t len);

/* The server takes a datagram; its answers are copied out before the clock stops, and given to
 * the client after it. */
static void
server_input(struct server *s, struct client *c, const uint8_t *bytes, size_t len)
{
	enum { ANSWERS = 16 };
	static uint8_t answers[ANSWERS][LNS_DATAGRAM_MAX];
	size_t lens[ANSWERS], n = 0;
	uint8_t copy[ANSWERS][LNS_DATAGRAM_MAX];
	struct lns_auth_answer answer;
	struct lns_action action;
	uint64_t start = rte_rdtsc_precise();

	lns_input(s->lns, s->now, 0, &c->address, bytes, len);
	while (lns_poll(s->lns, s->now, &action)) {
		if (action.type == LNS_ACT_AUTH_ASK) {
			lns_users_answer(s->cfg, action.ask, &answer);
			lns_auth_answer(s->lns, s->now, action.ask->serial, &answer);
		}
		if (action.type != LNS_ACT_SEND || n == ANSWERS)
			continue;
		memcpy(answers[n], action.data.data, action.data.len);
		lens[n++] = action.data.len;
	}
	s->cycles += rte_rdtsc_precise() - start;
	memcpy(copy, answers, sizeof(copy));
	for (size_t i = 0; i < n; i++)
		client_input(s, c, copy[i], lens[i]);
}

static void
client_settle(struct server *s, struct client *c)
{
	uint8_t bytes[DIAL_DATAGRAM_MAX];
	struct dial_event e;
	int len;

	while (dial_poll_event(c->dial, s->now, &e)) {
		if (e.type == DIAL_EV_TUNNEL_UP)
			dial_call(c->dial, s->now, 1);
		c->up = c->up || e.type == DIAL_EV_UP;
	}
	while ((len = dial_poll_output(c->dial, s->now, bytes, sizeof(bytes))) > 0)
		server_input(s, c, bytes, (size_t)len);
}

static void
client_input(struct server *s, struct client *c, const uint8_t *bytes, size_t len)
{
	dial_input(c->dial, s->now, bytes, len, NULL);
	client_settle(s, c);
}

static bool
dial(struct server *s, struct client *c, unsigned index, enum from from)
{
	struct dial_params params = {.ppp = &c->ppp_params};

	*c = (struct client){0};
	c->address = (struct cv_endpoint){.ip = cv_ipv4(0x0b000000), .port = 1701};
	if (from == FROM_MANY)
		c->address = (struct cv_endpoint){.ip = cv_ipv4(0x0b000000 + index / 1000),
			.port = (uint16_t)(1024 + index % 1000)};
	else if (from == FROM_ADDRESS)
		c->address.port = (uint16_t)(1024 + index);
	l2tp_params_default(&params.l2tp);
	params.l2tp.crypto = s->crypto;
	params.l2tp.secret = "secret";
	params.l2tp.secret_len = strlen("secret");
	params.l2tp.local_tunnel_id = (uint16_t)(from == FROM_PORT ? index + 1 : 1);
	ppp_params_default(&c->ppp_params, PPP_CLIENT);
	c->ppp_params.crypto = s->crypto;
	c->ppp_params.auth[0] = PPP_AUTH_CHAP_MD5;
	c->ppp_params.n_auth = 1;
	snprintf(c->user, sizeof(c->user), "u%u", index / USER_SESSIONS);
	c->ppp_params.user = (struct cv_bytes){(const uint8_t *)c->user, strlen(c->user)};
	c->ppp_params.password = (struct cv_bytes){(const uint8_t *)"secret", 6};
	c->dial = dial_new(&params, s->now);
	if (c->dial == NULL || dial_start(c->dial, s->now) != 0)
		return false;
	client_settle(s, c);
	return c->up;
}

static void
forget(struct client *c)
{
	dial_free(c->dial);
}

/* One more call in the tunnel of a client that is up; the calls before it stay. */
static bool
dial_again(struct server *s, struct client *c, unsigned index)
{
	dial_abandon_call(c->dial);
	c->up = false;
	snprintf(c->user, sizeof(c->user), "u%u", index / USER_SESSIONS);
	c->ppp_params.user.len = strlen(c->user);
	if (dial_call(c->dial, s->now, (uint16_t)(index + 1)) != 0)
		return false;
	client_settle(s, c);
	return c->up;
}

static int
start(struct server *s)
{
	static const uint8_t seed[CRYPTO_SEED_BYTES] = {1};
	struct cfg_files files = {.read = read_secret};
	struct cfg_errors errors = {0};
	struct lns_params params = {0};
	char err[256] = "", text[8192];
	int used = snprintf(text, sizeof(text), "%susers:\n", yaml);

	for (unsigned i = 0; i < USERS; i++)
		used += snprintf(text + used, sizeof(text) - (size_t)used,
			"- {name: u%u, password-file: secret}\n", i);
	*s = (struct server){.now = CV_NS_PER_S};
	s->crypto = crypto_new(seed, err, sizeof(err));
	if (s->crypto == NULL ||
		cfg_load("bench.yaml", text, (size_t)used, &files, &errors, &s->cfg) != 0)
		return -1;
	cfg_errors_free(&errors);
	params.cfg = s->cfg;
	params.crypto = s->crypto;
	s->lns = lns_new(&params, s->now);
	return s->lns == NULL ? -1 : 0;
}

static void
finish(struct server *s)
{
	lns_free(s->lns);
	cfg_free(s->cfg);
	crypto_free(s->crypto);
}

static void
add(const char *name, uint64_t sessions, double value)
{
	struct bench_row row = {.sessions = sessions, .value = value, .p10 = NAN, .goal = NAN};

	snprintf(row.name, sizeof(row.name), "%s", name);
	bench_add(&row);
}

static double
per_second(unsigned n, uint64_t cycles)
{
	return (double)rte_get_tsc_hz() * n / (double)cycles;
}

static int
measure_setups(unsigned n, enum from from)
{
	struct client *c = malloc(sizeof(*c));
	struct server s;

	if (c == NULL || start(&s) != 0)
		return -1;
	for (unsigned i = 0; i < n; i++) {
		s.now += CV_NS_PER_MS / 10;
		if (i == n / 2) /* the first half warms up */
			s.cycles = 0;
		if (!dial(&s, c, i, from)) {
			bench_progress("set-up %u does not come to an end", i);
			return -1;
		}
		forget(c);
	}
	add(names[from], n, per_second(n - n / 2, s.cycles));
	finish(&s);
	free(c);
	return 0;
}

/* A LAC's calls, all in one tunnel. */
static int
measure_one_tunnel(unsigned n)
{
	struct client *c = malloc(sizeof(*c));
	struct server s;

	if (c == NULL || start(&s) != 0 || !dial(&s, c, 0, FROM_MANY))
		return -1;
	for (unsigned i = 1; i < n; i++) {
		s.now += CV_NS_PER_MS / 10;
		if (i == n / 2)
			s.cycles = 0;
		if (!dial_again(&s, c, i)) {
			bench_progress("call %u does not come to an end", i);
			return -1;
		}
	}
	add("setup.tunnel", n, per_second(n - n / 2, s.cycles));
	forget(c);
	finish(&s);
	free(c);
	return 0;
}

/* SCCRQs whose sources nobody has, into a full table of callers: each is answered once and pushes
 * another out. */
static int
measure_forged(unsigned n)
{
	struct l2tp_params params;
	struct l2tp_tunnel *l2tp;
	uint8_t bytes[1500];
	struct server s;
	int len;

	if (start(&s) != 0)
		return -1;
	l2tp_params_default(&params);
	params.crypto = s.crypto;
	params.secret = "secret";
	params.secret_len = strlen("secret");
	params.local_tunnel_id = 1;
	l2tp = l2tp_tunnel_new(L2TP_INITIATOR, &params, s.now);
	if (l2tp == NULL || l2tp_tunnel_connect(l2tp, s.now) != 0)
		return -1;
	len = l2tp_tunnel_poll_output(l2tp, s.now, bytes, sizeof(bytes));
	for (unsigned i = 0; i < 60000 + n; i++) {
		uint64_t drawn = bench_random(), begin;
		struct cv_endpoint from = {
			.ip = cv_ipv4((uint32_t)drawn), .port = (uint16_t)(drawn >> 32)};
		struct lns_action action;

		begin = rte_rdtsc_precise();
		lns_input(s.lns, s.now, 0, &from, bytes, (size_t)len);
		while (lns_poll(s.lns, s.now, &action))
			;
		if (i >= 60000)
			s.cycles += rte_rdtsc_precise() - begin;
	}
	add("setup.forged", 0, per_second(n, s.cycles));
	l2tp_tunnel_free(l2tp);
	finish(&s);
	return 0;
}

int
bench_setup(void)
{
	static const unsigned counts[] = {
		[BENCH_BRIEF] = 40, [BENCH_QUICK] = 4000, [BENCH_WHOLE] = 20000};
	unsigned n = counts[bench_extent()];

	if (bench_eal(false) != 0)
		return -1;
	bench_progress("set-ups");
	for (enum from from = FROM_MANY; from <= FROM_PORT; from++)
		if (bench_wanted(names[from]) && measure_setups(n, from) != 0)
			return -1;
	if (bench_wanted("setup.tunnel") && measure_one_tunnel(2 * n) != 0)
		return -1;
	return bench_wanted("setup.forged") ? measure_forged(10 * n) : 0;
}
