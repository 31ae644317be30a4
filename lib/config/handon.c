/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls that are handed on to another LNS: which ones, and whether the peers for them are there. */
#include <strings.h>

#include "config/private.h"

/* ---- which ones ---- */

static bool
same_realm(const char *realm, const uint8_t *text, size_t len)
{
	return strlen(realm) == len && strncasecmp(realm, (const char *)text, len) == 0;
}

/* USER@REALM, the last @ of several, or REALM\USER. */
static bool
in_realm(const struct cfg_hand_on *h, struct cv_bytes name)
{
	const uint8_t *at = name.data + name.len; /* behind the last @, if there is one */
	const uint8_t *slash = memchr(name.data, '\\', name.len);

	while (at != name.data && at[-1] != '@')
		at--;
	for (size_t i = 0; i < h->n_realms; i++)
		if ((at != name.data &&
			    same_realm(h->realms[i], at, (size_t)(name.data + name.len - at))) ||
			(slash != NULL &&
				same_realm(h->realms[i], name.data, (size_t)(slash - name.data))))
			return true;
	return false;
}

/* A number, or how one begins, with a * behind. */
static bool
called_so(const struct cfg_hand_on *h, struct cv_bytes called)
{
	for (size_t i = 0; i < h->n_called; i++) {
		size_t len = strlen(h->called[i]);
		bool any = len != 0 && h->called[i][len - 1] == '*';

		len -= any;
		if ((any ? called.len >= len : called.len == len) &&
			(len == 0 || memcmp(h->called[i], called.data, len) == 0))
			return true;
	}
	return false;
}

const struct cfg_hand_on *
cfg_hand_on_find(const struct cfg *cfg, uint16_t listener, struct cv_bytes called,
	const struct cv_bytes *name, bool *asks)
{
	*asks = false;
	for (size_t i = 0; i < cfg->n_hand_on; i++) {
		const struct cfg_hand_on *h = &cfg->hand_on[i];

		if ((h->listener != CFG_NO_INDEX && cfg->listeners[h->listener].id != listener) ||
			(h->n_called != 0 && (called.data == NULL || !called_so(h, called))))
			continue;
		if (h->n_realms == 0)
			return h;
		if (name == NULL) {
			*asks = true;
			return NULL;
		}
		if (name->len != 0 && in_realm(h, *name))
			return h;
	}
	return NULL;
}

/* ---- checks ---- */

void
cfg_check_hand_on(struct cfg_loader *l, const struct cfg_node *map, void *base)
{
	const struct cfg_hand_on *h = base;
	const struct cfg_node *node;

	if (cfg_node_get(map, "realm") == NULL && cfg_node_get(map, "called") == NULL &&
		cfg_node_get(map, "listener") == NULL)
		cfg_fail(l, map, "realm",
			"is required, or called, or listener: which calls are handed on");
	node = cfg_node_get(map, "realm");
	for (size_t i = 0; node != NULL && i < h->n_realms; i++)
		if (h->realms[i] != NULL && strpbrk(h->realms[i], "@\\*") != NULL)
			cfg_fail(l, node, NULL,
				"%s is not a realm: what stands behind the @ of a user's name",
				h->realms[i]);
}

/* What a peer for calls of others has no use for: there is no PPP of ours in them. */
static void
check_keys(struct cfg_loader *l, const struct cfg_node *map)
{
	static const char *const ours[] = {
		"call", "peer-user", "user", "password-file", "group", "address", "routes"};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		const struct cfg_node *node = cfg_node_get(map, ours[i]);

		if (node != NULL)
			cfg_fail(l, node, NULL,
				"is not for a peer that calls are handed on to: leave it out, or "
				"dial it as another peer, too");
	}
}

void
cfg_find_hand_on(struct cfg_loader *l)
{
	struct cfg *cfg = l->cfg;
	const struct cfg_node *list = cfg_node_get(l->root, "hand-on");
	const struct cfg_node *dial = cfg_node_get(l->root, "dial");
	const struct cfg_node *map = list == NULL ? NULL : list->first;
	size_t at = 0;

	for (size_t i = 0; i < cfg->n_hand_on && map != NULL; i++, map = map->next) {
		struct cfg_hand_on *h = &cfg->hand_on[i];

		h->peer = CFG_NO_INDEX;
		for (size_t k = 0; h->to != NULL && k < cfg->n_dials; k++)
			if (cfg->dials[k].name != NULL && strcmp(cfg->dials[k].name, h->to) == 0)
				h->peer = (uint32_t)k;
		if (h->peer != CFG_NO_INDEX)
			cfg->dials[h->peer].handed = true;
		else if (h->to != NULL)
			cfg_fail(l, cfg_node_get(map, "to"), NULL,
				"there is no peer of this name in dial");
	}
	map = dial == NULL ? NULL : dial->first;
	for (; at < cfg->n_dials && map != NULL; at++, map = map->next)
		if (cfg->dials[at].handed)
			check_keys(l, map);
}
