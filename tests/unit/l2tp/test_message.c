/* SPDX-License-Identifier: BSD-3-Clause */
/* AVPs (RFC 2661 section 4): every one written and read again, hidden and not; each fault with
 * its error code and a text that names it. */
#include "capture.h"

#include <stdio.h>
#include <string.h>

#include "../seeded.h"
#include "crypto/crypto.h"
#include "l2tp/message.h"
#include "l2tp/reason.h"

static const struct cv_bytes secret = {(const uint8_t *)"s3cret", 6}, nothing;

/* Every message with every AVP that it may carry, at its least and a longer length. */
static void
round_trip(uint16_t type, struct cv_bytes hiding, size_t longer)
{
	uint8_t value[64];
	struct l2tp_builder b;
	struct l2tp_message m;
	struct l2tp_fault fault = {.text = ""};
	unsigned n = 0;

	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (uint8_t)(i * 7 + type);
	l2tp_build(&b, seeded, hiding, (enum l2tp_message_type)type);
	for (uint16_t avp = 1; avp < L2TP_AVP_COUNT; avp++) {
		const struct l2tp_avp_rule *rule = l2tp_avp_rule(avp);

		if (rule == NULL || (rule->allowed_in >> type & 1) == 0 ||
			avp == L2TP_AVP_RANDOM_VECTOR)
			continue;
		l2tp_put(&b, (enum l2tp_avp)avp, value,
			rule->max == rule->min ? rule->min : rule->min + longer);
		n++;
	}
	assert_false(b.w.failed);
	assert_int_equal(l2tp_message_parse(seeded, hiding,
				 (struct cv_bytes){b.body, cv_written(&b.w)}, &m, &fault),
		0);
	assert_int_equal(m.type, type);
	for (uint16_t avp = 1; avp < L2TP_AVP_COUNT; avp++) {
		const struct l2tp_avp_rule *rule = l2tp_avp_rule(avp);

		if (rule == NULL || (rule->allowed_in >> type & 1) == 0 ||
			avp == L2TP_AVP_RANDOM_VECTOR)
			continue;
		assert_true(l2tp_has(&m, (enum l2tp_avp)avp));
		assert_int_equal(
			m.value[avp].len, rule->max == rule->min ? rule->min : rule->min + longer);
		assert_memory_equal(m.value[avp].data, value, m.value[avp].len);
		n--;
	}
	assert_int_equal(n, 0);
}

static void
every_avp_of_every_message(void **state)
{
	static const uint16_t types[] = {
#define X(number, id) number,
		L2TP_MESSAGES(X)
#undef X
	};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		for (size_t longer = 0; longer < 40; longer += 13) {
			round_trip(types[i], nothing, longer);
			round_trip(types[i], secret, longer);
		}
}

static void
hidden_values_are_not_there_to_read(void **state)
{
	static const uint8_t number[] = "5551234567";
	struct l2tp_builder b;

	(void)state;
	l2tp_build(&b, seeded, secret, L2TP_ICRQ);
	l2tp_put(&b, L2TP_AVP_CALLING_NUMBER, number, sizeof(number));
	assert_null(memmem(b.body, cv_written(&b.w), "555123", 6));
}

/* A message put together by hand: SCCRQ or ICRQ with the AVPs that it needs, then one more. */
struct by_hand {
	struct cv_writer w;
	uint8_t bytes[2048];
};

static void
add(struct by_hand *h, uint16_t flags, uint16_t vendor, uint16_t number, const void *value,
	size_t len)
{
	cv_write_u16(&h->w, (uint16_t)(flags | (6 + len)));
	cv_write_u16(&h->w, vendor);
	cv_write_u16(&h->w, number);
	cv_write_bytes(&h->w, value, len);
}

static void
begin_sccrq(struct by_hand *h)
{
	h->w = cv_writer(h->bytes, sizeof(h->bytes));
	add(h, 0x8000, 0, 0, "\0\1", 2);
	add(h, 0x8000, 0, 2, "\1\0", 2);
	add(h, 0x8000, 0, 3, "\0\0\0\3", 4);
	add(h, 0x8000, 0, 7, "lac", 3);
	add(h, 0x8000, 0, 9, "\0\7", 2);
}

static void
expect(struct by_hand *h, struct cv_bytes with, int rc, uint16_t error, const char *text)
{
	struct l2tp_message m;
	struct l2tp_fault fault = {.text = ""};

	assert_int_equal(l2tp_message_parse(seeded, with,
				 (struct cv_bytes){h->bytes, cv_written(&h->w)}, &m, &fault),
		rc);
	if (rc != CV_ERR_MALFORMED)
		return;
	if (strstr(fault.text, text) == NULL)
		print_error("'%s' does not name '%s'\n", fault.text, text);
	assert_non_null(strstr(fault.text, text));
	assert_int_equal(fault.error, error);
}

static void
faults_by_number(void **state)
{
	struct by_hand h;

	(void)state;
	begin_sccrq(&h);
	expect(&h, secret, 0, 0, "");

	begin_sccrq(&h); /* unknown, M=0: ignored */
	add(&h, 0, 0, 99, "x", 1);
	add(&h, 0, 9, 1, "x", 1);
	add(&h, 0x0400, 0, 8, "x", 1); /* reserved bit: as an unknown AVP */
	expect(&h, secret, 0, 0, "");

	begin_sccrq(&h);
	add(&h, 0x8000, 0, 99, "x", 1);
	expect(&h, secret, CV_ERR_MALFORMED, L2TP_ERROR_UNKNOWN_AVP, "unknown AVP 99 of vendor 0");

	begin_sccrq(&h);
	add(&h, 0x8000, 9, 1, "x", 1);
	expect(&h, secret, CV_ERR_MALFORMED, L2TP_ERROR_UNKNOWN_AVP, "unknown AVP 1 of vendor 9");

	begin_sccrq(&h);
	add(&h, 0x9000, 0, 11, "x", 1);
	expect(&h, secret, CV_ERR_MALFORMED, L2TP_ERROR_UNKNOWN_AVP, "unknown AVP 11");

	begin_sccrq(&h);
	add(&h, 0x8000, 0, 9, "\0\7", 2);
	expect(&h, secret, CV_ERR_MALFORMED, L2TP_ERROR_VALUE, "Assigned Tunnel ID comes twice");

	begin_sccrq(&h);
	add(&h, 0x8000, 0, 10, "x", 1);
	expect(&h, secret, CV_ERR_MALFORMED, L2TP_ERROR_LENGTH, "Receive Window Size of 1 bytes");

	begin_sccrq(&h);
	add(&h, 0x8000, 0, 0, "\0\1", 2);
	expect(&h, secret, CV_ERR_MALFORMED, L2TP_ERROR_VALUE, "Message Type comes twice");

	begin_sccrq(&h);
	add(&h, 0xc000, 0, 11, "0123456789abcdef01", 18);
	expect(&h, secret, CV_ERR_MALFORMED, L2TP_ERROR_VALUE, "hidden without a Random Vector");
	expect(&h, nothing, CV_ERR_MALFORMED, L2TP_ERROR_VALUE, "there is no secret");

	begin_sccrq(&h);
	add(&h, 0x8000, 0, 36, "0123456789abcdef", 16);
	add(&h, 0xc000, 0, 7, "0123456789abcdef01", 18);
	expect(&h, secret, CV_ERR_MALFORMED, L2TP_ERROR_VALUE, "Host Name comes twice");

	begin_sccrq(&h);
	add(&h, 0x8000, 0, 36, "0123456789abcdef", 16);
	add(&h, 0xc000, 0, 11, "0123456789abcdef01", 18); /* a wrong secret: a length of noise */
	expect(&h, secret, CV_ERR_MALFORMED, L2TP_ERROR_LENGTH, "Challenge: hidden length");

	begin_sccrq(&h);
	cv_write_bytes(&h.w, "abc", 3);
	expect(&h, secret, CV_ERR_MALFORMED, L2TP_ERROR_LENGTH, "bytes after the last AVP");

	begin_sccrq(&h);
	cv_write_bytes(&h.w, "\x80\x05\0\0\0\x0b", 6);
	expect(&h, secret, CV_ERR_MALFORMED, L2TP_ERROR_LENGTH, "AVP 11: length 5");

	begin_sccrq(&h);
	cv_write_bytes(&h.w, "\x83\xff\0\0\0\x0b", 6);
	expect(&h, secret, CV_ERR_MALFORMED, L2TP_ERROR_LENGTH, "AVP 11 ends beyond the message");
}

/* Whatever is wrong in front of it, the answer's address is read. */
static void
an_assigned_id_behind_a_bad_avp_is_read(void **state)
{
	static const struct {
		uint16_t flags, vendor, number;
		const char *value;
		size_t len;
	} bad[] = {
		{0x8000, 0, 99, "x", 1},    /* unknown */
		{0x8000, 9, 1, "x", 1},     /* a vendor's */
		{0x9000, 0, 15, "0000", 4}, /* reserved bit */
		{0x8000, 0, 15, "x", 1},    /* too short */
		{0xc000, 0, 15, "x", 1},    /* hidden */
		{0x8000, 0, 0, "\0\1", 2},  /* Message Type again */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (unsigned second = 0; second < 2; second++) {
			struct l2tp_fault fault = {.text = ""};
			struct l2tp_message m;
			struct by_hand h;

			h.w = cv_writer(h.bytes, sizeof(h.bytes));
			add(&h, 0x8000, 0, 0, "\0\x0a", 2);
			add(&h, bad[i].flags, bad[i].vendor, bad[i].number, bad[i].value,
				bad[i].len);
			if (second != 0) /* another bad one, which changes nothing */
				add(&h, 0x8000, 0, 98, "y", 1);
			add(&h, 0x8000, 0, 14, "\1\2", 2);
			assert_int_equal(
				l2tp_message_parse(seeded, secret,
					(struct cv_bytes){h.bytes, cv_written(&h.w)}, &m, &fault),
				CV_ERR_MALFORMED);
			assert_null(strstr(fault.text, "98"));
			assert_int_equal(m.type, L2TP_ICRQ);
			assert_int_equal(l2tp_get_u16(&m, L2TP_AVP_ASSIGNED_SESSION_ID), 0x0102);
		}
}

static const uint8_t vector[] = "a random vector of any length";

/* The cipher text of a hidden Challenge as section 4.3 says, block by block: what the sender
 * announces as Original Length, then len bytes. Returns its length. */
static size_t
hide_challenge(uint16_t original, const uint8_t *value, size_t len, uint8_t *out)
{
	struct cv_bytes first[] = {
		{(const uint8_t *)"\0\x0b", 2}, secret, {vector, sizeof(vector)}};
	struct cv_writer w = cv_writer(out, 2 + len);
	uint8_t stream[CRYPTO_MD5_BYTES];

	cv_write_u16(&w, original);
	cv_write_bytes(&w, value, len);
	assert_int_equal(crypto_md5(seeded, first, 3, stream), 0);
	for (size_t at = 0; at < 2 + len; at++) {
		struct cv_bytes next[] = {secret, {out + at - 16, 16}};

		if (at > 0 && at % 16 == 0)
			assert_int_equal(crypto_md5(seeded, next, 2, stream), 0);
		out[at] ^= stream[at % 16];
	}
	return 2 + len;
}

/* What is hidden may be padded, but is never longer than what is there. */
static void
hidden_lengths(void **state)
{
	static const size_t lengths[] = {1, 2, 5, 13, 14, 15, 16, 29, 30, 31, 100};
	uint8_t value[100], cipher[128];

	(void)state;
	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (uint8_t)(i * 11 + 1);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		size_t len = lengths[i];

		for (size_t original = 1; original <= len + 3; original++) {
			struct l2tp_fault fault = {.text = ""};
			struct l2tp_message m;
			struct by_hand h;

			begin_sccrq(&h);
			add(&h, 0x8000, 0, L2TP_AVP_RANDOM_VECTOR, vector, sizeof(vector));
			add(&h, 0xc000, 0, L2TP_AVP_CHALLENGE, cipher,
				hide_challenge((uint16_t)original, value, len, cipher));
			if (original > len) {
				expect(&h, secret, CV_ERR_MALFORMED, L2TP_ERROR_LENGTH,
					"Challenge: hidden length");
				continue;
			}
			assert_int_equal(
				l2tp_message_parse(seeded, secret,
					(struct cv_bytes){h.bytes, cv_written(&h.w)}, &m, &fault),
				0);
			assert_int_equal(m.value[L2TP_AVP_CHALLENGE].len, original);
			assert_memory_equal(m.value[L2TP_AVP_CHALLENGE].data, value, original);
		}
	}
}

static void
hidden_without_an_original_length(void **state)
{
	uint8_t cipher[2];
	struct by_hand h;

	(void)state;
	for (size_t len = 0; len < 2; len++) {
		begin_sccrq(&h);
		add(&h, 0x8000, 0, L2TP_AVP_RANDOM_VECTOR, vector, sizeof(vector));
		hide_challenge(0, NULL, 0, cipher);
		add(&h, 0xc000, 0, L2TP_AVP_CHALLENGE, cipher, len);
		expect(&h, secret, CV_ERR_MALFORMED, L2TP_ERROR_LENGTH,
			len == 0 ? "Challenge is hidden in 0 bytes"
				 : "Challenge is hidden in 1 bytes");
	}
	begin_sccrq(&h);
	add(&h, 0x8000, 0, L2TP_AVP_RANDOM_VECTOR, vector, sizeof(vector));
	add(&h, 0xc000, 0, L2TP_AVP_CHALLENGE, cipher, hide_challenge(1, NULL, 0, cipher));
	expect(&h, secret, CV_ERR_MALFORMED, L2TP_ERROR_LENGTH, "Challenge: hidden length 1 in 2");
}

static void
faults_of_the_message_type(void **state)
{
	struct by_hand h;

	(void)state;
	h.w = cv_writer(h.bytes, sizeof(h.bytes));
	add(&h, 0x8000, 0, 7, "lac", 3);
	expect(&h, secret, CV_ERR_MALFORMED, L2TP_ERROR_VALUE, "first AVP is not Message Type");

	h.w = cv_writer(h.bytes, sizeof(h.bytes));
	add(&h, 0xc000, 0, 0, "\0\1", 2);
	expect(&h, secret, CV_ERR_MALFORMED, L2TP_ERROR_VALUE, "must not be hidden");

	h.w = cv_writer(h.bytes, sizeof(h.bytes));
	add(&h, 0x8000, 0, 0, "\1", 1);
	expect(&h, secret, CV_ERR_MALFORMED, L2TP_ERROR_LENGTH, "Message Type of 1 bytes");

	h.w = cv_writer(h.bytes, sizeof(h.bytes));
	add(&h, 0x8000, 0, 0, "\0\5", 2);
	expect(&h, secret, CV_ERR_MALFORMED, L2TP_ERROR_UNKNOWN_AVP, "unknown Message Type 5");

	h.w = cv_writer(h.bytes, sizeof(h.bytes));
	add(&h, 0, 0, 0, "\0\5", 2);
	expect(&h, secret, CV_ERR_UNKNOWN, 0, "");
}

/* The messages that nothing can be done with without the AVP. */
static bool
indispensable(uint16_t type, uint16_t avp)
{
	switch (type) {
	case L2TP_SCCRQ:
	case L2TP_SCCRP:
		return avp == L2TP_AVP_PROTOCOL_VERSION || avp == L2TP_AVP_HOST_NAME ||
		       avp == L2TP_AVP_ASSIGNED_TUNNEL_ID;
	case L2TP_ICRQ:
	case L2TP_ICRP:
	case L2TP_OCRQ:
	case L2TP_OCRP:
		return avp == L2TP_AVP_ASSIGNED_SESSION_ID;
	default:
		return false;
	}
}

static void
expect_missing(const struct by_hand *h, uint16_t avp)
{
	struct l2tp_message m;
	struct l2tp_fault fault;

	assert_int_equal(l2tp_message_parse(seeded, secret,
				 (struct cv_bytes){h->bytes, cv_written(&h->w)}, &m, &fault),
		0);
	assert_int_equal(m.missing, UINT64_C(1) << avp);
	assert_false(l2tp_has(&m, (enum l2tp_avp)avp));
}

/* Each AVP that the RFC demands in a message, left out: named where nothing goes without it, else
 * noted and done without. */
static void
missing_avps_are_named_or_done_without(void **state)
{
	static const uint16_t types[] = {
#define X(number, id) number,
		L2TP_MESSAGES(X)
#undef X
	};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		for (uint16_t left_out = 1; left_out < L2TP_AVP_COUNT; left_out++) {
			const struct l2tp_avp_rule *rule = l2tp_avp_rule(left_out);
			static const uint8_t zeros[64];
			struct by_hand h;
			uint8_t type[2] = {0, (uint8_t)types[i]};
			char text[96];

			if (rule == NULL || (rule->needed_in >> types[i] & 1) == 0)
				continue;
			h.w = cv_writer(h.bytes, sizeof(h.bytes));
			add(&h, 0x8000, 0, 0, type, 2);
			for (uint16_t avp = 1; avp < L2TP_AVP_COUNT; avp++) {
				const struct l2tp_avp_rule *r = l2tp_avp_rule(avp);

				if (r != NULL && avp != left_out &&
					(r->needed_in >> types[i] & 1) != 0)
					add(&h, 0x8000, 0, avp, zeros, r->min);
			}
			snprintf(text, sizeof(text), "%s is missing", rule->name);
			if (indispensable(types[i], left_out))
				expect(&h, secret, CV_ERR_MALFORMED, L2TP_ERROR_VALUE, text);
			else
				expect_missing(&h, left_out);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_avp_of_every_message),
		cmocka_unit_test(hidden_values_are_not_there_to_read),
		cmocka_unit_test(faults_by_number),
		cmocka_unit_test(an_assigned_id_behind_a_bad_avp_is_read),
		cmocka_unit_test(hidden_lengths),
		cmocka_unit_test(hidden_without_an_original_length),
		cmocka_unit_test(faults_of_the_message_type),
		cmocka_unit_test(missing_avps_are_named_or_done_without),
	};

	return cmocka_run_group_tests(tests, seeded_setup, seeded_teardown);
}
