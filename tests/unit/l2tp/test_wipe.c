/* SPDX-License-Identifier: BSD-3-Clause */
/* A password that a LAC tells on in an ICCN is in no block that is given back: the library's own
 * free() is looked over as it is called. */
#include <malloc.h>
#include <string.h>

#include "pair.h"

enum { CALL = 501, ANSWER = 601 };

void __real_free(void *p);
void __wrap_free(void *p);

static const char password[] = "a-password-of-nobody";
static unsigned freed, left; /* blocks; those that the password was in */

void
__wrap_free(void *p)
{
	freed++;
	left += p != NULL && memmem(p, malloc_usable_size(p), password, strlen(password)) != NULL;
	__real_free(p);
}

enum way { IN_TURN, EARLY, UNSENT };

/* The LAC's messages of now, of which there are two, arrive the other way round. */
static void
swapped(struct pair *p)
{
	uint8_t first[1500], second[1500];
	int one = l2tp_tunnel_poll_output(p->lac, p->now, first, sizeof(first));
	int two = l2tp_tunnel_poll_output(p->lac, p->now, second, sizeof(second));

	assert_true(one > 0 && two > 0);
	assert_int_equal(l2tp_tunnel_input(p->lns, p->now, second, (size_t)two), 0);
	assert_int_equal(l2tp_tunnel_input(p->lns, p->now, first, (size_t)one), 0);
}

static void
no_password_is_left(void **state)
{
	static const uint8_t type[2] = {0, L2TP_PROXY_PAP};
	const struct l2tp_said said[] = {{L2TP_AVP_PROXY_AUTHEN_TYPE, {type, sizeof(type)}},
		{L2TP_AVP_PROXY_AUTHEN_RESPONSE,
			{(const uint8_t *)password, sizeof(password) - 1}}};

	(void)state;
	for (enum way way = IN_TURN; way <= UNSENT; way++) {
		struct l2tp_told *told = l2tp_told_new(NULL, said, 2);
		uint8_t bytes[1500];
		struct pair p;
		int len;

		up(&p, false, false);
		freed = left = 0;
		assert_int_equal(l2tp_call_dial(p.lac, p.now, CALL, told), 0);
		l2tp_told_free(told);
		carry(&p);
		expect(p.lns, L2TP_EV_CALL_REQUEST);
		assert_int_equal(l2tp_call_accept(p.lns, p.now, CALL, ANSWER), 0);
		if (way == EARLY) /* a message before the ICCN that comes behind it */
			assert_int_equal(l2tp_call_dial(p.lac, p.now, CALL + 1, NULL), 0);
		len = l2tp_tunnel_poll_output(p.lns, p.now, bytes, sizeof(bytes));
		assert_true(len > 0);
		assert_int_equal(l2tp_tunnel_input(p.lac, p.now, bytes, (size_t)len), 0);
		if (way == EARLY)
			swapped(&p);
		if (way != UNSENT) {
			carry(&p);
			expect(p.lns, way == EARLY ? L2TP_EV_CALL_REQUEST : L2TP_EV_CALL_UP);
		}
		down(&p);
		assert_true(freed > 4);
		assert_int_equal(left, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_password_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
