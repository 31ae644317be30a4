/* SPDX-License-Identifier: BSD-3-Clause */
/* Names and texts for programs and people; what culvertctl shows of a link. */
#include "ppp/private.h"

static const struct {
	const char *name, *text;
} down_reasons[PPP_DOWN_COUNT] = {
#define REASON(id, name, text) [id] = {name, text},
	PPP_DOWN_REASONS(REASON)
#undef REASON
};

static const char *const auth_names[] = {
	[PPP_AUTH_NONE] = "none",
	[PPP_AUTH_PAP] = "pap",
	[PPP_AUTH_CHAP_MD5] = "chap-md5",
	[PPP_AUTH_MSCHAPV2] = "mschapv2",
};

static const char *const phase_names[] = {
	[PPP_PHASE_DEAD] = "dead",
	[PPP_PHASE_ESTABLISH] = "establish",
	[PPP_PHASE_AUTHENTICATE] = "authenticate",
	[PPP_PHASE_NETWORK] = "network",
	[PPP_PHASE_TERMINATE] = "terminate",
};

const char *
ppp_down_name(enum ppp_down reason)
{
	return reason < PPP_DOWN_COUNT ? down_reasons[reason].name : "unknown";
}

const char *
ppp_down_text(enum ppp_down reason)
{
	return reason < PPP_DOWN_COUNT ? down_reasons[reason].text : "unknown";
}

const char *
ppp_auth_name(enum ppp_auth method)
{
	return method <= PPP_AUTH_MSCHAPV2 ? auth_names[method] : "unknown";
}

int
ppp_auth_parse(const char *name)
{
	for (int i = PPP_AUTH_PAP; i <= PPP_AUTH_MSCHAPV2; i++)
		if (strcmp(auth_names[i], name) == 0)
			return i;
	return -1;
}

const char *
ppp_phase_name(enum ppp_phase phase)
{
	return phase_names[phase];
}

void
ppp_link_info(const struct ppp_link *l, struct ppp_info *info)
{
	struct ppp_ev_up up = {0};

	for (unsigned i = 0; i < l->params->n_networks; i++)
		l->params->networks[i]->tell(l, &up);
	*info = (struct ppp_info){
		.phase = ppp_phase_name((enum ppp_phase)l->phase),
		.lcp_state = ppp_state_name(ppp_cp_state(&l->lcp)),
		.auth = l->phase < PPP_PHASE_AUTHENTICATE ? PPP_AUTH_NONE
							  : (enum ppp_auth)l->method,
		.mru = l->peer_mru < l->params->mru ? l->peer_mru : l->params->mru,
		.our_mru = ppp_lcp_our_mru(l),
		.acfc = l->peer_acfc,
		.pfc = l->peer_pfc,
		.magic = l->magic,
		.peer_magic = l->peer_magic,
		.peer_accm = l->peer_accm,
		.local_ip = up.local_ip,
		.peer_ip = up.peer_ip,
		.dns = {up.dns[0], up.dns[1]},
		.wins = {up.wins[0], up.wins[1]},
		.local_ip6 = up.local_ip6,
		.peer_ip6 = up.peer_ip6,
		.counters = l->counters,
	};
}

const char *
ppp_link_network_state(const struct ppp_link *l, uint16_t protocol)
{
	for (unsigned i = 0; i < l->params->n_networks; i++)
		if (l->params->networks[i]->cp.protocol == protocol && !l->layers[i].absent)
			return ppp_state_name(ppp_cp_state(&l->layers[i]));
	return "-";
}

size_t
ppp_link_memory(const struct ppp_link *l)
{
	return ppp_link_bytes(l->params) + (l->auth == NULL ? 0 : sizeof(*l->auth)) +
	       ppp_output_memory(l);
}
