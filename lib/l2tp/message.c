/* SPDX-License-Identifier: BSD-3-Clause */
/* Control messages read (RFC 2661 sections 4.1 to 4.4) and written. */
#include "l2tp/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "l2tp/header.h"

enum {
	AVP_HEADER = 6,
	AVP_MANDATORY = 0x8000,
	AVP_HIDDEN = 0x4000,
	AVP_RESERVED = 0x3c00,
	AVP_LENGTH = 0x03ff,
	DIGEST_BYTES = CRYPTO_MD5_BYTES,
};

struct raw_avp {
	uint16_t flags, vendor, number;
	struct cv_bytes value;
};

static int __attribute__((format(printf, 3, 4)))
fail(struct l2tp_fault *fault, uint16_t error, const char *fmt, ...)
{
	va_list args;

	fault->error = error;
	va_start(args, fmt);
	vsnprintf(fault->text, sizeof(fault->text), fmt, args);
	va_end(args);
	return CV_ERR_MALFORMED;
}

static int
read_avp(struct cv_reader *r, struct raw_avp *avp, struct l2tp_fault *fault)
{
	uint16_t first = cv_read_u16(r);
	size_t len = first & AVP_LENGTH;

	avp->flags = first & (uint16_t)~AVP_LENGTH;
	avp->vendor = cv_read_u16(r);
	avp->number = cv_read_u16(r);
	if (r->failed)
		return fail(fault, L2TP_ERROR_LENGTH, "bytes after the last AVP");
	if (len < AVP_HEADER)
		return fail(fault, L2TP_ERROR_LENGTH, "AVP %u: length %zu", avp->number, len);
	avp->value = (struct cv_bytes){r->pos, len - AVP_HEADER};
	if (cv_read_bytes(r, avp->value.len) == NULL)
		return fail(
			fault, L2TP_ERROR_LENGTH, "AVP %u ends beyond the message", avp->number);
	return 0;
}

/*
 * XORs text with the key stream of section 4.3: MD5 of attribute, secret and vector for the first
 * block, of secret and the block of cipher text before for each further one.
 */
static int
hide_xor(struct crypto *crypto, struct cv_bytes secret, struct cv_bytes vector, uint16_t number,
	const uint8_t *in, uint8_t *out, size_t len, bool hiding)
{
	const uint8_t attribute[2] = {(uint8_t)(number >> 8), (uint8_t)number};
	struct cv_bytes parts[3] = {{attribute, 2}, secret, vector};
	uint8_t stream[DIGEST_BYTES], block[DIGEST_BYTES];
	int rc = crypto_md5(crypto, parts, 3, stream);

	for (size_t at = 0; rc == 0 && at < len; at += DIGEST_BYTES) {
		size_t n = len - at < DIGEST_BYTES ? len - at : DIGEST_BYTES;

		for (size_t i = 0; i < n; i++) {
			uint8_t mixed = in[at + i] ^ stream[i];

			block[i] = hiding ? mixed : in[at + i];
			out[at + i] = mixed;
		}
		if (at + DIGEST_BYTES >= len)
			break;
		parts[0] = secret;
		parts[1] = (struct cv_bytes){block, DIGEST_BYTES};
		rc = crypto_md5(crypto, parts, 2, stream);
	}
	cv_wipe(stream, sizeof(stream));
	return rc;
}

static int
unhide(struct crypto *crypto, struct cv_bytes secret, struct l2tp_message *m, struct raw_avp *avp,
	const struct l2tp_avp_rule *rule, struct l2tp_fault *fault)
{
	uint8_t *plain = m->plain + m->plain_used;
	size_t original;

	if (!rule->may_hide)
		return fail(fault, L2TP_ERROR_VALUE, "%s must not be hidden", rule->name);
	if (secret.len == 0)
		return fail(fault, L2TP_ERROR_VALUE, "%s is hidden, but there is no secret",
			rule->name);
	if (!l2tp_has(m, L2TP_AVP_RANDOM_VECTOR))
		return fail(fault, L2TP_ERROR_VALUE, "%s is hidden without a Random Vector",
			rule->name);
	if (avp->value.len < 2)
		return fail(fault, L2TP_ERROR_LENGTH, "%s is hidden in %zu bytes", rule->name,
			avp->value.len);
	if (avp->value.len > sizeof(m->plain) - m->plain_used)
		return fail(fault, L2TP_ERROR_RESOURCES, "too many hidden AVPs");
	if (hide_xor(crypto, secret, m->value[L2TP_AVP_RANDOM_VECTOR], avp->number, avp->value.data,
		    plain, avp->value.len, false) != 0)
		return fail(fault, L2TP_ERROR_RESOURCES, "the cryptographic library failed");
	original = (size_t)plain[0] << 8 | plain[1];
	if (original > avp->value.len - 2)
		return fail(fault, L2TP_ERROR_LENGTH, "%s: hidden length %zu in %zu bytes",
			rule->name, original, avp->value.len);
	m->plain_used += avp->value.len;
	avp->value = (struct cv_bytes){plain + 2, original};
	return 0;
}

static void
set_present(struct l2tp_message *m, uint16_t number)
{
	m->present[number / 64] |= UINT64_C(1) << number % 64;
}

static int
take_avp(struct crypto *crypto, struct cv_bytes secret, struct l2tp_message *m, struct raw_avp *avp,
	struct l2tp_fault *fault)
{
	const struct l2tp_avp_rule *rule = avp->vendor == 0 ? l2tp_avp_rule(avp->number) : NULL;
	bool mandatory = (avp->flags & AVP_MANDATORY) != 0;
	bool needed;
	int rc;

	/* section 4.1: reserved bits make an AVP unknown; a vendor's is unknown to us */
	if (rule == NULL || (avp->flags & AVP_RESERVED) != 0)
		return mandatory ? fail(fault, L2TP_ERROR_UNKNOWN_AVP,
					   "unknown AVP %u of vendor %u", avp->number, avp->vendor)
				 : 0;
	if ((rule->allowed_in >> m->type & 1) == 0)
		return 0;
	needed = (rule->needed_in >> m->type & 1) != 0;
	if (l2tp_has(m, (enum l2tp_avp)avp->number) && avp->number != L2TP_AVP_RANDOM_VECTOR)
		return needed || mandatory
			       ? fail(fault, L2TP_ERROR_VALUE, "%s comes twice", rule->name)
			       : 0;
	if ((avp->flags & AVP_HIDDEN) != 0) {
		rc = unhide(crypto, secret, m, avp, rule, fault);
		if (rc != 0)
			return needed || mandatory ? rc : 0;
	}
	if (avp->value.len < rule->min || avp->value.len > rule->max)
		return needed || mandatory ? fail(fault, L2TP_ERROR_LENGTH, "%s of %zu bytes",
						     rule->name, avp->value.len)
					   : 0;
	m->value[avp->number] = avp->value;
	set_present(m, avp->number);
	return 0;
}

/* The Message Type comes first, is not hidden, and says whether we must know it (4.4.1). */
static int
take_type(struct cv_reader *r, struct l2tp_message *m, struct l2tp_fault *fault)
{
	struct raw_avp avp;
	struct cv_reader value;
	int rc = read_avp(r, &avp, fault);
	uint16_t type;

	if (rc != 0)
		return rc;
	if (avp.vendor != 0 || avp.number != L2TP_AVP_MESSAGE_TYPE)
		return fail(fault, L2TP_ERROR_VALUE, "the first AVP is not Message Type");
	if ((avp.flags & AVP_HIDDEN) != 0)
		return fail(fault, L2TP_ERROR_VALUE, "Message Type must not be hidden");
	if (avp.value.len != 2)
		return fail(fault, L2TP_ERROR_LENGTH, "Message Type of %zu bytes", avp.value.len);
	value = cv_reader(avp.value.data, avp.value.len);
	type = cv_read_u16(&value);
	if (l2tp_message_name(type)[0] == 'u') {
		if ((avp.flags & AVP_MANDATORY) == 0)
			return CV_ERR_UNKNOWN;
		return fail(fault, L2TP_ERROR_UNKNOWN_AVP, "unknown Message Type %u", type);
	}
	m->type = type;
	set_present(m, L2TP_AVP_MESSAGE_TYPE);
	m->value[L2TP_AVP_MESSAGE_TYPE] = avp.value;
	return 0;
}

static int
check_needed(struct l2tp_message *m, struct l2tp_fault *fault)
{
	for (uint16_t number = 0; number < L2TP_AVP_COUNT; number++) {
		const struct l2tp_avp_rule *rule = l2tp_avp_rule(number);

		if (rule == NULL || (rule->needed_in >> m->type & 1) == 0)
			continue;
		if (l2tp_has(m, (enum l2tp_avp)number))
			continue;
		if ((l2tp_avp_vital(number) >> m->type & 1) != 0)
			return fail(fault, L2TP_ERROR_VALUE, "%s is missing", rule->name);
		m->missing |= UINT64_C(1) << number;
	}
	return 0;
}

/* Of a message whose type can't be read: who sent it, where that is plain to see. */
static void
take_sender(struct l2tp_message *m, const struct raw_avp *avp)
{
	if (avp->number != L2TP_AVP_ASSIGNED_TUNNEL_ID || avp->value.len != 2 ||
		(avp->flags & (AVP_HIDDEN | AVP_RESERVED)) != 0)
		return;
	m->value[avp->number] = avp->value;
	set_present(m, avp->number);
}

/* Behind a bad AVP: where the answer has to go is still worth knowing. */
static void
read_on(struct crypto *crypto, struct cv_bytes secret, struct cv_reader *r, struct l2tp_message *m)
{
	struct l2tp_fault ignored;
	struct raw_avp avp;

	while (cv_remaining(r) > 0 && read_avp(r, &avp, &ignored) == 0)
		if (avp.vendor == 0 && m->type == 0)
			take_sender(m, &avp);
		else if (avp.vendor == 0 && (avp.number == L2TP_AVP_ASSIGNED_TUNNEL_ID ||
						    avp.number == L2TP_AVP_ASSIGNED_SESSION_ID ||
						    avp.number == L2TP_AVP_RANDOM_VECTOR))
			(void)take_avp(crypto, secret, m, &avp, &ignored);
}

int
l2tp_message_parse(struct crypto *crypto, struct cv_bytes secret, struct cv_bytes payload,
	struct l2tp_message *m, struct l2tp_fault *fault)
{
	struct cv_reader r = cv_reader(payload.data, payload.len);
	int rc;

	m->type = 0;
	memset(m->present, 0, sizeof(m->present));
	m->missing = 0;
	m->plain_used = 0;
	rc = take_type(&r, m, fault);
	if (rc == CV_ERR_MALFORMED)
		read_on(crypto, secret, &r, m);
	while (rc == 0 && cv_remaining(&r) > 0) {
		struct raw_avp avp;

		rc = read_avp(&r, &avp, fault);
		if (rc != 0)
			return rc;
		rc = avp.vendor == 0 && avp.number == L2TP_AVP_MESSAGE_TYPE
			     ? fail(fault, L2TP_ERROR_VALUE, "Message Type comes twice")
			     : take_avp(crypto, secret, m, &avp, fault);
		if (rc != 0)
			read_on(crypto, secret, &r, m);
	}
	return rc == 0 ? check_needed(m, fault) : rc;
}

int
l2tp_peek(const uint8_t *data, size_t len, struct l2tp_peek *peek)
{
	struct l2tp_header h;
	struct cv_reader r;
	int rc = l2tp_header_parse(data, len, &h);

	*peek = (struct l2tp_peek){0};
	if (rc != 0)
		return rc;
	r = cv_reader(h.payload.data, h.payload.len);
	while (cv_remaining(&r) > 0) {
		uint16_t first = cv_read_u16(&r);
		uint32_t vendor_number = cv_read_u32(&r);
		struct cv_reader value = cv_read_sub(&r, (first & 0x03ffu) - 6u);
		bool plain = (first & 0x4000) == 0;

		if (r.failed)
			break;
		if (vendor_number == L2TP_AVP_MESSAGE_TYPE && peek->type == 0)
			peek->type = cv_read_u16(&value);
		else if (vendor_number == L2TP_AVP_HOST_NAME && plain)
			peek->host_name = (struct cv_bytes){value.pos, cv_remaining(&value)};
		else if (vendor_number == L2TP_AVP_ASSIGNED_TUNNEL_ID && plain)
			peek->assigned_tunnel_id = cv_read_u16(&value);
		else if (vendor_number == L2TP_AVP_TIE_BREAKER && plain &&
			 cv_remaining(&value) == L2TP_TIE_BREAKER_BYTES) {
			peek->has_tie_breaker = true;
			memcpy(peek->tie_breaker, value.pos, L2TP_TIE_BREAKER_BYTES);
		}
	}
	return 0;
}

enum l2tp_tie
l2tp_tie(const uint8_t *ours, const uint8_t *theirs)
{
	int order;

	if (ours == NULL || theirs == NULL)
		return ours != NULL ? L2TP_TIE_OURS
				    : (theirs != NULL ? L2TP_TIE_THEIRS : L2TP_TIE_NONE);
	order = memcmp(ours, theirs, L2TP_TIE_BREAKER_BYTES);
	return order == 0 ? L2TP_TIE_NEITHER : (order < 0 ? L2TP_TIE_OURS : L2TP_TIE_THEIRS);
}

void
l2tp_read_identity(const struct l2tp_message *m, struct l2tp_identity *identity)
{
	struct cv_bytes host = {0};

	if (l2tp_has(m, L2TP_AVP_HOST_NAME))
		host = m->value[L2TP_AVP_HOST_NAME];
	*identity =
		(struct l2tp_identity){.tunnel_id = l2tp_get_u16(m, L2TP_AVP_ASSIGNED_TUNNEL_ID),
			.window = l2tp_get_u16(m, L2TP_AVP_RECEIVE_WINDOW_SIZE),
			.ecn = l2tp_has(m, L2TP_AVP_ECN_CAPABILITY),
			.host_name_len = (uint8_t)(host.len < L2TP_HOST_NAME_KEPT
							   ? host.len
							   : L2TP_HOST_NAME_KEPT - 1)};
	if (identity->host_name_len != 0)
		memcpy(identity->host_name, host.data, identity->host_name_len);
}

struct l2tp_reason
l2tp_read_reason(const struct l2tp_message *m, char text[L2TP_MESSAGE_MAX])
{
	struct l2tp_reason reason = {.by_peer = true, .message = text};
	struct cv_bytes value = {0};
	struct cv_reader r;
	size_t len;

	/* a StopCCN that is broken elsewhere still ends the connection */
	if (l2tp_has(m, L2TP_AVP_RESULT_CODE))
		value = m->value[L2TP_AVP_RESULT_CODE];
	r = cv_reader(value.data, value.len);
	reason.result = cv_read_u16(&r);
	if (cv_remaining(&r) >= 2)
		reason.error = cv_read_u16(&r);
	len = cv_remaining(&r) < L2TP_MESSAGE_MAX ? cv_remaining(&r) : L2TP_MESSAGE_MAX - 1;
	if (len > 0)
		memcpy(text, r.pos, len);
	text[len] = '\0';
	return reason;
}

void
l2tp_build(struct l2tp_builder *b, struct crypto *crypto, struct cv_bytes secret,
	enum l2tp_message_type type)
{
	b->w = cv_writer(b->body, sizeof(b->body));
	b->crypto = crypto;
	b->secret = secret;
	b->vector_written = false;
	l2tp_put_u16(b, L2TP_AVP_MESSAGE_TYPE, (uint16_t)type);
}

static void
put_header(struct l2tp_builder *b, uint16_t number, uint16_t flags, size_t len)
{
	cv_write_u16(&b->w, (uint16_t)(flags | (AVP_HEADER + len)));
	cv_write_u16(&b->w, 0);
	cv_write_u16(&b->w, number);
}

static void
put_hidden(struct l2tp_builder *b, uint16_t number, uint16_t flags, const void *value, size_t len)
{
	uint8_t plain[2 + L2TP_BODY_MAX];
	struct cv_writer w = cv_writer(plain, sizeof(plain));
	uint8_t *cipher;

	cv_write_u16(&w, (uint16_t)len);
	cv_write_bytes(&w, value, len);
	put_header(b, number, flags | AVP_HIDDEN, 2 + len);
	cipher = cv_write_room(&b->w, 2 + len);
	if (w.failed || cipher == NULL ||
		hide_xor(b->crypto, b->secret, (struct cv_bytes){b->vector, sizeof(b->vector)},
			number, plain, cipher, 2 + len, true) != 0)
		b->w.failed = true;
	cv_wipe(plain, sizeof(plain));
}

void
l2tp_put(struct l2tp_builder *b, enum l2tp_avp avp, const void *value, size_t len)
{
	const struct l2tp_avp_rule *rule = l2tp_avp_rule((uint16_t)avp);
	uint16_t flags = rule->mandatory ? AVP_MANDATORY : 0;

	if (len > L2TP_VALUE_MAX - 2) {
		b->w.failed = true;
		return;
	}
	if (b->secret.len == 0 || !rule->may_hide) {
		put_header(b, (uint16_t)avp, flags, len);
		cv_write_bytes(&b->w, value, len);
		return;
	}
	if (!b->vector_written) {
		b->vector_written = true;
		crypto_random(b->crypto, b->vector, sizeof(b->vector));
		put_header(b, L2TP_AVP_RANDOM_VECTOR, AVP_MANDATORY, sizeof(b->vector));
		cv_write_bytes(&b->w, b->vector, sizeof(b->vector));
	}
	put_hidden(b, (uint16_t)avp, flags, value, len);
}

void
l2tp_put_u16(struct l2tp_builder *b, enum l2tp_avp avp, uint16_t value)
{
	const uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};

	l2tp_put(b, avp, bytes, sizeof(bytes));
}

void
l2tp_put_u32(struct l2tp_builder *b, enum l2tp_avp avp, uint32_t value)
{
	const uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16),
		(uint8_t)(value >> 8), (uint8_t)value};

	l2tp_put(b, avp, bytes, sizeof(bytes));
}

void
l2tp_put_reason(struct l2tp_builder *b, const struct l2tp_reason *reason)
{
	uint8_t value[4 + L2TP_MESSAGE_MAX];
	struct cv_writer w = cv_writer(value, sizeof(value));
	size_t len = reason->message == NULL ? 0 : strlen(reason->message);

	cv_write_u16(&w, reason->result);
	if (reason->error != 0 || len != 0)
		cv_write_u16(&w, reason->error);
	cv_write_bytes(&w, reason->message, len < L2TP_MESSAGE_MAX ? len : L2TP_MESSAGE_MAX);
	l2tp_put(b, L2TP_AVP_RESULT_CODE, value, cv_written(&w));
}
