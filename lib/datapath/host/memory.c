/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory of the tables: not DPDK's, as no device touches it, so its size is not bound to what the
 * EAL reserved. Zeroed, and only backed where it is used. */
#include <stdlib.h>
#include <sys/mman.h>

#include <rte_common.h>

#include "datapath/dp.h"
#include "datapath/host/memory.h"

/* advice: MADV_NORMAL, or another, before any of it is touched. */
static void *
map(struct dp *dp, size_t bytes, int advice)
{
	void *table = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (table == MAP_FAILED)
		return NULL;
	if (advice != MADV_NORMAL)
		(void)madvise(table, bytes, advice);
	dp->table_bytes += bytes;
	return table;
}

/* What is large and looked up at random wants few TLB entries; the rest wants few pages. */
static int
advice_for(size_t bytes)
{
	return bytes >= (size_t)8 << 20 ? MADV_HUGEPAGE : MADV_NORMAL;
}

void *
dp_table_new(struct dp *dp, size_t bytes)
{
	return map(dp, bytes, advice_for(bytes));
}

void
dp_table_free(struct dp *dp, void *table, size_t bytes)
{
	if (table == NULL)
		return;
	munmap(table, bytes);
	dp->table_bytes -= bytes;
}

enum { SMALL = 32 << 10 };

static void *
new_shared(struct dp *dp, size_t bytes, bool sparse)
{
	size_t all = RTE_ALIGN_CEIL(bytes + sizeof(struct dp_shared), (size_t)DP_LINE);
	struct dp_shared *s;

	if (all > SMALL) {
		s = map(dp, all, sparse ? MADV_NOHUGEPAGE : advice_for(all));
	} else {
		s = aligned_alloc(DP_LINE, all);
		if (s != NULL) {
			memset(s, 0, all);
			dp->table_bytes += all;
		}
	}
	if (s == NULL)
		return NULL;
	s->bytes = all;
	return s + 1;
}

void *
dp_shared_new(struct dp *dp, size_t bytes)
{
	return new_shared(dp, bytes, false);
}

void *
dp_shared_new_sparse(struct dp *dp, size_t bytes)
{
	return new_shared(dp, bytes, true);
}

void
dp_shared_is_dense(void *memory)
{
	struct dp_shared *s = (struct dp_shared *)memory - 1;

	if (s->bytes > SMALL && advice_for(s->bytes) != MADV_NORMAL)
		(void)madvise(s, s->bytes, advice_for(s->bytes));
}

void
dp_shared_free(struct dp *dp, void *memory)
{
	struct dp_shared *s = memory;

	if (s == NULL)
		return;
	s--;
	if (s->bytes > SMALL) {
		dp_table_free(dp, s, s->bytes);
		return;
	}
	dp->table_bytes -= s->bytes;
	free(s);
}
