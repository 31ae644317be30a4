/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fragments of outer packets to us are put together again (RFC 791 section 3.2), and what comes of
 * it is classified as any other packet. rte_ip_frag, which does that, is given the fragments of a
 * packet only once they are all there and fit each other: what waits is in parts.c.
 *
 * No honest path makes fragments that overlap (RFC 5722), first ones that no network has an MTU
 * small enough for, or any that end beyond an IP packet's length. One that is cut again ends in
 * whatever is left: of 1,480 bytes of a first fragment PPPoE leaves 8, which others follow. The
 * packet of which one is refused for what the others are is given up with all of them.
 */
#include <rte_byteorder.h>
#include <rte_cycles.h>
#include <rte_ip_frag.h>

#include "datapath/ends.h"
#include "datapath/table/outside.h"
#include "datapath/table/sessions.h"
#include "datapath/worker/parts.h"
#include "datapath/worker/reassemble.h"
#include "l2tp/header.h"

enum {
	UNIT = 8,           /* of offsets */
	LEAST_NETWORK = 68, /* each takes as much unfragmented (RFC 791 section 3.2) */
	/* so a first one carries, in units behind a header without options, */
	LEAST_CARRIED = 40,
};

_Static_assert(DP_PARTS_OF_ONE <= RTE_LIBRTE_IP_FRAG_MAX_FRAG, "as many as rte_ip_frag takes");

/* What it puts together is given to it at once: it has room for one, and keeps none. */
struct rte_ip_frag_tbl *
dp_reassemble_new(void)
{
	return rte_ip_frag_table_create(1, 2, 2, rte_get_tsc_hz(), SOCKET_ID_ANY);
}

void
dp_reassemble_free(struct rte_ip_frag_tbl *t)
{
	rte_ip_frag_table_destroy(t);
}

/* No honest path makes such a one. */
static bool
is_impossible(const struct dp_fragment *f)
{
	unsigned header = f->v6 ? WIRE_IPV4 : f->headers;

	if (f->len == 0 || f->headers + f->offset + f->len > UINT16_MAX)
		return true;
	if (f->more && f->len % UNIT != 0)
		return true;
	/* what a first one leaves to another network may be small, however much follows it */
	if (f->offset == 0)
		return f->more && header + f->len + UNIT <= LEAST_NETWORK;
	return f->offset < LEAST_CARRIED;
}

/* The owner of a first fragment, if it names a session or tunnel that is here, and comes from its
 * peer: what is forged without being seen does not. */
static bool
owner_of_first(const struct dp_worker *w, const struct dp_fragment *f, uint64_t *owner)
{
	const struct dp *dp = w->dp;
	const uint8_t *udp = f->ip + f->headers, *l2tp = udp + WIRE_UDP_HEADER;
	uint16_t port = wire_load16(udp + WIRE_UDP_TARGET), peer_port = wire_load16(udp);
	unsigned at, lan = (unsigned)(f->key.id >> 32);
	int service;

	if (f->len < WIRE_UDP_HEADER + 8)
		return false;
	if (f->v6)
		service = dp_service_find6(dp, lan, f->key.target, port);
	else
		service = dp_service_find(dp, lan, dp_ip4_be(f->key.target), port);
	at = (l2tp[0] & (L2TP_BIT_LENGTH >> 8)) != 0 ? 4 : 2;
	if (service < 0 || (l2tp[1] & L2TP_VERSION_MASK) != L2TP_VERSION)
		return false;
	*owner =
		dp_ingress_key((uint16_t)service, wire_get16(l2tp + at), wire_get16(l2tp + at + 2));
	if ((l2tp[0] & (L2TP_BIT_TYPE >> 8)) != 0) {
		const uint64_t *tunnels = __atomic_load_n(&dp->tunnels[service], __ATOMIC_CONSUME);

		return tunnels != NULL &&
		       dp_tunnel_is(
			       __atomic_load_n(&tunnels[wire_get16(l2tp + at)], __ATOMIC_CONSUME),
			       f->key.source, peer_port);
	}
	return dp_session_is_of(dp, *owner, f->key.source, peer_port);
}

/* Who has sent it, as far as its addresses tell: a /24, or a /48. */
static uint64_t
network_of(const struct dp_fragment *f)
{
	if (!f->v6)
		return dp_ip4_be(f->key.source) & UINT32_C(0x00ffffff);
	return f->key.source.high & UINT64_C(0x0000ffffffffffff);
}

/* Whether it can be one of these. DP_DROP_COUNT: yes; REASSEMBLE_DUPLICATE: it is there; else they
 * are given up. */
static enum dp_drop_cause
fits(const struct dp_parts_packet *p, const struct dp_fragment *f)
{
	unsigned end = f->offset + f->len;

	if (p->total != 0 && (end > p->total || (!f->more && end != p->total)))
		return DP_DROP_REASSEMBLE_OVERLAP;
	for (unsigned i = 0; i < p->count; i++) {
		const struct dp_part *part = &p->parts[i];

		if (part->offset == f->offset && part->len == f->len &&
			memcmp(part->ip + part->headers, f->ip + f->headers, f->len) == 0)
			return DP_DROP_REASSEMBLE_DUPLICATE;
		if (f->offset < part->offset + part->len && part->offset < end)
			return DP_DROP_REASSEMBLE_OVERLAP;
		if (!f->more && part->offset >= f->offset)
			return DP_DROP_REASSEMBLE_OVERLAP; /* behind the end */
	}
	return p->count == DP_PARTS_OF_ONE ? DP_DROP_REASSEMBLE_TOO_MANY : DP_DROP_COUNT;
}

/* The record of its packet; NULL: others have the room. */
static struct dp_parts_packet *
record_of(struct dp_worker *w, const struct dp_fragment *f)
{
	struct dp_parts_packet *p = dp_parts_find(w, &f->key);
	uint64_t owner = 0;
	bool known = f->offset == 0 && owner_of_first(w, f, &owner);

	if (p != NULL && known)
		dp_parts_is_of(w, p, owner);
	if (p == NULL)
		p = dp_parts_make(w, &f->key, known ? owner : network_of(f), known);
	return p;
}

/* CE of one is CE of the whole, which is lost where another can't say it (RFC 3168 section 5.3).
 * false: it is. */
static bool
merge_ecn(const struct dp_parts_packet *p, uint8_t *ecn)
{
	bool ce = false, not_ect = false;

	for (unsigned i = 0; i < p->count; i++) {
		ce |= p->parts[i].ecn == 3;
		not_ect |= p->parts[i].ecn == 0;
	}
	if (ce)
		*ecn = 3;
	return !(ce && not_ect);
}

/* rte_ip_frag gets all of them in turn, and gives the packet with the last one. */
static struct rte_mbuf *
chain(struct dp_worker *w, const struct dp_parts_packet *p, bool v6)
{
	struct rte_ip_frag_death_row dead = {0};
	struct rte_mbuf *m = NULL;

	for (unsigned i = 0; i < p->count; i++) {
		const struct dp_part *part = &p->parts[i];

		part->m->tx_offload = rte_mbuf_tx_offload(WIRE_ETHER, part->headers, 0, 0, 0, 0, 0);
		if (v6)
			m = rte_ipv6_frag_reassemble_packet(w->reassembly, &dead, part->m,
				rte_rdtsc(), (void *)part->ip, (void *)(part->ip + WIRE_IPV6));
		else
			m = rte_ipv4_frag_reassemble_packet(
				w->reassembly, &dead, part->m, rte_rdtsc(), (void *)part->ip);
	}
	for (uint32_t i = 0; i < dead.cnt; i++)
		dp_drop_frame(w, dead.row[i], DP_DROP_CLASSIFY_FRAGMENT);
	return m;
}

/* All are there. NULL: dropped. */
static struct rte_mbuf *
put_together(struct dp_worker *w, struct dp_parts_packet *p, bool v6)
{
	struct dp_parts_packet whole = *p;
	struct rte_mbuf *m;
	uint8_t ecn = 0, *ip;

	if (!merge_ecn(p, &ecn)) {
		dp_parts_drop(w, p, DP_DROP_INGRESS_CONGESTION);
		return NULL;
	}
	dp_parts_take(w, p);
	m = chain(w, &whole, v6);
	if (m == NULL)
		return NULL;
	if (rte_pktmbuf_linearize(m) != 0) {
		dp_drop_frame(w, m, DP_DROP_REASSEMBLE_TOO_BIG);
		return NULL;
	}
	/* what the device said was of one fragment */
	m->ol_flags = 0;
	m->tx_offload = 0;
	ip = rte_pktmbuf_mtod_offset(m, uint8_t *, WIRE_ETHER);
	if (v6) {
		ip[1] |= (uint8_t)(ecn << 4);
	} else {
		ip[WIRE_IPV4_TOS] |= ecn;
		wire_ipv4_finish(ip);
	}
	w->counts.edges[DP_EDGE_REASSEMBLE_CLASSIFY]++;
	return m;
}

struct rte_mbuf *
dp_reassemble(struct dp_worker *w, const struct dp_fragment *f)
{
	const struct dp_part part = {.m = f->m,
		.ip = f->ip,
		.headers = (uint16_t)f->headers,
		.offset = (uint16_t)f->offset,
		.len = (uint16_t)f->len,
		.ecn = f->ecn};
	unsigned room = rte_pktmbuf_data_room_size(w->dp->pool) - RTE_PKTMBUF_HEADROOM;
	struct dp_parts_packet *p;
	enum dp_drop_cause cause;

	w->counts.edges[DP_EDGE_CLASSIFY_REASSEMBLE]++;
	if (is_impossible(f)) {
		dp_drop_frame(w, f->m, DP_DROP_CLASSIFY_FRAGMENT);
		return NULL;
	}
	p = record_of(w, f);
	if (p == NULL) {
		dp_drop_frame(w, f->m, DP_DROP_REASSEMBLE_GAVE_WAY);
		return NULL;
	}
	cause = fits(p, f);
	if (cause == DP_DROP_COUNT && WIRE_ETHER + f->headers + f->offset + f->len > room)
		cause = DP_DROP_REASSEMBLE_TOO_BIG;
	if (cause != DP_DROP_COUNT && cause != DP_DROP_REASSEMBLE_DUPLICATE)
		dp_parts_drop(w, p, cause);
	if (cause == DP_DROP_COUNT && !dp_parts_put(w, p, &part))
		cause = DP_DROP_REASSEMBLE_GAVE_WAY;
	if (cause != DP_DROP_COUNT) {
		dp_drop_frame(w, f->m, cause);
		return NULL;
	}
	if (!f->more)
		p->total = (uint16_t)(f->offset + f->len);
	return p->total != 0 && p->bytes == p->total ? put_together(w, p, f->v6) : NULL;
	/* exits: CLASSIFY; it waits; drops CLASSIFY_FRAGMENT, REASSEMBLE_*, INGRESS_CONGESTION */
}
