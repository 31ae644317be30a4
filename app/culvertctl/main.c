/* SPDX-License-Identifier: BSD-3-Clause */
/* culvertctl: asks a running culvertd, and shows what it says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "culvertctl.h"

enum { EXIT_NOT_RUNNING = 3, EXIT_NOT_FOUND = 4, EXIT_REFUSED = 5 };

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

/* Whether all that was printed has gone; if not, it is said. */
static bool
printed(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return true;
	fputs("culvertctl: can't write the answer\n", stderr);
	return false;
}

static int
failed(const struct control_error *error)
{
	fprintf(stderr, "culvertctl: %s\n", error->message);
	return exit_code(error->code);
}

static int
run(const struct options *o, const struct command *c, json_t *arguments)
{
	struct control_error error = {.code = CONTROL_FAILED, .message = "out of memory"};
	json_t *answer;
	int rc;

	for (;;) {
		answer = ask(o->socket, c, arguments, o->show.json ? NULL : show_part, &error);
		if (answer == NULL)
			return failed(&error);
		if (o->watch_s != 0 && o->show.color)
			fputs("\033[H\033[2J", stdout);
		rc = show(&o->show, c, answer);
		json_decref(answer);
		if (!printed())
			return 1;
		if (o->watch_s == 0)
			return rc;
		sleep(o->watch_s);
	}
}

static int
run_csv(const struct options *o, const struct command *c, const struct command_flag *flag,
	json_t *arguments)
{
	struct control_error error = {.code = CONTROL_FAILED, .message = "out of memory"};

	if (o->show.json || o->watch_s != 0)
		return usage_error("neither --json nor --watch goes with", flag->name);
	if (!print_csv(o->socket, c, flag, arguments, &error) && !ferror(stdout))
		return failed(&error);
	return printed() ? 0 : 1;
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

	if (form->words == WORDS_FILTERS && form->key != NULL && argc > 0 &&
		strchr(argv[0], '=') == NULL) {
		if (json_object_set_new(arguments, form->key, json_string(argv[0])) != 0)
			return usage_error("an argument is not UTF-8", NULL);
		argc--;
		argv++;
	}
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
	if (argc == 0 && form->word != NULL)
		json_object_set_new(arguments, form->word, json_true());
	const char *const keys[] = {form->key, form->more};
	int most = form->key == NULL ? 0 : form->more == NULL ? 1 : 2;

	if (argc > most)
		return usage_error("unexpected argument", argv[most]);
	for (int i = 0; i < argc; i++)
		if (json_object_set_new(arguments, keys[i], json_string(argv[i])) != 0)
			return usage_error("an argument is not UTF-8", NULL);
	return -1;
}

int
main(int argc, char **argv)
{
	struct options o = {.socket = getenv("CULVERT_SOCKET")};
	const struct command_flag *csv;
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
	rc = options_parse(argc, argv, &o);
	if (rc >= 0)
		return rc;
	if (o.socket == NULL || o.socket[0] == '\0')
		o.socket = CONTROL_DEFAULT_SOCKET;
	if (o.first == argc)
		return usage_error("a command is needed", NULL);
	c = command_find(argv[o.first]);
	if (c == NULL)
		return usage_error("unknown command", argv[o.first]);
	if (o.watch_s != 0 && c->answer != ANSWER_ROWS && c->answer != ANSWER_OBJECT)
		return usage_error("--watch repeats what only shows, not", c->name);
	arguments = json_object();
	rc = options_flags(&o, c, arguments);
	if (rc < 0)
		rc = take_arguments(c, argc - o.first - 1, argv + o.first + 1, arguments);
	o.show.filtered = json_object_get(arguments, "filters") != NULL && o.first + 1 < argc;
	o.show.watched = o.watch_s != 0;
	csv = options_csv(&o, c);
	if (rc < 0)
		rc = c->answer == ANSWER_LOCAL ? print_schema(arguments)
		     : csv != NULL             ? run_csv(&o, c, csv, arguments)
					       : run(&o, c, arguments);
	json_decref(arguments);
	return rc;
}
