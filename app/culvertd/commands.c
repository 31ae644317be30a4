/* SPDX-License-Identifier: BSD-3-Clause */
/* What culvertctl may ask: each command a row of the table at the end. */
#include <stdio.h>
#include <string.h>

#include "commands.h"

uint64_t
command_cursor(json_t *arguments)
{
	json_int_t v = json_integer_value(json_object_get(arguments, "cursor"));

	return v < 0 ? 0 : (uint64_t)v;
}

json_int_t
command_seconds(uint64_t now, uint64_t since)
{
	return (json_int_t)((now - since) / CV_NS_PER_S);
}

json_t *
command_address(uint32_t address)
{
	struct cv_ip ip = cv_ipv4(address);
	char text[CV_IP_TEXT];

	return address == 0 ? json_null() : json_string(cv_ip_text(&ip, text));
}

json_t *
command_page(json_t *rows, uint64_t next)
{
	return json_pack("{s:o, s:I}", "rows", rows, "next", (json_int_t)next);
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
	append_counters(d, rows, dp_drop_counter);
	return command_page(rows, 0);
}

static json_t *
cmd_edges(struct daemon *d, json_t *arguments, struct control_error *error)
{
	json_t *rows = json_array();

	(void)arguments;
	(void)error;
	append_counters(d, rows, dp_edge_counter);
	return command_page(rows, 0);
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
	return command_page(rows, 0);
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
				  "s:I, s:I, s:I, s:i, s:i, s:I, s:I, s:I, s:I, s:I}",
				"port", p.name, "device", p.device, "driver", p.driver, "mac", mac,
				"mtu", p.mtu, "link", links[p.link], "speed_mbps",
				(json_int_t)p.speed_mbps, "queues", p.rx_queues, "rx_packets",
				(json_int_t)p.rx_packets, "rx_bytes", (json_int_t)p.rx_bytes,
				"tx_packets", (json_int_t)p.tx_packets, "tx_bytes",
				(json_int_t)p.tx_bytes, "rx_missed", (json_int_t)p.rx_missed,
				"rx_errors", (json_int_t)p.rx_errors, "tx_errors",
				(json_int_t)p.tx_errors, "rx_descriptors", p.rx_descriptors,
				"tx_descriptors", p.tx_descriptors, "kernel_rx_errors",
				(json_int_t)p.kernel_rx_errors, "kernel_rx_dropped",
				(json_int_t)p.kernel_rx_dropped, "kernel_tx_errors",
				(json_int_t)p.kernel_tx_errors, "kernel_tx_dropped",
				(json_int_t)p.kernel_tx_dropped, "kernel_reassembled",
				(json_int_t)p.kernel_reassembled));
	}
	return command_page(rows, 0);
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
	return command_page(rows, 0);
}

static const char *
port_name(const struct daemon *d, unsigned port)
{
	return port < d->cfg->n_ports ? d->cfg->ports[port].name : "";
}

static json_t *
neighbour_json(const struct daemon *d, const struct dp_neighbour_info *n)
{
	char address[CV_IP_TEXT], mac[18];
	const uint8_t *m = n->mac;

	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4],
		m[5]);
	return json_pack("{s:s, s:s, s:o, s:s, s:I}", "address", cv_ip_text(&n->ip, address),
		"port", port_name(d, n->port), "mac", n->resolved ? json_string(mac) : json_null(),
		"state",
		!n->resolved    ? "asking"
		: n->configured ? "configured"
				: "resolved",
		"sessions", (json_int_t)n->users);
}

static json_t *
cmd_neighbours(struct daemon *d, json_t *arguments, struct control_error *error)
{
	static const struct filter_column columns[] = {
		{"address", FILTER_ADDRESS, NULL},
		{"port", FILTER_PORT, NULL},
		{"mac", FILTER_TEXT, NULL},
		{"state", FILTER_CHOICE, "asking resolved configured"},
		{NULL, FILTER_TEXT, NULL},
	};
	uint64_t cursor = command_cursor(arguments);
	struct dp_neighbour_info n;
	struct filters filters;
	unsigned looked = 0;
	json_t *rows;
	bool more;

	if (!filters_read(d, arguments, columns, &filters, error))
		return NULL;
	rows = json_array();
	while ((more = dp_neighbour_next(d->dp, &cursor, &n))) {
		json_t *row = neighbour_json(d, &n);

		if (filters_match(&filters, row))
			json_array_append(rows, row);
		json_decref(row);
		if (++looked == CONTROL_PAGE)
			break;
	}
	return command_page(rows, more ? cursor : 0);
}

static json_t *
cmd_log_level(struct daemon *d, json_t *arguments, struct control_error *error)
{
	const char *name = command_string(arguments, "level");
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
		command_fn *run;
	} commands[] = {
		{"status", cmd_status},
		{"pools", cmd_pools},
		{"tunnels", cmd_tunnels},
		{"tunnel", cmd_tunnel},
		{"sessions", cmd_sessions},
		{"session", cmd_session},
		{"ended", cmd_ended},
		{"drops", cmd_drops},
		{"edges", cmd_edges},
		{"counters", cmd_counters},
		{"ports", cmd_ports},
		{"workers", cmd_workers},
		{"neighbours", cmd_neighbours},
		{"kick", cmd_kick},
		{"log-level", cmd_log_level},
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, command) == 0)
			return commands[i].run(ctx, arguments, error);
	control_fail(error, CONTROL_USAGE, "culvertd knows no command '%.64s'", command);
	return NULL;
}
