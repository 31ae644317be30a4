/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What sessions are asked at a place where their tunnel's peer may be, by whom their answers are
 * judged, and what follows when all were right.
 */
#include <string.h>

#include "base/text.h"
#include "lns/paths.h"

#define IN_TUNNEL(n) CV_OBJECT(struct lns_session, in_tunnel, n)

/* ---- the judge ---- */

bool
lns_path_question(uint32_t number)
{
	return (number & LNS_PATH_QUESTION) != 0;
}

static void
ask_judge(struct lns *lns, const struct lns_path *path, const struct lns_proof *p,
	struct lns_session *s, struct lns_action *action)
{
	const struct lns_response *r = p->response;
	struct ppp_info info;

	ppp_link_info(s->ppp, &info);
	lns->ask = (struct lns_auth_ask){.serial = p->serial,
		.number = p->number,
		.again = true,
		.method = info.auth,
		.chap_id = p->asked.id,
		.name = {r->name, r->name_len},
		.challenge = {p->asked.value, sizeof(p->asked.value)},
		.response = {r->response, r->response_len},
		.user = cv_escape(lns->ask_user, sizeof(lns->ask_user), r->name, r->name_len),
		.listener = s->info.listener,
		.peer = path->at};
	*action = (struct lns_action){.type = LNS_ACT_AUTH_ASK,
		.listener = s->info.listener,
		.peer = path->at,
		.tunnel_id = s->info.tunnel_id,
		.session = &s->info,
		.ask = &lns->ask};
}

/* Whether the answer, and what is said of it, prove the user whose session it is. */
static bool
proves(struct lns *lns, struct lns_session *s, struct lns_proof *p,
	const struct lns_auth_answer *answer)
{
	const struct lns_response *r = p->response;
	struct ppp_ev_auth e = {.id = p->asked.id,
		.name = {r->name, r->name_len},
		.challenge = {p->asked.value, sizeof(p->asked.value)},
		.response = {r->response, r->response_len}};
	struct ppp_info info;

	if (answer->verdict == LNS_AUTH_REJECTED ||
		lns_user_find(lns, answer->profile.user) != s->who || s->who == NULL)
		return false;
	ppp_link_info(s->ppp, &info);
	e.method = info.auth;
	if (answer->verdict == LNS_AUTH_SECRET)
		return ppp_proof_check(s->ppp, &e, &answer->secret, p->ours) == 0;
	if (e.method != PPP_AUTH_MSCHAPV2)
		return true;
	if (answer->authenticator_response == NULL)
		return false;
	memcpy(p->ours, answer->authenticator_response, sizeof(p->ours));
	return true;
}

int
lns_path_answer(
	struct lns *lns, struct lns_session *s, uint64_t now, const struct lns_auth_answer *answer)
{
	struct lns_tunnel *t = s->tunnel;

	for (unsigned i = 0; t->paths != NULL && i < LNS_PATHS; i++)
		for (unsigned j = 0; t->paths[i] != NULL && j < t->paths[i]->n; j++) {
			struct lns_proof *p = &t->paths[i]->proofs[j];

			if (p->serial != s->info.serial || p->number != answer->number ||
				p->response == NULL)
				continue;
			if (s->ppp != NULL && proves(lns, s, p, answer)) {
				lns_path_right(t->paths[i], p, now);
				p->success_due = true;
			} else {
				lns_path_wrong(lns, p);
			}
			lns_path_drop_response(p);
			lns_tunnel_settle(lns, t, now);
			return 0;
		}
	lns_count(lns, LNS_AUTH_LATE);
	return CV_ERR_STATE;
}

/* ---- what goes there ---- */

static bool
give_frame(struct lns *lns, const struct lns_session *s, const struct lns_path *path,
	const uint8_t *frame, int len, struct lns_action *action)
{
	if (len <= 0 ||
		!lns_session_give_frame(lns, s, (struct cv_bytes){frame, (size_t)len}, action))
		return false;
	action->peer = path->at;
	return true;
}

static bool
poll_proof(struct lns *lns, const struct lns_path *path, struct lns_proof *p,
	struct lns_action *action)
{
	struct lns_session *s = lns_session_of(lns, p->serial);
	uint8_t frame[PPP_PROOF_FRAME];
	enum ppp_proof_kind kind;

	if (s == NULL || s->ppp == NULL)
		return false;
	if (p->success_due) {
		p->success_due = false;
		return give_frame(lns, s, path, frame,
			ppp_proof_success(s->ppp, &p->asked, p->ours, frame), action);
	}
	if (p->ask_due && lns_path_kind(lns, s, &kind)) {
		p->ask_due = false;
		p->wrong = 0;
		p->waits = give_frame(
			lns, s, path, frame, ppp_proof_ask(s->ppp, kind, &p->asked, frame), action);
		if (p->waits)
			lns_count(lns, LNS_PATHS_ASKED);
		return p->waits;
	}
	if (p->judge_due) {
		p->judge_due = false;
		ask_judge(lns, path, p, s, action);
		return true;
	}
	return false;
}

/* Whether each session that the tunnel has now has answered from there. */
static bool
all_right(const struct lns_tunnel *t, const struct lns_path *path)
{
	uint32_t right = 0;

	CV_LIST_EACH(&t->sessions, link, next)
	{
		for (unsigned i = 0; i < path->n; i++)
			right += path->proofs[i].right &&
				 path->proofs[i].serial == IN_TUNNEL(link)->info.serial;
	}
	return right == t->session_count;
}

static void
move(struct lns *lns, struct lns_tunnel *t, uint64_t now, unsigned place)
{
	char before[CV_ENDPOINT_TEXT], peer[CV_ENDPOINT_TEXT];
	const struct cv_endpoint from = t->peer, at = t->paths[place]->at;
	bool echo = t->paths[place]->proofs[0].asked.kind == PPP_PROOF_ECHO;

	lns_path_forget(lns, t, place);
	if (!lns_path_allowed(lns, t, &at)) {
		lns_count(lns, LNS_PATHS_REFUSED);
	} else if (!cv_limit_take(
			   &t->move_rate, LNS_PATH_MS(now), LNS_MOVE_COST_MS, LNS_MOVE_MOST_MS)) {
		lns_count(lns, LNS_PATHS_RATE);
	} else if (!lns_tunnel_move(lns, t, now, &at)) {
		lns_count(lns, LNS_MEMORY);
	} else {
		lns_count(lns, LNS_TUNNELS_MOVED);
		cv_log_event(lns->log, CV_LOG_INFO, "tunnel-moved",
			"tunnel=%u from=%s peer=%s sessions=%u by=%s", t->id,
			cv_endpoint_text(&from, before), cv_endpoint_text(&at, peer),
			t->session_count, echo ? "echo" : "challenge");
	}
}

bool
lns_path_poll(struct lns *lns, struct lns_tunnel *t, uint64_t now, struct lns_action *action)
{
	for (unsigned i = 0; t->paths != NULL && i < LNS_PATHS; i++) {
		struct lns_path *path = t->paths[i];

		for (unsigned j = 0; path != NULL && j < path->n; j++)
			if (poll_proof(lns, path, &path->proofs[j], action))
				return true;
		/* what it said to the users there has gone out */
		if (path != NULL && lns_path_followed(lns, t) && all_right(t, path))
			move(lns, t, now, i);
	}
	return false;
}
