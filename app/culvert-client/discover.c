/* SPDX-License-Identifier: BSD-3-Clause */
/* Names, then all questions side by side, then what was found is told. */
#include "discover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "discover_parts.h"
#include "events.h"
#include "sockaddr.h"

#define NAMES_NS (3 * CV_NS_PER_S)
#define QUESTIONS_NS (4 * CV_NS_PER_S)

/* ---- sockets ---- */

static int
bind_to(int fd, enum cv_family family, uint16_t port)
{
	struct cv_endpoint any = {.ip.family = (uint8_t)family, .port = port};
	struct sockaddr_storage sa;
	socklen_t len = sockaddr_from(&any, &sa);

	return bind(fd, (struct sockaddr *)&sa, len);
}

int
discover_open(struct discover *d, struct discover_socket *s, enum cv_family family, uint16_t port,
	event_callback_fn on_readable, void *ctx)
{
	int yes = 1, error;

	s->fd = socket(family == CV_IPV4 ? AF_INET : AF_INET6,
		SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return -1;
	if (d->p.mark != 0)
		(void)setsockopt(s->fd, SOL_SOCKET, SO_MARK, &d->p.mark, sizeof(d->p.mark));
	if (family == CV_IPV6)
		(void)setsockopt(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
	if (bind_to(s->fd, family, port) != 0 && bind_to(s->fd, family, 0) != 0)
		goto fail;
	s->event = event_new(d->p.base, s->fd, EV_READ | EV_PERSIST, on_readable, ctx);
	errno = ENOMEM;
	if (s->event != NULL && event_add(s->event, NULL) == 0)
		return 0;
fail:
	error = errno;
	discover_close(s);
	errno = error;
	return -1;
}

void
discover_close(struct discover_socket *s)
{
	if (s->event != NULL)
		event_free(s->event);
	if (s->fd >= 0)
		close(s->fd);
	*s = (struct discover_socket){.fd = -1};
}

struct cv_endpoint
discover_local(int fd)
{
	struct sockaddr_storage sa = {0};
	socklen_t len = sizeof(sa);

	(void)getsockname(fd, (struct sockaddr *)&sa, &len);
	return sockaddr_read(&sa);
}

/* ---- time ---- */

void
discover_step(struct discover *d)
{
	uint64_t now = client_now(), next;

	next = cv_time_min(ike_probes_step(d, now), lns_probes_step(d, now));
	d->idle = next == CV_TIME_NEVER;
	next = d->idle ? now : cv_time_min(next, d->deadline) + CV_NS_PER_US;
	(void)client_set_timer(d->timer, next > now ? next - now : 0);
}

/* What was measured decides where nothing else does. */
static void
order_lns(struct discover *d)
{
	struct names_rtts fresh = {0}, *rtts = d->p.rtts != NULL ? d->p.rtts : &fresh;
	const struct names_lns *who[NAMES_LNS] = {NULL};
	struct found_lns found[NAMES_LNS];
	size_t order[NAMES_LNS];

	for (size_t i = 0; i < d->found.n_lns; i++) {
		const struct found_lns *lns = &d->found.lns[i];
		uint64_t rtt = lns->stun.rtt_ns;

		for (size_t k = 0; k < lns->n_ports; k++)
			if (lns->ports[k].rtt_ns != 0 && (rtt == 0 || lns->ports[k].rtt_ns < rtt))
				rtt = lns->ports[k].rtt_ns;
		names_rtt_note(rtts, &lns->who.ip, rtt);
	}
	memcpy(found, d->found.lns, sizeof(found));
	for (size_t i = 0; i < d->found.n_lns; i++)
		who[i] = &found[i].who;
	names_order_near(who, d->found.n_lns, rtts, order);
	for (size_t i = 0; i < d->found.n_lns; i++)
		d->found.lns[i] = found[order[i]];
}

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct discover *d = ctx;

	(void)fd;
	(void)what;
	if (!d->idle && client_now() < d->deadline) {
		discover_step(d);
		return;
	}
	lns_probes_found(d);
	ike_probes_free(d);
	lns_probes_free(d);
	order_lns(d);
	d->p.tell(d->p.ctx, &d->found);
}

/* ---- the beginning ---- */

/* Each LNS with its ports: one of an SRV record, or those of the configuration. */
static void
take_lns(struct discover *d, const struct names_found *names)
{
	const struct cfg_connection *c = d->p.connection;

	d->found.by = names->by;
	memcpy(d->found.lns_error, names->lns_error, sizeof(d->found.lns_error));
	for (size_t i = 0; i < names->n_lns; i++) {
		struct found_lns *lns = &d->found.lns[d->found.n_lns++];

		lns->who = names->lns[i];
		if (lns->who.port != 0)
			lns->ports[lns->n_ports++].port = lns->who.port;
		else
			while (lns->n_ports < c->n_ports && lns->n_ports < CFG_CLIENT_PORTS_MAX) {
				lns->ports[lns->n_ports].port = c->ports[lns->n_ports];
				lns->n_ports++;
			}
	}
}

static void
on_names(void *ctx, const struct names_found *names)
{
	struct discover *d = ctx;
	uint64_t now;

	memcpy(d->found.gateway_error, names->gateway_error, sizeof(d->found.gateway_error));
	for (size_t i = 0; i < NAMES_ADDRESSES; i++)
		if (names->gateway[i].family != 0)
			d->found.gateways[d->found.n_gateways++].ip = names->gateway[i];
	take_lns(d, names);
	names_free(d->names);
	d->names = NULL;
	if (d->p.named != NULL)
		d->p.named(d->p.ctx, &d->found);
	now = client_now();
	d->deadline = now + QUESTIONS_NS;
	ike_probes_begin(d, now);
	lns_probes_begin(d, now);
	discover_step(d);
}

static struct discover *
discover_new(const struct discover_params *p)
{
	struct discover *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->p = *p;
	for (size_t i = 0; i < FOUND_FAMILIES; i++)
		d->families[i].sockets[0].fd = d->families[i].sockets[1].fd = -1;
	d->timer = evtimer_new(p->base, on_timer, d);
	if (d->timer != NULL)
		return d;
	discover_free(d);
	return NULL;
}

struct discover *
discover_begin(const struct discover_params *p)
{
	struct discover *d = discover_new(p);
	struct names_params names = {.base = p->base,
		.crypto = p->crypto,
		.gateway = &p->connection->gateway,
		.lns = p->connection->lns,
		.n_lns = p->connection->n_lns,
		.timeout_ns = NAMES_NS,
		.tell = on_names,
		.ctx = d};

	if (d == NULL)
		return NULL;
	d->found.gateway_name = p->connection->gateway.text;
	d->names = names_ask(&names);
	if (d->names != NULL)
		return d;
	discover_free(d);
	return NULL;
}

struct discover *
discover_gateway(const struct discover_params *p, const struct cv_ip *gateway)
{
	struct discover *d = discover_new(p);
	uint64_t now = client_now();

	if (d == NULL)
		return NULL;
	d->natt_only = true;
	d->found.gateways[0].ip = *gateway;
	d->found.n_gateways = 1;
	d->deadline = now + QUESTIONS_NS;
	ike_probes_begin(d, now);
	discover_step(d);
	return d;
}

void
discover_free(struct discover *d)
{
	if (d == NULL)
		return;
	names_free(d->names);
	ike_probes_free(d);
	lns_probes_free(d);
	if (d->timer != NULL)
		event_free(d->timer);
	free(d);
}
