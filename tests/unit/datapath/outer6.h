/* SPDX-License-Identifier: BSD-3-Clause */
/* Clients over IPv6 for a bench: 1 on the link, 2 behind the gateway, beside A and B over IPv4. */
#ifndef DATAPATH_OUTER6_H
#define DATAPATH_OUTER6_H

#include "inner6.h"
#include "ipv6.h"

enum {
	TUNNEL = 51, /* of both clients over IPv6 */
	SESSION_1 = 61,
	SESSION_2 = 62,
	PORT_6 = 40006,
	INNER_1 = 0x0a580111,
	INNER_2 = 0x0a580112,
	ICMP = 1,
	HEADERS = ETHER_IPV6 + WIRE_UDP_HEADER, /* in front of L2TP */
	DATA = HEADERS + 6 + 4,                 /* in front of the inner packet, without options */
};

static const uint8_t peer_mac[WIRE_MAC] = {2, 0, 0, 0, 0, 0x0b};

static inline uint32_t
open_session(struct bench *b, uint16_t session_id, const char *peer, uint32_t inner, uint16_t send)
{
	struct dp_session s = {.service = SERVICE_6,
		.tunnel_id = TUNNEL,
		.session_id = session_id,
		.peer_tunnel_id = 71,
		.peer_session_id = (uint16_t)(session_id + 1000),
		.peer = {.ip = ip6(peer), .port = PORT_6},
		.send = send,
		.open = true,
		.reachable = true,
		.address = cv_ipv4(inner),
		.mtu = 1400};
	uint32_t slot;

	assert_int_equal(dp_session_set(b->dp, &s, &slot), 0);
	return slot;
}

/* Sessions A and B over IPv4, 1 (on the link) and 2 (behind the gateway) over IPv6. */
static inline void
up6(struct bench *b, uint16_t send)
{
	bench_up(b, send, send);
	serve_ipv6(b, "2001:db8::fe");
	open_session(b, SESSION_1, PEER_6, INNER_1, send);
	open_session(b, SESSION_2, FAR_6, INNER_2, send);
	put_advert(b, "2001:db8::fe", router_mac, WIRE_ND_SOLICITED);
	put_advert(b, PEER_6, peer_mac, WIRE_ND_SOLICITED);
	while (take_frame(b).len != 0)
		;
}

/* Data of session 1 or 2; form: bit 0 Length, bit 1 ACFC, bit 2 PFC, bit 3 Offset. Returns the
 * frame's length. */
static inline size_t
make_data(const struct bench *b, uint8_t *frame, uint16_t session_id, unsigned form,
	const void *inner, size_t len)
{
	struct cv_writer w = cv_writer(frame + HEADERS, FRAME_MAX - HEADERS);

	cv_write_u16(&w,
		(uint16_t)(2 | ((form & 1) != 0 ? 0x4000 : 0) | ((form & 8) != 0 ? 0x0200 : 0)));
	if ((form & 1) != 0)
		cv_write_u16(&w, 0);
	cv_write_u16(&w, TUNNEL);
	cv_write_u16(&w, session_id);
	if ((form & 8) != 0) {
		cv_write_u16(&w, 3);
		cv_write_bytes(&w, "pad", 3);
	}
	if ((form & 2) == 0)
		cv_write_u16(&w, 0xff03);
	if ((form & 4) == 0)
		cv_write_u8(&w, 0);
	cv_write_u8(&w, 0x21);
	cv_write_bytes(&w, inner, len);
	if ((form & 1) != 0)
		cv_patch_u16(&w, 2, (uint16_t)cv_written(&w));
	assert_false(w.failed);
	return around_udp6(
		b, frame, session_id == SESSION_1 ? PEER_6 : FAR_6, LNS_6, PORT_6, cv_written(&w));
}

static inline void
put_data6(struct bench *b, uint16_t session_id, const void *inner, size_t len)
{
	uint8_t frame[FRAME_MAX];

	put_frame(b, frame, make_data(b, frame, session_id, 0, inner, len));
}

/* What a receiver over IPv6 would check, in its order. Returns the inner packet's length. */
static inline size_t
take_inner6(struct bench *b, uint16_t session_id, uint16_t send, uint8_t *inner)
{
	struct frame_bytes f = take_frame(b);
	const uint8_t *ip = f.bytes + WIRE_ETHER, *udp = ip + WIRE_IPV6;
	struct cv_ip peer = ip6(session_id == SESSION_1 ? PEER_6 : FAR_6), own = ip6(LNS_6);
	struct cv_reader r;
	struct wire_ipv6 h;
	uint16_t flags;
	size_t len;

	if (f.len == 0)
		return 0;
	assert_memory_equal(f.bytes, session_id == SESSION_1 ? peer_mac : router_mac, WIRE_MAC);
	assert_memory_equal(f.bytes + WIRE_ETHER_SOURCE, b->dp->ports[0].mac, WIRE_MAC);
	assert_int_equal(wire_ether_type_be(f.bytes), WIRE_TYPE_IPV6_BE);
	assert_true(wire_ipv6_read(ip, f.len - WIRE_ETHER, &h));
	assert_int_equal(h.payload, f.len - ETHER_IPV6);
	assert_int_equal(h.next, WIRE_UDP);
	assert_int_equal(h.hops, 64);
	assert_int_not_equal(h.flow, 0);
	assert_memory_equal(h.source, own.bytes, WIRE_IPV6_ADDRESS);
	assert_memory_equal(h.target, peer.bytes, WIRE_IPV6_ADDRESS);
	assert_int_equal(wire_get16(udp + WIRE_UDP_SOURCE), 1701);
	assert_int_equal(wire_get16(udp + WIRE_UDP_TARGET), PORT_6);
	assert_int_equal(wire_udp_length(udp), h.payload);
	assert_true(wire_udp_sum_right6(udp, h.source, h.target));
	r = cv_reader(udp + WIRE_UDP_HEADER, h.payload - WIRE_UDP_HEADER);
	flags = cv_read_u16(&r);
	assert_int_equal(flags, 2 | ((send & DP_SEND_LENGTH) != 0 ? 0x4000 : 0) |
					((send & DP_SEND_SEQUENCE) != 0 ? 0x0800 : 0));
	if ((send & DP_SEND_LENGTH) != 0)
		assert_int_equal(cv_read_u16(&r), h.payload - WIRE_UDP_HEADER);
	assert_int_equal(cv_read_u16(&r), 71);
	assert_int_equal(cv_read_u16(&r), session_id + 1000);
	if ((send & DP_SEND_SEQUENCE) != 0)
		(void)cv_read_u32(&r);
	if ((send & DP_SEND_ACFC) == 0)
		assert_int_equal(cv_read_u16(&r), 0xff03);
	if ((send & DP_SEND_PFC) == 0)
		assert_int_equal(cv_read_u8(&r), 0);
	assert_int_equal(cv_read_u8(&r), 0x21);
	len = cv_remaining(&r);
	assert_int_equal(h.traffic_class, r.pos[1] & 0xfc);
	memcpy(inner, r.pos, len);
	return len;
}

#endif
