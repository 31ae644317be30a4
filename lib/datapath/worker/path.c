/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP that says of an outer packet of ours that it was too big for its way (RFC 1191, 8201), to
 * us: what it quotes is looked at as far as it can be without tables, and goes to the control
 * thread (table/path.c), which knows whether that session is there.
 */
#include <rte_cycles.h>

#include "datapath/ends.h"
#include "datapath/table/outside.h"
#include "datapath/worker/answers.h"
#include "datapath/worker/punt.h"
#include "l2tp/header.h"

/* What ICMP says of a packet that it quotes. */
struct said {
	uint32_t mtu;
	unsigned bytes;     /* that the packet had */
	struct dp_ip about; /* whom it was for */
	uint16_t port;      /* likewise, in network order */
	uint16_t service;   /* that sent it */
	const uint8_t *ids; /* NULL: it is none of ours, or too little of it is there */
};

bool
dp_path_is_about(const uint8_t *ip)
{
	unsigned header = wire_ipv4_header(ip);
	const uint8_t *icmp = ip + header;

	return wire_ipv4_length(ip) >= header + WIRE_ICMP_HEADER &&
	       (wire_ipv4_fragment_be(ip) & (WIRE_IPV4_OFFSET_BE | WIRE_IPV4_MORE_BE)) == 0 &&
	       icmp[0] == WIRE_ICMP_UNREACHABLE && icmp[WIRE_ICMP_CODE] == WIRE_ICMP_TOO_BIG;
}

/* The IDs in what is quoted of UDP, len bytes; NULL: it is no L2TP, or cut short. */
static const uint8_t *
quoted_ids(const uint8_t *udp, unsigned len)
{
	const uint8_t *l2tp = udp + WIRE_UDP_HEADER;
	unsigned at;

	if (len < WIRE_UDP_HEADER + 2)
		return NULL;
	at = (l2tp[0] & (L2TP_BIT_LENGTH >> 8)) != 0 ? 4 : 2;
	if ((l2tp[1] & L2TP_VERSION_MASK) != L2TP_VERSION || len < WIRE_UDP_HEADER + at + 4)
		return NULL;
	return l2tp + at;
}

/* What stands behind its IP header, which is there. */
static void
read_udp(struct said *said, int service, const uint8_t *udp, unsigned len)
{
	if (service < 0)
		return;
	said->service = (uint16_t)service;
	said->port = wire_load16(udp + WIRE_UDP_TARGET);
	said->ids = quoted_ids(udp, len);
}

static void
read_quoted(const struct dp *dp, unsigned lan, const uint8_t *ip, unsigned len, struct said *said)
{
	unsigned header = len < WIRE_IPV4 ? 0 : wire_ipv4_header(ip);
	const uint8_t *udp = ip + header;

	if (header < WIRE_IPV4 || wire_ip_version(ip) != 4 || len < header + WIRE_UDP_HEADER ||
		ip[WIRE_IPV4_PROTOCOL] != WIRE_UDP ||
		(wire_ipv4_fragment_be(ip) & WIRE_IPV4_OFFSET_BE) != 0)
		return;
	said->bytes = wire_ipv4_length(ip);
	said->about = dp_ip4(wire_ipv4_target_be(ip));
	read_udp(said, dp_service_find(dp, lan, wire_ipv4_source_be(ip), wire_load16(udp)), udp,
		len - header);
}

static void
read_quoted6(const struct dp *dp, unsigned lan, const uint8_t *ip, unsigned len, struct said *said)
{
	struct wire_upper upper;
	const uint8_t *udp;

	if (len < WIRE_IPV6 || wire_ip_version(ip) != 6 ||
		!wire_ipv6_upper_of_part(ip, len, &upper) || upper.protocol != WIRE_UDP ||
		upper.later || len < upper.at + WIRE_UDP_HEADER)
		return;
	udp = ip + upper.at;
	said->bytes = WIRE_IPV6 + wire_get16(ip + WIRE_IPV6_LENGTH);
	said->about = dp_ip6(ip + WIRE_IPV6_TARGET);
	read_udp(said, dp_service_find6(dp, lan, dp_ip6(ip + WIRE_IPV6_SOURCE), wire_load16(udp)),
		udp, len - (unsigned)upper.at);
}

/* DP_DROP_COUNT: the control thread has it. router: who says so. */
static enum dp_drop_cause
hand_on(struct dp_worker *w, unsigned lan, struct rte_mbuf *m, const struct said *said,
	uint64_t router)
{
	/* nothing in use today carries less (RFC 791: a host takes 576; RFC 8200 section 5), no
	 * port of ours more than 16 bits can say, and what fits was not too big */
	unsigned least = dp_ip_is4(said->about) ? DP_PATH_LEAST : WIRE_IPV6_MTU_LEAST;

	if (said->ids == NULL)
		return DP_DROP_LOCAL_ICMP_IGNORED;
	if (said->mtu < least || said->mtu > UINT16_MAX || said->mtu >= said->bytes)
		return DP_DROP_PATH_MTU;
	/* one alone never has all of it */
	if (!dp_within_rate(w, w->path_rates, router, DP_PATH_COST_MS) ||
		!cv_bucket_take(&w->paths, rte_rdtsc()))
		return DP_DROP_PATH_LIMIT;
	*dp_meta(m) = (struct dp_punt_meta){.service = said->service,
		.lan = (uint16_t)lan,
		.slot = DP_NO_SLOT,
		.remote = said->about,
		.remote_port = said->port,
		.data = said->ids,
		.len = 4,
		.mtu = (uint16_t)said->mtu};
	w->counts.edges[DP_EDGE_LOCAL_PUNT_PATH]++;
	return dp_punt_mbuf(w, m, DP_PUNT_PATH, router,
		(uint64_t)wire_load32(said->ids) << 32 ^ dp_ip_host(said->about));
}

void
dp_path_take(struct dp_worker *w, unsigned lan, struct rte_mbuf *m)
{
	const uint8_t *ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, WIRE_ETHER);
	unsigned header = wire_ipv4_header(ip), len = wire_ipv4_length(ip) - header;
	const uint8_t *icmp = ip + header;
	struct said said = {.mtu = wire_get16(icmp + WIRE_ICMP_MTU)};
	enum dp_drop_cause cause = DP_DROP_LOCAL_ICMP_CHECKSUM;

	if (wire_fold(wire_sum(icmp, len)) == WIRE_SUM_RIGHT) {
		read_quoted(w->dp, lan, icmp + WIRE_ICMP_HEADER, len - WIRE_ICMP_HEADER, &said);
		cause = hand_on(w, lan, m, &said, wire_ipv4_source_be(ip));
	}
	if (cause != DP_DROP_COUNT)
		dp_drop_frame(w, m, cause);
	/* exits: LOCAL_PUNT_PATH; drops LOCAL_ICMP_CHECKSUM, LOCAL_ICMP_IGNORED, PATH_*,
	 * PUNT_PATH_* */
}

void
dp_path_take6(struct dp_worker *w, unsigned lan, struct rte_mbuf *m, unsigned at, unsigned len)
{
	const uint8_t *ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, WIRE_ETHER);
	const uint8_t *icmp = ip + at;
	struct said said = {.mtu = wire_get32(icmp + WIRE_ICMPV6_MTU)};
	enum dp_drop_cause cause = DP_DROP_LOCAL_ICMP_IGNORED;

	/* code: RFC 4443 section 3.2 has it ignored */
	if (!wire_ipv6_multicast(ip + WIRE_IPV6_TARGET)) {
		read_quoted6(
			w->dp, lan, icmp + WIRE_ICMP_HEADER, len - at - WIRE_ICMP_HEADER, &said);
		cause = hand_on(w, lan, m, &said, dp_ip_host(dp_ip6(ip + WIRE_IPV6_SOURCE)));
	}
	if (cause != DP_DROP_COUNT)
		dp_drop_frame(w, m, cause);
	/* exits: as of dp_path_take() */
}
