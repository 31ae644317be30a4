/* SPDX-License-Identifier: BSD-3-Clause */
/* What comes by a session that is joined to another one leaves by that, byte for byte. */
#include <string.h>

#include "switch.h"

static const uint8_t lcp_echo[] = {0xff, 0x03, 0xc0, 0x21, 9, 1, 0, 8, 1, 2, 3, 4};
static uint8_t ppp_of_ip[104] = {0xff, 0x03, 0x00, 0x21}; /* ESP from A to B */

/* Each pair, in both directions. */
static const struct {
	unsigned from, to;
} ways[] = {{W, X}, {X, W}, {W6, X6}, {X6, W6}, {W, X6}, {X6, W}, {W6, X}, {X, W6}};

/* Joins those of a way, and no others. */
static void
join_way(struct ends *e, unsigned way)
{
	static const unsigned pairs[][2] = {{W, X}, {W6, X6}, {W, X6}, {W6, X}};
	const unsigned *pair = pairs[way / 2];

	for (unsigned i = 0; i < ENDS; i++)
		assert_int_equal(dp_switch_set(e->b->dp, e->at[i].slot, DP_NO_SLOT), 0);
	join(e, pair[0], pair[1]);
}

/* A PPP frame of any protocol and form, or of none. */
static size_t
any_frame(uint64_t *random, uint8_t *ppp)
{
	static const char heads[][5] = {"\xff\x03\x00\x21", "\xff\x03\x21", "\x21", "\xff\x03\x57",
		"\x57", "\xff\x03\xc0\x21", "\xc0\x21", "\xff\x03\x80\x21", "\x3d", "\xfd",
		"\xff\x03\x00\xfd", "\xff", "\xff\x03", "\x45"};
	static const uint8_t lengths[] = {4, 3, 1, 3, 1, 4, 2, 4, 1, 1, 4, 1, 2, 1};
	unsigned head = random_below(random, RTE_DIM(lengths));
	size_t len = 1 + random_below(random, random_below(random, 3) == 0 ? 1400 : 80);

	for (size_t i = 0; i < len; i++)
		ppp[i] = (uint8_t)random_below(random, 256);
	if (random_below(random, 8) != 0)
		memcpy(ppp, heads[head], RTE_MIN(len, (size_t)lengths[head]));
	return len;
}

static struct form
any_form(uint64_t *random)
{
	struct form f = {.length = random_below(random, 2) != 0,
		.sequence = random_below(random, 6) == 0,
		.offset = random_below(random, 6) == 0,
		.priority = random_below(random, 8) == 0,
		.tos = random_below(random, 3) == 0
			       ? (uint8_t)(random_below(random, 64) << 2 | random_below(random, 3))
			       : 0,
		.offset_bytes = (uint8_t)random_below(random, 9)};

	f.padding = f.length && random_below(random, 4) == 0 ? (uint8_t)random_below(random, 9) : 0;
	return f;
}

static void
frames_leave_as_they_came(void **state)
{
	static const uint16_t sends[] = {0, DP_SEND_LENGTH, DP_SEND_ACFC | DP_SEND_PFC};
	uint8_t ppp[PPP_MOST];
	uint64_t random = 20261126;
	struct bench b;
	struct ends e;

	(void)state;
	ends_up(&e, &b, 0);
	for (unsigned k = 0; k < RTE_DIM(sends) * RTE_DIM(ways); k++) {
		unsigned way = k % RTE_DIM(ways);

		if (way == 0)
			for (unsigned i = 0; i < ENDS; i++)
				end_set(&e, i, sends[k / RTE_DIM(ways)]);
		join_way(&e, way);
		for (unsigned i = 0; i < 400; i++) {
			struct form f = any_form(&random);
			size_t len = any_frame(&random, ppp);

			end_sends(&e, ways[way].from, &f, ppp, len);
			end_gets(&e, ways[way].from, ways[way].to, ppp, len, f.tos & 0xfc);
			assert_int_equal(take_frame(&b).len, 0);
		}
	}
	ends_count(&e);
	assert_int_equal(edges(&b, DP_EDGE_INGRESS_PUNT_PPP), 0);
	assert_int_equal(edges(&b, DP_EDGE_INGRESS_ROUTE), 0);
	assert_int_equal(edges(&b, DP_EDGE_INGRESS_SWITCH), 400 * RTE_DIM(sends) * RTE_DIM(ways));
	assert_int_equal(edges(&b, DP_EDGE_EGRESS_TX), edges(&b, DP_EDGE_INGRESS_SWITCH));
	bench_down(&b);
}

static void
a_checksum_is_carried_on_or_made(void **state)
{
	uint8_t ppp[PPP_MOST];
	uint64_t random = 7;
	struct frame_bytes f;
	struct bench b;
	struct ends e;

	(void)state;
	ends_up(&e, &b, 0);
	for (unsigned way = 0; way < RTE_DIM(ways); way++) {
		join_way(&e, way);
		for (unsigned i = 0; i < 200; i++) {
			struct form form = any_form(&random);
			size_t len = any_frame(&random, ppp);

			form.wrong_checksum = true;
			end_sends(&e, ways[way].from, &form, ppp, len);
			f = take_frame(&b);
			end_datagram(&e, ways[way].to,
				end_outer(&e, ways[way].to, &f, form.tos & 0xfc), ppp, len);
			assert_false(end_sum_right(ways[way].to, &f));
			if (end_is6(ways[way].from))
				continue;
			form.wrong_checksum = false;
			form.no_checksum = true;
			end_sends(&e, ways[way].from, &form, ppp, len);
			end_gets(&e, ways[way].from, ways[way].to, ppp, len, form.tos & 0xfc);
		}
	}
	bench_down(&b);
}

/* ---- order, marks, sizes ---- */

/* LCP, which the stages take, and data, which need not, leave in the order in which they came. */
static void
nothing_overtakes(void **state)
{
	uint8_t ppp[DP_BURST][200], frame[FRAME_MAX];
	struct form f = {0};
	struct bench b;
	struct ends e;

	(void)state;
	ends_up(&e, &b, 0);
	join(&e, W, X6);
	for (unsigned i = 0; i < DP_BURST; i++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(b.dp->pool);
		size_t len;

		f.length = i % 3 == 0;
		f.priority = i % 7 == 3;
		memcpy(ppp[i], i % 5 == 2 ? "\xff\x03\xc0\x21" : "\xff\x03\x00\x21", 4);
		inner_packet(ppp[i] + 4, INNER_A, INNER_B, WIRE_ESP, 100 + i);
		len = end_frame(&e, W, &f, ppp[i], 104 + i, frame);
		assert_non_null(m);
		memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
		assert_int_equal(rte_ring_enqueue(b.in, m), 0);
	}
	dp_worker_round(b.dp->workers[0]);
	for (unsigned i = 0; i < DP_BURST; i++)
		end_gets(&e, W, X6, ppp[i], 104 + i, 0);
	ends_count(&e);
	bench_down(&b);
}

/* The outer DSCP goes from header to header, ECN where it is told on. */
static void
marks_go_from_header_to_header(void **state)
{
	uint8_t ppp[104] = {0xff, 0x03, 0x00, 0x21};
	unsigned congested = 0;
	struct bench b;
	struct ends e;

	(void)state;
	ends_up(&e, &b, 0);
	end_set(&e, X, DP_SEND_ECN);
	end_set(&e, X6, DP_SEND_ECN);
	inner_packet(ppp + 4, INNER_A, INNER_B, WIRE_ESP, 100); /* whose own is 0 */
	for (unsigned way = 0; way < RTE_DIM(ways); way++) {
		unsigned from = ways[way].from, to = ways[way].to;

		join_way(&e, way);
		for (unsigned tos = 0; tos < 256; tos++) {
			const struct form f = {.tos = (uint8_t)tos};
			bool told_on = to == X || to == X6;

			end_sends(&e, from, &f, ppp, sizeof(ppp));
			if (told_on || (tos & 3) != 3)
				end_gets(&e, from, to, ppp, sizeof(ppp),
					tos & (told_on ? 0xff : 0xfc));
			else
				congested++;
			assert_int_equal(take_frame(&b).len, 0);
		}
	}
	assert_int_equal(congested, 64 * RTE_DIM(ways) / 2);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_CONGESTION), congested);
	ends_count(&e);
	bench_down(&b);
}

/* The outer packet comes in parts of at most so many bytes, whose contents are put together here.
 */
static size_t
take_parts(struct ends *e, unsigned to, unsigned most, unsigned parts, uint8_t *udp)
{
	size_t have = 0;

	for (unsigned i = 0; i < parts; i++) {
		struct frame_bytes f = take_frame(e->b);
		uint8_t *ip = f.bytes + WIRE_ETHER, *at = ip + WIRE_IPV4;
		unsigned offset;
		bool more;

		assert_in_range(f.len, WIRE_ETHER + 1, WIRE_ETHER + most);
		if (end_is6(to)) {
			at = ip + WIRE_IPV6;
			assert_int_equal(ip[WIRE_IPV6_NEXT], WIRE_FRAGMENT);
			assert_int_equal(at[0], WIRE_UDP);
			offset = wire_get16(at + 2) & 0xfff8;
			more = (at[3] & 1) != 0;
			at += WIRE_FRAGMENT_HEADER;
		} else {
			assert_true(wire_ipv4_sum_right(ip, WIRE_IPV4));
			offset = 8u * (wire_get16(ip + WIRE_IPV4_FRAGMENT) & WIRE_IPV4_OFFSET);
			more = (wire_get16(ip + WIRE_IPV4_FRAGMENT) & WIRE_IPV4_MORE) != 0;
		}
		assert_int_equal(offset, have);
		assert_int_equal(more, i + 1 < parts);
		memcpy(udp + have, at, (size_t)(f.bytes + f.len - at));
		have += (size_t)(f.bytes + f.len - at);
	}
	return have;
}

static void
what_does_not_fit_leaves_in_parts(void **state)
{
	uint8_t ppp[PPP_MOST], udp[FRAME_MAX], frame[FRAME_MAX];
	struct rte_mbuf *m, *all[1023];
	struct cv_ip own = ip6(LNS_6);
	const struct form f = {0};
	unsigned n = 0, sent = 0;
	struct bench b;
	struct ends e;
	size_t len;

	(void)state;
	ends_up(&e, &b, 0);
	for (unsigned i = 0; i < sizeof(ppp); i++)
		ppp[i] = (uint8_t)(i * 7);
	for (unsigned way = 0; way < RTE_DIM(ways); way++) {
		unsigned from = ways[way].from, to = ways[way].to;
		unsigned fits = dp_session_mtu(b.dp, e.at[to].slot);

		join_way(&e, way);
		assert_int_equal(
			fits, 1500 - WIRE_UDP_HEADER - 6 - (end_is6(to) ? WIRE_IPV6 : WIRE_IPV4));
		for (unsigned bytes = fits - 1; bytes <= fits + 2; bytes++) {
			memcpy(ppp, bytes % 2 == 0 ? "\x00\x21\x45\x00" : "\xff\x03\xc0\x21", 4);
			end_sends(&e, from, &f, ppp, bytes);
			if (bytes <= fits) {
				end_gets(&e, from, to, ppp, bytes, 0);
				continue;
			}
			len = take_parts(&e, to, 1500, 2, udp);
			assert_int_equal(wire_udp_length(udp), len);
			end_datagram(&e, to, udp, ppp, bytes);
			if (end_is6(to)) {
				struct cv_ip peer = ip6(end_peer6(to));

				assert_true(wire_udp_sum_right6(udp, own.bytes, peer.bytes));
			} else {
				assert_true(wire_udp_sum_right(udp, wire_swap32(LNS_IP),
					wire_swap32(to == W ? PEER_A : PEER_B)));
			}
			sent++;
			e.at[from].rx_packets++;
			e.at[from].rx_bytes += bytes;
			e.at[to].tx_packets++;
			e.at[to].tx_bytes += bytes;
		}
	}
	assert_int_equal(edges(&b, DP_EDGE_EGRESS_PARTS), sent);
	ends_count(&e);

	/* a narrower way, and no buffers for parts */
	assert_int_equal(dp_iface_set(b.dp, 0, &(struct dp_iface){.mtu = 1400}), 0);
	assert_int_equal(dp_session_mtu(b.dp, e.at[W].slot), 1400 - 34);
	assert_int_equal(dp_session_mtu(b.dp, e.at[X6].slot), 1400 - 54);
	m = rte_pktmbuf_alloc(b.dp->pool);
	assert_non_null(m);
	len = end_frame(&e, W6, &f, ppp, 1400 - 33, frame);
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
	while ((all[n] = rte_pktmbuf_alloc(b.dp->pool)) != NULL)
		assert_in_range(++n, 1, RTE_DIM(all) - 1);
	assert_int_equal(rte_ring_enqueue(b.in, m), 0);
	dp_worker_round(b.dp->workers[0]);
	assert_int_equal(drops(&b, DP_DROP_RELAY_TOO_BIG), 1);
	while (n != 0)
		rte_pktmbuf_free(all[--n]);
	assert_int_equal(take_frame(&b).len, 0);
	bench_down(&b);
}

/* ---- sequence numbers ---- */

/* What came out of its turn leaves in it, with numbers of the other one's own. */
static void
sequence_is_each_ones_own(void **state)
{
	static const uint16_t came[] = {0, 1, 3, 4, 2, 7, 6, 5, 8};
	uint8_t ppp[104] = {0xff, 0x03, 0x00, 0x21};
	const struct form f = {.sequence = true};
	struct bench b;
	struct ends e;

	(void)state;
	ends_up(&e, &b, DP_SEND_SEQUENCE);
	bench_pass(&b, 0);
	join(&e, W, X6);
	inner_packet(ppp + 4, INNER_A, INNER_B, WIRE_ESP, 100);
	for (unsigned i = 0; i < RTE_DIM(came); i++) {
		e.at[W].ns = (uint16_t)(UINT16_MAX - 3 + came[i]);
		ppp[50] = (uint8_t)came[i];
		end_sends(&e, W, &f, ppp, sizeof(ppp));
	}
	for (unsigned i = 0; i < RTE_DIM(came); i++) {
		ppp[50] = (uint8_t)i;
		end_gets(&e, W, X6, ppp, sizeof(ppp), 0);
	}
	assert_int_equal(take_frame(&b).len, 0);
	assert_int_equal(drops(&b, DP_DROP_SEQUENCE_OLD), 0);
	ends_count(&e);
	bench_down(&b);
}

/* ---- ways out ---- */

static void
a_next_hop_may_not_be_known(void **state)
{
	const struct form f = {0};
	uint8_t arp[FRAME_MAX];
	struct bench b;
	struct ends e;

	(void)state;
	ends_up(&e, &b, 0);
	e.at[X].told.peer.ip = cv_ipv4(PEER_B + 70);
	end_set(&e, X, 0);
	join(&e, W, X);
	end_sends(&e, W, &f, lcp_echo, sizeof(lcp_echo));
	end_sends(&e, W, &f, ppp_of_ip, sizeof(ppp_of_ip));
	assert_int_equal(drops(&b, DP_DROP_EGRESS_NEIGHBOUR), 2);
	while (take_frame(&b).len != 0)
		; /* the question */
	put_frame(&b, arp, bench_arp(&b, PEER_B + 70, arp));
	end_sends(&e, W, &f, lcp_echo, sizeof(lcp_echo));
	end_sends(&e, W, &f, ppp_of_ip, sizeof(ppp_of_ip));
	assert_int_not_equal(take_frame(&b).len, 0);
	assert_int_not_equal(take_frame(&b).len, 0);
	bench_down(&b);
}

/* Between a tunnel without a tag and one on a VLAN. */
static void
tags_are_each_ways_own(void **state)
{
	enum { VLAN = 7, IFACE = 3, SERVICE = 9, PEER = 0xc6336409, OURS = 0xc6336401, TAG = 4 };
	struct dp_service service = {.iface = IFACE, .ip = cv_ipv4(OURS), .prefix_length = 24};
	struct dp_session s = {.service = SERVICE,
		.tunnel_id = 800,
		.session_id = 800,
		.peer_tunnel_id = 801,
		.peer_session_id = 802,
		.send = DP_SEND_FRAMES,
		.peer = {.ip = cv_ipv4(PEER), .port = END_PORT}};
	const struct form f = {0};
	uint8_t frame[FRAME_MAX], datagram[FRAME_MAX] = {0, 2};
	struct frame_bytes got;
	struct bench b;
	struct ends e;
	uint32_t slot;

	(void)state;
	ends_up(&e, &b, 0);
	assert_int_equal(dp_iface_set(b.dp, IFACE, &(struct dp_iface){.vlan = VLAN}), 0);
	assert_int_equal(dp_service_set(b.dp, SERVICE, &service), 0);
	free_ids(&b, &s);
	assert_int_equal(dp_session_set(b.dp, &s, &slot), 0);
	assert_int_equal(dp_switch_set(b.dp, e.at[W].slot, slot), 0);
	(void)bench_arp(&b, PEER, frame + TAG);
	wire_put32(frame + TAG + WIRE_ETHER + WIRE_ARP_TARGET_IP, OURS);
	memmove(frame, frame + TAG, 2 * WIRE_MAC);
	wire_put16(frame + WIRE_ETHER_TYPE, 0x8100);
	wire_put16(frame + WIRE_ETHER, VLAN);
	put_frame(&b, frame, WIRE_ETHER + TAG + 28);
	while (take_frame(&b).len != 0)
		;
	for (unsigned i = 0; i < 2; i++) {
		const uint8_t *ppp = i == 0 ? lcp_echo : ppp_of_ip;
		size_t len = i == 0 ? sizeof(lcp_echo) : sizeof(ppp_of_ip);

		end_sends(&e, W, &f, ppp, len);
		got = take_frame(&b);
		assert_int_equal(got.len, WIRE_ETHER + TAG + 34 + len);
		assert_int_equal(wire_get16(got.bytes + WIRE_ETHER_TYPE), 0x8100);
		assert_int_equal(wire_get16(got.bytes + WIRE_ETHER), VLAN);
		assert_int_equal(wire_get32(got.bytes + WIRE_ETHER + TAG + WIRE_IPV4_TARGET), PEER);
		assert_memory_equal(got.bytes + WIRE_ETHER + TAG + 34, ppp, len);

		wire_put16(datagram + 2, s.tunnel_id);
		wire_put16(datagram + 4, s.session_id);
		memcpy(datagram + 6, ppp, len);
		bench_udp(&b, PEER, END_PORT, datagram, 6 + len, frame + TAG);
		wire_put32(frame + TAG + WIRE_ETHER + WIRE_IPV4_TARGET, OURS);
		wire_ipv4_finish(frame + TAG + WIRE_ETHER);
		wire_udp_finish(
			frame + TAG + WIRE_ETHER + WIRE_IPV4, wire_swap32(PEER), wire_swap32(OURS));
		memmove(frame, frame + TAG, 2 * WIRE_MAC);
		wire_put16(frame + WIRE_ETHER_TYPE, 0x8100);
		wire_put16(frame + WIRE_ETHER, VLAN);
		put_to_worker(&b, frame, WIRE_ETHER + TAG + 28 + 6 + len);
		end_gets(&e, W, W, ppp, len, 0);
	}
	bench_down(&b);
}

/* A datagram that comes in parts is one. */
static void
parts_are_put_together(void **state)
{
	uint8_t ppp[PPP_MOST], frame[FRAME_MAX], part[FRAME_MAX];
	const struct form f = {.length = true};
	struct bench b;
	struct ends e;

	(void)state;
	ends_up(&e, &b, 0);
	join(&e, W, X6);
	for (unsigned i = 0; i < sizeof(ppp); i++)
		ppp[i] = (uint8_t)(i * 11);
	for (unsigned len = 100; len < 1400; len += 93) {
		size_t bytes, first = 48 + len / 16 * 8;
		uint8_t *ip = part + WIRE_ETHER;

		memcpy(ppp, len % 2 == 0 ? "\xff\x03\x00\x21" : "\xc0\x21\x01\x02", 4);
		bytes = end_frame(&e, W, &f, ppp, len, frame);
		wire_put16(frame + WIRE_ETHER + WIRE_IPV4_ID, (uint16_t)len);
		for (unsigned i = 0; i < 2; i++) {
			size_t from = WIRE_ETHER + WIRE_IPV4 + (i == 0 ? 0 : first);
			size_t to = i == 0 ? WIRE_ETHER + WIRE_IPV4 + first : bytes;

			memcpy(part, frame, WIRE_ETHER + WIRE_IPV4);
			memcpy(ip + WIRE_IPV4, frame + from, to - from);
			wire_put16(ip + WIRE_IPV4_LENGTH, (uint16_t)(WIRE_IPV4 + to - from));
			wire_put16(ip + WIRE_IPV4_FRAGMENT,
				(uint16_t)(i == 0 ? WIRE_IPV4_MORE : first / 8));
			wire_ipv4_finish(ip);
			assert_int_equal(take_frame(&b).len, 0);
			put_to_worker(&b, part, WIRE_ETHER + WIRE_IPV4 + to - from);
		}
		end_gets(&e, W, X6, ppp, len, 0);
	}
	ends_count(&e);
	bench_down(&b);
}

/* ---- traces ---- */

static void
row(struct bench *b, unsigned packet, bool to_it, const char *exit)
{
	struct dp_trace_row r;

	assert_true(dp_trace_next(b->dp, &r));
	assert_int_equal(r.packet, packet);
	assert_int_equal(r.to_it, to_it);
	assert_string_equal(r.exit, exit);
	if (packet == 2) {
		assert_int_equal(r.len, 100);
		assert_true(cv_ip_equal(&r.target, &(struct cv_ip){CV_IPV4, {10, 88, 1, 2}}));
	}
}

static void
a_trace_tells_exit_by_exit(void **state)
{
	const struct form f = {0};
	struct dp_trace_row r;
	struct bench b;
	struct ends e;

	(void)state;
	ends_up(&e, &b, 0);
	join(&e, W, X);
	assert_int_equal(dp_trace_start(b.dp, b.now, e.at[W].slot, 5, CV_NS_PER_S), 0);
	end_sends(&e, W, &f, lcp_echo, sizeof(lcp_echo));
	row(&b, 1, false, "INGRESS_SWITCH");
	row(&b, 1, false, "EGRESS_TX");
	end_sends(&e, W, &f, ppp_of_ip, sizeof(ppp_of_ip));
	row(&b, 2, false, "INGRESS_SWITCH");
	row(&b, 2, false, "EGRESS_TX");
	/* for it, from where its stage knows that it is */
	end_sends(&e, X, &f, ppp_of_ip, sizeof(ppp_of_ip));
	row(&b, 3, true, "EGRESS_TX");
	/* new headers of it do not end it */
	end_set(&e, W, DP_SEND_LENGTH);
	end_sends(&e, X, &f, lcp_echo, sizeof(lcp_echo));
	row(&b, 4, true, "EGRESS_TX");
	assert_int_equal(dp_session_clear(b.dp, e.at[X].slot, NULL), 0);
	end_sends(&e, W, &f, ppp_of_ip, sizeof(ppp_of_ip));
	row(&b, 5, false, "INGRESS_SWITCH");
	row(&b, 5, false, "SWITCH_ALONE");
	dp_control_poll(b.dp, b.now);
	assert_false(dp_trace_running(b.dp));
	assert_false(dp_trace_next(b.dp, &r));
	assert_int_equal(b.dp->ingress[e.at[W].slot].word & DP_INGRESS_TRACE, 0);
	assert_int_equal(b.dp->egress[e.at[W].slot].flags & DP_EGRESS_TRACE, 0);
	while (take_frame(&b).len != 0)
		;
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_WAYS(frames_leave_as_they_came),
		BOTH_WAYS(a_checksum_is_carried_on_or_made),
		BOTH_WAYS(nothing_overtakes),
		BOTH_WAYS(marks_go_from_header_to_header),
		BOTH_WAYS(what_does_not_fit_leaves_in_parts),
		cmocka_unit_test(sequence_is_each_ones_own),
		BOTH_WAYS(a_next_hop_may_not_be_known),
		BOTH_WAYS(tags_are_each_ways_own),
		cmocka_unit_test(parts_are_put_together),
		cmocka_unit_test(a_trace_tells_exit_by_exit),
	};

	if (harness_eal() != 0)
		return 1;
	inner_packet(ppp_of_ip + 4, INNER_A, INNER_B, WIRE_ESP, 100);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
