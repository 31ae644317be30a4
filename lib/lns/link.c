/* SPDX-License-Identifier: BSD-3-Clause */
/* What the configuration says about PPP, in the terms of lib/ppp. One set for all links: who the
 * user is, and so his group, is only known when LCP is done. */
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
