/* SPDX-License-Identifier: BSD-3-Clause */
/* culvertctl: asks a running culvertd, and shows what it says. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control/control.h"
#include "tables.h"

enum { EXIT_USAGE = 2, EXIT_NOT_RUNNING = 3, EXIT_NOT_FOUND = 4, EXIT_REFUSED = 5 };

static const char help[] =
	"NAME\n"
	"    culvertctl - watch and steer a running culvertd\n"
	"\n"
	"SYNOPSIS\n"
	"    culvertctl [OPTIONS] COMMAND [ARGUMENTS]\n"
	"\n"
	"COMMANDS\n"
	"    status               how it is: tunnels, sessions, load, limits near or hit, pools\n"
	"    pools                how many addresses of each group's pools are in use\n"
	"    tunnels [FILTER...]  L2TP control connections\n"
	"    tunnel ID            one of them, and what L2TP counted for it\n"
	"    sessions [FILTER...] sessions\n"
	"    session ID           one session, and what PPP counted for it; or how it ended\n"
	"    ended [FILTER...]    the last sessions that ended or were refused, and why\n"
	"    drops                packets dropped, by cause (causes that never came are left out)\n"
	"    edges                packets from stage to stage\n"
	"    counters             what the control side counted\n"
	"    ports                network ports\n"
	"    workers              the threads that carry packets, and their load\n"
	"    neighbours [FILTER...]\n"
	"                         next hops, and whether they answer ARP\n"
	"    kick ID              end a session, politely\n"
	"    kick user NAME       end all sessions of a user\n"
	"    kick tunnel ID       end a tunnel with all its sessions\n"
	"    kick peer ADDRESS[:PORT]\n"
	"                         end all tunnels from there\n"
	"    log-level LEVEL      error, warning, info, debug\n"
	"\n"
	"    A session's ID is its serial, which no other session ever gets, or TUNNEL/SESSION; a\n"
	"    tunnel's is TUNNEL. Where listeners have the same, @LISTENER stands behind it, as\n"
	"    24090/2028@192.0.2.1:1701.\n"
	"    A FILTER is COLUMN=VALUE, or part of any column; of several, all must hold. Peers\n"
	"    may be written without their port.\n"
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
	"    4  no such session, tunnel, peer or user\n"
	"    5  permission denied\n"
	"\n"
	"EXAMPLES\n"
	"    culvertctl sessions user=alice state=open\n"
	"    culvertctl sessions peer=192.0.2.11\n"
	"    culvertctl --watch drops\n"
	"    culvertctl --json sessions | jq '.rows[].address'\n";

struct options {
	const char *socket;
	bool json, color, filtered;
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

/* "ended: 1 session", "ended: 2 sessions" */
static void
show_ended(json_int_t n, const char *what)
{
	int len = what == NULL ? 0 : (int)strlen(what);

	printf("ended: %lld %.*s\n", (long long)n, n == 1 && len > 0 ? len - 1 : len,
		what == NULL ? "" : what);
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
		view_table(json_object_get(answer, "rows"), c->columns, c->skip_zero,
			o->filtered && c->none_left != NULL ? c->none_left : c->nothing, o->color);
	} else if (c->shape == SHAPE_OBJECT) {
		view_object(answer, c->columns, o->color);
		view_parts(answer, c->parts, o->color);
	} else if (json_object_get(answer, "ended") != NULL) {
		show_ended(json_integer_value(json_object_get(answer, "ended")),
			json_string_value(json_object_get(answer, "what")));
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
	for (size_t i = 0; i < command_count; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int
take_filters(int argc, char **argv, json_t *arguments)
{
	json_t *filters = json_array();

	json_object_set_new(arguments, "filters", filters);
	for (int i = 0; i < argc; i++)
		if (json_array_append_new(filters, json_string(argv[i])) != 0)
			return usage_error("an argument is not UTF-8", NULL);
	return -1;
}

/* "kick user NAME": which of a kind of thing. */
static int
take_kind(const char **key, int argc, char **argv)
{
	static const struct {
		const char *word, *needs;
	} kinds[] = {
		{"user", "'kick user' needs a name"},
		{"tunnel", "'kick tunnel' needs an ID"},
		{"peer", "'kick peer' needs an address"},
	};

	for (size_t i = 0; argc > 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(argv[0], kinds[i].word) != 0)
			continue;
		*key = kinds[i].word;
		return argc > 1 ? -1 : usage_error(kinds[i].needs, NULL);
	}
	return -1;
}

/* The command's words into the request; an exit code, or -1: go on. */
static int
take_arguments(const struct command *c, int argc, char **argv, json_t *arguments)
{
	const char *key = c->argument;

	if (c->filters)
		return take_filters(argc, argv, arguments);
	if (strcmp(c->name, "kick") == 0) {
		int rc = take_kind(&key, argc, argv);

		if (rc >= 0)
			return rc;
		argc -= key != c->argument;
		argv += key != c->argument;
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
	o.filtered = c->filters && optind + 1 < argc;
	if (rc < 0)
		rc = run(&o, c, arguments);
	json_decref(arguments);
	return rc;
}
