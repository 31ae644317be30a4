/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A chained hash table of embedded nodes with a keyed hash (SipHash-1-3), for keys that
 * strangers choose: nobody without the key can aim at one chain. The number of chains comes from
 * the configured limit, and changes with it alone: nothing is rehashed because strangers come.
 */
#ifndef CV_TABLE_H
#define CV_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct cv_node {
	struct cv_node *next;
	uint64_t hash;
};

struct cv_table {
	struct cv_node **chains;
	uint32_t mask;
	uint32_t count;
	uint64_t key[2];
};

/* A table for about `expected` nodes. key: random. Returns 0 or CV_ERR_NOMEM. */
int cv_table_init(struct cv_table *t, uint32_t expected, const uint64_t key[2]);
/* For another number of nodes than before: all at once, so for a new configuration alone. Returns 0
 * or CV_ERR_NOMEM, and nothing has changed. */
int cv_table_resize(struct cv_table *t, uint32_t expected);
/* Frees the chains; the nodes belong to the caller. */
void cv_table_fini(struct cv_table *t);

uint64_t cv_table_hash(const struct cv_table *t, const void *key, size_t len);

/* Adds a node; the caller has made sure that its key is not there yet. */
void cv_table_add(struct cv_table *t, struct cv_node *node, uint64_t hash);
void cv_table_remove(struct cv_table *t, struct cv_node *node);

/* First node with this hash, and the next one after `node`; the caller compares the keys. */
struct cv_node *cv_table_first(const struct cv_table *t, uint64_t hash);
struct cv_node *cv_table_next(const struct cv_node *node);

#endif
