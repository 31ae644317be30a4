/* SPDX-License-Identifier: BSD-3-Clause */
/* Tunnels, sessions and peers as people write them. IDs are unique at a listener only, serials
 * everywhere and for ever. */
#include <stdio.h>
#include <string.h>

#include "commands.h"

const char *
id_listener(const struct daemon *d, uint16_t listener, char out[CV_ENDPOINT_TEXT])
{
	const struct cfg_listener *l = cfg_listener_by_id(d->cfg, listener);

	snprintf(out, CV_ENDPOINT_TEXT, "%s", l == NULL ? "-" : l->name);
	return out;
}

static const char *
with_listener(const struct daemon *d, const char *id, uint16_t listener, char out[ROW_ID])
{
	char text[CV_ENDPOINT_TEXT];

	snprintf(out, ROW_ID, "%s@%s", id, id_listener(d, listener, text));
	return out;
}

const char *
id_tunnel(const struct daemon *d, uint16_t listener, uint16_t tunnel, char out[ROW_ID])
{
	char id[8];

	snprintf(id, sizeof(id), "%u", tunnel);
	if (lns_find_tunnel(d->lns, LNS_ANY_LISTENER, tunnel, NULL) > 1)
		return with_listener(d, id, listener, out);
	memcpy(out, id, sizeof(id));
	return out;
}

const char *
id_session(const struct daemon *d, uint16_t listener, uint16_t tunnel, uint16_t session,
	char out[ROW_ID])
{
	char id[16];

	snprintf(id, sizeof(id), "%u/%u", tunnel, session);
	if (lns_find_session(d->lns, LNS_ANY_LISTENER, tunnel, session, NULL) > 1)
		return with_listener(d, id, listener, out);
	memcpy(out, id, sizeof(id));
	return out;
}

/* An address, with its port behind a colon or without: of IPv6 in brackets where there is a port,
 * and without them alone. */
static bool
parse_endpoint(const char *text, struct cv_endpoint *out)
{
	bool brackets = text[0] == '[';
	const char *start = text + brackets, *end = strchr(start, brackets ? ']' : ':');
	const char *colon = end;
	char address[CV_IP_TEXT];
	unsigned port = 0;
	int used = 0;
	size_t len;

	if (brackets && end == NULL)
		return false;
	if (brackets)
		colon = end[1] == '\0' ? NULL : end + 1;
	else if (end == NULL || strchr(end + 1, ':') != NULL)
		colon = end = NULL; /* an address alone, of IPv6 if it has colons */
	len = end == NULL ? strlen(start) : (size_t)(end - start);
	if (len >= sizeof(address) || (colon != NULL && colon[0] != ':'))
		return false;
	memcpy(address, start, len);
	address[len] = '\0';
	if (cv_ip_parse(address, &out->ip) != 0 || (out->ip.family != CV_IPV6 && brackets))
		return false;
	if (colon != NULL && (sscanf(colon + 1, "%5u%n", &port, &used) != 1 ||
				     colon[1 + used] != '\0' || port == 0 || port > UINT16_MAX))
		return false;
	out->port = (uint16_t)port;
	return true;
}

/* What stands behind an ID: nothing, or @ and a listener. */
static bool
parse_listener(const struct daemon *d, const char *text, uint16_t *listener)
{
	struct cv_endpoint at;
	unsigned found = 0;

	*listener = LNS_ANY_LISTENER;
	if (text[0] == '\0')
		return true;
	if (text[0] != '@' || !parse_endpoint(text + 1, &at))
		return false;
	for (size_t i = 0; i < d->cfg->n_listeners; i++) {
		const struct cfg_listener *l = &d->cfg->listeners[i];

		if (!cv_ip_equal(&l->ip, &at.ip) || (at.port != 0 && at.port != l->udp_port))
			continue;
		*listener = l->id;
		found++;
	}
	return found == 1;
}

bool
id_parse_tunnel(
	const struct daemon *d, const char *text, struct id *id, struct control_error *error)
{
	unsigned t;
	int used = 0;

	if (text != NULL && text[0] >= '0' && text[0] <= '9' &&
		sscanf(text, "%5u%n", &t, &used) == 1 && t <= UINT16_MAX &&
		parse_listener(d, text + used, &id->listener)) {
		id->tunnel = (uint16_t)t;
		id->session = 0;
		return true;
	}
	control_fail(error, CONTROL_USAGE,
		"a tunnel is an ID as 'culvertctl tunnels' shows it, as 24090 or "
		"24090@192.0.2.1:1701, "
		"not '%.60s'",
		text == NULL ? "" : text);
	return false;
}

const char *
id_serial(uint64_t serial, char out[LNS_SERIAL_TEXT])
{
	snprintf(out, LNS_SERIAL_TEXT, "%" LNS_PRI_SERIAL, serial);
	return out;
}

uint64_t
id_parse_serial(const char *text)
{
	size_t len = strspn(text, "0123456789abcdefABCDEF");
	uint64_t serial = 0;

	if (len != 0 && len < LNS_SERIAL_TEXT && text[len] == '\0')
		sscanf(text, "%" SCNx64, &serial);
	return serial < LNS_SERIAL_MIN ? 0 : serial;
}

bool
id_parse_session(
	const struct daemon *d, const char *text, struct id *id, struct control_error *error)
{
	unsigned t, s;
	int used = 0;

	*id = (struct id){.listener = LNS_ANY_LISTENER};
	id->serial = text == NULL ? 0 : id_parse_serial(text);
	if (id->serial != 0)
		return true;
	if (text != NULL && sscanf(text, "%5u/%5u%n", &t, &s, &used) == 2 && t <= UINT16_MAX &&
		s <= UINT16_MAX && parse_listener(d, text + used, &id->listener)) {
		id->tunnel = (uint16_t)t;
		id->session = (uint16_t)s;
		return true;
	}
	control_fail(error, CONTROL_USAGE,
		"a session is a serial or TUNNEL/SESSION, as 'culvertctl sessions' shows them, "
		"not '%.60s'",
		text == NULL ? "" : text);
	return false;
}

/* Names the listeners that have it. */
static void
say_all(const struct daemon *d, const struct id *id, const char *what, bool session,
	struct control_error *error)
{
	char text[ROW_ID], all[160] = "";
	size_t used = 0;

	for (size_t i = 0; i < d->cfg->n_listeners && used < sizeof(all) - ROW_ID; i++) {
		uint16_t at = d->cfg->listeners[i].id;

		if ((session ? lns_find_session(d->lns, at, id->tunnel, id->session, NULL)
			     : lns_find_tunnel(d->lns, at, id->tunnel, NULL)) == 0)
			continue;
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s",
			used == 0 ? "" : ", ",
			session ? id_session(d, at, id->tunnel, id->session, text)
				: id_tunnel(d, at, id->tunnel, text));
	}
	control_fail(
		error, CONTROL_USAGE, "several listeners have this %s; say which: %s", what, all);
}

bool
id_one_tunnel(const struct daemon *d, const struct id *id, struct control_error *error)
{
	if (lns_find_tunnel(d->lns, id->listener, id->tunnel, NULL) <= 1)
		return true;
	say_all(d, id, "tunnel", false, error);
	return false;
}

bool
id_one_session(const struct daemon *d, const struct id *id, struct control_error *error)
{
	if (id->serial != 0 ||
		lns_find_session(d->lns, id->listener, id->tunnel, id->session, NULL) <= 1)
		return true;
	say_all(d, id, "session", true, error);
	return false;
}

bool
id_find_session(const struct daemon *d, const struct id *id, struct lns_session_info *info)
{
	return id->serial != 0
		       ? lns_find_serial(d->lns, id->serial, info)
		       : lns_find_session(d->lns, id->listener, id->tunnel, id->session, info) != 0;
}

bool
id_parse_peer(const char *text, struct cv_endpoint *peer, struct control_error *error)
{
	if (text != NULL && parse_endpoint(text, peer))
		return true;
	control_fail(error, CONTROL_USAGE,
		"a peer is an address, as 192.0.2.11 or 192.0.2.11:1701, not '%.60s'",
		text == NULL ? "" : text);
	return false;
}
