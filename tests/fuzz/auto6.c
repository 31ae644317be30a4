/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a client sends to learn its IPv6 addresses, and the answers; and what a host is sent. The
 * first byte: bits 0 and 1 what follows: a packet, a body of ICMPv6, or a DHCPv6 message, whose
 * headers and checksums come right; bit 2: no prefix is delegated; bit 3: the server of the
 * captured packets is asked.
 */
#include <stdlib.h>
#include <string.h>

#include "auto6/host.h"
#include "auto6/private.h"
#include "fuzz.h"
#include "wire/nd.h"
#include "wire/udp.h"

enum { ICMP = 1, MESSAGE = 2, NO_PREFIX = 4, CAPTURED = 8, BODY_MAX = 1500 };

static const uint8_t client[16] = {0xfe, 0x80, [15] = 7};
static const uint8_t routers[16] = {0xff, 0x02, [15] = 2};
static const uint8_t servers[16] = {0xff, 0x02, [13] = 1, [15] = 2};

/* Headers around a body; to be freed. */
static uint8_t *
wrap(unsigned what, const uint8_t *body, size_t *len)
{
	bool udp = what == MESSAGE;
	size_t header = WIRE_IPV6 + (udp ? WIRE_UDP_HEADER : 0), total = header + *len;
	struct wire_ipv6 h = {.next = udp ? WIRE_UDP : WIRE_ICMPV6, .hops = WIRE_ND_HOPS};
	uint8_t *packet = malloc(total);

	FUZZ_CHECK(packet != NULL);
	h.payload = (uint16_t)(total - WIRE_IPV6);
	memcpy(h.source, client, 16);
	memcpy(h.target, udp ? servers : routers, 16);
	wire_ipv6_write(packet, &h);
	if (*len != 0)
		memcpy(packet + header, body, *len);
	if (udp) {
		wire_udp_write(packet + WIRE_IPV6, AUTO6_CLIENT, AUTO6_SERVER, h.payload);
		wire_udp_finish6(packet + WIRE_IPV6, h.source, h.target);
	} else if (*len >= 4) {
		wire_icmpv6_finish(packet + WIRE_IPV6, *len, h.source, h.target);
	}
	*len = total;
	return packet;
}

/* Options that fill their space to the byte, down to what is in them. */
static void
check_options(struct cv_bytes list, unsigned depth)
{
	struct cv_reader r = cv_reader(list.data, list.len);

	while (cv_remaining(&r) != 0) {
		uint16_t code = cv_read_u16(&r);
		struct cv_bytes value = {.len = cv_read_u16(&r)};

		value.data = cv_read_bytes(&r, value.len);
		FUZZ_CHECK(!r.failed);
		if (code != AUTO6_OPT_IA_NA && code != AUTO6_OPT_IA_PD)
			continue;
		FUZZ_CHECK(depth == 0 && value.len >= AUTO6_IA_BYTES);
		check_options(
			(struct cv_bytes){value.data + AUTO6_IA_BYTES, value.len - AUTO6_IA_BYTES},
			1);
	}
}

static void
check_answer(const struct auto6_terms *t, const struct auto6_message *m)
{
	uint8_t *out = malloc(AUTO6_PACKET_MAX);
	const uint8_t *udp = out + WIRE_IPV6;
	size_t len = out == NULL ? 0 : auto6_write_answer(out, t, m);
	struct wire_ipv6 h;

	if (len != 0) {
		FUZZ_CHECK(len <= AUTO6_PACKET_MAX && wire_ipv6_read(out, len, &h));
		FUZZ_CHECK(h.payload == len - WIRE_IPV6 && wire_udp_length(udp) == h.payload);
		FUZZ_CHECK(wire_udp_sum_right6(udp, h.source, h.target));
		FUZZ_CHECK(wire_ipv6_equal(h.target, m->source));
		check_options((struct cv_bytes){udp + WIRE_UDP_HEADER + 4,
				      (size_t)h.payload - WIRE_UDP_HEADER - 4},
			0);
	} else {
		FUZZ_CHECK(m->kind == AUTO6_ROUTER_SOLICIT || m->kind == AUTO6_CONFIRM);
	}
	free(out);
}

/* The same packet to a host, which may take it for an advertisement. */
static void
check_host(const uint8_t *packet, size_t bytes)
{
	uint8_t out[AUTO6_SOLICIT_BYTES];
	struct auto6_host h;
	struct cv_ip local;
	int rc;

	cv_ip_parse("fe80::9", &local);
	auto6_host_begin(&h, &local, 0);
	rc = auto6_host_input(&h, 1, packet, bytes);
	FUZZ_CHECK(rc == 0 || rc == CV_ERR_UNKNOWN || rc == CV_ERR_TRUNCATED ||
		   rc == CV_ERR_MALFORMED);
	FUZZ_CHECK(rc == 0 || h.address.family == 0);
	FUZZ_CHECK(rc == CV_ERR_UNKNOWN || auto6_is_advert(packet, bytes));
	if (h.address.family != 0)
		FUZZ_CHECK(memcmp(h.address.bytes + 8, local.bytes + 8, 8) == 0 &&
			   auto6_host_next_timeout(&h) > 1);
	FUZZ_CHECK(auto6_host_poll(&h, CV_TIME_NEVER - 1, out) <= sizeof(out));
}

int
fuzz_one(const uint8_t *data, size_t len)
{
	struct cv_reader in = cv_reader(data, len);
	uint8_t first = cv_read_u8(&in);
	unsigned what = first & 3u;
	bool captured = (first & CAPTURED) != 0;
	struct auto6_terms t = {.mtu = 1400};
	struct auto6_message m;
	size_t bytes = cv_remaining(&in);
	uint8_t *packet;
	int rc;

	t.duid = captured ? (struct cv_bytes){(const uint8_t *)"\0\3\0\1\2\0\0\0\0\1", 10}
			  : (struct cv_bytes){(const uint8_t *)"\0\4server", 8};
	cv_ip_parse("fe80::1", &t.local);
	cv_prefix_parse("2001:db8:0:7::/64", &t.prefix);
	if ((first & NO_PREFIX) == 0)
		cv_prefix_parse("2001:db8:100::/56", &t.delegated);
	if (what != ICMP && what != MESSAGE) {
		packet = malloc(bytes == 0 ? 1 : bytes);
		FUZZ_CHECK(packet != NULL);
		if (bytes != 0)
			memcpy(packet, in.pos, bytes);
	} else {
		bytes = bytes > BODY_MAX ? BODY_MAX : bytes;
		packet = wrap(what, in.pos, &bytes);
	}
	rc = auto6_read(packet, bytes, t.duid, &m);
	FUZZ_CHECK(rc == 0 || rc == CV_ERR_UNKNOWN || rc == CV_ERR_TRUNCATED ||
		   rc == CV_ERR_MALFORMED || rc == CV_ERR_LIMIT);
	if (rc == 0) {
		FUZZ_CHECK(m.n <= AUTO6_IAS);
		FUZZ_CHECK(m.client_id.len == 0 ||
			   (m.client_id.data >= packet &&
				   m.client_id.data + m.client_id.len <= packet + bytes));
		auto6_effect(&m, &t.delegated);
		check_answer(&t, &m);
	}
	check_host(packet, bytes);
	free(packet);
	return 0;
}
