/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of culvert-client share. */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include <stdbool.h>

#include "config/client.h"

#define CLIENT_DEFAULT_CONFIG "/etc/culvert/client.yaml"

/* What culvert-client ends with. */
enum {
	EXIT_DONE,
	EXIT_FAILED, /* what was asked for did not work; a line on stderr says why */
	EXIT_USAGE,
	EXIT_CONFIG,      /* errors in the configuration, all printed as FILE:LINE:COLUMN */
	EXIT_NOT_RUNNING, /* nothing runs for the connection */
	EXIT_DENIED,      /* no permission */
	EXIT_RELAY,       /* discover: IPsec can go, through the relay */
};

struct client_options {
	const char *config;
	bool json, force, kill_switch;
	const char *lns[CFG_CLIENT_LNS_MAX];
	size_t n_lns;
	uint16_t ports[CFG_CLIENT_PORTS_MAX];
	size_t n_ports;
	const char *word; /* the command's argument; NULL: none was given */
};

/* A command. Each has a file of its own, and a line in commands.c. */
struct client_command {
	const char *name;
	const char *argument; /* its argument for people, "[NAME]" where it may be left out; NULL:
				 it takes none */
	const char *help;
	int (*run)(const struct client_options *o); /* returns an exit code */
	bool json, force, lns, kill_switch;         /* options that it takes; lns: and ports */
	bool names;                                 /* its argument is the name of a connection */
};

extern const struct client_command client_commands[];
extern const size_t client_command_count;

/* Says on stderr where it is not so. Secrets, sockets and interfaces are root's, which is more to
 * the point than that each of them can't be read. */
bool client_is_root(void);
/* Loads the configuration, or says on stderr what is wrong and returns NULL. */
struct cfg_client *client_load(const struct client_options *o);
/* The connection that the command was given, or what is wrong on stderr, and NULL. */
const struct cfg_connection *client_connection(
	const struct cfg_client *cfg, const struct client_options *o);
/* Whether the connection has networks for a kill switch; says so on stderr where it has none. */
bool client_has_protected(const struct client_options *o, const struct cfg_connection *c);
/* Says what is wrong with a word (may be NULL). Returns EXIT_USAGE. */
int client_usage_error(const char *what, const char *word);

/* discover_command.c */
int discover_run(const struct client_options *o);

/* help.c */
void client_help(void);
/* What may stand for word `at` of a command line (0: the program), a line each. */
void client_complete(const struct client_options *o, int at, int n, char **words);

#endif
