/* SPDX-License-Identifier: BSD-3-Clause */
#include "dial/dial.h"

#include <stdlib.h>

#include "base/err.h"

struct dial {
	struct lac *lac;
	const struct ppp_params *ppp;
	uint16_t session; /* of the last call; there may be none any more */
};

struct dial *
dial_new(const struct dial_params *params, uint64_t now)
{
	struct lac_params lac = {.l2tp = params->l2tp, .network = params->network, .calls = 1};
	struct dial *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->ppp = params->ppp;
	d->lac = lac_new(&lac, now);
	if (d->lac == NULL) {
		free(d);
		return NULL;
	}
	return d;
}

void
dial_free(struct dial *d)
{
	if (d != NULL)
		lac_free(d->lac);
	free(d);
}

int
dial_start(struct dial *d, uint64_t now)
{
	return lac_start(d->lac, now);
}

int
dial_call(struct dial *d, uint64_t now, uint16_t session_id)
{
	int rc = lac_call(d->lac, now, session_id, d->ppp);

	if (rc == 0)
		d->session = session_id;
	return rc;
}

void
dial_hang_up(struct dial *d, uint64_t now)
{
	lac_hang_up(d->lac, now, d->session);
}

void
dial_drop_call(struct dial *d, uint64_t now)
{
	lac_drop_call(d->lac, now, d->session);
}

int
dial_restart_link(struct dial *d, uint64_t now)
{
	return lac_restart_link(d->lac, now, d->session);
}

void
dial_set_keep_call(struct dial *d, bool keep)
{
	lac_set_keep_call(d->lac, keep);
}

void
dial_abandon_call(struct dial *d)
{
	lac_abandon_call(d->lac, d->session);
}

void
dial_close(struct dial *d, uint64_t now, const struct l2tp_reason *reason)
{
	lac_close(d->lac, now, reason);
}

bool
dial_poll_event(struct dial *d, uint64_t now, struct dial_event *event)
{
	return lac_poll_event(d->lac, now, event);
}

int
dial_input(struct dial *d, uint64_t now, const uint8_t *data, size_t len, struct cv_bytes *packet)
{
	return lac_input(d->lac, now, data, len, packet);
}

int
dial_write_header(const struct dial *d, struct cv_writer *w, enum cv_family family, size_t len)
{
	return lac_write_header(d->lac, w, d->session, family, len);
}

int
dial_poll_output(struct dial *d, uint64_t now, void *buf, size_t capacity)
{
	int len = lac_poll_output(d->lac, now, buf, capacity);
	uint16_t touched;

	while (len == 0 && lac_poll_touched(d->lac, &touched))
		; /* who asks for the next timeout looks at both */
	return len;
}

uint64_t
dial_next_timeout(const struct dial *d)
{
	return cv_time_min(lac_timeout_of(d->lac, 0), lac_timeout_of(d->lac, d->session));
}

void
dial_handle_timeout(struct dial *d, uint64_t now)
{
	lac_handle_timeout(d->lac, now, 0);
	if (d->session != 0)
		lac_handle_timeout(d->lac, now, d->session);
}

struct l2tp_tunnel *
dial_tunnel(struct dial *d)
{
	return lac_tunnel(d->lac);
}

struct ppp_link *
dial_link(struct dial *d)
{
	return lac_link(d->lac, d->session);
}

uint16_t
dial_peer_session(const struct dial *d)
{
	return lac_peer_session(d->lac, d->session);
}
