/* SPDX-License-Identifier: BSD-3-Clause */
/* The link: phases (RFC 1661 section 3.2), demultiplexing, timers, events. */
#include <stdlib.h>

#include "ppp/private.h"

#define BIT(event) (1u << (event))

void
ppp_params_default(struct ppp_params *p, enum ppp_role role)
{
	static const struct ppp_ncp *const networks[] = {&ppp_ipcp};

	*p = (struct ppp_params){
		.role = role,
		.networks = networks,
		.n_networks = 1,
		.mru = 1400,
		.max_configure = 10,
		.max_terminate = 2,
		.max_failure = 5,
		.echo_misses = 4,
		.restart_ns = 3 * CV_NS_PER_S,
		.echo_interval_ns = 20 * CV_NS_PER_S,
		.lcp_timeout_ns = 30 * CV_NS_PER_S,
		.auth_timeout_ns = 30 * CV_NS_PER_S,
		.ipcp_timeout_ns = 30 * CV_NS_PER_S,
	};
}

static bool
params_usable(const struct ppp_params *p)
{
	if (p->crypto == NULL || p->n_auth > PPP_AUTH_METHODS || p->mru < PPP_MRU_MIN ||
		p->restart_ns == 0 || p->user.len > PPP_NAME_MAX ||
		p->password.len > PPP_NAME_MAX || p->n_networks == 0 ||
		p->n_networks > PPP_NETWORKS_MAX || (p->role == PPP_SERVER && p->n_auth == 0))
		return false;
	for (unsigned i = 0; i < p->n_auth; i++)
		if (p->auth[i] < PPP_AUTH_PAP || p->auth[i] > PPP_AUTH_MSCHAPV2)
			return false;
	return true;
}

struct ppp_link *
ppp_link_new(const struct ppp_params *params, struct ppp_scope scope, uint64_t now)
{
	struct ppp_link *l;

	if (!params_usable(params))
		return NULL;
	l = calloc(1, ppp_link_bytes(params));
	if (l == NULL)
		return NULL;
	l->params = params;
	l->scope = scope;
	l->last_activity = now;
	l->echo_timer = l->prove_by = CV_TIME_NEVER;
	l->peer_mru = PPP_DEFAULT_MRU;
	l->peer_accm = PPP_DEFAULT_ACCM;
	ppp_cp_init(&l->lcp);
	ppp_networks_init(l);
	ppp_auth_stop(l);
	crypto_random(params->crypto, &l->auth_id, sizeof(l->auth_id));
	ppp_lcp_reset(l);
	return l;
}

void
ppp_link_free(struct ppp_link *l)
{
	if (l == NULL)
		return;
	if (l->auth != NULL)
		cv_wipe(l->auth, sizeof(*l->auth));
	free(l->auth);
	ppp_output_free(l);
	cv_wipe(l, ppp_link_bytes(l->params));
	free(l);
}

void
ppp_raise(struct ppp_link *l, enum ppp_event_type type)
{
	l->events = (uint8_t)(l->events | BIT(type));
}

static void
withdraw(struct ppp_link *l, unsigned bits)
{
	l->events = (uint8_t)(l->events & ~bits);
}

void
ppp_set_phase(struct ppp_link *l, enum ppp_phase phase)
{
	if (l->phase != phase)
		PPP_DEBUG(l, "ppp-phase", "from=%s to=%s", ppp_phase_name((enum ppp_phase)l->phase),
			ppp_phase_name(phase));
	l->phase = (uint8_t)phase;
}

void
ppp_finish(struct ppp_link *l, enum ppp_down reason)
{
	if (l->finishing)
		return;
	l->finishing = true;
	l->reason = (uint8_t)reason;
	PPP_DEBUG(l, "ppp-finish", "reason=%s", ppp_down_name(reason));
}

void
ppp_withdraw(struct ppp_link *l, enum ppp_event_type type)
{
	withdraw(l, BIT(type));
}

void
ppp_tell_down(struct ppp_link *l, enum ppp_down reason)
{
	if (l->down_told)
		return;
	ppp_finish(l, reason);
	l->down_told = true;
	ppp_layers_down(l, 0);
	l->echo_timer = l->lcp.timer = l->lcp.deadline = l->prove_by = CV_TIME_NEVER;
	ppp_set_phase(l, PPP_PHASE_DEAD);
	withdraw(l, BIT(PPP_EV_LCP_UP));
	ppp_raise(l, PPP_EV_DOWN);
}

void
ppp_layers_down(struct ppp_link *l, uint64_t now)
{
	/* so that no network protocol starts to wait for the peer */
	if (l->phase == PPP_PHASE_NETWORK)
		ppp_set_phase(l, PPP_PHASE_TERMINATE);
	ppp_auth_stop(l);
	ppp_networks_reset(l, now);
	l->network_started = false;
	withdraw(l, BIT(PPP_EV_AUTH) | BIT(PPP_EV_NETWORK));
}

void
ppp_enter_network(struct ppp_link *l, uint64_t now)
{
	ppp_set_phase(l, PPP_PHASE_NETWORK);
	ppp_networks_expect(l, now);
	ppp_raise(l, PPP_EV_NETWORK);
}

void
ppp_settle(struct ppp_link *l, uint64_t now)
{
	if (!l->finishing)
		ppp_networks_settle(l, now);
	if (!l->finishing || l->closed || l->down_told)
		return;
	l->closed = true;
	ppp_layers_down(l, now);
	ppp_set_phase(l, PPP_PHASE_TERMINATE);
	l->lcp.deadline = l->echo_timer = l->prove_by = CV_TIME_NEVER;
	if (l->lcp.state < PPP_CLOSED)
		ppp_tell_down(l, (enum ppp_down)l->reason);
	else
		ppp_cp_event(l, &ppp_lcp, now, PPP_FSM_CLOSE);
}

void
ppp_expect_proof(struct ppp_link *l, uint64_t now)
{
	l->prove_by = cv_time_add(now, l->params->lcp_timeout_ns);
	l->prove_by = cv_time_add(l->prove_by, l->params->auth_timeout_ns);
}

void
ppp_link_open(struct ppp_link *l, uint64_t now)
{
	if (l->lcp.state != PPP_INITIAL || l->finishing)
		return;
	ppp_set_phase(l, PPP_PHASE_ESTABLISH);
	l->lcp.deadline = cv_time_add(now, l->params->lcp_timeout_ns);
	ppp_expect_proof(l, now);
	ppp_cp_event(l, &ppp_lcp, now, PPP_FSM_OPEN);
	ppp_cp_event(l, &ppp_lcp, now, PPP_FSM_UP);
}

void
ppp_link_close(struct ppp_link *l, uint64_t now, enum ppp_down reason)
{
	ppp_finish(l, reason);
	ppp_settle(l, now);
}

int
ppp_network_start(struct ppp_link *l, uint64_t now, const struct ppp_network *net)
{
	int rc;

	if (l->phase != PPP_PHASE_NETWORK || l->network_started)
		return CV_ERR_STATE;
	rc = ppp_networks_start(l, now, net);
	l->network_started = rc == 0;
	return rc;
}

/* Hands a frame to its protocol, where the phase allows it. */
static int
demultiplex(struct ppp_link *l, uint64_t now, const struct ppp_frame *f)
{
	bool network = l->phase == PPP_PHASE_NETWORK;
	struct ppp_packet p;
	int rc;

	switch (f->protocol) {
	case PPP_LCP:
		rc = ppp_packet_parse(f->payload, &p);
		return rc != 0 ? rc : ppp_cp_input(l, &ppp_lcp, now, &p);
	case PPP_PAP:
	case PPP_CHAP:
		if (l->phase != PPP_PHASE_AUTHENTICATE && !network)
			return CV_ERR_STATE;
		rc = ppp_packet_parse(f->payload, &p);
		if (rc != 0)
			return rc;
		return f->protocol == PPP_PAP ? ppp_pap_input(l, now, &p)
					      : ppp_chap_input(l, now, &p);
	default:
		/* RFC 1661 section 3.5: while authentication goes on, everything else is silently
		 * discarded; section 5.7: afterwards it is rejected */
		if (!network)
			return CV_ERR_STATE;
		if (ppp_ncp_find(l, f->protocol) != NULL)
			return ppp_networks_input(l, now, f);
		l->counters.rx_unknown++;
		ppp_protocol_reject(l, now, f);
		return 0;
	}
}

static void
count_discard(struct ppp_counters *c, int rc)
{
	if (rc == CV_ERR_TRUNCATED || rc == CV_ERR_MALFORMED)
		c->rx_malformed++;
	else
		c->rx_unexpected++;
}

int
ppp_link_input(struct ppp_link *l, uint64_t now, const void *frame, size_t len)
{
	struct ppp_frame f;
	int rc = ppp_frame_parse(frame, len, &f);

	ppp_auth_reap(l);
	l->counters.rx_frames++;
	if (rc == 0)
		rc = l->phase == PPP_PHASE_DEAD ? CV_ERR_STATE : demultiplex(l, now, &f);
	if (rc == 0)
		ppp_link_note_activity(l, now);
	else if (rc < 0)
		count_discard(&l->counters, rc);
	ppp_settle(l, now);
	return rc < 0 ? rc : 0;
}

void
ppp_link_note_activity(struct ppp_link *l, uint64_t when)
{
	if (when > l->last_activity)
		l->last_activity = when;
}

uint64_t
ppp_link_next_timeout(const struct ppp_link *l)
{
	uint64_t at = cv_time_min(l->lcp.timer, l->lcp.deadline);

	at = cv_time_min(at, ppp_networks_next_timeout(l));
	at = cv_time_min(at, cv_time_min(l->auth_timer, l->auth_deadline));
	at = cv_time_min(at, l->prove_by);
	return cv_time_min(at, cv_time_min(l->echo_timer, l->rechallenge_at));
}

void
ppp_link_handle_timeout(struct ppp_link *l, uint64_t now)
{
	ppp_auth_reap(l);
	if (l->lcp.deadline <= now) {
		l->lcp.deadline = CV_TIME_NEVER;
		ppp_finish(l, PPP_DOWN_LCP_TIMEOUT);
	}
	ppp_networks_deadline(l, now);
	ppp_auth_timeout(l, now);
	ppp_echo_timeout(l, now);
	ppp_settle(l, now);
	ppp_cp_timeout(l, &ppp_lcp, now);
	ppp_networks_timeout(l, now);
	ppp_settle(l, now);
}

static void
fill_auth_done(const struct ppp_link *l, struct ppp_ev_auth_done *e)
{
	const struct ppp_auth_block *a = l->auth;

	*e = (struct ppp_ev_auth_done){
		.ok = l->auth_ok,
		.method = (enum ppp_auth)l->method,
		.name = l->params->user,
	};
	if (a != NULL)
		e->message = (struct cv_bytes){a->message, a->message_len};
	if (a != NULL && ppp_is_server(l))
		e->name = (struct cv_bytes){a->name, a->name_len};
}

static void
fill_up(const struct ppp_link *l, struct ppp_ev_up *e)
{
	*e = (struct ppp_ev_up){
		.open = (uint8_t)ppp_networks_open(l),
		.mru = l->peer_mru < l->params->mru ? l->peer_mru : l->params->mru,
		.our_mru = ppp_lcp_our_mru(l),
		.acfc = l->peer_acfc,
		.pfc = l->peer_pfc,
	};
	for (unsigned i = 0; i < l->params->n_networks; i++)
		if (e->open >> i & 1)
			l->params->networks[i]->tell(l, e);
}

bool
ppp_link_poll_event(struct ppp_link *l, struct ppp_event *ev)
{
	if (l->events == 0)
		return false;
	*ev = (struct ppp_event){.type = (enum ppp_event_type)__builtin_ctz(l->events)};
	withdraw(l, BIT(ev->type));
	switch (ev->type) {
	case PPP_EV_AUTH:
		ppp_auth_fill(l, &ev->u.auth);
		break;
	case PPP_EV_AUTH_DONE:
		fill_auth_done(l, &ev->u.auth_done);
		break;
	case PPP_EV_UP:
		fill_up(l, &ev->u.up);
		l->up_told = true;
		break;
	case PPP_EV_NETWORK_DOWN:
		l->up_told = false;
		break;
	case PPP_EV_DOWN:
		ev->u.down = (struct ppp_ev_down){
			(enum ppp_down)l->reason, ppp_down_text((enum ppp_down)l->reason)};
		break;
	case PPP_EV_LCP_UP:
	case PPP_EV_NETWORK:
		break;
	}
	return true;
}
