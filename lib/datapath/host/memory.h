/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory of tables. The control thread takes it and gives it back; a worker's own is made with it,
 * before it runs.
 */
#ifndef DP_HOST_MEMORY_H
#define DP_HOST_MEMORY_H

#include <stddef.h>

struct dp;

/* host/memory.c: zeroed memory for tables, touched when used, huge pages where the kernel has them.
 */
void *dp_table_new(struct dp *dp, size_t bytes);
void dp_table_free(struct dp *dp, void *table, size_t bytes);
/* The same for what is replaced as a whole while workers read it (dp_grace_free), and may be small;
 * it stands on a line of its own. NULL is allowed. */
void *dp_shared_new(struct dp *dp, size_t bytes);
/* The same for what may be used in a few places only: no huge page for one of them, whatever the
 * machine does otherwise. Until it is told that it is used all over. */
void *dp_shared_new_sparse(struct dp *dp, size_t bytes);
void dp_shared_is_dense(void *memory);
void dp_shared_free(struct dp *dp, void *memory);

#endif
