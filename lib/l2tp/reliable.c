/* SPDX-License-Identifier: BSD-3-Clause */
/* Reliable delivery of control messages (RFC 2661 section 5.8, appendix A). */
#include "l2tp/reliable.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/wipe.h"
#include "l2tp/header.h"

enum {
	DEFAULT_PEER_WINDOW = 4,
	HALF = 32768,
	EARLY_BYTES = 32 * 1024, /* of early messages that are kept, whatever the window */
};

/* Those that have gone out once come first, in order of Ns; the others have no Ns yet. */
struct l2tp_sent {
	struct l2tp_sent *next;
	uint16_t ns, session_id, len;
	bool numbered;
	uint8_t body[];
};

struct l2tp_early {
	struct l2tp_early *next;
	uint16_t ns, session_id, len;
	uint8_t body[];
};

/* Passwords may be in an ICCN. */
static void
free_sent(struct l2tp_sent *s)
{
	cv_wipe(s->body, s->len);
	free(s);
}

static void
free_one_early(struct l2tp_early *e)
{
	cv_wipe(e->body, e->len);
	free(e);
}

/* a before b, modulo 65,536 (section 5.8). */
static bool
before(uint16_t a, uint16_t b)
{
	return (uint16_t)(b - a) != 0 && (uint16_t)(b - a) < HALF;
}

void
l2tp_reliable_init(struct l2tp_reliable *r, const struct l2tp_reliable_params *params)
{
	*r = (struct l2tp_reliable){.initial_ns = params->initial_ns,
		.max_ns = params->max_ns,
		.retransmit_at = CV_TIME_NEVER,
		.ns_acked = params->first_ns,
		.ns_sent = params->first_ns,
		.nr = params->first_ns,
		.cwnd = 1,
		.ssthresh = DEFAULT_PEER_WINDOW,
		.peer_window = DEFAULT_PEER_WINDOW,
		.our_window = params->window,
		.max_attempts = params->max_retransmits};
}

void
l2tp_reliable_resume(struct l2tp_reliable *r)
{
	r->nr++;
	r->ns_sent++;
}

static void
free_early(struct l2tp_reliable *r)
{
	while (r->early != NULL) {
		struct l2tp_early *e = r->early;

		r->early = e->next;
		free_one_early(e);
	}
	r->early_count = 0;
	r->early_bytes = 0;
}

void
l2tp_reliable_fini(struct l2tp_reliable *r)
{
	while (r->first != NULL) {
		struct l2tp_sent *s = r->first;

		r->first = s->next;
		free_sent(s);
	}
	r->last = r->next_send = NULL;
	free_early(r);
}

void
l2tp_reliable_set_peer_window(struct l2tp_reliable *r, uint16_t window)
{
	/* Ns is compared over half of its range: more can't be told apart */
	r->peer_window = window == 0 ? 1 : window < HALF ? window : HALF - 1;
	r->ssthresh = r->peer_window;
	if (r->cwnd > r->peer_window)
		r->cwnd = r->peer_window;
}

static struct l2tp_sent *
new_message(uint16_t session_id, const void *body, size_t len)
{
	struct l2tp_sent *s = malloc(sizeof(*s) + len);

	if (s == NULL)
		return NULL;
	*s = (struct l2tp_sent){.session_id = session_id, .len = (uint16_t)len};
	memcpy(s->body, body, len);
	return s;
}

/* Behind `after`, or first of all. */
static void
insert(struct l2tp_reliable *r, struct l2tp_sent *after, struct l2tp_sent *s)
{
	struct l2tp_sent **at = after != NULL ? &after->next : &r->first;

	s->next = *at;
	*at = s;
	if (s->next == NULL)
		r->last = s;
	/* what is sent again goes before what never went out */
	if (r->next_send == s->next)
		r->next_send = s;
	r->queued++;
}

int
l2tp_reliable_queue(struct l2tp_reliable *r, uint16_t session_id, const void *body, size_t len)
{
	struct l2tp_sent *s = new_message(session_id, body, len);

	if (s == NULL)
		return CV_ERR_NOMEM;
	insert(r, r->last, s);
	return 0;
}

int
l2tp_reliable_queue_first(
	struct l2tp_reliable *r, uint16_t session_id, const void *body, size_t len)
{
	struct l2tp_sent *s = new_message(session_id, body, len), *after = NULL;

	if (s == NULL)
		return CV_ERR_NOMEM;
	for (struct l2tp_sent *at = r->first; at != NULL && at->numbered; at = at->next)
		after = at;
	insert(r, after, s);
	return 0;
}

void
l2tp_reliable_drop_unsent(struct l2tp_reliable *r)
{
	struct l2tp_sent **at = &r->first;

	r->last = NULL;
	while (*at != NULL && (*at)->numbered) {
		r->last = *at;
		at = &(*at)->next;
	}
	while (*at != NULL) {
		struct l2tp_sent *s = *at;

		*at = s->next;
		if (r->next_send == s)
			r->next_send = NULL;
		r->queued--;
		free_sent(s);
	}
}

/* Slow start up to ssthresh, then one more a window (appendix A). */
static void
grow_window(struct l2tp_reliable *r)
{
	if (r->cwnd >= r->peer_window)
		return;
	if (r->cwnd < r->ssthresh) {
		r->cwnd++;
	} else if (++r->cwnd_acks >= r->cwnd) {
		r->cwnd++;
		r->cwnd_acks = 0;
	}
}

static void
take_ack(struct l2tp_reliable *r, uint64_t now, uint16_t nr)
{
	bool progress = false;

	/* an Nr for what was never sent, or older than the last one, says nothing */
	if (!before(r->ns_acked, nr) || before(r->ns_sent, nr))
		return;
	while (r->first != NULL && r->first->numbered && before(r->first->ns, nr)) {
		struct l2tp_sent *s = r->first;

		r->first = s->next;
		if (r->next_send == s)
			r->next_send = s->next;
		else if (r->in_flight > 0)
			r->in_flight--;
		if (r->last == s)
			r->last = NULL;
		r->queued--;
		free_sent(s);
		grow_window(r);
		progress = true;
	}
	r->ns_acked = nr;
	if (!progress)
		return;
	r->attempts = 0;
	r->retransmit_at = r->in_flight == 0 ? CV_TIME_NEVER : cv_time_add(now, r->initial_ns);
}

/* Keeps an early message in order of Ns; one that is there already, or has no room, is let go:
 * the peer sends it again. */
static void
keep_early(struct l2tp_reliable *r, uint16_t ns, uint16_t session_id, struct cv_bytes body)
{
	struct l2tp_early **at = &r->early;
	struct l2tp_early *e;

	while (*at != NULL && before((*at)->ns, ns))
		at = &(*at)->next;
	if ((*at != NULL && (*at)->ns == ns) || r->early_count >= r->our_window ||
		(uint16_t)(ns - r->nr) > r->our_window || body.len > EARLY_BYTES - r->early_bytes)
		return;
	e = malloc(sizeof(*e) + body.len);
	if (e == NULL)
		return;
	*e = (struct l2tp_early){
		.next = *at, .ns = ns, .session_id = session_id, .len = (uint16_t)body.len};
	memcpy(e->body, body.data, body.len);
	*at = e;
	r->early_count++;
	r->early_bytes += (uint32_t)body.len;
}

enum l2tp_arrival
l2tp_reliable_receive(struct l2tp_reliable *r, uint64_t now, uint16_t ns, uint16_t nr,
	uint16_t session_id, struct cv_bytes body)
{
	take_ack(r, now, nr);
	if (body.len == 0)
		return L2TP_ARRIVED_ZLB;
	r->ack_due = true;
	if (ns == r->nr) {
		r->nr++;
		return L2TP_ARRIVED_IN_TURN;
	}
	if (before(ns, r->nr))
		return L2TP_ARRIVED_DUPLICATE;
	keep_early(r, ns, session_id, body);
	return L2TP_ARRIVED_EARLY;
}

bool
l2tp_reliable_next_early(struct l2tp_reliable *r, uint16_t *session_id, struct cv_bytes *body)
{
	struct l2tp_early *e = r->early;

	/* what the last call gave out has had its turn */
	while (e != NULL && before(e->ns, r->nr)) {
		r->early = e->next;
		r->early_count--;
		r->early_bytes -= e->len;
		free_one_early(e);
		e = r->early;
	}
	if (e == NULL || e->ns != r->nr)
		return false;
	r->nr++;
	*session_id = e->session_id;
	*body = (struct cv_bytes){e->body, e->len};
	return true;
}

int
l2tp_reliable_poll(
	struct l2tp_reliable *r, uint64_t now, uint16_t tunnel_id, void *buf, size_t capacity)
{
	struct cv_writer w = cv_writer(buf, capacity);
	struct l2tp_sent *s = r->next_send;

	if (r->dead)
		return 0;
	if (s == NULL || r->in_flight >= r->cwnd) {
		if (!r->ack_due)
			return 0;
		/* Ns of a ZLB: that of the next new message */
		l2tp_control_header_write(&w, tunnel_id, 0, L2TP_CONTROL_HEADER, r->ns_sent, r->nr);
	} else {
		if (!s->numbered)
			s->ns = r->ns_sent;
		l2tp_control_header_write(&w, tunnel_id, s->session_id,
			(uint16_t)(L2TP_CONTROL_HEADER + s->len), s->ns, r->nr);
		cv_write_bytes(&w, s->body, s->len);
	}
	if (w.failed)
		return CV_ERR_SPACE;
	r->ack_due = false;
	if (cv_written(&w) == L2TP_CONTROL_HEADER)
		return L2TP_CONTROL_HEADER;
	r->next_send = s->next;
	r->in_flight++;
	if (s->numbered)
		r->retransmits++;
	else
		r->ns_sent++;
	s->numbered = true;
	if (r->retransmit_at == CV_TIME_NEVER)
		r->retransmit_at = cv_time_add(now, r->initial_ns);
	return (int)cv_written(&w);
}

/* The wait after so many retransmissions: 1, 2, 4, 8, 8 times the first, capped. */
static uint64_t
interval(const struct l2tp_reliable *r, unsigned attempts)
{
	uint64_t wait = r->initial_ns;

	while (attempts-- > 0 && wait < r->max_ns)
		wait *= 2;
	return wait < r->max_ns ? wait : r->max_ns;
}

void
l2tp_reliable_timeout(struct l2tp_reliable *r, uint64_t now)
{
	if (r->retransmit_at == CV_TIME_NEVER || now < r->retransmit_at)
		return;
	if (r->attempts >= r->max_attempts) {
		r->dead = true;
		r->retransmit_at = CV_TIME_NEVER;
		return;
	}
	r->attempts++;
	r->ssthresh = r->cwnd > 3 ? r->cwnd / 2 : 2;
	r->cwnd = 1;
	r->cwnd_acks = 0;
	/* all that is in flight is sent again, as the window opens */
	r->in_flight = 0;
	r->next_send = r->first;
	r->retransmit_at = cv_time_add(now, interval(r, r->attempts));
}

uint64_t
l2tp_reliable_cycle(const struct l2tp_reliable *r)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i <= r->max_attempts; i++)
		sum = cv_time_add(sum, interval(r, i));
	return sum;
}
