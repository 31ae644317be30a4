/* SPDX-License-Identifier: BSD-3-Clause */
/* Random numbers and keys from a fixed seed: the same ones each time. */
#ifndef TESTS_SEEDED_H
#define TESTS_SEEDED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/crypto.h"

/* The caller's to free; NULL: it has said why not. */
static inline struct crypto *
seeded_crypto(void)
{
	static const uint8_t seed[CRYPTO_SEED_BYTES] = {1};
	char err[256] = "";
	struct crypto *crypto = crypto_new(seed, err, sizeof(err));

	if (crypto == NULL)
		print_error("%s\n", err);
	return crypto;
}

/* Of a group's tests, by its fixture; *state is the same. */
static struct crypto *seeded;

static inline int
seeded_setup(void **state)
{
	*state = seeded = seeded_crypto();
	return seeded == NULL ? -1 : 0;
}

static inline int
seeded_teardown(void **state)
{
	(void)state;
	crypto_free(seeded);
	return 0;
}

#endif
