/* SPDX-License-Identifier: BSD-3-Clause */
#include "inner6.h"

#include <string.h>
#include <sys/socket.h>

/* That an LNS has to open IPV6CP and to advertise a prefix: until all solicitations are lost. */
#define WAIT_NS ((AUTO6_SOLICITS + 1) * AUTO6_SOLICIT_S * CV_NS_PER_S)

static void
tell(struct session *s)
{
	s->params.tell(s->params.ctx, &(struct session_event){.session = s, .type = SESSION_UP});
}

/* Takes over what the host knows; whether that is news. */
static bool
note(struct session *s)
{
	struct session_status *st = &s->status;
	bool changed = !cv_ip_equal(&st->relay6, &s->host.address) ||
		       memcmp(st->dns6, s->host.dns, sizeof(st->dns6)) != 0;

	st->relay6 = s->host.address;
	memcpy(st->dns6, s->host.dns, sizeof(st->dns6));
	if (st->relay6.family != 0)
		st->no_ipv6 = false;
	return changed;
}

void
inner6_up(struct session *s, uint64_t now, const struct ppp_ev_up *up)
{
	bool same = up->local_ip6.family != 0 && cv_ip_equal(&s->host.local, &up->local_ip6);

	if (s->status.up_since_ns == 0)
		s->wait6_until = cv_time_add(now, WAIT_NS);
	s->status.link6 = up->local_ip6;
	s->status.peer6 = up->peer_ip6;
	if (same)
		return;
	s->host = (struct auto6_host){.until = CV_TIME_NEVER, .solicit_at = CV_TIME_NEVER};
	if (up->local_ip6.family != 0)
		auto6_host_begin(&s->host, &up->local_ip6, now);
	(void)note(s); /* UP follows */
}

bool
inner6_take(struct session *s, uint64_t now, const struct cv_bytes *packet)
{
	if (s->host.local.family == 0 || !auto6_is_advert(packet->data, packet->len))
		return false;
	if (auto6_host_input(&s->host, now, packet->data, packet->len) != 0)
		s->status.rx_dropped++;
	else if (note(s))
		tell(s);
	return true;
}

static void
send_inside(struct session *s, const uint8_t *packet, size_t len)
{
	uint8_t datagram[AUTO6_SOLICIT_BYTES + PACKETS_HEADER_MAX];
	struct cv_writer w = cv_writer(datagram, sizeof(datagram));

	if (dial_write_header(s->dial, &w, CV_IPV6, len) != 0)
		return;
	cv_write_bytes(&w, packet, len);
	(void)!send(s->fd, datagram, cv_written(&w), 0); /* what is lost is sent again */
}

void
inner6_step(struct session *s, uint64_t now)
{
	uint8_t packet[AUTO6_SOLICIT_BYTES];
	size_t len;
	bool late;

	if (s->over || s->status.up_since_ns == 0)
		return;
	len = s->host.local.family == 0 ? 0 : auto6_host_poll(&s->host, now, packet);
	if (len != 0)
		send_inside(s, packet, len);
	late = now >= s->wait6_until;
	if (late)
		s->wait6_until = CV_TIME_NEVER;
	late = late && s->host.address.family == 0;
	if (note(s) || late) {
		s->status.no_ipv6 = s->host.address.family == 0;
		tell(s);
	}
}

uint64_t
inner6_next_timeout(const struct session *s)
{
	if (s->host.local.family == 0)
		return s->wait6_until;
	return cv_time_min(s->wait6_until, auto6_host_next_timeout(&s->host));
}
