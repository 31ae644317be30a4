/* SPDX-License-Identifier: BSD-3-Clause */
/* Filters of tables. What can't be right is an error, so that "nothing found" is true. */
#include <stdio.h>
#include <string.h>

#include "commands.h"

static bool
is_choice(const char *choices, const char *value)
{
	size_t len;

	VIEW_FOREACH_WORD (choices, word, len)
		if (len == strlen(value) && memcmp(word, value, len) == 0)
			return true;
	return false;
}

/* Adds a word to "a, b, c"; false: it is full, and ends with dots. */
static bool
append(char *all, size_t capacity, const char *word)
{
	size_t used = strlen(all);

	if (used + strlen(word) + 8 > capacity) {
		snprintf(all + used, capacity - used, "...");
		return false;
	}
	snprintf(all + used, capacity - used, "%s%s", used == 0 ? "" : ", ", word);
	return true;
}

static bool
is_group(const struct daemon *d, const char *value, struct control_error *error)
{
	char all[140] = "";

	if (cfg_group_find(d->cfg, value) != NULL)
		return true;
	for (size_t i = 0; i < d->cfg->n_groups; i++)
		if (!append(all, sizeof(all), d->cfg->groups[i].name))
			break;
	control_fail(error, CONTROL_USAGE, "there is no group '%.60s'; there are %s", value, all);
	return false;
}

static bool
is_filter(const struct daemon *d, const char *value, struct control_error *error)
{
	char all[140] = "";

	if (cfg_filter_find(d->cfg, value) != NULL)
		return true;
	for (size_t i = 0; i < d->cfg->n_filters; i++)
		if (!append(all, sizeof(all), d->cfg->filters[i].name))
			break;
	control_fail(error, CONTROL_USAGE, "there is no filter '%.60s'; there are %s", value, all);
	return false;
}

bool
command_realm(const struct daemon *d, const char *name, const struct cfg_realm **out,
	struct control_error *error)
{
	char all[140] = "";

	*out = cfg_realm_find(d->cfg, name);
	if (*out != NULL)
		return true;
	for (size_t i = 0; i < d->cfg->n_realms; i++)
		if (!append(all, sizeof(all), d->cfg->realms[i].name))
			break;
	control_fail(
		error, CONTROL_NOT_FOUND, "there is no realm '%.60s'; there are %s", name, all);
	return false;
}

static bool
is_interface(const struct daemon *d, const char *value, struct control_error *error)
{
	char all[140] = "";

	if (cfg_interface_find(d->cfg, value) != NULL)
		return true;
	for (size_t i = 0; i < d->cfg->n_interfaces; i++)
		if (!append(all, sizeof(all), d->cfg->interfaces[i].name))
			break;
	control_fail(error, CONTROL_USAGE, "there is no interface '%.60s'; there %s %s", value,
		all[0] == '\0' ? "is" : "are", all[0] == '\0' ? "none" : all);
	return false;
}

static bool
is_listener(const struct daemon *d, const char *value, struct control_error *error)
{
	struct cv_endpoint at;

	if (!id_parse_peer(value, &at, error)) {
		control_fail(error, CONTROL_USAGE, "a listener is an address, as %s, not '%.60s'",
			d->cfg->listeners[0].name, value);
		return false;
	}
	for (size_t i = 0; i < d->cfg->n_listeners; i++)
		if (cv_ip_equal(&d->cfg->listeners[i].ip, &at.ip) &&
			(at.port == 0 || at.port == d->cfg->listeners[i].udp_port))
			return true;
	control_fail(error, CONTROL_USAGE, "there is no listener '%.60s'; the first is %s", value,
		d->cfg->listeners[0].name);
	return false;
}

static bool
is_port(const struct daemon *d, const char *value, struct control_error *error)
{
	if (cfg_port_find(d->cfg, value) != NULL)
		return true;
	control_fail(error, CONTROL_USAGE, "there is no port '%.60s'; the first is %s", value,
		d->cfg->ports[0].name);
	return false;
}

static bool
is_address(const char *value, struct control_error *error)
{
	struct cv_ip ip;

	if (cv_ip_parse(value, &ip) == 0 && ip.family == CV_IPV4)
		return true;
	control_fail(error, CONTROL_USAGE, "an address is IPv4, as 10.88.1.1, not '%.60s'", value);
	return false;
}

static bool
is_ip(const char *value, struct control_error *error)
{
	struct cv_ip ip;

	if (cv_ip_parse(value, &ip) == 0)
		return true;
	control_fail(error, CONTROL_USAGE,
		"an address is IPv4 or IPv6, as 10.88.1.1 or 2001:db8::1, not '%.60s'", value);
	return false;
}

/* A session of DOMAIN\user or user@realm may be of a user who is called otherwise. */
static bool
is_user(const struct daemon *d, const char *value, struct control_error *error)
{
	if (strpbrk(value, "\\@") != NULL || cfg_user_find(d->cfg, value, strlen(value)) != NULL)
		return true;
	control_fail(error, CONTROL_NOT_FOUND, "there is no user '%.60s'", value);
	return false;
}

static bool
value_usable(const struct daemon *d, const struct view_column *column, const char *value,
	struct control_error *error)
{
	const struct cfg_realm *realm;
	struct cv_endpoint peer;
	struct id id;

	switch (column->filter) {
	case FILTER_NONE:
		return false;
	case FILTER_TEXT:
		return true;
	case FILTER_CHOICE:
		if (is_choice(column->choices, value))
			return true;
		control_fail(error, CONTROL_USAGE, "%s is one of %s, not '%.60s'", column->key,
			column->choices, value);
		return false;
	case FILTER_TUNNEL:
		return id_parse_tunnel(d, value, &id, error);
	case FILTER_SESSION:
		return id_parse_session(d, value, &id, error);
	case FILTER_SERIAL:
		if (id_parse_serial(value) != 0)
			return true;
		control_fail(error, CONTROL_USAGE,
			"a serial is hexadecimal, as 'culvertctl sessions' shows it, not '%.60s'",
			value);
		return false;
	case FILTER_PEER:
		return id_parse_peer(value, &peer, error);
	case FILTER_ADDRESS:
		return is_address(value, error);
	case FILTER_IP:
		return is_ip(value, error);
	case FILTER_USER:
		return is_user(d, value, error);
	case FILTER_GROUP:
		return is_group(d, value, error);
	case FILTER_FILTER:
		return is_filter(d, value, error);
	case FILTER_LISTENER:
		return is_listener(d, value, error);
	case FILTER_PORT:
		return is_port(d, value, error);
	case FILTER_REALM:
		return command_realm(d, value, &realm, error);
	case FILTER_INTERFACE:
		return is_interface(d, value, error);
	}
	return false;
}

static void
say_columns(const struct view *view, const char *word, size_t len, struct control_error *error)
{
	char all[160] = "";

	for (size_t i = 0; i < view->n; i++)
		if (view->columns[i].filter != FILTER_NONE)
			append(all, sizeof(all), view->columns[i].key);
	control_fail(error, CONTROL_USAGE, "no column '%.*s'; columns are %s",
		(int)(len < 40 ? len : 40), word, all);
}

static bool
read_one(const struct daemon *d, const char *word, const struct view *view, struct filters *out,
	struct control_error *error)
{
	const char *equals = word == NULL ? NULL : strchr(word, '=');
	size_t len = equals == NULL ? 0 : (size_t)(equals - word);
	const struct view_column *column = NULL;

	if (word == NULL || word[0] == '\0') {
		control_fail(error, CONTROL_USAGE,
			"a filter is COLUMN=VALUE, or part of any column, but not empty");
		return false;
	}
	if (out->n == FILTERS_MAX) {
		control_fail(error, CONTROL_USAGE, "more than %d filters", FILTERS_MAX);
		return false;
	}
	if (equals != NULL) {
		column = view_column(view, word, len);
		if (column == NULL || column->filter == FILTER_NONE) {
			say_columns(view, word, len, error);
			return false;
		}
		if (!value_usable(d, column, equals + 1, error))
			return false;
	}
	out->items[out->n].column = column;
	out->items[out->n++].value = equals == NULL ? word : equals + 1;
	return true;
}

bool
filters_read(const struct daemon *d, json_t *arguments, const struct view *view,
	struct filters *out, struct control_error *error)
{
	json_t *words = json_object_get(arguments, "filters"), *word;
	size_t i;

	out->n = 0;
	if (words != NULL && !json_is_array(words)) {
		control_fail(error, CONTROL_USAGE, "filters are a list of texts");
		return false;
	}
	json_array_foreach(words, i, word)
	{
		if (!read_one(d, json_string_value(word), view, out, error))
			return false;
	}
	return true;
}

/* The cell as a whole; an ID, a peer or listener also without what stands behind it. */
static bool
cell_is(enum view_filter kind, const char *cell, const char *value)
{
	size_t len = strlen(value);
	char behind = kind == FILTER_PEER || kind == FILTER_LISTENER    ? ':'
		      : kind == FILTER_TUNNEL || kind == FILTER_SESSION ? '@'
									: '\0';

	return strncmp(cell, value, len) == 0 && (cell[len] == '\0' || cell[len] == behind);
}

static bool
any_has(json_t *row, const char *part)
{
	const char *key;
	json_t *cell;

	json_object_foreach(row, key, cell)
	{
		const char *text = json_string_value(cell);

		if (text != NULL && strstr(text, part) != NULL)
			return true;
	}
	return false;
}

static bool
row_is(json_t *row, const struct view_column *column, const char *value)
{
	bool by_serial = column->filter == FILTER_SERIAL ||
			 (column->filter == FILTER_SESSION && strchr(value, '/') == NULL);
	const char *cell =
		json_string_value(json_object_get(row, by_serial ? "serial" : column->key));

	if (cell != NULL && by_serial)
		return id_parse_serial(cell) == id_parse_serial(value);
	return cell != NULL && cell_is(column->filter, cell, value);
}

bool
filters_match(const struct filters *f, json_t *row)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct view_column *column = f->items[i].column;
		const char *value = f->items[i].value;

		if (column == NULL ? !any_has(row, value) : !row_is(row, column, value))
			return false;
	}
	return true;
}
