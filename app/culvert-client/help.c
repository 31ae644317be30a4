/* SPDX-License-Identifier: BSD-3-Clause */
/* culvert-client --help, and what a shell completes: both from the table of commands. */
#include <stdio.h>
#include <string.h>

#include "client.h"

enum { HELP_COLUMN = 24 }; /* of what a command does */

static const char head[] =
	"NAME\n"
	"    culvert-client - IPsec by the way that works: directly, or through an L2TP relay\n"
	"\n"
	"SYNOPSIS\n"
	"    culvert-client [OPTIONS] COMMAND [ARGUMENT]\n"
	"\n"
	"COMMANDS\n";

static const char tail[] =
	"\n"
	"OPTIONS\n"
	"    -c, --config FILE    the configuration (default: " CLIENT_DEFAULT_CONFIG ")\n"
	"    -j, --json           the answer as JSON\n"
	"    -l, --lns HOST       discover: an LNS of a gateway that is not in the configuration; "
	"may\n"
	"                         be given again\n"
	"    -p, --port PORT      discover: a UDP port of these; may be given again (default: "
	"1701)\n"
	"    -f, --force          down: take away what a crashed client has left, too\n"
	"    -k, --kill-switch    up, run: as kill-switch: true, nothing but IPsec leaves for the\n"
	"                         protected networks, until down --force\n"
	"    -V, --version        print the version\n"
	"    -h, --help           print this text\n"
	"\n"
	"EXIT STATUS\n"
	"    0  done\n"
	"    1  what was asked for did not work; a line says why\n"
	"    2  wrong usage\n"
	"    3  errors in the configuration, all printed as FILE:LINE:COLUMN\n"
	"    4  nothing runs for the connection\n"
	"    5  permission denied\n"
	"    6  discover: IPsec can go, but through the relay alone (0: directly, 1: not at all)\n";

void
client_help(void)
{
	fputs(head, stdout);
	for (size_t i = 0; i < client_command_count; i++) {
		const struct client_command *c = &client_commands[i];
		char form[80];

		snprintf(form, sizeof(form), "%s%s%s", c->name, c->argument == NULL ? "" : " ",
			c->argument == NULL ? "" : c->argument);
		printf("    %-*s%s\n", HELP_COLUMN, form, c->help);
	}
	fputs(tail, stdout);
}

static void
offer(const char *typed, const char *word)
{
	if (strncmp(word, typed, strlen(typed)) == 0)
		puts(word);
}

static void
offer_names(const struct client_options *o, const char *typed)
{
	struct cfg_client *cfg;

	if (freopen("/dev/null", "w", stderr) == NULL)
		return;
	cfg = client_load(o);
	for (size_t i = 0; cfg != NULL && i < cfg->n_connections; i++)
		offer(typed, cfg->connections[i].name);
	cfg_client_free(cfg);
}

/* Of the command that was given, or of all. */
static void
offer_options(const struct client_command *given, const char *typed)
{
	const struct {
		const char *name;
		bool taken;
	} options[] = {
		{"--config", true},
		{"--json", given == NULL || given->json},
		{"--lns", given == NULL || given->lns},
		{"--port", given == NULL || given->lns},
		{"--force", given == NULL || given->force},
		{"--kill-switch", given == NULL || given->kill_switch},
		{"--version", given == NULL},
		{"--help", true},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].taken)
			offer(typed, options[i].name);
}

void
client_complete(const struct client_options *o, int at, int n, char **words)
{
	const struct client_command *given = NULL;
	const char *typed = at < n ? words[at] : "";

	for (int i = 1; i < at && i < n; i++)
		for (size_t c = 0; c < client_command_count && given == NULL; c++)
			if (strcmp(words[i], client_commands[c].name) == 0)
				given = &client_commands[c];
	if (typed[0] == '-')
		offer_options(given, typed);
	else if (given == NULL)
		for (size_t c = 0; c < client_command_count; c++)
			offer(typed, client_commands[c].name);
	else if (given->names)
		offer_names(o, typed);
}
