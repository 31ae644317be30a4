/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages with bad, missing and needless AVPs (RFC 2661 section 4), and where the answers go. */
#include "hand.h"

#include <string.h>

enum { LAC = 0xc6336401, TUNNEL = 777, SESSION = 555 };

/* An AVP that nobody knows and that is marked mandatory. */
static void
put_bad(struct hand *h)
{
	cv_write_u16(&h->b.w, 0x8000 | 7);
	cv_write_u16(&h->b.w, 0);
	cv_write_u16(&h->b.w, 99);
	cv_write_u8(&h->b.w, 'x');
}

static void
expect_error(struct hand *h, enum l2tp_message_type type, uint16_t error)
{
	char text[L2TP_MESSAGE_MAX];
	struct l2tp_reason reason;

	assert_true(hand_expect(h, type));
	assert_int_equal(h->header.tunnel_id, h->tunnel_id);
	reason = hand_reason(h, text);
	assert_int_equal(reason.result, 2);
	assert_int_equal(reason.error, error);
}

static void
a_stopccn_is_addressed_though_a_bad_avp_stands_before_the_id(void **state)
{
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, NULL, 41);
	hand_init(&h, &w, LAC, 1701, TUNNEL);
	hand_begin(&h, L2TP_SCCRQ);
	put_bad(&h);
	l2tp_put_u16(&h.b, L2TP_AVP_PROTOCOL_VERSION, 0x0100);
	l2tp_put(&h.b, L2TP_AVP_HOST_NAME, "lac", 3);
	l2tp_put_u16(&h.b, L2TP_AVP_ASSIGNED_TUNNEL_ID, TUNNEL);
	hand_send(&h, 0);
	expect_error(&h, L2TP_STOPCCN, L2TP_ERROR_UNKNOWN_AVP);
	world_down(&w);
}

/* The bad AVP may be the Message Type itself, or stand where that should be. */
static void
a_stopccn_is_addressed_though_the_message_type_is_bad(void **state)
{
	static const uint8_t first[] = {0x80, 9, 0, 0, 0, 7, 'l', 'a', 'c'};
	static const uint8_t hidden[] = {0xc0, 8, 0, 0, 0, 0, 0, L2TP_SCCRQ};
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, NULL, 45);
	for (unsigned bad = 0; bad < 2; bad++) {
		hand_init(&h, &w, LAC, (uint16_t)(1701 + bad), TUNNEL);
		hand_begin(&h, L2TP_SCCRQ);
		h.b.w.pos = h.b.w.start;
		cv_write_bytes(&h.b.w, bad == 0 ? first : hidden,
			bad == 0 ? sizeof(first) : sizeof(hidden));
		l2tp_put_u16(&h.b, L2TP_AVP_MESSAGE_TYPE, L2TP_SCCRQ);
		l2tp_put_u16(&h.b, L2TP_AVP_PROTOCOL_VERSION, 0x0100);
		l2tp_put_u16(&h.b, L2TP_AVP_ASSIGNED_TUNNEL_ID, TUNNEL);
		hand_send(&h, 0);
		expect_error(&h, L2TP_STOPCCN, L2TP_ERROR_VALUE);
	}
	world_down(&w);
}

static void
a_cdn_is_addressed_though_a_bad_avp_stands_before_the_id(void **state)
{
	static const enum l2tp_message_type requests[] = {L2TP_ICRQ, L2TP_OCRQ};
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, NULL, 42);
	hand_init(&h, &w, LAC, 1701, TUNNEL);
	assert_true(hand_tunnel(&h, "lac", "tunnelsecret"));
	for (size_t i = 0; i < 2; i++) {
		hand_begin(&h, requests[i]);
		put_bad(&h);
		l2tp_put_u16(&h.b, L2TP_AVP_ASSIGNED_SESSION_ID, SESSION);
		hand_send(&h, 0);
		expect_error(&h, L2TP_CDN, L2TP_ERROR_UNKNOWN_AVP);
		assert_int_equal(h.header.session_id, SESSION);
	}
	world_down(&w);
}

/* The other role: our LAC's CDN after a bad ICRP. */
static void
a_lacs_cdn_is_addressed_though_a_bad_avp_stands_before_the_id(void **state)
{
	struct l2tp_params params;
	struct l2tp_tunnel *lac, *lns;
	struct l2tp_event event;
	struct l2tp_builder b;
	struct l2tp_header header = {0};
	struct world w;
	uint8_t bytes[1500];
	int len;

	(void)state;
	world_up(&w, NULL, 43);
	l2tp_params_default(&params);
	params.crypto = w.crypto;
	params.local_tunnel_id = TUNNEL;
	lac = l2tp_tunnel_new(L2TP_INITIATOR, &params, w.now);
	params.local_tunnel_id = TUNNEL + 1;
	lns = l2tp_tunnel_new(L2TP_RESPONDER, &params, w.now);
	assert_int_equal(l2tp_tunnel_connect(lac, w.now), 0);
	for (unsigned i = 0; i < 3; i++) {
		struct l2tp_tunnel *from = i % 2 == 0 ? lac : lns, *to = i % 2 == 0 ? lns : lac;

		while ((len = l2tp_tunnel_poll_output(from, w.now, bytes, sizeof(bytes))) > 0)
			assert_int_equal(l2tp_tunnel_input(to, w.now, bytes, (size_t)len), 0);
	}
	assert_int_equal(l2tp_call_dial(lac, w.now, 1, NULL), 0);
	while (l2tp_tunnel_poll_output(lac, w.now, bytes, sizeof(bytes)) > 0)
		;
	l2tp_build(&b, w.crypto, (struct cv_bytes){0}, L2TP_ICRP);
	cv_write_bytes(&b.w, "\x80\x07\0\0\0\x63x", 7);
	l2tp_put_u16(&b, L2TP_AVP_ASSIGNED_SESSION_ID, SESSION);
	{
		struct cv_writer out = cv_writer(bytes, sizeof(bytes));

		l2tp_control_header_write(
			&out, TUNNEL, 1, (uint16_t)(L2TP_CONTROL_HEADER + cv_written(&b.w)), 1, 3);
		cv_write_bytes(&out, b.body, cv_written(&b.w));
		assert_int_equal(l2tp_tunnel_input(lac, w.now, bytes, cv_written(&out)), 0);
	}
	len = l2tp_tunnel_poll_output(lac, w.now, bytes, sizeof(bytes));
	assert_int_equal(l2tp_header_parse(bytes, (size_t)len, &header), 0);
	assert_int_equal(header.payload.data[7], L2TP_CDN);
	assert_int_equal(header.session_id, SESSION);
	assert_true(l2tp_tunnel_poll_event(lac, &event));
	assert_int_equal(event.type, L2TP_EV_UP);
	assert_true(l2tp_tunnel_poll_event(lac, &event));
	assert_int_equal(event.type, L2TP_EV_CALL_DOWN);
	l2tp_tunnel_free(lac);
	l2tp_tunnel_free(lns);
	world_down(&w);
}

/* SCCRQ to CDN with nothing in them but what is needed, as routers send them. */
static void
connect_speed_framing_and_serial_number_may_be_missing(void **state)
{
	uint16_t session;
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, NULL, 44);
	w.log.level = CV_LOG_DEBUG;
	hand_init(&h, &w, LAC, 1701, TUNNEL);
	hand_begin(&h, L2TP_SCCRQ);
	l2tp_put_u16(&h.b, L2TP_AVP_PROTOCOL_VERSION, 0x0100);
	l2tp_put(&h.b, L2TP_AVP_HOST_NAME, "lac", 3);
	l2tp_put_u16(&h.b, L2TP_AVP_ASSIGNED_TUNNEL_ID, TUNNEL);
	hand_send(&h, 0);
	assert_true(hand_expect(&h, L2TP_SCCRP));
	hand_prove(&h, "tunnelsecret");
	assert_true(world_logged(&w, "avp-missing", "type=SCCRQ avp=\"Framing Capabilities\""));
	hand_begin(&h, L2TP_ICRQ);
	l2tp_put_u16(&h.b, L2TP_AVP_ASSIGNED_SESSION_ID, SESSION);
	hand_send(&h, 0);
	assert_true(hand_expect(&h, L2TP_ICRP));
	assert_true(world_logged(&w, "avp-missing", "type=ICRQ avp=\"Call Serial Number\""));
	session = l2tp_get_u16(&h.m, L2TP_AVP_ASSIGNED_SESSION_ID);
	hand_begin(&h, L2TP_ICCN);
	hand_send(&h, session);
	assert_int_equal(w.n_data_outside, 1); /* LCP begins */
	assert_true(world_logged(&w, "avp-missing", "type=ICCN avp=\"Tx Connect Speed\""));
	assert_true(world_logged(&w, "avp-missing", "type=ICCN avp=\"Framing Type\""));
	hand_begin(&h, L2TP_SLI); /* without its ACCM: no reason to end the call */
	hand_send(&h, session);
	hand_begin(&h, L2TP_WEN);
	hand_send(&h, session);
	assert_int_equal(w.removed, 0);
	hand_begin(&h, L2TP_CDN); /* without a result: it ends the call all the same */
	hand_send(&h, session);
	assert_int_equal(w.removed, 1);
	assert_string_equal(w.reason, "the peer closed the call");
	assert_false(hand_expect(&h, L2TP_CDN));
	world_down(&w);
}

static void
sequencing_required_gives_ppp_control_an_ns(void **state)
{
	uint16_t session;
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, NULL, 45);
	hand_init(&h, &w, LAC, 1701, TUNNEL);
	assert_true(hand_tunnel(&h, "lac", "tunnelsecret"));
	session = hand_call(&h, SESSION);
	hand_begin(&h, L2TP_ICCN);
	l2tp_put(&h.b, L2TP_AVP_SEQUENCING_REQUIRED, "", 0);
	hand_send(&h, session);
	world_sleep(&w, 4 * CV_NS_PER_S); /* LCP's request, and once more */
	assert_int_equal(w.n_data_outside, 2);
	assert_int_equal(w.n_sequenced_outside, 2);
	hand_connect(&h, hand_call(&h, SESSION + 1)); /* another call: not required */
	assert_int_equal(w.n_data_outside, 3);
	assert_int_equal(w.n_sequenced_outside, 2);
	world_down(&w);
}

/* RFC 9601 section 5: the server says it to who has said it, and then outer headers tell ECN. */
static void
ecn_capability_is_said_to_who_says_it(void **state)
{
	(void)state;
	for (unsigned said = 0; said < 2; said++) {
		struct lns_session_info s;
		struct lns_tunnel_info t;
		uint64_t cursor = 0;
		struct world w;
		struct hand h;

		world_up(&w, NULL, 48 + said);
		hand_init(&h, &w, LAC, 1701, TUNNEL);
		hand_begin(&h, L2TP_SCCRQ);
		l2tp_put_u16(&h.b, L2TP_AVP_PROTOCOL_VERSION, 0x0100);
		l2tp_put_u32(&h.b, L2TP_AVP_FRAMING_CAPABILITIES, 3);
		l2tp_put(&h.b, L2TP_AVP_HOST_NAME, "lac", 3);
		l2tp_put_u16(&h.b, L2TP_AVP_ASSIGNED_TUNNEL_ID, TUNNEL);
		if (said)
			l2tp_put(&h.b, L2TP_AVP_ECN_CAPABILITY, NULL, 0);
		hand_send(&h, 0);
		assert_true(hand_expect(&h, L2TP_SCCRP));
		assert_int_equal(l2tp_has(&h.m, L2TP_AVP_ECN_CAPABILITY), said);
		h.peer_tunnel = l2tp_get_u16(&h.m, L2TP_AVP_ASSIGNED_TUNNEL_ID);
		hand_prove(&h, "tunnelsecret");
		assert_int_not_equal(hand_call(&h, SESSION), 0);
		assert_true(lns_next_tunnel(w.lns, &cursor, UINT64_MAX, &t));
		assert_int_equal(t.ecn, said);
		cursor = 0;
		assert_true(lns_next_session(w.lns, &cursor, UINT64_MAX, &s));
		assert_int_equal(s.ecn, said);
		world_down(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ecn_capability_is_said_to_who_says_it),
		cmocka_unit_test(a_stopccn_is_addressed_though_a_bad_avp_stands_before_the_id),
		cmocka_unit_test(a_stopccn_is_addressed_though_the_message_type_is_bad),
		cmocka_unit_test(a_cdn_is_addressed_though_a_bad_avp_stands_before_the_id),
		cmocka_unit_test(connect_speed_framing_and_serial_number_may_be_missing),
		cmocka_unit_test(sequencing_required_gives_ppp_control_an_ns),
		cmocka_unit_test(a_lacs_cdn_is_addressed_though_a_bad_avp_stands_before_the_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
