/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A data path as a filter: it is told sessions and given frames on standard input, and writes the
 * frames that come out. Whoever asks (model.py) knows what those have to be.
 *
 * In: records of a kind (one byte), a length (two bytes, the lower one first) and bytes.
 *   S  a session in words: FAMILY TUNNEL SESSION PEER-TUNNEL PEER-SESSION PEER PORT SEND ADDRESS
 *      PREFIX|- MTU any|ipsec
 *   F  a frame that arrives
 *   R  the worker goes round until nothing is left of what arrived
 * Out: first the port's MAC address; after each R the frames (length, bytes), and a length of 0.
 * Rates of answers begin anew with each R.
 */
#include <stdlib.h>

#include "datapath/routes.h"
#include "inner6.h"
#include "ipv6.h"

enum { GROUP = 10, ANY = 10, IPSEC = 11, WORDS = 12 };

static const uint8_t peer_mac[WIRE_MAC] = {2, 0, 0, 0, 0, 9};

static void
refuse(const char *what)
{
	fprintf(stderr, "push: %s\n", what);
	exit(2);
}

static bool
take(void *out, size_t len)
{
	return fread(out, 1, len, stdin) == len;
}

static void
give(const uint8_t *bytes, size_t len)
{
	const uint8_t head[2] = {(uint8_t)len, (uint8_t)(len >> 8)};

	if (fwrite(head, 1, 2, stdout) != 2 || fwrite(bytes, 1, len, stdout) != len)
		refuse("nobody reads");
}

static void
policies(struct bench *b)
{
	const struct dp_filter any = {.kind = DP_FILTER_ANY}, ipsec = {.kind = DP_FILTER_IPSEC};
	const struct dp_group group = {
		.lns = cv_ipv4(INNER_LNS), .lns6 = address6(LNS_INNER6), .clients_reachable = true};
	struct cv_prefix lns4 = {.ip = cv_ipv4(INNER_LNS), .length = 32},
			 lns6 = {.ip = address6(LNS_INNER6), .length = 128};

	if (dp_filter_set(b->dp, ANY, &any) != 0 || dp_filter_set(b->dp, IPSEC, &ipsec) != 0 ||
		dp_group_set(b->dp, GROUP, &group) != 0 ||
		dp_route_set(b->dp, 0, &lns4, dp_route_word(DP_ROUTE_SELF, 0)) != 0 ||
		dp_route_set(b->dp, 0, &lns6, dp_route_word(DP_ROUTE_SELF, 0)) != 0)
		refuse("no policies");
	serve_ipv6(b, NULL);
}

static uint16_t
number(const char *word)
{
	return (uint16_t)strtoul(word, NULL, 0);
}

static void
neighbour(struct bench *b, const char *peer, bool v6)
{
	uint8_t frame[FRAME_MAX];
	struct cv_ip ip;

	if (v6) {
		put_advert(b, peer, peer_mac, WIRE_ND_SOLICITED);
	} else {
		assert_int_equal(cv_ip_parse(peer, &ip), 0);
		put_frame(b, frame, bench_arp(b, cv_ipv4_value(&ip), frame));
	}
	while (take_frame(b).len != 0)
		; /* questions for neighbours */
}

static void
session(struct bench *b, char *line)
{
	char *words[WORDS], *rest = NULL;
	struct dp_session s = {.open = true, .reachable = true, .group = GROUP};
	uint32_t slot;

	for (unsigned i = 0; i < WORDS; i++) {
		words[i] = strtok_r(i == 0 ? line : NULL, " ", &rest);
		if (words[i] == NULL)
			refuse("a session has too few words");
	}
	s.service = number(words[0]) == 6 ? SERVICE_6 : 0;
	s.tunnel_id = number(words[1]);
	s.session_id = number(words[2]);
	s.peer_tunnel_id = number(words[3]);
	s.peer_session_id = number(words[4]);
	s.peer.port = number(words[6]);
	s.send = number(words[7]);
	s.mtu = number(words[10]);
	s.filter = strcmp(words[11], "any") == 0 ? ANY : IPSEC;
	if (cv_ip_parse(words[5], &s.peer.ip) != 0 || cv_ip_parse(words[8], &s.address) != 0)
		refuse("no address");
	if (words[9][0] != '-') {
		s.prefix6 = prefix6(words[9]);
		s.open6 = s.reachable6 = true;
	}
	if (dp_session_set(b->dp, &s, &slot) != 0)
		refuse("a session is refused");
	b->dp->rare[slot].counting = true; /* as if one had come: the next Ns is 0 */
	neighbour(b, words[5], s.service != 0);
}

static void
arrive(struct bench *b, const uint8_t *frame, size_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(b->dp->pool);

	if (m == NULL || rte_pktmbuf_append(m, (uint16_t)len) == NULL)
		refuse("no room");
	memcpy(rte_pktmbuf_mtod(m, void *), frame, len);
	if (rte_ring_enqueue(b->in, m) != 0)
		refuse("too many frames at once");
}

static void
go_round(struct bench *b)
{
	struct dp_worker *w = b->dp->workers[0];
	static const uint8_t none[1];

	memset(w->limits, 0, (b->dp->slot_mask + 1) * sizeof(w->limits[0]));
	/* the clock stands still: of the round before, what waits for a first fragment that was not
	 * let pass would wait for ever */
	dp_follow_drain(w);
	bench_pass(b, 0);
	do {
		struct frame_bytes f;

		(void)dp_worker_round(w);
		for (f = take_frame(b); f.len != 0; f = take_frame(b))
			give(f.bytes, f.len);
	} while (!rte_ring_empty(b->in));
	give(none, 0);
	fflush(stdout);
}

int
main(void)
{
	static uint8_t bytes[UINT16_MAX + 1];
	uint8_t head[3];
	struct bench b;

	if (harness_eal() != 0)
		refuse("no EAL");
	bench_up_for(&b, 16000, 0, 0);
	policies(&b);
	give(b.dp->ports[0].mac, WIRE_MAC);
	fflush(stdout);
	while (take(head, sizeof(head))) {
		size_t len = head[1] | (size_t)head[2] << 8;

		if (!take(bytes, len))
			refuse("a record is cut short");
		bytes[len] = 0;
		if (head[0] == 'S')
			session(&b, (char *)bytes);
		else if (head[0] == 'F')
			arrive(&b, bytes, len);
		else if (head[0] == 'R')
			go_round(&b);
		else
			refuse("an unknown record");
	}
	/* what waits for what does not come; no buffer is lost */
	dp_follow_drain(b.dp->workers[0]);
	dp_sequence_drain(b.dp->workers[0]);
	dp_parts_drain(b.dp->workers[0]);
	bench_down(&b);
	return 0;
}
