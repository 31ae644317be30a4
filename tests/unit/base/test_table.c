/* SPDX-License-Identifier: BSD-3-Clause */
/* The keyed hash table: what the hash depends on, nodes found and gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/table.h"

static const uint64_t key[2] = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};

static void
hash_depends_on_key_length_and_every_byte(void **state)
{
	struct cv_table a, b;
	const uint64_t other[2] = {key[0], key[1] ^ 1};
	uint8_t text[24] = {0};
	uint64_t plain;

	(void)state;
	assert_int_equal(cv_table_init(&a, 16, key), 0);
	assert_int_equal(cv_table_init(&b, 16, other), 0);
	plain = cv_table_hash(&a, text, sizeof(text));
	assert_int_equal(cv_table_hash(&a, text, sizeof(text)), plain);
	assert_true(cv_table_hash(&b, text, sizeof(text)) != plain);
	for (size_t len = 0; len < sizeof(text); len++)
		assert_true(cv_table_hash(&a, text, len) != plain);
	for (size_t i = 0; i < sizeof(text); i++) {
		text[i] = 1;
		assert_true(cv_table_hash(&a, text, sizeof(text)) != plain);
		text[i] = 0;
	}
	cv_table_fini(&a);
	cv_table_fini(&b);
}

static void
nodes_are_found_until_removed(void **state)
{
	enum { NODES = 500 };
	struct cv_node nodes[NODES];
	struct cv_table t;

	(void)state;
	assert_int_equal(cv_table_init(&t, 16, key), 0);
	for (unsigned i = 0; i < NODES; i++)
		cv_table_add(&t, &nodes[i], cv_table_hash(&t, &i, sizeof(i)));
	assert_int_equal(t.count, NODES);
	for (unsigned i = 0; i < NODES; i += 2)
		cv_table_remove(&t, &nodes[i]);
	assert_int_equal(t.count, NODES / 2);
	for (unsigned i = 0; i < NODES; i++) {
		struct cv_node *n = cv_table_first(&t, cv_table_hash(&t, &i, sizeof(i)));

		while (n != NULL && n != &nodes[i])
			n = cv_table_next(n);
		assert_true((n != NULL) == (i % 2 == 1));
	}
	cv_table_fini(&t);
}

static void
equal_hashes_are_walked(void **state)
{
	struct cv_node a, b, c;
	struct cv_table t;

	(void)state;
	assert_int_equal(cv_table_init(&t, 16, key), 0);
	cv_table_add(&t, &a, 5);
	cv_table_add(&t, &b, 5 + 16); /* the same chain, another hash */
	cv_table_add(&t, &c, 5);
	assert_ptr_equal(cv_table_first(&t, 5), &c);
	assert_ptr_equal(cv_table_next(&c), &a);
	assert_null(cv_table_next(&a));
	cv_table_remove(&t, &a);
	cv_table_remove(&t, &a); /* gone already: nothing happens */
	assert_int_equal(t.count, 2);
	cv_table_fini(&t);
}

static void
nodes_are_found_after_each_resize(void **state)
{
	enum { NODES = 300 };
	static const uint32_t sizes[] = {1000, 16, 64, 64, 4096};
	struct cv_node nodes[NODES];
	struct cv_table t;

	(void)state;
	assert_int_equal(cv_table_init(&t, 16, key), 0);
	for (unsigned i = 0; i < NODES; i++)
		cv_table_add(&t, &nodes[i], cv_table_hash(&t, &i, sizeof(i)));
	for (unsigned s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		assert_int_equal(cv_table_resize(&t, sizes[s]), 0);
		assert_true(t.mask + 1 >= sizes[s] && t.mask + 1 < 2 * sizes[s]);
		assert_int_equal(t.count, NODES);
		for (unsigned i = 0; i < NODES; i++) {
			struct cv_node *n = cv_table_first(&t, cv_table_hash(&t, &i, sizeof(i)));

			while (n != NULL && n != &nodes[i])
				n = cv_table_next(n);
			assert_ptr_equal(n, &nodes[i]);
		}
	}
	cv_table_fini(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hash_depends_on_key_length_and_every_byte),
		cmocka_unit_test(nodes_are_found_until_removed),
		cmocka_unit_test(equal_hashes_are_walked),
		cmocka_unit_test(nodes_are_found_after_each_resize),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
