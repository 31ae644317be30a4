/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Next hops and their MAC addresses (RFC 826, RFC 4861), on the control thread. A neighbour appears
 * when something is to be sent to it, is asked for three times, confirmed every half minute while
 * it is used, and forgotten when it is not.
 *
 * ARP and ND can be forged by any station of the link, so a neighbour that is known is believed
 * alone: what another one claims to be it, asked or not, only makes us ask the known one, at most
 * once a second. Only after that was silent three times all are asked, and the first to answer is
 * it. So it makes no difference whether an advertisement would override what is known (RFC 4861
 * section 7.2.5). Who won't trust the link to that gives a gateway's MAC address in the
 * configuration.
 */
#include <stdio.h>
#include <string.h>

#include "datapath/control/control.h"
#include "datapath/control/neighbours.h"
#include "datapath/ends.h"
#include "datapath/table/outside.h"
#include "datapath/table/uplink.h"
#include "datapath/worker/punt.h"

enum {
	ASK_TIMES = 3,
	/* Neighbours that nobody has asked for yet, of each sender: a hundred a second, */
	NEW_COST_MS = 10,
	NEW_MOST_MS = 2000, /* and 200 at once */
};

#define ASK_NS CV_NS_PER_S
#define CONFIRM_NS (30 * CV_NS_PER_S)
#define RETRY_NS (5 * CV_NS_PER_S)
#define FORGET_NS (60 * CV_NS_PER_S)

/* Our address that asks may be another by now. Where there is none, it stays as it was: a neighbour
 * that is still needed is asked all the same. */
static void
renew_source(const struct dp *dp, struct neighbour *n)
{
	const struct cv_ip *from;

	if (dp_is_own_on(dp, dp_ip_of(&n->from), n->lan))
		return;
	from = dp_uplink_source(dp, n->lan, &n->ip);
	if (from != NULL)
		n->from = *from;
}

/* Asks: the known address when only confirming, else all. */
static void
ask(struct dp *dp, struct neighbour *n)
{
	renew_source(dp, n);
	if (n->up)
		dp_wanted_ask(dp, n->lan, dp_ip_of(&n->ip), n->mac);
	dp_question_send(dp, n->lan, &n->from, &n->ip, n->up && n->tries == 1 ? n->mac : NULL);
}

const char *
dp_lan_text(const struct dp *dp, uint16_t lan, char out[DP_LAN_TEXT])
{
	const struct dp_lan *l = &dp->lans[lan];
	char vlan[24] = "";

	if (l->outer != 0)
		snprintf(vlan, sizeof(vlan), " vlan=%u.%u", l->outer, l->vlan);
	else if (l->vlan != 0)
		snprintf(vlan, sizeof(vlan), " vlan=%u", l->vlan);
	snprintf(out, DP_LAN_TEXT, "port=%s%s", dp->ports[l->port].name, vlan);
	return out;
}

/* A line about a neighbour that sessions use. */
static void
say(const struct dp *dp, const struct neighbour *n, const char *event, const char *more)
{
	char text[CV_IP_TEXT], lan[DP_LAN_TEXT];

	cv_log_event(dp->log, CV_LOG_WARNING, event, "address=%s %s users=%u%s",
		cv_ip_text(&n->ip, text), dp_lan_text(dp, n->lan, lan), n->users, more);
}

/* Of the frames that go to it. */
static uint16_t
type_of(const struct neighbour *n)
{
	return n->ip.family == CV_IPV4 ? WIRE_TYPE_IPV4 : WIRE_TYPE_IPV6;
}

/* What is known of it becomes what workers use. */
static void
write_hop(struct dp *dp, const struct neighbour *n)
{
	struct dp_nexthop *hop = &dp->nexthops[n->hop];
	const struct dp_lan *l = &dp->lans[n->lan];
	uint8_t ether[16] = {0};
	uint64_t more;

	if (!n->up) {
		__atomic_store_n(&hop->second, 0, __ATOMIC_RELAXED);
		return;
	}
	wire_ether_write(ether, n->mac, dp_lan_mac(dp, n->lan), type_of(n));
	__atomic_store_n(&hop->first, wire_load64(ether), __ATOMIC_RELAXED);
	__atomic_store_n(&dp->hop_tags[n->hop], l->tags, __ATOMIC_RELAXED);
	more = (uint64_t)l->port << 48 |
	       (uint64_t)(l->tag_bytes / WIRE_VLAN_TAG) << DP_NEXTHOP_TAGS | DP_NEXTHOP_UP;
	__atomic_store_n(&hop->second, wire_load64(ether + 8) | more, __ATOMIC_RELEASE);
}

static void
publish(struct dp *dp, const struct neighbour *n)
{
	write_hop(dp, n);
	if (n->users != 0)
		dp_vias_aim(dp);
}

void
dp_neighbours_publish(struct dp *dp, uint16_t lan)
{
	for (size_t i = 0; i < DP_MAX_NEXTHOPS; i++) {
		const struct neighbour *n = dp->neighbours->by_hop[i];

		if (n != NULL && n->lan == lan)
			write_hop(dp, n);
	}
}

static void
start_asking(struct dp *dp, struct neighbour *n, uint64_t now)
{
	if (n->tries != 0)
		return;
	n->tries = 1;
	ask(dp, n);
	cv_wheel_arm(&dp->neighbours->wheel, &n->timer, cv_time_add(now, ASK_NS));
}

/* The MAC address that the configuration gives for a gateway, or NULL. */
static const uint8_t *
configured_mac(const struct dp *dp, uint16_t lan, const struct cv_ip *ip)
{
	static const uint8_t none[6];

	for (uint32_t i = 0; i < dp->outside->services; i++) {
		const struct dp_own *own = &dp->outside->own[i];
		const struct dp_service *told = &dp->services[own->service]->told;

		if (own->lan == lan && cv_ip_equal(&told->gateway, ip) &&
			memcmp(told->gateway_mac, none, sizeof(none)) != 0)
			return told->gateway_mac;
	}
	return NULL;
}

static struct neighbour *
new_neighbour(struct dp *dp, uint64_t now, uint16_t lan, const struct cv_ip *from,
	const struct cv_ip *ip, uint64_t hash)
{
	const uint8_t *mac = configured_mac(dp, lan, ip);
	struct neighbour *n = dp_neighbour_make(dp, lan, ip, hash);

	if (n == NULL)
		return NULL;
	n->from = *from;
	n->used_at = now;
	if (mac != NULL) {
		memcpy(n->mac, mac, sizeof(n->mac));
		n->fixed = n->up = true;
		publish(dp, n);
	} else {
		start_asking(dp, n, now);
	}
	dp_neighbour_queue_up(dp->neighbours, n);
	return n;
}

/* Whether a service reaches an address of its family without a gateway. */
static bool
on_link(const struct dp_service *s, const struct cv_ip *ip)
{
	struct cv_prefix prefix = {.ip = s->ip, .length = s->prefix_length};

	return cv_prefix_contains(&prefix, ip) ||
	       (ip->family == CV_IPV6 && wire_ipv6_link_local(ip->bytes));
}

/* The neighbour of an address on a LAN, made when it is new; NULL: there is no room. */
static struct neighbour *
get(struct dp *dp, uint64_t now, uint16_t lan, const struct cv_ip *from, const struct cv_ip *ip)
{
	uint64_t hash;
	struct neighbour *n = dp_neighbour_find(dp, lan, ip, &hash);

	if (n == NULL)
		n = new_neighbour(dp, now, lan, from, ip, hash);
	if (n != NULL && now > n->used_at)
		n->used_at = now;
	if (n != NULL && n->up)
		dp_neighbour_queue_up(dp->neighbours, n);
	return n;
}

/* The neighbour that packets to ip go to, made when it is new; NULL, and why in *rc. */
static struct neighbour *
route(struct dp *dp, uint64_t now, uint16_t service, const struct cv_ip *ip, int *rc)
{
	const struct dp_service_record *s = dp->services[service];
	struct neighbour *n;

	*rc = CV_ERR_UNKNOWN;
	if (s == NULL || ip->family != s->told.ip.family)
		return NULL;
	if (!on_link(&s->told, ip))
		ip = &s->told.gateway;
	if (ip->family == 0)
		return NULL;
	n = get(dp, now, dp->ifaces[s->told.iface].lan, &s->told.ip, ip);
	if (n != NULL && s->set)
		n->from = s->told.ip;
	*rc = CV_ERR_LIMIT;
	return n;
}

int
dp_nexthop_get(struct dp *dp, uint64_t now, uint16_t service, const struct cv_ip *ip)
{
	int rc;
	struct neighbour *n = route(dp, now, service, ip, &rc);

	if (n == NULL)
		return rc == CV_ERR_LIMIT ? -1 : -2;
	n->users++;
	dp_neighbour_queue_up(dp->neighbours, n);
	return n->hop;
}

int
dp_nexthop_hold(struct dp *dp, uint64_t now, uint16_t lan, const struct cv_ip *ip)
{
	const struct cv_ip *from = dp_uplink_source(dp, lan, ip);
	struct neighbour *n = from == NULL ? NULL : get(dp, now, lan, from, ip);

	if (n == NULL)
		return -1;
	n->users++;
	dp_neighbour_queue_up(dp->neighbours, n);
	return n->hop;
}

void
dp_nexthop_put(struct dp *dp, int hop)
{
	struct neighbour *n = dp->neighbours->by_hop[hop];

	if (n == NULL || n->users == 0)
		return;
	n->users--;
	if (n->users == 0)
		dp_neighbour_queue_up(dp->neighbours, n);
}

static int
send_to(struct dp *dp, const struct neighbour *n, struct rte_mbuf *m)
{
	uint8_t *ether = rte_pktmbuf_mtod(m, uint8_t *) - WIRE_ETHER; /* in the headroom */

	m->data_off = (uint16_t)(m->data_off - WIRE_ETHER);
	m->data_len = (uint16_t)(m->data_len + WIRE_ETHER);
	m->pkt_len += WIRE_ETHER;
	wire_ether_write(ether, n->mac, dp_lan_mac(dp, n->lan), type_of(n));
	return dp_send_frame(dp, n->lan, m);
}

/* Now, or when n is known; NULL: there was no room for one. */
static int
send_or_wait(struct dp *dp, uint64_t now, struct neighbour *n, struct rte_mbuf *m)
{
	if (n != NULL && n->up)
		return send_to(dp, n, m);
	if (n == NULL || n->waiting == DP_WAITING_MAX || !dp_neighbour_packet_room(dp, n)) {
		dp_drop_control(dp, m, DP_DROP_NEIGHBOUR_QUEUE_FULL);
		return CV_ERR_LIMIT;
	}
	n->packets[n->waiting++] = m;
	dp->neighbours->waiting++;
	start_asking(dp, n, now);
	return 0;
}

int
dp_neighbour_send(
	struct dp *dp, uint64_t now, uint16_t service, const struct cv_ip *ip, struct rte_mbuf *m)
{
	int rc;
	struct neighbour *n = route(dp, now, service, ip, &rc);

	if (n == NULL && rc == CV_ERR_UNKNOWN) {
		dp_drop_control(dp, m, DP_DROP_NEIGHBOUR_NO_ROUTE);
		return rc;
	}
	return send_or_wait(dp, now, n, m);
}

/* Whether the sender of an inner packet may have one more asked for: who tries all addresses of a
 * network makes no storm of questions there (RFC 6583 section 7.1). */
static bool
may_ask(struct dp *dp, uint64_t now, const struct rte_mbuf *m)
{
	const uint8_t *ip = rte_pktmbuf_mtod(m, const uint8_t *);
	uint64_t source = ip[0] >> 4 == 6 ? wire_load64(ip + WIRE_IPV6_SOURCE)
					  : wire_load32(ip + WIRE_IPV4_SOURCE);

	return cv_limit_take(&dp->neighbours->asks[dp_hash(dp, source) % DP_ASKERS],
		(uint32_t)(now / CV_NS_PER_MS), NEW_COST_MS, NEW_MOST_MS);
}

void
dp_neighbour_resolve(struct dp *dp, uint64_t now, struct rte_mbuf *m)
{
	const struct dp_punt_meta *meta = dp_meta(m);
	struct cv_ip ip = dp_ip_told(meta->remote);
	const struct cv_ip *from = dp_uplink_source(dp, meta->lan, &ip);
	uint64_t hash;

	if (from == NULL)
		dp_drop_control(dp, m, DP_DROP_NEIGHBOUR_NO_ROUTE);
	else if (dp_neighbour_find(dp, meta->lan, &ip, &hash) == NULL && !may_ask(dp, now, m))
		dp_drop_control(dp, m, DP_DROP_NEIGHBOUR_ASK_LIMIT);
	else
		(void)send_or_wait(dp, now, get(dp, now, meta->lan, from, &ip), m);
}

static void
confirm(struct dp *dp, struct neighbour *n, uint64_t now)
{
	n->tries = 0;
	n->confirmed_at = now;
	cv_wheel_arm(&dp->neighbours->wheel, &n->timer, cv_time_add(now, CONFIRM_NS));
}

/* Whose MAC address was asked for has it, the first time or another than before. */
static void
resolve(struct dp *dp, struct neighbour *n, uint64_t now, const uint8_t mac[6])
{
	static const uint8_t none[6];
	char more[64];

	snprintf(more, sizeof(more),
		" from=%02x:%02x:%02x:%02x:%02x:%02x to=%02x:%02x:%02x:%02x:%02x:%02x", n->mac[0],
		n->mac[1], n->mac[2], n->mac[3], n->mac[4], n->mac[5], mac[0], mac[1], mac[2],
		mac[3], mac[4], mac[5]);
	if (n->users != 0 && memcmp(n->mac, none, 6) != 0 && memcmp(n->mac, mac, 6) != 0)
		say(dp, n, "neighbour-moved", more);
	else if (n->missed)
		say(dp, n, "neighbour-back", "");
	n->missed = false;
	n->up = true;
	memcpy(n->mac, mac, sizeof(n->mac));
	publish(dp, n);
	if (n->adjacency == DP_NO_SLOT)
		n->adjacency = dp_adjacency_get(dp, n->lan, &n->ip, n->hop);
	confirm(dp, n, now);
	dp_neighbour_queue_up(dp->neighbours, n);
	for (unsigned i = 0; i < n->waiting; i++)
		send_to(dp, n, n->packets[i]);
	dp->neighbours->waiting -= n->waiting;
	n->waiting = 0;
}

void
dp_neighbour_configure(struct dp *dp, uint64_t now, uint16_t lan, const struct cv_ip *ip)
{
	const uint8_t *mac = configured_mac(dp, lan, ip);
	uint64_t hash;
	struct neighbour *n = dp_neighbour_find(dp, lan, ip, &hash);

	if (n == NULL || (mac == NULL && !n->fixed))
		return;
	n->fixed = mac != NULL;
	if (mac == NULL) { /* it is who it was, until another answers in its place */
		start_asking(dp, n, now);
		return;
	}
	resolve(dp, n, now, mac);
	cv_wheel_cancel(&dp->neighbours->wheel, &n->timer);
}

/* Another station claims to be n. */
static void
doubt(struct dp *dp, struct neighbour *n, uint64_t now)
{
	uint64_t at = cv_time_add(n->confirmed_at, ASK_NS);

	if (n->fixed || n->tries != 0)
		return;
	if (now >= at)
		start_asking(dp, n, now);
	else
		cv_wheel_arm(&dp->neighbours->wheel, &n->timer, at);
}

enum dp_claim
dp_neighbour_learn(struct dp *dp, uint64_t now, uint16_t lan, const struct cv_ip *ip,
	const uint8_t mac[6], unsigned says)
{
	uint64_t hash;
	struct neighbour *n = dp_neighbour_find(dp, lan, ip, &hash);

	if (n == NULL || ((says & DP_SAYS_MAC) != 0 && (mac[0] & 1) != 0))
		return DP_CLAIM_NOBODY;
	if (n->up && (says & DP_SAYS_MAC) != 0 && memcmp(n->mac, mac, 6) != 0) {
		doubt(dp, n, now);
		return DP_CLAIM_DOUBTED;
	}
	/* unasked, of what is known it says nothing, or who repeats it would keep what nobody uses,
	 * and unconfirmed */
	if (n->up && n->tries != 0 && (says & DP_SAYS_HERE) != 0)
		confirm(dp, n, now);
	else if (!n->up && n->tries != 0 && (says & DP_SAYS_MAC) != 0)
		resolve(dp, n, now, mac);
	else if (!n->up && n->tries == 0)
		start_asking(dp, n, now);
	return DP_CLAIM_TAKEN;
}

/* The known one was silent: from now on anybody is believed. */
static void
ask_all(struct dp *dp, struct neighbour *n, uint64_t now)
{
	n->up = false;
	n->tries = 0;
	dp_neighbour_queue_up(dp->neighbours, n);
	publish(dp, n);
	start_asking(dp, n, now);
}

static void
lost(struct dp *dp, struct neighbour *n, uint64_t now)
{
	n->tries = 0;
	dp_neighbour_drop_waiting(dp, n, DP_DROP_NEIGHBOUR_UNREACHABLE);
	if (n->users == 0) {
		dp_neighbour_forget(dp, n, DP_DROP_NEIGHBOUR_UNREACHABLE);
		return;
	}
	if (!n->missed)
		say(dp, n, "neighbour-lost",
			n->ip.family == CV_IPV4 ? " reason=\"no answer to ARP\""
						: " reason=\"no answer to ND\"");
	n->missed = true;
	cv_wheel_arm(&dp->neighbours->wheel, &n->timer, cv_time_add(now, RETRY_NS));
}

static void
timeout(struct dp *dp, struct neighbour *n, uint64_t now)
{
	if (n->adjacency != DP_NO_SLOT && dp_adjacency_used(dp, n->adjacency))
		n->used_at = now;
	if (n->tries == 0 && n->users == 0 && now >= cv_time_add(n->used_at, FORGET_NS)) {
		dp_neighbour_forget(dp, n, DP_DROP_NEIGHBOUR_UNREACHABLE);
		return;
	}
	if (n->tries >= ASK_TIMES) {
		if (n->up)
			ask_all(dp, n, now);
		else
			lost(dp, n, now);
		return;
	}
	n->tries++;
	ask(dp, n);
	cv_wheel_arm(&dp->neighbours->wheel, &n->timer, cv_time_add(now, ASK_NS));
}

void
dp_neighbours_poll(struct dp *dp, uint64_t now)
{
	struct cv_timer *timer;

	while ((timer = cv_wheel_pop(&dp->neighbours->wheel, now)) != NULL)
		timeout(dp, (struct neighbour *)timer, now);
}

uint64_t
dp_neighbours_timeout(const struct dp *dp)
{
	return cv_wheel_next(&dp->neighbours->wheel);
}
