/* SPDX-License-Identifier: BSD-3-Clause */
/* What the server tells about itself: counters, tunnels, sessions. */
#include <string.h>

#include "base/text.h"
#include "lns/internal.h"

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
		.ended = lns->ended,
		.open_sessions = lns->open_sessions};
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
		.retransmits = l2tp.retransmits};
	cv_escape(info->peer_host_name, sizeof(info->peer_host_name), l2tp.peer_host_name,
		l2tp.peer_host_name_len);
}

bool
lns_next_tunnel(const struct lns *lns, uint64_t *cursor, struct lns_tunnel_info *info)
{
	uint64_t end = (uint64_t)lns->cfg->n_listeners * LNS_TUNNEL_IDS;

	while (*cursor < end) {
		uint64_t at = (*cursor)++;
		const struct lns_tunnel *t = lns->by_id[at / LNS_TUNNEL_IDS][at % LNS_TUNNEL_IDS];

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
	struct ppp_info ppp;

	*info = s->info;
	info->state = "connecting";
	info->lcp_state = info->ipcp_state = "-";
	if (s->ppp == NULL)
		return;
	ppp_link_info(s->ppp, &ppp);
	info->state = s->want_open ? "open" : ppp.phase;
	info->lcp_state = ppp.lcp_state;
	info->ipcp_state = ppp.ipcp_state;
}

bool
lns_next_session(const struct lns *lns, uint64_t *cursor, struct lns_session_info *info)
{
	while (*cursor <= lns->slot_mask) {
		const struct lns_session *s = lns->slots[(*cursor)++];

		if (s == NULL || s->over)
			continue;
		describe_session(s, info);
		return true;
	}
	return false;
}

bool
lns_find_session(const struct lns *lns, uint16_t tunnel_id, uint16_t session_id,
	struct lns_session_info *info)
{
	for (size_t i = 0; i < lns->cfg->n_listeners; i++) {
		const struct lns_session *s =
			lns_session_in(lns, (uint16_t)i, tunnel_id, session_id);

		if (s == NULL)
			continue;
		describe_session(s, info);
		return true;
	}
	return false;
}
