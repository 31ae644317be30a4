/* SPDX-License-Identifier: BSD-3-Clause */
#include "twins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "l2tp/header.h"
#include "l2tp/tunnel.h"

static int
read_secret(void *ctx, const char *path, size_t max, uint8_t **data, size_t *len, unsigned *mode)
{
	const char *slash = strrchr(path, '/');
	const char *text = slash == NULL ? path : slash + 1; /* a file has its name in it */

	(void)ctx;
	(void)max;
	*len = strlen(text);
	*data = malloc(*len + 1);
	memcpy(*data, text, *len + 1);
	*mode = 0600;
	return 0;
}

static struct cfg *
load(const char *yaml)
{
	struct cfg_files files = {.read = read_secret};
	struct cfg_errors errors = {0};
	struct cfg *cfg = NULL;
	char text[512];
	int rc = cfg_load("twin.yaml", yaml, strlen(yaml), &files, &errors, &cfg);

	for (size_t i = 0; rc != 0 && i < errors.n; i++)
		print_error("%s\n", cfg_error_text(&errors.items[i], text, sizeof(text)));
	cfg_errors_free(&errors);
	assert_int_equal(rc, 0);
	return cfg;
}

static void
keep_line(void *ctx, enum cv_log_level level, const char *line)
{
	struct twin *w = ctx;

	(void)level;
	if (getenv("WORLD_LOG") != NULL)
		printf("# %c %9.3f %s\n", (int)('A' + (w - w->all->twin)),
			(double)w->all->now / 1e9, line);
	snprintf(w->lines[w->n_lines++ % TWIN_LINES], sizeof(w->lines[0]), "%s", line);
}

struct cv_ip
twin_ip(const char *text)
{
	struct cv_ip ip;

	assert_int_equal(cv_ip_parse(text, &ip), 0);
	return ip;
}

static void
start(struct twin *w, const char *yaml)
{
	struct lns_params params = {.crypto = w->all->crypto,
		.log = &w->log,
		.first_serial = (uint64_t)(w - w->all->twin + 1) << 40};

	w->log = (struct cv_log){.emit = keep_line, .ctx = w, .level = CV_LOG_INFO};
	w->cfg = load(yaml);
	params.cfg = w->cfg;
	w->lns = lns_new(&params, w->all->now);
	assert_non_null(w->lns);
	assert_true(lns_slot_mask(w->lns) < TWIN_SLOTS);
}

static void
stop(struct twin *w)
{
	lns_free(w->lns);
	cfg_free(w->cfg);
	w->lns = NULL;
	w->cfg = NULL;
	memset(w->slots, 0, sizeof(w->slots));
	w->tunnels = 0;
}

void
twins_up(struct twins *t, const char *const yaml[TWINS])
{
	uint8_t seed[CRYPTO_SEED_BYTES] = {7};
	char err[256] = "", address[16];

	memset(t, 0, sizeof(*t));
	t->now = 1000 * CV_NS_PER_S;
	t->crypto = crypto_new(seed, err, sizeof(err));
	assert_non_null(t->crypto);
	for (unsigned i = 0; i < TWINS; i++) {
		t->twin[i].all = t;
		snprintf(address, sizeof(address), "192.0.2.%u", i + 1);
		t->twin[i].ip = twin_ip(address);
		if (yaml[i] != NULL)
			start(&t->twin[i], yaml[i]);
	}
}

void
twin_restart(struct twin *w, const char *yaml)
{
	stop(w);
	if (yaml != NULL)
		start(w, yaml);
}

/* ---- what a server wants done ---- */

static void
send(struct twin *w, const struct lns_action *a)
{
	struct twins *t = w->all;
	struct twin_datagram *d = malloc(sizeof(*d) + a->data.len), **at = &t->queue;
	struct l2tp_peek peek;

	assert_non_null(d);
	if (l2tp_peek(a->data.data, a->data.len, &peek) == 0 && peek.type == 1)
		w->sccrq_at[w->sccrqs++ % TWIN_FROM] = t->now;
	*d = (struct twin_datagram){.at = t->now + 10 * CV_NS_PER_MS,
		.from = {.ip = w->ip, .port = 1701},
		.to = a->peer,
		.len = a->data.len};
	memcpy(d->bytes, a->data.data, a->data.len);
	while (*at != NULL && (*at)->at <= d->at)
		at = &(*at)->next;
	d->next = *at;
	*at = d;
}

/* Two halves of a call: each was added, none is open. */
static void
join(struct twin *w, const struct lns_action *a)
{
	struct twin_slot *slot = &w->slots[a->session->slot], *other = &w->slots[a->other->slot];

	assert_true(slot->added && other->added && !slot->open && !other->open);
	assert_int_not_equal(a->session->peer_session_id, 0);
	assert_int_not_equal(a->other->peer_session_id, 0);
	slot->info = *a->session;
	other->info = *a->other;
	slot->other = other;
	other->other = slot;
	w->switched++;
}

/* What the data path does with a message to a half; false: it is the server's. */
static bool
carry(struct twin *w, const struct twin_datagram *d)
{
	uint8_t bytes[2048];
	struct cv_writer out = cv_writer(bytes, sizeof(bytes));
	struct l2tp_header h;

	if (l2tp_header_parse(d->bytes, d->len, &h) != 0 || h.is_control)
		return false;
	for (unsigned i = 0; i < TWIN_SLOTS; i++) {
		struct twin_slot *s = &w->slots[i];
		struct lns_action a = {.data.data = bytes};

		if (!s->added || s->other == NULL || s->info.tunnel_id != h.tunnel_id ||
			s->info.session_id != h.session_id)
			continue;
		assert_true(cv_endpoint_equal(&s->info.peer, &d->from));
		l2tp_data_header_write(&out, s->other->info.peer_tunnel_id,
			s->other->info.peer_session_id, h.payload.len);
		cv_write_bytes(&out, h.payload.data, h.payload.len);
		assert_false(out.failed);
		a.peer = s->other->info.peer;
		a.data.len = cv_written(&out);
		s->carried++;
		send(w, &a);
		return true;
	}
	return false;
}

static void
removed(struct twin *w, const struct lns_action *a)
{
	struct twin_slot *slot = &w->slots[a->session->slot];

	if (slot->other != NULL)
		slot->other->other = NULL;
	w->removed++;
	*slot = (struct twin_slot){0};
}

static void
told(struct twin *w, const struct lns_action *a)
{
	struct twin_slot *slot = &w->slots[a->session->slot];

	assert_true((a->type == LNS_ACT_SESSION_ADD) != slot->added);
	slot->added = true;
	slot->info = *a->session;
	slot->ipv6 = a->session->ipv6 == NULL ? (struct lns_ipv6_info){0} : *a->session->ipv6;
	slot->open = a->type != LNS_ACT_SESSION_ADD && a->type != LNS_ACT_SESSION_SHUT;
	slot->reachable = a->type == LNS_ACT_SESSION_REACH ||
			  (slot->reachable && a->type == LNS_ACT_SESSION_CHANGE);
	w->opens += a->type == LNS_ACT_SESSION_OPEN;
	slot->n_routes = a->session->n_routes < 4 ? a->session->n_routes : 4;
	for (size_t i = 0; i < slot->n_routes; i++)
		slot->routes[i] = a->session->routes[i];
	/* what goes out needs the peer's ID */
	assert_true(!slot->open || a->session->peer_session_id != 0);
}

static void
act(struct twin *w)
{
	struct twins *t = w->all;
	struct lns_auth_answer answer;
	struct lns_action a;

	while (w->lns != NULL && lns_poll(w->lns, t->now, &a)) {
		switch (a.type) {
		case LNS_ACT_SEND:
			send(w, &a);
			break;
		case LNS_ACT_TUNNEL_ADD:
			if (++w->tunnels > w->tunnels_most)
				w->tunnels_most = w->tunnels;
			break;
		case LNS_ACT_TUNNEL_CHANGE:
			assert_int_not_equal(w->tunnels, 0);
			break;
		case LNS_ACT_TUNNEL_REMOVE:
			w->tunnels--;
			break;
		case LNS_ACT_AUTH_ASK:
			lns_users_answer(w->cfg, a.ask, &answer);
			lns_auth_answer(w->lns, t->now, a.ask->serial, &answer);
			break;
		case LNS_ACT_SESSION_HEARD:
			lns_session_heard(w->lns, t->now, a.session->serial, w->packets);
			break;
		case LNS_ACT_SESSION_REMOVE:
			removed(w, &a);
			break;
		case LNS_ACT_RESOLVE:
			w->questions++;
			w->question = a.dial.question;
			if (!w->mute)
				lns_dial_resolved(w->lns, t->now, a.dial.id, a.dial.question,
					t->found, t->n_found);
			break;
		case LNS_ACT_SESSION_SWITCH:
			join(w, &a);
			break;
		case LNS_ACT_DIAL_RESTS:
			w->rests++;
			break;
		case LNS_ACT_DIAL_HEARD:
			w->packets += !w->quiet;
			lns_dial_heard(w->lns, t->now, a.session->serial, w->packets);
			break;
		default:
			told(w, &a);
			break;
		}
	}
}

/* ---- time ---- */

void
twin_inject(struct twin *w, const char *from, const void *bytes, size_t len)
{
	struct cv_endpoint at = {.ip = twin_ip(from), .port = 1701};

	lns_input(w->lns, w->all->now, 0, &at, bytes, len);
	act(w);
}

static void
deliver_to_lac(struct twins *t, const struct twin_datagram *d)
{
	struct l2tp_header h = {0};

	assert_int_equal(l2tp_header_parse(d->bytes, d->len, &h), 0);
	t->lac.frames += !h.is_control;
	if (h.is_control)
		l2tp_tunnel_input(t->lac.tunnel, t->now, d->bytes, d->len);
}

static void
lac_says(struct twins *t)
{
	const struct cv_endpoint from = {.ip = twin_ip("192.0.2.9"), .port = 1701};
	uint8_t bytes[1500];
	int len;

	while (t->lac.tunnel != NULL && t->lac.to->lns != NULL &&
		(len = l2tp_tunnel_poll_output(t->lac.tunnel, t->now, bytes, sizeof(bytes))) > 0)
		lns_input(t->lac.to->lns, t->now, 0, &from, bytes, (size_t)len);
}

static void
deliver(struct twins *t, const struct twin_datagram *d)
{
	if (t->lac.tunnel != NULL && d->to.ip.bytes[3] == 9)
		deliver_to_lac(t, d);
	for (unsigned i = 0; i < TWINS; i++) {
		struct twin *w = &t->twin[i];

		if (w->lns != NULL && !w->deaf && cv_ip_equal(&w->ip, &d->to.ip) && !carry(w, d))
			lns_input(w->lns, t->now, 0, &d->from, d->bytes, d->len);
	}
}

static uint64_t
next_time(const struct twins *t)
{
	uint64_t at = t->queue == NULL ? CV_TIME_NEVER : t->queue->at;

	for (unsigned i = 0; i < TWINS; i++)
		if (t->twin[i].lns != NULL)
			at = cv_time_min(at, lns_next_timeout(t->twin[i].lns));
	return at;
}

static void
step(struct twins *t)
{
	while (t->queue != NULL && t->queue->at <= t->now) {
		struct twin_datagram *d = t->queue;

		t->queue = d->next;
		deliver(t, d);
		free(d);
	}
	lac_says(t);
	for (unsigned i = 0; i < TWINS; i++)
		if (t->twin[i].lns != NULL) {
			lns_handle_timeout(t->twin[i].lns, t->now);
			act(&t->twin[i]);
		}
}

static bool
lac_is_up(struct twins *t)
{
	return l2tp_tunnel_established(t->lac.tunnel);
}

void
twin_lac_up(struct twin *to, const char *secret)
{
	struct twins *t = to->all;
	struct l2tp_params params;

	l2tp_params_default(&params);
	params.crypto = t->crypto;
	params.host_name = "lac";
	params.secret = secret;
	params.secret_len = strlen(secret);
	params.local_tunnel_id = 77;
	t->lac = (struct twin_lac){
		.tunnel = l2tp_tunnel_new(L2TP_INITIATOR, &params, t->now), .to = to};
	assert_non_null(t->lac.tunnel);
	assert_int_equal(l2tp_tunnel_connect(t->lac.tunnel, t->now), 0);
	lac_says(t);
	assert_true(twins_run(t, CV_NS_PER_S, lac_is_up));
}

bool
twins_run(struct twins *t, uint64_t limit_ns, bool (*cond)(struct twins *t))
{
	uint64_t end = t->now + limit_ns;
	unsigned stuck = 0;

	for (unsigned i = 0; i < TWINS; i++)
		act(&t->twin[i]);
	lac_says(t);
	while (cond == NULL || !cond(t)) {
		uint64_t at = next_time(t);

		if (at > end) {
			t->now = end;
			return cond == NULL;
		}
		stuck = at > t->now ? 0 : stuck + 1;
		assert_true(stuck < 10000); /* a timer that is due for ever would stop time */
		if (at > t->now)
			t->now = at;
		step(t);
	}
	return true;
}

unsigned
twin_would_end(struct twin *w, const char *yaml)
{
	struct cfg *cfg = load(yaml);
	uint64_t cursor = 0;
	struct lns_fate fate;
	unsigned n = 0;

	assert_int_equal(cfg_continue(cfg, w->cfg), 0);
	while (lns_next_fate(w->lns, cfg, &cursor, UINT64_MAX, &fate))
		n += fate.outcome == LNS_ENDS;
	cfg_free(cfg);
	return n;
}

void
twin_reload(struct twin *w, const char *yaml)
{
	struct cfg *cfg = load(yaml);
	uint64_t cursor = 0;
	struct lns_fate fate;

	assert_int_equal(cfg_continue(cfg, w->cfg), 0);
	assert_int_equal(lns_configure(w->lns, w->all->now, cfg), 0);
	cfg_free(w->cfg);
	w->cfg = cfg;
	while (lns_withdraw(w->lns, w->all->now, &cursor, UINT64_MAX, &fate))
		act(w);
	cursor = 0;
	while (lns_review(w->lns, w->all->now, &cursor, UINT64_MAX, &fate))
		act(w);
	act(w);
}

void
twins_down(struct twins *t)
{
	for (unsigned i = 0; i < TWINS; i++)
		if (t->twin[i].lns != NULL)
			lns_shutdown(t->twin[i].lns, t->now);
	twins_run(t, 200 * CV_NS_PER_S, NULL);
	for (unsigned i = 0; i < TWINS; i++) {
		struct twin *w = &t->twin[i];

		if (w->lns == NULL)
			continue;
		assert_true(lns_idle(w->lns));
		assert_int_equal(w->tunnels, 0);
		assert_int_equal(twin_open(w), 0);
		stop(w);
	}
	while (t->queue != NULL) {
		struct twin_datagram *d = t->queue;

		t->queue = d->next;
		free(d);
	}
	l2tp_tunnel_free(t->lac.tunnel);
	crypto_free(t->crypto);
}

/* ---- what is ---- */

unsigned
twin_open(const struct twin *w)
{
	unsigned n = 0;

	for (unsigned i = 0; i < TWIN_SLOTS; i++)
		n += w->slots[i].open;
	return n;
}

const struct twin_slot *
twin_session(const struct twin *w)
{
	const struct twin_slot *found = NULL;

	for (unsigned i = 0; i < TWIN_SLOTS; i++)
		if (w->slots[i].open) {
			assert_null(found);
			found = &w->slots[i];
		}
	assert_non_null(found);
	return found;
}

struct lns_dial_info
twin_dial(const struct twin *w)
{
	struct lns_dial_info info = {0}, other;
	uint64_t cursor = 0;

	assert_true(lns_next_dial(w->lns, &cursor, UINT64_MAX, &info));
	assert_false(lns_next_dial(w->lns, &cursor, UINT64_MAX, &other));
	return info;
}

bool
twin_said(const struct twin *w, const char *a, const char *b)
{
	for (unsigned i = 0; i < TWIN_LINES; i++)
		if (strstr(w->lines[i], a) != NULL && strstr(w->lines[i], b) != NULL)
			return true;
	return false;
}

uint64_t
twin_counter(const struct twin *w, enum lns_counter counter)
{
	struct lns_status status;

	lns_status(w->lns, &status);
	return status.counters[counter];
}
