/* SPDX-License-Identifier: BSD-3-Clause */
/* Authentication phase (RFC 1661 section 3.5): what PAP and CHAP share, and the caller's answers
 * about a peer. */
#include <stdlib.h>

#include "ppp/private.h"

static void
set_state(struct ppp_link *l, enum ppp_auth_state state)
{
	static const char *const names[] = {"idle", "asked", "judging", "ok", "failed"};

	PPP_DEBUG(l, "ppp-auth", "method=%s from=%s to=%s", ppp_auth_name((enum ppp_auth)l->method),
		names[l->auth_state], names[state]);
	l->auth_state = (uint8_t)state;
}

struct ppp_auth_block *
ppp_auth_block(struct ppp_link *l)
{
	if (l->auth == NULL)
		l->auth = calloc(1, sizeof(*l->auth));
	if (l->auth == NULL)
		ppp_finish(l, PPP_DOWN_NOMEM);
	return l->auth;
}

static void
drop_block(struct ppp_link *l)
{
	if (l->auth == NULL)
		return;
	cv_wipe(l->auth, sizeof(*l->auth));
	free(l->auth);
	l->auth = NULL;
}

void
ppp_auth_reap(struct ppp_link *l)
{
	unsigned speaking = 1u << PPP_EV_AUTH | 1u << PPP_EV_AUTH_DONE;

	if (l->auth_state != PPP_AUTH_ASKED && l->auth_state != PPP_AUTH_JUDGING &&
		(l->events & speaking) == 0)
		drop_block(l);
}

void
ppp_auth_start(struct ppp_link *l, uint64_t now)
{
	bool server = ppp_is_server(l);

	ppp_set_phase(l, PPP_PHASE_AUTHENTICATE);
	l->authenticated = false;
	l->auth_tries = 0;
	if (l->method == PPP_AUTH_NONE) { /* client: the server asks for nothing */
		ppp_auth_passed(l, now);
		return;
	}
	if (ppp_auth_block(l) == NULL)
		return;
	l->auth_deadline = cv_time_add(now, l->params->auth_timeout_ns);
	set_state(l, PPP_AUTH_ASKED);
	if (ppp_proxy_answer(l))
		return;
	if (l->method == PPP_AUTH_PAP && !server)
		ppp_pap_request(l, now);
	if (l->method != PPP_AUTH_PAP && server)
		ppp_chap_challenge(l, now);
}

void
ppp_auth_stop(struct ppp_link *l)
{
	l->auth_timer = l->auth_deadline = l->rechallenge_at = CV_TIME_NEVER;
	l->authenticated = false;
	l->auth_state = PPP_AUTH_IDLE;
	memset(l->name_digest, 0, sizeof(l->name_digest));
	memset(l->authenticator_response, 0, sizeof(l->authenticator_response));
}

/* Asks again: our challenge or our PAP request had no answer. */
static void
retry(struct ppp_link *l, uint64_t now)
{
	if (l->auth_tries >= l->params->max_configure) {
		l->auth_timer = CV_TIME_NEVER;
		ppp_finish(l, PPP_DOWN_AUTH_TIMEOUT);
	} else if (l->method == PPP_AUTH_PAP) {
		ppp_pap_request(l, now);
	} else {
		ppp_chap_challenge(l, now);
	}
}

static void
rechallenge(struct ppp_link *l, uint64_t now)
{
	l->rechallenge_at = cv_time_add(now, l->params->rechallenge_ns);
	if (l->auth_state != PPP_AUTH_OK || ppp_networks_open(l) == 0 || ppp_auth_block(l) == NULL)
		return;
	l->auth_tries = 0;
	l->auth_deadline = cv_time_add(now, l->params->auth_timeout_ns);
	set_state(l, PPP_AUTH_ASKED);
	ppp_chap_challenge(l, now);
}

void
ppp_auth_timeout(struct ppp_link *l, uint64_t now)
{
	if (l->auth_deadline <= now || l->prove_by <= now) {
		l->auth_deadline = l->auth_timer = l->prove_by = CV_TIME_NEVER;
		ppp_finish(l, PPP_DOWN_AUTH_TIMEOUT);
		return;
	}
	if (l->auth_timer <= now)
		retry(l, now);
	if (l->rechallenge_at <= now)
		rechallenge(l, now);
}

void
ppp_auth_ask_caller(struct ppp_link *l)
{
	l->auth_timer = CV_TIME_NEVER;
	set_state(l, PPP_AUTH_JUDGING);
	ppp_raise(l, PPP_EV_AUTH);
}

void
ppp_auth_passed(struct ppp_link *l, uint64_t now)
{
	bool first = !l->authenticated;

	l->auth_timer = l->auth_deadline = l->prove_by = CV_TIME_NEVER;
	set_state(l, PPP_AUTH_OK);
	l->authenticated = l->auth_ok = true;
	if (ppp_is_server(l) && l->method != PPP_AUTH_PAP && l->params->rechallenge_ns != 0)
		l->rechallenge_at = cv_time_add(now, l->params->rechallenge_ns);
	ppp_raise(l, PPP_EV_AUTH_DONE);
	if (first)
		ppp_enter_network(l, now);
}

void
ppp_auth_refused(struct ppp_link *l, enum ppp_down reason)
{
	l->auth_timer = l->auth_deadline = CV_TIME_NEVER;
	set_state(l, PPP_AUTH_FAILED);
	l->auth_ok = false;
	ppp_raise(l, PPP_EV_AUTH_DONE);
	ppp_finish(l, reason);
}

void
ppp_auth_keep_message(struct ppp_link *l, struct cv_bytes message)
{
	size_t len = message.len < PPP_MESSAGE_MAX ? message.len : PPP_MESSAGE_MAX;

	if (l->auth == NULL)
		return;
	if (len != 0)
		memcpy(l->auth->message, message.data, len);
	l->auth->message_len = (uint8_t)len;
}

/* Whether the name of a rechallenge is the one that was let in. */
static bool
same_name(struct ppp_link *l)
{
	struct cv_bytes name = {l->auth->name, l->auth->name_len};
	uint8_t digest[CRYPTO_MD5_BYTES];

	if (l->params->rechallenge_ns == 0)
		return true;
	if (crypto_md5(l->params->crypto, &name, 1, digest) != 0)
		return false;
	if (l->authenticated)
		return crypto_equal(digest, l->name_digest, sizeof(l->name_digest));
	memcpy(l->name_digest, digest, sizeof(l->name_digest));
	return true;
}

/* Says the verdict to the peer and acts on it. */
static int
conclude(struct ppp_link *l, uint64_t now, bool ok)
{
	ok = ok && same_name(l);
	if (l->method == PPP_AUTH_PAP)
		ppp_pap_verdict(l, ok);
	else
		ppp_chap_verdict(l, ok);
	if (ok)
		ppp_auth_passed(l, now);
	else
		ppp_auth_refused(l, PPP_DOWN_AUTH_FAILED);
	ppp_settle(l, now);
	return ok ? 0 : CV_ERR_AUTH;
}

static bool
judging(const struct ppp_link *l)
{
	return ppp_is_server(l) && l->auth_state == PPP_AUTH_JUDGING && l->auth != NULL &&
	       !l->finishing;
}

void
ppp_auth_fill(const struct ppp_link *l, struct ppp_ev_auth *e)
{
	const struct ppp_auth_block *a = l->auth;
	bool chap = l->method != PPP_AUTH_PAP;

	*e = (struct ppp_ev_auth){
		.method = (enum ppp_auth)l->method,
		.id = l->auth_id,
		.again = l->authenticated,
		.name = {a->name, a->name_len},
		.password = {a->password, a->password_len},
		.challenge = {a->challenge, chap ? a->challenge_len : 0},
		.response = {a->response, a->response_len},
	};
}

bool
ppp_auth_question(const struct ppp_link *l, struct ppp_ev_auth *e)
{
	if (!judging(l))
		return false;
	if (e != NULL)
		ppp_auth_fill(l, e);
	return true;
}

static int
verify(struct ppp_link *l, const struct ppp_secret *secret)
{
	struct ppp_ev_auth e;

	if (secret->bytes.len == 0) /* an empty secret opens nothing */
		return CV_ERR_AUTH;
	if (l->method == PPP_AUTH_PAP)
		return ppp_pap_verify(l, secret);
	ppp_auth_fill(l, &e);
	return ppp_chap_verify(l, &e, secret, l->authenticator_response);
}

int
ppp_auth_check(struct ppp_link *l, uint64_t now, const struct ppp_secret *secret)
{
	if (!judging(l))
		return CV_ERR_STATE;
	return conclude(l, now, verify(l, secret) == 0);
}

int
ppp_auth_reject(struct ppp_link *l, uint64_t now)
{
	static const uint8_t nobody[] = "nobody has this password";
	struct ppp_secret secret = {PPP_SECRET_PLAIN, {nobody, sizeof(nobody)}};

	if (!judging(l))
		return CV_ERR_STATE;
	(void)!verify(l, &secret); /* takes the time that a wrong password takes */
	return conclude(l, now, false);
}

int
ppp_auth_accept(struct ppp_link *l, uint64_t now, const uint8_t *authenticator_response)
{
	if (!judging(l))
		return CV_ERR_STATE;
	if (l->method == PPP_AUTH_MSCHAPV2) {
		if (authenticator_response == NULL)
			return conclude(l, now, false);
		memcpy(l->authenticator_response, authenticator_response,
			sizeof(l->authenticator_response));
	}
	return conclude(l, now, true);
}
