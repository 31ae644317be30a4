/* SPDX-License-Identifier: BSD-3-Clause */
/* Stage 1 for frames of IPv6: the outer header and what stands behind it (RFC 8200). */
#include "datapath/worker/frame.h"

/* Who has no address yet may ask whether anybody has it (RFC 4862 section 5.4), and nothing else.
 */
static bool
may_be_source(const uint8_t *source, uint8_t protocol)
{
	return !dp_ip6_martian(source) ||
	       (protocol == WIRE_ICMPV6 && wire_ipv6_unspecified(source));
}

enum dp_drop_cause
dp_outer6_check(struct frame *f, unsigned bytes, struct wire_upper *upper)
{
	const uint8_t *ether = f->ip - WIRE_ETHER;

	if (wire_ip_version(f->ip) != 6)
		return DP_DROP_CLASSIFY_IP_VERSION;
	f->ip_len = WIRE_IPV6 + wire_get16(f->ip + WIRE_IPV6_LENGTH);
	if (f->ip_len > bytes)
		return DP_DROP_CLASSIFY_IP_LENGTH;
	/* what all stations get is for all of them, or it is a trick (RFC 1122 section 3.3.6) */
	if ((ether[0] & 1) != 0 && !wire_ipv6_multicast(f->ip + WIRE_IPV6_TARGET))
		return DP_DROP_CLASSIFY_MAC;
	if (!wire_ipv6_upper(f->ip, f->ip_len, upper))
		return DP_DROP_CLASSIFY_IP_EXTENSION;
	if (!may_be_source(f->ip + WIRE_IPV6_SOURCE, upper->protocol))
		return DP_DROP_CLASSIFY_MARTIAN;
	if (upper->routed)
		return DP_DROP_CLASSIFY_IP_EXTENSION;
	return DP_DROP_COUNT;
}
