/* SPDX-License-Identifier: BSD-3-Clause */
/* Cuts IPv6 packets that we send ourselves (RFC 8200 section 4.5): no router does it to others'. */
#include "datapath/ends.h"
#include "datapath/worker/stages.h"

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
look(struct dp_worker *w, const uint8_t *ip, unsigned len, uint32_t to, struct whole *o)
{
	struct wire_upper upper;

	*o = (struct whole){.ip = ip, .at = WIRE_IPV6, .len = len, .next = ip[WIRE_IPV6_NEXT]};
	if (o->next != WIRE_FRAGMENT || !wire_ipv6_upper(ip, len, &upper)) {
		o->id = dp_hash(w->dp, (uint64_t)to << 32 | ++w->fragment_id);
		return;
	}
	o->at += WIRE_FRAGMENT_HEADER;
	o->next = ip[WIRE_IPV6];
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

/* All parts, of at most mtu bytes. Returns how many; 0: it can't be, or there are no buffers. */
static unsigned
cut(struct dp_worker *w, const struct whole *o, unsigned mtu, struct rte_mbuf **pieces)
{
	unsigned room = mtu < WIRE_IPV6 + WIRE_FRAGMENT_HEADER + 8
				? 0
				: (mtu - WIRE_IPV6 - WIRE_FRAGMENT_HEADER) & ~7u;
	unsigned bytes = o->len - o->at, n;

	/* behind the largest offset parts would stand at 0 again */
	n = room == 0 || o->offset + bytes > UINT16_MAX ? 0 : (bytes + room - 1) / room;
	if (n == 0 || n > DP_BURST || rte_pktmbuf_alloc_bulk(w->dp->pool, pieces, n) != 0)
		return 0;
	for (unsigned i = 0; i < n; i++)
		write_part(o, i * room, RTE_MIN(room, bytes - i * room), pieces[i]);
	return n;
}

unsigned
dp_fragment6_cut(
	struct dp_worker *w, const uint8_t *ip, uint32_t to, unsigned mtu, struct rte_mbuf **out)
{
	struct whole o;

	look(w, ip, WIRE_IPV6 + wire_get16(ip + WIRE_IPV6_LENGTH), to, &o);
	return cut(w, &o, mtu, out);
}

void
dp_fragment6_send(struct dp_worker *w, struct dp_packet *p, unsigned mtu)
{
	struct rte_mbuf *pieces[DP_BURST];
	struct dp_burst out;
	struct whole o;
	unsigned n;

	look(w, p->inner, p->len, p->slot, &o);
	n = cut(w, &o, mtu, pieces);
	if (n == 0) {
		dp_drop(w, p, DP_DROP_RELAY_TOO_BIG);
		return;
	}
	out.n = (uint16_t)n;
	for (unsigned i = 0; i < n; i++) {
		struct dp_packet *part = &out.packets[i];

		*part = *p;
		part->m = pieces[i];
		part->inner = rte_pktmbuf_mtod(pieces[i], uint8_t *);
		part->len = rte_pktmbuf_data_len(pieces[i]);
		part->inner_sum = wire_fold(wire_sum(part->inner, part->len));
	}
	dp_done(w, p, DP_EDGE_RELAY_FRAGMENTED);
	dp_egress_stage(w, &out);
}
