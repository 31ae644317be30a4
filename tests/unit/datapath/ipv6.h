/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames of IPv6 for a bench that has a service over IPv6 besides. */
#ifndef DATAPATH_IPV6_H
#define DATAPATH_IPV6_H

#include "harness.h"
#include "wire/nd.h"

enum { SERVICE_6 = 6, ETHER_IPV6 = WIRE_ETHER + WIRE_IPV6 };

static const uint8_t router_mac[WIRE_MAC] = {2, 0, 0, 0, 0, 0x0e}, nobodys[WIRE_IPV6_ADDRESS] = {0},
		     all_nodes[WIRE_IPV6_ADDRESS] = {0xff, 2, [15] = 1};

static inline struct cv_ip
ip6(const char *text)
{
	struct cv_ip ip;

	assert_int_equal(cv_ip_parse(text, &ip), 0);
	assert_int_equal(ip.family, CV_IPV6);
	return ip;
}

#define LNS_6 "2001:db8::1"
#define PEER_6 "2001:db8::b"  /* on the link */
#define FAR_6 "2001:db8:1::c" /* behind the gateway */

/* A service of ours beside that over IPv4, on the same interface. */
static inline void
serve_ipv6(struct bench *b, const char *gateway)
{
	struct dp_service service = {.ip = ip6(LNS_6), .prefix_length = 64};

	if (gateway != NULL)
		service.gateway = ip6(gateway);
	assert_int_equal(dp_service_set(b->dp, SERVICE_6, &service), 0);
}

/* Puts Ethernet and IPv6 around so many bytes that are in the frame already; returns its length. */
static inline size_t
around_ipv6(const struct bench *b, uint8_t *frame, const char *from, const char *to, uint8_t next,
	uint8_t hops, size_t len)
{
	struct wire_ipv6 h = {.next = next, .hops = hops, .payload = (uint16_t)len};
	struct cv_ip source = ip6(from), target = ip6(to);
	uint8_t mac[WIRE_MAC];

	memcpy(h.source, source.bytes, sizeof(h.source));
	memcpy(h.target, target.bytes, sizeof(h.target));
	memcpy(mac, b->dp->ports[0].mac, sizeof(mac));
	if (wire_ipv6_multicast(h.target))
		wire_ipv6_multicast_mac(h.target, mac);
	wire_ether_write(frame, mac, router_mac, WIRE_TYPE_IPV6);
	wire_ipv6_write(frame + WIRE_ETHER, &h);
	return ETHER_IPV6 + len;
}

/* A UDP datagram likewise, whose payload is at ETHER_IPV6 + 8. */
static inline size_t
around_udp6(const struct bench *b, uint8_t *frame, const char *from, const char *to, uint16_t port,
	size_t len)
{
	uint8_t *ip = frame + WIRE_ETHER, *udp = ip + WIRE_IPV6;
	size_t bytes = around_ipv6(b, frame, from, to, WIRE_UDP, 60, WIRE_UDP_HEADER + len);

	wire_udp_write(udp, port, 1701, (uint16_t)(WIRE_UDP_HEADER + len));
	wire_udp_finish6(udp, ip + WIRE_IPV6_SOURCE, ip + WIRE_IPV6_TARGET);
	return bytes;
}

/* Writes ICMP's checksum over a frame of so many bytes. */
static inline void
sum_icmpv6(uint8_t *frame, size_t bytes)
{
	uint8_t *ip = frame + WIRE_ETHER;

	wire_icmpv6_finish(
		ip + WIRE_IPV6, bytes - ETHER_IPV6, ip + WIRE_IPV6_SOURCE, ip + WIRE_IPV6_TARGET);
}

/* An advertisement of a neighbour in answer to our question, or not; returns its length. */
static inline size_t
make_advert(const struct bench *b, uint8_t *frame, const char *about, const uint8_t mac[WIRE_MAC],
	uint8_t flags)
{
	uint8_t *nd = frame + ETHER_IPV6;
	struct cv_ip ip = ip6(about);
	size_t bytes;

	memset(nd, 0, 32);
	nd[0] = WIRE_ND_ADVERT;
	nd[4] = flags;
	memcpy(nd + WIRE_ND_TARGET, ip.bytes, WIRE_IPV6_ADDRESS);
	nd[WIRE_ND_OPTIONS] = WIRE_ND_OPTION_TARGET;
	nd[WIRE_ND_OPTIONS + 1] = 1;
	memcpy(nd + WIRE_ND_OPTIONS + 2, mac, WIRE_MAC);
	bytes = around_ipv6(b, frame, about, LNS_6, WIRE_ICMPV6, WIRE_ND_HOPS, 32);
	memcpy(frame + WIRE_ETHER_SOURCE, mac, WIRE_MAC);
	sum_icmpv6(frame, bytes);
	return bytes;
}

static inline void
put_advert(struct bench *b, const char *about, const uint8_t mac[WIRE_MAC], uint8_t flags)
{
	uint8_t frame[FRAME_MAX];

	put_frame(b, frame, make_advert(b, frame, about, mac, flags));
}

#endif
