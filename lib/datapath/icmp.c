/* SPDX-License-Identifier: BSD-3-Clause */
/* ICMP that the LNS sends into a tunnel (RFC 792, 1191, 1812): errors and echo replies, made of
 * the packet that caused them, in its own buffer. */
#include <rte_byteorder.h>

#include "datapath/internal.h"

enum {
	PROTO_ICMP = 1,
	ECHO_REPLY = 0,
	ECHO_REQUEST = 8,
	ERROR_BYTES = DP_IPV4_HDR + DP_ICMP_HDR,
	QUOTE_MAX = 576 - ERROR_BYTES, /* RFC 1812 section 4.3.2.3 */
	QUOTE_LEAST = 8,               /* behind the quoted header (RFC 792) */
	OUR_TTL = 64,
	FRAG_OFFSET_BE = 0xff1f,
};

/* The error's headers and the next outgoing ones fit where the old ones were, and the headroom. */
_Static_assert(RTE_PKTMBUF_HEADROOM >= ERROR_BYTES + DP_HEADROOM_HDR, "room in front");

static bool
is_icmp_error(const uint8_t *ip, unsigned len)
{
	unsigned header = (ip[0] & 15u) * 4;

	if (ip[9] != PROTO_ICMP)
		return false;
	if (len < header + 1)
		return true;
	return ip[header] != ECHO_REPLY && ip[header] != ECHO_REQUEST && ip[header] != 13 &&
	       ip[header] != 14;
}

/* An IPv4 header of ours in front of ICMP. It can't be fragmented, so its identification is free to
 * be 0 (RFC 6864 section 4.1). */
static void
write_ip(uint8_t *ip, uint8_t tos, uint16_t total, uint32_t source, uint32_t target)
{
	static const uint8_t begin[DP_IPV4_HDR] = {
		0x45, [6] = 0x40, [8] = OUR_TTL, [9] = PROTO_ICMP};

	memcpy(ip, begin, sizeof(begin));
	ip[1] = tos;
	dp_store16(ip + 2, rte_bswap16(total));
	dp_store32(ip + 12, source);
	dp_store32(ip + 16, target);
	dp_store16(ip + 10, dp_checksum(dp_sum20(ip)));
}

/* Whether an error may answer this packet (RFC 1812 section 4.3.2.7: never an error, nor a later
 * fragment), and may now; else why not. quote: the bytes of it that go back. */
static enum dp_drop_cause
may_answer(struct dp_worker *w, const struct dp_packet *p, unsigned quote, enum dp_drop_cause cause)
{
	if (!dp_udp_sum_right(w->dp, p))
		return DP_DROP_INGRESS_UDP_CHECKSUM;
	if (quote < RTE_MIN(p->len, (p->inner[0] & 15u) * 4 + QUOTE_LEAST) ||
		is_icmp_error(p->inner, p->len) || (dp_load16(p->inner + 6) & FRAG_OFFSET_BE) != 0)
		return cause;
	if (!dp_limit_take(
		    &w->limits[p->slot].errors, w->now_ms, DP_ERROR_COST_MS, DP_ERROR_MOST_MS))
		return cause;
	return DP_DROP_COUNT;
}

bool
dp_icmp_error(struct dp_worker *w, struct dp_packet *p, uint8_t type, uint8_t code, uint16_t mtu,
	enum dp_drop_cause cause)
{
	const struct dp_policy_table *policy =
		__atomic_load_n(&w->dp->policies[p->policy], __ATOMIC_CONSUME);
	unsigned most = __atomic_load_n(&w->dp->egress[p->slot].mtu, __ATOMIC_RELAXED);
	unsigned quote = RTE_MIN(p->len, (unsigned)QUOTE_MAX);
	uint32_t sender = dp_load32(p->inner + 12);
	uint8_t *ip = p->inner - ERROR_BYTES, *icmp = ip + DP_IPV4_HDR;

	if (quote + ERROR_BYTES > most)
		quote = most < ERROR_BYTES ? 0 : most - ERROR_BYTES;
	cause = may_answer(w, p, quote, cause);
	if (cause != DP_DROP_COUNT) {
		dp_drop_mbuf(&w->counts, p->m, cause);
		return false;
	}
	/* RFC 1812 section 4.3.2.5: its type of service, and precedence 6; never ECN */
	write_ip(ip, (uint8_t)((p->inner[1] & 0x1c) | 0xc0), (uint16_t)(ERROR_BYTES + quote),
		policy->lns, sender);
	memset(icmp, 0, DP_ICMP_HDR);
	icmp[0] = type;
	icmp[1] = code;
	dp_store16(icmp + 6, rte_bswap16(mtu));
	dp_store16(icmp + 2, dp_checksum(dp_sum(icmp, DP_ICMP_HDR + (size_t)quote)));
	p->inner = ip;
	p->len = (uint16_t)(ERROR_BYTES + quote);
	p->inner_sum = dp_fold(dp_sum(ip, p->len));
	p->to = p->slot;
	return true;
}

bool
dp_icmp_echo(struct dp_worker *w, struct dp_packet *p)
{
	uint8_t *ip = p->inner, *icmp = ip + DP_IPV4_HDR;
	uint32_t sender = dp_load32(ip + 12), us = dp_load32(ip + 16);
	enum dp_drop_cause cause = DP_DROP_COUNT;

	if (!dp_udp_sum_right(w->dp, p))
		cause = DP_DROP_INGRESS_UDP_CHECKSUM;
	else if (ip[0] != 0x45 || ip[9] != PROTO_ICMP || p->len < ERROR_BYTES ||
		 (dp_load16(ip + 6) & 0xff3f) != 0 || icmp[0] != ECHO_REQUEST || icmp[1] != 0 ||
		 dp_fold(dp_sum(icmp, (size_t)p->len - DP_IPV4_HDR)) != UINT16_MAX)
		cause = DP_DROP_ROUTE_LNS;
	else if (!dp_limit_take(
			 &w->limits[p->slot].echoes, w->now_ms, DP_ECHO_COST_MS, DP_ECHO_MOST_MS))
		cause = DP_DROP_ROUTE_ECHO_LIMIT;
	if (cause != DP_DROP_COUNT) {
		dp_drop_mbuf(&w->counts, p->m, cause);
		return false;
	}
	write_ip(ip, ip[1] & 0xfc, p->len, us, sender); /* RFC 1812 section 4.3.2.5 */
	icmp[0] = ECHO_REPLY;
	dp_store16(icmp + 2, 0);
	dp_store16(icmp + 2, dp_checksum(dp_sum(icmp, (size_t)p->len - DP_IPV4_HDR)));
	p->inner_sum = dp_fold(dp_sum(ip, p->len));
	p->to = p->slot;
	return true;
}
