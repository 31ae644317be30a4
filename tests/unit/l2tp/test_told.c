/* SPDX-License-Identifier: BSD-3-Clause */
/* What a LAC says of a call (RFC 2661 sections 4.4.4 and 4.4.5): it arrives as it was said, hidden
 * or not, may be told on to another LNS, and never costs a tunnel. */
#include "pair.h"

#include <string.h>

#include "l2tp/header.h"
#include "l2tp/message.h"

enum { CALL = 501, ANSWER = 601 };

#define BYTES(text)                                       \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

static const struct l2tp_said all[] = {{L2TP_AVP_BEARER_TYPE, BYTES("\0\0\0\2")},
	{L2TP_AVP_CALLED_NUMBER, BYTES("+4989123")}, {L2TP_AVP_CALLING_NUMBER, BYTES("5551234")},
	{L2TP_AVP_SUB_ADDRESS, BYTES("7")}, {L2TP_AVP_FRAMING_TYPE, BYTES("\0\0\0\2")},
	{L2TP_AVP_CONNECT_SPEED, BYTES("\0\1\0\0")}, {L2TP_AVP_RX_CONNECT_SPEED, BYTES("\0\2\0\0")},
	{L2TP_AVP_INITIAL_RECEIVED_LCP, BYTES("\1\4\5\324")},
	{L2TP_AVP_LAST_SENT_LCP, BYTES("\3\5\302\43\5")},
	{L2TP_AVP_LAST_RECEIVED_LCP, BYTES("\5\6\1\2\3\4")},
	{L2TP_AVP_PROXY_AUTHEN_TYPE, BYTES("\0\2")},
	{L2TP_AVP_PROXY_AUTHEN_NAME, BYTES("alice@isp.example")},
	{L2TP_AVP_PROXY_AUTHEN_CHALLENGE, BYTES("0123456789abcdef")},
	{L2TP_AVP_PROXY_AUTHEN_ID, BYTES("\0\11")},
	{L2TP_AVP_PROXY_AUTHEN_RESPONSE, BYTES("fedcba9876543210")},
	{L2TP_AVP_PRIVATE_GROUP_ID, BYTES("blue")}};

enum { ALL = sizeof(all) / sizeof(all[0]), OF_REQUEST = 4 };

static void
assert_said(const struct l2tp_told *told, const struct l2tp_said *said)
{
	struct cv_bytes value;

	assert_true(l2tp_told_get(told, said->avp, &value));
	assert_int_equal(value.len, said->value.len);
	assert_memory_equal(value.data, said->value.data, value.len);
}

static size_t
count(const struct l2tp_told *told)
{
	struct l2tp_said said;
	size_t at = 0, n = 0;

	while (l2tp_told_next(told, &at, &said))
		n++;
	return n;
}

/* The call comes up; *request, *connect: what the LNS heard. */
static void
call(struct pair *p, const struct l2tp_told *told, struct l2tp_told **request,
	struct l2tp_told **connect)
{
	struct l2tp_event event;

	assert_int_equal(l2tp_call_dial(p->lac, p->now, CALL, told), 0);
	carry(p);
	event = expect(p->lns, L2TP_EV_CALL_REQUEST);
	*request = event.told == NULL ? NULL : l2tp_told_new(event.told, NULL, 0);
	assert_int_equal(l2tp_call_accept(p->lns, p->now, CALL, ANSWER), 0);
	carry(p);
	event = expect(p->lns, L2TP_EV_CALL_UP);
	assert_non_null(event.told);
	*connect = l2tp_told_new(event.told, NULL, 0);
	expect(p->lac, L2TP_EV_CALL_UP);
}

static void
all_of_it_arrives(void **state)
{
	static const char *const secrets[] = {NULL, "a secret of both"};

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct l2tp_told *told = l2tp_told_new(NULL, all, ALL), *request, *connect;
		struct pair p;

		up_with(&p, false, false, secrets[k]);
		call(&p, told, &request, &connect);
		assert_int_equal(count(request), OF_REQUEST);
		assert_int_equal(count(connect), ALL - OF_REQUEST);
		for (size_t i = 0; i < ALL; i++)
			assert_said(i < OF_REQUEST ? request : connect, &all[i]);
		assert_int_equal(l2tp_told_u16(connect, L2TP_AVP_PROXY_AUTHEN_ID), 9);
		l2tp_told_free(told);
		l2tp_told_free(request);
		l2tp_told_free(connect);
		down(&p);
	}
}

static void
a_call_without_it_says_what_a_line_would(void **state)
{
	struct l2tp_told *request, *connect;
	struct pair p;

	(void)state;
	up(&p, false, false);
	call(&p, NULL, &request, &connect);
	assert_null(request);
	assert_int_equal(count(connect), 2);
	assert_int_equal(l2tp_told_u16(connect, L2TP_AVP_PROXY_AUTHEN_TYPE), 0);
	l2tp_told_free(connect);
	down(&p);
}

/* Values of a LAC, who may say what he likes: they are left out, and the call comes up. */
static void
what_is_too_long_is_left_out(void **state)
{
	static uint8_t long_value[L2TP_VALUE_MAX];
	const struct l2tp_said said[] = {{L2TP_AVP_CALLED_NUMBER, {long_value, 1000}},
		{L2TP_AVP_CALLING_NUMBER, {long_value, 900}},
		{L2TP_AVP_PROXY_AUTHEN_NAME, {long_value, 1000}},
		{L2TP_AVP_PROXY_AUTHEN_RESPONSE, {long_value, 900}}};
	/* as long as a peer's may be; ours leave room to be hidden */
	const struct l2tp_said alone = {L2TP_AVP_CALLED_NUMBER, {long_value, L2TP_VALUE_MAX}};

	(void)state;
	memset(long_value, 'x', sizeof(long_value));
	for (size_t k = 0; k < 3; k++) {
		struct l2tp_told *told =
			k == 0 ? l2tp_told_new(NULL, said, 4) : l2tp_told_new(NULL, &alone, 1);
		struct l2tp_told *request, *connect;
		struct pair p;

		up_with(&p, false, false, k == 1 ? "secret" : NULL);
		call(&p, told, &request, &connect);
		assert_int_equal(count(request), 0);
		assert_int_equal(count(connect), 2);
		assert_true(l2tp_tunnel_established(p.lac));
		l2tp_told_free(told);
		l2tp_told_free(request);
		l2tp_told_free(connect);
		down(&p);
	}
}

static void
what_is_said_later_counts(void **state)
{
	const struct l2tp_said more[] = {{L2TP_AVP_CALLED_NUMBER, BYTES("112")},
		{L2TP_AVP_PROXY_AUTHEN_CHALLENGE, {0}}, {L2TP_AVP_SUB_ADDRESS, BYTES("")}};
	struct l2tp_told *before = l2tp_told_new(NULL, all, ALL);
	struct l2tp_told *told = l2tp_told_new(before, more, 3);
	struct cv_bytes value;

	(void)state;
	assert_int_equal(count(told), ALL - 1);
	assert_said(told, &more[0]);
	assert_said(told, &more[2]);
	assert_false(l2tp_told_get(told, L2TP_AVP_PROXY_AUTHEN_CHALLENGE, &value));
	assert_said(told, &all[ALL - 1]);
	assert_false(l2tp_told_get(NULL, L2TP_AVP_CALLED_NUMBER, &value));
	l2tp_told_free(before);
	l2tp_told_free(told);
	l2tp_told_free(NULL);
}

static void
the_lac_hears_of_control_characters(void **state)
{
	struct l2tp_told *request, *connect;
	struct l2tp_event event;
	struct pair p;

	(void)state;
	up(&p, false, false);
	call(&p, NULL, &request, &connect);
	assert_int_equal(l2tp_call_set_accm(p.lns, p.now, ANSWER, 0x000a0000, 0xffffffff), 0);
	carry(&p);
	event = expect(p.lac, L2TP_EV_CALL_ACCM);
	assert_int_equal(event.local_session, CALL);
	assert_int_equal(event.accm.send, 0x000a0000);
	assert_int_equal(event.accm.receive, 0xffffffff);
	expect_nothing(p.lac);
	l2tp_told_free(connect);
	down(&p);
}

/* Behind one that had it, so that what it had may lie in memory still. */
static void
an_sli_without_its_accm_says_nothing(void **state)
{
	struct l2tp_told *request, *connect;
	uint8_t bytes[256];
	struct cv_writer out = cv_writer(bytes, sizeof(bytes));
	struct l2tp_tunnel_info info;
	struct l2tp_builder b;
	struct pair p;

	(void)state;
	up(&p, false, false);
	call(&p, NULL, &request, &connect);
	assert_int_equal(l2tp_call_set_accm(p.lns, p.now, ANSWER, 1, 2), 0);
	carry(&p);
	expect(p.lac, L2TP_EV_CALL_ACCM);
	l2tp_build(&b, p.crypto, (struct cv_bytes){0}, L2TP_SLI);
	l2tp_control_header_write(
		&out, THEIRS, CALL, (uint16_t)(L2TP_CONTROL_HEADER + cv_written(&b.w)), 3, 4);
	cv_write_bytes(&out, b.body, cv_written(&b.w));
	assert_int_equal(l2tp_tunnel_input(p.lac, p.now, bytes, cv_written(&out)), 0);
	expect_nothing(p.lac);
	l2tp_tunnel_info(p.lac, &info);
	assert_int_equal(info.counters.rx_ignored, 1);
	l2tp_told_free(connect);
	down(&p);
}

/* Both ends go with calls half-way, and with events that nobody has taken. */
static void
what_is_kept_goes_with_the_tunnel(void **state)
{
	struct l2tp_told *told = l2tp_told_new(NULL, all, ALL);
	struct pair p;

	(void)state;
	up(&p, false, false);
	assert_int_equal(l2tp_call_dial(p.lac, p.now, CALL, told), 0);
	assert_int_equal(l2tp_call_dial(p.lac, p.now, CALL + 1, told), 0);
	assert_int_equal(l2tp_call_close(p.lac, p.now, CALL + 1,
				 &(struct l2tp_reason){.result = L2TP_CDN_LOST_CARRIER}),
		0);
	carry(&p);
	l2tp_told_free(told);
	down(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_it_arrives),
		cmocka_unit_test(a_call_without_it_says_what_a_line_would),
		cmocka_unit_test(what_is_too_long_is_left_out),
		cmocka_unit_test(what_is_said_later_counts),
		cmocka_unit_test(the_lac_hears_of_control_characters),
		cmocka_unit_test(an_sli_without_its_accm_says_nothing),
		cmocka_unit_test(what_is_kept_goes_with_the_tunnel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
