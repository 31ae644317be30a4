/* SPDX-License-Identifier: BSD-3-Clause */
/* Beside stage 1: what the routing daemon that runs beside us is handed. It is a list. */
#include "datapath/worker/kernel.h"
#include "datapath/ends.h"
#include "datapath/worker/answers.h"
#include "datapath/worker/punt.h"

enum {
	PORT_BGP = 179,
	PORT_BFD = 3784,      /* of one hop: RFC 5881 section 4 */
	PORT_BFD_ECHO = 3785, /* likewise */
	PORT_BFD_FAR = 4784,  /* RFC 5883 section 5 */
	PROTOCOL_OSPF = 89,
	HOPS_MOST = 255,
	PORTS_BYTES = 4,
	COPY_MOST = 512, /* ARP, ND and MLD queries are shorter */
};

/* What it is to the daemon, by its contents alone; DP_PUNT_CLASSES: nothing. at: where the
 * protocol's header begins; part: it is a fragment. */
static enum dp_punt_class
class_of(const struct frame *f, unsigned protocol, unsigned at, bool part)
{
	const uint8_t *ports = f->ip + at;
	unsigned target;

	if (protocol == PROTOCOL_OSPF) /* whose packets may be larger than the link's MTU */
		return DP_PUNT_ROUTING;
	if (part || f->ip_len < at + PORTS_BYTES)
		return DP_PUNT_CLASSES;
	target = wire_get16(ports + 2);
	if (protocol == WIRE_TCP && (wire_get16(ports) == PORT_BGP || target == PORT_BGP))
		return DP_PUNT_ROUTING;
	if (protocol == WIRE_UDP &&
		(target == PORT_BFD || target == PORT_BFD_ECHO || target == PORT_BFD_FAR))
		return DP_PUNT_BFD;
	return DP_PUNT_CLASSES;
}

/* Whether it is to us on this LAN, or to all OSPF routers there. */
static bool
is_for_us(const struct dp *dp, const struct frame *f, unsigned protocol)
{
	/* RFC 2328 appendix A.1, RFC 5340 appendix A.1: all, and the designated ones */
	static const uint8_t groups4[] = {224, 0, 0}, groups6[15] = {0xff, 0x02};
	const uint8_t *target = f->ip + (f->v6 ? WIRE_IPV6_TARGET : WIRE_IPV4_TARGET);
	size_t len = f->v6 ? sizeof(groups6) : sizeof(groups4);

	if (protocol == PROTOCOL_OSPF && memcmp(target, f->v6 ? groups6 : groups4, len) == 0)
		return target[len] == 5 || target[len] == 6;
	return dp_is_own_on(dp, frame_target(f), f->lan);
}

/* DP_DROP_COUNT: it may go up. */
static enum dp_drop_cause
check(const struct dp *dp, const struct frame *f, enum dp_punt_class class, unsigned at)
{
	uint8_t hops = f->ip[f->v6 ? WIRE_IPV6_HOPS : WIRE_IPV4_TTL];

	/* RFC 5881 section 5: nobody farther can send it, or fill the daemon's queue with it */
	if (class == DP_PUNT_BFD && wire_get16(f->ip + at + 2) == PORT_BFD && hops != HOPS_MOST)
		return DP_DROP_KERNEL_BFD_TTL;
	return frame_check_source(dp, f->lan, frame_source(f));
}

static bool
take(struct dp_worker *w, const struct frame *f, unsigned protocol, unsigned at, bool part)
{
	enum dp_punt_class class = class_of(f, protocol, at, part);
	uint32_t slot = dp_kernel_of(w->dp, f->lan);
	uint64_t host = dp_ip_host(frame_source(f));
	enum dp_drop_cause cause;

	if (class == DP_PUNT_CLASSES || slot == 0 || !is_for_us(w->dp, f, protocol))
		return false;
	cause = check(w->dp, f, class, at);
	if (cause == DP_DROP_COUNT) {
		*dp_meta(f->m) =
			(struct dp_punt_meta){.service = dp_adjacency_of(w->dp, slot)->iface,
				.lan = f->lan,
				.slot = DP_NO_SLOT,
				.remote = frame_source(f),
				.data = f->ip - WIRE_ETHER,
				.len = (uint16_t)(WIRE_ETHER + f->ip_len)};
		w->counts.edges[class == DP_PUNT_BFD ? DP_EDGE_CLASSIFY_PUNT_BFD
						     : DP_EDGE_CLASSIFY_PUNT_ROUTING]++;
		cause = dp_punt_mbuf(w, f->m, class, host, host ^ protocol);
	}
	if (cause != DP_DROP_COUNT)
		dp_drop_frame(w, f->m, cause);
	return true;
	/* exits: PUNT_BFD, PUNT_ROUTING; drops PUNT_*, KERNEL_BFD_TTL, CLASSIFY_MARTIAN, _LAND */
}

bool
dp_kernel_take4(struct dp_worker *w, const struct frame *f)
{
	bool part = (wire_ipv4_fragment_be(f->ip) & (WIRE_IPV4_MORE_BE | WIRE_IPV4_OFFSET_BE)) != 0;

	return take(w, f, f->ip[WIRE_IPV4_PROTOCOL], wire_ipv4_header(f->ip), part);
}

bool
dp_kernel_take6(struct dp_worker *w, const struct frame *f, const struct wire_upper *upper)
{
	return take(w, f, upper->protocol, (unsigned)upper->at, upper->later || upper->more);
}

bool
dp_kernel_group(const uint8_t *ether)
{
	static const uint8_t group[WIRE_MAC - 1] = {0x01, 0x00, 0x5e, 0, 0};

	return memcmp(ether, group, sizeof(group)) == 0 && (ether[5] == 5 || ether[5] == 6);
}

void
dp_kernel_copy(struct dp_worker *w, unsigned lan, const struct rte_mbuf *m, uint64_t source)
{
	uint32_t slot = dp_kernel_of(w->dp, lan);
	uint16_t len = rte_pktmbuf_data_len(m);
	enum dp_drop_cause cause;
	struct rte_mbuf *copy;

	if (slot == 0 || len > COPY_MOST)
		return;
	copy = rte_pktmbuf_alloc(w->dp->pool);
	if (copy == NULL)
		return;
	memcpy(rte_pktmbuf_append(copy, len), rte_pktmbuf_mtod(m, const void *), len);
	*dp_meta(copy) = (struct dp_punt_meta){.service = dp_adjacency_of(w->dp, slot)->iface,
		.lan = (uint16_t)lan,
		.slot = DP_NO_SLOT,
		.data = rte_pktmbuf_mtod(copy, const uint8_t *),
		.len = len};
	w->counts.edges[DP_EDGE_LOCAL_PUNT_ROUTING]++;
	cause = dp_punt_mbuf(w, copy, DP_PUNT_ROUTING, source, source);
	if (cause != DP_DROP_COUNT)
		dp_drop_frame(w, copy, cause);
}
