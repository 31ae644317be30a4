/* SPDX-License-Identifier: BSD-3-Clause */
#include "harness.h"

#include <rte_bus_vdev.h>
#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>

enum {
	TUNNEL_A = 11,
	TUNNEL_B = 12,
	SESSION_A = 21,
	SESSION_B = 22,
	PEER_TUNNEL = 31,
	PEER_SESSION = 41
};

static const uint8_t nat_mac[6] = {2, 0, 0, 0, 0, 9};

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

size_t
bench_arp(const struct bench *b, uint32_t ip, uint8_t *frame)
{
	wire_ether_write(frame, b->dp->ports[0].mac, nat_mac, WIRE_TYPE_ARP);
	wire_arp_write(frame + WIRE_ETHER, WIRE_ARP_REPLY, nat_mac, wire_swap32(ip),
		b->dp->ports[0].mac, wire_swap32(LNS_IP));
	return WIRE_ETHER + WIRE_ARP;
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
inner_checksum(uint8_t *ip)
{
	wire_ipv4_finish(ip);
}

size_t
inner_packet(uint8_t *out, uint32_t src, uint32_t dst, uint8_t protocol, size_t len)
{
	const struct wire_ipv4 header = {.tos = 0x28,
		.length = (uint16_t)len,
		.id = 0x1234,
		.ttl = 64,
		.protocol = protocol,
		.source_be = wire_swap32(src),
		.target_be = wire_swap32(dst)};

	wire_ipv4_write(out, &header);
	for (size_t i = WIRE_IPV4; i < len; i++)
		out[i] = (uint8_t)(i * 37 + len);
	return len;
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

/* Ethernet, IPv4 and UDP around a payload that is in the frame already. */
static void
outer(const struct bench *b, uint8_t *frame, uint32_t ip, uint16_t port, size_t payload_len,
	bool checksum)
{
	uint16_t udp_len = (uint16_t)(WIRE_UDP_HEADER + payload_len);
	uint8_t *start = frame + WIRE_ETHER, *udp = start + WIRE_IPV4;
	const struct wire_ipv4 header = {.length = (uint16_t)(WIRE_IPV4 + udp_len),
		.id = 1,
		.ttl = 63,
		.protocol = WIRE_UDP,
		.source_be = wire_swap32(ip),
		.target_be = wire_swap32(LNS_IP)};

	wire_ether_write(frame, b->dp->ports[0].mac, nat_mac, WIRE_TYPE_IPV4);
	wire_ipv4_write(start, &header);
	wire_udp_write(udp, port, 1701, udp_len);
	if (checksum)
		wire_udp_finish(udp, header.source_be, header.target_be);
}

void
bench_udp(const struct bench *b, uint32_t ip, uint16_t port, const void *payload, size_t len,
	uint8_t *frame)
{
	memcpy(frame + WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER, payload, len);
	outer(b, frame, ip, port, len, true);
}

void
put_udp(struct bench *b, uint32_t ip, uint16_t port, const void *payload, size_t len)
{
	uint8_t frame[FRAME_MAX];

	bench_udp(b, ip, port, payload, len, frame);
	put_frame(b, frame, WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER + len);
}

size_t
build_data(const struct bench *b, bool from_a, const struct wire *wire, const void *inner,
	size_t len, uint8_t *frame)
{
	size_t before = WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER, total;
	uint8_t *l2tp = frame + before;
	struct cv_writer w = cv_writer(l2tp, FRAME_MAX - before);
	uint16_t protocol = wire->protocol == 0 ? 0x0021 : wire->protocol;
	uint16_t tunnel = from_a ? TUNNEL_A : TUNNEL_B, session = from_a ? SESSION_A : SESSION_B;

	cv_write_u16(&w, (uint16_t)(2 | (wire->length ? 0x4000 : 0) |
				    (wire->sequence ? 0x0800 : 0) | (wire->offset ? 0x0200 : 0)));
	if (wire->length)
		cv_write_u16(&w, 0);
	cv_write_u16(&w, wire->tunnel_id != 0 ? wire->tunnel_id : tunnel);
	cv_write_u16(&w, wire->session_id != 0 ? wire->session_id : session);
	if (wire->sequence)
		cv_write_u32(&w, 0x00050000);
	if (wire->offset) {
		cv_write_u16(&w, 3);
		cv_write_bytes(&w, "pad", 3);
	}
	if (!wire->acfc)
		cv_write_u16(&w, 0xff03);
	if (!wire->pfc)
		cv_write_u8(&w, (uint8_t)(protocol >> 8));
	cv_write_u8(&w, (uint8_t)protocol);
	cv_write_bytes(&w, inner, len);
	total = cv_written(&w);
	if (wire->length)
		cv_patch_u16(&w, 2, (uint16_t)total);
	for (unsigned i = 0; i < wire->padding; i++)
		cv_write_u8(&w, 0xee);
	assert_false(w.failed);
	outer(b, frame,
		wire->peer_ip != 0 ? wire->peer_ip
		: from_a           ? PEER_A
				   : PEER_B,
		wire->peer_port != 0 ? wire->peer_port
		: from_a             ? PORT_A
				     : PORT_B,
		cv_written(&w), !wire->no_checksum);
	frame[WIRE_ETHER + 1] = wire->tos;
	inner_checksum(frame + WIRE_ETHER);
	if (wire->wrong_checksum)
		frame[before - 1] ^= 0x55;
	return before + cv_written(&w);
}

size_t
build_large(const struct bench *b, size_t inner_len, bool may_be_cut, uint8_t *frame)
{
	uint8_t small[64], *ip = frame + WIRE_ETHER, *udp = ip + WIRE_IPV4, *inner;
	struct wire wire = {0};
	size_t headers;

	inner_packet(small, INNER_A, INNER_B, WIRE_ESP, sizeof(small));
	headers = build_data(b, true, &wire, small, sizeof(small), frame) - sizeof(small);
	inner = frame + headers;
	for (size_t i = WIRE_IPV4; i < inner_len; i++)
		inner[i] = (uint8_t)(i * 37 + inner_len);
	wire_put16(inner + WIRE_IPV4_LENGTH, (uint16_t)inner_len);
	wire_put16(inner + WIRE_IPV4_FRAGMENT, may_be_cut ? 0 : WIRE_IPV4_DONT);
	wire_ipv4_finish(inner);
	wire_put16(ip + WIRE_IPV4_LENGTH, (uint16_t)(headers - WIRE_ETHER + inner_len));
	wire_ipv4_finish(ip);
	wire_put16(udp + WIRE_UDP_LENGTH, (uint16_t)(headers - WIRE_ETHER - WIRE_IPV4 + inner_len));
	wire_udp_finish(udp, wire_ipv4_source_be(ip), wire_ipv4_target_be(ip));
	return headers + inner_len;
}

void
put_data(struct bench *b, bool from_a, const struct wire *wire, const void *inner, size_t len)
{
	uint8_t frame[FRAME_MAX];

	put_frame(b, frame, build_data(b, from_a, wire, inner, len, frame));
}

struct frame_bytes
take_frame(struct bench *b)
{
	struct frame_bytes f = {0};
	struct rte_mbuf *m;

	if (rte_ring_dequeue(b->out, (void **)&m) != 0)
		return f;
	f.len = rte_pktmbuf_data_len(m);
	assert_int_equal(f.len, rte_pktmbuf_pkt_len(m));
	assert_int_equal(
		m->nb_segs, 1); /* a device sends the others too, whatever the length says */
	memcpy(f.bytes, rte_pktmbuf_mtod(m, void *), f.len);
	rte_pktmbuf_free(m);
	return f;
}

/* What a receiver would check, in its order. */
size_t
take_packet(struct bench *b, bool to_a, uint8_t protocol, uint8_t *inner)
{
	struct frame_bytes f = take_frame(b);
	const uint8_t *ip = f.bytes + WIRE_ETHER, *udp = ip + WIRE_IPV4;
	struct cv_reader r;
	uint16_t flags, total;

	if (f.len == 0)
		return 0;
	assert_memory_equal(f.bytes, nat_mac, 6);
	assert_int_equal(ip[0], 0x45);
	total = wire_ipv4_length(ip);
	assert_int_equal(total + WIRE_ETHER, f.len);
	assert_int_equal(wire_fold(wire_sum20(ip)), 0xffff);
	assert_int_equal(rte_be_to_cpu_32(wire_ipv4_source_be(ip)), LNS_IP);
	assert_int_equal(rte_be_to_cpu_32(wire_ipv4_target_be(ip)), to_a ? PEER_A : PEER_B);
	assert_int_equal(rte_bswap16(wire_load16(udp)), 1701);
	assert_int_equal(rte_bswap16(wire_load16(udp + 2)), to_a ? PORT_A : PORT_B);
	assert_int_equal(rte_bswap16(wire_load16(udp + 4)), total - WIRE_IPV4);
	assert_int_not_equal(wire_load16(udp + 6), 0);
	assert_int_equal(wire_fold(wire_sum(udp, (size_t)total - WIRE_IPV4) +
				   wire_sum_pseudo(wire_ipv4_source_be(ip), wire_ipv4_target_be(ip),
					   wire_load16(udp + 4))),
		0xffff);
	r = cv_reader(udp + WIRE_UDP_HEADER, (size_t)total - WIRE_IPV4 - WIRE_UDP_HEADER);
	flags = cv_read_u16(&r);
	if ((flags & 0x4000) != 0)
		assert_int_equal(cv_read_u16(&r), total - WIRE_IPV4 - WIRE_UDP_HEADER);
	assert_int_equal(cv_read_u16(&r), PEER_TUNNEL);
	assert_int_equal(cv_read_u16(&r), PEER_SESSION);
	if ((flags & 0x0800) != 0)
		cv_read_u32(&r);
	if (r.pos[0] == 0xff)
		assert_int_equal(cv_read_u16(&r), 0xff03);
	if (r.pos[0] == 0)
		cv_read_u8(&r);
	assert_int_equal(cv_read_u8(&r), protocol);
	assert_false(r.failed);
	memcpy(inner, r.pos, cv_remaining(&r));
	return cv_remaining(&r);
}

size_t
take_inner(struct bench *b, bool to_a, uint8_t *inner)
{
	return take_packet(b, to_a, WIRE_PPP_IP, inner);
}

void
later(struct bench *b, uint64_t seconds)
{
	b->now += seconds * CV_NS_PER_S;
	dp_control_poll(b->dp, b->now);
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
