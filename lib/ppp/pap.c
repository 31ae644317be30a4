/* SPDX-License-Identifier: BSD-3-Clause */
/* Password Authentication Protocol (RFC 1334 section 2), both roles. */
#include "ppp/private.h"

enum pap_code { PAP_REQUEST = 1, PAP_ACK, PAP_NAK };

static void
send_verdict(struct ppp_link *l, bool ok)
{
	static const char failed[] = "Authentication failed";
	struct ppp_frame_writer fw;
	size_t len = ok ? 0 : sizeof(failed) - 1;

	ppp_packet_begin(&fw, PPP_PAP, ok ? PAP_ACK : PAP_NAK, l->auth_id);
	cv_write_u8(&fw.w, (uint8_t)len);
	cv_write_bytes(&fw.w, failed, len);
	ppp_packet_send(l, &fw);
}

/* A counted string of RFC 1334 section 2.2.1. */
static struct cv_bytes
read_counted(struct cv_reader *r)
{
	struct cv_bytes b;

	b.len = cv_read_u8(r);
	b.data = cv_read_bytes(r, b.len);
	return b;
}

static int
receive_request(struct ppp_link *l, const struct ppp_packet *p)
{
	struct cv_reader r = cv_reader(p->data.data, p->data.len);
	struct cv_bytes name = read_counted(&r), password = read_counted(&r);
	struct ppp_auth_block *a = l->auth;

	if (r.failed)
		return CV_ERR_TRUNCATED;
	/* section 2.2: the Ack may have been lost, so the request may come again */
	if (l->auth_state == PPP_AUTH_OK) {
		l->auth_id = p->id;
		send_verdict(l, true);
		return 0;
	}
	if (l->auth_state == PPP_AUTH_JUDGING && a->name_len == name.len &&
		a->password_len == password.len && memcmp(a->name, name.data, name.len) == 0 &&
		crypto_equal(a->password, password.data, password.len)) {
		l->auth_id = p->id;
		return 0;
	}
	if (l->auth_state != PPP_AUTH_ASKED)
		return CV_ERR_STATE;
	l->auth_id = p->id;
	a->name_len = (uint8_t)name.len;
	a->password_len = (uint8_t)password.len;
	memcpy(a->name, name.data, name.len);
	memcpy(a->password, password.data, password.len);
	ppp_auth_ask_caller(l);
	return 0;
}

void
ppp_pap_verdict(struct ppp_link *l, bool ok)
{
	send_verdict(l, ok);
}

int
ppp_pap_verify(struct ppp_link *l, const struct ppp_secret *secret)
{
	struct cv_bytes password = {l->auth->password, l->auth->password_len};
	uint8_t hash[PPP_NT_HASH_BYTES];
	bool equal;

	if (secret->kind == PPP_SECRET_PLAIN) {
		equal = crypto_equal(password.data, secret->bytes.data,
			password.len < secret->bytes.len ? password.len : secret->bytes.len);
		return equal && password.len == secret->bytes.len ? 0 : CV_ERR_AUTH;
	}
	if (secret->bytes.len != sizeof(hash) ||
		ppp_nt_hash(l->params->crypto, password, hash) != 0)
		return CV_ERR_AUTH;
	equal = crypto_equal(hash, secret->bytes.data, sizeof(hash));
	cv_wipe(hash, sizeof(hash));
	return equal ? 0 : CV_ERR_AUTH;
}

void
ppp_pap_request(struct ppp_link *l, uint64_t now)
{
	const struct cv_bytes *user = &l->params->user, *password = &l->params->password;
	struct ppp_frame_writer fw;

	l->auth_tries++;
	l->auth_timer = cv_time_add(now, l->params->restart_ns);
	ppp_packet_begin(&fw, PPP_PAP, PAP_REQUEST, ++l->auth_id);
	cv_write_u8(&fw.w, (uint8_t)user->len);
	cv_write_bytes(&fw.w, user->data, user->len);
	cv_write_u8(&fw.w, (uint8_t)password->len);
	cv_write_bytes(&fw.w, password->data, password->len);
	ppp_packet_send(l, &fw);
	cv_wipe(fw.bytes, sizeof(fw.bytes));
}

static int
receive_verdict(struct ppp_link *l, uint64_t now, const struct ppp_packet *p)
{
	struct cv_reader r = cv_reader(p->data.data, p->data.len);
	struct cv_bytes message = {0};

	/* some peers leave the empty message's length out */
	if (p->data.len != 0)
		message = read_counted(&r);
	if (r.failed)
		return CV_ERR_TRUNCATED;
	if (l->auth_state != PPP_AUTH_ASKED)
		return CV_ERR_STATE;
	if ((uint8_t)(l->auth_id - p->id) >= l->auth_tries) /* an answer to none of ours */
		return CV_ERR_UNKNOWN;
	ppp_auth_keep_message(l, message);
	if (p->code == PAP_ACK)
		ppp_auth_passed(l, now);
	else
		ppp_auth_refused(l, PPP_DOWN_AUTH_FAILED);
	return 0;
}

int
ppp_pap_input(struct ppp_link *l, uint64_t now, const struct ppp_packet *p)
{
	bool server = ppp_is_server(l);

	if (l->method != PPP_AUTH_PAP)
		return CV_ERR_STATE;
	switch (p->code) {
	case PAP_REQUEST:
		return server ? receive_request(l, p) : CV_ERR_STATE;
	case PAP_ACK:
	case PAP_NAK:
		return server ? CV_ERR_STATE : receive_verdict(l, now, p);
	default:
		return CV_ERR_UNKNOWN;
	}
}
