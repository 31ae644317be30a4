/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control connection's automaton (RFC 2661 section 7.2) in both roles, tunnel authentication
 * (5.1.1), and the end by StopCCN (5.7).
 */
#include <string.h>

#include "l2tp/private.h"

/* Whether the peer has proved that it knows the secret; where none is set it need not. */
static bool
proved(const struct l2tp_tunnel *t, const struct l2tp_message *m)
{
	uint8_t expected[CRYPTO_MD5_BYTES];

	if (t->params.secret == NULL)
		return true;
	if (!l2tp_has(m, L2TP_AVP_CHALLENGE_RESPONSE))
		return false;
	return l2tp_respond(&t->params, (uint8_t)m->type,
		       (struct cv_bytes){t->challenge, sizeof(t->challenge)}, expected) &&
	       crypto_equal(expected, m->value[L2TP_AVP_CHALLENGE_RESPONSE].data, sizeof(expected));
}

/* Ours to the peer, or NULL: it need not prove itself. */
static const uint8_t *
choose_challenge(struct l2tp_tunnel *t)
{
	if (t->params.secret == NULL)
		return NULL;
	if (t->params.challenge != NULL)
		memcpy(t->challenge, t->params.challenge, sizeof(t->challenge));
	else
		crypto_random(t->params.crypto, t->challenge, sizeof(t->challenge));
	return t->challenge;
}

/* The peer's to us; no bytes: we need not prove ourselves. */
static struct cv_bytes
asked(const struct l2tp_message *m)
{
	return l2tp_has(m, L2TP_AVP_CHALLENGE) ? m->value[L2TP_AVP_CHALLENGE]
					       : (struct cv_bytes){0};
}

int
l2tp_tunnel_connect(struct l2tp_tunnel *t, uint64_t now)
{
	struct l2tp_builder b;

	if (t->role != L2TP_INITIATOR || t->state != L2TP_IDLE)
		return CV_ERR_STATE;
	l2tp_compose_sccrq(&b, &t->params, choose_challenge(t));
	l2tp_send_message(t, now, &b, 0);
	l2tp_set_state(t, L2TP_WAIT_REPLY);
	return t->reliable.dead ? CV_ERR_NOMEM : 0;
}

/* What SCCRQ and SCCRP have in common. false: the tunnel was closed. */
static bool
take_identity(struct l2tp_tunnel *t, uint64_t now, const struct l2tp_message *m)
{
	uint16_t version = l2tp_get_u16(m, L2TP_AVP_PROTOCOL_VERSION);

	l2tp_read_identity(m, &t->peer);
	if (version >> 8 != L2TP_PROTOCOL_VERSION >> 8) {
		l2tp_fault_close(t, now, L2TP_STOPCCN_VERSION, L2TP_PROTOCOL_VERSION,
			"Protocol Version 1.0 is spoken here");
		return false;
	}
	if (t->peer.tunnel_id == 0) {
		l2tp_fault_close(
			t, now, L2TP_STOPCCN_ERROR, L2TP_ERROR_VALUE, "Assigned Tunnel ID is 0");
		return false;
	}
	if (l2tp_has(m, L2TP_AVP_RECEIVE_WINDOW_SIZE)) {
		if (t->peer.window == 0) {
			l2tp_fault_close(t, now, L2TP_STOPCCN_ERROR, L2TP_ERROR_VALUE,
				"Receive Window Size is 0");
			return false;
		}
		l2tp_reliable_set_peer_window(&t->reliable, t->peer.window);
	}
	if (l2tp_has(m, L2TP_AVP_CHALLENGE) && t->params.secret == NULL &&
		t->params.refuse == NULL) {
		l2tp_fault_close(t, now, L2TP_STOPCCN_NOT_AUTHORIZED, 0,
			"a challenge, but no secret is configured here");
		return false;
	}
	return true;
}

static void
refuse_proof(struct l2tp_tunnel *t, uint64_t now, const struct l2tp_message *m)
{
	t->proof_failed = true;
	l2tp_fault_close(t, now, L2TP_STOPCCN_NOT_AUTHORIZED, 0,
		l2tp_has(m, L2TP_AVP_CHALLENGE_RESPONSE) ? "wrong Challenge Response"
							 : "Challenge Response is missing");
}

static void
take_sccrq(struct l2tp_tunnel *t, uint64_t now, const struct l2tp_message *m)
{
	struct l2tp_builder b;

	if (!take_identity(t, now, m))
		return;
	if (t->params.refuse != NULL) {
		l2tp_tunnel_close(t, now, t->params.refuse);
		return;
	}
	l2tp_compose_sccrp(&b, &t->params, choose_challenge(t), asked(m), t->peer.ecn);
	l2tp_send_message(t, now, &b, 0);
	l2tp_set_state(t, L2TP_WAIT_CONNECT);
}

static void
established(struct l2tp_tunnel *t)
{
	cv_wipe(t->challenge, sizeof(t->challenge));
	t->up_pending = true;
	l2tp_set_state(t, L2TP_ESTABLISHED);
}

static void
take_sccrp(struct l2tp_tunnel *t, uint64_t now, const struct l2tp_message *m)
{
	struct l2tp_builder b;

	if (!take_identity(t, now, m))
		return;
	if (!proved(t, m)) {
		refuse_proof(t, now, m);
		return;
	}
	l2tp_compose_scccn(&b, &t->params, asked(m));
	l2tp_send_message(t, now, &b, 0);
	established(t);
}

static void
take_scccn(struct l2tp_tunnel *t, uint64_t now, const struct l2tp_message *m)
{
	if (!proved(t, m))
		refuse_proof(t, now, m);
	else
		established(t);
}

/* Acknowledged, and remembered for as long as the peer may repeat it (5.7). */
static void
take_stopccn(struct l2tp_tunnel *t, uint64_t now, const struct l2tp_message *m)
{
	char text[L2TP_MESSAGE_MAX];
	struct l2tp_reason reason = l2tp_read_reason(m, text);

	if (t->peer.tunnel_id == 0)
		t->peer.tunnel_id = l2tp_get_u16(m, L2TP_AVP_ASSIGNED_TUNNEL_ID);
	l2tp_reliable_drop_unsent(&t->reliable);
	if (t->state != L2TP_CLOSING)
		l2tp_go_down(t, L2TP_CLOSED, &reason);
	else
		l2tp_set_state(t, L2TP_CLOSED);
	t->reliable.retransmit_at = CV_TIME_NEVER;
	t->deadline = cv_time_add(now, l2tp_reliable_cycle(&t->reliable));
}

/* Section 7.2.1: what is not named here for a state closes the connection there. */
void
l2tp_control_message(struct l2tp_tunnel *t, uint64_t now, const struct l2tp_message *m,
	const struct l2tp_fault *fault)
{
	if (t->state == L2TP_CLOSING && m->type != L2TP_STOPCCN)
		return;
	if (fault != NULL && m->type != L2TP_STOPCCN) {
		/* of one that opens a connection perhaps not even the type could be read */
		if (t->peer.tunnel_id == 0)
			t->peer.tunnel_id = l2tp_get_u16(m, L2TP_AVP_ASSIGNED_TUNNEL_ID);
		l2tp_fault_close(t, now, L2TP_STOPCCN_ERROR, fault->error, fault->text);
		return;
	}
	switch (m->type) {
	case L2TP_SCCRQ:
		if (t->role == L2TP_RESPONDER && t->state == L2TP_IDLE) {
			take_sccrq(t, now, m);
			return;
		}
		break;
	case L2TP_SCCRP:
		if (t->state == L2TP_WAIT_REPLY) {
			take_sccrp(t, now, m);
			return;
		}
		break;
	case L2TP_SCCCN:
		if (t->state == L2TP_WAIT_CONNECT) {
			take_scccn(t, now, m);
			return;
		}
		break;
	case L2TP_STOPCCN:
		take_stopccn(t, now, m);
		return;
	case L2TP_HELLO:
		return; /* its acknowledgement is all that it wants (6.5) */
	default:
		break;
	}
	t->counters.rx_unexpected++;
	l2tp_fault_close(t, now, L2TP_STOPCCN_FSM, 0, l2tp_message_name(m->type));
}
