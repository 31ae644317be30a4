/* SPDX-License-Identifier: BSD-3-Clause */
/* What a session gets for its user, at first and later. */
#include <stdlib.h>
#include <string.h>

#include "lns/internal.h"

/* The filter that a profile means. */
static uint16_t
filter_of(const struct cfg *cfg, const struct lns_profile *profile, const struct cfg_group *group)
{
	return profile->filter == LNS_GROUPS_FILTER ? cfg->filters[group->filter].id
						    : profile->filter;
}

const struct cfg_group *
lns_profile_group(const struct lns *lns, const struct lns_profile *profile)
{
	const struct cfg_group *group =
		profile->group < CV_GROUP_IDS ? lns->groups[profile->group].cfg : NULL;

	if (group == NULL ||
		cfg_filter_by_id(lns->cfg, filter_of(lns->cfg, profile, group)) == NULL)
		return NULL;
	return group;
}

bool
lns_framed_set(struct lns_session *s, const struct cv_prefix *routes, size_t n)
{
	struct cv_prefix *own = n == 0 ? NULL : calloc(n, sizeof(*own));

	free(s->routes);
	s->routes = own;
	s->info.routes = own;
	s->info.n_routes = own == NULL ? 0 : (uint32_t)n;
	if (own != NULL)
		memcpy(own, routes, n * sizeof(*own));
	return own != NULL || n == 0;
}

bool
lns_framed_same(const struct lns_session *s, const struct lns_profile *profile)
{
	if (s->info.n_routes != profile->n_routes)
		return false;
	for (size_t i = 0; i < profile->n_routes; i++)
		if (!cv_prefix_equal(&s->info.routes[i], &profile->routes[i]))
			return false;
	return true;
}

static bool
is_among(const struct cv_prefix *prefix, const struct lns_profile *profile)
{
	for (size_t i = 0; i < profile->n_routes; i++)
		if (cv_prefix_equal(prefix, &profile->routes[i]))
			return true;
	return false;
}

/* The group is there: lns_profile_group says so. */
bool
lns_profile_take(struct lns *lns, struct lns_session *s, const struct lns_profile *profile)
{
	const struct cfg_group *group = lns->groups[profile->group].cfg;

	s->info.group = group->id;
	s->info.realm = lns_realm_of(lns, group);
	s->info.filter = filter_of(lns->cfg, profile, group);
	s->info.mtu = profile->mtu;
	s->info.rates = profile->rates;
	s->fixed = profile->address;
	lns_ipv6_set(lns, s, profile);
	s->sessions_max = profile->sessions_max;
	s->own_filter = profile->filter != LNS_GROUPS_FILTER;
	s->listed = profile->listed;
	return lns_framed_same(s, profile) || lns_framed_set(s, profile->routes, profile->n_routes);
}

void
lns_profile_of(const struct lns_session *s, struct lns_profile *profile)
{
	*profile = (struct lns_profile){.user = {s->who->name, s->who->len},
		.group = s->info.group,
		.filter = s->own_filter ? s->info.filter : LNS_GROUPS_FILTER,
		.address = s->fixed,
		.mtu = s->info.mtu,
		.sessions_max = s->sessions_max,
		.routes = s->info.routes,
		.n_routes = s->info.n_routes,
		.rates = s->info.rates,
		.listed = s->listed};
	if (s->v6 == NULL)
		return;
	profile->prefix6 = s->v6->fixed_prefix;
	profile->delegated = s->v6->fixed_delegated;
}

bool
lns_profile_same(
	const struct cfg *cfg, const struct lns_session *s, const struct lns_profile *profile)
{
	const struct cfg_group *group = cfg_group_by_id(cfg, profile->group);

	return s->info.group == group->id && s->info.filter == filter_of(cfg, profile, group) &&
	       s->info.mtu == profile->mtu && s->sessions_max == profile->sessions_max &&
	       cv_ip_equal(&s->fixed, &profile->address) && lns_prefixes_fixed(s, profile) &&
	       lns_framed_same(s, profile) && cv_rates_equal(&s->info.rates, &profile->rates);
}

/* Whether the session could not go on under the address that it has. */
static bool
needs_another_address(
	const struct lns *lns, const struct lns_session *s, const struct lns_profile *profile)
{
	uint16_t realm = lns_realm_of(lns, lns->groups[profile->group].cfg);

	if (realm != s->info.realm || !lns_prefixes_still(lns->cfg, s, profile))
		return true;
	if (profile->address.family == 0)
		return s->fixed.family != 0;
	return !cv_ip_equal(&profile->address, &s->info.address);
}

static void
say_changed(const struct lns *lns, const struct lns_session *s)
{
	cv_log_event(lns->log, CV_LOG_INFO, "session-changed",
		"tunnel=%u session=%u serial=%" LNS_PRI_SERIAL " user=%s group=%s mtu=%u",
		s->info.tunnel_id, s->info.session_id, s->info.serial, s->info.user,
		lns->groups[s->info.group].cfg->name, s->info.mtu);
}

void
lns_profile_withdraw(struct lns *lns, struct lns_session *s, const struct lns_profile *profile)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < s->info.n_routes; i++)
		if (is_among(&s->routes[i], profile))
			s->routes[kept++] = s->routes[i];
	if (kept == s->info.n_routes)
		return;
	s->info.n_routes = kept;
	s->routes_changed = true;
	lns_ready(lns, &s->object);
	if (lns_profile_same(lns->cfg, s, profile))
		say_changed(lns, s); /* that was all */
}

int
lns_profile_change(
	struct lns *lns, struct lns_session *s, uint64_t now, const struct lns_profile *profile)
{
	struct lns_session_info before = s->info;
	bool same_routes = lns_framed_same(s, profile);

	if (lns_profile_group(lns, profile) == NULL)
		return CV_ERR_CONFIG;
	if (needs_another_address(lns, s, profile)) {
		lns_session_close(lns, s, now, PPP_DOWN_PROFILE);
		return 0;
	}
	if (!lns_profile_take(lns, s, profile)) {
		lns_session_close(lns, s, now, PPP_DOWN_PROFILE);
		return 0;
	}
	if (s->info.group == before.group && s->info.filter == before.filter &&
		s->info.mtu == before.mtu && same_routes &&
		cv_rates_equal(&s->info.rates, &before.rates))
		return 0;
	s->other_profile = true;
	lns_ready(lns, &s->object);
	say_changed(lns, s);
	return 0;
}

int
lns_profile_set(struct lns *lns, uint64_t now, uint64_t serial, const struct lns_profile *profile)
{
	struct lns_session *s = lns_session_of(lns, serial);

	if (s == NULL)
		return CV_ERR_UNKNOWN;
	if (!cv_linked(&s->of_user)) /* it is not in yet, or on its way out */
		return CV_ERR_STATE;
	return lns_profile_change(lns, s, now, profile);
}
