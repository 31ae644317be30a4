/* SPDX-License-Identifier: BSD-3-Clause */
/* A port on an interface of the kernel's, which the test makes and holds the other end of: its
 * link, its end, and who may serve it. */
#include "harness.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_tun.h>

#define DEVICE "dut0"

static char said[4096];

static void
write_line(void *ctx, enum cv_log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s\n", line);
}

static const struct cv_log log = {.level = CV_LOG_INFO, .emit = write_line};

/* How often a line was said. */
static unsigned
times(const char *line)
{
	unsigned n = 0;

	for (const char *at = said; (at = strstr(at, line)) != NULL; at++)
		n++;
	return n;
}

/* ---- the interface ---- */

/* Makes it, and returns the end of its cable; it is gone when that is closed. */
static int
make_interface(void)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0 && any >= 0);
	strcpy(request.ifr_name, DEVICE);
	assert_int_equal(ioctl(fd, TUNSETIFF, &request), 0);
	request.ifr_flags = IFF_UP;
	assert_int_equal(ioctl(any, SIOCSIFFLAGS, &request), 0);
	close(any);
	return fd;
}

static struct dp *
serve(void)
{
	struct dp_port_config port = {
		.kind = DP_PORT_AF_PACKET, .name = "wan", .device = DEVICE, .mtu = 1500};
	struct dp_local_config local = {.ip = cv_ipv4(LNS_IP), .prefix_length = 24};
	struct dp_params params = {.ports = &port,
		.port_count = 1,
		.locals = &local,
		.local_count = 1,
		.slot_mask = dp_slot_mask(100),
		.policies = 1,
		.pool_mbufs = 1023,
		.eal_ready = true,
		.log = &log};
	struct dp *dp;

	said[0] = '\0';
	assert_int_equal(dp_create(&params, &dp), 0);
	assert_int_equal(dp_start(dp, 0), 0);
	return dp;
}

/* Lets a minute pass, or less, until the port's link is that. */
static void
wait_for_link(struct dp *dp, enum dp_link link)
{
	static uint64_t now;
	struct dp_port_info info;

	for (unsigned i = 0; i < 6000; i++) {
		now += DP_PORTS_POLL_NS;
		dp_control_poll(dp, now);
		assert_int_equal(dp_port_info(dp, 0, &info), 0);
		if (info.link == link)
			return;
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	fail_msg("the link is %d, not %d", info.link, link);
}

static void
set_carrier(int cable, int on)
{
	assert_int_equal(ioctl(cable, TUNSETCARRIER, &on), 0);
}

/* ---- the link ---- */

static void
a_link_that_goes_down_is_said_and_shown(void **state)
{
	int cable = make_interface();
	struct dp *dp = serve();

	(void)state;
	wait_for_link(dp, DP_LINK_UP);
	for (unsigned i = 1; i <= 3; i++) {
		set_carrier(cable, 0);
		wait_for_link(dp, DP_LINK_DOWN);
		assert_int_equal(times("port-down port=wan device=" DEVICE "\n"), i);
		assert_int_equal(times("port-up"), i - 1);
		set_carrier(cable, 1);
		wait_for_link(dp, DP_LINK_UP);
		assert_int_equal(times("port-up port=wan device=" DEVICE "\n"), i);
		assert_int_equal(times("port-down"), i);
	}
	dp_destroy(dp);
	close(cable);
}

static void
a_link_that_is_down_at_the_start_is_said(void **state)
{
	int cable = make_interface();
	struct dp_port_info info;
	struct dp *dp;

	(void)state;
	set_carrier(cable, 0);
	nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 500000000}, NULL);
	dp = serve();
	assert_int_equal(dp_port_info(dp, 0, &info), 0);
	assert_int_equal(info.link, DP_LINK_DOWN);
	assert_int_equal(times("port-down port=wan device=" DEVICE "\n"), 1);
	dp_destroy(dp);
	close(cable);
}

static void
a_device_that_is_removed_is_said_and_shown(void **state)
{
	int cable = make_interface();
	struct dp *dp = serve();

	(void)state;
	close(cable);
	wait_for_link(dp, DP_LINK_GONE);
	cable = make_interface(); /* of the same name, but not what the port has */
	for (unsigned i = 0; i < 50; i++) {
		struct dp_port_info info;

		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
		dp_ports_poll(dp, dp->ports_at);
		assert_int_equal(dp_port_info(dp, 0, &info), 0);
		assert_int_equal(info.link, DP_LINK_GONE);
	}
	assert_int_equal(times("port-gone port=wan device=" DEVICE " reason="), 1);
	assert_int_equal(times("port-up"), 0);
	dp_destroy(dp);
	close(cable);
}

/* ---- who serves it ---- */

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
static void
take_the_name(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd, len;

	if (setgid(65534) != 0 || setuid(65534) != 0)
		_exit(1);
	fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	len = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "culvertd/interface/%u",
		if_nametoindex(DEVICE));
	if (bind(fd, (struct sockaddr *)&name,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)) != 0 ||
		listen(fd, 8) != 0)
		_exit(1);
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
	close(cable);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_that_goes_down_is_said_and_shown),
		cmocka_unit_test(a_link_that_is_down_at_the_start_is_said),
		cmocka_unit_test(a_device_that_is_removed_is_said_and_shown),
		cmocka_unit_test(a_second_process_on_an_interface_is_refused),
		cmocka_unit_test(a_tap_is_refused_as_well),
		cmocka_unit_test(another_namespace_is_no_hindrance),
		cmocka_unit_test(another_user_cannot_keep_us_from_serving),
	};

	if (access("/dev/net/tun", R_OK | W_OK) != 0 || unshare(CLONE_NEWNET) != 0) {
		printf("1..0 # SKIP needs root and /dev/net/tun for interfaces of its own\n");
		return 0;
	}
	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
