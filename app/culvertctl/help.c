/* SPDX-License-Identifier: BSD-3-Clause */
/* culvertctl --help: the commands are those of the table. */
#include <stdio.h>
#include <string.h>

#include "culvertctl.h"

enum { HELP_COLUMN = 21 }; /* of what a command does */

static const char head[] = "NAME\n"
			   "    culvertctl - watch and steer a running culvertd\n"
			   "\n"
			   "SYNOPSIS\n"
			   "    culvertctl [OPTIONS] COMMAND [ARGUMENTS]\n"
			   "\n"
			   "COMMANDS\n";

static const char tail[] =
	"\n"
	"    A session's ID is its serial, which no other session ever gets, or TUNNEL/SESSION; a\n"
	"    tunnel's is TUNNEL. Where listeners have the same, @LISTENER stands behind it, as\n"
	"    24090/2028@192.0.2.1:1701.\n"
	"    A FILTER is COLUMN=VALUE, or part of any column; of several, all must hold. Peers\n"
	"    may be written without their port.\n"
	"\n"
	"OPTIONS\n"
	"    -s, --socket PATH    the control socket (default: $CULVERT_SOCKET, else\n"
	"                         " CONTROL_DEFAULT_SOCKET ")\n"
	"    -j, --json           the answer as JSON\n"
	"    -w, --watch[=S]      again every S seconds (default 2), until interrupted\n"
	"    -V, --version        print the version\n"
	"    -h, --help           print this text\n"
	"\n"
	"EXIT STATUS\n"
	"    0  done\n"
	"    1  culvertd failed to answer\n"
	"    2  wrong usage\n"
	"    3  culvertd is not running\n"
	"    4  no such session, tunnel, peer, user or realm\n"
	"    5  permission denied, or refused\n"
	"    6  reload: nothing has changed: errors, a restart is needed, or a session would end\n"
	"\n"
	"EXAMPLES\n"
	"    culvertctl sessions user=alice state=open\n"
	"    culvertctl sessions peer=192.0.2.11\n"
	"    culvertctl lookup default 203.0.113.7\n"
	"    culvertctl --watch drops\n"
	"    culvertctl --json sessions | jq '.rows[].address'\n";

static void
print_line(const char *text, const char *what)
{
	if (strlen(text) < HELP_COLUMN)
		printf("    %-*s%s\n", HELP_COLUMN, text, what);
	else
		printf("    %s\n    %*s%s\n", text, HELP_COLUMN, "", what);
}

static void
print_form(const char *name, const struct command_form *form)
{
	char text[80];

	snprintf(text, sizeof(text), "%s%s%s%s%s", name, form->word == NULL ? "" : " ",
		form->word == NULL ? "" : form->word, form->shown == NULL ? "" : " ",
		form->shown == NULL ? "" : form->shown);
	print_line(text, form->help);
}

static void
print_command(const struct command *c)
{
	char text[80];

	for (size_t f = 0; f < COMMAND_FORMS && c->forms[f].help != NULL; f++)
		print_form(c->name, &c->forms[f]);
	for (size_t f = 0; f < COMMAND_FLAGS && c->flags[f].name != NULL; f++) {
		snprintf(text, sizeof(text), "  --%s", c->flags[f].name);
		print_line(text, c->flags[f].help);
	}
}

void
help_print(void)
{
	fputs(head, stdout);
	for (size_t i = 0; i < command_count; i++)
		print_command(&commands[i]);
	fputs(tail, stdout);
}
