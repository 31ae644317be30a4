/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A LAC with tens of thousands of calls in one tunnel, at a round trip of 20 ms in invented time:
 * what the windows of both ends allow. Its calls carry no PPP here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "l2tp/tunnel.h"
#include "lns/lns.h"

enum { CALLS = 40000, IN_FLIGHT = 4096, TUNNEL = 77 };
#define ONE_WAY_NS (10 * CV_NS_PER_MS)

static const char yaml[] = "ports: [{name: wan, device: 'af_packet:lns0'}]\n"
			   "listeners: [{address: 192.0.2.1/24}]\n"
			   "tunnels: {secrets: [{secret: none}]}\n"
			   "groups: [{name: g, address: 10.0.0.1, pool: 10.0.0.0/8}]\n"
			   "limits: {setups-per-second: 10000, sessions: 50000,\n"
			   "  sessions-per-tunnel: 65535}\n";

struct datagram {
	uint64_t at;
	size_t len;
	uint8_t bytes[512];
};

/* First in, first out: the delay is always the same. */
struct way {
	struct datagram ring[IN_FLIGHT];
	unsigned head, tail;
};

struct link {
	struct crypto *crypto;
	struct cfg *cfg;
	struct lns *lns;
	struct cv_endpoint address;
	struct l2tp_tunnel *lac;
	struct way to_lns, to_lac;
	uint64_t now;
	unsigned up, down; /* calls, as the LAC has seen it */
	unsigned added;    /* sessions, as the data path has */
};

static void
put(struct link *k, struct way *way, const uint8_t *bytes, size_t len)
{
	struct datagram *d = &way->ring[way->tail++ % IN_FLIGHT];

	assert_true(way->tail - way->head <= IN_FLIGHT);
	assert_true(len <= sizeof(d->bytes));
	d->at = k->now + ONE_WAY_NS;
	d->len = len;
	memcpy(d->bytes, bytes, len);
}

static const struct datagram *
take(const struct link *k, struct way *way)
{
	struct datagram *d = &way->ring[way->head % IN_FLIGHT];

	if (way->head == way->tail || d->at > k->now)
		return NULL;
	way->head++;
	return d;
}

static void
lns_settle(struct link *k)
{
	struct lns_action action;

	while (lns_poll(k->lns, k->now, &action)) {
		k->added += action.type == LNS_ACT_SESSION_ADD;
		/* PPP frames are nobody's here */
		if (action.type == LNS_ACT_SEND && (action.data.data[0] & 0x80) != 0)
			put(k, &k->to_lac, action.data.data, action.data.len);
	}
}

static void
lac_settle(struct link *k)
{
	uint8_t bytes[2048];
	struct l2tp_event e;
	int len;

	while (l2tp_tunnel_poll_event(k->lac, &e)) {
		k->up += e.type == L2TP_EV_CALL_UP;
		k->down += e.type == L2TP_EV_CALL_DOWN;
		assert_int_not_equal(e.type, L2TP_EV_DOWN);
	}
	while ((len = l2tp_tunnel_poll_output(k->lac, k->now, bytes, sizeof(bytes))) > 0)
		put(k, &k->to_lns, bytes, (size_t)len);
}

static uint64_t
next_time(const struct link *k)
{
	uint64_t at = cv_time_min(lns_next_timeout(k->lns), l2tp_tunnel_next_timeout(k->lac));

	if (k->to_lns.head != k->to_lns.tail)
		at = cv_time_min(at, k->to_lns.ring[k->to_lns.head % IN_FLIGHT].at);
	if (k->to_lac.head != k->to_lac.tail)
		at = cv_time_min(at, k->to_lac.ring[k->to_lac.head % IN_FLIGHT].at);
	return at;
}

static void
step(struct link *k)
{
	const struct datagram *d;

	if (next_time(k) > k->now)
		k->now = next_time(k);
	while ((d = take(k, &k->to_lns)) != NULL)
		lns_input(k->lns, k->now, 0, &k->address, d->bytes, d->len);
	lns_handle_timeout(k->lns, k->now);
	lns_settle(k);
	while ((d = take(k, &k->to_lac)) != NULL)
		l2tp_tunnel_input(k->lac, k->now, d->bytes, d->len);
	if (l2tp_tunnel_next_timeout(k->lac) <= k->now)
		l2tp_tunnel_handle_timeout(k->lac, k->now);
	lac_settle(k);
}

static void
link_up(struct link *k)
{
	static const uint8_t seed[CRYPTO_SEED_BYTES] = {4};
	struct cfg_files files = {0};
	struct cfg_errors errors = {0};
	struct l2tp_tunnel_info info = {.state = ""};
	struct l2tp_params params;
	char err[256];

	k->now = 1000 * CV_NS_PER_S;
	k->crypto = crypto_new(seed, err, sizeof(err));
	assert_non_null(k->crypto);
	assert_int_equal(cfg_load("lac.yaml", yaml, strlen(yaml), &files, &errors, &k->cfg), 0);
	cfg_errors_free(&errors);
	k->lns = lns_new(&(struct lns_params){.cfg = k->cfg, .crypto = k->crypto}, k->now);
	assert_non_null(k->lns);
	k->address = (struct cv_endpoint){.ip = cv_ipv4(0xc000020a), .port = 1701};
	l2tp_params_default(&params);
	params.crypto = k->crypto;
	params.local_tunnel_id = TUNNEL;
	k->lac = l2tp_tunnel_new(L2TP_INITIATOR, &params, k->now);
	assert_int_equal(l2tp_tunnel_connect(k->lac, k->now), 0);
	lac_settle(k);
	while (strcmp(info.state, "established") != 0) {
		step(k);
		l2tp_tunnel_info(k->lac, &info);
	}
	assert_int_equal(info.peer_window, 128);
}

static void
link_down(struct link *k)
{
	l2tp_tunnel_free(k->lac);
	lns_free(k->lns);
	cfg_free(k->cfg);
	crypto_free(k->crypto);
	free(k);
}

/* Whether the LNS has taken so many messages of the LAC, and the LAC all of its answers. */
static bool
all_taken(const struct link *k, unsigned messages)
{
	struct lns_tunnel_info info;
	uint64_t cursor = 0;

	if (!lns_next_tunnel(k->lns, &cursor, UINT64_MAX, &info))
		return false; /* its SCCCN is still on the way */
	return info.nr == (uint16_t)messages && k->up + k->down == CALLS;
}

/* All calls at once; how long until all are up. */
static uint64_t
dial_all(struct link *k, unsigned messages)
{
	uint64_t start = k->now;

	k->up = k->down = k->added = 0;
	for (unsigned i = 1; i <= CALLS; i++)
		assert_int_equal(l2tp_call_dial(k->lac, k->now, (uint16_t)i, NULL), 0);
	lac_settle(k);
	while (!all_taken(k, messages + 2 * CALLS) && k->now - start < 30 * CV_NS_PER_S)
		step(k);
	print_message("# %u calls in %.1f s\n", k->up, (double)(k->now - start) / 1e9);
	assert_int_equal(k->up, CALLS);
	assert_int_equal(k->down, 0);
	assert_int_equal(k->added, CALLS);
	return k->now - start;
}

static void
forty_thousand_calls_in_one_tunnel_come_up_in_20_seconds(void **state)
{
	struct link *k = calloc(1, sizeof(*k));

	(void)state;
	link_up(k);
	assert_true(dial_all(k, 2) < 20 * CV_NS_PER_S);
	link_down(k);
}

/* The LAC's other side fails and comes back: all hang up and dial again. */
static void
after_a_flap_all_redial_in_the_living_tunnel_in_15_seconds(void **state)
{
	static const struct l2tp_reason lost = {.result = L2TP_CDN_LOST_CARRIER};
	struct link *k = calloc(1, sizeof(*k));
	unsigned messages = 2 + 2 * CALLS;

	(void)state;
	link_up(k);
	dial_all(k, 2);
	for (unsigned i = 1; i <= CALLS; i++)
		assert_int_equal(l2tp_call_close(k->lac, k->now, (uint16_t)i, &lost), 0);
	lac_settle(k);
	while (!all_taken(k, messages + CALLS))
		step(k);
	assert_true(dial_all(k, messages + CALLS) < 15 * CV_NS_PER_S);
	link_down(k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forty_thousand_calls_in_one_tunnel_come_up_in_20_seconds),
		cmocka_unit_test(after_a_flap_all_redial_in_the_living_tunnel_in_15_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
