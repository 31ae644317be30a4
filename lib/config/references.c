/* SPDX-License-Identifier: BSD-3-Clause */
/* Values that name a port, a VLAN, a group or a listener that the file describes elsewhere. */
#include <stdlib.h>

#include "config/private.h"

static const char *
name_of(struct cfg_loader *l, enum cfg_kind kind, size_t i)
{
	struct cv_endpoint ep;
	char *text;

	if (kind == CFG_KIND_PORT)
		return l->cfg->ports[i].name;
	if (kind == CFG_KIND_LAN)
		return cfg_lan_name(l->cfg, (uint32_t)i);
	if (kind == CFG_KIND_GROUP)
		return l->cfg->groups[i].name;
	if (kind == CFG_KIND_INTERFACE)
		return l->cfg->interfaces[i].name;
	if (kind == CFG_KIND_OF_REALM)
		return l->cfg->realms[i].name;
	if (kind == CFG_KIND_FILTER)
		return i < CFG_FILTERS_BUILT_IN ? cfg_built_in_filters[i]
						: l->cfg->filters[i - CFG_FILTERS_BUILT_IN].name;
	ep.ip = l->cfg->listeners[i].ip;
	ep.port = l->cfg->listeners[i].udp_port;
	text = ep.ip.family == 0 || ep.port == 0 ? NULL : cfg_scratch(l, 1, CV_ENDPOINT_TEXT);
	return text == NULL ? NULL : cv_endpoint_text(&ep, text);
}

const char **
cfg_names(struct cfg_loader *l, enum cfg_kind kind, size_t *n)
{
	const char ***names = &l->names[kind - CFG_KIND_PORT];

	*n = kind == CFG_KIND_PORT        ? l->cfg->n_ports
	     : kind == CFG_KIND_LAN       ? l->cfg->n_ports + l->cfg->n_vlans
	     : kind == CFG_KIND_GROUP     ? l->cfg->n_groups
	     : kind == CFG_KIND_FILTER    ? CFG_FILTERS_BUILT_IN + l->cfg->n_filters
	     : kind == CFG_KIND_INTERFACE ? l->cfg->n_interfaces
	     : kind == CFG_KIND_OF_REALM  ? l->cfg->n_realms
					  : l->cfg->n_listeners;
	if (*names == NULL) {
		*names = cfg_scratch(l, *n, sizeof(names[0][0]));
		for (size_t i = 0; *names != NULL && i < *n; i++)
			names[0][i] = name_of(l, kind, i);
	}
	return *names;
}

static int
by_name(const void *pa, const void *pb)
{
	const struct cfg_named *a = pa, *b = pb;
	int order = strcmp(a->name, b->name);

	return order != 0 ? order : (a->at > b->at) - (a->at < b->at);
}

/* Sorted once: a file may have as many references as users. */
static const struct cfg_named *
sorted_names(struct cfg_loader *l, enum cfg_kind kind, size_t *n)
{
	struct cfg_named **sorted = &l->sorted[kind - CFG_KIND_PORT];
	size_t all, *known = &l->n_sorted[kind - CFG_KIND_PORT];
	const char **names = cfg_names(l, kind, &all);

	if (*sorted == NULL && names != NULL) {
		*sorted = cfg_scratch(l, all, sizeof(sorted[0][0]));
		for (size_t i = 0; *sorted != NULL && i < all; i++)
			if (names[i] != NULL)
				sorted[0][(*known)++] = (struct cfg_named){names[i], i};
		if (*known > 1)
			qsort(*sorted, *known, sizeof(sorted[0][0]), by_name);
	}
	*n = *known;
	return *sorted;
}

/* As strcmp, of a name that may have any bytes. */
static int
compare(const void *name, size_t len, const char *other)
{
	size_t other_len = strlen(other);
	int order = len == 0 ? 0 : memcmp(name, other, len < other_len ? len : other_len);

	return order != 0 ? order : (len > other_len) - (len < other_len);
}

size_t
cfg_name_at(struct cfg_loader *l, enum cfg_kind kind, const void *name, size_t len)
{
	size_t low = 0, n, high;
	const struct cfg_named *sorted = sorted_names(l, kind, &n);

	for (high = n; low < high;) {
		size_t middle = low + (high - low) / 2;

		if (compare(name, len, sorted[middle].name) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && compare(name, len, sorted[low].name) == 0 ? sorted[low].at : SIZE_MAX;
}

static const char *
what(const struct cfg_loader *l, enum cfg_kind kind)
{
	if (kind == CFG_KIND_LAN)
		return l->cfg->n_vlans == 0 ? "port" : "port or VLAN";
	return kind == CFG_KIND_PORT        ? "port"
	       : kind == CFG_KIND_GROUP     ? "group"
	       : kind == CFG_KIND_FILTER    ? "filter"
	       : kind == CFG_KIND_INTERFACE ? "interface"
	       : kind == CFG_KIND_OF_REALM  ? "realm"
					    : "listener";
}

static void
store_none(const struct cfg_key *k, void *at)
{
	cfg_store(at, k->size, k->size == sizeof(size_t) ? SIZE_MAX : CFG_NO_INDEX);
}

void
cfg_read_reference(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	char word[CFG_WORD_TEXT], list[200];
	const char **names, *nearest;
	size_t n, known, found;

	store_none(k, at);
	names = cfg_names(l, k->kind, &n);
	if (!cfg_want_scalar(l, node) || names == NULL)
		return;
	found = cfg_name_at(l, k->kind, node->text, node->len);
	if (found != SIZE_MAX) {
		cfg_store(at, k->size, found);
		return;
	}
	known = l->n_sorted[k->kind - CFG_KIND_PORT];
	/* where a name is missing this one may be right; that there is an error was said there */
	if (known < n || n == 0)
		return;
	nearest = cfg_nearest(node->text, names, n);
	if (nearest != NULL)
		cfg_fail(l, node, NULL, "there is no %s %s; did you mean %s?", what(l, k->kind),
			cfg_word(word, node), nearest);
	else
		cfg_fail(l, node, NULL, "there is no %s %s, only %s", what(l, k->kind),
			cfg_word(word, node), cfg_join(list, sizeof(list), names, n));
}

/* Left out, it says something else than the only one. */
static bool
may_be_none(enum cfg_kind kind)
{
	return kind == CFG_KIND_LISTENER || kind == CFG_KIND_INTERFACE;
}

void
cfg_leave_reference(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *map, void *at)
{
	char list[200];
	const char **names;
	size_t n;

	names = cfg_names(l, k->kind, &n);
	if ((k->kind == CFG_KIND_LAN ? l->cfg->n_ports : n) == 1 && !may_be_none(k->kind))
		return;
	store_none(k, at);
	if (names != NULL && n > 1 && !may_be_none(k->kind) && !k->optional)
		cfg_fail(l, map, k->name, "is required, as there are %zu of them: %s", n,
			cfg_join(list, sizeof(list), names, n));
}
