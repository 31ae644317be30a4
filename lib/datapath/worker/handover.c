/* SPDX-License-Identifier: BSD-3-Clause */
/* What a worker gives to others and takes of them; see handover.h. */
#include "datapath/worker/handover.h"

#include <rte_ethdev.h>
#include <rte_prefetch.h>

#include "datapath/compat.h"
#include "datapath/ends.h"
#include "datapath/worker/stages.h"
#include "datapath/worker/tags.h"
#include "l2tp/header.h"

enum {
	/* EtherType and the beginning of IP, whatever its type of service is */
	ETHER_IPV4 = 0x00450008,
	ETHER_IPV4_MASK = 0x00ffffff,
	ETHER_IPV6 = 0x0060dd86,
	ETHER_IPV6_MASK = 0x00f0ffff,
	/* no fragment, and UDP */
	IPV4_UDP = 0x11000000,
	IPV4_UDP_MASK = (int32_t)0xff00ff3f,
	/* a data message of L2TPv2, as its first two bytes are read */
	L2TP_DATA = 0x0200,
	L2TP_DATA_MASK = 0x0f80,
	L2TP_LENGTH = 0x0040,
	L2TP_IDS = 8, /* bytes up to the IDs and with them, where Length is there */
};

/* ---- whose a frame is ---- */

/* Instead of a bucket: it is no data of a session, or the stages find it out. */
enum { NO_DATA = -1, FOR_STAGES = -2 };

static int bucket_tagged(const struct rte_mbuf *m, unsigned tags);

/*
 * The bucket of a frame, of all those that the fast way takes apart, and more; behind so many bytes
 * of tags. Nothing is checked
 * that says only whether it is right: who gets it does so.
 */
static __rte_always_inline int
bucket_behind(const struct rte_mbuf *m, unsigned tags)
{
	const uint8_t *ether = rte_pktmbuf_mtod_offset(m, const uint8_t *, tags);
	const uint8_t *ip = ether + WIRE_ETHER;
	unsigned header = WIRE_IPV4;
	const uint8_t *l2tp;
	uint32_t type, flags;

	if (unlikely(m->nb_segs != 1 ||
		     m->data_len < tags + WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER + L2TP_IDS))
		return m->nb_segs != 1 ? FOR_STAGES : NO_DATA;
	type = wire_load32(ether + WIRE_ETHER_TYPE);
	if (likely((type & ETHER_IPV4_MASK) == ETHER_IPV4)) {
		if ((wire_load32(ip + WIRE_IPV4_FRAGMENT) & (uint32_t)IPV4_UDP_MASK) != IPV4_UDP)
			return ip[WIRE_IPV4_PROTOCOL] == WIRE_UDP ? FOR_STAGES : NO_DATA;
	} else if (tags < DP_TAGS_MOST && dp_is_tag((uint16_t)type)) {
		return bucket_tagged(m, tags + WIRE_VLAN_TAG);
	} else {
		header = WIRE_IPV6;
		if ((type & ETHER_IPV6_MASK) != ETHER_IPV6 || ip[WIRE_IPV6_NEXT] != WIRE_UDP ||
			m->data_len < tags + WIRE_ETHER + WIRE_IPV6 + WIRE_UDP_HEADER + L2TP_IDS)
			return wire_ether_type_be(ether) == WIRE_TYPE_ARP_BE ? NO_DATA : FOR_STAGES;
	}
	l2tp = ip + header + WIRE_UDP_HEADER;
	flags = wire_load16(l2tp);
	if (unlikely((flags & L2TP_DATA_MASK) != L2TP_DATA))
		return NO_DATA;
	return (int)dp_handover_bucket(
		wire_swap32(wire_load32(l2tp + ((flags & L2TP_LENGTH) != 0 ? 4 : 2))));
}

static __rte_noinline int
bucket_tagged(const struct rte_mbuf *m, unsigned tags)
{
	return bucket_behind(m, tags);
}

static inline int
bucket_of(const struct rte_mbuf *m)
{
	return bucket_behind(m, 0);
}

/* ---- giving ---- */

static void
send_to(struct dp_worker *w, struct dp_handover_out *out)
{
	unsigned sent = rte_ring_sp_enqueue_burst(out->ring, (void **)out->frames, out->n, NULL);

	w->counts.edges[DP_EDGE_RX_HANDOVER] += sent;
	out->given += sent;
	for (unsigned i = sent; i < out->n; i++)
		dp_drop_frame(w, out->frames[i], DP_DROP_HANDOVER_FULL);
	out->n = 0;
}

/* Whom it is for is not to be foretold, so there is no branch by it. */
static inline void
give(struct dp_worker *w, unsigned to, unsigned port, struct rte_mbuf *m)
{
	struct dp_handover_out *out = &w->handover->out[to];

	m->port = (uint16_t)port; /* ours, not DPDK's: nobody else asks for it */
	out->frames[out->n++] = m;
	if (unlikely(out->n == DP_BURST) && out->ring != NULL)
		send_to(w, out);
}

static void
take_own(struct dp_worker *w, unsigned port)
{
	struct dp_handover_out *own = &w->handover->out[w->index];

	if (own->n != 0)
		dp_worker_burst(w, port, own->frames, own->n);
	own->n = 0;
}

/* Sorts a burst; what is the worker's own gets into its own place in `out`. What the stages find
 * to be another one's goes to that before what came behind it, which may be of the same session.
 * odd: something of it is in that place. */
static void
sort(struct dp_worker *w, unsigned port, struct rte_mbuf *const *frames, unsigned n, bool *odd)
{
	const uint8_t *to = w->handover->to;

	for (unsigned i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(frames[i], void *));
	for (unsigned i = 0; i < n; i++) {
		int bucket = bucket_of(frames[i]);
		unsigned whose = unlikely(bucket < 0) ? w->index : to[bucket];

		if (unlikely(*odd) && whose != w->index) {
			take_own(w, port);
			*odd = false;
		}
		*odd = *odd || unlikely(bucket == FOR_STAGES);
		give(w, whose, port, frames[i]);
	}
}

unsigned
dp_handover_receive(struct dp_worker *w, unsigned port)
{
	struct dp_handover_out *own = &w->handover->out[w->index];
	struct rte_mbuf *frames[DP_BURST];
	unsigned received = 0;
	bool odd = false;

	/* small bursts cost more: as many frames as make a good one of its own */
	for (unsigned asks = 0; asks < DP_HANDOVER_ASKS && own->n < DP_BURST; asks++) {
		uint16_t want = (uint16_t)(DP_BURST - own->n);
		uint16_t n = rte_eth_rx_burst(w->dp->ports[port].id, w->index, frames, want);

		w->full |= n >= DP_BURST_FULL;
		received += n;
		sort(w, port, frames, n, &odd);
		if (n < want)
			break;
	}
	take_own(w, port);
	return received;
}

unsigned
dp_handover_packets(struct dp_worker *w, struct dp_burst *b)
{
	const struct dp_handover *h = w->handover;
	uint16_t kept = 0, n = b->n;

	if (h->takes)
		return 0;
	for (uint16_t i = 0; i < n; i++) {
		const struct dp_packet *p = &b->packets[i];
		unsigned to = h->to[dp_handover_bucket((uint32_t)p->key)];

		if (to != w->index) {
			dp_tags_on(w->dp, p->lan, p->m);
			give(w, to, p->port, p->m);
		} else if (kept++ != i)
			b->packets[kept - 1] = *p;
	}
	b->n = kept;
	return (unsigned)(n - kept);
}

/* ---- another map ---- */

/* Whether all that was given is done, and no taker has something of it that waits: behind a mark
 * none has. */
static bool
all_done(struct dp_worker *w)
{
	struct dp_handover *h = w->handover;
	uint64_t takers = 0;
	bool done = true;

	for (unsigned i = 0; i < DP_HANDOVER_BUCKETS; i++)
		takers |= UINT64_C(1) << h->to[i];
	takers &= ~(UINT64_C(1) << w->index);
	for (; takers != 0; takers &= takers - 1) {
		unsigned to = (unsigned)__builtin_ctzll(takers);
		struct dp_handover_out *out = &h->out[to];

		if (!out->marked && rte_ring_sp_enqueue(out->ring, NULL) == 0) {
			out->marked = true;
			out->given++;
		}
		done = done && out->marked &&
		       out->given ==
			       __atomic_load_n(&w->dp->workers[to]->handover->in[w->index].done,
				       __ATOMIC_ACQUIRE);
	}
	return done;
}

static void
adopt(struct dp_worker *w, uint32_t turn)
{
	struct dp_handover *h = w->handover;

	dp_sequence_release(w); /* some of it may be of sessions that another worker gets */
	memcpy(h->to, h->wanted, sizeof(h->to));
	w->gives = false;
	for (unsigned i = 0; i < DP_HANDOVER_BUCKETS; i++)
		w->gives = w->gives || h->to[i] != w->index;
	h->pauses = false;
	__atomic_store_n(&h->turn, turn, __ATOMIC_RELEASE);
}

/* Queues wait no longer than their device has room; then it is tried again later. */
static bool
change(struct dp_worker *w, uint32_t turn)
{
	struct dp_handover *h = w->handover;

	if (h->waits && w->now_ms - h->since_ms < DP_HANDOVER_AGAIN_MS)
		return true;
	if (!h->pauses) {
		for (unsigned i = 0; i < w->dp->worker_count; i++)
			h->out[i].marked = false;
		h->pauses = true;
		h->waits = false;
		h->since_ms = w->now_ms;
	}
	if (all_done(w)) {
		adopt(w, turn);
		return true;
	}
	if (w->now_ms - h->since_ms < DP_HANDOVER_PAUSE_MS)
		return false;
	h->pauses = false;
	h->waits = true;
	h->since_ms = w->now_ms;
	return true;
}

bool
dp_handover_begin(struct dp_worker *w)
{
	struct dp_handover *h = w->handover;
	uint32_t wanted = __atomic_load_n(&h->wanted_turn, __ATOMIC_ACQUIRE);

	return likely(wanted == h->turn) || change(w, wanted);
}

/* ---- taking ---- */

/* What is between two marks, by the ports that it came by. */
static void
take_run(struct dp_worker *w, struct rte_mbuf **frames, unsigned n)
{
	unsigned first = 0;

	for (unsigned i = 1; i <= n; i++) {
		if (i < n && frames[i]->port == frames[first]->port)
			continue;
		dp_worker_burst(w, frames[first]->port, frames + first, i - first);
		first = i;
	}
}

/* Buffers and headers are in the giver's cache, and are going to be written. */
static void
ask_for(struct rte_mbuf *const *frames, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		dp_prefetch_write(frames[i]);
	for (unsigned i = 0; i < n; i++) {
		if (unlikely(frames[i] == NULL))
			continue;
		dp_prefetch_write(rte_pktmbuf_mtod(frames[i], uint8_t *));
		dp_prefetch_write(rte_pktmbuf_mtod_offset(frames[i], uint8_t *, DP_LINE));
	}
}

static unsigned
take_from(struct dp_worker *w, struct dp_handover_in *in)
{
	struct rte_mbuf *frames[DP_BURST];
	unsigned n = rte_ring_sc_dequeue_burst(in->ring, (void **)frames, DP_BURST, NULL);
	unsigned first = 0, marks = 0;

	ask_for(frames, n);
	for (unsigned i = 0; i < n; i++) {
		if (likely(frames[i] != NULL))
			continue;
		if (i != first)
			take_run(w, frames + first, i - first);
		dp_sequence_release(w);
		first = i + 1;
		marks++;
	}
	if (n != first)
		take_run(w, frames + first, n - first);
	in->taken += n;
	return n - marks;
}

unsigned
dp_handover_take(struct dp_worker *w)
{
	struct dp_handover *h = w->handover;
	uint64_t givers = __atomic_load_n(&h->givers, __ATOMIC_RELAXED);
	unsigned taken = 0;

	h->takes = true;
	for (; givers != 0; givers &= givers - 1) {
		unsigned n = take_from(w, &h->in[__builtin_ctzll(givers)]);

		w->full |= n >= DP_BURST_FULL;
		taken += n;
	}
	h->takes = false;
	return taken;
}

void
dp_handover_end(struct dp_worker *w)
{
	struct dp_handover *h = w->handover;
	uint64_t givers = __atomic_load_n(&h->givers, __ATOMIC_RELAXED);

	for (unsigned i = 0; w->gives && i < w->dp->worker_count; i++)
		if (h->out[i].n != 0)
			send_to(w, &h->out[i]);
	for (; givers != 0; givers &= givers - 1) {
		struct dp_handover_in *in = &h->in[__builtin_ctzll(givers)];

		if (in->done != in->taken)
			__atomic_store_n(&in->done, in->taken, __ATOMIC_RELEASE);
	}
}
