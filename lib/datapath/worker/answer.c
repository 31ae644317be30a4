/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ARP and ICMP echo for our own addresses on the outside (RFC 826, 792), answered on the worker:
 * a control thread that is late, or busy, cuts nobody off. What ARP says of a neighbour that we
 * talk to goes to the control thread, which alone learns.
 */
#include <rte_byteorder.h>
#include <rte_cycles.h>

#include "datapath/ends.h"
#include "datapath/table/outside.h"
#include "datapath/worker/answers.h"
#include "datapath/worker/kernel.h"
#include "datapath/worker/punt.h"
#include "datapath/worker/stages.h"
#include "datapath/worker/tags.h"
#include "datapath/worker/uplink.h"
#include "datapath/worker/worker.h"

enum {
	ECHO_FIRST_LIFE_MS = 1000,
	CONFLICTS = 1, /* all claims of what is not theirs have one share */
};

bool
dp_within_rate(struct dp_worker *w, uint32_t *rates, uint64_t source, uint32_t cost_ms)
{
	return cv_limit_take(
		&rates[dp_hash(w->dp, source) % DP_SOURCES], w->now_ms, cost_ms, DP_ECHO_MOST_MS);
}

/* The MAC address and who it says it is: who forges
 * another's ARP has his own rate and share. */
static uint64_t
station(const uint8_t *arp)
{
	return wire_load64(arp + WIRE_ARP_SENDER_MAC) ^
	       (uint64_t)wire_load32(arp + WIRE_ARP_SENDER_IP) << 16;
}

void
dp_punt_claim(struct dp_worker *w, struct rte_mbuf *m, const struct dp_punt_meta *claim,
	uint64_t source, uint64_t flow, enum dp_edge_name edge)
{
	enum dp_drop_cause cause;

	*dp_meta(m) = *claim;
	w->counts.edges[edge]++;
	cause = dp_punt_mbuf(w, m, DP_PUNT_ARP, source, flow);
	if (cause != DP_DROP_COUNT)
		dp_drop_frame(w, m, cause);
}

/* All that claim to be one neighbour have one share, however many MAC addresses a forger has; the
 * known one, whose answer tells that it is there, has its own. */
static void
punt_arp(struct dp_worker *w, unsigned lan, struct rte_mbuf *m, const uint8_t *arp)
{
	uint32_t sender = wire_load32(arp + WIRE_ARP_SENDER_IP);
	uint64_t source = sender, flow = station(arp);
	struct dp_punt_meta claim = {.lan = (uint16_t)lan,
		.slot = DP_NO_SLOT,
		.remote = dp_ip4(sender),
		.says = DP_SAYS_HERE | DP_SAYS_MAC};

	memcpy(claim.mac, arp + WIRE_ARP_SENDER_MAC, WIRE_MAC);
	if (dp_neighbour_asked(w->dp, (uint16_t)lan, claim.remote, claim.mac))
		source = flow;
	dp_punt_claim(w, m, &claim, source, flow, DP_EDGE_LOCAL_PUNT_ARP);
}

void
dp_punt_conflict(struct dp_worker *w, unsigned lan, struct rte_mbuf *m, struct dp_ip ip,
	const uint8_t mac[WIRE_MAC])
{
	struct dp_punt_meta claim = {
		.lan = (uint16_t)lan, .slot = DP_NO_SLOT, .remote = ip, .says = DP_SAYS_CONFLICT};
	uint64_t who = dp_ip_host(ip) ^ lan;
	bool v4 = dp_ip_is4(ip);

	memcpy(claim.mac, mac, WIRE_MAC);
	if (!cv_limit_take(&w->conflict_rates[dp_hash(w->dp, who) % DP_CONFLICTS], w->now_ms,
		    DP_CONFLICT_COST_MS, DP_CONFLICT_COST_MS))
		dp_drop_frame(w, m, v4 ? DP_DROP_LOCAL_ARP_CONFLICT : DP_DROP_LOCAL_ND_CONFLICT);
	else
		dp_punt_claim(w, m, &claim, CONFLICTS, who,
			v4 ? DP_EDGE_LOCAL_PUNT_ARP : DP_EDGE_LOCAL_PUNT_ND);
}

/* A request is answered in its own buffer, so what can be learned from it needs another. */
static void
punt_copy(struct dp_worker *w, unsigned lan, const struct rte_mbuf *m)
{
	struct rte_mbuf *copy = rte_pktmbuf_alloc(w->dp->pool);

	if (copy != NULL)
		punt_arp(w, lan, copy, rte_pktmbuf_mtod_offset(m, const uint8_t *, WIRE_ETHER));
}

/* Turns the request into its answer. */
static void
arp_reply(struct dp_worker *w, unsigned lan, struct rte_mbuf *m)
{
	uint8_t *ether = rte_pktmbuf_mtod(m, uint8_t *), *arp = ether + WIRE_ETHER;
	uint32_t asked = wire_load32(arp + WIRE_ARP_TARGET_IP);

	memcpy(ether, arp + WIRE_ARP_SENDER_MAC, 6);
	memcpy(ether + 6, dp_lan_mac(w->dp, lan), 6);
	wire_store16(arp + WIRE_ARP_OPERATION, WIRE_ARP_REPLY_BE);
	memcpy(arp + WIRE_ARP_TARGET_MAC, arp + WIRE_ARP_SENDER_MAC, 10);
	memcpy(arp + WIRE_ARP_SENDER_MAC, dp_lan_mac(w->dp, lan), 6);
	wire_store32(arp + WIRE_ARP_SENDER_IP, asked);
	w->counts.edges[DP_EDGE_LOCAL_ARP]++;
	dp_tx_lan(w, lan, m);
}

/* An answer to us, within the rate of who sends it: the kernel may have asked. */
static bool
answers_us(struct dp_worker *w, unsigned lan, const uint8_t *arp)
{
	struct dp_ip target = dp_ip4(wire_load32(arp + WIRE_ARP_TARGET_IP));

	return wire_load16(arp + WIRE_ARP_OPERATION) == WIRE_ARP_REPLY_BE &&
	       dp_is_own_on(w->dp, target, lan) &&
	       dp_within_rate(w, w->arp_rates, station(arp), DP_ARP_COST_MS);
}

void
dp_answer_arp(struct dp_worker *w, unsigned lan, struct rte_mbuf *m)
{
	const uint8_t *arp = rte_pktmbuf_mtod_offset(m, const uint8_t *, WIRE_ETHER);
	uint32_t sender, target;
	bool known, asks;

	if (rte_pktmbuf_data_len(m) < WIRE_ETHER + WIRE_ARP || !wire_arp_right(arp)) {
		dp_drop_frame(w, m, DP_DROP_LOCAL_ARP_MALFORMED);
		return;
	}
	sender = wire_load32(arp + WIRE_ARP_SENDER_IP);
	target = wire_load32(arp + WIRE_ARP_TARGET_IP);
	known = sender != 0 && dp_neighbour_wanted(w->dp, (uint16_t)lan, dp_ip4(sender));
	if (dp_is_local(w->dp, lan, sender) ||
		dp_uplink_is_claimed(w->dp, lan, dp_ip4(sender), known)) {
		dp_punt_conflict(w, lan, m, dp_ip4(sender), arp + WIRE_ARP_SENDER_MAC);
		return;
	}
	asks = wire_load16(arp + WIRE_ARP_OPERATION) == WIRE_ARP_REQUEST_BE &&
	       (dp_is_own_on(w->dp, dp_ip4(target), (uint16_t)lan) ||
		       (target != sender && dp_uplink_proxies(w->dp, lan, dp_ip4(target))));
	if (!asks && dp_kernel_of(w->dp, lan) != 0 && answers_us(w, lan, arp))
		dp_kernel_copy(w, lan, m, station(arp));
	if (asks && !dp_within_rate(w, w->arp_rates, station(arp), DP_ARP_COST_MS)) {
		dp_drop_frame(w, m, DP_DROP_LOCAL_ARP_LIMIT);
	} else if (asks) {
		if (known)
			punt_copy(w, lan, m);
		arp_reply(w, lan, m);
	} else if (known) {
		punt_arp(w, lan, m, arp);
	} else {
		dp_drop_frame(w, m, DP_DROP_LOCAL_ARP_IGNORED);
	}
	/* exits: LOCAL_ARP, LOCAL_PUNT_ARP; drops LOCAL_ARP_* */
}

/* A fragment of an echo request: which later ones belong to a first one that was answered. */
static struct dp_echo_first *
first_of(struct dp_worker *w, const uint8_t *ip)
{
	uint64_t key = wire_load64(ip + 12) * 31 + wire_load16(ip + 4);

	return &w->echo_firsts[dp_hash(w->dp, key) % DP_ECHO_FIRSTS];
}

static bool
follows_first(struct dp_worker *w, const uint8_t *ip)
{
	const struct dp_echo_first *f = first_of(w, ip);

	return f->addresses == wire_load64(ip + 12) && f->id == wire_load16(ip + 4) &&
	       w->now_ms - f->at_ms <= ECHO_FIRST_LIFE_MS;
}

/* DP_DROP_COUNT: it is answered. */
static enum dp_drop_cause
may_echo(struct dp_worker *w, const uint8_t *ip, enum dp_echo kind)
{
	uint32_t sender = wire_ipv4_source_be(ip);

	if (kind == DP_ECHO_CHECKSUM)
		return DP_DROP_LOCAL_ICMP_CHECKSUM;
	if (kind == DP_ECHO_NONE || (kind == DP_ECHO_LATER && !follows_first(w, ip)))
		return DP_DROP_LOCAL_ICMP_IGNORED;
	if (!dp_within_rate(w, w->echo_rates, sender, DP_ECHO_COST_MS) ||
		!cv_bucket_take(&w->echoes, rte_rdtsc()))
		return DP_DROP_LOCAL_ECHO_LIMIT;
	return DP_DROP_COUNT;
}

/* What is larger than the port's MTU, as a device may have put it together: in parts. */
static void
send_cut(struct dp_worker *w, unsigned lan, struct rte_mbuf *m)
{
	uint8_t *ether = rte_pktmbuf_mtod(m, uint8_t *), *ip = ether + WIRE_ETHER;
	struct rte_mbuf *parts[DP_BURST];
	unsigned n = dp_fragment_cut(w, ip, dp_lan_mtu(w->dp, lan), parts);

	for (unsigned i = 0; i < n; i++) {
		memcpy(rte_pktmbuf_prepend(parts[i], WIRE_ETHER), ether, WIRE_ETHER);
		dp_tx_lan(w, lan, parts[i]);
	}
	if (n == 0)
		dp_drop_frame(w, m, DP_DROP_LOCAL_ECHO_LIMIT);
	else
		dp_done_frame(w, m, DP_EDGE_LOCAL_ECHO);
}

/* Echo to our outer address: answered to where it came from, so it costs no state; a request in
 * fragments part by part. */
void
dp_answer_icmp(struct dp_worker *w, unsigned lan, struct rte_mbuf *m)
{
	uint8_t *ether = rte_pktmbuf_mtod(m, uint8_t *), *ip = ether + WIRE_ETHER;
	enum dp_echo kind = dp_echo_kind(ip);
	enum dp_drop_cause cause;

	if (kind == DP_ECHO_NONE && dp_path_is_about(ip)) {
		dp_path_take(w, lan, m);
		return;
	}
	cause = may_echo(w, ip, kind);
	if (cause != DP_DROP_COUNT) {
		dp_drop_frame(w, m, cause);
		return;
	}
	if (kind == DP_ECHO_FIRST)
		*first_of(w, ip) = (struct dp_echo_first){.addresses = wire_load64(ip + 12),
			.at_ms = w->now_ms,
			.id = wire_load16(ip + 4)};
	memcpy(ether, ether + 6, 6);
	memcpy(ether + 6, dp_lan_mac(w->dp, lan), 6);
	dp_echo_turn(ip, kind, w->now_ms);
	if (wire_ipv4_length(ip) > dp_lan_mtu(w->dp, lan)) {
		send_cut(w, lan, m);
		return;
	}
	w->counts.edges[DP_EDGE_LOCAL_ECHO]++;
	dp_tx_lan(w, lan, m);
	/* exits: LOCAL_ECHO; drops LOCAL_ICMP_*, LOCAL_ECHO_LIMIT */
}
