/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <jansson.h>

#include "culvert-load/load.h"

static double
seconds(uint64_t ns)
{
	return (double)ns / CV_NS_PER_S;
}

/* CPU time of this process, and the most memory that it had. */
static double
cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static long
memory_kib(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

static double
calls_per_second(const struct load *l)
{
	uint64_t ns = (l->up_at == 0 ? l->now : l->up_at) - l->dialled_at;

	return ns == 0 || l->dialled_at == 0
		       ? 0
		       : (double)people_counters(l->people)->most_up / seconds(ns);
}

/* One line that is written over, where a person may look at it. NULL: it goes away. */
void
report_progress(struct load *l, const char *what)
{
	static uint64_t next;
	const struct people_counters *c = people_counters(l->people);

	if (!l->progress)
		return;
	if (what == NULL) {
		fputs("\r\033[K", stderr);
		return;
	}
	if (l->now < next)
		return;
	next = l->now + CV_NS_PER_S / 4;
	fprintf(stderr,
		"\r\033[K%6.1f s  %s: %u of %u sessions up, %u on their way, %ju failed, %ju lost; "
		"sent %ju, received %ju",
		seconds(l->now - l->start), what, c->up, l->o->people.sessions, c->pending,
		(uintmax_t)c->failed, (uintmax_t)c->fell, (uintmax_t)l->data.counters.sent,
		(uintmax_t)l->data.counters.received);
}

/* ---- the table of sessions ---- */

static void
print_address(uint32_t a)
{
	printf("%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

void
report_table(const struct load *l)
{
	puts("tunnel,session,lns_address,lns_port,peer_address,peer_port,address");
	for (uint32_t i = 0; i < l->o->people.sessions; i++) {
		const struct person *p = people_person(l->people, i);
		uint32_t tunnel = i / l->o->people.per_tunnel;

		if (p->address_be == 0)
			continue;
		printf("%u,%u,", people_peer_tunnel(l->people, tunnel), p->peer_session);
		print_address(l->o->lns);
		printf(",%u,", l->o->lns_port);
		print_address(l->o->first + tunnel % l->o->people.addresses);
		printf(",%u,", l->source_ports[tunnel]);
		print_address(wire_swap32(p->address_be));
		putchar('\n');
	}
	fflush(stdout);
}

/* ---- numbers ---- */

static void
set(json_t *o, const char *key, uint64_t value)
{
	json_object_set_new(o, key, json_integer((json_int_t)value));
}

static void
set_real(json_t *o, const char *key, double value)
{
	json_object_set_new(o, key, json_real(value));
}

static const struct {
	const char *name;
	double share;
} quantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}};

/* Each class that has something in it: up to how many us, how many packets. */
static json_t *
classes(const struct histogram *h)
{
	json_t *a = json_array();

	for (unsigned i = 0; i < HISTOGRAM_CLASSES; i++)
		if (h->counts[i] != 0)
			json_array_append_new(a, json_pack("[f, I]", (double)histogram_top(i) / 1e3,
							 (json_int_t)h->counts[i]));
	return a;
}

static json_t *
latency(const struct histogram *h)
{
	json_t *o = json_object();

	set_real(o, "min", (double)h->min / 1e3);
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
		set_real(o, quantiles[i].name,
			(double)histogram_quantile(h, quantiles[i].share) / 1e3);
	set_real(o, "max", (double)h->max / 1e3);
	json_object_set_new(o, "classes", classes(h));
	return o;
}

static uint64_t
wrong(const struct data_counters *c)
{
	return c->wrong_content + c->wrong_ttl + c->wrong_place + c->doubled;
}

static uint64_t
lost(const struct data_counters *c)
{
	return c->sent > c->received ? c->sent - c->received : 0;
}

static json_t *
trial_object(const struct load *l, const struct trial *t)
{
	const struct data_counters *c = &l->data.counters;
	json_t *o = json_object();
	char size[16];

	snprintf(size, sizeof(size), t->size == IMIX ? "imix" : "%u", t->size);
	if (t->packets != 0)
		set(o, "packets", t->packets);
	else
		set(o, "pps", t->pps);
	set_real(o, "seconds", t->seconds);
	json_object_set_new(o, "size", json_string(size));
	set(o, "sent", c->sent);
	set(o, "received", c->received);
	set(o, "lost", lost(c));
	set(o, "lost_to_changes", t->lost_to_changes);
	set(o, "reordered", c->reordered);
	set(o, "wrong", wrong(c));
	set(o, "wrong_content", c->wrong_content);
	set(o, "wrong_ttl", c->wrong_ttl);
	set(o, "wrong_place", c->wrong_place);
	set(o, "doubled", c->doubled);
	set(o, "others", c->others);
	set_real(o, "took_seconds", t->took_s);
	set(o, "unsent", t->planned - c->sent);
	set(o, "missed", t->missed);
	json_object_set_new(o, "latency_us", latency(&l->data.latency));
	set(o, "inner_bytes", c->sent_bytes);
	return o;
}

static void
print_line(json_t *o)
{
	json_dumpf(o, stdout, JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9));
	putchar('\n');
	fflush(stdout);
	json_decref(o);
}

void
report_up(const struct load *l)
{
	json_t *o = json_object();

	json_object_set_new(o, "event", json_string("up"));
	set(o, "sessions", people_counters(l->people)->up);
	set(o, "wanted", l->o->people.sessions);
	set_real(o, "seconds", seconds(l->now - (l->dialled_at == 0 ? l->start : l->dialled_at)));
	print_line(o);
}

void
report_trial(const struct load *l, const struct trial *t, const char *event)
{
	json_t *o = json_object(), *all = trial_object(l, t);

	json_object_set_new(o, "event", json_string(event));
	json_object_update(o, all);
	json_decref(all);
	print_line(o);
}

static json_t *
people_object(const struct load *l)
{
	const struct people_counters *c = &l->end;
	json_t *o = json_object();

	set(o, "wanted", l->o->people.sessions);
	set(o, "up", c->up);
	set(o, "tunnels", people_tunnels(l->people));
	set(o, "calls", c->calls);
	set(o, "failed", c->failed);
	set(o, "fell", c->fell);
	set(o, "hung_up", c->hung_up);
	set(o, "tunnels_failed", c->tunnels_failed);
	set(o, "tunnels_fell", c->tunnels_fell);
	set(o, "retransmits", people_retransmits(l->people));
	set(o, "not_sent", l->control_refused);
	set(o, "unanswered", c->unanswered);
	set(o, "strays", l->strays);
	if (l->up_at != 0)
		set_real(o, "up_after_s", seconds(l->up_at - l->dialled_at));
	set_real(o, "up_per_second", calls_per_second(l));
	return o;
}

static void
print_people(const struct load *l)
{
	const struct people_counters *c = &l->end;

	printf("sessions   %u of %u up, in %u tunnels", c->up, l->o->people.sessions,
		people_tunnels(l->people));
	if (l->up_at != 0)
		printf(", after %.2f s: %.0f a second", seconds(l->up_at - l->dialled_at),
			calls_per_second(l));
	printf("\ncalls      %ju begun, %ju failed, %ju hung up, %ju ended by the LNS\n",
		(uintmax_t)c->calls, (uintmax_t)c->failed, (uintmax_t)c->hung_up,
		(uintmax_t)c->fell);
	printf("control    %ju messages sent again, %ju not taken by the port; %u tunnels got no "
	       "answer to "
	       "their goodbye\n",
		(uintmax_t)people_retransmits(l->people), (uintmax_t)l->control_refused,
		c->unanswered);
}

/* How many packets took how long, by powers of two, from the first to the last that
 * there are. */
static void
print_histogram(const struct histogram *h)
{
	uint64_t rows[HISTOGRAM_CLASSES / HISTOGRAM_PARTS] = {0}, most = 0, below = 0;
	unsigned n = sizeof(rows) / sizeof(rows[0]);

	for (unsigned i = 0; i < HISTOGRAM_CLASSES; i++) {
		uint64_t *row = &rows[i / HISTOGRAM_PARTS];

		*row += h->counts[i];
		most = *row > most ? *row : most;
	}
	for (unsigned i = 0; i < n && below < h->n; i++) {
		static const char bar[] = "########################################";

		below += rows[i];
		if (below == 0)
			continue;
		printf("  to %12.1f us  %10ju  %6.2f %%  %.*s\n",
			((double)histogram_top((i + 1) * HISTOGRAM_PARTS - 1) + 1) / 1e3,
			(uintmax_t)rows[i], 100.0 * (double)rows[i] / (double)h->n,
			(int)((sizeof(bar) - 1) * rows[i] / most), bar);
	}
}

static void
print_data(const struct load *l, const struct trial *t)
{
	const struct data_counters *c = &l->data.counters;
	const struct histogram *h = &l->data.latency;

	printf("sent       %ju packets (%.0f a second), %ju that were due were not\n",
		(uintmax_t)c->sent, t->took_s > 0 ? (double)c->sent / t->took_s : 0,
		(uintmax_t)(t->planned - c->sent));
	printf("received   %ju, %ju lost (%.4f %%)", (uintmax_t)c->received, (uintmax_t)lost(c),
		c->sent == 0 ? 0 : 100.0 * (double)lost(c) / (double)c->sent);
	if (t->lost_to_changes != 0)
		printf(", of which %ju as sessions ended or began", (uintmax_t)t->lost_to_changes);
	printf(", %ju late in order\n", (uintmax_t)c->reordered);
	if (t->missed != 0)
		printf("missed     %ju frames that the ports here had no room for: what is lost "
		       "may be "
		       "these\n",
			(uintmax_t)t->missed);
	printf("wrong      %ju by content, %ju by TTL, %ju in another's place, %ju twice; beside "
	       "it %ju "
	       "of others\n",
		(uintmax_t)c->wrong_content, (uintmax_t)c->wrong_ttl, (uintmax_t)c->wrong_place,
		(uintmax_t)c->doubled, (uintmax_t)c->others);
	printf("latency    min %.1f", (double)h->min / 1e3);
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
		printf("  %s %.1f", quantiles[i].name,
			(double)histogram_quantile(h, quantiles[i].share) / 1e3);
	printf("  max %.1f us\n", (double)h->max / 1e3);
	print_histogram(h);
}

void
report_end(const struct load *l, const struct trial *t)
{
	json_t *o;

	if (!l->o->json) {
		print_people(l);
		if (t != NULL)
			print_data(l, t);
		printf("itself     %.1f s of CPU time, %ld MiB\n", cpu_s(), memory_kib() / 1024);
		return;
	}
	o = json_object();
	json_object_set_new(o, "sessions", people_object(l));
	if (t != NULL)
		json_object_set_new(o, "data", trial_object(l, t));
	set_real(o, "cpu_s", cpu_s());
	set(o, "memory_kib", (uint64_t)memory_kib());
	print_line(o);
}

bool
report_good(const struct load *l, const struct trial *t)
{
	const struct people_counters *c = &l->end;
	const struct data_counters *d = &l->data.counters;

	/* an answer may be lost, and a server need not answer for ever: none at all is another
	 * matter
	 */
	if (c->up < l->o->people.sessions || c->fell != 0 || c->tunnels_fell != 0 ||
		(c->unanswered != 0 && c->answered == 0))
		return false;
	return t == NULL ||
	       (wrong(d) == 0 && t->planned == d->sent && lost(d) == t->lost_to_changes);
}
