/* SPDX-License-Identifier: BSD-3-Clause */
/* What culvertctl may ask: each command a row of the table at the end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"

static uint64_t
integer(json_t *arguments, const char *key)
{
	json_int_t v = json_integer_value(json_object_get(arguments, key));

	return v < 0 ? 0 : (uint64_t)v;
}

static const char *
string(json_t *arguments, const char *key)
{
	return json_string_value(json_object_get(arguments, key));
}

static json_int_t
seconds(uint64_t now, uint64_t since)
{
	return (json_int_t)((now - since) / CV_NS_PER_S);
}

static json_t *
address_text(uint32_t address)
{
	struct cv_ip ip = cv_ipv4(address);
	char text[CV_IP_TEXT];

	return address == 0 ? json_null() : json_string(cv_ip_text(&ip, text));
}

static json_t *
cmd_status(struct daemon *d, json_t *arguments, struct control_error *error)
{
	struct dp_setup_info setup;
	struct lns_status status;
	uint64_t now = daemon_now();

	(void)arguments;
	(void)error;
	lns_status(d->lns, &status);
	dp_setup_info(d->dp, &setup);
	return json_pack("{s:s, s:s, s:i, s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:I, s:I}",
		"version", CULVERT_VERSION, "host_name", d->cfg->identity.host_name, "pid",
		(int)getpid(), "uptime_s", seconds(now, d->started_at), "log_level",
		cv_log_level_name(d->log.level), "tunnels", (json_int_t)status.tunnels,
		"half_open_tunnels", (json_int_t)status.half_open, "sessions",
		(json_int_t)status.sessions, "open_sessions", (json_int_t)status.open_sessions,
		"workers", (json_int_t)dp_worker_count(d->dp), "shared_core", dp_shared(d->dp),
		"hugepages", setup.hugepages, "packet_buffers", (json_int_t)setup.mbufs,
		"table_bytes", (json_int_t)setup.table_bytes);
}

/* An answer of rows; `next` is where the following page starts, 0: this was the last. */
static json_t *
page(json_t *rows, uint64_t next)
{
	return json_pack("{s:o, s:I}", "rows", rows, "next", (json_int_t)next);
}

static json_t *
cmd_tunnels(struct daemon *d, json_t *arguments, struct control_error *error)
{
	uint64_t cursor = integer(arguments, "cursor"), now = daemon_now();
	json_t *rows = json_array();
	struct lns_tunnel_info t;
	bool more;

	(void)error;
	while ((more = lns_next_tunnel(d->lns, &cursor, &t))) {
		char peer[CV_ENDPOINT_TEXT];

		json_array_append_new(rows,
			json_pack("{s:i, s:i, s:s, s:s, s:s, s:I, s:I, s:i, s:i, s:i, s:i, s:I}",
				"tunnel", t.tunnel_id, "peer_tunnel", t.peer_tunnel_id, "peer",
				cv_endpoint_text(&t.peer, peer), "host", t.peer_host_name, "state",
				t.state, "sessions", (json_int_t)t.sessions, "age_s",
				seconds(now, t.created_at), "ns", t.ns, "nr", t.nr, "window",
				t.window, "cwnd", t.cwnd, "retransmits",
				(json_int_t)t.retransmits));
		if (json_array_size(rows) == CONTROL_PAGE)
			break;
	}
	return page(rows, more ? cursor : 0);
}

static json_t *
session_json(struct daemon *d, const struct lns_session_info *s)
{
	struct dp_session_counters n = {0};
	char id[16], peer[CV_ENDPOINT_TEXT];

	dp_session_counters(d->dp, s->slot, &n);
	snprintf(id, sizeof(id), "%u/%u", s->tunnel_id, s->session_id);
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:s, s:s, s:i, s:i, s:I, s:I, s:I, "
			 "s:I, s:I}",
		"session", id, "user", s->user, "group",
		s->user[0] == '\0' ? "" : d->cfg->groups[s->group].name, "peer",
		cv_endpoint_text(&s->peer, peer), "address", address_text(s->address), "state",
		s->state, "auth", s->auth, "lcp", s->lcp_state, "ipcp", s->ipcp_state, "mtu",
		dp_session_mtu(d->dp, s->slot), "peer_session", s->peer_session_id, "age_s",
		seconds(daemon_now(), s->created_at), "rx_packets", (json_int_t)n.rx_packets,
		"rx_bytes", (json_int_t)n.rx_bytes, "tx_packets", (json_int_t)n.tx_packets,
		"tx_bytes", (json_int_t)n.tx_bytes);
}

/* KEY=VALUE matches that column whole; a word matches part of any of them. */
static bool
matches(json_t *row, const char *filter)
{
	const char *equals = strchr(filter, '='), *key;
	json_t *value;

	json_object_foreach(row, key, value)
	{
		const char *text = json_string_value(value);

		if (text == NULL)
			continue;
		if (equals == NULL && strstr(text, filter) != NULL)
			return true;
		if (equals != NULL && strlen(key) == (size_t)(equals - filter) &&
			strncmp(key, filter, strlen(key)) == 0)
			return strcmp(text, equals + 1) == 0;
	}
	return false;
}

static bool
filter_usable(const char *filter, struct control_error *error)
{
	static const char *const keys[] = {
		"session", "user", "group", "peer", "address", "state", "auth", "lcp", "ipcp"};
	const char *equals = filter == NULL ? NULL : strchr(filter, '=');

	if (equals == NULL)
		return true;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strlen(keys[i]) == (size_t)(equals - filter) &&
			strncmp(keys[i], filter, strlen(keys[i])) == 0)
			return true;
	control_fail(error, CONTROL_USAGE,
		"no column '%.*s'; columns are session, user, group, peer, address, state, auth, "
		"lcp, ipcp",
		(int)(equals - filter), filter);
	return false;
}

static json_t *
cmd_sessions(struct daemon *d, json_t *arguments, struct control_error *error)
{
	uint64_t cursor = integer(arguments, "cursor");
	const char *filter = string(arguments, "filter");
	struct lns_session_info s;
	unsigned looked = 0;
	json_t *rows;
	bool more;

	if (!filter_usable(filter, error))
		return NULL;
	rows = json_array();
	while ((more = lns_next_session(d->lns, &cursor, &s))) {
		json_t *row = session_json(d, &s);

		if (filter == NULL || matches(row, filter))
			json_array_append(rows, row);
		json_decref(row);
		if (++looked == CONTROL_PAGE) /* looked at, not found: a page is a bounded work */
			break;
	}
	return page(rows, more ? cursor : 0);
}

/* "TUNNEL/SESSION". */
static bool
parse_id(json_t *arguments, uint16_t *tunnel, uint16_t *session, struct control_error *error)
{
	const char *text = string(arguments, "session");
	unsigned t, s;
	int used = 0;

	if (text != NULL && sscanf(text, "%5u/%5u%n", &t, &s, &used) == 2 && text[used] == '\0' &&
		t <= UINT16_MAX && s <= UINT16_MAX) {
		*tunnel = (uint16_t)t;
		*session = (uint16_t)s;
		return true;
	}
	control_fail(error, CONTROL_USAGE,
		"a session is TUNNEL/SESSION, as 'culvertctl sessions' shows it, not '%s'",
		text == NULL ? "" : text);
	return false;
}

static json_t *
ended_json(const struct ended *e, uint64_t now)
{
	char id[16], peer[CV_ENDPOINT_TEXT];

	snprintf(id, sizeof(id), "%u/%u", e->tunnel_id, e->session_id);
	return json_pack("{s:s, s:s, s:s, s:o, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "session",
		id, "user", e->user, "peer", cv_endpoint_text(&e->peer, peer), "address",
		address_text(e->address), "state", e->ever_open ? "ended" : "refused", "reason",
		e->reason, "ended_s_ago", seconds(now, e->ended_at), "duration_s",
		seconds(e->ended_at, e->created_at), "rx_packets",
		(json_int_t)e->counters.rx_packets, "rx_bytes", (json_int_t)e->counters.rx_bytes,
		"tx_packets", (json_int_t)e->counters.tx_packets, "tx_bytes",
		(json_int_t)e->counters.tx_bytes);
}

/* One session: as it is, or else how it ended. */
static json_t *
cmd_session(struct daemon *d, json_t *arguments, struct control_error *error)
{
	struct lns_session_info info;
	const struct ended *e;
	uint16_t tunnel, session;

	if (!parse_id(arguments, &tunnel, &session, error))
		return NULL;
	if (lns_find_session(d->lns, LNS_ANY_LISTENER, tunnel, session, &info) != 0)
		return session_json(d, &info);
	for (uint64_t i = 0; (e = ended_at(&d->ended, i)) != NULL; i++)
		if (e->tunnel_id == tunnel && e->session_id == session)
			return ended_json(e, daemon_now());
	control_fail(error, CONTROL_NOT_FOUND,
		"session %u/%u is not here, and not among the last %d that ended", tunnel, session,
		ENDED_MAX);
	return NULL;
}

static json_t *
cmd_ended(struct daemon *d, json_t *arguments, struct control_error *error)
{
	uint64_t n = integer(arguments, "cursor"), now = daemon_now();
	json_t *rows = json_array();
	const struct ended *e;

	(void)error;
	while ((e = ended_at(&d->ended, n)) != NULL && json_array_size(rows) < CONTROL_PAGE) {
		json_array_append_new(rows, ended_json(e, now));
		n++;
	}
	return page(rows, e != NULL ? n : 0);
}

static void
append_counters(const struct daemon *d, json_t *rows,
	bool (*read)(const struct dp *, unsigned, struct dp_counter *))
{
	struct dp_counter c;

	for (unsigned i = 0; read(d->dp, i, &c); i++)
		json_array_append_new(rows, json_pack("{s:s, s:I, s:s}", "name", c.name, "packets",
						    (json_int_t)c.packets, "help", c.help));
}

static json_t *
cmd_drops(struct daemon *d, json_t *arguments, struct control_error *error)
{
	json_t *rows = json_array();

	(void)arguments;
	(void)error;
	append_counters(d, rows, dp_drop);
	return page(rows, 0);
}

static json_t *
cmd_edges(struct daemon *d, json_t *arguments, struct control_error *error)
{
	json_t *rows = json_array();

	(void)arguments;
	(void)error;
	append_counters(d, rows, dp_edge);
	return page(rows, 0);
}

static json_t *
cmd_counters(struct daemon *d, json_t *arguments, struct control_error *error)
{
	json_t *rows = json_array();
	struct daemon_counter own;
	struct lns_status status;

	(void)arguments;
	(void)error;
	lns_status(d->lns, &status);
	for (enum lns_counter i = 0; i < LNS_COUNTER_MAX; i++)
		json_array_append_new(
			rows, json_pack("{s:s, s:I, s:s}", "name", lns_counter_name(i), "value",
				      (json_int_t)status.counters[i], "help", lns_counter_help(i)));
	for (unsigned i = 0; daemon_counter(d, i, &own); i++)
		json_array_append_new(rows, json_pack("{s:s, s:I, s:s}", "name", own.name, "value",
						    (json_int_t)own.value, "help", own.help));
	return page(rows, 0);
}

static json_t *
cmd_ports(struct daemon *d, json_t *arguments, struct control_error *error)
{
	static const char *const links[] = {
		[DP_LINK_UP] = "up",
		[DP_LINK_DOWN] = "down",
		[DP_LINK_GONE] = "gone",
	};
	json_t *rows = json_array();
	struct dp_port_info p;

	(void)arguments;
	(void)error;
	for (unsigned i = 0; i < dp_port_count(d->dp) && dp_port_info(d->dp, i, &p) == 0; i++) {
		char mac[18];

		snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", p.mac[0], p.mac[1],
			p.mac[2], p.mac[3], p.mac[4], p.mac[5]);
		json_array_append_new(rows,
			json_pack("{s:s, s:s, s:s, s:s, s:i, s:s, s:I, s:i, s:I, s:I, s:I, s:I, "
				  "s:I, s:I, s:I}",
				"port", p.name, "device", p.device, "driver", p.driver, "mac", mac,
				"mtu", p.mtu, "link", links[p.link], "speed_mbps",
				(json_int_t)p.speed_mbps, "queues", p.rx_queues, "rx_packets",
				(json_int_t)p.rx_packets, "rx_bytes", (json_int_t)p.rx_bytes,
				"tx_packets", (json_int_t)p.tx_packets, "tx_bytes",
				(json_int_t)p.tx_bytes, "rx_missed", (json_int_t)p.rx_missed,
				"rx_errors", (json_int_t)p.rx_errors, "tx_errors",
				(json_int_t)p.tx_errors));
	}
	return page(rows, 0);
}

static json_t *
cmd_workers(struct daemon *d, json_t *arguments, struct control_error *error)
{
	json_t *rows = json_array();
	struct dp_worker_info w;

	(void)arguments;
	(void)error;
	for (unsigned i = 0; dp_worker_info(d->dp, i, &w) == 0; i++)
		json_array_append_new(
			rows, json_pack("{s:I, s:o, s:f, s:I, s:I, s:I, s:I, s:I}", "worker",
				      (json_int_t)i, "cpu",
				      w.cpu == UINT16_MAX ? json_null() : json_integer(w.cpu),
				      "busy_percent", w.busy_share * 100, "rx_packets",
				      (json_int_t)w.rx_packets, "tx_packets",
				      (json_int_t)w.tx_packets, "rounds", (json_int_t)w.rounds,
				      "busy_cycles", (json_int_t)w.busy_cycles, "idle_cycles",
				      (json_int_t)w.idle_cycles));
	return page(rows, 0);
}

static json_t *
cmd_kick(struct daemon *d, json_t *arguments, struct control_error *error)
{
	const char *user = string(arguments, "user");
	uint64_t now = daemon_now();
	uint16_t tunnel, session;
	unsigned ended;

	if (user != NULL) {
		if (cfg_user_find(d->cfg, user, strlen(user)) == NULL) {
			control_fail(error, CONTROL_NOT_FOUND, "there is no user '%s'", user);
			return NULL;
		}
		ended = lns_kick_user(d->lns, now, user, PPP_DOWN_KICKED);
	} else {
		if (!parse_id(arguments, &tunnel, &session, error))
			return NULL;
		ended = lns_kick_session(
			d->lns, now, LNS_ANY_LISTENER, tunnel, session, PPP_DOWN_KICKED);
	}
	daemon_act(d, now);
	if (ended != 0)
		return json_pack("{s:i}", "ended", (int)ended);
	if (user != NULL)
		control_fail(error, CONTROL_NOT_FOUND, "user '%s' has no session", user);
	else
		control_fail(
			error, CONTROL_NOT_FOUND, "session %u/%u is not here", tunnel, session);
	return NULL;
}

static json_t *
cmd_log_level(struct daemon *d, json_t *arguments, struct control_error *error)
{
	const char *name = string(arguments, "level");
	int level = name == NULL ? -1 : cv_log_level_parse(name);

	if (level < 0) {
		control_fail(error, CONTROL_USAGE,
			"a level is error, warning, info or debug, not '%s'",
			name == NULL ? "" : name);
		return NULL;
	}
	d->log.level = (enum cv_log_level)level;
	cv_log_event(&d->log, CV_LOG_INFO, "log-level", "level=%s", name);
	return json_pack("{s:s}", "log_level", name);
}

json_t *
daemon_handle(void *ctx, const char *command, json_t *arguments, struct control_error *error)
{
	static const struct {
		const char *name;
		json_t *(*run)(struct daemon *, json_t *, struct control_error *);
	} commands[] = {
		{"status", cmd_status},
		{"tunnels", cmd_tunnels},
		{"sessions", cmd_sessions},
		{"session", cmd_session},
		{"ended", cmd_ended},
		{"drops", cmd_drops},
		{"edges", cmd_edges},
		{"counters", cmd_counters},
		{"ports", cmd_ports},
		{"workers", cmd_workers},
		{"kick", cmd_kick},
		{"log-level", cmd_log_level},
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, command) == 0)
			return commands[i].run(ctx, arguments, error);
	control_fail(error, CONTROL_USAGE, "culvertd knows no command '%.64s'", command);
	return NULL;
}
