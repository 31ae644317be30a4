/* SPDX-License-Identifier: BSD-3-Clause */
/* A session's finished outgoing headers (IPv4 or IPv6, UDP, L2TP, PPP), and what is known of those
 * that arrive. */
#include "datapath/table/sessions.h"
#include "datapath/worker/worker.h"
#include "l2tp/header.h"

enum { OUR_TTL = 64, PPP_IP_SHORT = 0x21 };

/* L2TP and PPP, in which what varies is 0; sets e->flags. Returns their length. Of PPP frames that
 * are passed on L2TP alone is ours. */
static size_t
write_l2tp(struct dp_egress *e, const struct dp_session *s, uint8_t *out, size_t room)
{
	struct cv_writer w = cv_writer(out, room);
	uint16_t flags = L2TP_VERSION;

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
	if ((s->send & DP_SEND_FRAMES) != 0)
		return cv_written(&w);
	if ((s->send & DP_SEND_ACFC) == 0)
		cv_write_u16(&w, 0xff03);
	if ((s->send & DP_SEND_PFC) == 0)
		cv_write_u8(&w, 0);
	cv_write_u8(&w, PPP_IP_SHORT);
	if ((cv_written(&w) & 1) != 0)
		e->flags |= DP_EGRESS_ODD;
	return cv_written(&w);
}

/* The complement of the sum of so many bytes from UDP's header on, and of the pseudo header: its
 * length counts in both. */
static uint16_t
out_sum(const uint8_t *udp, size_t len, uint64_t pseudo)
{
	return wire_checksum(wire_sum(udp, len) + pseudo + 2u * wire_swap16((uint16_t)len));
}

static void
write_ipv4(const struct dp *dp, struct dp_egress *e, const struct dp_service_record *service,
	const struct dp_session *s)
{
	uint8_t header[DP_HEADERS] = {0};
	size_t l2tp = write_l2tp(e, s, header + DP_HDR_L2TP, sizeof(header) - DP_HDR_L2TP);
	/* what varies is 0 in it; it may be fragmented on its way */
	const struct wire_ipv4 ip = {.ttl = OUR_TTL,
		.protocol = WIRE_UDP,
		.source_be = service->ip,
		.target_be = wire_swap32(cv_ipv4_value(&s->peer.ip))};

	wire_ipv4_write(header, &ip);
	wire_store16(header + WIRE_IPV4_SUM, 0);
	wire_udp_write(header + WIRE_IPV4, wire_swap16(service->udp_port), s->peer.port, 0);
	e->hdr_len = (uint8_t)(DP_HDR_L2TP + l2tp);
	e->ids = dp_ids_place(&dp->ids, ip.target_be);
	e->ip_sum = wire_fold(wire_sum20(header));
	e->out_sum = out_sum(header + WIRE_IPV4, WIRE_UDP_HEADER + l2tp,
		wire_sum_pseudo(service->ip, ip.target_be, 0));
	memcpy(e->hdr + DP_HEADERS - e->hdr_len, header, e->hdr_len);
}

/* A session is a flow, and its label what no stranger can choose or foresee (RFC 6437 section 3):
 * made of numbers that both sides drew at random. */
static uint32_t
flow_label(const struct dp_session *s)
{
	uint32_t ids = (uint32_t)s->peer_tunnel_id << 16 | s->peer_session_id;
	uint32_t ours = (uint32_t)s->tunnel_id << 16 | s->session_id;
	uint32_t label = (ids * UINT32_C(0x9e3779b1) ^ ours * UINT32_C(0x85ebca6b)) >> 12;

	return label == 0 ? 1 : label;
}

static void
write_ipv6(struct dp_egress *e, struct dp_egress6 *e6, const struct dp_service_record *service,
	const struct dp_session *s)
{
	uint8_t header[DP_HEADERS6] = {0};
	size_t l2tp = write_l2tp(e, s, header + DP_HDR_L2TP6, sizeof(header) - DP_HDR_L2TP6);
	struct wire_ipv6 ip = {.next = WIRE_UDP, .hops = OUR_TTL, .flow = flow_label(s)};

	memcpy(ip.source, service->told.ip.bytes, sizeof(ip.source));
	memcpy(ip.target, s->peer.ip.bytes, sizeof(ip.target));
	wire_ipv6_write(header, &ip);
	wire_udp_write(header + WIRE_IPV6, wire_swap16(service->udp_port), s->peer.port, 0);
	e->flags |= DP_EGRESS_IPV6;
	e->hdr_len = (uint8_t)(DP_HDR_L2TP6 + l2tp);
	e->out_sum = out_sum(header + WIRE_IPV6, WIRE_UDP_HEADER + l2tp,
		wire_sum_pseudo6(ip.source, ip.target, 0, WIRE_UDP));
	memcpy(e6->hdr + DP_HEADERS6 - e->hdr_len, header, e->hdr_len);
}

/* The finished headers, at the end of their line, and what fixes them up. */
void
dp_headers_write(const struct dp *dp, struct dp_egress *e, struct dp_egress6 *e6,
	const struct dp_service_record *service, const struct dp_session *s)
{
	if (s->peer.ip.family == CV_IPV6)
		write_ipv6(e, e6, service, s);
	else
		write_ipv4(dp, e, service, s);
}

void
dp_headers_expect(
	struct dp_ingress *in, const struct dp_service_record *service, const struct dp_session *s)
{
	struct dp_ip peer = dp_ip_of(&s->peer.ip);
	uint64_t sum = service->udp_port;

	dp_ip_store(peer, (uint8_t *)in + offsetof(struct dp_ingress, peer_ip));
	in->peer_port = wire_swap16(s->peer.port);
	if (dp_ip_is4(peer))
		sum += wire_sum_pseudo(dp_ip4_be(peer), service->ip, 0);
	else
		sum += wire_sum_pseudo6(s->peer.ip.bytes, service->told.ip.bytes, 0, WIRE_UDP);
	sum += (uint64_t)in->peer_port + wire_swap16(s->tunnel_id) + wire_swap16(s->session_id);
	in->header_sum = wire_fold(sum);
}
