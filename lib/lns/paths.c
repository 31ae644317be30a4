/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where else the peer of a tunnel may be by now: its NAT may have given it another port or address.
 * Whoever knows the IDs can send what looks like it, so nothing is believed. A place that packets
 * come from is a candidate; each session of the tunnel is asked there, by a question that only its
 * user's own machine can answer, or only who sees what is sent there (`rebind`). Until all have
 * answered from that very place everything stays where it is; then the tunnel moves at once.
 *
 * What a forger can make us do is bounded: a question is an answer to a packet, one to one, until
 * the place has proved that it receives; questions of a tunnel have a rate, and so have its moves.
 * Candidates that have proved nothing push each other out at random, so that the true one, which
 * goes on sending, gets its turn beside any number of others.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/wipe.h"
#include "crypto/crypto.h"
#include "lns/dial.h"

#define IN_TUNNEL(n) CV_OBJECT(struct lns_session, in_tunnel, n)
#define UNPROVED_LINE_NS (10 * CV_NS_PER_S)

enum {
	AUTHENTICATOR = 20, /* bytes that prove us to a peer (RFC 2759 section 8.7) */
	RESPONSE_MAX = 49,  /* bytes of a response (section 4) */
	DOUBLINGS_MAX = 4,  /* of the pause between two questions */
	MS = 1000000,       /* ns */
};
#define QUESTION (UINT32_C(1) << 31) /* in the number of a question about such an answer */

/* What a user has answered, while it is judged. */
struct response {
	uint8_t response[RESPONSE_MAX], response_len;
	uint8_t name[PPP_NAME_MAX], name_len;
};

/* What one session was asked at a candidate. */
struct proof {
	uint64_t serial;
	struct ppp_proof asked;
	struct response *response; /* NULL: none waits for its judge */
	uint32_t number;           /* of the question to the judge */
	uint8_t wrong;             /* answers to this question */
	uint8_t ours[AUTHENTICATOR];
	bool waits;                           /* for an answer */
	bool ask_due, judge_due, success_due; /* to be given out */
	bool right;
};

struct lns_path {
	struct cv_endpoint at;
	uint64_t again_at, forget_at;
	uint8_t tries, n;
	struct proof proofs[]; /* of the sessions that there were */
};

/* ---- what is followed ---- */

/* How a session is asked; false: not at all. */
static bool
kind_of(const struct lns *lns, const struct lns_session *s, enum ppp_proof_kind *kind)
{
	const struct cfg_group *group = lns->groups[s->info.group].cfg;

	if (s->ppp == NULL || !s->want_open || s->half != NULL || s->dial != NULL || s->leaving ||
		group == NULL || group->rebind == CFG_REBIND_OFF)
		return false;
	*kind = group->rebind == CFG_REBIND_ECHO ? PPP_PROOF_ECHO : PPP_PROOF_CHALLENGE;
	return ppp_proof_possible(s->ppp, *kind);
}

bool
lns_path_followed(const struct lns *lns, const struct lns_tunnel *t)
{
	enum ppp_proof_kind kind;

	/* one that we dialled is where the configuration says */
	if (!t->up || t->over || t->ours || t->dial != NULL || t->session_count == 0 ||
		t->session_count > LNS_PATH_SESSIONS)
		return false;
	CV_LIST_EACH(&t->sessions, link, next)
	{
		if (!kind_of(lns, IN_TUNNEL(link), &kind))
			return false;
	}
	return true;
}

void
lns_path_review(struct lns *lns, struct lns_tunnel *t)
{
	if (t != NULL && t->added && !t->over && t->followed != lns_path_followed(lns, t))
		lns_ready(lns, &t->object);
}

/* Whether the tunnel's peer may be there: by a secret that is the same, and the limits. */
static bool
allowed(const struct lns *lns, const struct lns_tunnel *t, const struct cv_endpoint *at)
{
	const struct cfg_tunnel_secret *entry;
	struct l2tp_tunnel_info info;

	l2tp_tunnel_info(t->l2tp, &info);
	entry = cfg_tunnel_secret_find(
		lns->cfg, t->listener, &at->ip, info.peer_host_name, info.peer_host_name_len);
	return entry != NULL && entry->none == t->secret->none &&
	       entry->secret.len == t->secret->len &&
	       (t->secret->len == 0 ||
		       crypto_equal(entry->secret.data, t->secret->bytes, t->secret->len)) &&
	       lns_peer_room(lns, t, &at->ip);
}

/* ---- candidates ---- */

static void
drop_response(struct proof *p)
{
	if (p->response != NULL)
		cv_wipe(p->response, sizeof(*p->response));
	free(p->response);
	p->response = NULL;
	p->judge_due = false;
}

static void
forget(struct lns *lns, struct lns_tunnel *t, unsigned place)
{
	struct lns_path *path = t->paths[place];

	for (unsigned i = 0; i < path->n; i++)
		drop_response(&path->proofs[i]);
	free(path);
	t->paths[place] = NULL;
	lns->paths--;
	for (unsigned i = 0; i < LNS_PATHS; i++)
		if (t->paths[i] != NULL)
			return;
	free(t->paths);
	t->paths = NULL;
}

void
lns_path_free(struct lns *lns, struct lns_tunnel *t)
{
	for (unsigned i = 0; t->paths != NULL && i < LNS_PATHS; i++)
		if (t->paths[i] != NULL)
			forget(lns, t, i);
}

/* One that has proved nothing goes. */
static void
give_up(struct lns *lns, struct lns_tunnel *t, uint64_t now, unsigned place)
{
	char peer[CV_ENDPOINT_TEXT], at[CV_ENDPOINT_TEXT];

	lns_count(lns, LNS_PATHS_UNPROVED);
	lns->unproved++;
	if (lns->unproved_said_at == 0 || now - lns->unproved_said_at >= UNPROVED_LINE_NS) {
		cv_log_event(lns->log, CV_LOG_WARNING, "paths-unproved",
			"tunnel=%u peer=%s from=%s count=%" PRIu64
			" reason=\"packets of tunnels from where nothing was proved\"",
			t->id, cv_endpoint_text(&t->peer, peer),
			cv_endpoint_text(&t->paths[place]->at, at), lns->unproved);
		lns->unproved_said_at = now;
		lns->unproved = 0;
	}
	forget(lns, t, place);
}

static struct lns_path *
new_path(const struct lns *lns, const struct lns_tunnel *t, const struct cv_endpoint *at)
{
	struct lns_path *path =
		calloc(1, sizeof(*path) + t->session_count * sizeof(path->proofs[0]));

	if (path == NULL)
		return NULL;
	path->at = *at;
	CV_LIST_EACH(&t->sessions, link, next)
	{
		struct proof *p = &path->proofs[path->n++];

		p->serial = IN_TUNNEL(link)->info.serial;
		p->number = QUESTION | crypto_random_u32(lns->crypto);
	}
	return path;
}

/* A place for one more; LNS_PATHS: all tunnels together have too many. */
static unsigned
free_place(struct lns *lns, struct lns_tunnel *t, uint64_t now)
{
	unsigned place = 0;

	while (place < LNS_PATHS && t->paths != NULL && t->paths[place] != NULL)
		place++;
	if (place < LNS_PATHS && lns->paths < LNS_PATHS_ALL)
		return place;
	if (t->paths == NULL)
		return LNS_PATHS;
	place = crypto_random_u32(lns->crypto) % LNS_PATHS;
	if (t->paths[place] == NULL)
		return LNS_PATHS;
	give_up(lns, t, now, place);
	return place;
}

static struct lns_path *
find(const struct lns_tunnel *t, const struct cv_endpoint *at)
{
	for (unsigned i = 0; t->paths != NULL && i < LNS_PATHS; i++)
		if (t->paths[i] != NULL && cv_endpoint_equal(&t->paths[i]->at, at))
			return t->paths[i];
	return NULL;
}

static struct lns_path *
add(struct lns *lns, struct lns_tunnel *t, uint64_t now, const struct cv_endpoint *at)
{
	struct lns_path *path = new_path(lns, t, at);
	unsigned place = path == NULL ? LNS_PATHS : free_place(lns, t, now);

	if (place < LNS_PATHS && t->paths == NULL)
		t->paths = calloc(LNS_PATHS, sizeof(t->paths[0]));
	if (place == LNS_PATHS || t->paths == NULL) {
		lns_count(lns, path == NULL || t->paths == NULL ? LNS_MEMORY : LNS_PATHS_RATE);
		free(path);
		return NULL;
	}
	t->paths[place] = path;
	lns->paths++;
	lns_count(lns, LNS_PATHS_SEEN);
	return path;
}

/* ---- what comes from there ---- */

static bool
may_move(const struct lns_tunnel *t, uint64_t now)
{
	uint32_t rate = t->move_rate;

	return cv_limit_take(&rate, (uint32_t)(now / MS), LNS_MOVE_COST_MS, LNS_MOVE_MOST_MS);
}

/* A packet that answers nothing: it may be time for a question. */
static int
seen(struct lns *lns, struct lns_tunnel *t, uint64_t now, const struct cv_endpoint *from,
	struct lns_path *path, uint64_t serial)
{
	struct proof *p;

	if (path != NULL && now < path->again_at)
		return CV_ERR_AUTH;
	if (path == NULL && !allowed(lns, t, from)) {
		lns_count(lns, LNS_PATHS_REFUSED);
		return CV_ERR_AUTH;
	}
	if (!may_move(t, now) || !cv_limit_take(&t->path_rate, (uint32_t)(now / MS),
					 LNS_PATH_ASK_COST_MS, LNS_PATH_ASK_MOST_MS)) {
		lns_count(lns, LNS_PATHS_RATE);
		return CV_ERR_LIMIT;
	}
	if (path == NULL && (path = add(lns, t, now, from)) == NULL)
		return CV_ERR_NOMEM;
	/* the session that is heard, if it has not answered yet, or any of those that have not */
	p = NULL;
	for (unsigned i = 0; i < path->n; i++)
		if (!path->proofs[i].right && path->proofs[i].response == NULL &&
			(p == NULL || path->proofs[i].serial == serial))
			p = &path->proofs[i];
	if (p != NULL)
		p->ask_due = true;
	path->again_at = now + (LNS_PATH_AGAIN_NS << path->tries);
	path->tries = (uint8_t)(path->tries + (path->tries < DOUBLINGS_MAX));
	path->forget_at = now + LNS_PATH_NS;
	lns_tunnel_settle(lns, t, now);
	return CV_ERR_AUTH;
}

/* One session has shown that it is there: so the place receives, and the others are asked, all. */
static void
is_right(struct lns_path *path, struct proof *p, uint64_t now)
{
	p->right = true;
	p->waits = p->ask_due = false;
	path->forget_at = now + LNS_PATH_NS;
	for (unsigned i = 0; i < path->n; i++)
		if (!path->proofs[i].right && !path->proofs[i].waits)
			path->proofs[i].ask_due = true;
}

static void
is_wrong(struct lns *lns, struct proof *p)
{
	lns_count(lns, LNS_PATHS_WRONG);
	if (++p->wrong >= LNS_PATH_WRONG)
		p->waits = false;
}

/* A response, which is judged later; its bytes are kept. */
static void
keep_response(struct lns *lns, struct proof *p, const struct ppp_ev_auth *e)
{
	struct response *r = calloc(1, sizeof(*r));

	if (r == NULL) {
		lns_count(lns, LNS_MEMORY);
		return;
	}
	memcpy(r->response, e->response.data, e->response.len);
	r->response_len = (uint8_t)e->response.len;
	if (e->name.len != 0)
		memcpy(r->name, e->name.data, e->name.len);
	r->name_len = (uint8_t)e->name.len;
	p->response = r;
	p->number = QUESTION | (p->number + 1);
	p->judge_due = true;
}

/* false: the frame is no answer to what the session was asked there. */
static bool
answers(struct lns *lns, struct lns_path *path, uint64_t now, const struct lns_session *s,
	struct cv_bytes frame)
{
	struct ppp_ev_auth e;

	for (unsigned i = 0; i < path->n; i++) {
		struct proof *p = &path->proofs[i];
		int rc;

		if (p->serial != s->info.serial || !p->waits || s->ppp == NULL)
			continue;
		rc = ppp_proof_read(s->ppp, &p->asked, frame.data, frame.len, &e);
		if (rc == CV_ERR_UNKNOWN)
			return false;
		if (p->response != NULL)
			return true; /* once more while the first is judged */
		if (rc != 0)
			is_wrong(lns, p);
		else if (p->asked.kind == PPP_PROOF_ECHO)
			is_right(path, p, now);
		else
			keep_response(lns, p, &e);
		return true;
	}
	return false;
}

int
lns_path_input(struct lns *lns, struct lns_tunnel *t, uint64_t now, const struct cv_endpoint *from,
	const struct lns_session *s, struct cv_bytes frame)
{
	struct lns_path *path;

	if (!t->followed || !lns_path_followed(lns, t) || from->ip.family != t->peer.ip.family ||
		from->port == 0)
		return CV_ERR_AUTH;
	path = find(t, from);
	if (path != NULL && s != NULL && answers(lns, path, now, s, frame)) {
		lns_tunnel_settle(lns, t, now);
		return 0;
	}
	return seen(lns, t, now, from, path, s == NULL ? 0 : s->info.serial);
}

/* ---- the judge ---- */

bool
lns_path_question(uint32_t number)
{
	return (number & QUESTION) != 0;
}

static void
ask_judge(struct lns *lns, const struct lns_path *path, const struct proof *p,
	struct lns_session *s, struct lns_action *action)
{
	const struct response *r = p->response;
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
proves(struct lns *lns, struct lns_session *s, struct proof *p,
	const struct lns_auth_answer *answer)
{
	const struct response *r = p->response;
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
			struct proof *p = &t->paths[i]->proofs[j];

			if (p->serial != s->info.serial || p->number != answer->number ||
				p->response == NULL)
				continue;
			if (s->ppp != NULL && proves(lns, s, p, answer)) {
				is_right(t->paths[i], p, now);
				p->success_due = true;
			} else {
				is_wrong(lns, p);
			}
			drop_response(p);
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
poll_proof(struct lns *lns, const struct lns_path *path, struct proof *p, struct lns_action *action)
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
	if (p->ask_due && kind_of(lns, s, &kind)) {
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

	forget(lns, t, place);
	if (!allowed(lns, t, &at)) {
		lns_count(lns, LNS_PATHS_REFUSED);
	} else if (!cv_limit_take(&t->move_rate, (uint32_t)(now / MS), LNS_MOVE_COST_MS,
			   LNS_MOVE_MOST_MS)) {
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

uint64_t
lns_path_next_timeout(const struct lns_tunnel *t)
{
	uint64_t at = CV_TIME_NEVER;

	for (unsigned i = 0; t->paths != NULL && i < LNS_PATHS; i++)
		if (t->paths[i] != NULL)
			at = cv_time_min(at, t->paths[i]->forget_at);
	return at;
}

void
lns_path_timeout(struct lns *lns, struct lns_tunnel *t, uint64_t now)
{
	for (unsigned i = 0; t->paths != NULL && i < LNS_PATHS; i++)
		if (t->paths[i] != NULL && t->paths[i]->forget_at <= now)
			give_up(lns, t, now, i);
}
