/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames of the clients. */
#include "wild_clients.h"

/* Whom a packet is for. */
static uint32_t
target(struct wild *w, unsigned wildness)
{
	static const uint32_t odd[] = {
		INNER_LNS, 0x0a580199, 0xe0000005, 0, 0x7f000001, UINT32_MAX, 0x08080808};

	static const uint32_t beside[] = {
		LAN_HOST, LAN_HOST, BEYOND, LAN_NET + 77, NOWHERE, LAN_US, DIALLED};

	if (wild_number(w, 400) < wildness)
		return odd[wild_number(w, RTE_DIM(odd))];
	if (one_in(w, 6))
		return beside[wild_number(w, RTE_DIM(beside))];
	if (one_in(w, 8))
		return BEHIND + wild_number(w, WILD_CLIENTS << 8);
	return INNERS + wild_number(w, WILD_CLIENTS);
}

/* An inner packet; returns its length. */
static size_t
inner(struct wild *w, unsigned from, unsigned wildness, uint8_t *out)
{
	static const uint8_t protocols[] = {
		WIRE_ESP, WIRE_ESP, WIRE_ESP, WIRE_UDP, WIRE_UDP, WIRE_AH, WIRE_TCP, WIRE_ICMP, 47};
	static const uint16_t ports[] = {500, 4500, 80, 4444, 53};
	size_t len = WIRE_IPV4 + wild_number(w, one_in(w, 4) ? 1480 : 200);
	uint8_t protocol = protocols[wild_number(w, RTE_DIM(protocols))];
	bool odd = wild_number(w, 100) < wildness;

	inner_packet(out, one_in(w, 8) ? BEHIND + (from << 8) + 1 : inner_of(from),
		target(w, wildness), protocol, len);
	if (len >= WIRE_IPV4 + 4) {
		wire_put16(out + WIRE_IPV4, ports[wild_number(w, RTE_DIM(ports))]);
		wire_put16(out + WIRE_IPV4 + 2, ports[wild_number(w, RTE_DIM(ports))]);
		if (protocol == WIRE_ICMP)
			out[WIRE_IPV4] = one_in(w, 2) ? 8 : 3;
	}
	out[WIRE_IPV4_TOS] = (uint8_t)wild_number(w, 256);
	if (odd && one_in(w, 4))
		out[WIRE_IPV4_TTL] = (uint8_t)wild_number(w, 3);
	if (odd && one_in(w, 3)) /* fragments, DF, the bit that nobody uses */
		wire_put16(out + WIRE_IPV4_FRAGMENT,
			(uint16_t)(wild_number(w, 8) << 13 |
				   (one_in(w, 2) ? wild_number(w, 200) : 0)));
	if (odd && one_in(w, 6) && len >= WIRE_IPV4 + 4) { /* options */
		out[0] = 0x46;
		memset(out + WIRE_IPV4, one_in(w, 2) ? WIRE_OPTION_NOP : WIRE_OPTION_LSRR, 4);
	}
	wire_store16(out + WIRE_IPV4_SUM, 0);
	wire_store16(out + WIRE_IPV4_SUM,
		wire_checksum(wire_sum(out, RTE_MIN(len, wire_ipv4_header(out)))));
	return len;
}

/* Whom an IPv6 packet is for, or from. */
static void
address_of(struct wild *w, unsigned i, bool own, unsigned wildness, uint8_t *out)
{
	static const char *const odd[] = {LNS_INNER6, "fe80::1", "ff02::1", "::", "2001:db8::77"};
	struct cv_ip ip = network6(i, 64, i % 2 != 0 && one_in(w, 2)).ip;

	static const char *const beside[] = {
		LAN_HOST6, LAN_HOST6, BEYOND6, "2001:db8:5::77", LAN_US6, DIALLED6};

	if (wild_number(w, 400) < wildness)
		ip = address6(odd[wild_number(w, RTE_DIM(odd))]);
	else if (one_in(w, 8))
		ip = behind6(i);
	else if (!own && one_in(w, 6))
		ip = address6(beside[wild_number(w, RTE_DIM(beside))]);
	else
		ip.bytes[15] = (uint8_t)(1 + wild_number(w, 3));
	memcpy(out, ip.bytes, WIRE_IPV6_ADDRESS);
}

static size_t
six(struct wild *w, unsigned from, unsigned wildness, uint8_t *out)
{
	static const uint8_t nexts[] = {WIRE_ESP, WIRE_ESP, WIRE_UDP, WIRE_UDP, WIRE_AH, WIRE_TCP,
		WIRE_ICMPV6, WIRE_NOTHING, 0, 44, 43, 60};
	static const uint16_t ports[] = {500, 4500, 80, 4444, 53};
	struct wire_ipv6 h = {.traffic_class = (uint8_t)wild_number(w, 256),
		.next = nexts[wild_number(w, wild_number(w, 100) < wildness ? RTE_DIM(nexts) : 6)],
		.hops = one_in(w, 30) ? (uint8_t)wild_number(w, 3) : 64,
		.payload = (uint16_t)wild_number(w, one_in(w, 4) ? 1460 : 200),
		.flow = wild_number(w, 1 << 20)};

	address_of(w, from, true, wildness, h.source);
	address_of(w, wild_number(w, WILD_CLIENTS), false, wildness, h.target);
	wire_ipv6_write(out, &h);
	for (unsigned i = 0; i < h.payload; i++)
		out[WIRE_IPV6 + i] = (uint8_t)(i * 41 + h.flow);
	if (h.payload >= 8) {
		wire_put16(out + WIRE_IPV6, ports[wild_number(w, RTE_DIM(ports))]);
		wire_put16(out + WIRE_IPV6 + 2, ports[wild_number(w, RTE_DIM(ports))]);
	}
	if (h.payload >= 8 && (h.next == 0 || h.next == 44 || h.next == 43 || h.next == 60)) {
		out[WIRE_IPV6] = one_in(w, 2) ? WIRE_ESP : WIRE_UDP;
		out[WIRE_IPV6 + 1] = one_in(w, 4) ? (uint8_t)wild_number(w, 4) : 0;
	}
	return WIRE_IPV6 + (size_t)h.payload;
}

/* Sums as they should be, where the frame still has what they are of. */
static void
fix(struct wild_frame *f)
{
	uint8_t *ip = f->bytes + WIRE_ETHER, *udp = ip + WIRE_IPV4;

	if (ip[0] >> 4 == 6 && wire_udp_length(ip + WIRE_IPV6) >= WIRE_UDP_HEADER &&
		ETHER_IPV6 + wire_udp_length(ip + WIRE_IPV6) <= f->len)
		wire_udp_finish6(ip + WIRE_IPV6, ip + WIRE_IPV6_SOURCE, ip + WIRE_IPV6_TARGET);
	if (ip[0] != 0x45)
		return;
	wire_ipv4_finish(ip);
	if (wire_udp_length(udp) >= WIRE_UDP_HEADER &&
		WIRE_ETHER + WIRE_IPV4 + wire_udp_length(udp) <= f->len)
		wire_udp_finish(udp, wire_ipv4_source_be(ip), wire_ipv4_target_be(ip));
}

/* Anything may be different in the headers; the sums are mended or not. */
static void
mutate(struct wild *w, struct wild_frame *f)
{
	unsigned n = 1 + wild_number(w, 3), reach = RTE_MIN((unsigned)f->len, 96u);

	for (unsigned i = 0; i < n && reach != 0; i++) {
		uint8_t *byte = &f->bytes[wild_number(w, reach)];

		if (one_in(w, 2))
			*byte ^= (uint8_t)(1u << wild_number(w, 8));
		else
			*byte = (uint8_t)wild_number(w, 256);
	}
	if (one_in(w, 2))
		fix(f);
	if (one_in(w, 8))
		f->len = (uint16_t)wild_number(w, f->len + 1u);
	else if (one_in(w, 8))
		f->len = (uint16_t)(f->len + wild_number(w, 40));
}

/* A fragment of the outer packet, or one that may not be made. */
static void
part(struct wild *w, struct wild_frame *f)
{
	uint8_t *ip = f->bytes + WIRE_ETHER;

	if (ip[0] != 0x45)
		return;
	wire_put16(ip + WIRE_IPV4_FRAGMENT,
		(uint16_t)(wild_number(w, 8) << 13 | (one_in(w, 2) ? wild_number(w, 100) : 0)));
	wire_ipv4_finish(ip);
}

/* A datagram that ends within the inner header, which is all there as padding of the frame. */
static void
cut_short(struct wild *w, struct wild_frame *f)
{
	uint8_t *ip = f->bytes + WIRE_ETHER;
	bool v6 = ip[0] >> 4 == 6;
	uint8_t *udp = ip + (v6 ? WIRE_IPV6 : WIRE_IPV4);
	unsigned inner = wire_udp_length(udp) - WIRE_UDP_HEADER, keep = wild_number(w, 32);

	if ((!v6 && ip[0] != 0x45) || inner < keep || (udp[WIRE_UDP_HEADER] & 0x40) != 0)
		return;
	wire_put16(udp + 4, (uint16_t)(WIRE_UDP_HEADER + keep));
	if (v6)
		wire_put16(ip + WIRE_IPV6_LENGTH, (uint16_t)(WIRE_UDP_HEADER + keep));
	else
		wire_put16(ip + WIRE_IPV4_LENGTH, (uint16_t)(WIRE_IPV4 + WIRE_UDP_HEADER + keep));
	/* what it says of its length is even right */
	for (unsigned header = 7; header <= 10 && header <= keep; header++) {
		uint8_t *packet = udp + WIRE_UDP_HEADER + header;

		if (packet[0] != 0x45)
			continue;
		wire_put16(packet + WIRE_IPV4_LENGTH, (uint16_t)(keep - header));
		wire_ipv4_finish(packet);
		break;
	}
	fix(f);
}

/* Behind a packet that ends before its ports there is padding that reads like some. */
static void
pad_with_ports(struct wild_frame *f)
{
	for (unsigned i = 0; i < 2; i++) {
		wire_put16(f->bytes + f->len, 500);
		f->len = (uint16_t)(f->len + 2);
	}
}

/* A priority tag, or that of a VLAN. */
static void
tag(struct wild *w, struct wild_frame *f)
{
	memmove(f->bytes + WIRE_ETHER + 2, f->bytes + WIRE_ETHER - 2, f->len - WIRE_ETHER + 2u);
	wire_put16(f->bytes + WIRE_ETHER_TYPE, 0x8100);
	wire_put16(f->bytes + WIRE_ETHER, one_in(w, 4) ? 7 : 0xa000);
	f->len = (uint16_t)(f->len + WIRE_VLAN_TAG);
}

/* The same datagram over IPv6; without a checksum where it was so. */
static void
over_ipv6(struct wild *w, unsigned from, bool odd, struct wild_frame *f)
{
	uint8_t *udp = f->bytes + WIRE_ETHER + WIRE_IPV4;
	uint16_t sum = wire_load16(udp + WIRE_UDP_SUM), len = (uint16_t)wire_udp_length(udp);
	uint8_t tos = f->bytes[WIRE_ETHER + WIRE_IPV4_TOS];
	char text[CV_IP_TEXT];

	memmove(f->bytes + ETHER_IPV6, udp, f->len - (size_t)(udp - f->bytes));
	f->len = (uint16_t)around_ipv6(w->b, f->bytes, peer6(from, text), LNS_6, WIRE_UDP, 60, len);
	if (odd)
		wire_put16(f->bytes + WIRE_ETHER, (uint16_t)(0x6000 | tos << 4));
	fix(f);
	if (sum == 0)
		wire_store16(f->bytes + ETHER_IPV6 + WIRE_UDP_SUM, 0);
}

/* A control message or PPP control of a client. */
static void
control(struct wild *w, unsigned from, struct wild_frame *f)
{
	static const uint8_t hello[] = {
		0xc8, 2, 0, 20, 0, TUNNEL, 0, 0, 0, 1, 0, 1, 0x80, 8, 0, 0, 0, 0, 0, 6};
	static const uint8_t echo[] = {9, 1, 0, 8, 1, 2, 3, 4};
	struct wire wire = {.peer_ip = PEERS + peer_of(from),
		.peer_port = (uint16_t)(40000 + peer_of(from)),
		.tunnel_id = (uint16_t)(TUNNEL + peer_of(from)),
		.session_id = w->sessions[from],
		.protocol = one_in(w, 3) ? 0x0057 : 0xc021};

	if (one_in(w, 2)) {
		bench_udp(w->b, wire.peer_ip, wire.peer_port, hello, sizeof(hello), f->bytes);
		f->len = WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER + sizeof(hello);
	} else {
		f->len = (uint16_t)build_data(w->b, true, &wire, echo, sizeof(echo), f->bytes);
	}
}

/* What goes wrong with a frame on its way. */
static void
spoil(struct wild *w, bool odd, struct wild_frame *f)
{
	if (odd && one_in(w, 2))
		mutate(w, f);
	else if (odd && one_in(w, 6))
		part(w, f);
	else if (odd && one_in(w, 6))
		cut_short(w, f);
	if (odd && one_in(w, 12) && f->len >= WIRE_ETHER)
		tag(w, f);
	if (odd && one_in(w, 12) && f->len > 2)
		f->second = (uint16_t)(1 + wild_number(w, f->len - 1u));
	if (f->second != 0 && f->second < 40 && one_in(w, 2))
		f->len = (uint16_t)(f->len + f->second); /* padding alone in it */
	if (odd && one_in(w, 6))
		f->ol_flags =
			one_in(w, 2) ? RTE_MBUF_F_RX_L4_CKSUM_BAD : RTE_MBUF_F_RX_IP_CKSUM_GOOD;
}

/* As it is, from the LAN; at times, with a client's address. */
static void
from_lan(struct wild *w, bool odd, bool is_six, const uint8_t *packet, size_t len,
	struct wild_frame *f)
{
	static const uint32_t sources[] = {LAN_HOST, LAN_HOST, BEYOND, LAN_NET + 77, LAN_NET + 255,
		LAN_US, 0x7f000001, LNS_IP};
	static const char *const sources6[] = {
		LAN_HOST6, LAN_HOST6, BEYOND6, "2001:db8:5::77", LAN_US6, "fe80::9", "::"};
	uint8_t *ip = f->bytes + WIRE_ETHER;
	struct cv_ip source;

	wire_ether_write(f->bytes, w->b->dp->ports[0].mac, router_mac,
		is_six ? WIRE_TYPE_IPV6 : WIRE_TYPE_IPV4);
	memcpy(ip, packet, len);
	f->len = (uint16_t)(WIRE_ETHER + len);
	if (odd && one_in(w, 4))
		return;
	if (is_six) {
		source = address6(sources6[wild_number(w, odd ? RTE_DIM(sources6) : 4)]);
		memcpy(ip + WIRE_IPV6_SOURCE, source.bytes, WIRE_IPV6_ADDRESS);
		return;
	}
	wire_put32(ip + WIRE_IPV4_SOURCE, sources[wild_number(w, odd ? RTE_DIM(sources) : 4)]);
	wire_store16(ip + WIRE_IPV4_SUM, 0);
	wire_store16(ip + WIRE_IPV4_SUM,
		wire_checksum(wire_sum(ip, RTE_MIN(len, wire_ipv4_header(ip)))));
}

void
wild_frame(struct wild *w, unsigned wildness, struct wild_frame *f)
{
	unsigned from = wild_number(w, WILD_CLIENTS);
	bool odd = wild_number(w, 100) < wildness;
	struct wire wire = {.peer_ip = PEERS + peer_of(from),
		.peer_port = (uint16_t)(40000 + peer_of(from)),
		.tunnel_id = (uint16_t)(TUNNEL + peer_of(from)),
		.session_id = w->sessions[from],
		.length = one_in(w, 3),
		.acfc = one_in(w, 4),
		.pfc = one_in(w, 4),
		.sequence = odd && one_in(w, 8),
		.offset = odd && one_in(w, 8),
		.no_checksum = odd && one_in(w, 8),
		.wrong_checksum = odd && one_in(w, 8),
		.padding = odd && one_in(w, 8) ? wild_number(w, 9) : 0,
		.tos = odd && one_in(w, 3) ? (uint8_t)wild_number(w, 256) : 0x10};
	uint8_t packet[FRAME_MAX];
	bool is_six = (has_six(from) || (odd && one_in(w, 4))) && one_in(w, 3);
	size_t len = is_six ? six(w, from, wildness, packet) : inner(w, from, wildness, packet);

	if (is_six)
		wire.protocol = WIRE_PPP_IPV6;
	if (wild_is_switched(from) && odd && one_in(w, 4)) { /* of any protocol, and length */
		wire.protocol = one_in(w, 2) ? (uint16_t)wild_number(w, 65536) : 0x003d;
		len = wild_number(w, 100);
	}

	*f = (struct wild_frame){0};
	if (one_in(w, 6)) {
		from_lan(w, odd, is_six, packet, len, f);
		spoil(w, odd, f);
		return;
	}
	if (odd && one_in(w, 10))
		control(w, from, f);
	else
		f->len = (uint16_t)build_data(w->b, true, &wire, packet, len, f->bytes);
	if (len < (is_six ? WIRE_IPV6 : WIRE_IPV4) + 4)
		pad_with_ports(f);
	if (wild_clients[from].v6)
		over_ipv6(w, from, odd, f);
	if (wild_clients[from].service == 1) {
		wire_put32(f->bytes + WIRE_ETHER + WIRE_IPV4_TARGET, SECOND_IP);
		wire_put16(f->bytes + WIRE_ETHER + WIRE_IPV4 + 2, SECOND_PORT);
		fix(f);
	}
	spoil(w, odd, f);
}
