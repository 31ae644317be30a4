/* SPDX-License-Identifier: BSD-3-Clause */
/* When an SA goes from the relay to the direct way, and when back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"
#include "culvert-client/steer.h"

#define AT(s) (1000 * CV_NS_PER_S + (uint64_t)((s) * (double)CV_NS_PER_S))

enum { DEAD_S = 15 };

static struct steer
directly(void)
{
	struct steer s = {.dead_ns = DEAD_S * CV_NS_PER_S};

	assert_int_equal(steer_sa(&s, AT(-2), false), STEER_STAY);
	steer_try(&s, AT(-1));
	assert_int_equal(steer_sa(&s, AT(0), true), STEER_STAY);
	assert_int_equal(s.state, STEER_DIRECT);
	return s;
}

/* Looks every second from one to another, while so many bytes a second go out and come in; and at
 * the first advice that is none tells when. 0: there is none. */
static unsigned
first_advice(struct steer *s, unsigned from, unsigned to, unsigned in, unsigned out,
	enum steer_advice *advice)
{
	for (unsigned t = from; t <= to; t++) {
		*advice = steer_look(s, AT(t), s->bytes_in + in, s->bytes_out + out);
		if (*advice != STEER_STAY)
			return t;
	}
	return 0;
}

static void
test_tries(void **state)
{
	struct steer s = {.dead_ns = DEAD_S * CV_NS_PER_S};

	(void)state;
	assert_int_equal(steer_look(&s, AT(0), 0, 0), STEER_STAY);
	assert_int_equal(steer_sa(&s, AT(0), true), STEER_STAY); /* not by our wish */
	assert_int_equal(s.state, STEER_RELAY);
	steer_try(&s, AT(1));
	assert_int_equal(steer_sa(&s, AT(2), false), STEER_STAY); /* a NAT's port has changed */
	assert_int_equal(steer_look(&s, AT(15.9), 9, 9), STEER_STAY);
	/* long before strongSwan gives the SA up, after 27 s */
	assert_int_equal(steer_look(&s, AT(16), 9, 9), STEER_BACK);
	assert_non_null(strstr(s.why, "prefer_best_path"));
	steer_back(&s, AT(16));
	assert_int_equal(s.state, STEER_RELAY);
	assert_int_equal(steer_sa(&s, AT(17), false), STEER_STAY);
	assert_int_equal(steer_look(&s, AT(99), 9, 9), STEER_STAY);
	assert_false(s.dark);
}

static void
test_goes_on(void **state)
{
	struct steer s = directly();
	enum steer_advice advice;

	(void)state;
	assert_int_equal(first_advice(&s, 1, 600, 100, 100, &advice), 0);
	assert_true(s.proved);
	/* only in, as in a download by UDP */
	assert_int_equal(first_advice(&s, 601, 900, 100, 0, &advice), 0);
}

/* Something is sent, and nothing comes any more. */
static void
test_breaks(void **state)
{
	struct steer s = directly();
	enum steer_advice advice;

	(void)state;
	assert_int_equal(first_advice(&s, 1, 100, 100, 100, &advice), 0);
	assert_int_equal(first_advice(&s, 101, 200, 0, 100, &advice), 105);
	assert_int_equal(advice, STEER_ASK);
	assert_int_equal(first_advice(&s, 106, 200, 0, 100, &advice), 106);
	assert_int_equal(advice, STEER_ASK);
	for (unsigned t = 107; t < 115; t++)
		assert_int_equal(steer_look(&s, AT(t), s.bytes_in, s.bytes_out + 1), STEER_ASK);
	assert_int_equal(steer_look(&s, AT(115), s.bytes_in, s.bytes_out), STEER_BACK);
	assert_non_null(strstr(s.why, "no longer answers"));
	assert_false(s.dark);
}

/* An upload that nobody answers: IKE is asked, and that is enough, as ESP came before. */
static void
test_one_way(void **state)
{
	struct steer s = directly();
	enum steer_advice advice;
	unsigned t;

	(void)state;
	assert_int_equal(first_advice(&s, 1, 10, 100, 100, &advice), 0);
	for (t = 11; t < 600; t++) {
		t = first_advice(&s, t, 700, 0, 100, &advice);
		assert_int_equal(advice, STEER_ASK);
		steer_answered(&s, AT(t));
	}
	/* asked seldom where nothing is sent */
	assert_int_equal(steer_look(&s, AT(t), s.bytes_in + 1, s.bytes_out), STEER_STAY);
	assert_int_equal(first_advice(&s, t + 1, t + 100, 0, 0, &advice), t + 30);
	assert_int_equal(advice, STEER_ASK);
	assert_int_equal(first_advice(&s, t + 40, t + 40, 0, 0, &advice), t + 40);
	assert_int_equal(advice, STEER_BACK);
}

/* IKE passes, and ESP does not. */
static void
test_dark(void **state)
{
	struct steer s = directly();
	enum steer_advice advice;

	(void)state;
	/* what came by the relay, until the move is over, proves nothing */
	assert_int_equal(first_advice(&s, 1, 5, 100, 100, &advice), 0);
	assert_false(s.proved);
	assert_int_equal(first_advice(&s, 6, 100, 0, 100, &advice), 6);
	assert_int_equal(advice, STEER_ASK);
	steer_answered(&s, AT(6));
	assert_int_equal(first_advice(&s, 7, 100, 0, 100, &advice), 8);
	assert_int_equal(advice, STEER_BACK);
	assert_true(s.dark);
	assert_non_null(strstr(s.why, "encap"));
	steer_back(&s, AT(5));
	assert_true(s.dark);
	steer_network_changed(&s, AT(6));
	assert_false(s.dark);
}

/* Nothing passes, IKE as little: it may do next time. */
static void
test_all_dark(void **state)
{
	struct steer s = directly();
	enum steer_advice advice;

	(void)state;
	assert_int_equal(first_advice(&s, 1, 100, 0, 100, &advice), 6);
	assert_int_equal(advice, STEER_ASK);
	for (unsigned t = 7; t < 16; t++)
		assert_int_equal(steer_look(&s, AT(t), s.bytes_in, s.bytes_out + 1), STEER_ASK);
	assert_int_equal(steer_look(&s, AT(16), s.bytes_in, s.bytes_out + 1), STEER_BACK);
	assert_non_null(strstr(s.why, "no longer answers"));
	assert_false(s.dark);
}

/* Who waits for an hour does not wait for one to see that no ESP comes, or nothing at all. */
static void
test_patient(void **state)
{
	struct steer s = directly();
	enum steer_advice advice;
	unsigned t;

	(void)state;
	s.dead_ns = 3600 * CV_NS_PER_S;
	t = first_advice(&s, 1, 100, 0, 100, &advice);
	assert_in_range(t, 10, 20);
	assert_int_equal(advice, STEER_ASK);
	assert_int_equal(steer_look(&s, AT(t + 14), s.bytes_in, s.bytes_out), STEER_ASK);
	assert_int_equal(steer_look(&s, AT(t + 15), s.bytes_in, s.bytes_out), STEER_BACK);
	assert_false(s.dark);
	s = directly();
	s.dead_ns = 3600 * CV_NS_PER_S;
	t = first_advice(&s, 1, 100, 0, 100, &advice);
	steer_answered(&s, AT(t));
	assert_int_equal(steer_look(&s, AT(t + 1), s.bytes_in, s.bytes_out), STEER_BACK);
	assert_true(s.dark);
}

/* strongSwan replaces its SAs, which then count from nothing. */
static void
test_counts_anew(void **state)
{
	struct steer s = directly();

	(void)state;
	assert_int_equal(steer_look(&s, AT(6), 5000, 5000), STEER_STAY);
	assert_false(s.proved);
	assert_int_equal(steer_look(&s, AT(7), 0, 100), STEER_STAY);
	assert_false(s.proved);
	assert_int_equal(s.in_vain, 0);
	assert_int_equal(steer_look(&s, AT(8), 10, 200), STEER_STAY);
	assert_true(s.proved);
}

/* It is asked at once; and strongSwan may have gone by itself. */
static void
test_network(void **state)
{
	struct steer s = directly();

	(void)state;
	assert_int_equal(steer_look(&s, AT(1), 0, 0), STEER_STAY);
	steer_network_changed(&s, AT(2));
	assert_int_equal(steer_look(&s, AT(2.5), 0, 0), STEER_ASK);
	steer_answered(&s, AT(3));
	assert_int_equal(steer_look(&s, AT(4), 0, 0), STEER_STAY);
	steer_network_changed(&s, AT(5));
	assert_int_equal(steer_look(&s, AT(14), 0, 0), STEER_ASK);
	assert_int_equal(steer_look(&s, AT(15), 0, 0), STEER_BACK);
	s = directly();
	assert_int_equal(steer_sa(&s, AT(1), false), STEER_BACK);
}

static void
test_interval(void **state)
{
	struct steer s = {.dead_ns = 2 * CV_NS_PER_S};

	(void)state;
	assert_int_equal(steer_interval(&s), CV_NS_PER_S / 2);
	s.dead_ns = DEAD_S * CV_NS_PER_S;
	assert_int_equal(steer_interval(&s), CV_NS_PER_S * 5 / 2);
	s.dead_ns = 3600 * CV_NS_PER_S;
	assert_int_equal(steer_interval(&s), 5 * CV_NS_PER_S);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tries),
		cmocka_unit_test(test_goes_on),
		cmocka_unit_test(test_breaks),
		cmocka_unit_test(test_one_way),
		cmocka_unit_test(test_dark),
		cmocka_unit_test(test_all_dark),
		cmocka_unit_test(test_patient),
		cmocka_unit_test(test_counts_anew),
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
