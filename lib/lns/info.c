/* SPDX-License-Identifier: BSD-3-Clause */
/* What the server tells about itself: counters, tunnels, sessions. */
#include <string.h>

#include "base/text.h"
#include "lns/dial.h"

static const struct {
	const char *name, *help;
} counters[] = {
#define X(id, name, help) {name, help},
	LNS_COUNTERS(X)
#undef X
};

const char *
lns_counter_name(enum lns_counter counter)
{
	return counters[counter].name;
}

const char *
lns_counter_help(enum lns_counter counter)
{
	return counters[counter].help;
}

void
lns_status(const struct lns *lns, struct lns_status *status)
{
	*status = (struct lns_status){.tunnels = lns->tunnels,
		.sessions = lns->sessions,
		.half_open = lns->admission.callers.count,
		.ended = lns->ended_count,
		.open_sessions = lns->open_sessions,
		.draining = lns->drain.on,
		.drain_since = lns->drain.on ? lns->drain.since : 0,
		.drain_until = lns->drain.on ? lns->drain.until : CV_TIME_NEVER};
	status->highest = lns->highest;
	status->highest.setups_per_second =
		lns->setups.highest > lns->calls.highest ? lns->setups.highest : lns->calls.highest;
	memcpy(status->counters, lns->counters, sizeof(status->counters));
}

static void
describe_tunnel(const struct lns_tunnel *t, struct lns_tunnel_info *info)
{
	struct l2tp_tunnel_info l2tp;

	l2tp_tunnel_info(t->l2tp, &l2tp);
	*info = (struct lns_tunnel_info){.listener = t->listener,
		.tunnel_id = t->id,
		.peer_tunnel_id = t->peer_id,
		.peer = t->peer,
		.state = l2tp.state,
		.sessions = t->session_count,
		.created_at = t->created_at,
		.ns = l2tp.ns,
		.nr = l2tp.nr,
		.window = l2tp.peer_window,
		.cwnd = l2tp.cwnd,
		.retransmits = l2tp.retransmits,
		.moved_at = t->moved_at,
		.moves = t->moves,
		.ecn = l2tp.ecn};
	cv_escape(info->peer_host_name, sizeof(info->peer_host_name), l2tp.peer_host_name,
		l2tp.peer_host_name_len);
}

uint64_t
lns_tunnel_places(const struct lns *lns)
{
	return (uint64_t)lns->listener_ids * LNS_TUNNEL_IDS;
}

bool
lns_next_tunnel(
	const struct lns *lns, uint64_t *cursor, uint64_t stop, struct lns_tunnel_info *info)
{
	uint64_t places = lns_tunnel_places(lns), end = stop < places ? stop : places;

	while (*cursor < end) {
		uint64_t at = *cursor, listener = at / LNS_TUNNEL_IDS;
		const struct lns_tunnel *t;

		if (lns->by_id[listener] == NULL) {
			*cursor = (listener + 1) * LNS_TUNNEL_IDS;
			continue;
		}
		(*cursor)++;
		t = lns->by_id[listener][at % LNS_TUNNEL_IDS];
		if (t == NULL || t->over)
			continue;
		describe_tunnel(t, info);
		return true;
	}
	return false;
}

static void
describe_session(const struct lns_session *s, struct lns_session_info *info)
{
	const struct lns_dial *to;
	struct ppp_info ppp;

	*info = s->info;
	info->state = "connecting";
	info->lcp_state = info->ipcp_state = info->ipv6cp_state = "-";
	to = lns_handed_to(s);
	if (to != NULL) {
		s->half->info.to = to->cfg->name;
		info->state = s->half->joined ? "handed-on" : "handing-on";
	}
	if (s->ppp == NULL)
		return;
	ppp_link_info(s->ppp, &ppp);
	info->state = s->want_open ? "open" : ppp.phase;
	info->lcp_state = ppp.lcp_state;
	info->ipcp_state = ppp_link_network_state(s->ppp, PPP_IPCP);
	info->ipv6cp_state = ppp_link_network_state(s->ppp, PPP_IPV6CP);
}

uint64_t
lns_session_places(const struct lns *lns)
{
	return (uint64_t)lns->slot_mask + 1;
}

bool
lns_next_session(
	const struct lns *lns, uint64_t *cursor, uint64_t stop, struct lns_session_info *info)
{
	uint64_t places = lns_session_places(lns), end = stop < places ? stop : places;

	while (*cursor < end) {
		const struct lns_session *s = lns->slots[(*cursor)++];

		if (s == NULL || s->over)
			continue;
		describe_session(s, info);
		return true;
	}
	return false;
}

static const struct lns_tunnel *
living_tunnel(const struct lns *lns, uint16_t listener, uint16_t tunnel_id)
{
	const struct lns_tunnel *t = listener < lns->listener_ids && lns->by_id[listener] != NULL
					     ? lns->by_id[listener][tunnel_id]
					     : NULL;

	return t == NULL || t->over ? NULL : t;
}

unsigned
lns_find_tunnel(
	const struct lns *lns, uint16_t listener, uint16_t tunnel_id, struct lns_tunnel_info *info)
{
	unsigned found = 0;

	for (size_t i = 0; i < lns->listener_ids; i++) {
		const struct lns_tunnel *t = living_tunnel(lns, (uint16_t)i, tunnel_id);

		if (t == NULL || (listener != LNS_ANY_LISTENER && listener != i))
			continue;
		if (found++ == 0 && info != NULL)
			describe_tunnel(t, info);
	}
	return found;
}

unsigned
lns_find_session(const struct lns *lns, uint16_t listener, uint16_t tunnel_id, uint16_t session_id,
	struct lns_session_info *info)
{
	unsigned found = 0;

	for (size_t i = 0; i < lns->listener_ids; i++) {
		const struct lns_session *s =
			lns_session_in(lns, (uint16_t)i, tunnel_id, session_id);

		if (s == NULL || (listener != LNS_ANY_LISTENER && listener != i))
			continue;
		if (found++ == 0 && info != NULL)
			describe_session(s, info);
	}
	return found;
}

bool
lns_find_serial(const struct lns *lns, uint64_t serial, struct lns_session_info *info)
{
	const struct lns_session *s = lns_session_of(lns, serial);

	if (s != NULL && info != NULL)
		describe_session(s, info);
	return s != NULL;
}

#define COUNT(name, help) {#name, help},

bool
lns_tunnel_tally(const struct lns *lns, uint16_t listener, uint16_t tunnel_id, unsigned index,
	struct lns_tally *out)
{
	static const struct {
		const char *name, *help;
	} names[] = {L2TP_COUNTERS(COUNT)};
	const struct lns_tunnel *t = living_tunnel(lns, listener, tunnel_id);
	struct l2tp_tunnel_info info;

	if (t == NULL || index >= sizeof(names) / sizeof(names[0]))
		return false;
	l2tp_tunnel_info(t->l2tp, &info);
#define VALUE(name, help) info.counters.name,
	const uint32_t values[] = {L2TP_COUNTERS(VALUE)};
#undef VALUE
	*out = (struct lns_tally){names[index].name, names[index].help, values[index]};
	return true;
}

bool
lns_session_tally(const struct lns *lns, uint16_t listener, uint16_t tunnel_id, uint16_t session_id,
	unsigned index, struct lns_tally *out)
{
	static const struct {
		const char *name, *help;
	} names[] = {PPP_COUNTERS(COUNT)};
	const struct lns_session *s = lns_session_in(lns, listener, tunnel_id, session_id);
	struct ppp_info info;

	if (s == NULL || s->ppp == NULL || index >= sizeof(names) / sizeof(names[0]))
		return false;
	ppp_link_info(s->ppp, &info);
#define VALUE(name, help) info.counters.name,
	const uint32_t values[] = {PPP_COUNTERS(VALUE)};
#undef VALUE
	*out = (struct lns_tally){names[index].name, names[index].help, values[index]};
	return true;
}

bool
lns_pool_use(const struct lns *lns, uint16_t group, uint64_t *used, uint64_t *size)
{
	const struct lns_pools *pools;

	if (group >= CV_GROUP_IDS || lns->groups[group].pools.addresses == NULL)
		return false;
	pools = &lns->groups[group].pools;
	*used = lns_pool_used(pools->addresses, CV_IPV4);
	*size = lns_pool_size(pools->addresses, CV_IPV4);
	return true;
}

bool
lns_prefix_use(
	const struct lns *lns, uint16_t group, bool delegated, uint64_t *used, uint64_t *size)
{
	const struct lns_pools *pools = group < CV_GROUP_IDS ? &lns->groups[group].pools : NULL;
	const struct lns_pool *pool = pools == NULL ? NULL
				      : delegated   ? pools->delegate
						    : pools->pool6;

	if (pool == NULL)
		return false;
	*used = lns_pool_used(pool, CV_IPV6);
	*size = lns_pool_size(pool, CV_IPV6);
	return true;
}
