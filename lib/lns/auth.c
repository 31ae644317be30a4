/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who the peer is: the question about its proof goes out as an action and is answered later, or
 * never, by whoever knows its user. Meanwhile the session waits, within PPP's time for it.
 */
#include <string.h>

#include "base/text.h"
#include "lns/dial.h"

static bool
method_allowed(const struct cfg_group *group, enum ppp_auth method)
{
	for (size_t i = 0; i < group->n_auth; i++)
		if (lns_auth_method(group->auth[i]) == method)
			return true;
	return false;
}

/* ---- the question ---- */

void
lns_auth_asked(struct lns_session *s)
{
	s->ask++;
	s->ask_due = true;
}

bool
lns_auth_poll(struct lns *lns, struct lns_session *s, struct lns_action *action)
{
	struct ppp_ev_auth q;
	struct lns_auth_ask *ask = &lns->ask;

	s->ask_due = false;
	if (!ppp_auth_question(s->ppp, &q))
		return false; /* the peer has begun anew meanwhile, or is gone */
	*ask = (struct lns_auth_ask){.serial = s->info.serial,
		.number = s->ask,
		.again = q.again,
		.method = q.method,
		.chap_id = q.id,
		.name = q.name,
		.password = q.password,
		.challenge = q.challenge,
		.response = q.response,
		.user = cv_escape(lns->ask_user, sizeof(lns->ask_user), q.name.data, q.name.len),
		.listener = s->info.listener,
		.peer = s->info.peer};
	*action = (struct lns_action){.type = LNS_ACT_AUTH_ASK,
		.listener = s->info.listener,
		.peer = s->info.peer,
		.tunnel_id = s->info.tunnel_id,
		.session = &s->info,
		.ask = ask};
	return true;
}

/* ---- the answer ---- */

static void
log_refused(struct lns *lns, const struct lns_session *s, uint64_t now, const struct ppp_ev_auth *q,
	enum lns_counter counter, const char *why)
{
	char name[LNS_USER_MAX];

	lns_count(lns, counter);
	lns_log_session_refused(lns, s, now,
		cv_escape(name, sizeof(name), q->name.data, q->name.len), ppp_auth_name(q->method),
		why);
}

static void
refuse(struct lns *lns, struct lns_session *s, uint64_t now, const struct ppp_ev_auth *q,
	enum lns_counter counter, const char *why)
{
	log_refused(lns, s, now, q, counter, why);
	ppp_auth_reject(s->ppp, now);
}

/* Verifies the proof where it is for us to do, and tells the peer; whether it is accepted. */
static bool
accepted(struct lns *lns, struct lns_session *s, uint64_t now, const struct ppp_ev_auth *q,
	const struct lns_auth_answer *answer)
{
	bool secret = answer->verdict == LNS_AUTH_SECRET;
	char name[LNS_USER_MAX];
	int rc;

	/* before the verdict, with which its bytes may go */
	cv_escape(name, sizeof(name), q->name.data, q->name.len);
	rc = secret ? ppp_auth_check(s->ppp, now, &answer->secret)
		    : ppp_auth_accept(s->ppp, now, answer->authenticator_response);
	if (rc == 0)
		return true;
	lns_count(lns, LNS_USER_AUTH);
	lns_log_session_refused(lns, s, now, name, ppp_auth_name(q->method),
		secret ? "wrong password" : "accepted, but not as this method wants it");
	return false;
}

/* Takes over who the user is and what he gets. */
static void
begin(struct lns *lns, struct lns_session *s, uint64_t now, struct lns_user *who,
	const struct ppp_ev_auth *q, const struct lns_profile *profile)
{
	lns_hand_on_stays(s);
	lns_user_leave(lns, s);
	lns_user_drop(lns, s->who);
	s->who = who;
	s->info.user = who->shown;
	s->info.auth = ppp_auth_name(q->method);
	if (!lns_profile_take(lns, s, profile))
		lns_session_close(lns, s, now, PPP_DOWN_NOMEM);
}

static int
judge(struct lns *lns, struct lns_session *s, uint64_t now, const struct ppp_ev_auth *q,
	const struct lns_auth_answer *answer)
{
	const struct lns_profile *profile = &answer->profile;
	const struct cfg_group *group = lns_profile_group(lns, profile);
	struct lns_user *who;

	if (answer->verdict == LNS_AUTH_REJECTED) {
		refuse(lns, s, now, q,
			answer->counter == LNS_USER_UNKNOWN ? LNS_USER_UNKNOWN : LNS_USER_AUTH,
			answer->reason == NULL ? "rejected" : answer->reason);
		return 0;
	}
	if (group == NULL || profile->user.len == 0 || profile->user.len > CV_USER_NAME_MAX) {
		refuse(lns, s, now, q, LNS_USER_PROFILE,
			"what the user gets is not in the configuration");
		return CV_ERR_CONFIG;
	}
	if (!method_allowed(group, q->method)) {
		refuse(lns, s, now, q, LNS_USER_METHOD,
			"the group does not allow this authentication method");
		return 0;
	}
	if (!lns_dial_expects(s, profile)) {
		refuse(lns, s, now, q, LNS_DIAL_USER, "it is not the user whom peer-user says");
		return 0;
	}
	who = lns_user_hold(lns, profile->user);
	if (who == NULL) {
		refuse(lns, s, now, q, LNS_MEMORY, "out of memory");
		return CV_ERR_NOMEM;
	}
	if (!accepted(lns, s, now, q, answer)) {
		lns_user_drop(lns, who);
	} else if (q->again) { /* a session that is up goes on as its user's, or not at all */
		bool same = s->who == who;

		lns_user_drop(lns, who);
		if (same)
			lns_profile_change(lns, s, now, profile);
		else
			lns_session_close(lns, s, now, PPP_DOWN_PROFILE);
	} else {
		begin(lns, s, now, who, q, profile);
	}
	return 0;
}

int
lns_auth_answer(
	struct lns *lns, uint64_t now, uint64_t serial, const struct lns_auth_answer *answer)
{
	struct lns_session *s = lns_session_of(lns, serial);
	struct ppp_ev_auth q;
	int rc;

	if (s != NULL && lns_path_question(answer->number))
		return lns_path_answer(lns, s, now, answer);
	if (s == NULL || s->ask != answer->number || s->ppp == NULL ||
		!ppp_auth_question(s->ppp, &q)) {
		lns_count(lns, LNS_AUTH_LATE);
		return s == NULL ? CV_ERR_UNKNOWN : CV_ERR_STATE;
	}
	s->ask_due = false;
	rc = judge(lns, s, now, &q, answer);
	lns_session_settle(lns, s, now);
	return rc;
}
