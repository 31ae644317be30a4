/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the LNSs see us, and whether they answer L2TP. STUN and SCCRQ go out of one socket: a NAT may
 * map another one differently, and what is learnt must hold for the one that L2TP uses.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "discover_parts.h"
#include "sockaddr.h"

#define STUN_INTERVAL_NS (200 * CV_NS_PER_MS)
#define L2TP_INTERVAL_NS (500 * CV_NS_PER_MS)
#define L2TP_SETUP_NS (3 * CV_NS_PER_S)
enum { STUN_TIMES = 3, L2TP_AGAIN = 2 };

/* ---- SCCRQ ---- */

static void
outcome(struct lns_dial *l, enum found_l2tp how, const char *why)
{
	if (l->over)
		return;
	l->over = true;
	l->out->l2tp = how;
	snprintf(l->out->why, sizeof(l->out->why), "%s", why);
}

static void
tunnel_down(struct lns_dial *l, const struct l2tp_reason *r)
{
	char message[96] = "", why[sizeof(l->out->why)];

	if (r->message != NULL)
		cv_escape_words(message, sizeof(message), r->message, strlen(r->message));
	snprintf(why, sizeof(why), "%s%s%s", l2tp_stopccn_text(r->result),
		message[0] == '\0' ? "" : ": ", message);
	if (!l->heard)
		outcome(l, FOUND_SILENT, "");
	else if (r->result == L2TP_STOPCCN_NOT_AUTHORIZED)
		outcome(l, FOUND_ANSWERED, why);
	else
		outcome(l, FOUND_REFUSED, why);
}

/* Events, then datagrams. A tunnel that is up has said what was asked: it is closed. */
static void
settle(struct discover *d, struct lns_dial *l, uint64_t now)
{
	static const struct l2tp_reason clear = {.result = L2TP_STOPCCN_CLEAR};
	int fd = d->families[l->to.ip.family == CV_IPV6].sockets[STUN_MAIN].fd;
	uint8_t bytes[DIAL_DATAGRAM_MAX];
	struct sockaddr_storage sa;
	socklen_t sa_len = sockaddr_from(&l->to, &sa);
	struct dial_event e;
	int len;

	while (dial_poll_event(l->dial, now, &e))
		if (e.type == DIAL_EV_TUNNEL_UP) {
			uint64_t took = now - l->asked_at;

			outcome(l, FOUND_ACCEPTED, "");
			l->out->rtt_ns = took < L2TP_INTERVAL_NS ? took : 0;
			dial_close(l->dial, now, &clear);
		} else if (e.type == DIAL_EV_TUNNEL_DOWN) {
			tunnel_down(l, &e.reason);
		} else if (e.type == DIAL_EV_DONE) {
			l->done = true;
		}
	while ((len = dial_poll_output(l->dial, now, bytes, sizeof(bytes))) > 0)
		(void)!sendto(fd, bytes, (size_t)len, 0, (struct sockaddr *)&sa, sa_len);
}

static void
begin_dial(struct discover *d, const struct found_lns *lns, struct found_port *port, uint64_t now)
{
	const struct cfg_tunnel_client *tunnel = &d->p.connection->tunnel;
	struct lns_dial *l = &d->dials[d->n_dials];
	struct dial_params p = {.ppp = &d->ppp};

	*l = (struct lns_dial){.out = port, .asked_at = now};
	l->to = (struct cv_endpoint){.ip = lns->who.ip, .port = port->port};
	l2tp_params_default(&p.l2tp);
	p.l2tp.crypto = d->p.crypto;
	p.l2tp.log = d->p.log;
	p.l2tp.host_name = tunnel->host_name;
	p.l2tp.secret = tunnel->none ? NULL : tunnel->secret.data;
	p.l2tp.secret_len = tunnel->none ? 0 : tunnel->secret.len;
	p.l2tp.retransmit_initial_ns = L2TP_INTERVAL_NS;
	p.l2tp.max_retransmits = L2TP_AGAIN;
	p.l2tp.setup_timeout_ns = L2TP_SETUP_NS;
	p.l2tp.local_tunnel_id = (uint16_t)(crypto_random_u32(d->p.crypto) | 1);
	l->dial = dial_new(&p, now);
	if (l->dial == NULL || dial_start(l->dial, now) != 0) {
		dial_free(l->dial);
		return;
	}
	port->l2tp = FOUND_SILENT;
	d->n_dials++;
}

/* ---- what comes ---- */

/* Whether a tunnel took it. */
static void
hear_l2tp(
	struct discover *d, const struct cv_endpoint *from, struct cv_bytes datagram, uint64_t now)
{
	for (size_t i = 0; i < d->n_dials; i++) {
		struct lns_dial *l = &d->dials[i];

		if (!cv_endpoint_equal(&l->to, from))
			continue;
		if (dial_input(l->dial, now, datagram.data, datagram.len, NULL) == 0)
			l->heard = true;
		settle(d, l, now);
	}
}

static void
on_datagram(struct lns_family *f, evutil_socket_t fd, enum stun_socket which)
{
	uint8_t bytes[DISCOVER_DATAGRAM];
	struct sockaddr_storage sa;
	socklen_t sa_len = sizeof(sa);
	ssize_t len = recvfrom(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&sa, &sa_len);
	struct cv_bytes datagram = {bytes, len < 0 ? 0 : (size_t)len};
	uint64_t now = client_now();
	struct cv_endpoint from;

	if (len < 0)
		return;
	from = sockaddr_read(&sa);
	if (stun_behave_input(&f->behave, now, which, &from, datagram) != 0 && which == STUN_MAIN)
		hear_l2tp(f->d, &from, datagram, now);
	discover_step(f->d);
}

static void
on_main(evutil_socket_t fd, short what, void *ctx)
{
	(void)what;
	on_datagram(ctx, fd, STUN_MAIN);
}

static void
on_second(evutil_socket_t fd, short what, void *ctx)
{
	(void)what;
	on_datagram(ctx, fd, STUN_SECOND);
}

/* ---- the beginning ---- */

/* The address that packets to another one leave with; false: errno says why there is no way. */
static bool
find_local(const struct cv_endpoint *to, struct cv_ip *out)
{
	struct sockaddr_storage sa;
	socklen_t len = sockaddr_from(to, &sa);
	int fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), error;
	bool found = fd >= 0 && connect(fd, (struct sockaddr *)&sa, len) == 0;

	error = errno;
	if (found)
		*out = discover_local(fd).ip;
	if (fd >= 0)
		close(fd);
	errno = error;
	return found;
}

static void
begin_family(struct discover *d, size_t which, uint64_t now)
{
	struct lns_family *f = &d->families[which];
	struct found_nat *nat = &d->found.nat[which];
	enum cv_family family = which == 0 ? CV_IPV4 : CV_IPV6;
	struct stun_behave_params p = {.rto_ns = STUN_INTERVAL_NS, .sends = STUN_TIMES};

	for (size_t i = 0; i < d->found.n_lns; i++) {
		struct found_lns *lns = &d->found.lns[i];
		struct cv_endpoint at = {.ip = lns->who.ip, .port = d->p.connection->stun_port};
		struct cv_ip local;

		if (lns->who.ip.family != family)
			continue;
		if (!find_local(&at, &local) ||
			(f->sockets[STUN_MAIN].fd < 0 && discover_open(d, &f->sockets[STUN_MAIN],
								 family, 0, on_main, f) != 0)) {
			lns->error = errno;
			continue;
		}
		if (p.count == 0)
			p.local.ip = local;
		f->lns[p.count] = i;
		p.places[p.count++].at = at;
		for (size_t k = 0; k < lns->n_ports; k++)
			begin_dial(d, lns, &lns->ports[k], now);
	}
	if (p.count == 0)
		return;
	p.local.port = discover_local(f->sockets[STUN_MAIN].fd).port;
	p.second = discover_open(d, &f->sockets[STUN_SECOND], family, 0, on_second, f) == 0;
	crypto_random(d->p.crypto, p.ids, sizeof(p.ids));
	nat->asked = true;
	nat->local = p.local;
	stun_behave_begin(&f->behave, &p, now);
}

void
lns_probes_begin(struct discover *d, uint64_t now)
{
	ppp_params_default(&d->ppp, PPP_CLIENT);
	for (size_t i = 0; i < FOUND_FAMILIES; i++) {
		d->families[i].d = d;
		begin_family(d, i, now);
	}
}

/* ---- time ---- */

static uint64_t
step_stun(struct lns_family *f, uint64_t now)
{
	struct sockaddr_storage sa;
	struct stun_send s;

	while (stun_behave_poll(&f->behave, now, &s)) {
		socklen_t len = sockaddr_from(&s.to, &sa);

		(void)!sendto(
			f->sockets[s.socket].fd, s.bytes, s.len, 0, (struct sockaddr *)&sa, len);
	}
	return stun_behave_next_timeout(&f->behave);
}

uint64_t
lns_probes_step(struct discover *d, uint64_t now)
{
	uint64_t next = CV_TIME_NEVER;

	for (size_t i = 0; i < FOUND_FAMILIES; i++)
		next = cv_time_min(next, step_stun(&d->families[i], now));
	for (size_t i = 0; i < d->n_dials; i++) {
		struct lns_dial *l = &d->dials[i];

		if (l->done)
			continue;
		if (dial_next_timeout(l->dial) <= now)
			dial_handle_timeout(l->dial, now);
		settle(d, l, now);
		if (!l->done)
			next = cv_time_min(next, dial_next_timeout(l->dial));
	}
	return next;
}

void
lns_probes_found(struct discover *d)
{
	for (size_t i = 0; i < FOUND_FAMILIES; i++) {
		struct lns_family *f = &d->families[i];
		struct found_nat *nat = &d->found.nat[i];

		if (!nat->asked)
			continue;
		stun_behave_found(&f->behave, &nat->stun);
		for (size_t k = 0; k < f->behave.p.count; k++)
			d->found.lns[f->lns[k]].stun = nat->stun.places[k];
	}
}

void
lns_probes_free(struct discover *d)
{
	for (size_t i = 0; i < d->n_dials; i++)
		dial_free(d->dials[i].dial);
	d->n_dials = 0;
	for (size_t i = 0; i < FOUND_FAMILIES; i++)
		for (size_t k = 0; k < 2; k++)
			discover_close(&d->families[i].sockets[k]);
}
