/* SPDX-License-Identifier: BSD-3-Clause */
/* A caller against a server made of lib/l2tp and lib/ppp: the way up, data, each way to the end,
 * and what is not for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../seeded.h"
#include "base/err.h"
#include "dial/dial.h"
#include "l2tp/header.h"

enum { TUNNEL = 11, SERVER_TUNNEL = 22, SESSION = 33, SERVER_SESSION = 44, EVENTS = 32 };

static bool ipv6; /* both ends want it */

/* Both ends, and a line between them that may be cut. */
struct pair {
	struct dial *dial;
	struct l2tp_tunnel *tunnel;
	struct ppp_link *link;
	struct ppp_params client, server;
	uint64_t now;
	uint16_t session; /* the caller's, as the server knows it */
	bool cut, refuse_call, wrong_password;
	enum dial_event_type events[EVENTS];
	unsigned n_events;
	struct dial_event last;
	char text[L2TP_MESSAGE_MAX];
	unsigned cdns; /* that reached the server */
};

static void
end_server_call(struct pair *p)
{
	ppp_link_free(p->link);
	p->link = NULL;
}

static void
server_event(struct pair *p, const struct l2tp_event *e)
{
	static const struct l2tp_reason busy = {.result = L2TP_CDN_BUSY, .message = "busy"};

	switch (e->type) {
	case L2TP_EV_CALL_REQUEST:
		p->session = e->remote_session;
		if (p->refuse_call)
			l2tp_call_refuse(p->tunnel, p->now, e->remote_session, &busy);
		else
			l2tp_call_accept(p->tunnel, p->now, e->remote_session,
				(uint16_t)(SERVER_SESSION + e->remote_session - SESSION));
		break;
	case L2TP_EV_CALL_UP:
		end_server_call(p);
		p->link = ppp_link_new(&p->server, (struct ppp_scope){0}, p->now);
		ppp_link_open(p->link, p->now);
		break;
	case L2TP_EV_CALL_DOWN:
		p->cdns++;
		end_server_call(p);
		break;
	default:
		break;
	}
}

static void
server_link_event(struct pair *p, const struct ppp_event *e)
{
	const struct ppp_secret secret = {
		PPP_SECRET_PLAIN, {(const uint8_t *)"secret", p->wrong_password ? 5 : 6}};
	const struct ppp_network net = {
		.local_ip = cv_ipv4(0x0a000001), .peer_ip = cv_ipv4(0x0a000002), .ipv6 = ipv6};

	if (e->type == PPP_EV_AUTH)
		ppp_auth_check(p->link, p->now, &secret);
	if (e->type == PPP_EV_NETWORK)
		ppp_network_start(p->link, p->now, &net);
}

static bool
server_says(struct pair *p)
{
	uint8_t bytes[2048], frame[PPP_MAX_CONTROL];
	struct cv_writer w = cv_writer(bytes, sizeof(bytes));
	int len = l2tp_tunnel_poll_output(p->tunnel, p->now, bytes, sizeof(bytes));

	if (len == 0 && p->link != NULL &&
		(len = ppp_link_poll_output(p->link, frame, sizeof(frame))) > 0) {
		l2tp_data_header_write(&w, TUNNEL, p->session, (size_t)len);
		cv_write_bytes(&w, frame, (size_t)len);
		len = (int)cv_written(&w);
	}
	if (len > 0 && !p->cut)
		dial_input(p->dial, p->now, bytes, (size_t)len, NULL);
	return len > 0;
}

static void
server_hears(struct pair *p, const uint8_t *bytes, size_t len)
{
	struct l2tp_header h = {0};
	struct l2tp_event e;
	struct ppp_event pe;

	if (p->cut)
		return;
	assert_int_equal(l2tp_header_parse(bytes, len, &h), 0);
	if (h.is_control)
		l2tp_tunnel_input(p->tunnel, p->now, bytes, len);
	else if (p->link != NULL)
		ppp_link_input(p->link, p->now, h.payload.data, h.payload.len);
	while (l2tp_tunnel_poll_event(p->tunnel, &e))
		server_event(p, &e);
	while (p->link != NULL && ppp_link_poll_event(p->link, &pe))
		server_link_event(p, &pe);
}

static void
keep(struct pair *p, const struct dial_event *e)
{
	assert_true(p->n_events < EVENTS);
	p->events[p->n_events++] = e->type;
	p->last = *e;
	if (e->reason.message != NULL)
		strncpy(p->text, e->reason.message, sizeof(p->text) - 1);
	if (e->type == DIAL_EV_TUNNEL_UP)
		assert_int_equal(dial_call(p->dial, p->now, SESSION), 0);
}

static void
exchange(struct pair *p)
{
	uint8_t bytes[DIAL_DATAGRAM_MAX];
	struct dial_event e;
	struct ppp_event pe;
	bool more = true;
	int len;

	while (more) {
		more = false;
		while (dial_poll_event(p->dial, p->now, &e))
			keep(p, &e);
		while ((len = dial_poll_output(p->dial, p->now, bytes, sizeof(bytes))) > 0) {
			server_hears(p, bytes, (size_t)len);
			more = true;
		}
		while (p->link != NULL && ppp_link_poll_event(p->link, &pe))
			server_link_event(p, &pe);
		more = server_says(p) || more;
	}
}

/* Lets time pass, second by second and timer by timer. */
static void
pass(struct pair *p, unsigned seconds)
{
	uint64_t end = p->now + seconds * CV_NS_PER_S;

	while (p->now < end) {
		uint64_t at = dial_next_timeout(p->dial);

		assert_true(at > p->now);
		p->now = cv_time_min(cv_time_min(at, p->now + CV_NS_PER_S), end);
		dial_handle_timeout(p->dial, p->now);
		l2tp_tunnel_handle_timeout(p->tunnel, p->now);
		if (p->link != NULL)
			ppp_link_handle_timeout(p->link, p->now);
		exchange(p);
	}
}

static void
begin(struct pair *p)
{
	static const struct ppp_ncp *const both[] = {&ppp_ipcp, &ppp_ipv6cp};
	struct dial_params params = {.ppp = &p->client, .network = {.ipv6 = ipv6}};
	struct l2tp_params server;

	*p = (struct pair){.now = CV_NS_PER_S};
	l2tp_params_default(&server);
	server.crypto = seeded;
	server.local_tunnel_id = SERVER_TUNNEL;
	server.secret = "tunnel";
	server.secret_len = 6;
	params.l2tp = server;
	params.l2tp.local_tunnel_id = TUNNEL;
	ppp_params_default(&p->client, PPP_CLIENT);
	p->client.crypto = seeded;
	p->client.user = (struct cv_bytes){(const uint8_t *)"alice", 5};
	p->client.password = (struct cv_bytes){(const uint8_t *)"secret", 6};
	p->client.auth[0] = PPP_AUTH_CHAP_MD5;
	p->client.n_auth = 1;
	ppp_params_default(&p->server, PPP_SERVER);
	p->server.crypto = seeded;
	p->server.name = "lns";
	p->server.auth[0] = PPP_AUTH_CHAP_MD5;
	p->server.n_auth = 1;
	if (ipv6) {
		p->client.networks = p->server.networks = both;
		p->client.n_networks = p->server.n_networks = 2;
	}
	p->tunnel = l2tp_tunnel_new(L2TP_RESPONDER, &server, p->now);
	p->dial = dial_new(&params, p->now);
	assert_non_null(p->tunnel);
	assert_non_null(p->dial);
}

static void
finish(struct pair *p)
{
	dial_free(p->dial);
	end_server_call(p);
	l2tp_tunnel_free(p->tunnel);
}

static void
up(struct pair *p)
{
	static const enum dial_event_type want[] = {
		DIAL_EV_TUNNEL_UP, DIAL_EV_CALL_UP, DIAL_EV_AUTH_DONE, DIAL_EV_UP};

	begin(p);
	assert_int_equal(dial_start(p->dial, p->now), 0);
	exchange(p);
	assert_int_equal(p->n_events, 4);
	assert_memory_equal(p->events, want, sizeof(want));
	assert_int_equal(cv_ipv4_value(&p->last.up.local_ip), 0x0a000002);
	assert_int_equal(dial_peer_session(p->dial), SERVER_SESSION);
	p->n_events = 0;
}

static void
expect_one(struct pair *p, enum dial_event_type type)
{
	assert_int_equal(p->n_events, 1);
	assert_int_equal(p->events[0], type);
	p->n_events = 0;
}

static void
the_way_up(void **state)
{
	struct pair p;

	(void)state;
	up(&p);
	assert_int_equal(dial_start(p.dial, p.now), CV_ERR_STATE);
	assert_int_equal(dial_call(p.dial, p.now, SESSION + 1), CV_ERR_STATE);
	finish(&p);
}

static void
data_both_ways(void **state)
{
	static const uint8_t packet[] = {0x45, 0, 0, 20};
	uint8_t bytes[64];
	struct cv_writer w = cv_writer(bytes, sizeof(bytes));
	struct cv_bytes got = {0};
	struct l2tp_header h = {0};
	struct ppp_frame f = {0};
	struct pair p;

	(void)state;
	begin(&p);
	assert_int_equal(dial_write_header(p.dial, &w, CV_IPV4, 4), CV_ERR_STATE);
	finish(&p);
	up(&p);
	assert_int_equal(dial_write_header(p.dial, &w, CV_IPV4, sizeof(packet)), 0);
	cv_write_bytes(&w, packet, sizeof(packet));
	assert_int_equal(l2tp_header_parse(bytes, cv_written(&w), &h), 0);
	assert_int_equal(h.tunnel_id, SERVER_TUNNEL);
	assert_int_equal(h.session_id, SERVER_SESSION);
	assert_int_equal(ppp_frame_parse(h.payload.data, h.payload.len, &f), 0);
	assert_int_equal(f.protocol, PPP_IP);
	assert_int_equal(f.payload.len, sizeof(packet));
	assert_memory_equal(f.payload.data, packet, sizeof(packet));
	w = cv_writer(bytes, 9);
	assert_int_equal(dial_write_header(p.dial, &w, CV_IPV4, 4), CV_ERR_SPACE);

	w = cv_writer(bytes, sizeof(bytes));
	l2tp_data_header_write(&w, TUNNEL, SESSION, 8);
	cv_write_u32(&w, 0xff030021);
	cv_write_bytes(&w, packet, sizeof(packet));
	assert_int_equal(dial_input(p.dial, p.now, bytes, cv_written(&w), &got), DIAL_PACKET);
	assert_int_equal(got.len, sizeof(packet));
	assert_memory_equal(got.data, packet, sizeof(packet));
	assert_int_equal(dial_input(p.dial, p.now, bytes, cv_written(&w), NULL), DIAL_PACKET);
	finish(&p);
}

/* Of IPv6 too, where both ends want it; without, there is no header for it. */
static void
ipv6_both_ways(void **state)
{
	static const uint8_t packet[] = {0x60, 0, 0, 0};
	uint8_t bytes[64];
	struct cv_writer w = cv_writer(bytes, sizeof(bytes));
	struct cv_bytes got = {0};
	struct l2tp_header h = {0};
	struct ppp_frame f = {0};
	struct pair p;

	(void)state;
	up(&p);
	assert_int_equal(dial_write_header(p.dial, &w, CV_IPV6, 4), CV_ERR_STATE);
	finish(&p);
	ipv6 = true;
	begin(&p);
	assert_int_equal(dial_start(p.dial, p.now), 0);
	exchange(&p);
	assert_int_equal(p.last.up.open, 3);
	assert_int_equal(dial_write_header(p.dial, &w, CV_IPV6, sizeof(packet)), 0);
	cv_write_bytes(&w, packet, sizeof(packet));
	assert_int_equal(l2tp_header_parse(bytes, cv_written(&w), &h), 0);
	assert_int_equal(ppp_frame_parse(h.payload.data, h.payload.len, &f), 0);
	assert_int_equal(f.protocol, PPP_IPV6);
	assert_memory_equal(f.payload.data, packet, sizeof(packet));

	w = cv_writer(bytes, sizeof(bytes));
	l2tp_data_header_write(&w, TUNNEL, SESSION, 8);
	cv_write_u32(&w, 0xff030057);
	cv_write_bytes(&w, packet, sizeof(packet));
	assert_int_equal(dial_input(p.dial, p.now, bytes, cv_written(&w), &got), DIAL_PACKET);
	assert_int_equal(got.len, sizeof(packet));
	assert_memory_equal(got.data, packet, sizeof(packet));
	finish(&p);
	ipv6 = false;
}

/* Whose tunnel or session it is not, and what is no datagram at all. */
static void
not_for_it(void **state)
{
	uint8_t bytes[64];
	struct cv_writer w;
	struct cv_bytes got = {0};
	struct pair p;

	(void)state;
	up(&p);
	for (unsigned i = 0; i < 2; i++) {
		w = cv_writer(bytes, sizeof(bytes));
		l2tp_data_header_write(
			&w, i == 0 ? TUNNEL + 1 : TUNNEL, i == 0 ? SESSION : SESSION + 1, 8);
		cv_write_u32(&w, 0xff030021);
		cv_write_u32(&w, 0x45000014);
		assert_int_equal(
			dial_input(p.dial, p.now, bytes, cv_written(&w), &got), CV_ERR_UNKNOWN);
	}
	for (size_t len = 0; len < 6; len++)
		assert_true(dial_input(p.dial, p.now, bytes, len, &got) < 0);
	assert_null(got.data);
	finish(&p);
}

static void
hanging_up(void **state)
{
	struct pair p;

	(void)state;
	up(&p);
	dial_hang_up(p.dial, p.now);
	exchange(&p);
	assert_int_equal(p.events[0], DIAL_EV_NETWORK_DOWN);
	assert_int_equal(p.events[1], DIAL_EV_LINK_DOWN);
	assert_int_equal(p.n_events, 2);
	assert_int_equal(p.last.link, PPP_DOWN_LOCAL);
	assert_int_equal(p.cdns, 1);
	assert_null(dial_link(p.dial));
	assert_int_equal(dial_peer_session(p.dial), 0);
	/* and another one, in the same tunnel */
	p.n_events = 0;
	assert_int_equal(dial_call(p.dial, p.now, SESSION + 1), 0);
	exchange(&p);
	assert_int_equal(p.n_events, 3);
	assert_int_equal(p.last.type, DIAL_EV_UP);
	assert_int_equal(dial_peer_session(p.dial), SERVER_SESSION + 1);
	finish(&p);
}

static void
the_call_stays_for_the_server_to_end(void **state)
{
	static const struct l2tp_reason bye = {.result = L2TP_CDN_ADMINISTRATIVE};
	struct pair p;

	(void)state;
	up(&p);
	dial_set_keep_call(p.dial, true);
	ppp_link_close(p.link, p.now, PPP_DOWN_KICKED);
	exchange(&p);
	pass(&p, 10);
	assert_int_equal(p.last.type, DIAL_EV_LINK_DOWN);
	assert_int_equal(p.last.link, PPP_DOWN_PEER_TERMINATED);
	assert_int_equal(p.cdns, 0);
	p.n_events = 0;
	l2tp_call_close(p.tunnel, p.now, SERVER_SESSION, &bye);
	exchange(&p);
	assert_int_equal(p.n_events, 0); /* it knows by now */
	finish(&p);
}

static void
dropped_abandoned_begun_anew(void **state)
{
	struct pair p;

	(void)state;
	up(&p);
	dial_drop_call(p.dial, p.now);
	exchange(&p);
	assert_int_equal(p.cdns, 1);
	assert_int_equal(p.n_events, 0);
	assert_int_equal(dial_restart_link(p.dial, p.now), CV_ERR_STATE);
	assert_int_equal(dial_call(p.dial, p.now, SESSION + 1), 0);
	exchange(&p);
	p.n_events = 0;
	dial_abandon_call(p.dial);
	exchange(&p);
	assert_int_equal(p.cdns, 1);
	assert_int_equal(dial_call(p.dial, p.now, SESSION + 1), CV_ERR_EXISTS);
	assert_int_equal(dial_call(p.dial, p.now, SESSION + 2), 0);
	exchange(&p);
	assert_int_equal(p.last.type, DIAL_EV_UP);
	p.n_events = 0;
	assert_int_equal(dial_restart_link(p.dial, p.now), 0);
	exchange(&p);
	assert_int_equal(p.n_events, 2); /* AUTH_DONE, UP: the server begins again too */
	assert_int_equal(p.last.type, DIAL_EV_UP);
	finish(&p);
}

static void
refused(void **state)
{
	struct pair p;

	(void)state;
	begin(&p);
	p.refuse_call = true;
	dial_start(p.dial, p.now);
	exchange(&p);
	assert_int_equal(p.last.type, DIAL_EV_CALL_DOWN);
	assert_int_equal(p.last.reason.result, L2TP_CDN_BUSY);
	assert_true(p.last.reason.by_peer);
	assert_string_equal(p.text, "busy");
	finish(&p);
	begin(&p);
	p.wrong_password = true;
	dial_start(p.dial, p.now);
	exchange(&p);
	assert_int_equal(p.events[2], DIAL_EV_AUTH_DONE);
	pass(&p, 10);
	assert_int_equal(p.last.type, DIAL_EV_LINK_DOWN);
	assert_int_equal(p.last.link, PPP_DOWN_AUTH_FAILED);
	assert_int_equal(p.cdns, 1);
	finish(&p);
}

static void
the_end_of_the_tunnel(void **state)
{
	static const struct l2tp_reason bye = {
		.result = L2TP_STOPCCN_SHUTTING_DOWN, .message = "good night"};
	struct pair p;

	(void)state;
	up(&p);
	l2tp_tunnel_close(p.tunnel, p.now, &bye);
	exchange(&p);
	expect_one(&p, DIAL_EV_TUNNEL_DOWN);
	assert_string_equal(p.text, "good night");
	assert_null(dial_link(p.dial));
	assert_int_equal(dial_call(p.dial, p.now, SESSION + 1), CV_ERR_STATE);
	finish(&p);
	up(&p);
	dial_close(p.dial, p.now, &bye);
	exchange(&p);
	assert_int_equal(p.events[0], DIAL_EV_TUNNEL_DOWN);
	assert_int_equal(p.events[1], DIAL_EV_DONE);
	assert_int_equal(p.n_events, 2);
	finish(&p);
}

static void
a_server_that_is_gone(void **state)
{
	struct pair p;

	(void)state;
	up(&p);
	p.cut = true;
	for (unsigned i = 0; i < 300 && p.n_events == 0; i++)
		pass(&p, 1);
	/* a HELLO that nobody answers comes before the fourth lost echo */
	assert_int_equal(p.events[0], DIAL_EV_TUNNEL_DOWN);
	assert_false(p.last.reason.by_peer);
	assert_null(dial_link(p.dial));
	finish(&p);
	begin(&p);
	p.cut = true;
	dial_start(p.dial, p.now);
	for (unsigned i = 0; i < 300 && p.n_events == 0; i++)
		pass(&p, 1);
	assert_int_equal(p.events[0], DIAL_EV_TUNNEL_DOWN);
	finish(&p);
}

static void
no_tunnel_id(void **state)
{
	struct dial_params params = {0};

	(void)state;
	l2tp_params_default(&params.l2tp);
	assert_null(dial_new(&params, 1));
	dial_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_way_up),
		cmocka_unit_test(data_both_ways),
		cmocka_unit_test(ipv6_both_ways),
		cmocka_unit_test(not_for_it),
		cmocka_unit_test(hanging_up),
		cmocka_unit_test(the_call_stays_for_the_server_to_end),
		cmocka_unit_test(dropped_abandoned_begun_anew),
		cmocka_unit_test(refused),
		cmocka_unit_test(the_end_of_the_tunnel),
		cmocka_unit_test(a_server_that_is_gone),
		cmocka_unit_test(no_tunnel_id),
	};

	return cmocka_run_group_tests(tests, seeded_setup, seeded_teardown);
}
