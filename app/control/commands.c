/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/commands.h"

const struct command commands[] = {
#define X(id, ...) {__VA_ARGS__},
	COMMANDS(X) LOCAL_COMMANDS(X)
#undef X
};
const size_t command_count = sizeof(commands) / sizeof(commands[0]);
