/* SPDX-License-Identifier: BSD-3-Clause */
/* Wiping takes all of what it is given, and nothing beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/wipe.h"

static void
all_of_it_and_nothing_else(void **state)
{
	uint8_t bytes[40];

	(void)state;
	for (size_t len = 0; len <= 32; len++) {
		memset(bytes, 0xa5, sizeof(bytes));
		cv_wipe(bytes + 4, len);
		for (size_t i = 0; i < sizeof(bytes); i++)
			assert_int_equal(bytes[i], i >= 4 && i < 4 + len ? 0 : 0xa5);
	}
	cv_wipe(NULL, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(all_of_it_and_nothing_else)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
