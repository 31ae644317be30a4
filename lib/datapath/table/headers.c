/* SPDX-License-Identifier: BSD-3-Clause */
/* A session's finished outgoing headers (IPv4, UDP, L2TP, PPP), and what is known of those that
 * arrive. */
#include "datapath/internal.h"
#include "l2tp/header.h"

enum { OUR_TTL = 64, PPP_IP_SHORT = 0x21 };

/* The finished headers, at the end of the line, and what fixes them up. */
void
dp_headers_write(
	struct dp_egress *e, const struct dp_service_record *service, const struct dp_session *s)
{
	uint8_t header[DP_HEADERS] = {0};
	struct cv_writer w = cv_writer(header + DP_HDR_L2TP, sizeof(header) - DP_HDR_L2TP);
	/* what varies is 0 in it; it may be fragmented on its way */
	const struct wire_ipv4 ip = {.ttl = OUR_TTL,
		.protocol = WIRE_UDP,
		.source_be = service->ip,
		.target_be = wire_swap32(cv_ipv4_value(&s->peer.ip))};
	uint16_t flags = L2TP_VERSION;
	uint64_t sum;

	wire_ipv4_write(header, &ip);
	wire_store16(header + WIRE_IPV4_SUM, 0);
	wire_udp_write(header + WIRE_IPV4, wire_swap16(service->udp_port), s->peer.port, 0);
	e->flags = 0;
	if ((s->send & DP_SEND_LENGTH) != 0) {
		flags |= L2TP_BIT_LENGTH;
		e->flags |= DP_EGRESS_LENGTH;
	}
	if ((s->send & DP_SEND_SEQUENCE) != 0) {
		flags |= L2TP_BIT_SEQUENCE;
		e->flags |= DP_EGRESS_SEQUENCE;
	}
	cv_write_u16(&w, flags);
	if ((s->send & DP_SEND_LENGTH) != 0)
		cv_write_u16(&w, 0);
	cv_write_u16(&w, s->peer_tunnel_id);
	cv_write_u16(&w, s->peer_session_id);
	if ((s->send & DP_SEND_SEQUENCE) != 0)
		cv_write_u32(&w, 0); /* Ns, and Nr, which data does not use */
	if ((s->send & DP_SEND_ACFC) == 0)
		cv_write_u16(&w, 0xff03);
	if ((s->send & DP_SEND_PFC) == 0)
		cv_write_u8(&w, 0);
	cv_write_u8(&w, PPP_IP_SHORT);

	e->hdr_len = (uint8_t)(DP_HDR_L2TP + cv_written(&w));
	if ((e->hdr_len & 1) != 0)
		e->flags |= DP_EGRESS_ODD;
	sum = wire_sum(header + WIRE_IPV4, (size_t)e->hdr_len - WIRE_IPV4) +
	      wire_sum_pseudo(service->ip, ip.target_be, 0) +
	      2u * wire_swap16((uint16_t)(e->hdr_len - WIRE_IPV4));
	e->ip_sum = wire_fold(wire_sum20(header));
	e->out_sum = wire_checksum(sum);
	memcpy(e->hdr + DP_HEADERS - e->hdr_len, header, e->hdr_len);
}

void
dp_headers_expect(
	struct dp_ingress *in, const struct dp_service_record *service, const struct dp_session *s)
{
	uint32_t peer = wire_swap32(cv_ipv4_value(&s->peer.ip));
	uint64_t sum = wire_sum_pseudo(peer, service->ip, 0) + service->udp_port;

	memset(in->peer_ip, 0, sizeof(in->peer_ip));
	memset(in->peer_ip + 10, 0xff, 2);
	in->peer_ip4 = peer;
	in->peer_port = wire_swap16(s->peer.port);
	sum += (uint64_t)in->peer_port + wire_swap16(s->tunnel_id) + wire_swap16(s->session_id);
	in->header_sum = wire_fold(sum);
}
