/* SPDX-License-Identifier: BSD-3-Clause */
/* A data path between two rings, and rounds of packets through it. */
#include "scene.h"
#include "datapath/discovery.h"
#include "datapath/info.h"
#include "datapath/routes.h"

#include <string.h>

#include <rte_bus_vdev.h>
#include <rte_cycles.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>

#include "bench.h"
#include "stun/message.h"
#include "wire/ether.h"

enum { RING = 1024, MBUFS = 16383, MACSWAP_BURST = 64 };

int
scene_policy(struct dp *dp, const struct population *p)
{
	static struct cv_prefix gateways[TRAFFIC_GATEWAY_PREFIXES];
	static struct cv_rule rules[DP_MAX_LIST];
	struct dp_filter ipsec = {.kind = DP_FILTER_IPSEC, .gateways = gateways};
	struct cv_prefix pools[] = {{.ip = cv_ipv4(TRAFFIC_POOL), .length = 12},
		{.ip = {.family = CV_IPV6, .bytes = TRAFFIC_POOL6}, .length = 44}};
	struct cv_prefix self = {.ip = cv_ipv4(TRAFFIC_INNER), .length = 32};
	struct dp_group group = {.clients_reachable = !p->gateways,
		.refuse_silently = !p->refuse_answers,
		.lns = cv_ipv4(TRAFFIC_INNER)};
	struct dp_iface iface = {0};
	static const struct dp_discovery discovery = {
		.stun_port = STUN_PORT, .per_second = 50}; /* the defaults */

	ipsec.gateway_count = (uint16_t)population_gateways(p, gateways);
	if (p->rules != 0) {
		population_rules(p, rules);
		ipsec.kind = DP_FILTER_LIST;
		ipsec.list = rules;
		ipsec.list_count = p->rules;
	}
	if (dp_iface_set(dp, 0, &iface) != 0 || dp_filter_set(dp, 0, &ipsec) != 0 ||
		dp_group_set(dp, 0, &group) != 0 ||
		dp_realm_set(dp, 0, pools, p->inner6 ? 2 : 1) != 0 ||
		dp_route_set(dp, 0, &self, dp_route_word(DP_ROUTE_SELF, 0)) != 0)
		return -1;
	if (dp_discovery_set(dp, &discovery) != 0)
		return -1;
	for (unsigned i = 0; i < p->services || i == 0; i++) {
		struct dp_service service = {.ip = cv_ipv4(TRAFFIC_OURS + i),
			.prefix_length = 24,
			.gateway = cv_ipv4(TRAFFIC_GATEWAY)};

		if (p->outer6) {
			service.ip = population_outer6(i + 1);
			service.prefix_length = 120; /* peers are behind the gateway */
			service.gateway = population_outer6(0xfe);
		}
		memcpy(service.gateway_mac, traffic_gateway_mac, sizeof(service.gateway_mac));
		if (dp_service_set(dp, (uint16_t)i, &service) != 0)
			return -1;
	}
	return 0;
}

/* Others on the wire, with tags: each VLAN with an address of ours and a pool in its own realm, all
 * the same ones. */
static int
open_vlans(struct scene *s)
{
	const struct cv_prefix ours = {.ip = cv_ipv4(TRAFFIC_LAN), .length = 24};
	const struct cv_prefix pool = {.ip = cv_ipv4(TRAFFIC_POOL), .length = 24};
	const struct dp_group group = {.lns = cv_ipv4(TRAFFIC_LAN)};

	if (dp_group_set(s->dp, 1, &group) != 0)
		return -1;
	for (uint16_t i = 1; i <= s->population.vlans; i++) {
		const struct dp_iface vlan = {
			.vlan = i, .inside = true, .realm = i, .group = 1, .filter = 0};

		if (dp_realm_set(s->dp, i, &pool, 1) != 0 || dp_iface_set(s->dp, i, &vlan) != 0 ||
			dp_address_set(s->dp, i, &ours) != 0)
			return -1;
	}
	return 0;
}

/* The port is inside the realm, with a router that is known. */
static int
open_uplink(struct scene *s)
{
	const struct dp_iface inside = {.inside = true, .group = 1, .filter = 1};
	/* who is there is no client, so it is a gateway */
	const struct cv_prefix everyone = {.ip = cv_ipv4(0), .length = 0};
	const struct dp_filter any = {
		.kind = DP_FILTER_ANY, .gateways = &everyone, .gateway_count = 1};
	const struct dp_group group = {.lns = cv_ipv4(TRAFFIC_LAN)};
	const struct cv_prefix ours = {.ip = cv_ipv4(TRAFFIC_LAN), .length = 24};
	const struct cv_prefix beyond = {.ip = cv_ipv4(TRAFFIC_BEYOND), .length = 16};
	const struct cv_prefix pool = {.ip = cv_ipv4(TRAFFIC_POOL), .length = 12};
	const struct dp_via via = {.iface = 0, .ip = cv_ipv4(TRAFFIC_ROUTER)};
	struct rte_mbuf *m = rte_pktmbuf_alloc(s->pool);
	uint8_t *ether;

	if (m == NULL || dp_filter_set(s->dp, 1, &any) != 0 ||
		dp_group_set(s->dp, 1, &group) != 0 || dp_iface_set(s->dp, 0, &inside) != 0 ||
		dp_address_set(s->dp, 0, &ours) != 0 || dp_via_set(s->dp, 0, &via, 1) != 0 ||
		dp_route_set(s->dp, 0, &beyond, dp_route_word(DP_ROUTE_VIA, 0)) != 0 ||
		dp_route_set(s->dp, 0, &pool, dp_route_word(DP_ROUTE_DISCARD, 0)) != 0)
		return -1;
	ether = (uint8_t *)rte_pktmbuf_append(m, WIRE_ETHER + WIRE_ARP);
	wire_ether_write(ether, s->mac, traffic_gateway_mac, WIRE_TYPE_ARP);
	wire_arp_write(ether + WIRE_ETHER, WIRE_ARP_REPLY, traffic_gateway_mac,
		wire_swap32(TRAFFIC_ROUTER), s->mac, wire_swap32(TRAFFIC_LAN));
	rte_ring_enqueue(s->in, m);
	return 0;
}

int
scene_sessions(struct dp *dp, const struct population *p)
{
	uint32_t before = DP_NO_SLOT;

	for (uint64_t i = 0; i < p->there; i++) {
		struct dp_session session;
		uint32_t slot;

		population_session(p, i, &session);
		if (dp_session_set(dp, &session, &slot) != 0)
			return -1;
		if (p->switched && i % 2 != 0 && dp_switch_set(dp, slot, before) != 0)
			return -1;
		if (p->followed && i % 2 == 0 &&
			(dp_tunnel_set(dp, session.service, session.tunnel_id, &session.peer) !=
					0 ||
				dp_tunnel_follow(dp, session.service, session.tunnel_id, true) !=
					0))
			return -1;
		before = slot;
	}
	return 0;
}

/* All buffers go round; each is 0 behind what frames are written into. */
static int
fill_fifo(struct scene *s)
{
	s->pool = rte_mempool_lookup("culvert-packets");
	if (s->pool == NULL || rte_pktmbuf_alloc_bulk(s->pool, s->fifo, SCENE_BUFFERS) != 0)
		return -1;
	for (unsigned i = 0; i < SCENE_BUFFERS; i++)
		memset(s->fifo[i]->buf_addr, 0, s->fifo[i]->buf_len);
	s->held = SCENE_BUFFERS;
	return 0;
}

int
scene_open(struct scene *s, const struct population *population, uint64_t slot_seed,
	uint32_t slot_mask)
{
	struct dp_port_config port = {.kind = DP_PORT_ETHDEV, .name = "wan"};
	struct dp_params params = {
		.ports = &port, .port_count = 1, .pool_mbufs = MBUFS, .eal_ready = true};
	struct dp_port_info info;
	int id;

	*s = (struct scene){.population = *population, .now = CV_NS_PER_S};
	params.slot_seed = slot_seed;
	params.slot_mask = slot_mask;
	s->in = rte_ring_create("in", RING, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	s->out = rte_ring_create("out", RING, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (s->in == NULL || s->out == NULL)
		goto fail;
	id = rte_eth_from_rings("wan", &s->in, 1, &s->out, 1, rte_socket_id());
	if (id < 0 || rte_eth_dev_get_name_by_port((uint16_t)id, port.device) != 0)
		goto fail;
	s->ethdev = (uint16_t)id;
	if (dp_create(&params, &s->dp) != 0 || dp_start(s->dp, s->now) != 0 ||
		scene_policy(s->dp, &s->population) != 0 || dp_port_info(s->dp, 0, &info) != 0 ||
		fill_fifo(s) != 0)
		goto fail;
	memcpy(s->mac, info.mac, sizeof(s->mac));
	return 0;
fail:
	bench_progress("the data path can't be set up");
	return -1;
}

/* What a data path says of itself when it begins (whom it asks, which groups it listens to) is no
 * traffic. Returns whether it said something. */
static bool
hush(struct scene *s)
{
	struct rte_mbuf *m;
	bool said = false;

	dp_control_poll(s->dp, s->now);
	dp_worker_poll(s->dp);
	while (rte_ring_dequeue(s->out, (void **)&m) == 0) {
		rte_pktmbuf_free(m);
		said = true;
	}
	return said;
}

void
scene_hush(struct scene *s)
{
	while (hush(s))
		;
}

int
scene_create(struct scene *s, const struct population *population)
{
	struct population p = *population;

	if (bench_eal(false) != 0 || population_plan(&p) != 0 ||
		scene_open(s, &p, p.seed, p.mask) != 0)
		return -1;
	if (scene_sessions(s->dp, &s->population) == 0 && (!p.uplink || open_uplink(s) == 0) &&
		(p.vlans == 0 || open_vlans(s) == 0)) {
		for (unsigned i = 0; i < p.vlans; i++) /* all of them say that they are there */
			hush(s);
		hush(s);
		hush(s); /* a router that has answered is taken in the round after */
		return 0;
	}
	bench_progress("the data path does not take the sessions");
	return -1;
}

void
scene_destroy(struct scene *s)
{
	while (s->held != 0) {
		rte_pktmbuf_free(s->fifo[s->first]);
		s->first = (s->first + 1) % SCENE_BUFFERS;
		s->held--;
	}
	dp_stop(s->dp);
	rte_vdev_uninit("net_ring_wan");
	rte_ring_free(s->in);
	rte_ring_free(s->out);
	dp_destroy(s->dp);
	population_free(&s->population);
}

void
scene_tell_drops(const struct dp *dp)
{
	struct dp_counter c;

	for (unsigned i = 0; dp_drop_counter(dp, i, &c); i++)
		if (c.packets != 0)
			bench_progress("  %llu %s", (unsigned long long)c.packets, c.name);
}

uint64_t
scene_dropped(const struct dp *dp, const char *cause)
{
	struct dp_counter c;

	for (unsigned i = 0; dp_drop_counter(dp, i, &c); i++)
		if (strcmp(c.name, cause) == 0)
			return c.packets;
	return 0;
}

/* Out of all caches, as what a device writes into memory is. */
void
scene_flush(const void *from, size_t bytes)
{
	const char *at = from;

	for (size_t i = 0; i < bytes; i += RTE_CACHE_LINE_SIZE) {
#if defined(__x86_64__)
		__builtin_ia32_clflush(at + i);
#elif defined(__aarch64__)
		__asm__ volatile("dc civac, %0" : : "r"(at + i) : "memory");
#else
#error "how is a line flushed here?"
#endif
	}
}

/* The buffer that has been out of use longest. */
static struct rte_mbuf *
take(struct scene *s)
{
	struct rte_mbuf *m;

	if (s->held == 0)
		return NULL;
	m = s->fifo[s->first];
	s->first = (s->first + 1) % SCENE_BUFFERS;
	s->held--;
	rte_pktmbuf_reset(m);
	return m;
}

static void
finish(const struct scene *s, struct rte_mbuf *m, unsigned len)
{
	m->data_len = (uint16_t)len;
	m->pkt_len = len;
	if (s->cold)
		scene_flush(rte_pktmbuf_mtod(m, void *), len);
}

struct rte_mbuf *
scene_frame(struct scene *s, const struct traffic *t)
{
	struct rte_mbuf *m = take(s);
	uint64_t from, to;

	if (m == NULL)
		return NULL;
	population_pair(&s->population, &from, &to);
	finish(s, m,
		traffic_write(&s->population, t, s->mac, from, to, rte_pktmbuf_mtod(m, uint8_t *)));
	return m;
}

struct rte_mbuf *
scene_frame_from(struct scene *s, const struct traffic *t, const struct dp_session *from,
	const struct cv_ip *to)
{
	struct rte_mbuf *m = take(s);

	if (m != NULL)
		finish(s, m,
			traffic_write_from(&s->population, t, s->mac, from, cv_ipv4_value(to), 0, 0,
				rte_pktmbuf_mtod(m, uint8_t *)));
	return m;
}

static void
keep(struct scene *s, struct rte_mbuf *m)
{
	s->fifo[(s->first + s->held) % SCENE_BUFFERS] = m;
	s->held++;
}

/* What came out, after a look at it. t NULL: without. */
static void
back(struct scene *s, const struct traffic *t, struct rte_mbuf *m)
{
	if (t == NULL || traffic_right(&s->population, t, rte_pktmbuf_mtod(m, uint8_t *),
				 rte_pktmbuf_data_len(m), s->check_sums))
		s->relayed++;
	else
		s->others++;
	keep(s, m);
}

static void
collect(struct scene *s, const struct traffic *t)
{
	struct rte_mbuf *frames[SCENE_ROUND];
	struct dp_punt punt;
	unsigned n;

	while ((n = rte_ring_dequeue_burst(s->out, (void **)frames, RTE_DIM(frames), NULL)) != 0)
		for (unsigned i = 0; i < n; i++)
			back(s, t, frames[i]);
	s->check_sums = false;
	dp_control_poll(s->dp, s->now);
	while (dp_punt_next(s->dp, &punt))
		dp_punt_release(s->dp, &punt);
	/* what was dropped is in the pool; what waits for the control thread comes there */
	while (s->held < SCENE_BUFFERS) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(s->pool);

		if (m == NULL)
			break;
		keep(s, m);
	}
}

double
scene_round(struct scene *s, const struct traffic *t, const struct scene_way *way)
{
	const struct traffic among = {.kind = t->among, .frame = t->frame};
	struct rte_mbuf *frames[SCENE_ROUND];
	uint64_t start, end;
	unsigned n = 0;

	for (; n < SCENE_ROUND; n++) {
		bool other = t->each != 0 && n % t->each == t->each - 1;

		frames[n] = scene_frame(s, other ? &among : t);
		if (frames[n] == NULL)
			break;
	}
	if (way->rings)
		rte_ring_enqueue_bulk(s->in, (void **)frames, n, NULL);
	rte_mb();
	start = rte_rdtsc_precise();
	way->run(s, way->context, frames, n);
	end = rte_rdtsc_precise();
	if (!way->rings)
		rte_ring_enqueue_bulk(s->out, (void **)frames, n, NULL);
	collect(s, way->sends ? t : NULL);
	return (double)(end - start) / (n - scene_among(t));
}

static void
relay(struct scene *s, void *context, struct rte_mbuf **frames, unsigned n)
{
	(void)context;
	(void)frames;
	for (unsigned done = 0; done < n;)
		done += dp_worker_poll(s->dp);
}

static void
swap_macs(struct rte_mbuf *m)
{
	struct rte_ether_hdr *e = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	struct rte_ether_addr a = e->dst_addr;

	e->dst_addr = e->src_addr;
	e->src_addr = a;
}

static void
macswap(struct scene *s, void *context, struct rte_mbuf **frames, unsigned n)
{
	(void)context;
	for (unsigned done = 0; done < n;) {
		uint16_t got = rte_eth_rx_burst(s->ethdev, 0, frames, MACSWAP_BURST);

		for (uint16_t i = 0; i < got; i++)
			rte_prefetch0(rte_pktmbuf_mtod(frames[i], void *));
		for (uint16_t i = 0; i < got; i++)
			swap_macs(frames[i]);
		done += rte_eth_tx_burst(s->ethdev, 0, frames, got);
	}
}

void
scene_pass(struct scene *s, struct rte_mbuf **frames, unsigned n)
{
	rte_ring_enqueue_bulk(s->in, (void **)frames, n, NULL);
	relay(s, NULL, frames, n);
	collect(s, NULL);
}

const struct scene_way scene_relay = {.run = relay, .rings = true, .sends = true};
const struct scene_way scene_macswap = {.run = macswap, .rings = true};
