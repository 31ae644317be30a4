/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Network control protocols (RFC 1661 section 2), each for itself: its own automaton, time to come
 * up, rejection and end. The link lives as long as one is open or may still open.
 */
#include "ppp/private.h"

static const struct ppp_ncp *
ncp_of(const struct ppp_cp_ops *ops)
{
	return (const struct ppp_ncp *)ops;
}

static struct ppp_cp *
layer_of(struct ppp_link *l, const struct ppp_cp_ops *ops)
{
	unsigned i = 0;

	while (l->params->networks[i] != ncp_of(ops))
		i++;
	return &l->layers[i];
}

struct ppp_cp *
ppp_cp_of(struct ppp_link *l, const struct ppp_cp_ops *ops)
{
	return ops == &ppp_lcp ? &l->lcp : layer_of(l, ops);
}

static bool
is_open(const struct ppp_cp *layer)
{
	return layer->state == PPP_OPENED && !layer->failed;
}

unsigned
ppp_networks_open(const struct ppp_link *l)
{
	unsigned open = 0;

	for (unsigned i = 0; i < l->params->n_networks; i++)
		if (is_open(&l->layers[i]))
			open |= 1u << i;
	return open;
}

/* Whether one but this carries packets, or may still do. */
static bool
others(const struct ppp_link *l, const struct ppp_cp *but)
{
	for (unsigned i = 0; i < l->params->n_networks; i++) {
		const struct ppp_cp *layer = &l->layers[i];

		if (layer != but && !layer->failed &&
			(is_open(layer) || layer->deadline != CV_TIME_NEVER))
			return true;
	}
	return false;
}

void
ppp_ncp_fail(struct ppp_link *l, const struct ppp_cp_ops *ops, enum ppp_down reason)
{
	struct ppp_cp *layer = layer_of(l, ops);

	if (layer->failed)
		return;
	if (!others(l, layer)) {
		ppp_finish(l, reason);
		return;
	}
	PPP_DEBUG(l, "ppp-network-failed", "layer=%s reason=%s", ops->name, ppp_down_name(reason));
	layer->failed = true;
	layer->deadline = CV_TIME_NEVER;
}

void
ppp_ncp_up(struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now)
{
	struct ppp_cp *layer = layer_of(l, ops);

	(void)now;
	layer->unwanted = false;
	layer->deadline = CV_TIME_NEVER;
	if (ncp_of(ops)->usable(l))
		ppp_raise(l, PPP_EV_UP);
	else
		ppp_ncp_fail(l, ops, ncp_of(ops)->disagreed);
}

/* The peer does not take it: that stops it and nothing else (section 5.7). It may begin it again
 * until the deadline, as one that terminated it may; a link that carries nothing does not hold its
 * address for ever. */
static void
note_rejected(struct ppp_cp *layer, enum ppp_cause cause)
{
	if (cause == PPP_CAUSE_REJECTED)
		layer->unwanted = true;
}

void
ppp_ncp_down(struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now, enum ppp_cause cause)
{
	struct ppp_cp *cp = layer_of(l, ops);

	if (ppp_networks_open(l) != 0) { /* what is open still, is told again */
		ppp_raise(l, PPP_EV_UP);
	} else {
		ppp_withdraw(l, PPP_EV_UP);
		if (l->up_told)
			ppp_raise(l, PPP_EV_NETWORK_DOWN);
	}
	cp->rejected = cp->naks_sent = cp->refusals = cp->naks_received = 0;
	note_rejected(cp, cause);
	if (l->phase == PPP_PHASE_NETWORK && !cp->failed)
		cp->deadline = cv_time_add(now, l->params->ipcp_timeout_ns);
}

/* Terminated by the peer: it may open it again until the deadline. */
void
ppp_ncp_finished(
	struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now, enum ppp_cause cause)
{
	(void)now;
	if (cause == PPP_CAUSE_TIMEOUT)
		ppp_ncp_fail(l, ops, ncp_of(ops)->timeout);
	note_rejected(layer_of(l, ops), cause);
}

void
ppp_ncp_nak_war(struct ppp_link *l, const struct ppp_cp_ops *ops)
{
	ppp_ncp_fail(l, ops, ncp_of(ops)->disagreed);
}

const struct ppp_ncp *
ppp_ncp_find(const struct ppp_link *l, uint16_t protocol)
{
	for (unsigned i = 0; i < l->params->n_networks; i++) {
		const struct ppp_ncp *ncp = l->params->networks[i];

		if ((ncp->cp.protocol == protocol || ncp->carries == protocol) &&
			!l->layers[i].absent)
			return ncp;
	}
	return NULL;
}

/* ---- all of a link's ---- */

void
ppp_networks_init(struct ppp_link *l)
{
	for (unsigned i = 0; i < l->params->n_networks; i++)
		ppp_cp_init(&l->layers[i]);
}

void
ppp_networks_expect(struct ppp_link *l, uint64_t now)
{
	for (unsigned i = 0; i < l->params->n_networks; i++)
		l->layers[i].deadline = cv_time_add(now, l->params->ipcp_timeout_ns);
}

int
ppp_networks_start(struct ppp_link *l, uint64_t now, const struct ppp_network *net)
{
	unsigned carried = 0;

	for (unsigned i = 0; i < l->params->n_networks; i++) {
		int rc = l->params->networks[i]->offer(l, net);

		if (rc < 0)
			return rc;
		if (rc != PPP_NOT_CARRIED)
			carried |= 1u << i;
	}
	if (carried == 0)
		return CV_ERR_MALFORMED;
	for (unsigned i = 0; i < l->params->n_networks; i++) {
		l->layers[i].absent = (carried >> i & 1) == 0;
		if (l->layers[i].absent) {
			l->layers[i].deadline = CV_TIME_NEVER;
			continue;
		}
		ppp_cp_event(l, &l->params->networks[i]->cp, now, PPP_FSM_OPEN);
		ppp_cp_event(l, &l->params->networks[i]->cp, now, PPP_FSM_UP);
	}
	return 0;
}

void
ppp_networks_reset(struct ppp_link *l, uint64_t now)
{
	for (unsigned i = 0; i < l->params->n_networks; i++) {
		ppp_cp_reset(l, &l->params->networks[i]->cp, now);
		l->layers[i].rejected = l->layers[i].failed = l->layers[i].absent = false;
	}
}

void
ppp_networks_settle(struct ppp_link *l, uint64_t now)
{
	for (unsigned i = 0; i < l->params->n_networks; i++)
		if (l->layers[i].failed)
			ppp_cp_event(l, &l->params->networks[i]->cp, now, PPP_FSM_CLOSE);
}

uint64_t
ppp_networks_next_timeout(const struct ppp_link *l)
{
	uint64_t at = CV_TIME_NEVER;

	for (unsigned i = 0; i < l->params->n_networks; i++) {
		at = cv_time_min(at, l->layers[i].timer);
		at = cv_time_min(at, l->layers[i].deadline);
	}
	return at;
}

void
ppp_networks_deadline(struct ppp_link *l, uint64_t now)
{
	for (unsigned i = 0; i < l->params->n_networks; i++) {
		const struct ppp_ncp *ncp = l->params->networks[i];
		struct ppp_cp *layer = &l->layers[i];

		if (layer->deadline > now)
			continue;
		layer->deadline = CV_TIME_NEVER;
		ppp_ncp_fail(l, &ncp->cp, layer->unwanted ? ncp->rejected : ncp->timeout);
	}
}

void
ppp_networks_timeout(struct ppp_link *l, uint64_t now)
{
	for (unsigned i = 0; i < l->params->n_networks; i++)
		ppp_cp_timeout(l, &l->params->networks[i]->cp, now);
}

int
ppp_networks_input(struct ppp_link *l, uint64_t now, const struct ppp_frame *f)
{
	const struct ppp_ncp *ncp = ppp_ncp_find(l, f->protocol);
	struct ppp_packet p;
	int rc;

	if (ncp == NULL)
		return CV_ERR_UNKNOWN;
	if (f->protocol == ncp->carries)
		return is_open(layer_of(l, &ncp->cp)) ? 0 : CV_ERR_STATE;
	rc = ppp_packet_parse(f->payload, &p);
	return rc != 0 ? rc : ppp_cp_input(l, &ncp->cp, now, &p);
}

void
ppp_networks_rejected(struct ppp_link *l, uint64_t now, uint16_t protocol)
{
	const struct ppp_ncp *ncp = ppp_ncp_find(l, protocol);

	if (ncp == NULL)
		return;
	if (protocol == ncp->carries)
		ppp_cp_event(l, &ncp->cp, now, PPP_FSM_RXJ_MINUS);
	else /* not another packet of it, not even to terminate it */
		ppp_cp_stop(l, &ncp->cp, now);
}
