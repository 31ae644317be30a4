/* SPDX-License-Identifier: BSD-3-Clause */
#include "stun/lifetime.h"

enum { FAILURES_MOST = 3, FINE = 8 }; /* known to the eighth part, or 2 s */

#define TALK_PAUSE_NS (1500 * CV_NS_PER_MS)
#define FINE_LEAST_NS (2 * CV_NS_PER_S)
#define KEEPALIVE_LEAST_NS (2 * CV_NS_PER_S)

/* A question that nobody who does not see the others can guess. */
static void
ask(struct stun_lifetime *l, uint64_t at)
{
	l->question++;
	l->retry = cv_retry_begin(at, l->p.rto_ns, l->p.sends);
}

static void
begin_trial(struct stun_lifetime *l, uint64_t now)
{
	l->step = STUN_TALK;
	l->talks = 0;
	ask(l, now);
}

void
stun_lifetime_begin(struct stun_lifetime *l, const struct stun_lifetime_params *p, uint64_t now)
{
	*l = (struct stun_lifetime){.p = *p, .state = STUN_LIFETIME_MEASURES};
	begin_trial(l, now); /* of no silence: whether the server can do it */
}

static void
end(struct stun_lifetime *l, enum stun_lifetime_state state)
{
	l->state = state;
	cv_retry_end(&l->retry);
}

/* The next silence to try: longer ones, until one is too long, then between the two. */
static void
go_on(struct stun_lifetime *l, uint64_t now)
{
	uint64_t fine = l->alive_ns / FINE > FINE_LEAST_NS ? l->alive_ns / FINE : FINE_LEAST_NS;

	l->failures = 0;
	if (l->dead_ns == 0 && l->alive_ns >= l->p.longest_ns) {
		end(l, STUN_LIFETIME_KNOWN);
		return;
	}
	if (l->dead_ns != 0 && l->dead_ns - l->alive_ns <= fine) {
		end(l, STUN_LIFETIME_KNOWN);
		return;
	}
	if (l->dead_ns != 0)
		l->silence_ns = l->alive_ns + (l->dead_ns - l->alive_ns) / 2;
	else if (l->alive_ns == 0)
		l->silence_ns = l->p.first_ns;
	else
		l->silence_ns = l->alive_ns * 2;
	if (l->silence_ns > l->p.longest_ns)
		l->silence_ns = l->p.longest_ns;
	begin_trial(l, now);
}

/* Nothing was learned. */
static void
fail(struct stun_lifetime *l, uint64_t now)
{
	if (++l->failures >= FAILURES_MOST)
		end(l, STUN_LIFETIME_SILENT);
	else
		begin_trial(l, now);
}

/* ---- questions ---- */

static void
transaction(const struct stun_lifetime *l, uint8_t out[STUN_TRANSACTION])
{
	memcpy(out, l->p.id, STUN_TRANSACTION);
	out[0] ^= (uint8_t)(l->question >> 8);
	out[1] ^= (uint8_t)l->question;
}

static void
write_question(const struct stun_lifetime *l, struct stun_lifetime_send *out)
{
	struct stun_ask question = {.response_port = l->step == STUN_PROBE ? l->mapped.port : 0};

	transaction(l, question.transaction);
	out->socket = l->step == STUN_TALK ? STUN_KEPT : STUN_ASKER;
	/* it has room for RESPONSE-PORT */
	out->len = (size_t)stun_write_request(&question, out->bytes, sizeof(out->bytes));
}

/* No answer came to a question, however often it was asked. */
static void
give_up(struct stun_lifetime *l, uint64_t now)
{
	if (l->step != STUN_PROBE) {
		fail(l, now);
		return;
	}
	/* the mapping is gone, or the server */
	l->step = STUN_CHECK;
	ask(l, now);
}

bool
stun_lifetime_poll(struct stun_lifetime *l, uint64_t now, struct stun_lifetime_send *out)
{
	while (!stun_lifetime_done(l)) {
		if (l->step == STUN_REST) {
			if (now < cv_time_add(l->rested_at, l->silence_ns))
				return false;
			l->step = STUN_PROBE;
			ask(l, now);
		}
		switch (cv_retry_due(&l->retry, now)) {
		case CV_RETRY_SEND:
			write_question(l, out);
			return true;
		case CV_RETRY_OVER:
			give_up(l, now);
			break;
		case CV_RETRY_WAIT:
			return false;
		}
	}
	return false;
}

/* ---- answers ---- */

static void
talked(struct stun_lifetime *l, uint64_t now, const struct stun_response *r)
{
	l->mapped = r->mapped;
	if (++l->talks < STUN_LIFETIME_TALKS) {
		ask(l, now + TALK_PAUSE_NS);
		return;
	}
	l->step = STUN_REST;
	l->rested_at = now;
	cv_retry_end(&l->retry);
}

static void
survived(struct stun_lifetime *l, uint64_t now)
{
	l->alive_ns = l->silence_ns;
	go_on(l, now);
}

/* The server is there, and did not reach the mapping. */
static void
died(struct stun_lifetime *l, uint64_t now, const struct stun_response *r)
{
	/* without a silence it was there: the answers go elsewhere; as they do where a NAT gives
	 * our sockets different addresses */
	if (l->silence_ns == 0 || !cv_ip_equal(&r->mapped.ip, &l->mapped.ip)) {
		end(l, STUN_LIFETIME_UNABLE);
		return;
	}
	l->dead_ns = l->silence_ns;
	go_on(l, now);
}

int
stun_lifetime_input(struct stun_lifetime *l, uint64_t now, enum stun_lifetime_socket socket,
	struct cv_bytes datagram)
{
	uint8_t id[STUN_TRANSACTION];
	struct stun_response r;
	int rc;

	if (stun_lifetime_done(l) || l->step == STUN_REST)
		return CV_ERR_UNKNOWN;
	transaction(l, id);
	rc = stun_read_response(datagram, id, &r);
	if (rc != 0)
		return rc;
	if (l->step == STUN_TALK && socket == STUN_KEPT) {
		if (r.error != 0)
			end(l, STUN_LIFETIME_UNABLE);
		else
			talked(l, now, &r);
	} else if (l->step == STUN_PROBE && socket == STUN_KEPT && r.error == 0) {
		survived(l, now);
	} else if (l->step == STUN_PROBE && socket == STUN_ASKER) {
		end(l, STUN_LIFETIME_UNABLE); /* it does not understand RESPONSE-PORT, or overlooks
						 it */
	} else if (l->step == STUN_CHECK && socket == STUN_ASKER) {
		if (r.error != 0)
			fail(l, now);
		else
			died(l, now, &r);
	} else {
		return CV_ERR_UNKNOWN;
	}
	return 0;
}

uint64_t
stun_lifetime_next_timeout(const struct stun_lifetime *l)
{
	if (stun_lifetime_done(l))
		return CV_TIME_NEVER;
	return l->step == STUN_REST ? cv_time_add(l->rested_at, l->silence_ns) : l->retry.at;
}

bool
stun_lifetime_done(const struct stun_lifetime *l)
{
	return l->state != STUN_LIFETIME_MEASURES;
}

uint64_t
stun_lifetime_keepalive(const struct stun_lifetime *l, uint64_t otherwise)
{
	uint64_t just_under = l->alive_ns - l->alive_ns / 10;

	if (l->alive_ns != 0)
		return just_under;
	if (l->dead_ns == 0)
		return otherwise;
	/* not even the shortest that was tried */
	return l->dead_ns / 2 > KEEPALIVE_LEAST_NS ? l->dead_ns / 2 : KEEPALIVE_LEAST_NS;
}
