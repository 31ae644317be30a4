/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames from the wire through the whole data path with two sessions, open for both families, and a
 * tunnel: nothing crashes, no buffer is lost, and every frame ends in a named drop, a named edge or
 * a port. */
#include <stdlib.h>

#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>

#include "datapath/routes.h"
#include "datapath/worker/reassemble.h"
#include "datapath/worker/stages.h"
#include "datapath/worker/worker.h"
#include "fuzz.h"

#if defined(__has_feature) && !defined(__SANITIZE_ADDRESS__)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

enum { LNS = 0xc0000201, PEER = 0xc000020b, INNER = 0x0a580101, FRAME_MAX = 1600 };

/* Ours over IPv6, and a peer: 2001:db8::1 and ::b. */
enum { SERVICE_6 = 1 };
static const struct cv_ip lns6 = {CV_IPV6, {0x20, 1, 0xd, 0xb8, [15] = 1}},
			  peer6 = {CV_IPV6, {0x20, 1, 0xd, 0xb8, [15] = 0xb}},
			  gateway6 = {CV_IPV6, {0xfe, 0x80, [15] = 1}};

static struct rte_ring *in, *out;
static struct dp *dp;
static unsigned mbufs;

static void
add_session(uint16_t id, uint16_t mtu)
{
	struct dp_session s = {.tunnel_id = 11,
		.session_id = id,
		.peer_tunnel_id = 1,
		.peer_session_id = 1,
		.peer = {.ip = cv_ipv4(PEER), .port = 40000},
		.open = true,
		.reachable = true,
		.address = cv_ipv4((uint32_t)(INNER + id)),
		.open6 = true,
		.reachable6 = true,
		.interface_id = {[7] = 1},
		.mtu = mtu};

	FUZZ_CHECK(cv_prefix_parse("2001:db8:a:0::/64", &s.prefix6) == 0 &&
		   cv_prefix_parse("2001:db8:b:0::/56", &s.delegated) == 0);
	s.prefix6.ip.bytes[7] = (uint8_t)id;
	s.delegated.ip.bytes[6] = (uint8_t)id;
	FUZZ_CHECK(dp_session_set(dp, &s, NULL) == 0);
}

/* What tables alone know of is no leak: they are no part of the heap. */
static void
look_into_tables(void)
{
#ifdef __SANITIZE_ADDRESS__
	__lsan_register_root_region(dp->cold, ((size_t)dp->slot_mask + 1) * sizeof(dp->cold[0]));
#endif
}

/* A listener over IPv6 beside the other, a tunnel and a session there. */
static void
start_ipv6(void)
{
	struct dp_service service = {.ip = lns6, .prefix_length = 64, .gateway = gateway6};
	struct cv_endpoint peer = {.ip = peer6, .port = 40000};
	struct dp_session s = {.service = SERVICE_6,
		.tunnel_id = 11,
		.session_id = 23,
		.peer_tunnel_id = 1,
		.peer_session_id = 1,
		.peer = peer,
		.open = true,
		.reachable = true,
		.address = cv_ipv4(INNER + 23),
		.mtu = 1400};
	static volatile uint64_t
		kept; /* what a table has that the leak checker does not look into */

	FUZZ_CHECK(dp_service_set(dp, SERVICE_6, &service) == 0 &&
		   dp_tunnel_set(dp, SERVICE_6, 11, &peer) == 0 &&
		   dp_session_set(dp, &s, NULL) == 0);
	kept = dp->tunnels[SERVICE_6][11];
	FUZZ_CHECK(kept != 0);
}

static void
start(void)
{
	char *args[] = {"fuzz", "--no-pci", "--no-huge", "-m", "128", "--no-shconf",
		"--no-telemetry", "--log-level=*:error", "--lcores=0", NULL};
	struct dp_group group = {.clients_reachable = true, .lns = cv_ipv4(INNER)};
	struct dp_filter filter = {.kind = DP_FILTER_IPSEC};
	struct cv_prefix self = {.ip = cv_ipv4(INNER), .length = 32}, self6;
	struct cv_endpoint peer = {.ip = cv_ipv4(PEER), .port = 40000};
	struct dp_port_config port = {.kind = DP_PORT_ETHDEV, .name = "wan"};
	struct dp_iface iface = {0};
	struct dp_service service = {.ip = cv_ipv4(LNS), .prefix_length = 24};
	struct dp_params params = {.ports = &port,
		.port_count = 1,
		.slot_seed = 7,
		.slot_mask = cv_slot_mask(100),
		.pool_mbufs = 1023,
		.eal_ready = true};
	int id;

	FUZZ_CHECK(rte_eal_init((int)RTE_DIM(args) - 1, args) >= 0);
	in = rte_ring_create("in", 64, SOCKET_ID_ANY, 0);
	out = rte_ring_create("out", 256, SOCKET_ID_ANY, 0);
	id = rte_eth_from_rings("wan", &in, 1, &out, 1, rte_socket_id());
	FUZZ_CHECK(id >= 0 && rte_eth_dev_get_name_by_port((uint16_t)id, port.device) == 0);
	FUZZ_CHECK(dp_create(&params, &dp) == 0 && dp_iface_set(dp, 0, &iface) == 0 &&
		   dp_service_set(dp, 0, &service) == 0 && dp_start(dp, CV_NS_PER_S) == 0);
	FUZZ_CHECK(cv_prefix_parse("2001:db8:ffff::1", &self6) == 0 &&
		   dp_route_set(dp, 0, &self6, dp_route_word(DP_ROUTE_SELF, 0)) == 0);
	FUZZ_CHECK(dp_filter_set(dp, 0, &filter) == 0 && dp_group_set(dp, 0, &group) == 0 &&
		   dp_route_set(dp, 0, &self, dp_route_word(DP_ROUTE_SELF, 0)) == 0 &&
		   dp_tunnel_set(dp, 0, 11, &peer) == 0);
	add_session(21, 1400);
	add_session(22, 100); /* what goes there is cut */
	start_ipv6();
	look_into_tables();
	mbufs = 0;
}

/* The same over IPv6: our MAC address where it is not for a group, and the checksum of what stands
 * behind the extension headers. */
static void
fix6(uint8_t *f, size_t len)
{
	uint8_t *ip = f + WIRE_ETHER;
	const uint8_t *source = ip + WIRE_IPV6_SOURCE, *target = ip + WIRE_IPV6_TARGET;
	struct wire_upper upper;

	if (f[0] != 0x33)
		memcpy(f, dp->ports[0].mac, 6);
	wire_put16(ip + WIRE_IPV6_LENGTH, (uint16_t)(len - WIRE_ETHER - WIRE_IPV6));
	if (!wire_ipv6_upper(ip, len - WIRE_ETHER, &upper) || upper.later)
		return;
	len -= WIRE_ETHER + upper.at;
	if (upper.protocol == WIRE_ICMPV6 && len >= WIRE_ICMP_HEADER)
		wire_icmpv6_finish(ip + upper.at, len, source, target);
	if (upper.protocol == WIRE_UDP && len >= WIRE_UDP_HEADER &&
		wire_udp_length(ip + upper.at) >= WIRE_UDP_HEADER &&
		wire_udp_length(ip + upper.at) <= len)
		wire_udp_finish6(ip + upper.at, source, target);
}

/* The checksum of ICMPv6 and UDP behind an inner IPv6 header. */
static void
fix_inner6(uint8_t *ip, size_t len)
{
	size_t bytes = wire_get16(ip + WIRE_IPV6_LENGTH);

	if (bytes > len - WIRE_IPV6 || bytes < WIRE_ICMP_HEADER)
		return;
	if (ip[WIRE_IPV6_NEXT] == WIRE_ICMPV6)
		wire_icmpv6_finish(
			ip + WIRE_IPV6, bytes, ip + WIRE_IPV6_SOURCE, ip + WIRE_IPV6_TARGET);
	else if (ip[WIRE_IPV6_NEXT] == WIRE_UDP && wire_udp_length(ip + WIRE_IPV6) <= bytes)
		wire_udp_finish6(ip + WIRE_IPV6, ip + WIRE_IPV6_SOURCE, ip + WIRE_IPV6_TARGET);
}

/* What a sender on the link would get right: our MAC address, the checksums of both headers. */
static void
fix(uint8_t *f, size_t len)
{
	if (len >= WIRE_ETHER + WIRE_IPV6 && wire_ether_type_be(f) == WIRE_TYPE_IPV6_BE) {
		fix6(f, len);
		return;
	}
	if (len < WIRE_ETHER + WIRE_IPV4)
		return;
	if (f[0] != 0xff)
		memcpy(f, dp->ports[0].mac, 6);
	wire_store16(f + WIRE_ETHER + WIRE_IPV4_SUM, 0);
	wire_store16(f + WIRE_ETHER + WIRE_IPV4_SUM, wire_checksum(wire_sum20(f + WIRE_ETHER)));
	if (len < 54 + WIRE_IPV4)
		return;
	wire_store16(f + 40, 0); /* UDP: no checksum */
	if (f[50] == 0xff && f[54] >> 4 == 4) {
		wire_store16(f + 54 + WIRE_IPV4_SUM, 0);
		wire_store16(f + 54 + WIRE_IPV4_SUM, wire_checksum(wire_sum20(f + 54)));
	}
	if (len >= 52 + WIRE_IPV6 && f[48] == 0xff && f[52] >> 4 == 6)
		fix_inner6(f + 52, len - 52);
}

static unsigned
collect(void)
{
	struct dp_punt punt;
	void *m;

	do {
		dp_worker_round(dp->workers[0]);
		dp_control_poll(dp, CV_NS_PER_S);
		while (dp_punt_next(dp, &punt)) {
			unsigned sum = 0;

			for (size_t i = 0; i < punt.len; i++)
				sum += punt.data[i];
			FUZZ_CHECK(sum <= 255 * FRAME_MAX);
			dp_punt_release(dp, &punt);
		}
		while (rte_ring_dequeue(out, &m) == 0)
			rte_pktmbuf_free(m);
	} while (!rte_ring_empty(dp->workers[0]->send));
	dp_follow_drain(dp->workers[0]); /* fragments that still wait */
	dp_parts_drain(dp->workers[0]);
	dp_sequence_drain(dp->workers[0]);
	return rte_mempool_avail_count(dp->pool);
}

int
fuzz_one(const uint8_t *data, size_t len)
{
	struct cv_reader input = cv_reader(data, len);
	struct fuzz_record r;

	if (dp == NULL)
		start();
	while (fuzz_next(&input, &r)) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(dp->pool);

		FUZZ_CHECK(m != NULL);
		if (r.len > FRAME_MAX)
			r.len = FRAME_MAX;
		if (r.fix)
			fix(r.bytes, r.len);
		if (r.len != 0)
			memcpy(rte_pktmbuf_append(m, (uint16_t)r.len), r.bytes, r.len);
		FUZZ_CHECK(rte_ring_enqueue(in, m) == 0);
		dp_worker_round(dp->workers[0]);
		fuzz_done(&r);
	}
	if (mbufs == 0)
		mbufs = collect();
	FUZZ_CHECK(collect() == mbufs);
	return 0;
}
