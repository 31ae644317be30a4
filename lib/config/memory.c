/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory of a configuration and of its loader: taken piece by piece, wiped and freed at once. */
#define _DEFAULT_SOURCE
#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"
#include "config/private.h"

#if defined(__SANITIZE_ADDRESS__)
#define BLOCK_BYTES 0 /* each piece a block of its own, so that ASan sees its ends */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BLOCK_BYTES 0
#endif
#endif
#ifndef BLOCK_BYTES
#define BLOCK_BYTES ((size_t)64 * 1024)
#endif

struct cfg_block {
	struct cfg_block *next;
	size_t capacity, used;
	_Alignas(max_align_t) uint8_t data[];
};

void *
cfg_arena_alloc(struct cfg_arena *arena, size_t n, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct cfg_block *block = arena->blocks;
	size_t len;

	if (size != 0 && n > (SIZE_MAX / 2) / size)
		return NULL;
	len = (n * size + align - 1) / align * align;
	if (block == NULL || block->capacity - block->used < len) {
		size_t capacity = len > BLOCK_BYTES ? len : BLOCK_BYTES;

		block = calloc(1, sizeof(*block) + capacity);
		if (block == NULL)
			return NULL;
		block->capacity = capacity;
		block->next = arena->blocks;
		arena->blocks = block;
	}
	block->used += len;
	return block->data + block->used - len;
}

void
cfg_arena_free(struct cfg_arena *arena)
{
	while (arena->blocks != NULL) {
		struct cfg_block *block = arena->blocks;

		arena->blocks = block->next;
		cv_wipe(block->data, block->used);
		free(block);
	}
}

static void *
take(struct cfg_loader *l, struct cfg_arena *arena, size_t n, size_t size)
{
	void *p = cfg_arena_alloc(arena, n, size);

	if (p == NULL)
		l->nomem = true;
	return p;
}

void *
cfg_keep(struct cfg_loader *l, size_t n, size_t size)
{
	return take(l, l->keep, n, size);
}

void *
cfg_scratch(struct cfg_loader *l, size_t n, size_t size)
{
	return take(l, &l->scratch, n, size);
}

char *
cfg_copy(struct cfg_loader *l, struct cfg_arena *arena, const void *bytes, size_t len)
{
	char *copy = take(l, arena, len + 1, 1);

	if (copy != NULL && len != 0)
		memcpy(copy, bytes, len);
	return copy;
}

char *
cfg_path(struct cfg_loader *l, const char *path)
{
	const char *slash = strrchr(l->file, '/');
	size_t folder = slash == NULL || path[0] == '/' ? 0 : (size_t)(slash + 1 - l->file);
	size_t len = strlen(path);
	char *out = cfg_keep(l, folder + len + 1, 1);

	if (out == NULL)
		return NULL;
	memcpy(out, l->file, folder);
	memcpy(out + folder, path, len);
	return out;
}
