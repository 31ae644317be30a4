/* SPDX-License-Identifier: BSD-3-Clause */
/* Datagrams and frames of the control thread. */
#include <rte_byteorder.h>

#include "datapath/internal.h"
#include "l2tp/header.h"

enum { PROTO_UDP = 17, OUR_TTL = 64 };

struct rte_mbuf *
dp_control_mbuf(struct dp *dp)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(dp->pool);

	if (m != NULL)
		*dp_meta(m) = (struct dp_punt_meta){.slot = DP_NO_SLOT};
	return m;
}

int
dp_send_frame(struct dp *dp, uint16_t port, struct rte_mbuf *m)
{
	dp_meta(m)->port = port;
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

static void
write_udp(struct dp *dp, const struct dp_service_record *s, const struct cv_endpoint *remote,
	const void *payload, size_t len, uint8_t *ip)
{
	uint16_t udp_len = (uint16_t)(DP_UDP_HDR + len);
	uint8_t *udp = ip + DP_IPV4_HDR;
	uint32_t to = rte_cpu_to_be_32(cv_ipv4_value(&remote->ip));
	uint16_t id = dp_ids_next(&dp->ids, to);
	struct cv_writer w = cv_writer(ip, DP_IPV4_HDR + (size_t)udp_len);
	uint64_t sum;

	cv_write_u16(&w, 0x4500);
	cv_write_u16(&w, (uint16_t)(DP_IPV4_HDR + udp_len));
	cv_write_bytes(&w, &id, sizeof(id));
	cv_write_u16(&w, 0);
	cv_write_u16(&w, OUR_TTL << 8 | PROTO_UDP);
	cv_write_u16(&w, 0);
	cv_write_bytes(&w, &s->ip, 4);
	cv_write_bytes(&w, &to, sizeof(to));
	cv_write_bytes(&w, &s->udp_port, 2);
	cv_write_u16(&w, remote->port);
	cv_write_u16(&w, udp_len);
	cv_write_u16(&w, 0);
	cv_write_bytes(&w, payload, len);
	dp_store16(ip + DP_HDR_IP_SUM, dp_checksum(dp_sum20(ip)));
	sum = dp_sum_pseudo(dp_load32(ip + 12), dp_load32(ip + 16), rte_bswap16(udp_len));
	dp_store16(udp + 6, dp_checksum_udp(sum + dp_sum(udp, udp_len)));
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
	char *ip;

	if (slot != DP_NO_SLOT && (slot > dp->slot_mask || len < L2TP_SEQUENCED_HEADER))
		return CV_ERR_UNKNOWN;
	if (s == NULL || remote->ip.family != CV_IPV4)
		return CV_ERR_UNKNOWN;
	if (len > DP_SEND_MAX)
		return CV_ERR_SPACE;
	m = dp_control_mbuf(dp);
	if (m == NULL)
		return CV_ERR_NOMEM;
	dp_meta(m)->slot = slot;
	ip = rte_pktmbuf_append(m, (uint16_t)(DP_IPV4_HDR + DP_UDP_HDR + len));
	write_udp(dp, s, remote, payload, len, (uint8_t *)ip);
	return dp_neighbour_send(dp, now, service, rte_cpu_to_be_32(cv_ipv4_value(&remote->ip)), m);
}
