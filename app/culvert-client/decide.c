/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What proves what: an answered IKE_SA_INIT proves its port, and nothing else does. UDP 4500
 * carries ESP as well, with or without a NAT; ESP as it is can't be asked for before there is an
 * SA, so a way that needs it is the last resort. Of a relay SCCRQ's answer is the proof, not
 * STUN's.
 */
#include "decide.h"

bool
decide_dialable(const struct found_port *p)
{
	return p->l2tp == FOUND_ACCEPTED || p->l2tp == FOUND_ANSWERED;
}

static bool
find_relay(const struct found *f, struct decision *out)
{
	for (size_t i = 0; i < f->n_lns; i++)
		for (size_t k = 0; k < f->lns[i].n_ports; k++)
			if (decide_dialable(&f->lns[i].ports[k])) {
				out->lns = i;
				out->port = k;
				return true;
			}
	return false;
}

/* Whether a NAT stands before this address of the gateway, or before us: either forces ESP into
 * UDP. */
static bool
nat_to(const struct found *f, const struct found_gateway *g)
{
	const struct found_nat *nat = &f->nat[g->ip.family == CV_IPV6];

	for (size_t i = 0; i < FOUND_IKE_PORTS; i++)
		if (g->ike[i].answered && (g->ike[i].said.nat_here || g->ike[i].said.nat_there))
			return true;
	return nat->asked && nat->stun.answered && nat->stun.nat;
}

static enum decide_way
find_direct(const struct found *f, struct decision *out)
{
	for (size_t i = 0; i < f->n_gateways; i++)
		if (f->gateways[i].ike[1].answered) {
			out->gateway = i;
			return DECIDE_DIRECT_UDP;
		}
	for (size_t i = 0; i < f->n_gateways; i++)
		if (f->gateways[i].ike[0].answered && !nat_to(f, &f->gateways[i])) {
			out->gateway = i;
			return DECIDE_DIRECT_ESP;
		}
	return DECIDE_NONE;
}

static bool
any_ike(const struct found *f)
{
	for (size_t i = 0; i < f->n_gateways; i++)
		if (f->gateways[i].ike[0].answered || f->gateways[i].ike[1].answered)
			return true;
	return false;
}

static bool
any_stun(const struct found *f)
{
	for (size_t i = 0; i < f->n_lns; i++)
		if (f->lns[i].stun.answered)
			return true;
	return false;
}

static bool
any_refusal(const struct found *f)
{
	for (size_t i = 0; i < f->n_lns; i++)
		for (size_t k = 0; k < f->lns[i].n_ports; k++)
			if (f->lns[i].ports[k].l2tp == FOUND_REFUSED)
				return true;
	return false;
}

static void
explain_direct(const struct found *f, struct decision *out)
{
	const struct found_gateway *g = &f->gateways[out->gateway];

	if (out->way == DECIDE_DIRECT_ESP) {
		out->reason = "the gateway answers IKE on UDP 500 alone, and there is no NAT";
		out->advice = "whether ESP passes, only an SA that is up can show";
		return;
	}
	out->reason = "the gateway answers IKE on UDP 4500";
	if (!g->ike[0].answered)
		out->advice = "UDP 500 is not answered: let IKE begin at port 4500 (strongSwan: "
			      "remote_port = 4500)";
	else if (!nat_to(f, g))
		out->advice = "there is no NAT, and whether ESP passes as it is, only an SA can "
			      "show: ask for UDP encapsulation (strongSwan: encap = yes)";
}

static void
explain_relay(const struct found *f, enum cfg_client_way wish, struct decision *out)
{
	if (wish == CFG_WAY_RELAY || f->n_gateways == 0)
		out->reason = "the LNS answers L2TP";
	else if (wish == CFG_WAY_RELAY_FIRST && out->direct_later)
		out->reason = "the LNS answers L2TP; the direct way works, and is taken later";
	else if (!any_ike(f))
		out->reason = "the gateway does not answer IKE directly, and the LNS answers L2TP";
	else
		out->reason = "UDP 4500, in which a NAT has IPsec go, does not reach the gateway, "
			      "and the LNS answers L2TP";
	if (f->lns[out->lns].ports[out->port].l2tp == FOUND_ANSWERED)
		out->advice = "the LNS wants a tunnel secret";
}

static bool
any_lns(const struct found *f)
{
	for (size_t i = 0; i < f->n_lns; i++)
		if (f->lns[i].who.ip.family != 0)
			return true;
	return false;
}

static void
explain_none(const struct found *f, struct decision *out)
{
	if (any_refusal(f))
		out->reason = "an LNS answers L2TP, and refuses the tunnel";
	else if (any_stun(f))
		out->reason = "an LNS answers STUN, but L2TP on none of its ports";
	else if (any_ike(f))
		out->reason = "of the gateway's ports not the one that is needed answers, and no "
			      "LNS does";
	else if (f->n_gateways == 0 && !any_lns(f))
		out->reason = "neither the gateway nor an LNS has an address";
	else if (!any_lns(f))
		out->reason = "the gateway does not answer IKE directly, and no LNS has an address";
	else
		out->reason = "no UDP comes back from anywhere: neither IKE nor L2TP over UDP can "
			      "pass here";
}

void
decide(const struct found *f, enum cfg_client_way wish, struct decision *out)
{
	enum decide_way direct;
	bool relay;

	*out = (struct decision){0};
	direct = wish == CFG_WAY_RELAY ? DECIDE_NONE : find_direct(f, out);
	relay = wish != CFG_WAY_DIRECT && find_relay(f, out);
	out->way = direct;
	if (relay && (direct != DECIDE_DIRECT_UDP || wish == CFG_WAY_RELAY_FIRST)) {
		out->way = DECIDE_RELAY;
		out->direct_later = direct == DECIDE_DIRECT_UDP; /* MOBIKE is on 4500 */
	}
	if (out->way == DECIDE_RELAY)
		explain_relay(f, wish, out);
	else if (out->way == DECIDE_NONE)
		explain_none(f, out);
	else
		explain_direct(f, out);
}

const char *
decide_way_text(enum decide_way way)
{
	static const char *const texts[] = {
		[DECIDE_NONE] = "none",
		[DECIDE_DIRECT_UDP] = "direct-udp",
		[DECIDE_DIRECT_ESP] = "direct-esp",
		[DECIDE_RELAY] = "relay",
	};

	return texts[way];
}
