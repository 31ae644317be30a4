/* SPDX-License-Identifier: BSD-3-Clause */
/* Each allocation of the library fails once: no crash, no leak, and CV_ERR_NOMEM. */
#include "harness.h"

void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *text);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *text);

static unsigned allocations, failing; /* which of them fails, from 1; 0: none */

static int
fails(void)
{
	return ++allocations == failing;
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

char *
__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

/* Loads with every allocation failing in its turn; wants `rc` when none does. */
static void
fail_each(const char *text, int rc)
{
	static struct loaded t;
	unsigned n;

	failing = allocations = 0;
	load(&t, text);
	unload(&t);
	assert_int_equal(t.rc, rc);
	n = allocations;
	assert_true(n > 0);
	for (unsigned i = 1; i <= n; i++) {
		failing = i;
		allocations = 0;
		load(&t, text);
		unload(&t);
		assert_int_equal(t.rc, CV_ERR_NOMEM);
	}
	failing = 0;
}

static void
a_right_file(void **state)
{
	size_t len;
	char *example = read_source(EXAMPLE, &len);

	(void)state;
	fail_each(example, 0);
	free(example);
}

static void
a_wrong_file(void **state)
{
	(void)state;
	fail_each("logg: 1\n"
		  "log: { level: x }\n"
		  "ports: [{ name: a, device: tap:b }]\n"
		  "listeners: [{ port: b, address: 192.0.2.1/24 }]\n"
		  "users: [{ name: u, password-file: nowhere, group: g }]\n"
		  "users-file: users.txt\n",
		CV_ERR_CONFIG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_right_file),
		cmocka_unit_test(a_wrong_file),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
