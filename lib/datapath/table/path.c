/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Path MTU of tunnels (RFC 1191): falls by ICMP about a packet that we may have sent, as its
 * addresses, ports and both IDs are those of a session, and rises again after ten minutes without.
 * It bounds what sessions of the tunnel are sent, and so what their senders are told.
 *
 * Sessions are found by what they have of their peer in a table of chains; a tunnel's are found by
 * going round all slots, some in each round of the control thread.
 */
#include <rte_byteorder.h>

#include "datapath/ends.h"
#include "datapath/host/memory.h"
#include "datapath/table/outside.h"
#include "datapath/table/sessions.h"
#include "datapath/worker/punt.h"

enum {
	SLOTS_A_ROUND = 8192,
	PATHS = 4096, /* tunnels whose path is narrower, at a time */
	MTUS_BYTES = DP_TUNNEL_IDS * sizeof(uint16_t),
};

#define RISE_NS (600 * CV_NS_PER_S) /* RFC 1191 section 6.3 */

struct dp_paths {
	uint32_t count;
	uint32_t walk_at, walk_left; /* slots whose MTU is to be written again */
	struct {
		uint16_t service, tunnel_id;
		uint64_t until;
	} at[PATHS];
	uint32_t heads[]; /* slot and 1, by dp_cold.next_of_peer; 0: none */
};

static size_t
bytes(const struct dp *dp)
{
	return sizeof(struct dp_paths) + ((size_t)dp->slot_mask + 1) * sizeof(uint32_t);
}

int
dp_paths_create(struct dp *dp)
{
	dp->paths = dp_table_new(dp, bytes(dp));
	return dp->paths == NULL ? CV_ERR_NOMEM : 0;
}

void
dp_paths_destroy(struct dp *dp)
{
	if (dp->paths != NULL)
		dp_table_free(dp, dp->paths, bytes(dp));
	dp->paths = NULL;
}

/* ---- sessions by their peer's side ---- */

static uint32_t *
head_of(const struct dp *dp, uint16_t service, struct dp_ip peer, uint16_t port, uint32_t ids)
{
	uint64_t key = peer.high ^ dp_hash(dp, peer.low) ^ (uint64_t)service << 48;

	key ^= (uint64_t)ids << 16 ^ port;
	return &dp->paths->heads[dp_hash(dp, key) & dp->slot_mask];
}

static uint32_t *
head_of_session(const struct dp *dp, const struct dp_session *s)
{
	return head_of(dp, s->service, dp_ip_of(&s->peer.ip), s->peer.port,
		(uint32_t)s->peer_tunnel_id << 16 | s->peer_session_id);
}

void
dp_path_add(struct dp *dp, uint32_t slot)
{
	struct dp_cold *c = &dp->cold[slot];
	uint32_t *head;

	if (c->told->peer.ip.family == 0)
		return;
	head = head_of_session(dp, c->told);
	c->next_of_peer = *head;
	*head = slot + 1;
}

void
dp_path_remove(struct dp *dp, uint32_t slot)
{
	uint32_t *link;

	if (dp->cold[slot].told->peer.ip.family == 0)
		return;
	link = head_of_session(dp, dp->cold[slot].told);
	while (*link != slot + 1)
		link = &dp->cold[*link - 1].next_of_peer;
	*link = dp->cold[slot].next_of_peer;
}

/* What was sent to there with these IDs is a session's: its slot, or DP_NO_SLOT. */
static uint32_t
find(const struct dp *dp, const struct dp_punt_meta *meta)
{
	uint32_t ids = wire_get32(meta->data);
	uint16_t port = rte_be_to_cpu_16(meta->remote_port);

	for (uint32_t at = *head_of(dp, meta->service, meta->remote, port, ids); at != 0;
		at = dp->cold[at - 1].next_of_peer) {
		const struct dp_session *s = dp->cold[at - 1].told;

		if (s->service == meta->service && s->peer.port == port &&
			dp_ip_equal(dp_ip_of(&s->peer.ip), meta->remote) &&
			s->peer_tunnel_id == ids >> 16 && s->peer_session_id == (uint16_t)ids)
			return at - 1;
	}
	return DP_NO_SLOT;
}

/* ---- tunnels whose path is narrower ---- */

uint16_t
dp_path_mtu(const struct dp *dp, uint16_t service, uint16_t tunnel_id)
{
	const struct dp_service_record *s = dp->services[service];
	uint16_t mtu = dp_service_mtu(dp, service);

	if (s->path_mtus != NULL && s->path_mtus[tunnel_id] != 0 && s->path_mtus[tunnel_id] < mtu)
		return s->path_mtus[tunnel_id];
	return mtu;
}

/* All sessions' MTU is written again, in a while. */
static void
walk(struct dp *dp)
{
	dp->paths->walk_left = dp->slot_mask + 1;
}

static void
forget(struct dp *dp, uint32_t at)
{
	struct dp_paths *p = dp->paths;
	struct dp_service_record *s = dp->services[p->at[at].service];

	if (s != NULL && s->path_mtus != NULL)
		s->path_mtus[p->at[at].tunnel_id] = 0;
	p->at[at] = p->at[--p->count];
	walk(dp);
}

void
dp_path_forget(struct dp *dp, uint16_t service, uint16_t tunnel_id)
{
	const struct dp_service_record *s = dp->services[service];
	struct dp_paths *p = dp->paths;

	if (s == NULL || s->path_mtus == NULL || s->path_mtus[tunnel_id] == 0)
		return;
	for (uint32_t i = 0; i < p->count; i++)
		if (p->at[i].service == service && p->at[i].tunnel_id == tunnel_id) {
			forget(dp, i);
			return;
		}
}

void
dp_paths_clear(struct dp *dp, uint16_t service)
{
	struct dp_service_record *s = dp->services[service];

	if (s->path_mtus == NULL)
		return;
	for (uint32_t i = dp->paths->count; i-- > 0;)
		if (dp->paths->at[i].service == service)
			forget(dp, i);
	dp_table_free(dp, s->path_mtus, MTUS_BYTES);
	s->path_mtus = NULL;
}

/* The record of a tunnel's path, made where there is none; NULL: no room. */
static uint64_t *
until_of(struct dp *dp, uint16_t service, uint16_t tunnel_id)
{
	struct dp_service_record *s = dp->services[service];
	struct dp_paths *p = dp->paths;

	if (s->path_mtus == NULL)
		s->path_mtus = dp_table_new(dp, MTUS_BYTES);
	if (s->path_mtus == NULL)
		return NULL;
	for (uint32_t i = 0; s->path_mtus[tunnel_id] != 0 && i < p->count; i++)
		if (p->at[i].service == service && p->at[i].tunnel_id == tunnel_id)
			return &p->at[i].until;
	if (p->count == PATHS)
		return NULL;
	p->at[p->count].service = service;
	p->at[p->count].tunnel_id = tunnel_id;
	return &p->at[p->count++].until;
}

/* DP_DROP_COUNT: it falls, or is known to. */
static enum dp_drop_cause
learn(struct dp *dp, uint64_t now, const struct dp_punt_meta *meta)
{
	uint32_t slot = find(dp, meta);
	const struct dp_session *s;
	char peer[CV_ENDPOINT_TEXT];
	uint64_t *until;

	if (slot == DP_NO_SLOT)
		return DP_DROP_PATH_FORGED;
	s = dp->cold[slot].told;
	if (meta->mtu >= dp_service_mtu(dp, s->service) ||
		meta->mtu > dp_path_mtu(dp, s->service, s->tunnel_id))
		return DP_DROP_PATH_MTU;
	until = until_of(dp, s->service, s->tunnel_id);
	if (until == NULL)
		return DP_DROP_PATH_LIMIT;
	*until = cv_time_add(now, RISE_NS);
	if (meta->mtu == dp_path_mtu(dp, s->service, s->tunnel_id))
		return DP_DROP_COUNT;
	dp->services[s->service]->path_mtus[s->tunnel_id] = meta->mtu;
	dp_session_write_mtu(dp, slot); /* the others follow */
	walk(dp);
	cv_log_event(dp->log, CV_LOG_INFO, "path-mtu", "tunnel=%u peer=%s mtu=%u", s->tunnel_id,
		cv_endpoint_text(&s->peer, peer), meta->mtu);
	return DP_DROP_COUNT;
}

void
dp_path_learn(struct dp *dp, uint64_t now, struct rte_mbuf *m)
{
	enum dp_drop_cause cause = learn(dp, now, dp_meta(m));

	if (cause == DP_DROP_COUNT)
		dp_done_control(dp, m, DP_EDGE_PATH_FALLS);
	else
		dp_drop_control(dp, m, cause);
}

void
dp_paths_poll(struct dp *dp, uint64_t now)
{
	struct dp_paths *p = dp->paths;

	for (uint32_t i = p->count; i-- > 0;)
		if (p->at[i].until <= now)
			forget(dp, i);
	for (unsigned i = 0; i < SLOTS_A_ROUND && p->walk_left != 0; i++, p->walk_left--) {
		dp_session_write_mtu(dp, p->walk_at);
		p->walk_at = (p->walk_at + 1) & dp->slot_mask;
	}
}

bool
dp_paths_pending(const struct dp *dp)
{
	return dp->paths->walk_left != 0;
}
