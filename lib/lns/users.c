/* SPDX-License-Identifier: BSD-3-Clause */
/* The users of the configuration, as who answers for them. */
#include "lns/lns.h"

/* `DOMAIN\user`, as Windows says it: the whole name, or else what stands behind the domain. */
static const struct cfg_user *
find_user(const struct cfg *cfg, struct cv_bytes name)
{
	const char *text = (const char *)name.data;
	const struct cfg_user *user = cfg_user_find(cfg, text, name.len);
	size_t at = name.len;

	while (at > 0 && text[at - 1] != '\\')
		at--;
	if (user == NULL && at > 0)
		user = cfg_user_find(cfg, text + at, name.len - at);
	return user;
}

void
lns_users_profile(const struct cfg *cfg, const struct cfg_user *user, struct lns_profile *profile)
{
	/* under one name wherever it is shown, searched and ended, whatever domain it dials with */
	*profile = (struct lns_profile){.user = {(const uint8_t *)user->name, user->name_len},
		.group = cfg->groups[user->group].id,
		.filter = LNS_GROUPS_FILTER,
		.address = user->address,
		.prefix6 = user->prefix6,
		.delegated = user->delegated,
		.routes = user->routes,
		.n_routes = user->n_routes,
		.rates = user->rates,
		.listed = true};
}

void
lns_users_answer(
	const struct cfg *cfg, const struct lns_auth_ask *ask, struct lns_auth_answer *answer)
{
	const struct cfg_user *user = find_user(cfg, ask->name);

	*answer = (struct lns_auth_answer){.number = ask->number,
		.verdict = LNS_AUTH_REJECTED,
		.counter = LNS_USER_UNKNOWN,
		.reason = "no such user"};
	if (user == NULL)
		return;
	answer->verdict = LNS_AUTH_SECRET;
	answer->secret = (struct ppp_secret){
		.kind = PPP_SECRET_PLAIN, .bytes = {user->password.data, user->password.len}};
	lns_users_profile(cfg, user, &answer->profile);
}
