/* SPDX-License-Identifier: BSD-3-Clause */
/* Of stage 2, what an inner IPv6 packet must be (RFC 8200), and whose. */
#include "datapath/table/framed.h"
#include "datapath/table/sessions.h"
#include "datapath/worker/stages.h"

#define GO_ON DP_DROP_COUNT

/* From the client's own networks; what is to ourselves, or to all on its link, may come from its
 * link-local address, or from nobody as long as it has none (RFC 4862 section 5.4). */
static bool
may_send(const struct dp *dp, uint32_t slot, uint16_t realm, const uint8_t *source,
	const uint8_t *target)
{
	if (dp_own_source6(dp, slot, source) || dp_is_behind6(dp, slot, realm, source))
		return true;
	if (wire_ipv6_link_local(source))
		return true; /* which no session is reached from: worker/route.c */
	return wire_ipv6_unspecified(source) && wire_ipv6_multicast(target);
}

/* Neither nobody, the sender's host, nor many that are not on its link (RFC 4291
 * sections 2.5, 2.7): there is no other network in which the first half is 0. */
static bool
may_be_sent_to(const uint8_t *target)
{
	if (wire_ipv6_multicast(target))
		return (target[1] & 0x0f) == WIRE_IPV6_SCOPE_LINK;
	return wire_load64(target) != 0;
}

enum dp_drop_cause
dp_ingress6_check(const struct dp *dp, struct dp_packet *p, uint16_t realm)
{
	const uint8_t *ip = p->inner, *target = ip + WIRE_IPV6_TARGET;
	struct wire_upper upper;
	unsigned total;

	if (p->len < WIRE_IPV6)
		return DP_DROP_INGRESS_INNER_SHORT;
	if (wire_ip_version(ip) != 6)
		return DP_DROP_INGRESS_INNER_VERSION;
	total = WIRE_IPV6 + wire_get16(ip + WIRE_IPV6_LENGTH);
	if (total > p->len)
		return DP_DROP_INGRESS_INNER_LENGTH;
	if (!may_send(dp, p->slot, realm, ip + WIRE_IPV6_SOURCE, target))
		return DP_DROP_INGRESS_SPOOFED;
	if (dp_own_source6(dp, p->slot, target) || wire_ipv6_equal(ip + WIRE_IPV6_SOURCE, target))
		return DP_DROP_INGRESS_TO_SELF;
	if (!may_be_sent_to(target))
		return DP_DROP_INGRESS_DESTINATION;
	if (!wire_ipv6_upper(ip, total, &upper))
		return DP_DROP_INGRESS_INNER_EXTENSIONS;
	if (upper.source_route)
		return DP_DROP_INGRESS_SOURCE_ROUTE;
	/* what follows the packet in the frame is padding */
	p->trailing = (uint16_t)(p->trailing + p->len - total);
	p->len = (uint16_t)total;
	return GO_ON;
}

/*
 * ECN stands in the second byte, and no checksum of the header makes up for a change of it: the
 * packet's sum does, and the datagram's checksum, by which it may yet be verified.
 */
void
dp_ingress6_mark(struct dp_packet *p, unsigned ecn)
{
	uint8_t before = p->inner[1], after = (uint8_t)((before & 0xcf) | ecn << 4);
	uint8_t *checksum = p->inner - (p->inner - p->udp) + WIRE_UDP_SUM; /* it may be written */
	unsigned shift = ((unsigned)(p->inner + 1 - p->udp) & 1) * 8;

	p->inner[1] = after;
	/* at an odd place of the packet */
	p->inner_sum = wire_fold((uint64_t)p->inner_sum + (uint16_t)(after << 8) +
				 (uint16_t) ~(uint16_t)(before << 8));
	if (wire_load16(checksum) == 0)
		return;
	wire_checksum_replace(checksum, (uint16_t)(before << shift), (uint16_t)(after << shift));
	if (wire_load16(checksum) == 0)
		wire_store16(checksum, UINT16_MAX);
}
