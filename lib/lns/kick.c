/* SPDX-License-Identifier: BSD-3-Clause */
/* What an administrator ends: a session, a user's sessions, a tunnel, a peer's tunnels. */
#include <string.h>

#include "lns/internal.h"

unsigned
lns_kick_session(struct lns *lns, uint64_t now, uint16_t listener, uint16_t tunnel_id,
	uint16_t session_id, enum ppp_down why)
{
	unsigned ended = 0;

	for (size_t i = 0; i < lns->listener_ids; i++) {
		struct lns_session *s = lns_session_in(lns, (uint16_t)i, tunnel_id, session_id);

		if (s == NULL || (listener != LNS_ANY_LISTENER && listener != i))
			continue;
		lns_session_close(lns, s, now, why);
		ended++;
	}
	return ended;
}

unsigned
lns_kick_user(struct lns *lns, uint64_t now, const char *name, enum ppp_down why)
{
	struct cv_bytes bytes = {(const uint8_t *)name, strlen(name)};
	const struct lns_user *user = lns_user_find(lns, bytes);
	unsigned ended = 0;

	if (user == NULL)
		return 0;
	CV_LIST_EACH(&user->sessions, link, after)
	{
		lns_session_close(lns, lns_session_of_user(link), now, why);
		ended++;
	}
	return ended;
}

static void
kick_tunnel(struct lns *lns, struct lns_tunnel *t, uint64_t now)
{
	static const struct l2tp_reason reason = {
		.result = L2TP_STOPCCN_CLEAR, .message = "ended by the administrator"};

	t->kicked = true;
	l2tp_tunnel_close(t->l2tp, now, &reason);
	lns_tunnel_settle(lns, t, now);
}

unsigned
lns_kick_tunnel(struct lns *lns, uint64_t now, uint16_t listener, uint16_t tunnel_id)
{
	unsigned ended = 0;

	for (size_t i = 0; i < lns->listener_ids; i++) {
		struct lns_tunnel *t = lns->by_id[i] == NULL ? NULL : lns->by_id[i][tunnel_id];

		if (t == NULL || t->over || (listener != LNS_ANY_LISTENER && listener != i))
			continue;
		kick_tunnel(lns, t, now);
		ended++;
	}
	return ended;
}

unsigned
lns_kick_peer(struct lns *lns, uint64_t now, const struct cv_endpoint *peer)
{
	uint32_t left = lns_tunnels_from(lns, &peer->ip); /* that live, not yet found */
	unsigned ended = 0;

	for (size_t i = 0; i < lns->listener_ids; i++)
		for (size_t id = 0; left != 0 && lns->by_id[i] != NULL && id < LNS_TUNNEL_IDS;
			id++) {
			struct lns_tunnel *t = lns->by_id[i][id];

			if (t == NULL || t->over || !cv_ip_equal(&t->peer.ip, &peer->ip))
				continue;
			left--;
			if (peer->port != 0 && peer->port != t->peer.port)
				continue;
			kick_tunnel(lns, t, now);
			ended++;
		}
	return ended;
}
