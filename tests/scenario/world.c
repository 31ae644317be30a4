/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"

static const char standard[] = "identity: {host-name: lns}\n"
			       "log: {level: debug}\n"
			       "ports: [{name: wan, device: 'af_packet:lns0'}]\n"
			       "listeners: [{address: 192.0.2.1/24}]\n"
			       "tunnels: {secrets: [{secret-file: secret}]}\n"
			       "ppp: {auth: [mschapv2, chap-md5, pap]}\n"
			       "groups: [{name: clients, address: 10.88.0.1, pool: 10.88.1.0/24,\n"
			       "  dns: [10.88.0.53]}]\n"
			       "users: [{name: alice, password-file: alice},\n"
			       "  {name: bob, password-file: bob}]\n"
			       "limits: {sessions: 100, tunnels: 100}\n";

static int
read_secret(void *ctx, const char *path, size_t max, uint8_t **data, size_t *len, unsigned *mode)
{
	const char *text = strstr(path, "alice") != NULL ? "pass-a"
			   : strstr(path, "bob") != NULL ? "pass-b"
							 : "tunnelsecret";

	(void)ctx;
	(void)max;
	*len = strlen(text);
	*data = malloc(*len + 1);
	memcpy(*data, text, *len + 1);
	*mode = 0600;
	return 0;
}

static void
keep_line(void *ctx, enum cv_log_level level, const char *line)
{
	struct world *w = ctx;

	(void)level;
	if (getenv("WORLD_LOG") != NULL)
		printf("# %9.3f %s\n", (double)w->now / 1e9, line);
	snprintf(w->lines[w->n_lines++ % WORLD_LOG], sizeof(w->lines[0]), "%s", line);
}

static struct cfg *
load(const char *yaml)
{
	struct cfg_files files = {.read = read_secret};
	struct cfg_errors errors = {0};
	struct cfg *cfg = NULL;
	char text[512];
	int rc = cfg_load("world.yaml", yaml, strlen(yaml), &files, &errors, &cfg);

	for (size_t i = 0; rc != 0 && i < errors.n; i++)
		print_error("%s\n", cfg_error_text(&errors.items[i], text, sizeof(text)));
	cfg_errors_free(&errors);
	assert_int_equal(rc, 0);
	return cfg;
}

/* xorshift64*: a schedule is its seed. */
uint32_t
world_random(struct world *w)
{
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return (uint32_t)(w->random * UINT64_C(2685821657736338717) >> 32);
}

void
world_up(struct world *w, const char *yaml, uint64_t seed)
{
	uint8_t bytes[CRYPTO_SEED_BYTES] = {0};
	struct lns_params params = {0};
	char err[256] = "";

	memset(w, 0, sizeof(*w));
	w->random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
	w->now = 1000 * CV_NS_PER_S;
	w->network = (struct world_network){.delay_ns = 10 * CV_NS_PER_MS};
	memcpy(bytes, &seed, sizeof(seed));
	w->crypto = crypto_new(bytes, err, sizeof(err));
	if (w->crypto == NULL)
		print_error("%s\n", err);
	assert_non_null(w->crypto);
	w->cfg = load(yaml == NULL ? standard : yaml);
	w->log = (struct cv_log){.emit = keep_line,
		.ctx = w,
		.level = getenv("WORLD_LOG") != NULL ? CV_LOG_DEBUG : CV_LOG_INFO};
	params = (struct lns_params){
		.cfg = w->cfg, .crypto = w->crypto, .log = &w->log, .first_serial = WORLD_SERIAL};
	w->lns = lns_new(&params, w->now);
	assert_non_null(w->lns);
	assert_true(lns_slot_mask(w->lns) < WORLD_SLOTS);
}

static void
count_fate(struct world_toll *toll, const struct lns_fate *fate)
{
	toll->stay += fate->outcome == LNS_STAYS;
	toll->change += fate->outcome == LNS_CHANGES;
	toll->end += fate->outcome == LNS_ENDS;
	if (fate->outcome != LNS_STAYS)
		toll->why = fate->why;
}

/* ---- the network ---- */

static void
enqueue(struct world *w, int to, struct cv_endpoint from, const void *bytes, size_t len)
{
	struct world_datagram *d = malloc(sizeof(*d) + len), **at = &w->queue;
	uint64_t delay = w->network.delay_ns;

	assert_non_null(d);
	if (world_random(w) % 1000 < w->network.delayed)
		delay += world_random(w) % (w->network.jitter_ns + 1);
	*d = (struct world_datagram){
		.at = w->now + delay, .order = w->order++, .to = to, .from = from, .len = len};
	memcpy(d->bytes, bytes, len);
	while (*at != NULL && (*at)->at <= d->at)
		at = &(*at)->next;
	d->next = *at;
	*at = d;
}

void
world_send(struct world *w, int to, struct cv_endpoint from, const void *bytes, size_t len)
{
	if (w->filter != NULL && !w->filter(w, to, bytes, len))
		return;
	if (world_random(w) % 1000 < w->network.lost)
		return;
	enqueue(w, to, from, bytes, len);
	if (world_random(w) % 1000 < w->network.doubled)
		enqueue(w, to, from, bytes, len);
}

/* ---- time ---- */

static uint64_t
next_time(const struct world *w)
{
	uint64_t at = lns_next_timeout(w->lns);

	if (w->queue != NULL)
		at = cv_time_min(at, w->queue->at);
	for (unsigned i = 0; i < w->n_clients; i++) {
		const struct world_client *c = &w->clients[i];

		if (c->dial != NULL)
			at = cv_time_min(at, dial_next_timeout(c->dial));
	}
	return at;
}

static void
step(struct world *w)
{
	while (w->queue != NULL && w->queue->at <= w->now) {
		struct world_datagram *d = w->queue;

		w->queue = d->next;
		if (d->to >= 0)
			client_input(&w->clients[d->to], d);
		else
			world_inject(w, &d->from, d->bytes, d->len);
		free(d);
	}
	lns_handle_timeout(w->lns, w->now);
	world_act(w);
	for (unsigned i = 0; i < w->n_clients; i++) {
		struct world_client *c = &w->clients[i];

		if (c->dial != NULL)
			dial_handle_timeout(c->dial, w->now);
		client_settle(c);
	}
}

static uint32_t
sessions(const struct world *w)
{
	struct lns_status status;

	lns_status(w->lns, &status);
	return status.sessions;
}

void
world_reload(struct world *w, const char *yaml, struct world_toll *toll)
{
	struct cfg *cfg = load(yaml);
	struct world_toll done = {0};
	uint64_t cursor = 0, places = lns_session_places(w->lns);
	uint32_t before = sessions(w);
	struct lns_fate fate;

	*toll = (struct world_toll){0};
	assert_int_equal(cfg_continue(cfg, w->cfg), 0);
	while (lns_next_fate(w->lns, cfg, &cursor, places, &fate))
		count_fate(toll, &fate);
	assert_int_equal(lns_configure(w->lns, w->now, cfg), 0);
	cfg_free(w->cfg);
	w->cfg = cfg;
	if (w->review_after_ns != 0)
		world_sleep(w, w->review_after_ns);
	done.end = before - sessions(w); /* with their tunnels */
	for (cursor = 0; lns_withdraw(w->lns, w->now, &cursor, places, &fate);) {
		count_fate(&done, &fate);
		world_act(w);
	}
	for (cursor = 0; lns_review(w->lns, w->now, &cursor, places, &fate);) {
		assert_int_not_equal(fate.outcome, LNS_ENDS);
		world_act(w);
	}
	assert_int_equal(done.end, toll->end);
	assert_int_equal(done.change, toll->change);
	world_act(w);
}

bool
world_run(struct world *w, uint64_t limit_ns, bool (*cond)(struct world *w))
{
	uint64_t end = w->now + limit_ns;
	unsigned stuck = 0;

	world_act(w);
	for (unsigned i = 0; i < w->n_clients; i++)
		client_settle(&w->clients[i]);
	while (cond == NULL || !cond(w)) {
		uint64_t at = next_time(w);

		if (at > end) {
			w->now = end;
			return cond == NULL;
		}
		/* a timer that is due for ever would stop time */
		stuck = at > w->now ? 0 : stuck + 1;
		assert_true(stuck < 10000);
		if (at > w->now)
			w->now = at;
		step(w);
	}
	return true;
}

void
world_sleep(struct world *w, uint64_t ns)
{
	world_run(w, ns, NULL);
}

bool
all_up(struct world *w)
{
	for (unsigned i = 0; i < w->n_clients; i++)
		if (w->clients[i].l2tp != NULL && !w->clients[i].up)
			return false;
	return true;
}

bool
all_down(struct world *w)
{
	struct lns_status status;

	lns_status(w->lns, &status);
	if (status.tunnels + status.ended + status.half_open + status.sessions != 0)
		return false;
	for (unsigned i = 0; i < w->n_clients; i++)
		if (w->clients[i].tunnel_up || w->clients[i].up)
			return false;
	return true;
}

unsigned
open_slots(const struct world *w)
{
	unsigned n = 0;

	for (unsigned i = 0; i < WORLD_SLOTS; i++)
		n += w->slots[i].open;
	return n;
}

uint64_t
world_counter(const struct world *w, enum lns_counter counter)
{
	struct lns_status status;

	lns_status(w->lns, &status);
	return status.counters[counter];
}

bool
world_logged(const struct world *w, const char *a, const char *b)
{
	for (unsigned i = 0; i < WORLD_LOG; i++)
		if (strstr(w->lines[i], a) != NULL && strstr(w->lines[i], b) != NULL)
			return true;
	return false;
}

void
world_down(struct world *w)
{
	lns_shutdown(w->lns, w->now);
	world_run(w, 200 * CV_NS_PER_S, NULL);
	assert_true(lns_idle(w->lns));
	assert_int_equal(w->tunnels, 0);
	for (unsigned i = 0; i < WORLD_SLOTS; i++)
		assert_false(w->slots[i].added);
	for (unsigned i = 0; i < w->n_clients; i++)
		client_free(&w->clients[i]);
	while (w->queue != NULL) {
		struct world_datagram *d = w->queue;

		w->queue = d->next;
		free(d);
	}
	lns_free(w->lns);
	cfg_free(w->cfg);
	crypto_free(w->crypto);
}
