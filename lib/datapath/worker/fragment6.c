/* SPDX-License-Identifier: BSD-3-Clause */
/* Cuts IPv6 packets that we send ourselves (RFC 8200 section 4.5): no router does it to others'. */
#include "datapath/internal.h"

/* Where its parts begin: behind the header, or the fragment header that it has already. */
struct whole {
	const uint8_t *ip;
	unsigned at, len; /* of the whole, from its first byte */
	unsigned offset;  /* of what is at `at`, in the packet that it is of */
	uint8_t next;
	bool more;
	uint32_t id;
};

static void
look(struct dp_worker *w, const struct dp_packet *p, struct whole *o)
{
	struct wire_upper upper;

	*o = (struct whole){
		.ip = p->inner, .at = WIRE_IPV6, .len = p->len, .next = p->inner[WIRE_IPV6_NEXT]};
	if (o->next != WIRE_FRAGMENT || !wire_ipv6_upper(p->inner, p->len, &upper)) {
		o->id = dp_hash(w->dp, (uint64_t)p->slot << 32 | ++w->fragment_id);
		return;
	}
	o->at += WIRE_FRAGMENT_HEADER;
	o->next = p->inner[WIRE_IPV6];
	o->offset = upper.offset;
	o->more = upper.more;
	o->id = upper.id;
}

/* One part: bytes of it from `from`, in a buffer of its own. */
static void
write_part(const struct whole *o, unsigned from, unsigned bytes, struct rte_mbuf *m)
{
	bool more = o->more || from + bytes < o->len - o->at;
	uint8_t *ip = (uint8_t *)rte_pktmbuf_append(
		m, (uint16_t)(WIRE_IPV6 + WIRE_FRAGMENT_HEADER + bytes));
	uint8_t *header = ip + WIRE_IPV6;

	memcpy(ip, o->ip, WIRE_IPV6);
	wire_put16(ip + WIRE_IPV6_LENGTH, (uint16_t)(WIRE_FRAGMENT_HEADER + bytes));
	ip[WIRE_IPV6_NEXT] = WIRE_FRAGMENT;
	header[0] = o->next;
	header[1] = 0;
	wire_put16(header + 2, (uint16_t)((o->offset + from) | more));
	wire_put32(header + 4, o->id);
	memcpy(header + WIRE_FRAGMENT_HEADER, o->ip + o->at + from, bytes);
}

void
dp_fragment6_send(struct dp_worker *w, struct dp_packet *p, unsigned mtu)
{
	unsigned room = mtu < WIRE_IPV6 + WIRE_FRAGMENT_HEADER + 8
				? 0
				: (mtu - WIRE_IPV6 - WIRE_FRAGMENT_HEADER) & ~7u;
	struct rte_mbuf *pieces[DP_BURST];
	struct dp_burst out;
	struct whole o;
	unsigned n;

	look(w, p, &o);
	/* behind the largest offset parts would stand at 0 again */
	n = room == 0 || o.offset + (o.len - o.at) > UINT16_MAX ? 0
								: (o.len - o.at + room - 1) / room;
	if (n == 0 || n > DP_BURST || rte_pktmbuf_alloc_bulk(w->dp->pool, pieces, n) != 0) {
		dp_drop(w, p, DP_DROP_RELAY_TOO_BIG);
		return;
	}
	out.n = (uint16_t)n;
	for (unsigned i = 0; i < n; i++) {
		struct dp_packet *part = &out.packets[i];

		write_part(&o, i * room, RTE_MIN(room, o.len - o.at - i * room), pieces[i]);
		*part = *p;
		part->m = pieces[i];
		part->inner = rte_pktmbuf_mtod(pieces[i], uint8_t *);
		part->len = rte_pktmbuf_data_len(pieces[i]);
		part->inner_sum = wire_fold(wire_sum(part->inner, part->len));
	}
	dp_done(w, p, DP_EDGE_RELAY_FRAGMENTED);
	dp_egress_stage(w, &out);
}
