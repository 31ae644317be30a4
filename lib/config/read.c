/* SPDX-License-Identifier: BSD-3-Clause */
/* The one reader: walks a mapping by its table. */
#include <stdio.h>

#include "config/private.h"

enum { FALLBACK_WORDS = 4 };

static cfg_read_fn read_submap;

static cfg_read_fn *const readers[CFG_KINDS] = {
	[CFG_KIND_MAP] = read_submap,
	[CFG_KIND_NUMBER] = cfg_read_number,
	[CFG_KIND_BOOL] = cfg_read_bool,
	[CFG_KIND_CHOICE] = cfg_read_choice,
	[CFG_KIND_DURATION] = cfg_read_duration,
	[CFG_KIND_TEXT] = cfg_read_text,
	[CFG_KIND_NAME] = cfg_read_name,
	[CFG_KIND_PATH] = cfg_read_path,
	[CFG_KIND_MODE] = cfg_read_mode,
	[CFG_KIND_ADDRESS] = cfg_read_address,
	[CFG_KIND_MAC] = cfg_read_mac,
	[CFG_KIND_PREFIX] = cfg_read_prefix,
	[CFG_KIND_ADDRESS6] = cfg_read_address6,
	[CFG_KIND_GATEWAY] = cfg_read_gateway,
	[CFG_KIND_PEERS] = cfg_read_peers,
	[CFG_KIND_GATEWAYS] = cfg_read_gateways,
	[CFG_KIND_PREFIX6] = cfg_read_prefix6,
	[CFG_KIND_OWN] = cfg_read_own,
	[CFG_KIND_RATE] = cfg_read_rate,
	[CFG_KIND_RULE] = cfg_read_rule,
	[CFG_KIND_PORTS] = cfg_read_ports,
	[CFG_KIND_DSCP] = cfg_read_dscp,
	[CFG_KIND_PORT] = cfg_read_reference,
	[CFG_KIND_LAN] = cfg_read_reference,
	[CFG_KIND_GROUP] = cfg_read_reference,
	[CFG_KIND_FILTER] = cfg_read_reference,
	[CFG_KIND_INTERFACE] = cfg_read_reference,
	[CFG_KIND_OF_REALM] = cfg_read_reference,
	[CFG_KIND_LISTENER] = cfg_read_reference,
	[CFG_KIND_DEVICE] = cfg_read_device,
	[CFG_KIND_LISTENER_ADDRESS] = cfg_read_listener_address,
	[CFG_KIND_REALM] = cfg_read_realm,
	[CFG_KIND_USER_SESSIONS] = cfg_read_user_sessions,
	[CFG_KIND_POLICY] = cfg_read_policy,
	[CFG_KIND_VIA] = cfg_read_via,
	[CFG_KIND_TARGET] = cfg_read_target,
	[CFG_KIND_HOST] = cfg_read_host,
	[CFG_KIND_USER_NAME] = cfg_read_user_name,
	[CFG_KIND_SECRET_FILE] = cfg_read_secret_file,
	[CFG_KIND_SECRET_NONE] = cfg_read_secret_none,
	[CFG_KIND_SECRET_REFUSED] = cfg_read_secret_refused,
	[CFG_KIND_USERS_FILE] = cfg_read_users_file,
};

static void
read_submap(struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	if (node->type == CFG_MAP)
		cfg_read_map(l, k->table, node, at);
	else if (cfg_node_null(node))
		cfg_fail(l, node, NULL, "is empty: leave the key out or write its keys below it");
	else
		cfg_fail(l, node, NULL, "must be a mapping of keys to values");
}

/* Whether an item has the text of an earlier one of its list. */
static bool
is_repeated(const struct cfg_node *list, const struct cfg_node *item)
{
	for (const struct cfg_node *n = list->first; n != NULL && n != item; n = n->next)
		if (n->type == CFG_SCALAR && item->type == CFG_SCALAR &&
			strcmp(n->text, item->text) == 0)
			return true;
	return false;
}

static void
read_items(struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *list, uint8_t *at)
{
	char word[CFG_WORD_TEXT];

	for (const struct cfg_node *n = list->first; n != NULL; n = n->next, at += k->size) {
		if (k->distinct && is_repeated(list, n))
			cfg_fail(l, n, NULL, "%s is already in the list", cfg_word(word, n));
		readers[k->kind](l, k, n, at);
	}
}

static void
read_list(struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *base)
{
	uint8_t *at = (uint8_t *)base + k->offset;
	size_t n = node->type == CFG_LIST ? node->n : 1;

	if (node->type != CFG_LIST && (k->shape != CFG_ONE_OR_MANY || cfg_node_null(node))) {
		cfg_fail(l, node, NULL, "must be a list%s",
			k->shape == CFG_ONE_OR_MANY ? " or one value" : "");
		return;
	}
	if (n < k->min_items || n > k->max_items) {
		cfg_fail(l, node, NULL, "must have %u to %u items, not %zu", k->min_items,
			k->max_items, n);
		return;
	}
	if (k->shape != CFG_ARRAY) {
		uint8_t *items = cfg_keep(l, n, k->size);

		if (items == NULL)
			return;
		memcpy(at, &items, sizeof(items));
		at = items;
	}
	if (k->count != 0)
		memcpy((uint8_t *)base + k->count, &n, sizeof(n));
	if (node->type == CFG_LIST)
		read_items(l, k, node, at);
	else
		readers[k->kind](l, k, node, at);
}

static void
read_value(struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *base)
{
	if (k->shape == CFG_ONE)
		readers[k->kind](l, k, node, (uint8_t *)base + k->offset);
	else
		read_list(l, k, node, base);
}

/* A row's fallback as the file would say it: one word, or words with ", " between them. */
static void
read_fallback(struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *map, void *base)
{
	struct cfg_node words[FALLBACK_WORDS] = {{0}}, node = {.parent = map,
							       .key = k->name,
							       .line = map->line,
							       .column = map->column};
	const char *text = k->fallback;

	if (k->kind == CFG_KIND_MAP) {
		node.type = CFG_MAP;
		read_value(l, k, &node, base);
		return;
	}
	node.type = k->shape == CFG_ONE ? CFG_SCALAR : CFG_LIST;
	node.text = text;
	node.len = strlen(text);
	node.plain = text[0] != '\0'; /* "" is an empty text, not a missing one */
	if (node.type == CFG_SCALAR) {
		read_value(l, k, &node, base);
		return;
	}
	for (struct cfg_node *w = words; node.n < FALLBACK_WORDS && text[0] != '\0'; w++) {
		size_t len = strcspn(text, ",");

		*w = (struct cfg_node){
			.parent = &node, .plain = true, .len = len, .index = node.n++};
		w->text = cfg_copy(l, &l->scratch, text, len);
		if (w->text == NULL)
			return;
		*(node.last == NULL ? &node.first : &node.last->next) = w;
		node.last = w;
		text += len + strspn(text + len, ", ");
	}
	read_value(l, k, &node, base);
}

static void
report_unknown(struct cfg_loader *l, const struct cfg_table *table, const struct cfg_node *node)
{
	const char *names[CFG_KEYS_MAX];
	struct cfg_node place = *node->parent;
	char list[400], word[CFG_WORD_TEXT];
	const char *nearest, *child = cv_escape(word, sizeof(word), node->key, strlen(node->key));
	size_t n = 0;

	if (cfg_enough(l))
		return;
	for (size_t i = 0; i < table->n; i++)
		if (table->keys[i].kind != CFG_KIND_SECRET_REFUSED)
			names[n++] = table->keys[i].name;
	nearest = cfg_nearest(node->key, names, n);
	place.line = node->key_line;
	place.column = node->key_column;
	if (table->secret)
		child = NULL;
	if (nearest != NULL)
		cfg_fail(l, &place, child, "unknown key; did you mean %s?", nearest);
	else
		cfg_fail(l, &place, child, "unknown key; the keys here are %s",
			cfg_join(list, sizeof(list), names, n));
}

/* The row of a key, or n. */
static size_t
row_of(const struct cfg_table *table, const char *key)
{
	size_t i = 0;

	while (i < table->n && strcmp(table->keys[i].name, key) != 0)
		i++;
	return i;
}

/* The rows are gone through, not the file: so a row may refer to what is in those above it. */
void
cfg_read_map(
	struct cfg_loader *l, const struct cfg_table *table, const struct cfg_node *map, void *base)
{
	const struct cfg_node *values[CFG_KEYS_MAX] = {NULL};
	bool refused = false;

	for (const struct cfg_node *n = map->first; n != NULL; n = n->next) {
		size_t row = row_of(table, n->key);

		if (row == table->n) {
			report_unknown(l, table, n);
		} else if (values[row] != NULL) {
			struct cfg_node place = *n;

			place.line = n->key_line;
			place.column = n->key_column;
			cfg_fail(l, &place, NULL, "given twice; the first is in line %u",
				values[row]->key_line);
		} else {
			values[row] = n;
			refused |= table->keys[row].kind == CFG_KIND_SECRET_REFUSED;
		}
	}
	for (size_t i = 0; i < table->n && !l->nomem; i++) {
		const struct cfg_key *k = &table->keys[i];

		if (values[i] != NULL)
			read_value(l, k, values[i], base);
		else if (k->required && !(refused && k->kind == CFG_KIND_SECRET_FILE))
			cfg_fail(l, map, k->name, "is required: %s", k->help);
		else if (k->fallback != NULL || (k->kind == CFG_KIND_MAP && k->shape == CFG_ONE))
			read_fallback(l, k, map, base);
		else if (k->kind >= CFG_KIND_PORT && k->kind <= CFG_KIND_LISTENER)
			cfg_leave_reference(l, k, map, (uint8_t *)base + k->offset);
	}
	if (table->check != NULL && !l->nomem)
		table->check(l, map, base);
}
