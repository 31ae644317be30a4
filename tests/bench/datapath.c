/* SPDX-License-Identifier: BSD-3-Clause */
/* Cycles a packet from receive ring to transmit ring, and what each stage takes of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_bus_vdev.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>

#include "bench.h"
#include "datapath/internal.h"

enum { FRAME = 124, PEER_PORT = 40000, STAGES = 6, WARM_UP = 2000 };

struct flow {
	uint8_t frame[FRAME];
};

static struct rte_ring *in, *out;
static struct dp *dp;
static struct flow *flows;
static uint64_t n_flows, n_sessions;

static const uint8_t gateway_mac[6] = {2, 0, 0, 0, 0, 1};

static void
put(const void *frame, size_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(dp->pool);

	memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
	rte_ring_enqueue(in, m);
}

static void
drain(void)
{
	struct rte_mbuf *frames[2 * DP_BURST];
	unsigned n;

	while ((n = rte_ring_dequeue_burst(out, (void **)frames, RTE_DIM(frames), NULL)) != 0)
		for (unsigned i = 0; i < n; i++)
			rte_pktmbuf_free(frames[i]);
}

/* The gateway behind which all clients are. */
static void
answer_arp(void)
{
	uint8_t arp[WIRE_ETHER + WIRE_ARP];

	wire_ether_write(arp, dp->ports[0].mac, gateway_mac, WIRE_TYPE_ARP);
	wire_arp_write(arp + WIRE_ETHER, WIRE_ARP_REPLY, gateway_mac, wire_swap32(0xc00002fe),
		dp->ports[0].mac, wire_swap32(0xc0000201));
	put(arp, sizeof(arp));
	dp_worker_round(dp->workers[0]);
	dp_control_poll(dp, 2 * CV_NS_PER_S);
	drain();
}

static void
write_frame(struct flow *f, const struct dp_session *s, uint32_t from, uint32_t to)
{
	enum { INNER = WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER + 6 + 4 }; /* L2TP, PPP */
	const struct wire_ipv4 outside = {.length = FRAME - WIRE_ETHER,
		.ttl = 63,
		.protocol = WIRE_UDP,
		.source_be = wire_swap32(cv_ipv4_value(&s->peer.ip)),
		.target_be = wire_swap32(0xc0000201)};
	const struct wire_ipv4 inside = {.length = FRAME - INNER,
		.fragment = WIRE_IPV4_DONT,
		.ttl = 64,
		.protocol = WIRE_ESP,
		.source_be = wire_swap32(from),
		.target_be = wire_swap32(to)};
	uint8_t *ip = f->frame + WIRE_ETHER, *udp = ip + WIRE_IPV4;
	struct cv_writer w = cv_writer(udp + WIRE_UDP_HEADER, 6 + 4);

	memset(f->frame, 0x5a, FRAME);
	wire_ether_write(f->frame, dp->ports[0].mac, gateway_mac, WIRE_TYPE_IPV4);
	wire_ipv4_write(ip, &outside);
	wire_udp_write(udp, s->peer.port, 1701, FRAME - WIRE_ETHER - WIRE_IPV4);
	cv_write_u16(&w, 2);
	cv_write_u16(&w, s->tunnel_id);
	cv_write_u16(&w, s->session_id);
	cv_write_u32(&w, 0xff030021);
	wire_ipv4_write(f->frame + INNER, &inside);
	wire_udp_finish(udp, outside.source_be, outside.target_be);
}

/* One more session, with IDs that find a free slot, as the server draws them. */
static int
add_session(uint64_t index, struct dp_session *s)
{
	struct dp_session other;
	uint32_t slot;

	do {
		*s = (struct dp_session){.tunnel_id = (uint16_t)(bench_random() | 1),
			.session_id = (uint16_t)(bench_random() | 1),
			.peer_tunnel_id = (uint16_t)index,
			.peer_session_id = 7,
			.peer = {.ip = cv_ipv4((uint32_t)(0x0b000000 + index / 1000)),
				.port = (uint16_t)(PEER_PORT + index % 1000)},
			.open = true,
			.reachable = true,
			.address = cv_ipv4((uint32_t)(0x0a000001 + index)),
			.mtu = 1400};
		slot = cv_session_slot(
			dp->slot_seed, 0, s->tunnel_id, s->session_id, dp->slot_mask);
	} while (dp_session_get(dp, slot, &other) == 0);
	return dp_session_set(dp, s, NULL);
}

static int
fill(uint64_t sessions)
{
	n_sessions = sessions;
	n_flows = sessions < 2 ? 1 : sessions;
	flows = calloc(n_flows, sizeof(flows[0]));
	if (flows == NULL)
		return CV_ERR_NOMEM;
	/* one session alone can't talk: the figure for 1 is that of one pair, one way */
	for (uint64_t i = 0; i < RTE_MAX(sessions, UINT64_C(2)); i++) {
		struct dp_session s;
		int rc = add_session(i, &s);

		if (rc != 0)
			return rc;
		if (i < n_flows)
			write_frame(&flows[i], &s, (uint32_t)(0x0a000001 + i),
				(uint32_t)(0x0a000001 + (i ^ 1)));
	}
	return 0;
}

static int
create(uint64_t sessions)
{
	struct dp_filter ipsec = {.kind = DP_FILTER_IPSEC};
	struct cv_prefix pool = {.ip = cv_ipv4(0x0a000000), .length = 12},
			 self = {.ip = cv_ipv4(0x0a580001), .length = 32};
	struct dp_group group = {.clients_reachable = true, .lns = cv_ipv4(0x0a580001)};
	struct dp_port_config port = {.kind = DP_PORT_ETHDEV, .name = "wan"};
	struct dp_iface iface = {0};
	struct dp_service service = {
		.ip = cv_ipv4(0xc0000201), .prefix_length = 24, .gateway = cv_ipv4(0xc00002fe)};
	struct dp_params params = {.ports = &port,
		.port_count = 1,
		.slot_seed = 7,
		.slot_mask = cv_slot_mask((uint32_t)RTE_MAX(sessions, UINT64_C(2))),
		.pool_mbufs = 8191,
		.eal_ready = true};
	int id;

	in = rte_ring_create("in", 1024, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	out = rte_ring_create("out", 1024, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	id = rte_eth_from_rings("wan", &in, 1, &out, 1, rte_socket_id());
	if (id < 0 || rte_eth_dev_get_name_by_port((uint16_t)id, port.device) != 0)
		return CV_ERR_IO;
	if (dp_create(&params, &dp) != 0 || dp_iface_set(dp, 0, &iface) != 0 ||
		dp_service_set(dp, 0, &service) != 0 || dp_start(dp, CV_NS_PER_S) != 0 ||
		dp_filter_set(dp, 0, &ipsec) != 0 || dp_group_set(dp, 0, &group) != 0 ||
		dp_realm_set(dp, 0, &pool, 1) != 0 ||
		dp_route_set(dp, 0, &self, dp_route_word(DP_ROUTE_SELF, 0)) != 0)
		return CV_ERR_IO;
	return fill(sessions);
}

static void
destroy(void)
{
	drain();
	dp_stop(dp);
	rte_vdev_uninit("net_ring_wan");
	rte_ring_free(in);
	rte_ring_free(out);
	dp_destroy(dp);
	free(flows);
}

static void
refill(void)
{
	struct rte_mbuf *frames[DP_BURST];

	drain();
	if (rte_pktmbuf_alloc_bulk(dp->pool, frames, DP_BURST) != 0)
		abort();
	for (unsigned i = 0; i < DP_BURST; i++) {
		const struct flow *f = &flows[n_flows == 1 ? 0 : bench_random() % n_flows];

		memcpy(rte_pktmbuf_append(frames[i], FRAME), f->frame, FRAME);
	}
	rte_ring_enqueue_bulk(in, (void **)frames, DP_BURST, NULL);
}

/* DPDK alone: the same rings and frames, with the MAC addresses swapped. */
static void
macswap(struct dp_worker *w)
{
	struct rte_mbuf *frames[DP_BURST];
	uint16_t n = rte_eth_rx_burst(dp->ports[0].id, w->index, frames, DP_BURST);

	for (uint16_t i = 0; i < n; i++) {
		struct rte_ether_hdr *e = rte_pktmbuf_mtod(frames[i], struct rte_ether_hdr *);
		struct rte_ether_addr a = e->dst_addr;

		e->dst_addr = e->src_addr;
		e->src_addr = a;
	}
	rte_eth_tx_burst(dp->ports[0].id, w->index, frames, n);
}

static void
whole(struct dp_worker *w)
{
	dp_worker_round(w);
}

static double
measure(void (*run)(struct dp_worker *), unsigned bursts)
{
	double samples[BENCH_SAMPLES];

	for (unsigned i = 0; i < WARM_UP; i++) {
		refill();
		run(dp->workers[0]);
	}
	for (unsigned s = 0; s < BENCH_SAMPLES; s++) {
		uint64_t cycles = 0;

		for (unsigned i = 0; i < bursts; i++) {
			uint64_t start;

			refill();
			start = rte_rdtsc_precise();
			run(dp->workers[0]);
			cycles += rte_rdtsc_precise() - start;
		}
		samples[s] = (double)cycles / bursts / DP_BURST;
	}
	return bench_median(samples, BENCH_SAMPLES);
}

/* The round taken apart: the stages' own cycles, each a little less than in the whole, where the
 * stamps between them stand in no instruction's way. */
static void
measure_stages(uint64_t sessions, unsigned bursts)
{
	static const char *const names[STAGES] = {
		"classify", "ingress", "route", "policy", "relay", "egress"};
	static void (*const stages[STAGES])(struct dp_worker *, struct dp_burst *) = {NULL,
		dp_ingress_stage, dp_route_stage, dp_policy_stage, dp_relay_stage, dp_egress_stage};
	static double samples[STAGES][BENCH_SAMPLES];
	struct dp_worker *w = dp->workers[0];
	char name[48];

	for (unsigned s = 0; s < BENCH_SAMPLES; s++) {
		uint64_t cycles[STAGES] = {0};

		for (unsigned i = 0; i < bursts; i++) {
			struct rte_mbuf *frames[DP_BURST];
			struct dp_burst b;
			uint64_t last, now;
			uint16_t n;

			refill();
			n = rte_eth_rx_burst(dp->ports[0].id, w->index, frames, DP_BURST);
			last = rte_rdtsc_precise();
			for (unsigned k = 0; k < STAGES; k++) {
				if (k == 0)
					dp_classify(w, 0, frames, n, &b);
				else
					stages[k](w, &b);
				now = rte_rdtsc_precise();
				cycles[k] += now - last;
				last = now;
			}
			dp_tx_flush(w);
		}
		for (unsigned k = 0; k < STAGES; k++)
			samples[k][s] = (double)cycles[k] / bursts / DP_BURST;
	}
	for (unsigned k = 0; k < STAGES; k++) {
		snprintf(name, sizeof(name), "stage %s", names[k]);
		bench_add(name, sessions, bench_median(samples[k], BENCH_SAMPLES), "cycles/packet",
			NULL);
	}
}

int
bench_datapath(bool quick)
{
	static const uint64_t counts[] = {1, 1000, 60000, 1000000};
	char *args[] = {"bench", "--no-pci", "--no-huge", "-m", "256", "--no-shconf",
		"--no-telemetry", "--log-level=*:error", "--lcores=0", NULL};
	unsigned bursts = quick ? 50 : 500;

	if (rte_eal_init((int)RTE_DIM(args) - 1, args) < 0)
		return -1;
	for (size_t i = 0; i < RTE_DIM(counts) - (quick ? 1 : 0); i++) {
		uint64_t before;

		bench_progress("data path with %llu sessions", (unsigned long long)counts[i]);
		if (create(counts[i]) != 0) {
			bench_progress("the data path can't be set up");
			return -1;
		}
		answer_arp();
		if (i == 0)
			bench_add("macswap", 0, measure(macswap, bursts), "cycles/packet", NULL);
		before = dp->workers[0]->counts.edges[DP_EDGE_EGRESS_TX];
		bench_add("relay", counts[i], measure(whole, bursts), "cycles/packet", "macswap");
		if (dp->workers[0]->counts.edges[DP_EDGE_EGRESS_TX] - before !=
			(uint64_t)(WARM_UP + BENCH_SAMPLES * bursts) * DP_BURST) {
			bench_progress("not every packet was relayed: the figure means nothing");
			return -1;
		}
		measure_stages(counts[i], bursts);
		if (counts[i] >= 60000) /* before, the tables of a listener alone are more */
			bench_add("memory data path", counts[i],
				(double)dp->table_bytes / (double)counts[i], "bytes/session", NULL);
		destroy();
	}
	return 0;
}
