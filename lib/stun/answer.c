/* SPDX-License-Identifier: BSD-3-Clause */
/* A server without state (RFC 8489 sections 6.3.1 and 12, RFC 5780 section 6.1). */
#include "stun/answer.h"

enum { BAD_REQUEST = 400, UNKNOWN_ATTRIBUTE = 420, ATTRIBUTE_HEADER = 4 };

/* What a request wants. Of each attribute the first one counts (RFC 8489 section 14). */
struct asked {
	bool bad; /* an attribute of RFC 5780 has another length than its own */
	bool change, change_ip, change_port;
	bool has_port, has_padding;
	uint16_t port;  /* RESPONSE-PORT */
	size_t padding; /* bytes */
	unsigned n;     /* unknown attributes */
	uint16_t unknown[STUN_UNKNOWN_MAX];
};

static void
note_unknown(struct asked *asked, uint16_t type)
{
	for (unsigned i = 0; i < asked->n; i++)
		if (asked->unknown[i] == type)
			return;
	asked->unknown[asked->n++] = type;
}

/* Whether it is one of RFC 5780's (sections 7.2, 7.5, 7.6). */
static bool
read_behaviour(const struct stun_attribute *a, struct asked *asked)
{
	struct cv_reader r = cv_reader(a->value.data, a->value.len);

	switch (a->type) {
	case STUN_CHANGE_REQUEST:
		if (!asked->change) {
			uint32_t flags = cv_read_u32(&r);

			asked->change = true;
			asked->change_ip = (flags & STUN_CHANGE_IP) != 0;
			asked->change_port = (flags & STUN_CHANGE_PORT) != 0;
			asked->bad = asked->bad || a->value.len != 4;
		}
		return true;
	case STUN_RESPONSE_PORT:
		if (!asked->has_port) {
			asked->has_port = true;
			asked->port = cv_read_u16(&r);
			/* its two bytes of padding may be counted in the length, or not */
			asked->bad = asked->bad || (a->value.len != 2 && a->value.len != 4);
		}
		return true;
	case STUN_PADDING:
		if (!asked->has_padding)
			asked->padding = a->value.len;
		asked->has_padding = true;
		return true;
	default:
		return false;
	}
}

static void
read_request(const struct stun_message *m, bool behaviour, struct asked *asked)
{
	struct stun_cursor c = stun_attributes(m);
	struct stun_attribute a;

	/* a full list is an answer, whatever comes behind */
	while (asked->n < STUN_UNKNOWN_MAX && stun_next(&c, &a))
		if (!stun_known(a.type) && !(behaviour && read_behaviour(&a, asked)))
			note_unknown(asked, a.type);
}

/* n unknown attributes take at least 4n bytes of a request, and here 12 and 2n, padded: the answer
 * is at most 12 bytes longer, whatever n is. */
static void
write_error(
	struct cv_writer *w, const struct stun_message *m, unsigned code, const struct asked *asked)
{
	uint8_t error[4] = {0, 0, (uint8_t)(code / 100), (uint8_t)(code % 100)};
	uint8_t types[2 * STUN_UNKNOWN_MAX + 2];
	struct cv_writer list = cv_writer(types, sizeof(types));

	stun_write_header(w, STUN_ERROR, STUN_BINDING, m->id);
	stun_write_attribute(w, STUN_ERROR_CODE, error, sizeof(error));
	if (code != UNKNOWN_ATTRIBUTE)
		return;
	for (unsigned i = 0; i < asked->n; i++)
		cv_write_u16(&list, asked->unknown[i]);
	/* RFC 3489 knows no padding: the last one comes twice */
	if (!m->cookie && asked->n % 2 != 0)
		cv_write_u16(&list, asked->unknown[asked->n - 1]);
	stun_write_attribute(w, STUN_UNKNOWN_ATTRIBUTES, types, cv_written(&list));
}

/* What RFC 5780 adds to a success. PADDING is as long as the request's, and not as the MTU, which
 * the RFC would rather have: it would make much of little. */
static void
write_behaviour(struct cv_writer *w, const struct stun_server *server, const struct asked *asked,
	struct stun_reply *reply, size_t keep)
{
	struct cv_endpoint origin = server->here;

	reply->other_ip = asked->change_ip;
	reply->other_port = asked->change_port;
	if (asked->has_port)
		reply->port = asked->port;
	if (asked->change_ip)
		origin.ip = server->other.ip;
	if (asked->change_port)
		origin.port = server->other.port;
	stun_write_address(w, STUN_RESPONSE_ORIGIN, &origin, NULL);
	stun_write_address(w, STUN_OTHER_ADDRESS, &server->other, NULL);
	if (asked->has_padding) {
		size_t room = (size_t)(w->end - w->pos);

		keep += ATTRIBUTE_HEADER;
		room = room < keep ? 0 : (room - keep) / 4 * 4;
		stun_write_zeros(w, STUN_PADDING, asked->padding < room ? asked->padding : room);
	}
}

/* What is no Binding request is told apart before anything is looked at that takes time. */
static enum stun_reason
take(const struct stun_server *server, struct cv_bytes datagram, struct stun_message *m)
{
	if (stun_parse_header(datagram, m) != 0)
		return STUN_MALFORMED;
	if (m->class != STUN_REQUEST)
		return STUN_NOT_REQUEST;
	if (m->method != STUN_BINDING)
		return STUN_NOT_BINDING;
	if (!m->cookie && !server->classic)
		return STUN_NO_COOKIE;
	if (stun_parse_attributes(m) != 0)
		return STUN_MALFORMED;
	return stun_fingerprint_right(m) ? STUN_ANSWERED : STUN_FINGERPRINT_WRONG;
}

enum stun_reason
stun_answer(const struct stun_server *server, const struct cv_endpoint *from,
	struct cv_bytes datagram, uint8_t *out, size_t capacity, struct stun_reply *reply)
{
	struct cv_writer w = cv_writer(out, capacity);
	struct asked asked = {0};
	struct stun_message m;
	enum stun_reason reason;
	bool behaviour;

	*reply = (struct stun_reply){.port = from->port};
	if (from->port == 0)
		return STUN_PORT_ZERO;
	reason = take(server, datagram, &m);
	if (reason != STUN_ANSWERED)
		return reason;
	behaviour = server->other.ip.family != 0 && m.cookie;
	read_request(&m, behaviour, &asked);
	if (asked.n != 0) {
		write_error(&w, &m, UNKNOWN_ATTRIBUTE, &asked);
	} else if (asked.bad || (asked.has_port && asked.has_padding)) {
		write_error(&w, &m, BAD_REQUEST, &asked);
	} else if (asked.has_port && asked.port == 0) {
		return STUN_PORT_ZERO;
	} else {
		stun_write_header(&w, STUN_SUCCESS, STUN_BINDING, m.id);
		if (!m.cookie || behaviour)
			stun_write_address(&w, STUN_MAPPED_ADDRESS, from, NULL);
		if (m.cookie)
			stun_write_address(&w, STUN_XOR_MAPPED_ADDRESS, from, m.id);
		if (behaviour)
			write_behaviour(&w, server, &asked, reply,
				m.fingerprint == NULL ? 0 : STUN_FINGERPRINT_BYTES);
	}
	stun_write_finish(&w, m.fingerprint != NULL);
	reply->len = w.failed ? 0 : cv_written(&w);
	return STUN_ANSWERED;
}
