/* SPDX-License-Identifier: BSD-3-Clause */
/* From where control messages of tunnels are taken: a table a service, made for its first one. */
#include <rte_byteorder.h>

#include "datapath/internal.h"

enum { PEERS_BYTES = DP_TUNNEL_IDS * sizeof(struct cv_endpoint) };

static int
make_tables(struct dp *dp, uint16_t service)
{
	struct dp_service_record *s = dp->services[service];
	uint64_t *tunnels;

	if (s->peers != NULL)
		return 0;
	s->peers = dp_table_new(dp, PEERS_BYTES);
	if (s->peers == NULL)
		return CV_ERR_NOMEM;
	tunnels = dp_shared_new(dp, DP_TUNNEL_IDS * sizeof(tunnels[0]));
	if (tunnels == NULL) {
		dp_table_free(dp, s->peers, PEERS_BYTES);
		s->peers = NULL;
		return CV_ERR_NOMEM;
	}
	__atomic_store_n(&dp->tunnels[service], tunnels, __ATOMIC_RELEASE);
	return 0;
}

void
dp_tunnels_destroy(struct dp *dp, uint16_t service)
{
	struct dp_service_record *s = dp->services[service];
	uint64_t *tunnels = dp->tunnels[service];

	dp_table_free(dp, s->peers, PEERS_BYTES);
	s->peers = NULL;
	__atomic_store_n(&dp->tunnels[service], NULL, __ATOMIC_RELEASE);
	dp_grace_free(dp, tunnels);
}

int
dp_tunnel_set(struct dp *dp, uint16_t service, uint16_t tunnel_id, const struct cv_endpoint *peer)
{
	uint64_t word = dp_tunnel_peer(
		rte_cpu_to_be_32(cv_ipv4_value(&peer->ip)), rte_cpu_to_be_16(peer->port));
	int rc;

	if (dp_service_of(dp, service) == NULL || tunnel_id == 0 || peer->ip.family != CV_IPV4)
		return CV_ERR_UNKNOWN;
	rc = make_tables(dp, service);
	if (rc != 0)
		return rc;
	dp->services[service]->peers[tunnel_id] = *peer;
	__atomic_store_n(&dp->tunnels[service][tunnel_id], word, __ATOMIC_RELEASE);
	return 0;
}

void
dp_tunnel_clear(struct dp *dp, uint16_t service, uint16_t tunnel_id)
{
	if (dp->tunnels[service] == NULL)
		return;
	dp->services[service]->peers[tunnel_id] = (struct cv_endpoint){0};
	__atomic_store_n(&dp->tunnels[service][tunnel_id], 0, __ATOMIC_RELEASE);
}

int
dp_tunnel_get(const struct dp *dp, uint16_t service, uint16_t tunnel_id, struct cv_endpoint *peer)
{
	const struct dp_service_record *s = dp_service_of(dp, service);

	if (s == NULL || s->peers == NULL || s->peers[tunnel_id].ip.family == 0)
		return CV_ERR_UNKNOWN;
	*peer = s->peers[tunnel_id];
	return 0;
}
