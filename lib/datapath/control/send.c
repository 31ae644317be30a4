/* SPDX-License-Identifier: BSD-3-Clause */
/* Datagrams and frames of the control thread. */
#include <rte_byteorder.h>

#include "datapath/control/control.h"
#include "datapath/ends.h"
#include "datapath/table/outside.h"
#include "datapath/worker/punt.h"
#include "datapath/worker/worker.h"
#include "l2tp/header.h"

enum { OUR_TTL = 64, SEND_MAX_IPV6 = DP_SEND_MAX - (WIRE_IPV6 - WIRE_IPV4) };

struct rte_mbuf *
dp_control_mbuf(struct dp *dp)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(dp->pool);

	if (m != NULL)
		*dp_meta(m) = (struct dp_punt_meta){.slot = DP_NO_SLOT};
	return m;
}

int
dp_send_frame(struct dp *dp, uint16_t lan, struct rte_mbuf *m)
{
	dp_meta(m)->lan = lan;
	if (rte_ring_sp_enqueue(dp->workers[0]->send, m) == 0) {
		dp->control_given++;
		return 0;
	}
	dp_drop_control(dp, m, DP_DROP_SEND_FULL);
	return CV_ERR_LIMIT;
}

unsigned
dp_send_room(const struct dp *dp)
{
	return rte_ring_free_count(dp->workers[0]->send);
}

int
dp_send_kernel(struct dp *dp, uint16_t iface, const void *frame, size_t len)
{
	const struct dp_iface_record *r = &dp->ifaces[iface];
	struct rte_mbuf *m;
	int rc;

	if (!r->set || r->slot == 0 || !r->told.kernel)
		return CV_ERR_UNKNOWN;
	if (len < WIRE_ETHER || len > WIRE_ETHER + (size_t)dp->ports[r->told.port].mtu)
		return CV_ERR_SPACE;
	m = dp_control_mbuf(dp);
	if (m == NULL)
		return CV_ERR_NOMEM;
	if (dp_send_room(dp) <= DP_SEND_RING / 2) {
		dp_drop_control(dp, m, DP_DROP_KERNEL_SEND_FULL);
		return CV_ERR_LIMIT;
	}
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
	rc = dp_send_frame(dp, r->lan, m);
	dp->counts.edges[DP_EDGE_KERNEL_SEND] += rc == 0;
	return rc;
}

/* Over IPv6; as what is sent is one flow a tunnel, its label is 0 (RFC 6437 section 3). */
static void
write_udp6(const struct dp_service_record *s, const struct cv_endpoint *remote, const void *payload,
	size_t len, uint8_t *ip)
{
	uint16_t udp_len = (uint16_t)(WIRE_UDP_HEADER + len);
	struct wire_ipv6 header = {.next = WIRE_UDP, .hops = OUR_TTL, .payload = udp_len};
	uint8_t *udp = ip + WIRE_IPV6;

	memcpy(header.source, s->told.ip.bytes, sizeof(header.source));
	memcpy(header.target, remote->ip.bytes, sizeof(header.target));
	wire_ipv6_write(ip, &header);
	wire_udp_write(udp, wire_swap16(s->udp_port), remote->port, udp_len);
	memcpy(udp + WIRE_UDP_HEADER, payload, len);
	wire_udp_finish6(udp, header.source, header.target);
}

static void
write_udp(struct dp *dp, const struct dp_service_record *s, const struct cv_endpoint *remote,
	const void *payload, size_t len, uint8_t *ip)
{
	uint16_t udp_len = (uint16_t)(WIRE_UDP_HEADER + len);
	uint8_t *udp = ip + WIRE_IPV4;
	uint32_t to = rte_cpu_to_be_32(cv_ipv4_value(&remote->ip));
	uint16_t id = dp_ids_next(&dp->ids, to);
	const struct wire_ipv4 header = {.length = (uint16_t)(WIRE_IPV4 + udp_len),
		.id = id,
		.ttl = OUR_TTL,
		.protocol = WIRE_UDP,
		.source_be = s->ip,
		.target_be = to};

	wire_ipv4_write(ip, &header);
	wire_udp_write(udp, wire_swap16(s->udp_port), remote->port, udp_len);
	memcpy(udp + WIRE_UDP_HEADER, payload, len);
	wire_udp_finish(udp, s->ip, to);
}

int
dp_send_udp(struct dp *dp, uint64_t now, uint16_t service, const struct cv_endpoint *remote,
	const void *payload, size_t len)
{
	return dp_send_l2tp(dp, now, service, DP_NO_SLOT, remote, payload, len);
}

int
dp_send_l2tp(struct dp *dp, uint64_t now, uint16_t service, uint32_t slot,
	const struct cv_endpoint *remote, const void *payload, size_t len)
{
	const struct dp_service_record *s = dp_service_of(dp, service);
	struct rte_mbuf *m;
	bool v6 = remote->ip.family == CV_IPV6;
	uint8_t *ip;

	if (slot != DP_NO_SLOT && (slot > dp->slot_mask || len < L2TP_SEQUENCED_HEADER))
		return CV_ERR_UNKNOWN;
	if (s == NULL || remote->ip.family != s->told.ip.family)
		return CV_ERR_UNKNOWN;
	if (len > (v6 ? (size_t)SEND_MAX_IPV6 : DP_SEND_MAX))
		return CV_ERR_SPACE;
	m = dp_control_mbuf(dp);
	if (m == NULL)
		return CV_ERR_NOMEM;
	dp_meta(m)->slot = slot;
	ip = (uint8_t *)rte_pktmbuf_append(
		m, (uint16_t)(WIRE_UDP_HEADER + len + (v6 ? (size_t)WIRE_IPV6 : WIRE_IPV4)));
	if (v6)
		write_udp6(s, remote, payload, len, ip);
	else
		write_udp(dp, s, remote, payload, len, ip);
	return dp_neighbour_send(dp, now, service, &remote->ip, m);
}
