/* SPDX-License-Identifier: BSD-3-Clause */
/* What a reload has to tell: see reload_rows.h. */
#include "reload_rows.h"

#include <stdio.h>
#include <string.h>

#include "commands.h"

void
reload_rows_begin(struct reload_rows *r)
{
	json_decref(r->rows);
	json_decref(r->sessions);
	*r = (struct reload_rows){.rows = json_array(), .sessions = json_array()};
}

static void
add(struct reload_rows *r, const struct change_row *row)
{
	if (json_array_size(r->rows) < RELOAD_ROWS_MAX)
		json_array_append_new(r->rows, view_row(&view_changes, row));
	else
		r->left_out++;
}

void
reload_rows_clear(struct reload_rows *r)
{
	json_decref(r->rows);
	json_decref(r->sessions);
	*r = (struct reload_rows){0};
}

void
reload_rows_findings(struct reload_rows *r, const struct cfg_errors *errors)
{
	char line[1024];

	r->errors = (unsigned)errors->errors;
	for (size_t i = 0; i < errors->n; i++)
		add(r, &(struct change_row){
			       .what = errors->items[i].severity == CFG_ERROR ? "error" : "warning",
			       .about = cfg_error_text(&errors->items[i], line, sizeof(line))});
}

void
reload_rows_changes(struct reload_rows *r, const struct cfg_diff *diff)
{
	static const char *const whats[] = {
		[CFG_ADDED] = "added", [CFG_REMOVED] = "removed", [CFG_CHANGED] = "changed"};
	char path[CFG_PATH_TEXT], old[CFG_VALUE_TEXT], new[CFG_VALUE_TEXT];

	for (size_t i = 0; i < diff->n; i++) {
		const struct cfg_change *c = &diff->changes[i];

		if (json_array_size(r->rows) >= RELOAD_ROWS_MAX) {
			r->left_out += diff->n - i;
			return;
		}
		add(r, &(struct change_row){.what = whats[c->what],
			       .about = cfg_change_path(c, path),
			       .effect = cfg_effect_name(c->effect),
			       .old = cfg_change_old(diff, c, old),
			       .new = cfg_change_new(diff, c, new)});
	}
}

void
reload_toll_add(struct reload_toll *toll, const struct lns_fate *fate)
{
	unsigned i = 0;

	if (fate->outcome == LNS_STAYS)
		return;
	if (fate->outcome == LNS_ENDS)
		toll->ends++;
	else
		toll->changes++;
	while (i < toll->n && toll->causes[i].why != fate->why)
		i++;
	if (i == TOLL_CAUSES)
		return;
	if (i == toll->n) {
		toll->n++;
		toll->causes[i].why = fate->why;
		toll->causes[i].ends = fate->outcome == LNS_ENDS;
	}
	toll->causes[i].sessions++;
	if (toll->causes[i].named < TOLL_USERS)
		snprintf(toll->causes[i].users[toll->causes[i].named++], LNS_USER_MAX, "%s",
			fate->session->user);
}

/* "2 sessions end: the user is gone (alice, bob)" */
void
reload_rows_toll(struct reload_rows *r, const struct reload_toll *toll)
{
	for (unsigned i = 0; i < toll->n; i++) {
		uint64_t n = toll->causes[i].sessions;
		char text[TOLL_USERS * (LNS_USER_MAX + 2) + 200];
		size_t used = (size_t)snprintf(text, sizeof(text), "%llu %s: %s (",
			(unsigned long long)n,
			toll->causes[i].ends ? (n == 1 ? "session ends" : "sessions end")
					     : (n == 1 ? "session changes" : "sessions change"),
			toll->causes[i].why);

		for (unsigned u = 0; u < toll->causes[i].named; u++)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
				u == 0 ? "" : ", ", toll->causes[i].users[u]);
		snprintf(text + used, sizeof(text) - used, "%s",
			n > toll->causes[i].named ? ", ...)" : ")");
		json_array_append_new(r->sessions,
			view_row(&view_changes,
				&(struct change_row){.what = "session", .about = text}));
	}
}

/* "changed: groups[corp].mtu: 1400 -> 1300 (live)" */
static json_t *
line_of(const json_t *row)
{
	const char *what = json_string_value(json_object_get(row, "what"));
	const char *about = json_string_value(json_object_get(row, "about"));
	const char *effect = json_string_value(json_object_get(row, "effect"));
	const char *old = json_string_value(json_object_get(row, "old"));
	const char *new = json_string_value(json_object_get(row, "new"));

	if (effect == NULL) /* what is said of it says what it is */
		return json_string(about);
	if (old == NULL && new == NULL)
		return json_sprintf("%s: %s (%s)", what, about, effect);
	return json_sprintf("%s: %s: %s -> %s (%s)", what, about, old == NULL ? "unset" : old,
		new == NULL ? "unset" : new, effect);
}

json_t *
reload_rows_lines(const struct reload_rows *r)
{
	json_t *lines = json_array(), *row;
	size_t i;

	json_array_foreach(r->rows, i, row) json_array_append_new(lines, line_of(row));
	if (r->left_out != 0)
		json_array_append_new(lines, json_sprintf("... and %zu more", r->left_out));
	json_array_foreach(r->sessions, i, row) json_array_append_new(lines, line_of(row));
	return lines;
}

json_t *
reload_rows_all(const struct reload_rows *r)
{
	json_t *all = json_copy(r->rows);

	json_array_extend(all, r->sessions);
	return all;
}
