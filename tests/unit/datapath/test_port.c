/* SPDX-License-Identifier: BSD-3-Clause */
/* How many packet buffers there are for what ports may hold. */
#include "harness.h"

#include <rte_bus_vdev.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>

/* The buffers of a data path on one port with so many descriptors. */
static uint32_t
buffers(uint16_t rx, uint16_t tx)
{
	struct dp_port_config port = {
		.kind = DP_PORT_ETHDEV, .name = "wan", .rx_descriptors = rx, .tx_descriptors = tx};
	struct dp_service service = {.ip = cv_ipv4(LNS_IP), .prefix_length = 24};
	struct dp_params params = {
		.ports = &port, .port_count = 1, .slot_mask = cv_slot_mask(100), .eal_ready = true};
	struct rte_ring *ring = rte_ring_create("in", 64, SOCKET_ID_ANY, 0);
	int id = rte_eth_from_rings("wan", &ring, 1, &ring, 1, rte_socket_id());
	struct dp_setup_info info;
	struct dp *dp;

	assert_true(id >= 0);
	assert_int_equal(rte_eth_dev_get_name_by_port((uint16_t)id, port.device), 0);
	assert_int_equal(bench_create(&params, &service, &dp), 0);
	dp_setup_info(dp, &info);
	assert_int_equal(rte_vdev_uninit("net_ring_wan"), 0);
	rte_ring_free(ring);
	dp_destroy(dp);
	return info.mbufs;
}

static void
buffers_follow_the_descriptors(void **state)
{
	uint32_t few = buffers(64, 64), rx = buffers(8192, 64), tx = buffers(64, 8192);

	(void)state;
	/* all descriptors filled, as much is left as before, to the pool's next power of two */
	assert_true(few >= 2 * 64 + DP_PUNT_RING + DP_SEND_RING + DP_NEIGHBOUR_WAITING);
	assert_true(rx >= 8192 + 64 + DP_PUNT_RING + DP_SEND_RING + DP_NEIGHBOUR_WAITING);
	assert_true(tx >= 8192 + 64 + DP_PUNT_RING + DP_SEND_RING + DP_NEIGHBOUR_WAITING);
	assert_true(few < 8192);
	assert_int_equal(rx, tx);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffers_follow_the_descriptors),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
