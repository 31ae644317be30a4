/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Users of the configuration and of the users file as one sorted list. A line of the users file
 * may have its fields mixed up, so nothing of it but a well-formed name is shown in an error.
 */
#include <stdio.h>
#include <stdlib.h>

#include "config/private.h"

/* A user and where it was said. */
struct entry {
	struct cfg_user user;
	const char *file;
	unsigned line, column;
	const struct cfg_node *node; /* NULL: from the users file */
	size_t order;
};

struct entries {
	struct entry *items;
	size_t n, capacity;
};

static void
entry_fail(struct cfg_loader *l, const struct entry *e, const char *child, const char *text)
{
	const struct cfg_node *at = e->node == NULL ? NULL : cfg_node_get(e->node, child);

	if (e->node == NULL)
		cfg_fail_at(l, e->file, e->line, e->column, "", "%s", text);
	else
		cfg_fail(l, at == NULL ? e->node : at, at == NULL ? child : NULL, "%s", text);
}

static void
line_fail(struct cfg_loader *l, const struct entry *e, size_t column, const char *text)
{
	cfg_fail_at(l, e->file, e->line, (unsigned)column, "", "%s", text);
}

/* GROUP, or nothing where there is one group. */
static void
read_group(struct cfg_loader *l, struct entry *e, struct cv_bytes field, size_t column)
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

static void
read_address(struct cfg_loader *l, struct entry *e, struct cv_bytes field, size_t column)
{
	char text[CV_IP_TEXT];

	if (field.len < sizeof(text)) {
		memcpy(text, field.data, field.len);
		text[field.len] = '\0';
		if (strlen(text) == field.len && cv_ip_parse(text, &e->user.address) == 0 &&
			e->user.address.family == CV_IPV4 &&
			cfg_is_host(cv_ipv4_value(&e->user.address)))
			return;
	}
	e->user.address.family = 0;
	line_fail(l, e, column, "the address must be an IPv4 address that a host can have");
}

/* NAME:PASSWORD[:GROUP[:ADDRESS]] */
static void
read_line(struct cfg_loader *l, struct entry *e, const uint8_t *line, size_t len)
{
	enum { NAME, PASSWORD, GROUP, ADDRESS, FIELDS };
	struct cv_bytes fields[FIELDS] = {{0}};
	size_t columns[FIELDS] = {0}, n = 0;
	const char *oddity;

	for (size_t start = 0, i = 0; i <= len; i++) {
		if (i < len && line[i] != ':')
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
		read_address(l, e, fields[ADDRESS], columns[ADDRESS]);
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
		struct entry *e = &entries->items[entries->n];

		if (!is_user_line(line))
			continue;
		*e = (struct entry){.file = path, .line = number, .column = 1, .order = entries->n};
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
		entries->items[i] = (struct entry){.user = l->cfg->users[i],
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
	const struct entry *a = pa, *b = pb;
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
		const struct entry *a = &entries->items[i - 1], *b = a + 1;

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
	const struct entry *entry;
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
	const struct entry *e = f->entry;

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
		if (fixed[i].own)
			entry_fail(l, fixed[i].entry, "address",
				"is the server's own address in this realm");
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

/* A group without a pool serves only users who have an address of their own. */
static void
check_pools(struct cfg_loader *l, const struct entries *entries)
{
	const struct cfg_node *groups = cfg_node_get(l->root, "groups");
	bool *needs = cfg_scratch(l, l->cfg->n_groups, sizeof(*needs));
	const struct cfg_node *node = groups == NULL ? NULL : groups->first;

	for (size_t i = 0; needs != NULL && i < entries->n; i++)
		if (entries->items[i].user.address.family == 0 &&
			entries->items[i].user.group < l->cfg->n_groups)
			needs[entries->items[i].user.group] = true;
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
}
