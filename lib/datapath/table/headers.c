/* SPDX-License-Identifier: BSD-3-Clause */
/* The finished outgoing headers of a session: IPv4, UDP, L2TP, PPP. */
#include "datapath/internal.h"
#include "l2tp/header.h"

enum { OUR_TTL = 64, PPP_IP_SHORT = 0x21 };

/* The finished headers, at the end of the line, and what fixes them up. */
void
dp_headers_write(
	struct dp_egress *e, const struct dp_service_record *service, const struct dp_session *s)
{
	uint8_t header[DP_HEADROOM_HDR] = {0};
	struct cv_writer w = cv_writer(header, sizeof(header));
	uint16_t flags = L2TP_VERSION;
	uint64_t sum;

	cv_write_u16(&w, 0x4500);
	cv_write_u16(&w, 0); /* total length */
	cv_write_u32(&w, 0); /* identification; may be fragmented on its way */
	cv_write_u16(&w, OUR_TTL << 8 | 17);
	cv_write_u16(&w, 0);
	cv_write_bytes(&w, &service->ip, 4);
	cv_write_u32(&w, cv_ipv4_value(&s->peer.ip));
	cv_write_bytes(&w, &service->udp_port, 2);
	cv_write_u16(&w, s->peer.port);
	cv_write_u32(&w, 0); /* UDP length, checksum */
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

	e->hdr_len = (uint8_t)cv_written(&w);
	if ((e->hdr_len & 1) != 0)
		e->flags |= DP_EGRESS_ODD;
	sum = wire_sum(header + WIRE_IPV4, (size_t)e->hdr_len - WIRE_IPV4) +
	      wire_sum_pseudo(service->ip, wire_load32(header + 16), 0);
	wire_store16(header + DP_HDR_IP_SUM, wire_fold(wire_sum20(header)));
	wire_store16(header + DP_HDR_UDP_SUM, wire_fold(sum));
	memcpy(e->hdr + DP_HEADROOM_HDR - e->hdr_len, header, e->hdr_len);
}
