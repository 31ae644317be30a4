/* SPDX-License-Identifier: BSD-3-Clause */
/* ChaCha20 as a generator of unpredictable bytes. Written here and not taken from a provider so
 * that it can't fail: a caller who draws an ID has no use for an error. */
#include "crypto/random.h"

#include <string.h>

#include "crypto/crypto.h"

enum { WORDS = 16, DOUBLE_ROUNDS = 10 };

static uint32_t
load_le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static uint32_t
rotate(uint32_t v, unsigned bits)
{
	return v << bits | v >> (32 - bits);
}

static void
quarter_round(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
	*a += *b;
	*d = rotate(*d ^ *a, 16);
	*c += *d;
	*b = rotate(*b ^ *c, 12);
	*a += *b;
	*d = rotate(*d ^ *a, 8);
	*c += *d;
	*b = rotate(*b ^ *c, 7);
}

void
crypto_chacha20_block(const uint8_t key[CRYPTO_CHACHA_KEY_BYTES], uint32_t counter,
	const uint8_t nonce[CRYPTO_CHACHA_NONCE_BYTES], uint8_t out[CRYPTO_CHACHA_BLOCK_BYTES])
{
	/* "expand 32-byte k" */
	uint32_t state[WORDS] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574}, x[WORDS];

	for (unsigned i = 0; i < 8; i++)
		state[4 + i] = load_le32(key + 4 * i);
	state[12] = counter;
	for (unsigned i = 0; i < 3; i++)
		state[13 + i] = load_le32(nonce + 4 * i);
	memcpy(x, state, sizeof(x));
	for (unsigned round = 0; round < DOUBLE_ROUNDS; round++) {
		for (unsigned i = 0; i < 4; i++)
			quarter_round(&x[i], &x[4 + i], &x[8 + i], &x[12 + i]);
		for (unsigned i = 0; i < 4; i++)
			quarter_round(&x[i], &x[4 + (i + 1) % 4], &x[8 + (i + 2) % 4],
				&x[12 + (i + 3) % 4]);
	}
	for (unsigned i = 0; i < WORDS; i++) {
		uint32_t v = x[i] + state[i];

		for (unsigned byte = 0; byte < 4; byte++)
			out[4 * i + byte] = (uint8_t)(v >> (8 * byte));
	}
	cv_wipe(x, sizeof(x));
	cv_wipe(state, sizeof(state));
}

void
crypto_generator_init(struct crypto_generator *g, const uint8_t seed[CRYPTO_CHACHA_KEY_BYTES])
{
	memcpy(g->key, seed, sizeof(g->key));
	g->used = sizeof(g->buffer);
}

/* Fills the buffer and makes its first bytes the next key. The nonce may stay zero: no key is
 * used for a second refill. */
static void
refill(struct crypto_generator *g)
{
	static const uint8_t nonce[CRYPTO_CHACHA_NONCE_BYTES];

	for (uint32_t i = 0; i < CRYPTO_GENERATOR_BLOCKS; i++)
		crypto_chacha20_block(g->key, i, nonce, g->buffer + i * CRYPTO_CHACHA_BLOCK_BYTES);
	memcpy(g->key, g->buffer, sizeof(g->key));
	cv_wipe(g->buffer, sizeof(g->key));
	g->used = sizeof(g->key);
}

void
crypto_generator_take(struct crypto_generator *g, void *out, size_t len)
{
	uint8_t *p = out;

	while (len != 0) {
		size_t n = sizeof(g->buffer) - g->used;

		if (n == 0) {
			refill(g);
			continue;
		}
		if (n > len)
			n = len;
		memcpy(p, g->buffer + g->used, n);
		cv_wipe(g->buffer + g->used, n);
		g->used += n;
		p += n;
		len -= n;
	}
}
