/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether nothing ran for a while, by two looks at a clock that goes on in sleep. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "culvert-client/watch.h"

#define THEN (1000 * CV_NS_PER_S)

static void
test_paused(void **state)
{
	(void)state;
	assert_int_equal(watch_paused(THEN, THEN), 0);
	assert_int_equal(watch_paused(THEN, THEN + WATCH_PERIOD_NS), 0);
	/* a timer that is late, as on a machine that has much to do */
	assert_int_equal(watch_paused(THEN, THEN + WATCH_PERIOD_NS + WATCH_PAUSE_NS), 0);
	assert_int_equal(watch_paused(THEN, THEN + WATCH_PERIOD_NS + WATCH_PAUSE_NS + 1),
		WATCH_PAUSE_NS + 1);
	assert_int_equal(watch_paused(THEN, THEN + WATCH_PERIOD_NS + 3600 * CV_NS_PER_S),
		3600 * CV_NS_PER_S);
	assert_int_equal(watch_paused(THEN, THEN - 1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
