/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands, and the columns of their tables. */
#include "tables.h"

#include <string.h>

static const struct view_column status_columns[] = {
	{"host_name", "host name", VIEW_TEXT},
	{"version", "version", VIEW_TEXT},
	{"pid", "process", VIEW_NUMBER},
	{"uptime_s", "up for", VIEW_DURATION},
	{"log_level", "log level", VIEW_TEXT},
	{"tunnels", "tunnels", VIEW_COUNT},
	{"ended_tunnels", "  ended, still remembered", VIEW_COUNT},
	{"half_open_tunnels", "  callers, not proved yet", VIEW_COUNT},
	{"sessions", "sessions", VIEW_COUNT},
	{"open_sessions", "  open", VIEW_COUNT},
	{"workers", "workers", VIEW_NUMBER},
	{"shared_core", "  share control's core", VIEW_YES},
	{"control_percent", "control thread busy", VIEW_PERCENT},
	{"longest_answer_us", "  longest answer to culvertctl, us", VIEW_COUNT},
	{"hugepages", "hugepages", VIEW_YES},
	{"packet_buffers", "packet buffers", VIEW_COUNT},
	{"free_packet_buffers", "  free", VIEW_COUNT},
	{"table_bytes", "tables", VIEW_BYTES},
	{"pool_exhausted", "refused for want of an address", VIEW_COUNT},
	{NULL, NULL, VIEW_TEXT},
};

static const struct view_column limit_columns[] = {
	{"limit", "LIMIT NEAR OR HIT", VIEW_TEXT},
	{"used", "USED", VIEW_COUNT},
	{"of", "OF", VIEW_COUNT},
	{"hit", "HIT", VIEW_COUNT},
	{NULL, NULL, VIEW_TEXT},
};

static const struct view_column pool_columns[] = {
	{"group", "POOL OF", VIEW_TEXT},
	{"realm", "REALM", VIEW_TEXT},
	{"used", "USED", VIEW_COUNT},
	{"of", "OF", VIEW_COUNT},
	{"used_percent", "SHARE", VIEW_PERCENT},
	{NULL, NULL, VIEW_TEXT},
};

static const struct view_part status_parts[] = {
	{"limits", limit_columns, "near_or_hit", "no limit is near, and none was hit"},
	{"pools", pool_columns, NULL, "no pools"},
	{NULL, NULL, NULL, NULL},
};

static const struct view_column tunnel_columns[] = {
	{"tunnel", "TUNNEL", VIEW_TEXT},
	{"peer", "PEER", VIEW_TEXT},
	{"host", "HOST", VIEW_TEXT},
	{"state", "STATE", VIEW_TEXT},
	{"sessions", "SESSIONS", VIEW_COUNT},
	{"age_s", "AGE", VIEW_DURATION},
	{"retransmits", "RETRANSMITS", VIEW_COUNT},
	{"window", "WINDOW", VIEW_NUMBER},
	{NULL, NULL, VIEW_TEXT},
};

static const struct view_column one_tunnel_columns[] = {
	{"tunnel", "tunnel", VIEW_TEXT},
	{"peer_tunnel", "peer's tunnel ID", VIEW_NUMBER},
	{"peer", "peer", VIEW_TEXT},
	{"host", "host name", VIEW_TEXT},
	{"listener", "listener", VIEW_TEXT},
	{"state", "state", VIEW_TEXT},
	{"sessions", "sessions", VIEW_COUNT},
	{"age_s", "age", VIEW_DURATION},
	{"ns", "Ns", VIEW_NUMBER},
	{"nr", "Nr", VIEW_NUMBER},
	{"window", "peer's window", VIEW_NUMBER},
	{"cwnd", "congestion window", VIEW_NUMBER},
	{"retransmits", "retransmits", VIEW_COUNT},
	{NULL, NULL, VIEW_TEXT},
};

static const struct view_column session_columns[] = {
	{"session", "SESSION", VIEW_TEXT},
	{"user", "USER", VIEW_TEXT},
	{"address", "ADDRESS", VIEW_TEXT},
	{"state", "STATE", VIEW_TEXT},
	{"peer", "PEER", VIEW_TEXT},
	{"auth", "AUTH", VIEW_TEXT},
	{"serial", "SERIAL", VIEW_TEXT},
	{"age_s", "AGE", VIEW_DURATION},
	{"rx_packets", "RX", VIEW_COUNT},
	{"rx_bytes", "RX BYTES", VIEW_BYTES},
	{"tx_packets", "TX", VIEW_COUNT},
	{"tx_bytes", "TX BYTES", VIEW_BYTES},
	{NULL, NULL, VIEW_TEXT},
};

static const struct view_column one_session_columns[] = {
	{"session", "session", VIEW_TEXT},
	{"serial", "serial", VIEW_TEXT},
	{"user", "user", VIEW_TEXT},
	{"group", "group", VIEW_TEXT},
	{"state", "state", VIEW_TEXT},
	{"reason", "reason", VIEW_TEXT},
	{"peer", "peer", VIEW_TEXT},
	{"listener", "listener", VIEW_TEXT},
	{"peer_session", "peer's session ID", VIEW_NUMBER},
	{"address", "inner address", VIEW_TEXT},
	{"auth", "authentication", VIEW_TEXT},
	{"lcp", "LCP", VIEW_TEXT},
	{"ipcp", "IPCP", VIEW_TEXT},
	{"mtu", "inner MTU", VIEW_NUMBER},
	{"age_s", "age", VIEW_DURATION},
	{"duration_s", "lasted", VIEW_DURATION},
	{"ended_s_ago", "ended before", VIEW_DURATION},
	{"rx_packets", "packets from it", VIEW_COUNT},
	{"rx_bytes", "bytes from it", VIEW_BYTES},
	{"tx_packets", "packets to it", VIEW_COUNT},
	{"tx_bytes", "bytes to it", VIEW_BYTES},
	{NULL, NULL, VIEW_TEXT},
};

static const struct view_column ended_columns[] = {
	{"session", "SESSION", VIEW_TEXT},
	{"user", "USER", VIEW_TEXT},
	{"address", "ADDRESS", VIEW_TEXT},
	{"state", "STATE", VIEW_TEXT},
	{"peer", "PEER", VIEW_TEXT},
	{"serial", "SERIAL", VIEW_TEXT},
	{"ended_s_ago", "AGO", VIEW_DURATION},
	{"duration_s", "LASTED", VIEW_DURATION},
	{"reason", "REASON", VIEW_TEXT},
	{NULL, NULL, VIEW_TEXT},
};

static const struct view_column packet_columns[] = {
	{"packets", "PACKETS", VIEW_COUNT},
	{"name", "NAME", VIEW_TEXT},
	{"help", "WHAT IT MEANS", VIEW_TEXT},
	{NULL, NULL, VIEW_TEXT},
};

static const struct view_column counter_columns[] = {
	{"value", "VALUE", VIEW_COUNT},
	{"name", "NAME", VIEW_TEXT},
	{"help", "WHAT IT MEANS", VIEW_TEXT},
	{NULL, NULL, VIEW_TEXT},
};

static const struct view_part l2tp_parts[] = {
	{"counters", counter_columns, "value", "L2TP has counted nothing"},
	{NULL, NULL, NULL, NULL},
};

static const struct view_part ppp_parts[] = {
	{"counters", counter_columns, "value", "PPP has counted nothing"},
	{NULL, NULL, NULL, NULL},
};

static const struct view_column port_columns[] = {
	{"port", "PORT", VIEW_TEXT},
	{"device", "DEVICE", VIEW_TEXT},
	{"driver", "DRIVER", VIEW_TEXT},
	{"link", "LINK", VIEW_TEXT},
	{"mtu", "MTU", VIEW_NUMBER},
	{"queues", "QUEUES", VIEW_NUMBER},
	{"rx_packets", "RX", VIEW_COUNT},
	{"tx_packets", "TX", VIEW_COUNT},
	{"rx_missed", "RX MISSED", VIEW_COUNT},
	{"kernel_rx_dropped", "KERNEL RX DROPS", VIEW_COUNT},
	{"tx_errors", "TX ERRORS", VIEW_COUNT},
	{"kernel_tx_dropped", "KERNEL TX DROPS", VIEW_COUNT},
	{"kernel_reassembled", "REASSEMBLED", VIEW_COUNT},
	{"mac", "MAC", VIEW_TEXT},
	{NULL, NULL, VIEW_TEXT},
};

static const struct view_column worker_columns[] = {
	{"worker", "WORKER", VIEW_NUMBER},
	{"cpu", "CPU", VIEW_NUMBER},
	{"busy_percent", "BUSY", VIEW_PERCENT},
	{"rx_packets", "RX", VIEW_COUNT},
	{"tx_packets", "TX", VIEW_COUNT},
	{"rounds", "ROUNDS", VIEW_COUNT},
	{NULL, NULL, VIEW_TEXT},
};

static const struct view_column neighbour_columns[] = {
	{"address", "ADDRESS", VIEW_TEXT},
	{"port", "PORT", VIEW_TEXT},
	{"state", "STATE", VIEW_TEXT},
	{"mac", "MAC", VIEW_TEXT},
	{"sessions", "SESSIONS", VIEW_COUNT},
	{NULL, NULL, VIEW_TEXT},
};

const struct command commands[] = {
	{"status", .shape = SHAPE_OBJECT, .columns = status_columns, .parts = status_parts},
	{"pools", .shape = SHAPE_ROWS, .columns = pool_columns, .nothing = "no pools"},
	{"tunnels", .filters = true, .shape = SHAPE_ROWS, .columns = tunnel_columns,
		.nothing = "no tunnels"},
	{"tunnel", .argument = "tunnel", .needs = "a tunnel", .shape = SHAPE_OBJECT,
		.columns = one_tunnel_columns, .parts = l2tp_parts},
	{"sessions", .filters = true, .shape = SHAPE_ROWS, .columns = session_columns,
		.nothing = "no sessions"},
	{"session", .argument = "session", .needs = "a session", .shape = SHAPE_OBJECT,
		.columns = one_session_columns, .parts = ppp_parts},
	{"ended", .filters = true, .shape = SHAPE_ROWS, .columns = ended_columns,
		.nothing = "no session has ended yet", .none_left = "no such session has ended"},
	{"drops", .shape = SHAPE_ROWS, .columns = packet_columns, .skip_zero = "packets",
		.nothing = "nothing was dropped"},
	{"edges", .shape = SHAPE_ROWS, .columns = packet_columns, .skip_zero = "packets",
		.nothing = "no packet has come yet"},
	{"counters", .shape = SHAPE_ROWS, .columns = counter_columns, .skip_zero = "value",
		.nothing = "nothing was counted yet"},
	{"ports", .shape = SHAPE_ROWS, .columns = port_columns, .nothing = "no ports"},
	{"workers", .shape = SHAPE_ROWS, .columns = worker_columns, .nothing = "no workers"},
	{"neighbours", .filters = true, .shape = SHAPE_ROWS, .columns = neighbour_columns,
		.nothing = "no neighbours"},
	{"kick", .argument = "session",
		.needs = "a session, or 'user', 'tunnel' or 'peer' and which", .shape = SHAPE_DONE},
	{"log-level", .argument = "level", .needs = "a level", .shape = SHAPE_DONE},
};
const size_t command_count = sizeof(commands) / sizeof(commands[0]);
