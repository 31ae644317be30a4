/* SPDX-License-Identifier: BSD-3-Clause */
/* What a running server asks: users by name, tunnel secrets by peer. */
#include "harness.h"

static struct loaded t;
static char text[4096];

static void
users_by_name(void **state)
{
	static const char *const absent[] = {"", "a", "ann", "annab", "annabells", "bo", "zoe"};

	(void)state;
	load(&t, with_rest(text, sizeof(text),
			 "users:\n"
			 "  - { name: bob, password-file: bob.secret }\n"
			 "  - { name: anna, password-file: bob.secret }\n"
			 "  - { name: annabell, password-file: bob.secret }\n"
			 "  - { name: Zoe, password-file: bob.secret }\n"
			 "  - { name: \"annabel:x\", password-file: bob.secret }\n"));
	assert_string_equal(t.text, "");
	assert_int_equal(t.cfg->n_users, 5);
	for (size_t i = 0; i < t.cfg->n_users; i++) {
		const struct cfg_user *u = &t.cfg->users[i];

		assert_int_equal(u->name_len, strlen(u->name));
		assert_ptr_equal(cfg_user_find(t.cfg, u->name, u->name_len), u);
	}
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		assert_null(cfg_user_find(t.cfg, absent[i], strlen(absent[i])));
	assert_null(cfg_user_find(t.cfg, "bob\0", 4));
	assert_null(cfg_user_find(t.cfg, "\xff\xff", 2));
	assert_null(cfg_user_find(t.cfg, NULL, 0));
	unload(&t);
	load(&t, with_rest(text, sizeof(text), ""));
	assert_null(cfg_user_find(t.cfg, "bob", 3));
	unload(&t);
}

/* The index of the entry that fits, or -1. */
static int
entry(uint16_t listener, const char *peer, const char *host)
{
	const struct cfg_tunnel_secret *s;
	struct cv_ip ip;

	assert_int_equal(cv_ip_parse(peer, &ip), 0);
	s = cfg_tunnel_secret_find(t.cfg, listener, &ip, host, strlen(host));
	return s == NULL ? -1 : (int)(s - t.cfg->tunnels.secrets);
}

static void
secrets_by_peer_host_and_listener(void **state)
{
	(void)state;
	load(&t, with_rest(text, sizeof(text),
			 "listeners:\n"
			 "  - { address: 192.0.2.1/24 }\n"
			 "  - { address: 192.0.2.2/24 }\n"
			 "tunnels:\n"
			 "  secrets:\n"
			 "    - { peer: 198.51.100.0/24, host: lac1, secret-file: tunnel.secret }\n"
			 "    - { peer: 198.51.100.0/24, listener: 192.0.2.2:1701, secret: none }\n"
			 "    - { host: lac2, secret-file: tunnel.secret }\n"
			 "    - { peer: 198.51.100.7/32, secret: none }\n"
			 "    - { peer: 198.51.100.0/24, secret: none }\n"
			 "    - { peer: 203.0.113.9, host: lac3, listener: 192.0.2.1:1701, "
			 "secret: none }\n"));
	assert_string_equal(t.text, "");
	assert_int_equal(entry(0, "198.51.100.7", "lac1"), 0);
	assert_int_equal(entry(1, "198.51.100.7", "lac1"), 0);
	assert_int_equal(entry(1, "198.51.100.7", "lac2"), 1);
	assert_int_equal(entry(0, "198.51.100.7", "lac2"), 2);
	assert_int_equal(entry(0, "10.0.0.1", "lac2"), 2);
	assert_int_equal(entry(0, "198.51.100.7", "other"), 3);
	assert_int_equal(entry(0, "198.51.100.8", "other"), 4);
	assert_int_equal(entry(0, "198.51.100.8", ""), 4);
	assert_int_equal(entry(0, "203.0.113.9", "lac3"), 5);
	assert_int_equal(entry(1, "203.0.113.9", "lac3"), -1);
	assert_int_equal(entry(0, "203.0.113.9", "LAC3"), -1);
	assert_int_equal(entry(0, "198.51.101.7", "lac1"), -1);
	assert_int_equal(entry(0, "::1", "lac1"), -1);
	assert_null(
		cfg_tunnel_secret_find(t.cfg, 0, &(struct cv_ip){.family = CV_IPV4}, "lac2\0", 5));
	unload(&t);
}

static const char *
owner(uint16_t realm, const char *address)
{
	const struct cfg_user *u;
	struct cv_ip ip;

	assert_int_equal(cv_ip_parse(address, &ip), 0);
	u = cfg_address_user(t.cfg, realm, &ip);
	return u == NULL ? "-" : u->name;
}

static void
users_by_their_own_address(void **state)
{
	(void)state;
	load(&t, with_rest(text, sizeof(text),
			 "groups:\n"
			 "  - { name: a, address: 10.0.0.1, pool: 10.0.0.0/16 }\n"
			 "  - { name: b, realm: other, address: 10.0.0.1, pool: 10.0.0.0/16 }\n"
			 "users:\n"
			 "  - { name: zoe, group: a, password-file: bob.secret, address: 10.0.1.2 "
			 "}\n"
			 "  - { name: anna, group: a, password-file: bob.secret, address: 10.0.2.1 "
			 "}\n"
			 "  - { name: bob, group: b, password-file: bob.secret, address: 10.0.1.2 "
			 "}\n"
			 "  - { name: carl, group: b, password-file: bob.secret }\n"));
	assert_string_equal(t.text, "");
	assert_int_equal(t.cfg->n_fixed, 3);
	assert_string_equal(owner(0, "10.0.1.2"), "zoe");
	assert_string_equal(owner(0, "10.0.2.1"), "anna");
	assert_string_equal(owner(1, "10.0.1.2"), "bob");
	assert_string_equal(owner(1, "10.0.2.1"), "-");
	assert_string_equal(owner(2, "10.0.1.2"), "-");
	assert_string_equal(owner(0, "10.0.1.1"), "-");
	assert_string_equal(owner(0, "a00:102::"), "-"); /* the same bytes */
	unload(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users_by_name),
		cmocka_unit_test(users_by_their_own_address),
		cmocka_unit_test(secrets_by_peer_host_and_listener),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
