/* SPDX-License-Identifier: BSD-3-Clause */
/* What is measured, by name; the table for people, and the object for programs. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define CYCLES "cycles/packet"

/* These names are for programs: they stay. */
static const struct bench_kind kinds[] = {
	{"relay", CYCLES, "ESP, each session with a peer of its own; frames in the cache"},
	{"relay.udp", CYCLES, "the same with UDP 4500"},
	{"relay.cold", CYCLES, "relay with frames that are in no cache"},
	{"limit", CYCLES, "relay's checks and headers and nothing else, without rings"},
	{"limit.cold", CYCLES, "the same with frames that are in no cache"},
	{"macswap", CYCLES, "DPDK's rings alone: MAC addresses swapped"},
	{"macswap.cold", CYCLES, "the same with frames that are in no cache"},
	{"relay.gateways", CYCLES, "clients are isolated, and reach 16,384 prefixes of gateways"},
	{"relay.gateways6", CYCLES, "the same of sessions that send IPv6"},
	{"relay.rules", CYCLES, "a filter of 1,000 rules with prefixes and ports"},
	{"relay.rules10k", CYCLES, "of 10,000"},
	{"relay.rules6", CYCLES, "of 1,000, of sessions that send IPv6"},
	{"relay.listeners", CYCLES, "sessions of 64 listeners"},
	{"relay.vlans", CYCLES,
		"where there are 1,000 VLANs, each with a realm and an address, too"},
	{"relay.length", CYCLES, "L2TP with a Length field"},
	{"relay.compressed", CYCLES, "PPP with PFC and ACFC"},
	{"relay.nosum", CYCLES, "UDP checksum 0 in what comes: what leaves has one"},
	{"relay.outer6", CYCLES, "peers are reached over IPv6"},
	{"relay.inner6", CYCLES, "sessions send IPv6"},
	{"relay.both6", CYCLES, "both"},
	{"relay.lac1", CYCLES, "all sessions of one LAC's address and port"},
	{"relay.lac8", CYCLES, "of 8"},
	{"relay.lac1000", CYCLES, "of 1,000"},
	{"switch", CYCLES, "from session to session, as PPP frames; goal: no more than relay"},
	{"switch.both6", CYCLES, "the same as relay.both6"},
	{"uplink.relay", CYCLES, "relay where the port is in the sessions' realm, too"},
	{"decap", CYCLES, "of these sessions to a router, as plain IP; goal: 0.8 x"},
	{"encap", CYCLES, "and from there to them"},
	{"relay.scan", CYCLES,
		"all cycles, a packet relayed, while one in 8 is plain IP to an unused address"},
	{"relay.nobody", CYCLES, "the same, one in 8 of sessions to LAN neighbours not there"},
	{"flood.unknown", CYCLES, "dropped: a session that is not here"},
	{"flood.source", CYCLES, "dropped: another outer source than the session's"},
	{"flood.spoofed", CYCLES, "dropped: an inner source that is not the session's"},
	{"flood.refused", CYCLES, "dropped: what the filter does not permit"},
	{"flood.unroutable", CYCLES, "dropped: to an inner address that nobody has, of 16 senders"},
	{"flood.checksum", CYCLES, "dropped: a wrong checksum of the inner header"},
	{"flood.port", CYCLES, "dropped: another UDP port of ours"},
	{"flood.stranger", CYCLES, "dropped: to an outer address that is not ours"},
	{"flood.version", CYCLES, "dropped: L2TPv3"},
	{"flood.sccrq", CYCLES, "SCCRQs from everywhere: to the control thread, or dropped"},
	{"flood.control", CYCLES, "the same of other control messages"},
	{"flood.stun", CYCLES, "STUN questions from everywhere: answered up to a rate, or dropped"},
	{"flood.answered", CYCLES, "refused, and answered by ICMP"},
	{"workers.limit", "x one worker", "what two CPUs of this machine do of the limit's loop"},
	{"workers.two", "x one worker",
		"what two workers carry; each session has a peer of its own"},
	{"workers.lac1", "x one worker", "the same, all sessions of one LAC's address and port"},
	{"workers.lac8", "x one worker", "of 8"},
	{"workers.lac1000", "x one worker", "of 1,000"},
	{"churn", "%", "what 10,000 sessions a second that come, go and move cost a flow"},
	{"churn.rate", "a second", "of these"},
	{"relay.memif", "Mpackets/s",
		"memif, inner packets of 64 bytes; the other end on the other CPU"},
	{"macswap.memif", "Mpackets/s", "the same port with MAC addresses swapped"},
	{"relay.memif.imix", "Mpackets/s", "inner packets of 64, 576, 1,400 bytes: 7, 4, 1"},
	{"macswap.memif.imix", "Mpackets/s", "likewise"},
	{"latency.p50", "us", "on memif there and back, at half of relay.memif; half are below"},
	{"latency.p99", "us", "99 of 100 are below"},
	{"latency.p999", "us", "999 of 1,000 are below"},
	{"latency.p50.load90", "us", "the same at nine tenths of it"},
	{"latency.p99.load90", "us", "likewise"},
	{"latency.p999.load90", "us", "likewise"},
	{"stun", "a second", "STUN Binding requests that a worker could answer"},
	{"stun.relay", CYCLES, "relay at 1,000 sessions"},
	{"stun.flood", CYCLES, "the same where each 64th packet is a STUN question"},
	{"stun.cost", "%", "of a worker's time: so many questions a second as it answers (20,000)"},
	{"rebind.forged", CYCLES,
		"relay at 1,000 sessions; each 8th packet is forged, with their IDs, from "
		"anywhere"},
	{"rebind.followed", CYCLES, "the same, where clients whose NAT changes are followed"},
	{"rebind.cost", "%", "what others pay for that"},
	{"setup", "a second", "set-ups: tunnel, call, LCP, CHAP, IPCP; the server's part"},
	{"setup.address", "a second", "the same, all from one address"},
	{"setup.port", "a second", "the same, all from one address and port"},
	{"setup.tunnel", "a second", "calls in one tunnel"},
	{"setup.wire", "a second", "the same through the data path, from frames to frames"},
	{"setup.forged", "a second", "forged SCCRQs, of a full table of callers"},
	{"memory", "MiB",
		"of the whole process with one worker, sessions each in a tunnel of its own"},
	{"memory.session", "bytes", "of that, what a session took"},
	{"memory.lac", "MiB",
		"of the whole process with one worker, a thousand sessions in each tunnel"},
	{"memory.lac.session", "bytes", "of that, what a session took"},
	{"lookup.routes10", "cycles/address",
		"an IPv4 address among ten routes, the longest first"},
	{"lookup.routes1m", "cycles/address",
		"among a million; each address in one of them, in no order"},
	{"timers.tick", "cycles/4 ms", "the control thread's timers, of which a million are armed"},
	{"timers.fire", "cycles/timer", "one of them that fires and is armed again"},
	{"load.calls", "calls/s",
		"a tunnel and a session each, MS-CHAPv2, both ends proved; culvertd has one CPU, "
		"and "
		"culvert-load, at the other end of a memif, another one"},
	{"load.up", "s", "until so many sessions are up, ten in a tunnel"},
	{"load.held", "% of a CPU",
		"of the control thread, while they are held by echoes and HELLO"},
	{"load.memory", "bytes", "of culvertd, that a session took"},
	{"client.up", "Mbit/s",
		"culvert-client's TCP to who is behind Culvert, in a User-Mode Linux guest"},
	{"client.down", "Mbit/s", "from there; limit: kernel L2TP. There a system call is dear"},
	{"client.kernel.up", "Mbit/s", "xl2tpd with the kernel's L2TP and PPP, in the same guest"},
	{"client.kernel.down", "Mbit/s", "likewise"},
	{"client.xl2tpd.up", "Mbit/s", "xl2tpd's user-space mode, in the same guest"},
	{"client.xl2tpd.down", "Mbit/s", "likewise"},
	{"client.native.up", "Mbit/s", "culvert-client without a guest; all else on the other CPU"},
	{"client.native.down", "Mbit/s", "likewise"},
	{"client.thread.up", "Mbit/s", "of its one thread in a second of its CPU time; ACKs count"},
	{"client.thread.down", "Mbit/s", "likewise"},
	{"client.packet.up", "ns/packet", "of its CPU time, the kernel's part of it included"},
	{"client.packet.down", "ns/packet", "likewise"},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static struct bench_rows all;

const struct bench_kind *
bench_kind_at(size_t index)
{
	return index < KINDS ? &kinds[index] : NULL;
}

const struct bench_kind *
bench_kind(const char *name)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

struct bench_rows *
bench_rows(void)
{
	return &all;
}

void
bench_add(const struct bench_row *row)
{
	if (all.n == BENCH_MOST_ROWS || bench_kind(row->name) == NULL)
		abort();
	all.rows[all.n++] = *row;
	if (isnan(row->value))
		bench_progress("%s: not measured: %s", row->name, row->why);
}

/* The yardstick of a row; NULL: none was measured. */
static const struct bench_row *
limit_of(const struct bench_row *row)
{
	for (size_t i = 0; row->limit_of[0] != '\0' && i < all.n; i++)
		if (strcmp(all.rows[i].name, row->limit_of) == 0 &&
			all.rows[i].sessions == row->sessions &&
			all.rows[i].frame_bytes == row->frame_bytes)
			return &all.rows[i];
	return NULL;
}

/* ---- for people ---- */

static void
number(double v, char out[24])
{
	if (isnan(v))
		snprintf(out, 24, "-");
	else
		snprintf(out, 24, fabs(v) >= 10000 ? "%.0f" : fabs(v) >= 100 ? "%.1f" : "%.2f", v);
}

static void
print_row(const struct bench_row *r)
{
	const struct bench_row *limit = limit_of(r);
	char value[24], p10[24], goal[24], best[24], ratio[24], sessions[24] = "-", bytes[24] = "-";

	number(r->value, value);
	number(r->p10, p10);
	number(r->goal, goal);
	number(limit == NULL ? NAN : limit->value, best);
	number(limit == NULL ? NAN : r->value / limit->value, ratio);
	if (r->sessions != 0)
		snprintf(sessions, sizeof(sessions), "%llu", (unsigned long long)r->sessions);
	if (r->frame_bytes != 0)
		snprintf(bytes, sizeof(bytes), "%u", r->frame_bytes);
	printf("%-18s %9s %6s %10s %-14s %9s %8s %8s %7s\n", r->name, sessions, bytes, value,
		bench_kind(r->name)->unit, p10, goal, best, ratio);
}

static void
print_machine(void)
{
	const struct bench_machine *m = bench_machine();

	printf("machine: %s, %u CPUs allowed; measured on CPU %u", m->cpu, m->online,
		m->cpus.cpu[0]);
	if (m->cpus.n > 1)
		printf(", what feeds it on CPU %u", m->cpus.cpu[1]);
	printf("\n         TSC %.3f GHz, %.2f core clocks a cycle; Linux %s; %s\n", m->tsc_ghz,
		m->clocks_per_cycle, m->kernel, m->dpdk);
	printf("load:    %.1f in the minute before; what else runs makes figures worse\n", m->load);
	printf("memory:  %s for buffers and rings; transparent ones for tables: %s\n",
		m->hugepages ? "hugepages" : "NO hugepages (./dpdk-setup.sh hugepages)",
		m->transparent);
}

void
bench_print_table(void)
{
	print_machine();
	printf("\n%-18s %9s %6s %10s %-14s %9s %8s %8s %7s\n", "name", "sessions", "bytes",
		"median", "unit", "p10", "goal", "limit", "x limit");
	for (size_t i = 0; i < all.n; i++)
		print_row(&all.rows[i]);
}

/* ---- for programs ---- */

static json_t *
real(double v)
{
	return isnan(v) ? json_null() : json_real(v);
}

static json_t *
count(uint64_t n)
{
	return n == 0 ? json_null() : json_integer((json_int_t)n);
}

static void
add_json(json_t *list, const struct bench_row *r, const char *suffix, double value, double goal,
	double limit)
{
	json_t *row = json_object();
	char name[BENCH_NAME + 8];

	snprintf(name, sizeof(name), "%s%s", r->name, suffix);
	json_object_set_new(row, "name", json_string(name));
	json_object_set_new(row, "sessions", count(r->sessions));
	json_object_set_new(row, "frame_bytes", count(r->frame_bytes));
	json_object_set_new(row, "value", real(value));
	json_object_set_new(row, "unit", json_string(bench_kind(r->name)->unit));
	json_object_set_new(row, "goal", real(goal));
	json_object_set_new(row, "limit", real(limit));
	json_array_append_new(list, row);
}

static json_t *
machine_json(void)
{
	const struct bench_machine *m = bench_machine();
	json_t *cpus = json_array();

	for (unsigned i = 0; i < m->cpus.n; i++)
		json_array_append_new(cpus, json_integer(m->cpus.cpu[i]));
	return json_pack("{s:s, s:i, s:o, s:f, s:f, s:s, s:s, s:b, s:s, s:f}", "cpu", m->cpu,
		"cpus_allowed", (int)m->online, "cpus_used", cpus, "tsc_ghz", m->tsc_ghz,
		"core_clocks_per_cycle", m->clocks_per_cycle, "kernel", m->kernel, "dpdk", m->dpdk,
		"hugepages", m->hugepages, "transparent_hugepages", m->transparent, "load",
		m->load);
}

void
bench_print_json(void)
{
	json_t *list = json_array(), *root = json_object();

	for (size_t i = 0; i < all.n; i++) {
		const struct bench_row *r = &all.rows[i], *limit = limit_of(r);

		add_json(list, r, "", r->value, r->goal, limit == NULL ? NAN : limit->value);
		if (!isnan(r->p10))
			add_json(list, r, ".p10", r->p10, NAN, limit == NULL ? NAN : limit->p10);
	}
	json_object_set_new(root, "machine", machine_json());
	json_object_set_new(root, "rows", list);
	json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(root);
}
