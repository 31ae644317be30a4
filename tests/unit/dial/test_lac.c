/* SPDX-License-Identifier: BSD-3-Clause */
/* A LAC with several calls against a server made of lib/l2tp and lib/ppp: each call is its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../seeded.h"
#include "base/err.h"
#include "dial/lac.h"
#include "l2tp/header.h"

enum { TUNNEL = 11, SERVER_TUNNEL = 22, CALLS = 3, SERVER_SESSIONS = 100, REDIALLED = CALLS + 2 };

struct pair {
	uint64_t now;
	struct lac *lac;
	struct ppp_params client[CALLS], server;
	char user[CALLS][8];
	unsigned up[REDIALLED + 1], down[REDIALLED + 1]; /* by session ID */
	unsigned tunnel_up, tunnel_down;
	struct cv_ip address[REDIALLED + 1];
	uint16_t redial; /* when this call has ended, the one of REDIALLED is placed; 0: none */
	struct l2tp_tunnel *tunnel;
	struct ppp_link *links[REDIALLED + 1]; /* the server's, by the caller's session ID */
	unsigned echoes;                       /* frames that came in when all was up */
};

/* ---- the server ---- */

static void
server_events(struct pair *p)
{
	struct l2tp_event e;

	while (l2tp_tunnel_poll_event(p->tunnel, &e)) {
		unsigned s = e.local_session - SERVER_SESSIONS;

		if (e.type == L2TP_EV_CALL_REQUEST) {
			l2tp_call_accept(p->tunnel, p->now, e.remote_session,
				(uint16_t)(SERVER_SESSIONS + e.remote_session));
		} else if (e.type == L2TP_EV_CALL_UP) {
			p->links[s] = ppp_link_new(&p->server, (struct ppp_scope){0}, p->now);
			ppp_link_open(p->links[s], p->now);
		} else if (e.type == L2TP_EV_CALL_DOWN) {
			ppp_link_free(p->links[s]);
			p->links[s] = NULL;
		}
	}
}

static void
server_link_events(struct pair *p, unsigned s)
{
	static const struct ppp_secret secret = {PPP_SECRET_PLAIN, {(const uint8_t *)"secret", 6}};
	const struct ppp_network net = {
		.local_ip = cv_ipv4(0x0a000001), .peer_ip = cv_ipv4(0x0a000100 + s)};
	struct ppp_event e;

	while (p->links[s] != NULL && ppp_link_poll_event(p->links[s], &e)) {
		if (e.type == PPP_EV_AUTH)
			ppp_auth_check(p->links[s], p->now, &secret);
		if (e.type == PPP_EV_NETWORK)
			ppp_network_start(p->links[s], p->now, &net);
	}
}

static void
server_hears(struct pair *p, const uint8_t *bytes, size_t len)
{
	struct l2tp_header h = {0};

	assert_int_equal(l2tp_header_parse(bytes, len, &h), 0);
	if (h.is_control) {
		l2tp_tunnel_input(p->tunnel, p->now, bytes, len);
	} else if (p->links[h.session_id - SERVER_SESSIONS] != NULL) {
		p->echoes++;
		ppp_link_input(p->links[h.session_id - SERVER_SESSIONS], p->now, h.payload.data,
			h.payload.len);
	}
	server_events(p);
	for (unsigned s = 1; s <= REDIALLED; s++)
		server_link_events(p, s);
}

static bool
server_says(struct pair *p)
{
	uint8_t bytes[2048], frame[PPP_MAX_CONTROL];
	int len = l2tp_tunnel_poll_output(p->tunnel, p->now, bytes, sizeof(bytes));

	for (unsigned s = 1; s <= REDIALLED && len == 0; s++) {
		struct cv_writer w = cv_writer(bytes, sizeof(bytes));

		if (p->links[s] == NULL ||
			(len = ppp_link_poll_output(p->links[s], frame, sizeof(frame))) <= 0)
			continue;
		l2tp_data_header_write(&w, TUNNEL, (uint16_t)s, (size_t)len);
		cv_write_bytes(&w, frame, (size_t)len);
		len = (int)cv_written(&w);
	}
	if (len > 0)
		lac_input(p->lac, p->now, bytes, (size_t)len, NULL);
	return len > 0;
}

/* ---- the LAC ---- */

static void
call(struct pair *p, uint16_t session)
{
	assert_int_equal(lac_call(p->lac, p->now, session, &p->client[session % CALLS]), 0);
}

static void
lac_event(struct pair *p, const struct dial_event *e)
{
	switch (e->type) {
	case DIAL_EV_TUNNEL_UP:
		p->tunnel_up++;
		for (uint16_t s = 1; s <= CALLS; s++)
			call(p, s);
		break;
	case DIAL_EV_UP:
		p->up[e->session]++;
		p->address[e->session] = e->up.local_ip;
		break;
	case DIAL_EV_LINK_DOWN:
	case DIAL_EV_CALL_DOWN:
		p->down[e->session]++;
		if (e->session == p->redial)
			call(p, REDIALLED);
		break;
	case DIAL_EV_TUNNEL_DOWN:
		p->tunnel_down++;
		break;
	default:
		break;
	}
}

/* Until neither end has anything to say. Returns which calls were touched, a bit for each. */
static unsigned
settle(struct pair *p)
{
	uint8_t bytes[DIAL_DATAGRAM_MAX];
	unsigned touched = 0;
	struct dial_event e;
	uint16_t session;
	bool more;
	int len;

	do {
		while (lac_poll_event(p->lac, p->now, &e))
			lac_event(p, &e);
		more = false;
		while ((len = lac_poll_output(p->lac, p->now, bytes, sizeof(bytes))) > 0) {
			server_hears(p, bytes, (size_t)len);
			more = true;
		}
		while (lac_poll_touched(p->lac, &session))
			touched |= 1u << session;
		more |= server_says(p);
	} while (more);
	return touched;
}

static void
pair_up(struct pair *p)
{
	struct lac_params params = {.calls = CALLS};
	struct l2tp_params server;

	*p = (struct pair){.now = CV_NS_PER_S};
	l2tp_params_default(&params.l2tp);
	params.l2tp.crypto = seeded;
	params.l2tp.host_name = "lac";
	params.l2tp.local_tunnel_id = TUNNEL;
	server = params.l2tp;
	server.local_tunnel_id = SERVER_TUNNEL;
	for (unsigned i = 0; i < CALLS; i++) {
		ppp_params_default(&p->client[i], PPP_CLIENT);
		p->client[i].crypto = seeded;
		p->client[i].auth[0] = PPP_AUTH_MSCHAPV2;
		p->client[i].n_auth = 1;
		snprintf(p->user[i], sizeof(p->user[i]), "u%u", i);
		p->client[i].user = (struct cv_bytes){(const uint8_t *)p->user[i], 2};
		p->client[i].password = (struct cv_bytes){(const uint8_t *)"secret", 6};
	}
	ppp_params_default(&p->server, PPP_SERVER);
	p->server.crypto = seeded;
	p->server.name = "lns";
	p->server.auth[0] = PPP_AUTH_MSCHAPV2;
	p->server.n_auth = 1;
	p->server.echo_interval_ns = 0;
	p->lac = lac_new(&params, p->now);
	p->tunnel = l2tp_tunnel_new(L2TP_RESPONDER, &server, p->now);
	assert_non_null(p->lac);
	assert_non_null(p->tunnel);
	assert_int_equal(lac_call(p->lac, p->now, 1, &p->client[1]), CV_ERR_STATE);
	assert_int_equal(lac_start(p->lac, p->now), 0);
	settle(p);
	for (uint16_t s = 1; s <= CALLS; s++)
		assert_int_equal(p->up[s], 1);
}

static void
pair_free(struct pair *p)
{
	lac_free(p->lac);
	l2tp_tunnel_free(p->tunnel);
	for (unsigned s = 0; s <= REDIALLED; s++)
		ppp_link_free(p->links[s]);
}

static void
calls_side_by_side(void **state)
{
	struct pair p;

	(void)state;
	pair_up(&p);
	assert_int_equal(p.tunnel_up, 1);
	assert_int_equal(lac_peer_tunnel(p.lac), SERVER_TUNNEL);
	for (uint16_t s = 1; s <= CALLS; s++) {
		const struct cv_ip expected = cv_ipv4(0x0a000100u + s);
		uint8_t header[32];
		struct cv_writer w = cv_writer(header, sizeof(header));

		assert_true(cv_ip_equal(&p.address[s], &expected));
		assert_int_equal(lac_peer_session(p.lac, s), SERVER_SESSIONS + s);
		assert_int_equal(lac_write_header(p.lac, &w, s, CV_IPV4, 40), 0);
		assert_int_equal(lac_write_header(p.lac, &w, s, CV_IPV6, 40), CV_ERR_STATE);
		assert_int_equal(lac_call(p.lac, p.now, s, &p.client[0]), CV_ERR_STATE);
	}
	/* IDs of one place exclude each other, ended or not: the server may still know the first */
	assert_int_equal(lac_call(p.lac, p.now, 1 + CALLS, &p.client[0]), CV_ERR_STATE);
	pair_free(&p);
}

static void
data_finds_its_call(void **state)
{
	static const uint8_t ip[24] = {0x45};
	struct cv_bytes packet = {0};
	uint8_t bytes[64];
	struct cv_writer w = cv_writer(bytes, sizeof(bytes));
	struct pair p;

	(void)state;
	pair_up(&p);
	l2tp_data_header_write(&w, TUNNEL, 2, 4 + sizeof(ip));
	cv_write_u32(&w, 0xff030021);
	cv_write_bytes(&w, ip, sizeof(ip));
	assert_int_equal(lac_input(p.lac, p.now, bytes, cv_written(&w), &packet), DIAL_PACKET);
	assert_int_equal(packet.len, sizeof(ip));
	assert_int_equal(settle(&p), 1 << 2);
	bytes[5] = 9; /* a session that there is not */
	assert_int_equal(lac_input(p.lac, p.now, bytes, cv_written(&w), &packet), CV_ERR_UNKNOWN);
	bytes[5] = 0;
	assert_int_equal(lac_input(p.lac, p.now, bytes, cv_written(&w), &packet), CV_ERR_UNKNOWN);
	bytes[5] = 2, bytes[3] = 12; /* another tunnel */
	assert_int_equal(lac_input(p.lac, p.now, bytes, cv_written(&w), &packet), CV_ERR_UNKNOWN);
	pair_free(&p);
}

/* Each call's echo goes out at its own time, and only who was touched is told. */
static void
timeouts_are_each_call_s_own(void **state)
{
	struct pair p;
	unsigned before;
	uint64_t first;

	(void)state;
	pair_up(&p);
	first = lac_timeout_of(p.lac, 2);
	assert_true(first > p.now && first != CV_TIME_NEVER);
	assert_true(lac_timeout_of(p.lac, 0) != CV_TIME_NEVER);
	assert_true(lac_timeout_of(p.lac, 9) == CV_TIME_NEVER);
	lac_handle_timeout(p.lac, p.now, 2); /* before its time: nothing */
	before = p.echoes;
	assert_int_equal(settle(&p), 0);
	p.now = first;
	lac_handle_timeout(p.lac, p.now, 2);
	assert_int_equal(settle(&p), 1 << 2);
	assert_int_equal(p.echoes, before + 1);
	assert_true(lac_timeout_of(p.lac, 2) > first);
	lac_handle_timeout(p.lac, p.now, 9); /* there is none */
	assert_int_equal(settle(&p), 0);
	pair_free(&p);
}

static void
one_ends_and_its_place_is_taken(void **state)
{
	struct pair p;

	(void)state;
	pair_up(&p);
	p.redial = 2;
	lac_hang_up(p.lac, p.now, 2);
	assert_int_equal(settle(&p), 1 << 2 | 1 << REDIALLED);
	assert_int_equal(p.down[2], 1);
	assert_int_equal(p.up[REDIALLED], 1);
	assert_null(p.links[2]);
	assert_true(p.up[1] == 1 && p.up[3] == 1 && p.down[1] == 0 && p.down[3] == 0);
	assert_int_equal(lac_peer_session(p.lac, 2), 0);
	lac_drop_call(p.lac, p.now, REDIALLED);
	assert_int_equal(settle(&p), 1 << REDIALLED);
	assert_int_equal(p.down[REDIALLED], 0);
	assert_null(p.links[REDIALLED]);
	pair_free(&p);
}

static void
the_tunnel_takes_all_along(void **state)
{
	static const struct l2tp_reason over = {.result = L2TP_STOPCCN_CLEAR};
	struct pair p;

	(void)state;
	pair_up(&p);
	l2tp_tunnel_close(p.tunnel, p.now, &over);
	assert_int_equal(settle(&p), 1 << 1 | 1 << 2 | 1 << 3);
	assert_int_equal(p.tunnel_down, 1);
	for (uint16_t s = 1; s <= CALLS; s++) {
		assert_int_equal(p.down[s], 0);
		assert_null(lac_link(p.lac, s));
	}
	assert_int_equal(lac_call(p.lac, p.now, 1, &p.client[1]), CV_ERR_STATE);
	pair_free(&p);
}

static void
no_room(void **state)
{
	struct lac_params params = {.calls = 0};

	(void)state;
	l2tp_params_default(&params.l2tp);
	params.l2tp.crypto = seeded;
	params.l2tp.local_tunnel_id = 1;
	assert_null(lac_new(&params, 0));
	params.calls = 1;
	params.l2tp.local_tunnel_id = 0;
	assert_null(lac_new(&params, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_side_by_side),
		cmocka_unit_test(data_finds_its_call),
		cmocka_unit_test(timeouts_are_each_call_s_own),
		cmocka_unit_test(one_ends_and_its_place_is_taken),
		cmocka_unit_test(the_tunnel_takes_all_along),
		cmocka_unit_test(no_room),
	};

	return cmocka_run_group_tests_name("lac", tests, seeded_setup, seeded_teardown);
}
