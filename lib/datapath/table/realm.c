/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which session an inner address belongs to. Leaves are never taken away while workers run, so a
 * reader can't hold one that is gone; an entry is one word.
 */
#include <rte_byteorder.h>

#include "datapath/internal.h"

enum { LEAVES = 65536, LEAF_SLOTS = 65536 };

uint32_t *
dp_realm_entry(struct dp *dp, uint16_t realm, uint32_t ip_be)
{
	uint32_t **root = dp->realms[realm].root;
	uint32_t *leaf;

	if (root == NULL) {
		root = dp_table_new(dp, LEAVES * sizeof(root[0]));
		if (root == NULL)
			return NULL;
		__atomic_store_n(&dp->realms[realm].root, root, __ATOMIC_RELEASE);
	}
	leaf = root[ip_be & 0xffff];
	if (leaf == NULL) {
		leaf = dp_table_new(dp, LEAF_SLOTS * sizeof(leaf[0]));
		if (leaf == NULL)
			return NULL;
		for (size_t i = 0; i < LEAF_SLOTS; i++)
			leaf[i] = DP_NO_SLOT;
		__atomic_store_n(&root[ip_be & 0xffff], leaf, __ATOMIC_RELEASE);
	}
	return &leaf[rte_bswap16((uint16_t)(ip_be >> 16))];
}

void
dp_realms_destroy(struct dp *dp)
{
	for (size_t r = 0; dp->realms != NULL && r <= UINT16_MAX; r++) {
		uint32_t **root = dp->realms[r].root;

		if (root == NULL)
			continue;
		for (size_t i = 0; i < LEAVES; i++)
			dp_table_free(dp, root[i], LEAF_SLOTS * sizeof(uint32_t));
		dp_table_free(dp, root, LEAVES * sizeof(root[0]));
	}
	dp_table_free(dp, dp->realms, (UINT16_MAX + 1) * sizeof(dp->realms[0]));
	dp->realms = NULL;
}
