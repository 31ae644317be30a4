/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What opens a TCP connection, whose segments are to fit the tunnels on their way (RFC 9293
 * section 3.7.1, RFC 6691): inline for the fast way, which leaves it to the stages. Asked of TCP
 * alone, where a filter permits it: other packets do not pay for it.
 */
#ifndef DP_MSS_H
#define DP_MSS_H

#include "datapath/worker/packet.h"

enum {
	DP_TCP = 20, /* bytes of a header without options */
	DP_TCP_FLAGS = 13,
	DP_TCP_SYN = 2,
};

/* Whether TCP of so many bytes has SYN. */
static inline bool
dp_tcp_opens(const uint8_t *tcp, unsigned len)
{
	return len >= DP_TCP && (tcp[DP_TCP_FLAGS] & DP_TCP_SYN) != 0;
}

/* The same of an IPv4 packet that carries TCP. */
static inline bool
dp_tcp_opens4(const uint8_t *ip, unsigned len)
{
	unsigned header = wire_ipv4_header(ip);

	return (wire_ipv4_fragment_be(ip) & WIRE_IPV4_OFFSET_BE) == 0 && len > header &&
	       dp_tcp_opens(ip + header, len - header);
}

/* worker/mss.c: lowers the MSS option, where there is one that is larger; the checksum follows, so
 * that the sum of the segment stays as it was. False: nothing was changed. tcp: at an even place of
 * its packet. */
bool dp_mss_lower(uint8_t *tcp, unsigned len, uint16_t most);
/* For an IPv4 packet that carries TCP and is on its way to p->to: so that no segment is too large
 * for the tunnel of either, where one of their groups wants it. */
void dp_mss_clamp4(struct dp_worker *w, struct dp_packet *p);
/* For an IPv6 packet, which may carry something else. */
void dp_mss_clamp6(struct dp_worker *w, struct dp_packet *p);

#endif
