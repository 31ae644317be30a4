/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions: calls by hand, their refusals and limits. Each case is a rule of the behaviour. */
#include "hand.h"

#include <stdio.h>
#include <string.h>

#define LIMITED(limits)                                               \
	"ports: [{name: wan, device: 'af_packet:lns0'}]\n"            \
	"listeners: [{address: 192.0.2.1/24}]\n"                      \
	"tunnels: {secrets: [{secret: none}]}\n"                      \
	"groups: [{name: g, address: 10.0.0.1, pool: 10.0.0.0/24}]\n" \
	"users: [{name: alice, password-file: alice}]\n"              \
	"limits: {" limits "}\n"

static void
up(struct world *w, struct hand *h)
{
	world_up(w, NULL, 21);
	hand_init(h, w, STRANGER, 1701, 7);
	assert_true(hand_tunnel(h, "lac", "tunnelsecret"));
}

static void
proxy_avps_are_taken_and_lcp_starts_anew(void **state)
{
	struct world w;
	struct hand h;
	uint16_t id;

	(void)state;
	up(&w, &h);
	id = hand_call(&h, 5);
	assert_int_not_equal(id, 0);
	hand_begin(&h, L2TP_ICCN);
	l2tp_put_u32(&h.b, L2TP_AVP_CONNECT_SPEED, 1000000);
	l2tp_put_u32(&h.b, L2TP_AVP_FRAMING_TYPE, 1);
	l2tp_put(&h.b, L2TP_AVP_INITIAL_RECEIVED_LCP, "\5\6\1\2\3\4", 6);
	l2tp_put(&h.b, L2TP_AVP_LAST_SENT_LCP, "\3\5\xc2\x23\5", 5);
	l2tp_put(&h.b, L2TP_AVP_LAST_RECEIVED_LCP, "\5\6\1\2\3\4", 6);
	l2tp_put_u16(&h.b, L2TP_AVP_PROXY_AUTHEN_TYPE, 2);
	l2tp_put(&h.b, L2TP_AVP_PROXY_AUTHEN_NAME, "alice", 5);
	l2tp_put(&h.b, L2TP_AVP_PROXY_AUTHEN_CHALLENGE, "0123456789abcdef", 16);
	l2tp_put_u16(&h.b, L2TP_AVP_PROXY_AUTHEN_ID, 1);
	l2tp_put(&h.b, L2TP_AVP_PROXY_AUTHEN_RESPONSE, "0123456789abcdef", 16);
	hand_send(&h, id);
	/* the LAC's word is not believed: nobody is authenticated, nothing is open */
	world_sleep(&w, CV_NS_PER_S);
	assert_int_equal(world_counter(&w, LNS_SESSIONS_OPENED), 0);
	assert_int_equal(w.removed, 0);
	assert_int_not_equal(w.n_data_outside, 0); /* our own Configure-Request */
	world_down(&w);
}

static void
wen_and_sli_are_accepted(void **state)
{
	static const uint8_t errors[26], accm[10];
	struct world w;
	struct hand h;
	uint16_t id;

	(void)state;
	up(&w, &h);
	id = hand_call(&h, 5);
	hand_connect(&h, id);
	hand_begin(&h, L2TP_WEN);
	l2tp_put(&h.b, L2TP_AVP_CALL_ERRORS, errors, sizeof(errors));
	hand_send(&h, id);
	hand_begin(&h, L2TP_SLI);
	l2tp_put(&h.b, L2TP_AVP_ACCM, accm, sizeof(accm));
	hand_send(&h, id);
	while (hand_next(&h))
		assert_int_equal(h.m.type, L2TP_ZLB);
	assert_int_equal(h.header.nr, h.ns);
	world_down(&w);
}

static void
cdn_from_the_peer_ends_the_session(void **state)
{
	struct world w;
	struct hand h;
	uint16_t id;

	(void)state;
	up(&w, &h);
	id = hand_call(&h, 5);
	hand_connect(&h, id);
	hand_begin(&h, L2TP_CDN);
	l2tp_put(&h.b, L2TP_AVP_RESULT_CODE, "\0\3", 2);
	l2tp_put_u16(&h.b, L2TP_AVP_ASSIGNED_SESSION_ID, 5);
	hand_send(&h, id);
	assert_int_equal(w.removed, 1);
	assert_string_equal(w.reason, "the peer closed the call");
	world_down(&w);
}

/* The peer gave up before it learned our session ID (RFC 2661 section 4.4.4). */
static void
cdn_for_session_0_names_the_assigned_id(void **state)
{
	struct lns_status status;
	struct world w;
	struct hand h;

	(void)state;
	up(&w, &h);
	assert_int_not_equal(hand_call(&h, 5), 0);
	hand_begin(&h, L2TP_CDN);
	l2tp_put(&h.b, L2TP_AVP_RESULT_CODE, "\0\3", 2);
	l2tp_put_u16(&h.b, L2TP_AVP_ASSIGNED_SESSION_ID, 5);
	hand_send(&h, 0);
	lns_status(w.lns, &status);
	assert_int_equal(status.sessions, 0);
	world_down(&w);
}

static void
a_call_without_iccn_ends_in_time(void **state)
{
	char text[L2TP_MESSAGE_MAX];
	struct lns_status status;
	struct world w;
	struct hand h;

	(void)state;
	up(&w, &h);
	assert_int_not_equal(hand_call(&h, 5), 0);
	hand_zlb(&h);
	world_sleep(&w, 31 * CV_NS_PER_S);
	assert_true(hand_expect(&h, L2TP_CDN));
	assert_int_equal(hand_reason(&h, text).result, L2TP_CDN_TIMEOUT);
	lns_status(w.lns, &status);
	assert_int_equal(status.sessions, 0);
	world_down(&w);
}

static void
an_assigned_session_id_in_use_or_0_is_refused(void **state)
{
	char text[L2TP_MESSAGE_MAX];
	struct world w;
	struct hand h;

	(void)state;
	up(&w, &h);
	assert_int_not_equal(hand_call(&h, 5), 0);
	assert_int_equal(hand_call(&h, 5), 0);
	hand_reason(&h, text);
	assert_string_equal(text, "Assigned Session ID is in use");
	assert_int_equal(hand_call(&h, 0), 0);
	assert_int_equal(hand_reason(&h, text).error, L2TP_ERROR_VALUE);
	world_down(&w);
}

static void
iccn_without_icrq_and_cdn_for_another_tunnel_do_nothing(void **state)
{
	struct hand h, other;
	struct world w;
	uint16_t id;

	(void)state;
	up(&w, &h);
	hand_connect(&h, 77);
	while (hand_next(&h))
		assert_int_equal(h.m.type, L2TP_ZLB);
	id = hand_call(&h, 5);
	hand_connect(&h, id);
	hand_init(&other, &w, STRANGER, 1702, 7);
	assert_true(hand_tunnel(&other, "lac", "tunnelsecret"));
	hand_begin(&other, L2TP_CDN);
	l2tp_put(&other.b, L2TP_AVP_RESULT_CODE, "\0\3", 2);
	l2tp_put_u16(&other.b, L2TP_AVP_ASSIGNED_SESSION_ID, 5);
	hand_send(&other, id);
	assert_int_equal(w.removed, 0);
	world_down(&w);
}

static void
an_outgoing_call_is_refused(void **state)
{
	char text[L2TP_MESSAGE_MAX];
	struct world w;
	struct hand h;

	(void)state;
	up(&w, &h);
	hand_begin(&h, L2TP_OCRQ);
	l2tp_put_u16(&h.b, L2TP_AVP_ASSIGNED_SESSION_ID, 5);
	l2tp_put_u32(&h.b, L2TP_AVP_CALL_SERIAL_NUMBER, 1);
	l2tp_put_u32(&h.b, L2TP_AVP_MINIMUM_BPS, 1);
	l2tp_put_u32(&h.b, L2TP_AVP_MAXIMUM_BPS, 1);
	l2tp_put_u32(&h.b, L2TP_AVP_BEARER_TYPE, 1);
	l2tp_put_u32(&h.b, L2TP_AVP_FRAMING_TYPE, 1);
	l2tp_put(&h.b, L2TP_AVP_CALLED_NUMBER, "1", 1);
	hand_send(&h, 0);
	assert_true(hand_expect(&h, L2TP_CDN));
	hand_reason(&h, text);
	assert_string_equal(text, "outgoing calls are not placed here");
	world_down(&w);
}

static void
limit_of_sessions_in_a_tunnel(void **state)
{
	char text[L2TP_MESSAGE_MAX];
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, LIMITED("sessions: 100, sessions-per-tunnel: 3"), 22);
	hand_init(&h, &w, STRANGER, 1701, 7);
	assert_true(hand_tunnel(&h, "lac", NULL));
	for (uint16_t i = 1; i <= 3; i++)
		assert_int_not_equal(hand_call(&h, i), 0);
	assert_int_equal(hand_call(&h, 4), 0);
	assert_int_equal(hand_reason(&h, text).result, L2TP_CDN_NO_FACILITIES_TEMPORARY);
	assert_string_equal(text, "too many sessions in this tunnel");
	assert_int_equal(world_counter(&w, LNS_LIMIT_TUNNEL_SESSIONS), 1);
	assert_true(world_logged(&w, "call-refused", "too many sessions in this tunnel"));
	world_down(&w);
}

static void
limit_of_sessions_in_all(void **state)
{
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, LIMITED("sessions: 2, sessions-per-tunnel: 3"), 22);
	hand_init(&h, &w, STRANGER, 1701, 7);
	assert_true(hand_tunnel(&h, "lac", NULL));
	assert_int_not_equal(hand_call(&h, 1), 0);
	assert_int_not_equal(hand_call(&h, 2), 0);
	assert_int_equal(hand_call(&h, 3), 0);
	assert_int_equal(world_counter(&w, LNS_LIMIT_SESSIONS), 1);
	assert_true(world_logged(&w, "call-refused", "too many sessions"));
	world_down(&w);
}

static void
limit_of_calls_a_second(void **state)
{
	char text[L2TP_MESSAGE_MAX];
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, LIMITED("sessions: 100, setups-per-second: 5"), 22);
	hand_init(&h, &w, STRANGER, 1701, 7);
	assert_true(hand_tunnel(&h, "lac", NULL));
	for (uint16_t i = 1; i <= 5; i++)
		assert_int_not_equal(hand_call(&h, i), 0);
	assert_int_equal(hand_call(&h, 6), 0);
	hand_reason(&h, text);
	assert_string_equal(text, "too many calls a second");
	assert_int_equal(world_counter(&w, LNS_LIMIT_RATE), 1);
	hand_zlb(&h);
	world_sleep(&w, CV_NS_PER_S);
	assert_int_not_equal(hand_call(&h, 7), 0);
	world_down(&w);
}

static void
limit(const char *yaml, enum lns_counter counter, unsigned allowed, const char *name)
{
	char text[L2TP_MESSAGE_MAX];
	struct l2tp_reason reason;
	struct world w;
	struct hand h;

	world_up(&w, yaml, 23);
	for (unsigned i = 0; i <= allowed; i++) {
		hand_init(&h, &w, STRANGER, (uint16_t)(1701 + i), 7);
		assert_int_equal(hand_tunnel(&h, "lac", NULL), i < allowed);
	}
	/* the one too many is told so at once, and may try another server */
	assert_int_equal(h.m.type, L2TP_STOPCCN);
	reason = hand_reason(&h, text);
	assert_int_equal(reason.result, L2TP_STOPCCN_ERROR);
	assert_int_equal(reason.error, L2TP_ERROR_RESOURCES);
	assert_non_null(strstr(text, name));
	assert_int_equal(world_counter(&w, counter), 1);
	assert_true(world_logged(&w, "tunnel-refused", name));
	world_down(&w);
}

static void
limits_of_tunnels(void **state)
{
	(void)state;
	limit(LIMITED("sessions: 100, tunnels: 3"), LNS_LIMIT_TUNNELS, 3, "limits.tunnels");
	limit(LIMITED("sessions: 100, tunnels-per-peer: 2"), LNS_LIMIT_PEER, 2,
		"limits.tunnels-per-peer");
}

/* Over IPv6 a host has a /64 to choose from: whatever of it it takes, it is one peer. */
static void
limit_of_tunnels_of_a_host_over_ipv6(void **state)
{
	static const char *const from[] = {"2001:db8:1:2::1", "2001:db8:1:2:ffff::9",
		"2001:db8:1:2:3:4:5:6", "2001:db8:1:3::1", "fe80::1", "fe80::2", "fe80::3"};
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, LIMITED("sessions: 100, tunnels-per-peer: 2"), 23);
	for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		hand_init(&h, &w, STRANGER, 1701, (uint16_t)(7 + i));
		assert_int_equal(cv_ip_parse(from[i], &h.address.ip), 0);
		assert_int_equal(hand_tunnel(&h, "lac", NULL), i != 2);
	}
	assert_int_equal(world_counter(&w, LNS_LIMIT_PEER), 1);
	assert_true(world_logged(&w, "tunnel-refused", "[2001:db8:1:2:3:4:5:6]:1701"));
	world_down(&w);
}

/* Beyond the rate an SCCCN is not taken; sent again a second later, it is. */
static void
limit_of_tunnels_a_second(void **state)
{
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, LIMITED("sessions: 100, setups-per-second: 5"), 23);
	for (unsigned i = 0; i < 5; i++) {
		hand_init(&h, &w, STRANGER, (uint16_t)(1701 + i), 7);
		assert_true(hand_tunnel(&h, "lac", NULL));
	}
	hand_init(&h, &w, STRANGER, 1800, 7);
	assert_false(hand_tunnel(&h, "lac", NULL));
	assert_int_equal(h.m.type, L2TP_SCCRP);
	assert_int_equal(world_counter(&w, LNS_LIMIT_RATE), 1);
	assert_true(world_logged(&w, "tunnel-delayed", "limits.setups-per-second"));
	world_sleep(&w, CV_NS_PER_S);
	hand_send_ns(&h, 0, 1);
	assert_true(hand_next(&h));
	assert_int_equal(h.m.type, L2TP_ZLB);
	world_down(&w);
}

/* A peer that asks on and on and acknowledges nothing, or now and then, loses its tunnel. */
static void
answers_that_nobody_acknowledges_are_bounded(void **state)
{
	(void)state;
	for (unsigned every = 0; every < 200; every += 100) {
		struct lns_status status;
		struct world w;
		struct hand h;
		unsigned i;

		world_up(&w, NULL, 25);
		hand_init(&h, &w, STRANGER, 1701, 7);
		assert_true(hand_tunnel(&h, "lac", "tunnelsecret"));
		for (i = 0; i < 2000 && !world_logged(&w, "tunnel-down", "too\\x20many"); i++) {
			hand_begin(&h, L2TP_ICRQ);
			l2tp_put_u16(&h.b, L2TP_AVP_ASSIGNED_SESSION_ID, 0);
			l2tp_put_u32(&h.b, L2TP_AVP_CALL_SERIAL_NUMBER, 1);
			hand_send(&h, 0);
			if (every != 0 && i % every == 0)
				while (hand_next(&h))
					;
			world_sleep(&w, CV_NS_PER_MS);
		}
		assert_true(i < 500);
		world_sleep(&w, CV_NS_PER_S);
		lns_status(w.lns, &status);
		assert_int_equal(status.tunnels, 0);
		world_down(&w);
	}
}

static void
a_flood_of_requests_hurts_no_running_session(void **state)
{
	struct world_client *c;
	struct lns_status status;
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, LIMITED("sessions: 100, tunnels: 100, half-open: 20"), 24);
	c = world_client(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5);
	c->l2tp_params.secret = NULL;
	client_dial(c);
	assert_true(world_run(&w, 5 * CV_NS_PER_S, all_up));
	for (unsigned i = 0; i < 100000; i++) {
		hand_init(&h, &w, STRANGER + i, 1701, (uint16_t)(i | 1));
		hand_sccrq(&h, "flood", NULL);
		hand_send(&h, 0);
		if (i % 100 == 0)
			world_sleep(&w, 100 * CV_NS_PER_MS);
	}
	lns_status(w.lns, &status);
	assert_true(status.tunnels <= 21);
	assert_true(w.n_lines < 100000 / 4); /* and the log is not flooded either */
	world_sleep(&w, 200 * CV_NS_PER_S);
	assert_true(c->up);
	assert_int_equal(c->ppp_ups, 1);
	world_down(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proxy_avps_are_taken_and_lcp_starts_anew),
		cmocka_unit_test(wen_and_sli_are_accepted),
		cmocka_unit_test(cdn_from_the_peer_ends_the_session),
		cmocka_unit_test(cdn_for_session_0_names_the_assigned_id),
		cmocka_unit_test(a_call_without_iccn_ends_in_time),
		cmocka_unit_test(an_assigned_session_id_in_use_or_0_is_refused),
		cmocka_unit_test(iccn_without_icrq_and_cdn_for_another_tunnel_do_nothing),
		cmocka_unit_test(an_outgoing_call_is_refused),
		cmocka_unit_test(limit_of_sessions_in_a_tunnel),
		cmocka_unit_test(limit_of_sessions_in_all),
		cmocka_unit_test(limit_of_calls_a_second),
		cmocka_unit_test(limits_of_tunnels),
		cmocka_unit_test(limit_of_tunnels_of_a_host_over_ipv6),
		cmocka_unit_test(limit_of_tunnels_a_second),
		cmocka_unit_test(answers_that_nobody_acknowledges_are_bounded),
		cmocka_unit_test(a_flood_of_requests_hurts_no_running_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
