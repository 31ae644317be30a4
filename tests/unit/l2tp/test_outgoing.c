/* SPDX-License-Identifier: BSD-3-Clause */
/* Outgoing calls (RFC 2661 section 7.5): an LNS asks, a LAC answers; who opened the tunnel is the
 * same to both. And whose tunnel stands where both have opened one (4.4.3, Tie Breaker). */
#include "pair.h"

#include <string.h>

#include "../seeded.h"
#include "l2tp/header.h"
#include "l2tp/message.h"

enum { ASKED = 501, PLACED = 601 };

static const uint8_t tie[L2TP_TIE_BREAKER_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8};

static const struct cv_bytes number = {(const uint8_t *)"5551234", 7};

static void
ask(struct pair *p)
{
	assert_int_equal(l2tp_call_ask(p->lns, p->now, ASKED, number), 0);
	carry(p);
}

static void
is_asked(struct pair *p)
{
	struct l2tp_event event = expect(p->lac, L2TP_EV_CALL_REQUEST);

	assert_true(event.outgoing);
	assert_int_equal(event.remote_session, ASKED);
	assert_int_equal(event.local_session, 0);
}

static void
place(struct pair *p)
{
	is_asked(p);
	assert_int_equal(l2tp_call_accept(p->lac, p->now, ASKED, PLACED), 0);
	carry(p);
}

static void
expect_up(struct l2tp_tunnel *t, uint16_t local, uint16_t remote)
{
	struct l2tp_event event = expect(t, L2TP_EV_CALL_UP);

	assert_int_equal(event.local_session, local);
	assert_int_equal(event.remote_session, remote);
	assert_false(event.sequencing_required);
	assert_null(event.told);
}

static void
a_call_in_both_directions_of_the_tunnel(void **state)
{
	struct pair p;

	(void)state;
	for (unsigned lns_opens = 0; lns_opens < 2; lns_opens++) {
		up(&p, lns_opens != 0, true);
		ask(&p);
		place(&p);
		expect_nothing(p.lns); /* the line is being placed: not up yet at either end */
		expect_nothing(p.lac);
		assert_int_equal(l2tp_call_connect(p.lac, p.now, PLACED), 0);
		carry(&p);
		expect_up(p.lac, PLACED, ASKED);
		expect_up(p.lns, ASKED, PLACED);
		assert_int_equal(p.n_sent, 3);
		assert_int_equal(p.sent[0], L2TP_OCRQ);
		assert_int_equal(p.sent[1], L2TP_OCRP);
		assert_int_equal(p.sent[2], L2TP_OCCN);
		assert_int_equal(l2tp_call_connect(p.lac, p.now, PLACED), CV_ERR_UNKNOWN);
		/* it is a call as any other: its end is CDN's */
		assert_int_equal(l2tp_call_close(p.lns, p.now, ASKED,
					 &(struct l2tp_reason){.result = L2TP_CDN_ADMINISTRATIVE}),
			0);
		carry(&p);
		assert_int_equal(expect(p.lac, L2TP_EV_CALL_DOWN).local_session, PLACED);
		down(&p);
	}
}

static void
the_number_is_told(void **state)
{
	struct l2tp_fault fault;
	struct l2tp_message m;
	struct l2tp_header h;
	struct pair p;

	(void)state;
	up(&p, true, true);
	ask(&p);
	assert_int_equal(l2tp_header_parse(p.last, p.last_len, &h), 0);
	assert_int_equal(
		l2tp_message_parse(p.crypto, (struct cv_bytes){0}, h.payload, &m, &fault), 0);
	assert_int_equal(m.type, L2TP_OCRQ);
	assert_int_equal(m.value[L2TP_AVP_CALLED_NUMBER].len, number.len);
	assert_memory_equal(m.value[L2TP_AVP_CALLED_NUMBER].data, number.data, number.len);
	down(&p);
}

static void
who_takes_none_refuses_the_call_and_keeps_the_tunnel(void **state)
{
	struct l2tp_event event;
	struct pair p;

	(void)state;
	up(&p, true, false);
	ask(&p);
	expect_nothing(p.lac);
	event = expect(p.lns, L2TP_EV_CALL_DOWN);
	assert_int_equal(event.local_session, ASKED);
	assert_int_equal(event.reason.result, L2TP_CDN_NO_FACILITIES_PERMANENT);
	assert_true(event.reason.by_peer);
	assert_string_equal(event.reason.message, "outgoing calls are not placed here");
	assert_true(l2tp_tunnel_established(p.lns));
	/* and so an incoming one may be tried in it */
	assert_int_equal(l2tp_call_dial(p.lns, p.now, ASKED, NULL), 0);
	carry(&p);
	assert_false(expect(p.lac, L2TP_EV_CALL_REQUEST).outgoing);
	down(&p);
}

/* The next message of a tunnel says what it can place calls by. */
static void
says_bearers(const struct pair *p, struct l2tp_tunnel *t, enum l2tp_message_type type,
	uint32_t bearers, struct l2tp_tunnel *to)
{
	struct cv_reader said;
	struct l2tp_fault fault;
	struct l2tp_message m;
	struct l2tp_header h;
	uint8_t bytes[1500];
	int len = l2tp_tunnel_poll_output(t, p->now, bytes, sizeof(bytes));

	assert_true(len > 0);
	if (to != NULL)
		assert_int_equal(l2tp_tunnel_input(to, p->now, bytes, (size_t)len), 0);
	assert_int_equal(l2tp_header_parse(bytes, (size_t)len, &h), 0);
	assert_int_equal(
		l2tp_message_parse(p->crypto, (struct cv_bytes){0}, h.payload, &m, &fault), 0);
	assert_int_equal(m.type, type);
	assert_true(l2tp_has(&m, L2TP_AVP_BEARER_CAPABILITIES));
	said = cv_reader(m.value[L2TP_AVP_BEARER_CAPABILITIES].data,
		m.value[L2TP_AVP_BEARER_CAPABILITIES].len);
	assert_int_equal(cv_read_u32(&said), bearers);
}

/* An LNS may ask only who says so (section 4.4.3): in SCCRQ and in SCCRP. */
static void
who_takes_calls_says_so(void **state)
{
	struct pair p;

	(void)state;
	for (unsigned opens = 0; opens < 2; opens++) {
		struct l2tp_params params;
		struct l2tp_tunnel *one, *other;

		up(&p, true, true);
		l2tp_params_default(&params);
		params.crypto = p.crypto;
		params.local_tunnel_id = OURS;
		params.outgoing = opens != 0;
		one = l2tp_tunnel_new(L2TP_INITIATOR, &params, p.now);
		params.outgoing = opens == 0;
		other = l2tp_tunnel_new(L2TP_RESPONDER, &params, p.now);
		assert_int_equal(l2tp_tunnel_connect(one, p.now), 0);
		says_bearers(&p, one, L2TP_SCCRQ, opens != 0 ? 3 : 0, other);
		says_bearers(&p, other, L2TP_SCCRP, opens == 0 ? 3 : 0, NULL);
		l2tp_tunnel_free(one);
		l2tp_tunnel_free(other);
		down(&p);
	}
}

static void
a_refusal_by_the_caller_reaches_the_lns(void **state)
{
	static const struct l2tp_reason busy = {.result = L2TP_CDN_BUSY, .message = "busy"};
	struct l2tp_event event;
	struct pair p;

	(void)state;
	up(&p, false, true);
	ask(&p);
	is_asked(&p);
	assert_int_equal(l2tp_call_refuse(p.lac, p.now, ASKED, &busy), 0);
	carry(&p);
	event = expect(p.lns, L2TP_EV_CALL_DOWN);
	assert_int_equal(event.reason.result, L2TP_CDN_BUSY);
	assert_int_equal(l2tp_call_accept(p.lac, p.now, ASKED, PLACED), CV_ERR_UNKNOWN);
	down(&p);
}

/* The line has not answered: CDN after OCRP; the LNS gives up waiting: CDN after OCRQ. */
static void
each_end_may_give_up_between_ocrp_and_occn(void **state)
{
	static const struct l2tp_reason gone = {.result = L2TP_CDN_NO_CARRIER};
	struct pair p;

	(void)state;
	for (unsigned lac_does = 0; lac_does < 2; lac_does++) {
		up(&p, true, true);
		ask(&p);
		place(&p);
		assert_int_equal(l2tp_call_close(lac_does ? p.lac : p.lns, p.now,
					 lac_does ? PLACED : ASKED, &gone),
			0);
		carry(&p);
		assert_int_equal(expect(lac_does ? p.lns : p.lac, L2TP_EV_CALL_DOWN).reason.result,
			L2TP_CDN_NO_CARRIER);
		assert_int_equal(l2tp_call_connect(p.lac, p.now, PLACED), CV_ERR_UNKNOWN);
		down(&p);
	}
}

static void
a_call_that_is_never_connected_ends_in_time(void **state)
{
	struct l2tp_params params;
	struct pair p;

	(void)state;
	l2tp_params_default(&params);
	up(&p, true, true);
	ask(&p);
	place(&p);
	p.now += params.setup_timeout_ns;
	l2tp_tunnel_handle_timeout(p.lns, p.now);
	assert_int_equal(expect(p.lns, L2TP_EV_CALL_DOWN).reason.result, L2TP_CDN_TIMEOUT);
	down(&p);
}

/* A message that its state does not allow ends the call, in each role. */
static void
a_reply_out_of_turn_ends_the_call(void **state)
{
	struct pair p;

	(void)state;
	up(&p, true, true);
	ask(&p);
	is_asked(&p);
	/* the LNS dials one of its own with the ID that the LAC's call has: an ICRP for OCRQ */
	assert_int_equal(l2tp_call_accept(p.lac, p.now, ASKED, PLACED), 0);
	carry(&p);
	assert_int_equal(l2tp_call_connect(p.lns, p.now, ASKED), CV_ERR_UNKNOWN);
	assert_int_equal(l2tp_call_accept(p.lns, p.now, PLACED, ASKED), CV_ERR_UNKNOWN);
	assert_int_equal(l2tp_call_ask(p.lns, p.now, ASKED, number), CV_ERR_EXISTS);
	assert_int_equal(l2tp_call_ask(p.lns, p.now, 0, number), CV_ERR_STATE);
	down(&p);
}

/* One message by hand from the LAC to the LNS, which waits for another. */
static void
from_lac(struct pair *p, enum l2tp_message_type type, uint16_t session, bool sequencing)
{
	uint8_t bytes[1500];
	struct cv_writer w = cv_writer(bytes, sizeof(bytes));
	struct l2tp_tunnel_info info;
	struct l2tp_builder b;

	l2tp_build(&b, p->crypto, (struct cv_bytes){0}, type);
	if (type == L2TP_OCRP || type == L2TP_ICRP)
		l2tp_put_u16(&b, L2TP_AVP_ASSIGNED_SESSION_ID, PLACED);
	if (sequencing)
		l2tp_put(&b, L2TP_AVP_SEQUENCING_REQUIRED, NULL, 0);
	l2tp_tunnel_info(p->lns, &info);
	l2tp_control_header_write(&w, OURS, session,
		(uint16_t)(L2TP_CONTROL_HEADER + cv_written(&b.w)), info.nr, info.ns);
	cv_write_bytes(&w, b.body, cv_written(&b.w));
	assert_int_equal(l2tp_tunnel_input(p->lns, p->now, bytes, cv_written(&w)), 0);
}

static void
each_message_has_its_state(void **state)
{
	static const struct {
		enum l2tp_message_type messages[3];
		bool up;
	} rows[] = {{{L2TP_OCRP, L2TP_OCCN}, true}, {{L2TP_OCCN}, false}, {{L2TP_ICRP}, false},
		{{L2TP_ICCN}, false}, {{L2TP_OCRP, L2TP_OCRP}, false},
		{{L2TP_OCRP, L2TP_ICCN}, false}, {{L2TP_OCRP, L2TP_OCCN, L2TP_OCCN}, false}};
	struct pair p;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool is_up = false, is_down = false;
		struct l2tp_event event;

		up(&p, true, true);
		assert_int_equal(l2tp_call_ask(p.lns, p.now, ASKED, number), 0);
		for (unsigned n = 0; n < 3 && rows[i].messages[n] != 0; n++)
			from_lac(&p, rows[i].messages[n], ASKED, true);
		while (l2tp_tunnel_poll_event(p.lns, &event)) {
			is_up |= event.type == L2TP_EV_CALL_UP;
			is_down |= event.type == L2TP_EV_CALL_DOWN;
			if (event.type == L2TP_EV_CALL_UP)
				assert_true(event.sequencing_required);
		}
		assert_int_equal(is_down, !rows[i].up);
		assert_true(is_up || is_down);
		assert_true(l2tp_tunnel_established(p.lns));
		down(&p);
	}
}

static void
a_reply_with_a_session_that_is_taken_ends_the_call(void **state)
{
	struct pair p;

	(void)state;
	up(&p, true, true);
	ask(&p);
	place(&p);
	assert_int_equal(l2tp_call_ask(p.lns, p.now, ASKED + 1, number), 0);
	from_lac(&p, L2TP_OCRP, ASKED + 1, false); /* PLACED again */
	assert_int_equal(expect(p.lns, L2TP_EV_CALL_DOWN).local_session, ASKED + 1);
	expect_nothing(p.lns);
	down(&p);
}

/* ---- tie breakers ---- */

static void
the_lower_value_wins(void **state)
{
	static const uint8_t low[8] = {0, 0, 0, 0, 0, 0, 0, 9}, high[8] = {0, 0, 0, 0, 0, 0, 1, 0},
			     top[8] = {0x80};

	(void)state;
	assert_int_equal(l2tp_tie(low, high), L2TP_TIE_OURS);
	assert_int_equal(l2tp_tie(high, low), L2TP_TIE_THEIRS);
	assert_int_equal(l2tp_tie(top, high), L2TP_TIE_THEIRS); /* it has no sign */
	assert_int_equal(l2tp_tie(low, low), L2TP_TIE_NEITHER);
	assert_int_equal(l2tp_tie(top, NULL), L2TP_TIE_OURS);
	assert_int_equal(l2tp_tie(NULL, top), L2TP_TIE_THEIRS);
	assert_int_equal(l2tp_tie(NULL, NULL), L2TP_TIE_NONE);
}

/* What an SCCRQ with this tie breaker, or without one, looks like from outside. */
static struct l2tp_peek
sccrq(const uint8_t *value)
{
	uint8_t bytes[1500];
	struct crypto *crypto = seeded_crypto();
	struct l2tp_params params;
	struct l2tp_tunnel *t;
	struct l2tp_peek peek;
	int len;

	l2tp_params_default(&params);
	params.crypto = crypto;
	params.secret = "s";
	params.secret_len = 1;
	params.hide_avps = true; /* which this AVP never is */
	params.local_tunnel_id = OURS;
	params.tie_breaker = value;
	t = l2tp_tunnel_new(L2TP_INITIATOR, &params, 0);
	assert_int_equal(l2tp_tunnel_connect(t, 0), 0);
	len = l2tp_tunnel_poll_output(t, 0, bytes, sizeof(bytes));
	assert_true(len > 0);
	assert_int_equal(l2tp_peek(bytes, (size_t)len, &peek), 0);
	l2tp_tunnel_free(t);
	crypto_free(crypto);
	return peek;
}

static void
an_sccrq_tells_it(void **state)
{
	struct l2tp_peek peek = sccrq(tie);

	(void)state;
	assert_true(peek.has_tie_breaker);
	assert_memory_equal(peek.tie_breaker, tie, sizeof(tie));
	peek = sccrq(NULL);
	assert_false(peek.has_tie_breaker);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_in_both_directions_of_the_tunnel),
		cmocka_unit_test(the_number_is_told),
		cmocka_unit_test(who_takes_none_refuses_the_call_and_keeps_the_tunnel),
		cmocka_unit_test(who_takes_calls_says_so),
		cmocka_unit_test(a_refusal_by_the_caller_reaches_the_lns),
		cmocka_unit_test(each_end_may_give_up_between_ocrp_and_occn),
		cmocka_unit_test(a_call_that_is_never_connected_ends_in_time),
		cmocka_unit_test(a_reply_out_of_turn_ends_the_call),
		cmocka_unit_test(each_message_has_its_state),
		cmocka_unit_test(a_reply_with_a_session_that_is_taken_ends_the_call),
		cmocka_unit_test(the_lower_value_wins),
		cmocka_unit_test(an_sccrq_tells_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
