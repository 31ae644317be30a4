/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What has the IDs of a tunnel that is followed, and comes from elsewhere than its peer: maybe from
 * the peer, whose NAT gave it another address or port, maybe from anybody. The control thread is
 * to hear of it, but not of each packet of a flood. An address and port has a rate of its own, and
 * all together have two: one for those whose packet before is remembered, one for the others. So
 * a flood from addresses that never come again leaves the first alone, and keeps out nobody who
 * goes on sending. Nothing here looks at more of a packet than its headers.
 */
#include "datapath/tables.h"
#include "datapath/worker/punt.h"

static bool
followed(const struct dp *dp, uint16_t service, uint16_t tunnel_id)
{
	const uint64_t *tunnels = __atomic_load_n(&dp->tunnels[service], __ATOMIC_CONSUME);

	return tunnels != NULL &&
	       (__atomic_load_n(&tunnels[tunnel_id], __ATOMIC_RELAXED) & DP_PEER_FOLLOWED) != 0;
}

bool
dp_elsewhere_wanted(struct dp_worker *w, uint16_t service, uint16_t tunnel_id, struct dp_ip from,
	uint16_t port, bool control)
{
	uint64_t key = (uint64_t)service << 32 | (uint32_t)tunnel_id << 16 | port;
	uint64_t hash = dp_hash64(dp_ip_host(from) ^ dp_hash64(key ^ w->dp->slot_seed));
	struct dp_elsewhere *e = &w->elsewheres[hash % DP_SOURCES];
	uint32_t who = (uint32_t)(hash >> 32), *rate = control ? &e->control : &e->data;
	uint32_t cost = control ? DP_REPLY_COST_MS : DP_ELSEWHERE_COST_MS;
	uint32_t most = control ? DP_REPLY_MOST_MS : DP_ELSEWHERE_MOST_MS;
	bool known = e->who == who;

	if (!followed(w->dp, service, tunnel_id))
		return false;
	e->who = who;
	if (known) /* what is over its own rate takes nothing of that of all */
		return cv_limit_take(rate, w->now_ms, cost, most) &&
		       cv_limit_take(&w->elsewhere, w->now_ms, DP_ELSEWHERE_ALL_COST_MS,
			       DP_ELSEWHERE_ALL_MOST_MS);
	/* nor does what is over that of all leave less to who shares its place */
	return cv_limit_take(&w->strangers, w->now_ms, DP_STRANGER_COST_MS, DP_STRANGER_MOST_MS) &&
	       cv_limit_take(rate, w->now_ms, cost, most);
}
