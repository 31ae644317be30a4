/* SPDX-License-Identifier: BSD-3-Clause */
#include "stun/behave.h"

#include "stun/echo.h"

static enum stun_socket
socket_of(size_t question)
{
	return question >= STUN_OPEN ? STUN_SECOND : STUN_MAIN;
}

static void
ask(struct stun_behave *b, size_t i, struct stun_place to, const struct cv_endpoint *from,
	uint64_t now)
{
	struct stun_question *q = &b->questions[i];

	*q = (struct stun_question){.state = STUN_ASKED, .to = to, .from = *from};
	q->retry = cv_retry_begin(now, b->p.rto_ns, b->p.sends);
}

void
stun_behave_begin(struct stun_behave *b, const struct stun_behave_params *p, uint64_t now)
{
	*b = (struct stun_behave){.p = *p, .server = STUN_PLACES_MAX};
	if (b->p.count > STUN_PLACES_MAX)
		b->p.count = STUN_PLACES_MAX;
	for (size_t i = 0; i < b->p.count; i++)
		ask(b, i, p->places[i], &p->places[i].at, now);
}

static void
write_question(const struct stun_behave *b, size_t i, struct stun_send *out)
{
	const struct stun_question *q = &b->questions[i];
	struct stun_ask ask = {.change_ip = i == STUN_FILTER_BOTH,
		.change_port = i == STUN_FILTER_BOTH || i == STUN_FILTER_PORT};

	out->socket = socket_of(i);
	out->to = q->to.at;
	if (q->to.echo) {
		memset(out->bytes, '?', STUN_ECHO_MAX);
		out->len = STUN_ECHO_MAX;
		return;
	}
	memcpy(ask.transaction, b->p.ids[i], STUN_TRANSACTION);
	/* it has room for CHANGE-REQUEST */
	out->len = (size_t)stun_write_request(&ask, out->bytes, sizeof(out->bytes));
}

bool
stun_behave_poll(struct stun_behave *b, uint64_t now, struct stun_send *out)
{
	for (size_t i = 0; i < STUN_QUESTIONS; i++) {
		struct stun_question *q = &b->questions[i];

		if (q->state != STUN_ASKED)
			continue;
		switch (cv_retry_due(&q->retry, now)) {
		case CV_RETRY_SEND:
			q->sent++;
			q->sent_at = now;
			write_question(b, i, out);
			return true;
		case CV_RETRY_OVER:
			q->state = STUN_SILENT;
			break;
		case CV_RETRY_WAIT:
			break;
		}
	}
	return false;
}

/* An address that a datagram can be sent to; what a server says may be anything. */
static bool
usable(const struct cv_endpoint *ep)
{
	static const struct cv_ip none4 = {.family = CV_IPV4}, none6 = {.family = CV_IPV6};
	uint8_t first = ep->ip.bytes[0];

	return ep->port != 0 && !cv_ip_equal(&ep->ip, &none4) && !cv_ip_equal(&ep->ip, &none6) &&
	       (ep->ip.family == CV_IPV4 ? first < 224 : first != 0xff);
}

static bool
loopback(const struct cv_ip *ip)
{
	static const struct cv_ip one = {.family = CV_IPV6, .bytes = {[15] = 1}};

	return ip->family == CV_IPV4 ? ip->bytes[0] == 127 : cv_ip_equal(ip, &one);
}

/* Whether it may be asked there, too: a server that names somebody else's has us ask him as often
 * as any place, and no more. */
static bool
other_is_sound(const struct cv_endpoint *server, const struct cv_endpoint *other)
{
	return other->ip.family == server->ip.family && usable(other) &&
	       !cv_ip_equal(&other->ip, &server->ip) && other->port != server->port &&
	       loopback(&other->ip) == loopback(&server->ip);
}

/* The second round, at the first server that offers it. */
static void
ask_more(struct stun_behave *b, size_t place, const struct cv_endpoint *other, uint64_t now)
{
	struct stun_place at = b->p.places[place];
	struct cv_endpoint same_port = {.ip = other->ip, .port = at.at.port};
	struct cv_endpoint same_ip = {.ip = at.at.ip, .port = other->port};

	b->server = place;
	ask(b, STUN_MAP_ADDRESS, (struct stun_place){.at = same_port}, &same_port, now);
	ask(b, STUN_MAP_PORT, (struct stun_place){.at = *other}, other, now);
	if (!b->p.second)
		return;
	ask(b, STUN_OPEN, at, &at.at, now);
	ask(b, STUN_FILTER_BOTH, at, other, now);
	ask(b, STUN_FILTER_PORT, at, &same_ip, now);
}

static void
told(struct stun_question *q, uint64_t now)
{
	q->state = STUN_TOLD;
	q->view.answered = true;
	/* Karn: an answer to one of several is not measured */
	q->view.rtt_ns = q->sent == 1 ? now - q->sent_at : 0;
	cv_retry_end(&q->retry);
}

/* The answer to question i, whose transaction ID it has. */
static int
take(struct stun_behave *b, size_t i, uint64_t now, const struct cv_endpoint *from,
	const struct stun_response *r)
{
	struct stun_question *q = &b->questions[i];

	if (i >= STUN_FILTER_BOTH && (r->error != 0 || cv_endpoint_equal(from, &q->to.at))) {
		/* it was to answer from elsewhere */
		b->unable = true;
		told(q, now);
		return 0;
	}
	if (!cv_endpoint_equal(from, &q->from))
		return CV_ERR_UNKNOWN;
	if (r->error == 0 && (r->mapped.ip.family != b->p.local.ip.family || !usable(&r->mapped)))
		return CV_ERR_MALFORMED;
	q->view.error = r->error;
	q->view.mapped = r->mapped;
	told(q, now);
	if (i < STUN_PLACES_MAX && r->error == 0 && b->server == STUN_PLACES_MAX &&
		other_is_sound(&q->to.at, &r->other))
		ask_more(b, i, &r->other, now);
	return 0;
}

int
stun_behave_input(struct stun_behave *b, uint64_t now, enum stun_socket socket,
	const struct cv_endpoint *from, struct cv_bytes datagram)
{
	for (size_t i = 0; i < STUN_QUESTIONS; i++) {
		struct stun_question *q = &b->questions[i];
		struct stun_response r;
		int rc;

		if (q->state != STUN_ASKED || q->sent == 0 || socket_of(i) != socket)
			continue;
		if (q->to.echo) {
			struct cv_endpoint mapped;

			if (!cv_endpoint_equal(from, &q->from))
				continue;
			rc = stun_read_echo(datagram, &mapped);
			r = (struct stun_response){.mapped = mapped};
		} else {
			rc = stun_read_response(datagram, b->p.ids[i], &r);
		}
		if (rc == CV_ERR_UNKNOWN)
			continue;
		return rc != 0 ? rc : take(b, i, now, from, &r);
	}
	return CV_ERR_UNKNOWN;
}

uint64_t
stun_behave_next_timeout(const struct stun_behave *b)
{
	uint64_t next = CV_TIME_NEVER;

	for (size_t i = 0; i < STUN_QUESTIONS; i++)
		if (b->questions[i].state == STUN_ASKED)
			next = cv_time_min(next, b->questions[i].retry.at);
	return next;
}

bool
stun_behave_done(const struct stun_behave *b)
{
	for (size_t i = 0; i < STUN_QUESTIONS; i++)
		if (b->questions[i].state == STUN_ASKED)
			return false;
	return true;
}
