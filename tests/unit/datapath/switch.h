/* SPDX-License-Identifier: BSD-3-Clause */
/* Four sessions whose PPP frames are passed on, two over each family, beside the others of up6().
 */
#ifndef DATAPATH_SWITCH_H
#define DATAPATH_SWITCH_H

#include "l2tp/header.h"
#include "outer6.h"

enum { W, X, W6, X6, ENDS, END_PORT = 41000, END_TUNNEL = 400, PPP_MOST = 1600 };

struct ends {
	struct bench *b;
	struct end {
		struct dp_session told;
		uint32_t slot;
		uint16_t ns, nr; /* of what it sends, and gets, next */
		uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
	} at[ENDS];
};

/* How a peer writes a data message; by default as short as it can be. */
struct form {
	bool length, sequence, offset, priority, no_checksum, wrong_checksum;
	uint8_t offset_bytes, padding, tos;
};

static inline const char *
end_peer6(unsigned end)
{
	return end == W6 ? PEER_6 : FAR_6;
}

static inline bool
end_is6(unsigned end)
{
	return end == W6 || end == X6;
}

static inline void
end_set(struct ends *e, unsigned end, uint16_t send)
{
	struct dp_session *s = &e->at[end].told;

	s->send = send | DP_SEND_FRAMES;
	assert_int_equal(dp_session_set(e->b->dp, s, &e->at[end].slot), 0);
}

/* They are joined to none. */
static inline void
ends_up(struct ends *e, struct bench *b, uint16_t send)
{
	up6(b, 0);
	b->dp->workers[0]->stages_only = stages_only;
	*e = (struct ends){.b = b};
	for (unsigned i = 0; i < ENDS; i++) {
		e->at[i].told = (struct dp_session){.service = end_is6(i) ? SERVICE_6 : 0,
			.tunnel_id = (uint16_t)(END_TUNNEL + i),
			.session_id = (uint16_t)(500 + i),
			.peer_tunnel_id = (uint16_t)(600 + i),
			.peer_session_id = (uint16_t)(0xff00 + i),
			.peer = {.ip = end_is6(i) ? ip6(end_peer6(i))
						  : cv_ipv4(i == W ? PEER_A : PEER_B),
				.port = (uint16_t)(END_PORT + i)}};
		free_ids(b, &e->at[i].told);
		end_set(e, i, send);
	}
}

static inline void
join(struct ends *e, unsigned one, unsigned other)
{
	assert_int_equal(dp_switch_set(e->b->dp, e->at[one].slot, e->at[other].slot), 0);
}

/* Returns the frame's length. */
static inline size_t
end_frame(struct ends *e, unsigned from, const struct form *f, const void *ppp, size_t len,
	uint8_t *frame)
{
	const struct dp_session *s = &e->at[from].told;
	unsigned at = (end_is6(from) ? ETHER_IPV6 : WIRE_ETHER + WIRE_IPV4) + WIRE_UDP_HEADER;
	uint8_t datagram[FRAME_MAX], *udp = frame + at - WIRE_UDP_HEADER;
	struct cv_writer w = cv_writer(datagram, sizeof(datagram));

	cv_write_u16(&w, (uint16_t)(L2TP_VERSION | (f->length ? L2TP_BIT_LENGTH : 0) |
				    (f->sequence ? L2TP_BIT_SEQUENCE : 0) |
				    (f->offset ? L2TP_BIT_OFFSET : 0) |
				    (f->priority ? L2TP_BIT_PRIORITY : 0)));
	if (f->length)
		cv_write_u16(&w, 0);
	cv_write_u16(&w, s->tunnel_id);
	cv_write_u16(&w, s->session_id);
	if (f->sequence) {
		cv_write_u16(&w, e->at[from].ns++);
		cv_write_u16(&w, 0x4321);
	}
	if (f->offset) {
		cv_write_u16(&w, f->offset_bytes);
		for (unsigned i = 0; i < f->offset_bytes; i++)
			cv_write_u8(&w, (uint8_t)(0xa0 + i));
	}
	cv_write_bytes(&w, ppp, len);
	if (f->length)
		cv_patch_u16(&w, 2, (uint16_t)cv_written(&w));
	for (unsigned i = 0; i < f->padding; i++)
		cv_write_u8(&w, (uint8_t)(0x55 + i));
	assert_false(w.failed);
	len = cv_written(&w);
	if (end_is6(from)) {
		memcpy(frame + at, datagram, len);
		(void)around_udp6(e->b, frame, end_peer6(from), LNS_6, s->peer.port, len);
		wire_put16(frame + WIRE_ETHER, (uint16_t)(0x6000 | f->tos << 4));
	} else {
		bench_udp(e->b, from == W ? PEER_A : PEER_B, s->peer.port, datagram, len, frame);
		frame[WIRE_ETHER + WIRE_IPV4_TOS] = f->tos;
		wire_ipv4_finish(frame + WIRE_ETHER);
	}
	if (f->wrong_checksum)
		wire_store16(udp + WIRE_UDP_SUM, wire_load16(udp + WIRE_UDP_SUM) ^ 0x1234);
	if (f->no_checksum)
		wire_store16(udp + WIRE_UDP_SUM, 0);
	return at + len;
}

/* To the worker alone. */
static inline void
end_sends(struct ends *e, unsigned from, const struct form *f, const void *ppp, size_t len)
{
	uint8_t frame[FRAME_MAX];

	put_to_worker(e->b, frame, end_frame(e, from, f, ppp, len, frame));
}

/* What a frame has in front of its UDP header is right; returns where that is. */
static inline uint8_t *
end_outer(struct ends *e, unsigned to, struct frame_bytes *f, uint8_t tos)
{
	uint8_t *ip = f->bytes + WIRE_ETHER;
	struct cv_ip own = ip6(LNS_6), peer;
	struct wire_ipv6 h;

	assert_int_not_equal(f->len, 0);
	assert_memory_equal(f->bytes + WIRE_ETHER_SOURCE, e->b->dp->ports[0].mac, WIRE_MAC);
	if (!end_is6(to)) {
		assert_int_equal(wire_ether_type_be(f->bytes), WIRE_TYPE_IPV4_BE);
		assert_int_equal(ip[0], 0x45);
		assert_int_equal(ip[WIRE_IPV4_TOS], tos);
		assert_int_equal(wire_ipv4_length(ip), f->len - WIRE_ETHER);
		assert_true(wire_ipv4_sum_right(ip, WIRE_IPV4));
		assert_int_equal(ip[WIRE_IPV4_PROTOCOL], WIRE_UDP);
		assert_int_equal(wire_get32(ip + WIRE_IPV4_SOURCE), LNS_IP);
		assert_int_equal(wire_get32(ip + WIRE_IPV4_TARGET), to == W ? PEER_A : PEER_B);
		return ip + WIRE_IPV4;
	}
	peer = ip6(end_peer6(to));
	assert_memory_equal(f->bytes, to == W6 ? peer_mac : router_mac, WIRE_MAC);
	assert_int_equal(wire_ether_type_be(f->bytes), WIRE_TYPE_IPV6_BE);
	assert_true(wire_ipv6_read(ip, f->len - WIRE_ETHER, &h));
	assert_int_equal(h.payload, f->len - ETHER_IPV6);
	assert_int_equal(h.traffic_class, tos);
	assert_memory_equal(h.source, own.bytes, WIRE_IPV6_ADDRESS);
	assert_memory_equal(h.target, peer.bytes, WIRE_IPV6_ADDRESS);
	return ip + WIRE_IPV6;
}

static inline bool
end_sum_right(unsigned to, const struct frame_bytes *f)
{
	const uint8_t *ip = f->bytes + WIRE_ETHER;

	return end_is6(to) ? wire_udp_sum_right6(
				     ip + WIRE_IPV6, ip + WIRE_IPV6_SOURCE, ip + WIRE_IPV6_TARGET)
			   : wire_udp_sum_right(ip + WIRE_IPV4, wire_ipv4_source_be(ip),
				     wire_ipv4_target_be(ip));
}

/* A datagram to it has this PPP frame, and all else is as it was agreed with it. */
static inline void
end_datagram(struct ends *e, unsigned to, uint8_t *udp, const void *ppp, size_t len)
{
	struct end *end = &e->at[to];
	struct l2tp_header h = {0};
	size_t bytes = wire_udp_length(udp) - (size_t)WIRE_UDP_HEADER;

	assert_int_equal(wire_get16(udp), 1701);
	assert_int_equal(wire_get16(udp + WIRE_UDP_TARGET), end->told.peer.port);
	assert_int_equal(l2tp_header_parse(udp + WIRE_UDP_HEADER, bytes, &h), 0);
	assert_int_equal(h.has_length, (end->told.send & DP_SEND_LENGTH) != 0);
	assert_int_equal(h.has_sequence, (end->told.send & DP_SEND_SEQUENCE) != 0);
	assert_int_equal(h.tunnel_id, end->told.peer_tunnel_id);
	assert_int_equal(h.session_id, end->told.peer_session_id);
	if (h.has_sequence)
		assert_int_equal(h.ns, end->nr++);
	assert_ptr_equal(h.payload.data + h.payload.len, udp + WIRE_UDP_HEADER + bytes);
	assert_int_equal(h.payload.len, len);
	assert_memory_equal(h.payload.data, ppp, len);
}

/* It got this PPP frame from the other one, which is counted for both. */
static inline void
end_gets(struct ends *e, unsigned from, unsigned to, const void *ppp, size_t len, uint8_t tos)
{
	struct frame_bytes f = take_frame(e->b);
	uint8_t *udp = end_outer(e, to, &f, tos);

	assert_int_equal(wire_udp_length(udp), f.bytes + f.len - udp);
	assert_true(end_sum_right(to, &f));
	end_datagram(e, to, udp, ppp, len);
	e->at[from].rx_packets++;
	e->at[from].rx_bytes += len;
	e->at[to].tx_packets++;
	e->at[to].tx_bytes += len;
}

static inline void
ends_count(const struct ends *e)
{
	struct dp_session_counters n;

	for (unsigned i = 0; i < ENDS; i++) {
		assert_int_equal(dp_session_counters(e->b->dp, e->at[i].slot, &n), 0);
		assert_int_equal(n.rx_packets, e->at[i].rx_packets);
		assert_int_equal(n.rx_bytes, e->at[i].rx_bytes);
		assert_int_equal(n.tx_packets, e->at[i].tx_packets);
		assert_int_equal(n.tx_bytes, e->at[i].tx_bytes);
	}
}

#endif
