/* SPDX-License-Identifier: BSD-3-Clause */
#include "harness.h"

#include <rte_bus_vdev.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>

int
harness_eal(void)
{
	char *args[] = {"test", "--no-pci", "--no-huge", "-m", "128", "--no-shconf",
		"--no-telemetry", "--log-level=*:error", "--lcores=0", NULL};

	return rte_eal_init((int)RTE_DIM(args) - 1, args) < 0 ? -1 : 0;
}

int
bench_create(const struct dp_params *params, const struct dp_service *service, struct dp **dp)
{
	struct dp_iface iface = {0};
	int rc = dp_create(params, dp);

	if (rc == 0)
		rc = dp_iface_set(*dp, 0, &iface);
	return rc != 0 ? rc : dp_service_set(*dp, 0, service);
}

int
session_open(struct dp *dp, uint32_t slot, const struct session_ip *ip)
{
	struct dp_session s;

	if (dp_session_get(dp, slot, &s) != 0)
		return CV_ERR_UNKNOWN;
	s.open = true;
	s.reachable = !ip->hold;
	s.address = ip->address;
	s.realm = ip->realm;
	s.group = ip->group;
	s.filter = ip->filter;
	s.mtu = ip->mtu;
	s.send = ip->send;
	return dp_session_set(dp, &s, NULL);
}

void
session_reach(struct dp *dp, uint32_t slot)
{
	struct dp_session s;

	if (dp_session_get(dp, slot, &s) != 0 || !s.open)
		return;
	s.reachable = true;
	assert_int_equal(dp_session_set(dp, &s, NULL), 0);
}

void
session_shut(struct dp *dp, uint32_t slot)
{
	struct dp_session s;

	if (dp_session_get(dp, slot, &s) != 0)
		return;
	s.open = false;
	assert_int_equal(dp_session_set(dp, &s, NULL), 0);
}

int
set_policy(struct dp *dp, uint16_t id, const struct policy *policy)
{
	struct dp_filter filter = {.kind = policy->kind,
		.rule_count = policy->rule_count,
		.gateways = policy->gateways,
		.gateway_count = policy->gateway_count};
	struct dp_group group = {.lns = policy->lns,
		.mtu = policy->mtu,
		.clients_reachable = policy->clients_reachable,
		.refuse_silently = policy->refuse_silently};
	struct cv_prefix lns = {.ip = policy->lns, .length = 32};
	int rc;

	memcpy(filter.rules, policy->rules, sizeof(filter.rules));
	if (policy->lns.family != 0)
		assert_int_equal(dp_route_set(dp, 0, &lns, dp_route_word(DP_ROUTE_SELF, 0)), 0);
	rc = dp_filter_set(dp, id, &filter);
	return rc != 0 ? rc : dp_group_set(dp, id, &group);
}

static void
answer_arp(struct bench *b, uint32_t ip)
{
	uint8_t frame[FRAME_MAX];

	put_frame(b, frame, bench_arp(b, ip, frame));
}

uint32_t
bench_session(struct bench *b, bool a, uint16_t send)
{
	struct dp_session s = {.tunnel_id = a ? TUNNEL_A : TUNNEL_B,
		.session_id = a ? SESSION_A : SESSION_B,
		.peer_tunnel_id = PEER_TUNNEL,
		.peer_session_id = PEER_SESSION,
		.peer = {.ip = cv_ipv4(a ? PEER_A : PEER_B), .port = a ? PORT_A : PORT_B},
		.send = send};
	struct session_ip ip = {.address = cv_ipv4(a ? INNER_A : INNER_B),
		.group = a ? GROUP_A : GROUP_B,
		.filter = a ? GROUP_A : GROUP_B,
		.mtu = 1400,
		.send = send};
	uint32_t slot;

	assert_int_equal(dp_session_set(b->dp, &s, &slot), 0);
	assert_int_equal(session_open(b->dp, slot, &ip), 0);
	return slot;
}

void
bench_sessions(struct bench *b, uint16_t send_a, uint16_t send_b)
{
	b->slot_a = bench_session(b, true, send_a);
	b->slot_b = bench_session(b, false, send_b);
}

void
bench_sessions_mtu(struct bench *b, uint16_t mtu)
{
	struct session_ip ip = {.mtu = mtu, .address = cv_ipv4(INNER_A)};

	bench_sessions(b, 0, 0);
	assert_int_equal(session_open(b->dp, b->slot_a, &ip), 0);
	ip.address = cv_ipv4(INNER_B);
	ip.group = ip.filter = GROUP_B;
	assert_int_equal(session_open(b->dp, b->slot_b, &ip), 0);
}

void
free_ids(const struct bench *b, struct dp_session *s)
{
	struct dp_session other;
	uint32_t slot;

	do {
		s->tunnel_id += ++s->session_id == 0;
		slot = cv_session_slot(b->dp->slot_seed, s->service, s->tunnel_id, s->session_id,
			b->dp->slot_mask);
	} while (dp_session_get(b->dp, slot, &other) == 0);
}

void
bench_up(struct bench *b, uint16_t send_a, uint16_t send_b)
{
	bench_up_for(b, 100, send_a, send_b);
}

void
bench_start(struct bench *b, const struct dp_port_config *port, uint32_t sessions)
{
	struct policy any = {
		.kind = DP_FILTER_ANY, .clients_reachable = true, .lns = cv_ipv4(INNER_LNS)};
	struct dp_service service = {.ip = cv_ipv4(LNS_IP), .prefix_length = 24};
	struct dp_params params = {.ports = port,
		.port_count = 1,
		.slot_seed = 7,
		.slot_mask = cv_slot_mask(sessions),
		.pool_mbufs = 1023,
		.eal_ready = true};

	assert_int_equal(bench_create(&params, &service, &b->dp), 0);
	assert_int_equal(dp_start(b->dp, b->now), 0);
	assert_int_equal(set_policy(b->dp, GROUP_A, &any), 0);
	assert_int_equal(set_policy(b->dp, GROUP_B, &any), 0);
	b->mbufs = rte_mempool_avail_count(b->dp->pool);
}

/* The same on the port of two rings; mtu: 0 as it is without. */
static void
start_on_rings(struct bench *b, uint16_t mtu, uint32_t sessions)
{
	struct dp_port_config port = {.kind = DP_PORT_ETHDEV, .name = "wan", .mtu = mtu};
	int id;

	*b = (struct bench){.now = CV_NS_PER_S};
	b->in = rte_ring_create("in", 1024, SOCKET_ID_ANY, 0);
	b->out = rte_ring_create("out", 1024, SOCKET_ID_ANY, 0);
	id = rte_eth_from_rings("wan", &b->in, 1, &b->out, 1, rte_socket_id());
	assert_true(id >= 0);
	assert_int_equal(rte_eth_dev_get_name_by_port((uint16_t)id, port.device), 0);
	bench_start(b, &port, sessions);
}

/* Both NATs say where they are. */
static void
know_neighbours(struct bench *b)
{
	answer_arp(b, PEER_A);
	answer_arp(b, PEER_B);
	while (take_frame(b).len != 0)
		; /* our ARP requests */
}

void
bench_up_for(struct bench *b, uint32_t sessions, uint16_t send_a, uint16_t send_b)
{
	start_on_rings(b, 0, sessions);
	bench_sessions(b, send_a, send_b);
	know_neighbours(b);
}

void
bench_up_mtu(struct bench *b, uint16_t mtu)
{
	start_on_rings(b, mtu, 100);
	bench_sessions_mtu(b, mtu);
	know_neighbours(b);
}

void
bench_pass(struct bench *b, uint32_t ms)
{
	b->ms += ms;
	b->dp->workers[0]->cycles_per_ms = b->ms == 0 ? UINT64_MAX : rte_rdtsc() / b->ms;
	dp_worker_round(b->dp->workers[0]);
}

void
bench_down(struct bench *b)
{
	while (dp_worker_round(b->dp->workers[0]) != 0 || take_frame(b).len != 0)
		; /* what the control thread still had to send */
	assert_int_equal(rte_mempool_avail_count(b->dp->pool), b->mbufs);
	dp_stop(b->dp);
	assert_int_equal(rte_vdev_uninit("net_ring_wan"), 0);
	rte_ring_free(b->in);
	rte_ring_free(b->out);
	dp_destroy(b->dp);
}

void
put_to_worker(struct bench *b, const void *frame, size_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(b->dp->pool);

	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
	assert_int_equal(rte_ring_enqueue(b->in, m), 0);
	dp_worker_round(b->dp->workers[0]);
}

void
put_frame(struct bench *b, const void *frame, size_t len)
{
	put_to_worker(b, frame, len);
	dp_control_poll(b->dp, b->now);
	dp_worker_round(b->dp->workers[0]);
}

void
later(struct bench *b, uint64_t seconds)
{
	b->now += seconds * CV_NS_PER_S;
	dp_control_poll(b->dp, b->now);
}

void
pass_time(struct bench *b, uint64_t ns)
{
	b->now += ns;
	dp_control_poll(b->dp, b->now);
	dp_worker_round(b->dp->workers[0]);
}

uint64_t
allowed_since(uint64_t begin, unsigned cost_ms, unsigned most_ms)
{
	return (most_ms + (rte_rdtsc() - begin) * 1000 / rte_get_tsc_hz()) / cost_ms + 1;
}

uint32_t
random_below(uint64_t *state, uint32_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)((*state >> 32) * below >> 32);
}

size_t
table_bytes(struct bench *b)
{
	struct dp_setup_info info;

	dp_control_poll(b->dp, b->now);
	dp_setup_info(b->dp, &info);
	return info.table_bytes;
}

uint64_t
drops(const struct bench *b, enum dp_drop_cause cause)
{
	struct dp_counter c;

	assert_true(dp_drop_counter(b->dp, cause, &c));
	return c.packets;
}

uint64_t
edges(const struct bench *b, enum dp_edge_name edge)
{
	struct dp_counter c;

	assert_true(dp_edge_counter(b->dp, edge, &c));
	return c.packets;
}

bool stages_only;

int
by_fast_way(void **state)
{
	(void)state;
	stages_only = false;
	return 0;
}

int
by_stages(void **state)
{
	(void)state;
	stages_only = true;
	return 0;
}
