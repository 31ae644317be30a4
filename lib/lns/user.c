/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Users: who may open a session, by which method, with which address, and what happens to the
 * sessions that the user has already.
 */
#include "base/text.h"
#include "lns/internal.h"

static bool
method_allowed(const struct cfg_group *group, enum ppp_auth method)
{
	for (size_t i = 0; i < group->n_auth; i++)
		if (lns_auth_method(group->auth[i]) == method)
			return true;
	return false;
}

/* `DOMAIN\user`, as Windows says it: the whole name, or else what stands behind the domain. */
static const struct cfg_user *
find_user(const struct lns *lns, struct cv_bytes name)
{
	const char *text = (const char *)name.data;
	const struct cfg_user *user = cfg_user_find(lns->cfg, text, name.len);
	size_t at = name.len;

	while (at > 0 && text[at - 1] != '\\')
		at--;
	if (user == NULL && at > 0)
		user = cfg_user_find(lns->cfg, text + at, name.len - at);
	return user;
}

void
lns_user_judge(struct lns *lns, struct lns_session *s, uint64_t now, const struct ppp_ev_auth *auth)
{
	char name[LNS_USER_MAX];
	const char *method = ppp_auth_name(auth->method);
	const struct cfg_user *user = find_user(lns, auth->name);
	struct ppp_secret secret;
	int rc;

	cv_escape(name, sizeof(name), auth->name.data, auth->name.len);
	if (user == NULL) {
		lns_count(lns, LNS_USER_UNKNOWN);
		lns_log_session_refused(lns, s, now, name, method, "no such user");
		ppp_auth_reject(s->ppp, now);
		return;
	}
	if (!method_allowed(&lns->cfg->groups[user->group], auth->method)) {
		lns_count(lns, LNS_USER_METHOD);
		lns_log_session_refused(lns, s, now, name, method,
			"the group does not allow this authentication method");
		ppp_auth_reject(s->ppp, now);
		return;
	}
	secret = (struct ppp_secret){
		.kind = PPP_SECRET_PLAIN, .bytes = {user->password.data, user->password.len}};
	rc = ppp_auth_check(s->ppp, now, &secret);
	if (rc != 0) {
		lns_count(lns, LNS_USER_AUTH);
		lns_log_session_refused(lns, s, now, name, method, "wrong password");
		return;
	}
	if (auth->again && s->cfg_user == user)
		return;
	lns_user_leave(lns, s);
	s->cfg_user = user;
	s->info.group = lns->cfg->groups[user->group].id;
	s->realm = lns_realm_of(lns, &lns->cfg->groups[user->group]);
	s->info.auth = method;
	/* under one name wherever it is shown, searched and ended, whatever domain it dials with */
	cv_escape(s->user, sizeof(s->user), (const uint8_t *)user->name, user->name_len);
}

static struct cv_list *
sessions_of(struct lns *lns, const struct cfg_user *user)
{
	return &lns->users[user - lns->cfg->users].sessions;
}

static bool
give_to(struct lns *lns, const struct lns_session *s, const struct lns_group *g)
{
	struct cv_ip ip = cv_ipv4(s->info.address);

	if (g->pool == NULL || lns_realm_of(lns, g->cfg) != s->realm || !lns_pool_has(g->pool, &ip))
		return false;
	lns_pool_give(g->pool, &ip);
	return true;
}

/* Back into the pool of its realm that has it, which by now may be another group's. */
static void
give_back(struct lns *lns, const struct lns_session *s)
{
	bool done = give_to(lns, s, &lns->groups[s->info.group]);

	for (size_t i = 0; i < CV_GROUP_IDS && !done; i++)
		done = give_to(lns, s, &lns->groups[i]);
}

void
lns_user_leave(struct lns *lns, struct lns_session *s)
{
	cv_unlink(&s->of_user);
	if (s->from_pool)
		give_back(lns, s);
	s->from_pool = false; /* the address stays in info: the last line tells it */
}

/* Makes room for one more session of the user, as the group says; false: refused. */
static bool
make_room(struct lns *lns, struct lns_session *s, uint64_t now)
{
	const struct cfg_group *group = lns->groups[s->info.group].cfg;
	struct cv_list *sessions = sessions_of(lns, s->cfg_user);
	unsigned count = 0;

	if (group->user_sessions == CFG_USER_SESSIONS_REPLACE) {
		CV_LIST_EACH(sessions, other, after)
		{
			lns_count(lns, LNS_USER_REPLACED);
			lns_session_close(lns, lns_session_of_user(other), now, PPP_DOWN_REPLACED);
		}
		return true;
	}
	CV_LIST_EACH(sessions, other, after)
	count++;
	if (count < group->user_sessions_max)
		return true;
	lns_count(lns, LNS_USER_SESSIONS);
	lns_log_session_refused(
		lns, s, now, s->user, s->info.auth, "the user's sessions are all in use");
	return false;
}

/* A fixed address held by another session of the same user: that one gives way, however many
 * sessions the user may have; an address belongs to one session. */
static void
free_fixed_address(struct lns *lns, struct lns_session *s, uint64_t now, uint32_t address)
{
	CV_LIST_EACH(sessions_of(lns, s->cfg_user), link, after)
	{
		struct lns_session *other = lns_session_of_user(link);

		if (other->info.address == address) {
			lns_count(lns, LNS_USER_REPLACED);
			lns_session_close(lns, other, now, PPP_DOWN_REPLACED);
		}
	}
}

bool
lns_user_admit(struct lns *lns, struct lns_session *s, uint64_t now)
{
	uint32_t address = cv_ipv4_value(&s->cfg_user->address);

	if (!make_room(lns, s, now)) {
		lns_session_close(lns, s, now, PPP_DOWN_LIMIT);
		return false;
	}
	if (address != 0) {
		free_fixed_address(lns, s, now, address);
	} else {
		struct cv_ip ip = lns_pool_take(lns->groups[s->info.group].pool, CV_IPV4);

		address = cv_ipv4_value(&ip);
		s->from_pool = address != 0;
	}
	if (address == 0) {
		lns_count(lns, LNS_POOL_EXHAUSTED);
		lns_log_session_refused(
			lns, s, now, s->user, s->info.auth, "no free address in the pool");
		lns_session_close(lns, s, now, PPP_DOWN_NO_ADDRESS);
		return false;
	}
	s->info.address = address;
	cv_list_push(sessions_of(lns, s->cfg_user), &s->of_user);
	return true;
}
