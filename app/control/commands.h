/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What culvertctl may be asked for: one table, which its help, its completion, its arguments, its
 * output, the schema and culvertd's dispatch come from.
 */
#ifndef CONTROL_COMMANDS_H
#define CONTROL_COMMANDS_H

#include "control/views.h"

enum answer {
	ANSWER_ROWS,   /* {"rows": [...]}, page after page */
	ANSWER_OBJECT, /* one row of a view, with `parts` in it */
	ANSWER_DONE,   /* a row of a view, which says what was done: not to be repeated */
	/* {"lines": [TEXT...], "summary": TEXT, "exit": NUMBER}: what is printed, and culvertctl's
	 * exit code, of something that is not to be repeated either; with a view, its rows too.
	 * {"number": NUMBER}: it takes a while; to be asked for again with that number. */
	ANSWER_LINES,
	ANSWER_LOCAL, /* culvertctl's own affair, without culvertd */
};

/* What may stand for an argument, for completion. */
enum command_words {
	WORDS_NONE,
	WORDS_CHOICES,  /* the form's `choices` */
	WORDS_FILTERS,  /* any number of filters of the view */
	WORDS_SESSIONS, /* those that are there now: IDs and serials */
	WORDS_USERS,    /* of these sessions */
	WORDS_TUNNELS,
	WORDS_PEERS, /* of these tunnels */
	WORDS_REALMS,
	WORDS_VIEWS, /* commands that the schema is printed of */
};

enum { COMMAND_FORMS = 4, COMMAND_PARTS = 3, COMMAND_FLAGS = 3 };

/* A way to say a command: "kick user NAME". Without an argument the request has {WORD: true}. */
struct command_form {
	const char *word;  /* "user"; NULL: what has no word */
	const char *key;   /* of the argument in the request; NULL: it takes none */
	const char *shown; /* in the help: "NAME", "[FILTER...]" */
	const char *more;  /* key of a second argument, which may be left out; NULL: none */
	const char *needs; /* what it cannot go without, in words; NULL: it can */
	const char *help;
	enum command_words words;
	const char *choices;
	/* Before filters a word without '=' may stand for `key`; which ones there are. */
	enum command_words ahead;
};

/* A list in an object. */
struct command_part {
	const char *key;
	const struct view *view;
	const char *nothing; /* said where no row is left */
};

/* An option that a command has for itself: --NAME, in the request {NAME: true}. */
struct command_flag {
	const char *name, *help;
	/* Not NULL: with it the answer's rows are of this view, and are printed as CSV, page by
	 * page.
	 * {"rows": [...], "left_out": NUMBER}: of what has no row in it, which is said so. */
	const struct view *csv;
	const char *left_out;
};

struct command {
	const char *name;
	enum answer answer;
	const struct view *view;
	const struct view *other; /* OBJECT: it may be a row of this instead, without parts */
	const char *nothing, *none_left;          /* said for no rows; where filters leave none */
	struct command_part parts[COMMAND_PARTS]; /* up to one without key */
	struct command_form forms[COMMAND_FORMS]; /* up to one without help */
	struct command_flag flags[COMMAND_FLAGS]; /* up to one without name */
};

/*
 * X(id, initializers of struct command): culvertd answers by cmd_id(). In the order of the help.
 */
/* clang-format off */
#define COMMANDS(X) \
	X(status, .name = "status", .answer = ANSWER_OBJECT, .view = &view_status, \
		.parts = {{"limits", &view_limits, "no limit is near, and none was hit"}, \
			{"pools", &view_pools, "no pools"}}, \
		.forms = {{.help = "how it is: tunnels, sessions, load, limits near or hit, pools"}}) \
	X(limits, .name = "limits", .answer = ANSWER_ROWS, .view = &view_capacities, \
		.nothing = "no limits", \
		.forms = {{.help = "each limit and capacity: in use, the most ever, how often it refused"}}) \
	X(pools, .name = "pools", .answer = ANSWER_ROWS, .view = &view_pools, .nothing = "no pools", \
		.forms = {{.help = "how many addresses of each group's pools are in use"}}) \
	X(tunnels, .name = "tunnels", .answer = ANSWER_ROWS, .view = &view_tunnels, \
		.nothing = "no tunnels", \
		.forms = {{FILTERED, .help = "L2TP control connections"}}) \
	X(tunnel, .name = "tunnel", .answer = ANSWER_OBJECT, .view = &view_tunnels, \
		.parts = {{"counters", &view_counters, "L2TP has counted nothing"}}, \
		.forms = {{ARGUMENT("tunnel", "ID", WORDS_TUNNELS), .needs = "a tunnel", \
			.help = "one of them, and what L2TP counted for it"}}) \
	X(sessions, .name = "sessions", .answer = ANSWER_ROWS, .view = &view_sessions, \
		.nothing = "no sessions", \
		.forms = {{FILTERED, .help = "sessions"}}, \
		.flags = {{"trex", "IDs and addresses as CSV, for a load generator: of what is open, by IPv4", \
			&view_trex, "sessions left out, not open or without IPv4 outside and inside"}}) \
	X(session, .name = "session", .answer = ANSWER_OBJECT, .view = &view_sessions, \
		.other = &view_ended, \
		.parts = {{"counters", &view_counters, "PPP has counted nothing"}}, \
		.forms = {{ARGUMENT("session", "ID", WORDS_SESSIONS), .needs = "a session", \
			.help = "one session, and what PPP counted for it; or how it ended"}}) \
	X(ended, .name = "ended", .answer = ANSWER_ROWS, .view = &view_ended, \
		.nothing = "no session has ended yet", .none_left = "no such session has ended", \
		.forms = {{FILTERED, \
			.help = "the last sessions that ended or were refused, and why"}}) \
	X(drops, .name = "drops", .answer = ANSWER_ROWS, .view = &view_packets, \
		.nothing = "nothing was dropped", \
		.forms = {{.help = \
			"packets dropped, by cause (causes that never came are left out)"}}) \
	X(edges, .name = "edges", .answer = ANSWER_ROWS, .view = &view_packets, \
		.nothing = "no packet has come yet", \
		.forms = {{.help = "packets from stage to stage"}}) \
	X(counters, .name = "counters", .answer = ANSWER_ROWS, .view = &view_counters, \
		.nothing = "nothing was counted yet", \
		.forms = {{.help = "what the control side counted"}}) \
	X(ports, .name = "ports", .answer = ANSWER_ROWS, .view = &view_ports, \
		.nothing = "no ports", \
		.forms = {{.help = "network ports"}}) \
	X(queues, .name = "queues", .answer = ANSWER_ROWS, .view = &view_queues, \
		.nothing = "no ports", .none_left = "no such queue", \
		.forms = {{FILTERED, .help = "their queues, one a worker: frames, and losses"}}) \
	X(xstats, .name = "xstats", .answer = ANSWER_ROWS, .view = &view_xstats, \
		.nothing = "no device has counted anything beside", \
		.none_left = "no device has counted such a thing", \
		.forms = {{FILTERED, .help = "what devices count beside, in their drivers' words (what is 0 is left out)"}}) \
	X(workers, .name = "workers", .answer = ANSWER_ROWS, .view = &view_workers, \
		.nothing = "no workers", \
		.forms = {{.help = "the threads that carry packets, and their load"}}) \
	X(neighbours, .name = "neighbours", .answer = ANSWER_ROWS, .view = &view_neighbours, \
		.nothing = "no neighbours", \
		.forms = {{FILTERED, .help = "next hops, and whether they answer ARP or ND"}}) \
	X(interfaces, .name = "interfaces", .answer = ANSWER_ROWS, .view = &view_interfaces, \
		.nothing = "no interface is inside a realm", .none_left = "no such interface", \
		.forms = {{FILTERED, .help = "interfaces inside realms, and what passed them"}}) \
	X(realms, .name = "realms", .answer = ANSWER_ROWS, .view = &view_realms, \
		.nothing = "no realms", \
		.forms = {{FILTERED, \
			.help = "clients' address spaces: pools, sessions, addresses in use, routes"}}) \
	X(routes, .name = "routes", .answer = ANSWER_ROWS, .view = &view_routes, \
		.nothing = "no routes", .none_left = "no such route", \
		.forms = {{.key = "realm", .shown = "[REALM] [FILTER...]", .words = WORDS_FILTERS, \
			.ahead = WORDS_REALMS, \
			.help = "routes that are no session's, and whether next hops answer"}}) \
	X(peers, .name = "peers", .answer = ANSWER_ROWS, .view = &view_peers, \
		.nothing = "no peer is dialled", .none_left = "no such peer", \
		.forms = {{FILTERED, .help = "peers that the server dials, and how that goes"}}) \
	X(lookup, .name = "lookup", .answer = ANSWER_OBJECT, .view = &view_lookup, \
		.forms = {{ARGUMENT("realm", "REALM ADDRESS", WORDS_REALMS), .more = "address", \
			.needs = "a realm and an address", \
			.help = "where a client's packet to this would go, and why"}}) \
	X(trace, .name = "trace", .answer = ANSWER_LINES, .view = &view_trace, \
		.forms = {{ARGUMENT("session", "ID [N]", WORDS_SESSIONS), .more = "packets", \
			.needs = "a session", \
			.help = "the next N packets (10) of a session, stage by stage"}}) \
	X(kick, .name = "kick", .answer = ANSWER_DONE, .view = &view_kicked, \
		.forms = {{ARGUMENT("session", "ID", WORDS_SESSIONS), \
				.needs = "a session, or 'user', 'tunnel' or 'peer' and which", \
				.help = "end a session, politely"}, \
			{.word = "user", ARGUMENT("user", "NAME", WORDS_USERS), .needs = "a name", \
				.help = "end all sessions of a user"}, \
			{.word = "tunnel", ARGUMENT("tunnel", "ID", WORDS_TUNNELS), .needs = "an ID", \
				.help = "end a tunnel with all its sessions"}, \
			{.word = "peer", ARGUMENT("peer", "ADDRESS[:PORT]", WORDS_PEERS), \
				.needs = "an address", .help = "end all tunnels from there"}}) \
	X(drain, .name = "drain", .answer = ANSWER_DONE, .view = &view_drain, \
		.forms = {{.help = "before maintenance: whether newcomers are sent away, who is left"}, \
			{.word = "on", ARGUMENT("on", "[TIME]", WORDS_NONE), \
				.help = "no new tunnels and calls; within TIME (10m) end what runs"}, \
			{.word = "off", .help = "take newcomers again"}}) \
	X(reload, .name = "reload", .answer = ANSWER_LINES, .view = &view_changes, \
		.forms = {{.help = "read the configuration again: all of it counts, or nothing"}}, \
		.flags = {{"dry-run", "only say what would change, and for whom"}, \
			{"keep-sessions", "change nothing where a session would end"}}) \
	X(log_level, .name = "log-level", .answer = ANSWER_DONE, .view = &view_level, \
		.forms = {{ARGUMENT("level", "LEVEL", WORDS_CHOICES), \
			.choices = "error warning info debug", .needs = "a level", \
			.help = "error, warning, info, debug"}})

/* Those that culvertctl answers itself. */
#define LOCAL_COMMANDS(X) \
	X(schema, .name = "schema", .answer = ANSWER_LOCAL, \
		.forms = {{ARGUMENT("command", "[COMMAND]", WORDS_VIEWS), \
			.help = "the JSON schema of its answers, or of all"}})

#define FILTERED .shown = "[FILTER...]", .words = WORDS_FILTERS
#define ARGUMENT(name, letters, complete) .key = (name), .shown = (letters), .words = (complete)
/* clang-format on */

extern const struct command commands[];
extern const size_t command_count;

/* NULL: there is none. */
const struct command *command_find(const char *name);
const struct command_flag *command_flag(const struct command *c, const char *name);
/* Its place in commands[]. */
size_t command_index(const struct command *c);

/* schema.c: the JSON schema (2020-12) of what `culvertctl --json COMMAND` prints, of all commands
 * for NULL. A new reference. */
json_t *command_schema(const struct command *c);

#endif
