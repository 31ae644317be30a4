/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a client may send comes out as it went in: random valid inner packets of either family go
 * through every combination of outer families, of what both ends agreed on, of the forms that a
 * data message may have, whole or in fragments, towards receivers that they fit or not. From the
 * first byte of the inner header nothing changes but TTL or hop limit, the header's checksum, and
 * what ECN says; the parts of what was cut are the packet; what may not be cut is told to its
 * sender; and the order of a session's packets stays.
 *
 * Arguments: how many packets, and the seed of the first burst. Each burst has a seed of its own,
 * which a failure prints: with it the burst comes first.
 */
#include <stdlib.h>

#include "carry.h"

enum {
#ifdef __SANITIZE_ADDRESS__
	PACKETS = 60000,
#else
	PACKETS = 1000000,
#endif
	MANY = 500000, /* so many meet every combination */
	SEED = 20261126,
	BURST = 24, /* inner packets, in up to 8 fragments each */
	FRAMES = BURST * CARRY_PARTS,
	ICMP_BYTES = 8,
	COMBINATIONS = 1 << 12,
	ECN = 3,
	CE = 3,
	ECT_0 = 2,
	ECT_1 = 1,
};

enum fate { RELAYED, CUT, TIME_EXCEEDED, TOO_BIG, DROPPED, FATES };

/* What was sent, and what has to come of it. */
struct sent {
	unsigned from, to;
	bool six;
	enum fate fate;
	unsigned end; /* CUT: so much of it has come, behind its header */
	size_t len;
	uint8_t bytes[CARRY_MOST + 64]; /* as they are out of the outer packet */
};

static unsigned packets_wanted = PACKETS;
static uint64_t first_seed = SEED, seed;
static struct sent sent[BURST];
static struct frame_bytes frames[FRAMES];
static unsigned frame_from[FRAMES], frame_count;
static uint8_t combinations[COMBINATIONS];
static uint64_t fates[FATES];

#define must(what)                                                                           \
	do {                                                                                 \
		if (!(what))                                                                 \
			fail_msg("burst of seed %llu: %s", (unsigned long long)seed, #what); \
	} while (0)

/* ---- what has to come out ---- */

static uint8_t
class_of(const struct sent *s)
{
	return s->six ? wire_ipv6_class(s->bytes) : s->bytes[WIRE_IPV4_TOS];
}

static void
set_ecn(struct sent *s, unsigned ecn)
{
	if (s->six) {
		s->bytes[1] = (uint8_t)((s->bytes[1] & ~(ECN << 4)) | ecn << 4);
		return;
	}
	s->bytes[WIRE_IPV4_TOS] = (uint8_t)((s->bytes[WIRE_IPV4_TOS] & ~ECN) | ecn);
	wire_ipv4_finish(s->bytes);
}

/* RFC 6040 section 4.2. false: it is lost. */
static bool
mark(struct sent *s, unsigned outer)
{
	unsigned inner = class_of(s) & ECN;

	if (outer == CE && inner == 0)
		return false;
	if (outer == CE || (outer == ECT_1 && inner == ECT_0))
		set_ecn(s, outer);
	return true;
}

/* Whether an error may tell of it (RFC 1812 section 4.3.2.7, RFC 4443 section 2.4). */
static bool
may_be_told(const struct sent *s)
{
	struct wire_upper upper;
	unsigned header;

	if (s->six) {
		assert_true(wire_ipv6_upper(s->bytes, s->len, &upper));
		return upper.protocol != WIRE_ICMPV6 ||
		       (!upper.later && upper.at < s->len && s->bytes[upper.at] >= 128 &&
			       s->bytes[upper.at] != WIRE_ND_REDIRECT);
	}
	header = wire_ipv4_header(s->bytes);
	if ((wire_ipv4_fragment_be(s->bytes) & WIRE_IPV4_OFFSET_BE) != 0)
		return false;
	return s->bytes[WIRE_IPV4_PROTOCOL] != WIRE_ICMP ||
	       (s->len > header && !wire_icmp_is_error(s->bytes[header]));
}

static enum fate
fate_of(const struct carry *c, struct sent *s, unsigned outer_ecn)
{
	unsigned hops = s->six ? s->bytes[WIRE_IPV6_HOPS] : s->bytes[WIRE_IPV4_TTL];
	unsigned mtu = c->sessions[s->to].mtu;
	enum fate fate = RELAYED;

	if (!mark(s, outer_ecn))
		return DROPPED;
	if (hops == 0 && !s->six)
		return DROPPED;
	if (hops <= 1)
		fate = TIME_EXCEEDED;
	else if (s->len > mtu && !s->six &&
		 (wire_ipv4_fragment_be(s->bytes) & WIRE_IPV4_DONT_BE) == 0)
		return CUT;
	else if (s->len > mtu)
		fate = TOO_BIG;
	return fate == RELAYED || may_be_told(s) ? fate : DROPPED;
}

/* ---- sending ---- */

static void
note(const struct carry *c, const struct sent *s, const struct carry_form *f, bool in_parts)
{
	const struct carry_session *from = &c->sessions[s->from], *to = &c->sessions[s->to];

	combinations[(from->v6 << 11 | to->v6 << 10 | s->six << 9 | f->acfc << 8 | f->pfc << 7 |
			     f->length << 6 | f->offset << 5 | in_parts << 4 | (to->send & 15)) %
		     COMBINATIONS] = 1;
}

static void
put_frames(struct random *r, unsigned from, struct frame_bytes *parts, unsigned n)
{
	while (n != 0) { /* the order of fragments says nothing */
		unsigned i = random_number(r, n);

		frame_from[frame_count] = from;
		frames[frame_count++] = parts[i];
		parts[i] = parts[--n];
	}
}

/* One inner packet, with what is around it. */
static void
send(struct carry *c, struct random *r, unsigned from, struct sent *s)
{
	static struct frame_bytes parts[CARRY_PARTS];
	struct carry_session *session = &c->sessions[from];
	struct carry_form form = carry_form(r, session);
	uint8_t source[16], target[16];
	unsigned n = 1;

	*s = (struct sent){.from = from};
	do
		s->to = random_number(r, CARRY_SESSIONS);
	while (s->to == from);
	s->six = session->six && c->sessions[s->to].six && random_hit(r, 2);
	carry_address6(r, from, source);
	carry_address6(r, s->to, target);
	s->len = s->six ? valid6(r, source, target, CARRY_MOST, s->bytes)
			: valid4(r, wire_swap32(CARRY_INNERS + from),
				  wire_swap32(CARRY_INNERS + s->to), CARRY_MOST, s->bytes);
	if ((session->send & DP_SEND_SEQUENCE) != 0)
		form.ns = session->ns++;
	parts[0].len = carry_frame(c, from, &form, s->six, s->bytes, s->len, parts[0].bytes);
	if (random_hit(r, 4)) {
		static struct frame_bytes whole;

		whole = parts[0];
		n = carry_cut(r, c, from, whole.bytes, whole.len, parts);
	}
	note(c, s, &form, n > 1);
	put_frames(r, from, parts, n);
	s->fate = fate_of(c, s, form.tos & ECN);
	fates[s->fate]++;
}

/* Frames of different senders are put in in any order. Where Ns tell it, those of one may be in
 * another, too: the last two of a burst are turned round. */
static void
mix(const struct carry *c, struct random *r)
{
	for (unsigned i = 0; i + 1 < frame_count; i++) {
		unsigned a = frame_from[i], b = frame_from[i + 1];
		struct frame_bytes one;

		if (a == b && ((c->sessions[a].send & DP_SEND_SEQUENCE) == 0 || !random_hit(r, 4)))
			continue;
		if (a != b && random_hit(r, 2))
			continue;
		one = frames[i];
		frames[i] = frames[i + 1];
		frames[i + 1] = one;
		frame_from[i] = b;
		frame_from[i + 1] = a;
	}
}

/* In one buffer, or two. */
static void
put(struct bench *b, struct random *r, const struct frame_bytes *f)
{
	size_t first = random_hit(r, 16) ? 1 + random_number(r, (uint32_t)f->len) : f->len;
	struct rte_mbuf *m = rte_pktmbuf_alloc(b->dp->pool), *second;

	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, (uint16_t)first), f->bytes, first);
	if (first != f->len) {
		second = rte_pktmbuf_alloc(b->dp->pool);
		assert_non_null(second);
		memcpy(rte_pktmbuf_append(second, (uint16_t)(f->len - first)), f->bytes + first,
			f->len - first);
		assert_int_equal(rte_pktmbuf_chain(m, second), 0);
	}
	assert_int_equal(rte_ring_enqueue(b->in, m), 0);
}

/* ---- looking ---- */

static void
see_relayed(struct sent *s, const struct carry_got *got)
{
	must(got->len == s->len);
	if (s->six) {
		s->bytes[WIRE_IPV6_HOPS]--;
	} else {
		s->bytes[WIRE_IPV4_TTL]--;
		wire_ipv4_finish(s->bytes);
	}
	must(memcmp(got->inner, s->bytes, s->len) == 0);
}

/* Of a header's options those that are in each fragment, padded to whole words. */
static size_t
copied_options(const uint8_t *ip, uint8_t *out)
{
	size_t len = 0, header = wire_ipv4_header(ip);

	for (size_t at = WIRE_IPV4; at < header && ip[at] != WIRE_OPTION_END;) {
		size_t bytes = ip[at] == WIRE_OPTION_NOP ? 1 : ip[at + 1];

		if (ip[at] >= 128) {
			memcpy(out + len, ip + at, bytes);
			len += bytes;
		}
		at += bytes;
	}
	while (len % 4 != 0)
		out[len++] = WIRE_OPTION_END;
	return len;
}

/* RFC 791 section 3.2. true: it was the last part. */
static bool
see_part(struct sent *s, const struct carry_got *got)
{
	unsigned header = wire_ipv4_header(s->bytes), own = wire_ipv4_header(got->inner);
	uint16_t field = wire_get16(s->bytes + WIRE_IPV4_FRAGMENT),
		 part = wire_get16(got->inner + WIRE_IPV4_FRAGMENT);
	unsigned bytes = (unsigned)got->len - own;
	uint8_t expected[WIRE_IPV4_MOST];
	size_t options = header - WIRE_IPV4;
	bool last = s->end + bytes == s->len - header;

	must(wire_ipv4_length(got->inner) == got->len);
	must(wire_ipv4_sum_right(got->inner, own));
	if (s->end != 0)
		options = copied_options(s->bytes, expected);
	must(own == WIRE_IPV4 + options);
	must(memcmp(got->inner + WIRE_IPV4, s->end != 0 ? expected : s->bytes + WIRE_IPV4,
		     options) == 0);
	must((part & WIRE_IPV4_OFFSET) == (field & WIRE_IPV4_OFFSET) + s->end / 8);
	must((part & WIRE_IPV4_DONT) == 0);
	must(((part & WIRE_IPV4_MORE) != 0) == (!last || (field & WIRE_IPV4_MORE) != 0));
	must(got->inner[WIRE_IPV4_TOS] == s->bytes[WIRE_IPV4_TOS]);
	must(got->inner[WIRE_IPV4_TTL] == s->bytes[WIRE_IPV4_TTL] - 1);
	must(memcmp(got->inner + WIRE_IPV4_ID, s->bytes + WIRE_IPV4_ID, 2) == 0);
	must(got->inner[WIRE_IPV4_PROTOCOL] == s->bytes[WIRE_IPV4_PROTOCOL]);
	must(memcmp(got->inner + WIRE_IPV4_SOURCE, s->bytes + WIRE_IPV4_SOURCE, 8) == 0);
	must(last || bytes % 8 == 0);
	must(s->end + bytes <= s->len - header);
	must(memcmp(got->inner + own, s->bytes + header + s->end, bytes) == 0);
	s->end += bytes;
	return last;
}

static void
see_error4(const struct carry *c, const struct sent *s, const struct carry_got *got)
{
	const uint8_t *icmp = got->inner + WIRE_IPV4;
	size_t most = RTE_MIN(576u, c->sessions[s->from].mtu),
	       quoted = got->len - WIRE_IPV4 - ICMP_BYTES;

	must(got->inner[0] == 0x45 && got->inner[WIRE_IPV4_PROTOCOL] == WIRE_ICMP);
	must(wire_ipv4_sum_right(got->inner, WIRE_IPV4));
	must(wire_ipv4_length(got->inner) == got->len);
	must(memcmp(got->inner + WIRE_IPV4_TARGET, s->bytes + WIRE_IPV4_SOURCE, 4) == 0);
	must(wire_fold(wire_sum(icmp, got->len - WIRE_IPV4)) == WIRE_SUM_RIGHT);
	if (s->fate == TOO_BIG) {
		must(icmp[0] == 3 && icmp[1] == 4);
		must(wire_get16(icmp + WIRE_ICMP_MTU) == c->sessions[s->to].mtu);
	} else {
		must(icmp[0] == 11 && icmp[1] == 0);
	}
	must(got->len == RTE_MIN(most, s->len + WIRE_IPV4 + ICMP_BYTES));
	must(memcmp(icmp + ICMP_BYTES, s->bytes, quoted) == 0);
}

static void
see_error6(const struct carry *c, const struct sent *s, const struct carry_got *got)
{
	const uint8_t *icmp = got->inner + WIRE_IPV6;
	size_t quoted = got->len - WIRE_IPV6 - ICMP_BYTES;

	must(got->inner[WIRE_IPV6_NEXT] == WIRE_ICMPV6);
	must(wire_get16(got->inner + WIRE_IPV6_LENGTH) == got->len - WIRE_IPV6);
	must(wire_ipv6_equal(got->inner + WIRE_IPV6_TARGET, s->bytes + WIRE_IPV6_SOURCE));
	must(wire_icmpv6_sum_right(icmp, got->len - WIRE_IPV6, got->inner + WIRE_IPV6_SOURCE,
		got->inner + WIRE_IPV6_TARGET));
	if (s->fate == TOO_BIG) {
		must(icmp[0] == 2 && icmp[1] == 0);
		must(wire_get32(icmp + 4) == c->sessions[s->to].mtu);
	} else {
		must(icmp[0] == 3 && icmp[1] == 0);
	}
	must(got->len == RTE_MIN((size_t)WIRE_IPV6_MTU_LEAST, s->len + WIRE_IPV6 + ICMP_BYTES));
	must(memcmp(icmp + ICMP_BYTES, s->bytes, quoted) == 0);
}

/* A sender's next packet of which something has to come; NULL: there is none. */
static struct sent *
next_of(unsigned from, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (sent[i].from == from && sent[i].fate != DROPPED)
			return &sent[i];
	return NULL;
}

/* A frame is the next one of its sender; of what it was nothing more has to come, or its rest. */
static void
see(struct carry *c, unsigned n, const struct frame_bytes *f)
{
	struct carry_got got = carry_take(c, f->bytes, f->len);
	unsigned from = carry_source(c, &got);
	bool error = from == CARRY_SESSIONS;
	struct sent *s = next_of(error ? got.to : from, n);

	must(s != NULL);
	must(s->six == got.six);
	must(error == (s->fate == TIME_EXCEEDED || s->fate == TOO_BIG));
	must(error || got.to == s->to);
	if (error && s->six)
		see_error6(c, s, &got);
	else if (error)
		see_error4(c, s, &got);
	else if (s->fate == RELAYED)
		see_relayed(s, &got);
	else if (!see_part(s, &got))
		return;
	s->fate = DROPPED;
}

/* Returns how many packets were sent. */
static unsigned
burst(struct carry *c)
{
	struct random r = random_of(seed);
	unsigned senders[3], n = 1 + random_number(&r, BURST), given = 0;
	struct dp_worker *w = c->b->dp->workers[0];
	struct frame_bytes f;

	for (unsigned i = 0; i < 3; i++)
		senders[i] = random_number(&r, CARRY_SESSIONS);
	memset(w->limits, 0, (c->b->dp->slot_mask + 1) * sizeof(w->limits[0]));
	frame_count = 0;
	for (unsigned i = 0; i < n; i++)
		send(c, &r, senders[random_number(&r, 3)], &sent[i]);
	mix(c, &r);
	while (given < frame_count) {
		unsigned some = 1 + random_number(&r, DP_BURST);

		for (; some != 0 && given < frame_count; some--)
			put(c->b, &r, &frames[given++]);
		(void)dp_worker_round(w);
		for (f = take_frame(c->b); f.len != 0; f = take_frame(c->b)) {
			see(c, n, &f);
		}
	}
	for (unsigned i = 0; i < n; i++)
		must(sent[i].fate == DROPPED);
	return n;
}

static void
valid_packets_come_out_as_they_went_in(void **state)
{
	static struct carry c;
	unsigned done = 0, missing = 0;
	struct bench b;

	(void)state;
	bench_up_for(&b, 1000, 0, 0);
	carry_up(&c, &b);
	bench_pass(&b, 0);
	for (seed = first_seed; done < packets_wanted; seed++)
		done += burst(&c);
	print_message(
		"# seeds %llu to %llu: %llu relayed, %llu cut, %llu and %llu told of TTL and size, "
		"%llu dropped\n",
		(unsigned long long)first_seed, (unsigned long long)seed - 1,
		(unsigned long long)fates[RELAYED], (unsigned long long)fates[CUT],
		(unsigned long long)fates[TIME_EXCEEDED], (unsigned long long)fates[TOO_BIG],
		(unsigned long long)fates[DROPPED]);
	for (unsigned i = 0; i < COMBINATIONS; i++)
		missing += !combinations[i];
	if (packets_wanted >= MANY)
		assert_int_equal(missing, 0);
	bench_down(&b);
}

/* Where an assertion of carry_take() fails, too, the burst is known. */
static int
say_seed(void **state)
{
	(void)state;
	print_message(
		"# the last burst: test_datapath_property 1 %llu\n", (unsigned long long)seed);
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(valid_packets_come_out_as_they_went_in, say_seed),
	};

	if (argc > 1)
		packets_wanted = (unsigned)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		first_seed = strtoull(argv[2], NULL, 10);
	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
