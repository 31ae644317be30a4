/* SPDX-License-Identifier: BSD-3-Clause */
#include "carry.h"

#include "inner6.h"
#include "ipv6.h"

enum {
	PEERS = 0xc0000214, /* 192.0.2.20 and on */
	PEER_PORT = 41000,
	GROUP = 10,
	FIRST_ID = 700, /* of what is cut */
	WORD = 4,
};

static const uint8_t peer_mac[WIRE_MAC] = {2, 0, 0, 0, 0, 9};

static void
install(struct carry *c, unsigned i)
{
	static const uint16_t narrow[] = {WIRE_IPV6_MTU_LEAST, 576, 297};
	struct carry_session *s = &c->sessions[i];
	char peer[CV_IP_TEXT], prefix[CV_IP_TEXT];
	uint8_t arp[FRAME_MAX];
	uint16_t session_id = (uint16_t)(2000 + i);

	snprintf(peer, sizeof(peer), "2001:db8::1:%x", i + 1);
	snprintf(prefix, sizeof(prefix), "2001:db8:%x::/64", 0x100 + i);
	*s = (struct carry_session){.v6 = i & 1,
		.send = (uint16_t)((i >> 1 & 15) | (i % 5 == 0 ? DP_SEND_ECN : 0)),
		.mtu = i < CARRY_SESSIONS / 2 ? CARRY_WIDE : narrow[i % 3],
		.id = FIRST_ID};
	s->six = s->mtu >= WIRE_IPV6_MTU_LEAST;
	s->told = (struct dp_session){.service = s->v6 ? SERVICE_6 : 0,
		.tunnel_id = (uint16_t)(1000 + i),
		.peer_tunnel_id = (uint16_t)(3 * i + 0x7f00),
		.peer_session_id = (uint16_t)(5 * i + 0xfe00),
		.send = s->send,
		.peer = {.ip = s->v6 ? ip6(peer) : cv_ipv4(PEERS + i),
			.port = (uint16_t)(PEER_PORT + i)},
		.open = true,
		.reachable = true,
		.open6 = s->six,
		.reachable6 = s->six,
		.address = cv_ipv4(CARRY_INNERS + i),
		.group = GROUP,
		.filter = GROUP,
		.mtu = s->mtu};
	if (s->six)
		s->told.prefix6 = prefix6(prefix);
	do /* until its slot is free */
		s->told.session_id = session_id++;
	while (dp_session_set(c->b->dp, &s->told, &s->slot) == CV_ERR_EXISTS);
	assert_int_equal(dp_session_mtu(c->b->dp, s->slot), s->mtu);
	c->b->dp->rare[s->slot].counting = true; /* as if one had come: the next one is 0 */
	if (s->v6)
		put_advert(c->b, peer, peer_mac, WIRE_ND_SOLICITED);
	else
		put_frame(c->b, arp, bench_arp(c->b, PEERS + i, arp));
}

void
carry_up(struct carry *c, struct bench *b)
{
	/* to the bit: so what TCP says of its segments stays, too */
	struct dp_group group = {.lns = cv_ipv4(INNER_LNS),
		.lns6 = address6(LNS_INNER6),
		.clients_reachable = true,
		.mss_kept = true};
	const struct dp_filter any = {.kind = DP_FILTER_ANY};

	*c = (struct carry){.b = b, .lns6 = ip6(LNS_6), .lns_inner6 = address6(LNS_INNER6)};
	serve_ipv6(b, NULL);
	assert_int_equal(dp_filter_set(b->dp, GROUP, &any), 0);
	assert_int_equal(dp_group_set(b->dp, GROUP, &group), 0);
	for (unsigned i = 0; i < CARRY_SESSIONS; i++)
		install(c, i);
	while (take_frame(b).len != 0)
		; /* questions for neighbours */
}

void
carry_address6(struct random *r, unsigned session, uint8_t out[16])
{
	memset(out, 0, 16);
	wire_put32(out, UINT32_C(0x20010db8));
	wire_put16(out + 4, (uint16_t)(0x100 + session));
	random_bytes(r, out + 8, 8);
}

struct carry_form
carry_form(struct random *r, const struct carry_session *s)
{
	struct carry_form f = {.length = random_hit(r, 2),
		.sequence = (s->send & DP_SEND_SEQUENCE) != 0 || random_hit(r, 3),
		.offset = random_hit(r, 3),
		.acfc = random_hit(r, 2),
		.pfc = random_hit(r, 2),
		.priority = random_hit(r, 16),
		.no_checksum = !s->v6 && random_hit(r, 8),
		.long_header = random_hit(r, 16),
		.ns = (uint16_t)random_number(r, 65536),
		.reserved = random_hit(r, 16) ? 0x34 : 0,
		.tos = random_hit(r, 4) ? (uint8_t)random_number(r, 256) : 0x10};

	if (f.offset)
		f.offset_bytes = (uint16_t)random_number(r, random_hit(r, 4) ? 60 : 4);
	if (random_hit(r, 8))
		f.padding = (uint16_t)random_number(r, 30);
	return f;
}

static void
write_l2tp(struct cv_writer *w, const struct carry_session *s, const struct carry_form *f)
{
	cv_write_u16(w, (uint16_t)(2 | (f->length ? 0x4000 : 0) | (f->sequence ? 0x0800 : 0) |
				   (f->offset ? 0x0200 : 0) | (f->priority ? 0x0100 : 0) |
				   f->reserved << 8 | (f->reserved & 0xf0)));
	if (f->length)
		cv_write_u16(w, 0);
	cv_write_u16(w, s->told.tunnel_id);
	cv_write_u16(w, s->told.session_id);
	if (f->sequence) {
		cv_write_u16(w, f->ns);
		cv_write_u16(w, 0);
	}
	if (f->offset) {
		cv_write_u16(w, f->offset_bytes);
		for (unsigned i = 0; i < f->offset_bytes; i++)
			cv_write_u8(w, (uint8_t)(0xa0 + i));
	}
}

/* Ethernet and IP; returns the length of all that is in front of UDP. */
static size_t
write_outer(const struct carry *c, struct carry_session *s, const struct carry_form *f,
	size_t udp_len, uint8_t *frame)
{
	static const uint8_t target_options[8] = {WIRE_UDP, 0, 1, 4}, options[WORD] = {1, 1, 1, 0};
	uint8_t *ip = frame + WIRE_ETHER;
	size_t more = !f->long_header ? 0 : s->v6 ? sizeof(target_options) : sizeof(options);

	wire_ether_write(
		frame, c->b->dp->ports[0].mac, peer_mac, s->v6 ? WIRE_TYPE_IPV6 : WIRE_TYPE_IPV4);
	if (s->v6) {
		struct wire_ipv6 h = {.traffic_class = f->tos,
			.next = more != 0 ? WIRE_TARGET_OPTIONS : WIRE_UDP,
			.hops = 61,
			.payload = (uint16_t)(more + udp_len),
			.flow = 0x5a5a5};

		memcpy(h.source, s->told.peer.ip.bytes, sizeof(h.source));
		memcpy(h.target, c->lns6.bytes, sizeof(h.target));
		wire_ipv6_write(ip, &h);
		memcpy(ip + WIRE_IPV6, target_options, more);
		return WIRE_ETHER + WIRE_IPV6 + more;
	}
	wire_ipv4_write(ip, &(struct wire_ipv4){.tos = f->tos,
				    .length = (uint16_t)(WIRE_IPV4 + more + udp_len),
				    .id = s->id++,
				    .ttl = 61,
				    .protocol = WIRE_UDP,
				    .source_be = wire_swap32(cv_ipv4_value(&s->told.peer.ip)),
				    .target_be = wire_swap32(LNS_IP)});
	memcpy(ip + WIRE_IPV4, options, more);
	ip[0] = (uint8_t)(0x45 + more / WORD);
	wire_ipv4_finish(ip);
	return WIRE_ETHER + WIRE_IPV4 + more;
}

size_t
carry_frame(struct carry *c, unsigned from, const struct carry_form *form, bool six,
	const uint8_t *inner, size_t len, uint8_t *frame)
{
	uint8_t message[CARRY_FRAME], *ip = frame + WIRE_ETHER, *udp;
	struct carry_session *s = &c->sessions[from];
	struct cv_writer w = cv_writer(message, sizeof(message));
	size_t before, bytes;

	write_l2tp(&w, s, form);
	if (!form->acfc)
		cv_write_u16(&w, 0xff03);
	if (!form->pfc)
		cv_write_u8(&w, 0);
	cv_write_u8(&w, six ? WIRE_PPP_IPV6 : WIRE_PPP_IP);
	cv_write_bytes(&w, inner, len);
	if (form->length)
		cv_patch_u16(&w, 2, (uint16_t)cv_written(&w));
	for (unsigned i = 0; i < form->padding; i++)
		cv_write_u8(&w, (uint8_t)(0xe1 + i));
	assert_false(w.failed);
	bytes = cv_written(&w);
	before = write_outer(c, s, form, WIRE_UDP_HEADER + bytes, frame);
	udp = frame + before;
	wire_udp_write(udp, s->told.peer.port, 1701, (uint16_t)(WIRE_UDP_HEADER + bytes));
	memcpy(udp + WIRE_UDP_HEADER, message, bytes);
	if (s->v6)
		wire_udp_finish6(udp, ip + WIRE_IPV6_SOURCE, ip + WIRE_IPV6_TARGET);
	else if (!form->no_checksum)
		wire_udp_finish(udp, wire_ipv4_source_be(ip), wire_ipv4_target_be(ip));
	return before + WIRE_UDP_HEADER + bytes;
}

unsigned
carry_cut(struct random *r, struct carry *c, unsigned from, const uint8_t *frame, size_t len,
	struct frame_bytes parts[CARRY_PARTS])
{
	enum { LEAST = 48, UNIT = 8 };
	struct carry_session *s = &c->sessions[from];
	size_t head = WIRE_ETHER + (s->v6 ? (size_t)WIRE_IPV6 : (size_t)WIRE_IPV4), behind, at = 0;
	bool plain = frame[WIRE_ETHER] == 0x45 ||
		     (s->v6 && frame[WIRE_ETHER + WIRE_IPV6_NEXT] == WIRE_UDP);
	unsigned n = 0;

	behind = len - head;
	while (plain && at < behind) {
		struct frame_bytes *part = &parts[n];
		uint8_t *ip = part->bytes + WIRE_ETHER, *to = part->bytes + head;
		/* what is cut again leaves whatever is left */
		bool rest = n != 0 && random_hit(r, 4);
		size_t bytes =
			rest ? UNIT : LEAST + random_number(r, (uint32_t)behind) / UNIT * UNIT;
		bool more = n + 1 < CARRY_PARTS && bytes < behind - at;

		if (!more)
			bytes = behind - at;
		memcpy(part->bytes, frame, head);
		if (s->v6) {
			const uint8_t fragment[] = {WIRE_UDP, 0, 0, 0, 0x77, (uint8_t)from,
				(uint8_t)(s->id >> 8), (uint8_t)s->id};

			memcpy(to, fragment, sizeof(fragment));
			wire_put16(to + 2, (uint16_t)(at | more));
			to += sizeof(fragment);
			ip[WIRE_IPV6_NEXT] = WIRE_FRAGMENT;
			wire_put16(ip + WIRE_IPV6_LENGTH, (uint16_t)(sizeof(fragment) + bytes));
		} else {
			wire_put16(ip + WIRE_IPV4_LENGTH, (uint16_t)(WIRE_IPV4 + bytes));
			wire_put16(ip + WIRE_IPV4_FRAGMENT,
				(uint16_t)(at / UNIT | (more ? WIRE_IPV4_MORE : 0)));
			wire_ipv4_finish(ip);
		}
		memcpy(to, frame + head + at, bytes);
		part->len = (size_t)(to - part->bytes) + bytes;
		at += bytes;
		n++;
	}
	s->id += s->v6;
	return n == 0 ? 1 : n;
}

/* ---- what leaves ---- */

/* Whose peer it is for. */
static unsigned
receiver_of(const struct carry *c, const uint8_t *ip, bool v6, uint16_t port)
{
	unsigned i = (unsigned)(port - PEER_PORT);
	uint32_t target;

	assert_in_range(i, 0, CARRY_SESSIONS - 1);
	assert_int_equal(c->sessions[i].v6, v6);
	if (v6) {
		assert_memory_equal(ip + WIRE_IPV6_TARGET, c->sessions[i].told.peer.ip.bytes, 16);
	} else {
		target = wire_swap32(wire_ipv4_target_be(ip));
		assert_int_equal(target, cv_ipv4_value(&c->sessions[i].told.peer.ip));
	}
	return i;
}

/* What is in front of UDP, and its sum. Returns UDP. */
static const uint8_t *
check_outer(const struct carry *c, const uint8_t *ip, size_t len, uint8_t *tos, uint32_t *flow)
{
	const uint8_t *udp = ip + WIRE_IPV4;
	struct wire_ipv6 h;

	if (wire_ip_version(ip) == 4) {
		assert_int_equal(ip[0], 0x45);
		assert_int_equal(wire_ipv4_length(ip), len);
		assert_true(wire_ipv4_sum_right(ip, WIRE_IPV4));
		assert_int_equal(wire_ipv4_fragment_be(ip), 0);
		assert_int_equal(ip[WIRE_IPV4_TTL], 64);
		assert_int_equal(ip[WIRE_IPV4_PROTOCOL], WIRE_UDP);
		assert_int_equal(wire_swap32(wire_ipv4_source_be(ip)), LNS_IP);
		assert_int_not_equal(wire_load16(udp + WIRE_UDP_SUM), 0);
		assert_true(
			wire_udp_sum_right(udp, wire_ipv4_source_be(ip), wire_ipv4_target_be(ip)));
		*tos = ip[WIRE_IPV4_TOS];
		len -= WIRE_IPV4;
	} else {
		assert_true(wire_ipv6_read(ip, len, &h));
		assert_int_equal(h.payload, len - WIRE_IPV6);
		assert_int_equal(h.next, WIRE_UDP);
		assert_int_equal(h.hops, 64);
		assert_memory_equal(h.source, c->lns6.bytes, sizeof(h.source));
		udp = ip + WIRE_IPV6;
		assert_true(wire_udp_sum_right6(udp, h.source, h.target));
		*tos = h.traffic_class;
		*flow = h.flow;
		len -= WIRE_IPV6;
	}
	assert_int_equal(wire_get16(udp + WIRE_UDP_SOURCE), 1701);
	assert_int_equal(wire_udp_length(udp), len);
	return udp;
}

struct carry_got
carry_take(struct carry *c, const uint8_t *frame, size_t len)
{
	const uint8_t *ip = frame + WIRE_ETHER, *udp;
	bool v6 = wire_ether_type_be(frame) == WIRE_TYPE_IPV6_BE;
	struct carry_session *s;
	struct carry_got got;
	struct cv_reader r;
	uint8_t tos, inner_tos;
	uint32_t flow = 0;

	assert_in_range(len, WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER, FRAME_MAX);
	assert_memory_equal(frame, peer_mac, WIRE_MAC);
	assert_memory_equal(frame + WIRE_ETHER_SOURCE, c->b->dp->ports[0].mac, WIRE_MAC);
	assert_true(v6 || wire_ether_type_be(frame) == WIRE_TYPE_IPV4_BE);
	udp = check_outer(c, ip, len - WIRE_ETHER, &tos, &flow);
	got.to = receiver_of(c, ip, v6, wire_get16(udp + WIRE_UDP_TARGET));
	s = &c->sessions[got.to];
	if (v6) { /* a session is one flow */
		assert_int_not_equal(flow, 0);
		assert_true(s->flow == 0 || s->flow == flow);
		s->flow = flow;
	}
	r = cv_reader(udp + WIRE_UDP_HEADER, wire_udp_length(udp) - WIRE_UDP_HEADER);
	assert_int_equal(cv_read_u16(&r), 2 | ((s->send & DP_SEND_LENGTH) != 0 ? 0x4000 : 0) |
						  ((s->send & DP_SEND_SEQUENCE) != 0 ? 0x0800 : 0));
	if ((s->send & DP_SEND_LENGTH) != 0)
		assert_int_equal(cv_read_u16(&r), wire_udp_length(udp) - WIRE_UDP_HEADER);
	assert_int_equal(cv_read_u16(&r), s->told.peer_tunnel_id);
	assert_int_equal(cv_read_u16(&r), s->told.peer_session_id);
	if ((s->send & DP_SEND_SEQUENCE) != 0) {
		assert_int_equal(cv_read_u16(&r), s->nr++);
		assert_int_equal(cv_read_u16(&r), 0);
	}
	if ((s->send & DP_SEND_ACFC) == 0)
		assert_int_equal(cv_read_u16(&r), 0xff03);
	if ((s->send & DP_SEND_PFC) == 0)
		assert_int_equal(cv_read_u8(&r), 0);
	got.six = cv_read_u8(&r) == WIRE_PPP_IPV6;
	assert_false(r.failed);
	got.inner = r.pos;
	got.len = cv_remaining(&r);
	assert_int_equal(r.pos[-1], got.six ? WIRE_PPP_IPV6 : WIRE_PPP_IP);
	assert_in_range(got.len, got.six ? WIRE_IPV6 : WIRE_IPV4, s->mtu);
	assert_int_equal(wire_ip_version(got.inner), got.six ? 6 : 4);
	inner_tos = got.six ? wire_ipv6_class(got.inner) : got.inner[WIRE_IPV4_TOS];
	assert_int_equal(tos, inner_tos & ((s->send & DP_SEND_ECN) != 0 ? 0xff : 0xfc));
	return got;
}

unsigned
carry_source(const struct carry *c, const struct carry_got *got)
{
	unsigned i;

	if (got->six) {
		if (memcmp(got->inner + WIRE_IPV6_SOURCE, c->lns_inner6.bytes, 16) == 0)
			return CARRY_SESSIONS;
		i = wire_get16(got->inner + WIRE_IPV6_SOURCE + 4) - 0x100u;
	} else {
		uint32_t source = wire_swap32(wire_ipv4_source_be(got->inner));

		if (source == INNER_LNS)
			return CARRY_SESSIONS;
		i = source - CARRY_INNERS;
	}
	assert_in_range(i, 0, CARRY_SESSIONS - 1);
	return i;
}
