/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The messages that we send, AVP by AVP (RFC 2661 section 6), and the Challenge Response (5.1.1).
 * What is decided about them is the automata's. Each starts the builder; where something failed,
 * b->w.failed says so.
 */
#ifndef L2TP_COMPOSE_H
#define L2TP_COMPOSE_H

#include "l2tp/message.h"
#include "l2tp/tunnel.h"

/* Who sends: its cryptographic context, secret, names. challenge: L2TP_CHALLENGE_BYTES, or NULL:
 * the peer need not prove itself. asked: the peer's Challenge, or no bytes: it sent none. ecn: so
 * did it say ECN Capability. */
void l2tp_compose_sccrq(
	struct l2tp_builder *b, const struct l2tp_params *p, const uint8_t *challenge);
void l2tp_compose_sccrp(struct l2tp_builder *b, const struct l2tp_params *p,
	const uint8_t *challenge, struct cv_bytes asked, bool ecn);
void l2tp_compose_scccn(struct l2tp_builder *b, const struct l2tp_params *p, struct cv_bytes asked);
void l2tp_compose_stopccn(
	struct l2tp_builder *b, const struct l2tp_params *p, const struct l2tp_reason *reason);
void l2tp_compose_hello(struct l2tp_builder *b, const struct l2tp_params *p);

/* told: what is said beside; NULL: nothing. Where that makes the message too long it is left out.
 */
void l2tp_compose_icrq(struct l2tp_builder *b, const struct l2tp_params *p, uint16_t local_session,
	uint32_t serial, const struct l2tp_told *told);
void l2tp_compose_icrp(struct l2tp_builder *b, const struct l2tp_params *p, uint16_t local_session);
void l2tp_compose_iccn(
	struct l2tp_builder *b, const struct l2tp_params *p, const struct l2tp_told *told);
/* number: of who is to be called; may have no bytes. */
void l2tp_compose_ocrq(struct l2tp_builder *b, const struct l2tp_params *p, uint16_t local_session,
	uint32_t serial, struct cv_bytes number);
void l2tp_compose_ocrp(struct l2tp_builder *b, const struct l2tp_params *p, uint16_t local_session);
void l2tp_compose_occn(struct l2tp_builder *b, const struct l2tp_params *p);
/* local_session 0: a call that never had an ID of ours. */
void l2tp_compose_cdn(struct l2tp_builder *b, const struct l2tp_params *p, uint16_t local_session,
	const struct l2tp_reason *reason);
void l2tp_compose_sli(struct l2tp_builder *b, const struct l2tp_params *p, uint32_t send_accm,
	uint32_t receive_accm);

/* What a message of this type must answer a challenge with, by who has the secret of p; false: the
 * cryptographic library failed. */
bool l2tp_respond(const struct l2tp_params *p, uint8_t type, struct cv_bytes challenge,
	uint8_t out[CRYPTO_MD5_BYTES]);

/* The tunnel's secret; no bytes where there is none. */
static inline struct cv_bytes
l2tp_secret(const struct l2tp_params *p)
{
	return (struct cv_bytes){p->secret, p->secret == NULL ? 0 : p->secret_len};
}

#endif
