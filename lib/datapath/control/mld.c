/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Multicast Listener Discovery (RFC 3810): switches that look at it pass frames for a group on to
 * those alone that say they listen, so nobody would find us where a router queries. Groups are told
 * when they are taken up, and to who queries.
 */
#include "datapath/control/control.h"
#include "datapath/host/host.h"
#include "datapath/table/outside.h"
#include "wire/nd.h"

enum {
	HEADER = 8,
	RECORD = 20,
	RECORDS_MAX = 60, /* a report fits any MTU */
	OUR_HOPS = 1,
	ROUTER_ALERT = 8, /* bytes of the hop-by-hop header with that option (RFC 2711) */
};

/* A report of n groups. Returns the packet's length. */
static size_t
write_report(uint8_t *ip, const uint8_t *mac, uint8_t type,
	const uint8_t (*groups)[WIRE_IPV6_ADDRESS], unsigned n)
{
	static const uint8_t routers[WIRE_IPV6_ADDRESS] = {0xff, 0x02, [15] = 0x16};
	static const uint8_t alert[ROUTER_ALERT] = {WIRE_ICMPV6, 0, 5, 2, 0, 0, 1, 0};
	size_t len = HEADER + (size_t)n * RECORD;
	struct wire_ipv6 h = {.next = WIRE_HOP_BY_HOP,
		.hops = OUR_HOPS,
		.payload = (uint16_t)(ROUTER_ALERT + len)};
	uint8_t *mld = ip + WIRE_IPV6 + ROUTER_ALERT;

	wire_ipv6_of_mac(mac, h.source);
	memcpy(h.target, routers, sizeof(routers));
	wire_ipv6_write(ip, &h);
	memcpy(ip + WIRE_IPV6, alert, sizeof(alert));
	memset(mld, 0, len);
	mld[0] = WIRE_MLD_REPORT_2;
	wire_put16(mld + 6, (uint16_t)n);
	for (unsigned i = 0; i < n; i++) {
		mld[HEADER + i * RECORD] = type;
		memcpy(mld + HEADER + i * RECORD + 4, groups[i], WIRE_IPV6_ADDRESS);
	}
	wire_icmpv6_finish(mld, len, h.source, h.target);
	return WIRE_IPV6 + ROUTER_ALERT + len;
}

void
dp_mld_report(struct dp *dp, uint16_t lan, uint8_t type)
{
	static const uint8_t to[WIRE_MAC] = {0x33, 0x33, 0, 0, 0, 0x16};
	uint8_t groups[DP_GROUPS_MAX][WIRE_IPV6_ADDRESS];
	const uint8_t *mac = dp_lan_mac(dp, lan);
	unsigned all = dp_multicast_groups(dp, lan, groups);

	for (unsigned at = 0, n; at < all; at += n) {
		uint8_t frame[WIRE_ETHER + WIRE_IPV6 + ROUTER_ALERT + HEADER +
			      RECORDS_MAX * RECORD];
		struct rte_mbuf *m = dp_control_mbuf(dp);
		size_t len;

		if (m == NULL)
			return;
		n = RTE_MIN(all - at, (unsigned)RECORDS_MAX);
		wire_ether_write(frame, to, mac, WIRE_TYPE_IPV6);
		len = WIRE_ETHER + write_report(frame + WIRE_ETHER, mac, type, &groups[at], n);
		memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
		dp_send_frame(dp, lan, m);
	}
}
