/* SPDX-License-Identifier: BSD-3-Clause */
#include "seen.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/retry.h"
#include "crypto/crypto.h"
#include "events.h"
#include "session.h"
#include "stun/ask.h"

#define RTO_NS (500 * CV_NS_PER_MS)

enum { SENDS = 4, QUESTION = 64, DATAGRAM = 1500 };

struct seen {
	struct seen_params params;
	struct stun_ask ask;
	struct cv_retry retry;
	struct event *readable, *timer;
};

static void
step(struct seen *s)
{
	uint64_t now = client_now(), wait;
	uint8_t question[QUESTION];
	int len;

	if (cv_retry_due(&s->retry, now) == CV_RETRY_SEND) {
		len = stun_write_request(&s->ask, question, sizeof(question));
		(void)!send(s->params.fd, question, (size_t)len, 0);
	}
	if (s->retry.at == CV_TIME_NEVER)
		return;
	wait = (s->retry.at > now ? s->retry.at - now : 0) + CV_NS_PER_US - 1;
	(void)client_set_timer(s->timer, wait);
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
	struct seen *s = ctx;
	struct stun_response r;
	uint8_t buf[DATAGRAM];
	ssize_t n = recv(fd, buf, sizeof(buf), 0);

	(void)what;
	if (n < 0 ||
		stun_read_response((struct cv_bytes){buf, (size_t)n}, s->ask.transaction, &r) != 0)
		return;
	cv_retry_end(&s->retry);
	event_del(s->timer);
	event_del(s->readable);
	if (r.error == 0)
		s->params.tell(s->params.ctx, &r.mapped);
}

struct seen *
seen_ask(const struct seen_params *p)
{
	struct seen *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		close(p->fd);
		return NULL;
	}
	s->params = *p;
	crypto_random(p->crypto, s->ask.transaction, sizeof(s->ask.transaction));
	s->retry = cv_retry_begin(client_now(), RTO_NS, SENDS);
	s->timer = evtimer_new(p->base, on_timer, s);
	s->readable = event_new(p->base, p->fd, EV_READ | EV_PERSIST, on_readable, s);
	if (s->timer == NULL || s->readable == NULL || event_add(s->readable, NULL) != 0) {
		seen_free(s);
		errno = ENOMEM;
		return NULL;
	}
	step(s);
	return s;
}

void
seen_free(struct seen *s)
{
	if (s == NULL)
		return;
	client_free_event(s->timer);
	client_free_event(s->readable);
	close(s->params.fd);
	free(s);
}
