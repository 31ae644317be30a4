/* SPDX-License-Identifier: BSD-3-Clause */
/* culvertctl peers: whom the server dials, and how that goes. */
#include <string.h>

#include "commands.h"

static void
complete(const struct daemon *d, const struct lns_dial_info *p, uint64_t now, struct peer_row *row)
{
	*row = (struct peer_row){.name = p->name,
		.state = p->state,
		.local = p->local,
		.state_s = command_seconds(now, p->since),
		.next_s = -1,
		.rounds = p->rounds,
		.reason = p->reason[0] == '\0' ? NULL : p->reason};
	if (p->at.ip.family != 0)
		row->at = cv_endpoint_text(&p->at, row->at_text);
	if (p->next_at != 0)
		row->next_s = p->next_at > now ? (int64_t)((p->next_at - now) / CV_NS_PER_S) : 0;
	if (p->session == NULL)
		return;
	row->address = p->session->address;
	row->session = id_session(d, p->session->listener, p->session->tunnel_id,
		p->session->session_id, row->session_text);
}

static bool
next_peer(struct daemon *d, struct page *page, void *out)
{
	struct lns_dial_info info;

	if (!lns_next_dial(d->lns, &page->cursor, page->stop, &info)) {
		if (page->cursor >= CV_DIAL_IDS)
			page->cursor = 0;
		return false;
	}
	complete(d, &info, daemon_now(), out);
	return true;
}

json_t *
cmd_peers(struct daemon *d, json_t *arguments, struct control_error *error)
{
	return command_page(d, arguments, &view_peers, next_peer, error);
}
