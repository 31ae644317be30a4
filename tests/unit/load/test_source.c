/* SPDX-License-Identifier: BSD-3-Clause */
/* Random source ports: each tunnel's own on its address, and in no order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "culvert-load/source.h"

enum { ADDRESSES = 3, MOST = ADDRESSES * SOURCE_PORTS };

static uint16_t ports[MOST], others[MOST];

static struct crypto *
open_crypto(uint8_t first)
{
	uint8_t seed[CRYPTO_SEED_BYTES] = {first};
	char err[128];
	struct crypto *c = crypto_new(seed, err, sizeof(err));

	assert_non_null(c);
	return c;
}

static void
choose(uint16_t *out, uint8_t seed, uint32_t n, uint32_t addresses)
{
	struct crypto *c = open_crypto(seed);

	source_choose(c, out, n, addresses);
	crypto_free(c);
}

static void
each_has_its_own(void **state)
{
	static uint8_t seen[ADDRESSES][65536];

	(void)state;
	choose(ports, 1, MOST, ADDRESSES);
	for (uint32_t t = 0; t < MOST; t++) {
		assert_true(ports[t] >= SOURCE_FIRST);
		assert_int_equal(seen[t % ADDRESSES][ports[t]], 0);
		seen[t % ADDRESSES][ports[t]] = 1;
	}
}

/* How often the most frequent step from one to the next comes, of the first n. */
static unsigned
most_frequent_step(uint32_t n)
{
	static unsigned steps[65536];
	unsigned most = 0;

	memset(steps, 0, sizeof(steps));
	for (uint32_t t = 1; t < n; t++) {
		unsigned *step = &steps[(uint16_t)(ports[t] - ports[t - 1])];

		++*step;
		most = *step > most ? *step : most;
	}
	return most;
}

static void
they_are_in_no_order(void **state)
{
	static const uint32_t addresses[] = {1, 7, 1000};

	(void)state;
	for (unsigned i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		choose(ports, 2, 1000, addresses[i]);
		assert_true(most_frequent_step(1000) <= 4);
	}
}

static void
another_seed_has_others(void **state)
{
	unsigned same = 0;

	(void)state;
	choose(ports, 3, 1000, 2);
	choose(others, 4, 1000, 2);
	for (unsigned t = 0; t < 1000; t++)
		same += ports[t] == others[t];
	assert_true(same < 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_its_own),
		cmocka_unit_test(they_are_in_no_order),
		cmocka_unit_test(another_seed_has_others),
	};

	return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
