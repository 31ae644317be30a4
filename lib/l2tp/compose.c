/* SPDX-License-Identifier: BSD-3-Clause */
/* The messages that we send. */
#include "l2tp/compose.h"

#include <string.h>

enum {
	FRAMING_BOTH = 3,
	FRAMING_SYNC = 1,
	CONNECT_SPEED_BPS = 100000000,
	MINIMUM_BPS = 9600, /* of a call that we ask for: whatever there is */
	BEARER_ANY = 3,     /* analog or digital */
};

/* What opens the secret to nobody but may be told to who has it: all of a set-up and of its calls.
 */
static void
begin(struct l2tp_builder *b, const struct l2tp_params *p, enum l2tp_message_type type)
{
	l2tp_build(b, p->crypto, p->hide_avps ? l2tp_secret(p) : (struct cv_bytes){0}, type);
}

/* For a peer too that has another secret, or none. */
static void
begin_plain(struct l2tp_builder *b, const struct l2tp_params *p, enum l2tp_message_type type)
{
	l2tp_build(b, p->crypto, (struct cv_bytes){0}, type);
}

bool
l2tp_respond(const struct l2tp_params *p, uint8_t type, struct cv_bytes challenge,
	uint8_t out[CRYPTO_MD5_BYTES])
{
	const struct cv_bytes parts[] = {{&type, 1}, l2tp_secret(p), challenge};

	return crypto_md5(p->crypto, parts, 3, out) == 0;
}

static void
put_identity(
	struct l2tp_builder *b, const struct l2tp_params *p, const uint8_t *challenge, bool ecn)
{
	l2tp_put_u16(b, L2TP_AVP_PROTOCOL_VERSION, L2TP_PROTOCOL_VERSION);
	l2tp_put_u32(b, L2TP_AVP_FRAMING_CAPABILITIES, FRAMING_BOTH);
	/* an LNS asks nobody else for a call (section 4.4.3, Bearer Capabilities) */
	l2tp_put_u32(b, L2TP_AVP_BEARER_CAPABILITIES, p->outgoing ? BEARER_ANY : 0);
	l2tp_put(b, L2TP_AVP_HOST_NAME, p->host_name, strlen(p->host_name));
	l2tp_put(b, L2TP_AVP_VENDOR_NAME, "Culvert", strlen("Culvert"));
	l2tp_put_u16(b, L2TP_AVP_ASSIGNED_TUNNEL_ID, p->local_tunnel_id);
	l2tp_put_u16(b, L2TP_AVP_RECEIVE_WINDOW_SIZE, p->receive_window);
	if (challenge != NULL)
		l2tp_put(b, L2TP_AVP_CHALLENGE, challenge, L2TP_CHALLENGE_BYTES);
	if (p->ecn && ecn)
		l2tp_put(b, L2TP_AVP_ECN_CAPABILITY, NULL, 0);
}

static void
put_response(
	struct l2tp_builder *b, const struct l2tp_params *p, uint8_t type, struct cv_bytes asked)
{
	uint8_t response[CRYPTO_MD5_BYTES];

	if (asked.len == 0)
		return;
	if (!l2tp_respond(p, type, asked, response))
		b->w.failed = true;
	else
		l2tp_put(b, L2TP_AVP_CHALLENGE_RESPONSE, response, sizeof(response));
}

void
l2tp_compose_sccrq(struct l2tp_builder *b, const struct l2tp_params *p, const uint8_t *challenge)
{
	begin(b, p, L2TP_SCCRQ);
	put_identity(b, p, challenge, true);
	if (p->tie_breaker != NULL)
		l2tp_put(b, L2TP_AVP_TIE_BREAKER, p->tie_breaker, L2TP_TIE_BREAKER_BYTES);
}

void
l2tp_compose_sccrp(struct l2tp_builder *b, const struct l2tp_params *p, const uint8_t *challenge,
	struct cv_bytes asked, bool ecn)
{
	begin(b, p, L2TP_SCCRP);
	put_identity(b, p, challenge, ecn);
	put_response(b, p, L2TP_SCCRP, asked);
}

void
l2tp_compose_scccn(struct l2tp_builder *b, const struct l2tp_params *p, struct cv_bytes asked)
{
	begin(b, p, L2TP_SCCCN);
	put_response(b, p, L2TP_SCCCN, asked);
}

void
l2tp_compose_stopccn(
	struct l2tp_builder *b, const struct l2tp_params *p, const struct l2tp_reason *reason)
{
	begin_plain(b, p, L2TP_STOPCCN);
	l2tp_put_u16(b, L2TP_AVP_ASSIGNED_TUNNEL_ID, p->local_tunnel_id);
	l2tp_put_reason(b, reason);
}

void
l2tp_compose_hello(struct l2tp_builder *b, const struct l2tp_params *p)
{
	begin_plain(b, p, L2TP_HELLO);
}

/* What of it belongs into a message of this type. */
static void
put_told(struct l2tp_builder *b, const struct l2tp_told *told, enum l2tp_message_type type)
{
	struct l2tp_said said;
	size_t at = 0;

	while (l2tp_told_next(told, &at, &said)) {
		const struct l2tp_avp_rule *rule = l2tp_avp_rule((uint16_t)said.avp);

		if (rule != NULL && (rule->allowed_in >> type & 1) != 0)
			l2tp_put(b, said.avp, said.value.data, said.value.len);
	}
}

void
l2tp_compose_icrq(struct l2tp_builder *b, const struct l2tp_params *p, uint16_t local_session,
	uint32_t serial, const struct l2tp_told *told)
{
	begin(b, p, L2TP_ICRQ);
	l2tp_put_u16(b, L2TP_AVP_ASSIGNED_SESSION_ID, local_session);
	l2tp_put_u32(b, L2TP_AVP_CALL_SERIAL_NUMBER, serial);
	put_told(b, told, L2TP_ICRQ);
	if (b->w.failed && told != NULL)
		l2tp_compose_icrq(b, p, local_session, serial, NULL);
}

void
l2tp_compose_icrp(struct l2tp_builder *b, const struct l2tp_params *p, uint16_t local_session)
{
	begin(b, p, L2TP_ICRP);
	l2tp_put_u16(b, L2TP_AVP_ASSIGNED_SESSION_ID, local_session);
}

/* What a line would say of itself, where nobody has said it. */
static void
put_connected(struct l2tp_builder *b, const struct l2tp_told *told)
{
	struct cv_bytes said;

	if (!l2tp_told_get(told, L2TP_AVP_CONNECT_SPEED, &said))
		l2tp_put_u32(b, L2TP_AVP_CONNECT_SPEED, CONNECT_SPEED_BPS);
	if (!l2tp_told_get(told, L2TP_AVP_FRAMING_TYPE, &said))
		l2tp_put_u32(b, L2TP_AVP_FRAMING_TYPE, FRAMING_SYNC);
}

void
l2tp_compose_iccn(struct l2tp_builder *b, const struct l2tp_params *p, const struct l2tp_told *told)
{
	begin(b, p, L2TP_ICCN);
	put_connected(b, told);
	put_told(b, told, L2TP_ICCN);
	if (b->w.failed && told != NULL)
		l2tp_compose_iccn(b, p, NULL);
}

void
l2tp_compose_ocrq(struct l2tp_builder *b, const struct l2tp_params *p, uint16_t local_session,
	uint32_t serial, struct cv_bytes number)
{
	begin(b, p, L2TP_OCRQ);
	l2tp_put_u16(b, L2TP_AVP_ASSIGNED_SESSION_ID, local_session);
	l2tp_put_u32(b, L2TP_AVP_CALL_SERIAL_NUMBER, serial);
	l2tp_put_u32(b, L2TP_AVP_MINIMUM_BPS, MINIMUM_BPS);
	l2tp_put_u32(b, L2TP_AVP_MAXIMUM_BPS, CONNECT_SPEED_BPS);
	l2tp_put_u32(b, L2TP_AVP_BEARER_TYPE, BEARER_ANY);
	l2tp_put_u32(b, L2TP_AVP_FRAMING_TYPE, FRAMING_BOTH);
	l2tp_put(b, L2TP_AVP_CALLED_NUMBER, number.data, number.len);
}

void
l2tp_compose_ocrp(struct l2tp_builder *b, const struct l2tp_params *p, uint16_t local_session)
{
	begin(b, p, L2TP_OCRP);
	l2tp_put_u16(b, L2TP_AVP_ASSIGNED_SESSION_ID, local_session);
}

void
l2tp_compose_occn(struct l2tp_builder *b, const struct l2tp_params *p)
{
	begin(b, p, L2TP_OCCN);
	put_connected(b, NULL);
}

void
l2tp_compose_cdn(struct l2tp_builder *b, const struct l2tp_params *p, uint16_t local_session,
	const struct l2tp_reason *reason)
{
	begin(b, p, L2TP_CDN);
	l2tp_put_reason(b, reason);
	l2tp_put_u16(b, L2TP_AVP_ASSIGNED_SESSION_ID, local_session);
}

void
l2tp_compose_sli(struct l2tp_builder *b, const struct l2tp_params *p, uint32_t send_accm,
	uint32_t receive_accm)
{
	uint8_t value[10];
	struct cv_writer w = cv_writer(value, sizeof(value));

	cv_write_u16(&w, 0);
	cv_write_u32(&w, send_accm);
	cv_write_u32(&w, receive_accm);
	begin(b, p, L2TP_SLI);
	l2tp_put(b, L2TP_AVP_ACCM, value, sizeof(value));
}
