/* SPDX-License-Identifier: BSD-3-Clause */
/* Our own addresses on the outside: which there are, and the datagrams that the control thread
 * sends from them. */
#include <rte_byteorder.h>

#include "datapath/internal.h"
#include "l2tp/header.h"

enum { PROTO_UDP = 17, OUR_TTL = 64 };

static void
add_key(struct dp *dp, uint16_t index)
{
	const struct dp_local *local = &dp->locals[index];
	uint64_t key = UINT64_C(1) << 63 | (uint64_t)local->udp_port << 32 | local->ip;
	uint32_t at = (uint32_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 54);

	while (dp->local_keys[at] != 0)
		at = (at + 1) % DP_LOCAL_HASH;
	dp->local_keys[at] = key;
	dp->local_index[at] = index;
}

int
dp_locals_create(struct dp *dp)
{
	for (uint16_t i = 0; i < dp->local_count; i++) {
		const struct dp_local_config *cfg = &dp->params.locals[i];
		struct dp_local *local = &dp->locals[i];

		if (cfg->ip.family != CV_IPV4 || cfg->port >= dp->port_count ||
			cfg->prefix_length > 32)
			return CV_ERR_CONFIG;
		local->cfg = *cfg;
		local->ip = rte_cpu_to_be_32(cv_ipv4_value(&cfg->ip));
		local->port = cfg->port;
		local->udp_port = rte_cpu_to_be_16(cfg->udp_port == 0 ? 1701 : cfg->udp_port);
		if (dp_local_find(dp, local->ip, local->udp_port) >= 0)
			return CV_ERR_CONFIG;
		local->tunnels = dp_table_new(dp, DP_TUNNEL_IDS * sizeof(local->tunnels[0]));
		if (local->tunnels == NULL)
			return CV_ERR_NOMEM;
		add_key(dp, i);
	}
	return 0;
}

void
dp_locals_destroy(struct dp *dp)
{
	for (uint16_t i = 0; i < dp->local_count; i++)
		dp_table_free(dp, dp->locals[i].tunnels,
			DP_TUNNEL_IDS * sizeof(dp->locals[i].tunnels[0]));
}

/* The index of an own address, or -1. */
static int
index_of(const struct dp *dp, uint32_t ip)
{
	for (uint16_t i = 0; i < dp->local_count; i++)
		if (dp->locals[i].ip == ip)
			return i;
	return -1;
}

bool
dp_is_local_on(const struct dp *dp, uint32_t ip, uint16_t port)
{
	for (uint16_t i = 0; i < dp->local_count; i++)
		if (dp->locals[i].ip == ip && dp->locals[i].port == port)
			return true;
	return false;
}

bool
dp_is_local(const struct dp *dp, uint32_t ip)
{
	return index_of(dp, ip) >= 0;
}

bool
dp_is_broadcast(const struct dp *dp, uint32_t ip)
{
	for (uint16_t i = 0; i < dp->local_count; i++) {
		unsigned length = dp->locals[i].cfg.prefix_length;
		uint32_t host = length < 31 ? rte_cpu_to_be_32(UINT32_MAX >> length) : 0;

		if (host != 0 && ip == (dp->locals[i].ip | host))
			return true;
	}
	return false;
}

static void
write_udp(struct dp *dp, const struct dp_local *local, const struct cv_endpoint *remote,
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
	cv_write_bytes(&w, &local->ip, 4);
	cv_write_bytes(&w, &to, sizeof(to));
	cv_write_bytes(&w, &local->udp_port, 2);
	cv_write_u16(&w, remote->port);
	cv_write_u16(&w, udp_len);
	cv_write_u16(&w, 0);
	cv_write_bytes(&w, payload, len);
	dp_store16(ip + DP_HDR_IP_SUM, dp_checksum(dp_sum20(ip)));
	sum = dp_sum_pseudo(dp_load32(ip + 12), dp_load32(ip + 16), rte_bswap16(udp_len));
	dp_store16(udp + 6, dp_checksum_udp(sum + dp_sum(udp, udp_len)));
}

int
dp_send_udp(struct dp *dp, uint64_t now, uint16_t local_index, const struct cv_endpoint *remote,
	const void *payload, size_t len)
{
	return dp_send_l2tp(dp, now, local_index, DP_NO_SLOT, remote, payload, len);
}

int
dp_send_l2tp(struct dp *dp, uint64_t now, uint16_t local_index, uint32_t slot,
	const struct cv_endpoint *remote, const void *payload, size_t len)
{
	struct rte_mbuf *m;
	char *ip;

	if (slot != DP_NO_SLOT && (slot > dp->slot_mask || len < L2TP_SEQUENCED_HEADER))
		return CV_ERR_UNKNOWN;
	if (local_index >= dp->local_count || remote->ip.family != CV_IPV4)
		return CV_ERR_UNKNOWN;
	if (len > DP_SEND_MAX)
		return CV_ERR_SPACE;
	m = dp_control_mbuf(dp);
	if (m == NULL)
		return CV_ERR_NOMEM;
	dp_meta(m)->slot = slot;
	ip = rte_pktmbuf_append(m, (uint16_t)(DP_IPV4_HDR + DP_UDP_HDR + len));
	write_udp(dp, &dp->locals[local_index], remote, payload, len, (uint8_t *)ip);
	return dp_neighbour_send(
		dp, now, local_index, rte_cpu_to_be_32(cv_ipv4_value(&remote->ip)), m);
}
