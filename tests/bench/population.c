/* SPDX-License-Identifier: BSD-3-Clause */
/* Who the sessions are: IDs, peers, addresses, by number. */
#include <stdlib.h>

#include "bench.h"
#include "traffic.h"
#include "wire/bytes.h"
#include "wire/ip.h"

enum {
	PEERS_OF_ADDRESS = 1000, /* behind one NAT */
	PEER_PORT = 40000,
	TRIES_MOST = UINT8_MAX,
	PREFIXES = 2 * TRAFFIC_GATEWAY_PREFIXES, /* every other one is of gateways */
};

/* A hash without collisions, so that no two tries of all sessions have the same IDs but by what is
 * cut off. */
static uint64_t
mix(uint64_t x)
{
	x ^= x >> 31;
	x *= UINT64_C(0x7fb5d329728ea185);
	x ^= x >> 27;
	x *= UINT64_C(0x81dadef4bc2dd44d);
	return x ^ x >> 33;
}

static unsigned
services(const struct population *p)
{
	return p->services == 0 ? 1 : p->services;
}

static void
draw_ids(uint64_t index, unsigned tries, struct dp_session *s)
{
	uint64_t drawn = mix(index * (TRIES_MOST + 1) + tries);

	s->tunnel_id = (uint16_t)(drawn | 1);
	s->session_id = (uint16_t)(drawn >> 16 | 1);
}

uint32_t
population_slot(const struct population *p, const struct dp_session *s)
{
	return cv_session_slot(p->seed, s->service, s->tunnel_id, s->session_id, p->mask);
}

int
population_plan(struct population *p)
{
	uint8_t *taken;

	/* one alone can't talk: the figure for 1 is that of one pair, one way */
	p->there = p->sessions < 2 ? 2 : p->sessions;
	p->seed = 7;
	p->mask = cv_slot_mask((uint32_t)p->there);
	p->tries = calloc(p->there, 1);
	taken = calloc((size_t)p->mask + 1, 1);
	for (uint64_t i = 0; p->tries != NULL && taken != NULL && i < p->there; i++) {
		struct dp_session s = {.service = (uint16_t)(i % services(p))};

		draw_ids(i, 0, &s);
		while (taken[population_slot(p, &s)] != 0 && p->tries[i] < TRIES_MOST)
			draw_ids(i, ++p->tries[i], &s);
		if (p->tries[i] == TRIES_MOST) { /* one in 2^255 */
			free(p->tries);
			p->tries = NULL;
			break;
		}
		taken[population_slot(p, &s)] = 1;
	}
	free(taken);
	return p->tries == NULL || taken == NULL ? -1 : 0;
}

void
population_free(struct population *p)
{
	free(p->tries);
	p->tries = NULL;
}

struct cv_ip
population_outer6(uint32_t number)
{
	struct cv_ip ip = {.family = CV_IPV6, .bytes = TRAFFIC_OUTER6};

	wire_put32(ip.bytes + 12, number);
	return ip;
}

struct cv_ip
population_inner6(uint64_t index)
{
	struct cv_ip ip = {.family = CV_IPV6, .bytes = TRAFFIC_POOL6};

	wire_put32(ip.bytes + 4, (uint32_t)index + 1);
	ip.bytes[15] = 2;
	return ip;
}

/* What IPV6CP and router advertisements bring. */
static void
open6(uint64_t index, struct dp_session *s)
{
	s->open6 = s->reachable6 = true;
	s->interface_id[7] = 1;
	s->prefix6 = (struct cv_prefix){.ip = population_inner6(index), .length = 64};
	s->prefix6.ip.bytes[15] = 0;
}

void
population_session(const struct population *p, uint64_t index, struct dp_session *s)
{
	uint64_t peer = p->lacs == 0 ? index : index % p->lacs;

	*s = (struct dp_session){.service = (uint16_t)(index % services(p)),
		.peer_tunnel_id = (uint16_t)index,
		.peer_session_id = (uint16_t)((index >> 16) + 1),
		.send = p->send,
		.peer = {.ip = cv_ipv4((uint32_t)(TRAFFIC_PEERS + peer / PEERS_OF_ADDRESS)),
			.port = (uint16_t)(PEER_PORT + peer % PEERS_OF_ADDRESS)},
		.open = true,
		.reachable = true,
		.address = cv_ipv4((uint32_t)(TRAFFIC_POOL + 1 + index)),
		.mtu = 1400};
	if (p->switched) {
		s->send |= DP_SEND_FRAMES;
		s->open = s->reachable = false;
	}
	if (p->outer6)
		s->peer.ip = population_outer6(cv_ipv4_value(&s->peer.ip));
	if (p->inner6 && !p->switched)
		open6(index, s);
	draw_ids(index, p->tries[index], s);
}

/* Addresses of a prefix, a power of two, so that all of them are in PREFIXES prefixes. */
static unsigned
prefix_shift(const struct population *p)
{
	unsigned shift = 0;

	while (((uint64_t)PREFIXES << shift) < p->there + 1)
		shift++;
	return shift;
}

/* The inner addresses, or networks, of so many sessions from a multiple of that on. */
static struct cv_prefix
prefix_of(const struct population *p, uint32_t number, unsigned shift)
{
	struct cv_prefix prefix = {
		.ip = cv_ipv4(TRAFFIC_POOL + (number << shift)), .length = (uint8_t)(32 - shift)};

	if (!p->inner6)
		return prefix;
	prefix.ip = population_inner6(((uint64_t)number << shift) - 1);
	prefix.ip.bytes[15] = 0;
	prefix.length = (uint8_t)(64 - shift);
	return prefix;
}

unsigned
population_gateways(const struct population *p, struct cv_prefix out[TRAFFIC_GATEWAY_PREFIXES])
{
	unsigned shift = prefix_shift(p);

	if (!p->gateways)
		return 0;
	for (unsigned i = 0; i < TRAFFIC_GATEWAY_PREFIXES; i++)
		out[i] = prefix_of(p, 2 * i + 1, shift);
	return TRAFFIC_GATEWAY_PREFIXES;
}

/* Half of them tile all addresses; the others are about UDP and addresses nearby. */
void
population_rules(const struct population *p, struct cv_rule *out)
{
	unsigned tiles = 1, shift = 0;

	while (4 * tiles <= p->rules)
		tiles *= 2;
	while (((uint64_t)tiles << shift) < p->there + 1)
		shift++;
	for (unsigned i = 0; i < p->rules; i++) {
		struct cv_rule *r = &out[i];

		if (i % 2 == 0 && i / 2 < tiles) {
			*r = (struct cv_rule){
				.protocol = WIRE_ESP, .peer = prefix_of(p, i / 2, shift)};
			continue;
		}
		*r = (struct cv_rule){.protocol = WIRE_UDP,
			.denies = i % 3 == 0,
			.peer = prefix_of(p, (uint32_t)(bench_random() % 65536), 0)};
		r->peer_port.low = (uint16_t)(1 + bench_random() % 1000);
		r->peer_port.high = (uint16_t)(r->peer_port.low + bench_random() % 4);
	}
}

static bool
is_gateway(unsigned shift, uint64_t index)
{
	return ((index + 1) >> shift & 1) != 0;
}

void
population_pair(const struct population *p, uint64_t *from, uint64_t *to)
{
	unsigned shift = p->gateways ? prefix_shift(p) : 0;

	if (p->sessions < 2) {
		*from = 0;
		*to = 1;
		return;
	}
	if (p->switched) {
		*from = bench_random() % (p->sessions & ~UINT64_C(1));
		*to = *from ^ 1;
		return;
	}
	*from = bench_random() % p->sessions;
	*to = bench_random() % p->sessions;
	if (!p->gateways && *to == *from)
		*to = (*to + 1) % p->sessions;
	while (p->gateways && is_gateway(shift, *from) == is_gateway(shift, *to))
		*to = bench_random() % p->sessions;
}
