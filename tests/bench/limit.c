/* SPDX-License-Identifier: BSD-3-Clause */
/* The yardstick; see limit.h. */
#include "limit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_prefetch.h>

#include "wire/ether.h"
#include "wire/ipv4.h"
#include "wire/udp.h"

enum {
	BURST = 64,
	L2TP = 6,
	PPP = 4,
	OUTER = WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER + L2TP + PPP,
	LEAST = WIRE_IPV4 + WIRE_UDP_HEADER + L2TP + PPP + WIRE_IPV4,
	PORT_BE = 0xa506, /* 1701 */
	FLAGS_BE = 0x0200,
	FRAGMENT_BE = WIRE_IPV4_MORE_BE | WIRE_IPV4_OFFSET_BE,
};
#define PPP_IPV4_BE UINT32_C(0x210003ff)

/* What an arriving packet is checked against. */
struct in_line {
	uint64_t key; /* tunnel and session ID; 0: free */
	uint32_t outer_ip, inner_ip;
	uint16_t outer_port, header_sum, group;
} __attribute__((aligned(64)));

/* What a leaving one gets. */
struct out_line {
	uint8_t header[OUTER]; /* what varies is 0, checksums too */
	uint16_t mtu, ip_sum, header_sum, hop;
} __attribute__((aligned(64)));

struct counters {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
};

struct hop {
	uint8_t macs[12];
	uint32_t up;
};

struct limit {
	struct in_line *in;
	struct out_line *out;
	struct counters *counters;
	uint32_t *window; /* of inner addresses: slot + 1 */
	uint64_t seed, addresses, drops;
	uint32_t mask;
	uint64_t mac; /* ours, as the first 6 bytes of a frame */
	uint16_t id;
	struct hop hops[4];
	uint8_t permit[4][256];
};

struct packet {
	struct rte_mbuf *m;
	uint8_t *inner;
	uint64_t key;
	uint32_t slot, to;
};

/* As the data path has its tables. */
static void *
map(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

static uint64_t
key_of(uint16_t tunnel_id, uint16_t session_id)
{
	return UINT64_C(1) << 32 | (uint32_t)tunnel_id << 16 | session_id;
}

static void
write_header(const struct dp_session *s, const uint8_t mac[6], struct out_line *o)
{
	uint8_t *ip = o->header + WIRE_ETHER, *udp = ip + WIRE_IPV4, *l2tp = udp + WIRE_UDP_HEADER;
	struct wire_ipv4 h = {.ttl = 64,
		.protocol = WIRE_UDP,
		.source_be = wire_swap32(TRAFFIC_OURS),
		.target_be = wire_swap32(cv_ipv4_value(&s->peer.ip))};

	wire_ether_write(o->header, traffic_gateway_mac, mac, WIRE_TYPE_IPV4);
	wire_ipv4_write(ip, &h);
	wire_store16(ip + WIRE_IPV4_SUM, 0);
	wire_udp_write(udp, 1701, s->peer.port, 0);
	wire_store16(l2tp, FLAGS_BE);
	wire_put16(l2tp + 2, s->peer_tunnel_id);
	wire_put16(l2tp + 4, s->peer_session_id);
	wire_store32(l2tp + L2TP, PPP_IPV4_BE);
	o->mtu = s->mtu;
	o->hop = 1;
	o->ip_sum = wire_fold(wire_sum20(ip));
	o->header_sum = wire_fold(
		wire_sum(ip + WIRE_IPV4_SOURCE, 8) + wire_sum(udp, WIRE_UDP_HEADER + L2TP + PPP));
}

static void
write_session(struct limit *l, const struct scene *scene, uint64_t index)
{
	struct dp_session s;
	struct in_line *i;
	uint8_t l2tp[L2TP];
	uint32_t slot;

	population_session(&scene->population, index, &s);
	slot = population_slot(&scene->population, &s);
	i = &l->in[slot];
	write_header(&s, scene->mac, &l->out[slot]);
	wire_store16(l2tp, FLAGS_BE);
	wire_put16(l2tp + 2, s.tunnel_id);
	wire_put16(l2tp + 4, s.session_id);
	*i = (struct in_line){.key = key_of(s.tunnel_id, s.session_id),
		.outer_ip = wire_swap32(cv_ipv4_value(&s.peer.ip)),
		.outer_port = wire_swap16(s.peer.port),
		.inner_ip = wire_swap32(cv_ipv4_value(&s.address)),
		.group = 1};
	i->header_sum = wire_fold((uint64_t)i->outer_ip + wire_swap32(TRAFFIC_OURS) +
				  i->outer_port + PORT_BE + wire_sum(l2tp, L2TP) + PPP_IPV4_BE);
	l->window[cv_ipv4_value(&s.address) - TRAFFIC_POOL] = slot + 1;
}

struct limit *
limit_new(const struct scene *s)
{
	const struct population *p = &s->population;
	size_t slots = (size_t)p->mask + 1;
	struct limit *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->seed = p->seed;
	l->mask = p->mask;
	l->addresses = p->there + 1;
	l->in = map(slots * sizeof(l->in[0]));
	l->out = map(slots * sizeof(l->out[0]));
	l->counters = map(slots * sizeof(l->counters[0]));
	l->window = map(l->addresses * sizeof(l->window[0]));
	if (l->in == NULL || l->out == NULL || l->counters == NULL || l->window == NULL) {
		limit_free(l);
		return NULL;
	}
	memcpy(&l->mac, s->mac, WIRE_MAC);
	memcpy(l->hops[1].macs, traffic_gateway_mac, WIRE_MAC);
	memcpy(l->hops[1].macs + WIRE_MAC, s->mac, WIRE_MAC);
	l->hops[1].up = 1;
	l->permit[1][WIRE_ESP] = l->permit[1][WIRE_AH] = l->permit[1][WIRE_UDP] = 1;
	for (uint64_t i = 0; i < p->there; i++)
		write_session(l, s, i);
	return l;
}

static void
unmap(void *p, size_t bytes)
{
	if (p != NULL)
		munmap(p, bytes);
}

void
limit_free(struct limit *l)
{
	size_t slots = (size_t)l->mask + 1;

	unmap(l->in, slots * sizeof(l->in[0]));
	unmap(l->out, slots * sizeof(l->out[0]));
	unmap(l->counters, slots * sizeof(l->counters[0]));
	unmap(l->window, l->addresses * sizeof(l->window[0]));
	free(l);
}

uint64_t
limit_drops(const struct limit *l)
{
	return l->drops;
}

/* Link, outer IPv4, UDP, L2TP and PPP: every length, and the header's sum. */
static inline bool
outer_right(const struct limit *l, const struct rte_mbuf *m, const uint8_t *frame)
{
	const uint8_t *ip = frame + WIRE_ETHER, *udp = ip + WIRE_IPV4;
	const uint8_t *l2tp = udp + WIRE_UDP_HEADER;
	unsigned total = wire_ipv4_length(ip);

	return wire_load64(frame) << 16 == l->mac << 16 && m->nb_segs == 1 &&
	       wire_ether_type_be(frame) == WIRE_TYPE_IPV4_BE && ip[0] == 0x45 &&
	       total + WIRE_ETHER <= m->data_len && total >= LEAST &&
	       wire_fold(wire_sum20(ip)) == WIRE_SUM_RIGHT && ip[WIRE_IPV4_PROTOCOL] == WIRE_UDP &&
	       (wire_ipv4_fragment_be(ip) & FRAGMENT_BE) == 0 &&
	       wire_ipv4_target_be(ip) == wire_swap32(TRAFFIC_OURS) &&
	       wire_load16(udp + WIRE_UDP_TARGET) == PORT_BE &&
	       wire_udp_length(udp) + WIRE_IPV4 == total && wire_load16(l2tp) == FLAGS_BE &&
	       wire_load32(l2tp + L2TP) == PPP_IPV4_BE;
}

/* The session, its peer, its own inner packet. */
static inline bool
inner_right(const struct in_line *i, const struct packet *p)
{
	const uint8_t *inner = p->inner, *ip = inner - OUTER + WIRE_ETHER;
	uint32_t source = wire_ipv4_source_be(inner);

	return i->key == p->key && i->outer_ip == wire_ipv4_source_be(ip) &&
	       i->outer_port == wire_load16(ip + WIRE_IPV4) && inner[0] == 0x45 &&
	       wire_ipv4_length(inner) + OUTER - WIRE_ETHER == wire_ipv4_length(ip) &&
	       wire_fold(wire_sum20(inner)) == WIRE_SUM_RIGHT && source == i->inner_ip &&
	       wire_ipv4_target_be(inner) != source && (ip[WIRE_IPV4_TOS] & 3) == 0;
}

/* Where it goes, and whether it may. */
static inline bool
may_leave(const struct limit *l, const struct in_line *i, const struct out_line *o,
	const uint8_t *inner)
{
	return l->permit[i->group][inner[WIRE_IPV4_PROTOCOL]] != 0 && l->hops[o->hop].up != 0 &&
	       inner[WIRE_IPV4_TTL] > 1 &&
	       (wire_ipv4_fragment_be(inner) & FRAGMENT_BE) != WIRE_IPV4_MORE_BE &&
	       wire_ipv4_length(inner) <= o->mtu;
}

static inline void
emit(struct limit *l, struct packet *p, const struct in_line *i, const struct out_line *o)
{
	uint8_t *inner = p->inner, *frame = inner - OUTER, *ip = frame + WIRE_ETHER;
	uint8_t *udp = ip + WIRE_IPV4;
	unsigned length = wire_ipv4_length(inner);
	uint16_t sum = wire_load16(udp + WIRE_UDP_SUM), before = wire_load16(udp + WIRE_UDP_LENGTH);
	uint16_t total = wire_swap16((uint16_t)(length + OUTER - WIRE_ETHER));
	uint16_t after = wire_swap16((uint16_t)(length + OUTER - WIRE_ETHER - WIRE_IPV4));
	uint16_t id = wire_swap16(l->id++), tos = (uint16_t)(inner[WIRE_IPV4_TOS] << 8);

	inner[WIRE_IPV4_TTL]--;
	wire_store16(
		inner + WIRE_IPV4_SUM, wire_fold((uint64_t)wire_load16(inner + WIRE_IPV4_SUM) + 1));
	memcpy(frame, o->header, OUTER);
	memcpy(frame, l->hops[o->hop].macs, 2 * WIRE_MAC);
	ip[WIRE_IPV4_TOS] = (uint8_t)(tos >> 8);
	wire_store16(ip + WIRE_IPV4_LENGTH, total);
	wire_store16(ip + WIRE_IPV4_ID, id);
	wire_store16(ip + WIRE_IPV4_SUM, wire_checksum((uint64_t)o->ip_sum + total + id + tos));
	wire_store16(udp + WIRE_UDP_LENGTH, after);
	/* the inner header's own sum does not change, so only the outer words differ */
	wire_store16(udp + WIRE_UDP_SUM,
		wire_checksum_udp((uint64_t)(uint16_t)~sum + (uint16_t)~i->header_sum +
				  2u * (uint16_t)~before + o->header_sum + 2u * after));
	p->m->data_len = (uint16_t)(length + OUTER);
	p->m->pkt_len = length + OUTER;
	l->counters[p->slot].rx_packets++;
	l->counters[p->slot].rx_bytes += length;
	l->counters[p->to].tx_packets++;
	l->counters[p->to].tx_bytes += length;
}

static inline void
parse(struct limit *l, struct packet *p)
{
	uint8_t *frame = rte_pktmbuf_mtod(p->m, uint8_t *);
	const uint8_t *l2tp = frame + WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER;
	uint16_t tunnel_id = wire_get16(l2tp + 2), session_id = wire_get16(l2tp + 4);

	p->inner = frame + OUTER;
	p->key = outer_right(l, p->m, frame) ? key_of(tunnel_id, session_id) : 0;
	p->slot = cv_session_slot(l->seed, 0, tunnel_id, session_id, l->mask);
	rte_prefetch0(&l->in[p->slot]);
	rte_prefetch0(&l->counters[p->slot]);
}

static inline void
find(struct limit *l, struct packet *p)
{
	uint32_t at = wire_get32(p->inner + WIRE_IPV4_TARGET) - TRAFFIC_POOL;
	uint32_t word = at < l->addresses ? l->window[at] : 0;

	p->key = word == 0 ? 0 : p->key;
	p->to = word == 0 ? 0 : word - 1;
	rte_prefetch0(&l->out[p->to]);
	rte_prefetch0(&l->counters[p->to]);
}

static void
burst(struct limit *l, struct rte_mbuf **frames, unsigned n)
{
	struct packet packets[BURST];

	for (unsigned k = 0; k < n; k++) {
		rte_prefetch0(rte_pktmbuf_mtod(frames[k], void *));
		rte_prefetch0(rte_pktmbuf_mtod_offset(frames[k], void *, 64));
	}
	for (unsigned k = 0; k < n; k++) {
		packets[k].m = frames[k];
		parse(l, &packets[k]);
	}
	for (unsigned k = 0; k < n; k++)
		rte_prefetch0(
			&l->window[wire_get32(packets[k].inner + WIRE_IPV4_TARGET) - TRAFFIC_POOL]);
	for (unsigned k = 0; k < n; k++)
		find(l, &packets[k]);
	for (unsigned k = 0; k < n; k++) {
		struct packet *p = &packets[k];
		const struct in_line *i = &l->in[p->slot];
		const struct out_line *o = &l->out[p->to];

		if (likely(inner_right(i, p) && may_leave(l, i, o, p->inner)))
			emit(l, p, i, o);
		else
			l->drops++;
	}
}

void
limit_run(struct scene *s, void *context, struct rte_mbuf **frames, unsigned n)
{
	(void)s;
	for (unsigned at = 0; at < n; at += BURST)
		burst(context, frames + at, n - at < BURST ? n - at : BURST);
}
