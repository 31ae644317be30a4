/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sessions and tunnels in the tables that workers read. The control thread is the only writer.
 * The order of writes makes a session appear whole and go whole: its lines are filled first, then
 * the word by which it is found is stored with release; in the other direction that word goes
 * first, then all workers pass a quiescent state (grace.c), then the lines may change.
 */
#include <rte_byteorder.h>

#include "datapath/internal.h"
#include "l2tp/header.h"

enum { OUR_TTL = 64, PPP_IP_SHORT = 0x21, DEFAULT_MTU = 1500 };

int
dp_sessions_create(struct dp *dp)
{
	size_t slots = (size_t)dp->slot_mask + 1;

	dp->ingress = dp_table_new(dp, slots * sizeof(dp->ingress[0]));
	dp->egress = dp_table_new(dp, slots * sizeof(dp->egress[0]));
	dp->realms = dp_table_new(dp, (UINT16_MAX + 1) * sizeof(dp->realms[0]));
	dp->cold = dp_table_new(dp, slots * sizeof(dp->cold[0]));
	dp->listed_first = dp->listed_last = DP_NO_SLOT;
	dp->waiting = dp->gone = (struct dp_slot_list){DP_NO_SLOT, DP_NO_SLOT};
	return dp->cold == NULL || dp->ingress == NULL || dp->egress == NULL || dp->realms == NULL
		       ? CV_ERR_NOMEM
		       : 0;
}

void
dp_sessions_destroy(struct dp *dp)
{
	size_t slots = (size_t)dp->slot_mask + 1;

	dp_realms_destroy(dp);
	dp_table_free(dp, dp->ingress, slots * sizeof(dp->ingress[0]));
	dp_table_free(dp, dp->egress, slots * sizeof(dp->egress[0]));
	dp_table_free(dp, dp->cold, slots * sizeof(dp->cold[0]));
}

/* The finished headers, at the end of the line, and what fixes them up. */
static void
write_egress(struct dp_egress *e, const struct dp_service_record *service,
	const struct dp_session *s, uint16_t send)
{
	uint8_t header[DP_HEADROOM_HDR] = {0};
	struct cv_writer w = cv_writer(header, sizeof(header));
	uint16_t flags = L2TP_VERSION;
	uint64_t sum;

	cv_write_u16(&w, 0x4500);
	cv_write_u16(&w, 0); /* total length */
	cv_write_u32(&w, 0); /* identification; may be fragmented on its way */
	cv_write_u16(&w, OUR_TTL << 8 | 17);
	cv_write_u16(&w, 0);
	cv_write_bytes(&w, &service->ip, 4);
	cv_write_u32(&w, cv_ipv4_value(&s->peer.ip));
	cv_write_bytes(&w, &service->udp_port, 2);
	cv_write_u16(&w, s->peer.port);
	cv_write_u32(&w, 0); /* UDP length, checksum */
	e->flags = 0;
	if ((send & DP_SEND_LENGTH) != 0) {
		flags |= L2TP_BIT_LENGTH;
		e->flags |= DP_EGRESS_LENGTH;
	}
	if ((send & DP_SEND_SEQUENCE) != 0) {
		flags |= L2TP_BIT_SEQUENCE;
		e->flags |= DP_EGRESS_SEQUENCE;
	}
	cv_write_u16(&w, flags);
	if ((send & DP_SEND_LENGTH) != 0)
		cv_write_u16(&w, 0);
	cv_write_u16(&w, s->peer_tunnel_id);
	cv_write_u16(&w, s->peer_session_id);
	if ((send & DP_SEND_SEQUENCE) != 0)
		cv_write_u32(&w, 0); /* Ns, and Nr, which data does not use */
	if ((send & DP_SEND_ACFC) == 0)
		cv_write_u16(&w, 0xff03);
	if ((send & DP_SEND_PFC) == 0)
		cv_write_u8(&w, 0);
	cv_write_u8(&w, PPP_IP_SHORT);

	e->hdr_len = (uint8_t)cv_written(&w);
	if ((e->hdr_len & 1) != 0)
		e->flags |= DP_EGRESS_ODD;
	sum = dp_sum(header + DP_IPV4_HDR, (size_t)e->hdr_len - DP_IPV4_HDR) +
	      dp_sum_pseudo(service->ip, dp_load32(header + 16), 0);
	dp_store16(header + DP_HDR_IP_SUM, dp_fold(dp_sum20(header)));
	dp_store16(header + DP_HDR_UDP_SUM, dp_fold(sum));
	memcpy(e->hdr + DP_HEADROOM_HDR - e->hdr_len, header, e->hdr_len);
}

/* The largest inner packet: what the client takes, its group allows and the port carries. */
static uint16_t
session_mtu(const struct dp *dp, uint32_t slot)
{
	const struct dp_ingress *in = &dp->ingress[slot];
	const struct dp_group_table *group = dp->groups[in->group];
	uint16_t mtu = in->client_mtu, group_mtu = group == NULL ? 0 : group->told.mtu;
	uint16_t carried =
		(uint16_t)(dp_service_mtu(dp, dp_key_service(in->key)) - dp->egress[slot].hdr_len);

	if (group_mtu != 0 && group_mtu < mtu)
		mtu = group_mtu;
	return carried < mtu ? carried : mtu;
}

void
dp_sessions_new_mtu(struct dp *dp, uint16_t group)
{
	for (size_t slot = 0; slot <= dp->slot_mask; slot++) {
		const struct dp_ingress *in = &dp->ingress[slot];

		if (in->key != 0 && (in->flags & DP_INGRESS_OPEN) != 0 && in->group == group)
			__atomic_store_n(&dp->egress[slot].mtu, session_mtu(dp, (uint32_t)slot),
				__ATOMIC_RELAXED);
	}
}

void
dp_sessions_new_way(struct dp *dp, uint16_t service)
{
	for (size_t slot = 0; slot <= dp->slot_mask; slot++) {
		const struct dp_ingress *in = &dp->ingress[slot];
		struct dp_egress *e = &dp->egress[slot];
		uint16_t before = e->nexthop;
		int hop;

		if (in->key == 0 || dp_key_service(in->key) != service)
			continue;
		hop = dp_nexthop_get(dp, dp->now, service, in->peer_ip);
		__atomic_store_n(
			&e->nexthop, (uint16_t)(hop < 0 ? DP_NEXTHOP_NONE : hop), __ATOMIC_RELAXED);
		dp_nexthop_put(dp, before);
		if ((in->flags & DP_INGRESS_OPEN) != 0)
			__atomic_store_n(
				&e->mtu, session_mtu(dp, (uint32_t)slot), __ATOMIC_RELAXED);
	}
}

int
dp_session_add(struct dp *dp, const struct dp_session *s, uint32_t *slot_out)
{
	uint32_t slot = cv_session_slot(
		dp->slot_seed, s->service, s->tunnel_id, s->session_id, dp->slot_mask);
	struct dp_ingress *in = &dp->ingress[slot];
	struct dp_egress *out = &dp->egress[slot];
	const struct dp_service_record *service = dp_service_of(dp, s->service);
	uint32_t peer;
	int hop;

	if (service == NULL || s->peer.ip.family != CV_IPV4)
		return CV_ERR_UNKNOWN;
	if (in->key != 0 || dp->cold[slot].leaving)
		return CV_ERR_EXISTS;
	peer = rte_cpu_to_be_32(cv_ipv4_value(&s->peer.ip));
	hop = dp_nexthop_get(dp, dp->now, s->service, peer);
	if (hop < 0)
		return hop == -1 ? CV_ERR_LIMIT : CV_ERR_UNKNOWN;
	/* not the line as a whole: workers look at the key of a free slot too */
	in->peer_ip = peer;
	in->peer_port = rte_cpu_to_be_16(s->peer.port);
	memset(out, 0, sizeof(*out));
	out->nexthop = (uint16_t)hop;
	write_egress(out, service, s, s->send);
	__atomic_store_n(&in->key, dp_ingress_key(s->service, s->tunnel_id, s->session_id),
		__ATOMIC_RELEASE);
	dp->sessions++;
	dp->cold[slot].service = s->service;
	dp_service_use(dp, s->service, 1);
	if (slot_out != NULL)
		*slot_out = slot;
	return 0;
}

/* What dp_session_add was told, read back from the lines. */
static struct dp_session
session_of(const struct dp *dp, uint32_t slot)
{
	const struct dp_ingress *in = &dp->ingress[slot];
	const struct dp_egress *out = &dp->egress[slot];
	const uint8_t *l2tp = out->hdr + DP_HEADROOM_HDR - out->hdr_len + DP_HDR_L2TP +
			      ((out->flags & DP_EGRESS_LENGTH) != 0 ? 4 : 2);

	return (struct dp_session){.service = dp_key_service(in->key),
		.tunnel_id = (uint16_t)(in->key >> 16),
		.session_id = (uint16_t)in->key,
		.peer_tunnel_id = rte_bswap16(dp_load16(l2tp)),
		.peer_session_id = rte_bswap16(dp_load16(l2tp + 2)),
		.peer = {.ip = cv_ipv4(rte_be_to_cpu_32(in->peer_ip)),
			.port = rte_be_to_cpu_16(in->peer_port)}};
}

static bool
installed(const struct dp *dp, uint32_t slot)
{
	return slot <= dp->slot_mask && dp->ingress[slot].key != 0;
}

/* Nobody's own address: it would take what is for the server, for many, or for nobody. */
static bool
may_be_a_clients(const struct dp *dp, uint32_t address, uint32_t lns)
{
	unsigned first = address & 0xff;

	return first != 0 && first != 127 && first < 224 && address != lns &&
	       !dp_is_local(dp, address) && !dp_is_broadcast(dp, address);
}

/* Where no worker reads its lines any more; nothing of it fails. */
static void
open_now(struct dp *dp, uint32_t slot, const struct dp_session_ip *ip, uint32_t *entry)
{
	struct dp_ingress *in = &dp->ingress[slot];
	struct dp_egress *out = &dp->egress[slot];
	struct dp_session s = session_of(dp, slot);

	write_egress(out, dp->services[s.service], &s, ip->send);
	__atomic_store_n(&out->after, ip->hold ? DP_AFTER_REACH : 0, __ATOMIC_RELEASE);
	in->client_mtu = ip->mtu == 0 ? DEFAULT_MTU : ip->mtu;
	in->inner_ip = rte_cpu_to_be_32(cv_ipv4_value(&ip->address));
	in->realm = ip->realm;
	in->group = out->group = ip->group;
	in->filter = out->filter = ip->filter;
	__atomic_store_n(&out->mtu, session_mtu(dp, slot), __ATOMIC_RELAXED);
	__atomic_store_n(entry, slot, __ATOMIC_RELEASE);
	__atomic_store_n(&in->flags, DP_INGRESS_OPEN, __ATOMIC_RELEASE);
	dp->addresses++;
}

/* The word of an address that is there: can't fail. */
static uint32_t *
entry_of(struct dp *dp, const struct dp_session_ip *ip)
{
	return dp_realm_entry(dp, ip->realm, rte_cpu_to_be_32(cv_ipv4_value(&ip->address)));
}

void
dp_session_open_late(struct dp *dp, uint32_t slot)
{
	struct dp_cold *c = &dp->cold[slot];

	c->opening = false;
	open_now(dp, slot, &c->ip, entry_of(dp, &c->ip));
	if (c->reach)
		dp_session_reach(dp, slot);
}

/* Whether the word of an address that this session is about to open with is kept for it. */
static bool
kept_for(struct dp *dp, uint32_t slot, const uint32_t *entry)
{
	return dp->cold[slot].opening && entry_of(dp, &dp->cold[slot].ip) == entry;
}

int
dp_session_open(struct dp *dp, uint32_t slot, const struct dp_session_ip *ip)
{
	uint32_t address = rte_cpu_to_be_32(cv_ipv4_value(&ip->address));
	struct dp_cold *c;
	uint32_t *entry;

	if (!installed(dp, slot))
		return CV_ERR_UNKNOWN;
	if (ip->address.family != CV_IPV4 || dp->groups[ip->group] == NULL ||
		dp->filters[ip->filter] == NULL)
		return CV_ERR_CONFIG;
	if (!may_be_a_clients(dp, address, dp->groups[ip->group]->lns))
		return CV_ERR_CONFIG;
	/* all that can fail comes before the session is touched */
	entry = dp_realm_entry(dp, ip->realm, address);
	if (entry == NULL)
		return CV_ERR_NOMEM;
	if (*entry != DP_NO_SLOT && *entry != slot && !kept_for(dp, slot, entry))
		return CV_ERR_EXISTS;
	dp_session_shut(dp, slot);
	if (dp_grace_over(dp, slot)) {
		open_now(dp, slot, ip, entry);
		return 0;
	}
	c = &dp->cold[slot];
	c->opening = true;
	c->reach = false;
	c->ip = *ip;
	__atomic_store_n(entry, DP_KEPT_SLOT, __ATOMIC_RELEASE);
	dp_grace_wait(dp, slot);
	return 0;
}

void
dp_session_reach(struct dp *dp, uint32_t slot)
{
	struct dp_ingress *in;

	if (!installed(dp, slot))
		return;
	dp->cold[slot].reach = true;
	if (dp->cold[slot].opening || dp->egress[slot].after != DP_AFTER_REACH)
		return;
	in = &dp->ingress[slot];
	__atomic_store_n(
		&dp->egress[slot].after, dp_after_frames(dp->control_given), __ATOMIC_RELEASE);
	/* a list, so that no number is compared when the count has gone half round */
	if (in->listed)
		return;
	in->listed = true;
	in->next_listed = DP_NO_SLOT;
	if (dp->listed_last == DP_NO_SLOT)
		dp->listed_first = slot;
	else
		dp->ingress[dp->listed_last].next_listed = slot;
	dp->listed_last = slot;
}

void
dp_sessions_poll(struct dp *dp)
{
	while (dp->listed_first != DP_NO_SLOT) {
		uint32_t slot = dp->listed_first;
		struct dp_egress *out = &dp->egress[slot];

		if (out->after > DP_AFTER_REACH) {
			if (dp_egress_waits(dp, out))
				return;
			__atomic_store_n(&out->after, 0, __ATOMIC_RELEASE);
		}
		dp->listed_first = dp->ingress[slot].next_listed;
		if (dp->listed_first == DP_NO_SLOT)
			dp->listed_last = DP_NO_SLOT;
		dp->ingress[slot].listed = false;
	}
}

void
dp_session_shut(struct dp *dp, uint32_t slot)
{
	struct dp_ingress *in;
	struct dp_cold *c;

	if (!installed(dp, slot))
		return;
	in = &dp->ingress[slot];
	c = &dp->cold[slot];
	if (c->opening)
		__atomic_store_n(entry_of(dp, &c->ip), DP_NO_SLOT, __ATOMIC_RELEASE);
	c->opening = false;
	if ((in->flags & DP_INGRESS_OPEN) == 0)
		return;
	__atomic_store_n(&in->flags, 0, __ATOMIC_RELEASE);
	/* its leaf is there: can't fail */
	__atomic_store_n(dp_realm_entry(dp, in->realm, in->inner_ip), DP_NO_SLOT, __ATOMIC_RELEASE);
	dp->addresses--;
	c->token = dp_grace_begin(dp);
}

bool
dp_session_unlink(struct dp *dp, uint32_t slot)
{
	if (!installed(dp, slot))
		return false;
	dp_session_shut(dp, slot);
	__atomic_store_n(&dp->ingress[slot].key, 0, __ATOMIC_RELEASE);
	dp->cold[slot].token = dp_grace_begin(dp);
	return true;
}

int
dp_session_counters(const struct dp *dp, uint32_t slot, struct dp_session_counters *out)
{
	*out = (struct dp_session_counters){0};
	if (slot > dp->slot_mask)
		return CV_ERR_UNKNOWN;
	for (unsigned i = 0; i < dp->worker_count; i++) {
		const struct dp_session_counters *n = &dp->workers[i]->sessions[slot];

		out->rx_packets += __atomic_load_n(&n->rx_packets, __ATOMIC_RELAXED);
		out->rx_bytes += __atomic_load_n(&n->rx_bytes, __ATOMIC_RELAXED);
		out->tx_packets += __atomic_load_n(&n->tx_packets, __ATOMIC_RELAXED);
		out->tx_bytes += __atomic_load_n(&n->tx_bytes, __ATOMIC_RELAXED);
	}
	return 0;
}

uint16_t
dp_session_mtu(const struct dp *dp, uint32_t slot)
{
	return installed(dp, slot) ? dp->egress[slot].mtu : 0;
}
