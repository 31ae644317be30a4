/* SPDX-License-Identifier: BSD-3-Clause */
/* Who else is at a tunnel's far end: how many tunnels an address has, and the ring of those from
 * one address and port. */
#include <stdlib.h>
#include <string.h>

#include "lns/internal.h"

#define BY_END(n) CV_OBJECT(struct lns_tunnel, by_end, n)
#define PEER_OF(n) CV_OBJECT(struct lns_peer, node, n)

/* ---- how many tunnels an address has ---- */

/* Who has an address: over IPv6 a host has a /64 to choose from, but on the link itself. */
static struct cv_ip
host_of(const struct cv_ip *ip)
{
	struct cv_ip host = *ip;

	if (ip->family == CV_IPV6 && !(ip->bytes[0] == 0xfe && (ip->bytes[1] & 0xc0) == 0x80))
		memset(host.bytes + 8, 0, 8);
	return host;
}

static struct lns_peer *
find_peer(const struct lns *lns, const struct cv_ip *ip, uint64_t *hash)
{
	*hash = cv_table_hash(&lns->peers, ip, sizeof(*ip));
	for (struct cv_node *n = cv_table_first(&lns->peers, *hash); n != NULL;
		n = cv_table_next(n))
		if (cv_ip_equal(&PEER_OF(n)->ip, ip))
			return PEER_OF(n);
	return NULL;
}

uint32_t
lns_tunnels_from(const struct lns *lns, const struct cv_ip *ip)
{
	uint64_t hash;
	struct cv_ip host = host_of(ip);
	const struct lns_peer *peer = find_peer(lns, &host, &hash);

	return peer == NULL ? 0 : peer->count;
}

bool
lns_peer_join(struct lns *lns, struct lns_tunnel *t)
{
	uint64_t hash;
	struct cv_ip host = host_of(&t->peer.ip);
	struct lns_peer *peer = find_peer(lns, &host, &hash);

	if (peer == NULL) {
		peer = calloc(1, sizeof(*peer));
		if (peer == NULL)
			return false;
		peer->ip = host;
		cv_table_add(&lns->peers, &peer->node, hash);
	}
	t->peer_address = peer;
	peer->count++;
	lns_reach(&lns->highest.tunnels_per_peer, peer->count);
	return true;
}

static void
leave(struct lns *lns, struct lns_peer *peer)
{
	if (--peer->count != 0)
		return;
	cv_table_remove(&lns->peers, &peer->node);
	free(peer);
}

void
lns_peer_leave(struct lns *lns, struct lns_tunnel *t)
{
	leave(lns, t->peer_address);
}

bool
lns_peer_room(const struct lns *lns, const struct lns_tunnel *t, const struct cv_ip *ip)
{
	struct cv_ip host = host_of(ip);

	return cv_ip_equal(&host, &t->peer_address->ip) ||
	       lns_tunnels_from(lns, ip) < lns->cfg->limits.tunnels_per_peer;
}

bool
lns_peer_move(struct lns *lns, struct lns_tunnel *t)
{
	struct lns_peer *before = t->peer_address;

	if (!lns_peer_join(lns, t))
		return false;
	leave(lns, before);
	return true;
}

/* ---- the ring of the tunnels from one address and port ---- */

static struct lns_tunnel *
find_end(const struct lns *lns, uint16_t listener, const struct cv_endpoint *peer, uint64_t *hash)
{
	struct lns_opener end = {.peer = *peer, .listener = listener};

	*hash = lns_opener_hash(&lns->ends, &end);
	for (struct cv_node *n = cv_table_first(&lns->ends, *hash); n != NULL; n = cv_table_next(n))
		if (BY_END(n)->listener == listener && cv_endpoint_equal(&BY_END(n)->peer, peer))
			return BY_END(n);
	return NULL;
}

/* Makes the next of the ring its first. */
static void
turn_end(struct lns *lns, struct lns_tunnel *first)
{
	cv_table_remove(&lns->ends, &first->by_end);
	cv_table_add(&lns->ends, &CV_OBJECT(struct lns_tunnel, end, first->end.next)->by_end,
		first->by_end.hash);
}

/* Asks the first of the ring whether it still lives; the next time it is another's turn. */
static void
ask_first(struct lns *lns, uint64_t now, struct lns_tunnel *first)
{
	turn_end(lns, first);
	l2tp_tunnel_probe(first->l2tp, now);
	lns_tunnel_settle(lns, first, now);
}

void
lns_tunnel_doubt(struct lns *lns, uint64_t now, uint16_t listener, const struct cv_endpoint *peer)
{
	uint64_t hash;
	struct lns_tunnel *first = find_end(lns, listener, peer, &hash);

	if (first != NULL)
		ask_first(lns, now, first);
}

/*
 * Joins the ring as its last. A tunnel that was there before may be the same peer's before it
 * rebooted, or somebody's whose port a NAT gave away: the first is asked by a HELLO, and dies if
 * nobody answers; the next newcomer asks the next one. So a newcomer costs the others one message,
 * however many they are.
 */
void
lns_end_join(struct lns *lns, uint64_t now, struct lns_tunnel *t)
{
	uint64_t hash;
	struct lns_tunnel *first = find_end(lns, t->listener, &t->peer, &hash);

	if (first == NULL) {
		cv_ring_begin(&t->end);
		cv_table_add(&lns->ends, &t->by_end, hash);
		return;
	}
	cv_ring_join(&first->end, &t->end);
	/* the peer would take a HELLO to its own ID, which the newcomer has, for the newcomer's */
	if (first->peer_id == t->peer_id)
		turn_end(lns, first);
	else
		ask_first(lns, now, first);
}

void
lns_end_leave(struct lns *lns, struct lns_tunnel *t)
{
	uint64_t hash;

	if (find_end(lns, t->listener, &t->peer, &hash) == t) {
		if (cv_ring_alone(&t->end))
			cv_table_remove(&lns->ends, &t->by_end);
		else
			turn_end(lns, t);
	}
	cv_unlink(&t->end);
}
