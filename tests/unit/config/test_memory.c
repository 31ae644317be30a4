/* SPDX-License-Identifier: BSD-3-Clause */
/* Each allocation of the library fails once: no crash, no leak, and CV_ERR_NOMEM. */
#include "harness.h"

#include "config/diff.h"

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

/* What was found until then is freed, and both snapshots are let go. */
static void
a_difference(void **state)
{
	static const char *const names[] = {"one", "other"};
	static struct loaded t[2];
	static char text[2][64 * 1024];
	struct cfg_diff diff;
	unsigned n;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		size_t used = (size_t)sprintf(text[i], "groups:\n");
		static char all[64 * 1024];

		for (unsigned g = 0; g < 100; g++)
			used += (size_t)sprintf(text[i] + used,
				" - { name: %s%u, address: 10.0.0.1 }\n", names[i], g);
		load(&t[i], with_rest(all, sizeof(all), text[i]));
	}
	assert_int_equal(cfg_continue(t[1].cfg, t[0].cfg), 0);
	allocations = failing = 0;
	assert_int_equal(cfg_diff(t[0].cfg, t[1].cfg, &diff), 0);
	cfg_diff_free(&diff);
	n = allocations;
	assert_true(n > 1);
	for (unsigned i = 1; i <= n; i++) {
		failing = i;
		allocations = 0;
		assert_int_equal(cfg_diff(t[0].cfg, t[1].cfg, &diff), CV_ERR_NOMEM);
		cfg_diff_free(&diff);
	}
	failing = 0;
	unload(&t[0]);
	unload(&t[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_right_file),
		cmocka_unit_test(a_wrong_file),
		cmocka_unit_test(a_difference),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
