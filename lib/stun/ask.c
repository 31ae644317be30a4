/* SPDX-License-Identifier: BSD-3-Clause */
/* A client's messages (RFC 8489 sections 6.1, 6.3.3 and 6.3.4, RFC 5780 section 7). */
#include "stun/ask.h"

int
stun_write_request(const struct stun_ask *ask, uint8_t *out, size_t capacity)
{
	struct cv_writer w = cv_writer(out, capacity);
	uint8_t id[STUN_ID];
	struct cv_writer cookie = cv_writer(id, sizeof(id));

	if (ask->response_port != 0 && ask->padding != 0)
		return CV_ERR_STATE;
	cv_write_u32(&cookie, STUN_COOKIE);
	cv_write_bytes(&cookie, ask->transaction, STUN_TRANSACTION);
	stun_write_header(&w, STUN_REQUEST, STUN_BINDING, id);
	if (ask->change_ip || ask->change_port) {
		uint8_t flags[4] = {0, 0, 0,
			(uint8_t)((ask->change_ip ? STUN_CHANGE_IP : 0) |
				  (ask->change_port ? STUN_CHANGE_PORT : 0))};

		stun_write_attribute(&w, STUN_CHANGE_REQUEST, flags, sizeof(flags));
	}
	if (ask->response_port != 0) {
		uint8_t port[4] = {(uint8_t)(ask->response_port >> 8), (uint8_t)ask->response_port};

		stun_write_attribute(&w, STUN_RESPONSE_PORT, port, sizeof(port));
	}
	if (ask->padding != 0)
		stun_write_zeros(&w, STUN_PADDING, ask->padding);
	stun_write_finish(&w, ask->fingerprint);
	return w.failed ? CV_ERR_SPACE : (int)cv_written(&w);
}

/* An address that was not said yet; one of a family that is not known is none. */
static int
take_address(struct cv_bytes value, const uint8_t *id, struct cv_endpoint *out)
{
	struct cv_endpoint ep;
	int rc;

	if (out->ip.family != 0)
		return 0;
	rc = stun_read_address(value, id, &ep);
	if (rc == 0)
		*out = ep;
	return rc == CV_ERR_UNKNOWN ? 0 : rc;
}

static int
take_error(struct cv_bytes value, struct stun_response *out)
{
	struct cv_reader r = cv_reader(value.data, value.len);
	unsigned class, number;

	(void)cv_read_u16(&r);
	class = cv_read_u8(&r) & 7u;
	number = cv_read_u8(&r);
	if (r.failed || class < 3 || class > 6 || number > 99)
		return CV_ERR_MALFORMED;
	if (out->error == 0)
		out->error = class * 100 + number;
	return 0;
}

static int
take(const struct stun_message *m, const struct stun_attribute *a, struct stun_response *out,
	struct cv_endpoint *plain)
{
	switch (a->type) {
	case STUN_XOR_MAPPED_ADDRESS:
		return take_address(a->value, m->id, &out->mapped);
	case STUN_MAPPED_ADDRESS:
		return take_address(a->value, NULL, plain);
	case STUN_OTHER_ADDRESS:
		return take_address(a->value, NULL, &out->other);
	case STUN_RESPONSE_ORIGIN:
		return take_address(a->value, NULL, &out->origin);
	case STUN_ERROR_CODE:
		return m->class == STUN_ERROR ? take_error(a->value, out) : 0;
	case STUN_UNKNOWN_ATTRIBUTES:
		if (out->unknown.len == 0)
			out->unknown = a->value;
		return a->value.len % 2 == 0 ? 0 : CV_ERR_MALFORMED;
	/* of RFC 3489: servers that know nothing else send them; of RFC 5780 */
	case STUN_SOURCE_ADDRESS:
	case STUN_CHANGED_ADDRESS:
	case STUN_PADDING:
		return 0;
	default:
		return stun_known(a->type) ? 0 : CV_ERR_VERSION;
	}
}

int
stun_read_response(struct cv_bytes datagram, const uint8_t transaction[STUN_TRANSACTION],
	struct stun_response *out)
{
	struct cv_endpoint plain = {0};
	struct stun_attribute a;
	struct stun_message m;
	struct stun_cursor c;
	int rc = stun_parse(datagram, &m);

	*out = (struct stun_response){0};
	if (rc != 0)
		return rc;
	if ((m.class != STUN_SUCCESS && m.class != STUN_ERROR) || m.method != STUN_BINDING ||
		!m.cookie ||
		memcmp(m.id + STUN_ID - STUN_TRANSACTION, transaction, STUN_TRANSACTION) != 0)
		return CV_ERR_UNKNOWN;
	c = stun_attributes(&m);
	while (stun_next(&c, &a)) {
		rc = take(&m, &a, out, &plain);
		if (rc != 0)
			return rc;
	}
	if (m.class == STUN_ERROR)
		return out->error != 0 ? 0 : CV_ERR_MALFORMED;
	/* MAPPED-ADDRESS is what servers of RFC 3489 say, and NATs may have written into it */
	if (out->mapped.ip.family == 0)
		out->mapped = plain;
	return out->mapped.ip.family != 0 ? 0 : CV_ERR_MALFORMED;
}
