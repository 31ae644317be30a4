/* SPDX-License-Identifier: BSD-3-Clause */
/* Cuts IPv4 packets that are too large and may be cut (RFC 791 section 3.2). */
#include <rte_byteorder.h>

#include "datapath/ends.h"
#include "datapath/worker/stages.h"

/* The header of a later fragment: options that say so are in it, the others not. Options are well
 * formed. Returns its length. */
static unsigned
later_header(const uint8_t *ip, unsigned header, uint8_t *out)
{
	unsigned len = WIRE_IPV4;

	memcpy(out, ip, WIRE_IPV4);
	for (unsigned at = WIRE_IPV4; at < header && ip[at] != WIRE_OPTION_END;) {
		unsigned bytes = ip[at] == WIRE_OPTION_NOP ? 1 : ip[at + 1];

		if ((ip[at] & WIRE_OPTION_COPIED) != 0) {
			memcpy(out + len, ip + at, bytes);
			len += bytes;
		}
		at += bytes;
	}
	while (len % 4 != 0)
		out[len++] = WIRE_OPTION_END;
	out[0] = (uint8_t)(0x40 | len / 4);
	return len;
}

static void
finish(uint8_t *ip, unsigned len, uint16_t fragment_be)
{
	wire_put16(ip + WIRE_IPV4_LENGTH, (uint16_t)len);
	wire_store16(ip + WIRE_IPV4_FRAGMENT, fragment_be);
	wire_ipv4_finish(ip);
}

unsigned
dp_fragment_cut(struct dp_worker *w, const uint8_t *ip, unsigned mtu, struct rte_mbuf **out)
{
	unsigned header = wire_ipv4_header(ip), total = wire_ipv4_length(ip);
	unsigned room = mtu < header ? 0 : (mtu - header) & ~7u, payload = total - header, n;
	uint16_t field = wire_ipv4_fragment_be(ip);
	unsigned offset = rte_bswap16(field & WIRE_IPV4_OFFSET_BE);
	uint8_t later[WIRE_IPV4_MOST];
	unsigned later_len = later_header(ip, header, later);

	/* behind the largest offset parts would stand at 0 again, with ports that no policy saw */
	if (room == 0 || offset * 8 + payload > UINT16_MAX - WIRE_IPV4)
		return 0;
	n = (payload + room - 1) / room;
	if (n > DP_BURST || rte_pktmbuf_alloc_bulk(w->dp->pool, out, n) != 0)
		return 0;
	for (unsigned i = 0; i < n; i++) {
		unsigned at = i * room, bytes = RTE_MIN(room, payload - at);
		unsigned own = i == 0 ? header : later_len;
		uint16_t more = i + 1 < n ? WIRE_IPV4_MORE_BE : field & WIRE_IPV4_MORE_BE;
		uint8_t *to = (uint8_t *)rte_pktmbuf_append(out[i], (uint16_t)(own + bytes));

		memcpy(to, i == 0 ? ip : later, own);
		memcpy(to + own, ip + header + at, bytes);
		finish(to, own + bytes, rte_bswap16((uint16_t)(offset + at / 8)) | more);
	}
	return n;
}

void
dp_fragment_send(struct dp_worker *w, struct dp_packet *p, unsigned mtu)
{
	struct rte_mbuf *pieces[DP_BURST];
	struct dp_burst out;
	unsigned n = dp_fragment_cut(w, p->inner, mtu, pieces);

	if (n == 0) {
		dp_drop(w, p, DP_DROP_RELAY_TOO_BIG);
		return;
	}
	out.n = (uint16_t)n;
	for (unsigned i = 0; i < n; i++) {
		out.packets[i] = *p;
		out.packets[i].m = pieces[i];
		out.packets[i].inner = rte_pktmbuf_mtod(pieces[i], uint8_t *);
		out.packets[i].len = rte_pktmbuf_data_len(pieces[i]);
		out.packets[i].inner_sum =
			wire_fold(wire_sum(out.packets[i].inner, out.packets[i].len));
	}
	dp_done(w, p, DP_EDGE_RELAY_FRAGMENTED);
	dp_egress_stage(w, &out);
}
