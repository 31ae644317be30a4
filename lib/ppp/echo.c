/* SPDX-License-Identifier: BSD-3-Clause */
/* The codes that LCP alone has: Protocol-Reject, Echo, Discard (RFC 1661 sections 5.7 to 5.9). */
#include "ppp/private.h"

enum { MAGIC_BYTES = 4, PROTOCOL_BYTES = 2 };

void
ppp_count_loop(struct ppp_link *l)
{
	if (++l->loops >= PPP_LOOPS_MAX)
		ppp_finish(l, PPP_DOWN_LOOPBACK);
}

void
ppp_protocol_reject(struct ppp_link *l, uint64_t now, const struct ppp_frame *f)
{
	struct ppp_frame_writer fw;
	struct cv_bytes cut = ppp_cut(l, f->payload, PROTOCOL_BYTES);

	if (!ppp_reject_allowed(l, now))
		return;
	ppp_packet_begin(&fw, PPP_LCP, PPP_PROTOCOL_REJECT, ++l->lcp.next_id);
	cv_write_u16(&fw.w, f->protocol);
	cv_write_bytes(&fw.w, cut.data, cut.len);
	ppp_packet_send(l, &fw);
}

/* Section 5.7. What we could do without does not matter; without a network protocol the link itself
 * lives on. */
static int
receive_protocol_reject(struct ppp_link *l, uint64_t now, const struct ppp_packet *p)
{
	struct cv_reader r = cv_reader(p->data.data, p->data.len);
	uint16_t protocol = cv_read_u16(&r);

	if (r.failed)
		return CV_ERR_TRUNCATED;
	PPP_DEBUG(l, "ppp-protocol-reject", "protocol=0x%04x", protocol);
	switch (protocol) {
	case PPP_LCP:
		ppp_cp_event(l, &ppp_lcp, now, PPP_FSM_RXJ_MINUS);
		break;
	case PPP_PAP:
	case PPP_CHAP:
		if (l->method != PPP_AUTH_NONE &&
			(protocol == PPP_PAP) == (l->method == PPP_AUTH_PAP))
			ppp_finish(l, PPP_DOWN_AUTH_REFUSED);
		break;
	default:
		ppp_networks_rejected(l, now, protocol);
		break;
	}
	return 0;
}

/* Section 5.8. */
static int
receive_echo(struct ppp_link *l, const struct ppp_packet *p)
{
	struct cv_reader r = cv_reader(p->data.data, p->data.len);
	uint32_t magic = cv_read_u32(&r);
	struct cv_bytes rest = {r.pos, cv_remaining(&r)};
	struct ppp_frame_writer fw;

	if (r.failed)
		return CV_ERR_TRUNCATED;
	if (magic != 0 && magic == l->magic) {
		ppp_count_loop(l);
		return CV_ERR_MALFORMED;
	}
	/* Any other number will do: there are peers that send 0, or one that they never agreed on,
	 * and their echoes show that they live like all that they send. */
	if (p->code == PPP_DISCARD_REQUEST)
		return 0;
	if (p->code == PPP_ECHO_REPLY) {
		if (l->echoes_open == 0 || p->id != l->echo_id)
			return CV_ERR_UNKNOWN;
		l->echoes_open = l->loops = 0;
		return 0;
	}
	rest = ppp_cut(l, rest, MAGIC_BYTES);
	ppp_packet_begin(&fw, PPP_LCP, PPP_ECHO_REPLY, p->id);
	cv_write_u32(&fw.w, l->magic);
	cv_write_bytes(&fw.w, rest.data, rest.len);
	ppp_packet_send(l, &fw);
	return 0;
}

int
ppp_lcp_extra(struct ppp_link *l, uint64_t now, const struct ppp_packet *p)
{
	int rc;

	if (p->code < PPP_PROTOCOL_REJECT || p->code > PPP_DISCARD_REQUEST)
		return CV_ERR_UNKNOWN;
	if (l->lcp.state != PPP_OPENED)
		return CV_ERR_STATE;
	rc = p->code == PPP_PROTOCOL_REJECT ? receive_protocol_reject(l, now, p)
					    : receive_echo(l, p);
	return rc == CV_ERR_UNKNOWN ? CV_ERR_STATE : rc; /* the code is known */
}

uint64_t
ppp_link_echo_at(const struct ppp_link *l)
{
	uint64_t due = cv_time_add(l->last_activity, l->params->echo_interval_ns);

	return l->echo_timer > due ? l->echo_timer : due;
}

/* Asks whether a silent peer is still there. */
void
ppp_echo_timeout(struct ppp_link *l, uint64_t now)
{
	uint64_t due = cv_time_add(l->last_activity, l->params->echo_interval_ns);
	struct ppp_frame_writer fw;

	if (l->echo_timer > now)
		return;
	if (due > now) {
		l->echoes_open = 0;
		l->echo_timer = due;
		return;
	}
	if (l->echoes_open != 0)
		l->counters.echo_lost++;
	if (l->echoes_open >= l->params->echo_misses) {
		l->echo_timer = CV_TIME_NEVER;
		ppp_finish(l, PPP_DOWN_ECHO_LOST);
		return;
	}
	l->echoes_open++;
	l->echo_timer = cv_time_add(now, l->params->echo_interval_ns);
	ppp_packet_begin(&fw, PPP_LCP, PPP_ECHO_REQUEST, ++l->echo_id);
	cv_write_u32(&fw.w, l->magic);
	ppp_packet_send(l, &fw);
}
