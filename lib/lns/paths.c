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
#include "lns/paths.h"

#define IN_TUNNEL(n) CV_OBJECT(struct lns_session, in_tunnel, n)
enum { DOUBLINGS_MAX = 4 }; /* of the pause between two questions */
#define UNPROVED_LINE_NS (10 * CV_NS_PER_S)

/* ---- what is followed ---- */

bool
lns_path_kind(const struct lns *lns, const struct lns_session *s, enum ppp_proof_kind *kind)
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
		if (!lns_path_kind(lns, IN_TUNNEL(link), &kind))
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

bool
lns_path_allowed(const struct lns *lns, const struct lns_tunnel *t, const struct cv_endpoint *at)
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

void
lns_path_drop_response(struct lns_proof *p)
{
	if (p->response != NULL)
		cv_wipe(p->response, sizeof(*p->response));
	free(p->response);
	p->response = NULL;
	p->judge_due = false;
}

void
lns_path_forget(struct lns *lns, struct lns_tunnel *t, unsigned place)
{
	struct lns_path *path = t->paths[place];

	for (unsigned i = 0; i < path->n; i++)
		lns_path_drop_response(&path->proofs[i]);
	free(path);
	t->paths[place] = NULL;
	lns->paths--;
	for (unsigned i = 0; i < LNS_PATHS; i++)
		if (t->paths[i] != NULL)
			return;
	free(t->paths);
	t->paths = NULL;
	cv_unlink(&t->asked);
}

void
lns_path_free(struct lns *lns, struct lns_tunnel *t)
{
	for (unsigned i = 0; t->paths != NULL && i < LNS_PATHS; i++)
		if (t->paths[i] != NULL)
			lns_path_forget(lns, t, i);
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
	lns_path_forget(lns, t, place);
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
		struct lns_proof *p = &path->proofs[path->n++];

		p->serial = IN_TUNNEL(link)->info.serial;
		p->number = LNS_PATH_QUESTION | crypto_random_u32(lns->crypto);
	}
	return path;
}

/* All tunnels together have too many: they give one up by turns, so that who fills those of some
 * keeps no other tunnel's peer from being asked. */
static void
make_room(struct lns *lns, uint64_t now)
{
	struct lns_tunnel *t = CV_OBJECT(struct lns_tunnel, asked, cv_list_first(&lns->asked));
	unsigned place = crypto_random_u32(lns->crypto) % LNS_PATHS;

	cv_unlink(&t->asked);
	cv_list_append(&lns->asked, &t->asked);
	while (t->paths[place] == NULL)
		place = (place + 1) % LNS_PATHS;
	give_up(lns, t, now, place);
}

/* A place for one more. */
static unsigned
free_place(struct lns *lns, struct lns_tunnel *t, uint64_t now)
{
	unsigned place = 0;

	while (place < LNS_PATHS && t->paths != NULL && t->paths[place] != NULL)
		place++;
	if (place == LNS_PATHS) {
		place = crypto_random_u32(lns->crypto) % LNS_PATHS;
		give_up(lns, t, now, place);
	} else if (lns->paths >= LNS_PATHS_ALL) {
		make_room(lns, now);
	}
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
	unsigned place = path == NULL ? 0 : free_place(lns, t, now);

	if (path != NULL && t->paths == NULL) {
		t->paths = calloc(LNS_PATHS, sizeof(t->paths[0]));
		if (t->paths != NULL)
			cv_list_append(&lns->asked, &t->asked);
	}
	if (path == NULL || t->paths == NULL) {
		lns_count(lns, LNS_MEMORY);
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

	return cv_limit_take(&rate, LNS_PATH_MS(now), LNS_MOVE_COST_MS, LNS_MOVE_MOST_MS);
}

/* A packet that answers nothing: it may be time for a question. */
static int
seen(struct lns *lns, struct lns_tunnel *t, uint64_t now, const struct cv_endpoint *from,
	struct lns_path *path, uint64_t serial)
{
	struct lns_proof *p;

	if (path != NULL && now < path->again_at)
		return CV_ERR_AUTH;
	if (path == NULL && !lns_path_allowed(lns, t, from)) {
		lns_count(lns, LNS_PATHS_REFUSED);
		return CV_ERR_AUTH;
	}
	if (!may_move(t, now) || !cv_limit_take(&t->path_rate, LNS_PATH_MS(now),
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

void
lns_path_right(struct lns_path *path, struct lns_proof *p, uint64_t now)
{
	p->right = true;
	p->waits = p->ask_due = false;
	path->forget_at = now + LNS_PATH_NS;
	for (unsigned i = 0; i < path->n; i++)
		if (!path->proofs[i].right && !path->proofs[i].waits)
			path->proofs[i].ask_due = true;
}

void
lns_path_wrong(struct lns *lns, struct lns_proof *p)
{
	lns_count(lns, LNS_PATHS_WRONG);
	if (++p->wrong >= LNS_PATH_WRONG)
		p->waits = false;
}

/* A response, which is judged later; its bytes are kept. */
static void
keep_response(struct lns *lns, struct lns_proof *p, const struct ppp_ev_auth *e)
{
	struct lns_response *r = calloc(1, sizeof(*r));

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
	p->number = LNS_PATH_QUESTION | (p->number + 1);
	p->judge_due = true;
}

/* false: the frame is no answer to what the session was asked there. */
static bool
answers(struct lns *lns, struct lns_path *path, uint64_t now, const struct lns_session *s,
	struct cv_bytes frame)
{
	struct ppp_ev_auth e;

	for (unsigned i = 0; i < path->n; i++) {
		struct lns_proof *p = &path->proofs[i];
		int rc;

		if (p->serial != s->info.serial || !p->waits || s->ppp == NULL)
			continue;
		rc = ppp_proof_read(s->ppp, &p->asked, frame.data, frame.len, &e);
		if (rc == CV_ERR_UNKNOWN)
			return false;
		if (p->response != NULL)
			return true; /* once more while the first is judged */
		if (rc != 0)
			lns_path_wrong(lns, p);
		else if (p->asked.kind == PPP_PROOF_ECHO)
			lns_path_right(path, p, now);
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
