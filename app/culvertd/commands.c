/* SPDX-License-Identifier: BSD-3-Clause */
/* What culvertctl asks, to whom it belongs. */
#include "commands.h"

json_t *
cmd_log_level(struct daemon *d, json_t *arguments, struct control_error *error)
{
	const char *name = command_string(arguments, "level");
	int level = name == NULL ? -1 : cv_log_level_parse(name);

	if (level < 0) {
		control_fail(error, CONTROL_USAGE,
			"a level is error, warning, info or debug, not '%s'",
			name == NULL ? "" : name);
		return NULL;
	}
	d->log.level = (enum cv_log_level)level;
	cv_log_event(&d->log, CV_LOG_INFO, "log-level", "level=%s", name);
	return view_row(&view_level, &(struct level_row){name});
}

json_t *
daemon_handle(void *ctx, const char *name, json_t *arguments, struct control_error *error)
{
	/* in the order of the table of commands; culvertctl's own ones come behind */
	static command_fn *const handlers[] = {
#define X(id, ...) cmd_##id,
		COMMANDS(X)
#undef X
	};
	const struct command *c = command_find(name);

	if (c != NULL && command_index(c) < sizeof(handlers) / sizeof(handlers[0]))
		return handlers[command_index(c)](ctx, arguments, error);
	control_fail(error, CONTROL_USAGE, "culvertd knows no command '%.64s'", name);
	return NULL;
}
