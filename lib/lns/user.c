/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Users who have sessions: how many they may have, whose an address is, and who gives way. Who a
 * user is, and what he gets, is for others to say (auth.c).
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "lns/internal.h"

#define USER_OF(n) CV_OBJECT(struct lns_user, node, n)
#define BY_ADDRESS(n) CV_OBJECT(struct lns_session, by_address, n)

/* ---- by name ---- */

struct lns_user *
lns_user_find(const struct lns *lns, struct cv_bytes name)
{
	uint64_t hash = cv_table_hash(&lns->users, name.data, name.len);

	for (struct cv_node *n = cv_table_first(&lns->users, hash); n != NULL; n = cv_table_next(n))
		if (USER_OF(n)->len == name.len &&
			memcmp(USER_OF(n)->name, name.data, name.len) == 0)
			return USER_OF(n);
	return NULL;
}

struct lns_user *
lns_user_hold(struct lns *lns, struct cv_bytes name)
{
	struct lns_user *user = lns_user_find(lns, name);
	char shown[LNS_USER_MAX];
	size_t len;

	if (user != NULL) {
		user->holders++;
		return user;
	}
	cv_escape(shown, sizeof(shown), name.data, name.len);
	len = strlen(shown) + 1;
	user = calloc(1, sizeof(*user) + name.len + len);
	if (user == NULL)
		return NULL;
	user->holders = 1;
	user->len = (uint8_t)name.len;
	memcpy(user->name, name.data, name.len);
	user->shown = memcpy(user->name + name.len, shown, len);
	cv_table_add(&lns->users, &user->node, cv_table_hash(&lns->users, name.data, name.len));
	return user;
}

void
lns_user_drop(struct lns *lns, struct lns_user *user)
{
	if (user == NULL || --user->holders != 0)
		return;
	cv_table_remove(&lns->users, &user->node);
	free(user);
}

/* ---- by address ---- */

static uint64_t
address_hash(const struct lns *lns, uint16_t realm, const struct cv_ip *ip)
{
	uint8_t key[sizeof(ip->bytes) + 3] = {(uint8_t)(realm >> 8), (uint8_t)realm, ip->family};

	memcpy(key + 3, ip->bytes, sizeof(ip->bytes));
	return cv_table_hash(&lns->addresses, key, sizeof(key));
}

struct lns_session *
lns_session_at(const struct lns *lns, uint16_t realm, const struct cv_ip *ip)
{
	uint64_t hash = address_hash(lns, realm, ip);

	for (struct cv_node *n = cv_table_first(&lns->addresses, hash); n != NULL;
		n = cv_table_next(n)) {
		struct lns_session *s = BY_ADDRESS(n);

		if (s->info.realm == realm && cv_ip_equal(&s->info.address, ip))
			return s;
	}
	return NULL;
}

static bool
give_to(const struct lns *lns, const struct lns_session *s, const struct lns_group *g)
{
	if (g->pools.addresses == NULL || lns_realm_of(lns, g->cfg) != s->info.realm ||
		!lns_pool_has(g->pools.addresses, &s->info.address))
		return false;
	lns_pool_give(g->pools.addresses, &s->info.address);
	return true;
}

/* Back into the pool of its realm that has it, which by now may be another group's. */
static void
give_back(const struct lns *lns, const struct lns_session *s)
{
	bool done = give_to(lns, s, &lns->groups[s->info.group]);

	for (size_t i = 0; i < lns->cfg->n_groups && !done; i++)
		done = give_to(lns, s, &lns->groups[lns->cfg->groups[i].id]);
}

/* ---- coming and going ---- */

void
lns_user_leave(struct lns *lns, struct lns_session *s)
{
	if (!cv_linked(&s->of_user)) {
		lns_prefixes_give(lns, s); /* a dialled peer's comes before its address */
		return;
	}
	cv_unlink(&s->of_user);
	s->who->sessions_count--;
	if (s->info.address.family != 0)
		cv_table_remove(&lns->addresses, &s->by_address);
	if (s->from_pool)
		give_back(lns, s);
	s->from_pool = false; /* the address stays in info: the last line tells it */
	lns_prefixes_give(lns, s);
}

static void
join(struct lns *lns, struct lns_session *s)
{
	cv_list_push(&s->who->sessions, &s->of_user);
	s->who->sessions_count++;
	if (s->info.address.family != 0)
		cv_table_add(&lns->addresses, &s->by_address,
			address_hash(lns, s->info.realm, &s->info.address));
}

void
lns_user_replace(struct lns *lns, struct lns_session *other, uint64_t now)
{
	lns_count(lns, LNS_USER_REPLACED);
	lns_session_close(lns, other, now, PPP_DOWN_REPLACED);
}

/* Makes room for one more session of the user, as his profile or the group says; false: refused. */
static bool
make_room(struct lns *lns, struct lns_session *s, uint64_t now)
{
	const struct cfg_group *group = lns->groups[s->info.group].cfg;
	uint32_t most = s->sessions_max != 0 ? s->sessions_max : group->user_sessions_max;

	if (s->sessions_max == 0 && group->user_sessions == CFG_USER_SESSIONS_REPLACE) {
		CV_LIST_EACH(&s->who->sessions, other, after)
		{
			lns_user_replace(lns, lns_session_of_user(other), now);
		}
		return true;
	}
	if (s->who->sessions_count < most)
		return true;
	lns_count(lns, LNS_USER_SESSIONS);
	lns_log_session_refused(
		lns, s, now, s->info.user, s->info.auth, "the user's sessions are all in use");
	return false;
}

/* Whether an address is the LNS's own in the realm. */
static bool
is_ours(const struct lns *lns, uint16_t realm, const struct cv_ip *ip)
{
	for (size_t i = 0; i < lns->cfg->n_groups; i++) {
		const struct cfg_group *g = &lns->cfg->groups[i];

		if (lns_realm_of(lns, g) == realm && cv_ip_equal(&g->address, ip))
			return true;
	}
	return false;
}

bool
lns_address_free(const struct lns *lns, const struct lns_session *s, const struct cv_ip *ip)
{
	const struct lns_session *other = lns_session_at(lns, s->info.realm, ip);

	return (other == NULL || other->who == s->who) && !is_ours(lns, s->info.realm, ip);
}

/* An address that is given to this session and no other. It belongs to one session: of the same
 * user another gives way, however many sessions he may have; another's stays his. */
static bool
take_fixed(struct lns *lns, struct lns_session *s, uint64_t now, const struct cv_ip *ip)
{
	struct lns_session *other = lns_session_at(lns, s->info.realm, ip);

	if (!lns_address_free(lns, s, ip))
		return false;
	if (other != NULL)
		lns_user_replace(lns, other, now);
	s->info.address = *ip;
	/* of a pool's one that is kept for nobody: nobody else gets it meanwhile */
	for (size_t i = 0; i < lns->cfg->n_groups && !s->from_pool; i++) {
		const struct cfg_group *g = &lns->cfg->groups[i];

		s->from_pool = lns_realm_of(lns, g) == s->info.realm &&
			       lns_pool_take_this(lns->groups[g->id].pools.addresses, ip);
	}
	return true;
}

/* Without an address of his own, in a group that gives none, a client has IPv6 alone. */
static bool
has_no_ipv4(const struct lns *lns, const struct lns_session *s)
{
	return s->fixed.family == 0 && s->v6 != NULL && lns->groups[s->info.group].cfg->n_pool == 0;
}

static bool
take_address(struct lns *lns, struct lns_session *s, uint64_t now)
{
	struct cv_ip ip;

	if (s->fixed.family != 0)
		return take_fixed(lns, s, now, &s->fixed);
	if (has_no_ipv4(lns, s)) {
		s->info.address = (struct cv_ip){0};
		return true;
	}
	ip = lns_pool_take(lns->groups[s->info.group].pools.addresses, CV_IPV4);
	s->from_pool = ip.family != 0;
	if (s->from_pool)
		s->info.address = ip;
	return s->from_pool;
}

/* Networks behind a user lead to one session: of his others those that have some give way. */
static void
take_routes(struct lns *lns, struct lns_session *s, uint64_t now)
{
	if (s->info.n_routes == 0) /* who has a thousand sessions is not gone through for each */
		return;
	CV_LIST_EACH(&s->who->sessions, link, after)
	{
		struct lns_session *other = lns_session_of_user(link);

		if (other != s && other->info.n_routes != 0)
			lns_user_replace(lns, other, now);
	}
}

bool
lns_user_admit(struct lns *lns, struct lns_session *s, uint64_t now)
{
	if (!make_room(lns, s, now)) {
		lns_session_close(lns, s, now, PPP_DOWN_LIMIT);
		return false;
	}
	if (!take_address(lns, s, now)) {
		bool fixed = s->fixed.family != 0;

		lns_count(lns, fixed ? LNS_USER_ADDRESS : LNS_POOL_EXHAUSTED);
		lns_log_session_refused(lns, s, now, s->info.user, s->info.auth,
			fixed ? "the user's address is another's" : "no free address in the pool");
		lns_session_close(lns, s, now, PPP_DOWN_NO_ADDRESS);
		return false;
	}
	take_routes(lns, s, now);
	join(lns, s);
	return true;
}

bool
lns_user_give(struct lns *lns, struct lns_session *s, uint64_t now, const struct cv_ip *ip)
{
	if (!take_fixed(lns, s, now, ip))
		return false;
	take_routes(lns, s, now);
	join(lns, s);
	return true;
}
