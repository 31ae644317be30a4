/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sessions from their call's beginning (call.c) to CDN: what their PPP link says, how they end, and
 * what they have to say to the data path and to their peer.
 */
#include <stdlib.h>
#include <string.h>

#include "base/slot.h"
#include "l2tp/header.h"
#include "lns/dial.h"

#define BY_SERIAL(n) CV_OBJECT(struct lns_session, by_serial, n)

struct lns_session *
lns_session_in(const struct lns *lns, uint16_t listener, uint16_t tunnel_id, uint16_t session_id)
{
	uint32_t slot =
		cv_session_slot(lns->slot_seed, listener, tunnel_id, session_id, lns->slot_mask);
	struct lns_session *s = lns->slots[slot];

	if (s == NULL || s->over || s->info.listener != listener ||
		s->info.tunnel_id != tunnel_id || s->info.session_id != session_id)
		return NULL;
	return s;
}

struct lns_session *
lns_session_of(const struct lns *lns, uint64_t serial)
{
	uint64_t hash = cv_table_hash(&lns->serials, &serial, sizeof(serial));

	for (struct cv_node *n = cv_table_first(&lns->serials, hash); n != NULL;
		n = cv_table_next(n)) {
		struct lns_session *s = BY_SERIAL(n);

		if (s->info.serial == serial)
			return s;
	}
	return NULL;
}

void
lns_session_end_wait(struct lns_session *s)
{
	if (s->waiting)
		s->tunnel->peer_address->waiting--;
	s->waiting = false;
}

static void
unlink_from_tunnel(struct lns *lns, struct lns_session *s)
{
	struct lns_tunnel *t;

	if (s->tunnel == NULL)
		return;
	lns_session_end_wait(s);
	cv_unlink(&s->in_tunnel);
	s->tunnel->session_count--;
	t = s->tunnel;
	s->tunnel = NULL;
	lns_path_review(lns, t);
}

void
lns_session_free_link(struct lns_session *s)
{
	ppp_link_free(s->ppp);
	s->ppp = NULL;
	lns_terms_drop(s->terms);
	s->terms = NULL;
}

void
lns_session_over(struct lns *lns, struct lns_session *s, uint64_t now, const char *reason)
{
	lns_session_over_as(lns, s, now, reason, NULL);
}

void
lns_session_over_as(struct lns *lns, struct lns_session *s, uint64_t now, const char *reason,
	const struct l2tp_reason *told)
{
	if (s->over)
		return;
	s->over = true;
	s->over_at = now;
	s->reason = reason;
	if (s->want_open)
		lns->open_sessions--;
	s->want_open = false;
	lns->sessions--;
	lns_dial_session_over(lns, s, reason);
	lns_hand_on_over(lns, s, now, reason, told);
	cv_table_remove(&lns->serials, &s->by_serial);
	unlink_from_tunnel(lns, s);
	lns_user_leave(lns, s);
	lns_session_free_link(s);
	lns_early_free(s->early);
	s->early = NULL;
	cv_wheel_arm(&lns->wheel, &s->object.timer, cv_time_add(now, LNS_SLOT_HOLD_NS));
	lns_ready_first(lns, &s->object);
}

/* The Result Code that tells the peer why its call ends (RFC 2661 section 4.4.2). */
static uint16_t
cdn_result(enum ppp_down why)
{
	switch (why) {
	case PPP_DOWN_NO_ADDRESS:
	case PPP_DOWN_NOMEM:
	case PPP_DOWN_LIMIT:
		return L2TP_CDN_NO_FACILITIES_TEMPORARY;
	case PPP_DOWN_LCP_TIMEOUT:
	case PPP_DOWN_ECHO_LOST:
	case PPP_DOWN_LOOPBACK:
		return L2TP_CDN_LOST_CARRIER;
	default:
		return L2TP_CDN_ADMINISTRATIVE;
	}
}

/* Ends the call with CDN; there is no link, or no longer. */
static void
disconnect(struct lns *lns, struct lns_session *s, uint64_t now, enum ppp_down why)
{
	struct l2tp_reason reason = {.result = cdn_result(why), .message = ppp_down_text(why)};

	l2tp_call_close(s->tunnel->l2tp, now, s->info.session_id, &reason);
	lns_ready(lns, &s->tunnel->object);
	lns_session_over_as(lns, s, now, reason.message, &reason);
}

void
lns_session_close(struct lns *lns, struct lns_session *s, uint64_t now, enum ppp_down why)
{
	if (s->over)
		return;
	if (s->ppp == NULL) {
		disconnect(lns, s, now, why);
		return;
	}
	if (s->want_open) {
		s->want_open = false;
		lns->open_sessions--;
	}
	s->leaving = true;
	lns_user_leave(lns, s);
	ppp_link_close(s->ppp, now, why);
	lns_session_settle(lns, s, now);
	lns_ready_first(lns, &s->object);
}

static void
ppp_is_up(struct lns *lns, struct lns_session *s, uint64_t now, const struct ppp_ev_up *up)
{
	/* NULL: a new configuration has it no more, and lns_review has not come to him yet */
	const struct cfg_group *group = lns->groups[s->info.group].cfg;
	char peer[CV_ENDPOINT_TEXT], ip[CV_IP_TEXT];
	bool again = s->want_open;

	if (s->client && !lns_dial_addressed(lns, s, now, up)) {
		lns_session_close(lns, s, now, PPP_DOWN_NO_ADDRESS);
		return;
	}
	s->info.open = (up->open & LNS_NETWORK_IP) != 0;
	lns_ipv6_told(lns, s, now, up);
	if (again) { /* the link is the same still: one network protocol more, or less */
		s->routes_changed = true;
		s->reached = false;
		return;
	}
	s->info.peer_mru = up->mru;
	s->info.send_acfc = up->acfc;
	s->info.send_pfc = up->pfc;
	s->changed = true;
	s->want_open = true;
	lns->open_sessions++;
	if (!s->info.ever_open)
		lns_count(lns, LNS_SESSIONS_OPENED);
	s->info.ever_open = true;
	s->info.opened_at = now;
	cv_log_event(lns->log, CV_LOG_INFO, "session-up",
		"tunnel=%u session=%u serial=%" LNS_PRI_SERIAL
		" peer=%s user=%s group=%s address=%s auth=%s mru=%u",
		s->info.tunnel_id, s->info.session_id, s->info.serial,
		cv_endpoint_text(&s->info.peer, peer), s->info.user,
		group == NULL ? "-" : group->name, cv_ip_text(&s->info.address, ip), s->info.auth,
		up->mru);
	if (s->dial != NULL)
		lns_dial_up(lns, s->dial, now);
}

static void
start_network(struct lns *lns, struct lns_session *s, uint64_t now)
{
	const struct cfg_group *group = lns->groups[s->info.group].cfg;
	struct ppp_network network;

	if (s->client) {
		if (!lns_dial_network(lns, s, now))
			lns_session_close(lns, s, now, PPP_DOWN_PROFILE);
		return;
	}
	if (!lns_user_admit(lns, s, now))
		return;
	lns_session_end_wait(s);
	network = (struct ppp_network){.local_ip = group->address,
		.peer_ip = s->info.address,
		.dns = {group->dns[0], group->dns[1]},
		.wins = {group->wins[0], group->wins[1]},
		.ipv6 = lns_ipv6_offer(lns, s, now)};
	if (ppp_network_start(s->ppp, now, &network) != CV_ERR_MALFORMED)
		return;
	/* one who would have IPv6 alone */
	lns_log_session_refused(lns, s, now, s->info.user, s->info.auth,
		"no free IPv6 prefix, or a link of less than 1280 bytes, and no IPv4");
	lns_session_close(lns, s, now, PPP_DOWN_NO_ADDRESS);
}

/* What LCP says of control characters, to the LAC that puts them on an asynchronous line. We ask
 * for none to be left out, so what comes from there stays at the default. */
static void
tell_accm(struct lns *lns, struct lns_session *s, uint64_t now)
{
	struct ppp_info info;

	ppp_link_info(s->ppp, &info);
	if (s->placed)
		return; /* the peer of a call of ours is no LAC with a line, or its LNS */
	if (info.peer_accm == s->accm || s->accm_tells == LNS_ACCM_TELLS)
		return;
	s->accm = info.peer_accm;
	s->accm_tells++;
	l2tp_call_set_accm(
		s->tunnel->l2tp, now, s->info.session_id, info.peer_accm, PPP_DEFAULT_ACCM);
	lns_ready(lns, &s->tunnel->object);
}

/* One event of the link; false when the session is over with it. */
static bool
ppp_event(struct lns *lns, struct lns_session *s, uint64_t now, const struct ppp_event *event)
{
	switch (event->type) {
	case PPP_EV_AUTH:
		if (!lns_hand_on_asked(lns, s))
			lns_auth_asked(s);
		return true;
	case PPP_EV_NETWORK:
		start_network(lns, s, now);
		return true;
	case PPP_EV_UP:
		ppp_is_up(lns, s, now, &event->u.up);
		return true;
	case PPP_EV_NETWORK_DOWN:
		if (s->want_open) {
			s->want_open = false;
			lns->open_sessions--;
		}
		s->info.open = false;
		lns_ipv6_told(lns, s, now, NULL);
		/* the address stays his: IPCP may open again by itself; after a new LCP,
		 * authentication gives it up */
		return true;
	case PPP_EV_DOWN:
		disconnect(lns, s, now, event->u.down.reason);
		return false;
	case PPP_EV_LCP_UP:
		tell_accm(lns, s, now);
		return true;
	case PPP_EV_AUTH_DONE:
		if (s->client)
			lns_dial_proved(s, &event->u.auth_done);
		return true;
	}
	return true;
}

/* When the link's own time has come; what the data path heard is waited for before. */
static uint64_t
link_due(const struct lns_session *s)
{
	uint64_t at = ppp_link_next_timeout(s->ppp);

	return at < s->hear_by ? s->hear_by : at;
}

void
lns_session_settle(struct lns *lns, struct lns_session *s, uint64_t now)
{
	struct lns_tunnel *t = s->tunnel;
	struct ppp_event event;

	while (!s->over && s->ppp != NULL && ppp_link_poll_event(s->ppp, &event))
		if (!ppp_event(lns, s, now, &event))
			lns_tunnel_settle(lns, t, now);
	if (!s->over && s->ppp != NULL) {
		cv_wheel_arm(&lns->wheel, &s->object.timer,
			cv_time_min(link_due(s), lns_ipv6_next_timeout(s)));
	}
	lns_path_review(lns, s->tunnel);
	lns_ready(lns, &s->object);
}

void
lns_session_timeout(struct lns *lns, struct lns_session *s, uint64_t now)
{
	if (s->over) {
		if (s->removed)
			lns_session_free(lns, s);
		else
			cv_wheel_arm(&lns->wheel, &s->object.timer, now + CV_NS_PER_S);
		return;
	}
	if (s->ppp == NULL) {
		lns_hand_on_late(lns, s, now);
		return;
	}
	lns_ipv6_timeout(lns, s, now);
	if (link_due(s) > now) {
		lns_session_settle(lns, s, now);
		return;
	}
	if (s->opened && s->hear_by == 0 && ppp_link_echo_at(s->ppp) <= now) {
		s->hear_by = cv_time_add(now, LNS_HEAR_NS);
		s->hear_due = true;
	} else {
		s->hear_by = 0;
		s->hear_due = false;
		ppp_link_handle_timeout(s->ppp, now);
	}
	lns_session_settle(lns, s, now);
}

int
lns_session_heard(struct lns *lns, uint64_t now, uint64_t serial, uint64_t rx_packets)
{
	struct lns_session *s = lns_session_of(lns, serial);

	if (s == NULL)
		return CV_ERR_UNKNOWN;
	if (s->hear_by == 0 || s->ppp == NULL)
		return CV_ERR_STATE;
	s->hear_by = 0;
	s->hear_due = false;
	if (rx_packets != s->rx_packets)
		ppp_link_note_activity(s->ppp, now);
	s->rx_packets = rx_packets;
	ppp_link_handle_timeout(s->ppp, now);
	lns_session_settle(lns, s, now);
	return 0;
}

void
lns_session_free(struct lns *lns, struct lns_session *s)
{
	lns_unready(&s->object);
	cv_wheel_cancel(&lns->wheel, &s->object.timer);
	unlink_from_tunnel(lns, s);
	lns_user_leave(lns, s);
	lns_user_drop(lns, s->who);
	lns_session_free_link(s);
	lns_early_free(s->early);
	lns_hand_on_free(s);
	lns_ipv6_free(s);
	(void)lns_framed_set(s, NULL, 0);
	lns->slots[s->info.slot] = NULL;
	free(s);
}

static bool
give(const struct lns_session *s, struct lns_action *action, enum lns_action_type type)
{
	*action = (struct lns_action){.type = type,
		.listener = s->info.listener,
		.peer = s->info.peer,
		.tunnel_id = s->info.tunnel_id,
		.session = &s->info,
		.reason = s->reason};
	return true;
}

bool
lns_session_give_frame(struct lns *lns, const struct lns_session *s, struct cv_bytes frame,
	struct lns_action *action)
{
	struct cv_writer w = cv_writer(lns->datagram, sizeof(lns->datagram));

	(s->info.sequencing ? l2tp_sequenced_header_write : l2tp_data_header_write)(
		&w, s->info.peer_tunnel_id, s->info.peer_session_id, frame.len);
	cv_write_bytes(&w, frame.data, frame.len);
	if (w.failed)
		return false;
	give(s, action, LNS_ACT_SEND);
	action->data = (struct cv_bytes){lns->datagram, cv_written(&w)};
	return true;
}

/* The next frame of the link as an L2TP data message (RFC 2661 section 3.1): control packets of
 * PPP, then what we say to the client in IPv6. */
static bool
poll_frame(struct lns *lns, struct lns_session *s, struct lns_action *action)
{
	uint8_t frame[PPP_MAX_CONTROL] = {PPP_ADDRESS, PPP_CONTROL, 0, PPP_IPV6};
	int len = ppp_link_poll_output(s->ppp, frame, sizeof(frame));
	size_t bytes = len <= 0 ? lns_ipv6_poll(lns, s, frame + PPP_HEADER_BYTES) : 0;

	if (len <= 0 && bytes == 0)
		return false;
	bytes = len > 0 ? (size_t)len : PPP_HEADER_BYTES + bytes;
	return lns_session_give_frame(lns, s, (struct cv_bytes){frame, bytes}, action);
}

bool
lns_session_poll(struct lns *lns, struct lns_session *s, uint64_t now, struct lns_action *action)
{
	if (s->over) {
		bool told = s->removed || !s->added;

		s->removed = true;
		return !told && give(s, action, LNS_ACT_SESSION_REMOVE);
	}
	if (!s->added) {
		s->added = true;
		return give(s, action, LNS_ACT_SESSION_ADD);
	}
	if (s->ppp == NULL)
		return lns_hand_on_poll(lns, s, action);
	if (s->ask_due && lns_auth_poll(lns, s, action))
		return true;
	if (s->want_open && (!s->opened || s->changed)) {
		s->opened = true;
		s->reached = false;
		s->changed = s->other_profile = s->routes_changed = false;
		return give(s, action, LNS_ACT_SESSION_OPEN);
	}
	if (!s->want_open && s->opened) {
		s->opened = false;
		return give(s, action, LNS_ACT_SESSION_SHUT);
	}
	if (s->opened && s->routes_changed) {
		s->other_profile = s->routes_changed = false;
		return give(s, action, LNS_ACT_SESSION_CHANGE);
	}
	if (s->hear_due) {
		s->hear_due = false;
		return give(s, action, LNS_ACT_SESSION_HEARD);
	}
	if (poll_frame(lns, s, action))
		return true;
	if (s->hand_due) {
		lns_hand_on_end_ppp(lns, s, now);
		return lns_session_poll(lns, s, now, action); /* as what it is now */
	}
	/* what IPCP and IPV6CP had to say has gone: nothing for the client comes before it */
	if (s->opened && !s->reached) {
		s->reached = true;
		return give(s, action, LNS_ACT_SESSION_REACH);
	}
	if (s->opened && s->other_profile) {
		s->other_profile = false;
		return give(s, action, LNS_ACT_SESSION_CHANGE);
	}
	return false;
}
