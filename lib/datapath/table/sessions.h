/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What sessions are told, their lines, and when these change: written by the control thread. What
 * takes the data path as const a worker calls, too.
 */
#ifndef DP_TABLE_SESSIONS_H
#define DP_TABLE_SESSIONS_H

#include "datapath/dp.h"

/* table/session.c */
int dp_sessions_create(struct dp *dp);
void dp_sessions_destroy(struct dp *dp);
/* A group says something else: its open sessions follow, under traffic. */
void dp_sessions_new_group(struct dp *dp, uint16_t group);
/* Likewise of what its service leaves by, and the way to their peers. */
void dp_sessions_new_way(struct dp *dp, uint16_t service);
/* Takes every way to it away; its grace begins. False: it is not there. */
bool dp_session_unlink(struct dp *dp, uint32_t slot);

/* table/lines.c */
/* The MTU of one session, if it is open. */
void dp_session_write_mtu(struct dp *dp, uint32_t slot);
/* Its address may be of another class than before. */
void dp_session_new_class(struct dp *dp, uint32_t slot);
/* Its grace is over: its lines get what was told. */
void dp_session_apply(struct dp *dp, uint32_t slot);

/* table/switch.c: sessions that are joined. */
int dp_switches_create(struct dp *dp);
void dp_switches_destroy(struct dp *dp);
/* Its lines will be written anew, for what is told; nothing is sent by them from now on. */
void dp_switch_change(struct dp *dp, uint32_t slot, const struct dp_session *told);
/* They are as they should be: they, and those of the one it is joined to, say so. */
void dp_switch_apply(struct dp *dp, uint32_t slot);
/* It goes. */
void dp_switch_leave(struct dp *dp, uint32_t slot);

/* table/reach.c: sessions whose Ack has left wait no longer. */
void dp_sessions_poll(struct dp *dp);

/* table/headers.c: the finished headers, and how long they are. */
void dp_headers_write(const struct dp *dp, struct dp_egress *e, struct dp_egress6 *e6,
	const struct dp_service_record *service, const struct dp_session *s);
/* Whom a session's packets come from, and the sum of the headers that they have. */
void dp_headers_expect(
	struct dp_ingress *in, const struct dp_service_record *service, const struct dp_session *s);

/* table/inner6.c: what a session has of IPv6. */
/* Whether it may have what is told; there is room for it then. */
int dp_inner6_check(struct dp *dp, uint32_t slot, const struct dp_session *s);
bool dp_inner6_equal(const struct dp_session *a, const struct dp_session *b);
/* Where its prefixes lead. Can't fail, as dp_inner6_check() has seen to it. */
void dp_inner6_put(struct dp *dp, const struct dp_session *s, uint32_t word);
/* Its ingress line, which no worker reads. */
void dp_inner6_write(struct dp *dp, uint32_t slot);

/* table/grace.c: what workers may still read. None of it waits. */
/* From now on nobody new finds something; dp_cold.token. */
uint64_t dp_grace_begin(struct dp *dp);
/* No worker reads the slot's lines any more. */
bool dp_grace_over(struct dp *dp, uint32_t slot);
/* The same of a token of dp_grace_begin(). */
bool dp_grace_is_over(struct dp *dp, uint64_t *token);
/* Goes on with it when that is so: see dp_cold. */
void dp_grace_wait(struct dp *dp, uint32_t slot);
/* The counters of a slot that no worker knows any more. */
void dp_counters_clear(struct dp *dp, uint32_t slot);
/* Frees what dp_shared_new() made, when that is so. NULL is allowed. */
void dp_grace_free(struct dp *dp, void *old);
/* No worker runs any more: at once. */
void dp_grace_free_all(struct dp *dp);
void dp_graces_poll(struct dp *dp);
bool dp_graces_pending(const struct dp *dp);

/* The session of this key is here, and this its peer. */
static inline bool
dp_session_is_of(const struct dp *dp, uint64_t key, struct dp_ip peer, uint16_t port)
{
	const struct dp_ingress *s = &dp->ingress[cv_session_slot(dp->slot_seed,
		dp_key_service(key), (uint16_t)(key >> 16), (uint16_t)key, dp->slot_mask)];

	return (__atomic_load_n(&s->word, __ATOMIC_ACQUIRE) & DP_INGRESS_KEY) == key &&
	       dp_ip_equal(dp_ingress_peer(s), peer) && s->peer_port == port;
}

/*
 * The peer has not been sent what opens its link (RFC 1661 section 3.5: data after it). Control
 * frames all leave by worker 0; it tells how many, when the ports have them.
 */
static inline bool
dp_egress_waits(const struct dp *dp, uint32_t slot, bool six)
{
	uint32_t after = __atomic_load_n(&dp->rare[slot].after, __ATOMIC_ACQUIRE), sent;

	if ((after & (six ? DP_AFTER_REACH6 : DP_AFTER_REACH)) != 0)
		return true;
	if ((after & (six ? DP_AFTER_SENT6 : DP_AFTER_SENT)) == 0)
		return false;
	sent = __atomic_load_n(&dp->workers[0]->control_sent, __ATOMIC_ACQUIRE);
	return (int32_t)((sent << DP_AFTER_FRAMES) -
			 (after >> DP_AFTER_FRAMES << DP_AFTER_FRAMES)) < 0;
}

static inline struct dp_received *
dp_received_of(const struct dp *dp, uint32_t slot)
{
	return &dp->ingress[slot].received;
}

/* A source of the session's own networks. */
static inline bool
dp_own_source6(const struct dp *dp, uint32_t slot, const uint8_t address[WIRE_IPV6_ADDRESS])
{
	const struct dp_inner6 *own = &dp->inner6[slot];
	uint64_t net = dp_net_of(address);

	return net == own->link || (own->bits != 0 && dp_net_cut(net, own->bits) == own->delegated);
}

/* The next Ns of a session, in network order: the one word of a table that workers count in. */
static inline uint16_t
dp_next_ns(const struct dp *dp, uint32_t slot)
{
	return wire_swap16(__atomic_fetch_add(&dp->rare[slot].ns, 1, __ATOMIC_RELAXED));
}

#endif
