/* SPDX-License-Identifier: BSD-3-Clause */
/* The control socket on its loop: however many ask at once, what else is on the loop comes after
 * each answer, and how long the longest took is known. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <event2/event.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "control/control.h"

enum { ASKERS = 12, BUSY_NS = 3000000 };

static unsigned answered;
static uint64_t busy_ns;

static json_t *
handle(void *ctx, const char *command, json_t *arguments, struct control_error *error)
{
	struct timespec t;
	uint64_t start = 0, now;

	(void)ctx;
	(void)command;
	(void)arguments;
	(void)error;
	answered++;
	do {
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
		now = (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
		start = start == 0 ? now : start;
	} while (now - start < busy_ns);
	return json_true();
}

static int
ask(const char *path)
{
	static const char request[] = "{\"command\": \"x\"}\n";
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
	return fd;
}

static void
one_answer_a_round_however_many_ask(void **state)
{
	char folder[] = "/tmp/culvert-answers.XXXXXX", path[64], err[256] = "";
	struct event_base *base = event_base_new();
	struct control_server *s;
	int fds[ASKERS];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	s = control_server_new(base, path, 0600, (gid_t)-1, handle, NULL, err, sizeof(err));
	assert_string_equal(err, "");
	assert_int_equal(control_server_longest_ns(s), 0);
	for (unsigned i = 0; i < ASKERS; i++)
		fds[i] = ask(path);
	for (unsigned round = 0; answered < ASKERS; round++) {
		unsigned before = answered;

		busy_ns = answered == ASKERS / 2 ? BUSY_NS : 0;
		assert_true(round < 100 * ASKERS);
		event_base_loop(base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
		assert_true(answered <= before + 1);
	}
	assert_true(control_server_longest_ns(s) >= BUSY_NS);
	for (unsigned i = 0; i < 3 * ASKERS; i++) /* what was written goes out */
		event_base_loop(base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
	for (unsigned i = 0; i < ASKERS; i++) {
		char answer[64] = "";

		assert_true(recv(fds[i], answer, sizeof(answer) - 1, MSG_DONTWAIT) > 0);
		assert_string_equal(answer, "{\"result\":true}\n");
		close(fds[i]);
	}
	control_server_free(s);
	event_base_free(base);
	assert_int_equal(rmdir(folder), 0);
}

/* Who asks for the end is answered, also where the loop ends with it. */
static void
the_last_answer_comes(void **state)
{
	char folder[] = "/tmp/culvert-answers.XXXXXX", path[64], err[256] = "", answer[64] = "";
	struct event_base *base = event_base_new();
	struct control_server *s;
	int fd, idle;

	(void)state;
	signal(SIGPIPE, SIG_IGN); /* as both programs do */
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	s = control_server_new(base, path, 0600, (gid_t)-1, handle, NULL, err, sizeof(err));
	assert_non_null(s);
	idle = ask(path);
	answered = 0;
	for (unsigned round = 0; answered == 0; round++) {
		assert_true(round < 100);
		event_base_loop(base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
	}
	close(idle); /* nobody reads that one */
	fd = ask(path);
	for (unsigned round = 0; answered == 1; round++) {
		assert_true(round < 100);
		event_base_loop(base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
	}
	control_server_free(s);
	assert_true(recv(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT) > 0);
	assert_string_equal(answer, "{\"result\":true}\n");
	close(fd);
	event_base_free(base);
	assert_int_equal(rmdir(folder), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_answer_a_round_however_many_ask),
		cmocka_unit_test(the_last_answer_comes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
