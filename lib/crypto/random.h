/* SPDX-License-Identifier: BSD-3-Clause */
/* The deterministic generator behind crypto_random: ChaCha20 (RFC 8439 section 2.3) whose key is
 * replaced by its own output at every refill. */
#ifndef CRYPTO_RANDOM_H
#define CRYPTO_RANDOM_H

#include <stddef.h>
#include <stdint.h>

enum {
	CRYPTO_CHACHA_KEY_BYTES = 32,
	CRYPTO_CHACHA_NONCE_BYTES = 12,
	CRYPTO_CHACHA_BLOCK_BYTES = 64,
	CRYPTO_GENERATOR_BLOCKS = 8,
};

struct crypto_generator {
	uint8_t key[CRYPTO_CHACHA_KEY_BYTES];
	uint8_t buffer[CRYPTO_GENERATOR_BLOCKS * CRYPTO_CHACHA_BLOCK_BYTES];
	size_t used; /* bytes of buffer given out or turned into the key */
};

/* One block of key stream. */
void crypto_chacha20_block(const uint8_t key[CRYPTO_CHACHA_KEY_BYTES], uint32_t counter,
	const uint8_t nonce[CRYPTO_CHACHA_NONCE_BYTES], uint8_t out[CRYPTO_CHACHA_BLOCK_BYTES]);

void crypto_generator_init(struct crypto_generator *g, const uint8_t seed[CRYPTO_CHACHA_KEY_BYTES]);
/* Bytes given out are wiped from the buffer. */
void crypto_generator_take(struct crypto_generator *g, void *out, size_t len);

#endif
