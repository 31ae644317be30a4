/* SPDX-License-Identifier: BSD-3-Clause */
/* culvertctl's options: its own, and those that commands have for themselves. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "culvertctl.h"

enum { FLAG = 256, OPTIONS_MAX = 32 }; /* getopt's value of a command's own ones */

int
usage_error(const char *what, const char *word)
{
	fprintf(stderr, "culvertctl: %s%s%s%s\nTry 'culvertctl --help'.\n", what,
		word == NULL ? "" : " '", word == NULL ? "" : word, word == NULL ? "" : "'");
	return EXIT_USAGE;
}

/* 1 to 86,400; 0: something else. */
static unsigned
parse_seconds(const char *text)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	return text[0] < '0' || text[0] > '9' || *end != '\0' || v > 86400 ? 0 : (unsigned)v;
}

/* culvertctl's own, then those of all commands; two may have one of the same name. */
static void
list_options(struct option out[OPTIONS_MAX])
{
	static const struct option own[] = {
		{"socket", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"watch", optional_argument, NULL, 'w'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
	};
	size_t n = sizeof(own) / sizeof(own[0]);

	memset(out, 0, OPTIONS_MAX * sizeof(out[0]));
	memcpy(out, own, sizeof(own));
	for (size_t i = 0; i < command_count; i++)
		for (size_t f = 0; f < COMMAND_FLAGS && commands[i].flags[f].name != NULL &&
				   n < OPTIONS_MAX - 1;
			f++)
			out[n++] =
				(struct option){commands[i].flags[f].name, no_argument, NULL, FLAG};
}

/* Remembers an option that only a command can judge. */
static void
note_flag(struct options *o, const char *name)
{
	if (o->n_flags < COMMAND_FLAGS)
		o->flags[o->n_flags++] = name;
}

int
options_parse(int argc, char **argv, struct options *o)
{
	struct option options[OPTIONS_MAX];
	int option, at = 0;

	list_options(options);
	while ((option = getopt_long(argc, argv, "s:jw::Vh", options, &at)) != -1) {
		switch (option) {
		case 's':
			if (optarg[0] == '\0')
				return usage_error("--socket needs a path", NULL);
			o->socket = optarg;
			break;
		case 'j':
			o->show.json = true;
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
			help_print();
			return 0;
		case FLAG:
			note_flag(o, options[at].name);
			break;
		default:
			fputs("Try 'culvertctl --help'.\n", stderr);
			return EXIT_USAGE;
		}
	}
	o->first = optind;
	return -1;
}

const struct command_flag *
options_csv(const struct options *o, const struct command *c)
{
	const struct command_flag *flag = NULL;

	for (size_t i = 0; i < o->n_flags && (flag == NULL || flag->csv == NULL); i++)
		flag = command_flag(c, o->flags[i]);
	return flag == NULL || flag->csv == NULL ? NULL : flag;
}

int
options_flags(const struct options *o, const struct command *c, json_t *arguments)
{
	char text[64];

	for (size_t i = 0; i < o->n_flags; i++) {
		snprintf(text, sizeof(text), "'%s' has no option --%s", c->name, o->flags[i]);
		if (command_flag(c, o->flags[i]) == NULL)
			return usage_error(text, NULL);
		json_object_set_new(arguments, o->flags[i], json_true());
	}
	return -1;
}
