/* SPDX-License-Identifier: BSD-3-Clause */
/* Peers that are dialled, as the configuration has them: who comes, stays and goes with it. */
#include <stdlib.h>
#include <string.h>

#include "lns/dial.h"

void
lns_dial_profile(const struct cfg *cfg, const struct cfg_dial *entry, struct lns_profile *profile)
{
	*profile = (struct lns_profile){.user = {(const uint8_t *)entry->name, strlen(entry->name)},
		.group = cfg->groups[entry->group].id,
		.filter = LNS_GROUPS_FILTER,
		.address = entry->address,
		.routes = entry->routes,
		.n_routes = entry->n_routes,
		.sessions_max = 1,
		.listed = true};
}

struct lns_dial *
lns_dial_new(struct lns *lns, const struct cfg *cfg, const struct cfg_dial *entry)
{
	const struct cfg_tunnel_secret secret = {
		.none = entry->none, .secret = entry->secret, .proxy = CFG_PROXY_RENEGOTIATE};
	struct lns_dial *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->object.kind = LNS_KIND_DIAL;
	d->cfg = entry;
	d->id = entry->id;
	d->terms = lns_terms_dial(cfg, entry, lns->crypto, lns->log);
	d->secret = lns_secret_new(&secret);
	if (d->terms != NULL && d->secret != NULL)
		return d;
	lns_dial_free(lns, d);
	return NULL;
}

void
lns_dial_free(struct lns *lns, struct lns_dial *d)
{
	struct cv_link *first;

	if (d == NULL)
		return;
	lns_unready(&d->object);
	cv_wheel_cancel(&lns->wheel, &d->object.timer);
	lns_dial_unwait(lns, d);
	if (d->tunnel != NULL)
		d->tunnel->dial = NULL;
	if (d->session != NULL)
		d->session->dial = NULL;
	while ((first = cv_list_first(&d->waiting)) != NULL) {
		CV_OBJECT(struct lns_half, waits, first)->onward = NULL;
		cv_unlink(first);
	}
	lns_terms_drop(d->terms);
	lns_secret_drop(d->secret);
	free(d);
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static const char *
listener_name(const struct cfg *cfg, const struct cfg_dial *d)
{
	return d->listener == UINT32_MAX ? NULL : cfg->listeners[d->listener].name;
}

/* Whether a connection by the one is one by the other, too. What it is told of us may differ. */
static bool
same_way(const struct cfg *a_cfg, const struct cfg_dial *a, const struct cfg *b_cfg,
	const struct cfg_dial *b)
{
	if (a->n_to != b->n_to || a->call != b->call || a->handed != b->handed ||
		!same_text(a->peer_user, b->peer_user) || (a->user == NULL) != (b->user == NULL) ||
		!same_text(listener_name(a_cfg, a), listener_name(b_cfg, b)))
		return false;
	for (size_t i = 0; i < a->n_to; i++)
		if (!same_text(a->to[i].text, b->to[i].text))
			return false;
	return true;
}

bool
lns_dial_goes_on(const struct lns *lns, const struct lns_dial *d, const struct cfg *cfg)
{
	const struct cfg_dial *entry = cfg_dial_by_id(cfg, d->id);

	return entry != NULL && same_way(lns->cfg, d->cfg, cfg, entry);
}

/* Whether the last try may have failed for what is other now. */
static bool
same_terms(const struct lns_dial *a, const struct lns_dial *b)
{
	return lns_terms_same(a->terms, b->terms) && a->secret->none == b->secret->none &&
	       a->secret->len == b->secret->len &&
	       memcmp(a->secret->bytes, b->secret->bytes, a->secret->len) == 0;
}

/* From the beginning, at once where it waits for nothing. What was noted of what it did before is
 * forgotten: it is about other places, and other questions. */
static void
start(struct lns *lns, struct lns_dial *d, uint64_t now)
{
	d->rounds = 0;
	d->target = d->n_found = d->next_found = 0;
	d->lost = d->idle = d->resolve_due = d->heard_due = false;
	d->at = (struct cv_endpoint){0};
	d->why[0] = '\0';
	cv_wheel_cancel(&lns->wheel, &d->object.timer);
	lns_dial_set_state(
		lns, d, now, d->cfg->start == CFG_START_ALWAYS ? LNS_DIAL_PAUSES : LNS_DIAL_RESTS);
	if (d->cfg->start == CFG_START_ALWAYS)
		cv_wheel_arm(&lns->wheel, &d->object.timer, now);
	d->next_at = now;
}

/* Takes over what another configuration says. */
static void
renew(struct lns *lns, struct lns_dial *d, uint64_t now, struct lns_dial *made,
	const struct cfg *before)
{
	const struct cfg_dial *old = d->cfg;
	struct lns_terms *terms = d->terms;
	struct lns_secret *secret = d->secret;
	bool way = same_way(before, old, lns->cfg, made->cfg), terms_same = same_terms(d, made);

	if (!way)
		lns_dial_let_go(lns, d, now, PPP_DOWN_PROFILE);
	d->cfg = made->cfg;
	d->terms = made->terms;
	d->secret = made->secret;
	made->terms = terms;
	made->secret = secret;
	if (!way || (!terms_same && d->state == LNS_DIAL_PAUSES) ||
		(d->state == LNS_DIAL_RESTS && d->cfg->start != old->start)) {
		start(lns, d, now);
	} else if (d->state == LNS_DIAL_IS_UP && d->cfg->idle_ns != old->idle_ns) {
		d->moved_at = now;
		cv_wheel_arm(
			&lns->wheel, &d->object.timer, d->cfg->idle_ns == 0 ? CV_TIME_NEVER : now);
	} else if (d->state == LNS_DIAL_RESOLVES) {
		start(lns, d, now); /* the name asked for is the old configuration's memory */
	}
}

void
lns_dials_put(
	struct lns *lns, uint64_t now, const struct cfg *before, struct lns_dial *made[CV_DIAL_IDS])
{
	for (size_t i = 0; i < CV_DIAL_IDS; i++) {
		struct lns_dial *d = lns->dials[i];

		if (d != NULL && made[i] != NULL) {
			renew(lns, d, now, made[i], before);
		} else if (d != NULL) {
			lns_hand_on_gone(lns, d, now);
			lns_dial_let_go(lns, d, now, PPP_DOWN_PROFILE);
			lns_dial_free(lns, d);
			lns->dials[i] = NULL;
		} else if (made[i] != NULL) {
			lns->dials[i] = made[i];
			made[i] = NULL;
			start(lns, lns->dials[i], now);
		}
	}
	lns->n_dials = (uint32_t)lns->cfg->n_dials;
}

static const char *
state_name(enum lns_dial_state state)
{
	static const char *const names[] = {[LNS_DIAL_RESTS] = "resting",
		[LNS_DIAL_PAUSES] = "pausing",
		[LNS_DIAL_RESOLVES] = "resolving",
		[LNS_DIAL_CONNECTS] = "connecting",
		[LNS_DIAL_CALLS] = "calling",
		[LNS_DIAL_LINKS] = "linking",
		[LNS_DIAL_IS_UP] = "up"};

	return names[state];
}

static void
describe(const struct lns_dial *d, struct lns_dial_info *info)
{
	*info = (struct lns_dial_info){.id = d->id,
		.name = d->cfg->name,
		.state = state_name(d->state),
		.at = d->at,
		.local = d->state == LNS_DIAL_IS_UP ? d->local : (struct cv_ip){0},
		.since = d->since,
		.rounds = d->rounds,
		.next_at = d->state == LNS_DIAL_PAUSES ? d->next_at : 0,
		.reason = d->why};
	if (d->tunnel != NULL)
		info->tunnel_id = d->tunnel->id;
	if (d->session != NULL) {
		info->session = &d->session->info;
		info->tunnel_id = d->session->info.tunnel_id;
	}
}

bool
lns_next_dial(const struct lns *lns, uint64_t *cursor, uint64_t stop, struct lns_dial_info *info)
{
	uint64_t end = stop < CV_DIAL_IDS ? stop : CV_DIAL_IDS;

	while (*cursor < end) {
		const struct lns_dial *d = lns->dials[(*cursor)++];

		if (d == NULL)
			continue;
		describe(d, info);
		return true;
	}
	return false;
}
