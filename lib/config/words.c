/* SPDX-License-Identifier: BSD-3-Clause */
/* Values that are words of their own: sessions of a user, names of other things. */
#include <stdio.h>

#include "config/private.h"

void
cfg_read_user_sessions(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	struct cfg_group *group = at;
	char word[CFG_WORD_TEXT];
	uint64_t number;

	if (!cfg_want_scalar(l, node))
		return;
	if (strcmp(node->text, "replace") == 0) {
		group->user_sessions = CFG_USER_SESSIONS_REPLACE;
		return;
	}
	if (!node->plain || !cfg_digits(node->text, node->len, &number) || number < k->min ||
		number > k->max) {
		cfg_fail(l, node, NULL, "%s is neither replace nor a number from 1 to 1000",
			cfg_word(word, node));
		return;
	}
	group->user_sessions = CFG_USER_SESSIONS_LIMIT;
	group->user_sessions_max = (uint32_t)number;
}

/* A realm is made by the first group that names it. */
void
cfg_read_realm(struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	struct cfg_group *group = at;
	struct cfg *cfg = l->cfg;
	const char *name = NULL;

	cfg_read_name(l, k, node, &name);
	if (name == NULL)
		return;
	for (group->realm = 0; group->realm < cfg->n_realms; group->realm++)
		if (strcmp(cfg->realms[group->realm].name, name) == 0)
			return;
	/* at most one for each group, so the array is made once */
	if (cfg->realms == NULL)
		cfg->realms = cfg_keep(l, cfg->n_groups, sizeof(cfg->realms[0]));
	if (cfg->realms != NULL)
		cfg->realms[cfg->n_realms++].name = name;
}
