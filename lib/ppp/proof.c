/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether the peer of a link that is up receives at another place: a question beside the link, by
 * CHAP (RFC 1994 section 2: it may be asked at any time) or by LCP's echo (RFC 1661 section 5.8).
 */
#include "ppp/private.h"

enum { MAGIC_BYTES = 4 };

_Static_assert((int)PPP_PROOF_VALUE == (int)PPP_CHALLENGE_BYTES, "a challenge is a value");
_Static_assert(PPP_PROOF_FRAME >= PPP_HEADER_BYTES + PPP_PACKET_HEADER + 1 + PPP_CHALLENGE_BYTES +
					  PPP_NAME_MAX,
	"a challenge fits");

bool
ppp_proof_possible(const struct ppp_link *l, enum ppp_proof_kind kind)
{
	if (l->phase != PPP_PHASE_NETWORK || l->finishing || l->lcp.state != PPP_OPENED ||
		ppp_networks_open(l) == 0)
		return false;
	return kind == PPP_PROOF_ECHO ||
	       (ppp_is_server(l) && l->authenticated &&
		       (l->method == PPP_AUTH_CHAP_MD5 || l->method == PPP_AUTH_MSCHAPV2));
}

static int
written(struct ppp_frame_writer *fw, uint8_t out[PPP_PROOF_FRAME])
{
	size_t len = ppp_packet_end(fw);

	if (len == 0 || len > PPP_PROOF_FRAME)
		return CV_ERR_SPACE;
	memcpy(out, fw->bytes, len);
	return (int)len;
}

int
ppp_proof_ask(struct ppp_link *l, enum ppp_proof_kind kind, struct ppp_proof *proof,
	uint8_t out[PPP_PROOF_FRAME])
{
	uint8_t taken = kind == PPP_PROOF_ECHO ? l->echo_id : l->auth_id, before;
	struct ppp_frame_writer fw;

	if (!ppp_proof_possible(l, kind))
		return CV_ERR_STATE;
	/* not that of the question before, nor of the link's own last one, or its next */
	before = proof->id;
	do
		crypto_random(l->params->crypto, &proof->id, sizeof(proof->id));
	while (proof->id == before || proof->id == taken || proof->id == (uint8_t)(taken + 1));
	proof->kind = kind;
	crypto_random(l->params->crypto, proof->value, sizeof(proof->value));
	if (kind == PPP_PROOF_CHALLENGE) {
		ppp_chap_write_challenge(l, &fw, proof->id, proof->value);
	} else {
		ppp_packet_begin(&fw, PPP_LCP, PPP_ECHO_REQUEST, proof->id);
		cv_write_u32(&fw.w, l->magic);
		cv_write_bytes(&fw.w, proof->value, sizeof(proof->value));
	}
	return written(&fw, out);
}

static int
read_echo(const struct ppp_link *l, const struct ppp_proof *proof, const struct ppp_packet *p)
{
	struct cv_reader r = cv_reader(p->data.data, p->data.len);
	uint32_t magic = cv_read_u32(&r);

	if (p->code != PPP_ECHO_REPLY || p->id != proof->id)
		return CV_ERR_UNKNOWN;
	if (r.failed || magic != l->peer_magic || cv_remaining(&r) != sizeof(proof->value) ||
		!crypto_equal(r.pos, proof->value, sizeof(proof->value)))
		return CV_ERR_AUTH;
	return 0;
}

static int
read_response(const struct ppp_link *l, const struct ppp_proof *proof, const struct ppp_packet *p,
	struct ppp_ev_auth *e)
{
	struct cv_bytes response, name;
	int rc = ppp_chap_read_response(l, p, &response, &name);

	if (rc == CV_ERR_UNKNOWN || p->id != proof->id)
		return CV_ERR_UNKNOWN;
	if (rc != 0)
		return CV_ERR_AUTH;
	*e = (struct ppp_ev_auth){.method = (enum ppp_auth)l->method,
		.id = p->id,
		.again = true,
		.name = name,
		.challenge = {proof->value, sizeof(proof->value)},
		.response = response};
	return 0;
}

int
ppp_proof_read(const struct ppp_link *l, const struct ppp_proof *proof, const void *frame,
	size_t len, struct ppp_ev_auth *e)
{
	bool echo = proof->kind == PPP_PROOF_ECHO;
	struct ppp_frame f;
	struct ppp_packet p;

	if (ppp_frame_parse(frame, len, &f) != 0 || f.protocol != (echo ? PPP_LCP : PPP_CHAP) ||
		ppp_packet_parse(f.payload, &p) != 0)
		return CV_ERR_UNKNOWN;
	return echo ? read_echo(l, proof, &p) : read_response(l, proof, &p, e);
}

int
ppp_proof_check(struct ppp_link *l, const struct ppp_ev_auth *e, const struct ppp_secret *secret,
	uint8_t authenticator_response[PPP_MSCHAPV2_AUTH_BYTES])
{
	if (secret->bytes.len == 0) /* an empty secret opens nothing */
		return CV_ERR_AUTH;
	return ppp_chap_verify(l, e, secret, authenticator_response) == 0 ? 0 : CV_ERR_AUTH;
}

int
ppp_proof_success(const struct ppp_link *l, const struct ppp_proof *proof,
	const uint8_t *authenticator_response, uint8_t out[PPP_PROOF_FRAME])
{
	struct ppp_frame_writer fw;

	ppp_chap_write_success(l, &fw, proof->id, authenticator_response);
	return written(&fw, out);
}
