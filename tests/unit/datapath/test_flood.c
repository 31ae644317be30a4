/* SPDX-License-Identifier: BSD-3-Clause */
/* Floods of fragments that nobody finishes push out no honest ones. */
#include "ipv6.h"
#include "whole.h"

/* What the first fragments of a flood say that they are. */
enum says { SCCRQ, DATA, CONTROL, SAYS };

/* A first fragment that nobody finishes: of a source, with its number, that names any session. */
static void
put_first(struct bench *b, uint32_t source, uint16_t id, enum says says, uint32_t names)
{
	uint8_t frame[HEADERS + 64] = {0};
	const struct wire_ipv4 header = {.length = WIRE_IPV4 + 64,
		.id = id,
		.fragment = WIRE_IPV4_MORE,
		.ttl = 60,
		.protocol = WIRE_UDP,
		.source_be = wire_swap32(source),
		.target_be = wire_swap32(LNS_IP)};
	struct rte_mbuf *m = rte_pktmbuf_alloc(b->dp->pool);

	memcpy(frame, b->dp->ports[0].mac, 6);
	wire_store16(frame + WIRE_ETHER_TYPE, WIRE_TYPE_IPV4_BE);
	wire_ipv4_write(frame + WIRE_ETHER, &header);
	wire_udp_write(frame + HEADERS, 4711, 1701, 500);
	memcpy(frame + HEADERS + WIRE_UDP_HEADER, says == DATA ? "\x40\2\0\x64" : "\xc8\2\0\x64",
		4);
	if (says != SCCRQ)
		wire_put32(frame + HEADERS + WIRE_UDP_HEADER + 4, names);
	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, sizeof(frame)), frame, sizeof(frame));
	assert_int_equal(rte_ring_enqueue(b->in, m), 0);
}

/* Likewise over IPv6, of a host in 2001:db8:7777::/48. */
static void
put_first6(struct bench *b, uint64_t host)
{
	enum { PART = WIRE_FRAGMENT_HEADER + 64 };
	uint8_t frame[ETHER_IPV6 + PART] = {0}, *part = frame + ETHER_IPV6;
	struct rte_mbuf *m = rte_pktmbuf_alloc(b->dp->pool);

	around_ipv6(b, frame, "2001:db8:7777::1", LNS_6, WIRE_FRAGMENT, 60, PART);
	wire_put16(frame + WIRE_ETHER + WIRE_IPV6_SOURCE + 6, (uint16_t)(host >> 32));
	wire_put32(frame + WIRE_ETHER + WIRE_IPV6_SOURCE + 8, (uint32_t)host);
	part[0] = WIRE_UDP;
	part[3] = 1; /* more */
	wire_put32(part + 4, (uint32_t)(host >> 16));
	wire_udp_write(part + WIRE_FRAGMENT_HEADER, 4711, 1701, 500);
	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, sizeof(frame)), frame, sizeof(frame));
	assert_int_equal(rte_ring_enqueue(b->in, m), 0);
}

struct flood {
	unsigned sent;
	uint64_t random;
	bool forged; /* any source; else one network, */
	bool hosts;  /* any host in it, */
	bool v6;     /* over IPv6 */
	enum says says;
};

static void
flood(struct bench *b, struct flood *f, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint32_t source;

		f->random = f->random * UINT64_C(6364136223846793005) + 1442695040888963407;
		source = (uint32_t)(f->random >> 33);
		if (f->forged)
			source = (1 + source % 126) << 24 | source >> 8;
		else
			source = 0xc6336400 | (f->hosts ? source & 0xff : 1);
		if (f->v6)
			put_first6(b, f->random >> 8);
		else
			put_first(b, source, (uint16_t)(f->random >> 40), f->says,
				(uint32_t)(f->random >> 13));
		f->sent++;
		if (i % DP_BURST == DP_BURST - 1)
			dp_worker_round(b->dp->workers[0]);
	}
	dp_worker_round(b->dp->workers[0]);
}

/* Of `rounds` honest packets whose parts have `between` of the flood between them. */
static unsigned
honest_ones(struct bench *b, struct flood *f, unsigned rounds, unsigned between, bool first_first)
{
	uint8_t got[FRAME_MAX];
	unsigned arrived = 0;
	struct whole w;

	for (unsigned i = 0; i < rounds; i++) {
		make(b, &w, true, 1000, (uint16_t)i);
		if (first_first)
			put_part(b, &w, 0, 504, true);
		else
			put_last(b, &w, 504);
		flood(b, f, between);
		if (first_first)
			put_last(b, &w, 504);
		else
			put_part(b, &w, 0, 504, true);
		arrived += take_inner(b, false, got) == 1000;
	}
	return arrived;
}

/* The table holds 127 in this test. A million from anywhere: of a session's packet the first
 * fragment says whose it is, so it stays; where the last comes first, the chance decides. */
static void
a_flood_pushes_out_no_session(void **state)
{
	struct flood f = {.random = 1, .forged = true};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	bench_pass(&b, 0);
	assert_int_equal(honest_ones(&b, &f, 1000, 1000, true), 1000);
	assert_true(f.sent >= 1000000);
	assert_true(drops(&b, DP_DROP_REASSEMBLE_GAVE_WAY) >= f.sent - 1000);
	assert_true(honest_ones(&b, &f, 1000, 5, false) >= 850);
	/* it matters little what they say: nobody is what he says from elsewhere */
	for (f.says = DATA; f.says < SAYS; f.says++)
		assert_int_equal(honest_ones(&b, &f, 100, 1000, true), 100);
	assert_true(rte_mempool_avail_count(b.dp->pool) >= b.mbufs - 128);
	dp_parts_drain(b.dp->workers[0]);
	bench_down(&b);
}

/* From one network: it has what it pushed out itself, and others lose nothing, whatever order. */
static void
no_source_has_more_than_its_share(void **state)
{
	struct flood f = {.random = 1};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	bench_pass(&b, 0);
	assert_int_equal(honest_ones(&b, &f, 200, 1000, true), 200);
	assert_int_equal(honest_ones(&b, &f, 200, 1000, false), 200);
	f.hosts = true;
	assert_int_equal(honest_ones(&b, &f, 200, 1000, false), 200);
	serve_ipv6(&b, NULL);
	f.v6 = true;
	for (unsigned i = 0; i < 3; i++) {
		dp_control_poll(b.dp, b.now);
		dp_worker_round(b.dp->workers[0]);
	}
	while (take_frame(&b).len != 0)
		; /* what we listen to */
	assert_int_equal(honest_ones(&b, &f, 200, 1000, false), 200);
	dp_parts_drain(b.dp->workers[0]);
	bench_down(&b);
}

/* A client, known as it is, that sends first fragments of its own session alone. */
static void
no_session_has_more_than_its_share(void **state)
{
	uint8_t got[FRAME_MAX];
	struct whole w;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	bench_pass(&b, 0);
	for (unsigned i = 0; i < 1000; i++) {
		make(&b, &w, false, 500, (uint16_t)i);
		put_part(&b, &w, 0, 304, true);
	}
	for (unsigned round = 0; round < 200; round++) {
		struct whole own;

		make(&b, &own, true, 1000, (uint16_t)round);
		if (round % 2 == 0)
			put_part(&b, &own, 0, 504, true);
		else
			put_last(&b, &own, 504);
		for (unsigned i = 0; i < 200; i++) {
			w.id++;
			put_part(&b, &w, 0, 304, true);
		}
		if (round % 2 == 0)
			put_last(&b, &own, 504);
		else
			put_part(&b, &own, 0, 504, true);
		assert_int_equal(take_inner(&b, false, got), 1000);
	}
	dp_parts_drain(b.dp->workers[0]);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flood_pushes_out_no_session),
		cmocka_unit_test(no_source_has_more_than_its_share),
		cmocka_unit_test(no_session_has_more_than_its_share),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
