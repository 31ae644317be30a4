/* SPDX-License-Identifier: BSD-3-Clause */
/* The process that runs a configured command with rights that its client has given up; and who the
 * client is then. The latter is skipped where we have none to give up. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/time.h"
#include "culvert-client/deputy.h"
#include "culvert-client/rights.h"

static char folder[] = "/tmp/culvert-deputy.XXXXXX";
static char said[64];

static int
setup(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(said, sizeof(said), "%s/said", folder);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)unlink(said);
	return rmdir(folder);
}

/* What it answers to an order with these arguments. */
static int
answer(enum deputy_order order, const char **argv, size_t n, uint64_t timeout_ns)
{
	struct cfg_ipsec cfg = {.timeout_ns = timeout_ns};
	const struct deputy_params p = {.ipsec = &cfg};
	struct deputy d;
	int rc;

	if (order == DEPUTY_UP)
		cfg.up = argv, cfg.n_up = n;
	else
		cfg.down = argv, cfg.n_down = n;
	assert_int_equal(deputy_start(&d, &p), 0);
	assert_int_equal(deputy_order(&d, order, ""), 0);
	rc = deputy_answer(&d);
	deputy_end(&d);
	assert_int_equal(kill(d.pid, 0), -1);
	return rc;
}

static void
test_no_shell(void **state)
{
	const char *argv[] = {
		"/bin/sh", "-c", "printf '%s|' \"$@\" >\"$0\"", said, "a b", "$HOME;*"};
	char text[64] = "";
	FILE *f;

	(void)state;
	assert_int_equal(answer(DEPUTY_UP, argv, 6, CV_NS_PER_S * 30), 0);
	f = fopen(said, "r");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	assert_string_equal(text, "a b|$HOME;*|");
}

static void
test_exit_codes(void **state)
{
	const char *three[] = {"/bin/sh", "-c", "exit 3"};
	const char *killed[] = {"/bin/sh", "-c", "kill -9 $$"};
	const char *none[] = {"/nowhere/program"};

	(void)state;
	assert_int_equal(answer(DEPUTY_DOWN, three, 3, CV_NS_PER_S * 30), 3);
	assert_int_equal(answer(DEPUTY_UP, killed, 3, CV_NS_PER_S * 30), DEPUTY_NOT_RUN);
	assert_int_equal(answer(DEPUTY_UP, none, 1, CV_NS_PER_S * 30), 127);
	assert_int_equal(answer(DEPUTY_DOWN, NULL, 0, CV_NS_PER_S * 30), 0);
}

/* It is killed with all that it has started: nobody else holds the pipe any more. */
static void
test_late(void **state)
{
	const char *argv[] = {"/bin/sh", "-c", "exec 9>\"$0\"; sleep 1000 & sleep 1000", said};
	char byte;
	int fd;

	(void)state;
	(void)unlink(said);
	assert_int_equal(mkfifo(said, 0600), 0);
	fd = open(said, O_RDONLY | O_NONBLOCK);
	assert_true(fd >= 0);
	assert_int_equal(answer(DEPUTY_UP, argv, 4, CV_NS_PER_S), DEPUTY_TIMEOUT);
	(void)fcntl(fd, F_SETFL, 0);
	assert_int_equal(read(fd, &byte, 1), 0); /* waits until its last writer is gone */
	close(fd);
}

/* What the client has open is not for those whom it starts. */
static void
test_nothing_inherited(void **state)
{
	const char *argv[] = {"/bin/sh", "-c", "[ ! -e /proc/self/fd/77 ]"};

	(void)state;
	assert_int_equal(dup2(STDERR_FILENO, 77), 77);
	assert_int_equal(answer(DEPUTY_UP, argv, 3, CV_NS_PER_S * 30), 0);
	close(77);
}

static void
test_killed_deputy(void **state)
{
	struct cfg_ipsec cfg = {.timeout_ns = CV_NS_PER_S};
	const struct deputy_params p = {.ipsec = &cfg};
	struct deputy d;

	(void)state;
	assert_int_equal(deputy_start(&d, &p), 0);
	kill(d.pid, SIGKILL);
	assert_int_equal(waitpid(d.pid, NULL, 0), d.pid);
	assert_int_equal(deputy_answer(&d), DEPUTY_GONE);
	assert_int_equal(deputy_order(&d, DEPUTY_UP, ""), -1);
	deputy_end(&d);
}

/* A capability of ours, as /proc has it: NET_ADMIN is bit 12, NET_RAW 13. */
static unsigned long long
capabilities(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	unsigned long long bits = ~0ull;
	char line[256];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "CapEff:", 7) == 0)
			bits = strtoull(line + 7, NULL, 16);
	if (f != NULL)
		fclose(f);
	return bits;
}

static int
become_nobody(void)
{
	char err[256];

	if (rights_drop("nobody", folder, err, sizeof(err)) != 0)
		return 1;
	if (geteuid() == 0 || getuid() == 0 || getegid() == 0 || getgroups(0, NULL) != 0)
		return 2;
	if (capabilities() != (1ull << 12 | 1ull << 13))
		return 3;
	return setuid(0) == 0 ? 4 : 0;
}

static void
test_rights(void **state)
{
	char err[256] = "";
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(rights_drop("no-such-user-here", folder, err, sizeof(err)), -1);
	assert_non_null(strstr(err, "there is no such user"));
	assert_int_equal(rights_drop("root", folder, err, sizeof(err)), 0);
	assert_int_equal(geteuid(), 0);
	pid = fork();
	if (pid == 0)
		_exit(become_nobody());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_shell),
		cmocka_unit_test(test_exit_codes),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_nothing_inherited),
		cmocka_unit_test(test_killed_deputy),
		cmocka_unit_test(test_rights),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
