/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole set-ups (tunnel, call, LCP, CHAP, IPCP) a second with the client's work left out, and
 * forged SCCRQs a second. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "bench.h"
#include "world.h"

/* Where clients come from: a thousand of each address, all of one address, of one port of it. */
enum from { FROM_MANY, FROM_ADDRESS, FROM_PORT };

static const char *const names[] = {"setup", "setup.address", "setup.port"};

static struct caller
caller_of(unsigned index, enum from from)
{
	struct caller c = {.address = {.ip = cv_ipv4(0x0b000000), .port = 1701},
		.tunnel_id = 1,
		.session_id = (uint16_t)(index + 1),
		.index = index};

	if (from == FROM_MANY)
		c.address = (struct cv_endpoint){.ip = cv_ipv4(0x0b000000 + index / 1000),
			.port = (uint16_t)(1024 + index % 1000)};
	else if (from == FROM_ADDRESS)
		c.address.port = (uint16_t)(1024 + index);
	else
		c.tunnel_id = (uint16_t)(index + 1);
	return c;
}

static void
add(const char *name, uint64_t sessions, unsigned n, uint64_t cycles)
{
	struct bench_row row = {.sessions = sessions,
		.value = (double)rte_get_tsc_hz() * n / (double)cycles,
		.p10 = NAN,
		.goal = NAN};

	snprintf(row.name, sizeof(row.name), "%s", name);
	bench_add(&row);
}

static int
measure_setups(unsigned n, enum from from)
{
	struct client *c = malloc(sizeof(*c));
	struct server s;

	if (c == NULL || server_start(&s, 1, n) != 0)
		return -1;
	for (unsigned i = 0; i < n; i++) {
		struct caller caller = caller_of(i, from);

		s.now += CV_NS_PER_MS / 10;
		if (i == n / 2) /* the first half warms up */
			s.cycles = 0;
		if (!client_dial(&s, c, &caller)) {
			bench_progress("set-up %u does not come to an end", i);
			return -1;
		}
		client_forget(c);
	}
	add(names[from], n, n - n / 2, s.cycles);
	server_finish(&s);
	free(c);
	return 0;
}

/* The same by the data path's port: frames in, frames out, with its tables written. */
static int
measure_wire(unsigned n)
{
	static struct world w;
	struct client c;

	if (world_create(&w, n) != 0)
		return -1;
	world_wire(&w);
	for (unsigned i = 0; i < n; i++) {
		struct caller caller = caller_of(i, FROM_MANY);

		w.server.now += CV_NS_PER_MS / 10;
		if (i == n / 2)
			w.server.cycles = 0;
		if (!client_dial(&w.server, &c, &caller)) {
			bench_progress("set-up %u does not come to an end", i);
			return -1;
		}
		client_forget(&c);
	}
	if (w.open != n || w.failed != 0) {
		bench_progress("of %u sessions %llu are open; %llu things were refused", n,
			(unsigned long long)w.open, (unsigned long long)w.failed);
		return -1;
	}
	add("setup.wire", n, n - n / 2, w.server.cycles);
	world_destroy(&w);
	return 0;
}

/* A LAC's calls, all in one tunnel. */
static int
measure_one_tunnel(unsigned n)
{
	struct client *c = malloc(sizeof(*c));
	struct caller caller = caller_of(0, FROM_MANY);
	struct server s;

	if (c == NULL || server_start(&s, 1, n) != 0 || !client_dial(&s, c, &caller))
		return -1;
	for (unsigned i = 1; i < n; i++) {
		caller = caller_of(i, FROM_MANY);
		s.now += CV_NS_PER_MS / 10;
		if (i == n / 2)
			s.cycles = 0;
		if (!client_call(&s, c, &caller)) {
			bench_progress("call %u does not come to an end", i);
			return -1;
		}
	}
	add("setup.tunnel", n, n - n / 2, s.cycles);
	client_forget(c);
	server_finish(&s);
	free(c);
	return 0;
}

/* SCCRQs whose sources nobody has, into a full table of callers: each is answered once and pushes
 * another out. */
static int
measure_forged(unsigned n)
{
	struct l2tp_params params;
	struct l2tp_tunnel *l2tp;
	uint8_t bytes[1500];
	struct server s;
	int len;

	if (server_start(&s, 1, 60000) != 0)
		return -1;
	l2tp_params_default(&params);
	params.crypto = s.crypto;
	params.secret = "secret";
	params.secret_len = strlen("secret");
	params.local_tunnel_id = 1;
	l2tp = l2tp_tunnel_new(L2TP_INITIATOR, &params, s.now);
	if (l2tp == NULL || l2tp_tunnel_connect(l2tp, s.now) != 0)
		return -1;
	len = l2tp_tunnel_poll_output(l2tp, s.now, bytes, sizeof(bytes));
	for (unsigned i = 0; i < 60000 + n; i++) {
		uint64_t drawn = bench_random(), begin;
		struct cv_endpoint from = {
			.ip = cv_ipv4((uint32_t)drawn), .port = (uint16_t)(drawn >> 32)};
		struct lns_action action;

		begin = rte_rdtsc_precise();
		lns_input(s.lns, s.now, 0, &from, bytes, (size_t)len);
		while (lns_poll(s.lns, s.now, &action))
			;
		if (i >= 60000)
			s.cycles += rte_rdtsc_precise() - begin;
	}
	add("setup.forged", 0, n, s.cycles);
	l2tp_tunnel_free(l2tp);
	server_finish(&s);
	return 0;
}

int
bench_setup(void)
{
	static const unsigned counts[] = {
		[BENCH_BRIEF] = 40, [BENCH_QUICK] = 4000, [BENCH_WHOLE] = 20000};
	unsigned n = counts[bench_extent()];

	if (bench_eal(false) != 0)
		return -1;
	bench_progress("set-ups");
	for (enum from from = FROM_MANY; from <= FROM_PORT; from++)
		if (bench_wanted(names[from]) && measure_setups(n, from) != 0)
			return -1;
	if (bench_wanted("setup.tunnel") && measure_one_tunnel(2 * n) != 0)
		return -1;
	if (bench_wanted("setup.forged") && measure_forged(10 * n) != 0)
		return -1;
	return bench_wanted("setup.wire") ? measure_wire(n) : 0;
}
