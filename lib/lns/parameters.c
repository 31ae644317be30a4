/* SPDX-License-Identifier: BSD-3-Clause */
/* What the configuration says, in the terms of lib/l2tp and lib/ppp. */
#include "lns/internal.h"

enum ppp_auth
lns_auth_method(enum cfg_auth method)
{
	static const enum ppp_auth methods[CFG_AUTH_METHODS] = {
		[CFG_AUTH_PAP] = PPP_AUTH_PAP,
		[CFG_AUTH_CHAP_MD5] = PPP_AUTH_CHAP_MD5,
		[CFG_AUTH_MSCHAPV2] = PPP_AUTH_MSCHAPV2,
	};

	return methods[method];
}

void
lns_link_params(const struct cfg *all, struct ppp_params *p)
{
	static const struct ppp_ncp *const networks[] = {&ppp_ipcp, &ppp_ipv6cp};
	const struct cfg_ppp *cfg = &all->ppp;

	ppp_params_default(p, PPP_SERVER);
	/* a link has no place for what nobody may have */
	p->networks = networks;
	p->n_networks = lns_needs_ipv6(all) ? 2 : 1;
	p->mru = cfg->mru;
	for (size_t i = 0; i < cfg->n_auth; i++)
		p->auth[i] = lns_auth_method(cfg->auth[i]);
	p->n_auth = (uint8_t)cfg->n_auth;
	p->restart_ns = cfg->restart_ns;
	p->max_configure = cfg->max_configure;
	p->max_terminate = cfg->max_terminate;
	p->max_failure = cfg->max_failure;
	p->echo_interval_ns = cfg->echo_ns;
	p->echo_misses = cfg->echo_misses;
	p->lcp_timeout_ns = cfg->lcp_timeout_ns;
	p->auth_timeout_ns = cfg->auth_timeout_ns;
	p->ipcp_timeout_ns = cfg->ipcp_timeout_ns;
	p->rechallenge_ns = cfg->rechallenge_ns;
}

void
lns_client_params(const struct cfg_group *group, struct ppp_params *p)
{
	p->role = PPP_CLIENT;
	for (size_t i = 0; i < group->n_auth; i++)
		p->auth[i] = lns_auth_method(group->auth[i]);
	p->n_auth = (uint8_t)group->n_auth;
	p->rechallenge_ns = 0;
}

void
lns_responder_params(struct lns *lns, struct l2tp_params *p, uint16_t tunnel_id,
	const uint8_t *challenge, const struct lns_secret *secret)
{
	const struct cfg_tunnels *cfg = &lns->cfg->tunnels;

	l2tp_params_default(p);
	p->crypto = lns->crypto;
	p->log = lns->log;
	p->local_tunnel_id = tunnel_id;
	p->challenge = challenge;
	p->host_name = lns->terms->host_name;
	p->receive_window = cfg->receive_window;
	p->hello_ns = cfg->hello_ns;
	p->retransmit_initial_ns = cfg->retransmit_first_ns;
	p->retransmit_max_ns = cfg->retransmit_max_ns;
	p->max_retransmits = cfg->retransmit_times;
	p->hide_avps = cfg->hide_avps;
	p->ecn = true; /* the data path does */
	/* there is no line to place a call on: who may ask for one means us */
	p->outgoing = secret != NULL && secret->outgoing;
	if (secret != NULL && !secret->none) {
		p->secret = secret->bytes;
		p->secret_len = secret->len;
	}
}
