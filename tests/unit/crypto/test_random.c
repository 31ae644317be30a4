/* SPDX-License-Identifier: BSD-3-Clause */
/* ChaCha20's vector (RFC 8439 section 2.3.2) and the generator's promises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/random.h"

static void
test_block_vector(void **state)
{
	static const uint8_t nonce[12] = {0, 0, 0, 9, 0, 0, 0, 0x4a};
	static const uint8_t expected[64] = {0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50,
		0x0f, 0xdd, 0x1f, 0xa3, 0x20, 0x71, 0xc4, 0xc7, 0xd1, 0xf4, 0xc7, 0x33, 0xc0, 0x68,
		0x03, 0x04, 0x22, 0xaa, 0x9a, 0xc3, 0xd4, 0x6c, 0x4e, 0xd2, 0x82, 0x64, 0x46, 0x07,
		0x9f, 0xaa, 0x09, 0x14, 0xc2, 0xd7, 0x05, 0xd9, 0x8b, 0x02, 0xa2, 0xb5, 0x12, 0x9c,
		0xd1, 0xde, 0x16, 0x4e, 0xb9, 0xcb, 0xd0, 0x83, 0xe8, 0xa2, 0x50, 0x3c, 0x4e};
	uint8_t key[32], out[64];

	(void)state;
	for (uint8_t i = 0; i < 32; i++)
		key[i] = i;
	crypto_chacha20_block(key, 1, nonce, out);
	assert_memory_equal(out, expected, sizeof(out));
}

/* The stream does not depend on how it is cut, and another seed gives another one. */
static void
test_stream(void **state)
{
	static const uint8_t seed[32] = {7}, other_seed[32] = {8};
	struct crypto_generator a, b, c;
	uint8_t whole[5000], pieces[5000], other[5000];
	size_t at = 0;

	(void)state;
	crypto_generator_init(&a, seed);
	crypto_generator_init(&b, seed);
	crypto_generator_init(&c, other_seed);
	crypto_generator_take(&a, whole, sizeof(whole));
	crypto_generator_take(&c, other, sizeof(other));
	for (size_t n = 0; at < sizeof(pieces); n = n % 700 + 1) {
		size_t take = n < sizeof(pieces) - at ? n : sizeof(pieces) - at;

		crypto_generator_take(&b, pieces + at, take);
		at += take;
	}
	assert_memory_equal(whole, pieces, sizeof(whole));
	assert_memory_not_equal(whole, other, 16);
	for (size_t i = 0; i + 16 <= sizeof(whole) - 16; i += 16)
		assert_memory_not_equal(whole + i, whole + i + 16, 16);
}

/* What was given out is nowhere in the state that is left. */
static void
test_forgets(void **state)
{
	static const uint8_t seed[32] = {9};
	struct crypto_generator g;
	uint8_t out[100];

	(void)state;
	crypto_generator_init(&g, seed);
	crypto_generator_take(&g, out, sizeof(out));
	assert_memory_not_equal(g.key, seed, sizeof(seed));
	for (size_t i = 0; i + 8 <= sizeof(g.buffer); i++)
		assert_memory_not_equal(g.buffer + i, out, 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_block_vector),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_forgets),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
