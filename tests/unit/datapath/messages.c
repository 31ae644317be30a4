/* SPDX-License-Identifier: BSD-3-Clause */
/* What a bench puts in and takes out: frames, L2TP data, what is in it. */
#include "harness.h"

static const uint8_t nat_mac[6] = {2, 0, 0, 0, 0, 9};

size_t
bench_arp(const struct bench *b, uint32_t ip, uint8_t *frame)
{
	wire_ether_write(frame, b->dp->ports[0].mac, nat_mac, WIRE_TYPE_ARP);
	wire_arp_write(frame + WIRE_ETHER, WIRE_ARP_REPLY, nat_mac, wire_swap32(ip),
		b->dp->ports[0].mac, wire_swap32(LNS_IP));
	return WIRE_ETHER + WIRE_ARP;
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

size_t
put_tags(uint8_t *frame, size_t len, uint16_t type, uint16_t outer, uint16_t vlan)
{
	size_t bytes = outer == 0 ? 4 : 8;

	memmove(frame + 12 + bytes, frame + 12, len - 12);
	wire_put16(frame + 12, type);
	wire_put16(frame + 14, outer == 0 ? vlan : outer);
	if (outer != 0) {
		wire_put16(frame + 16, 0x8100);
		wire_put16(frame + 18, 0xe000 | vlan); /* of some priority */
	}
	return len + bytes;
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
expect_arp_question(struct bench *b, uint32_t ip, const uint8_t to[6])
{
	struct frame_bytes f = take_frame(b);

	assert_int_equal(f.len, 42);
	assert_int_equal(wire_load16(f.bytes + 12), 0x0608);
	assert_int_equal(wire_load16(f.bytes + 20), 0x0100);
	assert_int_equal(rte_be_to_cpu_32(wire_load32(f.bytes + 38)), ip);
	assert_int_equal(rte_be_to_cpu_32(wire_load32(f.bytes + 28)), LNS_IP);
	if (to != NULL)
		assert_memory_equal(f.bytes, to, 6);
}
