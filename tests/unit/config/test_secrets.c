/* SPDX-License-Identifier: BSD-3-Clause */
/* Secrets: from files, each wrong way, and never in an error. */
#include "harness.h"

#include <errno.h>

static const struct bad inline_secrets[] = {
	{"tunnels:\n"
	 "  secrets:\n"
	 "    - {}\n",
		"t.yaml:3:7: tunnels.secrets[0].secret-file: is required, or secret: none\n"},
	{"tunnels:\n"
	 "  secrets:\n"
	 "    - { secret-file: tunnel.secret, secret: none }\n",
		"t.yaml:3:45: tunnels.secrets[0].secret: either secret-file or secret: none, not "
		"both\n"},
	{"tunnels:\n"
	 "  secrets:\n"
	 "    - { secret: hunter2 }\n",
		"t.yaml:3:17: tunnels.secrets[0].secret: secrets come from files: write "
		"secret-file: FILE, or secret: none\n"},
	{"tunnels:\n"
	 "  secrets:\n"
	 "    - { secret: \"none\" }\n",
		"t.yaml:3:17: tunnels.secrets[0].secret: secrets come from files: write "
		"secret-file: FILE, or secret: none\n"},
	{"tunnels:\n"
	 "  secrets:\n"
	 "    - { secret: { hunter2: hunter2 } }\n",
		"t.yaml:3:17: tunnels.secrets[0].secret: secrets come from files: write "
		"secret-file: FILE, or secret: none\n"},
	{"tunnels:\n"
	 "  secrets:\n"
	 "    - { secret: }\n",
		"t.yaml:3:9: tunnels.secrets[0].secret: secrets come from files: write "
		"secret-file: FILE, or secret: none\n"},
	{"tunnels:\n"
	 "  secrets:\n"
	 "    - { secret-file: nowhere }\n",
		"t.yaml:3:22: tunnels.secrets[0].secret-file: nowhere: No such file or "
		"directory\n"},
	{"tunnels:\n"
	 "  secrets:\n"
	 "    - { secret-file: [hunter2] }\n",
		"t.yaml:3:22: tunnels.secrets[0].secret-file: must be one value, not a list\n"},
	{"tunnels:\n"
	 "  secrets:\n"
	 "    - { hunter2 }\n",
		"t.yaml:3:7: tunnels.secrets[0].secret-file: is required, or secret: none\n"
		"t.yaml:3:9: tunnels.secrets[0]: unknown key; the keys here are peer, host, "
		"listener, secret-file, secret, proxy, outgoing\n"},
	{"tunnels:\n"
	 "  secrets:\n"
	 "    - { secret-fil: tunnel.secret }\n",
		"t.yaml:3:7: tunnels.secrets[0].secret-file: is required, or secret: none\n"
		"t.yaml:3:9: tunnels.secrets[0]: unknown key; did you mean secret-file?\n"},
	{"tunnels:\n"
	 "  secrets:\n"
	 "    - hunter2\n",
		"t.yaml:3:7: tunnels.secrets[0]: must be a mapping of keys to values\n"},
	{"tunnels:\n"
	 "  secrets:\n"
	 "    - { host: \"\", secret: none }\n",
		"t.yaml:3:15: tunnels.secrets[0].host: must have 1 to 255 characters, not 0\n"},
	{"tunnels:\n"
	 "  secrets: hunter2\n",
		"t.yaml:2:12: tunnels.secrets: must be a list\n"},
	{"tunnels:\n"
	 "  secrets: []\n",
		"t.yaml:2:12: tunnels.secrets: must have 1 to 100000 items, not 0\n"},
	{"users:\n"
	 "  - { name: u, password: hunter2 }\n",
		"t.yaml:2:26: users[0].password: secrets come from files: write password-file: "
		"FILE\n"},
	{"users:\n"
	 "  - { name: u, password: none, password-file: bob.secret }\n",
		"t.yaml:2:26: users[0].password: secrets come from files: write password-file: "
		"FILE\n"},
	{"users:\n"
	 "  - { name: u, passwd: hunter2 }\n",
		"t.yaml:2:5: users[0].password-file: is required: file with the password\n"
		"t.yaml:2:16: users[0]: unknown key; the keys here are name, password-file, group, "
		"address, prefix6, delegated, routes, rate-in, rate-out\n"},
	{"users:\n"
	 "  - { name: u, hunter2 }\n",
		"t.yaml:2:5: users[0].password-file: is required: file with the password\n"
		"t.yaml:2:16: users[0]: unknown key; the keys here are name, password-file, group, "
		"address, prefix6, delegated, routes, rate-in, rate-out\n"},
	{"users:\n"
	 "  - { name: u, password-file: nowhere }\n",
		"t.yaml:2:31: users[0].password-file: nowhere: No such file or directory\n"},
	{"users:\n"
	 "  - { name: u }\n",
		"t.yaml:2:5: users[0].password-file: is required: file with the password\n"},
	{"users: hunter2\n", "t.yaml:1:8: users: must be a list\n"},
	{"users: { u: hunter2 }\n", "t.yaml:1:8: users: must be a list\n"},
	{"users:\n"
	 "  - u: hunter2\n",
		"t.yaml:2:5: users[0]: unknown key; the keys here are name, password-file, group, "
		"address, prefix6, delegated, routes, rate-in, rate-out\n"
		"t.yaml:2:5: users[0].name: is required: name that the user gives\n"
		"t.yaml:2:5: users[0].password-file: is required: file with the password\n"},
	{"users: [hunter2]\n", "t.yaml:1:9: users[0]: must be a mapping of keys to values\n"},
	{"users-file: nowhere\n", "t.yaml:1:13: users-file: nowhere: No such file or directory\n"},
	{"users-file: [hunter2]\n", "t.yaml:1:13: users-file: must be one value, not a list\n"},
	{"users-file:\n", "t.yaml:1:1: users-file: has no value: give one or leave the key out\n"},
};

static void
inline_secrets_are_refused(void **state)
{
	(void)state;
	wants_all(inline_secrets, sizeof(inline_secrets) / sizeof(inline_secrets[0]));
}

static struct loaded t;
static char text[4096];

static const char users_secret[] = "users: [{ name: u, password-file: u.secret }]\n";

static void
files_that_cannot_be_read(void **state)
{
	static char big[5000];
	static const struct {
		size_t len;
		int error;
		const char *lines;
	} files[] = {
		{0, EACCES, "t.yaml:1:35: users[0].password-file: u.secret: Permission denied\n"},
		{0, EISDIR, "t.yaml:1:35: users[0].password-file: u.secret: Is a directory\n"},
		{0, 0, "t.yaml:1:35: users[0].password-file: u.secret: the file is empty\n"},
		{256, 0,
			"t.yaml:1:35: users[0].password-file: u.secret: the secret is longer than "
			"255 bytes\n"},
		{5000, 0,
			"t.yaml:1:35: users[0].password-file: u.secret: the secret is longer "
			"than 255 bytes\n"},
	};

	(void)state;
	memset(big, 'x', sizeof(big));
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		files_reset();
		file_set("u.secret", big, files[i].len, 0600, files[i].error);
		wants_errors(users_secret, files[i].lines);
	}
	files_reset();
	file_set("u.secret", "\n", 1, 0600, 0);
	wants_errors(
		users_secret, "t.yaml:1:35: users[0].password-file: u.secret: the file is empty\n");
	files_reset();
}

#define MARK "it begins with a byte order mark, which is taken as part of it"
#define LINES "it has more than one line end, of which only the last is taken off"
#define BLANK "it has a blank at an end, which is taken as part of it"

/* One is; what else an editor may have put there unseen is part of the secret, and warned about. */
static void
newlines_are_stripped_and_what_is_odd_is_warned_about(void **state)
{
	static const struct {
		const char *bytes;
		size_t len, kept;
		const char *odd; /* what is warned about; NULL: nothing */
	} files[] = {
		{"hush", 4, 4, NULL},
		{"hush\n", 5, 4, NULL},
		{"hush\r\n", 6, 4, NULL},
		{"hu sh\n", 6, 5, NULL},
		{"\xef\xbbhush", 6, 6, NULL},
		{"hush\n\n", 6, 5, LINES},
		{"hush\r\n\r\n", 8, 6, LINES},
		{"hush\r", 5, 5, LINES},
		{"\nhush", 5, 5, LINES},
		{"hu\nsh\n", 6, 5, LINES},
		{"hu\0sh\n", 6, 5, "it has a NUL byte, as a file in UTF-16 has"},
		{" hush", 5, 5, BLANK},
		{"hush \n", 6, 5, BLANK},
		{"\thush\n", 6, 5, BLANK},
		{"\xef\xbb\xbfhush\n", 8, 7, MARK},
		{"\xef\xbb\xbf", 3, 3, MARK},
	};
	char warning[200];

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		files_reset();
		file_set("u.secret", files[i].bytes, files[i].len, 0600, 0);
		load(&t, with_rest(text, sizeof(text), users_secret));
		snprintf(warning, sizeof(warning),
			"t.yaml:1:35: warning: users[0].password-file: u.secret: the secret is "
			"odd: %s\n",
			files[i].odd);
		assert_string_equal(t.text, files[i].odd == NULL ? "" : warning);
		assert_int_equal(t.cfg->users[0].password.len, files[i].kept);
		assert_memory_equal(t.cfg->users[0].password.data, files[i].bytes, files[i].kept);
		unload(&t);
	}
	files_reset();
}

static void
odd_passwords_of_the_users_file_are_warned_about(void **state)
{
	static const char lines[] =
		"a:hush\nb: hush\r\nc:hu sh\n\nd:hush\t:clients\ne:\xef\xbb\xbfhush";

	(void)state;
	files_reset();
	file_set("users.txt", lines, strlen(lines), 0600, 0);
	wants_errors("users-file: users.txt\n"
		     "groups: [{ name: clients, address: 10.88.0.1, pool: 10.88.1.0/24 }]\n",
		"users.txt:2:3: warning: the password is odd: " BLANK "\n"
		"users.txt:5:3: warning: the password is odd: " BLANK "\n"
		"users.txt:6:3: warning: the password is odd: " MARK "\n");
	files_reset();
}

static void
open_files_are_warned_about(void **state)
{
	static const unsigned closed[] = {0600, 0640, 0400, 0770};

	(void)state;
	files_reset();
	file_set("u.secret", "hush", 4, 0644, 0);
	load(&t, with_rest(text, sizeof(text), users_secret));
	assert_int_equal(t.rc, 0);
	assert_int_equal(t.errors.n, 1);
	assert_int_equal(t.errors.errors, 0);
	assert_string_equal(t.text,
		"t.yaml:1:35: warning: users[0].password-file: u.secret is open to all users of "
		"the machine (mode 0644): chmod o= u.secret\n");
	unload(&t);
	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
		files_reset();
		file_set("u.secret", "hush", 4, closed[i], 0);
		wants_errors(users_secret, "");
	}
	files_reset();
}

/* Inline secrets in each of the cases above say "hunter2"; only a name of a file may be shown. */
static void
no_secret_is_shown(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(inline_secrets) / sizeof(inline_secrets[0]); i++)
		assert_null(strstr(inline_secrets[i].lines, "hunter2"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inline_secrets_are_refused),
		cmocka_unit_test(files_that_cannot_be_read),
		cmocka_unit_test(newlines_are_stripped_and_what_is_odd_is_warned_about),
		cmocka_unit_test(odd_passwords_of_the_users_file_are_warned_about),
		cmocka_unit_test(open_files_are_warned_about),
		cmocka_unit_test(no_secret_is_shown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
