/* SPDX-License-Identifier: BSD-3-Clause */
/* The control side and its clients; see server.h. */
#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "bench.h"

static const char yaml[] =
	"tunnels: {secrets: [{secret-file: secret}]}\n"
	"ppp: {auth: [chap-md5]}\n"
	"groups: [{name: g, address: 10.255.0.1, pool: 10.0.0.0/8, user-sessions: 1000}]\n"
	"ports: [{name: wan, device: 'af_packet:lns0'}]\n";

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

/* The whole file; NULL: no memory. */
static char *
write_yaml(unsigned listeners, unsigned sessions, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	if (f == NULL)
		return NULL;
	fputs(yaml, f);
	fprintf(f,
		"limits: {tunnels: %u, tunnels-per-peer: 60000, half-open: 60000,\n"
		"  setups-per-second: 1000000, sessions: %u, sessions-per-tunnel: 60000}\n",
		60000 * listeners, sessions);
	fputs("listeners:\n", f);
	for (unsigned i = 0; i < listeners; i++)
		fprintf(f, "- {address: 192.0.2.%u/24, gateway: 192.0.2.254}\n", i + 1);
	fputs("users:\n", f);
	for (unsigned i = 0; i * SERVER_USER_SESSIONS < sessions; i++)
		fprintf(f, "- {name: u%u, password-file: secret}\n", i);
	return fclose(f) == 0 ? text : NULL;
}

int
server_start(struct server *s, unsigned listeners, unsigned sessions)
{
	static const uint8_t seed[CRYPTO_SEED_BYTES] = {1};
	struct cfg_files files = {.read = read_secret};
	struct cfg_errors errors = {0};
	struct lns_params params = {0};
	char err[256] = "";
	size_t len = 0;
	char *text = write_yaml(listeners, sessions, &len);

	*s = (struct server){.now = CV_NS_PER_S};
	s->crypto = crypto_new(seed, err, sizeof(err));
	if (text == NULL || s->crypto == NULL ||
		cfg_load("bench.yaml", text, len, &files, &errors, &s->cfg) != 0) {
		bench_progress("the server's configuration is not taken: %s %s", err,
			errors.n == 0 ? "" : errors.items[0].text);
		return -1;
	}
	free(text);
	cfg_errors_free(&errors);
	params.cfg = s->cfg;
	params.crypto = s->crypto;
	s->lns = lns_new(&params, s->now);
	return s->lns == NULL ? -1 : 0;
}

void
server_finish(struct server *s)
{
	lns_free(s->lns);
	cfg_free(s->cfg);
	crypto_free(s->crypto);
}

/* The server takes a datagram; its answers are copied out before the clock stops, and given to
 * the client after it. */
static void
straight(void *context, struct client *c, const uint8_t *bytes, size_t len)
{
	enum { ANSWERS = 16 };
	struct server *s = context;
	static uint8_t answers[ANSWERS][LNS_DATAGRAM_MAX];
	size_t lens[ANSWERS], n = 0;
	uint8_t copy[ANSWERS][LNS_DATAGRAM_MAX];
	struct lns_auth_answer answer;
	struct lns_action action;
	uint64_t start = rte_rdtsc_precise();

	lns_input(s->lns, s->now, c->listener, &c->address, bytes, len);
	while (lns_poll(s->lns, s->now, &action)) {
		if (action.type == LNS_ACT_AUTH_ASK) {
			lns_users_answer(s->cfg, action.ask, &answer);
			lns_auth_answer(s->lns, s->now, action.ask->serial, &answer);
		} else if (action.type != LNS_ACT_SEND && s->act != NULL) {
			s->act(s->context, &action);
		}
		if (action.type != LNS_ACT_SEND || n == ANSWERS)
			continue;
		memcpy(answers[n], action.data.data, action.data.len);
		lens[n++] = action.data.len;
	}
	s->cycles += rte_rdtsc_precise() - start;
	for (size_t i = 0; i < n; i++)
		memcpy(copy[i], answers[i], lens[i]);
	for (size_t i = 0; i < n; i++)
		client_input(s, c, copy[i], lens[i]);
}

static void
client_settle(struct server *s, struct client *c, uint16_t session_id)
{
	uint8_t bytes[DIAL_DATAGRAM_MAX];
	struct dial_event e;
	int len;

	while (dial_poll_event(c->dial, s->now, &e)) {
		if (e.type == DIAL_EV_TUNNEL_UP)
			dial_call(c->dial, s->now, session_id);
		c->up = c->up || e.type == DIAL_EV_UP;
	}
	while ((len = dial_poll_output(c->dial, s->now, bytes, sizeof(bytes))) > 0)
		(s->exchange != NULL ? s->exchange : straight)(
			s->exchange != NULL ? s->context : s, c, bytes, (size_t)len);
}

void
client_input(struct server *s, struct client *c, const uint8_t *bytes, size_t len)
{
	dial_input(c->dial, s->now, bytes, len, NULL);
	client_settle(s, c, 1);
}

static void
become(struct client *c, const struct caller *caller)
{
	snprintf(c->user, sizeof(c->user), "u%u", caller->index / SERVER_USER_SESSIONS);
	c->ppp_params.user = (struct cv_bytes){(const uint8_t *)c->user, strlen(c->user)};
	c->ppp_params.password = (struct cv_bytes){(const uint8_t *)"secret", 6};
	c->up = false;
}

bool
client_dial(struct server *s, struct client *c, const struct caller *caller)
{
	struct dial_params params = {.ppp = &c->ppp_params};

	*c = (struct client){.address = caller->address, .listener = caller->listener};
	l2tp_params_default(&params.l2tp);
	params.l2tp.crypto = s->crypto;
	params.l2tp.secret = "secret";
	params.l2tp.secret_len = strlen("secret");
	params.l2tp.local_tunnel_id = caller->tunnel_id;
	ppp_params_default(&c->ppp_params, PPP_CLIENT);
	c->ppp_params.crypto = s->crypto;
	c->ppp_params.auth[0] = PPP_AUTH_CHAP_MD5;
	c->ppp_params.n_auth = 1;
	become(c, caller);
	c->dial = dial_new(&params, s->now);
	if (c->dial == NULL || dial_start(c->dial, s->now) != 0)
		return false;
	client_settle(s, c, 1);
	return c->up;
}

bool
client_call(struct server *s, struct client *c, const struct caller *caller)
{
	dial_abandon_call(c->dial);
	become(c, caller);
	if (dial_call(c->dial, s->now, caller->session_id) != 0)
		return false;
	client_settle(s, c, 1);
	return c->up;
}

void
client_forget(struct client *c)
{
	dial_free(c->dial);
	c->dial = NULL;
}
