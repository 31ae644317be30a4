/* SPDX-License-Identifier: BSD-3-Clause */
/* The MSS option of TCP (RFC 9293 section 3.2), lowered to what fits. */
#include "datapath/worker/mss.h"

enum {
	TCP_SUM = 16,
	TCP_OFFSET = 12, /* of the data, in the upper half */
	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_MSS = 2,
	MSS_BYTES = 4,
	/* RFC 6691: both headers without options, which who sends segments takes off itself */
	HEADERS4 = WIRE_IPV4 + DP_TCP,
	HEADERS6 = WIRE_IPV6 + DP_TCP,
};

/* Writes a number at any place, and its change into the checksum, whose words begin at even ones.
 */
static void
replace(uint8_t *tcp, unsigned at, uint16_t value)
{
	uint16_t before = wire_load16(tcp + at), after = wire_swap16(value);

	wire_store16(tcp + at, after);
	if ((at & 1) != 0) {
		before = wire_swap16(before);
		after = wire_swap16(after);
	}
	wire_checksum_replace(tcp + TCP_SUM, before, after);
}

bool
dp_mss_lower(uint8_t *tcp, unsigned len, uint16_t most)
{
	unsigned header = len < DP_TCP ? 0 : (tcp[TCP_OFFSET] >> 4) * 4u;

	if (header > len)
		return false;
	for (unsigned at = DP_TCP; at < header && tcp[at] != OPTION_END;) {
		unsigned bytes = 1;

		if (tcp[at] != OPTION_NOP) {
			if (at + 2 > header || tcp[at + 1] < 2 || at + tcp[at + 1] > header)
				return false;
			bytes = tcp[at + 1];
		}
		if (tcp[at] == OPTION_MSS && bytes == MSS_BYTES) {
			if (wire_get16(tcp + at + 2) <= most)
				return false;
			replace(tcp, at + 2, most);
			return true;
		}
		at += bytes;
	}
	return false;
}

/* What fits the tunnels of both, less the headers in front of a segment. */
static uint16_t
fits(const struct dp *dp, const struct dp_packet *p, unsigned headers)
{
	unsigned there = __atomic_load_n(&dp->egress[p->to].mtu, __ATOMIC_RELAXED);
	unsigned back = __atomic_load_n(&dp->egress[p->slot].mtu, __ATOMIC_RELAXED);
	unsigned mtu = RTE_MIN(there, back);

	return (uint16_t)(mtu < headers ? 0 : mtu - headers);
}

static bool
wanted(const struct dp *dp, const struct dp_packet *p)
{
	uint16_t to = __atomic_load_n(&dp->egress[p->to].group, __ATOMIC_RELAXED);

	return ((dp->group_flags[p->group] | dp->group_flags[to]) & DP_GROUP_CLAMPS) != 0;
}

void
dp_mss_clamp4(struct dp_worker *w, struct dp_packet *p)
{
	unsigned header = wire_ipv4_header(p->inner);

	if (!dp_tcp_opens4(p->inner, p->len) || !wanted(w->dp, p))
		return;
	if (dp_mss_lower(p->inner + header, p->len - header, fits(w->dp, p, HEADERS4)))
		w->counts.edges[DP_EDGE_RELAY_CLAMPED]++;
}

void
dp_mss_clamp6(struct dp_worker *w, struct dp_packet *p)
{
	struct wire_upper upper;

	if (!wire_ipv6_upper(p->inner, p->len, &upper) || upper.protocol != WIRE_TCP ||
		upper.later || !dp_tcp_opens(p->inner + upper.at, (unsigned)(p->len - upper.at)) ||
		!wanted(w->dp, p))
		return;
	if (dp_mss_lower(
		    p->inner + upper.at, (unsigned)(p->len - upper.at), fits(w->dp, p, HEADERS6)))
		w->counts.edges[DP_EDGE_RELAY_CLAMPED]++;
}
