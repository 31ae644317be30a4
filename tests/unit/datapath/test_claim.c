/* SPDX-License-Identifier: BSD-3-Clause */
/* One process serves an interface, and no other user can keep it from that. */
#include "interface.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/un.h>
#include <sys/wait.h>

static const struct dp quiet = {.log = &log};

static int
claim(struct dp_port *port, enum dp_port_kind kind)
{
	*port = (struct dp_port){.kind = kind, .name = "wan", .device = DEVICE};
	return dp_interface_claim(&quiet, port);
}

/* A process of its own that does something, says so, and waits to be killed. */
static pid_t
another_process(void (*what)(void))
{
	int ends[2];
	char done;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* not left behind by a test that fails */
		what();
		(void)!write(ends[1], "", 1);
		for (;;)
			pause();
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &done, 1), 1);
	close(ends[0]);
	return pid;
}

static void
end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
serve_it(void)
{
	struct dp_port port;

	if (claim(&port, DP_PORT_AF_PACKET) != 0)
		_exit(1);
}

static void
a_second_process_on_an_interface_is_refused(void **state)
{
	int cable = make_interface();
	struct dp_port port;
	char line[200];
	pid_t pid;

	(void)state;
	pid = another_process(serve_it);
	said[0] = '\0';
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(claim(&port, DP_PORT_AF_PACKET), CV_ERR_EXISTS);
	snprintf(line, sizeof(line),
		"port-failed port=wan device=" DEVICE
		" pid=%d reason=\"another culvertd serves this interface\"\n",
		(int)pid);
	assert_int_equal(times(line), 3);
	end(pid); /* without a word, as when it crashes */
	assert_int_equal(claim(&port, DP_PORT_AF_PACKET), 0);
	dp_interface_release(&port);
	close(cable);
}

static void
a_tap_is_refused_as_well(void **state)
{
	struct dp_port one, two;

	(void)state;
	assert_int_equal(claim(&one, DP_PORT_TAP), 0);
	assert_int_equal(claim(&two, DP_PORT_TAP), CV_ERR_EXISTS);
	dp_interface_release(&one);
	assert_int_equal(claim(&two, DP_PORT_TAP), 0);
	dp_interface_release(&two);
	assert_int_equal(claim(&one, DP_PORT_ETHDEV), 0);
	assert_int_equal(one.lock, -1);
}

/* In another network namespace, an interface of the same name and number is another one. */
static void
serve_elsewhere(void)
{
	struct dp_port tap;

	if (unshare(CLONE_NEWNET) != 0)
		_exit(1);
	make_interface();
	serve_it();
	if (claim(&tap, DP_PORT_TAP) != 0)
		_exit(1);
}

static void
another_namespace_is_no_hindrance(void **state)
{
	struct dp_port port;
	pid_t pid;
	int cable;

	(void)state;
	pid = another_process(serve_elsewhere);
	cable = make_interface();
	assert_int_equal(claim(&port, DP_PORT_AF_PACKET), 0);
	dp_interface_release(&port);
	assert_int_equal(claim(&port, DP_PORT_TAP), 0);
	dp_interface_release(&port);
	end(pid);
	close(cable);
}

/* Any user may take the name. */
static int
bind_the_name(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd, len;

	if (setgid(65534) != 0 || setuid(65534) != 0)
		_exit(1);
	fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	len = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "culvertd/interface/%u",
		if_nametoindex(DEVICE));
	if (bind(fd, (struct sockaddr *)&name,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)) != 0)
		_exit(1);
	return fd;
}

static void
take_the_name(void)
{
	if (listen(bind_the_name(), 8) != 0)
		_exit(1);
}

/* And listen to nobody. */
static void
take_the_name_silently(void)
{
	(void)bind_the_name();
}

static void
another_user_cannot_keep_us_from_serving(void **state)
{
	int cable = make_interface();
	struct dp_port port;
	pid_t pid;

	(void)state;
	pid = another_process(take_the_name);
	said[0] = '\0';
	assert_int_equal(claim(&port, DP_PORT_AF_PACKET), 0);
	assert_int_equal(port.lock, -1);
	assert_int_equal(times("port-unlocked port=wan device=" DEVICE), 1);
	assert_int_equal(times("of user 65534 has"), 1);
	end(pid);
	pid = another_process(take_the_name_silently);
	said[0] = '\0';
	assert_int_equal(claim(&port, DP_PORT_AF_PACKET), 0);
	assert_int_equal(port.lock, -1);
	assert_int_equal(times("port-unlocked port=wan device=" DEVICE), 1);
	assert_int_equal(times("does not answer"), 1);
	end(pid);
	close(cable);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_second_process_on_an_interface_is_refused),
		cmocka_unit_test(a_tap_is_refused_as_well),
		cmocka_unit_test(another_namespace_is_no_hindrance),
		cmocka_unit_test(another_user_cannot_keep_us_from_serving),
	};

	if (!own_network())
		return 0;
	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
