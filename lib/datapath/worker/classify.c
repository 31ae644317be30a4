/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stage 1: from a received frame to an L2TP data message whose PPP payload is known, or to the
 * control thread. Every length is checked here, once.
 */
#include <rte_byteorder.h>
#include <rte_ethdev.h>
#include <rte_prefetch.h>

#include "datapath/ends.h"
#include "datapath/table/outside.h"
#include "datapath/worker/answers.h"
#include "datapath/worker/frame.h"
#include "datapath/worker/handover.h"
#include "datapath/worker/kernel.h"
#include "datapath/worker/punt.h"
#include "datapath/worker/reassemble.h"
#include "datapath/worker/stages.h"
#include "datapath/worker/tags.h"
#include "datapath/worker/trace.h"
#include "datapath/worker/uplink.h"
#include "l2tp/header.h"

enum {
	FRAGMENT_BE = WIRE_IPV4_MORE_BE | WIRE_IPV4_OFFSET_BE,
	PPP_ALL_STATIONS_BE = 0x03ff,
	CONTROL_FLAGS =
		(L2TP_BIT_LENGTH | L2TP_BIT_SEQUENCE | L2TP_BIT_OFFSET | L2TP_BIT_PRIORITY) >> 8,
	CONTROL_NEEDS = (L2TP_BIT_LENGTH | L2TP_BIT_SEQUENCE) >> 8,
	L2TP_DATA_FAST = L2TP_BIT_TYPE | L2TP_BIT_SEQUENCE | L2TP_BIT_OFFSET | L2TP_VERSION_MASK,
};

/* Not a drop: go on. */
#define GO_ON DP_DROP_COUNT

static enum dp_drop_cause
check_ipv4(const struct frame *f, const struct dp_port *port, unsigned bytes)
{
	const uint8_t *ip = f->ip;
	unsigned header = wire_ipv4_header(ip);
	unsigned total = wire_ipv4_length(ip);
	uint64_t flags = f->m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;

	if (wire_ip_version(ip) != 4)
		return DP_DROP_CLASSIFY_IP_VERSION;
	if (header < WIRE_IPV4 || header > bytes)
		return DP_DROP_CLASSIFY_IP_HEADER;
	if (total < header || total > bytes)
		return DP_DROP_CLASSIFY_IP_LENGTH;
	if (port->checks_rx && flags == RTE_MBUF_F_RX_IP_CKSUM_GOOD)
		return GO_ON;
	if (!wire_ipv4_sum_right(ip, header))
		return DP_DROP_CLASSIFY_IP_CHECKSUM;
	return GO_ON;
}

static void
classify_other(struct dp_worker *w, const struct frame *f)
{
	enum dp_drop_cause cause = DP_DROP_CLASSIFY_PROTOCOL;

	if (!dp_is_local(w->dp, f->lan, wire_ipv4_target_be(f->ip)))
		cause = DP_DROP_CLASSIFY_DESTINATION;
	else if (f->ip[WIRE_IPV4_PROTOCOL] == WIRE_ICMP)
		cause = frame_check_source(w->dp, f->lan, frame_source(f));
	if (cause != GO_ON)
		dp_drop_frame(w, f->m, cause);
	else
		dp_answer_icmp(w, f->lan, f->m);
}

bool
dp_udp_sum_right(const struct dp *dp, const struct dp_packet *p)
{
	const uint8_t *ip = p->udp - p->ip_header;

	if (p->udp == NULL) /* it came by an uplink */
		return true;
	if (dp->ports[p->port].checks_rx &&
		(p->m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
		return true;
	return frame_udp_sum_right(ip, p->udp);
}

static void
classify_control(struct dp_worker *w, const struct frame *f, uint16_t service, uint16_t tunnel_id)
{
	const struct dp *dp = w->dp;
	struct dp_ip peer = frame_source(f);
	uint16_t peer_port = wire_load16(f->udp);
	const uint64_t *tunnels = __atomic_load_n(&dp->tunnels[service], __ATOMIC_CONSUME);
	uint64_t known =
		tunnels == NULL ? 0 : __atomic_load_n(&tunnels[tunnel_id], __ATOMIC_CONSUME);
	enum dp_drop_cause cause = frame_check_source(dp, f->lan, peer);
	bool elsewhere = known != 0 && !dp_tunnel_is(known, peer, peer_port);
	struct dp_punt_meta *meta = dp_meta(f->m);
	enum dp_punt_class class;
	enum dp_edge_name edge;
	uint64_t host;

	if (cause == GO_ON && !frame_udp_sum_right(f->ip, f->udp))
		cause = DP_DROP_CLASSIFY_UDP_CHECKSUM;
	if (cause == GO_ON && peer_port == 0)
		cause = DP_DROP_CLASSIFY_MARTIAN;
	if (cause == GO_ON && unlikely(elsewhere) &&
		!dp_elsewhere_wanted(w, service, tunnel_id, peer, peer_port, true))
		cause = DP_DROP_CLASSIFY_CONTROL_SOURCE;
	if (cause != GO_ON) {
		dp_drop_frame(w, f->m, cause);
		return;
	}
	*meta = (struct dp_punt_meta){.service = service,
		.lan = f->lan,
		.slot = DP_NO_SLOT,
		.remote = peer,
		.remote_port = peer_port,
		.data = f->udp + WIRE_UDP_HEADER,
		.len = (uint16_t)(f->udp_len - WIRE_UDP_HEADER)};
	/* a flood of SCCRQs does not keep out the SCCCNs of those who were answered */
	if (elsewhere)
		class = DP_PUNT_ELSEWHERE;
	else if (known != 0)
		class = DP_PUNT_TUNNEL;
	else
		class = tunnel_id != 0 ? DP_PUNT_CONNECT : DP_PUNT_NEW;
	edge = known != 0 ? DP_EDGE_CLASSIFY_PUNT_TUNNEL : DP_EDGE_CLASSIFY_PUNT_NEW;
	w->counts.edges[elsewhere ? DP_EDGE_CLASSIFY_PUNT_ELSEWHERE : edge]++;
	host = dp_ip_host(peer);
	cause = dp_punt_mbuf(w, f->m, class, host, host ^ (uint64_t)peer_port << 32);
	if (cause != GO_ON)
		dp_drop_frame(w, f->m, cause);
}

static enum dp_drop_cause
header_fault(const uint8_t *l2tp, unsigned len, int rc)
{
	if (len < 6)
		return DP_DROP_CLASSIFY_L2TP_SHORT;
	if (rc == CV_ERR_VERSION) {
		switch (l2tp[1] & L2TP_VERSION_MASK) {
		case 1:
			return DP_DROP_CLASSIFY_VERSION_L2F;
		case 3:
			return DP_DROP_CLASSIFY_VERSION_L2TPV3;
		default:
			return DP_DROP_CLASSIFY_VERSION_OTHER;
		}
	}
	if ((l2tp[0] & 0x80) != 0 && (l2tp[0] & CONTROL_FLAGS) != CONTROL_NEEDS)
		return DP_DROP_CLASSIFY_CONTROL_HEADER;
	return (l2tp[0] & 0x02) != 0 ? DP_DROP_CLASSIFY_L2TP_OFFSET : DP_DROP_CLASSIFY_L2TP_LENGTH;
}

/*
 * The L2TP header of a data message: Length or not, nothing else, is read here; whatever is rarer
 * by lib/l2tp. On GO_ON the PPP frame is p->inner, p->len.
 */
static enum dp_drop_cause
data_header(const struct frame *f, struct dp_packet *p, uint16_t *tunnel_id, uint16_t *session_id)
{
	uint8_t *l2tp = f->udp + WIRE_UDP_HEADER;
	unsigned len = f->udp_len - WIRE_UDP_HEADER, at = 2, total = len;
	uint16_t flags = rte_bswap16(wire_load16(l2tp));
	struct l2tp_header h;
	int rc;

	if ((flags & L2TP_DATA_FAST) == L2TP_VERSION && len >= WIRE_UDP_HEADER) {
		if ((flags & L2TP_BIT_LENGTH) != 0) {
			total = rte_bswap16(wire_load16(l2tp + 2));
			at = 4;
			if (total > len || total < 8)
				return DP_DROP_CLASSIFY_L2TP_LENGTH;
		}
		*tunnel_id = rte_bswap16(wire_load16(l2tp + at));
		*session_id = rte_bswap16(wire_load16(l2tp + at + 2));
		p->inner = l2tp + at + 4;
		p->len = (uint16_t)(total - at - 4);
		p->sequenced = false;
		return GO_ON;
	}
	rc = l2tp_header_parse(l2tp, len, &h);
	if (rc != 0)
		return header_fault(l2tp, len, rc);
	*tunnel_id = h.tunnel_id;
	*session_id = h.session_id;
	p->inner = l2tp + (h.payload.data - l2tp);
	p->len = (uint16_t)h.payload.len;
	p->sequenced = h.has_sequence;
	p->ns = h.has_sequence ? h.ns : 0;
	return GO_ON;
}

/* The protocol field, behind address and control where they were sent (RFC 1661 section 2). */
static enum dp_drop_cause
ppp_header(struct dp_packet *p)
{
	unsigned at = 0;

	p->protocol = p->ppp = 0;
	if (p->len >= 2 && wire_load16(p->inner) == PPP_ALL_STATIONS_BE)
		at = 2;
	if (p->len < at + 2)
		return DP_DROP_CLASSIFY_PPP_HEADER;
	p->protocol = p->inner[at++];
	if ((p->protocol & 1) == 0) /* and where the second is even, too, an unknown protocol */
		p->protocol = (uint16_t)(p->protocol << 8 | p->inner[at++]);
	p->inner += at;
	p->ppp = (uint8_t)at;
	p->len = (uint16_t)(p->len - at);
	return GO_ON;
}

/*
 * The sum of what begins with the inner packet out of the datagram's checksum and the sum of all
 * that stands before it: the payload is not touched, and a checksum that was wrong leaves wrong.
 */
static void
inner_sum(const struct frame *f, struct dp_packet *p)
{
	size_t before = (size_t)(p->inner - f->udp);
	uint64_t sum = frame_pseudo(f->ip, f->v6, f->udp_len);
	uint16_t checksum = wire_load16(f->udp + 6);
	uint16_t rest;

	p->sum_known = checksum != 0;
	p->trailing = (uint16_t)(f->udp + f->udp_len - (p->inner + p->len));
	/* the checksum field itself is among them: what is before sums up with it to the complement
	 * of the rest */
	rest = (uint16_t)~wire_fold(sum + wire_sum(f->udp, before));
	p->inner_sum = (before & 1) != 0 ? rte_bswap16(rest) : rest;
}

/* Of a switched session, where frames go on as they are. */
static bool
is_switched(const struct dp *dp, const struct dp_packet *p)
{
	uint64_t word = __atomic_load_n(&dp->ingress[p->slot].word, __ATOMIC_RELAXED);

	return (word & (DP_INGRESS_KEY | DP_INGRESS_SWITCHED)) == (p->key | DP_INGRESS_SWITCHED);
}

static enum dp_drop_cause
classify_data(struct dp_worker *w, const struct frame *f, uint16_t service, struct dp_packet *p)
{
	struct dp *dp = w->dp;
	uint16_t tunnel_id = 0, session_id = 0;
	enum dp_drop_cause cause = data_header(f, p, &tunnel_id, &session_id);

	if (cause != GO_ON)
		return cause;
	p->slot = cv_session_slot(dp->slot_seed, service, tunnel_id, session_id, dp->slot_mask);
	rte_prefetch0(&dp->ingress[p->slot]);
	p->m = f->m;
	p->key = dp_ingress_key(service, tunnel_id, session_id);
	p->trace = 0;
	p->port = (uint8_t)f->port;
	p->lan = f->lan;
	p->ip_header = (uint16_t)(f->udp - f->ip);
	p->peer = frame_source(f);
	p->peer_port = wire_load16(f->udp);
	p->udp = f->udp;
	p->outer_tos = f->v6 ? wire_ipv6_class(f->ip) : f->ip[WIRE_IPV4_TOS];
	cause = ppp_header(p);
	if (unlikely(cause != GO_ON) && (p->len == 0 || !is_switched(dp, p)))
		return cause;
	inner_sum(f, p);
	return GO_ON;
}

/* For a cause of what is for us: what is not has another. */
static enum dp_drop_cause
if_ours(const struct dp *dp, const struct frame *f, enum dp_drop_cause cause)
{
	return dp_is_own(dp, f->lan, frame_target(f)) ? cause : DP_DROP_CLASSIFY_DESTINATION;
}

/* header: bytes in front of UDP's. */
static enum dp_drop_cause
find_udp(const struct dp *dp, struct frame *f, unsigned header, int *service)
{
	f->udp = f->ip + header;
	if (f->ip_len < header + WIRE_UDP_HEADER)
		return DP_DROP_CLASSIFY_UDP_LENGTH;
	f->udp_len = wire_udp_length(f->udp);
	if (f->udp_len < WIRE_UDP_HEADER || f->udp_len > f->ip_len - header)
		return DP_DROP_CLASSIFY_UDP_LENGTH;
	if (f->v6)
		*service = dp_service_find6(
			dp, f->lan, frame_target(f), wire_load16(f->udp + WIRE_UDP_TARGET));
	else
		*service = dp_service_find(dp, f->lan, wire_ipv4_target_be(f->ip),
			wire_load16(f->udp + WIRE_UDP_TARGET));
	if (*service >= 0)
		return f->udp_len < WIRE_UDP_HEADER + 2 ? DP_DROP_CLASSIFY_L2TP_SHORT : GO_ON;
	return if_ours(dp, f, DP_DROP_CLASSIFY_UDP_PORT);
}

/* Control messages go to the control thread by their tunnel, as lib/l2tp reads them. */
static void
find_control(struct dp_worker *w, const struct frame *f, uint16_t service)
{
	const uint8_t *l2tp = f->udp + WIRE_UDP_HEADER;
	unsigned len = f->udp_len - WIRE_UDP_HEADER;
	struct l2tp_header h;
	int rc = l2tp_header_parse(l2tp, len, &h);

	if (rc != 0)
		dp_drop_frame(w, f->m, header_fault(l2tp, len, rc));
	else
		classify_control(w, f, service, h.tunnel_id);
}

/* A datagram to us over either family: into out, to the control thread, or dropped for `cause`. */
static void
classify_udp(struct dp_worker *w, struct frame *f, unsigned header, enum dp_drop_cause cause,
	struct dp_burst *out)
{
	int service = -1;

	bool discovery;

	if (cause == GO_ON)
		cause = find_udp(w->dp, f, header, &service);
	discovery = cause == DP_DROP_CLASSIFY_UDP_PORT && dp_discovery_asked(w->dp, f);
	/* a device may call that wrong */
	if ((cause == GO_ON || discovery) && f->v6 && wire_load16(f->udp + WIRE_UDP_SUM) == 0)
		cause = DP_DROP_CLASSIFY_UDP_NO_CHECKSUM;
	else if (discovery) {
		dp_discovery_answer(w, f);
		return;
	}
	/* fragments of two packets that had the same identification (RFC 4963) */
	if (cause == GO_ON && unlikely(f->whole) && !frame_udp_sum_right(f->ip, f->udp))
		cause = DP_DROP_CLASSIFY_UDP_CHECKSUM;
	/* without a device that looks, a wrong checksum of data leaves wrong (see inner_sum) */
	if (cause == GO_ON && w->dp->ports[f->port].checks_rx &&
		(f->m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_BAD &&
		wire_load16(f->udp + WIRE_UDP_SUM) != 0) /* some devices say so of none */
		cause = DP_DROP_CLASSIFY_UDP_CHECKSUM;
	if (cause == GO_ON && (f->udp[WIRE_UDP_HEADER] & 0x80) != 0) {
		find_control(w, f, (uint16_t)service);
		return;
	}
	if (cause == GO_ON)
		cause = classify_data(w, f, (uint16_t)service, &out->packets[out->n]);
	if (cause == GO_ON) {
		out->n++;
		return;
	}
	if (unlikely(dp_traces(w->dp)) && service >= 0 && f->udp_len >= WIRE_UDP_HEADER + 2)
		dp_trace_unread(w, (uint16_t)service, f->udp + WIRE_UDP_HEADER,
			f->udp_len - WIRE_UDP_HEADER, cause);
	dp_drop_frame(w, f->m, cause);
}

/* A fragment of a datagram to us, with so many bytes of headers. True: it made the packet whole,
 * which is in f now. */
static bool
reassemble(struct dp_worker *w, struct frame *f, struct dp_fragment *fragment)
{
	enum dp_drop_cause cause = if_ours(w->dp, f, GO_ON);

	if (cause == GO_ON)
		cause = frame_check_source(w->dp, f->lan, frame_source(f));
	if (cause != GO_ON) {
		dp_drop_frame(w, f->m, cause);
		return false;
	}
	fragment->m = f->m;
	fragment->ip = f->ip;
	fragment->len = f->ip_len - fragment->headers;
	fragment->key.source = frame_source(f);
	fragment->key.target = frame_target(f);
	fragment->key.id |= (uint64_t)dp_lan_domain(f->lan) << 32;
	/* what stands behind the packet is a frame's padding */
	rte_pktmbuf_trim(f->m, (uint16_t)(rte_pktmbuf_data_len(f->m) - WIRE_ETHER - f->ip_len));
	f->m = dp_reassemble(w, fragment);
	if (f->m == NULL)
		return false;
	f->ip = rte_pktmbuf_mtod_offset(f->m, uint8_t *, WIRE_ETHER);
	f->ip_len = rte_pktmbuf_data_len(f->m) - WIRE_ETHER;
	f->whole = true;
	return true;
}

static bool
reassemble4(struct dp_worker *w, struct frame *f)
{
	uint16_t field = wire_ipv4_fragment_be(f->ip);
	struct dp_fragment fragment = {.headers = wire_ipv4_header(f->ip),
		.offset = wire_swap16(field & WIRE_IPV4_OFFSET_BE) * 8u,
		.more = (field & WIRE_IPV4_MORE_BE) != 0,
		.ecn = f->ip[WIRE_IPV4_TOS] & 3,
		.key.id = wire_load16(f->ip + WIRE_IPV4_ID)};

	return reassemble(w, f, &fragment);
}

/* Where the fragment header is the only extension header in front of UDP. */
static bool
reassemble6(struct dp_worker *w, struct frame *f, const struct wire_upper *upper)
{
	struct dp_fragment fragment = {.v6 = true,
		.headers = WIRE_IPV6 + WIRE_FRAGMENT_HEADER,
		.offset = upper->offset,
		.more = upper->more,
		.ecn = wire_ipv6_class(f->ip) & 3,
		.key.id = upper->id};

	if (f->ip[WIRE_IPV6_NEXT] == WIRE_FRAGMENT && f->ip[WIRE_IPV6] == WIRE_UDP)
		return reassemble(w, f, &fragment);
	dp_drop_frame(w, f->m, if_ours(w->dp, f, DP_DROP_CLASSIFY_FRAGMENT));
	return false;
}

static void
classify_ipv4(struct dp_worker *w, struct frame *f, unsigned bytes, struct dp_burst *out,
	struct dp_burst *plain)
{
	enum dp_drop_cause cause = check_ipv4(f, &w->dp->ports[f->port], bytes);

	if (cause != GO_ON) {
		dp_drop_frame(w, f->m, cause);
		return;
	}
	f->ip_len = wire_ipv4_length(f->ip);
	if (unlikely(dp_kernel_of(w->dp, f->lan) != 0) && dp_kernel_take4(w, f))
		return;
	if (unlikely(dp_uplink_has(w->dp, f))) {
		dp_uplink_take(w, f, plain);
		return;
	}
	if (f->ip[WIRE_IPV4_PROTOCOL] != WIRE_UDP) {
		classify_other(w, f);
		return;
	}
	if (unlikely((wire_ipv4_fragment_be(f->ip) & FRAGMENT_BE) != 0) && !reassemble4(w, f))
		return;
	classify_udp(w, f, wire_ipv4_header(f->ip), cause, out);
}

/* ND goes no farther than its link, whoever it is to (RFC 4861 section 6.1). */
static bool
is_nd(const struct frame *f, const struct wire_upper *upper)
{
	return upper->protocol == WIRE_ICMPV6 && !upper->later && upper->at < f->ip_len &&
	       f->ip[upper->at] >= WIRE_ND_ROUTER_SOLICIT && f->ip[upper->at] <= WIRE_ND_REDIRECT;
}

static void
classify_ipv6(struct dp_worker *w, struct frame *f, unsigned bytes, struct dp_burst *out,
	struct dp_burst *plain)
{
	struct wire_upper upper;
	enum dp_drop_cause cause = DP_DROP_CLASSIFY_RUNT;

	f->v6 = true;
	if (bytes >= WIRE_IPV6)
		cause = dp_outer6_check(f, bytes, &upper);
	if (cause == GO_ON && unlikely(dp_kernel_of(w->dp, f->lan) != 0) &&
		dp_kernel_take6(w, f, &upper))
		return;
	if (cause == GO_ON && unlikely(dp_uplink_has(w->dp, f)) && !is_nd(f, &upper)) {
		dp_uplink_take(w, f, plain);
		return;
	}
	if (cause == GO_ON && (upper.later || upper.more)) {
		if (!reassemble6(w, f, &upper))
			return;
		cause = dp_outer6_check(f, f->ip_len, &upper);
	}
	if (cause == GO_ON && upper.protocol == WIRE_ICMPV6) {
		dp_answer_icmpv6(w, f->lan, f->m, (unsigned)upper.at, f->ip_len);
		return;
	}
	if (cause == GO_ON && upper.protocol != WIRE_UDP)
		cause = if_ours(w->dp, f, DP_DROP_CLASSIFY_PROTOCOL);
	if (cause == GO_ON)
		classify_udp(w, f, (unsigned)upper.at, cause, out);
	else
		dp_drop_frame(w, f->m, cause);
}

/* Whether a frame is for this station: of IPv6, groups as well. */
static bool
for_station(const struct dp_port *port, const uint8_t *ether, bool v6)
{
	return memcmp(ether, port->mac, WIRE_MAC) == 0 ||
	       (v6 && ether[0] == 0x33 && ether[1] == 0x33);
}

/* One frame: into out, or plain, to the control thread, or dropped. */
static void
classify(struct dp_worker *w, unsigned port, struct rte_mbuf *m, struct dp_burst *out,
	struct dp_burst *plain)
{
	const struct dp *dp = w->dp;
	struct frame f = {.m = m, .port = port, .lan = (uint16_t)port};
	uint8_t *ether;
	unsigned bytes;
	enum dp_drop_cause cause = GO_ON;
	bool v6;

	if (unlikely(m->nb_segs != 1) && rte_pktmbuf_linearize(m) != 0) {
		dp_drop_frame(w, m, DP_DROP_CLASSIFY_SEGMENTED);
		return;
	}
	ether = rte_pktmbuf_mtod(m, uint8_t *);
	bytes = rte_pktmbuf_data_len(m);
	if (unlikely(bytes >= WIRE_ETHER && dp_is_tagged(m))) {
		cause = dp_tags_off(dp, port, m, &f.lan);
		if (cause != GO_ON) {
			dp_drop_frame(w, m, cause);
			return;
		}
		ether = rte_pktmbuf_mtod(m, uint8_t *);
		bytes = rte_pktmbuf_data_len(m);
	}
	v6 = bytes >= WIRE_ETHER && wire_ether_type_be(ether) == WIRE_TYPE_IPV6_BE &&
	     dp_speaks_ipv6(dp, f.lan);
	if (bytes < WIRE_ETHER + WIRE_IPV4)
		cause = DP_DROP_CLASSIFY_RUNT;
	else if (wire_ether_type_be(ether) != WIRE_TYPE_IPV4_BE && !v6) {
		if (wire_ether_type_be(ether) == WIRE_TYPE_ARP_BE) {
			dp_answer_arp(w, f.lan, m);
			return;
		}
		cause = DP_DROP_CLASSIFY_ETHERTYPE;
	} else if (!for_station(&dp->ports[port], ether, v6) &&
		   !(unlikely(dp_kernel_of(dp, f.lan) != 0) && dp_kernel_group(ether)))
		cause = DP_DROP_CLASSIFY_MAC;
	f.ip = ether + WIRE_ETHER;
	if (cause != GO_ON)
		dp_drop_frame(w, m, cause);
	else if (v6)
		classify_ipv6(w, &f, bytes - WIRE_ETHER, out, plain);
	else
		classify_ipv4(w, &f, bytes - WIRE_ETHER, out, plain);
}

void
dp_classify(struct dp_worker *w, unsigned port, struct rte_mbuf **frames, unsigned n,
	struct dp_burst *out, struct dp_burst *plain)
{
	out->n = plain->n = 0;
	for (unsigned i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(frames[i], void *));
	for (unsigned i = 0; i < n; i++)
		classify(w, port, frames[i], out, plain);
	if (unlikely(w->gives)) /* who gets it counts it */
		n -= dp_handover_packets(w, out);
	w->counts.edges[DP_EDGE_RX_CLASSIFY] += n;
	w->counts.edges[DP_EDGE_CLASSIFY_INGRESS] += out->n;
	w->counts.edges[DP_EDGE_CLASSIFY_UPLINK] += plain->n;
	/* exits: INGRESS; UPLINK; PUNT_TUNNEL, PUNT_NEW, PUNT_ELSEWHERE; REASSEMBLE; answer.c;
	 * kernel.c; another worker; drops CLASSIFY_* */
}
