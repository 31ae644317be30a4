/* SPDX-License-Identifier: BSD-3-Clause */
/* What the users of a configuration have to say about a name: a pure function. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lns/lns.h"

static const char yaml[] = "ports: [{name: wan, device: 'af_packet:lns0'}]\n"
			   "listeners: [{address: 192.0.2.1/24}]\n"
			   "tunnels: {secrets: [{secret: none}]}\n"
			   "groups:\n"
			   "- {name: a, address: 10.0.0.1, pool: 10.0.0.0/24}\n"
			   "- {name: b, realm: other, address: 10.0.0.1, pool: 10.0.0.0/24}\n"
			   "users:\n"
			   "- {name: alice, password-file: alice, group: b, address: 10.0.0.77}\n"
			   "- {name: 'CORP\\bob', password-file: corp, group: a}\n"
			   "- {name: bob, password-file: bob, group: b}\n";

static struct cfg *cfg;

/* Each password is the name of its file. */
static int
read_secret(void *ctx, const char *path, size_t max, uint8_t **data, size_t *len, unsigned *mode)
{
	const char *name = strrchr(path, '/');

	(void)ctx;
	(void)max;
	*data = (uint8_t *)strdup(name == NULL ? path : name + 1);
	*len = strlen((char *)*data);
	*mode = 0600;
	return 0;
}

static int
setup(void **state)
{
	struct cfg_files files = {.read = read_secret};
	struct cfg_errors errors = {0};
	int rc = cfg_load("test.yaml", yaml, sizeof(yaml) - 1, &files, &errors, &cfg);
	char text[512];

	(void)state;
	for (size_t i = 0; rc != 0 && i < errors.n; i++)
		print_error("%s\n", cfg_error_text(&errors.items[i], text, sizeof(text)));
	cfg_errors_free(&errors);
	return rc;
}

static int
teardown(void **state)
{
	(void)state;
	cfg_free(cfg);
	return 0;
}

static struct lns_auth_answer
answer_about(const void *name, size_t len)
{
	struct lns_auth_ask ask = {.serial = 5, .number = 7, .name = {name, len}};
	struct lns_auth_answer answer;

	lns_users_answer(cfg, &ask, &answer);
	assert_int_equal(answer.number, 7);
	return answer;
}

static void
assert_is(
	const struct lns_auth_answer *a, const char *user, const char *password, const char *group)
{
	assert_int_equal(a->verdict, LNS_AUTH_SECRET);
	assert_int_equal(a->secret.kind, PPP_SECRET_PLAIN);
	assert_int_equal(a->secret.bytes.len, strlen(password));
	assert_memory_equal(a->secret.bytes.data, password, strlen(password));
	assert_int_equal(a->profile.user.len, strlen(user));
	assert_memory_equal(a->profile.user.data, user, strlen(user));
	assert_int_equal(a->profile.group, cfg_group_find(cfg, group)->id);
	assert_int_equal(a->profile.filter, LNS_GROUPS_FILTER);
	assert_int_equal(a->profile.mtu, 0);
	assert_int_equal(a->profile.sessions_max, 0);
	assert_true(a->profile.listed);
}

static void
who_is_there_gets_his_secret_and_profile(void **state)
{
	struct lns_auth_answer a = answer_about("alice", 5);
	struct cv_ip own = cv_ipv4(0x0a00004d);

	(void)state;
	assert_is(&a, "alice", "alice", "b");
	assert_true(cv_ip_equal(&a.profile.address, &own));
	a = answer_about("bob", 3);
	assert_is(&a, "bob", "bob", "b");
	assert_int_equal(a.profile.address.family, 0);
}

/* The whole name first, then what stands behind the last domain. */
static void
a_domain_in_front_matters_only_where_it_is_listed(void **state)
{
	struct lns_auth_answer a = answer_about("CORP\\bob", 8);

	(void)state;
	assert_is(&a, "CORP\\bob", "corp", "a");
	a = answer_about("ELSE\\bob", 8);
	assert_is(&a, "bob", "bob", "b");
	a = answer_about("A\\B\\bob", 7);
	assert_is(&a, "bob", "bob", "b");
	a = answer_about("ELSE\\alice", 10);
	assert_is(&a, "alice", "alice", "b");
}

static void
who_is_not_there_is_rejected(void **state)
{
	static const struct {
		const char *name;
		size_t len;
	} names[] = {{"carol", 5}, {"", 0}, {"alice\0", 6}, {"alic", 4}, {"bob\\", 4}, {"\\", 1},
		{"Alice", 5}, {"bob\\CORP", 8}};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct lns_auth_answer a = answer_about(names[i].name, names[i].len);

		assert_int_equal(a.verdict, LNS_AUTH_REJECTED);
		assert_int_equal(a.counter, LNS_USER_UNKNOWN);
		assert_string_equal(a.reason, "no such user");
		assert_int_equal(a.secret.bytes.len, 0);
		assert_int_equal(a.profile.user.len, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_there_gets_his_secret_and_profile),
		cmocka_unit_test(a_domain_in_front_matters_only_where_it_is_listed),
		cmocka_unit_test(who_is_not_there_is_rejected),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
