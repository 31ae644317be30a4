/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lines of sessions that workers read, from what was told. The control thread is the only
 * writer. The order of writes makes a session appear whole and go whole: its lines are filled
 * first, then the word by which it is found is stored with release; in the other direction that
 * word goes first, then all workers pass a quiescent state (grace.c), then the lines may change.
 */
#include "datapath/table/lines.h"

#include "datapath/control/control.h"
#include "datapath/table/groups.h"
#include "datapath/table/outside.h"
#include "datapath/table/realms.h"
#include "datapath/table/sessions.h"

enum { DEFAULT_MTU = 1500 };

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

bool
dp_lines_open(const struct dp *dp, uint32_t slot)
{
	return four_open(dp, slot) || six_open(dp, slot);
}

static bool
has_frames(const struct dp *dp, uint32_t slot)
{
	const struct dp_cold *c = &dp->cold[slot];

	return c->installed && (c->told->send & DP_SEND_FRAMES) != 0;
}

/* The largest inner packet: what the client takes, its group allows and the path carries. Of PPP
 * frames the path alone counts. */
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
	if (has_frames(dp, slot))
		mtu = carried;
	__atomic_store_n(&out->mtu, carried < mtu ? carried : mtu, __ATOMIC_RELAXED);
}

/*
 * The outer DSCP is the inner one's, or its group's (RFC 2983: uniform or pipe; what arrives in
 * outer headers never gets into inner ones). ECN is copied (RFC 6040 section 4.1, normal mode)
 * where the peer has said that it tells on what became of it, else 0 (compatibility mode, RFC
 * 9601). Of PPP frames it is the DSCP and ECN that they came with, and no group's.
 */
static void
write_tos(struct dp *dp, uint32_t slot)
{
	const struct dp_session *s = dp->cold[slot].told;
	const struct dp_group_table *group = dp->groups[s->group];
	bool fixed = group != NULL && group->told.dscp_fixed && !has_frames(dp, slot);
	unsigned copied =
		(fixed ? 0 : DP_TOS_DSCP) | ((s->send & DP_SEND_ECN) != 0 ? DP_TOS_ECN : 0);

	__atomic_store_n(&dp->egress[slot].tos,
		dp_tos((uint8_t)copied, (uint8_t)(fixed ? group->told.dscp << 2 : 0)),
		__ATOMIC_RELAXED);
}

void
dp_lines_write_profile(struct dp *dp, uint32_t slot)
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

void
dp_session_write_mtu(struct dp *dp, uint32_t slot)
{
	if (dp_lines_open(dp, slot) || has_frames(dp, slot))
		write_mtu(dp, slot);
}

void
dp_lines_put_route(struct dp *dp, const struct dp_session *s, uint32_t word)
{
	dp_realm_put(dp, s->realm, dp_lines_address(s), word);
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
	dp_lines_write_profile(dp, slot);
}

uint32_t
dp_lines_route_word(const struct dp *dp, uint32_t slot)
{
	return dp_route_word(dp->cold[slot].told->peer.ip.family == CV_IPV6 ? DP_ROUTE_SESSION6
									    : DP_ROUTE_SESSION,
		slot);
}

static void
open_four(struct dp *dp, uint32_t slot)
{
	struct dp_cold *c = &dp->cold[slot];
	struct dp_ingress *in = &dp->ingress[slot];

	write_realm(dp, slot);
	dp_reach_hold(dp, slot, false, !c->told->reachable || c->ordered);
	in->inner_ip = dp_lines_address(c->told);
	write_class(dp, slot);
	dp_lines_put_route(dp, c->told, dp_lines_route_word(dp, slot));
	__atomic_store_n(&in->word, in->word | DP_INGRESS_OPEN4, __ATOMIC_RELEASE);
	dp->addresses++;
	dp->realm_use[in->realm].addresses++;
	dp->realm_use[in->realm].sessions += !six_open(dp, slot);
	if (c->told->reachable && c->ordered)
		dp_reach_tell(dp, slot, false);
}

static void
open_six(struct dp *dp, uint32_t slot)
{
	struct dp_cold *c = &dp->cold[slot];
	struct dp_ingress *in = &dp->ingress[slot];

	write_realm(dp, slot);
	dp_reach_hold(dp, slot, true, !c->told->reachable6 || c->ordered6);
	dp_inner6_write(dp, slot);
	dp_inner6_put(dp, c->told, dp_lines_route_word(dp, slot));
	__atomic_store_n(&in->word, in->word | DP_INGRESS_OPEN6, __ATOMIC_RELEASE);
	dp->prefixes++;
	dp->realm_use[in->realm].prefixes++;
	dp->realm_use[in->realm].sessions += !four_open(dp, slot);
	if (c->told->reachable6 && c->ordered6)
		dp_reach_tell(dp, slot, true);
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

/* What of the rest whole PPP frames need. */
static void
write_frames(struct dp *dp, uint32_t slot)
{
	write_mtu(dp, slot);
	write_tos(dp, slot);
	dp_trace_mark(dp, slot);
	dp_switch_apply(dp, slot);
}

/* Where no worker reads its lines any more; nothing of it fails. */
void
dp_session_apply(struct dp *dp, uint32_t slot)
{
	struct dp_cold *c = &dp->cold[slot];
	unsigned parts = c->pending;

	c->pending = 0;
	if ((parts & DP_PART_LINES) != 0) {
		write_lines(dp, slot);
		if (has_frames(dp, slot))
			write_frames(dp, slot);
	}
	if ((parts & DP_PART_4) != 0 && c->told->open)
		open_four(dp, slot);
	if ((parts & DP_PART_6) != 0 && c->told->open6)
		open_six(dp, slot);
}

void
dp_lines_shut4(struct dp *dp, uint32_t slot)
{
	struct dp_cold *c = &dp->cold[slot];

	if (c->told->open && ((c->pending & DP_PART_4) != 0 || four_open(dp, slot)))
		dp_lines_put_route(dp, c->told, DP_ROUTE_NOBODY);
	c->pending &= ~DP_PART_4 & DP_PART_ALL;
	if (!four_open(dp, slot))
		return;
	__atomic_store_n(&dp->ingress[slot].word, dp->ingress[slot].word & ~DP_INGRESS_OPEN4,
		__ATOMIC_RELEASE);
	dp_reach_hold(dp, slot, false, false);
	dp->addresses--;
	dp->realm_use[dp->ingress[slot].realm].addresses--;
	dp->realm_use[dp->ingress[slot].realm].sessions -= !six_open(dp, slot);
	c->token = dp_grace_begin(dp);
}

void
dp_lines_shut6(struct dp *dp, uint32_t slot)
{
	struct dp_cold *c = &dp->cold[slot];

	if (c->told->open6 && ((c->pending & DP_PART_6) != 0 || six_open(dp, slot)))
		dp_inner6_put(dp, c->told, DP_ROUTE_NOBODY);
	c->pending &= ~DP_PART_6 & DP_PART_ALL;
	if (!six_open(dp, slot))
		return;
	__atomic_store_n(&dp->ingress[slot].word, dp->ingress[slot].word & ~DP_INGRESS_OPEN6,
		__ATOMIC_RELEASE);
	dp_reach_hold(dp, slot, true, false);
	dp->prefixes--;
	dp->realm_use[dp->ingress[slot].realm].prefixes--;
	dp->realm_use[dp->ingress[slot].realm].sessions -= !four_open(dp, slot);
	c->token = dp_grace_begin(dp);
}

void
dp_lines_unlink(struct dp *dp, uint32_t slot)
{
	__atomic_store_n(&dp->ingress[slot].word, 0, __ATOMIC_RELEASE);
	dp->cold[slot].token = dp_grace_begin(dp);
}
