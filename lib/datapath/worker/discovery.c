/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Strangers ask how they are seen from here: STUN (RFC 8489) and a plain echo, on the addresses of
 * services. Answered on the worker, to where it came from, so it costs no state: a rate of each
 * network that asks, and one of all, are what there is. What goes out is hardly longer than what
 * came in (lib/stun), since anybody's address may stand in it as its source.
 */
#include <rte_cycles.h>

#include "datapath/ends.h"
#include "datapath/table/discovery.h"
#include "datapath/worker/answers.h"
#include "datapath/worker/frame.h"
#include "datapath/worker/stages.h"
#include "datapath/worker/tags.h"
#include "stun/answer.h"
#include "stun/echo.h"

enum { OUR_TTL = 64, ANSWER_MOST = 256 };

/* A question, and what becomes of it. */
struct question {
	const struct dp_discovery_table *t;
	struct cv_endpoint from, here;
	struct cv_bytes bytes;
	/* the answer: */
	uint8_t payload[ANSWER_MOST];
	size_t len;
	struct cv_endpoint by; /* that it comes from */
	uint16_t to_port;
	enum dp_edge_name edge;
};

static bool
is_service(const struct dp *dp, unsigned lan, struct dp_ip ip)
{
	const struct dp_outside *o = dp_outside_of(dp);

	for (uint32_t i = 0; i < o->services; i++)
		if (dp_ip_equal(o->own[i].ip, ip) &&
			dp_lan_domain(o->own[i].lan) == dp_lan_domain(lan))
			return true;
	return false;
}

bool
dp_discovery_asked(const struct dp *dp, const struct frame *f)
{
	const struct dp_discovery_table *t = dp_discovery_of(dp);
	uint16_t port = wire_get16(f->udp + WIRE_UDP_TARGET);

	return t != NULL && port != 0 &&
	       (port == t->told.stun_port || port == t->told.echo_port ||
		       port == t->told.other_port) &&
	       is_service(dp, f->lan, frame_target(f));
}

/* ---- what is answered ---- */

/* The other address of this one. NULL: it has none. */
static const struct cv_ip *
other_of(const struct dp_discovery_table *t, const struct cv_ip *here)
{
	for (unsigned i = 0; i < t->told.n_others; i++)
		if (cv_ip_equal(&t->others[i].here, here))
			return &t->others[i].other;
	return NULL;
}

static enum dp_drop_cause
ask_stun(struct question *q)
{
	static const enum dp_drop_cause causes[STUN_REASONS] = {
		[STUN_ANSWERED] = DP_DROP_COUNT,
		[STUN_PORT_ZERO] = DP_DROP_CLASSIFY_MARTIAN,
		[STUN_MALFORMED] = DP_DROP_LOCAL_STUN_MALFORMED,
		[STUN_NOT_REQUEST] = DP_DROP_LOCAL_STUN_RESPONSE,
		[STUN_NOT_BINDING] = DP_DROP_LOCAL_STUN_METHOD,
		[STUN_NO_COOKIE] = DP_DROP_LOCAL_STUN_OLD,
		[STUN_FINGERPRINT_WRONG] = DP_DROP_LOCAL_STUN_MALFORMED,
	};
	const struct dp_discovery *told = &q->t->told;
	const struct cv_ip *other = other_of(q->t, &q->here.ip);
	struct stun_server server = {.here = q->here, .classic = told->old};
	struct stun_reply reply;
	enum stun_reason reason;

	if (other != NULL)
		server.other = (struct cv_endpoint){.ip = *other,
			.port = q->here.port == told->stun_port ? told->other_port
								: told->stun_port};
	reason = stun_answer(&server, &q->from, q->bytes, q->payload, sizeof(q->payload), &reply);
	if (reason != STUN_ANSWERED)
		return causes[reason];
	q->len = reply.len;
	q->to_port = reply.port;
	q->by.ip = reply.other_ip ? server.other.ip : q->here.ip;
	q->by.port = reply.other_port ? server.other.port : q->here.port;
	q->edge = DP_EDGE_LOCAL_STUN;
	return DP_DROP_COUNT;
}

static enum dp_drop_cause
ask_echo(struct question *q)
{
	static const enum dp_drop_cause causes[STUN_ECHO_REASONS] = {
		[STUN_ECHO_ANSWERED] = DP_DROP_COUNT,
		[STUN_ECHO_PORT_ZERO] = DP_DROP_CLASSIFY_MARTIAN,
		[STUN_ECHO_SHORT] = DP_DROP_LOCAL_TEXT_SHORT,
		[STUN_ECHO_ANSWER] = DP_DROP_LOCAL_TEXT_ANSWER,
	};
	_Static_assert(sizeof(q->payload) >= STUN_ECHO_MAX, "it fits");

	q->by = q->here;
	q->to_port = q->from.port;
	q->edge = DP_EDGE_LOCAL_TEXT;
	return causes[stun_echo(&q->from, q->bytes, (char *)q->payload, &q->len)];
}

/* Who has one rate: whoever has an address of such a network has all of them. */
static uint64_t
network_of(struct dp_ip ip)
{
	return dp_ip_is4(ip) ? ip.low & ~(UINT64_C(0xff) << 56) : ip.high & ~(UINT64_C(0xff) << 56);
}

static bool
may_ask(const struct dp_discovery_table *t, const struct cv_ip *from)
{
	for (unsigned i = 0; i < t->told.n_from; i++)
		if (cv_prefix_contains(&t->from[i], from))
			return true;
	return t->told.n_from == 0;
}

/* DP_DROP_COUNT: it is answered. */
static enum dp_drop_cause
ask(struct dp_worker *w, const struct frame *f, struct question *q)
{
	enum dp_drop_cause cause = frame_check_source(w->dp, f->lan, frame_source(f));

	if (cause == DP_DROP_COUNT && !may_ask(q->t, &q->from.ip))
		cause = DP_DROP_LOCAL_DISCOVERY_FROM;
	/* before what costs more the longer a question is: its sums and attributes */
	if (cause == DP_DROP_COUNT && (!dp_within_rate(w, w->discovery_rates,
					       network_of(frame_source(f)), q->t->cost_ms) ||
					      !cv_bucket_take(&w->discoveries, rte_rdtsc())))
		cause = DP_DROP_LOCAL_DISCOVERY_LIMIT;
	if (cause == DP_DROP_COUNT && !frame_udp_sum_right(f->ip, f->udp))
		cause = DP_DROP_CLASSIFY_UDP_CHECKSUM;
	if (cause == DP_DROP_COUNT)
		cause = q->here.port == q->t->told.echo_port ? ask_echo(q) : ask_stun(q);
	return cause;
}

/* ---- on the wire ---- */

static void
put4(uint8_t *ip, const struct question *q, unsigned udp_len)
{
	const struct wire_ipv4 header = {.length = (uint16_t)(WIRE_IPV4 + udp_len),
		.fragment = WIRE_IPV4_DONT, /* so it needs no identification (RFC 6864) */
		.ttl = OUR_TTL,
		.protocol = WIRE_UDP,
		.source_be = wire_load32(q->by.ip.bytes),
		.target_be = wire_load32(q->from.ip.bytes)};

	wire_ipv4_write(ip, &header);
	wire_udp_finish(ip + WIRE_IPV4, header.source_be, header.target_be);
}

static void
put6(uint8_t *ip, const struct question *q, unsigned udp_len)
{
	struct wire_ipv6 header = {.next = WIRE_UDP, .hops = OUR_TTL, .payload = (uint16_t)udp_len};

	memcpy(header.source, q->by.ip.bytes, WIRE_IPV6_ADDRESS);
	memcpy(header.target, q->from.ip.bytes, WIRE_IPV6_ADDRESS);
	wire_ipv6_write(ip, &header);
	wire_udp_finish6(ip + WIRE_IPV6, header.source, header.target);
}

/* In the question's buffer, to the station that it came from. */
static void
tell(struct dp_worker *w, const struct frame *f, const struct question *q)
{
	unsigned header = f->v6 ? WIRE_IPV6 : WIRE_IPV4;
	unsigned udp_len = WIRE_UDP_HEADER + (unsigned)q->len, len = WIRE_ETHER + header + udp_len;
	uint8_t *ether = rte_pktmbuf_mtod(f->m, uint8_t *), *udp = f->ip + header;

	memcpy(ether, ether + WIRE_ETHER_SOURCE, WIRE_MAC);
	memcpy(ether + WIRE_ETHER_SOURCE, dp_lan_mac(w->dp, f->lan), WIRE_MAC);
	memcpy(udp + WIRE_UDP_HEADER, q->payload, q->len);
	wire_udp_write(udp, q->by.port, q->to_port, (uint16_t)udp_len);
	if (f->v6)
		put6(f->ip, q, udp_len);
	else
		put4(f->ip, q, udp_len);
	f->m->data_len = (uint16_t)len;
	f->m->pkt_len = len;
	f->m->ol_flags = 0;
	w->counts.edges[q->edge]++;
	dp_tx_lan(w, f->lan, f->m);
}

void
dp_discovery_answer(struct dp_worker *w, const struct frame *f)
{
	struct question q = {.t = dp_discovery_of(w->dp),
		.from = {dp_ip_told(frame_source(f)), wire_get16(f->udp)},
		.here = {dp_ip_told(frame_target(f)), wire_get16(f->udp + WIRE_UDP_TARGET)},
		.bytes = {f->udp + WIRE_UDP_HEADER, f->udp_len - WIRE_UDP_HEADER}};
	enum dp_drop_cause cause = DP_DROP_CLASSIFY_UDP_PORT; /* it is answered no longer */

	if (q.t != NULL)
		cause = ask(w, f, &q);
	if (cause == DP_DROP_COUNT)
		tell(w, f, &q);
	else
		dp_drop_frame(w, f->m, cause);
	/* exits: LOCAL_STUN, LOCAL_TEXT; drops LOCAL_STUN_*, LOCAL_TEXT_*, LOCAL_DISCOVERY_* */
}
