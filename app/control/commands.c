/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/commands.h"

#include <string.h>

const struct command commands[] = {
#define X(id, ...) {__VA_ARGS__},
	COMMANDS(X) LOCAL_COMMANDS(X)
#undef X
};
const size_t command_count = sizeof(commands) / sizeof(commands[0]);

const struct command *
command_find(const char *name)
{
	for (size_t i = 0; i < command_count; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

size_t
command_index(const struct command *c)
{
	return (size_t)(c - commands);
}
