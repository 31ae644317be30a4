/* SPDX-License-Identifier: BSD-3-Clause */
/* culvertctl kick: what an administrator ends. */
#include <string.h>

#include "commands.h"

static json_t *
ended(unsigned n, const char *what)
{
	return view_row(&view_kicked, &(struct kicked_row){n, what});
}

static json_t *
kick_user(struct daemon *d, const char *user, uint64_t now, struct control_error *error)
{
	unsigned n;

	if (cfg_user_find(d->cfg, user, strlen(user)) == NULL) {
		control_fail(error, CONTROL_NOT_FOUND, "there is no user '%.60s'", user);
		return NULL;
	}
	n = lns_kick_user(d->lns, now, user, PPP_DOWN_KICKED);
	if (n != 0)
		return ended(n, "sessions");
	control_fail(error, CONTROL_NOT_FOUND, "user '%.60s' has no session", user);
	return NULL;
}

static json_t *
kick_session(struct daemon *d, const char *text, uint64_t now, struct control_error *error)
{
	struct lns_session_info s;
	struct id id;

	if (!id_parse_session(d, text, &id, error) || !id_one_session(d, &id, error))
		return NULL;
	if (id_find_session(d, &id, &s))
		return ended(lns_kick_session(d->lns, now, s.listener, s.tunnel_id, s.session_id,
				     PPP_DOWN_KICKED),
			"sessions");
	control_fail(error, CONTROL_NOT_FOUND, "session %.60s is not here", text);
	return NULL;
}

static json_t *
kick_tunnel(struct daemon *d, const char *text, uint64_t now, struct control_error *error)
{
	struct id id;
	unsigned n;

	if (!id_parse_tunnel(d, text, &id, error) || !id_one_tunnel(d, &id, error))
		return NULL;
	n = lns_kick_tunnel(d->lns, now, id.listener, id.tunnel);
	if (n != 0)
		return ended(n, "tunnels");
	control_fail(error, CONTROL_NOT_FOUND, "tunnel %.60s is not here", text);
	return NULL;
}

static json_t *
kick_peer(struct daemon *d, const char *text, uint64_t now, struct control_error *error)
{
	struct cv_endpoint peer;
	unsigned n;

	if (!id_parse_peer(text, &peer, error))
		return NULL;
	n = lns_kick_peer(d->lns, now, &peer);
	if (n != 0)
		return ended(n, "tunnels");
	control_fail(error, CONTROL_NOT_FOUND, "peer %.60s has no tunnel", text);
	return NULL;
}

json_t *
cmd_kick(struct daemon *d, json_t *arguments, struct control_error *error)
{
	static const struct {
		const char *key;
		json_t *(*kick)(struct daemon *, const char *, uint64_t, struct control_error *);
	} ways[] = {
		{"user", kick_user},
		{"tunnel", kick_tunnel},
		{"peer", kick_peer},
	};
	uint64_t now = daemon_now();
	json_t *result = NULL;
	size_t i = 0;

	while (i < sizeof(ways) / sizeof(ways[0]) && command_string(arguments, ways[i].key) == NULL)
		i++;
	if (i < sizeof(ways) / sizeof(ways[0]))
		result = ways[i].kick(d, command_string(arguments, ways[i].key), now, error);
	else
		result = kick_session(d, command_string(arguments, "session"), now, error);
	daemon_act(d, now);
	return result;
}
