/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists and rings of embedded links. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/list.h"

struct item {
	char name;
	struct cv_link by_name, by_age;
};

/* The names of a list in order, both ways round. */
static void
expect(struct cv_list *list, const char *names)
{
	size_t n = 0, len = strlen(names);

	CV_LIST_EACH(list, link, after)
	{
		assert_true(n < len);
		assert_int_equal(CV_OBJECT(struct item, by_name, link)->name, names[n++]);
	}
	assert_int_equal(n, len);
	assert_int_equal(cv_list_empty(list), len == 0);
	for (const struct cv_link *link = list->head.prev; n > 0; link = link->prev)
		assert_int_equal(CV_OBJECT(struct item, by_name, link)->name, names[--n]);
}

static void
a_zeroed_list_is_empty(void **state)
{
	struct cv_list list = {0};
	struct cv_link link = {0};

	(void)state;
	expect(&list, "");
	assert_null(cv_list_first(&list));
	assert_false(cv_linked(&link));
	cv_unlink(&link);
	assert_false(cv_linked(&link));
}

static void
order_is_kept(void **state)
{
	struct item a = {.name = 'a'}, b = {.name = 'b'}, c = {.name = 'c'}, d = {.name = 'd'};
	struct cv_list list = {0};

	(void)state;
	cv_list_append(&list, &b.by_name);
	cv_list_append(&list, &c.by_name);
	cv_list_push(&list, &a.by_name);
	cv_list_append(&list, &d.by_name);
	expect(&list, "abcd");
	assert_true(cv_linked(&b.by_name));
	assert_false(cv_linked(&b.by_age));
	cv_unlink(&b.by_name); /* from the middle, */
	assert_false(cv_linked(&b.by_name));
	expect(&list, "acd");
	cv_unlink(&a.by_name); /* the first, */
	expect(&list, "cd");
	cv_unlink(&d.by_name); /* the last, */
	expect(&list, "c");
	cv_unlink(&c.by_name); /* and all */
	expect(&list, "");
	cv_list_push(&list, &a.by_name);
	expect(&list, "a");
}

static void
what_is_visited_may_leave(void **state)
{
	struct item items[5];
	struct cv_list list = {0};
	unsigned seen = 0;

	(void)state;
	memset(items, 0, sizeof(items));
	for (unsigned i = 0; i < 5; i++) {
		items[i].name = (char)('a' + i);
		cv_list_append(&list, &items[i].by_name);
	}
	CV_LIST_EACH(&list, link, after)
	{
		if (seen++ % 2 == 0)
			cv_unlink(link);
	}
	assert_int_equal(seen, 5);
	expect(&list, "bd");
}

static void
an_object_is_in_several_lists(void **state)
{
	struct item a = {.name = 'a'}, b = {.name = 'b'};
	struct cv_list by_name = {0}, by_age = {0};

	(void)state;
	cv_list_append(&by_name, &a.by_name);
	cv_list_append(&by_name, &b.by_name);
	cv_list_append(&by_age, &b.by_age);
	cv_list_append(&by_age, &a.by_age);
	cv_unlink(&a.by_name);
	expect(&by_name, "b");
	assert_ptr_equal(CV_OBJECT(struct item, by_age, cv_list_first(&by_age)), &b);
	assert_ptr_equal(cv_list_next(&by_age, &b.by_age), &a.by_age);
	assert_null(cv_list_next(&by_age, &a.by_age));
}

static void
a_ring_has_no_end(void **state)
{
	struct item a = {.name = 'a'}, b = {.name = 'b'}, c = {.name = 'c'};

	(void)state;
	cv_ring_begin(&a.by_age);
	assert_true(cv_ring_alone(&a.by_age));
	cv_ring_join(&a.by_age, &b.by_age);
	cv_ring_join(&a.by_age, &c.by_age);
	assert_ptr_equal(a.by_age.next, &b.by_age);
	assert_ptr_equal(b.by_age.next, &c.by_age);
	assert_ptr_equal(c.by_age.next, &a.by_age);
	assert_ptr_equal(a.by_age.prev, &c.by_age);
	assert_false(cv_ring_alone(&b.by_age));
	cv_unlink(&a.by_age);
	assert_ptr_equal(c.by_age.next, &b.by_age);
	cv_unlink(&b.by_age);
	assert_true(cv_ring_alone(&c.by_age));
	cv_unlink(&c.by_age);
	assert_false(cv_linked(&c.by_age));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_zeroed_list_is_empty),
		cmocka_unit_test(order_is_kept),
		cmocka_unit_test(what_is_visited_may_leave),
		cmocka_unit_test(an_object_is_in_several_lists),
		cmocka_unit_test(a_ring_has_no_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
