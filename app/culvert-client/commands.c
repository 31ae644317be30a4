/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands, and those that only look at the configuration. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client.h"
#include "common/files.h"
#include "killswitch.h"
#include "up.h"

bool
client_is_root(void)
{
	if (geteuid() == 0)
		return true;
	fputs("culvert-client: permission denied: connections are root's\n", stderr);
	return false;
}

struct cfg_client *
client_load(const struct client_options *o)
{
	static const struct cfg_files files = {.read = files_read};
	struct cfg_errors errors = {0};
	struct cfg_client *cfg = NULL;
	uint8_t *text;
	size_t len;
	unsigned mode;
	int rc = files_read(NULL, o->config, CFG_FILE_MAX, &text, &len, &mode);

	if (rc == 0) {
		rc = cfg_client_load(o->config, (const char *)text, len, &files, &errors, &cfg);
		free(text);
	}
	files_print_errors("culvert-client", o->config, rc, &errors);
	cfg_errors_free(&errors);
	return cfg;
}

const struct cfg_connection *
client_connection(const struct cfg_client *cfg, const struct client_options *o)
{
	const struct cfg_connection *c = cfg_connection_find(cfg, o->word);

	if (c != NULL)
		return c;
	fprintf(stderr, "culvert-client: %s has no connection '%s'; it has", o->config, o->word);
	for (size_t i = 0; i < cfg->n_connections; i++)
		fprintf(stderr, "%s %s", i == 0 ? "" : ",", cfg->connections[i].name);
	fputc('\n', stderr);
	return NULL;
}

static int
run_check(const struct client_options *o)
{
	struct cfg_client *cfg = client_load(o);

	if (cfg == NULL)
		return EXIT_CONFIG;
	printf("%s: the configuration is right\n", o->config);
	cfg_client_free(cfg);
	return EXIT_DONE;
}

static int
run_schema(const struct client_options *o)
{
	static char schema[CFG_CLIENT_SCHEMA_BYTES];

	(void)o;
	if (cfg_client_schema(schema, sizeof(schema)) < 0)
		return EXIT_FAILED;
	fputs(schema, stdout);
	return EXIT_DONE;
}

static int
run_page(const struct client_options *o)
{
	static char page[CFG_CLIENT_PAGE_BYTES];

	(void)o;
	if (cfg_client_page(page, sizeof(page)) < 0)
		return EXIT_FAILED;
	fputs(page, stdout);
	return EXIT_DONE;
}

bool
client_has_protected(const struct client_options *o, const struct cfg_connection *c)
{
	if (c->n_protected == 0)
		fprintf(stderr,
			"culvert-client: %s: the connection '%s' has no protected networks\n",
			o->config, c->name);
	return c->n_protected != 0;
}

/* Names of LNSs stand for nobody yet: whoever dials says whom they stand for. */
static int
run_kill_switch(const struct client_options *o)
{
	struct cv_ip lns[CFG_CLIENT_LNS_MAX];
	char why[KILL_SWITCH_WHY];
	const struct cfg_connection *c;
	struct cfg_client *cfg;
	size_t n = 0;
	int rc = EXIT_CONFIG;

	if (!client_is_root())
		return EXIT_DENIED;
	cfg = client_load(o);
	if (cfg == NULL)
		return EXIT_CONFIG;
	c = client_connection(cfg, o);
	if (c == NULL) {
		rc = EXIT_USAGE;
	} else if (client_has_protected(o, c)) {
		for (size_t i = 0; i < c->n_lns; i++)
			if (c->lns[i].name == NULL)
				lns[n++] = c->lns[i].ip;
		rc = kill_switch_set(c, lns, n, why) == 0 ? EXIT_DONE : EXIT_FAILED;
		if (rc != EXIT_DONE)
			fprintf(stderr, "culvert-client: %s\n", why);
	}
	cfg_client_free(cfg);
	return rc;
}

const struct client_command client_commands[] = {
	{.name = "up",
		.argument = "NAME",
		.help = "bring the connection up, and leave it running in the background",
		.run = up_up,
		.kill_switch = true,
		.names = true},
	{.name = "run",
		.argument = "NAME",
		.help = "the same in the foreground, for systemd, without an end",
		.run = up_run,
		.kill_switch = true,
		.names = true},
	{.name = "down",
		.argument = "NAME",
		.help = "end IPsec and the tunnel, and take everything away",
		.run = up_down,
		.force = true,
		.names = true},
	{.name = "status",
		.argument = "[NAME]",
		.help = "what runs, by which way, and how it does",
		.run = up_status,
		.json = true,
		.names = true},
	{.name = "check",
		.help = "check the configuration and print every error",
		.run = run_check},
	{.name = "discover",
		.argument = "NAME|GATEWAY",
		.help = "find out which way IPsec can go to a gateway, and why",
		.run = discover_run,
		.json = true,
		.lns = true,
		.names = true},
	{.name = "kill-switch",
		.argument = "NAME",
		.help = "let nothing but IPsec leave for NAME's protected networks",
		.run = run_kill_switch,
		.names = true},
	{.name = "page",
		.help = "print the source of the configuration's manual page, for scdoc",
		.run = run_page},
	{.name = "schema",
		.help = "print the configuration's JSON schema, for editors",
		.run = run_schema},
};
const size_t client_command_count = sizeof(client_commands) / sizeof(client_commands[0]);
