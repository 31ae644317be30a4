/* SPDX-License-Identifier: BSD-3-Clause */
/* The frames that sessions and strangers send, and a look at those that come out. */
#include <string.h>

#include <rte_common.h>

#include "base/cursor.h"
#include "bench.h"
#include "traffic.h"
#include "wire/ether.h"
#include "wire/ipv4.h"
#include "wire/udp.h"

enum {
	L2TP_PORT = 1701,
	L2TP_DATA = 0x0002,
	L2TP_LENGTH = 0x4000,
	L2TP_CONTROL = 0xc802,
	STAMP = 12, /* bytes: from, to, a magic number */
	STAMP_MAGIC = 0x43554c56,
	STAMP_AT = WIRE_IPV4 + WIRE_UDP_HEADER, /* in the inner packet, of whatever protocol */
	OUTER = WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER,
	SENDERS = 16, /* of what is answered at a rate of each session: so few that most is not */
};

const uint8_t traffic_gateway_mac[6] = {2, 0, 0, 0, 0, 1};

static unsigned
l2tp_bytes(const struct population *p)
{
	return (p->send & DP_SEND_LENGTH) != 0 ? 8 : 6;
}

static unsigned
ppp_bytes(const struct population *p)
{
	return ((p->send & DP_SEND_ACFC) != 0 ? 0u : 2u) + ((p->send & DP_SEND_PFC) != 0 ? 1u : 2u);
}

unsigned
traffic_inner(const struct population *p, const struct traffic *t)
{
	return t->frame - OUTER - l2tp_bytes(p) - ppp_bytes(p);
}

/* L2TP and PPP headers of a data message; returns their end. */
static uint8_t *
write_l2tp(const struct population *p, const struct dp_session *s, unsigned payload, uint8_t *at)
{
	bool length = (p->send & DP_SEND_LENGTH) != 0;
	struct cv_writer w = cv_writer(at, l2tp_bytes(p) + ppp_bytes(p));

	cv_write_u16(&w, (uint16_t)(L2TP_DATA | (length ? L2TP_LENGTH : 0)));
	if (length)
		cv_write_u16(&w, (uint16_t)payload);
	cv_write_u16(&w, s->tunnel_id);
	cv_write_u16(&w, s->session_id);
	if ((p->send & DP_SEND_ACFC) == 0)
		cv_write_u16(&w, 0xff03);
	if ((p->send & DP_SEND_PFC) == 0)
		cv_write_u8(&w, 0);
	cv_write_u8(&w, 0x21);
	return at + l2tp_bytes(p) + ppp_bytes(p);
}

static void
write_inner(const struct traffic *t, unsigned bytes, uint32_t source, uint32_t target, uint8_t *at)
{
	static const uint8_t protocols[] = {
		[TRAFFIC_UDP4500] = WIRE_UDP, [TRAFFIC_REFUSED] = WIRE_TCP};
	uint8_t protocol = (size_t)t->kind < sizeof(protocols) ? protocols[t->kind] : 0;
	struct wire_ipv4 ip = {.length = (uint16_t)bytes,
		.fragment = WIRE_IPV4_DONT,
		.ttl = 64,
		.protocol = protocol == 0 ? WIRE_ESP : protocol,
		.source_be = wire_swap32(source),
		.target_be = wire_swap32(target)};

	if (t->kind == TRAFFIC_SPOOFED)
		ip.source_be ^= wire_swap32(1 << 20);
	if (t->kind == TRAFFIC_NO_ROUTE)
		ip.target_be = wire_swap32(TRAFFIC_POOL + (15 << 16) + (target & 0xffff));
	wire_ipv4_write(at, &ip);
	if (t->kind == TRAFFIC_SUM)
		at[WIRE_IPV4_SUM] ^= 0x55;
	wire_put16(at + WIRE_IPV4, 4500);
	wire_put16(at + WIRE_IPV4 + 2, 4500);
	wire_put16(at + WIRE_IPV4 + 4, (uint16_t)(bytes - WIRE_IPV4));
	wire_put16(at + WIRE_IPV4 + 6, 0);
}

static void
write_stamp(uint64_t from, uint64_t to, uint8_t *inner)
{
	wire_store32(inner + STAMP_AT, (uint32_t)from);
	wire_store32(inner + STAMP_AT + 4, (uint32_t)to);
	wire_store32(inner + STAMP_AT + 8, STAMP_MAGIC);
}

/* A control message with nothing in it but its header, and so many zeros as an SCCRQ has bytes. */
static unsigned
write_control(const struct traffic *t, uint64_t to, uint8_t *at)
{
	enum { BYTES = 100 };
	struct cv_writer w = cv_writer(at, BYTES);

	memset(at, 0, BYTES);
	cv_write_u16(&w, L2TP_CONTROL);
	cv_write_u16(&w, BYTES);
	cv_write_u16(&w, (uint16_t)(t->kind == TRAFFIC_SCCRQ ? 0 : to | 1));
	cv_write_u16(&w, 0);
	cv_write_u32(&w, 0);
	return BYTES;
}

static void
write_outer(const struct traffic *t, const uint8_t mac[6], const struct dp_session *s,
	unsigned payload, uint8_t *frame)
{
	struct wire_ipv4 ip = {.length = (uint16_t)(WIRE_IPV4 + WIRE_UDP_HEADER + payload),
		.ttl = 63,
		.protocol = WIRE_UDP,
		.source_be = wire_swap32(cv_ipv4_value(&s->peer.ip)),
		.target_be = wire_swap32(TRAFFIC_OURS + s->service)};
	uint16_t port = s->peer.port, target = L2TP_PORT;

	if (t->kind == TRAFFIC_SOURCE)
		port ^= 1;
	if (t->kind == TRAFFIC_STRANGER)
		ip.target_be = wire_swap32(TRAFFIC_OURS + 128);
	if (t->kind == TRAFFIC_PORT)
		target = 1702;
	if (t->kind == TRAFFIC_SCCRQ || t->kind == TRAFFIC_CONTROL)
		ip.source_be = wire_swap32(TRAFFIC_PEERS + (uint32_t)(bench_random() & 0xffffff));
	wire_ether_write(frame, mac, traffic_gateway_mac, WIRE_TYPE_IPV4);
	wire_ipv4_write(frame + WIRE_ETHER, &ip);
	wire_udp_write(frame + WIRE_ETHER + WIRE_IPV4, port, target,
		(uint16_t)(WIRE_UDP_HEADER + payload));
}

/* The sum of what is not 0. */
static void
finish(uint8_t *frame, unsigned len)
{
	const uint8_t *ip = frame + WIRE_ETHER;
	uint8_t *udp = frame + WIRE_ETHER + WIRE_IPV4;
	unsigned bytes = RTE_MIN(len, (unsigned)TRAFFIC_WRITTEN) - WIRE_ETHER - WIRE_IPV4;

	wire_store16(udp + WIRE_UDP_SUM,
		wire_checksum_udp(wire_sum_pseudo(wire_ipv4_source_be(ip), wire_ipv4_target_be(ip),
					  wire_load16(udp + WIRE_UDP_LENGTH)) +
				  wire_sum(udp, bytes)));
}

unsigned
traffic_write_from(const struct population *p, const struct traffic *t, const uint8_t mac[6],
	const struct dp_session *s, uint32_t target, uint64_t from, uint64_t to, uint8_t *frame)
{
	unsigned payload = t->frame - OUTER;
	uint8_t *inner;

	if (t->kind == TRAFFIC_SCCRQ || t->kind == TRAFFIC_CONTROL) {
		payload = write_control(t, to, frame + OUTER);
	} else {
		inner = write_l2tp(p, s, payload, frame + OUTER);
		write_inner(t, traffic_inner(p, t), cv_ipv4_value(&s->address), target, inner);
		write_stamp(from, to, inner);
	}
	if (t->kind == TRAFFIC_VERSION)
		frame[OUTER + 1] = 3;
	write_outer(t, mac, s, payload, frame);
	if (!t->no_sum)
		finish(frame, OUTER + payload);
	return OUTER + payload;
}

unsigned
traffic_write(const struct population *p, const struct traffic *t, const uint8_t mac[6],
	uint64_t from, uint64_t to, uint8_t *frame)
{
	struct dp_session s;

	if (t->kind == TRAFFIC_NO_ROUTE)
		from %= SENDERS;
	population_session(p, from, &s);
	if (t->kind == TRAFFIC_UNKNOWN)
		s.session_id = (uint16_t)(s.session_id & ~1); /* none is even */
	return traffic_write_from(
		p, t, mac, &s, (uint32_t)(TRAFFIC_POOL + 1 + to), from, to, frame);
}

static bool
sums_right(const uint8_t *frame)
{
	const uint8_t *ip = frame + WIRE_ETHER, *udp = ip + WIRE_IPV4;

	return wire_ipv4_sum_right(ip, WIRE_IPV4) && wire_load16(udp + WIRE_UDP_SUM) != 0 &&
	       wire_udp_sum_right(udp, wire_ipv4_source_be(ip), wire_ipv4_target_be(ip));
}

/* From the inner packet on. */
static const uint8_t *
inner_of(const struct population *p, const uint8_t *frame)
{
	return frame + OUTER + l2tp_bytes(p) + ppp_bytes(p);
}

bool
traffic_read(const struct population *p, const struct traffic *t, const uint8_t *frame,
	unsigned len, uint64_t *from, uint64_t *to)
{
	const uint8_t *ip = frame + WIRE_ETHER, *inner = inner_of(p, frame);
	const uint8_t *stamp = inner + STAMP_AT;

	if (len != t->frame || wire_ipv4_length(ip) != len - WIRE_ETHER ||
		wire_udp_length(ip + WIRE_IPV4) != len - WIRE_ETHER - WIRE_IPV4 ||
		wire_load32(stamp + 8) != STAMP_MAGIC)
		return false;
	*from = wire_load32(stamp);
	*to = wire_load32(stamp + 4);
	return wire_get32(inner + WIRE_IPV4_SOURCE) == (uint32_t)(TRAFFIC_POOL + 1 + *from) &&
	       wire_get32(inner + WIRE_IPV4_TARGET) == (uint32_t)(TRAFFIC_POOL + 1 + *to) &&
	       inner[WIRE_IPV4_TTL] == 63 && wire_ipv4_sum_right(inner, WIRE_IPV4);
}

bool
traffic_reached(const struct population *p, const uint8_t *frame, const struct dp_session *s)
{
	const uint8_t *ip = frame + WIRE_ETHER, *udp = ip + WIRE_IPV4;
	const uint8_t *ids = inner_of(p, frame) - ppp_bytes(p) - 4;

	return memcmp(frame, traffic_gateway_mac, WIRE_MAC) == 0 &&
	       wire_ipv4_target_be(ip) == wire_swap32(cv_ipv4_value(&s->peer.ip)) &&
	       wire_get16(udp + WIRE_UDP_TARGET) == s->peer.port &&
	       wire_get16(ids) == s->peer_tunnel_id && wire_get16(ids + 2) == s->peer_session_id;
}

bool
traffic_is_icmp(const struct population *p, const uint8_t *frame, unsigned len)
{
	const uint8_t *inner = inner_of(p, frame);

	return len >= (unsigned)(inner - frame) + WIRE_IPV4 &&
	       inner[WIRE_IPV4_PROTOCOL] == WIRE_ICMP;
}

unsigned
traffic_free_at(const struct population *p)
{
	return OUTER + l2tp_bytes(p) + ppp_bytes(p) + STAMP_AT + STAMP;
}

bool
traffic_right(const struct population *p, const struct traffic *t, const uint8_t *frame,
	unsigned len, bool whole)
{
	struct dp_session s;
	uint64_t from, to;

	if (!traffic_read(p, t, frame, len, &from, &to) || to >= p->there)
		return false;
	population_session(p, to, &s);
	return traffic_reached(p, frame, &s) && (!whole || sums_right(frame));
}
