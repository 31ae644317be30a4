/* SPDX-License-Identifier: BSD-3-Clause */
/* The frames that sessions and strangers send, and a look at those that come out. */
#include <string.h>

#include <rte_common.h>

#include "base/cursor.h"
#include "bench.h"
#include "stun/ask.h"
#include "traffic.h"
#include "wire/ether.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/udp.h"

enum {
	L2TP_PORT = 1701,
	L2TP_DATA = 0x0002,
	L2TP_LENGTH = 0x4000,
	L2TP_CONTROL = 0xc802,
	STAMP = 12, /* bytes: from, to, a magic number */
	STAMP_MAGIC = 0x43554c56,
	STAMP_AT = WIRE_UDP_HEADER, /* behind the inner header, of whatever protocol */
	SENDERS = 16, /* of what is answered at a rate of each session: so few that most is not */
};

const uint8_t traffic_gateway_mac[6] = {2, 0, 0, 0, 0, 1};

/* Bytes of an IP header outside and inside. */
static unsigned
outer_bytes(const struct population *p)
{
	return p->outer6 ? WIRE_IPV6 : WIRE_IPV4;
}

static unsigned
inner_bytes(const struct population *p)
{
	return p->inner6 ? WIRE_IPV6 : WIRE_IPV4;
}

/* Of all up to the end of UDP's. */
static unsigned
udp_end(const struct population *p)
{
	return WIRE_ETHER + outer_bytes(p) + WIRE_UDP_HEADER;
}

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
	return t->frame - udp_end(p) - l2tp_bytes(p) - ppp_bytes(p);
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
	cv_write_u8(&w, p->inner6 ? 0x57 : 0x21);
	return at + l2tp_bytes(p) + ppp_bytes(p);
}

static uint8_t
protocol_of(const struct traffic *t)
{
	switch (t->kind) {
	case TRAFFIC_UDP4500:
		return WIRE_UDP;
	case TRAFFIC_REFUSED:
		return WIRE_TCP;
	default:
		return WIRE_ESP;
	}
}

static void
write_inner4(const struct traffic *t, unsigned bytes, uint32_t source, uint32_t target, uint8_t *at)
{
	struct wire_ipv4 ip = {.length = (uint16_t)bytes,
		.fragment = WIRE_IPV4_DONT,
		.ttl = 64,
		.protocol = protocol_of(t),
		.source_be = wire_swap32(source),
		.target_be = wire_swap32(target)};

	if (t->kind == TRAFFIC_SPOOFED)
		ip.source_be ^= wire_swap32(1 << 20);
	if (t->kind == TRAFFIC_NO_ROUTE)
		ip.target_be = wire_swap32(TRAFFIC_POOL + (15 << 16) + (target & 0xffff));
	wire_ipv4_write(at, &ip);
	if (t->kind == TRAFFIC_SUM)
		at[WIRE_IPV4_SUM] ^= 0x55;
}

static void
write_inner6(const struct traffic *t, unsigned bytes, uint64_t from, uint64_t to, uint8_t *at)
{
	struct cv_ip source = population_inner6(from), target = population_inner6(to);
	struct wire_ipv6 ip = {
		.next = protocol_of(t), .hops = 64, .payload = (uint16_t)(bytes - WIRE_IPV6)};

	memcpy(ip.source, source.bytes, WIRE_IPV6_ADDRESS);
	memcpy(ip.target, target.bytes, WIRE_IPV6_ADDRESS);
	wire_ipv6_write(at, &ip);
}

/* Behind the inner header: UDP's, and the stamp. */
static void
write_payload(unsigned bytes, uint64_t from, uint64_t to, uint8_t *at)
{
	wire_udp_write(at, 4500, 4500, (uint16_t)bytes);
	wire_store32(at + STAMP_AT, (uint32_t)from);
	wire_store32(at + STAMP_AT + 4, (uint32_t)to);
	wire_store32(at + STAMP_AT + 8, STAMP_MAGIC);
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

static bool
is_from_everywhere(const struct traffic *t)
{
	return t->kind == TRAFFIC_SCCRQ || t->kind == TRAFFIC_CONTROL || t->kind == TRAFFIC_STUN ||
	       t->kind == TRAFFIC_FORGED || t->kind == TRAFFIC_ELSEWHERE;
}

static uint16_t
udp_port(const struct traffic *t)
{
	if (t->kind == TRAFFIC_STUN)
		return STUN_PORT;
	return t->kind == TRAFFIC_PORT ? L2TP_PORT + 1 : L2TP_PORT;
}

static void
write_outer4(const struct traffic *t, const struct dp_session *s, unsigned bytes, uint8_t *at)
{
	struct wire_ipv4 ip = {.length = (uint16_t)(WIRE_IPV4 + bytes),
		.ttl = 63,
		.protocol = WIRE_UDP,
		.source_be = wire_swap32(cv_ipv4_value(&s->peer.ip)),
		.target_be = wire_swap32(TRAFFIC_OURS + s->service)};

	if (t->kind == TRAFFIC_STRANGER)
		ip.target_be = wire_swap32(TRAFFIC_OURS + 128);
	if (is_from_everywhere(t))
		ip.source_be = wire_swap32(TRAFFIC_PEERS + (uint32_t)(bench_random() & 0xffffff));
	wire_ipv4_write(at, &ip);
}

static void
write_outer6(const struct dp_session *s, unsigned bytes, uint8_t *at)
{
	struct cv_ip ours = population_outer6(s->service + 1u);
	struct wire_ipv6 ip = {.next = WIRE_UDP, .hops = 63, .payload = (uint16_t)bytes};

	memcpy(ip.source, s->peer.ip.bytes, WIRE_IPV6_ADDRESS);
	memcpy(ip.target, ours.bytes, WIRE_IPV6_ADDRESS);
	wire_ipv6_write(at, &ip);
}

/* The sum of the pseudo header (RFC 768, RFC 8200 section 8.1). */
static uint64_t
pseudo(const struct population *p, const uint8_t *ip, unsigned bytes)
{
	if (p->outer6)
		return wire_sum_pseudo6(
			ip + WIRE_IPV6_SOURCE, ip + WIRE_IPV6_TARGET, bytes, WIRE_UDP);
	return wire_sum_pseudo(
		wire_ipv4_source_be(ip), wire_ipv4_target_be(ip), wire_swap16((uint16_t)bytes));
}

/* All up to the end of UDP's header, around a datagram of so many bytes that is written. */
static void
write_outer(const struct population *p, const struct traffic *t, const uint8_t mac[6],
	const struct dp_session *s, unsigned bytes, uint8_t *frame)
{
	uint8_t *ip = frame + WIRE_ETHER, *udp = ip + outer_bytes(p);
	/* what is not 0 */
	unsigned written = RTE_MIN(
		WIRE_UDP_HEADER + bytes, (unsigned)TRAFFIC_WRITTEN - WIRE_ETHER - outer_bytes(p));

	bytes += WIRE_UDP_HEADER;
	wire_ether_write(
		frame, mac, traffic_gateway_mac, p->outer6 ? WIRE_TYPE_IPV6 : WIRE_TYPE_IPV4);
	if (p->outer6)
		write_outer6(s, bytes, ip);
	else
		write_outer4(t, s, bytes, ip);
	wire_udp_write(udp, t->kind == TRAFFIC_SOURCE ? s->peer.port ^ 1 : s->peer.port,
		udp_port(t), (uint16_t)bytes);
	if (!t->no_sum)
		wire_store16(udp + WIRE_UDP_SUM,
			wire_checksum_udp(pseudo(p, ip, bytes) + wire_sum(udp, written)));
}

unsigned
traffic_write_from(const struct population *p, const struct traffic *t, const uint8_t mac[6],
	const struct dp_session *s, uint32_t target, uint64_t from, uint64_t to, uint8_t *frame)
{
	unsigned payload = t->frame - udp_end(p), bytes = traffic_inner(p, t);
	uint8_t *l2tp = frame + udp_end(p), *inner;

	if (t->kind == TRAFFIC_SCCRQ || t->kind == TRAFFIC_CONTROL) {
		payload = write_control(t, to, l2tp);
	} else if (t->kind == TRAFFIC_STUN) {
		struct stun_ask ask = {.change_ip = false};

		memcpy(ask.transaction, &to, sizeof(to));
		payload = (unsigned)stun_write_request(&ask, l2tp, STUN_HEADER);
	} else {
		inner = write_l2tp(p, s, payload, l2tp);
		if (p->inner6)
			write_inner6(t, bytes, from, to, inner);
		else
			write_inner4(t, bytes, cv_ipv4_value(&s->address), target, inner);
		write_payload(bytes - inner_bytes(p), from, to, inner + inner_bytes(p));
	}
	if (t->kind == TRAFFIC_VERSION)
		l2tp[1] = 3;
	write_outer(p, t, mac, s, payload, frame);
	return udp_end(p) + payload;
}

/* Of the pool, where no session is. */
static uint32_t
unused(uint64_t number)
{
	return TRAFFIC_POOL + (15 << 16) + (uint32_t)(number & 0xffff);
}

/* Beside the router. */
static uint32_t
nobody(uint64_t number)
{
	return (TRAFFIC_ROUTER & UINT32_C(0xffffff00)) | (uint32_t)(3 + number % 250);
}

/* An address behind the router, for a number. */
static uint32_t
beyond(uint64_t number)
{
	return TRAFFIC_BEYOND | (uint32_t)(number & 0xffff);
}

static unsigned
write_encap(const struct population *p, const struct traffic *t, const uint8_t mac[6],
	uint64_t from, uint64_t to, uint8_t *frame)
{
	unsigned bytes = t->frame - WIRE_ETHER;
	uint8_t *ip = frame + WIRE_ETHER;

	wire_ether_write(frame, mac, traffic_gateway_mac, WIRE_TYPE_IPV4);
	write_inner4(t, bytes, beyond(from),
		t->kind == TRAFFIC_SCAN ? unused(to) : (uint32_t)(TRAFFIC_POOL + 1 + to), ip);
	/* what another frame left behind */
	memset(ip + WIRE_IPV4, 0, TRAFFIC_WRITTEN - WIRE_ETHER - WIRE_IPV4);
	write_payload(bytes - inner_bytes(p), from, to, ip + WIRE_IPV4);
	return t->frame;
}

unsigned
traffic_write(const struct population *p, const struct traffic *t, const uint8_t mac[6],
	uint64_t from, uint64_t to, uint8_t *frame)
{
	struct dp_session s;

	if (t->kind == TRAFFIC_ENCAP || t->kind == TRAFFIC_SCAN)
		return write_encap(p, t, mac, from, to, frame);
	if (t->kind == TRAFFIC_NO_ROUTE)
		from %= SENDERS;
	if (t->kind == TRAFFIC_FORGED)
		from |= 1;
	if (t->kind == TRAFFIC_ELSEWHERE)
		from &= ~UINT64_C(1);
	population_session(p, from, &s);
	if (t->kind == TRAFFIC_UNKNOWN)
		s.session_id = (uint16_t)(s.session_id & ~1); /* none is even */
	return traffic_write_from(p, t, mac, &s,
		t->kind == TRAFFIC_DECAP    ? beyond(to)
		: t->kind == TRAFFIC_NOBODY ? nobody(to)
					    : (uint32_t)(TRAFFIC_POOL + 1 + to),
		from, to, frame);
}

static bool
sums_right(const struct population *p, const uint8_t *frame)
{
	const uint8_t *ip = frame + WIRE_ETHER, *udp = ip + outer_bytes(p);
	unsigned bytes = wire_udp_length(udp);

	return (p->outer6 || wire_ipv4_sum_right(ip, WIRE_IPV4)) &&
	       wire_load16(udp + WIRE_UDP_SUM) != 0 &&
	       wire_fold(pseudo(p, ip, bytes) + wire_sum(udp, bytes)) == WIRE_SUM_RIGHT;
}

/* From the inner packet on. */
static const uint8_t *
inner_of(const struct population *p, const uint8_t *frame)
{
	return frame + udp_end(p) + l2tp_bytes(p) + ppp_bytes(p);
}

/* Both lengths outside, and the version. */
static bool
outer_fits(const struct population *p, const uint8_t *frame, unsigned len)
{
	const uint8_t *ip = frame + WIRE_ETHER;
	unsigned bytes = len - WIRE_ETHER - outer_bytes(p);

	if (wire_udp_length(ip + outer_bytes(p)) != bytes)
		return false;
	if (p->outer6)
		return wire_ip_version(ip) == 6 && wire_get16(ip + WIRE_IPV6_LENGTH) == bytes;
	return ip[0] == 0x45 && wire_ipv4_length(ip) == len - WIRE_ETHER;
}

/* The inner packet is from the one session to the other, and has been relayed once, or was passed
 * on as it was. */
static bool
inner_fits(const struct population *p, const uint8_t *inner, uint64_t from, uint64_t to)
{
	struct cv_ip source = population_inner6(from), target = population_inner6(to);
	unsigned hops = p->switched ? 64 : 63;

	if (p->inner6)
		return wire_ip_version(inner) == 6 && inner[WIRE_IPV6_HOPS] == hops &&
		       wire_ipv6_equal(inner + WIRE_IPV6_SOURCE, source.bytes) &&
		       wire_ipv6_equal(inner + WIRE_IPV6_TARGET, target.bytes);
	return inner[0] == 0x45 && inner[WIRE_IPV4_TTL] == hops &&
	       wire_get32(inner + WIRE_IPV4_SOURCE) == (uint32_t)(TRAFFIC_POOL + 1 + from) &&
	       wire_get32(inner + WIRE_IPV4_TARGET) == (uint32_t)(TRAFFIC_POOL + 1 + to) &&
	       wire_ipv4_sum_right(inner, WIRE_IPV4);
}

bool
traffic_read(const struct population *p, const struct traffic *t, const uint8_t *frame,
	unsigned len, uint64_t *from, uint64_t *to)
{
	const uint8_t *inner = inner_of(p, frame), *stamp = inner + inner_bytes(p) + STAMP_AT;

	if (len != t->frame || !outer_fits(p, frame, len) || wire_load32(stamp + 8) != STAMP_MAGIC)
		return false;
	*from = wire_load32(stamp);
	*to = wire_load32(stamp + 4);
	return inner_fits(p, inner, *from, *to);
}

bool
traffic_reached(const struct population *p, const uint8_t *frame, const struct dp_session *s)
{
	const uint8_t *ip = frame + WIRE_ETHER, *udp = ip + outer_bytes(p);
	const uint8_t *ids = inner_of(p, frame) - ppp_bytes(p) - 4;
	bool there = p->outer6 ? wire_ipv6_equal(ip + WIRE_IPV6_TARGET, s->peer.ip.bytes)
			       : wire_ipv4_target_be(ip) == wire_swap32(cv_ipv4_value(&s->peer.ip));

	return there && memcmp(frame, traffic_gateway_mac, WIRE_MAC) == 0 &&
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

/* A packet of a session that left for the router as it was, but for its TTL. */
static bool
decap_right(const struct population *p, const struct traffic *t, const uint8_t *frame, unsigned len)
{
	const uint8_t *ip = frame + WIRE_ETHER, *stamp = ip + WIRE_IPV4 + STAMP_AT;

	return len == WIRE_ETHER + traffic_inner(p, t) && wire_load32(stamp + 8) == STAMP_MAGIC &&
	       memcmp(frame, traffic_gateway_mac, WIRE_MAC) == 0 && ip[0] == 0x45 &&
	       ip[WIRE_IPV4_TTL] == 63 && wire_ipv4_sum_right(ip, WIRE_IPV4) &&
	       wire_ipv4_length(ip) == len - WIRE_ETHER &&
	       wire_get32(ip + WIRE_IPV4_SOURCE) == TRAFFIC_POOL + 1 + wire_load32(stamp) &&
	       wire_get32(ip + WIRE_IPV4_TARGET) == beyond(wire_load32(stamp + 4));
}

/* A packet from beyond the router that is in the session's tunnel. */
static bool
encap_right(const struct population *p, const struct traffic *t, const uint8_t *frame, unsigned len,
	bool whole)
{
	const uint8_t *inner = inner_of(p, frame), *stamp = inner + WIRE_IPV4 + STAMP_AT;
	uint64_t from, to;
	struct dp_session s;

	if (len != t->frame - WIRE_ETHER + (unsigned)(inner - frame) ||
		!outer_fits(p, frame, len) || wire_load32(stamp + 8) != STAMP_MAGIC)
		return false;
	from = wire_load32(stamp);
	to = wire_load32(stamp + 4);
	population_session(p, to, &s);
	return traffic_reached(p, frame, &s) && inner[WIRE_IPV4_TTL] == 63 &&
	       wire_ipv4_sum_right(inner, WIRE_IPV4) &&
	       wire_get32(inner + WIRE_IPV4_SOURCE) == beyond(from) &&
	       wire_get32(inner + WIRE_IPV4_TARGET) == (uint32_t)(TRAFFIC_POOL + 1 + to) &&
	       (!whole || sums_right(p, frame));
}

/* In the checksum field of the payload's UDP header, which is 0. */
static unsigned
number_at(const struct population *p)
{
	return udp_end(p) + l2tp_bytes(p) + ppp_bytes(p) + inner_bytes(p) + WIRE_UDP_SUM;
}

void
traffic_number(const struct population *p, uint8_t *frame, uint16_t number)
{
	uint8_t *sum = frame + udp_end(p) - WIRE_UDP_HEADER + WIRE_UDP_SUM;

	wire_store16(frame + number_at(p), number);
	wire_store16(sum, wire_checksum_udp((uint64_t)(uint16_t)~wire_load16(sum) + number));
}

uint16_t
traffic_numbered(const struct population *p, const uint8_t *frame)
{
	return wire_load16(frame + number_at(p));
}

unsigned
traffic_free_at(const struct population *p)
{
	return udp_end(p) + l2tp_bytes(p) + ppp_bytes(p) + inner_bytes(p) + STAMP_AT + STAMP;
}

bool
traffic_right(const struct population *p, const struct traffic *t, const uint8_t *frame,
	unsigned len, bool whole)
{
	struct dp_session s;
	uint64_t from, to;

	if (t->kind == TRAFFIC_DECAP)
		return decap_right(p, t, frame, len);
	if (t->kind == TRAFFIC_ENCAP)
		return encap_right(p, t, frame, len, whole);
	if (!traffic_read(p, t, frame, len, &from, &to) || to >= p->there)
		return false;
	population_session(p, to, &s);
	return traffic_reached(p, frame, &s) && (!whole || sums_right(p, frame));
}
