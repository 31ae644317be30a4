/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/slot.h"
#include "l2tp/header.h"
#include "l2tp/message.h"

static const char standard[] = "identity: {host-name: lns}\n"
			       "log: {level: debug}\n"
			       "ports: [{name: wan, device: 'af_packet:lns0'}]\n"
			       "listeners: [{address: 192.0.2.1/24}]\n"
			       "tunnels: {secrets: [{secret-file: secret}]}\n"
			       "ppp: {auth: [mschapv2, chap-md5, pap]}\n"
			       "groups: [{name: clients, address: 10.88.0.1, pool: 10.88.1.0/24,\n"
			       "  dns: [10.88.0.53]}]\n"
			       "users: [{name: alice, password-file: alice},\n"
			       "  {name: bob, password-file: bob}]\n"
			       "limits: {sessions: 100, tunnels: 100}\n";

static int
read_secret(void *ctx, const char *path, size_t max, uint8_t **data, size_t *len, unsigned *mode)
{
	const char *text = strstr(path, "alice") != NULL ? "pass-a"
			   : strstr(path, "bob") != NULL ? "pass-b"
							 : "tunnelsecret";

	(void)ctx;
	(void)max;
	*len = strlen(text);
	*data = malloc(*len + 1);
	memcpy(*data, text, *len + 1);
	*mode = 0600;
	return 0;
}

static void
keep_line(void *ctx, enum cv_log_level level, const char *line)
{
	struct world *w = ctx;

	(void)level;
	if (getenv("WORLD_LOG") != NULL)
		printf("# %9.3f %s\n", (double)w->now / 1e9, line);
	snprintf(w->lines[w->n_lines++ % WORLD_LOG], sizeof(w->lines[0]), "%s", line);
}

static struct cfg *
load(const char *yaml)
{
	struct cfg_files files = {.read = read_secret};
	struct cfg_errors errors = {0};
	struct cfg *cfg = NULL;
	char text[512];
	int rc = cfg_load("world.yaml", yaml, strlen(yaml), &files, &errors, &cfg);

	for (size_t i = 0; rc != 0 && i < errors.n; i++)
		print_error("%s\n", cfg_error_text(&errors.items[i], text, sizeof(text)));
	cfg_errors_free(&errors);
	assert_int_equal(rc, 0);
	return cfg;
}

/* xorshift64*: a schedule is its seed. */
uint32_t
world_random(struct world *w)
{
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return (uint32_t)(w->random * UINT64_C(2685821657736338717) >> 32);
}

void
world_up(struct world *w, const char *yaml, uint64_t seed)
{
	uint8_t bytes[CRYPTO_SEED_BYTES] = {0};
	struct lns_params params = {0};
	char err[256] = "";

	memset(w, 0, sizeof(*w));
	w->random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
	w->now = 1000 * CV_NS_PER_S;
	w->network = (struct world_network){.delay_ns = 10 * CV_NS_PER_MS};
	memcpy(bytes, &seed, sizeof(seed));
	w->crypto = crypto_new(bytes, err, sizeof(err));
	if (w->crypto == NULL)
		print_error("%s\n", err);
	assert_non_null(w->crypto);
	w->cfg = load(yaml == NULL ? standard : yaml);
	w->log = (struct cv_log){.emit = keep_line,
		.ctx = w,
		.level = getenv("WORLD_LOG") != NULL ? CV_LOG_DEBUG : CV_LOG_INFO};
	params = (struct lns_params){
		.cfg = w->cfg, .crypto = w->crypto, .log = &w->log, .first_serial = WORLD_SERIAL};
	w->lns = lns_new(&params, w->now);
	assert_non_null(w->lns);
	assert_true(lns_slot_mask(w->lns) < WORLD_SLOTS);
}

static void
count_fate(struct world_toll *toll, const struct lns_fate *fate)
{
	toll->stay += fate->outcome == LNS_STAYS;
	toll->change += fate->outcome == LNS_CHANGES;
	toll->end += fate->outcome == LNS_ENDS;
	if (fate->outcome != LNS_STAYS)
		toll->why = fate->why;
}

/* ---- the network ---- */

static void
enqueue(struct world *w, int to, struct cv_endpoint from, const void *bytes, size_t len)
{
	struct world_datagram *d = malloc(sizeof(*d) + len), **at = &w->queue;
	uint64_t delay = w->network.delay_ns;

	assert_non_null(d);
	if (world_random(w) % 1000 < w->network.delayed)
		delay += world_random(w) % (w->network.jitter_ns + 1);
	*d = (struct world_datagram){
		.at = w->now + delay, .order = w->order++, .to = to, .from = from, .len = len};
	memcpy(d->bytes, bytes, len);
	while (*at != NULL && (*at)->at <= d->at)
		at = &(*at)->next;
	d->next = *at;
	*at = d;
}

static void
send_datagram(struct world *w, int to, struct cv_endpoint from, const void *bytes, size_t len)
{
	if (w->filter != NULL && !w->filter(w, to, bytes, len))
		return;
	if (world_random(w) % 1000 < w->network.lost)
		return;
	enqueue(w, to, from, bytes, len);
	if (world_random(w) % 1000 < w->network.doubled)
		enqueue(w, to, from, bytes, len);
}

static int
client_at(const struct world *w, const struct cv_endpoint *address)
{
	for (unsigned i = 0; i < w->n_clients; i++)
		if (cv_endpoint_equal(&w->clients[i].address, address))
			return (int)i;
	return -1;
}

/* ---- the server's side ---- */

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
		break;
	case LNS_ACT_SESSION_CHANGE:
		assert_true(slot->open && slot->reachable);
		assert_true(cv_ip_equal(&slot->address, &s->address));
		slot->changes++;
		before = *slot;
		keep_values(slot, s);
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

static void
act(struct world *w)
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
				send_datagram(w, to, from, action.data.data, action.data.len);
			else
				keep_outside(w, &action);
			break;
		}
		case LNS_ACT_TUNNEL_ADD:
			w->tunnels++;
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
		act(w);
}

/* ---- a client's side ---- */

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

static void
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
		send_datagram(c->world, -1, c->address, bytes, (size_t)len);
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

static void
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
	send_datagram(c->world, -1, c->address, bytes, cv_written(&w));
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

/* ---- time ---- */

static uint64_t
next_time(const struct world *w)
{
	uint64_t at = lns_next_timeout(w->lns);

	if (w->queue != NULL)
		at = cv_time_min(at, w->queue->at);
	for (unsigned i = 0; i < w->n_clients; i++) {
		const struct world_client *c = &w->clients[i];

		if (c->dial != NULL)
			at = cv_time_min(at, dial_next_timeout(c->dial));
	}
	return at;
}

static void
step(struct world *w)
{
	while (w->queue != NULL && w->queue->at <= w->now) {
		struct world_datagram *d = w->queue;

		w->queue = d->next;
		if (d->to >= 0)
			client_input(&w->clients[d->to], d);
		else
			world_inject(w, &d->from, d->bytes, d->len);
		free(d);
	}
	lns_handle_timeout(w->lns, w->now);
	act(w);
	for (unsigned i = 0; i < w->n_clients; i++) {
		struct world_client *c = &w->clients[i];

		if (c->dial != NULL)
			dial_handle_timeout(c->dial, w->now);
		client_settle(c);
	}
}

static uint32_t
sessions(const struct world *w)
{
	struct lns_status status;

	lns_status(w->lns, &status);
	return status.sessions;
}

void
world_reload(struct world *w, const char *yaml, struct world_toll *toll)
{
	struct cfg *cfg = load(yaml);
	struct world_toll done = {0};
	uint64_t cursor = 0, places = lns_session_places(w->lns);
	uint32_t before = sessions(w);
	struct lns_fate fate;

	*toll = (struct world_toll){0};
	assert_int_equal(cfg_continue(cfg, w->cfg), 0);
	while (lns_next_fate(w->lns, cfg, &cursor, places, &fate))
		count_fate(toll, &fate);
	assert_int_equal(lns_configure(w->lns, w->now, cfg), 0);
	cfg_free(w->cfg);
	w->cfg = cfg;
	if (w->review_after_ns != 0)
		world_sleep(w, w->review_after_ns);
	done.end = before - sessions(w); /* with their tunnels */
	for (cursor = 0; lns_review(w->lns, w->now, &cursor, places, &fate);) {
		count_fate(&done, &fate);
		act(w);
	}
	assert_int_equal(done.end, toll->end);
	assert_int_equal(done.change, toll->change);
	act(w);
}

bool
world_run(struct world *w, uint64_t limit_ns, bool (*cond)(struct world *w))
{
	uint64_t end = w->now + limit_ns;
	unsigned stuck = 0;

	act(w);
	for (unsigned i = 0; i < w->n_clients; i++)
		client_settle(&w->clients[i]);
	while (cond == NULL || !cond(w)) {
		uint64_t at = next_time(w);

		if (at > end) {
			w->now = end;
			return cond == NULL;
		}
		/* a timer that is due for ever would stop time */
		stuck = at > w->now ? 0 : stuck + 1;
		assert_true(stuck < 10000);
		if (at > w->now)
			w->now = at;
		step(w);
	}
	return true;
}

void
world_sleep(struct world *w, uint64_t ns)
{
	world_run(w, ns, NULL);
}

bool
all_up(struct world *w)
{
	for (unsigned i = 0; i < w->n_clients; i++)
		if (w->clients[i].l2tp != NULL && !w->clients[i].up)
			return false;
	return true;
}

bool
all_down(struct world *w)
{
	struct lns_status status;

	lns_status(w->lns, &status);
	if (status.tunnels + status.ended + status.half_open + status.sessions != 0)
		return false;
	for (unsigned i = 0; i < w->n_clients; i++)
		if (w->clients[i].tunnel_up || w->clients[i].up)
			return false;
	return true;
}

uint64_t
world_counter(const struct world *w, enum lns_counter counter)
{
	struct lns_status status;

	lns_status(w->lns, &status);
	return status.counters[counter];
}

bool
world_logged(const struct world *w, const char *a, const char *b)
{
	for (unsigned i = 0; i < WORLD_LOG; i++)
		if (strstr(w->lines[i], a) != NULL && strstr(w->lines[i], b) != NULL)
			return true;
	return false;
}

void
world_down(struct world *w)
{
	lns_shutdown(w->lns, w->now);
	world_run(w, 200 * CV_NS_PER_S, NULL);
	assert_true(lns_idle(w->lns));
	assert_int_equal(w->tunnels, 0);
	for (unsigned i = 0; i < WORLD_SLOTS; i++)
		assert_false(w->slots[i].added);
	for (unsigned i = 0; i < w->n_clients; i++)
		client_free(&w->clients[i]);
	while (w->queue != NULL) {
		struct world_datagram *d = w->queue;

		w->queue = d->next;
		free(d);
	}
	lns_free(w->lns);
	cfg_free(w->cfg);
	crypto_free(w->crypto);
}
