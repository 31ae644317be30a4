/* SPDX-License-Identifier: BSD-3-Clause */
/* A configuration from its text to its end. */
#include <stdlib.h>

#include "config/private.h"

/* The tree, the values, what must hold among them. */
static void
load(struct cfg_loader *l, const char *text, size_t len)
{
	struct cfg_node empty = {.type = CFG_MAP, .line = 1, .column = 1};

	cfg_tree_load(l, text, len);
	if (l->nomem || l->errors->errors != 0)
		return;
	if (l->root == NULL || cfg_node_null(l->root))
		l->root = &empty;
	if (l->root->type != CFG_MAP) {
		cfg_fail(l, l->root, NULL, "must be a mapping of keys to values");
		return;
	}
	cfg_read_map(l, &cfg_root_table, l->root, l->cfg);
	if (!l->nomem)
		cfg_check_all(l);
	if (!l->nomem)
		cfg_users_finish(l);
	if (!l->nomem && l->errors->errors == 0)
		cfg_filters_finish(l);
	if (!l->nomem && l->errors->errors == 0)
		cfg_check_beyond(l);
	if (!l->nomem && l->errors->errors == 0)
		cfg_check_kernel_tables(l);
	if (!l->nomem && l->errors->errors == 0)
		cfg_identify(l);
	l->cfg->sessions_capacity = l->cfg->limits.sessions;
	for (size_t i = 0; i < l->cfg->n_ports; i++)
		l->cfg->ports[i].mtu_capacity = l->cfg->ports[i].mtu;
	l->root = NULL;
}

int
cfg_load(const char *file, const char *text, size_t len, const struct cfg_files *files,
	struct cfg_errors *errors, struct cfg **out)
{
	struct cfg_owner *owner = calloc(1, sizeof(*owner));
	struct cfg_loader l = {.file = file, .files = files, .errors = errors};

	*out = NULL;
	if (owner == NULL)
		return CV_ERR_NOMEM;
	atomic_init(&owner->holders, 1);
	l.keep = &owner->arena;
	l.cfg = cfg_keep(&l, 1, sizeof(*l.cfg));
	if (l.cfg == NULL) {
		free(owner);
		return CV_ERR_NOMEM;
	}
	l.cfg->owner = owner;
	load(&l, text, len);
	cfg_arena_free(&l.scratch);
	if (l.nomem || errors->errors != 0) {
		cfg_free(l.cfg);
		return l.nomem ? CV_ERR_NOMEM : CV_ERR_CONFIG;
	}
	*out = l.cfg;
	return 0;
}
