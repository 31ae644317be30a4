/* SPDX-License-Identifier: BSD-3-Clause */
#include "hand.h"

#include <string.h>

const char hand_by_condition[] =
	"ports: [{name: wan, device: 'af_packet:lns0'}]\n"
	"listeners: [{address: 192.0.2.1/24}]\n"
	"tunnels: {secrets: [{host: open, secret: none}, {peer: 203.0.113.0/24, secret: none},\n"
	"  {host: lac, secret-file: secret}]}\n"
	"groups: [{name: g, address: 10.0.0.1, pool: 10.0.0.0/24}]\n"
	"users: [{name: alice, password-file: alice}]\n"
	"limits: {sessions: 100, tunnels: 100}\n";

void
hand_init(struct hand *h, struct world *w, uint32_t ip, uint16_t port, uint16_t tunnel_id)
{
	*h = (struct hand){.w = w, .tunnel_id = tunnel_id};
	h->address = (struct cv_endpoint){.ip = cv_ipv4(ip), .port = port};
}

void
hand_begin(struct hand *h, enum l2tp_message_type type)
{
	l2tp_build(&h->b, h->w->crypto, (struct cv_bytes){0}, type);
}

static void
send_body(struct hand *h, uint16_t session_id, uint16_t ns, const void *body, size_t len)
{
	uint8_t bytes[LNS_DATAGRAM_MAX];
	struct cv_writer w = cv_writer(bytes, sizeof(bytes));

	l2tp_control_header_write(
		&w, h->peer_tunnel, session_id, (uint16_t)(L2TP_CONTROL_HEADER + len), ns, h->nr);
	cv_write_bytes(&w, body, len);
	assert_false(w.failed);
	world_inject(h->w, &h->address, bytes, cv_written(&w));
}

void
hand_send_ns(struct hand *h, uint16_t session_id, uint16_t ns)
{
	send_body(h, session_id, ns, h->b.body, cv_written(&h->b.w));
}

void
hand_send(struct hand *h, uint16_t session_id)
{
	hand_send_ns(h, session_id, h->ns++);
}

void
hand_zlb(struct hand *h)
{
	send_body(h, 0, h->ns, NULL, 0);
}

bool
hand_next(struct hand *h)
{
	struct world *w = h->w;
	struct l2tp_fault fault;

	while (w->read_outside != w->n_outside) {
		const struct world_sent *s = &w->outside[w->read_outside++ % WORLD_OUTSIDE];

		if (!cv_endpoint_equal(&s->to, &h->address))
			continue;
		memcpy(h->bytes, s->bytes, s->len);
		assert_int_equal(l2tp_header_parse(h->bytes, s->len, &h->header), 0);
		if (!h->header.is_control)
			continue;
		h->m.type = L2TP_ZLB;
		if (h->header.payload.len == 0)
			return true;
		assert_int_equal(l2tp_message_parse(w->crypto,
					 (struct cv_bytes){(const uint8_t *)"tunnelsecret", 12},
					 h->header.payload, &h->m, &fault),
			0);
		if (h->header.ns == h->nr)
			h->nr++;
		if (h->m.type == L2TP_SCCRP)
			h->peer_tunnel = l2tp_get_u16(&h->m, L2TP_AVP_ASSIGNED_TUNNEL_ID);
		return true;
	}
	return false;
}

bool
hand_expect(struct hand *h, enum l2tp_message_type type)
{
	while (hand_next(h))
		if (h->m.type == type)
			return true;
	return false;
}

struct l2tp_reason
hand_reason(struct hand *h, char text[L2TP_MESSAGE_MAX])
{
	struct cv_bytes v = h->m.value[L2TP_AVP_RESULT_CODE];
	struct cv_reader r = cv_reader(v.data, v.len);
	struct l2tp_reason reason = {.by_peer = true, .message = text};
	size_t len;

	assert_true(l2tp_has(&h->m, L2TP_AVP_RESULT_CODE));
	reason.result = cv_read_u16(&r);
	reason.error = cv_remaining(&r) >= 2 ? cv_read_u16(&r) : 0;
	len = cv_remaining(&r);
	assert_true(len < L2TP_MESSAGE_MAX);
	memcpy(text, r.pos, len);
	text[len] = '\0';
	return reason;
}

void
hand_sccrq(struct hand *h, const char *host, const char *challenge)
{
	hand_begin(h, L2TP_SCCRQ);
	l2tp_put_u16(&h->b, L2TP_AVP_PROTOCOL_VERSION, 0x0100);
	l2tp_put_u32(&h->b, L2TP_AVP_FRAMING_CAPABILITIES, 3);
	l2tp_put(&h->b, L2TP_AVP_HOST_NAME, host, strlen(host));
	l2tp_put_u16(&h->b, L2TP_AVP_ASSIGNED_TUNNEL_ID, h->tunnel_id);
	if (challenge != NULL)
		l2tp_put(&h->b, L2TP_AVP_CHALLENGE, challenge, strlen(challenge));
}

void
hand_prove(struct hand *h, const char *secret)
{
	uint8_t type = L2TP_SCCCN, response[CRYPTO_MD5_BYTES];

	hand_begin(h, L2TP_SCCCN);
	if (secret != NULL && l2tp_has(&h->m, L2TP_AVP_CHALLENGE)) {
		struct cv_bytes parts[] = {{&type, 1}, {(const uint8_t *)secret, strlen(secret)},
			h->m.value[L2TP_AVP_CHALLENGE]};

		assert_int_equal(crypto_md5(h->w->crypto, parts, 3, response), 0);
		l2tp_put(&h->b, L2TP_AVP_CHALLENGE_RESPONSE, response, sizeof(response));
	}
	hand_send(h, 0);
}

bool
hand_tunnel(struct hand *h, const char *host, const char *secret)
{
	hand_sccrq(h, host, NULL);
	hand_send(h, 0);
	if (!hand_expect(h, L2TP_SCCRP))
		return false;
	hand_prove(h, secret);
	return hand_next(h) && h->m.type == L2TP_ZLB;
}

uint16_t
hand_call(struct hand *h, uint16_t session_id)
{
	hand_begin(h, L2TP_ICRQ);
	l2tp_put_u16(&h->b, L2TP_AVP_ASSIGNED_SESSION_ID, session_id);
	l2tp_put_u32(&h->b, L2TP_AVP_CALL_SERIAL_NUMBER, session_id);
	hand_send(h, 0);
	while (hand_next(h))
		if (h->m.type == L2TP_ICRP || h->m.type == L2TP_CDN)
			return h->m.type == L2TP_CDN
				       ? 0
				       : l2tp_get_u16(&h->m, L2TP_AVP_ASSIGNED_SESSION_ID);
	return 0;
}

void
hand_connect(struct hand *h, uint16_t peer_session)
{
	hand_begin(h, L2TP_ICCN);
	l2tp_put_u32(&h->b, L2TP_AVP_CONNECT_SPEED, 1000000);
	l2tp_put_u32(&h->b, L2TP_AVP_FRAMING_TYPE, 1);
	hand_send(h, peer_session);
}
