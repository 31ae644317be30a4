/* SPDX-License-Identifier: BSD-3-Clause */
/* Each message that we send has all that the RFC demands in it, hidden and not, and says what it
 * was made from. */
#include "capture.h"

#include <string.h>

#include "../seeded.h"
#include "l2tp/compose.h"

static struct l2tp_params params;
static const uint8_t ours[L2TP_CHALLENGE_BYTES] = {1, 2, 3};
static const struct cv_bytes theirs = {(const uint8_t *)"\x09\x08\x07", 3};
static const struct l2tp_reason reason = {
	.result = L2TP_STOPCCN_ERROR, .error = L2TP_ERROR_VALUE, .message = "so it is"};

static int
setup(void **state)
{
	(void)state;
	l2tp_params_default(&params);
	params.crypto = seeded_crypto();
	params.secret = "s3cret";
	params.secret_len = 6;
	params.host_name = "here.example";
	params.local_tunnel_id = 4711;
	params.receive_window = 9;
	return params.crypto == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	crypto_free(params.crypto);
	return 0;
}

static void
compose(struct l2tp_builder *b, enum l2tp_message_type type)
{
	switch (type) {
	case L2TP_SCCRQ:
		l2tp_compose_sccrq(b, &params, ours);
		break;
	case L2TP_SCCRP:
		l2tp_compose_sccrp(b, &params, ours, theirs, true);
		break;
	case L2TP_SCCCN:
		l2tp_compose_scccn(b, &params, theirs);
		break;
	case L2TP_STOPCCN:
		l2tp_compose_stopccn(b, &params, &reason);
		break;
	case L2TP_HELLO:
		l2tp_compose_hello(b, &params);
		break;
	case L2TP_ICRQ:
		l2tp_compose_icrq(b, &params, 77, 123456, NULL);
		break;
	case L2TP_ICRP:
		l2tp_compose_icrp(b, &params, 77);
		break;
	case L2TP_ICCN:
		l2tp_compose_iccn(b, &params, NULL);
		break;
	case L2TP_OCRQ:
		l2tp_compose_ocrq(b, &params, 77, 123456, theirs);
		break;
	case L2TP_OCRP:
		l2tp_compose_ocrp(b, &params, 77);
		break;
	case L2TP_OCCN:
		l2tp_compose_occn(b, &params);
		break;
	case L2TP_CDN:
		l2tp_compose_cdn(b, &params, 77, &reason);
		break;
	default:
		assert_int_equal(type, L2TP_SLI);
		l2tp_compose_sli(b, &params, 0x11223344, 0x55667788);
		break;
	}
}

static const struct {
	enum l2tp_message_type type;
	bool hides; /* something of it, where a secret says so */
} sent[] = {{L2TP_SCCRQ, true}, {L2TP_SCCRP, true}, {L2TP_SCCCN, true}, {L2TP_STOPCCN, false},
	{L2TP_HELLO, false}, {L2TP_ICRQ, true}, {L2TP_ICRP, true}, {L2TP_ICCN, true},
	{L2TP_OCRQ, true}, {L2TP_OCRP, true}, {L2TP_OCCN, true}, {L2TP_CDN, true},
	{L2TP_SLI, true}};

static void
check_message(size_t i, bool hide)
{
	struct cv_bytes none = {0};
	struct l2tp_fault fault = {.text = ""};
	struct l2tp_builder b;
	struct l2tp_message m;

	params.hide_avps = hide;
	compose(&b, sent[i].type);
	assert_false(b.w.failed);
	assert_int_equal(l2tp_message_parse(params.crypto, hide ? l2tp_secret(&params) : none,
				 (struct cv_bytes){b.body, cv_written(&b.w)}, &m, &fault),
		0);
	assert_string_equal(fault.text, "");
	assert_int_equal(m.type, sent[i].type);
	assert_int_equal(m.missing, 0);
	assert_int_equal(l2tp_has(&m, L2TP_AVP_RANDOM_VECTOR), hide && sent[i].hides);
	if (l2tp_has(&m, L2TP_AVP_ASSIGNED_SESSION_ID))
		assert_int_equal(l2tp_get_u16(&m, L2TP_AVP_ASSIGNED_SESSION_ID), 77);
	if (l2tp_has(&m, L2TP_AVP_ASSIGNED_TUNNEL_ID))
		assert_int_equal(l2tp_get_u16(&m, L2TP_AVP_ASSIGNED_TUNNEL_ID), 4711);
}

static void
test_nothing_is_missing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
		check_message(i, false);
		check_message(i, true);
	}
}

static void
parse(const struct l2tp_builder *b, struct l2tp_message *m)
{
	struct l2tp_fault fault;

	assert_int_equal(l2tp_message_parse(params.crypto, (struct cv_bytes){0},
				 (struct cv_bytes){b->body, cv_written(&b->w)}, m, &fault),
		0);
}

static void
test_identity(void **state)
{
	struct l2tp_identity identity;
	struct l2tp_builder b;
	struct l2tp_message m;

	(void)state;
	params.hide_avps = false;
	compose(&b, L2TP_SCCRQ);
	parse(&b, &m);
	l2tp_read_identity(&m, &identity);
	assert_int_equal(identity.tunnel_id, 4711);
	assert_int_equal(identity.window, 9);
	assert_string_equal(identity.host_name, "here.example");
	assert_int_equal(identity.host_name_len, strlen("here.example"));
	assert_int_equal(l2tp_get_u16(&m, L2TP_AVP_PROTOCOL_VERSION), L2TP_PROTOCOL_VERSION);
	assert_memory_equal(m.value[L2TP_AVP_CHALLENGE].data, ours, sizeof(ours));
	assert_false(l2tp_has(&m, L2TP_AVP_CHALLENGE_RESPONSE));
}

/* Section 5.1.1, computed by hand: md5sum of message type, secret, challenge. */
static void
test_response(void **state)
{
	static const uint8_t of_scccn[] = {0x17, 0x3e, 0xad, 0x5f, 0x7d, 0x25, 0x29, 0xf9, 0x8f,
		0x74, 0x14, 0xcf, 0x71, 0xd2, 0x29, 0xcc},
			     of_sccrp[] = {0xde, 0xb3, 0x70, 0x13, 0x47, 0x1c, 0x0d, 0xf8, 0x89,
				     0xbc, 0x5f, 0xab, 0x23, 0xd5, 0xb2, 0x8f};
	struct l2tp_builder b;
	struct l2tp_message m;

	(void)state;
	params.hide_avps = false;
	compose(&b, L2TP_SCCCN);
	parse(&b, &m);
	assert_memory_equal(m.value[L2TP_AVP_CHALLENGE_RESPONSE].data, of_scccn, 16);
	compose(&b, L2TP_SCCRP);
	parse(&b, &m);
	assert_memory_equal(m.value[L2TP_AVP_CHALLENGE_RESPONSE].data, of_sccrp, 16);
}

static void
test_unasked(void **state)
{
	struct l2tp_builder b;
	struct l2tp_message m;

	(void)state;
	params.hide_avps = false;
	l2tp_compose_sccrp(&b, &params, NULL, (struct cv_bytes){0}, false);
	parse(&b, &m);
	assert_false(l2tp_has(&m, L2TP_AVP_CHALLENGE));
	assert_false(l2tp_has(&m, L2TP_AVP_CHALLENGE_RESPONSE));
}

/* RFC 9601 section 5: who can says it, in an answer only to who has said it; type 103, no value. */
static void
test_ecn_capability(void **state)
{
	static const uint8_t avp[] = {0, 6, 0, 0, 0, 103};
	struct l2tp_identity identity;
	struct l2tp_builder b;
	struct l2tp_message m;

	(void)state;
	params.hide_avps = false;
	for (unsigned i = 0; i < 6; i++) {
		bool can = i & 1, asked = i & 2, request = i >= 4;

		params.ecn = can;
		if (request)
			l2tp_compose_sccrq(&b, &params, NULL);
		else
			l2tp_compose_sccrp(&b, &params, NULL, (struct cv_bytes){0}, asked);
		parse(&b, &m);
		l2tp_read_identity(&m, &identity);
		assert_int_equal(identity.ecn, can && (asked || request));
		assert_int_equal(
			memmem(b.body, cv_written(&b.w), avp, sizeof(avp)) != NULL, identity.ecn);
	}
	params.ecn = false;
}

static void
test_reason(void **state)
{
	char text[L2TP_MESSAGE_MAX];
	struct l2tp_reason read;
	struct l2tp_builder b;
	struct l2tp_message m;

	(void)state;
	params.hide_avps = false;
	compose(&b, L2TP_CDN);
	parse(&b, &m);
	read = l2tp_read_reason(&m, text);
	assert_int_equal(read.result, reason.result);
	assert_int_equal(read.error, reason.error);
	assert_string_equal(read.message, "so it is");
	assert_true(read.by_peer);
}

static void
test_accm(void **state)
{
	static const uint8_t value[] = {0, 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88};
	struct l2tp_builder b;
	struct l2tp_message m;

	(void)state;
	params.hide_avps = false;
	compose(&b, L2TP_SLI);
	parse(&b, &m);
	assert_memory_equal(m.value[L2TP_AVP_ACCM].data, value, sizeof(value));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_missing),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_response),
		cmocka_unit_test(test_unasked),
		cmocka_unit_test(test_ecn_capability),
		cmocka_unit_test(test_reason),
		cmocka_unit_test(test_accm),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
