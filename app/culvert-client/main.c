/* SPDX-License-Identifier: BSD-3-Clause */
/* culvert-client: options, and which command they are for. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

int
client_usage_error(const char *what, const char *word)
{
	fprintf(stderr, "culvert-client: %s%s%s%s\nTry 'culvert-client --help'.\n", what,
		word == NULL ? "" : " '", word == NULL ? "" : word, word == NULL ? "" : "'");
	return EXIT_USAGE;
}

static bool
add_port(struct client_options *o, const char *text)
{
	char *end;
	long port = strtol(text, &end, 10);

	if (*text == '\0' || *end != '\0' || port < 1 || port > UINT16_MAX ||
		o->n_ports == CFG_CLIENT_PORTS_MAX)
		return false;
	o->ports[o->n_ports++] = (uint16_t)port;
	return true;
}

/* -1: go on; else the exit code. */
static int
parse(int argc, char **argv, struct client_options *o, int *completed)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"json", no_argument, NULL, 'j'},
		{"lns", required_argument, NULL, 'l'},
		{"port", required_argument, NULL, 'p'},
		{"force", no_argument, NULL, 'f'},
		{"kill-switch", no_argument, NULL, 'k'},
		{"complete", required_argument, NULL, 'C'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "c:jl:p:fkVh", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			o->config = optarg;
			break;
		case 'j':
			o->json = true;
			break;
		case 'l':
			if (o->n_lns == CFG_CLIENT_LNS_MAX)
				return client_usage_error("one --lns too many", optarg);
			o->lns[o->n_lns++] = optarg;
			break;
		case 'p':
			if (!add_port(o, optarg))
				return client_usage_error("no UDP port, or one too many", optarg);
			break;
		case 'f':
			o->force = true;
			break;
		case 'k':
			o->kill_switch = true;
			break;
		case 'C': /* what is behind it is a line that is being typed, and no option */
			*completed = atoi(optarg);
			return -1;
		case 'V':
			printf("culvert-client %s\n", CULVERT_VERSION);
			return EXIT_DONE;
		case 'h':
			client_help();
			return EXIT_DONE;
		default:
			fputs("Try 'culvert-client --help'.\n", stderr);
			return EXIT_USAGE;
		}
	}
	return -1;
}

/* Whether the command takes what it was given; then it is run. */
static int
run(const struct client_command *c, struct client_options *o, int n, char **words)
{
	bool optional = c->argument != NULL && c->argument[0] == '[';

	if (n > 0 && c->argument == NULL)
		return client_usage_error("unexpected argument", words[0]);
	if (n > 1)
		return client_usage_error("unexpected argument", words[1]);
	if (n == 0 && c->argument != NULL && !optional) {
		fprintf(stderr, "culvert-client: %s needs %s\nTry 'culvert-client --help'.\n",
			c->name, c->argument);
		return EXIT_USAGE;
	}
	if (o->json && !c->json)
		return client_usage_error("--json is not an option of", c->name);
	if (o->force && !c->force)
		return client_usage_error("--force is not an option of", c->name);
	if (o->kill_switch && !c->kill_switch)
		return client_usage_error("--kill-switch is not an option of", c->name);
	if ((o->n_lns != 0 || o->n_ports != 0) && !c->lns)
		return client_usage_error("--lns and --port are no options of", c->name);
	o->word = n > 0 ? words[0] : NULL;
	return c->run(o);
}

int
main(int argc, char **argv)
{
	struct client_options o = {.config = CLIENT_DEFAULT_CONFIG};
	int completed = -1, rc = parse(argc, argv, &o, &completed);

	if (rc >= 0)
		return rc;
	if (completed >= 0) {
		client_complete(&o, completed, argc - optind, argv + optind);
		return EXIT_DONE;
	}
	if (optind == argc)
		return client_usage_error("a command is needed", NULL);
	for (size_t i = 0; i < client_command_count; i++)
		if (strcmp(argv[optind], client_commands[i].name) == 0)
			return run(&client_commands[i], &o, argc - optind - 1, argv + optind + 1);
	return client_usage_error("unknown command", argv[optind]);
}
