/* SPDX-License-Identifier: BSD-3-Clause */
/* Digests, HMAC, DES and Diffie-Hellman on OpenSSL 3: providers loaded once, algorithms fetched
 * once, working contexts used again and again. */
#include "crypto/crypto.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "crypto/random.h"

enum {
	HMAC_BLOCK_BYTES = 64, /* RFC 2104: B of MD5 and of SHA-1 */
	DIGEST_MAX = CRYPTO_SHA1_BYTES,
};

enum digest { MD4, MD5, SHA1, DIGESTS };

static const struct {
	const char *name;
	size_t len;
} digests[DIGESTS] = {
	[MD4] = {"MD4", CRYPTO_MD4_BYTES},
	[MD5] = {"MD5", CRYPTO_MD5_BYTES},
	[SHA1] = {"SHA1", CRYPTO_SHA1_BYTES},
};

struct crypto {
	OSSL_LIB_CTX *lib;
	OSSL_PROVIDER *base, *legacy;
	EVP_MD *md[DIGESTS];
	EVP_MD_CTX *md_ctx[DIGESTS];
	EVP_CIPHER *des;
	EVP_CIPHER_CTX *des_ctx;
	struct crypto_generator generator;
};

static struct crypto *
refuse(struct crypto *c, char *err, size_t err_len, const char *why)
{
	if (err_len != 0)
		snprintf(err, err_len, "%s", why);
	crypto_free(c);
	return NULL;
}

static bool
fetch(struct crypto *c)
{
	for (int i = 0; i < DIGESTS; i++) {
		c->md[i] = EVP_MD_fetch(c->lib, digests[i].name, NULL);
		c->md_ctx[i] = EVP_MD_CTX_new();
		if (c->md[i] == NULL || c->md_ctx[i] == NULL ||
			EVP_DigestInit_ex2(c->md_ctx[i], c->md[i], NULL) != 1)
			return false;
	}
	c->des = EVP_CIPHER_fetch(c->lib, "DES-ECB", NULL);
	c->des_ctx = EVP_CIPHER_CTX_new();
	return c->des != NULL && c->des_ctx != NULL;
}

struct crypto *
crypto_new(const uint8_t seed[CRYPTO_SEED_BYTES], char *err, size_t err_len)
{
	struct crypto *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return refuse(NULL, err, err_len, "out of memory");
	c->lib = OSSL_LIB_CTX_new();
	if (c->lib == NULL)
		return refuse(c, err, err_len, "OpenSSL can't make a library context");
	c->base = OSSL_PROVIDER_load(c->lib, "default");
	if (c->base == NULL)
		return refuse(c, err, err_len,
			"OpenSSL default provider is missing: reinstall OpenSSL 3 (Debian: "
			"libssl3)");
	c->legacy = OSSL_PROVIDER_load(c->lib, "legacy");
	if (c->legacy == NULL)
		return refuse(c, err, err_len,
			"OpenSSL legacy provider is missing, and MS-CHAPv2 needs its MD4 and DES: "
			"install legacy.so of OpenSSL 3 (Debian: libssl3, Fedora: openssl-libs) "
			"or let OPENSSL_MODULES name its folder");
	if (!fetch(c))
		return refuse(c, err, err_len,
			"OpenSSL lacks MD4, MD5, SHA-1 or DES-ECB: a FIPS configuration may forbid "
			"them, and L2TP and CHAP need them");
	crypto_generator_init(&c->generator, seed);
	return c;
}

void
crypto_free(struct crypto *c)
{
	if (c == NULL)
		return;
	EVP_CIPHER_CTX_free(c->des_ctx);
	EVP_CIPHER_free(c->des);
	for (int i = 0; i < DIGESTS; i++) {
		EVP_MD_CTX_free(c->md_ctx[i]);
		EVP_MD_free(c->md[i]);
	}
	if (c->legacy != NULL)
		OSSL_PROVIDER_unload(c->legacy);
	if (c->base != NULL)
		OSSL_PROVIDER_unload(c->base);
	OSSL_LIB_CTX_free(c->lib);
	cv_wipe(c, sizeof(*c));
	free(c);
}

/* A digest over a first part (may be empty) and n more. */
static int
digest(struct crypto *c, enum digest kind, struct cv_bytes first, const struct cv_bytes *parts,
	size_t n, uint8_t *out)
{
	EVP_MD_CTX *ctx = c->md_ctx[kind];
	bool ok = EVP_DigestInit_ex2(ctx, NULL, NULL) == 1;

	if (first.len != 0)
		ok = ok && EVP_DigestUpdate(ctx, first.data, first.len) == 1;
	for (size_t i = 0; i < n && ok; i++)
		if (parts[i].len != 0)
			ok = EVP_DigestUpdate(ctx, parts[i].data, parts[i].len) == 1;
	if (ok && EVP_DigestFinal_ex(ctx, out, NULL) == 1)
		return 0;
	memset(out, 0, digests[kind].len);
	return CV_ERR_CRYPTO;
}

int
crypto_md4(struct crypto *c, const struct cv_bytes *parts, size_t n, uint8_t out[CRYPTO_MD4_BYTES])
{
	return digest(c, MD4, (struct cv_bytes){0}, parts, n, out);
}

int
crypto_md5(struct crypto *c, const struct cv_bytes *parts, size_t n, uint8_t out[CRYPTO_MD5_BYTES])
{
	return digest(c, MD5, (struct cv_bytes){0}, parts, n, out);
}

int
crypto_sha1(
	struct crypto *c, const struct cv_bytes *parts, size_t n, uint8_t out[CRYPTO_SHA1_BYTES])
{
	return digest(c, SHA1, (struct cv_bytes){0}, parts, n, out);
}

/* RFC 2104 section 2: H(K xor opad, H(K xor ipad, text)). */
static int
hmac(struct crypto *c, enum digest kind, struct cv_bytes key, const struct cv_bytes *parts,
	size_t n, uint8_t *out)
{
	uint8_t pad[HMAC_BLOCK_BYTES] = {0}, inner[DIGEST_MAX] = {0};
	struct cv_bytes block = {pad, sizeof(pad)}, sum = {inner, digests[kind].len};
	int rc = 0;

	if (key.len > sizeof(pad))
		rc = digest(c, kind, key, NULL, 0, pad);
	else if (key.len != 0)
		memcpy(pad, key.data, key.len);
	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36;
	if (rc == 0)
		rc = digest(c, kind, block, parts, n, inner);
	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	if (rc == 0)
		rc = digest(c, kind, block, &sum, 1, out);
	if (rc != 0)
		memset(out, 0, digests[kind].len);
	cv_wipe(pad, sizeof(pad));
	cv_wipe(inner, sizeof(inner));
	return rc;
}

int
crypto_hmac_md5(struct crypto *c, struct cv_bytes key, const struct cv_bytes *parts, size_t n,
	uint8_t out[CRYPTO_MD5_BYTES])
{
	return hmac(c, MD5, key, parts, n, out);
}

int
crypto_hmac_sha1(struct crypto *c, struct cv_bytes key, const struct cv_bytes *parts, size_t n,
	uint8_t out[CRYPTO_SHA1_BYTES])
{
	return hmac(c, SHA1, key, parts, n, out);
}

/* Spreads 56 bits over eight bytes, whose lowest bit is odd parity. */
static void
des_key(const uint8_t key[CRYPTO_DES_KEY_BYTES], uint8_t out[CRYPTO_DES_BLOCK_BYTES])
{
	uint64_t bits = 0;

	for (int i = 0; i < CRYPTO_DES_KEY_BYTES; i++)
		bits = bits << 8 | key[i];
	for (int i = 0; i < CRYPTO_DES_BLOCK_BYTES; i++) {
		unsigned seven = (unsigned)(bits >> (49 - 7 * i)) & 0x7f;

		out[i] = (uint8_t)(seven << 1 | (~(unsigned)__builtin_popcount(seven) & 1));
	}
}

int
crypto_des_ecb(struct crypto *c, const uint8_t key[CRYPTO_DES_KEY_BYTES],
	const uint8_t in[CRYPTO_DES_BLOCK_BYTES], uint8_t out[CRYPTO_DES_BLOCK_BYTES])
{
	uint8_t key8[CRYPTO_DES_BLOCK_BYTES];
	int len = 0;
	bool ok;

	des_key(key, key8);
	ok = EVP_EncryptInit_ex2(c->des_ctx, c->des, key8, NULL, NULL) == 1 &&
	     EVP_CIPHER_CTX_set_padding(c->des_ctx, 0) == 1 &&
	     EVP_EncryptUpdate(c->des_ctx, out, &len, in, CRYPTO_DES_BLOCK_BYTES) == 1 &&
	     len == CRYPTO_DES_BLOCK_BYTES;
	cv_wipe(key8, sizeof(key8));
	if (ok)
		return 0;
	memset(out, 0, CRYPTO_DES_BLOCK_BYTES);
	return CV_ERR_CRYPTO;
}

int
crypto_modp2048_public(struct crypto *c, const uint8_t exponent[CRYPTO_EXPONENT_BYTES],
	uint8_t out[CRYPTO_MODP2048_BYTES])
{
	BN_CTX *ctx = BN_CTX_secure_new_ex(c->lib);
	BIGNUM *prime = BN_get_rfc3526_prime_2048(NULL), *base = BN_new(), *value = BN_new();
	BIGNUM *x = BN_bin2bn(exponent, CRYPTO_EXPONENT_BYTES, NULL);
	bool ok = ctx != NULL && prime != NULL && base != NULL && value != NULL && x != NULL &&
		  BN_set_word(base, 2) == 1;

	if (ok) {
		BN_set_flags(x, BN_FLG_CONSTTIME);
		ok = BN_mod_exp(value, base, x, prime, ctx) == 1 &&
		     BN_bn2binpad(value, out, CRYPTO_MODP2048_BYTES) == CRYPTO_MODP2048_BYTES;
	}
	BN_clear_free(x);
	BN_free(value);
	BN_free(base);
	BN_free(prime);
	BN_CTX_free(ctx);
	if (ok)
		return 0;
	memset(out, 0, CRYPTO_MODP2048_BYTES);
	return CV_ERR_CRYPTO;
}

void
crypto_reseed(struct crypto *c, const uint8_t seed[CRYPTO_SEED_BYTES])
{
	crypto_generator_init(&c->generator, seed);
}

void
crypto_random(struct crypto *c, void *buf, size_t len)
{
	crypto_generator_take(&c->generator, buf, len);
}

uint32_t
crypto_random_u32(struct crypto *c)
{
	uint32_t value;

	crypto_generator_take(&c->generator, &value, sizeof(value));
	return value;
}

bool
crypto_equal(const void *a, const void *b, size_t len)
{
	return len == 0 || CRYPTO_memcmp(a, b, len) == 0;
}
