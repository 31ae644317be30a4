/* SPDX-License-Identifier: BSD-3-Clause */
/* From where control messages of tunnels are taken: a table a service, made for its first one. */
#include <rte_byteorder.h>

#include "datapath/host/memory.h"
#include "datapath/table/outside.h"
#include "datapath/table/sessions.h"

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

/* Frees the record of an IPv6 peer that no new reader finds. */
static void
free_peer(struct dp *dp, uint64_t word)
{
	word &= ~DP_PEER_FOLLOWED;
	if (word != 0 && (word & DP_PEER_IPV4) == 0)
		dp_grace_free(dp, (void *)(uintptr_t)word);
}

void
dp_tunnels_destroy(struct dp *dp, uint16_t service)
{
	struct dp_service_record *s = dp->services[service];
	uint64_t *tunnels = dp->tunnels[service];

	dp_paths_clear(dp, service);
	__atomic_store_n(&dp->tunnels[service], NULL, __ATOMIC_RELEASE);
	for (unsigned i = 0; s->peers != NULL && i < DP_TUNNEL_IDS; i++)
		if (s->peers[i].ip.family == CV_IPV6)
			free_peer(dp, tunnels[i]);
	dp_table_free(dp, s->peers, PEERS_BYTES);
	s->peers = NULL;
	dp_grace_free(dp, tunnels);
}

/* The word of a peer; 0: no memory. */
static uint64_t
word_of(struct dp *dp, const struct cv_endpoint *peer)
{
	uint16_t port = rte_cpu_to_be_16(peer->port);
	struct dp_peer6 *record;

	if (peer->ip.family == CV_IPV4)
		return dp_tunnel_peer(rte_cpu_to_be_32(cv_ipv4_value(&peer->ip)), port);
	record = dp_shared_new(dp, sizeof(*record));
	if (record != NULL)
		*record = (struct dp_peer6){dp_ip_of(&peer->ip), port};
	return (uint64_t)(uintptr_t)record;
}

/* What was there is freed when no worker reads it any more. */
static void
replace(struct dp *dp, uint16_t service, uint16_t tunnel_id, uint64_t word)
{
	uint64_t *place = &dp->tunnels[service][tunnel_id], before = *place;

	__atomic_store_n(place, word, __ATOMIC_RELEASE);
	free_peer(dp, before);
}

int
dp_tunnel_set(struct dp *dp, uint16_t service, uint16_t tunnel_id, const struct cv_endpoint *peer)
{
	const struct dp_service_record *s = dp_service_of(dp, service);
	uint64_t word;
	int rc;

	if (s == NULL || tunnel_id == 0 || peer->ip.family != s->told.ip.family)
		return CV_ERR_UNKNOWN;
	rc = make_tables(dp, service);
	if (rc != 0)
		return rc;
	word = word_of(dp, peer);
	if (word == 0)
		return CV_ERR_NOMEM;
	if (!cv_endpoint_equal(&s->peers[tunnel_id], peer))
		dp_path_forget(dp, service, tunnel_id);
	s->peers[tunnel_id] = *peer;
	replace(dp, service, tunnel_id, word);
	return 0;
}

int
dp_tunnel_follow(struct dp *dp, uint16_t service, uint16_t tunnel_id, bool follow)
{
	uint64_t *tunnels = dp->tunnels[service], word;

	if (tunnels == NULL || tunnels[tunnel_id] == 0)
		return CV_ERR_UNKNOWN;
	word = tunnels[tunnel_id] & ~DP_PEER_FOLLOWED;
	__atomic_store_n(
		&tunnels[tunnel_id], follow ? word | DP_PEER_FOLLOWED : word, __ATOMIC_RELEASE);
	return 0;
}

void
dp_tunnel_clear(struct dp *dp, uint16_t service, uint16_t tunnel_id)
{
	if (dp->tunnels[service] == NULL)
		return;
	dp_path_forget(dp, service, tunnel_id);
	dp->services[service]->peers[tunnel_id] = (struct cv_endpoint){0};
	replace(dp, service, tunnel_id, 0);
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
