/* SPDX-License-Identifier: BSD-3-Clause */
/* Test vectors of RFC 1320 (MD4), 1321 (MD5), 3174 (SHA-1), 2202 (HMAC) and DES. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/err.h"
#include "crypto/crypto.h"

static const uint8_t seed[CRYPTO_SEED_BYTES] = {1, 2, 3};

static int
setup(void **state)
{
	char err[256] = "";

	*state = crypto_new(seed, err, sizeof(err));
	if (*state == NULL)
		print_error("%s\n", err);
	return *state == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	crypto_free(*state);
	return 0;
}

static void
assert_hex(const uint8_t *bytes, size_t len, const char *hex)
{
	char text[129];

	for (size_t i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	assert_string_equal(text, hex);
}

static struct cv_bytes
str(const char *s)
{
	return (struct cv_bytes){(const uint8_t *)s, strlen(s)};
}

#define ALPHABET "abcdefghijklmnopqrstuvwxyz"
#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZ" ALPHABET "0123456789"
#define TENS "1234567890"
#define DIGITS TENS TENS TENS TENS TENS TENS TENS TENS

typedef int (*digest_fn)(struct crypto *, const struct cv_bytes *, size_t, uint8_t *);

struct vector {
	const char *text, *hex;
};

static void
run_digest(struct crypto *c, digest_fn fn, size_t len, const struct vector *v, size_t n)
{
	uint8_t out[CRYPTO_SHA1_BYTES];

	for (size_t i = 0; i < n; i++) {
		struct cv_bytes whole = str(v[i].text);

		assert_int_equal(fn(c, &whole, 1, out), 0);
		assert_hex(out, len, v[i].hex);
		/* cut anywhere it is the same */
		for (size_t cut = 0; cut <= whole.len; cut++) {
			struct cv_bytes parts[] = {
				{whole.data, cut}, {whole.data + cut, whole.len - cut}};

			assert_int_equal(fn(c, parts, 2, out), 0);
			assert_hex(out, len, v[i].hex);
		}
	}
}

static void
test_md4(void **state)
{
	static const struct vector v[] = {
		{"", "31d6cfe0d16ae931b73c59d7e0c089c0"},
		{"a", "bde52cb31de33e46245e05fbdbd6fb24"},
		{"abc", "a448017aaf21d8525fc10ae87aa6729d"},
		{"message digest", "d9130a8164549fe818874806e1c7014b"},
		{ALPHABET, "d79e1c308aa5bbcdeea8ed63df412da9"},
		{ALNUM, "043f8582f241db351ce627e153e7f0e4"},
		{DIGITS, "e33b4ddc9c38f2199c3e7b164fcc0536"},
	};

	run_digest(*state, crypto_md4, CRYPTO_MD4_BYTES, v, sizeof(v) / sizeof(v[0]));
}

static void
test_md5(void **state)
{
	static const struct vector v[] = {
		{"", "d41d8cd98f00b204e9800998ecf8427e"},
		{"a", "0cc175b9c0f1b6a831c399e269772661"},
		{"abc", "900150983cd24fb0d6963f7d28e17f72"},
		{"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
		{ALPHABET, "c3fcd3d76192e4007dfb496cca67e13b"},
		{ALNUM, "d174ab98d277d9f5a5611c2c9f419d9f"},
		{DIGITS, "57edf4a22be3c955ac49da2e2107b67a"},
	};

	run_digest(*state, crypto_md5, CRYPTO_MD5_BYTES, v, sizeof(v) / sizeof(v[0]));
}

static void
test_sha1(void **state)
{
	static const struct vector v[] = {
		{"", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
		{"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
			"84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
	};
	struct cv_bytes parts[1000];
	uint8_t a[1000], out[CRYPTO_SHA1_BYTES];

	run_digest(*state, crypto_sha1, CRYPTO_SHA1_BYTES, v, sizeof(v) / sizeof(v[0]));
	memset(a, 'a', sizeof(a));
	for (size_t i = 0; i < 1000; i++)
		parts[i] = (struct cv_bytes){a, sizeof(a)};
	assert_int_equal(crypto_sha1(*state, parts, 1000, out), 0);
	assert_hex(out, sizeof(out), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

/* RFC 2202: key of one repeated byte (or text), data of one repeated byte (or text). */
static const struct {
	const char *key_text;
	uint8_t key_byte;
	size_t key_len_md5, key_len_sha1;
	const char *text;
	uint8_t byte;
	const char *md5, *sha1;
} hmac_vectors[] = {
	{NULL, 0x0b, 16, 20, "Hi There", 0, "9294727a3638bb1c13f48ef8158bfc9d",
		"b617318655057264e28bc0b6fb378c8ef146be00"},
	{"Jefe", 0, 4, 4, "what do ya want for nothing?", 0, "750c783e6ab0b503eaa86e310a5db738",
		"effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
	{NULL, 0xaa, 16, 20, NULL, 0xdd, "56be34521d144c88dbb8c733f0e8b3f6",
		"125d7342b9ac11cd91a39af48aa17b4f63f175d3"},
	{"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16"
	 "\x17\x18\x19",
		0, 25, 25, NULL, 0xcd, "697eaf0aca3a3aea3a75164746ffaa79",
		"4c9007f4026250c6bc8414f9bf50c86c2d7235da"},
	{NULL, 0x0c, 16, 20, "Test With Truncation", 0, "56461ef2342edc00f9bab995690efd4c",
		"4c1a03424b55e07fe7f27be1d58bb9324a9a5a04"},
	{NULL, 0xaa, 80, 80, "Test Using Larger Than Block-Size Key - Hash Key First", 0,
		"6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd", "aa4ae5e15272d00e95705637ce8a3b55ed402112"},
	{NULL, 0xaa, 80, 80,
		"Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data", 0,
		"6f630fad67cda0ee1fb1f562db3aa53e", "e8e99d0f45237d786d6bbaa7965c7808bbff1a91"},
};

static void
test_hmac(void **state)
{
	uint8_t key[80], fifty[50], out[CRYPTO_SHA1_BYTES];

	for (size_t i = 0; i < sizeof(hmac_vectors) / sizeof(hmac_vectors[0]); i++) {
		const char *text = hmac_vectors[i].text;
		struct cv_bytes data = {fifty, sizeof(fifty)}, k = {key, 0};

		memset(fifty, hmac_vectors[i].byte, sizeof(fifty));
		if (text != NULL)
			data = str(text);
		memset(key, hmac_vectors[i].key_byte, sizeof(key));
		if (hmac_vectors[i].key_text != NULL)
			memcpy(key, hmac_vectors[i].key_text, hmac_vectors[i].key_len_md5);
		k.len = hmac_vectors[i].key_len_md5;
		assert_int_equal(crypto_hmac_md5(*state, k, &data, 1, out), 0);
		assert_hex(out, CRYPTO_MD5_BYTES, hmac_vectors[i].md5);
		k.len = hmac_vectors[i].key_len_sha1;
		assert_int_equal(crypto_hmac_sha1(*state, k, &data, 1, out), 0);
		assert_hex(out, CRYPTO_SHA1_BYTES, hmac_vectors[i].sha1);
	}
}

static void
test_des(void **state)
{
	/* 133457799bbcdff1 without its parity bits */
	static const uint8_t key[] = {0x12, 0x69, 0x5b, 0xc9, 0xb7, 0xb7, 0xf8};
	static const uint8_t in[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
	uint8_t out[8];

	for (int i = 0; i < 3; i++) {
		assert_int_equal(crypto_des_ecb(*state, key, in, out), 0);
		assert_hex(out, sizeof(out), "85e813540f0ab405");
	}
}

/* RFC 3526 section 3: 2 to the exponent's power; the last one by another program. */
static void
test_modp2048(void **state)
{
	uint8_t exponent[CRYPTO_EXPONENT_BYTES] = {0}, out[CRYPTO_MODP2048_BYTES];
	uint8_t want[CRYPTO_MODP2048_BYTES] = {0};

	assert_int_equal(crypto_modp2048_public(*state, exponent, out), 0);
	want[255] = 1;
	assert_memory_equal(out, want, sizeof(want));
	exponent[31] = 11;
	assert_int_equal(crypto_modp2048_public(*state, exponent, out), 0);
	want[255] = 0;
	want[254] = 8;
	assert_memory_equal(out, want, sizeof(want));
	for (uint8_t i = 0; i < sizeof(exponent); i++)
		exponent[i] = (uint8_t)(0x40 + i);
	assert_int_equal(crypto_modp2048_public(*state, exponent, out), 0);
	assert_hex(out, 32, "eca848fde1b7e1fc889d39e931606c8d36ddbfaa2066246d871b9af0021c55af");
	assert_hex(
		out + 224, 32, "4bbab535116ed0576e8413cb3534b01e68b7a9b8e7b61c0ffcc67cb9fbffaf7f");
}

static void
test_equal(void **state)
{
	char a[] = "secret", b[] = "secret";

	(void)state;
	assert_true(crypto_equal(a, b, sizeof(a)));
	assert_true(crypto_equal(NULL, NULL, 0));
	b[5] = 'x';
	assert_false(crypto_equal(a, b, sizeof(a)));
	assert_true(crypto_equal(a, b, 5));
}

/* Two contexts live side by side, as in two threads. */
static void
test_two_contexts(void **state)
{
	struct crypto *other = crypto_new(seed, NULL, 0);
	struct cv_bytes part = str("abc");
	uint8_t out[CRYPTO_MD4_BYTES];

	assert_non_null(other);
	crypto_free(other);
	assert_int_equal(crypto_md4(*state, &part, 1, out), 0);
	assert_hex(out, sizeof(out), "a448017aaf21d8525fc10ae87aa6729d");
	crypto_free(NULL);
}

static void
test_missing_legacy_provider(void **state)
{
	char err[256] = "", tiny[8] = "";

	(void)state;
	setenv("OPENSSL_MODULES", "/nonexistent", 1);
	assert_null(crypto_new(seed, err, sizeof(err)));
	assert_null(crypto_new(seed, tiny, sizeof(tiny)));
	assert_null(crypto_new(seed, NULL, 0));
	unsetenv("OPENSSL_MODULES");
	assert_non_null(strstr(err, "legacy provider is missing"));
	assert_non_null(strstr(err, "install"));
	assert_string_equal(tiny, "OpenSSL");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_md4),
		cmocka_unit_test(test_md5),
		cmocka_unit_test(test_sha1),
		cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_des),
		cmocka_unit_test(test_modp2048),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_two_contexts),
		cmocka_unit_test(test_missing_legacy_provider),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
