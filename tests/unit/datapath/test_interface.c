/* SPDX-License-Identifier: BSD-3-Clause */
/* A port on an interface of the kernel's, which the test makes and holds the other end of: its
 * link, its end, its rings and losses. */
#include "interface.h"

#include <stdlib.h>
#include <time.h>

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
static uint64_t
xstat(const struct dp_xstat *all, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (strcmp(all[i].name, name) == 0)
			return all[i].value;
	return UINT64_MAX;
}

static void
try_ring(uint16_t descriptors, unsigned places)
{
	static const uint8_t frame[60] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5};
	int cable = make_interface();
	struct dp *dp = serve_with(descriptors, 1500);
	struct dp_port_info before, info;
	struct dp_xstat xstats[64];
	struct dp_queue_info queue;
	unsigned sent = 0;
	int n;
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
	assert_int_equal(dp_queue_info(dp, 0, 0, &queue), 0);
	assert_true(queue.ring_counted);
	assert_int_equal(queue.ring_full, missed);
	assert_int_equal(queue.rx_packets, info.rx_packets);
	/* at once, for who asks */
	for (unsigned i = 0; i < 2 * places; i++)
		assert_int_equal(write(cable, frame, sizeof(frame)), sizeof(frame));
	nap(50);
	assert_int_equal(lost(dp), missed);
	dp_losses_read(dp);
	assert_true(lost(dp) > missed);
	/* the driver's own words: at most so many, from any on, each once */
	n = dp_port_xstats(dp, 0, 0, xstats, 64);
	assert_true(n > 2 && n < 64);
	assert_int_equal(xstat(xstats, n, "rx_good_packets"), info.rx_packets);
	assert_int_equal(dp_port_xstats(dp, 0, 1, xstats, 64), n - 1);
	assert_int_equal(dp_port_xstats(dp, 0, 0, xstats, 2), 2);
	assert_int_equal(dp_port_xstats(dp, 0, (unsigned)n, xstats, 64), 0);
	assert_int_equal(dp_port_xstats(dp, 1, 0, xstats, 64), CV_ERR_UNKNOWN);
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
	};

	if (!own_network())
		return 0;
	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
