/* SPDX-License-Identifier: BSD-3-Clause */
/* A memif port with jumbo frames: its ring has buffers of 2,048 bytes, so one comes in several, and
 * leaves so. The other end is another memif of this process. */
#include <time.h>
#include <unistd.h>

#include <rte_bus_vdev.h>
#include <rte_ethdev.h>

#include "harness.h"

enum {
	MTU = 9216,
	HEADERS = WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER + 6 + 4,
	MOST = MTU + WIRE_ETHER - HEADERS,
	DESCRIPTORS = 256,
	PATIENCE = 60000, /* turns of a millisecond each, while nothing happens */
};

static const char peer_name[] = "net_memif_peer";

struct other_end {
	struct rte_mempool *pool;
	uint16_t port;
	char socket[64];
};

static void
peer_up(struct other_end *o)
{
	struct rte_eth_conf conf = {0};
	char args[128];

	o->pool = rte_pktmbuf_pool_create(
		"peer", 511, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	assert_non_null(o->pool);
	snprintf(args, sizeof(args), "socket=%s,socket-abstract=no,role=client,id=0", o->socket);
	assert_int_equal(rte_vdev_init(peer_name, args), 0);
	assert_int_equal(rte_eth_dev_get_port_by_name(peer_name, &o->port), 0);
	assert_int_equal(rte_eth_dev_configure(o->port, 1, 1, &conf), 0);
	assert_int_equal(rte_eth_rx_queue_setup(
				 o->port, 0, DESCRIPTORS, (unsigned)SOCKET_ID_ANY, NULL, o->pool),
		0);
	assert_int_equal(
		rte_eth_tx_queue_setup(o->port, 0, DESCRIPTORS, (unsigned)SOCKET_ID_ANY, NULL), 0);
	assert_int_equal(rte_eth_dev_start(o->port), 0);
}

static void
peer_down(struct other_end *o)
{
	rte_eth_dev_stop(o->port);
	rte_eth_dev_close(o->port);
	rte_vdev_uninit(peer_name);
	rte_mempool_free(o->pool);
}

static bool
is_up(uint16_t port)
{
	struct rte_eth_link link;

	return rte_eth_link_get_nowait(port, &link) == 0 && link.link_status != 0;
}

/* The ends find each other by a thread of DPDK's. */
static void
connect_both(const struct bench *b, const struct other_end *o)
{
	struct rte_mbuf *m;

	for (unsigned i = 0; i < PATIENCE && !(is_up(o->port) && is_up(b->dp->ports[0].id)); i++)
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	assert_true(is_up(o->port) && is_up(b->dp->ports[0].id));
	/* a client has given its server no buffers until it has looked for frames */
	assert_int_equal(rte_eth_rx_burst(o->port, 0, &m, 1), 0);
}

static void
up(struct bench *b, struct other_end *o)
{
	struct dp_port_config port = {
		.kind = DP_PORT_MEMIF, .name = "wan", .mtu = MTU, .memif_server = true};

	*b = (struct bench){.now = CV_NS_PER_S};
	*o = (struct other_end){0};
	snprintf(o->socket, sizeof(o->socket), "/tmp/culvert-test-%d.memif", (int)getpid());
	unlink(o->socket);
	snprintf(port.device, sizeof(port.device), "%s", o->socket);
	bench_start(b, &port, 100);
	bench_sessions_mtu(b, MTU);
	peer_up(o);
	connect_both(b, o);
}

static void
down(struct bench *b, struct other_end *o)
{
	assert_int_equal(rte_mempool_avail_count(b->dp->pool), b->mbufs);
	dp_stop(b->dp);
	peer_down(o);
	dp_destroy(b->dp);
	unlink(o->socket);
}

/* A frame in buffers of 2,048 bytes, to the data path. */
static void
give(const struct other_end *o, const uint8_t *frame, size_t len)
{
	struct rte_mbuf *first = rte_pktmbuf_alloc(o->pool), *m = first;
	size_t room = RTE_MBUF_DEFAULT_BUF_SIZE - RTE_PKTMBUF_HEADROOM;

	assert_non_null(first);
	for (size_t at = 0; at < len; at += room) {
		size_t bytes = RTE_MIN(room, len - at);

		if (at != 0) {
			m = rte_pktmbuf_alloc(o->pool);
			assert_non_null(m);
		}
		memcpy(rte_pktmbuf_append(m, (uint16_t)bytes), frame + at, bytes);
		if (at != 0)
			assert_int_equal(rte_pktmbuf_chain(first, m), 0);
	}
	assert_int_equal(rte_eth_tx_burst(o->port, 0, &first, 1), 1);
}

/* The next frame with IPv4 that comes back, whole; returns its length. */
static size_t
take(const struct bench *b, const struct other_end *o, uint8_t *frame, unsigned *buffers)
{
	struct rte_mbuf *m;

	for (unsigned i = 0; i < PATIENCE; i++) {
		size_t len, at = 0;

		dp_worker_round(b->dp->workers[0]);
		dp_control_poll(b->dp, b->now);
		if (rte_eth_rx_burst(o->port, 0, &m, 1) == 0) {
			nanosleep(&(struct timespec){.tv_nsec = i < 100 ? 0 : 1000000}, NULL);
			continue;
		}
		len = rte_pktmbuf_pkt_len(m);
		assert_in_range(len, WIRE_ETHER, MTU + WIRE_ETHER);
		*buffers = m->nb_segs;
		for (const struct rte_mbuf *s = m; s != NULL; s = s->next) {
			memcpy(frame + at, rte_pktmbuf_mtod(s, const void *),
				rte_pktmbuf_data_len(s));
			at += rte_pktmbuf_data_len(s);
		}
		rte_pktmbuf_free(m);
		if (wire_ether_type_be(frame) == WIRE_TYPE_IPV4_BE)
			return len;
	}
	return 0;
}

/* Both NATs say where they are. */
static void
neighbours(struct bench *b, const struct other_end *o, uint8_t *frame)
{
	give(o, frame, bench_arp(b, PEER_A, frame));
	give(o, frame, bench_arp(b, PEER_B, frame));
	for (unsigned i = 0; i < PATIENCE && edges(b, DP_EDGE_LOCAL_PUNT_ARP) < 2; i++) {
		dp_worker_round(b->dp->workers[0]);
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	dp_control_poll(b->dp, b->now);
}

static void
jumbo_frames_pass_a_memif(void **state)
{
	static uint8_t frame[MTU + WIRE_ETHER], got[MTU + WIRE_ETHER];
	const uint8_t *ip = got + WIRE_ETHER;
	struct other_end o;
	unsigned buffers;
	struct bench b;

	(void)state;
	up(&b, &o);
	neighbours(&b, &o, frame);
	for (size_t inner = 1400; inner <= MOST;
		inner = inner < MOST && inner + 391 > MOST ? MOST : inner + 391) {
		size_t len = build_large(&b, inner, false, frame);

		give(&o, frame, len);
		assert_int_equal(take(&b, &o, got, &buffers), len);
		assert_int_equal(buffers, len > 2048 ? (len + 2047) / 2048 : 1);
		assert_true(wire_udp_sum_right(
			ip + WIRE_IPV4, wire_ipv4_source_be(ip), wire_ipv4_target_be(ip)));
		assert_int_equal(got[HEADERS + WIRE_IPV4_TTL], frame[HEADERS + WIRE_IPV4_TTL] - 1);
		assert_memory_equal(
			got + HEADERS + WIRE_IPV4, frame + HEADERS + WIRE_IPV4, inner - WIRE_IPV4);
	}
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_SEGMENTED), 0);
	down(&b, &o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jumbo_frames_pass_a_memif),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
