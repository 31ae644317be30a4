/* SPDX-License-Identifier: BSD-3-Clause */
/* Our own addresses on the outside. */
#include <rte_byteorder.h>

#include "datapath/internal.h"

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
