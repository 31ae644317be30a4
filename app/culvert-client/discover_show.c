/* SPDX-License-Identifier: BSD-3-Clause */
#include "discover_show.h"

#include <jansson.h>
#include <stdarg.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "base/time.h"

enum { TEXT = 160, NAME = 300 };

static const char *const families[FOUND_FAMILIES] = {"IPv4", "IPv6"};
static const char *const by_texts[] = {
	[NAMES_BY_NOTHING] = "nothing",
	[NAMES_BY_CONFIG] = "configuration",
	[NAMES_BY_SRV] = "SRV",
	[NAMES_BY_RULE] = "rule",
};
static const char *const l2tp_texts[] = {
	[FOUND_NOT_ASKED] = "not asked",
	[FOUND_SILENT] = "no answer",
	[FOUND_ACCEPTED] = "accepted",
	[FOUND_ANSWERED] = "answered",
	[FOUND_REFUSED] = "refused",
};

/* ---- what both say ---- */

static const char *
ike_text(const struct found_ike *ike, char out[TEXT])
{
	const char *name = ike_error_name(ike->said.error);

	if (!ike->answered && ike->error != 0)
		snprintf(out, TEXT, "no answer: %s", strerror(ike->error));
	else if (!ike->answered)
		snprintf(out, TEXT, "no answer");
	else
		snprintf(out, TEXT, "answered: %s%s",
			ike->said.accepted   ? "accepted"
			: ike->said.cookie   ? "it is busy, and wants a cookie"
			: ike->said.version1 ? "IKEv1 alone"
			: name != NULL       ? name
					     : "another refusal",
			ike->said.nat_here        ? ", a NAT before us"
			: ike->said.nat_there     ? ", a NAT before it"
			: ike->said.nat_detection ? ", no NAT"
						  : "");
	return out;
}

/* Nothing that can be asked without an SA shows whether ESP passes: that is said. */
static const char *
esp_text(const struct found_gateway *g)
{
	return g->ike[1].answered ? "unknown; not needed, UDP 4500 carries it"
				  : "unknown; only an SA that is up can show";
}

static const char *
stun_text(const struct found_lns *lns, char out[TEXT])
{
	char seen[CV_ENDPOINT_TEXT];

	if (lns->error != 0)
		snprintf(out, TEXT, "not asked: %s", strerror(lns->error));
	else if (!lns->stun.answered)
		snprintf(out, TEXT, "no answer");
	else if (lns->stun.error != 0)
		snprintf(out, TEXT, "refused: error %u", lns->stun.error);
	else
		snprintf(out, TEXT, "we are %s", cv_endpoint_text(&lns->stun.mapped, seen));
	return out;
}

static const char *
mapping_text(const struct stun_found *s, char out[TEXT])
{
	snprintf(out, TEXT, "%s%s", stun_behaviour_text(s->mapping),
		s->mapping == STUN_UNKNOWN || s->mapping_sure ? "" : ", as far as asked");
	return out;
}

/* ---- the table ---- */

static void row(FILE *out, const char *what, const char *whom, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void
row(FILE *out, const char *what, const char *whom, const char *format, ...)
{
	va_list args;

	fprintf(out, "%-13s %-30s ", what, whom);
	va_start(args, format);
	vfprintf(out, format, args);
	va_end(args);
	fputc('\n', out);
}

static void
rows_nat(FILE *out, const struct found *f)
{
	char local[CV_ENDPOINT_TEXT], seen[CV_ENDPOINT_TEXT], text[TEXT];

	for (size_t i = 0; i < FOUND_FAMILIES; i++) {
		const struct found_nat *nat = &f->nat[i];

		if (!nat->asked)
			continue;
		cv_endpoint_text(&nat->local, local);
		if (!nat->stun.answered) {
			row(out, "nat", local, "unknown: no LNS answers STUN over %s", families[i]);
			continue;
		}
		row(out, "nat", local, "%s, seen as %s", nat->stun.nat ? "yes" : "no",
			cv_endpoint_text(&nat->stun.seen, seen));
		row(out, "mapping", families[i], "%s", mapping_text(&nat->stun, text));
		row(out, "filtering", families[i], "%s", stun_behaviour_text(nat->stun.filtering));
	}
}

static void
rows_gateway(FILE *out, const struct found *f)
{
	char to[CV_ENDPOINT_TEXT], ip[CV_IP_TEXT], text[TEXT];

	if (f->gateway_name != NULL && f->n_gateways == 0)
		row(out, "gateway", f->gateway_name, "no address: %s", f->gateway_error);
	for (size_t i = 0; i < f->n_gateways; i++) {
		const struct found_gateway *g = &f->gateways[i];

		for (size_t k = 0; k < FOUND_IKE_PORTS; k++)
			row(out, "ike", cv_endpoint_text(&g->ike[k].to, to), "%s (from port %u)",
				ike_text(&g->ike[k], text), g->ike[k].from.port);
		row(out, "esp", cv_ip_text(&g->ip, ip), "%s", esp_text(g));
	}
}

static void
rows_lns(FILE *out, const struct found *f)
{
	char at[CV_ENDPOINT_TEXT], ip[CV_IP_TEXT], name[NAME], text[TEXT];

	row(out, "lns", by_texts[f->by], "%zu found%s%s", f->n_lns,
		f->lns_error[0] == '\0' ? "" : ": ", f->lns_error);
	for (size_t i = 0; i < f->n_lns; i++) {
		const struct found_lns *lns = &f->lns[i];

		cv_escape(name, sizeof(name), lns->who.name, strlen(lns->who.name));
		if (lns->who.ip.family == 0) {
			row(out, "lns", name, "no address");
			continue;
		}
		row(out, "lns", name, "%s, priority %u, weight %u", cv_ip_text(&lns->who.ip, ip),
			lns->who.priority, lns->who.weight);
		row(out, "stun", ip, "%s", stun_text(lns, text));
		for (size_t k = 0; k < lns->n_ports; k++) {
			const struct found_port *p = &lns->ports[k];
			struct cv_endpoint ep = {.ip = lns->who.ip, .port = p->port};

			row(out, "l2tp", cv_endpoint_text(&ep, at), "%s%s%s", l2tp_texts[p->l2tp],
				p->why[0] == '\0' ? "" : ": ", p->why);
		}
	}
}

/* Where the way leads; "-": nowhere. */
static const char *
way_to(const struct found *f, const struct decision *d, char out[CV_ENDPOINT_TEXT])
{
	struct cv_endpoint ep = {.port = 0};

	switch (d->way) {
	case DECIDE_RELAY:
		ep.ip = f->lns[d->lns].who.ip;
		ep.port = f->lns[d->lns].ports[d->port].port;
		return cv_endpoint_text(&ep, out);
	case DECIDE_DIRECT_UDP:
	case DECIDE_DIRECT_ESP:
		return cv_ip_text(&f->gateways[d->gateway].ip, out);
	default:
		return strcpy(out, "-");
	}
}

void
discover_table(FILE *out, const struct found *f, const struct decision *d)
{
	char to[CV_ENDPOINT_TEXT];

	rows_nat(out, f);
	rows_gateway(out, f);
	rows_lns(out, f);
	row(out, "way", way_to(f, d, to), "%s: %s", decide_way_text(d->way), d->reason);
	if (d->advice != NULL)
		row(out, "", "", "%s", d->advice);
}

/* ---- JSON ---- */

static json_t *
text_or_null(const char *text)
{
	return text == NULL || text[0] == '\0' ? json_null() : json_string(text);
}

static json_t *
endpoint(const struct cv_endpoint *ep)
{
	char text[CV_ENDPOINT_TEXT];

	return ep->ip.family == 0 ? json_null() : json_string(cv_endpoint_text(ep, text));
}

static json_t *
address(const struct cv_ip *ip)
{
	char text[CV_IP_TEXT];

	return ip->family == 0 ? json_null() : json_string(cv_ip_text(ip, text));
}

static json_t *
milliseconds(uint64_t ns)
{
	return ns == 0 ? json_null() : json_real((double)ns / (double)CV_NS_PER_MS);
}

static json_t *
json_nat(const struct found *f)
{
	json_t *all = json_array();

	for (size_t i = 0; i < FOUND_FAMILIES; i++) {
		const struct found_nat *nat = &f->nat[i];
		const struct stun_found *s = &nat->stun;

		if (nat->asked)
			json_array_append_new(
				all, json_pack("{s:s, s:o, s:o, s:o, s:s, s:b, s:s}", "family",
					     families[i], "local", endpoint(&nat->local), "seen",
					     endpoint(&s->seen), "nat",
					     s->answered ? json_boolean(s->nat) : json_null(),
					     "mapping", stun_behaviour_text(s->mapping),
					     "mapping_sure", s->mapping_sure, "filtering",
					     stun_behaviour_text(s->filtering)));
	}
	return all;
}

static json_t *
json_gateways(const struct found *f)
{
	json_t *all = json_array();
	char text[TEXT];

	for (size_t i = 0; i < f->n_gateways; i++) {
		const struct found_gateway *g = &f->gateways[i];
		json_t *ike = json_array();

		for (size_t k = 0; k < FOUND_IKE_PORTS; k++)
			json_array_append_new(
				ike, json_pack("{s:i, s:b, s:s, s:i}", "port", g->ike[k].to.port,
					     "answered", g->ike[k].answered, "says",
					     ike_text(&g->ike[k], text), "from_port",
					     g->ike[k].from.port));
		json_array_append_new(all, json_pack("{s:o, s:o, s:s}", "address", address(&g->ip),
						   "ike", ike, "esp", esp_text(g)));
	}
	return all;
}

static json_t *
json_lns(const struct found *f)
{
	json_t *all = json_array();
	char name[NAME], text[TEXT];

	for (size_t i = 0; i < f->n_lns; i++) {
		const struct found_lns *lns = &f->lns[i];
		json_t *ports = json_array();

		for (size_t k = 0; k < lns->n_ports; k++)
			json_array_append_new(
				ports, json_pack("{s:i, s:s, s:o, s:o}", "port", lns->ports[k].port,
					       "l2tp", l2tp_texts[lns->ports[k].l2tp], "why",
					       text_or_null(lns->ports[k].why), "rtt_ms",
					       milliseconds(lns->ports[k].rtt_ns)));
		cv_escape(name, sizeof(name), lns->who.name, strlen(lns->who.name));
		json_array_append_new(
			all, json_pack("{s:s, s:o, s:i, s:i, s:b, s:s, s:o, s:o}", "name", name,
				     "address", address(&lns->who.ip), "priority",
				     lns->who.priority, "weight", lns->who.weight, "stun",
				     lns->stun.answered && lns->stun.error == 0, "stun_says",
				     stun_text(lns, text), "rtt_ms", milliseconds(lns->stun.rtt_ns),
				     "ports", ports));
	}
	return all;
}

int
discover_json(FILE *out, const struct found *f, const struct decision *d)
{
	char to[CV_ENDPOINT_TEXT];
	json_t *all = json_pack("{s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:s, s:s, s:b, s:s, s:o}",
		"gateway", text_or_null(f->gateway_name), "gateway_error",
		text_or_null(f->gateway_error), "gateways", json_gateways(f), "nat", json_nat(f),
		"lns_by", by_texts[f->by], "lns_error", text_or_null(f->lns_error), "lns",
		json_lns(f), "way", decide_way_text(d->way), "to", way_to(f, d, to), "direct_later",
		d->direct_later, "reason", d->reason, "advice", text_or_null(d->advice));
	int rc = all == NULL ? -1 : json_dumpf(all, out, JSON_INDENT(2) | JSON_REAL_PRECISION(4));

	if (rc == 0)
		fputc('\n', out);
	json_decref(all);
	return rc == 0 ? 0 : CV_ERR_NOMEM;
}
