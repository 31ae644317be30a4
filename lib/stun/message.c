/* SPDX-License-Identifier: BSD-3-Clause */
/* The format of messages and attributes (RFC 8489 sections 5 and 14). */
#include "stun/message.h"

enum {
	ATTRIBUTE_HEADER = 4,
	FAMILY_IPV4 = 1,
	FAMILY_IPV6 = 2,
	IPV4_BYTES = 4,
	IPV6_BYTES = 16,
	/* bits of the type (section 5): two of the class lie between those of the method */
	NOT_STUN = 0xc000,
	CLASS_LOW = 0x0010,
	CLASS_HIGH = 0x0100,
};

int
stun_parse_header(struct cv_bytes datagram, struct stun_message *m)
{
	struct cv_reader r = cv_reader(datagram.data, datagram.len);
	uint16_t type = cv_read_u16(&r), len = cv_read_u16(&r);
	const uint8_t *id = cv_read_bytes(&r, STUN_ID);

	if (id == NULL)
		return CV_ERR_TRUNCATED;
	if ((type & NOT_STUN) != 0 || len % 4 != 0)
		return CV_ERR_MALFORMED;
	if (len != cv_remaining(&r))
		return len > cv_remaining(&r) ? CV_ERR_TRUNCATED : CV_ERR_MALFORMED;
	*m = (struct stun_message){.whole = datagram, .id = id};
	m->class = (enum stun_class)((type & CLASS_HIGH) >> 7 | (type & CLASS_LOW) >> 4);
	m->method = (uint16_t)((type & 0x000f) | (type & 0x00e0) >> 1 | (type & 0x3e00) >> 2);
	r = cv_reader(id, STUN_ID);
	m->cookie = cv_read_u32(&r) == STUN_COOKIE;
	return 0;
}

static struct cv_reader
body(const struct stun_message *m)
{
	return cv_reader(m->whole.data + STUN_HEADER, m->whole.len - STUN_HEADER);
}

/* The next attribute with its padding, whose contents mean nothing (section 14). */
static bool
next(struct cv_reader *r, struct stun_attribute *a)
{
	a->type = cv_read_u16(r);
	a->value.len = cv_read_u16(r);
	a->value.data = cv_read_bytes(r, a->value.len);
	(void)cv_read_bytes(r, -a->value.len % 4);
	return !r->failed;
}

int
stun_parse_attributes(struct stun_message *m)
{
	struct cv_reader r = body(m);
	struct stun_attribute a;

	while (cv_remaining(&r) != 0) {
		if (!next(&r, &a) || m->fingerprint != NULL)
			return CV_ERR_MALFORMED;
		if (a.type != STUN_FINGERPRINT)
			continue;
		if (a.value.len != STUN_FINGERPRINT_BYTES - ATTRIBUTE_HEADER)
			return CV_ERR_MALFORMED;
		m->fingerprint = a.value.data - ATTRIBUTE_HEADER;
	}
	return 0;
}

bool
stun_fingerprint_right(const struct stun_message *m)
{
	struct cv_reader r;

	if (m->fingerprint == NULL)
		return true;
	r = cv_reader(m->fingerprint + ATTRIBUTE_HEADER, 4);
	return cv_read_u32(&r) ==
	       stun_fingerprint(m->whole.data, (size_t)(m->fingerprint - m->whole.data));
}

int
stun_parse(struct cv_bytes datagram, struct stun_message *m)
{
	int rc = stun_parse_header(datagram, m);

	if (rc == 0)
		rc = stun_parse_attributes(m);
	if (rc == 0 && !stun_fingerprint_right(m))
		rc = CV_ERR_MALFORMED;
	return rc;
}

struct stun_cursor
stun_attributes(const struct stun_message *m)
{
	return (struct stun_cursor){.rest = body(m)};
}

bool
stun_next(struct stun_cursor *c, struct stun_attribute *a)
{
	while (cv_remaining(&c->rest) != 0 && next(&c->rest, a)) {
		bool integrity = a->type == STUN_MESSAGE_INTEGRITY ||
				 a->type == STUN_MESSAGE_INTEGRITY_SHA256;

		if (!c->sealed || a->type == STUN_MESSAGE_INTEGRITY_SHA256 ||
			a->type == STUN_FINGERPRINT) {
			c->sealed = c->sealed || integrity;
			return true;
		}
	}
	return false;
}

int
stun_read_address(struct cv_bytes value, const uint8_t *id, struct cv_endpoint *out)
{
	struct cv_reader r = cv_reader(value.data, value.len);
	size_t len = IPV4_BYTES;
	const uint8_t *ip;
	uint8_t family;

	*out = (struct cv_endpoint){.ip.family = CV_IPV4};
	(void)cv_read_u8(&r);
	family = cv_read_u8(&r);
	out->port = cv_read_u16(&r);
	if (r.failed)
		return CV_ERR_MALFORMED;
	if (family == FAMILY_IPV6) {
		len = IPV6_BYTES;
		out->ip.family = CV_IPV6;
	} else if (family != FAMILY_IPV4) {
		return CV_ERR_UNKNOWN;
	}
	ip = cv_read_bytes(&r, len);
	if (ip == NULL || cv_remaining(&r) != 0)
		return CV_ERR_MALFORMED;
	if (id != NULL)
		out->port ^= (uint16_t)(id[0] << 8 | id[1]);
	for (size_t i = 0; i < len; i++)
		out->ip.bytes[i] = (uint8_t)(id == NULL ? ip[i] : ip[i] ^ id[i]);
	return 0;
}

bool
stun_known(uint16_t type)
{
	switch (type) {
	case STUN_MAPPED_ADDRESS:
	case STUN_USERNAME:
	case STUN_MESSAGE_INTEGRITY:
	case STUN_ERROR_CODE:
	case STUN_UNKNOWN_ATTRIBUTES:
	case STUN_REALM:
	case STUN_NONCE:
	case STUN_MESSAGE_INTEGRITY_SHA256:
	case STUN_PASSWORD_ALGORITHM:
	case STUN_USERHASH:
	case STUN_XOR_MAPPED_ADDRESS:
		return true;
	default:
		return type >= STUN_REQUIRED_BELOW;
	}
}

void
stun_write_header(
	struct cv_writer *w, enum stun_class class, uint16_t method, const uint8_t id[STUN_ID])
{
	unsigned c = (unsigned)class, m = method;

	cv_write_u16(w, (uint16_t)((m & 0x000f) | (m & 0x0070) << 1 | (m & 0x0f80) << 2 |
				   (c & 1) << 4 | (c & 2) << 7));
	cv_write_u16(w, 0);
	cv_write_bytes(w, id, STUN_ID);
}

/* Room for a value that the caller fills, behind the header and before the padding of an attribute;
 * NULL: it does not fit. */
static uint8_t *
attribute(struct cv_writer *w, enum stun_type type, size_t len)
{
	static const uint8_t zeros[3];
	uint8_t *value;

	if (len > UINT16_MAX)
		w->failed = true;
	cv_write_u16(w, (uint16_t)type);
	cv_write_u16(w, (uint16_t)len);
	value = cv_write_room(w, len);
	cv_write_bytes(w, zeros, -len % 4);
	return w->failed ? NULL : value;
}

void
stun_write_attribute(struct cv_writer *w, enum stun_type type, const void *value, size_t len)
{
	uint8_t *room = attribute(w, type, len);

	if (room != NULL && len != 0)
		memcpy(room, value, len);
}

void
stun_write_zeros(struct cv_writer *w, enum stun_type type, size_t len)
{
	uint8_t *room = attribute(w, type, len);

	if (room != NULL)
		memset(room, 0, len);
}

void
stun_write_address(
	struct cv_writer *w, enum stun_type type, const struct cv_endpoint *ep, const uint8_t *id)
{
	bool six = ep->ip.family == CV_IPV6;
	size_t len = six ? IPV6_BYTES : IPV4_BYTES;
	uint8_t value[4 + IPV6_BYTES] = {
		0, six ? FAMILY_IPV6 : FAMILY_IPV4, (uint8_t)(ep->port >> 8), (uint8_t)ep->port};

	memcpy(value + 4, ep->ip.bytes, len);
	if (id != NULL) {
		value[2] ^= id[0];
		value[3] ^= id[1];
		for (size_t i = 0; i < len; i++)
			value[4 + i] ^= id[i];
	}
	stun_write_attribute(w, type, value, 4 + len);
}

void
stun_write_finish(struct cv_writer *w, bool fingerprint)
{
	size_t len = cv_written(w) + (fingerprint ? STUN_FINGERPRINT_BYTES : 0) - STUN_HEADER;

	if (w->failed || len > UINT16_MAX) {
		w->failed = true;
		return;
	}
	/* the sum is over the length, which counts FINGERPRINT already */
	cv_patch_u16(w, 2, (uint16_t)len);
	if (fingerprint) {
		uint32_t sum = stun_fingerprint(w->start, cv_written(w));

		cv_write_u16(w, STUN_FINGERPRINT);
		cv_write_u16(w, STUN_FINGERPRINT_BYTES - ATTRIBUTE_HEADER);
		cv_write_u32(w, sum);
	}
}
