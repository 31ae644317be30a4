/* SPDX-License-Identifier: BSD-3-Clause */
/* culvertctl: asks a running culvertd, and shows what it says. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "culvertctl.h"

enum { EXIT_USAGE = 2, EXIT_NOT_RUNNING = 3, EXIT_NOT_FOUND = 4, EXIT_REFUSED = 5 };

struct options {
	const char *socket;
	struct show_options show;
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

static int
run(const struct options *o, const struct command *c, json_t *arguments)
{
	struct control_error error = {.code = CONTROL_FAILED, .message = "out of memory"};
	json_t *answer;
	int rc;

	for (;;) {
		answer = ask(o->socket, c, arguments, &error);
		if (answer == NULL) {
			fprintf(stderr, "culvertctl: %s\n", error.message);
			return exit_code(error.code);
		}
		if (o->watch_s != 0 && o->show.color)
			fputs("\033[H\033[2J", stdout);
		rc = show(&o->show, c, answer);
		json_decref(answer);
		if (fflush(stdout) != 0 || ferror(stdout)) {
			fputs("culvertctl: can't write the answer\n", stderr);
			return 1;
		}
		if (o->watch_s == 0)
			return rc;
		sleep(o->watch_s);
	}
}

/* culvertctl schema [COMMAND] */
static int
print_schema(json_t *arguments)
{
	const char *name = json_string_value(json_object_get(arguments, "command"));
	const struct command *c = name == NULL ? NULL : command_find(name);
	json_t *schema;

	if (name != NULL && (c == NULL || c->answer == ANSWER_LOCAL))
		return usage_error("no command that culvertd answers is called", name);
	schema = command_schema(c);
	json_dumpf(schema, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(schema);
	return fflush(stdout) != 0 || ferror(stdout) ? 1 : 0;
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

/* Of a command's forms, the one whose word comes first, or the one without a word. */
static const struct command_form *
choose_form(const struct command *c, int argc, char **argv)
{
	for (size_t i = 1; argc > 0 && i < COMMAND_FORMS && c->forms[i].help != NULL; i++)
		if (strcmp(c->forms[i].word, argv[0]) == 0)
			return &c->forms[i];
	return &c->forms[0];
}

/* The command's words into the request; an exit code, or -1: go on. */
static int
take_arguments(const struct command *c, int argc, char **argv, json_t *arguments)
{
	const struct command_form *form = choose_form(c, argc, argv);

	if (form->words == WORDS_FILTERS)
		return take_filters(argc, argv, arguments);
	if (form->word != NULL) {
		argc--;
		argv++;
	}
	if (argc == 0 && form->needs != NULL) {
		fprintf(stderr, "culvertctl: '%s%s%s' needs %s%s\nTry 'culvertctl --help'.\n",
			c->name, form->word == NULL ? "" : " ",
			form->word == NULL ? "" : form->word,
			form->word == NULL ? "an argument: " : "", form->needs);
		return EXIT_USAGE;
	}
	if (argc > (form->key == NULL ? 0 : 1))
		return usage_error("unexpected argument", argv[form->key == NULL ? 0 : 1]);
	if (argc == 1 && json_object_set_new(arguments, form->key, json_string(argv[0])) != 0)
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
	struct options o = {.socket = getenv("CULVERT_SOCKET")};
	const struct command *c;
	json_t *arguments;
	int rc;

	/* for shells: the words of a line that is being typed, which are not to be understood yet
	 */
	if (argc > 3 && strcmp(argv[1], "--complete") == 0) {
		complete(atoi(argv[2]), argc - 3, argv + 3);
		return 0;
	}
	o.show.color = isatty(STDOUT_FILENO);
	rc = parse_options(argc, argv, &o);
	if (rc >= 0)
		return rc;
	if (o.socket == NULL || o.socket[0] == '\0')
		o.socket = CONTROL_DEFAULT_SOCKET;
	if (optind == argc)
		return usage_error("a command is needed", NULL);
	c = command_find(argv[optind]);
	if (c == NULL)
		return usage_error("unknown command", argv[optind]);
	if (o.watch_s != 0 && c->answer != ANSWER_ROWS && c->answer != ANSWER_OBJECT)
		return usage_error("--watch repeats what only shows, not", c->name);
	arguments = json_object();
	rc = take_arguments(c, argc - optind - 1, argv + optind + 1, arguments);
	o.show.filtered = json_object_get(arguments, "filters") != NULL && optind + 1 < argc;
	o.show.watched = o.watch_s != 0;
	if (rc < 0)
		rc = c->answer == ANSWER_LOCAL ? print_schema(arguments) : run(&o, c, arguments);
	json_decref(arguments);
	return rc;
}
