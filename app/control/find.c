/* SPDX-License-Identifier: BSD-3-Clause */
/* Of the table of commands, whichever one that is. */
#include <string.h>

#include "control/commands.h"

const struct command *
command_find(const char *name)
{
	for (size_t i = 0; i < command_count; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

const struct command_flag *
command_flag(const struct command *c, const char *name)
{
	for (size_t i = 0; i < COMMAND_FLAGS && c->flags[i].name != NULL; i++)
		if (strcmp(c->flags[i].name, name) == 0)
			return &c->flags[i];
	return NULL;
}

size_t
command_index(const struct command *c)
{
	return (size_t)(c - commands);
}
