/* SPDX-License-Identifier: BSD-3-Clause */
/* The mapping that a NAT in front of us has for the tunnel: where the LNS sees it, how long it
 * lives in silence, and that the tunnel is never silent for so long. */
#include "mapping.h"
#include "run.h"
#include "seen.h"

static void
hear_seen(void *ctx, const struct cv_endpoint *seen)
{
	char text[CV_ENDPOINT_TEXT];
	struct run *r = ctx;

	if (cv_endpoint_equal(&r->seen_as, seen))
		return;
	r->seen_as = *seen;
	cv_log_event(&r->log, CV_LOG_INFO, "seen", "connection=%s as=%s", r->c->name,
		cv_endpoint_text(seen, text));
}

static void
hear_mapping(void *ctx, uint64_t keep_ns, uint64_t alive_ns, uint64_t dead_ns)
{
	struct run *r = ctx;

	r->keep_ns = keep_ns;
	r->alive_ns = alive_ns;
	r->dead_ns = dead_ns;
	cv_log_event(&r->log, CV_LOG_INFO, "mapping", "connection=%s alive_s=%llu dead_s=%llu",
		r->c->name, (unsigned long long)(alive_ns / CV_NS_PER_S),
		(unsigned long long)(dead_ns / CV_NS_PER_S));
	if (r->state == RUN_RELAY)
		session_keep(r->session, keep_ns);
}

/* By a port of its own, on which nothing is said meanwhile, however often the tunnel speaks. */
static void
measure(struct run *r)
{
	struct mapping_params p = {
		.base = r->base, .crypto = r->crypto, .tell = hear_mapping, .ctx = r};
	struct session_status st;

	session_status(r->session, &st);
	p.server = (struct cv_endpoint){st.lns.ip, r->c->stun_port};
	mapping_free(r->mapping);
	r->mapping = mapping_new(&p);
}

void
hold_begin(struct run *r)
{
	r->seen_as = (struct cv_endpoint){0}; /* by this LNS, from this port */
	hold_look(r);
	if (r->keep_ns != 0)
		session_keep(r->session, r->keep_ns);
	else
		measure(r);
}

void
hold_look(struct run *r)
{
	struct seen_params p = {.base = r->base, .crypto = r->crypto, .tell = hear_seen, .ctx = r};

	if (r->state != RUN_RELAY)
		return;
	seen_free(r->seen);
	p.fd = session_beside(r->session, r->c->stun_port);
	r->seen = p.fd < 0 ? NULL : seen_ask(&p);
}

void
hold_forget(struct run *r)
{
	mapping_free(r->mapping);
	seen_free(r->seen);
	r->mapping = NULL;
	r->seen = NULL;
	r->keep_ns = r->alive_ns = r->dead_ns = 0;
	r->seen_as = (struct cv_endpoint){0};
}
