/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sessions in the tables that workers read. The control thread is the only writer. The order of
 * writes makes a session appear whole and go whole: its lines are filled first, then the word by
 * which it is found is stored with release; in the other direction that word goes first, then all
 * workers pass a quiescent state (grace.c), then the lines may change.
 *
 * What was told of a session is in its cold record; the lines are made of that, and of nothing
 * else. What a change leaves as it is decides how it is made: in the lines, under traffic, or
 * anew, when no worker reads them.
 */
#include <rte_byteorder.h>

#include "datapath/control/control.h"
#include "datapath/host/memory.h"
#include "datapath/table/groups.h"
#include "datapath/table/outside.h"
#include "datapath/table/realms.h"
#include "datapath/table/sessions.h"

enum { DEFAULT_MTU = 1500 };

int
dp_sessions_create(struct dp *dp)
{
	size_t slots = (size_t)dp->slot_mask + 1;

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
	if (dp_meters_create(dp) != 0)
		return CV_ERR_NOMEM;
	return dp->cold == NULL || dp->ingress == NULL || dp->inner6 == NULL ||
			       dp->egress == NULL || dp->egress6 == NULL || dp->rare == NULL
		       ? CV_ERR_NOMEM
		       : 0;
}

void
dp_sessions_destroy(struct dp *dp)
{
	size_t slots = (size_t)dp->slot_mask + 1;

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

/* ---- what its lines say ---- */

/* The largest inner packet: what the client takes, its group allows and the path carries. */
static void
write_mtu(struct dp *dp, uint32_t slot)
{
	const struct dp_session *s = dp->cold[slot].told;
	const struct dp_group_table *group = dp->groups[s->group];
	struct dp_egress *out = &dp->egress[slot];
	uint16_t mtu = s->mtu == 0 ? DEFAULT_MTU : s->mtu;
	uint16_t carried = (uint16_t)(dp_path_mtu(dp, s->service, s->tunnel_id) - out->hdr_len);

	if (group != NULL && group->told.mtu != 0 && group->told.mtu < mtu)
		mtu = group->told.mtu;
	__atomic_store_n(&out->mtu, carried < mtu ? carried : mtu, __ATOMIC_RELAXED);
}

/*
 * The outer DSCP is the inner one's, or its group's (RFC 2983: uniform or pipe; what arrives in
 * outer headers never gets into inner ones). ECN is copied (RFC 6040 section 4.1, normal mode)
 * where the peer has said that it tells on what became of it, else 0 (compatibility mode, RFC
 * 9601).
 */
static void
write_tos(struct dp *dp, uint32_t slot)
{
	const struct dp_session *s = dp->cold[slot].told;
	const struct dp_group_table *group = dp->groups[s->group];
	bool fixed = group != NULL && group->told.dscp_fixed;
	unsigned copied =
		(fixed ? 0 : DP_TOS_DSCP) | ((s->send & DP_SEND_ECN) != 0 ? DP_TOS_ECN : 0);

	__atomic_store_n(&dp->egress[slot].tos,
		dp_tos((uint8_t)copied, (uint8_t)(fixed ? group->told.dscp << 2 : 0)),
		__ATOMIC_RELAXED);
}

/* What may change under traffic. */
static void
write_profile(struct dp *dp, uint32_t slot)
{
	const struct dp_session *s = dp->cold[slot].told;
	struct dp_ingress *in = &dp->ingress[slot];
	struct dp_egress *out = &dp->egress[slot];

	__atomic_store_n(&in->group, s->group, __ATOMIC_RELAXED);
	__atomic_store_n(&in->filter, s->filter, __ATOMIC_RELAXED);
	__atomic_store_n(&out->group, s->group, __ATOMIC_RELAXED);
	__atomic_store_n(&out->filter, s->filter, __ATOMIC_RELAXED);
	write_mtu(dp, slot);
	write_tos(dp, slot);
	dp_meter_write_session(dp, slot);
	dp_trace_mark(dp, slot);
}

static bool
four_open(const struct dp *dp, uint32_t slot)
{
	return (dp->ingress[slot].word & DP_INGRESS_OPEN4) != 0;
}

static bool
six_open(const struct dp *dp, uint32_t slot)
{
	return (dp->ingress[slot].word & DP_INGRESS_OPEN6) != 0;
}

static bool
lines_open(const struct dp *dp, uint32_t slot)
{
	return four_open(dp, slot) || six_open(dp, slot);
}

void
dp_session_write_mtu(struct dp *dp, uint32_t slot)
{
	if (lines_open(dp, slot))
		write_mtu(dp, slot);
}

void
dp_sessions_new_group(struct dp *dp, uint16_t group)
{
	for (uint32_t slot = 0; slot <= dp->slot_mask; slot++)
		if (lines_open(dp, slot) && dp->cold[slot].told->group == group)
			write_profile(dp, slot);
}

static uint32_t
address_of(const struct dp_session *s)
{
	return rte_cpu_to_be_32(cv_ipv4_value(&s->address));
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
		if (lines_open(dp, slot))
			write_mtu(dp, slot);
	}
}

/* ---- to whom packets may go, and when ---- */

/* dp_rare.after. */
static void
hold(struct dp *dp, uint32_t slot, uint32_t after)
{
	struct dp_egress *out = &dp->egress[slot];
	uint8_t flags =
		(uint8_t)((out->flags & ~DP_EGRESS_HELD) | (after == 0 ? 0 : DP_EGRESS_HELD));

	__atomic_store_n(&dp->rare[slot].after, after, __ATOMIC_RELEASE);
	__atomic_store_n(&out->flags, flags, __ATOMIC_RELEASE);
}

/* One family alone: not until it is told, or at once. */
static void
hold_family(struct dp *dp, uint32_t slot, bool six, bool held)
{
	uint32_t mine = six ? DP_AFTER_REACH6 | DP_AFTER_SENT6 : DP_AFTER_REACH | DP_AFTER_SENT;
	uint32_t reach = six ? DP_AFTER_REACH6 : DP_AFTER_REACH;
	uint32_t after = (dp->rare[slot].after & ~mine) | (held ? reach : 0);

	if ((after & (DP_AFTER_SENT | DP_AFTER_SENT6)) == 0)
		after &= DP_AFTER_REACH | DP_AFTER_REACH6;
	hold(dp, slot, after);
}

/* What the control thread was given to send leaves before any packet for it. Where the other
 * family waits too, it does so for as long. */
static void
reach(struct dp *dp, uint32_t slot, bool six)
{
	struct dp_cold *c = &dp->cold[slot];
	uint32_t others = dp->rare[slot].after &
			  (six ? DP_AFTER_REACH | DP_AFTER_SENT : DP_AFTER_REACH6 | DP_AFTER_SENT6);

	hold(dp, slot,
		dp->control_given << DP_AFTER_FRAMES | others |
			(six ? DP_AFTER_SENT6 : DP_AFTER_SENT));
	/* a list, so that no number is compared when the count has gone half round */
	if (c->awaits_ack)
		return;
	c->awaits_ack = true;
	c->next_awaiting = DP_NO_SLOT;
	if (dp->listed_last == DP_NO_SLOT)
		dp->listed_first = slot;
	else
		dp->cold[dp->listed_last].next_awaiting = slot;
	dp->listed_last = slot;
}

void
dp_sessions_poll(struct dp *dp)
{
	while (dp->listed_first != DP_NO_SLOT) {
		uint32_t slot = dp->listed_first;

		uint32_t after = dp->rare[slot].after;

		if ((after & (DP_AFTER_SENT | DP_AFTER_SENT6)) != 0) {
			if (dp_egress_waits(dp, slot, (after & DP_AFTER_SENT6) != 0))
				return;
			hold(dp, slot, after & (DP_AFTER_REACH | DP_AFTER_REACH6));
		}
		dp->listed_first = dp->cold[slot].next_awaiting;
		if (dp->listed_first == DP_NO_SLOT)
			dp->listed_last = DP_NO_SLOT;
		dp->cold[slot].awaits_ack = false;
	}
}

/* ---- from what was told to the lines, and back ---- */

/* Where its address leads: can't fail, as check_open() has seen to it. */
static void
put_route(struct dp *dp, const struct dp_session *s, uint32_t word)
{
	dp_realm_put(dp, s->realm, address_of(s), word);
}

static void
write_class(struct dp *dp, uint32_t slot)
{
	uint16_t class = dp_class_of(dp, dp->ingress[slot].inner_ip);

	__atomic_store_n(&dp->ingress[slot].class, class, __ATOMIC_RELAXED);
	__atomic_store_n(&dp->egress[slot].class, class, __ATOMIC_RELAXED);
}

static void
write_class6(struct dp *dp, uint32_t slot)
{
	struct dp_inner6 *six = &dp->inner6[slot];

	__atomic_store_n(&six->class, dp_class6_of(dp, six->link), __ATOMIC_RELAXED);
}

void
dp_session_new_class(struct dp *dp, uint32_t slot)
{
	if (four_open(dp, slot))
		write_class(dp, slot);
	if (six_open(dp, slot))
		write_class6(dp, slot);
}

/* What both families have. */
static void
write_realm(struct dp *dp, uint32_t slot)
{
	if (dp->ingress[slot].realm != dp->cold[slot].told->realm)
		dp->ingress[slot].realm = dp->cold[slot].told->realm;
	write_profile(dp, slot);
}

/* What leads to it. */
static uint32_t
route_word(const struct dp_session *s, uint32_t slot)
{
	return dp_route_word(
		s->peer.ip.family == CV_IPV6 ? DP_ROUTE_SESSION6 : DP_ROUTE_SESSION, slot);
}

static void
open_four(struct dp *dp, uint32_t slot)
{
	struct dp_cold *c = &dp->cold[slot];
	struct dp_ingress *in = &dp->ingress[slot];

	write_realm(dp, slot);
	hold_family(dp, slot, false, !c->told->reachable || c->ordered);
	in->inner_ip = address_of(c->told);
	write_class(dp, slot);
	put_route(dp, c->told, route_word(c->told, slot));
	__atomic_store_n(&in->word, in->word | DP_INGRESS_OPEN4, __ATOMIC_RELEASE);
	dp->addresses++;
	if (c->told->reachable && c->ordered)
		reach(dp, slot, false);
}

static void
open_six(struct dp *dp, uint32_t slot)
{
	struct dp_cold *c = &dp->cold[slot];
	struct dp_ingress *in = &dp->ingress[slot];

	write_realm(dp, slot);
	hold_family(dp, slot, true, !c->told->reachable6 || c->ordered6);
	dp_inner6_write(dp, slot);
	dp_inner6_put(dp, c->told, route_word(c->told, slot));
	__atomic_store_n(&in->word, in->word | DP_INGRESS_OPEN6, __ATOMIC_RELEASE);
	dp->prefixes++;
	if (c->told->reachable6 && c->ordered6)
		reach(dp, slot, true);
}

/* Its headers, and how it is found. */
static void
write_lines(struct dp *dp, uint32_t slot)
{
	struct dp_cold *c = &dp->cold[slot];
	const struct dp_session *s = c->told;
	struct dp_ingress *in = &dp->ingress[slot];
	struct dp_egress *out = &dp->egress[slot];
	uint64_t rare = (s->send & DP_SEND_SEQUENCE) != 0 ? DP_INGRESS_SEQUENCED : 0;

	if (c->moving)
		dp_nexthop_put(dp, out->nexthop);
	if (c->moving)
		out->nexthop = c->hop;
	c->moving = false;
	dp_headers_write(dp, out, &dp->egress6[slot], dp->services[s->service], s);
	if (in->word == 0) {
		/* not the line as a whole: workers look at the word of a free slot too */
		dp_headers_expect(in, dp->services[s->service], s);
		__atomic_store_n(&in->word,
			dp_ingress_key(s->service, s->tunnel_id, s->session_id) |
				(s->peer.ip.family == CV_IPV6 ? DP_INGRESS_PEER6 : 0) | rare,
			__ATOMIC_RELEASE);
	} else {
		__atomic_store_n(
			&in->word, (in->word & ~DP_INGRESS_SEQUENCED) | rare, __ATOMIC_RELEASE);
	}
}

/* Where no worker reads its lines any more; nothing of it fails. */
void
dp_session_apply(struct dp *dp, uint32_t slot)
{
	struct dp_cold *c = &dp->cold[slot];
	unsigned parts = c->pending;

	c->pending = 0;
	if ((parts & DP_PART_LINES) != 0)
		write_lines(dp, slot);
	if ((parts & DP_PART_4) != 0 && c->told->open)
		open_four(dp, slot);
	if ((parts & DP_PART_6) != 0 && c->told->open6)
		open_six(dp, slot);
}

/* Takes away how its address is found, in the lines or in what waits to get there. */
static void
shut_four(struct dp *dp, uint32_t slot)
{
	struct dp_cold *c = &dp->cold[slot];

	if (c->told->open && ((c->pending & DP_PART_4) != 0 || four_open(dp, slot)))
		put_route(dp, c->told, DP_ROUTE_NOBODY);
	c->pending &= ~DP_PART_4 & DP_PART_ALL;
	if (!four_open(dp, slot))
		return;
	__atomic_store_n(&dp->ingress[slot].word, dp->ingress[slot].word & ~DP_INGRESS_OPEN4,
		__ATOMIC_RELEASE);
	hold_family(dp, slot, false, false);
	dp->addresses--;
	c->token = dp_grace_begin(dp);
}

/* Likewise its prefixes. */
static void
shut_six(struct dp *dp, uint32_t slot)
{
	struct dp_cold *c = &dp->cold[slot];

	if (c->told->open6 && ((c->pending & DP_PART_6) != 0 || six_open(dp, slot)))
		dp_inner6_put(dp, c->told, DP_ROUTE_NOBODY);
	c->pending &= ~DP_PART_6 & DP_PART_ALL;
	if (!six_open(dp, slot))
		return;
	__atomic_store_n(&dp->ingress[slot].word, dp->ingress[slot].word & ~DP_INGRESS_OPEN6,
		__ATOMIC_RELEASE);
	hold_family(dp, slot, true, false);
	dp->prefixes--;
	c->token = dp_grace_begin(dp);
}

/* Takes away how it is found at all. */
static void
unlink_key(struct dp *dp, uint32_t slot)
{
	__atomic_store_n(&dp->ingress[slot].word, 0, __ATOMIC_RELEASE);
	dp->cold[slot].token = dp_grace_begin(dp);
}

/* ---- what is told ---- */

/* Nobody's own address: it would take what is for the server, for many, or for nobody. */
static bool
may_be_a_clients(const struct dp *dp, uint32_t address)
{
	unsigned first = address & 0xff;

	return first != 0 && first != 127 && first < 224 && !dp_is_local(dp, address) &&
	       !dp_is_broadcast(dp, address);
}

/* Whether it may have its address; that has its word then. */
static int
check_open(struct dp *dp, uint32_t slot, const struct dp_session *s)
{
	const struct dp_cold *c = &dp->cold[slot];
	const uint32_t *entry;
	bool own;

	if (s->address.family != CV_IPV4 || dp->groups[s->group] == NULL ||
		dp->filters[s->filter] == NULL || !may_be_a_clients(dp, address_of(s)))
		return CV_ERR_CONFIG;
	entry = dp_realm_entry(dp, s->realm, address_of(s));
	if (entry == NULL)
		return CV_ERR_NOMEM;
	if (dp_route_kind(dp_route_find(dp->realms[s->realm], entry, address_of(s))) ==
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
		hold_family(dp, slot, six, true);
	} else if (!was) {
		reach(dp, slot, six);
	}
}

/* `parts` of its lines are written anew, as soon as no worker reads them; the rest as they are. */
static void
change(struct dp *dp, uint32_t slot, const struct dp_session *s, unsigned parts, int hop)
{
	struct dp_cold *c = &dp->cold[slot];
	const struct dp_session before = *c->told;

	if ((parts & DP_PART_4) != 0)
		shut_four(dp, slot);
	if ((parts & DP_PART_6) != 0)
		shut_six(dp, slot);
	if (hop >= 0) {
		if (c->moving)
			dp_nexthop_put(dp, c->hop);
		c->hop = (uint16_t)hop;
		c->moving = true;
		if (dp->ingress[slot].word != 0)
			unlink_key(dp, slot);
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
	if (lines_open(dp, slot))
		write_profile(dp, slot);
	if (parts == 0)
		return;
	c->pending |= parts & DP_PART_ALL;
	if (dp_grace_over(dp, slot)) {
		dp_session_apply(dp, slot);
		return;
	}
	if ((parts & DP_PART_4) != 0 && s->open)
		put_route(dp, s, DP_ROUTE_KEPT);
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
	shut_four(dp, slot);
	shut_six(dp, slot);
	c->pending = 0;
	unlink_key(dp, slot);
	dp_path_remove(dp, slot);
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

int
dp_session_counters(const struct dp *dp, uint32_t slot, struct dp_session_counters *out)
{
	*out = (struct dp_session_counters){0};
	if (slot > dp->slot_mask)
		return CV_ERR_UNKNOWN;
	add(&dp->ingress[slot].received.count, &out->rx_packets, &out->rx_bytes);
	for (unsigned i = 0; i < dp->worker_count; i++) {
		add(&dp->workers[i]->received[slot], &out->rx_packets, &out->rx_bytes);
		add(&dp->workers[i]->sent[slot], &out->tx_packets, &out->tx_bytes);
	}
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
