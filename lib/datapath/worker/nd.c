/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ND and ICMPv6 echo for our own addresses on the outside (RFC 4861, 4443), answered on the worker
 * as ARP is. What is heard of a neighbour that we talk to goes to the control thread, which alone
 * learns. Routers advertise in vain: the gateway is what the configuration says.
 */
#include <rte_cycles.h>

#include "datapath/ends.h"
#include "datapath/table/outside.h"
#include "datapath/worker/answers.h"
#include "datapath/worker/kernel.h"
#include "datapath/worker/punt.h"
#include "datapath/worker/tags.h"
#include "datapath/worker/uplink.h"
#include "datapath/worker/worker.h"
#include "wire/nd.h"

enum {
	OUR_HOPS = 64,
	MLD_QUERY_BYTES = 24, /* at least */
	MLD_HOPS = 1,
};

/* What a message says, and of whom: see enum dp_says. */
struct claim {
	struct dp_ip who;
	uint8_t mac[WIRE_MAC];
	uint8_t says;
};

/* The MAC address and who it says it is, as in ARP. */
static uint64_t
station(const struct claim *c)
{
	uint64_t mac = 0;

	memcpy(&mac, c->mac, WIRE_MAC);
	return mac ^ c->who.high ^ c->who.low;
}

static struct claim
claim_of(const struct wire_nd *nd, const uint8_t *ether)
{
	struct claim c = {.says = nd->mac != NULL ? DP_SAYS_MAC : 0};

	c.who = dp_ip6(nd->type == WIRE_ND_SOLICIT ? nd->source : nd->about);
	if ((nd->flags & WIRE_ND_SOLICITED) != 0)
		c.says |= DP_SAYS_HERE;
	memcpy(c.mac, nd->mac != NULL ? nd->mac : ether + WIRE_ETHER_SOURCE, WIRE_MAC);
	return c;
}

/* All that claim to be one neighbour have one share, but the known one has its own: see answer.c.
 */
static void
punt(struct dp_worker *w, unsigned lan, struct rte_mbuf *m, const struct claim *c)
{
	struct dp_punt_meta meta = {
		.lan = (uint16_t)lan, .slot = DP_NO_SLOT, .remote = c->who, .says = c->says};
	uint64_t source = c->who.high ^ c->who.low, flow = station(c);

	memcpy(meta.mac, c->mac, WIRE_MAC);
	if (dp_neighbour_asked(w->dp, (uint16_t)lan, c->who, c->mac))
		source = flow;
	dp_punt_claim(w, m, &meta, source, flow, DP_EDGE_LOCAL_PUNT_ND);
}

/* The answer, in the question's buffer: to all nodes where it came from nobody. */
static void
advertise(struct dp_worker *w, unsigned lan, struct rte_mbuf *m, const struct wire_nd *nd,
	const struct claim *c)
{
	static const uint8_t all_nodes[WIRE_MAC] = {0x33, 0x33, 0, 0, 0, 1};
	uint8_t *ether = rte_pktmbuf_mtod(m, uint8_t *), packet[WIRE_ND_PACKET];
	const uint8_t *mac = dp_lan_mac(w->dp, lan);
	bool from_nobody = wire_ipv6_unspecified(nd->source);
	size_t len = wire_nd_write_advert(packet, nd, mac, WIRE_ND_OVERRIDE);

	wire_ether_write(ether, from_nobody ? all_nodes : c->mac, mac, WIRE_TYPE_IPV6);
	memcpy(ether + WIRE_ETHER, packet, len);
	m->data_len = (uint16_t)(WIRE_ETHER + len);
	m->pkt_len = m->data_len;
	w->counts.edges[DP_EDGE_LOCAL_ND]++;
	dp_tx_lan(w, lan, m);
}

static void
answer_nd(struct dp_worker *w, unsigned lan, struct rte_mbuf *m, unsigned at, unsigned len)
{
	uint8_t *ether = rte_pktmbuf_mtod(m, uint8_t *);
	struct rte_mbuf *copy;
	struct wire_nd nd;
	struct claim c;
	bool asks, known;

	if (at != WIRE_IPV6 || !wire_nd_read(ether + WIRE_ETHER, len, &nd)) {
		dp_drop_frame(w, m, DP_DROP_LOCAL_ND_MALFORMED);
		return;
	}
	c = claim_of(&nd, ether);
	if ((c.mac[0] & 1) != 0) {
		dp_drop_frame(w, m, DP_DROP_LOCAL_ND_MALFORMED);
		return;
	}
	known = c.says != 0 && dp_neighbour_wanted(w->dp, (uint16_t)lan, c.who);
	if (dp_is_own(w->dp, lan, c.who) || dp_uplink_is_claimed(w->dp, lan, c.who, known)) {
		dp_punt_conflict(w, lan, m, c.who, c.mac);
		return;
	}
	asks = nd.type == WIRE_ND_SOLICIT &&
	       (dp_is_own_on(w->dp, dp_ip6(nd.about), (uint16_t)lan) ||
		       (!wire_ipv6_unspecified(nd.source) &&
			       dp_uplink_proxies(w->dp, lan, dp_ip6(nd.about))));
	if (nd.type == WIRE_ND_ADVERT && dp_kernel_of(w->dp, lan) != 0 &&
		dp_within_rate(w, w->arp_rates, station(&c), DP_ARP_COST_MS))
		dp_kernel_copy(w, lan, m, station(&c)); /* the kernel may have asked */
	if (asks && !dp_within_rate(w, w->arp_rates, station(&c), DP_ARP_COST_MS)) {
		dp_drop_frame(w, m, DP_DROP_LOCAL_ND_LIMIT);
	} else if (asks) {
		copy = known ? rte_pktmbuf_alloc(w->dp->pool) : NULL;
		if (copy != NULL)
			punt(w, lan, copy, &c);
		advertise(w, lan, m, &nd, &c);
	} else if (known) {
		punt(w, lan, m, &c);
	} else {
		dp_drop_frame(w, m, DP_DROP_LOCAL_ND_IGNORED);
	}
	/* exits: LOCAL_ND, LOCAL_PUNT_ND; drops LOCAL_ND_* */
}

/*
 * A router of the link asks who listens to groups (RFC 3810 section 5.1.14): the control thread
 * tells it, and soon, as there is nobody to wait for. Whichever group it asks for, all are told.
 */
static void
answer_query(struct dp_worker *w, unsigned lan, struct rte_mbuf *m, unsigned at, unsigned len)
{
	const uint8_t *ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, WIRE_ETHER);
	struct dp_punt_meta meta = {
		.lan = (uint16_t)lan, .slot = DP_NO_SLOT, .says = DP_SAYS_QUERY};
	struct dp_ip router = dp_ip6(ip + WIRE_IPV6_SOURCE);

	if (len < at + MLD_QUERY_BYTES || ip[WIRE_IPV6_HOPS] != MLD_HOPS ||
		!wire_ipv6_link_local(ip + WIRE_IPV6_SOURCE)) {
		dp_drop_frame(w, m, DP_DROP_LOCAL_MLD);
		return;
	}
	if (!dp_within_rate(w, w->arp_rates, dp_ip_host(router), DP_QUERY_COST_MS)) {
		dp_drop_frame(w, m, DP_DROP_LOCAL_MLD_LIMIT);
		return;
	}
	meta.remote = router;
	dp_kernel_copy(w, lan, m, dp_ip_host(router)); /* it has groups of its own */
	dp_punt_claim(w, m, &meta, dp_ip_host(router), dp_ip_host(router), DP_EDGE_LOCAL_PUNT_MLD);
}

/* DP_DROP_COUNT: it is answered. */
static enum dp_drop_cause
may_echo(struct dp_worker *w, unsigned lan, const uint8_t *ip, unsigned at, unsigned len)
{
	struct dp_ip sender = dp_ip6(ip + WIRE_IPV6_SOURCE);

	if (at != WIRE_IPV6 || ip[at + WIRE_ICMP_CODE] != 0 ||
		wire_ipv6_multicast(ip + WIRE_IPV6_TARGET))
		return DP_DROP_LOCAL_ICMP_IGNORED;
	if (dp_is_own(w->dp, lan, sender))
		return DP_DROP_CLASSIFY_LAND;
	if (len > dp_lan_mtu(w->dp, lan) ||
		!dp_within_rate(w, w->echo_rates, dp_ip_host(sender), DP_ECHO_COST_MS) ||
		!cv_bucket_take(&w->echoes, rte_rdtsc()))
		return DP_DROP_LOCAL_ECHO_LIMIT;
	return DP_DROP_COUNT;
}

/* Answered to where it came from, so it costs no state. The sum of both addresses stays. */
static void
answer_echo(struct dp_worker *w, unsigned lan, struct rte_mbuf *m, unsigned at, unsigned len)
{
	uint8_t *ether = rte_pktmbuf_mtod(m, uint8_t *), *ip = ether + WIRE_ETHER;
	enum dp_drop_cause cause = may_echo(w, lan, ip, at, len);
	uint8_t *icmp = ip + WIRE_IPV6, us[WIRE_IPV6_ADDRESS];

	if (cause != DP_DROP_COUNT) {
		dp_drop_frame(w, m, cause);
		return;
	}
	memcpy(ether, ether + WIRE_ETHER_SOURCE, WIRE_MAC);
	memcpy(ether + WIRE_ETHER_SOURCE, dp_lan_mac(w->dp, lan), WIRE_MAC);
	memcpy(us, ip + WIRE_IPV6_TARGET, sizeof(us));
	memcpy(ip + WIRE_IPV6_TARGET, ip + WIRE_IPV6_SOURCE, sizeof(us));
	memcpy(ip + WIRE_IPV6_SOURCE, us, sizeof(us));
	/* its traffic class but for ECN, no flow label */
	wire_put32(ip, wire_get32(ip) & UINT32_C(0xffc00000));
	ip[WIRE_IPV6_HOPS] = OUR_HOPS;
	icmp[0] = WIRE_ICMPV6_ECHO_REPLY;
	wire_checksum_replace(icmp + WIRE_ICMP_SUM, WIRE_ICMPV6_ECHO, WIRE_ICMPV6_ECHO_REPLY);
	w->counts.edges[DP_EDGE_LOCAL_ECHO]++;
	dp_tx_lan(w, lan, m);
}

/* A solicitation for an address of a client, on its solicited-node group or to itself. */
static bool
is_proxied(const struct dp *dp, unsigned lan, const uint8_t *ip, unsigned at, unsigned len)
{
	static const uint8_t solicited[13] = {0xff, 0x02, [11] = 1, [12] = 0xff};
	const uint8_t *target = ip + WIRE_IPV6_TARGET, *about = ip + at + WIRE_ND_TARGET;

	if (len < at + WIRE_ND_TARGET + WIRE_IPV6_ADDRESS || ip[at] != WIRE_ND_SOLICIT ||
		(memcmp(target, solicited, sizeof(solicited)) != 0 &&
			!wire_ipv6_equal(target, about)))
		return false;
	return dp_uplink_proxies(dp, lan, dp_ip6(about));
}

/* What is wrong with it whatever it is; DP_DROP_COUNT: nothing. */
static enum dp_drop_cause
check(const struct dp *dp, unsigned lan, const uint8_t *ip, unsigned at, unsigned len)
{
	const uint8_t *source = ip + WIRE_IPV6_SOURCE, *target = ip + WIRE_IPV6_TARGET;

	if (!dp_is_own(dp, lan, dp_ip6(target)) && !dp_is_own_group(dp, target, (uint16_t)lan) &&
		!is_proxied(dp, lan, ip, at, len))
		return DP_DROP_CLASSIFY_DESTINATION;
	if (len < at + WIRE_ICMP_HEADER ||
		!wire_icmpv6_sum_right(ip + at, len - at, source, target))
		return DP_DROP_LOCAL_ICMP_CHECKSUM;
	if (wire_ipv6_unspecified(source) && ip[at] != WIRE_ND_SOLICIT)
		return DP_DROP_CLASSIFY_MARTIAN;
	return DP_DROP_COUNT;
}

void
dp_answer_icmpv6(struct dp_worker *w, unsigned lan, struct rte_mbuf *m, unsigned at, unsigned len)
{
	const uint8_t *ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, WIRE_ETHER);
	enum dp_drop_cause cause = check(w->dp, lan, ip, at, len);

	if (cause != DP_DROP_COUNT) {
		dp_drop_frame(w, m, cause);
		return;
	}
	switch (ip[at]) {
	case WIRE_ND_SOLICIT:
	case WIRE_ND_ADVERT:
		answer_nd(w, lan, m, at, len);
		return;
	case WIRE_ICMPV6_ECHO:
		answer_echo(w, lan, m, at, len);
		return;
	case WIRE_ICMPV6_TOO_BIG:
		dp_path_take6(w, lan, m, at, len);
		return;
	case WIRE_ND_ROUTER_SOLICIT:
	case WIRE_ND_ROUTER_ADVERT:
	case WIRE_ND_REDIRECT:
		cause = DP_DROP_LOCAL_ND_ROUTER;
		break;
	case WIRE_MLD_QUERY:
		answer_query(w, lan, m, at, len);
		return;
	case WIRE_MLD_REPORT:
	case WIRE_MLD_DONE:
	case WIRE_MLD_REPORT_2:
		cause = DP_DROP_LOCAL_MLD;
		break;
	default:
		cause = DP_DROP_LOCAL_ICMP_IGNORED;
	}
	dp_drop_frame(w, m, cause);
	/* exits: LOCAL_ND, LOCAL_PUNT_ND, LOCAL_ECHO; drops LOCAL_ND_*, LOCAL_MLD, LOCAL_ICMP_*,
	 * LOCAL_ECHO_LIMIT, those of path.c, CLASSIFY_DESTINATION, CLASSIFY_MARTIAN, CLASSIFY_LAND
	 */
}
