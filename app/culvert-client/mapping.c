/* SPDX-License-Identifier: BSD-3-Clause */
#include "mapping.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "events.h"
#include "session.h"
#include "sockaddr.h"
#include "stun/lifetime.h"

#define FIRST_NS (20 * CV_NS_PER_S)    /* less, hardly a NAT has */
#define LONGEST_NS (240 * CV_NS_PER_S) /* nobody stays silent for longer */
#define RTO_NS (500 * CV_NS_PER_MS)

enum { SOCKETS = 2, SENDS = 4, DATAGRAM = 1500 };

struct mapping {
	struct mapping_params params;
	struct stun_lifetime lifetime;
	int fds[SOCKETS]; /* by enum stun_lifetime_socket */
	struct event *readable[SOCKETS], *timer;
	uint64_t alive_ns, dead_ns; /* as they were told */
};

static void
step(struct mapping *m)
{
	struct stun_lifetime *l = &m->lifetime;
	struct stun_lifetime_send send_out;
	uint64_t now = client_now(), at, wait;

	while (stun_lifetime_poll(l, now, &send_out))
		(void)!send(m->fds[send_out.socket], send_out.bytes, send_out.len, 0);
	if (l->alive_ns != m->alive_ns || l->dead_ns != m->dead_ns) {
		m->alive_ns = l->alive_ns;
		m->dead_ns = l->dead_ns;
		m->params.tell(m->params.ctx, stun_lifetime_keepalive(l, CV_TIME_NEVER),
			l->alive_ns, l->dead_ns);
	}
	at = stun_lifetime_done(l) ? CV_TIME_NEVER : stun_lifetime_next_timeout(l);
	event_del(m->timer);
	if (at == CV_TIME_NEVER)
		return;
	wait = (at > now ? at - now : 0) + CV_NS_PER_US - 1;
	(void)client_set_timer(m->timer, wait);
}

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	step(ctx);
}

static void
on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct mapping *m = ctx;
	enum stun_lifetime_socket which = fd == m->fds[STUN_KEPT] ? STUN_KEPT : STUN_ASKER;
	uint8_t buf[DATAGRAM];
	ssize_t n = recv(fd, buf, sizeof(buf), 0);

	(void)what;
	if (n < 0)
		return;
	(void)stun_lifetime_input(
		&m->lifetime, client_now(), which, (struct cv_bytes){buf, (size_t)n});
	step(m);
}

static int
open_sockets(struct mapping *m)
{
	struct sockaddr_storage to;
	socklen_t len = sockaddr_from(&m->params.server, &to);

	for (unsigned i = 0; i < SOCKETS; i++) {
		m->fds[i] = socket(to.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (m->fds[i] < 0 || connect(m->fds[i], (struct sockaddr *)&to, len) != 0)
			return -1;
		m->readable[i] =
			event_new(m->params.base, m->fds[i], EV_READ | EV_PERSIST, on_readable, m);
		if (m->readable[i] == NULL || event_add(m->readable[i], NULL) != 0)
			return -1;
	}
	return 0;
}

struct mapping *
mapping_new(const struct mapping_params *p)
{
	struct mapping *m = calloc(1, sizeof(*m));
	struct stun_lifetime_params l = {.server = p->server,
		.first_ns = FIRST_NS,
		.longest_ns = LONGEST_NS,
		.rto_ns = RTO_NS,
		.sends = SENDS};

	if (m == NULL)
		return NULL;
	m->params = *p;
	m->fds[STUN_KEPT] = m->fds[STUN_ASKER] = -1;
	m->timer = evtimer_new(p->base, on_timer, m);
	if (m->timer == NULL || open_sockets(m) != 0) {
		mapping_free(m);
		return NULL;
	}
	crypto_random(p->crypto, l.id, sizeof(l.id));
	stun_lifetime_begin(&m->lifetime, &l, client_now());
	event_active(m->timer, EV_TIMEOUT, 0);
	return m;
}

void
mapping_free(struct mapping *m)
{
	int error = errno;

	if (m == NULL)
		return;
	for (unsigned i = 0; i < SOCKETS; i++) {
		client_free_event(m->readable[i]);
		if (m->fds[i] >= 0)
			close(m->fds[i]);
	}
	client_free_event(m->timer);
	free(m);
	errno = error;
}
