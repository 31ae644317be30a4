/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One side of the LNS as the load generator stands on it: frames of a port, its addresses, who is
 * asked by ARP, and what is behind the headers. Bytes in, bytes out; no device, no clock.
 */
#ifndef LOAD_SIDE_H
#define LOAD_SIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "wire/ether.h"
#include "wire/udp.h"

enum {
	SIDE_ARP = WIRE_ETHER + WIRE_ARP, /* bytes of a frame */
	SIDE_OUTER = WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER,
	SIDE_ASK_MS = 200, /* until somebody answers */
};

struct side {
	uint8_t mac[WIRE_MAC];
	uint32_t first, n; /* addresses that are answered for, in host order */
	uint32_t own;      /* and one more, which asks */
	uint32_t next_hop; /* who is asked for */
	uint8_t next_mac[WIRE_MAC];
	bool found;
	uint64_t ask_at;
};

/* The question for the next hop, of SIDE_ARP bytes. */
void side_ask(const struct side *s, uint8_t *frame);

enum side_kind {
	SIDE_NOTHING, /* for somebody else, or of no use */
	SIDE_ANSWER,  /* a question, which `reply` of SIDE_ARP bytes answers */
	SIDE_UDP,     /* to one of our addresses, from the next hop's side */
	SIDE_IP,      /* another IPv4 packet to one of them */
};

struct side_frame {
	enum side_kind kind;
	uint32_t source, target; /* host order */
	uint16_t source_port, target_port;
	const uint8_t *ip;
	size_t ip_len;
	struct cv_bytes payload; /* SIDE_UDP */
};

/* What a frame is. Lengths and the IP header's checksum are checked; UDP's is not: what is behind
 * it proves itself, and the kernel leaves the sum of what it gives a veth unfinished. */
void side_read(struct side *s, const uint8_t *frame, size_t len, uint8_t reply[SIDE_ARP],
	struct side_frame *f);

/* Ethernet, IPv4 and UDP in front of len bytes that are there already, or, without a checksum, are
 * still to come. */
void side_write_udp(const struct side *s, uint8_t *frame, uint32_t source, uint16_t source_port,
	uint32_t target, uint16_t target_port, size_t len, bool sum);

#endif
