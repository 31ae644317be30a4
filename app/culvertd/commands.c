/* SPDX-License-Identifier: BSD-3-Clause */
/* What culvertctl asks, to whom it belongs. */
#include "commands.h"
#include "reload.h"

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

/* Begins one, or tells of the one with a number. */
json_t *
cmd_reload(struct daemon *d, json_t *arguments, struct control_error *error)
{
	struct reload_wish wish = {.dry_run = json_is_true(json_object_get(arguments, "dry-run")),
		.keep_sessions = json_is_true(json_object_get(arguments, "keep-sessions")),
		.by = "culvertctl"};
	json_t *number = json_object_get(arguments, "number"), *report;

	if (number != NULL) {
		report = reload_report(d, (uint64_t)json_integer_value(number));
		if (report == NULL)
			control_fail(error, CONTROL_NOT_FOUND,
				"another reload has begun since: the log says how this one ended");
		return report;
	}
	report = reload_report(d, reload_begin(d, &wish));
	if (report == NULL)
		control_fail(error, CONTROL_REFUSED, "%s",
			d->stop_by != CV_TIME_NEVER ? "culvertd is stopping"
						    : "another reload is under way");
	return report;
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
