/* SPDX-License-Identifier: BSD-3-Clause */
/* ICMP that the LNS sends into a tunnel (RFC 792, 1191, 1812): errors and echo replies, made of
 * the packet that caused them, in its own buffer. */
#include <rte_byteorder.h>

#include "datapath/ends.h"
#include "datapath/table/groups.h"
#include "datapath/worker/answers.h"
#include "datapath/worker/stages.h"
#include "datapath/worker/trace.h"
#include "datapath/worker/uplink.h"

enum {
	ERROR_BYTES = WIRE_IPV4 + WIRE_ICMP_HEADER,
	QUOTE_MAX = 576 - ERROR_BYTES, /* RFC 1812 section 4.3.2.3 */
	QUOTE_LEAST = 8,               /* behind the quoted header (RFC 792) */
	OUR_TTL = 64,
};

/* The error's headers and the next outgoing ones fit where the old ones were, and the headroom. */
_Static_assert(RTE_PKTMBUF_HEADROOM >= ERROR_BYTES + DP_HEADERS6 + WIRE_ETHER, "room in front");

static bool
is_icmp_error(const uint8_t *ip, unsigned len)
{
	unsigned header = wire_ipv4_header(ip);

	if (ip[WIRE_IPV4_PROTOCOL] != WIRE_ICMP)
		return false;
	if (len < header + 1)
		return true;
	return wire_icmp_is_error(ip[header]);
}

/* An IPv4 header of ours in front of ICMP. It can't be fragmented, so its identification is free to
 * be 0 (RFC 6864 section 4.1). */
static void
write_ip(uint8_t *ip, uint8_t tos, uint16_t total, uint32_t source, uint32_t target)
{
	const struct wire_ipv4 header = {.tos = tos,
		.length = total,
		.fragment = WIRE_IPV4_DONT,
		.ttl = OUR_TTL,
		.protocol = WIRE_ICMP,
		.source_be = source,
		.target_be = target};

	wire_ipv4_write(ip, &header);
}

/* Whether an error may answer this packet (RFC 1812 section 4.3.2.7: never an error, nor a later
 * fragment), and may now; else why not. quote: the bytes of it that go back. */
static enum dp_drop_cause
may_answer(struct dp_worker *w, const struct dp_packet *p, unsigned quote, enum dp_drop_cause cause)
{
	if (!dp_udp_sum_right(w->dp, p))
		return DP_DROP_INGRESS_UDP_CHECKSUM;
	if (quote < RTE_MIN(p->len, wire_ipv4_header(p->inner) + QUOTE_LEAST) ||
		is_icmp_error(p->inner, p->len) ||
		(wire_ipv4_fragment_be(p->inner) & WIRE_IPV4_OFFSET_BE) != 0)
		return cause;
	if (!cv_limit_take(
		    &w->limits[p->slot].errors, w->now_ms, DP_ERROR_COST_MS, DP_ERROR_MOST_MS))
		return cause;
	return DP_DROP_COUNT;
}

bool
dp_icmp_error(struct dp_worker *w, struct dp_packet *p, uint8_t type, uint8_t code, uint16_t mtu,
	enum dp_drop_cause cause)
{
	const struct dp_group_table *group = dp_group_of(w->dp, p->group);
	unsigned most = __atomic_load_n(&w->dp->egress[p->slot].mtu, __ATOMIC_RELAXED);
	unsigned quote = RTE_MIN(p->len, (unsigned)QUOTE_MAX);
	uint32_t sender = wire_ipv4_source_be(p->inner);
	uint8_t *ip = p->inner - ERROR_BYTES, *icmp = ip + WIRE_IPV4;

	if (quote + ERROR_BYTES > most)
		quote = most < ERROR_BYTES ? 0 : most - ERROR_BYTES;
	if (group != NULL && dp_uplink_answer(w, p, dp_ip4(sender)))
		cause = may_answer(w, p, quote, cause);
	if (cause != DP_DROP_COUNT) {
		dp_drop(w, p, cause);
		return false;
	}
	/* RFC 1812 section 4.3.2.5: its type of service, and precedence 6; never ECN */
	write_ip(ip, (uint8_t)((p->inner[1] & 0x1c) | 0xc0), (uint16_t)(ERROR_BYTES + quote),
		group->lns, sender);
	memset(icmp, 0, WIRE_ICMP_HEADER);
	icmp[0] = type;
	icmp[WIRE_ICMP_CODE] = code;
	wire_put16(icmp + WIRE_ICMP_MTU, mtu);
	wire_icmp_finish(icmp, WIRE_ICMP_HEADER + (size_t)quote);
	p->inner = ip;
	p->len = (uint16_t)(ERROR_BYTES + quote);
	p->inner_sum = wire_fold(wire_sum(ip, p->len));
	return true;
}

enum dp_echo
dp_echo_kind(const uint8_t *ip)
{
	unsigned header = wire_ipv4_header(ip), total = wire_ipv4_length(ip);
	uint16_t fragment = wire_ipv4_fragment_be(ip);
	const uint8_t *icmp = ip + header;

	if (ip[WIRE_IPV4_PROTOCOL] != WIRE_ICMP || !dp_options_harmless(ip, header))
		return DP_ECHO_NONE;
	if ((fragment & WIRE_IPV4_OFFSET_BE) != 0)
		return DP_ECHO_LATER;
	if (total < header + WIRE_ICMP_HEADER)
		return DP_ECHO_CHECKSUM;
	if ((fragment & WIRE_IPV4_MORE_BE) == 0 &&
		wire_fold(wire_sum(icmp, total - header)) != UINT16_MAX)
		return DP_ECHO_CHECKSUM;
	if (icmp[0] != WIRE_ICMP_ECHO || icmp[1] != 0)
		return DP_ECHO_NONE;
	return (fragment & WIRE_IPV4_MORE_BE) != 0 ? DP_ECHO_FIRST : DP_ECHO_WHOLE;
}

void
dp_echo_turn(uint8_t *ip, enum dp_echo kind, uint32_t now_ms)
{
	unsigned header = wire_ipv4_header(ip);
	uint32_t sender = wire_ipv4_source_be(ip), us = wire_ipv4_target_be(ip);
	uint8_t *icmp = ip + header;

	ip[WIRE_IPV4_TOS] &= 0xfc; /* RFC 1812 section 4.3.2.5: as in the request; but no ECN */
	ip[WIRE_IPV4_TTL] = OUR_TTL;
	wire_store32(ip + WIRE_IPV4_SOURCE, us);
	wire_store32(ip + WIRE_IPV4_TARGET, sender);
	dp_options_record(ip, header, us, now_ms);
	wire_ipv4_finish(ip);
	if (kind == DP_ECHO_LATER)
		return;
	icmp[0] = WIRE_ICMP_ECHO_REPLY;
	wire_checksum_replace(icmp + WIRE_ICMP_SUM, WIRE_ICMP_ECHO, WIRE_ICMP_ECHO_REPLY);
}

/* What becomes of an echo request to our inner address; DP_DROP_COUNT: it is answered. */
static enum dp_drop_cause
may_echo(struct dp_worker *w, struct dp_packet *p, enum dp_echo kind)
{
	if (!dp_udp_sum_right(w->dp, p))
		return DP_DROP_INGRESS_UDP_CHECKSUM;
	if (!dp_uplink_answer(w, p, dp_ip4(wire_ipv4_source_be(p->inner))))
		return DP_DROP_ROUTE_LNS;
	if (kind == DP_ECHO_NONE || kind == DP_ECHO_CHECKSUM)
		return DP_DROP_ROUTE_LNS;
	if (kind == DP_ECHO_LATER && !dp_follow_seen(w, p))
		return DP_DROP_POLICY_FRAGMENT;
	if (!cv_limit_take(&w->limits[p->slot].echoes, w->now_ms, DP_ECHO_COST_MS, DP_ECHO_MOST_MS))
		return DP_DROP_ROUTE_ECHO_LIMIT;
	return DP_DROP_COUNT;
}

bool
dp_icmp_echo(struct dp_worker *w, struct dp_packet *p)
{
	enum dp_echo kind = dp_echo_kind(p->inner);
	enum dp_drop_cause cause = may_echo(w, p, kind);
	unsigned mtu = __atomic_load_n(&w->dp->egress[p->slot].mtu, __ATOMIC_RELAXED);

	if (cause == DP_DROP_POLICY_FRAGMENT && dp_follow_wait(w, p))
		return false;
	if (cause != DP_DROP_COUNT) {
		dp_drop(w, p, cause);
		return false;
	}
	if (kind == DP_ECHO_FIRST)
		dp_follow_first(w, p);
	dp_echo_turn(p->inner, kind, w->now_ms);
	w->counts.edges[DP_EDGE_ROUTE_ECHO]++;
	if (unlikely(p->trace != 0))
		dp_trace_edge(w, p, DP_EDGE_ROUTE_ECHO);
	if (p->len > mtu) {
		dp_fragment_send(w, p, mtu);
		return false;
	}
	p->inner_sum = wire_fold(wire_sum(p->inner, p->len));
	return true;
}
