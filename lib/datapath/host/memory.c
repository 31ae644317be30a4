/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory of the tables: not DPDK's, as no device touches it, so its size is not bound to what the
 * EAL reserved. Zeroed, and only backed where it is used. */
#include <sys/mman.h>

#include "datapath/internal.h"

void *
dp_table_new(struct dp *dp, size_t bytes)
{
	void *table = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (table == MAP_FAILED)
		return NULL;
	/* what is large and looked up at random wants few TLB entries; the rest wants few pages */
	if (bytes >= (size_t)8 << 20)
		(void)madvise(table, bytes, MADV_HUGEPAGE);
	dp->table_bytes += bytes;
	return table;
}

void
dp_table_free(struct dp *dp, void *table, size_t bytes)
{
	if (table == NULL)
		return;
	munmap(table, bytes);
	dp->table_bytes -= bytes;
}
