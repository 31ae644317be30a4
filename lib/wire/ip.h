/* SPDX-License-Identifier: BSD-3-Clause */
/* What IPv4 and IPv6 have in common: the version, and the numbers of protocols (IANA). */
#ifndef WIRE_IP_H
#define WIRE_IP_H

#include "wire/bytes.h"

enum {
	WIRE_HOP_BY_HOP = 0, /* IPv6 only */
	WIRE_ICMP = 1,
	WIRE_TCP = 6,
	WIRE_UDP = 17,
	WIRE_ROUTING = 43,  /* IPv6 only */
	WIRE_FRAGMENT = 44, /* likewise */
	WIRE_ESP = 50,
	WIRE_AH = 51,
	WIRE_ICMPV6 = 58,
	WIRE_NOTHING = 59, /* IPv6 only: there is nothing behind */
	WIRE_TARGET_OPTIONS = 60,
	WIRE_SCTP = 132,
};

/* In PPP (RFC 1332, 5072). */
enum { WIRE_PPP_IP = 0x0021, WIRE_PPP_IPV6 = 0x0057 };

static inline unsigned
wire_ip_version(const uint8_t *ip)
{
	return ip[0] >> 4;
}

#endif
