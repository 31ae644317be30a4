/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What another configuration means for sessions that began under one before. Those of users whom it
 * still knows, with an address that it still gives them, go on.
 */
#include <string.h>

#include "lns/dial.h"

static const char user_gone[] = "the user is gone";
static const char peer_gone[] = "the peer is not dialled any more";
static const char peer_elsewhere[] = "the peer is dialled in another way";
static const char group_gone[] = "the group or filter is gone";
static const char listener_gone[] = "the listener is gone";
static const char other_address[] = "the user has another address or realm";
static const char address_gone[] = "its address is no longer the group's to give";
static const char other_profile[] = "another group, filter, MTU or rate";
static const char half_way[] = "it was not up yet, and begins anew";

bool
lns_group_gives(const struct cfg *cfg, const struct cfg_group *group, const struct cv_ip *address)
{
	for (size_t i = 0; i < cfg->n_groups; i++) {
		const struct cfg_group *g = &cfg->groups[i];

		if (g->realm == group->realm && cv_ip_equal(&g->address, address))
			return false;
	}
	if (cfg_address_user(cfg, group->realm, address) != NULL)
		return false;
	for (size_t i = 0; i < group->n_pool; i++)
		if (cv_prefix_contains(&group->pool[i], address))
			return true;
	return false;
}

/* One that has its address and is its user's. *profile: what it gets now. */
static void
judge_in(const struct lns_session *s, const struct cfg *cfg, const struct lns_profile *profile,
	struct lns_fate *fate)
{
	const struct cfg_group *group = cfg_group_by_id(cfg, profile->group);

	fate->outcome = LNS_ENDS;
	if (cfg->realms[group->realm].id != s->info.realm ||
		(profile->address.family == 0
				? s->fixed.family != 0
				: !cv_ip_equal(&profile->address, &s->info.address))) {
		fate->why = other_address;
	} else if ((profile->address.family == 0 && s->info.address.family != 0 &&
			   !lns_group_gives(cfg, group, &s->info.address)) ||
		   !lns_prefixes_still(cfg, s, profile)) {
		fate->why = address_gone;
	} else {
		fate->outcome = lns_profile_same(cfg, s, profile) ? LNS_STAYS : LNS_CHANGES;
		fate->why = other_profile;
	}
}

/*
 * What a session's user gets under a configuration: by its list, or, where somebody else has
 * answered for him, what that one said, as far as it is there still. False: nothing, for the reason
 * *why.
 */
static bool
wanted(const struct lns_session *s, const struct cfg *cfg, struct lns_profile *profile,
	const char **why)
{
	const struct cfg_user *user;
	const struct cfg_dial *dial;

	if (s->client) {
		dial = s->dial == NULL ? NULL : cfg_dial_by_id(cfg, s->dial->id);
		*why = peer_gone;
		if (dial == NULL || dial->user == NULL)
			return false;
		lns_dial_profile(cfg, dial, profile);
		return true;
	}
	if (s->listed) {
		user = cfg_user_find(cfg, (const char *)s->who->name, s->who->len);
		*why = user_gone;
		if (user != NULL)
			lns_users_profile(cfg, user, profile);
		return user != NULL;
	}
	lns_profile_of(s, profile);
	*why = group_gone;
	return cfg_group_by_id(cfg, profile->group) != NULL &&
	       (!s->own_filter || cfg_filter_by_id(cfg, profile->filter) != NULL);
}

static void
judge(const struct lns *lns, const struct lns_session *s, const struct cfg *cfg,
	struct lns_profile *profile, struct lns_fate *fate)
{
	bool handed = s->half != NULL;
	const struct lns_dial *dial = handed ? lns_handed_to(s) : s->dial;
	const char *why;

	*fate = (struct lns_fate){.outcome = LNS_STAYS, .why = "", .session = &s->info};
	if (cfg_listener_by_id(cfg, s->info.listener) == NULL) {
		fate->outcome = LNS_ENDS;
		fate->why = listener_gone;
		return;
	}
	if (dial != NULL && !lns_dial_goes_on(lns, dial, cfg)) {
		fate->outcome = LNS_ENDS;
		fate->why = cfg_dial_by_id(cfg, dial->id) == NULL ? peer_gone : peer_elsewhere;
		return;
	}
	if (handed || s->who == NULL)
		return;
	if (!wanted(s, cfg, profile, &why)) {
		fate->outcome = LNS_ENDS;
		fate->why = why;
		return;
	}
	if (cv_linked(&s->of_user)) {
		judge_in(s, cfg, profile, fate);
	} else if (!lns_profile_same(cfg, s, profile)) {
		fate->outcome = LNS_ENDS;
		fate->why = half_way;
	}
}

static struct lns_session *
next_session(const struct lns *lns, uint64_t *cursor, uint64_t stop)
{
	uint64_t places = lns_session_places(lns), end = stop < places ? stop : places;

	while (*cursor < end) {
		struct lns_session *s = lns->slots[(*cursor)++];

		if (s != NULL && !s->over && !s->leaving)
			return s;
	}
	return NULL;
}

bool
lns_next_fate(const struct lns *lns, const struct cfg *cfg, uint64_t *cursor, uint64_t stop,
	struct lns_fate *fate)
{
	const struct lns_session *s = next_session(lns, cursor, stop);
	struct lns_profile profile;

	if (s != NULL)
		judge(lns, s, cfg, &profile, fate);
	return s != NULL;
}

/* The next session, which is ended where that is its fate; NULL: none. *profile: as judge(). */
static struct lns_session *
next_judged(struct lns *lns, uint64_t now, uint64_t *cursor, uint64_t stop,
	struct lns_profile *profile, struct lns_fate *fate)
{
	struct lns_session *s = next_session(lns, cursor, stop);

	if (s == NULL)
		return NULL;
	judge(lns, s, lns->cfg, profile, fate);
	if (fate->outcome == LNS_ENDS)
		lns_session_close(lns, s, now, PPP_DOWN_PROFILE);
	return s;
}

bool
lns_withdraw(struct lns *lns, uint64_t now, uint64_t *cursor, uint64_t stop, struct lns_fate *fate)
{
	struct lns_profile profile;
	struct lns_session *s = next_judged(lns, now, cursor, stop, &profile, fate);

	if (s != NULL && fate->outcome == LNS_CHANGES)
		lns_profile_withdraw(lns, s, &profile);
	return s != NULL;
}

bool
lns_review(struct lns *lns, uint64_t now, uint64_t *cursor, uint64_t stop, struct lns_fate *fate)
{
	struct lns_profile profile;
	struct lns_session *s = next_judged(lns, now, cursor, stop, &profile, fate);

	if (s != NULL && fate->outcome == LNS_CHANGES)
		lns_profile_change(lns, s, now, &profile);
	if (s != NULL)
		lns_path_review(lns, s->tunnel);
	return s != NULL;
}
