/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Path MTU of tunnels (RFC 1191): falls by ICMP about a packet that we may have sent, as its
 * addresses, ports and both IDs are those of a session, and rises again after ten minutes without.
 * It bounds what sessions of the tunnel are sent, and so what their senders are told.
 *
 * Sessions are found by what they have of their peer in a table of chains; a tunnel's are found by
 * going round all slots, some in each round of the control thread.
 */
#include <stdlib.h>
#include <sys/queue.h>

#include <rte_byteorder.h>

#include "datapath/ends.h"
#include "datapath/host/memory.h"
#include "datapath/table/outside.h"
#include "datapath/table/sessions.h"
#include "datapath/worker/punt.h"

enum {
	SLOTS_A_ROUND = 8192,
	PATHS_BYTES = DP_TUNNEL_IDS * sizeof(struct dp_path *),
};

#define RISE_NS (600 * CV_NS_PER_S) /* RFC 1191 section 6.3 */

/* A living tunnel whose path is narrower than its interface. */
struct dp_path {
	TAILQ_ENTRY(dp_path) link;
	uint64_t until;
	uint16_t service, tunnel_id;
	uint16_t mtu;
};

struct dp_paths {
	TAILQ_HEAD(, dp_path) narrow; /* the one that rises first at the head */
	uint32_t walk_at, walk_left;  /* slots whose MTU is to be written again */
	uint32_t heads[];             /* slot and 1, by dp_cold.next_of_peer; 0: none */
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
	if (dp->paths == NULL)
		return CV_ERR_NOMEM;
	TAILQ_INIT(&dp->paths->narrow);
	return 0;
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

/* NULL: as wide as the interface, as far as is known. */
static struct dp_path *
path_of(const struct dp *dp, uint16_t service, uint16_t tunnel_id)
{
	const struct dp_service_record *s = dp->services[service];

	return s == NULL || s->paths == NULL ? NULL : s->paths[tunnel_id];
}

uint16_t
dp_path_mtu(const struct dp *dp, uint16_t service, uint16_t tunnel_id)
{
	const struct dp_path *path = path_of(dp, service, tunnel_id);
	uint16_t mtu = dp_service_mtu(dp, service);

	return path != NULL && path->mtu < mtu ? path->mtu : mtu;
}

/* All sessions' MTU is written again, in a while. */
static void
walk(struct dp *dp)
{
	dp->paths->walk_left = dp->slot_mask + 1;
}

static void
forget(struct dp *dp, struct dp_path *path)
{
	TAILQ_REMOVE(&dp->paths->narrow, path, link);
	dp->services[path->service]->paths[path->tunnel_id] = NULL;
	free(path);
	walk(dp);
}

void
dp_path_forget(struct dp *dp, uint16_t service, uint16_t tunnel_id)
{
	struct dp_path *path = path_of(dp, service, tunnel_id);

	if (path != NULL)
		forget(dp, path);
}

void
dp_paths_clear(struct dp *dp, uint16_t service)
{
	struct dp_service_record *s = dp->services[service];

	if (s->paths == NULL)
		return;
	for (unsigned i = 0; i < DP_TUNNEL_IDS; i++)
		dp_path_forget(dp, service, (uint16_t)i);
	dp_table_free(dp, s->paths, PATHS_BYTES);
	s->paths = NULL;
}

/* It is so narrow for ten minutes from now on. */
static int
narrow(struct dp *dp, uint16_t service, uint16_t tunnel_id, uint16_t mtu, uint64_t now)
{
	struct dp_service_record *s = dp->services[service];
	struct dp_path *path;

	if (s->paths == NULL)
		s->paths = dp_table_new(dp, PATHS_BYTES);
	if (s->paths == NULL)
		return CV_ERR_NOMEM;
	path = s->paths[tunnel_id];
	if (path != NULL)
		TAILQ_REMOVE(&dp->paths->narrow, path, link);
	else
		path = malloc(sizeof(*path));
	if (path == NULL)
		return CV_ERR_NOMEM;
	path->until = cv_time_add(now, RISE_NS);
	path->service = service;
	path->tunnel_id = tunnel_id;
	path->mtu = mtu;
	TAILQ_INSERT_TAIL(&dp->paths->narrow, path, link);
	s->paths[tunnel_id] = path;
	return 0;
}

/* DP_DROP_COUNT: it falls, or is known to. */
static enum dp_drop_cause
learn(struct dp *dp, uint64_t now, const struct dp_punt_meta *meta)
{
	uint32_t slot = find(dp, meta);
	const struct dp_session *s;
	char peer[CV_ENDPOINT_TEXT];
	uint16_t mtu;

	if (slot == DP_NO_SLOT)
		return DP_DROP_PATH_FORGED;
	s = dp->cold[slot].told;
	mtu = dp_path_mtu(dp, s->service, s->tunnel_id);
	if (meta->mtu >= dp_service_mtu(dp, s->service) || meta->mtu > mtu)
		return DP_DROP_PATH_MTU;
	if (narrow(dp, s->service, s->tunnel_id, meta->mtu, now) != 0)
		return DP_DROP_PATH_LIMIT;
	if (meta->mtu == mtu)
		return DP_DROP_COUNT;
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

	for (struct dp_path *path; (path = TAILQ_FIRST(&p->narrow)) != NULL && path->until <= now;)
		forget(dp, path);
	for (unsigned i = 0; i < SLOTS_A_ROUND && p->walk_left != 0; i++, p->walk_left--) {
		dp_session_write_mtu(dp, p->walk_at);
		p->walk_at = (p->walk_at + 1) & dp->slot_mask;
	}
}

uint64_t
dp_paths_timeout(const struct dp *dp)
{
	const struct dp_path *first = TAILQ_FIRST(&dp->paths->narrow);

	if (dp->paths->walk_left != 0)
		return cv_time_add(dp->now, CV_NS_PER_MS);
	return first == NULL ? CV_TIME_NEVER : first->until;
}
