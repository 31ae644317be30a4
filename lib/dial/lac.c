/* SPDX-License-Identifier: BSD-3-Clause */
#include "dial/lac.h"

#include <stdlib.h>

#include "base/err.h"
#include "l2tp/header.h"

struct lac_call {
	struct ppp_link *link; /* from CALL_UP on */
	const struct ppp_params *ppp;
	struct lac_call *next; /* of those that were touched */
	uint16_t session;      /* ours; 0: no call */
	uint16_t touched;      /* the session when it came into that list; 0: it is not there */
	uint16_t peer_session; /* 0: not up */
	bool up;               /* a network protocol is open */
	bool ipv4, ipv6;       /* which are */
	bool acfc, pfc;        /* as packets are sent then */
};

struct lac {
	struct ppp_network network;
	struct l2tp_tunnel *tunnel;
	struct lac_call *first, *last; /* touched, in this order */
	struct l2tp_event told;        /* holds the text of the event that was polled last */
	uint16_t tunnel_id, peer_tunnel;
	uint16_t n;
	bool keep_call; /* no CDN when PPP ends */
	struct lac_call calls[];
};

struct lac *
lac_new(const struct lac_params *params, uint64_t now)
{
	struct lac *l;

	if (params->l2tp.local_tunnel_id == 0 || params->calls == 0)
		return NULL;
	l = calloc(1, sizeof(*l) + params->calls * sizeof(l->calls[0]));
	if (l == NULL)
		return NULL;
	l->network = params->network;
	l->tunnel_id = params->l2tp.local_tunnel_id;
	l->n = params->calls;
	l->tunnel = l2tp_tunnel_new(L2TP_INITIATOR, &params->l2tp, now);
	if (l->tunnel == NULL) {
		free(l);
		return NULL;
	}
	return l;
}

static void
touch(struct lac *l, struct lac_call *c)
{
	if (c->touched != 0)
		return;
	c->touched = c->session;
	c->next = NULL;
	if (l->first == NULL)
		l->first = c;
	else
		l->last->next = c;
	l->last = c;
}

static void
end_call(struct lac *l, struct lac_call *c)
{
	if (c->session == 0)
		return;
	touch(l, c);
	ppp_link_free(c->link);
	c->link = NULL;
	c->session = c->peer_session = 0;
	c->up = false;
}

static void
end_calls(struct lac *l)
{
	for (unsigned i = 0; i < l->n; i++)
		end_call(l, &l->calls[i]);
}

void
lac_free(struct lac *l)
{
	if (l == NULL)
		return;
	end_calls(l);
	l2tp_tunnel_free(l->tunnel);
	free(l);
}

/* NULL: there is no such call. */
static struct lac_call *
call_of(const struct lac *l, uint16_t session)
{
	const struct lac_call *c = &l->calls[session % l->n];

	return session != 0 && c->session == session ? (struct lac_call *)c : NULL;
}

int
lac_start(struct lac *l, uint64_t now)
{
	return l2tp_tunnel_connect(l->tunnel, now);
}

int
lac_call(struct lac *l, uint64_t now, uint16_t session, const struct ppp_params *ppp)
{
	struct lac_call *c = &l->calls[session % l->n];
	int rc;

	if (c->session != 0)
		return CV_ERR_STATE;
	rc = l2tp_call_dial(l->tunnel, now, session, NULL);
	if (rc != 0)
		return rc;
	c->session = session;
	c->ppp = ppp;
	touch(l, c);
	return 0;
}

/* CDN; PPP has said what it had to say, or never began. */
static void
disconnect(struct lac *l, uint64_t now, struct lac_call *c)
{
	static const struct l2tp_reason hang_up = {.result = L2TP_CDN_ADMINISTRATIVE};

	l2tp_call_close(l->tunnel, now, c->session, &hang_up);
	end_call(l, c);
}

void
lac_hang_up(struct lac *l, uint64_t now, uint16_t session)
{
	struct lac_call *c = call_of(l, session);

	if (c == NULL)
		return;
	touch(l, c);
	if (c->link != NULL)
		ppp_link_close(c->link, now, PPP_DOWN_LOCAL);
	else
		disconnect(l, now, c);
}

void
lac_drop_call(struct lac *l, uint64_t now, uint16_t session)
{
	struct lac_call *c = call_of(l, session);

	if (c != NULL)
		disconnect(l, now, c);
}

void
lac_abandon_call(struct lac *l, uint16_t session)
{
	struct lac_call *c = call_of(l, session);

	if (c != NULL)
		end_call(l, c);
}

int
lac_restart_link(struct lac *l, uint64_t now, uint16_t session)
{
	struct lac_call *c = call_of(l, session);
	struct ppp_link *link;

	if (c == NULL || c->link == NULL)
		return CV_ERR_STATE;
	link = ppp_link_new(c->ppp, (struct ppp_scope){0}, now);
	if (link == NULL)
		return CV_ERR_NOMEM;
	touch(l, c);
	ppp_link_free(c->link);
	c->link = link;
	c->up = false;
	ppp_link_open(c->link, now);
	return 0;
}

void
lac_set_keep_call(struct lac *l, bool keep)
{
	l->keep_call = keep;
}

void
lac_close(struct lac *l, uint64_t now, const struct l2tp_reason *reason)
{
	l2tp_tunnel_close(l->tunnel, now, reason);
}

/* ---- events ---- */

static bool
call_up(struct lac *l, uint64_t now, struct dial_event *event)
{
	static const struct l2tp_reason memory = {
		.result = L2TP_CDN_NO_FACILITIES_TEMPORARY, .message = "out of memory"};
	struct lac_call *c = call_of(l, l->told.local_session);

	if (c == NULL)
		return false; /* an abandoned one */
	event->session = c->session;
	c->link = ppp_link_new(c->ppp, (struct ppp_scope){0}, now);
	if (c->link == NULL) {
		l2tp_call_close(l->tunnel, now, c->session, &memory);
		end_call(l, c);
		event->type = DIAL_EV_CALL_DOWN;
		event->reason = memory;
		return true;
	}
	touch(l, c);
	c->peer_session = l->told.remote_session;
	ppp_link_open(c->link, now);
	event->type = DIAL_EV_CALL_UP;
	return true;
}

static bool
call_down(struct lac *l, struct dial_event *event)
{
	struct lac_call *c = call_of(l, l->told.local_session);

	if (c == NULL)
		return false;
	event->session = c->session;
	event->type = DIAL_EV_CALL_DOWN;
	end_call(l, c);
	return true;
}

/* false: nothing that the caller must know. */
static bool
tunnel_event(struct lac *l, uint64_t now, struct dial_event *event)
{
	struct l2tp_tunnel_info info;

	event->reason = l->told.reason;
	switch (l->told.type) {
	case L2TP_EV_UP:
		l2tp_tunnel_info(l->tunnel, &info);
		l->peer_tunnel = info.remote_tunnel_id;
		event->type = DIAL_EV_TUNNEL_UP;
		return true;
	case L2TP_EV_CALL_UP:
		return call_up(l, now, event);
	case L2TP_EV_CALL_DOWN:
		return call_down(l, event);
	case L2TP_EV_DOWN:
		end_calls(l);
		event->type = DIAL_EV_TUNNEL_DOWN;
		return true;
	case L2TP_EV_CALL_ACCM: /* there is no line */
		return false;
	case L2TP_EV_DONE:
		event->type = DIAL_EV_DONE;
		return true;
	case L2TP_EV_CALL_REQUEST:
		break;
	}
	return false; /* the tunnel refuses a call that nobody answers when its time is over */
}

static void
call_opens(struct lac_call *c, const struct ppp_ev_up *up)
{
	c->up = true;
	c->ipv4 = up->local_ip.family != 0;
	c->ipv6 = up->local_ip6.family != 0;
	c->acfc = up->acfc;
	c->pfc = up->pfc;
}

static bool
link_event(struct lac *l, uint64_t now, struct lac_call *c, const struct ppp_event *e,
	struct dial_event *event)
{
	event->session = c->session;
	switch (e->type) {
	case PPP_EV_NETWORK:
		ppp_network_start(c->link, now, &l->network);
		return false;
	case PPP_EV_AUTH_DONE:
		event->type = DIAL_EV_AUTH_DONE;
		event->auth = e->u.auth_done;
		return true;
	case PPP_EV_UP:
		call_opens(c, &e->u.up);
		event->type = DIAL_EV_UP;
		event->up = e->u.up;
		return true;
	case PPP_EV_NETWORK_DOWN:
		c->up = false;
		event->type = DIAL_EV_NETWORK_DOWN;
		return true;
	case PPP_EV_DOWN:
		event->type = DIAL_EV_LINK_DOWN;
		event->link = e->u.down.reason;
		if (l->keep_call)
			end_call(l, c);
		else
			disconnect(l, now, c);
		return true;
	case PPP_EV_LCP_UP:
	case PPP_EV_AUTH:
		break;
	}
	return false;
}

bool
lac_poll_event(struct lac *l, uint64_t now, struct dial_event *event)
{
	struct ppp_event e;

	*event = (struct dial_event){0};
	while (l2tp_tunnel_poll_event(l->tunnel, &l->told))
		if (tunnel_event(l, now, event))
			return true;
	for (struct lac_call *c = l->first; c != NULL; c = c->next)
		while (c->link != NULL && ppp_link_poll_event(c->link, &e))
			if (link_event(l, now, c, &e, event))
				return true;
	return false;
}

/* ---- what comes in ---- */

static int
data_input(struct lac *l, uint64_t now, struct lac_call *c, struct cv_bytes frame,
	struct cv_bytes *packet)
{
	struct ppp_frame f;
	int rc;

	if (c->link == NULL)
		return CV_ERR_STATE;
	touch(l, c);
	rc = ppp_link_input(c->link, now, frame.data, frame.len);
	if (rc != 0 || !c->up || ppp_frame_parse(frame.data, frame.len, &f) != 0 ||
		(f.protocol != PPP_IP && f.protocol != PPP_IPV6))
		return rc;
	if (packet != NULL)
		*packet = f.payload;
	return DIAL_PACKET;
}

int
lac_input(struct lac *l, uint64_t now, const uint8_t *data, size_t len, struct cv_bytes *packet)
{
	struct lac_call *c;
	struct l2tp_header h;
	int rc = l2tp_header_parse(data, len, &h);

	if (rc != 0)
		return rc;
	if (h.tunnel_id != l->tunnel_id)
		return CV_ERR_UNKNOWN;
	if (h.is_control)
		return l2tp_tunnel_input(l->tunnel, now, data, len);
	c = call_of(l, h.session_id);
	return c == NULL ? CV_ERR_UNKNOWN : data_input(l, now, c, h.payload, packet);
}

/* ---- what goes out ---- */

int
lac_write_header(const struct lac *l, struct cv_writer *w, uint16_t session, enum cv_family family,
	size_t len)
{
	const struct lac_call *c = call_of(l, session);
	size_t ppp;

	if (c == NULL || !c->up || !(family == CV_IPV6 ? c->ipv6 : c->ipv4))
		return CV_ERR_STATE;
	ppp = (c->acfc ? 0u : 2u) + (c->pfc ? 1u : 2u);
	l2tp_data_header_write(w, l->peer_tunnel, c->peer_session, ppp + len);
	if (!c->acfc)
		cv_write_u16(w, PPP_ADDRESS << 8 | PPP_CONTROL);
	if (!c->pfc)
		cv_write_u8(w, 0);
	cv_write_u8(w, family == CV_IPV6 ? PPP_IPV6 : PPP_IP);
	return w->failed ? CV_ERR_SPACE : 0;
}

int
lac_poll_output(struct lac *l, uint64_t now, void *buf, size_t capacity)
{
	int len = l2tp_tunnel_poll_output(l->tunnel, now, buf, capacity);
	struct cv_writer w = cv_writer(buf, capacity);
	uint8_t frame[PPP_MAX_CONTROL];

	if (len != 0)
		return len;
	for (struct lac_call *c = l->first; c != NULL; c = c->next) {
		if (c->link == NULL)
			continue;
		if (capacity < DIAL_DATAGRAM_MAX)
			return CV_ERR_SPACE;
		len = ppp_link_poll_output(c->link, frame, sizeof(frame));
		if (len < 0)
			return len;
		if (len == 0)
			continue;
		l2tp_data_header_write(&w, l->peer_tunnel, c->peer_session, (size_t)len);
		cv_write_bytes(&w, frame, (size_t)len);
		return w.failed ? CV_ERR_SPACE : (int)cv_written(&w);
	}
	return 0;
}

bool
lac_poll_touched(struct lac *l, uint16_t *session)
{
	struct lac_call *c = l->first;

	if (c == NULL)
		return false;
	l->first = c->next;
	*session = c->session != 0 ? c->session : c->touched;
	c->touched = 0;
	return true;
}

uint64_t
lac_timeout_of(const struct lac *l, uint16_t session)
{
	const struct lac_call *c = call_of(l, session);

	if (session == 0)
		return l2tp_tunnel_next_timeout(l->tunnel);
	return c == NULL || c->link == NULL ? CV_TIME_NEVER : ppp_link_next_timeout(c->link);
}

void
lac_handle_timeout(struct lac *l, uint64_t now, uint16_t session)
{
	struct lac_call *c = call_of(l, session);

	if (lac_timeout_of(l, session) > now)
		return;
	if (session == 0) {
		l2tp_tunnel_handle_timeout(l->tunnel, now);
	} else {
		touch(l, c);
		ppp_link_handle_timeout(c->link, now);
	}
}

struct l2tp_tunnel *
lac_tunnel(struct lac *l)
{
	return l->tunnel;
}

struct ppp_link *
lac_link(struct lac *l, uint16_t session)
{
	struct lac_call *c = call_of(l, session);

	/* what is done with it is not seen from here */
	if (c != NULL && c->link != NULL)
		touch(l, c);
	return c == NULL ? NULL : c->link;
}

uint16_t
lac_peer_session(const struct lac *l, uint16_t session)
{
	const struct lac_call *c = call_of(l, session);

	return c == NULL ? 0 : c->peer_session;
}

uint16_t
lac_peer_tunnel(const struct lac *l)
{
	return l->peer_tunnel;
}
