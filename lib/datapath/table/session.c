/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is told of sessions, and what of it may be. It is in their cold records; the lines that
 * workers read are made of that, and of nothing else (lines.c). What a change leaves as it is
 * decides how it is made: in the lines, under traffic, or anew, when no worker reads them.
 */
#include "datapath/control/control.h"
#include "datapath/host/memory.h"
#include "datapath/table/framed.h"
#include "datapath/table/groups.h"
#include "datapath/table/lines.h"
#include "datapath/table/outside.h"
#include "datapath/table/realms.h"
#include "datapath/table/sessions.h"
#include "datapath/table/uplink.h"

int
dp_sessions_create(struct dp *dp)
{
	size_t slots = dp_slots(dp);

	dp->ingress = dp_table_new(dp, slots * sizeof(dp->ingress[0]));
	dp->inner6 = dp_table_new(dp, slots * sizeof(dp->inner6[0]));
	dp->egress = dp_table_new(dp, slots * sizeof(dp->egress[0]));
	dp->egress6 = dp_table_new(dp, slots * sizeof(dp->egress6[0]));
	dp->rare = dp_table_new(dp, slots * sizeof(dp->rare[0]));
	dp->cold = dp_table_new(dp, slots * sizeof(dp->cold[0]));
	if (dp_paths_create(dp) != 0)
		return CV_ERR_NOMEM;
	dp->listed_first = dp->listed_last = DP_NO_SLOT;
	dp->waiting = dp->gone = (struct dp_slot_list){DP_NO_SLOT, DP_NO_SLOT};
	if (dp_meters_create(dp) != 0 || dp_framed_create(dp) != 0 || dp_switches_create(dp) != 0)
		return CV_ERR_NOMEM;
	return dp->cold == NULL || dp->ingress == NULL || dp->inner6 == NULL ||
			       dp->egress == NULL || dp->egress6 == NULL || dp->rare == NULL
		       ? CV_ERR_NOMEM
		       : 0;
}

void
dp_sessions_destroy(struct dp *dp)
{
	size_t slots = dp_slots(dp);

	dp_switches_destroy(dp);
	dp_framed_destroy(dp);
	dp_meters_destroy(dp);
	dp_realms_destroy(dp);
	dp_paths_destroy(dp);
	for (size_t i = 0; dp->cold != NULL && i < slots; i++)
		free(dp->cold[i].told);
	dp_table_free(dp, dp->ingress, slots * sizeof(dp->ingress[0]));
	dp_table_free(dp, dp->inner6, slots * sizeof(dp->inner6[0]));
	dp_table_free(dp, dp->egress, slots * sizeof(dp->egress[0]));
	dp_table_free(dp, dp->egress6, slots * sizeof(dp->egress6[0]));
	dp_table_free(dp, dp->rare, slots * sizeof(dp->rare[0]));
	dp_table_free(dp, dp->cold, slots * sizeof(dp->cold[0]));
}

static struct dp_cold *
installed(const struct dp *dp, uint32_t slot)
{
	return slot <= dp->slot_mask && dp->cold[slot].installed ? &dp->cold[slot] : NULL;
}

void
dp_sessions_new_group(struct dp *dp, uint16_t group)
{
	for (uint32_t slot = 0; slot <= dp->slot_mask; slot++)
		if (dp_lines_open(dp, slot) && dp->cold[slot].told->group == group)
			dp_lines_write_profile(dp, slot);
}

/* The way to its peer. CV_ERR_UNKNOWN: none; CV_ERR_LIMIT. */
static int
get_hop(struct dp *dp, const struct dp_session *s)
{
	int hop = dp_nexthop_get(dp, dp->now, s->service, &s->peer.ip);

	if (hop >= 0)
		return hop;
	return hop == -1 ? CV_ERR_LIMIT : CV_ERR_UNKNOWN;
}

void
dp_sessions_new_way(struct dp *dp, uint16_t service)
{
	for (uint32_t slot = 0; slot <= dp->slot_mask; slot++) {
		struct dp_cold *c = installed(dp, slot);
		struct dp_egress *out = &dp->egress[slot];
		uint16_t before;
		int hop;

		if (c == NULL || c->told->service != service)
			continue;
		hop = get_hop(dp, c->told);
		before = c->moving ? c->hop : out->nexthop;
		c->hop = (uint16_t)(hop < 0 ? DP_NEXTHOP_NONE : hop);
		if (!c->moving)
			__atomic_store_n(&out->nexthop, c->hop, __ATOMIC_RELAXED);
		dp_nexthop_put(dp, before);
		dp_session_write_mtu(dp, slot);
	}
}

/* Nobody's own address: it would take what is for the server, for many, or for nobody. */
static bool
may_be_a_clients(const struct dp *dp, uint32_t address)
{
	unsigned first = address & 0xff;

	return first != 0 && first != 127 && first < 224 && !dp_is_outside(dp, dp_ip4(address));
}

/* Whether it may have its address; that has its word then. */
static int
check_open(struct dp *dp, uint32_t slot, const struct dp_session *s)
{
	const struct dp_cold *c = &dp->cold[slot];
	const uint32_t *entry;
	bool own;

	if (s->address.family != CV_IPV4 || dp->groups[s->group] == NULL ||
		dp->filters[s->filter] == NULL || !may_be_a_clients(dp, dp_lines_address(s)))
		return CV_ERR_CONFIG;
	entry = dp_realm_entry(dp, s->realm, dp_lines_address(s));
	if (entry == NULL)
		return CV_ERR_NOMEM;
	if (dp_route_kind(dp_route_find(dp->realms[s->realm], entry, dp_lines_address(s))) ==
		DP_ROUTE_SELF)
		return CV_ERR_CONFIG;
	own = c->installed && c->told->open && c->told->realm == s->realm &&
	      cv_ip_equal(&c->told->address, &s->address);
	return *entry == DP_ROUTE_NOBODY || own ? 0 : CV_ERR_EXISTS;
}

static bool
same_headers(const struct dp_session *a, const struct dp_session *b)
{
	return a->send == b->send && a->peer_tunnel_id == b->peer_tunnel_id &&
	       a->peer_session_id == b->peer_session_id;
}

/* What lines that say the one can't be made to say of the other under traffic. */
static unsigned
parts_between(const struct dp_session *a, const struct dp_session *b)
{
	unsigned parts = 0;

	if (!same_headers(a, b) || !cv_endpoint_equal(&a->peer, &b->peer))
		return DP_PART_ALL;
	if (a->open != b->open ||
		(a->open && (a->realm != b->realm || !cv_ip_equal(&a->address, &b->address))))
		parts |= DP_PART_4;
	if (a->open6 != b->open6 || (a->open6 && (a->realm != b->realm || !dp_inner6_equal(a, b))))
		parts |= DP_PART_6;
	return parts;
}

/* A family whose lines stay, or, while these wait for workers, in what waits. */
static void
change_reachable(struct dp *dp, uint32_t slot, bool six, bool was, bool is)
{
	struct dp_cold *c = &dp->cold[slot];
	bool ordered = is && ((six ? c->ordered6 : c->ordered) || !was);

	if ((c->pending & (six ? DP_PART_6 : DP_PART_4)) != 0) {
		if (six)
			c->ordered6 = ordered;
		else
			c->ordered = ordered;
	} else if (!is) {
		dp_reach_hold(dp, slot, six, true);
	} else if (!was) {
		dp_reach_tell(dp, slot, six);
	}
}

/* `parts` of its lines are written anew, as soon as no worker reads them; the rest as they are. */
static void
change(struct dp *dp, uint32_t slot, const struct dp_session *s, unsigned parts, int hop)
{
	struct dp_cold *c = &dp->cold[slot];
	const struct dp_session before = *c->told;

	if ((parts & DP_PART_4) != 0)
		dp_lines_shut4(dp, slot);
	if ((parts & DP_PART_6) != 0)
		dp_lines_shut6(dp, slot);
	if ((parts & DP_PART_LINES) != 0)
		dp_switch_change(dp, slot, s);
	if (hop >= 0) {
		if (c->moving)
			dp_nexthop_put(dp, c->hop);
		c->hop = (uint16_t)hop;
		c->moving = true;
		if (dp->ingress[slot].word != 0)
			dp_lines_unlink(dp, slot);
	}
	dp_path_remove(dp, slot);
	*c->told = *s;
	dp_path_add(dp, slot);
	if ((parts & DP_PART_4) != 0)
		c->ordered = false;
	else if (s->open)
		change_reachable(dp, slot, false, before.reachable, s->reachable);
	if ((parts & DP_PART_6) != 0)
		c->ordered6 = false;
	else if (s->open6)
		change_reachable(dp, slot, true, before.reachable6, s->reachable6);
	if (dp_lines_open(dp, slot))
		dp_lines_write_profile(dp, slot);
	if (parts == 0)
		return;
	c->pending |= parts & DP_PART_ALL;
	if (dp_grace_over(dp, slot)) {
		dp_session_apply(dp, slot);
		return;
	}
	if ((parts & DP_PART_4) != 0 && s->open)
		dp_lines_put_route(dp, s, DP_ROUTE_KEPT);
	if ((parts & DP_PART_6) != 0 && s->open6)
		dp_inner6_put(dp, s, DP_ROUTE_KEPT);
	dp_grace_wait(dp, slot);
}

static void
install(struct dp *dp, uint32_t slot, const struct dp_session *s, struct dp_session *told)
{
	struct dp_cold *c = &dp->cold[slot];

	memset(&dp->egress[slot], 0, sizeof(dp->egress[slot]));
	memset(&dp->rare[slot], 0, sizeof(dp->rare[slot]));
	c->installed = true;
	*told = (struct dp_session){.service = s->service};
	c->told = told;
	dp->sessions++;
	dp_service_use(dp, s->service, 1);
}

int
dp_session_set(struct dp *dp, const struct dp_session *s, uint32_t *slot_out)
{
	uint32_t slot = cv_session_slot(
		dp->slot_seed, s->service, s->tunnel_id, s->session_id, dp->slot_mask);
	const struct dp_service_record *service = dp->services[s->service];
	struct dp_cold *c = &dp->cold[slot];
	struct dp_session *fresh = NULL;
	unsigned parts;
	int rc = 0, hop = -1;

	if ((service != NULL && s->peer.ip.family != service->told.ip.family) ||
		(!c->installed && !dp_service_of(dp, s->service)))
		return CV_ERR_UNKNOWN;
	if (c->leaving || (c->installed && (c->told->service != s->service ||
						   c->told->tunnel_id != s->tunnel_id ||
						   c->told->session_id != s->session_id)))
		return CV_ERR_EXISTS;
	if ((s->send & DP_SEND_FRAMES) != 0 && (s->open || s->open6))
		return CV_ERR_CONFIG;
	if (!c->installed && (fresh = malloc(sizeof(*fresh))) == NULL)
		return CV_ERR_NOMEM;
	if (s->open)
		rc = check_open(dp, slot, s);
	if (rc == 0 && s->open6)
		rc = dp_inner6_check(dp, slot, s);
	if (rc == 0 && (s->open || s->open6))
		rc = dp_meter_prepare(dp, slot, s->group);
	if (rc == 0 && !(c->installed && cv_endpoint_equal(&c->told->peer, &s->peer)))
		rc = hop = get_hop(dp, s);
	if (rc < 0) {
		free(fresh);
		return rc;
	}
	if (fresh != NULL)
		install(dp, slot, s, fresh);
	/* the next call of the same user may have them while this one ends */
	if (c->told->realm != s->realm || (!s->open && !s->open6))
		dp_framed_drop(dp, slot);
	parts = hop >= 0 ? DP_PART_ALL : parts_between(c->told, s);
	change(dp, slot, s, parts, hop);
	if (slot_out != NULL)
		*slot_out = slot;
	return 0;
}

bool
dp_session_unlink(struct dp *dp, uint32_t slot)
{
	struct dp_cold *c = installed(dp, slot);

	if (c == NULL)
		return false;
	dp_lines_shut4(dp, slot);
	dp_lines_shut6(dp, slot);
	c->pending = 0;
	dp_switch_leave(dp, slot);
	dp_lines_unlink(dp, slot);
	dp_path_remove(dp, slot);
	dp_framed_drop(dp, slot);
	c->installed = false;
	dp_trace_poll(dp, 0); /* a trace of it ends */
	return true;
}

int
dp_session_get(const struct dp *dp, uint32_t slot, struct dp_session *out)
{
	const struct dp_cold *c = installed(dp, slot);

	if (c == NULL)
		return CV_ERR_UNKNOWN;
	*out = *c->told;
	return 0;
}

static void
add(const struct dp_counted *n, uint64_t *packets, uint64_t *bytes)
{
	*packets += __atomic_load_n(&n->packets, __ATOMIC_RELAXED);
	*bytes += __atomic_load_n(&n->bytes, __ATOMIC_RELAXED);
}

void
dp_slot_counters(const struct dp *dp, uint32_t slot, struct dp_session_counters *out)
{
	*out = (struct dp_session_counters){0};
	add(&dp->ingress[slot].received.count, &out->rx_packets, &out->rx_bytes);
	for (unsigned i = 0; i < dp->worker_count; i++) {
		add(&dp->workers[i]->received[slot], &out->rx_packets, &out->rx_bytes);
		add(&dp->workers[i]->sent[slot], &out->tx_packets, &out->tx_bytes);
	}
}

int
dp_session_counters(const struct dp *dp, uint32_t slot, struct dp_session_counters *out)
{
	*out = (struct dp_session_counters){0};
	if (slot > dp->slot_mask)
		return CV_ERR_UNKNOWN;
	dp_slot_counters(dp, slot, out);
	return 0;
}

void
dp_session_sequence(const struct dp *dp, uint32_t slot, struct dp_sequence_counters *out)
{
	*out = (struct dp_sequence_counters){0};
	if (installed(dp, slot) == NULL)
		return;
	out->lost = __atomic_load_n(&dp->rare[slot].lost, __ATOMIC_RELAXED);
	out->old = __atomic_load_n(&dp->rare[slot].old, __ATOMIC_RELAXED);
}

uint16_t
dp_session_mtu(const struct dp *dp, uint32_t slot)
{
	return installed(dp, slot) != NULL ? dp->egress[slot].mtu : 0;
}
