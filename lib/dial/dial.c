/* SPDX-License-Identifier: BSD-3-Clause */
#include "dial/dial.h"

#include <stdlib.h>

#include "base/err.h"
#include "l2tp/header.h"

struct dial {
	struct dial_params params;
	struct l2tp_tunnel *tunnel;
	struct ppp_link *link; /* from CALL_UP on */
	uint16_t session;      /* ours; 0: no call */
	uint16_t peer_session; /* 0: not up */
	uint16_t peer_tunnel;  /* from TUNNEL_UP on */
	bool up;               /* a network protocol is open */
	bool keep_call;        /* no CDN when PPP ends */
	struct ppp_ev_up last_up;
	struct l2tp_event told; /* holds the text of the event that was polled last */
};

struct dial *
dial_new(const struct dial_params *params, uint64_t now)
{
	struct dial *d = calloc(1, sizeof(*d));

	if (d == NULL || params->l2tp.local_tunnel_id == 0) {
		free(d);
		return NULL;
	}
	d->params = *params;
	d->tunnel = l2tp_tunnel_new(L2TP_INITIATOR, &params->l2tp, now);
	if (d->tunnel == NULL) {
		free(d);
		return NULL;
	}
	return d;
}

static void
end_call(struct dial *d)
{
	ppp_link_free(d->link);
	d->link = NULL;
	d->session = d->peer_session = 0;
	d->up = false;
}

void
dial_free(struct dial *d)
{
	if (d == NULL)
		return;
	end_call(d);
	l2tp_tunnel_free(d->tunnel);
	free(d);
}

int
dial_start(struct dial *d, uint64_t now)
{
	return l2tp_tunnel_connect(d->tunnel, now);
}

int
dial_call(struct dial *d, uint64_t now, uint16_t session_id)
{
	int rc;

	if (d->session != 0)
		return CV_ERR_STATE;
	rc = l2tp_call_dial(d->tunnel, now, session_id, NULL);
	if (rc == 0)
		d->session = session_id;
	return rc;
}

/* CDN; PPP has said what it had to say, or never began. */
static void
disconnect(struct dial *d, uint64_t now)
{
	static const struct l2tp_reason hang_up = {.result = L2TP_CDN_ADMINISTRATIVE};

	l2tp_call_close(d->tunnel, now, d->session, &hang_up);
	end_call(d);
}

void
dial_hang_up(struct dial *d, uint64_t now)
{
	if (d->link != NULL)
		ppp_link_close(d->link, now, PPP_DOWN_LOCAL);
	else if (d->session != 0)
		disconnect(d, now);
}

void
dial_drop_call(struct dial *d, uint64_t now)
{
	if (d->session != 0)
		disconnect(d, now);
}

int
dial_restart_link(struct dial *d, uint64_t now)
{
	struct ppp_link *link;

	if (d->link == NULL)
		return CV_ERR_STATE;
	link = ppp_link_new(d->params.ppp, (struct ppp_scope){0}, now);
	if (link == NULL)
		return CV_ERR_NOMEM;
	ppp_link_free(d->link);
	d->link = link;
	d->up = false;
	ppp_link_open(d->link, now);
	return 0;
}

void
dial_set_keep_call(struct dial *d, bool keep)
{
	d->keep_call = keep;
}

void
dial_abandon_call(struct dial *d)
{
	end_call(d);
}

void
dial_close(struct dial *d, uint64_t now, const struct l2tp_reason *reason)
{
	l2tp_tunnel_close(d->tunnel, now, reason);
}

/* ---- events ---- */

static bool
call_up(struct dial *d, uint64_t now, struct dial_event *event)
{
	static const struct l2tp_reason memory = {
		.result = L2TP_CDN_NO_FACILITIES_TEMPORARY, .message = "out of memory"};

	if (d->told.local_session != d->session)
		return false; /* an abandoned one */
	d->link = ppp_link_new(d->params.ppp, (struct ppp_scope){0}, now);
	if (d->link == NULL) {
		l2tp_call_close(d->tunnel, now, d->session, &memory);
		end_call(d);
		event->type = DIAL_EV_CALL_DOWN;
		event->reason = memory;
		return true;
	}
	d->peer_session = d->told.remote_session;
	ppp_link_open(d->link, now);
	event->type = DIAL_EV_CALL_UP;
	return true;
}

/* false: nothing that the caller must know. */
static bool
tunnel_event(struct dial *d, uint64_t now, struct dial_event *event)
{
	struct l2tp_tunnel_info info;

	event->reason = d->told.reason;
	switch (d->told.type) {
	case L2TP_EV_UP:
		l2tp_tunnel_info(d->tunnel, &info);
		d->peer_tunnel = info.remote_tunnel_id;
		event->type = DIAL_EV_TUNNEL_UP;
		return true;
	case L2TP_EV_CALL_UP:
		return call_up(d, now, event);
	case L2TP_EV_CALL_DOWN:
		if (d->told.local_session != d->session)
			return false;
		end_call(d);
		event->type = DIAL_EV_CALL_DOWN;
		return true;
	case L2TP_EV_DOWN:
		end_call(d);
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
link_down(struct dial *d, uint64_t now)
{
	if (d->keep_call)
		end_call(d);
	else
		disconnect(d, now);
}

static bool
link_event(struct dial *d, uint64_t now, const struct ppp_event *e, struct dial_event *event)
{
	switch (e->type) {
	case PPP_EV_NETWORK:
		ppp_network_start(d->link, now, &d->params.network);
		return false;
	case PPP_EV_AUTH_DONE:
		event->type = DIAL_EV_AUTH_DONE;
		event->auth = e->u.auth_done;
		return true;
	case PPP_EV_UP:
		d->up = true;
		d->last_up = e->u.up;
		event->type = DIAL_EV_UP;
		event->up = e->u.up;
		return true;
	case PPP_EV_NETWORK_DOWN:
		d->up = false;
		event->type = DIAL_EV_NETWORK_DOWN;
		return true;
	case PPP_EV_DOWN:
		event->type = DIAL_EV_LINK_DOWN;
		event->link = e->u.down.reason;
		link_down(d, now);
		return true;
	case PPP_EV_LCP_UP:
	case PPP_EV_AUTH:
		break;
	}
	return false;
}

bool
dial_poll_event(struct dial *d, uint64_t now, struct dial_event *event)
{
	struct ppp_event e;

	*event = (struct dial_event){0};
	while (l2tp_tunnel_poll_event(d->tunnel, &d->told))
		if (tunnel_event(d, now, event))
			return true;
	while (d->link != NULL && ppp_link_poll_event(d->link, &e))
		if (link_event(d, now, &e, event))
			return true;
	return false;
}

/* ---- what comes in ---- */

static int
data_input(struct dial *d, uint64_t now, struct cv_bytes frame, struct cv_bytes *packet)
{
	struct ppp_frame f;
	int rc;

	if (d->link == NULL)
		return CV_ERR_STATE;
	rc = ppp_link_input(d->link, now, frame.data, frame.len);
	if (rc != 0 || !d->up || ppp_frame_parse(frame.data, frame.len, &f) != 0 ||
		(f.protocol != PPP_IP && f.protocol != PPP_IPV6))
		return rc;
	if (packet != NULL)
		*packet = f.payload;
	return DIAL_PACKET;
}

int
dial_input(struct dial *d, uint64_t now, const uint8_t *data, size_t len, struct cv_bytes *packet)
{
	struct l2tp_header h;
	int rc = l2tp_header_parse(data, len, &h);

	if (rc != 0)
		return rc;
	if (h.tunnel_id != d->params.l2tp.local_tunnel_id)
		return CV_ERR_UNKNOWN;
	if (h.is_control)
		return l2tp_tunnel_input(d->tunnel, now, data, len);
	if (d->session == 0 || h.session_id != d->session)
		return CV_ERR_UNKNOWN;
	return data_input(d, now, h.payload, packet);
}

/* ---- what goes out ---- */

int
dial_write_header(const struct dial *d, struct cv_writer *w, enum cv_family family, size_t len)
{
	const struct cv_ip *ours = family == CV_IPV6 ? &d->last_up.local_ip6 : &d->last_up.local_ip;
	size_t ppp = (d->last_up.acfc ? 0u : 2u) + (d->last_up.pfc ? 1u : 2u);

	if (!d->up || ours->family == 0)
		return CV_ERR_STATE;
	l2tp_data_header_write(w, d->peer_tunnel, d->peer_session, ppp + len);
	if (!d->last_up.acfc)
		cv_write_u16(w, PPP_ADDRESS << 8 | PPP_CONTROL);
	if (!d->last_up.pfc)
		cv_write_u8(w, 0);
	cv_write_u8(w, family == CV_IPV6 ? PPP_IPV6 : PPP_IP);
	return w->failed ? CV_ERR_SPACE : 0;
}

int
dial_poll_output(struct dial *d, uint64_t now, void *buf, size_t capacity)
{
	int len = l2tp_tunnel_poll_output(d->tunnel, now, buf, capacity);
	struct cv_writer w = cv_writer(buf, capacity);
	uint8_t frame[PPP_MAX_CONTROL];

	if (len != 0 || d->link == NULL)
		return len;
	if (capacity < DIAL_DATAGRAM_MAX)
		return CV_ERR_SPACE;
	len = ppp_link_poll_output(d->link, frame, sizeof(frame));
	if (len <= 0)
		return len;
	l2tp_data_header_write(&w, d->peer_tunnel, d->peer_session, (size_t)len);
	cv_write_bytes(&w, frame, (size_t)len);
	return w.failed ? CV_ERR_SPACE : (int)cv_written(&w);
}

uint64_t
dial_next_timeout(const struct dial *d)
{
	uint64_t at = l2tp_tunnel_next_timeout(d->tunnel);

	return d->link == NULL ? at : cv_time_min(at, ppp_link_next_timeout(d->link));
}

void
dial_handle_timeout(struct dial *d, uint64_t now)
{
	if (l2tp_tunnel_next_timeout(d->tunnel) <= now)
		l2tp_tunnel_handle_timeout(d->tunnel, now);
	if (d->link != NULL && ppp_link_next_timeout(d->link) <= now)
		ppp_link_handle_timeout(d->link, now);
}

struct l2tp_tunnel *
dial_tunnel(struct dial *d)
{
	return d->tunnel;
}

struct ppp_link *
dial_link(struct dial *d)
{
	return d->link;
}

uint16_t
dial_peer_session(const struct dial *d)
{
	return d->peer_session;
}
