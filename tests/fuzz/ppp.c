/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames into a link of either role, which a link of the same library first brought to a phase.
 * The first byte: bit 0 the role, bits 1 and 2 the method, bits 3 to 5 the phase, bit 6 IPV6CP.
 */
#include "fuzz.h"
#include "ppp/private.h"

enum { STEPS_MAX = 1000, STAGE_OPEN = PPP_PHASE_NETWORK + 1, STAGE_CLOSING, STAGES };

struct side {
	struct ppp_params params;
	struct ppp_link *l;
	bool authenticated, network, up, down;
	uint8_t request[PPP_MAX_CONTROL]; /* the last Configure-Request's options */
	size_t request_len;
};

struct world {
	struct side sides[2]; /* server, client */
	uint64_t now;
	unsigned choice;
	bool ipv6;
};

static const struct cv_bytes secret = {fuzz_secret, FUZZ_SECRET_BYTES};

static void
answer(struct world *w, struct side *s, const struct ppp_event *e)
{
	const struct ppp_network net = {cv_ipv4(0x0a000001), cv_ipv4(0x0a000007),
		{cv_ipv4(0x08080808), {0}}, {cv_ipv4(0x08080404), {0}}, w->ipv6, {0}};
	const struct ppp_network none = {.ipv6 = w->ipv6};
	struct ppp_secret right = {PPP_SECRET_PLAIN, secret};
	bool server = s->params.role == PPP_SERVER;

	FUZZ_CHECK(!s->down);
	if (e->type == PPP_EV_LCP_UP)
		s->authenticated = s->network = false;
	if (e->type == PPP_EV_AUTH) {
		FUZZ_CHECK(server);
		w->choice == 7 ? ppp_auth_reject(s->l, w->now)
			       : ppp_auth_check(s->l, w->now, &right);
	}
	if (e->type == PPP_EV_AUTH_DONE)
		s->authenticated = e->u.auth_done.ok;
	if (e->type == PPP_EV_NETWORK) {
		FUZZ_CHECK(s->authenticated);
		s->network = true;
		FUZZ_CHECK(ppp_network_start(s->l, w->now, server ? &net : &none) == 0);
	}
	if (e->type == PPP_EV_UP) {
		const struct ppp_ev_up *up = &e->u.up;

		FUZZ_CHECK(s->authenticated && s->network && (!s->up || w->ipv6));
		FUZZ_CHECK(up->open != 0 && up->mru >= PPP_MRU_MIN);
		if ((up->open & 1) != 0)
			FUZZ_CHECK(up->local_ip.family == CV_IPV4 &&
				   (!server || cv_ip_equal(&up->peer_ip, &net.peer_ip)));
		if ((up->open & 2) != 0)
			FUZZ_CHECK(up->local_ip6.family == CV_IPV6 &&
				   !cv_ip_equal(&up->local_ip6, &up->peer_ip6));
	}
	if (e->type == PPP_EV_NETWORK_DOWN)
		FUZZ_CHECK(s->up);
	s->up = e->type == PPP_EV_UP || (s->up && e->type != PPP_EV_NETWORK_DOWN);
	s->down = e->type == PPP_EV_DOWN;
	FUZZ_CHECK(!s->down || !s->up);
}

static int
poll_frame(struct world *w, struct side *s, uint8_t frame[PPP_MAX_CONTROL])
{
	const size_t header = PPP_HEADER_BYTES + PPP_PACKET_HEADER;
	struct ppp_event e;
	int len;

	for (int n = 0; ppp_link_poll_event(s->l, &e); n++) {
		FUZZ_CHECK(n < STEPS_MAX);
		answer(w, s, &e);
	}
	len = ppp_link_poll_output(s->l, frame, PPP_MAX_CONTROL);
	FUZZ_CHECK(len == 0 || len >= (int)header);
	if (len != 0 && frame[PPP_HEADER_BYTES] == PPP_CONFIGURE_REQUEST) {
		s->request_len = (size_t)len - header;
		memcpy(s->request, frame + header, s->request_len);
	}
	return len;
}

static void
drain(struct world *w, struct side *s)
{
	uint8_t frame[PPP_MAX_CONTROL];

	for (int n = 0; poll_frame(w, s, frame) != 0; n++)
		FUZZ_CHECK(n < STEPS_MAX);
}

/* Whether the side is where it is to be fed. */
static bool
arrived(const struct side *s, unsigned stage)
{
	return stage <= PPP_PHASE_NETWORK ? s->l->phase == stage : s->up;
}

/* Carries frames one by one until the side under test has come to its stage. */
static void
bring(struct world *w, struct side *s, unsigned stage)
{
	uint8_t frame[PPP_MAX_CONTROL];

	for (int i = 0; i < 2; i++)
		if (stage != PPP_PHASE_DEAD)
			ppp_link_open(w->sides[i].l, w->now);
	for (int n = 0; !arrived(s, stage); n++) {
		struct side *from = &w->sides[n % 2], *to = &w->sides[(n + 1) % 2];
		int len = poll_frame(w, from, frame);

		FUZZ_CHECK(n < STEPS_MAX);
		if (len != 0)
			ppp_link_input(to->l, w->now, frame, (size_t)len);
	}
	if (stage == STAGE_CLOSING)
		ppp_link_close(s->l, w->now, PPP_DOWN_KICKED);
	drain(w, s);
}

static uint8_t
expected_id(struct ppp_link *l, uint16_t protocol, uint8_t code)
{
	const struct ppp_cp_ops *ops = protocol == PPP_LCP    ? &ppp_lcp
				       : protocol == PPP_IPCP ? &ppp_ipcp.cp
							      : &ppp_ipv6cp.cp;
	const struct ppp_cp *cp;

	if (protocol == PPP_PAP || protocol == PPP_CHAP)
		return l->auth_id;
	if (code == PPP_ECHO_REPLY)
		return l->echo_id;
	if (protocol != PPP_LCP && ppp_ncp_find(l, protocol) == NULL)
		return 0;
	cp = ppp_cp_of(l, ops);
	return code == PPP_TERMINATE_ACK ? cp->terminate_id : cp->request_id;
}

/* fix: the record is a code and data, and choice a protocol; header and identifier come right,
 * and a Configure-Ack without data acknowledges what was asked. */
static void
feed(struct world *w, struct side *s, const struct fuzz_record *r)
{
	static const uint16_t protocols[8] = {
		PPP_LCP, PPP_LCP, PPP_IPCP, PPP_IPCP, 0, PPP_CCP, PPP_IPV6CP, PPP_LCP};
	uint8_t frame[FUZZ_RECORD_BYTES + PPP_MAX_CONTROL];
	struct cv_writer out = cv_writer(frame, sizeof(frame));
	struct cv_reader in = cv_reader(r->bytes, r->len);
	uint8_t code = cv_read_u8(&in);
	struct cv_bytes data = {in.pos, cv_remaining(&in)};
	uint16_t protocol = protocols[r->choice];

	w->choice = r->choice;
	if (!r->fix) {
		ppp_link_input(s->l, w->now, r->bytes, r->len);
		return;
	}
	if (protocol == 0)
		protocol = s->l->method == PPP_AUTH_PAP ? PPP_PAP : PPP_CHAP;
	if (code == PPP_CONFIGURE_ACK && data.len == 0)
		data = (struct cv_bytes){s->request, s->request_len};
	cv_write_u16(&out, PPP_ADDRESS << 8 | PPP_CONTROL);
	cv_write_u16(&out, protocol);
	cv_write_u8(&out, code);
	cv_write_u8(&out, expected_id(s->l, protocol, code));
	cv_write_u16(&out, (uint16_t)(PPP_PACKET_HEADER + data.len));
	cv_write_bytes(&out, data.data, data.len);
	ppp_link_input(s->l, w->now, frame, cv_written(&out));
}

static bool
wait(struct world *w, struct side *s)
{
	uint64_t at = ppp_link_next_timeout(s->l);

	if (at == CV_TIME_NEVER)
		return false;
	w->now = at > w->now ? at : w->now;
	ppp_link_handle_timeout(s->l, w->now);
	drain(w, s);
	at = ppp_link_next_timeout(s->l);
	FUZZ_CHECK(at > w->now && (!s->down || at == CV_TIME_NEVER));
	return true;
}

static void
start(struct world *w, unsigned method)
{
	static const struct ppp_ncp *const both[] = {&ppp_ipcp, &ppp_ipv6cp};
	struct crypto *crypto = fuzz_crypto();

	for (int i = 0; i < 2; i++) {
		struct ppp_params *p = &w->sides[i].params;

		ppp_params_default(p, i == 0 ? PPP_SERVER : PPP_CLIENT);
		p->crypto = crypto;
		if (w->ipv6) {
			p->networks = both;
			p->n_networks = 2;
		}
		p->name = "fuzz";
		p->user = p->password = secret;
		p->request_dns = p->request_wins = p->compress_header = true;
		p->rechallenge_ns = 50 * CV_NS_PER_S;
		p->n_auth = method == PPP_AUTH_NONE ? PPP_AUTH_METHODS : 1;
		for (unsigned m = 0; m < p->n_auth; m++)
			p->auth[m] = (enum ppp_auth)(method == PPP_AUTH_NONE ? 3 - m : method);
		w->sides[i].l = ppp_link_new(p, (struct ppp_scope){0}, w->now);
		FUZZ_CHECK(w->sides[i].l != NULL);
	}
}

int
fuzz_one(const uint8_t *data, size_t len)
{
	struct world w = {.now = 1000 * CV_NS_PER_S};
	struct cv_reader in = cv_reader(data, len);
	uint8_t first = cv_read_u8(&in);
	struct side *s = &w.sides[first & 1];
	struct fuzz_record r;

	w.ipv6 = (first >> 6 & 1) != 0;
	start(&w, first >> 1 & 3);
	bring(&w, s, (first >> 3 & 7u) % STAGES);
	while (fuzz_next(&in, &r)) {
		if (r.wait)
			wait(&w, s);
		feed(&w, s, &r);
		drain(&w, s);
		fuzz_done(&r);
	}
	for (int n = 0; wait(&w, s); n++)
		FUZZ_CHECK(n < STEPS_MAX);
	FUZZ_CHECK(s->down || s->l->lcp.state == PPP_INITIAL);
	ppp_link_free(w.sides[0].l);
	ppp_link_free(w.sides[1].l);
	return 0;
}
