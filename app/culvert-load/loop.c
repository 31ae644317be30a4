/* SPDX-License-Identifier: BSD-3-Clause */
#include <time.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "culvert-load/load.h"
#include "l2tp/header.h"
#include "ppp/frame.h"

enum {
	REST_US = 50,
	BURSTS_A_ROUND = 8,
	LOOKED_MOST = 4096, /* of those who might send, before others wait too long */
	INNER = 8 + 4,      /* bytes of L2TP and PPP in front of what is sent inside, at most */
};

static uint64_t
read_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * CV_NS_PER_S + (uint64_t)t.tv_nsec;
}

void
load_rest(struct load *l, unsigned frames)
{
	const struct timespec t = {.tv_nsec = REST_US * 1000};

	if (frames == 0 && people_next_timeout(l->people) > l->now)
		nanosleep(&t, NULL);
}

/* Frames of the control side go out one by one; what a port does not take is sent again by whoever
 * wants an answer. */
static bool
put(struct load *l, unsigned port, struct rte_mbuf *m, size_t len)
{
	m->data_len = (uint16_t)len;
	m->pkt_len = (uint32_t)len;
	if (rte_eth_tx_burst(l->ports[port].id, 0, &m, 1) == 1)
		return true;
	rte_pktmbuf_free(m);
	return false;
}

static bool
put_copy(struct load *l, unsigned port, const uint8_t *frame, size_t len)
{
	struct rte_mbuf *m = port_buffer();

	if (m == NULL)
		return false;
	memcpy(rte_pktmbuf_mtod(m, uint8_t *), frame, len);
	return put(l, port, m, len);
}

/* ---- in ---- */

/* The tunnel of a datagram, by where it came to and what ID it names; -1: nobody's. */
static int64_t
find_tunnel(const struct load *l, const struct side_frame *f)
{
	struct l2tp_header h;
	uint32_t tunnel;

	if (f->source != l->o->lns || f->source_port != l->o->lns_port ||
		l2tp_header_parse(f->payload.data, f->payload.len, &h) != 0 ||
		!people_find(l->people, f->target - l->o->first, h.tunnel_id, &tunnel))
		return -1;
	return l->source_ports[tunnel] == f->target_port ? (int64_t)tunnel : -1;
}

/* A datagram for a client. */
static void
take_outer(struct load *l, const struct side_frame *f)
{
	int64_t tunnel = find_tunnel(l, f);
	struct cv_bytes packet;
	uint32_t session;

	if (tunnel < 0)
		l->strays++;
	else if (people_input(l->people, l->now, (uint32_t)tunnel, f->payload.data, f->payload.len,
			 &session, &packet) == DIAL_PACKET)
		data_read(&l->data, packet.data, packet.len, session, l->now);
}

/* A packet for the host behind the LNS: its flow is that of the session that has the address, or
 * had it when it was sent. */
static void
take_inner(struct load *l, const struct side_frame *f)
{
	uint32_t n = l->o->people.sessions, flow, address_be;

	if (f->ip_len < DATA_LEAST || f->ip[WIRE_IPV4_PROTOCOL] != WIRE_ESP) {
		l->data.counters.others++;
		return;
	}
	flow = data_flow_of(f->ip);
	address_be =
		flow < n || flow >= l->data.n ? 0 : people_person(l->people, flow - n)->address_be;
	if (flow >= n && flow < l->data.n && address_be == 0)
		l->data.counters.old++;
	else if (address_be != wire_swap32(f->source))
		l->data.counters.wrong_place++;
	else
		data_read(&l->data, f->ip, f->ip_len, flow, l->now);
}

static void
take(struct load *l, unsigned port, const uint8_t *frame, size_t len)
{
	uint8_t reply[SIDE_ARP];
	struct side_frame f;

	side_read(&l->sides[port], frame, len, reply, &f);
	if (f.kind == SIDE_ANSWER)
		put_copy(l, port, reply, sizeof(reply));
	else if (port == 0 && f.kind == SIDE_UDP)
		take_outer(l, &f);
	else if (port == 1 && (f.kind == SIDE_IP || f.kind == SIDE_UDP))
		take_inner(l, &f);
	else
		l->strays += f.kind != SIDE_NOTHING;
}

static unsigned
receive_burst(struct load *l, unsigned port)
{
	struct rte_mbuf *burst[PORT_BURST];
	unsigned n = rte_eth_rx_burst(l->ports[port].id, 0, burst, PORT_BURST);

	for (unsigned i = 0; i < n; i++) {
		if (i + 1 < n)
			rte_prefetch0(rte_pktmbuf_mtod(burst[i + 1], void *));
		if (burst[i]->nb_segs == 1)
			take(l, port, rte_pktmbuf_mtod(burst[i], uint8_t *), burst[i]->data_len);
		else
			l->strays++;
		rte_pktmbuf_free(burst[i]);
	}
	return n;
}

/* What waits, so that it is not our own ring that overflows; but not without an end. */
static unsigned
receive(struct load *l, unsigned port)
{
	unsigned all = 0, n;

	do {
		n = receive_burst(l, port);
		all += n;
	} while (n == PORT_BURST && all < PORT_BURST * BURSTS_A_ROUND);
	return all;
}

/* ---- out ---- */

static void
say(struct load *l)
{
	uint8_t bytes[DIAL_DATAGRAM_MAX];
	uint32_t tunnel;
	int len;

	while ((len = people_poll_output(l->people, l->now, &tunnel, bytes, sizeof(bytes))) > 0) {
		struct rte_mbuf *m = port_buffer();
		uint8_t *frame;

		if (m == NULL)
			continue;
		frame = rte_pktmbuf_mtod(m, uint8_t *);
		memcpy(frame + SIDE_OUTER, bytes, (size_t)len);
		side_write_udp(&l->sides[0], frame, l->o->first + tunnel % l->o->people.addresses,
			l->source_ports[tunnel], l->o->lns, (uint16_t)l->o->lns_port, (size_t)len,
			true);
		l->control_refused += !put(l, 0, m, SIDE_OUTER + (size_t)len);
	}
}

static bool
ask(struct load *l)
{
	bool found = true;

	for (unsigned i = 0; i < l->n_ports; i++) {
		struct side *s = &l->sides[i];
		uint8_t frame[SIDE_ARP];

		found &= s->found;
		if (s->found || l->now < s->ask_at)
			continue;
		side_ask(s, frame);
		if (put_copy(l, i, frame, sizeof(frame))) /* a port may need a while to be there */
			s->ask_at = l->now + SIDE_ASK_MS * CV_NS_PER_MS;
	}
	return found;
}

uint64_t
load_missed(struct load *l)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < l->n_ports; i++)
		n += port_missed(&l->ports[i]);
	return n;
}

unsigned
load_round(struct load *l, bool churn)
{
	unsigned n = 0;

	l->now = read_clock();
	for (unsigned i = 0; i < l->n_ports; i++)
		n += receive(l, i);
	people_handle_timeout(l->people, l->now);
	if (ask(l)) {
		if (l->dialled_at == 0)
			l->dialled_at = l->now;
		people_work(l->people, l->now, churn);
	}
	say(l);
	return n;
}

/* ---- data ---- */

struct job {
	unsigned port;
	uint32_t session, flow, source_be, target_be;
};

/* Who sends next, and to whom; false: nobody can. */
static bool
next_job(struct load *l, struct job *j)
{
	uint32_t n = l->o->people.sessions, ends = l->n_ports == 2 ? 2 * n : n;

	for (uint32_t looked = 0; looked < ends && looked < LOOKED_MOST; looked++) {
		/* with a host down to a session, then up from it, so that both ways have as much */
		uint32_t k = l->next, s = l->n_ports == 2 ? k / 2 : k, other = s ^ 1;
		const struct person *from = people_person(l->people, s);

		l->next = k + 1 == ends ? 0 : k + 1;
		if (from->address_be == 0)
			continue;
		if (l->n_ports == 2) {
			uint32_t host_be = wire_swap32(l->o->host);

			*j = k % 2 == 0 ? (struct job){1, s, s, host_be, from->address_be}
					: (struct job){0, s, n + s, from->address_be, host_be};
			return true;
		}
		if (other >= n || people_person(l->people, other)->address_be == 0)
			continue;
		*j = (struct job){
			0, s, other, from->address_be, people_person(l->people, other)->address_be};
		return true;
	}
	return false;
}

/* Sizes 64, 576 and 1,400, seven, four and one of twelve. */
static unsigned
size_of_next(struct load *l, unsigned size)
{
	static const uint16_t mix[12] = {64, 576, 64, 64, 576, 64, IMIX_MOST, 64, 576, 64, 64, 576};

	return size != IMIX ? size : mix[l->imix++ % 12];
}

bool
load_fits(const struct load *l, unsigned size)
{
	unsigned around = WIRE_IPV4 + WIRE_UDP_HEADER + INNER; /* outside, on the first port */

	size = size == IMIX ? IMIX_MOST : size;
	for (unsigned i = 0; i < l->n_ports; i++)
		if (l->ports[i].mtu != 0 && size + (i == 0 ? around : 0) > l->ports[i].mtu)
			return false;
	return true;
}

/* L2TP and PPP headers of what a session sends. Returns their bytes. */
static size_t
write_inner(const struct load *l, uint8_t *bytes, uint32_t session, size_t size)
{
	const struct person *p = people_person(l->people, session);
	struct cv_writer w = cv_writer(bytes, INNER);
	size_t ppp = (p->acfc ? 0u : 2u) + (p->pfc ? 1u : 2u);

	l2tp_data_header_write(&w, people_peer_tunnel(l->people, session / l->o->people.per_tunnel),
		p->peer_session, ppp + size);
	if (!p->acfc)
		cv_write_u16(&w, PPP_ADDRESS << 8 | PPP_CONTROL);
	if (!p->pfc)
		cv_write_u8(&w, 0);
	cv_write_u8(&w, PPP_IP);
	return cv_written(&w);
}

static void
write_frame(struct load *l, struct rte_mbuf *m, const struct job *j, unsigned size)
{
	uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *);
	uint32_t tunnel = j->session / l->o->people.per_tunnel;
	size_t head;

	if (j->port == 1) {
		head = WIRE_ETHER;
		wire_ether_write(frame, l->sides[1].next_mac, l->sides[1].mac, WIRE_TYPE_IPV4);
	} else {
		head = write_inner(l, frame + SIDE_OUTER, j->session, size);
		side_write_udp(&l->sides[0], frame, l->o->first + tunnel % l->o->people.addresses,
			l->source_ports[tunnel], l->o->lns, (uint16_t)l->o->lns_port, head + size,
			false);
		head += SIDE_OUTER;
	}
	data_write(&l->data, frame + head, size, j->flow, j->source_be, j->target_be, l->now);
	m->data_len = (uint16_t)(head + size);
	m->pkt_len = m->data_len;
}

unsigned
load_send(struct load *l, unsigned n, unsigned size, unsigned *tried)
{
	struct rte_mbuf *burst[PORTS_MAX][PORT_BURST];
	struct {
		uint32_t flow;
		unsigned size;
	} what[PORTS_MAX][PORT_BURST];
	unsigned count[PORTS_MAX] = {0}, sent = 0;
	struct job j;

	*tried = 0;
	l->now = read_clock();
	for (; *tried < n && *tried < PORT_BURST && next_job(l, &j); ++*tried) {
		struct rte_mbuf *m = port_buffer();
		unsigned bytes = size_of_next(l, size);

		if (m == NULL)
			break;
		write_frame(l, m, &j, bytes);
		what[j.port][count[j.port]].flow = j.flow;
		what[j.port][count[j.port]].size = bytes;
		burst[j.port][count[j.port]++] = m;
	}
	for (unsigned i = 0; i < l->n_ports; i++) {
		unsigned took = count[i] == 0 ? 0
					      : rte_eth_tx_burst(l->ports[i].id, 0, burst[i],
							(uint16_t)count[i]);

		sent += took;
		for (unsigned k = count[i]; k > took; k--) {
			data_take_back(&l->data, what[i][k - 1].flow, what[i][k - 1].size);
			rte_pktmbuf_free(burst[i][k - 1]);
		}
	}
	return sent;
}
