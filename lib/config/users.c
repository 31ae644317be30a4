/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Users of the configuration and of the users file as one sorted list. A line of the users file
 * may have its fields mixed up, so nothing of it but a well-formed name is shown in an error.
 */
#include <stdio.h>
#include <stdlib.h>

#include "config/private.h"

struct entries {
	struct cfg_entry *items;
	size_t n, capacity;
};

static void
entry_fail(struct cfg_loader *l, const struct cfg_entry *e, const char *child, const char *text)
{
	const struct cfg_node *at = e->node == NULL ? NULL : cfg_node_get(e->node, child);

	if (e->node == NULL)
		cfg_fail_at(l, e->file, e->line, e->column, "", "%s", text);
	else
		cfg_fail(l, at == NULL ? e->node : at, at == NULL ? child : NULL, "%s", text);
}

static void
line_fail(struct cfg_loader *l, const struct cfg_entry *e, size_t column, const char *text)
{
	cfg_fail_at(l, e->file, e->line, (unsigned)column, "", "%s", text);
}

/* GROUP, or nothing where there is one group. */
static void
read_group(struct cfg_loader *l, struct cfg_entry *e, struct cv_bytes field, size_t column)
{
	char list[200], text[260];
	const char **names;
	size_t n;

	names = cfg_names(l, CFG_KIND_GROUP, &n);
	if (field.len == 0)
		e->user.group = n == 1 ? 0 : SIZE_MAX;
	else
		e->user.group = cfg_name_at(l, CFG_KIND_GROUP, field.data, field.len);
	if (e->user.group != SIZE_MAX || names == NULL || n == 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (names[i] == NULL)
			return; /* it may be this one, whose name is wrong */
	snprintf(text, sizeof(text), "%s: %s",
		field.len == 0
			? "the group is required after the password, one of"
			: "there is no such group (a password cannot have a colon); there are",
		cfg_join(list, sizeof(list), names, n));
	line_fail(l, e, column, text);
}

/* A part of a line as text; false: it can be no address. */
static bool
as_text(struct cv_bytes field, char text[CV_PREFIX_TEXT])
{
	if (field.len >= CV_PREFIX_TEXT)
		return false;
	memcpy(text, field.data, field.len);
	text[field.len] = '\0';
	return strlen(text) == field.len;
}

static void
read_address(struct cfg_loader *l, struct cfg_entry *e, struct cv_bytes field, size_t column)
{
	char text[CV_PREFIX_TEXT];

	if (as_text(field, text) && cv_ip_parse(text, &e->user.address) == 0 &&
		e->user.address.family == CV_IPV4 && cfg_is_host(cv_ipv4_value(&e->user.address)))
		return;
	e->user.address.family = 0;
	line_fail(l, e, column, "the address must be an IPv4 address that a host can have");
}

static void
read_prefix6(struct cfg_loader *l, const struct cfg_entry *e, struct cv_bytes field, size_t column,
	bool delegated, struct cv_prefix *out)
{
	char text[CV_PREFIX_TEXT];

	if (field.len == 0)
		return;
	if (!as_text(field, text) ||
		!cfg_parse_prefix6(text, delegated ? CFG_DELEGATED_SHORTEST : 64, 64, out))
		line_fail(l, e, column,
			delegated ? "the delegated prefix must be a global or unique local IPv6 "
				    "prefix, as 2001:db8:100::/56, of /40 to /64"
				  : "the prefix of the link must be a global or unique local IPv6 "
				    "prefix of /64, as 2001:db8:0:7::/64");
}

/* What is behind DELEGATED. */
static void
read_routes(struct cfg_loader *l, struct cfg_entry *e, const struct cv_bytes *parts,
	const size_t *at, size_t n)
{
	char text[CV_PREFIX_TEXT];

	if (n == 0)
		return;
	e->user.routes = cfg_keep(l, n, sizeof(e->user.routes[0]));
	for (size_t i = 0; e->user.routes != NULL && i < n; i++) {
		if (as_text(parts[i], text) &&
			cv_prefix_parse(text, &e->user.routes[e->user.n_routes]) == 0)
			e->user.n_routes++;
		else
			line_fail(l, e, at[i],
				"a network behind the user must be an IPv4 or IPv6 prefix, as "
				"192.168.7.0/24");
	}
}

/* ADDRESS[,PREFIX6[,DELEGATED[,ROUTE...]]], of which the first may be empty where another one
 * follows. */
static void
read_addresses(struct cfg_loader *l, struct cfg_entry *e, struct cv_bytes field, size_t column)
{
	enum { ADDRESS, PREFIX6, DELEGATED, ROUTES, PARTS = ROUTES + CV_FRAMED_MAX };
	struct cv_bytes parts[PARTS] = {{0}};
	size_t at[PARTS], n = 0;

	for (size_t start = 0, i = 0; i <= field.len; i++) {
		if (i < field.len && field.data[i] != ',')
			continue;
		if (n == PARTS) {
			line_fail(l, e, column + start,
				"more than ADDRESS,PREFIX6,DELEGATED and 64 routes in the last "
				"field");
			return;
		}
		parts[n] = (struct cv_bytes){field.data + start, i - start};
		at[n++] = column + start;
		start = i + 1;
	}
	if (parts[ADDRESS].len != 0 || n == 1)
		read_address(l, e, parts[ADDRESS], at[ADDRESS]);
	if (n > PREFIX6)
		read_prefix6(l, e, parts[PREFIX6], at[PREFIX6], false, &e->user.prefix6);
	if (n > DELEGATED)
		read_prefix6(l, e, parts[DELEGATED], at[DELEGATED], true, &e->user.delegated);
	if (n > ROUTES)
		read_routes(l, e, &parts[ROUTES], &at[ROUTES], n - ROUTES);
}

static bool
has_comma(const uint8_t *bytes, size_t len)
{
	return len != 0 && memchr(bytes, ',', len) != NULL;
}

/* NAME:PASSWORD[:GROUP[:ADDRESSES]]; colons behind the first comma are those of IPv6. */
static void
read_line(struct cfg_loader *l, struct cfg_entry *e, const uint8_t *line, size_t len)
{
	enum { NAME, PASSWORD, GROUP, ADDRESS, FIELDS };
	struct cv_bytes fields[FIELDS] = {{0}};
	size_t columns[FIELDS] = {0}, n = 0;
	const char *oddity;

	for (size_t start = 0, i = 0; i <= len; i++) {
		if (i < len &&
			(line[i] != ':' || (n == ADDRESS && has_comma(line + start, i - start))))
			continue;
		if (n == FIELDS) {
			line_fail(l, e, start + 1, "more fields than NAME:PASSWORD:GROUP:ADDRESS");
			return;
		}
		fields[n] = (struct cv_bytes){line + start, i - start};
		columns[n++] = start + 1;
		start = i + 1;
	}
	if (n < 2) {
		line_fail(l, e, 1, "must be NAME:PASSWORD[:GROUP[:ADDRESS]]");
		return;
	}
	if (!cfg_is_user_name((const char *)fields[NAME].data, fields[NAME].len))
		line_fail(l, e, 1,
			"the name must have 1 to 63 printable ASCII characters without space");
	if (fields[PASSWORD].len == 0 || fields[PASSWORD].len > CFG_SECRET_MAX)
		line_fail(l, e, columns[PASSWORD], "the password must have 1 to 255 bytes");
	oddity = cfg_secret_oddity(fields[PASSWORD].data, fields[PASSWORD].len);
	if (oddity != NULL)
		cfg_warn_at(l, e->file, e->line, (unsigned)columns[PASSWORD], "",
			"the password is odd: %s", oddity);
	e->user.name = cfg_copy(l, l->keep, fields[NAME].data, fields[NAME].len);
	e->user.name_len = fields[NAME].len;
	e->user.password.data =
		(uint8_t *)cfg_copy(l, l->keep, fields[PASSWORD].data, fields[PASSWORD].len);
	e->user.password.len = fields[PASSWORD].len;
	read_group(l, e, fields[GROUP], n > GROUP ? columns[GROUP] : len + 1);
	if (n > ADDRESS)
		read_addresses(l, e, fields[ADDRESS], columns[ADDRESS]);
}

/* One line without its end; false at the end of all. */
static bool
next_line(struct cv_bytes *rest, struct cv_bytes *line)
{
	const uint8_t *newline = rest->len == 0 ? NULL : memchr(rest->data, '\n', rest->len);
	size_t used = newline == NULL ? rest->len : (size_t)(newline - rest->data) + 1;

	if (rest->len == 0)
		return false;
	*line = (struct cv_bytes){rest->data, newline == NULL ? used : used - 1};
	if (line->len > 0 && line->data[line->len - 1] == '\r')
		line->len--;
	rest->data += used;
	rest->len -= used;
	return true;
}

static bool
is_user_line(struct cv_bytes line)
{
	return line.len > 0 && line.data[0] != '#';
}

static size_t
count_users(const struct cfg_secret *bytes)
{
	struct cv_bytes rest = {bytes->data, bytes->len}, line;
	size_t n = 0;

	while (next_line(&rest, &line))
		n += is_user_line(line);
	return n;
}

static void
read_lines(struct cfg_loader *l, const char *path, const struct cfg_secret *bytes,
	struct entries *entries)
{
	struct cv_bytes rest = {bytes->data, bytes->len}, line;

	for (unsigned number = 1; !l->nomem && !cfg_enough(l) && next_line(&rest, &line);
		number++) {
		struct cfg_entry *e = &entries->items[entries->n];

		if (!is_user_line(line))
			continue;
		*e = (struct cfg_entry){
			.file = path, .line = number, .column = 1, .order = entries->n};
		read_line(l, e, line.data, line.len);
		entries->n++;
	}
}

/* Room for the users of the configuration and `more`; the former are entered. */
static void
make_entries(struct cfg_loader *l, struct entries *entries, size_t more)
{
	const struct cfg_node *users = cfg_node_get(l->root, "users");
	const struct cfg_node *node = users == NULL ? NULL : users->first;

	entries->capacity = l->cfg->n_users + more;
	entries->items = cfg_scratch(l, entries->capacity, sizeof(entries->items[0]));
	if (entries->items == NULL)
		return;
	for (size_t i = 0; i < l->cfg->n_users; i++, node = node->next)
		entries->items[i] = (struct cfg_entry){.user = l->cfg->users[i],
			.file = l->file,
			.line = node->line,
			.column = node->column,
			.node = node,
			.order = i};
	entries->n = l->cfg->n_users;
}

static void
read_users_file(struct cfg_loader *l, struct entries *entries)
{
	struct cfg_secret bytes = {0};
	const char *path = cfg_path(l, l->users_file->text);
	size_t users;

	if (path == NULL || !cfg_file_read(l, l->users_file, path, CFG_USERS_FILE_MAX,
				    "the file is larger than 1,000,000 users may need", &bytes))
		return;
	users = count_users(&bytes);
	if (l->cfg->n_users + users > CFG_USERS_MAX) {
		cfg_fail(l, l->users_file, NULL,
			"%s: %zu users, with %zu listed in users: more than %d", path, users,
			l->cfg->n_users, CFG_USERS_MAX);
	} else {
		make_entries(l, entries, users);
		if (entries->items != NULL && bytes.data != NULL)
			read_lines(l, path, &bytes, entries);
	}
	cfg_file_free(&bytes);
}

static int
by_name(const void *pa, const void *pb)
{
	const struct cfg_entry *a = pa, *b = pb;
	size_t len = a->user.name_len < b->user.name_len ? a->user.name_len : b->user.name_len;
	int order = len == 0 ? 0 : memcmp(a->user.name, b->user.name, len);

	if (order != 0)
		return order;
	if (a->user.name_len != b->user.name_len)
		return a->user.name_len < b->user.name_len ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

/* Entries are sorted; of two with one name the later in the files is wrong. */
static void
check_names(struct cfg_loader *l, const struct entries *entries)
{
	char text[400];

	for (size_t i = 1; i < entries->n && !cfg_enough(l); i++) {
		const struct cfg_entry *a = &entries->items[i - 1], *b = a + 1;

		if (a->user.name_len == 0 || a->user.name_len != b->user.name_len ||
			memcmp(a->user.name, b->user.name, a->user.name_len) != 0)
			continue;
		if (!cfg_is_user_name(a->user.name, a->user.name_len))
			continue; /* reported, and not to be shown */
		snprintf(text, sizeof(text), "user %s is already in %.200s:%u", b->user.name,
			a->file, a->line);
		entry_fail(l, b, "name", text);
	}
}

/* Users with an address of their own, by realm. */
struct fixed {
	const struct cfg_entry *entry;
	uint32_t address;
	uint16_t realm;
	bool own; /* the server's */
};

static int
by_address(const void *pa, const void *pb)
{
	const struct fixed *a = pa, *b = pb;

	if (a->realm != b->realm)
		return a->realm < b->realm ? -1 : 1;
	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return (a->entry->order > b->entry->order) - (a->entry->order < b->entry->order);
}

/* The server's own addresses among them, which are sorted. */
static void
find_own(const struct cfg *cfg, struct fixed *fixed, size_t n)
{
	for (size_t g = 0; g < cfg->n_groups; g++) {
		const struct cfg_group *group = &cfg->groups[g];
		uint32_t address = cv_ipv4_value(&group->address);
		size_t low = 0, high = n;

		while (low < high) {
			size_t middle = low + (high - low) / 2;
			const struct fixed *f = &fixed[middle];

			if (f->realm < group->realm ||
				(f->realm == group->realm && f->address < address))
				low = middle + 1;
			else
				high = middle;
		}
		for (; low < n && fixed[low].realm == group->realm && fixed[low].address == address;
			low++)
			fixed[low].own = true;
	}
}

/*
 * An address that no pool of its realm has is taken, but where its group has pools it is more often
 * a slip. Groups without a pool are for users with addresses of their own.
 */
static void
check_in_pool(struct cfg_loader *l, const struct fixed *f)
{
	static const char text[] = "the address is in no pool of its realm, though its group has "
				   "one: taken as it is";
	const struct cfg_entry *e = f->entry;

	if (l->pools == NULL || l->cfg->groups[e->user.group].n_pool == 0 ||
		cfg_in_pools(l, f->realm, &e->user.address))
		return;
	if (e->node == NULL)
		cfg_warn_at(l, e->file, e->line, e->column, "", "%s", text);
	else
		cfg_warn(l, cfg_node_get(e->node, "address"), NULL, "%s", text);
}

/* The same, in the same order, for as long as the configuration lives. */
static void
keep_addresses(
	struct cfg_loader *l, const struct entries *entries, const struct fixed *fixed, size_t n)
{
	struct cfg_fixed *kept = cfg_keep(l, n, sizeof(*kept));

	for (size_t i = 0; kept != NULL && i < n; i++)
		kept[i] = (struct cfg_fixed){.ip = fixed[i].entry->user.address,
			.realm = fixed[i].realm,
			.user = (uint32_t)(fixed[i].entry - entries->items)};
	l->cfg->fixed = kept;
	l->cfg->n_fixed = kept == NULL ? 0 : n;
}

static bool
meets_outside(struct cfg_loader *l, const struct cfg_entry *e, char *text, size_t capacity)
{
	const struct cv_prefix host = {.ip = e->user.address, .length = 32};
	char ip[CV_IP_TEXT], outside[CFG_OUTSIDE_TEXT];

	if (!cfg_meets_outside(l, &host, outside))
		return false;
	snprintf(text, capacity, "%s %s", cv_ip_text(&host.ip, ip), outside);
	return true;
}

static void
check_addresses(struct cfg_loader *l, const struct entries *entries)
{
	struct fixed *fixed = cfg_scratch(l, entries->n, sizeof(*fixed));
	size_t n = 0;
	char text[400];

	for (size_t i = 0; fixed != NULL && i < entries->n; i++) {
		const struct cfg_user *u = &entries->items[i].user;

		if (u->address.family != 0 && u->group < l->cfg->n_groups)
			fixed[n++] = (struct fixed){.entry = &entries->items[i],
				.address = cv_ipv4_value(&u->address),
				.realm = l->cfg->groups[u->group].realm};
	}
	if (n > 1)
		qsort(fixed, n, sizeof(fixed[0]), by_address);
	find_own(l->cfg, fixed, n);
	keep_addresses(l, entries, fixed, n);
	for (size_t i = 0; i < n && !cfg_enough(l); i++) {
		const struct cfg_user *u = &fixed[i].entry->user;

		if (l->cfg->groups[u->group].address.family == 0)
			entry_fail(l, fixed[i].entry, "address",
				"needs the key address of the group, the server's own");
		else if (fixed[i].own)
			entry_fail(l, fixed[i].entry, "address",
				"is the server's own address in this realm");
		else if (meets_outside(l, fixed[i].entry, text, sizeof(text)))
			entry_fail(l, fixed[i].entry, "address", text);
		else
			check_in_pool(l, &fixed[i]);
		if (i == 0 || fixed[i].realm != fixed[i - 1].realm ||
			fixed[i].address != fixed[i - 1].address)
			continue;
		snprintf(text, sizeof(text), "the address is already that of the user in %.200s:%u",
			fixed[i - 1].entry->file, fixed[i - 1].entry->line);
		entry_fail(l, fixed[i].entry, "address", text);
	}
}

/* A group without a pool serves only users who have an address of their own, or IPv6. */
static void
check_pools(struct cfg_loader *l, const struct entries *entries)
{
	const struct cfg_node *groups = cfg_node_get(l->root, "groups");
	bool *needs = cfg_scratch(l, l->cfg->n_groups, sizeof(*needs));
	const struct cfg_node *node = groups == NULL ? NULL : groups->first;

	for (size_t i = 0; needs != NULL && i < entries->n; i++) {
		const struct cfg_user *u = &entries->items[i].user;

		if (u->group < l->cfg->n_groups && u->address.family == 0 &&
			u->prefix6.ip.family == 0 && l->cfg->groups[u->group].n_pool6 == 0)
			needs[u->group] = true;
	}
	for (size_t g = 0; needs != NULL && g < l->cfg->n_groups; g++, node = node->next) {
		const struct cfg_node *pool = cfg_node_get(node, "pool");

		if (needs[g] && (pool == NULL || (pool->type == CFG_LIST && pool->n == 0)))
			cfg_fail(l, pool == NULL ? node : pool, pool == NULL ? "pool" : NULL,
				"is required, as users of the group have no address of their own");
	}
}

void
cfg_users_finish(struct cfg_loader *l)
{
	struct entries entries = {0};

	if (l->users_file != NULL)
		read_users_file(l, &entries);
	if (entries.items == NULL && !l->nomem)
		make_entries(l, &entries, 0);
	if (l->nomem)
		return;
	cfg_check_pools6(l, entries.items, entries.n);
	cfg_check_networks(l, entries.items, entries.n);
	if (entries.n > 1)
		qsort(entries.items, entries.n, sizeof(entries.items[0]), by_name);
	check_names(l, &entries);
	check_addresses(l, &entries);
	check_pools(l, &entries);
	l->cfg->users = cfg_keep(l, entries.n, sizeof(l->cfg->users[0]));
	for (size_t i = 0; l->cfg->users != NULL && i < entries.n; i++)
		l->cfg->users[i] = entries.items[i].user;
	l->cfg->n_users = l->cfg->users == NULL ? 0 : entries.n;
	cfg_keep_fixed6(l);
	cfg_check_interface_users(l);
	cfg_check_dials(l);
}
