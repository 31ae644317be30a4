/* SPDX-License-Identifier: BSD-3-Clause */
/* A world's server: what it asks for, carried out on a made-up data path that checks the order. */
#include <stdio.h>
#include <string.h>

#include "base/slot.h"
#include "l2tp/header.h"
#include "l2tp/message.h"
#include "parts.h"

static int
client_at(const struct world *w, const struct cv_endpoint *address)
{
	for (unsigned i = 0; i < w->n_clients; i++)
		if (cv_endpoint_equal(&w->clients[i].address, address))
			return (int)i;
	return -1;
}

static void
keep_values(struct world_slot *slot, const struct lns_session_info *s)
{
	slot->open4 = s->open;
	slot->open6 = s->ipv6 != NULL && s->ipv6->open;
	assert_true(slot->open4 || slot->open6);
	if (s->ipv6 != NULL) {
		slot->prefix6 = s->ipv6->prefix;
		slot->delegated = s->ipv6->delegated;
	}
	slot->group = s->group;
	slot->filter = s->filter;
	slot->mtu = s->mtu;
	slot->rates = s->rates;
	assert_true(s->n_routes <= sizeof(slot->routes) / sizeof(slot->routes[0]));
	slot->n_routes = s->n_routes;
	for (size_t i = 0; i < s->n_routes; i++)
		slot->routes[i] = s->routes[i];
}

/* The data path refuses a network that another session has; all of a test are of one realm. */
static void
networks_are_its_own(const struct world *w, const struct world_slot *slot)
{
	for (unsigned at = 0; at < WORLD_SLOTS; at++)
		for (size_t i = 0; &w->slots[at] != slot && i < w->slots[at].n_routes; i++)
			for (size_t k = 0; k < slot->n_routes; k++)
				assert_false(
					cv_prefix_equal(&w->slots[at].routes[i], &slot->routes[k]));
}

static void
act_session(struct world *w, const struct lns_action *action)
{
	const struct lns_session_info *s = action->session;
	struct world_slot *slot = &w->slots[s->slot], before;

	assert_int_equal(s->slot, cv_session_slot(lns_slot_seed(w->lns), s->listener, s->tunnel_id,
					  s->session_id, lns_slot_mask(w->lns)));
	switch (action->type) {
	case LNS_ACT_SESSION_ADD:
		assert_false(slot->added);
		/* IDs of an ended session rest for 10 s */
		assert_true(slot->removed_at == 0 || w->now >= slot->removed_at + 10 * CV_NS_PER_S);
		*slot = (struct world_slot){.added = true,
			.tunnel_id = s->tunnel_id,
			.session_id = s->session_id,
			.acks = w->n_ipcp_acks};
		break;
	case LNS_ACT_SESSION_OPEN:
		assert_true(slot->added);
		/* who has no address has IPv6, and it alone */
		if (s->address.family == 0)
			assert_true(!s->open && s->ipv6 != NULL && s->ipv6->open);
		else
			assert_int_equal(s->address.family, CV_IPV4);
		for (unsigned i = 0; s->address.family != 0 && i < WORLD_SLOTS; i++)
			assert_false(&w->slots[i] != slot && w->slots[i].open &&
				     cv_ip_equal(&w->slots[i].address, &s->address));
		slot->open = true;
		slot->reachable = slot->reach4 = slot->reach6 = false;
		slot->address = s->address;
		slot->opens++;
		keep_values(slot, s);
		networks_are_its_own(w, slot);
		break;
	case LNS_ACT_SESSION_REACH:
		assert_true(slot->open && !slot->reachable);
		assert_true(w->n_ipcp_acks > slot->acks); /* RFC 1661 3.5: data after it */
		slot->reachable = true;
		slot->reach4 = slot->open4;
		slot->reach6 = slot->open6;
		break;
	case LNS_ACT_SESSION_HEARD:
		assert_true(slot->open);
		if (!w->deaf)
			assert_int_equal(
				lns_session_heard(w->lns, w->now, s->serial, slot->rx_packets), 0);
		break;
	case LNS_ACT_SESSION_SHUT:
		assert_true(slot->open);
		slot->open = slot->reachable = slot->reach4 = slot->reach6 = false;
		slot->n_routes = 0;
		break;
	case LNS_ACT_SESSION_CHANGE:
		assert_true(slot->open && slot->reachable);
		assert_true(cv_ip_equal(&slot->address, &s->address));
		slot->changes++;
		before = *slot;
		keep_values(slot, s);
		networks_are_its_own(w, slot);
		if (slot->open4 != before.open4 || slot->open6 != before.open6) {
			slot->reachable = false; /* of what has come by this */
			slot->acks = w->n_ipcp_acks - 1;
		}
		slot->reach4 = slot->open4 && before.reach4;
		slot->reach6 = slot->open6 && before.reach6;
		break;
	default:
		assert_true(slot->added);
		assert_int_equal(slot->session_id, s->session_id);
		assert_non_null(action->reason);
		w->reason = action->reason;
		w->removed_address = cv_ipv4_value(&s->address);
		w->removed++;
		*slot = (struct world_slot){.session_id = s->session_id, .removed_at = w->now};
		break;
	}
}

/* An ICRP lets the peer send: its session must be in the data path by now. */
static void
check_answer(struct world *w, const struct lns_action *action)
{
	struct cv_bytes secret = {(const uint8_t *)"tunnelsecret", 12};
	struct l2tp_header h;
	struct l2tp_message m;
	struct l2tp_fault fault;
	uint16_t session = 0;

	if (l2tp_header_parse(action->data.data, action->data.len, &h) != 0 || !h.is_control ||
		h.payload.len == 0 ||
		l2tp_message_parse(w->crypto, secret, h.payload, &m, &fault) != 0 ||
		m.type != L2TP_ICRP)
		return;
	session = l2tp_get_u16(&m, L2TP_AVP_ASSIGNED_SESSION_ID);
	for (unsigned i = 0; i < WORLD_SLOTS; i++) {
		const struct world_slot *slot = &w->slots[i];

		/* removed: the ICRP is sent again for a call that is over already */
		if (slot->session_id == session && (slot->added || slot->removed_at != 0))
			return;
	}
	fail_msg("ICRP before session %u is in the data path", session);
}

static void
keep_ppp(struct world_ppp *kept, const struct lns_action *action)
{
	struct l2tp_header h = {0};

	assert_int_equal(l2tp_header_parse(action->data.data, action->data.len, &h), 0);
	kept->to = action->peer;
	kept->session = h.session_id;
	kept->len = h.payload.len < sizeof(kept->bytes) ? h.payload.len : sizeof(kept->bytes);
	memcpy(kept->bytes, h.payload.data, kept->len);
}

static void
keep_outside(struct world *w, const struct lns_action *action)
{
	struct world_sent *sent = &w->outside[w->n_outside % WORLD_OUTSIDE];

	if ((action->data.data[0] & 0x80) == 0) {
		bool sequenced = (action->data.data[0] & L2TP_BIT_SEQUENCE >> 8) != 0;

		/* who carries the action out must know that it has to give an Ns */
		assert_non_null(action->session);
		assert_int_equal(action->session->sequencing, sequenced);
		keep_ppp(&w->ppp_outside[w->n_data_outside++ % WORLD_PPP], action);
		w->n_sequenced_outside += sequenced;
		return;
	}
	w->n_outside++;
	sent->to = action->peer;
	sent->len = action->data.len;
	memcpy(sent->bytes, action->data.data, action->data.len);
}

/* Counts IPCP's Configure-Acks among what the server sends. */
static void
count_acks(struct world *w, struct cv_bytes datagram)
{
	static const uint8_t ack[] = {0xff, 0x03, 0x80, 0x21, 2}, ack6[] = {0xff, 3, 0x80, 0x57, 2};
	struct l2tp_header h = {0};

	assert_int_equal(l2tp_header_parse(datagram.data, datagram.len, &h), 0);
	if (!h.is_control && h.payload.len >= sizeof(ack) &&
		(memcmp(h.payload.data, ack, sizeof(ack)) == 0 ||
			memcmp(h.payload.data, ack6, sizeof(ack)) == 0))
		w->n_ipcp_acks++;
}

static struct cv_bytes
keep_bytes(uint8_t *to, size_t capacity, struct cv_bytes from)
{
	assert_true(from.len <= capacity);
	if (from.len != 0)
		memcpy(to, from.data, from.len);
	return (struct cv_bytes){to, from.len};
}

static void
ask(struct world *w, const struct lns_auth_ask *ask)
{
	struct world_ask *kept = &w->asks[w->n_asks % WORLD_ASKS];

	if (w->hold_asks)
		assert_true(w->n_asks < WORLD_ASKS);
	kept->ask = *ask;
	kept->ask.name = keep_bytes(kept->name, sizeof(kept->name), ask->name);
	kept->ask.password = keep_bytes(kept->password, sizeof(kept->password), ask->password);
	kept->ask.challenge = keep_bytes(kept->challenge, sizeof(kept->challenge), ask->challenge);
	kept->ask.response = keep_bytes(kept->response, sizeof(kept->response), ask->response);
	kept->ask.user = NULL;
	snprintf(w->ask_user, sizeof(w->ask_user), "%s", ask->user);
	w->n_asks++;
	if (!w->hold_asks)
		assert_int_equal(world_answer(w, (w->n_asks - 1) % WORLD_ASKS, NULL), 0);
}

void
world_act(struct world *w)
{
	struct lns_action action;

	while (lns_poll(w->lns, w->now, &action)) {
		switch (action.type) {
		case LNS_ACT_SEND: {
			int to = client_at(w, &action.peer);
			struct cv_endpoint from = {.ip = w->cfg->listeners[0].ip, .port = 1701};

			check_answer(w, &action);
			count_acks(w, action.data);
			if (to >= 0)
				world_send(w, to, from, action.data.data, action.data.len);
			else
				keep_outside(w, &action);
			break;
		}
		case LNS_ACT_TUNNEL_ADD:
			w->tunnels++;
			break;
		case LNS_ACT_TUNNEL_CHANGE:
			assert_int_not_equal(w->tunnels, 0);
			w->followed = action.follow;
			break;
		case LNS_ACT_TUNNEL_REMOVE:
			assert_int_not_equal(w->tunnels, 0);
			w->tunnels--;
			break;
		case LNS_ACT_AUTH_ASK:
			ask(w, action.ask);
			break;
		default:
			act_session(w, &action);
			break;
		}
	}
}

int
world_answer(struct world *w, unsigned ask, struct lns_auth_answer *answer)
{
	const struct lns_auth_ask *a = &w->asks[ask].ask;
	struct lns_auth_answer of_users;

	if (answer == NULL) {
		lns_users_answer(w->cfg, a, &of_users);
		answer = &of_users;
	}
	answer->number = a->number;
	return lns_auth_answer(w->lns, w->now, a->serial, answer);
}

void
world_inject(struct world *w, const struct cv_endpoint *from, const void *bytes, size_t len)
{
	lns_input(w->lns, w->now, w->listener, from, bytes, len);
	if (!w->hold)
		world_act(w);
}
