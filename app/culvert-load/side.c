/* SPDX-License-Identifier: BSD-3-Clause */
#include "culvert-load/side.h"

static const uint8_t everybody[WIRE_MAC] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static bool
ours(const struct side *s, uint32_t address)
{
	return address - s->first < s->n || (s->own != 0 && address == s->own);
}

void
side_ask(const struct side *s, uint8_t *frame)
{
	wire_ether_write(frame, everybody, s->mac, WIRE_TYPE_ARP);
	wire_arp_write(frame + WIRE_ETHER, WIRE_ARP_REQUEST, s->mac,
		wire_swap32(s->own != 0 ? s->own : s->first), NULL, wire_swap32(s->next_hop));
}

static void
read_arp(struct side *s, const uint8_t *arp, uint8_t reply[SIDE_ARP], struct side_frame *f)
{
	uint32_t sender = wire_get32(arp + WIRE_ARP_SENDER_IP);
	uint32_t target = wire_get32(arp + WIRE_ARP_TARGET_IP);

	if (!wire_arp_right(arp) || !ours(s, target))
		return;
	if (sender == s->next_hop) {
		memcpy(s->next_mac, arp + WIRE_ARP_SENDER_MAC, WIRE_MAC);
		s->found = true;
	}
	if (wire_get16(arp + WIRE_ARP_OPERATION) != WIRE_ARP_REQUEST)
		return;
	wire_ether_write(reply, arp + WIRE_ARP_SENDER_MAC, s->mac, WIRE_TYPE_ARP);
	wire_arp_write(reply + WIRE_ETHER, WIRE_ARP_REPLY, s->mac, wire_swap32(target),
		arp + WIRE_ARP_SENDER_MAC, wire_swap32(sender));
	f->kind = SIDE_ANSWER;
}

void
side_read(struct side *s, const uint8_t *frame, size_t len, uint8_t reply[SIDE_ARP],
	struct side_frame *f)
{
	const uint8_t *ip = frame + WIRE_ETHER, *udp;
	unsigned header;

	f->kind = SIDE_NOTHING;
	if (len >= SIDE_ARP && wire_ether_type_be(frame) == WIRE_TYPE_ARP_BE) {
		read_arp(s, ip, reply, f);
		return;
	}
	if (len < WIRE_ETHER + WIRE_IPV4 || wire_ether_type_be(frame) != WIRE_TYPE_IPV4_BE ||
		memcmp(frame, s->mac, WIRE_MAC) != 0)
		return;
	len -= WIRE_ETHER;
	header = wire_ipv4_header(ip);
	if (ip[0] >> 4 != 4 || header < WIRE_IPV4 || wire_ipv4_length(ip) < header ||
		wire_ipv4_length(ip) > len || !wire_ipv4_sum_right(ip, header) ||
		!ours(s, wire_swap32(wire_ipv4_target_be(ip))))
		return;
	f->kind = SIDE_IP;
	f->ip = ip;
	f->ip_len = len = wire_ipv4_length(ip);
	f->source = wire_swap32(wire_ipv4_source_be(ip));
	f->target = wire_swap32(wire_ipv4_target_be(ip));
	udp = ip + header;
	if (ip[WIRE_IPV4_PROTOCOL] != WIRE_UDP || len - header < WIRE_UDP_HEADER ||
		wire_udp_length(udp) < WIRE_UDP_HEADER || wire_udp_length(udp) > len - header ||
		(wire_ipv4_fragment_be(ip) & (WIRE_IPV4_MORE_BE | WIRE_IPV4_OFFSET_BE)) != 0)
		return;
	f->kind = SIDE_UDP;
	f->source_port = wire_get16(udp + WIRE_UDP_SOURCE);
	f->target_port = wire_get16(udp + WIRE_UDP_TARGET);
	f->payload =
		(struct cv_bytes){udp + WIRE_UDP_HEADER, wire_udp_length(udp) - WIRE_UDP_HEADER};
}

void
side_write_udp(const struct side *s, uint8_t *frame, uint32_t source, uint16_t source_port,
	uint32_t target, uint16_t target_port, size_t len, bool sum)
{
	const struct wire_ipv4 ip = {.ttl = 64,
		.protocol = WIRE_UDP,
		.length = (uint16_t)(WIRE_IPV4 + WIRE_UDP_HEADER + len),
		.source_be = wire_swap32(source),
		.target_be = wire_swap32(target)};
	uint8_t *udp = frame + WIRE_ETHER + WIRE_IPV4;

	wire_ether_write(frame, s->next_mac, s->mac, WIRE_TYPE_IPV4);
	wire_ipv4_write(frame + WIRE_ETHER, &ip);
	wire_udp_write(udp, source_port, target_port, (uint16_t)(WIRE_UDP_HEADER + len));
	if (sum)
		wire_udp_finish(udp, ip.source_be, ip.target_be);
}
