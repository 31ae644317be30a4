/* SPDX-License-Identifier: BSD-3-Clause */
/* Two workers carry two sessions' packets to each other, and lose none, while the control thread
 * adds, opens, shuts and removes a third session all the time, and changes policies. */
#include <stdlib.h>
#include <time.h>

#include <rte_bus_vdev.h>
#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>

#include "harness.h"

enum { WORKERS = 2, CHANGES = 2000, PACKET = 100 };

static struct rte_ring *in[WORKERS], *out[WORKERS];

static int
start_eal(void)
{
	char *args[] = {"test", "--no-pci", "--no-huge", "-m", "128", "--no-shconf",
		"--no-telemetry", "--log-level=*:error", "--lcores=0@(0-1),1@(0-1),2@(0-1)", NULL};

	return rte_eal_init((int)RTE_DIM(args) - 1, args) < 0 ? -1 : 0;
}

static void
up(struct bench *b)
{
	struct dp_port_config port = {.kind = DP_PORT_ETHDEV, .name = "wan"};
	struct dp_local_config local = {.ip = cv_ipv4(LNS_IP), .prefix_length = 24};
	struct dp_params params = {.ports = &port,
		.port_count = 1,
		.locals = &local,
		.local_count = 1,
		.workers = WORKERS,
		.idle = DP_IDLE_SLEEP,
		.slot_seed = 7,
		.slot_mask = dp_slot_mask(100),
		.policies = 2,
		.pool_mbufs = 8191,
		.eal_ready = true};
	int id;

	*b = (struct bench){.now = CV_NS_PER_S};
	for (unsigned i = 0; i < WORKERS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "in%u", i);
		in[i] = rte_ring_create(name, 1024, SOCKET_ID_ANY, RING_F_SC_DEQ | RING_F_SP_ENQ);
		snprintf(name, sizeof(name), "out%u", i);
		out[i] = rte_ring_create(name, 4096, SOCKET_ID_ANY, RING_F_SC_DEQ | RING_F_SP_ENQ);
	}
	id = rte_eth_from_rings("wan", in, WORKERS, out, WORKERS, rte_socket_id());
	assert_true(id >= 0);
	assert_int_equal(rte_eth_dev_get_name_by_port((uint16_t)id, port.device), 0);
	assert_int_equal(dp_create(&params, &b->dp), 0);
	assert_false(dp_shared(b->dp));
	assert_int_equal(dp_start(b->dp, b->now), 0);
}

static void
set_policies(struct bench *b, uint16_t mtu)
{
	struct dp_policy any = {.kind = DP_POLICY_ANY,
		.clients_reachable = true,
		.lns = cv_ipv4(INNER_LNS),
		.mtu = mtu};

	assert_int_equal(dp_policy_set(b->dp, 0, &any), 0);
	assert_int_equal(dp_policy_set(b->dp, 1, &any), 0);
}

static void
give(struct bench *b, unsigned worker, const uint8_t *frame, size_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(b->dp->pool);

	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
	assert_int_equal(rte_ring_enqueue(in[worker], m), 0);
}

/* Frees what came out; returns how many were relayed packets of 100 bytes and their headers. */
static unsigned
collect(void)
{
	unsigned n = 0;
	void *m;

	for (unsigned i = 0; i < WORKERS; i++)
		while (rte_ring_dequeue(out[i], &m) == 0) {
			n += rte_pktmbuf_data_len((struct rte_mbuf *)m) >= DP_ETHER + 30 + PACKET;
			rte_pktmbuf_free(m);
		}
	return n;
}

static uint32_t
third_session(struct bench *b, uint16_t id)
{
	struct dp_session s = {.tunnel_id = 99,
		.session_id = id,
		.peer_tunnel_id = 1,
		.peer_session_id = 1,
		.peer = {.ip = cv_ipv4(PEER_A), .port = PORT_A}};
	struct dp_session_ip ip = {.address = cv_ipv4(0x0a580163), .mtu = 1400};
	uint32_t slot;

	if (dp_session_add(b->dp, &s, &slot) != 0)
		return DP_NO_SLOT;
	assert_int_equal(dp_session_open(b->dp, slot, &ip), 0);
	return slot;
}

static bool
neighbours_known(const struct bench *b)
{
	struct dp_neighbour_info n;

	for (unsigned i = 0; i < 2; i++)
		if (dp_neighbour_info(b->dp, i, &n) != 0 || !n.resolved)
			return false;
	return true;
}

static void
no_packet_is_lost_while_a_third_session_comes_and_goes(void **state)
{
	uint8_t packet[FRAME_MAX], frames[WORKERS][FRAME_MAX], to_third[FRAME_MAX];
	struct wire wire = {0};
	size_t len[WORKERS], third_len;
	unsigned given = 0, got = 0, changes = 0;
	struct bench b;
	uint64_t lost;

	(void)state;
	up(&b);
	set_policies(&b, 0);
	bench_sessions(&b, 0, DP_SEND_ACFC);
	/* the neighbours answer by way of worker 0 */
	for (unsigned i = 0; i < 2; i++) {
		uint8_t arp[FRAME_MAX];

		give(&b, 0, arp, bench_arp(&b, i == 0 ? PEER_A : PEER_B, arp));
	}
	for (unsigned tries = 0; tries < 5000 && !neighbours_known(&b); tries++) {
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
		dp_control_poll(b.dp, b.now);
	}
	assert_true(neighbours_known(&b));
	inner_packet(packet, INNER_A, INNER_B, 50, PACKET);
	len[0] = build_data(&b, true, &wire, packet, PACKET, frames[0]);
	inner_packet(packet, INNER_A, 0x0a580163, 50, PACKET);
	third_len = build_data(&b, true, &wire, packet, PACKET, to_third);
	inner_packet(packet, INNER_B, INNER_A, 50, PACKET);
	len[1] = build_data(&b, false, &wire, packet, PACKET, frames[1]);
	collect();

	for (unsigned i = 0; i < CHANGES; i++) {
		uint32_t slot = third_session(&b, (uint16_t)(i + 1));
		long pause_ns = (long)(i % 4) * 100000; /* a worker may sleep 400 us */

		for (unsigned k = 0; k < 8; k++, given++)
			give(&b, k % WORKERS, frames[k % WORKERS], len[k % WORKERS]);
		give(&b, i % WORKERS, to_third, third_len); /* may arrive, or find nobody */
		if (pause_ns != 0)
			nanosleep(&(struct timespec){.tv_nsec = pause_ns}, NULL);
		if (i % 64 == 0)
			set_policies(&b, (uint16_t)(i % 128 == 0 ? 0 : 1300));
		if (slot != DP_NO_SLOT) {
			assert_int_equal(dp_session_remove(b.dp, slot, NULL), 0);
			changes++;
		}
		got += collect();
		for (unsigned tries = 0; (int)(given - got) > 512 && tries < 5000; tries++) {
			nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
			got += collect(); /* the rings are finite */
		}
		assert_true((int)(given - got) <= 512);
	}
	for (unsigned tries = 0; tries < 2000 && got < given; tries++) {
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
		got += collect();
	}
	nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	got += collect();
	lost = drops(&b, DP_DROP_ROUTE_NO_ROUTE);
	/* each packet of A and B came through; each to the third came through or is counted */
	assert_int_equal(got + lost, given + CHANGES);
	assert_true(got > given + CHANGES / 50); /* the third was there for many */
	assert_true(changes > CHANGES / 2);
	assert_int_equal(edges(&b, DP_EDGE_RELAY_EGRESS), got);
	dp_stop(b.dp);
	assert_int_equal(rte_vdev_uninit("net_ring_wan"), 0);
	dp_destroy(b.dp);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_packet_is_lost_while_a_third_session_comes_and_goes),
	};

	if (start_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
