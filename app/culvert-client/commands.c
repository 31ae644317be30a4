/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands, and those that only look at the configuration. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "client.h"
#include "common/files.h"

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

const struct client_command client_commands[] = {
	{.name = "check",
		.help = "check the configuration and print every error",
		.run = run_check},
	{.name = "schema",
		.help = "print the configuration's JSON schema, for editors",
		.run = run_schema},
};
const size_t client_command_count = sizeof(client_commands) / sizeof(client_commands[0]);
