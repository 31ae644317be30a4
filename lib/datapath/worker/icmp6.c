/* SPDX-License-Identifier: BSD-3-Clause */
/* ICMPv6 errors that the LNS sends into a tunnel (RFC 4443), made of the packet that caused them,
 * in its own buffer. */
#include "datapath/ends.h"
#include "datapath/table/groups.h"
#include "datapath/worker/answers.h"
#include "datapath/worker/stages.h"
#include "datapath/worker/uplink.h"

enum {
	ERROR_BYTES = WIRE_IPV6 + WIRE_ICMP_HEADER,
	QUOTE_MAX = WIRE_IPV6_MTU_LEAST - ERROR_BYTES, /* section 2.4 (c) */
	OUR_HOPS = 64,
	OUR_CLASS = 0xc0, /* as of ICMP: precedence 6 (RFC 1812 section 4.3.2.5); never ECN */
};

/* The error's headers and the next outgoing ones fit where the old ones were, and the headroom. */
_Static_assert(RTE_PKTMBUF_HEADROOM >= ERROR_BYTES + DP_HEADERS6 + WIRE_ETHER, "room in front");

/* What may be no error or redirect, as far as is known: of a later fragment the type is not. */
static bool
is_answerable(const uint8_t *ip, unsigned len)
{
	struct wire_upper upper;

	if (!wire_ipv6_upper(ip, len, &upper))
		return false;
	if (upper.protocol != WIRE_ICMPV6)
		return true;
	return !upper.later && upper.at < len && ip[upper.at] >= WIRE_ICMPV6_ERRORS_END &&
	       ip[upper.at] != WIRE_ND_REDIRECT;
}

/* Whether an error may answer this packet (section 2.4 (e)), and may now; else why not. */
static enum dp_drop_cause
may_answer(struct dp_worker *w, const struct dp_packet *p, enum dp_drop_cause cause)
{
	const uint8_t *source = p->inner + WIRE_IPV6_SOURCE, *target = p->inner + WIRE_IPV6_TARGET;

	if (!dp_udp_sum_right(w->dp, p))
		return DP_DROP_INGRESS_UDP_CHECKSUM;
	if (wire_ipv6_multicast(target) || wire_ipv6_unspecified(source) ||
		!is_answerable(p->inner, p->len))
		return cause;
	if (!cv_limit_take(
		    &w->limits[p->slot].errors, w->now_ms, DP_ERROR_COST_MS, DP_ERROR_MOST_MS))
		return cause;
	return DP_DROP_COUNT;
}

void
dp_lns_link_local(const struct dp *dp, uint32_t slot, uint8_t out[WIRE_IPV6_ADDRESS])
{
	memset(out, 0, WIRE_IPV6_ADDRESS);
	out[0] = 0xfe;
	out[1] = 0x80;
	memcpy(out + 8, dp->inner6[slot].interface_id, sizeof(dp->inner6[slot].interface_id));
}

bool
dp_icmp6_error(struct dp_worker *w, struct dp_packet *p, uint8_t type, uint8_t code, uint32_t more,
	enum dp_drop_cause cause)
{
	const struct dp_group_table *group = dp_group_of(w->dp, p->group);
	unsigned most = __atomic_load_n(&w->dp->egress[p->slot].mtu, __ATOMIC_RELAXED);
	unsigned quote = RTE_MIN(p->len, (unsigned)QUOTE_MAX);
	struct wire_ipv6 header = {
		.traffic_class = OUR_CLASS, .next = WIRE_ICMPV6, .hops = OUR_HOPS};
	uint8_t *ip = p->inner - ERROR_BYTES, *icmp = ip + WIRE_IPV6;

	if (quote + ERROR_BYTES > most)
		quote = most < ERROR_BYTES ? 0 : most - ERROR_BYTES;
	if (group != NULL && quote >= WIRE_IPV6 &&
		dp_uplink_answer(w, p, dp_ip6(p->inner + WIRE_IPV6_SOURCE)))
		cause = may_answer(w, p, cause);
	if (cause != DP_DROP_COUNT) {
		dp_drop(w, p, cause);
		return false;
	}
	header.payload = (uint16_t)(WIRE_ICMP_HEADER + quote);
	memcpy(header.target, p->inner + WIRE_IPV6_SOURCE, WIRE_IPV6_ADDRESS);
	if (group->told.lns6.family == CV_IPV6)
		memcpy(header.source, group->told.lns6.bytes, WIRE_IPV6_ADDRESS);
	else
		dp_lns_link_local(w->dp, p->slot, header.source);
	wire_ipv6_write(ip, &header);
	icmp[0] = type;
	icmp[WIRE_ICMP_CODE] = code;
	wire_put32(icmp + WIRE_ICMPV6_MTU, more);
	wire_icmpv6_finish(icmp, header.payload, header.source, header.target);
	p->inner = ip;
	p->len = (uint16_t)(ERROR_BYTES + quote);
	p->inner_sum = wire_fold(wire_sum(ip, p->len));
	return true;
}
