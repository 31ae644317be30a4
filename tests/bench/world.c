/* SPDX-License-Identifier: BSD-3-Clause */
/* Control side and data path in one process; see world.h. */
#include "world.h"

#include <string.h>

#include <rte_cycles.h>

#include "bench.h"
#include "wire/ether.h"
#include "wire/udp.h"

enum { L2TP_PORT = 1701, HEADERS = WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER, QUIET_ROUNDS = 3 };

/* As culvertd does what the server wants done. */
static void
act(void *context, const struct lns_action *action)
{
	struct world *w = context;
	const struct lns_session_info *i = action->session;
	struct dp_session s;

	if (action->type == LNS_ACT_TUNNEL_ADD &&
		dp_tunnel_set(w->scene.dp, action->listener, action->tunnel_id, &action->peer) != 0)
		w->failed++;
	if (action->type != LNS_ACT_SESSION_ADD && action->type != LNS_ACT_SESSION_OPEN &&
		action->type != LNS_ACT_SESSION_REACH)
		return;
	s = (struct dp_session){.service = i->listener,
		.tunnel_id = i->tunnel_id,
		.session_id = i->session_id,
		.peer_tunnel_id = i->peer_tunnel_id,
		.peer_session_id = i->peer_session_id,
		.peer = i->peer,
		.open = action->type != LNS_ACT_SESSION_ADD,
		.reachable = action->type == LNS_ACT_SESSION_REACH};
	if (s.open) {
		s.address = i->address;
		s.realm = i->realm;
		s.group = i->group;
		s.filter = i->filter;
		s.mtu = i->peer_mru;
	}
	if (dp_session_set(w->scene.dp, &s, NULL) != 0)
		w->failed++;
	w->open += action->type == LNS_ACT_SESSION_REACH;
}

int
world_create(struct world *w, unsigned sessions)
{
	static const struct population plain = {.services = WORLD_LISTENERS};

	if (bench_eal(false) != 0 || server_start(&w->server, WORLD_LISTENERS, sessions) != 0)
		return -1;
	w->open = w->failed = 0;
	w->server.act = act;
	w->server.context = w;
	return scene_open(
		&w->scene, &plain, lns_slot_seed(w->server.lns), lns_slot_mask(w->server.lns));
}

void
world_destroy(struct world *w)
{
	server_finish(&w->server);
	scene_destroy(&w->scene);
}

/* ---- by the data path's port ---- */

static void
put_frame(struct world *w, const struct client *c, const uint8_t *bytes, size_t len)
{
	const struct wire_ipv4 ip = {.length = (uint16_t)(WIRE_IPV4 + WIRE_UDP_HEADER + len),
		.ttl = 63,
		.protocol = WIRE_UDP,
		.source_be = wire_swap32(cv_ipv4_value(&c->address.ip)),
		.target_be = wire_swap32(TRAFFIC_OURS + c->listener)};
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->scene.pool);
	uint8_t *frame =
		m == NULL ? NULL : (uint8_t *)rte_pktmbuf_append(m, (uint16_t)(HEADERS + len));

	if (frame == NULL)
		return; /* lost, as on any wire: who dials says that it did not come to an end */
	wire_ether_write(frame, w->scene.mac, traffic_gateway_mac, WIRE_TYPE_IPV4);
	wire_ipv4_write(frame + WIRE_ETHER, &ip);
	wire_udp_write(frame + WIRE_ETHER + WIRE_IPV4, c->address.port, L2TP_PORT,
		(uint16_t)(WIRE_UDP_HEADER + len));
	memcpy(frame + HEADERS, bytes, len);
	wire_udp_finish(frame + WIRE_ETHER + WIRE_IPV4, ip.source_be, ip.target_be);
	rte_ring_enqueue(w->scene.in, m);
}

static void
carry_out(struct world *w, const struct lns_action *action)
{
	struct server *s = &w->server;
	struct lns_auth_answer answer;

	if (action->type == LNS_ACT_AUTH_ASK) {
		lns_users_answer(s->cfg, action->ask, &answer);
		lns_auth_answer(s->lns, s->now, action->ask->serial, &answer);
	} else if (action->type == LNS_ACT_SEND) {
		if (dp_send_l2tp(w->scene.dp, s->now, action->listener, DP_NO_SLOT, &action->peer,
			    action->data.data, action->data.len) != 0)
			w->failed++;
	} else {
		act(w, action);
	}
}

/* Data path and server, until nothing comes any more. */
static void
go_round(struct world *w)
{
	struct server *s = &w->server;
	struct lns_action action;
	struct dp_punt punt;

	for (unsigned quiet = 0; quiet < QUIET_ROUNDS; quiet++) {
		if (dp_worker_poll(w->scene.dp) != 0)
			quiet = 0;
		dp_control_poll(w->scene.dp, s->now);
		while (dp_punt_next(w->scene.dp, &punt)) {
			lns_input(s->lns, s->now, punt.service, &punt.remote, punt.data, punt.len);
			dp_punt_release(w->scene.dp, &punt);
			quiet = 0;
		}
		while (lns_poll(s->lns, s->now, &action))
			carry_out(w, &action);
	}
}

/* A datagram to the server; what comes back goes to who dials. */
static void
exchange(void *context, struct client *c, const uint8_t *bytes, size_t len)
{
	struct world *w = context;
	uint8_t copy[LNS_DATAGRAM_MAX];
	struct rte_mbuf *m;
	uint64_t start;

	put_frame(w, c, bytes, len);
	start = rte_rdtsc_precise();
	go_round(w);
	w->server.cycles += rte_rdtsc_precise() - start;
	while (rte_ring_dequeue(w->scene.out, (void **)&m) == 0) {
		const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
		size_t n = wire_udp_length(frame + WIRE_ETHER + WIRE_IPV4) - WIRE_UDP_HEADER;

		memcpy(copy, frame + HEADERS, n);
		rte_pktmbuf_free(m);
		client_input(&w->server, c, copy, n);
	}
}

void
world_wire(struct world *w)
{
	w->server.exchange = exchange;
}
