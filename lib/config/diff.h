/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is different between two snapshots, from the same tables of keys that the loader reads by:
 * whom it concerns, and what it takes for it to count. Secrets are compared and never told.
 */
#ifndef CONFIG_DIFF_H
#define CONFIG_DIFF_H

#include "config/config.h"

/* What a change of a key does. */
enum cfg_effect {
	CFG_EFFECT_UNSAID,
	CFG_LIVE,         /* counts at once, for running sessions too */
	CFG_NEW_SESSIONS, /* for sessions that begin from then on */
	CFG_NEW_TUNNELS,  /* for tunnels that begin from then on */
	CFG_RESTART,      /* needs a restart */
	CFG_EFFECTS,
};

enum cfg_what { CFG_ADDED, CFG_REMOVED, CFG_CHANGED };

enum {
	CFG_PATH_TEXT = 160,  /* bytes for a path, with its NUL */
	CFG_VALUE_TEXT = 400, /* and for a value, which is cut where it is longer */
};

struct cfg_key;

struct cfg_change {
	enum cfg_what what;
	enum cfg_effect effect;
	enum cfg_object object;
	uint16_t id;      /* of the object, where such have IDs */
	bool secret;      /* that it is another one is all that is told */
	const char *name; /* of the object; NULL: it has none */
	/* For the functions below. */
	const struct cfg_key *keys[3]; /* from the top down to the one that is different */
	const void *old, *new;         /* the structures that hold it; NULL: there is none */
	uint32_t position;             /* in a list of what has no name */
};

struct cfg_diff {
	struct cfg_change *changes; /* in the order of the tables; of users, by name */
	size_t n;
	size_t effects[CFG_EFFECTS]; /* how many there are of each */
	const struct cfg *old, *new; /* held */
};

/*
 * Compares `new`, which continues `old`. A list's mappings are matched by name; those of tunnel
 * secrets, which have none, by what is equal before and behind. That a group's own filter comes or
 * goes is told by the group's entry: it came, went, or names another filter. Takes time and memory
 * for what there is, not for its square. Returns 0 or CV_ERR_NOMEM; in any case cfg_diff_free frees
 * it. The entries point into both snapshots, which the difference holds.
 */
int cfg_diff(const struct cfg *old, const struct cfg *new, struct cfg_diff *diff);
void cfg_diff_free(struct cfg_diff *diff);

/* "live", "new sessions", "new tunnels", "restart". */
const char *cfg_effect_name(enum cfg_effect effect);
/* "port", "listener", "group" ... */
const char *cfg_object_name(enum cfg_object object);

/* "groups[corp].mtu", "users[alice]". Writes and returns out. */
const char *cfg_change_path(const struct cfg_change *change, char out[CFG_PATH_TEXT]);
/*
 * The value that was, and the one that is, as the file says it. They write and return out, or
 * return NULL: there was or is none, or it is a secret, or a whole thing that came or went.
 */
const char *cfg_change_old(
	const struct cfg_diff *diff, const struct cfg_change *change, char out[CFG_VALUE_TEXT]);
const char *cfg_change_new(
	const struct cfg_diff *diff, const struct cfg_change *change, char out[CFG_VALUE_TEXT]);

#endif
