/* SPDX-License-Identifier: BSD-3-Clause */
/* Datagrams into an established control connection of a server, with invented time. */
#include "l2tp/tunnel.h"
#include "fuzz.h"
#include "l2tp/header.h"

enum { OURS = 7, THEIRS = 9, STEPS_MAX = 1000 };

static const struct l2tp_reason no_more = {.result = L2TP_CDN_ADMINISTRATIVE};

struct world {
	struct crypto *crypto;
	struct l2tp_tunnel *server;
	uint64_t now;
	unsigned choice;
	bool down, done;
};

static struct l2tp_tunnel *
new_tunnel(struct world *w, enum l2tp_role role, uint16_t id, unsigned flags)
{
	struct l2tp_params p;
	struct l2tp_tunnel *t;

	l2tp_params_default(&p);
	p.crypto = w->crypto;
	p.host_name = "fuzz";
	p.local_tunnel_id = id;
	p.hide_avps = (flags & 1) != 0;
	p.secret = (flags & 2) != 0 ? fuzz_secret : NULL;
	p.secret_len = FUZZ_SECRET_BYTES;
	p.outgoing = true;
	p.first_ns = (flags & 4) != 0 ? 65530 : 0;
	t = l2tp_tunnel_new(role, &p, w->now);
	FUZZ_CHECK(t != NULL);
	return t;
}

/* One call in four of those that the peer asks for is connected by what comes next. */
static void
request(struct world *w, const struct l2tp_event *e)
{
	if ((w->choice & 1) != 0 ||
		l2tp_call_accept(w->server, w->now, e->remote_session, e->remote_session) != 0)
		l2tp_call_refuse(w->server, w->now, e->remote_session, &no_more);
	else if (e->outgoing && (w->choice & 2) == 0)
		FUZZ_CHECK(l2tp_call_connect(w->server, w->now, e->remote_session) == 0);
}

/* Takes everything that the server has to say; a peer, where there is one, hears it. */
static void
drain(struct world *w, struct l2tp_tunnel *peer)
{
	uint8_t buf[1500];
	struct l2tp_event e;
	int len, n = 0;

	while (l2tp_tunnel_poll_event(w->server, &e)) {
		FUZZ_CHECK(!w->done && n++ < STEPS_MAX);
		FUZZ_CHECK(!w->down || e.type == L2TP_EV_DONE);
		w->down |= e.type == L2TP_EV_DOWN;
		w->done |= e.type == L2TP_EV_DONE;
		if (e.type == L2TP_EV_CALL_REQUEST)
			request(w, &e);
	}
	while ((len = l2tp_tunnel_poll_output(w->server, w->now, buf, sizeof(buf))) > 0) {
		FUZZ_CHECK(n++ < STEPS_MAX);
		if (peer != NULL)
			l2tp_tunnel_input(peer, w->now, buf, (size_t)len);
	}
	FUZZ_CHECK(len == 0);
}

static void
establish(struct world *w, unsigned flags)
{
	struct l2tp_tunnel *client = new_tunnel(w, L2TP_INITIATOR, THEIRS, flags);
	uint8_t buf[1500];
	struct l2tp_tunnel_info info;
	int len;

	w->server = new_tunnel(w, L2TP_RESPONDER, OURS, flags);
	FUZZ_CHECK(l2tp_tunnel_connect(client, w->now) == 0);
	while ((len = l2tp_tunnel_poll_output(client, w->now, buf, sizeof(buf))) > 0) {
		l2tp_tunnel_input(w->server, w->now, buf, (size_t)len);
		drain(w, client);
	}
	l2tp_tunnel_free(client);
	l2tp_tunnel_info(w->server, &info);
	FUZZ_CHECK(strcmp(info.state, "established") == 0);
}

/* False when there is no timeout left to wait for. */
static bool
wait(struct world *w)
{
	uint64_t at = l2tp_tunnel_next_timeout(w->server);

	if (at == CV_TIME_NEVER)
		return false;
	w->now = at > w->now ? at : w->now;
	l2tp_tunnel_handle_timeout(w->server, w->now);
	drain(w, NULL);
	at = l2tp_tunnel_next_timeout(w->server);
	FUZZ_CHECK(at > w->now);
	return true;
}

/* fix: the record is a session ID and AVPs, and gets the header that the server waits for. Choice
 * bit 2: first the server places a call of its own with that ID, incoming or (bit 0) outgoing. */
static void
feed(struct world *w, const struct fuzz_record *r)
{
	uint8_t buf[FUZZ_RECORD_BYTES + L2TP_CONTROL_HEADER];
	struct cv_writer out = cv_writer(buf, sizeof(buf));
	struct cv_reader in = cv_reader(r->bytes, r->len);
	uint16_t session = cv_read_u16(&in), early = (r->choice & 2) != 0;
	struct l2tp_tunnel_info info;

	w->choice = r->choice;
	if ((r->choice & 4) != 0 && r->fix)
		(void)((r->choice & 1) != 0
				? l2tp_call_ask(w->server, w->now, session, (struct cv_bytes){0})
				: l2tp_call_dial(w->server, w->now, session, NULL));
	if (!r->fix) {
		l2tp_tunnel_input(w->server, w->now, r->bytes, r->len);
		return;
	}
	l2tp_tunnel_info(w->server, &info);
	l2tp_control_header_write(&out, OURS, session,
		(uint16_t)(L2TP_CONTROL_HEADER + cv_remaining(&in)), (uint16_t)(info.nr + early),
		info.ns);
	cv_write_bytes(&out, in.pos, cv_remaining(&in));
	l2tp_tunnel_input(w->server, w->now, buf, cv_written(&out));
}

int
fuzz_one(const uint8_t *data, size_t len)
{
	static const struct l2tp_reason bye = {.result = L2TP_STOPCCN_CLEAR};
	struct world w = {.crypto = fuzz_crypto(), .now = 1000 * CV_NS_PER_S};
	struct cv_reader in = cv_reader(data, len);
	struct fuzz_record r;

	establish(&w, cv_read_u8(&in));
	while (fuzz_next(&in, &r)) {
		if (r.wait)
			wait(&w);
		feed(&w, &r);
		drain(&w, NULL);
		fuzz_done(&r);
	}
	l2tp_tunnel_close(w.server, w.now, &bye);
	drain(&w, NULL);
	for (int n = 0; wait(&w); n++)
		FUZZ_CHECK(n < STEPS_MAX);
	FUZZ_CHECK(w.down && w.done);
	l2tp_tunnel_free(w.server);
	return 0;
}
