/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a LAC has negotiated with the peer before the call came here (RFC 2661 section 4.4.5): LCP
 * goes on from there as if the packets had been exchanged with us, or begins anew where they would
 * not have led to the same here; and the peer's proof to the LAC is judged as if it were to us. And
 * what we have negotiated, as LAC, for another to go on from.
 */
#include "ppp/private.h"

/* memcpy that takes no bytes at all, too. */
static void
copy(uint8_t *to, struct cv_bytes from)
{
	if (from.len != 0)
		memcpy(to, from.data, from.len);
}

/* Whether authentication may go on with what the LAC was told; the caller is asked then. */
bool
ppp_proxy_answer(struct ppp_link *l)
{
	const struct ppp_proxy *p = l->proxy;
	struct ppp_auth_block *a = l->auth;
	bool pap = l->method == PPP_AUTH_PAP;

	/* MS-CHAPv2 has no number among RFC 2661's types: challenged anew */
	if (p == NULL || p->method != (enum ppp_auth)l->method || l->method == PPP_AUTH_MSCHAPV2 ||
		p->name.len > PPP_NAME_MAX)
		return false;
	if (pap ? p->response.len > PPP_NAME_MAX
		: p->response.len != CRYPTO_MD5_BYTES || p->challenge.len == 0 ||
				p->challenge.len > PPP_CHALLENGE_MAX)
		return false;
	copy(a->name, p->name);
	a->name_len = (uint8_t)p->name.len;
	copy(pap ? a->password : a->response, p->response);
	if (pap) {
		a->password_len = (uint8_t)p->response.len;
	} else {
		a->response_len = (uint8_t)p->response.len;
		copy(a->challenge, p->challenge);
		a->challenge_len = (uint8_t)p->challenge.len;
	}
	l->auth_id = p->id;
	ppp_auth_ask_caller(l);
	return true;
}

int
ppp_link_adopt(struct ppp_link *l, uint64_t now, const struct ppp_proxy *proxy)
{
	int rc;

	if (!ppp_is_server(l) || l->lcp.state != PPP_INITIAL || l->finishing)
		return CV_ERR_STATE;
	if (!ppp_lcp_asked(l, proxy->sent)) {
		ppp_lcp_reset(l);
		return CV_ERR_CONFIG;
	}
	ppp_set_phase(l, PPP_PHASE_ESTABLISH);
	ppp_expect_proof(l, now);
	l->proxy = proxy;
	rc = ppp_cp_adopt(l, &ppp_lcp, now, proxy->received);
	l->proxy = NULL;
	if (rc != 0) {
		ppp_set_phase(l, PPP_PHASE_DEAD);
		l->prove_by = CV_TIME_NEVER;
		ppp_lcp_reset(l);
		return CV_ERR_CONFIG;
	}
	ppp_settle(l, now);
	return 0;
}

int
ppp_link_proxy(struct ppp_link *l, struct ppp_proxy *proxy, uint8_t room[PPP_PROXY_ROOM])
{
	struct cv_writer w = cv_writer(room, PPP_PROXY_ROOM);
	struct ppp_frame_writer fw;
	struct ppp_ev_auth q;
	struct cv_bytes sent;

	if (!ppp_is_server(l) || !ppp_auth_question(l, &q))
		return CV_ERR_STATE;
	sent = ppp_cp_requested(l, &ppp_lcp, &fw);
	cv_write_bytes(&w, sent.data, sent.len);
	ppp_lcp_accepted(l, &w);
	if (w.failed)
		return CV_ERR_STATE; /* no options of ours are so long */
	*proxy = (struct ppp_proxy){.sent = {room, sent.len},
		.received = {room + sent.len, cv_written(&w) - sent.len},
		.method = q.method,
		.id = q.id,
		.name = q.name,
		.challenge = q.challenge,
		.response = q.method == PPP_AUTH_PAP ? q.password : q.response};
	return 0;
}
