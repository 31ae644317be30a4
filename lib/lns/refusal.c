/* SPDX-License-Identifier: BSD-3-Clause */
/* The lines about who was refused: LNS_LOG_PER_SECOND, the rest is counted. */
#include <string.h>

#include "base/text.h"
#include "lns/internal.h"

static bool
may_log(struct lns *lns, uint64_t now)
{
	if (!cv_bucket_take(&lns->refusal_lines, now)) {
		lns->lines_suppressed++;
		return false;
	}
	if (lns->lines_suppressed != 0) {
		cv_log_event(lns->log, CV_LOG_WARNING, "lines-suppressed", "count=%llu",
			(unsigned long long)lns->lines_suppressed);
		lns->lines_suppressed = 0;
	}
	return true;
}

void
lns_log_tunnel_refused(struct lns *lns, uint64_t now, const struct cv_endpoint *from,
	const void *host, size_t host_len, const struct l2tp_reason *reason)
{
	char text[LNS_USER_MAX], message[2 * L2TP_MESSAGE_MAX], peer[CV_ENDPOINT_TEXT];

	if (!may_log(lns, now))
		return;
	cv_log_event(lns->log, CV_LOG_WARNING, "tunnel-refused",
		"peer=%s host=%s by=%s result=%u error=%u reason=\"%s\" message=%s",
		cv_endpoint_text(from, peer), cv_escape(text, sizeof(text), host, host_len),
		reason->by_peer ? "peer" : "us", reason->result, reason->error,
		l2tp_stopccn_text(reason->result),
		cv_escape(message, sizeof(message), reason->message, strlen(reason->message)));
}

void
lns_log_session_refused(struct lns *lns, const struct lns_session *s, uint64_t now,
	const char *user, const char *method, const char *why)
{
	char peer[CV_ENDPOINT_TEXT];

	if (!may_log(lns, now))
		return;
	cv_log_event(lns->log, CV_LOG_WARNING, "session-refused",
		"tunnel=%u session=%u serial=%" LNS_PRI_SERIAL
		" peer=%s user=%s method=%s reason=\"%s\"",
		s->info.tunnel_id, s->info.session_id, s->info.serial,
		cv_endpoint_text(&s->info.peer, peer), user, method, why);
}

void
lns_log_tunnel_delayed(struct lns *lns, uint64_t now, const struct cv_endpoint *from)
{
	char peer[CV_ENDPOINT_TEXT];

	if (may_log(lns, now))
		cv_log_event(lns->log, CV_LOG_WARNING, "tunnel-delayed",
			"peer=%s reason=\"limits.setups-per-second is reached\"",
			cv_endpoint_text(from, peer));
}

void
lns_log_call_refused(struct lns *lns, const struct lns_tunnel *t, uint64_t now, const char *why)
{
	char peer[CV_ENDPOINT_TEXT];

	if (may_log(lns, now))
		cv_log_event(lns->log, CV_LOG_WARNING, "call-refused",
			"tunnel=%u peer=%s reason=\"%s\"", t->id, cv_endpoint_text(&t->peer, peer),
			why);
}
