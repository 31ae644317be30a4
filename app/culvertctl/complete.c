/* SPDX-License-Identifier: BSD-3-Clause */
/* What a shell completes, from the tables of commands and columns, and from what culvertd has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "culvertctl.h"

static const char *const options[] = {"--socket", "--json", "--watch", "--version", "--help", NULL};

/* A line that is being typed: the command, its arguments before the word, and the word. */
struct line {
	const char *socket;
	const struct command *command;
	bool any; /* a word that should be the command is there */
	unsigned n;
	const char *first; /* argument */
	const char *word;
	const char *column; /* a filter's, where the word is behind its '=' */
};

static void
offer(const struct line *l, const char *text, size_t len, const char *behind)
{
	size_t typed = strlen(l->word);

	if (len != 0 && len >= typed && memcmp(text, l->word, typed) == 0)
		printf("%.*s%s\n", (int)len, text, behind);
}

static void
offer_word(const struct line *l, const char *text)
{
	if (text != NULL)
		offer(l, text, strlen(text), "");
}

static void
offer_choices(const struct line *l, const char *choices)
{
	size_t len;

	VIEW_FOREACH_WORD (choices, word, len)
		offer(l, word, len, "");
}

static void
offer_flags(const struct line *l)
{
	const struct command_flag *flags = l->command->flags;
	char text[64];

	for (size_t i = 0; i < COMMAND_FLAGS && flags[i].name != NULL; i++) {
		snprintf(text, sizeof(text), "--%s", flags[i].name);
		offer_word(l, text);
	}
}

static void
offer_commands(const struct line *l, bool local)
{
	for (size_t i = 0; i < command_count; i++)
		if (local || commands[i].answer != ANSWER_LOCAL)
			offer_word(l, commands[i].name);
}

/* Columns of a command's rows that are there now. Users name themselves: what they wrote is given
 * as it is, and quoted by the shell's script. */
static void
offer_living(const struct line *l, const char *command, const char *a, const char *b)
{
	struct control_error error;
	json_t *arguments = json_object(), *answer, *rows, *row;
	size_t i;

	if (l->word[0] != '\0') /* part of any column: few rows come */
		json_object_set_new(arguments, "filters", json_pack("[s]", l->word));
	answer = ask(l->socket, command_find(command), arguments, NULL, &error);
	rows = json_object_get(answer, "rows");
	json_array_foreach(rows, i, row)
	{
		offer_word(l, json_string_value(json_object_get(row, a)));
		if (b != NULL)
			offer_word(l, json_string_value(json_object_get(row, b)));
	}
	json_decref(answer);
	json_decref(arguments);
}

static void
offer_filters(const struct line *l, const struct view *view)
{
	const struct view_column *c =
		l->column == NULL ? NULL : view_column(view, l->column, strlen(l->column));

	if (c != NULL && c->filter == FILTER_CHOICE)
		offer_choices(l, c->choices);
	for (size_t i = 0; l->column == NULL && i < view->n; i++)
		if (view->columns[i].filter != FILTER_NONE)
			offer(l, view->columns[i].key, strlen(view->columns[i].key), "=");
}

static void
offer_argument(const struct line *l, const struct command *c, enum command_words words,
	const char *choices)
{
	switch (words) {
	case WORDS_NONE:
		return;
	case WORDS_CHOICES:
		offer_choices(l, choices);
		return;
	case WORDS_FILTERS:
		offer_filters(l, c->view);
		return;
	case WORDS_SESSIONS:
		offer_living(l, "sessions", "session", "serial");
		return;
	case WORDS_USERS:
		offer_living(l, "sessions", "user", NULL);
		return;
	case WORDS_TUNNELS:
		offer_living(l, "tunnels", "tunnel", NULL);
		return;
	case WORDS_PEERS:
		offer_living(l, "tunnels", "peer", NULL);
		return;
	case WORDS_REALMS:
		offer_living(l, "realms", "realm", NULL);
		return;
	case WORDS_VIEWS:
		offer_commands(l, false);
		return;
	}
}

static void
offer_arguments(const struct line *l)
{
	const struct command *c = l->command;

	if (l->n == 0 || c->forms[0].words == WORDS_FILTERS) {
		for (size_t i = 1; i < COMMAND_FORMS && c->forms[i].help != NULL; i++)
			offer_word(l, c->forms[i].word);
		if (l->n == 0 && l->column == NULL)
			offer_argument(l, c, c->forms[0].ahead, NULL);
		offer_argument(l, c, c->forms[0].words, c->forms[0].choices);
		return;
	}
	for (size_t i = 1; l->n == 1 && i < COMMAND_FORMS && c->forms[i].help != NULL; i++)
		if (strcmp(c->forms[i].word, l->first) == 0)
			offer_argument(l, c, c->forms[i].words, c->forms[i].choices);
}

/* Bash makes words of its own of '=': COLUMN, =, VALUE. */
static void
take_column(struct line *l, int at, char **words)
{
	if (strcmp(l->word, "=") == 0 && at > 1) {
		l->word = "";
		l->column = words[at - 1];
	} else if (at > 2 && strcmp(words[at - 1], "=") == 0) {
		l->column = words[at - 2];
	}
}

void
complete(int at, int n, char **words)
{
	struct line l = {
		.socket = getenv("CULVERT_SOCKET"), .word = at > 0 && at < n ? words[at] : ""};

	if (at < 1 || at > n) /* not what a shell says */
		at = n;
	l.word = at < n ? words[at] : "";
	for (int i = 1; i < at; i++) {
		if (strcmp(words[i], "-s") == 0 || strcmp(words[i], "--socket") == 0) {
			if (++i < at)
				l.socket = words[i];
		} else if (words[i][0] == '-') {
			continue;
		} else if (!l.any) {
			l.any = true;
			l.command = command_find(words[i]);
		} else if (l.n++ == 0) {
			l.first = words[i];
		}
	}
	if (l.socket == NULL || l.socket[0] == '\0')
		l.socket = CONTROL_DEFAULT_SOCKET;
	if (l.word[0] == '-') {
		for (size_t i = 0; options[i] != NULL; i++)
			offer_word(&l, options[i]);
		if (l.command != NULL)
			offer_flags(&l);
	} else if (!l.any) {
		offer_commands(&l, true);
	} else if (l.command != NULL) {
		take_column(&l, at, words);
		offer_arguments(&l);
	}
}
