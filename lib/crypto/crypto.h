/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The digests, the cipher and the random numbers of L2TP and PPP, over OpenSSL 3. One context a
 * thread: it owns an OpenSSL library context with the default and the legacy provider (MD4 and
 * DES live there), the fetched algorithms and the working contexts, so that a digest neither
 * fetches nor allocates.
 */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/wipe.h"

enum {
	CRYPTO_SEED_BYTES = 32,
	CRYPTO_MD4_BYTES = 16,
	CRYPTO_MD5_BYTES = 16,
	CRYPTO_SHA1_BYTES = 20,
	CRYPTO_DES_KEY_BYTES = 7, /* 56 bits; parity is ours to add */
	CRYPTO_DES_BLOCK_BYTES = 8,
	CRYPTO_EXPONENT_BYTES = 32,
	CRYPTO_MODP2048_BYTES = 256,
};

struct crypto;

#define CRYPTO_MUST_CHECK __attribute__((warn_unused_result))

/*
 * Loads providers and algorithms. seed starts crypto_random: from the kernel in a program, from
 * a printed number in a test; the caller wipes its copy. Returns NULL and a sentence for the
 * operator in err (cut at err_len bytes, terminated) when something is missing. To be freed with
 * crypto_free, which wipes it and takes NULL.
 */
struct crypto *crypto_new(const uint8_t seed[CRYPTO_SEED_BYTES], char *err, size_t err_len);
void crypto_free(struct crypto *c);

/* Digest of n byte strings one after the other; out must not overlap them. Return 0 or
 * CV_ERR_CRYPTO, and then out is zeros. */
int crypto_md4(struct crypto *c, const struct cv_bytes *parts, size_t n,
	uint8_t out[CRYPTO_MD4_BYTES]) CRYPTO_MUST_CHECK;
int crypto_md5(struct crypto *c, const struct cv_bytes *parts, size_t n,
	uint8_t out[CRYPTO_MD5_BYTES]) CRYPTO_MUST_CHECK;
int crypto_sha1(struct crypto *c, const struct cv_bytes *parts, size_t n,
	uint8_t out[CRYPTO_SHA1_BYTES]) CRYPTO_MUST_CHECK;

/* HMAC (RFC 2104) under a key of any length over n byte strings. Return as the digests. */
int crypto_hmac_md5(struct crypto *c, struct cv_bytes key, const struct cv_bytes *parts, size_t n,
	uint8_t out[CRYPTO_MD5_BYTES]) CRYPTO_MUST_CHECK;
int crypto_hmac_sha1(struct crypto *c, struct cv_bytes key, const struct cv_bytes *parts, size_t n,
	uint8_t out[CRYPTO_SHA1_BYTES]) CRYPTO_MUST_CHECK;

/* One block of DES in ECB mode under a 56-bit key without parity bits (RFC 2759 section 8.6).
 * Returns 0 or CV_ERR_CRYPTO, and then out is zeros. */
int crypto_des_ecb(struct crypto *c, const uint8_t key[CRYPTO_DES_KEY_BYTES],
	const uint8_t in[CRYPTO_DES_BLOCK_BYTES],
	uint8_t out[CRYPTO_DES_BLOCK_BYTES]) CRYPTO_MUST_CHECK;

/* Diffie-Hellman's public value in the MODP group of 2048 bits (RFC 3526 section 3) for a private
 * exponent. Returns 0 or CV_ERR_CRYPTO, and then out is zeros. Allocates. */
int crypto_modp2048_public(struct crypto *c, const uint8_t exponent[CRYPTO_EXPONENT_BYTES],
	uint8_t out[CRYPTO_MODP2048_BYTES]) CRYPTO_MUST_CHECK;

/* Starts crypto_random anew from another seed. */
void crypto_reseed(struct crypto *c, const uint8_t seed[CRYPTO_SEED_BYTES]);

/* Unpredictable bytes from the seed (ChaCha20, RFC 8439; the key is replaced at every refill, so
 * what was given out can't be computed from the state left behind). Can't fail. */
void crypto_random(struct crypto *c, void *buf, size_t len);
uint32_t crypto_random_u32(struct crypto *c);

/* Whether two strings of len bytes are equal, in a time that does not depend on their content. */
bool crypto_equal(const void *a, const void *b, size_t len);

#endif
