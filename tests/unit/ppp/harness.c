/* SPDX-License-Identifier: BSD-3-Clause */
/* The invented network and the two callers. */
#include "harness.h"

#include <stdlib.h>

enum { SERVER, CLIENT };

uint32_t
pair_random(struct pair *p, uint32_t below)
{
	p->random ^= p->random << 13;
	p->random ^= p->random >> 7;
	p->random ^= p->random << 17;
	return (uint32_t)(p->random >> 33) % below;
}

struct pair *
pair_new(struct crypto *crypto)
{
	static const enum ppp_auth methods[] = {PPP_AUTH_MSCHAPV2, PPP_AUTH_CHAP_MD5, PPP_AUTH_PAP};
	struct cv_bytes user = {(const uint8_t *)"alice", 5};
	struct cv_bytes password = {(const uint8_t *)"secret", 6};
	struct pair *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->crypto = crypto;
	p->now = 1000 * CV_NS_PER_S;
	p->random = 88172645463325252u;
	p->delay_ns = 10 * CV_NS_PER_MS;
	for (int i = SERVER; i <= CLIENT; i++) {
		struct ppp_params *params = &p->ends[i].params;

		ppp_params_default(params, i == SERVER ? PPP_SERVER : PPP_CLIENT);
		params->crypto = crypto;
		params->name = "culvert";
		params->n_auth = 3;
		memcpy(params->auth, methods, sizeof(methods));
	}
	client(p)->params.user = user;
	client(p)->params.password = password;
	client(p)->params.request_dns = true;
	server(p)->secret = (struct ppp_secret){PPP_SECRET_PLAIN, password};
	server(p)->net = (struct ppp_network){cv_ipv4(SERVER_IP), cv_ipv4(CLIENT_IP),
		{cv_ipv4(DNS_IP), cv_ipv4(DNS_IP + 1)}, {{0}, {0}}, false, {0}};
	return p;
}

void
pair_free(struct pair *p)
{
	ppp_link_free(server(p)->l);
	ppp_link_free(client(p)->l);
	free(p);
}

void
end_start(struct pair *p, int which)
{
	struct end *e = &p->ends[which];

	e->l = ppp_link_new(
		&e->params, (struct ppp_scope){.tunnel = 7, .session = (uint16_t)which}, p->now);
	assert_non_null(e->l);
	ppp_link_open(e->l, p->now);
	pair_drain(p, which);
}

void
pair_start(struct pair *p)
{
	end_start(p, SERVER);
	end_start(p, CLIENT);
}

static void
copy_text(char out[256], struct cv_bytes b)
{
	if (b.len != 0)
		memcpy(out, b.data, b.len);
	out[b.len] = '\0';
}

static void
answer_auth(struct pair *p, struct end *e, const struct ppp_ev_auth *auth)
{
	e->auths++;
	e->auth_event = *auth;
	copy_text(e->name, auth->name);
	if (e->hold_auth)
		return;
	if (e->secret.bytes.len == 0)
		assert_int_equal(ppp_auth_reject(e->l, p->now), CV_ERR_AUTH);
	else
		ppp_auth_check(e->l, p->now, &e->secret);
}

static void
handle_event(struct pair *p, struct end *e, const struct ppp_event *ev)
{
	assert_int_equal(e->downs, 0); /* DOWN is last, and comes once */
	switch (ev->type) {
	case PPP_EV_NETWORK_DOWN:
		assert_true(e->up);
		e->up = false;
		e->network_downs++;
		break;
	case PPP_EV_LCP_UP:
		e->lcp_ups++;
		break;
	case PPP_EV_AUTH:
		answer_auth(p, e, &ev->u.auth);
		break;
	case PPP_EV_AUTH_DONE:
		e->auth_dones++;
		e->auth_ok = ev->u.auth_done.ok;
		copy_text(e->name, ev->u.auth_done.name);
		copy_text(e->message, ev->u.auth_done.message);
		break;
	case PPP_EV_NETWORK:
		e->networks++;
		if (!e->hold_network)
			assert_int_equal(ppp_network_start(e->l, p->now, &e->net), 0);
		break;
	case PPP_EV_UP:
		/* told again only where another set of network protocols is open */
		assert_true(!e->up || ev->u.up.open != e->up_event.open);
		assert_int_not_equal(ev->u.up.open, 0);
		e->up = true;
		e->ups++;
		e->up_event = ev->u.up;
		break;
	case PPP_EV_DOWN:
		assert_false(e->up);
		e->downs++;
		e->reason = ev->u.down.reason;
		assert_string_equal(ev->u.down.text, ppp_down_text(e->reason));
		break;
	}
}

static void
transmit(struct pair *p, int from, const uint8_t *frame, size_t len)
{
	unsigned copies = 1;

	p->carried++;
	if (p->tap != NULL)
		p->tap(p, from, frame, len);
	if (p->loss_percent != 0 && pair_random(p, 100) < p->loss_percent)
		return;
	if (p->double_percent != 0 && pair_random(p, 100) < p->double_percent)
		copies = 2;
	while (copies-- > 0 && p->n_frames < WIRE_FRAMES) {
		struct wire_frame *f = &p->frames[p->n_frames++];
		uint64_t jitter =
			p->jitter_ns == 0 ? 0 : pair_random(p, 1000) * (p->jitter_ns / 1000);

		f->at = p->now + p->delay_ns + jitter;
		f->to = (uint8_t)!from;
		f->len = (uint16_t)len;
		memcpy(f->bytes, frame, len);
	}
}

void
pair_drain(struct pair *p, int which)
{
	struct end *e = &p->ends[which];
	struct ppp_event ev;
	uint8_t frame[FRAME_BYTES];
	int len;

	while (ppp_link_poll_event(e->l, &ev))
		handle_event(p, e, &ev);
	while ((len = ppp_link_poll_output(e->l, frame, sizeof(frame))) > 0)
		transmit(p, which, frame, (size_t)len);
	assert_int_equal(len, 0);
}

/* Takes the frame that arrives first; of those sent together, the one sent first. */
static int
next_frame(struct pair *p)
{
	int best = -1;

	for (unsigned i = 0; i < p->n_frames; i++)
		if (best < 0 || p->frames[i].at < p->frames[best].at)
			best = (int)i;
	return best;
}

static void
deliver(struct pair *p, int index)
{
	struct wire_frame f = p->frames[index];

	memmove(&p->frames[index], &p->frames[index + 1],
		(p->n_frames - (unsigned)index - 1) * sizeof(f));
	p->n_frames--;
	if (p->ends[f.to].l == NULL)
		return;
	ppp_link_input(p->ends[f.to].l, p->now, f.bytes, f.len);
	pair_drain(p, f.to);
}

void
pair_run(struct pair *p, uint64_t until)
{
	for (;;) {
		int frame = next_frame(p), timed = -1;
		uint64_t at = frame < 0 ? CV_TIME_NEVER : p->frames[frame].at;

		for (int i = SERVER; i <= CLIENT; i++) {
			uint64_t t = p->ends[i].l == NULL ? CV_TIME_NEVER
							  : ppp_link_next_timeout(p->ends[i].l);

			if (t < at) {
				at = t;
				timed = i;
			}
		}
		if (at > until)
			break;
		if (at > p->now)
			p->now = at;
		if (timed < 0) {
			deliver(p, frame);
			continue;
		}
		ppp_link_handle_timeout(p->ends[timed].l, p->now);
		/* or the caller would spin */
		assert_true(ppp_link_next_timeout(p->ends[timed].l) > p->now);
		pair_drain(p, timed);
	}
	p->now = until;
}

void
pair_up(struct pair *p)
{
	pair_start(p);
	pair_run(p, p->now + 2 * CV_NS_PER_S);
	assert_true(server(p)->up);
	assert_true(client(p)->up);
	assert_int_equal(p->n_frames, 0);
}

void
pair_authenticating(struct pair *p, enum ppp_auth method)
{
	server(p)->params.n_auth = 1;
	server(p)->params.auth[0] = method;
	end_start(p, SERVER);
	inject(p, SERVER, "c021 01 01 0506 12345678");
	while (server(p)->lcp_ups == 0) {
		struct sent s;

		p->n_frames = 0;
		s = (struct sent){.id = server(p)->l->lcp.request_id};
		/* acknowledge what it asks for, as it asks */
		{
			uint8_t frame[64] = {0xff, 3, 0xc0, 0x21, PPP_CONFIGURE_ACK, s.id, 0, 0};
			struct cv_writer w = cv_writer(frame + 8, sizeof(frame) - 8);

			cv_write_bytes(&w, "\x01\x04\x05\x78\x03", 5);
			cv_write_u8(&w, method == PPP_AUTH_PAP ? 4 : 5);
			cv_write_u16(&w, method == PPP_AUTH_PAP ? PPP_PAP : PPP_CHAP);
			if (method != PPP_AUTH_PAP)
				cv_write_u8(&w, method == PPP_AUTH_CHAP_MD5 ? 5 : 0x81);
			cv_write_bytes(&w, "\x05\x06", 2);
			cv_write_u32(&w, server(p)->l->magic);
			frame[7] = (uint8_t)(cv_written(&w) + 4);
			assert_int_equal(
				ppp_link_input(server(p)->l, p->now, frame, 8 + cv_written(&w)), 0);
			struct ppp_event ev;
			while (ppp_link_poll_event(server(p)->l, &ev))
				handle_event(p, server(p), &ev);
		}
	}
}

size_t
from_hex(const char *hex, uint8_t *out, size_t capacity)
{
	size_t digits = 0;

	memset(out, 0, capacity);
	for (; *hex != '\0'; hex++) {
		static const char set[] = "0123456789abcdef";
		const char *at = strchr(set, *hex);

		if (*hex == ' ')
			continue;
		assert_non_null(at);
		assert_true(digits / 2 < capacity);
		out[digits / 2] = (uint8_t)(out[digits / 2] << 4 | (at - set));
		digits++;
	}
	assert_int_equal(digits % 2, 0);
	return digits / 2;
}

int
inject_bytes(struct pair *p, int which, const void *bytes, size_t len)
{
	uint8_t *copy = malloc(len == 0 ? 1 : len); /* its own block, so that overruns show */
	struct ppp_event ev;
	int rc;

	assert_non_null(copy);
	if (len != 0)
		memcpy(copy, bytes, len);
	rc = ppp_link_input(p->ends[which].l, p->now, copy, len);
	free(copy);
	while (ppp_link_poll_event(p->ends[which].l, &ev))
		handle_event(p, &p->ends[which], &ev);
	return rc;
}

int
inject_packet(struct pair *p, int which, uint16_t protocol, uint8_t code, uint8_t id,
	const void *data, size_t len)
{
	uint8_t frame[2048];
	struct cv_writer w = cv_writer(frame, sizeof(frame));

	cv_write_u16(&w, PPP_ADDRESS << 8 | PPP_CONTROL);
	cv_write_u16(&w, protocol);
	cv_write_u8(&w, code);
	cv_write_u8(&w, id);
	cv_write_u16(&w, (uint16_t)(len + PPP_PACKET_HEADER));
	cv_write_bytes(&w, data, len);
	assert_false(w.failed);
	return inject_bytes(p, which, frame, cv_written(&w));
}

int
inject(struct pair *p, int which, const char *hex)
{
	uint8_t bytes[2048];
	size_t len = from_hex(hex, bytes, sizeof(bytes));

	assert_true(len >= 4);
	return inject_packet(p, which, (uint16_t)(bytes[0] << 8 | bytes[1]), bytes[2], bytes[3],
		bytes + 4, len - 4);
}

struct sent
next_sent(struct pair *p, int which)
{
	uint8_t frame[FRAME_BYTES];
	struct sent s = {0};
	struct ppp_frame f;
	struct ppp_packet packet;
	int len = ppp_link_poll_output(p->ends[which].l, frame, sizeof(frame));

	if (len == 0)
		return s;
	assert_true(len >= PPP_HEADER_BYTES + PPP_PACKET_HEADER);
	assert_int_equal(frame[0], PPP_ADDRESS);
	assert_int_equal(frame[1], PPP_CONTROL);
	assert_int_equal(ppp_frame_parse(frame, (size_t)len, &f), 0);
	assert_int_equal(ppp_packet_parse(f.payload, &packet), 0);
	assert_int_equal(packet.whole.len, f.payload.len);
	s.protocol = f.protocol;
	s.code = packet.code;
	s.id = packet.id;
	s.len = packet.data.len;
	memcpy(s.data, packet.data.data, s.len);
	return s;
}

struct sent
expect_sent(struct pair *p, int which, uint16_t protocol, uint8_t code)
{
	struct sent s = next_sent(p, which);

	if (s.protocol != protocol || s.code != code)
		fail_msg("sent 0x%04x code %u, expected 0x%04x code %u", s.protocol, s.code,
			protocol, code);
	return s;
}

void
discard_sent(struct pair *p, int which)
{
	while (next_sent(p, which).protocol != 0)
		;
}
