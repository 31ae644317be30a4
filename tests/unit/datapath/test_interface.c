/* SPDX-License-Identifier: BSD-3-Clause */
/* A port on an interface of the kernel's, which the test makes and holds the other end of: its
 * link, its end, its rings and losses, and who may serve it. */
#include "harness.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
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

static void
set_up(bool up)
{
	struct ifreq request = {.ifr_flags = up ? IFF_UP : 0};
	int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strcpy(request.ifr_name, DEVICE);
	assert_int_equal(ioctl(any, SIOCSIFFLAGS, &request), 0);
	close(any);
}

/* Makes it, and returns the end of its cable; it is gone when that is closed. */
static int
make_interface(void)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	assert_true(fd >= 0);
	strcpy(request.ifr_name, DEVICE);
	assert_int_equal(ioctl(fd, TUNSETIFF, &request), 0);
	set_up(true);
	return fd;
}

static void
set_mtu(int mtu)
{
	struct ifreq request = {.ifr_mtu = mtu};
	int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strcpy(request.ifr_name, DEVICE);
	assert_int_equal(ioctl(any, SIOCSIFMTU, &request), 0);
	close(any);
}

/* A port with so many descriptors and such an MTU; 0: by default. */
static struct dp *
serve_with(uint16_t descriptors, uint16_t mtu)
{
	struct dp_port_config port = {.kind = DP_PORT_AF_PACKET,
		.name = "wan",
		.device = DEVICE,
		.mtu = mtu,
		.rx_descriptors = descriptors,
		.tx_descriptors = descriptors};
	struct dp_service service = {.ip = cv_ipv4(LNS_IP), .prefix_length = 24};
	struct dp_params params = {.ports = &port,
		.port_count = 1,
		.slot_mask = cv_slot_mask(100),
		.pool_mbufs = 1023,
		.eal_ready = true,
		.log = &log};
	struct dp *dp;

	said[0] = '\0';
	assert_int_equal(bench_create(&params, &service, &dp), 0);
	assert_int_equal(dp_start(dp, 0), 0);
	return dp;
}

static struct dp *
serve(void)
{
	return serve_with(0, 1500);
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

/* ---- rings, and what they lose ---- */

static uint64_t
lost(const struct dp *dp)
{
	struct dp_counter c;

	assert_true(dp_drop_counter(dp, DP_DROP_RX_RING_FULL, &c));
	return c.packets;
}

static void
nap(long ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* Frames arrive while the worker does nothing: those that were promised a place have one, each
 * other one is counted. */
static void
try_ring(uint16_t descriptors, unsigned places)
{
	static const uint8_t frame[60] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5};
	int cable = make_interface();
	struct dp *dp = serve_with(descriptors, 1500);
	struct dp_port_info before, info;
	unsigned sent = 0;
	uint64_t missed;

	assert_int_equal(dp_port_info(dp, 0, &before), 0);
	assert_int_equal(before.rx_descriptors, places);
	assert_int_equal(before.tx_descriptors, places);
	while (sent < places + 20000 && lost(dp) < 300) {
		for (unsigned i = 0; i < 100; i++, sent++)
			assert_int_equal(write(cable, frame, sizeof(frame)), sizeof(frame));
		nap(1);
		dp_ports_poll(dp, dp->ports_at);
	}
	do { /* the kernel may be late */
		missed = lost(dp);
		nap(50);
		dp_ports_poll(dp, dp->ports_at);
	} while (lost(dp) != missed);
	while (dp_worker_round(dp->workers[0]) != 0)
		;
	dp_ports_poll(dp, dp->ports_at);
	assert_int_equal(dp_port_info(dp, 0, &info), 0);
	assert_int_equal(info.rx_packets - before.rx_packets, places);
	assert_in_range(missed, 300, sent - places);
	assert_int_equal(info.rx_missed, missed);
	assert_int_equal(lost(dp), missed); /* once */
	dp_destroy(dp);
	close(cable);
}

static void
rings_are_as_large_as_configured_and_their_losses_counted(void **state)
{
	(void)state;
	try_ring(0, 4096);
	try_ring(2048, 2048);
	try_ring(100, 112); /* whole pages */
}

/* Losses up to the very end are in the last report. */
static void
losses_are_counted_when_the_port_stops(void **state)
{
	static const uint8_t frame[60] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5};
	int cable = make_interface();
	struct dp *dp = serve_with(64, 1500);

	(void)state;
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(write(cable, frame, sizeof(frame)), sizeof(frame));
	nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL); /* the kernel may be late */
	dp_stop(dp);
	assert_in_range(lost(dp), 1, 200 - 64);
	dp_destroy(dp);
	close(cable);
}

/* An ICMP echo request of `bytes` bytes to our address; returns the frame's length. */
static size_t
echo_request(const struct dp *dp, uint8_t *frame, unsigned bytes, uint8_t seed)
{
	uint8_t *ip = frame + WIRE_ETHER, *icmp = ip + WIRE_IPV4;
	const struct wire_ipv4 header = {.length = (uint16_t)bytes,
		.id = seed,
		.ttl = 64,
		.protocol = WIRE_ICMP,
		.source_be = wire_swap32(PEER_A),
		.target_be = wire_swap32(LNS_IP)};

	wire_ether_write(frame, dp->ports[0].mac, (const uint8_t *)"\2\0\0\0\0\7", WIRE_TYPE_IPV4);
	wire_ipv4_write(ip, &header);
	for (unsigned i = 0; i < bytes - WIRE_IPV4; i++)
		icmp[i] = (uint8_t)(i * 7 + seed);
	icmp[0] = 8;
	icmp[1] = 0;
	wire_icmp_finish(icmp, bytes - WIRE_IPV4);
	return WIRE_ETHER + bytes;
}

/* Rounds of the worker until it has sent an IPv4 frame, which the kernel may be late with, too. */
static size_t
answer(int cable, struct dp *dp, uint8_t *frame, size_t capacity)
{
	for (unsigned i = 0; i < 5000; i++) {
		ssize_t n = read(cable, frame, capacity);

		if (n > 0 && memcmp(frame + 6, dp->ports[0].mac, 6) == 0 && frame[12] == 8)
			return (size_t)n;
		if (n <= 0 && dp_worker_round(dp->workers[0]) == 0)
			nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	return 0;
}

/* Larger slots still lie where the driver looks for them. */
static void
large_frames_arrive_whole(void **state)
{
	static uint8_t sent[10000], got[10000];
	int cable = make_interface();
	struct dp *dp;

	(void)state;
	set_mtu(9000);
	dp = serve_with(64, 9000);
	for (unsigned i = 0; i < 60; i++) {
		unsigned bytes = 1500 + 125 * i;
		size_t len = echo_request(dp, sent, bytes, (uint8_t)i);

		assert_int_equal(write(cable, sent, len), len);
		assert_int_equal(answer(cable, dp, got, sizeof(got)), len);
		assert_memory_equal(got + WIRE_ETHER + WIRE_IPV4 + WIRE_ICMP_HEADER,
			sent + WIRE_ETHER + WIRE_IPV4 + WIRE_ICMP_HEADER,
			bytes - WIRE_IPV4 - WIRE_ICMP_HEADER);
	}
	dp_destroy(dp);
	close(cable);
}

/* The driver has the kernel put fragments together, whether there is one queue or more: they are
 * answered, and said. */
static void
what_the_kernel_reassembles_is_shown(void **state)
{
	static uint8_t whole[3000], part[3000], got[3000];
	int cable = make_interface();
	struct dp *dp = serve();
	struct dp_port_info info;
	size_t len, first = WIRE_ETHER + WIRE_IPV4 + 800;

	(void)state;
	len = echo_request(dp, whole, 1420, 3);
	for (unsigned i = 0; i < 2; i++) {
		size_t from = i == 0 ? 0 : 800, n = i == 0 ? first : len - 800;

		memcpy(part, whole, WIRE_ETHER + WIRE_IPV4);
		memcpy(part + WIRE_ETHER + WIRE_IPV4, whole + WIRE_ETHER + WIRE_IPV4 + from,
			n - WIRE_ETHER - WIRE_IPV4);
		wire_store16(part + 16, rte_bswap16((uint16_t)(n - WIRE_ETHER)));
		wire_store16(part + 20, rte_bswap16((uint16_t)(i == 0 ? 0x2000 : 100)));
		inner_checksum(part + WIRE_ETHER);
		assert_int_equal(write(cable, part, n), n);
	}
	assert_int_equal(answer(cable, dp, got, sizeof(got)), len);
	assert_int_equal(dp_port_info(dp, 0, &info), 0);
	assert_int_equal(info.kernel_reassembled, 1);
	dp_destroy(dp);
	close(cable);
}

/* Nobody reads what is sent, so the interface's own queue overflows. */
static void
drops_of_the_interface_are_shown(void **state)
{
	uint8_t frame[2000];
	int cable = make_interface();
	struct dp *dp = serve();
	struct dp_port_info info;

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		size_t len = echo_request(dp, frame, 100, 0);

		/* each of another source, so that no rate is exceeded */
		wire_store32(frame + 26, rte_cpu_to_be_32(0x0a000000 + i));
		inner_checksum(frame + WIRE_ETHER);
		assert_int_equal(write(cable, frame, len), len);
		dp_worker_round(dp->workers[0]);
	}
	assert_int_equal(dp_port_info(dp, 0, &info), 0);
	assert_int_not_equal(info.kernel_tx_dropped, 0);
	dp_destroy(dp);
	close(cable);
}

/* The driver's sockets outlive it. */
static void
an_interface_that_was_set_down_serves_again(void **state)
{
	static uint8_t sent[200], got[200];
	int cable = make_interface();
	struct dp *dp = serve();
	size_t len = echo_request(dp, sent, 100, 0);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		set_up(false);
		wait_for_link(dp, DP_LINK_DOWN);
		set_up(true);
		wait_for_link(dp, DP_LINK_UP);
		assert_int_equal(write(cable, sent, len), len);
		assert_int_equal(answer(cable, dp, got, sizeof(got)), len);
	}
	assert_int_equal(times("port-down"), 3);
	assert_int_equal(times("port-up"), 3);
	dp_destroy(dp);
	close(cable);
}

/* The kernel says nothing by itself on new interfaces: no IPv6. */
static void
be_quiet(void)
{
	int fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)!write(fd, "1", 1);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_that_goes_down_is_said_and_shown),
		cmocka_unit_test(a_link_that_is_down_at_the_start_is_said),
		cmocka_unit_test(a_device_that_is_removed_is_said_and_shown),
		cmocka_unit_test(rings_are_as_large_as_configured_and_their_losses_counted),
		cmocka_unit_test(losses_are_counted_when_the_port_stops),
		cmocka_unit_test(large_frames_arrive_whole),
		cmocka_unit_test(what_the_kernel_reassembles_is_shown),
		cmocka_unit_test(drops_of_the_interface_are_shown),
		cmocka_unit_test(an_interface_that_was_set_down_serves_again),
		cmocka_unit_test(a_second_process_on_an_interface_is_refused),
		cmocka_unit_test(a_tap_is_refused_as_well),
		cmocka_unit_test(another_namespace_is_no_hindrance),
		cmocka_unit_test(another_user_cannot_keep_us_from_serving),
	};

	if (access("/dev/net/tun", R_OK | W_OK) != 0 || unshare(CLONE_NEWNET) != 0) {
		printf("1..0 # SKIP needs root and /dev/net/tun for interfaces of its own\n");
		return 0;
	}
	be_quiet();
	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
