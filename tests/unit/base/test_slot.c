/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a session lives: in a table of at least twice the size, each ID anywhere in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/slot.h"

static void
a_table_is_twice_its_sessions(void **state)
{
	static const struct {
		uint32_t sessions, slots;
	} want[] = {{0, 64}, {32, 64}, {33, 128}, {100, 256}, {4000, 8192}, {4096, 8192},
		{4097, 16384}, {1000000, 2097152}, {0x40000000, 0x80000000},
		{UINT32_MAX, 0x80000000}};

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_int_equal(cv_slot_mask(want[i].sessions), want[i].slots - 1);
}

/* IDs in a row fall anywhere, and elsewhere with another seed, listener or tunnel. */
static void
ids_are_spread(void **state)
{
	enum { IDS = 4096 };
	uint32_t mask = cv_slot_mask(IDS), same[3] = {0}, used = 0;
	static uint8_t hits[8192];

	(void)state;
	for (uint16_t id = 1; id <= IDS; id++) {
		uint32_t slot = cv_session_slot(42, 1, 7, id, mask);

		assert_in_range(slot, 0, mask);
		used += hits[slot]++ == 0;
		same[0] += slot == cv_session_slot(43, 1, 7, id, mask);
		same[1] += slot == cv_session_slot(42, 2, 7, id, mask);
		same[2] += slot == cv_session_slot(42, 1, 8, id, mask);
	}
	assert_true(used > IDS / 2); /* by chance: (1 - 1/e^0.5) of 8,192, that is 3,223 */
	for (size_t i = 0; i < 3; i++)
		assert_true(same[i] < 16);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_is_twice_its_sessions),
		cmocka_unit_test(ids_are_spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
