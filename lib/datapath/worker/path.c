/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP that says of an outer packet of ours that it was too big for its way (RFC 792, 1191), to us:
 * what it quotes is looked at as far as it can be without tables, and goes to the control thread
 * (table/path.c), which knows whether that session is there.
 */
#include <rte_cycles.h>

#include "datapath/internal.h"
#include "l2tp/header.h"

bool
dp_path_is_about(const uint8_t *ip)
{
	unsigned header = wire_ipv4_header(ip);
	const uint8_t *icmp = ip + header;

	return wire_ipv4_length(ip) >= header + WIRE_ICMP_HEADER &&
	       (wire_ipv4_fragment_be(ip) & (WIRE_IPV4_OFFSET_BE | WIRE_IPV4_MORE_BE)) == 0 &&
	       icmp[0] == WIRE_ICMP_UNREACHABLE && icmp[WIRE_ICMP_CODE] == WIRE_ICMP_TOO_BIG;
}

/* The IDs in what is quoted, len bytes of an IPv4 packet, and the service that sent it; NULL: it is
 * none of ours, or too little of it is there. */
static const uint8_t *
quoted_ids(const struct dp *dp, const uint8_t *ip, unsigned len, int *service)
{
	unsigned header = len < WIRE_IPV4 ? 0 : wire_ipv4_header(ip), at;
	const uint8_t *udp = ip + header, *l2tp = udp + WIRE_UDP_HEADER;

	if (header < WIRE_IPV4 || wire_ip_version(ip) != 4 || len < header + WIRE_UDP_HEADER + 2 ||
		ip[WIRE_IPV4_PROTOCOL] != WIRE_UDP ||
		(wire_ipv4_fragment_be(ip) & WIRE_IPV4_OFFSET_BE) != 0)
		return NULL;
	at = (l2tp[0] & (L2TP_BIT_LENGTH >> 8)) != 0 ? 4 : 2;
	if ((l2tp[1] & L2TP_VERSION_MASK) != L2TP_VERSION ||
		len < header + WIRE_UDP_HEADER + at + 4)
		return NULL;
	*service = dp_service_find(dp, wire_ipv4_source_be(ip), wire_load16(udp));
	return *service < 0 ? NULL : l2tp + at;
}

/* DP_DROP_COUNT: the control thread has it. */
static enum dp_drop_cause
hand_on(struct dp_worker *w, unsigned port, struct rte_mbuf *m)
{
	uint8_t *ip = rte_pktmbuf_mtod_offset(m, uint8_t *, WIRE_ETHER);
	unsigned header = wire_ipv4_header(ip), len = wire_ipv4_length(ip) - header;
	const uint8_t *icmp = ip + header, *quoted = icmp + WIRE_ICMP_HEADER, *ids, *udp;
	uint16_t mtu = wire_get16(icmp + WIRE_ICMP_MTU);
	int service = -1;

	if (wire_fold(wire_sum(icmp, len)) != WIRE_SUM_RIGHT)
		return DP_DROP_LOCAL_ICMP_CHECKSUM;
	ids = quoted_ids(w->dp, quoted, len - WIRE_ICMP_HEADER, &service);
	if (ids == NULL)
		return DP_DROP_LOCAL_ICMP_IGNORED;
	/* nothing in use today carries less (RFC 791: a host takes 576), and what fits was not too
	 * big */
	if (mtu < DP_PATH_LEAST || mtu >= wire_ipv4_length(quoted))
		return DP_DROP_PATH_MTU;
	if (!cv_bucket_take(&w->paths, rte_rdtsc()))
		return DP_DROP_PATH_LIMIT;
	udp = quoted + wire_ipv4_header(quoted);
	*dp_meta(m) = (struct dp_punt_meta){.service = (uint16_t)service,
		.port = (uint16_t)port,
		.slot = DP_NO_SLOT,
		.remote = dp_ip4(wire_ipv4_target_be(quoted)),
		.remote_port = wire_load16(udp + WIRE_UDP_TARGET),
		.data = ids,
		.len = 4,
		.mtu = mtu};
	w->counts.edges[DP_EDGE_LOCAL_PUNT_PATH]++;
	return dp_punt_mbuf(w, m, DP_PUNT_PATH, wire_ipv4_source_be(ip),
		(uint64_t)wire_load32(ids) << 32 | wire_ipv4_target_be(quoted));
}

void
dp_path_take(struct dp_worker *w, unsigned port, struct rte_mbuf *m)
{
	enum dp_drop_cause cause = hand_on(w, port, m);

	if (cause != DP_DROP_COUNT)
		dp_drop_frame(w, m, cause);
	/* exits: LOCAL_PUNT_PATH; drops LOCAL_ICMP_CHECKSUM, LOCAL_ICMP_IGNORED, PATH_*,
	 * PUNT_PATH_* */
}
