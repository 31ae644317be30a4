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
lns_link_params(struct lns *lns)
{
	const struct cfg_ppp *cfg = &lns->cfg->ppp;
	struct ppp_params *p = &lns->ppp;

	ppp_params_default(p, PPP_SERVER);
	p->crypto = lns->crypto;
	p->log = lns->log;
	p->name = lns->cfg->identity.host_name;
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
lns_responder_params(struct lns *lns, struct l2tp_params *p, uint16_t tunnel_id,
	const uint8_t *challenge, const struct cfg_tunnel_secret *secret)
{
	const struct cfg *cfg = lns->cfg;

	l2tp_params_default(p);
	p->crypto = lns->crypto;
	p->log = lns->log;
	p->local_tunnel_id = tunnel_id;
	p->challenge = challenge;
	p->host_name = cfg->identity.host_name;
	p->receive_window = cfg->tunnels.receive_window;
	p->hello_ns = cfg->tunnels.hello_ns;
	p->retransmit_initial_ns = cfg->tunnels.retransmit_first_ns;
	p->retransmit_max_ns = cfg->tunnels.retransmit_max_ns;
	p->max_retransmits = cfg->tunnels.retransmit_times;
	p->hide_avps = cfg->tunnels.hide_avps;
	p->proxy = secret != NULL && secret->proxy == CFG_PROXY_ACCEPT;
	if (secret != NULL && !secret->none) {
		p->secret = secret->secret.data;
		p->secret_len = secret->secret.len;
	}
}
