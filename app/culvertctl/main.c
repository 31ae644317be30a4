/* SPDX-License-Identifier: BSD-3-Clause */
/* culvertctl: asks a running culvertd, and shows what it says. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control/control.h"
#include "view.h"

enum { EXIT_USAGE = 2, EXIT_NOT_RUNNING = 3, EXIT_NOT_FOUND = 4, EXIT_REFUSED = 5 };

static const char help[] =
	"NAME\n"
	"    culvertctl - watch and steer a running culvertd\n"
	"\n"
	"SYNOPSIS\n"
	"    culvertctl [OPTIONS] COMMAND [ARGUMENTS]\n"
	"\n"
	"COMMANDS\n"
	"    status               how many tunnels and sessions, since when, on what\n"
	"    tunnels              L2TP control connections\n"
	"    sessions [FILTER]    sessions; FILTER: part of any column, or COLUMN=VALUE\n"
	"    session ID           one session, or how it ended; ID is TUNNEL/SESSION\n"
	"    ended                the last sessions that ended or were refused, and why\n"
	"    drops                packets dropped, by cause (causes that never came are left out)\n"
	"    edges                packets from stage to stage\n"
	"    counters             what the control side counted\n"
	"    ports                network ports\n"
	"    workers              the threads that carry packets, and their load\n"
	"    kick ID              end a session, politely\n"
	"    kick user NAME       end all sessions of a user\n"
	"    log-level LEVEL      error, warning, info, debug\n"
	"\n"
	"OPTIONS\n"
	"    -s, --socket PATH    the control socket (default: $CULVERT_SOCKET, else\n"
	"                         " CONTROL_DEFAULT_SOCKET ")\n"
	"    -j, --json           the answer as JSON\n"
	"    -w, --watch[=S]      again every S seconds (default 2), until interrupted\n"
	"    -V, --version        print the version\n"
	"    -h, --help           print this text\n"
	"\n"
	"EXIT STATUS\n"
	"    0  done\n"
	"    1  culvertd failed to answer\n"
	"    2  wrong usage\n"
	"    3  culvertd is not running\n"
	"    4  no such session or user\n"
	"    5  permission denied\n"
	"\n"
	"EXAMPLES\n"
	"    culvertctl sessions user=alice\n"
	"    culvertctl --watch drops\n"
	"    culvertctl --json sessions | jq '.rows[].address'\n";

static const struct view_column status_columns[] = {
	{"host_name", "host name", VIEW_TEXT},
	{"version", "version", VIEW_TEXT},
	{"pid", "process", VIEW_NUMBER},
	{"uptime_s", "up for", VIEW_DURATION},
	{"log_level", "log level", VIEW_TEXT},
	{"tunnels", "tunnels", VIEW_COUNT},
	{"half_open_tunnels", "  half open", VIEW_COUNT},
	{"sessions", "sessions", VIEW_COUNT},
	{"open_sessions", "  open", VIEW_COUNT},
	{"workers", "workers", VIEW_NUMBER},
	{"shared_core", "  share control's core", VIEW_YES},
	{"hugepages", "hugepages", VIEW_YES},
	{"packet_buffers", "packet buffers", VIEW_COUNT},
	{"table_bytes", "tables", VIEW_BYTES},
	{NULL, NULL, VIEW_TEXT},
};

static const struct view_column tunnel_columns[] = {
	{"tunnel", "TUNNEL", VIEW_NUMBER},
	{"peer", "PEER", VIEW_TEXT},
	{"host", "HOST", VIEW_TEXT},
	{"state", "STATE", VIEW_TEXT},
	{"sessions", "SESSIONS", VIEW_COUNT},
	{"age_s", "AGE", VIEW_DURATION},
	{"retransmits", "RETRANSMITS", VIEW_COUNT},
	{"window", "WINDOW", VIEW_NUMBER},
	{NULL, NULL, VIEW_TEXT},
};

static const struct view_column session_columns[] = {
	{"session", "SESSION", VIEW_TEXT},
	{"user", "USER", VIEW_TEXT},
	{"address", "ADDRESS", VIEW_TEXT},
	{"state", "STATE", VIEW_TEXT},
	{"peer", "PEER", VIEW_TEXT},
	{"auth", "AUTH", VIEW_TEXT},
	{"age_s", "AGE", VIEW_DURATION},
	{"rx_packets", "RX", VIEW_COUNT},
	{"rx_bytes", "RX BYTES", VIEW_BYTES},
	{"tx_packets", "TX", VIEW_COUNT},
	{"tx_bytes", "TX BYTES", VIEW_BYTES},
	{NULL, NULL, VIEW_TEXT},
};

static const struct view_column one_session_columns[] = {
	{"session", "session", VIEW_TEXT},
	{"user", "user", VIEW_TEXT},
	{"group", "group", VIEW_TEXT},
	{"state", "state", VIEW_TEXT},
	{"reason", "reason", VIEW_TEXT},
	{"peer", "peer", VIEW_TEXT},
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
	{"tx_errors", "TX ERRORS", VIEW_COUNT},
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

enum shape { SHAPE_ROWS, SHAPE_OBJECT, SHAPE_DONE };

static const struct command {
	const char *name;
	const char *argument; /* its name in the request; NULL: it takes none */
	const char *needs;    /* what it cannot go without, in words */
	enum shape shape;
	const struct view_column *columns;
	const char *skip_zero, *nothing;
} commands[] = {
	{"status", NULL, NULL, SHAPE_OBJECT, status_columns, NULL, NULL},
	{"tunnels", NULL, NULL, SHAPE_ROWS, tunnel_columns, NULL, "no tunnels"},
	{"sessions", "filter", NULL, SHAPE_ROWS, session_columns, NULL, "no sessions"},
	{"session", "session", "a session", SHAPE_OBJECT, one_session_columns, NULL, NULL},
	{"ended", NULL, NULL, SHAPE_ROWS, ended_columns, NULL, "no session has ended yet"},
	{"drops", NULL, NULL, SHAPE_ROWS, packet_columns, "packets", "nothing was dropped"},
	{"edges", NULL, NULL, SHAPE_ROWS, packet_columns, "packets", "no packet has come yet"},
	{"counters", NULL, NULL, SHAPE_ROWS, counter_columns, "value", "nothing was counted yet"},
	{"ports", NULL, NULL, SHAPE_ROWS, port_columns, NULL, "no ports"},
	{"workers", NULL, NULL, SHAPE_ROWS, worker_columns, NULL, "no workers"},
	{"kick", "session", "a session, or 'user' and a name", SHAPE_DONE, NULL, NULL, NULL},
	{"log-level", "level", "a level", SHAPE_DONE, NULL, NULL, NULL},
};

struct options {
	const char *socket;
	bool json, color;
	unsigned watch_s; /* 0: once */
};

static int
usage_error(const char *what, const char *word)
{
	fprintf(stderr, "culvertctl: %s%s%s%s\nTry 'culvertctl --help'.\n", what,
		word == NULL ? "" : " '", word == NULL ? "" : word, word == NULL ? "" : "'");
	return EXIT_USAGE;
}

static int
exit_code(enum control_code code)
{
	switch (code) {
	case CONTROL_USAGE:
		return EXIT_USAGE;
	case CONTROL_NOT_RUNNING:
		return EXIT_NOT_RUNNING;
	case CONTROL_NOT_FOUND:
		return EXIT_NOT_FOUND;
	case CONTROL_REFUSED:
		return EXIT_REFUSED;
	default:
		return 1;
	}
}

/* The whole answer: of rows, page after page. */
static json_t *
ask(const struct options *o, const struct command *c, json_t *arguments,
	struct control_error *error)
{
	json_t *all = NULL, *part;
	json_int_t next;

	json_object_del(arguments, "cursor");
	for (;;) {
		part = control_ask(o->socket, c->name, arguments, error);
		if (part == NULL || c->shape != SHAPE_ROWS)
			return part;
		next = json_integer_value(json_object_get(part, "next"));
		json_object_del(part, "next");
		if (all == NULL) {
			all = part;
		} else {
			json_array_extend(
				json_object_get(all, "rows"), json_object_get(part, "rows"));
			json_decref(part);
		}
		if (next == 0)
			return all;
		json_object_set_new(arguments, "cursor", json_integer(next));
	}
}

static void
show(const struct options *o, const struct command *c, json_t *answer)
{
	if (o->json) {
		/* watched, a line an answer, for programs that read on */
		json_dumpf(answer, stdout,
			(o->watch_s != 0 ? JSON_COMPACT : JSON_INDENT(2)) | JSON_REAL_PRECISION(6));
		putchar('\n');
	} else if (c->shape == SHAPE_ROWS) {
		view_table(json_object_get(answer, "rows"), c->columns, c->skip_zero, c->nothing,
			o->color);
	} else if (c->shape == SHAPE_OBJECT) {
		view_object(answer, c->columns, o->color);
	} else if (json_object_get(answer, "ended") != NULL) {
		printf("ended: %lld\n",
			(long long)json_integer_value(json_object_get(answer, "ended")));
	}
}

static int
run(const struct options *o, const struct command *c, json_t *arguments)
{
	struct control_error error = {.code = CONTROL_FAILED, .message = "out of memory"};
	json_t *answer;

	for (;;) {
		answer = ask(o, c, arguments, &error);
		if (answer == NULL) {
			fprintf(stderr, "culvertctl: %s\n", error.message);
			return exit_code(error.code);
		}
		if (o->watch_s != 0 && o->color)
			fputs("\033[H\033[2J", stdout);
		show(o, c, answer);
		json_decref(answer);
		if (fflush(stdout) != 0 || ferror(stdout)) {
			fputs("culvertctl: can't write the answer\n", stderr);
			return 1;
		}
		if (o->watch_s == 0)
			return 0;
		sleep(o->watch_s);
	}
}

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* The command's words into the request; an exit code, or -1: go on. */
static int
take_arguments(const struct command *c, int argc, char **argv, json_t *arguments)
{
	const char *key = c->argument;

	if (strcmp(c->name, "kick") == 0 && argc > 0 && strcmp(argv[0], "user") == 0) {
		key = "user";
		argc--;
		argv++;
		if (argc == 0)
			return usage_error("'kick user' needs a name", NULL);
	}
	if (argc == 0 && c->needs != NULL) {
		fprintf(stderr,
			"culvertctl: '%s' needs an argument: %s\nTry 'culvertctl --help'.\n",
			c->name, c->needs);
		return EXIT_USAGE;
	}
	if (argc > (key == NULL ? 0 : 1))
		return usage_error("unexpected argument", argv[key == NULL ? 0 : 1]);
	if (argc == 1 && json_object_set_new(arguments, key, json_string(argv[0])) != 0)
		return usage_error("an argument is not UTF-8", NULL);
	return -1;
}

/* 1 to 86,400; 0: something else. */
static unsigned
parse_seconds(const char *text)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	return text[0] < '0' || text[0] > '9' || *end != '\0' || v > 86400 ? 0 : (unsigned)v;
}

/* Options anywhere; an exit code, or -1: go on. */
static int
parse_options(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{"socket", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"watch", optional_argument, NULL, 'w'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "s:jw::Vh", options, NULL)) != -1) {
		switch (option) {
		case 's':
			if (optarg[0] == '\0')
				return usage_error("--socket needs a path", NULL);
			o->socket = optarg;
			break;
		case 'j':
			o->json = true;
			break;
		case 'w':
			o->watch_s = optarg == NULL ? 2 : parse_seconds(optarg);
			if (o->watch_s == 0)
				return usage_error(
					"--watch takes seconds from 1 to 86400, not", optarg);
			break;
		case 'V':
			printf("culvertctl %s\n", CULVERT_VERSION);
			return 0;
		case 'h':
			fputs(help, stdout);
			return 0;
		default:
			fputs("Try 'culvertctl --help'.\n", stderr);
			return EXIT_USAGE;
		}
	}
	return -1;
}

int
main(int argc, char **argv)
{
	struct options o = {.socket = getenv("CULVERT_SOCKET"), .color = isatty(STDOUT_FILENO)};
	const struct command *c;
	json_t *arguments;
	int rc = parse_options(argc, argv, &o);

	if (rc >= 0)
		return rc;
	if (o.socket == NULL || o.socket[0] == '\0')
		o.socket = CONTROL_DEFAULT_SOCKET;
	if (optind == argc)
		return usage_error("a command is needed", NULL);
	c = find_command(argv[optind]);
	if (c == NULL)
		return usage_error("unknown command", argv[optind]);
	if (o.watch_s != 0 && c->shape == SHAPE_DONE)
		return usage_error("--watch repeats what only shows, not", c->name);
	arguments = json_object();
	rc = take_arguments(c, argc - optind - 1, argv + optind + 1, arguments);
	if (rc < 0)
		rc = run(&o, c, arguments);
	json_decref(arguments);
	return rc;
}
