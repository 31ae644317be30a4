/* SPDX-License-Identifier: BSD-3-Clause */
/* Values that name a port, a group or a listener that the file describes elsewhere. */
#include "config/private.h"

static const char *
name_of(struct cfg_loader *l, enum cfg_kind kind, size_t i)
{
	struct cv_endpoint ep;
	char *text;

	if (kind == CFG_KIND_PORT)
		return l->cfg->ports[i].name;
	if (kind == CFG_KIND_GROUP)
		return l->cfg->groups[i].name;
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

	*n = kind == CFG_KIND_PORT     ? l->cfg->n_ports
	     : kind == CFG_KIND_GROUP  ? l->cfg->n_groups
	     : kind == CFG_KIND_FILTER ? CFG_FILTERS_BUILT_IN + l->cfg->n_filters
				       : l->cfg->n_listeners;
	if (*names == NULL) {
		*names = cfg_scratch(l, *n, sizeof(names[0][0]));
		for (size_t i = 0; *names != NULL && i < *n; i++)
			names[0][i] = name_of(l, kind, i);
	}
	return *names;
}

static const char *
what(enum cfg_kind kind)
{
	return kind == CFG_KIND_PORT     ? "port"
	       : kind == CFG_KIND_GROUP  ? "group"
	       : kind == CFG_KIND_FILTER ? "filter"
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
	size_t n, known = 0;

	store_none(k, at);
	names = cfg_names(l, k->kind, &n);
	if (!cfg_want_scalar(l, node) || names == NULL)
		return;
	for (size_t i = 0; i < n; i++) {
		if (names[i] != NULL && strcmp(names[i], node->text) == 0) {
			cfg_store(at, k->size, i);
			return;
		}
		known += names[i] != NULL;
	}
	/* where a name is missing this one may be right; that there is an error was said there */
	if (known < n || n == 0)
		return;
	nearest = cfg_nearest(node->text, names, n);
	if (nearest != NULL)
		cfg_fail(l, node, NULL, "there is no %s %s; did you mean %s?", what(k->kind),
			cfg_word(word, node), nearest);
	else
		cfg_fail(l, node, NULL, "there is no %s %s, only %s", what(k->kind),
			cfg_word(word, node), cfg_join(list, sizeof(list), names, n));
}

void
cfg_leave_reference(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *map, void *at)
{
	char list[200];
	const char **names;
	size_t n;

	names = cfg_names(l, k->kind, &n);
	if (n == 1 && k->kind != CFG_KIND_LISTENER)
		return;
	store_none(k, at);
	if (names != NULL && n > 1 && k->kind != CFG_KIND_LISTENER)
		cfg_fail(l, map, k->name, "is required, as there are %zu of them: %s", n,
			cfg_join(list, sizeof(list), names, n));
}
