/* SPDX-License-Identifier: BSD-3-Clause */
/* A world's clients. */
#include <stdio.h>
#include <string.h>

#include "parts.h"

struct world_client *
world_client(struct world *w, const char *user, const char *password, enum ppp_auth method)
{
	struct world_client *c = &w->clients[w->n_clients];

	assert_true(w->n_clients < WORLD_CLIENTS);
	*c = (struct world_client){.world = w, .hang_up = true};
	c->address = (struct cv_endpoint){
		.ip = cv_ipv4(0xc000020a + w->n_clients), .port = (uint16_t)(40000 + w->n_clients)};
	w->n_clients++;
	l2tp_params_default(&c->l2tp_params);
	c->l2tp_params.crypto = w->crypto;
	c->l2tp_params.host_name = "client";
	c->l2tp_params.secret = "tunnelsecret";
	c->l2tp_params.secret_len = strlen("tunnelsecret");
	ppp_params_default(&c->ppp_params, PPP_CLIENT);
	c->ppp_params.crypto = w->crypto;
	c->ppp_params.auth[0] = method;
	c->ppp_params.n_auth = 1;
	c->ppp_params.request_dns = true;
	c->ppp_params.user = (struct cv_bytes){(const uint8_t *)user, strlen(user)};
	c->ppp_params.password = (struct cv_bytes){(const uint8_t *)password, strlen(password)};
	return c;
}

/* What the tests look at. */
static void
show_parts(struct world_client *c)
{
	c->l2tp = c->dial == NULL ? NULL : dial_tunnel(c->dial);
	c->ppp = c->dial == NULL ? NULL : dial_link(c->dial);
	c->peer_session = c->dial == NULL ? 0 : dial_peer_session(c->dial);
	if (c->ppp == NULL)
		c->up = false;
}

void
client_free(struct world_client *c)
{
	dial_free(c->dial);
	c->dial = NULL;
	c->tunnel_up = false;
	c->local_session = 0;
	show_parts(c);
}

static void
tunnel_down(struct world_client *c, const struct dial_event *e)
{
	c->tunnel_downs++;
	c->tunnel_up = false;
	c->tunnel_reason = e->reason;
	snprintf(c->tunnel_text, sizeof(c->tunnel_text), "%s", e->reason.message);
}

static void
call_down(struct world_client *c, const struct dial_event *e)
{
	c->call_downs++;
	c->call_reason = e->reason;
	snprintf(c->call_text, sizeof(c->call_text), "%s", e->reason.message);
}

static void
auth_done(struct world_client *c, const struct ppp_ev_auth_done *e)
{
	c->auth_dones++;
	c->auth_ok = e->ok;
	snprintf(c->auth_text, sizeof(c->auth_text), "%.*s", (int)e->message.len,
		(const char *)e->message.data);
}

static void
dial_event(struct world_client *c, const struct dial_event *e)
{
	struct world *w = c->world;

	switch (e->type) {
	case DIAL_EV_TUNNEL_UP:
		c->tunnel_ups++;
		c->tunnel_up = true;
		c->local_session = (uint16_t)(world_random(w) % 65535 + 1);
		assert_int_equal(dial_call(c->dial, w->now, c->local_session), 0);
		break;
	case DIAL_EV_CALL_UP:
		c->call_ups++;
		break;
	case DIAL_EV_CALL_DOWN:
		call_down(c, e);
		break;
	case DIAL_EV_TUNNEL_DOWN:
		tunnel_down(c, e);
		break;
	case DIAL_EV_AUTH_DONE:
		auth_done(c, &e->auth);
		break;
	case DIAL_EV_UP:
		c->ppp_ups++;
		c->up = true;
		c->up_event = e->up;
		break;
	case DIAL_EV_NETWORK_DOWN:
		c->up = false;
		break;
	case DIAL_EV_LINK_DOWN:
		c->ppp_reason = e->link;
		break;
	case DIAL_EV_DONE:
		break;
	}
	show_parts(c);
	if (e->type == DIAL_EV_CALL_DOWN || e->type == DIAL_EV_TUNNEL_DOWN ||
		e->type == DIAL_EV_LINK_DOWN)
		c->local_session = 0;
}

void
client_settle(struct world_client *c)
{
	uint8_t bytes[2048];
	struct dial_event e;
	int len;

	if (c->dial == NULL)
		return;
	dial_set_keep_call(c->dial, !c->hang_up);
	while (dial_poll_event(c->dial, c->world->now, &e))
		dial_event(c, &e);
	show_parts(c);
	while ((len = dial_poll_output(c->dial, c->world->now, bytes, sizeof(bytes))) > 0)
		world_send(c->world, -1, c->address, bytes, (size_t)len);
}

void
client_dial(struct world_client *c)
{
	struct world *w = c->world;
	static const struct ppp_ncp *const networks[] = {&ppp_ipcp, &ppp_ipv6cp};
	struct dial_params params = {.ppp = &c->ppp_params, .network = {.ipv6 = c->ipv6}};

	client_free(c);
	if (c->ipv6 && c->ppp_params.networks[0] != &ppp_ipv6cp) {
		c->ppp_params.networks = networks;
		c->ppp_params.n_networks = 2;
	}
	c->l2tp_params.local_tunnel_id = (uint16_t)(world_random(w) % 65535 + 1);
	params.l2tp = c->l2tp_params;
	c->dial = dial_new(&params, w->now);
	assert_non_null(c->dial);
	assert_int_equal(dial_start(c->dial, w->now), 0);
	show_parts(c);
	client_settle(c);
}

void
client_input(struct world_client *c, const struct world_datagram *d)
{
	struct cv_bytes packet;

	if (c->dial == NULL)
		return;
	if (dial_input(c->dial, c->world->now, d->bytes, d->len, &packet) == DIAL_PACKET) {
		struct world_packet *p = &c->heard[c->n_heard++ % WORLD_HEARD];

		assert_true(packet.len <= sizeof(p->bytes));
		p->at = c->world->now;
		p->len = packet.len;
		memcpy(p->bytes, packet.data, packet.len);
	}
	client_settle(c);
}

void
client_say6(struct world_client *c, const void *packet, size_t len)
{
	uint8_t bytes[2048];
	struct cv_writer w = cv_writer(bytes, sizeof(bytes));

	assert_int_equal(dial_write_header(c->dial, &w, CV_IPV6, len), 0);
	cv_write_bytes(&w, packet, len);
	assert_false(w.failed);
	world_send(c->world, -1, c->address, bytes, cv_written(&w));
}

const struct world_slot *
client_slot(struct world_client *c)
{
	struct world *w = c->world;

	for (unsigned i = 0; i < WORLD_SLOTS; i++)
		if (w->slots[i].added && w->slots[i].session_id == c->peer_session)
			return &w->slots[i];
	fail_msg("the data path knows no such session");
	return NULL;
}
