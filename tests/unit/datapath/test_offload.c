/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is asked of a device, by what it says that it can; and that the same comes out where it says
 * something of received checksums and where it does not. No device here has RSS by the session:
 * DPDK's rte_flow is a stand-in, which takes or refuses rules as a device would.
 */
#include "harness.h"

#include <string.h>

#include <rte_ethdev.h>
#include <rte_flow.h>

/* ---- a device's rules ---- */

static struct {
	bool ipv4, ipv6; /* it takes them */
	unsigned created, flushed;
} device;

static bool
takes(const struct rte_flow_attr *attr, const struct rte_flow_item *items,
	const struct rte_flow_action *actions)
{
	static const enum rte_flow_item_type behind[] = {RTE_FLOW_ITEM_TYPE_UDP,
		RTE_FLOW_ITEM_TYPE_L2TPV2, RTE_FLOW_ITEM_TYPE_PPP, RTE_FLOW_ITEM_TYPE_END};
	const struct rte_flow_action_rss *rss = actions[0].conf;

	assert_true(attr->ingress);
	assert_int_equal(items[0].type, RTE_FLOW_ITEM_TYPE_ETH);
	for (unsigned i = 0; i < RTE_DIM(behind); i++)
		assert_int_equal(items[2 + i].type, behind[i]);
	assert_int_equal(actions[0].type, RTE_FLOW_ACTION_TYPE_RSS);
	assert_int_equal(actions[1].type, RTE_FLOW_ACTION_TYPE_END);
	assert_true(rss->types == RTE_ETH_RSS_L2TPV2);
	assert_int_equal(rss->queue_num, 0); /* all of them */
	return items[1].type == RTE_FLOW_ITEM_TYPE_IPV4 ? device.ipv4 : device.ipv6;
}

int
rte_flow_validate(uint16_t port, const struct rte_flow_attr *attr,
	const struct rte_flow_item pattern[], const struct rte_flow_action actions[],
	struct rte_flow_error *error)
{
	(void)port;
	(void)error;
	return takes(attr, pattern, actions) ? 0 : -ENOTSUP;
}

struct rte_flow *
rte_flow_create(uint16_t port, const struct rte_flow_attr *attr,
	const struct rte_flow_item pattern[], const struct rte_flow_action actions[],
	struct rte_flow_error *error)
{
	(void)port;
	(void)error;
	device.created++;
	return takes(attr, pattern, actions) ? (struct rte_flow *)&device : NULL;
}

int
rte_flow_flush(uint16_t port, struct rte_flow_error *error)
{
	(void)port;
	(void)error;
	device.flushed++;
	return 0;
}

/* ---- what is asked for ---- */

#define ADDRESSES (RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_IPV6)
#define PORTS (RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_NONFRAG_IPV6_UDP)
#define RX_SUMS (RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM)
#define TX_SUMS (RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM)
#define ALL UINT64_MAX

static const struct {
	const char *about;
	uint64_t rx, tx, rss; /* that it can */
	unsigned queues;
	enum dp_port_kind kind;
	uint64_t asked_rx, asked_tx, asked_rss;
	const char *offloads, *hash;
} cases[] = {
	{"nothing", 0, 0, 0, 2, DP_PORT_PCI, 0, 0, 0, "none", "none"},
	{"all of it", ALL, ALL, ALL, 4, DP_PORT_PCI, RX_SUMS, RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE,
		ADDRESSES | PORTS | RTE_ETH_RSS_L2TPV2,
		"rx-ipv4-checksum rx-udp-checksum tx-fast-free", "session"},
	{"one queue", ALL, 0, ALL, 1, DP_PORT_PCI, RX_SUMS, 0, 0,
		"rx-ipv4-checksum rx-udp-checksum", "one-queue"},
	{"sums to send alone", 0, TX_SUMS, 0, 2, DP_PORT_PCI, 0, 0, 0, "none", "none"},
	{"UDP's sum alone", RTE_ETH_RX_OFFLOAD_UDP_CKSUM, 0, PORTS | RTE_ETH_RSS_NONFRAG_IPV4_TCP,
		2, DP_PORT_PCI, RTE_ETH_RX_OFFLOAD_UDP_CKSUM, 0, PORTS, "rx-udp-checksum",
		"addresses-ports"},
	{"addresses", 0, RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE, ADDRESSES, 2, DP_PORT_PCI, 0,
		RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE, ADDRESSES, "tx-fast-free", "addresses"},
	{"a packet socket", 0, 0, 0, 2, DP_PORT_AF_PACKET, 0, 0, 0, "none", "kernel"},
	{"AF_XDP", 0, 0, 0, 2, DP_PORT_XDP, 0, 0, 0, "none", "kernel"},
	{"memif", 0, 0, 0, 2, DP_PORT_MEMIF, 0, 0, 0, "none", "sender"},
};

static void
what_a_device_can_is_asked_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct dp_port port = {.kind = cases[i].kind};
		struct rte_eth_dev_info info = {.rx_offload_capa = cases[i].rx,
			.tx_offload_capa = cases[i].tx,
			.flow_type_rss_offloads = cases[i].rss};
		struct rte_eth_conf conf = {0};
		char offloads[DP_OFFLOADS];

		print_message("# %s\n", cases[i].about);
		dp_offloads_choose(&port, &info, cases[i].queues, &conf);
		dp_offloads_name(&port, offloads);
		assert_true(conf.rxmode.offloads == cases[i].asked_rx);
		assert_true(conf.txmode.offloads == cases[i].asked_tx);
		assert_true(conf.rx_adv_conf.rss_conf.rss_hf == cases[i].asked_rss);
		assert_int_equal(conf.rxmode.mq_mode,
			cases[i].asked_rss != 0 ? RTE_ETH_MQ_RX_RSS : RTE_ETH_MQ_RX_NONE);
		assert_int_equal(port.checks_rx, cases[i].asked_rx != 0);
		assert_string_equal(offloads, cases[i].offloads);
		assert_string_equal(dp_hash_name(&port), cases[i].hash);
	}
}

/* The name of the hash once the device has started. */
static const char *
started(uint64_t rss, unsigned queues, bool ipv4, bool ipv6)
{
	static struct dp_port port;
	struct rte_eth_dev_info info = {.flow_type_rss_offloads = rss};
	struct rte_eth_conf conf = {0};

	memset(&device, 0, sizeof(device));
	device.ipv4 = ipv4;
	device.ipv6 = ipv6;
	port = (struct dp_port){.kind = DP_PORT_PCI};
	dp_offloads_choose(&port, &info, queues, &conf);
	dp_offloads_start(&port);
	return dp_hash_name(&port);
}

static void
a_rule_where_rss_knows_no_session(void **state)
{
	(void)state;
	assert_string_equal(started(ADDRESSES | PORTS, 2, true, true), "session");
	assert_int_equal(device.created, 2);
	assert_int_equal(device.flushed, 0);
	/* of both families or none */
	assert_string_equal(started(ADDRESSES | PORTS, 2, true, false), "addresses-ports");
	assert_int_equal(device.flushed, 1);
	assert_string_equal(started(ADDRESSES | PORTS, 2, false, true), "addresses-ports");
	assert_int_equal(device.created, 0);
	/* none is needed */
	assert_string_equal(
		started(ADDRESSES | PORTS | RTE_ETH_RSS_L2TPV2, 2, true, true), "session");
	assert_int_equal(device.created, 0);
	assert_string_equal(started(ADDRESSES | PORTS, 1, true, true), "one-queue");
	assert_int_equal(device.created, 0);
}

/* ---- the same comes out ---- */

/* What a device says of a frame whose checksums are as they are. */
struct said {
	const char *about;
	struct wire wire;
	uint64_t flags;
	bool arrives;
};

static void
what_it_says_changes_nothing(void **state)
{
	static const struct said all[] = {
		{"right", {0}, RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD, true},
		{"right, with a short PPP header", {.acfc = true, .pfc = true},
			RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD, true},
		{"not looked at", {0}, RTE_MBUF_F_RX_IP_CKSUM_NONE | RTE_MBUF_F_RX_L4_CKSUM_NONE,
			true},
		{"unknown", {0}, 0, true},
		{"no checksum", {.no_checksum = true}, RTE_MBUF_F_RX_L4_CKSUM_GOOD, true},
		/* some devices take 0 for a wrong one */
		{"no checksum, said to be wrong", {.no_checksum = true}, RTE_MBUF_F_RX_L4_CKSUM_BAD,
			true},
	};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (size_t i = 0; i < RTE_DIM(all); i++) {
		struct frame_bytes without = {0}, with;
		uint8_t packet[FRAME_MAX], frame[FRAME_MAX];

		print_message("# %s\n", all[i].about);
		for (unsigned device_looks = 0; device_looks < 2; device_looks++) {
			struct rte_mbuf *m = rte_pktmbuf_alloc(b.dp->pool);
			size_t len;

			assert_non_null(m);
			inner_packet(packet, INNER_A, INNER_B, 50, 101);
			len = build_data(&b, true, &all[i].wire, packet, 101, frame);
			memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
			b.dp->ports[0].checks_rx = device_looks != 0;
			if (device_looks != 0)
				m->ol_flags = all[i].flags;
			assert_int_equal(rte_ring_enqueue(b.in, m), 0);
			dp_worker_round(b.dp->workers[0]);
			with = take_frame(&b);
			assert_int_equal(with.len != 0, all[i].arrives);
			if (device_looks == 0)
				without = with;
		}
		assert_int_equal(with.len, without.len);
		/* all but the identification, and so the header's sum */
		memset(with.bytes + WIRE_ETHER + WIRE_IPV4_ID, 0, 2);
		memset(without.bytes + WIRE_ETHER + WIRE_IPV4_ID, 0, 2);
		memset(with.bytes + WIRE_ETHER + WIRE_IPV4_SUM, 0, 2);
		memset(without.bytes + WIRE_ETHER + WIRE_IPV4_SUM, 0, 2);
		assert_memory_equal(with.bytes, without.bytes, with.len);
	}
	b.dp->ports[0].checks_rx = false;
	bench_down(&b);
}

/* What a port says of itself: net_ring has none of it. */
static void
a_port_says_what_is_on(void **state)
{
	struct dp_port_info info;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_port_info(b.dp, 0, &info), 0);
	assert_string_equal(info.offloads, "none");
	assert_string_equal(info.hash, "one-queue");
	b.dp->ports[0].rx_offloads = RX_SUMS;
	b.dp->ports[0].queues = 2;
	b.dp->ports[0].hash = PORTS;
	assert_int_equal(dp_port_info(b.dp, 0, &info), 0);
	assert_string_equal(info.offloads, "rx-ipv4-checksum rx-udp-checksum");
	assert_string_equal(info.hash, "addresses-ports");
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_device_can_is_asked_for),
		cmocka_unit_test(a_rule_where_rss_knows_no_session),
		cmocka_unit_test(what_it_says_changes_nothing),
		cmocka_unit_test(a_port_says_what_is_on),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
