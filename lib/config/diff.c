/* SPDX-License-Identifier: BSD-3-Clause */
/* Two snapshots, walked side by side by the tables of keys. */
#include "config/diff.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/private.h"

enum { KEYS = sizeof(((struct cfg_change *)0)->keys) / sizeof(struct cfg_key *) };

struct differ {
	struct cfg_diff *diff;
	size_t capacity;
	bool nomem;
	struct cfg_change at; /* where the walk is; keys up to `depth` */
	unsigned depth;
};

const char *
cfg_effect_name(enum cfg_effect effect)
{
	static const char *const names[CFG_EFFECTS] = {[CFG_EFFECT_UNSAID] = "",
		[CFG_LIVE] = "live",
		[CFG_NEW_SESSIONS] = "new sessions",
		[CFG_NEW_TUNNELS] = "new tunnels",
		[CFG_RESTART] = "restart"};

	return names[effect];
}

const char *
cfg_object_name(enum cfg_object object)
{
	static const char *const names[] = {[CFG_SERVER] = "server",
		[CFG_PORT] = "port",
		[CFG_VLAN] = "vlan",
		[CFG_LISTENER] = "listener",
		[CFG_REALM] = "realm",
		[CFG_GROUP] = "group",
		[CFG_FILTER] = "filter",
		[CFG_INTERFACE] = "interface",
		[CFG_ROUTE] = "route",
		[CFG_DIAL] = "peer",
		[CFG_KERNEL_TABLE] = "kernel table",
		[CFG_USER] = "user",
		[CFG_TUNNEL_SECRET] = "tunnel secret",
		[CFG_HAND_ON] = "call to hand on"};

	return names[object];
}

static void
add(struct differ *d, enum cfg_what what, const struct cfg_key *k, const void *old, const void *new)
{
	struct cfg_diff *diff = d->diff;
	struct cfg_change *c;

	if (diff->n == d->capacity) {
		size_t capacity = d->capacity == 0 ? 16 : 2 * d->capacity;
		struct cfg_change *grown =
			realloc(diff->changes, capacity * sizeof(diff->changes[0]));

		if (grown == NULL) {
			d->nomem = true;
			return;
		}
		diff->changes = grown;
		d->capacity = capacity;
	}
	c = &diff->changes[diff->n++];
	*c = d->at;
	c->what = what;
	c->effect = k->fits != NULL && !k->fits(diff->new, new) ? CFG_RESTART : k->effect;
	c->secret = k->kind == CFG_KIND_SECRET_FILE;
	c->keys[d->depth] = k;
	c->old = old;
	c->new = new;
	diff->effects[c->effect]++;
}

static void diff_table(
	struct differ *d, const struct cfg_table *table, const void *old, const void *new);

static const uint8_t *
list_of(const void *base, const struct cfg_key *k, size_t *n)
{
	const uint8_t *list;

	memcpy(&list, (const uint8_t *)base + k->offset, sizeof(list));
	memcpy(n, (const uint8_t *)base + k->count, sizeof(*n));
	return list;
}

static bool
is_own(const void *filter)
{
	return filter != NULL && ((const struct cfg_filter *)filter)->origin == CFG_FILTER_OF_GROUP;
}

/* Where the file says the keys of a group's own filter. */
static const struct cfg_key *
groups_key(void)
{
	const struct cfg_key *k = cfg_root_table.keys;

	while (k->kind != CFG_KIND_MAP || k->table->object != CFG_GROUP)
		k++;
	return k;
}

/* One thing of a list: that came (no old), went (no new), or may have changed. */
static void
diff_thing(struct differ *d, const struct cfg_key *k, const void *old, const void *new)
{
	enum cfg_object object = k->table->object;
	const void *thing = new == NULL ? old : new;
	bool was_own = object == CFG_FILTER && is_own(old);
	bool is_own_now = object == CFG_FILTER && is_own(new);

	d->at.object = object;
	if (object < CFG_IDENTITIES) {
		d->at.name = cfg_name_of(object, thing);
		d->at.id = cfg_id_of(object, thing);
	} else if (object == CFG_USER) {
		d->at.name = ((const struct cfg_user *)thing)->name;
	}
	if (old != NULL && new != NULL && was_own == is_own_now) {
		d->at.keys[d->depth++] = was_own ? groups_key() : k;
		diff_table(d, k->table, old, new);
		d->at.keys[--d->depth] = NULL;
	} else {
		/* a group's own filter comes and goes by what is told of the group */
		if (old != NULL && !was_own)
			add(d, CFG_REMOVED, k, old, NULL);
		if (new != NULL && !is_own_now)
			add(d, CFG_ADDED, k, NULL, new);
	}
	d->at.object = CFG_SERVER;
	d->at.name = NULL;
	d->at.id = 0;
}

static void
diff_named(struct differ *d, const struct cfg_key *k, const void *old, const void *new)
{
	enum cfg_object object = k->table->object;
	size_t n_old, n_new;
	const uint8_t *before = list_of(old, k, &n_old), *after = list_of(new, k, &n_new);

	for (size_t i = 0; i < n_old; i++, before += k->size)
		if (cfg_find(d->diff->new, object, cfg_name_of(object, before)) == NULL)
			diff_thing(d, k, before, NULL);
	for (size_t i = 0; i < n_new; i++, after += k->size)
		diff_thing(d, k, cfg_find(d->diff->old, object, cfg_name_of(object, after)), after);
}

/* Both are sorted by name. */
static void
diff_users(struct differ *d, const struct cfg_key *k)
{
	const struct cfg *old = d->diff->old, *new = d->diff->new;
	size_t i = 0, j = 0;

	while ((i < old->n_users || j < new->n_users) && !d->nomem) {
		int order = i == old->n_users   ? 1
			    : j == new->n_users ? -1
						: cfg_compare_users(&old->users[i], &new->users[j]);

		diff_thing(d, k, order <= 0 ? &old->users[i] : NULL,
			order >= 0 ? &new->users[j] : NULL);
		i += order <= 0;
		j += order >= 0;
	}
}

/* Whether all rows of two mappings are the same. */
static bool
same_things(const struct cfg_diff *diff, const struct cfg_table *table, const void *old,
	const void *new)
{
	for (size_t i = 0; i < table->n; i++)
		if (!cfg_value_same(diff->old, old, diff->new, new, &table->keys[i]))
			return false;
	return true;
}

/*
 * Things without a name, in an order that counts. What is equal before and behind is left aside; of
 * what is between, as much on both sides has changed one by one, else it went and came.
 */
static void
diff_unnamed(struct differ *d, const struct cfg_key *k, const void *old, const void *new)
{
	size_t n_old, n_new, first = 0;
	const uint8_t *before = list_of(old, k, &n_old), *after = list_of(new, k, &n_new);

	while (first < n_old && first < n_new &&
		same_things(d->diff, k->table, before + first * k->size, after + first * k->size))
		first++;
	while (n_old > first && n_new > first &&
		same_things(d->diff, k->table, before + (n_old - 1) * k->size,
			after + (n_new - 1) * k->size))
		n_old--, n_new--;
	for (size_t i = first; i < n_old || i < n_new; i++) {
		const void *was = i < n_old ? before + i * k->size : NULL;
		const void *is = i < n_new ? after + i * k->size : NULL;

		d->at.position = (uint32_t)i;
		if (n_old == n_new) {
			diff_thing(d, k, was, is);
			continue;
		}
		if (was != NULL)
			diff_thing(d, k, was, NULL);
		if (is != NULL)
			diff_thing(d, k, NULL, is);
	}
}

static void
diff_key(struct differ *d, const struct cfg_key *k, const void *old, const void *new)
{
	if (k->filter)
		return; /* compared where filters are */
	if (k->kind != CFG_KIND_MAP) {
		/* of things that are matched by it, a name is the same */
		if (!cfg_value_same(d->diff->old, old, d->diff->new, new, k))
			add(d, CFG_CHANGED, k, old, new);
	} else if (k->shape == CFG_ONE) {
		d->at.keys[d->depth++] = k;
		diff_table(d, k->table, (const uint8_t *)old + k->offset,
			(const uint8_t *)new + k->offset);
		d->at.keys[--d->depth] = NULL;
	} else if (k->table->object < CFG_IDENTITIES) {
		diff_named(d, k, old, new);
	} else if (k->table->object == CFG_USER) {
		diff_users(d, k);
	} else {
		diff_unnamed(d, k, old, new);
	}
}

/* The deepest key is that of a mapping in a mapping, or of a thing in a list there. */
static void
diff_table(struct differ *d, const struct cfg_table *table, const void *old, const void *new)
{
	for (size_t i = 0; i < table->n && d->depth < KEYS && !d->nomem; i++)
		diff_key(d, &table->keys[i], old, new);
}

int
cfg_diff(const struct cfg *old, const struct cfg *new, struct cfg_diff *diff)
{
	struct differ d = {.diff = diff};

	*diff = (struct cfg_diff){.old = cfg_hold(old), .new = cfg_hold(new)};
	diff_table(&d, &cfg_root_table, old, new);
	return d.nomem ? CV_ERR_NOMEM : 0;
}

void
cfg_diff_free(struct cfg_diff *diff)
{
	free(diff->changes);
	cfg_free(diff->old);
	cfg_free(diff->new);
	*diff = (struct cfg_diff){0};
}

const char *
cfg_change_path(const struct cfg_change *change, char out[CFG_PATH_TEXT])
{
	size_t used = 0;

	for (unsigned i = 0; i < KEYS && change->keys[i] != NULL; i++) {
		const struct cfg_key *k = change->keys[i];
		bool thing = k->kind == CFG_KIND_MAP && k->shape != CFG_ONE;

		used += (size_t)snprintf(
			out + used, CFG_PATH_TEXT - used, "%s%s", i == 0 ? "" : ".", k->name);
		if (thing && change->name != NULL)
			used += (size_t)snprintf(
				out + used, CFG_PATH_TEXT - used, "[%s]", change->name);
		else if (thing)
			used += (size_t)snprintf(
				out + used, CFG_PATH_TEXT - used, "[%u]", change->position);
	}
	return out;
}

static const char *
value_text(const struct cfg *cfg, const struct cfg_change *change, const void *base, char *out)
{
	unsigned last = 0;

	if (change->what != CFG_CHANGED)
		return NULL;
	while (last + 1 < KEYS && change->keys[last + 1] != NULL)
		last++;
	return cfg_value_text(cfg, base, change->keys[last], out, CFG_VALUE_TEXT);
}

const char *
cfg_change_old(
	const struct cfg_diff *diff, const struct cfg_change *change, char out[CFG_VALUE_TEXT])
{
	return value_text(diff->old, change, change->old, out);
}

const char *
cfg_change_new(
	const struct cfg_diff *diff, const struct cfg_change *change, char out[CFG_VALUE_TEXT])
{
	return value_text(diff->new, change, change->new, out);
}

bool
cfg_fits_sessions(const struct cfg *cfg, const void *in)
{
	(void)in;
	return cfg->limits.sessions <= cfg->sessions_capacity;
}

bool
cfg_fits_mtu(const struct cfg *cfg, const void *in)
{
	const struct cfg_port *port = in;

	(void)cfg;
	return port->mtu <= port->mtu_capacity;
}
