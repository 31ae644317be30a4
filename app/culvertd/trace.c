/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * culvertctl trace: begins one and says its number; asked again with that, what has come since, and
 * whether it is over. What nobody asks for any more ends by itself, and goes when the next one
 * begins.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "datapath/info.h"

enum { PACKETS = 10, SECONDS = 30, LINE = 256 };

/* The last one. */
struct trace {
	uint64_t number;
	char session[ROW_ID];
	uint32_t last; /* packet that lines were written of */
	uint32_t wanted, seen;
	bool shown[DP_TRACE_MOST + 1]; /* by packet: it is among those seen */
	char inner[LINE];              /* of it, as it was shown last */
	json_t *rows, *lines;          /* that nobody has got yet */
};

static const char *
protocol_name(uint16_t number, char out[16])
{
	static const struct {
		uint16_t number;
		const char *name;
	} names[] = {{1, "ICMP"}, {6, "TCP"}, {17, "UDP"}, {50, "ESP"}, {51, "AH"}, {58, "ICMPv6"},
		{132, "SCTP"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == number)
			return names[i].name;
	snprintf(out, 16, "protocol %u", number);
	return out;
}

static void
describe_inner(const struct dp_trace_row *r, char out[LINE])
{
	char source[CV_IP_TEXT], target[CV_IP_TEXT], name[16];

	if (r->source.family == 0)
		snprintf(out, LINE, "%u bytes that are no IP packet", r->len);
	else
		snprintf(out, LINE, "%s > %s, %s, %u bytes, TTL %u", cv_ip_text(&r->source, source),
			cv_ip_text(&r->target, target), protocol_name(r->protocol, name), r->len,
			r->hops);
}

static void
add_line(struct trace *t, const char *text)
{
	json_array_append_new(t->lines, json_string(text));
}

static void
take_row(struct trace *t, const struct dp_trace_row *r)
{
	struct trace_row row = {.r = *r,
		.us = r->ns / CV_NS_PER_US,
		.way = r->to_it ? "to" : "from",
		.verdict = r->dropped ? "dropped" : "on"};
	char inner[LINE], line[2 * LINE];

	json_array_append_new(t->rows, view_row(&view_trace, &row));
	describe_inner(r, inner);
	if (r->packet != t->last) {
		/* its exits may come in two parts, with others' between them */
		t->seen += !t->shown[r->packet];
		t->shown[r->packet] = true;
		snprintf(line, sizeof(line), "packet %u, %s it, after %llu.%03llu s: %s", r->packet,
			row.way, (unsigned long long)(r->ns / CV_NS_PER_S),
			(unsigned long long)(r->ns % CV_NS_PER_S / CV_NS_PER_MS), inner);
		add_line(t, line);
	} else if (strcmp(inner, t->inner) != 0) {
		snprintf(line, sizeof(line), "  now %s", inner);
		add_line(t, line);
	}
	snprintf(t->inner, sizeof(t->inner), "%s", inner);
	t->last = r->packet;
	snprintf(line, sizeof(line), "  %-24s %s%s", r->exit, r->dropped ? "dropped: " : "",
		r->help);
	add_line(t, line);
}

static void
drain(struct daemon *d, struct trace *t)
{
	struct dp_trace_row r;

	while (dp_trace_next(d->dp, &r))
		if (!r.stale)
			take_row(t, &r);
}

static json_t *
taken(json_t **list)
{
	json_t *all = *list;

	*list = json_array();
	return all;
}

/* What has come since the last question: with its number while it goes on, else with a summary. */
static json_t *
report(struct daemon *d, struct trace *t)
{
	char summary[2 * LINE];

	dp_control_poll(d->dp, daemon_now());
	drain(d, t);
	if (dp_trace_running(d->dp))
		return json_pack("{s:I, s:o, s:o}", "number", (json_int_t)t->number, "lines",
			taken(&t->lines), "rows", taken(&t->rows));
	drain(d, t); /* what came while it ended */
	if (t->seen == 0)
		snprintf(summary, sizeof(summary), "no packet of session %s in %d s", t->session,
			SECONDS);
	else
		snprintf(summary, sizeof(summary), "%u of %u packets of session %s", t->seen,
			t->wanted, t->session);
	return json_pack("{s:o, s:o, s:s, s:i}", "lines", taken(&t->lines), "rows", taken(&t->rows),
		"summary", summary, "exit", t->seen == 0 ? 1 : 0);
}

/* 1 to DP_TRACE_MOST; 0: something else. */
static unsigned
read_packets(const char *text)
{
	unsigned value = 0;

	if (text == NULL)
		return PACKETS;
	for (size_t i = 0; text[i] != '\0'; i++) {
		if (text[i] < '0' || text[i] > '9' || value > DP_TRACE_MOST)
			return 0;
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	return value > DP_TRACE_MOST ? 0 : value;
}

static struct trace *
begin(struct daemon *d, const struct lns_session_info *s, unsigned packets,
	struct control_error *error)
{
	struct trace *t = calloc(1, sizeof(*t));
	int rc = t == NULL ? CV_ERR_NOMEM
			   : dp_trace_start(
				     d->dp, daemon_now(), s->slot, packets, SECONDS * CV_NS_PER_S);

	if (rc != 0) {
		free(t);
		control_fail(error, rc == CV_ERR_EXISTS ? CONTROL_REFUSED : CONTROL_FAILED, "%s%s",
			rc == CV_ERR_EXISTS ? "another trace is under way: of session "
					    : cv_strerror(rc),
			rc == CV_ERR_EXISTS ? d->trace->session : "");
		return NULL;
	}
	t->number = d->trace == NULL ? 1 : d->trace->number + 1;
	t->wanted = packets;
	t->rows = json_array();
	t->lines = json_array();
	id_session(d, s->listener, s->tunnel_id, s->session_id, t->session);
	trace_free(d->trace);
	return t;
}

void
trace_free(struct trace *t)
{
	if (t == NULL)
		return;
	json_decref(t->rows);
	json_decref(t->lines);
	free(t);
}

json_t *
cmd_trace(struct daemon *d, json_t *arguments, struct control_error *error)
{
	const char *text = command_string(arguments, "session");
	const char *wanted = command_string(arguments, "packets");
	json_t *number = json_object_get(arguments, "number");
	unsigned packets = read_packets(wanted);
	struct lns_session_info s;
	struct trace *t;
	struct id id;

	if (number != NULL) {
		if (d->trace != NULL && d->trace->number == (uint64_t)json_integer_value(number))
			return report(d, d->trace);
		control_fail(error, CONTROL_NOT_FOUND, "another trace has begun since");
		return NULL;
	}
	if (!id_parse_session(d, text, &id, error) || !id_one_session(d, &id, error))
		return NULL;
	if (packets == 0) {
		control_fail(error, CONTROL_USAGE, "packets are 1 to %d, not '%.40s'",
			DP_TRACE_MOST, wanted);
		return NULL;
	}
	if (!id_find_session(d, &id, &s)) {
		control_fail(error, CONTROL_NOT_FOUND, "session %.60s is not here", text);
		return NULL;
	}
	t = begin(d, &s, packets, error);
	if (t == NULL)
		return NULL;
	d->trace = t;
	return report(d, t);
}
