/* SPDX-License-Identifier: BSD-3-Clause */
/* Keyed hash table of embedded nodes; SipHash-1-3 (Aumasson and Bernstein). */
#include "base/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

static uint32_t
chains_for(uint32_t expected)
{
	uint32_t chains = 16;

	while (chains < expected && chains < UINT32_C(1) << 30)
		chains <<= 1;
	return chains;
}

int
cv_table_init(struct cv_table *t, uint32_t expected, const uint64_t key[2])
{
	uint32_t chains = chains_for(expected);

	*t = (struct cv_table){.mask = chains - 1, .key = {key[0], key[1]}};
	t->chains = calloc(chains, sizeof(t->chains[0]));
	return t->chains == NULL ? CV_ERR_NOMEM : 0;
}

void
cv_table_fini(struct cv_table *t)
{
	free(t->chains);
	t->chains = NULL;
}

int
cv_table_resize(struct cv_table *t, uint32_t expected)
{
	uint32_t chains = chains_for(expected);
	struct cv_node **new_chains;

	if (chains == t->mask + 1)
		return 0;
	new_chains = calloc(chains, sizeof(new_chains[0]));
	if (new_chains == NULL)
		return CV_ERR_NOMEM;
	for (uint32_t i = 0; i <= t->mask; i++)
		for (struct cv_node *node = t->chains[i], *next; node != NULL; node = next) {
			struct cv_node **to = &new_chains[node->hash & (chains - 1)];

			next = node->next;
			node->next = *to;
			*to = node;
		}
	free(t->chains);
	t->chains = new_chains;
	t->mask = chains - 1;
	return 0;
}

static uint64_t
rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

uint64_t
cv_table_hash(const struct cv_table *t, const void *key, size_t len)
{
	const uint8_t *in = key;
	uint64_t v[4] = {t->key[0] ^ UINT64_C(0x736f6d6570736575),
		t->key[1] ^ UINT64_C(0x646f72616e646f6d), t->key[0] ^ UINT64_C(0x6c7967656e657261),
		t->key[1] ^ UINT64_C(0x7465646279746573)};
	uint64_t word;

	for (size_t left = len; left >= 8; left -= 8, in += 8) {
		memcpy(&word, in, 8);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	word = (uint64_t)len << 56;
	for (size_t i = 0; i < len % 8; i++)
		word |= (uint64_t)in[i] << (8 * i);
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void
cv_table_add(struct cv_table *t, struct cv_node *node, uint64_t hash)
{
	struct cv_node **chain = &t->chains[hash & t->mask];

	node->hash = hash;
	node->next = *chain;
	*chain = node;
	t->count++;
}

void
cv_table_remove(struct cv_table *t, struct cv_node *node)
{
	struct cv_node **at = &t->chains[node->hash & t->mask];

	while (*at != NULL && *at != node)
		at = &(*at)->next;
	if (*at == NULL)
		return;
	*at = node->next;
	t->count--;
}

static struct cv_node *
match(struct cv_node *node, uint64_t hash)
{
	while (node != NULL && node->hash != hash)
		node = node->next;
	return node;
}

struct cv_node *
cv_table_first(const struct cv_table *t, uint64_t hash)
{
	return match(t->chains[hash & t->mask], hash);
}

struct cv_node *
cv_table_next(const struct cv_node *node)
{
	return match(node->next, node->hash);
}
