/* SPDX-License-Identifier: BSD-3-Clause */
/* Challenge-Handshake Authentication Protocol (RFC 1994) with MD5, and with MS-CHAPv2 (RFC 2759),
 * both roles. */
#include "ppp/private.h"

enum chap_code { CHAP_CHALLENGE = 1, CHAP_RESPONSE, CHAP_SUCCESS, CHAP_FAILURE };

enum { CHAP_DOUBLINGS_MAX = 4 }; /* of the wait for an answer */

static size_t
response_bytes(const struct ppp_link *l)
{
	return l->method == PPP_AUTH_MSCHAPV2 ? PPP_MSCHAPV2_RESPONSE_BYTES : CRYPTO_MD5_BYTES;
}

/* RFC 1994 section 4.1: the digest of identifier, secret, challenge. */
static int
md5_response(struct ppp_link *l, uint8_t id, struct cv_bytes secret, struct cv_bytes challenge,
	uint8_t out[CRYPTO_MD5_BYTES])
{
	struct cv_bytes parts[] = {{&id, 1}, secret, challenge};

	return crypto_md5(l->params->crypto, parts, 3, out);
}

/* Server: challenge, judge, tell */

/*
 * RFC 1994 section 4.1: identifier and value change each time that a challenge is sent, also when
 * the one before had no answer. So an answer that is later than the next challenge fits nothing,
 * and the wait doubles after each third: a long way, or a busy peer, gets its answer through.
 */
void
ppp_chap_challenge(struct ppp_link *l, uint64_t now)
{
	unsigned doublings = l->auth_tries / 3u;
	struct ppp_frame_writer fw;

	if (doublings > CHAP_DOUBLINGS_MAX)
		doublings = CHAP_DOUBLINGS_MAX;
	l->auth_tries++;
	l->auth_timer = cv_time_add(now, l->params->restart_ns << doublings);
	l->auth_id++;
	crypto_random(l->params->crypto, l->auth->challenge, PPP_CHALLENGE_BYTES);
	l->auth->challenge_len = PPP_CHALLENGE_BYTES;
	ppp_chap_write_challenge(l, &fw, l->auth_id, l->auth->challenge);
	ppp_packet_send(l, &fw);
}

void
ppp_chap_write_challenge(const struct ppp_link *l, struct ppp_frame_writer *fw, uint8_t id,
	const uint8_t value[PPP_CHALLENGE_BYTES])
{
	const char *name = l->params->name == NULL ? "" : l->params->name;
	size_t len = strlen(name);

	ppp_packet_begin(fw, PPP_CHAP, CHAP_CHALLENGE, id);
	cv_write_u8(&fw->w, PPP_CHALLENGE_BYTES);
	cv_write_bytes(&fw->w, value, PPP_CHALLENGE_BYTES);
	cv_write_bytes(&fw->w, name, len < PPP_NAME_MAX ? len : PPP_NAME_MAX);
}

void
ppp_chap_write_success(
	const struct ppp_link *l, struct ppp_frame_writer *fw, uint8_t id, const uint8_t *ours)
{
	char text[PPP_MSCHAPV2_TEXT] = "";

	if (l->method == PPP_AUTH_MSCHAPV2)
		ppp_mschapv2_success_text(ours, text);
	ppp_packet_begin(fw, PPP_CHAP, CHAP_SUCCESS, id);
	cv_write_bytes(&fw->w, text, strlen(text));
}

static void
send_verdict(struct ppp_link *l, bool ok)
{
	char text[PPP_MSCHAPV2_TEXT] = "";
	struct ppp_frame_writer fw;

	if (ok) {
		ppp_chap_write_success(l, &fw, l->auth_id, l->authenticator_response);
		ppp_packet_send(l, &fw);
		return;
	}
	if (l->method == PPP_AUTH_MSCHAPV2)
		ppp_mschapv2_failure_text(l->auth->challenge, text);
	else
		memcpy(text, "Authentication failed", sizeof("Authentication failed"));
	ppp_packet_send_data(l, PPP_CHAP, CHAP_FAILURE, l->auth_id,
		(struct cv_bytes){(const uint8_t *)text, strlen(text)});
}

void
ppp_chap_verdict(struct ppp_link *l, bool ok)
{
	send_verdict(l, ok);
}

int
ppp_chap_read_response(const struct ppp_link *l, const struct ppp_packet *p,
	struct cv_bytes *response, struct cv_bytes *name)
{
	struct cv_reader r = cv_reader(p->data.data, p->data.len);

	if (p->code != CHAP_RESPONSE)
		return CV_ERR_UNKNOWN;
	response->len = cv_read_u8(&r);
	response->data = cv_read_bytes(&r, response->len);
	*name = (struct cv_bytes){r.pos, cv_remaining(&r)};
	if (r.failed)
		return CV_ERR_TRUNCATED;
	return response->len != response_bytes(l) || name->len > PPP_NAME_MAX ? CV_ERR_MALFORMED
									      : 0;
}

static int
receive_response(struct ppp_link *l, const struct ppp_packet *p)
{
	struct cv_bytes response, name;
	struct ppp_auth_block *a = l->auth;
	int rc = ppp_chap_read_response(l, p, &response, &name);

	if (rc != 0)
		return rc;
	if (p->id != l->auth_id)
		return CV_ERR_UNKNOWN;
	/* RFC 1994 section 4.1: a Response to the challenge that was answered gets the same code */
	if (l->auth_state == PPP_AUTH_OK) {
		send_verdict(l, true);
		return 0;
	}
	if (l->auth_state == PPP_AUTH_JUDGING)
		return 0; /* once more while the caller thinks */
	if (l->auth_state != PPP_AUTH_ASKED)
		return CV_ERR_STATE;
	memcpy(a->response, response.data, response.len);
	a->response_len = (uint8_t)response.len;
	memcpy(a->name, name.data, name.len);
	a->name_len = (uint8_t)name.len;
	ppp_auth_ask_caller(l);
	return 0;
}

/* Whether the response is that of m's way to hash the name; then what proves us to the peer. */
static int
verify_name(struct crypto *c, const struct ppp_mschapv2 *m, const uint8_t *proof,
	const uint8_t hash[PPP_NT_HASH_BYTES], uint8_t ours[PPP_MSCHAPV2_AUTH_BYTES])
{
	uint8_t expected[PPP_MSCHAPV2_NT_BYTES];
	int rc = ppp_mschapv2_nt_response(c, m, hash, expected);

	if (rc == 0 && !crypto_equal(proof, expected, sizeof(expected)))
		rc = CV_ERR_AUTH;
	if (rc == 0)
		rc = ppp_mschapv2_authenticator(c, m, hash, proof, ours);
	return rc;
}

static int
verify_mschapv2(struct crypto *c, const struct ppp_ev_auth *e, const struct ppp_secret *secret,
	uint8_t ours[PPP_MSCHAPV2_AUTH_BYTES])
{
	struct ppp_mschapv2 m = {e->challenge.data, e->response.data, e->name, false};
	const uint8_t *proof = e->response.data + PPP_MSCHAPV2_NT_OFFSET;
	uint8_t hash[PPP_NT_HASH_BYTES];
	int rc = 0;

	/* a peer that sends our own challenge back as its own seeks to have it answered */
	if (crypto_equal(m.peer_challenge, e->challenge.data, PPP_CHALLENGE_BYTES))
		return CV_ERR_AUTH;
	if (secret->kind == PPP_SECRET_PLAIN)
		rc = ppp_nt_hash(c, secret->bytes, hash);
	else if (secret->bytes.len == sizeof(hash))
		memcpy(hash, secret->bytes.data, sizeof(hash));
	else
		rc = CV_ERR_AUTH;
	if (rc == 0) {
		rc = verify_name(c, &m, proof, hash, ours);
		m.with_domain = e->name.len != 0 && memchr(e->name.data, '\\', e->name.len) != NULL;
		if (rc == CV_ERR_AUTH && m.with_domain)
			rc = verify_name(c, &m, proof, hash, ours);
	}
	cv_wipe(hash, sizeof(hash));
	return rc;
}

int
ppp_chap_verify(struct ppp_link *l, const struct ppp_ev_auth *e, const struct ppp_secret *secret,
	uint8_t ours[PPP_MSCHAPV2_AUTH_BYTES])
{
	uint8_t expected[CRYPTO_MD5_BYTES];

	if (e->method == PPP_AUTH_MSCHAPV2)
		return verify_mschapv2(l->params->crypto, e, secret, ours);
	/* MD5 needs the password itself */
	if (secret->kind != PPP_SECRET_PLAIN ||
		md5_response(l, e->id, secret->bytes, e->challenge, expected) != 0)
		return CV_ERR_AUTH;
	return crypto_equal(expected, e->response.data, sizeof(expected)) ? 0 : CV_ERR_AUTH;
}

/* Client: respond, believe */

static int
respond_mschapv2(struct ppp_link *l, const uint8_t *challenge, bool again)
{
	struct ppp_auth_block *a = l->auth;
	struct ppp_mschapv2 m = {a->challenge, a->peer_challenge, l->params->user, false};
	uint8_t hash[PPP_NT_HASH_BYTES];
	int rc;

	/* a repeated challenge gets the same response: the server may be at it already */
	if (!again) {
		memcpy(a->challenge, challenge, PPP_MSCHAPV2_CHALLENGE_BYTES);
		crypto_random(l->params->crypto, a->peer_challenge, sizeof(a->peer_challenge));
	}
	memset(a->response, 0, sizeof(a->response));
	memcpy(a->response, a->peer_challenge, sizeof(a->peer_challenge));
	rc = ppp_nt_hash(l->params->crypto, l->params->password, hash);
	if (rc == 0)
		rc = ppp_mschapv2_nt_response(
			l->params->crypto, &m, hash, a->response + PPP_MSCHAPV2_NT_OFFSET);
	if (rc == 0)
		rc = ppp_mschapv2_authenticator(l->params->crypto, &m, hash,
			a->response + PPP_MSCHAPV2_NT_OFFSET, l->authenticator_response);
	cv_wipe(hash, sizeof(hash));
	return rc;
}

static int
receive_challenge(struct ppp_link *l, uint64_t now, const struct ppp_packet *p)
{
	struct cv_reader r = cv_reader(p->data.data, p->data.len);
	struct cv_bytes value;
	struct ppp_auth_block *a;
	struct ppp_frame_writer fw;
	bool again;
	int rc;

	value.len = cv_read_u8(&r);
	value.data = cv_read_bytes(&r, value.len);
	if (r.failed)
		return CV_ERR_TRUNCATED;
	if (value.len == 0 ||
		(l->method == PPP_AUTH_MSCHAPV2 && value.len != PPP_MSCHAPV2_CHALLENGE_BYTES))
		return CV_ERR_MALFORMED;
	if (l->auth_state == PPP_AUTH_FAILED || (a = ppp_auth_block(l)) == NULL)
		return CV_ERR_STATE;
	again = l->auth_state == PPP_AUTH_JUDGING && l->auth_id == p->id &&
		l->method == PPP_AUTH_MSCHAPV2 &&
		memcmp(a->challenge, value.data, PPP_MSCHAPV2_CHALLENGE_BYTES) == 0;
	if (l->method == PPP_AUTH_MSCHAPV2)
		rc = respond_mschapv2(l, value.data, again);
	else
		rc = md5_response(l, p->id, l->params->password, value, a->response);
	if (rc != 0) {
		ppp_finish(l, PPP_DOWN_CRYPTO);
		return CV_ERR_CRYPTO;
	}
	l->auth_id = p->id;
	l->auth_state = PPP_AUTH_JUDGING;
	l->auth_deadline =
		cv_time_min(l->auth_deadline, cv_time_add(now, l->params->auth_timeout_ns));
	ppp_packet_begin(&fw, PPP_CHAP, CHAP_RESPONSE, p->id);
	cv_write_u8(&fw.w, (uint8_t)response_bytes(l));
	cv_write_bytes(&fw.w, a->response, response_bytes(l));
	cv_write_bytes(&fw.w, l->params->user.data, l->params->user.len);
	ppp_packet_send(l, &fw);
	return 0;
}

static int
receive_verdict(struct ppp_link *l, uint64_t now, const struct ppp_packet *p)
{
	if (l->auth_state != PPP_AUTH_JUDGING)
		return CV_ERR_STATE;
	if (p->id != l->auth_id)
		return CV_ERR_UNKNOWN;
	ppp_auth_keep_message(l, p->data);
	if (p->code == CHAP_FAILURE)
		ppp_auth_refused(l, PPP_DOWN_AUTH_FAILED);
	else if (l->method == PPP_AUTH_MSCHAPV2 &&
		 !ppp_mschapv2_success_matches(p->data, l->authenticator_response))
		ppp_auth_refused(l, PPP_DOWN_SERVER_PROOF); /* RFC 2759 section 5 */
	else
		ppp_auth_passed(l, now);
	return 0;
}

int
ppp_chap_input(struct ppp_link *l, uint64_t now, const struct ppp_packet *p)
{
	bool server = ppp_is_server(l);

	if (l->method != PPP_AUTH_CHAP_MD5 && l->method != PPP_AUTH_MSCHAPV2)
		return CV_ERR_STATE;
	switch (p->code) {
	case CHAP_CHALLENGE: /* a server proves itself to nobody: no reflection */
		return server ? CV_ERR_STATE : receive_challenge(l, now, p);
	case CHAP_RESPONSE:
		return server ? receive_response(l, p) : CV_ERR_STATE;
	case CHAP_SUCCESS:
	case CHAP_FAILURE:
		return server ? CV_ERR_STATE : receive_verdict(l, now, p);
	default:
		return CV_ERR_UNKNOWN;
	}
}
