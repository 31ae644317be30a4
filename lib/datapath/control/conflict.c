/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Another station of a LAN claims an address that is ours there, or a client's for whom we answer
 * (RFC 5227 section 2.4, RFC 4862 section 5.4.5). Said once, and again while it lasts; of ours all
 * stations are told again whose it is, which they have just been told otherwise. Nothing is given
 * up: who configured one address twice has to see to it.
 */
#include <stdio.h>
#include <string.h>

#include "datapath/control/control.h"
#include "datapath/control/neighbours.h"
#include "datapath/table/outside.h"

enum {
	LINE_COST_MS = 6000, /* lines, whoever claims what: ten a minute, */
	LINE_MOST_MS = 60000 /* and ten at once */
};

#define AGAIN_NS (600 * CV_NS_PER_S)
#define DEFEND_NS (10 * CV_NS_PER_S) /* RFC 5227 section 1.1: DEFEND_INTERVAL */

/* One of two ports of ours on one LAN hears what the other says. */
static bool
is_our_own(const struct dp *dp, const uint8_t mac[WIRE_MAC])
{
	for (unsigned i = 0; i < dp->port_count; i++)
		if (memcmp(dp->ports[i].mac, mac, WIRE_MAC) == 0)
			return true;
	return false;
}

/* What is known of it, in the place of the oldest where it is new. */
static struct dp_conflict *
conflict_of(struct dp_conflicts *all, uint16_t lan, const struct cv_ip *ip, const uint8_t *mac)
{
	struct dp_conflict *oldest = &all->at[0];

	for (unsigned i = 0; i < DP_CONFLICTS; i++) {
		struct dp_conflict *c = &all->at[i];

		if (c->lan == lan && cv_ip_equal(&c->ip, ip) && memcmp(c->mac, mac, WIRE_MAC) == 0)
			return c;
		if (c->heard_at < oldest->heard_at)
			oldest = c;
	}
	*oldest = (struct dp_conflict){.lan = lan, .ip = *ip};
	memcpy(oldest->mac, mac, WIRE_MAC);
	return oldest;
}

/* All are told again, whom it has just told otherwise: of an address once in DEFEND_NS, whoever
 * claims it. Nothing of the kind is asked for over IPv6. */
static void
defend(struct dp *dp, uint64_t now, uint16_t lan, const struct cv_ip *ip)
{
	uint64_t *until =
		&dp->neighbours->conflicts
			 .defended_until[dp_hash(dp, cv_ipv4_value(ip) ^ (uint64_t)lan << 32) %
					 DP_CONFLICTS];

	if (now < *until)
		return;
	*until = cv_time_add(now, DEFEND_NS);
	dp_announce(dp, lan, ip);
}

static void
say(struct dp *dp, uint64_t now, const struct dp_conflict *c, bool ours)
{
	struct dp_conflicts *all = &dp->neighbours->conflicts;
	char ip[CV_IP_TEXT], lan[DP_LAN_TEXT], more[40] = "";

	if (!cv_limit_take(
		    &all->lines, (uint32_t)(now / CV_NS_PER_MS), LINE_COST_MS, LINE_MOST_MS)) {
		all->unsaid++;
		return;
	}
	if (all->unsaid != 0)
		snprintf(more, sizeof(more), " unsaid=%llu", (unsigned long long)all->unsaid);
	all->unsaid = 0;
	cv_log_event(dp->log, CV_LOG_WARNING, "address-conflict",
		"address=%s %s mac=%02x:%02x:%02x:%02x:%02x:%02x of=%s%s", cv_ip_text(&c->ip, ip),
		dp_lan_text(dp, c->lan, lan), c->mac[0], c->mac[1], c->mac[2], c->mac[3], c->mac[4],
		c->mac[5], ours ? "ours" : "client", more);
}

void
dp_conflict_heard(
	struct dp *dp, uint64_t now, uint16_t lan, const struct cv_ip *ip, const uint8_t mac[6])
{
	bool ours = dp_is_own(dp, lan, dp_ip_of(ip));
	struct dp_conflict *c;

	if (is_our_own(dp, mac))
		return;
	c = conflict_of(&dp->neighbours->conflicts, lan, ip, mac);
	c->heard_at = now;
	if (now >= c->said_until) {
		c->said_until = cv_time_add(now, AGAIN_NS);
		say(dp, now, c, ours);
	}
	if (ip->family == CV_IPV4 && dp_is_own_on(dp, dp_ip_of(ip), lan))
		defend(dp, now, lan, ip);
}
