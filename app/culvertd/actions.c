/* SPDX-License-Identifier: BSD-3-Clause */
/* What the server wants done, done: datagrams sent, sessions put into and out of the data path. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "datapath/routes.h"
#include "kernel.h"

enum { SEND_ROOM = 64 }; /* frames that one action and what it sets off may need */
#define NO_ROUTE_EVERY_NS (60 * CV_NS_PER_S)

static uint16_t
send_flags(const struct lns_session_info *s)
{
	return (uint16_t)((s->send_acfc ? DP_SEND_ACFC : 0) | (s->send_pfc ? DP_SEND_PFC : 0) |
			  (s->sequencing ? DP_SEND_SEQUENCE : 0) | (s->ecn ? DP_SEND_ECN : 0));
}

/* The data path can't take the session: say so, and end it rather than pretend. */
static void
refused_by_datapath(
	struct daemon *d, const struct lns_session_info *s, uint64_t now, const char *what, int rc)
{
	char peer[CV_ENDPOINT_TEXT];
	uint16_t tunnel_id = s->tunnel_id, session_id = s->session_id, listener = s->listener;

	cv_log_event(&d->log, CV_LOG_ERROR, "datapath-refused",
		"tunnel=%u session=%u serial=%" LNS_PRI_SERIAL " peer=%s step=%s reason=\"%s\"",
		tunnel_id, session_id, s->serial, cv_endpoint_text(&s->peer, peer), what,
		cv_strerror(rc));
	lns_kick_session(d->lns, now, listener, tunnel_id, session_id, PPP_DOWN_LIMIT);
}

/* A session that is not open. */
static struct dp_session
session_of(const struct lns_session_info *s)
{
	return (struct dp_session){.service = s->listener,
		.tunnel_id = s->tunnel_id,
		.session_id = s->session_id,
		.peer_tunnel_id = s->peer_tunnel_id,
		.peer_session_id = s->peer_session_id,
		.send = send_flags(s),
		.peer = s->peer};
}

/* The halves of a call that is handed on. */
static void
join_sessions(struct daemon *d, const struct lns_action *action, uint64_t now)
{
	const struct lns_session_info *halves[] = {action->session, action->other};
	struct dp_session session;
	int rc = 0;

	for (size_t i = 0; i < 2; i++)
		if (dp_session_get(d->dp, halves[i]->slot, &session) != 0)
			return; /* it was refused, and both are being ended */
	for (size_t i = 0; i < 2 && rc == 0; i++) {
		session = session_of(halves[i]);
		session.send |= DP_SEND_FRAMES;
		rc = dp_session_set(d->dp, &session, NULL);
	}
	if (rc == 0)
		rc = dp_switch_set(d->dp, halves[0]->slot, halves[1]->slot);
	if (rc != 0)
		refused_by_datapath(d, halves[0], now, "switch", rc);
}

/* What the data path is told of a session: all of it, each time. */
static void
set_session(struct daemon *d, const struct lns_action *action, uint64_t now, const char *step)
{
	const struct lns_session_info *s = action->session;
	struct dp_session session = session_of(s);
	struct dp_session before = {0};
	int rc;

	if (action->type != LNS_ACT_SESSION_ADD && dp_session_get(d->dp, s->slot, &before) != 0)
		return; /* it was refused, and is being ended */
	if (action->type != LNS_ACT_SESSION_ADD && action->type != LNS_ACT_SESSION_SHUT) {
		bool reach = action->type == LNS_ACT_SESSION_REACH;
		bool stays = action->type == LNS_ACT_SESSION_CHANGE;

		session.open = s->open;
		session.reachable = s->open && (reach || (stays && before.reachable));
		session.address = s->address;
		if (s->ipv6 != NULL && s->ipv6->open) {
			session.open6 = true;
			session.reachable6 = reach || (stays && before.reachable6);
			memcpy(session.interface_id, s->ipv6->local.bytes + 8,
				sizeof(session.interface_id));
			session.prefix6 = s->ipv6->prefix;
			session.delegated = s->ipv6->delegated;
		}
		session.realm = s->realm;
		session.group = s->group;
		session.filter = s->filter;
		session.mtu = s->mtu != 0 && s->mtu < s->peer_mru ? s->mtu : s->peer_mru;
	}
	rc = dp_session_set(d->dp, &session, NULL);
	if (rc == 0 && (session.open || session.open6)) {
		rc = dp_session_rates_set(d->dp, s->slot, &s->rates);
		if (rc == 0)
			rc = dp_framed_set(d->dp, s->slot, s->routes, (uint16_t)s->n_routes);
	}
	kernel_session(d, s->slot);
	if (rc != 0)
		refused_by_datapath(d, s, now, step, rc);
}

/* The users of the configuration: they answer at once. */
static void
answer(struct daemon *d, const struct lns_auth_ask *ask, uint64_t now)
{
	struct lns_auth_answer answer;

	lns_users_answer(d->cfg, ask, &answer);
	lns_auth_answer(d->lns, now, ask->serial, &answer);
}

/* A session that is gone, in the list and in the one line that says how it was. */
static void
tell_ended(struct daemon *d, const struct ended *e)
{
	char peer[CV_ENDPOINT_TEXT], ip[CV_IP_TEXT];

	*ended_add(&d->ended) = *e;
	cv_log_event(&d->log, CV_LOG_INFO, "session-end",
		"tunnel=%u session=%u serial=%" LNS_PRI_SERIAL
		" peer=%s user=%s address=%s reason=\"%s\" duration_s=%llu "
		"rx_packets=%llu rx_bytes=%llu tx_packets=%llu tx_bytes=%llu",
		e->tunnel_id, e->session_id, e->serial, cv_endpoint_text(&e->peer, peer),
		e->user[0] == '\0' ? "-" : e->user,
		e->address.family == 0 ? "-" : cv_ip_text(&e->address, ip), e->reason,
		(unsigned long long)((e->ended_at - e->created_at) / CV_NS_PER_S),
		(unsigned long long)e->counters.rx_packets,
		(unsigned long long)e->counters.rx_bytes,
		(unsigned long long)e->counters.tx_packets,
		(unsigned long long)e->counters.tx_bytes);
}

/* Its counters are final when no worker uses it any more: until then it waits in a list. */
static void
remove_session(struct daemon *d, const struct lns_session_info *s, const char *reason, uint64_t now)
{
	struct ended e = {.serial = s->serial,
		.listener = s->listener,
		.tunnel_id = s->tunnel_id,
		.session_id = s->session_id,
		.peer = s->peer,
		.address = s->address,
		.ever_open = s->ever_open,
		.created_at = s->created_at,
		.ended_at = now,
		.reason = reason};
	struct ending *ending;
	int left;

	snprintf(e.user, sizeof(e.user), "%s", s->user);
	left = dp_session_clear(d->dp, s->slot, &e.counters);
	kernel_session(d, s->slot);
	if (left == DP_LEAVING) {
		ending = malloc(sizeof(*ending));
		if (ending != NULL) {
			*ending = (struct ending){.slot = s->slot, .e = e};
			*d->ending_end = ending;
			d->ending_end = &ending->next;
			return;
		}
		dp_session_counters(d->dp, s->slot, &e.counters); /* nearly */
	}
	tell_ended(d, &e);
}

void
daemon_tell_removed(struct daemon *d)
{
	struct dp_session_counters n;
	uint32_t slot;

	while (dp_session_removed(d->dp, &slot, &n)) {
		struct ending **at = &d->ending, *found;

		while (*at != NULL && (*at)->slot != slot) /* the first, but for want of memory */
			at = &(*at)->next;
		found = *at;
		if (found == NULL)
			continue;
		*at = found->next;
		if (found->next == NULL)
			d->ending_end = at;
		found->e.counters = n;
		tell_ended(d, &found->e);
		free(found);
	}
}

static void
send_datagram(struct daemon *d, const struct lns_action *action, uint64_t now)
{
	/* NULL: a new configuration has it no more, and who does not answer its StopCCN is left */
	const struct cfg_listener *listener = cfg_listener_by_id(d->cfg, action->listener);
	char peer[CV_ENDPOINT_TEXT];
	uint32_t slot = action->session != NULL && action->session->sequencing
				? action->session->slot
				: DP_NO_SLOT;
	int rc = dp_send_l2tp(d->dp, now, action->listener, slot, &action->peer, action->data.data,
		action->data.len);

	/* retransmission is L2TP's and PPP's own business */
	if (rc == CV_ERR_UNKNOWN && listener != NULL &&
		(d->no_route_at == 0 || now - d->no_route_at > NO_ROUTE_EVERY_NS)) {
		d->no_route_at = now;
		cv_log_event(&d->log, CV_LOG_WARNING, "no-route",
			"peer=%s reason=\"not in the network of listener %s, which has no "
			"gateway\"",
			cv_endpoint_text(&action->peer, peer), listener->name);
	}
	if (rc != 0)
		cv_log_event(&d->log, CV_LOG_DEBUG, "send-failed", "peer=%s reason=\"%s\"",
			cv_endpoint_text(&action->peer, peer), cv_strerror(rc));
}

void
daemon_act(struct daemon *d, uint64_t now)
{
	struct dp_session_counters n;
	struct lns_action action;

	/* what the workers' ring has no room for waits in the server, which forgets nothing */
	while (!(d->held_back = dp_send_room(d->dp) < SEND_ROOM) &&
		lns_poll(d->lns, now, &action)) {
		switch (action.type) {
		case LNS_ACT_SEND:
			send_datagram(d, &action, now);
			break;
		case LNS_ACT_TUNNEL_ADD:
			dp_tunnel_set(d->dp, action.listener, action.tunnel_id, &action.peer);
			break;
		case LNS_ACT_TUNNEL_CHANGE:
			dp_tunnel_set(d->dp, action.listener, action.tunnel_id, &action.peer);
			dp_tunnel_follow(d->dp, action.listener, action.tunnel_id, action.follow);
			break;
		case LNS_ACT_TUNNEL_REMOVE:
			dp_tunnel_clear(d->dp, action.listener, action.tunnel_id);
			break;
		case LNS_ACT_AUTH_ASK:
			answer(d, action.ask, now);
			break;
		case LNS_ACT_SESSION_ADD:
			set_session(d, &action, now, "add");
			break;
		case LNS_ACT_SESSION_OPEN:
			set_session(d, &action, now, "open");
			break;
		case LNS_ACT_SESSION_REACH:
			set_session(d, &action, now, "reach");
			break;
		case LNS_ACT_SESSION_CHANGE:
			set_session(d, &action, now, "change");
			break;
		case LNS_ACT_SESSION_HEARD:
			dp_session_counters(d->dp, action.session->slot, &n);
			lns_session_heard(d->lns, now, action.session->serial, n.rx_packets);
			break;
		case LNS_ACT_SESSION_SHUT:
			set_session(d, &action, now, "shut");
			break;
		case LNS_ACT_RESOLVE:
			resolve_ask(d, now, action.dial.id, action.dial.question, action.dial.name);
			break;
		case LNS_ACT_DIAL_RESTS:
			dp_dial_arm(d->dp, action.dial.id, true);
			break;
		case LNS_ACT_DIAL_HEARD:
			dp_session_counters(d->dp, action.session->slot, &n);
			(void)lns_dial_heard(
				d->lns, now, action.session->serial, n.rx_packets + n.tx_packets);
			break;
		case LNS_ACT_SESSION_SWITCH:
			join_sessions(d, &action, now);
			break;
		case LNS_ACT_SESSION_REMOVE:
			remove_session(d, action.session, action.reason, now);
			break;
		}
	}
}
