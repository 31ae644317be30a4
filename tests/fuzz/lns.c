/* SPDX-License-Identifier: BSD-3-Clause */
/* Datagrams from two addresses into the server. One of them needs no tunnel secret. */
#include <stdlib.h>

#include "fuzz.h"
#include "l2tp/header.h"
#include "lns/lns.h"
#include "ppp/frame.h"

enum { STEPS_MAX = 20000, SLOTS = 64, ASKS = 4 };

static const char yaml[] =
	"ports: [{name: wan, device: 'af_packet:lns0'}]\n"
	"listeners: [{address: 192.0.2.1/24}]\n"
	"tunnels: {secrets: [{peer: 198.51.100.1, secret: none, proxy: accept}, {secret-file: "
	"s}]}\n"
	"ppp: {auth: [pap, chap-md5, mschapv2]}\n"
	"groups: [{name: clients, address: 10.88.0.1, pool: 10.88.1.0/30,\n"
	"  rebind: echo, pool6: '2001:db8:1::/62', delegate: '2001:db8:100::/55', dns6: "
	"['2001:db8::53']},\n"
	"  {name: others, address: 10.88.0.2, pool: 10.88.2.0/30, user-sessions: 2, rebind: "
	"echo}]\n"
	"users: [{name: userb, password-file: s, group: clients},\n"
	"  {name: al, password-file: s, group: others}]\n"
	"dial: [{name: isp, to: '198.51.100.2:4001', secret: none, start: traffic, idle: 60s}]\n"
	"hand-on: [{to: isp, realm: [x, isp]}, {to: isp, called: '1*'}]\n"
	"limits: {tunnels: 8, tunnels-per-peer: 4, half-open: 6, sessions: 6,\n"
	"  sessions-per-tunnel: 3}\n";

/* What a peer at an address knows: what the server's last messages to it said. */
struct peer {
	struct cv_endpoint address;
	uint16_t ns, nr, tunnel, session;
	uint8_t request[1600]; /* the server's last Configure-Request, a PPP frame */
	size_t request_len;
	struct cv_endpoint elsewhere; /* where it may be, too, and what it was asked there */
	uint8_t question[1600];
	size_t question_len;
};

/* A question about a user, without its proof. */
struct asked {
	uint64_t serial;
	uint32_t number;
	uint8_t name[256];
	size_t name_len;
};

struct world {
	struct lns *lns;
	uint64_t now;
	struct peer peers[2];
	bool added[SLOTS], open[SLOTS];
	unsigned tunnels;
	bool hold;               /* questions wait for a record that answers them */
	struct asked asks[ASKS]; /* a ring: the last ones */
	unsigned n_asks, n_answers;
};

static int
read_file(void *ctx, const char *path, size_t max, uint8_t **data, size_t *len, unsigned *mode)
{
	(void)ctx;
	(void)path;
	(void)max;
	*data = malloc(FUZZ_SECRET_BYTES);
	FUZZ_CHECK(*data != NULL);
	memcpy(*data, fuzz_secret, FUZZ_SECRET_BYTES);
	*len = FUZZ_SECRET_BYTES;
	*mode = 0600;
	return 0;
}

static const struct cfg *
config(void)
{
	static const struct cfg_files files = {.read = read_file};
	static struct cfg *cfg;
	struct cfg_errors errors = {0};

	if (cfg == NULL)
		FUZZ_CHECK(cfg_load("f", yaml, sizeof(yaml) - 1, &files, &errors, &cfg) == 0);
	cfg_errors_free(&errors); /* there may be warnings */
	return cfg;
}

/* A peer reads what it is sent: its Ns and Nr, the IDs, the last request. */
static void
hear(struct peer *p, struct cv_bytes data)
{
	struct l2tp_header h;

	FUZZ_CHECK(l2tp_header_parse(data.data, data.len, &h) == 0);
	if (!h.is_control) {
		FUZZ_CHECK(h.payload.len <= sizeof(p->request));
		if (h.payload.len > PPP_HEADER_BYTES && h.payload.data[PPP_HEADER_BYTES] == 1) {
			memcpy(p->request, h.payload.data, h.payload.len);
			p->request_len = h.payload.len;
		}
		return;
	}
	p->ns = h.nr;
	if (h.payload.len < 16)
		return;
	p->nr = (uint16_t)(h.ns + 1);
	for (size_t at = 0; at + 8 <= h.payload.len;) {
		const uint8_t *avp = h.payload.data + at;

		if (avp[2] == 0 && avp[3] == 0 && avp[4] == 0 && avp[5] == 9)
			p->tunnel = (uint16_t)(avp[6] << 8 | avp[7]);
		if (avp[2] == 0 && avp[3] == 0 && avp[4] == 0 && avp[5] == 14)
			p->session = (uint16_t)(avp[6] << 8 | avp[7]);
		at += (size_t)(avp[0] & 3) << 8 | avp[1];
	}
}

/* The same where it may be, too. */
static void
hear_elsewhere(struct peer *p, struct cv_bytes data)
{
	struct l2tp_header h;

	FUZZ_CHECK(l2tp_header_parse(data.data, data.len, &h) == 0);
	if (h.is_control) /* another's, of whom it was before */
		return;
	FUZZ_CHECK(h.payload.len <= sizeof(p->question));
	memcpy(p->question, h.payload.data, h.payload.len);
	p->question_len = h.payload.len;
}

static void
answer_as_users(struct world *w, const struct asked *asked)
{
	struct lns_auth_ask ask = {.serial = asked->serial,
		.number = asked->number,
		.name = {asked->name, asked->name_len}};
	struct lns_auth_answer answer;

	lns_users_answer(config(), &ask, &answer);
	lns_auth_answer(w->lns, w->now, asked->serial, &answer);
}

static void
ask(struct world *w, const struct lns_auth_ask *ask)
{
	struct asked *asked = &w->asks[w->n_asks++ % ASKS];

	FUZZ_CHECK(ask->name.len <= sizeof(asked->name) && ask->user != NULL);
	FUZZ_CHECK(ask->password.len + ask->challenge.len + ask->response.len < 1024);
	asked->serial = ask->serial;
	asked->number = ask->number;
	asked->name_len = ask->name.len;
	if (ask->name.len != 0)
		memcpy(asked->name, ask->name.data, ask->name.len);
	if (!w->hold)
		answer_as_users(w, asked);
}

/* What is answered, or said of a session later: late, twice, in any order, of nobody any more. */
static void
answer(struct world *w, unsigned choice)
{
	static const uint8_t response[20], name[] = "userb";
	unsigned known = w->n_asks < ASKS ? w->n_asks : ASKS;
	const struct asked *asked = &w->asks[known == 0 ? 0 : w->n_answers % known];
	struct lns_auth_answer a = {.number = asked->number,
		.verdict = LNS_AUTH_ACCEPTED,
		.authenticator_response = choice == 3 ? NULL : response,
		.profile = {.user = {name, sizeof(name) - 1}, .filter = LNS_GROUPS_FILTER}};
	struct lns_profile p = {
		.group = choice == 6, .filter = LNS_GROUPS_FILTER, .mtu = (uint16_t)w->n_asks};

	if (choice < 2) {
		w->hold = choice == 0;
		return;
	}
	a.profile.address = choice == 4 ? cv_ipv4(0x0a580101) : (struct cv_ip){0};
	a.profile.group = choice == 5;
	if (choice == 2)
		answer_as_users(w, asked);
	else if (choice < 6)
		lns_auth_answer(w->lns, w->now, asked->serial, &a);
	else
		lns_profile_set(w->lns, w->now, asked->serial, &p);
	w->n_answers += choice != 7;
}

static void
act(struct world *w, const struct lns_action *a)
{
	uint32_t slot = a->session == NULL ? 0 : a->session->slot;

	FUZZ_CHECK(slot < SLOTS);
	switch (a->type) {
	case LNS_ACT_SEND:
		for (int i = 0; i < 2; i++) {
			if (cv_endpoint_equal(&a->peer, &w->peers[i].address))
				hear(&w->peers[i], a->data);
			if (cv_endpoint_equal(&a->peer, &w->peers[i].elsewhere))
				hear_elsewhere(&w->peers[i], a->data);
		}
		break;
	case LNS_ACT_TUNNEL_ADD:
		w->tunnels++;
		break;
	case LNS_ACT_TUNNEL_CHANGE:
		FUZZ_CHECK(w->tunnels > 0);
		for (int i = 0; i < 2; i++)
			if (cv_endpoint_equal(&a->peer, &w->peers[i].elsewhere)) { /* it moved */
				w->peers[i].elsewhere = w->peers[i].address;
				w->peers[i].address = a->peer;
			}
		break;
	case LNS_ACT_TUNNEL_REMOVE:
		FUZZ_CHECK(w->tunnels-- > 0);
		break;
	case LNS_ACT_SESSION_ADD:
		FUZZ_CHECK(!w->added[slot]);
		w->added[slot] = true;
		break;
	case LNS_ACT_SESSION_OPEN:
		FUZZ_CHECK(w->added[slot] && a->session->address.family == CV_IPV4);
		w->open[slot] = true;
		break;
	case LNS_ACT_AUTH_ASK:
		ask(w, a->ask);
		break;
	case LNS_ACT_SESSION_CHANGE:
		FUZZ_CHECK(w->open[slot]);
		break;
	case LNS_ACT_SESSION_REACH:
		FUZZ_CHECK(w->open[slot]);
		break;
	case LNS_ACT_SESSION_HEARD:
		FUZZ_CHECK(w->open[slot]);
		if (!w->hold)
			lns_session_heard(w->lns, w->now, a->session->serial, w->n_asks);
		break;
	case LNS_ACT_SESSION_SHUT:
		FUZZ_CHECK(w->open[slot]);
		w->open[slot] = false;
		break;
	case LNS_ACT_SESSION_REMOVE:
		FUZZ_CHECK(w->added[slot] && a->reason != NULL);
		w->added[slot] = w->open[slot] = false;
		break;
	case LNS_ACT_SESSION_SWITCH:
		FUZZ_CHECK(w->added[slot] && w->added[a->other->slot]);
		FUZZ_CHECK(!w->open[slot] && !w->open[a->other->slot]);
		break;
	case LNS_ACT_DIAL_RESTS:
		break;
	case LNS_ACT_RESOLVE:
	case LNS_ACT_DIAL_HEARD:
		FUZZ_CHECK(false); /* it is an address, for calls that are handed on */
	}
}

static void
drain(struct world *w)
{
	struct lns_action a;

	for (int n = 0; lns_poll(w->lns, w->now, &a); n++) {
		FUZZ_CHECK(n < STEPS_MAX);
		act(w, &a);
	}
}

static bool
wait(struct world *w)
{
	uint64_t at = lns_next_timeout(w->lns);

	if (at == CV_TIME_NEVER)
		return false;
	w->now = at > w->now ? at : w->now;
	lns_handle_timeout(w->lns, w->now);
	drain(w);
	return true;
}

/* Nothing at all, not fixed: see `answer`. Choice bit 0: from which address; bit 1: for a session.
 * fix: the record is AVPs, or (bit 2) a PPP frame, or nothing, which acknowledges the server's
 * Configure-Request. Bit 2 without bit 1: of the session too, but from elsewhere; nothing: the
 * answer to an echo that was asked there. */
static void
feed(struct world *w, const struct fuzz_record *r)
{
	static const uint8_t magic[] = {0x12, 0x34, 0xab, 0xcd}; /* of the corpus' clients */
	enum { ECHO_HEAD = PPP_HEADER_BYTES + PPP_PACKET_HEADER };
	struct peer *p = &w->peers[r->choice & 1];
	bool elsewhere = (r->choice & 6) == 4;
	uint16_t session = (r->choice & 2) != 0 || elsewhere ? p->session : 0;
	uint8_t buf[FUZZ_RECORD_BYTES + L2TP_CONTROL_HEADER];
	struct cv_writer out = cv_writer(buf, sizeof(buf));
	struct cv_bytes body = {r->bytes, r->len};

	if (!r->fix && r->len == 0) {
		answer(w, r->choice);
		return;
	}
	if (!r->fix) {
		lns_input(w->lns, w->now, 0, &p->address, r->bytes, r->len);
		return;
	}
	if (r->len == 0 && elsewhere && p->question_len >= ECHO_HEAD + sizeof(magic)) {
		p->question[PPP_HEADER_BYTES] = 10; /* Echo-Reply */
		memcpy(p->question + ECHO_HEAD, magic, sizeof(magic));
		body = (struct cv_bytes){p->question, p->question_len};
	} else if (r->len == 0 && p->request_len != 0) {
		p->request[PPP_HEADER_BYTES] = 2; /* Configure-Ack */
		body = (struct cv_bytes){p->request, p->request_len};
	}
	if ((r->choice & 4) != 0)
		l2tp_data_header_write(&out, p->tunnel, session, body.len);
	else
		l2tp_control_header_write(&out, p->tunnel, session,
			(uint16_t)(L2TP_CONTROL_HEADER + body.len), p->ns, p->nr);
	cv_write_bytes(&out, body.data, body.len);
	lns_input(
		w->lns, w->now, 0, elsewhere ? &p->elsewhere : &p->address, buf, cv_written(&out));
}

int
fuzz_one(const uint8_t *data, size_t len)
{
	struct lns_params params = {.cfg = config(),
		.crypto = fuzz_crypto(),
		.first_serial = UINT64_C(0x5f00000000000)};
	struct world w = {.now = 1000 * CV_NS_PER_S};
	struct cv_reader in = cv_reader(data, len);
	struct fuzz_record r;

	for (uint16_t i = 0; i < 2; i++) {
		w.peers[i].address =
			(struct cv_endpoint){cv_ipv4(0xc6336401 + i), (uint16_t)(4000 + i)};
		w.peers[i].elsewhere = w.peers[i].address;
		w.peers[i].elsewhere.port = (uint16_t)(5000 + i);
	}
	w.lns = lns_new(&params, w.now);
	FUZZ_CHECK(w.lns != NULL && lns_slot_mask(w.lns) < SLOTS);
	while (fuzz_next(&in, &r)) {
		if (r.wait)
			wait(&w);
		feed(&w, &r);
		drain(&w);
		fuzz_done(&r);
	}
	lns_shutdown(w.lns, w.now);
	drain(&w);
	for (int n = 0; !lns_idle(w.lns) && wait(&w); n++)
		FUZZ_CHECK(n < STEPS_MAX);
	FUZZ_CHECK(lns_idle(w.lns));
	lns_free(w.lns);
	return 0;
}
